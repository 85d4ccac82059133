//! What came of the last test login of a provider, and of looking at what its
//! logins depend on.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;

use super::{SECTION, path_of};
use crate::login::checks::{Check, CheckStatus};
use crate::platform::web::{Page, Said};
use crate::portal::PortalState;
use crate::portal::admin::shell::{Shell, told};
use crate::portal::admin::staff::{ReadProviders, Staff, WriteProviders};
use crate::portal::tested::Tested;

#[derive(Clone, Debug, Template)]
#[template(path = "admin/authentication/test.html")]
struct TestPage {
    page: Page,
    shell: Shell,
    label: String,
    path: String,
    tested: Tested,
}

/// `GET /admin/authentication/{slug}/test`: the last one.
pub(super) async fn show(
    State(state): State<PortalState>,
    Path(slug): Path<String>,
    staff: Staff<ReadProviders>,
) -> Response {
    let stored = match state.provider_at(&staff, &slug).await {
        Ok(stored) => stored,
        Err(response) => return *response,
    };
    let path = path_of(&stored.provider.slug);
    let test = match state.directory.last_test(&stored.provider.slug, None).await {
        Ok(test) => test,
        Err(error) => return state.failed(staff.locale, &error, &path),
    };
    let Some(test) = test else {
        return told(&path, "provider-untested");
    };
    let (page, shell) = staff.frame(&state, &SECTION);
    let page = TestPage {
        label: stored.provider.label,
        path,
        tested: Tested::of(&page, &test, true),
        page,
        shell,
    };
    state.show(StatusCode::OK, &page)
}

/// What is looked at, in every protocol.
#[cfg(test)]
const NAMES: [&str; 11] = [
    "metadata_url",
    "clock",
    "endpoints",
    "certificates",
    "keys",
    "settings",
    "discovery",
    "client",
    "addresses",
    "allowed_domains",
    "metadata",
];

/// A check in a line.
#[derive(Clone, Debug)]
struct CheckRow {
    state: &'static str,
    word: String,
    label: String,
    summary: Said,
    remedy: Option<Said>,
}

#[derive(Clone, Debug, Template)]
#[template(path = "admin/authentication/check.html")]
struct CheckPage {
    page: Page,
    shell: Shell,
    label: String,
    path: String,
    checks: Vec<CheckRow>,
}

fn rows(page: &Page, checks: Vec<Check>) -> Vec<CheckRow> {
    let row = |check: Check| {
        let state = match check.status {
            CheckStatus::Ok => "passed",
            CheckStatus::Warning => "warning",
            CheckStatus::Failed => "failed",
        };
        CheckRow {
            state,
            word: page.t(&format!("check-{state}")),
            label: page.t(&format!("check-of-{}", check.name)),
            summary: page.said(&check.summary),
            remedy: check.remedy.map(|remedy| page.said(&remedy)),
        }
    };
    checks.into_iter().map(row).collect()
}

/// `GET /admin/authentication/{slug}/check`: asks the provider, changes nothing.
pub(super) async fn check(
    State(state): State<PortalState>,
    Path(slug): Path<String>,
    staff: Staff<WriteProviders>,
) -> Response {
    let stored = match state.provider_at(&staff, &slug).await {
        Ok(stored) => stored,
        Err(response) => return *response,
    };
    let slug = stored.provider.slug.clone();
    let label = stored.provider.label.clone();
    let checks = match state.providers.checks(stored).await {
        Ok(checks) => checks,
        Err(error) => return state.not_set(&staff, &slug, error),
    };
    let (page, shell) = staff.frame(&state, &SECTION);
    let page = CheckPage {
        label,
        path: path_of(&slug),
        checks: rows(&page, checks),
        page,
        shell,
    };
    state.show(StatusCode::OK, &page)
}

#[cfg(test)]
pub(super) fn samples(page: &Page) -> Vec<(String, String)> {
    use crate::portal::tested::samples as tests;
    let render = |name: &str, tested: Tested| {
        let page = TestPage {
            page: page.clone(),
            shell: Shell::sample(page, &SECTION),
            label: "SSO & <Login>".to_owned(),
            path: "/admin/authentication/okta".to_owned(),
            tested,
        };
        (name.to_owned(), page.render().unwrap())
    };
    let checks = [
        Check::fine("metadata", "All is <well>."),
        Check::warning("expiry", "Ends soon.", "Take <another>."),
        Check::failed("enabled", "Is off.", "Switch it on."),
    ]
    .into_iter()
    .chain(NAMES.map(|name| Check::fine(name, "https://<idp>")))
    .collect();
    let check = CheckPage {
        page: page.clone(),
        shell: Shell::sample(page, &SECTION),
        label: "SSO & <Login>".to_owned(),
        path: "/admin/authentication/okta".to_owned(),
        checks: rows(page, checks),
    };
    vec![
        render("provider-test", Tested::of(page, &tests::test(), true)),
        render(
            "provider-test-failed",
            Tested::of(page, &tests::failed(), true),
        ),
        ("provider-check".to_owned(), check.render().unwrap()),
    ]
}
