//! Links: shown by a GET, which does nothing, and used by a POST. Whoever scans
//! mails for bad links opens them all, and uses none up.

use zeroize::Zeroizing;

use super::{Accounts, HashError, Weakness, letters, provider_of};
use crate::directory::account_links::{self, AccountLink, LinkState, Purpose};
use crate::directory::{Actor, DirectoryError, activation, passwords, policy, settings, users};
use crate::domain::{Field, Status, User, UserId};
use crate::platform::i18n::Locale;
use crate::platform::storage::{Tx, params};

/// What a link turned out to be.
#[derive(Clone, Debug)]
pub enum Opened {
    /// It works.
    Open {
        /// The link.
        link: AccountLink,
        /// Whose.
        user: Box<User>,
        /// Whether the person is to choose a password: not who comes in through a
        /// provider, and not while password sign-in is off.
        with_password: bool,
    },
    /// Its time is over; another one can be had.
    Expired(AccountLink),
    /// It was used, or another took its place.
    Used,
    /// There is no such link, or its user may not come in.
    Unknown,
}

/// What came of using a link.
#[derive(Debug)]
pub enum Finished {
    /// Done.
    Done {
        /// The application that the person was told of.
        application: Option<String>,
    },
    /// The password is not taken.
    Weak(Weakness),
    /// It could not be used; what it is now.
    Not(Opened),
}

/// What came of an invitation.
#[derive(Clone, Debug)]
pub enum Invited {
    /// A mail is on its way.
    Mailed,
    /// There is no mail server: the link, which is told this once.
    Link(String),
}

impl Accounts {
    /// Looks at a link. Nothing is changed.
    ///
    /// # Errors
    /// What the database says.
    pub async fn open_link(&self, token: &str, purpose: Purpose) -> Result<Opened, DirectoryError> {
        let (accounts, token) = (self.clone(), token.to_owned());
        self.directory()
            .db
            .read(move |tx| {
                let (accounts, token) = (accounts.clone(), token.clone());
                Box::pin(async move { accounts.open_in(tx, &token, purpose).await })
            })
            .await
    }

    async fn open_in(
        &self,
        tx: &mut Tx,
        token: &str,
        purpose: Purpose,
    ) -> Result<Opened, DirectoryError> {
        let now = self.directory().now();
        let Some(link) = account_links::find(tx, token, purpose).await? else {
            return Ok(Opened::Unknown);
        };
        let Some(user) = users::by_id(tx, &link.user).await? else {
            return Ok(Opened::Unknown);
        };
        let enforce = self.directory().enforce_validity;
        if policy::may_sign_in(&user, now, enforce).is_err() {
            return Ok(Opened::Unknown);
        }
        if !link.is_for_address_of(&user) {
            return Ok(Opened::Used);
        }
        Ok(match link.state(now) {
            LinkState::Used => Opened::Used,
            LinkState::Expired => Opened::Expired(link),
            LinkState::Open => {
                let settings = settings::load(tx, &self.0.settings.defaults).await?;
                let is_on = settings.password_login;
                if purpose == Purpose::Reset && !is_on {
                    return Ok(Opened::Unknown);
                }
                Opened::Open {
                    with_password: is_on && provider_of(tx, &user).await?.is_none(),
                    link,
                    user: Box::new(user),
                }
            }
        })
    }

    /// Uses a link: the address is confirmed, a pending account becomes active, and
    /// the password is set where there is one to set.
    ///
    /// # Errors
    /// What the database says, or that too many passwords are being hashed.
    pub async fn finish_link(
        &self,
        token: &str,
        purpose: Purpose,
        password: &str,
    ) -> Result<Result<Finished, HashError>, DirectoryError> {
        let (user, with_password) = match self.open_link(token, purpose).await? {
            Opened::Open {
                user,
                with_password,
                ..
            } => (user, with_password),
            other => return Ok(Ok(Finished::Not(other))),
        };
        let hash = if with_password {
            let password = match self.check(password, &user) {
                Ok(password) => password,
                Err(weakness) => return Ok(Ok(Finished::Weak(weakness))),
            };
            match self.hash(password).await {
                Ok(hash) => Some(hash),
                Err(error) => return Ok(Err(error)),
            }
        } else {
            None
        };
        let (accounts, token) = (self.clone(), token.to_owned());
        let finished = self.directory().db.write(move |tx| {
            let (accounts, token, hash) = (accounts.clone(), token.clone(), hash.clone());
            Box::pin(async move { accounts.finish_in(tx, &token, purpose, hash).await })
        });
        Ok(Ok(finished.await?))
    }

    /// The hash of a password that was checked.
    pub(super) async fn hash(&self, password: Zeroizing<String>) -> Result<String, HashError> {
        self.hasher().hash(password).await
    }

