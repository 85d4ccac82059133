//! Signed tokens (RFC 7515, RFC 7519): our own keys, and what is signed with
//! them. Two algorithms, both of which every library for OpenID Connect knows:
//! ES256 and RS256.
//!
//! A key is decoded once and kept; signing copies nothing but the text.

pub mod verify;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use openssl::bn::{BigNum, BigNumContext};
use openssl::ec::{EcGroup, EcKey};
use openssl::ecdsa::EcdsaSig;
use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use openssl::rsa::Rsa;
use openssl::sign::Signer;
use serde::Serialize;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::sha256;

/// Bits of an RSA key: what NIST SP 800-57 has until 2030, and every library
/// takes.
const RSA_BITS: u32 = 2048;
/// Octets of a number on P-256.
const P256: i32 = 32;

/// What can go wrong with our keys.
#[derive(Debug, thiserror::Error)]
pub enum JwtError {
    /// OpenSSL.
    #[error("a key could not be made, read or used: {0}")]
    OpenSsl(#[from] ErrorStack),
    /// The claims are no JSON.
    #[error("the claims cannot be written: {0}")]
    Claims(#[from] serde_json::Error),
    /// Not a key of one of our two kinds.
    #[error("the key is of no kind that signs here")]
    Kind,
}

/// How a token is signed (RFC 7518 §3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Algorithm {
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
}

impl Algorithm {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Es256, Self::Rs256];

    /// The name in headers.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Es256 => "ES256",
            Self::Rs256 => "RS256",
        }
    }

    /// The algorithm of that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|alg| alg.name() == name)
    }
}

/// The private half, in the form in which it signs.
enum Half {
    Ec(EcKey<Private>),
    Rsa(PKey<Private>),
}

/// A key that signs.
pub struct SigningKey {
    algorithm: Algorithm,
    half: Half,
    public: Value,
    kid: String,
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SigningKey")
            .field("algorithm", &self.algorithm)
            .field("kid", &self.kid)
            .finish_non_exhaustive()
    }
}

impl SigningKey {
    /// A new key. An RSA one takes a tenth of a second of processor time and
    /// more.
    pub fn generate(algorithm: Algorithm) -> Result<Self, JwtError> {
        let private = match algorithm {
            Algorithm::Es256 => {
                let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1)?;
                PKey::from_ec_key(EcKey::generate(&group)?)?
            }
            Algorithm::Rs256 => PKey::from_rsa(Rsa::generate(RSA_BITS)?)?,
        };
        Self::of(private)
    }

    /// Reads a key in PKCS #8, PEM.
    pub fn from_pem(pem: &[u8]) -> Result<Self, JwtError> {
        Self::of(PKey::private_key_from_pem(pem)?)
    }

    /// The key in PKCS #8, PEM.
    pub fn to_pem(&self) -> Result<Zeroizing<Vec<u8>>, JwtError> {
        let pem = match &self.half {
            Half::Ec(key) => PKey::from_ec_key(key.clone())?.private_key_to_pem_pkcs8()?,
            Half::Rsa(key) => key.private_key_to_pem_pkcs8()?,
        };
        Ok(Zeroizing::new(pem))
    }

    fn of(private: PKey<Private>) -> Result<Self, JwtError> {
        let (algorithm, half, members) = if let Ok(key) = private.ec_key() {
            let members = ec_members(&key)?;
            (Algorithm::Es256, Half::Ec(key), members)
        } else if let Ok(key) = private.rsa() {
            let member = |number: &openssl::bn::BigNumRef| URL_SAFE_NO_PAD.encode(number.to_vec());
            let members = vec![
                ("e", member(key.e())),
                ("kty", "RSA".to_owned()),
                ("n", member(key.n())),
            ];
            (Algorithm::Rs256, Half::Rsa(private), members)
        } else {
            return Err(JwtError::Kind);
        };
        let kid = thumbprint(&members);
        let mut public = json!({"use": "sig", "alg": algorithm.name(), "kid": kid});
        if let Value::Object(object) = &mut public {
            for (name, value) in members {
                object.insert(name.to_owned(), value.into());
            }
        }
        Ok(Self {
            algorithm,
            half,
            public,
            kid,
        })
    }

    /// What it signs with.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Its name: the thumbprint of its public half (RFC 7638).
    #[must_use]
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The public half as a JWK (RFC 7517).
    #[must_use]
    pub const fn public_jwk(&self) -> &Value {
        &self.public
    }

    /// A token in the compact form. `typ` says what kind of token it is, so
    /// that none passes for another (RFC 8725 §3.11).
    pub fn sign(&self, typ: &str, claims: &impl Serialize) -> Result<String, JwtError> {
        let header = json!({"alg": self.algorithm.name(), "kid": self.kid, "typ": typ});
        let mut token = URL_SAFE_NO_PAD.encode(serde_json::to_vec(&header)?);
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(serde_json::to_vec(claims)?, &mut token);
        let signature = self.signature(token.as_bytes())?;
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(signature, &mut token);
        Ok(token)
    }

    fn signature(&self, text: &[u8]) -> Result<Vec<u8>, ErrorStack> {
        match &self.half {
            Half::Ec(key) => {
                // RFC 7518 §3.4: both numbers in full length.
                let signature = EcdsaSig::sign(&sha256(text), key)?;
                let mut octets = signature.r().to_vec_padded(P256)?;
                octets.extend(signature.s().to_vec_padded(P256)?);
                Ok(octets)
            }
            Half::Rsa(key) => {
                let mut signer = Signer::new(MessageDigest::sha256(), key)?;
                signer.sign_oneshot_to_vec(text)
            }
        }
    }
}

