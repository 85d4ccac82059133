//! The outbox: a table of letters, written with what causes them.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tokio::sync::Notify;

use super::letter::{Bodies, Letter};
use crate::domain::user::words;
use crate::domain::{Entropy, Timestamp, UserId};
use crate::platform::crypto::Sealer;
use crate::platform::storage::{Reader, StorageError, Tx, params};

pub use crate::domain::ids::MailId;

/// How long a process has for one mail, in seconds, before another may take it
/// over: much longer than one try takes.
const LEASE: i64 = 120;
/// The pauses after each try that failed, in seconds; the last one repeats.
const PAUSES: [i64; 8] = [15, 60, 300, 900, 3_600, 7_200, 14_400, 28_800];
/// How long a mail is tried at most, in seconds.
pub const GIVE_UP: i64 = 3 * 24 * 3600;
/// How long mails are shown to admins, in seconds.
const KEEP: i64 = 30 * 24 * 3600;

words!(
    /// What has become of a mail.
    MailState {
        /// It waits for its next try.
        Waiting = "waiting",
        /// It is being sent.
        Sending = "sending",
        /// The server has taken it.
        Sent = "sent",
        /// It was given up.
        Failed = "failed",
    }
);

/// Writes letters. Clones are one outbox.
#[derive(Clone)]
pub struct Outbox {
    sealer: Arc<Sealer>,
    brand: String,
    origin: String,
    is_open: bool,
    news: Arc<Notify>,
}

impl std::fmt::Debug for Outbox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Outbox").finish_non_exhaustive()
    }
}

/// A mail that this process is to send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claimed {
    /// The mail's id.
    pub id: MailId,
    /// What it is about.
    pub kind: String,
    /// The user whom it goes to.
    pub user: Option<UserId>,
    /// The address.
    pub recipient: String,
    /// The subject.
    pub subject: String,
    /// The bodies, sealed.
    pub bodies: String,
    /// Which try it is.
    pub attempts: i64,
    /// The name of this claim.
    pub claim: String,
    /// When it was written.
    pub created_at: Timestamp,
    /// When it is given up.
    pub expires_at: Timestamp,
}

/// A mail as admins see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The mail's id.
    pub id: MailId,
    /// What it is about.
    pub kind: String,
    /// The user whom it goes to.
    pub user: Option<UserId>,
    /// The address.
    pub recipient: String,
    /// The subject.
    pub subject: String,
    /// What has become of it.
    pub state: MailState,
    /// How often it was tried.
    pub attempts: i64,
    /// When it is tried next.
    pub next_at: Timestamp,
    /// Why the last try failed.
    pub problem: Option<String>,
    /// When it was written.
    pub created_at: Timestamp,
}

/// What became of a try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// It is noted.
    Noted,
    /// The mail was given up.
    GivenUp,
    /// Somebody else has the mail by now, or it has gone.
    NotOurs,
}

impl Outbox {
    /// An outbox. It is open where there is a mail server.
    #[must_use]
    pub fn new(sealer: Arc<Sealer>, brand: &str, origin: &str, is_open: bool) -> Self {
        Self {
            sealer,
            brand: brand.to_owned(),
            origin: origin.to_owned(),
            is_open,
            news: Arc::default(),
        }
    }

