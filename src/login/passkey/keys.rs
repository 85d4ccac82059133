//! What a signed-in person and an admin do with keys: add, rename, revoke.

use super::ceremony::{Answer, Asked};
use super::challenges::{self, Purpose};
use super::{PasskeyError, Passkeys};
use crate::directory::linking::{self, Open};
use crate::directory::passkeys::{self, By, KeyKind, Passkey};
use crate::directory::{Actor, DirectoryError, settings, users};
use crate::domain::ids::PasskeyId;
use crate::domain::{Timestamp, User, UserId};
use crate::platform::storage::Tx;
use crate::sessions::current::Current;
use crate::sessions::rows;

/// Seconds after a sign-in within which keys can be added and removed: who finds a
/// browser open shall not make the way in their own.
pub const FRESH: i64 = 10 * 60;

/// What came of revoking a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Revoked {
    /// It leads in no more, and what it began has ended.
    Done,
    /// It is the last with which the person can sign in: it stays.
    LastWayIn,
    /// The user has no such key.
    Unknown,
}

/// Whether the person has signed in so lately that keys may be changed.
#[must_use]
pub fn is_fresh(current: &Current, now: Timestamp) -> bool {
    now.seconds_since(Timestamp(current.signed_in.authenticated_at)) < FRESH
}

/// The actor that a signed-in person is.
#[must_use]
pub fn actor(user: &User) -> Actor {
    Actor::User {
        id: user.id.clone(),
        name: user.display_name(),
    }
}

impl Passkeys {
    /// The keys of a user that are not revoked, the oldest first.
    ///
    /// # Errors
    /// What the database says.
    pub async fn of_user(&self, user: &UserId) -> Result<Vec<Passkey>, DirectoryError> {
        let user = user.clone();
        Ok(self
            .directory
            .db
            .read(move |tx| {
                let user = user.clone();
                Box::pin(async move { passkeys::of_user(tx, &user).await })
            })
            .await?)
    }

    /// Options for a key that the signed-in person adds.
    ///
    /// # Errors
    /// That passkeys are off, and what the database says.
    pub async fn ask_to_add(&self, current: &Current) -> Result<serde_json::Value, PasskeyError> {
        let purpose = Purpose::Add(&current.id_hash);
        self.ask(&current.user, KeyKind::Passkey, purpose).await
    }

    /// Options for a new key of a user, and the challenge kept for the purpose.
    pub(super) async fn ask(
        &self,
        user: &User,
        kind: KeyKind,
        purpose: Purpose<'_>,
    ) -> Result<serde_json::Value, PasskeyError> {
        if !self.enabled().await? {
            return Err(PasskeyError::Off);
        }
        let known = self.of_user(&user.id).await?;
        let asked = self.relying_party()?.ask_for_new(user, kind, &known)?;
        self.keep(&asked, purpose).await?;
        Ok(asked.options)
    }

    async fn keep(&self, asked: &Asked, purpose: Purpose<'_>) -> Result<(), PasskeyError> {
        let (now, asked) = (self.directory.now(), asked.clone());
        let bound = purpose.bound();
        self.directory
            .db
            .write(move |tx| {
                let (asked, bound) = (asked.clone(), bound.clone());
                Box::pin(async move {
                    let (challenge, state) = (&asked.challenge, &asked.state);
                    Ok(challenges::keep(tx, challenge, &bound, state, now).await?)
                })
            })
            .await
    }

    /// Uses the challenge of a registration up, and judges the answer.
    pub(super) async fn judge(
        &self,
        credential: &str,
        purpose: Purpose<'_>,
    ) -> Result<passkeys::Credential, PasskeyError> {
        let answer = Answer::read(credential)?;
        let (now, challenge) = (self.directory.now(), answer.challenge.clone());
        let bound = purpose.bound();
        let kept = self
            .directory
            .db
            .write(move |tx| {
                let (challenge, bound) = (challenge.clone(), bound.clone());
                Box::pin(async move {
                    let taken = challenges::take(tx, &challenge, &bound, now).await?;
                    Ok::<_, PasskeyError>(taken)
                })
            })
            .await??;
        self.relying_party()?.registered(&answer, &kept)
    }

