//! The passwords of people who sign in here: what is kept of them, and what a
//! change of one ends. How they are hashed is the login's business.

use super::audit::{self, Actor, Target};
use super::error::DirectoryError;
use super::{Directory, account_links, lifecycle, users};
use crate::domain::{Timestamp, User, UserId};
use crate::platform::storage::{StorageError, Tx, params};

/// What is kept of a password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credential {
    /// A PHC string.
    pub hash: String,
    /// Changes with the password: what browsers remember is bound to it.
    pub epoch: String,
    /// When it was set.
    pub changed_at: Timestamp,
}

/// What is kept of the user's password; `None` for those who have none.
pub async fn of(tx: &mut Tx, user: &UserId) -> Result<Option<Credential>, StorageError> {
    let sql = "SELECT hash, epoch, changed_at FROM passwords WHERE user_id = $1";
    let row = tx.query_opt(sql, params![user]).await?;
    row.map(|row| {
        let mut reader = row.reader();
        Ok(Credential {
            hash: reader.text()?,
            epoch: reader.text()?,
            changed_at: reader.time()?,
        })
    })
    .transpose()
}

/// Whether anybody signs in here, or is about to: somebody has a password or an
/// open link to set one.
pub async fn anybody(tx: &mut Tx) -> Result<bool, StorageError> {
    let sql = "SELECT 1 FROM passwords UNION ALL SELECT 1 FROM account_links LIMIT 1";
    Ok(tx.query_opt(sql, &[]).await?.is_some())
}

/// Sets a user's password by its hash. Everything that the user holds ends:
/// sessions, tokens, links, and what browsers remember.
pub async fn set(
    tx: &mut Tx,
    directory: &Directory,
    user: &User,
    hash: &str,
    actor: &Actor,
) -> Result<(), DirectoryError> {
    const SQL: &str = "INSERT INTO passwords (user_id, hash, epoch, changed_at) \
        VALUES ($1, $2, $3, $4) ON CONFLICT (user_id) DO UPDATE SET \
        hash = excluded.hash, epoch = excluded.epoch, changed_at = excluded.changed_at";
    let now = directory.now();
    let action = match of(tx, &user.id).await? {
        Some(_) => "user.password_changed",
        None => "user.password_set",
    };
    let epoch = directory.entropy.hex::<16>();
    tx.execute(SQL, params![&user.id, hash, epoch, now]).await?;
    account_links::end_all(tx, &user.id, now).await?;
    lifecycle::end_access(tx, &user.id).await?;
    let name = user.display_name();
    let target = Target {
        kind: "user",
        id: user.id.as_str(),
        name: &name,
    };
    let at = (now, &directory.entropy);
    Ok(audit::record(tx, at, actor, action, target, &[]).await?)
}

/// Writes the same password under another hash: with better parameters. Nothing
/// ends, and a password that was changed meanwhile stays.
pub async fn rehash(
    tx: &mut Tx,
    user: &UserId,
    before: &str,
    hash: &str,
) -> Result<(), StorageError> {
    let sql = "UPDATE passwords SET hash = $3 WHERE user_id = $1 AND hash = $2";
    tx.execute(sql, params![user, before, hash])
        .await
        .map(|_| ())
}

/// Notes a sign-in of the user as judged; a conflict when the user was changed
/// meanwhile. From here on the row is held.
pub async fn signed_in(tx: &mut Tx, user: &User, now: Timestamp) -> Result<(), StorageError> {
    let sql = "UPDATE users SET last_login_at = $2 WHERE id = $1 AND version = $3";
    if tx
        .execute(sql, params![&user.id, now, user.version])
        .await?
        != 1
    {
        return Err(StorageError::stale("the user was changed in the meantime"));
    }
    let sql = "UPDATE passwords SET used_at = $2 WHERE user_id = $1";
    tx.execute(sql, params![&user.id, now]).await.map(|_| ())
}

/// The user with this id and the password, in one view of the data.
pub async fn user_with(
    tx: &mut Tx,
    id: &UserId,
) -> Result<Option<(User, Option<Credential>)>, StorageError> {
    let Some(user) = users::by_id(tx, id).await? else {
        return Ok(None);
    };
    let credential = of(tx, id).await?;
    Ok(Some((user, credential)))
}
