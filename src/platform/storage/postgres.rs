//! PostgreSQL through a pool. Units run at READ COMMITTED: what must hold
//! across rows is held by unique indexes, by versions that an update names, or
//! by a named lock.

use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use deadpool_postgres::{
    Connect as _, Manager, ManagerConfig, Object, Pool, RecyclingMethod, Runtime,
};
use futures_util::FutureExt as _;
use openssl::ssl::{SslConnector, SslMethod};
use postgres_openssl::MakeTlsConnector;
use tokio_postgres::SimpleQueryMessage;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::{ToSql, Type};

use super::Tx;
use super::changes::Changes;
use super::error::StorageError;
use super::hosts::Hosts;
use super::row::Row;
use super::unit::Work;
use super::value::Value;

/// Connections per replica.
const POOL: usize = 16;
/// How long to wait for a connection, be it of several servers.
const CONNECT: Duration = Duration::from_millis(1_800);
/// How long a whole unit may take.
const PATIENCE: Duration = Duration::from_millis(3_200);

/// A PostgreSQL database.
#[derive(Clone)]
pub struct PostgresDb {
    pool: Pool,
    hosts: Hosts,
    config: std::sync::Arc<tokio_postgres::Config>,
    changes: Changes,
}

/// How long what was sent may stay without the server's acknowledgement before the
/// connection counts as broken.
const UNACKNOWLEDGED: Duration = Duration::from_secs(5);

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    Read,
    Write,
    /// Writes, one after another with all others that run in turn: for units
    /// that have lost several races and would go on losing them.
    WriteInTurn,
}

impl PostgresDb {
    /// Connects once, so that a wrong address or password is told at start.
    /// The URL may name several hosts and `target_session_attrs`.
    pub async fn open(url: &str) -> Result<Self, StorageError> {
        let mut config: tokio_postgres::Config = url.parse().map_err(|e| {
            StorageError::Unusable(format!("the URL of the database is not understood: {e}"))
        })?;
        config.connect_timeout(CONNECT);
        config.tcp_user_timeout(UNACKNOWLEDGED);
        config.application_name("doorward");
        let options = config.get_options().unwrap_or_default().to_owned();
        config.options(format!(
            "{options} -c statement_timeout=3500 -c lock_timeout=3000 -c idle_in_transaction_session_timeout=10000"
        ));
        let hosts = Hosts::of(&config, CONNECT, tls()?);
        let manager = Manager::from_connect(
            config.clone(),
            hosts.clone(),
            ManagerConfig {
                recycling_method: RecyclingMethod::Fast,
            },
        );
        let pool = Pool::builder(manager)
            .max_size(POOL)
            .wait_timeout(Some(CONNECT))
            .create_timeout(Some(CONNECT))
            .recycle_timeout(Some(CONNECT))
            .runtime(Runtime::Tokio1)
            .build()
            .map_err(|e| StorageError::Unusable(e.to_string()))?;
        let db = Self {
            pool,
            hosts,
            config: std::sync::Arc::new(config),
            changes: Changes::default(),
        };
        drop(db.connection().await?);
        Ok(db)
    }

    pub(super) const fn changes(&self) -> &Changes {
        &self.changes
    }

    /// The ways to the servers for a connection outside the pool.
    pub(super) fn hosts(&self) -> Result<Hosts, StorageError> {
        Ok(Hosts::of(&self.config, CONNECT, tls()?))
    }

    /// A connection outside the pool, for migrations.
    pub(super) async fn apart(&self) -> Result<tokio_postgres::Client, StorageError> {
        let mut config = self.config.as_ref().clone();
        // The last word counts; what the URL says besides stays in force.
        let options = config.get_options().unwrap_or_default();
        config.options(format!(
            "{options} -c lock_timeout=0 -c statement_timeout=0"
        ));
        let hosts = Hosts::of(&config, CONNECT, tls()?);
        let connected = tokio::time::timeout(CONNECT, hosts.connect(&config)).await;
        let (client, _) = connected.map_err(|_| no_answer())??;
        Ok(client)
    }

    async fn connection(&self) -> Result<Object, StorageError> {
        use deadpool_postgres::PoolError;
        self.pool.get().await.map_err(|e| match e {
            PoolError::Backend(e) => StorageError::from(e),
            e => StorageError::Unavailable(e.to_string()),
        })
    }

    /// Runs a unit; what it answers stays with it.
    pub(super) async fn unit(&self, work: &dyn Work, mode: Mode) -> Result<(), StorageError> {
        let host = self.hosts.current();
        let unit = self.unit_without_limit(work, mode);
        tokio::time::timeout(PATIENCE, unit)
            .await
            .unwrap_or_else(|_| {
                // The others that wait in the pool lead to the same server: nobody
                // after this one shall find out the same way.
                self.hosts.doubt(host);
                self.forget_connections();
                Err(no_answer())
            })
    }

    fn forget_connections(&self) {
        drop(self.pool.retain(|_, _| false));
    }

