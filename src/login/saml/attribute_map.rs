//! From the attributes of an assertion to the fields of a person.
//!
//! The map is pure: it decides nothing about who somebody is, and it never
//! grants a role (there is no field for one). It says what it tried and what
//! came, so that an admin can see why a field stayed empty.
//!
//! Rules: of the names of a field, the first that came with a value that is not
//! blank wins. URIs and OIDs are compared exactly, plain names without regard
//! to case (admins type `jobtitle` as often as `jobTitle`). `FriendlyName` is
//! never looked at: SAML Core §2.7.3.1 gives it no meaning. An attribute that
//! is absent erases nothing.

mod builtin;
mod error;
mod read;
mod value;

use std::collections::BTreeMap;

use crate::domain::{Field, Profile};

pub use error::{AttributeError, AttributeMapError};
pub use read::same_name;

/// What a list of attribute names fills.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Target {
    /// A field of the profile.
    Field(Field),
    /// The values that the provider's `group_map` translates.
    Groups,
    /// The id under which a SCIM client knows the person.
    ScimId,
}

impl Target {
    /// Every target, in the order in which people read them.
    pub fn all() -> impl Iterator<Item = Self> {
        let fields = Field::ALL.iter().copied().map(Self::Field);
        fields.chain([Self::Groups, Self::ScimId])
    }

    /// The target's name in `attributes`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Field(field) => field.name(),
            Self::Groups => "groups",
            Self::ScimId => "scim_id",
        }
    }

    /// The target of that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::all().find(|target| target.name() == name)
    }
}

impl std::fmt::Display for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// The names to try for one target.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Rule {
    names: Vec<String>,
    /// Whether an admin wrote the names.
    configured: bool,
}

/// A provider's attribute map.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttributeMap {
    rules: BTreeMap<Target, Rule>,
}

/// What the attributes say of the person.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mapped {
    /// The fields that came.
    pub profile: Profile,
    /// The values of the group attribute, each once; `None` when no such
    /// attribute came, which says nothing about groups. An attribute without
    /// values says that there are none.
    pub groups: Option<Vec<String>>,
    /// The SCIM id, where `attributes.scim_id` names its attribute.
    pub scim_id: Option<String>,
    /// Which attribute gave what.
    pub sources: BTreeMap<Target, String>,
    /// The names of all attributes that came, in order, each once.
    pub present: Vec<String>,
    /// What was left out and why, one sentence each, for an admin.
    pub notes: Vec<String>,
}

/// Checks the keys and names of a provider's `attributes`.
///
/// # Errors
/// A sentence that says which entry is wrong, with the nearest known field.
pub fn validate(attributes: &BTreeMap<String, Vec<String>>) -> Result<(), String> {
    AttributeMap::new(attributes)
        .map(|_| ())
        .map_err(|e| e.to_string())
}

impl AttributeMap {
    /// The built-in map, with the names of `attributes` in place of the
    /// built-in ones of each field that it names. An empty list of names
    /// switches a field off.
    ///
    /// # Errors
    /// A key that is no field, a blank name, or more names than the numbered
    /// attributes of `extension_attributes` and `custom_attributes` have places.
    pub fn new(attributes: &BTreeMap<String, Vec<String>>) -> Result<Self, AttributeMapError> {
        let mut rules: BTreeMap<Target, Rule> = Target::all()
            .map(|target| (target, builtin::names(target)))
            .filter(|(_, names)| !names.is_empty())
            .map(|(target, names)| {
                let names = names.into_iter().map(str::to_owned).collect();
                let configured = false;
                (target, Rule { names, configured })
            })
            .collect();
        for (key, names) in attributes {
            let target = Target::parse(key).ok_or_else(|| AttributeMapError::unknown(key))?;
            if names.iter().any(|name| name.trim().is_empty()) {
                return Err(AttributeMapError::BlankName { target });
            }
            if let Some((_, places)) = builtin::numbered(target)
                && names.len() > places
            {
                return Err(AttributeMapError::TooManyNames { target, places });
            }
            let names = names.iter().map(|name| name.trim().to_owned()).collect();
            let configured = true;
            rules.insert(target, Rule { names, configured });
        }
        Ok(Self { rules })
    }

    /// The names that are tried for a target, in order.
    #[must_use]
    pub fn tried(&self, target: Target) -> &[String] {
        self.rules
            .get(&target)
            .map_or(&[], |rule| rule.names.as_slice())
    }

    /// Whether an admin wrote the names for a target.
    #[must_use]
    pub fn is_configured(&self, target: Target) -> bool {
        self.rules.get(&target).is_some_and(|rule| rule.configured)
    }

    /// Says, for an admin, which names were tried for a target and which
    /// attributes came instead.
    #[must_use]
    pub fn explain(&self, target: Target, present: &[String]) -> String {
        let list = |names: &[String]| match names {
            [] => "none".to_owned(),
            names => names.join(", "),
        };
        format!(
            "Attributes that came: {}. Names tried for {target}: {}.",
            list(present),
            list(self.tried(target))
        )
    }

    /// Reads attributes: pairs of `Name` and values, in document order.
    /// Attributes of one name count as one.
    ///
    /// # Errors
    /// Two addresses where there must be one, or an identifier that cannot be
    /// one: such a login must be refused, since it might be somebody else's.
    pub fn map<'a, I>(&self, attributes: I) -> Result<Mapped, AttributeError>
    where
        I: IntoIterator<Item = (&'a str, &'a [String])>,
    {
        let came = read::Came::new(attributes);
        let mut mapped = Mapped {
            present: came.names(),
            ..Mapped::default()
        };
        for (&target, rule) in &self.rules {
            match target {
                Target::Field(Field::Email) => read::email(rule, &came, &mut mapped)?,
                Target::Field(Field::Name) => {} // after the names that it may be made of
                Target::Field(field) if builtin::numbered(target).is_some() => {
                    read::numbered(field, rule, &came, &mut mapped)?;
                }
                Target::Field(field) => read::plain(field, rule, &came, &mut mapped)?,
                Target::ScimId => read::scim_id(rule, &came, &mut mapped)?,
                Target::Groups => read::groups(rule, &came, &mut mapped),
            }
        }
        if let Some(rule) = self.rules.get(&Target::Field(Field::Name)) {
            read::name(rule, &came, &mut mapped);
        }
        Ok(mapped)
    }
}

#[cfg(test)]
mod tests;
