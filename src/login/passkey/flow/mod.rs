//! Signing in with a passkey: the browser's script fetches options and sends the answer
//! as a form, so that what comes of it is a page like that of every other way in.

mod finish;

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use axum::{Form, Json, Router};
use serde::Deserialize;

use super::challenges::{self, Purpose};
use super::{PasskeyError, Passkeys};
use crate::login::explain::{self, Report};
use crate::platform::i18n::Locale;
use crate::platform::web::{ClientAddr, Failure, Kit, Problem};

pub use finish::Visit;
pub(super) use finish::begin as begin_session;
#[cfg(test)]
pub(super) use finish::sign_in;

/// The word under which traces and counters tell of passkeys.
pub const KIND: &str = "passkey";

/// The routes of signing in.
pub fn router(state: Passkeys) -> Router {
    Router::new()
        .route("/login/passkey/options", post(options))
        .route("/login/passkey", post(enter))
        .with_state(state)
}

/// `POST /login/passkey/options`: what the browser asks authenticators.
async fn options(State(state): State<Passkeys>, headers: HeaderMap) -> Response {
    let (browser, planted) = state.kit.ensure_browser_id(&headers);
    let mut response = match begin(&state, &browser).await {
        Ok(options) => Json(options).into_response(),
        Err(error) => return refused(&error),
    };
    if let Some(cookie) = planted {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

pub(super) async fn begin(
    state: &Passkeys,
    browser: &str,
) -> Result<serde_json::Value, PasskeyError> {
    if !state.enabled().await? {
        return Err(PasskeyError::Off);
    }
    let asked = state.relying_party()?.ask_for_any()?;
    let (now, bound) = (state.directory.now(), Purpose::SignIn(browser).bound());
    let (challenge, kept) = (asked.challenge, asked.state);
    state
        .directory
        .db
        .write(move |tx| {
            let (challenge, kept, bound) = (challenge.clone(), kept.clone(), bound.clone());
            Box::pin(async move {
                challenges::keep(tx, &challenge, &bound, &kept, now).await?;
                Ok::<_, PasskeyError>(())
            })
        })
        .await?;
    Ok(asked.options)
}

/// What a script is told that asked for options in vain.
#[must_use]
pub fn refused(error: &PasskeyError) -> Response {
    let (status, title) = match error {
        PasskeyError::Off => (StatusCode::NOT_FOUND, "Passkeys are switched off."),
        PasskeyError::TooMany(_) => (StatusCode::TOO_MANY_REQUESTS, "Too many tries."),
        PasskeyError::NoSuchOpening => (StatusCode::GONE, "This link does not work any more."),
        PasskeyError::Directory(cause) => {
            tracing::error!(%cause, "options for a passkey could not be given");
            (StatusCode::SERVICE_UNAVAILABLE, "Try again in a moment.")
        }
        _ => (StatusCode::FORBIDDEN, "This is not possible."),
    };
    Problem::new(status, error.code(), title).into_response()
}

/// What the script sends.
#[derive(Deserialize)]
struct SignInForm {
    #[serde(default)]
    credential: String,
    rd: Option<String>,
}

/// `POST /login/passkey`.
async fn enter(
    State(state): State<Passkeys>,
    ClientAddr(client): ClientAddr,
    locale: Locale,
    headers: HeaderMap,
    Form(form): Form<SignInForm>,
) -> Response {
    let hosts = match state.directory.hosts_for(form.rd.as_deref()).await {
        Ok(hosts) => hosts,
        Err(error) => return explain::unavailable(&state.kit, locale, &error),
    };
    let rd = form.rd.as_deref();
    let rd = rd.and_then(|rd| target(&state.kit, rd, &hosts));
    let visit = Visit::of(&state.kit, &headers, client);
    match finish::sign_in(&state, &form.credential, &visit).await {
        Ok(begun) => welcome(&state.kit, &begun, rd.as_deref().unwrap_or("/account")),
        Err(error) => answer(&state, (client, locale), &error).await,
    }
}

/// Where to go afterwards, if that is safe and leads on.
fn target(kit: &Kit, rd: &str, hosts: &[String]) -> Option<String> {
    let target = kit.local_target(rd, hosts)?;
    let path = target.split(['?', '#']).next().unwrap_or_default();
    let circular = matches!(
        path,
        "/login" | "/login/password" | "/logout" | "/signed-out"
    );
    (!circular).then_some(target)
}

/// `303` with the new session's cookie.
#[must_use]
pub fn welcome(kit: &Kit, begun: &crate::sessions::rows::Begun, target: &str) -> Response {
    metrics::counter!("doorward_logins_total", "provider" => KIND, "outcome" => "success")
        .increment(1);
    let no_store = (header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    let mut response = ([no_store], axum::response::Redirect::to(target)).into_response();
    for cookie in [
        kit.session_cookie(&begun.secret, Some(begun.max_age)),
        kit.signed_out_cookie_removed(),
        kit.converted_cookie_removed(),
    ] {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

/// Writes the trace of what did not work out, and answers its page.
pub async fn answer(
    state: &Passkeys,
    (client, locale): (std::net::IpAddr, Locale),
    error: &PasskeyError,
) -> Response {
    if let PasskeyError::Directory(error) = error {
        return explain::unavailable(&state.kit, locale, error);
    }
    let explanation = error.explain();
    if let PasskeyError::TooMany(seconds) = error {
        let failure = Failure::new(explanation.message, explanation.code, state.kit.reference())
            .with_detail(explanation.details.summary)
            .with_retry_after(u16::try_from(*seconds).unwrap_or(u16::MAX))
            .with_retry("/login");
        return state.kit.failure_page(locale, failure);
    }
    let report = Report {
        kit: &state.kit,
        directory: &state.directory,
        locale,
        provider: KIND,
        kind: KIND,
        client,
    };
    report.answer(explanation).await
}
