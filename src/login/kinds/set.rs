//! A provider that is described anew: looked at as a whole, then saved.

use std::sync::Arc;

use super::{is_draft, secrets};
use crate::directory::provider_metadata::GoodCopy;
use crate::directory::providers::{ManagedBy, Save, StoredProvider};
use crate::directory::{Actor, Directory, DirectoryError};
use crate::domain::{Provider, ProviderKind};
use crate::login::checks::{self, Check};
use crate::login::saml::keys::{KeyRing, SpKey};
use crate::login::saml::provider::{SamlProvider, SetupError};
use crate::login::saml::source::MetadataSource;
use crate::login::{oauth, saml};
use crate::platform::config::provider_problems;
use crate::platform::crypto::Sealer;
use crate::platform::http::Outbound;

/// One thing that is wrong with a provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// The setting, as the configuration file writes it: `saml.metadata_url`.
    pub key: String,
    /// What is wrong and what to do.
    pub sentence: String,
}

impl Mistake {
    fn new(key: impl Into<String>, sentence: impl Into<String>) -> Self {
        Self {
            key: key.into(),
            sentence: sentence.into(),
        }
    }
}

/// Everything that is wrong with a provider, as far as it can be read at all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mistakes {
    /// The single mistakes.
    pub all: Vec<Mistake>,
    /// The stable code, where there is a better one than "invalid".
    pub code: Option<&'static str>,
}

impl From<SetupError> for Mistakes {
    fn from(error: SetupError) -> Self {
        Self {
            code: Some(error.code),
            all: vec![Mistake::new(error.field, error.sentence)],
        }
    }
}

/// Why a provider was not set.
#[derive(Debug)]
pub enum SetError {
    /// It is not as it must be.
    Mistakes(Mistakes),
    /// The directory refuses it, or is away.
    Directory(DirectoryError),
    /// A fault of ours.
    Broken(String),
}

impl From<DirectoryError> for SetError {
    fn from(error: DirectoryError) -> Self {
        Self::Directory(error)
    }
}

impl From<SetupError> for SetError {
    fn from(error: SetupError) -> Self {
        Self::Mistakes(error.into())
    }
}

/// A provider that can be saved, with the metadata that was fetched for it.
#[derive(Clone, Debug)]
pub struct Examined {
    provider: Provider,
    metadata: Option<GoodCopy>,
}

impl Examined {
    /// The metadata that was fetched for it.
    pub(super) fn fetched(&self) -> Option<&str> {
        self.metadata.as_ref().map(|copy| copy.document.as_str())
    }
}

/// What setting providers up needs. Cloning it copies pointers.
#[derive(Clone, Debug)]
pub struct Providers {
    /// The directory.
    pub directory: Directory,
    /// Seals the keys that a provider gets when it is saved.
    pub sealer: Arc<Sealer>,
    /// Fetches metadata.
    pub metadata: MetadataSource,
    /// The only way out.
    pub outbound: Outbound,
    /// What providers know us by.
    pub origin: String,
}

impl Providers {
    /// Asks whether a provider can be saved; everything that is wrong is told at
    /// once.
    ///
    /// # Errors
    /// [`SetError::Mistakes`], and what is broken.
    pub async fn examine(
        &self,
        provider: Provider,
        before: Option<&StoredProvider>,
    ) -> Result<Examined, SetError> {
        // Addresses of metadata are refused below, whatever network they are in.
        let problems = provider_problems(&provider, true);
        let found = problems.iter();
        let mut mistakes = Mistakes {
            all: found
                .map(|problem| Mistake::new(&problem.key, &problem.sentence))
                .collect(),
            code: None,
        };
        if provider.kind.is_oauth() {
            return self.examine_oauth(provider, mistakes);
        }
        let Some(saml) = &provider.saml else {
            return Err(SetError::Mistakes(mistakes));
        };
        if !mistakes.all.is_empty() && saml.metadata_url.is_some() {
            return Err(SetError::Mistakes(mistakes));
        }
        let (metadata, error) = match self.metadata.obtain(&provider, before).await {
            Ok(copy) => {
                let fresh = copy.as_ref().map(|copy| copy.document.as_str());
                let fetched = fresh.or_else(|| before.and_then(StoredProvider::fetched));
                let compiled = self.compile(provider.clone(), fetched).await?;
                (copy, compiled.err())
            }
            Err(error) => (None, Some(error)),
        };
        if let Some(error) = error.filter(|error| !is_draft(&provider, error)) {
            // Whatever was found before at this place, or around it, said it.
            if !mistakes.all.iter().any(|m| m.key.starts_with("saml")) {
                mistakes.all.push(Mistake::new(error.field, error.sentence));
            }
            mistakes.code = Some(error.code);
        }
        if mistakes.all.is_empty() {
            Ok(Examined { provider, metadata })
        } else {
            Err(SetError::Mistakes(mistakes))
        }
    }

