//! What admins are told of metadata: what is new in it, and what ends soon.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use super::{MetadataSource, Outcome};
use crate::directory::DirectoryError;
use crate::directory::audit::{self, Actor, Target};
use crate::directory::plan::Change;
use crate::directory::provider_metadata::{self, Ending};
use crate::directory::providers::StoredProvider;
use crate::domain::{ProviderKind, Slug, Timestamp};
use crate::login::saml::certificates::Certificate;
use crate::login::saml::checks::last_certificate;
use crate::login::saml::keys::{KeyRing, SpKey};
use crate::login::saml::metadata::IdpMetadata;
use crate::login::saml::provider::{compile_with, ring};
use crate::platform::crypto::Sealer;

/// How many days ahead an end is told, the earliest first; `0` is the end.
const AHEAD: [i64; 3] = [30, 7, 0];

/// Counts a refresh.
pub(super) fn count(slug: &Slug, outcome: &Outcome) {
    let word = match outcome {
        Outcome::Same => "same",
        Outcome::Changed(_) => "changed",
        Outcome::Failed(_) => "failed",
        Outcome::Elsewhere => return,
    };
    metrics::counter!("doorward_metadata_refreshes_total", "provider" => slug.to_string(),
        "outcome" => word)
    .increment(1);
}

/// What is new in a document.
#[derive(Debug, Default)]
pub(super) struct News {
    /// For the audit log.
    pub changes: Vec<Change>,
    /// For people.
    pub sentences: Vec<String>,
    /// Whether a certificate appeared.
    appeared: bool,
}

impl News {
    /// What differs between the last good copy and its successor.
    pub fn between(before: Option<&IdpMetadata>, after: &IdpMetadata) -> Self {
        let mut news = Self::default();
        let Some(before) = before else {
            news.sentences
                .push(format!("{} is known now.", after.entity_id));
            news.note("entity_id", None, Some(after.entity_id.clone()));
            return news;
        };
        let (old, new) = (&before.signing_certificates, &after.signing_certificates);
        for certificate in new.iter().filter(|c| !old.contains(c)) {
            news.appeared = true;
            news.sentences.push(format!(
                "A signing certificate appeared and is accepted from now on: {}.",
                named(certificate)
            ));
        }
        for certificate in old.iter().filter(|c| !new.contains(c)) {
            news.sentences.push(format!(
                "A signing certificate has gone and is no longer accepted: {}.",
                named(certificate)
            ));
        }
        let all = |list: &[Certificate]| {
            let names: Vec<String> = list.iter().map(named).collect();
            Some(names.join("; "))
        };
        news.note("signing_certificates", all(old), all(new));
        let (was, is) = (before.entity_id.clone(), after.entity_id.clone());
        news.note("entity_id", Some(was), Some(is));
        for (name, old, new) in [
            ("sso_redirect", &before.sso_redirect, &after.sso_redirect),
            ("sso_post", &before.sso_post, &after.sso_post),
        ] {
            if old != new {
                news.sentences.push(format!(
                    "The address for sign-ins ({name}) is now {}.",
                    new.as_deref().unwrap_or("none")
                ));
            }
            news.note(name, old.clone(), new.clone());
        }
        news
    }

    fn note(&mut self, field: &str, before: Option<String>, after: Option<String>) {
        if before != after {
            self.changes.push(Change {
                field: field.to_owned(),
                before,
                after,
            });
        }
    }

    /// How the audit log calls it; nothing where nothing of weight is new.
    pub fn action(&self) -> Option<&'static str> {
        match (self.appeared, self.changes.is_empty()) {
            (true, _) => Some("provider.certificate_appeared"),
            (false, false) => Some("provider.metadata_changed"),
            (false, true) => None,
        }
    }

    /// Says it in the log, and counts it.
    pub fn log(&self, slug: &Slug) {
        for sentence in &self.sentences {
            tracing::warn!(%slug, "{sentence}");
        }
        if self.appeared {
            metrics::counter!("doorward_certificates_appeared_total",
                "provider" => slug.to_string())
            .increment(1);
        }
    }
}

fn named(certificate: &Certificate) -> String {
    format!(
        "{} (until {}, SHA-256 {})",
        certificate.subject, certificate.not_after, certificate.fingerprint_sha256
    )
}

/// Something that ends, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expiry {
    /// `certificate`, `own_key` or `metadata`.
    pub kind: &'static str,
    /// A fingerprint, or `metadata`.
    pub what: String,
    /// For people.
    pub name: String,
    /// When.
    pub ends_at: Timestamp,
}

impl Expiry {
    const fn days_left(&self, now: Timestamp) -> i64 {
        self.ends_at.seconds_since(now).div_euclid(86_400)
    }

    fn sentence(&self, now: Timestamp) -> String {
        match self.days_left(now) {
            days if days < 0 => format!("{} ended on {}.", self.name, self.ends_at),
            days => format!("{} ends on {}, in {days} days.", self.name, self.ends_at),
        }
    }
}

/// Looks for what ends soon, and remembers what it showed.
#[derive(Debug, Default)]
pub struct Alarms {
    shown: Mutex<BTreeMap<(String, &'static str), i64>>,
}

impl Alarms {
    /// Looks at every provider: sets the gauges, and raises each alarm once.
    ///
    /// # Errors
    /// The database.
    pub async fn look(
        &self,
        source: &MetadataSource,
        endings: impl Fn(&StoredProvider, Timestamp) -> Vec<Expiry> + Clone + Send + Sync + 'static,
    ) -> Result<(), DirectoryError> {
        let mut shown = BTreeMap::new();
        for stored in source.directory.providers().await? {
            let (now, slug) = (source.directory.now(), stored.provider.slug.clone());
            let (enabled, label) = (stored.provider.enabled, stored.provider.label.clone());
            let endings = endings.clone();
            let found = tokio::task::spawn_blocking(move || endings(&stored, now));
            for expiry in found.await.unwrap_or_default() {
                shown.insert((slug.to_string(), expiry.kind), expiry.days_left(now));
                if enabled {
                    source.alarm(&slug, &label, &expiry, now).await?;
                }
            }
        }
        self.show(shown);
        Ok(())
    }

