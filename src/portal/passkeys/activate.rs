//! Activating a key that an admin assigned. Opening the link does nothing, so that
//! whatever looks at mails uses nothing up: the button does it. A link that has run out
//! offers another one.

use axum::Form;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;

use super::views::{ActivatePage, Link, OpenKey, PinPage};
use crate::directory::DirectoryError;
use crate::directory::passkeys::KeyKind;
use crate::login::passkey::delivery::Renewed;
use crate::login::passkey::enrolment::Opening;
use crate::login::passkey::flow::{self, Visit};
use crate::login::passkey::{PasskeyError, Passkeys};
use crate::platform::i18n::Locale;
use crate::platform::web::{ClientAddr, FormAction};
use crate::portal::accounts::{ToldPage, minutes, too_often, with_cookie};
use crate::portal::code::drawing;
use crate::portal::{PortalState, TokenForm, see_other};

/// What a form token of this browser is bound to.
fn binding(browser: &str) -> String {
    format!("passkey\0{browser}")
}

fn is_ours(state: &PortalState, headers: &HeaderMap, csrf: &str) -> bool {
    let browser = state.kit.browser_id(headers);
    browser.is_some_and(|browser| state.kit.csrf_matches(&binding(browser), csrf))
}

/// What a link opens, also after its time; `None` when it opens nothing any more.
async fn find(state: &Passkeys, token: &str) -> Result<Option<Opening>, DirectoryError> {
    if !state.enabled().await? {
        return Ok(None);
    }
    match state.opening(token).await {
        Ok(opening) => Ok(Some(opening)),
        Err(PasskeyError::Directory(error)) => Err(error),
        Err(_) => Ok(None),
    }
}

/// `GET /passkeys/activate/{token}`.
pub(super) async fn show(
    State(state): State<PortalState>,
    locale: Locale,
    Path(token): Path<String>,
    headers: HeaderMap,
) -> Response {
    let opening = match find(&state.passkeys, &token).await {
        Ok(opening) => opening,
        Err(error) => return state.failed(locale, &error, "/login"),
    };
    let Some(opening) = opening else {
        return gone(&state, locale);
    };
    if opening.until <= state.kit.now() {
        return over(&state, locale, &headers, &token, &opening);
    }
    let (browser, planted) = state.kit.ensure_browser_id(&headers);
    let code = (opening.key.kind == KeyKind::Smartphone)
        .then(|| drawing(&state.passkeys.link(&token)))
        .flatten();
    let page = ActivatePage {
        page: state.kit.page(locale),
        link: Link::Open(OpenKey {
            person: opening.user.display_name(),
            name: opening.key.name,
            text: match opening.key.kind {
                KeyKind::Passkey => "passkey-activate-passkey",
                KeyKind::Smartphone => "passkey-activate-smartphone",
                KeyKind::Card => "passkey-activate-card",
                KeyKind::HardwareKey => "passkey-activate-hardware-key",
            },
            code,
            until: locale.moment(opening.until),
            action: format!("/passkeys/activate/{token}"),
            csrf: state.kit.csrf_token(&binding(&browser)),
        }),
    };
    let response = state
        .kit
        .render_with_fetch(StatusCode::OK, &page, FormAction::Own);
    with_cookie(response, planted)
}

fn gone(state: &PortalState, locale: Locale) -> Response {
    let page = ActivatePage {
        page: state.kit.page(locale),
        link: Link::Gone,
    };
    state.kit.render(StatusCode::GONE, &page)
}

/// The page of a link that has run out: another one can be had, where mail can be sent.
fn over(
    state: &PortalState,
    locale: Locale,
    headers: &HeaderMap,
    token: &str,
    opening: &Opening,
) -> Response {
    let (browser, planted) = state.kit.ensure_browser_id(headers);
    let renew = state.passkeys.can_renew(&opening.user).then(|| {
        let csrf = state.kit.csrf_token(&binding(&browser));
        (format!("/passkeys/activate/{token}/renew"), csrf)
    });
    let planted = planted.filter(|_| renew.is_some());
    let page = ActivatePage {
        page: state.kit.page(locale),
        link: Link::Expired(renew),
    };
    with_cookie(state.kit.render(StatusCode::GONE, &page), planted)
}

