//! Everything that can keep an OAuth login from succeeding, each explained.

use axum::http::StatusCode;
use axum::response::Response;

use super::person::Person;
use crate::directory::DirectoryError;
use crate::directory::error::Refusal;
use crate::directory::traces::{Side, TraceOutcome};
use crate::domain::provider::ProviderKind;
use crate::login::explain::{Explanation, Report};
use crate::login::oauth::id_token::TokenError;
use crate::login::oauth::provider::OauthProvider;
use crate::login::oauth::upstream::UpstreamError;
use crate::login::setup::SetupError;
use crate::platform::web::Message;

/// What kept a login from succeeding.
#[derive(Debug)]
pub(super) enum Trouble {
    /// There is no provider of this name, or it is switched off.
    NoProvider,
    /// The provider cannot be used.
    Setup(SetupError),
    /// The answer is none that a provider gives.
    Malformed(&'static str),
    /// The answer names no sign-in that is under way.
    UnknownState,
    /// It names a sign-in through another provider.
    OtherProvider,
    /// The sign-in was begun in another browser.
    OtherBrowser,
    /// The answer is an error (RFC 6749 §4.1.2.1).
    Declined { error: String, description: String },
    /// The answer is another issuer's (RFC 9207).
    OtherIssuer {
        expected: String,
        received: Option<String>,
    },
    /// The provider does not answer as it should.
    Upstream(UpstreamError),
    /// The provider took too long.
    Late,
    /// The token answer lacks an ID token.
    NoIdToken,
    /// The ID token is none that signs anybody in.
    Token(TokenError),
    /// Userinfo speaks of somebody else (OpenID Connect Core §5.3.2).
    OtherSubject {
        expected: String,
        received: Option<String>,
    },
    /// No claim identifies the person.
    NoSubject { tried: Vec<String> },
    /// The person is of another organization than the one that may come in.
    OtherOrganization {
        claim: &'static str,
        expected: String,
        received: Option<String>,
    },
    /// Something that was explained already.
    Explained(Box<Explanation>),
    /// The database, or the directory.
    Directory(DirectoryError),
    /// A fault of ours.
    Internal(String),
}

impl Trouble {
    /// The page, after the trace has been written.
    pub(super) async fn answer(self, report: &Report<'_>) -> Response {
        let kind = match &self {
            Self::Upstream(error) if error.is_discovery() => "discovery",
            _ => report.kind,
        };
        match self {
            Self::Directory(error) => report.unavailable(&error),
            // Not an attempt to sign in: nothing for the traces.
            Self::NoProvider => {
                let failure = report
                    .kit
                    .failure(Message::ProviderUnknown, "oauth.unknown_provider");
                report
                    .kit
                    .failure_page(report.locale, failure.with_retry("/login"))
            }
            trouble => {
                let report = Report { kind, ..*report };
                report.answer(trouble.explain()).await
            }
        }
    }

    /// What is said of it.
    pub(super) fn explain(self) -> Explanation {
        match self {
            Self::Explained(explanation) => *explanation,
            Self::Setup(error) => Explanation::failed(
                error.code,
                Message::ProviderMisconfigured,
                sentence(&error.to_string()),
            )
            .remedied(Side::Gateway, "Correct this setting of the provider."),
            Self::Malformed(what) => {
                let mut explanation =
                    Explanation::failed("oauth.answer_malformed", Message::Malformed, what);
                explanation.status = StatusCode::BAD_REQUEST;
                explanation.remedied(
                    Side::Idp,
                    "Let the provider answer with the query parameters of RFC 6749 §4.1.2.",
                )
            }
            Self::Declined { error, description } => declined(&error, &description),
            Self::Upstream(error) => upstream(&error),
            Self::Token(error) => token(&error),
            Self::OtherOrganization {
                claim,
                expected,
                received,
            } => {
                let mut explanation = Explanation::failed(
                    "oauth.organization_not_allowed",
                    Message::DomainNotAllowed,
                    format!("The person is of another organization ({claim}) than the one that this provider lets in."),
                )
                .compared(Some(expected), received.into_iter().collect())
                .remedied(
                    Side::Gateway,
                    "If this person shall come in, change hosted_domain or organization of the provider. Otherwise the person needs another account.",
                );
                explanation.outcome = TraceOutcome::Refused;
                explanation
            }
            Self::NoIdToken => Explanation::failed(
                "oauth.id_token_missing",
                Message::NotVerified,
                "The token endpoint's answer carries no ID token, so nothing says who signed in.",
            )
            .remedied(
                Side::Gateway,
                "Let the scopes name openid; a provider without OpenID Connect is of kind oauth2.",
            ),
            Self::NoSubject { tried } => Explanation::failed(
                "oauth.subject_missing",
                Message::DetailsMissing,
                "No claim holds an identifier of the person that lasts.",
            )
            .compared(Some(tried.join(", ")), Vec::new())
            .remedied(
                Side::Gateway,
                "Name the claim that never changes in oauth.claims.sub of the provider.",
            ),
            other => other.explain_answer(),
        }
    }

