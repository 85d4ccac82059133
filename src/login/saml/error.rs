//! Why a SAML response signs nobody in.
//!
//! One variant per check. The sentence ([`std::fmt::Display`]) is for an
//! administrator; the code is stable and is what translations, remedies and
//! tests hang on; the employee sees neither.

use crate::domain::Timestamp;
use crate::platform::xml::XmlError;
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

impl SamlError {
    /// The stable code, `saml.` and what failed.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } => "saml.too_large",
            Self::Base64 => "saml.base64",
            Self::Utf8 => "saml.utf8",
            Self::Xml(error) => xml_code(error),
            Self::NotAResponse { .. } => "saml.not_a_response",
            Self::Version { .. } => "saml.version",
            Self::Status(refusal) => status_code(refusal),
            Self::StatusMissing => "saml.status_missing",
            Self::AssertionMissing => "saml.assertion_missing",
            Self::SeveralAssertions { .. } => "saml.several_assertions",
            Self::AssertionMisplaced => "saml.assertion_misplaced",
            Self::EncryptedAssertionUnsupported => "saml.encrypted_assertion_unsupported",
            Self::Unexpected { .. } => "saml.unexpected_element",
            Self::SignatureMissing => "saml.signature_missing",
            Self::SignatureMisplaced => "saml.signature_misplaced",
            Self::SeveralSignatures { .. } => "saml.several_signatures",
            Self::IdInvalid { .. } => "saml.id_invalid",
            Self::IdDuplicate { .. } => "saml.id_duplicate",
            Self::Signature { error, .. } => signature_code(error),
            Self::IssuerMissing { .. } => "saml.issuer_missing",
            Self::IssuerMismatch { .. } => "saml.issuer_mismatch",
            Self::DestinationMissing { .. } => "saml.destination_missing",
            Self::DestinationMismatch { .. } => "saml.destination_mismatch",
            Self::InResponseToMissing { .. } => "saml.in_response_to_missing",
            Self::InResponseToMismatch { .. } => "saml.in_response_to_mismatch",
            Self::TimeInvalid { .. } => "saml.time_invalid",
            Self::IssueInstantPast { .. } => "saml.issue_instant_past",
            Self::IssueInstantFuture { .. } => "saml.issue_instant_future",
            Self::SubjectMissing => "saml.subject_missing",
            Self::SubjectUnsupported => "saml.subject_unsupported",
            Self::NameIdInvalid { .. } => "saml.name_id_invalid",
            Self::NotBearer { .. } => "saml.not_bearer",
            Self::RecipientMissing { .. } => "saml.recipient_missing",
            Self::RecipientMismatch { .. } => "saml.recipient_mismatch",
            Self::ConfirmationUnbounded => "saml.confirmation_unbounded",
            Self::ConfirmationNotBefore => "saml.confirmation_not_before",
            Self::Expired { what, .. } => match what {
                Validity::Conditions => "saml.expired",
                Validity::Confirmation => "saml.confirmation_expired",
                Validity::Session => "saml.session_expired",
            },
            Self::NotYetValid { .. } => "saml.not_yet_valid",
            Self::ConditionsMissing => "saml.conditions_missing",
            Self::ConditionUnknown { .. } => "saml.condition_unknown",
            Self::AudienceMissing { .. } => "saml.audience_missing",
            Self::AudienceMismatch { .. } => "saml.audience_mismatch",
            Self::AuthnStatementMissing => "saml.authn_statement_missing",
            Self::AuthnInstantFuture { .. } => "saml.authn_instant_future",
            Self::AttributeUnnamed => "saml.attribute_unnamed",
        }
    }

    /// What a compared value should have been.
    #[must_use]
    pub fn expected(&self) -> Option<String> {
        match self {
            Self::Version { .. } => Some("2.0".to_owned()),
            Self::IssuerMismatch { expected, .. }
            | Self::DestinationMissing { expected }
            | Self::DestinationMismatch { expected, .. }
            | Self::InResponseToMismatch { expected, .. }
            | Self::RecipientMissing { expected }
            | Self::RecipientMismatch { expected, .. }
            | Self::AudienceMissing { expected }
            | Self::AudienceMismatch { expected, .. } => Some(expected.clone()),
            Self::IssueInstantPast { expected: time, .. }
            | Self::IssueInstantFuture { now: time, .. }
            | Self::AuthnInstantFuture { now: time, .. }
            | Self::Expired { now: time, .. }
            | Self::NotYetValid { now: time, .. } => Some(time.rfc3339()),
            Self::Signature { error, .. } => match error {
                SignatureError::Reference { expected, .. } => Some(expected.clone()),
                SignatureError::Invalid { pinned, .. } => Some(pinned.join(", ")),
                _ => None,
            },
            _ => None,
        }
    }

    /// What came instead.
    #[must_use]
    pub fn received(&self) -> Vec<String> {
        match self {
            Self::NotAResponse { name, namespace } => vec![format!("{{{namespace}}}{name}")],
            Self::Version { received, .. }
            | Self::IssuerMismatch { received, .. }
            | Self::DestinationMismatch { received, .. }
            | Self::InResponseToMismatch { received, .. }
            | Self::TimeInvalid { received, .. }
            | Self::NameIdInvalid { received }
            | Self::RecipientMismatch { received, .. } => vec![received.clone()],
            Self::NotBearer { received } | Self::AudienceMismatch { received, .. } => {
                received.clone()
            }
            Self::IdInvalid { id } | Self::IdDuplicate { id } => vec![id.clone()],
            Self::Unexpected { name, .. } | Self::ConditionUnknown { name } => vec![name.clone()],
            Self::IssueInstantPast { received, .. }
            | Self::IssueInstantFuture { received, .. }
            | Self::AuthnInstantFuture { received, .. }
            | Self::Expired { received, .. }
            | Self::NotYetValid { received, .. } => vec![received.rfc3339()],
            Self::Status(refusal) => std::iter::once(&refusal.code)
                .chain(&refusal.nested)
                .chain(&refusal.message)
                .cloned()
                .collect(),
            Self::Signature { error, .. } => match error {
                SignatureError::Reference { received, .. } => received.iter().cloned().collect(),
                SignatureError::Invalid { received, .. } => received.clone(),
                SignatureError::Transform { uri }
                | SignatureError::Algorithm { uri }
                | SignatureError::Sha1 { uri } => vec![uri.clone()],
                _ => Vec::new(),
            },
            _ => Vec::new(),
        }
    }

    /// Who has to change something.
    #[must_use]
    pub fn side(&self) -> Side {
        match self {
            // A person who is not let in at the IdP is the usual cause.
            Self::Status(refusal) => match refusal.reason() {
                "AuthnFailed" | "NoPassive" => Side::User,
                "InvalidNameIDPolicy" | "NoAuthnContext" | "UnsupportedBinding" => Side::Gateway,
                _ => Side::Idp,
            },
            Self::TooLarge { .. } | Self::Base64 | Self::Utf8 | Self::Xml(_) => Side::Network,
            // A certificate that was rotated has to be pinned here; SHA-1 and
            // decryption keys are our settings.
            Self::Signature { error, .. } => match error {
                SignatureError::Invalid { .. }
                | SignatureError::NoKey
                | SignatureError::KeyKind
                | SignatureError::Sha1 { .. } => Side::Gateway,
                SignatureError::Digest => Side::Network,
                _ => Side::Idp,
            },
            Self::EncryptedAssertionUnsupported => Side::Gateway,
            Self::Expired {
                what: Validity::Session,
                ..
            } => Side::User,
            _ => Side::Idp,
        }
    }

    /// The IdP's own refusal, if that is what this is: the message is sound,
    /// and says no.
    #[must_use]
    pub const fn idp_refusal(&self) -> Option<&StatusRefusal> {
        match self {
            Self::Status(refusal) => Some(refusal),
            _ => None,
        }
    }
}

