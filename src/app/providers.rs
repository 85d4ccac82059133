//! The configuration file's providers, brought into the database.

use super::{AppError, Core};
use crate::directory::provider_metadata::GoodCopy;
use crate::directory::providers::{ManagedBy, Save, StoredProvider};
use crate::directory::{Actor, DirectoryError};
use crate::domain::{Provider, Slug};
use crate::login::kinds;
use crate::login::setup::SetupError;
use crate::platform::config::Config;

/// A provider that can be saved, with what that needs.
#[derive(Debug)]
pub struct Prepared {
    provider: Provider,
    before: Option<StoredProvider>,
    metadata: Option<GoodCopy>,
}

impl Prepared {
    /// Its name in URLs.
    #[must_use]
    pub const fn slug(&self) -> &Slug {
        &self.provider.slug
    }

    /// The version that stands; none where it is new.
    #[must_use]
    pub fn version(&self) -> Option<i64> {
        self.before.as_ref().map(|before| before.version)
    }
}

/// Looks whether a provider can be used, and fetches its metadata where that
/// is given by its address. The file's providers do not wait for anybody's
/// server: their metadata is fetched when the gateway runs.
pub async fn prepare(
    core: &Core,
    config: &Config,
    provider: Provider,
    managed_by: ManagedBy,
) -> Result<Prepared, DirectoryError> {
    let invalid = |error: SetupError| DirectoryError::invalid(error.field, error.sentence);
    let before = match core.directory.provider(&provider.slug).await {
        Ok(stored) => Some(stored),
        Err(DirectoryError::NotFound(_)) => None,
        Err(error) => return Err(error),
    };
    let metadata = match managed_by {
        ManagedBy::Api => core.metadata.obtain(&provider, before.as_ref()).await,
        ManagedBy::File => Ok(None),
    };
    let metadata = metadata.map_err(invalid)?;
    let url = provider
        .saml
        .as_ref()
        .and_then(|saml| saml.metadata_url.as_ref());
    let kept = before.as_ref().and_then(|before| before.metadata.as_ref());
    let kept = kept.filter(|kept| Some(&kept.url) == url);
    let fresh = metadata.as_ref().map(|copy| copy.document.as_str());
    let fetched = fresh.or_else(|| kept.and_then(|kept| kept.document.as_deref()));
    let (origin, now) = (config.public_url.origin(), core.directory.now());
    match kinds::check(&provider, fetched, origin, now) {
        // What is fetched later cannot be wrong in the file.
        Err(error) if managed_by == ManagedBy::File && error.field == "saml.metadata_url" => {
            tracing::warn!(slug = %provider.slug, "{}", error.sentence);
        }
        checked => checked.map_err(invalid)?,
    }
    Ok(Prepared {
        provider,
        before,
        metadata,
    })
}

/// Creates or updates a provider; doing it twice is doing it once.
pub async fn apply(
    core: &Core,
    prepared: Prepared,
    managed_by: ManagedBy,
    actor: Actor,
) -> Result<StoredProvider, DirectoryError> {
    let Prepared {
        provider,
        before,
        metadata,
    } = prepared;
    // Keys of one protocol are of no use to another.
    let same_protocol =
        |b: &&StoredProvider| b.provider.kind.is_oauth() == provider.kind.is_oauth();
    let sealed = before.as_ref().filter(same_protocol);
    let sealed = sealed.map(|b| b.secrets.as_str());
    let (now, entropy) = (core.directory.now(), &core.directory.entropy);
    let secrets = kinds::secrets(&provider, sealed, &core.sealer, now, entropy)
        .await
        .map_err(|e| DirectoryError::invalid(e.field, e.sentence))?;
    let save = Save {
        provider,
        secrets,
        metadata,
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
        let by = ManagedBy::File;
        let applied = match prepare(core, config, provider.clone(), by).await {
            Ok(prepared) => apply(core, prepared, by, Actor::Gateway).await,
            Err(error) => Err(error),
        };
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
                metadata: None,
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
