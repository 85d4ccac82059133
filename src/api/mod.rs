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
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

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

/// The routes of `/api/v1`. Every one is registered with what the document
/// says of it: what is not in the document is not there.
pub fn router(state: ApiState) -> Router {
    let users = OpenApiRouter::new()
        .routes(routes!(users::list, users::create))
        .routes(routes!(users::show, users::edit, users::remove))
        .routes(routes!(identifiers::clear))
        .routes(routes!(users::deactivate))
        .routes(routes!(users::reactivate))
        .routes(routes!(users::invite))
        .routes(routes!(users::end_sessions))
        .routes(routes!(passkeys::list, passkeys::create))
        .routes(routes!(passkeys::edit, passkeys::remove));
    let groups = OpenApiRouter::new()
        .routes(routes!(groups::list, groups::create))
        .routes(routes!(groups::show, groups::edit, groups::remove))
        .routes(routes!(groups::add_member, groups::remove_member));
    let providers = OpenApiRouter::new()
        .routes(routes!(providers::list, providers::create))
        .routes(routes!(
            providers::show,
            providers::replace,
            providers::edit,
            providers::remove
        ))
        .routes(routes!(provider_test::test))
        .routes(routes!(provider_keys::rotate));
    let applications = OpenApiRouter::new()
        .routes(routes!(applications::list, applications::create))
        .routes(routes!(
            applications::show,
            applications::replace,
            applications::edit,
            applications::remove
        ))
        .routes(routes!(applications::rotate_secret))
        .routes(routes!(applications::send_activation))
        .routes(routes!(applications::assignments))
        .routes(routes!(
            applications::assign_user,
            applications::unassign_user
        ))
        .routes(routes!(
            applications::assign_group,
            applications::unassign_group
        ))
        .routes(routes!(signing_keys::list))
        .routes(routes!(signing_keys::rotate));
    let rest = OpenApiRouter::new()
        .routes(routes!(me::show))
        .routes(routes!(tokens::list, tokens::create))
        .routes(routes!(tokens::remove))
        .routes(routes!(settings::show, settings::edit))
        .routes(routes!(audit::list))
        .routes(routes!(audit::lines))
        .routes(routes!(logins::list))
        .routes(routes!(logins::lines))
        .routes(routes!(logins::show))
        .routes(routes!(conflicts::list))
        .routes(routes!(conflicts::show))
        .routes(routes!(conflicts::link))
        .routes(routes!(conflicts::dismiss))
        .routes(routes!(openapi::show));
    let webhooks = OpenApiRouter::new()
        .routes(routes!(webhooks::list, webhooks::create))
        .routes(routes!(webhooks::show, webhooks::edit, webhooks::remove))
        .routes(routes!(webhooks::rotate_secret))
        .routes(routes!(webhooks::test))
        .routes(routes!(webhooks::deliveries))
        .routes(routes!(webhooks::redeliver));
    let all = users
        .merge(groups)
        .merge(providers)
        .merge(applications)
        .merge(webhooks)
        .merge(rest);
    let (router, collected) = OpenApiRouter::new().nest("/api/v1", all).split_for_parts();
    let cookie = state.kit.cookies().session;
    let document = Document::new(&collected, state.kit.origin(), cookie);
    let document = Arc::new(document);
    let docs = docs::router(Arc::clone(&document), state.kit.clone());
    let methods = options::methods(&collected);
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
