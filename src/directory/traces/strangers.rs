//! How many traces strangers may have written.
//!
//! Anybody can make a login fail, as often as they like. The first failures of
//! a kind from one network have a trace each; what comes after them within the
//! minute shares the last one's, and its reference, so that a person among them
//! still finds the reason and a flood fills neither the database nor an
//! admin's screen. Each process counts for itself.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use crate::domain::{Reference, Timestamp};

/// Traces of one kind that one network may have written in a minute.
const EACH: u32 = 1_000;
/// Traces of one kind in a minute, from everywhere.
const ALL: u32 = 3_000;
/// The minute, in seconds.
const WINDOW: i64 = 60;
/// Networks and kinds that are told apart; more are taken together.
const MOST: usize = 4_096;

/// What failures of one kind have in common.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Kind {
    /// `None` stands for all networks.
    network: Option<IpAddr>,
    provider: String,
    code: String,
}

#[derive(Debug)]
struct Seen {
    count: u32,
    reference: Reference,
}

#[derive(Debug, Default)]
struct Window {
    since: Timestamp,
    seen: HashMap<Kind, Seen>,
}

/// What strangers had written in the present minute.
#[derive(Debug, Default)]
pub(in crate::directory) struct Strangers(Mutex<Window>);

impl Strangers {
    /// The reference of the trace that this failure shares; `None` when it may
    /// have one of its own, which is `reference` then.
    pub(super) fn share(
        &self,
        network: IpAddr,
        provider: &str,
        code: &str,
        reference: &Reference,
        now: Timestamp,
    ) -> Option<Reference> {
        let mut window = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let age = now.seconds_since(window.since);
        if !(0..WINDOW).contains(&age) {
            window.seen.clear();
            window.since = now;
        }
        let kind = |network| Kind {
            network,
            provider: provider.to_owned(),
            code: code.to_owned(),
        };
        let known = window.seen.len() < MOST || window.seen.contains_key(&kind(Some(network)));
        if known && let Some(shared) = window.count(kind(Some(network)), EACH, reference) {
            return Some(shared);
        }
        let shared = window.count(kind(None), ALL, reference)?;
        // What has no trace of its own is no one's to share.
        window.seen.remove(&kind(Some(network)));
        Some(shared)
    }
}

impl Window {
    fn count(&mut self, kind: Kind, most: u32, reference: &Reference) -> Option<Reference> {
        let seen = self.seen.entry(kind).or_insert_with(|| Seen {
            count: 0,
            reference: reference.clone(),
        });
        if seen.count >= most {
            return Some(seen.reference.clone());
        }
        seen.count += 1;
        seen.reference.clone_from(reference);
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Entropy;

    fn reference() -> Reference {
        Reference::new(&Entropy::System)
    }

    fn address(n: u32) -> IpAddr {
        IpAddr::from(n.to_be_bytes())
    }

    #[test]
    fn a_flood_from_one_network_shares_its_last_trace() {
        let strangers = Strangers::default();
        let now = Timestamp(1_700_000_000_000);
        let mut last = reference();
        for _ in 0..EACH {
            last = reference();
            assert_eq!(strangers.share(address(1), "okta", "a", &last, now), None);
        }
        let shared = strangers.share(address(1), "okta", "a", &reference(), now);
        assert_eq!(shared, Some(last));
        // Others, and other reasons, are told as ever.
        let one = reference();
        assert_eq!(strangers.share(address(2), "okta", "a", &one, now), None);
        assert_eq!(strangers.share(address(1), "okta", "b", &one, now), None);
        assert_eq!(strangers.share(address(1), "entra", "a", &one, now), None);
        let later = now.plus_seconds(WINDOW);
        assert_eq!(strangers.share(address(1), "okta", "a", &one, later), None);
    }

    #[test]
    fn a_flood_from_everywhere_is_bounded_too() {
        let strangers = Strangers::default();
        let now = Timestamp(1_700_000_000_000);
        let written = (0..50_000)
            .filter(|n| {
                let shared = strangers.share(address(*n), "okta", "a", &reference(), now);
                shared.is_none()
            })
            .count();
        assert_eq!(written, ALL as usize);
        assert!(strangers.0.lock().unwrap().seen.len() <= MOST + 1);
    }
}
