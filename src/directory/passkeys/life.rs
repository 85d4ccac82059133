//! What becomes of a key, each with its audit event.

use super::{By, COLUMNS, Credential, KeyKind, KeyState, LONGEST_NAME, MOST, Passkey, read};
use crate::directory::audit::{self, Target};
use crate::directory::lifecycle::{self, Access};
use crate::directory::plan::{Change, change};
use crate::directory::{Directory, DirectoryError, users};
use crate::domain::ids::PasskeyId;
use crate::domain::{Status, Timestamp, User, UserId};
use crate::platform::storage::{StorageError, Tx, params};

async fn tell(
    tx: &mut Tx,
    user: &User,
    action: &str,
    changes: &[Change],
    by: By<'_>,
) -> Result<(), StorageError> {
    let name = user.display_name();
    let target = Target {
        kind: "user",
        id: user.id.as_str(),
        name: &name,
    };
    audit::record(tx, (by.now, by.entropy), by.actor, action, target, changes).await
}

pub(super) async fn tell_of(
    tx: &mut Tx,
    user: &User,
    action: &str,
    key: &Passkey,
    by: By<'_>,
) -> Result<(), StorageError> {
    let changes = [
        appeared("passkey", &key.name),
        appeared("kind", key.kind.as_str()),
    ];
    tell(tx, user, action, &changes, by).await
}

fn appeared(field: &str, after: &str) -> Change {
    Change {
        field: field.to_owned(),
        before: None,
        after: Some(after.to_owned()),
    }
}

/// Holds the user, and makes sure that there is room for one key more.
async fn make_room(tx: &mut Tx, user: &UserId) -> Result<(), DirectoryError> {
    if !users::hold(tx, user).await? {
        return Err(StorageError::stale("the user was shut out in the meantime").into());
    }
    let sql = "SELECT COUNT(*) FROM passkeys WHERE user_id = $1 AND state <> 'revoked'";
    let count = tx.count(sql, params![user]).await?;
    if usize::try_from(count).is_ok_and(|count| count < MOST) {
        return Ok(());
    }
    Err(DirectoryError::invalid(
        "passkeys",
        format!("there are {MOST} already; revoke one first"),
    ))
}

fn bad_name() -> DirectoryError {
    DirectoryError::invalid("name", format!("must have 1 to {LONGEST_NAME} characters"))
}

fn taken() -> DirectoryError {
    DirectoryError::Taken {
        what: "credential",
        value: String::new(),
        kind: "passkey",
    }
}

async fn insert(
    tx: &mut Tx,
    key: &Passkey,
    credential: Option<&Credential>,
) -> Result<(), DirectoryError> {
    const SQL: &str = "INSERT INTO passkeys (id, user_id, kind, name, state, credential_id, \
        credential, counter, backup_eligible, backed_up, created_at, activated_at, pin_tries) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 0) ON CONFLICT DO NOTHING";
    let row = params![
        &key.id,
        &key.user,
        key.kind.as_str(),
        &key.name,
        key.state.as_str(),
        credential.map(|c| &c.id),
        credential.map(|c| &c.text),
        credential.map_or(0, |c| c.counter),
        credential.is_some_and(|c| c.backup_eligible),
        credential.is_some_and(|c| c.backed_up),
        key.created_at,
        key.activated_at
    ];
    // The authenticator's name for it is somebody's already.
    if tx.execute(SQL, row).await? == 1 {
        Ok(())
    } else {
        Err(taken())
    }
}

fn new(user: &User, kind: KeyKind, name: &str, by: By<'_>) -> Result<Passkey, DirectoryError> {
    Ok(Passkey {
        id: PasskeyId::new(by.now, by.entropy),
        user: user.id.clone(),
        kind,
        name: super::name_of(name).ok_or_else(bad_name)?,
        state: KeyState::Pending,
        credential_id: None,
        credential: None,
        counter: 0,
        backup_eligible: false,
        backed_up: false,
        created_at: by.now,
        activated_at: None,
        last_used_at: None,
        link_expires_at: None,
        link_mailed_to: None,
        pin_expires_at: None,
    })
}

/// Adds a key that a signed-in person has just registered.
///
/// # Errors
/// [`DirectoryError::Invalid`] for a name that is none and for one key too many,
/// [`DirectoryError::Taken`] when the authenticator's key is known already.
pub async fn add(
    tx: &mut Tx,
    user: &User,
    name: &str,
    credential: &Credential,
    by: By<'_>,
) -> Result<Passkey, DirectoryError> {
    make_room(tx, &user.id).await?;
    let mut key = new(user, KeyKind::Passkey, name, by)?;
    key.state = KeyState::Active;
    key.activated_at = Some(by.now);
    insert(tx, &key, Some(credential)).await?;
    tell_of(tx, user, "user.passkey_added", &key, by).await?;
    Ok(key)
}

/// Assigns a key that waits for its authenticator.
///
/// # Errors
/// [`DirectoryError::Invalid`] for a name that is none and for one key too many.
pub async fn assign(
    tx: &mut Tx,
    user: &User,
    kind: KeyKind,
    name: &str,
    by: By<'_>,
) -> Result<Passkey, DirectoryError> {
    make_room(tx, &user.id).await?;
    let key = new(user, kind, name, by)?;
    insert(tx, &key, None).await?;
    tell_of(tx, user, "user.passkey_assigned", &key, by).await?;
    Ok(key)
}

