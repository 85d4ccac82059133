//! What an API token may do.

use super::user::words;
use serde::{Deserialize, Serialize};

words!(
    /// A scope of an API token.
    Scope {
        /// Everything.
        Admin = "admin",
        /// Read users.
        UsersRead = "users:read",
        /// Create, change, deactivate users.
        UsersWrite = "users:write",
        /// Import files.
        UsersImport = "users:import",
        /// Read groups.
        GroupsRead = "groups:read",
        /// Create, change, delete groups and memberships.
        GroupsWrite = "groups:write",
        /// Read and change providers.
        ProvidersWrite = "providers:write",
        /// Read the audit log and login traces.
        AuditRead = "audit:read",
        /// One SCIM connection.
        Scim = "scim",
    }
);

impl Scope {
    /// Whether a token with this scope may do what `wanted` allows. `admin`
    /// allows everything but to be a SCIM connection; writing includes reading.
    #[must_use]
    pub fn allows(self, wanted: Self) -> bool {
        self == wanted
            || matches!(
                (self, wanted),
                (Self::UsersWrite, Self::UsersRead) | (Self::GroupsWrite, Self::GroupsRead)
            )
            || (self == Self::Admin && wanted != Self::Scim)
    }
}
