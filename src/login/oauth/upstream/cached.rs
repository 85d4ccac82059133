//! A document that is fetched on use, kept for as long as its server says
//! within bounds, fetched by one at a time, and kept in force when its server
//! does not answer.

use std::sync::{Arc, Mutex, PoisonError};

use axum::http::HeaderMap;
use axum::http::header::{CACHE_CONTROL, EXPIRES};

use super::error::UpstreamError;
use crate::domain::Timestamp;

/// Seconds that a document is kept at least and at most.
const BOUNDS: (i64, i64) = (60, 24 * 3600);
/// Seconds that one is kept whose server says nothing.
const UNSAID: i64 = 3600;
/// Seconds for which the last good copy outlives its time when no newer one
/// can be had.
const STALE: i64 = 24 * 3600;
/// Seconds after a failure in which nobody asks again: with a copy in force,
/// and without one.
const PAUSE: (i64, i64) = (60, 5);
/// Fetches out of turn within [`WINDOW`] seconds.
const OUT_OF_TURN: usize = 4;
/// See [`OUT_OF_TURN`].
const WINDOW: i64 = 60;

/// A fetched document, with how long its server lets it be kept.
#[derive(Debug)]
pub(super) struct Fresh<T> {
    pub document: T,
    pub seconds: i64,
}

#[derive(Debug)]
struct Good<T> {
    document: Arc<T>,
    until: Timestamp,
}

impl<T> Clone for Good<T> {
    fn clone(&self) -> Self {
        Self {
            document: Arc::clone(&self.document),
            until: self.until,
        }
    }
}

#[derive(Debug)]
struct State<T> {
    good: Option<Good<T>>,
    failed: Option<(Timestamp, UpstreamError)>,
    out_of_turn: Vec<Timestamp>,
}

/// See the [module](self).
#[derive(Debug)]
pub(super) struct Cached<T> {
    state: Mutex<State<T>>,
    /// Held by the one who fetches.
    turn: tokio::sync::Mutex<()>,
}

impl<T> Default for Cached<T> {
    fn default() -> Self {
        Self {
            state: Mutex::new(State {
                good: None,
                failed: None,
                out_of_turn: Vec::new(),
            }),
            turn: tokio::sync::Mutex::default(),
        }
    }
}

impl<T> Cached<T> {
    fn state(&self) -> std::sync::MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The document: the copy that is kept, or a new one.
    pub async fn get<F>(
        &self,
        now: Timestamp,
        fetch: impl FnOnce() -> F + Send,
    ) -> Result<Arc<T>, UpstreamError>
    where
        F: Future<Output = Result<Fresh<T>, UpstreamError>> + Send,
    {
        if let Some(kept) = self.kept(now) {
            return kept;
        }
        let _turn = self.turn.lock().await;
        // Somebody may have fetched it, or failed to, in the meantime.
        if let Some(kept) = self.kept(now) {
            return kept;
        }
        self.fetch(now, fetch).await
    }

    /// Fetches the document out of turn, because `known` lacks something.
    /// Where somebody else has done so already, theirs. `None` when it was done
    /// too often lately.
    pub async fn renew<F>(
        &self,
        known: &Arc<T>,
        now: Timestamp,
        fetch: impl FnOnce() -> F + Send,
    ) -> Result<Option<Arc<T>>, UpstreamError>
    where
        F: Future<Output = Result<Fresh<T>, UpstreamError>> + Send,
    {
        let _turn = self.turn.lock().await;
        {
            let mut state = self.state();
            if let Some(good) = &state.good
                && !Arc::ptr_eq(&good.document, known)
            {
                return Ok(Some(Arc::clone(&good.document)));
            }
            // A clock that was set back leaves nothing from the future behind.
            state
                .out_of_turn
                .retain(|at| (0..WINDOW).contains(&now.seconds_since(*at)));
            if state.out_of_turn.len() >= OUT_OF_TURN {
                return Ok(None);
            }
            state.out_of_turn.push(now);
        }
        self.fetch(now, fetch).await.map(Some)
    }

    /// Forgets the copy that is kept, and that the last try failed.
    pub async fn forget(&self) {
        let _turn = self.turn.lock().await;
        let mut state = self.state();
        state.good = None;
        state.failed = None;
    }

    /// What needs no fetching: a copy that is fresh, or what came of a try a
    /// moment ago.
    fn kept(&self, now: Timestamp) -> Option<Result<Arc<T>, UpstreamError>> {
        let state = self.state();
        let good = state.good.as_ref();
        if let Some(good) = good.filter(|good| now < good.until) {
            return Some(Ok(Arc::clone(&good.document)));
        }
        let usable = good.filter(|good| now < good.until.plus_seconds(STALE));
        let pause = if usable.is_some() { PAUSE.0 } else { PAUSE.1 };
        let (at, error) = state.failed.as_ref()?;
        (0..pause).contains(&now.seconds_since(*at)).then(|| {
            usable.map_or_else(|| Err(error.clone()), |good| Ok(Arc::clone(&good.document)))
        })
    }

    async fn fetch<F>(
        &self,
        now: Timestamp,
        fetch: impl FnOnce() -> F + Send,
    ) -> Result<Arc<T>, UpstreamError>
    where
        F: Future<Output = Result<Fresh<T>, UpstreamError>> + Send,
    {
        let fetched = fetch().await;
        let mut state = self.state();
        match fetched {
            Ok(fresh) => {
                let document = Arc::new(fresh.document);
                let seconds = fresh.seconds.clamp(BOUNDS.0, BOUNDS.1);
                state.failed = None;
                state.good = Some(Good {
                    document: Arc::clone(&document),
                    until: now.plus_seconds(seconds),
                });
                Ok(document)
            }
            Err(error) => {
                state.failed = Some((now, error.clone()));
                let good = state.good.clone();
                let usable = good.filter(|good| now < good.until.plus_seconds(STALE));
                match usable {
                    Some(good) => {
                        tracing::warn!(%error, "a provider's document could not be fetched anew; the last one stays in force");
                        Ok(good.document)
                    }
                    None => Err(error),
                }
            }
        }
    }
}

/// How many seconds an answer may be kept (RFC 9111 §4.2.1), before bounds.
pub(super) fn lifetime(headers: &HeaderMap, now: Timestamp) -> i64 {
    let control = headers.get(CACHE_CONTROL).and_then(|v| v.to_str().ok());
    if let Some(control) = control {
        for directive in control.split(',').map(|d| d.trim().to_ascii_lowercase()) {
            if matches!(directive.as_str(), "no-store" | "no-cache") {
                return 0;
            }
            let seconds = directive
                .strip_prefix("max-age=")
                .map(|text| text.trim_matches('"'));
            if let Some(seconds) = seconds.and_then(|text| text.parse().ok()) {
                return seconds;
            }
        }
    }
    let expires = headers.get(EXPIRES).and_then(|v| v.to_str().ok());
    let expires = expires.and_then(|text| chrono::DateTime::parse_from_rfc2822(text).ok());
    expires.map_or(UNSAID, |at| {
        Timestamp(at.timestamp_millis()).seconds_since(now)
    })
}

#[cfg(test)]
mod tests;
