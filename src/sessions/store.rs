//! The `tower-sessions` store of one request.
//!
//! `tower-sessions` gives a request its session on first use and saves what it
//! changed. Its ids have 128 bits, so they are not what the cookie holds: the
//! cookie holds 256 random bits, and the id is taken from their hash
//! ([`super::hash`]). What reaches the database is therefore a hash already.

use std::collections::HashMap;
use std::sync::OnceLock;
use std::time::Duration;

use async_trait::async_trait;
use time::OffsetDateTime;
use tower_sessions::SessionStore;
use tower_sessions::session::{Id, Record};
use tower_sessions::session_store::{Error, Result};

use super::Sessions;
use super::rows::SignedIn;
use crate::domain::{Timestamp, User};
use crate::platform::storage::{StorageError, params};

/// What a session remembers, by key.
pub type Data = HashMap<String, serde_json::Value>;

/// How long a request waits at most for the note that its session is in use.
const NOTE: Duration = Duration::from_millis(300);

/// The key of [`SignedIn`].
pub const SIGNED_IN: &str = "signed_in";

/// How the person of a session signed in.
#[must_use]
pub fn signed_in(data: &Data) -> Option<SignedIn> {
    data.get(SIGNED_IN)
        .and_then(|value| serde_json::from_value(value.clone()).ok())
}

/// The store that one request reads its session through. It keeps the user
/// that came with the session, so that nobody has to ask twice.
pub struct RequestStore {
    sessions: Sessions,
    found: OnceLock<(User, Timestamp)>,
}

impl std::fmt::Debug for RequestStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RequestStore").finish_non_exhaustive()
    }
}

impl RequestStore {
    /// A store for one request.
    #[must_use]
    pub const fn new(sessions: Sessions) -> Self {
        Self {
            sessions,
            found: OnceLock::new(),
        }
    }

    /// The user of the session, once it has been loaded.
    #[must_use]
    pub fn user(&self) -> Option<&User> {
        self.found.get().map(|(user, _)| user)
    }

    /// When the session ends at the latest, once it has been loaded.
    #[must_use]
    pub fn expires_at(&self) -> Option<Timestamp> {
        self.found.get().map(|(_, expires_at)| *expires_at)
    }
}

/// The id of `tower-sessions` for a row's key.
#[must_use]
pub fn id_of(id_hash: &str) -> Option<Id> {
    u128::from_str_radix(id_hash, 16)
        .ok()
        .map(|bits| Id(bits.cast_signed()))
}

/// The row's key for an id of `tower-sessions`.
#[must_use]
pub fn hash_of(id: &Id) -> String {
    format!("{:032x}", id.0.cast_unsigned())
}

fn backend(error: &StorageError) -> Error {
    Error::Backend(error.to_string())
}

#[async_trait]
impl SessionStore for RequestStore {
    /// A session belongs to a user from its first moment, so sign-ins begin it
    /// in their own transaction; there is no anonymous one to create.
    async fn create(&self, _: &mut Record) -> Result<()> {
        Err(Error::Backend("a session begins with a sign-in".to_owned()))
    }

    async fn save(&self, record: &Record) -> Result<()> {
        let id_hash = hash_of(&record.id);
        let data = serde_json::to_string(&record.data).map_err(|e| Error::Encode(e.to_string()))?;
        self.sessions
            .db
            .write(move |tx| {
                let (id_hash, data) = (id_hash.clone(), data.clone());
                Box::pin(async move {
                    let sql = "UPDATE sessions SET data = $2 WHERE id_hash = $1";
                    tx.execute(sql, params![id_hash, data]).await.map(|_| ())
                })
            })
            .await
            .map_err(|e: StorageError| backend(&e))
    }

    async fn load(&self, id: &Id) -> Result<Option<Record>> {
        let id_hash = hash_of(id);
        let stored = self
            .sessions
            .stored(&id_hash)
            .await
            .map_err(|e| backend(&e))?;
        let Some(stored) = stored else {
            return Ok(None);
        };
        let now = self.sessions.clock.now();
        if now.seconds_since(stored.last_seen_at) >= 60 {
            // Reading goes on while writing does not: the session is good, and
            // nobody waits long for the note.
            let (sessions, id_hash) = (self.sessions.clone(), id_hash.clone());
            let note = tokio::spawn(async move {
                if let Err(error) = sessions.touch(&id_hash).await {
                    tracing::warn!(%error, "a session's use could not be noted");
                }
            });
            drop(tokio::time::timeout(NOTE, note).await);
        }
        let data = serde_json::from_str(&stored.data).map_err(|e| Error::Decode(e.to_string()))?;
        let seconds = stored.expires_at.millis() / 1000;
        let expiry_date = OffsetDateTime::from_unix_timestamp(seconds)
            .map_err(|e| Error::Decode(e.to_string()))?;
        drop(self.found.set((stored.user, stored.expires_at)));
        Ok(Some(Record {
            id: *id,
            data,
            expiry_date,
        }))
    }

    async fn delete(&self, id: &Id) -> Result<()> {
        self.sessions
            .end(&hash_of(id), None)
            .await
            .map(|_| ())
            .map_err(|e| backend(&e))
    }
}
