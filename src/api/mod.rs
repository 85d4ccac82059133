//! `/api/v1`: users, groups, providers, applications, tokens, settings, the audit log and
//! login traces, for scripts and for the dashboard.
//!
//! Handlers parse, call the directory and answer JSON; what may be done stands
//! in each handler's signature ([`auth::Caller`]), and every error leaves
//! through [`error::ApiError`] as RFC 9457 `application/problem+json`.

mod applications;
mod audit;
mod auth;
mod conflicts;
mod docs;
mod error;
mod fields;
mod groups;
mod identifiers;
mod large;
mod logins;
mod me;
mod named;
mod openapi;
mod options;
mod paging;
mod passkeys;
mod patch;
mod provider_keys;
mod provider_shape;
mod provider_test;
mod providers;
mod routes;
mod settings;
mod signing_keys;
mod tokens;
mod user_input;
mod user_shape;
mod users;
mod versions;
mod webhooks;

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, FromRef};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json, Router};
use futures_util::Stream;
use serde::Serialize;

use crate::directory::lines::CONTENT_TYPE;
use crate::directory::settings::Settings;
use crate::directory::signing_keys::SigningKeys;
use crate::directory::{Directory, DirectoryError};
use crate::domain::{GroupId, Slug, UserId};
use crate::login::kinds::Providers;
use crate::login::passkey::Passkeys;
use crate::login::password::Accounts;
use crate::login::saml::source::MetadataSource;
use crate::platform::crypto::Sealer;
use crate::platform::http::Outbound;
use crate::platform::web::Kit;
use error::ApiError;
use openapi::Document;

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
    /// Fetches metadata.
    pub metadata: MetadataSource,
    /// What people's keys need.
    pub passkeys: Passkeys,
    /// The only way out, for the test of a provider.
    pub outbound: Outbound,
    /// People who sign in here.
    pub accounts: Accounts,
    /// The keys that sign what applications are given.
    pub signing: SigningKeys,
}

impl ApiState {
    /// What setting providers up needs.
    fn providers(&self) -> Providers {
        Providers {
            directory: self.directory.clone(),
            sealer: Arc::clone(&self.sealer),
            metadata: self.metadata.clone(),
            outbound: self.outbound.clone(),
            origin: self.kit.origin().to_owned(),
        }
    }
}

impl FromRef<ApiState> for Kit {
    fn from_ref(state: &ApiState) -> Self {
        state.kit.clone()
    }
}

/// Octets of a body, providers' metadata aside.
const BODY_CAP: usize = 256 * 1024;

/// The routes of `/api/v1`, and the page that describes them.
pub fn router(state: ApiState) -> Router {
    let (router, methods) = routes::served();
    let cookie = state.kit.cookies().session;
    let document = Arc::new(Document::new(state.kit.origin(), cookie));
    let docs = docs::router(Arc::clone(&document), state.kit.clone());
    router
        .layer(Extension(document))
        .layer(DefaultBodyLimit::max(BODY_CAP))
        .layer(from_fn_with_state(methods, options::options))
        .with_state(state)
        .merge(docs)
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

/// `200` with lines of JSON that are read while they are sent. What breaks in
/// between breaks the answer off, so that nobody takes a part for the whole.
fn download<S>(lines: S) -> Response
where
    S: Stream<Item = Result<Bytes, DirectoryError>> + Send + 'static,
{
    let kind = HeaderValue::from_static(CONTENT_TYPE);
    ([(header::CONTENT_TYPE, kind)], Body::from_stream(lines)).into_response()
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
