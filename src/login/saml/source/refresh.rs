//! One refresh: who does it, what counts, and what is told.

use std::sync::Arc;

use super::announce::{self, News};
use super::fetch::{Answer, Document};
use super::{MetadataSource, SourceError, interval};
use crate::directory::audit::{self, Actor, Target};
use crate::directory::provider_metadata::{self, GoodCopy, Lease};
use crate::directory::providers::{StoredProvider, by_slug};
use crate::directory::traces::{self, LoginTrace, Side, TraceDetails, TraceOutcome};
use crate::directory::{Directory, DirectoryError};
use crate::domain::{Reference, Slug, Timestamp, TraceId};
use crate::login::saml::metadata;

/// Seconds after which a failure that goes on is told again.
const TOLD_AGAIN: i64 = 86_400;
/// The longest pause between two attempts after failures, in seconds.
const LONGEST_PAUSE: i64 = 3600;

/// What came of a refresh.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The last good copy is the one that stands.
    Same,
    /// Another document took its place; what is new in it, a sentence each.
    Changed(Vec<String>),
    /// The last good copy stays in force.
    Failed(SourceError),
    /// Somebody else is at it, or there is nothing to do.
    Elsewhere,
}

/// A refresh.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refreshed {
    /// What came of it.
    pub outcome: Outcome,
    /// The time at the server, where it said so.
    pub server_time: Option<Timestamp>,
}

impl MetadataSource {
    /// The providers whose metadata is to be fetched now.
    ///
    /// # Errors
    /// The database.
    pub async fn due(&self, most: usize) -> Result<Vec<Slug>, DirectoryError> {
        let now = self.directory.now();
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        let due = self
            .directory
            .db
            .read(move |tx| Box::pin(async move { provider_metadata::due(tx, now, most).await }));
        Ok(due.await?)
    }

    /// Fetches the metadata of a provider, if nobody else does: when it is due,
    /// or `at_once`.
    ///
    /// # Errors
    /// The database. What is wrong with the metadata is an [`Outcome`].
    pub async fn refresh(&self, slug: &Slug, at_once: bool) -> Result<Refreshed, DirectoryError> {
        let elsewhere = Refreshed {
            outcome: Outcome::Elsewhere,
            server_time: None,
        };
        let Some((lease, stored)) = self.take(slug, at_once).await? else {
            return Ok(elsewhere);
        };
        let settings = stored.provider.saml.clone().unwrap_or_default();
        // Nobody signs in through it; it is fetched when it is switched on.
        if !stored.provider.enabled && !at_once {
            self.settle_same(lease, stored).await?;
            return Ok(elsewhere);
        }
        let select = settings.entity_id.as_deref();
        let answer = self.client.fetch(&lease.url, select, Some(&lease)).await;
        let server_time = answer.as_ref().ok().and_then(|answer| answer.date);
        let outcome = match answer.and_then(|answer| judged(answer, &lease, select)) {
            Ok(None) => self.settle_same(lease, stored).await?,
            Ok(Some(document)) if stored.fetched() == Some(document.text()) => {
                self.settle_same(lease, stored).await?
            }
            Ok(Some(document)) => self.settle_changed(lease, stored, *document).await?,
            Err(error) => self.settle_failed(lease, error).await?,
        };
        announce::count(slug, &outcome);
        Ok(Refreshed {
            outcome,
            server_time,
        })
    }

    async fn take(
        &self,
        slug: &Slug,
        at_once: bool,
    ) -> Result<Option<(Lease, StoredProvider)>, DirectoryError> {
        let (slug, now) = (slug.clone(), self.directory.now());
        let taken = self.directory.db.write(move |tx| {
            let slug = slug.clone();
            Box::pin(async move {
                let Some(lease) = provider_metadata::lease(tx, &slug, now, at_once).await? else {
                    return Ok(None);
                };
                let stored = by_slug(tx, &slug).await?;
                Ok::<_, DirectoryError>(stored.map(|stored| (lease, stored)))
            })
        });
        taken.await
    }

    async fn settle_same(
        &self,
        lease: Lease,
        stored: StoredProvider,
    ) -> Result<Outcome, DirectoryError> {
        let now = self.directory.now();
        let cache = match stored.fetched() {
            // Its own word on how long it may be kept; reading it again costs
            // less than keeping that word would.
            Some(text) => cache_duration(text.to_owned(), stored.clone(), now).await,
            None => None,
        };
        let next = now.plus_seconds(interval(cache, lease.valid_until, now));
        let directory = self.directory.clone();
        let settled = self.directory.db.write(move |tx| {
            let (lease, directory) = (lease.clone(), directory.clone());
            Box::pin(async move {
                let ours = provider_metadata::settle_same(tx, &lease, next, now).await?;
                if ours && lease.traced_at.is_some() {
                    traces::record(tx, &well_again(&lease.slug, &directory, now)).await?;
                }
                Ok::<_, DirectoryError>(())
            })
        });
        settled.await?;
        Ok(Outcome::Same)
    }

