//! `/users/{id}/passkeys`.

use axum::extract::{Path, State};
use serde::Serialize;
use utoipa::ToSchema;

use super::auth::{Caller, ReadUsers, WriteUsers};
use super::error::{ApiError, OrProblem as _};
use super::fields::{Fields, Given};
use super::openapi::inputs::{PasskeyInput, PasskeyPatch};
use super::openapi::params::{IdParam, SliceParams};
use super::paging::{List, Query};
use super::{Answer, ApiState, created, no_content, ok, user_id};
use crate::directory::passkeys::{KeyKind, KeyState, LONGEST_NAME, Passkey, name_of};
use crate::domain::ids::PasskeyId;
use crate::domain::{Timestamp, UserId};
use crate::login::passkey::delivery::{Delivery, Handed};
use crate::login::passkey::enrolment::may_open;
use crate::login::passkey::keys::{Revoked, Revoker};
use crate::platform::i18n::Locale;

/// A passkey or security key.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Passkey)]
struct PasskeyShape {
    #[schema(value_type = uuid::Uuid)]
    id: PasskeyId,
    name: String,
    kind: KeyKind,
    state: KeyState,
    /// Whether copies of it may exist on other devices; `null` while it is pending.
    #[schema(required)]
    backup_eligible: Option<bool>,
    /// Whether there are such copies; `null` while it is pending.
    #[schema(required)]
    backed_up: Option<bool>,
    created_at: Timestamp,
    #[schema(required)]
    activated_at: Option<Timestamp>,
    #[schema(required)]
    last_used_at: Option<Timestamp>,
    /// Until when the link works that activates it.
    #[schema(required)]
    link_expires_at: Option<Timestamp>,
}

/// A new passkey, pending.
#[derive(Serialize, ToSchema)]
struct NewPasskey {
    #[serde(flatten)]
    shape: PasskeyShape,
    /// The address at which the person activates it, told here and nowhere else; `null`
    /// when it was mailed.
    #[schema(required)]
    link: Option<String>,
    /// The address that the link is mailed to.
    #[schema(required)]
    mailed_to: Option<String>,
}

impl From<Passkey> for PasskeyShape {
    fn from(key: Passkey) -> Self {
        let is_active = key.state == KeyState::Active;
        Self {
            id: key.id,
            name: key.name,
            kind: key.kind,
            state: key.state,
            backup_eligible: is_active.then_some(key.backup_eligible),
            backed_up: is_active.then_some(key.backed_up),
            created_at: key.created_at,
            activated_at: key.activated_at,
            last_used_at: key.last_used_at,
            link_expires_at: key.link_expires_at,
        }
    }
}

fn key_id(text: &str) -> Result<PasskeyId, ApiError> {
    PasskeyId::parse(text).ok_or_else(|| ApiError::no_such("passkey"))
}

/// Lists the passkeys and security keys of a user, the oldest first.
#[utoipa::path(
    get,
    path = "/users/{id}/passkeys",
    tag = "Passkeys",
    params(IdParam, SliceParams),
    responses(
        (status = 200, description = "One page of passkeys, pending or active.", body = List<PasskeyShape>),
    ),
    security(("token" = ["users:read"])),
)]
pub(super) async fn list(
    State(state): State<ApiState>,
    _: Caller<ReadUsers>,
    Path(id): Path<String>,
    mut query: Query,
) -> Answer {
    let slice = query.slice();
    query.finish()?;
    let user = state.directory.user(&user_id(&id)?).await;
    let user = user.or_problem(&state)?;
    let keys = state.passkeys.of_user(&user.id).await.or_problem(&state)?;
    let shapes = keys.into_iter().map(PasskeyShape::from).collect();
    Ok(ok(List::slice(shapes, slice)))
}

