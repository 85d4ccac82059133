//! Keys that signatures are verified with: pinned by an administrator, decoded
//! once, and strong enough. A key that a message brings along is never one.

use openssl::bn::BigNum;
use openssl::ec::EcKey;
use openssl::ecdsa::EcdsaSig;
use openssl::error::ErrorStack;
use openssl::nid::Nid;
use openssl::pkey::{Id, PKey, Public};
use openssl::pkey_ctx::PkeyCtx;
use openssl::rsa::Padding;
use openssl::sign::RsaPssSaltlen;
use openssl::x509::{X509, X509Ref};

use super::algorithm::{Algorithm, Scheme};

/// The shortest RSA modulus that is accepted, in bits.
pub const MINIMUM_RSA_BITS: u32 = 2048;

/// Why a key cannot be pinned.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Not an X.509 certificate, or not a key.
    #[error("the signing certificate cannot be read: it is not a valid X.509 certificate")]
    Unreadable,
    /// The RSA modulus is too short.
    #[error(
        "the signing key has only {bits} bits; RSA keys need at least {MINIMUM_RSA_BITS}: \
         have the identity provider issue a new signing certificate"
    )]
    RsaTooShort {
        /// Its length in bits.
        bits: u32,
    },
    /// An elliptic curve other than P-256, P-384 and P-521.
    #[error(
        "the signing key is on the elliptic curve {curve}; P-256, P-384 and P-521 are accepted"
    )]
    Curve {
        /// The curve's short name, or "unnamed".
        curve: String,
    },
    /// Neither RSA nor EC (DSA, Ed25519, …).
    #[error(
        "the signing key is of a kind that XML signatures here do not use; RSA and ECDSA are accepted"
    )]
    Kind,
}

#[derive(Clone, Debug)]
enum Material {
    Rsa(PKey<Public>),
    Ec {
        key: EcKey<Public>,
        /// Octets of each of r and s.
        length: usize,
    },
}

/// A public key that signatures are verified with.
#[derive(Clone, Debug)]
pub struct VerifyKey {
    material: Material,
    fingerprint: String,
}

impl VerifyKey {
    /// The key of an X.509 certificate in DER. The certificate is a container
    /// for the pinned key: its dates and its issuer say nothing here.
    pub fn from_certificate_der(der: &[u8]) -> Result<Self, KeyError> {
        let certificate = X509::from_der(der).map_err(|_| KeyError::Unreadable)?;
        Self::from_certificate(&certificate)
    }

    /// The key of an X.509 certificate.
    pub fn from_certificate(certificate: &X509Ref) -> Result<Self, KeyError> {
        let der = certificate.to_der().map_err(|_| KeyError::Unreadable)?;
        let key = certificate.public_key().map_err(|_| KeyError::Unreadable)?;
        Self::with_fingerprint(&key, fingerprint(&der))
    }

    /// A bare key.
    pub fn from_public_key(key: &PKey<Public>) -> Result<Self, KeyError> {
        let der = key.public_key_to_der().map_err(|_| KeyError::Unreadable)?;
        Self::with_fingerprint(key, fingerprint(&der))
    }

    fn with_fingerprint(key: &PKey<Public>, fingerprint: String) -> Result<Self, KeyError> {
        let material = match key.id() {
            Id::RSA => {
                let bits = key.bits();
                if bits < MINIMUM_RSA_BITS {
                    return Err(KeyError::RsaTooShort { bits });
                }
                Material::Rsa(key.clone())
            }
            Id::EC => {
                let key = key.ec_key().map_err(|_| KeyError::Unreadable)?;
                let length = match key.group().curve_name() {
                    Some(Nid::X9_62_PRIME256V1) => 32,
                    Some(Nid::SECP384R1) => 48,
                    Some(Nid::SECP521R1) => 66,
                    other => {
                        let name = other.and_then(|nid| nid.short_name().ok());
                        return Err(KeyError::Curve {
                            curve: name.unwrap_or("unnamed").to_owned(),
                        });
                    }
                };
                Material::Ec { key, length }
            }
            _ => return Err(KeyError::Kind),
        };
        Ok(Self {
            material,
            fingerprint,
        })
    }

    /// SHA-256 of the certificate (of the `SubjectPublicKeyInfo` for a bare
    /// key) in lower-case hexadecimal.
    #[must_use]
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// Whether the key is of the kind that the algorithm needs.
    pub(super) const fn fits(&self, algorithm: Algorithm) -> bool {
        matches!(
            (&self.material, algorithm.scheme),
            (Material::Rsa(_), Scheme::Pkcs1 | Scheme::Pss) | (Material::Ec { .. }, Scheme::Ecdsa)
        )
    }

    /// Whether `signature` is this key's signature of something with this
    /// digest. What OpenSSL cannot process is no signature.
    pub(super) fn verifies(&self, algorithm: Algorithm, digest: &[u8], signature: &[u8]) -> bool {
        let verified: Result<bool, ErrorStack> = match (&self.material, algorithm.scheme) {
            (Material::Rsa(key), Scheme::Pkcs1 | Scheme::Pss) => {
                verify_rsa(key, algorithm, digest, signature)
            }
            (Material::Ec { key, length }, Scheme::Ecdsa) => {
                verify_ecdsa(key, *length, digest, signature)
            }
            _ => Ok(false),
        };
        verified.unwrap_or(false)
    }
}

fn verify_rsa(
    key: &PKey<Public>,
    algorithm: Algorithm,
    digest: &[u8],
    signature: &[u8],
) -> Result<bool, ErrorStack> {
    // RFC 8017 §8.1.2 and §8.2.2, step 1.
    if signature.len() != key.size() {
        return Ok(false);
    }
    let hash = openssl::md::Md::from_nid(algorithm.hash.message_digest().type_());
    let Some(hash) = hash else {
        return Ok(false);
    };
    let mut context = PkeyCtx::new(key)?;
    context.verify_init()?;
    if algorithm.scheme == Scheme::Pss {
        context.set_rsa_padding(Padding::PKCS1_PSS)?;
        context.set_rsa_pss_saltlen(RsaPssSaltlen::DIGEST_LENGTH)?;
        context.set_rsa_mgf1_md(hash)?;
    } else {
        context.set_rsa_padding(Padding::PKCS1)?;
    }
    context.set_signature_md(hash)?;
    context.verify(digest, signature)
}

fn verify_ecdsa(
    key: &EcKey<Public>,
    length: usize,
    digest: &[u8],
    signature: &[u8],
) -> Result<bool, ErrorStack> {
    // XML-DSig 1.1 §6.4.3: r and s, each as long as the order.
    let Some((r, s)) = signature.split_at_checked(length) else {
        return Ok(false);
    };
    if s.len() != length {
        return Ok(false);
    }
    let signature =
        EcdsaSig::from_private_components(BigNum::from_slice(r)?, BigNum::from_slice(s)?)?;
    signature.verify(digest, key)
}

/// SHA-256 in lower-case hexadecimal.
pub(super) fn fingerprint(der: &[u8]) -> String {
    use std::fmt::Write as _;
    openssl::sha::sha256(der)
        .iter()
        .fold(String::with_capacity(64), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
}
