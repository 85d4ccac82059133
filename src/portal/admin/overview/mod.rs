//! `/admin/overview`: what needs somebody's eye today, each with the way to where one
//! acts.

mod chart;

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;

use self::chart::Chart;
use super::Section;
use crate::directory::DirectoryError;
use crate::directory::conflicts::ConflictStatus;
use crate::directory::traces::Reason;
use crate::domain::{Access, Scope, Timestamp};
use crate::login::saml::source::endings;
use crate::platform::web::{Page, Said};
use crate::portal::PortalState;
use crate::portal::admin::opens;
use crate::portal::admin::shell::{Moment, Shell, with_query};
use crate::portal::admin::staff::{AnyRole, Staff};

/// What stands in the navigation.
pub(super) const SECTION: Section = Section {
    path: "/admin/overview",
    label: "overview-title",
    scope: None,
};

/// Certificates that end within so many days are shown.
const SOON: i64 = 30;

const DAY: i64 = 86_400;

/// The section's routes.
pub(super) fn router() -> Router<PortalState> {
    Router::new().route("/admin/overview", get(show))
}

/// The page. What somebody's role does not open is absent.
#[derive(Clone, Debug, Template)]
#[template(path = "admin/overview/page.html")]
struct OverviewPage {
    page: Page,
    shell: Shell,
    chart: Option<Chart>,
    reasons: Option<Vec<ReasonRow>>,
    endings: Option<Vec<EndingRow>>,
    conflicts: Option<String>,
    users: String,
    logins: bool,
}

/// Why people did not get in.
#[derive(Clone, Debug)]
struct ReasonRow {
    count: i64,
    summary: Said,
    provider: String,
    latest: Moment,
    href: String,
}

/// Something that ends.
#[derive(Clone, Debug)]
struct EndingRow {
    provider: String,
    what: String,
    words: String,
    over: bool,
    at: Moment,
    href: String,
}

/// `GET /admin/overview`.
async fn show(State(state): State<PortalState>, staff: Staff<AnyRole>) -> Response {
    match read(&state, &staff).await {
        Ok(page) => state.show(StatusCode::OK, &page),
        Err(error) => state.failed(staff.locale, &error, SECTION.path),
    }
}

async fn read(state: &PortalState, staff: &Staff<AnyRole>) -> Result<OverviewPage, DirectoryError> {
    let (page, shell) = staff.frame(state, &SECTION);
    let directory = &state.directory;
    let (mut chart, mut reasons, mut ends) = (None, None, None);
    if staff.may(Scope::AuditRead, Access::Read) {
        let since = shell.now.plus_seconds(-DAY);
        let counts = directory.count_logins_since(since).await?;
        chart = Some(Chart::new(&page, &counts.hours, shell.now));
        let rows = counts.reasons.into_iter();
        reasons = Some(rows.map(|r| reason(&page, &shell, r)).collect());
    }
    if staff.may(Scope::ProvidersWrite, Access::Read) {
        ends = Some(ending(state, &page, &shell).await?);
    }
    let open = directory.count_conflicts(ConflictStatus::Open).await?;
    let users = directory.active_users().await?;
    Ok(OverviewPage {
        chart,
        reasons,
        endings: ends,
        conflicts: (open > 0).then(|| count(&page, "overview-conflicts", open)),
        users: count(&page, "overview-users", users),
        logins: opens(staff, "/admin/logins"),
        page,
        shell,
    })
}

fn count(page: &Page, id: &str, n: i64) -> String {
    page.t_count(id, usize::try_from(n).unwrap_or(0))
}

fn reason(page: &Page, shell: &Shell, reason: Reason) -> ReasonRow {
    let latest = reason.latest;
    ReasonRow {
        count: reason.count,
        latest: shell.time(page, latest.at),
        href: with_query("/admin/logins", &[("code", &latest.code)]),
        provider: latest.provider,
        summary: page.said(&latest.details.summary),
    }
}

/// What ends soon, the soonest first.
async fn ending(
    state: &PortalState,
    page: &Page,
    shell: &Shell,
) -> Result<Vec<EndingRow>, DirectoryError> {
    let mut found: Vec<(Timestamp, EndingRow)> = Vec::new();
    for stored in state.directory.providers().await? {
        if !stored.provider.enabled {
            continue;
        }
        for expiry in endings(
            &stored,
            state.kit.origin(),
            &state.providers.sealer,
            shell.now,
        ) {
            let days = expiry.ends_at.seconds_since(shell.now).div_euclid(DAY);
            if days > SOON {
                continue;
            }
            let words = match usize::try_from(days) {
                Ok(days) => page.t_count("overview-ends-in", days),
                Err(_) => page.t("overview-ended"),
            };
            let row = EndingRow {
                provider: stored.provider.label.clone(),
                what: page.t(&format!("overview-ends-{}", expiry.kind)),
                words,
                over: days < 0,
                at: shell.time(page, expiry.ends_at),
                href: format!("/admin/authentication/{}", stored.provider.slug),
            };
            found.push((expiry.ends_at, row));
        }
    }
    found.sort_by_key(|(at, _)| *at);
    Ok(found.into_iter().map(|(_, row)| row).collect())
}

impl OverviewPage {
    fn is_calm(&self) -> bool {
        self.conflicts.is_none()
            && self.reasons.as_ref().is_none_or(Vec::is_empty)
            && self.endings.as_ref().is_none_or(Vec::is_empty)
    }
}

/// The samples of the section's pages.
#[cfg(test)]
pub(super) fn samples(page: &Page) -> Vec<(String, String)> {
    let shell = Shell::sample(page, &SECTION);
    let now = shell.now;
    let at = || shell.time(page, Timestamp(1_767_225_600_000));
    let hostile = "\"><script>alert(1)</script>";
    let hours: Vec<_> = (0..20)
        .map(|n| crate::directory::traces::HourOfLogins {
            begins: Timestamp(now.plus_seconds(-3600 * n).millis() / 3_600_000 * 3_600_000),
            succeeded: 40 - 2 * n,
            others: n % 4,
        })
        .collect();
    let ending = |over: bool| EndingRow {
        provider: "Northwind <account>".to_owned(),
        what: page.t("overview-ends-certificate"),
        words: page.t_count("overview-ends-in", 7),
        over,
        at: at(),
        href: "/admin/authentication/okta".to_owned(),
    };
    let busy = OverviewPage {
        page: page.clone(),
        shell: shell.clone(),
        chart: Some(Chart::new(page, &hours, now)),
        reasons: Some(vec![ReasonRow {
            count: 17,
            summary: page.said(hostile),
            provider: "okta".to_owned(),
            latest: at(),
            href: "/admin/logins?code=saml.audience_mismatch".to_owned(),
        }]),
        endings: Some(vec![ending(true), ending(false)]),
        conflicts: Some(page.t_count("overview-conflicts", 3)),
        users: page.t_count("overview-users", 1_204),
        logins: true,
    };
    let calm = OverviewPage {
        chart: Some(Chart::new(page, &[], now)),
        reasons: Some(Vec::new()),
        endings: Some(Vec::new()),
        conflicts: None,
        logins: false,
        ..busy.clone()
    };
    let manager = OverviewPage {
        chart: None,
        reasons: None,
        endings: None,
        ..busy.clone()
    };
    [("busy", busy), ("calm", calm), ("manager", manager)]
        .into_iter()
        .map(|(name, page)| (format!("admin-overview-{name}"), page.render().unwrap()))
        .collect()
}
