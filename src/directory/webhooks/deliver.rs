//! Delivery: leased, so that one replica at a time has a message; with growing
//! pauses for days; given up in the end, with an alarm.

use std::sync::Arc;
use std::time::Instant;

use reqwest::Method;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};

use super::{PLACE, note, sign};
use crate::directory::audit::Actor;
use crate::directory::plan::change;
use crate::directory::{Directory, DirectoryError};
use crate::domain::{Timestamp, WebhookId, ids};
use crate::platform::crypto::Sealer;
use crate::platform::http::Outbound;
use crate::platform::storage::{Row, StorageError, Tx, params};

/// Seconds after which a message is tried again, by how often it was tried. After
/// the last one it is given up.
const PAUSES: [i64; 10] = [
    5,
    30,
    2 * 60,
    10 * 60,
    30 * 60,
    2 * 3600,
    6 * 3600,
    12 * 3600,
    24 * 3600,
    24 * 3600,
];
/// Seconds without a single success after which a webhook is switched off.
const PATIENCE: i64 = 5 * 24 * 3600;
/// Seconds that a replica has for what it took.
const LEASE: i64 = 60;
/// Messages of one webhook that are taken at once: within the lease, also when
/// each of them runs into the time limit of a call.
const AT_ONCE: usize = 4;
/// Messages that are looked at for one round.
const LOOK: i64 = 256;
/// Octets of an answer that are read.
const ANSWER: usize = 64 * 1024;

/// Delivers what webhooks are told.
#[derive(Clone)]
pub struct Courier {
    directory: Directory,
    sealer: Arc<Sealer>,
    outbound: Outbound,
}

impl std::fmt::Debug for Courier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Courier").finish_non_exhaustive()
    }
}

/// Messages of one webhook, in their order.
#[derive(Clone, Debug)]
pub struct Batch {
    /// The webhook.
    pub webhook: WebhookId,
    url: String,
    secrets: Vec<String>,
    messages: Vec<Message>,
}

#[derive(Clone, Debug)]
struct Message {
    id: String,
    body: String,
    attempts: i64,
}

/// What came of one attempt.
#[derive(Clone, Debug)]
struct Attempt {
    at: Timestamp,
    status: Option<u16>,
    duration_ms: i64,
    error: Option<String>,
}

impl Attempt {
    fn succeeded(&self) -> bool {
        self.status
            .is_some_and(|status| (200..300).contains(&status))
    }

    /// `410 Gone`: the receiver wants nothing any more (Standard Webhooks).
    fn is_gone(&self) -> bool {
        self.status == Some(410)
    }
}

impl Courier {
    /// A courier. `outbound` is the only way out; its limit for a call is the
    /// receiver's.
    #[must_use]
    pub const fn new(directory: Directory, sealer: Arc<Sealer>, outbound: Outbound) -> Self {
        Self {
            directory,
            sealer,
            outbound,
        }
    }

    /// Takes what is due, for this replica alone: at most one batch of each
    /// webhook, and none of those that are under way elsewhere.
    pub async fn take(&self) -> Result<Vec<Batch>, DirectoryError> {
        // Most of the time there is nothing, and nobody writes.
        let now = self.directory.now();
        let waiting = self
            .directory
            .db
            .read(move |tx| {
                Box::pin(async move {
                    let sql = "SELECT COUNT(*) FROM (SELECT 1 FROM webhook_deliveries \
                        WHERE state = 'pending' AND due_at <= $1 AND leased_until <= $1 LIMIT 1) AS due";
                    Ok::<_, DirectoryError>(tx.count(sql, params![now]).await? > 0)
                })
            })
            .await?;
        if !waiting {
            return Ok(Vec::new());
        }
        self.directory
            .db
            .write(move |tx| Box::pin(async move { Ok(lease(tx, now).await?) }))
            .await
    }

    /// Delivers a batch, one message after the other.
    pub async fn deliver(&self, batch: Batch) {
        let secrets: Vec<_> = batch
            .secrets
            .iter()
            .filter_map(|sealed| {
                let opened = self.sealer.open(sealed, PLACE.0, PLACE.1, batch.webhook.as_str());
                opened
                    .inspect_err(|error| tracing::error!(webhook = %batch.webhook, %error, "the secret of a webhook cannot be opened"))
                    .ok()
            })
            .collect();
        for message in &batch.messages {
            let attempt = self.attempt(&batch, message, &secrets).await;
            let outcome = if attempt.succeeded() {
                "delivered"
            } else {
                "failed"
            };
            metrics::counter!("doorward_webhook_attempts_total", "outcome" => outcome).increment(1);
            if let Err(error) = self.note(&batch, message, attempt).await {
                // The lease runs out, and somebody tries again: twice is allowed,
                // never is not.
                tracing::warn!(webhook = %batch.webhook, %error, "a delivery could not be noted");
                return;
            }
        }
    }

