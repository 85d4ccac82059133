//! `/test-login/{id}`: what came of a login that was tried out, for the browser
//! that tried it.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;

use super::PortalState;
use super::setup::BACK;
use crate::directory::plan::Change;
use crate::directory::test_logins::{TestLogin, TestReport, Tester};
use crate::directory::traces::TraceDocument;
use crate::domain::{Field, Role};
use crate::platform::i18n::Locale;
use crate::platform::web::{Message, Page};
use crate::sessions::current::{Current, MaybeCurrent, NoOne};
use crate::sessions::hash;

/// Refusals of ours that the admin of an identity provider can do something
/// about; what else is decided here is nothing for people from outside.
const THEIRS: [&str; 3] = [
    "login.no_vouched_address",
    "login.no_lasting_identifier",
    "login.domain_not_allowed",
];

/// A test on a page.
#[derive(Clone, Debug)]
pub(in crate::portal) struct Tested {
    /// Whether the person would get in.
    pub(in crate::portal) passed: bool,
    /// When.
    pub(in crate::portal) at: String,
    /// Who tried.
    pub(in crate::portal) by: String,
    /// Why not, in English as login traces have it.
    pub(in crate::portal) why: Option<Why>,
    /// Why not, where the reason is nothing for people from outside.
    pub(in crate::portal) ours: bool,
    /// What was checked.
    pub(in crate::portal) steps: Vec<StepRow>,
    /// What arrived.
    pub(in crate::portal) arrived: Vec<ArrivedRow>,
    /// Which user it would be.
    pub(in crate::portal) who: Option<WhoRow>,
    /// What would be written.
    pub(in crate::portal) changes: Vec<ChangeRow>,
    /// What was left out.
    pub(in crate::portal) notes: Vec<String>,
    /// The reference of the login trace.
    pub(in crate::portal) reference: String,
    /// The message, redacted.
    pub(in crate::portal) document: Option<String>,
}

/// What kept the person out.
#[derive(Clone, Debug)]
pub(in crate::portal) struct Why {
    /// What happened.
    pub(in crate::portal) summary: String,
    /// What was expected.
    pub(in crate::portal) expected: Option<String>,
    /// What came.
    pub(in crate::portal) received: Vec<String>,
    /// What to change.
    pub(in crate::portal) remedy: Option<String>,
}

/// A step.
#[derive(Clone, Debug)]
pub(in crate::portal) struct StepRow {
    /// What was checked.
    pub(in crate::portal) label: String,
    /// `passed`, `failed`, `skipped`.
    pub(in crate::portal) state: &'static str,
    /// The same for people who see no ticks.
    pub(in crate::portal) word: String,
    /// The value that was looked at.
    pub(in crate::portal) detail: String,
}

/// An attribute.
#[derive(Clone, Debug)]
pub(in crate::portal) struct ArrivedRow {
    /// Its name.
    pub(in crate::portal) name: String,
    /// Its values.
    pub(in crate::portal) values: Vec<String>,
    /// What it fills here; empty when nothing does.
    pub(in crate::portal) fields: String,
}

/// The user.
#[derive(Clone, Debug)]
pub(in crate::portal) struct WhoRow {
    /// What to call the person.
    pub(in crate::portal) name: String,
    /// Where the user is shown; none for somebody new.
    pub(in crate::portal) href: Option<String>,
    /// How the user was found, in words.
    pub(in crate::portal) how: String,
}

/// A change that would be written.
#[derive(Clone, Debug)]
pub(in crate::portal) struct ChangeRow {
    /// What.
    pub(in crate::portal) field: String,
    /// What stands there.
    pub(in crate::portal) before: String,
    /// What would stand there.
    pub(in crate::portal) after: String,
}

