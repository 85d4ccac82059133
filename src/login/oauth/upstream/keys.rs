//! The issuer's keys (RFC 7517).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use openidconnect::JsonWebKey as _;
use openidconnect::core::{CoreJsonWebKey, CoreJsonWebKeyType};
use serde_json::Value;

use super::cached::{Fresh, lifetime};
use super::error::{UpstreamError, What};
use super::{JSON_CAP, object};
use crate::domain::Timestamp;
use crate::platform::http::Outbound;

/// Keys that are read at most.
const MOST: usize = 64;
/// Bits that an RSA key has at least and at most.
const RSA_BITS: std::ops::RangeInclusive<usize> = 2048..=4096;

/// A key that may have signed.
#[derive(Clone, Debug)]
pub struct Key {
    /// The key.
    pub key: CoreJsonWebKey,
    /// The issuer that it is of alone (Microsoft), `{tenantid}` included.
    pub issuer: Option<String>,
}

impl Key {
    /// Its name.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        self.key.key_id().map(|id| id.as_str())
    }
}

/// The keys of an issuer.
#[derive(Debug, Default)]
pub struct KeySet {
    /// Those that can be used.
    pub keys: Vec<Key>,
    /// How many cannot: of a type that signs nothing here, or too short.
    pub unusable: usize,
}

impl KeySet {
    /// Reads a key set. A key that is not understood is passed over (RFC 7517
    /// §5); symmetric ones always are: what the whole world can read is no
    /// secret.
    #[must_use]
    pub fn read(members: &[Value]) -> Self {
        let mut set = Self::default();
        for member in members.iter().take(MOST) {
            match read_key(member) {
                Some(key) => set.keys.push(key),
                None => set.unusable += 1,
            }
        }
        set
    }
}

fn read_key(member: &Value) -> Option<Key> {
    let key: CoreJsonWebKey = serde_json::from_value(member.clone()).ok()?;
    let usable = match key.key_type() {
        CoreJsonWebKeyType::RSA => {
            let bits = rsa_bits(member.get("n")?.as_str()?)?;
            RSA_BITS.contains(&bits)
        }
        CoreJsonWebKeyType::EllipticCurve | CoreJsonWebKeyType::OctetKeyPair => true,
        _ => false,
    };
    let issuer = member.get("issuer").and_then(Value::as_str);
    usable.then(|| Key {
        key,
        issuer: issuer.map(ToOwned::to_owned),
    })
}

fn rsa_bits(modulus: &str) -> Option<usize> {
    let octets = URL_SAFE_NO_PAD.decode(modulus.trim_end_matches('=')).ok()?;
    let zeros = octets.iter().take_while(|octet| **octet == 0).count();
    let rest = octets.get(zeros..)?;
    let first = rest.first()?;
    let leading = usize::try_from(first.leading_zeros()).ok()?;
    Some(rest.len() * 8 - leading)
}

pub(super) async fn fetch(
    outbound: &Outbound,
    url: &str,
    now: Timestamp,
) -> Result<Fresh<KeySet>, UpstreamError> {
    let what = What::Keys;
    let accept = "application/jwk-set+json, application/json";
    let fetched = outbound
        .get(url, accept, JSON_CAP)
        .await
        .map_err(|e| UpstreamError::fetch(what, e))?;
    let object = object(what, &fetched)?;
    let members = object.get("keys").and_then(Value::as_array);
    let members = members.ok_or(UpstreamError::Incomplete {
        what,
        missing: "keys",
    })?;
    let set = KeySet::read(members);
    if set.keys.is_empty() {
        let problem = "none of its keys can have signed an ID token";
        return Err(UpstreamError::malformed(what, problem));
    }
    Ok(Fresh {
        seconds: lifetime(&fetched.headers, now),
        document: set,
    })
}
