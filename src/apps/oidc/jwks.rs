//! `GET /oidc/jwks`: the public keys.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse as _, Response};

use super::OidcState;

/// The key set. A key is in it a day before it signs anything, so a copy may
/// be kept for a while; whoever meets an unknown name asks again anyway.
pub(super) async fn show(State(state): State<OidcState>) -> Response {
    match state.keys.jwks().await {
        Ok(set) => {
            let mut response = Json(set).into_response();
            let headers = response.headers_mut();
            let kind = HeaderValue::from_static("application/jwk-set+json");
            headers.insert(header::CONTENT_TYPE, kind);
            let keep = HeaderValue::from_static("public, max-age=900");
            headers.insert(header::CACHE_CONTROL, keep);
            response
        }
        Err(error) => state.kit.unavailable(error.to_string()).into_response(),
    }
}
