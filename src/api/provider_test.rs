//! `/providers/{slug}/test`: what an admin asks when people cannot sign in.

use axum::extract::{Path, State};

use super::auth::{Caller, WriteProviders};
use super::error::{ApiError, OrProblem as _};
use super::openapi::params::SlugParam;
use super::provider_shape::TestShape;
use super::providers::compile;
use super::{Answer, ApiState, ok, slug};
use crate::directory::providers::StoredProvider;
use crate::domain::ProviderKind;
use crate::login::checks::{self, Check};
use crate::login::{oauth, saml};

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
    let provider = stored.provider.clone();
    let mut checks = match provider.kind {
        ProviderKind::Saml => saml_checks(&state, stored).await?,
        _ => oauth_checks(&state, &stored).await,
    };
    checks.extend(checks::admission(&provider));
    Ok(ok(TestShape::new(checks)))
}

/// The settings of an OAuth provider, and what the provider itself answers.
async fn oauth_checks(state: &ApiState, stored: &StoredProvider) -> Vec<Check> {
    match oauth::provider::ready(stored, state.kit.origin(), &state.sealer) {
        Ok(ready) => {
            let mut checks = vec![Check::fine("settings", "The settings are complete.")];
            let now = state.directory.now();
            checks.extend(oauth::checks::ask(&ready, &state.outbound, now).await);
            checks
        }
        Err(error) => vec![Check::failed(
            "settings",
            error.sentence.clone(),
            format!("Correct {}.", error.field),
        )],
    }
}

async fn saml_checks(state: &ApiState, stored: StoredProvider) -> Result<Vec<Check>, ApiError> {
    let slug = stored.provider.slug.clone();
    let by_url = stored.metadata.is_some();
    let (mut checks, stored) = if by_url {
        let refreshed = state
            .metadata
            .refresh(&slug, true)
            .await
            .or_problem(state)?;
        // What was fetched counts.
        let stored = state.directory.provider(&slug).await.or_problem(state)?;
        let now = state.directory.now();
        (saml::checks::fetched(&refreshed, &stored, now), stored)
    } else {
        (Vec::new(), stored)
    };
    let now = state.directory.now();
    let compiled = compile(state, stored.provider.clone(), stored.fetched()).await?;
    let ring = saml::provider::ring(&stored, &state.sealer);
    let keys = tokio::task::spawn_blocking(move || saml::checks::own_keys(&ring, now));
    let keys = keys
        .await
        .map_err(|panic| state.kit.unexpected(panic.to_string()))?;
    checks.extend(saml::checks::settings(&compiled, now));
    checks.push(keys);
    Ok(checks)
}
