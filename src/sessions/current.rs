//! Who is signed in, for handlers.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use tower_sessions::Session;

use super::cache::Live;
use super::rows::SignedIn;
use super::store::RequestStore;
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

/// The session of a request as it is at hand, or why there is none.
pub async fn live(parts: &Parts) -> Result<Arc<Live>, NoOne> {
    let session = parts.extensions.get::<Session>().ok_or(NoOne::SignedOut)?;
    let store = parts
        .extensions
        .get::<Arc<RequestStore>>()
        .ok_or(NoOne::SignedOut)?;
    let id = session.id().ok_or(NoOne::SignedOut)?;
    let live = store.live(&id).await;
    let live = live.map_err(|e| NoOne::Unavailable(e.to_string()))?;
    live.ok_or(NoOne::SignedOut)
}

/// The signed-in user of a request, or why there is none.
pub async fn current(parts: &Parts) -> Result<Current, NoOne> {
    let live = live(parts).await?;
    Ok(Current {
        user: live.person.user.clone(),
        signed_in: live.signed_in.clone(),
        expires_at: live.expires_at,
        id_hash: live.id_hash.clone(),
    })
}

/// The outcome of looking for the session, as an extractor that never rejects,
/// for whoever answers from what is at hand.
#[derive(Debug)]
pub struct MaybeLive(pub Result<Arc<Live>, NoOne>);

impl<S: Send + Sync> FromRequestParts<S> for MaybeLive {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(Self(live(parts).await))
    }
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
