//! Applications in the database, their secrets, and who is assigned to them.
//!
//! [`access`] decides who may use one; `assignments` keeps the lists.

pub mod access;
mod assignments;

pub use assignments::{Assigned, Assignee};

use secrecy::SecretString;
use subtle::ConstantTimeEq as _;

use super::audit::{self, Actor, Target};
use super::error::DirectoryError;
use super::plan::{self, Change};
use super::{Directory, tokens};
use crate::domain::{Application, Slug, Timestamp};
use crate::platform::storage::{Reader, StorageError, Tx, params};

/// What every client secret starts with.
pub const SECRET_PREFIX: &str = "dws_";

/// How long a secret counts at the most when there is a new one, in seconds.
pub const LONGEST_OVERLAP: i64 = 7 * 24 * 3600;

/// An application as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredApplication {
    /// The application.
    pub application: Application,
    /// The hash of the client's secret, while it has one.
    secret_hash: Option<String>,
    /// When that secret was made.
    pub secret_made_at: Option<Timestamp>,
    /// The hash of the secret before it.
    old_secret_hash: Option<String>,
    /// Until when that one counts, too.
    pub old_secret_until: Option<Timestamp>,
    /// Counts the writes.
    pub version: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

impl StoredApplication {
    /// Whether this is the client's secret, or the one before it while that counts.
    /// Takes the same time whatever is presented.
    #[must_use]
    pub fn is_secret(&self, presented: &str, now: Timestamp) -> bool {
        let presented = tokens::hash(presented);
        let is = |kept: Option<&String>| {
            kept.is_some_and(|kept| kept.as_bytes().ct_eq(presented.as_bytes()).into())
        };
        let counts = self.old_secret_until.is_some_and(|until| now < until);
        let old = self.old_secret_hash.as_ref().filter(|_| counts);
        is(self.secret_hash.as_ref()) | is(old)
    }
}

#[cfg(test)]
impl StoredApplication {
    /// One that was made and never changed, for the samples of pages.
    pub(crate) const fn sample(application: Application, at: Timestamp) -> Self {
        Self {
            application,
            secret_hash: None,
            secret_made_at: Some(at),
            old_secret_hash: None,
            old_secret_until: None,
            version: 1,
            created_at: at,
            updated_at: at,
        }
    }
}

/// The columns of an application in the order in which [`read`] takes them.
const COLUMNS: &str = "a.config, a.secret_hash, a.secret_made_at, a.old_secret_hash, a.old_secret_until, a.version, \
     a.created_at, a.updated_at";

fn read(reader: &mut Reader) -> Result<StoredApplication, StorageError> {
    Ok(StoredApplication {
        application: reader.json()?,
        secret_hash: reader.opt_text()?,
        secret_made_at: reader.opt_time()?,
        old_secret_hash: reader.opt_text()?,
        old_secret_until: reader.opt_time()?,
        version: reader.int()?,
        created_at: reader.time()?,
        updated_at: reader.time()?,
    })
}

/// The application with this slug, which is the `client_id` of an OpenID client.
pub async fn by_slug(tx: &mut Tx, slug: &Slug) -> Result<Option<StoredApplication>, StorageError> {
    let sql = format!("SELECT {COLUMNS} FROM applications a WHERE a.slug = $1");
    tx.query_opt(&sql, params![slug])
        .await?
        .map(|row| read(&mut row.reader()))
        .transpose()
}

/// The application behind forward-auth that has this host
/// ([`clean_host`](crate::domain::application::clean_host)).
pub async fn by_host(tx: &mut Tx, host: &str) -> Result<Option<StoredApplication>, StorageError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM application_hosts h JOIN applications a ON a.slug = h.application \
         WHERE h.host = $1"
    );
    tx.query_opt(&sql, params![host])
        .await?
        .map(|row| read(&mut row.reader()))
        .transpose()
}

/// Every application, by name.
pub async fn all(tx: &mut Tx) -> Result<Vec<StoredApplication>, StorageError> {
    let sql = format!("SELECT {COLUMNS} FROM applications a ORDER BY lower(a.name), a.slug");
    let rows = tx.query(&sql, &[]).await?;
    rows.into_iter()
        .map(|row| read(&mut row.reader()))
        .collect()
}

