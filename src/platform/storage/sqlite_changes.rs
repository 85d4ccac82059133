//! The news on SQLite: a table that triggers write. The writer's thread reads on
//! after each of its commits; a thread of its own asks a few times a second
//! whether another process has written.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use rusqlite::Connection;
use tokio_util::sync::CancellationToken;

use super::changes::{Change, Changes, EVERY};
use super::error::StorageError;
use super::sqlite::{self, SqliteDb};
use super::{Tx, params};

/// More changes than this at once are everything.
const MANY: i64 = 1_000;

/// How many rows of news are kept for processes that hear late.
const KEPT: i64 = 10_000;

/// Tells what has changed since the last time.
pub(super) fn tell(connection: &Connection, changes: &Changes) {
    if !changes.is_followed() {
        return;
    }
    let mut position = changes.position();
    match since(connection, *position) {
        Ok((last, news)) => {
            changes.tell(&news);
            *position = last;
        }
        Err(error) => {
            // What cannot be read may be anything.
            tracing::warn!(%error, "what has changed cannot be read");
            changes.tell(&[Change::Everything]);
        }
    }
}

/// The changes after a place, and the place after them.
fn since(connection: &Connection, position: i64) -> Result<(i64, Vec<Change>), rusqlite::Error> {
    const SQL: &str = "SELECT id, what FROM changes WHERE id > ?1 ORDER BY id LIMIT ?2";
    let mut statement = connection.prepare_cached(SQL)?;
    let rows = statement.query_map((position, MANY), |row| {
        Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?))
    })?;
    let rows: Vec<(i64, String)> = rows.collect::<Result<_, _>>()?;
    let Some((first, _)) = rows.first() else {
        return Ok((position, Vec::new()));
    };
    let many = usize::try_from(MANY).unwrap_or(usize::MAX);
    // A gap is what was forgotten meanwhile.
    if rows.len() == many || position.checked_add(1) != Some(*first) {
        return Ok((newest(connection)?, vec![Change::Everything]));
    }
    let last = rows.last().map_or(position, |(id, _)| *id);
    let news = rows.iter().flat_map(|(_, what)| Change::list(what));
    Ok((last, news.collect()))
}

fn newest(connection: &Connection) -> Result<i64, rusqlite::Error> {
    let sql = "SELECT COALESCE(MAX(seq), 0) FROM sqlite_sequence WHERE name = 'changes'";
    connection
        .prepare_cached(sql)?
        .query_row([], |row| row.get(0))
}

/// Deletes what everybody has heard.
pub(super) async fn forget(tx: &mut Tx) -> Result<(), StorageError> {
    let sql = "DELETE FROM changes WHERE id <= (SELECT MAX(id) FROM changes) - $1";
    tx.execute(sql, params![KEPT]).await.map(|_| ())
}

impl SqliteDb {
    /// Looks for what other processes write, on a thread of its own, until it is
    /// stopped.
    pub(super) async fn follow(&self, stop: CancellationToken) {
        let is_over = Arc::new(AtomicBool::new(false));
        let (path, changes, ended) = (
            self.path().to_owned(),
            self.changes().clone(),
            Arc::clone(&is_over),
        );
        let started = sqlite::spawn("doorward-news", move || {
            while !ended.load(Ordering::Relaxed) {
                let failure = sqlite::connection(&path, true)
                    .and_then(|connection| Ok(watch(&connection, &changes, &ended)?));
                changes.deaf();
                if let Err(error) = failure {
                    tracing::warn!(%error, "sessions are read from the database for now");
                    std::thread::sleep(EVERY);
                }
            }
        });
        if let Err(error) = started {
            tracing::warn!(%error, "sessions are always read from the database");
        }
        stop.cancelled().await;
        is_over.store(true, Ordering::Relaxed);
    }
}

fn watch(
    connection: &Connection,
    changes: &Changes,
    ended: &AtomicBool,
) -> Result<(), rusqlite::Error> {
    {
        let mut position = changes.position();
        *position = newest(connection)?;
        changes.begin();
        changes.tell(&[Change::Everything]);
    }
    let mut known = None;
    while !ended.load(Ordering::Relaxed) {
        let asked = Instant::now();
        // Changes with every commit of another connection, those of this process's
        // writer included.
        let version: i64 = connection
            .prepare_cached("PRAGMA data_version")?
            .query_row([], |row| row.get(0))?;
        if known != Some(version) {
            tell(connection, changes);
            known = Some(version);
        }
        changes.heard(asked);
        std::thread::sleep(EVERY);
    }
    Ok(())
}
