//! Identifiers. Rows carry UUIDv7 (RFC 9562 §5.7), so that they sort by the
//! time at which they were made.

use serde::{Deserialize, Serialize};

use super::clock::{Entropy, Timestamp};

macro_rules! row_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// A new identifier, made at `now`.
            #[must_use]
            pub fn new(now: Timestamp, entropy: &Entropy) -> Self {
                Self(uuid_v7(now, entropy))
            }

            /// Takes a text that came from outside or from the database;
            /// `None` when it is no UUID. Upper case is folded.
            #[must_use]
            pub fn parse(text: &str) -> Option<Self> {
                uuid::Uuid::try_parse(text).ok().map(|id| Self(id.hyphenated().to_string()))
            }

            /// The identifier as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// Takes what the database holds as it is.
            #[must_use]
            pub const fn from_row(text: String) -> Self {
                Self(text)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

row_id!(
    /// A user of the directory.
    UserId
);
row_id!(
    /// A group of the directory.
    GroupId
);
row_id!(
    /// An API token. A token with scope `scim` is one SCIM connection.
    TokenId
);
row_id!(
    /// A webhook.
    WebhookId
);
row_id!(
    /// A login trace.
    TraceId
);
row_id!(
    /// A login that was not attached to the user whom it names.
    ConflictId
);
row_id!(
    /// An audit event.
    EventId
);
row_id!(
    /// A mail in the outbox.
    MailId
);

/// The id before which all ids sort that were made earlier than `at`, and none
/// that was made then or later.
#[must_use]
pub fn floor(at: Timestamp) -> String {
    let millis = u64::try_from(at.millis()).unwrap_or(0);
    uuid::Uuid::from_u128(u128::from(millis & 0xffff_ffff_ffff) << 80)
        .hyphenated()
        .to_string()
}

/// A UUIDv7 for `now` as hyphenated lower-case text.
#[must_use]
pub fn uuid_v7(now: Timestamp, entropy: &Entropy) -> String {
    let millis = u64::try_from(now.millis()).unwrap_or(0);
    uuid::Builder::from_unix_timestamp_millis(millis, &entropy.bytes::<10>())
        .into_uuid()
        .hyphenated()
        .to_string()
}

/// The SHA-256 of a session's secret, in hexadecimal: what the database keeps
/// of a session's id.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SessionHash(pub String);

/// The short code that an employee reads out to the help desk, `K7QF-2M9D`:
/// 40 random bits in Crockford's base 32. It finds the log line and the login
/// trace; it opens nothing.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Reference(String);

impl Reference {
    /// A new reference.
    #[must_use]
    pub fn new(entropy: &Entropy) -> Self {
        const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
        let mut text = String::with_capacity(9);
        for (at, byte) in entropy.bytes::<8>().iter().enumerate() {
            if at == 4 {
                text.push('-');
            }
            let letter = ALPHABET
                .get(usize::from(byte & 31))
                .copied()
                .unwrap_or(b'0');
            text.push(char::from(letter));
        }
        Self(text)
    }

    /// Takes what the database holds as it is.
    #[must_use]
    pub const fn from_row(text: String) -> Self {
        Self(text)
    }

    /// The reference as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for Reference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_sort_by_time_and_parse_back() {
        let entropy = Entropy::System;
        let early = UserId::new(Timestamp(1_700_000_000_000), &entropy);
        let late = UserId::new(Timestamp(1_700_000_000_001), &entropy);
        assert!(early < late);
        let between = floor(Timestamp(1_700_000_000_001));
        assert!(early.as_str() < between.as_str() && between.as_str() <= late.as_str());
        assert_eq!(UserId::parse(&early.as_str().to_uppercase()), Some(early));
        assert_eq!(UserId::parse("../../etc"), None);
    }

    #[test]
    fn a_reference_has_its_form() {
        let text = Reference::new(&Entropy::System).to_string();
        assert_eq!(text.len(), 9);
        assert_eq!(text.as_bytes()[4], b'-');
    }
}
