//! Sign-ins of the kind "test": the whole way of a login, which ends on a page
//! that shows what was checked, what arrived and what would have happened.
//! Nobody is signed in and nobody is written; the replay memory and the login
//! traces are kept as at any login. Every protocol begins and ends them here.
//!
//! A test is bound like a sign-in that connects an identity: its start to a token
//! that only the admin's own session, or the browser of a set-up link's holder,
//! can have; its answer to the browser; its end to the tester, who must still be
//! one. A provider that is switched off, or is a draft, can be tested all the
//! same, and only that way be reached.

use axum::http::HeaderMap;
use serde::{Deserialize, Serialize};

use super::explain::{Explanation, Report};
use crate::directory::policy::LoginPolicy;
use crate::directory::reconcile::{self, Context, Mode, Outcome};
use crate::directory::test_logins::{
    self, Arrived, Step, StepState, TestLogin, TestReport, Tester, Who,
};
use crate::directory::traces::{self, LoginTrace, Side, TraceDetails, TraceDocument, TraceOutcome};
use crate::directory::{Actor, DirectoryError, Refusal, setup_links};
use crate::domain::{Observation, Reference, Role, Slug, Timestamp, TraceId};
use crate::platform::storage::Tx;
use crate::platform::throttle::{self, Allowance};
use crate::platform::web::{Kit, Message};
use crate::sessions::{self, Sessions};

/// The query parameter of a start that carries the token.
pub const PARAMETER: &str = "test";
/// The kind of the traces of tests.
pub const KIND: &str = "test";
/// How often the holder of a link may try.
const OFTEN: Allowance = Allowance {
    burst: 20,
    interval: 30_000,
};
/// What is kept of what arrived: characters of a text, values, attributes.
const KEPT: (usize, usize, usize) = (512, 50, 200);

/// Where a signed-in admin (the hash of the session) begins a test.
#[must_use]
pub fn for_session(kit: &Kit, session: &str, provider: &Slug, login: &str) -> String {
    let token = kit.csrf_token(&of_session(session, provider));
    format!("{login}?{PARAMETER}=s.{token}")
}

/// Where the holder of a set-up link begins a test, in the browser with this
/// cookie.
#[must_use]
pub fn for_link(kit: &Kit, link: &str, browser: &str, provider: &Slug, login: &str) -> String {
    let token = kit.csrf_token(&of_link(link, browser, provider));
    format!("{login}?{PARAMETER}=l.{link}.{token}")
}

fn of_session(session: &str, provider: &Slug) -> String {
    format!("test\0session\0{session}\0{provider}")
}

fn of_link(link: &str, browser: &str, provider: &Slug) -> String {
    format!("test\0link\0{link}\0{browser}\0{provider}")
}

/// For whom a start at `/{protocol}/{slug}/login` is only a test: `None` for any
/// other sign-in, an explanation when the token is not this browser's.
pub fn asked(
    kit: &Kit,
    headers: &HeaderMap,
    provider: &str,
    query: &str,
) -> Result<Option<Tester>, Box<Explanation>> {
    let mut parameters = url::form_urlencoded::parse(query.as_bytes());
    let Some((_, presented)) = parameters.find(|(name, _)| name == PARAMETER) else {
        return Ok(None);
    };
    let found = Slug::parse(provider).and_then(|slug| read(kit, headers, &slug, &presented));
    found.map(Some).ok_or_else(|| Box::new(nobodys()))
}

fn read(kit: &Kit, headers: &HeaderMap, provider: &Slug, presented: &str) -> Option<Tester> {
    if let Some(token) = presented.strip_prefix("s.") {
        let session = kit.cookie(headers, kit.cookies().session)?;
        let session = sessions::hash(session);
        return kit
            .csrf_matches(&of_session(&session, provider), token)
            .then_some(Tester::Session(session));
    }
    let (link, token) = presented.strip_prefix("l.")?.split_once('.')?;
    let browser = kit.browser_id(headers)?;
    kit.csrf_matches(&of_link(link, browser, provider), token)
        .then(|| Tester::Link(link.to_owned()))
}

