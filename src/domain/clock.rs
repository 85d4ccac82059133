//! Time and chance, passed in wherever they matter.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};

/// A moment: UTC milliseconds since the Unix epoch. This is also how times
/// stand in the database.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// This moment and `seconds` more (fewer when negative), saturating.
    #[must_use]
    pub const fn plus_seconds(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds.saturating_mul(1000)))
    }

    /// Milliseconds since the epoch.
    #[must_use]
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// Whole seconds from `earlier` to this moment, negative when it lies after.
    #[must_use]
    pub const fn seconds_since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0) / 1000
    }

    /// As RFC 3339 in UTC with milliseconds, `2026-11-21T20:15:30.123Z`.
    #[must_use]
    pub fn rfc3339(self) -> String {
        DateTime::<Utc>::from_timestamp_millis(self.0).map_or_else(String::new, |t| {
            t.to_rfc3339_opts(SecondsFormat::Millis, true)
        })
    }

    /// Reads RFC 3339; `None` when it is not.
    #[must_use]
    pub fn parse_rfc3339(text: &str) -> Option<Self> {
        DateTime::parse_from_rfc3339(text)
            .ok()
            .map(|t| Self(t.timestamp_millis()))
    }
}

impl std::fmt::Display for Timestamp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.rfc3339())
    }
}

impl Serialize for Timestamp {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.rfc3339())
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse_rfc3339(&text)
            .ok_or_else(|| serde::de::Error::custom("expected an RFC 3339 date and time"))
    }
}

/// A span of time; an end that is absent is open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct During {
    /// The first moment that belongs to it.
    pub from: Option<Timestamp>,
    /// The first moment that does not.
    pub to: Option<Timestamp>,
}

/// Where the time comes from: the system, or a test's hand.
#[derive(Clone, Debug, Default)]
pub enum Clock {
    /// The system's clock.
    #[default]
    System,
    /// A clock that stands still until somebody moves it.
    Manual(Arc<AtomicI64>),
}

impl Clock {
    /// A clock that stands at `at`.
    #[must_use]
    pub fn manual(at: Timestamp) -> Self {
        Self::Manual(Arc::new(AtomicI64::new(at.0)))
    }

    /// The present moment.
    #[must_use]
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that asks the system"
    )]
    pub fn now(&self) -> Timestamp {
        match self {
            Self::System => Timestamp(Utc::now().timestamp_millis()),
            Self::Manual(at) => Timestamp(at.load(Ordering::SeqCst)),
        }
    }
}

/// Where chance comes from: the operating system's generator through OpenSSL,
/// or a counter in tests.
#[derive(Clone, Debug, Default)]
pub enum Entropy {
    /// OpenSSL's generator, seeded by the operating system.
    #[default]
    System,
    /// Foreseeable bytes for tests: each call counts up.
    Counting(Arc<AtomicI64>),
}

impl Entropy {
    /// Fills an array with random bytes.
    ///
    /// A generator that fails leaves nothing safe to do, so the process ends:
    /// no identifier made of zeros may ever leave it.
    #[must_use]
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that asks the generator"
    )]
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut out = [0_u8; N];
        match self {
            Self::System => {
                if openssl::rand::rand_bytes(&mut out).is_err() {
                    tracing::error!("the random generator failed; stopping");
                    std::process::abort();
                }
            }
            Self::Counting(next) => {
                let n = next.fetch_add(1, Ordering::SeqCst).to_be_bytes();
                for (to, from) in out.iter_mut().rev().zip(n.iter().rev()) {
                    *to = *from;
                }
            }
        }
        out
    }

    /// `N` random bytes in lower-case hexadecimal.
    #[must_use]
    pub fn hex<const N: usize>(&self) -> String {
        use std::fmt::Write as _;
        self.bytes::<N>()
            .iter()
            .fold(String::with_capacity(N * 2), |mut text, byte| {
                let _ = write!(text, "{byte:02x}");
                text
            })
    }

    /// `N` random bytes in base64url without padding.
    #[must_use]
    pub fn base64url<const N: usize>(&self) -> String {
        use base64::Engine as _;
        base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(self.bytes::<N>())
    }
}
