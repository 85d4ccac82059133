//! Clearing identifiers: an admin takes the UPN and the external ids off people
//! whose UPN changes at the identity provider, so that their next login sets new
//! ones. Until then they are found by their e-mail address alone.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::audit::{self, Actor, Target};
use super::error::DirectoryError;
use super::plan::Change;
use super::{Directory, lifecycle, tokens, users};
use crate::domain::{ExternalIdentity, Field, GroupId, Role, Timestamp, User, UserId, address};
use crate::platform::storage::{StorageError, Tx, Value, dialect, params};

/// The most people of one go: it is one transaction, and one page to look at.
pub const MOST: usize = 10_000;

/// Whose identifiers are to be cleared.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// These users.
    pub users: Vec<UserId>,
    /// The users of these e-mail addresses or UPNs.
    pub names: Vec<String>,
    /// The members of this group.
    pub group: Option<GroupId>,
    /// Whether administrators among them are meant, too. Nobody is linked to an
    /// administrator by address: they need another way in.
    pub administrators: bool,
    /// Whether whoever does it is meant, too.
    pub oneself: bool,
}

/// Somebody whose identifiers are cleared, and what they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clearing {
    /// The user, as before.
    pub user: User,
    /// How providers know the user.
    pub identities: Vec<ExternalIdentity>,
}

/// What clearing would do, or has done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cleared {
    /// Whose identifiers go, by id.
    pub cleared: Vec<Clearing>,
    /// Who has neither UPN nor external id.
    pub without: Vec<User>,
    /// Who could not be found again, having no e-mail address: left alone.
    pub lost: Vec<User>,
    /// Administrators who were not meant.
    pub administrators: Vec<User>,
    /// Whether whoever does it is among the selected, and was not meant.
    pub oneself: bool,
    /// What of the names is nobody's.
    pub unknown: Vec<String>,
    /// What of the names is one user's address and another one's UPN.
    pub ambiguous: Vec<String>,
    /// Stands for exactly these people as they are: what was confirmed.
    pub digest: String,
}

impl Directory {
    /// What clearing would do.
    pub async fn preview_clearing(
        &self,
        selection: Selection,
        actor: Actor,
    ) -> Result<Cleared, DirectoryError> {
        self.db
            .read(move |tx| {
                let (selection, actor) = (selection.clone(), actor.clone());
                Box::pin(async move { sort_out(tx, &selection, &actor, false).await })
            })
            .await
    }

    /// Clears the UPNs and external ids, and ends the sessions of those people:
    /// the next login brings the new ones. The values before stand in the audit
    /// log, an event a person.
    ///
    /// # Errors
    /// [`DirectoryError::Changed`] when `expected` was given and those are no
    /// longer the same people as they were.
    pub async fn clear_identifiers(
        &self,
        selection: Selection,
        expected: Option<String>,
        actor: Actor,
    ) -> Result<Cleared, DirectoryError> {
        let directory = self.clone();
        self.db
            .write(move |tx| {
                let (selection, expected) = (selection.clone(), expected.clone());
                let (actor, directory) = (actor.clone(), directory.clone());
                Box::pin(async move {
                    let found = sort_out(tx, &selection, &actor, true).await?;
                    if expected.is_some_and(|expected| expected != found.digest) {
                        return Err(DirectoryError::Changed);
                    }
                    for clearing in &found.cleared {
                        clear(tx, &directory, clearing, &actor).await?;
                    }
                    Ok(found)
                })
            })
            .await
    }
}

fn too_many(field: &'static str) -> DirectoryError {
    DirectoryError::invalid(
        field,
        format!("names more than {MOST} people; take fewer at once"),
    )
}

async fn sort_out(
    tx: &mut Tx,
    selection: &Selection,
    actor: &Actor,
    lock: bool,
) -> Result<Cleared, DirectoryError> {
    if selection.users.len() > MOST {
        return Err(too_many("users"));
    }
    if selection.names.len() > MOST {
        return Err(too_many("names"));
    }
    let mut found = Cleared::default();
    let mut ids: BTreeSet<UserId> = selection.users.iter().cloned().collect();
    if let Some(group) = &selection.group {
        ids.extend(members(tx, group).await?);
    }
    by_names(tx, &selection.names, &mut ids, &mut found).await?;
    if ids.len() > MOST {
        return Err(too_many("group"));
    }
    let ids: Vec<UserId> = ids.into_iter().collect();
    let users = users::by_ids(tx, &ids, lock).await?;
    if users.len() < ids.len() {
        let known: BTreeSet<&UserId> = users.iter().map(|user| &user.id).collect();
        let gone = ids.iter().filter(|id| !known.contains(id));
        found.unknown.extend(gone.map(ToString::to_string));
    }
    let mut identities = users::identities_of(tx, &ids).await?;
    let acts = match actor {
        Actor::User { id, .. } => Some(id),
        _ => None,
    };
    for user in users {
        let identities = identities.remove(&user.id).unwrap_or_default();
        if identities.is_empty() && user.profile.get(Field::Upn).is_none() {
            found.without.push(user);
        } else if user.profile.get(Field::Email).is_none() {
            found.lost.push(user);
        } else if acts == Some(&user.id) && !selection.oneself {
            found.oneself = true;
        } else if user.has_role(Role::Admin) && !selection.administrators && acts != Some(&user.id)
        {
            found.administrators.push(user);
        } else {
            found.cleared.push(Clearing { user, identities });
        }
    }
    found.digest = digest(&found.cleared);
    Ok(found)
}

