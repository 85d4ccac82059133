//! `POST /oidc/par`: requests that come from the client itself before the
//! browser does (RFC 9126).

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde_json::json;

use super::error::{OauthError, invalid, refused};
use super::params::Parsed;
use super::request::{self, Unproven};
use super::requests::{self, Kind};
use super::{OidcState, client};
use crate::platform::storage::StorageError;
use crate::platform::web::ClientAddr;

/// What proves the client and is not part of the request.
const PROOFS: [&str; 3] = ["client_secret", "client_assertion", "client_assertion_type"];

pub(super) async fn push(
    State(state): State<OidcState>,
    ClientAddr(address): ClientAddr,
    headers: HeaderMap,
    body: String,
) -> Result<Response, OauthError> {
    let params = client::form(&headers, &body)?;
    let application = client::authenticate(&state, &headers, &params, address).await?;
    if params.has("request_uri") {
        return Err(invalid("request_uri cannot be pushed"));
    }
    let named = Parsed::read(&format!("client_id={}", application.client_id()));
    let mut parsed = Parsed {
        params: params.without(&PROOFS),
        twice: None,
    };
    if !parsed.params.has("client_id") {
        parsed.params.take_from(named.params);
    }
    let slug = application.slug.clone();
    let proven = request::prove(application, &parsed).map_err(|reason| match reason {
        Unproven::NoRedirectUri => invalid("redirect_uri is missing"),
        Unproven::RedirectUri => invalid("redirect_uri is not registered"),
        Unproven::Twice => invalid("a parameter comes more than once"),
    })?;
    request::read(&proven.application, &parsed)
        .map_err(|refusal| refused(refusal.code, refusal.description))?;
    let handle = state.directory.entropy.base64url::<32>();
    let (text, now) = (handle.clone(), state.directory.now());
    let kept: Result<(), StorageError> = state
        .directory
        .db
        .write(move |tx| {
            let (text, slug, params) = (text.clone(), slug.clone(), parsed.params.clone());
            Box::pin(async move {
                let times = (now, requests::PUSHED);
                requests::keep(tx, Kind::Pushed, &text, &slug, &params, times).await
            })
        })
        .await;
    kept?;
    let body = json!({
        "request_uri": format!("{}{handle}", requests::PREFIX),
        "expires_in": requests::PUSHED,
    });
    let mut response = (StatusCode::CREATED, Json(body)).into_response();
    let no_store = HeaderValue::from_static("no-store");
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, no_store);
    Ok(response)
}
