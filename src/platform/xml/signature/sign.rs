//! Making signatures: RSA or ECDSA with SHA-256, exclusive canonicalization.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use openssl::ecdsa::EcdsaSig;
use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl::pkey::{Id, PKey, Private};
use openssl::sha::sha256;
use openssl::x509::X509;

use super::DSIG_NAMESPACE;
use crate::platform::xml::c14n::{C14nError, EXCLUSIVE_NAMESPACE, Method, canonicalize};
use crate::platform::xml::{Document, Limits, XmlError};

/// Why no signature was made.
#[derive(Debug, thiserror::Error)]
pub enum SignError {
    /// What is to be signed is no document.
    #[error("what is to be signed cannot be read: {0}")]
    Xml(#[from] XmlError),
    /// What is to be signed has no canonical form.
    #[error("what is to be signed has no canonical form: {0}")]
    C14n(#[from] C14nError),
    /// No element has the given `ID`, or several have.
    #[error("there is not exactly one element with ID {id:?}")]
    NoSuchElement {
        /// The ID.
        id: String,
    },
    /// The key is neither RSA nor an elliptic curve of NIST's.
    #[error("the key is neither an RSA nor an ECDSA key")]
    UnsupportedKey,
    /// OpenSSL refused.
    #[error("signing failed: {0}")]
    Crypto(#[from] ErrorStack),
}

/// Signs the element whose `ID` attribute is `id` and puts the signature into
/// it: after its `Issuer`, or first where there is none (SAML Core §3.2.1, §2.3.3).
///
/// The algorithm is RSA (PKCS #1 1.5) or ECDSA with SHA-256, whichever the key
/// is for, with exclusive canonicalization. A certificate, if given, goes into
/// `KeyInfo`. The rest of the document stays octet for octet as it is.
pub fn sign_enveloped(
    xml: &str,
    id: &str,
    key: &PKey<Private>,
    certificate: Option<&X509>,
) -> Result<String, SignError> {
    let document = Document::parse_within(xml, &Limits::METADATA)?;
    let mut named = document.elements().filter(|n| n.attr("ID") == Some(id));
    let (Some(target), None) = (named.next(), named.next()) else {
        return Err(SignError::NoSuchElement { id: id.to_owned() });
    };
    let canonical = canonicalize(target, &Method::EXCLUSIVE, None)?;
    let digest = STANDARD.encode(sha256(canonical.as_bytes()));
    let algorithm = algorithm_of(key)?;
    let content = format!(
        "<ds:CanonicalizationMethod Algorithm=\"{EXCLUSIVE_NAMESPACE}\"></ds:CanonicalizationMethod>\
         <ds:SignatureMethod Algorithm=\"{algorithm}\"></ds:SignatureMethod>\
         <ds:Reference URI=\"#{id}\"><ds:Transforms>\
         <ds:Transform Algorithm=\"{DSIG_NAMESPACE}enveloped-signature\"></ds:Transform>\
         <ds:Transform Algorithm=\"{EXCLUSIVE_NAMESPACE}\"></ds:Transform></ds:Transforms>\
         <ds:DigestMethod Algorithm=\"http://www.w3.org/2001/04/xmlenc#sha256\"></ds:DigestMethod>\
         <ds:DigestValue>{digest}</ds:DigestValue></ds:Reference></ds:SignedInfo>",
        id = escaped(id),
    );
    // The canonical form of what stands in the document below, where the
    // declaration is the Signature's.
    let signed_info = format!("<ds:SignedInfo xmlns:ds=\"{DSIG_NAMESPACE}\">{content}");
    let value = STANDARD.encode(sign_octets(key, signed_info.as_bytes())?);
    let key_info = match certificate {
        None => String::new(),
        Some(certificate) => format!(
            "<ds:KeyInfo><ds:X509Data><ds:X509Certificate>{}</ds:X509Certificate></ds:X509Data>\
             </ds:KeyInfo>",
            STANDARD.encode(certificate.to_der()?)
        ),
    };
    let signature = format!(
        "<ds:Signature xmlns:ds=\"{DSIG_NAMESPACE}\"><ds:SignedInfo>{content}\
         <ds:SignatureValue>{value}</ds:SignatureValue>{key_info}</ds:Signature>"
    );
    Ok(insert(&document, target, &signature))
}

fn insert(document: &Document, target: crate::platform::xml::Node<'_>, signature: &str) -> String {
    let source = document.source();
    let range = target.source_range();
    let first = target.children().next();
    let (before, middle, after) = match first {
        Some(first) if first.name() == "Issuer" => (first.source_range().end, "", None),
        _ if target.source().ends_with("/>") => (
            range.end - 2,
            ">",
            Some((range.end, format!("</{}>", target.qualified_name()))),
        ),
        _ => (range.start + start_tag_length(target.source()), "", None),
    };
    let mut out = String::with_capacity(source.len() + signature.len() + 64);
    out.push_str(source.get(..before).unwrap_or_default());
    out.push_str(middle);
    out.push_str(signature);
    match after {
        None => out.push_str(source.get(before..).unwrap_or_default()),
        Some((rest, end_tag)) => {
            out.push_str(&end_tag);
            out.push_str(source.get(rest..).unwrap_or_default());
        }
    }
    out
}

/// The length of the start tag with which a well-formed element begins: up to
/// the first `>` outside quotes.
fn start_tag_length(element: &str) -> usize {
    let mut quote = None;
    for (at, byte) in element.bytes().enumerate() {
        match (quote, byte) {
            (None, b'>') => return at + 1,
            (None, b'"' | b'\'') => quote = Some(byte),
            (Some(open), _) if open == byte => quote = None,
            _ => {}
        }
    }
    element.len()
}

fn escaped(id: &str) -> String {
    id.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('"', "&quot;")
}

/// The URI of the algorithm with which [`sign_octets`] signs.
pub fn algorithm_of(key: &PKey<Private>) -> Result<&'static str, SignError> {
    match key.id() {
        Id::RSA => Ok("http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"),
        Id::EC => Ok("http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"),
        _ => Err(SignError::UnsupportedKey),
    }
}

/// The value of a signature over octets: RSA (PKCS #1 1.5) or ECDSA with
/// SHA-256, in the form of XML-DSig.
pub fn sign_octets(key: &PKey<Private>, octets: &[u8]) -> Result<Vec<u8>, SignError> {
    if key.id() == Id::EC {
        let ec = key.ec_key()?;
        let bits = ec.group().order_bits();
        let length = i32::try_from(bits.div_ceil(8)).map_err(|_| SignError::UnsupportedKey)?;
        let signature = EcdsaSig::sign(&sha256(octets), &ec)?;
        // RFC 4050 §3.3, XML-DSig 1.1 §6.4.3: r and s, each as long as the order.
        let mut value = signature.r().to_vec_padded(length)?;
        value.extend(signature.s().to_vec_padded(length)?);
        return Ok(value);
    }
    let mut signer = openssl::sign::Signer::new(MessageDigest::sha256(), key)?;
    Ok(signer.sign_oneshot_to_vec(octets)?)
}
