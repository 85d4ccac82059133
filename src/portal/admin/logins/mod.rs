//! Login traces: every attempt to sign in, what came of it and what to change.

mod list;
mod trace;

use axum::Router;
use axum::routing::get;

use super::Section;
use crate::domain::Scope;
use crate::portal::PortalState;

/// What stands in the navigation.
pub(super) const SECTION: Section = Section {
    path: "/admin/logins",
    label: "logins-title",
    scope: Some(Scope::AuditRead),
};

/// The section's routes.
pub(super) fn router() -> Router<PortalState> {
    Router::new()
        .route("/admin/logins", get(list::show))
        .route("/admin/logins.jsonl", get(list::download))
        .route("/admin/logins/{id}", get(trace::show))
}

/// How an outcome looks.
pub(super) const fn tone(outcome: crate::directory::traces::TraceOutcome) -> &'static str {
    use crate::directory::traces::TraceOutcome;
    match outcome {
        TraceOutcome::Success => "good",
        TraceOutcome::Refused => "off",
        TraceOutcome::Failed => "bad",
    }
}

/// The samples of the section's pages.
#[cfg(test)]
pub(super) fn samples(page: &crate::platform::web::Page) -> Vec<(String, String)> {
    let mut all = list::samples(page);
    all.extend(trace::samples(page));
    all
}
