//! What is said of a login that did not succeed: precise for the admin's trace,
//! calm for the person's page. Every way in ends here.

use std::net::IpAddr;

use axum::http::StatusCode;
use axum::response::Response;

use crate::directory::error::{DomainList, LinkConflict, Refusal};
use crate::directory::traces::{LoginTrace, Side, TraceDetails, TraceDocument, TraceOutcome};
use crate::directory::{Directory, DirectoryError};
use crate::domain::{Reference, TraceId, UserId};
use crate::platform::i18n::Locale;
use crate::platform::storage::StorageError;
use crate::platform::web::{Failure, Kit, Message, network_of};

/// The most values that a trace keeps of what came.
const MOST_RECEIVED: usize = 128;
/// The longest of them, in characters.
const LONGEST_RECEIVED: usize = 512;

/// A login that did not succeed, explained.
#[derive(Clone, Debug)]
pub struct Explanation {
    /// The stable code.
    pub code: &'static str,
    /// Refused by policy, or failed.
    pub outcome: TraceOutcome,
    /// The person's sentence.
    pub message: Message,
    /// The page's status.
    pub status: StatusCode,
    /// The user, when one was found.
    pub user: Option<UserId>,
    /// What the admin reads.
    pub details: TraceDetails,
}

impl Explanation {
    /// A message that did not verify, or an upstream that broke.
    #[must_use]
    pub fn failed(code: &'static str, message: Message, summary: impl Into<String>) -> Self {
        let details = TraceDetails {
            summary: summary.into(),
            ..TraceDetails::default()
        };
        Self {
            code,
            outcome: TraceOutcome::Failed,
            message,
            status: message.status(),
            user: None,
            details,
        }
    }

    /// The same with who has to change something, and what.
    #[must_use]
    pub fn remedied(mut self, side: Side, remedy: impl Into<String>) -> Self {
        self.details.side = Some(side);
        self.details.remedy = Some(remedy.into());
        self
    }

    /// The same with the values that were compared.
    #[must_use]
    pub fn compared(mut self, expected: Option<String>, received: Vec<String>) -> Self {
        self.details.expected = expected;
        // A stranger's text, as long as a stranger likes.
        self.details.received = received
            .into_iter()
            .take(MOST_RECEIVED)
            .map(|text| text.chars().take(LONGEST_RECEIVED).collect())
            .collect();
        self
    }

    /// The same with the message that came, redacted.
    #[must_use]
    pub fn documented(mut self, document: Option<TraceDocument>) -> Self {
        self.details.document = document;
        self
    }

    /// A decision of ours.
    #[must_use]
    pub fn refused(refusal: &Refusal) -> Self {
        let (message, side, remedy) = words(refusal);
        let mut explanation = Self::failed(refusal.code(), message, summary(refusal));
        explanation.outcome = TraceOutcome::Refused;
        explanation.user = refusal.user().cloned();
        if let Refusal::DomainNotAllowed {
            address, allowed, ..
        } = refusal
        {
            explanation = explanation.compared(Some(allowed.join(", ")), vec![address.clone()]);
        }
        explanation.remedied(side, remedy)
    }
}

fn summary(refusal: &Refusal) -> String {
    match refusal {
        Refusal::NoAddress => {
            "The login brought no e-mail address that this provider vouches for.".to_owned()
        }
        Refusal::DomainNotAllowed {
            address,
            allowed,
            list,
        } => {
            let whose = match list {
                DomainList::Provider => "this provider",
                DomainList::Settings => "the gateway's settings",
            };
            let allowed = match allowed.as_slice() {
                [] => "none at all".to_owned(),
                some => some.join(", "),
            };
            format!(
                "The address {address} is in no domain that {whose} let{s} in ({allowed}).",
                s = if *list == DomainList::Provider { "s" } else { "" }
            )
        }
        Refusal::NoLastingIdentifier => {
            "Nothing came by which the person could be found again: no NameID that lasts (a transient \
             one is another each time) and no UPN within the allowed domains. This provider does not \
             link by address either (link_by_email is false)."
                .to_owned()
        }
        Refusal::UnknownUser => {
            "Nobody here has the identifiers that came, and this provider makes no new users (jit is \
             false)."
                .to_owned()
        }
        Refusal::Inactive(_) => "The user is deactivated here.".to_owned(),
        Refusal::NotYetValid { from, .. } => {
            format!("The user may sign in from {from} on (valid_from), and not before.")
        }
        Refusal::Expired { until, .. } => {
            format!("The user could sign in until {until} (valid_to), and no longer.")
        }
        Refusal::Conflict(conflict) => match conflict {
            LinkConflict::Administrator(_) => {
                "The identifiers that came belong to an administrator, who has not signed in this way \
                 before. A new way in for an administrator is opened by hand only."
            }
            LinkConflict::LinkingOff(_) => {
                "Another user has this e-mail address, and this provider does not link by address \
                 (link_by_email is false)."
            }
            LinkConflict::NotVouched(_) => {
                "Another user has an identifier that came, and this provider does not vouch for it."
            }
            LinkConflict::OtherSubject(_) => {
                "The user with this address has another account at this provider already."
            }
        }
        .to_owned(),
    }
}

