//! Deactivation and its way back, roles, deletion. Whatever takes a person's
//! access away ends what the person holds in the same transaction.

use std::collections::BTreeSet;

use super::audit::{self, Actor, Target};
use super::error::DirectoryError;
use super::plan::{Change, change};
use super::{Directory, users};
use crate::domain::{Role, Status, User, UserId};
use crate::platform::storage::{StorageError, Tx, params};

/// The lock under which admins come and go.
const ADMINS: &str = "directory.admins";

/// What the audit log calls a change of roles.
pub(super) const ROLES_CHANGED: &str = "user.roles_changed";

/// Ends everything that a user holds: browser sessions and the API tokens that
/// the user made.
pub async fn end_access(tx: &mut Tx, user: &UserId) -> Result<(), StorageError> {
    tx.execute("DELETE FROM sessions WHERE user_id = $1", params![user])
        .await?;
    tx.execute(
        "DELETE FROM api_tokens WHERE created_by = $1",
        params![user],
    )
    .await?;
    Ok(())
}

/// Ends a user's browser sessions; answers how many there were.
pub async fn end_sessions(tx: &mut Tx, user: &UserId) -> Result<u64, StorageError> {
    tx.execute("DELETE FROM sessions WHERE user_id = $1", params![user])
        .await
}

/// Refuses to go on when the user is the last active admin.
async fn keep_an_admin(tx: &mut Tx, user: &User) -> Result<(), DirectoryError> {
    if !user.has_role(Role::Admin) || user.status != Status::Active {
        return Ok(());
    }
    tx.lock(ADMINS).await?;
    let sql = "SELECT roles FROM users WHERE roles <> '' AND status = 'active' AND id <> $1";
    for row in tx.query(sql, params![&user.id]).await? {
        let roles = row.reader().text()?;
        if roles
            .split_whitespace()
            .any(|role| role == Role::Admin.as_str())
        {
            return Ok(());
        }
    }
    Err(DirectoryError::LastAdmin)
}

impl Directory {
    /// Shuts a user out, and ends sessions and tokens at once. Doing it twice
    /// is doing it once.
    pub async fn deactivate(&self, id: &UserId, actor: Actor) -> Result<User, DirectoryError> {
        self.set_status(id, Status::Inactive, actor).await
    }

    /// Lets a deactivated user in again.
    pub async fn reactivate(&self, id: &UserId, actor: Actor) -> Result<User, DirectoryError> {
        self.set_status(id, Status::Active, actor).await
    }

    async fn set_status(
        &self,
        id: &UserId,
        status: Status,
        actor: Actor,
    ) -> Result<User, DirectoryError> {
        let edit = move |user: &mut User| with_status(user, status);
        self.amend(id, actor, status_action(status), edit).await
    }

    /// Sets what a user may do here. Sessions end, so that the next one begins
    /// with the new roles.
    pub async fn set_roles(
        &self,
        id: &UserId,
        roles: BTreeSet<Role>,
        actor: Actor,
    ) -> Result<User, DirectoryError> {
        let edit = move |user: &mut User| with_roles(user, &roles);
        self.amend(id, actor, ROLES_CHANGED, edit).await
    }

    /// Deletes a user and all that hangs on it. Channels deactivate; only an
    /// admin deletes.
    pub async fn delete_user(&self, id: &UserId, actor: Actor) -> Result<(), DirectoryError> {
        let (id, directory) = (id.clone(), self.clone());
        self.db
            .write(move |tx| {
                let (id, actor, directory) = (id.clone(), actor.clone(), directory.clone());
                Box::pin(async move {
                    let user = users::by_id(tx, &id)
                        .await?
                        .ok_or(DirectoryError::NotFound("user"))?;
                    keep_an_admin(tx, &user).await?;
                    // Of the version that was read: somebody who was made the
                    // only admin in between stays. What refers to the user goes
                    // with the row.
                    let sql = "DELETE FROM users WHERE id = $1 AND version = $2";
                    if tx.execute(sql, params![&id, user.version]).await? != 1 {
                        return Err(StorageError::stale("the user was changed").into());
                    }
                    end_access(tx, &id).await?;
                    let name = user.display_name();
                    let target = Target {
                        kind: "user",
                        id: id.as_str(),
                        name: &name,
                    };
                    let at = (directory.now(), &directory.entropy);
                    Ok(audit::record(tx, at, &actor, "user.deleted", target, &[]).await?)
                })
            })
            .await
    }

