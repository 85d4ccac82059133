//! `/groups`.

use axum::extract::{Path, State};
use serde::Serialize;
use utoipa::ToSchema;

use super::auth::{Caller, ReadGroups, WriteGroups};
use super::error::{ApiError, OrProblem as _};
use super::fields::{Fields, Given};
use super::openapi::inputs::{GroupInput, GroupPatch};
use super::openapi::params::{IdParam, PageParams};
use super::paging::{List, Query};
use super::{Answer, ApiState, created, group_id, no_content, ok, user_id};
use crate::directory::groups::{Counted, GroupEdit};
use crate::domain::{GroupId, Source, UserId, address};

/// Longest description of a group in characters.
pub(super) const LONGEST_DESCRIPTION: usize = 1024;

/// A group.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Group)]
struct GroupShape {
    id: GroupId,
    name: String,
    #[schema(required)]
    description: Option<String>,
    /// Whether a channel keeps it: it is read-only here then.
    external: bool,
    source: Source,
    #[schema(minimum = 0)]
    member_count: i64,
}

impl From<Counted> for GroupShape {
    fn from(Counted { group, members }: Counted) -> Self {
        Self {
            id: group.id,
            name: group.name,
            description: group.description,
            external: group.external,
            source: group.source,
            member_count: members,
        }
    }
}

/// The keys of a group that nobody sets by hand.
pub(super) const READ_ONLY: [&str; 4] = ["id", "external", "source", "member_count"];

/// Lists groups.
#[utoipa::path(
    get,
    path = "/groups",
    tag = "Groups",
    params(PageParams, ("q" = Option<String>, Query, description = "Words to find in names.")),
    responses(
        (status = 200, description = "One page of groups.", body = List<GroupShape>),
    ),
    security(("token" = ["groups:read"])),
)]
pub(super) async fn list(
    State(state): State<ApiState>,
    _: Caller<ReadGroups>,
    mut query: Query,
) -> Answer {
    let search = query.words("q");
    let page = query.page();
    query.finish()?;
    let groups = state.directory.groups(search, page.cursor, page.limit);
    let groups = groups.await.or_problem(&state)?;
    Ok(ok(List::of(groups, GroupShape::from)))
}

/// Creates a group.
#[utoipa::path(
    post,
    path = "/groups",
    tag = "Groups",
    request_body(content = GroupInput),
    responses(
        (status = 201, description = "The group.", body = GroupShape, headers(("location" = String, description = "The address of what was made."))),
        (status = 409, description = "Another group has this name."),
    ),
    security(("token" = ["groups:write"])),
)]
pub(super) async fn create(
    State(state): State<ApiState>,
    caller: Caller<WriteGroups>,
    mut fields: Fields,
) -> Answer {
    let (name, description) = read(&mut fields);
    if matches!(name, Given::Absent) && !fields.is_refused("name") {
        fields.refuse("name", "is required");
    }
    for key in READ_ONLY {
        if fields.take(key).is_some_and(|value| !value.is_null()) {
            fields.refuse(key, "cannot be set");
        }
    }
    fields.finish()?;
    let name = name.value().unwrap_or_default();
    let made = state
        .directory
        .create_group(name, description.value(), caller.actor());
    let group = made.await.or_problem(&state)?;
    let path = format!("/api/v1/groups/{}", group.id);
    Ok(created(
        &path,
        GroupShape::from(Counted { group, members: 0 }),
    ))
}

/// Shows a group.
///
/// Its members are listed by `GET /api/v1/users?group=`.
#[utoipa::path(
    get,
    path = "/groups/{id}",
    tag = "Groups",
    params(IdParam),
    responses(
        (status = 200, description = "The group.", body = GroupShape),
    ),
    security(("token" = ["groups:read"])),
)]
pub(super) async fn show(
    State(state): State<ApiState>,
    _: Caller<ReadGroups>,
    Path(id): Path<String>,
) -> Answer {
    Ok(ok(shape(&state, &group_id(&id)?).await?))
}

