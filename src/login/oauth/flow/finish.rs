//! The end of a sign-in: the person is resolved and signed in, in one
//! transaction with the trace that tells of it.

use std::net::IpAddr;
use std::sync::Arc;

use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse as _, Response};

use super::OauthState;
use super::callback::Begun;
use super::leave;
use super::person::Person;
use super::trouble::{Trouble, refused};
use crate::directory::policy::LoginPolicy;
use crate::directory::reconcile::{self, Outcome};
use crate::directory::traces::{self, LoginTrace, TraceDetails, TraceOutcome};
use crate::directory::{DirectoryError, Refusal, settings};
use crate::domain::{Observation, Reference, Slug, TraceId, UserId};
use crate::login::explain::{Explanation, Report};
use crate::login::linking;
use crate::login::oauth::provider::{Found, OauthProvider};
use crate::platform::i18n::Locale;
use crate::platform::storage::Tx;
use crate::sessions::rows::{self, SignedIn};
use crate::sessions::sign_in::SignIn;

/// Longest description of a browser that is kept.
const AGENT: usize = 256;

/// What the browser brings, and what the provider says of its person.
#[derive(Clone)]
pub(super) struct Visit {
    slug: Slug,
    sign_in: SignIn,
    pub person: Arc<Person>,
    /// The provider that was asked.
    pub provider: Arc<OauthProvider>,
    /// The hash of the session that the browser has so far.
    old_session: Option<String>,
    user_agent: String,
    client: IpAddr,
    pub reference: Reference,
    locale: Locale,
}

