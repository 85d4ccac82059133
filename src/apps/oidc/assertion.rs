//! Clients that sign with a key of their own (`private_key_jwt`, RFC 7523).

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;

use super::OidcState;
use super::error::OauthError;
use crate::domain::{Application, Timestamp};
use crate::platform::crypto::jwt::verify::Unverified;
use crate::platform::crypto::sha256_hex;
use crate::platform::storage::{StorageError, params};

/// What such an assertion is announced as.
pub const TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// How far clocks may be apart, in seconds.
const SKEW: i64 = 30;
/// How long an assertion may be good for, in seconds: as long it is remembered.
const LONGEST: i64 = 3600;
/// Octets of a key set.
const KEYS_CAP: usize = 256 * 1024;
/// How long a key set of a client is kept, in seconds.
const KEPT: i64 = 300;
/// After how many seconds it is fetched again for a key that is not in it.
const AGAIN: i64 = 10;

/// Key sets of clients that publish them, as they were fetched.
#[derive(Clone, Debug, Default)]
pub struct KeySets(Arc<Mutex<HashMap<String, Fetched>>>);

/// A key set, and when it was fetched.
type Fetched = (Timestamp, Arc<Value>);

/// The client that an assertion says it is from; nothing is proven yet.
pub(super) fn issuer(assertion: &str) -> Option<String> {
    let parsed = Unverified::parse(assertion).ok()?;
    parsed.text("iss").map(ToOwned::to_owned)
}

/// Checks an assertion, and uses it up.
pub(super) async fn check(
    state: &OidcState,
    application: &Application,
    assertion: &str,
) -> Result<(), OauthError> {
    const WRONG: OauthError = OauthError::Client("the assertion is not good");
    let parsed = Unverified::parse(assertion).map_err(|_| WRONG)?;
    let id = application.client_id();
    let now = state.directory.now();
    let jti = meaning(&parsed, id, state.kit.origin(), now.millis() / 1000)
        .map_err(OauthError::Client)?;
    let keys = keys(state, application, &parsed, now).await?;
    parsed.verify(&keys).map_err(|_| WRONG)?;
    // Only what is signed is remembered, so that nobody fills the memory.
    if remember(state, id, &jti, now).await? {
        Ok(())
    } else {
        Err(OauthError::Client("the assertion was used before"))
    }
}

/// What the assertion has to say (RFC 7523 §3); answers its `jti`.
fn meaning(
    parsed: &Unverified<'_>,
    id: &str,
    origin: &str,
    now: i64,
) -> Result<String, &'static str> {
    if parsed.text("iss") != Some(id) || parsed.text("sub") != Some(id) {
        return Err("iss and sub of the assertion must be the client_id");
    }
    let ours = [
        "/oidc/token",
        "/oidc/par",
        "/oidc/revoke",
        "/oidc/introspect",
    ];
    let ours: Vec<String> = ours.iter().map(|path| format!("{origin}{path}")).collect();
    let mut audiences: Vec<&str> = ours.iter().map(String::as_str).collect();
    audiences.push(origin);
    if !parsed.is_for(&audiences) {
        return Err("aud of the assertion must be this issuer or its token endpoint");
    }
    let typ = parsed.header.typ.as_deref().unwrap_or("JWT");
    if !["jwt", "client-authentication+jwt"].contains(&typ.to_ascii_lowercase().as_str()) {
        return Err("typ of the assertion is of another kind of token");
    }
    let exp = parsed.moment("exp").ok_or("the assertion has no exp")?;
    if now >= exp.saturating_add(SKEW) {
        return Err("the assertion has run out");
    }
    if exp > now.saturating_add(LONGEST) {
        return Err("the assertion is good for more than an hour");
    }
    let early = now.saturating_add(SKEW);
    if ["iat", "nbf"]
        .into_iter()
        .filter_map(|name| parsed.moment(name))
        .any(|moment| moment > early)
    {
        return Err("the assertion is from the future");
    }
    let jti = parsed.text("jti").filter(|jti| !jti.is_empty());
    jti.map(ToOwned::to_owned).ok_or("the assertion has no jti")
}

