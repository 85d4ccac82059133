//! Set-up links: with one of them the admin of an identity provider, who has no
//! account here, sets one provider up. A link is 256 random bits, of which the
//! database keeps the hash; it ends by itself, and can be revoked.

use serde::{Deserialize, Serialize};

use super::Directory;
use super::audit::{self, Actor, Target};
use super::error::DirectoryError;
use super::plan::Change;
use super::providers;
use crate::domain::{Entropy, Slug, Timestamp, ids};
use crate::platform::crypto::hex;
use crate::platform::storage::{Reader, StorageError, Tx, params};

/// How long a link works unless its sender says otherwise, in days.
pub const USUAL_DAYS: i64 = 7;
/// The most characters of whom a link is for.
pub const LONGEST_RECIPIENT: usize = 120;
/// The longest that it can be made to work, in days.
pub const MOST_DAYS: i64 = 30;
/// The most links of one provider that work at a time.
const MOST: i64 = 20;
/// Links that have ended are forgotten after this, in seconds.
const FORGOTTEN: i64 = 30 * 24 * 3600;

/// How far the holder of a link has come.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Progress {
    /// The word of the product that was chosen.
    pub product: Option<String>,
    /// Whether the values were entered there, by the holder's own word.
    pub entered: bool,
}

/// A set-up link, without itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetupLink {
    /// Its id.
    pub id: String,
    /// The provider that it sets up.
    pub provider: Slug,
    /// For whom it is, in the sender's words; may be empty.
    pub recipient: String,
    /// Who made it.
    pub sender: String,
    /// How far its holder has come.
    pub progress: Progress,
    /// When it was made.
    pub created_at: Timestamp,
    /// Until when it works.
    pub expires_at: Timestamp,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
    /// When it was last used.
    pub last_used_at: Option<Timestamp>,
}

impl SetupLink {
    /// Whether it works.
    #[must_use]
    pub fn works(&self, now: Timestamp) -> bool {
        self.revoked_at.is_none() && now < self.expires_at
    }

    /// Who acts through it, for the audit log.
    #[must_use]
    pub fn actor(&self) -> Actor {
        let whom = match self.recipient.as_str() {
            "" => String::new(),
            recipient => format!(" for {recipient}"),
        };
        Actor::Channel(format!("set-up link of {}{whom}", self.sender))
    }
}

/// A link that was just made.
#[derive(Clone, Debug)]
pub struct NewLink {
    /// The link.
    pub link: SetupLink,
    /// What its address carries; told once.
    pub token: String,
}

/// The hash under which a link stands: SHA-256 in hexadecimal.
fn hash(token: &str) -> String {
    hex(&openssl::sha::sha256(token.as_bytes()))
}

/// Whether a text can be a link's: 43 characters of base64url.
fn is_token(text: &str) -> bool {
    let letter = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    text.len() == 43 && text.bytes().all(letter)
}

const COLUMNS: &str = "id, provider, recipient, sender, progress, created_at, expires_at, \
                       revoked_at, last_used_at";

fn read(reader: &mut Reader) -> Result<SetupLink, StorageError> {
    Ok(SetupLink {
        id: reader.text()?,
        provider: reader.parsed(Slug::parse)?,
        recipient: reader.text()?,
        sender: reader.text()?,
        progress: reader.json()?,
        created_at: reader.time()?,
        expires_at: reader.time()?,
        revoked_at: reader.opt_time()?,
        last_used_at: reader.opt_time()?,
    })
}

/// The link of this id, whether it works or not.
pub async fn by_id(tx: &mut Tx, id: &str) -> Result<Option<SetupLink>, StorageError> {
    let sql = format!("SELECT {COLUMNS} FROM setup_links WHERE id = $1");
    let row = tx.query_opt(&sql, params![id]).await?;
    row.map(|row| read(&mut row.reader())).transpose()
}

