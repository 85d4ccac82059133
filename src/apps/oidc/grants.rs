//! Grants and what came of them, in the database: codes, access tokens, refresh
//! tokens. Each is looked at together with its user, its session and its
//! application, so that whatever ends access ends it at once.

use serde::{Deserialize, Serialize};

use super::scope::Scopes;
use super::wanted::Wanted;
use crate::directory::applications::{self, access};
use crate::directory::{groups, users};
use crate::domain::{Application, Group, Slug, Timestamp, User, UserId};
use crate::platform::crypto::sha256_hex;
use crate::platform::storage::{Reader, Row, StorageError, Tx, params};

/// What a grant remembers of its request and of the sign-in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Details {
    /// Where the code went.
    pub redirect_uri: String,
    /// The client's nonce.
    pub nonce: Option<String>,
    /// The PKCE challenge (S256).
    pub challenge: Option<String>,
    /// When the person proved who they are, in seconds.
    pub auth_time: i64,
    /// How well.
    pub acr: String,
    /// How.
    pub amr: Vec<String>,
    /// Single claims that the client asked for.
    #[serde(default)]
    pub wanted: Wanted,
}

/// A grant to be.
#[derive(Clone, Debug)]
pub struct NewGrant {
    /// Its id.
    pub id: String,
    /// For whom.
    pub application: Slug,
    /// Whose.
    pub user: UserId,
    /// In which session.
    pub session_hash: String,
    /// Whether it outlives the session.
    pub is_offline: bool,
    /// What it allows.
    pub scope: Scopes,
    /// The rest.
    pub details: Details,
    /// The code's hash.
    pub code_hash: String,
    /// When the code runs out.
    pub code_expires_at: Timestamp,
}

/// A grant as it stands.
#[derive(Clone, Debug)]
pub struct Grant {
    /// Its id.
    pub id: String,
    /// For whom.
    pub application: Slug,
    /// In which session.
    pub session_hash: String,
    /// Whether it outlives the session.
    pub is_offline: bool,
    /// What it allows.
    pub scope: Scopes,
    /// The rest.
    pub details: Details,
    /// When the code runs out.
    pub code_expires_at: Timestamp,
    /// When the code was redeemed.
    pub code_used_at: Option<Timestamp>,
    /// When it was given.
    pub created_at: Timestamp,
    /// Whether its session goes on.
    session_lives: bool,
    /// Whose it is.
    pub user: User,
}

/// The kinds of tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Opens userinfo and the client's own interfaces.
    Access,
    /// Gets others.
    Refresh,
}

impl Kind {
    /// As the database writes it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Access => "access",
            Self::Refresh => "refresh",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        [Self::Access, Self::Refresh]
            .into_iter()
            .find(|kind| kind.as_str() == text)
    }
}

/// A token as it stands, with its grant.
#[derive(Clone, Debug)]
pub struct Token {
    /// Which.
    pub kind: Kind,
    /// What it allows.
    pub scope: Scopes,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it runs out.
    pub expires_at: Timestamp,
    /// When another one took its place.
    pub used_at: Option<Timestamp>,
    /// What it came of.
    pub grant: Grant,
}

/// The hash under which a code or token stands.
#[must_use]
pub fn hash(secret: &str) -> String {
    sha256_hex(secret.as_bytes())
}

/// The columns of a grant in the order in which [`read`] takes them; `$2` is
/// the present moment.
fn columns() -> String {
    format!(
        "g.id, g.application, g.session_hash, g.is_offline, g.scope, g.details, \
         g.code_expires_at, g.code_used_at, g.created_at, \
         (SELECT COUNT(*) FROM sessions s WHERE s.id_hash = g.session_hash \
          AND s.expires_at > $2), {}",
        users::columns()
    )
}

fn read(reader: &mut Reader) -> Result<Grant, StorageError> {
    Ok(Grant {
        id: reader.text()?,
        application: reader.parsed(Slug::parse)?,
        session_hash: reader.text()?,
        is_offline: reader.bool()?,
        scope: Scopes::parse(&reader.text()?),
        details: reader.json()?,
        code_expires_at: reader.time()?,
        code_used_at: reader.opt_time()?,
        created_at: reader.time()?,
        session_lives: reader.int()? > 0,
        user: users::read(reader)?,
    })
}

/// The grant of a code.
pub async fn by_code(
    tx: &mut Tx,
    code_hash: &str,
    now: Timestamp,
) -> Result<Option<Grant>, StorageError> {
    let sql = format!(
        "SELECT {} FROM oidc_grants g JOIN users u ON u.id = g.user_id WHERE g.code_hash = $1",
        columns()
    );
    let row = tx.query_opt(&sql, params![code_hash, now]).await?;
    row.map(|row| read(&mut row.reader())).transpose()
}

/// A token with its grant.
pub async fn by_token(
    tx: &mut Tx,
    token_hash: &str,
    now: Timestamp,
) -> Result<Option<Token>, StorageError> {
    let sql = format!(
        "SELECT t.kind, t.scope, t.created_at, t.expires_at, t.used_at, {} FROM oidc_tokens t \
         JOIN oidc_grants g ON g.id = t.grant_id JOIN users u ON u.id = g.user_id \
         WHERE t.token_hash = $1",
        columns()
    );
    let token = |row: Row| {
        let mut reader = row.reader();
        Ok(Token {
            kind: reader.parsed(Kind::parse)?,
            scope: Scopes::parse(&reader.text()?),
            created_at: reader.time()?,
            expires_at: reader.time()?,
            used_at: reader.opt_time()?,
            grant: read(&mut reader)?,
        })
    };
    let row = tx.query_opt(&sql, params![token_hash, now]).await?;
    row.map(token).transpose()
}

