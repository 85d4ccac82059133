//! Why a SAML response signs nobody in.
//!
//! One variant per check. The sentence ([`std::fmt::Display`]) is for an
//! administrator; the code is stable and is what translations, remedies and
//! tests hang on; the employee sees neither.

mod report;

use crate::domain::Timestamp;
use crate::platform::xml::XmlError;
use crate::platform::xml::encryption::EncryptionError;
use crate::platform::xml::signature::SignatureError;

/// Who has to change something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The identity provider, or its settings for this service provider.
    Idp,
    /// This gateway, or its settings for the provider.
    Gateway,
    /// The person.
    User,
    /// Something on the way: a proxy, a cut connection, a stranger.
    Network,
}

impl Side {
    /// The side as login traces write it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Idp => "idp",
            Self::Gateway => "gateway",
            Self::User => "user",
            Self::Network => "network",
        }
    }
}

impl From<Side> for crate::directory::traces::Side {
    fn from(side: Side) -> Self {
        match side {
            Side::Idp => Self::Idp,
            Side::Gateway => Self::Gateway,
            Side::User => Self::User,
            Side::Network => Self::Network,
        }
    }
}

/// Which of the two documents in each other is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// `samlp:Response`.
    Response,
    /// `saml:Assertion`.
    Assertion,
}

impl std::fmt::Display for Level {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Response => "response",
            Self::Assertion => "assertion",
        })
    }
}

/// The `samlp:Status` of a response that is not `Success` (SAML Core §3.2.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusRefusal {
    /// The top-level status code.
    pub code: String,
    /// The status codes nested in it, outermost first.
    pub nested: Vec<String>,
    /// The IdP's own words.
    pub message: Option<String>,
}

impl StatusRefusal {
    /// The most specific code, without the prefix that all of SAML's have.
    #[must_use]
    pub fn reason(&self) -> &str {
        let code = self.nested.last().unwrap_or(&self.code);
        code.strip_prefix("urn:oasis:names:tc:SAML:2.0:status:")
            .unwrap_or(code)
    }
}