    /// Signs a user out everywhere; answers how many sessions ended.
    pub async fn sign_out_everywhere(
        &self,
        id: &UserId,
        actor: Actor,
    ) -> Result<u64, DirectoryError> {
        let (id, directory) = (id.clone(), self.clone());
        self.db
            .write(move |tx| {
                let (id, actor, directory) = (id.clone(), actor.clone(), directory.clone());
                Box::pin(async move {
                    let user = users::by_id(tx, &id)
                        .await?
                        .ok_or(DirectoryError::NotFound("user"))?;
                    let ended = end_sessions(tx, &id).await?;
                    let name = user.display_name();
                    let target = Target {
                        kind: "user",
                        id: id.as_str(),
                        name: &name,
                    };
                    let at = (directory.now(), &directory.entropy);
                    let changes = [change("sessions", ended, 0)];
                    audit::record(tx, at, &actor, "user.signed_out", target, &changes).await?;
                    Ok::<_, DirectoryError>(ended)
                })
            })
            .await
    }

    async fn amend(
        &self,
        id: &UserId,
        actor: Actor,
        action: &'static str,
        edit: impl Fn(&mut User) -> Vec<Change> + Send + Sync + 'static,
    ) -> Result<User, DirectoryError> {
        let (id, directory, edit) = (id.clone(), self.clone(), std::sync::Arc::new(edit));
        self.db
            .write(move |tx| {
                let (id, actor, directory) = (id.clone(), actor.clone(), directory.clone());
                let edit = std::sync::Arc::clone(&edit);
                Box::pin(async move {
                    let before = users::by_id(tx, &id)
                        .await?
                        .ok_or(DirectoryError::NotFound("user"))?;
                    amend(tx, &directory, before, &actor, action, edit.as_ref()).await
                })
            })
            .await
    }
}

/// Sets a status.
pub(super) fn with_status(user: &mut User, status: Status) -> Vec<Change> {
    let before = std::mem::replace(&mut user.status, status);
    if before == status {
        vec![]
    } else {
        vec![change("status", before, status)]
    }
}

/// What the audit log calls a change to this status.
pub(super) const fn status_action(status: Status) -> &'static str {
    match status {
        Status::Active => "user.reactivated",
        Status::Inactive | Status::Pending => "user.deactivated",
    }
}

/// Sets what a user may do here.
pub(super) fn with_roles(user: &mut User, roles: &BTreeSet<Role>) -> Vec<Change> {
    let before = std::mem::replace(&mut user.roles, roles.clone());
    if before == *roles {
        vec![]
    } else {
        vec![change("roles", words(&before), words(roles))]
    }
}

/// Changes what decides over a user's access, inside a transaction: the last
/// admin stays, and whoever loses something loses it at once.
pub(super) async fn amend(
    tx: &mut Tx,
    directory: &Directory,
    before: User,
    actor: &Actor,
    action: &'static str,
    edit: impl Fn(&mut User) -> Vec<Change> + Send,
) -> Result<User, DirectoryError> {
    let mut user = before.clone();
    let changes = edit(&mut user);
    if changes.is_empty() {
        return Ok(user);
    }
    let stays_admin = user.has_role(Role::Admin) && user.status == Status::Active;
    if !stays_admin {
        keep_an_admin(tx, &before).await?;
    }
    let now = directory.now();
    user.updated_at = now;
    users::store(tx, &user).await?;
    user.version += 1;
    if user.status != Status::Active || user.roles != before.roles {
        end_access(tx, &user.id).await?;
    }
    let name = user.display_name();
    let target = Target {
        kind: "user",
        id: user.id.as_str(),
        name: &name,
    };
    let at = (now, &directory.entropy);
    audit::record(tx, at, actor, action, target, &changes).await?;
    Ok(user)
}

fn words(roles: &BTreeSet<Role>) -> String {
    roles
        .iter()
        .map(|role| role.as_str())
        .collect::<Vec<_>>()
        .join(" ")
}
