//! Sign-ins of the kind "link": the person is signed in already, and the
//! provider's answer connects one more identity to the account. Every protocol
//! begins and ends them here.
//!
//! Such a sign-in is bound three times: its start to a token of the account page
//! that only this session can have, its answer to the browser (as every
//! sign-in's), and its end to the session that began it.

use axum::http::HeaderMap;

use super::explain::{Explanation, Report};
use crate::directory::DirectoryError;
use crate::directory::linking::{self, Linked, NotLinked};
use crate::directory::policy::LoginPolicy;
use crate::directory::traces::{self, LoginTrace, Side, TraceDetails, TraceOutcome};
use crate::domain::{Observation, Reference, Slug, TraceId};
use crate::platform::storage::Tx;
use crate::platform::web::{Kit, Message};
use crate::sessions::{self, Sessions};

/// The query parameter of a start that carries the token.
pub const PARAMETER: &str = "link";

/// The token with which the user of a session (its hash) may begin to connect an
/// identity of a provider. A page of another site cannot know it.
#[must_use]
pub fn token(kit: &Kit, session: &str, provider: &Slug) -> String {
    kit.csrf_token(&binding(session, provider))
}

fn binding(session: &str, provider: &Slug) -> String {
    format!("link\0{session}\0{provider}")
}

/// The session for which a start at `/{protocol}/{slug}/login` is to connect an
/// identity: `None` for an ordinary sign-in, an explanation when the token is not
/// this session's. What it gives goes to
/// [`sign_in::link_to`](crate::sessions::sign_in::link_to).
pub fn asked(
    kit: &Kit,
    headers: &HeaderMap,
    provider: &Slug,
    query: &str,
) -> Result<Option<String>, Box<Explanation>> {
    let mut parameters = url::form_urlencoded::parse(query.as_bytes());
    let Some((_, presented)) = parameters.find(|(name, _)| name == PARAMETER) else {
        return Ok(None);
    };
    let session = kit
        .cookie(headers, kit.cookies().session)
        .map(sessions::hash);
    session
        .filter(|session| kit.csrf_matches(&binding(session, provider), &presented))
        .map(Some)
        .ok_or_else(|| Box::new(other_session()))
}

/// What the end of such a sign-in knows.
#[derive(Debug)]
pub struct Visit<'a> {
    /// Where it is told of.
    pub report: &'a Report<'a>,
    /// The reference of its trace and its page.
    pub reference: Reference,
    /// The session (its hash) for which it was begun.
    pub wanted: &'a str,
    /// The session (its hash) that the browser has now.
    pub present: Option<&'a str>,
    /// What the trace tells of the answer: attributes, document.
    pub details: TraceDetails,
}

/// Connects the observed identity, and writes the trace. Where the browser goes
/// then, or what its page says.
pub async fn finish(
    tx: &mut Tx,
    sessions: &Sessions,
    visit: Visit<'_>,
    observation: &Observation,
    policy: &LoginPolicy,
) -> Result<Result<&'static str, Box<Explanation>>, DirectoryError> {
    let user = if visit.present == Some(visit.wanted) {
        sessions.user_of(tx, visit.wanted).await?
    } else {
        None
    };
    let Some(user) = user else {
        return visit.refuse(tx, other_session()).await;
    };
    let at = (sessions.clock.now(), &sessions.entropy);
    match linking::link(tx, &user, observation, policy, at).await? {
        Ok(linked) => {
            let (summary, target) = match linked {
                Linked::New => (
                    "The identity was connected to the signed-in user.",
                    "/account?done=linked",
                ),
                Linked::Already => (
                    "The identity was connected to the signed-in user already.",
                    "/account?done=linked-already",
                ),
            };
            let trace = LoginTrace {
                id: TraceId::new(at.0, at.1),
                at: at.0,
                provider: visit.report.provider.to_owned(),
                kind: visit.report.kind.to_owned(),
                outcome: TraceOutcome::Success,
                reference: visit.reference,
                user: Some(user.id),
                code: "ok".to_owned(),
                details: TraceDetails {
                    summary: summary.to_owned(),
                    ..visit.details
                },
            };
            traces::record(tx, &trace).await?;
            Ok(Ok(target))
        }
        Err(why) => {
            let mut explanation = explain(&why);
            explanation.user = Some(user.id);
            visit.refuse(tx, explanation).await
        }
    }
}

impl Visit<'_> {
    async fn refuse(
        self,
        tx: &mut Tx,
        mut explanation: Explanation,
    ) -> Result<Result<&'static str, Box<Explanation>>, DirectoryError> {
        let said = explanation.details;
        explanation.details = TraceDetails {
            summary: said.summary,
            expected: said.expected,
            received: said.received,
            side: said.side,
            remedy: said.remedy,
            ..self.details
        };
        let trace = self.report.trace(&explanation, self.reference);
        traces::record(tx, &trace).await?;
        Ok(Err(Box::new(explanation)))
    }
}

fn explain(why: &NotLinked) -> Explanation {
    match why {
        NotLinked::Refused(refusal) => Explanation::refused(refusal),
        NotLinked::SomebodyElses => refused(why, Message::LinkedElsewhere).remedied(
            Side::User,
            "Sign in with that identity to see which account it leads to, and disconnect it there first.",
        ),
        NotLinked::NoIdentity => refused(why, Message::DetailsMissing).remedied(
            Side::Idp,
            "Let the identity provider send a persistent identifier: a transient NameID is another one at each login.",
        ),
    }
}

fn refused(why: &NotLinked, message: Message) -> Explanation {
    let mut explanation = Explanation::failed(why.code(), message, format!("{why}."));
    explanation.outcome = TraceOutcome::Refused;
    explanation
}

/// The session that began it is not the one of this browser (any more).
fn other_session() -> Explanation {
    Explanation::failed(
        "link.other_session",
        Message::StartAgain,
        "An identity was to be connected to an account, but the session that began this is not the one that this browser has now.",
    )
    .remedied(
        Side::User,
        "Begin again on the account page, and stay signed in until the end.",
    )
}
