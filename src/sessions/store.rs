//! The `tower-sessions` store of one request.
//!
//! `tower-sessions` gives a request its session on first use and saves what it
//! changed. Its ids have 128 bits, so they are not what the cookie holds: the
//! cookie holds 256 random bits, and the id is taken from their hash
//! ([`super::hash`]). What reaches the database is therefore a hash already.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use time::OffsetDateTime;
use tower_sessions::SessionStore;
use tower_sessions::session::{Id, Record};
use tower_sessions::session_store::{Error, Result};

use super::Sessions;
use super::cache::Live;
use super::rows::SignedIn;
use crate::domain::User;
use crate::platform::storage::{StorageError, params};

/// What a session remembers, by key.
pub type Data = HashMap<String, serde_json::Value>;

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
    found: OnceLock<Arc<Live>>,
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
        self.found.get().map(|live| &live.person.user)
    }

    /// The session, which is looked for once.
    pub async fn live(&self, id: &Id) -> std::result::Result<Option<Arc<Live>>, StorageError> {
        if let Some(live) = self.found.get() {
            return Ok(Some(Arc::clone(live)));
        }
        let live = self.sessions.live(&hash_of(id)).await?;
        Ok(live.map(|live| Arc::clone(self.found.get_or_init(|| live))))
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
        let Some(live) = self.live(id).await.map_err(|e| backend(&e))? else {
            return Ok(None);
        };
        let seconds = live.expires_at.millis() / 1000;
        let expiry_date = OffsetDateTime::from_unix_timestamp(seconds)
            .map_err(|e| Error::Decode(e.to_string()))?;
        Ok(Some(Record {
            id: *id,
            data: live.data.clone(),
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
