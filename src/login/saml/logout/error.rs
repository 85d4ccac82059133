//! Why a logout message is not followed.

use crate::domain::Timestamp;
use crate::login::saml::SamlError;
use crate::login::saml::binding::BindingError;
use crate::platform::xml::XmlError;
use crate::platform::xml::signature::SignatureError;

/// One variant per check. The sentence is for an administrator.
#[derive(Debug, thiserror::Error)]
pub enum LogoutError {
    /// What came by HTTP-Redirect cannot be read.
    #[error("{0}")]
    Binding(#[from] BindingError),
    /// Not base64, or not UTF-8.
    #[error("the message cannot be read: it is no UTF-8 text in base64")]
    Encoding,
    /// Not a document that is read.
    #[error("the message cannot be read: {0}")]
    Xml(#[from] XmlError),
    /// Another message.
    #[error("the message is a {received}, and a {expected} was expected")]
    WrongMessage {
        /// The name that was expected.
        expected: &'static str,
        /// Local name of the root element.
        received: String,
    },
    /// What holds for every message of the IdP: identifiers, version.
    #[error("{0}")]
    Shape(SamlError),
    /// An element that stands where no schema puts it, or twice.
    #[error("the message holds an unexpected or repeated {0}")]
    Unexpected(String),
    /// Not signed.
    #[error("the message is not signed; logout messages must be")]
    Unsigned,
    /// A signature of another binding or in another place.
    #[error("a signature stands in an unexpected place")]
    SignatureMisplaced,
    /// The signature is not accepted.
    #[error("the message's signature is not accepted: {0}")]
    Signature(SignatureError),
    /// The sender does not say who it is.
    #[error("the message has no issuer")]
    IssuerMissing,
    /// Another IdP.
    #[error("the message was issued by {received:?}, not by this provider's IdP {expected:?}")]
    IssuerMismatch {
        /// The pinned entity ID.
        expected: String,
        /// The one that came.
        received: String,
    },
    /// A signed message without `Destination` (Bindings §3.4.5.2, §3.5.5.2).
    #[error("the message does not say where it is sent to")]
    DestinationMissing {
        /// Our address.
        expected: String,
    },
    /// Sent to another place.
    #[error("the message is addressed to {received:?}, not to {expected:?}")]
    DestinationMismatch {
        /// Our address.
        expected: String,
        /// Its `Destination`.
        received: String,
    },
    /// A time in a form that is not SAML's.
    #[error("{field} is {received:?}, which is not a UTC time like 2026-11-21T20:15:30Z")]
    TimeInvalid {
        /// Which attribute.
        field: &'static str,
        /// What stands there.
        received: String,
    },
    /// Too old.
    #[error("the message ended at {received}, and here it is {now}")]
    Expired {
        /// Our time.
        now: Timestamp,
        /// When it ended.
        received: Timestamp,
    },
    /// Made in the future.
    #[error("the message was issued at {received}, and here it is {now}")]
    Future {
        /// Our time.
        now: Timestamp,
        /// Its `IssueInstant`.
        received: Timestamp,
    },
    /// Nobody is named.
    #[error("the request names nobody (no NameID)")]
    NameIdMissing,
    /// Named in a way that is not read (`BaseID`).
    #[error("the request names somebody in a way that is not read ({0})")]
    NameIdUnsupported(String),
    /// A NameID that would deceive a reader, or nothing.
    #[error("the NameID {0:?} is empty, too long, or holds invisible characters")]
    NameIdInvalid(String),
    /// The encrypted NameID does not decrypt.
    #[error("the encrypted NameID cannot be decrypted with our keys")]
    Decryption,
    /// It came before.
    #[error("the request came before; each counts once")]
    Replayed,
    /// No readable status.
    #[error("the answer has no single status")]
    StatusMissing,
    /// An answer to no request of ours.
    #[error("the answer belongs to no request of ours that waits for one")]
    UnknownRequest {
        /// Its `InResponseTo`.
        received: String,
    },
}

impl LogoutError {
    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Binding(error) => error.code(),
            Self::Encoding => "saml.logout_encoding",
            Self::Xml(_) => "saml.logout_xml",
            Self::WrongMessage { .. } => "saml.logout_wrong_message",
            Self::Shape(_) => "saml.logout_shape",
            Self::Unexpected(_) => "saml.logout_unexpected_element",
            Self::Unsigned => "saml.logout_unsigned",
            Self::SignatureMisplaced => "saml.logout_signature_misplaced",
            Self::Signature(_) => "saml.logout_signature",
            Self::IssuerMissing => "saml.logout_issuer_missing",
            Self::IssuerMismatch { .. } => "saml.logout_issuer_mismatch",
            Self::DestinationMissing { .. } => "saml.logout_destination_missing",
            Self::DestinationMismatch { .. } => "saml.logout_destination_mismatch",
            Self::TimeInvalid { .. } => "saml.logout_time_invalid",
            Self::Expired { .. } => "saml.logout_expired",
            Self::Future { .. } => "saml.logout_future",
            Self::NameIdMissing => "saml.logout_name_id_missing",
            Self::NameIdUnsupported(_) => "saml.logout_name_id_unsupported",
            Self::NameIdInvalid(_) => "saml.logout_name_id_invalid",
            Self::Decryption => "saml.logout_decryption",
            Self::Replayed => "saml.logout_replay",
            Self::StatusMissing => "saml.logout_status_missing",
            Self::UnknownRequest { .. } => "saml.logout_unknown_request",
        }
    }

