//! Mails as admins see them: what waits, what was given up, trying again.

use super::Accounts;
use crate::directory::audit::{self, Target};
use crate::directory::{Actor, DirectoryError, settings};
use crate::domain::UserId;
use crate::platform::mail::MailId;
use crate::platform::mail::outbox::{self, Entry};
use crate::platform::storage::{StorageError, params};

/// Mails that a page shows at most.
const SHOWN: i64 = 100;

/// The outbox as it stands.
#[derive(Clone, Debug, Default)]
pub struct Mails {
    /// How many wait.
    pub waiting: i64,
    /// How many were given up.
    pub failed: i64,
    /// The newest of both.
    pub entries: Vec<Entry>,
}

impl Accounts {
    /// The outbox as it stands.
    ///
    /// # Errors
    /// What the database says.
    pub async fn mails(&self) -> Result<Mails, DirectoryError> {
        let found: Result<Mails, StorageError> = self
            .directory()
            .db
            .read(|tx| {
                Box::pin(async move {
                    let (waiting, failed) = outbox::counts(tx).await?;
                    let entries = outbox::unsent(tx, SHOWN).await?;
                    Ok(Mails {
                        waiting,
                        failed,
                        entries,
                    })
                })
            })
            .await;
        Ok(found?)
    }

    /// Tries a mail again that was given up; whether there was one.
    ///
    /// # Errors
    /// What the database says.
    pub async fn retry_mail(&self, id: &MailId, actor: Actor) -> Result<bool, DirectoryError> {
        let (accounts, id) = (self.clone(), id.clone());
        let tried = self
            .directory()
            .db
            .write(move |tx| {
                let (accounts, id, actor) = (accounts.clone(), id.clone(), actor.clone());
                Box::pin(async move {
                    let now = accounts.directory().now();
                    let Some(mail) = outbox::retry(tx, &id, now).await? else {
                        return Ok(false);
                    };
                    let target = Target {
                        kind: mail.user.as_ref().map_or("settings", |_| "user"),
                        id: mail.user.as_ref().map_or("smtp", UserId::as_str),
                        name: &mail.recipient,
                    };
                    let at = (now, accounts.entropy());
                    audit::record(tx, at, &actor, "mail.retried", target, &[]).await?;
                    Ok::<_, DirectoryError>(true)
                })
            })
            .await?;
        self.outbox().wake();
        Ok(tried)
    }

    /// How many people have a password, no provider and no passkey that leads in: those
    /// who cannot come in when passwords are switched off.
    ///
    /// # Errors
    /// What the database says.
    pub async fn only_by_password(&self) -> Result<i64, DirectoryError> {
        const SQL: &str = "SELECT COUNT(*) FROM passwords p WHERE NOT EXISTS \
            (SELECT 1 FROM external_identities e WHERE e.user_id = p.user_id)";
        const NO_KEY: &str = " AND NOT EXISTS (SELECT 1 FROM passkeys k \
            WHERE k.user_id = p.user_id AND k.state = 'active')";
        let defaults = self.0.settings.defaults.clone();
        let found: Result<i64, StorageError> = self
            .directory()
            .db
            .read(move |tx| {
                let defaults = defaults.clone();
                Box::pin(async move {
                    let passkeys = settings::load(tx, &defaults).await?.passkeys;
                    let no_key = if passkeys { NO_KEY } else { "" };
                    tx.count(&format!("{SQL}{no_key}"), params![]).await
                })
            })
            .await;
        Ok(found?)
    }
}
