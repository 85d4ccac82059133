//! Keys that an admin has assigned wait for an authenticator, which the person
//! registers by link or PIN, or an admin at the desk.
//!
//! A link's secret has 256 bits, works once and for a while; opening it does nothing,
//! its button does. A PIN has eight digits and stands beside the person's user name; it
//! is short-lived, works once, and is worth nothing after five wrong tries. Of both only
//! hashes are kept, the PIN's under a key of this gateway, since all PINs are quickly
//! tried. A PIN that is right opens a link for this browser.

use serde_json::Value;

use super::challenges::Purpose;
use super::flow::{self, Visit};
use super::{PasskeyError, Passkeys};
use crate::directory::passkeys::{self, By, KeyState, Opened, Passkey};
use crate::directory::{Actor, DirectoryError, Refusal, activation, policy, users};
use crate::domain::ids::PasskeyId;
use crate::domain::{Field, Timestamp, User, UserId, address};
use crate::platform::crypto::{constant_time_eq, hex, hmac_sha256, sha256_hex};
use crate::platform::storage::{StorageError, Tx};
use crate::platform::throttle::{self, Allowance};
use crate::sessions::current::Current;
use crate::sessions::rows::Begun;

/// Seconds that a link works.
pub const LINK: i64 = 3 * 24 * 3600;
/// Seconds that a PIN works.
pub const PIN: i64 = 30 * 60;
/// Seconds that the link works which a right PIN opens.
const AFTER_PIN: i64 = 10 * 60;

/// How often PINs may be tried for one account: five at once, then one in ten minutes.
const PER_ACCOUNT: Allowance = Allowance {
    burst: 5,
    interval: 600_000,
};
/// How often PINs may be tried from one network: twenty at once, then one a minute.
const PER_NETWORK: Allowance = Allowance {
    burst: 20,
    interval: 60_000,
};

/// What somebody may activate: the key, its person, and until when.
#[derive(Clone, Debug)]
pub struct Opening {
    /// The key.
    pub key: Passkey,
    /// Whose it is.
    pub user: User,
    /// Until when.
    pub until: Timestamp,
}

/// A secret that is told once.
#[derive(Clone, Debug)]
pub struct Told {
    /// The link's token, or the PIN.
    pub secret: String,
    /// Until when it works.
    pub until: Timestamp,
}

/// The hash of a link's secret.
pub(super) fn link_hash(token: &str) -> String {
    sha256_hex(format!("passkey link\0{token}").as_bytes())
}

/// Whether a user may have a key activated: whoever is shut out stays so.
fn may_be_let_in(state: &Passkeys, user: &User) -> Result<(), Refusal> {
    let enforce = state.sessions.lifetimes.enforce_validity;
    match policy::may_sign_in(user, state.directory.now(), enforce) {
        // A key can be made ready before the first day.
        Err(Refusal::NotYetValid { .. }) => Ok(()),
        other => other,
    }
}

/// Eight digits, each as likely as the others.
fn digits(entropy: &crate::domain::Entropy) -> String {
    // 2^64 is so much more than 10^8 that what is over does not show.
    let number = u64::from_be_bytes(entropy.bytes::<8>()) % 100_000_000;
    format!("{number:08}")
}

impl Passkeys {
    fn pin_hash(&self, user: &UserId, pin: &str) -> Result<String, PasskeyError> {
        let text = format!("passkey pin\0{user}\0{pin}");
        hmac_sha256(&*self.pin_key, text.as_bytes())
            .map(|mac| hex(&mac))
            .map_err(|error| PasskeyError::NotVerified(error.to_string()))
    }

