//! Our own metadata, one document per provider (SAML Metadata §2.4.4).
//!
//! Every provider has an entity ID and an ACS of its own, so that no response
//! of one IdP can be taken for another's. The document has no `validUntil`:
//! most IdPs read it once, by hand.
//!
//! It is written with samael's plain types; samael's own builder labels keys
//! wrongly and is not used.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use samael::key_info::{KeyInfo, X509Data};
use samael::metadata::{
    EncryptionMethod, Endpoint, EntityDescriptor, HTTP_POST_BINDING, HTTP_REDIRECT_BINDING,
    IndexedEndpoint, KeyDescriptor, SpSsoDescriptor,
};
use samael::traits::ToXml as _;

use crate::domain::Slug;
use crate::domain::provider::NameIdFormat;

/// The media type of the document (SAML Metadata, appendix A).
pub const MEDIA_TYPE: &str = "application/samlmetadata+xml";

/// What we decrypt, best first (XML Encryption 1.1 §5). An IdP that reads the
/// list takes the first that it knows; AES-CBC is for those that know no other.
const ENCRYPTION_METHODS: [&str; 7] = [
    "http://www.w3.org/2009/xmlenc11#aes256-gcm",
    "http://www.w3.org/2009/xmlenc11#aes192-gcm",
    "http://www.w3.org/2009/xmlenc11#aes128-gcm",
    "http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p",
    "http://www.w3.org/2009/xmlenc11#rsa-oaep",
    "http://www.w3.org/2001/04/xmlenc#aes256-cbc",
    "http://www.w3.org/2001/04/xmlenc#aes128-cbc",
];

/// The addresses that a provider has here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Urls {
    /// Our entity ID, which is also where the metadata stands.
    pub entity_id: String,
    /// The assertion consumer service.
    pub acs: String,
    /// Where a login starts.
    pub login: String,
    /// Single logout.
    pub slo: String,
}

impl Urls {
    /// The addresses of a provider under `public_url` (with or without a final
    /// slash).
    #[must_use]
    pub fn new(public_url: &str, slug: &Slug) -> Self {
        let base = format!("{}/saml/{slug}", public_url.trim_end_matches('/'));
        Self {
            entity_id: format!("{base}/metadata"),
            acs: format!("{base}/acs"),
            login: format!("{base}/login"),
            slo: format!("{base}/slo"),
        }
    }
}

/// What a key in the metadata is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyUse {
    /// We sign with its private half.
    Signing,
    /// We decrypt with its private half.
    Encryption,
}

/// A certificate to publish.
#[derive(Clone, Copy, Debug)]
pub struct PublishedKey<'a> {
    /// What it is for.
    pub key_use: KeyUse,
    /// The certificate in DER.
    pub certificate: &'a [u8],
}

/// What the metadata of a provider says.
#[derive(Clone, Copy, Debug)]
pub struct SpMetadata<'a> {
    /// The provider's addresses here.
    pub urls: &'a Urls,
    /// Whether we sign `AuthnRequest`s.
    pub sign_requests: bool,
    /// The NameID format that we ask for.
    pub name_id_format: Option<NameIdFormat>,
    /// Our certificates.
    pub keys: &'a [PublishedKey<'a>],
    /// Whether single logout is offered (HTTP-Redirect and HTTP-POST).
    pub single_logout: bool,
}

/// The metadata could not be written down.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the SP metadata could not be written: {0}")]
pub struct SpMetadataError(String);

impl SpMetadata<'_> {
    /// The document, with an XML declaration.
    ///
    /// # Errors
    /// None that is known: the document is written to memory.
    pub fn to_xml(&self) -> Result<String, SpMetadataError> {
        let descriptor = EntityDescriptor {
            entity_id: Some(self.urls.entity_id.clone()),
            sp_sso_descriptors: Some(vec![self.role()]),
            ..EntityDescriptor::default()
        };
        descriptor
            .to_string()
            .map_err(|e| SpMetadataError(e.to_string()))
    }

    fn role(&self) -> SpSsoDescriptor {
        let slo = [HTTP_REDIRECT_BINDING, HTTP_POST_BINDING].map(|binding| Endpoint {
            binding: binding.to_owned(),
            location: self.urls.slo.clone(),
            response_location: None,
        });
        SpSsoDescriptor {
            protocol_support_enumeration: Some("urn:oasis:names:tc:SAML:2.0:protocol".to_owned()),
            authn_requests_signed: Some(self.sign_requests),
            want_assertions_signed: Some(true),
            key_descriptors: (!self.keys.is_empty())
                .then(|| self.keys.iter().map(key_descriptor).collect()),
            single_logout_services: self.single_logout.then(|| slo.to_vec()),
            name_id_formats: self
                .name_id_format
                .map(|format| vec![format.uri().to_owned()]),
            assertion_consumer_services: vec![IndexedEndpoint {
                binding: HTTP_POST_BINDING.to_owned(),
                location: self.urls.acs.clone(),
                response_location: None,
                index: 0,
                is_default: Some(true),
            }],
            ..SpSsoDescriptor::default()
        }
    }
}

fn key_descriptor(key: &PublishedKey<'_>) -> KeyDescriptor {
    let (label, methods) = match key.key_use {
        KeyUse::Signing => ("signing", None),
        KeyUse::Encryption => ("encryption", Some(ENCRYPTION_METHODS)),
    };
    KeyDescriptor {
        key_use: Some(label.to_owned()),
        key_info: KeyInfo {
            id: None,
            x509_data: Some(X509Data {
                certificates: vec![STANDARD.encode(key.certificate)],
            }),
        },
        encryption_methods: methods.map(|list| {
            let method = |algorithm: &str| EncryptionMethod {
                algorithm: algorithm.to_owned(),
            };
            list.into_iter().map(method).collect()
        }),
    }
}

#[cfg(test)]
mod tests;
