//! Everything that can keep a SAML login from succeeding, each explained.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::http::StatusCode;
use axum::response::Response;

use super::SamlState;
use crate::directory::DirectoryError;
use crate::directory::error::Refusal;
use crate::directory::traces::{Side, TraceDocument, TraceOutcome};
use crate::domain::Field;
use crate::login::explain::{Explanation, Report};
use crate::login::saml::attribute_map::{AttributeError, Target};
use crate::login::saml::error::SamlError;
use crate::login::saml::provider::{SamlProvider, SetupError};
use crate::login::saml::vendor::Setting;
use crate::login::saml::words::{self, Cause, Place};
use crate::platform::web::Message;
use crate::platform::xml::signature::SignatureError;

/// What is known of an attempt by the time it fails.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// The provider, made ready.
    pub provider: Option<Arc<SamlProvider>>,
    /// The message that came, redacted.
    pub document: Option<TraceDocument>,
    /// The attributes of a message that verified.
    pub attributes: BTreeMap<String, Vec<String>>,
}

/// What kept a login from succeeding.
#[derive(Debug)]
pub(super) enum Trouble {
    /// There is no provider of this name, or it is switched off.
    NoProvider,
    /// The provider cannot be used.
    Setup(SetupError),
    /// The IdP's metadata names no address to send people to.
    NoEndpoint,
    /// The form that was posted is none that an IdP sends.
    Form(&'static str),
    /// It says that it is of another type than forms have.
    FormType(String),
    /// It is larger than any answer may be.
    FormTooLarge,
    /// A start at the IdP's side, without the RelayState that converts it.
    Unsolicited { relay_state: Option<String> },
    /// `InResponseTo` names no sign-in that is under way.
    UnknownRequest(String),
    /// `InResponseTo` names a sign-in through another provider.
    OtherProvider(String),
    /// The sign-in was answered before, or the assertion was seen before.
    Replayed(&'static str),
    /// The sign-in was begun in another browser.
    OtherBrowser,
    /// The one-time code of the second hop names nothing.
    UnknownCode,
    /// The response did not verify.
    Verify(SamlError),
    /// The attributes contradict each other or cannot be what they should.
    Attributes(AttributeError),
    /// A decision of ours.
    Refused(Refusal),
    /// Something that was explained already.
    Explained(Box<Explanation>),
    /// The database, or the directory.
    Directory(DirectoryError),
    /// A fault of ours.
    Internal(String),
}

impl Known {
    /// Where the settings are that may have to change.
    fn place(&self) -> Place {
        self.provider
            .as_deref()
            .map_or_else(Place::unknown, Place::of)
    }
}

impl Trouble {
    /// The page, after the trace has been written.
    pub(super) async fn answer(self, report: &Report<'_>, known: Known) -> Response {
        match self {
            Self::Directory(error) => report.unavailable(&error),
            // Not an attempt to sign in: nothing for the traces.
            Self::NoProvider => {
                let failure = report
                    .kit
                    .failure(Message::ProviderUnknown, "saml.unknown_provider");
                report
                    .kit
                    .failure_page(report.locale, failure.with_retry("/login"))
            }
            trouble => {
                let mut explanation = trouble.explain(&known);
                explanation.details.attributes = known.attributes;
                report.answer(explanation.documented(known.document)).await
            }
        }
    }

    /// The same where the provider may not be known yet. Only providers that
    /// there are leave traces: anybody can name others.
    pub(super) async fn answer_at(
        self,
        state: &SamlState,
        report: &Report<'_>,
        mut known: Known,
    ) -> Response {
        let told = matches!(
            self,
            Self::NoProvider | Self::Setup(_) | Self::Directory(_) | Self::NoEndpoint
        );
        if known.provider.is_none() && !told {
            match super::start::find(state, report.provider).await {
                Ok(provider) => known.provider = Some(provider),
                Err(Self::NoProvider) => return self.page(report),
                Err(other) => return other.answer(report, known).await,
            }
        }
        self.answer(report, known).await
    }

    /// The page alone, for what reached nobody.
    pub(super) fn page(self, report: &Report<'_>) -> Response {
        let explanation = self.explain(&Known::default());
        let failure = report.kit.failure(explanation.message, explanation.code);
        let failure = failure
            .with_status(explanation.status)
            .with_detail(explanation.details.summary)
            .with_retry("/login");
        report.kit.failure_page(report.locale, failure)
    }

    /// What is said of it.
    pub(super) fn explain(self, known: &Known) -> Explanation {
        match self {
            Self::Verify(error) => verify(&error, known),
            Self::Explained(explanation) => *explanation,
            Self::Refused(Refusal::NoAddress) => no_address(known),
            Self::Refused(refusal) => Explanation::refused(&refusal),
            Self::Attributes(error) => {
                let mut explanation =
                    Explanation::failed(error.code(), Message::NotVerified, error.to_string());
                explanation.outcome = TraceOutcome::Refused;
                explanation
                    .compared(None, error.received())
                    .remedied(Side::Idp, error.remedy())
            }
            Self::Setup(error) => Explanation::failed(
                error.code,
                Message::ProviderMisconfigured,
                format!("The provider cannot be used: {error}"),
            )
            .remedied(
                Side::Gateway,
                format!(
                    "Correct {} of the provider. `doorward check` names everything that is wrong with it.",
                    error.field
                ),
            ),
            Self::NoEndpoint => Explanation::failed(
                "saml.no_sso_endpoint",
                Message::ProviderMisconfigured,
                "The IdP's metadata names no address to send people to (no SingleSignOnService for HTTP-Redirect or HTTP-POST).",
            )
            .remedied(
                Side::Idp,
                "Take the IdP's current metadata, as its console offers it, and apply it to the provider.",
            ),
            Self::Form(what) => {
                let mut explanation =
                    Explanation::failed("saml.form_invalid", Message::Malformed, what);
                explanation.status = StatusCode::BAD_REQUEST;
                explanation.remedied(
                    Side::Idp,
                    "If it happens at every sign-in: let the IdP answer with the HTTP-POST binding. A single one is a stranger's, or was damaged on the way.",
                )
            }
            Self::FormType(kind) => {
                const FORM: &str = "application/x-www-form-urlencoded";
                let mut explanation = Explanation::failed(
                    "saml.form_type",
                    Message::Malformed,
                    "What was posted is no form.",
                );
                explanation.status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
                explanation
                    .compared(Some(FORM.to_owned()), vec![kind])
                    .remedied(
                        Side::Idp,
                        "Let the IdP answer with the HTTP-POST binding. A single one is a stranger's.",
                    )
            }
            Self::FormTooLarge => {
                Explanation::failed(
                    "saml.form_too_large",
                    Message::TooLarge,
                    "The IdP's answer is larger than any may be (256 KiB), and was not read.",
                )
                .remedied(
                    Side::Idp,
                    format!(
                        "Let the IdP send fewer attributes, above all fewer groups. {}.",
                        known.place().at(Setting::Attributes)
                    ),
                )
            }
            other => other.explain_browser(known),
        }
    }

    fn explain_browser(self, known: &Known) -> Explanation {
        match self {
            Self::Unsolicited { relay_state } => unsolicited(relay_state, known),
            Self::UnknownRequest(id) => start_again(
                "saml.in_response_to_unknown",
                "The answer belongs to no sign-in that is under way: that one began more than 30 minutes ago, or was answered before, or did not begin here.",
            )
            .compared(None, vec![id])
            .remedied(
                Side::User,
                "Let the person start again at this gateway's sign-in page, not from a bookmark of the IdP's page or with the back button.",
            ),
            Self::OtherProvider(id) => start_again(
                "saml.other_provider",
                "The answer arrived at another provider's address than the one at which its sign-in began.",
            )
            .compared(None, vec![id])
            .remedied(
                Side::Idp,
                "Two applications at the IdP, or two IdPs, are set to the same address: give each the ACS URL of its own provider.",
            ),
            Self::Replayed(what) => already_used("saml.replay", what).remedied(
                Side::User,
                "Nothing to set: the person loaded the page again or went back, and may be signed in already; else they start again. If nobody did, somebody has got hold of an old answer; it opened nothing.",
            ),
            Self::OtherBrowser => start_again(
                "saml.other_browser",
                "The sign-in began in another browser than the one that brought the answer, or this browser did not keep the cookie of the start.",
            )
            .remedied(
                Side::User,
                "Let the person start and finish in one browser window, with cookies allowed for this site. If it happens to everybody, a proxy removes cookies, or people reach this gateway under two names.",
            ),
            Self::UnknownCode => already_used(
                "saml.code_unknown",
                "The last page of a sign-in was loaded again after it was through, or its address was kept.",
            )
            .remedied(
                Side::User,
                "Nothing to set: the person starts again if they are not signed in.",
            ),
            Self::Internal(text) => {
                Explanation::failed("unexpected", Message::Unexpected, text)
            }
            _ => Explanation::failed("unexpected", Message::Unexpected, "unexpected"),
        }
    }
}

fn start_again(code: &'static str, summary: &str) -> Explanation {
    Explanation::failed(code, Message::StartAgain, summary)
}

fn already_used(code: &'static str, summary: &str) -> Explanation {
    Explanation::failed(code, Message::AlreadyUsed, summary)
}

fn unsolicited(relay_state: Option<String>, known: &Known) -> Explanation {
    let place = known.place();
    Explanation::failed(
        "saml.unsolicited",
        Message::UnsolicitedStart,
        "The sign-in was started at the IdP, for example from its app overview. Such answers are not taken as they are, since a stolen one looks the same.",
    )
    .compared(
        Some(super::relay::INITIATE.to_owned()),
        relay_state.into_iter().collect(),
    )
    .remedied(
        Side::Idp,
        format!(
            "{}: enter {}. The gateway then starts a sign-in of its own.",
            place.at(Setting::RelayState),
            super::relay::INITIATE
        ),
    )
}

fn verify(error: &SamlError, known: &Known) -> Explanation {
    let words = words::explain(error, &known.place());
    let mut explanation = Explanation::failed(error.code(), message(error), words.summary)
        .compared(error.expected(), error.received())
        .remedied(words.side.into(), words.remedy);
    explanation.status = StatusCode::FORBIDDEN;
    explanation
}

/// What the person reads.
fn message(error: &SamlError) -> Message {
    match error {
        SamlError::Status(refusal) => match Cause::of(refusal) {
            Cause::NotAssigned => Message::ProviderRefused,
            Cause::NotAuthenticated => Message::Declined,
            Cause::Fault => Message::ProviderFailed,
            Cause::NameId | Cause::Context | Cause::Unsigned | Cause::Request => {
                Message::ProviderMisconfigured
            }
        },
        SamlError::IssueInstantPast { .. }
        | SamlError::IssueInstantFuture { .. }
        | SamlError::AuthnInstantFuture { .. }
        | SamlError::NotYetValid { .. }
        | SamlError::Expired { .. } => Message::WrongTime,
        // Trying again changes nothing about these.
        SamlError::IssuerMismatch { .. }
        | SamlError::DestinationMismatch { .. }
        | SamlError::RecipientMismatch { .. }
        | SamlError::AudienceMismatch { .. }
        | SamlError::SignatureMissing
        | SamlError::NotEncrypted
        | SamlError::AuthnContextMismatch { .. }
        | SamlError::AuthnNotFresh { .. }
        | SamlError::EncryptedAssertionUnsupported
        | SamlError::Encryption(_)
        | SamlError::Decryption
        | SamlError::Signature {
            error:
                SignatureError::Invalid { .. }
                | SignatureError::NoKey
                | SignatureError::KeyKind
                | SignatureError::Sha1 { .. }
                | SignatureError::Algorithm { .. },
            ..
        } => Message::ProviderMisconfigured,
        _ => Message::NotVerified,
    }
}

/// A login without an e-mail address: says which names were tried and which
/// attributes came.
fn no_address(known: &Known) -> Explanation {
    let explanation = Explanation::refused(&Refusal::NoAddress);
    let Some(provider) = &known.provider else {
        return explanation;
    };
    let present: Vec<String> = known.attributes.keys().cloned().collect();
    let target = Target::Field(Field::Email);
    let tried = provider.attributes.tried(target).join(", ");
    let mut explanation = explanation.compared(Some(tried), present.clone());
    explanation.details.summary = format!(
        "The IdP sent no e-mail address of the person. {}",
        provider.attributes.explain(target, &present)
    );
    let place = Place::of(provider);
    explanation.remedied(
        Side::Idp,
        format!(
            "{}: add the e-mail address under one of these names. Or, where the address comes under \
             another name, enter that name in attributes.email of the provider {:?}. If others sign in, \
             only this person's record lacks the address.",
            place.at(Setting::Attributes),
            place.slug
        ),
    )
}