    /// Opens a pending key to a new PIN.
    ///
    /// # Errors
    /// That the key is not there or not pending, and what the database says.
    pub async fn new_pin(
        &self,
        user: &UserId,
        key: &PasskeyId,
        actor: Actor,
    ) -> Result<Told, PasskeyError> {
        let told = Told {
            secret: digits(&self.directory.entropy),
            until: self.directory.now().plus_seconds(PIN),
        };
        let hash = self.pin_hash(user, &told.secret)?;
        let (directory, user, key) = (self.directory.clone(), user.clone(), key.clone());
        let until = told.until;
        self.directory
            .db
            .write(move |tx| {
                let (directory, user, key) = (directory.clone(), user.clone(), key.clone());
                let (actor, hash) = (actor.clone(), hash.clone());
                Box::pin(async move {
                    let (user, key) = pending(tx, &user, &key).await?;
                    let by = By {
                        actor: &actor,
                        now: directory.now(),
                        entropy: &directory.entropy,
                    };
                    let opened = Opened {
                        hash: &hash,
                        expires_at: until,
                        mailed_to: None,
                    };
                    passkeys::pin(tx, &user, &key, opened, by).await
                })
            })
            .await?;
        Ok(told)
    }

    /// What a link opens, also after its time.
    ///
    /// # Errors
    /// That it opens nothing, and what the database says.
    pub async fn opening(&self, token: &str) -> Result<Opening, PasskeyError> {
        let (state, hash) = (self.clone(), link_hash(token));
        let found = self
            .directory
            .db
            .look_up(move |tx| {
                let (state, hash) = (state.clone(), hash.clone());
                Box::pin(async move { opened(tx, &state, &hash).await })
            })
            .await?;
        found.ok_or(PasskeyError::NoSuchOpening)
    }

    /// Tries a PIN; the secret of a link that works for some minutes in its place.
    ///
    /// # Errors
    /// That it opens nothing, without saying why, or that too many were tried.
    pub async fn try_pin(
        &self,
        account: &str,
        pin: &str,
        client: std::net::IpAddr,
    ) -> Result<Told, PasskeyError> {
        if !self.enabled().await? {
            return Err(PasskeyError::Off);
        }
        let network = crate::platform::web::network_of(client);
        let (state, account) = (self.clone(), account.trim().to_lowercase());
        let pin: String = pin.chars().filter(char::is_ascii_digit).collect();
        let tried: Result<Result<Told, PasskeyError>, PasskeyError> = self
            .directory
            .db
            .write(move |tx| {
                let (state, account, pin) = (state.clone(), account.clone(), pin.clone());
                Box::pin(async move {
                    // What is counted stays counted: a wrong PIN is no error here.
                    let limits = [
                        (format!("pin-network:{network}"), PER_NETWORK),
                        (
                            format!("pin:{}", sha256_hex(account.as_bytes())),
                            PER_ACCOUNT,
                        ),
                    ];
                    for (name, allowance) in limits {
                        if let Err(seconds) =
                            throttle::take(tx, &name, allowance, state.directory.now()).await?
                        {
                            return Ok(Err(PasskeyError::TooMany(seconds)));
                        }
                    }
                    match swap(tx, &state, &account, &pin).await? {
                        Some(told) => Ok(Ok(told)),
                        None => Ok(Err(PasskeyError::NoSuchOpening)),
                    }
                })
            })
            .await;
        tried?
    }

    /// Options for the authenticator that is registered by link, in this browser.
    ///
    /// # Errors
    /// That the link opens nothing now, and what the database says.
    pub async fn ask_to_activate(&self, token: &str, browser: &str) -> Result<Value, PasskeyError> {
        let opening = self.open_now(token).await?;
        let purpose = Purpose::Activate(opening.key.id.as_str(), browser);
        self.ask(&opening.user, opening.key.kind, purpose).await
    }

