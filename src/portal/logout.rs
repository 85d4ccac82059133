//! `/logout`: ends this session.

use axum::Form;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;

use super::views::{LogoutPage, SignedOutPage};
use super::{PortalState, TokenForm, see_other};
use crate::platform::i18n::Locale;
use crate::sessions::current::{Current, MaybeCurrent, NoOne};
use crate::sessions::logout::Left;

/// `GET /logout`: signs out when the person came by our own link or typed the
/// address; asks when another site sent them, so that no foreign page signs
/// people out behind their backs.
pub(super) async fn ask(
    State(state): State<PortalState>,
    locale: Locale,
    headers: HeaderMap,
    MaybeCurrent(current): MaybeCurrent,
) -> Response {
    let current = match current {
        Ok(current) => current,
        Err(NoOne::SignedOut) => return leave(&state),
        Err(NoOne::Unavailable(cause)) => return state.unavailable(locale, cause, "/logout"),
    };
    let site = headers
        .get("sec-fetch-site")
        .map(axum::http::HeaderValue::as_bytes);
    if matches!(site, Some(b"same-origin" | b"none")) {
        return end(&state, locale, &current).await;
    }
    let page = LogoutPage {
        page: state.kit.page(locale),
        name: current.user.display_name(),
        csrf: state.kit.csrf_token(&current.id_hash),
    };
    state.render_with_sign_out(&page)
}

/// `POST /logout`, with the form's token.
pub(super) async fn sign_out(
    State(state): State<PortalState>,
    locale: Locale,
    MaybeCurrent(current): MaybeCurrent,
    Form(form): Form<TokenForm>,
) -> Response {
    match current {
        Ok(current) if state.kit.csrf_matches(&current.id_hash, &form.csrf) => {
            end(&state, locale, &current).await
        }
        Ok(_) => state.form_expired(locale, "/logout"),
        Err(NoOne::SignedOut) => leave(&state),
        Err(NoOne::Unavailable(cause)) => state.unavailable(locale, cause, "/logout"),
    }
}

/// `/signed-out`: says so, and offers the way back in.
pub(super) async fn done(
    State(state): State<PortalState>,
    RawQuery(query): RawQuery,
    locale: Locale,
) -> Response {
    // `provider` skips the choice that `/login` offers to who has just signed
    // out: pressing "sign in again" has made it. A database that is away does
    // not change that one is signed out.
    let enabled: Vec<_> = match state.directory.providers().await {
        Ok(stored) => stored
            .into_iter()
            .filter(|stored| stored.provider.enabled)
            .collect(),
        Err(_) => Vec::new(),
    };
    let again = match enabled.as_slice() {
        [only] => format!("/login?provider={}", only.provider.slug),
        _ => "/login".to_owned(),
    };
    let page = SignedOutPage {
        page: state.kit.page(locale),
        again,
        also_there: query.as_deref() == Some("also=provider"),
    };
    state.kit.render(StatusCode::OK, &page)
}

/// Ends the session, then the one at the provider where that is configured: one
/// that does not answer keeps nobody signed in here. The cookie goes only when the row has gone: nobody shall
/// believe that they are signed out while they are not.
async fn end(state: &PortalState, locale: Locale, current: &Current) -> Response {
    match state.sessions.end(&current.id_hash, None).await {
        Ok(_) => match (state.upstream)(left(current, locale)).await {
            Some(response) => without_session(state, response),
            None => leave(state),
        },
        Err(error) => state.unavailable(locale, error.to_string(), "/logout"),
    }
}

fn left(current: &Current, locale: Locale) -> Left {
    Left {
        session: current.id_hash.clone(),
        signed_in: current.signed_in.clone(),
        locale,
        target: None,
    }
}

/// To the page that says that one is signed out, without a session cookie.
fn leave(state: &PortalState) -> Response {
    without_session(state, see_other("/signed-out"))
}

fn without_session(state: &PortalState, mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.append(header::SET_COOKIE, state.kit.session_cookie_removed());
    headers.append(header::SET_COOKIE, state.kit.signed_out_cookie());
    response
}