    /// Sets the gauges; those of what has gone say so.
    fn show(&self, new: BTreeMap<(String, &'static str), i64>) {
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        for (slug, kind) in shown.keys().filter(|key| !new.contains_key(*key)) {
            gauge(slug, kind, f64::NAN);
        }
        for ((slug, kind), days) in &new {
            let days = i32::try_from(*days).unwrap_or(i32::MAX);
            gauge(slug, kind, f64::from(days));
        }
        *shown = new;
    }
}

fn gauge(slug: &str, kind: &'static str, days: f64) {
    metrics::gauge!("doorward_certificate_expiry_days", "provider" => slug.to_owned(),
        "kind" => kind)
    .set(days);
}

impl MetadataSource {
    /// Raises an alarm for what ends soon, once for each of the days ahead, and
    /// once in the fleet.
    async fn alarm(
        &self,
        slug: &Slug,
        label: &str,
        expiry: &Expiry,
        now: Timestamp,
    ) -> Result<(), DirectoryError> {
        let left = expiry.ends_at.seconds_since(now);
        let reached: Vec<i64> = AHEAD
            .into_iter()
            .filter(|days| left <= days * 86_400)
            .collect();
        if reached.is_empty() {
            return Ok(());
        }
        let (directory, expiry, slug) = (self.directory.clone(), expiry.clone(), slug.clone());
        let (label, log) = (label.to_owned(), (slug.clone(), expiry.sentence(now)));
        let raised = self.directory.db.write(move |tx| {
            let (directory, expiry) = (directory.clone(), expiry.clone());
            let (slug, label, reached) = (slug.clone(), label.clone(), reached.clone());
            Box::pin(async move {
                let mut raised = false;
                for days in reached {
                    let ending = Ending {
                        slug: slug.clone(),
                        what: expiry.what.clone(),
                        ends_at: expiry.ends_at,
                        days,
                    };
                    raised |= provider_metadata::raise(tx, &ending, now).await?;
                }
                if raised {
                    let target = Target {
                        kind: "provider",
                        id: slug.as_str(),
                        name: &label,
                    };
                    let change = Change {
                        field: expiry.name.clone(),
                        before: None,
                        after: Some(expiry.ends_at.rfc3339()),
                    };
                    let at = (now, &directory.entropy);
                    let action = match expiry.days_left(now) {
                        days if days < 0 => "provider.expired",
                        _ => "provider.expires_soon",
                    };
                    audit::record(tx, at, &Actor::Gateway, action, target, &[change]).await?;
                }
                Ok::<_, DirectoryError>(raised)
            })
        });
        if raised.await? {
            let (slug, sentence) = log;
            tracing::warn!(%slug, "{sentence}");
        }
        Ok(())
    }
}

/// What of a SAML provider ends: the signing certificate that lasts longest,
/// metadata that nobody renews by itself, and our own key for it.
#[must_use]
pub fn endings(
    stored: &StoredProvider,
    public_url: &str,
    sealer: &Sealer,
    now: Timestamp,
) -> Vec<Expiry> {
    if stored.provider.kind != ProviderKind::Saml {
        return Vec::new();
    }
    // A ring that cannot be opened is told of by the provider's test.
    let ring = ring(stored, sealer).ok().flatten();
    let own = ring.as_ref().and_then(KeyRing::signing).map(own_key);
    let Ok(ready) = compile_with(&stored.provider, stored.fetched(), public_url, now) else {
        return own.into_iter().collect();
    };
    let certificate = last_certificate(&ready).map(|certificate| Expiry {
        kind: "certificate",
        what: certificate.fingerprint_sha256.clone(),
        name: format!("The signing certificate of {}", certificate.subject),
        ends_at: certificate.not_after,
    });
    let by_hand = ready.settings().metadata_url.is_none();
    let until = ready.metadata.valid_until.filter(|_| by_hand);
    let metadata = until.map(|ends_at| Expiry {
        kind: "metadata",
        what: "metadata".to_owned(),
        name: "The identity provider's metadata".to_owned(),
        ends_at,
    });
    certificate.into_iter().chain(metadata).chain(own).collect()
}

/// The key with which we sign. Its end stops no login by itself, but some IdPs
/// refuse requests under a certificate that has ended.
fn own_key(key: &SpKey) -> Expiry {
    Expiry {
        kind: "own_key",
        what: key.fingerprint.clone(),
        name: "The certificate of this gateway's own key for the provider".to_owned(),
        ends_at: key.not_after,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Entropy;

    #[test]
    fn our_own_key_ends_when_its_certificate_does() {
        let slug = Slug::parse("okta").unwrap();
        let now = Timestamp(1_800_000_000_000);
        let key = SpKey::generate(&slug, now, &Entropy::System).unwrap();
        let expiry = own_key(&key);
        assert_eq!(expiry.ends_at, key.not_after);
        assert!(expiry.days_left(now) > 365);
        let late = key.not_after.plus_seconds(1);
        assert!(expiry.sentence(late).contains("ended on"), "{expiry:?}");
    }
}
