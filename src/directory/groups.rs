//! Groups and memberships. A group that a channel owns is read-only for
//! everybody else.

use std::collections::{BTreeMap, BTreeSet};

use super::audit::{self, Actor, Target};
use super::error::DirectoryError;
use super::plan::{Change, change};
use super::reconcile::Context;
use super::{Directory, Page, users};
use crate::domain::{Group, GroupId, Slug, Source, Timestamp, UserId, address};
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

/// Gives a user the internal groups that a login's group values map to, and
/// takes away those that an earlier login of the same provider gave.
pub(super) async fn follow_login(
    tx: &mut Tx,
    user: &UserId,
    provider: &Slug,
    wanted: &BTreeSet<String>,
    context: &Context<'_>,
) -> Result<(), DirectoryError> {
    let channel = format!("login:{provider}");
    let sql = format!(
        "SELECT {COLUMNS} FROM groups g JOIN group_members m ON m.group_id = g.id \
         WHERE m.user_id = $1 AND m.channel = $2"
    );
    let rows = tx.query(&sql, params![user, &channel]).await?;
    let given: Result<Vec<Group>, _> = rows
        .into_iter()
        .map(|row| read(&mut row.reader()))
        .collect();
    let wanted_keys: BTreeSet<String> = wanted
        .iter()
        .filter_map(|name| address::name_key(name))
        .collect();
    for group in given? {
        let key = address::name_key(&group.name).unwrap_or_default();
        if !wanted_keys.contains(&key) {
            let sql = "DELETE FROM group_members WHERE group_id = $1 AND user_id = $2";
            tx.execute(sql, params![&group.id, user]).await?;
            record_member(tx, &group, user, "group.member_removed", context).await?;
        }
    }
    // A name that no group can have maps to nothing; it keeps nobody out.
    for name in wanted.iter().filter(|n| address::name_key(n).is_some()) {
        let group = match internal_by_name(tx, name).await? {
            Some(group) => group,
            None => create_mapped(tx, name, context).await?,
        };
        if add(tx, &group.id, user, &channel, context.now).await? {
            record_member(tx, &group, user, "group.member_added", context).await?;
        }
    }
    Ok(())
}

