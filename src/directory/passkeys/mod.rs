//! Passkeys and security keys of people: which there are, and what they are called.
//!
//! A key that an admin assigns is *pending* until an authenticator is registered under
//! it, by the person or at the desk; *active* as long as it leads in; *revoked* at the
//! end. What WebAuthn asks is [`login::passkey`](crate::login::passkey)'s business:
//! here a credential is a text.

mod life;
mod open;

use serde::{Deserialize, Serialize};

use crate::domain::ids::PasskeyId;
use crate::domain::user::words;
use crate::domain::{Entropy, Timestamp, UserId};
use crate::platform::storage::{Reader, StorageError, Tx, params};

use super::audit::Actor;

pub use life::{activate, add, assign, login, regressed, rename, revoke, used};
pub use open::{Opened, by_link, by_pin_of, close, link, pin, spend_pin, wrong_pin};

words!(
    /// What a key is.
    KeyKind {
        /// One that a person added: whatever the device offered.
        Passkey = "passkey",
        /// A phone.
        Smartphone = "smartphone",
        /// A card that is held to a reader.
        Card = "card",
        /// A FIDO2 security key.
        HardwareKey = "hardware_key",
    }
);

words!(
    /// Where a key is in its life.
    KeyState {
        /// Assigned, and no authenticator registered yet.
        Pending = "pending",
        /// Leads in.
        Active = "active",
        /// Led in once, or was to.
        Revoked = "revoked",
    }
);

/// The most keys of one person that are not revoked.
pub const MOST: usize = 20;
/// Longest name of a key in characters.
pub const LONGEST_NAME: usize = 60;

/// A key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passkey {
    /// Its id.
    pub id: PasskeyId,
    /// Whose it is.
    pub user: UserId,
    /// What it is.
    pub kind: KeyKind,
    /// What the person calls it.
    pub name: String,
    /// Where it is in its life.
    pub state: KeyState,
    /// By what name the authenticator knows it, in base64url.
    pub credential_id: Option<String>,
    /// Public key and what came with it.
    pub credential: Option<String>,
    /// The authenticator's count of signatures.
    pub counter: i64,
    /// Whether copies of it may exist on other devices.
    pub backup_eligible: bool,
    /// Whether there are such copies.
    pub backed_up: bool,
    /// When it was added or assigned.
    pub created_at: Timestamp,
    /// When an authenticator was registered.
    pub activated_at: Option<Timestamp>,
    /// When somebody signed in with it last.
    pub last_used_at: Option<Timestamp>,
    /// Until when the link works that activates it.
    pub link_expires_at: Option<Timestamp>,
    /// The address that the link was mailed to.
    pub link_mailed_to: Option<String>,
    /// Until when the PIN works that activates it.
    pub pin_expires_at: Option<Timestamp>,
}

/// What a registration leaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credential {
    /// By what name the authenticator knows it, in base64url.
    pub id: String,
    /// Public key and what came with it.
    pub text: String,
    /// The authenticator's count of signatures.
    pub counter: i64,
    /// Whether copies of it may exist.
    pub backup_eligible: bool,
    /// Whether there are copies.
    pub backed_up: bool,
}

/// Who does something, and when.
#[derive(Clone, Copy, Debug)]
pub struct By<'a> {
    /// Who.
    pub actor: &'a Actor,
    /// When.
    pub now: Timestamp,
    /// Chance, for new ids.
    pub entropy: &'a Entropy,
}

const COLUMNS: &str = "k.id, k.user_id, k.kind, k.name, k.state, k.credential_id, k.credential, \
    k.counter, k.backup_eligible, k.backed_up, k.created_at, k.activated_at, k.last_used_at, \
    k.link_expires_at, k.link_mailed_to, k.pin_expires_at";

fn read(reader: &mut Reader) -> Result<Passkey, StorageError> {
    Ok(Passkey {
        id: PasskeyId::from_row(reader.text()?),
        user: UserId::from_row(reader.text()?),
        kind: reader.parsed(KeyKind::parse)?,
        name: reader.text()?,
        state: reader.parsed(KeyState::parse)?,
        credential_id: reader.opt_text()?,
        credential: reader.opt_text()?,
        counter: reader.int()?,
        backup_eligible: reader.bool()?,
        backed_up: reader.bool()?,
        created_at: reader.time()?,
        activated_at: reader.opt_time()?,
        last_used_at: reader.opt_time()?,
        link_expires_at: reader.opt_time()?,
        link_mailed_to: reader.opt_text()?,
        pin_expires_at: reader.opt_time()?,
    })
}

/// A name as it is kept: trimmed, on one line, and not too long. `None` when nothing
/// is left of it.
#[must_use]
pub fn name_of(text: &str) -> Option<String> {
    let clean: String = text
        .chars()
        .map(|c| if c.is_whitespace() { ' ' } else { c })
        .filter(|c| !c.is_control())
        .collect();
    let name = clean.split_whitespace().collect::<Vec<_>>().join(" ");
    (!name.is_empty() && name.chars().count() <= LONGEST_NAME).then_some(name)
}

/// The keys of a user that are not revoked, the oldest first.
pub async fn of_user(tx: &mut Tx, user: &UserId) -> Result<Vec<Passkey>, StorageError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM passkeys k WHERE k.user_id = $1 AND k.state <> 'revoked' \
         ORDER BY k.id"
    );
    let rows = tx.query(&sql, params![user]).await?;
    rows.into_iter()
        .map(|row| read(&mut row.reader()))
        .collect()
}

/// One key of a user that is not revoked.
pub async fn find(
    tx: &mut Tx,
    user: &UserId,
    id: &PasskeyId,
) -> Result<Option<Passkey>, StorageError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM passkeys k \
         WHERE k.id = $1 AND k.user_id = $2 AND k.state <> 'revoked'"
    );
    let row = tx.query_opt(&sql, params![id, user]).await?;
    row.map(|row| read(&mut row.reader())).transpose()
}

/// The key by this name of its authenticator, revoked or not.
pub async fn by_credential(tx: &mut Tx, id: &str) -> Result<Option<Passkey>, StorageError> {
    let sql = format!("SELECT {COLUMNS} FROM passkeys k WHERE k.credential_id = $1");
    let row = tx.query_opt(&sql, params![id]).await?;
    row.map(|row| read(&mut row.reader())).transpose()
}

/// Whether a user has a key that leads in, beside the one that is named.
pub async fn has_active(
    tx: &mut Tx,
    user: &UserId,
    but: Option<&PasskeyId>,
) -> Result<bool, StorageError> {
    let sql = "SELECT 1 FROM passkeys WHERE user_id = $1 AND state = 'active' AND id <> $2 LIMIT 1";
    let but = but.map_or("", PasskeyId::as_str);
    Ok(tx.query_opt(sql, params![user, but]).await?.is_some())
}

/// Whether anybody has a key that leads in.
pub async fn any_active(tx: &mut Tx) -> Result<bool, StorageError> {
    let sql = "SELECT 1 FROM passkeys WHERE state = 'active' LIMIT 1";
    Ok(tx.query_opt(sql, &[]).await?.is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_one_short_line() {
        assert_eq!(name_of("  My\n key\t1 ").as_deref(), Some("My key 1"));
        assert_eq!(name_of("\u{0}a\u{7}b").as_deref(), Some("ab"));
        assert_eq!(name_of(" \n "), None);
        assert_eq!(
            name_of(&"a".repeat(LONGEST_NAME)).map(|n| n.len()),
            Some(60)
        );
        assert_eq!(name_of(&"a".repeat(LONGEST_NAME + 1)), None);
    }
}
