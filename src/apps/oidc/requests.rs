//! Requests that are kept here while the browser is elsewhere: pushed ones
//! (RFC 9126), and those that wait for the person to sign in or to agree.

use super::grants::hash;
use super::params::Params;
use crate::domain::{Slug, Timestamp};
use crate::platform::storage::{StorageError, Tx, params};

/// Seconds until a pushed request must have been used.
pub const PUSHED: i64 = 90;
/// Seconds that a person has for signing in and agreeing.
pub const WAITING: i64 = 30 * 60;
/// What the name of a pushed request starts with.
pub const PREFIX: &str = "urn:ietf:params:oauth:request_uri:";

/// Why a request is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The client pushed it.
    Pushed,
    /// It waits for the person.
    Waiting,
}

impl Kind {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Pushed => "pushed",
            Self::Waiting => "waiting",
        }
    }
}

/// A request that was kept.
#[derive(Clone, Debug)]
pub struct Kept {
    /// Its parameters.
    pub params: Params,
    /// When it came.
    pub created_at: Timestamp,
}

/// Keeps a request under a handle.
pub async fn keep(
    tx: &mut Tx,
    kind: Kind,
    handle: &str,
    application: &Slug,
    params: &Params,
    (now, seconds): (Timestamp, i64),
) -> Result<(), StorageError> {
    const SQL: &str = "INSERT INTO oidc_requests (id_hash, application, kind, params, created_at, \
        expires_at) VALUES ($1, $2, $3, $4, $5, $6)";
    let text = serde_json::to_string(params).map_err(|e| StorageError::Statement(e.to_string()))?;
    let until = now.plus_seconds(seconds);
    let row = params![hash(handle), application, kind.as_str(), text, now, until];
    tx.execute(SQL, row).await.map(|_| ())
}

/// The request under a handle, unless it has run out.
pub async fn find(
    tx: &mut Tx,
    kind: Kind,
    handle: &str,
    now: Timestamp,
) -> Result<Option<Kept>, StorageError> {
    const SQL: &str = "SELECT params, created_at FROM oidc_requests \
        WHERE id_hash = $1 AND kind = $2 AND expires_at > $3";
    let row = tx
        .query_opt(SQL, params![hash(handle), kind.as_str(), now])
        .await?;
    row.map(|row| {
        let mut reader = row.reader();
        Ok(Kept {
            params: reader.json()?,
            created_at: reader.time()?,
        })
    })
    .transpose()
}

/// Uses a request up. `false` when it was used before.
pub async fn take(tx: &mut Tx, kind: Kind, handle: &str) -> Result<bool, StorageError> {
    let sql = "DELETE FROM oidc_requests WHERE id_hash = $1 AND kind = $2";
    Ok(tx
        .execute(sql, params![hash(handle), kind.as_str()])
        .await?
        == 1)
}
