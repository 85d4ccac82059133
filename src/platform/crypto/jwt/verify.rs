//! Tokens that others signed: the assertions with which clients prove
//! themselves (RFC 7523), and ID tokens of ours that come back as hints.
//!
//! The algorithm is the caller's choice among a few; `none` and HMAC are not
//! even known here, so no header can ask for them.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use josekit::jwk::Jwk;
use josekit::jws::{ES256, ES384, JwsVerifier, PS256, RS256};
use serde_json::{Map, Value};

/// The longest token that is looked at, in octets.
const LONGEST: usize = 16 * 1024;
/// Keys of a set that are looked at.
const MOST_KEYS: usize = 32;

/// What others may sign with.
pub const ALGORITHMS: [&str; 4] = ["ES256", "ES384", "RS256", "PS256"];

/// Why a token is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    /// Not three parts of base64url with JSON in them.
    #[error("it is no signed token")]
    Format,
    /// Signed with something that is not taken, or not at all.
    #[error("it is signed with an algorithm that is not taken")]
    Algorithm,
    /// None of the keys made the signature.
    #[error("none of the keys made its signature")]
    Signature,
}

/// What stands before the claims.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// The algorithm.
    pub alg: String,
    /// The key's name.
    pub kid: Option<String>,
    /// What kind of token it is.
    pub typ: Option<String>,
}

/// A token, taken apart and not believed yet.
#[derive(Clone, Debug)]
pub struct Unverified<'t> {
    /// What stands before the claims.
    pub header: Header,
    /// The claims, of which nothing is proven.
    pub claims: Map<String, Value>,
    signed: &'t str,
    signature: Vec<u8>,
}

impl<'t> Unverified<'t> {
    /// Takes a token apart.
    pub fn parse(token: &'t str) -> Result<Self, VerifyError> {
        if token.len() > LONGEST {
            return Err(VerifyError::Format);
        }
        let (signed, signature) = token.rsplit_once('.').ok_or(VerifyError::Format)?;
        let (header, claims) = signed.split_once('.').ok_or(VerifyError::Format)?;
        let decode = |part: &str| {
            URL_SAFE_NO_PAD
                .decode(part)
                .map_err(|_| VerifyError::Format)
        };
        let object = |part: &str| -> Result<Map<String, Value>, VerifyError> {
            serde_json::from_slice(&decode(part)?).map_err(|_| VerifyError::Format)
        };
        let header = object(header)?;
        // RFC 7515 §4.1.11: what must be understood and is not.
        if header.contains_key("crit") {
            return Err(VerifyError::Format);
        }
        let text = |name: &str| header.get(name).and_then(Value::as_str);
        Ok(Self {
            header: Header {
                alg: text("alg").ok_or(VerifyError::Format)?.to_owned(),
                kid: text("kid").map(ToOwned::to_owned),
                typ: text("typ").map(ToOwned::to_owned),
            },
            claims: object(claims)?,
            signed,
            signature: decode(signature)?,
        })
    }

    /// Whether one of the keys of a set (RFC 7517) made the signature. A key
    /// that is not understood, or is for something else, is passed over.
    pub fn verify(&self, keys: &Value) -> Result<(), VerifyError> {
        if !ALGORITHMS.contains(&self.header.alg.as_str()) {
            return Err(VerifyError::Algorithm);
        }
        let members = keys.get("keys").and_then(Value::as_array);
        let members = members.map(Vec::as_slice).unwrap_or_default();
        let fits = |member: &&Value| {
            let named = member.get("kid").and_then(Value::as_str);
            match (&self.header.kid, named) {
                (Some(wanted), Some(named)) => wanted == named,
                _ => true,
            }
        };
        members
            .iter()
            .take(MOST_KEYS)
            .filter(fits)
            .filter_map(|member| verifier(&self.header.alg, member))
            .any(|verifier| {
                verifier
                    .verify(self.signed.as_bytes(), &self.signature)
                    .is_ok()
            })
            .then_some(())
            .ok_or(VerifyError::Signature)
    }

    /// Whether the set has a key of the name that the token gives.
    #[must_use]
    pub fn is_named_in(&self, keys: &Value) -> bool {
        let members = keys.get("keys").and_then(Value::as_array);
        members.is_some_and(|members| {
            members.iter().any(|member| {
                self.header.kid.is_none()
                    || member.get("kid").and_then(Value::as_str) == self.header.kid.as_deref()
            })
        })
    }

