//! `/admin/users/{id}/history`: why somebody cannot sign in, where what is known
//! of them comes from, and all that happened, newest first.

use askama::Template;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;

use super::list::{Asked, Pager, ROWS};
use super::shell::{Moment, Shell, with_query};
use super::staff::{ReadUsers, Staff};
use super::{audit, logins, users};
use crate::directory::history::{Entry, Origin, Standing};
use crate::directory::{DirectoryError, Page as DirectoryPage};
use crate::domain::{Access, Field, Scope, Timestamp, User, UserId};
use crate::platform::web::{Page, Said};
use crate::portal::PortalState;

/// The section's routes.
pub(super) fn router() -> Router<PortalState> {
    Router::new().route("/admin/users/{id}/history", get(show))
}

/// One person's history.
#[derive(Clone, Debug, Template)]
#[template(path = "admin/history/history.html")]
struct HistoryPage {
    page: Page,
    shell: Shell,
    id: String,
    name: String,
    status: String,
    tone: &'static str,
    /// Whether they can sign in, and if not, why.
    why: String,
    since: Option<Moment>,
    entries: Vec<Line>,
    origins: Vec<OriginRow>,
    pager: Pager,
}

/// One thing that happened.
#[derive(Clone, Debug)]
struct Line {
    what: Said,
    pill: Option<(&'static str, String)>,
    by: String,
    details: Vec<String>,
    href: Option<String>,
    at: Moment,
}

/// Where a value comes from.
#[derive(Clone, Debug)]
struct OriginRow {
    label: String,
    value: String,
    owner: String,
    by: String,
    since: Option<Moment>,
}

/// `GET /admin/users/{id}/history`.
async fn show(
    State(state): State<PortalState>,
    staff: Staff<ReadUsers>,
    Path(id): Path<String>,
    asked: Asked,
) -> Response {
    let (page, shell) = staff.frame(&state, &users::SECTION);
    let links = staff.may(Scope::AuditRead, Access::Read);
    match read(&state, &id, &asked).await {
        Ok(read) => {
            let page = HistoryPage::new(page, shell, read, &asked, links);
            state.show(StatusCode::OK, &page)
        }
        Err(error) => state.failed(staff.locale, &error, users::SECTION.path),
    }
}

/// What is known.
struct Read {
    user: User,
    standing: Standing,
    origins: Vec<Origin>,
    entries: DirectoryPage<Entry>,
}

async fn read(state: &PortalState, id: &str, asked: &Asked) -> Result<Read, DirectoryError> {
    let id = UserId::parse(id).ok_or(DirectoryError::NotFound("user"))?;
    let directory = &state.directory;
    let user = directory.user(&id).await?;
    let (standing, origins) = directory.standing(&user).await?;
    let entries = directory.history(&id, asked.cursor(), ROWS).await?;
    Ok(Read {
        user,
        standing,
        origins,
        entries,
    })
}

impl HistoryPage {
    fn new(page: Page, shell: Shell, read: Read, asked: &Asked, links: bool) -> Self {
        let (user, name) = (&read.user, read.user.display_name());
        let (why, since) = why(&page, &shell, &read.standing, user);
        let path = format!("/admin/users/{}/history", user.id);
        let next = read.entries.next_cursor.as_deref();
        let entries = read.entries.items.into_iter();
        let origins = read.origins.into_iter();
        Self {
            id: user.id.to_string(),
            status: page.t(&format!("status-{}", user.status)),
            tone: match (user.status, &read.standing) {
                (_, Standing::Active) => "good",
                (crate::domain::Status::Pending, _) => "plain",
                _ => "off",
            },
            why,
            since,
            entries: entries
                .map(|entry| Line::new(&page, &shell, entry, links))
                .collect(),
            // The address of a picture says nothing to a person.
            origins: origins
                .filter(|origin| origin.field != Field::PhotoUrl)
                .map(|origin| OriginRow::new(&page, &shell, origin))
                .collect(),
            pager: Pager {
                first: asked.cursor().map(|_| path.clone()),
                next: next.map(|next| with_query(&path, &[("cursor", next)])),
            },
            name,
            page,
            shell,
        }
    }
}

/// The answer to "why is this user inactive?", in one sentence.
fn why(page: &Page, shell: &Shell, standing: &Standing, user: &User) -> (String, Option<Moment>) {
    let moment = |at: Timestamp| page.locale().moment(at);
    match standing {
        Standing::Active => match user.last_login_at {
            Some(at) => (page.t("history-active"), Some(shell.time(page, at))),
            None => (page.t("history-active-never"), None),
        },
        Standing::Pending => (page.t("history-pending"), None),
        Standing::NotYetValid(from) => {
            let from = moment(*from);
            (page.t_with("history-not-yet", &[("from", &from)]), None)
        }
        Standing::Expired(until) => {
            let until = moment(*until);
            (page.t_with("history-expired", &[("until", &until)]), None)
        }
        Standing::Inactive(None) => (page.t("history-inactive-unknown"), None),
        Standing::Inactive(Some(event)) => {
            let kind = audit::actor_kind(page, &event.actor_kind);
            let variables = [("actor", event.actor.as_str()), ("kind", kind.as_str())];
            let text = page.t_with("history-inactive", &variables);
            (text, Some(shell.time(page, event.at)))
        }
    }
}

impl Line {
    fn new(page: &Page, shell: &Shell, entry: Entry, links: bool) -> Self {
        match entry {
            Entry::Event(event) => {
                let change = |change: &crate::directory::plan::Change| {
                    let value = |value: &Option<String>| {
                        let text = value.clone().filter(|text| !text.is_empty());
                        text.unwrap_or_else(|| page.t("changes-nothing"))
                    };
                    format!(
                        "{}: {} → {}",
                        change.field,
                        value(&change.before),
                        value(&change.after)
                    )
                };
                let mut details: Vec<String> = Vec::new();
                if event.target_kind == "user" {
                    details.extend(event.changes.iter().map(change));
                } else {
                    details.push(event.target.clone());
                }
                Self {
                    what: Said::own(audit::action(page, &event.action)),
                    pill: None,
                    by: event.actor.clone(),
                    details,
                    href: links.then(|| format!("/admin/audit/{}", event.id)),
                    at: shell.time(page, event.at),
                }
            }
            Entry::Login(trace) => {
                let summary = trace.details.summary.clone();
                let by = trace.details.matched_by;
                Self {
                    what: if summary.is_empty() {
                        Said::own(page.t(&format!("outcome-long-{}", trace.outcome)))
                    } else {
                        page.said(&summary)
                    },
                    pill: Some((
                        logins::tone(trace.outcome),
                        page.t(&format!("outcome-{}", trace.outcome)),
                    )),
                    by: trace.provider.clone(),
                    details: by
                        .map(|by| page.t(&format!("history-matched-{by}")))
                        .into_iter()
                        .collect(),
                    href: links.then(|| format!("/admin/logins/{}", trace.id)),
                    at: shell.time(page, trace.at),
                }
            }
        }
    }
}

impl OriginRow {
    fn new(page: &Page, shell: &Shell, origin: Origin) -> Self {
        let value = match origin.field {
            Field::ExtensionAttributes | Field::CustomAttributes => {
                let set = crate::directory::edit::attribute_set(Some(&origin.value));
                let pairs = set
                    .into_iter()
                    .map(|(name, value)| format!("{name}: {value}"));
                pairs.collect::<Vec<_>>().join("; ")
            }
            _ => origin.value,
        };
        Self {
            label: page.t(&format!("field-{}", origin.field)),
            value,
            owner: match origin.owner {
                Some(owner) => page.t(&format!("channel-{owner}")),
                None => page.t("history-nobodys"),
            },
            by: origin.by.unwrap_or_default(),
            since: origin.since.map(|at| shell.time(page, at)),
        }
    }
}

/// The samples of the section's pages.
#[cfg(test)]
#[expect(clippy::too_many_lines, reason = "one state of the page after another")]
pub(super) fn samples(page: &Page) -> Vec<(String, String)> {
    use crate::directory::resolve::Matched;
    use crate::directory::traces::{LoginTrace, TraceDetails, TraceOutcome};
    use crate::domain::{Profile, Reference, Source, Status, TraceId};
    use std::collections::{BTreeMap, BTreeSet};
    let id = "0190a3f2-7c1e-7b32-8f55-9d1f0c2a3b4c";
    let at = Timestamp(1_767_225_600_000);
    let hostile = "\"><script>alert(1)</script>";
    let user = |status| User {
        id: UserId::parse(id).unwrap(),
        profile: Profile::default().with(Field::Name, hostile),
        email_verified: true,
        status,
        roles: BTreeSet::new(),
        scim_id: None,
        source: Source::Saml,
        owners: BTreeMap::new(),
        created_at: at,
        updated_at: at,
        last_login_at: Some(at),
        version: 1,
    };
    let origin = |field, value: &str, owner, since| Origin {
        field,
        value: value.to_owned(),
        owner,
        since,
        by: Some("login through <okta>".to_owned()),
    };
    let login = |summary: &str, outcome, matched_by| {
        Entry::Login(Box::new(LoginTrace {
            id: TraceId::parse(id).unwrap(),
            at,
            provider: "okta".to_owned(),
            kind: "saml".to_owned(),
            outcome,
            reference: Reference::from_row("K7QF-2M9D".to_owned()),
            user: UserId::parse(id),
            code: "ok".to_owned(),
            details: TraceDetails {
                summary: summary.to_owned(),
                matched_by,
                ..TraceDetails::default()
            },
        }))
    };
    let mut joined = audit::sample_event("group.member_added", "Engines <&>");
    joined.target_kind = "group".to_owned();
    let deactivated = audit::sample_event("user.deactivated", "Ada");
    let mut entries = vec![
        Entry::Event(Box::new(deactivated.clone())),
        Entry::Event(Box::new(joined)),
        login(hostile, TraceOutcome::Refused, None),
    ];
    entries.extend(
        Matched::ALL
            .iter()
            .map(|by| login("", TraceOutcome::Success, Some(*by))),
    );
    let origins = vec![
        origin(
            Field::Email,
            "ada@example.com",
            Some(Source::Saml),
            Some(at),
        ),
        origin(
            Field::ExtensionAttributes,
            r#"{"extensionAttribute1":"<b>"}"#,
            None,
            None,
        ),
        origin(Field::Name, hostile, Some(Source::Scim), Some(at)),
    ];
    let standings = [
        (
            "inactive",
            Status::Inactive,
            Standing::Inactive(Some(Box::new(deactivated))),
        ),
        (
            "inactive-unknown",
            Status::Inactive,
            Standing::Inactive(None),
        ),
        ("active", Status::Active, Standing::Active),
        ("pending", Status::Pending, Standing::Pending),
        ("expired", Status::Active, Standing::Expired(at)),
        ("not-yet", Status::Active, Standing::NotYetValid(at)),
    ];
    let mut all = Vec::new();
    for (name, status, standing) in standings {
        let read = Read {
            user: user(status),
            standing,
            origins: origins.clone(),
            entries: DirectoryPage {
                items: entries.clone(),
                next_cursor: Some(id.to_owned()),
            },
        };
        let shell = Shell::sample(page, &users::SECTION);
        let page = HistoryPage::new(
            page.clone(),
            shell,
            read,
            &Asked::default(),
            name != "active",
        );
        all.push((format!("admin-history-{name}"), page.render().unwrap()));
    }
    all
}