/// Every host of an application behind forward-auth: where a browser may be sent
/// back to.
pub async fn hosts(tx: &mut Tx) -> Result<Vec<String>, StorageError> {
    let rows = tx.query("SELECT host FROM application_hosts", &[]).await?;
    rows.into_iter().map(|row| row.reader().text()).collect()
}

/// An application that was saved; a new secret is told here and never again.
#[derive(Debug)]
pub struct Saved {
    /// The application.
    pub stored: StoredApplication,
    /// The client's secret, when it has just got one.
    pub secret: Option<SecretString>,
}

impl Directory {
    /// The application with this slug.
    pub async fn application(&self, slug: &Slug) -> Result<StoredApplication, DirectoryError> {
        let slug = slug.clone();
        let found = self
            .db
            .read(move |tx| {
                let slug = slug.clone();
                Box::pin(async move { by_slug(tx, &slug).await })
            })
            .await?;
        found.ok_or(DirectoryError::NotFound("application"))
    }

    /// The hosts to which a browser may be sent afterwards: none where it stays here
    /// anyway.
    pub async fn hosts_for(&self, target: Option<&str>) -> Result<Vec<String>, DirectoryError> {
        if target.is_none_or(|target| target.starts_with('/')) {
            return Ok(Vec::new());
        }
        Ok(self
            .db
            .look_up(|tx| Box::pin(async move { hosts(tx).await }))
            .await?)
    }

    /// Every application, by name.
    pub async fn applications(&self) -> Result<Vec<StoredApplication>, DirectoryError> {
        Ok(self
            .db
            .read(|tx| Box::pin(async move { all(tx).await }))
            .await?)
    }

    /// Saves an application over the version that was read, or makes one when
    /// `over` is `None`. A client that needs a secret and has none gets one.
    pub async fn save_application(
        &self,
        mut application: Application,
        over: Option<i64>,
        actor: Actor,
    ) -> Result<Saved, DirectoryError> {
        application.normalise();
        if let Some(mistake) = application.mistakes().into_iter().next() {
            let field = mistake.pointer.trim_start_matches('/').replace('/', ".");
            return Err(DirectoryError::invalid(field, mistake.detail));
        }
        let directory = self.clone();
        let secret = self.client_secret();
        let (stored, is_new) = self
            .db
            .write(move |tx| {
                let (application, actor) = (application.clone(), actor.clone());
                let directory = directory.clone();
                let hash = tokens::hash(&secret);
                let secret = secret.clone();
                Box::pin(async move {
                    let saved = store(tx, application, over, &hash, &actor, &directory).await?;
                    let is_new = saved.secret_hash.as_deref() == Some(hash.as_str());
                    Ok::<_, DirectoryError>((saved, is_new.then_some(secret)))
                })
            })
            .await?;
        Ok(Saved {
            stored,
            secret: is_new.map(SecretString::from),
        })
    }

