//! `/account/password`: a first password, or another one.

use axum::Form;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use serde::Deserialize;
use zeroize::Zeroizing;

use super::super::account::done;
use super::super::views::AccountNotice;
use super::super::{PortalState, see_other};
use super::views::{AgainPage, PasswordPage};
use super::{too_often, with_cookie};
use crate::domain::Field;
use crate::login::password::{Browser, Change, Changed, Weakness};
use crate::platform::i18n::Locale;
use crate::platform::web::ClientAddr;
use crate::sessions::current::{Current, MaybeCurrent, NoOne};

/// What the form sends.
#[derive(Deserialize)]
pub(in crate::portal) struct Sent {
    #[serde(default)]
    old: Zeroizing<String>,
    #[serde(default)]
    password: Zeroizing<String>,
    #[serde(default)]
    csrf: String,
}

const PATH: &str = "/account/password";
const SIGN_IN: &str = "/login?rd=%2Faccount%2Fpassword";

/// `GET /.well-known/change-password`: where password managers send people (W3C, "A
/// Well-Known URL for Changing Passwords").
pub(in crate::portal) async fn well_known() -> Response {
    see_other(PATH)
}

/// `GET /account/password`.
pub(in crate::portal) async fn show(
    State(state): State<PortalState>,
    locale: Locale,
    MaybeCurrent(current): MaybeCurrent,
) -> Response {
    let current = match current {
        Ok(current) => current,
        Err(NoOne::SignedOut) => return see_other(SIGN_IN),
        Err(NoOne::Unavailable(cause)) => return state.unavailable(locale, cause, PATH),
    };
    match state.accounts.may_change(&current).await {
        Ok(may) => shown(&state, locale, &current, &may, Problems::default()),
        Err(error) => state.failed(locale, &error, PATH),
    }
}

/// `POST /account/password`.
pub(in crate::portal) async fn post(
    State(state): State<PortalState>,
    locale: Locale,
    ClientAddr(client): ClientAddr,
    headers: HeaderMap,
    MaybeCurrent(current): MaybeCurrent,
    Form(sent): Form<Sent>,
) -> Response {
    let current = match current {
        Ok(current) if state.kit.csrf_matches(&current.id_hash, &sent.csrf) => current,
        Ok(_) => return state.form_expired(locale, PATH),
        Err(NoOne::SignedOut) => return see_other(SIGN_IN),
        Err(NoOne::Unavailable(cause)) => return state.unavailable(locale, cause, PATH),
    };
    let browser = Browser::of(&state.kit, &headers, client);
    let changed = state
        .accounts
        .change_password(&current, &sent.old, &sent.password, (&browser, locale))
        .await;
    // Only who has a password to replace can have mistyped it.
    let replace = Change::Replace;
    match changed {
        Ok(Ok(Changed::Done(begun, device))) => {
            let mut response = done(AccountNotice::PasswordChanged);
            let cookie = state.kit.session_cookie(&begun.secret, Some(begun.max_age));
            response.headers_mut().append(header::SET_COOKIE, cookie);
            with_cookie(response, device)
        }
        Ok(Ok(Changed::WrongOld)) => {
            let problems = Problems {
                old: Some("password-old-wrong"),
                new: None,
            };
            shown(&state, locale, &current, &replace, problems)
        }
        Ok(Ok(Changed::Wait(seconds))) => {
            let problems = Problems {
                old: Some("password-wait"),
                new: None,
            };
            too_often(shown(&state, locale, &current, &replace, problems), seconds)
        }
        Ok(Ok(Changed::Weak(weakness))) => {
            let problems = Problems {
                old: None,
                new: Some(Weakness::id(weakness)),
            };
            match state.accounts.may_change(&current).await {
                Ok(may) => shown(&state, locale, &current, &may, problems),
                Err(error) => state.failed(locale, &error, PATH),
            }
        }
        Ok(Ok(Changed::Not(may))) => shown(&state, locale, &current, &may, Problems::default()),
        Ok(Err(error)) => state.not_hashed(locale, &error, PATH),
        Err(error) => state.failed(locale, &error, PATH),
    }
}

#[derive(Clone, Copy, Default)]
struct Problems {
    old: Option<&'static str>,
    new: Option<&'static str>,
}

fn shown(
    state: &PortalState,
    locale: Locale,
    current: &Current,
    may: &Change,
    problems: Problems,
) -> Response {
    let replaces = match may {
        Change::Off => return state.passwords_off(locale),
        Change::Provider(_) => return see_other("/account"),
        Change::SignInAgain => {
            let page = AgainPage {
                page: state.kit.page(locale),
            };
            return state.kit.render(StatusCode::OK, &page);
        }
        Change::Set => false,
        Change::Replace => true,
    };
    let page = PasswordPage {
        page: state.kit.page(locale),
        email: current
            .user
            .profile
            .get(Field::Email)
            .unwrap_or_default()
            .to_owned(),
        replaces,
        old_problem: problems.old,
        problem: problems.new,
        csrf: state.kit.csrf_token(&current.id_hash),
    };
    let status = if problems.old.is_some() || problems.new.is_some() {
        StatusCode::UNPROCESSABLE_ENTITY
    } else {
        StatusCode::OK
    };
    state.kit.render(status, &page)
}
