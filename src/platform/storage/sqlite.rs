//! SQLite: one writer's thread that gathers waiting units into group commits,
//! a few threads that read, and a few connections for look-ups by the threads
//! that serve.
//!
//! Every unit runs in a savepoint of its own, so that one that fails takes only
//! itself back; the units of a group are acknowledged when the commit that
//! holds them is on the disk (`synchronous=FULL`).

use std::panic::AssertUnwindSafe;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};
use tokio::sync::{mpsc, oneshot};

use super::changes::Changes;
use super::dialect::sqlite_text;
use super::error::{StorageError, UnitError};
use super::row::Row;
use super::value::Value;
use super::{Tx, Unit, sqlite_changes, sqlite_log};

/// How many units share one commit at most.
const GROUP: usize = 128;
/// How long a group may grow before it is committed.
const GROUP_TIME: Duration = Duration::from_millis(4);
/// How long the file may be locked by another program.
const BUSY: Duration = Duration::from_secs(4);
/// How long anybody waits for an answer.
const PATIENCE: Duration = Duration::from_millis(5_500);
/// Threads that read. More than the cores make reads slower, not faster.
const READERS: usize = 2;
/// Connections for look-ups. As many as threads that serve are ever busy at it
/// on a machine of the usual size; whoever finds none free asks a reader.
const AT_HAND: usize = 4;

/// The embedded database.
#[derive(Clone)]
pub struct SqliteDb {
    path: PathBuf,
    writer: mpsc::Sender<Box<dyn WriteJob>>,
    readers: mpsc::Sender<ReadJob>,
    at_hand: Arc<[Mutex<Tx>]>,
    changes: Changes,
}

type ReadJob = Box<dyn FnOnce(&mut Tx) + Send>;

/// A unit that waits for the writer.
trait WriteJob: Send {
    /// Whether somebody still waits for the answer.
    fn is_wanted(&self) -> bool;
    /// Runs the unit; `true` keeps its writes.
    fn run(&mut self, tx: &mut Tx) -> bool;
    /// Tells the waiting side, after the commit.
    fn finish(self: Box<Self>, committed: Result<(), StorageError>);
}

struct Job<F, T, E> {
    work: Arc<F>,
    outcome: Option<Result<T, E>>,
    reply: oneshot::Sender<Result<T, E>>,
}

impl<F, T, E> WriteJob for Job<F, T, E>
where
    F: for<'t> Fn(&'t mut Tx) -> Unit<'t, T, E> + Send + Sync + 'static,
    T: Send + 'static,
    E: UnitError,
{
    fn is_wanted(&self) -> bool {
        !self.reply.is_closed()
    }

    fn run(&mut self, tx: &mut Tx) -> bool {
        tx.start_over();
        let outcome = at_once((self.work)(tx)).and_then(|done| tx.unharmed(done));
        let keep = outcome.is_ok();
        self.outcome = Some(outcome);
        keep
    }

    fn finish(self: Box<Self>, committed: Result<(), StorageError>) {
        let answer = match (self.outcome, committed) {
            (Some(Err(error)), _) => Err(error),
            (_, Err(error)) => Err(E::from(error)),
            (Some(done), Ok(())) => done,
            (None, Ok(())) => Err(E::from(StorageError::broke_off())),
        };
        // The other side may have gone away; its writes stand all the same.
        drop(self.reply.send(answer));
    }
}

/// Polls a unit to its end. On SQLite nothing in it ever waits.
fn at_once<T, E: UnitError>(mut unit: Unit<'_, T, E>) -> Result<T, E> {
    match unit.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(outcome) => outcome,
        Poll::Pending => Err(E::from(StorageError::Waited)),
    }
}

