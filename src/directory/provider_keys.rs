//! A provider's own key pairs in the database, sealed by whoever makes them.

use super::audit::{self, Actor, Target};
use super::error::DirectoryError;
use super::plan::Change;
use super::providers::{StoredProvider, by_slug};
use super::{Directory, plan};
use crate::domain::Slug;
use crate::platform::storage::{Tx, params};

/// Other secrets for a provider, and what the audit log says of it.
#[derive(Clone, Debug)]
pub struct NewSecrets {
    /// The provider.
    pub slug: Slug,
    /// The version that was read.
    pub over: i64,
    /// The secrets, sealed.
    pub secrets: String,
    /// What was done, `provider.key_added`.
    pub action: &'static str,
    /// The fingerprints of the keys before and after.
    pub fingerprints: (String, String),
}

impl Directory {
    /// Puts other secrets in the place of a provider's. The configuration
    /// file's providers are no exception: their keys do not stand in the file.
    ///
    /// # Errors
    /// [`DirectoryError::Changed`] when the provider is of another version.
    pub async fn replace_provider_secrets(
        &self,
        new: NewSecrets,
        actor: Actor,
    ) -> Result<StoredProvider, DirectoryError> {
        let directory = self.clone();
        self.db
            .write(move |tx| {
                let (directory, new, actor) = (directory.clone(), new.clone(), actor.clone());
                Box::pin(async move { replace(tx, &directory, new, &actor).await })
            })
            .await
    }
}

async fn replace(
    tx: &mut Tx,
    directory: &Directory,
    new: NewSecrets,
    actor: &Actor,
) -> Result<StoredProvider, DirectoryError> {
    let now = directory.now();
    let sql = "UPDATE providers SET secrets = $2, version = version + 1, updated_at = $3 \
               WHERE slug = $1 AND version = $4";
    let row = params![&new.slug, &new.secrets, now, new.over];
    if tx.execute(sql, row).await? != 1 {
        return Err(DirectoryError::Changed);
    }
    let stored = by_slug(tx, &new.slug).await?;
    let stored = stored.ok_or(DirectoryError::NotFound("provider"))?;
    let (before, after) = new.fingerprints;
    let changes: [Change; 1] = [plan::change("keys", before, after)];
    let target = Target {
        kind: "provider",
        id: new.slug.as_str(),
        name: &stored.provider.label,
    };
    let at = (now, &directory.entropy);
    audit::record(tx, at, actor, new.action, target, &changes).await?;
    Ok(stored)
}
