//! Why attributes, or the names for them, are refused.

use super::Target;
use crate::domain::Field;

/// Why a login must be refused for what its attributes say.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AttributeError {
    /// Two values where there must be one.
    #[error("The IdP sent several different values for {target}, in {}.", names.join(" and "))]
    Conflict {
        /// The field.
        target: Target,
        /// The attributes that hold them.
        names: Vec<String>,
        /// The values as they came.
        values: Vec<String>,
    },
    /// A value that cannot be such an identifier.
    #[error("The value that the IdP sent for {target}, in {name}, {}.", complaint(*target))]
    Invalid {
        /// The field.
        target: Target,
        /// The attribute.
        name: String,
        /// The value as it came.
        value: String,
    },
    /// An identifier that is too long to be one.
    #[error("The value that the IdP sent for {target}, in {name}, has {characters} characters.")]
    TooLong {
        /// The field.
        target: Target,
        /// The attribute.
        name: String,
        /// Its length.
        characters: usize,
    },
    /// A set of attributes cannot be written down.
    #[error("The values that the IdP sent for {target} cannot be stored.")]
    Set {
        /// The field.
        target: Target,
    },
}

const fn complaint(target: Target) -> &'static str {
    match target {
        Target::Field(Field::Email) => "is not one e-mail address",
        Target::Field(Field::ValidFrom | Field::ValidTo) => {
            "is no date and time of the form 2026-11-21T20:15:30Z"
        }
        _ => "holds characters that do not show, or more than one @, or is too long",
    }
}

impl AttributeError {
    /// The stable code of the error.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Conflict { target, .. } => match target {
                Target::Field(Field::Email) => "saml.email_conflict",
                Target::Field(Field::Upn) => "saml.upn_conflict",
                Target::ScimId => "saml.scim_id_conflict",
                _ => "saml.attribute_conflict",
            },
            Self::Invalid { target, .. } => match target {
                Target::Field(Field::Email) => "saml.email_invalid",
                Target::Field(Field::Upn) => "saml.upn_invalid",
                Target::ScimId => "saml.scim_id_invalid",
                _ => "saml.attribute_invalid",
            },
            Self::TooLong { .. } | Self::Set { .. } => "saml.attribute_too_long",
        }
    }

    /// The values that came, where they are what is wrong.
    #[must_use]
    pub fn received(&self) -> Vec<String> {
        match self {
            Self::Conflict { values, .. } => values.clone(),
            Self::Invalid { value, .. } => vec![value.clone()],
            Self::TooLong { .. } | Self::Set { .. } => Vec::new(),
        }
    }

    /// What to change, and where.
    #[must_use]
    pub fn remedy(&self) -> String {
        match self {
            Self::Conflict { target, .. } => format!(
                "Let the IdP send one value, or name the one attribute to read in the provider's \
                 attributes.{target}."
            ),
            Self::Invalid { target, name, .. } | Self::TooLong { target, name, .. } => format!(
                "Correct the person's record or the attribute {name} at the IdP, or name another \
                 attribute in the provider's attributes.{target}."
            ),
            Self::Set { .. } => "Let the IdP send shorter values.".to_owned(),
        }
    }
}

/// Why a provider's `attributes` cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AttributeMapError {
    /// A key that is no field.
    #[error("attributes.{key}: there is no such field; did you mean {nearest:?}?")]
    UnknownField {
        /// The key.
        key: String,
        /// The field whose name is nearest.
        nearest: &'static str,
    },
    /// A name that is empty.
    #[error("attributes.{target}: an attribute name is empty")]
    BlankName {
        /// The field.
        target: Target,
    },
    /// More names than places.
    #[error("attributes.{target}: there are {places} numbered attributes, and more names")]
    TooManyNames {
        /// The field.
        target: Target,
        /// How many there are.
        places: usize,
    },
}

impl AttributeMapError {
    pub(super) fn unknown(key: &str) -> Self {
        let nearest = Target::all()
            .map(Target::name)
            .min_by_key(|name| strsim::damerau_levenshtein(key, name))
            .unwrap_or("email");
        Self::UnknownField {
            key: key.chars().take(64).collect(),
            nearest,
        }
    }
}
