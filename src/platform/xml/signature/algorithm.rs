//! The algorithms that a signature may name, by their URIs (XML-DSig 1.1 §6,
//! RFC 6931). Everything else, HMAC above all, is refused.

use openssl::hash::MessageDigest;
use openssl::sha;

use super::SignatureError;

/// A hash function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hash {
    Sha1,
    Sha256,
    Sha384,
    Sha512,
}

impl Hash {
    /// The function that a `DigestMethod` names.
    pub(super) fn from_digest_uri(uri: &str, allow_sha1: bool) -> Result<Self, SignatureError> {
        match uri {
            "http://www.w3.org/2001/04/xmlenc#sha256" => Ok(Self::Sha256),
            "http://www.w3.org/2001/04/xmldsig-more#sha384" => Ok(Self::Sha384),
            "http://www.w3.org/2001/04/xmlenc#sha512" => Ok(Self::Sha512),
            "http://www.w3.org/2000/09/xmldsig#sha1" => sha1(allow_sha1, uri, Self::Sha1),
            _ => Err(unknown(uri)),
        }
    }

    /// Whether `digest` is this function's value of `octets`.
    pub(super) fn is_digest_of(self, digest: &[u8], octets: &[u8]) -> bool {
        self.of(octets).as_slice() == digest
    }

    /// The digest of some octets.
    pub(super) fn of(self, octets: &[u8]) -> Digest {
        // The low-level functions: EVP's would look the algorithm up by name
        // for every message.
        let mut digest = Digest {
            octets: [0; 64],
            length: self.length(),
        };
        match self {
            Self::Sha1 => digest.fill(&sha::sha1(octets)),
            Self::Sha256 => {
                let mut hasher = sha::Sha256::new();
                hasher.update(octets);
                digest.fill(&hasher.finish());
            }
            Self::Sha384 => {
                let mut hasher = sha::Sha384::new();
                hasher.update(octets);
                digest.fill(&hasher.finish());
            }
            Self::Sha512 => {
                let mut hasher = sha::Sha512::new();
                hasher.update(octets);
                digest.fill(&hasher.finish());
            }
        }
        digest
    }

    const fn length(self) -> usize {
        match self {
            Self::Sha1 => 20,
            Self::Sha256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
        }
    }

    pub(super) fn message_digest(self) -> MessageDigest {
        match self {
            Self::Sha1 => MessageDigest::sha1(),
            Self::Sha256 => MessageDigest::sha256(),
            Self::Sha384 => MessageDigest::sha384(),
            Self::Sha512 => MessageDigest::sha512(),
        }
    }
}

/// The value of a hash function.
pub(super) struct Digest {
    octets: [u8; 64],
    length: usize,
}

impl Digest {
    fn fill(&mut self, from: &[u8]) {
        for (to, from) in self.octets.iter_mut().zip(from) {
            *to = *from;
        }
    }

    pub(super) fn as_slice(&self) -> &[u8] {
        self.octets.get(..self.length).unwrap_or_default()
    }
}

/// How the signature value is made from the hash of `SignedInfo`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scheme {
    /// RSASSA-PKCS1-v1_5.
    Pkcs1,
    /// RSASSA-PSS, MGF1 with the same hash, a salt as long as the hash.
    Pss,
    /// ECDSA, the value being r and s one after the other.
    Ecdsa,
}

/// A `SignatureMethod`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Algorithm {
    pub(super) scheme: Scheme,
    pub(super) hash: Hash,
}

impl Algorithm {
    pub(super) fn from_uri(uri: &str, allow_sha1: bool) -> Result<Self, SignatureError> {
        let made = |scheme, hash| Ok(Self { scheme, hash });
        match uri {
            "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256" => {
                made(Scheme::Pkcs1, Hash::Sha256)
            }
            "http://www.w3.org/2001/04/xmldsig-more#rsa-sha384" => {
                made(Scheme::Pkcs1, Hash::Sha384)
            }
            "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512" => {
                made(Scheme::Pkcs1, Hash::Sha512)
            }
            // RFC 6931 §2.3.9: without parameters, SHA-256 throughout.
            "http://www.w3.org/2007/05/xmldsig-more#rsa-pss"
            // RFC 6931 §2.3.10.
            | "http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1" => {
                made(Scheme::Pss, Hash::Sha256)
            }
            "http://www.w3.org/2007/05/xmldsig-more#sha384-rsa-MGF1" => {
                made(Scheme::Pss, Hash::Sha384)
            }
            "http://www.w3.org/2007/05/xmldsig-more#sha512-rsa-MGF1" => {
                made(Scheme::Pss, Hash::Sha512)
            }
            "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256" => {
                made(Scheme::Ecdsa, Hash::Sha256)
            }
            "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384" => {
                made(Scheme::Ecdsa, Hash::Sha384)
            }
            "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha512" => {
                made(Scheme::Ecdsa, Hash::Sha512)
            }
            "http://www.w3.org/2000/09/xmldsig#rsa-sha1" => {
                let hash = sha1(allow_sha1, uri, Hash::Sha1)?;
                made(Scheme::Pkcs1, hash)
            }
            _ => Err(unknown(uri)),
        }
    }
}

fn sha1(allowed: bool, uri: &str, hash: Hash) -> Result<Hash, SignatureError> {
    if allowed {
        return Ok(hash);
    }
    Err(SignatureError::Sha1 {
        uri: uri.to_owned(),
    })
}

fn unknown(uri: &str) -> SignatureError {
    SignatureError::Algorithm {
        uri: uri.chars().take(256).collect(),
    }
}
