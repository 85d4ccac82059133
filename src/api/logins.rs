//! `/logins`: login traces.

use std::collections::BTreeMap;

use axum::extract::{Path, State};
use serde::Serialize;
use utoipa::ToSchema;

use super::auth::{Caller, ReadAudit};
use super::error::{ApiError, OrProblem as _};
use super::openapi::params::{IdParam, PageParams};
use super::paging::{List, Query};
use super::{Answer, ApiState, ok};
use crate::directory::plan::Change;
use crate::directory::resolve::Matched;
use crate::directory::traces::{LoginTrace, Side, TraceFilter, TraceOutcome};
use crate::domain::{Reference, Timestamp, TraceId, UserId};

/// One attempt to sign in, or to read what a provider publishes, and what came
/// of it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LoginTrace)]
struct TraceShape {
    id: TraceId,
    at: Timestamp,
    /// The provider's slug.
    provider: String,
    /// `saml`, `oauth`, `metadata`, `discovery`, `test`.
    #[schema(examples("saml"))]
    kind: String,
    outcome: TraceOutcome,
    reference: Reference,
    /// The user, when one was found.
    #[schema(required)]
    user: Option<UserId>,
    /// The stable code; `ok` for a success.
    #[schema(examples("saml.audience_mismatch"))]
    code: String,
    /// One sentence for an admin.
    summary: String,
    /// The value that was expected, where values were compared.
    #[schema(required)]
    expected: Option<String>,
    /// The values that came.
    received: Vec<String>,
    /// Who has to change something.
    #[schema(required)]
    side: Option<Side>,
    /// What to change, and where.
    #[schema(required)]
    remedy: Option<String>,
    /// The attributes or claims that came.
    attributes: BTreeMap<String, Vec<String>>,
    /// The identifier that found the user.
    #[schema(required)]
    matched_by: Option<Matched>,
    /// What the login changed.
    changes: Vec<Change>,
    /// The message, redacted.
    #[schema(required)]
    document: Option<String>,
}

impl From<LoginTrace> for TraceShape {
    fn from(trace: LoginTrace) -> Self {
        let details = trace.details;
        Self {
            id: trace.id,
            at: trace.at,
            provider: trace.provider,
            kind: trace.kind,
            outcome: trace.outcome,
            reference: trace.reference,
            user: trace.user,
            code: trace.code,
            summary: details.summary,
            expected: details.expected,
            received: details.received,
            side: details.side,
            remedy: details.remedy,
            attributes: details.attributes,
            matched_by: details.matched_by,
            changes: details.changes,
            document: details.document.map(|document| document.text()),
        }
    }
}

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
    let filter = TraceFilter {
        provider: query.text("provider"),
        outcome: query.word("outcome", TraceOutcome::ALL, TraceOutcome::as_str),
        user: query.id("user", UserId::parse),
        reference: query.text("reference"),
        code: query.text("code"),
        kind: query.text("kind"),
        during: query.during(),
    };
    let page = query.page();
    query.finish()?;
    let traces = state
        .directory
        .login_traces(filter, page.cursor, page.limit);
    let traces = traces.await.or_problem(&state)?;
    Ok(ok(List::of(traces, TraceShape::from)))
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
