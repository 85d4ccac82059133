//! The second hop: the browser's own GET, with its cookie and the one-time code
//! of the verified answer. Here the person is resolved and signed in, in one
//! transaction with the trace that tells of it.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse as _, Response};

use super::SamlState;
use super::answer::Answer;
use super::start::parameter;
use super::tested::Tried;
use super::trouble::{Known, Trouble};
use crate::directory::policy::LoginPolicy;
use crate::directory::reconcile::{self, Outcome};
use crate::directory::test_logins::Tester;
use crate::directory::traces::{self, LoginTrace, TraceDetails, TraceOutcome};
use crate::directory::{DirectoryError, Refusal, settings};
use crate::domain::{Observation, Reference, Slug, Timestamp, TraceId};
use crate::login::explain::{Explanation, Report};
use crate::login::saml::provider::{Found, SamlProvider};
use crate::login::{linking, testing};
use crate::platform::i18n::Locale;
use crate::platform::storage::{StorageError, Tx};
use crate::platform::web::ClientAddr;
use crate::sessions::in_hand::Held;
use crate::sessions::rows::{self, Begun, SignedIn};
use crate::sessions::sign_in::{self, SignIn, Taking};

/// Longest description of a browser that is kept.
const AGENT: usize = 256;

/// What the browser brings.
#[derive(Clone)]
struct Visit {
    slug: String,
    code: String,
    browser: Option<String>,
    /// The hash of the session that the browser has so far.
    old_session: Option<String>,
    user_agent: String,
    client: IpAddr,
    reference: Reference,
    locale: Locale,
    /// The answer, where it is in hand.
    held: Option<Arc<Held<Answer>>>,
}

/// What the code stands for.
enum Brought {
    /// The answer.
    Answer(Box<Answer>),
    /// What the row of the sign-in kept, to be read as what it is.
    Kept(String),
}

impl Brought {
    fn answer(self) -> Option<Answer> {
        match self {
            Self::Answer(answer) => Some(*answer),
            Self::Kept(text) => serde_json::from_str(&text).ok(),
        }
    }
}

