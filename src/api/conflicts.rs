//! `/conflicts`: refused links, and an admin's word on them.

use std::collections::BTreeMap;

use axum::extract::{Path, State};
use serde::Serialize;
use utoipa::ToSchema;

use super::auth::{Caller, ReadUsers, WriteUsers};
use super::error::{ApiError, OrProblem as _};
use super::openapi::params::{IdParam, PageParams};
use super::paging::{List, Query};
use super::user_shape::UserShape;
use super::{Answer, ApiState, ok, users};
use crate::directory::conflicts::{Conflict, ConflictStatus};
use crate::directory::error::LinkConflict;
use crate::domain::{ConflictId, Field, Slug, Timestamp, UserId};

/// A login that was not attached to the user whom its identifiers name.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Conflict)]
struct ConflictShape {
    id: ConflictId,
    /// When it last came up.
    at: Timestamp,
    status: ConflictStatus,
    /// Why the link was refused: `administrator`, `linking_off`, `not_vouched`,
    /// `other_subject`.
    #[schema(examples("administrator"))]
    reason: String,
    /// The same in a sentence, for an admin.
    summary: String,
    observed: Observed,
    /// The user whom the identifiers name.
    user: UserShape,
}

/// What the login said.
#[derive(Debug, Serialize, ToSchema)]
struct Observed {
    /// The provider.
    provider: Slug,
    /// Who said it: the entity ID or `iss`. `null` where there is no `subject`.
    #[schema(required)]
    issuer: Option<String>,
    /// The NameID or `sub` that would be attached; `null` for one that does not
    /// last, which cannot be.
    #[schema(required)]
    subject: Option<String>,
    /// The person's fields, by their names here.
    #[schema(value_type = BTreeMap<String, String>)]
    profile: BTreeMap<Field, String>,
}

/// The sentence for a reason.
fn summary(reason: &str, user: &UserId) -> String {
    let all = [
        LinkConflict::Administrator,
        LinkConflict::LinkingOff,
        LinkConflict::NotVouched,
        LinkConflict::OtherSubject,
    ];
    let mut known = all.into_iter().map(|make| make(user.clone()));
    let found = known.find(|conflict| conflict.reason() == reason);
    found.map_or_else(|| reason.to_owned(), |conflict| conflict.to_string())
}

async fn shape(state: &ApiState, conflict: Conflict) -> Result<ConflictShape, ApiError> {
    let user = state.directory.user(&conflict.user).await;
    let user = users::shape(state, user.or_problem(state)?).await?;
    let (issuer, subject) = match conflict.identity {
        Some(identity) => (Some(identity.issuer), Some(identity.subject)),
        None => (None, None),
    };
    let profile = conflict.observed.iter();
    Ok(ConflictShape {
        id: conflict.id,
        at: conflict.at,
        status: conflict.status,
        summary: summary(&conflict.reason, &conflict.user),
        reason: conflict.reason,
        observed: Observed {
            provider: conflict.provider,
            issuer,
            subject,
            profile: profile
                .map(|(field, value)| (field, value.to_owned()))
                .collect(),
        },
        user,
    })
}

fn conflict_id(text: &str) -> Result<ConflictId, ApiError> {
    ConflictId::parse(text).ok_or_else(|| ApiError::no_such("conflict"))
}

/// Lists refused links, the newest first.
#[utoipa::path(
    get,
    path = "/conflicts",
    tag = "Conflicts",
    params(
        PageParams,
        ("status" = inline(Option<ConflictStatus>), Query, description = "Only those of this status."),
    ),
    responses(
        (status = 200, description = "One page of refused links.", body = List<ConflictShape>),
    ),
    security(("token" = ["users:read"])),
)]
pub(super) async fn list(
    State(state): State<ApiState>,
    _: Caller<ReadUsers>,
    mut query: Query,
) -> Answer {
    let status = query.word("status", ConflictStatus::ALL, ConflictStatus::as_str);
    let page = query.page();
    query.finish()?;
    let found = state.directory.conflicts(status, page.cursor, page.limit);
    let found = found.await.or_problem(&state)?;
    let mut items = Vec::with_capacity(found.items.len());
    for conflict in found.items {
        items.push(shape(&state, conflict).await?);
    }
    Ok(ok(List {
        items,
        next_cursor: found.next_cursor,
    }))
}

/// Shows a refused link: what the login said, and the user whom it names.
#[utoipa::path(
    get,
    path = "/conflicts/{id}",
    tag = "Conflicts",
    params(IdParam),
    responses(
        (status = 200, description = "The refused link.", body = ConflictShape),
    ),
    security(("token" = ["users:read"])),
)]
pub(super) async fn show(
    State(state): State<ApiState>,
    _: Caller<ReadUsers>,
    Path(id): Path<String>,
) -> Answer {
    let conflict = state.directory.conflict(&conflict_id(&id)?).await;
    Ok(ok(shape(&state, conflict.or_problem(&state)?).await?))
}

/// Attaches the identity to the user after all.
///
/// The next login through it succeeds; what was attached already stays so. Where
/// the user has a role, whoever asks gives somebody a way into an administrative
/// account: that needs the scope or role `admin`.
#[utoipa::path(
    post,
    path = "/conflicts/{id}/link",
    tag = "Conflicts",
    params(IdParam),
    responses(
        (status = 200, description = "The link as it is now.", body = ConflictShape),
        (status = 409, description = "Another user has this identity by now, or the user was changed in the meantime."),
        (status = 422, description = "The login brought no identifier that lasts."),
    ),
    security(("token" = ["users:write"])),
)]
pub(super) async fn link(
    State(state): State<ApiState>,
    caller: Caller<WriteUsers>,
    Path(id): Path<String>,
) -> Answer {
    let id = conflict_id(&id)?;
    let conflict = state.directory.conflict(&id).await.or_problem(&state)?;
    let user = state.directory.user(&conflict.user).await;
    let user = user.or_problem(&state)?;
    if !user.roles.is_empty() {
        caller.as_admin()?;
    }
    // Of the version that was judged: somebody who was given a role in between
    // is not linked by somebody who may not.
    let linked = state
        .directory
        .link_conflict(&id, user.version, caller.actor());
    let linked = linked.await.or_problem(&state)?;
    Ok(ok(shape(&state, linked).await?))
}

/// Decides that the link stays refused.
///
/// It stays so when the login is tried again.
#[utoipa::path(
    post,
    path = "/conflicts/{id}/dismiss",
    tag = "Conflicts",
    params(IdParam),
    responses(
        (status = 200, description = "The link as it is now.", body = ConflictShape),
        (status = 409, description = "The identity was attached already."),
    ),
    security(("token" = ["users:write"])),
)]
pub(super) async fn dismiss(
    State(state): State<ApiState>,
    caller: Caller<WriteUsers>,
    Path(id): Path<String>,
) -> Answer {
    let id = conflict_id(&id)?;
    let dismissed = state.directory.dismiss_conflict(&id, caller.actor());
    let dismissed = dismissed.await.or_problem(&state)?;
    Ok(ok(shape(&state, dismissed).await?))
}
