//! Keys, key sets and tokens, made with nothing of the product's.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use openssl::bn::{BigNum, BigNumContext};
use openssl::ecdsa::EcdsaSig;
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use openssl::sha::sha256;
use openssl::sign::Signer;
use serde_json::{Value, json};

use crate::support::keys::{self, Key};

/// What tokens are signed with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// RSA, PKCS #1 v1.5, SHA-256.
    Rs256,
    /// ECDSA on P-256, SHA-256.
    Es256,
}

/// A key and the name under which it stands in the key set.
#[derive(Clone)]
pub struct SigningKey {
    /// The `kid`.
    pub kid: String,
    /// What it signs with.
    pub algorithm: Algorithm,
    /// The key.
    pub private: PKey<Private>,
}

/// Octets in base64url without padding.
pub fn b64(octets: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(octets)
}

impl SigningKey {
    /// The RSA key that an imitation begins with.
    pub fn first_rsa() -> Self {
        Self::of("rsa-0", Algorithm::Rs256, keys::idp())
    }

    /// The EC key that an imitation begins with.
    pub fn first_ec() -> Self {
        Self::of("ec-0", Algorithm::Es256, keys::p256())
    }

    /// A new RSA key.
    pub fn new_rsa(serial: u64) -> Self {
        let key = Key::rsa(2048, "vendor");
        Self::of(&format!("rsa-{serial}"), Algorithm::Rs256, &key)
    }

    /// A new EC key.
    pub fn new_ec(serial: u64) -> Self {
        let key = Key::ec(Nid::X9_62_PRIME256V1, "vendor");
        Self::of(&format!("ec-{serial}"), Algorithm::Es256, &key)
    }

    fn of(kid: &str, algorithm: Algorithm, key: &Key) -> Self {
        Self {
            kid: kid.to_owned(),
            algorithm,
            private: key.private.clone(),
        }
    }

    /// The public half as a JWK (RFC 7517).
    pub fn jwk(&self) -> Value {
        match self.algorithm {
            Algorithm::Rs256 => {
                let rsa = self.private.rsa().unwrap();
                json!({
                    "kty": "RSA", "use": "sig", "alg": "RS256", "kid": self.kid,
                    "n": b64(rsa.n().to_vec()), "e": b64(rsa.e().to_vec()),
                })
            }
            Algorithm::Es256 => {
                let ec = self.private.ec_key().unwrap();
                let mut context = BigNumContext::new().unwrap();
                let (mut x, mut y) = (BigNum::new().unwrap(), BigNum::new().unwrap());
                ec.public_key()
                    .affine_coordinates(ec.group(), &mut x, &mut y, &mut context)
                    .unwrap();
                json!({
                    "kty": "EC", "use": "sig", "alg": "ES256", "crv": "P-256", "kid": self.kid,
                    "x": b64(x.to_vec_padded(32).unwrap()), "y": b64(y.to_vec_padded(32).unwrap()),
                })
            }
        }
    }

    /// The public half in PEM, as octets: a favourite HMAC key of attackers.
    pub fn public_pem(&self) -> Vec<u8> {
        self.private.public_key_to_pem().unwrap()
    }

    fn sign(&self, input: &[u8]) -> Vec<u8> {
        match self.algorithm {
            Algorithm::Rs256 => {
                let mut signer = Signer::new(MessageDigest::sha256(), &self.private).unwrap();
                signer.sign_oneshot_to_vec(input).unwrap()
            }
            Algorithm::Es256 => {
                let key = self.private.ec_key().unwrap();
                let signature = EcdsaSig::sign(&sha256(input), &key).unwrap();
                let mut octets = signature.r().to_vec_padded(32).unwrap();
                octets.extend(signature.s().to_vec_padded(32).unwrap());
                octets
            }
        }
    }

    /// A signed token (RFC 7515, compact). `kid` may be another one's, or none.
    pub fn token(&self, kid: Option<&str>, claims: &Value) -> String {
        let alg = match self.algorithm {
            Algorithm::Rs256 => "RS256",
            Algorithm::Es256 => "ES256",
        };
        let input = signing_input(alg, kid, claims);
        let signature = self.sign(input.as_bytes());
        format!("{input}.{}", b64(signature))
    }
}

fn signing_input(alg: &str, kid: Option<&str>, claims: &Value) -> String {
    let mut header = json!({ "alg": alg, "typ": "JWT" });
    if let Some(kid) = kid {
        header["kid"] = json!(kid);
    }
    format!("{}.{}", b64(header.to_string()), b64(claims.to_string()))
}

/// An unsigned token.
pub fn unsigned(claims: &Value) -> String {
    format!("{}.", signing_input("none", None, claims))
}

/// A token with a MAC under this key.
pub fn with_mac(kid: &str, key: &[u8], claims: &Value) -> String {
    let input = signing_input("HS256", Some(kid), claims);
    let key = PKey::hmac(key).unwrap();
    let mut signer = Signer::new(MessageDigest::sha256(), &key).unwrap();
    let mac = signer.sign_oneshot_to_vec(input.as_bytes()).unwrap();
    format!("{input}.{}", b64(mac))
}

/// `at_hash` of an access token for SHA-256 algorithms (OpenID Connect Core
/// §3.1.3.6).
pub fn at_hash(access_token: &str) -> String {
    b64(&sha256(access_token.as_bytes())[..16])
}
