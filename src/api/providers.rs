//! `/providers`. Whether a provider's settings make sense is asked of the
//! protocol's own folder; here they are merged, stored and shown.

use axum::extract::{Path, State};
use axum::http::{HeaderMap, header};
use serde_json::{Map, Value};

use super::auth::{Caller, ReadProviders, WriteProviders};
use super::error::{ApiError, OrProblem as _, pointer};
use super::large::LargeJson;
use super::openapi::inputs::{ProviderPatch, ProviderReplacement};
use super::openapi::params::{IfMatch, SliceParams, SlugParam};
use super::paging::{List, Query};
use super::provider_shape::{ProviderShape, READ_ONLY};
use super::versions::{check_match, ok_with_etag, with_etag};
use super::{Answer, ApiState, created, named, no_content, ok, provider_keys, slug};
use crate::directory::Actor;
use crate::directory::providers::StoredProvider;
use crate::domain::{Provider, Slug};
use crate::login::kinds::{Examined, SetError};
use crate::platform::web::{ApiJson, FieldError};

/// Lists providers, in the order of the sign-in page.
#[utoipa::path(
    get,
    path = "/providers",
    tag = "Providers",
    params(SliceParams),
    responses(
        (status = 200, description = "One page of providers.", body = List<ProviderShape>),
    ),
    security(("token" = ["providers:write"])),
)]
pub(super) async fn list(
    State(state): State<ApiState>,
    _: Caller<ReadProviders>,
    mut query: Query,
) -> Answer {
    let slice = query.slice();
    query.finish()?;
    let stored = state.directory.providers().await.or_problem(&state)?;
    let page = List::slice(stored, slice);
    let mut items = Vec::with_capacity(page.items.len());
    for stored in page.items {
        items.push(shape(&state, stored).await?);
    }
    Ok(ok(List {
        items,
        next_cursor: page.next_cursor,
    }))
}

/// Creates a provider.
///
/// A provider with the kind `saml` needs the identity provider's metadata, unless it is a draft:
/// one with `enabled` false, whose addresses can be entered at the identity provider first. A body
/// may have 2 MiB. The keys that the gateway adds to what is read back are left out of account.
#[utoipa::path(
    post,
    path = "/providers",
    tag = "Providers",
    request_body(content = Provider),
    responses(
        (status = 201, description = "The provider.", body = ProviderShape, headers(("location" = String, description = "The address of what was made."), ("etag" = String, description = "The version, for `If-Match`."))),
        (status = 409, description = "Another provider has this slug."),
    ),
    security(("token" = ["providers:write"])),
)]
pub(super) async fn create(
    State(state): State<ApiState>,
    caller: Caller<WriteProviders>,
    LargeJson(body): LargeJson,
) -> Answer {
    let provider = read(&state, body, None).await?;
    let stored = save(&state, provider, None, caller.actor()).await?;
    let (path, version) = (path(&stored.provider.slug), stored.version);
    let shape = shape(&state, stored).await?;
    Ok(with_etag(version, created(&path, shape)))
}

/// Shows a provider, with what to enter at the identity provider.
#[utoipa::path(
    get,
    path = "/providers/{slug}",
    tag = "Providers",
    params(SlugParam),
    responses(
        (status = 200, description = "The provider.", body = ProviderShape, headers(("etag" = String, description = "The version, for `If-Match`."))),
    ),
    security(("token" = ["providers:write"])),
)]
pub(super) async fn show(
    State(state): State<ApiState>,
    _: Caller<ReadProviders>,
    Path(name): Path<String>,
) -> Answer {
    let stored = state.directory.provider(&slug(&name)?).await;
    let stored = stored.or_problem(&state)?;
    Ok(ok_with_etag(stored.version, shape(&state, stored).await?))
}

/// Makes a provider, or puts another description in the place of the one that stands.
///
/// What the body leaves out has its default. The keys of the provider, which an identity
/// provider may know already, stay. The slug may be left out of the body.
#[utoipa::path(
    put,
    path = "/providers/{slug}",
    tag = "Providers",
    params(SlugParam, IfMatch),
    request_body(content = ProviderReplacement),
    responses(
        (status = 200, description = "The provider as it is now.", body = ProviderShape, headers(("etag" = String, description = "The version, for `If-Match`."))),
        (status = 201, description = "The provider, which is new.", body = ProviderShape, headers(("location" = String, description = "The address of what was made."), ("etag" = String, description = "The version, for `If-Match`."))),
        (status = 409, description = "The configuration file keeps this provider, or it was changed by somebody else in the meantime."),
        (status = 412, description = "The provider is not of the version that `If-Match` names."),
    ),
    security(("token" = ["providers:write"])),
)]
pub(super) async fn replace(
    State(state): State<ApiState>,
    caller: Caller<WriteProviders>,
    Path(name): Path<String>,
    headers: HeaderMap,
    LargeJson(body): LargeJson,
) -> Answer {
    let slug = slug(&name)?;
    let before = named::standing(&state, state.directory.provider(&slug).await)?;
    let provider = read(&state, named::with_slug(body, &slug)?, before.as_ref()).await?;
    check_match(&headers, before.as_ref().map(|b| b.version))?;
    let stored = save(&state, provider, before.as_ref(), caller.actor()).await?;
    let version = stored.version;
    let shape = shape(&state, stored).await?;
    let response = match before {
        None => created(&path(&slug), shape),
        Some(_) => ok(shape),
    };
    Ok(with_etag(version, response))
}

