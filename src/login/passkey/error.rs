//! Why a passkey was not taken: precise for the trace, one sentence for the person.

use axum::http::StatusCode;

use crate::directory::traces::{Side, TraceOutcome};
use crate::directory::{DirectoryError, Refusal};
use crate::domain::UserId;
use crate::login::explain::Explanation;
use crate::platform::storage::{StorageError, UnitError};
use crate::platform::web::Message;

/// Why a passkey was not taken.
#[derive(Debug, thiserror::Error)]
pub enum PasskeyError {
    /// What came is no answer of an authenticator.
    #[error("what came is no answer of a passkey ({0})")]
    Malformed(String),
    /// The challenge is not (any more) one of ours.
    #[error("the challenge is none of ours, or was used before")]
    UnknownChallenge,
    /// The answer came too late.
    #[error("the challenge had run out")]
    Expired,
    /// The challenge was made for another browser, session or purpose.
    #[error("the challenge was made for another browser or session, or for something else")]
    OtherBrowser,
    /// Another site asked for it.
    #[error("the passkey was used on another site")]
    Origin {
        /// Ours.
        expected: String,
        /// The one that was signed.
        received: String,
    },
    /// Another site's page had ours in a frame.
    #[error("the passkey was used on a page within another site's page")]
    CrossOrigin,
    /// It belongs to another relying party.
    #[error("the passkey belongs to another relying party")]
    RelyingParty,
    /// The authenticator did not check who holds it.
    #[error("the authenticator did not verify its user")]
    UserNotVerified,
    /// The signature is wrong.
    #[error("the signature is not the passkey's")]
    Signature,
    /// The count of signatures went back.
    #[error("the passkey's count of signatures went back: there may be a copy of it")]
    CounterRegressed {
        /// Whose passkey it is.
        user: UserId,
        /// The count that is known.
        known: i64,
    },
    /// The flags on copies contradict what was registered.
    #[error("what the passkey says of its copies contradicts what it said when it was added")]
    BackupFlags,
    /// Another check of the standard.
    #[error("the answer of the passkey does not verify ({0})")]
    NotVerified(String),
    /// Nobody has this passkey.
    #[error("nobody has this passkey")]
    UnknownKey,
    /// The passkey was revoked.
    #[error("this passkey was revoked")]
    Revoked(UserId),
    /// It names another user than the one who has it.
    #[error("the passkey names another user than the one who has it")]
    OtherUser(UserId),
    /// The user has not been activated.
    #[error("the user is pending: the account has not been activated")]
    Pending(UserId),
    /// A decision about the user.
    #[error(transparent)]
    Refused(Refusal),
    /// Passkeys are switched off, or cannot work here.
    #[error("passkeys are switched off, or cannot work at this public_url")]
    Off,
    /// Too many tries.
    #[error("too many tries; the next in {0} s")]
    TooMany(u64),
    /// The link or PIN opens nothing (any more).
    #[error("the link or PIN opens nothing, or nothing any more")]
    NoSuchOpening,
    /// The authenticator cannot keep a passkey.
    #[error(
        "the authenticator did not keep the passkey, so it cannot be found without a user name"
    )]
    NotKept,
    /// The directory.
    #[error(transparent)]
    Directory(#[from] DirectoryError),
}

impl From<StorageError> for PasskeyError {
    fn from(error: StorageError) -> Self {
        Self::Directory(error.into())
    }
}

impl UnitError for PasskeyError {
    fn is_conflict(&self) -> bool {
        matches!(self, Self::Directory(e) if e.is_conflict())
    }
}