    async fn attempt(
        &self,
        batch: &Batch,
        message: &Message,
        secrets: &[impl AsRef<[u8]>],
    ) -> Attempt {
        let (at, started) = (self.directory.now(), Instant::now());
        let (status, error) = match self.send(batch, message, secrets, at).await {
            Ok(status) if (300..400).contains(&status) => (
                Some(status),
                Some("the receiver redirects; messages go to the address that is entered and nowhere else".to_owned()),
            ),
            Ok(status) => (Some(status), None),
            Err(error) => (None, Some(error)),
        };
        Attempt {
            at,
            status,
            duration_ms: i64::try_from(started.elapsed().as_millis()).unwrap_or(i64::MAX),
            error,
        }
    }

    async fn send(
        &self,
        batch: &Batch,
        message: &Message,
        secrets: &[impl AsRef<[u8]>],
        at: Timestamp,
    ) -> Result<u16, String> {
        if secrets.is_empty() {
            return Err("the secret of the webhook cannot be opened".to_owned());
        }
        let signature = sign::signature(secrets, &message.id, at, &message.body);
        let signature = signature.map_err(|e| e.to_string())?;
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        for (name, value) in [
            ("webhook-id", message.id.clone()),
            ("webhook-timestamp", sign::seconds(at).to_string()),
            ("webhook-signature", signature),
        ] {
            let value = HeaderValue::try_from(value).map_err(|e| e.to_string())?;
            headers.insert(HeaderName::from_static(name), value);
        }
        let body = message.body.clone().into_bytes();
        let sent = self
            .outbound
            .send(Method::POST, &batch.url, headers, body, ANSWER)
            .await;
        sent.map(|fetched| fetched.status)
            .map_err(|e| e.to_string())
    }

    /// Writes down what came of an attempt, and when the next one is.
    async fn note(
        &self,
        batch: &Batch,
        message: &Message,
        attempt: Attempt,
    ) -> Result<(), DirectoryError> {
        let (directory, webhook) = (self.directory.clone(), batch.webhook.clone());
        let message = message.clone();
        let disabled = self
            .directory
            .db
            .write(move |tx| {
                let (directory, webhook) = (directory.clone(), webhook.clone());
                let (message, attempt) = (message.clone(), attempt.clone());
                Box::pin(async move { note_in(tx, &directory, &webhook, &message, &attempt).await })
            })
            .await?;
        if let Some(reason) = disabled {
            metrics::counter!("doorward_webhooks_disabled_total").increment(1);
            tracing::error!(webhook = %batch.webhook, reason, "a webhook was switched off");
        }
        Ok(())
    }
}

async fn lease(tx: &mut Tx, now: Timestamp) -> Result<Vec<Batch>, StorageError> {
    const SQL: &str = "SELECT d.webhook, d.message, d.body, d.attempts, w.url, w.secret, \
        w.old_secret, w.old_secret_until FROM webhook_deliveries d \
        JOIN webhooks w ON w.id = d.webhook AND w.enabled = $2 \
        WHERE d.state = 'pending' AND d.due_at <= $1 AND d.leased_until <= $1 \
        AND NOT EXISTS (SELECT 1 FROM webhook_deliveries o WHERE o.webhook = d.webhook \
            AND o.state = 'pending' AND o.leased_until > $1) \
        ORDER BY d.due_at, d.message LIMIT $3";
    // Two replicas see the same rows: one of them waits, and then sees the lease.
    tx.lock("webhooks.lease").await?;
    let rows = tx.query(SQL, params![now, true, LOOK]).await?;
    let mut batches: Vec<Batch> = Vec::new();
    for row in rows {
        let (batch, message) = read(row, now)?;
        let at = batches.iter().position(|b| b.webhook == batch.webhook);
        let at = at.unwrap_or_else(|| {
            batches.push(batch);
            batches.len() - 1
        });
        if let Some(batch) = batches.get_mut(at)
            && batch.messages.len() < AT_ONCE
        {
            batch.messages.push(message);
        }
    }
    let until = now.plus_seconds(LEASE);
    for batch in &batches {
        for message in &batch.messages {
            let sql = "UPDATE webhook_deliveries SET leased_until = $3 \
                WHERE webhook = $1 AND message = $2";
            tx.execute(sql, params![&batch.webhook, &message.id, until])
                .await?;
        }
    }
    Ok(batches)
}

