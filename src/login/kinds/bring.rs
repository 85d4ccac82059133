//! Metadata that somebody brings: a document or its address, for a provider that
//! is there.

use super::{Mistakes, Providers, SetError};
use crate::directory::Actor;
use crate::directory::providers::StoredProvider;
use crate::domain::{Provider, Timestamp};
use crate::login::saml::provider::SamlProvider;
use crate::login::saml::vendor::Vendor;
use crate::login::setup::SetupError;

/// What was brought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Brought {
    /// The document.
    Document(String),
    /// Where it is published.
    Address(String),
}

/// A certificate of the identity provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundCertificate {
    /// The subject's name; may be empty.
    pub subject: String,
    /// SHA-256 over the DER form.
    pub fingerprint: String,
    /// The last moment of its validity.
    pub not_after: Timestamp,
    /// Days until then; negative when it has passed.
    pub days_left: i64,
}

/// What metadata says, in short.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Who speaks.
    pub entity_id: String,
    /// What it calls itself.
    pub name: Option<String>,
    /// Whose product it looks like.
    pub vendor: Vendor,
    /// Where people are sent.
    pub addresses: Vec<String>,
    /// With what it signs.
    pub certificates: Vec<FoundCertificate>,
    /// Until when the document may be used.
    pub valid_until: Option<Timestamp>,
    /// What an admin should know.
    pub warnings: Vec<String>,
}

/// What a provider's metadata says.
#[must_use]
pub fn found(ready: &SamlProvider, now: Timestamp) -> Found {
    let metadata = &ready.metadata;
    let addresses = [&metadata.sso_redirect, &metadata.sso_post];
    let mut addresses: Vec<String> = addresses.into_iter().flatten().cloned().collect();
    addresses.dedup();
    let certificates = metadata.signing_certificates.iter();
    Found {
        entity_id: metadata.entity_id.clone(),
        name: metadata.display_name.clone(),
        vendor: Vendor::of(metadata),
        addresses,
        certificates: certificates
            .map(|certificate| FoundCertificate {
                subject: certificate.subject.clone(),
                fingerprint: certificate.fingerprint_sha256.clone(),
                not_after: certificate.not_after,
                days_left: certificate.days_left(now),
            })
            .collect(),
        valid_until: metadata.valid_until,
        warnings: metadata.warnings.clone(),
    }
}

impl Providers {
    /// What the metadata of a provider says; an error says why it cannot be used.
    ///
    /// # Errors
    /// [`SetError::Broken`].
    pub async fn found_of(
        &self,
        stored: &StoredProvider,
    ) -> Result<Result<Found, SetupError>, SetError> {
        let compiled = self
            .compile(stored.provider.clone(), stored.fetched())
            .await?;
        Ok(compiled.map(|ready| found(&ready, self.directory.now())))
    }

    /// Puts metadata in the place of what a provider has. `pinned`: that of a
    /// provider through which people sign in must stay with the same entity.
    ///
    /// # Errors
    /// What is wrong with it.
    pub async fn bring(
        &self,
        stored: &StoredProvider,
        brought: Brought,
        entity_id: Option<String>,
        (pinned, actor): (bool, Actor),
    ) -> Result<StoredProvider, SetError> {
        let mut provider = stored.provider.clone();
        let Some(settings) = provider.saml.as_mut() else {
            let sentence = "this provider has no use for metadata";
            return Err(SetupError::new("saml.settings_missing", "saml", sentence).into());
        };
        (settings.metadata_xml, settings.metadata_url) = match brought {
            Brought::Document(text) => (Some(text), None),
            Brought::Address(url) => (None, Some(url)),
        };
        settings.entity_id = entity_id;
        let examined = self.examine(provider.clone(), Some(stored)).await?;
        if pinned && stored.provider.enabled {
            self.same_entity(stored, &provider, examined.fetched())
                .await?;
        }
        self.save(examined, Some(stored), actor).await
    }

    async fn same_entity(
        &self,
        stored: &StoredProvider,
        after: &Provider,
        fetched: Option<&str>,
    ) -> Result<(), SetError> {
        let old = self
            .compile(stored.provider.clone(), stored.fetched())
            .await?;
        let new = self
            .compile(after.clone(), fetched.or_else(|| stored.fetched()))
            .await??;
        let Ok(old) = old else {
            return Ok(());
        };
        let (was, is) = (&old.metadata.entity_id, &new.metadata.entity_id);
        if was == is {
            return Ok(());
        }
        let sentence = format!(
            "this is the metadata of {is}, but people sign in through {was} already: ask the \
             organisation that sent you the link, if it is to be another one"
        );
        let error = SetupError::new("saml.entity_id_changed", "saml.metadata_xml", sentence);
        Err(SetError::Mistakes(Mistakes::from(error)))
    }
}
