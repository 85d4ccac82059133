//! `doorward check`: everything that is wrong with the configuration and with
//! what it points to, each finding with its key. Nothing is written: a
//! database that does not exist yet is not made.

mod keys;
mod place;
mod schema;

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use secrecy::ExposeSecret as _;

use super::{gateway, out};
use crate::app;
use crate::directory::Directory;
use crate::domain::{Clock, Entropy, Provider, ProviderKind, Timestamp};
use crate::login::kinds;
use crate::login::saml;
use crate::login::setup::SetupError;
use crate::platform::config::{Config, Examined, Problem, Problems};
use crate::platform::crypto::{KeyError, MasterKeys};
use crate::platform::http::Outbound;
use crate::platform::mail::Smtp;
use crate::platform::storage::{Db, StorageError};

/// How long before a certificate ends an admin hears of it.
const CERTIFICATE_WARNING_DAYS: i64 = 30;

/// How long a database may take to answer.
const DATABASE_TIMEOUT: Duration = Duration::from_secs(6);

pub(super) fn check(path: &Path) -> anyhow::Result<ExitCode> {
    let Examined {
        config,
        problems,
        warnings,
    } = Config::examine(path);
    let mut findings = Findings { problems, warnings };
    if let Some(config) = config {
        place::check(&config, &mut findings);
        let keys = check_key(&config, &mut findings);
        gateway::block_on(async {
            check_database(&config, keys.as_ref(), &mut findings).await;
            Ok(())
        })?;
        gateway::block_on(check_smtp(&config, &mut findings))?;
        for provider in &config.providers {
            let fetched = gateway::block_on(fetch(provider, &config))?;
            let now = Clock::System.now();
            match fetched {
                Ok(fetched) => {
                    check_provider(provider, fetched.as_deref(), &config, now, &mut findings);
                }
                Err(error) => {
                    let key = format!("provider[{}].{}", provider.slug, error.field);
                    findings.problem(&key, error.sentence);
                }
            }
        }
    }
    findings.print(path)
}

/// Whether the mail server is there, and lets us in.
async fn check_smtp(config: &Config, findings: &mut Findings) -> anyhow::Result<()> {
    let is_wrong = |problem: &Problem| problem.key.starts_with("smtp");
    if findings.problems.iter().any(is_wrong) {
        return Ok(());
    }
    match Smtp::new(&config.smtp, config.public_url.host()) {
        Ok(None) => {}
        Ok(Some(smtp)) => {
            if let Err(problem) = smtp.test().await {
                findings.problem("smtp.host", problem);
            }
        }
        Err(problem) => findings.problem("smtp", problem),
    }
    Ok(())
}

#[derive(Default)]
struct Findings {
    problems: Problems,
    warnings: Vec<Problem>,
}

impl Findings {
    fn problem(&mut self, key: &str, sentence: impl Into<String>) {
        // A key that is wrong in itself needs no second sentence.
        if !self.problems.iter().any(|problem| problem.key == key) {
            self.problems.add(key, sentence);
        }
    }

    fn warning(&mut self, key: &str, sentence: impl Into<String>) {
        self.warnings.push(Problem::new(key, sentence));
    }

    fn print(&self, path: &Path) -> anyhow::Result<ExitCode> {
        for warning in &self.warnings {
            out::line(&format!("warning: {warning}"))?;
        }
        for problem in self.problems.iter() {
            out::line(&format!("error: {problem}"))?;
        }
        let count = self.problems.iter().count();
        out::line(&match count {
            0 => format!("{} is fine", path.display()),
            1 => format!("{}: 1 problem", path.display()),
            n => format!("{}: {n} problems", path.display()),
        })?;
        Ok(ExitCode::from(u8::from(count > 0)))
    }
}

/// The key that sets the master key, for findings.
const fn key_name(config: &Config) -> &'static str {
    match config.secrets.key {
        Some(_) => "secrets.key",
        None => "secrets.key_file",
    }
}

/// The master keys, where they can be read.
fn check_key(config: &Config, findings: &mut Findings) -> Option<MasterKeys> {
    if let Some(key) = &config.secrets.key {
        // One that cannot be read was found before.
        return MasterKeys::parse(key.expose_secret()).ok();
    }
    let path = config.key_file();
    let sentence = match MasterKeys::load(&path) {
        Ok(keys) => return Some(keys),
        // It will be made at the first start, if it can be.
        Err(KeyError::Missing(_)) => can_be_made(&path).err(),
        Err(error @ (KeyError::Io { .. } | KeyError::Mode { .. })) => Some(error.to_string()),
        Err(error) => Some(format!("{} {error}", path.display())),
    };
    if let Some(sentence) = sentence {
        findings.problem("secrets.key_file", sentence);
    }
    None
}

/// A database belongs to the master key that sealed what is in it.
async fn check_fingerprint(
    directory: &Directory,
    config: &Config,
    keys: Option<&MasterKeys>,
    findings: &mut Findings,
) {
    let Ok(Some(theirs)) = app::fingerprint(&directory.db).await else {
        return;
    };
    let sentence = match keys {
        Some(keys) if keys.knows(&theirs) => return,
        Some(_) => "is not the key of this database",
        None => "is missing, and this database belongs to a master key: bring it back",
    };
    findings.problem(key_name(config), sentence);
}