    /// A claim that is a text.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.claims.get(name).and_then(Value::as_str)
    }

    /// A claim that is a moment, in seconds since the epoch (RFC 7519 §2).
    #[must_use]
    pub fn moment(&self, name: &str) -> Option<i64> {
        let value = self.claims.get(name)?;
        #[expect(
            clippy::cast_possible_truncation,
            reason = "a cast of floats saturates, and fractions of a second do not count"
        )]
        value
            .as_i64()
            .or_else(|| value.as_f64().map(|seconds| seconds as i64))
    }

    /// Whether `aud` names one of these.
    #[must_use]
    pub fn is_for(&self, audiences: &[&str]) -> bool {
        match self.claims.get("aud") {
            Some(Value::String(one)) => audiences.contains(&one.as_str()),
            Some(Value::Array(several)) => several
                .iter()
                .filter_map(Value::as_str)
                .any(|one| audiences.contains(&one)),
            _ => false,
        }
    }
}

fn verifier(alg: &str, member: &Value) -> Option<Box<dyn JwsVerifier>> {
    let object = member.as_object()?;
    if object.get("use").is_some_and(|purpose| purpose != "sig") {
        return None;
    }
    let mut jwk = Jwk::from_map(object.clone()).ok()?;
    if jwk.algorithm().is_some_and(|theirs| theirs != alg) {
        return None;
    }
    // The names were compared already, and josekit would compare them again
    // with those of a header of its own.
    jwk.set_parameter("kid", None).ok()?;
    match alg {
        "ES256" => Some(Box::new(ES256.verifier_from_jwk(&jwk).ok()?)),
        "ES384" => Some(Box::new(ES384.verifier_from_jwk(&jwk).ok()?)),
        "RS256" => Some(Box::new(RS256.verifier_from_jwk(&jwk).ok()?)),
        "PS256" => Some(Box::new(PS256.verifier_from_jwk(&jwk).ok()?)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Algorithm, SigningKey};
    use super::*;
    use serde_json::json;

    fn set(keys: &[&SigningKey]) -> Value {
        let keys: Vec<&Value> = keys.iter().map(|key| key.public_jwk()).collect();
        json!({ "keys": keys })
    }

    #[test]
    fn the_right_key_and_no_other() {
        for algorithm in Algorithm::ALL {
            let key = SigningKey::generate(algorithm).expect("a key");
            let other = SigningKey::generate(algorithm).expect("a key");
            let token = key.sign("JWT", &json!({"aud": ["a", "b"], "exp": 12.9}));
            let token = token.expect("a token");
            let parsed = Unverified::parse(&token).expect("a token");
            assert_eq!(parsed.verify(&set(&[&other, &key])), Ok(()));
            assert_eq!(parsed.verify(&set(&[&other])), Err(VerifyError::Signature));
            assert_eq!(parsed.verify(&json!({})), Err(VerifyError::Signature));
            assert!(parsed.is_for(&["b"]) && !parsed.is_for(&["c"]));
            assert_eq!(parsed.moment("exp"), Some(12));
        }
    }

    #[test]
    fn a_short_rsa_key_proves_nothing() {
        let rsa = openssl::rsa::Rsa::generate(1024).expect("a key");
        let pem = openssl::pkey::PKey::from_rsa(rsa).expect("a key");
        let pem = pem.private_key_to_pem_pkcs8().expect("a text");
        let key = SigningKey::from_pem(&pem).expect("a key");
        let token = key.sign("JWT", &json!({})).expect("a token");
        let parsed = Unverified::parse(&token).expect("a token");
        assert_eq!(parsed.verify(&set(&[&key])), Err(VerifyError::Signature));
    }

    #[test]
    fn none_and_hmac_are_not_taken() {
        let key = SigningKey::generate(Algorithm::Rs256).expect("a key");
        for alg in ["none", "HS256", "None", "ES256K", "RS1", ""] {
            let header = URL_SAFE_NO_PAD.encode(json!({"alg": alg}).to_string());
            let token = format!("{header}.e30.");
            let parsed = Unverified::parse(&token).expect("a token");
            assert_eq!(parsed.verify(&set(&[&key])), Err(VerifyError::Algorithm));
        }
    }

    #[test]
    fn what_is_no_token() {
        let crit = URL_SAFE_NO_PAD.encode(json!({"alg": "ES256", "crit": ["x"]}).to_string());
        let long = "a".repeat(LONGEST + 1);
        for text in [
            "",
            ".",
            "..",
            "a.b",
            "e30.e30.",
            "!.!.!",
            &long,
            &format!("{crit}.e30."),
        ] {
            assert_eq!(
                Unverified::parse(text).err(),
                Some(VerifyError::Format),
                "{text}"
            );
        }
    }
}
