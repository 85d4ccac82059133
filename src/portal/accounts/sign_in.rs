//! The password form, and the one that a link from the machine opens.

use axum::Form;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use serde::Deserialize;
use zeroize::Zeroizing;

use super::super::views::PasswordForm;
use super::super::{PortalState, login, see_other};
use super::views::WayInPage;
use super::{minutes, too_often, with_cookie};
use crate::directory::account_links::Purpose;
use crate::domain::Field;
use crate::login::password::{Attempt, Browser, Opened, Verdict};
use crate::platform::i18n::Locale;
use crate::platform::web::ClientAddr;

/// What the form sends.
#[derive(Deserialize)]
pub(super) struct Sent {
    #[serde(default)]
    email: String,
    #[serde(default)]
    password: Zeroizing<String>,
    #[serde(default)]
    csrf: String,
    #[serde(default)]
    rd: Option<String>,
}

/// `POST /login/password`.
pub(in crate::portal) async fn post(
    State(state): State<PortalState>,
    locale: Locale,
    ClientAddr(client): ClientAddr,
    headers: HeaderMap,
    Form(sent): Form<Sent>,
) -> Response {
    let hosts = match state.directory.hosts_for(sent.rd.as_deref()).await {
        Ok(hosts) => hosts,
        Err(error) => return state.failed(locale, &error, "/login?choose=1"),
    };
    let rd = sent.rd.as_deref();
    let rd = rd.and_then(|rd| login::target(&state, rd, &hosts));
    if !state.is_own_form(&headers, &sent.csrf) {
        return expired(&state, locale, &headers, (sent.email, rd)).await;
    }
    let attempt = Attempt {
        email: sent.email.clone(),
        password: sent.password,
        way_in: None,
        browser: Browser::of(&state.kit, &headers, client),
    };
    let (problem, wait) = match state.accounts.sign_in(attempt).await {
        Ok(Ok(Verdict::In(begun, device))) => {
            let mut response = see_other(rd.as_deref().unwrap_or("/account"));
            for cookie in [
                state.kit.session_cookie(&begun.secret, Some(begun.max_age)),
                state.kit.signed_out_cookie_removed(),
            ] {
                response.headers_mut().append(header::SET_COOKIE, cookie);
            }
            return with_cookie(response, device);
        }
        Ok(Ok(Verdict::Off)) => return state.passwords_off(locale),
        Ok(Ok(Verdict::Wrong)) => (locale.t("login-password-wrong"), None),
        Ok(Ok(Verdict::Wait(seconds))) => {
            let text = locale.t_count("login-password-wait", minutes(seconds));
            (text, Some(seconds))
        }
        Ok(Err(error)) => return state.not_hashed(locale, &error, "/login?choose=1"),
        Err(error) => return state.failed(locale, &error, "/login?choose=1"),
    };
    let form = PasswordForm {
        // As far as an address can be long (RFC 5321 §4.5.3.1.3).
        email: sent.email.chars().take(254).collect(),
        problem: Some(problem),
        csrf: String::new(),
    };
    let page = login::again(&state, locale, &headers, (form, rd), StatusCode::FORBIDDEN).await;
    match wait {
        Some(seconds) => too_often(page, seconds),
        None => page,
    }
}

/// The form again for a browser that the token was not made for: with the address and
/// a token of its own.
async fn expired(
    state: &PortalState,
    locale: Locale,
    headers: &HeaderMap,
    (email, rd): (String, Option<String>),
) -> Response {
    match state.accounts.form().await {
        Ok(form) if form.is_on => {}
        Ok(_) => return state.passwords_off(locale),
        Err(error) => return state.failed(locale, &error, "/login?choose=1"),
    }
    let form = PasswordForm {
        email: email.chars().take(254).collect(),
        problem: Some(locale.t("login-password-again")),
        csrf: String::new(),
    };
    login::again(state, locale, headers, (form, rd), StatusCode::FORBIDDEN).await
}

/// `GET /login/local/{token}`: shows the form, and does nothing.
pub(in crate::portal) async fn show_way_in(
    State(state): State<PortalState>,
    locale: Locale,
    headers: HeaderMap,
    Path(token): Path<String>,
) -> Response {
    way_in(&state, locale, &headers, &token, None, StatusCode::OK).await
}

/// `POST /login/local/{token}`.
pub(in crate::portal) async fn use_way_in(
    State(state): State<PortalState>,
    locale: Locale,
    ClientAddr(client): ClientAddr,
    headers: HeaderMap,
    Path(token): Path<String>,
    Form(sent): Form<Sent>,
) -> Response {
    if !state.is_own_form(&headers, &sent.csrf) {
        let problem = Some(locale.t("login-password-again"));
        let status = StatusCode::FORBIDDEN;
        return way_in(&state, locale, &headers, &token, problem, status).await;
    }
    let email = match state.accounts.open_link(&token, Purpose::WayIn).await {
        Ok(Opened::Open { user, .. }) => user.profile.get(Field::Email).map(str::to_owned),
        Ok(_) => return way_in(&state, locale, &headers, &token, None, StatusCode::OK).await,
        Err(error) => return state.failed(locale, &error, "/login?choose=1"),
    };
    let attempt = Attempt {
        email: email.unwrap_or_default(),
        password: sent.password,
        way_in: Some(token.clone()),
        browser: Browser::of(&state.kit, &headers, client),
    };
    let (problem, wait) = match state.accounts.sign_in(attempt).await {
        Ok(Ok(Verdict::In(begun, device))) => {
            let mut response = see_other("/account");
            for cookie in [
                state.kit.session_cookie(&begun.secret, Some(begun.max_age)),
                state.kit.signed_out_cookie_removed(),
            ] {
                response.headers_mut().append(header::SET_COOKIE, cookie);
            }
            return with_cookie(response, device);
        }
        Ok(Ok(Verdict::Off)) => return state.passwords_off(locale),
        Ok(Ok(Verdict::Wrong)) => (locale.t("login-password-wrong"), None),
        Ok(Ok(Verdict::Wait(seconds))) => {
            let text = locale.t_count("login-password-wait", minutes(seconds));
            (text, Some(seconds))
        }
        Ok(Err(error)) => return state.not_hashed(locale, &error, "/login?choose=1"),
        Err(error) => return state.failed(locale, &error, "/login?choose=1"),
    };
    let status = StatusCode::FORBIDDEN;
    let page = way_in(&state, locale, &headers, &token, Some(problem), status).await;
    match wait {
        Some(seconds) => too_often(page, seconds),
        None => page,
    }
}

async fn way_in(
    state: &PortalState,
    locale: Locale,
    headers: &HeaderMap,
    token: &str,
    problem: Option<String>,
    status: StatusCode,
) -> Response {
    let (link, user) = match state.accounts.open_link(token, Purpose::WayIn).await {
        Ok(Opened::Open { link, user, .. }) => (link, user),
        Ok(other) => return super::links::over(state, locale, headers, None, &other),
        Err(error) => return state.failed(locale, &error, "/login?choose=1"),
    };
    let (csrf, cookie) = state.form_token(headers);
    let page = WayInPage {
        page: state.kit.page(locale),
        email: user
            .profile
            .get(Field::Email)
            .unwrap_or_default()
            .to_owned(),
        until: locale.moment(link.expires_at),
        action: format!("/login/local/{token}"),
        problem,
        csrf,
    };
    with_cookie(state.kit.render(status, &page), cookie)
}
