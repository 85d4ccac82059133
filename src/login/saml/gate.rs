//! The gate: which shapes of response are looked at further.
//!
//! It runs over the whole unverified document before any cryptography, knows
//! nothing of keys, and leaves exactly one reading: one assertion, signatures
//! only where they cover what they stand in, no identifier twice. Documents
//! that wrap a genuine assertion in something else are refused, not repaired.

use std::borrow::Cow;
use std::collections::HashSet;

use super::error::{Level, SamlError, StatusRefusal};
use crate::platform::xml::signature::{DSIG_NAMESPACE, Signature};
use crate::platform::xml::{Document, Node};

/// The namespace of assertions (SAML Core §1.2).
pub(super) const ASSERTION: &str = "urn:oasis:names:tc:SAML:2.0:assertion";
/// The namespace of protocol messages (SAML Core §1.2).
pub(super) const PROTOCOL: &str = "urn:oasis:names:tc:SAML:2.0:protocol";
/// The status of a response that says yes (SAML Core §3.2.2.2).
const SUCCESS: &str = "urn:oasis:names:tc:SAML:2.0:status:Success";

/// A response of a shape that may be verified. Nothing of it is verified.
pub(super) struct Gated<'d> {
    /// `samlp:Response`.
    pub(super) response: Node<'d>,
    /// Its signature.
    pub(super) response_signature: Option<Signature<'d>>,
    /// Its one assertion.
    pub(super) content: Content<'d>,
}

/// The assertion of a response.
pub(super) enum Content<'d> {
    /// In clear, with its signature. At least one of it and the response has one.
    Plain(Option<Signature<'d>>),
    /// `saml:EncryptedAssertion`: decrypt it, then [`check_decrypted`].
    Encrypted(Node<'d>),
}

/// Checks the shape of a response.
pub(super) fn check(document: &Document, allow_sha1: bool) -> Result<Gated<'_>, SamlError> {
    let response = document.root();
    check_root(response)?;
    check_ids(document)?;
    check_version(response, Level::Response)?;
    check_status(response)?;
    let content = only_assertion(document)?;
    check_children(response, Level::Response)?;
    let encrypted = content.name() == "EncryptedAssertion";
    if !encrypted {
        check_version(content, Level::Assertion)?;
        check_children(content, Level::Assertion)?;
    }
    let (response_signature, assertion_signature) = signatures(document, content, allow_sha1)?;
    let content = match (encrypted, assertion_signature) {
        (true, _) => Content::Encrypted(content),
        (false, None) if response_signature.is_none() => return Err(SamlError::SignatureMissing),
        (false, signature) => Content::Plain(signature),
    };
    Ok(Gated {
        response,
        response_signature,
        content,
    })
}

/// Checks the shape of a decrypted assertion, which must be all that stands
/// inside `document`'s root. What stands for an assertion in clear stands for it too.
pub(super) fn check_decrypted(
    document: &Document,
    allow_sha1: bool,
) -> Result<(Node<'_>, Option<Signature<'_>>), SamlError> {
    check_ids(document)?;
    let assertion = only_assertion(document)?;
    let root = document.root();
    let alone = root.children().count() == 1 && trimmed(root).is_empty();
    if !alone || assertion.name() != "Assertion" {
        return Err(SamlError::AssertionMisplaced);
    }
    check_version(assertion, Level::Assertion)?;
    check_children(assertion, Level::Assertion)?;
    match signatures(document, assertion, allow_sha1)? {
        (None, signature) => Ok((assertion, signature)),
        (Some(_), _) => Err(SamlError::SignatureMisplaced),
    }
}

/// SAML Core §3.3.3: the root must be a response; everything else is another
/// message or a page.
pub(super) fn check_root(root: Node<'_>) -> Result<(), SamlError> {
    if root.is(PROTOCOL, "Response") {
        return Ok(());
    }
    Err(SamlError::NotAResponse {
        name: clip(root.name()),
        namespace: clip(root.namespace()),
    })
}

/// SAML Core §1.3.4 and XML-DSig's `Id`: whatever any processor might take for
/// an identifier is well-formed and stands once.
pub(super) fn check_ids(document: &Document) -> Result<(), SamlError> {
    let mut seen = HashSet::new();
    for element in document.elements() {
        for attribute in element.attributes() {
            if !attribute.name().eq_ignore_ascii_case("id") {
                continue;
            }
            let id = attribute.value();
            if !is_id(id) {
                return Err(SamlError::IdInvalid { id: clip(id) });
            }
            if !seen.insert(id) {
                return Err(SamlError::IdDuplicate { id: clip(id) });
            }
        }
    }
    Ok(())
}

/// Wider than `xs:ID`, since `OpenSAML` sends some that start with a digit;
/// narrow enough for every URI, file and log.
fn is_id(id: &str) -> bool {
    (1..=256).contains(&id.len())
        && id
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b':' | b'-'))
}

pub(super) fn check_version(node: Node<'_>, level: Level) -> Result<(), SamlError> {
    if node.attr("ID").is_none() {
        return Err(SamlError::IdInvalid { id: String::new() });
    }
    match node.attr("Version") {
        Some("2.0") => Ok(()),
        other => Err(SamlError::Version {
            level,
            received: clip(other.unwrap_or_default()),
        }),
    }
}