/// Assigns a passkey to a user: it waits for the person, who activates it by a link.
///
/// The link works once, for three days. With `"mail": true` it is mailed to the person where
/// that is possible, and not in the answer. A key of somebody who has a role needs the scope
/// or role `admin`.
#[utoipa::path(
    post,
    path = "/users/{id}/passkeys",
    tag = "Passkeys",
    params(IdParam),
    request_body(content = PasskeyInput),
    responses(
        (status = 201, description = "The passkey with its link.", body = NewPasskey, headers(("location" = String, description = "The address of what was made."))),
        (status = 409, description = "The user was changed by somebody else in the meantime."),
    ),
    security(("token" = ["users:write"])),
)]
pub(super) async fn create(
    State(state): State<ApiState>,
    caller: Caller<WriteUsers>,
    locale: Locale,
    Path(id): Path<String>,
    mut fields: Fields,
) -> Answer {
    let id = user_id(&id)?;
    let name = name(&mut fields);
    let kind = fields.word("kind", KeyKind::ALL, KeyKind::as_str);
    if matches!(kind, Given::Empty) {
        fields.refuse("kind", "cannot be empty");
    }
    let mail = fields.flag("mail").value().unwrap_or(false);
    fields.finish()?;
    guard(&state, &caller, &id).await?;
    let delivery = if mail {
        Delivery::Mail(locale)
    } else {
        Delivery::Hand
    };
    let (name, kind) = (
        name.unwrap_or_default(),
        kind.value().unwrap_or(KeyKind::Passkey),
    );
    let what = (kind, name, delivery);
    let made = state.passkeys.assign(&id, what, caller.actor());
    let (key, handed) = made.await.or_problem(&state)?;
    let path = format!("/api/v1/users/{id}/passkeys/{}", key.id);
    let mut shape = PasskeyShape::from(key);
    shape.link_expires_at = handed.until();
    let (link, mailed_to) = match handed {
        Handed::Told(told) => (Some(state.passkeys.link(&told.secret)), None),
        Handed::Mailed { to, .. } => (None, Some(to)),
        Handed::Nothing => (None, None),
    };
    let made = NewPasskey {
        shape,
        link,
        mailed_to,
    };
    Ok(created(&path, made))
}

/// Renames a passkey.
///
/// A key of somebody who has a role needs the scope or role `admin`.
#[utoipa::path(
    patch,
    path = "/users/{id}/passkeys/{passkey}",
    tag = "Passkeys",
    params(IdParam, ("passkey" = inline(UserId), Path, description = "The passkey.")),
    request_body(content = PasskeyPatch),
    responses(
        (status = 200, description = "The passkey as it is now.", body = PasskeyShape),
    ),
    security(("token" = ["users:write"])),
)]
pub(super) async fn edit(
    State(state): State<ApiState>,
    caller: Caller<WriteUsers>,
    Path((id, passkey)): Path<(String, String)>,
    mut fields: Fields,
) -> Answer {
    let (id, key) = (user_id(&id)?, key_id(&passkey)?);
    let name = name(&mut fields);
    fields.finish()?;
    guard(&state, &caller, &id).await?;
    let name = name.unwrap_or_default();
    let renamed = state
        .passkeys
        .rename(&id, &key, &name, caller.actor())
        .await;
    Ok(ok(PasskeyShape::from(renamed.or_problem(&state)?)))
}

/// Revokes a passkey, and ends the sessions that were begun with it.
///
/// A key of somebody who has a role needs the scope or role `admin`.
#[utoipa::path(
    delete,
    path = "/users/{id}/passkeys/{passkey}",
    tag = "Passkeys",
    params(IdParam, ("passkey" = inline(UserId), Path, description = "The passkey.")),
    responses(
        (status = 204, description = "Done. There is no body."),
    ),
    security(("token" = ["users:write"])),
)]
pub(super) async fn remove(
    State(state): State<ApiState>,
    caller: Caller<WriteUsers>,
    Path((id, passkey)): Path<(String, String)>,
) -> Answer {
    let (id, key) = (user_id(&id)?, key_id(&passkey)?);
    guard(&state, &caller, &id).await?;
    let by = Revoker::Admin(caller.actor());
    match state
        .passkeys
        .revoke(&id, &key, by)
        .await
        .or_problem(&state)?
    {
        Revoked::Done => Ok(no_content()),
        Revoked::Unknown | Revoked::LastWayIn => Err(ApiError::no_such("passkey")),
    }
}

/// Whoever could sign in as somebody with a role would have the role.
async fn guard(
    state: &ApiState,
    caller: &Caller<WriteUsers>,
    user: &UserId,
) -> Result<(), ApiError> {
    let user = state.directory.user(user).await.or_problem(state)?;
    if may_open(&user, false) {
        return Ok(());
    }
    caller.as_admin()
}

fn name(fields: &mut Fields) -> Option<String> {
    match fields.text("name") {
        Given::Value(name) if name_of(&name).is_some() => Some(name),
        _ if fields.is_refused("name") => None,
        _ => {
            fields.refuse("name", format!("must have 1 to {LONGEST_NAME} characters"));
            None
        }
    }
}
