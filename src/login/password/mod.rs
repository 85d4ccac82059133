//! People who sign in here, with a password: signing in, the links with which one
//! gets a password, and the mails that carry them.

mod account;
mod asked;
mod attempt;
mod device;
mod hash;
pub mod letters;
mod links;
mod mails;
mod rules;

use std::net::IpAddr;
use std::sync::Arc;

use axum::http::{HeaderMap, header};
use zeroize::Zeroizing;

use crate::directory::settings::Settings;
use crate::directory::{Directory, DirectoryError, passwords, providers, settings, users};
use crate::domain::{Entropy, Field, Provider, User};
use crate::login::letters::key_of;
use crate::platform::mail::Outbox;
use crate::platform::storage::{StorageError, Tx};
use crate::platform::throttle::Allowance;
use crate::platform::web::Kit;
use crate::sessions::Sessions;
use crate::sessions::rows::SignedIn;

pub use account::{Change, Changed};
pub use asked::Asked;
pub use attempt::{Attempt, Verdict};
pub use hash::{HashError, Hasher};
pub use links::{Finished, Invited, Opened};
pub use mails::Mails;
pub use rules::{LONGEST, SHORTEST, Weakness, check, prepared};

/// What the traces call this way in, where a provider's slug would stand.
pub const LOCAL: &str = "local";
/// The kind of its traces.
pub const KIND: &str = "password";

/// Longest description of a browser that is kept.
const AGENT: usize = 256;
/// Longest address that is looked up (RFC 5321 §4.5.3.1.3).
const ADDRESS: usize = 254;

/// What it is made of.
#[derive(Clone)]
pub struct AccountsSettings {
    /// Users, passwords, links.
    pub directory: Directory,
    /// Sessions.
    pub sessions: Sessions,
    /// Cookies and form tokens.
    pub kit: Kit,
    /// The settings that hold until an admin sets some.
    pub defaults: Settings,
    /// Where mails go.
    pub outbox: Outbox,
    /// The key of device cookies; the same on every replica.
    pub device_key: Zeroizing<[u8; 32]>,
    /// Whether tries are limited.
    pub rate_limits: bool,
}

/// The accounts of people who sign in here. Cloning it copies a pointer.
#[derive(Clone)]
pub struct Accounts(Arc<Inner>);

struct Inner {
    settings: AccountsSettings,
    hasher: Hasher,
}

impl std::fmt::Debug for Accounts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Accounts").finish_non_exhaustive()
    }
}

/// The browser that asks.
#[derive(Clone, Debug)]
pub struct Browser {
    /// Where the request comes from.
    pub client: IpAddr,
    /// How it describes itself.
    pub user_agent: String,
    /// The hash of the session that it has so far.
    pub session: Option<String>,
    /// Its device cookie.
    pub device: Option<String>,
}

impl Browser {
    /// What a request tells of it.
    #[must_use]
    pub fn of(kit: &Kit, headers: &HeaderMap, client: IpAddr) -> Self {
        let agent = headers.get(header::USER_AGENT);
        let agent = agent.and_then(|v| v.to_str().ok()).unwrap_or_default();
        let cookies = kit.cookies();
        let session = kit.cookie(headers, cookies.session);
        Self {
            client,
            user_agent: agent.chars().take(AGENT).collect(),
            session: session.map(crate::sessions::hash),
            device: kit.cookie(headers, cookies.device).map(str::to_owned),
        }
    }
}

impl Accounts {
    /// The accounts of a gateway.
    #[must_use]
    pub fn new(settings: AccountsSettings) -> Self {
        let hasher = Hasher::new(settings.directory.entropy.clone());
        Self(Arc::new(Inner { settings, hasher }))
    }

    /// Where mails go.
    #[must_use]
    pub fn outbox(&self) -> &Outbox {
        &self.0.settings.outbox
    }

    fn directory(&self) -> &Directory {
        &self.0.settings.directory
    }

    fn kit(&self) -> &Kit {
        &self.0.settings.kit
    }

    fn entropy(&self) -> &Entropy {
        &self.0.settings.directory.entropy
    }

    fn hasher(&self) -> &Hasher {
        &self.0.hasher
    }

    /// Whether people may sign in with a password now, and whether anybody has one
    /// or is about to.
    pub async fn form(&self) -> Result<Form, DirectoryError> {
        let defaults = self.0.settings.defaults.clone();
        Ok(self
            .directory()
            .db
            .read(move |tx| {
                let defaults = defaults.clone();
                Box::pin(async move {
                    let is_on = settings::load(tx, &defaults).await?.password_login;
                    let is_used = is_on && passwords::anybody(tx).await?;
                    Ok::<_, StorageError>(Form { is_on, is_used })
                })
            })
            .await?)
    }

    /// Whether somebody who signed in like this has shown that there is another way
    /// in than passwords: a provider, which is still switched on.
    ///
    /// # Errors
    /// What the database says.
    pub async fn is_proof(&self, signed_in: &SignedIn) -> Result<bool, DirectoryError> {
        let Some(slug) = &signed_in.provider else {
            return Ok(false);
        };
        let all = self.directory().providers().await?;
        Ok(all
            .iter()
            .any(|s| s.provider.enabled && s.provider.slug == *slug))
    }

    /// Checks a new password of a user.
    ///
    /// # Errors
    /// Why it is not taken.
    pub fn check(&self, password: &str, user: &User) -> Result<Zeroizing<String>, Weakness> {
        let get = |field| user.profile.get(field).unwrap_or_default();
        let name = user.display_name();
        rules::check(
            password,
            &[
                &name,
                get(Field::Email),
                get(Field::UserName),
                get(Field::Upn),
                get(Field::GivenName),
                get(Field::FamilyName),
                self.outbox().brand(),
            ],
        )
    }
}

/// What becomes of the password form on the sign-in page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Form {
    /// Whether people may sign in with a password.
    pub is_on: bool,
    /// Whether anybody does, or is about to.
    pub is_used: bool,
}

/// The provider through which a person has to come in: one who has signed in
/// through a provider and has no password here. A password beside the provider
/// would go on working after the provider has shut the person out.
pub(super) async fn provider_of(
    tx: &mut Tx,
    user: &User,
) -> Result<Option<Provider>, DirectoryError> {
    if passwords::of(tx, &user.id).await?.is_some() {
        return Ok(None);
    }
    let identities = users::identities(tx, &user.id).await?;
    if identities.is_empty() {
        return Ok(None);
    }
    let all = providers::all(tx).await?;
    let mut enabled = all.into_iter().map(|s| s.provider).filter(|p| p.enabled);
    Ok(enabled.find(|p| identities.iter().any(|i| i.provider == p.slug)))
}

/// Tries at one account: ten at once, then one a minute.
const ACCOUNT: Allowance = Allowance {
    burst: 10,
    interval: 60_000,
};
/// Tries from one address that fail: a hundred at once, then one every five seconds.
const CLIENT: Allowance = Allowance {
    burst: 100,
    interval: 5_000,
};
/// An address as it is counted and looked up.
fn folded(address: &str) -> String {
    let address: String = address.trim().chars().take(ADDRESS).collect();
    crate::domain::address::email_key(&address).unwrap_or_else(|| address.to_lowercase())
}
