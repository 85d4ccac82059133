//! `/webhooks`.

use axum::extract::{Path, State};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::auth::{Caller, ReadAdmin, WriteAdmin};
use super::error::{ApiError, OrProblem as _};
use super::fields::{Fields, Given};
use super::openapi::inputs::{WebhookInput, WebhookPatch};
use super::openapi::params::{IdParam, PageParams, SliceParams};
use super::paging::{List, Query};
use super::{Answer, ApiState, created, no_content, ok};
use crate::directory::webhooks::log::{AttemptEntry, Delivery, DeliveryState};
use crate::directory::webhooks::{Webhook, WebhookEdit, check_url};
use crate::domain::{Timestamp, WebhookEvent, WebhookId};

/// A webhook: an address of yours that is told what happens here.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Webhook)]
struct WebhookShape {
    id: WebhookId,
    #[schema(format = "uri")]
    url: String,
    description: String,
    #[schema(value_type = Vec<WebhookEvent>)]
    events: Vec<WebhookEvent>,
    /// One that is switched off is told nothing, not later either.
    enabled: bool,
    /// Since when nothing has come through; `null` while all is well.
    #[schema(required)]
    failing_since: Option<Timestamp>,
    /// Why the gateway switched it off.
    #[schema(required)]
    disabled_reason: Option<String>,
    created_at: Timestamp,
    updated_at: Timestamp,
}

/// A webhook with its secret.
#[derive(Serialize, ToSchema)]
struct WebhookWithSecret {
    #[serde(flatten)]
    shape: WebhookShape,
    /// The secret that signs messages. It is told here and nowhere else.
    #[schema(pattern = "^whsec_[A-Za-z0-9+/]{43}=$")]
    secret: String,
}

/// A message for a webhook, and how far its delivery has come.
#[derive(Serialize, ToSchema)]
#[schema(as = WebhookDelivery)]
struct DeliveryShape {
    /// The message's `webhook-id`: that of the audit event or login trace that it
    /// tells of.
    #[schema(format = "uuid")]
    id: String,
    /// What it tells.
    #[schema(examples("user.created"))]
    event: String,
    #[schema(value_type = DeliveryState)]
    state: DeliveryState,
    created_at: Timestamp,
    /// When it is tried next; `null` when it is done with.
    #[schema(required)]
    next_attempt_at: Option<Timestamp>,
    #[schema(required)]
    finished_at: Option<Timestamp>,
    /// How often it was tried.
    attempt_count: i64,
    /// The last attempts, the newest first.
    attempts: Vec<AttemptShape>,
    /// The message's body.
    #[schema(value_type = Object)]
    payload: Value,
}

/// One attempt to deliver a message.
#[derive(Serialize, ToSchema)]
#[schema(as = WebhookAttempt)]
struct AttemptShape {
    at: Timestamp,
    /// The receiver's status; `null` where there was no answer.
    #[schema(required)]
    status: Option<i64>,
    duration_ms: i64,
    /// What was in the way.
    #[schema(required)]
    error: Option<String>,
}

/// A message that was written.
#[derive(Serialize, ToSchema)]
struct WebhookTest {
    /// The message's `webhook-id`.
    #[schema(format = "uuid")]
    id: String,
}

impl From<Webhook> for WebhookShape {
    fn from(webhook: Webhook) -> Self {
        Self {
            id: webhook.id,
            url: webhook.url,
            description: webhook.description,
            events: webhook.events,
            enabled: webhook.enabled,
            failing_since: webhook.failing_since,
            disabled_reason: webhook.disabled_reason,
            created_at: webhook.created_at,
            updated_at: webhook.updated_at,
        }
    }
}

impl From<(Webhook, SecretString)> for WebhookWithSecret {
    fn from((webhook, secret): (Webhook, SecretString)) -> Self {
        Self {
            shape: webhook.into(),
            secret: secret.expose_secret().to_owned(),
        }
    }
}

impl From<Delivery> for DeliveryShape {
    fn from(delivery: Delivery) -> Self {
        let pending = delivery.state == DeliveryState::Pending;
        Self {
            id: delivery.message,
            event: delivery.event,
            state: delivery.state,
            created_at: delivery.created_at,
            next_attempt_at: pending.then_some(delivery.due_at),
            finished_at: delivery.finished_at,
            attempt_count: delivery.attempts,
            attempts: delivery.log.into_iter().map(AttemptShape::from).collect(),
            payload: serde_json::from_str(&delivery.body).unwrap_or(Value::Null),
        }
    }
}

