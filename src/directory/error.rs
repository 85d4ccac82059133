//! What the directory refuses, and why.

use crate::domain::{Field, Source, UserId};
use crate::platform::storage::{StorageError, UnitError};

/// A failure of the directory.
#[derive(Debug, thiserror::Error)]
pub enum DirectoryError {
    /// The database failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// A person may not come in.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// There is no such thing.
    #[error("there is no {0} with this name or id")]
    NotFound(&'static str),
    /// An identifier or name belongs to another one already.
    #[error("{what} {value:?} belongs to another {kind} already")]
    Taken {
        /// The field.
        what: &'static str,
        /// Its value.
        value: String,
        /// User, group, provider.
        kind: &'static str,
    },
    /// A value cannot be what it is meant to be.
    #[error("{field}: {reason}")]
    Invalid {
        /// The field in the API.
        field: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Another channel keeps this field.
    #[error("{field} is kept by {owner}: change it there")]
    Owned {
        /// The field.
        field: Field,
        /// Who keeps it.
        owner: Source,
    },
    /// Another channel keeps this group.
    #[error("the group is kept by {0} and read-only here: change it there")]
    ExternalGroup(Source),
    /// The last active admin would go.
    #[error("this is the last active admin; make another one first")]
    LastAdmin,
    /// Somebody else changed it in between.
    #[error("it was changed by somebody else in the meantime; read it again")]
    Changed,
    /// The identity of a refused link was attached after all.
    #[error("the identity was attached to the user already")]
    Linked,
    /// The user is shut out.
    #[error("the user is deactivated; reactivate the user first")]
    UserInactive,
    /// The configuration file keeps it.
    #[error("the configuration file keeps this provider: change it there")]
    ManagedByFile,
}

impl DirectoryError {
    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Storage(_) => "unavailable",
            Self::Refused(refusal) => refusal.code(),
            Self::NotFound(_) => "not_found",
            Self::Taken { .. } => "taken",
            Self::Invalid { .. } => "invalid",
            Self::Owned { .. } => "user.field_owned",
            Self::ExternalGroup(_) => "group.external",
            Self::LastAdmin => "user.last_admin",
            Self::Changed => "changed",
            Self::Linked => "conflict.linked",
            Self::UserInactive => "user.inactive",
            Self::ManagedByFile => "provider.managed_by_file",
        }
    }

    /// A value that cannot be what it is meant to be.
    #[must_use]
    pub fn invalid(field: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::Invalid {
            field: field.into(),
            reason: reason.into(),
        }
    }
}

impl UnitError for DirectoryError {
    fn is_conflict(&self) -> bool {
        matches!(self, Self::Storage(e) if e.is_conflict())
    }
}

/// Whose list of domains it is: both must admit an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DomainList {
    /// The provider's.
    Provider,
    /// The gateway's own.
    Settings,
}

/// Why a person who proved who they are does not come in all the same. These
/// are decisions of ours, not failures.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The provider gave no e-mail address that it vouches for.
    #[error("the login carried no e-mail address that this provider vouches for")]
    NoAddress,
    /// The provider does not link by e-mail, and the login carried nothing else by
    /// which the person could be found again.
    #[error(
        "the login carried nothing by which the person could be found again: no NameID that lasts (a transient one is another each time) and no UPN within the allowed domains; and this provider does not link by e-mail"
    )]
    NoLastingIdentifier,
    /// The address is outside the allowed domains.
    #[error("the address {address} is not within the allowed domains ({})", allowed.join(", "))]
    DomainNotAllowed {
        /// The address.
        address: String,
        /// The patterns.
        allowed: Vec<String>,
        /// Whose patterns they are.
        list: DomainList,
    },
    /// Nobody here has these identifiers, and logins do not create users.
    #[error(
        "nobody here has these identifiers, and just-in-time provisioning is off for this provider"
    )]
    UnknownUser,
    /// The user is deactivated.
    #[error("the user is deactivated")]
    Inactive(UserId),
    /// The user's validity has not begun.
    #[error("the user is valid from {from} on only")]
    NotYetValid {
        /// Who.
        user: UserId,
        /// The first moment.
        from: String,
    },
    /// The user's validity is over.
    #[error("the user was valid until {until} only")]
    Expired {
        /// Who.
        user: UserId,
        /// The last moment.
        until: String,
    },
    /// The identifiers belong to a user to whom this login may not attach
    /// itself; the case lies in the conflict queue.
    #[error("{0}")]
    Conflict(LinkConflict),
}

/// Why a login was not attached to the user whom its identifiers name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LinkConflict {
    /// The user is an administrator.
    #[error(
        "the identifiers belong to an administrator; a new way in for an administrator is linked by hand only"
    )]
    Administrator(UserId),
    /// The provider's `link_by_email` is off.
    #[error("another user has this e-mail address, and this provider does not link by e-mail")]
    LinkingOff(UserId),
    /// The provider does not vouch for the identifier that matched.
    #[error("another user has this identifier, and this provider does not vouch for it")]
    NotVouched(UserId),
    /// The user has another identity at this provider already.
    #[error("another account of this provider is linked to the user with this address")]
    OtherSubject(UserId),
}

impl LinkConflict {
    /// The user whom the identifiers name.
    #[must_use]
    pub const fn user(&self) -> &UserId {
        match self {
            Self::Administrator(id)
            | Self::LinkingOff(id)
            | Self::NotVouched(id)
            | Self::OtherSubject(id) => id,
        }
    }

    /// A word for the conflict queue.
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::Administrator(_) => "administrator",
            Self::LinkingOff(_) => "linking_off",
            Self::NotVouched(_) => "not_vouched",
            Self::OtherSubject(_) => "other_subject",
        }
    }
}

impl Refusal {
    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NoAddress => "login.no_vouched_address",
            Self::NoLastingIdentifier => "login.no_lasting_identifier",
            Self::DomainNotAllowed { .. } => "login.domain_not_allowed",
            Self::UnknownUser => "login.unknown_user",
            Self::Inactive(_) => "login.user_inactive",
            Self::NotYetValid { .. } => "login.user_not_yet_valid",
            Self::Expired { .. } => "login.user_expired",
            Self::Conflict(_) => "login.identity_conflict",
        }
    }

    /// The user concerned, when one was found.
    #[must_use]
    pub const fn user(&self) -> Option<&UserId> {
        match self {
            Self::Inactive(id) => Some(id),
            Self::NotYetValid { user, .. } | Self::Expired { user, .. } => Some(user),
            Self::Conflict(conflict) => Some(conflict.user()),
            Self::NoAddress
            | Self::NoLastingIdentifier
            | Self::DomainNotAllowed { .. }
            | Self::UnknownUser => None,
        }
    }
}
