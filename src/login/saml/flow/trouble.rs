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
use crate::platform::web::Message;

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
    /// The database, or the directory.
    Directory(DirectoryError),
    /// A fault of ours.
    Internal(String),
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
    fn explain(self, known: &Known) -> Explanation {
        match self {
            Self::Verify(error) => verify(&error),
            Self::Refused(Refusal::NoAddress) => no_address(known),
            Self::Refused(refusal) => Explanation::refused(&refusal),
            Self::Attributes(error) => {
                let mut explanation =
                    Explanation::failed(error.code(), Message::NotVerified, error.to_string());
                explanation.outcome = TraceOutcome::Refused;
                explanation.remedied(
                    Side::Idp,
                    "Let the IdP send one value for this attribute, in the form that the field needs, or name another attribute in the provider's attribute map.",
                )
            }
            Self::Setup(error) => Explanation::failed(
                error.code,
                Message::ProviderMisconfigured,
                error.to_string(),
            )
            .remedied(Side::Gateway, "Correct this setting of the provider."),
            Self::NoEndpoint => Explanation::failed(
                "saml.no_sso_endpoint",
                Message::ProviderMisconfigured,
                "the IdP's metadata names no sign-in address for HTTP-Redirect or HTTP-POST",
            )
            .remedied(
                Side::Idp,
                "Take the IdP's metadata anew, with its SingleSignOnService.",
            ),
            Self::Form(what) => {
                let mut explanation =
                    Explanation::failed("saml.form_invalid", Message::Malformed, what);
                explanation.status = StatusCode::BAD_REQUEST;
                explanation.remedied(Side::Idp, "Let the IdP answer with the HTTP-POST binding.")
            }
            other => other.explain_browser(),
        }
    }

    fn explain_browser(self) -> Explanation {
        match self {
            Self::Unsolicited { relay_state } => Explanation::failed(
                "saml.unsolicited",
                Message::UnsolicitedStart,
                "the login was started at the IdP, and IdP-initiated logins are not taken as they are: nobody could tell them from a stolen answer",
            )
            .compared(
                Some(super::relay::INITIATE.to_owned()),
                relay_state.into_iter().collect(),
            )
            .remedied(
                Side::Idp,
                "Set the default RelayState of the application at the IdP to initiate-sp-login: the gateway then starts the login itself.",
            ),
            Self::UnknownRequest(id) => start_again(
                "saml.in_response_to_unknown",
                "the answer names a request that is not under way: it is older than 30 minutes, was answered before, or is not ours",
            )
            .compared(None, vec![id]),
            Self::OtherProvider(id) => {
                start_again("saml.other_provider", "the answer names a request that went to another provider")
                    .compared(None, vec![id])
            }
            Self::Replayed(what) => start_again("saml.replay", what),
            Self::OtherBrowser => start_again(
                "saml.other_browser",
                "the sign-in was begun in another browser, or this browser did not keep the cookie of its start",
            ),
            Self::UnknownCode => start_again(
                "saml.code_unknown",
                "the page was reloaded after the sign-in was through, or its address was kept",
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
        .remedied(Side::User, "Start the sign-in again, in one browser.")
}

fn verify(error: &SamlError) -> Explanation {
    let message = match error.code() {
        "saml.status_denied" => Message::ProviderRefused,
        _ => Message::NotVerified,
    };
    let mut explanation = Explanation::failed(error.code(), message, error.to_string())
        .compared(error.expected(), error.received());
    explanation.details.side = Side::parse(error.side().as_str());
    explanation
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
        "the login carried no e-mail address. {}",
        provider.attributes.explain(target, &present)
    );
    explanation
}
