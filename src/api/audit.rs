//! `/audit`: who did what to whom.

use axum::extract::State;

use super::auth::{Caller, ReadAudit};
use super::error::OrProblem as _;
use super::openapi::params::PageParams;
use super::paging::{List, Query};
use super::{Answer, ApiState, download, ok};
use crate::directory::audit::{ActorKind, Event, EventFilter, TargetKind};
use crate::domain::{Timestamp, UserId};

/// Lists what was done, the newest first, with the values before and after.
#[utoipa::path(
    get,
    path = "/audit",
    tag = "Audit",
    params(
        PageParams,
        ("actor" = Option<String>, Query, description = "Only what was done by the user or token of this id or name."),
        ("actor_kind" = inline(Option<ActorKind>), Query, description = "Only what was done by this kind of actor."),
        ("action" = Option<String>, Query, description = "Only this action.", example = "user.created"),
        ("target" = Option<String>, Query, description = "Only what was done to the thing of this id or slug."),
        ("target_kind" = inline(Option<TargetKind>), Query, description = "Only what was done to this kind of thing."),
        ("user" = inline(Option<UserId>), Query, description = "Only what was done to this user."),
        ("from" = inline(Option<Timestamp>), Query, description = "Only what was done at this moment or later."),
        ("to" = inline(Option<Timestamp>), Query, description = "Only what was done before this moment."),
    ),
    responses(
        (status = 200, description = "One page of events.", body = List<Event>),
    ),
    security(("token" = ["audit:read"])),
)]
pub(super) async fn list(
    State(state): State<ApiState>,
    _: Caller<ReadAudit>,
    mut query: Query,
) -> Answer {
    let filter = filter(&mut query);
    let page = query.page();
    query.finish()?;
    let events = state.directory.audit(filter, page.cursor, page.limit);
    let events = events.await.or_problem(&state)?;
    Ok(ok(List::of(events, |event| event)))
}

fn filter(query: &mut Query) -> EventFilter {
    EventFilter {
        target: query.text("target"),
        target_kind: query.word("target_kind", TargetKind::ALL, TargetKind::as_str),
        user: query.id("user", UserId::parse),
        actor: query.text("actor"),
        actor_kind: query.word("actor_kind", ActorKind::ALL, ActorKind::as_str),
        action: query.text("action"),
        during: query.during(),
    }
}

/// Downloads the audit log as JSON lines, the newest first: all that the filters leave.
#[utoipa::path(
    get,
    path = "/audit.jsonl",
    tag = "Audit",
    params(
        ("actor" = Option<String>, Query, description = "Only what was done by the user or token of this id or name."),
        ("actor_kind" = inline(Option<ActorKind>), Query, description = "Only what was done by this kind of actor."),
        ("action" = Option<String>, Query, description = "Only this action.", example = "user.created"),
        ("target" = Option<String>, Query, description = "Only what was done to the thing of this id or slug."),
        ("target_kind" = inline(Option<TargetKind>), Query, description = "Only what was done to this kind of thing."),
        ("user" = inline(Option<UserId>), Query, description = "Only what was done to this user."),
        ("from" = inline(Option<Timestamp>), Query, description = "Only what was done at this moment or later."),
        ("to" = inline(Option<Timestamp>), Query, description = "Only what was done before this moment."),
    ),
    responses(
        (status = 200, description = "One event a line.", body = String, content_type = "application/jsonl"),
    ),
    security(("token" = ["audit:read"])),
)]
pub(super) async fn lines(
    State(state): State<ApiState>,
    _: Caller<ReadAudit>,
    mut query: Query,
) -> Answer {
    let filter = filter(&mut query);
    query.finish()?;
    let lines = state
        .directory
        .audit_lines(filter)
        .await
        .or_problem(&state)?;
    Ok(download(lines))
}
