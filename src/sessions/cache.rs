//! Sessions at hand: those in use, with their users and what hangs on them, so
//! that the hot path asks no database.
//!
//! What is here is true, because the database tells what changes
//! ([`Changes`]); while it cannot be heard nothing is answered from here. The
//! memory is bounded: two generations, of which the older one is dropped when the
//! younger is full.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use super::rows::SignedIn;
use super::store::{self, Data};
use crate::directory::users::Belongings;
use crate::domain::{Timestamp, User};
use crate::platform::storage::{Change, Changes, Follower};

/// How many sessions are kept at most, in both generations together.
pub const MOST: usize = 32_768;

/// Parts that are locked apart.
const PARTS: usize = 16;

/// How many changes are remembered for those who are reading just now.
const REMEMBERED: usize = 1_024;

/// A user and what hangs on it, shared by the sessions of that user.
#[derive(Debug)]
pub struct Person {
    /// The user.
    pub user: User,
    /// Groups and identities.
    pub belongings: Belongings,
    /// Whether the user has changed since.
    has_changed: AtomicBool,
}

impl Person {
    pub(super) const fn new(user: User, belongings: Belongings) -> Self {
        Self {
            user,
            belongings,
            has_changed: AtomicBool::new(false),
        }
    }
}

/// A session that was good when it was looked at.
#[derive(Debug)]
pub struct Live {
    /// The session's key in the database.
    pub id_hash: String,
    /// How the person signed in.
    pub signed_in: SignedIn,
    /// Everything that the session remembers.
    pub data: Data,
    /// When it ends at the latest, used or not.
    pub expires_at: Timestamp,
    /// Whose it is.
    pub person: Arc<Person>,
    last_seen_at: AtomicI64,
    kept: Mutex<http::Extensions>,
}

impl Live {
    pub(super) fn new(
        id_hash: String,
        data: Data,
        times: (Timestamp, Timestamp),
        person: Person,
    ) -> Option<Self> {
        Some(Self {
            id_hash,
            signed_in: store::signed_in(&data)?,
            data,
            expires_at: times.1,
            person: Arc::new(person),
            last_seen_at: AtomicI64::new(times.0.millis()),
            kept: Mutex::default(),
        })
    }

    /// When it was used last, as far as this replica knows.
    #[must_use]
    pub fn last_seen_at(&self) -> Timestamp {
        Timestamp(self.last_seen_at.load(Ordering::Relaxed))
    }

    /// Notes a use; `false` when somebody else has noted one meanwhile.
    pub(super) fn seen(&self, before: Timestamp, now: Timestamp) -> bool {
        let (before, now) = (before.millis(), now.millis());
        self.last_seen_at
            .compare_exchange(before, now, Ordering::Relaxed, Ordering::Relaxed)
            .is_ok()
    }

    /// What somebody has worked out from this session. It goes with the session,
    /// and whenever anything of the session or its user changes.
    pub fn kept<T: Clone + Send + Sync + 'static>(&self) -> Option<T> {
        lock(&self.kept).get::<T>().cloned()
    }

    /// The same, made and kept where there is none.
    pub fn kept_or<T: Clone + Send + Sync + 'static>(&self, make: impl FnOnce() -> T) -> T {
        lock(&self.kept).get_or_insert_with(make).clone()
    }

    /// Keeps what was worked out.
    pub fn keep<T: Clone + Send + Sync + 'static>(&self, worked_out: T) {
        lock(&self.kept).insert(worked_out);
    }
}

/// The cache. Cloning it copies a pointer.
#[derive(Clone)]
pub struct Cache(Arc<Inner>);

struct Inner {
    changes: Changes,
    most: usize,
    parts: [Mutex<Part>; PARTS],
    book: Mutex<Book>,
    hosts: Mutex<Hosts>,
}

/// Which session a host's own cookie stands for. That never changes; whether the
/// session still lives is asked each time.
#[derive(Default)]
struct Hosts {
    young: HashMap<String, (String, String)>,
    old: HashMap<String, (String, String)>,
}

#[derive(Default)]
struct Part {
    young: HashMap<String, Arc<Live>>,
    old: HashMap<String, Arc<Live>>,
}

/// Who is here, and what has changed lately.
#[derive(Default)]
struct Book {
    persons: HashMap<String, Weak<Person>>,
    count: u64,
    recent: VecDeque<Change>,
}

