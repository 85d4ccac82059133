//! Certificates of an IdP: pinned keys with a name and a date.
//!
//! A certificate in metadata is a container for a key (SAML Metadata
//! Interoperability §2.5): no chain is built, no name is checked, and an expired
//! one still verifies. Its date matters for the alarm alone.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use openssl::asn1::{Asn1Time, Asn1TimeRef};
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{Id, PKey, Public};
use openssl::x509::{X509, X509NameRef};

use crate::domain::Timestamp;
use crate::domain::address::is_deceptive;
use crate::platform::xml::signature::{MINIMUM_RSA_BITS, VerifyKey};

/// The shortest RSA key that is accepted, in bits.
pub const SHORTEST_RSA: u32 = MINIMUM_RSA_BITS;

/// A signing certificate of an IdP.
#[derive(Clone, Debug)]
pub struct Certificate {
    /// The subject's name as RFC 4514 writes it; may be empty.
    pub subject: String,
    /// SHA-256 over the DER form: upper-case hexadecimal, `:` between bytes.
    pub fingerprint_sha256: String,
    /// The first moment of its validity.
    pub not_before: Timestamp,
    /// The last moment of its validity.
    pub not_after: Timestamp,
    /// The kind and size of the key, `RSA 2048` or `ECDSA P-256`.
    pub key: String,
    /// The DER form.
    pub der: Vec<u8>,
    issuer: Vec<u8>,
    name: Vec<u8>,
    verify_key: VerifyKey,
}

impl PartialEq for Certificate {
    fn eq(&self, other: &Self) -> bool {
        self.der == other.der
    }
}

impl Eq for Certificate {}

/// Why a certificate cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CertificateError {
    /// The text is not base64.
    #[error("the certificate is not base64: it was damaged when it was copied")]
    NotBase64,
    /// The octets are no X.509 certificate.
    #[error("the octets are no X.509 certificate")]
    NotX509,
    /// The key inside cannot be read.
    #[error("the certificate of {subject:?} holds a key that cannot be read")]
    Key {
        /// Whose certificate.
        subject: String,
    },
    /// An RSA key that is too short.
    #[error("the RSA key of {subject:?} has {bits} bits; at least {SHORTEST_RSA} are needed")]
    WeakRsa {
        /// Whose certificate.
        subject: String,
        /// The size of the key.
        bits: u32,
    },
    /// A kind of key that signs no SAML messages here.
    #[error(
        "the key of {subject:?} is of the kind {kind}; RSA from {SHORTEST_RSA} bits and ECDSA on P-256, \
         P-384 or P-521 are accepted"
    )]
    Unsupported {
        /// Whose certificate.
        subject: String,
        /// What it is.
        kind: String,
    },
}

impl Certificate {
    /// Reads the content of a `ds:X509Certificate`: base64 with white space
    /// anywhere. PEM's first and last line are tolerated, since people paste
    /// them there.
    ///
    /// # Errors
    /// See [`CertificateError`].
    pub fn from_base64(text: &str) -> Result<Self, CertificateError> {
        let compact: String = text
            .lines()
            .map(str::trim)
            .filter(|line| !line.starts_with("-----"))
            .flat_map(str::chars)
            .filter(|c| !c.is_ascii_whitespace())
            .collect();
        let der = STANDARD
            .decode(compact)
            .map_err(|_| CertificateError::NotBase64)?;
        Self::from_der(&der)
    }

    /// Reads a certificate in DER.
    ///
    /// # Errors
    /// See [`CertificateError`].
    pub fn from_der(der: &[u8]) -> Result<Self, CertificateError> {
        let x509 = X509::from_der(der).map_err(|_| CertificateError::NotX509)?;
        let subject = distinguished_name(x509.subject_name());
        let unreadable = || CertificateError::Key {
            subject: subject.clone(),
        };
        let public_key = x509.public_key().map_err(|_| unreadable())?;
        let key = key_kind(&public_key, &subject)?;
        let verify_key = VerifyKey::from_certificate(&x509).map_err(|_| unreadable())?;
        let der = x509.to_der().map_err(|_| CertificateError::NotX509)?;
        let digest = x509
            .digest(MessageDigest::sha256())
            .map_err(|_| CertificateError::NotX509)?;
        let name_octets = |name: &X509NameRef| name.to_der().unwrap_or_default();
        Ok(Self {
            fingerprint_sha256: colons(&digest),
            not_before: timestamp(x509.not_before()).ok_or(CertificateError::NotX509)?,
            not_after: timestamp(x509.not_after()).ok_or(CertificateError::NotX509)?,
            issuer: name_octets(x509.issuer_name()),
            name: name_octets(x509.subject_name()),
            subject,
            key,
            der,
            verify_key,
        })
    }

