//! From a form field to a person: decode, look at the shape, verify, read.
//!
//! [`decode`] parses; [`Decoded::peek`] gives the one thing that is looked at
//! unverified, the id of the request, to find the sign-in it answers;
//! [`Decoded::verify`] does the rest. What it returns comes from octets whose
//! hash a pinned key signed: they are parsed again, by the same strict parser,
//! and nothing else is read. An encrypted assertion is decrypted and passes the
//! same gate.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use openssl::pkey::{PKey, Private};

use super::error::{Level, SamlError};
use super::gate::{self, ASSERTION, Content};
use super::meaning;
use crate::domain::Timestamp;
use crate::domain::provider::SamlSettings;
use crate::platform::xml::c14n::{Method, canonicalize};
use crate::platform::xml::encryption::EncryptedData;
use crate::platform::xml::signature::{Signature, VerifyKey};
use crate::platform::xml::{Document, Limits, Node};
pub use crate::sessions::rows::NameId;

/// The longest `SAMLResponse` form field that is decoded, in characters.
pub const MAXIMUM_FIELD: usize = 256 * 1024;

/// Canonical octets can be longer than what they were made from: characters are
/// escaped and namespaces repeated.
pub(super) const VERIFIED: Limits = Limits {
    bytes: 4 * 1024 * 1024,
    ..Limits::MESSAGE
};

/// What a response says of itself, unverified: good for finding the sign-in
/// transaction and for nothing else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peek {
    /// The id of the request that it claims to answer.
    pub in_response_to: Option<String>,
    /// Its own id.
    pub id: String,
    /// The id of its assertion, where that is in clear.
    pub assertion_id: Option<String>,
}

/// A response that is well-formed XML, and unverified.
#[derive(Clone, Debug)]
pub struct Decoded(Document);

/// What a response must agree with. None of it comes from the message.
#[derive(Clone, Copy, Debug)]
pub struct Expectations<'a> {
    /// The IdP's pinned entity ID.
    pub idp_entity_id: &'a str,
    /// Our own entity ID for this provider.
    pub sp_entity_id: &'a str,
    /// The URL at which the response arrived, as our metadata has it.
    pub acs_url: &'a str,
    /// The id of the request that the sign-in transaction sent.
    pub in_response_to: &'a str,
    /// When that request was sent.
    pub request_issued_at: Timestamp,
    /// The present moment.
    pub now: Timestamp,
    /// How far the two clocks may differ, in seconds; at most 120.
    pub max_skew_seconds: i64,
    /// The provider's pinned keys.
    pub keys: &'a [VerifyKey],
    /// Whether SHA-1 in signatures and digests is accepted.
    pub allow_sha1: bool,
    /// Our own keys for this provider, to decrypt assertions with.
    pub decryption_keys: &'a [PKey<Private>],
    /// What the admin asks for beyond the standard's own rules.
    pub demands: Demands<'a>,
}

/// What a provider's settings ask of an answer; by default, nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Demands<'a> {
    /// `require_encryption`: an assertion in clear is refused.
    pub encrypted: bool,
    /// `force_authn`: the person was authenticated for this request, not before
    /// (SAML Core §3.4.1).
    pub fresh: bool,
    /// `requested_authn_context`: the authentication context is one of these,
    /// where there are any (SAML Core §3.3.2.2.1, `exact`).
    pub contexts: &'a [String],
}

impl<'a> Demands<'a> {
    /// What these settings ask.
    #[must_use]
    pub fn of(settings: &'a SamlSettings) -> Self {
        Self {
            encrypted: settings.require_encryption,
            fresh: settings.force_authn,
            contexts: &settings.requested_authn_context,
        }
    }
}

/// An attribute of the subject (SAML Core §2.7.3.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attribute {
    /// Its name.
    pub name: String,
    /// Its name for people.
    pub friendly_name: Option<String>,
    /// The URI that says how the name is to be read.
    pub name_format: Option<String>,
    /// Its values without the white space around them. Empty ones, and those
    /// that hold other markup than a NameID, are left out.
    pub values: Vec<String>,
}

/// What a verified response says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// The assertion's ID, for the replay table.
    pub assertion_id: String,
    /// Who the subject is, if the IdP says so by NameID.
    pub name_id: Option<NameId>,
    /// The IdP's name for its session, for single logout.
    pub session_index: Option<String>,
    /// When the session here has to end at the latest.
    pub session_not_on_or_after: Option<Timestamp>,
    /// When the person was authenticated.
    pub authn_instant: Timestamp,
    /// How: an authentication context class.
    pub authn_context: Option<String>,
    /// What else the IdP says of the person.
    pub attributes: Vec<Attribute>,
    /// Until when the assertion could be presented again.
    pub replay_until: Timestamp,
}

