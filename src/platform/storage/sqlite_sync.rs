//! Brings what is committed onto the disk, on a thread of its own: while it does,
//! the writer runs the units of the next group.
//!
//! The writer's connection commits without waiting for the disk
//! (`synchronous=NORMAL`, with which SQLite keeps the order that a database
//! needs to be whole after a crash); here the log is synced, and only then the
//! units hear that their writes stand. `fdatasync` leaves out the time of the last
//! change, which costs a file system a commit of its own.

use std::ffi::OsString;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use super::error::StorageError;
use super::sqlite::{WriteJob, spawn};

/// Syncs one group at a time.
pub(super) struct Syncs {
    groups: mpsc::Sender<Vec<WriteJob>>,
    /// How long it took for a group to come onto the disk; nothing when it did not.
    done: mpsc::Receiver<Option<Duration>>,
    is_busy: bool,
    took: Duration,
    has_failed: bool,
}

impl Syncs {
    /// Syncs the log of the database at `path`.
    ///
    /// # Errors
    /// No thread can be had.
    pub(super) fn start(path: &Path) -> Result<Self, StorageError> {
        let (groups, waiting) = mpsc::channel::<Vec<WriteJob>>();
        let (tell, done) = mpsc::channel();
        let mut log = Log::of(path);
        spawn("doorward-sync", move || {
            while let Ok(group) = waiting.recv() {
                let begin = Instant::now();
                let synced = log.sync();
                let took = begin.elapsed();
                if let Err(error) = &synced {
                    tracing::error!(%error, "what was written may not be on the disk");
                }
                // First the writer, which has most to do.
                let _ = tell.send(synced.is_ok().then_some(took));
                finish(group, &synced);
            }
        })?;
        Ok(Self {
            groups,
            done,
            is_busy: false,
            took: Duration::ZERO,
            has_failed: false,
        })
    }

    /// Whether a sync has failed: the system may take the pages for written all the
    /// same, and then everything behind them in the log is lost with them when the
    /// machine stops.
    pub(super) const fn has_failed(&self) -> bool {
        self.has_failed
    }

    /// The whole log has come into the file, and a new one begins.
    pub(super) const fn begin_anew(&mut self) {
        self.has_failed = false;
    }

    /// Waits until the group before is on the disk.
    pub(super) fn wait(&mut self) {
        if self.is_busy {
            let told = self.done.recv().ok().flatten();
            self.hear(told);
        }
    }

    /// How long the disk took for the last group.
    pub(super) const fn took(&self) -> Duration {
        self.took
    }

    const fn hear(&mut self, told: Option<Duration>) {
        self.is_busy = false;
        match told {
            Some(took) => self.took = took,
            None => self.has_failed = true,
        }
    }

    /// Whether a group is on its way to the disk.
    pub(super) fn is_busy(&mut self) -> bool {
        if let (true, Ok(told)) = (self.is_busy, self.done.try_recv()) {
            self.hear(told);
        }
        self.is_busy
    }

    /// Syncs the log, and then tells the units of a group that they stand.
    pub(super) fn sync(&mut self, group: Vec<WriteJob>) {
        match self.groups.send(group) {
            Ok(()) => self.is_busy = true,
            Err(mpsc::SendError(group)) => finish(group, &Err(StorageError::broke_off())),
        }
    }
}

/// Tells the units of a group what became of their commit.
pub(super) fn finish(group: Vec<WriteJob>, committed: &Result<(), StorageError>) {
    for job in group {
        job.finish(match committed {
            Ok(()) => Ok(()),
            Err(error) => Err(StorageError::Unavailable(error.to_string())),
        });
    }
}

/// The write-ahead log, which exists once something was written. SQLite keeps the
/// file as long as any connection is open.
struct Log {
    path: PathBuf,
    file: Option<File>,
}

impl Log {
    fn of(database: &Path) -> Self {
        let mut path = OsString::from(database);
        path.push("-wal");
        Self {
            path: path.into(),
            file: None,
        }
    }

    fn sync(&mut self) -> Result<(), StorageError> {
        let failed = |e: std::io::Error| StorageError::Unavailable(e.to_string());
        let file = match self.file.take() {
            Some(file) => file,
            None => File::open(&self.path).map_err(failed)?,
        };
        file.sync_data().map_err(failed)?;
        self.file = Some(file);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_come_onto_the_disk_is_told_to_the_writer() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("gap.db");
        let mut syncs = Syncs::start(&path).unwrap();
        assert!(!syncs.is_busy() && !syncs.has_failed());
        // There is no log.
        syncs.sync(Vec::new());
        syncs.wait();
        assert!(!syncs.is_busy() && syncs.has_failed());
        std::fs::write(folder.path().join("gap.db-wal"), "a log").unwrap();
        syncs.sync(Vec::new());
        syncs.wait();
        assert!(syncs.has_failed(), "until the log begins anew");
        syncs.begin_anew();
        syncs.sync(Vec::new());
        syncs.wait();
        assert!(!syncs.has_failed());
        assert!(syncs.took() > Duration::ZERO);
    }
}