/// A moment between two changes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment(u64);

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Cache {
    /// An empty one, which follows the changes of a database.
    #[must_use]
    pub fn new(changes: &Changes) -> Self {
        Self::of(changes, MOST)
    }

    fn of(changes: &Changes, most: usize) -> Self {
        let inner = Arc::new(Inner {
            changes: changes.clone(),
            most,
            parts: std::array::from_fn(|_| Mutex::default()),
            book: Mutex::default(),
            hosts: Mutex::default(),
        });
        changes.add(Arc::new(Ear(Arc::downgrade(&inner))));
        Self(inner)
    }

    /// The session of this key, if it is here and nothing has changed.
    pub(super) fn get(&self, id_hash: &str) -> Option<Arc<Live>> {
        if !self.0.changes.is_current() {
            return None;
        }
        let mut part = lock(self.0.part(id_hash));
        let live = if let Some(live) = part.young.get(id_hash) {
            Arc::clone(live)
        } else {
            let live = part.old.remove(id_hash)?;
            self.0.add(&mut part, Arc::clone(&live));
            live
        };
        if live.person.has_changed.load(Ordering::Acquire) {
            part.young.remove(id_hash);
            return None;
        }
        Some(live)
    }

    /// The moment before a session is read from the database.
    pub(super) fn moment(&self) -> Moment {
        Moment(lock(&self.0.book).count)
    }

    /// Keeps what was read, unless it has changed since the moment before.
    pub(super) fn put(&self, read_since: Moment, mut live: Live) -> Arc<Live> {
        if !self.0.changes.is_current() {
            return Arc::new(live);
        }
        let mut book = lock(&self.0.book);
        let user = live.person.user.id.as_str();
        if book.has_changed(read_since, &live.id_hash, user) {
            return Arc::new(live);
        }
        // One for all sessions of a user, so that one change reaches them all.
        if let Some(known) = book.persons.get(user).and_then(Weak::upgrade) {
            live.person = known;
        } else {
            let person = Arc::downgrade(&live.person);
            book.persons.insert(user.to_owned(), person);
        }
        if book.persons.len() > self.0.most.saturating_mul(2) {
            book.persons.retain(|_, person| person.strong_count() > 0);
        }
        let live = Arc::new(live);
        let mut part = lock(self.0.part(&live.id_hash));
        self.0.add(&mut part, Arc::clone(&live));
        live
    }

    /// The session behind a cookie of this host.
    pub(super) fn host_session(&self, id_hash: &str, host: &str) -> Option<String> {
        let mut hosts = lock(&self.0.hosts);
        if !hosts.young.contains_key(id_hash) {
            let (key, known) = hosts.old.remove_entry(id_hash)?;
            hosts.young.insert(key, known);
        }
        let (at, session) = hosts.young.get(id_hash)?;
        (at == host).then(|| session.clone())
    }

    pub(super) fn keep_host_session(&self, id_hash: &str, host: &str, session: &str) {
        let mut hosts = lock(&self.0.hosts);
        if hosts.young.len() >= self.0.most / 2 {
            hosts.old = std::mem::take(&mut hosts.young);
        }
        let known = (host.to_owned(), session.to_owned());
        hosts.young.insert(id_hash.to_owned(), known);
    }

    /// How many sessions are here.
    #[must_use]
    pub fn len(&self) -> usize {
        let parts = self.0.parts.iter().map(lock);
        parts.map(|part| part.young.len() + part.old.len()).sum()
    }

    /// Whether none is here.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Inner {
    fn part(&self, id_hash: &str) -> &Mutex<Part> {
        let [first, rest @ ..] = &self.parts;
        let digit = id_hash
            .bytes()
            .next()
            .and_then(|c| char::from(c).to_digit(16));
        let at = usize::try_from(digit.unwrap_or(0)).unwrap_or(0);
        at.checked_sub(1)
            .and_then(|at| rest.get(at))
            .unwrap_or(first)
    }

    fn add(&self, part: &mut Part, live: Arc<Live>) {
        if part.young.len() >= self.most / PARTS / 2 {
            part.old = std::mem::take(&mut part.young);
        }
        part.young.insert(live.id_hash.clone(), live);
    }

    fn changed(&self, changes: &[Change]) {
        // Held to the end: nothing is put in between.
        let mut book = lock(&self.book);
        for change in changes {
            match change {
                Change::Session(id_hash) => {
                    let mut part = lock(self.part(id_hash));
                    part.young.remove(id_hash);
                    part.old.remove(id_hash);
                }
                Change::User(id) => {
                    let person = book.persons.remove(id);
                    if let Some(person) = person.and_then(|person| person.upgrade()) {
                        person.has_changed.store(true, Ordering::Release);
                    }
                }
                Change::Everything => {
                    for part in &self.parts {
                        *lock(part) = Part::default();
                    }
                    book.persons.clear();
                }
                Change::Applications => continue,
            }
            book.note(change);
        }
    }
}

impl Book {
    fn note(&mut self, change: &Change) {
        self.count += 1;
        if self.recent.len() == REMEMBERED {
            self.recent.pop_front();
        }
        self.recent.push_back(change.clone());
    }

    /// Whether a session or its user has, or may have, changed since a moment.
    fn has_changed(&self, since: Moment, id_hash: &str, user: &str) -> bool {
        let news = usize::try_from(self.count - since.0).unwrap_or(usize::MAX);
        news > self.recent.len()
            || self
                .recent
                .iter()
                .rev()
                .take(news)
                .any(|change| match change {
                    Change::Session(one) => one == id_hash,
                    Change::User(one) => one == user,
                    Change::Everything => true,
                    Change::Applications => false,
                })
    }
}