/// What to call whoever tests, if they (still) may: an admin who is signed in,
/// the holder of a link of this provider that works.
pub async fn tester(
    tx: &mut Tx,
    sessions: &Sessions,
    tester: &Tester,
    provider: &Slug,
) -> Result<Option<String>, DirectoryError> {
    match tester {
        Tester::Session(session) => {
            let user = sessions.user_of(tx, session).await?;
            let admin = user.filter(|user| user.has_role(Role::Admin));
            Ok(admin.map(|user| user.display_name()))
        }
        Tester::Link(id) => {
            let link = setup_links::by_id(tx, id).await?;
            let now = sessions.clock.now();
            let good = link.filter(|link| link.provider == *provider && link.works(now));
            Ok(good.map(|link| match link.actor() {
                Actor::Channel(name) => name,
                _ => String::new(),
            }))
        }
    }
}

/// Whether a test may begin now; the holder of a link must not use this gateway
/// to send endless requests to somebody's server. Notes the use of a link.
pub async fn may_begin(
    tx: &mut Tx,
    sessions: &Sessions,
    wanted: &Tester,
    provider: &Slug,
) -> Result<Result<(), Box<Explanation>>, DirectoryError> {
    if tester(tx, sessions, wanted, provider).await?.is_none() {
        return Ok(Err(Box::new(nobodys())));
    }
    let Tester::Link(id) = wanted else {
        return Ok(Ok(()));
    };
    let now = sessions.clock.now();
    let key = format!("setup-test:{id}");
    if throttle::take(tx, &key, OFTEN, now).await?.is_err() {
        return Ok(Err(Box::new(too_often())));
    }
    if let Some(link) = setup_links::by_id(tx, id).await? {
        let told = (&link.actor(), "provider.test_login");
        setup_links::tell(tx, &link, (now, &sessions.entropy), told, &[]).await?;
    }
    Ok(Ok(()))
}

/// Why a test went no further.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Failure {
    /// The stable code.
    pub code: String,
    /// Refused by policy, or failed.
    pub outcome: TraceOutcome,
    /// The user, when one was found.
    pub user: Option<String>,
    /// What an admin reads.
    pub details: TraceDetails,
}

impl From<Explanation> for Failure {
    fn from(explanation: Explanation) -> Self {
        Self {
            code: explanation.code.to_owned(),
            outcome: explanation.outcome,
            user: explanation.user.map(|id| id.to_string()),
            details: explanation.details,
        }
    }
}

/// What a protocol found out.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Findings {
    /// What it checked, in order.
    pub steps: Vec<Step>,
    /// Why it went no further, if it did not.
    pub failure: Option<Failure>,
    /// What arrived.
    pub arrived: Vec<Arrived>,
    /// What was left out, and why.
    pub notes: Vec<String>,
    /// The message, redacted.
    pub document: Option<TraceDocument>,
}

impl Findings {
    /// Adds a step that is as it should be.
    pub fn passed(&mut self, name: &str, detail: impl Into<String>) {
        self.steps.push(step(name, StepState::Passed, detail));
    }

    /// Adds the steps from `from` on, of a list in order: the first failed, the
    /// others were not come to.
    pub fn failed_at(&mut self, from: &str, all: &[&str]) {
        let rest = all.iter().skip_while(|name| **name != from).enumerate();
        for (at, name) in rest {
            let state = if at == 0 {
                StepState::Failed
            } else {
                StepState::Skipped
            };
            self.steps.push(step(name, state, ""));
        }
    }
}

/// A step.
#[must_use]
pub fn step(name: &str, state: StepState, detail: impl Into<String>) -> Step {
    let detail: String = detail.into();
    Step {
        name: name.to_owned(),
        state,
        detail: detail.chars().take(KEPT.0).collect(),
    }
}

/// The steps that do not hang on the protocol, in order.
pub const DIRECTORY: [&str; 2] = ["admission", "person"];

