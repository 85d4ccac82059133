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
use crate::platform::storage::{Reader, StorageError, Tx, Value, params};

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
        target_kind, target_id, target_name, changes, concerns) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    let (now, entropy) = at;
    let concerns = concerned(target.kind, changes);
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
        changes,
        concerns
    ];
    tx.execute(SQL, row).await.map(|_| ())
}

/// The user whom an event concerns that happened to something else: who joined
/// or left a group, or was given an application or lost it.
fn concerned(kind: &str, changes: &[Change]) -> Option<String> {
    let [change] = changes else {
        return None;
    };
    if kind == TargetKind::User.as_str() || !matches!(change.field.as_str(), "members" | "users") {
        return None;
    }
    let user = change.after.as_ref().or(change.before.as_ref())?;
    // The id alone, or after the name: `Ada Lovelace (0190…)`.
    let id = user
        .strip_suffix(')')
        .and_then(|rest| rest.rsplit_once('('));
    UserId::parse(id.map_or(user, |(_, id)| id)).map(|id| id.to_string())
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

    /// The event with this id.
    pub async fn event(&self, id: &EventId) -> Result<Event, DirectoryError> {
        let id = id.clone();
        let found = self
            .db
            .read(move |tx| {
                let id = id.clone();
                Box::pin(async move {
                    let sql = format!("SELECT {COLUMNS} FROM audit_events WHERE id = $1");
                    let row = tx.query_opt(&sql, params![id.as_str()]).await?;
                    row.map(|row| read(&mut row.reader())).transpose()
                })
            })
            .await;
        let found: Option<Event> = found.map_err(|e: StorageError| e)?;
        found.ok_or(DirectoryError::NotFound("audit event"))
    }
}

/// The events of one user, the newest first: what happened to the user, and what
/// happened to something else and concerns the user.
pub(super) async fn of_user(
    tx: &mut Tx,
    user: &UserId,
    cursor: Option<&str>,
    limit: usize,
) -> Result<Vec<Event>, StorageError> {
    let cursor = ids::before(cursor, None);
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut all = Vec::new();
    // Two walks, each down an index of its own.
    for condition in ["target_id = $1 AND target_kind = 'user'", "concerns = $1"] {
        let sql = format!(
            "SELECT {COLUMNS} FROM audit_events WHERE {condition} AND id < $2 \
             ORDER BY id DESC LIMIT $3"
        );
        for row in tx.query(&sql, params![user, &cursor, limit]).await? {
            all.push(read(&mut row.reader())?);
        }
    }
    all.sort_by(|a, b| b.id.cmp(&a.id));
    Ok(all)
}

const COLUMNS: &str = "id, at, actor_kind, actor_id, actor_name, action, target_kind, target_id, \
    target_name, changes";

fn read(reader: &mut Reader) -> Result<Event, StorageError> {
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
}

async fn list(
    tx: &mut Tx,
    filter: EventFilter,
    cursor: Option<String>,
    limit: usize,
) -> Result<Vec<Event>, StorageError> {
    let before = ids::before(cursor.as_deref(), filter.during.to);
    let mut values = vec![Value::from(before)];
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
        // One or the other: what is an id is nobody's name but where there is no
        // name, and then it is both. Each has its index.
        (
            if filter.actor.as_deref().is_some_and(is_id) {
                "actor_id = $n"
            } else {
                "actor_name = $n"
            },
            filter.actor,
        ),
        (
            "actor_kind = $n",
            word(filter.actor_kind.map(ActorKind::as_str)),
        ),
        ("action = $n", filter.action),
        ("id >= $n", filter.during.from.map(ids::floor)),
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
        .map(|row| read(&mut row.reader()))
        .collect()
}

fn is_id(text: &str) -> bool {
    EventId::parse(text).is_some_and(|id| id.as_str() == text)
}