/// What a field is called.
pub(in crate::portal) fn field_name(page: &Page, field: &str) -> String {
    let known = Field::parse(field).is_some();
    let more = [
        "external_id",
        "groups",
        "scim_id",
        "email_verified",
        "status",
        "identity",
    ];
    if known {
        page.t(&format!("field-{field}"))
    } else if more.contains(&field) {
        page.t(&format!("tested-field-{field}"))
    } else {
        field.to_owned()
    }
}

impl Tested {
    /// A test as a page shows it; `inside` to an admin, who may see users.
    pub(in crate::portal) fn of(page: &Page, test: &TestLogin, inside: bool) -> Self {
        let report = &test.report;
        let ours = !report.gets_in()
            && !inside
            && report.code.starts_with("login.")
            && !THEIRS.contains(&report.code.as_str());
        let why = (!report.gets_in() && !ours).then(|| Why {
            summary: report.summary.clone(),
            expected: report.expected.clone(),
            received: report.received.clone(),
            remedy: report.remedy.clone(),
        });
        Self {
            passed: report.gets_in(),
            at: page.locale().since(test.at, page.now()),
            by: test.tester_name.clone(),
            why,
            ours,
            steps: steps(page, report),
            arrived: arrived(page, report),
            who: who(page, report, inside),
            changes: changes(page, report, inside),
            notes: report.notes.clone(),
            reference: report.reference.to_string(),
            document: report.document.as_ref().map(TraceDocument::text),
        }
    }
}

fn steps(page: &Page, report: &TestReport) -> Vec<StepRow> {
    let row = |step: &crate::directory::test_logins::Step| StepRow {
        label: page.t(&format!("tested-step-{}", step.name)),
        state: step.state.as_str(),
        word: page.t(&format!("tested-{}", step.state)),
        detail: step.detail.clone(),
    };
    report.steps.iter().map(row).collect()
}

fn arrived(page: &Page, report: &TestReport) -> Vec<ArrivedRow> {
    let row = |one: &crate::directory::test_logins::Arrived| ArrivedRow {
        name: one.name.clone(),
        values: one.values.clone(),
        fields: one
            .fields
            .iter()
            .map(|field| field_name(page, field))
            .collect::<Vec<_>>()
            .join(", "),
    };
    report.arrived.iter().map(row).collect()
}

fn who(page: &Page, report: &TestReport, inside: bool) -> Option<WhoRow> {
    // Whether somebody is here, and under which name, is nothing for people from
    // outside.
    let who = report.who.as_ref().filter(|_| inside)?;
    let how = match (who.matched_by, &who.id) {
        (Some(by), _) => page.t(&format!("tested-by-{by}")),
        (None, Some(_)) => page.t("tested-by-none"),
        (None, None) => page.t("tested-new"),
    };
    let name = match (who.name.as_str(), &who.id) {
        ("", Some(id)) => id.clone(),
        (name, _) => name.to_owned(),
    };
    Some(WhoRow {
        name,
        href: who.id.as_ref().map(|id| format!("/admin/users/{id}")),
        how,
    })
}

fn changes(page: &Page, report: &TestReport, inside: bool) -> Vec<ChangeRow> {
    if !inside {
        return Vec::new();
    }
    let row = |change: &Change| ChangeRow {
        field: field_name(page, &change.field),
        before: change.before.clone().unwrap_or_default(),
        after: change.after.clone().unwrap_or_default(),
    };
    let mut rows: Vec<ChangeRow> = report.changes.iter().map(row).collect();
    if let Some(subject) = &report.attaches {
        rows.push(ChangeRow {
            field: field_name(page, "identity"),
            before: String::new(),
            after: subject.clone(),
        });
    }
    if let Some(groups) = &report.groups {
        let all: Vec<&str> = groups.iter().map(String::as_str).collect();
        rows.push(ChangeRow {
            field: field_name(page, "groups"),
            before: String::new(),
            after: all.join(", "),
        });
    }
    rows
}

#[derive(Clone, Debug, Template)]
#[template(path = "tested.html")]
struct TestedPage {
    page: Page,
    label: String,
    tested: Tested,
    back: Option<String>,
}