fn words(refusal: &Refusal) -> (Message, Side, String) {
    let (message, side, remedy) = match refusal {
        Refusal::NoAddress => (
            Message::DetailsMissing,
            Side::Idp,
            "Let the identity provider send the e-mail address of the person, or name the attribute that holds it in the provider's attribute map.",
        ),
        Refusal::NoLastingIdentifier => (
            Message::DetailsMissing,
            Side::Idp,
            "Let the identity provider send a persistent NameID (name_id_format = \"persistent\") or the person's UPN, or switch link_by_email on for this provider.",
        ),
        Refusal::DomainNotAllowed { address, list, .. } => {
            let domain = address.rsplit_once('@').map_or("", |(_, domain)| domain);
            let place = match list {
                DomainList::Provider => "allowed_domains of the provider",
                DomainList::Settings => {
                    "allowed_domains of the settings ([security] in config.toml, where nobody changed \
                     them since), which hold for every provider"
                }
            };
            return (
                Message::DomainNotAllowed,
                Side::Gateway,
                format!(
                    "If this person shall come in, add {domain} to {place}. An empty list admits \
                     nobody, * everybody, and *.{domain} does not include {domain} itself. Otherwise \
                     the person needs another account."
                ),
            );
        }
        Refusal::UnknownUser => (
            Message::NoAccount,
            Side::Gateway,
            "Create the user beforehand, with this e-mail address or UPN; or set jit of the provider to true.",
        ),
        Refusal::Inactive(_) => (
            Message::AccountInactive,
            Side::Gateway,
            "Reactivate the user if this person shall come in again (`doorward user reactivate`, or the API).",
        ),
        Refusal::NotYetValid { .. } => (
            Message::AccountNotYetValid,
            Side::Gateway,
            "Change valid_from of the user if this person shall come in before.",
        ),
        Refusal::Expired { .. } => (
            Message::AccountNoLongerValid,
            Side::Gateway,
            "Change valid_to of the user if this person shall come in again.",
        ),
        Refusal::Conflict(LinkConflict::Administrator(_)) => (
            Message::IdentityConflict,
            Side::Gateway,
            "If it is the administrator: link this identity to the user by hand, or give the role to a user who has signed in through this provider. If not, somebody at the IdP has an administrator's address.",
        ),
        Refusal::Conflict(LinkConflict::LinkingOff(_)) => (
            Message::IdentityConflict,
            Side::Gateway,
            "Link the identity by hand, or set link_by_email of this provider to true.",
        ),
        Refusal::Conflict(LinkConflict::NotVouched(_)) => (
            Message::IdentityConflict,
            Side::Gateway,
            "Link the identity by hand, or add the identifier's domain to the provider's allowed domains.",
        ),
        Refusal::Conflict(LinkConflict::OtherSubject(_)) => (
            Message::IdentityConflict,
            Side::Gateway,
            "Find out whether both accounts are the same person's; if so, link the new one by hand.",
        ),
    };
    (message, side, remedy.to_owned())
}

/// Where a login that did not succeed is told of.
#[derive(Debug)]
pub struct Report<'a> {
    /// Pages.
    pub kit: &'a Kit,
    /// Traces.
    pub directory: &'a Directory,
    /// The person's language.
    pub locale: Locale,
    /// The provider's slug.
    pub provider: &'a str,
    /// `saml` or `oauth`.
    pub kind: &'static str,
    /// Where the request came from.
    pub client: IpAddr,
}

impl Report<'_> {
    /// Writes the trace, and answers the page with the same reference. Among
    /// many failures of one kind from one network some share a trace.
    pub async fn answer(&self, explanation: Explanation) -> Response {
        let reference = self.kit.reference();
        let trace = self.trace(&explanation, reference.clone());
        let written = if explanation.outcome == TraceOutcome::Failed {
            let network = network_of(self.client);
            self.directory.trace_of_stranger(trace, network).await
        } else {
            // A decision about somebody whom a provider vouched for.
            let written = self.directory.trace(trace).await;
            written.map(|()| reference.clone())
        };
        let reference = written.unwrap_or_else(|error| {
            tracing::error!(%error, %reference, "a login trace could not be written");
            reference
        });
        self.page(&explanation, reference)
    }

    /// The trace, for a caller that writes it in a transaction of its own.
    #[must_use]
    pub fn trace(&self, explanation: &Explanation, reference: Reference) -> LoginTrace {
        let now = self.kit.now();
        LoginTrace {
            id: TraceId::new(now, self.kit.entropy()),
            at: now,
            provider: self.provider.to_owned(),
            kind: self.kind.to_owned(),
            outcome: explanation.outcome,
            reference,
            user: explanation.user.clone(),
            code: explanation.code.to_owned(),
            details: explanation.details.clone(),
        }
    }

    /// The page alone, where the trace is written already.
    #[must_use]
    pub fn page(&self, explanation: &Explanation, reference: Reference) -> Response {
        metrics::counter!("doorward_logins_total", "provider" => self.provider.to_owned(),
            "outcome" => explanation.outcome.as_str())
        .increment(1);
        let failure = Failure::new(explanation.message, explanation.code, reference)
            .with_status(explanation.status)
            .with_detail(format!(
                "{}: {}",
                self.provider, explanation.details.summary
            ))
            .with_retry("/login");
        self.kit.failure_page(self.locale, failure)
    }

    /// The database is away.
    #[must_use]
    pub fn unavailable(&self, error: &DirectoryError) -> Response {
        unavailable(self.kit, self.locale, error)
    }
}

/// The page for a database that does not answer, or for a bug.
#[must_use]
pub fn unavailable(kit: &Kit, locale: Locale, error: &DirectoryError) -> Response {
    let (message, code) = match error {
        DirectoryError::Storage(
            StorageError::Unavailable(_) | StorageError::Unusable(_) | StorageError::Conflict(_),
        ) => (Message::Unavailable, "unavailable"),
        _ => (Message::Unexpected, "unexpected"),
    };
    kit.failure_page(
        locale,
        kit.failure(message, code).with_detail(error.to_string()),
    )
}
