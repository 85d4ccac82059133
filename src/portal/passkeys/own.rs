//! One's own keys: adding, renaming, removing. Adding and removing ask for a sign-in of
//! the last minutes: whoever finds a browser open shall not make the account their own.

use axum::Form;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;

use super::views::{AgainPage, NewPage, PasskeyRow, PasskeySection, RemovePage, RenamePage};
use crate::directory::DirectoryError;
use crate::directory::passkeys::{Passkey, name_of};
use crate::domain::User;
use crate::domain::ids::PasskeyId;
use crate::login::passkey::keys::{Revoked, Revoker, actor, is_fresh};
use crate::login::passkey::{PasskeyError, flow};
use crate::platform::i18n::Locale;
use crate::platform::web::{ClientAddr, FormAction};
use crate::portal::account::{done, permitted};
use crate::portal::device::device;
use crate::portal::views::AccountNotice;
use crate::portal::{PortalState, TokenForm, see_other};
use crate::sessions::current::{Current, MaybeCurrent, NoOne};

/// Where the keys stand.
const PLACE: &str = "/account/passkeys";

/// The section of the account page; `None` where there is nothing to say of keys.
pub(in crate::portal) async fn section(
    state: &PortalState,
    locale: Locale,
    user: &User,
) -> Result<Option<PasskeySection>, DirectoryError> {
    let on = state.passkeys.enabled().await?;
    let keys = state.passkeys.of_user(&user.id).await?;
    let now = state.kit.now();
    let rows: Vec<PasskeyRow> = keys
        .iter()
        .map(|key| PasskeyRow::of(key, PLACE, locale, now))
        .collect();
    Ok((on || !rows.is_empty()).then_some(PasskeySection { rows, on }))
}

/// `GET /.well-known/passkey-endpoints`: where password managers send people (W3C,
/// "Passkey Endpoints Well-Known URL").
pub(super) async fn well_known(State(state): State<PortalState>, locale: Locale) -> Response {
    match state.passkeys.enabled().await {
        Ok(true) => {
            let origin = state.kit.origin();
            Json(serde_json::json!({
                "enroll": format!("{origin}/account/passkeys/new"),
                "manage": format!("{origin}/account"),
            }))
            .into_response()
        }
        Ok(false) => StatusCode::NOT_FOUND.into_response(),
        Err(error) => state.failed(locale, &error, "/account"),
    }
}

/// The signed-in person, or where else to go.
fn signed_in(
    state: &PortalState,
    locale: Locale,
    current: Result<Current, NoOne>,
) -> Result<Current, Box<Response>> {
    match current {
        Ok(current) => Ok(current),
        Err(NoOne::SignedOut) => Err(Box::new(see_other("/login?rd=%2Faccount"))),
        Err(NoOne::Unavailable(cause)) => {
            Err(Box::new(state.unavailable(locale, cause, "/account")))
        }
    }
}

/// The page that asks for another sign-in, to come back to `path`.
fn again(state: &PortalState, locale: Locale, path: &str) -> Response {
    let rd: String = url::form_urlencoded::byte_serialize(path.as_bytes()).collect();
    let page = AgainPage {
        page: state.kit.page(locale),
        href: format!("/login?choose=1&rd={rd}"),
    };
    state.kit.render(StatusCode::FORBIDDEN, &page)
}

fn new_page(
    state: &PortalState,
    locale: Locale,
    current: &Current,
    name: String,
    problem: Option<&'static str>,
) -> Response {
    let page = NewPage {
        page: state.kit.page(locale),
        name,
        problem,
        csrf: state.kit.csrf_token(&current.id_hash),
    };
    let status = if problem.is_some() {
        StatusCode::UNPROCESSABLE_ENTITY
    } else {
        StatusCode::OK
    };
    state.kit.render_with_fetch(status, &page, FormAction::Own)
}

