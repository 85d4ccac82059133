//! The database: SQLite inside by default, PostgreSQL where several replicas
//! serve one company. One SQL text serves both.
//!
//! Work is done in *units*: a closure that gets a [`Tx`] and either succeeds as
//! a whole or leaves nothing behind. On SQLite the unit itself travels to the
//! writer's thread, runs there without a single hop between threads, and shares
//! its commit with the units that wait beside it; on PostgreSQL it runs on a
//! pooled connection. A unit awaits nothing but its `Tx`, and a statement that
//! failed has failed the unit: PostgreSQL goes no further in such a transaction,
//! so on SQLite there is no going on either.
//!
//! ```no_run
//! # use doorward::platform::storage::{Db, StorageError, params};
//! # async fn example(db: Db) -> Result<(), StorageError> {
//! let name = "blue".to_owned();
//! let made: u64 = db
//!     .write(move |tx| {
//!         let name = name.clone();
//!         Box::pin(async move {
//!             tx.execute("INSERT INTO settings (key, value) VALUES ($1, $2)", params![name, "1"]).await
//!         })
//!     })
//!     .await?;
//! # Ok(()) }
//! ```
//!
//! SQL is written once, in PostgreSQL's `$1` style; columns are TEXT, BIGINT,
//! BOOLEAN and BYTEA/BLOB only; ids are UUIDv7 text, times UTC epoch
//! milliseconds, JSON is TEXT. What has to differ stands in [`dialect`].

pub mod backup;
pub mod changes;
pub mod dialect;
mod error;
mod hosts;
mod migrate;
mod postgres;
mod postgres_changes;
mod row;
mod sqlite;
mod sqlite_changes;
mod sqlite_log;
mod sqlite_sync;
mod unit;
mod value;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

pub use changes::{Change, Changes, Follower};
pub use error::{StorageError, UnitError};
pub use migrate::Schema;
pub use postgres::PostgresDb;
pub use row::{Reader, Row};
pub use sqlite::SqliteDb;
pub use value::Value;

use unit::{Typed, Work};

pub use crate::params;

/// What a unit of work returns: a boxed future over its transaction.
pub type Unit<'t, T, E> = Pin<Box<dyn Future<Output = Result<T, E>> + Send + 't>>;

/// How often a unit is tried when others got in its way.
const ATTEMPTS: u32 = 16;
/// How many races a unit loses before it queues with the others that lose.
const FREE_ATTEMPTS: u32 = 4;

/// The database of this gateway.
#[derive(Clone)]
pub enum Db {
    /// The embedded database.
    Sqlite(SqliteDb),
    /// A PostgreSQL server, or several of which one is primary.
    Postgres(PostgresDb),
}

/// One transaction, alive inside a unit of work only.
pub enum Tx {
    /// On the embedded database.
    Sqlite(sqlite::SqliteTx),
    /// On PostgreSQL.
    Postgres(postgres::PostgresTx),
}

impl Db {
    /// Opens `sqlite://path` (the file and its folder are made when missing)
    /// or `postgres://…`, and applies what migrations are missing, under a
    /// lock.
    pub async fn open(url: &str) -> Result<Self, StorageError> {
        let db = Self::connect(url).await?;
        db.migrate().await?;
        Ok(db)
    }

    /// Opens the database as it is, without migrating it.
    pub async fn connect(url: &str) -> Result<Self, StorageError> {
        if let Some(path) = url.strip_prefix("sqlite://") {
            return Ok(Self::Sqlite(SqliteDb::open(path)?));
        }
        Ok(Self::Postgres(PostgresDb::open(url).await?))
    }

    /// Whether other processes may serve from it at the same time, which do not see
    /// what this one has in memory.
    #[must_use]
    pub const fn is_shared(&self) -> bool {
        matches!(self, Self::Postgres(_))
    }

    /// The news of what decides over access. They are current only while
    /// [`follow`](Self::follow) runs.
    #[must_use]
    pub const fn changes(&self) -> &Changes {
        match self {
            Self::Sqlite(db) => db.changes(),
            Self::Postgres(db) => db.changes(),
        }
    }

    /// Follows what other processes change, until it is stopped.
    pub async fn follow(&self, stop: CancellationToken) {
        match self {
            Self::Sqlite(db) => db.follow(stop).await,
            Self::Postgres(db) => db.follow(stop).await,
        }
    }

