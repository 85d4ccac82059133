//! OpenID Connect Back-Channel Logout 1.0: applications hear from us that a
//! session has ended, whatever ended it.

use reqwest::Method;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use serde_json::json;

use super::OidcState;
use super::id_token::algorithm;
use super::subject::session_id;
use crate::directory::{DirectoryError, applications};
use crate::domain::Application;
use crate::sessions::apps::{self, Notice};

/// The event (§2.4).
const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";
/// The type of the token, so that it passes for no other (§2.4, RFC 8725 §3.11).
const TYPE: &str = "logout+jwt";
/// Seconds that a token is good for (§2.4: two minutes at most).
const LIFETIME: i64 = 120;
/// Notices that are taken at once: within the lease, also when each of them runs
/// into the time limit of a call.
const AT_ONCE: i64 = 16;
/// Octets of an answer that are read.
const ANSWER: usize = 16 * 1024;

/// Tells applications what is due, many at once; answers how many notices there
/// were.
pub async fn tell(state: &OidcState) -> Result<usize, DirectoryError> {
    let now = state.directory.now();
    let db = &state.directory.db;
    let due = db
        .read(move |tx| {
            Box::pin(async move { Ok::<_, DirectoryError>(apps::is_due(tx, now).await?) })
        })
        .await?;
    if !due {
        return Ok(0);
    }
    let notices: Vec<Notice> = db
        .write(move |tx| {
            Box::pin(async move { Ok::<_, DirectoryError>(apps::take(tx, AT_ONCE, now).await?) })
        })
        .await?;
    let count = notices.len();
    let mut tasks = tokio::task::JoinSet::new();
    for notice in notices {
        let state = state.clone();
        tasks.spawn(async move {
            if let Err(error) = deliver(&state, &notice).await {
                // The lease runs out, and somebody tries again.
                tracing::warn!(application = %notice.application, %error, "an application could not be told of a logout");
            }
        });
    }
    while tasks.join_next().await.is_some() {}
    Ok(count)
}

async fn deliver(state: &OidcState, notice: &Notice) -> Result<(), DirectoryError> {
    let slug = notice.application.clone();
    let db = &state.directory.db;
    let stored = db
        .read(move |tx| {
            let slug = slug.clone();
            Box::pin(
                async move { Ok::<_, DirectoryError>(applications::by_slug(tx, &slug).await?) },
            )
        })
        .await?;
    let application = stored.map(|stored| stored.application);
    let uri = application
        .as_ref()
        .and_then(|application| Some((application, application.backchannel_logout_uri.clone()?)));
    let outcome = match uri {
        // Deleted meanwhile, or one that does not listen.
        None => Ok(()),
        Some((application, uri)) => {
            let sent = send(state, application, &uri, notice).await;
            let outcome = if sent.is_ok() { "told" } else { "failed" };
            metrics::counter!("doorward_backchannel_logouts_total", "outcome" => outcome)
                .increment(1);
            sent
        }
    };
    let (noted, now) = (notice.clone(), state.directory.now());
    let failed = outcome.is_err();
    let again = db
        .write(move |tx| {
            let notice = noted.clone();
            Box::pin(async move {
                if failed {
                    return Ok::<_, DirectoryError>(apps::failed(tx, &notice, now).await?);
                }
                apps::told(tx, &notice).await?;
                Ok(true)
            })
        })
        .await?;
    if let Err(error) = outcome {
        let application = &notice.application;
        tracing::warn!(%application, %error, again, "an application did not take a logout");
    }
    Ok(())
}

async fn send(
    state: &OidcState,
    application: &Application,
    uri: &str,
    notice: &Notice,
) -> Result<(), String> {
    let subject = state.subjects.of(application, &notice.user).await;
    let subject = subject.map_err(|e| e.to_string())?;
    let client = application.client_id();
    let now = state.directory.now().millis() / 1000;
    let claims = json!({
        "iss": state.kit.origin(),
        "sub": subject,
        "aud": client,
        "iat": now,
        "exp": now + LIFETIME,
        "jti": state.directory.entropy.base64url::<16>(),
        "sid": session_id(&notice.session_hash, client),
        "events": { EVENT: {} },
    });
    let alg = algorithm(application.id_token_signed_response_alg);
    let token = state.keys.sign(alg, TYPE, &claims).await;
    let token = token.map_err(|e| e.to_string())?;
    let mut headers = HeaderMap::new();
    let form = HeaderValue::from_static("application/x-www-form-urlencoded");
    headers.insert(CONTENT_TYPE, form);
    let body = format!("logout_token={token}").into_bytes();
    let sent = state
        .outbound
        .send(Method::POST, uri, headers, body, ANSWER)
        .await;
    match sent.map_err(|e| e.to_string())?.status {
        // §2.8: 200; 204 is what many send.
        200..=299 => Ok(()),
        status => Err(format!("the application answered {status}")),
    }
}
