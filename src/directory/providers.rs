//! Providers in the database. Whether a provider's protocol settings make
//! sense is for the protocol's own folder to say, before it gets here.

use super::Directory;
use super::audit::{self, Actor, Target};
use super::endings::{self, Reason, Which};
use super::error::DirectoryError;
use super::plan::{self, Change, change};
use super::provider_metadata::{self, GoodCopy, Standing};
use crate::domain::address::{self, DomainPattern};
use crate::domain::user::words;
use crate::domain::{Provider, Slug, Timestamp};
use crate::platform::storage::{Reader, StorageError, Tx, params};
use serde::{Deserialize, Serialize};

words!(
    /// Who keeps a provider.
    ManagedBy {
        /// Admins, by API or dashboard.
        Api = "api",
        /// The configuration file; read-only for everybody else.
        File = "file",
    }
);

/// A provider as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredProvider {
    /// The provider.
    pub provider: Provider,
    /// Who keeps it.
    pub managed_by: ManagedBy,
    /// Its place on the sign-in page.
    pub position: i64,
    /// Its secrets, sealed; empty when it has none.
    pub secrets: String,
    /// How the metadata stands that is fetched for it, if any is.
    pub metadata: Option<Standing>,
    /// Counts the writes, those of fetched metadata too.
    pub version: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

impl StoredProvider {
    /// The metadata that was fetched from the address that its settings name.
    #[must_use]
    pub fn fetched(&self) -> Option<&str> {
        let url = self.provider.saml.as_ref()?.metadata_url.as_deref()?;
        let standing = self.metadata.as_ref().filter(|m| m.url == url)?;
        standing.document.as_deref()
    }
}

/// What is read of a provider, and where.
fn select() -> String {
    let metadata = provider_metadata::COLUMNS;
    format!(
        "SELECT p.config, p.managed_by, p.position, p.secrets, p.version, p.created_at, \
         p.updated_at, {metadata} FROM providers p \
         LEFT JOIN provider_metadata m ON m.provider = p.slug"
    )
}

fn read(reader: &mut Reader) -> Result<StoredProvider, StorageError> {
    Ok(StoredProvider {
        provider: reader.json()?,
        managed_by: reader.parsed(ManagedBy::parse)?,
        position: reader.int()?,
        secrets: reader.text()?,
        version: reader.int()?,
        created_at: reader.time()?,
        updated_at: reader.time()?,
        metadata: provider_metadata::read(reader)?,
    })
}

/// The provider with this slug.
pub async fn by_slug(tx: &mut Tx, slug: &Slug) -> Result<Option<StoredProvider>, StorageError> {
    let sql = format!("{} WHERE p.slug = $1", select());
    tx.query_opt(&sql, params![slug])
        .await?
        .map(|row| read(&mut row.reader()))
        .transpose()
}

/// The version of the provider with this slug: cheaper than the provider, for
/// those who keep a parsed copy.
pub async fn version_of(tx: &mut Tx, slug: &Slug) -> Result<Option<i64>, StorageError> {
    let row = tx
        .query_opt(
            "SELECT version FROM providers WHERE slug = $1",
            params![slug],
        )
        .await?;
    row.map(|row| row.reader().int()).transpose()
}

/// Keeps a provider from being deleted until the unit ends; a conflict when it is
/// gone. For units that sign somebody in: what they leave behind would otherwise
/// outlive a provider that was deleted since the unit read it.
pub async fn hold(tx: &mut Tx, slug: &Slug) -> Result<(), StorageError> {
    if tx.dialect().has_one_writer() {
        return Ok(());
    }
    let end = tx.dialect().for_reference();
    let sql = format!("SELECT 1 FROM providers WHERE slug = $1{end}");
    match tx.query_opt(&sql, params![slug]).await? {
        Some(_) => Ok(()),
        None => Err(StorageError::stale(
            "the provider was deleted in the meantime",
        )),
    }
}

/// All providers in the order of the sign-in page.
pub async fn all(tx: &mut Tx) -> Result<Vec<StoredProvider>, StorageError> {
    let sql = format!("{} ORDER BY p.position, p.slug", select());
    let rows = tx.query(&sql, &[]).await?;
    rows.into_iter()
        .map(|row| read(&mut row.reader()))
        .collect()
}

fn validate(provider: &Provider) -> Result<(), DirectoryError> {
    let label = provider.label.trim();
    if label.is_empty() || label.chars().count() > 80 || label.chars().any(char::is_control) {
        return Err(DirectoryError::invalid(
            "label",
            "must have 1 to 80 visible characters",
        ));
    }
    let mut mapped = provider.group_map.values().flatten();
    if let Some(bad) = mapped.find(|name| address::name_key(name).is_none()) {
        return Err(DirectoryError::invalid(
            "group_map",
            format!("{bad:?} is no name of a group: 1 to 256 visible characters"),
        ));
    }
    match provider
        .allowed_domains
        .iter()
        .find(|p| DomainPattern::parse(p).is_none())
    {
        Some(bad) => Err(DirectoryError::invalid(
            "allowed_domains",
            format!("{bad:?} is no domain (example.com), no pattern (*.example.com) and not *"),
        )),
        None => Ok(()),
    }
}

