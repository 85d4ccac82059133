//! The ID token (OpenID Connect Core §3.1.3.7): who signed in, said by the
//! issuer under its key.
//!
//! The token is cut and read once, here, and only what the signature covers is
//! read. The signature itself, the hash of `at_hash` and the fit of key and
//! algorithm are the business of `openidconnect`'s keys; its own verifier knows
//! one issuer only, takes a token without regard to `azp`, and cannot say which
//! check failed.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use openidconnect::JsonWebKey as _;
use openidconnect::core::CoreJwsSigningAlgorithm as Algorithm;
use serde::Deserialize;
use serde_json::Value;

use super::claims::Claims;
use super::issuer::{IssuerRule, Mismatch};
use super::upstream::{Key, KeySet};
use crate::domain::Timestamp;
use crate::platform::crypto::constant_time_eq;

/// Octets of a token that are read at most. Group claims make long ones.
const LONGEST: usize = 256 * 1024;
/// Keys without a name that are tried at most.
const TRIES: usize = 8;
/// The algorithms that may sign (RFC 7518 §3.1, RFC 8037 §3.1): asymmetric
/// ones, each with the key type that the key itself must be of.
const ALGORITHMS: [(&str, Algorithm); 9] = [
    ("RS256", Algorithm::RsaSsaPkcs1V15Sha256),
    ("RS384", Algorithm::RsaSsaPkcs1V15Sha384),
    ("RS512", Algorithm::RsaSsaPkcs1V15Sha512),
    ("PS256", Algorithm::RsaSsaPssSha256),
    ("PS384", Algorithm::RsaSsaPssSha384),
    ("PS512", Algorithm::RsaSsaPssSha512),
    ("ES256", Algorithm::EcdsaP256Sha256),
    ("ES384", Algorithm::EcdsaP384Sha384),
    ("EdDSA", Algorithm::EdDsa),
];

/// Why an ID token is none that signs anybody in.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// It is too long, or not cut as a signed JWT is.
    #[error("the ID token is no signed JWT: {0}")]
    Form(&'static str),
    /// It is of another type, or asks for what is not understood.
    #[error("the ID token's header asks for what is not understood: {0}")]
    Header(String),
    /// It is signed by an algorithm that is not on the list, or not at all.
    #[error("the ID token is signed with {0}, which is not accepted")]
    Algorithm(String),
    /// None of the issuer's keys has its key's name.
    #[error("the ID token names a key that the provider does not publish")]
    UnknownKey {
        /// The key's name; none where the token names none.
        kid: Option<String>,
        /// The names that are published.
        known: Vec<String>,
    },
    /// The signature is not the key's.
    #[error("the ID token's signature does not verify with the provider's key")]
    Signature,
    /// The key is of another issuer (Microsoft's keys name one).
    #[error("the ID token is signed with a key of another issuer")]
    KeyIssuer {
        /// The token's issuer.
        expected: String,
        /// The key's.
        received: String,
    },
    /// A claim is absent or of another type.
    #[error("the ID token has no {0}, or not in the form that it must have")]
    Claim(&'static str),
    /// It is of another issuer.
    #[error("the ID token is of another issuer")]
    Issuer {
        /// The right one.
        expected: String,
        /// The token's.
        received: String,
    },
    /// It is of a tenant that may not come in.
    #[error("the person is of a tenant that may not come in")]
    Tenant {
        /// The tenants that may.
        expected: String,
        /// The token's.
        received: Option<String>,
    },
    /// It is made out to somebody else.
    #[error("the ID token is made out to another client")]
    Audience {
        /// Our client id.
        expected: String,
        /// The token's audiences.
        received: Vec<String>,
    },
    /// Another client asked for it.
    #[error("the ID token was issued on behalf of another client (azp)")]
    AuthorizedParty {
        /// Our client id.
        expected: String,
        /// The token's.
        received: Option<String>,
    },
    /// It has run out.
    #[error("the ID token expired")]
    Expired {
        /// The present moment.
        now: Timestamp,
        /// Its end.
        at: String,
    },
    /// It was issued in the future, or begins to count in the future.
    #[error("the ID token is of the future ({claim})")]
    Future {
        /// `iat` or `nbf`.
        claim: &'static str,
        /// The present moment.
        now: Timestamp,
        /// What it says.
        at: String,
    },
    /// The person was to sign in anew, and had signed in before.
    #[error(
        "the provider was told to let the person sign in anew, and tells of a sign-in before that"
    )]
    NotAnew {
        /// When that was asked for.
        asked: Timestamp,
        /// What it says (`auth_time`).
        at: String,
    },
    /// It answers another request.
    #[error("the ID token answers another sign-in than this one (nonce)")]
    Nonce,
    /// It belongs to another access token.
    #[error("the ID token does not belong to the access token that came with it (at_hash)")]
    AccessTokenHash,
}