async fn remember(
    state: &OidcState,
    id: &str,
    jti: &str,
    now: Timestamp,
) -> Result<bool, StorageError> {
    let (place, jti) = (format!("oidc-client/{id}"), sha256_hex(jti.as_bytes()));
    let until = now.plus_seconds(LONGEST + 2 * SKEW);
    state
        .directory
        .db
        .write(move |tx| {
            let (place, jti) = (place.clone(), jti.clone());
            Box::pin(async move {
                let sql = "INSERT INTO replay_memory (provider, message_id, expires_at) \
                           VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
                Ok(tx.execute(sql, params![place, jti, until]).await? == 1)
            })
        })
        .await
}

/// The client's keys: those that the admin entered, or those that it publishes.
async fn keys(
    state: &OidcState,
    application: &Application,
    parsed: &Unverified<'_>,
    now: Timestamp,
) -> Result<Arc<Value>, OauthError> {
    if let Some(keys) = &application.jwks {
        return Ok(Arc::new(keys.clone()));
    }
    let uri = application
        .jwks_uri
        .as_deref()
        .ok_or(OauthError::Client("the client has no keys"))?;
    let known = {
        let sets = state
            .key_sets
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        sets.get(uri).cloned()
    };
    if let Some((at, keys)) = &known {
        let age = now.seconds_since(*at);
        let fresh = (0..KEPT).contains(&age) && parsed.is_named_in(keys);
        if fresh || (0..AGAIN).contains(&age) {
            return Ok(Arc::clone(keys));
        }
    }
    let accept = "application/jwk-set+json, application/json";
    let fetched = match state.outbound.get(uri, accept, KEYS_CAP).await {
        Ok(fetched) => serde_json::from_slice::<Value>(&fetched.body).ok(),
        Err(error) => {
            tracing::warn!(client = application.client_id(), %error, "a client's keys cannot be fetched");
            None
        }
    };
    match (fetched, known) {
        (Some(keys), _) => {
            let keys = Arc::new(keys);
            let mut sets = state
                .key_sets
                .0
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            if sets.len() > 1024 {
                sets.clear();
            }
            sets.insert(uri.to_owned(), (now, Arc::clone(&keys)));
            Ok(keys)
        }
        (None, Some((_, keys))) => Ok(keys),
        (None, None) => Err(OauthError::Client("the client's keys cannot be fetched")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::crypto::jwt::{Algorithm, SigningKey};
    use serde_json::json;

    const NOW: i64 = 1_800_000_000;

    fn meant(typ: &str, change: &Value) -> Result<String, &'static str> {
        let key = SigningKey::generate(Algorithm::Es256).unwrap();
        let mut claims = json!({
            "iss": "app", "sub": "app", "aud": "https://sso.example.com/oidc/token",
            "exp": NOW + 60, "iat": NOW, "jti": "1",
        });
        for (name, value) in change.as_object().unwrap() {
            claims[name] = value.clone();
        }
        let token = key.sign(typ, &claims).unwrap();
        let parsed = Unverified::parse(&token).unwrap();
        meaning(&parsed, "app", "https://sso.example.com", NOW)
    }

    #[test]
    fn what_an_assertion_has_to_say() {
        assert_eq!(meant("JWT", &json!({})).as_deref(), Ok("1"));
        assert!(meant("client-authentication+jwt", &json!({})).is_ok());
        assert!(meant("JWT", &json!({"aud": ["x", "https://sso.example.com"]})).is_ok());
        assert!(meant("JWT", &json!({"exp": NOW - SKEW + 1})).is_ok());
        assert!(meant("JWT", &json!({"exp": NOW + LONGEST})).is_ok());
        assert!(meant("JWT", &json!({"iat": NOW + SKEW})).is_ok());
        for change in [
            json!({"iss": "other"}),
            json!({"sub": "other"}),
            json!({"aud": "https://sso.example.com.evil/oidc/token"}),
            json!({"aud": "https://sso.example.com/"}),
            json!({"aud": null}),
            json!({"exp": NOW - SKEW}),
            json!({"exp": NOW + LONGEST + 1}),
            json!({"exp": null}),
            json!({"exp": "tomorrow"}),
            json!({"iat": NOW + SKEW + 1}),
            json!({"nbf": NOW + SKEW + 1}),
            json!({"jti": null}),
            json!({"jti": ""}),
        ] {
            assert!(meant("JWT", &change).is_err(), "{change}");
        }
        assert!(meant("logout+jwt", &json!({})).is_err());
    }
}
