//! What cannot be waited for: floods, and receivers that are gone for days.

use std::sync::Arc;

use super::deliver::Courier;
use super::log::DeliveryState;
use super::*;
use crate::directory::traces::{self, LoginTrace, TraceDetails, TraceOutcome};
use crate::domain::{Clock, Entropy, Reference, TraceId};
use crate::platform::crypto::MasterKeys;
use crate::platform::http::Outbound;
use crate::platform::storage::Db;

struct World {
    directory: Directory,
    sealer: Arc<Sealer>,
    clock: Clock,
    _folder: tempfile::TempDir,
}

impl World {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}/d.db", folder.path().display());
        let clock = Clock::manual(Timestamp(1_795_262_400_000));
        let db = Db::open(&url).await.unwrap();
        let keys = MasterKeys::parse("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=").unwrap();
        Self {
            directory: Directory::new(db, clock.clone(), Entropy::System),
            sealer: Arc::new(Sealer::new(&keys, Entropy::System).unwrap()),
            clock,
            _folder: folder,
        }
    }

    fn later(&self, seconds: i64) {
        let Clock::Manual(at) = &self.clock else {
            panic!("the clock is the system's");
        };
        at.fetch_add(seconds * 1000, std::sync::atomic::Ordering::SeqCst);
    }

    async fn webhook(&self, url: &str) -> Webhook {
        let edit = WebhookEdit {
            url: Some(url.to_owned()),
            ..WebhookEdit::default()
        };
        let made = self
            .directory
            .create_webhook(edit, &self.sealer, Actor::CommandLine);
        made.await.unwrap().0
    }

    /// So many failed logins, in one transaction.
    async fn failed_logins(&self, count: usize) {
        let directory = self.directory.clone();
        let done: Result<(), DirectoryError> = self
            .directory
            .db
            .write(move |tx| {
                let directory = directory.clone();
                Box::pin(async move {
                    for _ in 0..count {
                        traces::record(tx, &trace(&directory)).await?;
                    }
                    Ok(())
                })
            })
            .await;
        done.unwrap();
    }

    async fn pending(&self) -> i64 {
        let found: Result<i64, StorageError> = self
            .directory
            .db
            .read(|tx| {
                Box::pin(async move {
                    let sql = "SELECT COUNT(*) FROM webhook_deliveries WHERE state = 'pending'";
                    tx.count(sql, &[]).await
                })
            })
            .await;
        found.unwrap()
    }
}

fn trace(directory: &Directory) -> LoginTrace {
    let now = directory.now();
    LoginTrace {
        id: TraceId::new(now, &directory.entropy),
        at: now,
        provider: "okta".to_owned(),
        kind: "saml".to_owned(),
        outcome: TraceOutcome::Failed,
        reference: Reference::new(&directory.entropy),
        user: None,
        code: "saml.signature_missing".to_owned(),
        details: TraceDetails::default(),
    }
}

#[tokio::test]
async fn a_flood_of_failed_logins_is_told_within_bounds() {
    let world = World::new().await;
    world.webhook("http://127.0.0.1:9/").await;
    // A unit of work has its time limit.
    for part in [2_500, 2_500, 2_500, 2_499] {
        world.failed_logins(part).await;
    }
    assert_eq!(world.pending().await, 9_999);
    world.failed_logins(50).await;
    assert_eq!(world.pending().await, 10_000);
    // What happens to users is told all the same.
    let group = world
        .directory
        .create_group("G".to_owned(), None, Actor::CommandLine);
    group.await.unwrap();
    assert_eq!(world.pending().await, 10_001);
}

#[tokio::test]
async fn metadata_and_tests_are_no_logins() {
    let world = World::new().await;
    world.webhook("http://127.0.0.1:9/").await;
    for kind in ["metadata", "discovery", "logout", "test", "application"] {
        let mut trace = trace(&world.directory);
        kind.clone_into(&mut trace.kind);
        world.directory.trace(trace).await.unwrap();
    }
    assert_eq!(world.pending().await, 0);
}

/// Nothing listens: the pauses grow, each message is given up in the end, and the
/// webhook is switched off after five days, with an alarm.
#[tokio::test]
async fn a_receiver_that_is_gone_for_days() {
    let world = World::new().await;
    let webhook = world.webhook("http://127.0.0.1:9/").await;
    let outbound = Outbound::new(true);
    let courier = Courier::new(world.directory.clone(), Arc::clone(&world.sealer), outbound);
    world.directory.test_webhook(&webhook.id).await.unwrap();
    let mut tries = 0;
    for _ in 0..2_000 {
        for batch in courier.take().await.unwrap() {
            courier.deliver(batch).await;
            tries += 1;
        }
        let page = world.directory.webhook_deliveries(&webhook.id, None, 5);
        if page.await.unwrap().items[0].state == DeliveryState::Failed {
            break;
        }
        world.later(300);
    }
    assert_eq!(tries, 11);
    let shown = world.directory.webhook(&webhook.id).await.unwrap();
    assert!(shown.enabled, "four days are no five");
    assert!(shown.failing_since.is_some());
    world.later(3 * 24 * 3600);
    world.directory.test_webhook(&webhook.id).await.unwrap();
    for batch in courier.take().await.unwrap() {
        courier.deliver(batch).await;
    }
    let shown = world.directory.webhook(&webhook.id).await.unwrap();
    assert!(!shown.enabled);
    assert!(shown.disabled_reason.unwrap().contains("five days"));
    assert_eq!(world.pending().await, 0);
    assert!(world.directory.test_webhook(&webhook.id).await.is_err());
    // What is done with long ago goes.
    world.later(15 * 24 * 3600);
    assert_eq!(world.directory.forget_deliveries().await.unwrap(), 2);
}

#[tokio::test]
async fn a_message_is_leased_to_one() {
    let world = World::new().await;
    let webhook = world.webhook("http://127.0.0.1:9/").await;
    let outbound = Outbound::new(true);
    let courier = Courier::new(world.directory.clone(), Arc::clone(&world.sealer), outbound);
    for _ in 0..6 {
        world.directory.test_webhook(&webhook.id).await.unwrap();
    }
    assert_eq!(courier.take().await.unwrap().len(), 1);
    // Neither these nor the later ones: they come in their order.
    assert!(courier.take().await.unwrap().is_empty());
    // Whoever had them is dead.
    world.later(61);
    assert_eq!(courier.take().await.unwrap().len(), 1);
}
