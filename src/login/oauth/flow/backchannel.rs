//! `POST /oauth/{slug}/backchannel-logout`: the provider says, beside the browser,
//! that somebody has signed out there (OpenID Connect Back-Channel Logout 1.0).
//!
//! Nothing is believed but the token, and the token is believed once.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde_json::json;

use super::OauthState;
use super::trouble::Trouble;
use crate::directory::DirectoryError;
use crate::directory::traces::Side;
use crate::login::explain::{Explanation, Report};
use crate::login::oauth::id_token::Expected;
use crate::login::oauth::logout_token::{self, LogoutToken, LogoutTokenError};
use crate::login::oauth::provider::OauthProvider;
use crate::platform::i18n::Locale;
use crate::platform::storage::Tx;
use crate::platform::web::{ClientAddr, Message};
use crate::sessions::logout::{self as sessions, Called, Meant};
use crate::sessions::sign_in;

/// Octets of a form that are read.
pub const LONGEST: usize = 64 * 1024;

/// What kept a token from being followed.
enum Refused {
    /// There is no such provider, or it is of a kind without tokens.
    NoProvider,
    /// The form is none, or lacks the token.
    Form,
    /// The token.
    Token(LogoutTokenError),
    /// Something of a login's own.
    Trouble(Trouble),
}

impl From<LogoutTokenError> for Refused {
    fn from(error: LogoutTokenError) -> Self {
        Self::Token(error)
    }
}

/// `POST /oauth/{slug}/backchannel-logout`.
pub async fn take(
    State(state): State<OauthState>,
    Path(slug): Path<String>,
    ClientAddr(client): ClientAddr,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let report = Report {
        kit: &state.kit,
        directory: &state.directory,
        locale: Locale::En,
        provider: &slug,
        kind: "logout",
        client,
    };
    let taken = match body {
        Ok(body) => follow(&state, &slug, &headers, &body).await,
        Err(_) => Err(Refused::Form),
    };
    let (status, description) = match taken {
        Ok(()) => return no_store(StatusCode::OK.into_response()),
        Err(Refused::NoProvider) => (StatusCode::NOT_FOUND, "there is no such provider"),
        Err(Refused::Form) => (
            StatusCode::BAD_REQUEST,
            "send one logout_token in a form (application/x-www-form-urlencoded)",
        ),
        Err(Refused::Trouble(Trouble::Directory(error))) => {
            return state.kit.unavailable(error.to_string()).into_response();
        }
        Err(Refused::Token(error)) => {
            note(&state, &report, explain(&error)).await;
            (StatusCode::BAD_REQUEST, "the logout token is not accepted")
        }
        Err(Refused::Trouble(trouble)) => {
            note(&state, &report, trouble.explain()).await;
            let description = "the logout token cannot be verified at the moment";
            (StatusCode::BAD_REQUEST, description)
        }
    };
    let body = json!({ "error": "invalid_request", "error_description": description });
    no_store((status, Json(body)).into_response())
}

fn no_store(mut response: Response) -> Response {
    let value = HeaderValue::from_static("no-store");
    response.headers_mut().insert(header::CACHE_CONTROL, value);
    response
}

fn explain(error: &LogoutTokenError) -> Explanation {
    let (expected, received) = error.compared();
    Explanation::failed(error.code(), Message::LogoutNotVerified, error.to_string())
        .compared(expected, received)
        .remedied(
            Side::Idp,
            "Nobody was signed out. Compare the issuer, the client id and the keys of the provider with those that are set here; a token that came before, or is old, may have been copied.",
        )
}

async fn note(state: &OauthState, report: &Report<'_>, explanation: Explanation) {
    let trace = report.trace(&explanation, state.kit.reference());
    let written = state.directory.trace_of_stranger(trace, report.client);
    if let Err(error) = written.await {
        tracing::error!(%error, "a trace could not be written");
    }
}