async fn check_database(config: &Config, keys: Option<&MasterKeys>, findings: &mut Findings) {
    const KEY: &str = "database.url";
    if findings.problems.iter().any(|problem| problem.key == KEY) {
        return;
    }
    if let Some(path) = config.database.sqlite_path()
        && !path.exists()
    {
        if let Err(sentence) = can_be_made(path) {
            findings.problem(KEY, sentence);
        }
        return;
    }
    match tokio::time::timeout(DATABASE_TIMEOUT, open(config)).await {
        Ok(Ok(directory)) => {
            schema::check(&directory.db, findings).await;
            check_fingerprint(&directory, config, keys, findings).await;
            check_stored_providers(&directory, config, findings).await;
            keys::check(&directory, keys, findings).await;
        }
        Ok(Err(error)) => findings.problem(KEY, error.to_string()),
        Err(_) => findings.problem(
            KEY,
            format!("does not answer within {} s", DATABASE_TIMEOUT.as_secs()),
        ),
    }
}

/// Opens the database as it is; it must answer and take writes.
async fn open(config: &Config) -> Result<Directory, StorageError> {
    let db = Db::connect(config.database.url.expose_secret()).await?;
    db.ping().await?;
    Ok(Directory::new(db, Clock::System, Entropy::System))
}

async fn check_stored_providers(directory: &Directory, config: &Config, findings: &mut Findings) {
    // A database without tables is an empty one: `serve` makes them.
    let Ok(stored) = directory.providers().await else {
        return;
    };
    if let Err(error) = directory.db.ping_write().await {
        findings.problem("database.url", error.to_string());
    }
    let in_file = |provider: &Provider| {
        let mut listed = config.providers.iter();
        listed.any(|other| other.slug == provider.slug)
    };
    for stored in stored.iter().filter(|s| !in_file(&s.provider)) {
        // Those of the file were looked at when it was read.
        if stored.provider.allowed_domains.is_empty() {
            let key = format!("provider[{}].allowed_domains", stored.provider.slug);
            findings.warning(&key, "is empty, which admits nobody");
        }
        let now = directory.now();
        check_provider(&stored.provider, stored.fetched(), config, now, findings);
    }
}

/// The metadata of a provider of the file, where it gives its address.
async fn fetch(
    provider: &Provider,
    config: &Config,
) -> anyhow::Result<Result<Option<String>, SetupError>> {
    let outbound = Outbound::new(config.allow_private_networks());
    let client = saml::source::Client::new(outbound, Clock::System);
    let copy = client.obtain(provider, None).await;
    Ok(copy.map(|copy| copy.map(|copy| copy.document)))
}

fn check_provider(
    provider: &Provider,
    fetched: Option<&str>,
    config: &Config,
    now: Timestamp,
    findings: &mut Findings,
) {
    let name = |field: &str| format!("provider[{}].{field}", provider.slug);
    if provider.kind != ProviderKind::Saml {
        let origin = config.public_url.origin();
        if let Err(error) = kinds::check(provider, fetched, origin, now) {
            findings.problem(&name(&error.field), error.sentence);
        }
        return;
    }
    let origin = config.public_url.origin();
    let idp = match saml::provider::compile_with(provider, fetched, origin, now) {
        Ok(ready) => ready.metadata,
        Err(error) => return findings.problem(&name(&error.field), error.sentence),
    };
    let key = name("saml.metadata_xml");
    for warning in &idp.warnings {
        findings.warning(&key, warning.clone());
    }
    for certificate in &idp.signing_certificates {
        let days = certificate.days_left(now);
        let name = &certificate.subject;
        if days < 0 {
            findings.warning(
                &key,
                format!(
                    "the signing certificate of {name} expired {} days ago",
                    -days
                ),
            );
        } else if days <= CERTIFICATE_WARNING_DAYS {
            findings.warning(
                &key,
                format!("the signing certificate of {name} expires in {days} days"),
            );
        }
    }
}

/// Whether a file that is not there could be made: the nearest folder above it
/// that exists must let us write.
fn can_be_made(path: &Path) -> Result<(), String> {
    let absolute = std::path::absolute(path).map_err(|e| e.to_string())?;
    let Some(folder) = absolute.ancestors().skip(1).find(|folder| folder.exists()) else {
        return Err(format!("{}: no folder above it exists", path.display()));
    };
    // Trying is the only answer that counts: modes, owners, read-only mounts
    // and access lists all have a say.
    let probe = folder.join(format!(".doorward-check-{}", Entropy::System.hex::<8>()));
    match std::fs::File::create_new(&probe) {
        Ok(_) => {
            std::fs::remove_file(&probe).map_err(|error| format!("{}: {error}", probe.display()))
        }
        Err(error) => Err(format!(
            "{} cannot be made: {} takes no new files ({error})",
            path.display(),
            folder.display()
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_be_made_is_found_out_without_leaving_anything() {
        let folder = tempfile::tempdir().unwrap();
        let inside = folder.path().join("a/b/doorward.db");
        assert_eq!(can_be_made(&inside), Ok(()));
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
        let file = folder.path().join("file");
        std::fs::write(&file, "").unwrap();
        assert!(can_be_made(&file.join("below/doorward.db")).is_err());
    }

    #[test]
    fn a_key_is_complained_about_once() {
        let mut findings = Findings::default();
        findings.problem("database.url", "first");
        findings.problem("database.url", "second");
        assert_eq!(findings.problems.to_string(), "database.url: first");
    }
}
