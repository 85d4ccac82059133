//! XML signatures over octets that the caller wrote in canonical form.
//!
//! Nothing here parses or canonicalizes XML: the digest is taken over the
//! string that is handed in. That keeps the forge independent of the code
//! under test.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use openssl::ecdsa::EcdsaSig;
use openssl::hash::{MessageDigest, hash};
use openssl::pkey::{Id, PKey};
use openssl::rsa::Padding;
use openssl::sign::{RsaPssSaltlen, Signer};

use super::keys::Key;

/// Namespace of XML Signature.
pub const DS: &str = "http://www.w3.org/2000/09/xmldsig#";
/// Exclusive canonicalization.
pub const EXCLUSIVE: &str = "http://www.w3.org/2001/10/xml-exc-c14n#";
/// Exclusive canonicalization that keeps comments.
pub const EXCLUSIVE_WITH_COMMENTS: &str = "http://www.w3.org/2001/10/xml-exc-c14n#WithComments";
/// The enveloped-signature transform.
pub const ENVELOPED: &str = "http://www.w3.org/2000/09/xmldsig#enveloped-signature";
/// RSA PKCS #1 v1.5 with SHA-256.
pub const RSA_SHA256: &str = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256";
/// RSA PKCS #1 v1.5 with SHA-384.
pub const RSA_SHA384: &str = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha384";
/// RSA PKCS #1 v1.5 with SHA-512.
pub const RSA_SHA512: &str = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512";
/// RSA PKCS #1 v1.5 with SHA-1.
pub const RSA_SHA1: &str = "http://www.w3.org/2000/09/xmldsig#rsa-sha1";
/// RSA PKCS #1 v1.5 with MD5.
pub const RSA_MD5: &str = "http://www.w3.org/2001/04/xmldsig-more#rsa-md5";
/// RSA-PSS with SHA-256 and a salt of 32 octets (RFC 6931 §2.3.10).
pub const RSA_PSS_SHA256: &str = "http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1";
/// ECDSA with SHA-256.
pub const ECDSA_SHA256: &str = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256";
/// ECDSA with SHA-384.
pub const ECDSA_SHA384: &str = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384";
/// ECDSA with SHA-512.
pub const ECDSA_SHA512: &str = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha512";
/// HMAC with SHA-1.
pub const HMAC_SHA1: &str = "http://www.w3.org/2000/09/xmldsig#hmac-sha1";
/// HMAC with SHA-256.
pub const HMAC_SHA256: &str = "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256";
/// SHA-1.
pub const SHA1: &str = "http://www.w3.org/2000/09/xmldsig#sha1";
/// SHA-256.
pub const SHA256: &str = "http://www.w3.org/2001/04/xmlenc#sha256";
/// SHA-384.
pub const SHA384: &str = "http://www.w3.org/2001/04/xmldsig-more#sha384";
/// SHA-512.
pub const SHA512: &str = "http://www.w3.org/2001/04/xmlenc#sha512";
/// MD5.
pub const MD5: &str = "http://www.w3.org/2001/04/xmldsig-more#md5";

/// How to sign one element, with every part open to abuse.
#[derive(Clone)]
pub struct Signature {
    /// Who signs.
    pub key: &'static Key,
    /// `SignatureMethod/@Algorithm`; the scheme follows it where it is known,
    /// else RSA with SHA-256 is used under the false name.
    pub method: String,
    /// Inside of `SignatureMethod`, for instance an `HMACOutputLength`.
    pub method_inner: String,
    /// With an HMAC method: the key's octets.
    pub hmac_key: Vec<u8>,
    /// `DigestMethod/@Algorithm`.
    pub digest: String,
    /// `CanonicalizationMethod/@Algorithm`.
    pub canonicalization: String,
    /// Inside of `CanonicalizationMethod`.
    pub canonicalization_inner: String,
    /// The `ds:Transform` elements, canonical.
    pub transforms: String,
    /// `Reference/@URI`; `None` writes no attribute.
    pub uri: Option<String>,
    /// Instead of the digest of the octets.
    pub digest_value: Option<String>,
    /// Instead of the true signature value.
    pub value: Option<String>,
    /// More references, canonical, after the first.
    pub more_references: String,
    /// Inside of `ds:KeyInfo`; empty writes no `KeyInfo`.
    pub key_info: String,
    /// After `KeyInfo`: objects and whatever else.
    pub tail: String,
    /// Right after the start tag of `ds:Signature`.
    pub head: String,
    /// Written into the literal `SignedInfo` and not into the signed octets:
    /// (what to look for, what to put there).
    pub smuggled: Option<(String, String)>,
}

