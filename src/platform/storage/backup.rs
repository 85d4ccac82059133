//! Copies of the embedded database: taken while the gateway serves, and put
//! back while it does not.
//!
//! A copy is one snapshot, made with SQLite's own backup interface; neither the
//! gateway nor the copy waits for the other. It is checked before it takes its
//! name, and so is what is put back before anything is moved.

use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::error::StorageError;
use super::migrate;

/// How long a file may be locked by another program.
const BUSY: Duration = Duration::from_secs(4);

/// Why a copy is not made or not put back. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// There is no such file.
    #[error("{} does not exist", .0.display())]
    Missing(PathBuf),
    /// The place is taken.
    #[error("{} exists already; --force replaces it", .0.display())]
    Exists(PathBuf),
    /// Both are the same file.
    #[error("{} is the database itself", .0.display())]
    Same(PathBuf),
    /// A gateway, or another program, has the database open.
    #[error(
        "{} is open in another program, most likely a gateway that runs: stop it first", .0.display()
    )]
    Open(PathBuf),
    /// Another program keeps the file locked.
    #[error("{} is locked by another program", .0.display())]
    Locked(PathBuf),
    /// The present database cannot be asked who has it open.
    #[error(
        "{} cannot be opened ({problem}), so nobody can tell whether a gateway has it open: make sure that none runs, and use --force", path.display()
    )]
    Unreadable {
        /// The database.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// A copy that is damaged.
    #[error("{} is damaged: {problem}", path.display())]
    Damaged {
        /// The copy.
        path: PathBuf,
        /// What SQLite says.
        problem: String,
    },
    /// A file that no gateway has made.
    #[error("{} is no database of a gateway", .0.display())]
    Foreign(PathBuf),
    /// A copy of another version.
    #[error("{}: {error}", path.display())]
    Version {
        /// The copy.
        path: PathBuf,
        /// What is wrong.
        error: StorageError,
    },
    /// The file system.
    #[error("{}: {error}", path.display())]
    File {
        /// Where.
        path: PathBuf,
        /// What is wrong.
        error: std::io::Error,
    },
    /// SQLite.
    #[error("{}: {error}", path.display())]
    Sqlite {
        /// Where.
        path: PathBuf,
        /// What is wrong.
        error: rusqlite::Error,
    },
}

/// A copy that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Copied {
    /// Its size in bytes.
    pub bytes: u64,
    /// The number of the last migration in it.
    pub schema: i64,
}

/// A copy that was put back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restored {
    /// The number of the last migration that the copy had.
    pub schema: i64,
    /// The migrations that were applied to it.
    pub migrated: Vec<String>,
    /// Where the database that stood there is now.
    pub aside: Option<PathBuf>,
}

/// Copies the database to a new file with mode 0600. `replace` allows a file
/// of this name to be replaced.
pub fn backup(database: &Path, to: &Path, replace: bool) -> Result<Copied, BackupError> {
    if !database.exists() {
        return Err(BackupError::Missing(database.to_owned()));
    }
    refuse_same(database, to)?;
    if !replace && to.exists() {
        return Err(BackupError::Exists(to.to_owned()));
    }
    let source = open(database)?;
    let unfinished = Unfinished::beside(to)?;
    let mut copy = copy(&source, database, &unfinished.0)?;
    let schema = examine(&copy, to)?.ok_or_else(|| BackupError::Foreign(database.to_owned()))?;
    settle(&mut copy, &unfinished.0)?;
    drop(copy);
    unfinished.take_name(to, replace)?;
    let bytes = fs::metadata(to).map_err(|e| at(to, e))?.len();
    Ok(Copied { bytes, schema })
}

