//! Mails that people ask for: for a new password, or for another link.
//!
//! The one who asks is answered before anybody has looked whether there is such a
//! person: the request is a row, the same for everybody, and a job reads it.

use std::net::IpAddr;

use super::{Accounts, folded, letters, provider_of};
use crate::directory::account_links::{self, AccountLink, LinkState, Purpose};
use crate::directory::{DirectoryError, policy, settings, users};
use crate::domain::{Status, Timestamp, User, ids};
use crate::platform::i18n::Locale;
use crate::platform::storage::{StorageError, Tx, params};

/// What somebody who asked is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// It is noted.
    Noted,
    /// To be asked again after so many seconds.
    Wait(u64),
    /// Nobody signs in with a password here.
    Off,
    /// No mail can be sent.
    NoMail,
}

/// Requests that are read in one transaction.
const AT_ONCE: i64 = 16;
const RESET: &str = "reset";
const RENEW: &str = "renew";

impl Accounts {
    /// Asks for a link with which the person of an address sets a password.
    ///
    /// # Errors
    /// What the database says.
    pub async fn ask_for_reset(
        &self,
        address: &str,
        locale: Locale,
        client: IpAddr,
    ) -> Result<Asked, DirectoryError> {
        self.ask(RESET, folded(address), locale, client).await
    }

    /// Asks for another link in place of one that has run out.
    ///
    /// # Errors
    /// What the database says.
    pub async fn ask_for_another(
        &self,
        link: &AccountLink,
        locale: Locale,
        client: IpAddr,
    ) -> Result<Asked, DirectoryError> {
        self.ask(RENEW, link.id.clone(), locale, client).await
    }

    async fn ask(
        &self,
        kind: &'static str,
        subject: String,
        locale: Locale,
        client: IpAddr,
    ) -> Result<Asked, DirectoryError> {
        if !self.outbox().is_open() {
            return Ok(Asked::NoMail);
        }
        let accounts = self.clone();
        let asked = self
            .directory()
            .db
            .write(move |tx| {
                let (accounts, subject) = (accounts.clone(), subject.clone());
                Box::pin(async move { accounts.note(tx, kind, &subject, locale, client).await })
            })
            .await?;
        if asked == Asked::Noted {
            self.outbox().wake();
        }
        Ok(asked)
    }

    async fn note(
        &self,
        tx: &mut Tx,
        kind: &str,
        subject: &str,
        locale: Locale,
        client: IpAddr,
    ) -> Result<Asked, DirectoryError> {
        const SQL: &str = "INSERT INTO account_requests (id, kind, subject, language, created_at) \
            VALUES ($1, $2, $3, $4, $5)";
        let now = self.directory().now();
        if kind == RESET
            && !settings::load(tx, &self.0.settings.defaults)
                .await?
                .password_login
        {
            return Ok(Asked::Off);
        }
        // No text of a database holds it, and no address either.
        let subject = subject.replace('\0', "");
        if self.0.settings.rate_limits {
            let asked = crate::login::letters::ask(tx, &subject, client, now);
            if let Err(seconds) = asked.await? {
                return Ok(Asked::Wait(seconds));
            }
        }
        let id = ids::uuid_v7(now, self.entropy());
        tx.execute(SQL, params![id, kind, subject, locale.tag(), now])
            .await?;
        Ok(Asked::Noted)
    }

    /// Reads what was asked for, and writes the mails; answers how many requests
    /// there were. A request is gone when its mail is written, and not before.
    ///
    /// # Errors
    /// What the database says.
    pub async fn answer_requests(&self) -> Result<usize, DirectoryError> {
        let is_any = self
            .directory()
            .db
            .read(|tx| {
                Box::pin(async move {
                    let sql = "SELECT 1 FROM account_requests LIMIT 1";
                    Ok::<_, StorageError>(tx.query_opt(sql, &[]).await?.is_some())
                })
            })
            .await?;
        if !is_any {
            return Ok(0);
        }
        let accounts = self.clone();
        self.directory()
            .db
            .write(move |tx| {
                let accounts = accounts.clone();
                Box::pin(async move { accounts.answer_some(tx).await })
            })
            .await
    }

    async fn answer_some(&self, tx: &mut Tx) -> Result<usize, DirectoryError> {
        const SQL: &str = "DELETE FROM account_requests WHERE id IN \
            (SELECT id FROM account_requests ORDER BY id LIMIT $1) RETURNING kind, subject, language";
        let now = self.directory().now();
        let rows = tx.query(SQL, params![AT_ONCE]).await?;
        let count = rows.len();
        for row in rows {
            let mut reader = row.reader();
            let (kind, subject) = (reader.text()?, reader.text()?);
            let locale = Locale::negotiate(&reader.text()?);
            if kind == RESET {
                self.answer_reset(tx, &subject, locale, now).await?;
            } else {
                self.answer_renewal(tx, &subject, locale, now).await?;
            }
        }
        Ok(count)
    }

    async fn answer_reset(
        &self,
        tx: &mut Tx,
        address: &str,
        locale: Locale,
        now: Timestamp,
    ) -> Result<(), DirectoryError> {
        let Some(user) = users::by_email(tx, address).await? else {
            return Ok(());
        };
        if !self.may_have_mail(&user, now) {
            return Ok(());
        }
        let locale = letters::language(&user, locale);
        let letter = if let Some(provider) = provider_of(tx, &user).await? {
            letters::through_provider(self.outbox(), &user, &provider, locale, now)
        } else {
            let entropy = self.entropy();
            let made = account_links::make(tx, &user, Purpose::Reset, None, now, entropy).await?;
            letters::link(self.outbox(), &user, &made, None, locale)
        };
        if let Some(letter) = letter {
            self.outbox().post(tx, &letter, now, self.entropy()).await?;
        }
        Ok(())
    }

    async fn answer_renewal(
        &self,
        tx: &mut Tx,
        link: &str,
        locale: Locale,
        now: Timestamp,
    ) -> Result<(), DirectoryError> {
        let Some(link) = account_links::by_id(tx, link).await? else {
            return Ok(());
        };
        let Some(user) = users::by_id(tx, &link.user).await? else {
            return Ok(());
        };
        let is_over = link.state(now) == LinkState::Expired;
        if !is_over || !link.is_for_address_of(&user) || !self.may_have_mail(&user, now) {
            return Ok(());
        }
        let (application, entropy) = (link.application.as_deref(), self.entropy());
        let made = account_links::make(tx, &user, link.purpose, application, now, entropy).await?;
        let locale = letters::language(&user, locale);
        if let Some(letter) = letters::link(self.outbox(), &user, &made, None, locale) {
            self.outbox().post(tx, &letter, now, entropy).await?;
        }
        Ok(())
    }

    /// Whether somebody is told anything at all: not who is shut out.
    fn may_have_mail(&self, user: &User, now: Timestamp) -> bool {
        let enforce = self.directory().enforce_validity;
        user.status != Status::Inactive && policy::may_sign_in(user, now, enforce).is_ok()
    }
}