    /// Deletes the news that everybody has heard long since.
    pub async fn forget_changes(&self) -> Result<(), StorageError> {
        match self {
            Self::Sqlite(_) => self.write(|tx| Box::pin(sqlite_changes::forget(tx))).await,
            Self::Postgres(_) => Ok(()),
        }
    }

    /// Applies the migrations that are missing; answers their names.
    pub async fn migrate(&self) -> Result<Vec<String>, StorageError> {
        match self {
            Self::Sqlite(db) => migrate::sqlite(db).await,
            Self::Postgres(db) => migrate::postgres(db).await,
        }
    }

    /// Runs a unit that writes. It is committed durably when `Ok` comes back,
    /// and leaves nothing behind when `Err` does. A unit that lost a race
    /// ([`UnitError::is_conflict`]) is run again from its start.
    pub async fn write<T, E, F>(&self, work: F) -> Result<T, E>
    where
        F: for<'t> Fn(&'t mut Tx) -> Unit<'t, T, E> + Send + Sync + 'static,
        T: Send + 'static,
        E: UnitError,
    {
        let unit = Typed::new(work);
        let mut attempt = 0;
        loop {
            let ended = self.write_once(Arc::clone(&unit) as _, attempt).await;
            attempt += 1;
            match unit.outcome(ended) {
                Err(e) if e.is_conflict() && attempt < ATTEMPTS => {
                    tokio::time::sleep(pause(attempt)).await;
                }
                outcome => return outcome,
            }
        }
    }

    async fn write_once(&self, unit: Arc<dyn Work>, attempt: u32) -> Result<(), StorageError> {
        match self {
            Self::Sqlite(db) => db.write(unit).await,
            Self::Postgres(db) if attempt < FREE_ATTEMPTS => {
                db.unit(unit.as_ref(), postgres::Mode::Write).await
            }
            Self::Postgres(db) => db.unit(unit.as_ref(), postgres::Mode::WriteInTurn).await,
        }
    }

    /// Runs a unit that only reads, on one snapshot of the data.
    pub async fn read<T, E, F>(&self, work: F) -> Result<T, E>
    where
        F: for<'t> Fn(&'t mut Tx) -> Unit<'t, T, E> + Send + Sync + 'static,
        T: Send + 'static,
        E: UnitError,
    {
        let unit = Typed::new(work);
        let ended = self.read_unit(Arc::clone(&unit) as _).await;
        unit.outcome(ended)
    }

    async fn read_unit(&self, unit: Arc<dyn Work>) -> Result<(), StorageError> {
        match self {
            Self::Sqlite(db) => db.read(unit).await,
            Self::Postgres(db) => db.unit(unit.as_ref(), postgres::Mode::Read).await,
        }
    }

    /// As [`read`](Self::read), for a unit that reads a few rows by their keys:
    /// on SQLite it runs on the calling thread where that is possible, so it
    /// must be short.
    pub async fn look_up<T, E, F>(&self, work: F) -> Result<T, E>
    where
        F: for<'t> Fn(&'t mut Tx) -> Unit<'t, T, E> + Send + Sync + 'static,
        T: Send + 'static,
        E: UnitError,
    {
        let unit = Typed::new(work);
        let ended = match self {
            // What fails here is asked once more of a reader, who may wait for a
            // lock on the file.
            Self::Sqlite(db) if db.has_looked_up(unit.as_ref()) => Ok(()),
            _ => self.read_unit(Arc::clone(&unit) as _).await,
        };
        unit.outcome(ended)
    }

    /// Which migrations the database has and lacks. It is not changed.
    pub async fn schema(&self) -> Result<Schema, StorageError> {
        let (dialect, applied) = self
            .read(|tx| {
                Box::pin(async move {
                    let dialect = tx.dialect();
                    let history = params!["refinery_schema_history"];
                    if tx.count(dialect.count_tables(), history).await? == 0 {
                        return Ok((dialect, Vec::new()));
                    }
                    let sql = "SELECT CAST(version AS BIGINT), name FROM refinery_schema_history \
                               ORDER BY version";
                    let rows = tx.query(sql, &[]).await?;
                    let applied: Result<Vec<_>, StorageError> = rows
                        .into_iter()
                        .map(|row| {
                            let mut reader = row.reader();
                            Ok((reader.int()?, reader.text()?))
                        })
                        .collect();
                    Ok::<_, StorageError>((dialect, applied?))
                })
            })
            .await?;
        Ok(migrate::compare(dialect, &applied))
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<(), StorageError> {
        self.read(|tx| Box::pin(async move { tx.query("SELECT 1", &[]).await.map(|_| ()) }))
            .await
    }

    /// Whether the database takes writes: changes a row of its own, durably. A
    /// change that changes nothing would not find out that the disk is full.
    pub async fn ping_write(&self) -> Result<(), StorageError> {
        const SQL: &str = "INSERT INTO settings (key, value) VALUES ('storage.ping', '0') \
            ON CONFLICT (key) DO UPDATE SET value = CASE settings.value WHEN '0' THEN '1' ELSE '0' END";
        self.write(|tx| Box::pin(async move { tx.execute(SQL, &[]).await.map(|_| ()) }))
            .await
    }
}