/// Puts a copy in the place of the database, and the database aside. `blindly`
/// goes on when the present database cannot be opened.
pub fn restore(from: &Path, database: &Path, blindly: bool) -> Result<Restored, BackupError> {
    if !from.exists() {
        return Err(BackupError::Missing(from.to_owned()));
    }
    refuse_same(database, from)?;
    if let Some(folder) = database.parent().filter(|f| !f.as_os_str().is_empty()) {
        fs::create_dir_all(folder).map_err(|e| at(folder, e))?;
    }
    // Held to the end: whoever opens the old file meanwhile does not get in.
    let present = if database.exists() {
        hold(database, blindly)?
    } else {
        None
    };
    let source = open_copy(from)?;
    let unfinished = Unfinished::beside(database)?;
    let mut copy = copy(&source, from, &unfinished.0)?;
    let schema = examine(&copy, from)?.ok_or_else(|| BackupError::Foreign(from.to_owned()))?;
    let migrated = migrate::connection(&mut copy).map_err(|error| BackupError::Version {
        path: from.to_owned(),
        error,
    })?;
    settle(&mut copy, &unfinished.0)?;
    drop(copy);
    let aside = set_aside(database)?;
    unfinished.take_name(database, true)?;
    drop(present);
    Ok(Restored {
        schema,
        migrated,
        aside,
    })
}

fn at(path: &Path, error: std::io::Error) -> BackupError {
    BackupError::File {
        path: path.to_owned(),
        error,
    }
}

fn sqlite(path: &Path) -> impl Fn(rusqlite::Error) -> BackupError {
    move |error| BackupError::Sqlite {
        path: path.to_owned(),
        error,
    }
}

fn refuse_same(database: &Path, other: &Path) -> Result<(), BackupError> {
    let same = match (database.canonicalize(), other.canonicalize()) {
        (Ok(a), Ok(b)) => a == b,
        _ => false,
    };
    if same {
        return Err(BackupError::Same(other.to_owned()));
    }
    Ok(())
}

fn open(path: &Path) -> Result<Connection, BackupError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(sqlite(path))?;
    connection.busy_timeout(BUSY).map_err(sqlite(path))?;
    Ok(connection)
}

/// A copy is read and never written, so it may lie where nobody may write.
fn open_copy(path: &Path) -> Result<Connection, BackupError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(sqlite(path))?;
    connection.busy_timeout(BUSY).map_err(sqlite(path))?;
    Ok(connection)
}

/// Copies all pages in one step, which is one snapshot: in write-ahead mode it
/// keeps no writer waiting, and no writer makes it begin again.
fn copy(source: &Connection, from: &Path, to: &Path) -> Result<Connection, BackupError> {
    let mut copy = open(to)?;
    let backup = Backup::new(source, &mut copy).map_err(|error| damaged(from, error))?;
    let step = backup
        .step(i32::MAX)
        .map_err(|error| damaged(from, error))?;
    if step != StepResult::Done {
        return Err(BackupError::Locked(from.to_owned()));
    }
    drop(backup);
    Ok(copy)
}

fn damaged(path: &Path, error: rusqlite::Error) -> BackupError {
    match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => BackupError::Damaged {
            path: path.to_owned(),
            problem: error.to_string(),
        },
        _ => sqlite(path)(error),
    }
}

/// Looks at every page and every index of a copy; the number of its last
/// migration, `None` when no gateway has made it.
fn examine(copy: &Connection, path: &Path) -> Result<Option<i64>, BackupError> {
    let unsound = |problem: String| BackupError::Damaged {
        path: path.to_owned(),
        problem,
    };
    let said: String = copy
        .query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))
        .map_err(|error| damaged(path, error))?;
    if said != "ok" {
        return Err(unsound(said));
    }
    let mut broken = copy
        .prepare("PRAGMA foreign_key_check")
        .map_err(sqlite(path))?;
    if broken.exists([]).map_err(sqlite(path))? {
        return Err(unsound("a row refers to one that is not there".to_owned()));
    }
    let sql = "SELECT COUNT(*) FROM sqlite_master WHERE name = 'refinery_schema_history'";
    let ours: i64 = copy
        .query_row(sql, [], |row| row.get(0))
        .map_err(sqlite(path))?;
    if ours == 0 {
        return Ok(None);
    }
    let sql = "SELECT MAX(version) FROM refinery_schema_history";
    copy.query_row(sql, [], |row| row.get(0))
        .map_err(sqlite(path))
}

