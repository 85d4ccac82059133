//! From an invitation to an account that its person has made their own.

use super::account_links::{self, Made, Purpose};
use super::audit::{self, Actor, Target};
use super::error::DirectoryError;
use super::lifecycle::{self, Access};
use super::plan::change;
use super::{Directory, passkeys, passwords, users};
use crate::domain::{Slug, Status, User, UserId};
use crate::platform::storage::{StorageError, Tx, params};

/// Makes a link with which a person makes the account their own. Who never came
/// in is pending from now on; the last administrator stays what they are.
pub async fn invite(
    tx: &mut Tx,
    directory: &Directory,
    user: User,
    application: Option<&str>,
    actor: &Actor,
) -> Result<(User, Made), DirectoryError> {
    if user.status == Status::Inactive {
        return Err(DirectoryError::UserInactive);
    }
    let (now, entropy) = (directory.now(), &directory.entropy);
    let user = if is_new(tx, &user).await? && user.status == Status::Active {
        let access = Access {
            status: Some(Status::Pending),
            ..Access::default()
        };
        match lifecycle::amend(tx, directory, user.clone(), &access, actor).await {
            // Refused before anything was written.
            Err(DirectoryError::LastAdmin) => user,
            amended => amended?,
        }
    } else {
        user
    };
    let made = account_links::make(tx, &user, Purpose::Activate, application, now, entropy).await?;
    let name = user.display_name();
    let target = Target {
        kind: "user",
        id: user.id.as_str(),
        name: &name,
    };
    let until = [change("until", "", made.expires_at.rfc3339())];
    audit::record(tx, (now, entropy), actor, "user.invited", target, &until).await?;
    Ok((user, made))
}

/// Whether somebody has no way in yet that they have used or made: no sign-in, no
/// password, no key.
pub async fn is_new(tx: &mut Tx, user: &User) -> Result<bool, StorageError> {
    Ok(user.last_login_at.is_none()
        && passwords::of(tx, &user.id).await?.is_none()
        && !passkeys::has_active(tx, &user.id, None).await?)
}

/// Notes that the person reads the mail of the address on record, and that the
/// account is theirs: a pending user becomes active.
pub async fn confirm(
    tx: &mut Tx,
    directory: &Directory,
    user: User,
    actor: &Actor,
) -> Result<User, DirectoryError> {
    let access = Access {
        status: (user.status == Status::Pending).then_some(Status::Active),
        ..Access::default()
    };
    let mut user = lifecycle::amend(tx, directory, user, &access, actor).await?;
    if user.email_verified {
        return Ok(user);
    }
    let now = directory.now();
    user.email_verified = true;
    user.updated_at = now;
    users::store(tx, &user).await?;
    user.version += 1;
    let name = user.display_name();
    let target = Target {
        kind: "user",
        id: user.id.as_str(),
        name: &name,
    };
    let changes = [change("email_verified", false, true)];
    let at = (now, &directory.entropy);
    audit::record(tx, at, actor, "user.email_verified", target, &changes).await?;
    Ok(user)
}

impl Directory {
    /// The users who are assigned to an application, by themselves or by a group.
    pub async fn people_of(&self, application: &Slug) -> Result<Vec<UserId>, DirectoryError> {
        const SQL: &str = "SELECT user_id FROM application_users WHERE application = $1 UNION \
            SELECT m.user_id FROM application_groups g JOIN group_members m \
            ON m.group_id = g.group_id WHERE g.application = $1 ORDER BY 1";
        let application = application.clone();
        let found: Result<Vec<UserId>, StorageError> = self
            .db
            .read(move |tx| {
                let application = application.clone();
                Box::pin(async move {
                    let rows = tx.query(SQL, params![&application]).await?;
                    let id = |row: crate::platform::storage::Row| {
                        Ok(UserId::from_row(row.reader().text()?))
                    };
                    rows.into_iter().map(id).collect()
                })
            })
            .await;
        Ok(found?)
    }
}
