//! Groups and memberships. A group that a channel owns is read-only for
//! everybody else.
//!
//! This file knows the two tables; [`edit`] is an admin's hand on them, and
//! `login` brings them in step with what a login says.

mod edit;
mod login;

use std::collections::BTreeMap;

pub use edit::{GroupEdit, put_in};
pub(super) use login::follow_login;

use super::audit::{self, Target};
use super::error::DirectoryError;
use super::plan::Change;
use super::reconcile::Context;
use super::{Directory, Page, users};
use crate::domain::{Group, GroupId, Source, Timestamp, UserId, address};
use crate::platform::storage::{Reader, StorageError, Tx, dialect, params};

const COLUMNS: &str = "g.id, g.name, g.description, g.is_external, g.source, g.owner, \
    g.external_id, g.created_at, g.updated_at";

fn read(reader: &mut Reader) -> Result<Group, StorageError> {
    Ok(Group {
        id: GroupId::from_row(reader.text()?),
        name: reader.text()?,
        description: reader.opt_text()?,
        external: reader.bool()?,
        source: reader.parsed(Source::parse)?,
        owner: Some(reader.text()?).filter(|owner| !owner.is_empty()),
        external_id: reader.opt_text()?,
        created_at: reader.time()?,
        updated_at: reader.time()?,
    })
}

/// A group and how many belong to it.
#[derive(Clone, Debug)]
pub struct Counted {
    /// The group.
    pub group: Group,
    /// Its members.
    pub members: i64,
}

/// The group with this id.
pub async fn by_id(tx: &mut Tx, id: &GroupId) -> Result<Option<Group>, StorageError> {
    let sql = format!("SELECT {COLUMNS} FROM groups g WHERE g.id = $1");
    tx.query_opt(&sql, params![id])
        .await?
        .map(|row| read(&mut row.reader()))
        .transpose()
}

/// The group with this id, kept from being changed by others until the unit
/// ends: for units that write what they read.
async fn locked(tx: &mut Tx, id: &GroupId) -> Result<Option<Group>, StorageError> {
    let end = tx.dialect().for_update();
    let sql = format!("SELECT {COLUMNS} FROM groups g WHERE g.id = $1{end}");
    tx.query_opt(&sql, params![id])
        .await?
        .map(|row| read(&mut row.reader()))
        .transpose()
}

async fn internal_by_name(tx: &mut Tx, name: &str) -> Result<Option<Group>, StorageError> {
    let Some(key) = address::name_key(name) else {
        return Ok(None);
    };
    let sql = format!("SELECT {COLUMNS} FROM groups g WHERE g.owner = '' AND g.name_key = $1");
    tx.query_opt(&sql, params![key])
        .await?
        .map(|row| read(&mut row.reader()))
        .transpose()
}

/// The groups of each of the users, by name. A user without groups is absent.
pub async fn of_users(
    tx: &mut Tx,
    users: &[UserId],
) -> Result<BTreeMap<UserId, Vec<Group>>, StorageError> {
    let mut found: BTreeMap<UserId, Vec<Group>> = BTreeMap::new();
    for some in users.chunks(dialect::ANY_OF_MOST) {
        let (names, values) = users::any_of(1, some);
        let sql = format!(
            "SELECT m.user_id, {COLUMNS} FROM groups g JOIN group_members m ON m.group_id = g.id \
             WHERE m.user_id IN ({names}) ORDER BY g.name_key, g.id"
        );
        for row in tx.query(&sql, &values).await? {
            let mut reader = row.reader();
            let user = UserId::from_row(reader.text()?);
            found.entry(user).or_default().push(read(&mut reader)?);
        }
    }
    Ok(found)
}

async fn insert(tx: &mut Tx, group: &Group) -> Result<(), DirectoryError> {
    const SQL: &str = "INSERT INTO groups (id, name, name_key, description, is_external, source, \
        owner, external_id, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    let row = params![
        &group.id,
        &group.name,
        name_key(&group.name)?,
        group.description.as_deref(),
        group.external,
        group.source.as_str(),
        group.owner.as_deref().unwrap_or(""),
        group.external_id.as_deref(),
        group.created_at,
        group.updated_at
    ];
    tx.execute(SQL, row).await?;
    Ok(())
}

