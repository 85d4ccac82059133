//! Metadata by URL: fetched when a provider is made, then again and again, and
//! never allowed to make things worse than they are.
//!
//! [`fetch`] asks for a document and reads it; [`refresh`] decides whether it
//! takes the place of the last good copy, and tells whom it concerns. Whatever
//! goes wrong, the last good copy stays in force until its own `validUntil`.

mod announce;
mod error;
mod fetch;
mod refresh;

use std::sync::Arc;

use tokio::sync::Semaphore;

use crate::directory::Directory;
use crate::directory::provider_metadata::GoodCopy;
use crate::directory::providers::StoredProvider;
use crate::domain::{Clock, Provider, Timestamp};
use crate::login::setup::SetupError;
use crate::platform::http::Outbound;

pub use announce::{Alarms, Expiry, endings};
pub use error::SourceError;
pub use refresh::{Outcome, Refreshed};

/// The field that a fault of fetched metadata is put down to.
pub(super) const FIELD: &str = "saml.metadata_url";
/// The code of a provider whose metadata was never fetched.
pub const NOT_FETCHED: &str = "saml.metadata_not_fetched";
/// Documents that are read at once: parsing is the processor's work, and the
/// processor has logins to verify.
const READERS: usize = 2;

/// Asks for metadata and reads it, and keeps none. Cloning it copies pointers.
#[derive(Clone, Debug)]
pub struct Client {
    outbound: Outbound,
    clock: Clock,
    readers: Arc<Semaphore>,
}

/// Fetches metadata for the providers of a directory. Cloning it copies
/// pointers.
#[derive(Clone, Debug)]
pub struct MetadataSource {
    directory: Directory,
    client: Client,
}

impl MetadataSource {
    /// For the providers of this directory, over this way to the network.
    #[must_use]
    pub fn new(directory: Directory, outbound: Outbound) -> Self {
        Self {
            client: Client::new(outbound, directory.clock.clone()),
            directory,
        }
    }

    /// The metadata for a provider that is about to be saved.
    ///
    /// # Errors
    /// See [`Client::obtain`].
    pub async fn obtain(
        &self,
        provider: &Provider,
        before: Option<&StoredProvider>,
    ) -> Result<Option<GoodCopy>, SetupError> {
        self.client.obtain(provider, before).await
    }
}

impl Client {
    /// Over this way to the network.
    #[must_use]
    pub fn new(outbound: Outbound, clock: Clock) -> Self {
        Self {
            outbound,
            clock,
            readers: Arc::new(Semaphore::new(READERS)),
        }
    }

    /// The metadata for a provider that is about to be saved: fetched, where
    /// its address or the entity that is meant is another than before. `None`
    /// where nothing has to be fetched.
    ///
    /// # Errors
    /// Why it cannot be fetched or used, and what to do.
    pub async fn obtain(
        &self,
        provider: &Provider,
        before: Option<&StoredProvider>,
    ) -> Result<Option<GoodCopy>, SetupError> {
        let Some(settings) = &provider.saml else {
            return Ok(None);
        };
        let Some(url) = settings.metadata_url.as_deref() else {
            return Ok(None);
        };
        let same = before.is_some_and(|before| {
            let was = before.provider.saml.as_ref();
            before.fetched().is_some()
                && was.is_some_and(|was| {
                    was.metadata_url.as_deref() == Some(url) && was.entity_id == settings.entity_id
                })
        });
        if same {
            return Ok(None);
        }
        let select = settings.entity_id.as_deref();
        let answer = self.fetch(url, select, None).await;
        let document = answer
            .and_then(|answer| answer.document.ok_or(SourceError::Empty))
            .map_err(|error| SetupError::new(error.code(), FIELD, error.sentence()))?;
        Ok(Some(document.copy(url, self.clock.now())))
    }
}

/// When metadata is fetched again, in seconds: by its `cacheDuration`, which is
/// an upper bound (SAML Metadata §2.3.1), once an hour without one, and well
/// before it runs out.
fn interval(cache_duration: Option<u64>, valid_until: Option<Timestamp>, now: Timestamp) -> i64 {
    const SHORTEST: i64 = 60;
    const HOURLY: i64 = 3600;
    const LONGEST: i64 = 86_400;
    let named = cache_duration.map(|seconds| i64::try_from(seconds).unwrap_or(LONGEST));
    let wanted = named.unwrap_or(HOURLY).min(LONGEST);
    let left = valid_until.map_or(wanted, |until| until.seconds_since(now) / 2);
    wanted.min(left).max(SHORTEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_often_metadata_is_fetched() {
        let now = Timestamp(1_800_000_000_000);
        for (cache, left, expected) in [
            (None, None, 3600),
            (Some(1), None, 60),
            (Some(0), None, 60),
            (Some(300), None, 300),
            (Some(u64::MAX), None, 86_400),
            (Some(7 * 86_400), None, 86_400),
            (None, Some(1000), 500),
            (Some(7 * 86_400), Some(14_400), 7200),
            (None, Some(10), 60),
            (None, Some(-10), 60),
        ] {
            let until = left.map(|seconds| now.plus_seconds(seconds));
            assert_eq!(interval(cache, until, now), expected, "{cache:?} {left:?}");
        }
    }
}