    /// Whether there is a mail server.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        self.is_open
    }

    /// The gateway's own address, with which links begin.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// What the mails call the organisation.
    #[must_use]
    pub fn brand(&self) -> &str {
        &self.brand
    }

    /// Tells this process's sender that there may be something to do.
    pub fn wake(&self) {
        self.news.notify_one();
    }

    /// Waits for [`wake`](Self::wake).
    pub async fn woken(&self) {
        self.news.notified().await;
    }

    /// Writes a letter, to be sent once the unit has committed.
    ///
    /// # Errors
    /// What the database says.
    pub async fn post(
        &self,
        tx: &mut Tx,
        letter: &Letter,
        now: Timestamp,
        entropy: &Entropy,
    ) -> Result<MailId, StorageError> {
        const SQL: &str = "INSERT INTO mail_outbox (id, kind, user_id, recipient, subject, bodies, \
            state, attempts, next_at, created_at, expires_at) \
            VALUES ($1, $2, $3, $4, $5, $6, 'waiting', 0, $7, $7, $8)";
        let id = MailId::new(now, entropy);
        let wrong = |error: &dyn std::fmt::Display| StorageError::Statement(error.to_string());
        let bodies = letter
            .bodies(&self.brand, &self.origin)
            .map_err(|e| wrong(&e))?;
        let bodies = serde_json::to_vec(&bodies).map_err(|e| wrong(&e))?;
        let sealed = self
            .sealer
            .seal(&bodies, "mail_outbox", "bodies", id.as_str());
        let sealed = sealed.map_err(|e| wrong(&e))?;
        let until = letter.until.min(now.plus_seconds(GIVE_UP));
        let row = params![
            id.as_str(),
            letter.kind,
            letter.user.as_ref(),
            &letter.to,
            letter.subject(),
            sealed,
            now,
            until
        ];
        tx.execute(SQL, row).await?;
        Ok(id)
    }

    /// The bodies of a mail.
    ///
    /// # Errors
    /// Why they cannot be read.
    pub fn open(&self, mail: &Claimed) -> Result<Bodies, String> {
        let opened = self
            .sealer
            .open(&mail.bodies, "mail_outbox", "bodies", mail.id.as_str());
        let opened = opened.map_err(|error| error.to_string())?;
        serde_json::from_slice(&opened).map_err(|error| error.to_string())
    }
}

/// Whether a mail is due.
///
/// # Errors
/// What the database says.
pub async fn is_due(tx: &mut Tx, now: Timestamp) -> Result<bool, StorageError> {
    let sql = "SELECT 1 FROM mail_outbox \
               WHERE state IN ('waiting', 'sending') AND next_at <= $1 LIMIT 1";
    Ok(tx.query_opt(sql, params![now]).await?.is_some())
}

/// Takes up to `most` mails that are due; nobody else gets them for a while.
///
/// # Errors
/// What the database says.
pub async fn claim(
    tx: &mut Tx,
    most: usize,
    now: Timestamp,
    entropy: &Entropy,
) -> Result<Vec<Claimed>, StorageError> {
    const SQL: &str = "UPDATE mail_outbox SET state = 'sending', claim = $1, next_at = $2, \
        attempts = attempts + 1 WHERE id IN (SELECT id FROM mail_outbox \
            WHERE state IN ('waiting', 'sending') AND next_at <= $3 ORDER BY next_at LIMIT $4) \
        AND state IN ('waiting', 'sending') AND next_at <= $3 \
        RETURNING id, kind, user_id, recipient, subject, bodies, attempts, created_at, expires_at";
    let name = entropy.hex::<16>();
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    let row = params![&name, now.plus_seconds(LEASE), now, most];
    let rows = tx.query(SQL, row).await?;
    rows.into_iter()
        .map(|row| {
            let mut reader = row.reader();
            Ok(Claimed {
                id: MailId::from_row(reader.text()?),
                kind: reader.text()?,
                user: reader.opt_text()?.map(UserId::from_row),
                recipient: reader.text()?,
                subject: reader.text()?,
                bodies: reader.text()?,
                attempts: reader.int()?,
                claim: name.clone(),
                created_at: reader.time()?,
                expires_at: reader.time()?,
            })
        })
        .collect()
}

/// Notes that the server has taken a mail; its bodies go.
///
/// # Errors
/// What the database says.
pub async fn sent(tx: &mut Tx, mail: &Claimed, now: Timestamp) -> Result<Ended, StorageError> {
    const SQL: &str = "UPDATE mail_outbox SET state = 'sent', bodies = '', claim = NULL, \
        problem = NULL, sent_at = $3 WHERE id = $1 AND claim = $2";
    let done = tx
        .execute(SQL, params![mail.id.as_str(), &mail.claim, now])
        .await?;
    Ok(if done == 1 {
        Ended::Noted
    } else {
        Ended::NotOurs
    })
}

/// Notes that a try failed, and when the next one is; a mail that will never be
/// taken, or was tried long enough, is given up.
///
/// # Errors
/// What the database says.
pub async fn failed(
    tx: &mut Tx,
    mail: &Claimed,
    problem: &str,
    is_final: bool,
    now: Timestamp,
) -> Result<Ended, StorageError> {
    const SQL: &str = "UPDATE mail_outbox SET state = $3, claim = NULL, problem = $4, next_at = $5 \
        WHERE id = $1 AND claim = $2";
    let next = now.plus_seconds(pause(mail.attempts));
    let gives_up = is_final || next >= mail.expires_at;
    let state = if gives_up {
        MailState::Failed
    } else {
        MailState::Waiting
    };
    let row = params![mail.id.as_str(), &mail.claim, state.as_str(), problem, next];
    Ok(match (tx.execute(SQL, row).await?, gives_up) {
        (0, _) => Ended::NotOurs,
        (_, true) => Ended::GivenUp,
        (_, false) => Ended::Noted,
    })
}

