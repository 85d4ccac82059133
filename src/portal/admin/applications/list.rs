//! `/admin/applications`: which there are.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::{SECTION, access, kind};
use crate::domain::{Access, Application, Scope};
use crate::platform::web::Page;
use crate::portal::PortalState;
use crate::portal::admin::shell::Shell;
use crate::portal::admin::staff::{ReadAdmin, Staff};

/// The list.
#[derive(Clone, Debug, Template)]
#[template(path = "admin/applications/list.html")]
struct ApplicationsPage {
    page: Page,
    shell: Shell,
    writes: bool,
    applications: Vec<Row>,
}

/// One application in a line.
#[derive(Clone, Debug)]
struct Row {
    slug: String,
    name: String,
    kind: String,
    access: String,
    enabled: bool,
    /// Where it is: its address, or its hosts.
    place: String,
}

impl Row {
    fn new(page: &Page, application: &Application) -> Self {
        let place = match &application.launch_url {
            Some(url) => url.clone(),
            None => application.hosts.join(", "),
        };
        Self {
            slug: application.slug.to_string(),
            name: application.name.clone(),
            kind: kind(page, application.kind),
            access: access(page, application),
            enabled: application.enabled,
            place,
        }
    }
}

/// `GET /admin/applications`.
pub(super) async fn show(State(state): State<PortalState>, staff: Staff<ReadAdmin>) -> Response {
    let (page, shell) = staff.frame(&state, &SECTION);
    let stored = match state.directory.applications().await {
        Ok(stored) => stored,
        Err(error) => return state.failed(staff.locale, &error, SECTION.path),
    };
    let rows = stored.iter().map(|one| Row::new(&page, &one.application));
    let page = ApplicationsPage {
        applications: rows.collect(),
        writes: staff.may(Scope::Admin, Access::Write),
        page,
        shell,
    };
    state.show(StatusCode::OK, &page)
}

#[cfg(test)]
pub(super) fn samples(page: &Page) -> Vec<(String, String)> {
    use crate::domain::application::ApplicationKind;
    let shell = Shell::sample(page, &SECTION);
    let rows = ApplicationKind::ALL.iter().map(|kind| {
        let mut application = super::sample(*kind);
        application.enabled = *kind != ApplicationKind::Link;
        Row::new(page, &application)
    });
    let full = ApplicationsPage {
        page: page.clone(),
        shell,
        writes: true,
        applications: rows.collect(),
    };
    let empty = ApplicationsPage {
        applications: Vec::new(),
        ..full.clone()
    };
    let reads = ApplicationsPage {
        writes: false,
        ..empty.clone()
    };
    [("list", full), ("empty", empty), ("empty-read", reads)]
        .into_iter()
        .map(|(name, page)| (format!("admin-applications-{name}"), page.render().unwrap()))
        .collect()
}
