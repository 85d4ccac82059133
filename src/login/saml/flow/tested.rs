//! The middle of a login that is only tried out: the IdP's answer is verified
//! like any other, and whatever came of it is kept for the browser's own GET,
//! the failures too.

use serde::{Deserialize, Serialize};

use super::SamlState;
use super::answer::Answer;
use super::trouble::{Known, Trouble};
use crate::directory::policy::LoginPolicy;
use crate::directory::test_logins::{Arrived, StepState};
use crate::directory::{DirectoryError, settings};
use crate::domain::Slug;
use crate::login::explain::Explanation;
use crate::login::saml::SamlError;
use crate::login::saml::attribute_map::same_name;
use crate::login::saml::provider::SamlProvider;
use crate::login::saml::response::{Decoded, Verified};
use crate::login::testing::{self, Findings, Visit, step};
use crate::platform::storage::Tx;
use crate::sessions::sign_in::{self, SignIn};

/// What is checked of an answer, in the order in which it is shown.
const STEPS: [&str; 13] = [
    "answer",
    "readable",
    "status",
    "decryption",
    "signature",
    "issuer",
    "audience",
    "recipient",
    "request",
    "time",
    "subject",
    "replay",
    "attributes",
];

/// What came of an answer, on its way to the browser that asked.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Tried {
    findings: Findings,
    answer: Option<Answer>,
}

/// Takes the answer to a test: the code of the second hop.
pub(super) async fn take(
    state: &SamlState,
    decoded: Decoded,
    provider: &std::sync::Arc<SamlProvider>,
    sign_in: &SignIn,
    known: &mut Known,
) -> Result<String, Trouble> {
    let encrypted = decoded.is_encrypted();
    let verified = super::acs::verify(state, decoded, provider, sign_in, known).await;
    let (tried, verified) = match verified {
        Ok(verified) => (read(&verified, provider, encrypted, known), Some(verified)),
        Err(Trouble::Verify(error)) => {
            let at = step_of(&error);
            let explanation = Trouble::Verify(error).explain(known);
            (broken(at, encrypted, explanation, known), None)
        }
        Err(other) => return Err(other),
    };
    keep(state, &provider.provider.slug, sign_in, verified, tried).await
}

/// A verified answer, with its attributes.
fn read(verified: &Verified, provider: &SamlProvider, encrypted: bool, known: &mut Known) -> Tried {
    let mut findings = Findings {
        arrived: arrived(verified, provider),
        document: known.document.clone(),
        ..Findings::default()
    };
    for name in STEPS {
        let detail = match name {
            "decryption" if !encrypted => continue,
            "issuer" => provider.metadata.entity_id.as_str(),
            "audience" => provider.urls.entity_id.as_str(),
            "recipient" => provider.urls.acs.as_str(),
            "subject" => verified.name_id.as_ref().map_or("", |id| id.value.as_str()),
            _ => "",
        };
        findings.passed(name, detail);
    }
    match Answer::of(verified, provider) {
        Ok(answer) => {
            findings.notes.clone_from(&answer.notes);
            Tried {
                findings,
                answer: Some(answer),
            }
        }
        Err(error) => {
            findings.steps.pop();
            findings.failed_at("attributes", &STEPS);
            findings.failure = Some(Trouble::Attributes(error).explain(known).into());
            Tried {
                findings,
                answer: None,
            }
        }
    }
}

/// An answer that did not verify. Only what is known to have been checked has
/// its tick.
fn broken(at: &str, encrypted: bool, why: Explanation, known: &Known) -> Tried {
    let place = |name: &str| STEPS.iter().position(|step| *step == name);
    let is_meaning = place(at) > place("signature");
    let mut findings = Findings {
        document: known.document.clone(),
        failure: Some(why.into()),
        ..Findings::default()
    };
    for name in STEPS {
        let state = match name {
            _ if name == at => StepState::Failed,
            "decryption" if !encrypted => continue,
            "answer" | "readable" => StepState::Passed,
            "status" | "signature" if is_meaning && !encrypted => StepState::Passed,
            _ => StepState::Skipped,
        };
        findings.steps.push(step(name, state, ""));
    }
    Tried {
        findings,
        answer: None,
    }
}

