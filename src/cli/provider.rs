//! `doorward provider …`.

use std::path::Path;
use std::process::ExitCode;

use anyhow::Context as _;

use super::args::ProviderCommand;
use super::{gateway, out};
use crate::app::Core;
use crate::app::providers::{self, Prepared};
use crate::directory::providers::ManagedBy;
use crate::directory::{Actor, DirectoryError};
use crate::domain::{Provider, Slug};
use crate::login::saml;
use crate::login::saml::keys::KeyRing;
use crate::login::saml::rollover::{self, Step};
use crate::platform::config::{Config, Problems, providers_from_file};

pub(super) fn run(path: &Path, command: &ProviderCommand) -> anyhow::Result<ExitCode> {
    match command {
        ProviderCommand::Apply { file } => apply_all(path, file),
        ProviderCommand::RotateKey { slug, step } => rotate(path, slug, *step),
    }
}

/// `doorward provider rotate-key`.
fn rotate(path: &Path, slug: &str, step: Step) -> anyhow::Result<ExitCode> {
    let config = gateway::load(path)?;
    let slug = Slug::parse(slug).with_context(|| format!("{slug:?} is no slug"))?;
    gateway::block_on(async {
        let core = Core::open(&config).await?;
        let (directory, actor) = (&core.directory, Actor::CommandLine);
        let stored = rollover::rotate(directory, &core.sealer, &slug, step, actor).await?;
        let ring = saml::provider::ring(&stored, &core.sealer)?;
        for (at, key) in ring.iter().flat_map(KeyRing::all).enumerate() {
            let does = if at == 0 {
                "signs, decrypts"
            } else {
                "decrypts"
            };
            out::line(&format!("{}  {does}", key.fingerprint_with_colons()))?;
        }
        out::line(match step {
            Step::Begin => {
                "the next key is published: let the identity provider read our metadata again, \
                 then finish"
            }
            Step::Finish => "the old key is gone; the new one signs",
            Step::Cancel => "the next key is withdrawn; all is as it was",
        })
    })?;
    Ok(ExitCode::SUCCESS)
}

/// `doorward provider apply`.
fn apply_all(path: &Path, file: &Path) -> anyhow::Result<ExitCode> {
    let config = gateway::load(path)?;
    let wanted = providers_from_file(file, config.allow_private_networks())
        .with_context(|| format!("{} cannot be used", file.display()))?;
    gateway::block_on(async {
        let core = Core::open(&config).await?;
        for prepared in prepare(&core, &config, wanted).await? {
            apply(&core, prepared).await?;
        }
        Ok(())
    })?;
    Ok(ExitCode::SUCCESS)
}

/// Looks at every provider before the first is written.
async fn prepare(
    core: &Core,
    config: &Config,
    wanted: Vec<Provider>,
) -> anyhow::Result<Vec<Prepared>> {
    let (mut problems, mut ready) = (Problems::default(), Vec::new());
    for provider in wanted {
        let slug = provider.slug.clone();
        match providers::prepare(core, config, provider, ManagedBy::Api).await {
            Ok(prepared) => ready.push(prepared),
            Err(DirectoryError::Invalid { field, reason }) => {
                problems.add(format!("provider[{slug}].{field}"), reason);
            }
            Err(error) => problems.add(format!("provider[{slug}]"), error.to_string()),
        }
    }
    if problems.is_empty() {
        return Ok(ready);
    }
    Err(problems).context("nothing was changed")
}

async fn apply(core: &Core, prepared: Prepared) -> anyhow::Result<()> {
    let (slug, before) = (prepared.slug().clone(), prepared.version());
    let stored = providers::apply(core, prepared, ManagedBy::Api, Actor::CommandLine)
        .await
        .with_context(|| format!("provider[{slug}]"))?;
    out::line(&match before {
        None => format!("{slug}: created"),
        Some(version) if version == stored.version => format!("{slug}: unchanged"),
        Some(_) => format!("{slug}: updated"),
    })
}