    fn examine_oauth(&self, provider: Provider, mistakes: Mistakes) -> Result<Examined, SetError> {
        if !mistakes.all.is_empty() {
            return Err(SetError::Mistakes(mistakes));
        }
        oauth::provider::compile(&provider, &self.origin)?;
        Ok(Examined {
            provider,
            metadata: None,
        })
    }

    /// Saves a provider that was examined, over the version that was read.
    ///
    /// # Errors
    /// See [`SetError`].
    pub async fn save(
        &self,
        examined: Examined,
        before: Option<&StoredProvider>,
        actor: Actor,
    ) -> Result<StoredProvider, SetError> {
        let Examined { provider, metadata } = examined;
        // Keys of one protocol are of no use to another.
        let kept = before.filter(|b| b.provider.kind.is_oauth() == provider.kind.is_oauth());
        let kept = kept.map(|b| b.secrets.as_str());
        let (now, entropy) = (self.directory.now(), &self.directory.entropy);
        let secrets = secrets(&provider, kept, &self.sealer, now, entropy).await;
        let secrets = secrets.map_err(|error| match error.code {
            "oauth.secret_missing" => SetError::from(error),
            _ => SetError::Broken(error.to_string()),
        })?;
        let save = Save {
            provider,
            secrets,
            metadata,
            over: before.map(|b| b.version),
            managed_by: ManagedBy::Api,
        };
        Ok(self.directory.save_provider(save, actor).await?)
    }

    /// Reads a provider's metadata, on a thread where it may take its time.
    /// `fetched` is what came from its address, if it has one.
    ///
    /// # Errors
    /// [`SetError::Broken`].
    pub async fn compile(
        &self,
        provider: Provider,
        fetched: Option<&str>,
    ) -> Result<Result<SamlProvider, SetupError>, SetError> {
        let (origin, now) = (self.origin.clone(), self.directory.now());
        let fetched = fetched.map(str::to_owned);
        let compiled = tokio::task::spawn_blocking(move || {
            saml::provider::compile_with(&provider, fetched.as_deref(), &origin, now)
        });
        compiled
            .await
            .map_err(|panic| SetError::Broken(panic.to_string()))
    }

    /// Looks at what a login through a provider depends on.
    ///
    /// # Errors
    /// The directory, and what is broken.
    pub async fn checks(&self, stored: StoredProvider) -> Result<Vec<Check>, SetError> {
        let provider = stored.provider.clone();
        let mut found = match provider.kind {
            ProviderKind::Saml => self.saml_checks(stored).await?,
            _ => self.oauth_checks(&stored).await,
        };
        found.extend(checks::admission(&provider));
        Ok(found)
    }

    /// The settings of an OAuth provider, and what the provider itself answers.
    async fn oauth_checks(&self, stored: &StoredProvider) -> Vec<Check> {
        match oauth::provider::ready(stored, &self.origin, &self.sealer) {
            Ok(ready) => {
                let mut checks = vec![Check::fine("settings", "The settings are complete.")];
                let now = self.directory.now();
                checks.extend(oauth::checks::ask(&ready, &self.outbound, now).await);
                checks
            }
            Err(error) => vec![Check::failed(
                "settings",
                error.sentence.clone(),
                format!("Correct {}.", error.field),
            )],
        }
    }

    async fn saml_checks(&self, stored: StoredProvider) -> Result<Vec<Check>, SetError> {
        let slug = stored.provider.slug.clone();
        let by_url = stored.metadata.is_some();
        let (mut checks, stored) = if by_url {
            let refreshed = self.metadata.refresh(&slug, true).await?;
            // What was fetched counts.
            let stored = self.directory.provider(&slug).await?;
            let now = self.directory.now();
            (saml::checks::fetched(&refreshed, &stored, now), stored)
        } else {
            (Vec::new(), stored)
        };
        let now = self.directory.now();
        let compiled = self
            .compile(stored.provider.clone(), stored.fetched())
            .await?;
        let ring = saml::provider::ring(&stored, &self.sealer);
        let keys = tokio::task::spawn_blocking(move || saml::checks::own_keys(&ring, now));
        let keys = keys
            .await
            .map_err(|panic| SetError::Broken(panic.to_string()))?;
        checks.extend(saml::checks::settings(&compiled, now));
        checks.push(keys);
        Ok(checks)
    }

    /// Our own keys for a provider, the one that signs first. Those that cannot be
    /// opened are none: a test of the provider says why.
    #[must_use]
    pub fn own_keys(&self, stored: &StoredProvider) -> Vec<SpKey> {
        let ring = saml::provider::ring(stored, &self.sealer).ok().flatten();
        ring.as_ref().map(KeyRing::all).unwrap_or_default().to_vec()
    }
}