/// `GET /test-login/{id}`.
pub(super) async fn show(
    State(state): State<PortalState>,
    Path(id): Path<String>,
    locale: Locale,
    headers: HeaderMap,
    MaybeCurrent(current): MaybeCurrent,
) -> Response {
    let current = match current {
        Ok(current) => Some(current),
        Err(NoOne::SignedOut) => None,
        Err(NoOne::Unavailable(cause)) => {
            return state.unavailable(locale, cause, &format!("/test-login/{id}"));
        }
    };
    let test = match state.directory.test_login(&id).await {
        Ok(test) => test,
        Err(error) => return state.failed(locale, &error, "/"),
    };
    let test = test.filter(|test| may_see(&state, test, &headers, current.as_ref()));
    let Some(test) = test else {
        let failure = state.kit.failure(Message::NotFound, "test.unknown");
        return state.kit.failure_page(locale, failure);
    };
    let stored = match state.directory.provider(&test.provider).await {
        Ok(stored) => stored,
        Err(error) => return state.failed(locale, &error, "/"),
    };
    let inside = matches!(test.tester, Tester::Session(_));
    let back = match &test.tester {
        Tester::Session(_) => Some(format!("/admin/authentication/{}", test.provider)),
        // The database does not know the link; the browser does.
        Tester::Link(_) => {
            let token = state.kit.cookie(&headers, BACK);
            let token = token.filter(|token| super::setup::is_token(token));
            token.map(|token| format!("/setup/{token}#test"))
        }
    };
    let page = state.kit.page(locale);
    let page = TestedPage {
        tested: Tested::of(&page, &test, inside),
        label: stored.provider.label,
        back,
        page,
    };
    let mut response = state.kit.render(StatusCode::OK, &page);
    super::setup::without_referrer(&mut response);
    response
}

/// Whether this browser tried it: an admin in the same session still, or the
/// browser in which the holder of a link began.
fn may_see(
    state: &PortalState,
    test: &TestLogin,
    headers: &HeaderMap,
    current: Option<&Current>,
) -> bool {
    let browser = state.kit.browser_id(headers).map(hash).unwrap_or_default();
    match &test.tester {
        Tester::Session(session) => {
            current.is_some_and(|c| c.id_hash == *session && c.user.has_role(Role::Admin))
        }
        Tester::Link(_) => test.is_of(&browser),
    }
}

#[cfg(test)]
pub(super) mod samples {
    use super::*;
    use crate::directory::resolve::Matched;
    use crate::directory::test_logins::{Arrived, Step, StepState, Who};
    use crate::directory::traces::{Side, TraceOutcome};
    use crate::domain::{Entropy, Reference, Slug, Timestamp};

    fn step(name: &str, state: StepState, detail: &str) -> Step {
        Step {
            name: name.to_owned(),
            state,
            detail: detail.to_owned(),
        }
    }