async fn follow(
    state: &OauthState,
    slug: &str,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<(), Refused> {
    let provider = match state.find(slug).await {
        Ok(provider) if provider.has_id_token() => provider,
        Ok(_) | Err(Trouble::NoProvider) => return Err(Refused::NoProvider),
        Err(trouble) => return Err(Refused::Trouble(trouble)),
    };
    let token = form(headers, body).ok_or(Refused::Form)?;
    let verified = verify(state, &provider, &token).await?;
    if verified.sid.is_none() && provider.claims.subject(&verified.claims).is_none() {
        return Err(LogoutTokenError::Nobody.into());
    }
    let ended = end(state, &provider, verified);
    let ended = ended
        .await
        .map_err(|error| Refused::Trouble(Trouble::Directory(error)))?;
    let ended = ended.ok_or(LogoutTokenError::Replayed)?;
    tracing::info!(
        provider = slug,
        sessions = ended,
        "the provider has signed somebody out"
    );
    Ok(())
}

/// The one token of a form.
fn form(headers: &HeaderMap, body: &[u8]) -> Option<String> {
    let kind = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    let essence = kind.split(';').next().unwrap_or_default().trim();
    if !essence.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        return None;
    }
    let mut tokens = url::form_urlencoded::parse(body).filter(|(name, _)| name == "logout_token");
    let (first, second) = (tokens.next(), tokens.next());
    let (_, token) = first.filter(|_| second.is_none())?;
    Some(token.into_owned())
}

async fn verify(
    state: &OauthState,
    provider: &OauthProvider,
    token: &str,
) -> Result<LogoutToken, Refused> {
    let upstream = |error| Refused::Trouble(Trouble::Upstream(error));
    let (outbound, now) = (&state.outbound, state.directory.now());
    let endpoints = provider.endpoints(outbound, now).await.map_err(upstream)?;
    let (Some(rule), Some(url)) = (&endpoints.issuer, &endpoints.jwks) else {
        return Err(Refused::NoProvider);
    };
    let mut keys = provider.keys(outbound, url, now).await.map_err(upstream)?;
    if !logout_token::has_key_in(token, &keys)? {
        let newer = provider.newer_keys(outbound, url, &keys, now).await;
        if let Some(newer) = newer.map_err(upstream)? {
            keys = newer;
        }
    }
    let expected = Expected {
        issuer: rule,
        client_id: &provider.settings.client_id,
        nonce: "",
        access_token: "",
        now,
        max_skew: state.max_skew,
    };
    Ok(logout_token::verify(token, &keys, &expected)?)
}

/// Ends what a token means, with the replay memory and the audit log in one
/// transaction; how many sessions. `None` for a token that came before.
async fn end(
    state: &OauthState,
    provider: &Arc<OauthProvider>,
    token: LogoutToken,
) -> Result<Option<usize>, DirectoryError> {
    let (writer, provider) = (state.clone(), Arc::clone(provider));
    state
        .directory
        .db
        .write(move |tx| {
            let (state, provider) = (writer.clone(), Arc::clone(&provider));
            let token = token.clone();
            Box::pin(async move { end_in(tx, &state, &provider, &token).await })
        })
        .await
}

async fn end_in(
    tx: &mut Tx,
    state: &OauthState,
    provider: &OauthProvider,
    token: &LogoutToken,
) -> Result<Option<usize>, DirectoryError> {
    let slug = &provider.provider.slug;
    // The same memory as for assertions, in a room of its own.
    let id = format!("logout-token {}", crate::sessions::hash(&token.jti));
    if !sign_in::remember(tx, slug, &id, token.replay_until).await? {
        return Ok(None);
    }
    // The person by the claim that sign-ins go by, which need not be `sub`.
    let subject = provider.claims.subject(&token.claims);
    let called = match (&token.sid, &subject) {
        (Some(sid), _) => Called::Index(sid),
        (None, Some(subject)) => Called::Subject {
            issuer: &token.issuer,
            subject,
        },
        (None, None) => return Ok(Some(0)),
    };
    let is_meant = |meant: &Meant| {
        let ours = &meant.signed_in;
        ours.issuer.as_deref() == Some(&token.issuer)
            && subject
                .as_ref()
                .is_none_or(|subject| ours.subject.as_ref() == Some(subject))
            && (token.sid.is_none() || ours.session_index == token.sid)
    };
    let mut meant = sessions::meant(tx, slug, called).await?;
    meant.retain(is_meant);
    let at = (state.directory.now(), &state.directory.entropy);
    let ended = sessions::end(tx, slug, meant, at).await?;
    Ok(Some(ended.len()))
}