    /// The key, decoded once and ready to verify with.
    #[must_use]
    pub const fn verify_key(&self) -> &VerifyKey {
        &self.verify_key
    }

    /// Whole days from `now` until the certificate expires; negative once it
    /// has.
    #[must_use]
    pub const fn days_left(&self, now: Timestamp) -> i64 {
        self.not_after.seconds_since(now).div_euclid(86_400)
    }

    /// Whether this certificate issued `other`, by their names: where both
    /// stand in one `X509Data`, this one is a link of the chain and no key to
    /// verify with (XML Signature §4.5.4).
    #[must_use]
    pub fn issued(&self, other: &Self) -> bool {
        self.der != other.der && self.name == other.issuer && self.name != other.name
    }
}

/// The kind of a key that is accepted, in words; for the others, words that an
/// admin can act on.
fn key_kind(key: &PKey<Public>, subject: &str) -> Result<String, CertificateError> {
    let unsupported = |kind: &str| CertificateError::Unsupported {
        subject: subject.to_owned(),
        kind: kind.to_owned(),
    };
    match key.id() {
        Id::RSA | Id::RSA_PSS if key.bits() < SHORTEST_RSA => Err(CertificateError::WeakRsa {
            subject: subject.to_owned(),
            bits: key.bits(),
        }),
        Id::RSA => Ok(format!("RSA {}", key.bits())),
        Id::EC => {
            let curve = key.ec_key().ok().and_then(|ec| ec.group().curve_name());
            match curve {
                Some(Nid::X9_62_PRIME256V1) => Ok("ECDSA P-256".to_owned()),
                Some(Nid::SECP384R1) => Ok("ECDSA P-384".to_owned()),
                Some(Nid::SECP521R1) => Ok("ECDSA P-521".to_owned()),
                Some(other) => Err(unsupported(other.short_name().unwrap_or("another curve"))),
                None => Err(unsupported("a curve without a name")),
            }
        }
        Id::DSA => Err(unsupported("DSA")),
        Id::RSA_PSS => Err(unsupported("RSA-PSS only")),
        Id::ED25519 => Err(unsupported("Ed25519")),
        _ => Err(unsupported("another algorithm")),
    }
}

/// A name in the order and with the escapes of RFC 4514, without characters
/// that do not show.
fn distinguished_name(name: &X509NameRef) -> String {
    let mut parts: Vec<String> = name
        .entries()
        .map(|entry| {
            let kind = entry.object().nid().short_name().unwrap_or("OID");
            let value = entry.data().to_string().unwrap_or_else(|_| "?".to_owned());
            format!("{kind}={}", escaped(&value))
        })
        .collect();
    parts.reverse();
    parts.join(", ")
}

fn escaped(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    for c in value.chars().filter(|c| !is_deceptive(*c)).take(256) {
        if matches!(c, ',' | '+' | '"' | '\\' | '<' | '>' | ';') {
            text.push('\\');
        }
        text.push(c);
    }
    text
}

fn colons(digest: &[u8]) -> String {
    let bytes: Vec<String> = digest.iter().map(|byte| format!("{byte:02X}")).collect();
    bytes.join(":")
}

/// A moment as X.509 writes it.
pub(super) fn timestamp(time: &Asn1TimeRef) -> Option<Timestamp> {
    let epoch = Asn1Time::from_unix(0).ok()?;
    let since = epoch.diff(time).ok()?;
    let seconds = i64::from(since.days) * 86_400 + i64::from(since.secs);
    Some(Timestamp(0).plus_seconds(seconds))
}

#[cfg(test)]
mod tests;