impl Signature {
    /// The ordinary signature: RSA with SHA-256, exclusive canonicalization.
    pub fn by(key: &'static Key) -> Self {
        let method = match key.private.id() {
            Id::EC => match key.private.bits() {
                384 => ECDSA_SHA384,
                521 => ECDSA_SHA512,
                _ => ECDSA_SHA256,
            },
            _ => RSA_SHA256,
        };
        Self {
            key,
            method: method.to_owned(),
            method_inner: String::new(),
            hmac_key: Vec::new(),
            digest: SHA256.to_owned(),
            canonicalization: EXCLUSIVE.to_owned(),
            canonicalization_inner: String::new(),
            transforms: transform(ENVELOPED, "") + &transform(EXCLUSIVE, ""),
            uri: None,
            digest_value: None,
            value: None,
            more_references: String::new(),
            key_info: x509(&key.certificate_base64()),
            tail: String::new(),
            head: String::new(),
            smuggled: None,
        }
    }

    /// The `ds:Signature` element for `octets`, the canonical form of the
    /// element whose ID is `id`.
    pub fn over(&self, id: &str, octets: &[u8]) -> String {
        let uri = self
            .uri
            .as_ref()
            .map_or_else(|| format!("#{id}"), Clone::clone);
        self.over_uri(Some(&uri), octets)
    }

    /// The same with the `Reference`'s URI as it is given.
    pub fn over_uri(&self, uri: Option<&str>, octets: &[u8]) -> String {
        let digest_value = self
            .digest_value
            .clone()
            .unwrap_or_else(|| digest(&self.digest, octets));
        let reference = reference(uri, &self.transforms, &self.digest, &digest_value);
        let inner = format!(
            "<ds:CanonicalizationMethod Algorithm=\"{}\">{}</ds:CanonicalizationMethod>\
             <ds:SignatureMethod Algorithm=\"{}\">{}</ds:SignatureMethod>{reference}{}",
            self.canonicalization,
            self.canonicalization_inner,
            self.method,
            self.method_inner,
            self.more_references
        );
        let signed = format!("<ds:SignedInfo xmlns:ds=\"{DS}\">{inner}</ds:SignedInfo>");
        let value = self
            .value
            .clone()
            .unwrap_or_else(|| STANDARD.encode(self.sign(signed.as_bytes())));
        let mut literal = format!("<ds:SignedInfo>{inner}</ds:SignedInfo>");
        if let Some((from, to)) = &self.smuggled {
            assert!(literal.contains(from.as_str()), "nothing to smuggle into");
            literal = literal.replacen(from.as_str(), to, 1);
        }
        let key_info = if self.key_info.is_empty() {
            String::new()
        } else {
            format!("<ds:KeyInfo>{}</ds:KeyInfo>", self.key_info)
        };
        format!(
            "<ds:Signature xmlns:ds=\"{DS}\">{}{literal}<ds:SignatureValue>{value}\
             </ds:SignatureValue>{key_info}{}</ds:Signature>",
            self.head, self.tail
        )
    }

    fn sign(&self, octets: &[u8]) -> Vec<u8> {
        let (scheme, digest) = scheme(&self.method);
        match scheme {
            Scheme::Hmac => {
                let key = PKey::hmac(&self.hmac_key).unwrap();
                let mut signer = Signer::new(digest, &key).unwrap();
                signer.sign_oneshot_to_vec(octets).unwrap()
            }
            Scheme::Ecdsa if self.key.private.id() == Id::EC => {
                // XML Signature §6.4.3 wants r and s side by side, not DER.
                let key = self.key.private.ec_key().unwrap();
                let hashed = hash(digest, octets).unwrap();
                let signature = EcdsaSig::sign(&hashed, &key).unwrap();
                let width = i32::try_from(self.key.private.bits().div_ceil(8)).unwrap();
                let mut out = signature.r().to_vec_padded(width).unwrap();
                out.extend(signature.s().to_vec_padded(width).unwrap());
                out
            }
            Scheme::Pss => {
                let mut signer = Signer::new(digest, &self.key.private).unwrap();
                signer.set_rsa_padding(Padding::PKCS1_PSS).unwrap();
                signer
                    .set_rsa_pss_saltlen(RsaPssSaltlen::DIGEST_LENGTH)
                    .unwrap();
                signer.set_rsa_mgf1_md(digest).unwrap();
                signer.sign_oneshot_to_vec(octets).unwrap()
            }
            Scheme::Ecdsa | Scheme::Plain => {
                let mut signer = Signer::new(digest, &self.key.private).unwrap();
                signer.sign_oneshot_to_vec(octets).unwrap()
            }
        }
    }
}

