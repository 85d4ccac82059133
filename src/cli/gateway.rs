//! What the commands share: the configuration, the database, the directory.

use std::path::Path;
use std::process::ExitCode;

use anyhow::Context as _;
use secrecy::ExposeSecret as _;

use super::out;
use crate::directory::Directory;
use crate::domain::{Clock, Entropy};
use crate::platform::config::{Config, Log, LogFormat, Problems};
use crate::platform::storage::Db;
use crate::platform::telemetry::init_log;

/// Reads the configuration; prints what is wrong with it.
pub(super) fn load(path: &Path) -> anyhow::Result<Config> {
    let (config, warnings) = Config::load(path).map_err(unusable)?;
    for warning in warnings {
        out::complain(&format!("warning: {warning}"));
    }
    Ok(config)
}

/// The complaint about a configuration that cannot be used.
pub(super) fn unusable(problems: Problems) -> anyhow::Error {
    anyhow::Error::new(problems).context("the configuration cannot be used")
}

/// Runs a command's asynchronous part on one thread.
pub(super) fn block_on<T>(work: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    // A command prints its own outcome; the log adds what went wrong below.
    let log = Log {
        level: "warn".to_owned(),
        format: LogFormat::Text,
    };
    drop(init_log(&log));
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("no runtime can be started")?
        .block_on(work)
}

/// Opens the database, and applies what migrations are missing.
pub(super) async fn open(config: &Config) -> anyhow::Result<Db> {
    Db::open(config.database.url.expose_secret())
        .await
        .context("database.url")
}

/// The directory in the configured database.
pub(super) async fn directory(config: &Config) -> anyhow::Result<Directory> {
    Ok(
        Directory::new(open(config).await?, Clock::System, Entropy::System)
            .enforcing_validity(config.security.enforce_validity),
    )
}

/// `doorward migrate`.
pub(super) fn migrate(path: &Path) -> anyhow::Result<ExitCode> {
    let config = load(path)?;
    let applied = block_on(async {
        let db = Db::connect(config.database.url.expose_secret())
            .await
            .context("database.url")?;
        db.migrate().await.context("database.url")
    })?;
    for name in &applied {
        out::line(&format!("applied {name}"))?;
    }
    if applied.is_empty() {
        out::line("the database is up to date")?;
    }
    Ok(ExitCode::SUCCESS)
}
