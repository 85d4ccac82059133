//! `/signing-keys`: the keys that sign what applications are given.

use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::auth::{Caller, ReadAdmin, WriteAdmin};
use super::error::ApiError;
use super::openapi::params::SliceParams;
use super::paging::{List, Query};
use super::{Answer, ApiState, ok};
use crate::directory::signing_keys::{KeyEntry, SigningKeyError};
use crate::domain::Timestamp;
use crate::platform::web::{ApiJson, Problem};

/// A key that signs, will sign, or has signed. The public half is in `/oidc/jwks`.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SigningKey)]
struct KeyShape {
    /// Its name in `/oidc/jwks`.
    kid: String,
    #[schema(examples("ES256"))]
    alg: &'static str,
    /// `next` (published, and will sign), `current` (signs) or `retired` (published for what it
    /// has signed).
    #[schema(examples("current"))]
    state: &'static str,
    created_at: Timestamp,
    /// When it begins, or began, to sign.
    active_from: Timestamp,
}

impl From<KeyEntry> for KeyShape {
    fn from(key: KeyEntry) -> Self {
        Self {
            kid: key.kid,
            alg: key.algorithm.name(),
            state: key.state.as_str(),
            created_at: key.created_at,
            active_from: key.active_from,
        }
    }
}

/// How keys are changed.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = KeyRotation)]
#[serde(deny_unknown_fields)]
pub(super) struct RotationInput {
    /// Whether the new keys sign now and the old ones are deleted, for keys that somebody else
    /// may have: whatever they have signed is worth nothing any more.
    #[serde(default)]
    at_once: bool,
}

/// Lists the keys that sign what applications are given, the newest first.
#[utoipa::path(
    get,
    path = "/signing-keys",
    tag = "Keys",
    params(SliceParams),
    responses(
        (status = 200, description = "One page of keys.", body = List<KeyShape>),
    ),
    security(("token" = ["admin"])),
)]
pub(super) async fn list(
    State(state): State<ApiState>,
    _: Caller<ReadAdmin>,
    mut query: Query,
) -> Answer {
    let slice = query.slice();
    query.finish()?;
    let keys = entries(&state).await?;
    Ok(ok(List::slice(keys, slice)))
}

/// Makes other keys sign.
///
/// They are published now and sign in a day, when every application has them; what the keys so
/// far have signed stays good. Keys also change by themselves, every 90 days.
#[utoipa::path(
    post,
    path = "/signing-keys/rotate",
    tag = "Keys",
    request_body = RotationInput,
    responses(
        (status = 200, description = "The keys as they are now.", body = List<KeyShape>),
        (status = 409, description = "New keys are published already, and sign within a day."),
    ),
    security(("token" = ["admin"])),
)]
pub(super) async fn rotate(
    State(state): State<ApiState>,
    caller: Caller<WriteAdmin>,
    ApiJson(input): ApiJson<RotationInput>,
) -> Answer {
    let rotated = state.signing.rotate(input.at_once, caller.actor()).await;
    if !rotated.map_err(|error| problem(&state, error))? {
        let detail = "New keys are published already, and sign within a day.";
        return Err(Problem::conflict("signing_key.coming", detail).into());
    }
    let keys = entries(&state).await?;
    let most = keys.len();
    Ok(ok(List::slice(keys, (0, most))))
}

async fn entries(state: &ApiState) -> Result<Vec<KeyShape>, ApiError> {
    let keys = state.signing.entries().await;
    let keys = keys.map_err(|error| problem(state, error))?;
    Ok(keys.into_iter().map(KeyShape::from).collect())
}

fn problem(state: &ApiState, error: SigningKeyError) -> ApiError {
    match error {
        SigningKeyError::Directory(error) => state.error(error),
        other => state.kit.unexpected(other.to_string()).into(),
    }
}
