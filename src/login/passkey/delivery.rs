//! Keys that an admin assigns, and how the links that activate them reach their persons:
//! by mail, or by whoever assigns the key. A link that has run out is mailed anew.

use std::net::IpAddr;

use super::PasskeyError;
use super::Passkeys;
use super::enrolment::{LINK, Opening, Told, link_hash, opened, pending};
use crate::directory::passkeys::{self, By, KeyKind, Opened, Passkey};
use crate::directory::{Actor, DirectoryError, users};
use crate::domain::ids::PasskeyId;
use crate::domain::{Field, Timestamp, User, UserId};
use crate::login::letters;
use crate::platform::i18n::Locale;
use crate::platform::storage::Tx;

/// How the link of a key is to reach the key's person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// By mail, in this language where the profile names none. Where no mail can be
    /// sent, whoever assigns the key passes the link on.
    Mail(Locale),
    /// By whoever assigns the key.
    Hand,
    /// There is none: the key is activated at the desk.
    Desk,
}

/// What became of a link.
#[derive(Clone, Debug)]
pub enum Handed {
    /// A mail with it is on its way.
    Mailed {
        /// The address.
        to: String,
        /// Until when it works.
        until: Timestamp,
    },
    /// It is told this once.
    Told(Told),
    /// There is none.
    Nothing,
}

impl Handed {
    /// Until when there is something that opens the key.
    #[must_use]
    pub const fn until(&self) -> Option<Timestamp> {
        match self {
            Self::Mailed { until, .. } => Some(*until),
            Self::Told(told) => Some(told.until),
            Self::Nothing => None,
        }
    }
}

/// What came of asking for another link in place of one that has run out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Renewed {
    /// It is on its way.
    Mailed,
    /// To be asked for again after so many seconds.
    Wait(u64),
    /// No mail can be sent to the person.
    NoMail,
    /// The link still works.
    Open,
}

/// Assigns a key and opens it to a link, within a unit that may have made the user.
///
/// # Errors
/// What [`passkeys::assign`] says.
pub async fn assign(
    tx: &mut Tx,
    state: &Passkeys,
    user: &User,
    (kind, name, delivery): (KeyKind, &str, Delivery),
    by: By<'_>,
) -> Result<(Passkey, Handed), DirectoryError> {
    let key = passkeys::assign(tx, user, kind, name, by).await?;
    let handed = hand_over(tx, state, (user, &key), delivery, by).await?;
    Ok((key, handed))
}

/// Opens a key to a new link, and brings it on its way.
async fn hand_over(
    tx: &mut Tx,
    state: &Passkeys,
    (user, key): (&User, &Passkey),
    delivery: Delivery,
    by: By<'_>,
) -> Result<Handed, DirectoryError> {
    let email = user.profile.get(Field::Email);
    let mailed_to = match delivery {
        Delivery::Desk => return Ok(Handed::Nothing),
        Delivery::Mail(locale) if state.outbox.is_open() => {
            email.map(|to| (to, letters::language(user, locale)))
        }
        Delivery::Mail(_) | Delivery::Hand => None,
    };
    let told = open_link(tx, user, key, mailed_to.map(|(to, _)| to), by).await?;
    let Some((to, locale)) = mailed_to else {
        return Ok(Handed::Told(told));
    };
    let link = (state.link(&told.secret), told.until);
    if let Some(letter) = super::letters::link(&state.outbox, (user, key), link, locale) {
        state.outbox.post(tx, &letter, by.now, by.entropy).await?;
    }
    Ok(Handed::Mailed {
        to: to.to_owned(),
        until: told.until,
    })
}

async fn open_link(
    tx: &mut Tx,
    user: &User,
    key: &Passkey,
    mailed_to: Option<&str>,
    by: By<'_>,
) -> Result<Told, DirectoryError> {
    let told = Told {
        secret: by.entropy.base64url::<32>(),
        until: by.now.plus_seconds(LINK),
    };
    let opened = Opened {
        hash: &link_hash(&told.secret),
        expires_at: told.until,
        mailed_to,
    };
    passkeys::link(tx, user, key, opened, by).await?;
    Ok(told)
}

