//! `POST /oidc/token`: codes and refresh tokens become tokens (RFC 6749 §4.1.3,
//! §6; RFC 7636 §4.6; RFC 9700 §4.5, §4.14).
//!
//! Everything is looked at and signed first, without a transaction; then one
//! short unit uses the code or the refresh token up and writes what came of it.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};

use super::error::{OauthError, bad_grant, invalid, refused};
use super::grants::{self, Grant, Kind, hash};
use super::params::Params;
use super::scope::Scopes;
use super::{OidcState, claims, client, id_token};
use crate::domain::application::GrantType;
use crate::domain::{Application, Group, Timestamp};
use crate::platform::crypto::{constant_time_eq, sha256};
use crate::platform::web::ClientAddr;

/// How long an access token is good, in seconds. It ends before when anything
/// ends the access that it stands for.
pub const ACCESS: i64 = 3600;
/// How long a refresh token is good while nobody uses it, in seconds.
pub const REFRESH: i64 = 30 * 24 * 3600;
/// How long all refresh tokens of one sign-in are good together, in seconds.
const OFFLINE: i64 = 365 * 24 * 3600;

/// What access tokens start with.
const ACCESS_PREFIX: &str = "dwa_";
/// What refresh tokens start with.
const REFRESH_PREFIX: &str = "dwr_";

pub(super) async fn token(
    State(state): State<OidcState>,
    ClientAddr(address): ClientAddr,
    headers: HeaderMap,
    body: String,
) -> Result<Response, OauthError> {
    let params = client::form(&headers, &body)?;
    let application = client::authenticate(&state, &headers, &params, address).await?;
    let answer = match params.get("grant_type") {
        Some("authorization_code") => by_code(&state, &application, &params).await,
        Some("refresh_token") => by_refresh(&state, &application, &params).await,
        Some(_) => Err(refused(
            "unsupported_grant_type",
            "the grant type is not supported",
        )),
        None => Err(invalid("grant_type is missing")),
    };
    let outcome = answer.as_ref().map_or_else(OauthError::code, |_| "ok");
    metrics::counter!("doorward_oidc_token_requests_total", "outcome" => outcome).increment(1);
    if let Err(error) = &answer {
        tracing::info!(client = application.client_id(), %error, "no tokens were given");
    }
    let mut response = Json(Value::Object(answer?)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
    Ok(response)
}

/// What was found for a code or a refresh token.
struct Found {
    grant: Grant,
    groups: Vec<Group>,
    /// Whether the grant still holds.
    holds: bool,
}

const GONE: OauthError = bad_grant("the code is unknown, used or expired");
const NO_REFRESH: OauthError = bad_grant("the refresh token is unknown, used or expired");

async fn by_code(
    state: &OidcState,
    application: &Application,
    params: &Params,
) -> Result<Map<String, Value>, OauthError> {
    let code = params.get("code").ok_or(invalid("code is missing"))?;
    let uri = params.get("redirect_uri");
    let verifier = params.get("code_verifier");
    let code_hash = hash(code);
    let now = state.directory.now();
    let found = find(state, application, &code_hash, now).await?;
    let found = found.ok_or(GONE)?;
    let grant = &found.grant;
    // Somebody else's code is none, whatever became of it.
    if grant.application != application.slug {
        return Err(GONE);
    }
    if grant.code_used_at.is_some() {
        return Err(reused(state, grant, "code").await);
    }
    if now >= grant.code_expires_at {
        return Err(GONE);
    }
    if uri != Some(grant.details.redirect_uri.as_str()) {
        let reason = "redirect_uri is not the one that the code was sent to";
        return Err(if uri.is_none() {
            invalid("redirect_uri is missing")
        } else {
            bad_grant(reason)
        });
    }
    prove(grant.details.challenge.as_deref(), verifier)?;
    if !found.holds {
        return Err(ended(state, grant).await);
    }
    let scope = grant.scope.granted(application);
    let made = Made::new(state, scope.has("offline_access"));
    let answer = answer(
        state,
        application,
        &found,
        (scope.clone(), &made),
        now,
        true,
    )
    .await?;
    let write = Write {
        grant: grant.id.clone(),
        used: None,
        scope,
        all: grant.scope.clone(),
        made,
        created_at: grant.created_at,
    };
    if write.carry_out(state, now).await? {
        Ok(answer)
    } else {
        Err(reused(state, grant, "code").await)
    }
}

async fn by_refresh(
    state: &OidcState,
    application: &Application,
    params: &Params,
) -> Result<Map<String, Value>, OauthError> {
    let refreshes = application.grant_types.contains(&GrantType::RefreshToken);
    if !refreshes {
        return Err(refused(
            "unauthorized_client",
            "the client has no refresh tokens",
        ));
    }
    let presented = params.get("refresh_token");
    let presented = presented.ok_or(invalid("refresh_token is missing"))?;
    let token_hash = hash(presented);
    let now = state.directory.now();
    let (token, found) = find_token(state, application, &token_hash, now)
        .await?
        .ok_or(NO_REFRESH)?;
    let grant = &found.grant;
    if token.kind != Kind::Refresh || grant.application != application.slug {
        return Err(NO_REFRESH);
    }
    if token.used_at.is_some() {
        return Err(reused(state, grant, "refresh token").await);
    }
    if now >= token.expires_at {
        return Err(NO_REFRESH);
    }
    let scope = match params.get("scope").map(Scopes::parse) {
        Some(narrower) if !narrower.within(&grant.scope) => {
            return Err(refused(
                "invalid_scope",
                "the scope is wider than what was granted",
            ));
        }
        Some(narrower) => narrower,
        None => grant.scope.clone(),
    };
    if !found.holds {
        return Err(ended(state, grant).await);
    }
    let scope = scope.granted(application);
    let made = Made::new(state, true);
    let answer = answer(
        state,
        application,
        &found,
        (scope.clone(), &made),
        now,
        false,
    )
    .await?;
    let write = Write {
        grant: grant.id.clone(),
        used: Some(token_hash),
        scope,
        all: grant.scope.clone(),
        made,
        created_at: grant.created_at,
    };
    if write.carry_out(state, now).await? {
        Ok(answer)
    } else {
        Err(reused(state, grant, "refresh token").await)
    }
}

/// RFC 7636 §4.6. Where the request had no challenge there must be no verifier,
/// or the one who left it out got away with it (RFC 9700 §4.8.2).
fn prove(challenge: Option<&str>, verifier: Option<&str>) -> Result<(), OauthError> {
    match (challenge, verifier) {
        (None, None) => Ok(()),
        (None, Some(_)) => Err(bad_grant("the request had no code_challenge")),
        (Some(_), None) => Err(bad_grant("code_verifier is missing")),
        (Some(challenge), Some(verifier)) => {
            let unreserved =
                |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'~');
            let formed = (43..=128).contains(&verifier.len()) && verifier.bytes().all(unreserved);
            let made = URL_SAFE_NO_PAD.encode(sha256(verifier.as_bytes()));
            if formed && constant_time_eq(made.as_bytes(), challenge.as_bytes()) {
                Ok(())
            } else {
                Err(bad_grant("code_verifier does not fit code_challenge"))
            }
        }
    }
}