    /// Gives a client another secret. The one so far counts for some seconds more,
    /// so that the client can be given the new one meanwhile; with none, it is of
    /// no use from now on.
    pub async fn rotate_application_secret(
        &self,
        slug: &Slug,
        keep: i64,
        actor: Actor,
    ) -> Result<Saved, DirectoryError> {
        if !(0..=LONGEST_OVERLAP).contains(&keep) {
            return Err(DirectoryError::invalid(
                "keep_old_for",
                "must be 0 to 604800 seconds",
            ));
        }
        let (slug, directory, secret) = (slug.clone(), self.clone(), self.client_secret());
        let hash = tokens::hash(&secret);
        let stored = self
            .db
            .write(move |tx| {
                let (slug, actor) = (slug.clone(), actor.clone());
                let (directory, hash) = (directory.clone(), hash.clone());
                Box::pin(async move {
                    let before = locked(tx, &slug).await?;
                    if !before.application.has_secret() {
                        return Err(DirectoryError::invalid(
                            "confidential",
                            "this application has no secret: it is no OpenID client, a public one, or it signs with a key of its own",
                        ));
                    }
                    let now = directory.now();
                    // Of two rotations in a row the first one's secret counts on, and the
                    // one before that no more.
                    let until = (keep > 0).then(|| now.plus_seconds(keep));
                    let old = before.secret_hash.filter(|_| until.is_some());
                    let sql = "UPDATE applications SET secret_hash = $2, secret_made_at = $3, \
                               old_secret_hash = $4, old_secret_until = $5, \
                               version = version + 1, updated_at = $3 WHERE slug = $1";
                    let old = old.as_deref();
                    tx.execute(sql, params![&slug, &hash, now, old, until]).await?;
                    let mut changes =
                        vec![plan::change("client_secret", "(a secret)", "(another secret)")];
                    changes.extend(until.map(|until| Change {
                        field: "old_secret_until".to_owned(),
                        before: None,
                        after: Some(until.rfc3339()),
                    }));
                    let action = "application.secret_rotated";
                    note(tx, &before.application, action, &changes, &actor, &directory).await?;
                    let after = by_slug(tx, &slug).await?;
                    after.ok_or(DirectoryError::NotFound("application"))
                })
            })
            .await?;
        Ok(Saved {
            stored,
            secret: Some(SecretString::from(secret)),
        })
    }

    /// Deletes an application, what it was given, and its assignments.
    pub async fn delete_application(
        &self,
        slug: &Slug,
        over: Option<i64>,
        actor: Actor,
    ) -> Result<(), DirectoryError> {
        let (slug, directory) = (slug.clone(), self.clone());
        self.db
            .write(move |tx| {
                let (slug, actor, directory) = (slug.clone(), actor.clone(), directory.clone());
                Box::pin(async move {
                    let before = locked(tx, &slug).await?;
                    if over.is_some_and(|version| version != before.version) {
                        return Err(DirectoryError::Changed);
                    }
                    tx.execute("DELETE FROM applications WHERE slug = $1", params![&slug])
                        .await?;
                    let action = "application.deleted";
                    note(tx, &before.application, action, &[], &actor, &directory).await
                })
            })
            .await
    }

    fn client_secret(&self) -> String {
        format!("{SECRET_PREFIX}{}", self.entropy.base64url::<32>())
    }
}

/// The application with this slug, kept from being changed by others until the
/// unit ends.
async fn locked(tx: &mut Tx, slug: &Slug) -> Result<StoredApplication, DirectoryError> {
    let end = tx.dialect().for_update();
    let sql = format!("SELECT {COLUMNS} FROM applications a WHERE a.slug = $1{end}");
    let row = tx.query_opt(&sql, params![slug]).await?;
    let row = row.ok_or(DirectoryError::NotFound("application"))?;
    Ok(read(&mut row.reader())?)
}

async fn note(
    tx: &mut Tx,
    application: &Application,
    action: &str,
    changes: &[Change],
    actor: &Actor,
    directory: &Directory,
) -> Result<(), DirectoryError> {
    let target = Target {
        kind: "application",
        id: application.slug.as_str(),
        name: &application.name,
    };
    let at = (directory.now(), &directory.entropy);
    Ok(audit::record(tx, at, actor, action, target, changes).await?)
}

