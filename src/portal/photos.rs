//! `GET /photos/{id}`: pictures of people, for people who are signed in.

use axum::extract::{Path, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::PortalState;
use crate::platform::i18n::Locale;
use crate::platform::web::Message;
use crate::sessions::current::{MaybeCurrent, NoOne};

pub(super) async fn show(
    State(state): State<PortalState>,
    locale: Locale,
    Path(id): Path<String>,
    MaybeCurrent(current): MaybeCurrent,
) -> Response {
    match current {
        Ok(_) => {}
        Err(NoOne::SignedOut) => return StatusCode::UNAUTHORIZED.into_response(),
        Err(NoOne::Unavailable(cause)) => return state.unavailable(locale, cause, "/"),
    }
    // A name that the database cannot hold is nobody's.
    let known = id.len() <= 64
        && id
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b));
    let found = if known {
        state.directory.photo(&id).await
    } else {
        Ok(None)
    };
    match found {
        Ok(Some(octets)) => {
            let headers = [
                (header::CONTENT_TYPE, HeaderValue::from_static("image/jpeg")),
                // Another picture has another address.
                (
                    header::CACHE_CONTROL,
                    HeaderValue::from_static("private, max-age=86400"),
                ),
            ];
            (headers, octets).into_response()
        }
        Ok(None) => {
            let failure = state.kit.failure(Message::NotFound, "photo.unknown");
            state.kit.failure_page(locale, failure)
        }
        Err(error) => state.failed(locale, &error, "/"),
    }
}
