//! API tokens: the list, a new one, taking one away.

mod create;
mod list;
mod remove;

use axum::Router;
use axum::routing::get;

use super::Section;
use crate::domain::Scope;
use crate::portal::PortalState;

/// What stands in the navigation.
pub(super) const SECTION: Section = Section {
    path: "/admin/tokens",
    label: "tokens-title",
    scope: Some(Scope::Admin),
};

/// The section's routes.
pub(super) fn router() -> Router<PortalState> {
    Router::new()
        .route("/admin/tokens", get(list::show))
        .route("/admin/tokens/new", get(create::ask).post(create::create))
        .route(
            "/admin/tokens/{id}/delete",
            get(remove::ask).post(remove::remove),
        )
}

/// The samples of the section's pages.
#[cfg(test)]
pub(super) fn samples(page: &crate::platform::web::Page) -> Vec<(String, String)> {
    let mut all = list::samples(page);
    all.extend(create::samples(page));
    all
}
