//! From an authenticator's answer to a session. The challenge is used up first; then,
//! with no transaction open, the answer is verified; then the person is judged and
//! signed in, in one transaction with key, session and trace.

use std::net::IpAddr;

use axum::http::{HeaderMap, header};

use super::KIND;
use crate::directory::error::DomainList;
use crate::directory::passkeys::{self, By, Credential, KeyState, Passkey};
use crate::directory::policy;
use crate::directory::traces::{self, LoginTrace, TraceDetails, TraceOutcome};
use crate::directory::{Actor, Refusal, settings, users};
use crate::domain::{Field, Reference, Status, TraceId, User, address};
use crate::login::passkey::ceremony::Answer;
use crate::login::passkey::challenges::{self, Purpose};
use crate::login::passkey::{PasskeyError, Passkeys};
use crate::platform::storage::Tx;
use crate::platform::throttle::{self, Allowance};
use crate::platform::web::Kit;
use crate::sessions::rows::{self, Begun, SignedIn};

/// Longest description of a browser that is kept.
const AGENT: usize = 256;

/// How often one key may be tried: a person who fails again and again, not a program.
const TRIES: Allowance = Allowance {
    burst: 20,
    interval: 3_000,
};

/// What the browser brings.
#[derive(Clone, Debug)]
pub struct Visit {
    /// Its id, if it has one of ours.
    pub browser: Option<String>,
    /// The hash of the session that it has so far.
    pub old_session: Option<String>,
    user_agent: String,
    client: IpAddr,
    reference: Reference,
}

impl Visit {
    /// Reads it from the request.
    #[must_use]
    pub fn of(kit: &Kit, headers: &HeaderMap, client: IpAddr) -> Self {
        let agent = headers.get(header::USER_AGENT);
        let agent = agent.and_then(|v| v.to_str().ok()).unwrap_or_default();
        let session = kit.cookie(headers, kit.cookies().session);
        Self {
            browser: kit.browser_id(headers).map(ToOwned::to_owned),
            old_session: session.map(crate::sessions::hash),
            user_agent: agent.chars().take(AGENT).collect(),
            client,
            reference: kit.reference(),
        }
    }
}

/// Signs the person in whose passkey answered.
pub(in crate::login::passkey) async fn sign_in(
    state: &Passkeys,
    credential: &str,
    visit: &Visit,
) -> Result<Begun, PasskeyError> {
    if !state.enabled().await? {
        return Err(PasskeyError::Off);
    }
    let answer = Answer::read(credential)?;
    let (kept, found) = claim(state, &answer, visit).await?;
    let (key, user) = found?;
    let party = state.relying_party()?;
    if party.named(&answer)? != user.id {
        return Err(PasskeyError::OtherUser(user.id));
    }
    if key.state != KeyState::Active {
        return Err(PasskeyError::Revoked(user.id));
    }
    match party.verify(&answer, &kept, &key) {
        Ok(after) => enter(state, user, key, after, visit).await,
        Err(error) => {
            if matches!(error, PasskeyError::CounterRegressed { .. }) {
                tell(state, &user, &key).await?;
            }
            Err(error)
        }
    }
}

type Found = Result<(Passkey, User), PasskeyError>;

/// Uses the challenge up, and finds the key with its user. What is wrong with the key
/// comes back as a value: the challenge stays used.
async fn claim(
    state: &Passkeys,
    answer: &Answer,
    visit: &Visit,
) -> Result<(String, Found), PasskeyError> {
    let (writer, answer) = (state.clone(), answer.clone());
    let browser = visit.browser.as_deref().unwrap_or_default();
    let bound = Purpose::SignIn(browser).bound();
    state
        .directory
        .db
        .write(move |tx| {
            let (state, answer, bound) = (writer.clone(), answer.clone(), bound.clone());
            Box::pin(async move {
                let now = state.directory.now();
                let taken = challenges::take(tx, &answer.challenge, &bound, now).await?;
                let kept = match taken {
                    Ok(kept) => kept,
                    // Too late is used up too.
                    Err(error) => return Ok((String::new(), Err(error))),
                };
                let found = find(tx, &state, &answer.credential_id).await?;
                Ok((kept, found))
            })
        })
        .await
}

async fn find(tx: &mut Tx, state: &Passkeys, credential_id: &str) -> Result<Found, PasskeyError> {
    let Some(key) = passkeys::by_credential(tx, credential_id).await? else {
        return Ok(Err(PasskeyError::UnknownKey));
    };
    if state.rate_limits {
        let name = format!("passkey:{}", key.id);
        let taken = throttle::take(tx, &name, TRIES, state.directory.now()).await?;
        if let Err(seconds) = taken {
            return Ok(Err(PasskeyError::TooMany(seconds)));
        }
    }
    Ok(match users::by_id(tx, &key.user).await? {
        Some(user) => Ok((key, user)),
        None => Err(PasskeyError::UnknownKey),
    })
}

