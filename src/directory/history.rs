//! One person's history: what was done to them and how they signed in, newest
//! first, and where what is known of them comes from.

use std::collections::BTreeMap;

use super::audit::{self, Event};
use super::error::DirectoryError;
use super::traces::{self, LoginTrace, TraceFilter};
use super::{Directory, Page, policy};
use crate::domain::{Field, Source, Status, Timestamp, User, UserId};
use crate::platform::storage::StorageError;

/// One thing that happened.
#[derive(Clone, Debug)]
pub enum Entry {
    /// Something was changed.
    Event(Box<Event>),
    /// An attempt to sign in.
    Login(Box<LoginTrace>),
}

impl Entry {
    /// Its id. The ids of both kinds sort by the time at which they were made.
    #[must_use]
    pub fn id(&self) -> &str {
        match self {
            Self::Event(event) => event.id.as_str(),
            Self::Login(trace) => trace.id.as_str(),
        }
    }
}

/// Whether a person can sign in, and if not, why.
#[derive(Clone, Debug)]
pub enum Standing {
    /// Yes.
    Active,
    /// Not before this moment.
    NotYetValid(Timestamp),
    /// Not after this moment, which has passed.
    Expired(Timestamp),
    /// Invited, and never signed in.
    Pending,
    /// Deactivated, by what this event tells; the event may be unknown.
    Inactive(Option<Box<Event>>),
}

/// Where the value of a field comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The field.
    pub field: Field,
    /// Its value.
    pub value: String,
    /// The kind of channel that keeps it, if one does.
    pub owner: Option<Source>,
    /// Since when the value is what it is; unknown when that lies far back.
    pub since: Option<Timestamp>,
    /// Who brought it.
    pub by: Option<String>,
}

/// Events that are looked through for the origins of values.
const LOOKED_THROUGH: usize = 500;

impl Directory {
    /// One page of a person's history.
    pub async fn history(
        &self,
        user: &UserId,
        cursor: Option<String>,
        limit: usize,
    ) -> Result<Page<Entry>, DirectoryError> {
        let cursor = super::cursor(cursor)?;
        let user = user.clone();
        let entries = self
            .db
            .read(move |tx| {
                let (user, cursor) = (user.clone(), cursor.clone());
                Box::pin(async move {
                    let cursor = cursor.as_deref();
                    let events = audit::of_user(tx, &user, cursor, limit.saturating_add(1));
                    let events = events.await?;
                    let filter = TraceFilter {
                        user: Some(user),
                        ..TraceFilter::default()
                    };
                    let logins = traces::list(tx, &filter, cursor, limit, false).await?;
                    let logins = logins
                        .into_iter()
                        .map(|trace| Entry::Login(Box::new(trace)));
                    let events = events
                        .into_iter()
                        .map(|event| Entry::Event(Box::new(event)));
                    let mut all: Vec<Entry> = events.chain(logins).collect();
                    all.sort_by(|a, b| b.id().cmp(a.id()));
                    Ok::<_, StorageError>(all)
                })
            })
            .await?;
        Ok(Page::cut(entries, limit, |entry: &Entry| {
            entry.id().to_owned()
        }))
    }

    /// Whether the person can sign in, and what stands against it, together with
    /// where the values of their fields come from.
    pub async fn standing(&self, user: &User) -> Result<(Standing, Vec<Origin>), DirectoryError> {
        let id = user.id.clone();
        let events = self
            .db
            .read(move |tx| {
                let id = id.clone();
                Box::pin(async move { audit::of_user(tx, &id, None, LOOKED_THROUGH).await })
            })
            .await;
        let events: Vec<Event> = events.map_err(|e: StorageError| e)?;
        let standing = stands(user, &events, self.now(), self.enforce_validity);
        Ok((standing, origins(user, &events)))
    }
}

fn stands(user: &User, events: &[Event], now: Timestamp, enforce_validity: bool) -> Standing {
    match user.status {
        Status::Pending => return Standing::Pending,
        Status::Inactive => {
            let deactivated = |event: &&Event| event.action == "user.deactivated";
            let event = events.iter().find(deactivated);
            return Standing::Inactive(event.cloned().map(Box::new));
        }
        Status::Active => {}
    }
    if policy::may_sign_in(user, now, enforce_validity).is_ok() {
        return Standing::Active;
    }
    match user.validity() {
        (Some(from), _) if now < from => Standing::NotYetValid(from),
        (_, Some(until)) => Standing::Expired(until),
        _ => Standing::Active,
    }
}

fn origins(user: &User, events: &[Event]) -> Vec<Origin> {
    let mut last: BTreeMap<&str, &Event> = BTreeMap::new();
    for event in events.iter().filter(|event| event.target_kind == "user") {
        for change in &event.changes {
            last.entry(change.field.as_str()).or_insert(event);
        }
    }
    let all_was_seen = events.len() < LOOKED_THROUGH;
    let origin = |(field, value): (Field, &str)| {
        let event = last.get(field.name());
        Origin {
            field,
            value: value.to_owned(),
            owner: user.owners.get(&field).copied(),
            since: match event {
                Some(event) => Some(event.at),
                None => all_was_seen.then_some(user.created_at),
            },
            by: event.map(|event| event.actor.clone()),
        }
    };
    user.profile.iter().map(origin).collect()
}