/// Writes what was done through a link, or with it.
pub async fn tell(
    tx: &mut Tx,
    link: &SetupLink,
    at: (Timestamp, &Entropy),
    (actor, action): (&Actor, &str),
    changes: &[Change],
) -> Result<(), StorageError> {
    let target = Target {
        kind: "provider",
        id: link.provider.as_str(),
        name: link.provider.as_str(),
    };
    audit::record(tx, at, actor, action, target, changes).await
}

/// Forgets the links that ended long ago.
pub async fn sweep(tx: &mut Tx, now: Timestamp) -> Result<(), StorageError> {
    let sql = "DELETE FROM setup_links WHERE expires_at <= $1";
    tx.execute(sql, params![now.plus_seconds(-FORGOTTEN)])
        .await
        .map(|_| ())
}

impl Directory {
    /// Makes a link for a provider.
    ///
    /// # Errors
    /// A number of days or a name that cannot be, no such provider, or too many
    /// links of it that work.
    pub async fn make_setup_link(
        &self,
        provider: &Slug,
        recipient: &str,
        days: i64,
        (sender, actor): (&str, Actor),
    ) -> Result<NewLink, DirectoryError> {
        if !(1..=MOST_DAYS).contains(&days) {
            let reason = format!("must be 1 to {MOST_DAYS} days");
            return Err(DirectoryError::invalid("days", reason));
        }
        let recipient = recipient.trim();
        if recipient.chars().count() > LONGEST_RECIPIENT || recipient.chars().any(char::is_control)
        {
            let reason = format!("must have at most {LONGEST_RECIPIENT} visible characters");
            return Err(DirectoryError::invalid("recipient", reason));
        }
        let now = self.now();
        let token = self.entropy.base64url::<32>();
        let link = SetupLink {
            id: ids::uuid_v7(now, &self.entropy),
            provider: provider.clone(),
            recipient: recipient.to_owned(),
            sender: sender.to_owned(),
            progress: Progress::default(),
            created_at: now,
            expires_at: now.plus_seconds(days * 86_400),
            revoked_at: None,
            last_used_at: None,
        };
        let (directory, made, hashed) = (self.clone(), link.clone(), hash(&token));
        let written = self.db.write(move |tx| {
            let (directory, link) = (directory.clone(), made.clone());
            let (hashed, actor) = (hashed.clone(), actor.clone());
            Box::pin(async move { insert(tx, &directory, &link, &hashed, &actor).await })
        });
        written.await?;
        Ok(NewLink { link, token })
    }

    /// The link with this token, if it works.
    pub async fn setup_link(&self, token: &str) -> Result<Option<SetupLink>, DirectoryError> {
        if !is_token(token) {
            return Ok(None);
        }
        let hashed = hash(token);
        let found = self.db.read(move |tx| {
            let hashed = hashed.clone();
            Box::pin(async move {
                let sql = format!("SELECT {COLUMNS} FROM setup_links WHERE token_hash = $1");
                let row = tx.query_opt(&sql, params![hashed]).await?;
                row.map(|row| read(&mut row.reader())).transpose()
            })
        });
        let found: Result<Option<SetupLink>, StorageError> = found.await;
        Ok(found?.filter(|link| link.works(self.now())))
    }

    /// The links of a provider that work, the newest first.
    pub async fn setup_links(&self, provider: &Slug) -> Result<Vec<SetupLink>, DirectoryError> {
        let (slug, now) = (provider.clone(), self.now());
        let found = self.db.read(move |tx| {
            let slug = slug.clone();
            Box::pin(async move {
                let sql = format!(
                    "SELECT {COLUMNS} FROM setup_links WHERE provider = $1 AND expires_at > $2 \
                     AND revoked_at IS NULL ORDER BY created_at DESC, id DESC"
                );
                let rows = tx.query(&sql, params![&slug, now]).await?;
                let all = rows.into_iter().map(|row| read(&mut row.reader()));
                all.collect::<Result<Vec<_>, _>>()
            })
        });
        let found: Result<_, StorageError> = found.await;
        Ok(found?)
    }

