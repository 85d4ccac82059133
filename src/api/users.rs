//! `/users`.

use axum::extract::{Path, State};
use axum::response::Response;
use serde_json::Value;

use super::auth::{Caller, ReadUsers, WriteUsers};
use super::error::{ApiError, OrProblem as _};
use super::fields::Fields;
use super::openapi::inputs::{UserInput, UserPatch};
use super::openapi::params::{IdParam, PageParams};
use super::paging::{List, Query};
use super::user_shape::{InvitedUser, UserShape};
use super::{Answer, ApiState, created, no_content, ok, user_id, user_input};
use crate::directory::DirectoryError;
use crate::directory::users::UserFilter;
use crate::domain::{GroupId, Status, User, UserId};
use crate::platform::i18n::Locale;

/// Lists users, the oldest first.
#[utoipa::path(
    get,
    path = "/users",
    tag = "Users",
    params(PageParams, ("q" = Option<String>, Query, description = "Words to find in names, addresses, user names and departments; all of them must be there."), ("status" = inline(Option<Status>), Query, description = "Only users of this status."), ("group" = Option<GroupId>, Query, description = "Only members of this group.")),
    responses(
        (status = 200, description = "One page of users.", body = List<UserShape>),
    ),
    security(("token" = ["users:read"])),
)]
pub(super) async fn list(
    State(state): State<ApiState>,
    _: Caller<ReadUsers>,
    mut query: Query,
) -> Answer {
    let filter = UserFilter {
        search: query.words("q"),
        status: query.word("status", Status::ALL, Status::as_str),
        group: query.id("group", GroupId::parse),
        ..UserFilter::default()
    };
    let page = query.page();
    query.finish()?;
    let users = state.directory.users(filter, page.cursor, page.limit).await;
    let users = users.or_problem(&state)?;
    let ids: Vec<UserId> = users.items.iter().map(|user| user.id.clone()).collect();
    let belongings = state.directory.belongings(ids).await;
    let mut belongings = belongings.or_problem(&state)?;
    Ok(ok(List::of(users, |user| {
        let belongings = belongings.remove(&user.id).unwrap_or_default();
        UserShape::new(user, belongings)
    })))
}

/// Creates a user.
///
/// Somebody who has the address, UPN or user name already is a conflict, never the one
/// who is changed instead. `roles` need the scope or role `admin`. With `"invite": true`
/// the user is invited at once, and the answer has an `invitation` as that of
/// `POST /users/{id}/invite`.
#[utoipa::path(
    post,
    path = "/users",
    tag = "Users",
    request_body(content = UserInput),
    responses(
        (status = 201, description = "The user.", body = UserShape, headers(("location" = String, description = "The address of what was made."))),
        (status = 409, description = "An identifier belongs to another user."),
    ),
    security(("token" = ["users:write"])),
)]
pub(super) async fn create(
    State(state): State<ApiState>,
    caller: Caller<WriteUsers>,
    locale: Locale,
    mut fields: Fields,
) -> Answer {
    let invite = fields.flag("invite").value().unwrap_or(false);
    let edit = user_input::new_user(fields)?;
    if edit.roles.as_ref().is_some_and(|roles| !roles.is_empty()) {
        caller.as_admin()?;
    }
    if invite {
        may_invite(&state, &caller, false)?;
    }
    let user = state.directory.create_user(edit, caller.actor()).await;
    let user = user.or_problem(&state)?;
    let path = format!("/api/v1/users/{}", user.id);
    if invite {
        let invited = state
            .accounts
            .invite(&user.id, locale, caller.actor())
            .await;
        let invited = invited.or_problem(&state)?;
        let user = state.directory.user(&user.id).await.or_problem(&state)?;
        let user = shape(&state, user).await?;
        return Ok(created(&path, InvitedUser::new(user, invited)));
    }
    Ok(created(&path, shape(&state, user).await?))
}

/// Shows a user.
#[utoipa::path(
    get,
    path = "/users/{id}",
    tag = "Users",
    params(IdParam),
    responses(
        (status = 200, description = "The user.", body = UserShape),
    ),
    security(("token" = ["users:read"])),
)]
pub(super) async fn show(
    State(state): State<ApiState>,
    _: Caller<ReadUsers>,
    Path(id): Path<String>,
) -> Answer {
    let user = state.directory.user(&user_id(&id)?).await;
    shown(&state, user).await
}

/// Changes a user, by JSON Merge Patch (RFC 7396).
///
/// Keys that are left out stay, `null` clears. The keys that only the gateway writes may
/// stand in the patch as long as they say what is so already. `roles`, and the identifiers
/// of somebody who has a role, need the scope or role `admin`.
#[utoipa::path(
    patch,
    path = "/users/{id}",
    tag = "Users",
    params(IdParam),
    request_body(content = UserPatch),
    responses(
        (status = 200, description = "The user as it is now.", body = UserShape),
        (status = 409, description = "An identifier belongs to another user, a channel keeps the field, or the last active admin would go."),
    ),
    security(("token" = ["users:write"])),
)]
pub(super) async fn edit(
    State(state): State<ApiState>,
    caller: Caller<WriteUsers>,
    Path(id): Path<String>,
    fields: Fields,
) -> Answer {
    let id = user_id(&id)?;
    let before = state.directory.user(&id).await.or_problem(&state)?;
    let shape = shape(&state, before.clone()).await?;
    let shape = serde_json::to_value(shape).unwrap_or(Value::Null);
    let mut edit = user_input::patch(fields, &shape)?;
    edit.roles = edit.roles.filter(|roles| *roles != before.roles);
    if edit.needs_admin(&before) {
        caller.as_admin()?;
    }
    let user = state.directory.edit_user(&id, edit, caller.actor()).await;
    shown(&state, user).await
}