impl SqliteDb {
    /// Opens the file, and makes it and its folder when missing.
    pub fn open(path: &str) -> Result<Self, StorageError> {
        // Each connection would have a database of its own.
        if path.is_empty() || path == ":memory:" {
            return Err(StorageError::Unusable(
                "the URL names no file; write sqlite://path/to/file.db".to_owned(),
            ));
        }
        let path = PathBuf::from(path);
        if let Some(folder) = path.parent().filter(|p| !p.as_os_str().is_empty()) {
            std::fs::create_dir_all(folder).map_err(|e| {
                StorageError::Unusable(format!(
                    "the folder {} cannot be made: {e}",
                    folder.display()
                ))
            })?;
        }
        let (writer, waiting) = mpsc::channel(4096);
        let mut write_connection = connection(&path, false)?;
        sqlite_log::keep_short(&mut write_connection, &path)?;
        let changes = Changes::default();
        let news = changes.clone();
        spawn("doorward-write", move || {
            write_loop(write_connection, waiting, &news);
        })?;
        let (readers, reads) = mpsc::channel(4096);
        let reads = Arc::new(Mutex::new(reads));
        for _ in 0..READERS {
            let read_connection = connection(&path, true)?;
            let reads = Arc::clone(&reads);
            spawn("doorward-read", move || read_loop(read_connection, &reads))?;
        }
        let mut at_hand = Vec::with_capacity(AT_HAND);
        for _ in 0..AT_HAND {
            let connection = connection(&path, true)?;
            // A thread that serves must not wait for a lock on the file.
            connection.busy_timeout(Duration::ZERO)?;
            at_hand.push(Mutex::new(Tx::Sqlite(SqliteTx::new(connection))));
        }
        Ok(Self {
            path,
            writer,
            readers,
            at_hand: at_hand.into(),
            changes,
        })
    }

    /// Where the file is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    pub(super) const fn changes(&self) -> &Changes {
        &self.changes
    }

    pub(super) async fn write<T, E, F>(&self, work: Arc<F>) -> Result<T, E>
    where
        F: for<'t> Fn(&'t mut Tx) -> Unit<'t, T, E> + Send + Sync + 'static,
        T: Send + 'static,
        E: UnitError,
    {
        let (reply, answer) = oneshot::channel();
        let job = Box::new(Job {
            work,
            outcome: None,
            reply,
        });
        let sent = tokio::time::timeout(PATIENCE, self.writer.send(job)).await;
        if !matches!(sent, Ok(Ok(()))) {
            return Err(E::from(busy("too many writes are waiting")));
        }
        patiently(answer).await
    }

    pub(super) async fn read<T, E, F>(&self, work: F) -> Result<T, E>
    where
        F: for<'t> Fn(&'t mut Tx) -> Unit<'t, T, E> + Send + Sync + 'static,
        T: Send + 'static,
        E: UnitError,
    {
        let (reply, answer) = oneshot::channel::<Result<T, E>>();
        let job: ReadJob = Box::new(move |tx| {
            if reply.is_closed() {
                return;
            }
            drop(reply.send(snapshot(tx, &work)));
        });
        let sent = tokio::time::timeout(PATIENCE, self.readers.send(job)).await;
        if !matches!(sent, Ok(Ok(()))) {
            return Err(E::from(busy("too many reads are waiting")));
        }
        patiently(answer).await
    }

    /// Runs a unit that reads a few rows on this very thread, which saves two
    /// hops between threads. What fails here is asked once more of a reader, who
    /// may wait for a lock on the file.
    pub(super) async fn look_up<T, E, F>(&self, work: F) -> Result<T, E>
    where
        F: for<'t> Fn(&'t mut Tx) -> Unit<'t, T, E> + Send + Sync + 'static,
        T: Send + 'static,
        E: UnitError,
    {
        match self.at_once_here(&work) {
            Some(done) => Ok(done),
            None => self.read(work).await,
        }
    }

    fn at_once_here<T, E, F>(&self, work: &F) -> Option<T>
    where
        F: for<'t> Fn(&'t mut Tx) -> Unit<'t, T, E>,
        E: UnitError,
    {
        let mut tx = self.at_hand.iter().find_map(|tx| tx.try_lock().ok())?;
        let ended = std::panic::catch_unwind(AssertUnwindSafe(|| snapshot(&mut tx, work)));
        if ended.is_err() {
            tracing::error!("a unit of work panicked while reading");
            drop(control(&tx, "ROLLBACK"));
        }
        ended.ok()?.ok()
    }

    /// Runs something on a connection of its own, beside the writer: for
    /// migrations and backups.
    pub(super) async fn apart<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection) -> Result<T, StorageError> + Send + 'static,
    ) -> Result<T, StorageError> {
        let path = self.path.clone();
        tokio::task::spawn_blocking(move || work(&mut connection(&path, false)?))
            .await
            .map_err(|e| StorageError::Statement(e.to_string()))?
    }
}