async fn find(
    state: &OidcState,
    application: &Application,
    code_hash: &str,
    now: Timestamp,
) -> Result<Option<Found>, OauthError> {
    let (code_hash, application) = (code_hash.to_owned(), application.clone());
    let enforce = state.directory.enforce_validity;
    state
        .directory
        .db
        .look_up(move |tx| {
            let (code_hash, application) = (code_hash.clone(), application.clone());
            Box::pin(async move {
                let Some(grant) = grants::by_code(tx, &code_hash, now).await? else {
                    return Ok(None);
                };
                let holds = grant.holds(tx, &application, now, enforce).await?;
                let groups = if released(&grant).needs_groups(&application) {
                    grant.groups(tx).await?
                } else {
                    Vec::new()
                };
                Ok(Some(Found {
                    grant,
                    groups,
                    holds,
                }))
            })
        })
        .await
}

async fn find_token(
    state: &OidcState,
    application: &Application,
    token_hash: &str,
    now: Timestamp,
) -> Result<Option<(TokenDates, Found)>, OauthError> {
    let (token_hash, application) = (token_hash.to_owned(), application.clone());
    let enforce = state.directory.enforce_validity;
    state
        .directory
        .db
        .look_up(move |tx| {
            let (token_hash, application) = (token_hash.clone(), application.clone());
            Box::pin(async move {
                let Some(token) = grants::by_token(tx, &token_hash, now).await? else {
                    return Ok(None);
                };
                let dates = TokenDates {
                    kind: token.kind,
                    expires_at: token.expires_at,
                    used_at: token.used_at,
                };
                let grant = token.grant;
                let holds = grant.holds(tx, &application, now, enforce).await?;
                let groups = if released(&grant).needs_groups(&application) {
                    grant.groups(tx).await?
                } else {
                    Vec::new()
                };
                let found = Found {
                    grant,
                    groups,
                    holds,
                };
                Ok(Some((dates, found)))
            })
        })
        .await
}

/// What the ID tokens of a grant may tell.
fn released(grant: &Grant) -> claims::Released<'_> {
    claims::Released {
        scopes: &grant.scope,
        names: &grant.details.wanted.id_token,
    }
}

struct TokenDates {
    kind: Kind,
    expires_at: Timestamp,
    used_at: Option<Timestamp>,
}

/// Tokens that were made and are not written yet.
struct Made {
    access: String,
    refresh: Option<String>,
}

impl Made {
    fn new(state: &OidcState, refreshes: bool) -> Self {
        let entropy = &state.directory.entropy;
        let secret = |prefix: &str| format!("{prefix}{}", entropy.base64url::<32>());
        Self {
            access: secret(ACCESS_PREFIX),
            refresh: refreshes.then(|| secret(REFRESH_PREFIX)),
        }
    }
}

