//! Webhooks: other systems are told what happens here.
//!
//! What is told is written in the transaction that it tells of ([`emit`]), so
//! that nothing is told of what was rolled back and nothing is forgotten; it is
//! delivered afterwards, by one of the replicas ([`deliver`]), signed as
//! Standard Webhooks says ([`sign`]).

pub mod deliver;
pub mod emit;
pub mod log;
pub mod sign;
#[cfg(test)]
mod tests;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::SecretString;
use url::Url;

use super::Directory;
use super::audit::{self, Actor, Target};
use super::error::DirectoryError;
use super::plan::{Change, change};
use crate::domain::{Timestamp, WebhookEvent, WebhookId};
use crate::platform::crypto::Sealer;
use crate::platform::storage::{Reader, StorageError, Tx, params};

/// Webhooks at the most: each event is written once for each of them.
pub const MOST: i64 = 50;
/// Longest address.
pub const LONGEST_URL: usize = 2048;
/// Longest description in characters.
pub const LONGEST_DESCRIPTION: usize = 500;
/// Seconds for which the secret before a change signs too.
pub const OVERLAP: i64 = 24 * 3600;

/// Where a secret is sealed.
const PLACE: (&str, &str) = ("webhooks", "secret");

/// A webhook, without its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Webhook {
    /// Its id.
    pub id: WebhookId,
    /// Where messages go.
    pub url: String,
    /// What it is for.
    pub description: String,
    /// What it is told.
    pub events: Vec<WebhookEvent>,
    /// Whether it is told anything.
    pub enabled: bool,
    /// Since when nothing has come through.
    pub failing_since: Option<Timestamp>,
    /// Why the gateway switched it off.
    pub disabled_reason: Option<String>,
    /// Counts the edits.
    pub version: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was changed last.
    pub updated_at: Timestamp,
}

/// What is to change; `None` leaves it.
#[derive(Clone, Debug, Default)]
pub struct WebhookEdit {
    /// Where messages go.
    pub url: Option<String>,
    /// What it is for.
    pub description: Option<String>,
    /// What it is told.
    pub events: Option<Vec<WebhookEvent>>,
    /// Whether it is told anything.
    pub enabled: Option<bool>,
    /// Of which version the edit is, when it is known.
    pub version: Option<i64>,
}

const COLUMNS: &str = "id, url, description, events, enabled, failing_since, disabled_reason, \
    version, created_at, updated_at";

fn read(reader: &mut Reader) -> Result<Webhook, StorageError> {
    Ok(Webhook {
        id: WebhookId::from_row(reader.text()?),
        url: reader.text()?,
        description: reader.text()?,
        events: parse_events(&reader.text()?),
        enabled: reader.bool()?,
        failing_since: reader.opt_time()?,
        disabled_reason: reader.opt_text()?,
        version: reader.int()?,
        created_at: reader.time()?,
        updated_at: reader.time()?,
    })
}

fn parse_events(text: &str) -> Vec<WebhookEvent> {
    text.split_whitespace()
        .filter_map(WebhookEvent::parse)
        .collect()
}

fn events_text(events: &[WebhookEvent]) -> String {
    let words: Vec<&str> = events.iter().map(|event| event.as_str()).collect();
    words.join(" ")
}

async fn find(tx: &mut Tx, id: &WebhookId) -> Result<Webhook, DirectoryError> {
    let sql = format!("SELECT {COLUMNS} FROM webhooks WHERE id = $1");
    let row = tx.query_opt(&sql, params![id]).await?;
    let row = row.ok_or(DirectoryError::NotFound("webhook"))?;
    Ok(read(&mut row.reader())?)
}

/// Checks an address as far as it can be without resolving it; whether it may
/// be reached is asked each time.
pub fn check_url(text: &str) -> Result<(), &'static str> {
    if text.len() > LONGEST_URL {
        return Err("is too long");
    }
    let url = Url::parse(text).map_err(|_| "must be an address like https://example.com/hook")?;
    if !matches!(url.scheme(), "https" | "http") || !url.has_host() {
        return Err("must begin with https://");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("must hold no user name and no password");
    }
    if url.fragment().is_some() {
        return Err("must have no part after #");
    }
    Ok(())
}

