//! `/admin/groups/{id}/members`: adding and removing.

use axum::extract::{Path, State};
use axum::response::Response;

use super::{SECTION, detail, find};
use crate::directory::users::UserFilter;
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

/// People who are offered when a name is not one person's alone.
const OFFERED: usize = 10;

/// `POST /admin/groups/{id}/members`: the user of an address or name comes in, or one of
/// those that were offered, or the one of an id goes.
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
    let removed = UserId::parse(typed.value("remove"));
    let (user, member) = match (removed, UserId::parse(typed.value("add"))) {
        (Some(user), _) => (user, false),
        (None, Some(user)) => (user, true),
        (None, None) => match named(&state, &staff, &mut typed).await {
            Ok(Named::One(user)) => (user.id, true),
            Ok(Named::Others(offered)) => {
                let asked = Asked::default();
                return detail::answer(&state, &staff, found, &asked, (typed, &offered)).await;
            }
            Err(error) => return state.failed(staff.locale, &error, &path),
        },
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

/// Whom the form names.
enum Named {
    /// This one, and nobody else.
    One(Box<User>),
    /// Nobody in particular; perhaps one of these is meant.
    Others(Vec<User>),
}

/// Whom the form names: by address, sign-in name or user name, which are one person's,
/// or by a name that nobody else has.
async fn named(
    state: &PortalState,
    staff: &Staff<WriteGroups>,
    typed: &mut Typed,
) -> Result<Named, DirectoryError> {
    let page = state.kit.page(staff.locale);
    let Some(name) = typed.required(&page, "user", 320) else {
        return Ok(Named::Others(Vec::new()));
    };
    let looked_for = name.clone();
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
    if let Some(user) = read.await? {
        return Ok(Named::One(Box::new(user)));
    }
    let filter = UserFilter {
        search: Some(looked_for.clone()),
        ..UserFilter::default()
    };
    let found = state.directory.users(filter, None, OFFERED).await?;
    let wanted = looked_for.to_lowercase();
    let same = |user: &&User| user.display_name().to_lowercase() == wanted;
    let mut exact = found.items.iter().filter(same);
    // Beyond those that were read somebody else may have the name, too.
    if let (Some(user), None, None) = (exact.next(), exact.next(), &found.next_cursor) {
        return Ok(Named::One(Box::new(user.clone())));
    }
    typed.refuse(
        "user",
        page.t(if found.items.is_empty() {
            "groups-user-unknown"
        } else {
            "groups-user-several"
        }),
    );
    Ok(Named::Others(found.items))
}
