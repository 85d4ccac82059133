//! Users: the list.

mod list;

use axum::Router;
use axum::routing::get;

use super::Section;
use crate::domain::Scope;
use crate::portal::PortalState;

/// What stands in the navigation.
pub(super) const SECTION: Section = Section {
    path: "/admin/users",
    label: "users-title",
    scope: Some(Scope::UsersRead),
};

/// The section's routes.
pub(super) fn router() -> Router<PortalState> {
    Router::new().route("/admin/users", get(list::show))
}

/// The samples of the section's pages.
#[cfg(test)]
pub(super) fn samples(page: &crate::platform::web::Page) -> Vec<(String, String)> {
    list::samples(page)
}