/// Decodes and parses the `SAMLResponse` of an HTTP-POST (SAML Bindings §3.5.4).
pub fn decode(saml_response: &str) -> Result<Decoded, SamlError> {
    if saml_response.len() > MAXIMUM_FIELD {
        return Err(SamlError::TooLarge {
            size: saml_response.len(),
            limit: MAXIMUM_FIELD,
        });
    }
    let octets = STANDARD
        .decode(without_space(saml_response).as_bytes())
        .map_err(|_| SamlError::Base64)?;
    let text = std::str::from_utf8(&octets).map_err(|_| SamlError::Utf8)?;
    let document = Document::parse_within(text, &Limits::MESSAGE)?;
    gate::check_root(document.root())?;
    Ok(Decoded(document))
}

fn without_space(text: &str) -> Cow<'_, str> {
    // Without a way out of the inner loop, so that it becomes vector
    // instructions; every character of base64 is greater than a space.
    let has_space = |chunk: &[u8]| chunk.iter().fold(u8::MAX, |low, b| low.min(*b)) <= b' ';
    if text.as_bytes().chunks(64).any(has_space) {
        Cow::Owned(text.split([' ', '\t', '\n', '\r']).collect())
    } else {
        Cow::Borrowed(text)
    }
}

impl Decoded {
    /// What is looked at before anything is verified.
    #[must_use]
    pub fn peek(&self) -> Peek {
        let root = self.0.root();
        Peek {
            in_response_to: root.attr("InResponseTo").map(str::to_owned),
            id: root.attr("ID").unwrap_or_default().to_owned(),
            assertion_id: root
                .child(ASSERTION, "Assertion")
                .and_then(|assertion| assertion.attr("ID"))
                .map(str::to_owned),
        }
    }

    /// Whether the assertion is encrypted, as far as the message says.
    #[must_use]
    pub fn is_encrypted(&self) -> bool {
        self.0
            .root()
            .child(ASSERTION, "EncryptedAssertion")
            .is_some()
    }

    /// The document as it came, unverified: for an administrator's eyes.
    pub(super) const fn document(&self) -> &Document {
        &self.0
    }

    /// The XML text as it came, unverified: for an administrator's eyes.
    #[must_use]
    pub fn xml(&self) -> &str {
        self.0.source()
    }

    /// Whether checking it takes less than handing it to another thread and back:
    /// it has the usual size, and nothing has to be decrypted.
    #[must_use]
    pub fn is_light(&self) -> bool {
        const USUAL: usize = 8 * 1024;
        let is_sealed = || self.0.elements().any(|e| e.name().starts_with("Encrypted"));
        self.0.source().len() <= USUAL && !is_sealed()
    }

    /// The same without what could be used again.
    #[must_use]
    pub fn redacted(&self) -> String {
        super::redact::redacted(&self.0)
    }

    /// Verifies the response, and reads what it says.
    pub fn verify(&self, expect: &Expectations<'_>) -> Result<Verified, SamlError> {
        let gated = gate::check(&self.0, expect.allow_sha1)?;
        let signed = match &gated.response_signature {
            Some(signature) => Some(verify(signature, Level::Response, expect)?),
            None => None,
        };
        // Both signatures must hold where there are two: the inner one is no
        // decoration.
        let assertion = match &gated.content {
            Content::Plain(Some(signature)) => Some(verify(signature, Level::Assertion, expect)?),
            Content::Plain(None) | Content::Encrypted(_) => None,
        };
        if expect.demands.encrypted && matches!(gated.content, Content::Plain(_)) {
            return Err(SamlError::NotEncrypted);
        }
        let response = signed.as_ref().map_or(gated.response, Document::root);
        meaning::check_response(response, signed.is_some(), expect)?;
        match (&gated.content, &signed, &assertion) {
            (Content::Encrypted(holder), None, _) => {
                // One error for all that can go wrong from the decryption to
                // the signature: a stranger who may try learns nothing.
                let opened = open(*holder, expect, false)?;
                let assertion = opened.map_err(|_| SamlError::Decryption)?;
                meaning::read_assertion(assertion.root(), expect)
            }
            (Content::Encrypted(_), Some(signed), _) => {
                let holder = child(signed.root(), "EncryptedAssertion")?;
                let assertion = open(holder, expect, true)??;
                meaning::read_assertion(assertion.root(), expect)
            }
            (Content::Plain(_), Some(signed), _) => {
                meaning::read_assertion(child(signed.root(), "Assertion")?, expect)
            }
            (Content::Plain(_), None, Some(assertion)) => {
                meaning::read_assertion(assertion.root(), expect)
            }
            (Content::Plain(_), None, None) => Err(SamlError::SignatureMissing),
        }
    }
}

