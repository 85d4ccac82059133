//! Composition: opens what the configuration names, and puts the routers
//! together. The only place, with [`crate::cli`], that knows every folder.

mod between;
mod farewells;
mod front;
mod health;
mod jobs;
mod mail;
mod metadata;
pub mod providers;
mod server;
mod slow_body;
mod webhooks;

use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn_with_state;
use secrecy::ExposeSecret as _;
use tokio::sync::Semaphore;

use crate::api::{self, ApiState};
use crate::apps::forward_auth::ForwardAuth;
use crate::apps::oidc::OidcState;
use crate::apps::oidc::logout::LogoutState;
use crate::directory::settings::Settings;
use crate::directory::signing_keys::SigningKeys;
use crate::directory::{Directory, DirectoryError};
use crate::domain::{Clock, Entropy};
use crate::login::kinds::Providers;
use crate::login::oauth::flow::OauthState;
use crate::login::oauth::photo::Photographer;
use crate::login::passkey::Passkeys;
use crate::login::password::{Accounts, AccountsSettings};
use crate::login::saml::flow::AnswersInHand;
use crate::login::saml::provider::Registry;
use crate::login::saml::source::MetadataSource;
use crate::login::{oauth, passkey, saml};
use crate::platform::config::Config;
use crate::platform::crypto::{KeyError, MasterKeys, SealError, Sealer};
use crate::platform::http::Outbound;
use crate::platform::mail::{Outbox, Smtp};
use crate::platform::storage::{Db, StorageError, UnitError, params};
use crate::platform::telemetry::{LogHandle, Metrics};
use crate::platform::web::{self, Kit, KitSettings};
use crate::portal::{self, PortalState};
use crate::sessions::layer::SessionState;
use crate::sessions::{Lifetimes, Sessions};

pub use server::serve;

/// Why the gateway does not start.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// The database.
    #[error("database: {0}")]
    Storage(#[from] StorageError),
    /// The directory.
    #[error(transparent)]
    Directory(#[from] DirectoryError),
    /// The master key.
    #[error("secrets: {0}")]
    Key(#[from] KeyError),
    /// Sealing.
    #[error("secrets: {0}")]
    Seal(#[from] SealError),
    /// The key file has gone, and the database has secrets under it.
    #[error(
        "secrets: {} does not exist, but this database belongs to a master key; bring that file back, or give the key in DOORWARD__SECRETS__KEY", .0.display()
    )]
    KeyLost(std::path::PathBuf),
    /// The database was written under another master key.
    #[error(
        "secrets: this database belongs to another master key; give this replica the key of the others ([secrets] key_file, or DOORWARD__SECRETS__KEY)"
    )]
    OtherKey,
    /// A file that the configuration names.
    #[error("{key}: {problem}")]
    Config {
        /// The key.
        key: &'static str,
        /// What is wrong.
        problem: String,
    },
    /// The address cannot be listened on.
    #[error("server.listen: {address} cannot be listened on: {problem}")]
    Listen {
        /// The address.
        address: String,
        /// What is wrong.
        problem: std::io::Error,
    },
}

impl UnitError for AppError {
    fn is_conflict(&self) -> bool {
        matches!(self, Self::Storage(e) if e.is_conflict())
    }
}

/// What every command works with: the directory behind an open database.
#[derive(Clone)]
pub struct Core {
    /// Users, groups, providers, tokens.
    pub directory: Directory,
    /// Sessions.
    pub sessions: Sessions,
    /// The master key.
    pub keys: Arc<MasterKeys>,
    /// Seals and opens secrets.
    pub sealer: Arc<Sealer>,
    /// What each client address has taken of its allowance.
    pub throttle: web::Throttle,
    /// The way out to the network.
    pub outbound: Outbound,
    /// Fetches metadata.
    pub metadata: MetadataSource,
    /// The keys that sign what applications are given.
    pub signing: SigningKeys,
    /// Answers between the two hops of SAML.
    pub in_hand: Arc<AnswersInHand>,
    /// The mails that wait.
    pub outbox: Outbox,
    /// The mail server, where there is one.
    pub smtp: Option<Smtp>,
}

