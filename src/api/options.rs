//! What HTTP asks of every route: a word on what may be done there.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use utoipa::openapi::HttpMethod;

/// Route → what may be done there, as `Allow` says it.
pub(super) type Methods = Arc<HashMap<String, HeaderValue>>;

/// What `Allow` says of each route. Where there is `GET`, there is `HEAD`;
/// `OPTIONS` is everywhere.
pub(super) fn methods(routes: Vec<(String, Vec<HttpMethod>)>) -> Methods {
    let all = routes.into_iter().filter_map(|(path, methods)| {
        let names = methods.iter().map(name);
        let allow = names.chain(["OPTIONS"]).collect::<Vec<_>>().join(", ");
        Some((path, HeaderValue::from_str(&allow).ok()?))
    });
    Arc::new(all.collect())
}

const fn name(method: &HttpMethod) -> &'static str {
    match method {
        HttpMethod::Get => "GET, HEAD",
        HttpMethod::Post => "POST",
        HttpMethod::Put => "PUT",
        HttpMethod::Delete => "DELETE",
        HttpMethod::Options => "OPTIONS",
        HttpMethod::Head => "HEAD",
        HttpMethod::Patch => "PATCH",
        HttpMethod::Trace => "TRACE",
    }
}

/// Answers `OPTIONS` with the methods of the route (RFC 9110 §9.3.7).
///
/// `Accept` is not looked at (§12.5.1 leaves that to us): there is one form of
/// each answer, and a browser that opens `/api/v1/me` shall see it.
pub(super) async fn options(
    State(methods): State<Methods>,
    request: Request,
    next: Next,
) -> Response {
    let asks = request.method() == Method::OPTIONS;
    let route = request.extensions().get::<MatchedPath>().cloned();
    let mut response = next.run(request).await;
    if response.status() != StatusCode::METHOD_NOT_ALLOWED {
        return response;
    }
    let Some(allow) = route.and_then(|route| methods.get(route.as_str()).cloned()) else {
        return response;
    };
    if asks {
        response = StatusCode::NO_CONTENT.into_response();
    }
    response.headers_mut().insert(header::ALLOW, allow);
    response
}
