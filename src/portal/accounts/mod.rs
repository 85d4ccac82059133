//! Pages for people who sign in here: the password form, the links that mails
//! carry, asking for a new password, changing it.

mod ask;
mod change;
mod links;
mod sign_in;
mod views;

use axum::Router;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use axum::routing::{get, post};

use super::PortalState;
use crate::login::password::HashError;
use crate::platform::i18n::Locale;
use crate::platform::web::Message;

/// The routes.
pub(super) fn router() -> Router<PortalState> {
    Router::new()
        .route("/login/password", post(sign_in::post))
        .route(
            "/login/local/{token}",
            get(sign_in::show_way_in).post(sign_in::use_way_in),
        )
        .route(
            "/activate/{token}",
            get(links::show_activation).post(links::activate),
        )
        .route("/activate/{token}/renew", post(links::renew_activation))
        .route("/reset", get(ask::show).post(ask::post))
        .route("/reset/{token}", get(links::show_reset).post(links::reset))
        .route("/reset/{token}/renew", post(links::renew_reset))
        .route("/account/password", get(change::show).post(change::post))
        .route("/.well-known/change-password", get(change::well_known))
}

impl PortalState {
    /// Whether a form's token is of this browser, for forms without a session.
    fn is_own_form(&self, headers: &HeaderMap, csrf: &str) -> bool {
        let browser = self.kit.browser_id(headers);
        browser.is_some_and(|browser| self.kit.csrf_matches(browser, csrf))
    }

    /// The token of such a form, and the cookie that goes with it.
    fn form_token(&self, headers: &HeaderMap) -> (String, Option<HeaderValue>) {
        let (browser, cookie) = self.kit.ensure_browser_id(headers);
        (self.kit.csrf_token(&browser), cookie)
    }

    /// The page for passwords that cannot be looked at now.
    fn not_hashed(&self, locale: Locale, error: &HashError, retry: &str) -> Response {
        let (message, code) = match error {
            HashError::Busy => (Message::Unavailable, "password.busy"),
            HashError::Broken(_) => (Message::Unexpected, "password.broken"),
        };
        let failure = self.kit.failure(message, code);
        let failure = failure.with_detail(error.to_string()).with_retry(retry);
        self.kit.failure_page(locale, failure)
    }

    /// The page for where nobody signs in with a password.
    fn passwords_off(&self, locale: Locale) -> Response {
        let failure = self
            .kit
            .failure(Message::PasswordsOff, "password.off")
            .with_retry("/login?choose=1");
        self.kit.failure_page(locale, failure)
    }
}

/// The answer with a cookie, where there is one.
pub(in crate::portal) fn with_cookie(
    mut response: Response,
    cookie: Option<HeaderValue>,
) -> Response {
    if let Some(cookie) = cookie {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

/// The same page as `429`, with when to come back.
pub(in crate::portal) fn too_often(mut response: Response, seconds: u64) -> Response {
    *response.status_mut() = StatusCode::TOO_MANY_REQUESTS;
    let seconds = HeaderValue::from(seconds);
    response.headers_mut().insert(header::RETRY_AFTER, seconds);
    response
}

/// Seconds in whole minutes, for people.
pub(in crate::portal) fn minutes(seconds: u64) -> usize {
    usize::try_from(seconds.div_ceil(60)).unwrap_or(1).max(1)
}

pub(in crate::portal) use views::ToldPage;
#[cfg(test)]
pub(in crate::portal) use views::samples::all as samples;
