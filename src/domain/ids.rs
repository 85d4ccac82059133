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
row_id!(
    /// A passkey or security key.
    PasskeyId
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

/// What the ids of a page sort before: the cursor of a list that goes back in time,
/// and the end of a span of time, whichever comes first. One bound, since a
/// database walks an index from one.
#[must_use]
pub fn before(cursor: Option<&str>, end: Option<Timestamp>) -> String {
    // Sorts after every UUID, in every collation.
    let cursor = cursor.unwrap_or("z").to_owned();
    end.map_or(cursor.clone(), |end| floor(end).min(cursor))
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

    /// Reads a reference as people write it down: in any case, with or without the
    /// dash, and with the letters that Crockford's base 32 reads as digits. `None`
    /// when it can be none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut letters = Vec::with_capacity(8);
        for c in text.chars() {
            let letter = match c.to_ascii_uppercase() {
                'O' => '0',
                'I' | 'L' => '1',
                'U' => return None,
                c if c.is_ascii_alphanumeric() => c,
                // Word processors make other dashes of it.
                c if c.is_whitespace() || matches!(c, '-' | '\u{2010}'..='\u{2015}') => continue,
                _ => return None,
            };
            letters.push(letter);
        }
        let (first, rest) = letters.split_at_checked(4)?;
        let text = |part: &[char]| part.iter().collect::<String>();
        (rest.len() == 4).then(|| Self(format!("{}-{}", text(first), text(rest))))
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
        assert_eq!(before(None, None), "z");
        assert_eq!(before(Some(late.as_str()), None), late.as_str());
        let end = Some(Timestamp(1_700_000_000_001));
        assert_eq!(before(Some(late.as_str()), end), between);
        assert_eq!(before(Some(early.as_str()), end), early.as_str());
        assert_eq!(UserId::parse(&early.as_str().to_uppercase()), Some(early));
        assert_eq!(UserId::parse("../../etc"), None);
    }

    #[test]
    fn a_reference_has_its_form() {
        let text = Reference::new(&Entropy::System).to_string();
        assert_eq!(text.len(), 9);
        assert_eq!(text.as_bytes()[4], b'-');
        assert_eq!(Reference::parse(&text).unwrap().as_str(), text);
    }

    #[test]
    fn a_reference_is_read_in_any_spelling() {
        for text in [
            "K7QF-2M0D",
            "k7qf2m0d",
            " k7qf - 2MoD ",
            "K7QF\u{2013}2MOD",
            "K 7 Q F 2 M 0 D",
        ] {
            let read = Reference::parse(text);
            assert_eq!(read.unwrap().as_str(), "K7QF-2M0D", "{text}");
        }
        let read = Reference::parse("il1o-0000");
        assert_eq!(read.unwrap().as_str(), "1110-0000");
        for text in [
            "",
            "K7QF",
            "K7QF-2M0D1",
            "K7QF-2M0U",
            "K7QF_2M0D",
            "ä7QF-2M0D",
        ] {
            assert_eq!(Reference::parse(text), None, "{text}");
        }
    }
}