/// `GET /account/passkeys/new`.
pub(super) async fn ask_new(
    State(state): State<PortalState>,
    locale: Locale,
    headers: HeaderMap,
    MaybeCurrent(current): MaybeCurrent,
) -> Response {
    let current = match signed_in(&state, locale, current) {
        Ok(current) => current,
        Err(response) => return *response,
    };
    match state.passkeys.enabled().await {
        Ok(true) => {}
        Ok(false) => return done(AccountNotice::PasskeysOff),
        Err(error) => return state.failed(locale, &error, "/account"),
    }
    if !is_fresh(&current, state.kit.now()) {
        return again(&state, locale, "/account/passkeys/new");
    }
    let agent = headers.get(header::USER_AGENT);
    let name = device(locale, agent.and_then(|agent| agent.to_str().ok()));
    new_page(&state, locale, &current, name, None)
}

/// `POST /account/passkeys/options`: what the browser asks authenticators.
pub(super) async fn options(
    State(state): State<PortalState>,
    MaybeCurrent(current): MaybeCurrent,
    Form(form): Form<TokenForm>,
) -> Response {
    let current = match current {
        Ok(current) => current,
        Err(NoOne::SignedOut) => return StatusCode::UNAUTHORIZED.into_response(),
        Err(NoOne::Unavailable(_)) => return StatusCode::SERVICE_UNAVAILABLE.into_response(),
    };
    let is_ours = state.kit.csrf_matches(&current.id_hash, &form.csrf);
    if !is_ours || !is_fresh(&current, state.kit.now()) {
        return StatusCode::FORBIDDEN.into_response();
    }
    match state.passkeys.ask_to_add(&current).await {
        Ok(options) => Json(options).into_response(),
        Err(error) => flow::refused(&error),
    }
}

/// What the script sends.
#[derive(Deserialize)]
pub(super) struct NewForm {
    csrf: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    credential: String,
}

/// `POST /account/passkeys`.
pub(super) async fn add(
    State(state): State<PortalState>,
    locale: Locale,
    ClientAddr(client): ClientAddr,
    MaybeCurrent(current): MaybeCurrent,
    Form(form): Form<NewForm>,
) -> Response {
    let token = TokenForm { csrf: form.csrf };
    let current = match permitted(&state, locale, current, &token) {
        Ok(current) => current,
        Err(response) => return *response,
    };
    if !is_fresh(&current, state.kit.now()) {
        return again(&state, locale, "/account/passkeys/new");
    }
    if name_of(&form.name).is_none() {
        let problem = Some("passkey-name-problem");
        return new_page(&state, locale, &current, form.name, problem);
    }
    let problem = match state
        .passkeys
        .add(&current, &form.name, &form.credential)
        .await
    {
        Ok(_) => return done(AccountNotice::PasskeyAdded),
        Err(PasskeyError::Off) => return done(AccountNotice::PasskeysOff),
        Err(PasskeyError::Directory(DirectoryError::Invalid { .. })) => "passkey-too-many",
        Err(PasskeyError::Directory(DirectoryError::Taken { .. })) => "passkey-known",
        Err(PasskeyError::NotKept) => "passkey-not-kept",
        Err(PasskeyError::UserNotVerified) => "passkey-no-pin",
        Err(PasskeyError::Directory(error)) => {
            return state.failed(locale, &error, "/account/passkeys/new");
        }
        Err(error) => {
            let (code, detail) = (error.code(), error.to_string());
            tracing::warn!(code, detail, %client, "a passkey was not added");
            "passkey-add-refused"
        }
    };
    new_page(&state, locale, &current, form.name, Some(problem))
}

/// The person's key that a path names.
async fn key_of(
    state: &PortalState,
    current: &Current,
    id: &str,
) -> Result<Option<Passkey>, DirectoryError> {
    let keys = state.passkeys.of_user(&current.user.id).await?;
    Ok(keys.into_iter().find(|key| key.id.as_str() == id))
}

/// `GET /account/passkeys/{id}/rename`.
pub(super) async fn ask_rename(
    State(state): State<PortalState>,
    locale: Locale,
    Path(id): Path<String>,
    MaybeCurrent(current): MaybeCurrent,
) -> Response {
    let current = match signed_in(&state, locale, current) {
        Ok(current) => current,
        Err(response) => return *response,
    };
    match key_of(&state, &current, &id).await {
        Ok(Some(key)) => rename_page(&state, locale, &current, &key.id, (key.name, None)),
        Ok(None) => done(AccountNotice::PasskeyUnknown),
        Err(error) => state.failed(locale, &error, "/account"),
    }
}

