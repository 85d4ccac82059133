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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Domain patterns that every login must satisfy beside its provider's.
    pub allowed_domains: Vec<String>,
    /// Whether the sign-in page asks for the e-mail address and picks the
    /// provider by its domain.
    pub home_realm_discovery: bool,
}

/// The one key under which the settings stand.
const KEY: &str = "settings";

/// The settings as they stand, `defaults` where nobody has set any.
pub async fn load(tx: &mut Tx, defaults: &Settings) -> Result<Settings, StorageError> {
    let row = tx
        .query_opt("SELECT value FROM settings WHERE key = $1", params![KEY])
        .await?;
    row.map_or_else(|| Ok(defaults.clone()), |row| row.reader().json())
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

    /// Replaces the settings.
    pub async fn set_settings(
        &self,
        before: Settings,
        after: Settings,
        actor: Actor,
    ) -> Result<(), DirectoryError> {
        if let Some(bad) = after
            .allowed_domains
            .iter()
            .find(|p| DomainPattern::parse(p).is_none())
        {
            return Err(DirectoryError::invalid(
                "allowed_domains",
                format!("{bad:?} is no domain, no *.domain and not *"),
            ));
        }
        let directory = self.clone();
        self.db
            .write(move |tx| {
                let (before, after) = (before.clone(), after.clone());
                let (actor, directory) = (actor.clone(), directory.clone());
                Box::pin(async move {
                    let mut changes = Vec::new();
                    if before.allowed_domains != after.allowed_domains {
                        let (old, new) = (
                            before.allowed_domains.join(" "),
                            after.allowed_domains.join(" "),
                        );
                        changes.push(change("allowed_domains", old, new));
                    }
                    if before.home_realm_discovery != after.home_realm_discovery {
                        let (old, new) = (before.home_realm_discovery, after.home_realm_discovery);
                        changes.push(change("home_realm_discovery", old, new));
                    }
                    let sql = "INSERT INTO settings (key, value) VALUES ($1, $2) \
                               ON CONFLICT (key) DO UPDATE SET value = excluded.value";
                    let value = serde_json::to_string(&after).unwrap_or_default();
                    tx.execute(sql, params![KEY, value]).await?;
                    let target = Target {
                        kind: "settings",
                        id: KEY,
                        name: KEY,
                    };
                    let at = (directory.now(), &directory.entropy);
                    audit::record(tx, at, &actor, "settings.changed", target, &changes).await?;
                    Ok::<_, DirectoryError>(())
                })
            })
            .await
    }
}
