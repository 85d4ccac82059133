//! `doorward saml inspect`: what is in a file or a form field, and what this
//! gateway would say to it.

use std::io::Read as _;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use secrecy::ExposeSecret as _;

use super::args::{InspectArgs, SamlCommand};
use super::inspected;
use super::{gateway, out};
use crate::app;
use crate::directory::Directory;
use crate::domain::{Clock, Entropy, Slug, Timestamp};
use crate::login::saml::inspect::{self, Found, MetadataShown, ResponseShown};
use crate::login::saml::provider::{self, Registry, SamlProvider};
use crate::platform::config::Config;
use crate::platform::crypto::{MasterKeys, Sealer};
use crate::platform::storage::Db;

pub(super) fn run(path: &Path, command: &SamlCommand) -> anyhow::Result<ExitCode> {
    let SamlCommand::Inspect(args) = command;
    let input = read(args)?;
    let found = inspect::find(&input).with_context(|| match args.file.to_str() {
        Some("-") => "the standard input cannot be explained".to_owned(),
        _ => format!("{} cannot be explained", args.file.display()),
    })?;
    let now = Clock::System.now();
    let known = known(path, args)?;
    match found {
        Found::Metadata(octets) => {
            let provider = known.named(args.provider.as_deref())?;
            let configured = provider.map(|p| &p.metadata);
            let shown = MetadataShown::of(&octets, configured, now);
            if args.json {
                out::json(&shown)?;
            } else {
                inspected::metadata(&shown, now)?;
            }
            let usable = shown.problem.is_none() && !shown.idps.is_empty();
            Ok(ExitCode::from(u8::from(!usable)))
        }
        Found::Response(field) => {
            let provider = match args.provider.as_deref() {
                Some(slug) => known.named(Some(slug))?,
                None => known.of_issuer(&field),
            };
            let shown = ResponseShown::of(&field, provider, &known.domains, known.max_skew, now)
                .context("the response cannot be read")?;
            if args.json {
                out::json(&shown)?;
            } else {
                inspected::response(&shown, now)?;
            }
            Ok(ExitCode::SUCCESS)
        }
        Found::Other(other) => {
            if args.json {
                out::json(&other)?;
            } else {
                inspected::other(&other)?;
            }
            Ok(ExitCode::SUCCESS)
        }
    }
}

fn read(args: &InspectArgs) -> anyhow::Result<Vec<u8>> {
    let cap = inspect::LARGEST as u64 + 1;
    let mut input = Vec::new();
    if args.file.as_os_str() == "-" {
        std::io::stdin()
            .lock()
            .take(cap)
            .read_to_end(&mut input)
            .context("the standard input cannot be read")?;
    } else {
        std::fs::File::open(&args.file)
            .and_then(|file| file.take(cap).read_to_end(&mut input))
            .with_context(|| format!("{} cannot be read", args.file.display()))?;
    }
    Ok(input)
}

/// The providers that verdicts can be of.
#[derive(Default)]
struct Known {
    providers: Vec<SamlProvider>,
    broken: Vec<(Slug, String)>,
    domains: Vec<String>,
    max_skew: i64,
}

impl Known {
    fn named(&self, slug: Option<&str>) -> anyhow::Result<Option<&SamlProvider>> {
        let Some(slug) = slug else {
            return Ok(None);
        };
        let is_it = |other: &Slug| other.as_str() == slug;
        if let Some(found) = self.providers.iter().find(|p| is_it(&p.provider.slug)) {
            return Ok(Some(found));
        }
        if let Some((_, problem)) = self.broken.iter().find(|(slug, _)| is_it(slug)) {
            bail!("the provider {slug} cannot be used: {problem}");
        }
        bail!("there is no SAML provider {slug} here");
    }

    /// The one provider whose IdP says to have sent it.
    fn of_issuer(&self, field: &str) -> Option<&SamlProvider> {
        let claimed = ResponseShown::of(field, None, &[], 0, Timestamp(0)).ok()?;
        let issuer = claimed.issuer?;
        let mut matching = self
            .providers
            .iter()
            .filter(|p| p.metadata.entity_id == issuer);
        match (matching.next(), matching.next()) {
            (Some(only), None) => Some(only),
            _ => None,
        }
    }
}

/// What the configuration and the database know. Without a provider to compare
/// with, a file can be explained on any machine: there need be neither.
fn known(path: &Path, args: &InspectArgs) -> anyhow::Result<Known> {
    if args.provider.is_none() && !path.exists() {
        return Ok(Known::default());
    }
    let config = gateway::load(path)?;
    let loaded = gateway::block_on(load(&config));
    match loaded {
        Ok(known) => Ok(known),
        Err(error) if args.provider.is_none() => {
            out::complain(&format!(
                "warning: there are no verdicts, since the providers cannot be read: {error:#}"
            ));
            Ok(Known::default())
        }
        Err(error) => Err(error),
    }
}

async fn load(config: &Config) -> anyhow::Result<Known> {
    let mut known = Known {
        max_skew: config.security.max_clock_skew.seconds(),
        domains: config.security.allowed_domains.clone(),
        ..Known::default()
    };
    let origin = config.public_url.origin();
    let now = Clock::System.now();
    let missing = |path: &Path| !path.exists();
    if config.database.sqlite_path().is_some_and(missing) {
        // Nothing has been started here yet: the file's own providers are all.
        for one in &config.providers {
            keep(
                &mut known,
                one.slug.clone(),
                provider::compile(one, origin, now),
            );
        }
        return Ok(known);
    }
    let db = Db::connect(config.database.url.expose_secret())
        .await
        .context("database.url")?;
    let directory = Directory::new(db, Clock::System, Entropy::System);
    let defaults = app::default_settings(config);
    known.domains = directory.settings(&defaults).await?.allowed_domains;
    let registry = sealer(config).map(Registry::new);
    for stored in directory.providers().await? {
        let slug = stored.provider.slug.clone();
        let fetched = stored.fetched();
        let mut ready = provider::compile_with(&stored.provider, fetched, origin, now);
        if let (Ok(ready), Some(registry)) = (&mut ready, &registry) {
            ready.ring = registry.ring(&stored).unwrap_or_default();
        }
        keep(&mut known, slug, ready);
    }
    Ok(known)
}

fn keep(known: &mut Known, slug: Slug, ready: Result<SamlProvider, provider::SetupError>) {
    match ready {
        Ok(ready) => known.providers.push(ready),
        Err(error) => known.broken.push((slug, error.to_string())),
    }
}

/// What opens the providers' keys; without it encrypted assertions stay closed.
fn sealer(config: &Config) -> Option<Arc<Sealer>> {
    let keys = match &config.secrets.key {
        Some(key) => MasterKeys::parse(key.expose_secret()),
        None => MasterKeys::load(&config.key_file()),
    };
    let sealer = keys
        .ok()
        .and_then(|keys| Sealer::new(&keys, Entropy::System).ok())?;
    Some(Arc::new(sealer))
}