impl TokenError {
    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Form(_) => "oauth.token_malformed",
            Self::Header(_) => "oauth.token_header",
            Self::Algorithm(_) => "oauth.algorithm_not_allowed",
            Self::UnknownKey { .. } => "oauth.key_unknown",
            Self::Signature => "oauth.signature_invalid",
            Self::KeyIssuer { .. } => "oauth.key_of_another_issuer",
            Self::Claim(_) => "oauth.claim_missing",
            Self::Issuer { .. } => "oauth.issuer_mismatch",
            Self::Tenant { .. } => "oauth.tenant_not_allowed",
            Self::Audience { .. } => "oauth.audience_mismatch",
            Self::AuthorizedParty { .. } => "oauth.azp_mismatch",
            Self::Expired { .. } => "oauth.token_expired",
            Self::Future { .. } => "oauth.token_not_yet_valid",
            Self::NotAnew { .. } => "oauth.not_anew",
            Self::Nonce => "oauth.nonce_mismatch",
            Self::AccessTokenHash => "oauth.at_hash_mismatch",
        }
    }

    /// The values that were compared.
    #[must_use]
    pub fn compared(&self) -> (Option<String>, Vec<String>) {
        let one = |text: &String| vec![text.clone()];
        match self {
            Self::Algorithm(name) => {
                let names: Vec<&str> = ALGORITHMS.iter().map(|(name, _)| *name).collect();
                (Some(names.join(", ")), one(name))
            }
            Self::UnknownKey { kid, known } => {
                (Some(known.join(", ")), kid.iter().cloned().collect())
            }
            Self::KeyIssuer { expected, received } | Self::Issuer { expected, received } => {
                (Some(expected.clone()), one(received))
            }
            Self::Tenant { expected, received } | Self::AuthorizedParty { expected, received } => {
                (Some(expected.clone()), received.iter().cloned().collect())
            }
            Self::Audience { expected, received } => (Some(expected.clone()), received.clone()),
            Self::Expired { now, at } | Self::Future { now, at, .. } => {
                (Some(now.rfc3339()), one(at))
            }
            Self::NotAnew { asked, at } => (Some(asked.rfc3339()), one(at)),
            Self::Form(_)
            | Self::Header(_)
            | Self::Signature
            | Self::Claim(_)
            | Self::Nonce
            | Self::AccessTokenHash => (None, Vec::new()),
        }
    }
}

/// What a token must be.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    /// Of whom.
    pub issuer: &'a IssuerRule,
    /// For whom.
    pub client_id: &'a str,
    /// In answer to what.
    pub nonce: &'a str,
    /// With which access token.
    pub access_token: &'a str,
    /// The present moment.
    pub now: Timestamp,
    /// Seconds that clocks may differ.
    pub max_skew: i64,
}

/// A token whose every check has passed.
#[derive(Clone, Debug)]
pub struct Verified {
    /// What it says.
    pub claims: Claims,
    /// The issuer's one name, under which the person is remembered.
    pub issuer: String,
}

/// A token that has been cut, and says nothing yet.
#[derive(Debug)]
pub struct Unverified<'t> {
    signed: &'t str,
    payload: Vec<u8>,
    signature: Vec<u8>,
    kid: Option<String>,
    algorithm: Algorithm,
}

/// The header (RFC 7515 §4), as far as it matters. Keys that it carries or
/// points to are never looked at.
#[derive(Debug, Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    typ: Option<String>,
    cty: Option<String>,
    crit: Option<Value>,
}

impl<'t> Unverified<'t> {
    /// Cuts a token in its compact form (RFC 7515 §7.1).
    pub fn cut(token: &'t str) -> Result<Self, TokenError> {
        Self::cut_as(token, &["JWT"])
    }

    /// The same for tokens that may be of these types. Access tokens and logout
    /// tokens of one issuer are typed otherwise than ID tokens (RFC 8725 §3.11).
    pub fn cut_as(token: &'t str, types: &[&str]) -> Result<Self, TokenError> {
        if token.len() > LONGEST {
            return Err(TokenError::Form("it is too long"));
        }
        let (signed, signature) = token
            .rsplit_once('.')
            .ok_or(TokenError::Form("it has no three parts"))?;
        let (header, payload) = signed
            .split_once('.')
            .filter(|(_, payload)| !payload.contains('.'))
            .ok_or(TokenError::Form("it has no three parts"))?;
        let decoded = |part: &str| {
            URL_SAFE_NO_PAD
                .decode(part)
                .map_err(|_| TokenError::Form("a part is no base64url"))
        };
        let header: Header = serde_json::from_slice(&decoded(header)?)
            .map_err(|_| TokenError::Form("its header is no JSON that can be read"))?;
        Ok(Self {
            algorithm: algorithm(&header, types)?,
            kid: header.kid,
            signed,
            payload: decoded(payload)?,
            signature: decoded(signature)?,
        })
    }

