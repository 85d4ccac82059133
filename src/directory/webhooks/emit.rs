//! What webhooks are told is written here, in the transaction that it tells of.

use serde_json::{Value, json};

use super::parse_events;
use crate::directory::audit::{Actor, Target};
use crate::directory::plan::Change;
use crate::directory::traces::{LoginTrace, TraceOutcome};
use crate::directory::users;
use crate::domain::{Field, Timestamp, User, UserId, WebhookEvent, WebhookId};
use crate::platform::storage::{StorageError, Tx, params};

/// Undelivered logins that one webhook keeps: anybody can cause more of them, so
/// what goes beyond is not told. Changes of users and groups always are.
const MOST_LOGINS: i64 = 10_000;

/// Tells of an audit event.
pub(in crate::directory) async fn of_audit(
    tx: &mut Tx,
    (id, at): (&str, Timestamp),
    actor: &Actor,
    action: &str,
    target: Target<'_>,
    changes: &[Change],
) -> Result<(), StorageError> {
    let Some(event) = WebhookEvent::of_action(action) else {
        return Ok(());
    };
    let wanted = wanted(tx, event).await?;
    if wanted.is_empty() {
        return Ok(());
    }
    let user = match target.kind {
        "user" => users::by_id(tx, &UserId::from_row(target.id.to_owned())).await?,
        _ => None,
    };
    let mut thing = match &user {
        Some(user) => of_user(user),
        None => json!({ "id": target.id }),
    };
    if let Value::Object(thing) = &mut thing {
        thing.entry("name").or_insert_with(|| json!(target.name));
    }
    let data = json!({
        target.kind: thing,
        "action": action,
        "actor": { "kind": actor.kind().as_str(), "id": actor.id(), "name": actor.name() },
        "changes": changes,
    });
    write(tx, &wanted, event, (id, at), &data).await
}

/// Tells of an attempt to sign in. What is not one, such as a metadata refresh,
/// is told to nobody.
pub(in crate::directory) async fn of_trace(
    tx: &mut Tx,
    trace: &LoginTrace,
) -> Result<(), StorageError> {
    if matches!(
        trace.kind.as_str(),
        "metadata" | "discovery" | "logout" | "test" | "application"
    ) {
        return Ok(());
    }
    let event = match trace.outcome {
        TraceOutcome::Success => WebhookEvent::LoginSucceeded,
        TraceOutcome::Refused => WebhookEvent::LoginRefused,
        TraceOutcome::Failed => WebhookEvent::LoginFailed,
    };
    let wanted = wanted(tx, event).await?;
    if wanted.is_empty() {
        return Ok(());
    }
    let user = match &trace.user {
        Some(id) => users::by_id(tx, id).await?,
        None => None,
    };
    let data = json!({
        "login": {
            "id": trace.id,
            "provider": trace.provider,
            "kind": trace.kind,
            "outcome": trace.outcome.as_str(),
            "code": trace.code,
            "reference": trace.reference,
            "summary": trace.details.summary,
        },
        "user": user.as_ref().map(of_user),
    });
    write(tx, &wanted, event, (trace.id.as_str(), trace.at), &data).await
}

/// The webhooks that want to be told of an event.
async fn wanted(tx: &mut Tx, event: WebhookEvent) -> Result<Vec<WebhookId>, StorageError> {
    let sql = "SELECT id, events FROM webhooks WHERE enabled = $1 ORDER BY id";
    let mut wanted = Vec::new();
    for row in tx.query(sql, params![true]).await? {
        let mut reader = row.reader();
        let id = WebhookId::from_row(reader.text()?);
        if parse_events(&reader.text()?).contains(&event) {
            wanted.push(id);
        }
    }
    Ok(wanted)
}

/// A user as webhooks show one: as the API does, the rarer fields aside.
fn of_user(user: &User) -> Value {
    const SHOWN: [Field; 9] = [
        Field::UserName,
        Field::Upn,
        Field::Email,
        Field::Name,
        Field::GivenName,
        Field::FamilyName,
        Field::Department,
        Field::JobTitle,
        Field::Language,
    ];
    let mut shown = serde_json::Map::new();
    shown.insert("id".to_owned(), json!(user.id));
    for field in SHOWN {
        shown.insert(field.name().to_owned(), json!(user.profile.get(field)));
    }
    shown.insert("status".to_owned(), json!(user.status.as_str()));
    shown.into()
}

async fn write(
    tx: &mut Tx,
    webhooks: &[WebhookId],
    event: WebhookEvent,
    (message, at): (&str, Timestamp),
    data: &Value,
) -> Result<(), StorageError> {
    let body = body(event.as_str(), at, data);
    for webhook in webhooks {
        if event.is_of_login() && is_full(tx, webhook).await? {
            metrics::counter!("doorward_webhook_logins_not_told_total").increment(1);
            continue;
        }
        insert(tx, webhook, message, event.as_str(), &body, at).await?;
    }
    Ok(())
}

async fn is_full(tx: &mut Tx, webhook: &WebhookId) -> Result<bool, StorageError> {
    let sql = "SELECT COUNT(*) FROM (SELECT 1 FROM webhook_deliveries \
        WHERE webhook = $1 AND state = 'pending' LIMIT $2) AS waiting";
    Ok(tx.count(sql, params![webhook, MOST_LOGINS]).await? >= MOST_LOGINS)
}

/// A message's body (Standard Webhooks, "payload structure").
pub(super) fn body(event: &str, at: Timestamp, data: &Value) -> String {
    json!({ "type": event, "timestamp": at.rfc3339(), "data": data }).to_string()
}

/// Writes one message for one webhook.
pub(super) async fn insert(
    tx: &mut Tx,
    webhook: &WebhookId,
    message: &str,
    event: &str,
    body: &str,
    at: Timestamp,
) -> Result<(), StorageError> {
    const SQL: &str = "INSERT INTO webhook_deliveries (webhook, message, event, body, state, \
        attempts, due_at, leased_until, created_at) VALUES ($1, $2, $3, $4, 'pending', 0, $5, 0, $5)";
    tx.execute(SQL, params![webhook, message, event, body, at])
        .await
        .map(|_| ())
}
