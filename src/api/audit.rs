//! `/audit`: who did what to whom.

use axum::extract::State;

use super::auth::{Caller, ReadAudit};
use super::error::OrProblem as _;
use super::paging::{List, Query};
use super::{Answer, ApiState, ok};
use crate::directory::audit::EventFilter;

/// `GET /audit`, newest first.
pub(super) async fn list(
    State(state): State<ApiState>,
    _: Caller<ReadAudit>,
    mut query: Query,
) -> Answer {
    let filter = EventFilter {
        target: query.text("target"),
        actor: query.text("actor"),
        action: query.text("action"),
    };
    let page = query.page();
    query.finish()?;
    let events = state.directory.audit(filter, page.cursor, page.limit);
    let events = events.await.or_problem(&state)?;
    Ok(ok(List::of(events, |event| event)))
}
