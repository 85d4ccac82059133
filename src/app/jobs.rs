//! What has to be done now and then: what has run out is deleted.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::Core;
use crate::directory::traces::{self, LoginTrace, Side, TraceDetails, TraceOutcome};
use crate::directory::{DirectoryError, account_links, setup_links, test_logins};
use crate::domain::{Reference, Timestamp, TraceId};
use crate::login::passkey::challenges;
use crate::login::testing;
use crate::platform::mail::outbox;
use crate::platform::telemetry::Metrics;
use crate::platform::throttle;
use crate::sessions::{rows, sign_in};

/// Sign-ins that have run out are gone within a minute.
const SWEEP: Duration = Duration::from_secs(20);
/// How often replicas tell each other of clients that ask much.
const SHARE: Duration = Duration::from_secs(1);
/// How long login traces are kept, in seconds.
const TRACES: i64 = 30 * 24 * 3600;
/// How many traces of failed logins are kept at most.
const FAILURES: i64 = 100_000;

/// Runs until it is cancelled.
pub(super) async fn run(core: Core, metrics: Metrics, stop: CancellationToken) {
    let mut ticks = tokio::time::interval(SWEEP);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut shares = tokio::time::interval(SHARE);
    shares.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut traces_cut = Timestamp(0);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = shares.tick() => {
                let now = core.directory.now();
                if let Err(error) = core.throttle.share(&core.directory.db, now).await {
                    tracing::warn!(%error, "each replica counts requests alone for now");
                }
                if let Err(error) = core.in_hand.settle(&core.directory.db).await {
                    tracing::warn!(%error, "answers of identity providers stay in hand");
                }
                continue;
            }
            _ = ticks.tick() => {}
        }
        metrics.upkeep();
        if let Err(error) = core.directory.db.forget_changes().await {
            tracing::warn!(%error, "old news could not be deleted");
        }
        if let Err(error) = sweep(&core).await {
            tracing::warn!(%error, "what has run out could not be deleted");
        }
        let now = core.directory.now();
        if now.seconds_since(traces_cut) >= 3600 {
            traces_cut = now;
            if let Err(error) = forget(&core, now).await {
                tracing::warn!(%error, "old login traces could not be deleted");
            }
            if let Err(error) = core.signing.keep().await {
                tracing::warn!(%error, code = error.code(), "the signing keys could not be kept up");
            }
        }
    }
}

async fn forget(core: &Core, now: Timestamp) -> Result<(), DirectoryError> {
    let directory = &core.directory;
    directory
        .forget_traces_before(now.plus_seconds(-TRACES))
        .await?;
    directory.forget_failures_beyond(FAILURES).await?;
    let swept = directory.db.write(move |tx| {
        Box::pin(async move {
            account_links::sweep(tx, now).await?;
            outbox::sweep(tx, now).await
        })
    });
    Ok(swept.await?)
}

async fn sweep(core: &Core) -> Result<(), DirectoryError> {
    let core = core.clone();
    core.directory
        .db
        .clone()
        .write(move |tx| {
            let core = core.clone();
            Box::pin(async move {
                let now = core.directory.now();
                rows::sweep(tx, core.sessions.lifetimes, now).await?;
                throttle::sweep(tx, now).await?;
                test_logins::sweep(tx, now).await?;
                setup_links::sweep(tx, now).await?;
                crate::apps::oidc::grants::sweep(tx, now).await?;
                challenges::sweep(tx, now).await?;
                for (lost, _) in sign_in::take_expired(tx, now).await? {
                    traces::record(tx, &never_came_back(&core, &lost, now)).await?;
                }
                Ok::<_, DirectoryError>(())
            })
        })
        .await
}

/// An attempt that reached us and was never finished leaves a trace too.
fn never_came_back(core: &Core, lost: &sign_in::SignIn, now: Timestamp) -> LoginTrace {
    let entropy = &core.directory.entropy;
    LoginTrace {
        id: TraceId::new(now, entropy),
        at: now,
        provider: lost.provider.to_string(),
        kind: lost
            .test
            .as_ref()
            .map_or("saml", |_| testing::KIND)
            .to_owned(),
        outcome: TraceOutcome::Failed,
        reference: Reference::new(entropy),
        user: None,
        code: "saml.browser_gone".to_owned(),
        details: TraceDetails {
            summary: "the IdP's answer was good, but the browser never came back for its session"
                .to_owned(),
            side: Some(Side::User),
            remedy: Some(
                "Nothing to change: the person closed the page, or the browser lost its way."
                    .to_owned(),
            ),
            ..TraceDetails::default()
        },
    }
}