/// How a provider is saved.
#[derive(Clone, Debug)]
pub struct Save {
    /// The provider.
    pub provider: Provider,
    /// Its secrets, sealed.
    pub secrets: String,
    /// A copy of its metadata that was fetched for this change; without one,
    /// the copy from the same address stays, or is fetched soon.
    pub metadata: Option<GoodCopy>,
    /// The version that was read; `None` makes a new one and refuses a slug
    /// that is taken.
    pub over: Option<i64>,
    /// Who keeps it from now on.
    pub managed_by: ManagedBy,
}

impl Directory {
    /// The provider with this slug.
    pub async fn provider(&self, slug: &Slug) -> Result<StoredProvider, DirectoryError> {
        let slug = slug.clone();
        let found = self
            .db
            .read(move |tx| {
                let slug = slug.clone();
                Box::pin(async move { by_slug(tx, &slug).await })
            })
            .await?;
        found.ok_or(DirectoryError::NotFound("provider"))
    }

    /// All providers in the order of the sign-in page.
    pub async fn providers(&self) -> Result<Vec<StoredProvider>, DirectoryError> {
        Ok(self
            .db
            .read(|tx| Box::pin(async move { all(tx).await }))
            .await?)
    }

    /// Saves a provider. The configuration file's providers change by the file
    /// alone.
    pub async fn save_provider(
        &self,
        save: Save,
        actor: Actor,
    ) -> Result<StoredProvider, DirectoryError> {
        validate(&save.provider)?;
        let directory = self.clone();
        self.db
            .write(move |tx| {
                let (save, actor, directory) = (save.clone(), actor.clone(), directory.clone());
                Box::pin(async move { store(tx, save, &actor, &directory).await })
            })
            .await
    }

    /// Gives a provider of the configuration file into the admins' hands.
    pub async fn release_provider(&self, slug: &Slug) -> Result<(), DirectoryError> {
        let slug = slug.clone();
        self.db
            .write(move |tx| {
                let slug = slug.clone();
                Box::pin(async move {
                    let sql = "UPDATE providers SET managed_by = $2, version = version + 1 WHERE slug = $1";
                    tx.execute(sql, params![&slug, ManagedBy::Api.as_str()]).await?;
                    Ok(())
                })
            })
            .await
    }

    /// Deletes a provider and what it knows of people: a new provider of the
    /// same name inherits nobody. The users stay.
    pub async fn delete_provider(&self, slug: &Slug, actor: Actor) -> Result<(), DirectoryError> {
        let (slug, directory) = (slug.clone(), self.clone());
        self.db
            .write(move |tx| {
                let (slug, actor, directory) = (slug.clone(), actor.clone(), directory.clone());
                Box::pin(async move {
                    let stored = held(tx, &slug).await?;
                    let stored = stored.ok_or(DirectoryError::NotFound("provider"))?;
                    if stored.managed_by == ManagedBy::File {
                        return Err(DirectoryError::ManagedByFile);
                    }
                    endings::end(tx, Which::Through(&slug), Reason::Administrator).await?;
                    for sql in [
                        "DELETE FROM external_identities WHERE provider = $1",
                        "DELETE FROM sign_in_transactions WHERE provider = $1",
                        "DELETE FROM conflicts WHERE provider = $1",
                        "DELETE FROM logout_requests WHERE provider = $1",
                        "DELETE FROM providers WHERE slug = $1",
                    ] {
                        tx.execute(sql, params![&slug]).await?;
                    }
                    let label = &stored.provider.label;
                    let target = Target {
                        kind: "provider",
                        id: slug.as_str(),
                        name: label,
                    };
                    let at = (directory.now(), &directory.entropy);
                    audit::record(tx, at, &actor, "provider.deleted", target, &[]).await?;
                    Ok(())
                })
            })
            .await
    }
}

/// The provider with this slug, once the sign-ins that hold it have ended; those
/// to come wait for this unit.
async fn held(tx: &mut Tx, slug: &Slug) -> Result<Option<StoredProvider>, StorageError> {
    let end = tx.dialect().for_delete();
    // The row beside it, which may be missing, cannot be held.
    let of = if end.is_empty() { "" } else { " OF p" };
    let sql = format!("{} WHERE p.slug = $1{end}{of}", select());
    tx.query_opt(&sql, params![slug])
        .await?
        .map(|row| read(&mut row.reader()))
        .transpose()
}

