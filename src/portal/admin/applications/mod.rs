//! Applications: what the people behind the gateway use.

mod assign;
mod create;
mod edit;
mod form;
mod list;
mod questions;
mod rotate;
mod show;
mod trial;

use axum::Router;
use axum::routing::get;

use super::Section;
use crate::directory::DirectoryError;
use crate::directory::applications::StoredApplication;
use crate::domain::application::ApplicationKind;
use crate::domain::{Application, Scope, Slug};
use crate::platform::web::Page;
use crate::portal::PortalState;

/// What stands in the navigation.
pub(super) const SECTION: Section = Section {
    path: "/admin/applications",
    label: "applications-title",
    scope: Some(Scope::Admin),
};

/// The section's routes.
pub(super) fn router() -> Router<PortalState> {
    Router::new()
        .route("/admin/applications", get(list::show))
        .route(
            "/admin/applications/new",
            get(create::ask).post(create::create),
        )
        .route("/admin/applications/{slug}", get(show::show))
        .route("/admin/forward-auth", get(trial::show))
        .route(
            "/admin/applications/{slug}/edit/{section}",
            get(edit::ask).post(edit::save),
        )
        .route(
            "/admin/applications/{slug}/assignments",
            get(assign::show).post(assign::change),
        )
        .route(
            "/admin/applications/{slug}/rotate-secret",
            get(rotate::ask).post(rotate::rotate),
        )
        .route(
            "/admin/applications/{slug}/delete",
            get(questions::ask_delete).post(questions::delete),
        )
}

/// The application that a path names.
async fn find(state: &PortalState, slug: &str) -> Result<StoredApplication, DirectoryError> {
    let slug = Slug::parse(slug).ok_or(DirectoryError::NotFound("application"))?;
    state.directory.application(&slug).await
}

/// Where an application has its page.
fn path(slug: &Slug) -> String {
    format!("{}/{slug}", SECTION.path)
}

/// How people get in, in words.
fn kind(page: &Page, kind: ApplicationKind) -> String {
    page.t(&format!("application-kind-{kind}"))
}

/// Who may use it, in words.
fn access(page: &Page, application: &Application) -> String {
    page.t(&format!("application-access-{}", application.access))
}

/// The samples of the section's pages.
#[cfg(test)]
pub(super) fn samples(page: &Page) -> Vec<(String, String)> {
    let mut all = list::samples(page);
    all.extend(create::samples(page));
    all.extend(show::samples(page));
    all.extend(edit::samples(page));
    all.extend(assign::samples(page));
    all.extend(rotate::samples(page));
    all.extend(trial::samples(page));
    all
}

/// Applications of each kind, with what an admin may type.
#[cfg(test)]
fn sample(kind: ApplicationKind) -> Application {
    let mut application = Application::new(
        Slug::parse("wiki").unwrap(),
        "Wiki \"><script>alert(1)</script>",
    );
    application.kind = kind;
    application.launch_url = Some("https://wiki.example.com/".to_owned());
    application.redirect_uris = vec!["https://wiki.example.com/callback?a=<b>".to_owned()];
    application.hosts = vec!["wiki.example.com".to_owned()];
    let map = |name: &str, field: &str| [(name.to_owned(), field.to_owned())].into();
    application.claims = map("department", "department");
    application.headers = map("X-Department", "department");
    application.path_rules = vec![crate::domain::application::PathRule {
        path: "/health".to_owned(),
        access: crate::domain::application::PathAccess::Anonymous,
    }];
    application
}