fn child<'d>(response: Node<'d>, name: &str) -> Result<Node<'d>, SamlError> {
    response
        .child(ASSERTION, name)
        .ok_or(SamlError::AssertionMissing)
}

/// Verifies a signature, and parses the octets that it covers.
fn verify(
    signature: &Signature<'_>,
    level: Level,
    expect: &Expectations<'_>,
) -> Result<Document, SamlError> {
    let octets = signature
        .verify(expect.keys)
        .map_err(|error| SamlError::Signature { level, error })?;
    Ok(Document::parse_within(&octets, &VERIFIED)?)
}

/// Decrypts an assertion and verifies the signature in it, which may be missing
/// only where the response's signature covers the ciphertext.
///
/// The outer result is what anybody can see without our keys.
fn open(
    holder: Node<'_>,
    expect: &Expectations<'_>,
    covered: bool,
) -> Result<Result<Document, SamlError>, SamlError> {
    if expect.decryption_keys.is_empty() {
        return Err(SamlError::EncryptedAssertionUnsupported);
    }
    let data = EncryptedData::read(holder).map_err(SamlError::Encryption)?;
    Ok(data
        .decrypt(expect.decryption_keys)
        .map_err(|_| SamlError::Decryption)
        .and_then(|decrypted| {
            let opened = read_decrypted(holder, &decrypted.octets, expect, covered);
            if decrypted.sound {
                opened
            } else {
                Err(SamlError::Decryption)
            }
        }))
}

/// Opens an encrypted assertion without believing a word of it: for an
/// administrator who looks at a message, never for a login, to which the answer
/// would be an oracle.
pub(super) fn open_to_look(holder: Node<'_>, keys: &[PKey<Private>]) -> Option<Document> {
    let data = EncryptedData::read(holder).ok()?;
    let decrypted = data.decrypt(keys).ok().filter(|d| d.sound)?;
    let text = std::str::from_utf8(&decrypted.octets).ok()?;
    Document::parse_within(&in_place(holder, text), &VERIFIED).ok()
}

fn read_decrypted(
    holder: Node<'_>,
    octets: &[u8],
    expect: &Expectations<'_>,
    covered: bool,
) -> Result<Document, SamlError> {
    let text = std::str::from_utf8(octets).map_err(|_| SamlError::Utf8)?;
    let document = Document::parse_within(&in_place(holder, text), &VERIFIED)?;
    let (assertion, signature) = gate::check_decrypted(&document, expect.allow_sha1)?;
    match signature {
        Some(signature) => verify(&signature, Level::Assertion, expect),
        None if covered => {
            let octets = canonicalize(assertion, &Method::EXCLUSIVE, None);
            let octets = octets.map_err(|_| SamlError::Decryption)?;
            Ok(Document::parse_within(&octets, &VERIFIED)?)
        }
        None => Err(SamlError::SignatureMissing),
    }
}

/// XML Encryption §4.4: the plaintext takes the place of what was encrypted, so
/// that the namespaces declared around it are in scope. Their names are URIs
/// without characters that would need escaping.
pub(super) fn in_place(holder: Node<'_>, text: &str) -> String {
    // Some encryptors put an XML declaration before the element.
    let text = match text.strip_prefix("<?xml ") {
        Some(rest) => rest.split_once("?>").map_or(text, |(_, element)| element),
        None => text,
    };
    let mut out = String::with_capacity(text.len() + 512);
    out.push_str("<plaintext");
    for (prefix, uri) in holder.namespaces_in_scope() {
        out.push_str(if prefix.is_empty() {
            " xmlns"
        } else {
            " xmlns:"
        });
        out.push_str(prefix);
        out.push_str("=\"");
        out.push_str(uri);
        out.push('"');
    }
    out.push('>');
    out.push_str(text);
    out.push_str("</plaintext>");
    out
}
