//! The way back to the client, and the pages for those who have none.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};

use super::OidcState;
use super::request::{Mode, Proven, Refusal};
use crate::directory::DirectoryError;
use crate::platform::i18n::Locale;
use crate::platform::web::pages::Relay;
use crate::platform::web::{FormAction, Message};

/// Sends the browser to the client with an answer. Every answer says from whom
/// it is (RFC 9207).
pub(super) fn send(
    state: &OidcState,
    locale: Locale,
    proven: &Proven,
    answer: &[(&str, &str)],
) -> Response {
    let mut answer = answer.to_vec();
    if let Some(text) = &proven.state {
        answer.push(("state", text));
    }
    answer.push(("iss", state.kit.origin()));
    if proven.mode == Mode::FormPost {
        let fields = answer
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        let action = proven.redirect_uri.clone();
        return state.kit.on_the_way(locale, Relay { action, fields });
    }
    let target = super::redirect::with_answer(&proven.redirect_uri, &answer);
    to(&target)
}

/// `303 See Other`, which no browser repeats a form with (RFC 9700 §4.12). An
/// answer in an address is kept nowhere.
pub(super) fn to(target: &str) -> Response {
    let Ok(location) = HeaderValue::from_str(target) else {
        // Registered URIs are ASCII, and what is appended is encoded.
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let mut response = (StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response();
    let no_store = HeaderValue::from_static("no-store");
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, no_store);
    response
}

/// Tells the client that it does not get what it asked for.
pub(super) fn refuse(
    state: &OidcState,
    locale: Locale,
    proven: &Proven,
    refusal: Refusal,
) -> Response {
    tracing::info!(
        client = proven.application.client_id(),
        error = refusal.code,
        reason = refusal.description,
        "an authorization request was refused"
    );
    metrics::counter!("doorward_oidc_authorizations_total", "outcome" => refusal.code).increment(1);
    let answer = [
        ("error", refusal.code),
        ("error_description", refusal.description),
    ];
    send(state, locale, proven, &answer)
}

/// The page for a request that names no client, or not one of its addresses:
/// nothing is sent anywhere.
pub(super) fn unproven(
    state: &OidcState,
    locale: Locale,
    code: &'static str,
    detail: String,
) -> Response {
    let failure = state
        .kit
        .failure(Message::AppRequest, code)
        .with_detail(detail);
    state.kit.failure_page(locale, failure)
}

/// The page for a request that has run out or was finished already.
pub(super) fn over(state: &OidcState, locale: Locale) -> Response {
    let failure = state
        .kit
        .failure(Message::AppRequestOver, "oidc.request_over");
    state.kit.failure_page(locale, failure)
}

/// The page for a form without a valid token.
pub(super) fn form_expired(state: &OidcState, locale: Locale) -> Response {
    let failure = state.kit.failure(Message::FormExpired, "web.csrf");
    state.kit.failure_page(locale, failure)
}

/// The page for what the directory could not do.
pub(super) fn failed(state: &OidcState, locale: Locale, error: &DirectoryError) -> Response {
    let message = match error {
        DirectoryError::Storage(_) => Message::Unavailable,
        _ => Message::Unexpected,
    };
    let failure = state
        .kit
        .failure(message, "oidc.directory")
        .with_detail(format!("{}: {error}", error.code()));
    state.kit.failure_page(locale, failure)
}

/// Where the forms of a page may lead that ends at the client. Browsers hold
/// redirects after a form to the policy of its page.
pub(super) fn forms(state: &OidcState, proven: &Proven) -> FormAction {
    FormAction::ending_at(&proven.redirect_uri, !state.kit.https())
}
