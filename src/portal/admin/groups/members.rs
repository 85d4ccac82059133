//! `/admin/groups/{id}/members`: adding and removing.

use axum::extract::{Path, State};
use axum::response::Response;

use super::{SECTION, detail, find};
use crate::directory::{DirectoryError, users};
use crate::domain::{User, UserId};
use crate::platform::storage::StorageError;
use crate::portal::admin::list::Asked;
use crate::portal::admin::shell::{done, told};
use crate::portal::admin::staff::{Staff, WriteGroups};
use crate::portal::admin::typed::{Posted, Typed};
use crate::portal::{PortalState, see_other};

/// `GET /admin/groups/{id}/members`: where somebody is sent who signs in first.
pub(super) async fn show(
    State(state): State<PortalState>,
    staff: Staff<WriteGroups>,
    Path(id): Path<String>,
) -> Response {
    match find(&state, staff.locale, &id).await {
        Ok(found) => see_other(&super::path(&found.group)),
        Err(response) => *response,
    }
}

/// `POST /admin/groups/{id}/members`: the user of an address or name comes in, or
/// the one of an id goes.
pub(super) async fn change(
    State(state): State<PortalState>,
    Path(id): Path<String>,
    Posted { staff, mut typed }: Posted<WriteGroups>,
) -> Response {
    let found = match find(&state, staff.locale, &id).await {
        Ok(found) => found,
        Err(response) => return *response,
    };
    let path = super::path(&found.group);
    let (user, member) = match UserId::parse(typed.value("remove")) {
        Some(user) => (Some(user), false),
        None => match named(&state, &staff, &mut typed).await {
            Ok(user) => (user.map(|user| user.id), true),
            Err(error) => return state.failed(staff.locale, &error, &path),
        },
    };
    let Some(user) = user else {
        return detail::answer(&state, &staff, found, &Asked::default(), typed).await;
    };
    let (group, actor) = (&found.group.id, staff.actor());
    match state
        .directory
        .set_member(group, &user, member, actor)
        .await
    {
        Ok(()) if member => done(&path, "group-member-added"),
        Ok(()) => done(&path, "group-member-removed"),
        Err(DirectoryError::ExternalGroup(_)) => told(&path, "group-external"),
        Err(DirectoryError::NotFound(_)) => told(SECTION.path, "group-gone"),
        Err(error) => state.failed(staff.locale, &error, &path),
    }
}

/// The user whom the form names.
async fn named(
    state: &PortalState,
    staff: &Staff<WriteGroups>,
    typed: &mut Typed,
) -> Result<Option<User>, DirectoryError> {
    let page = state.kit.page(staff.locale);
    let Some(name) = typed.required(&page, "user", 320) else {
        return Ok(None);
    };
    let read = state.directory.db.read(move |tx| {
        let name = name.clone();
        Box::pin(async move {
            if let Some(user) = users::by_email(tx, &name).await? {
                return Ok::<_, StorageError>(Some(user));
            }
            match users::by_upn(tx, &name).await? {
                Some(user) => Ok(Some(user)),
                None => users::by_user_name(tx, &name).await,
            }
        })
    });
    let found = read.await?;
    if found.is_none() {
        typed.refuse("user", page.t("groups-user-unknown"));
    }
    Ok(found)
}
