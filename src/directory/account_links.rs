//! The links that mails carry: to activate an account, to set a new password, and
//! the way back in that only the machine gives out.
//!
//! A link is 256 random bits; the database has only their hash. It is for one
//! user, one purpose and the address that the user had then, for a time, once.

use crate::directory::error::DirectoryError;
use serde::{Deserialize, Serialize};

use crate::domain::user::words;
use crate::domain::{Entropy, Field, Timestamp, User, UserId, address, ids};
use crate::platform::crypto::sha256_hex;
use crate::platform::storage::{Reader, StorageError, Tx, params};

words!(
    /// What a link is for.
    Purpose {
        /// To make an account one's own: the address is confirmed.
        Activate = "activate",
        /// To set a password, forgotten or never had.
        Reset = "reset",
        /// To sign in with a password while that is switched off.
        WayIn = "way_in",
    }
);

impl Purpose {
    /// How long such a link works, in seconds.
    #[must_use]
    pub const fn lifetime(self) -> i64 {
        match self {
            Self::Activate => 7 * 24 * 3600,
            Self::Reset => 3600,
            Self::WayIn => 30 * 60,
        }
    }

    /// The path of such a link, without its token.
    #[must_use]
    pub const fn path(self) -> &'static str {
        match self {
            Self::Activate => "/activate/",
            Self::Reset => "/reset/",
            Self::WayIn => "/login/local/",
        }
    }
}

/// How long a link is remembered after its end, in seconds: a page can say that
/// it is over, and offer another one.
const REMEMBERED: i64 = 90 * 24 * 3600;

/// A link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountLink {
    /// The row's id.
    pub id: String,
    /// Whose.
    pub user: UserId,
    /// What for.
    pub purpose: Purpose,
    /// The address that it was made for.
    pub email_key: Option<String>,
    /// The application that the person was told of.
    pub application: Option<String>,
    /// Its last moment.
    pub expires_at: Timestamp,
    /// When it was used, or ended.
    pub used_at: Option<Timestamp>,
}

/// What can be done with a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkState {
    /// It works.
    Open,
    /// Its time is over.
    Expired,
    /// It was used, or another one took its place.
    Used,
}

impl AccountLink {
    /// What can be done with it.
    #[must_use]
    pub fn state(&self, now: Timestamp) -> LinkState {
        match self.used_at {
            Some(_) => LinkState::Used,
            None if now > self.expires_at => LinkState::Expired,
            None => LinkState::Open,
        }
    }

    /// Whether it was made for the address that the user has.
    #[must_use]
    pub fn is_for_address_of(&self, user: &User) -> bool {
        self.email_key == key_of(user)
    }
}

fn key_of(user: &User) -> Option<String> {
    user.profile.get(Field::Email).and_then(address::email_key)
}

/// A link that was made just now: the only moment at which its token is known.
#[derive(Clone, Debug)]
pub struct Made {
    /// The secret.
    pub token: String,
    /// Its last moment.
    pub expires_at: Timestamp,
    /// What for.
    pub purpose: Purpose,
}

impl Made {
    /// The link's address on this gateway.
    #[must_use]
    pub fn url(&self, origin: &str) -> String {
        format!("{origin}{}{}", self.purpose.path(), self.token)
    }
}

/// Makes a link for a user.
pub async fn make(
    tx: &mut Tx,
    user: &User,
    purpose: Purpose,
    application: Option<&str>,
    now: Timestamp,
    entropy: &Entropy,
) -> Result<Made, StorageError> {
    const SQL: &str = "INSERT INTO account_links (id, token_hash, user_id, purpose, email_key, \
        application, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    let token = entropy.base64url::<32>();
    let expires_at = now.plus_seconds(purpose.lifetime());
    let row = params![
        ids::uuid_v7(now, entropy),
        sha256_hex(token.as_bytes()),
        &user.id,
        purpose.as_str(),
        key_of(user),
        application,
        now,
        expires_at
    ];
    tx.execute(SQL, row).await?;
    Ok(Made {
        token,
        expires_at,
        purpose,
    })
}

const COLUMNS: &str = "id, user_id, purpose, email_key, application, expires_at, used_at";

fn read(reader: &mut Reader) -> Result<AccountLink, StorageError> {
    Ok(AccountLink {
        id: reader.text()?,
        user: UserId::from_row(reader.text()?),
        purpose: reader.parsed(Purpose::parse)?,
        email_key: reader.opt_text()?,
        application: reader.opt_text()?,
        expires_at: reader.time()?,
        used_at: reader.opt_time()?,
    })
}

/// The link with this token and purpose, whatever its state.
pub async fn find(
    tx: &mut Tx,
    token: &str,
    purpose: Purpose,
) -> Result<Option<AccountLink>, StorageError> {
    let sql = format!("SELECT {COLUMNS} FROM account_links WHERE token_hash = $1 AND purpose = $2");
    let row = params![sha256_hex(token.as_bytes()), purpose.as_str()];
    let row = tx.query_opt(&sql, row).await?;
    row.map(|row| read(&mut row.reader())).transpose()
}

/// The link of this row.
pub async fn by_id(tx: &mut Tx, id: &str) -> Result<Option<AccountLink>, StorageError> {
    let sql = format!("SELECT {COLUMNS} FROM account_links WHERE id = $1");
    let row = tx.query_opt(&sql, params![id]).await?;
    row.map(|row| read(&mut row.reader())).transpose()
}

/// Uses a link up: of two who try at once, one does.
///
/// # Errors
/// [`DirectoryError::Changed`] when somebody else was first.
pub async fn use_up(tx: &mut Tx, link: &AccountLink, now: Timestamp) -> Result<(), DirectoryError> {
    let sql = "UPDATE account_links SET used_at = $2 \
               WHERE id = $1 AND used_at IS NULL AND expires_at >= $2";
    match tx.execute(sql, params![&link.id, now]).await? {
        1 => Ok(()),
        _ => Err(DirectoryError::Changed),
    }
}

/// Ends every open link of a user.
pub async fn end_all(tx: &mut Tx, user: &UserId, now: Timestamp) -> Result<(), StorageError> {
    let sql = "UPDATE account_links SET used_at = $2 WHERE user_id = $1 AND used_at IS NULL";
    tx.execute(sql, params![user, now]).await.map(|_| ())
}

/// Forgets links that were over long ago.
pub async fn sweep(tx: &mut Tx, now: Timestamp) -> Result<(), StorageError> {
    let sql = "DELETE FROM account_links WHERE expires_at <= $1";
    tx.execute(sql, params![now.plus_seconds(-REMEMBERED)])
        .await
        .map(|_| ())
}
