//! Logout messages that come: the same strict tree, the same pinned keys and
//! the same signatures as for logins.
//!
//! By HTTP-POST what is read is parsed again from the octets that the signature
//! covers. By HTTP-Redirect the signature covers the octets of the query, and
//! with them the whole message.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use openssl::pkey::{PKey, Private};

use super::error::LogoutError;
use super::{Binding, SUCCESS};
use crate::domain::Timestamp;
use crate::domain::address::is_deceptive;
use crate::login::saml::binding::{MessageKind, RedirectSignature, read_redirect};
use crate::login::saml::error::Level;
use crate::login::saml::gate::{self, ASSERTION, PROTOCOL, clip, trimmed};
use crate::login::saml::meaning::MAXIMUM_NAME_ID;
use crate::login::saml::response::{MAXIMUM_FIELD, NameId, VERIFIED, in_place};
use crate::login::saml::time;
use crate::platform::xml::encryption::EncryptedData;
use crate::platform::xml::signature::{DSIG_NAMESPACE, Signature, VerifyKey, verify_octets};
use crate::platform::xml::{Document, Limits, Node};

/// Seconds that a message is good for, whatever it says itself.
const LIFETIME: i64 = 600;

/// What a message must agree with. None of it comes from the message.
#[derive(Clone, Copy, Debug)]
pub struct Expectations<'a> {
    /// The IdP's pinned entity ID.
    pub idp_entity_id: &'a str,
    /// The address at which the message arrived, as our metadata has it.
    pub slo_url: &'a str,
    /// The provider's pinned keys.
    pub keys: &'a [VerifyKey],
    /// Whether SHA-1 is accepted.
    pub allow_sha1: bool,
    /// Our own keys for this provider, to decrypt a NameID with.
    pub decryption_keys: &'a [PKey<Private>],
    /// The present moment.
    pub now: Timestamp,
    /// How far the two clocks may differ, in seconds.
    pub max_skew_seconds: i64,
}

/// A message that is well-formed XML, and unverified.
#[derive(Clone, Debug)]
pub struct Incoming {
    kind: MessageKind,
    document: Document,
    by: By,
    /// What goes back with the answer (Bindings §3.4.3).
    pub relay_state: Option<String>,
}

#[derive(Clone, Debug)]
enum By {
    Redirect(Option<RedirectSignature>),
    Post,
}

/// A verified `LogoutRequest` (Core §3.7.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogoutRequest {
    /// Its `ID`, for the replay memory and the answer.
    pub id: String,
    /// Who is to be signed out.
    pub name_id: NameId,
    /// Which of their sessions; none named are all of them.
    pub session_indexes: Vec<String>,
    /// Until when it could be presented again.
    pub replay_until: Timestamp,
}

/// A verified `LogoutResponse` (Core §3.7.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogoutResponse {
    /// The request that it answers.
    pub in_response_to: String,
    /// Whether the person is signed out everywhere there.
    pub success: bool,
    /// The status codes, outermost first.
    pub status: Vec<String>,
}

impl Incoming {
    /// Reads the raw query of a message that came by HTTP-Redirect.
    pub fn redirect(query: &str) -> Result<Self, LogoutError> {
        let message = read_redirect(query)?;
        Ok(Self {
            kind: message.kind,
            document: Document::parse_within(&message.xml, &Limits::MESSAGE)?,
            by: By::Redirect(message.signature),
            relay_state: message.relay_state,
        })
    }

    /// Reads the field of a message that came by HTTP-POST.
    pub fn post(
        kind: MessageKind,
        field: &str,
        relay_state: Option<String>,
    ) -> Result<Self, LogoutError> {
        if field.len() > MAXIMUM_FIELD {
            return Err(LogoutError::Encoding);
        }
        let packed: String = field.split([' ', '\t', '\n', '\r']).collect();
        let octets = STANDARD.decode(packed).map_err(|_| LogoutError::Encoding)?;
        let text = std::str::from_utf8(&octets).map_err(|_| LogoutError::Encoding)?;
        Ok(Self {
            kind,
            document: Document::parse_within(text, &Limits::MESSAGE)?,
            by: By::Post,
            relay_state,
        })
    }

    /// Whether it is a request or an answer to one.
    #[must_use]
    pub const fn kind(&self) -> MessageKind {
        self.kind
    }

    /// How it came.
    #[must_use]
    pub const fn binding(&self) -> Binding {
        match self.by {
            By::Redirect(_) => Binding::Redirect,
            By::Post => Binding::Post,
        }
    }

    /// The document as it came, unverified: for an administrator's eyes.
    pub(in crate::login::saml) const fn document(&self) -> &Document {
        &self.document
    }

    /// The id of the request that it claims to answer, unverified: good for
    /// what is said to a person, and for nothing else.
    #[must_use]
    pub fn claimed_request(&self) -> Option<&str> {
        self.document.root().attr("InResponseTo")
    }

