//! `GET /.well-known/openid-configuration`: what this provider can do (OpenID
//! Connect Discovery §3, RFC 8414).

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};

use super::OidcState;
use crate::domain::application::{ClientAuthMethod, GrantType, SCOPES, SubjectType};
use crate::platform::crypto::jwt::{Algorithm, verify};

pub(super) async fn show(State(state): State<OidcState>) -> Response {
    let mut response = Json(document(state.kit.origin())).into_response();
    let keep = HeaderValue::from_static("public, max-age=300");
    response.headers_mut().insert(header::CACHE_CONTROL, keep);
    response
}

/// The claims that ID tokens and userinfo may hold.
const CLAIMS: [&str; 22] = [
    "iss",
    "sub",
    "aud",
    "azp",
    "exp",
    "iat",
    "auth_time",
    "nonce",
    "acr",
    "amr",
    "at_hash",
    "sid",
    "name",
    "given_name",
    "family_name",
    "preferred_username",
    "locale",
    "updated_at",
    "email",
    "email_verified",
    "phone_number",
    "groups",
];

fn document(origin: &str) -> Value {
    let at = |path: &str| format!("{origin}{path}");
    let signed: Vec<&str> = Algorithm::ALL.iter().map(|alg| alg.name()).collect();
    let proofs: Vec<&str> = ClientAuthMethod::ALL.iter().map(|m| m.as_str()).collect();
    // Who asks about tokens has to be known.
    let known: Vec<&&str> = proofs.iter().filter(|proof| **proof != "none").collect();
    json!({
        "issuer": origin,
        "authorization_endpoint": at("/oidc/authorize"),
        "token_endpoint": at("/oidc/token"),
        "userinfo_endpoint": at("/oidc/userinfo"),
        "jwks_uri": at("/oidc/jwks"),
        "pushed_authorization_request_endpoint": at("/oidc/par"),
        "require_pushed_authorization_requests": false,
        "introspection_endpoint": at("/oidc/introspect"),
        "introspection_endpoint_auth_methods_supported": known,
        "introspection_endpoint_auth_signing_alg_values_supported": verify::ALGORITHMS,
        "end_session_endpoint": at("/oidc/logout"),
        "backchannel_logout_supported": true,
        "backchannel_logout_session_supported": true,
        "revocation_endpoint": at("/oidc/revoke"),
        "revocation_endpoint_auth_methods_supported": proofs,
        "revocation_endpoint_auth_signing_alg_values_supported": verify::ALGORITHMS,
        "token_endpoint_auth_methods_supported": proofs,
        "token_endpoint_auth_signing_alg_values_supported": verify::ALGORITHMS,
        "scopes_supported": SCOPES,
        "response_types_supported": ["code"],
        "response_modes_supported": ["query", "form_post"],
        "grant_types_supported": GrantType::ALL.iter().map(|g| g.as_str()).collect::<Vec<_>>(),
        "subject_types_supported": SubjectType::ALL.iter().map(|s| s.as_str()).collect::<Vec<_>>(),
        "id_token_signing_alg_values_supported": signed,
        "userinfo_signing_alg_values_supported": signed,
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": true,
        "claims_parameter_supported": true,
        "request_parameter_supported": false,
        "request_uri_parameter_supported": false,
        "prompt_values_supported": ["none", "login", "consent", "select_account"],
        "display_values_supported": ["page"],
        "ui_locales_supported": ["en", "de"],
        "claim_types_supported": ["normal"],
        "claims_supported": CLAIMS,
    })
}
