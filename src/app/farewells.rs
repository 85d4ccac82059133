//! Tells applications which of their sessions have ended, beside the server.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::apps::oidc::{OidcState, backchannel};

/// How often is looked for what is due.
const TICK: Duration = Duration::from_secs(1);

/// Runs until it is cancelled; what is under way then is told again.
pub(super) async fn run(state: OidcState, stop: CancellationToken) {
    let mut ticks = tokio::time::interval(TICK);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut is_quiet = false;
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = ticks.tick() => {}
        }
        loop {
            let told = tokio::select! {
                () = stop.cancelled() => return,
                told = backchannel::tell(&state) => told,
            };
            match told {
                Ok(0) => {
                    is_quiet = false;
                    break;
                }
                Ok(_) => {}
                Err(error) => {
                    if !is_quiet {
                        tracing::warn!(%error, "which applications are owed a word cannot be looked up");
                    }
                    is_quiet = true;
                    break;
                }
            }
        }
    }
}
