//! Migrations with refinery. Several processes may start at once on an empty
//! database: a lock lets one of them do the work.

use super::dialect::Dialect;
use super::error::StorageError;
use super::postgres::PostgresDb;
use super::sqlite::SqliteDb;

mod embedded_sqlite {
    refinery::embed_migrations!("migrations/sqlite");
}

mod embedded_postgres {
    refinery::embed_migrations!("migrations/postgres");
}

/// The key of PostgreSQL's advisory lock for migrations: "doorward" in ASCII.
const LOCK: i64 = 0x646f_6f72_7761_7264;

pub(super) async fn sqlite(db: &SqliteDb) -> Result<Vec<String>, StorageError> {
    db.apart(|connection| {
        // A file lock of our own: refinery opens its own transactions, so
        // SQLite's lock cannot span them all.
        let database = connection
            .path()
            .map(std::path::PathBuf::from)
            .unwrap_or_default();
        let mut lock_path = database.into_os_string();
        lock_path.push(".migrate-lock");
        let lock = std::fs::File::create(&lock_path)
            .map_err(|e| StorageError::Unusable(format!("no lock file can be made: {e}")))?;
        lock.lock()
            .map_err(|e| StorageError::Unusable(format!("no lock to be had: {e}")))?;
        self::connection(connection)
    })
    .await
}

/// Applies what is missing to a database that nobody else has open.
pub(super) fn connection(
    connection: &mut rusqlite::Connection,
) -> Result<Vec<String>, StorageError> {
    let report = embedded_sqlite::migrations::runner()
        .run(connection)
        .map_err(failure)?;
    Ok(names(&report))
}

/// What of the migrations that this version knows a database has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Schema {
    /// Those that are still to be applied.
    pub missing: Vec<String>,
    /// Those that this version does not know.
    pub foreign: Vec<String>,
}

/// Compares what was applied, versions and names, with what there is.
pub(super) fn compare(dialect: Dialect, applied: &[(i64, String)]) -> Schema {
    let runner = match dialect {
        Dialect::Sqlite => embedded_sqlite::migrations::runner(),
        Dialect::Postgres => embedded_postgres::migrations::runner(),
    };
    let mut known: Vec<(i64, String)> = runner
        .get_migrations()
        .iter()
        .map(|migration| (i64::from(migration.version()), migration.name().to_owned()))
        .collect();
    // In the order in which they are applied; the files are listed by name.
    known.sort_unstable();
    let named = |(version, name): &(i64, String)| format!("V{version}__{name}");
    let not_in = |some: &[(i64, String)], others: &[(i64, String)]| {
        let left = some.iter().filter(|one| !others.contains(one));
        left.map(named).collect()
    };
    Schema {
        missing: not_in(&known, applied),
        foreign: not_in(applied, &known),
    }
}

pub(super) async fn postgres(db: &PostgresDb) -> Result<Vec<String>, StorageError> {
    let mut client = db.apart().await?;
    client
        .execute("SELECT pg_advisory_lock($1)", &[&LOCK])
        .await?;
    // The lock ends with the connection, whatever happens.
    let report = embedded_postgres::migrations::runner()
        .run_async(&mut client)
        .await
        .map_err(failure)?;
    Ok(names(&report))
}

fn names(report: &refinery::Report) -> Vec<String> {
    report
        .applied_migrations()
        .iter()
        .map(ToString::to_string)
        .collect()
}

#[expect(clippy::needless_pass_by_value, reason = "handed to map_err")]
fn failure(error: refinery::Error) -> StorageError {
    use refinery::error::Kind;
    match error.kind() {
        Kind::MissingVersion(_) | Kind::DivergentVersion(..) => StorageError::Unusable(format!(
            "it was written by a newer or another version of the gateway ({error}); run that version, or restore a backup"
        )),
        // The database itself may have said what is the matter.
        Kind::Connection(_, cause) => {
            if let Some(cause) = cause.downcast_ref::<rusqlite::Error>() {
                StorageError::from(cause)
            } else if let Some(cause) = cause.downcast_ref::<tokio_postgres::Error>() {
                StorageError::from(cause)
            } else {
                StorageError::Unusable(format!("a migration failed: {error}"))
            }
        }
        _ => StorageError::Unusable(format!("a migration failed: {error}")),
    }
}