fn xml_code(error: &XmlError) -> &'static str {
    match error {
        XmlError::TooLarge { .. } => "saml.too_large",
        XmlError::ForbiddenCharacter { .. } | XmlError::ForbiddenReference { .. } => {
            "saml.xml_character"
        }
        XmlError::UndefinedEntity { .. } => "saml.xml_entity",
        XmlError::Doctype => "saml.xml_doctype",
        XmlError::ProcessingInstruction => "saml.xml_processing_instruction",
        XmlError::Declaration => "saml.xml_declaration",
        XmlError::Encoding { .. } => "saml.xml_encoding",
        XmlError::NotWellFormed { .. } => "saml.xml_malformed",
        XmlError::DuplicateAttribute { .. } => "saml.xml_duplicate_attribute",
        XmlError::BadName { .. }
        | XmlError::UnboundPrefix { .. }
        | XmlError::EmptyNamespace { .. }
        | XmlError::ReservedNamespace { .. }
        | XmlError::NamespaceUri { .. } => "saml.xml_namespace",
        XmlError::TooDeep { .. }
        | XmlError::TooManyElements { .. }
        | XmlError::TooManyAttributes { .. }
        | XmlError::TooManyNamespaces { .. } => "saml.xml_limit",
    }
}

fn signature_code(error: &SignatureError) -> &'static str {
    match error {
        SignatureError::Malformed { .. } | SignatureError::Comment | SignatureError::Object => {
            "saml.signature_malformed"
        }
        SignatureError::Reference { .. } => "saml.signature_reference",
        SignatureError::Transform { .. } => "saml.signature_transform",
        SignatureError::Algorithm { .. } => "saml.signature_algorithm",
        SignatureError::Sha1 { .. } => "saml.signature_sha1",
        SignatureError::Canonicalization(_) => "saml.signature_canonicalization",
        SignatureError::NoKey => "saml.signature_no_key",
        SignatureError::KeyKind => "saml.signature_key_kind",
        SignatureError::Invalid { .. } => "saml.signature_invalid",
        SignatureError::Digest => "saml.signature_digest",
    }
}

fn status_code(refusal: &StatusRefusal) -> &'static str {
    match refusal.reason() {
        "AuthnFailed" => "saml.status_authn_failed",
        "RequestDenied" => "saml.status_request_denied",
        "NoPassive" => "saml.status_no_passive",
        "InvalidNameIDPolicy" => "saml.status_invalid_name_id_policy",
        "NoAuthnContext" => "saml.status_no_authn_context",
        "UnknownPrincipal" => "saml.status_unknown_principal",
        "RequestUnsupported" => "saml.status_request_unsupported",
        "Requester" => "saml.status_requester",
        "Responder" => "saml.status_responder",
        "VersionMismatch" => "saml.status_version_mismatch",
        _ => "saml.status_refused",
    }
}
