//! The pages that employees see: signing in, the account, signing out.
//!
//! Handlers parse, ask the directory and the sessions, and render. How a way
//! in works is its own folder's business; the portal only knows its address.

mod account;
mod accounts;
mod admin;
mod brought;
mod code;
mod consents;
mod device;
mod discovery;
mod guide;
mod identities;
mod login;
mod logout;
mod passkeys;
mod photos;
mod setup;
mod tested;
mod tiles;
mod upload;
mod views;

use axum::Router;
use axum::extract::{FromRef, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde::Deserialize;

use crate::directory::settings::Settings;
use crate::directory::signing_keys::SigningKeys;
use crate::directory::{Directory, DirectoryError};
use crate::login::kinds::Providers;
use crate::login::passkey::Passkeys;
use crate::login::password::Accounts;
use crate::platform::i18n::Locale;
use crate::platform::web::{FormAction, Kit, Message};
use crate::sessions::Sessions;
use crate::sessions::current::{MaybeCurrent, NoOne};
use crate::sessions::logout::Upstream;

/// What the portal needs. The session layer
/// ([`crate::sessions::layer::session`]) must surround its router.
#[derive(Clone)]
pub struct PortalState {
    /// The web kit.
    pub kit: Kit,
    /// Users and providers.
    pub directory: Directory,
    /// Sessions.
    pub sessions: Sessions,
    /// What people's keys need.
    pub passkeys: Passkeys,
    /// The settings that hold until an admin sets some.
    pub defaults: Settings,
    /// The way to the provider of a session that has ended here.
    pub upstream: Upstream,
    /// Sets providers up.
    pub providers: Providers,
    /// Whether what strangers may ask is bounded (`[security] rate_limits`).
    pub limits: bool,
    /// People who sign in here.
    pub accounts: Accounts,
    /// The keys that sign what applications are given.
    pub signing: SigningKeys,
}

impl FromRef<PortalState> for Kit {
    fn from_ref(state: &PortalState) -> Self {
        state.kit.clone()
    }
}

/// The portal's routes.
pub fn router(state: PortalState) -> Router {
    Router::new()
        .route("/", get(start))
        .route("/login", get(login::show))
        .route("/logout", get(logout::ask).post(logout::sign_out))
        .route("/signed-out", get(logout::done))
        .route("/account", get(account::show))
        .route("/photos/{id}", get(photos::show))
        .route(
            "/account/identities/{handle}/unlink",
            get(identities::ask).post(identities::unlink),
        )
        .route(
            "/account/applications/{slug}/take-back",
            post(consents::take_back),
        )
        .route("/account/sessions/others/end", post(account::end_others))
        .route("/account/sessions/{handle}/end", post(account::end_one))
        .merge(admin::router())
        .merge(setup::router())
        .merge(accounts::router())
        .merge(passkeys::router())
        .with_state(state)
}

/// `/`: to the account, or to the sign-in page.
async fn start(
    State(state): State<PortalState>,
    locale: Locale,
    MaybeCurrent(current): MaybeCurrent,
) -> Response {
    match current {
        Ok(_) => see_other("/account"),
        Err(NoOne::SignedOut) => see_other("/login"),
        Err(NoOne::Unavailable(cause)) => state.unavailable(locale, cause, "/"),
    }
}

/// A form that carries nothing but its token.
#[derive(Deserialize)]
struct TokenForm {
    csrf: String,
}

impl PortalState {
    /// A page with a form that signs out: the browser may be led on to the
    /// provider, to sign out there, and browsers hold redirects after a form to
    /// the policy of the page with the form.
    fn render_with_sign_out(&self, template: &impl askama::Template) -> Response {
        let forms = FormAction::Upstream {
            plain_http: !self.kit.https(),
        };
        self.kit.render_with_forms(StatusCode::OK, template, forms)
    }

    /// The page for a database that is away.
    fn unavailable(&self, locale: Locale, cause: String, retry: &str) -> Response {
        let failure = self
            .kit
            .failure(Message::Unavailable, "service.unavailable")
            .with_detail(cause)
            .with_retry(retry);
        self.kit.failure_page(locale, failure)
    }

    /// The page for what the directory could not do: it is away, or there is
    /// a bug.
    fn failed(&self, locale: Locale, error: &DirectoryError, retry: &str) -> Response {
        match error {
            DirectoryError::Storage(cause) => self.unavailable(locale, cause.to_string(), retry),
            DirectoryError::NotFound(what) => {
                let failure = self.kit.failure(Message::NotFound, "portal.not_found");
                self.kit.failure_page(locale, failure.with_detail(*what))
            }
            other => {
                let failure = self
                    .kit
                    .failure(Message::Unexpected, "portal.directory")
                    .with_detail(format!("{}: {other}", other.code()))
                    .with_retry(retry);
                self.kit.failure_page(locale, failure)
            }
        }
    }

    /// The page for a form without a valid token.
    fn form_expired(&self, locale: Locale, retry: &str) -> Response {
        let failure = self
            .kit
            .failure(Message::FormExpired, "web.csrf")
            .with_retry(retry);
        self.kit.failure_page(locale, failure)
    }
}

/// `303 See Other` to an address of ours or one that was found safe.
fn see_other(target: &str) -> Response {
    match HeaderValue::from_str(target) {
        Ok(location) => (StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response(),
        // A safe target is ASCII without controls; this cannot be one.
        Err(_) => (StatusCode::SEE_OTHER, [(header::LOCATION, "/")]).into_response(),
    }
}

#[cfg(test)]
mod tests;
