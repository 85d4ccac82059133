//! A SAML provider made ready: metadata read, keys decoded, attribute map
//! built, once for each change of the provider and not once for each login.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use super::attribute_map::AttributeMap;
use super::keys::KeyRing;
use super::metadata::{self, IdpMetadata};
use super::source;
use super::sp_metadata::Urls;
use crate::directory::providers::{self, StoredProvider};
use crate::domain::provider::SamlSettings;
use crate::domain::{Entropy, Provider, Slug, Timestamp};
pub use crate::login::setup::SetupError;
use crate::platform::crypto::Sealer;
use crate::platform::storage::{StorageError, Tx};
use crate::platform::xml::signature::VerifyKey;

/// The code of a provider whose IdP nobody has described yet.
pub const NO_METADATA: &str = "saml.metadata_missing";

/// A provider that can be used.
#[derive(Debug)]
pub struct SamlProvider {
    /// As the admin described it.
    pub provider: Provider,
    /// Of which version this was made.
    pub version: i64,
    /// What the IdP says of itself.
    pub metadata: IdpMetadata,
    /// The keys that may have signed.
    pub keys: Vec<VerifyKey>,
    /// Which attribute is which field.
    pub attributes: AttributeMap,
    /// Our addresses for it.
    pub urls: Urls,
    /// Our own keys for it; none where only the settings are looked at.
    pub ring: Option<KeyRing>,
}

impl SamlProvider {
    /// What the admin set for SAML.
    #[must_use]
    pub fn settings(&self) -> &SamlSettings {
        static NONE: LazyLock<SamlSettings> = LazyLock::new(SamlSettings::default);
        self.provider.saml.as_ref().unwrap_or(&NONE)
    }
}

/// Makes a provider ready whose metadata stands in its settings, or says why it
/// cannot be used.
pub fn compile(
    provider: &Provider,
    public_url: &str,
    now: Timestamp,
) -> Result<SamlProvider, SetupError> {
    compile_with(provider, None, public_url, now)
}

/// The same with the metadata that was fetched from the address in its
/// settings; that counts before what stands in the settings.
pub fn compile_with(
    provider: &Provider,
    fetched: Option<&str>,
    public_url: &str,
    now: Timestamp,
) -> Result<SamlProvider, SetupError> {
    let settings = provider.saml.as_ref().ok_or_else(|| {
        SetupError::new(
            "saml.settings_missing",
            "saml",
            "a provider of kind saml needs its saml settings",
        )
    })?;
    let attributes = AttributeMap::new(&settings.attributes).map_err(|e| {
        SetupError::new("saml.attributes_invalid", "saml.attributes", e.to_string())
    })?;
    for class in &settings.requested_authn_context {
        super::authn_request::check_context_class(class).map_err(|reason| {
            SetupError::new(
                "saml.context_invalid",
                "saml.requested_authn_context",
                reason,
            )
        })?;
    }
    let (text, field) = document(settings, fetched)?;
    let metadata = metadata::parse(text.as_bytes(), settings.entity_id.as_deref(), now)
        .map_err(|e| SetupError::new(e.code(), field, e.to_string()))?;
    let certificates = metadata.signing_certificates.iter();
    let keys = certificates.map(|c| c.verify_key().clone()).collect();
    Ok(SamlProvider {
        provider: provider.clone(),
        version: 0,
        metadata,
        keys,
        attributes,
        urls: Urls::new(public_url, &provider.slug),
        ring: None,
    })
}

/// The metadata that counts, and the setting that it came by.
fn document<'a>(
    settings: &'a SamlSettings,
    fetched: Option<&'a str>,
) -> Result<(&'a str, &'static str), SetupError> {
    const XML: &str = "saml.metadata_xml";
    let by_url = settings.metadata_url.is_some();
    if let Some(fetched) = fetched.filter(|_| by_url) {
        return Ok((fetched, source::FIELD));
    }
    let text = settings.metadata_xml.as_deref();
    match text.filter(|text| !text.trim().is_empty()) {
        Some(text) => Ok((text, XML)),
        None if by_url => Err(SetupError::new(
            source::NOT_FETCHED,
            source::FIELD,
            "the metadata has not been fetched from this address yet; it is tried again and again, and \
             a test of the provider says what is in the way",
        )),
        None => Err(SetupError::new(
            NO_METADATA,
            XML,
            "the IdP's metadata is missing: paste it, upload the file that the IdP offers, or enter \
             its address as metadata_url",
        )),
    }
}

