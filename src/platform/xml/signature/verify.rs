//! Reading a `ds:Signature` strictly, and verifying it.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::algorithm::{Algorithm, Hash};
use super::key::{VerifyKey, fingerprint};
use super::{DSIG_NAMESPACE, SignatureError};
use crate::platform::xml::Node;
use crate::platform::xml::c14n::{EXCLUSIVE_NAMESPACE, Method, canonicalize};

const ENVELOPED: &str = "http://www.w3.org/2000/09/xmldsig#enveloped-signature";

/// The longest `PrefixList`. As many namespaces may be in scope in a message;
/// a longer list names what is not there, and is looked through before anything
/// is verified.
const MOST_PREFIXES: usize = 64;

/// A signature as it stands in a message: every part named and allowed,
/// nothing verified yet.
#[derive(Debug)]
pub struct Signature<'d> {
    node: Node<'d>,
    signed: Node<'d>,
    signed_info: Node<'d>,
    canonicalization: Method<'d>,
    algorithm: Algorithm,
    transform: Method<'d>,
    digest_hash: Hash,
    digest: Vec<u8>,
    value: Vec<u8>,
}

impl<'d> Signature<'d> {
    /// Reads a `ds:Signature` that must cover its parent element, which an
    /// attribute `ID` names.
    ///
    /// Accepted is what SAML Core §5.4 describes: one `Reference` to the
    /// parent, the transforms enveloped-signature and one canonicalization, an
    /// algorithm of the allow-list, no `Object`, no comments.
    pub fn read(node: Node<'d>, allow_sha1: bool) -> Result<Self, SignatureError> {
        let signed = node.parent().ok_or(malformed("Signature"))?;
        if node.has_comments() {
            return Err(SignatureError::Comment);
        }
        if node.descendants().any(|n| n.is(DSIG_NAMESPACE, "Object")) {
            return Err(SignatureError::Object);
        }
        let mut parts = Parts::of(node, "Signature")?;
        let signed_info = parts.next("SignedInfo")?;
        let value = parts.next("SignatureValue")?;
        parts.skip("KeyInfo");
        parts.done()?;

        let mut parts = Parts::of(signed_info, "SignedInfo")?;
        let canonicalization = read_method(parts.next("CanonicalizationMethod")?)?;
        let method = parts.next("SignatureMethod")?;
        let reference = parts.next("Reference")?;
        parts.done()?;
        // HMACOutputLength and RSAPSSParams would be children.
        Parts::of(method, "SignatureMethod")?.done()?;
        let algorithm = Algorithm::from_uri(algorithm_attribute(method)?, allow_sha1)?;

        check_reference(reference, signed)?;
        let mut parts = Parts::of(reference, "Reference")?;
        let transform = read_transforms(parts.next("Transforms")?)?;
        let digest_method = parts.next("DigestMethod")?;
        let digest = parts.next("DigestValue")?;
        parts.done()?;
        Parts::of(digest_method, "DigestMethod")?.done()?;
        let digest_hash = Hash::from_digest_uri(algorithm_attribute(digest_method)?, allow_sha1)?;
        Ok(Self {
            node,
            signed,
            signed_info,
            canonicalization,
            algorithm,
            transform,
            digest_hash,
            digest: read_base64(digest, "DigestValue")?,
            value: read_base64(value, "SignatureValue")?,
        })
    }

    /// The element that the signature covers.
    #[must_use]
    pub const fn signed(&self) -> Node<'d> {
        self.signed
    }

    /// Verifies the signature with pinned keys, and returns the octets that it
    /// was made over: the canonical form of the covered element without the
    /// signature. They, and nothing else, may be believed.
    ///
    /// `SignedInfo` comes first: nothing larger is processed for a stranger.
    pub fn verify(&self, keys: &[VerifyKey]) -> Result<String, SignatureError> {
        if keys.is_empty() {
            return Err(SignatureError::NoKey);
        }
        let signed_info = canonicalize(self.signed_info, &self.canonicalization, None)?;
        let digest = self.algorithm.hash.of(signed_info.as_bytes());
        let mut fitting = keys.iter().filter(|k| k.fits(self.algorithm)).peekable();
        if fitting.peek().is_none() {
            return Err(SignatureError::KeyKind);
        }
        if !fitting.any(|key| key.verifies(self.algorithm, digest.as_slice(), &self.value)) {
            return Err(SignatureError::Invalid {
                pinned: keys.iter().map(|k| k.fingerprint().to_owned()).collect(),
                received: self.certificate_fingerprints(),
            });
        }
        let octets = canonicalize(self.signed, &self.transform, Some(self.node))?;
        if !self
            .digest_hash
            .is_digest_of(&self.digest, octets.as_bytes())
        {
            return Err(SignatureError::Digest);
        }
        Ok(octets)
    }

    /// The SHA-256 fingerprints of the certificates in `KeyInfo`. They tell an
    /// administrator which certificate the sender used, and serve for nothing
    /// else.
    #[must_use]
    pub fn certificate_fingerprints(&self) -> Vec<String> {
        self.node
            .descendants()
            .filter(|n| n.is(DSIG_NAMESPACE, "X509Certificate"))
            .filter_map(|n| read_base64(n, "X509Certificate").ok())
            .map(|der| fingerprint(&der))
            .take(8)
            .collect()
    }
}

