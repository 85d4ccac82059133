//! What a login trace says of an error: its code, what was expected, what
//! came, and who has to change something.

use super::{SamlError, Side, StatusRefusal, Validity};
use crate::platform::xml::XmlError;
use crate::platform::xml::encryption::EncryptionError;
use crate::platform::xml::signature::SignatureError;

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
            Self::Encryption(EncryptionError::Algorithm { .. }) => "saml.encryption_algorithm",
            Self::Encryption(_) => "saml.encryption_malformed",
            Self::Decryption => "saml.decryption_failed",
            Self::NotEncrypted => "saml.not_encrypted",
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
            Self::AuthnContextMismatch { .. } => "saml.authn_context_mismatch",
            Self::AuthnNotFresh { .. } => "saml.authn_not_fresh",
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
            Self::AuthnContextMismatch { expected, .. } => Some(expected.join(", ")),
            Self::IssueInstantPast { expected: time, .. }
            | Self::AuthnNotFresh { expected: time, .. }
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
            Self::AuthnContextMismatch { received, .. } => received.iter().cloned().collect(),
            Self::IdInvalid { id } | Self::IdDuplicate { id } => vec![id.clone()],
            Self::Unexpected { name, .. } | Self::ConditionUnknown { name } => vec![name.clone()],
            Self::IssueInstantPast { received, .. }
            | Self::IssueInstantFuture { received, .. }
            | Self::AuthnInstantFuture { received, .. }
            | Self::AuthnNotFresh { received, .. }
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
            Self::Encryption(EncryptionError::Algorithm { uri }) => vec![uri.clone()],
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
            // A certificate that was rotated has to be pinned here.
            Self::Signature { error, .. } => match error {
                SignatureError::Invalid { .. }
                | SignatureError::NoKey
                | SignatureError::KeyKind => Side::Gateway,
                SignatureError::Digest => Side::Network,
                _ => Side::Idp,
            },
            // Decryption fails when the IdP encrypts for a key that is no longer
            // ours, as a rule.
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
