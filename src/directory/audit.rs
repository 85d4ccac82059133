//! The audit log: who did what to whom, with the values before and after. An
//! event is written in the transaction that it tells of.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

use super::error::DirectoryError;
use super::plan::Change;
use super::{Directory, Page, webhooks};
use crate::domain::ids::{self, EventId};
use crate::domain::user::words;
use crate::domain::{During, Entropy, Timestamp, UserId};
use crate::platform::storage::{StorageError, Tx, Value, params};

/// Who did something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actor {
    /// A signed-in user.
    User {
        /// The user's id.
        id: UserId,
        /// The user's name at that time.
        name: String,
    },
    /// An API token.
    Token {
        /// The token's id.
        id: String,
        /// The token's name at that time.
        name: String,
    },
    /// Somebody at the command line of the machine.
    CommandLine,
    /// A channel: a login through a provider, a SCIM connection, an import.
    Channel(String),
    /// The gateway itself.
    Gateway,
}

words!(
    /// Who does things.
    ActorKind {
        /// A signed-in user.
        User = "user",
        /// An API token.
        Token = "token",
        /// Somebody at the command line of the machine.
        CommandLine = "command_line",
        /// A channel: a login through a provider, a SCIM connection, an import.
        Channel = "channel",
        /// The gateway itself.
        Gateway = "gateway",
    }
);

words!(
    /// What things are done to.
    TargetKind {
        /// A user.
        User = "user",
        /// A group.
        Group = "group",
        /// A provider.
        Provider = "provider",
        /// An application.
        Application = "application",
        /// An API token.
        Token = "token",
        /// A webhook.
        Webhook = "webhook",
        /// The settings.
        Settings = "settings",
        /// A key that signs tokens.
        SigningKey = "signing_key",
    }
);

impl Actor {
    pub(super) const fn kind(&self) -> ActorKind {
        match self {
            Self::User { .. } => ActorKind::User,
            Self::Token { .. } => ActorKind::Token,
            Self::CommandLine => ActorKind::CommandLine,
            Self::Channel(_) => ActorKind::Channel,
            Self::Gateway => ActorKind::Gateway,
        }
    }

    pub(super) fn id(&self) -> Option<&str> {
        match self {
            Self::User { id, .. } => Some(id.as_str()),
            Self::Token { id, .. } => Some(id),
            Self::CommandLine | Self::Channel(_) | Self::Gateway => None,
        }
    }

    pub(super) fn name(&self) -> &str {
        match self {
            Self::User { name, .. } | Self::Token { name, .. } | Self::Channel(name) => name,
            Self::CommandLine => "command line",
            Self::Gateway => "gateway",
        }
    }
}

/// What an event is about.
#[derive(Clone, Copy, Debug)]
pub struct Target<'a> {
    /// One of the [`TargetKind`]s.
    pub kind: &'static str,
    /// Its id or slug.
    pub id: &'a str,
    /// Its name at that time.
    pub name: &'a str,
}

/// An event as it is read back.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Event {
    /// The event's id.
    pub id: EventId,
    /// When.
    pub at: Timestamp,
    /// Who did it.
    #[schema(value_type = ActorKind)]
    pub actor_kind: String,
    /// The actor's id, when it has one.
    #[schema(required)]
    pub actor_id: Option<String>,
    /// The actor's name at that time.
    pub actor: String,
    /// What was done.
    #[schema(examples("user.created"))]
    pub action: String,
    /// The kind of thing it was done to.
    pub target_kind: String,
    /// Its id.
    pub target_id: String,
    /// Its name at that time.
    pub target: String,
    /// The values before and after.
    pub changes: Vec<Change>,
}

/// Writes an event.
pub async fn record(
    tx: &mut Tx,
    at: (Timestamp, &Entropy),
    actor: &Actor,
    action: &str,
    target: Target<'_>,
    changes: &[Change],
) -> Result<(), StorageError> {
    const SQL: &str = "INSERT INTO audit_events (id, at, actor_kind, actor_id, actor_name, action, \
        target_kind, target_id, target_name, changes) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    let (now, entropy) = at;
    let id = crate::domain::ids::uuid_v7(now, entropy);
    webhooks::emit::of_audit(tx, (&id, now), actor, action, target, changes).await?;
    let changes = serde_json::to_string(changes).unwrap_or_else(|_| "[]".to_owned());
    let row = params![
        id,
        now,
        actor.kind().as_str(),
        actor.id(),
        actor.name(),
        action,
        target.kind,
        target.id,
        target.name,
        changes
    ];
    tx.execute(SQL, row).await.map(|_| ())
}