    async fn unit_without_limit(&self, work: &dyn Work, mode: Mode) -> Result<(), StorageError> {
        let connection = self.connection().await?;
        let begin = match mode {
            Mode::Write | Mode::WriteInTurn => "BEGIN",
            Mode::Read => "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY",
        };
        let started = connection.batch_execute(begin).await;
        let mut tx = Tx::Postgres(PostgresTx {
            connection: Some(connection),
            has_failed: false,
            has_lost_the_primary: AtomicBool::new(false),
        });
        started?;
        if mode == Mode::WriteInTurn {
            tx.lock("storage.in_turn").await?;
        }
        // A panic is caught here as the other database's thread catches it, so
        // that both tell the caller the same.
        let outcome = AssertUnwindSafe(async { work.run(&mut tx).await })
            .catch_unwind()
            .await
            .map_err(|_| {
                tracing::error!("a unit of work panicked; its writes are taken back");
                StorageError::broke_off()
            })
            .and_then(|keep| {
                if keep {
                    tx.unharmed()?;
                }
                Ok(keep)
            });
        let Tx::Postgres(tx) = tx else {
            return Err(StorageError::Waited);
        };
        if tx.has_lost_the_primary.load(Ordering::Relaxed) && mode != Mode::Read {
            // This server writes no more; the URL's others are asked again.
            self.forget_connections();
            drop(tx);
            return outcome.map(|_| ());
        }
        match outcome {
            Ok(true) if mode == Mode::Read => tx.end("COMMIT").await,
            Ok(true) => {
                let changed = tx.commit().await?;
                // Before anybody hears that the write stands.
                self.changes.committed(&changed);
                Ok(())
            }
            failed => {
                if let Err(error) = tx.end("ROLLBACK").await {
                    tracing::warn!(%error, "a rollback failed; the connection is given up");
                }
                failed.map(|_| ())
            }
        }
    }
}

fn no_answer() -> StorageError {
    StorageError::Unavailable("no answer in time".to_owned())
}

pub(super) fn tls() -> Result<MakeTlsConnector, StorageError> {
    SslConnector::builder(SslMethod::tls_client())
        .map(|builder| MakeTlsConnector::new(builder.build()))
        .map_err(|e| StorageError::Unusable(format!("TLS cannot be set up: {e}")))
}

/// A transaction on PostgreSQL. One that is dropped unfinished takes its
/// connection out of the pool and closes it, which rolls it back.
pub struct PostgresTx {
    connection: Option<Object>,
    /// Whether a statement of the unit has failed.
    pub(super) has_failed: bool,
    /// Whether the server said that it takes no writes: a primary that has become
    /// a standby says so on connections that stay open.
    has_lost_the_primary: AtomicBool,
}

impl Drop for PostgresTx {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take() {
            drop(Object::take(connection));
        }
    }
}

impl PostgresTx {
    fn connection(&self) -> Result<&Object, StorageError> {
        self.connection.as_ref().ok_or(StorageError::Waited)
    }

    async fn end(mut self, how: &str) -> Result<(), StorageError> {
        self.connection()?.batch_execute(how).await?;
        // Back to the pool: Drop finds nothing left to close.
        drop(self.connection.take());
        Ok(())
    }

    /// Commits, and answers what the triggers say has changed.
    async fn commit(mut self) -> Result<String, StorageError> {
        const SQL: &str = "SELECT current_setting('doorward.changes', true); COMMIT";
        let answers = self.connection()?.simple_query(SQL).await?;
        drop(self.connection.take());
        let changed = answers.iter().find_map(|answer| match answer {
            SimpleQueryMessage::Row(row) => row.get(0).map(ToOwned::to_owned),
            _ => None,
        });
        Ok(changed.unwrap_or_default())
    }

    pub(super) async fn execute(&self, sql: &str, params: &[Value]) -> Result<u64, StorageError> {
        let connection = self.connection()?;
        let statement = connection.prepare_cached(sql).await?;
        let outcome = connection.execute(&statement, &borrowed(params)).await;
        Ok(outcome.inspect_err(|error| self.notice(error))?)
    }

    pub(super) async fn query(
        &self,
        sql: &str,
        params: &[Value],
    ) -> Result<Vec<Row>, StorageError> {
        let connection = self.connection()?;
        let statement = connection.prepare_cached(sql).await?;
        let outcome = connection.query(&statement, &borrowed(params)).await;
        let rows = outcome.inspect_err(|error| self.notice(error))?;
        rows.iter().map(row).collect()
    }

    fn notice(&self, error: &tokio_postgres::Error) {
        if error.code() == Some(&SqlState::READ_ONLY_SQL_TRANSACTION) {
            self.has_lost_the_primary.store(true, Ordering::Relaxed);
        }
    }

    pub(super) async fn lock(&self, name: &str) -> Result<(), StorageError> {
        let sql = "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))::TEXT";
        self.query(sql, &[Value::from(name)]).await.map(|_| ())
    }
}

fn borrowed(params: &[Value]) -> Vec<&(dyn ToSql + Sync)> {
    params
        .iter()
        .map(|value| value as &(dyn ToSql + Sync))
        .collect()
}

fn row(row: &tokio_postgres::Row) -> Result<Row, StorageError> {
    let mut values = Vec::with_capacity(row.len());
    for (at, column) in row.columns().iter().enumerate() {
        let value = match *column.type_() {
            Type::INT8 => row
                .try_get::<_, Option<i64>>(at)?
                .map_or(Value::Null, Value::Int),
            Type::INT4 => row
                .try_get::<_, Option<i32>>(at)?
                .map_or(Value::Null, |int| Value::Int(i64::from(int))),
            Type::BOOL => row
                .try_get::<_, Option<bool>>(at)?
                .map_or(Value::Null, Value::Bool),
            Type::BYTEA => row
                .try_get::<_, Option<Vec<u8>>>(at)?
                .map_or(Value::Null, Value::Blob),
            _ => row
                .try_get::<_, Option<String>>(at)?
                .map_or(Value::Null, Value::Text),
        };
        values.push(value);
    }
    Ok(Row::new(values))
}