/// What the end of such a sign-in knows.
#[derive(Debug)]
pub struct Visit<'a> {
    /// Where it is told of.
    pub report: &'a Report<'a>,
    /// The reference of its trace.
    pub reference: Reference,
    /// For whom it was begun.
    pub wanted: &'a Tester,
    /// The session (its hash) that the browser has now.
    pub present: Option<&'a str>,
    /// The hash of the browser's own cookie.
    pub browser_hash: &'a str,
    /// The provider.
    pub provider: &'a Slug,
}

/// Works out what would have happened, keeps it, and says where it is shown.
pub async fn finish(
    tx: &mut Tx,
    sessions: &Sessions,
    visit: Visit<'_>,
    findings: Findings,
    person: Option<(&Observation, &LoginPolicy)>,
) -> Result<Result<String, Box<Explanation>>, DirectoryError> {
    let same = match visit.wanted {
        Tester::Session(session) => visit.present == Some(session.as_str()),
        Tester::Link(_) => true,
    };
    let name = if same {
        tester(tx, sessions, visit.wanted, visit.provider).await?
    } else {
        None
    };
    let Some(tester_name) = name else {
        let explanation = nobodys();
        let trace = visit.report.trace(&explanation, visit.reference);
        traces::record(tx, &trace).await?;
        return Ok(Err(Box::new(explanation)));
    };
    let now = sessions.clock.now();
    let report = judged(tx, sessions, &visit, findings, person).await?;
    let trace = trace(&visit, &report, (now, sessions));
    let test = TestLogin {
        id: test_logins::new_id(now, &sessions.entropy),
        provider: visit.provider.clone(),
        at: now,
        tester: visit.wanted.clone(),
        tester_name,
        browser_hash: visit.browser_hash.to_owned(),
        report,
    };
    traces::record(tx, &trace).await?;
    test_logins::keep(tx, &test).await?;
    Ok(Ok(format!("/test-login/{}", test.id)))
}

/// What the directory says to the person, with nothing written.
async fn judged(
    tx: &mut Tx,
    sessions: &Sessions,
    visit: &Visit<'_>,
    mut findings: Findings,
    person: Option<(&Observation, &LoginPolicy)>,
) -> Result<TestReport, DirectoryError> {
    let mut outcome = None;
    let mut groups = None;
    match (&findings.failure, person) {
        (None, Some((observation, policy))) => {
            groups.clone_from(&observation.groups);
            let actor = Actor::Channel(format!("test login through {}", visit.provider));
            let context = Context {
                actor: &actor,
                policy: Some(policy),
                mode: Mode::Preview,
                now: sessions.clock.now(),
                entropy: &sessions.entropy,
            };
            match reconcile::reconcile(tx, observation, &context).await {
                Ok(found) => {
                    findings.passed("admission", address_of(observation));
                    findings.passed("person", "");
                    outcome = Some(found);
                }
                Err(DirectoryError::Refused(refusal)) => {
                    let at = at_step(&refusal);
                    if at == "person" {
                        findings.passed("admission", address_of(observation));
                    }
                    findings.failed_at(at, &DIRECTORY);
                    findings.failure = Some(Explanation::refused(&refusal).into());
                }
                Err(error @ DirectoryError::Storage(_)) => return Err(error),
                Err(error) => {
                    findings.failed_at("person", &DIRECTORY);
                    let failed =
                        Explanation::failed(error.code(), Message::NotVerified, error.to_string());
                    let remedy = "Let the identity provider send values that can stand here.";
                    findings.failure = Some(failed.remedied(Side::Idp, remedy).into());
                }
            }
        }
        (Some(_), _) | (None, None) => {
            for name in DIRECTORY {
                if !findings.steps.iter().any(|step| step.name == name) {
                    findings.steps.push(step(name, StepState::Skipped, ""));
                }
            }
        }
    }
    let mut report = reported(visit, findings, outcome);
    report.groups = groups.filter(|_| report.gets_in());
    Ok(report)
}

fn address_of(observation: &Observation) -> String {
    let address = observation.profile.get(crate::domain::Field::Email);
    address.unwrap_or_default().to_owned()
}