    fn explain_answer(self) -> Explanation {
        match self {
            Self::UnknownState => start_again(
                "oauth.state_unknown",
                "The answer names a sign-in that is not under way: it is older than 30 minutes, was answered before, or is not ours.",
            ),
            Self::OtherProvider => start_again(
                "oauth.other_provider",
                "The answer came to this provider's address, but the sign-in was begun through another one.",
            ),
            Self::OtherBrowser => start_again(
                "oauth.other_browser",
                "The sign-in was begun in another browser, or this browser did not keep the cookie of its start.",
            ),
            Self::OtherIssuer { expected, received } => Explanation::failed(
                "oauth.response_issuer_mismatch",
                Message::NotVerified,
                "The answer says that it is another issuer's (iss, RFC 9207), or does not say whose it is although the provider promises to.",
            )
            .compared(Some(expected), received.into_iter().collect())
            .remedied(
                Side::Idp,
                "Give each provider its own redirect URI, and set oauth.issuer to the issuer that the provider names.",
            ),
            Self::OtherSubject { expected, received } => Explanation::failed(
                "oauth.userinfo_subject_mismatch",
                Message::NotVerified,
                "The userinfo endpoint speaks of somebody else than the ID token.",
            )
            .compared(Some(expected), received.into_iter().collect())
            .remedied(
                Side::Idp,
                "Find out why the provider's userinfo endpoint has another sub than its ID token.",
            ),
            Self::Late => Explanation::failed(
                "oauth.provider_slow",
                Message::ProviderUnreachable,
                "The provider's answers took too long in all.",
            )
            .remedied(
                Side::Network,
                "Find out whether the provider works and whether this machine reaches it without delay.",
            ),
            Self::Internal(text) => {
                Explanation::failed("unexpected", Message::Unexpected, sentence(&text))
            }
            _ => Explanation::failed("unexpected", Message::Unexpected, "Unexpected."),
        }
    }
}

/// A clause as a sentence.
fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    let start: String = chars
        .next()
        .map(|c| c.to_uppercase().collect())
        .unwrap_or_default();
    let stop = if text.ends_with('.') { "" } else { "." };
    format!("{start}{}{stop}", chars.as_str())
}

fn start_again(code: &'static str, summary: &str) -> Explanation {
    Explanation::failed(code, Message::StartAgain, summary)
        .remedied(Side::User, "Start the sign-in again, in one browser.")
}

fn upstream(error: &UpstreamError) -> Explanation {
    let message = match error {
        UpstreamError::OtherIssuer { .. } | UpstreamError::Address { .. } => {
            Message::ProviderMisconfigured
        }
        UpstreamError::Refused { .. } if error.code() == "oauth.code_refused" => {
            Message::StartAgain
        }
        UpstreamError::Refused { .. } => Message::ProviderMisconfigured,
        _ => Message::ProviderUnreachable,
    };
    let (side, remedy) = error.remedy();
    let (expected, received) = error.compared();
    Explanation::failed(error.code(), message, sentence(&error.to_string()))
        .compared(expected, received)
        .remedied(side, remedy)
}

fn token(error: &TokenError) -> Explanation {
    let (expected, received) = error.compared();
    let explanation = |message| {
        Explanation::failed(error.code(), message, sentence(&error.to_string()))
            .compared(expected, received)
    };
    if let TokenError::Tenant { .. } = error {
        let mut refused = explanation(Message::DomainNotAllowed);
        refused.outcome = TraceOutcome::Refused;
        return refused.remedied(
            Side::Gateway,
            "If this person's company shall come in, add its tenant to oauth.tenant or oauth.allowed_tenants of the provider.",
        );
    }
    let (side, remedy) = match error {
        TokenError::Issuer { .. } | TokenError::KeyIssuer { .. } => (
            Side::Gateway,
            "Compare oauth.issuer (and oauth.tenant) of the provider with the issuer that its tokens carry.",
        ),
        TokenError::Audience { .. } | TokenError::AuthorizedParty { .. } => (
            Side::Gateway,
            "Compare oauth.client_id with the client's registration at the provider.",
        ),
        TokenError::Expired { .. } | TokenError::Future { .. } => (
            Side::Gateway,
            "Set this machine's clock (NTP), or the provider's. [security] max_clock_skew says how far they may differ.",
        ),
        TokenError::NotAnew { .. } => (
            Side::Idp,
            "An application asked that the person prove anew who they are. Let the provider honour prompt=login and max_age=0, or the application not ask for it.",
        ),
        TokenError::Nonce => (Side::User, "Start the sign-in again, in one browser."),
        TokenError::UnknownKey { .. } => (
            Side::Idp,
            "Let the provider publish the key that it signs with at its jwks_uri; RSA keys need 2048 to 4096 bits. The keys are read anew at most four times a minute.",
        ),
        TokenError::Algorithm(_) => (
            Side::Idp,
            "Let the provider sign ID tokens for this client with RS256, PS256, ES256 or EdDSA.",
        ),
        TokenError::Claim("tid") => (
            Side::Idp,
            "Let the token carry the tenant (tid); Microsoft's tokens of version 2.0 do.",
        ),
        _ => (
            Side::Idp,
            "Find out why the provider issues such a token; if it works elsewhere, compare the addresses that are set here.",
        ),
    };
    explanation(Message::NotVerified).remedied(side, remedy)
}

