//! Endpoints that an access token opens: userinfo (OpenID Connect Core §5.3).

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Map, Value, json};

use super::error::OauthError;
use super::grants::{self, Token, hash};
use super::{OidcState, claims, client, id_token};
use crate::domain::{Application, Group};

/// Why an access token opens nothing (RFC 6750 §3.1).
enum Shut {
    /// There is none.
    Missing,
    /// It came in more than one way, or the request cannot be read.
    Malformed,
    /// It is unknown, expired or revoked.
    Invalid,
    /// It is for something else.
    Scope,
    Failed(OauthError),
}

impl Shut {
    fn answer(self) -> Response {
        let (status, code) = match self {
            Self::Missing => (StatusCode::UNAUTHORIZED, None),
            Self::Malformed => (StatusCode::BAD_REQUEST, Some("invalid_request")),
            Self::Invalid => (StatusCode::UNAUTHORIZED, Some("invalid_token")),
            Self::Scope => (StatusCode::FORBIDDEN, Some("insufficient_scope")),
            Self::Failed(error) => return error.into_response(),
        };
        let challenge = match code {
            None => "Bearer realm=\"doorward\"".to_owned(),
            Some(code) => format!("Bearer realm=\"doorward\", error=\"{code}\""),
        };
        let mut response = match code {
            None => status.into_response(),
            Some(code) => (status, Json(json!({"error": code}))).into_response(),
        };
        if let Ok(challenge) = HeaderValue::from_str(&challenge) {
            let headers = response.headers_mut();
            headers.insert(header::WWW_AUTHENTICATE, challenge);
        }
        response
    }
}

/// The token of a request: in the header, or in a form's body (RFC 6750 §2).
fn presented(method: &Method, headers: &HeaderMap, body: &str) -> Result<String, Shut> {
    let in_header = match headers.get(header::AUTHORIZATION) {
        None => None,
        Some(value) => {
            let text = value.to_str().map_err(|_| Shut::Malformed)?;
            let (scheme, token) = text.split_once(' ').ok_or(Shut::Malformed)?;
            if !scheme.eq_ignore_ascii_case("bearer") {
                return Err(Shut::Missing);
            }
            Some(token.trim().to_owned())
        }
    };
    let in_body = if *method == Method::POST && !body.is_empty() {
        let params = client::form(headers, body).map_err(|_| Shut::Malformed)?;
        params.get("access_token").map(ToOwned::to_owned)
    } else {
        None
    };
    match (in_header, in_body) {
        (Some(_), Some(_)) => Err(Shut::Malformed),
        (Some(token), None) | (None, Some(token)) => Ok(token),
        (None, None) => Err(Shut::Missing),
    }
}

pub(super) async fn userinfo(
    State(state): State<OidcState>,
    method: Method,
    headers: HeaderMap,
    body: String,
) -> Response {
    match answer(&state, &method, &headers, &body).await {
        Ok(response) => response,
        Err(shut) => shut.answer(),
    }
}

async fn answer(
    state: &OidcState,
    method: &Method,
    headers: &HeaderMap,
    body: &str,
) -> Result<Response, Shut> {
    let secret = presented(method, headers, body)?;
    let (token, application, groups) = find(state, &secret).await?;
    if !token.scope.has("openid") {
        return Err(Shut::Scope);
    }
    let user = &token.grant.user;
    let subject = state.subjects.of(&application, &user.id).await;
    let subject = subject.map_err(|error| Shut::Failed(error.into()))?;
    let mut all: Map<String, Value> = claims::of(&application, user, &groups, released(&token));
    all.insert("sub".to_owned(), json!(subject));
    let no_store = (header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    let Some(alg) = application.userinfo_signed_response_alg else {
        return Ok(([no_store], Json(Value::Object(all))).into_response());
    };
    all.insert("iss".to_owned(), json!(state.kit.origin()));
    all.insert("aud".to_owned(), json!(application.client_id()));
    all.insert(
        "iat".to_owned(),
        json!(state.directory.now().millis() / 1000),
    );
    let signed = state
        .keys
        .sign(id_token::algorithm(alg), "userinfo+jwt", &all);
    let signed = signed.await.map_err(|error| Shut::Failed(error.into()))?;
    let kind = HeaderValue::from_static("application/jwt");
    let kind = (header::CONTENT_TYPE, kind);
    Ok(([no_store, kind], signed).into_response())
}

fn released(token: &Token) -> claims::Released<'_> {
    claims::Released {
        scopes: &token.scope,
        names: &token.grant.details.wanted.userinfo,
    }
}

async fn find(state: &OidcState, secret: &str) -> Result<(Token, Application, Vec<Group>), Shut> {
    let token_hash = hash(secret);
    let (now, enforce) = (state.directory.now(), state.directory.enforce_validity);
    let found: Result<_, OauthError> = state
        .directory
        .db
        .look_up(move |tx| {
            let token_hash = token_hash.clone();
            Box::pin(async move {
                let live = grants::live_access(tx, &token_hash, now, enforce).await?;
                let Some((token, application)) = live else {
                    return Ok(None);
                };
                let groups = if released(&token).needs_groups(&application) {
                    token.grant.groups(tx).await?
                } else {
                    Vec::new()
                };
                Ok(Some((token, application, groups)))
            })
        })
        .await;
    found.map_err(Shut::Failed)?.ok_or(Shut::Invalid)
}
