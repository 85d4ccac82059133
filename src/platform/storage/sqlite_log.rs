//! How what is committed comes from SQLite's log into the file: on a thread of
//! its own, so that nobody's commit waits for it.
//!
//! A pass beside the writer never reaches the end of a log that grows meanwhile,
//! and only at its end does a log begin anew. Each pass leaves what was written while
//! it lasted, so the next is shorter; what the last one leaves, the writer does.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};

use rusqlite::Connection;
use rusqlite::wal::CheckpointMode;

use super::error::StorageError;
use super::sqlite::{connection, spawn};

/// Pages in the log after which the passes begin: 64 MiB. In a long log most pages
/// stand several times, and the file gets each once.
const BEGIN: i32 = 16_000;
/// How many passes there are before the writer does the rest.
const PASSES: usize = 3;
/// Pages after which the writer does not wait for them.
const TOO_MANY: i32 = 64_000;

/// Keeps the log of a writer short.
///
/// # Errors
/// No further connection or thread can be had.
pub(super) fn keep_short(writer: &mut Connection, path: &Path) -> Result<(), StorageError> {
    let beside = connection(path, true)?;
    // A pass that finds the file locked is made up for by the next.
    beside.pragma_update(None, "wal_autocheckpoint", 0)?;
    let (ask, asked) = mpsc::sync_channel::<()>(1);
    let has_passed = Arc::new(AtomicBool::new(false));
    let passed = Arc::clone(&has_passed);
    spawn("doorward-log", move || {
        while asked.recv().is_ok() {
            for _ in 0..PASSES {
                let pass = beside.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()));
                if let Err(error) = pass {
                    tracing::warn!(%error, "the log could not be brought into the file");
                }
            }
            passed.store(true, Ordering::Release);
        }
    })?;
    let mut has_asked = false;
    writer.wal_hook(Some(move |log: &mut rusqlite::hooks::Wal, pages: i32| {
        if pages < BEGIN {
            has_asked = false;
        } else if has_passed.swap(false, Ordering::AcqRel) || pages >= TOO_MANY {
            // Where a reader still needs the old state, it is all asked for again.
            drop(log.checkpoint_v2(CheckpointMode::PASSIVE));
            has_asked = false;
        } else if !has_asked {
            has_asked = ask.try_send(()).is_ok();
        }
        Ok(())
    }))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 60,000 pages are committed, three logs full; the log stays at about one.
    #[test]
    fn a_log_that_is_written_without_a_pause_begins_anew() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log.db");
        let mut writer = connection(&path, false).unwrap();
        keep_short(&mut writer, &path).unwrap();
        writer
            .execute_batch("CREATE TABLE blobs (id INTEGER PRIMARY KEY, held BLOB NOT NULL)")
            .unwrap();
        let sql = "INSERT OR REPLACE INTO blobs (id, held) VALUES (?1, zeroblob(400000))";
        for commit in 0..600 {
            writer.execute(sql, [commit % 7]).unwrap();
        }
        let log = std::fs::metadata(folder.path().join("log.db-wal")).unwrap();
        assert!(log.len() < 100 << 20, "{} octets", log.len());
        let whole = "SELECT COUNT(*), SUM(length(held)) FROM blobs";
        let held: (i64, i64) = writer
            .query_row(whole, [], |row| Ok((row.get(0)?, row.get(1)?)))
            .unwrap();
        assert_eq!(held, (7, 2_800_000));
    }
}
