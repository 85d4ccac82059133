//! API tokens: `dwt_` and 256 random bits, of which only the hash is kept.

use std::collections::BTreeSet;

use secrecy::SecretString;

use super::audit::{self, Actor, Target};
use super::error::DirectoryError;
use super::plan::Change;
use super::{Directory, users};
use crate::domain::{Scope, Timestamp, TokenId, UserId};
use crate::platform::storage::{Reader, StorageError, Tx, params};

/// What every token starts with.
pub const PREFIX: &str = "dwt_";

/// A token as it is read back: never its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiToken {
    /// The token's id.
    pub id: TokenId,
    /// What it is for.
    pub name: String,
    /// What it may do.
    pub scopes: BTreeSet<Scope>,
    /// The user with whose access it ends; `None` for one of the command line.
    pub created_by: Option<UserId>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends; `None` for never.
    pub expires_at: Option<Timestamp>,
    /// When it was last used, to the minute.
    pub last_used_at: Option<Timestamp>,
}

impl ApiToken {
    /// Whether the token may do what `wanted` allows.
    #[must_use]
    pub fn allows(&self, wanted: Scope) -> bool {
        self.scopes.iter().any(|scope| scope.allows(wanted))
    }
}

const COLUMNS: &str = "id, name, scopes, created_by, created_at, expires_at, last_used_at";

fn read(reader: &mut Reader) -> Result<ApiToken, StorageError> {
    Ok(ApiToken {
        id: TokenId::from_row(reader.text()?),
        name: reader.text()?,
        scopes: reader
            .text()?
            .split_whitespace()
            .filter_map(Scope::parse)
            .collect(),
        created_by: Some(reader.text()?)
            .filter(|by| !by.is_empty())
            .map(UserId::from_row),
        created_at: reader.time()?,
        expires_at: reader.opt_time()?,
        last_used_at: reader.opt_time()?,
    })
}

/// The user whose token this is: it ends with that user's access. What a
/// token makes belongs to whoever made that token, so that nobody keeps a way
/// in by making a second one.
///
/// What a user holds ends when the user is shut out; so that nothing slips in
/// behind that, the user is held until the token is written.
async fn maker(tx: &mut Tx, actor: &Actor) -> Result<String, DirectoryError> {
    let user = match actor {
        Actor::User { id, .. } => id.to_string(),
        Actor::Token { id, .. } => {
            let sql = "SELECT created_by FROM api_tokens WHERE id = $1";
            let row = tx.query_opt(sql, params![id]).await?;
            row.ok_or(DirectoryError::NotFound("token"))?
                .reader()
                .text()?
        }
        Actor::CommandLine | Actor::Channel(_) | Actor::Gateway => String::new(),
    };
    if !user.is_empty() && !users::hold(tx, &UserId::from_row(user.clone())).await? {
        return Err(DirectoryError::NotFound("user"));
    }
    Ok(user)
}

/// The SHA-256 of a secret in hexadecimal: what the database keeps.
#[must_use]
pub fn hash(secret: &str) -> String {
    let digest = openssl::sha::sha256(secret.as_bytes());
    digest
        .iter()
        .fold(String::with_capacity(64), |mut text, byte| {
            use std::fmt::Write as _;
            let _ = write!(text, "{byte:02x}");
            text
        })
}

impl Directory {
    /// Makes a token; its secret is told here and never again.
    pub async fn create_token(
        &self,
        name: String,
        scopes: BTreeSet<Scope>,
        expires_at: Option<Timestamp>,
        actor: Actor,
    ) -> Result<(ApiToken, SecretString), DirectoryError> {
        let id = TokenId::new(self.now(), &self.entropy);
        self.create_token_once(id, name, scopes, expires_at, actor)
            .await
    }

    /// The same under an id that the form already has: one that is sent twice
    /// makes one token.
    ///
    /// # Errors
    /// [`DirectoryError::Taken`] when the token was made before.
    pub async fn create_token_once(
        &self,
        id: TokenId,
        name: String,
        scopes: BTreeSet<Scope>,
        expires_at: Option<Timestamp>,
        actor: Actor,
    ) -> Result<(ApiToken, SecretString), DirectoryError> {
        let name = name.trim().to_owned();
        if name.is_empty() || name.chars().count() > 200 || name.chars().any(char::is_control) {
            return Err(DirectoryError::invalid(
                "name",
                "must have 1 to 200 visible characters",
            ));
        }
        if scopes.is_empty() {
            return Err(DirectoryError::invalid(
                "scopes",
                "must name at least one scope",
            ));
        }
        if scopes.contains(&Scope::Scim) && scopes.len() > 1 {
            return Err(DirectoryError::invalid(
                "scopes",
                "scim stands alone: a SCIM connection does nothing else",
            ));
        }
        let now = self.now();
        if expires_at.is_some_and(|end| end <= now) {
            return Err(DirectoryError::invalid(
                "expires_at",
                "must lie in the future",
            ));
        }
        let secret = format!("{PREFIX}{}", self.entropy.base64url::<32>());
        let mut token = ApiToken {
            id,
            name,
            scopes,
            created_by: None,
            created_at: now,
            expires_at,
            last_used_at: None,
        };
        let (made, hashed, entropy) = (token.clone(), hash(&secret), self.entropy.clone());
        let by = self
            .db
            .write(move |tx| {
                let (token, hashed) = (made.clone(), hashed.clone());
                let (actor, entropy) = (actor.clone(), entropy.clone());
                Box::pin(async move {
                    const SQL: &str = "INSERT INTO api_tokens (id, name, token_hash, scopes, \
                        created_by, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7) \
                        ON CONFLICT (id) DO NOTHING";
                    let scopes: Vec<&str> = token.scopes.iter().map(|s| s.as_str()).collect();
                    let by = maker(tx, &actor).await?;
                    let row = params![
                        &token.id,
                        &token.name,
                        hashed,
                        scopes.join(" "),
                        &by,
                        token.created_at,
                        token.expires_at
                    ];
                    if tx.execute(SQL, row).await? == 0 {
                        return Err(DirectoryError::Taken {
                            what: "id",
                            value: token.id.to_string(),
                            kind: "token",
                        });
                    }
                    let target = Target {
                        kind: "token",
                        id: token.id.as_str(),
                        name: &token.name,
                    };
                    let changes = [Change {
                        field: "scopes".to_owned(),
                        before: None,
                        after: Some(scopes.join(" ")),
                    }];
                    audit::record(
                        tx,
                        (now, &entropy),
                        &actor,
                        "token.created",
                        target,
                        &changes,
                    )
                    .await?;
                    Ok::<_, DirectoryError>(by)
                })
            })
            .await?;
        token.created_by = Some(by).filter(|by| !by.is_empty()).map(UserId::from_row);
        Ok((token, SecretString::from(secret)))
    }

