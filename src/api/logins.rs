//! `/logins`: login traces.

use axum::extract::{Path, State};

use super::auth::{Caller, ReadAudit};
use super::error::{ApiError, OrProblem as _};
use super::openapi::params::{IdParam, PageParams};
use super::paging::{List, Query};
use super::{Answer, ApiState, download, ok};
use crate::directory::traces::{TraceFilter, TraceOutcome, TraceShape};
use crate::domain::{Timestamp, TraceId, UserId};

/// Lists login traces, the newest first.
///
/// Every attempt that reached us leaves one, and so does metadata that could not
/// be refreshed.
#[utoipa::path(
    get,
    path = "/logins",
    tag = "Logins",
    params(
        PageParams,
        ("provider" = Option<String>, Query, description = "Only attempts through the provider of this slug."),
        ("kind" = Option<String>, Query, description = "Only attempts of this kind.", example = "saml"),
        ("outcome" = inline(Option<TraceOutcome>), Query, description = "Only attempts that ended so."),
        ("user" = inline(Option<UserId>), Query, description = "Only attempts of this user."),
        ("person" = Option<String>, Query, description = "Only attempts of the people whom this address, UPN, user name or part of a name names, those that led to no user among them.", example = "ada@example.com"),
        ("reference" = Option<String>, Query, description = "The attempt with the reference that a person reads out.", example = "K7QF-2M9D"),
        ("code" = Option<String>, Query, description = "Only attempts with this code.", example = "saml.audience_mismatch"),
        ("from" = inline(Option<Timestamp>), Query, description = "Only attempts at this moment or later."),
        ("to" = inline(Option<Timestamp>), Query, description = "Only attempts before this moment."),
    ),
    responses(
        (status = 200, description = "One page of traces.", body = List<TraceShape>),
    ),
    security(("token" = ["audit:read"])),
)]
pub(super) async fn list(
    State(state): State<ApiState>,
    _: Caller<ReadAudit>,
    mut query: Query,
) -> Answer {
    let (filter, person) = filter(&mut query);
    let page = query.page();
    query.finish()?;
    let filter = with_people(&state, filter, person).await?;
    let traces = state
        .directory
        .login_traces(filter, page.cursor, page.limit);
    let traces = traces.await.or_problem(&state)?;
    Ok(ok(List::of(traces, TraceShape::from)))
}

/// What the traces are narrowed to, and the person who is still to be found.
fn filter(query: &mut Query) -> (TraceFilter, Option<String>) {
    let filter = TraceFilter {
        provider: query.text("provider"),
        outcome: query.word("outcome", TraceOutcome::ALL, TraceOutcome::as_str),
        user: query.id("user", UserId::parse),
        reference: query.text("reference"),
        code: query.text("code"),
        kind: query.text("kind"),
        during: query.during(),
        people: None,
    };
    (filter, query.text("person"))
}

async fn with_people(
    state: &ApiState,
    mut filter: TraceFilter,
    person: Option<String>,
) -> Result<TraceFilter, ApiError> {
    if let Some(person) = person {
        let people = state.directory.people_named(&person).await;
        filter.people = Some(people.or_problem(state)?);
    }
    Ok(filter)
}

/// Downloads login traces as JSON lines, the newest first: all that the filters leave.
#[utoipa::path(
    get,
    path = "/logins.jsonl",
    tag = "Logins",
    params(
        ("provider" = Option<String>, Query, description = "Only attempts through the provider of this slug."),
        ("kind" = Option<String>, Query, description = "Only attempts of this kind.", example = "saml"),
        ("outcome" = inline(Option<TraceOutcome>), Query, description = "Only attempts that ended so."),
        ("user" = inline(Option<UserId>), Query, description = "Only attempts of this user."),
        ("person" = Option<String>, Query, description = "Only attempts of the people whom this names.", example = "ada@example.com"),
        ("reference" = Option<String>, Query, description = "The attempt with the reference that a person reads out.", example = "K7QF-2M9D"),
        ("code" = Option<String>, Query, description = "Only attempts with this code.", example = "saml.audience_mismatch"),
        ("from" = inline(Option<Timestamp>), Query, description = "Only attempts at this moment or later."),
        ("to" = inline(Option<Timestamp>), Query, description = "Only attempts before this moment."),
    ),
    responses(
        (status = 200, description = "One trace a line.", body = String, content_type = "application/jsonl"),
    ),
    security(("token" = ["audit:read"])),
)]
pub(super) async fn lines(
    State(state): State<ApiState>,
    _: Caller<ReadAudit>,
    mut query: Query,
) -> Answer {
    let (filter, person) = filter(&mut query);
    query.finish()?;
    let filter = with_people(&state, filter, person).await?;
    let lines = state
        .directory
        .login_lines(filter)
        .await
        .or_problem(&state)?;
    Ok(download(lines))
}

/// Shows a login trace.
#[utoipa::path(
    get,
    path = "/logins/{id}",
    tag = "Logins",
    params(IdParam),
    responses(
        (status = 200, description = "The trace.", body = TraceShape),
    ),
    security(("token" = ["audit:read"])),
)]
pub(super) async fn show(
    State(state): State<ApiState>,
    _: Caller<ReadAudit>,
    Path(id): Path<String>,
) -> Answer {
    let id = TraceId::parse(&id).ok_or_else(|| ApiError::no_such("login trace"))?;
    let trace = state.directory.login_trace(&id).await.or_problem(&state)?;
    Ok(ok(TraceShape::from(trace)))
}
