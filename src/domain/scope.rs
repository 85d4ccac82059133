//! What an API token may do, and what a role opens of the same.

use super::user::{Role, words};
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

/// Whether something is only looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Looked at.
    Read,
    /// Changed.
    Write,
}

impl Role {
    /// Whether somebody with this role may do what a token needs the scope for.
    /// The API and the dashboard both ask here.
    #[must_use]
    pub const fn may(self, scope: Scope, access: Access) -> bool {
        match self {
            Self::Admin => true,
            Self::UserManager => matches!(
                scope,
                Scope::UsersRead
                    | Scope::UsersWrite
                    | Scope::UsersImport
                    | Scope::GroupsRead
                    | Scope::GroupsWrite
            ),
            Self::Auditor => matches!(access, Access::Read),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_roles_may() {
        use Access::{Read, Write};
        for (scope, access, admin, manager, auditor) in [
            (Scope::UsersRead, Read, true, true, true),
            (Scope::UsersWrite, Write, true, true, false),
            (Scope::GroupsWrite, Write, true, true, false),
            (Scope::ProvidersWrite, Read, true, false, true),
            (Scope::ProvidersWrite, Write, true, false, false),
            (Scope::AuditRead, Read, true, false, true),
            (Scope::Admin, Read, true, false, true),
            (Scope::Admin, Write, true, false, false),
        ] {
            let said = Role::ALL.iter().map(|role| role.may(scope, access));
            let said: Vec<bool> = said.collect();
            assert_eq!(said, [admin, manager, auditor], "{scope} {access:?}");
        }
    }
}