impl Core {
    /// Opens the database and the master key, migrates, and makes sure that
    /// the two belong together.
    pub async fn open(config: &Config) -> Result<Self, AppError> {
        let entropy = Entropy::System;
        let db = Db::open(config.database.url.expose_secret()).await?;
        let keys = master_keys(config, &db, &entropy).await?;
        same_key(&db, &keys).await?;
        let sealer = Sealer::new(&keys, entropy.clone())?;
        let clock = Clock::System;
        let lifetimes = Lifetimes {
            lifetime: config.session.lifetime.seconds(),
            idle: config.session.idle_timeout.seconds(),
            enforce_validity: config.security.enforce_validity,
        };
        let mut directory = Directory::new(db.clone(), clock.clone(), entropy.clone())
            .enforcing_validity(lifetimes.enforce_validity);
        if !config.security.rate_limits {
            directory = directory.tracing_everything();
        }
        let in_hand = Arc::new(AnswersInHand::new(&db));
        let sessions = Sessions::new(db, clock, entropy, lifetimes);
        let outbound = Outbound::new(config.allow_private_networks());
        let sealer = Arc::new(sealer);
        let smtp = Smtp::new(&config.smtp, config.public_url.host());
        let smtp = smtp.map_err(|problem| AppError::Config {
            key: "smtp",
            problem,
        })?;
        let (brand, origin) = (config.branding.name.trim(), config.public_url.origin());
        Ok(Self {
            outbox: Outbox::new(Arc::clone(&sealer), brand, origin, smtp.is_some()),
            smtp,
            metadata: MetadataSource::new(directory.clone(), outbound.clone()),
            outbound,
            signing: SigningKeys::new(directory.clone(), Arc::clone(&sealer)),
            directory,
            sessions,
            in_hand,
            keys: Arc::new(keys),
            sealer,
            throttle: web::Throttle::default(),
        })
    }
}

/// The key of the settings under which the master key's fingerprint stands.
const MASTER_KEY: &str = "master_key";

/// The master keys that the configuration names. A new one is made for a new
/// database only: one that has lost its key needs that key and no other.
async fn master_keys(config: &Config, db: &Db, entropy: &Entropy) -> Result<MasterKeys, AppError> {
    if let Some(key) = &config.secrets.key {
        return Ok(MasterKeys::parse(key.expose_secret())?);
    }
    let path = config.key_file();
    match MasterKeys::load(&path) {
        Err(KeyError::Missing(_)) => {}
        loaded => return Ok(loaded?),
    }
    if fingerprint(db).await?.is_none() {
        return Ok(MasterKeys::load_or_create(&path, entropy)?);
    }
    // Somebody else may have made both in the meantime.
    match MasterKeys::load(&path) {
        Err(KeyError::Missing(path)) => Err(AppError::KeyLost(path)),
        loaded => Ok(loaded?),
    }
}

/// The fingerprint of the master key that a database belongs to; `None` while
/// it belongs to none.
pub async fn fingerprint(db: &Db) -> Result<Option<String>, StorageError> {
    db.read(|tx| {
        Box::pin(async move {
            let sql = "SELECT value FROM settings WHERE key = $1";
            let row = tx.query_opt(sql, params![MASTER_KEY]).await?;
            row.map(|row| row.reader().text()).transpose()
        })
    })
    .await
}

/// The database remembers whose secrets it holds: a replica with another key
/// would write what the others cannot read. Where the key that seals has
/// changed and the one before is still known, the new one is remembered.
async fn same_key(db: &Db, keys: &MasterKeys) -> Result<(), AppError> {
    let (ours, known) = (keys.fingerprint().to_owned(), keys.clone());
    db.write(move |tx| {
        let (ours, known) = (ours.clone(), known.clone());
        Box::pin(async move {
            let sql = "INSERT INTO settings (key, value) VALUES ($1, $2) ON CONFLICT DO NOTHING";
            tx.execute(sql, params![MASTER_KEY, ours.clone()]).await?;
            let sql = "SELECT value FROM settings WHERE key = $1";
            let theirs = match tx.query_opt(sql, params![MASTER_KEY]).await? {
                Some(row) => row.reader().text()?,
                None => return Err(StorageError::stale("the key was not written").into()),
            };
            if !known.knows(&theirs) {
                return Err(AppError::OtherKey);
            }
            if theirs != ours {
                let sql = "UPDATE settings SET value = $2 WHERE key = $1";
                tx.execute(sql, params![MASTER_KEY, ours]).await?;
            }
            Ok(())
        })
    })
    .await
}

