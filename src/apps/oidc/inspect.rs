//! `/oidc/introspect` (RFC 7662) and `/oidc/revoke` (RFC 7009).

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde_json::json;

use super::error::{OauthError, invalid, refused};
use super::grants::{self, Kind, Token, hash};
use super::{OidcState, client};
use crate::domain::Application;
use crate::platform::web::ClientAddr;

/// Says whether a token is good. A client learns of its own tokens only; of
/// others it is told what it would be told of tokens that never were.
pub(super) async fn introspect(
    State(state): State<OidcState>,
    ClientAddr(address): ClientAddr,
    headers: HeaderMap,
    body: String,
) -> Result<Response, OauthError> {
    let params = client::form(&headers, &body)?;
    let application = client::authenticate(&state, &headers, &params, address).await?;
    if !application.confidential {
        // RFC 7662 §2.1: who asks has to be known, or tokens could be guessed.
        return Err(OauthError::Client("public clients cannot ask about tokens"));
    }
    let secret = params.get("token").ok_or(invalid("token is missing"))?;
    let found = find(&state, secret, &application).await?;
    let body = match found {
        None => json!({"active": false}),
        Some(token) => {
            let subject = state
                .subjects
                .of(&application, &token.grant.user.id)
                .await?;
            let is_access = token.kind == Kind::Access;
            json!({
                "active": true,
                "token_type": if is_access { "Bearer" } else { "N_A" },
                "iss": state.kit.origin(),
                "sub": subject,
                "aud": application.client_id(),
                "client_id": application.client_id(),
                "scope": token.scope.to_string(),
                "iat": token.created_at.millis() / 1000,
                "exp": token.expires_at.millis() / 1000,
                "auth_time": token.grant.details.auth_time,
                "acr": token.grant.details.acr,
            })
        }
    };
    let mut response = Json(body).into_response();
    let no_store = HeaderValue::from_static("no-store");
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, no_store);
    Ok(response)
}

async fn find(
    state: &OidcState,
    secret: &str,
    application: &Application,
) -> Result<Option<Token>, OauthError> {
    let (token_hash, application) = (hash(secret), application.clone());
    let (now, enforce) = (state.directory.now(), state.directory.enforce_validity);
    state
        .directory
        .db
        .look_up(move |tx| {
            let (token_hash, application) = (token_hash.clone(), application.clone());
            Box::pin(async move {
                let Some(token) = grants::by_token(tx, &token_hash, now).await? else {
                    return Ok(None);
                };
                let good = token.grant.application == application.slug
                    && token.used_at.is_none()
                    && now < token.expires_at
                    && token.grant.holds(tx, &application, now, enforce).await?;
                Ok(good.then_some(token))
            })
        })
        .await
}

/// Ends a token; with a refresh token all that came of its sign-in. A token
/// that is none has ended already.
pub(super) async fn revoke(
    State(state): State<OidcState>,
    ClientAddr(address): ClientAddr,
    headers: HeaderMap,
    body: String,
) -> Result<Response, OauthError> {
    let params = client::form(&headers, &body)?;
    let application = client::authenticate(&state, &headers, &params, address).await?;
    let secret = params.get("token").ok_or(invalid("token is missing"))?;
    let (token_hash, now) = (hash(secret), state.directory.now());
    let slug = application.slug.clone();
    state
        .directory
        .db
        .write(move |tx| {
            let (token_hash, slug) = (token_hash.clone(), slug.clone());
            Box::pin(async move {
                let Some(token) = grants::by_token(tx, &token_hash, now).await? else {
                    return Ok(());
                };
                if token.grant.application != slug {
                    let reason = "the token was given to another client";
                    return Err(refused("unauthorized_client", reason));
                }
                match token.kind {
                    Kind::Access => grants::end_token(tx, &token_hash).await?,
                    Kind::Refresh => grants::end(tx, &token.grant.id).await?,
                }
                Ok(())
            })
        })
        .await?;
    Ok(StatusCode::OK.into_response())
}
