//! Signing in with a password.
//!
//! Whoever asks learns from the answer, and from how long it takes, only whether
//! they are in: for an address that nobody has, for somebody without a password
//! and for a wrong password the same is looked up, counted and hashed, and the
//! trace, which knows better, is written after the answer.

use axum::http::HeaderValue;
use zeroize::Zeroizing;

use super::hash::{HashError, Verified};
use super::{ACCOUNT, Accounts, Browser, CLIENT, KIND, LOCAL, device, folded, key_of, rules};
use crate::directory::account_links::{self, AccountLink, LinkState, Purpose};
use crate::directory::passwords::{self, Credential};
use crate::directory::traces::{self, LoginTrace, Side, TraceDetails, TraceOutcome};
use crate::directory::{DirectoryError, Refusal, policy, settings, users};
use crate::domain::{Role, Status, Timestamp, TraceId, User};
use crate::platform::storage::Tx;
use crate::platform::throttle;
use crate::platform::web::network_of;
use crate::sessions::rows::{self, Begun, SignedIn};

/// Somebody who wants to come in.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// What was typed as the address.
    pub email: String,
    /// What was typed as the password.
    pub password: Zeroizing<String>,
    /// The token of a link from the machine, which opens the form while it is
    /// switched off.
    pub way_in: Option<String>,
    /// The browser.
    pub browser: Browser,
}

/// What came of it.
#[derive(Debug)]
pub enum Verdict {
    /// Signed in: the session, and the device cookie.
    In(Begun, Option<HeaderValue>),
    /// Not signed in, and nobody is told why.
    Wrong,
    /// To be tried again after so many seconds.
    Wait(u64),
    /// Nobody signs in with a password here.
    Off,
}

/// What was found before the password was looked at.
#[derive(Clone, Debug)]
struct Found {
    user: Option<User>,
    credential: Option<Credential>,
    way_in: Option<AccountLink>,
    keys: Vec<(String, throttle::Allowance)>,
}

enum Look {
    Off,
    Wait(u64, Option<Box<User>>),
    Go(Box<Found>),
}

/// Why somebody did not come in, for the trace.
#[derive(Clone, Debug)]
enum Why {
    Unknown,
    None,
    Wrong,
    Pending,
    NoAdmin,
    LinkOver,
    Throttled,
    Off,
    Refused(Refusal),
}

impl Accounts {
    /// Signs somebody in, or not.
    ///
    /// # Errors
    /// What the database says; [`HashError::Busy`] when too many ask at once.
    pub async fn sign_in(
        &self,
        attempt: Attempt,
    ) -> Result<Result<Verdict, HashError>, DirectoryError> {
        let found = match self.look(&attempt).await? {
            Look::Off => {
                self.tell(&attempt, None, &Why::Off);
                return Ok(Ok(Verdict::Off));
            }
            Look::Wait(seconds, user) => {
                self.tell(&attempt, user.as_deref(), &Why::Throttled);
                return Ok(Ok(Verdict::Wait(seconds)));
            }
            Look::Go(found) => found,
        };
        let hash = found.credential.as_ref().map(|c| c.hash.clone());
        let (password, hash) = match rules::prepared(&attempt.password) {
            Some(password) => (password, hash),
            // What no password can be is wrong, and takes as long.
            None => (Zeroizing::new("-".to_owned()), None),
        };
        let verified = match self.hasher().verify(password, hash).await {
            Ok(verified) => verified,
            Err(error) => return Ok(Err(error)),
        };
        let why = match (&found.user, &found.credential, &verified) {
            (None, _, _) => Why::Unknown,
            (Some(_), None, _) => Why::None,
            (Some(_), Some(_), Verified::Wrong) => Why::Wrong,
            (Some(user), Some(credential), Verified::Right(anew)) => {
                match self.judge(user, found.way_in.as_ref()) {
                    Ok(()) => {
                        let entered = self.enter(&attempt, &found, credential, anew.clone());
                        return Ok(Ok(entered.await?));
                    }
                    Err(why) => why,
                }
            }
        };
        self.tell(&attempt, found.user.as_ref(), &why);
        Ok(Ok(Verdict::Wrong))
    }

    /// Finds the person and counts the try.
    async fn look(&self, attempt: &Attempt) -> Result<Look, DirectoryError> {
        let (accounts, attempt) = (self.clone(), attempt.clone());
        self.directory()
            .db
            .write(move |tx| {
                let (accounts, attempt) = (accounts.clone(), attempt.clone());
                Box::pin(async move { accounts.look_in(tx, &attempt).await })
            })
            .await
    }

