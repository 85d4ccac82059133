//! `/providers/{slug}/rotate-key`: the rollover of our own keys.

use axum::extract::{Path, State};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::auth::{Caller, WriteProviders};
use super::error::{ApiError, OrProblem as _};
use super::openapi::params::SlugParam;
use super::versions::ok_with_etag;
use super::{Answer, ApiState, slug};
use crate::directory::providers::StoredProvider;
use crate::domain::Timestamp;
use crate::login::saml::keys::SpKey;
use crate::login::saml::rollover::{self, RolloverError, Step};
use crate::platform::web::{ApiJson, Problem};

/// Which step to take.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = KeyStep)]
#[serde(deny_unknown_fields)]
pub(super) struct StepInput {
    step: Step,
}

/// One of our own keys, as an IdP has to know it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OwnKey)]
pub(super) struct KeyShape {
    /// SHA-256 over the certificate's DER form.
    #[schema(pattern = "^([0-9A-F]{2}:){31}[0-9A-F]{2}$")]
    fingerprint_sha256: String,
    /// The last moment of the certificate's validity.
    not_after: Timestamp,
    /// Days until then; negative when it has passed.
    days_left: i64,
    /// Whether it is the one that signs; each of them decrypts.
    signs: bool,
    /// The certificate in PEM, for IdPs that do not read metadata.
    certificate: String,
}

/// Our own keys for a provider.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OwnKeys)]
struct KeysShape {
    /// The one that signs first.
    keys: Vec<KeyShape>,
    /// Whether the second step is still to be taken.
    rollover: bool,
}

/// Takes a step of the rollover of our own keys for a provider.
///
/// `begin` publishes the next key beside the one that signs; `finish` removes the old one when
/// the identity provider has read our metadata again; `cancel` takes the first step back. Both
/// keys decrypt in between, so that no login fails.
#[utoipa::path(
    post,
    path = "/providers/{slug}/rotate-key",
    tag = "Providers",
    params(SlugParam),
    request_body = StepInput,
    responses(
        (status = 200, description = "The keys after the step.", body = KeysShape),
        (status = 409, description = "The step before is missing, or was taken before."),
    ),
    security(("token" = ["providers:write"])),
)]
pub(super) async fn rotate(
    State(state): State<ApiState>,
    caller: Caller<WriteProviders>,
    Path(name): Path<String>,
    ApiJson(input): ApiJson<StepInput>,
) -> Answer {
    let slug = slug(&name)?;
    let rotated = rollover::rotate(
        &state.directory,
        &state.sealer,
        &slug,
        input.step,
        caller.actor(),
    );
    let stored = match rotated.await {
        Ok(stored) => stored,
        Err(RolloverError::Directory(error)) => return Err(error).or_problem(&state),
        Err(RolloverError::Keys(error)) => {
            return Err(state.kit.unexpected(error.to_string()).into());
        }
        Err(error) => return Err(Problem::conflict(error.code(), error.to_string()).into()),
    };
    let keys = keys(&state, &stored)?;
    let rollover = keys.len() > 1;
    Ok(ok_with_etag(stored.version, KeysShape { keys, rollover }))
}

/// Our own keys for a provider, the one that signs first. Those that cannot be
/// opened are none: a test of the provider says why.
pub(super) fn keys(state: &ApiState, stored: &StoredProvider) -> Result<Vec<KeyShape>, ApiError> {
    let (keys, now) = (state.providers().own_keys(stored), state.directory.now());
    let keys = keys.iter().enumerate();
    keys.map(|(at, key)| {
        shape(key, at == 0, now).map_err(|error| state.kit.unexpected(error.to_string()).into())
    })
    .collect()
}

fn shape(key: &SpKey, signs: bool, now: Timestamp) -> Result<KeyShape, openssl::error::ErrorStack> {
    let pem = key.certificate.to_pem()?;
    Ok(KeyShape {
        fingerprint_sha256: key.fingerprint_with_colons(),
        not_after: key.not_after,
        days_left: key.not_after.seconds_since(now).div_euclid(86_400),
        signs,
        certificate: String::from_utf8_lossy(&pem).into_owned(),
    })
}
