//! Signing out at the provider, once the session here has ended (OpenID Connect
//! RP-Initiated Logout 1.0), and the way back.

use std::time::Duration;

use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use url::Url;

use super::OauthState;
use super::finish::see_other;
use super::trouble::Trouble;
use crate::directory::DirectoryError;
use crate::domain::oauth::WriteOnly;
use crate::domain::{Slug, Timestamp};
use crate::login::oauth::provider::OauthProvider;
use crate::platform::storage::{StorageError, Tx};
use crate::sessions::logout::{self as asked, Left};

/// Where an ID token is sealed: the table and the column.
const PLACE: (&str, &str) = ("upstream_sessions", "id_token");
/// Time for discovery, when it has to be asked: the person waits to be signed out.
const DISCOVERY: Duration = Duration::from_secs(5);
/// Where one who has signed out arrives.
const DONE: &str = "/signed-out";
/// The same, when the provider has sent the browser back.
const DONE_THERE: &str = "/signed-out?also=provider";

/// Keeps the ID token of a session that begins, sealed, inside the sign-in's
/// transaction.
pub(super) async fn keep(
    tx: &mut Tx,
    state: &OauthState,
    session: &str,
    token: &WriteOnly,
    now: Timestamp,
) -> Result<(), StorageError> {
    let sealed = state
        .sealer
        .seal(token.expose().as_bytes(), PLACE.0, PLACE.1, session);
    // Without it one signs out as well, only asked by the provider.
    let sealed = match sealed {
        Ok(sealed) => sealed,
        Err(error) => {
            tracing::error!(%error, "an ID token could not be sealed");
            return Ok(());
        }
    };
    let until = now.plus_seconds(state.sessions.lifetimes.lifetime);
    asked::keep(tx, session, &sealed, until).await
}

/// The way of the browser to the provider that a session began at; `None` where
/// that is not wanted, or the provider has no such place. The session here has
/// ended before: a provider that does not answer keeps nobody signed in here.
pub async fn leave(state: &OauthState, left: &Left) -> Option<Response> {
    let slug = left.signed_in.provider.as_ref()?;
    let provider = state.find(slug.as_str()).await.ok()?;
    let wanted = provider.settings.single_logout && provider.has_id_token();
    if !wanted {
        return None;
    }
    match ask(state, &provider, left).await {
        Ok(response) => response,
        Err(trouble) => {
            tracing::error!(provider = %slug, ?trouble, "the provider could not be asked to sign out");
            None
        }
    }
}

async fn ask(
    state: &OauthState,
    provider: &OauthProvider,
    left: &Left,
) -> Result<Option<Response>, Trouble> {
    let now = state.directory.now();
    let endpoints = tokio::time::timeout(DISCOVERY, provider.endpoints(&state.outbound, now));
    let endpoints = endpoints.await.map_err(|_| Trouble::Late)?;
    let endpoints = endpoints.map_err(Trouble::Upstream)?;
    let Some(place) = endpoints.end_session else {
        return Ok(None);
    };
    // Of another issuer than the one that the provider stands for now: its ID token
    // is none of this one's business.
    let is_same = match (&endpoints.issuer, &left.signed_in.issuer) {
        (Some(rule), Some(issuer)) => rule.allows_parameter(issuer),
        _ => false,
    };
    if !is_same {
        return Ok(None);
    }
    let mut url = Url::parse(&place).map_err(|error| Trouble::Internal(error.to_string()))?;
    let token = state.directory.entropy.base64url::<32>();
    let kept = note(state, provider, left, &id_of(&token)).await?;
    let hint = kept.and_then(|kept| {
        let opened = state.sealer.open(&kept, PLACE.0, PLACE.1, &left.session);
        String::from_utf8(opened.ok()?.to_vec()).ok()
    });
    let mut query = url.query_pairs_mut();
    if let Some(hint) = &hint {
        query.append_pair("id_token_hint", hint);
    }
    query
        .append_pair("client_id", &provider.settings.client_id)
        .append_pair("post_logout_redirect_uri", &provider.urls.logged_out)
        .append_pair("state", &token)
        .append_pair("ui_locales", left.locale.tag());
    drop(query);
    let location = HeaderValue::try_from(String::from(url));
    let location = location.map_err(|error| Trouble::Internal(error.to_string()))?;
    let no_store = HeaderValue::from_static("no-store");
    let headers = [
        (header::LOCATION, location),
        (header::CACHE_CONTROL, no_store),
    ];
    Ok(Some((StatusCode::SEE_OTHER, headers).into_response()))
}

/// Notes that the browser goes to sign out there, and takes what was kept of the
/// session.
async fn note(
    state: &OauthState,
    provider: &OauthProvider,
    left: &Left,
    id: &str,
) -> Result<Option<String>, Trouble> {
    let (id, slug) = (id.to_owned(), provider.provider.slug.clone());
    let (target, session) = (left.target.clone(), left.session.clone());
    let now = state.directory.now();
    let noted = state.directory.db.write(move |tx| {
        let (id, slug) = (id.clone(), slug.clone());
        let (target, session) = (target.clone(), session.clone());
        Box::pin(async move {
            asked::ask(tx, &id, &slug, target.as_deref(), now).await?;
            Ok::<_, DirectoryError>(asked::kept(tx, &session).await?)
        })
    });
    noted.await.map_err(Trouble::Directory)
}

/// The id under which a way out stands: not the state itself.
fn id_of(state: &str) -> String {
    format!("oauth-{}", crate::sessions::hash(state))
}

/// `GET /oauth/{slug}/logged-out`: the browser comes back. Nothing depends on it:
/// whoever comes by themselves arrives at the page that says that one is signed out.
pub(super) async fn came_back(
    State(state): State<OauthState>,
    Path(slug): Path<String>,
    RawQuery(query): RawQuery,
) -> Response {
    let query = query.unwrap_or_default();
    let mut states = url::form_urlencoded::parse(query.as_bytes()).filter(|(n, _)| n == "state");
    let (Some(slug), Some((_, token))) = (Slug::parse(&slug), states.next()) else {
        return see_other(DONE);
    };
    let (id, now) = (id_of(&token), state.directory.now());
    let answered = state.directory.db.write(move |tx| {
        let (id, slug) = (id.clone(), slug.clone());
        Box::pin(
            async move { Ok::<_, DirectoryError>(asked::answered(tx, &id, &slug, now).await?) },
        )
    });
    match answered.await {
        Ok(Some(answered)) => see_other(answered.target.as_deref().unwrap_or(DONE_THERE)),
        Ok(None) => see_other(DONE),
        // One is signed out here all the same.
        Err(error) => {
            tracing::warn!(%error, "where to go after signing out cannot be looked up");
            see_other(DONE)
        }
    }
}