/// The cache as one who follows changes. It does not keep the cache alive.
struct Ear(Weak<Inner>);

impl Follower for Ear {
    fn changed(&self, changes: &[Change]) {
        if let Some(inner) = self.0.upgrade() {
            inner.changed(changes);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;
    use crate::domain::{Profile, Source, Status, UserId};

    fn user(id: &str) -> User {
        User {
            id: UserId::from_row(id.to_owned()),
            profile: Profile::default(),
            email_verified: false,
            status: Status::Active,
            roles: [].into(),
            scim_id: None,
            source: Source::Manual,
            owners: [].into(),
            created_at: Timestamp(0),
            updated_at: Timestamp(0),
            last_login_at: None,
            version: 1,
        }
    }

    fn live(id_hash: &str, of: &str) -> Live {
        let slug = crate::domain::Slug::parse("okta").unwrap();
        let user = user(of);
        let signed_in = SignedIn::through(&user.id, &slug, None, Timestamp(0));
        let value = serde_json::to_value(signed_in).unwrap();
        let data = Data::from([(store::SIGNED_IN.to_owned(), value)]);
        let person = Person::new(user, Belongings::default());
        Live::new(
            id_hash.to_owned(),
            data,
            (Timestamp(0), Timestamp(9)),
            person,
        )
        .unwrap()
    }

    fn cache(most: usize) -> (Cache, Changes) {
        let changes = Changes::default();
        changes.heard_for_tests(Instant::now());
        (Cache::of(&changes, most), changes)
    }

    fn put(cache: &Cache, id_hash: &str, of: &str) {
        let moment = cache.moment();
        cache.put(moment, live(id_hash, of));
    }

    #[test]
    fn a_change_reaches_what_it_names_and_nothing_else() {
        let fill = || {
            let (cache, changes) = cache(MOST);
            put(&cache, "a1", "ada");
            put(&cache, "b1", "ada");
            put(&cache, "c1", "ben");
            (cache, changes)
        };
        let there = |cache: &Cache| ["a1", "b1", "c1"].map(|id| cache.get(id).is_some());
        for (change, left) in [
            ("s:a1", [false, true, true]),
            ("u:ada", [false, false, true]),
            ("l:ben", [true, true, false]),
            ("a", [true, true, true]),
            ("*", [false, false, false]),
            ("s:zz", [true, true, true]),
        ] {
            let (cache, changes) = fill();
            assert_eq!(there(&cache), [true, true, true]);
            changes.tell_for_tests(change);
            assert_eq!(there(&cache), left, "{change}");
        }
        // A session that came later is reached all the same.
        let (cache, changes) = fill();
        changes.tell_for_tests("u:ada");
        put(&cache, "d1", "ada");
        assert!(cache.get("d1").is_some() && cache.get("a1").is_none());
        changes.tell_for_tests("u:ada");
        assert!(cache.get("d1").is_none());
    }

    #[test]
    fn what_changes_while_it_is_read_is_not_kept() {
        for (change, kept) in [
            ("s:a1", false),
            ("u:ada", false),
            ("*", false),
            ("u:ben", true),
        ] {
            let (cache, changes) = cache(MOST);
            let moment = cache.moment();
            changes.tell_for_tests(change);
            let read = cache.put(moment, live("a1", "ada"));
            assert_eq!(
                read.id_hash, "a1",
                "who asked has the answer of that moment"
            );
            assert_eq!(cache.get("a1").is_some(), kept, "{change}");
        }
        let (cache, changes) = cache(MOST);
        let moment = cache.moment();
        for _ in 0..=REMEMBERED {
            changes.tell_for_tests("u:ben");
        }
        cache.put(moment, live("a1", "ada"));
        assert!(
            cache.get("a1").is_none(),
            "more has changed than is remembered"
        );
    }

    #[test]
    fn nothing_is_answered_while_nothing_is_heard() {
        let (cache, changes) = cache(MOST);
        put(&cache, "a1", "ada");
        changes.deaf_for_tests();
        assert!(cache.get("a1").is_none());
        put(&cache, "b1", "ada");
        assert_eq!(cache.len(), 1);
    }

    #[test]
    fn the_memory_is_bounded_and_what_is_used_stays() {
        let (cache, _changes) = cache(320);
        put(&cache, "00", "ada");
        for n in 0..5_000_u32 {
            put(&cache, &format!("{:x}{n}", n % 16), &format!("user{n}"));
            assert!(cache.get("00").is_some(), "{n}");
        }
        assert!(cache.len() <= 320, "{}", cache.len());
        assert!(lock(&cache.0.book).persons.len() <= 641);
        assert!(cache.get("11").is_none());
    }

    #[test]
    fn a_use_is_noted_by_one() {
        let live = live("a1", "ada");
        let seen = |now| live.seen(Timestamp(0), Timestamp(now));
        assert_eq!((seen(60_000), seen(60_001)), (true, false));
        assert_eq!(live.last_seen_at(), Timestamp(60_000));
    }
}