/// The settings where the database has none.
#[must_use]
pub fn default_settings(config: &Config) -> Settings {
    Settings {
        allowed_domains: config.security.allowed_domains.clone(),
        home_realm_discovery: false,
        password_login: config.password_login.enabled,
        passkeys: config.passkeys.enabled,
    }
}

/// The whole gateway as one router.
pub fn router(
    config: &Config,
    core: &Core,
    metrics: Option<Metrics>,
    forward: &ForwardAuth,
) -> Result<Router, AppError> {
    let kit = kit(config, core)?;
    let defaults = default_settings(config);
    let saml = saml::flow::SamlState {
        directory: core.directory.clone(),
        sessions: core.sessions.clone(),
        kit: kit.clone(),
        defaults,
        max_skew: config.security.max_clock_skew.seconds(),
        registry: Arc::new(Registry::new(Arc::clone(&core.sealer))),
        cores: Arc::new(Semaphore::new(cores())),
        in_hand: Arc::clone(&core.in_hand),
    };
    let accounts = accounts(config, core, &kit)?;
    let passkeys = passkeys(config, core, &kit)?;
    let oauth = oauth_state(config, core, &kit);
    let upstream = between::upstream(saml.clone(), oauth.clone());
    let portal = PortalState {
        upstream: Arc::clone(&upstream),
        passkeys: passkeys.clone(),
        kit: kit.clone(),
        directory: core.directory.clone(),
        sessions: core.sessions.clone(),
        defaults: default_settings(config),
        providers: Providers {
            directory: core.directory.clone(),
            sealer: Arc::clone(&core.sealer),
            metadata: core.metadata.clone(),
            outbound: core.outbound.clone(),
            origin: kit.origin().to_owned(),
        },
        limits: config.security.rate_limits,
        accounts: accounts.clone(),
        signing: core.signing.clone(),
    };
    let api = ApiState {
        passkeys: passkeys.clone(),
        directory: core.directory.clone(),
        kit: kit.clone(),
        defaults: default_settings(config),
        sealer: Arc::clone(&core.sealer),
        metadata: core.metadata.clone(),
        outbound: core.outbound.clone(),
        accounts,
        signing: core.signing.clone(),
    };
    let sessions = SessionState {
        kit: kit.clone(),
        sessions: core.sessions.clone(),
    };
    let oidc = oidc_state(config, core, &kit);
    let mut logins = saml::flow::router(saml)
        .merge(oauth::flow::router(oauth))
        .merge(passkey::flow::router(passkeys))
        .merge(crate::apps::oidc::pages(oidc.clone()))
        .merge(crate::apps::oidc::logout::router(LogoutState {
            oidc: oidc.clone(),
            upstream,
        }));
    if config.security.rate_limits {
        logins = web::throttled(logins, &kit, &core.throttle);
    }
    let router = Router::new()
        .merge(logins)
        .merge(crate::apps::forward_auth::router(forward.clone()))
        .merge(portal::router(portal))
        .merge(api::router(api))
        .layer(from_fn_with_state(
            sessions,
            crate::sessions::layer::session,
        ))
        .merge(crate::apps::oidc::endpoints(oidc))
        .merge(health::router(
            core.directory.db.clone(),
            config.metrics.clone(),
            metrics,
            &kit,
        ));
    Ok(web::secure(router, &kit))
}

/// Forward-auth, which the server asks before the router.
pub fn forward_auth(config: &Config, core: &Core) -> Result<ForwardAuth, AppError> {
    Ok(ForwardAuth::new(
        kit(config, core)?,
        core.directory.clone(),
        core.sessions.clone(),
        core.signing.clone(),
        between::access_tokens(core.directory.clone()),
    ))
}

/// The accounts of people who sign in here.
///
/// # Errors
/// When no key can be derived.
pub fn accounts(config: &Config, core: &Core, kit: &Kit) -> Result<Accounts, AppError> {
    Ok(Accounts::new(AccountsSettings {
        directory: core.directory.clone(),
        sessions: core.sessions.clone(),
        kit: kit.clone(),
        defaults: default_settings(config),
        outbox: core.outbox.clone(),
        device_key: core.keys.derive("device cookies")?,
        rate_limits: config.security.rate_limits,
    }))
}

