//! Metadata that is fetched: one fetch for a fleet, when, and what is told.

use std::sync::Arc;

use doorward::directory::audit::EventFilter;
use doorward::directory::provider_metadata;
use doorward::directory::providers::{ManagedBy, Save, StoredProvider};
use doorward::directory::traces::{LoginTrace, TraceFilter};
use doorward::domain::provider::{ProviderKind, SamlSettings};
use doorward::domain::{Entropy, Provider};
use doorward::login::saml::source::{self, Alarms, MetadataSource, Outcome};
use doorward::platform::crypto::{MasterKeys, Sealer};
use doorward::platform::http::Outbound;

use crate::place::{Place, gateway, slug};
use crate::publisher::Publisher;

on_both!(
    of_a_fleet_one_fetches,
    a_copy_is_fetched_again_in_time,
    a_failure_is_told_once_a_day,
    a_lease_ends_with_whoever_took_it,
    an_alarm_is_raised_once,
    another_address_forgets_the_copy,
);

const OKTA: &str = include_str!("../../idp-metadata-fixtures/okta/metadata.xml");

fn provider(saml: SamlSettings) -> Provider {
    Provider {
        slug: slug("okta"),
        kind: ProviderKind::Saml,
        label: "SSO Login".into(),
        enabled: true,
        allowed_domains: vec!["example.com".into()],
        jit: true,
        sync_fields: Vec::new(),
        link_by_email: true,
        group_map: std::collections::BTreeMap::default(),
        saml: Some(saml),
        oauth: None,
    }
}

/// A provider whose metadata is still to be fetched.
async fn by_url(place: &Place, url: &str) -> StoredProvider {
    let saml = SamlSettings {
        metadata_url: Some(url.to_owned()),
        ..SamlSettings::default()
    };
    save(place, saml, None).await
}

async fn save(place: &Place, saml: SamlSettings, over: Option<i64>) -> StoredProvider {
    let save = Save {
        provider: provider(saml),
        secrets: String::new(),
        metadata: None,
        over,
        managed_by: ManagedBy::Api,
    };
    let saved = place.directory.save_provider(save, gateway()).await;
    saved.unwrap()
}

fn source(place: &Place) -> MetadataSource {
    MetadataSource::new(place.directory.clone(), Outbound::new(true))
}

async fn refresh(source: &MetadataSource) -> Outcome {
    source.refresh(&slug("okta"), false).await.unwrap().outcome
}

async fn is_due(source: &MetadataSource) -> bool {
    !source.due(10).await.unwrap().is_empty()
}

async fn traces(place: &Place) -> Vec<LoginTrace> {
    let all = place
        .directory
        .login_traces(TraceFilter::default(), None, 500);
    let all = all.await.unwrap().items;
    all.into_iter().filter(|t| t.kind == "metadata").collect()
}

async fn events(place: &Place, action: &str) -> usize {
    let filter = EventFilter {
        action: Some(action.to_owned()),
        ..EventFilter::default()
    };
    let page = place.directory.audit(filter, None, 100).await.unwrap();
    page.items.len()
}

async fn of_a_fleet_one_fetches(place: Place) {
    let publisher = Publisher::of(OKTA);
    let before = by_url(&place, &publisher.url).await;
    let sources: Vec<MetadataSource> = (0..4).map(|_| source(&place)).collect();
    let outcomes = futures_util::future::join_all(sources.iter().map(refresh)).await;
    let changed = outcomes.iter().filter(|o| matches!(o, Outcome::Changed(_)));
    assert_eq!(changed.count(), 1, "{outcomes:?}");
    assert_eq!(publisher.requests().len(), 1);
    let after = place.directory.provider(&slug("okta")).await.unwrap();
    assert_eq!(after.fetched(), Some(OKTA));
    assert!(after.version > before.version, "replicas read it anew");
    assert!(!is_due(&sources[0]).await);
}

async fn a_copy_is_fetched_again_in_time(place: Place) {
    let publisher = Publisher::of(OKTA);
    by_url(&place, &publisher.url).await;
    let source = source(&place);
    assert!(is_due(&source).await);
    assert!(matches!(refresh(&source).await, Outcome::Changed(_)));
    // Without a word of its own, hourly.
    place.wait(3599);
    assert!(!is_due(&source).await);
    assert_eq!(refresh(&source).await, Outcome::Elsewhere, "not yet");
    place.wait(1);
    assert!(is_due(&source).await);
    let hasty = OKTA.replacen("entityID", "cacheDuration=\"PT5S\" entityID", 1);
    publisher.publish(&hasty);
    let version = place
        .directory
        .provider(&slug("okta"))
        .await
        .unwrap()
        .version;
    assert_eq!(refresh(&source).await, Outcome::Changed(Vec::new()));
    place.wait(59);
    assert!(!is_due(&source).await, "less than a minute is a minute");
    place.wait(1);
    assert_eq!(refresh(&source).await, Outcome::Same);
    place.wait(60);
    assert!(is_due(&source).await, "its own word counts still");
    let after = place.directory.provider(&slug("okta")).await.unwrap();
    assert_eq!(after.version, version + 1, "what is the same is no version");
    // SIGHUP.
    refresh(&source).await;
    assert!(!is_due(&source).await);
    place.directory.fetch_all_metadata().await.unwrap();
    assert!(is_due(&source).await);
}