async fn patiently<T, E: UnitError>(answer: oneshot::Receiver<Result<T, E>>) -> Result<T, E> {
    match tokio::time::timeout(PATIENCE, answer).await {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(_)) => Err(E::from(StorageError::broke_off())),
        Err(_) => Err(E::from(busy("no answer in time"))),
    }
}

fn busy(why: &str) -> StorageError {
    StorageError::Unavailable(why.to_owned())
}

pub(super) fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> Result<(), StorageError> {
    std::thread::Builder::new()
        .name(name.to_owned())
        .spawn(work)
        .map(|_| ())
        .map_err(|e| StorageError::Unusable(format!("no thread could be started: {e}")))
}

pub(super) fn connection(path: &Path, read_only: bool) -> Result<Connection, StorageError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_CREATE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)
        .map_err(|e| StorageError::Unusable(format!("{} cannot be opened: {e}", path.display())))?;
    connection.busy_timeout(BUSY)?;
    // Plans do not depend on the values bound: with them SQLite plans a prepared
    // statement anew whenever a value that matters to its statistics changes.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.set_prepared_statement_cache_capacity(256);
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", "ON")?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    // Negative: kibibytes. Readers share the operating system's page cache.
    connection.pragma_update(None, "cache_size", if read_only { -2_000 } else { -8_000 })?;
    connection.pragma_update(None, "query_only", read_only)?;
    Ok(connection)
}

fn write_loop(
    connection: Connection,
    mut waiting: mpsc::Receiver<Box<dyn WriteJob>>,
    changes: &Changes,
) {
    let mut tx = Tx::Sqlite(SqliteTx::new(connection));
    while let Some(first) = waiting.blocking_recv() {
        let started = Instant::now();
        if let Err(error) = control(&tx, "BEGIN IMMEDIATE") {
            // Whoever waits behind it would wait for the same lock as long again.
            let why = error.to_string();
            first.finish(Err(error));
            while let Ok(next) = waiting.try_recv() {
                next.finish(Err(StorageError::Unavailable(why.clone())));
            }
            continue;
        }
        let mut group = Vec::with_capacity(16);
        let mut next = Some(first);
        while let Some(mut job) = next {
            if job.is_wanted() {
                run_in_savepoint(&mut tx, job.as_mut());
                group.push(job);
            }
            next = if group.len() < GROUP && started.elapsed() < GROUP_TIME && is_open(&tx) {
                waiting.try_recv().ok()
            } else {
                None
            };
        }
        // Of a transaction that SQLite took back by itself nothing is left to
        // commit, and nobody in it may hear that something stands.
        let committed = control(&tx, "COMMIT");
        if committed.is_err() {
            drop(control(&tx, "ROLLBACK"));
        }
        if let (Ok(()), Tx::Sqlite(tx)) = (&committed, &tx) {
            // Before anybody hears that the write stands.
            sqlite_changes::tell(&tx.connection, changes);
        }
        let failure = committed.err().map(|e| e.to_string());
        for job in group {
            job.finish(match &failure {
                None => Ok(()),
                Some(text) => Err(StorageError::Unavailable(text.clone())),
            });
        }
    }
}

/// Whether the group's transaction still stands: SQLite takes the whole of it
/// back by itself when the disk is full or fails.
fn is_open(tx: &Tx) -> bool {
    matches!(tx, Tx::Sqlite(tx) if !tx.connection.is_autocommit())
}

