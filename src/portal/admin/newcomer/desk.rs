//! Activating a key at the desk: the person holds the card or key to the admin's
//! computer, whose browser registers it for them.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};

use super::SECTION;
use super::keys::{open_to, place};
use super::views::DeskPage;
use crate::directory::DirectoryError;
use crate::directory::passkeys::{KeyKind, Passkey};
use crate::domain::User;
use crate::domain::ids::PasskeyId;
use crate::login::passkey::{PasskeyError, flow};
use crate::platform::web::FormAction;
use crate::portal::PortalState;
use crate::portal::admin::shell::{done, told};
use crate::portal::admin::staff::{Staff, WriteUsers};
use crate::portal::admin::typed::Posted;

/// The pending key of a path with its user, or what is said instead.
async fn pending(
    state: &PortalState,
    staff: &Staff<WriteUsers>,
    (id, key): (&str, &str),
) -> Result<(User, Passkey), Box<Response>> {
    let user = open_to(state, staff, id).await?;
    let place = place(&user.id);
    let Some(key) = PasskeyId::parse(key) else {
        return Err(Box::new(told(&place, "key-gone")));
    };
    match state.passkeys.pending_key(&user.id, &key).await {
        Ok(found) => Ok(found),
        Err(PasskeyError::Directory(DirectoryError::NotFound(_))) => {
            Err(Box::new(told(&place, "key-gone")))
        }
        Err(PasskeyError::Directory(DirectoryError::Changed)) => {
            Err(Box::new(told(&place, "key-not-pending")))
        }
        Err(PasskeyError::Directory(error)) => {
            Err(Box::new(state.failed(staff.locale, &error, &place)))
        }
        Err(_) => Err(Box::new(told(&place, "key-user-shut-out"))),
    }
}

/// `GET /admin/users/{id}/keys/{key}/desk`.
pub(super) async fn show(
    State(state): State<PortalState>,
    staff: Staff<WriteUsers>,
    Path((id, key)): Path<(String, String)>,
) -> Response {
    match pending(&state, &staff, (&id, &key)).await {
        Ok((user, key)) => desk_page(&state, &staff, &user, &key, None),
        Err(response) => *response,
    }
}

fn desk_page(
    state: &PortalState,
    staff: &Staff<WriteUsers>,
    user: &User,
    key: &Passkey,
    problem: Option<&'static str>,
) -> Response {
    let (page, shell) = staff.frame(state, SECTION);
    let back = format!("{}/{}", place(&user.id), key.id);
    let page = DeskPage {
        person: user.display_name(),
        name: key.name.clone(),
        text: match key.kind {
            KeyKind::Card => "desk-card",
            KeyKind::HardwareKey => "desk-hardware-key",
            KeyKind::Smartphone => "desk-smartphone",
            KeyKind::Passkey => "desk-passkey",
        },
        action: format!("{back}/desk"),
        back,
        problem,
        page,
        shell,
    };
    let status = if problem.is_some() {
        StatusCode::UNPROCESSABLE_ENTITY
    } else {
        StatusCode::OK
    };
    state.kit.render_with_fetch(status, &page, FormAction::Own)
}

/// `POST /admin/users/{id}/keys/{key}/desk/options`.
pub(super) async fn options(
    State(state): State<PortalState>,
    Path((id, key)): Path<(String, String)>,
    Posted { staff, .. }: Posted<WriteUsers>,
) -> Response {
    let (user, key) = match pending(&state, &staff, (&id, &key)).await {
        Ok(found) => found,
        Err(response) => return *response,
    };
    match state
        .passkeys
        .ask_at_desk(&staff.current, &user.id, &key.id)
        .await
    {
        Ok(options) => Json(options).into_response(),
        Err(error) => flow::refused(&error),
    }
}

/// `POST /admin/users/{id}/keys/{key}/desk`.
pub(super) async fn activate(
    State(state): State<PortalState>,
    Path((id, key)): Path<(String, String)>,
    Posted { staff, typed }: Posted<WriteUsers>,
) -> Response {
    let (user, key) = match pending(&state, &staff, (&id, &key)).await {
        Ok(found) => found,
        Err(response) => return *response,
    };
    let activated = state
        .passkeys
        .activate_at_desk(&staff.current, &user.id, &key.id, typed.value("credential"))
        .await;
    let problem = match activated {
        Ok(()) => return done(&place(&user.id), "key-activated"),
        Err(PasskeyError::Directory(DirectoryError::Changed)) => {
            return told(&place(&user.id), "key-not-pending");
        }
        Err(PasskeyError::Directory(DirectoryError::Taken { .. })) => "desk-known",
        Err(PasskeyError::Directory(error)) => {
            return state.failed(staff.locale, &error, &place(&user.id));
        }
        Err(PasskeyError::NotKept) => "passkey-not-kept",
        Err(PasskeyError::UserNotVerified) => "passkey-no-pin",
        Err(error) => {
            let (code, detail) = (error.code(), error.to_string());
            tracing::warn!(code, detail, "a key was not activated at the desk");
            "passkey-add-refused"
        }
    };
    desk_page(&state, &staff, &user, &key, Some(problem))
}
