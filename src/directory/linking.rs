//! Identities that a person connects to the own account, or takes off it, by
//! hand. What a login attaches by itself is [`resolve`](super::resolve)'s
//! business; here the person has proved both: the session says who they are,
//! the provider's answer says which identity is theirs.

use super::audit::{self, Actor, Target};
use super::error::{DirectoryError, Refusal};
use super::plan::Change;
use super::policy::{self, LoginPolicy};
use super::settings::Settings;
use super::{passkeys, passwords, providers, reconcile, users};
use crate::domain::ids::PasskeyId;
use crate::domain::{Entropy, ExternalIdentity, Observation, Timestamp, User, UserId};
use crate::platform::storage::{StorageError, Tx};

/// What came of connecting an identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Linked {
    /// It is the user's from now on.
    New,
    /// It was the user's already.
    Already,
}

/// Why an identity was not connected.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotLinked {
    /// Somebody who cannot come in this way anyway.
    #[error(transparent)]
    Refused(Refusal),
    /// The identity is another user's.
    #[error("The identity belongs to another user")]
    SomebodyElses,
    /// The answer names the person by nothing that lasts.
    #[error("The identity provider gave no lasting identifier, so there is nothing to connect")]
    NoIdentity,
}

impl NotLinked {
    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Refused(refusal) => refusal.code(),
            Self::SomebodyElses => "link.identity_taken",
            Self::NoIdentity => "link.no_identity",
        }
    }
}

/// Connects the observed identity to a user who is signed in. Nothing else of
/// the user changes: the next login through the identity brings the profile.
///
/// An identity that is another user's stays there, and no case is filed: the
/// person is told, and can sign in there.
///
/// # Errors
/// [`DirectoryError::Invalid`] for an identifier that cannot be stored, and what
/// the database says.
pub async fn link(
    tx: &mut Tx,
    user: &User,
    observation: &Observation,
    policy: &LoginPolicy,
    at: (Timestamp, &Entropy),
) -> Result<Result<Linked, NotLinked>, DirectoryError> {
    reconcile::validate_identifiers(observation)?;
    let Some(identity) = &observation.identity else {
        return Ok(Err(NotLinked::NoIdentity));
    };
    // Whoever could not sign in with it has no use for it here.
    let may = policy
        .admit(observation)
        .and_then(|()| policy::may_sign_in(user, at.0, policy.enforce_validity));
    if let Err(refusal) = may {
        return Ok(Err(NotLinked::Refused(refusal)));
    }
    providers::hold(tx, &identity.provider).await?;
    if !users::hold(tx, &user.id).await? {
        return Err(StorageError::stale("the user was shut out in the meantime").into());
    }
    match users::by_identity(tx, identity).await? {
        Some(holder) if holder.id == user.id => return Ok(Ok(Linked::Already)),
        Some(_) => return Ok(Err(NotLinked::SomebodyElses)),
        None => {}
    }
    if !users::attach(tx, &user.id, identity, at.0).await? {
        return Err(StorageError::stale("the identity was attached in the meantime").into());
    }
    let subject = Some(identity.subject.clone());
    tell(
        tx,
        user,
        "user.identity_linked",
        identity,
        (None, subject),
        at,
    )
    .await?;
    Ok(Ok(Linked::New))
}

/// What came of taking an identity off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unlinked {
    /// It is nobody's now.
    Done,
    /// It is the last with which the user can sign in: it stays.
    LastWayIn,
    /// The user has no such identity.
    Unknown,
}

/// The ways in that hang on no provider, and whether each is open here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Open {
    /// Passkeys.
    pub passkeys: bool,
    /// Passwords.
    pub passwords: bool,
}

impl Open {
    /// As the settings say.
    #[must_use]
    pub const fn of(settings: &Settings) -> Self {
        Self {
            passkeys: settings.passkeys,
            passwords: settings.password_login,
        }
    }
}

/// What is about to be taken off a user.
#[derive(Clone, Copy, Debug)]
pub enum Going<'a> {
    /// An identity.
    Identity(&'a ExternalIdentity),
    /// A passkey.
    Passkey(&'a PasskeyId),
}

/// Whether a user can still sign in without what is going.
pub async fn has_other_way_in(
    tx: &mut Tx,
    user: &UserId,
    going: Going<'_>,
    open: Open,
) -> Result<bool, StorageError> {
    let stored = providers::all(tx).await?;
    let leads_in = |other: &ExternalIdentity| {
        let goes = matches!(going, Going::Identity(identity) if identity == other);
        let mut enabled = stored.iter().filter(|s| s.provider.enabled);
        !goes && enabled.any(|s| s.provider.slug == other.provider)
    };
    if users::identities(tx, user).await?.iter().any(leads_in) {
        return Ok(true);
    }
    let but = match going {
        Going::Passkey(key) => Some(key),
        Going::Identity(_) => None,
    };
    has_way_in_here(tx, user, but, open).await
}

/// Whether a user can sign in here, without any provider: with a passkey beside the one
/// that is named, or with a password.
pub async fn has_way_in_here(
    tx: &mut Tx,
    user: &UserId,
    but: Option<&PasskeyId>,
    open: Open,
) -> Result<bool, StorageError> {
    if open.passkeys && passkeys::has_active(tx, user, but).await? {
        return Ok(true);
    }
    Ok(open.passwords && passwords::of(tx, user).await?.is_some())
}

/// Takes an identity off a user who is signed in, unless it is the last that
/// leads in: one through a provider that is switched on, or another way that is open,
/// has to remain.
pub async fn unlink(
    tx: &mut Tx,
    user: &User,
    identity: &ExternalIdentity,
    open: Open,
    at: (Timestamp, &Entropy),
) -> Result<Unlinked, DirectoryError> {
    // Two at once would each leave the other's.
    if !users::hold(tx, &user.id).await? {
        return Err(StorageError::stale("the user was shut out in the meantime").into());
    }
    let known = users::identities(tx, &user.id).await?;
    if !known.contains(identity) {
        return Ok(Unlinked::Unknown);
    }
    if !has_other_way_in(tx, &user.id, Going::Identity(identity), open).await? {
        return Ok(Unlinked::LastWayIn);
    }
    users::detach(tx, &user.id, identity).await?;
    let subject = Some(identity.subject.clone());
    tell(
        tx,
        user,
        "user.identity_unlinked",
        identity,
        (subject, None),
        at,
    )
    .await?;
    Ok(Unlinked::Done)
}

async fn tell(
    tx: &mut Tx,
    user: &User,
    action: &str,
    identity: &ExternalIdentity,
    (before, after): (Option<String>, Option<String>),
    at: (Timestamp, &Entropy),
) -> Result<(), StorageError> {
    let name = user.display_name();
    let actor = Actor::User {
        id: user.id.clone(),
        name: name.clone(),
    };
    let target = Target {
        kind: "user",
        id: user.id.as_str(),
        name: &name,
    };
    let change = Change {
        field: format!("external_ids.{}", identity.provider),
        before,
        after,
    };
    audit::record(tx, at, &actor, action, target, &[change]).await
}