    /// Registers an authenticator by link, and signs its person in.
    ///
    /// # Errors
    /// That the link opens nothing now, that the answer does not hold, and what the
    /// database says.
    pub async fn activate(
        &self,
        token: &str,
        credential: &str,
        visit: &Visit,
    ) -> Result<Begun, PasskeyError> {
        let opening = self.open_now(token).await?;
        let browser = visit.browser.as_deref().unwrap_or_default();
        let purpose = Purpose::Activate(opening.key.id.as_str(), browser);
        let made = self.judge(credential, purpose).await?;
        let (state, hash, visit) = (self.clone(), link_hash(token), visit.clone());
        self.directory
            .db
            .write(move |tx| {
                let (state, hash) = (state.clone(), hash.clone());
                let (made, visit) = (made.clone(), visit.clone());
                Box::pin(async move {
                    // Of two who bring the link one wins.
                    let found = opened(tx, &state, &hash).await?;
                    let opening = found.ok_or(PasskeyError::NoSuchOpening)?;
                    let actor = super::keys::actor(&opening.user);
                    let by = By {
                        actor: &actor,
                        now: state.directory.now(),
                        entropy: &state.directory.entropy,
                    };
                    let directory = &state.directory;
                    let user = passkeys::activate(tx, directory, &opening.key, &made, by).await?;
                    if was_mailed_to(&user, &opening.key) {
                        activation::confirm(tx, directory, user, &actor).await?;
                    }
                    let user = users::locked(tx, &opening.user.id).await?;
                    let user = user.ok_or(PasskeyError::NoSuchOpening)?;
                    let enforce = state.sessions.lifetimes.enforce_validity;
                    policy::may_sign_in(&user, by.now, enforce).map_err(PasskeyError::Refused)?;
                    let key = passkeys::find(tx, &user.id, &opening.key.id).await?;
                    let key = key.ok_or(PasskeyError::NoSuchOpening)?;
                    flow::begin_session(tx, &state, &user, &key, &visit).await
                })
            })
            .await
    }

    async fn open_now(&self, token: &str) -> Result<Opening, PasskeyError> {
        let opening = self.opening(token).await?;
        if opening.until <= self.directory.now() {
            return Err(PasskeyError::NoSuchOpening);
        }
        Ok(opening)
    }

    /// Options for the authenticator of a person who stands at an admin's desk.
    ///
    /// # Errors
    /// That the key is not there or not pending, and what the database says.
    pub async fn ask_at_desk(
        &self,
        admin: &Current,
        user: &UserId,
        key: &PasskeyId,
    ) -> Result<Value, PasskeyError> {
        let (user, key) = self.pending_key(user, key).await?;
        let purpose = Purpose::Desk(key.id.as_str(), &admin.id_hash);
        self.ask(&user, key.kind, purpose).await
    }

    /// Registers the authenticator of a person who stands at an admin's desk.
    ///
    /// # Errors
    /// That the key is not pending, that the answer does not hold, and what the
    /// database says.
    pub async fn activate_at_desk(
        &self,
        admin: &Current,
        user: &UserId,
        key: &PasskeyId,
        credential: &str,
    ) -> Result<(), PasskeyError> {
        let (_, key) = self.pending_key(user, key).await?;
        let purpose = Purpose::Desk(key.id.as_str(), &admin.id_hash);
        let made = self.judge(credential, purpose).await?;
        let (directory, actor) = (self.directory.clone(), super::keys::actor(&admin.user));
        self.directory
            .db
            .write(move |tx| {
                let (directory, actor) = (directory.clone(), actor.clone());
                let (key, made) = (key.clone(), made.clone());
                Box::pin(async move {
                    let by = By {
                        actor: &actor,
                        now: directory.now(),
                        entropy: &directory.entropy,
                    };
                    passkeys::activate(tx, &directory, &key, &made, by).await?;
                    Ok(())
                })
            })
            .await
    }

    /// A pending key with its user.
    ///
    /// # Errors
    /// That the key is not there or not pending, and what the database says.
    pub async fn pending_key(
        &self,
        user: &UserId,
        key: &PasskeyId,
    ) -> Result<(User, Passkey), PasskeyError> {
        let (state, user, key) = (self.clone(), user.clone(), key.clone());
        self.directory
            .db
            .look_up(move |tx| {
                let (state, user, key) = (state.clone(), user.clone(), key.clone());
                Box::pin(async move {
                    let (user, key) = pending(tx, &user, &key).await?;
                    may_be_let_in(&state, &user).map_err(PasskeyError::Refused)?;
                    Ok((user, key))
                })
            })
            .await
    }
}

