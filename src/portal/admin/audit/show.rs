//! `/admin/audit/{id}`: one event with all its values.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;

use super::{SECTION, action, actor_kind, target_page};
use crate::directory::DirectoryError;
use crate::directory::audit::Event;
use crate::directory::plan::Change;
use crate::domain::ids::EventId;
use crate::platform::web::Page;
use crate::portal::PortalState;
use crate::portal::admin::shell::{Moment, Shell, with_query};
use crate::portal::admin::staff::{ReadAudit, Staff};

/// One event.
#[derive(Clone, Debug, Template)]
#[template(path = "admin/audit/event.html")]
struct EventPage {
    page: Page,
    shell: Shell,
    action: String,
    code: String,
    at: Moment,
    actor: String,
    actor_kind: String,
    by_actor: String,
    target: String,
    target_id: String,
    target_page: Option<String>,
    of_target: String,
    changes: Vec<Change>,
}

impl EventPage {
    fn new(page: Page, shell: Shell, event: Event) -> Self {
        let actor = event.actor_id.as_deref().unwrap_or(&event.actor);
        Self {
            action: action(&page, &event.action),
            at: shell.time(&page, event.at),
            by_actor: with_query(SECTION.path, &[("actor", actor)]),
            actor_kind: actor_kind(&page, &event.actor_kind),
            of_target: with_query(SECTION.path, &[("target", &event.target_id)]),
            target_page: target_page(&event),
            actor: event.actor,
            code: event.action,
            target: event.target,
            target_id: event.target_id,
            changes: event.changes,
            page,
            shell,
        }
    }
}

/// `GET /admin/audit/{id}`.
pub(super) async fn show(
    State(state): State<PortalState>,
    staff: Staff<ReadAudit>,
    Path(id): Path<String>,
) -> Response {
    let (page, shell) = staff.frame(&state, &SECTION);
    let event = match EventId::parse(&id) {
        Some(id) => state.directory.event(&id).await,
        None => Err(DirectoryError::NotFound("audit event")),
    };
    match event {
        Ok(event) => state.show(StatusCode::OK, &EventPage::new(page, shell, event)),
        Err(error) => state.failed(staff.locale, &error, SECTION.path),
    }
}

#[cfg(test)]
pub(super) fn samples(page: &Page) -> Vec<(String, String)> {
    let event = |action: &str| super::sample_event(action, "Ada <Lovelace>");
    let mut bare = event("settings.changed");
    bare.target_kind = "settings".to_owned();
    bare.changes.clear();
    [("event", event("user.updated")), ("event-bare", bare)]
        .into_iter()
        .map(|(name, event)| {
            let page = EventPage::new(page.clone(), Shell::sample(page, &SECTION), event);
            (format!("admin-audit-{name}"), page.render().unwrap())
        })
        .collect()
}
