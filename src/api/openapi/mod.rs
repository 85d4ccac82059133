//! The API described by itself: `OpenAPI` 3.1, made from the handlers.
//!
//! Each handler says what is its own (`#[utoipa::path]`); what holds for all of
//! them, the ways to fail above all, is added by [`finish`]. The schemas of what
//! is sent are derived from the types that are sent, those of bodies that are
//! read key by key stand in [`inputs`].

mod finish;
pub(super) mod inputs;
mod links;
pub(super) mod params;

use std::sync::{Arc, OnceLock};

use axum::Extension;
use axum::body::Bytes;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde_json::Value;
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Schema};

/// The document, as it is sent, made when somebody asks for it. As a value it
/// takes many times the room, and is wanted once, for the page that people read.
#[derive(Debug)]
pub(super) struct Document {
    origin: String,
    cookie: &'static str,
    text: OnceLock<Bytes>,
}

impl Document {
    /// The document of the gateway at `origin`, whose session cookie is `cookie`.
    pub(super) fn new(origin: &str, cookie: &'static str) -> Self {
        Self {
            origin: origin.to_owned(),
            cookie,
            text: OnceLock::new(),
        }
    }

    fn text(&self) -> &Bytes {
        self.text.get_or_init(|| {
            let described = super::routes::described();
            let whole = finish::finish(&described, &self.origin, self.cookie);
            whole.to_string().into()
        })
    }

    /// The document as a value.
    pub(super) fn value(&self) -> Value {
        serde_json::from_slice(self.text()).unwrap_or_default()
    }
}

/// Shows this document.
///
/// It is `OpenAPI` 3.1. It holds nothing that is secret, so it is open to everybody.
#[utoipa::path(
    get,
    path = "/openapi.json",
    tag = "Documents",
    responses((status = 200, description = "The document.", body = Object)),
)]
pub(super) async fn show(Extension(document): Extension<Arc<Document>>) -> Response {
    let kind = HeaderValue::from_static("application/json");
    // It changes with the gateway only; an hour is short enough for that.
    let caching = HeaderValue::from_static("public, max-age=3600");
    let headers = [
        (header::CONTENT_TYPE, kind),
        (header::CACHE_CONTROL, caching),
    ];
    (headers, document.text().clone()).into_response()
}

/// What stands at a place of a document (a JSON Pointer); `null` where nothing
/// does.
pub(super) fn at<'a>(document: &'a Value, place: &str) -> &'a Value {
    document.pointer(place).unwrap_or(&Value::Null)
}

/// Objects that are written into one: the schema of `#[serde(flatten)]`. The
/// result may hold other keys, since later versions add some.
pub(super) fn flattened<const N: usize>(
    description: &str,
    parts: [RefOr<Schema>; N],
) -> RefOr<Schema> {
    let mut all = ObjectBuilder::new()
        .schema_type(Type::Object)
        .description(Some(description))
        .build();
    for part in parts {
        if let RefOr::T(Schema::Object(part)) = part {
            all.properties.extend(part.properties);
            all.required.extend(part.required);
        }
    }
    Schema::Object(all).into()
}