    /// Adds the key that the signed-in person has just registered.
    ///
    /// # Errors
    /// That the answer does not hold, that there are too many keys, and what the
    /// database says.
    pub async fn add(
        &self,
        current: &Current,
        name: &str,
        credential: &str,
    ) -> Result<Passkey, PasskeyError> {
        if !self.enabled().await? {
            return Err(PasskeyError::Off);
        }
        let made = self
            .judge(credential, Purpose::Add(&current.id_hash))
            .await?;
        let (directory, user) = (self.directory.clone(), current.user.clone());
        let name = name.to_owned();
        self.directory
            .db
            .write(move |tx| {
                let (directory, user) = (directory.clone(), user.clone());
                let (name, made) = (name.clone(), made.clone());
                Box::pin(async move {
                    let by = By {
                        actor: &actor(&user),
                        now: directory.now(),
                        entropy: &directory.entropy,
                    };
                    Ok(passkeys::add(tx, &user, &name, &made, by).await?)
                })
            })
            .await
    }

    /// Gives a key another name.
    ///
    /// # Errors
    /// That there is no such key, or that the name is none, and what the database says.
    pub async fn rename(
        &self,
        user: &UserId,
        key: &PasskeyId,
        name: &str,
        actor: Actor,
    ) -> Result<Passkey, DirectoryError> {
        let (directory, user, key) = (self.directory.clone(), user.clone(), key.clone());
        let name = name.to_owned();
        self.directory
            .db
            .write(move |tx| {
                let (directory, user, key) = (directory.clone(), user.clone(), key.clone());
                let (name, actor) = (name.clone(), actor.clone());
                Box::pin(async move {
                    let user = users::by_id(tx, &user).await?;
                    let user = user.ok_or(DirectoryError::NotFound("user"))?;
                    let by = By {
                        actor: &actor,
                        now: directory.now(),
                        entropy: &directory.entropy,
                    };
                    passkeys::rename(tx, &user, &key, &name, by).await
                })
            })
            .await
    }

    /// Revokes a key and ends the sessions that it began. A person keeps a way in, and
    /// the session from which they do it (`keep`); an admin revokes whatever is there.
    ///
    /// # Errors
    /// That there is no such user, and what the database says.
    pub async fn revoke(
        &self,
        user: &UserId,
        key: &PasskeyId,
        by: Revoker,
    ) -> Result<Revoked, DirectoryError> {
        let (state, user, key) = (self.clone(), user.clone(), key.clone());
        self.directory
            .db
            .write(move |tx| {
                let (state, user) = (state.clone(), user.clone());
                let (key, by) = (key.clone(), by.clone());
                Box::pin(async move { revoke(tx, &state, &user, &key, &by).await })
            })
            .await
    }
}

/// Who revokes a key.
#[derive(Clone, Debug)]
pub enum Revoker {
    /// Whose it is, in the session of this hash.
    Holder(String),
    /// Somebody who may.
    Admin(Actor),
}

async fn revoke(
    tx: &mut Tx,
    state: &Passkeys,
    user: &UserId,
    key: &PasskeyId,
    by: &Revoker,
) -> Result<Revoked, DirectoryError> {
    let directory = &state.directory;
    // Two at once would each leave the other's.
    let user = users::locked(tx, user).await?;
    let user = user.ok_or(DirectoryError::NotFound("user"))?;
    let Some(found) = passkeys::find(tx, &user.id, key).await? else {
        return Ok(Revoked::Unknown);
    };
    let (who, session) = match by {
        Revoker::Holder(session) => (actor(&user), Some(session.as_str())),
        Revoker::Admin(actor) => (actor.clone(), None),
    };
    let open = Open::of(&settings::load(tx, &state.defaults).await?);
    if session.is_some()
        && found.state == passkeys::KeyState::Active
        && !linking::has_other_way_in(tx, &user.id, linking::Going::Passkey(key), open).await?
    {
        return Ok(Revoked::LastWayIn);
    }
    let by = By {
        actor: &who,
        now: directory.now(),
        entropy: &directory.entropy,
    };
    if passkeys::revoke(tx, &user, key, by).await?.is_none() {
        return Ok(Revoked::Unknown);
    }
    rows::end_with_passkey(tx, &user.id, key, session).await?;
    Ok(Revoked::Done)
}