impl Grant {
    /// Whether the grant still holds: the session goes on or need not, and the
    /// user may use the application now.
    pub async fn holds(
        &self,
        tx: &mut Tx,
        application: &Application,
        now: Timestamp,
        enforce_validity: bool,
    ) -> Result<bool, StorageError> {
        if !self.session_lives && !self.is_offline {
            return Ok(false);
        }
        let may = access::may_use(tx, application, &self.user, now, enforce_validity).await?;
        Ok(may.is_ok())
    }

    /// The groups of its user.
    pub async fn groups(&self, tx: &mut Tx) -> Result<Vec<Group>, StorageError> {
        let user = std::slice::from_ref(&self.user.id);
        let found = groups::of_users(tx, user).await?;
        Ok(found.into_values().next().unwrap_or_default())
    }
}

/// An access token that is good now, with its application.
pub async fn live_access(
    tx: &mut Tx,
    token_hash: &str,
    now: Timestamp,
    enforce_validity: bool,
) -> Result<Option<(Token, Application)>, StorageError> {
    let Some(token) = by_token(tx, token_hash, now).await? else {
        return Ok(None);
    };
    let Some(stored) = applications::by_slug(tx, &token.grant.application).await? else {
        return Ok(None);
    };
    let application = stored.application;
    let good = token.kind == Kind::Access
        && now < token.expires_at
        && token
            .grant
            .holds(tx, &application, now, enforce_validity)
            .await?;
    Ok(good.then_some((token, application)))
}

/// Writes a grant.
pub async fn insert(tx: &mut Tx, new: &NewGrant, now: Timestamp) -> Result<(), StorageError> {
    const SQL: &str = "INSERT INTO oidc_grants (id, application, user_id, session_hash, is_offline, \
        scope, details, code_hash, code_expires_at, created_at, expires_at) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $9)";
    let details =
        serde_json::to_string(&new.details).map_err(|e| StorageError::Statement(e.to_string()))?;
    let row = params![
        &new.id,
        &new.application,
        &new.user,
        &new.session_hash,
        new.is_offline,
        new.scope.to_string(),
        details,
        &new.code_hash,
        new.code_expires_at,
        now
    ];
    tx.execute(SQL, row).await.map(|_| ())
}

/// Uses a grant's code up; the grant stays until `until`. `false` when it was
/// used before, or the grant has gone: of two redemptions one wins.
pub async fn use_code(
    tx: &mut Tx,
    grant: &str,
    now: Timestamp,
    until: Timestamp,
) -> Result<bool, StorageError> {
    let sql = "UPDATE oidc_grants SET code_used_at = $2, expires_at = $3 \
               WHERE id = $1 AND code_used_at IS NULL";
    Ok(tx.execute(sql, params![grant, now, until]).await? == 1)
}

/// Uses a refresh token up. `false` when it was used before or has gone.
pub async fn use_refresh(
    tx: &mut Tx,
    token_hash: &str,
    now: Timestamp,
) -> Result<bool, StorageError> {
    let sql = "UPDATE oidc_tokens SET used_at = $2 WHERE token_hash = $1 AND used_at IS NULL";
    Ok(tx.execute(sql, params![token_hash, now]).await? == 1)
}

/// Keeps a grant until then.
pub async fn keep_until(tx: &mut Tx, grant: &str, until: Timestamp) -> Result<(), StorageError> {
    let sql = "UPDATE oidc_grants SET expires_at = $2 WHERE id = $1 AND expires_at < $2";
    tx.execute(sql, params![grant, until]).await.map(|_| ())
}

/// Writes a token under its hash.
pub async fn add_token(
    tx: &mut Tx,
    token_hash: &str,
    grant: &str,
    kind: Kind,
    scope: &Scopes,
    (now, until): (Timestamp, Timestamp),
) -> Result<(), StorageError> {
    const SQL: &str = "INSERT INTO oidc_tokens (token_hash, grant_id, kind, scope, created_at, \
        expires_at) VALUES ($1, $2, $3, $4, $5, $6)";
    let row = params![
        token_hash,
        grant,
        kind.as_str(),
        scope.to_string(),
        now,
        until
    ];
    tx.execute(SQL, row).await.map(|_| ())
}

/// Ends a grant and all that came of it.
pub async fn end(tx: &mut Tx, grant: &str) -> Result<(), StorageError> {
    let sql = "DELETE FROM oidc_grants WHERE id = $1";
    tx.execute(sql, params![grant]).await.map(|_| ())
}

/// Ends one token.
pub async fn end_token(tx: &mut Tx, token_hash: &str) -> Result<(), StorageError> {
    let sql = "DELETE FROM oidc_tokens WHERE token_hash = $1";
    tx.execute(sql, params![token_hash]).await.map(|_| ())
}

/// Deletes what has run out, and what was given in sessions that are over.
pub async fn sweep(tx: &mut Tx, now: Timestamp) -> Result<(), StorageError> {
    for sql in [
        "DELETE FROM oidc_requests WHERE expires_at <= $1",
        "DELETE FROM oidc_grants WHERE expires_at <= $1",
        // A refresh token that was used stays, to be known when it comes again,
        // for as long as it could have been used.
        "DELETE FROM oidc_tokens WHERE expires_at <= $1",
    ] {
        tx.execute(sql, params![now]).await?;
    }
    Ok(())
}
