//! What HTTP asks of every route: an answer that the caller can read, and a
//! word on what may be done here.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use utoipa::openapi::OpenApi;

use crate::platform::web::Problem;

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

/// Refuses a caller who cannot take JSON (`406`, RFC 9110 §12.5.1), and answers
/// `OPTIONS` with the methods of the route (§9.3.7).
pub(super) async fn negotiate(
    State(methods): State<Methods>,
    request: Request,
    next: Next,
) -> Response {
    if !takes_json(request.headers()) {
        return not_acceptable();
    }
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

fn not_acceptable() -> Response {
    Problem::new(
        StatusCode::NOT_ACCEPTABLE,
        "request.not_acceptable",
        "The answer is JSON, which the request does not accept.",
    )
    .with_detail("Send Accept: application/json, or no Accept at all.")
    .into_response()
}

/// Whether `Accept` leaves room for JSON. Whoever takes problems takes JSON, and
/// the other way round.
fn takes_json(headers: &HeaderMap) -> bool {
    let mut fields = headers.get_all(header::ACCEPT).iter().peekable();
    if fields.peek().is_none() {
        return true;
    }
    fields
        .filter_map(|field| field.to_str().ok())
        .flat_map(|field| field.split(','))
        .any(is_json)
}

/// Whether one range of `Accept` holds JSON, and does not say `q=0` of it.
fn is_json(range: &str) -> bool {
    let mut parts = range.split(';').map(str::trim);
    let kind = parts.next().unwrap_or_default().to_ascii_lowercase();
    let refused = parts.any(|parameter| {
        let weight = parameter
            .split_once('=')
            .filter(|(name, _)| name.eq_ignore_ascii_case("q"));
        weight.is_some_and(|(_, q)| q.parse::<f32>().is_ok_and(|q| q <= 0.0))
    });
    let holds = match kind.as_str() {
        "*/*" | "application/*" | "application/json" => true,
        other => other.starts_with("application/") && other.ends_with("+json"),
    };
    holds && !refused
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_caller_takes() {
        let takes = |fields: &[&str]| {
            let mut headers = HeaderMap::new();
            for field in fields {
                headers.append(header::ACCEPT, field.parse().unwrap());
            }
            takes_json(&headers)
        };
        for fields in [
            &[][..],
            &["*/*"],
            &["application/json"],
            &["text/html, application/json;q=0.1"],
            &["text/html", "Application/*; Q=0.5"],
            &["application/problem+json"],
        ] {
            assert!(takes(fields), "{fields:?}");
        }
        for fields in [
            &["text/html"][..],
            &["application/xml, text/*"],
            &["application/json;q=0"],
            &["application/json; charset=utf-8; q=0.000"],
            &[""],
        ] {
            assert!(!takes(fields), "{fields:?}");
        }
    }
}
