//! Why metadata is refused, for an admin who has never read the standard: each
//! sentence says what is wrong and what to do next.

use crate::domain::Timestamp;
use crate::login::saml::certificates::{CertificateError, SHORTEST_RSA};

/// Why metadata is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MetadataError {
    /// Nothing but white space.
    #[error(
        "The metadata is empty. Download the metadata file from the identity provider again and \
         upload it whole."
    )]
    Empty,
    /// More than is read.
    #[error(
        "The metadata has {bytes} bytes; at most {} are read. This is probably the list of a whole \
         federation: ask for the metadata of your own identity provider alone.",
        super::LARGEST
    )]
    TooLarge {
        /// Its size.
        bytes: usize,
    },
    /// HTML.
    #[error(
        "This is a web page, not metadata: the address probably shows a sign-in page or a \
         description. Open it in a browser, look for a link such as \"Federation Metadata XML\" or \
         \"Identity Provider metadata\", and use that file or its address."
    )]
    WebPage,
    /// JSON.
    #[error(
        "This is JSON, not SAML metadata; it may describe an OpenID Connect provider. Use the SAML \
         metadata (an XML file) of the identity provider, or set the provider up as kind \"oidc\"."
    )]
    Json,
    /// A certificate in PEM.
    #[error(
        "This is a certificate, not metadata. Download the metadata file, which holds the \
         certificate together with the addresses; it begins with <EntityDescriptor."
    )]
    CertificateOnly,
    /// An address.
    #[error(
        "This is an address, not metadata. Enter it as metadata_url, or open it and paste the XML \
         that it shows."
    )]
    AddressOnly,
    /// Some other text.
    #[error(
        "This is not XML. Metadata is an XML file that begins with <EntityDescriptor or <?xml; \
         download it from the identity provider and upload it unchanged."
    )]
    NotXml,
    /// Another encoding.
    #[error(
        "The metadata is not encoded in UTF-8 (but in {encoding}). Save the file as UTF-8, without \
         changing anything else, and upload it again."
    )]
    NotUtf8 {
        /// What it seems to be.
        encoding: String,
    },
    /// The end is missing.
    #[error(
        "The metadata is cut off: its end is missing. Download it again and upload the file instead \
         of copying the text."
    )]
    Truncated,
    /// XML that is broken.
    #[error(
        "The metadata is not readable XML: {reason}. Download it from the identity provider again and \
         upload it unchanged."
    )]
    Malformed {
        /// The parser's words.
        reason: String,
    },
    /// A DOCTYPE or entities.
    #[error(
        "The metadata declares or uses XML entities (a DOCTYPE), which SAML metadata never needs and \
         which are not read for safety's sake. Download the metadata directly from the identity \
         provider; if it came from there, tell whoever runs it."
    )]
    Doctype,
    /// Too many or too deep elements.
    #[error(
        "The metadata is more complicated than any identity provider's should be: {reason}. Ask for \
         the metadata of your own identity provider alone."
    )]
    TooComplex {
        /// The limit that was met.
        reason: String,
    },
    /// Another XML document.
    #[error(
        "This XML is not SAML metadata: it begins with <{root}>. Look for the identity provider's \
         SAML metadata; it begins with <EntityDescriptor."
    )]
    OtherXml {
        /// The name of the root element.
        root: String,
    },
    /// A SAML message.
    #[error(
        "This is a SAML message ({name}), not metadata. Download the metadata from the identity \
         provider's settings; it begins with <EntityDescriptor."
    )]
    Message {
        /// The name of the root element.
        name: String,
    },
    /// The right names in another namespace.
    #[error(
        "This is not SAML 2.0 metadata: its namespace is {namespace:?} instead of \
         \"urn:oasis:names:tc:SAML:2.0:metadata\". Ask the identity provider for SAML 2.0 metadata; \
         older versions are not supported."
    )]
    WrongNamespace {
        /// The namespace of the root.
        namespace: String,
    },
    /// An IdP that does not speak SAML 2.0.
    #[error(
        "The identity provider in this metadata does not offer SAML 2.0, only older or other \
         protocols. Turn SAML 2.0 on there, or ask for the metadata of its SAML 2.0 service."
    )]
    NotSaml2,
    /// Metadata of a service provider.
    #[error(
        "This is the metadata of a service provider (an application), perhaps our own. Upload the \
         metadata of the identity provider instead: the system where people sign in, such as Okta or \
         Entra ID."
    )]
    ServiceProvider,
    /// Only roles of other protocols.
    #[error(
        "This metadata describes WS-Federation or another protocol, but no SAML identity provider. \
         Turn SAML 2.0 sign-in on for this application at the identity provider and download the \
         metadata again."
    )]
    OtherRolesOnly,
    /// No entity with a role that helps.
    #[error(
        "There is no identity provider in this metadata. Download the metadata of the identity \
         provider: the system where people sign in."
    )]
    NoIdp,
    /// A choice is needed.
    #[error(
        "This metadata describes {} identity providers. Say which one is meant by setting \
         saml.entity_id to one of: {}.",
        available.len(), listed(available)
    )]
    SeveralIdps {
        /// Their entity IDs.
        available: Vec<String>,
    },
    /// The entity that was asked for is not there.
    #[error(
        "The metadata does not describe the identity provider {wanted:?}. Set saml.entity_id to one of \
         those that it describes, or leave it out when there is only one: {}.",
        listed(available)
    )]
    EntityNotFound {
        /// What was asked for.
        wanted: String,
        /// The entity IDs that are there.
        available: Vec<String>,
    },
    /// Two IdPs under one name.
    #[error(
        "The metadata describes the identity provider {entity_id:?} twice, and it is not clear which \
         one counts. Ask for the metadata of this identity provider alone."
    )]
    DuplicateEntity {
        /// The entity ID.
        entity_id: String,
    },
    /// No entity ID.
    #[error(
        "The identity provider in this metadata has no name (entityID), so its answers could not be \
         told from others'. Set the entity ID or issuer in its settings and download the metadata \
         again."
    )]
    NoEntityId,
    /// An entity ID that cannot be used.
    #[error(
        "The name (entityID) of the identity provider cannot be used: {problem}. Correct it in the \
         identity provider's settings and download the metadata again."
    )]
    BadEntityId {
        /// What is wrong with it.
        problem: &'static str,
    },
    /// `validUntil` is past.
    #[error(
        "The metadata expired on {valid_until} (validUntil). Download the current metadata from the \
         identity provider, or enter its address as metadata_url so that it is renewed by itself."
    )]
    Expired {
        /// The end of its validity.
        valid_until: Timestamp,
    },
    /// `validUntil` is no date.
    #[error(
        "The metadata says that it is valid until {value:?}, which is no date. Download it from the \
         identity provider again and upload it unchanged."
    )]
    BadDate {
        /// The value.
        value: String,
    },
    /// Nowhere to send people to.
    #[error(
        "The metadata names no address to sign in at by HTTP-Redirect or HTTP-POST{}. Turn one of \
         these bindings on at the identity provider and download the metadata again.",
        instead(bindings)
    )]
    NoSsoService {
        /// The bindings that are there.
        bindings: Vec<String>,
    },
    /// An address that no browser should be sent to.
    #[error(
        "The address {location:?} in the metadata {problem}. Correct the address in the identity \
         provider's settings and download the metadata again; if you did not get the file from the \
         identity provider itself, do not use it."
    )]
    BadEndpoint {
        /// The address.
        location: String,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// No key to verify with.
    #[error(
        "The metadata has no signing certificate{}, so nobody could tell whether an answer comes from \
         the identity provider. Turn signing on there and download the metadata again.",
        if *encryption_only { " (only one for encryption)" } else { "" }
    )]
    NoSigningKey {
        /// Whether keys for other uses are there.
        encryption_only: bool,
    },
    /// A key without a certificate around it.
    #[error(
        "The signing key in the metadata comes without a certificate. Let the identity provider \
         publish its signing certificate (X509Certificate) and download the metadata again."
    )]
    KeyWithoutCertificate,
    /// A certificate that cannot be read.
    #[error(
        "The signing certificate in the metadata cannot be read: {reason}. Download the metadata from \
         the identity provider again and upload it unchanged."
    )]
    BadCertificate {
        /// What is wrong with it.
        reason: String,
    },
    /// An RSA key that is too short.
    #[error(
        "The identity provider signs with an RSA key of {bits} bits, which can be forged; at least \
         {SHORTEST_RSA} are needed. Create a new signing certificate there (RSA with {SHORTEST_RSA} \
         bits or more), make it the active one and download the metadata again."
    )]
    WeakKey {
        /// The size of the key.
        bits: u32,
    },
    /// A key of a kind that is not accepted.
    #[error(
        "The signing certificate cannot be used: {reason}. Create a new signing certificate at the \
         identity provider (RSA with {SHORTEST_RSA} bits), make it the active one and download the \
         metadata again."
    )]
    UnsupportedKey {
        /// What it is.
        reason: String,
    },
}

