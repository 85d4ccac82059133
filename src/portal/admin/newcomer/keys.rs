//! The keys of one user: assigning, renaming, revoking, and what opens a pending one.
//! Whoever could sign in as somebody with a role would have the role: only admins open
//! ways into such accounts.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;

use super::SECTION;
use super::views::{KeyPage, KeyRow, KeysPage, ToldPage, key_rows};
use crate::directory::DirectoryError;
use crate::directory::passkeys::{KeyKind, KeyState, LONGEST_NAME, Passkey, name_of};
use crate::domain::ids::PasskeyId;
use crate::domain::{User, UserId};
use crate::login::passkey::PasskeyError;
use crate::login::passkey::delivery::{Delivery, Handed};
use crate::login::passkey::enrolment::may_open;
use crate::login::passkey::keys::Revoker;
use crate::platform::i18n::Locale;
use crate::platform::web::Page;
use crate::portal::PortalState;
use crate::portal::admin::shell::{ConfirmPage, done, told};
use crate::portal::admin::staff::{ReadUsers, Staff, WriteUsers};
use crate::portal::admin::typed::{Posted, Typed};
use crate::portal::code::{Drawing, drawing};
use crate::portal::see_other;

/// The user of a path, or the page that says that there is none.
pub(super) async fn user_of<N>(
    state: &PortalState,
    staff: &Staff<N>,
    id: &str,
) -> Result<User, Box<Response>> {
    let found = match UserId::parse(id) {
        Some(id) => state.directory.user(&id).await,
        None => Err(DirectoryError::NotFound("user")),
    };
    found.map_err(|error| {
        Box::new(match error {
            DirectoryError::NotFound(_) => told("/admin/users", "user-gone"),
            error => state.failed(staff.locale, &error, "/admin/users"),
        })
    })
}

/// The same for whoever may open ways into the account.
pub(super) async fn open_to(
    state: &PortalState,
    staff: &Staff<WriteUsers>,
    id: &str,
) -> Result<User, Box<Response>> {
    let user = user_of(state, staff, id).await?;
    if may_open(&user, staff.is_admin()) {
        Ok(user)
    } else {
        Err(Box::new(staff.refuse(state)))
    }
}

/// How a form wants the link of a key to reach its person.
pub(super) fn delivery(typed: &Typed, locale: Locale) -> Delivery {
    match typed.value("by") {
        "desk" => Delivery::Desk,
        "hand" => Delivery::Hand,
        _ => Delivery::Mail(locale),
    }
}

/// Where the keys of a user stand.
pub(super) fn place(user: &UserId) -> String {
    format!("/admin/users/{user}/keys")
}

async fn key_of<N>(
    state: &PortalState,
    staff: &Staff<N>,
    user: &User,
    id: &str,
) -> Result<Passkey, Box<Response>> {
    match state.directory.passkeys(&user.id).await {
        Ok(keys) => keys
            .into_iter()
            .find(|key| key.id.as_str() == id)
            .ok_or_else(|| Box::new(told(&place(&user.id), "key-gone"))),
        Err(error) => Err(Box::new(state.failed(
            staff.locale,
            &error,
            &place(&user.id),
        ))),
    }
}

/// `GET /admin/users/{id}/keys`.
pub(super) async fn list(
    State(state): State<PortalState>,
    staff: Staff<ReadUsers>,
    Path(id): Path<String>,
) -> Response {
    match user_of(&state, &staff, &id).await {
        Ok(user) => keys_page(&state, &staff, &user, Typed::default()).await,
        Err(response) => *response,
    }
}

async fn keys_page<N>(
    state: &PortalState,
    staff: &Staff<N>,
    user: &User,
    typed: Typed,
) -> Response {
    let (page, shell) = staff.frame(state, SECTION);
    let found = state.directory.passkeys(&user.id).await;
    let status = if typed.is_sound() {
        StatusCode::OK
    } else {
        StatusCode::UNPROCESSABLE_ENTITY
    };
    match found {
        Ok(keys) => {
            let rows = key_rows(&page, &shell, &user.id, &keys);
            let page = KeysPage {
                name: user.display_name(),
                back: format!("/admin/users/{}", user.id),
                rows,
                typed,
                may_write: may_write(staff, user),
                mail: state.passkeys.can_renew(user),
                page,
                shell,
            };
            state.show(status, &page)
        }
        Err(error) => state.failed(staff.locale, &error, "/admin/users"),
    }
}

