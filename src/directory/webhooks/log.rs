//! The delivery log: what was told, when, and what the receiver said.

use serde_json::{Value, json};

use super::{Webhook, emit, find};
use crate::directory::{Directory, DirectoryError, Page};
use crate::domain::user::words;
use crate::domain::{Timestamp, WebhookId, ids};
use crate::platform::storage::{StorageError, Tx, params};
use serde::{Deserialize, Serialize};

words!(
    /// How far a delivery has come.
    DeliveryState {
        /// It will be tried, or tried again.
        Pending = "pending",
        /// The receiver has it.
        Delivered = "delivered",
        /// It was given up.
        Failed = "failed",
    }
);

/// Seconds that what is done stays in the log.
const KEPT: i64 = 14 * 24 * 3600;
/// Rows that one transaction forgets.
const FORGET: i64 = 2_000;
/// The event of a test.
pub const TEST: &str = "webhook.test";

/// One message for one webhook.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// The message: its `webhook-id`.
    pub message: String,
    /// What it tells.
    pub event: String,
    /// Its body.
    pub body: String,
    /// How far it has come.
    pub state: DeliveryState,
    /// How often it was tried.
    pub attempts: i64,
    /// When it is tried next, while it is pending.
    pub due_at: Timestamp,
    /// When it was written.
    pub created_at: Timestamp,
    /// When it was done with.
    pub finished_at: Option<Timestamp>,
    /// The attempts, the newest first.
    pub log: Vec<AttemptEntry>,
}

/// One attempt.
#[derive(Clone, Debug)]
pub struct AttemptEntry {
    /// When.
    pub at: Timestamp,
    /// The receiver's status; none where there was no answer.
    pub status: Option<i64>,
    /// How long it took.
    pub duration_ms: i64,
    /// What was in the way.
    pub error: Option<String>,
}

async fn entries(
    tx: &mut Tx,
    webhook: &WebhookId,
    cursor: Option<String>,
    limit: usize,
) -> Result<Vec<Delivery>, StorageError> {
    let sql = "SELECT message, event, body, state, attempts, due_at, created_at, finished_at \
        FROM webhook_deliveries WHERE webhook = $1 AND message < $2 ORDER BY message DESC LIMIT $3";
    // Sorts after every UUID, in every collation.
    let cursor = cursor.unwrap_or_else(|| "z".to_owned());
    let most = i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1);
    let rows = tx.query(sql, params![webhook, cursor, most]).await?;
    let mut found = Vec::with_capacity(rows.len());
    for row in rows {
        let mut reader = row.reader();
        found.push(Delivery {
            message: reader.text()?,
            event: reader.text()?,
            body: reader.text()?,
            state: reader.parsed(DeliveryState::parse)?,
            attempts: reader.int()?,
            due_at: reader.time()?,
            created_at: reader.time()?,
            finished_at: reader.opt_time()?,
            log: Vec::new(),
        });
    }
    for delivery in &mut found {
        delivery.log = attempts(tx, webhook, &delivery.message).await?;
    }
    Ok(found)
}

async fn attempts(
    tx: &mut Tx,
    webhook: &WebhookId,
    message: &str,
) -> Result<Vec<AttemptEntry>, StorageError> {
    let sql = "SELECT at, status, duration_ms, error FROM webhook_attempts \
        WHERE webhook = $1 AND message = $2 ORDER BY id DESC LIMIT 20";
    let rows = tx.query(sql, params![webhook, message]).await?;
    rows.into_iter()
        .map(|row| {
            let mut reader = row.reader();
            Ok(AttemptEntry {
                at: reader.time()?,
                status: reader.opt_int()?,
                duration_ms: reader.int()?,
                error: reader.opt_text()?,
            })
        })
        .collect()
}