/// A few entity IDs in words.
fn listed(entity_ids: &[String]) -> String {
    const SHOWN: usize = 10;
    let shown: Vec<&str> = entity_ids.iter().take(SHOWN).map(String::as_str).collect();
    let text = shown.join(", ");
    match entity_ids.len().saturating_sub(SHOWN) {
        0 => text,
        more => format!("{text} and {more} more"),
    }
}

fn instead(bindings: &[String]) -> String {
    if bindings.is_empty() {
        return String::new();
    }
    let short: Vec<&str> = bindings
        .iter()
        .map(|b| b.rsplit(':').next().unwrap_or(b))
        .collect();
    format!(", only by {}", short.join(", "))
}

impl From<CertificateError> for MetadataError {
    fn from(error: CertificateError) -> Self {
        match error {
            CertificateError::WeakRsa { bits, .. } => Self::WeakKey { bits },
            CertificateError::Unsupported { .. } => Self::UnsupportedKey {
                reason: error.to_string(),
            },
            CertificateError::NotBase64
            | CertificateError::NotX509
            | CertificateError::Key { .. } => Self::BadCertificate {
                reason: error.to_string(),
            },
        }
    }
}

impl MetadataError {
    /// The stable code of the error.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Empty => "saml.metadata_empty",
            Self::TooLarge { .. } => "saml.metadata_too_large",
            Self::WebPage => "saml.metadata_web_page",
            Self::Json => "saml.metadata_json",
            Self::CertificateOnly => "saml.metadata_certificate_only",
            Self::AddressOnly => "saml.metadata_address_only",
            Self::NotXml => "saml.metadata_not_xml",
            Self::NotUtf8 { .. } => "saml.metadata_not_utf8",
            Self::Truncated => "saml.metadata_truncated",
            Self::Malformed { .. } => "saml.metadata_malformed",
            Self::Doctype => "saml.metadata_doctype",
            Self::TooComplex { .. } => "saml.metadata_too_complex",
            Self::OtherXml { .. } => "saml.metadata_other_xml",
            Self::Message { .. } => "saml.metadata_is_message",
            Self::WrongNamespace { .. } => "saml.metadata_wrong_namespace",
            Self::NotSaml2 => "saml.metadata_not_saml2",
            Self::ServiceProvider => "saml.metadata_service_provider",
            Self::OtherRolesOnly => "saml.metadata_other_protocol",
            Self::NoIdp => "saml.metadata_no_idp",
            Self::SeveralIdps { .. } => "saml.metadata_several_idps",
            Self::EntityNotFound { .. } => "saml.metadata_entity_not_found",
            Self::DuplicateEntity { .. } => "saml.metadata_duplicate_entity",
            Self::NoEntityId => "saml.metadata_no_entity_id",
            Self::BadEntityId { .. } => "saml.metadata_bad_entity_id",
            Self::Expired { .. } => "saml.metadata_expired",
            Self::BadDate { .. } => "saml.metadata_bad_date",
            Self::NoSsoService { .. } => "saml.metadata_no_sso_service",
            Self::BadEndpoint { .. } => "saml.metadata_bad_endpoint",
            Self::NoSigningKey { .. } => "saml.metadata_no_signing_key",
            Self::KeyWithoutCertificate => "saml.metadata_key_without_certificate",
            Self::BadCertificate { .. } => "saml.metadata_bad_certificate",
            Self::WeakKey { .. } => "saml.metadata_weak_key",
            Self::UnsupportedKey { .. } => "saml.metadata_unsupported_key",
        }
    }
}