/// Deletes a user and all that hangs on it.
#[utoipa::path(
    delete,
    path = "/users/{id}",
    tag = "Users",
    params(IdParam),
    responses(
        (status = 204, description = "Done. There is no body."),
        (status = 409, description = "The last active admin would go."),
    ),
    security(("token" = ["users:write"])),
)]
pub(super) async fn remove(
    State(state): State<ApiState>,
    caller: Caller<WriteUsers>,
    Path(id): Path<String>,
) -> Answer {
    let id = user_id(&id)?;
    let removed = state.directory.delete_user(&id, caller.actor()).await;
    removed.or_problem(&state)?;
    Ok(no_content())
}

/// Deactivates a user, and ends their sessions and tokens at once.
#[utoipa::path(
    post,
    path = "/users/{id}/deactivate",
    tag = "Users",
    params(IdParam),
    responses(
        (status = 200, description = "The user as it is now.", body = UserShape),
        (status = 409, description = "The last active admin would go."),
    ),
    security(("token" = ["users:write"])),
)]
pub(super) async fn deactivate(
    State(state): State<ApiState>,
    caller: Caller<WriteUsers>,
    Path(id): Path<String>,
) -> Answer {
    let id = user_id(&id)?;
    let user = state.directory.deactivate(&id, caller.actor()).await;
    shown(&state, user).await
}

/// Makes a deactivated user active again.
#[utoipa::path(
    post,
    path = "/users/{id}/reactivate",
    tag = "Users",
    params(IdParam),
    responses(
        (status = 200, description = "The user as it is now.", body = UserShape),
    ),
    security(("token" = ["users:write"])),
)]
pub(super) async fn reactivate(
    State(state): State<ApiState>,
    caller: Caller<WriteUsers>,
    Path(id): Path<String>,
) -> Answer {
    let id = user_id(&id)?;
    let user = state.directory.reactivate(&id, caller.actor()).await;
    shown(&state, user).await
}

/// Signs a user out everywhere.
#[utoipa::path(
    delete,
    path = "/users/{id}/sessions",
    tag = "Users",
    params(IdParam),
    responses(
        (status = 204, description = "Done. There is no body."),
    ),
    security(("token" = ["users:write"])),
)]
pub(super) async fn end_sessions(
    State(state): State<ApiState>,
    caller: Caller<WriteUsers>,
    Path(id): Path<String>,
) -> Answer {
    let id = user_id(&id)?;
    let ended = state.directory.sign_out_everywhere(&id, caller.actor());
    ended.await.or_problem(&state)?;
    Ok(no_content())
}

/// Invites a user: sends a mail with a link that activates the account.
///
/// Doing it again sends another link. Without a mail server the link is answered, this
/// once, to admins. Users with a role are invited by admins only.
#[utoipa::path(
    post,
    path = "/users/{id}/invite",
    tag = "Users",
    params(IdParam),
    responses(
        (status = 200, description = "The user as it is now, and what became of the invitation.", body = InvitedUser),
        (status = 409, description = "The user is deactivated."),
        (status = 422, description = "The user has no e-mail address."),
    ),
    security(("token" = ["users:write"])),
)]
pub(super) async fn invite(
    State(state): State<ApiState>,
    caller: Caller<WriteUsers>,
    locale: Locale,
    Path(id): Path<String>,
) -> Answer {
    let id = user_id(&id)?;
    let user = state.directory.user(&id).await.or_problem(&state)?;
    may_invite(&state, &caller, !user.roles.is_empty())?;
    let invited = state.accounts.invite(&id, locale, caller.actor()).await;
    let invited = invited.or_problem(&state)?;
    let user = state.directory.user(&id).await.or_problem(&state)?;
    let user = shape(&state, user).await?;
    Ok(ok(InvitedUser::new(user, invited)))
}

/// Refuses who may not invite: a link that is shown opens the account, and so does
/// another address of somebody with a role.
fn may_invite(
    state: &ApiState,
    caller: &Caller<WriteUsers>,
    has_roles: bool,
) -> Result<(), ApiError> {
    if has_roles || !state.accounts.outbox().is_open() {
        caller.as_admin()?;
    }
    Ok(())
}

/// `200` with the user.
async fn shown(state: &ApiState, user: Result<User, DirectoryError>) -> Result<Response, ApiError> {
    let user = user.or_problem(state)?;
    Ok(ok(shape(state, user).await?))
}

/// The user and what hangs on it.
pub(super) async fn shape(state: &ApiState, user: User) -> Result<UserShape, ApiError> {
    let belongings = state.directory.belongings_of(&user.id).await;
    Ok(UserShape::new(user, belongings.or_problem(state)?))
}
