//! Reading what came by HTTP-Redirect.

use std::io::Read as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::read::DeflateDecoder;

use super::{BindingError, LARGEST_MESSAGE, MessageKind};

/// The one encoding of HTTP-Redirect that the standard defines (§3.4.4.1).
pub(super) const DEFLATE: &str = "urn:oasis:names:tc:SAML:2.0:bindings:URL-Encoding:DEFLATE";

/// What came by HTTP-Redirect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RedirectMessage {
    /// Whether it is a request or a response.
    pub kind: MessageKind,
    /// The message.
    pub xml: String,
    /// The `RelayState`.
    pub relay_state: Option<String>,
    /// The signature; nothing is verified here.
    pub signature: Option<RedirectSignature>,
}

/// A signature of HTTP-Redirect, still to be verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RedirectSignature {
    /// The URI of the algorithm.
    pub algorithm: String,
    /// The signature's value.
    pub value: Vec<u8>,
    /// The octets that it must cover.
    pub signed: Vec<u8>,
}

/// Reads the raw query of a request that came by HTTP-Redirect.
///
/// Parameters that the binding does not know are passed over.
///
/// # Errors
/// See [`BindingError`]; a message that unpacks to more than
/// [`LARGEST_MESSAGE`] is not unpacked any further.
pub fn read_redirect(query: &str) -> Result<RedirectMessage, BindingError> {
    let parameters = Parameters::read(query)?;
    let (kind, raw) = match (parameters.request, parameters.response) {
        (Some(raw), None) => (MessageKind::Request, raw),
        (None, Some(raw)) => (MessageKind::Response, raw),
        (None, None) => return Err(BindingError::NoMessage),
        (Some(_), Some(_)) => return Err(BindingError::Ambiguous("SAMLRequest")),
    };
    if let Some(encoding) = parameters.encoding
        && decoded("SAMLEncoding", encoding)? != DEFLATE
    {
        return Err(BindingError::UnknownEncoding);
    }
    let packed = from_base64(kind.parameter(), raw)?;
    let xml = inflated(kind.parameter(), &packed)?;
    let relay_state = parameters
        .relay_state
        .map(|raw| decoded("RelayState", raw))
        .transpose()?;
    let signature = match (parameters.algorithm, parameters.signature) {
        (None, None) => None,
        (Some(algorithm), Some(value)) => {
            let relay_state = parameters
                .relay_state
                .map(|raw| format!("&RelayState={raw}"))
                .unwrap_or_default();
            Some(RedirectSignature {
                algorithm: decoded("SigAlg", algorithm)?,
                value: from_base64("Signature", value)?,
                signed: format!("{}={raw}{relay_state}&SigAlg={algorithm}", kind.parameter())
                    .into_bytes(),
            })
        }
        _ => return Err(BindingError::HalfSigned),
    };
    Ok(RedirectMessage {
        kind,
        xml,
        relay_state,
        signature,
    })
}

/// The binding's parameters as they stand in the query, still encoded.
#[derive(Default)]
struct Parameters<'q> {
    request: Option<&'q str>,
    response: Option<&'q str>,
    relay_state: Option<&'q str>,
    algorithm: Option<&'q str>,
    signature: Option<&'q str>,
    encoding: Option<&'q str>,
}

impl<'q> Parameters<'q> {
    fn read(query: &'q str) -> Result<Self, BindingError> {
        let mut found = Self::default();
        for pair in query.split('&') {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let (slot, name) = match name {
                "SAMLRequest" => (&mut found.request, "SAMLRequest"),
                "SAMLResponse" => (&mut found.response, "SAMLResponse"),
                "RelayState" => (&mut found.relay_state, "RelayState"),
                "SigAlg" => (&mut found.algorithm, "SigAlg"),
                "Signature" => (&mut found.signature, "Signature"),
                "SAMLEncoding" => (&mut found.encoding, "SAMLEncoding"),
                _ => continue,
            };
            // Without its `=` a parameter would stand otherwise in the octets that
            // a signature covers than in the query.
            if !pair.contains('=') {
                return Err(BindingError::Damaged(name));
            }
            if slot.replace(value).is_some() {
                return Err(BindingError::Ambiguous(name));
            }
        }
        Ok(found)
    }
}

fn inflated(parameter: &'static str, packed: &[u8]) -> Result<String, BindingError> {
    let mut text = Vec::new();
    // One byte more than allowed tells a message that is too large from one
    // that just fits.
    let cap = LARGEST_MESSAGE as u64 + 1;
    DeflateDecoder::new(packed)
        .take(cap)
        .read_to_end(&mut text)
        .map_err(|_| BindingError::Damaged(parameter))?;
    if text.len() > LARGEST_MESSAGE {
        return Err(BindingError::TooLarge);
    }
    // An empty stream unpacks to nothing; there is no empty message.
    String::from_utf8(text)
        .ok()
        .filter(|xml| !xml.is_empty())
        .ok_or(BindingError::Damaged(parameter))
}

fn from_base64(parameter: &'static str, raw: &str) -> Result<Vec<u8>, BindingError> {
    // A `+` in base64 that its sender forgot to encode is no space.
    let mut text = decoded(parameter, &raw.replace('+', "%2B"))?;
    text.retain(|c| !c.is_ascii_whitespace());
    STANDARD
        .decode(text)
        .map_err(|_| BindingError::Damaged(parameter))
}

/// Undoes percent-encoding, `+` for a space included.
pub(super) fn decoded(parameter: &'static str, raw: &str) -> Result<String, BindingError> {
    let damaged = || BindingError::Damaged(parameter);
    let mut bytes = raw.bytes();
    let mut out = Vec::with_capacity(raw.len());
    while let Some(byte) = bytes.next() {
        out.push(match byte {
            b'+' => b' ',
            b'%' => {
                let mut digit = || {
                    let c = char::from(bytes.next()?);
                    c.to_digit(16).and_then(|d| u8::try_from(d).ok())
                };
                let high = digit().ok_or_else(damaged)?;
                let low = digit().ok_or_else(damaged)?;
                high << 4 | low
            }
            other => other,
        });
    }
    String::from_utf8(out).map_err(|_| damaged())
}
