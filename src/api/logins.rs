//! `/logins`: login traces.

use std::collections::BTreeMap;

use axum::extract::{Path, State};
use serde::Serialize;

use super::auth::{Caller, ReadAudit};
use super::error::{ApiError, OrProblem as _};
use super::paging::{List, Query};
use super::{Answer, ApiState, ok};
use crate::directory::plan::Change;
use crate::directory::resolve::Matched;
use crate::directory::traces::{LoginTrace, Side, TraceFilter, TraceOutcome};
use crate::domain::{Reference, Timestamp, TraceId, UserId};

/// A trace as the API shows it.
#[derive(Debug, Serialize)]
struct TraceShape {
    id: TraceId,
    at: Timestamp,
    provider: String,
    kind: String,
    outcome: TraceOutcome,
    reference: Reference,
    user: Option<UserId>,
    code: String,
    summary: String,
    expected: Option<String>,
    received: Vec<String>,
    side: Option<Side>,
    remedy: Option<String>,
    attributes: BTreeMap<String, Vec<String>>,
    matched_by: Option<Matched>,
    changes: Vec<Change>,
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

/// `GET /logins`, newest first.
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
    };
    let page = query.page();
    query.finish()?;
    let traces = state
        .directory
        .login_traces(filter, page.cursor, page.limit);
    let traces = traces.await.or_problem(&state)?;
    Ok(ok(List::of(traces, TraceShape::from)))
}

/// `GET /logins/{id}`.
pub(super) async fn show(
    State(state): State<ApiState>,
    _: Caller<ReadAudit>,
    Path(id): Path<String>,
) -> Answer {
    let id = TraceId::parse(&id).ok_or_else(|| ApiError::no_such("login trace"))?;
    let trace = state.directory.login_trace(&id).await.or_problem(&state)?;
    Ok(ok(TraceShape::from(trace)))
}
