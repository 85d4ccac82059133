//! What the service provider sends: its metadata and its `AuthnRequest`s, read
//! with samael's schema types.

use std::io::Read as _;

use anyhow::{Context as _, Result, bail};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::read::DeflateDecoder;
use samael::metadata::EntityDescriptor;
use samael::schema::AuthnRequest;

/// Requests and metadata beyond this size are refused.
const MAX_SIZE: u64 = 256 * 1024;

/// Where the service provider's metadata comes from.
#[derive(Clone, Debug)]
pub struct Source(pub String);

/// The service provider, as far as the IdP must know it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceProvider {
    /// Its entity ID: the audience of assertions.
    pub entity_id: String,
    /// Its assertion consumer services, the default first.
    pub acs: Vec<String>,
}

impl Source {
    /// Fetches and reads the metadata. It is read anew at each sign-in: the
    /// gateway may start after the IdP.
    pub async fn load(&self) -> Result<ServiceProvider> {
        let Self(source) = self;
        let text = if source.starts_with("http://") || source.starts_with("https://") {
            let response = reqwest::get(source)
                .await
                .with_context(|| format!("{source} does not answer"))?
                .error_for_status()
                .with_context(|| format!("{source} has no metadata"))?;
            response.text().await?
        } else {
            tokio::fs::read_to_string(source)
                .await
                .with_context(|| format!("cannot read {source}"))?
        };
        ServiceProvider::from_metadata(&text).with_context(|| format!("in {source}"))
    }
}

impl ServiceProvider {
    fn from_metadata(text: &str) -> Result<Self> {
        let entity: EntityDescriptor = text.parse().context("this is not SAML metadata")?;
        let mut services: Vec<_> = entity
            .sp_sso_descriptors
            .unwrap_or_default()
            .into_iter()
            .flat_map(|sp| sp.assertion_consumer_services)
            .filter(|service| service.binding == samael::metadata::HTTP_POST_BINDING)
            .collect();
        services.sort_by_key(|service| (service.is_default != Some(true), service.index));
        if services.is_empty() {
            bail!("there is no assertion consumer service with the HTTP-POST binding");
        }
        Ok(Self {
            entity_id: entity.entity_id.context("there is no entityID")?,
            acs: services
                .into_iter()
                .map(|service| service.location)
                .collect(),
        })
    }

    /// Where to answer: `wanted` if the metadata lists it, the default if
    /// nothing is wanted. An IdP that answered anywhere would hand its
    /// assertions to whoever asks.
    pub fn acs<'a>(&'a self, wanted: Option<&str>) -> Result<&'a str> {
        let found = match wanted {
            Some(url) => self.acs.iter().find(|known| *known == url),
            None => self.acs.first(),
        };
        found.map(String::as_str).with_context(|| {
            format!(
                "{} is not an assertion consumer service of {}; its metadata lists {}",
                wanted.unwrap_or("(none)"),
                self.entity_id,
                self.acs.join(", ")
            )
        })
    }
}

/// Reads an `AuthnRequest` from the HTTP-Redirect binding.
pub fn from_redirect(message: &str) -> Result<AuthnRequest> {
    let deflated = STANDARD
        .decode(message)
        .context("SAMLRequest is not base64")?;
    let mut text = String::new();
    DeflateDecoder::new(deflated.as_slice())
        .take(MAX_SIZE)
        .read_to_string(&mut text)
        .context("SAMLRequest is not deflated text")?;
    text.parse().context("SAMLRequest is not an AuthnRequest")
}

/// Reads an `AuthnRequest` from the HTTP-POST binding.
pub fn from_post(message: &str) -> Result<AuthnRequest> {
    let octets = STANDARD
        .decode(message.split_whitespace().collect::<String>())
        .context("SAMLRequest is not base64")?;
    let text = String::from_utf8(octets).context("SAMLRequest is not text")?;
    text.parse().context("SAMLRequest is not an AuthnRequest")
}