fn may_write<N>(staff: &Staff<N>, user: &User) -> bool {
    let scope = crate::domain::Scope::UsersWrite;
    staff.may(scope, crate::domain::Access::Write) && may_open(user, staff.is_admin())
}

/// `POST /admin/users/{id}/keys`: assigns a key.
pub(super) async fn assign(
    State(state): State<PortalState>,
    Path(id): Path<String>,
    Posted { staff, mut typed }: Posted<WriteUsers>,
) -> Response {
    let user = match open_to(&state, &staff, &id).await {
        Ok(user) => user,
        Err(response) => return *response,
    };
    let page = state.kit.page(staff.locale);
    let name = typed.required(&page, "name", LONGEST_NAME);
    let kind = KeyKind::parse(typed.value("kind"));
    if kind.is_none() {
        typed.refuse("kind", page.t("new-kind-missing"));
    }
    let (Some(name), Some(kind)) = (name, kind) else {
        return keys_page(&state, &staff, &user, typed).await;
    };
    let what = (kind, name, delivery(&typed, staff.locale));
    let assigned = state.passkeys.assign(&user.id, what, staff.actor());
    match assigned.await {
        Ok((key, handed)) => link_told(&state, &staff, &user, &key.id, &handed),
        Err(DirectoryError::Invalid { .. }) => {
            typed.refuse("name", page.t("key-too-many"));
            keys_page(&state, &staff, &user, typed).await
        }
        Err(error) => state.failed(staff.locale, &error, &place(&user.id)),
    }
}

/// The page that tells what became of a link: the link itself once, if nobody else has it.
fn link_told(
    state: &PortalState,
    staff: &Staff<WriteUsers>,
    user: &User,
    key: &PasskeyId,
    handed: &Handed,
) -> Response {
    let (page, shell) = staff.frame(state, SECTION);
    let desk = format!("{}/{key}/desk", place(&user.id));
    if matches!(handed, Handed::Nothing) {
        return see_other(&desk);
    }
    let page = ToldPage {
        title: page.t("key-link-title"),
        name: user.display_name(),
        said: vec![said(&page, handed)],
        link: shown(state, handed),
        account_link: None,
        pin: None,
        pin_page: String::new(),
        desk: Some(desk),
        back: format!("/admin/users/{}", user.id),
        page,
        shell,
    };
    state.show(StatusCode::OK, &page)
}

/// What became of a link, in a sentence.
pub(super) fn said(page: &Page, handed: &Handed) -> String {
    let until = handed.until().map(|until| page.locale().moment(until));
    let until = until.unwrap_or_default();
    match handed {
        Handed::Mailed { to, .. } => {
            page.t_with("new-told-mailed", &[("email", to), ("until", &until)])
        }
        Handed::Told(_) => page.t_with("new-told-link", &[("until", &until)]),
        Handed::Nothing => page.t("new-told-desk"),
    }
}

/// A link that is told here, with its code.
pub(super) fn shown(state: &PortalState, handed: &Handed) -> Option<(String, Option<Drawing>)> {
    let Handed::Told(told) = handed else {
        return None;
    };
    let link = state.passkeys.link(&told.secret);
    let drawing = drawing(&link);
    Some((link, drawing))
}

/// `GET /admin/users/{id}/keys/{key}`.
pub(super) async fn show(
    State(state): State<PortalState>,
    staff: Staff<ReadUsers>,
    Path((id, key)): Path<(String, String)>,
) -> Response {
    let user = match user_of(&state, &staff, &id).await {
        Ok(user) => user,
        Err(response) => return *response,
    };
    match key_of(&state, &staff, &user, &key).await {
        Ok(key) => {
            let typed = Typed::default().with("name", key.name.clone());
            key_page(&state, &staff, &user, &key, typed)
        }
        Err(response) => *response,
    }
}