impl From<AttemptEntry> for AttemptShape {
    fn from(attempt: AttemptEntry) -> Self {
        Self {
            at: attempt.at,
            status: attempt.status,
            duration_ms: attempt.duration_ms,
            error: attempt.error,
        }
    }
}

fn webhook_id(text: &str) -> Result<WebhookId, ApiError> {
    WebhookId::parse(text).ok_or_else(|| ApiError::no_such("webhook"))
}

/// Lists webhooks. Their secrets are not shown.
#[utoipa::path(
    get,
    path = "/webhooks",
    tag = "Webhooks",
    params(SliceParams),
    responses(
        (status = 200, description = "One page of webhooks.", body = List<WebhookShape>),
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
    let webhooks = state.directory.webhooks().await.or_problem(&state)?;
    let shapes = webhooks.into_iter().map(WebhookShape::from).collect();
    Ok(ok(List::slice(shapes, slice)))
}

/// Creates a webhook; its secret is told once, here.
#[utoipa::path(
    post,
    path = "/webhooks",
    tag = "Webhooks",
    request_body(content = WebhookInput),
    responses(
        (status = 201, description = "The webhook with its secret.", body = WebhookWithSecret, headers(("location" = String, description = "The address of what was made."))),
    ),
    security(("token" = ["admin"])),
)]
pub(super) async fn create(
    State(state): State<ApiState>,
    caller: Caller<WriteAdmin>,
    mut fields: Fields,
) -> Answer {
    let edit = read(&state, &mut fields);
    if edit.url.is_none() && !fields.is_refused("url") {
        fields.refuse("url", "must be an address like https://example.com/hook");
    }
    fields.finish()?;
    let made = state
        .directory
        .create_webhook(edit, &state.sealer, caller.actor());
    let made = made.await.or_problem(&state)?;
    let path = format!("/api/v1/webhooks/{}", made.0.id);
    Ok(created(&path, WebhookWithSecret::from(made)))
}

/// What a body says of a webhook, with every mistake noted.
fn read(state: &ApiState, fields: &mut Fields) -> WebhookEdit {
    let url = fields.text("url");
    if let Given::Value(text) = &url {
        let wrong = check_url(text).err().map(str::to_owned);
        let wrong = wrong.or_else(|| state.outbound.check(text).err().map(|e| e.to_string()));
        if let Some(wrong) = wrong {
            fields.refuse("url", wrong);
        }
    }
    let events = fields.words("events", WebhookEvent::ALL, WebhookEvent::as_str);
    let none = match &events {
        Given::Value(events) => events.is_empty() && !fields.is_refused_below("events"),
        Given::Empty => true,
        Given::Absent => false,
    };
    if none {
        fields.refuse("events", "must name at least one event");
    }
    let enabled = fields.flag("enabled");
    if enabled == Given::Empty {
        fields.refuse("enabled", "must be true or false");
    }
    if url == Given::Empty {
        fields.refuse("url", "must be an address like https://example.com/hook");
    }
    WebhookEdit {
        url: url.value(),
        description: match fields.text("description") {
            Given::Value(text) => Some(text),
            // `null` is the empty text.
            Given::Empty => Some(String::new()),
            Given::Absent => None,
        },
        events: events.value(),
        enabled: enabled.value(),
        version: None,
    }
}

/// Shows a webhook.
#[utoipa::path(
    get,
    path = "/webhooks/{id}",
    tag = "Webhooks",
    params(IdParam),
    responses(
        (status = 200, description = "The webhook.", body = WebhookShape),
    ),
    security(("token" = ["admin"])),
)]
pub(super) async fn show(
    State(state): State<ApiState>,
    _: Caller<ReadAdmin>,
    Path(id): Path<String>,
) -> Answer {
    let webhook = state.directory.webhook(&webhook_id(&id)?).await;
    Ok(ok(WebhookShape::from(webhook.or_problem(&state)?)))
}

/// Changes a webhook, by JSON Merge Patch (RFC 7396).
#[utoipa::path(
    patch,
    path = "/webhooks/{id}",
    tag = "Webhooks",
    params(IdParam),
    request_body(content = WebhookPatch),
    responses(
        (status = 200, description = "The webhook as it is now.", body = WebhookShape),
    ),
    security(("token" = ["admin"])),
)]
pub(super) async fn edit(
    State(state): State<ApiState>,
    caller: Caller<WriteAdmin>,
    Path(id): Path<String>,
    mut fields: Fields,
) -> Answer {
    let id = webhook_id(&id)?;
    let edit = read(&state, &mut fields);
    fields.finish()?;
    let edited = state.directory.edit_webhook(&id, edit, caller.actor());
    Ok(ok(WebhookShape::from(edited.await.or_problem(&state)?)))
}