/// The step that a refusal belongs to.
const fn at_step(refusal: &Refusal) -> &'static str {
    match refusal {
        Refusal::NoAddress | Refusal::DomainNotAllowed { .. } => "admission",
        Refusal::NoLastingIdentifier
        | Refusal::UnknownUser
        | Refusal::Inactive(_)
        | Refusal::NotYetValid { .. }
        | Refusal::Expired { .. }
        | Refusal::Conflict(_) => "person",
    }
}

fn reported(visit: &Visit<'_>, findings: Findings, outcome: Option<Outcome>) -> TestReport {
    let mut report = TestReport {
        outcome: TraceOutcome::Success,
        code: "ok".to_owned(),
        summary: String::new(),
        expected: None,
        received: Vec::new(),
        side: None,
        remedy: None,
        steps: findings.steps,
        arrived: bounded(findings.arrived),
        who: None,
        changes: Vec::new(),
        attaches: None,
        groups: None,
        notes: findings.notes,
        reference: visit.reference.clone(),
        document: findings.document,
    };
    if let Some(why) = findings.failure {
        report.outcome = why.outcome;
        report.code = why.code;
        report.summary = why.details.summary;
        report.expected = why.details.expected;
        report.received = why.details.received;
        report.side = why.details.side;
        report.remedy = why.details.remedy;
        report.document = report.document.or(why.details.document);
        report.who = why.user.map(|id| Who {
            id: Some(id),
            name: String::new(),
            matched_by: None,
        });
    }
    if let Some(found) = outcome {
        report.summary = if found.created {
            "The person would get in; the user would be created.".to_owned()
        } else {
            "The person would get in.".to_owned()
        };
        report.who = Some(Who {
            id: (!found.created).then(|| found.user.id.to_string()),
            name: found.user.display_name(),
            matched_by: found.matched_by,
        });
        report.attaches = found.attached.map(|identity| identity.subject);
        report.changes = found.changes;
    }
    report
}

/// What is kept of what arrived.
fn bounded(arrived: Vec<Arrived>) -> Vec<Arrived> {
    let short = |text: String| -> String { text.chars().take(KEPT.0).collect() };
    let kept = arrived.into_iter().take(KEPT.2);
    kept.map(|one| Arrived {
        name: short(one.name),
        values: one.values.into_iter().take(KEPT.1).map(short).collect(),
        fields: one.fields,
    })
    .collect()
}

fn trace(
    visit: &Visit<'_>,
    report: &TestReport,
    (now, sessions): (Timestamp, &Sessions),
) -> LoginTrace {
    let who = report.who.as_ref();
    let attributes = report.arrived.iter();
    LoginTrace {
        id: TraceId::new(now, &sessions.entropy),
        at: now,
        provider: visit.provider.to_string(),
        kind: KIND.to_owned(),
        outcome: report.outcome,
        reference: visit.reference.clone(),
        user: who.and_then(|who| crate::domain::UserId::parse(who.id.as_deref()?)),
        code: report.code.clone(),
        details: TraceDetails {
            summary: format!("A test: nobody was signed in. {}", report.summary),
            expected: report.expected.clone(),
            received: report.received.clone(),
            side: report.side,
            remedy: report.remedy.clone(),
            attributes: attributes
                .map(|one| (one.name.clone(), one.values.clone()))
                .collect(),
            matched_by: who.and_then(|who| who.matched_by),
            changes: Vec::new(),
            document: report.document.clone(),
        },
    }
}

/// The test is not this browser's, or not any more.
fn nobodys() -> Explanation {
    Explanation::failed(
        "test.not_permitted",
        Message::StartAgain,
        "A login was to be tried out, but not by an admin who is signed in in this browser, nor by the holder of a set-up link that works.",
    )
    .remedied(
        Side::User,
        "Begin the test again on the provider's page or on the page of the set-up link, and stay in that browser until the end.",
    )
}

fn too_often() -> Explanation {
    Explanation::failed(
        "test.too_often",
        Message::TooManyTries,
        "A set-up link was used for more test logins than anybody needs.",
    )
    .remedied(Side::User, "Wait a minute, then test again.")
}