fn check(webhook: &Webhook) -> Result<(), DirectoryError> {
    check_url(&webhook.url).map_err(|why| DirectoryError::invalid("url", why))?;
    let description = &webhook.description;
    if description.chars().count() > LONGEST_DESCRIPTION
        || description.chars().any(char::is_control)
    {
        return Err(DirectoryError::invalid(
            "description",
            "must have at most 500 visible characters",
        ));
    }
    if webhook.events.is_empty() {
        return Err(DirectoryError::invalid(
            "events",
            "must name at least one event",
        ));
    }
    Ok(())
}

/// A new secret: what the person copies, and what the database keeps.
fn new_secret(
    directory: &Directory,
    sealer: &Sealer,
    id: &WebhookId,
) -> Result<(SecretString, String), DirectoryError> {
    let octets = directory.entropy.bytes::<32>();
    let kept = sealer
        .seal(&octets, PLACE.0, PLACE.1, id.as_str())
        .map_err(|e| StorageError::Statement(e.to_string()))?;
    let text = format!("{}{}", sign::PREFIX, STANDARD.encode(octets));
    Ok((SecretString::from(text), kept))
}

async fn note(
    tx: &mut Tx,
    directory: &Directory,
    actor: &Actor,
    action: &str,
    webhook: &Webhook,
    changes: &[Change],
) -> Result<(), StorageError> {
    let target = Target {
        kind: audit::TargetKind::Webhook.as_str(),
        id: webhook.id.as_str(),
        name: &webhook.url,
    };
    let at = (directory.now(), &directory.entropy);
    audit::record(tx, at, actor, action, target, changes).await
}

impl Directory {
    /// All webhooks, the oldest first.
    pub async fn webhooks(&self) -> Result<Vec<Webhook>, DirectoryError> {
        self.db
            .read(|tx| {
                Box::pin(async move {
                    let sql = format!("SELECT {COLUMNS} FROM webhooks ORDER BY id");
                    let rows = tx.query(&sql, &[]).await?;
                    let all: Result<Vec<_>, StorageError> = rows
                        .into_iter()
                        .map(|row| read(&mut row.reader()))
                        .collect();
                    Ok::<_, DirectoryError>(all?)
                })
            })
            .await
    }

    /// The webhook with this id.
    pub async fn webhook(&self, id: &WebhookId) -> Result<Webhook, DirectoryError> {
        let id = id.clone();
        self.db
            .read(move |tx| {
                let id = id.clone();
                Box::pin(async move { find(tx, &id).await })
            })
            .await
    }

    /// Makes a webhook; its secret is told here and never again.
    pub async fn create_webhook(
        &self,
        edit: WebhookEdit,
        sealer: &Sealer,
        actor: Actor,
    ) -> Result<(Webhook, SecretString), DirectoryError> {
        let now = self.now();
        let webhook = Webhook {
            id: WebhookId::new(now, &self.entropy),
            url: edit.url.unwrap_or_default(),
            description: edit.description.unwrap_or_default(),
            events: edit.events.unwrap_or_else(|| WebhookEvent::ALL.to_vec()),
            enabled: edit.enabled.unwrap_or(true),
            failing_since: None,
            disabled_reason: None,
            version: 1,
            created_at: now,
            updated_at: now,
        };
        check(&webhook)?;
        let (secret, kept) = new_secret(self, sealer, &webhook.id)?;
        let (directory, made) = (self.clone(), webhook.clone());
        self.db
            .write(move |tx| {
                let (directory, webhook) = (directory.clone(), made.clone());
                let (kept, actor) = (kept.clone(), actor.clone());
                Box::pin(async move {
                    tx.lock("webhooks").await?;
                    if tx.count("SELECT COUNT(*) FROM webhooks", &[]).await? >= MOST {
                        return Err(DirectoryError::invalid("url", "there are 50 webhooks already"));
                    }
                    let sql = "INSERT INTO webhooks (id, url, description, events, enabled, secret, \
                        version, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, 1, $7, $7)";
                    let row = params![
                        &webhook.id,
                        &webhook.url,
                        &webhook.description,
                        events_text(&webhook.events),
                        webhook.enabled,
                        kept,
                        webhook.created_at
                    ];
                    tx.execute(sql, row).await?;
                    note(tx, &directory, &actor, "webhook.created", &webhook, &[]).await?;
                    Ok(())
                })
            })
            .await?;
        Ok((webhook, secret))
    }

