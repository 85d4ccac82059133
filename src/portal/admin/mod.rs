//! `/admin`: the dashboard.
//!
//! # How a section is added
//!
//! 1. A folder `src/portal/admin/<section>/` with `router()` and a [`Section`] of
//!    what it needs; both are named below, in [`router`] and [`SECTIONS`]. The
//!    navigation shows a section to those whose role opens it.
//! 2. A handler takes [`Staff<N>`](staff::Staff), where `N` is one of the needs in
//!    [`staff`]; nobody else gets that far. A handler for a form takes
//!    [`Posted<N>`](typed::Posted), which has checked the form's token as well and
//!    holds what was typed. What is wrong with it goes to
//!    [`Typed::refuse`](typed::Typed::refuse), and the same page comes back with 422.
//!    Every address that takes a form has a page under GET, too: who has to sign in
//!    first is sent back there.
//! 3. A template in `templates/admin/<section>/` extends `admin/frame.html` and imports
//!    `admin/parts.html` (fields, lists, pager, status, copy button); its struct has
//!    `page: Page` and `shell: Shell`, and is answered with
//!    [`PortalState::show`](super::PortalState::show). Questions are
//!    [`ConfirmPage`](shell::ConfirmPage)s.
//! 4. Texts in `locales/{en,de}/admin-<section>.ftl`. `done-<word>` is shown after a
//!    redirect by [`done`](shell::done), `told-<word>` by [`told`](shell::told).
//! 5. A function with samples for every state of every template, called in
//!    [`samples`]; a row for each route in `tests/integration/pages.rs`, and one for
//!    each page in the table of `tests/e2e/pages.rs`.

mod again;
mod applications;
mod audit;
mod authentication;
mod conflicts;
mod groups;
mod history;
mod identifiers;
mod lines;
pub(super) mod list;
mod logins;
mod narrow;
mod newcomer;
mod overview;
mod security;
mod settings;
pub(super) mod shell;
pub(super) mod staff;
mod tokens;
pub(super) mod typed;
mod users;
mod webhooks;

use axum::Router;
use axum::response::Response;
use axum::routing::get;

use super::{PortalState, see_other};
use crate::domain::{Access, Scope};
use staff::{AnyRole, Staff};

/// A section of the dashboard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Section {
    /// Where it begins.
    pub(super) path: &'static str,
    /// The message with its name.
    pub(super) label: &'static str,
    /// The scope that a role must open for reading; `None` for every role.
    pub(super) scope: Option<Scope>,
}

/// The sections, in the order of the navigation.
pub(super) const SECTIONS: &[Section] = &[
    overview::SECTION,
    users::SECTION,
    groups::SECTION,
    applications::SECTION,
    authentication::SECTION,
    security::SECTION,
    logins::SECTION,
    audit::SECTION,
    tokens::SECTION,
    webhooks::SECTION,
    settings::SECTION,
];

/// Whether somebody's role opens the section that begins there.
pub(super) fn opens<N>(staff: &Staff<N>, path: &str) -> bool {
    SECTIONS
        .iter()
        .filter(|section| section.path == path)
        .any(|section| {
            section
                .scope
                .is_none_or(|scope| staff.may(scope, Access::Read))
        })
}

/// The dashboard's routes.
pub(super) fn router() -> Router<PortalState> {
    Router::new()
        .route("/admin", get(start))
        .merge(authentication::router())
        .merge(overview::router())
        .merge(conflicts::router())
        .merge(users::router())
        .merge(groups::router())
        .merge(security::router())
        .merge(history::router())
        .merge(identifiers::router())
        .merge(applications::router())
        .merge(logins::router())
        .merge(audit::router())
        .merge(tokens::router())
        .merge(settings::router())
        .merge(webhooks::router())
        .merge(newcomer::router())
}

/// `/admin`: to the overview.
async fn start(_: Staff<AnyRole>) -> Response {
    see_other(overview::SECTION.path)
}

/// The samples of every section's pages: a name, and the HTML.
#[cfg(test)]
pub(super) fn samples(page: &crate::platform::web::Page) -> Vec<(String, String)> {
    let mut all = Vec::new();
    all.extend(shell::samples(page));
    all.extend(again::samples(page));
    all.extend(authentication::samples(page));
    all.extend(overview::samples(page));
    all.extend(conflicts::samples(page));
    all.extend(users::samples(page));
    all.extend(groups::samples(page));
    all.extend(security::samples(page));
    all.extend(history::samples(page));
    all.extend(identifiers::samples(page));
    all.extend(applications::samples(page));
    all.extend(logins::samples(page));
    all.extend(audit::samples(page));
    all.extend(tokens::samples(page));
    all.extend(settings::samples(page));
    all.extend(webhooks::samples(page));
    all.extend(newcomer::samples(page));
    all
}