/// Verifies a signature over octets (the HTTP-Redirect binding, SAML Bindings
/// §3.4.4.1) with pinned keys.
///
/// # Errors
/// An algorithm that is not on the allow-list; no pinned key made it.
pub fn verify_octets(
    keys: &[VerifyKey],
    algorithm: &str,
    allow_sha1: bool,
    octets: &[u8],
    value: &[u8],
) -> Result<(), SignatureError> {
    if keys.is_empty() {
        return Err(SignatureError::NoKey);
    }
    let algorithm = Algorithm::from_uri(algorithm, allow_sha1)?;
    let digest = algorithm.hash.of(octets);
    let mut fitting = keys.iter().filter(|k| k.fits(algorithm)).peekable();
    if fitting.peek().is_none() {
        return Err(SignatureError::KeyKind);
    }
    if fitting.any(|key| key.verifies(algorithm, digest.as_slice(), value)) {
        return Ok(());
    }
    Err(SignatureError::Invalid {
        pinned: keys.iter().map(|k| k.fingerprint().to_owned()).collect(),
        received: Vec::new(),
    })
}

/// XML-DSig §4.4.3; SAML Core §5.4.2: one reference, to the parent by its ID.
fn check_reference(reference: Node<'_>, signed: Node<'_>) -> Result<(), SignatureError> {
    let id = signed.attr("ID").unwrap_or_default();
    let uri = reference.attr("URI");
    if !id.is_empty() && uri.and_then(|uri| uri.strip_prefix('#')) == Some(id) {
        return Ok(());
    }
    Err(SignatureError::Reference {
        expected: format!("#{id}"),
        received: uri.map(|uri| uri.chars().take(256).collect()),
    })
}

/// SAML Core §5.4.4: enveloped-signature, then at most one canonicalization.
fn read_transforms(transforms: Node<'_>) -> Result<Method<'_>, SignatureError> {
    let mut parts = Parts::of(transforms, "Transforms")?;
    let enveloped = parts.next("Transform")?;
    let uri = algorithm_attribute(enveloped)?;
    if uri != ENVELOPED {
        return Err(SignatureError::Transform {
            uri: uri.chars().take(256).collect(),
        });
    }
    Parts::of(enveloped, "Transform")?.done()?;
    let Some(second) = parts.optional("Transform") else {
        parts.done()?;
        // XML-DSig §4.4.3.2: a node-set becomes octets by Canonical XML 1.0.
        return Ok(Method::from_uri(
            "http://www.w3.org/TR/2001/REC-xml-c14n-20010315",
        )?);
    };
    parts.done()?;
    // §4.4.3.3: "#id" stands for the element without comments, so that a
    // method "with comments" finds none.
    Ok(read_method(second)?.without_comments())
}

/// A canonicalization method with its `PrefixList`, if it has one.
fn read_method(node: Node<'_>) -> Result<Method<'_>, SignatureError> {
    let uri = algorithm_attribute(node)?;
    let method = Method::from_uri(uri).map_err(|_| SignatureError::Transform {
        uri: uri.chars().take(256).collect(),
    })?;
    let mut children = node.children();
    match (children.next(), children.next()) {
        (None, _) => Ok(method),
        (Some(list), None)
            if method.is_exclusive() && list.is(EXCLUSIVE_NAMESPACE, "InclusiveNamespaces") =>
        {
            let prefixes = list.attr("PrefixList").unwrap_or_default();
            let many = prefixes.split_ascii_whitespace().nth(MOST_PREFIXES);
            if many.is_some() || list.children().next().is_some() {
                return Err(malformed("PrefixList"));
            }
            Ok(method.with_prefix_list(prefixes))
        }
        _ => Err(malformed("canonicalization parameters")),
    }
}

fn algorithm_attribute(node: Node<'_>) -> Result<&str, SignatureError> {
    node.attr("Algorithm").ok_or(malformed("Algorithm"))
}

fn read_base64(node: Node<'_>, what: &'static str) -> Result<Vec<u8>, SignatureError> {
    decode_base64(node).ok_or(malformed(what))
}

/// The octets that an element holds as base64, white space and all; `None`
/// when it holds anything else, or nothing.
pub(in crate::platform::xml) fn decode_base64(node: Node<'_>) -> Option<Vec<u8>> {
    if node.children().next().is_some() {
        return None;
    }
    let text = node.text();
    let is_space = |c: char| matches!(c, ' ' | '\t' | '\n' | '\r');
    let packed: Cow<'_, str> = if text.contains(is_space) {
        Cow::Owned(text.split(is_space).collect())
    } else {
        text
    };
    let octets = STANDARD.decode(packed.as_bytes()).ok()?;
    (!octets.is_empty()).then_some(octets)
}

const fn malformed(part: &'static str) -> SignatureError {
    SignatureError::Malformed { part }
}

/// The children of an element in the order of the schema, none passed over.
struct Parts<'d> {
    children: std::iter::Peekable<crate::platform::xml::tree::Children<'d>>,
    part: &'static str,
}

impl<'d> Parts<'d> {
    fn of(node: Node<'d>, part: &'static str) -> Result<Self, SignatureError> {
        let blank = |text: &str| {
            text.bytes()
                .all(|b| matches!(b, b' ' | b'\t' | b'\n' | b'\r'))
        };
        if !node.is(DSIG_NAMESPACE, part) || !blank(&node.text()) {
            return Err(malformed(part));
        }
        Ok(Self {
            children: node.children().peekable(),
            part,
        })
    }

    fn next(&mut self, name: &'static str) -> Result<Node<'d>, SignatureError> {
        self.optional(name).ok_or(malformed(name))
    }

    fn optional(&mut self, name: &'static str) -> Option<Node<'d>> {
        self.children.next_if(|n| n.is(DSIG_NAMESPACE, name))
    }

    fn skip(&mut self, name: &'static str) {
        let _ = self.optional(name);
    }

    fn done(mut self) -> Result<(), SignatureError> {
        match self.children.next() {
            None => Ok(()),
            Some(_) => Err(malformed(self.part)),
        }
    }
}
