//! Who is signed in, for handlers.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use tower_sessions::Session;

use super::rows::SignedIn;
use super::store::{RequestStore, SIGNED_IN, hash_of};
use crate::domain::{Timestamp, User};

/// The signed-in user of a request.
#[derive(Clone, Debug)]
pub struct Current {
    /// The user, active and within validity.
    pub user: User,
    /// How they signed in.
    pub signed_in: SignedIn,
    /// When the session ends at the latest, used or not.
    pub expires_at: Timestamp,
    /// The session's key in the database; CSRF tokens are bound to it.
    pub id_hash: String,
}

/// Why there is nobody.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoOne {
    /// There is no session, or it has ended.
    #[error("nobody is signed in")]
    SignedOut,
    /// The database did not say.
    #[error("the session cannot be read: {0}")]
    Unavailable(String),
}

/// The signed-in user of a request, or why there is none.
pub async fn current(parts: &Parts) -> Result<Current, NoOne> {
    let session = parts.extensions.get::<Session>().ok_or(NoOne::SignedOut)?;
    let store = parts
        .extensions
        .get::<Arc<RequestStore>>()
        .ok_or(NoOne::SignedOut)?;
    let signed_in = session.get::<SignedIn>(SIGNED_IN).await;
    let signed_in = signed_in.map_err(|e| NoOne::Unavailable(e.to_string()))?;
    let user = store.user().cloned().zip(store.expires_at());
    let found = signed_in.zip(user).zip(session.id());
    let ((signed_in, (user, expires_at)), id) = found.ok_or(NoOne::SignedOut)?;
    Ok(Current {
        user,
        signed_in,
        expires_at,
        id_hash: hash_of(&id),
    })
}

/// The outcome of looking for the signed-in user, as an extractor that never
/// rejects: the handler answers in the form of its surface.
#[derive(Debug)]
pub struct MaybeCurrent(pub Result<Current, NoOne>);

impl<S: Send + Sync> FromRequestParts<S> for MaybeCurrent {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(Self(current(parts).await))
    }
}
