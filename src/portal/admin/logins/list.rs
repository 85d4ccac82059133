//! `/admin/logins`: the attempts, newest first, and their download.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::{SECTION, tone};
use crate::directory::DirectoryError;
use crate::directory::traces::{LoginTrace, MOST_PEOPLE, TraceFilter, TraceOutcome};
use crate::domain::UserId;
use crate::platform::web::{Page, Said};
use crate::portal::PortalState;
use crate::portal::admin::lines;
use crate::portal::admin::list::{Asked, Pager, ROWS, Select, labelled};
use crate::portal::admin::narrow::{Narrow, during, typed};
use crate::portal::admin::shell::{Moment, Shell};
use crate::portal::admin::staff::{ReadAudit, Staff};

/// The list.
#[derive(Clone, Debug, Template)]
#[template(path = "admin/logins/list.html")]
struct LoginsPage {
    page: Page,
    shell: Shell,
    narrow: Narrow,
    download: String,
    attempts: Vec<Attempt>,
    pager: Pager,
}

/// One attempt in a line.
#[derive(Clone, Debug)]
struct Attempt {
    id: String,
    summary: Said,
    person: Option<(String, String)>,
    address: Option<String>,
    provider: String,
    outcome: String,
    tone: &'static str,
    reference: String,
    at: Moment,
}

impl Attempt {
    fn new(
        page: &Page,
        shell: &Shell,
        trace: LoginTrace,
        names: &BTreeMap<UserId, String>,
    ) -> Self {
        let address = trace.address();
        let person = trace.user.as_ref().map(|id| {
            let name = names.get(id).cloned();
            (
                id.to_string(),
                name.unwrap_or_else(|| page.t("logins-user-gone")),
            )
        });
        let summary = Some(trace.details.summary).filter(|summary| !summary.is_empty());
        Self {
            id: trace.id.to_string(),
            summary: summary.map_or_else(
                || Said::own(page.t(&format!("outcome-long-{}", trace.outcome))),
                |summary| page.said(&summary),
            ),
            person,
            address,
            provider: trace.provider,
            outcome: page.t(&format!("outcome-{}", trace.outcome)),
            tone: tone(trace.outcome),
            reference: trace.reference.to_string(),
            at: shell.time(page, trace.at),
        }
    }
}

/// What the list is narrowed to. What is not understood narrows nothing, but for
/// a person whom nobody knows.
async fn filter(state: &PortalState, asked: &Asked) -> Result<TraceFilter, DirectoryError> {
    let people = match typed(asked, "person") {
        Some(person) => Some(state.directory.people_named(&person).await?),
        None => None,
    };
    Ok(TraceFilter {
        provider: typed(asked, "provider"),
        outcome: asked.word("outcome", TraceOutcome::parse),
        reference: typed(asked, "reference"),
        code: typed(asked, "code"),
        kind: typed(asked, "kind"),
        during: during(asked),
        people,
        user: None,
    })
}

/// `GET /admin/logins`.
pub(super) async fn show(
    State(state): State<PortalState>,
    staff: Staff<ReadAudit>,
    asked: Asked,
) -> Response {
    let (page, shell) = staff.frame(&state, &SECTION);
    match attempts(&state, page, shell, &asked).await {
        Ok(page) => state.show(StatusCode::OK, &page),
        Err(error) => state.failed(staff.locale, &error, SECTION.path),
    }
}

async fn attempts(
    state: &PortalState,
    page: Page,
    shell: Shell,
    asked: &Asked,
) -> Result<LoginsPage, DirectoryError> {
    let directory = &state.directory;
    let filter = filter(state, asked).await?;
    let providers = directory.providers().await?;
    let providers = providers.into_iter().map(|stored| {
        let provider = stored.provider;
        (
            provider.slug.to_string(),
            format!("{} ({})", provider.label, provider.slug),
        )
    });
    let mut narrow = narrow(&page, asked, providers.collect());
    if filter.people.as_ref().is_some_and(|people| people.more) {
        let most = MOST_PEOPLE.to_string();
        let text = page.t_with("logins-person-more", &[("most", &most)]);
        narrow.tell("person", text);
    }
    let traces = directory.login_traces_in_short(filter, asked.cursor(), ROWS);
    let traces = traces.await?;
    let users = traces.items.iter().filter_map(|trace| trace.user.clone());
    let names = directory.names_of(users.collect()).await?;
    let rows = traces.items.into_iter();
    Ok(LoginsPage {
        attempts: rows
            .map(|trace| Attempt::new(&page, &shell, trace, &names))
            .collect(),
        pager: narrow.pager(asked, traces.next_cursor.as_deref()),
        download: narrow.at("/admin/logins.jsonl"),
        narrow,
        page,
        shell,
    })
}