async fn a_failure_is_told_once_a_day(place: Place) {
    let publisher = Publisher::of(OKTA);
    by_url(&place, &publisher.url).await;
    let source = source(&place);
    refresh(&source).await;
    place.wait(3600);
    publisher.fail(500);
    // The pauses grow to an hour.
    for pause in [60, 120, 240, 480, 960, 1920, 3600, 3600] {
        assert!(matches!(refresh(&source).await, Outcome::Failed(_)));
        place.wait(pause - 1);
        assert!(!is_due(&source).await, "{pause}");
        place.wait(1);
    }
    assert_eq!(traces(&place).await.len(), 1);
    for _ in 0..3 * 24 {
        assert!(matches!(refresh(&source).await, Outcome::Failed(_)));
        place.wait(3600);
    }
    let told = traces(&place).await.len();
    assert!((3..=5).contains(&told), "{told} in three days");
    let standing = place.directory.provider(&slug("okta")).await.unwrap();
    assert_eq!(standing.fetched(), Some(OKTA), "the last good copy");
    let (_, code) = standing.metadata.unwrap().failing.unwrap();
    assert_eq!(code, "fetch.status");
    publisher.publish(OKTA);
    assert_eq!(refresh(&source).await, Outcome::Same);
    let newest = traces(&place).await.remove(0);
    assert_eq!(newest.code, "ok", "and that it is over");
    assert_eq!(traces(&place).await.len(), told + 1);
}

async fn a_lease_ends_with_whoever_took_it(place: Place) {
    let publisher = Publisher::of(OKTA);
    by_url(&place, &publisher.url).await;
    let now = place.now();
    let lease = |place: &Place, at_once| {
        let (db, now) = (place.db.clone(), place.now());
        async move {
            let taken = db.write(move |tx| {
                Box::pin(
                    async move { provider_metadata::lease(tx, &slug("okta"), now, at_once).await },
                )
            });
            taken.await.unwrap()
        }
    };
    let taken = lease(&place, false).await.unwrap();
    assert_eq!(lease(&place, true).await, None);
    let source = source(&place);
    assert_eq!(refresh(&source).await, Outcome::Elsewhere);
    assert_eq!(publisher.requests().len(), 0);
    place.wait(60);
    assert!(matches!(refresh(&source).await, Outcome::Changed(_)));
    // Whoever comes late settles nothing.
    let late = place.db.write(move |tx| {
        let taken = taken.clone();
        Box::pin(async move { provider_metadata::settle_same(tx, &taken, now, now).await })
    });
    assert!(!late.await.unwrap());
}

fn sealer() -> Arc<Sealer> {
    let keys = MasterKeys::parse("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=").unwrap();
    Arc::new(Sealer::new(&keys, Entropy::System).unwrap())
}

async fn an_alarm_is_raised_once(place: Place) {
    let saml = SamlSettings {
        metadata_xml: Some(OKTA.to_owned()),
        ..SamlSettings::default()
    };
    let stored = save(&place, saml, None).await;
    let sealer = sealer();
    let found = source::endings(&stored, "https://sso.example.com", &sealer, place.now());
    assert_eq!(found.len(), 1, "{found:?}");
    let left = found[0].ends_at.seconds_since(place.now());
    let sources = [source(&place), source(&place)];
    let alarms = [Alarms::default(), Alarms::default()];
    let look = async || {
        for (alarms, source) in alarms.iter().zip(&sources) {
            let sealer = Arc::clone(&sealer);
            let endings = move |stored: &_, now| {
                source::endings(stored, "https://sso.example.com", &sealer, now)
            };
            alarms.look(source, endings).await.unwrap();
        }
        let soon = events(&place, "provider.expires_soon").await;
        (soon, events(&place, "provider.expired").await)
    };
    assert_eq!(look().await, (0, 0));
    place.wait(left - 31 * 86_400);
    assert_eq!(look().await, (0, 0));
    place.wait(2 * 86_400);
    assert_eq!(look().await, (1, 0), "thirty days ahead");
    place.wait(10 * 86_400);
    assert_eq!(look().await, (1, 0));
    place.wait(13 * 86_400);
    assert_eq!(look().await, (2, 0), "seven days ahead");
    place.wait(7 * 86_400);
    assert_eq!(look().await, (2, 1), "over");
    place.wait(86_400);
    assert_eq!(look().await, (2, 1));
}

async fn another_address_forgets_the_copy(place: Place) {
    let publisher = Publisher::of(OKTA);
    by_url(&place, &publisher.url).await;
    let source = source(&place);
    refresh(&source).await;
    let before = place.directory.provider(&slug("okta")).await.unwrap();
    let saml = SamlSettings {
        metadata_url: Some(format!("{}/elsewhere", publisher.url)),
        ..SamlSettings::default()
    };
    let after = save(&place, saml, Some(before.version)).await;
    assert_eq!(after.fetched(), None);
    assert!(is_due(&source).await);
    let saml = SamlSettings {
        metadata_xml: Some(OKTA.to_owned()),
        ..SamlSettings::default()
    };
    let after = save(&place, saml, Some(after.version)).await;
    assert_eq!(after.metadata, None);
    assert!(!is_due(&source).await);
}