    /// Verifies a request.
    pub fn request(&self, expect: &Expectations<'_>) -> Result<LogoutRequest, LogoutError> {
        let document = self.verified("LogoutRequest", expect)?;
        let root = document.root();
        let ends = check_meaning(root, expect)?;
        let mut named = root.children().filter(|child| {
            child.namespace() == ASSERTION
                && matches!(child.name(), "NameID" | "EncryptedID" | "BaseID")
        });
        let name_id = match named.next() {
            None => return Err(LogoutError::NameIdMissing),
            Some(node) if node.name() == "NameID" => read_name_id(node)?,
            Some(node) if node.name() == "EncryptedID" => decrypted(node, expect)?,
            Some(node) => return Err(LogoutError::NameIdUnsupported(clip(node.name()))),
        };
        let session_indexes = root
            .children_named(PROTOCOL, "SessionIndex")
            .map(|index| trimmed(index).into_owned())
            .collect();
        Ok(LogoutRequest {
            id: root.attr("ID").unwrap_or_default().to_owned(),
            name_id,
            session_indexes,
            replay_until: ends.plus_seconds(expect.max_skew_seconds),
        })
    }

    /// Verifies an answer.
    pub fn response(&self, expect: &Expectations<'_>) -> Result<LogoutResponse, LogoutError> {
        let document = self.verified("LogoutResponse", expect)?;
        let root = document.root();
        check_meaning(root, expect)?;
        let mut all = root.children_named(PROTOCOL, "Status");
        let (Some(status), None) = (all.next(), all.next()) else {
            return Err(LogoutError::StatusMissing);
        };
        let mut codes = Vec::new();
        let mut outer = status;
        while let Some(code) = only(outer, "StatusCode")? {
            codes.push(clip(code.attr("Value").unwrap_or_default()));
            outer = code;
        }
        if codes.is_empty() {
            return Err(LogoutError::StatusMissing);
        }
        Ok(LogoutResponse {
            in_response_to: root.attr("InResponseTo").unwrap_or_default().to_owned(),
            // With PartialLogout inside, somebody stayed signed in somewhere.
            success: matches!(codes.as_slice(), [code] if code == SUCCESS),
            status: codes,
        })
    }

    /// Shape first, then the signature; what it covers is what is read.
    fn verified(
        &self,
        name: &'static str,
        expect: &Expectations<'_>,
    ) -> Result<Document, LogoutError> {
        let root = self.document.root();
        if !root.is(PROTOCOL, name) {
            return Err(LogoutError::WrongMessage {
                expected: name,
                received: clip(root.name()),
            });
        }
        gate::check_ids(&self.document).map_err(LogoutError::Shape)?;
        gate::check_version(root, Level::Response).map_err(LogoutError::Shape)?;
        check_children(root)?;
        check_hidden(&self.document)?;
        let signature = only_signature(&self.document)?;
        match (&self.by, signature) {
            (By::Post, Some(node)) => {
                let signature = Signature::read(node, expect.allow_sha1);
                let signature = signature.map_err(LogoutError::Signature)?;
                let octets = signature.verify(expect.keys);
                let octets = octets.map_err(LogoutError::Signature)?;
                Ok(Document::parse_within(&octets, &VERIFIED)?)
            }
            (By::Post, None) | (By::Redirect(None), _) => Err(LogoutError::Unsigned),
            // Bindings §3.4.4.1: the signature inside is taken out.
            (By::Redirect(Some(_)), Some(_)) => Err(LogoutError::SignatureMisplaced),
            (By::Redirect(Some(signature)), None) => {
                verify_octets(
                    expect.keys,
                    &signature.algorithm,
                    expect.allow_sha1,
                    &signature.signed,
                    &signature.value,
                )
                .map_err(LogoutError::Signature)?;
                Ok(self.document.clone())
            }
        }
    }
}

/// The children that the schema knows (Core §3.2.1, §3.2.2, §3.7), repeated only
/// where they may be.
fn check_children(root: Node<'_>) -> Result<(), LogoutError> {
    let request = root.name() == "LogoutRequest";
    let mut once = Vec::with_capacity(6);
    for child in root.children() {
        let name = child.name();
        let known = match child.namespace() {
            DSIG_NAMESPACE => name == "Signature",
            ASSERTION => {
                name == "Issuer" || (request && matches!(name, "NameID" | "EncryptedID" | "BaseID"))
            }
            PROTOCOL => match name {
                "Extensions" => true,
                "SessionIndex" => request,
                "Status" => !request,
                _ => false,
            },
            _ => false,
        };
        // Three names for one thing: who is meant.
        let what = match name {
            "EncryptedID" | "BaseID" => "NameID",
            other => other,
        };
        if !known || (what != "SessionIndex" && once.contains(&what)) {
            return Err(LogoutError::Unexpected(clip(name)));
        }
        once.push(what);
    }
    Ok(())
}

