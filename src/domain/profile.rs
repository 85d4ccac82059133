//! What is known of a person: the fields that channels observe and that the
//! directory keeps.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

macro_rules! fields {
    ($($variant:ident = $name:literal),+ $(,)?) => {
        /// A field of a user that a channel can observe. The names are those of
        /// the API, of `sync_fields`, of the attribute maps and of the columns.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Field {
            $(#[doc = concat!("`", $name, "`")] #[serde(rename = $name)] $variant),+
        }

        impl utoipa::PartialSchema for Field {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
                super::schema::words(
                    "A field of a user that a channel can observe.",
                    Self::ALL.iter().map(|field| field.name()),
                )
            }
        }

        impl utoipa::ToSchema for Field {}

        impl Field {
            /// Every field, in the order in which people read them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The field's name in the API.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }

            /// The field of that name.
            #[must_use]
            pub fn parse(name: &str) -> Option<Self> {
                match name { $($name => Some(Self::$variant),)+ _ => None }
            }
        }
    };
}

fields! {
    UserName = "user_name",
    Upn = "upn",
    Email = "email",
    Name = "name",
    GivenName = "given_name",
    FamilyName = "family_name",
    Department = "department",
    JobTitle = "job_title",
    Phone = "phone",
    Mobile = "mobile",
    Language = "language",
    CostCenter = "cost_center",
    ExtensionAttributes = "extension_attributes",
    CustomAttributes = "custom_attributes",
    PhotoUrl = "photo_url",
    ValidFrom = "valid_from",
    ValidTo = "valid_to",
}

impl std::fmt::Display for Field {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// The values of a person's fields as text. A field that is absent is unknown.
///
/// `valid_from` and `valid_to` are RFC 3339, the two attribute sets are JSON
/// objects with string values in key order; everything else is verbatim.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Profile(BTreeMap<Field, String>);

impl Profile {
    /// The field's value, if known.
    #[must_use]
    pub fn get(&self, field: Field) -> Option<&str> {
        self.0.get(&field).map(String::as_str)
    }

    /// Sets a field; a blank value removes it.
    pub fn set(&mut self, field: Field, value: impl Into<String>) {
        let value = value.into();
        if value.is_empty() {
            self.0.remove(&field);
        } else {
            self.0.insert(field, value);
        }
    }

    /// The same with a field set, for building.
    #[must_use]
    pub fn with(mut self, field: Field, value: impl Into<String>) -> Self {
        self.set(field, value);
        self
    }

    /// Forgets a field.
    pub fn remove(&mut self, field: Field) {
        self.0.remove(&field);
    }

    /// The known fields in order.
    pub fn iter(&self) -> impl Iterator<Item = (Field, &str)> {
        self.0.iter().map(|(field, value)| (*field, value.as_str()))
    }

    /// Whether nothing is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
