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

/// The handle of the pushed request that a request names, if it names one.
#[must_use]
pub fn pushed_handle(params: &Params) -> Option<&str> {
    params.get("request_uri")?.strip_prefix(PREFIX)
}

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apps::oidc::params::Parsed;
    use crate::directory::{Actor, Directory};
    use crate::domain::{Application, Clock, Entropy};
    use crate::platform::storage::Db;

    #[tokio::test]
    async fn a_pushed_request_has_its_time_and_one_use() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}/d.db", folder.path().display());
        let db = Db::open(&url).await.unwrap();
        let directory = Directory::new(db.clone(), Clock::System, Entropy::System);
        let slug = Slug::parse("app").unwrap();
        let application = Application::new(slug.clone(), "App");
        let saved = directory.save_application(application, None, Actor::CommandLine);
        saved.await.unwrap();
        let found: Result<Vec<bool>, StorageError> = db
            .write(move |tx| {
                let slug = slug.clone();
                Box::pin(async move {
                    let params = Parsed::read("client_id=app&scope=openid").params;
                    let begin = Timestamp(1_800_000_000_000);
                    let times = (begin, PUSHED);
                    keep(tx, Kind::Pushed, "handle", &slug, &params, times).await?;
                    let mut found = Vec::new();
                    for (kind, handle, seconds) in [
                        (Kind::Pushed, "handle", PUSHED - 1),
                        (Kind::Pushed, "handle", PUSHED),
                        (Kind::Pushed, "another", 0),
                        // One that waits for a person is of another kind.
                        (Kind::Waiting, "handle", 0),
                    ] {
                        let now = begin.plus_seconds(seconds);
                        let kept = find(tx, kind, handle, now).await?;
                        found.push(kept.is_some_and(|kept| kept.params == params));
                    }
                    found.push(take(tx, Kind::Pushed, "handle").await?);
                    found.push(take(tx, Kind::Pushed, "handle").await?);
                    Ok(found)
                })
            })
            .await;
        assert_eq!(found.unwrap(), [true, false, false, false, true, false]);
    }
}
