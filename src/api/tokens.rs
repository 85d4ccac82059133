//! `/tokens`.

use std::collections::BTreeSet;

use axum::extract::{Path, State};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Serialize;
use utoipa::ToSchema;

use super::auth::{Caller, ReadAdmin, WriteAdmin};
use super::error::{ApiError, OrProblem as _};
use super::fields::{Fields, Given};
use super::openapi::inputs::TokenInput;
use super::openapi::params::{IdParam, SliceParams};
use super::paging::{List, Query};
use super::{Answer, ApiState, created, no_content, ok};
use crate::directory::tokens::ApiToken;
use crate::domain::{Scope, Timestamp, TokenId};

/// Longest name of a token in characters.
pub(super) const LONGEST_NAME: usize = 200;

/// An API token.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Token)]
struct TokenShape {
    id: TokenId,
    name: String,
    #[schema(value_type = Vec<Scope>)]
    scopes: BTreeSet<Scope>,
    created_at: Timestamp,
    /// `null` for a token that lasts.
    #[schema(required)]
    expires_at: Option<Timestamp>,
    #[schema(required)]
    last_used_at: Option<Timestamp>,
}

/// A new API token.
#[derive(Serialize, ToSchema)]
struct NewToken {
    #[serde(flatten)]
    shape: TokenShape,
    /// The secret, for `Authorization: Bearer`. It is told here and nowhere else.
    #[schema(pattern = "^dwt_[A-Za-z0-9_-]{43}$")]
    token: String,
}

impl From<ApiToken> for TokenShape {
    fn from(token: ApiToken) -> Self {
        Self {
            id: token.id,
            name: token.name,
            scopes: token.scopes,
            created_at: token.created_at,
            expires_at: token.expires_at,
            last_used_at: token.last_used_at,
        }
    }
}

/// Lists API tokens. Their secrets are not kept.
#[utoipa::path(
    get,
    path = "/tokens",
    tag = "Tokens",
    params(SliceParams),
    responses(
        (status = 200, description = "One page of tokens.", body = List<TokenShape>),
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
    let tokens = state.directory.tokens().await.or_problem(&state)?;
    let shapes = tokens.into_iter().map(TokenShape::from).collect();
    Ok(ok(List::slice(shapes, slice)))
}

/// Creates an API token; its secret is told once, here.
#[utoipa::path(
    post,
    path = "/tokens",
    tag = "Tokens",
    request_body(content = TokenInput),
    responses(
        (status = 201, description = "The token with its secret.", body = NewToken, headers(("location" = String, description = "The address of what was made."))),
    ),
    security(("token" = ["admin"])),
)]
pub(super) async fn create(
    State(state): State<ApiState>,
    caller: Caller<WriteAdmin>,
    mut fields: Fields,
) -> Answer {
    let now = state.directory.now();
    let name = fields.text("name");
    let scopes = fields.words("scopes", Scope::ALL, Scope::as_str);
    let expires_at = fields.time("expires_at").value();
    check(&mut fields, &name, &scopes, expires_at, now);
    fields.finish()?;
    let name = name.value().unwrap_or_default();
    let scopes = scopes.value().unwrap_or_default().into_iter().collect();
    let made = state
        .directory
        .create_token(name, scopes, expires_at, caller.actor());
    let (token, secret): (ApiToken, SecretString) = made.await.or_problem(&state)?;
    let path = format!("/api/v1/tokens/{}", token.id);
    Ok(created(
        &path,
        NewToken {
            shape: token.into(),
            token: secret.expose_secret().to_owned(),
        },
    ))
}

/// Notes everything that the directory would refuse one by one.
fn check(
    fields: &mut Fields,
    name: &Given<String>,
    scopes: &Given<Vec<Scope>>,
    expires_at: Option<Timestamp>,
    now: Timestamp,
) {
    match name {
        Given::Value(name) if name.chars().count() <= LONGEST_NAME => {}
        _ if fields.is_refused("name") => {}
        _ => fields.refuse("name", format!("must have 1 to {LONGEST_NAME} characters")),
    }
    match scopes {
        Given::Value(scopes) if scopes.is_empty() && !fields.is_refused_below("scopes") => {
            fields.refuse("scopes", "must name at least one scope");
        }
        Given::Value(scopes) if scopes.contains(&Scope::Scim) && scopes.len() > 1 => {
            fields.refuse(
                "scopes",
                "scim stands alone: a SCIM connection does nothing else",
            );
        }
        Given::Value(_) => {}
        _ if fields.is_refused("scopes") => {}
        _ => fields.refuse("scopes", "must name at least one scope"),
    }
    if expires_at.is_some_and(|end| end <= now) {
        fields.refuse("expires_at", "must lie in the future");
    }
}

/// Deletes an API token: it opens nothing from now on.
#[utoipa::path(
    delete,
    path = "/tokens/{id}",
    tag = "Tokens",
    params(IdParam),
    responses(
        (status = 204, description = "Done. There is no body."),
    ),
    security(("token" = ["admin"])),
)]
pub(super) async fn remove(
    State(state): State<ApiState>,
    caller: Caller<WriteAdmin>,
    Path(id): Path<String>,
) -> Answer {
    let id = TokenId::parse(&id).ok_or_else(|| ApiError::no_such("token"))?;
    let removed = state.directory.delete_token(&id, caller.actor());
    removed.await.or_problem(&state)?;
    Ok(no_content())
}
