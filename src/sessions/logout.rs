//! Single logout: sessions by what an identity provider calls them, and our own
//! requests to sign out there.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use axum::response::Response;

use super::hash;
use super::rows::SignedIn;
use super::store::{self, Data};
use crate::directory::audit::{self, Actor, Target};
use crate::directory::endings::{self, Reason, Which};
use crate::directory::plan::change;
use crate::directory::{DirectoryError, users};
use crate::domain::{Entropy, Slug, Timestamp, UserId};
use crate::platform::i18n::Locale;
use crate::platform::storage::{Row, StorageError, Tx, Value, params};

/// Seconds that an identity provider has to answer.
const LIFETIME: i64 = 30 * 60;

/// A session that has ended here, and where the browser goes in the end.
#[derive(Clone, Debug)]
pub struct Left {
    /// The hash of the session that has ended.
    pub session: String,
    /// How the person had signed in.
    pub signed_in: SignedIn,
    /// The language of pages on the way.
    pub locale: Locale,
    /// Where the browser goes in the end, found safe before; to the page that says
    /// that one is signed out, where nobody said so.
    pub target: Option<String>,
}

/// Where the browser goes on to, if anywhere, when a session has ended here: to
/// the provider that it began at, to end the one there. How, the ways in know.
pub type Upstream =
    Arc<dyn Fn(Left) -> Pin<Box<dyn Future<Output = Option<Response>> + Send>> + Send + Sync>;

/// A session that an identity provider may have meant.
#[derive(Clone, Debug)]
pub struct Meant {
    /// The row's key.
    pub id_hash: String,
    /// Whose it is.
    pub user: UserId,
    /// How they signed in, which tells whether it was meant.
    pub signed_in: SignedIn,
}

/// What an identity provider calls the sessions that shall end.
#[derive(Clone, Copy, Debug)]
pub enum Called<'a> {
    /// The NameID or subject, by its issuer.
    Subject {
        /// Who gave the name.
        issuer: &'a str,
        /// The name.
        subject: &'a str,
    },
    /// The provider's own session.
    Index(&'a str),
}

/// The sessions that began at `provider` and have this name there.
pub async fn meant(
    tx: &mut Tx,
    provider: &Slug,
    called: Called<'_>,
) -> Result<Vec<Meant>, StorageError> {
    const SELECT: &str = "SELECT s.id_hash, s.user_id, s.data FROM sessions s";
    let mut rows = match called {
        Called::Subject { issuer, subject } => {
            let sql = format!(
                "{SELECT} JOIN external_identities e ON e.user_id = s.user_id \
                 WHERE e.provider = $1 AND e.issuer = $2 AND e.subject = $3 \
                 AND s.provider = $1 AND s.subject_key IS NULL"
            );
            tx.query(&sql, params![provider, issuer, subject]).await?
        }
        Called::Index(_) => Vec::new(),
    };
    let (column, value) = match called {
        Called::Subject { subject, .. } => ("subject_key", subject),
        Called::Index(index) => ("index_key", index),
    };
    let sql = format!("{SELECT} WHERE s.provider = $1 AND s.{column} = $2");
    rows.extend(tx.query(&sql, params![provider, hash(value)]).await?);
    let is_called = |signed_in: &SignedIn| match called {
        Called::Subject { subject, .. } => signed_in.upstream_subject() == Some(subject),
        Called::Index(_) => true,
    };
    let read = |row: Row| {
        let mut reader = row.reader();
        let (id_hash, user) = (reader.text()?, UserId::from_row(reader.text()?));
        let data: Data = reader.json()?;
        let signed_in = store::signed_in(&data).filter(is_called);
        Ok(signed_in.map(|signed_in| Meant {
            id_hash,
            user,
            signed_in,
        }))
    };
    rows.into_iter()
        .filter_map(|row| read(row).transpose())
        .collect()
}