fn name_key(name: &str) -> Result<String, DirectoryError> {
    address::name_key(name)
        .ok_or_else(|| DirectoryError::invalid("name", "must have 1 to 256 visible characters"))
}

async fn add(
    tx: &mut Tx,
    group: &GroupId,
    user: &UserId,
    channel: &str,
    now: Timestamp,
) -> Result<bool, StorageError> {
    let sql = "INSERT INTO group_members (group_id, user_id, channel, created_at) \
               VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING";
    Ok(tx.execute(sql, params![group, user, channel, now]).await? == 1)
}

async fn record_member(
    tx: &mut Tx,
    group: &Group,
    user: &UserId,
    action: &str,
    context: &Context<'_>,
) -> Result<(), StorageError> {
    let target = Target {
        kind: "group",
        id: group.id.as_str(),
        name: &group.name,
    };
    let (before, after) = match action {
        "group.member_added" => (None, Some(user.to_string())),
        _ => (Some(user.to_string()), None),
    };
    let changes = [Change {
        field: "members".to_owned(),
        before,
        after,
    }];
    let at = (context.now, context.entropy);
    audit::record(tx, at, context.actor, action, target, &changes).await
}

impl Directory {
    /// The group with this id and its count.
    pub async fn group(&self, id: &GroupId) -> Result<Counted, DirectoryError> {
        let id = id.clone();
        self.db
            .read(move |tx| {
                let id = id.clone();
                Box::pin(async move {
                    let group = by_id(tx, &id)
                        .await?
                        .ok_or(DirectoryError::NotFound("group"))?;
                    let sql = "SELECT COUNT(*) FROM group_members WHERE group_id = $1";
                    let members = tx.count(sql, params![&id]).await?;
                    Ok(Counted { group, members })
                })
            })
            .await
    }

    /// The internal group of this name, whatever its case.
    pub async fn group_by_name(&self, name: &str) -> Result<Option<Group>, DirectoryError> {
        let name = name.to_owned();
        let found = self.db.read(move |tx| {
            let name = name.clone();
            Box::pin(async move { internal_by_name(tx, &name).await })
        });
        Ok(found.await.map_err(|e: StorageError| e)?)
    }

    /// One page of groups, in the order in which they were made.
    pub async fn groups(
        &self,
        search: Option<String>,
        cursor: Option<String>,
        limit: usize,
    ) -> Result<Page<Counted>, DirectoryError> {
        let cursor = super::cursor(cursor)?;
        let groups = self
            .db
            .read(move |tx| {
                let (search, cursor) = (search.clone(), cursor.clone());
                Box::pin(async move { list(tx, search, cursor, limit).await })
            })
            .await?;
        Ok(Page::cut(groups, limit, |counted: &Counted| {
            counted.group.id.to_string()
        }))
    }

    /// The groups of users, by user.
    pub async fn groups_of(
        &self,
        users: Vec<UserId>,
    ) -> Result<BTreeMap<UserId, Vec<Group>>, DirectoryError> {
        Ok(self
            .db
            .read(move |tx| {
                let users = users.clone();
                Box::pin(async move { of_users(tx, &users).await })
            })
            .await?)
    }
}

async fn list(
    tx: &mut Tx,
    search: Option<String>,
    cursor: Option<String>,
    limit: usize,
) -> Result<Vec<Counted>, StorageError> {
    let sql = format!(
        "SELECT {COLUMNS}, (SELECT COUNT(*) FROM group_members m WHERE m.group_id = g.id) \
         FROM groups g WHERE g.id > $1 AND g.name_key LIKE $2 ESCAPE '\\' ORDER BY g.id LIMIT $3"
    );
    let search = search.unwrap_or_default().trim().to_lowercase();
    let Some(pattern) = dialect::like_anywhere(&search) else {
        return Ok(Vec::new());
    };
    let limit = i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1);
    let rows = tx
        .query(&sql, params![cursor.unwrap_or_default(), pattern, limit])
        .await?;
    rows.into_iter()
        .map(|row| {
            let mut reader = row.reader();
            Ok(Counted {
                group: read(&mut reader)?,
                members: reader.int()?,
            })
        })
        .collect()
}
