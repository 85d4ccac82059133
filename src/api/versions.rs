//! Entity tags: the version of what was read, and changes of that version only
//! (RFC 9110 §8.8.3 and §13.1.1).

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use serde::Serialize;

use super::error::ApiError;
use super::ok;
use crate::platform::web::Problem;

fn etag(version: i64) -> String {
    format!("\"{version}\"")
}

/// `200` with a body and its entity tag.
pub(super) fn ok_with_etag(version: i64, body: impl Serialize) -> Response {
    with_etag(version, ok(body))
}

/// The same answer with an entity tag.
pub(super) fn with_etag(version: i64, mut response: Response) -> Response {
    if let Ok(value) = HeaderValue::from_str(&etag(version)) {
        response.headers_mut().insert(header::ETAG, value);
    }
    response
}

/// Refuses a change of another version than the one that stands; `None` when there
/// is none.
pub(super) fn check_match(headers: &HeaderMap, version: Option<i64>) -> Result<(), ApiError> {
    let Some(wanted) = headers.get(header::IF_MATCH) else {
        return Ok(());
    };
    let tags = wanted.to_str().unwrap_or_default();
    let matches = version.is_some_and(|version| {
        let stands = etag(version);
        tags.split(',')
            .any(|tag| tag.trim() == "*" || tag.trim() == stands)
    });
    if matches {
        return Ok(());
    }
    Err(Problem::new(
        StatusCode::PRECONDITION_FAILED,
        "changed",
        "It is not of the version that If-Match names; read it again.",
    )
    .into())
}
