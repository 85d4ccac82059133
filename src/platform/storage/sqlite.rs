//! SQLite: one writer's thread that gathers waiting units into group commits,
//! a few threads that read, and a few connections for look-ups by the threads
//! that serve.
//!
//! A unit that fails takes only itself back: the others of its group are run again,
//! each in a savepoint of its own. The units of a group are acknowledged when the commit that
//! holds them is on the disk ([`sqlite_sync`]).

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};
use tokio::sync::{mpsc, oneshot};

use super::changes::Changes;
use super::dialect::sqlite_text;
use super::error::StorageError;
use super::row::Row;
use super::sqlite_sync::Syncs;
use super::unit::Work;
use super::value::Value;
use super::{Tx, sqlite_changes, sqlite_log, sqlite_sync};

/// How many units share one commit at most.
const GROUP: usize = 128;
/// How long a group may grow while the disk is free: as long as the disk took for the
/// group before, but no less and no more than this. With a longer time more of those
/// who sign in wait for the writer together, and then it for them; with a shorter one
/// the same pages are committed more often. A slow disk gets larger groups.
const GROUP_TIME: [Duration; 2] = [Duration::from_millis(1), Duration::from_millis(4)];
/// How long the file may be locked by another program.
const BUSY: Duration = Duration::from_secs(4);
/// How long anybody waits for an answer.
const PATIENCE: Duration = Duration::from_millis(5_500);
/// Threads that read. More than the cores make reads slower, not faster.
const READERS: usize = 2;
/// Connections for look-ups at most: as many as threads that serve are ever busy at
/// it on a machine of the usual size. Whoever finds none free asks a reader.
const AT_HAND: usize = 4;

/// The embedded database.
#[derive(Clone)]
pub struct SqliteDb {
    path: PathBuf,
    writer: mpsc::Sender<WriteJob>,
    readers: mpsc::Sender<ReadJob>,
    at_hand: Arc<[Mutex<Tx>]>,
    changes: Changes,
}

type ReadJob = Box<dyn FnOnce(&mut Tx) + Send>;

/// A unit that waits for the writer.
pub(super) struct WriteJob {
    work: Arc<dyn Work>,
    /// Whether its writes are to be kept, once it has run.
    keep: Option<Result<bool, StorageError>>,
    reply: oneshot::Sender<Result<(), StorageError>>,
}

impl WriteJob {
    /// Whether somebody still waits for the answer.
    fn is_wanted(&self) -> bool {
        !self.reply.is_closed()
    }

    /// Runs the unit; `true` keeps its writes.
    fn run(&mut self, tx: &mut Tx) -> bool {
        let keep = run(tx, self.work.as_ref());
        let kept = matches!(keep, Ok(true));
        self.keep = Some(keep);
        kept
    }

    /// Tells the waiting side, after the commit.
    pub(super) fn finish(self, committed: Result<(), StorageError>) {
        let answer = match (self.keep, committed) {
            (Some(Err(error)), _) | (None, Err(error)) => Err(error),
            // Of a unit that failed by itself it is said why, and no more.
            (Some(Ok(false)), _) => Ok(()),
            (Some(Ok(true)), committed) => committed,
            (None, Ok(())) => Err(StorageError::broke_off()),
        };
        // The other side may have gone away; its writes stand all the same.
        drop(self.reply.send(answer));
    }
}

/// Runs a unit on a transaction that stands; `true` keeps its writes.
fn run(tx: &mut Tx, work: &dyn Work) -> Result<bool, StorageError> {
    tx.start_over();
    let keep = at_once(work.run(tx))?;
    if keep {
        tx.unharmed()?;
    }
    Ok(keep)
}

