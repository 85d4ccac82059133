//! The password of somebody who is signed in: set or changed by themselves.

use zeroize::Zeroizing;

use super::hash::{HashError, Verified};
use super::{ACCOUNT, Accounts, Browser, Weakness, folded, key_of, letters, provider_of, rules};
use crate::directory::passwords::{self, Credential};
use crate::directory::{Actor, DirectoryError, settings, users};
use crate::domain::{Field, User};
use crate::platform::i18n::Locale;
use crate::platform::storage::Tx;
use crate::platform::throttle;
use crate::sessions::current::Current;
use crate::sessions::rows::{self, Begun};

use axum::http::HeaderValue;

/// For how long after signing in somebody may set a first password without
/// proving again who they are, in seconds.
const FRESH: i64 = 10 * 60;

/// What a person may do with their password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Nobody signs in with a password here.
    Off,
    /// They come in through this provider (its label) and have none.
    Provider(String),
    /// Set a first one.
    Set,
    /// Set a first one, after signing in again.
    SignInAgain,
    /// Change the one they have.
    Replace,
}

/// What came of it.
#[derive(Debug)]
pub enum Changed {
    /// Done: all other sessions have ended, and this one goes on under a new id.
    Done(Begun, Option<HeaderValue>),
    /// The old password is wrong.
    WrongOld,
    /// The new one is not taken.
    Weak(Weakness),
    /// To be tried again after so many seconds.
    Wait(u64),
    /// It cannot be done, as it stands now.
    Not(Change),
}

impl Accounts {
    /// What the person may do with their password.
    ///
    /// # Errors
    /// What the database says.
    pub async fn may_change(&self, current: &Current) -> Result<Change, DirectoryError> {
        let (accounts, current) = (self.clone(), current.clone());
        self.directory()
            .db
            .read(move |tx| {
                let (accounts, current) = (accounts.clone(), current.clone());
                Box::pin(async move {
                    accounts
                        .may_change_in(tx, &current)
                        .await
                        .map(|(may, _)| may)
                })
            })
            .await
    }

    async fn may_change_in(
        &self,
        tx: &mut Tx,
        current: &Current,
    ) -> Result<(Change, Option<Credential>), DirectoryError> {
        if !settings::load(tx, &self.0.settings.defaults)
            .await?
            .password_login
        {
            return Ok((Change::Off, None));
        }
        if let Some(credential) = passwords::of(tx, &current.user.id).await? {
            return Ok((Change::Replace, Some(credential)));
        }
        if let Some(provider) = provider_of(tx, &current.user).await? {
            return Ok((Change::Provider(provider.label), None));
        }
        let since = self.directory().now().millis() - current.signed_in.authenticated_at;
        let is_fresh = since <= FRESH * 1000;
        Ok((
            if is_fresh {
                Change::Set
            } else {
                Change::SignInAgain
            },
            None,
        ))
    }

    /// Sets or changes the password of somebody who is signed in.
    ///
    /// # Errors
    /// What the database says, or that too many passwords are being hashed.
    pub async fn change_password(
        &self,
        current: &Current,
        old: &str,
        new: &str,
        (browser, locale): (&Browser, Locale),
    ) -> Result<Result<Changed, HashError>, DirectoryError> {
        let (may, credential) = match self.prepare_change(current).await? {
            Ok(prepared) => prepared,
            Err(seconds) => return Ok(Ok(Changed::Wait(seconds))),
        };
        match (&may, &credential) {
            (Change::Replace, Some(credential)) => {
                let old = rules::prepared(old).unwrap_or_else(|| Zeroizing::new("-".to_owned()));
                let hash = Some(credential.hash.clone());
                match self.hasher().verify(old, hash).await {
                    Ok(Verified::Right(_)) => {}
                    Ok(Verified::Wrong) => return Ok(Ok(Changed::WrongOld)),
                    Err(error) => return Ok(Err(error)),
                }
            }
            (Change::Set, _) => {}
            _ => return Ok(Ok(Changed::Not(may))),
        }
        let new = match self.check(new, &current.user) {
            Ok(new) => new,
            Err(weakness) => return Ok(Ok(Changed::Weak(weakness))),
        };
        let hash = match self.hash(new).await {
            Ok(hash) => hash,
            Err(error) => return Ok(Err(error)),
        };
        let (accounts, current) = (self.clone(), current.clone());
        let (browser, before) = (browser.clone(), credential.map(|c| c.hash));
        let changed = self.directory().db.write(move |tx| {
            let (accounts, current) = (accounts.clone(), current.clone());
            let (browser, before, hash) = (browser.clone(), before.clone(), hash.clone());
            Box::pin(async move {
                accounts
                    .write_change(tx, &current, before, &hash, (&browser, locale))
                    .await
            })
        });
        let changed = changed.await?;
        self.outbox().wake();
        Ok(Ok(changed))
    }

    /// What may be done, and the old password's hash; the try is counted, since
    /// whoever sits at somebody's open session may guess there too.
    async fn prepare_change(
        &self,
        current: &Current,
    ) -> Result<Result<(Change, Option<Credential>), u64>, DirectoryError> {
        let (accounts, current) = (self.clone(), current.clone());
        self.directory()
            .db
            .write(move |tx| {
                let (accounts, current) = (accounts.clone(), current.clone());
                Box::pin(async move {
                    let found = accounts.may_change_in(tx, &current).await?;
                    let is_counted = found.1.is_some() && accounts.0.settings.rate_limits;
                    if is_counted {
                        let now = accounts.directory().now();
                        let key = change_key(&current.user);
                        if let Err(seconds) = throttle::take(tx, &key, ACCOUNT, now).await? {
                            return Ok(Err(seconds));
                        }
                    }
                    Ok::<_, DirectoryError>(Ok(found))
                })
            })
            .await
    }

    async fn write_change(
        &self,
        tx: &mut Tx,
        current: &Current,
        before: Option<String>,
        hash: &str,
        (browser, locale): (&Browser, Locale),
    ) -> Result<Changed, DirectoryError> {
        let now = self.directory().now();
        let user = users::locked(tx, &current.user.id)
            .await?
            .ok_or(DirectoryError::NotFound("user"))?;
        if passwords::of(tx, &user.id).await?.map(|c| c.hash) != before {
            return Ok(Changed::WrongOld);
        }
        let actor = Actor::User {
            id: user.id.clone(),
            name: user.display_name(),
        };
        passwords::set(tx, self.directory(), &user, hash, &actor).await?;
        throttle::give_back(tx, &change_key(&user), ACCOUNT).await?;
        let lifetimes = self.0.settings.sessions.lifetimes;
        let not_after = Some(current.expires_at);
        let signed_in = &current.signed_in;
        let begun = rows::begin(tx, signed_in, lifetimes, not_after, now, self.entropy()).await?;
        if self.outbox().is_open() {
            let locale = letters::language(&user, locale);
            if let Some(letter) = letters::changed(self.outbox(), &user, locale, now) {
                self.outbox().post(tx, &letter, now, self.entropy()).await?;
            }
        }
        let epoch = passwords::of(tx, &user.id).await?.map(|c| c.epoch);
        let cookie = epoch.and_then(|epoch| self.device_cookie(browser, &user, &epoch));
        Ok(Changed::Done(begun, cookie))
    }
}

fn change_key(user: &User) -> String {
    let address = user.profile.get(Field::Email).unwrap_or(user.id.as_str());
    key_of("password:change", &folded(address))
}
