//! What stands before the router: forward-auth, as far as it answers without a wait.
//! It is asked about every request of every application, so it pays for none of the
//! router's layers.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request};
use axum::response::Response;
use axum::routing::future::RouteFuture;
use futures_util::future::Either;
use tower::Service;

use super::slow_body::SlowBody;
use crate::apps::forward_auth::ForwardAuth;

/// The whole gateway as a connection sees it.
#[derive(Clone)]
pub(super) struct Gateway {
    /// Everything.
    pub router: Router,
    /// What is asked first.
    pub forward: Option<ForwardAuth>,
}

/// The gateway for one connection.
#[derive(Clone)]
pub(super) struct Front {
    gateway: Gateway,
    peer: SocketAddr,
    has_asked: Arc<AtomicBool>,
    /// How long a body may take.
    body: Duration,
}

impl Front {
    pub(super) const fn new(
        gateway: Gateway,
        peer: SocketAddr,
        has_asked: Arc<AtomicBool>,
        body: Duration,
    ) -> Self {
        Self {
            gateway,
            peer,
            has_asked,
            body,
        }
    }
}

impl Service<Request<hyper::body::Incoming>> for Front {
    type Response = Response;
    type Error = Infallible;
    type Future = Either<Ready<Result<Response, Infallible>>, RouteFuture<Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<hyper::body::Incoming>) -> Self::Future {
        self.has_asked.store(true, Ordering::Relaxed);
        if let Some(forward) = &self.gateway.forward {
            let (method, uri, headers) = (request.method(), request.uri(), request.headers());
            if let Some(answer) = forward.at_once(method, uri, headers, self.peer.ip()) {
                return Either::Left(ready(Ok(answer)));
            }
        }
        let mut request = request.map(|body| Body::new(SlowBody::new(body, self.body)));
        request.extensions_mut().insert(ConnectInfo(self.peer));
        Either::Right(self.gateway.router.call(request))
    }
}
