//! The OpenID provider: applications that sign people in through this gateway.

mod jwks;

use axum::Router;
use axum::routing::get;

use crate::directory::signing_keys::SigningKeys;
use crate::platform::web::Kit;

/// What the provider needs.
#[derive(Clone)]
pub struct OidcState {
    /// The web kit.
    pub kit: Kit,
    /// The keys that sign.
    pub keys: SigningKeys,
}

/// The provider's routes.
pub fn router(state: OidcState) -> Router {
    Router::new()
        .route("/oidc/jwks", get(jwks::show))
        .with_state(state)
}