/// Polls a unit to its end. On SQLite nothing in it ever waits.
fn at_once(
    mut unit: Pin<Box<dyn Future<Output = bool> + Send + '_>>,
) -> Result<bool, StorageError> {
    match unit.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(keep) => Ok(keep),
        Poll::Pending => Err(StorageError::Waited),
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
        write_connection.pragma_update(None, "synchronous", "NORMAL")?;
        sqlite_log::keep_short(&mut write_connection, &path)?;
        let syncs = Syncs::start(&path)?;
        let changes = Changes::default();
        let news = changes.clone();
        spawn("doorward-write", move || {
            write_loop(write_connection, waiting, syncs, &news);
        })?;
        let (readers, reads) = mpsc::channel(4096);
        let reads = Arc::new(Mutex::new(reads));
        for _ in 0..READERS {
            let read_connection = connection(&path, true)?;
            let reads = Arc::clone(&reads);
            spawn("doorward-read", move || read_loop(read_connection, &reads))?;
        }
        // Each knows the schema, which takes some 300 KiB.
        let serving = std::thread::available_parallelism().map_or(AT_HAND, usize::from);
        let mut at_hand = Vec::with_capacity(AT_HAND);
        for _ in 0..serving.min(AT_HAND) {
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

    pub(super) async fn write(&self, work: Arc<dyn Work>) -> Result<(), StorageError> {
        let (reply, answer) = oneshot::channel();
        let job = WriteJob {
            work,
            keep: None,
            reply,
        };
        let sent = tokio::time::timeout(PATIENCE, self.writer.send(job)).await;
        if !matches!(sent, Ok(Ok(()))) {
            return Err(busy("too many writes are waiting"));
        }
        patiently(answer).await
    }

    pub(super) async fn read(&self, work: Arc<dyn Work>) -> Result<(), StorageError> {
        let (reply, answer) = oneshot::channel();
        let job: ReadJob = Box::new(move |tx| {
            if reply.is_closed() {
                return;
            }
            drop(reply.send(snapshot(tx, work.as_ref()).map(|_| ())));
        });
        let sent = tokio::time::timeout(PATIENCE, self.readers.send(job)).await;
        if !matches!(sent, Ok(Ok(()))) {
            return Err(busy("too many reads are waiting"));
        }
        patiently(answer).await
    }

    /// Runs a unit that reads a few rows on this very thread, which saves two
    /// hops between threads; `false` when a reader has to be asked.
    pub(super) fn has_looked_up(&self, work: &dyn Work) -> bool {
        let Some(mut tx) = self.at_hand.iter().find_map(|tx| tx.try_lock().ok()) else {
            return false;
        };
        let ended = std::panic::catch_unwind(AssertUnwindSafe(|| snapshot(&mut tx, work)));
        if ended.is_err() {
            tracing::error!("a unit of work panicked while reading");
            drop(control(&tx, "ROLLBACK"));
        }
        matches!(ended, Ok(Ok(true)))
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

async fn patiently(
    answer: oneshot::Receiver<Result<(), StorageError>>,
) -> Result<(), StorageError> {
    match tokio::time::timeout(PATIENCE, answer).await {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(_)) => Err(StorageError::broke_off()),
        Err(_) => Err(busy("no answer in time")),
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
    // Negative: kibibytes. Readers share the operating system's page cache, and
    // forget their own whenever somebody writes; the writer needs the pages of
    // many indexes again and again.
    connection.pragma_update(None, "cache_size", if read_only { -512 } else { -24_000 })?;
    connection.pragma_update(None, "query_only", read_only)?;
    Ok(connection)
}

fn write_loop(
    connection: Connection,
    mut waiting: mpsc::Receiver<WriteJob>,
    mut syncs: Syncs,
    changes: &Changes,
) {
    let mut tx = Tx::Sqlite(SqliteTx::new(connection));
    while let Some(first) = waiting.blocking_recv() {
        let mut started = Instant::now();
        if let Err(error) = control(&tx, "BEGIN IMMEDIATE") {
            // Whoever waits behind it would wait for the same lock as long again.
            let why = error.to_string();
            first.finish(Err(error));
            while let Ok(next) = waiting.try_recv() {
                next.finish(Err(StorageError::Unavailable(why.clone())));
            }
            continue;
        }
        let mut group = Group::default();
        let mut next = Some(first);
        while let Some(job) = next {
            if job.is_wanted() {
                group.run(&mut tx, job);
            }
            if group.jobs.len() >= GROUP || !is_open(&tx) {
                break;
            }
            let [least, most] = GROUP_TIME;
            // As long as the disk has the group before, nothing could be committed.
            let may_grow = syncs.is_busy() || started.elapsed() < syncs.took().clamp(least, most);
            next = may_grow.then(|| waiting.try_recv().ok()).flatten();
            if next.is_none() && syncs.is_busy() {
                // Who comes in the meantime comes along.
                syncs.wait();
                started = Instant::now();
                next = waiting.try_recv().ok();
            }
        }
        syncs.wait();
        if syncs.has_failed() {
            // What stands in the log behind the gap would not be found again: all of
            // it goes into the file first.
            drop(control(&tx, "ROLLBACK"));
            let anew = begin_log_anew(&tx);
            if anew.is_ok() {
                syncs.begin_anew();
            }
            let taken_back = anew.and(Err(busy("the disk refused the group before")));
            sqlite_sync::finish(group.jobs, &taken_back);
            continue;
        }
        // Of a transaction that SQLite took back by itself nothing is left to
        // commit, and nobody in it may hear that something stands.
        let committed = control(&tx, "COMMIT");
        if committed.is_err() {
            drop(control(&tx, "ROLLBACK"));
            sqlite_sync::finish(group.jobs, &committed);
            continue;
        }
        if let Tx::Sqlite(tx) = &tx {
            // Before anybody hears that the write stands.
            sqlite_changes::tell(&tx.connection, changes);
        }
        syncs.sync(group.jobs);
    }
}

/// Brings the whole log into the file and empties it.
fn begin_log_anew(tx: &Tx) -> Result<(), StorageError> {
    let Tx::Sqlite(tx) = tx else {
        return Err(StorageError::Waited);
    };
    let sql = "PRAGMA wal_checkpoint(TRUNCATE)";
    let busy_readers: i64 = tx.connection.query_row(sql, [], |row| row.get(0))?;
    if busy_readers != 0 {
        return Err(busy("somebody still reads what the log holds"));
    }
    Ok(())
}

/// Whether the group's transaction still stands: SQLite takes the whole of it
/// back by itself when the disk is full or fails.
fn is_open(tx: &Tx) -> bool {
    matches!(tx, Tx::Sqlite(tx) if !tx.connection.is_autocommit())
}

/// The units of one transaction.
#[derive(Default)]
struct Group {
    jobs: Vec<WriteJob>,
    /// Whether each runs in a savepoint of its own, for which SQLite copies every
    /// page that is written. Units seldom fail: until one does, they do without.
    is_apart: bool,
}

impl Group {
    /// Runs one more unit; of one that fails nothing stands.
    fn run(&mut self, tx: &mut Tx, mut job: WriteJob) {
        if self.is_apart {
            run_in_savepoint(tx, &mut job);
        } else if !run_caught(tx, &mut job) && is_open(tx) {
            // Where no new transaction is to be had there is none to commit, either.
            let anew = control(tx, "ROLLBACK").and_then(|()| control(tx, "BEGIN IMMEDIATE"));
            if let Err(error) = anew {
                tracing::error!(%error, "a group of units could not be begun anew");
            } else {
                for earlier in &mut self.jobs {
                    run_in_savepoint(tx, earlier);
                }
                self.is_apart = !self.jobs.is_empty();
            }
        }
        self.jobs.push(job);
    }
}

/// Runs a unit; `true` when its writes are to stand.
fn run_caught(tx: &mut Tx, job: &mut WriteJob) -> bool {
    let kept = std::panic::catch_unwind(AssertUnwindSafe(|| job.run(tx)));
    if kept.is_err() {
        tracing::error!("a unit of work panicked; its writes are taken back");
    }
    // Whoever has gone away meanwhile was told, or takes it, that nothing was
    // written.
    kept.unwrap_or(false) && job.is_wanted()
}

fn run_in_savepoint(tx: &mut Tx, job: &mut WriteJob) {
    if let Err(error) = control(tx, "SAVEPOINT unit") {
        tracing::error!(%error, "no savepoint could be set");
        return;
    }
    let stands = run_caught(tx, job);
    if !is_open(tx) {
        return;
    }
    if !stands {
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

/// Runs a unit on a snapshot of the data; `true` when it succeeded.
fn snapshot(tx: &mut Tx, work: &dyn Work) -> Result<bool, StorageError> {
    control(tx, "BEGIN")?;
    let succeeded = run(tx, work);
    // A failure may have ended the transaction already.
    let ended = if is_open(tx) {
        control(tx, "COMMIT").or_else(|_| control(tx, "ROLLBACK"))
    } else {
        Ok(())
    };
    // What the unit was told says more than what the end was.
    let succeeded = succeeded?;
    if succeeded {
        ended?;
    }
    Ok(succeeded)
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

#[cfg(test)]
mod tests {
    use super::*;

    /// The sync before has failed: the next group is refused, the log goes into the
    /// file, and then writing goes on.
    #[tokio::test]
    async fn after_a_gap_the_log_begins_anew() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("gap.db");
        let log = folder.path().join("gap.db-wal");
        let writer = connection(&path, false).unwrap();
        writer.execute_batch("CREATE TABLE t (n BIGINT)").unwrap();
        assert!(std::fs::metadata(&log).unwrap().len() > 0);
        // Another database has no log: its sync fails.
        let mut syncs = Syncs::start(&folder.path().join("other.db")).unwrap();
        syncs.sync(Vec::new());
        let (jobs, waiting) = mpsc::channel(8);
        let thread = std::thread::spawn(move || {
            write_loop(writer, waiting, syncs, &Changes::default());
        });
        let insert = async || {
            let unit = super::super::unit::Typed::new(|tx: &mut Tx| {
                Box::pin(async move {
                    tx.execute("INSERT INTO t (n) VALUES (1)", &[]).await?;
                    Ok::<_, StorageError>(())
                }) as super::super::Unit<'_, (), StorageError>
            });
            let (reply, answer) = oneshot::channel();
            let job = WriteJob {
                work: unit,
                keep: None,
                reply,
            };
            assert!(jobs.send(job).await.is_ok());
            answer.await.unwrap()
        };
        assert!(matches!(insert().await, Err(StorageError::Unavailable(_))));
        let count = || {
            let reader = connection(&path, true).unwrap();
            let sql = "SELECT COUNT(*) FROM t";
            reader
                .query_row(sql, [], |row| row.get::<_, i64>(0))
                .unwrap()
        };
        assert_eq!(std::fs::metadata(&log).unwrap().len(), 0);
        assert_eq!(count(), 0);
        // Written, and not on the disk as far as this thread knows.
        assert!(insert().await.is_err());
        assert_eq!(count(), 1);
        drop(jobs);
        thread.join().unwrap();
    }
}