/// Changes a provider, by JSON Merge Patch (RFC 7396).
///
/// Nested objects merge, `null` gives a key its default again.
#[utoipa::path(
    patch,
    path = "/providers/{slug}",
    tag = "Providers",
    params(SlugParam, IfMatch),
    request_body(content = ProviderPatch),
    responses(
        (status = 200, description = "The provider as it is now.", body = ProviderShape, headers(("etag" = String, description = "The version, for `If-Match`."))),
        (status = 409, description = "The configuration file keeps this provider, or it was changed by somebody else in the meantime."),
        (status = 412, description = "The provider is not of the version that `If-Match` names."),
    ),
    security(("token" = ["providers:write"])),
)]
pub(super) async fn edit(
    State(state): State<ApiState>,
    caller: Caller<WriteProviders>,
    Path(name): Path<String>,
    headers: HeaderMap,
    LargeJson(body): LargeJson,
) -> Answer {
    let slug = slug(&name)?;
    let before = state.directory.provider(&slug).await.or_problem(&state)?;
    let merged = named::merged(&before.provider, body, &slug)?;
    let provider = read(&state, merged, Some(&before)).await?;
    check_match(&headers, Some(before.version))?;
    let stored = save(&state, provider, Some(&before), caller.actor()).await?;
    Ok(ok_with_etag(stored.version, shape(&state, stored).await?))
}

/// Deletes a provider, the sessions that began through it, and what it knows of people.
///
/// The users stay.
#[utoipa::path(
    delete,
    path = "/providers/{slug}",
    tag = "Providers",
    params(SlugParam, IfMatch),
    responses(
        (status = 204, description = "Done. There is no body."),
        (status = 409, description = "The configuration file keeps this provider."),
        (status = 412, description = "The provider is not of the version that `If-Match` names."),
    ),
    security(("token" = ["providers:write"])),
)]
pub(super) async fn remove(
    State(state): State<ApiState>,
    caller: Caller<WriteProviders>,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Answer {
    let slug = slug(&name)?;
    if headers.contains_key(header::IF_MATCH) {
        let before = state.directory.provider(&slug).await.or_problem(&state)?;
        check_match(&headers, Some(before.version))?;
    }
    let removed = state.directory.delete_provider(&slug, caller.actor());
    removed.await.or_problem(&state)?;
    Ok(no_content())
}

fn path(slug: &Slug) -> String {
    format!("/api/v1/providers/{slug}")
}

/// Reads a provider and asks whether it can be used; everything that is wrong
/// is told at once, as far as it can be read at all.
async fn read(
    state: &ApiState,
    mut body: Map<String, Value>,
    before: Option<&StoredProvider>,
) -> Result<Examined, ApiError> {
    for key in READ_ONLY {
        body.remove(key);
    }
    // What reads objects takes arrays of their values too.
    let is_wrong = |key: &&str| body.get(*key).is_some_and(Value::is_array);
    let wrong: Vec<FieldError> = ["saml", "oauth"]
        .into_iter()
        .filter(is_wrong)
        .map(|key| FieldError::at(format!("/{key}"), "must be an object"))
        .collect();
    if !wrong.is_empty() {
        return Err(ApiError::mistakes(wrong));
    }
    let provider: Provider = ApiJson::from_value(Value::Object(body))?;
    let examined = state.providers().examine(provider, before).await;
    examined.map_err(|error| set_error(state, error))
}

/// What the script is told of a provider that was not set.
pub(super) fn set_error(state: &ApiState, error: SetError) -> ApiError {
    match error {
        SetError::Mistakes(mistakes) => {
            let all = mistakes.all.into_iter();
            let all = all.map(|one| FieldError::at(place(&one.key), one.sentence));
            let error = ApiError::mistakes(all.collect());
            match mistakes.code {
                Some(code) => error.with_code(code),
                None => error,
            }
        }
        SetError::Directory(error) => match Err::<(), _>(error).or_problem(state) {
            Err(problem) => problem,
            Ok(()) => state.kit.unexpected("an error is none").into(),
        },
        SetError::Broken(problem) => state.kit.unexpected(problem).into(),
    }
}

/// The place that a key of the configuration names, as a JSON Pointer. Values
/// of the IdP may hold dots.
fn place(key: &str) -> String {
    match key.split_once('.') {
        Some(("group_map", value)) => {
            let value = value.replace('~', "~0").replace('/', "~1");
            format!("/group_map/{value}")
        }
        _ => pointer(key),
    }
}

async fn save(
    state: &ApiState,
    examined: Examined,
    before: Option<&StoredProvider>,
    actor: Actor,
) -> Result<StoredProvider, ApiError> {
    let saved = state.providers().save(examined, before, actor).await;
    saved.map_err(|error| set_error(state, error))
}

async fn shape(state: &ApiState, stored: StoredProvider) -> Result<ProviderShape, ApiError> {
    if stored.provider.kind.is_oauth() {
        return Ok(ProviderShape::oauth(stored, state.kit.origin()));
    }
    let providers = state.providers();
    let compiled = providers.compile(stored.provider.clone(), stored.fetched());
    let compiled = compiled.await.map_err(|error| set_error(state, error))?;
    let now = state.directory.now();
    let keys = provider_keys::keys(state, &stored)?;
    Ok(ProviderShape::new(
        stored,
        &compiled,
        keys,
        state.kit.origin(),
        now,
    ))
}
