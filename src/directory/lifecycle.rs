//! Deactivation and its way back, roles, deletion. Whatever takes a person's
//! access away ends what the person holds in the same transaction.

use std::collections::BTreeSet;

use super::audit::{self, Actor, Target};
use super::endings::{self, Reason, Which};
use super::error::DirectoryError;
use super::plan::change;
use super::reconcile::Outcome;
use super::{Directory, passkeys, policy, users};
use crate::domain::{Field, Role, Status, Timestamp, User, UserId};
use crate::platform::storage::{StorageError, Tx, params};

/// The lock under which admins come and go.
const ADMINS: &str = "directory.admins";

/// What the audit log calls a change of roles.
const ROLES_CHANGED: &str = "user.roles_changed";

/// What is to become of a user's access; `None` leaves it as it is.
#[derive(Clone, Debug, Default)]
pub(super) struct Access {
    pub status: Option<Status>,
    pub roles: Option<BTreeSet<Role>>,
}

/// Ends everything that a user holds: browser sessions, what applications got for
/// the user, and the API tokens that the user made.
pub async fn end_access(tx: &mut Tx, user: &UserId) -> Result<(), StorageError> {
    endings::end(tx, Which::OfUser(user), Reason::Access).await?;
    tx.execute("DELETE FROM oidc_grants WHERE user_id = $1", params![user])
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
    endings::end(tx, Which::OfUser(user), Reason::Administrator).await
}

/// Whether the user is an administrator who can sign in at `now`.
fn governs(user: &User, now: Timestamp, enforce_validity: bool) -> bool {
    user.has_role(Role::Admin)
        && user.status == Status::Active
        && policy::may_sign_in(user, now, enforce_validity).is_ok()
}

/// Refuses a change that takes away the last administrator who can sign in.
/// `after` is `None` when the user goes altogether. The unit holds the user's row
/// when it calls this; the rows come before the lock everywhere, so that nobody
/// waits in a circle.
async fn keep_an_admin(
    tx: &mut Tx,
    before: &User,
    after: Option<&User>,
    now: Timestamp,
    enforce_validity: bool,
) -> Result<(), DirectoryError> {
    let governs = |user: &User| governs(user, now, enforce_validity);
    if !governs(before) || after.is_some_and(governs) {
        return Ok(());
    }
    tx.lock(ADMINS).await?;
    if users::with_roles(tx)
        .await?
        .iter()
        .any(|other| other.id != before.id && governs(other))
    {
        return Ok(());
    }
    Err(DirectoryError::LastAdmin)
}

/// Refuses an observation that leaves no administrator who can sign in, because
/// it moved the validity of the last one.
pub(super) async fn keep_a_valid_admin(
    tx: &mut Tx,
    directory: &Directory,
    outcome: &Outcome,
) -> Result<(), DirectoryError> {
    let mut before = outcome.user.clone();
    for field in [Field::ValidFrom, Field::ValidTo] {
        let change = outcome.changes.iter().find(|c| c.field == field.name());
        match change.map(|change| change.before.as_deref()) {
            Some(Some(value)) => before.profile.set(field, value),
            Some(None) => before.profile.remove(field),
            None => {}
        }
    }
    let (now, enforce) = (directory.now(), directory.enforce_validity);
    keep_an_admin(tx, &before, Some(&outcome.user), now, enforce).await
}

/// What a user holds that ends with the user's access.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Held {
    /// Browser sessions.
    pub sessions: i64,
    /// API tokens that the user made.
    pub tokens: i64,
}

