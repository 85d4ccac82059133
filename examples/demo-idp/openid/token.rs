//! What the gateway asks by itself: tokens for a code, claims for a token, keys.

use std::sync::Arc;

use anyhow::Result;
use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use doorward::domain::{Clock, Entropy};
use openssl::sha::sha256;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{CLIENT_ID, CODE, Fields, Grant};
use crate::keys::SigningKey;
use crate::pages::{Idp, Problem};

/// Seconds for which a token is good.
const TOKEN: i64 = 3600;

/// A token request (RFC 6749 §4.1.3, RFC 7636 §4.5).
#[derive(Default, Deserialize)]
#[serde(default)]
struct Asked {
    grant_type: String,
    code: String,
    redirect_uri: String,
    code_verifier: String,
    client_id: String,
    client_secret: String,
}

fn refused(status: StatusCode, error: &str, description: &str) -> Response {
    let body = json!({ "error": error, "error_description": description });
    (status, Json(body)).into_response()
}

/// `POST /token`.
pub async fn token(
    State(idp): State<Arc<Idp>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Problem> {
    let bad = |error, text| Ok(refused(StatusCode::BAD_REQUEST, error, text));
    let Ok(asked) = serde_urlencoded::from_bytes::<Asked>(&body) else {
        return bad("invalid_request", "the form cannot be read");
    };
    if !is_client(&idp, &headers, &asked) {
        return Ok(refused(StatusCode::UNAUTHORIZED, "invalid_client", ""));
    }
    if asked.grant_type != "authorization_code" {
        return bad("unsupported_grant_type", "");
    }
    let now = Clock::System.now().millis() / 1000;
    let grant = idp.memory.with(|all| all.codes.remove(&asked.code));
    let Some(grant) = grant.filter(|grant| now - grant.at < CODE) else {
        return bad("invalid_grant", "the code is unknown, used or too old");
    };
    let challenge = URL_SAFE_NO_PAD.encode(sha256(asked.code_verifier.as_bytes()));
    if asked.redirect_uri != grant.form.redirect_uri || challenge != grant.form.code_challenge {
        return bad("invalid_grant", "the redirect URI or the verifier differs");
    }
    let access = Entropy::System.base64url::<32>();
    let answer = json!({
        "access_token": access, "token_type": "Bearer", "expires_in": TOKEN,
        "scope": grant.form.scope, "id_token": id_token(&idp, &grant, &access, now)?,
    });
    idp.memory.with(|all| {
        all.access.retain(|_, old| now - old.at < TOKEN);
        all.access.insert(access, grant);
    });
    Ok(Json(answer).into_response())
}

/// Whether the one client asks: by `Authorization: Basic` or in the form.
fn is_client(idp: &Idp, headers: &HeaderMap, asked: &Asked) -> bool {
    let basic = headers.get(header::AUTHORIZATION);
    let basic = basic
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Basic "))
        .and_then(|pair| STANDARD.decode(pair).ok());
    match basic {
        Some(pair) => pair == format!("{CLIENT_ID}:{}", idp.client_secret).as_bytes(),
        None => asked.client_id == CLIENT_ID && asked.client_secret == idp.client_secret,
    }
}

/// What is said of a person, as far as the scope goes.
fn claims(form: &Fields, grant: &Grant) -> Map<String, Value> {
    let person = &grant.person;
    let mut said = vec![("sub", &person.subject)];
    if form.has_scope("profile") {
        said.extend([
            ("name", &person.name),
            ("given_name", &person.given_name),
            ("family_name", &person.family_name),
            ("preferred_username", &person.upn),
            ("department", &person.department),
            ("job_title", &person.job_title),
        ]);
    }
    if form.has_scope("email") && form.omit_email.is_empty() {
        said.push(("email", &person.email));
    }
    let mut claims: Map<String, Value> = said
        .into_iter()
        .filter(|(_, value)| !value.trim().is_empty())
        .map(|(name, value)| (name.to_owned(), json!(value.trim())))
        .collect();
    if claims.contains_key("email") {
        let verified = form.unverified.is_empty();
        claims.insert("email_verified".to_owned(), json!(verified));
    }
    claims
}

fn id_token(idp: &Idp, grant: &Grant, access: &str, now: i64) -> Result<String> {
    let form = &grant.form;
    let now = now + form.clock.parse().unwrap_or(0);
    let mut claims = claims(form, grant);
    let digest = sha256(access.as_bytes());
    let (half, _) = digest.split_at(digest.len() / 2);
    let audience = if form.wrong_audience.is_empty() {
        CLIENT_ID
    } else {
        "another-application"
    };
    for (name, value) in [
        ("iss", json!(idp.base_url)),
        ("aud", json!(audience)),
        ("iat", json!(now)),
        ("exp", json!(now + TOKEN)),
        ("auth_time", json!(now)),
        ("at_hash", json!(URL_SAFE_NO_PAD.encode(half))),
    ] {
        claims.insert(name.to_owned(), value);
    }
    if !form.nonce.is_empty() {
        claims.insert("nonce".to_owned(), json!(form.nonce));
    }
    let claims = Value::Object(claims);
    match form.signed.as_str() {
        "none" => {
            let head = URL_SAFE_NO_PAD.encode(json!({ "alg": "none" }).to_string());
            Ok(format!(
                "{head}.{}.",
                URL_SAFE_NO_PAD.encode(claims.to_string())
            ))
        }
        "other" => SigningKey::generate()?.jwt(&claims),
        _ => idp.key.jwt(&claims),
    }
}

/// `GET /userinfo` (OpenID Connect Core §5.3).
pub async fn userinfo(State(idp): State<Arc<Idp>>, headers: HeaderMap) -> Response {
    let bearer = headers.get(header::AUTHORIZATION);
    let grant = bearer
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer "))
        .and_then(|access| idp.memory.with(|all| all.access.get(access).cloned()));
    match grant {
        Some(grant) => Json(claims(&grant.form, &grant)).into_response(),
        None => refused(StatusCode::UNAUTHORIZED, "invalid_token", ""),
    }
}

/// `GET /jwks` (RFC 7517).
pub async fn jwks(State(idp): State<Arc<Idp>>) -> Result<Json<Value>, Problem> {
    Ok(Json(json!({ "keys": [idp.key.jwk()?] })))
}
