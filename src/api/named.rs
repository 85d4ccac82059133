//! What providers and applications have in common: a name in the path that never
//! changes, replacement as a whole, and merge patches of what stands.

use serde::Serialize;
use serde_json::{Map, Value};

use super::error::{ApiError, OrProblem as _};
use super::{ApiState, patch};
use crate::directory::DirectoryError;
use crate::domain::Slug;
use crate::platform::web::FieldError;

/// What stands under a name; `None` where `PUT` makes something new.
pub(super) fn standing<T>(
    state: &ApiState,
    found: Result<T, DirectoryError>,
) -> Result<Option<T>, ApiError> {
    match found {
        Err(DirectoryError::NotFound(_)) => Ok(None),
        found => Ok(Some(found.or_problem(state)?)),
    }
}

/// The body with the slug of the path, which never changes: it stands in addresses
/// that others were given.
pub(super) fn with_slug(
    mut body: Map<String, Value>,
    slug: &Slug,
) -> Result<Map<String, Value>, ApiError> {
    let given = body.insert("slug".to_owned(), Value::from(slug.as_str()));
    if given.is_some_and(|given| given != slug.as_str()) {
        let detail = format!("cannot be changed; it is `{slug}`");
        return Err(ApiError::mistakes(vec![FieldError::at("/slug", detail)]));
    }
    Ok(body)
}

/// What stands with a merge patch applied, under the slug of the path.
pub(super) fn merged(
    stands: &impl Serialize,
    body: Map<String, Value>,
    slug: &Slug,
) -> Result<Map<String, Value>, ApiError> {
    let stands = serde_json::to_value(stands).unwrap_or_default();
    let body = Value::Object(with_slug(body, slug)?);
    match patch::merge(stands, body) {
        Value::Object(merged) => Ok(merged),
        // A patch that is an object makes one (RFC 7396 §2).
        _ => Ok(Map::new()),
    }
}