    async fn finish_in(
        &self,
        tx: &mut Tx,
        token: &str,
        purpose: Purpose,
        hash: Option<String>,
    ) -> Result<Finished, DirectoryError> {
        // As it stands now: of two who press the button at once, one does it.
        let link = match self.open_in(tx, token, purpose).await? {
            Opened::Open {
                link,
                with_password,
                ..
            } if with_password == hash.is_some() => link,
            Opened::Open { .. } => return Err(DirectoryError::Changed),
            other => return Ok(Finished::Not(other)),
        };
        let Some(user) = users::locked(tx, &link.user).await? else {
            return Ok(Finished::Not(Opened::Unknown));
        };
        if !link.is_for_address_of(&user) {
            return Ok(Finished::Not(Opened::Used));
        }
        let now = self.directory().now();
        match account_links::use_up(tx, &link, now).await {
            Err(DirectoryError::Changed) => return Ok(Finished::Not(Opened::Used)),
            done => done?,
        }
        let actor = Actor::User {
            id: user.id.clone(),
            name: user.display_name(),
        };
        let user = activation::confirm(tx, self.directory(), user, &actor).await?;
        if let Some(hash) = &hash {
            passwords::set(tx, self.directory(), &user, hash, &actor).await?;
        }
        Ok(Finished::Done {
            application: link.application,
        })
    }

    /// Invites a user: a mail with a link, or, where there is no mail server, the
    /// link itself for whoever invites.
    ///
    /// # Errors
    /// [`DirectoryError::NotFound`], [`DirectoryError::UserInactive`],
    /// [`DirectoryError::Invalid`] for a user without an address, and what the
    /// database says.
    pub async fn invite(
        &self,
        user: &UserId,
        locale: Locale,
        actor: Actor,
    ) -> Result<Invited, DirectoryError> {
        let (accounts, user) = (self.clone(), user.clone());
        let invited = self
            .directory()
            .db
            .write(move |tx| {
                let (accounts, user, actor) = (accounts.clone(), user.clone(), actor.clone());
                Box::pin(async move {
                    let user = users::locked(tx, &user)
                        .await?
                        .ok_or(DirectoryError::NotFound("user"))?;
                    accounts.invite_in(tx, user, None, locale, &actor).await
                })
            })
            .await?;
        self.outbox().wake();
        Ok(invited)
    }

    /// Invites a user inside a transaction; `application` is the slug and the name
    /// of the application that the invitation is for.
    ///
    /// # Errors
    /// As [`invite`](Self::invite).
    pub async fn invite_in(
        &self,
        tx: &mut Tx,
        user: User,
        application: Option<(&str, &str)>,
        locale: Locale,
        actor: &Actor,
    ) -> Result<Invited, DirectoryError> {
        if user.profile.get(Field::Email).is_none() {
            return Err(DirectoryError::invalid(
                "email",
                "is missing; an invitation needs it",
            ));
        }
        let now = self.directory().now();
        let slug = application.map(|(slug, _)| slug);
        let (user, made) = activation::invite(tx, self.directory(), user, slug, actor).await?;
        if !self.outbox().is_open() {
            return Ok(Invited::Link(made.url(self.outbox().origin())));
        }
        let locale = letters::language(&user, locale);
        let name = application.map(|(_, name)| name);
        if let Some(letter) = letters::link(self.outbox(), &user, &made, name, locale) {
            self.outbox().post(tx, &letter, now, self.entropy()).await?;
        }
        Ok(Invited::Mailed)
    }

    /// Tells users of an application, each once: those who were told before are left
    /// out, and so is who is shut out or has no address. Answers how many were told.
    ///
    /// # Errors
    /// What the database says.
    pub async fn tell_of_application(
        &self,
        application: (&str, &str),
        users: Vec<UserId>,
        locale: Locale,
        actor: Actor,
    ) -> Result<usize, DirectoryError> {
        /// Mails that one transaction writes.
        const AT_ONCE: usize = 100;
        let mut told = 0;
        for some in users.chunks(AT_ONCE) {
            let (accounts, some, actor) = (self.clone(), some.to_vec(), actor.clone());
            let (slug, name) = (application.0.to_owned(), application.1.to_owned());
            told += self
                .directory()
                .db
                .write(move |tx| {
                    let (accounts, some, actor) = (accounts.clone(), some.clone(), actor.clone());
                    let (slug, name) = (slug.clone(), name.clone());
                    Box::pin(async move {
                        let mut told = 0;
                        for user in some {
                            let about = (slug.as_str(), name.as_str());
                            if accounts.tell_one(tx, &user, about, locale, &actor).await? {
                                told += 1;
                            }
                        }
                        Ok::<_, DirectoryError>(told)
                    })
                })
                .await?;
        }
        self.outbox().wake();
        Ok(told)
    }

    async fn tell_one(
        &self,
        tx: &mut Tx,
        user: &UserId,
        application: (&str, &str),
        locale: Locale,
        actor: &Actor,
    ) -> Result<bool, DirectoryError> {
        const SQL: &str = "INSERT INTO application_mails (application, user_id, mailed_at) \
            VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
        let Some(user) = users::locked(tx, user).await? else {
            return Ok(false);
        };
        if user.status == Status::Inactive || user.profile.get(Field::Email).is_none() {
            return Ok(false);
        }
        let now = self.directory().now();
        if tx
            .execute(SQL, params![application.0, &user.id, now])
            .await?
            == 0
        {
            return Ok(false);
        }
        if !activation::is_new(tx, &user).await? {
            let locale = letters::language(&user, locale);
            let letter = letters::ready(self.outbox(), &user, application.1, locale, now);
            if let Some(letter) = letter {
                self.outbox().post(tx, &letter, now, self.entropy()).await?;
            }
            return Ok(true);
        }
        self.invite_in(tx, user, Some(application), locale, actor)
            .await?;
        Ok(true)
    }
}
