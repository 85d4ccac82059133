//! The moment at which a client gets a code: one unit in which the session, the
//! user and the access are looked at and the grant is written.

use super::OidcState;
use super::grants::{self, Details, NewGrant, hash};
use super::request::{Proven, Wish};
use super::requests::{self, Kind};
use crate::directory::DirectoryError;
use crate::directory::applications::access::{self, NotAdmitted};
use crate::directory::traces::{self, LoginTrace, Side, TraceDetails, TraceOutcome};
use crate::directory::{applications, users};
use crate::domain::{Reference, Timestamp, TraceId, User};
use crate::platform::storage::{StorageError, Tx};
use crate::sessions::apps;
use crate::sessions::current::Current;
use crate::sessions::rows::SignedIn;

/// What came of it.
#[derive(Debug)]
pub(super) enum Issued {
    /// A code.
    Code(String),
    /// The person may not use the application.
    NotAdmitted(NotAdmitted),
    /// The session ended in the meantime.
    SignedOut,
    /// The request was finished in the meantime.
    Over,
}

/// Gives the client a code.
pub(super) async fn issue(
    state: &OidcState,
    current: &Current,
    proven: &Proven,
    wish: &Wish,
    handle: Option<String>,
) -> Result<Issued, DirectoryError> {
    let now = state.directory.now();
    let entropy = &state.directory.entropy;
    let code = entropy.base64url::<32>();
    let lifetime = i64::from(proven.application.code_lifetime);
    let new = NewGrant {
        id: TraceId::new(now, entropy).to_string(),
        application: proven.application.slug.clone(),
        user: current.user.id.clone(),
        session_hash: current.id_hash.clone(),
        is_offline: wish.scope.has("offline_access"),
        scope: wish.scope.clone(),
        details: Details {
            redirect_uri: proven.redirect_uri.clone(),
            nonce: wish.nonce.clone(),
            challenge: wish.challenge.clone(),
            auth_time: current.signed_in.proven().millis() / 1000,
            acr: acr(&current.signed_in),
            amr: current.signed_in.amr.clone(),
            wanted: wish.wanted.clone(),
        },
        code_hash: hash(&code),
        code_expires_at: now.plus_seconds(lifetime),
    };
    let unit = std::sync::Arc::new((state.clone(), new, handle, code));
    state
        .directory
        .db
        .write(move |tx| {
            let unit = std::sync::Arc::clone(&unit);
            Box::pin(async move {
                let (state, new, handle, code) = unit.as_ref();
                write(tx, state, new, handle.as_deref(), code, now).await
            })
        })
        .await
}

async fn write(
    tx: &mut Tx,
    state: &OidcState,
    new: &NewGrant,
    handle: Option<&str>,
    code: &str,
    now: Timestamp,
) -> Result<Issued, DirectoryError> {
    // Whoever is shut out meanwhile waits for this unit, and then ends what it
    // gave.
    if !users::hold(tx, &new.user).await? {
        return Ok(Issued::SignedOut);
    }
    let Some(user) = state.sessions.user_of(tx, &new.session_hash).await? else {
        return Ok(Issued::SignedOut);
    };
    let Some(stored) = applications::by_slug(tx, &new.application).await? else {
        return Ok(Issued::NotAdmitted(NotAdmitted::Disabled));
    };
    let enforce = state.directory.enforce_validity;
    if let Err(reason) = access::may_use(tx, &stored.application, &user, now, enforce).await? {
        return Ok(Issued::NotAdmitted(reason));
    }
    if let Some(handle) = handle
        && !requests::take(tx, Kind::Waiting, handle).await?
    {
        return Ok(Issued::Over);
    }
    // So that the application hears of the session's end.
    let at = (now, &state.directory.entropy);
    if !apps::joined(tx, &new.session_hash, &new.application, &new.user, at).await? {
        return Err(StorageError::stale("the session ended in the meantime").into());
    }
    grants::insert(tx, new, now).await?;
    let summary = format!("signed in to the application {}", stored.application.name);
    let trace = trace(state, new.application.as_str(), &user, now, "ok", summary);
    traces::record(tx, &trace).await?;
    Ok(Issued::Code(code.to_owned()))
}

/// How well the person proved who they are: the identity provider's word where
/// there is one, else what our own ways in are worth.
pub(super) fn acr(signed_in: &SignedIn) -> String {
    const PASSWORD: &str = "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport";
    const UNSPECIFIED: &str = "urn:oasis:names:tc:SAML:2.0:ac:classes:unspecified";
    if let Some(context) = &signed_in.context {
        return context.clone();
    }
    let has = |method: &str| signed_in.amr.iter().any(|m| m == method);
    if signed_in.provider.is_none() && (has("hwk") || has("swk")) {
        // OpenID EAP ACR Values: phishing-resistant.
        "phr".to_owned()
    } else if signed_in.provider.is_none() && has("pwd") {
        PASSWORD.to_owned()
    } else {
        UNSPECIFIED.to_owned()
    }
}

fn trace(
    state: &OidcState,
    application: &str,
    user: &User,
    now: Timestamp,
    code: &str,
    summary: String,
) -> LoginTrace {
    let entropy = &state.directory.entropy;
    let is_success = code == "ok";
    LoginTrace {
        id: TraceId::new(now, entropy),
        at: now,
        provider: application.to_owned(),
        kind: "application".to_owned(),
        outcome: if is_success {
            TraceOutcome::Success
        } else {
            TraceOutcome::Refused
        },
        reference: Reference::new(entropy),
        user: Some(user.id.clone()),
        code: code.to_owned(),
        details: TraceDetails {
            summary,
            side: (!is_success).then_some(Side::Gateway),
            remedy: (!is_success).then(|| {
                "If the person should get in, assign them or one of their groups to the \
                 application, or change its access."
                    .to_owned()
            }),
            ..TraceDetails::default()
        },
    }
}

/// Notes that somebody was not let into an application.
pub(super) async fn trace_refusal(
    state: &OidcState,
    proven: &Proven,
    user: &User,
    reason: NotAdmitted,
) -> Result<(), DirectoryError> {
    let application = &proven.application;
    let summary = format!(
        "not let into the application {}: {reason}",
        application.name
    );
    let slug = application.slug.as_str();
    let now = state.directory.now();
    let trace = trace(state, slug, user, now, reason.code(), summary);
    state.directory.trace(trace).await
}