/// The pause after so many tries, in seconds.
fn pause(attempts: i64) -> i64 {
    let index = usize::try_from(attempts.saturating_sub(1)).unwrap_or(0);
    let index = index.min(PAUSES.len() - 1);
    PAUSES.get(index).copied().unwrap_or(LEASE)
}

/// How many mails wait, and how many were given up.
///
/// # Errors
/// What the database says.
pub async fn counts(tx: &mut Tx) -> Result<(i64, i64), StorageError> {
    let waiting = "SELECT COUNT(*) FROM mail_outbox WHERE state IN ('waiting', 'sending')";
    let failed = "SELECT COUNT(*) FROM mail_outbox WHERE state = 'failed'";
    Ok((tx.count(waiting, &[]).await?, tx.count(failed, &[]).await?))
}

/// The mails that wait or were given up, the newest first.
///
/// # Errors
/// What the database says.
pub async fn unsent(tx: &mut Tx, most: i64) -> Result<Vec<Entry>, StorageError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM mail_outbox WHERE state <> 'sent' ORDER BY id DESC LIMIT $1"
    );
    let rows = tx.query(&sql, params![most]).await?;
    rows.into_iter()
        .map(|row| entry(&mut row.reader()))
        .collect()
}

/// The newest mail of a kind to a user.
///
/// # Errors
/// What the database says.
pub async fn latest(tx: &mut Tx, user: &UserId, kind: &str) -> Result<Option<Entry>, StorageError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM mail_outbox WHERE user_id = $1 AND kind = $2 ORDER BY id DESC LIMIT 1"
    );
    let row = tx.query_opt(&sql, params![user, kind]).await?;
    row.map(|row| entry(&mut row.reader())).transpose()
}

const COLUMNS: &str =
    "id, kind, user_id, recipient, subject, state, attempts, next_at, problem, created_at";

fn entry(reader: &mut Reader) -> Result<Entry, StorageError> {
    Ok(Entry {
        id: MailId::from_row(reader.text()?),
        kind: reader.text()?,
        user: reader.opt_text()?.map(UserId::from_row),
        recipient: reader.text()?,
        subject: reader.text()?,
        state: reader.parsed(MailState::parse)?,
        attempts: reader.int()?,
        next_at: reader.time()?,
        problem: reader.opt_text()?,
        created_at: reader.time()?,
    })
}

/// Tries a mail again that was given up; `None` when there is no such mail.
///
/// # Errors
/// What the database says.
pub async fn retry(
    tx: &mut Tx,
    id: &MailId,
    now: Timestamp,
) -> Result<Option<Entry>, StorageError> {
    let sql = format!(
        "UPDATE mail_outbox SET state = 'waiting', attempts = 0, next_at = $2, expires_at = $3 \
         WHERE id = $1 AND state = 'failed' RETURNING {COLUMNS}"
    );
    let row = params![id.as_str(), now, now.plus_seconds(24 * 3600)];
    let row = tx.query_opt(&sql, row).await?;
    row.map(|row| entry(&mut row.reader())).transpose()
}

/// Forgets old mails.
///
/// # Errors
/// What the database says.
pub async fn sweep(tx: &mut Tx, now: Timestamp) -> Result<(), StorageError> {
    let sql = "DELETE FROM mail_outbox WHERE state = $1 AND next_at <= $2";
    for state in [MailState::Sent, MailState::Failed] {
        let row = params![state.as_str(), now.plus_seconds(-KEEP)];
        tx.execute(sql, row).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_the_first_is_short() {
        assert!(pause(1) <= 60);
        let all: Vec<i64> = (1..=20).map(pause).collect();
        assert!(all.is_sorted(), "{all:?}");
        assert!(pause(1) + pause(2) <= 120);
        assert!(
            all.iter().sum::<i64>() > GIVE_UP,
            "it is tried until the end"
        );
    }
}