/// SAML Core §3.2.2. It comes before the assertion is looked for, since a
/// refusal has none.
pub(super) fn check_status(response: Node<'_>) -> Result<(), SamlError> {
    let mut all = response.children_named(PROTOCOL, "Status");
    let (Some(status), None) = (all.next(), all.next()) else {
        return Err(SamlError::StatusMissing);
    };
    let code = only_status_code(status)?.ok_or(SamlError::StatusMissing)?;
    let value = code.attr("Value").unwrap_or_default();
    let mut nested = Vec::new();
    let mut outer = code;
    while let Some(inner) = only_status_code(outer)? {
        nested.push(clip(inner.attr("Value").unwrap_or_default()));
        outer = inner;
    }
    if value == SUCCESS && nested.is_empty() {
        return Ok(());
    }
    let message = status
        .child(PROTOCOL, "StatusMessage")
        .map(|m| clip(m.text().trim()))
        .filter(|m| !m.is_empty());
    Err(SamlError::Status(StatusRefusal {
        code: clip(value),
        nested,
        message,
    }))
}

fn only_status_code(parent: Node<'_>) -> Result<Option<Node<'_>>, SamlError> {
    let mut codes = parent.children_named(PROTOCOL, "StatusCode");
    match (codes.next(), codes.next()) {
        (code, None) => Ok(code),
        _ => Err(SamlError::StatusMissing),
    }
}

/// Exactly one assertion, wherever one might hide and in whatever namespace.
fn only_assertion(document: &Document) -> Result<Node<'_>, SamlError> {
    let mut found = document
        .elements()
        .filter(|n| matches!(n.name(), "Assertion" | "EncryptedAssertion"));
    let first = found.next().ok_or(SamlError::AssertionMissing)?;
    let others = found.count();
    if others > 0 {
        return Err(SamlError::SeveralAssertions { count: others + 1 });
    }
    if first.namespace() != ASSERTION || first.parent() != Some(document.root()) {
        return Err(SamlError::AssertionMisplaced);
    }
    Ok(first)
}

/// The children that the schemas know (SAML Core §3.2.2, §3.3.3, §2.3.3),
/// those that may not be repeated at most once.
fn check_children(node: Node<'_>, level: Level) -> Result<(), SamlError> {
    let mut once = Vec::with_capacity(8);
    for child in node.children() {
        let name = child.name();
        let (known, repeats) = match (level, child.namespace()) {
            (_, DSIG_NAMESPACE) => (name == "Signature", false),
            (Level::Response, PROTOCOL) => (matches!(name, "Extensions" | "Status"), false),
            (Level::Response, ASSERTION) => (
                matches!(name, "Issuer" | "Assertion" | "EncryptedAssertion"),
                false,
            ),
            (Level::Assertion, ASSERTION) => match name {
                "Issuer" | "Subject" | "Conditions" | "Advice" => (true, false),
                "Statement"
                | "AuthnStatement"
                | "AuthzDecisionStatement"
                | "AttributeStatement" => (true, true),
                _ => (false, false),
            },
            _ => (false, false),
        };
        if !known || (!repeats && once.contains(&name)) {
            return Err(SamlError::Unexpected {
                level,
                name: clip(name),
            });
        }
        once.push(name);
    }
    Ok(())
}

type Pair<'d> = (Option<Signature<'d>>, Option<Signature<'d>>);

/// SAML Core §5: the response's signature and the assertion's, each a direct
/// child of what it covers; no other anywhere.
fn signatures<'d>(
    document: &'d Document,
    content: Node<'d>,
    allow_sha1: bool,
) -> Result<Pair<'d>, SamlError> {
    let named = || document.elements().filter(|n| n.name() == "Signature");
    let count = named().count();
    if count > 2 {
        return Err(SamlError::SeveralSignatures { count });
    }
    let (mut of_response, mut of_assertion) = (None, None);
    for node in named() {
        let parent = node.parent();
        let (slot, level) = if parent == Some(document.root()) {
            (&mut of_response, Level::Response)
        } else if parent == Some(content) && content.name() == "Assertion" {
            (&mut of_assertion, Level::Assertion)
        } else {
            return Err(SamlError::SignatureMisplaced);
        };
        if node.namespace() != DSIG_NAMESPACE {
            return Err(SamlError::SignatureMisplaced);
        }
        let signature = Signature::read(node, allow_sha1);
        *slot = Some(signature.map_err(|error| SamlError::Signature { level, error })?);
    }
    Ok((of_response, of_assertion))
}

/// Text without the XML white space around it.
pub(super) fn trimmed(node: Node<'_>) -> Cow<'_, str> {
    let space = |c: char| matches!(c, ' ' | '\t' | '\n' | '\r');
    match node.text() {
        Cow::Borrowed(text) => Cow::Borrowed(text.trim_matches(space)),
        Cow::Owned(text) => Cow::Owned(text.trim_matches(space).to_owned()),
    }
}

/// As much of a stranger's text as goes into an error.
pub(super) fn clip(text: &str) -> String {
    text.chars().take(256).collect()
}
