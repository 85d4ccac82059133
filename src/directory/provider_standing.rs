//! How a provider stands: when somebody last came in through it, what fails, and
//! who could not come in without it; and the order of providers.

use super::audit::{self, Actor, Target};
use super::error::DirectoryError;
use super::linking::{self, Open};
use super::plan::change;
use super::settings::{self, Settings};
use super::traces::LoginTrace;
use super::{Directory, providers, traces};
use crate::domain::{Role, Slug, Timestamp, UserId, ids};
use crate::platform::storage::{StorageError, Tx, params};

/// Failures since the last success that make a provider one that fails: a single
/// one is a person's or a stranger's.
const FAILS: i64 = 3;
/// Failures that are counted; beyond, there are "so many or more".
pub const COUNTED: i64 = 2_000;

/// How logins through a provider went.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Logins {
    /// The last one that succeeded, as far back as traces go.
    pub last_success: Option<Timestamp>,
    /// Since when none succeeded although several were tried.
    pub failing_since: Option<Timestamp>,
    /// How many did not succeed since a moment, and the commonest reason's code.
    pub failures: i64,
    /// The code of the commonest reason.
    pub commonest: Option<String>,
}

/// Who depends on a provider.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Dependants {
    /// Users who have an identity of it.
    pub people: i64,
    /// Those of them who have no other way in: no identity of another provider that is
    /// switched on, no passkey, no password.
    pub only: i64,
    /// Whether it leads an admin in, and no admin has another way in.
    pub last_for_admins: bool,
}

async fn logins(tx: &mut Tx, slug: &Slug, since: Timestamp) -> Result<Logins, StorageError> {
    let sql = "SELECT id, at FROM login_traces WHERE provider = $1 AND outcome = 'success' \
               AND kind <> 'test' ORDER BY id DESC LIMIT 1";
    let last = tx.query_opt(sql, params![slug]).await?;
    let last = last
        .map(|row| {
            let mut reader = row.reader();
            Ok::<_, StorageError>((reader.text()?, reader.time()?))
        })
        .transpose()?;
    let after = last.as_ref().map_or("", |(id, _)| id.as_str());
    let sql = "SELECT at FROM login_traces WHERE provider = $1 AND outcome = 'failed' AND id > $2 \
               AND kind IN ('saml', 'oauth') ORDER BY id LIMIT $3";
    let failed = tx.query(sql, params![slug, after, FAILS]).await?;
    let enough = i64::try_from(failed.len()).unwrap_or(0) >= FAILS;
    let first = failed.into_iter().next().filter(|_| enough);
    let failing_since = first.map(|row| row.reader().time()).transpose()?;
    let mut logins = Logins {
        last_success: last.map(|(_, at)| at),
        failing_since,
        ..Logins::default()
    };
    // A flood of failures must not make the page slow that tells of it.
    let sql = "SELECT code, COUNT(*) AS n FROM (SELECT code FROM login_traces WHERE \
               provider = $1 AND outcome IN ('failed', 'refused') AND id >= $2 AND \
               kind IN ('saml', 'oauth') LIMIT $3) AS recent GROUP BY code ORDER BY n DESC, code";
    for row in tx
        .query(sql, params![slug, ids::floor(since), COUNTED])
        .await?
    {
        let mut reader = row.reader();
        let code = reader.text()?;
        logins.failures += reader.int()?;
        logins.commonest.get_or_insert(code);
    }
    Ok(logins)
}

/// Whether a provider leads an active admin in, and is the last way for all of them.
async fn is_last_for_admins(tx: &mut Tx, slug: &Slug, open: Open) -> Result<bool, StorageError> {
    let sql = "SELECT id, roles FROM users WHERE roles <> '' AND status = 'active'";
    let mut admins = Vec::new();
    for row in tx.query(sql, &[]).await? {
        let mut reader = row.reader();
        let id = UserId::from_row(reader.text()?);
        let roles = reader.text()?;
        if roles.split_whitespace().any(|r| r == Role::Admin.as_str()) {
            admins.push(id);
        }
    }
    let on: Vec<Slug> = providers::all(tx)
        .await?
        .into_iter()
        .filter(|stored| stored.provider.enabled)
        .map(|stored| stored.provider.slug)
        .collect();
    let sql = "SELECT provider FROM external_identities WHERE user_id = $1";
    let mut leads = false;
    for admin in admins {
        for row in tx.query(sql, params![&admin]).await? {
            let provider = row.reader().text()?;
            if provider == slug.as_str() {
                leads = true;
            } else if on.iter().any(|slug| slug.as_str() == provider) {
                return Ok(false);
            }
        }
        if linking::has_way_in_here(tx, &admin, None, open).await? {
            return Ok(false);
        }
    }
    Ok(leads)
}

