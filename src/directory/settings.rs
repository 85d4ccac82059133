//! Settings that an admin changes while the gateway runs. A key that is not
//! set has the configuration file's value.

use serde::{Deserialize, Serialize};

use super::Directory;
use super::audit::{self, Actor, Target};
use super::error::DirectoryError;
use super::plan::change;
use crate::domain::address::DomainPattern;
use crate::platform::storage::{StorageError, Tx, params};

/// The settings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Domain patterns that every login must satisfy beside its provider's.
    pub allowed_domains: Vec<String>,
    /// Whether the sign-in page asks for the e-mail address and picks the
    /// provider by its domain.
    pub home_realm_discovery: bool,
    /// Whether people may sign in with a password that the gateway keeps.
    pub password_login: bool,
    /// Whether people can sign in with passkeys and security keys.
    pub passkeys: bool,
}

/// The one key under which the settings stand.
const KEY: &str = "settings";

/// The settings that somebody has set; the others follow the configuration
/// file, also when it changes. What a later version set is left alone.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
struct Stored {
    #[serde(skip_serializing_if = "Option::is_none")]
    allowed_domains: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    home_realm_discovery: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    password_login: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    passkeys: Option<bool>,
    #[serde(flatten)]
    others: serde_json::Map<String, serde_json::Value>,
}

impl Stored {
    fn over(&self, defaults: &Settings) -> Settings {
        let domains = self.allowed_domains.as_ref();
        Settings {
            allowed_domains: domains.unwrap_or(&defaults.allowed_domains).clone(),
            home_realm_discovery: self
                .home_realm_discovery
                .unwrap_or(defaults.home_realm_discovery),
            password_login: self.password_login.unwrap_or(defaults.password_login),
            passkeys: self.passkeys.unwrap_or(defaults.passkeys),
        }
    }
}

/// A change of settings: `None` leaves one as it is, `Some(None)` lets it
/// follow the configuration file again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SettingsEdit {
    /// See [`Settings::allowed_domains`].
    pub allowed_domains: Option<Option<Vec<String>>>,
    /// See [`Settings::home_realm_discovery`].
    pub home_realm_discovery: Option<Option<bool>>,
    /// See [`Settings::password_login`].
    pub password_login: Option<Option<bool>>,
    /// See [`Settings::passkeys`].
    pub passkeys: Option<Option<bool>>,
}

/// The settings, where each comes from, and what they are the version of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingsState {
    /// The settings as they stand.
    pub settings: Settings,
    /// The names of those that somebody has set; the others follow the
    /// configuration file.
    pub set: std::collections::BTreeSet<&'static str>,
    /// Stands for what has been set: an edit can be held to it.
    pub version: String,
}

impl Stored {
    fn state(&self, defaults: &Settings) -> SettingsState {
        let text = serde_json::to_string(self).unwrap_or_default();
        let set = [
            ("allowed_domains", self.allowed_domains.is_some()),
            ("home_realm_discovery", self.home_realm_discovery.is_some()),
            ("password_login", self.password_login.is_some()),
            ("passkeys", self.passkeys.is_some()),
        ];
        SettingsState {
            settings: self.over(defaults),
            set: set
                .into_iter()
                .filter(|(_, is)| *is)
                .map(|(n, _)| n)
                .collect(),
            version: super::tokens::hash(&text),
        }
    }
}

async fn stored(tx: &mut Tx) -> Result<Stored, StorageError> {
    let row = tx
        .query_opt("SELECT value FROM settings WHERE key = $1", params![KEY])
        .await?;
    row.map_or_else(|| Ok(Stored::default()), |row| row.reader().json())
}

/// The settings as they stand, `defaults` where nobody has set any.
pub async fn load(tx: &mut Tx, defaults: &Settings) -> Result<Settings, StorageError> {
    Ok(stored(tx).await?.over(defaults))
}

impl Directory {
    /// The settings as they stand.
    pub async fn settings(&self, defaults: &Settings) -> Result<Settings, DirectoryError> {
        let defaults = defaults.clone();
        Ok(self
            .db
            .read(move |tx| {
                let defaults = defaults.clone();
                Box::pin(async move { load(tx, &defaults).await })
            })
            .await?)
    }

