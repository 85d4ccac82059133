//! `/admin/applications/{slug}/rotate-secret`: another secret for a client, and how
//! long the one so far counts, too.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;

use super::create::tell_secret;
use super::{SECTION, find, path};
use crate::directory::DirectoryError;
use crate::directory::applications::StoredApplication;
use crate::platform::web::Page;
use crate::portal::PortalState;
use crate::portal::admin::shell::{Shell, told};
use crate::portal::admin::staff::{Staff, WriteAdmin};
use crate::portal::admin::typed::{Posted, Typed};

/// For how many seconds the secret so far may count on.
const OVERLAPS: [(&str, i64); 4] = [
    ("0", 0),
    ("hour", 3_600),
    ("day", 86_400),
    ("week", 604_800),
];

/// The question.
#[derive(Clone, Debug, Template)]
#[template(path = "admin/applications/rotate.html")]
struct RotatePage {
    page: Page,
    shell: Shell,
    slug: String,
    name: String,
    has_secret: bool,
    overlaps: Vec<(&'static str, String)>,
    typed: Typed,
}

impl RotatePage {
    fn new(page: Page, shell: Shell, stored: &StoredApplication) -> Self {
        let overlaps = OVERLAPS.iter();
        let overlaps =
            overlaps.map(|(word, _)| (*word, page.t(&format!("application-overlap-{word}"))));
        Self {
            slug: stored.application.slug.to_string(),
            name: stored.application.name.clone(),
            has_secret: stored.application.has_secret(),
            overlaps: overlaps.collect(),
            typed: Typed::default()
                .with("version", stored.version.to_string())
                .with("overlap", "0"),
            page,
            shell,
        }
    }
}

/// `GET /admin/applications/{slug}/rotate-secret`.
pub(super) async fn ask(
    State(state): State<PortalState>,
    staff: Staff<WriteAdmin>,
    Path(slug): Path<String>,
) -> Response {
    let (page, shell) = staff.frame(&state, &SECTION);
    match find(&state, &slug).await {
        Ok(stored) => state.show(StatusCode::OK, &RotatePage::new(page, shell, &stored)),
        Err(error) => state.failed(staff.locale, &error, SECTION.path),
    }
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
    let word = typed.value("overlap");
    let keep = OVERLAPS.iter().find(|(known, _)| *known == word);
    let keep = keep.map_or(0, |(_, seconds)| *seconds);
    let slug = &stored.application.slug;
    let rotated = state
        .directory
        .rotate_application_secret(slug, keep, staff.actor());
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

#[cfg(test)]
pub(super) fn samples(page: &Page) -> Vec<(String, String)> {
    use crate::domain::Timestamp;
    use crate::domain::application::ApplicationKind;
    let sample = |kind| {
        let stored = StoredApplication::sample(super::sample(kind), Timestamp(1_767_225_600_000));
        let page = RotatePage::new(page.clone(), Shell::sample(page, &SECTION), &stored);
        page.render().unwrap()
    };
    [
        ("rotate", ApplicationKind::Oidc),
        ("rotate-none", ApplicationKind::Link),
    ]
    .into_iter()
    .map(|(name, kind)| (format!("admin-application-{name}"), sample(kind)))
    .collect()
}
