//! What has changed of that which answers "may this person come in": told by the
//! database itself ([V13](../../../migrations)), so that caches stay true.
//!
//! Whoever follows hears of this process's own writes before [`Db::write`](super::Db::write)
//! has answered, and of those of other processes within a fraction of a second.
//! [`Changes::is_current`] says whether that can be relied on just now.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::{Duration, Instant};

/// How long what was heard counts: half of the second that nothing may be older
/// than.
const CURRENT: Duration = Duration::from_millis(500);

/// How often other processes' writes are asked for on SQLite, and how often a
/// connection that listens on PostgreSQL has to show that it lives.
pub(super) const EVERY: Duration = Duration::from_millis(100);

/// One thing that has changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// The session of this key has ended or holds something else.
    Session(String),
    /// The user of this id, or what hangs on it: groups, identities, assignments.
    User(String),
    /// An application, its hosts, or the groups that may use it.
    Applications,
    /// More than can be named.
    Everything,
}

impl Change {
    /// A change as triggers write it. What is not understood is everything.
    fn parse(what: &str) -> Self {
        match what.split_once(':') {
            Some(("s", key)) => Self::Session(key.to_owned()),
            Some(("u" | "l", id)) => Self::User(id.to_owned()),
            None if what == "a" => Self::Applications,
            _ => Self::Everything,
        }
    }

    /// The changes of a text, between blanks.
    pub(super) fn list(text: &str) -> Vec<Self> {
        text.split_ascii_whitespace().map(Self::parse).collect()
    }
}

/// Somebody who keeps what may change.
pub trait Follower: Send + Sync {
    /// Forgets what has changed, before this returns.
    fn changed(&self, changes: &[Change]);
}

/// The news of one database. Cloning it copies a pointer.
#[derive(Clone)]
pub struct Changes(Arc<Inner>);

struct Inner {
    since: Instant,
    /// Milliseconds after `since` up to which everything was heard; 0 for nothing.
    heard: AtomicU64,
    is_followed: AtomicBool,
    followers: RwLock<Vec<Arc<dyn Follower>>>,
    /// SQLite: the last change that was told. Whoever holds it tells the next.
    position: Mutex<i64>,
    /// PostgreSQL: what this replica has yet to tell the others.
    untold: Mutex<Vec<String>>,
}

impl Default for Changes {
    fn default() -> Self {
        Self(Arc::new(Inner {
            since: Instant::now(),
            heard: AtomicU64::new(0),
            is_followed: AtomicBool::new(false),
            followers: RwLock::default(),
            position: Mutex::new(i64::MAX),
            untold: Mutex::default(),
        }))
    }
}

impl Changes {
    /// Whether everything up to a moment ago was heard. While this is false a
    /// cache must not answer.
    #[must_use]
    pub fn is_current(&self) -> bool {
        let heard = self.0.heard.load(Ordering::Acquire);
        heard != 0 && self.millis(Instant::now()).saturating_sub(heard) < millis_of(CURRENT)
    }

    /// Lets somebody follow from now on.
    pub fn add(&self, follower: Arc<dyn Follower>) {
        let followers = self.0.followers.write();
        followers
            .unwrap_or_else(PoisonError::into_inner)
            .push(follower);
    }

    /// Whether this process follows the changes at all: commands do not.
    pub(super) fn is_followed(&self) -> bool {
        self.0.is_followed.load(Ordering::Acquire)
    }

    /// From here on every write of this process is told.
    pub(super) fn begin(&self) {
        self.0.is_followed.store(true, Ordering::Release);
    }

    pub(super) fn tell(&self, changes: &[Change]) {
        if changes.is_empty() {
            return;
        }
        let followers = self.0.followers.read();
        for follower in followers.unwrap_or_else(PoisonError::into_inner).iter() {
            follower.changed(changes);
        }
    }

    /// Everything that was written before `moment` has been told.
    pub(super) fn heard(&self, moment: Instant) {
        self.0.heard.store(self.millis(moment), Ordering::Release);
    }

    /// Nothing is heard any more.
    pub(super) fn deaf(&self) {
        self.0.heard.store(0, Ordering::Release);
    }

    pub(super) fn position(&self) -> MutexGuard<'_, i64> {
        self.0
            .position
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// What a transaction of this replica has changed, as its setting says.
    pub(super) fn committed(&self, text: &str) {
        if text.is_empty() || !self.is_followed() {
            return;
        }
        self.tell(&Change::list(text));
        let quiet = text.split_ascii_whitespace();
        let quiet: Vec<&str> = quiet.filter(|what| what.starts_with("l:")).collect();
        if !quiet.is_empty() {
            let mut untold = self.untold();
            // The others may be away for long; then they forget everything anyway.
            if untold.len() < 10_000 {
                untold.extend(quiet.into_iter().map(str::to_owned));
            }
        }
    }

    /// What the others are still to hear, in texts that a notification can hold.
    pub(super) fn take_untold(&self) -> Vec<String> {
        let untold = std::mem::take(&mut *self.untold());
        untold.chunks(150).map(|some| some.join(" ")).collect()
    }

    #[cfg(test)]
    pub(crate) fn heard_for_tests(&self, moment: Instant) {
        self.heard(moment);
    }

    #[cfg(test)]
    pub(crate) fn deaf_for_tests(&self) {
        self.deaf();
    }

    #[cfg(test)]
    pub(crate) fn tell_for_tests(&self, text: &str) {
        self.tell(&Change::list(text));
    }

    fn untold(&self) -> MutexGuard<'_, Vec<String>> {
        self.0.untold.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// At least 1, which is something heard.
    fn millis(&self, moment: Instant) -> u64 {
        millis_of(moment.saturating_duration_since(self.0.since)).saturating_add(1)
    }
}

fn millis_of(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Ear(Mutex<Vec<Change>>);

    impl Follower for Ear {
        fn changed(&self, changes: &[Change]) {
            self.0.lock().unwrap().extend_from_slice(changes);
        }
    }

    #[test]
    fn what_triggers_write_is_understood() {
        let list = Change::list(" u:1 s:ab a l:2 * x:y");
        let user = |id: &str| Change::User(id.to_owned());
        assert_eq!(
            list,
            [
                user("1"),
                Change::Session("ab".to_owned()),
                Change::Applications,
                user("2"),
                Change::Everything,
                Change::Everything
            ]
        );
        assert!(Change::list("").is_empty());
    }

    #[test]
    fn nobody_relies_on_what_was_heard_long_ago() {
        let changes = Changes::default();
        assert!(!changes.is_current());
        let now = Instant::now();
        changes.heard(now);
        assert!(changes.is_current());
        changes.deaf();
        assert!(!changes.is_current());
        changes.heard(now);
        std::thread::sleep(CURRENT + Duration::from_millis(20));
        assert!(!changes.is_current());
    }

    #[test]
    fn the_others_hear_of_sign_ins_many_at_once() {
        let (changes, ear) = (Changes::default(), Arc::new(Ear::default()));
        changes.add(ear.clone());
        changes.committed(" l:0");
        assert!(changes.take_untold().is_empty(), "a command tells nobody");
        changes.begin();
        changes.committed("");
        for id in 0..200 {
            changes.committed(&format!(" l:{id} u:x"));
        }
        let untold = changes.take_untold();
        assert_eq!(untold.len(), 2);
        assert!(untold[0].starts_with("l:0 l:1 ") && untold[0].len() < 8000);
        assert!(changes.take_untold().is_empty());
        assert_eq!(ear.0.lock().unwrap().len(), 400);
    }
}