/// Nothing that a reader could take for the message, or for who is meant, stands
/// anywhere but where it belongs: wrapped messages are refused, not repaired.
fn check_hidden(document: &Document) -> Result<(), LogoutError> {
    let root = document.root();
    for element in document.elements() {
        let own = element.parent() == Some(root);
        let misplaced = match element.name() {
            "LogoutRequest" | "LogoutResponse" => element != root,
            "Assertion" | "EncryptedAssertion" | "Response" => true,
            "NameID" | "EncryptedID" | "BaseID" | "SessionIndex" | "Issuer" => !own,
            _ => false,
        };
        if misplaced {
            return Err(LogoutError::Unexpected(clip(element.name())));
        }
    }
    Ok(())
}

/// Core §5: the one signature, a child of the message.
fn only_signature(document: &Document) -> Result<Option<Node<'_>>, LogoutError> {
    let mut all = document.elements().filter(|n| n.name() == "Signature");
    match (all.next(), all.next()) {
        (None, _) => Ok(None),
        (Some(node), None)
            if node.namespace() == DSIG_NAMESPACE && node.parent() == Some(document.root()) =>
        {
            Ok(Some(node))
        }
        _ => Err(LogoutError::SignatureMisplaced),
    }
}

fn only<'d>(parent: Node<'d>, name: &'static str) -> Result<Option<Node<'d>>, LogoutError> {
    let mut all = parent.children_named(PROTOCOL, name);
    match (all.next(), all.next()) {
        (found, None) => Ok(found),
        _ => Err(LogoutError::StatusMissing),
    }
}

/// From whom, to whom, when. Answers when the message ends.
fn check_meaning(root: Node<'_>, expect: &Expectations<'_>) -> Result<Timestamp, LogoutError> {
    let issuer = root.child(ASSERTION, "Issuer");
    let issuer = issuer.ok_or(LogoutError::IssuerMissing)?;
    let format = issuer.attr("Format");
    let is_entity = format.is_none_or(|f| f == "urn:oasis:names:tc:SAML:2.0:nameid-format:entity");
    let received = trimmed(issuer);
    if received != expect.idp_entity_id || !is_entity || issuer.children().next().is_some() {
        return Err(LogoutError::IssuerMismatch {
            expected: expect.idp_entity_id.to_owned(),
            received: clip(&received),
        });
    }
    let expected = expect.slo_url.to_owned();
    match root.attr("Destination") {
        Some(destination) if destination == expect.slo_url => {}
        Some(destination) => {
            return Err(LogoutError::DestinationMismatch {
                expected,
                received: clip(destination),
            });
        }
        None => return Err(LogoutError::DestinationMissing { expected }),
    }
    let (now, skew) = (expect.now, expect.max_skew_seconds);
    let made_at = moment(root, "IssueInstant")?.ok_or(LogoutError::TimeInvalid {
        field: "IssueInstant",
        received: String::new(),
    })?;
    if made_at > now.plus_seconds(skew) {
        return Err(LogoutError::Future {
            now,
            received: made_at,
        });
    }
    let ours = made_at.plus_seconds(LIFETIME);
    let theirs = moment(root, "NotOnOrAfter")?;
    let ends = theirs.map_or(ours, |theirs| theirs.min(ours));
    if now >= ends.plus_seconds(skew) {
        return Err(LogoutError::Expired {
            now,
            received: ends,
        });
    }
    Ok(ends)
}

fn moment(node: Node<'_>, field: &'static str) -> Result<Option<Timestamp>, LogoutError> {
    let Some(text) = node.attr(field) else {
        return Ok(None);
    };
    let read = time::parse(text).ok_or_else(|| LogoutError::TimeInvalid {
        field,
        received: clip(text),
    });
    read.map(Some)
}

fn read_name_id(node: Node<'_>) -> Result<NameId, LogoutError> {
    let value = trimmed(node);
    let ok = !value.is_empty()
        && value.chars().count() <= MAXIMUM_NAME_ID
        && !value.chars().any(is_deceptive)
        && node.children().next().is_none();
    if !ok {
        return Err(LogoutError::NameIdInvalid(clip(&value)));
    }
    let attribute = |name| node.attr(name).map(str::to_owned);
    Ok(NameId {
        value: value.into_owned(),
        format: attribute("Format"),
        name_qualifier: attribute("NameQualifier"),
        sp_name_qualifier: attribute("SPNameQualifier"),
    })
}

/// Core §2.2.4. The signature around it has been verified, so that only the IdP
/// ever sees what becomes of a decryption.
fn decrypted(holder: Node<'_>, expect: &Expectations<'_>) -> Result<NameId, LogoutError> {
    let data = EncryptedData::read(holder).map_err(|_| LogoutError::Decryption)?;
    let opened = data.decrypt(expect.decryption_keys);
    let opened = opened.ok().filter(|opened| opened.sound);
    let opened = opened.ok_or(LogoutError::Decryption)?;
    let text = std::str::from_utf8(&opened.octets).map_err(|_| LogoutError::Decryption)?;
    let document = Document::parse_within(&in_place(holder, text), &VERIFIED)?;
    let root = document.root();
    let mut children = root.children();
    match (children.next(), children.next()) {
        (Some(node), None) if node.is(ASSERTION, "NameID") && trimmed(root).is_empty() => {
            read_name_id(node)
        }
        _ => Err(LogoutError::NameIdMissing),
    }
}