    /// A test that went well, with values that want to be more than text.
    pub(in crate::portal) fn test() -> TestLogin {
        let steps = [
            ("answer", ""),
            ("browser", ""),
            ("readable", ""),
            ("status", ""),
            ("decryption", ""),
            ("signature", ""),
            ("issuer", "https://idp.example.com/entity"),
            ("audience", "https://sso.example.com/saml/okta/metadata"),
            ("recipient", "https://sso.example.com/saml/okta/acs"),
            ("request", ""),
            ("time", ""),
            ("subject", "00u-ada"),
            ("replay", ""),
            ("attributes", ""),
            ("exchange", ""),
            ("id-token", "https://issuer.example.com"),
            ("organization", ""),
            ("claims", "4711"),
            ("admission", "ada@example.com"),
            ("person", ""),
        ];
        let change = |field: &str, before: Option<&str>, after: &str| Change {
            field: field.to_owned(),
            before: before.map(ToOwned::to_owned),
            after: Some(after.to_owned()),
        };
        TestLogin {
            id: "01937b5c-8f0e-7c1a-9d2e-3f4a5b6c7d8e".to_owned(),
            provider: Slug::parse("okta").unwrap(),
            at: Timestamp(1_795_000_000_000),
            tester: Tester::Session("x".to_owned()),
            tester_name: "Grace <Hopper>".to_owned(),
            browser_hash: String::new(),
            report: TestReport {
                outcome: TraceOutcome::Success,
                code: "ok".to_owned(),
                summary: "The person would get in.".to_owned(),
                expected: None,
                received: Vec::new(),
                side: None,
                remedy: None,
                steps: steps
                    .iter()
                    .map(|(name, detail)| step(name, StepState::Passed, detail))
                    .collect(),
                arrived: vec![
                    Arrived {
                        name: "NameID".to_owned(),
                        values: vec!["00u-ada".to_owned()],
                        fields: vec!["external_id".to_owned()],
                    },
                    Arrived {
                        name: "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress"
                            .to_owned(),
                        values: vec!["ada@example.com".to_owned()],
                        fields: vec!["email".to_owned(), "scim_id".to_owned()],
                    },
                    Arrived {
                        name: "<script>alert(1)</script>".to_owned(),
                        values: vec!["\"><img src=x onerror=alert(1)>".to_owned()],
                        fields: Vec::new(),
                    },
                ],
                who: Some(Who {
                    id: Some("0190a3f2-7c1e-7b32-8f55-9d1f0c2a3b4c".to_owned()),
                    name: "Ada <Lovelace>".to_owned(),
                    matched_by: Some(Matched::Email),
                }),
                changes: vec![
                    change("department", Some("Maths"), "Engines & <Looms>"),
                    change("status", Some("pending"), "active"),
                    change("email_verified", Some("false"), "true"),
                ],
                attaches: Some("00u-ada".to_owned()),
                groups: Some(["Analysts".to_owned()].into()),
                notes: vec!["No UPN came.".to_owned()],
                reference: Reference::new(&Entropy::System),
                document: Some(TraceDocument::of("<samlp:Response>…</samlp:Response>")),
            },
        }
    }

    /// One that failed.
    pub(in crate::portal) fn failed() -> TestLogin {
        let mut test = test();
        test.report.outcome = TraceOutcome::Failed;
        test.report.code = "saml.audience_mismatch".to_owned();
        test.report.summary = "The answer is for another <application>.".to_owned();
        test.report.expected = Some("https://sso.example.com/saml/okta/metadata".to_owned());
        test.report.received = vec!["https://old.example.com".to_owned()];
        test.report.side = Some(Side::Idp);
        test.report.remedy = Some("Enter our entity ID at \"Audience URI\".".to_owned());
        for (at, step) in test.report.steps.iter_mut().enumerate() {
            step.state = match at {
                0..=5 => StepState::Passed,
                6 => StepState::Failed,
                _ => StepState::Skipped,
            };
        }
        test.report.who = None;
        test.report.changes = Vec::new();
        test.report.arrived = Vec::new();
        test
    }

    pub(in crate::portal) fn pages(page: &Page) -> Vec<(String, String)> {
        let mut ours = failed();
        ours.report.code = "login.identity_conflict".to_owned();
        ours.tester = Tester::Link("1".to_owned());
        let mut new = test();
        new.report.who = Some(Who {
            id: None,
            name: "Ada".to_owned(),
            matched_by: None,
        });
        let render = |name: &str, test: &TestLogin| {
            let inside = matches!(test.tester, Tester::Session(_));
            let sample = TestedPage {
                page: page.clone(),
                label: "SSO & <more>".to_owned(),
                tested: Tested::of(page, test, inside),
                back: inside.then(|| "/admin/authentication/okta".to_owned()),
            };
            (format!("tested-{name}"), sample.render().unwrap())
        };
        vec![
            render("passed", &test()),
            render("failed", &failed()),
            render("ours", &ours),
            render("new", &new),
        ]
    }
}