    /// The token with this id.
    pub async fn token(&self, id: &TokenId) -> Result<ApiToken, DirectoryError> {
        let id = id.clone();
        let found = self
            .db
            .read(move |tx| {
                let id = id.clone();
                Box::pin(async move {
                    let sql = format!("SELECT {COLUMNS} FROM api_tokens WHERE id = $1");
                    let row = tx.query_opt(&sql, params![&id]).await?;
                    row.map(|row| read(&mut row.reader())).transpose()
                })
            })
            .await;
        let found: Option<ApiToken> = found.map_err(|e: StorageError| e)?;
        found.ok_or(DirectoryError::NotFound("token"))
    }

    /// All tokens, oldest first.
    pub async fn tokens(&self) -> Result<Vec<ApiToken>, DirectoryError> {
        Ok(self
            .db
            .read(|tx| {
                Box::pin(async move {
                    let sql = format!("SELECT {COLUMNS} FROM api_tokens ORDER BY id");
                    let rows = tx.query(&sql, &[]).await?;
                    rows.into_iter()
                        .map(|row| read(&mut row.reader()))
                        .collect::<Result<Vec<_>, StorageError>>()
                })
            })
            .await?)
    }

    /// The token with this secret, when it is still valid.
    pub async fn token_by_secret(&self, secret: &str) -> Result<Option<ApiToken>, DirectoryError> {
        let hashed = hash(secret);
        let found = self
            .db
            .look_up(move |tx| {
                let hashed = hashed.clone();
                Box::pin(async move {
                    let sql = format!("SELECT {COLUMNS} FROM api_tokens WHERE token_hash = $1");
                    let row = tx.query_opt(&sql, params![hashed]).await?;
                    row.map(|row| read(&mut row.reader())).transpose()
                })
            })
            .await;
        let found: Option<ApiToken> = found.map_err(|e: StorageError| e)?;
        let now = self.now();
        let Some(token) = found.filter(|t| t.expires_at.is_none_or(|end| now < end)) else {
            return Ok(None);
        };
        if token
            .last_used_at
            .is_none_or(|at| now.seconds_since(at) >= 60)
        {
            // Reading goes on while writing does not: the token is good.
            if let Err(error) = self.note_use(&token.id, now).await {
                tracing::warn!(%error, "a token's use could not be noted");
            }
        }
        Ok(Some(token))
    }

    async fn note_use(&self, id: &TokenId, now: Timestamp) -> Result<(), DirectoryError> {
        let id = id.clone();
        Ok(self
            .db
            .write(move |tx| {
                let id = id.clone();
                Box::pin(async move {
                    let sql = "UPDATE api_tokens SET last_used_at = $2 WHERE id = $1";
                    tx.execute(sql, params![&id, now]).await.map(|_| ())
                })
            })
            .await?)
    }

    /// Deletes a token; it is refused from then on.
    pub async fn delete_token(&self, id: &TokenId, actor: Actor) -> Result<(), DirectoryError> {
        let (id, directory) = (id.clone(), self.clone());
        self.db
            .write(move |tx| {
                let (id, actor, directory) = (id.clone(), actor.clone(), directory.clone());
                Box::pin(async move {
                    let sql = "SELECT name FROM api_tokens WHERE id = $1";
                    let row = tx.query_opt(sql, params![&id]).await?;
                    let name = row
                        .ok_or(DirectoryError::NotFound("token"))?
                        .reader()
                        .text()?;
                    tx.execute("DELETE FROM api_tokens WHERE id = $1", params![&id])
                        .await?;
                    let target = Target {
                        kind: "token",
                        id: id.as_str(),
                        name: &name,
                    };
                    let at = (directory.now(), &directory.entropy);
                    audit::record(tx, at, &actor, "token.deleted", target, &[]).await?;
                    Ok::<_, DirectoryError>(())
                })
            })
            .await
    }
}