/// The kinds of attempts.
const KINDS: [&str; 5] = ["saml", "oauth", "test", "metadata", "discovery"];

fn narrow(page: &Page, asked: &Asked, providers: Vec<(String, String)>) -> Narrow {
    let select = |name, label: &str, options| {
        let all = page.t(&format!("{label}-all"));
        Select::new(asked, name, page.t(label), all, options)
    };
    let outcomes = TraceOutcome::ALL.iter().map(|outcome| outcome.as_str());
    let mut narrow = Narrow::new(SECTION.path)
        .text(asked, "person", page.t("logins-person"))
        .text(asked, "reference", page.t("logins-reference"))
        .days(page, asked);
    if let Some(code) = typed(asked, "code") {
        // Only a link leads here with a code.
        narrow = narrow.text(asked, "code", page.t("logins-code"));
        debug_assert!(!code.is_empty());
    }
    narrow.selects = vec![
        select("provider", "logins-provider", providers),
        select(
            "outcome",
            "logins-outcome",
            labelled(page, "outcome-", outcomes),
        ),
        select("kind", "logins-kind", labelled(page, "attempt-", KINDS)),
    ];
    narrow
}

/// `GET /admin/logins.jsonl`: the same as a file, all of it.
pub(super) async fn download(
    State(state): State<PortalState>,
    staff: Staff<ReadAudit>,
    asked: Asked,
) -> Response {
    let lines = match filter(&state, &asked).await {
        Ok(filter) => state.directory.login_lines(filter).await,
        Err(error) => Err(error),
    };
    match lines {
        Ok(lines) => lines::download(state.kit.now(), "logins", lines),
        Err(error) => state.failed(staff.locale, &error, SECTION.path),
    }
}

#[cfg(test)]
pub(super) fn samples(page: &Page) -> Vec<(String, String)> {
    use crate::domain::Timestamp;
    let shell = Shell::sample(page, &SECTION);
    let attempt = |summary: &str, outcome: TraceOutcome, person: Option<&str>| Attempt {
        id: "0190a3f2-7c1e-7b32-8f55-9d1f0c2a3b4c".to_owned(),
        summary: page.said(summary),
        person: person.map(|name| {
            (
                "0190a3f2-7c1e-7b32-8f55-9d1f0c2a3b4c".to_owned(),
                name.to_owned(),
            )
        }),
        address: person.is_none().then(|| "eve@elsewhere.example".to_owned()),
        provider: "okta".to_owned(),
        outcome: page.t(&format!("outcome-{outcome}")),
        tone: tone(outcome),
        reference: "K7QF-2M9D".to_owned(),
        at: shell.time(page, Timestamp(1_767_225_600_000)),
    };
    let asked =
        Asked::of("person=%22%3E%3Cscript%3E&from=nonsense&code=saml.replay&outcome=failed");
    let providers = vec![("okta".to_owned(), "SSO <Login> (okta)".to_owned())];
    let mut narrowed = narrow(page, &asked, providers);
    narrowed.tell(
        "person",
        page.t_with("logins-person-more", &[("most", "16")]),
    );
    let full = LoginsPage {
        page: page.clone(),
        shell: shell.clone(),
        download: narrowed.at("/admin/logins.jsonl"),
        narrow: narrowed,
        attempts: vec![
            attempt("Signed in.", TraceOutcome::Success, Some("Ada Lovelace")),
            attempt("\"><script>alert(1)</script>", TraceOutcome::Refused, None),
            attempt(
                &"The audience is another one. ".repeat(9),
                TraceOutcome::Failed,
                Some("<b>x</b>"),
            ),
        ],
        pager: Pager {
            first: Some("/admin/logins".to_owned()),
            next: Some("/admin/logins?cursor=x".to_owned()),
        },
    };
    let none = LoginsPage {
        attempts: Vec::new(),
        ..full.clone()
    };
    let empty = LoginsPage {
        narrow: narrow(page, &Asked::default(), Vec::new()),
        ..none.clone()
    };
    [("list", full), ("none", none), ("empty", empty)]
        .into_iter()
        .map(|(name, page)| (format!("admin-logins-{name}"), page.render().unwrap()))
        .collect()
}
