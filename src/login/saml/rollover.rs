//! The rollover of our own keys for a provider, in two steps and without a
//! failed login.
//!
//! *Begin* adds a key: our metadata shows both, for signing and for encryption,
//! and both decrypt; the old one still signs. When the IdP has read the
//! metadata again, *finish* removes the old key, and the new one signs.
//! *Cancel* takes the first step back.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::keys::{KeyRing, KeyRingError, SpKey};
use super::provider::{self, SetupError};
use crate::directory::provider_keys::NewSecrets;
use crate::directory::providers::StoredProvider;
use crate::directory::{Actor, Directory, DirectoryError};
use crate::domain::user::words;
use crate::domain::{Entropy, ProviderKind, Slug, Timestamp};
use crate::platform::crypto::Sealer;

words!(
    /// One step of a rollover.
    Step {
        /// Adds the next key.
        Begin = "begin",
        /// Removes the old key; the next one signs.
        Finish = "finish",
        /// Removes the next key; all is as it was before.
        Cancel = "cancel",
    }
);

impl Step {
    /// How the audit log calls it.
    const fn action(self) -> &'static str {
        match self {
            Self::Begin => "provider.key_added",
            Self::Finish => "provider.key_retired",
            Self::Cancel => "provider.key_withdrawn",
        }
    }
}

/// Why a step was not taken.
#[derive(Debug, thiserror::Error)]
pub enum RolloverError {
    /// The first step was taken before.
    #[error(
        "A rollover is under way already: finish it when the identity provider has read our \
         metadata again, or cancel it."
    )]
    UnderWay,
    /// The first step is missing.
    #[error("No rollover is under way: begin one first.")]
    NotBegun,
    /// A provider of another protocol.
    #[error("This provider does not speak SAML: it has no key pair.")]
    NoKeys,
    /// The keys cannot be opened.
    #[error(transparent)]
    Keys(#[from] SetupError),
    /// The provider is not there, or the database is away.
    #[error(transparent)]
    Directory(#[from] DirectoryError),
}

impl RolloverError {
    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::UnderWay => "provider.rollover_under_way",
            Self::NotBegun => "provider.rollover_not_begun",
            Self::NoKeys => "provider.no_keys",
            Self::Keys(error) => error.code,
            Self::Directory(error) => error.code(),
        }
    }
}

/// Takes a step of the rollover of a provider's keys.
///
/// # Errors
/// See [`RolloverError`].
pub async fn rotate(
    directory: &Directory,
    sealer: &Arc<Sealer>,
    slug: &Slug,
    step: Step,
    actor: Actor,
) -> Result<StoredProvider, RolloverError> {
    let stored = directory.provider(slug).await?;
    if stored.provider.kind != ProviderKind::Saml {
        return Err(RolloverError::NoKeys);
    }
    let before = provider::ring(&stored, sealer)?;
    let (slug, over) = (slug.clone(), stored.version);
    let (now, entropy) = (directory.now(), directory.entropy.clone());
    let (sealing, name) = (Arc::clone(sealer), slug.clone());
    // A new key takes the processor a while.
    let made = tokio::task::spawn_blocking(move || {
        let prints = before.as_ref().map(fingerprints).unwrap_or_default();
        let ring = taken(step, before, &name, now, &entropy)?;
        let secrets = ring.seal(&sealing, &name).map_err(unusable)?;
        Ok::<_, RolloverError>((secrets, (prints, fingerprints(&ring))))
    });
    let (secrets, fingerprints) = made
        .await
        .map_err(|error| SetupError::new("saml.keys_unusable", "slug", error.to_string()))??;
    let new = NewSecrets {
        slug,
        over,
        secrets,
        action: step.action(),
        fingerprints,
    };
    Ok(directory.replace_provider_secrets(new, actor).await?)
}

/// The ring after the step.
fn taken(
    step: Step,
    before: Option<KeyRing>,
    slug: &Slug,
    now: Timestamp,
    entropy: &Entropy,
) -> Result<KeyRing, RolloverError> {
    let Some(mut ring) = before else {
        return match step {
            Step::Begin => KeyRing::generate(slug, now, entropy).map_err(unusable),
            Step::Finish | Step::Cancel => Err(RolloverError::NotBegun),
        };
    };
    let done = match step {
        Step::Begin => SpKey::generate(slug, now, entropy).and_then(|key| ring.add(key)),
        Step::Finish => retire(&mut ring, <[SpKey]>::first),
        Step::Cancel => retire(&mut ring, <[SpKey]>::last),
    };
    done.map_err(unusable)?;
    Ok(ring)
}

fn retire(
    ring: &mut KeyRing,
    which: impl Fn(&[SpKey]) -> Option<&SpKey>,
) -> Result<(), KeyRingError> {
    let key = which(ring.all()).ok_or(KeyRingError::Last)?;
    let fingerprint = key.fingerprint.clone();
    ring.remove(&fingerprint)
}

fn fingerprints(ring: &KeyRing) -> String {
    let all: Vec<&str> = ring.all().iter().map(|k| k.fingerprint.as_str()).collect();
    all.join(", ")
}

fn unusable(error: KeyRingError) -> RolloverError {
    match error {
        KeyRingError::TooMany => RolloverError::UnderWay,
        KeyRingError::Last => RolloverError::NotBegun,
        other => SetupError::new("saml.keys_unusable", "slug", other.to_string()).into(),
    }
}