fn key_page<N>(
    state: &PortalState,
    staff: &Staff<N>,
    user: &User,
    key: &Passkey,
    typed: Typed,
) -> Response {
    let (page, shell) = staff.frame(state, SECTION);
    let now = state.kit.now();
    let open = |at: Option<crate::domain::Timestamp>| match at {
        Some(at) if at > now => page.locale().moment(at),
        _ => page.t("key-none"),
    };
    let facts = match key.state {
        KeyState::Pending => vec![
            (page.t("key-link-until"), open(key.link_expires_at)),
            (page.t("key-pin-until"), open(key.pin_expires_at)),
            (
                page.t("key-mailed-to"),
                key.link_mailed_to
                    .clone()
                    .unwrap_or_else(|| page.t("key-mailed-to-nobody")),
            ),
        ],
        KeyState::Active if key.backup_eligible => {
            vec![(page.t("key-copies"), page.t("key-copies-possible"))]
        }
        KeyState::Active => vec![(page.t("key-copies"), page.t("key-copies-impossible"))],
        KeyState::Revoked => Vec::new(),
    };
    let status = if typed.is_sound() {
        StatusCode::OK
    } else {
        StatusCode::UNPROCESSABLE_ENTITY
    };
    let page = KeyPage {
        person: user.display_name(),
        back: place(&user.id),
        row: KeyRow::of(&page, &shell, key, &place(&user.id)),
        pending: key.state == KeyState::Pending,
        facts,
        typed,
        may_write: may_write(staff, user) && key.state != KeyState::Revoked,
        mail: state.passkeys.can_renew(user),
        page,
        shell,
    };
    state.show(status, &page)
}

/// `POST /admin/users/{id}/keys/{key}/rename`.
pub(super) async fn rename(
    State(state): State<PortalState>,
    Path((id, key)): Path<(String, String)>,
    Posted { staff, mut typed }: Posted<WriteUsers>,
) -> Response {
    let user = match open_to(&state, &staff, &id).await {
        Ok(user) => user,
        Err(response) => return *response,
    };
    let key = match key_of(&state, &staff, &user, &key).await {
        Ok(key) => key,
        Err(response) => return *response,
    };
    let page = state.kit.page(staff.locale);
    let name = typed.required(&page, "name", LONGEST_NAME);
    let Some(name) = name.as_deref().and_then(name_of) else {
        return key_page(&state, &staff, &user, &key, typed);
    };
    let renamed = state
        .passkeys
        .rename(&user.id, &key.id, &name, staff.actor())
        .await;
    match renamed {
        Ok(_) => done(&place(&user.id), "key-renamed"),
        Err(DirectoryError::NotFound(_)) => told(&place(&user.id), "key-gone"),
        Err(error) => state.failed(staff.locale, &error, &place(&user.id)),
    }
}

/// `GET /admin/users/{id}/keys/{key}/revoke`.
pub(super) async fn ask_revoke(
    State(state): State<PortalState>,
    staff: Staff<WriteUsers>,
    Path((id, key)): Path<(String, String)>,
) -> Response {
    let user = match open_to(&state, &staff, &id).await {
        Ok(user) => user,
        Err(response) => return *response,
    };
    let key = match key_of(&state, &staff, &user, &key).await {
        Ok(key) => key,
        Err(response) => return *response,
    };
    let (page, shell) = staff.frame(&state, SECTION);
    let person = user.display_name();
    let words = [("name", key.name.as_str()), ("person", person.as_str())];
    let page = ConfirmPage {
        title: page.t_with("key-revoke-title", &words),
        effects: vec![
            page.t(if key.state == KeyState::Pending {
                "key-revoke-pending"
            } else {
                "key-revoke-active"
            }),
            page.t("key-revoke-final"),
        ],
        refusal: None,
        button: page.t("key-revoke"),
        danger: true,
        action: format!("{}/{}/revoke", place(&user.id), key.id),
        hidden: Vec::new(),
        cancel: format!("{}/{}", place(&user.id), key.id),
        page,
        shell,
    };
    state.show(StatusCode::OK, &page)
}