    async fn look_in(&self, tx: &mut Tx, attempt: &Attempt) -> Result<Look, DirectoryError> {
        let now = self.directory().now();
        let settings = settings::load(tx, &self.0.settings.defaults).await?;
        let way_in = match &attempt.way_in {
            Some(token) => account_links::find(tx, token, Purpose::WayIn).await?,
            None => None,
        };
        if !settings.password_login && way_in.is_none() {
            return Ok(Look::Off);
        }
        let address = folded(&attempt.email);
        let user = match &way_in {
            Some(link) => users::by_id(tx, &link.user).await?,
            None => users::by_email(tx, &address).await?,
        };
        let credential = match &user {
            Some(user) => passwords::of(tx, &user.id).await?,
            None => None,
        };
        let device = user
            .as_ref()
            .zip(credential.as_ref())
            .zip(attempt.browser.device.as_deref());
        let device = device.and_then(|((user, credential), cookie)| {
            let key = self.0.settings.device_key.as_slice();
            device::known(key, cookie, &user.id, &credential.epoch)
        });
        let mut keys = Vec::new();
        if self.0.settings.rate_limits {
            let client = network_of(attempt.browser.client);
            keys.push((format!("password:client:{client}"), CLIENT));
            keys.push(match device {
                Some(name) => (key_of("password:device", name), ACCOUNT),
                None => (key_of("password:account", &address), ACCOUNT),
            });
        }
        for (key, allowance) in &keys {
            if let Err(seconds) = throttle::take(tx, key, *allowance, now).await? {
                return Ok(Look::Wait(seconds, user.map(Box::new)));
            }
        }
        Ok(Look::Go(Box::new(Found {
            user,
            credential,
            way_in,
            keys,
        })))
    }

    /// Whether somebody with the right password comes in.
    fn judge(&self, user: &User, way_in: Option<&AccountLink>) -> Result<(), Why> {
        let now = self.directory().now();
        if let Some(link) = way_in {
            if link.state(now) != LinkState::Open {
                return Err(Why::LinkOver);
            }
            if !user.has_role(Role::Admin) {
                return Err(Why::NoAdmin);
            }
        }
        let enforce = self.directory().enforce_validity;
        policy::may_sign_in(user, now, enforce).map_err(Why::Refused)?;
        if user.status == Status::Pending {
            return Err(Why::Pending);
        }
        Ok(())
    }

    /// Begins the session, with all that belongs to it, in one transaction.
    async fn enter(
        &self,
        attempt: &Attempt,
        found: &Found,
        judged: &Credential,
        anew: Option<String>,
    ) -> Result<Verdict, DirectoryError> {
        let (accounts, attempt, found) = (self.clone(), attempt.clone(), found.clone());
        let judged = judged.clone();
        self.directory()
            .db
            .write(move |tx| {
                let (accounts, attempt) = (accounts.clone(), attempt.clone());
                let (found, judged) = (found.clone(), judged.clone());
                let anew = anew.clone();
                Box::pin(
                    async move { accounts.enter_in(tx, &attempt, &found, &judged, anew).await },
                )
            })
            .await
    }

    async fn enter_in(
        &self,
        tx: &mut Tx,
        attempt: &Attempt,
        found: &Found,
        judged: &Credential,
        anew: Option<String>,
    ) -> Result<Verdict, DirectoryError> {
        let now = self.directory().now();
        let Some(id) = found.user.as_ref().map(|user| user.id.clone()) else {
            return Ok(Verdict::Wrong);
        };
        // As they stand now: user and password may have changed since.
        let Some(user) = users::locked(tx, &id).await? else {
            return Ok(Verdict::Wrong);
        };
        let is_same = passwords::of(tx, &id)
            .await?
            .is_some_and(|c| c.hash == judged.hash);
        if !is_same || self.judge(&user, found.way_in.as_ref()).is_err() {
            return Ok(Verdict::Wrong);
        }
        if let Some(link) = &found.way_in {
            account_links::use_up(tx, link, now).await?;
        }
        passwords::signed_in(tx, &user, now).await?;
        if let Some(anew) = &anew {
            passwords::rehash(tx, &id, &judged.hash, anew).await?;
        }
        for (key, allowance) in &found.keys {
            throttle::give_back(tx, key, *allowance).await?;
        }
        if let Some(old) = &attempt.browser.session {
            rows::end_before_next(tx, old).await?;
        }
        let mut signed_in = SignedIn::here(&id, &["pwd"], now);
        signed_in.user_agent.clone_from(&attempt.browser.user_agent);
        signed_in.address = attempt.browser.client.to_string();
        let lifetimes = self.0.settings.sessions.lifetimes;
        let entropy = self.entropy();
        let begun = rows::begin(tx, &signed_in, lifetimes, None, now, entropy).await?;
        let summary = match found.way_in {
            Some(_) => "Signed in with a password, by a link from the machine.",
            None => "Signed in with a password.",
        };
        let trace = self.trace(TraceOutcome::Success, "ok", Some(&user), now);
        let details = TraceDetails {
            summary: summary.to_owned(),
            ..TraceDetails::default()
        };
        traces::record(tx, &LoginTrace { details, ..trace }).await?;
        Ok(Verdict::In(
            begun,
            self.device_cookie(&attempt.browser, &user, &judged.epoch),
        ))
    }

