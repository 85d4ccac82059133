//! What people agreed to, and what applications hold for them.

use super::consent::item;
use super::scope::Scopes;
use super::{OidcState, authorize};
use crate::directory::audit::{self, Actor, Target};
use crate::directory::{Directory, DirectoryError};
use crate::domain::{Slug, Timestamp, UserId};
use crate::platform::i18n::Locale;
use crate::platform::storage::{StorageError, Tx, params};

/// An application that has something of a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// Which.
    pub application: Slug,
    /// Its name.
    pub name: String,
    /// Since when.
    pub since: Timestamp,
    /// Whether it has access while the person is away.
    pub is_offline: bool,
    /// What it may know.
    scope: Scopes,
}

impl Held {
    /// What it may know, as names of messages.
    #[must_use]
    pub fn items(&self) -> Vec<&'static str> {
        // An agreement alone is no access yet.
        let counts = |scope: &&str| self.is_offline || *scope != "offline_access";
        self.scope.iter().filter(counts).filter_map(item).collect()
    }
}

/// What a user agreed to give to an application.
pub async fn given(
    directory: &Directory,
    user: &UserId,
    application: &Slug,
) -> Result<Scopes, DirectoryError> {
    let (user, application) = (user.clone(), application.clone());
    let found: Result<Scopes, StorageError> = directory
        .db
        .look_up(move |tx| {
            let (user, application) = (user.clone(), application.clone());
            Box::pin(async move { scope_of(tx, &user, &application).await })
        })
        .await;
    Ok(found?)
}

async fn scope_of(tx: &mut Tx, user: &UserId, application: &Slug) -> Result<Scopes, StorageError> {
    let sql = "SELECT scope FROM oidc_consents WHERE user_id = $1 AND application = $2";
    let row = tx.query_opt(sql, params![user, application]).await?;
    let text = row.map(|row| row.reader().text()).transpose()?;
    Ok(Scopes::parse(text.as_deref().unwrap_or("")))
}

/// Notes that a user agreed to what a waiting request asks for. `false` when
/// there is no such request any more.
pub(super) async fn agree(
    state: &OidcState,
    user: &UserId,
    flow: &str,
) -> Result<bool, DirectoryError> {
    let Ok((proven, wish)) = authorize::waiting(state, Locale::En, flow).await else {
        return Ok(false);
    };
    let (user, application) = (user.clone(), proven.application);
    let (scope, now) = (wish.asks_for(&application), state.directory.now());
    let written: Result<(), StorageError> = state
        .directory
        .db
        .write(move |tx| {
            let (user, application) = (user.clone(), application.slug.clone());
            let scope = scope.clone();
            Box::pin(async move {
                const SQL: &str = "INSERT INTO oidc_consents (user_id, application, scope, \
                    created_at, updated_at) VALUES ($1, $2, $3, $4, $4) \
                    ON CONFLICT (user_id, application) DO UPDATE SET scope = $3, updated_at = $4";
                let all = scope_of(tx, &user, &application).await?.and(&scope);
                let row = params![&user, &application, all.to_string(), now];
                tx.execute(SQL, row).await.map(|_| ())
            })
        })
        .await;
    written?;
    Ok(true)
}

/// The applications that have something of a user: what was agreed to, and
/// access while the user is away. By name.
pub async fn of_user(directory: &Directory, user: &UserId) -> Result<Vec<Held>, DirectoryError> {
    const SQL: &str = "SELECT a.slug, a.name, h.scope, h.offline, MIN(h.created_at) FROM ( \
        SELECT application, scope, created_at, CAST(0 AS BIGINT) AS offline \
        FROM oidc_consents \
        WHERE user_id = $1 \
        UNION ALL SELECT application, scope, created_at, CAST(1 AS BIGINT) \
        FROM oidc_grants \
        WHERE user_id = $1 AND is_offline AND code_used_at IS NOT NULL AND expires_at > $2 \
        ) h JOIN applications a ON a.slug = h.application \
        GROUP BY a.slug, a.name, h.scope, h.offline ORDER BY lower(a.name), a.slug";
    let (user, now) = (user.clone(), directory.now());
    let rows: Result<Vec<Held>, StorageError> = directory
        .db
        .read(move |tx| {
            let user = user.clone();
            Box::pin(async move {
                let rows = tx.query(SQL, params![&user, now]).await?;
                rows.into_iter()
                    .map(|row| {
                        let mut reader = row.reader();
                        Ok(Held {
                            application: reader.parsed(Slug::parse)?,
                            name: reader.text()?,
                            scope: Scopes::parse(&reader.text()?),
                            is_offline: reader.int()? > 0,
                            since: reader.time()?,
                        })
                    })
                    .collect()
            })
        })
        .await;
    let mut all: Vec<Held> = Vec::new();
    for row in rows? {
        match all.last_mut() {
            Some(held) if held.application == row.application => {
                held.scope = held.scope.and(&row.scope);
                held.is_offline |= row.is_offline;
                held.since = held.since.min(row.since);
            }
            _ => all.push(row),
        }
    }
    Ok(all)
}

/// Takes back what an application has of a user; answers whether it had
/// anything.
pub async fn take_back(
    directory: &Directory,
    user: &UserId,
    application: &Slug,
    actor: Actor,
) -> Result<bool, DirectoryError> {
    let (user, application) = (user.clone(), application.clone());
    let own = directory.clone();
    directory
        .db
        .write(move |tx| {
            let (user, application) = (user.clone(), application.clone());
            let (own, actor) = (own.clone(), actor.clone());
            Box::pin(async move {
                let mut rows = 0;
                for sql in [
                    "DELETE FROM oidc_consents WHERE user_id = $1 AND application = $2",
                    "DELETE FROM oidc_grants WHERE user_id = $1 AND application = $2",
                ] {
                    rows += tx.execute(sql, params![&user, &application]).await?;
                }
                if rows > 0 {
                    let target = Target {
                        kind: "application",
                        id: application.as_str(),
                        name: application.as_str(),
                    };
                    let at = (own.now(), &own.entropy);
                    audit::record(tx, at, &actor, "application.access_taken_back", target, &[])
                        .await?;
                }
                Ok::<_, DirectoryError>(rows > 0)
            })
        })
        .await
}