    /// Whether the message could not even be read.
    #[must_use]
    pub const fn is_unreadable(&self) -> bool {
        matches!(self, Self::Binding(_) | Self::Encoding | Self::Xml(_))
    }

    /// The value that was expected, where values were compared.
    #[must_use]
    pub fn expected(&self) -> Option<String> {
        match self {
            Self::IssuerMismatch { expected, .. }
            | Self::DestinationMissing { expected }
            | Self::DestinationMismatch { expected, .. } => Some(expected.clone()),
            Self::WrongMessage { expected, .. } => Some((*expected).to_owned()),
            Self::Expired { now, .. } | Self::Future { now, .. } => Some(now.rfc3339()),
            Self::Signature(SignatureError::Invalid { pinned, .. }) => Some(pinned.join(", ")),
            _ => None,
        }
    }

    /// The values that came.
    #[must_use]
    pub fn received(&self) -> Vec<String> {
        match self {
            Self::IssuerMismatch { received, .. }
            | Self::DestinationMismatch { received, .. }
            | Self::WrongMessage { received, .. }
            | Self::TimeInvalid { received, .. }
            | Self::UnknownRequest { received }
            | Self::NameIdInvalid(received) => vec![received.clone()],
            Self::Expired { received, .. } | Self::Future { received, .. } => {
                vec![received.rfc3339()]
            }
            Self::Signature(SignatureError::Invalid { received, .. }) => received.clone(),
            _ => Vec::new(),
        }
    }

    /// What to change, and where.
    #[must_use]
    pub const fn remedy(&self) -> &'static str {
        match self {
            Self::Unsigned | Self::SignatureMisplaced => {
                "Let the IdP sign its logout messages (LogoutRequest and LogoutResponse) for this application."
            }
            Self::Signature(_) => {
                "Logout messages must be signed with a key that stands in the IdP's metadata. Take the IdP's current metadata; if it is current, a stranger sent this."
            }
            Self::DestinationMissing { .. } | Self::DestinationMismatch { .. } => {
                "Enter the address that the provider's urls.slo shows as the single logout URL of this application at the IdP."
            }
            Self::IssuerMissing | Self::IssuerMismatch { .. } => {
                "Two applications at the IdP, or two IdPs, send their logouts to the same address: give each the single logout URL of its own provider."
            }
            Self::Expired { .. } | Self::Future { .. } => {
                "Let both sides set their clocks by NTP. A single one may be a page that somebody loaded again."
            }
            Self::Replayed | Self::UnknownRequest { .. } => {
                "Nothing to set: somebody loaded the page again or went back. If nobody did, somebody has got hold of an old message; it ended nothing."
            }
            Self::Decryption => {
                "Let the IdP read this gateway's current metadata, which has the certificate to encrypt for."
            }
            _ => {
                "If it happens at every logout, look at what the IdP sends: it is no logout message as SAML 2.0 has it. A single one is a stranger's, or was damaged on the way."
            }
        }
    }
}