async fn store(
    tx: &mut Tx,
    save: Save,
    actor: &Actor,
    directory: &Directory,
) -> Result<StoredProvider, DirectoryError> {
    let now = directory.now();
    let slug = save.provider.slug.clone();
    let before = by_slug(tx, &slug).await?;
    if before
        .as_ref()
        .is_some_and(|b| b.managed_by == ManagedBy::File)
        && save.managed_by != ManagedBy::File
    {
        return Err(DirectoryError::ManagedByFile);
    }
    match (&before, save.over) {
        (Some(_), None) => {
            let value = slug.to_string();
            return Err(DirectoryError::Taken {
                what: "slug",
                value,
                kind: "provider",
            });
        }
        (None, Some(_)) => return Err(DirectoryError::NotFound("provider")),
        (Some(before), Some(version)) if before.version != version => {
            return Err(DirectoryError::Changed);
        }
        _ => {}
    }
    let mut changes = differences(before.as_ref().map(|b| &b.provider), &save.provider);
    if let Some(before) = &before
        && before.secrets != save.secrets
        && save.provider.oauth.is_some()
    {
        changes.push(change(
            "oauth.client_secret",
            "(a secret)",
            "(another secret)",
        ));
    }
    let copy = save.metadata.clone();
    let stored = match before {
        Some(before)
            if changes.is_empty()
                && copy.is_none()
                && before.secrets == save.secrets
                && before.managed_by == save.managed_by =>
        {
            return Ok(before);
        }
        Some(before) => update(tx, save, before, now).await?,
        None => insert(tx, save, now).await?,
    };
    let stored = keep_metadata(tx, stored, copy, now).await?;
    let action = if stored.version == 1 {
        "provider.created"
    } else {
        "provider.updated"
    };
    let target = Target {
        kind: "provider",
        id: slug.as_str(),
        name: &stored.provider.label,
    };
    audit::record(
        tx,
        (now, &directory.entropy),
        actor,
        action,
        target,
        &changes,
    )
    .await?;
    Ok(stored)
}

/// Keeps the metadata that came with a change, or sees to it that there will
/// be some.
async fn keep_metadata(
    tx: &mut Tx,
    stored: StoredProvider,
    copy: Option<GoodCopy>,
    now: Timestamp,
) -> Result<StoredProvider, DirectoryError> {
    let slug = &stored.provider.slug;
    let url = stored.provider.saml.as_ref();
    match (url.and_then(|saml| saml.metadata_url.as_deref()), copy) {
        (Some(_), Some(copy)) => provider_metadata::put(tx, slug, &copy, now).await?,
        (Some(url), None) => provider_metadata::expect(tx, slug, url, now).await?,
        (None, _) => provider_metadata::forget(tx, slug).await?,
    }
    let again = by_slug(tx, slug).await?;
    again.ok_or(DirectoryError::NotFound("provider"))
}

async fn update(
    tx: &mut Tx,
    save: Save,
    before: StoredProvider,
    now: Timestamp,
) -> Result<StoredProvider, DirectoryError> {
    let sql = "UPDATE providers SET kind = $2, config = $3, secrets = $4, managed_by = $5, \
               version = version + 1, updated_at = $6 WHERE slug = $1 AND version = $7";
    let config = config(&save.provider)?;
    let row = params![
        &save.provider.slug,
        save.provider.kind.as_str(),
        config,
        &save.secrets,
        save.managed_by.as_str(),
        now,
        before.version
    ];
    if tx.execute(sql, row).await? != 1 {
        return Err(StorageError::stale("the provider was changed in the meantime").into());
    }
    Ok(StoredProvider {
        provider: save.provider,
        managed_by: save.managed_by,
        secrets: save.secrets,
        version: before.version + 1,
        updated_at: now,
        ..before
    })
}

async fn insert(tx: &mut Tx, save: Save, now: Timestamp) -> Result<StoredProvider, DirectoryError> {
    let position = tx
        .count("SELECT COALESCE(MAX(position), 0) + 1 FROM providers", &[])
        .await?;
    let sql = "INSERT INTO providers (slug, kind, position, config, secrets, managed_by, version, \
               created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, 1, $7, $7)";
    let config = config(&save.provider)?;
    let row = params![
        &save.provider.slug,
        save.provider.kind.as_str(),
        position,
        config,
        &save.secrets,
        save.managed_by.as_str(),
        now
    ];
    tx.execute(sql, row).await?;
    Ok(StoredProvider {
        provider: save.provider,
        managed_by: save.managed_by,
        position,
        secrets: save.secrets,
        metadata: None,
        version: 1,
        created_at: now,
        updated_at: now,
    })
}

fn config(provider: &Provider) -> Result<String, StorageError> {
    serde_json::to_string(provider).map_err(|e| StorageError::Statement(e.to_string()))
}

/// What differs, key by key; metadata only by its having changed.
fn differences(before: Option<&Provider>, after: &Provider) -> Vec<Change> {
    let keys = |p: Option<&Provider>| match p.map(serde_json::to_value) {
        Some(Ok(serde_json::Value::Object(mut map))) => {
            for of in ["saml", "oauth"] {
                if let Some(serde_json::Value::Object(own)) = map.remove(of) {
                    map.extend(
                        own.into_iter()
                            .map(|(key, value)| (format!("{of}.{key}"), value)),
                    );
                }
            }
            map
        }
        _ => serde_json::Map::new(),
    };
    plan::json_changes(&keys(before), &keys(Some(after)), &["saml.metadata_xml"])
}