async fn tell(state: &Passkeys, user: &User, key: &Passkey) -> Result<(), PasskeyError> {
    let (writer, user, key) = (state.clone(), user.clone(), key.clone());
    state
        .directory
        .db
        .write(move |tx| {
            let (state, user, key) = (writer.clone(), user.clone(), key.clone());
            Box::pin(async move {
                let by = By {
                    actor: &Actor::Channel("sign-in with a passkey".to_owned()),
                    now: state.directory.now(),
                    entropy: &state.directory.entropy,
                };
                Ok(passkeys::regressed(tx, &user, &key, by).await?)
            })
        })
        .await
}

/// Judges the person, and signs them in.
async fn enter(
    state: &Passkeys,
    user: User,
    key: Passkey,
    after: Credential,
    visit: &Visit,
) -> Result<Begun, PasskeyError> {
    let (writer, visit) = (state.clone(), visit.clone());
    state
        .directory
        .db
        .write(move |tx| {
            let (state, visit) = (writer.clone(), visit.clone());
            let (user, key, after) = (user.id.clone(), key.clone(), after.clone());
            Box::pin(async move {
                let user = users::locked(tx, &user).await?;
                let user = user.ok_or(PasskeyError::UnknownKey)?;
                may_enter(tx, &state, &user).await?;
                let now = state.directory.now();
                if !passkeys::used(tx, &key, &after, now).await? {
                    // Revoked meanwhile, or used in another place at the same time.
                    return Err(PasskeyError::UnknownChallenge);
                }
                begin(tx, &state, &user, &key, &visit).await
            })
        })
        .await
}

/// Whether the person may come in now, by the rules of every way in.
async fn may_enter(tx: &mut Tx, state: &Passkeys, user: &User) -> Result<(), PasskeyError> {
    let (now, enforce) = (
        state.directory.now(),
        state.sessions.lifetimes.enforce_validity,
    );
    policy::may_sign_in(user, now, enforce).map_err(PasskeyError::Refused)?;
    if user.status == Status::Pending {
        return Err(PasskeyError::Pending(user.id.clone()));
    }
    let settings = settings::load(tx, &state.defaults).await?;
    let address = user.profile.get(Field::Email);
    match address.filter(|address| !address::is_allowed(address, &settings.allowed_domains)) {
        None => Ok(()),
        Some(address) => Err(PasskeyError::Refused(Refusal::DomainNotAllowed {
            address: address.to_owned(),
            allowed: settings.allowed_domains,
            list: DomainList::Settings,
        })),
    }
}

/// By which methods the person proved who they are (RFC 8176): a key that cannot leave
/// its device is held in hardware, one that is copied between devices is not known to
/// be; and the device verified its holder, so that there were two factors.
#[must_use]
fn methods(key: &Passkey) -> [&'static str; 3] {
    let held = if key.backup_eligible { "swk" } else { "hwk" };
    [held, "user", "mfa"]
}

/// Begins the session of a person whose key has answered, in place of the one that the
/// browser has so far, and writes the trace.
pub(in crate::login::passkey) async fn begin(
    tx: &mut Tx,
    state: &Passkeys,
    user: &User,
    key: &Passkey,
    visit: &Visit,
) -> Result<Begun, PasskeyError> {
    let (now, entropy) = (state.directory.now(), &state.directory.entropy);
    passkeys::login(tx, user, now).await?;
    if let Some(old) = &visit.old_session {
        rows::end_before_next(tx, old).await?;
    }
    let mut signed_in = SignedIn::here(&user.id, &methods(key), now);
    signed_in.passkey = Some(key.id.to_string());
    signed_in.user_agent.clone_from(&visit.user_agent);
    signed_in.address = visit.client.to_string();
    let lifetimes = state.sessions.lifetimes;
    let begun = rows::begin(tx, &signed_in, lifetimes, None, now, entropy).await?;
    let trace = LoginTrace {
        id: TraceId::new(now, entropy),
        at: now,
        provider: KIND.to_owned(),
        kind: KIND.to_owned(),
        outcome: TraceOutcome::Success,
        reference: visit.reference.clone(),
        user: Some(user.id.clone()),
        code: "ok".to_owned(),
        details: TraceDetails {
            summary: format!("Signed in with the passkey “{}”.", key.name),
            ..TraceDetails::default()
        },
    };
    traces::record(tx, &trace).await?;
    Ok(begun)
}