enum Scheme {
    Plain,
    Pss,
    Ecdsa,
    Hmac,
}

fn scheme(method: &str) -> (Scheme, MessageDigest) {
    match method {
        RSA_SHA384 => (Scheme::Plain, MessageDigest::sha384()),
        RSA_SHA512 => (Scheme::Plain, MessageDigest::sha512()),
        RSA_SHA1 => (Scheme::Plain, MessageDigest::sha1()),
        RSA_MD5 => (Scheme::Plain, MessageDigest::md5()),
        RSA_PSS_SHA256 => (Scheme::Pss, MessageDigest::sha256()),
        ECDSA_SHA256 => (Scheme::Ecdsa, MessageDigest::sha256()),
        ECDSA_SHA384 => (Scheme::Ecdsa, MessageDigest::sha384()),
        ECDSA_SHA512 => (Scheme::Ecdsa, MessageDigest::sha512()),
        HMAC_SHA1 => (Scheme::Hmac, MessageDigest::sha1()),
        HMAC_SHA256 => (Scheme::Hmac, MessageDigest::sha256()),
        _ => (Scheme::Plain, MessageDigest::sha256()),
    }
}

/// The base64 digest of `octets` by the algorithm of that URI; SHA-256 when
/// the URI is unknown.
pub fn digest(uri: &str, octets: &[u8]) -> String {
    let algorithm = match uri {
        SHA1 => MessageDigest::sha1(),
        SHA384 => MessageDigest::sha384(),
        SHA512 => MessageDigest::sha512(),
        MD5 => MessageDigest::md5(),
        _ => MessageDigest::sha256(),
    };
    STANDARD.encode(hash(algorithm, octets).unwrap())
}

/// A `ds:Reference`, canonical inside of `ds:SignedInfo`.
pub fn reference(
    uri: Option<&str>,
    transforms: &str,
    digest_method: &str,
    digest_value: &str,
) -> String {
    let uri = uri.map_or_else(String::new, |uri| format!(" URI=\"{uri}\""));
    let transforms = if transforms.is_empty() {
        String::new()
    } else {
        format!("<ds:Transforms>{transforms}</ds:Transforms>")
    };
    format!(
        "<ds:Reference{uri}>{transforms}\
         <ds:DigestMethod Algorithm=\"{digest_method}\"></ds:DigestMethod>\
         <ds:DigestValue>{digest_value}</ds:DigestValue></ds:Reference>"
    )
}

/// One `ds:Transform`.
pub fn transform(algorithm: &str, inner: &str) -> String {
    format!("<ds:Transform Algorithm=\"{algorithm}\">{inner}</ds:Transform>")
}

/// Exclusive canonicalization with a `PrefixList`.
pub fn exclusive_with_prefixes(prefixes: &str) -> String {
    transform(EXCLUSIVE, &inclusive_namespaces(prefixes))
}

/// The parameter of exclusive canonicalization.
pub fn inclusive_namespaces(prefixes: &str) -> String {
    format!(
        "<ec:InclusiveNamespaces xmlns:ec=\"{EXCLUSIVE}\" PrefixList=\"{prefixes}\">\
         </ec:InclusiveNamespaces>"
    )
}

/// `ds:X509Data` with one certificate.
pub fn x509(certificate_base64: &str) -> String {
    format!(
        "<ds:X509Data><ds:X509Certificate>{certificate_base64}</ds:X509Certificate></ds:X509Data>"
    )
}
