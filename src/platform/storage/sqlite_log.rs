//! How what is committed comes from SQLite's log into the file: on a thread of
//! its own, so that nobody's commit waits for it.
//!
//! A pass beside the writer never reaches the end of a log that grows meanwhile,
//! and only at its end does a log begin anew. The writer therefore does what is
//! left after such a pass, which is little.

use std::path::Path;
use std::sync::mpsc;

use rusqlite::Connection;
use rusqlite::wal::CheckpointMode;

use super::error::StorageError;
use super::sqlite::{connection, spawn};

/// Pages in the log after which a pass begins: 32 MiB. In a long log most pages
/// stand several times, and the file gets each once.
const PASS: i32 = 8_000;
/// Pages after which the writer does the rest.
const REST: i32 = 9_000;

/// Keeps the log of a writer short.
///
/// # Errors
/// No further connection or thread can be had.
pub(super) fn keep_short(writer: &mut Connection, path: &Path) -> Result<(), StorageError> {
    let beside = connection(path, true)?;
    // A pass that finds the file locked is made up for by the next.
    beside.pragma_update(None, "wal_autocheckpoint", 0)?;
    let (ask, asked) = mpsc::sync_channel::<()>(1);
    spawn("doorward-log", move || {
        while asked.recv().is_ok() {
            let pass = beside.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()));
            if let Err(error) = pass {
                tracing::warn!(%error, "the log could not be brought into the file");
            }
        }
    })?;
    let mut has_asked = false;
    writer.wal_hook(Some(move |log: &mut rusqlite::hooks::Wal, pages: i32| {
        if pages < PASS {
            has_asked = false;
        } else if pages >= REST {
            // Busy as long as the pass goes on: then a later commit does it.
            drop(log.checkpoint_v2(CheckpointMode::PASSIVE));
        } else if !has_asked {
            has_asked = ask.try_send(()).is_ok();
        }
        Ok(())
    }))?;
    Ok(())
}