/// The sealed keys of a provider that is about to be saved: those that it has,
/// or new ones. Making them takes the processor a while, beside the threads
/// that serve.
pub async fn secrets(
    slug: &Slug,
    kept: Option<&str>,
    sealer: &Arc<Sealer>,
    now: Timestamp,
    entropy: &Entropy,
) -> Result<String, SetupError> {
    if let Some(kept) = kept.filter(|kept| !kept.is_empty()) {
        return Ok(kept.to_owned());
    }
    let (slug, sealer, entropy) = (slug.clone(), Arc::clone(sealer), entropy.clone());
    let made = tokio::task::spawn_blocking(move || {
        KeyRing::generate(&slug, now, &entropy)?.seal(&sealer, &slug)
    })
    .await;
    let broken = |text: String| SetupError::new("saml.keys_unusable", "slug", text);
    made.map_err(|e| broken(e.to_string()))?
        .map_err(|e| broken(e.to_string()))
}

/// The providers that have been made ready, by slug.
#[derive(Debug)]
pub struct Registry {
    sealer: Arc<Sealer>,
    ready: Mutex<HashMap<Slug, Arc<SamlProvider>>>,
}

/// What the registry finds.
#[derive(Debug, Clone)]
pub enum Found {
    /// A provider that can be used.
    Ready(Arc<SamlProvider>),
    /// There is none of this name, or it is switched off, or of another kind.
    None,
    /// It is there and cannot be used.
    Broken(SetupError),
}

impl Registry {
    /// An empty registry, whose providers' keys are opened with `sealer`.
    #[must_use]
    pub fn new(sealer: Arc<Sealer>) -> Self {
        Self {
            sealer,
            ready: Mutex::default(),
        }
    }

    /// The provider of this name as the transaction sees it. What is kept here
    /// counts only while its version is the one that stands.
    pub async fn find(
        &self,
        tx: &mut Tx,
        slug: &Slug,
        public_url: &str,
        now: Timestamp,
    ) -> Result<Found, StorageError> {
        self.find_for(tx, slug, (public_url, now), false).await
    }

    /// The same, where wanted, of a provider that is switched off: for tests.
    pub async fn find_for(
        &self,
        tx: &mut Tx,
        slug: &Slug,
        (public_url, now): (&str, Timestamp),
        even_off: bool,
    ) -> Result<Found, StorageError> {
        let kept = self
            .ready
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(slug)
            .cloned();
        if let Some(kept) = kept
            && providers::version_of(tx, slug).await? == Some(kept.version)
        {
            let over = kept.metadata.valid_until.is_some_and(|until| until <= now);
            return Ok(if over {
                Found::Broken(expired(&kept))
            } else {
                usable(kept, even_off)
            });
        }
        let Some(stored) = providers::by_slug(tx, slug).await? else {
            return Ok(Found::None);
        };
        Ok(self.keep(&stored, public_url, now, even_off))
    }

    fn keep(
        &self,
        stored: &StoredProvider,
        public_url: &str,
        now: Timestamp,
        even_off: bool,
    ) -> Found {
        let fetched = stored.fetched();
        let ready = compile_with(&stored.provider, fetched, public_url, now).and_then(|ready| {
            Ok(SamlProvider {
                ring: self.ring(stored)?,
                ..ready
            })
        });
        match ready {
            Ok(ready) => {
                let ready = Arc::new(SamlProvider {
                    version: stored.version,
                    ..ready
                });
                let mut kept = self.ready.lock().unwrap_or_else(PoisonError::into_inner);
                kept.insert(stored.provider.slug.clone(), Arc::clone(&ready));
                usable(ready, even_off)
            }
            Err(_) if !stored.provider.enabled && !even_off => Found::None,
            Err(error) => Found::Broken(error),
        }
    }

    /// See [`ring`].
    pub fn ring(&self, stored: &StoredProvider) -> Result<Option<KeyRing>, SetupError> {
        ring(stored, &self.sealer)
    }
}

/// The keys of a provider, opened. A provider without any signs nothing.
pub fn ring(stored: &StoredProvider, sealer: &Sealer) -> Result<Option<KeyRing>, SetupError> {
    if stored.secrets.is_empty() {
        return Ok(None);
    }
    KeyRing::open(&stored.secrets, sealer, &stored.provider.slug)
        .map(Some)
        .map_err(|e| SetupError::new("saml.keys_unusable", "slug", e.to_string()))
}

fn usable(provider: Arc<SamlProvider>, even_off: bool) -> Found {
    if provider.provider.enabled || even_off {
        Found::Ready(provider)
    } else {
        Found::None
    }
}

fn expired(provider: &SamlProvider) -> SetupError {
    let until = provider
        .metadata
        .valid_until
        .map(Timestamp::rfc3339)
        .unwrap_or_default();
    let (field, what) = if provider.settings().metadata_url.is_some() {
        let what = "it could not be fetched since: a test of the provider says what is in the way";
        (source::FIELD, what)
    } else {
        (
            "saml.metadata_xml",
            "take the current metadata from the IdP",
        )
    };
    SetupError::new(
        "saml.metadata_expired",
        field,
        format!("the IdP's metadata was valid until {until} only: {what}"),
    )
}
