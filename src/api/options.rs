//! What HTTP asks of every route: a word on what may be done there.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use utoipa::openapi::OpenApi;

/// Route → what may be done there, as `Allow` says it.
pub(super) type Methods = Arc<HashMap<String, HeaderValue>>;

/// The methods of each route of a document. Where there is `GET`, there is
/// `HEAD`; `OPTIONS` is everywhere.
pub(super) fn methods(collected: &OpenApi) -> Methods {
    let paths = serde_json::to_value(&collected.paths).unwrap_or_default();
    let paths = paths.as_object().into_iter().flatten();
    let all = paths.filter_map(|(path, item)| {
        let mut allow = String::new();
        for method in item.as_object()?.keys() {
            allow.push_str(&method.to_uppercase());
            allow.push_str(if method == "get" { ", HEAD, " } else { ", " });
        }
        let allow = HeaderValue::from_str(&(allow + "OPTIONS")).ok()?;
        Some((path.clone(), allow))
    });
    Arc::new(all.collect())
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
