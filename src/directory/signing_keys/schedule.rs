//! When keys come and go. Pure: moments in, a plan out.

use crate::domain::Timestamp;
use crate::platform::crypto::jwt::Algorithm;

const DAY: i64 = 24 * 3600;
/// How long a key signs, in seconds.
const SIGNS: i64 = 90 * DAY;
/// How long a key is published before it signs: longer than anybody keeps a
/// copy of the key set.
const ANNOUNCED: i64 = 7 * DAY;
/// How long a key is published after it has signed its last token: longer than
/// any token of it is good for.
const KEPT: i64 = 7 * DAY;
/// How long a key that an admin asked for is published before it signs.
pub const BY_HAND: i64 = DAY;

/// A key's moments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dated {
    /// The key's name.
    pub kid: String,
    /// What it signs with.
    pub algorithm: Algorithm,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it begins to sign.
    pub active_from: Timestamp,
}

/// What a key is at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Published, and will sign.
    Next,
    /// Signs.
    Current,
    /// Published for what it has signed.
    Retired,
}

impl State {
    /// The state as the API writes it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Next => "next",
            Self::Current => "current",
            Self::Retired => "retired",
        }
    }
}

/// What is to be done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// A key is to be made, to sign from this moment on.
    pub make: Option<Timestamp>,
    /// Keys are to be deleted.
    pub drop: Vec<String>,
}

impl Plan {
    /// Whether nothing is to be done.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.make.is_none() && self.drop.is_empty()
    }
}

/// The key of an algorithm that signs at a moment: the one that began last.
#[must_use]
pub fn current(keys: &[Dated], algorithm: Algorithm, now: Timestamp) -> Option<&Dated> {
    keys.iter()
        .filter(|key| key.algorithm == algorithm && key.active_from <= now)
        .max_by_key(|key| (key.active_from, key.created_at, &key.kid))
}

/// What a key is at a moment.
#[must_use]
pub fn state(keys: &[Dated], key: &Dated, now: Timestamp) -> State {
    if key.active_from > now {
        State::Next
    } else if current(keys, key.algorithm, now) == Some(key) {
        State::Current
    } else {
        State::Retired
    }
}

/// What is to be done for an algorithm at a moment.
#[must_use]
pub fn plan(keys: &[Dated], algorithm: Algorithm, now: Timestamp) -> Plan {
    let Some(signs) = current(keys, algorithm, now) else {
        return Plan {
            make: Some(now),
            drop: Vec::new(),
        };
    };
    let mut ours: Vec<&Dated> = keys
        .iter()
        .filter(|key| key.algorithm == algorithm)
        .collect();
    ours.sort_by_key(|key| (key.active_from, key.created_at, &key.kid));
    let has_next = ours.iter().any(|key| key.active_from > now);
    let end = signs.active_from.plus_seconds(SIGNS);
    let announced = now.plus_seconds(ANNOUNCED);
    let make = (!has_next && end <= announced).then(|| end.max(announced));
    // A key has signed its last token when the one after it began.
    let over = |after: &Dated| after.active_from.plus_seconds(KEPT) <= now;
    let drop = ours
        .iter()
        .zip(ours.iter().skip(1))
        .filter(|(_, after)| over(after))
        .map(|(key, _)| key.kid.clone())
        .collect();
    Plan { make, drop }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Timestamp = Timestamp(1_800_000_000_000);

    fn key(kid: &str, active_from: Timestamp) -> Dated {
        Dated {
            kid: kid.to_owned(),
            algorithm: Algorithm::Es256,
            created_at: active_from,
            active_from,
        }
    }

    fn planned(keys: &[Dated], now: Timestamp) -> Plan {
        plan(keys, Algorithm::Es256, now)
    }

    #[test]
    fn the_first_key_signs_at_once() {
        let expected = Plan {
            make: Some(START),
            drop: Vec::new(),
        };
        assert_eq!(planned(&[], START), expected);
        let mut other = key("other", START);
        other.algorithm = Algorithm::Rs256;
        assert_eq!(planned(&[other], START), expected);
        // One that is only announced does not sign.
        assert_eq!(planned(&[key("a", START.plus_seconds(1))], START), expected);
    }

    #[test]
    fn a_year_of_keys() {
        let mut keys: Vec<Dated> = Vec::new();
        let mut made = Vec::new();
        for hour in 0..(366 * 24) {
            let now = START.plus_seconds(hour * 3600);
            let plan = planned(&keys, now);
            keys.retain(|key| !plan.drop.contains(&key.kid));
            if let Some(active_from) = plan.make {
                made.push(active_from);
                keys.push(key(&format!("k{}", made.len()), active_from));
            }
            let signs = current(&keys, Algorithm::Es256, now).expect("a key signs");
            assert!(now.seconds_since(signs.active_from) <= SIGNS);
            assert!((1..=2).contains(&keys.len()), "{keys:?}");
        }
        let gaps: Vec<i64> = made
            .windows(2)
            .map(|pair| pair[1].seconds_since(pair[0]))
            .collect();
        assert_eq!(gaps, [SIGNS; 4]);
    }

    #[test]
    fn the_edges() {
        let first = key("a", START);
        let due = START.plus_seconds(SIGNS - ANNOUNCED);
        assert!(planned(std::slice::from_ref(&first), due.plus_seconds(-1)).is_empty());
        let plan = planned(std::slice::from_ref(&first), due);
        assert_eq!(plan.make, Some(START.plus_seconds(SIGNS)));
        let second = key("b", START.plus_seconds(SIGNS));
        let both = [first.clone(), second.clone()];
        let at = second.active_from;
        assert!(planned(&both, due).is_empty());
        assert_eq!(state(&both, &second, at.plus_seconds(-1)), State::Next);
        assert_eq!(state(&both, &first, at.plus_seconds(-1)), State::Current);
        assert_eq!(state(&both, &second, at), State::Current);
        assert_eq!(state(&both, &first, at), State::Retired);
        assert!(planned(&both, at.plus_seconds(KEPT - 1)).drop.is_empty());
        assert_eq!(planned(&both, at.plus_seconds(KEPT)).drop, ["a"]);
        // A gateway that slept announces first all the same.
        let late = START.plus_seconds(3 * SIGNS);
        assert_eq!(
            planned(&[first], late).make,
            Some(late.plus_seconds(ANNOUNCED))
        );
    }
}