    /// Whether one of these keys may have signed it; where the token does not name
    /// its key, whether one has. Else the issuer's keys are worth another look.
    #[must_use]
    pub fn has_key_in(&self, keys: &KeySet) -> bool {
        match self.kid {
            Some(_) => self.candidates(keys).next().is_some(),
            None => self.signer(keys).is_ok(),
        }
    }

    fn candidates<'k>(&self, keys: &'k KeySet) -> impl Iterator<Item = &'k Key> {
        let (kid, algorithm) = (self.kid.clone(), self.algorithm.clone());
        let fits = move |key: &&Key| {
            // What a nameless key may not be called is the caller's guess.
            (kid.is_none() || key.id() == kid.as_deref()) && is_of_type(key, &algorithm)
        };
        keys.keys.iter().filter(fits).take(TRIES)
    }

    /// Verifies the signature and every claim.
    pub fn verify(&self, keys: &KeySet, expected: &Expected<'_>) -> Result<Verified, TokenError> {
        let (Verified { claims, issuer }, key) = self.verify_common(keys, expected)?;
        let nonce = text(&claims, "nonce").unwrap_or_default();
        if !constant_time_eq(nonce.as_bytes(), expected.nonce.as_bytes()) {
            return Err(TokenError::Nonce);
        }
        self.check_access_token(&claims, key, expected.access_token)?;
        if text(&claims, "sub").is_none_or(str::is_empty) {
            return Err(TokenError::Claim("sub"));
        }
        Ok(Verified { claims, issuer })
    }

    /// What tokens of every type have in common: the signature, by whom, for whom,
    /// and when.
    pub fn verify_common<'k>(
        &self,
        keys: &'k KeySet,
        expected: &Expected<'_>,
    ) -> Result<(Verified, &'k Key), TokenError> {
        let key = self.signer(keys)?;
        let claims: Claims = serde_json::from_slice(&self.payload)
            .map_err(|_| TokenError::Form("its claims are no JSON object"))?;
        let issuer = check_issuer(&claims, key, expected)?;
        check_audience(&claims, expected.client_id)?;
        check_times(&claims, expected)?;
        Ok((Verified { claims, issuer }, key))
    }

    /// The key that signed.
    fn signer<'k>(&self, keys: &'k KeySet) -> Result<&'k Key, TokenError> {
        let mut any = false;
        for key in self.candidates(keys) {
            any = true;
            let verified =
                key.key
                    .verify_signature(&self.algorithm, self.signed.as_bytes(), &self.signature);
            if verified.is_ok() {
                return Ok(key);
            }
        }
        if any {
            return Err(TokenError::Signature);
        }
        Err(TokenError::UnknownKey {
            kid: self.kid.clone(),
            known: keys
                .keys
                .iter()
                .filter_map(Key::id)
                .map(ToOwned::to_owned)
                .collect(),
        })
    }

    /// `at_hash` (Core §3.1.3.6): the left half of the access token's hash.
    fn check_access_token(
        &self,
        claims: &Claims,
        key: &Key,
        access_token: &str,
    ) -> Result<(), TokenError> {
        let Some(said) = claims.get("at_hash") else {
            return Ok(());
        };
        let said = said.as_str().ok_or(TokenError::AccessTokenHash)?;
        let hash = key
            .key
            .hash_bytes(access_token.as_bytes(), &self.algorithm)
            .map_err(|_| TokenError::AccessTokenHash)?;
        let half = hash.get(..hash.len() / 2).unwrap_or_default();
        let ours = URL_SAFE_NO_PAD.encode(half);
        if constant_time_eq(ours.as_bytes(), said.trim_end_matches('=').as_bytes()) {
            Ok(())
        } else {
            Err(TokenError::AccessTokenHash)
        }
    }
}