/// Changes a group, by JSON Merge Patch (RFC 7396).
#[utoipa::path(
    patch,
    path = "/groups/{id}",
    tag = "Groups",
    params(IdParam),
    request_body(content = GroupPatch),
    responses(
        (status = 200, description = "The group as it is now.", body = GroupShape),
        (status = 409, description = "Another group has this name, or a channel keeps this group."),
    ),
    security(("token" = ["groups:write"])),
)]
pub(super) async fn edit(
    State(state): State<ApiState>,
    caller: Caller<WriteGroups>,
    Path(id): Path<String>,
    mut fields: Fields,
) -> Answer {
    let id = group_id(&id)?;
    let shown = serde_json::to_value(shape(&state, &id).await?).unwrap_or_default();
    let (name, description) = read(&mut fields);
    for key in READ_ONLY {
        if fields
            .take(key)
            .is_some_and(|value| Some(&value) != shown.get(key))
        {
            fields.refuse(key, "cannot be set");
        }
    }
    fields.finish()?;
    let edit = GroupEdit {
        name: name.value(),
        description: description.edit(),
        ..GroupEdit::default()
    };
    let edited = state.directory.edit_group(&id, edit, caller.actor());
    edited.await.or_problem(&state)?;
    Ok(ok(shape(&state, &id).await?))
}

/// Name and description, checked.
fn read(fields: &mut Fields) -> (Given<String>, Given<String>) {
    let name = fields.text("name");
    let description = fields.text("description");
    match &name {
        Given::Empty => fields.refuse("name", "cannot be empty"),
        Given::Value(text) if address::name_key(text).is_none() => {
            fields.refuse("name", "must have 1 to 256 visible characters");
        }
        Given::Absent | Given::Value(_) => {}
    }
    if let Given::Value(text) = &description
        && text.chars().count() > LONGEST_DESCRIPTION
    {
        let detail = format!("is longer than {LONGEST_DESCRIPTION} characters");
        fields.refuse("description", detail);
    }
    (name, description)
}

/// Deletes a group. Its members stay.
#[utoipa::path(
    delete,
    path = "/groups/{id}",
    tag = "Groups",
    params(IdParam),
    responses(
        (status = 204, description = "Done. There is no body."),
        (status = 409, description = "A channel keeps this group."),
    ),
    security(("token" = ["groups:write"])),
)]
pub(super) async fn remove(
    State(state): State<ApiState>,
    caller: Caller<WriteGroups>,
    Path(id): Path<String>,
) -> Answer {
    let id = group_id(&id)?;
    let removed = state.directory.delete_group(&id, caller.actor()).await;
    removed.or_problem(&state)?;
    Ok(no_content())
}

/// Makes a user a member of a group.
#[utoipa::path(
    put,
    path = "/groups/{id}/members/{user}",
    tag = "Groups",
    params(IdParam, ("user" = inline(UserId), Path, description = "The user.")),
    responses(
        (status = 204, description = "Done. There is no body."),
        (status = 409, description = "A channel keeps this group."),
    ),
    security(("token" = ["groups:write"])),
)]
pub(super) async fn add_member(
    State(state): State<ApiState>,
    caller: Caller<WriteGroups>,
    Path((group, user)): Path<(String, String)>,
) -> Answer {
    set_member(&state, &caller, (&group, &user), true).await
}

/// Takes a user out of a group.
#[utoipa::path(
    delete,
    path = "/groups/{id}/members/{user}",
    tag = "Groups",
    params(IdParam, ("user" = inline(UserId), Path, description = "The user.")),
    responses(
        (status = 204, description = "Done. There is no body."),
        (status = 409, description = "A channel keeps this group."),
    ),
    security(("token" = ["groups:write"])),
)]
pub(super) async fn remove_member(
    State(state): State<ApiState>,
    caller: Caller<WriteGroups>,
    Path((group, user)): Path<(String, String)>,
) -> Answer {
    set_member(&state, &caller, (&group, &user), false).await
}

async fn set_member(
    state: &ApiState,
    caller: &Caller<WriteGroups>,
    (group, user): (&str, &str),
    member: bool,
) -> Answer {
    let (group, user) = (group_id(group)?, user_id(user)?);
    let done = state
        .directory
        .set_member(&group, &user, member, caller.actor());
    done.await.or_problem(state)?;
    Ok(no_content())
}

async fn shape(state: &ApiState, id: &GroupId) -> Result<GroupShape, ApiError> {
    let group = state.directory.group(id).await.or_problem(state)?;
    Ok(GroupShape::from(group))
}