/// An admin named the group in the provider's `group_map`: that is enough to
/// make it.
async fn create_mapped(
    tx: &mut Tx,
    name: &str,
    context: &Context<'_>,
) -> Result<Group, DirectoryError> {
    let group = Group {
        id: GroupId::new(context.now, context.entropy),
        name: name.trim().to_owned(),
        description: None,
        external: false,
        source: Source::Manual,
        owner: None,
        external_id: None,
        created_at: context.now,
        updated_at: context.now,
    };
    insert(tx, &group).await?;
    let target = Target {
        kind: "group",
        id: group.id.as_str(),
        name,
    };
    let at = (context.now, context.entropy);
    audit::record(tx, at, context.actor, "group.created", target, &[]).await?;
    Ok(group)
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

/// An admin's change to a group: `None` leaves a value as it is.
#[derive(Clone, Debug, Default)]
pub struct GroupEdit {
    /// A new name.
    pub name: Option<String>,
    /// A new description; `Some(None)` clears it.
    pub description: Option<Option<String>>,
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

    /// Makes an internal group.
    pub async fn create_group(
        &self,
        name: String,
        description: Option<String>,
        actor: Actor,
    ) -> Result<Group, DirectoryError> {
        let directory = self.clone();
        self.db
            .write(move |tx| {
                let (name, description) = (name.trim().to_owned(), description.clone());
                let (actor, directory) = (actor.clone(), directory.clone());
                Box::pin(async move {
                    name_key(&name)?;
                    validate_description(description.as_deref())?;
                    refuse_taken_name(tx, &name, None).await?;
                    let now = directory.now();
                    let group = Group {
                        id: GroupId::new(now, &directory.entropy),
                        name,
                        description,
                        external: false,
                        source: Source::Manual,
                        owner: None,
                        external_id: None,
                        created_at: now,
                        updated_at: now,
                    };
                    insert(tx, &group).await?;
                    let target = Target {
                        kind: "group",
                        id: group.id.as_str(),
                        name: &group.name,
                    };
                    let at = (now, &directory.entropy);
                    audit::record(tx, at, &actor, "group.created", target, &[]).await?;
                    Ok::<_, DirectoryError>(group)
                })
            })
            .await
    }

    /// Renames or describes an internal group.
    pub async fn edit_group(
        &self,
        id: &GroupId,
        edit: GroupEdit,
        actor: Actor,
    ) -> Result<(), DirectoryError> {
        let (id, directory) = (id.clone(), self.clone());
        self.db
            .write(move |tx| {
                let (id, edit) = (id.clone(), edit.clone());
                let (actor, directory) = (actor.clone(), directory.clone());
                Box::pin(async move { edit_group(tx, &id, edit, &actor, &directory).await })
            })
            .await
    }

    /// Deletes an internal group; its members stay.
    pub async fn delete_group(&self, id: &GroupId, actor: Actor) -> Result<(), DirectoryError> {
        let (id, directory) = (id.clone(), self.clone());
        self.db
            .write(move |tx| {
                let (id, actor, directory) = (id.clone(), actor.clone(), directory.clone());
                Box::pin(async move {
                    let group = editable(tx, &id).await?;
                    tx.execute(
                        "DELETE FROM group_members WHERE group_id = $1",
                        params![&id],
                    )
                    .await?;
                    tx.execute("DELETE FROM groups WHERE id = $1", params![&id])
                        .await?;
                    let target = Target {
                        kind: "group",
                        id: id.as_str(),
                        name: &group.name,
                    };
                    let at = (directory.now(), &directory.entropy);
                    audit::record(tx, at, &actor, "group.deleted", target, &[]).await?;
                    Ok::<_, DirectoryError>(())
                })
            })
            .await
    }

    /// Puts a user into an internal group, or takes the user out. Doing it
    /// twice is doing it once.
    pub async fn set_member(
        &self,
        group: &GroupId,
        user: &UserId,
        member: bool,
        actor: Actor,
    ) -> Result<(), DirectoryError> {
        let (group, user, directory) = (group.clone(), user.clone(), self.clone());
        self.db
            .write(move |tx| {
                let (group, user) = (group.clone(), user.clone());
                let (actor, directory) = (actor.clone(), directory.clone());
                Box::pin(async move {
                    let group = editable(tx, &group).await?;
                    users::by_id(tx, &user)
                        .await?
                        .ok_or(DirectoryError::NotFound("user"))?;
                    let now = directory.now();
                    let context = Context {
                        actor: &actor,
                        policy: None,
                        mode: super::reconcile::Mode::Apply,
                        now,
                        entropy: &directory.entropy,
                    };
                    let (changed, action) = if member {
                        (
                            add(tx, &group.id, &user, "manual", now).await?,
                            "group.member_added",
                        )
                    } else {
                        let sql = "DELETE FROM group_members WHERE group_id = $1 AND user_id = $2";
                        let gone = tx.execute(sql, params![&group.id, &user]).await?;
                        (gone > 0, "group.member_removed")
                    };
                    if changed {
                        record_member(tx, &group, &user, action, &context).await?;
                    }
                    Ok::<_, DirectoryError>(())
                })
            })
            .await
    }
}

async fn edit_group(
    tx: &mut Tx,
    id: &GroupId,
    edit: GroupEdit,
    actor: &Actor,
    directory: &Directory,
) -> Result<(), DirectoryError> {
    let group = editable(tx, id).await?;
    let name = edit
        .name
        .map_or_else(|| group.name.clone(), |name| name.trim().to_owned());
    let description = edit
        .description
        .unwrap_or_else(|| group.description.clone());
    validate_description(description.as_deref())?;
    refuse_taken_name(tx, &name, Some(id)).await?;
    let mut changes = Vec::new();
    if name != group.name {
        changes.push(change("name", &group.name, &name));
    }
    if description != group.description {
        changes.push(Change {
            field: "description".to_owned(),
            before: group.description.clone(),
            after: description.clone(),
        });
    }
    if changes.is_empty() {
        return Ok(());
    }
    let now = directory.now();
    let sql = "UPDATE groups SET name = $2, name_key = $3, description = $4, updated_at = $5 WHERE id = $1";
    tx.execute(sql, params![id, &name, name_key(&name)?, description, now])
        .await?;
    let target = Target {
        kind: "group",
        id: id.as_str(),
        name: &name,
    };
    audit::record(
        tx,
        (now, &directory.entropy),
        actor,
        "group.updated",
        target,
        &changes,
    )
    .await?;
    Ok(())
}

fn validate_description(description: Option<&str>) -> Result<(), DirectoryError> {
    let text = description.unwrap_or_default();
    if text.chars().count() > 1024 || text.contains('\0') {
        return Err(DirectoryError::invalid(
            "description",
            "must have at most 1024 characters, and no NUL",
        ));
    }
    Ok(())
}

async fn editable(tx: &mut Tx, id: &GroupId) -> Result<Group, DirectoryError> {
    let group = by_id(tx, id)
        .await?
        .ok_or(DirectoryError::NotFound("group"))?;
    if group.external {
        Err(DirectoryError::ExternalGroup(group.source))
    } else {
        Ok(group)
    }
}

async fn refuse_taken_name(
    tx: &mut Tx,
    name: &str,
    but: Option<&GroupId>,
) -> Result<(), DirectoryError> {
    match internal_by_name(tx, name).await? {
        Some(other) if Some(&other.id) != but => Err(DirectoryError::Taken {
            what: "name",
            value: name.to_owned(),
            kind: "group",
        }),
        _ => Ok(()),
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
