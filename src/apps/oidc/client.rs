//! Which client calls, and how it proves that (RFC 6749 §2.3, OpenID Connect
//! Core §9).

use axum::http::{HeaderMap, HeaderValue, header};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use std::net::IpAddr;

use super::error::{OauthError, invalid};
use super::params::{Params, Parsed};
use super::{OidcState, assertion};
use crate::directory::applications::{self, StoredApplication};
use crate::domain::application::{ApplicationKind, ClientAuthMethod};
use crate::domain::{Application, Slug};
use crate::platform::storage::StorageError;
use crate::platform::throttle::{self, Allowance};
use crate::platform::web::network_of;

/// How often a client may fail to prove itself from one network: 20 times at
/// once, then every three seconds.
const FAILURES: Allowance = Allowance {
    burst: 20,
    interval: 3_000,
};

/// What a call carries as proof.
enum Proof<'a> {
    Secret(String, &'static str),
    Assertion(&'a str),
    None,
}

/// The form of a call: `application/x-www-form-urlencoded`, each parameter once.
pub(super) fn form(headers: &HeaderMap, body: &str) -> Result<Params, OauthError> {
    let kind = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .unwrap_or_default()
        .trim();
    if !kind.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        return Err(invalid(
            "the body must be application/x-www-form-urlencoded",
        ));
    }
    let parsed = Parsed::read(body);
    match parsed.twice {
        None => Ok(parsed.params),
        Some(_) => Err(invalid(
            "a parameter comes more than once, or there are too many",
        )),
    }
}

/// Finds the client that calls and checks its proof. Public clients have none,
/// and only say who they are.
pub(super) async fn authenticate(
    state: &OidcState,
    headers: &HeaderMap,
    params: &Params,
    address: IpAddr,
) -> Result<Application, OauthError> {
    let (id, proof) = proof(headers, params)?;
    let outcome = check(state, &id, &proof).await;
    if let Err(OauthError::Client(reason)) = &outcome {
        tracing::warn!(client = %shown(&id), %address, reason, "a client was refused");
        metrics::counter!("doorward_oidc_client_failures_total").increment(1);
        failed(state, &id, address).await?;
    }
    outcome
}

/// An identifier that came from outside, as the log shows it.
fn shown(id: &str) -> String {
    id.chars().filter(|c| !c.is_control()).take(80).collect()
}

fn proof<'a>(headers: &HeaderMap, params: &'a Params) -> Result<(String, Proof<'a>), OauthError> {
    let basic = headers.get(header::AUTHORIZATION).map(basic).transpose()?;
    let secret = params.get("client_secret");
    let assertion = params.get("client_assertion");
    let methods = [basic.is_some(), secret.is_some(), assertion.is_some()];
    if methods.iter().filter(|used| **used).count() > 1 {
        return Err(invalid("a client proves itself in one way at a time"));
    }
    let named = params.get("client_id");
    if let Some((id, secret)) = basic {
        if named.is_some_and(|named| named != id) {
            return Err(invalid("client_id is another one than that of the header"));
        }
        return Ok((id, Proof::Secret(secret, "client_secret_basic")));
    }
    if let Some(assertion) = assertion {
        if params.get("client_assertion_type") != Some(assertion::TYPE) {
            return Err(invalid("client_assertion_type is not the one for JWTs"));
        }
        let id = assertion::issuer(assertion)
            .ok_or(OauthError::Client("the assertion names no client"))?;
        if named.is_some_and(|named| named != id) {
            return Err(invalid(
                "client_id is another one than that of the assertion",
            ));
        }
        return Ok((id, Proof::Assertion(assertion)));
    }
    let Some(id) = named else {
        return Err(OauthError::Client("the client did not say who it is"));
    };
    let proof = match secret {
        Some(secret) => Proof::Secret(secret.to_owned(), "client_secret_post"),
        None => Proof::None,
    };
    Ok((id.to_owned(), proof))
}