/// How the visit ended.
enum End {
    /// Signed in.
    In { begun: Begun, target: String },
    /// Signed in as before, with one more identity.
    Linked(&'static str),
    /// Tried out: where it is shown.
    Tested(String),
    /// Refused, with the trace written.
    Out(Box<Explanation>),
    /// Something that has no trace yet.
    Trouble(Trouble),
}

/// `GET /saml/{slug}/continue`.
pub async fn finish(
    State(state): State<SamlState>,
    Path(slug): Path<String>,
    RawQuery(query): RawQuery,
    ClientAddr(address): ClientAddr,
    locale: Locale,
    headers: HeaderMap,
) -> Response {
    let code = parameter(&query.unwrap_or_default(), "code").unwrap_or_default();
    let visit = Visit {
        slug: slug.clone(),
        held: state.in_hand.find(&code),
        code,
        browser: state.kit.browser_id(&headers).map(ToOwned::to_owned),
        old_session: state
            .kit
            .cookie(&headers, state.kit.cookies().session)
            .map(crate::sessions::hash),
        user_agent: agent(&headers),
        client: address,
        reference: state.kit.reference(),
        locale,
    };
    let report = Report {
        kit: &state.kit,
        directory: &state.directory,
        locale,
        provider: &slug,
        kind: "saml",
        client: address,
    };
    let reference = visit.reference.clone();
    match run(&state, visit).await {
        Ok(End::In { begun, target }) => welcome(&state, &slug, &begun, &target),
        Ok(End::Linked(target)) => super::acs::redirect(target)
            .unwrap_or_else(|_| axum::response::Redirect::to("/account").into_response()),
        Ok(End::Tested(target)) => super::acs::redirect(&target)
            .unwrap_or_else(|_| axum::response::Redirect::to("/").into_response()),
        Ok(End::Out(explanation)) => report.page(&explanation, reference),
        Ok(End::Trouble(trouble)) => trouble.answer_at(&state, &report, Known::default()).await,
        Err(error) => report.unavailable(&error),
    }
}

fn agent(headers: &HeaderMap) -> String {
    let text = headers
        .get(header::USER_AGENT)
        .and_then(|v| v.to_str().ok())
        .unwrap_or_default();
    text.chars().take(AGENT).collect()
}

fn welcome(state: &SamlState, slug: &str, begun: &Begun, target: &str) -> Response {
    metrics::counter!("doorward_logins_total", "provider" => slug.to_owned(), "outcome" => "success")
        .increment(1);
    let mut response = match super::acs::redirect(target) {
        Ok(response) => response,
        Err(_) => axum::response::Redirect::to("/").into_response(),
    };
    let kit = &state.kit;
    let mut cookies: Vec<HeaderValue> = vec![
        kit.session_cookie(&begun.secret, Some(begun.max_age)),
        kit.signed_out_cookie_removed(),
        kit.converted_cookie_removed(),
    ];
    cookies.extend(Slug::parse(slug).map(|slug| kit.last_provider_cookie(&slug)));
    for cookie in cookies {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

async fn run(state: &SamlState, visit: Visit) -> Result<End, DirectoryError> {
    let (writer, held) = (state.clone(), visit.held.clone());
    let ended = state
        .directory
        .db
        .write(move |tx| {
            let (state, visit) = (writer.clone(), visit.clone());
            Box::pin(async move { visit.end(tx, &state).await })
        })
        .await?;
    if let Some(held) = held {
        state.in_hand.let_go(&held);
    }
    Ok(ended)
}

impl Visit {
    async fn end(&self, tx: &mut Tx, state: &SamlState) -> Result<End, DirectoryError> {
        let now = state.directory.now();
        let Some(slug) = Slug::parse(&self.slug) else {
            return Ok(End::Trouble(Trouble::NoProvider));
        };
        let (sign_in, brought) = match self.take(tx, now).await? {
            Ok(taken) => taken,
            Err(trouble) => return Ok(End::Trouble(trouble)),
        };
        if sign_in.provider != slug {
            return Ok(End::Trouble(Trouble::OtherProvider(sign_in.id)));
        }
        if !sign_in.is_of(self.browser.as_deref()) {
            return Ok(End::Trouble(Trouble::OtherBrowser));
        }
        let is_test = sign_in.test.is_some();
        let found = state
            .registry
            .find_for(tx, &slug, (state.public_url(), now), is_test)
            .await?;
        let provider = match found {
            Found::Ready(provider) => provider,
            Found::None => return Ok(End::Trouble(Trouble::NoProvider)),
            Found::Broken(error) => return Ok(End::Trouble(Trouble::Setup(error))),
        };
        if let Some(tester) = &sign_in.test {
            let tester = (tester, sign_in.browser_hash.as_str());
            return self.test(tx, state, tester, &brought, &provider).await;
        }
        let Some(answer) = brought.answer() else {
            return Ok(End::Trouble(Trouble::UnknownCode));
        };
        let settings = settings::load(tx, &state.defaults).await?;
        let enforce = state.sessions.lifetimes.enforce_validity;
        let policy = LoginPolicy::of(&provider.provider, &settings.allowed_domains, enforce);
        let observation = answer.observation(&provider, &policy);
        if let Some(session) = &sign_in.link {
            let end = self.link(tx, state, session, answer, &observation, &policy);
            return end.await;
        }
        let entropy = &state.directory.entropy;
        match reconcile::login(tx, &observation, &policy, now, entropy).await? {
            Ok(outcome) => {
                let anew = sign_in.anew || provider.settings().force_authn;
                let through = (&provider.provider.slug, anew);
                let begun = self.begin(tx, state, &answer, &outcome, through).await?;
                self.trace_success(tx, state, answer, outcome).await?;
                Ok(End::In {
                    begun,
                    target: sign_in.target,
                })
            }
            Err(refusal) => self.refuse(tx, state, answer, &refusal).await,
        }
    }

    /// Uses up the code.
    async fn take(
        &self,
        tx: &mut Tx,
        now: Timestamp,
    ) -> Result<Result<(SignIn, Brought), Trouble>, StorageError> {
        let Some(held) = &self.held else {
            let taken = sign_in::take(tx, &self.code, now).await?;
            let taken = taken.map(|(sign_in, outcome)| (sign_in, Brought::Kept(outcome)));
            return Ok(taken.ok_or(Trouble::UnknownCode));
        };
        Ok(match sign_in::take_held(tx, held, now).await? {
            Taking::Used(sign_in) => {
                let answer = Box::new(held.answer.clone());
                Ok((*sign_in, Brought::Answer(answer)))
            }
            Taking::Replayed => Err(Trouble::Replayed(
                "The answer was used for a sign-in before.",
            )),
            Taking::Gone => Err(Trouble::UnknownCode),
        })
    }

    /// Shows what would have happened.
    async fn test(
        &self,
        tx: &mut Tx,
        state: &SamlState,
        (wanted, browser_hash): (&Tester, &str),
        brought: &Brought,
        provider: &SamlProvider,
    ) -> Result<End, DirectoryError> {
        // What a test brings is never in hand.
        let tried = match brought {
            Brought::Kept(text) => serde_json::from_str::<Tried>(text).ok(),
            Brought::Answer(_) => None,
        };
        let Some(tried) = tried else {
            return Ok(End::Trouble(Trouble::UnknownCode));
        };
        let report = self.report(state);
        let visit = testing::Visit {
            report: &report,
            reference: self.reference.clone(),
            wanted,
            present: self.old_session.as_deref(),
            browser_hash,
            provider: &provider.provider.slug,
        };
        let ended = tried.finish(tx, state, visit, provider).await?;
        Ok(match ended {
            Ok(target) => End::Tested(target),
            Err(explanation) => End::Out(explanation),
        })
    }

    /// Connects the identity to the account that is signed in.
    async fn link(
        &self,
        tx: &mut Tx,
        state: &SamlState,
        session: &str,
        answer: Answer,
        observation: &Observation,
        policy: &LoginPolicy,
    ) -> Result<End, DirectoryError> {
        let report = self.report(state);
        let visit = linking::Visit {
            report: &report,
            reference: self.reference.clone(),
            wanted: session,
            present: self.old_session.as_deref(),
            details: TraceDetails {
                attributes: answer.attributes,
                document: answer.document,
                ..TraceDetails::default()
            },
        };
        let ended = linking::finish(tx, &state.sessions, visit, observation, policy).await?;
        Ok(match ended {
            Ok(target) => End::Linked(target),
            Err(explanation) => End::Out(explanation),
        })
    }

    fn report<'a>(&'a self, state: &'a SamlState) -> Report<'a> {
        Report {
            kit: &state.kit,
            directory: &state.directory,
            locale: self.locale,
            provider: &self.slug,
            kind: "saml",
            client: self.client,
        }
    }

    async fn begin(
        &self,
        tx: &mut Tx,
        state: &SamlState,
        answer: &Answer,
        outcome: &Outcome,
        (slug, anew): (&Slug, bool),
    ) -> Result<Begun, DirectoryError> {
        let now = state.directory.now();
        if let Some(old) = &self.old_session {
            rows::end_before_next(tx, old).await?;
        }
        let mut signed_in = SignedIn::through(&outcome.user.id, slug, None, now);
        signed_in.issuer = Some(answer.issuer.clone());
        signed_in.subject.clone_from(&answer.subject);
        signed_in.name_id.clone_from(&answer.name_id);
        signed_in.session_index.clone_from(&answer.session_index);
        signed_in.context.clone_from(&answer.context);
        signed_in.prove(answer.proven_at.map(Timestamp), anew);
        signed_in.user_agent.clone_from(&self.user_agent);
        signed_in.address = self.client.to_string();
        let not_after = answer.session_not_after.map(Timestamp);
        let lifetimes = state.sessions.lifetimes;
        let entropy = &state.directory.entropy;
        Ok(rows::begin(tx, &signed_in, lifetimes, not_after, now, entropy).await?)
    }

    async fn trace_success(
        &self,
        tx: &mut Tx,
        state: &SamlState,
        answer: Answer,
        outcome: Outcome,
    ) -> Result<(), DirectoryError> {
        let now = state.directory.now();
        let done = if outcome.created {
            "Signed in; the user was created."
        } else {
            "Signed in."
        };
        let notes = answer.notes.iter().map(String::as_str);
        let summary = std::iter::once(done)
            .chain(notes)
            .collect::<Vec<_>>()
            .join(" ");
        let trace = LoginTrace {
            id: TraceId::new(now, &state.directory.entropy),
            at: now,
            provider: self.slug.clone(),
            kind: "saml".to_owned(),
            outcome: TraceOutcome::Success,
            reference: self.reference.clone(),
            user: Some(outcome.user.id),
            code: "ok".to_owned(),
            details: TraceDetails {
                summary,
                attributes: answer.attributes,
                matched_by: outcome.matched_by,
                changes: outcome.changes,
                document: answer.document,
                ..TraceDetails::default()
            },
        };
        Ok(traces::record(tx, &trace).await?)
    }

    async fn refuse(
        &self,
        tx: &mut Tx,
        state: &SamlState,
        answer: Answer,
        refusal: &Refusal,
    ) -> Result<End, DirectoryError> {
        let report = self.report(state);
        let mut explanation = Explanation::refused(refusal);
        if explanation.details.received.is_empty() {
            explanation.details.received = answer.identifiers();
        }
        explanation.details.document = answer.document;
        explanation.details.attributes = answer.attributes;
        let trace = report.trace(&explanation, self.reference.clone());
        traces::record(tx, &trace).await?;
        Ok(End::Out(Box::new(explanation)))
    }
}