/// Makes one file of a copy, without a write-ahead log beside it.
fn settle(copy: &mut Connection, path: &Path) -> Result<(), BackupError> {
    copy.pragma_update(None, "journal_mode", "DELETE")
        .map_err(sqlite(path))
}

/// Makes sure that nobody has the database open, and keeps it so: while
/// anybody has, in write-ahead mode, that mode cannot be left.
fn hold(database: &Path, blindly: bool) -> Result<Option<Connection>, BackupError> {
    let held = open(database).and_then(|connection| {
        let sqlite = sqlite(database);
        connection
            .busy_timeout(Duration::from_millis(500))
            .map_err(&sqlite)?;
        connection
            .pragma_update(None, "journal_mode", "DELETE")
            .map_err(&sqlite)?;
        connection
            .execute_batch("BEGIN EXCLUSIVE")
            .map_err(&sqlite)?;
        Ok(connection)
    });
    match held {
        Ok(connection) => Ok(Some(connection)),
        Err(BackupError::Sqlite { error, .. }) => match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
                Err(BackupError::Open(database.to_owned()))
            }
            _ if blindly => Ok(None),
            _ => Err(BackupError::Unreadable {
                path: database.to_owned(),
                problem: error.to_string(),
            }),
        },
        Err(other) => Err(other),
    }
}

/// Gives the database and what lies beside it another name; the database's.
fn set_aside(database: &Path) -> Result<Option<PathBuf>, BackupError> {
    if !database.exists() {
        return Ok(None);
    }
    let name = (0..1_000)
        .map(|n| match n {
            0 => with_ending(database, ".before-restore"),
            n => with_ending(database, &format!(".before-restore-{n}")),
        })
        .find(|name| !name.exists())
        .unwrap_or_else(|| with_ending(database, ".before-restore"));
    // A second name rather than another one: the place is never empty, so that
    // no gateway that starts now makes a new database there.
    fs::hard_link(database, &name).map_err(|e| at(&name, e))?;
    for ending in ["-wal", "-shm"] {
        let beside = with_ending(database, ending);
        if beside.exists() {
            let name = with_ending(&name, ending);
            fs::rename(&beside, &name).map_err(|e| at(&beside, e))?;
        }
    }
    Ok(Some(name))
}

fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

/// A file that is being made; gone unless it takes its name.
struct Unfinished(PathBuf);

impl Unfinished {
    fn beside(target: &Path) -> Result<Self, BackupError> {
        let path = with_ending(target, &format!(".unfinished-{}", std::process::id()));
        OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)
            .map_err(|e| at(&path, e))?;
        Ok(Self(path))
    }

    fn take_name(self, name: &Path, replace: bool) -> Result<(), BackupError> {
        File::open(&self.0)
            .and_then(|file| file.sync_all())
            .map_err(|e| at(&self.0, e))?;
        if replace {
            fs::rename(&self.0, name).map_err(|e| at(name, e))?;
        } else {
            // Fails where somebody took the name in the meantime.
            fs::hard_link(&self.0, name).map_err(|e| match e.kind() {
                std::io::ErrorKind::AlreadyExists => BackupError::Exists(name.to_owned()),
                _ => at(name, e),
            })?;
        }
        let folder = name.parent().filter(|f| !f.as_os_str().is_empty());
        let folder = folder.unwrap_or_else(|| Path::new("."));
        File::open(folder)
            .and_then(|folder| folder.sync_all())
            .map_err(|e| at(folder, e))
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        for ending in ["", "-journal", "-wal", "-shm"] {
            drop(fs::remove_file(with_ending(&self.0, ending)));
        }
    }
}

#[cfg(test)]
mod tests;
