//! What is asked once before it is done: another secret, deletion.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;

use super::create::tell_secret;
use super::{SECTION, find, path};
use crate::directory::DirectoryError;
use crate::domain::application::ApplicationKind;
use crate::portal::PortalState;
use crate::portal::admin::shell::{ConfirmPage, done, told};
use crate::portal::admin::staff::{Staff, WriteAdmin};
use crate::portal::admin::typed::Posted;

/// `GET /admin/applications/{slug}/rotate-secret`.
pub(super) async fn ask_rotate(
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
    let name = [("name", application.name.as_str())];
    let has_secret = application.has_secret();
    let question = ConfirmPage {
        title: page.t_with("application-rotate-title", &name),
        effects: vec![
            page.t("application-rotate-effect"),
            page.t("application-rotate-then"),
        ],
        refusal: (!has_secret).then(|| page.t("application-no-secret")),
        button: page.t("application-rotate-button"),
        danger: true,
        action: format!("{}/rotate-secret", path(&application.slug)),
        hidden: vec![("version".to_owned(), stored.version.to_string())],
        cancel: path(&application.slug),
        page,
        shell,
    };
    state.show(StatusCode::OK, &question)
}

/// `POST /admin/applications/{slug}/rotate-secret`.
pub(super) async fn rotate(
    State(state): State<PortalState>,
    Path(slug): Path<String>,
    Posted { staff, typed }: Posted<WriteAdmin>,
) -> Response {
    let frame = staff.frame(&state, &SECTION);
    let stored = match find(&state, &slug).await {
        Ok(stored) => stored,
        Err(error) => return state.failed(staff.locale, &error, SECTION.path),
    };
    let back = path(&stored.application.slug);
    // Sent twice, the second secret would shut out the one that was copied.
    if stored.version != typed.version() {
        return told(&back, "application-changed");
    }
    let slug = &stored.application.slug;
    let rotated = state
        .directory
        .rotate_application_secret(slug, staff.actor());
    match rotated.await {
        Ok(saved) => match &saved.secret {
            Some(secret) => tell_secret(&state, frame, &saved.stored.application, secret),
            None => told(&back, "application-changed"),
        },
        Err(DirectoryError::Invalid { .. } | DirectoryError::NotFound(_)) => {
            told(&back, "application-changed")
        }
        Err(error) => state.failed(staff.locale, &error, &back),
    }
}

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
