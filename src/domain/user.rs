//! A user: one person, whatever channels know of them.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::clock::Timestamp;
use super::ids::UserId;
use super::profile::{Field, Profile};

macro_rules! words {
    ($(#[doc = $doc:literal])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $text:literal),+ $(,)? }) => {
        $(#[doc = $doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum $name {
            $($(#[$vdoc])* #[serde(rename = $text)] $variant),+
        }

        impl $name {
            /// Every value.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The value as the API and the database write it.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }

            /// The value of that name.
            #[must_use]
            pub fn parse(text: &str) -> Option<Self> {
                match text { $($text => Some(Self::$variant),)+ _ => None }
            }
        }

        // Derived, it would show the names of the code: it cannot see through
        // the macro what serde calls them.
        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
                $crate::domain::schema::words(
                    concat!($($doc),*),
                    Self::ALL.iter().map(|word| word.as_str()),
                )
            }
        }

        impl utoipa::ToSchema for $name {}

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}
pub(crate) use words;

words!(
    /// Whether a user may be signed in.
    Status {
        /// May sign in.
        Active = "active",
        /// Deactivated: kept, but shut out.
        Inactive = "inactive",
        /// Invited, and not yet signed in.
        Pending = "pending",
    }
);

words!(
    /// What a user may do in the gateway itself. Only an admin grants one.
    Role {
        /// Everything.
        Admin = "admin",
        /// Users, groups, imports.
        UserManager = "user-manager",
        /// Reads.
        Auditor = "auditor",
    }
);

words!(
    /// The kind of channel that a user, group or value came from.
    Source {
        /// A SAML login.
        Saml = "saml",
        /// An OAuth 2.0 or OpenID Connect login.
        Oauth = "oauth",
        /// A SCIM client.
        Scim = "scim",
        /// The Google Groups synchronisation.
        GoogleGroups = "google-groups",
        /// The Entra ID group synchronisation.
        Entra = "entra",
        /// A file import.
        Import = "import",
        /// The SFTP drop folder.
        Sftp = "sftp",
        /// An admin's hand.
        Manual = "manual",
    }
);

/// One person in the directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// The user's own identifier; it never changes.
    pub id: UserId,
    /// The values of the profile's fields, `upn` and `email` among them.
    pub profile: Profile,
    /// Whether somebody vouched for the e-mail address.
    pub email_verified: bool,
    /// Whether the user may be signed in.
    pub status: Status,
    /// What the user may do here.
    pub roles: BTreeSet<Role>,
    /// The id under which a SCIM client knows the user.
    pub scim_id: Option<String>,
    /// The channel that created the user.
    pub source: Source,
    /// Which channel owns which field; a field without an entry is anybody's.
    pub owners: BTreeMap<Field, Source>,
    /// When the user was made.
    pub created_at: Timestamp,
    /// When anything of the user last changed.
    pub updated_at: Timestamp,
    /// The last successful login.
    pub last_login_at: Option<Timestamp>,
    /// Counts the writes: an update names the version that it read.
    pub version: i64,
}

impl User {
    /// What to call the person: name, else given and family name, else e-mail,
    /// else UPN, else user name. Never empty.
    #[must_use]
    pub fn display_name(&self) -> String {
        let get = |field| self.profile.get(field);
        if let Some(name) = get(Field::Name) {
            return name.to_owned();
        }
        match (get(Field::GivenName), get(Field::FamilyName)) {
            (Some(given), Some(family)) => return format!("{given} {family}"),
            (Some(one), None) | (None, Some(one)) => return one.to_owned(),
            (None, None) => {}
        }
        get(Field::Email)
            .or_else(|| get(Field::Upn))
            .or_else(|| get(Field::UserName))
            .unwrap_or(self.id.as_str())
            .to_owned()
    }

    /// Whether the user has the role.
    #[must_use]
    pub fn has_role(&self, role: Role) -> bool {
        self.roles.contains(&role)
    }

    /// When the user may first and last sign in.
    #[must_use]
    pub fn validity(&self) -> (Option<Timestamp>, Option<Timestamp>) {
        let read = |field| self.profile.get(field).and_then(Timestamp::parse_rfc3339);
        (read(Field::ValidFrom), read(Field::ValidTo))
    }
}
