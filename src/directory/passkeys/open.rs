//! What activates a pending key: a link, or a PIN beside the person's user name. Only
//! their hashes are kept; a new one takes the place of the one before.

use super::life::tell_of;
use super::{By, COLUMNS, Passkey, read};
use crate::directory::DirectoryError;
use crate::domain::{Timestamp, User, UserId};
use crate::platform::storage::{StorageError, Tx, params};

/// Wrong PINs after which a PIN is worth nothing any more.
const PIN_TRIES: i64 = 5;

/// What a link or a PIN opens.
#[derive(Clone, Copy, Debug)]
pub struct Opened<'a> {
    /// The hash of the secret.
    pub hash: &'a str,
    /// Until when it works.
    pub expires_at: Timestamp,
    /// The address that it is mailed to.
    pub mailed_to: Option<&'a str>,
}

/// Opens a pending key to a link.
///
/// # Errors
/// [`DirectoryError::Changed`] when the key is not pending any more.
pub async fn link(
    tx: &mut Tx,
    user: &User,
    key: &Passkey,
    opened: Opened<'_>,
    by: By<'_>,
) -> Result<(), DirectoryError> {
    let sql = "UPDATE passkeys SET link_hash = $2, link_expires_at = $3, link_mailed_to = $4 \
               WHERE id = $1 AND state = 'pending'";
    let row = params![&key.id, opened.hash, opened.expires_at, opened.mailed_to];
    if tx.execute(sql, row).await? != 1 {
        return Err(DirectoryError::Changed);
    }
    Ok(tell_of(tx, user, "user.passkey_link_made", key, by).await?)
}

/// Opens a pending key to a PIN. A person has one PIN at a time.
///
/// # Errors
/// [`DirectoryError::Changed`] when the key is not pending any more.
pub async fn pin(
    tx: &mut Tx,
    user: &User,
    key: &Passkey,
    opened: Opened<'_>,
    by: By<'_>,
) -> Result<(), DirectoryError> {
    let others = "UPDATE passkeys SET pin_hash = NULL, pin_expires_at = NULL WHERE user_id = $1";
    tx.execute(others, params![&user.id]).await?;
    let sql = "UPDATE passkeys SET pin_hash = $2, pin_expires_at = $3, pin_tries = 0 \
               WHERE id = $1 AND state = 'pending'";
    let row = params![&key.id, opened.hash, opened.expires_at];
    if tx.execute(sql, row).await? != 1 {
        return Err(DirectoryError::Changed);
    }
    Ok(tell_of(tx, user, "user.passkey_pin_made", key, by).await?)
}

/// The pending key that a link opens, also after its time.
pub async fn by_link(tx: &mut Tx, hash: &str) -> Result<Option<Passkey>, StorageError> {
    let sql =
        format!("SELECT {COLUMNS} FROM passkeys k WHERE k.link_hash = $1 AND k.state = 'pending'");
    let row = tx.query_opt(&sql, params![hash]).await?;
    row.map(|row| read(&mut row.reader())).transpose()
}

/// The pending key of a user that a PIN opens now, and the PIN's hash.
pub async fn by_pin_of(
    tx: &mut Tx,
    user: &UserId,
    now: Timestamp,
) -> Result<Option<(Passkey, String)>, StorageError> {
    let sql = format!(
        "SELECT {COLUMNS}, k.pin_hash FROM passkeys k WHERE k.user_id = $1 \
         AND k.state = 'pending' AND k.pin_hash IS NOT NULL AND k.pin_expires_at > $2 \
         AND k.pin_tries < $3"
    );
    let row = tx.query_opt(&sql, params![user, now, PIN_TRIES]).await?;
    row.map(|row| {
        let mut reader = row.reader();
        Ok((read(&mut reader)?, reader.text()?))
    })
    .transpose()
}

/// Counts a wrong PIN; the last one ends it.
pub async fn wrong_pin(tx: &mut Tx, key: &Passkey) -> Result<(), StorageError> {
    let sql = "UPDATE passkeys SET pin_tries = pin_tries + 1 WHERE id = $1";
    tx.execute(sql, params![&key.id]).await?;
    let sql = "UPDATE passkeys SET pin_hash = NULL, pin_expires_at = NULL \
               WHERE id = $1 AND pin_tries >= $2";
    tx.execute(sql, params![&key.id, PIN_TRIES])
        .await
        .map(|_| ())
}

/// Closes every pending key of a user: neither a link nor a PIN opens one any more.
pub async fn close(tx: &mut Tx, user: &UserId) -> Result<(), StorageError> {
    let sql = "UPDATE passkeys SET link_hash = NULL, link_expires_at = NULL, pin_hash = NULL, \
               pin_expires_at = NULL WHERE user_id = $1 AND state = 'pending'";
    tx.execute(sql, params![user]).await.map(|_| ())
}

/// Uses a PIN up.
pub async fn spend_pin(tx: &mut Tx, key: &Passkey) -> Result<(), StorageError> {
    let sql = "UPDATE passkeys SET pin_hash = NULL, pin_expires_at = NULL WHERE id = $1";
    tx.execute(sql, params![&key.id]).await.map(|_| ())
}