/// An authorization response with an error: the person said no, or the
/// provider did.
fn declined(error: &str, description: &str) -> Explanation {
    let said = if description.is_empty() {
        error.to_owned()
    } else {
        format!("{error}: {description}")
    };
    let explanation = |code, message, summary: &str| {
        Explanation::failed(code, message, summary).compared(None, vec![said])
    };
    match error {
        "access_denied" | "login_required" | "interaction_required" | "consent_required"
        | "account_selection_required" => explanation(
            "oauth.access_denied",
            Message::Declined,
            "The provider says that the sign-in was broken off: the person said no, or may not use this application there.",
        )
        .remedied(
            Side::User,
            "Start the sign-in again. If the provider does not offer it, let its administrator allow the application for this person.",
        ),
        "server_error" | "temporarily_unavailable" => explanation(
            "oauth.provider_error",
            Message::ProviderUnreachable,
            "The provider says that it cannot sign anybody in at the moment.",
        )
        .remedied(Side::Idp, "Wait, then start the sign-in again."),
        _ => explanation(
            "oauth.request_refused",
            Message::ProviderMisconfigured,
            "The provider refused the request for a sign-in.",
        )
        .remedied(
            Side::Gateway,
            "Compare the client's registration at the provider (redirect URI, scopes, response types) with this provider's settings.",
        ),
    }
}

/// A decision about a person: as [`Explanation::refused`], and where no address
/// is vouched for, by which rule.
pub(super) fn refused(provider: &OauthProvider, person: &Person, refusal: &Refusal) -> Explanation {
    let mut explanation = Explanation::refused(refusal);
    if matches!(refusal, Refusal::NoAddress) {
        let (summary, remedy) = match &person.vouched.email {
            None => no_address(provider),
            Some(address) => not_vouched(provider, address),
        };
        explanation.details.summary = summary;
        explanation = explanation.remedied(Side::Idp, remedy);
    }
    if explanation.details.received.is_empty() {
        explanation.details.received = person.identifiers();
    }
    explanation.details.attributes = person.attributes.clone();
    explanation.details.document = person.document();
    explanation
}

fn no_address(provider: &OauthProvider) -> (String, &'static str) {
    let tried = provider
        .claims
        .names(crate::domain::Field::Email)
        .join(", ");
    let summary = format!("The login carried no e-mail address. These claims were tried: {tried}.");
    let remedy = match provider.provider.kind {
        ProviderKind::Microsoft => {
            "Add the optional claim email to the application's ID token at Microsoft, or set upn_as_email for your own tenant."
        }
        ProviderKind::Webex => "Let the integration at Webex have the scope spark:people_read.",
        _ => {
            "Let the scopes name email, or name the claim that holds the address in oauth.claims.email."
        }
    };
    (summary, remedy)
}

fn not_vouched(provider: &OauthProvider, address: &str) -> (String, &'static str) {
    let (why, remedy) = match provider.provider.kind {
        ProviderKind::Google => (
            "Google does not say that it has verified it (email_verified)",
            "Let the person verify the address at Google.",
        ),
        ProviderKind::Microsoft => (
            "Microsoft does not say that the owner of its domain stands behind it (xms_edov), and the tenant is not the one that is set",
            "Set oauth.tenant to your tenant's id; for several tenants add the optional claim xms_edov to the application's ID token at Microsoft.",
        ),
        ProviderKind::Webex => (
            "Webex says that it is not verified",
            "Let the person verify the address at Webex.",
        ),
        _ => (
            "the provider does not say that it has verified it (email_verified)",
            "Let the provider send email_verified; where it never does and all its addresses are good, set trust_email.",
        ),
    };
    (
        format!(
            "The login carried the address {address}, but {why}. Nobody comes in on such an address."
        ),
        remedy,
    )
}