impl Directory {
    /// One page of a webhook's deliveries, the newest first.
    pub async fn webhook_deliveries(
        &self,
        id: &WebhookId,
        cursor: Option<String>,
        limit: usize,
    ) -> Result<Page<Delivery>, DirectoryError> {
        let cursor = crate::directory::cursor(cursor)?;
        let id = id.clone();
        let found = self
            .db
            .read(move |tx| {
                let (id, cursor) = (id.clone(), cursor.clone());
                Box::pin(async move {
                    find(tx, &id).await?;
                    Ok::<_, DirectoryError>(entries(tx, &id, cursor, limit).await?)
                })
            })
            .await?;
        Ok(Page::cut(found, limit, |d: &Delivery| d.message.clone()))
    }

    /// Sends a webhook a message that tells of nothing; answers the message's id.
    /// It goes the way of all others, also while the webhook asks for none.
    pub async fn test_webhook(&self, id: &WebhookId) -> Result<String, DirectoryError> {
        let (id, directory) = (id.clone(), self.clone());
        self.db
            .write(move |tx| {
                let (id, directory) = (id.clone(), directory.clone());
                Box::pin(async move {
                    let webhook: Webhook = find(tx, &id).await?;
                    if !webhook.enabled {
                        return Err(DirectoryError::invalid(
                            "enabled",
                            "the webhook is switched off",
                        ));
                    }
                    let now = directory.now();
                    let message = ids::uuid_v7(now, &directory.entropy);
                    let data: Value =
                        json!({ "webhook": { "id": webhook.id, "url": webhook.url } });
                    let body = emit::body(TEST, now, &data);
                    emit::insert(tx, &id, &message, TEST, &body, now).await?;
                    Ok(message)
                })
            })
            .await
    }

    /// Delivers a message once more, under the same id, so that the receiver can
    /// tell it from a new one.
    pub async fn redeliver(&self, id: &WebhookId, message: &str) -> Result<(), DirectoryError> {
        let (id, message, now) = (id.clone(), message.to_owned(), self.now());
        self.db
            .write(move |tx| {
                let (id, message) = (id.clone(), message.clone());
                Box::pin(async move {
                    if !find(tx, &id).await?.enabled {
                        return Err(DirectoryError::invalid(
                            "enabled",
                            "the webhook is switched off",
                        ));
                    }
                    let sql = "UPDATE webhook_deliveries SET state = 'pending', attempts = 0, \
                        due_at = $3, leased_until = 0, finished_at = NULL \
                        WHERE webhook = $1 AND message = $2";
                    if tx.execute(sql, params![&id, message, now]).await? == 0 {
                        return Err(DirectoryError::NotFound("delivery"));
                    }
                    Ok(())
                })
            })
            .await
    }

    /// Forgets deliveries that were done with long ago, and what belongs to
    /// webhooks that have gone. Answers how many there were.
    pub async fn forget_deliveries(&self) -> Result<u64, DirectoryError> {
        let before = self.now().plus_seconds(-KEPT);
        let mut forgotten = 0;
        loop {
            let part = self
                .db
                .write(move |tx| {
                    Box::pin(async move { Ok::<_, DirectoryError>(forget(tx, before).await?) })
                })
                .await?;
            forgotten += part;
            if part < FORGET.unsigned_abs() {
                return Ok(forgotten);
            }
        }
    }
}

async fn forget(tx: &mut Tx, before: Timestamp) -> Result<u64, StorageError> {
    let sql = "SELECT webhook, message FROM webhook_deliveries d WHERE (finished_at < $1) \
        OR NOT EXISTS (SELECT 1 FROM webhooks w WHERE w.id = d.webhook) LIMIT $2";
    let rows = tx.query(sql, params![before, FORGET]).await?;
    let mut gone = 0;
    for row in rows {
        let mut reader = row.reader();
        let (webhook, message) = (reader.text()?, reader.text()?);
        for sql in [
            "DELETE FROM webhook_attempts WHERE webhook = $1 AND message = $2",
            "DELETE FROM webhook_deliveries WHERE webhook = $1 AND message = $2",
        ] {
            tx.execute(sql, params![&webhook, &message]).await?;
        }
        gone += 1;
    }
    Ok(gone)
}