fn run_in_savepoint(tx: &mut Tx, job: &mut dyn WriteJob) {
    if let Err(error) = control(tx, "SAVEPOINT unit") {
        tracing::error!(%error, "no savepoint could be set");
        return;
    }
    let kept = std::panic::catch_unwind(AssertUnwindSafe(|| job.run(tx)));
    if kept.is_err() {
        tracing::error!("a unit of work panicked; its writes are taken back");
    }
    if !is_open(tx) {
        return;
    }
    // Whoever has gone away meanwhile was told, or takes it, that nothing was
    // written.
    if !kept.unwrap_or(false) || !job.is_wanted() {
        drop(control(tx, "ROLLBACK TO unit"));
    }
    if let Err(error) = control(tx, "RELEASE unit") {
        tracing::error!(%error, "a savepoint could not be released");
    }
}

fn read_loop(connection: Connection, reads: &Mutex<mpsc::Receiver<ReadJob>>) {
    let mut tx = Tx::Sqlite(SqliteTx::new(connection));
    loop {
        let job = reads
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .blocking_recv();
        let Some(job) = job else { return };
        if std::panic::catch_unwind(AssertUnwindSafe(|| job(&mut tx))).is_err() {
            tracing::error!("a unit of work panicked while reading");
            drop(control(&tx, "ROLLBACK"));
        }
    }
}

fn snapshot<T, E, F>(tx: &mut Tx, work: &F) -> Result<T, E>
where
    F: for<'t> Fn(&'t mut Tx) -> Unit<'t, T, E>,
    E: UnitError,
{
    control(tx, "BEGIN").map_err(E::from)?;
    tx.start_over();
    let outcome = at_once(work(tx)).and_then(|done| tx.unharmed(done));
    // A failure may have ended the transaction already.
    let ended = if is_open(tx) {
        control(tx, "COMMIT").or_else(|_| control(tx, "ROLLBACK"))
    } else {
        Ok(())
    };
    // What the unit was told says more than what the end was.
    let done = outcome?;
    ended.map_err(E::from)?;
    Ok(done)
}

fn control(tx: &Tx, sql: &str) -> Result<(), StorageError> {
    match tx {
        Tx::Sqlite(tx) => {
            tx.connection.prepare_cached(sql)?.raw_execute()?;
            Ok(())
        }
        Tx::Postgres(_) => Err(StorageError::Waited),
    }
}

/// A transaction on the embedded database.
pub struct SqliteTx {
    connection: Connection,
    /// Whether a statement of the present unit has failed.
    pub(super) has_failed: bool,
}

impl SqliteTx {
    const fn new(connection: Connection) -> Self {
        Self {
            connection,
            has_failed: false,
        }
    }

    pub(super) fn execute(&self, sql: &str, params: &[Value]) -> Result<u64, StorageError> {
        let mut statement = self.connection.prepare_cached(&sqlite_text(sql))?;
        let touched = statement.execute(rusqlite::params_from_iter(params))?;
        Ok(u64::try_from(touched).unwrap_or(u64::MAX))
    }

    pub(super) fn query(&self, sql: &str, params: &[Value]) -> Result<Vec<Row>, StorageError> {
        use rusqlite::types::ValueRef;
        let mut statement = self.connection.prepare_cached(&sqlite_text(sql))?;
        let columns = statement.column_count();
        let mut rows = statement.query(rusqlite::params_from_iter(params))?;
        let mut out = Vec::new();
        while let Some(row) = rows.next()? {
            let mut values = Vec::with_capacity(columns);
            for at in 0..columns {
                values.push(match row.get_ref(at)? {
                    ValueRef::Null => Value::Null,
                    ValueRef::Integer(int) => Value::Int(int),
                    ValueRef::Text(text) => Value::Text(String::from_utf8_lossy(text).into_owned()),
                    ValueRef::Blob(blob) => Value::Blob(blob.to_vec()),
                    ValueRef::Real(_) => {
                        return Err(StorageError::Column {
                            at: at + 1,
                            wanted: "a whole number",
                        });
                    }
                });
            }
            out.push(Row::new(values));
        }
        Ok(out)
    }
}