/// Ends the sessions that a provider means, with the audit log; answers those that
/// ended.
pub async fn end(
    tx: &mut Tx,
    provider: &Slug,
    meant: Vec<Meant>,
    at: (Timestamp, &Entropy),
) -> Result<Vec<String>, DirectoryError> {
    let mut ended: BTreeMap<UserId, u64> = BTreeMap::new();
    let mut hashes = Vec::new();
    for Meant { id_hash, user, .. } in meant {
        let count = endings::end(tx, Which::One(&id_hash), Reason::Provider).await?;
        *ended.entry(user).or_default() += count;
        hashes.push(id_hash);
    }
    for (id, count) in ended {
        let name = users::by_id(tx, &id).await?.map(|user| user.display_name());
        let target = Target {
            kind: "user",
            id: id.as_str(),
            name: name.as_deref().unwrap_or_default(),
        };
        let actor = Actor::Channel(provider.to_string());
        let changes = [change("sessions", count, 0)];
        audit::record(tx, at, &actor, "user.signed_out", target, &changes).await?;
    }
    Ok(hashes)
}

/// Notes a request to sign out that goes to the provider. `target` is where the
/// browser goes once that is answered, found safe before.
pub async fn ask(
    tx: &mut Tx,
    id: &str,
    provider: &Slug,
    target: Option<&str>,
    now: Timestamp,
) -> Result<(), StorageError> {
    let sql =
        "INSERT INTO logout_requests (id, provider, target, expires_at) VALUES ($1, $2, $3, $4)";
    let row = params![id, provider, target, now.plus_seconds(LIFETIME)];
    tx.execute(sql, row).await.map(|_| ())
}

/// A request of ours that has been answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answered {
    /// Where the browser goes now, if somebody said so.
    pub target: Option<String>,
}

/// Takes a request that has been answered; `None` when there was none.
pub async fn answered(
    tx: &mut Tx,
    id: &str,
    provider: &Slug,
    now: Timestamp,
) -> Result<Option<Answered>, StorageError> {
    let sql = "DELETE FROM logout_requests WHERE id = $1 AND provider = $2 AND expires_at > $3 \
        RETURNING target";
    let row = tx.query_opt(sql, params![id, provider, now]).await?;
    let read = |row: Row| {
        let target = row.reader().opt_text()?;
        Ok(Answered { target })
    };
    row.map(read).transpose()
}

/// Whether a request waits for its answer.
pub async fn waits(
    tx: &mut Tx,
    id: &str,
    provider: &Slug,
    now: Timestamp,
) -> Result<bool, StorageError> {
    let sql = "SELECT COUNT(*) FROM logout_requests \
        WHERE id = $1 AND provider = $2 AND expires_at > $3";
    let values: &[Value] = params![id, provider, now];
    Ok(tx.count(sql, values).await? > 0)
}

/// Keeps what signing out at the provider will need, sealed, for as long as the
/// session may last. It outlives the session: one signs out there once the session
/// here has ended.
pub async fn keep(
    tx: &mut Tx,
    session: &str,
    sealed: &str,
    until: Timestamp,
) -> Result<(), StorageError> {
    let sql = "INSERT INTO upstream_sessions (session_hash, id_token, expires_at) \
        VALUES ($1, $2, $3)";
    let row = params![session, sealed, until];
    tx.execute(sql, row).await.map(|_| ())
}

/// Takes what was kept of a session.
pub async fn kept(tx: &mut Tx, session: &str) -> Result<Option<String>, StorageError> {
    let sql = "DELETE FROM upstream_sessions WHERE session_hash = $1 RETURNING id_token";
    let row = tx.query_opt(sql, params![session]).await?;
    row.map(|row| row.reader().text()).transpose()
}

/// Forgets the requests that nobody answers any more, and what was kept of sessions
/// that have ended long ago.
pub(super) async fn sweep(tx: &mut Tx, now: Timestamp) -> Result<(), StorageError> {
    for sql in [
        "DELETE FROM logout_requests WHERE expires_at <= $1",
        "DELETE FROM upstream_sessions WHERE expires_at <= $1",
    ] {
        tx.execute(sql, params![now]).await?;
    }
    Ok(())
}