fn rename_page(
    state: &PortalState,
    locale: Locale,
    current: &Current,
    id: &PasskeyId,
    (name, problem): (String, Option<&'static str>),
) -> Response {
    let page = RenamePage {
        page: state.kit.page(locale),
        name,
        problem,
        action: format!("{PLACE}/{id}/rename"),
        csrf: state.kit.csrf_token(&current.id_hash),
    };
    let status = if problem.is_some() {
        StatusCode::UNPROCESSABLE_ENTITY
    } else {
        StatusCode::OK
    };
    state.kit.render(status, &page)
}

/// A form with a name.
#[derive(Deserialize)]
pub(super) struct NameForm {
    csrf: String,
    #[serde(default)]
    name: String,
}

/// `POST /account/passkeys/{id}/rename`.
pub(super) async fn rename(
    State(state): State<PortalState>,
    locale: Locale,
    Path(id): Path<String>,
    MaybeCurrent(current): MaybeCurrent,
    Form(form): Form<NameForm>,
) -> Response {
    let current = match signed_in(&state, locale, current) {
        Ok(current) => current,
        Err(response) => return *response,
    };
    let Some(id) = PasskeyId::parse(&id) else {
        return done(AccountNotice::PasskeyUnknown);
    };
    if !state.kit.csrf_matches(&current.id_hash, &form.csrf) {
        let again = (form.name, Some("form-again"));
        return rename_page(&state, locale, &current, &id, again);
    }
    if name_of(&form.name).is_none() {
        let again = (form.name, Some("passkey-name-problem"));
        return rename_page(&state, locale, &current, &id, again);
    }
    let user = &current.user;
    match state
        .passkeys
        .rename(&user.id, &id, &form.name, actor(user))
        .await
    {
        Ok(_) => done(AccountNotice::PasskeyRenamed),
        Err(DirectoryError::NotFound(_)) => done(AccountNotice::PasskeyUnknown),
        Err(error) => state.failed(locale, &error, "/account"),
    }
}

/// `GET /account/passkeys/{id}/remove`.
pub(super) async fn ask_remove(
    State(state): State<PortalState>,
    locale: Locale,
    Path(id): Path<String>,
    MaybeCurrent(current): MaybeCurrent,
) -> Response {
    let current = match signed_in(&state, locale, current) {
        Ok(current) => current,
        Err(response) => return *response,
    };
    let key = match key_of(&state, &current, &id).await {
        Ok(Some(key)) => key,
        Ok(None) => return done(AccountNotice::PasskeyUnknown),
        Err(error) => return state.failed(locale, &error, "/account"),
    };
    let action = format!("{PLACE}/{}/remove", key.id);
    if !is_fresh(&current, state.kit.now()) {
        return again(&state, locale, &action);
    }
    let page = RemovePage {
        page: state.kit.page(locale),
        name: key.name,
        action,
        csrf: state.kit.csrf_token(&current.id_hash),
    };
    state.kit.render(StatusCode::OK, &page)
}

/// `POST /account/passkeys/{id}/remove`.
pub(super) async fn remove(
    State(state): State<PortalState>,
    locale: Locale,
    Path(id): Path<String>,
    MaybeCurrent(current): MaybeCurrent,
    Form(form): Form<TokenForm>,
) -> Response {
    let current = match permitted(&state, locale, current, &form) {
        Ok(current) => current,
        Err(response) => return *response,
    };
    let Some(id) = PasskeyId::parse(&id) else {
        return done(AccountNotice::PasskeyUnknown);
    };
    if !is_fresh(&current, state.kit.now()) {
        return again(&state, locale, &format!("{PLACE}/{id}/remove"));
    }
    let by = Revoker::Holder(current.id_hash.clone());
    match state.passkeys.revoke(&current.user.id, &id, by).await {
        Ok(Revoked::Done) => done(AccountNotice::PasskeyRemoved),
        Ok(Revoked::LastWayIn) => done(AccountNotice::PasskeyLast),
        Ok(Revoked::Unknown) => done(AccountNotice::PasskeyUnknown),
        Err(error) => state.failed(locale, &error, "/account"),
    }
}
