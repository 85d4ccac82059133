//! An admin's hand on groups and memberships.

use super::{add, by_id, insert, internal_by_name, locked, name_key, record_member};
use crate::directory::audit::{self, Actor, Target};
use crate::directory::error::DirectoryError;
use crate::directory::plan::{Change, change};
use crate::directory::reconcile::{Context, Mode};
use crate::directory::{Directory, users};
use crate::domain::{Group, GroupId, Source, Timestamp, UserId};
use crate::platform::storage::{Tx, params};

/// An admin's change to a group: `None` leaves a value as it is.
#[derive(Clone, Debug, Default)]
pub struct GroupEdit {
    /// A new name.
    pub name: Option<String>,
    /// A new description; `Some(None)` clears it.
    pub description: Option<Option<String>>,
    /// When the group was last changed, as the edit was made from; one that has
    /// been changed since is left alone. `None` changes whatever stands.
    pub expected: Option<Timestamp>,
}

impl Directory {
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
                    let group = editable(locked(tx, &id).await?)?;
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
                    let group = editable(by_id(tx, &group).await?)?;
                    users::by_id(tx, &user)
                        .await?
                        .ok_or(DirectoryError::NotFound("user"))?;
                    let now = directory.now();
                    let context = Context {
                        actor: &actor,
                        policy: None,
                        mode: Mode::Apply,
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

/// Puts a user into an internal group, inside the transaction that made the user.
///
/// # Errors
/// [`DirectoryError::NotFound`], [`DirectoryError::ExternalGroup`], and what the
/// database says.
pub async fn put_in(
    tx: &mut Tx,
    directory: &Directory,
    group: &GroupId,
    user: &UserId,
    actor: &Actor,
) -> Result<(), DirectoryError> {
    let group = editable(by_id(tx, group).await?)?;
    let context = Context {
        actor,
        policy: None,
        mode: Mode::Apply,
        now: directory.now(),
        entropy: &directory.entropy,
    };
    if add(tx, &group.id, user, "manual", context.now).await? {
        record_member(tx, &group, user, "group.member_added", &context).await?;
    }
    Ok(())
}

async fn edit_group(
    tx: &mut Tx,
    id: &GroupId,
    edit: GroupEdit,
    actor: &Actor,
    directory: &Directory,
) -> Result<(), DirectoryError> {
    let group = editable(locked(tx, id).await?)?;
    if edit.expected.is_some_and(|at| at != group.updated_at) {
        return Err(DirectoryError::Changed);
    }
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

fn editable(group: Option<Group>) -> Result<Group, DirectoryError> {
    let group = group.ok_or(DirectoryError::NotFound("group"))?;
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
