//! The configuration file's providers, brought into the database.

use super::{AppError, Core};
use crate::api::provider_kinds;
use crate::directory::providers::{ManagedBy, Save, StoredProvider};
use crate::directory::{Actor, DirectoryError};
use crate::domain::Provider;
use crate::platform::config::Config;

/// Whether a provider can be used, for whoever saves one.
pub fn check(provider: &Provider, core: &Core, config: &Config) -> Result<(), DirectoryError> {
    provider_kinds::check(provider, config.public_url.origin(), core.directory.now())
        .map_err(|error| DirectoryError::invalid(error.field, error.sentence))
}

/// Creates or updates a provider; doing it twice is doing it once.
pub async fn apply(
    core: &Core,
    config: &Config,
    provider: Provider,
    managed_by: ManagedBy,
    actor: Actor,
) -> Result<StoredProvider, DirectoryError> {
    check(&provider, core, config)?;
    let before = match core.directory.provider(&provider.slug).await {
        Ok(stored) => Some(stored),
        Err(DirectoryError::NotFound(_)) => None,
        Err(error) => return Err(error),
    };
    // Keys of one protocol are of no use to another.
    let same_protocol =
        |b: &&StoredProvider| b.provider.kind.is_oauth() == provider.kind.is_oauth();
    let sealed = before.as_ref().filter(same_protocol);
    let sealed = sealed.map(|b| b.secrets.as_str());
    let (now, entropy) = (core.directory.now(), &core.directory.entropy);
    let secrets = provider_kinds::secrets(&provider, sealed, &core.sealer, now, entropy)
        .await
        .map_err(|e| DirectoryError::invalid(e.field, e.sentence))?;
    let save = Save {
        provider,
        secrets,
        over: before.map(|b| b.version),
        managed_by,
    };
    core.directory.save_provider(save, actor).await
}

/// Brings the file's `[[provider]]` tables into the database. One that has gone
/// from the file is switched off and becomes the admins' to keep or delete.
pub async fn apply_file(core: &Core, config: &Config) -> Result<(), AppError> {
    for provider in &config.providers {
        let slug = provider.slug.clone();
        let applied = apply(
            core,
            config,
            provider.clone(),
            ManagedBy::File,
            Actor::Gateway,
        )
        .await;
        if let Err(error) = applied {
            return Err(AppError::Config {
                key: "provider",
                problem: format!("{slug}: {error}"),
            });
        }
    }
    for stored in core.directory.providers().await? {
        let named = config
            .providers
            .iter()
            .any(|p| p.slug == stored.provider.slug);
        if stored.managed_by == ManagedBy::File && !named {
            let slug = stored.provider.slug.clone();
            let save = Save {
                provider: Provider {
                    enabled: false,
                    ..stored.provider
                },
                secrets: stored.secrets,
                over: Some(stored.version),
                managed_by: ManagedBy::File,
            };
            core.directory.save_provider(save, Actor::Gateway).await?;
            core.directory.release_provider(&slug).await?;
            tracing::warn!(%slug, "the provider has gone from the file: it is switched off");
        }
    }
    Ok(())
}