/// `POST /admin/users/{id}/keys/{key}/revoke`.
pub(super) async fn revoke(
    State(state): State<PortalState>,
    Path((id, key)): Path<(String, String)>,
    Posted { staff, .. }: Posted<WriteUsers>,
) -> Response {
    let user = match open_to(&state, &staff, &id).await {
        Ok(user) => user,
        Err(response) => return *response,
    };
    let Some(key) = PasskeyId::parse(&key) else {
        return told(&place(&user.id), "key-gone");
    };
    let by = Revoker::Admin(staff.actor());
    match state.passkeys.revoke(&user.id, &key, by).await {
        Ok(crate::login::passkey::keys::Revoked::Done) => done(&place(&user.id), "key-revoked"),
        Ok(_) => told(&place(&user.id), "key-gone"),
        Err(error) => state.failed(staff.locale, &error, &place(&user.id)),
    }
}

/// `POST /admin/users/{id}/keys/{key}/link`: a new link; the one before works no more.
pub(super) async fn link(
    State(state): State<PortalState>,
    Path((id, key)): Path<(String, String)>,
    Posted { staff, typed }: Posted<WriteUsers>,
) -> Response {
    let user = match open_to(&state, &staff, &id).await {
        Ok(user) => user,
        Err(response) => return *response,
    };
    let Some(key) = PasskeyId::parse(&key) else {
        return told(&place(&user.id), "key-gone");
    };
    let delivery = delivery(&typed, staff.locale);
    let made = state
        .passkeys
        .new_link(&user.id, &key, delivery, staff.actor())
        .await;
    match made {
        Ok(handed) => link_told(&state, &staff, &user, &key, &handed),
        Err(DirectoryError::NotFound(_)) => told(&place(&user.id), "key-gone"),
        Err(DirectoryError::Changed) => told(&place(&user.id), "key-not-pending"),
        Err(error) => state.failed(staff.locale, &error, &place(&user.id)),
    }
}

/// `POST /admin/users/{id}/keys/{key}/pin`: a new PIN.
pub(super) async fn pin(
    State(state): State<PortalState>,
    Path((id, key)): Path<(String, String)>,
    Posted { staff, .. }: Posted<WriteUsers>,
) -> Response {
    let user = match open_to(&state, &staff, &id).await {
        Ok(user) => user,
        Err(response) => return *response,
    };
    let Some(key) = PasskeyId::parse(&key) else {
        return told(&place(&user.id), "key-gone");
    };
    let secret = match state.passkeys.new_pin(&user.id, &key, staff.actor()).await {
        Ok(secret) => secret,
        Err(PasskeyError::Directory(DirectoryError::NotFound(_))) => {
            return told(&place(&user.id), "key-gone");
        }
        Err(PasskeyError::Directory(DirectoryError::Changed)) => {
            return told(&place(&user.id), "key-not-pending");
        }
        Err(PasskeyError::Directory(error)) => {
            return state.failed(staff.locale, &error, &place(&user.id));
        }
        Err(error) => {
            let error = DirectoryError::invalid("passkey", error.to_string());
            return state.failed(staff.locale, &error, &place(&user.id));
        }
    };
    let (page, shell) = staff.frame(&state, SECTION);
    let until = page.locale().moment(secret.until);
    let (first, last) = secret.secret.split_at(4);
    let page = ToldPage {
        title: page.t("key-pin-title"),
        name: user.display_name(),
        said: vec![page.t_with("key-pin-told", &[("until", &until)])],
        link: None,
        account_link: None,
        pin: Some(format!("{first} {last}")),
        pin_page: format!("{}/passkeys/pin", state.kit.origin()),
        desk: None,
        back: format!("/admin/users/{}", user.id),
        page,
        shell,
    };
    state.show(StatusCode::OK, &page)
}
