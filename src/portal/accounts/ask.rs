//! `/reset`: asking for a link with which one sets a password.

use axum::Form;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde::Deserialize;

use super::super::PortalState;
use super::views::{ResetPage, ToldPage};
use super::{minutes, too_often, with_cookie};
use crate::domain::address::email_key;
use crate::login::password::Asked;
use crate::platform::i18n::Locale;
use crate::platform::web::ClientAddr;

/// What the form sends.
#[derive(Deserialize)]
pub(in crate::portal) struct Sent {
    #[serde(default)]
    email: String,
    #[serde(default)]
    csrf: String,
}

/// `GET /reset`.
pub(in crate::portal) async fn show(
    State(state): State<PortalState>,
    locale: Locale,
    headers: HeaderMap,
) -> Response {
    match state.accounts.form().await {
        Ok(form) if form.is_on => page(&state, locale, &headers, "", None),
        Ok(_) => state.passwords_off(locale),
        Err(error) => state.failed(locale, &error, "/reset"),
    }
}

/// `POST /reset`: the same answer whether there is such a person or not, and in the
/// same time, since nobody has looked yet.
pub(in crate::portal) async fn post(
    State(state): State<PortalState>,
    locale: Locale,
    ClientAddr(client): ClientAddr,
    headers: HeaderMap,
    Form(sent): Form<Sent>,
) -> Response {
    if !state.is_own_form(&headers, &sent.csrf) {
        match state.accounts.form().await {
            Ok(form) if form.is_on => {}
            Ok(_) => return state.passwords_off(locale),
            Err(error) => return state.failed(locale, &error, "/reset"),
        }
        let problem = Some(locale.t("form-again"));
        let mut response = page(&state, locale, &headers, &sent.email, problem);
        *response.status_mut() = StatusCode::FORBIDDEN;
        return response;
    }
    if email_key(sent.email.trim()).is_none() {
        let problem = locale.t("reset-email-invalid");
        let mut response = page(&state, locale, &headers, &sent.email, Some(problem));
        *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
        return response;
    }
    match state
        .accounts
        .ask_for_reset(&sent.email, locale, client)
        .await
    {
        Ok(Asked::Noted) => {
            let page = ToldPage {
                page: state.kit.page(locale),
                title: locale.t("reset-sent-title"),
                text: locale.t("reset-sent-text"),
            };
            state.kit.render(StatusCode::OK, &page)
        }
        Ok(Asked::Wait(seconds)) => {
            let problem = locale.t_count("reset-wait", minutes(seconds));
            let response = page(&state, locale, &headers, &sent.email, Some(problem));
            too_often(response, seconds)
        }
        Ok(Asked::Off) => state.passwords_off(locale),
        Ok(Asked::NoMail) => page(&state, locale, &headers, &sent.email, None),
        Err(error) => state.failed(locale, &error, "/reset"),
    }
}

fn page(
    state: &PortalState,
    locale: Locale,
    headers: &HeaderMap,
    email: &str,
    problem: Option<String>,
) -> Response {
    let (csrf, cookie) = state.form_token(headers);
    let page = ResetPage {
        page: state.kit.page(locale),
        can_mail: state.accounts.outbox().is_open(),
        email: email.chars().take(254).collect(),
        problem,
        csrf,
    };
    with_cookie(state.kit.render(StatusCode::OK, &page), cookie)
}