/// The step that an error belongs to.
const fn step_of(error: &SamlError) -> &'static str {
    match error {
        SamlError::Status(_) => "status",
        SamlError::EncryptedAssertionUnsupported
        | SamlError::Encryption(_)
        | SamlError::Decryption
        | SamlError::NotEncrypted => "decryption",
        SamlError::SignatureMissing | SamlError::Signature { .. } => "signature",
        SamlError::IssuerMissing { .. } | SamlError::IssuerMismatch { .. } => "issuer",
        SamlError::AudienceMissing { .. }
        | SamlError::AudienceMismatch { .. }
        | SamlError::ConditionsMissing
        | SamlError::ConditionUnknown { .. } => "audience",
        SamlError::DestinationMissing { .. }
        | SamlError::DestinationMismatch { .. }
        | SamlError::RecipientMissing { .. }
        | SamlError::RecipientMismatch { .. } => "recipient",
        SamlError::InResponseToMissing { .. } | SamlError::InResponseToMismatch { .. } => "request",
        SamlError::TimeInvalid { .. }
        | SamlError::IssueInstantPast { .. }
        | SamlError::IssueInstantFuture { .. }
        | SamlError::AuthnInstantFuture { .. }
        | SamlError::Expired { .. }
        | SamlError::NotYetValid { .. } => "time",
        SamlError::SubjectMissing
        | SamlError::SubjectUnsupported
        | SamlError::NameIdInvalid { .. }
        | SamlError::NotBearer { .. }
        | SamlError::ConfirmationUnbounded
        | SamlError::ConfirmationNotBefore
        | SamlError::AuthnStatementMissing
        | SamlError::AuthnContextMismatch { .. }
        | SamlError::AuthnNotFresh { .. } => "subject",
        _ => "readable",
    }
}

/// The attributes, each with the fields that it fills.
fn arrived(verified: &Verified, provider: &SamlProvider) -> Vec<Arrived> {
    let pairs = verified
        .attributes
        .iter()
        .map(|a| (a.name.as_str(), a.values.as_slice()));
    let mapped = provider.attributes.map(pairs).unwrap_or_default();
    let fields = |name: &str| {
        let filled = mapped.sources.iter().filter(|(_, source)| {
            let mut tried = source.split(", ");
            tried.any(|tried| same_name(tried, name))
        });
        filled.map(|(target, _)| target.to_string()).collect()
    };
    let subject = verified.name_id.iter().map(|id| Arrived {
        name: "NameID".to_owned(),
        values: vec![id.value.clone()],
        fields: vec!["external_id".to_owned()],
    });
    let attributes = super::answer::attributes(verified).into_iter();
    let attributes = attributes.map(|(name, values)| Arrived {
        fields: fields(&name),
        name,
        values,
    });
    subject.chain(attributes).collect()
}

/// Keeps what came of it, once: a good assertion is remembered, and the request
/// counts as answered.
async fn keep(
    state: &SamlState,
    slug: &Slug,
    sign_in: &SignIn,
    verified: Option<Verified>,
    tried: Tried,
) -> Result<String, Trouble> {
    let json =
        |tried: &Tried| serde_json::to_string(tried).map_err(|e| Trouble::Internal(e.to_string()));
    let (good, replayed) = (json(&tried)?, json(&replayed(tried))?);
    let code = state.directory.entropy.base64url::<32>();
    let (slug, id, kept) = (slug.clone(), sign_in.id.clone(), code.clone());
    let assertion = verified.map(|verified| (verified.assertion_id, verified.replay_until));
    let kept = state.directory.db.write(move |tx| {
        let (slug, id, code) = (slug.clone(), id.clone(), kept.clone());
        let (good, replayed, assertion) = (good.clone(), replayed.clone(), assertion.clone());
        Box::pin(async move {
            let new = match assertion {
                Some((assertion, until)) => sign_in::remember(tx, &slug, &assertion, until).await?,
                None => true,
            };
            let outcome = if new { good } else { replayed };
            Ok::<_, DirectoryError>(sign_in::answer(tx, &id, &code, &outcome).await?)
        })
    });
    if kept.await.map_err(Trouble::Directory)? {
        Ok(code)
    } else {
        Err(Trouble::Replayed(
            "The sign-in was answered before; of two answers the first counts.",
        ))
    }
}

/// The same for an assertion that was seen before.
fn replayed(tried: Tried) -> Tried {
    let why = Trouble::Replayed("The answer was used for a sign-in before.");
    let mut findings = tried.findings;
    findings.steps.retain(|step| step.name != "attributes");
    for step in &mut findings.steps {
        if step.name == "replay" {
            step.state = StepState::Failed;
        }
    }
    findings.failure = Some(why.explain(&Known::default()).into());
    Tried {
        findings,
        answer: None,
    }
}

impl Tried {
    /// Works out what would have happened, and says where it is shown.
    pub(super) async fn finish(
        mut self,
        tx: &mut Tx,
        state: &SamlState,
        visit: Visit<'_>,
        provider: &SamlProvider,
    ) -> Result<Result<String, Box<Explanation>>, DirectoryError> {
        let settings = settings::load(tx, &state.defaults).await?;
        let enforce = state.sessions.lifetimes.enforce_validity;
        let policy = LoginPolicy::of(&provider.provider, &settings.allowed_domains, enforce);
        // The browser was compared before.
        self.findings
            .steps
            .insert(1, step("browser", StepState::Passed, ""));
        let observation = self
            .answer
            .map(|answer| answer.observation(provider, &policy));
        let person = observation
            .as_ref()
            .map(|observation| (observation, &policy));
        testing::finish(tx, &state.sessions, visit, self.findings, person).await
    }
}