impl Directory {
    /// What [`end_access`] would end.
    pub async fn held(&self, id: &UserId) -> Result<Held, DirectoryError> {
        let id = id.clone();
        let held = self.db.read(move |tx| {
            let id = id.clone();
            Box::pin(async move {
                let count = "SELECT COUNT(*) FROM sessions WHERE user_id = $1";
                let sessions = tx.count(count, params![&id]).await?;
                let count = "SELECT COUNT(*) FROM api_tokens WHERE created_by = $1";
                let tokens = tx.count(count, params![&id]).await?;
                Ok::<_, StorageError>(Held { sessions, tokens })
            })
        });
        Ok(held.await?)
    }

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
        let access = Access {
            status: Some(status),
            ..Access::default()
        };
        self.amend(id, access, actor).await
    }

    /// Sets what a user may do here. Sessions end, so that the next one begins
    /// with the new roles.
    pub async fn set_roles(
        &self,
        id: &UserId,
        roles: BTreeSet<Role>,
        actor: Actor,
    ) -> Result<User, DirectoryError> {
        let access = Access {
            roles: Some(roles),
            ..Access::default()
        };
        self.amend(id, access, actor).await
    }

    /// Deletes a user and all that hangs on it. Channels deactivate; only an
    /// admin deletes.
    pub async fn delete_user(&self, id: &UserId, actor: Actor) -> Result<(), DirectoryError> {
        let (id, directory) = (id.clone(), self.clone());
        self.db
            .write(move |tx| {
                let (id, actor, directory) = (id.clone(), actor.clone(), directory.clone());
                Box::pin(async move {
                    let user = users::locked(tx, &id)
                        .await?
                        .ok_or(DirectoryError::NotFound("user"))?;
                    let (now, enforce) = (directory.now(), directory.enforce_validity);
                    keep_an_admin(tx, &user, None, now, enforce).await?;
                    end_access(tx, &id).await?;
                    // Of the version that was read. What refers to the user goes
                    // with the row.
                    let sql = "DELETE FROM users WHERE id = $1 AND version = $2";
                    if tx.execute(sql, params![&id, user.version]).await? != 1 {
                        return Err(StorageError::stale("the user was changed").into());
                    }
                    let name = user.display_name();
                    let target = Target {
                        kind: "user",
                        id: id.as_str(),
                        name: &name,
                    };
                    let at = (now, &directory.entropy);
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
        access: Access,
        actor: Actor,
    ) -> Result<User, DirectoryError> {
        let (id, directory) = (id.clone(), self.clone());
        self.db
            .write(move |tx| {
                let (id, access) = (id.clone(), access.clone());
                let (actor, directory) = (actor.clone(), directory.clone());
                Box::pin(async move {
                    let before = users::locked(tx, &id)
                        .await?
                        .ok_or(DirectoryError::NotFound("user"))?;
                    amend(tx, &directory, before, &access, &actor).await
                })
            })
            .await
    }
}

/// What the audit log calls a change of status.
const fn status_action(before: Status, after: Status) -> &'static str {
    match (before, after) {
        (_, Status::Inactive) => "user.deactivated",
        (_, Status::Pending) => "user.made_pending",
        (Status::Pending, Status::Active) => "user.activated",
        (_, Status::Active) => "user.reactivated",
    }
}

/// Changes what decides over a user's access, inside a transaction: the last
/// admin stays, and whoever loses something loses it at once. Status and roles
/// change together, so that nobody is an administrator in between who is none
/// before or after.
pub(super) async fn amend(
    tx: &mut Tx,
    directory: &Directory,
    before: User,
    access: &Access,
    actor: &Actor,
) -> Result<User, DirectoryError> {
    let mut user = before.clone();
    if let Some(roles) = &access.roles {
        user.roles.clone_from(roles);
    }
    user.status = access.status.unwrap_or(before.status);
    if user == before {
        return Ok(user);
    }
    let now = directory.now();
    keep_an_admin(tx, &before, Some(&user), now, directory.enforce_validity).await?;
    user.updated_at = now;
    users::store(tx, &user).await?;
    user.version += 1;
    if user.status != Status::Active || user.roles != before.roles {
        end_access(tx, &user.id).await?;
    }
    if !user.roles.is_subset(&before.roles) {
        // Whoever saw such a link or PIN before would have the new role by it.
        passkeys::close(tx, &user.id).await?;
    }
    let name = user.display_name();
    let target = Target {
        kind: "user",
        id: user.id.as_str(),
        name: &name,
    };
    let at = (now, &directory.entropy);
    if user.roles != before.roles {
        let changes = [change("roles", words(&before.roles), words(&user.roles))];
        audit::record(tx, at, actor, ROLES_CHANGED, target, &changes).await?;
    }
    if user.status != before.status {
        let changes = [change("status", before.status, user.status)];
        let action = status_action(before.status, user.status);
        audit::record(tx, at, actor, action, target, &changes).await?;
    }
    Ok(user)
}

fn words(roles: &BTreeSet<Role>) -> String {
    roles
        .iter()
        .map(|role| role.as_str())
        .collect::<Vec<_>>()
        .join(" ")
}
