//! The pages of passkeys: one's own keys ([`own`]), and activating a key that an admin
//! assigned, by link or PIN ([`activate`]).

pub(super) mod activate;
pub(super) mod own;
pub(super) mod views;

use axum::Router;
use axum::routing::{get, post};

use super::PortalState;

/// Their routes.
pub(super) fn router() -> Router<PortalState> {
    Router::new()
        .route("/.well-known/passkey-endpoints", get(own::well_known))
        .route("/account/passkeys/new", get(own::ask_new))
        .route("/account/passkeys/options", post(own::options))
        .route("/account/passkeys", post(own::add))
        .route(
            "/account/passkeys/{id}/rename",
            get(own::ask_rename).post(own::rename),
        )
        .route(
            "/account/passkeys/{id}/remove",
            get(own::ask_remove).post(own::remove),
        )
        .route("/passkeys/pin", get(activate::ask_pin).post(activate::pin))
        .route(
            "/passkeys/activate/{token}",
            get(activate::show).post(activate::activate),
        )
        .route("/passkeys/activate/{token}/renew", post(activate::renew))
        .route(
            "/passkeys/activate/{token}/options",
            post(activate::options),
        )
}