async fn store(
    tx: &mut Tx,
    application: Application,
    over: Option<i64>,
    new_secret: &str,
    actor: &Actor,
    directory: &Directory,
) -> Result<StoredApplication, DirectoryError> {
    let now = directory.now();
    let before = match locked(tx, &application.slug).await {
        Ok(before) => Some(before),
        Err(DirectoryError::NotFound(_)) => None,
        Err(error) => return Err(error),
    };
    match (&before, over) {
        (Some(_), None) => {
            return Err(DirectoryError::Taken {
                what: "slug",
                value: application.slug.to_string(),
                kind: "application",
            });
        }
        (None, Some(_)) => return Err(DirectoryError::NotFound("application")),
        (Some(before), Some(version)) if before.version != version => {
            return Err(DirectoryError::Changed);
        }
        _ => {}
    }
    let kept = before.as_ref().and_then(|b| b.secret_hash.clone());
    let secret = match kept {
        _ if !application.has_secret() => None,
        Some(kept) => Some(kept),
        None => Some(new_secret.to_owned()),
    };
    let changes = differences(before.as_ref().map(|b| &b.application), &application)?;
    if let Some(before) = &before
        && changes.is_empty()
        && before.secret_hash == secret
    {
        return Ok(before.clone());
    }
    refuse_taken_hosts(tx, &application).await?;
    let mut stored = StoredApplication {
        secret_made_at: match &before {
            Some(before) if before.secret_hash == secret => before.secret_made_at,
            _ => secret.as_ref().map(|_| now),
        },
        old_secret_hash: before.as_ref().and_then(|b| b.old_secret_hash.clone()),
        old_secret_until: before.as_ref().and_then(|b| b.old_secret_until),
        secret_hash: secret,
        version: before.as_ref().map_or(1, |b| b.version + 1),
        created_at: before.as_ref().map_or(now, |b| b.created_at),
        updated_at: now,
        application,
    };
    if stored.secret_hash.is_none() {
        (stored.old_secret_hash, stored.old_secret_until) = (None, None);
    }
    write(tx, &stored).await?;
    access::end_what_is_lost(tx, &stored.application).await?;
    let action = match before {
        None => "application.created",
        Some(_) => "application.updated",
    };
    note(tx, &stored.application, action, &changes, actor, directory).await?;
    Ok(stored)
}

async fn write(tx: &mut Tx, stored: &StoredApplication) -> Result<(), DirectoryError> {
    const SQL: &str = "INSERT INTO applications (slug, kind, name, config, secret_hash, \
        secret_made_at, version, created_at, updated_at, old_secret_hash, old_secret_until) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) \
        ON CONFLICT (slug) DO UPDATE SET kind = $2, name = $3, config = $4, secret_hash = $5, \
        secret_made_at = $6, version = $7, updated_at = $9, old_secret_hash = $10, \
        old_secret_until = $11 WHERE applications.version = $7 - 1";
    let application = &stored.application;
    let config = serde_json::to_string(application)
        .map_err(|error| StorageError::Statement(error.to_string()))?;
    let row = params![
        &application.slug,
        application.kind.as_str(),
        &application.name,
        config,
        stored.secret_hash.as_deref(),
        stored.secret_made_at,
        stored.version,
        stored.created_at,
        stored.updated_at,
        stored.old_secret_hash.as_deref(),
        stored.old_secret_until
    ];
    if tx.execute(SQL, row).await? != 1 {
        return Err(StorageError::stale("the application was changed in the meantime").into());
    }
    let sql = "DELETE FROM application_hosts WHERE application = $1";
    tx.execute(sql, params![&application.slug]).await?;
    for host in &application.hosts {
        let sql = "INSERT INTO application_hosts (host, application) VALUES ($1, $2)";
        tx.execute(sql, params![host, &application.slug]).await?;
    }
    Ok(())
}

async fn refuse_taken_hosts(tx: &mut Tx, application: &Application) -> Result<(), DirectoryError> {
    for host in &application.hosts {
        if let Some(other) = by_host(tx, host).await?
            && other.application.slug != application.slug
        {
            return Err(DirectoryError::Taken {
                what: "hosts",
                value: host.clone(),
                kind: "application",
            });
        }
    }
    Ok(())
}

/// What differs, key by key.
fn differences(
    before: Option<&Application>,
    after: &Application,
) -> Result<Vec<Change>, DirectoryError> {
    let keys = |application: &Application| match serde_json::to_value(application) {
        Ok(serde_json::Value::Object(map)) => Ok(map),
        Ok(_) => Ok(serde_json::Map::new()),
        Err(error) => Err(StorageError::Statement(error.to_string())),
    };
    let before = before.map(keys).transpose()?.unwrap_or_default();
    Ok(plan::json_changes(&before, &keys(after)?, &["jwks"]))
}