/// The provider's state, for its routes and for the job that tells applications.
pub(super) fn oidc_state(config: &Config, core: &Core, kit: &Kit) -> OidcState {
    OidcState::new(
        (kit.clone(), core.directory.clone(), core.sessions.clone()),
        core.signing.clone(),
        Arc::clone(&core.sealer),
        core.outbound.clone(),
        config.security.rate_limits,
    )
}

fn oauth_state(config: &Config, core: &Core, kit: &Kit) -> OauthState {
    let outbound = core.outbound.clone();
    OauthState {
        photographer: Photographer::new(core.directory.clone(), outbound.clone(), kit.origin()),
        directory: core.directory.clone(),
        sessions: core.sessions.clone(),
        kit: kit.clone(),
        defaults: default_settings(config),
        max_skew: config.security.max_clock_skew.seconds(),
        registry: Arc::new(oauth::provider::Registry::new(
            Arc::clone(&core.sealer),
            kit.origin(),
        )),
        sealer: Arc::clone(&core.sealer),
        outbound,
    }
}

fn passkeys(config: &Config, core: &Core, kit: &Kit) -> Result<Passkeys, AppError> {
    let pin_key = *core.keys.derive("passkey PINs")?;
    let passkeys = Passkeys::new(
        core.directory.clone(),
        core.sessions.clone(),
        kit.clone(),
        default_settings(config),
        pin_key,
        core.outbox.clone(),
    );
    Ok(passkeys.limiting(config.security.rate_limits))
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(2, std::num::NonZero::get)
}

fn kit(config: &Config, core: &Core) -> Result<Kit, AppError> {
    let origin = config.public_url.origin();
    let public_origin = url::Url::parse(origin).map_err(|e| AppError::Config {
        key: "public_url",
        problem: e.to_string(),
    })?;
    let mut settings = KitSettings::new(public_origin);
    settings
        .cookie_domain
        .clone_from(&config.session.cookie_domain);
    settings
        .trusted_proxies
        .clone_from(&config.server.trusted_proxies);
    settings.csrf_key = *core.keys.derive("form tokens")?;
    settings.branding = branding(config)?;
    Ok(Kit::new(settings))
}

fn branding(config: &Config) -> Result<web::Branding, AppError> {
    let ours = &config.branding;
    let wrong = |key, problem: &str| AppError::Config {
        key,
        problem: problem.to_owned(),
    };
    let mut branding = web::Branding {
        name: Some(ours.name.clone()),
        ..web::Branding::default()
    };
    if let Some(path) = &ours.logo {
        let bytes = std::fs::read(path).map_err(|e| wrong("branding.logo", &e.to_string()))?;
        let logo = web::Logo::from_bytes(bytes);
        let logo = logo.ok_or_else(|| wrong("branding.logo", "is no SVG, PNG, WebP or JPEG"))?;
        branding.logo = Some(logo);
    }
    if let Some(accent) = &ours.accent {
        let accent = web::Accent::parse(accent);
        branding.accent = accent.ok_or_else(|| wrong("branding.accent", "is no #rrggbb"))?;
    }
    if let Some(support) = &ours.support {
        let support = web::Support::parse(support);
        let problem = "is neither an e-mail address nor a web address";
        branding.support = Some(support.ok_or_else(|| wrong("branding.support", problem))?);
    }
    let link = |key, text: &Option<String>| match text.as_deref().map(url::Url::parse) {
        None => Ok(None),
        Some(Ok(url)) => Ok(Some(url)),
        Some(Err(e)) => Err(wrong(key, &e.to_string())),
    };
    branding.imprint_url = link("branding.imprint_url", &ours.imprint_url)?;
    branding.privacy_url = link("branding.privacy_url", &ours.privacy_url)?;
    Ok(branding)
}

/// What `serve` needs beside the configuration.
#[derive(Clone)]
pub struct Running {
    /// Changes the log level while the gateway runs.
    pub log: LogHandle,
    /// Where the configuration file is, to read it again.
    pub config_path: std::path::PathBuf,
}