async fn dependants(tx: &mut Tx, slug: &Slug, open: Open) -> Result<Dependants, StorageError> {
    let sql = "SELECT COUNT(DISTINCT user_id) FROM external_identities WHERE provider = $1";
    let people = tx.count(sql, params![slug]).await?;
    let mut others = Vec::new();
    for stored in providers::all(tx).await? {
        if stored.provider.enabled && stored.provider.slug != *slug {
            others.push(stored.provider.slug);
        }
    }
    let mut sql = "SELECT COUNT(DISTINCT e.user_id) FROM external_identities e \
                   WHERE e.provider = $1 AND NOT EXISTS (SELECT 1 FROM external_identities o \
                   WHERE o.user_id = e.user_id AND o.provider IN (''))"
        .to_owned();
    let mut values = params![slug].to_vec();
    // A list of its own for each number of providers; there are few.
    let marks: Vec<String> = (0..others.len()).map(|n| format!("${}", n + 2)).collect();
    if !marks.is_empty() {
        sql = sql.replace("('')", &format!("({})", marks.join(", ")));
    }
    if open.passkeys {
        sql.push_str(
            " AND NOT EXISTS (SELECT 1 FROM passkeys k \
             WHERE k.user_id = e.user_id AND k.state = 'active')",
        );
    }
    if open.passwords {
        sql.push_str(" AND NOT EXISTS (SELECT 1 FROM passwords p WHERE p.user_id = e.user_id)");
    }
    for other in &others {
        values.push(other.into());
    }
    let only = tx.count(&sql, &values).await?;
    Ok(Dependants {
        people,
        only,
        last_for_admins: is_last_for_admins(tx, slug, open).await?,
    })
}

/// The newest login through a provider that brought attributes.
async fn last_seen(tx: &mut Tx, slug: &Slug) -> Result<Option<LoginTrace>, StorageError> {
    let mut newest: Option<LoginTrace> = None;
    for outcome in ["success", "refused"] {
        let found = traces::newest(tx, slug, outcome).await?;
        newest = match (newest, found) {
            (Some(one), Some(other)) if other.id <= one.id => Some(one),
            (one, None) => one,
            (_, other) => other,
        };
    }
    Ok(newest)
}

impl Directory {
    /// How logins through a provider went; failures are counted from `since` on.
    pub async fn logins_through(
        &self,
        slug: &Slug,
        since: Timestamp,
    ) -> Result<Logins, DirectoryError> {
        let slug = slug.clone();
        let found = self.db.read(move |tx| {
            let slug = slug.clone();
            Box::pin(async move { logins(tx, &slug, since).await })
        });
        let found: Result<_, StorageError> = found.await;
        Ok(found?)
    }

    /// Who depends on a provider. `defaults` are the settings that hold until an admin
    /// sets some.
    pub async fn dependants_of(
        &self,
        slug: &Slug,
        defaults: &Settings,
    ) -> Result<Dependants, DirectoryError> {
        let (slug, defaults) = (slug.clone(), defaults.clone());
        let found = self.db.read(move |tx| {
            let (slug, defaults) = (slug.clone(), defaults.clone());
            Box::pin(async move {
                let open = Open::of(&settings::load(tx, &defaults).await?);
                dependants(tx, &slug, open).await
            })
        });
        let found: Result<_, StorageError> = found.await;
        Ok(found?)
    }

    /// The newest login through a provider, or try of one, that brought
    /// attributes.
    pub async fn last_seen_through(
        &self,
        slug: &Slug,
    ) -> Result<Option<LoginTrace>, DirectoryError> {
        let slug = slug.clone();
        let found = self.db.read(move |tx| {
            let slug = slug.clone();
            Box::pin(async move { last_seen(tx, &slug).await })
        });
        let found: Result<_, StorageError> = found.await;
        Ok(found?)
    }

    /// Moves a provider one place up or down on the sign-in page. `false`: it
    /// stands at that end already.
    pub async fn move_provider(
        &self,
        slug: &Slug,
        up: bool,
        actor: Actor,
    ) -> Result<bool, DirectoryError> {
        let (slug, directory) = (slug.clone(), self.clone());
        let moved = self.db.write(move |tx| {
            let (slug, directory, actor) = (slug.clone(), directory.clone(), actor.clone());
            Box::pin(async move { shift(tx, &directory, &slug, up, &actor).await })
        });
        moved.await
    }
}

async fn shift(
    tx: &mut Tx,
    directory: &Directory,
    slug: &Slug,
    up: bool,
    actor: &Actor,
) -> Result<bool, DirectoryError> {
    let mut all = providers::all(tx).await?;
    let at = all.iter().position(|stored| stored.provider.slug == *slug);
    let at = at.ok_or(DirectoryError::NotFound("provider"))?;
    let to = if up { at.checked_sub(1) } else { Some(at + 1) };
    let Some(to) = to.filter(|to| *to < all.len()) else {
        return Ok(false);
    };
    all.swap(at, to);
    let mut label = String::new();
    for (place, stored) in (1_i64..).zip(&all) {
        if stored.provider.slug == *slug {
            label.clone_from(&stored.provider.label);
        }
        if stored.position != place {
            let sql = "UPDATE providers SET position = $2 WHERE slug = $1";
            tx.execute(sql, params![&stored.provider.slug, place])
                .await?;
        }
    }
    let target = Target {
        kind: "provider",
        id: slug.as_str(),
        name: &label,
    };
    let change = change("position", at + 1, to + 1);
    let when = (directory.now(), &directory.entropy);
    audit::record(tx, when, actor, "provider.moved", target, &[change]).await?;
    Ok(true)
}
