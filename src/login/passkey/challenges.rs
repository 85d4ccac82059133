//! Ceremonies under way: what a challenge was made for, kept here and nowhere else.
//!
//! A row stands under the challenge's hash and names, as a hash, the browser or session
//! that asked together with the purpose. It is used up by the first answer of that
//! browser; whoever else brings it uses nothing up.

use super::PasskeyError;
use crate::domain::Timestamp;
use crate::platform::crypto::{constant_time_eq, sha256_hex};
use crate::platform::storage::{StorageError, Tx, params};

/// Seconds that a ceremony may take: a person looks for the key, or lets the sign-in
/// page stand for a while.
pub const LIFETIME: i64 = 10 * 60;

/// For what a challenge was made, and for whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose<'a> {
    /// Signing in, in this browser (its id).
    SignIn(&'a str),
    /// Adding a key, in this session (its hash).
    Add(&'a str),
    /// Activating this key by link or PIN, in this browser (its id).
    Activate(&'a str, &'a str),
    /// Activating this key for its person at the desk, in an admin's session (its hash).
    Desk(&'a str, &'a str),
}

impl Purpose<'_> {
    /// What a row of this purpose is bound to: a hash.
    #[must_use]
    pub fn bound(self) -> String {
        let text = match self {
            Self::SignIn(browser) => format!("sign-in\0{browser}"),
            Self::Add(session) => format!("add\0{session}"),
            Self::Activate(key, browser) => format!("activate\0{key}\0{browser}"),
            Self::Desk(key, session) => format!("desk\0{key}\0{session}"),
        };
        sha256_hex(text.as_bytes())
    }
}

/// The row's key for a challenge as the client writes it.
fn id_of(challenge: &str) -> String {
    sha256_hex(challenge.as_bytes())
}

/// Keeps what a challenge is to be compared with.
pub async fn keep(
    tx: &mut Tx,
    challenge: &str,
    bound: &str,
    state: &str,
    now: Timestamp,
) -> Result<(), StorageError> {
    const SQL: &str = "INSERT INTO passkey_challenges (id, bound_to, state, expires_at) \
        VALUES ($1, $2, $3, $4)";
    let expires = now.plus_seconds(LIFETIME);
    let row = params![id_of(challenge), bound, state, expires];
    tx.execute(SQL, row).await.map(|_| ())
}

/// Uses a challenge up: what it is to be compared with.
///
/// # Errors
/// That there is none, that it is another's, or that it has run out.
pub async fn take(
    tx: &mut Tx,
    challenge: &str,
    bound: &str,
    now: Timestamp,
) -> Result<Result<String, PasskeyError>, StorageError> {
    let id = id_of(challenge);
    let sql = "SELECT bound_to FROM passkey_challenges WHERE id = $1";
    let Some(row) = tx.query_opt(sql, params![&id]).await? else {
        return Ok(Err(PasskeyError::UnknownChallenge));
    };
    let bound_to = row.reader().text()?;
    if !constant_time_eq(bound_to.as_bytes(), bound.as_bytes()) {
        return Ok(Err(PasskeyError::OtherBrowser));
    }
    let sql = "DELETE FROM passkey_challenges WHERE id = $1 RETURNING state, expires_at";
    let Some(row) = tx.query_opt(sql, params![&id]).await? else {
        return Ok(Err(PasskeyError::UnknownChallenge));
    };
    let mut reader = row.reader();
    let (state, expires_at) = (reader.text()?, reader.time()?);
    if expires_at <= now {
        return Ok(Err(PasskeyError::Expired));
    }
    Ok(Ok(state))
}

/// Forgets the challenges that ran out, a while after: until then who comes late is
/// told so.
///
/// # Errors
/// What the database says.
pub async fn sweep(tx: &mut Tx, now: Timestamp) -> Result<(), StorageError> {
    let sql = "DELETE FROM passkey_challenges WHERE expires_at <= $1";
    tx.execute(sql, params![now.plus_seconds(-LIFETIME)])
        .await
        .map(|_| ())
}
