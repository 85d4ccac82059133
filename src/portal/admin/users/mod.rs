//! Users: the list, one user, and what is done to one or to many.

mod access;
mod bulk;
mod detail;
mod groups;
mod invite;
mod list;
mod person;
mod profile;
mod status;

use axum::Router;
use axum::routing::get;

pub(super) use list::tone;

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
    Router::new()
        .route("/admin/users", get(list::show))
        .route(
            "/admin/users/deactivate",
            get(bulk::ask_deactivate).post(bulk::deactivate),
        )
        .route(
            "/admin/users/reactivate",
            get(bulk::ask_reactivate).post(bulk::reactivate),
        )
        .route("/admin/users/{id}", get(detail::show))
        .route(
            "/admin/users/{id}/profile",
            get(profile::show).post(profile::save),
        )
        .route(
            "/admin/users/{id}/validity",
            get(access::show_validity).post(access::save_validity),
        )
        .route(
            "/admin/users/{id}/roles",
            get(access::show_roles).post(access::save_roles),
        )
        .route(
            "/admin/users/{id}/groups",
            get(groups::show).post(groups::change),
        )
        .route(
            "/admin/users/{id}/deactivate",
            get(status::ask_deactivate).post(status::deactivate),
        )
        .route(
            "/admin/users/{id}/reactivate",
            get(status::ask_reactivate).post(status::reactivate),
        )
        .route(
            "/admin/users/{id}/delete",
            get(status::ask_delete).post(status::delete),
        )
        .route(
            "/admin/users/{id}/invite",
            get(invite::ask).post(invite::invite),
        )
        .route(
            "/admin/users/{id}/sign-out",
            get(status::ask_sign_out).post(status::sign_out),
        )
}

/// The samples of the section's pages.
#[cfg(test)]
pub(super) fn samples(page: &crate::platform::web::Page) -> Vec<(String, String)> {
    let mut all = list::samples(page);
    all.extend(detail::samples(page));
    all.extend(invite::samples(page));
    all.extend(profile::samples(page));
    all.extend(access::samples(page));
    all.extend(groups::samples(page));
    all
}