impl Passkeys {
    /// The address at which a link's secret is brought.
    #[must_use]
    pub fn link(&self, token: &str) -> String {
        format!("{}/passkeys/activate/{token}", self.kit.origin())
    }

    /// Assigns a key to a user, opened to a link.
    ///
    /// # Errors
    /// That there is no such user or no room, and what the database says.
    pub async fn assign(
        &self,
        user: &UserId,
        (kind, name, delivery): (KeyKind, String, Delivery),
        actor: Actor,
    ) -> Result<(Passkey, Handed), DirectoryError> {
        let (state, user) = (self.clone(), user.clone());
        let assigned = self.directory.db.write(move |tx| {
            let (state, user) = (state.clone(), user.clone());
            let (name, actor) = (name.clone(), actor.clone());
            Box::pin(async move {
                let user = users::by_id(tx, &user).await?;
                let user = user.ok_or(DirectoryError::NotFound("user"))?;
                let what = (kind, name.as_str(), delivery);
                assign(tx, &state, &user, what, state.by(&actor)).await
            })
        });
        let assigned = assigned.await?;
        self.outbox.wake();
        Ok(assigned)
    }

    /// Opens a pending key to a new link; the one before works no more.
    ///
    /// # Errors
    /// That the key is not there or not pending, and what the database says.
    pub async fn new_link(
        &self,
        user: &UserId,
        key: &PasskeyId,
        delivery: Delivery,
        actor: Actor,
    ) -> Result<Handed, DirectoryError> {
        let (state, user, key) = (self.clone(), user.clone(), key.clone());
        let handed = self.directory.db.write(move |tx| {
            let (state, user, key) = (state.clone(), user.clone(), key.clone());
            let actor = actor.clone();
            Box::pin(async move {
                let (user, key) = pending(tx, &user, &key).await?;
                hand_over(tx, &state, (&user, &key), delivery, state.by(&actor)).await
            })
        });
        let handed = handed.await?;
        self.outbox.wake();
        Ok(handed)
    }

    /// Mails another link in place of one that has run out, to whom it was made for.
    ///
    /// # Errors
    /// That it opens nothing, and what the database says.
    pub async fn renew(
        &self,
        token: &str,
        locale: Locale,
        client: IpAddr,
    ) -> Result<Renewed, PasskeyError> {
        if !self.enabled().await? {
            return Err(PasskeyError::Off);
        }
        let (state, hash) = (self.clone(), link_hash(token));
        let renewed: Result<Renewed, PasskeyError> = self
            .directory
            .db
            .write(move |tx| {
                let (state, hash) = (state.clone(), hash.clone());
                Box::pin(async move { renew(tx, &state, &hash, (locale, client)).await })
            })
            .await;
        let renewed = renewed?;
        self.outbox.wake();
        Ok(renewed)
    }

    /// Whether somebody whose link has run out can have another one by mail.
    #[must_use]
    pub fn can_renew(&self, user: &User) -> bool {
        self.outbox.is_open() && user.profile.get(Field::Email).is_some()
    }

    pub(super) fn by<'a>(&'a self, actor: &'a Actor) -> By<'a> {
        By {
            actor,
            now: self.directory.now(),
            entropy: &self.directory.entropy,
        }
    }
}

async fn renew(
    tx: &mut Tx,
    state: &Passkeys,
    hash: &str,
    (locale, client): (Locale, IpAddr),
) -> Result<Renewed, PasskeyError> {
    let now = state.directory.now();
    let found = opened(tx, state, hash).await?;
    let Opening { key, user, until } = found.ok_or(PasskeyError::NoSuchOpening)?;
    if until > now {
        return Ok(Renewed::Open);
    }
    if !state.can_renew(&user) {
        return Ok(Renewed::NoMail);
    }
    if state.rate_limits {
        let asked = letters::ask(tx, key.id.as_str(), client, now);
        if let Err(seconds) = asked.await? {
            return Ok(Renewed::Wait(seconds));
        }
    }
    let actor = super::keys::actor(&user);
    let delivery = Delivery::Mail(locale);
    hand_over(tx, state, (&user, &key), delivery, state.by(&actor)).await?;
    Ok(Renewed::Mailed)
}