fn read(row: Row, now: Timestamp) -> Result<(Batch, Message), StorageError> {
    let mut reader = row.reader();
    let webhook = WebhookId::from_row(reader.text()?);
    let message = Message {
        id: reader.text()?,
        body: reader.text()?,
        attempts: reader.int()?,
    };
    let (url, secret) = (reader.text()?, reader.text()?);
    let (old, until) = (reader.opt_text()?, reader.opt_time()?);
    let old = old.filter(|_| until.is_some_and(|until| now < until));
    let batch = Batch {
        webhook,
        url,
        secrets: std::iter::once(secret).chain(old).collect(),
        messages: Vec::new(),
    };
    Ok((batch, message))
}

/// Answers why the webhook was switched off, if it was.
async fn note_in(
    tx: &mut Tx,
    directory: &Directory,
    webhook: &WebhookId,
    message: &Message,
    attempt: &Attempt,
) -> Result<Option<&'static str>, DirectoryError> {
    let now = directory.now();
    let id = ids::uuid_v7(now, &directory.entropy);
    let sql = "INSERT INTO webhook_attempts (id, webhook, message, at, status, duration_ms, error) \
        VALUES ($1, $2, $3, $4, $5, $6, $7)";
    let error: Option<String> = attempt
        .error
        .as_ref()
        .map(|text| text.chars().filter(|c| *c != '\0').take(500).collect());
    let row = params![
        id,
        webhook,
        &message.id,
        attempt.at,
        attempt.status.map(i64::from),
        attempt.duration_ms,
        error
    ];
    tx.execute(sql, row).await?;
    let tried = message.attempts + 1;
    let pause = usize::try_from(message.attempts)
        .ok()
        .and_then(|n| PAUSES.get(n));
    let (state, due) = match (attempt.succeeded(), pause) {
        (true, _) => ("delivered", now),
        (false, Some(pause)) => ("pending", now.plus_seconds(*pause)),
        (false, None) => ("failed", now),
    };
    let finished = (state != "pending").then_some(now);
    let sql = "UPDATE webhook_deliveries SET state = $3, attempts = $4, due_at = $5, \
        leased_until = 0, finished_at = $6 WHERE webhook = $1 AND message = $2";
    let row = params![webhook, &message.id, state, tried, due, finished];
    tx.execute(sql, row).await?;
    if attempt.succeeded() {
        let sql =
            "UPDATE webhooks SET failing_since = NULL WHERE id = $1 AND failing_since IS NOT NULL";
        tx.execute(sql, params![webhook]).await?;
        return Ok(None);
    }
    let sql = "UPDATE webhooks SET failing_since = $2 WHERE id = $1 AND failing_since IS NULL";
    tx.execute(sql, params![webhook, now]).await?;
    let found = match super::find(tx, webhook).await {
        Ok(found) => found,
        // It was deleted meanwhile.
        Err(DirectoryError::NotFound(_)) => return Ok(None),
        Err(error) => return Err(error),
    };
    let lasts = found
        .failing_since
        .map_or(0, |since| now.seconds_since(since));
    let reason = if attempt.is_gone() {
        "the receiver says that it is gone (410)"
    } else if lasts >= PATIENCE {
        "nothing came through for five days"
    } else {
        return Ok(None);
    };
    if !found.enabled {
        return Ok(None);
    }
    let sql = "UPDATE webhooks SET enabled = $2, disabled_reason = $3, version = version + 1, \
        updated_at = $4 WHERE id = $1";
    tx.execute(sql, params![webhook, false, reason, now])
        .await?;
    // What was not told is not told when somebody switches it on again, days later.
    let sql = "UPDATE webhook_deliveries SET state = 'failed', finished_at = $2, leased_until = 0 \
        WHERE webhook = $1 AND state = 'pending'";
    tx.execute(sql, params![webhook, now]).await?;
    let changes = [change("enabled", true, false), change("reason", "", reason)];
    note(
        tx,
        directory,
        &Actor::Gateway,
        "webhook.disabled",
        &found,
        &changes,
    )
    .await?;
    Ok(Some(reason))
}
