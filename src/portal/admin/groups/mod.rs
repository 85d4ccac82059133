//! Groups: the list, one group with its members, making, renaming, deleting. A
//! group that a channel keeps is shown and left alone.

mod detail;
mod edit;
mod list;
mod members;

use axum::Router;
use axum::response::Response;
use axum::routing::get;

use super::Section;
use crate::directory::DirectoryError;
use crate::directory::groups::Counted;
use crate::domain::{Group, GroupId, Scope};
use crate::platform::i18n::Locale;
use crate::platform::web::Page;
use crate::portal::PortalState;

/// What stands in the navigation.
pub(super) const SECTION: Section = Section {
    path: "/admin/groups",
    label: "groups-title",
    scope: Some(Scope::GroupsRead),
};

/// The section's routes.
pub(super) fn router() -> Router<PortalState> {
    Router::new()
        .route("/admin/groups", get(list::show))
        .route("/admin/groups/new", get(edit::show_new).post(edit::create))
        .route("/admin/groups/{id}", get(detail::show))
        .route("/admin/groups/{id}/edit", get(edit::show).post(edit::save))
        .route(
            "/admin/groups/{id}/members",
            get(members::show).post(members::change),
        )
        .route(
            "/admin/groups/{id}/delete",
            get(edit::ask_delete).post(edit::delete),
        )
}

/// The group of an address, or the page that says that there is none.
async fn find(state: &PortalState, locale: Locale, id: &str) -> Result<Counted, Box<Response>> {
    let found = match GroupId::parse(id) {
        Some(id) => state.directory.group(&id).await,
        None => Err(DirectoryError::NotFound("group")),
    };
    found.map_err(|error| Box::new(state.failed(locale, &error, SECTION.path)))
}

/// A group's own page.
fn path(group: &Group) -> String {
    format!("{}/{}", SECTION.path, group.id)
}

/// Why a group cannot be changed here, if it cannot.
pub(super) fn lock(page: &Page, group: &Group) -> Option<String> {
    let channel = || page.t(&format!("channel-{}", group.source));
    group
        .external
        .then(|| page.t_with("groups-locked", &[("channel", &channel())]))
}

/// The samples of the section's pages.
#[cfg(test)]
pub(super) fn samples(page: &crate::platform::web::Page) -> Vec<(String, String)> {
    let mut all = list::samples(page);
    all.extend(detail::samples(page));
    all.extend(edit::samples(page));
    all
}