    async fn settle_changed(
        &self,
        lease: Lease,
        stored: StoredProvider,
        document: Document,
    ) -> Result<Outcome, DirectoryError> {
        let now = self.directory.now();
        let before = stored.fetched().map(str::to_owned);
        let select = stored.provider.saml.as_ref();
        let select = select.and_then(|saml| saml.entity_id.clone());
        let after = document.metadata.clone();
        let news = tokio::task::spawn_blocking(move || {
            let before = before.and_then(|text| {
                metadata::parse(text.as_bytes(), select.as_deref(), Timestamp(0)).ok()
            });
            News::between(before.as_ref(), &after)
        });
        let news = Arc::new(news.await.unwrap_or_default());
        let copy: GoodCopy = document.copy(&lease.url, now);
        let (directory, slug) = (self.directory.clone(), lease.slug.clone());
        let (label, told) = (stored.provider.label, Arc::clone(&news));
        let settled = self.directory.db.write(move |tx| {
            let (lease, directory, copy) = (lease.clone(), directory.clone(), copy.clone());
            let (label, news) = (label.clone(), Arc::clone(&told));
            Box::pin(async move {
                if !provider_metadata::settle_changed(tx, &lease, &copy, now).await? {
                    return Ok(false);
                }
                if lease.traced_at.is_some() {
                    traces::record(tx, &well_again(&lease.slug, &directory, now)).await?;
                }
                if let Some(action) = news.action() {
                    let target = Target {
                        kind: "provider",
                        id: lease.slug.as_str(),
                        name: &label,
                    };
                    let at = (now, &directory.entropy);
                    let actor = Actor::Gateway;
                    audit::record(tx, at, &actor, action, target, &news.changes).await?;
                }
                Ok::<_, DirectoryError>(true)
            })
        });
        if !settled.await? {
            return Ok(Outcome::Elsewhere);
        }
        news.log(&slug);
        Ok(Outcome::Changed(news.sentences.clone()))
    }

    /// Tells of a failure once, of another one again, and of one that lasts
    /// once a day.
    async fn settle_failed(
        &self,
        lease: Lease,
        error: SourceError,
    ) -> Result<Outcome, DirectoryError> {
        let now = self.directory.now();
        let code = error.code();
        let known = lease.failure_code.as_deref() == Some(code)
            && lease
                .traced_at
                .is_some_and(|at| now.seconds_since(at) < TOLD_AGAIN);
        let doublings = u32::try_from(lease.failures.clamp(0, 6)).unwrap_or(6);
        let pause = (60_i64 << doublings).min(LONGEST_PAUSE);
        let next = now.plus_seconds(pause);
        let trace = (!known).then(|| Arc::new(failed(&lease.slug, &error, &self.directory, now)));
        if known {
            tracing::debug!(slug = %lease.slug, code, %error, "the metadata still cannot be refreshed");
        } else {
            tracing::warn!(slug = %lease.slug, code, %error, remedy = error.remedy(),
                "the metadata cannot be refreshed; the last good copy stays in force");
        }
        let settled = self.directory.db.write(move |tx| {
            let (lease, trace) = (lease.clone(), trace.clone());
            Box::pin(async move {
                let told = trace.is_some();
                let ours = provider_metadata::settle_failed(tx, &lease, (code, told), next, now);
                if ours.await?
                    && let Some(trace) = trace
                {
                    traces::record(tx, &trace).await?;
                }
                Ok::<_, DirectoryError>(())
            })
        });
        settled.await?;
        Ok(Outcome::Failed(error))
    }
}

/// Metadata that speaks of another entity than the last good copy did is
/// refused, unless the admin named the entity that is meant.
fn judged(
    answer: Answer,
    lease: &Lease,
    select: Option<&str>,
) -> Result<Option<Box<Document>>, SourceError> {
    let Some(document) = answer.document else {
        return Ok(None);
    };
    match &lease.entity_id {
        Some(pinned) if select.is_none() && *pinned != document.metadata.entity_id => {
            Err(SourceError::EntityChanged {
                expected: pinned.clone(),
                received: document.metadata.entity_id.clone(),
            })
        }
        _ => Ok(Some(document)),
    }
}

async fn cache_duration(text: String, stored: StoredProvider, now: Timestamp) -> Option<u64> {
    let read = tokio::task::spawn_blocking(move || {
        let select = stored.provider.saml.and_then(|saml| saml.entity_id);
        metadata::parse(text.as_bytes(), select.as_deref(), now)
            .ok()?
            .cache_duration
    });
    read.await.ok().flatten()
}

fn trace(slug: &Slug, directory: &Directory, now: Timestamp) -> LoginTrace {
    let entropy = &directory.entropy;
    LoginTrace {
        id: TraceId::new(now, entropy),
        at: now,
        provider: slug.to_string(),
        kind: "metadata".to_owned(),
        outcome: TraceOutcome::Success,
        reference: Reference::new(entropy),
        user: None,
        code: "ok".to_owned(),
        details: TraceDetails::default(),
    }
}

fn failed(slug: &Slug, error: &SourceError, directory: &Directory, now: Timestamp) -> LoginTrace {
    let (outcome, details) = error.trace();
    LoginTrace {
        outcome,
        details,
        code: error.code().to_owned(),
        ..trace(slug, directory, now)
    }
}

/// The end of what was told before.
fn well_again(slug: &Slug, directory: &Directory, now: Timestamp) -> LoginTrace {
    LoginTrace {
        details: TraceDetails {
            summary: "the metadata can be fetched again".to_owned(),
            side: Some(Side::Idp),
            ..TraceDetails::default()
        },
        ..trace(slug, directory, now)
    }
}
