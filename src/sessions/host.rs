//! Sessions on the hosts of applications that do not share the gateway's domain.
//!
//! No cookie of ours reaches such a host, so it gets one of its own, through a
//! one-time code: the gateway gives the code to a browser that is signed in, and the
//! host takes it from the browser that it has given a cookie before. What the host
//! then sets is worth that host only, and ends with the session.

use std::sync::Arc;

use super::cache::Live;
use super::{Sessions, hash};
use crate::domain::Timestamp;
use crate::platform::storage::{StorageError, Tx, params};

/// Seconds that a code lives.
pub const CODE_LIFETIME: i64 = 60;

/// A session on its way to a host.
#[derive(Clone, Debug)]
pub struct OnTheWay {
    /// The session's key.
    pub session: String,
    /// The host.
    pub host: String,
    /// The hash of the cookie that the host gave the browser.
    pub browser_hash: String,
    /// Where the browser goes from there.
    pub target: String,
}

/// What a code has brought.
#[derive(Debug)]
pub struct Arrived {
    /// The secret for the host's cookie.
    pub secret: String,
    /// Where the browser goes.
    pub target: String,
    /// Seconds until the session ends at the latest.
    pub max_age: i64,
}

/// Deletes codes that have run out.
pub(super) async fn sweep(tx: &mut Tx, now: Timestamp) -> Result<(), StorageError> {
    let sql = "DELETE FROM host_codes WHERE expires_at <= $1";
    tx.execute(sql, params![now]).await.map(|_| ())
}

impl Sessions {
    /// A one-time code for a session.
    pub async fn send_to_host(&self, way: OnTheWay) -> Result<String, StorageError> {
        let code = self.entropy.base64url::<32>();
        let (hashed, expires) = (hash(&code), self.clock.now().plus_seconds(CODE_LIFETIME));
        self.db
            .write(move |tx| {
                let (hashed, way) = (hashed.clone(), way.clone());
                Box::pin(async move {
                    const SQL: &str = "INSERT INTO host_codes (code_hash, session, host, \
                        browser_hash, target, expires_at) VALUES ($1, $2, $3, $4, $5, $6)";
                    let row = params![
                        hashed,
                        way.session,
                        way.host,
                        way.browser_hash,
                        way.target,
                        expires
                    ];
                    tx.execute(SQL, row).await.map(|_| ())
                })
            })
            .await
            .map_err(|error: StorageError| error)?;
        Ok(code)
    }

    /// Takes the session that a code names, on the host and in the browser that it
    /// was made for. The code is used up, whoever brings it.
    pub async fn arrive_at_host(
        &self,
        code: &str,
        host: &str,
        browser: &str,
    ) -> Result<Option<Arrived>, StorageError> {
        let secret = self.entropy.base64url::<32>();
        let (code, host, browser) = (hash(code), host.to_owned(), hash(browser));
        let (now, kept) = (self.clock.now(), hash(&secret));
        let arrived = self
            .db
            .write(move |tx| {
                let (code, host) = (code.clone(), host.clone());
                let (browser, kept) = (browser.clone(), kept.clone());
                Box::pin(async move {
                    let sql = "DELETE FROM host_codes WHERE code_hash = $1 \
                               RETURNING session, host, browser_hash, target, expires_at";
                    let Some(row) = tx.query_opt(sql, params![code]).await? else {
                        return Ok(None);
                    };
                    let mut reader = row.reader();
                    let session = reader.text()?;
                    let is_its = reader.text()? == host && reader.text()? == browser;
                    let target = reader.text()?;
                    if !is_its || reader.time()? <= now {
                        return Ok(None);
                    }
                    let sql = "SELECT expires_at FROM sessions WHERE id_hash = $1";
                    let Some(row) = tx.query_opt(sql, params![&session]).await? else {
                        return Ok(None);
                    };
                    let max_age = row.reader().time()?.seconds_since(now);
                    let sql = "INSERT INTO host_sessions (id_hash, session, host, created_at) \
                               VALUES ($1, $2, $3, $4)";
                    tx.execute(sql, params![kept, session, host, now]).await?;
                    Ok::<_, StorageError>(Some((target, max_age)))
                })
            })
            .await?;
        Ok(arrived.map(|(target, max_age)| Arrived {
            secret,
            target,
            max_age,
        }))
    }

    /// The session behind a host's own cookie, which is worth that host only.
    pub async fn live_at_host(
        &self,
        secret: &str,
        host: &str,
    ) -> Result<Option<Arc<Live>>, StorageError> {
        let id_hash = hash(secret);
        let session = if let Some(session) = self.cache.host_session(&id_hash, host) {
            session
        } else {
            let (key, at) = (id_hash.clone(), host.to_owned());
            let found = self
                .db
                .look_up(move |tx| {
                    let (key, at) = (key.clone(), at.clone());
                    Box::pin(async move {
                        let sql =
                            "SELECT session FROM host_sessions WHERE id_hash = $1 AND host = $2";
                        let row = tx.query_opt(sql, params![key, at]).await?;
                        row.map(|row| row.reader().text()).transpose()
                    })
                })
                .await
                .map_err(|error: StorageError| error)?;
            let Some(session) = found else {
                return Ok(None);
            };
            self.cache.keep_host_session(&id_hash, host, &session);
            session
        };
        self.live(&session).await
    }

    /// The same without asking the database; `None` also when it has to be asked.
    #[must_use]
    pub fn at_hand_at_host(&self, secret: &str, host: &str) -> Option<Arc<Live>> {
        let session = self.cache.host_session(&hash(secret), host)?;
        self.at_hand(&session)
    }
}