fn algorithm(header: &Header, types: &[&str]) -> Result<Algorithm, TokenError> {
    if header.crit.is_some() {
        return Err(TokenError::Header("crit".to_owned()));
    }
    if header.cty.is_some() {
        return Err(TokenError::Header("cty".to_owned()));
    }
    if let Some(typ) = &header.typ
        && !types.iter().any(|known| typ.eq_ignore_ascii_case(known))
    {
        return Err(TokenError::Header(super::upstream::shortened(typ)));
    }
    let known = ALGORITHMS.iter().find(|(name, _)| *name == header.alg);
    let unknown = || TokenError::Algorithm(super::upstream::shortened(&header.alg));
    known
        .map(|(_, algorithm)| algorithm.clone())
        .ok_or_else(unknown)
}

fn is_of_type(key: &Key, algorithm: &Algorithm) -> bool {
    use openidconnect::JwsSigningAlgorithm as _;
    algorithm.key_type().as_ref() == Some(key.key.key_type())
}

/// A claim that is a text.
pub(super) fn text<'c>(claims: &'c Claims, name: &str) -> Option<&'c str> {
    claims.get(name).and_then(Value::as_str)
}

fn check_issuer(claims: &Claims, key: &Key, expected: &Expected<'_>) -> Result<String, TokenError> {
    let issuer = text(claims, "iss").ok_or(TokenError::Claim("iss"))?;
    let tenant = text(claims, "tid");
    let received = || super::upstream::shortened(issuer);
    let name = expected
        .issuer
        .check(issuer, tenant)
        .map_err(|mismatch| match mismatch {
            Mismatch::Issuer { expected } => TokenError::Issuer {
                expected,
                received: received(),
            },
            Mismatch::NoTenant => TokenError::Claim("tid"),
            Mismatch::Tenant { expected } => TokenError::Tenant {
                expected,
                received: tenant.map(super::upstream::shortened),
            },
        })?;
    // One document of Microsoft holds keys of several issuers.
    if let Some(of) = &key.issuer {
        let of = of.replace("{tenantid}", tenant.unwrap_or_default());
        if of != issuer {
            return Err(TokenError::KeyIssuer {
                expected: received(),
                received: super::upstream::shortened(&of),
            });
        }
    }
    Ok(name)
}

fn check_audience(claims: &Claims, client_id: &str) -> Result<(), TokenError> {
    let audiences: Vec<&str> = match claims.get("aud") {
        Some(Value::String(one)) => vec![one],
        Some(Value::Array(several)) => several.iter().filter_map(Value::as_str).collect(),
        _ => return Err(TokenError::Claim("aud")),
    };
    if !audiences.contains(&client_id) {
        let received = audiences.into_iter().take(10);
        return Err(TokenError::Audience {
            expected: client_id.to_owned(),
            received: received.map(super::upstream::shortened).collect(),
        });
    }
    let party = claims.get("azp");
    let is_ours = party.is_some_and(|party| party.as_str() == Some(client_id));
    if is_ours || (party.is_none() && audiences.len() == 1) {
        return Ok(());
    }
    Err(TokenError::AuthorizedParty {
        expected: client_id.to_owned(),
        received: party.map(|party| super::upstream::shortened(&party.to_string())),
    })
}

fn check_times(claims: &Claims, expected: &Expected<'_>) -> Result<(), TokenError> {
    let now = expected.now;
    let exp = seconds(claims, "exp")?.ok_or(TokenError::Claim("exp"))?;
    let iat = seconds(claims, "iat")?.ok_or(TokenError::Claim("iat"))?;
    let nbf = seconds(claims, "nbf")?;
    if now >= exp.plus_seconds(expected.max_skew) {
        return Err(TokenError::Expired {
            now,
            at: exp.rfc3339(),
        });
    }
    for (claim, at) in [("iat", Some(iat)), ("nbf", nbf)] {
        if let Some(at) = at.filter(|at| *at > now.plus_seconds(expected.max_skew)) {
            return Err(TokenError::Future {
                claim,
                now,
                at: at.rfc3339(),
            });
        }
    }
    Ok(())
}

/// A `NumericDate` (RFC 7519 §2), which may have fractions. One that no
/// calendar holds is none.
pub(super) fn seconds(
    claims: &Claims,
    name: &'static str,
) -> Result<Option<Timestamp>, TokenError> {
    /// The year 9999.
    const MOST: i64 = 253_402_300_799;
    let Some(value) = claims.get(name) else {
        return Ok(None);
    };
    let whole = value.as_i64().or_else(|| value.as_f64().and_then(whole));
    match whole {
        Some(seconds) if (0..=MOST).contains(&seconds) => {
            Ok(Some(Timestamp(0).plus_seconds(seconds)))
        }
        _ => Err(TokenError::Claim(name)),
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "the value is within what both types hold exactly"
)]
fn whole(seconds: f64) -> Option<i64> {
    (0.0..1e12).contains(&seconds).then_some(seconds as i64)
}

#[cfg(test)]
mod tests;