    /// The cookie by which this browser is known to the user's account.
    pub(super) fn device_cookie(
        &self,
        browser: &Browser,
        user: &User,
        epoch: &str,
    ) -> Option<HeaderValue> {
        let key = self.0.settings.device_key.as_slice();
        let cookie = browser.device.as_deref();
        let value = device::after(key, cookie, &user.id, epoch, self.entropy())?;
        Some(self.kit().device_cookie(&value))
    }

    fn trace(
        &self,
        outcome: TraceOutcome,
        code: &str,
        user: Option<&User>,
        now: Timestamp,
    ) -> LoginTrace {
        LoginTrace {
            id: TraceId::new(now, self.entropy()),
            at: now,
            provider: LOCAL.to_owned(),
            kind: KIND.to_owned(),
            outcome,
            reference: self.kit().reference(),
            user: user.map(|user| user.id.clone()),
            code: code.to_owned(),
            details: TraceDetails::default(),
        }
    }

    /// Writes the trace of somebody who did not come in, after the answer.
    fn tell(&self, attempt: &Attempt, user: Option<&User>, why: &Why) {
        let (code, summary, side, remedy) = words(why);
        let outcome = match why {
            Why::Unknown | Why::None | Why::Wrong => TraceOutcome::Failed,
            _ => TraceOutcome::Refused,
        };
        metrics::counter!("doorward_logins_total", "provider" => LOCAL,
            "outcome" => outcome.as_str())
        .increment(1);
        let mut trace = self.trace(outcome, code, user, self.directory().now());
        trace.details = TraceDetails {
            summary,
            received: vec![attempt.email.trim().chars().take(super::ADDRESS).collect()],
            side: Some(side),
            remedy: Some(remedy.to_owned()),
            ..TraceDetails::default()
        };
        let directory = self.directory().clone();
        let network = network_of(attempt.browser.client);
        tokio::spawn(async move {
            if let Err(error) = directory.trace_of_stranger(trace, network).await {
                tracing::error!(%error, "a login trace could not be written");
            }
        });
    }
}

fn words(why: &Why) -> (&'static str, String, Side, &'static str) {
    let (code, summary, side, remedy) = match why {
        Why::Unknown => (
            "password.unknown_user",
            "Nobody here has the address that was typed.",
            Side::User,
            "Check the address with the person; make the user if this person shall come in.",
        ),
        Why::None => (
            "password.none",
            "The user has no password here.",
            Side::User,
            "The person signs in through their provider; or send an invitation, with which they set a password.",
        ),
        Why::Wrong => (
            "password.wrong",
            "The password is wrong.",
            Side::User,
            "The person asks for a new password on the sign-in page, if they forgot theirs.",
        ),
        Why::Pending => (
            "password.pending",
            "The password is right, but the account has not been activated.",
            Side::User,
            "The person opens the link of their invitation; send another one if it is lost.",
        ),
        Why::NoAdmin => (
            "password.way_in_for_admins",
            "A link from the machine was used for a user who is no administrator.",
            Side::Gateway,
            "Such links are for administrators: give the role on the machine with `doorward user grant`.",
        ),
        Why::LinkOver => (
            "password.link_over",
            "The link from the machine is used or out of date.",
            Side::User,
            "Make another one on the machine with `doorward user way-in`.",
        ),
        Why::Throttled => (
            "password.throttled",
            "Too many tries at this account, or from this address; the password was not looked at.",
            Side::User,
            "Nothing to change: the person waits, or uses a browser in which they have signed in before. If it goes on, somebody is guessing.",
        ),
        Why::Off => (
            "password.off",
            "Somebody tried to sign in with a password, and that is switched off.",
            Side::Gateway,
            "Switch password sign-in on under Security if people shall use it.",
        ),
        Why::Refused(refusal) => {
            let (summary, remedy) = match refusal {
                Refusal::Inactive(_) => (
                    "The password is right, but the user is deactivated here.".to_owned(),
                    "Reactivate the user if this person shall come in again.",
                ),
                Refusal::NotYetValid { from, .. } => (
                    format!("The password is right, but the user may sign in from {from} on only."),
                    "Change valid_from of the user if this person shall come in before.",
                ),
                Refusal::Expired { until, .. } => (
                    format!(
                        "The password is right, but the user could sign in until {until} only."
                    ),
                    "Change valid_to of the user if this person shall come in again.",
                ),
                other => (other.to_string(), "Look at the user."),
            };
            return (refusal.code(), summary, Side::Gateway, remedy);
        }
    };
    (code, summary.to_owned(), side, remedy)
}