fn ec_members(key: &EcKey<Private>) -> Result<Vec<(&'static str, String)>, JwtError> {
    if key.group().curve_name() != Some(Nid::X9_62_PRIME256V1) {
        return Err(JwtError::Kind);
    }
    let (mut x, mut y) = (BigNum::new()?, BigNum::new()?);
    let mut context = BigNumContext::new()?;
    key.public_key()
        .affine_coordinates(key.group(), &mut x, &mut y, &mut context)?;
    let member = |number: &BigNum| {
        number
            .to_vec_padded(P256)
            .map(|octets| URL_SAFE_NO_PAD.encode(octets))
    };
    Ok(vec![
        ("crv", "P-256".to_owned()),
        ("kty", "EC".to_owned()),
        ("x", member(&x)?),
        ("y", member(&y)?),
    ])
}

/// RFC 7638 §3: the SHA-256 of the members that make the key what it is, in
/// the order of their names. They are base64url, so nothing needs an escape.
fn thumbprint(members: &[(&'static str, String)]) -> String {
    let members: Vec<String> = members
        .iter()
        .map(|(name, value)| format!("\"{name}\":\"{value}\""))
        .collect();
    let text = format!("{{{}}}", members.join(","));
    URL_SAFE_NO_PAD.encode(sha256(text.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use josekit::jwk::Jwk;
    use josekit::jws::{ES256, JwsVerifier, RS256};

    fn verifies(key: &SigningKey, token: &str) -> bool {
        let Value::Object(members) = key.public_jwk().clone() else {
            panic!("no object")
        };
        let jwk = Jwk::from_map(members).expect("a JWK");
        let (signed, signature) = token.rsplit_once('.').expect("three parts");
        let signature = URL_SAFE_NO_PAD.decode(signature).expect("base64url");
        let verifier: Box<dyn JwsVerifier> = match key.algorithm() {
            Algorithm::Es256 => Box::new(ES256.verifier_from_jwk(&jwk).expect("a key")),
            Algorithm::Rs256 => Box::new(RS256.verifier_from_jwk(&jwk).expect("a key")),
        };
        verifier.verify(signed.as_bytes(), &signature).is_ok()
    }

    #[test]
    fn another_library_verifies_what_we_sign() {
        for algorithm in Algorithm::ALL {
            let key = SigningKey::generate(algorithm).expect("a key");
            // Numbers with leading zeros come along now and then.
            for n in 0..300 {
                let token = key.sign("JWT", &json!({"n": n})).expect("a token");
                assert!(verifies(&key, &token), "{algorithm:?} {token}");
                assert!(!verifies(&key, &token.replacen('.', ".e", 1)));
                if algorithm == Algorithm::Rs256 && n > 5 {
                    break;
                }
            }
        }
    }

    #[test]
    fn a_key_survives_its_text() {
        for algorithm in Algorithm::ALL {
            let key = SigningKey::generate(algorithm).expect("a key");
            let again = SigningKey::from_pem(&key.to_pem().expect("a text")).expect("a key");
            assert_eq!(again.kid(), key.kid());
            assert_eq!(again.public_jwk(), key.public_jwk());
            assert_eq!(again.algorithm(), algorithm);
            for secret in ["d", "p", "q", "dp", "dq", "qi"] {
                assert!(key.public_jwk().get(secret).is_none(), "{secret}");
            }
        }
    }

    #[test]
    fn the_thumbprint_is_that_of_the_standard() {
        // RFC 7638 §3.1.
        let n = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw";
        let members = [
            ("e", "AQAB".to_owned()),
            ("kty", "RSA".to_owned()),
            ("n", n.to_owned()),
        ];
        assert_eq!(
            thumbprint(&members),
            "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"
        );
    }

    #[test]
    fn other_keys_do_not_sign() {
        let group = EcGroup::from_curve_name(Nid::SECP384R1).expect("a curve");
        let key = PKey::from_ec_key(EcKey::generate(&group).expect("a key")).expect("a key");
        let pem = key.private_key_to_pem_pkcs8().expect("a text");
        assert!(matches!(SigningKey::from_pem(&pem), Err(JwtError::Kind)));
        let key = PKey::generate_ed25519().expect("a key");
        let pem = key.private_key_to_pem_pkcs8().expect("a text");
        assert!(matches!(SigningKey::from_pem(&pem), Err(JwtError::Kind)));
    }
}
