//! The logout token (OpenID Connect Back-Channel Logout 1.0 §2.4, §2.6): an issuer
//! says that somebody has signed out there.

use serde_json::Value;

use super::claims::Claims;
use super::id_token::{Expected, TokenError, Unverified, seconds, text};
use super::upstream::KeySet;
use crate::domain::Timestamp;

/// The one event that is understood.
const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";
/// The types that a token may have. Older issuers name none, or any JWT's.
const TYPES: [&str; 3] = ["logout+jwt", "application/logout+jwt", "JWT"];
/// Seconds after which a token is no news any more, whatever it says itself; so
/// long its id is remembered.
const OLDEST: i64 = 15 * 60;
/// The longest identifier of a token or a session.
const LONGEST_ID: usize = 512;

/// Why a logout token is none that ends a session.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LogoutTokenError {
    /// What it has in common with other tokens does not hold.
    #[error("{}", .0.to_string().replace("ID token", "logout token"))]
    Token(TokenError),
    /// It speaks of no logout.
    #[error("the logout token does not have the one event {EVENT}")]
    Event,
    /// It has a nonce: then it is an ID token, which somebody passes on.
    #[error("the logout token has a nonce, so that it is an ID token in disguise")]
    Nonce,
    /// It names neither a person nor a session.
    #[error("the logout token has neither sub nor sid")]
    Nobody,
    /// It was issued too long ago.
    #[error("the logout token was issued more than a quarter of an hour ago")]
    Old {
        /// The present moment.
        now: Timestamp,
        /// When it was issued.
        at: Timestamp,
    },
    /// It came before.
    #[error("the logout token came before (jti)")]
    Replayed,
}

impl From<TokenError> for LogoutTokenError {
    fn from(error: TokenError) -> Self {
        Self::Token(error)
    }
}

impl LogoutTokenError {
    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Token(error) => error.code(),
            Self::Event => "oauth.logout_event",
            Self::Nonce => "oauth.logout_nonce",
            Self::Nobody => "oauth.logout_nobody",
            Self::Old { .. } => "oauth.logout_old",
            Self::Replayed => "oauth.logout_replayed",
        }
    }

    /// The values that were compared.
    #[must_use]
    pub fn compared(&self) -> (Option<String>, Vec<String>) {
        match self {
            Self::Token(error) => error.compared(),
            Self::Old { now, at } => (Some(now.rfc3339()), vec![at.rfc3339()]),
            _ => (None, Vec::new()),
        }
    }
}

/// What a logout token says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogoutToken {
    /// The issuer's one name.
    pub issuer: String,
    /// Its claims, in which the person may stand.
    pub claims: Claims,
    /// The issuer's own session; all of the person's where it names none.
    pub sid: Option<String>,
    /// Its own id.
    pub jti: String,
    /// Until when its id is remembered.
    pub replay_until: Timestamp,
}

/// Whether one of these keys may have signed the token.
pub fn has_key_in(token: &str, keys: &KeySet) -> Result<bool, LogoutTokenError> {
    Ok(Unverified::cut_as(token, &TYPES)?.has_key_in(keys))
}

/// Verifies a logout token.
pub fn verify(
    token: &str,
    keys: &KeySet,
    expected: &Expected<'_>,
) -> Result<LogoutToken, LogoutTokenError> {
    let cut = Unverified::cut_as(token, &TYPES)?;
    let (verified, _) = cut.verify_common(keys, expected)?;
    let (claims, issuer) = (verified.claims, verified.issuer);
    if claims.contains_key("nonce") {
        return Err(LogoutTokenError::Nonce);
    }
    let event = claims.get("events").and_then(|events| events.get(EVENT));
    if !event.is_some_and(Value::is_object) {
        return Err(LogoutTokenError::Event);
    }
    let id = |name: &'static str| match claims.get(name) {
        None => Ok(None),
        Some(_) => text(&claims, name)
            .filter(|id| !id.is_empty() && id.len() <= LONGEST_ID)
            .map(|id| Some(id.to_owned()))
            .ok_or(TokenError::Claim(name)),
    };
    let jti = id("jti")?.ok_or(TokenError::Claim("jti"))?;
    let (sub, sid) = (id("sub")?, id("sid")?);
    if sub.is_none() && sid.is_none() {
        return Err(LogoutTokenError::Nobody);
    }
    let at = seconds(&claims, "iat")?.ok_or(TokenError::Claim("iat"))?;
    let last = at.plus_seconds(OLDEST + expected.max_skew);
    if expected.now >= last {
        let now = expected.now;
        return Err(LogoutTokenError::Old { now, at });
    }
    Ok(LogoutToken {
        issuer,
        sid,
        jti,
        replay_until: last,
        claims,
    })
}

#[cfg(test)]
mod tests;
