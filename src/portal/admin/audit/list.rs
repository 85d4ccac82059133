//! `/admin/audit`: what was done, newest first, and its download.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::{SECTION, action};
use crate::directory::DirectoryError;
use crate::directory::audit::{ActorKind, Event, EventFilter, TargetKind};
use crate::platform::web::Page;
use crate::portal::PortalState;
use crate::portal::admin::lines;
use crate::portal::admin::list::{Asked, Pager, ROWS, Select, labelled};
use crate::portal::admin::narrow::{Narrow, during, typed};
use crate::portal::admin::shell::{Moment, Shell};
use crate::portal::admin::staff::{ReadAudit, Staff};

/// The list.
#[derive(Clone, Debug, Template)]
#[template(path = "admin/audit/list.html")]
struct AuditPage {
    page: Page,
    shell: Shell,
    narrow: Narrow,
    download: String,
    events: Vec<Row>,
    pager: Pager,
}

/// One event in a line.
#[derive(Clone, Debug)]
struct Row {
    id: String,
    action: String,
    actor: String,
    target: String,
    change: String,
    at: Moment,
}

impl Row {
    fn new(page: &Page, shell: &Shell, event: Event) -> Self {
        let change = match event.changes.as_slice() {
            [] => String::new(),
            [one] => {
                let value = |value: &Option<String>| {
                    let text = value.as_deref().unwrap_or("–");
                    text.chars().take(60).collect::<String>()
                };
                format!(
                    "{}: {} → {}",
                    one.field,
                    value(&one.before),
                    value(&one.after)
                )
            }
            several => {
                let fields: Vec<&str> = several.iter().map(|c| c.field.as_str()).take(6).collect();
                fields.join(", ")
            }
        };
        Self {
            id: event.id.to_string(),
            action: action(page, &event.action),
            actor: event.actor,
            target: event.target,
            change,
            at: shell.time(page, event.at),
        }
    }
}

fn filter(asked: &Asked) -> EventFilter {
    EventFilter {
        target: typed(asked, "target"),
        target_kind: asked.word("target_kind", TargetKind::parse),
        user: None,
        actor: typed(asked, "actor"),
        actor_kind: asked.word("actor_kind", ActorKind::parse),
        action: typed(asked, "action"),
        during: during(asked),
    }
}

/// `GET /admin/audit`.
pub(super) async fn show(
    State(state): State<PortalState>,
    staff: Staff<ReadAudit>,
    asked: Asked,
) -> Response {
    let (page, shell) = staff.frame(&state, &SECTION);
    let events = state
        .directory
        .audit(filter(&asked), asked.cursor(), ROWS)
        .await;
    let events = match events {
        Ok(events) => events,
        Err(error) => return state.failed(staff.locale, &error, SECTION.path),
    };
    let narrow = narrow(&page, &asked);
    let rows = events.items.into_iter();
    let page = AuditPage {
        events: rows.map(|event| Row::new(&page, &shell, event)).collect(),
        pager: narrow.pager(&asked, events.next_cursor.as_deref()),
        download: narrow.at("/admin/audit.jsonl"),
        narrow,
        page,
        shell,
    };
    state.show(StatusCode::OK, &page)
}

fn narrow(page: &Page, asked: &Asked) -> Narrow {
    let select = |name, label: &str, options| {
        let all = page.t(&format!("{label}-all"));
        Select::new(asked, name, page.t(label), all, options)
    };
    let actors = ActorKind::ALL.iter().map(|kind| kind.as_str());
    let target = |kind: &TargetKind| {
        let known = page.locale().find(&format!("target-{kind}"), 0);
        (kind.to_string(), known.unwrap_or_else(|| kind.to_string()))
    };
    let targets: Vec<_> = TargetKind::ALL.iter().map(target).collect();
    let mut narrow = Narrow::new(SECTION.path)
        .text(asked, "actor", page.t("audit-actor"))
        .text(asked, "action", page.t("audit-action-code"))
        .text(asked, "target", page.t("audit-target-id"))
        .days(page, asked);
    narrow.selects = vec![
        select(
            "actor_kind",
            "audit-actor-kind",
            labelled(page, "actor-", actors),
        ),
        select("target_kind", "audit-target-kind", targets),
    ];
    narrow
}

/// `GET /admin/audit.jsonl`: the same as a file, all of it.
pub(super) async fn download(
    State(state): State<PortalState>,
    staff: Staff<ReadAudit>,
    asked: Asked,
) -> Response {
    let lines = state.directory.audit_lines(filter(&asked)).await;
    let lines: Result<_, DirectoryError> = lines;
    match lines {
        Ok(lines) => lines::download(state.kit.now(), "audit", lines),
        Err(error) => state.failed(staff.locale, &error, SECTION.path),
    }
}

#[cfg(test)]
pub(super) fn samples(page: &Page) -> Vec<(String, String)> {
    use super::sample_event;
    let shell = Shell::sample(page, &SECTION);
    let asked = Asked::of("actor=%22%3E%3Cscript%3E&to=never&target_kind=user");
    let row = |action: &str, target: &str, changes: usize| {
        let mut event = sample_event(action, target);
        event.changes.truncate(changes);
        Row::new(page, &shell, event)
    };
    let full = AuditPage {
        page: page.clone(),
        shell: shell.clone(),
        narrow: narrow(page, &asked),
        download: "/admin/audit.jsonl?target_kind=user".to_owned(),
        events: vec![
            row("user.updated", "Ada Lovelace", 3),
            row("user.deactivated", "\"><script>alert(1)</script>", 1),
            row("user.no_such_action", &"Very long name ".repeat(9), 0),
        ],
        pager: Pager {
            first: None,
            next: Some("/admin/audit?cursor=x".to_owned()),
        },
    };
    let none = AuditPage {
        events: Vec::new(),
        ..full.clone()
    };
    let empty = AuditPage {
        narrow: narrow(page, &Asked::default()),
        ..none.clone()
    };
    [("list", full), ("none", none), ("empty", empty)]
        .into_iter()
        .map(|(name, page)| (format!("admin-audit-{name}"), page.render().unwrap()))
        .collect()
}