    /// The settings with where they come from.
    pub async fn settings_state(
        &self,
        defaults: &Settings,
    ) -> Result<SettingsState, DirectoryError> {
        let stored = self
            .db
            .read(|tx| Box::pin(async move { stored(tx).await }))
            .await?;
        Ok(stored.state(defaults))
    }

    /// Changes settings; answers what holds from now on.
    pub async fn edit_settings(
        &self,
        edit: SettingsEdit,
        defaults: &Settings,
        actor: Actor,
    ) -> Result<Settings, DirectoryError> {
        self.edit_settings_over(edit, None, defaults, actor).await
    }

    /// The same, of the version that was read.
    ///
    /// # Errors
    /// [`DirectoryError::Changed`] when that is no longer the one that stands.
    pub async fn edit_settings_over(
        &self,
        edit: SettingsEdit,
        over: Option<String>,
        defaults: &Settings,
        actor: Actor,
    ) -> Result<Settings, DirectoryError> {
        let patterns = edit.allowed_domains.iter().flatten().flatten();
        if let Some(bad) = patterns
            .into_iter()
            .find(|p| DomainPattern::parse(p).is_none())
        {
            return Err(DirectoryError::invalid(
                "allowed_domains",
                format!("{bad:?} is no domain, no *.domain and not *"),
            ));
        }
        let (directory, defaults) = (self.clone(), defaults.clone());
        self.db
            .write(move |tx| {
                let (edit, over) = (edit.clone(), over.clone());
                let (actor, directory) = (actor.clone(), directory.clone());
                let defaults = defaults.clone();
                Box::pin(async move {
                    // Two edits at once shall not undo each other.
                    tx.lock("directory.settings").await?;
                    let before = stored(tx).await?;
                    if over.is_some_and(|over| over != before.state(&defaults).version) {
                        return Err(DirectoryError::Changed);
                    }
                    write(tx, before, edit, &defaults, (&actor, &directory)).await
                })
            })
            .await
    }
}

async fn write(
    tx: &mut Tx,
    before: Stored,
    edit: SettingsEdit,
    defaults: &Settings,
    (actor, directory): (&Actor, &Directory),
) -> Result<Settings, DirectoryError> {
    let mut after = before.clone();
    if let Some(domains) = edit.allowed_domains {
        after.allowed_domains = domains;
    }
    if let Some(discovery) = edit.home_realm_discovery {
        after.home_realm_discovery = discovery;
    }
    if let Some(password_login) = edit.password_login {
        after.password_login = password_login;
    }
    if let Some(passkeys) = edit.passkeys {
        after.passkeys = passkeys;
    }
    let (old, new) = (before.over(defaults), after.over(defaults));
    if before == after {
        return Ok(new);
    }
    let mut changes = Vec::new();
    if old.allowed_domains != new.allowed_domains {
        let (old, new) = (old.allowed_domains.join(" "), new.allowed_domains.join(" "));
        changes.push(change("allowed_domains", old, new));
    }
    if old.home_realm_discovery != new.home_realm_discovery {
        let (old, new) = (old.home_realm_discovery, new.home_realm_discovery);
        changes.push(change("home_realm_discovery", old, new));
    }
    if old.password_login != new.password_login {
        let (old, new) = (old.password_login, new.password_login);
        changes.push(change("password_login", old, new));
    }
    if old.passkeys != new.passkeys {
        changes.push(change("passkeys", old.passkeys, new.passkeys));
    }
    let sql = "INSERT INTO settings (key, value) VALUES ($1, $2) \
               ON CONFLICT (key) DO UPDATE SET value = excluded.value";
    let value =
        serde_json::to_string(&after).map_err(|e| StorageError::Statement(e.to_string()))?;
    tx.execute(sql, params![KEY, value]).await?;
    let target = Target {
        kind: "settings",
        id: KEY,
        name: KEY,
    };
    let at = (directory.now(), &directory.entropy);
    audit::record(tx, at, actor, "settings.changed", target, &changes).await?;
    Ok(new)
}
