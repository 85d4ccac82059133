//! Which applications a session signed in to, so that they hear of its end.
//!
//! A row is written when an application is given something in the session
//! ([`joined`]). When the session ends, whatever ends it makes the row a notice
//! that is due ([`endings::end`](crate::directory::endings::end)); whoever tells
//! applications takes the notices ([`take`]) and says what came of it.

use crate::domain::{Entropy, Slug, Timestamp, UserId, ids};
use crate::platform::storage::{Row, StorageError, Tx, params};

/// Seconds after which an application is told again, by how often it was tried.
const PAUSES: [i64; 8] = [5, 30, 120, 600, 1800, 7200, 21_600, 43_200];
/// Seconds that whoever took notices has for them.
const LEASE: i64 = 60;

/// A notice that an application is owed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// Its id.
    pub id: String,
    /// The hash of the session that has ended.
    pub session_hash: String,
    /// The application.
    pub application: Slug,
    /// Whose session it was.
    pub user: UserId,
    attempts: i64,
}

/// Notes that an application was given something in a session. `false` when the
/// session has gone: then nothing may be given.
pub async fn joined(
    tx: &mut Tx,
    session_hash: &str,
    application: &Slug,
    user: &UserId,
    at: (Timestamp, &Entropy),
) -> Result<bool, StorageError> {
    // Held, so that who ends the session waits, and then finds this row.
    let hold = tx.dialect().for_reference();
    let sql = format!("SELECT id_hash FROM sessions WHERE id_hash = $1{hold}");
    if tx.query_opt(&sql, params![session_hash]).await?.is_none() {
        return Ok(false);
    }
    let sql = "INSERT INTO session_apps (id, session_hash, application, user_id, created_at, \
        attempts) VALUES ($1, $2, $3, $4, $5, 0) ON CONFLICT DO NOTHING";
    let (now, entropy) = at;
    let id = ids::uuid_v7(now, entropy);
    let row = params![id, session_hash, application, user, now];
    tx.execute(sql, row).await?;
    Ok(true)
}

/// Takes notices that are due, for the caller alone.
pub async fn take(tx: &mut Tx, most: i64, now: Timestamp) -> Result<Vec<Notice>, StorageError> {
    tx.lock("session_apps").await?;
    let sql = "SELECT id, session_hash, application, user_id, attempts FROM session_apps \
        WHERE due_at <= $1 ORDER BY due_at, id LIMIT $2";
    let rows = tx.query(sql, params![now, most]).await?;
    let mut taken = Vec::with_capacity(rows.len());
    for row in rows {
        let notice = read(row)?;
        let sql = "UPDATE session_apps SET due_at = $2 WHERE id = $1";
        let until = now.plus_seconds(LEASE);
        tx.execute(sql, params![&notice.id, until]).await?;
        taken.push(notice);
    }
    Ok(taken)
}

fn read(row: Row) -> Result<Notice, StorageError> {
    let mut reader = row.reader();
    Ok(Notice {
        id: reader.text()?,
        session_hash: reader.text()?,
        application: reader.parsed(Slug::parse)?,
        user: UserId::from_row(reader.text()?),
        attempts: reader.int()?,
    })
}

/// Whether anything is due.
pub async fn is_due(tx: &mut Tx, now: Timestamp) -> Result<bool, StorageError> {
    let sql = "SELECT COUNT(*) FROM (SELECT 1 FROM session_apps WHERE due_at <= $1 LIMIT 1) AS due";
    Ok(tx.count(sql, params![now]).await? > 0)
}

/// The notice was given, or nobody is to be told.
pub async fn told(tx: &mut Tx, notice: &Notice) -> Result<(), StorageError> {
    let sql = "DELETE FROM session_apps WHERE id = $1";
    tx.execute(sql, params![&notice.id]).await.map(|_| ())
}

/// The notice was not taken: again later. `false` when it was given up.
pub async fn failed(tx: &mut Tx, notice: &Notice, now: Timestamp) -> Result<bool, StorageError> {
    let pause = usize::try_from(notice.attempts)
        .ok()
        .and_then(|n| PAUSES.get(n));
    let Some(pause) = pause else {
        told(tx, notice).await?;
        return Ok(false);
    };
    let sql = "UPDATE session_apps SET attempts = attempts + 1, due_at = $2 WHERE id = $1";
    let again = now.plus_seconds(*pause);
    tx.execute(sql, params![&notice.id, again]).await?;
    Ok(true)
}
