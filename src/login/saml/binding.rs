//! How messages travel through the browser: HTTP-Redirect (SAML Bindings
//! §3.4) and HTTP-POST (§3.5).
//!
//! The signature of HTTP-Redirect covers `SAMLRequest`, `RelayState` and
//! `SigAlg` as they stand in the URL, and nothing else: not the query that the
//! IdP's own address may have. Reading it back therefore keeps the octets as
//! they came instead of encoding them again.

mod receive;

use std::io::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::DeflateEncoder;
use openssl::pkey::{PKey, Private};
use openssl::x509::X509;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::platform::xml::signature::{self, SignError};

pub use receive::{RedirectMessage, RedirectSignature, read_redirect};

/// The largest message that is read from a URL, unpacked.
pub const LARGEST_MESSAGE: usize = 256 * 1024;

/// The longest `RelayState` (Bindings §3.4.3), in bytes.
pub const LONGEST_RELAY_STATE: usize = 80;

/// The longest `RelayState` that is sent back as it came: IdPs keep addresses in
/// theirs, whatever the standard says.
pub const LONGEST_ECHO: usize = 2048;

/// The parameter in which a message travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageKind {
    /// `SAMLRequest`.
    Request,
    /// `SAMLResponse`.
    Response,
}

impl MessageKind {
    /// The parameter's name.
    #[must_use]
    pub const fn parameter(self) -> &'static str {
        match self {
            Self::Request => "SAMLRequest",
            Self::Response => "SAMLResponse",
        }
    }
}

/// Why a message cannot be sent or read.
#[derive(Debug, thiserror::Error)]
pub enum BindingError {
    /// Our own `RelayState` is longer than the standard allows.
    #[error("the RelayState has {0} bytes; {LONGEST_RELAY_STATE} are allowed")]
    RelayStateTooLong(usize),
    /// The message could not be packed.
    #[error("the message could not be packed: {0}")]
    Pack(std::io::Error),
    /// The message could not be signed.
    #[error("the message could not be signed: {0}")]
    Sign(#[from] SignError),
    /// A parameter stands twice, or both a request and a response are there.
    #[error("the parameter {0} stands more than once, or beside its counterpart")]
    Ambiguous(&'static str),
    /// There is neither `SAMLRequest` nor `SAMLResponse`.
    #[error("there is neither a SAMLRequest nor a SAMLResponse")]
    NoMessage,
    /// Percent-encoding, base64, DEFLATE or UTF-8 is broken.
    #[error("the parameter {0} is damaged")]
    Damaged(&'static str),
    /// An encoding other than DEFLATE is named.
    #[error("the SAMLEncoding is not DEFLATE")]
    UnknownEncoding,
    /// The message is larger than [`LARGEST_MESSAGE`] once unpacked.
    #[error("the message has more than {LARGEST_MESSAGE} bytes once unpacked")]
    TooLarge,
    /// One of `Signature` and `SigAlg` is there without the other.
    #[error("Signature and SigAlg must stand together")]
    HalfSigned,
}

impl BindingError {
    /// The stable code of the error.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::RelayStateTooLong(_) => "saml.relay_state_too_long",
            Self::Pack(_) | Self::Sign(_) => "saml.message_not_sent",
            Self::Ambiguous(_) => "saml.parameter_ambiguous",
            Self::NoMessage => "saml.message_missing",
            Self::Damaged(_) => "saml.message_damaged",
            Self::UnknownEncoding => "saml.encoding_unknown",
            Self::TooLarge => "saml.message_too_large",
            Self::HalfSigned => "saml.signature_incomplete",
        }
    }
}

/// The URL that carries a message by HTTP-Redirect.
///
/// With a key it is signed, with RSA or ECDSA and SHA-256. `location` may
/// have a query, which stays in front as it is.
///
/// # Errors
/// A `RelayState` that is too long; a key that does not sign.
pub fn redirect_url(
    location: &str,
    kind: MessageKind,
    xml: &str,
    relay_state: Option<&str>,
    key: Option<&PKey<Private>>,
) -> Result<String, BindingError> {
    check_relay_state(kind, relay_state)?;
    let mut query = format!(
        "{}={}",
        kind.parameter(),
        percent_encoded(&STANDARD.encode(deflated(xml)?))
    );
    if let Some(state) = relay_state {
        query.push_str("&RelayState=");
        query.push_str(&percent_encoded(state));
    }
    if let Some(key) = key {
        query.push_str("&SigAlg=");
        query.push_str(&percent_encoded(signature::algorithm_of(key)?));
        let value = signature::sign_octets(key, query.as_bytes())?;
        query.push_str("&Signature=");
        query.push_str(&percent_encoded(&STANDARD.encode(value)));
    }
    Ok(appended(location, &query))
}

/// The fields of the form that carries a message by HTTP-POST, before any
/// escaping for HTML.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PostForm {
    /// Where the form is sent to.
    pub action: String,
    /// The name of the field with the message: `SAMLRequest` or
    /// `SAMLResponse`.
    pub parameter: &'static str,
    /// The message in base64.
    pub message: String,
    /// The `RelayState`.
    pub relay_state: Option<String>,
}

/// A key pair to sign with.
#[derive(Clone, Copy, Debug)]
pub struct Signer<'a> {
    /// The private key.
    pub key: &'a PKey<Private>,
    /// Its certificate, for `KeyInfo`.
    pub certificate: Option<&'a X509>,
}

/// The form that carries a message by HTTP-POST. With a signer the element
/// whose ID is `id` gets an enveloped signature.
///
/// # Errors
/// A `RelayState` that is too long; a key that does not sign.
pub fn post_form(
    location: &str,
    kind: MessageKind,
    xml: &str,
    id: &str,
    relay_state: Option<&str>,
    signer: Option<Signer<'_>>,
) -> Result<PostForm, BindingError> {
    check_relay_state(kind, relay_state)?;
    let message = match signer {
        None => STANDARD.encode(xml),
        Some(Signer { key, certificate }) => {
            STANDARD.encode(signature::sign_enveloped(xml, id, key, certificate)?)
        }
    };
    Ok(PostForm {
        action: location.to_owned(),
        parameter: kind.parameter(),
        message,
        relay_state: relay_state.map(str::to_owned),
    })
}

const fn check_relay_state(
    kind: MessageKind,
    relay_state: Option<&str>,
) -> Result<(), BindingError> {
    // What an answer carries is the asker's own.
    let longest = match kind {
        MessageKind::Request => LONGEST_RELAY_STATE,
        MessageKind::Response => LONGEST_ECHO,
    };
    match relay_state {
        Some(state) if state.len() > longest => Err(BindingError::RelayStateTooLong(state.len())),
        _ => Ok(()),
    }
}

/// A query put behind whatever query an address has.
fn appended(location: &str, query: &str) -> String {
    let separator = match location.split_once('?') {
        None => "?",
        Some((_, existing)) if existing.is_empty() || existing.ends_with('&') => "",
        Some(_) => "&",
    };
    format!("{location}{separator}{query}")
}

fn deflated(xml: &str) -> Result<Vec<u8>, BindingError> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    encoder
        .write_all(xml.as_bytes())
        .map_err(BindingError::Pack)?;
    encoder.finish().map_err(BindingError::Pack)
}

/// Everything but the unreserved characters (RFC 3986 §2.3): `%20` for a space
/// too, because some IdPs do not read `+`.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

fn percent_encoded(text: &str) -> String {
    utf8_percent_encode(text, RESERVED).to_string()
}

#[cfg(test)]
mod tests;