/// `POST /passkeys/activate/{token}/renew`: another link, by mail, to whom it is for.
pub(super) async fn renew(
    State(state): State<PortalState>,
    locale: Locale,
    Path(token): Path<String>,
    ClientAddr(client): ClientAddr,
    headers: HeaderMap,
    Form(form): Form<TokenForm>,
) -> Response {
    let retry = format!("/passkeys/activate/{token}");
    if !is_ours(&state, &headers, &form.csrf) {
        return state.form_expired(locale, &retry);
    }
    let told = |title: &str, text: String| ToldPage {
        page: state.kit.page(locale),
        title: locale.t(title),
        text,
    };
    match state.passkeys.renew(&token, locale, client).await {
        Ok(Renewed::Mailed) => {
            let page = told("link-renewed-title", locale.t("link-renewed-text"));
            state.kit.render(StatusCode::OK, &page)
        }
        Ok(Renewed::Wait(seconds)) => {
            let text = locale.t_count("reset-wait", minutes(seconds));
            let page = told("link-expired-title", text);
            too_often(state.kit.render(StatusCode::OK, &page), seconds)
        }
        // It says there why there is nothing to be had.
        Ok(Renewed::NoMail | Renewed::Open) => see_other(&retry),
        Err(PasskeyError::NoSuchOpening) => gone(&state, locale),
        Err(error) => flow::answer(&state.passkeys, (client, locale), &error).await,
    }
}

/// `POST /passkeys/activate/{token}/options`: what the browser asks authenticators.
pub(super) async fn options(
    State(state): State<PortalState>,
    Path(token): Path<String>,
    headers: HeaderMap,
    Form(form): Form<TokenForm>,
) -> Response {
    let browser = state.kit.browser_id(&headers);
    let Some(browser) = browser.filter(|_| is_ours(&state, &headers, &form.csrf)) else {
        return StatusCode::FORBIDDEN.into_response();
    };
    match state.passkeys.ask_to_activate(&token, browser).await {
        Ok(options) => Json(options).into_response(),
        Err(error) => flow::refused(&error),
    }
}

/// What the script sends.
#[derive(Deserialize)]
pub(super) struct ActivateForm {
    csrf: String,
    #[serde(default)]
    credential: String,
}

/// `POST /passkeys/activate/{token}`.
pub(super) async fn activate(
    State(state): State<PortalState>,
    locale: Locale,
    Path(token): Path<String>,
    ClientAddr(client): ClientAddr,
    headers: HeaderMap,
    Form(form): Form<ActivateForm>,
) -> Response {
    let retry = format!("/passkeys/activate/{token}");
    if !is_ours(&state, &headers, &form.csrf) {
        return state.form_expired(locale, &retry);
    }
    let visit = Visit::of(&state.kit, &headers, client);
    match state
        .passkeys
        .activate(&token, &form.credential, &visit)
        .await
    {
        Ok(begun) => flow::welcome(&state.kit, &begun, "/account?done=passkey-activated"),
        Err(
            PasskeyError::NoSuchOpening
            | PasskeyError::Directory(DirectoryError::Changed | DirectoryError::NotFound(_)),
        ) => gone(&state, locale),
        Err(error) => flow::answer(&state.passkeys, (client, locale), &error).await,
    }
}

/// `GET /passkeys/pin`.
pub(super) async fn ask_pin(
    State(state): State<PortalState>,
    locale: Locale,
    headers: HeaderMap,
) -> Response {
    pin_page(&state, locale, &headers, (String::new(), None))
}

fn pin_page(
    state: &PortalState,
    locale: Locale,
    headers: &HeaderMap,
    (account, problem): (String, Option<&'static str>),
) -> Response {
    let (browser, planted) = state.kit.ensure_browser_id(headers);
    let page = PinPage {
        page: state.kit.page(locale),
        account: account.chars().take(256).collect(),
        problem,
        csrf: state.kit.csrf_token(&binding(&browser)),
    };
    let status = if problem.is_some() {
        StatusCode::FORBIDDEN
    } else {
        StatusCode::OK
    };
    with_cookie(state.kit.render(status, &page), planted)
}

/// Account and PIN.
#[derive(Deserialize)]
pub(super) struct PinForm {
    csrf: String,
    #[serde(default)]
    account: String,
    #[serde(default)]
    pin: String,
}

/// `POST /passkeys/pin`.
pub(super) async fn pin(
    State(state): State<PortalState>,
    locale: Locale,
    ClientAddr(client): ClientAddr,
    headers: HeaderMap,
    Form(form): Form<PinForm>,
) -> Response {
    if !is_ours(&state, &headers, &form.csrf) {
        let again = (form.account, Some("form-again"));
        return pin_page(&state, locale, &headers, again);
    }
    match state
        .passkeys
        .try_pin(&form.account, &form.pin, client)
        .await
    {
        Ok(told) => see_other(&format!("/passkeys/activate/{}", told.secret)),
        Err(PasskeyError::NoSuchOpening) => {
            let again = (form.account, Some("passkey-pin-problem"));
            pin_page(&state, locale, &headers, again)
        }
        Err(error) => flow::answer(&state.passkeys, (client, locale), &error).await,
    }
}