impl PasskeyError {
    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Malformed(_) => "passkey.malformed",
            Self::UnknownChallenge => "passkey.challenge_unknown",
            Self::Expired => "passkey.challenge_expired",
            Self::OtherBrowser => "passkey.other_browser",
            Self::Origin { .. } => "passkey.origin_mismatch",
            Self::CrossOrigin => "passkey.cross_origin",
            Self::RelyingParty => "passkey.rp_id_mismatch",
            Self::UserNotVerified => "passkey.user_not_verified",
            Self::Signature => "passkey.signature_invalid",
            Self::CounterRegressed { .. } => "passkey.counter_regressed",
            Self::BackupFlags => "passkey.backup_flags",
            Self::NotVerified(_) => "passkey.not_verified",
            Self::UnknownKey => "passkey.unknown",
            Self::Revoked(_) => "passkey.revoked",
            Self::OtherUser(_) => "passkey.other_user",
            Self::Pending(_) => "passkey.user_pending",
            Self::Refused(refusal) => refusal.code(),
            Self::Off => "passkey.off",
            Self::TooMany(_) => "passkey.throttled",
            Self::NoSuchOpening => "passkey.no_such_opening",
            Self::NotKept => "passkey.not_kept",
            Self::Directory(error) => error.code(),
        }
    }

    /// What the person reads. Whoever has a passkey that does not lead in is told so,
    /// and nothing of why: deactivated, ended, not begun and revoked read alike.
    const fn message(&self) -> Message {
        match self {
            Self::UnknownChallenge | Self::Expired | Self::OtherBrowser => Message::StartAgain,
            Self::TooMany(_) => Message::TooManyTries,
            _ => Message::PasskeyNotAccepted,
        }
    }

    /// The words for trace and page.
    #[must_use]
    pub fn explain(&self) -> Explanation {
        if let Self::Refused(refusal) = self {
            let mut explanation = Explanation::refused(refusal);
            explanation.message = Message::PasskeyNotAccepted;
            explanation.status = StatusCode::FORBIDDEN;
            return explanation;
        }
        let (side, remedy) = self.remedy();
        let mut text = self.to_string();
        if let Some(first) = text.get(..1) {
            text = format!(
                "{}{}.",
                first.to_uppercase(),
                text.get(1..).unwrap_or_default()
            );
        }
        let mut explanation =
            Explanation::failed(self.code(), self.message(), text).remedied(side, remedy);
        explanation.user = match self {
            Self::CounterRegressed { user, .. }
            | Self::Revoked(user)
            | Self::OtherUser(user)
            | Self::Pending(user) => Some(user.clone()),
            _ => None,
        };
        if matches!(self, Self::Revoked(_) | Self::Pending(_) | Self::Off) {
            explanation.outcome = TraceOutcome::Refused;
        }
        if let Self::Origin { expected, received } = self {
            explanation = explanation.compared(Some(expected.clone()), vec![received.clone()]);
        }
        if let Self::CounterRegressed { known, .. } = self {
            explanation = explanation.compared(Some(format!("more than {known}")), Vec::new());
        }
        explanation
    }

    const fn remedy(&self) -> (Side, &'static str) {
        match self {
            Self::UnknownChallenge | Self::Expired | Self::OtherBrowser => (
                Side::User,
                "Begin again on the sign-in page, and finish within ten minutes in the same browser.",
            ),
            Self::Origin { .. } | Self::RelyingParty => (
                Side::Gateway,
                "If people reach the gateway under this address, set public_url to it. A passkey belongs to the host it was made at; after a change of the host everybody adds a new one.",
            ),
            Self::UserNotVerified => (
                Side::User,
                "Set up a PIN, a fingerprint or a face on the security key or device: touching it is not enough.",
            ),
            Self::CounterRegressed { .. } => (
                Side::Gateway,
                "Ask the person. If the security key could have been copied, revoke it and let them add a new one.",
            ),
            Self::UnknownKey | Self::Revoked(_) | Self::OtherUser(_) | Self::NoSuchOpening => (
                Side::User,
                "The person signs in another way and adds the passkey anew, or an administrator sends a link for a new one. The old entry can be deleted on the device.",
            ),
            Self::Pending(_) => (
                Side::User,
                "The person follows the activation link; an administrator can send a new one.",
            ),
            Self::Off => (
                Side::Gateway,
                "Switch passkeys on in the settings ([passkeys] enabled); public_url must be https, or http on localhost, with a name and no address.",
            ),
            _ => (
                Side::User,
                "Try again, with another browser or device if it happens twice. Whoever did not try to sign in has nothing to do.",
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Clock, Entropy};

    #[test]
    fn whoever_may_not_come_in_reads_the_same() {
        let user = UserId::new(Clock::System.now(), &Entropy::System);
        for error in [
            PasskeyError::Pending(user.clone()),
            PasskeyError::Revoked(user.clone()),
            PasskeyError::UnknownKey,
            PasskeyError::Refused(Refusal::Inactive(user.clone())),
            PasskeyError::Refused(Refusal::Expired {
                user,
                until: String::new(),
            }),
        ] {
            let explanation = error.explain();
            assert_eq!(explanation.message, Message::PasskeyNotAccepted, "{error}");
            assert_eq!(explanation.status, StatusCode::FORBIDDEN, "{error}");
            assert!(explanation.details.remedy.is_some(), "{error}");
        }
    }
}
