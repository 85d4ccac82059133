//! `id_token_hint`: an ID token of ours that comes back. It may have run out,
//! but it must be one.

use super::OidcState;
use crate::directory::DirectoryError;
use crate::directory::signing_keys::SigningKeyError;
use crate::domain::Application;
use crate::platform::crypto::jwt::verify::Unverified;
use crate::platform::storage::StorageError;

/// Why a hint says nothing.
#[derive(Debug)]
pub(super) enum HintError {
    /// It is no ID token of ours for this client.
    Wrong,
    /// The database is away.
    Directory(DirectoryError),
}

/// What an ID token of ours says, for whichever client it was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Hint {
    /// The person.
    pub subject: String,
    /// The session.
    pub sid: Option<String>,
}

/// An ID token of ours, also one that has run out, and the client that it was
/// made for; `None` when it is none.
pub(super) async fn of_any_client(
    state: &OidcState,
    text: &str,
) -> Result<Option<(String, Hint)>, DirectoryError> {
    let Ok(parsed) = Unverified::parse(text) else {
        return Ok(None);
    };
    let keys = state.keys.jwks().await.map_err(|error| match error {
        SigningKeyError::Directory(error) => error,
        other => StorageError::Statement(other.to_string()).into(),
    })?;
    let is_ours = parsed.verify(&keys).is_ok()
        && parsed.header.typ.as_deref() == Some("JWT")
        && parsed.text("iss") == Some(state.kit.origin());
    let named = parsed.text("aud").zip(parsed.text("sub"));
    Ok(named.filter(|_| is_ours).map(|(client, subject)| {
        let hint = Hint {
            subject: subject.to_owned(),
            sid: parsed.text("sid").map(str::to_owned),
        };
        (client.to_owned(), hint)
    }))
}

/// The subject of an ID token of ours for the client.
pub(super) async fn subject(
    state: &OidcState,
    application: &Application,
    text: &str,
) -> Result<String, HintError> {
    let parsed = Unverified::parse(text).map_err(|_| HintError::Wrong)?;
    let keys = state.keys.jwks().await.map_err(|error| match error {
        SigningKeyError::Directory(error) => HintError::Directory(error),
        other => HintError::Directory(StorageError::Statement(other.to_string()).into()),
    })?;
    let is_ours = parsed.verify(&keys).is_ok()
        && parsed.header.typ.as_deref() == Some("JWT")
        && parsed.text("iss") == Some(state.kit.origin())
        && parsed.is_for(&[application.client_id()]);
    let subject = parsed.text("sub").filter(|_| is_ours);
    subject.map(ToOwned::to_owned).ok_or(HintError::Wrong)
}