fn digest(clearings: &[Clearing]) -> String {
    let mut text = String::new();
    for Clearing { user, identities } in clearings {
        let _ = write!(text, "{} {}", user.id, user.version);
        for identity in identities {
            let _ = write!(
                text,
                "\0{}\0{}\0{}",
                identity.provider, identity.issuer, identity.subject
            );
        }
        text.push('\n');
    }
    tokens::hash(&text)
}

async fn members(tx: &mut Tx, group: &GroupId) -> Result<Vec<UserId>, DirectoryError> {
    if super::groups::by_id(tx, group).await?.is_none() {
        return Err(DirectoryError::NotFound("group"));
    }
    let most = i64::try_from(MOST).unwrap_or(i64::MAX).saturating_add(1);
    let sql = "SELECT user_id FROM group_members WHERE group_id = $1 ORDER BY user_id LIMIT $2";
    let rows = tx.query(sql, params![group, most]).await?;
    let ids = rows.into_iter().map(|row| row.reader().text());
    let ids: Result<Vec<String>, StorageError> = ids.collect();
    Ok(ids?.into_iter().map(UserId::from_row).collect())
}

/// Finds the users of addresses and UPNs, many with each query.
async fn by_names(
    tx: &mut Tx,
    names: &[String],
    ids: &mut BTreeSet<UserId>,
    found: &mut Cleared,
) -> Result<(), StorageError> {
    let names: BTreeSet<&str> = names.iter().map(|name| name.trim()).collect();
    let emails = names.iter().filter_map(|name| address::email_key(name));
    let emails = by_key(tx, "email_key", emails.collect()).await?;
    let upns = names.iter().filter_map(|name| address::name_key(name));
    let upns = by_key(tx, "upn_key", upns.collect()).await?;
    for name in names.into_iter().filter(|name| !name.is_empty()) {
        let email = address::email_key(name).and_then(|key| emails.get(&key));
        let upn = address::name_key(name).and_then(|key| upns.get(&key));
        match (email, upn) {
            (Some(one), Some(other)) if one != other => found.ambiguous.push(name.to_owned()),
            (Some(one), _) | (None, Some(one)) => {
                ids.insert(one.clone());
            }
            (None, None) => found.unknown.push(name.to_owned()),
        }
    }
    Ok(())
}

async fn by_key(
    tx: &mut Tx,
    column: &'static str,
    keys: Vec<String>,
) -> Result<BTreeMap<String, UserId>, StorageError> {
    let mut found = BTreeMap::new();
    for some in keys.chunks(dialect::ANY_OF_MOST) {
        let (names, count) = dialect::any_of(1, some.len());
        let last = some.last().into_iter().cycle();
        let values: Vec<Value> = some
            .iter()
            .chain(last)
            .take(count)
            .map(Value::from)
            .collect();
        let sql = format!("SELECT {column}, id FROM users WHERE {column} IN ({names})");
        for row in tx.query(&sql, &values).await? {
            let mut reader = row.reader();
            found.insert(reader.text()?, UserId::from_row(reader.text()?));
        }
    }
    Ok(found)
}

async fn clear(
    tx: &mut Tx,
    directory: &Directory,
    clearing: &Clearing,
    actor: &Actor,
) -> Result<(), StorageError> {
    let now = directory.now();
    let mut user = clearing.user.clone();
    let changes = changes(clearing);
    user.profile.remove(Field::Upn);
    // Whoever kept it shall not keep the new one away.
    user.owners.remove(&Field::Upn);
    user.updated_at = now;
    // Also where only identities go: a login that read the user before is run
    // again, and does not bring back what is cleared.
    users::store(tx, &user).await?;
    let sql = "DELETE FROM external_identities WHERE user_id = $1";
    tx.execute(sql, params![&user.id]).await?;
    lifecycle::end_sessions(tx, &user.id).await?;
    tell(tx, directory, &clearing.user, &changes, actor, now).await
}

/// All that has to be known to put it back by hand.
fn changes(clearing: &Clearing) -> Vec<Change> {
    let gone = |field: String, before: &str| Change {
        field,
        before: Some(before.to_owned()),
        after: None,
    };
    let upn = clearing.user.profile.get(Field::Upn);
    let mut changes: Vec<Change> = upn
        .map(|upn| gone("upn".to_owned(), upn))
        .into_iter()
        .collect();
    for identity in &clearing.identities {
        let field = format!("external_ids.{}", identity.provider);
        changes.push(gone(field.clone(), &identity.subject));
        changes.push(gone(format!("{field}.issuer"), &identity.issuer));
    }
    changes
}

async fn tell(
    tx: &mut Tx,
    directory: &Directory,
    user: &User,
    changes: &[Change],
    actor: &Actor,
    now: Timestamp,
) -> Result<(), StorageError> {
    let name = user.display_name();
    let target = Target {
        kind: "user",
        id: user.id.as_str(),
        name: &name,
    };
    let at = (now, &directory.entropy);
    audit::record(tx, at, actor, "user.identifiers_cleared", target, changes).await
}
