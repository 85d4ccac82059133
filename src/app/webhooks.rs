//! Delivers what webhooks are told, beside the server: several receivers at
//! once, each in its own order. A receiver that hangs holds up nobody else.

use std::time::Duration;

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::Core;
use crate::directory::webhooks::deliver::Courier;
use crate::domain::Timestamp;

/// How often is looked for what is due.
const TICK: Duration = Duration::from_secs(1);
/// Time for one call: four of them fit into a lease.
const CALL: Duration = Duration::from_secs(10);
/// Seconds between two looks for what can be forgotten.
const FORGET: i64 = 3600;

/// The courier of this replica.
pub(super) fn courier(core: &Core) -> Courier {
    let sealer = std::sync::Arc::clone(&core.sealer);
    Courier::new(core.directory.clone(), sealer, core.outbound.within(CALL))
}

/// Runs until it is cancelled; what is under way then is delivered again by
/// whoever comes next, under the same id.
pub(super) async fn run(core: Core, courier: Courier, stop: CancellationToken) {
    let mut ticks = tokio::time::interval(TICK);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut tasks: JoinSet<()> = JoinSet::new();
    let mut forgotten_at = Timestamp(0);
    let mut is_quiet = false;
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = ticks.tick() => {}
            // There may be more for the same receiver.
            Some(_) = tasks.join_next() => {}
        }
        match courier.take().await {
            Ok(batches) => {
                is_quiet = false;
                for batch in batches {
                    let courier = courier.clone();
                    tasks.spawn(async move { courier.deliver(batch).await });
                }
            }
            Err(error) if !is_quiet => {
                is_quiet = true;
                tracing::warn!(%error, "what webhooks are owed cannot be looked up");
            }
            Err(_) => {}
        }
        let now = core.directory.now();
        if now.seconds_since(forgotten_at) >= FORGET {
            forgotten_at = now;
            if let Err(error) = core.directory.forget_deliveries().await {
                tracing::warn!(%error, "old deliveries could not be deleted");
            }
        }
    }
}