/// Deletes a webhook, with what it has not been told.
#[utoipa::path(
    delete,
    path = "/webhooks/{id}",
    tag = "Webhooks",
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
    let id = webhook_id(&id)?;
    let removed = state.directory.delete_webhook(&id, caller.actor());
    removed.await.or_problem(&state)?;
    Ok(no_content())
}

/// Gives a webhook a new secret, told once, here. The old one signs too for a day.
#[utoipa::path(
    post,
    path = "/webhooks/{id}/rotate-secret",
    tag = "Webhooks",
    params(IdParam),
    responses(
        (status = 200, description = "The webhook with its new secret.", body = WebhookWithSecret),
    ),
    security(("token" = ["admin"])),
)]
pub(super) async fn rotate_secret(
    State(state): State<ApiState>,
    caller: Caller<WriteAdmin>,
    Path(id): Path<String>,
) -> Answer {
    let id = webhook_id(&id)?;
    let rotated = state
        .directory
        .rotate_webhook_secret(&id, &state.sealer, caller.actor());
    Ok(ok(WebhookWithSecret::from(
        rotated.await.or_problem(&state)?,
    )))
}

/// Sends a webhook a message of the type `webhook.test`.
#[utoipa::path(
    post,
    path = "/webhooks/{id}/test",
    tag = "Webhooks",
    params(IdParam),
    responses(
        (status = 202, description = "The message is on its way; the delivery log says what came of it.", body = WebhookTest),
        (status = 422, description = "The webhook is switched off."),
    ),
    security(("token" = ["admin"])),
)]
pub(super) async fn test(
    State(state): State<ApiState>,
    _: Caller<WriteAdmin>,
    Path(id): Path<String>,
) -> Answer {
    let message = state.directory.test_webhook(&webhook_id(&id)?).await;
    let id = message.or_problem(&state)?;
    Ok(accepted(WebhookTest { id }))
}

/// Lists what a webhook was told, or is about to be told, with what came of each
/// attempt. What is done stays for 14 days.
#[utoipa::path(
    get,
    path = "/webhooks/{id}/deliveries",
    tag = "Webhooks",
    params(IdParam, PageParams),
    responses(
        (status = 200, description = "One page of deliveries, the newest first.", body = List<DeliveryShape>),
    ),
    security(("token" = ["admin"])),
)]
pub(super) async fn deliveries(
    State(state): State<ApiState>,
    _: Caller<ReadAdmin>,
    Path(id): Path<String>,
    mut query: Query,
) -> Answer {
    let page = query.page();
    query.finish()?;
    let id = webhook_id(&id)?;
    let found = state
        .directory
        .webhook_deliveries(&id, page.cursor, page.limit);
    let found = found.await.or_problem(&state)?;
    Ok(ok(List::of(found, DeliveryShape::from)))
}

/// Delivers a message once more, under the same `webhook-id`.
#[utoipa::path(
    post,
    path = "/webhooks/{id}/deliveries/{message}/redeliver",
    tag = "Webhooks",
    params(
        IdParam,
        ("message" = inline(WebhookId), Path, description = "The message's `webhook-id`."),
    ),
    responses(
        (status = 202, description = "The message is on its way.", body = WebhookTest),
        (status = 422, description = "The webhook is switched off."),
    ),
    security(("token" = ["admin"])),
)]
pub(super) async fn redeliver(
    State(state): State<ApiState>,
    _: Caller<WriteAdmin>,
    Path((id, message)): Path<(String, String)>,
) -> Answer {
    let id = webhook_id(&id)?;
    let message = WebhookId::parse(&message).ok_or_else(|| ApiError::no_such("delivery"))?;
    let sent = state.directory.redeliver(&id, message.as_str()).await;
    sent.or_problem(&state)?;
    let id = message.to_string();
    Ok(accepted(WebhookTest { id }))
}

fn accepted(body: WebhookTest) -> axum::response::Response {
    let mut response = ok(body);
    *response.status_mut() = axum::http::StatusCode::ACCEPTED;
    response
}