    /// Changes a webhook. Switching it on again forgets why it was switched off.
    pub async fn edit_webhook(
        &self,
        id: &WebhookId,
        edit: WebhookEdit,
        actor: Actor,
    ) -> Result<Webhook, DirectoryError> {
        let (id, directory) = (id.clone(), self.clone());
        self.db
            .write(move |tx| {
                let (id, directory) = (id.clone(), directory.clone());
                let (edit, actor) = (edit.clone(), actor.clone());
                Box::pin(async move { edit_in(tx, &directory, &id, edit, &actor).await })
            })
            .await
    }

    /// Gives a webhook a new secret, told here and never again. The old one signs
    /// too for a day.
    pub async fn rotate_webhook_secret(
        &self,
        id: &WebhookId,
        sealer: &Sealer,
        actor: Actor,
    ) -> Result<(Webhook, SecretString), DirectoryError> {
        let (secret, kept) = new_secret(self, sealer, id)?;
        let (id, directory) = (id.clone(), self.clone());
        let webhook = self
            .db
            .write(move |tx| {
                let (id, directory) = (id.clone(), directory.clone());
                let (kept, actor) = (kept.clone(), actor.clone());
                Box::pin(async move {
                    let mut webhook = find(tx, &id).await?;
                    let now = directory.now();
                    let sql = "UPDATE webhooks SET old_secret = secret, old_secret_until = $3, \
                        secret = $2, version = version + 1, updated_at = $4 WHERE id = $1";
                    let until = now.plus_seconds(OVERLAP);
                    tx.execute(sql, params![&id, kept, until, now]).await?;
                    (webhook.version, webhook.updated_at) = (webhook.version + 1, now);
                    let action = "webhook.secret_rotated";
                    note(tx, &directory, &actor, action, &webhook, &[]).await?;
                    Ok::<_, DirectoryError>(webhook)
                })
            })
            .await?;
        Ok((webhook, secret))
    }

    /// Deletes a webhook with what it has not been told.
    pub async fn delete_webhook(&self, id: &WebhookId, actor: Actor) -> Result<(), DirectoryError> {
        let (id, directory) = (id.clone(), self.clone());
        self.db
            .write(move |tx| {
                let (id, directory, actor) = (id.clone(), directory.clone(), actor.clone());
                Box::pin(async move {
                    let webhook = find(tx, &id).await?;
                    for sql in [
                        "DELETE FROM webhooks WHERE id = $1",
                        "DELETE FROM webhook_deliveries WHERE webhook = $1",
                        "DELETE FROM webhook_attempts WHERE webhook = $1",
                    ] {
                        tx.execute(sql, params![&id]).await?;
                    }
                    note(tx, &directory, &actor, "webhook.deleted", &webhook, &[]).await?;
                    Ok(())
                })
            })
            .await
    }
}

async fn edit_in(
    tx: &mut Tx,
    directory: &Directory,
    id: &WebhookId,
    edit: WebhookEdit,
    actor: &Actor,
) -> Result<Webhook, DirectoryError> {
    let before = find(tx, id).await?;
    if edit
        .version
        .is_some_and(|version| version != before.version)
    {
        return Err(DirectoryError::Changed);
    }
    let mut after = before.clone();
    after.url = edit.url.unwrap_or(after.url);
    after.description = edit.description.unwrap_or(after.description);
    after.events = edit.events.unwrap_or(after.events);
    after.enabled = edit.enabled.unwrap_or(after.enabled);
    if after.enabled && !before.enabled {
        (after.failing_since, after.disabled_reason) = (None, None);
    }
    check(&after)?;
    if after == before {
        return Ok(after);
    }
    let changes: Vec<Change> = [
        change("url", &before.url, &after.url),
        change("description", &before.description, &after.description),
        change(
            "events",
            events_text(&before.events),
            events_text(&after.events),
        ),
        change("enabled", before.enabled, after.enabled),
    ]
    .into_iter()
    .filter(|change| change.before != change.after)
    .collect();
    let now = directory.now();
    let sql = "UPDATE webhooks SET url = $2, description = $3, events = $4, enabled = $5, \
        failing_since = $6, disabled_reason = $7, version = $8, updated_at = $9 \
        WHERE id = $1 AND version = $10";
    (after.version, after.updated_at) = (before.version + 1, now);
    let row = params![
        id,
        &after.url,
        &after.description,
        events_text(&after.events),
        after.enabled,
        after.failing_since,
        after.disabled_reason.as_deref(),
        after.version,
        now,
        before.version
    ];
    if tx.execute(sql, row).await? != 1 {
        return Err(StorageError::stale("the webhook was changed").into());
    }
    note(tx, directory, actor, "webhook.updated", &after, &changes).await?;
    Ok(after)
}
