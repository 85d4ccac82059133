//! `/admin/logins/{id}`: one attempt, what was expected and what came, and what
//! to change.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;

use super::{SECTION, tone};
use crate::directory::DirectoryError;
use crate::directory::plan::Change;
use crate::directory::traces::LoginTrace;
use crate::domain::TraceId;
use crate::login::difference;
use crate::login::remedy::{Marked, marked, steps};
use crate::platform::web::{Page, Said};
use crate::portal::PortalState;
use crate::portal::admin::shell::{Moment, Shell};
use crate::portal::admin::staff::{ReadAudit, Staff};

/// One attempt.
#[derive(Clone, Debug, Template)]
#[template(path = "admin/logins/trace.html")]
struct TracePage {
    page: Page,
    shell: Shell,
    headline: Said,
    outcome: String,
    tone: &'static str,
    at: Moment,
    provider: String,
    kind: String,
    reference: String,
    code: String,
    /// The person's address and name.
    person: Option<(String, String)>,
    address: Option<String>,
    /// What was expected, cut where the first value that came differs.
    expected: Option<Marked>,
    expected_plain: String,
    received: Vec<Received>,
    side: Option<String>,
    steps: Vec<Said>,
    attributes: Vec<(String, Vec<String>)>,
    matched_by: Option<String>,
    changes: Vec<Change>,
    document: Option<String>,
}

/// A value that came.
#[derive(Clone, Debug)]
struct Received {
    value: Marked,
    /// How it differs, in words: the end of a sentence.
    difference: Option<String>,
}

impl TracePage {
    fn new(page: Page, shell: Shell, trace: LoginTrace, name: Option<String>) -> Self {
        let address = trace.address();
        let details = trace.details;
        let person = trace.user.as_ref().map(|id| {
            let name = name.unwrap_or_else(|| page.t("logins-user-gone"));
            (id.to_string(), name)
        });
        let first = details.received.first().map_or("", String::as_str);
        let expected = details.expected.as_deref();
        let received = details.received.iter().map(|value| match expected {
            Some(expected) => Received {
                value: marked(value, expected),
                difference: difference::between(expected, value),
            },
            None => Received {
                value: Marked {
                    start: value.clone(),
                    ..Marked::default()
                },
                difference: None,
            },
        });
        let summary = Some(details.summary).filter(|summary| !summary.is_empty());
        Self {
            headline: summary.map_or_else(
                || Said::own(page.t(&format!("outcome-long-{}", trace.outcome))),
                |summary| page.said(&summary),
            ),
            outcome: page.t(&format!("outcome-{}", trace.outcome)),
            tone: tone(trace.outcome),
            at: shell.time(&page, trace.at),
            provider: trace.provider,
            kind: page
                .locale()
                .find(&format!("attempt-{}", trace.kind), 0)
                .unwrap_or(trace.kind),
            reference: trace.reference.to_string(),
            code: trace.code,
            person,
            address,
            received: received.collect(),
            expected: expected.map(|expected| marked(expected, first)),
            expected_plain: expected.unwrap_or_default().to_owned(),
            side: details.side.map(|side| page.t(&format!("side-{side}"))),
            steps: details
                .remedy
                .as_deref()
                .map(steps)
                .unwrap_or_default()
                .iter()
                .map(|step| page.said(step))
                .collect(),
            attributes: details.attributes.into_iter().collect(),
            matched_by: details
                .matched_by
                .map(|by| page.t(&format!("matched-{by}"))),
            changes: details.changes,
            document: details
                .document
                .map(|document| document.text())
                .filter(|text| !text.is_empty()),
            page,
            shell,
        }
    }
}

/// `GET /admin/logins/{id}`.
pub(super) async fn show(
    State(state): State<PortalState>,
    staff: Staff<ReadAudit>,
    Path(id): Path<String>,
) -> Response {
    let (page, shell) = staff.frame(&state, &SECTION);
    match find(&state, &id).await {
        Ok((trace, name)) => state.show(StatusCode::OK, &TracePage::new(page, shell, trace, name)),
        Err(error) => state.failed(staff.locale, &error, SECTION.path),
    }
}

async fn find(
    state: &PortalState,
    id: &str,
) -> Result<(LoginTrace, Option<String>), DirectoryError> {
    let id = TraceId::parse(id).ok_or(DirectoryError::NotFound("login trace"))?;
    let trace = state.directory.login_trace(&id).await?;
    let users = trace.user.clone().into_iter().collect();
    let names = state.directory.names_of(users).await?;
    let name = names.into_values().next();
    Ok((trace, name))
}

#[cfg(test)]
pub(super) fn samples(page: &Page) -> Vec<(String, String)> {
    use crate::directory::resolve::Matched;
    use crate::directory::traces::{Side, TraceDetails, TraceOutcome};
    use crate::domain::{Reference, Timestamp, UserId};
    use std::collections::BTreeMap;
    let shell = || Shell::sample(page, &SECTION);
    let id = "0190a3f2-7c1e-7b32-8f55-9d1f0c2a3b4c";
    let trace = |outcome, details| LoginTrace {
        id: TraceId::parse(id).unwrap(),
        at: Timestamp(1_767_225_600_000),
        provider: "okta".to_owned(),
        kind: "saml".to_owned(),
        outcome,
        reference: Reference::from_row("K7QF-2M9D".to_owned()),
        user: UserId::parse(id),
        code: "saml.audience_mismatch".to_owned(),
        details,
    };
    let hostile = "\"><script>alert(1)</script>\u{202e}";
    let failed = TraceDetails {
        summary: "The answer of Okta is made out to another address.".to_owned(),
        expected: Some("https://sso.example.com/saml/okta/metadata".to_owned()),
        received: vec![
            "https://sso.example.com/saml/Okta/metadata".to_owned(),
            hostile.to_owned(),
        ],
        side: Some(Side::Idp),
        remedy: Some(
            "Set \"Audience URI\" to the value. It stands under General. Or <b>not</b>.".to_owned(),
        ),
        attributes: BTreeMap::from([
            (
                "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress".to_owned(),
                vec!["ada@example.com".to_owned()],
            ),
            (hostile.to_owned(), vec![hostile.to_owned(), String::new()]),
        ]),
        document: Some("<samlp:Response>\n  <x/>\n</samlp:Response>".into()),
        ..TraceDetails::default()
    };
    let success = TraceDetails {
        matched_by: Some(Matched::ExternalId),
        changes: vec![Change {
            field: "department".to_owned(),
            before: None,
            after: Some(hostile.to_owned()),
        }],
        ..TraceDetails::default()
    };
    let pages = [
        ("failed", trace(TraceOutcome::Failed, failed), None),
        (
            "success",
            trace(TraceOutcome::Success, success),
            Some("Ada <Lovelace>".to_owned()),
        ),
        (
            "bare",
            trace(TraceOutcome::Refused, TraceDetails::default()),
            None,
        ),
    ];
    pages
        .into_iter()
        .map(|(name, trace, person)| {
            let page = TracePage::new(page.clone(), shell(), trace, person);
            (format!("admin-login-{name}"), page.render().unwrap())
        })
        .collect()
}