/// What a list of events is narrowed to.
#[derive(Clone, Debug, Default)]
pub struct EventFilter {
    /// Only what was done to the thing of this id or slug.
    pub target: Option<String>,
    /// Only what was done to this kind of thing.
    pub target_kind: Option<TargetKind>,
    /// Only what was done to this user.
    pub user: Option<UserId>,
    /// Only what the actor of this id or name did.
    pub actor: Option<String>,
    /// Only what this kind of actor did.
    pub actor_kind: Option<ActorKind>,
    /// Only this action, `user.created`.
    pub action: Option<String>,
    /// Only what was done then.
    pub during: During,
}

impl Directory {
    /// One page of events, newest first.
    pub async fn audit(
        &self,
        filter: EventFilter,
        cursor: Option<String>,
        limit: usize,
    ) -> Result<Page<Event>, DirectoryError> {
        let cursor = super::cursor(cursor)?;
        let texts = [&filter.target, &filter.actor, &filter.action];
        if texts.into_iter().flatten().any(|text| text.contains('\0')) {
            return Ok(Page::empty());
        }
        let events = self
            .db
            .read(move |tx| {
                let (filter, cursor) = (filter.clone(), cursor.clone());
                Box::pin(async move { list(tx, filter, cursor, limit).await })
            })
            .await?;
        Ok(Page::cut(events, limit, |event: &Event| {
            event.id.to_string()
        }))
    }
}

async fn list(
    tx: &mut Tx,
    filter: EventFilter,
    cursor: Option<String>,
    limit: usize,
) -> Result<Vec<Event>, StorageError> {
    const COLUMNS: &str = "id, at, actor_kind, actor_id, actor_name, action, target_kind, \
        target_id, target_name, changes";
    // Sorts after every UUID, in every collation.
    let mut values = vec![Value::from(cursor.unwrap_or_else(|| "z".to_owned()))];
    let mut sql = format!("SELECT {COLUMNS} FROM audit_events WHERE id < $1");
    let word = |word: Option<&'static str>| word.map(ToOwned::to_owned);
    let of_user = filter.user.as_ref().map(|_| TargetKind::User.as_str());
    let conditions = [
        ("target_id = $n", filter.target),
        ("target_id = $n", filter.user.map(|user| user.to_string())),
        ("target_kind = $n", word(of_user)),
        (
            "target_kind = $n",
            word(filter.target_kind.map(TargetKind::as_str)),
        ),
        ("(actor_id = $n OR actor_name = $n)", filter.actor),
        (
            "actor_kind = $n",
            word(filter.actor_kind.map(ActorKind::as_str)),
        ),
        ("action = $n", filter.action),
        ("id >= $n", filter.during.from.map(ids::floor)),
        ("id < $n", filter.during.to.map(ids::floor)),
    ];
    for (condition, value) in conditions {
        if let Some(value) = value {
            values.push(Value::from(value));
            let condition = condition.replace("$n", &format!("${}", values.len()));
            let _ = write!(sql, " AND {condition}");
        }
    }
    values.push(Value::Int(
        i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1),
    ));
    let _ = write!(sql, " ORDER BY id DESC LIMIT ${}", values.len());
    let rows = tx.query(&sql, &values).await?;
    rows.into_iter()
        .map(|row| {
            let mut reader = row.reader();
            Ok(Event {
                id: EventId::from_row(reader.text()?),
                at: reader.time()?,
                actor_kind: reader.text()?,
                actor_id: reader.opt_text()?,
                actor: reader.text()?,
                action: reader.text()?,
                target_kind: reader.text()?,
                target_id: reader.text()?,
                target: reader.text()?,
                changes: reader.json()?,
            })
        })
        .collect()
}
