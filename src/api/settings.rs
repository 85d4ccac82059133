//! `/settings`.

use axum::extract::State;

use super::auth::{Caller, ReadAdmin, WriteAdmin};
use super::error::{ApiError, OrProblem as _};
use super::fields::{Fields, Given};
use super::openapi::inputs::SettingsPatch;
use super::{Answer, ApiState, ok};
use crate::directory::settings::{Settings, SettingsEdit};
use crate::domain::address::DomainPattern;
use crate::platform::web::Problem;

/// Shows the settings.
#[utoipa::path(
    get,
    path = "/settings",
    tag = "Settings",
    responses(
        (status = 200, description = "The settings.", body = Settings),
    ),
    security(("token" = ["admin"])),
)]
pub(super) async fn show(State(state): State<ApiState>, _: Caller<ReadAdmin>) -> Answer {
    let settings = state.directory.settings(&state.defaults).await;
    Ok(ok(settings.or_problem(&state)?))
}

/// Changes settings, by JSON Merge Patch (RFC 7396); `null` lets the configuration file decide
/// again.
///
/// `password_login` is switched off only by an admin who is signed in through a provider, never
/// by a token.
#[utoipa::path(
    patch,
    path = "/settings",
    tag = "Settings",
    request_body(content = SettingsPatch),
    responses(
        (status = 200, description = "The settings as they are now.", body = Settings),
    ),
    security(("token" = ["admin"])),
)]
pub(super) async fn edit(
    State(state): State<ApiState>,
    caller: Caller<WriteAdmin>,
    mut fields: Fields,
) -> Answer {
    let allowed_domains = fields.texts("allowed_domains");
    if let Given::Value(patterns) = &allowed_domains
        && !fields.is_refused_below("allowed_domains")
    {
        for (index, pattern) in patterns.iter().enumerate() {
            if DomainPattern::parse(pattern).is_none() {
                let detail = format!(
                    "`{pattern}` is no domain pattern; write example.com, *.example.com or *"
                );
                fields.refuse(&format!("allowed_domains/{index}"), detail);
            }
        }
    }
    let edit = SettingsEdit {
        allowed_domains: allowed_domains.edit(),
        home_realm_discovery: fields.flag("home_realm_discovery").edit(),
        password_login: fields.flag("password_login").edit(),
        passkeys: fields.flag("passkeys").edit(),
    };
    fields.finish()?;
    if let Some(wanted) = edit.password_login
        && !wanted.unwrap_or(state.defaults.password_login)
    {
        prove(&state, &caller).await?;
    }
    let settings = state
        .directory
        .edit_settings(edit, &state.defaults, caller.actor())
        .await;
    Ok(ok(settings.or_problem(&state)?))
}

/// Refuses to switch password sign-in off for anybody who has not shown, in this very
/// session, that there is another way in.
async fn prove(state: &ApiState, caller: &Caller<WriteAdmin>) -> Result<(), ApiError> {
    let settings = state.directory.settings(&state.defaults).await;
    if !settings.or_problem(state)?.password_login {
        return Ok(());
    }
    if let Some(signed_in) = caller.signed_in() {
        let proven = state.accounts.is_proof(signed_in).await;
        if proven.or_problem(state)? {
            return Ok(());
        }
    }
    let detail = "Password sign-in is switched off only by an admin who has signed in through a \
                  provider in this session: that shows that the provider works. The file's \
                  [password_login] enabled can be set on the machine.";
    Err(ApiError::from(Problem::forbidden(detail)).with_code("settings.proof_needed"))
}