/// Why a SAML response is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SamlError {
    // Text.
    /// More than is read.
    #[error("the SAMLResponse has {size} characters; the limit is {limit}")]
    TooLarge {
        /// Length of the form field.
        size: usize,
        /// The limit.
        limit: usize,
    },
    /// Not base64.
    #[error("the SAMLResponse is not base64")]
    Base64,
    /// Not UTF-8.
    #[error("the SAMLResponse is not UTF-8 text")]
    Utf8,
    /// Not a document that is read.
    #[error("the SAMLResponse cannot be read: {0}")]
    Xml(#[from] XmlError),

    // Structure.
    /// Another message.
    #[error("the message is no SAML 2.0 response but {{{namespace}}}{name}")]
    NotAResponse {
        /// Local name of the root element.
        name: String,
        /// Its namespace.
        namespace: String,
    },
    /// Not SAML 2.0.
    #[error("the {level} has version {received:?}; only 2.0 is read")]
    Version {
        /// Where.
        level: Level,
        /// The `Version` attribute.
        received: String,
    },
    /// The IdP says that it did not authenticate the person.
    #[error("the identity provider refused the sign-in: {reason}{words}",
        reason = .0.reason(),
        words = .0.message.as_ref().map(|m| format!(" ({m})")).unwrap_or_default())]
    Status(StatusRefusal),
    /// No readable status.
    #[error("the response has no single status")]
    StatusMissing,
    /// Nobody is asserted.
    #[error("the response holds no assertion")]
    AssertionMissing,
    /// More than one assertion, anywhere.
    #[error("the response holds {count} assertions; exactly one is read")]
    SeveralAssertions {
        /// How many.
        count: usize,
    },
    /// An assertion that is not the response's child.
    #[error("the assertion does not stand directly inside the response")]
    AssertionMisplaced,
    /// The assertion is encrypted, and this provider has no key for it.
    #[error("the assertion is encrypted, and there is no key here to decrypt it with")]
    EncryptedAssertionUnsupported,
    /// The encryption is of a form that is not offered. Nothing was decrypted.
    #[error("the encrypted assertion cannot be decrypted here: {0}")]
    Encryption(EncryptionError),
    /// An assertion could not be decrypted, or what came out is not signed as
    /// it must be. Which of these is told to nobody: the answer would be an
    /// oracle.
    #[error("the encrypted assertion cannot be decrypted with our keys, or is not signed inside")]
    Decryption,
    /// An assertion in clear, and the provider takes none.
    #[error(
        "the assertion is not encrypted, and this provider takes encrypted ones only (require_encryption)"
    )]
    NotEncrypted,
    /// An element that stands where no schema puts it, or twice.
    #[error("the {level} holds an unexpected or repeated {name}")]
    Unexpected {
        /// Where.
        level: Level,
        /// The element's name.
        name: String,
    },
    /// Neither the response nor the assertion is signed.
    #[error("neither the response nor the assertion is signed")]
    SignatureMissing,
    /// A signature that stands elsewhere than in the response or the assertion.
    #[error("a signature stands in an unexpected place")]
    SignatureMisplaced,
    /// Too many.
    #[error("the message holds {count} signatures")]
    SeveralSignatures {
        /// How many.
        count: usize,
    },
    /// An element that needs an ID has none, or an identifier is malformed.
    #[error("{id:?} is not an identifier")]
    IdInvalid {
        /// What stands there.
        id: String,
    },
    /// Two elements with the same ID.
    #[error("the identifier {id:?} stands on more than one element")]
    IdDuplicate {
        /// The ID.
        id: String,
    },
    /// The signature is not accepted.
    #[error("the {level}'s signature is not accepted: {error}")]
    Signature {
        /// Whose signature.
        level: Level,
        /// Why.
        error: SignatureError,
    },

    // Meaning.
    /// The sender does not say who it is.
    #[error("the {level} has no issuer")]
    IssuerMissing {
        /// Where.
        level: Level,
    },
    /// Another IdP.
    #[error("the {level} was issued by {received:?}, not by this provider's IdP {expected:?}")]
    IssuerMismatch {
        /// Where.
        level: Level,
        /// The pinned entity ID.
        expected: String,
        /// The one that came.
        received: String,
    },
    /// A signed response without `Destination` (SAML Bindings §3.5.5.2).
    #[error("the signed response does not say where it is sent to")]
    DestinationMissing {
        /// Our ACS URL.
        expected: String,
    },
    /// Sent to another place.
    #[error("the response is addressed to {received:?}, not to {expected:?}")]
    DestinationMismatch {
        /// Our ACS URL.
        expected: String,
        /// Its `Destination`.
        received: String,
    },
    /// An answer to nothing.
    #[error("the {level} does not say which request it answers")]
    InResponseToMissing {
        /// Where.
        level: Level,
    },
    /// An answer to another request.
    #[error("the {level} answers the request {received:?}, not {expected:?}")]
    InResponseToMismatch {
        /// Where.
        level: Level,
        /// Our request.
        expected: String,
        /// Its `InResponseTo`.
        received: String,
    },
    /// A time in a form that is not SAML's (SAML Core §1.3.3).
    #[error("{field} is {received:?}, which is not a UTC time like 2026-11-21T20:15:30Z")]
    TimeInvalid {
        /// Which attribute.
        field: &'static str,
        /// What stands there.
        received: String,
    },
    /// Made before it was asked for.
    #[error("the {level} was issued at {received}, before it was asked for at {expected}: \
        the clocks differ by {seconds} seconds or more", seconds = seconds_between(*.received, *.expected))]
    IssueInstantPast {
        /// Where.
        level: Level,
        /// When the request was sent.
        expected: Timestamp,
        /// Its `IssueInstant`.
        received: Timestamp,
    },
    /// Made in the future.
    #[error("the {level} was issued at {received}, and here it is {now}: \
        the clocks differ by {seconds} seconds or more", seconds = seconds_between(*.now, *.received))]
    IssueInstantFuture {
        /// Where.
        level: Level,
        /// Our time.
        now: Timestamp,
        /// Its `IssueInstant`.
        received: Timestamp,
    },
    /// Nobody is spoken of.
    #[error("the assertion has no subject")]
    SubjectMissing,
    /// The subject's identifier is encrypted.
    #[error("the subject is encrypted or not a NameID")]
    SubjectUnsupported,
    /// A NameID that would deceive a reader, or nothing.
    #[error("the NameID {received:?} is empty, too long, or holds invisible characters")]
    NameIdInvalid {
        /// Its value.
        received: String,
    },
    /// Only holder-of-key or sender-vouches.
    #[error("the assertion may not be used by its bearer")]
    NotBearer {
        /// The methods that came.
        received: Vec<String>,
    },
    /// No `Recipient`.
    #[error("the assertion does not say at which URL it may be used")]
    RecipientMissing {
        /// Our ACS URL.
        expected: String,
    },
    /// For another ACS.
    #[error("the assertion may be used at {received:?}, not at {expected:?}")]
    RecipientMismatch {
        /// Our ACS URL.
        expected: String,
        /// Its `Recipient`.
        received: String,
    },
    /// SAML Profiles §4.1.4.2 asks for `NotOnOrAfter`.
    #[error("the subject confirmation does not say until when it holds")]
    ConfirmationUnbounded,
    /// SAML Profiles §4.1.4.2 forbids `NotBefore`.
    #[error("the subject confirmation has a NotBefore, which SAML forbids")]
    ConfirmationNotBefore,
    /// Too late.
    #[error("the {what} ended at {received}, and here it is {now}: {seconds} seconds too late",
        seconds = seconds_between(*.received, *.now))]
    Expired {
        /// What ended.
        what: Validity,
        /// Our time.
        now: Timestamp,
        /// Its `NotOnOrAfter`.
        received: Timestamp,
    },
    /// Too early.
    #[error("the {what} begins at {received}, and here it is {now}: {seconds} seconds too early",
        seconds = seconds_between(*.now, *.received))]
    NotYetValid {
        /// What begins.
        what: Validity,
        /// Our time.
        now: Timestamp,
        /// Its `NotBefore`.
        received: Timestamp,
    },
    /// No `Conditions`.
    #[error("the assertion has no conditions")]
    ConditionsMissing,
    /// A condition that is not understood makes the assertion invalid (SAML
    /// Core §2.5.1).
    #[error("the assertion has the condition {name:?}, which is not understood")]
    ConditionUnknown {
        /// The element's name.
        name: String,
    },
    /// No `AudienceRestriction`.
    #[error("the assertion does not say for whom it is")]
    AudienceMissing {
        /// Our entity ID.
        expected: String,
    },
    /// For somebody else.
    #[error("the assertion is for {received:?}, not for {expected:?}")]
    AudienceMismatch {
        /// Our entity ID.
        expected: String,
        /// The audiences of the restriction that does not name us.
        received: Vec<String>,
    },
    /// No `AuthnStatement`.
    #[error("the assertion does not say that anybody was authenticated")]
    AuthnStatementMissing,
    /// Authenticated in the future.
    #[error("the authentication took place at {received}, and here it is {now}")]
    AuthnInstantFuture {
        /// Our time.
        now: Timestamp,
        /// Its `AuthnInstant`.
        received: Timestamp,
    },
    /// Authenticated in another way than was asked for.
    #[error("the person was authenticated as {}, and {} was asked for (requested_authn_context)",
        received.as_deref().unwrap_or("nothing that the IdP names"), expected.join(" or "))]
    AuthnContextMismatch {
        /// The context classes that were asked for.
        expected: Vec<String>,
        /// The one that the assertion names.
        received: Option<String>,
    },
    /// Authenticated before the request, although the request wanted it anew.
    #[error(
        "the authentication took place at {received}, before it was asked for at {expected}, \
        and the request wanted a new one (force_authn)"
    )]
    AuthnNotFresh {
        /// When the request was sent.
        expected: Timestamp,
        /// Its `AuthnInstant`.
        received: Timestamp,
    },
    /// An attribute without a name.
    #[error("an attribute has no name")]
    AttributeUnnamed,
}

/// What has a beginning and an end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Validity {
    /// `Conditions`.
    Conditions,
    /// `SubjectConfirmationData`.
    Confirmation,
    /// `SessionNotOnOrAfter`.
    Session,
}

impl std::fmt::Display for Validity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Conditions => "validity of the assertion",
            Self::Confirmation => "time for delivering the assertion",
            Self::Session => "session at the identity provider",
        })
    }
}

fn seconds_between(earlier: Timestamp, later: Timestamp) -> i64 {
    later.seconds_since(earlier)
}