    /// Revokes a link of a provider. `false`: there is none that works.
    pub async fn revoke_setup_link(
        &self,
        provider: &Slug,
        id: &str,
        actor: Actor,
    ) -> Result<bool, DirectoryError> {
        let (slug, id, directory) = (provider.clone(), id.to_owned(), self.clone());
        let revoked = self.db.write(move |tx| {
            let (slug, id) = (slug.clone(), id.clone());
            let (directory, actor) = (directory.clone(), actor.clone());
            Box::pin(async move {
                let now = directory.now();
                let sql = "UPDATE setup_links SET revoked_at = $3 WHERE id = $1 AND \
                           provider = $2 AND revoked_at IS NULL AND expires_at > $3";
                if tx.execute(sql, params![&id, &slug, now]).await? != 1 {
                    return Ok(false);
                }
                if let Some(link) = by_id(tx, &id).await? {
                    let at = (now, &directory.entropy);
                    let told = (&actor, "provider.setup_link_revoked");
                    tell(tx, &link, at, told, &[about(&link)]).await?;
                }
                Ok::<_, DirectoryError>(true)
            })
        });
        revoked.await
    }

    /// Notes how far the holder of a link has come. `false`: it does not work
    /// any more.
    pub async fn progress_of(
        &self,
        link: &SetupLink,
        progress: Progress,
    ) -> Result<bool, DirectoryError> {
        let (link, directory) = (link.clone(), self.clone());
        let noted = self.db.write(move |tx| {
            let (link, directory) = (link.clone(), directory.clone());
            let progress = progress.clone();
            Box::pin(async move {
                let now = directory.now();
                let text = serde_json::to_string(&progress)
                    .map_err(|e| StorageError::Statement(e.to_string()))?;
                let sql = "UPDATE setup_links SET progress = $2, last_used_at = $3 WHERE id = $1 \
                           AND revoked_at IS NULL AND expires_at > $3";
                if tx.execute(sql, params![&link.id, text, now]).await? != 1 {
                    return Ok(false);
                }
                let change = Change {
                    field: "product".to_owned(),
                    before: link.progress.product.clone(),
                    after: progress.product.clone(),
                };
                let at = (now, &directory.entropy);
                let told = (&link.actor(), "provider.setup_link_used");
                tell(tx, &link, at, told, &[change]).await?;
                Ok::<_, DirectoryError>(true)
            })
        });
        noted.await
    }
}

fn about(link: &SetupLink) -> Change {
    Change {
        field: "setup_link".to_owned(),
        before: None,
        after: Some(format!(
            "{} until {}",
            if link.recipient.is_empty() {
                "a link"
            } else {
                &link.recipient
            },
            link.expires_at.rfc3339()
        )),
    }
}

async fn insert(
    tx: &mut Tx,
    directory: &Directory,
    link: &SetupLink,
    hashed: &str,
    actor: &Actor,
) -> Result<(), DirectoryError> {
    if providers::version_of(tx, &link.provider).await?.is_none() {
        return Err(DirectoryError::NotFound("provider"));
    }
    let sql = "SELECT COUNT(*) FROM setup_links WHERE provider = $1 AND expires_at > $2 \
               AND revoked_at IS NULL";
    let working = tx
        .count(sql, params![&link.provider, link.created_at])
        .await?;
    if working >= MOST {
        let reason = format!("{MOST} links of this provider work already; revoke one first");
        return Err(DirectoryError::invalid("recipient", reason));
    }
    let sql = "INSERT INTO setup_links (id, token_hash, provider, recipient, sender, progress, \
               created_at, expires_at) VALUES ($1, $2, $3, $4, $5, '{}', $6, $7)";
    let row = params![
        &link.id,
        hashed,
        &link.provider,
        &link.recipient,
        &link.sender,
        link.created_at,
        link.expires_at
    ];
    tx.execute(sql, row).await?;
    let at = (link.created_at, &directory.entropy);
    let told = (actor, "provider.setup_link_made");
    Ok(tell(tx, link, at, told, &[about(link)]).await?)
}
