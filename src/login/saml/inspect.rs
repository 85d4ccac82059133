//! Reading SAML for somebody who has a file, a form field or an address bar in
//! hand and wants to know what is in it, and what this gateway would say to it.
//!
//! For the command line and for admins. Nothing here lets anybody in: what is
//! shown of a message is what it claims; only the verdict, which is
//! [`super::response`]'s own, says what is true.

mod metadata;
mod response;

use std::io::Read as _;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use flate2::read::DeflateDecoder;
use percent_encoding::percent_decode_str;
use serde::Serialize;

use super::gate::PROTOCOL;
use super::metadata::NAMESPACE as METADATA;
use crate::platform::xml::{Document, Limits};

pub use metadata::{CertificateShown, IdpShown, MetadataShown};
pub use response::{AttributeShown, ResponseShown, SignatureShown, Verdict};

/// The most that is read.
pub const LARGEST: usize = Limits::METADATA.bytes * 2;

/// What somebody handed in.
#[derive(Clone, Debug)]
pub enum Found {
    /// Metadata, as octets.
    Metadata(Vec<u8>),
    /// A `samlp:Response`, in the encoding in which it is posted.
    Response(String),
    /// Another message of SAML's.
    Other(OtherShown),
}

/// Another message than the two that are explained.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OtherShown {
    /// The name of its element.
    pub element: String,
    /// What it is, in words.
    pub what: &'static str,
    /// Its attributes, as they stand there.
    pub attributes: Vec<(String, String)>,
    /// Who sent it, as it says itself.
    pub issuer: Option<String>,
}

/// Why something cannot be explained.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InspectError {
    /// Nothing.
    #[error("there is nothing in it")]
    Empty,
    /// More than is read.
    #[error("it has more than {LARGEST} bytes")]
    TooLarge,
    /// No text.
    #[error("it is neither XML nor base64 nor a form with a SAMLResponse in it")]
    Unknown,
    /// XML that cannot be read.
    #[error("its XML cannot be read: {0}")]
    Xml(String),
    /// XML of another kind.
    #[error("it is XML, but neither metadata nor a message of SAML 2.0: its root is {0}")]
    OtherXml(String),
}

/// Finds out what somebody handed in: XML, base64 of it, deflated or not, the
/// body of a form or an address that carries it.
pub fn find(input: &[u8]) -> Result<Found, InspectError> {
    if input.len() > LARGEST {
        return Err(InspectError::TooLarge);
    }
    // A file of another encoding, or DER, is no text that is read here.
    let text = std::str::from_utf8(input).map_err(|_| InspectError::Unknown)?;
    let text = text.trim_start_matches('\u{feff}').trim();
    if text.is_empty() {
        return Err(InspectError::Empty);
    }
    if text.starts_with('<') {
        return classify(text);
    }
    let field = parameter(text)
        .unwrap_or_else(|| percent_decode_str(text).decode_utf8_lossy().into_owned());
    let octets = unpack(&field).ok_or(InspectError::Unknown)?;
    let xml = as_xml(&octets)
        .or_else(|| inflate(&octets).as_deref().and_then(as_xml))
        .ok_or(InspectError::Unknown)?;
    classify(&xml)
}

fn classify(xml: &str) -> Result<Found, InspectError> {
    let limits = Limits::METADATA;
    let document =
        Document::parse_within(xml, &limits).map_err(|e| InspectError::Xml(e.to_string()))?;
    let root = document.root();
    match (root.namespace(), root.name()) {
        (METADATA, _) => Ok(Found::Metadata(xml.as_bytes().to_vec())),
        (PROTOCOL, "Response") => Ok(Found::Response(encode(xml))),
        (PROTOCOL, name) => Ok(Found::Other(OtherShown {
            element: name.to_owned(),
            what: describe(name),
            attributes: root
                .attributes()
                .take(32)
                .map(|a| (a.name().to_owned(), super::gate::clip(a.value())))
                .collect(),
            issuer: root
                .child(super::gate::ASSERTION, "Issuer")
                .map(|issuer| super::gate::clip(&super::gate::trimmed(issuer))),
        })),
        // Metadata of another kind, a web page: the metadata reader has words.
        (_, "EntityDescriptor" | "EntitiesDescriptor" | "html" | "HTML") => {
            Ok(Found::Metadata(xml.as_bytes().to_vec()))
        }
        (namespace, name) => Err(InspectError::OtherXml(super::gate::clip(&format!(
            "{{{namespace}}}{name}"
        )))),
    }
}

fn describe(name: &str) -> &'static str {
    match name {
        "AuthnRequest" => "a request for a sign-in, which goes to an IdP",
        "LogoutRequest" => "a request to sign out",
        "LogoutResponse" => "the answer to a request to sign out",
        "ArtifactResolve" | "ArtifactResponse" => {
            "a message of the artifact binding, which is not used here"
        }
        _ => "a message of SAML 2.0 that is not used here",
    }
}

/// The message of a form's body, of a query, or of a whole address.
fn parameter(text: &str) -> Option<String> {
    let query = text.split_once('?').map_or(text, |(_, query)| query);
    let query = query.split('#').next().unwrap_or_default();
    url::form_urlencoded::parse(query.as_bytes())
        .find(|(name, value)| {
            matches!(name.as_ref(), "SAMLResponse" | "SAMLRequest") && !value.is_empty()
        })
        // A `+` that its sender forgot to encode is no space in base64.
        .map(|(_, value)| value.replace(' ', "+"))
}

/// Base64 as people copy it: with line breaks, quotes, in either alphabet.
fn unpack(text: &str) -> Option<Vec<u8>> {
    let config = GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true);
    let compact: String = text
        .chars()
        .filter(|c| !c.is_whitespace() && !matches!(c, '"' | '\''))
        .map(|c| match c {
            '-' => '+',
            '_' => '/',
            c => c,
        })
        .collect();
    GeneralPurpose::new(&alphabet::STANDARD, config)
        .decode(compact)
        .ok()
        .filter(|octets| !octets.is_empty())
}

fn as_xml(octets: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(octets).ok()?;
    let text = text.trim_start_matches('\u{feff}').trim();
    text.starts_with('<').then(|| text.to_owned())
}

fn inflate(octets: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    DeflateDecoder::new(octets)
        .take(LARGEST as u64 + 1)
        .read_to_end(&mut out)
        .ok()?;
    (out.len() <= LARGEST).then_some(out)
}

fn encode(xml: &str) -> String {
    base64::engine::general_purpose::STANDARD.encode(xml)
}

#[cfg(test)]
mod tests;