/// Registers an authenticator under a pending key; link and PIN are used up. Who was
/// waiting for it is active from now on.
///
/// # Errors
/// [`DirectoryError::Changed`] when the key is not pending any more.
pub async fn activate(
    tx: &mut Tx,
    directory: &Directory,
    key: &Passkey,
    credential: &Credential,
    by: By<'_>,
) -> Result<User, DirectoryError> {
    const SQL: &str = "UPDATE passkeys SET state = 'active', credential_id = $2, credential = $3, \
        counter = $4, backup_eligible = $5, backed_up = $6, activated_at = $7, link_hash = NULL, \
        link_expires_at = NULL, pin_hash = NULL, pin_expires_at = NULL \
        WHERE id = $1 AND state = 'pending'";
    let user = users::locked(tx, &key.user)
        .await?
        .ok_or(DirectoryError::NotFound("user"))?;
    if super::by_credential(tx, &credential.id).await?.is_some() {
        return Err(taken());
    }
    let row = params![
        &key.id,
        &credential.id,
        &credential.text,
        credential.counter,
        credential.backup_eligible,
        credential.backed_up,
        by.now
    ];
    if tx.execute(SQL, row).await? != 1 {
        return Err(DirectoryError::Changed);
    }
    tell_of(tx, &user, "user.passkey_activated", key, by).await?;
    if user.status != Status::Pending {
        return Ok(user);
    }
    let access = Access {
        status: Some(Status::Active),
        ..Access::default()
    };
    lifecycle::amend(tx, directory, user, &access, by.actor).await
}

/// Gives a key another name.
///
/// # Errors
/// [`DirectoryError::NotFound`] for a key that the user does not have (any more), and
/// [`DirectoryError::Invalid`] for a name that is none.
pub async fn rename(
    tx: &mut Tx,
    user: &User,
    id: &PasskeyId,
    name: &str,
    by: By<'_>,
) -> Result<Passkey, DirectoryError> {
    let key = super::find(tx, &user.id, id).await?;
    let mut key = key.ok_or(DirectoryError::NotFound("passkey"))?;
    let name = super::name_of(name).ok_or_else(bad_name)?;
    if key.name == name {
        return Ok(key);
    }
    let sql = "UPDATE passkeys SET name = $2 WHERE id = $1 AND state <> 'revoked'";
    if tx.execute(sql, params![&key.id, &name]).await? != 1 {
        return Err(StorageError::stale("the key was revoked").into());
    }
    let changes = [change("passkey", &key.name, &name)];
    tell(tx, user, "user.passkey_renamed", &changes, by).await?;
    key.name = name;
    Ok(key)
}

/// Revokes a key: neither it nor its link nor its PIN leads in any more. What it began
/// is for the caller to end. `None` when the user has no such key.
pub async fn revoke(
    tx: &mut Tx,
    user: &User,
    id: &PasskeyId,
    by: By<'_>,
) -> Result<Option<Passkey>, DirectoryError> {
    const SQL: &str = "UPDATE passkeys SET state = 'revoked', revoked_at = $2, credential = NULL, \
        link_hash = NULL, pin_hash = NULL WHERE id = $1 AND state <> 'revoked'";
    let Some(key) = super::find(tx, &user.id, id).await? else {
        return Ok(None);
    };
    if tx.execute(SQL, params![&key.id, by.now]).await? != 1 {
        return Ok(None);
    }
    let gone = Change {
        field: "passkey".to_owned(),
        before: Some(key.name.clone()),
        after: None,
    };
    let state = change("state", key.state, KeyState::Revoked);
    tell(tx, user, "user.passkey_revoked", &[gone, state], by).await?;
    Ok(Some(key))
}

/// Notes what a sign-in says of its key; `false` when the key is not any more what was
/// judged.
pub async fn used(
    tx: &mut Tx,
    before: &Passkey,
    after: &Credential,
    now: Timestamp,
) -> Result<bool, StorageError> {
    const SQL: &str = "UPDATE passkeys SET credential = $2, counter = $3, backup_eligible = $4, \
        backed_up = $5, last_used_at = $6 WHERE id = $1 AND state = 'active' AND counter = $7";
    let row = params![
        &before.id,
        &after.text,
        after.counter,
        after.backup_eligible,
        after.backed_up,
        now,
        before.counter
    ];
    Ok(tx.execute(SQL, row).await? == 1)
}

/// Tells of a key whose count went back: there may be a copy of it.
pub async fn regressed(
    tx: &mut Tx,
    user: &User,
    key: &Passkey,
    by: By<'_>,
) -> Result<(), StorageError> {
    let changes = [
        appeared("passkey", &key.name),
        Change {
            field: "counter".to_owned(),
            before: Some(key.counter.to_string()),
            after: None,
        },
    ];
    tell(tx, user, "user.passkey_counter_regressed", &changes, by).await
}

/// Notes a sign-in that no provider made, of the user as it was judged.
///
/// # Errors
/// A conflict when the user was changed in the meantime: the unit judges again.
pub async fn login(tx: &mut Tx, user: &User, now: Timestamp) -> Result<(), StorageError> {
    let sql = "UPDATE users SET last_login_at = $2 WHERE id = $1 AND version = $3";
    match tx
        .execute(sql, params![&user.id, now, user.version])
        .await?
    {
        1 => Ok(()),
        _ => Err(StorageError::stale("the user was changed in the meantime")),
    }
}

impl Directory {
    /// The keys of a user, also those that were revoked, the oldest first.
    pub async fn passkeys(&self, user: &UserId) -> Result<Vec<Passkey>, DirectoryError> {
        let user = user.clone();
        let found: Result<Vec<Passkey>, StorageError> = self
            .db
            .read(move |tx| {
                let user = user.clone();
                Box::pin(async move {
                    let sql = format!(
                        "SELECT {COLUMNS} FROM passkeys k WHERE k.user_id = $1 ORDER BY k.id"
                    );
                    let rows = tx.query(&sql, params![&user]).await?;
                    rows.into_iter()
                        .map(|row| read(&mut row.reader()))
                        .collect()
                })
            })
            .await;
        Ok(found?)
    }
}
