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