pub(super) async fn pending(
    tx: &mut Tx,
    user: &UserId,
    key: &PasskeyId,
) -> Result<(User, Passkey), DirectoryError> {
    let user = users::by_id(tx, user).await?;
    let user = user.ok_or(DirectoryError::NotFound("user"))?;
    let key = passkeys::find(tx, &user.id, key).await?;
    let key = key.ok_or(DirectoryError::NotFound("passkey"))?;
    if key.state == KeyState::Pending {
        Ok((user, key))
    } else {
        Err(DirectoryError::Changed)
    }
}

/// Whether a key's link has gone to the address that its person has: whoever opened it
/// reads mail there.
fn was_mailed_to(user: &User, key: &Passkey) -> bool {
    let mailed_to = key.link_mailed_to.as_deref().and_then(address::email_key);
    let email = user.profile.get(Field::Email);
    mailed_to.is_some() && mailed_to == email.and_then(address::email_key)
}

pub(super) async fn opened(
    tx: &mut Tx,
    state: &Passkeys,
    hash: &str,
) -> Result<Option<Opening>, PasskeyError> {
    let Some(key) = passkeys::by_link(tx, hash).await? else {
        return Ok(None);
    };
    let Some(user) = users::by_id(tx, &key.user).await? else {
        return Ok(None);
    };
    if may_be_let_in(state, &user).is_err() {
        return Ok(None);
    }
    let until = key.link_expires_at.unwrap_or(Timestamp(0));
    Ok(Some(Opening { key, user, until }))
}

/// The link for a right PIN; whatever is wrong ends alike.
async fn swap(
    tx: &mut Tx,
    state: &Passkeys,
    account: &str,
    pin: &str,
) -> Result<Option<Told>, PasskeyError> {
    let found = account_of(tx, account).await?;
    let now = state.directory.now();
    let found = match found {
        Some(user) if may_be_let_in(state, &user).is_ok() => {
            let opened = passkeys::by_pin_of(tx, &user.id, now).await?;
            opened.map(|(key, hash)| (user, key, hash))
        }
        _ => None,
    };
    let Some((user, key, hash)) = found else {
        // As much work as for somebody who is there.
        state.pin_hash(&UserId::from_row(String::new()), pin)?;
        return Ok(None);
    };
    let presented = state.pin_hash(&user.id, pin)?;
    if !constant_time_eq(presented.as_bytes(), hash.as_bytes()) {
        passkeys::wrong_pin(tx, &key).await?;
        return Ok(None);
    }
    let actor = super::keys::actor(&user);
    let by = By {
        actor: &actor,
        now,
        entropy: &state.directory.entropy,
    };
    let told = Told {
        secret: by.entropy.base64url::<32>(),
        until: now.plus_seconds(AFTER_PIN),
    };
    let opened = Opened {
        hash: &link_hash(&told.secret),
        expires_at: told.until,
        mailed_to: None,
    };
    passkeys::spend_pin(tx, &key).await?;
    passkeys::link(tx, &user, &key, opened, by).await?;
    Ok(Some(told))
}

async fn account_of(tx: &mut Tx, account: &str) -> Result<Option<User>, StorageError> {
    if account.contains('\0') || account.len() > 1024 {
        return Ok(None);
    }
    if let Some(user) = users::by_user_name(tx, account).await? {
        return Ok(Some(user));
    }
    if let Some(user) = users::by_email(tx, account).await? {
        return Ok(Some(user));
    }
    users::by_upn(tx, account).await
}

/// Whether an admin of this sort may open ways into a user's account: whoever could
/// sign in as somebody with a role would have it.
#[must_use]
pub fn may_open(user: &User, is_admin: bool) -> bool {
    is_admin || user.roles.is_empty()
}