/// How the visit ended.
pub(super) enum End {
    /// Signed in.
    In { begun: rows::Begun, user: UserId },
    /// Signed in as before, with one more identity.
    Linked(&'static str),
    /// Refused, with the trace written.
    Out(Box<Explanation>),
    /// Something that has no trace yet.
    Trouble(Trouble),
}

impl Visit {
    pub fn of(
        state: &OauthState,
        (client, locale): (IpAddr, Locale),
        headers: &HeaderMap,
        begun: Begun,
        person: Person,
    ) -> Self {
        let agent = headers.get(header::USER_AGENT);
        let agent = agent.and_then(|v| v.to_str().ok()).unwrap_or_default();
        let kit = &state.kit;
        let session = kit.cookie(headers, kit.cookies().session);
        Self {
            slug: begun.provider.provider.slug.clone(),
            provider: begun.provider,
            sign_in: begun.sign_in,
            person: Arc::new(person),
            old_session: session.map(crate::sessions::hash),
            user_agent: agent.chars().take(AGENT).collect(),
            client,
            reference: kit.reference(),
            locale,
        }
    }
}

/// Signs the person in.
pub(super) async fn finish(state: &OauthState, visit: Visit) -> Result<End, DirectoryError> {
    let writer = state.clone();
    state
        .directory
        .db
        .write(move |tx| {
            let (state, visit) = (writer.clone(), visit.clone());
            Box::pin(async move { visit.end(tx, &state).await })
        })
        .await
}

/// `303` to an address of ours or one that was found safe.
pub(super) fn see_other(target: &str) -> Response {
    let no_store = (header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    ([no_store], axum::response::Redirect::to(target)).into_response()
}

pub(super) fn welcome(state: &OauthState, visit: &Visit, begun: &rows::Begun) -> Response {
    metrics::counter!("doorward_logins_total", "provider" => visit.slug.to_string(),
        "outcome" => "success")
    .increment(1);
    let mut response = see_other(&visit.sign_in.target);
    let kit = &state.kit;
    for cookie in [
        kit.session_cookie(&begun.secret, Some(begun.max_age)),
        kit.signed_out_cookie_removed(),
        kit.last_provider_cookie(&visit.slug),
    ] {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

impl Visit {
    async fn end(&self, tx: &mut Tx, state: &OauthState) -> Result<End, DirectoryError> {
        // As it stands now: it may have been switched off since the code came.
        let provider = match state.registry.find(tx, &self.slug).await? {
            Found::Ready(provider) => provider,
            Found::None => return Ok(End::Trouble(Trouble::NoProvider)),
            Found::Broken(error) => return Ok(End::Trouble(Trouble::Setup(error))),
        };
        let settings = settings::load(tx, &state.defaults).await?;
        let enforce = state.sessions.lifetimes.enforce_validity;
        let policy = LoginPolicy::of(&provider.provider, &settings.allowed_domains, enforce);
        let observation = self.person.observation(&provider, &policy);
        if let Some(session) = &self.sign_in.link {
            let end = self.link(tx, state, session, &observation, &policy);
            return end.await;
        }
        let (now, entropy) = (state.directory.now(), &state.directory.entropy);
        match reconcile::login(tx, &observation, &policy, now, entropy).await? {
            Ok(outcome) => {
                let begun = self.begin(tx, state, &outcome).await?;
                self.trace_success(tx, state, &outcome).await?;
                Ok(End::In {
                    begun,
                    user: outcome.user.id,
                })
            }
            Err(refusal) => self.refuse(tx, state, &provider, &refusal).await,
        }
    }

    fn details(&self) -> TraceDetails {
        TraceDetails {
            attributes: self.person.attributes.clone(),
            document: self.person.document(),
            ..TraceDetails::default()
        }
    }

    fn report<'a>(&'a self, state: &'a OauthState) -> Report<'a> {
        Report {
            kit: &state.kit,
            directory: &state.directory,
            locale: self.locale,
            provider: self.slug.as_str(),
            kind: "oauth",
            client: self.client,
        }
    }

    /// Connects the identity to the account that is signed in.
    async fn link(
        &self,
        tx: &mut Tx,
        state: &OauthState,
        session: &str,
        observation: &Observation,
        policy: &LoginPolicy,
    ) -> Result<End, DirectoryError> {
        let report = self.report(state);
        let visit = linking::Visit {
            report: &report,
            reference: self.reference.clone(),
            wanted: session,
            present: self.old_session.as_deref(),
            details: self.details(),
        };
        let ended = linking::finish(tx, &state.sessions, visit, observation, policy).await?;
        Ok(match ended {
            Ok(target) => End::Linked(target),
            Err(explanation) => End::Out(explanation),
        })
    }

    async fn begin(
        &self,
        tx: &mut Tx,
        state: &OauthState,
        outcome: &Outcome,
    ) -> Result<rows::Begun, DirectoryError> {
        let now = state.directory.now();
        if let Some(old) = &self.old_session {
            rows::end_before_next(tx, old).await?;
        }
        let mut signed_in = SignedIn::through(&outcome.user.id, &self.slug, None, now);
        signed_in.issuer = Some(self.person.issuer.clone());
        signed_in.subject = Some(self.person.subject.clone());
        signed_in
            .session_index
            .clone_from(&self.person.session_index);
        signed_in.context.clone_from(&self.person.context);
        signed_in.amr.clone_from(&self.person.amr);
        signed_in.prove(self.person.proven_at, self.sign_in.anew);
        signed_in.user_agent.clone_from(&self.user_agent);
        signed_in.address = self.client.to_string();
        let lifetimes = state.sessions.lifetimes;
        let entropy = &state.directory.entropy;
        let begun = rows::begin(tx, &signed_in, lifetimes, None, now, entropy).await?;
        if let Some(token) = &self.person.id_token {
            leave::keep(tx, state, &crate::sessions::hash(&begun.secret), token, now).await?;
        }
        Ok(begun)
    }

    async fn trace_success(
        &self,
        tx: &mut Tx,
        state: &OauthState,
        outcome: &Outcome,
    ) -> Result<(), DirectoryError> {
        let now = state.directory.now();
        let done = if outcome.created {
            "Signed in; the user was created."
        } else {
            "Signed in."
        };
        let notes = self.person.notes.iter().map(String::as_str);
        let sentences: Vec<&str> = std::iter::once(done).chain(notes).collect();
        let trace = LoginTrace {
            id: TraceId::new(now, &state.directory.entropy),
            at: now,
            provider: self.slug.to_string(),
            kind: "oauth".to_owned(),
            outcome: TraceOutcome::Success,
            reference: self.reference.clone(),
            user: Some(outcome.user.id.clone()),
            code: "ok".to_owned(),
            details: TraceDetails {
                summary: sentences.join(" "),
                matched_by: outcome.matched_by,
                changes: outcome.changes.clone(),
                ..self.details()
            },
        };
        Ok(traces::record(tx, &trace).await?)
    }

    async fn refuse(
        &self,
        tx: &mut Tx,
        state: &OauthState,
        provider: &OauthProvider,
        refusal: &Refusal,
    ) -> Result<End, DirectoryError> {
        let explanation = refused(provider, &self.person, refusal);
        let trace = self
            .report(state)
            .trace(&explanation, self.reference.clone());
        traces::record(tx, &trace).await?;
        Ok(End::Out(Box::new(explanation)))
    }
}
