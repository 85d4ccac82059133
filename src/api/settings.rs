//! `/settings`.

use axum::extract::State;
use serde_json::Value;

use super::auth::{Caller, ReadAdmin, WriteAdmin};
use super::error::{ApiError, OrProblem as _};
use super::{Answer, ApiState, ok, patch};
use crate::directory::settings::Settings;
use crate::domain::address::DomainPattern;
use crate::platform::web::{ApiJson, FieldError, Problem};

/// `GET /settings`.
pub(super) async fn show(State(state): State<ApiState>, _: Caller<ReadAdmin>) -> Answer {
    let settings = state.directory.settings(&state.defaults).await;
    Ok(ok(settings.or_problem(&state)?))
}

/// `PATCH /settings`: a merge patch; `null` brings the configuration file's
/// value back.
pub(super) async fn edit(
    State(state): State<ApiState>,
    caller: Caller<WriteAdmin>,
    ApiJson(body): ApiJson<Value>,
) -> Answer {
    let before = state.directory.settings(&state.defaults).await;
    let before = before.or_problem(&state)?;
    let after = patched(&before, &state.defaults, body)?;
    let saved = state
        .directory
        .set_settings(before, after.clone(), caller.actor());
    saved.await.or_problem(&state)?;
    Ok(ok(after))
}

fn patched(before: &Settings, defaults: &Settings, body: Value) -> Result<Settings, ApiError> {
    if !body.is_object() {
        return Err(Problem::invalid("The body must be a JSON object.").into());
    }
    let object = |settings| serde_json::to_value(settings).unwrap_or_default();
    let after = patch::merge(object(before), body);
    // What the patch took away has its default again.
    let after = patch::merge(object(defaults), after);
    let after: Settings = ApiJson::from_value(after)?;
    let wrong: Vec<FieldError> = after
        .allowed_domains
        .iter()
        .enumerate()
        .filter(|(_, pattern)| DomainPattern::parse(pattern).is_none())
        .map(|(index, pattern)| {
            FieldError::at(
                format!("/allowed_domains/{index}"),
                format!("`{pattern}` is no domain pattern; write example.com, *.example.com or *"),
            )
        })
        .collect();
    if wrong.is_empty() {
        Ok(after)
    } else {
        Err(ApiError::mistakes(wrong))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn settings(domains: &[&str], discovery: bool) -> Settings {
        Settings {
            allowed_domains: domains.iter().map(|d| (*d).to_owned()).collect(),
            home_realm_discovery: discovery,
        }
    }

    #[test]
    fn settings_are_merged_and_brought_back() {
        let (before, defaults) = (settings(&["a.example"], false), settings(&["*"], true));
        let patch = |body| patched(&before, &defaults, body);
        assert_eq!(patch(json!({})).unwrap(), before);
        let changed = patch(json!({"allowed_domains": ["b.example"]})).unwrap();
        assert_eq!(changed, settings(&["b.example"], false));
        let back = patch(json!({"home_realm_discovery": null})).unwrap();
        assert_eq!(back, settings(&["a.example"], true));
        let wrong = patch(json!({"allowed_domains": ["a", "**", "*."]})).unwrap_err();
        let places: Vec<_> = wrong
            .errors()
            .iter()
            .filter_map(|e| e.pointer.as_deref())
            .collect();
        assert_eq!(places, ["/allowed_domains/1", "/allowed_domains/2"]);
        for body in [
            json!([]),
            json!({"allowed_domain": []}),
            json!({"allowed_domains": "*"}),
        ] {
            assert!(patch(body.clone()).is_err(), "{body}");
        }
    }
}