/// What one unit writes.
struct Write {
    grant: String,
    /// The refresh token that is used up; a code when there is none.
    used: Option<String>,
    scope: Scopes,
    /// What the refresh token keeps.
    all: Scopes,
    made: Made,
    created_at: Timestamp,
}

impl Write {
    /// `false` when somebody else was faster.
    async fn carry_out(self, state: &OidcState, now: Timestamp) -> Result<bool, OauthError> {
        let write = std::sync::Arc::new(self);
        state
            .directory
            .db
            .write(move |tx| {
                let write = std::sync::Arc::clone(&write);
                Box::pin(async move {
                    let access_until = now.plus_seconds(ACCESS);
                    let refresh_until = now
                        .plus_seconds(REFRESH)
                        .min(write.created_at.plus_seconds(OFFLINE));
                    let until = match &write.made.refresh {
                        Some(_) => access_until.max(refresh_until),
                        None => access_until,
                    };
                    let won = match &write.used {
                        None => grants::use_code(tx, &write.grant, now, until).await?,
                        Some(token) => grants::use_refresh(tx, token, now).await?,
                    };
                    if !won {
                        return Ok(false);
                    }
                    if write.used.is_some() {
                        grants::keep_until(tx, &write.grant, until).await?;
                    }
                    let access = hash(&write.made.access);
                    let times = (now, access_until);
                    grants::add_token(tx, &access, &write.grant, Kind::Access, &write.scope, times)
                        .await?;
                    if let Some(refresh) = &write.made.refresh {
                        let refresh = hash(refresh);
                        let times = (now, refresh_until);
                        let kind = Kind::Refresh;
                        grants::add_token(tx, &refresh, &write.grant, kind, &write.all, times)
                            .await?;
                    }
                    Ok::<_, OauthError>(true)
                })
            })
            .await
    }
}

/// The body of RFC 6749 §5.1 with the ID token.
async fn answer(
    state: &OidcState,
    application: &Application,
    found: &Found,
    (scope, made): (Scopes, &Made),
    now: Timestamp,
    first: bool,
) -> Result<Map<String, Value>, OauthError> {
    let mut answer = Map::new();
    answer.insert("access_token".to_owned(), json!(made.access));
    answer.insert("token_type".to_owned(), json!("Bearer"));
    answer.insert("expires_in".to_owned(), json!(ACCESS));
    answer.insert("scope".to_owned(), json!(scope.to_string()));
    if let Some(refresh) = &made.refresh {
        answer.insert("refresh_token".to_owned(), json!(refresh));
    }
    if scope.has("openid") {
        let about = id_token::About {
            application,
            grant: &found.grant,
            groups: &found.groups,
            scope: &scope,
            access_token: &made.access,
            first,
        };
        let token = id_token::make(state, &about, now).await?;
        answer.insert("id_token".to_owned(), json!(token));
    }
    Ok(answer)
}

/// A code or refresh token came a second time: one of the two who had it should
/// not have had it, so all that came of the grant ends.
async fn reused(state: &OidcState, grant: &Grant, what: &'static str) -> OauthError {
    tracing::warn!(
        client = %grant.application,
        user = %grant.user.id,
        what,
        "was used a second time: everything that it gave is revoked"
    );
    metrics::counter!("doorward_oidc_reuse_total", "what" => what).increment(1);
    end(state, grant).await.err().unwrap_or(match what {
        "code" => GONE,
        _ => NO_REFRESH,
    })
}

/// The access has ended: so does the grant, and does not come back with it.
async fn ended(state: &OidcState, grant: &Grant) -> OauthError {
    let reason = "the sign-in has ended, or the person may no longer use the application";
    end(state, grant).await.err().unwrap_or(bad_grant(reason))
}

async fn end(state: &OidcState, grant: &Grant) -> Result<(), OauthError> {
    let id = grant.id.clone();
    state
        .directory
        .db
        .write(move |tx| {
            let id = id.clone();
            Box::pin(async move { Ok::<_, OauthError>(grants::end(tx, &id).await?) })
        })
        .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn proof_keys() {
        // RFC 7636, appendix B.
        let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        let challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
        assert!(prove(Some(challenge), Some(verifier)).is_ok());
        assert!(prove(None, None).is_ok());
        for (challenge, verifier) in [
            (Some(challenge), None),
            (None, Some(verifier)),
            (Some(challenge), Some(challenge)),
            (
                Some(challenge),
                Some("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXK"),
            ),
            (Some(challenge), Some("short")),
            (
                Some(challenge),
                Some("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk "),
            ),
        ] {
            assert!(
                prove(challenge, verifier).is_err(),
                "{challenge:?} {verifier:?}"
            );
        }
        let long = "a".repeat(129);
        let made = URL_SAFE_NO_PAD.encode(sha256(long.as_bytes()));
        assert!(prove(Some(&made), Some(&long)).is_err());
        let short = "a".repeat(42);
        let made = URL_SAFE_NO_PAD.encode(sha256(short.as_bytes()));
        assert!(prove(Some(&made), Some(&short)).is_err());
    }
}
