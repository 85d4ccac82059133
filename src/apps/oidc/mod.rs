//! The OpenID provider: applications that sign people in through this gateway
//! (OpenID Connect Core, OAuth 2.0 as RFC 9700 wants it).
//!
//! [`authorize`] gives codes, [`token`] turns them into tokens, [`bearer`] and
//! [`inspect`] are what the tokens open. Codes and tokens hang on a grant
//! ([`grants`]), and each use looks at session, user and application again:
//! whatever ends access ends it with the next request.

mod answer;
mod assertion;
mod authorize;
pub mod backchannel;
mod bearer;
mod claims;
mod client;
pub(crate) mod consent;
pub mod consents;
mod discovery;
mod error;
pub mod forms;
pub mod grants;
mod hint;
mod id_token;
mod inspect;
mod issue;
mod jwks;
pub mod logout;
mod needs;
mod par;
mod params;
mod redirect;
mod request;
mod requests;
mod scope;
pub mod subject;
mod token;
mod wanted;

use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, FromRef, Request};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};

use crate::directory::Directory;
use crate::directory::signing_keys::SigningKeys;
use crate::platform::crypto::Sealer;
use crate::platform::http::Outbound;
use crate::platform::web::Kit;
use crate::sessions::Sessions;
use assertion::KeySets;
use subject::Subjects;

/// What the provider needs. The session layer
/// ([`crate::sessions::layer::session`]) must surround its pages.
#[derive(Clone)]
pub struct OidcState {
    /// The web kit.
    pub kit: Kit,
    /// Users, groups, applications.
    pub directory: Directory,
    /// Sessions.
    pub sessions: Sessions,
    /// The keys that sign.
    pub keys: SigningKeys,
    /// What clients call people.
    pub subjects: Subjects,
    /// The only way out, for the keys of clients.
    pub outbound: Outbound,
    /// The keys of clients that publish them.
    pub key_sets: KeySets,
    /// Whether failures are slowed down.
    pub limits: bool,
}

impl OidcState {
    /// The state with caches of its own.
    #[must_use]
    pub fn new(
        (kit, directory, sessions): (Kit, Directory, Sessions),
        keys: SigningKeys,
        sealer: Arc<Sealer>,
        outbound: Outbound,
        limits: bool,
    ) -> Self {
        Self {
            subjects: Subjects::new(directory.clone(), sealer),
            kit,
            directory,
            sessions,
            keys,
            outbound,
            key_sets: KeySets::default(),
            limits,
        }
    }
}

impl FromRef<OidcState> for Kit {
    fn from_ref(state: &OidcState) -> Self {
        state.kit.clone()
    }
}

/// The pages, to which browsers come.
pub fn pages(state: OidcState) -> Router {
    Router::new()
        .route("/oidc/authorize", get(authorize::get).post(authorize::post))
        .route("/oidc/resume", get(authorize::resume))
        .route("/oidc/consent", post(consent::decide))
        .layer(DefaultBodyLimit::max(params::LONGEST))
        .with_state(state)
}

/// The endpoints that clients call. Those in browsers do so from origins of
/// their own; no cookie means anything here, so every origin may.
pub fn endpoints(state: OidcState) -> Router {
    Router::new()
        .route("/.well-known/openid-configuration", get(discovery::show))
        .route(
            "/.well-known/oauth-authorization-server",
            get(discovery::show),
        )
        .route("/oidc/jwks", get(jwks::show))
        .route("/oidc/token", post(token::token))
        .route(
            "/oidc/userinfo",
            get(bearer::userinfo).post(bearer::userinfo),
        )
        .route("/oidc/revoke", post(inspect::revoke))
        .route("/oidc/introspect", post(inspect::introspect))
        .route("/oidc/par", post(par::push))
        .layer(DefaultBodyLimit::max(params::LONGEST))
        .layer(from_fn(cors))
        .with_state(state)
}

/// Lets scripts of every origin read the answers (Fetch Standard §3.2).
async fn cors(request: Request, next: Next) -> Response {
    let mut response = if request.method() == Method::OPTIONS {
        StatusCode::NO_CONTENT.into_response()
    } else {
        next.run(request).await
    };
    let headers = response.headers_mut();
    let mut set = |name, value| headers.insert(name, HeaderValue::from_static(value));
    set(header::ACCESS_CONTROL_ALLOW_ORIGIN, "*");
    set(header::ACCESS_CONTROL_ALLOW_METHODS, "GET, POST, OPTIONS");
    set(
        header::ACCESS_CONTROL_ALLOW_HEADERS,
        "authorization, content-type",
    );
    set(
        header::ACCESS_CONTROL_EXPOSE_HEADERS,
        "www-authenticate, retry-after",
    );
    set(header::ACCESS_CONTROL_MAX_AGE, "600");
    response
}