/// How long a unit waits before its next attempt: short at first, with a
/// spread, so that those who collided do not collide again.
fn pause(attempt: u32) -> Duration {
    use std::hash::{BuildHasher as _, Hasher as _};
    let spread = std::hash::RandomState::new().build_hasher().finish() % 8;
    Duration::from_millis(u64::from(attempt.min(8)) * 2 + spread)
}

impl Tx {
    /// Runs a statement and answers how many rows it touched.
    pub async fn execute(&mut self, sql: &str, params: &[Value]) -> Result<u64, StorageError> {
        let outcome = match self {
            Self::Sqlite(tx) => tx.execute(sql, params),
            Self::Postgres(tx) => tx.execute(sql, params).await,
        };
        self.note(outcome)
    }

    /// Runs a query and answers its rows.
    pub async fn query(&mut self, sql: &str, params: &[Value]) -> Result<Vec<Row>, StorageError> {
        let outcome = match self {
            Self::Sqlite(tx) => tx.query(sql, params),
            Self::Postgres(tx) => tx.query(sql, params).await,
        };
        self.note(outcome)
    }

    /// Runs a query for at most one row.
    pub async fn query_opt(
        &mut self,
        sql: &str,
        params: &[Value],
    ) -> Result<Option<Row>, StorageError> {
        Ok(self.query(sql, params).await?.into_iter().next())
    }

    /// Runs a query that counts.
    pub async fn count(&mut self, sql: &str, params: &[Value]) -> Result<i64, StorageError> {
        match self.query_opt(sql, params).await? {
            Some(row) => row.reader().int(),
            None => Ok(0),
        }
    }

    /// Keeps other units that name the same lock out until this one ends. For
    /// rules that no unique index can hold, such as "one admin stays".
    /// SQLite has one writer anyway.
    pub async fn lock(&mut self, name: &str) -> Result<(), StorageError> {
        match self {
            Self::Sqlite(_) => Ok(()),
            Self::Postgres(tx) => tx.lock(name).await,
        }
    }

    const fn has_failed(&mut self) -> &mut bool {
        match self {
            Self::Sqlite(tx) => &mut tx.has_failed,
            Self::Postgres(tx) => &mut tx.has_failed,
        }
    }

    fn note<T>(&mut self, outcome: Result<T, StorageError>) -> Result<T, StorageError> {
        *self.has_failed() |= outcome.is_err();
        outcome
    }

    /// Begins the next unit on the same connection.
    const fn start_over(&mut self) {
        *self.has_failed() = false;
    }

    /// Refuses what a unit made when one of its statements failed and the unit went
    /// on all the same: PostgreSQL would take the `COMMIT` for a rollback, and
    /// say nothing.
    fn unharmed(&mut self) -> Result<(), StorageError> {
        if *self.has_failed() {
            return Err(StorageError::Statement(
                "a statement failed and its unit went on; nothing is written".to_owned(),
            ));
        }
        Ok(())
    }

    /// Which dialect this transaction speaks.
    #[must_use]
    pub const fn dialect(&self) -> dialect::Dialect {
        match self {
            Self::Sqlite(_) => dialect::Dialect::Sqlite,
            Self::Postgres(_) => dialect::Dialect::Postgres,
        }
    }
}
