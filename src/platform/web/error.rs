//! What a person is told when something does not work out.
//!
//! The page has a calm sentence from a closed list, what to do next, and a
//! reference. The cause goes into the log, once, under that reference, and
//! never onto the page.

use askama::Template;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;

use super::kit::Kit;
use super::page::Page;
use crate::domain::Reference;
use crate::platform::i18n::Locale;

macro_rules! messages {
    ($($(#[$doc:meta])* $variant:ident = $id:literal, $status:ident;)+) => {
        /// The sentences that a person may be shown. Each stands in the
        /// language files as `error-<id>-title`, `-text` and `-next`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Message {
            $($(#[$doc])* $variant),+
        }

        impl Message {
            /// Every sentence.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The sentence's name in the language files.
            #[must_use]
            pub const fn id(self) -> &'static str {
                match self { $(Self::$variant => $id),+ }
            }

            /// The status that goes with the sentence unless somebody knows
            /// better.
            #[must_use]
            pub const fn status(self) -> StatusCode {
                match self { $(Self::$variant => StatusCode::$status),+ }
            }
        }
    };
}

messages! {
    /// What the provider sent could not be verified.
    NotVerified = "not-verified", FORBIDDEN;
    /// The sign-in was begun in another browser, too long ago, or is used up.
    StartAgain = "start-again", FORBIDDEN;
    /// The sign-in was used before: a page was loaded a second time.
    AlreadyUsed = "already-used", FORBIDDEN;
    /// The answer came too early or too late by the clocks.
    WrongTime = "wrong-time", FORBIDDEN;
    /// The provider had a problem of its own.
    ProviderFailed = "provider-failed", FORBIDDEN;
    /// The provider says that this person may not use the gateway.
    ProviderRefused = "provider-refused", FORBIDDEN;
    /// The person, or the provider, broke the sign-in off.
    Declined = "declined", FORBIDDEN;
    /// There is no account, and none is made at sign-in.
    NoAccount = "no-account", FORBIDDEN;
    /// The address is outside the domains that may come in.
    DomainNotAllowed = "domain-not-allowed", FORBIDDEN;
    /// The account is deactivated.
    AccountInactive = "account-inactive", FORBIDDEN;
    /// The account is valid from a later day on.
    AccountNotYetValid = "account-not-yet-valid", FORBIDDEN;
    /// The account's last day has passed.
    AccountNoLongerValid = "account-no-longer-valid", FORBIDDEN;
    /// The account belongs, or may belong, to somebody else.
    IdentityConflict = "identity-conflict", FORBIDDEN;
    /// The identity that was to be connected is another account's.
    LinkedElsewhere = "linked-elsewhere", FORBIDDEN;
    /// The provider sent neither address nor name to know the person by.
    DetailsMissing = "details-missing", FORBIDDEN;
    /// A start at the provider's side that is not set up.
    UnsolicitedStart = "unsolicited-start", FORBIDDEN;
    /// A logout message of a provider could not be verified.
    LogoutNotVerified = "logout-not-verified", FORBIDDEN;
    /// Signed out here; what the provider answered could not be verified.
    LogoutIncomplete = "logout-incomplete", FORBIDDEN;
    /// A passkey that does not lead in, for whatever reason.
    PasskeyNotAccepted = "passkey-not-accepted", FORBIDDEN;
    /// There is no such provider, or it is switched off.
    ProviderUnknown = "provider-unknown", NOT_FOUND;
    /// The provider is not set up in a way that can work.
    ProviderMisconfigured = "provider-misconfigured", BAD_GATEWAY;
    /// The provider does not answer, or not sensibly.
    ProviderUnreachable = "provider-unreachable", BAD_GATEWAY;
    /// Nobody signs in with a password here.
    PasswordsOff = "passwords-off", FORBIDDEN;
    /// An application sent the person with a request that cannot be answered.
    AppRequest = "app-request", BAD_REQUEST;
    /// The application's request has run out, or was finished already.
    AppRequestOver = "app-request-over", BAD_REQUEST;
    /// Too many tries in a short time.
    TooManyTries = "too-many-tries", TOO_MANY_REQUESTS;
    /// The gateway cannot work just now: its database is away.
    Unavailable = "unavailable", SERVICE_UNAVAILABLE;
    /// No page has this address.
    NotFound = "not-found", NOT_FOUND;
    /// The address exists, but not for this kind of request.
    MethodNotAllowed = "method-not-allowed", METHOD_NOT_ALLOWED;
    /// The request cannot be read.
    Malformed = "malformed", BAD_REQUEST;
    /// The request's body is larger than it may be.
    TooLarge = "too-large", PAYLOAD_TOO_LARGE;
    /// The form is too old or comes from elsewhere.
    FormExpired = "form-expired", FORBIDDEN;
    /// The person may not do this.
    NotAdmitted = "not-admitted", FORBIDDEN;
    /// A bug.
    Unexpected = "unexpected", INTERNAL_SERVER_ERROR;
}

/// Something did not work out for a person at a browser.
#[derive(Clone, Debug)]
pub struct Failure {
    /// The answer's status.
    pub status: StatusCode,
    /// The stable code of the check that failed, `saml.audience_mismatch`.
    pub code: &'static str,
    /// The sentence for the person.
    pub message: Message,
    /// What happened, for the log only.
    pub detail: String,
    /// What the person reads out, and where the log line is found.
    pub reference: Reference,
    /// Where "try again" leads on this gateway, if trying again makes sense.
    pub retry: Option<String>,
    /// Whether another account could fare better.
    pub sign_in_as_other: bool,
    /// Seconds after which it may work again (`Retry-After`).
    pub retry_after: Option<u16>,
}

impl Failure {
    /// A failure under a reference that is already known.
    #[must_use]
    pub const fn new(message: Message, code: &'static str, reference: Reference) -> Self {
        Self {
            status: message.status(),
            code,
            message,
            detail: String::new(),
            reference,
            retry: None,
            sign_in_as_other: false,
            retry_after: match message {
                Message::Unavailable => Some(5),
                Message::TooManyTries => Some(60),
                _ => None,
            },
        }
    }

    /// The same with a status of its own.
    #[must_use]
    pub const fn with_status(mut self, status: StatusCode) -> Self {
        self.status = status;
        self
    }

    /// The same with what happened, for the log.
    #[must_use]
    pub fn with_detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = detail.into();
        self
    }

    /// The same with an address for "try again", on this gateway.
    #[must_use]
    pub fn with_retry(mut self, retry: impl Into<String>) -> Self {
        self.retry = Some(retry.into());
        self
    }

    /// The same with a way to another account.
    #[must_use]
    pub const fn with_other_account(mut self) -> Self {
        self.sign_in_as_other = true;
        self
    }

    /// The same with the seconds to wait.
    #[must_use]
    pub const fn with_retry_after(mut self, seconds: u16) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    /// Writes the log line: an error when we are at fault, a warning when
    /// somebody was refused, and next to nothing for a mistyped address.
    fn log(&self) {
        let (status, code) = (self.status.as_u16(), self.code);
        let (detail, reference) = (self.detail.as_str(), self.reference.as_str());
        match self.message {
            Message::NotFound | Message::MethodNotAllowed => {
                tracing::debug!(status, code, reference, detail, "refused");
            }
            _ if self.status.is_server_error() => {
                tracing::error!(status, code, reference, detail, "failed");
            }
            _ => tracing::warn!(status, code, reference, detail, "refused"),
        }
    }
}

#[derive(Template)]
#[template(path = "error.html")]
pub(super) struct ErrorPage {
    pub(super) page: Page,
    pub(super) failure: Failure,
}

impl ErrorPage {
    fn text(&self, part: &str) -> String {
        let id = format!("error-{}-{part}", self.failure.message.id());
        self.page.t(&id)
    }

    /// A mistyped address is nobody's case for the help desk.
    fn shows_reference(&self) -> bool {
        !matches!(
            self.failure.message,
            Message::NotFound | Message::MethodNotAllowed
        )
    }

    fn support_href(&self) -> Option<String> {
        let reference = [("reference", self.failure.reference.as_str())];
        self.page.support()?.href(
            &self.page.t_with("support-mail-subject", &reference),
            &self.page.t_with("support-mail-body", &reference),
        )
    }
}

impl Kit {
    /// A failure under a new reference.
    #[must_use]
    pub fn failure(&self, message: Message, code: &'static str) -> Failure {
        Failure::new(message, code, self.reference())
    }

    /// The page for a failure. Logs it: call this once for each.
    #[must_use]
    pub fn failure_page(&self, locale: Locale, failure: Failure) -> Response {
        failure.log();
        let template = ErrorPage {
            page: self.page(locale),
            failure,
        };
        let mut response = self.render(template.failure.status, &template);
        if let Some(seconds) = template.failure.retry_after {
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}
