//! `doorward backup` and `doorward restore`: the embedded database in one file.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use secrecy::ExposeSecret as _;

use super::args::{BackupArgs, RestoreArgs};
use super::{gateway, out};
use crate::app;
use crate::platform::config::Config;
use crate::platform::crypto::MasterKeys;
use crate::platform::storage::{Db, backup};

pub(super) fn backup(path: &Path, args: &BackupArgs) -> anyhow::Result<ExitCode> {
    let config = gateway::load(path)?;
    let database = embedded(&config, "backup", &args.file)?;
    let copied = backup::backup(&database, &args.file, args.force)?;
    out::line(&format!(
        "{}: {} KiB, schema V{}",
        args.file.display(),
        copied.bytes.div_ceil(1024),
        copied.schema
    ))?;
    out::line(&format!(
        "The master key is not in it: keep {} as well, in another place. Without it nobody can open \
         the secrets in the backup.",
        key_name(&config)
    ))?;
    Ok(ExitCode::SUCCESS)
}

pub(super) fn restore(path: &Path, args: &RestoreArgs) -> anyhow::Result<ExitCode> {
    let config = gateway::load(path)?;
    let database = embedded(&config, "restore", &args.file)?;
    let restored = backup::restore(&args.file, &database, args.force)?;
    out::line(&format!(
        "{}: restored from {}, schema V{}",
        database.display(),
        args.file.display(),
        restored.schema
    ))?;
    for name in &restored.migrated {
        out::line(&format!("applied {name}"))?;
    }
    if let Some(aside) = &restored.aside {
        out::line(&format!(
            "The database that was there is {} now; delete it when you are sure.",
            aside.display()
        ))?;
    }
    gateway::block_on(warn_of_key(&config))?;
    Ok(ExitCode::SUCCESS)
}

/// The file of the embedded database; for another one, what to use instead.
fn embedded(config: &Config, command: &str, file: &Path) -> anyhow::Result<PathBuf> {
    if let Some(path) = config.database.sqlite_path() {
        return Ok(path.to_owned());
    }
    let tool = match command {
        "backup" => format!("pg_dump --format=custom --file={}", file.display()),
        _ => format!(
            "pg_restore --clean --if-exists --dbname=NAME {}",
            file.display()
        ),
    };
    bail!(
        "this gateway's database is PostgreSQL, which has its own tools: {tool}. The master key ({}) \
         is not in the database either; keep it as well",
        key_name(config)
    )
}

fn key_name(config: &Config) -> String {
    match config.secrets.key {
        Some(_) => "DOORWARD__SECRETS__KEY".to_owned(),
        None => config.key_file().display().to_string(),
    }
}

/// A copy belongs to the master key of the gateway that it was taken from.
async fn warn_of_key(config: &Config) -> anyhow::Result<()> {
    let db = Db::connect(config.database.url.expose_secret())
        .await
        .context("database.url")?;
    let Some(theirs) = app::fingerprint(&db).await? else {
        return Ok(());
    };
    let ours = match &config.secrets.key {
        Some(key) => MasterKeys::parse(key.expose_secret()),
        None => MasterKeys::load(&config.key_file()),
    };
    let problem = match ours {
        Ok(keys) if keys.knows(&theirs) => return Ok(()),
        Ok(_) => "is another one".to_owned(),
        Err(error) => format!("cannot be read ({error})"),
    };
    out::complain(&format!(
        "warning: the backup belongs to the master key of the gateway that it was taken from, and {} \
         {problem}: bring that key, or the gateway does not start",
        key_name(config)
    ));
    Ok(())
}
