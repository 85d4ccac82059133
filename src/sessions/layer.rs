//! Gives each request its session: found by the cookie, loaded on first use,
//! saved when changed.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use tower_sessions::Session;

use super::store::{RequestStore, id_of};
use super::{Sessions, hash};
use crate::platform::web::Kit;

/// What the middleware needs.
#[derive(Clone)]
pub struct SessionState {
    /// Cookies.
    pub kit: Kit,
    /// Sessions.
    pub sessions: Sessions,
}

/// The middleware, for `axum::middleware::from_fn_with_state`.
pub async fn session(
    State(state): State<SessionState>,
    mut request: Request,
    next: Next,
) -> Response {
    let name = state.kit.cookies().session;
    let Some(secret) = state
        .kit
        .cookie(request.headers(), name)
        .map(ToOwned::to_owned)
    else {
        return next.run(request).await;
    };
    let Some(id) = id_of(&hash(&secret)) else {
        return next.run(request).await;
    };
    let store = Arc::new(RequestStore::new(state.sessions));
    let session = Session::new(Some(id), Arc::clone(&store), None);
    request.extensions_mut().insert(session.clone());
    request.extensions_mut().insert(store);
    let response = next.run(request).await;
    if session.is_modified()
        && let Err(error) = session.save().await
    {
        tracing::error!(%error, "a session could not be saved");
    }
    response
}
