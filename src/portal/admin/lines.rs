//! Downloads as JSON lines.

use axum::body::{Body, Bytes};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use futures_util::Stream;

use crate::directory::DirectoryError;
use crate::directory::lines::CONTENT_TYPE;
use crate::domain::Timestamp;

/// A file of lines that are read while they are sent. What breaks in between
/// breaks the download off: no browser takes a part for the whole.
pub(super) fn download<S>(now: Timestamp, what: &'static str, lines: S) -> Response
where
    S: Stream<Item = Result<Bytes, DirectoryError>> + Send + 'static,
{
    let day: String = now.rfc3339().chars().take(10).collect();
    let name = format!("attachment; filename=\"doorward-{what}-{day}.jsonl\"");
    let name = HeaderValue::from_str(&name).unwrap_or(HeaderValue::from_static("attachment"));
    let kind = HeaderValue::from_static(CONTENT_TYPE);
    let headers = [
        (header::CONTENT_TYPE, kind),
        (header::CONTENT_DISPOSITION, name),
    ];
    (headers, Body::from_stream(lines)).into_response()
}
