//! Forward-auth: a reverse proxy asks about each request of an application.
//!
//! * [`asked`] reads what the proxy asks, in its dialect; [`paths`] knows the rules
//!   for paths; [`identity`] writes the headers; all three are pure.
//! * [`decide`] finds session and application, and decides.
//! * [`answer`] says it as the proxy understands it.
//! * [`bearer`] knows scripts by their tokens.
//! * [`trial`] says beforehand what would be answered, for whoever sets it up.
//! * [`hand_over`] brings a session to hosts that do not share our domain.
//!
//! Whoever is signed in and was here within the last seconds is answered from what
//! is at hand ([`ForwardAuth::at_once`]), before the router and its layers.

pub mod answer;
pub mod asked;
pub mod bearer;
pub mod decide;
pub mod hand_over;
pub mod identity;
pub mod paths;
pub mod registry;
pub mod snippets;
pub mod trial;

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::{ConnectInfo, FromRef, Request, State};
use axum::http::{HeaderMap, Method, Uri, header};
use axum::response::Response;
use axum::routing::{any, get};

use crate::directory::Directory;
use crate::directory::applications::access::NotAdmitted;
use crate::directory::signing_keys::SigningKeys;
use crate::domain::{Slug, Timestamp};
use crate::platform::web::Kit;
use crate::sessions::Sessions;
use crate::sessions::cache::Live;
use crate::sessions::hash;

use asked::{Asked, Dialect};
use bearer::AccessTokens;
use registry::Registry;

/// Everything that forward-auth works with. Clones share it.
#[derive(Clone)]
pub struct ForwardAuth {
    /// The web kit.
    pub kit: Kit,
    /// Users, applications, tokens.
    pub directory: Directory,
    /// Sessions.
    pub sessions: Sessions,
    /// The keys of the assertions.
    pub signing: SigningKeys,
    /// Whose access tokens of the OpenID provider are taken, and how they are read.
    access_tokens: AccessTokens,
    registry: Registry,
}

impl FromRef<ForwardAuth> for Kit {
    fn from_ref(state: &ForwardAuth) -> Self {
        state.kit.clone()
    }
}

/// What was worked out for one session at one application.
#[derive(Clone)]
pub(crate) struct Pass {
    /// The applications' edition at that time.
    edition: u64,
    /// Until when its assertion is given out.
    until: Timestamp,
    /// The whole set of headers, or why there is none.
    outcome: Result<HeaderMap, NotAdmitted>,
}

/// The passes of one session. They go when anything of it or its user changes.
type Passes = Arc<Mutex<HashMap<Slug, Arc<Pass>>>>;

impl ForwardAuth {
    /// Forward-auth over a directory and its sessions.
    #[must_use]
    pub fn new(
        kit: Kit,
        directory: Directory,
        sessions: Sessions,
        signing: SigningKeys,
        access_tokens: AccessTokens,
    ) -> Self {
        Self {
            access_tokens,
            registry: Registry::new(directory.clone()),
            kit,
            directory,
            sessions,
            signing,
        }
    }

    /// Answers whoever passes and is known, without a wait and without the layers;
    /// `None` for everything else, which takes the long way.
    #[must_use]
    pub fn at_once(
        &self,
        method: &Method,
        uri: &Uri,
        headers: &HeaderMap,
        peer: IpAddr,
    ) -> Option<Response> {
        let dialect = Dialect::of(uri.path())?;
        let doubtful = headers.keys().any(|name| name.as_str().contains('_'))
            || headers.contains_key(header::AUTHORIZATION);
        if doubtful {
            return None;
        }
        let asked = asked::read(
            dialect,
            method,
            uri,
            headers,
            peer,
            self.kit.trusted_proxies(),
        );
        let asked = asked.ok()?;
        let found = self.registry.at_hand(&asked)?;
        let application = found.application?;
        if !application.path_rules.is_empty() || asked.path() == hand_over::CALLBACK {
            return None;
        }
        let live = self.at_hand(&asked, headers)?;
        let pass = pass_of(&live, &application.slug)?;
        let is_true = pass.edition == found.edition && self.sessions.clock.now() < pass.until;
        let identity = pass.outcome.as_ref().ok().filter(|_| is_true)?;
        Some(answer::pass(identity.clone()))
    }

    /// The session of a request, if it is at hand.
    fn at_hand(&self, asked: &Asked, headers: &HeaderMap) -> Option<Arc<Live>> {
        if let Some(secret) = self.kit.cookie(headers, self.kit.cookies().session)
            && let Some(live) = self.sessions.at_hand(&hash(secret))
        {
            return Some(live);
        }
        let (name, host) = (self.host_cookie(asked), asked.host.as_deref()?);
        let secret = self.kit.cookie(headers, name)?;
        self.sessions.at_hand_at_host(secret, host)
    }

    /// What the cookie of an application's own host is called.
    fn host_cookie(&self, asked: &Asked) -> &'static str {
        hand_over::session_cookie(asked.is_https.unwrap_or(self.kit.https()))
    }
}

fn passes(live: &Live) -> Passes {
    live.kept_or(Passes::default)
}

fn pass_of(live: &Live, slug: &Slug) -> Option<Arc<Pass>> {
    let passes = live.kept::<Passes>()?;
    let passes = passes.lock().unwrap_or_else(PoisonError::into_inner);
    passes.get(slug).cloned()
}

/// The routes. The session layer need not surround them, but for the last.
pub fn router(state: ForwardAuth) -> Router {
    Router::new()
        .route("/auth/request", any(ask))
        .route("/auth/forward", any(ask))
        .route("/auth/envoy", any(ask))
        .route("/auth/envoy/", any(ask))
        .route("/auth/envoy/{*path}", any(ask))
        .route("/auth/hand-over", get(hand_over::send))
        .with_state(state)
}

async fn ask(State(state): State<ForwardAuth>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
    // A request without a connection comes from inside the process.
    let peer = peer.map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), |info| info.0.ip());
    state
        .decide(&parts.method, &parts.uri, &parts.headers, peer)
        .await
}
