//! What is asked once before it is done: deletion.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;

use super::{SECTION, find, path};
use crate::directory::DirectoryError;
use crate::domain::application::ApplicationKind;
use crate::portal::PortalState;
use crate::portal::admin::shell::{ConfirmPage, done, told};
use crate::portal::admin::staff::{Staff, WriteAdmin};
use crate::portal::admin::typed::Posted;

/// `GET /admin/applications/{slug}/delete`.
pub(super) async fn ask_delete(
    State(state): State<PortalState>,
    staff: Staff<WriteAdmin>,
    Path(slug): Path<String>,
) -> Response {
    let (page, shell) = staff.frame(&state, &SECTION);
    let stored = match find(&state, &slug).await {
        Ok(stored) => stored,
        Err(error) => return state.failed(staff.locale, &error, SECTION.path),
    };
    let application = &stored.application;
    let assigned = match state.directory.assigned(&application.slug).await {
        Ok(assigned) => assigned.len(),
        Err(error) => return state.failed(staff.locale, &error, SECTION.path),
    };
    let name = [("name", application.name.as_str())];
    let stops = match application.kind {
        ApplicationKind::Oidc => page.t("application-delete-oidc"),
        ApplicationKind::ForwardAuth => {
            let hosts = application.hosts.join(", ");
            page.t_with("application-delete-forward", &[("hosts", &hosts)])
        }
        ApplicationKind::Link => page.t("application-delete-tile"),
    };
    let question = ConfirmPage {
        title: page.t_with("application-delete-title", &name),
        effects: vec![
            stops,
            page.t_count("application-delete-assigned", assigned),
            page.t("application-delete-for-good"),
        ],
        refusal: None,
        button: page.t("application-delete-button"),
        danger: true,
        action: format!("{}/delete", path(&application.slug)),
        hidden: vec![("version".to_owned(), stored.version.to_string())],
        cancel: path(&application.slug),
        page,
        shell,
    };
    state.show(StatusCode::OK, &question)
}

/// `POST /admin/applications/{slug}/delete`.
pub(super) async fn delete(
    State(state): State<PortalState>,
    Path(slug): Path<String>,
    Posted { staff, typed }: Posted<WriteAdmin>,
) -> Response {
    let slug = match find(&state, &slug).await {
        Ok(stored) => stored.application.slug,
        Err(DirectoryError::NotFound(_)) => return told(SECTION.path, "application-gone"),
        Err(error) => return state.failed(staff.locale, &error, SECTION.path),
    };
    let over = Some(typed.version());
    let deleted = state
        .directory
        .delete_application(&slug, over, staff.actor());
    match deleted.await {
        Ok(()) => done(SECTION.path, "application-deleted"),
        Err(DirectoryError::NotFound(_)) => told(SECTION.path, "application-gone"),
        Err(DirectoryError::Changed) => told(&path(&slug), "application-changed"),
        Err(error) => state.failed(staff.locale, &error, SECTION.path),
    }
}
