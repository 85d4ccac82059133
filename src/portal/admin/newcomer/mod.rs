//! `/admin/users/new`, and the keys of one user.
//!
//! The wizard goes from page to page with everything that was typed in the form: nothing
//! is written before the last button, so nobody is half made, and no step needs script.

mod desk;
mod keys;
mod views;
mod wizard;

use axum::Router;
use axum::routing::{get, post};

pub(super) use views::{KeyRow, key_rows};

use super::Section;
use crate::portal::PortalState;

/// Where the pages belong.
const SECTION: &Section = &super::users::SECTION;

/// The section's routes.
pub(super) fn router() -> Router<PortalState> {
    Router::new()
        .route("/admin/users/new", get(wizard::show).post(wizard::go))
        .route("/admin/users/{id}/keys", get(keys::list).post(keys::assign))
        .route("/admin/users/{id}/keys/{key}", get(keys::show))
        .route(
            "/admin/users/{id}/keys/{key}/rename",
            get(keys::show).post(keys::rename),
        )
        .route(
            "/admin/users/{id}/keys/{key}/revoke",
            get(keys::ask_revoke).post(keys::revoke),
        )
        .route(
            "/admin/users/{id}/keys/{key}/link",
            get(keys::show).post(keys::link),
        )
        .route(
            "/admin/users/{id}/keys/{key}/pin",
            get(keys::show).post(keys::pin),
        )
        .route(
            "/admin/users/{id}/keys/{key}/desk",
            get(desk::show).post(desk::activate),
        )
        .route(
            "/admin/users/{id}/keys/{key}/desk/options",
            post(desk::options),
        )
}

/// The samples of the section's pages.
#[cfg(test)]
pub(super) fn samples(page: &crate::platform::web::Page) -> Vec<(String, String)> {
    views::samples::all(page)
}
