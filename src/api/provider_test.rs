//! `/providers/{slug}/test`: what an admin asks when people cannot sign in.

use axum::extract::{Path, State};

use super::auth::{Caller, WriteProviders};
use super::error::OrProblem as _;
use super::openapi::params::SlugParam;
use super::provider_shape::TestShape;
use super::providers::set_error;
use super::{Answer, ApiState, ok, slug};

/// Looks at what a login through a provider depends on.
///
/// Answers what was found and, where it is not as it should be, what to change and where.
#[utoipa::path(
    post,
    path = "/providers/{slug}/test",
    tag = "Providers",
    params(SlugParam),
    responses(
        (status = 200, description = "What was looked at.", body = TestShape),
    ),
    security(("token" = ["providers:write"])),
)]
pub(super) async fn test(
    State(state): State<ApiState>,
    _: Caller<WriteProviders>,
    Path(name): Path<String>,
) -> Answer {
    let stored = state.directory.provider(&slug(&name)?).await;
    let stored = stored.or_problem(&state)?;
    let checks = state.providers().checks(stored).await;
    let checks = checks.map_err(|error| set_error(&state, error))?;
    Ok(ok(TestShape::new(checks)))
}