/// RFC 6749 §2.3.1: both parts are form-encoded before they are put together.
fn basic(value: &HeaderValue) -> Result<(String, String), OauthError> {
    const WRONG: OauthError = OauthError::Client("the Authorization header is not Basic");
    let text = value.to_str().map_err(|_| WRONG)?;
    let (scheme, credentials) = text.split_once(' ').ok_or(WRONG)?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return Err(WRONG);
    }
    let credentials = credentials.trim();
    let octets = STANDARD
        .decode(credentials)
        .or_else(|_| STANDARD_NO_PAD.decode(credentials))
        .map_err(|_| WRONG)?;
    let text = String::from_utf8(octets).map_err(|_| WRONG)?;
    let (id, secret) = text.split_once(':').ok_or(WRONG)?;
    Ok((decoded(id), decoded(secret)))
}

fn decoded(part: &str) -> String {
    let pair = format!("x={}", part.replace('&', "%26"));
    let mut pairs = url::form_urlencoded::parse(pair.as_bytes());
    pairs
        .next()
        .map(|(_, value)| value.into_owned())
        .unwrap_or_default()
}

async fn check(state: &OidcState, id: &str, proof: &Proof<'_>) -> Result<Application, OauthError> {
    const UNKNOWN: OauthError = OauthError::Client("the client is unknown or did not prove itself");
    let stored = find(state, id).await?.ok_or(UNKNOWN)?;
    let application = &stored.application;
    let method = application.token_endpoint_auth_method;
    let is_allowed = |name: &str| method.is_none_or(|method| method.as_str() == name);
    match proof {
        Proof::Secret(secret, name) => {
            let good = application.has_secret() && stored.is_secret(secret, state.directory.now());
            if !good {
                return Err(UNKNOWN);
            }
            if !is_allowed(name) {
                let reason = "the client has to prove itself in another way";
                return Err(OauthError::Client(reason));
            }
        }
        Proof::Assertion(text) => {
            if method != Some(ClientAuthMethod::PrivateKeyJwt) || !application.confidential {
                return Err(UNKNOWN);
            }
            assertion::check(state, application, text).await?;
        }
        Proof::None if application.confidential => return Err(UNKNOWN),
        Proof::None => {}
    }
    Ok(stored.application)
}

/// The OpenID client with this identifier.
pub(super) async fn find(
    state: &OidcState,
    id: &str,
) -> Result<Option<StoredApplication>, StorageError> {
    let Some(slug) = Slug::parse(id) else {
        return Ok(None);
    };
    let found: Result<Option<StoredApplication>, StorageError> = state
        .directory
        .db
        .look_up(move |tx| {
            let slug = slug.clone();
            Box::pin(async move { applications::by_slug(tx, &slug).await })
        })
        .await;
    let is_client = |stored: &StoredApplication| {
        stored.application.kind == ApplicationKind::Oidc && stored.application.enabled
    };
    Ok(found?.filter(is_client))
}

/// Counts a failure; too many of them are slowed down.
async fn failed(state: &OidcState, id: &str, address: IpAddr) -> Result<(), OauthError> {
    if !state.limits {
        return Ok(());
    }
    let key = format!("oidc-client:{}:{}", shown(id), network_of(address));
    let now = state.directory.now();
    let taken: Result<Result<(), u64>, StorageError> = state
        .directory
        .db
        .write(move |tx| {
            let key = key.clone();
            Box::pin(async move { throttle::take(tx, &key, FAILURES, now).await })
        })
        .await;
    taken?.map_err(OauthError::TooMany)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<(String, String)> {
        let value = format!("Basic {}", STANDARD.encode(text));
        basic(&HeaderValue::from_str(&value).unwrap()).ok()
    }

    #[test]
    fn credentials_are_form_encoded() {
        let pair = |id: &str, secret: &str| Some((id.to_owned(), secret.to_owned()));
        assert_eq!(read("app:dws_a-b_c"), pair("app", "dws_a-b_c"));
        assert_eq!(read("a%3Ab:x%2By+z"), pair("a:b", "x+y z"));
        assert_eq!(read("app:with:colon"), pair("app", "with:colon"));
        assert_eq!(read("app"), None);
        for text in ["Bearer x", "Basic", "Basic !!", "basic YTpi"] {
            let good = basic(&HeaderValue::from_str(text).unwrap()).is_ok();
            assert_eq!(good, text == "basic YTpi", "{text}");
        }
    }
}
