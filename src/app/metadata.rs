//! Keeps metadata fresh: fetches what is due, many at once and none twice, and
//! looks now and then for what ends soon. It runs beside the server and holds
//! nothing up there; what hangs is cut off by the client's own time limits.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::Core;
use crate::domain::{Slug, Timestamp};
use crate::login::saml::source::{self, Alarms, MetadataSource, Outcome};
use crate::platform::crypto::Sealer;

/// How often is looked for what is due: well under the shortest cache duration.
const TICK: Duration = Duration::from_secs(5);
/// Providers whose metadata is fetched at once. Each mostly waits.
const AT_ONCE: usize = 32;
/// Seconds between two looks for what ends soon.
const LOOK: i64 = 3600;

/// Runs until it is cancelled; what is being fetched then is left to others.
pub(super) async fn run(core: Core, public_url: String, stop: CancellationToken) {
    let mut keeper = Keeper {
        source: core.metadata.clone(),
        public_url,
        sealer: Arc::clone(&core.sealer),
        alarms: Alarms::default(),
        looked_at: Timestamp(0),
        under_way: HashSet::new(),
        tasks: JoinSet::new(),
        is_quiet: false,
    };
    let mut ticks = tokio::time::interval(TICK);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = ticks.tick() => keeper.tick(core.directory.now()).await,
            Some(done) = keeper.tasks.join_next() => keeper.done(done.ok()),
        }
    }
}

struct Keeper {
    source: MetadataSource,
    public_url: String,
    sealer: Arc<Sealer>,
    alarms: Alarms,
    looked_at: Timestamp,
    under_way: HashSet<Slug>,
    tasks: JoinSet<(Slug, bool)>,
    /// The database was away before, and that was said.
    is_quiet: bool,
}

impl Keeper {
    async fn tick(&mut self, now: Timestamp) {
        let free = AT_ONCE.saturating_sub(self.tasks.len());
        match self.source.due(AT_ONCE).await {
            Ok(due) => {
                self.is_quiet = false;
                let due = due
                    .into_iter()
                    .filter(|slug| !self.under_way.contains(slug));
                let due: Vec<Slug> = due.take(free).collect();
                for slug in due {
                    self.begin(slug);
                }
            }
            Err(error) if !self.is_quiet => {
                self.is_quiet = true;
                tracing::warn!(%error, "what metadata is due cannot be looked up");
            }
            Err(_) => {}
        }
        if now.seconds_since(self.looked_at) >= LOOK {
            self.look(now).await;
        }
    }

    fn begin(&mut self, slug: Slug) {
        let source = self.source.clone();
        self.under_way.insert(slug.clone());
        self.tasks.spawn(async move {
            let refreshed = source.refresh(&slug, false).await;
            let is_changed = match refreshed {
                Ok(refreshed) => matches!(refreshed.outcome, Outcome::Changed(_)),
                Err(error) => {
                    tracing::warn!(%slug, %error, "the metadata could not be refreshed");
                    false
                }
            };
            (slug, is_changed)
        });
    }

    fn done(&mut self, done: Option<(Slug, bool)>) {
        match done {
            Some((slug, is_changed)) => {
                self.under_way.remove(&slug);
                if is_changed {
                    // Another certificate, another end.
                    self.looked_at = Timestamp(0);
                }
            }
            // A task that broke off took its name along.
            None => self.under_way.clear(),
        }
    }

    async fn look(&mut self, now: Timestamp) {
        let public_url = self.public_url.clone();
        let sealer = Arc::clone(&self.sealer);
        let endings = move |stored: &_, now| source::endings(stored, &public_url, &sealer, now);
        match self.alarms.look(&self.source, endings).await {
            Ok(()) => self.looked_at = now,
            Err(error) => tracing::debug!(%error, "what ends soon cannot be looked up"),
        }
    }
}
