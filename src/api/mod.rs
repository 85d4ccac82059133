//! `/api/v1`: users, groups, providers, tokens, settings, the audit log and
//! login traces, for scripts and for the dashboard.
//!
//! Handlers parse, call the directory and answer JSON; what may be done stands
//! in each handler's signature ([`auth::Caller`]), and every error leaves
//! through [`error::ApiError`] as RFC 9457 `application/problem+json`.

mod audit;
mod auth;
mod error;
mod fields;
mod groups;
mod large;
mod logins;
mod me;
mod paging;
mod patch;
mod provider_shape;
mod providers;
mod settings;
mod tokens;
mod user_input;
mod user_shape;
mod users;

use std::sync::Arc;

use axum::Router;
use axum::extract::FromRef;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post, put};
use axum::{Json, extract::DefaultBodyLimit};
use serde::Serialize;

use crate::directory::Directory;
use crate::directory::settings::Settings;
use crate::domain::{GroupId, Slug, UserId};
use crate::platform::crypto::Sealer;
use crate::platform::web::Kit;
use error::ApiError;

pub use user_shape::UserShape;

/// What the API needs. The session layer ([`crate::sessions::layer::session`])
/// and [`crate::platform::web::secure`] must surround its router: the first
/// for `/me` and for signed-in admins, the second for the same-origin check
/// that protects them.
#[derive(Clone, Debug)]
pub struct ApiState {
    /// Users, groups, providers, tokens, settings, audit events, traces.
    pub directory: Directory,
    /// The web kit; its origin is what providers know us by.
    pub kit: Kit,
    /// The settings that hold until an admin sets some.
    pub defaults: Settings,
    /// Seals the keys that a provider gets when it is saved.
    pub sealer: Arc<Sealer>,
}

impl FromRef<ApiState> for Kit {
    fn from_ref(state: &ApiState) -> Self {
        state.kit.clone()
    }
}

/// Octets of a body, providers' metadata aside.
const BODY_CAP: usize = 256 * 1024;

/// The routes of `/api/v1`.
pub fn router(state: ApiState) -> Router {
    let users = Router::new()
        .route("/users", get(users::list).post(users::create))
        .route(
            "/users/{id}",
            get(users::show).patch(users::edit).delete(users::remove),
        )
        .route("/users/{id}/deactivate", post(users::deactivate))
        .route("/users/{id}/reactivate", post(users::reactivate))
        .route("/users/{id}/sessions", delete(users::end_sessions));
    let groups = Router::new()
        .route("/groups", get(groups::list).post(groups::create))
        .route(
            "/groups/{id}",
            get(groups::show).patch(groups::edit).delete(groups::remove),
        )
        .route(
            "/groups/{id}/members/{user}",
            put(groups::add_member).delete(groups::remove_member),
        );
    let providers = Router::new()
        .route("/providers", get(providers::list).post(providers::create))
        .route(
            "/providers/{slug}",
            get(providers::show)
                .put(providers::replace)
                .patch(providers::edit)
                .delete(providers::remove),
        )
        .route("/providers/{slug}/test", post(providers::test));
    let rest = Router::new()
        .route("/me", get(me::show))
        .route("/tokens", get(tokens::list).post(tokens::create))
        .route("/tokens/{id}", delete(tokens::remove))
        .route("/settings", get(settings::show).patch(settings::edit))
        .route("/audit", get(audit::list))
        .route("/logins", get(logins::list))
        .route("/logins/{id}", get(logins::show));
    let all = users.merge(groups).merge(providers).merge(rest);
    Router::new()
        .nest("/api/v1", all)
        .layer(DefaultBodyLimit::max(BODY_CAP))
        .with_state(state)
}

/// What a handler answers.
type Answer = Result<Response, ApiError>;

/// `200` with a body.
fn ok(body: impl Serialize) -> Response {
    Json(body).into_response()
}

/// `201` with a body and its address.
fn created(path: &str, body: impl Serialize) -> Response {
    let mut response = (StatusCode::CREATED, Json(body)).into_response();
    if let Ok(location) = HeaderValue::from_str(path) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    response
}

/// `204`.
fn no_content() -> Response {
    StatusCode::NO_CONTENT.into_response()
}

/// The user that a path names. What is no id names nobody.
fn user_id(text: &str) -> Result<UserId, ApiError> {
    UserId::parse(text).ok_or_else(|| ApiError::no_such("user"))
}

/// The group that a path names.
fn group_id(text: &str) -> Result<GroupId, ApiError> {
    GroupId::parse(text).ok_or_else(|| ApiError::no_such("group"))
}

/// The provider that a path names.
fn slug(text: &str) -> Result<Slug, ApiError> {
    Slug::parse(text).ok_or_else(|| ApiError::no_such("provider"))
}

#[cfg(test)]
mod tests;
