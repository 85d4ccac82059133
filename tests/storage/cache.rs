//! Sessions at hand: as good as those in the database, whoever writes there.

use std::sync::Arc;
use std::time::{Duration, Instant};

use doorward::directory::groups::GroupEdit;
use doorward::domain::{Field, Profile, Role, User};
use doorward::sessions::cache::Live;
use doorward::sessions::hash;
use tokio_util::sync::CancellationToken;

use crate::place::{Place, gateway, identity, login, open_policy, profile};

on_both!(
    sessions_in_use_are_at_hand,
    what_is_written_here_is_heard_before_it_is_answered,
    everything_that_ends_a_session_is_heard_at_once,
    what_another_process_writes_is_heard_within_a_second,
    what_a_hand_writes_is_heard_as_well,
    a_use_elsewhere_keeps_a_session_alive,
    who_has_stopped_listening_asks_the_database,
    readers_and_writers_side_by_side_never_see_what_is_over,
    more_changes_than_can_be_named_reach_everybody,
    old_news_is_deleted_and_still_none_is_missed,
);

/// A place that follows the changes.
struct Here {
    place: Place,
    stop: CancellationToken,
}

impl Drop for Here {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

async fn following(place: Place) -> Here {
    let stop = CancellationToken::new();
    let (db, until) = (place.db.clone(), stop.clone());
    tokio::spawn(async move { db.follow(until).await });
    let here = Here { place, stop };
    here.is_current(true).await;
    here
}

impl Here {
    async fn is_current(&self, wanted: bool) {
        let since = Instant::now();
        while self.place.db.changes().is_current() != wanted {
            assert!(since.elapsed() < Duration::from_secs(10), "it never is");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    async fn live(&self, secret: &str) -> Option<Arc<Live>> {
        self.place.sessions.live(&hash(secret)).await.unwrap()
    }

    /// The session of this secret, now at hand.
    async fn warm(&self, secret: &str) -> Arc<Live> {
        // The news of its beginning may come in between.
        for _ in 0..100 {
            let first = self.live(secret).await.unwrap();
            let second = self.live(secret).await.unwrap();
            if Arc::ptr_eq(&first, &second) {
                return second;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("it is never at hand");
    }

    async fn ada(&self) -> (User, String) {
        let ada = self.place.user_at("ada@example.com").await;
        let begun = self.place.begin(&ada.id).await.unwrap();
        (ada, begun.secret)
    }
}

async fn sessions_in_use_are_at_hand(place: Place) {
    let here = following(place).await;
    let (ada, secret) = here.ada().await;
    let live = here.warm(&secret).await;
    assert_eq!(live.person.user, ada);
    assert_eq!(here.place.sessions.cache.len(), 1);
    // Two sessions of one person share what is known of the person.
    let other = here.place.begin(&ada.id).await.unwrap();
    let other = here.warm(&other.secret).await;
    assert!(Arc::ptr_eq(&live.person, &other.person));
    // What is worked out stays as long as nothing changes.
    live.keep(7_u8);
    assert_eq!(here.live(&secret).await.unwrap().kept::<u8>(), Some(7));
    let new = profile(&[(Field::Department, "Engines")]);
    here.place.edit(&ada.id, new).await.unwrap();
    assert_eq!(here.live(&secret).await.unwrap().kept::<u8>(), None);
}

async fn what_is_written_here_is_heard_before_it_is_answered(place: Place) {
    let here = following(place).await;
    let directory = here.place.directory.clone();
    let (ada, secret) = here.ada().await;
    here.place
        .user_with("root@example.com", &[Role::Admin])
        .await;
    let group = directory.create_group("Crew".to_owned(), None, gateway());
    let group = group.await.unwrap();
    for round in 0..20 {
        here.warm(&secret).await;
        directory
            .set_member(&group.id, &ada.id, round % 2 == 0, gateway())
            .await
            .unwrap();
        let groups = here.live(&secret).await.unwrap();
        assert_eq!(groups.person.belongings.groups.len(), 1 - round % 2);
        here.warm(&secret).await;
        let department = format!("Department {round}");
        let new = Profile::default().with(Field::Department, &department);
        here.place.edit(&ada.id, new).await.unwrap();
        let live = here.live(&secret).await.unwrap();
        let found = live.person.user.profile.get(Field::Department);
        assert_eq!(found, Some(department.as_str()));
    }
    directory
        .set_member(&group.id, &ada.id, true, gateway())
        .await
        .unwrap();
    here.warm(&secret).await;
    let rename = GroupEdit {
        name: Some("Staff".to_owned()),
        ..GroupEdit::default()
    };
    directory
        .edit_group(&group.id, rename, gateway())
        .await
        .unwrap();
    let live = here.live(&secret).await.unwrap();
    assert_eq!(live.person.belongings.groups[0].name, "Staff");
    here.warm(&secret).await;
    directory.delete_group(&group.id, gateway()).await.unwrap();
    assert!(
        here.live(&secret)
            .await
            .unwrap()
            .person
            .belongings
            .groups
            .is_empty()
    );
}

async fn everything_that_ends_a_session_is_heard_at_once(place: Place) {
    let here = following(place).await;
    let directory = here.place.directory.clone();
    let (ada, _) = here.ada().await;
    here.place
        .user_with("root@example.com", &[Role::Admin])
        .await;
    for round in 0..10 {
        let begun = here.place.begin(&ada.id).await.unwrap();
        let other = here.place.begin(&ada.id).await.unwrap();
        here.warm(&begun.secret).await;
        here.warm(&other.secret).await;
        let ended = here.place.sessions.end(&hash(&begun.secret), None).await;
        assert!(ended.unwrap());
        assert!(here.live(&begun.secret).await.is_none());
        match round % 3 {
            0 => {
                let ended = directory.sign_out_everywhere(&ada.id, gateway()).await;
                ended.unwrap();
            }
            1 => {
                let roles = [Role::Auditor].into_iter().filter(|_| round % 2 == 0);
                let before = directory.user(&ada.id).await.unwrap().roles;
                let roles = roles.collect();
                let changed = before != roles;
                directory
                    .set_roles(&ada.id, roles, gateway())
                    .await
                    .unwrap();
                if !changed {
                    continue;
                }
            }
            _ => {
                directory.deactivate(&ada.id, gateway()).await.unwrap();
                assert!(here.live(&other.secret).await.is_none());
                directory.reactivate(&ada.id, gateway()).await.unwrap();
            }
        }
        assert!(here.live(&other.secret).await.is_none(), "{round}");
    }
    let begun = here.place.begin(&ada.id).await.unwrap();
    here.warm(&begun.secret).await;
    directory.delete_user(&ada.id, gateway()).await.unwrap();
    assert!(here.live(&begun.secret).await.is_none());
    // A sign-in notes its time.
    let policy = open_policy();
    let (outcome, begun) = here
        .place
        .sign_in(login("b", "ben@example.com"), &policy)
        .await
        .unwrap()
        .unwrap();
    here.warm(&begun.secret).await;
    here.place.wait(60);
    let again = here
        .place
        .sign_in(login("b", "ben@example.com"), &policy)
        .await;
    again.unwrap().unwrap();
    let live = here.live(&begun.secret).await.unwrap();
    assert_eq!(live.person.user.last_login_at, Some(here.place.now()));
    assert_eq!(live.person.belongings.identities, [identity("okta", "b")]);
    assert_eq!(live.person.user.id, outcome.user.id);
}

#[expect(clippy::print_stdout, reason = "a figure for the reader")]
async fn what_another_process_writes_is_heard_within_a_second(place: Place) {
    let there = Place::on(Arc::clone(&place.ground)).await;
    let here = following(place).await;
    // On PostgreSQL the other one is a replica; on SQLite, the command line.
    let _replica = if here.place.is_sqlite() {
        None
    } else {
        Some(following(there.clone()).await)
    };
    let mut slowest = Duration::ZERO;
    for round in 0..5 {
        let email = format!("ada{round}@example.com");
        let ada = here.place.user_at(&email).await;
        let begun = here.place.begin(&ada.id).await.unwrap();
        here.warm(&begun.secret).await;
        there
            .directory
            .deactivate(&ada.id, gateway())
            .await
            .unwrap();
        let since = Instant::now();
        while here.live(&begun.secret).await.is_some() {
            assert!(since.elapsed() < Duration::from_secs(1), "it is still good");
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        slowest = slowest.max(since.elapsed());
    }
    println!("deactivated elsewhere, refused here after at most {slowest:?}");
    // The time of a sign-in elsewhere, too.
    let policy = open_policy();
    let (_, begun) = here
        .place
        .sign_in(login("b", "ben@example.com"), &policy)
        .await
        .unwrap()
        .unwrap();
    here.warm(&begun.secret).await;
    if let doorward::domain::Clock::Manual(at) = &there.clock {
        at.fetch_add(5_000, std::sync::atomic::Ordering::SeqCst);
    }
    let again = there.sign_in(login("b", "ben@example.com"), &policy).await;
    again.unwrap().unwrap();
    let since = Instant::now();
    while here
        .live(&begun.secret)
        .await
        .unwrap()
        .person
        .user
        .last_login_at
        != Some(there.now())
    {
        assert!(since.elapsed() < Duration::from_secs(1), "it is still old");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

async fn what_a_hand_writes_is_heard_as_well(place: Place) {
    let here = following(place).await;
    let (_, secret) = here.ada().await;
    here.warm(&secret).await;
    let sql = "UPDATE users SET status = 'inactive' WHERE email = 'ada@example.com'";
    if here.place.is_sqlite() {
        let connection = rusqlite::Connection::open(here.place.ground.file()).unwrap();
        connection.execute(sql, []).unwrap();
    } else {
        let client = crate::place::raw_postgres(&here.place.ground.url).await;
        client.execute(sql, &[]).await.unwrap();
    }
    let since = Instant::now();
    while here.live(&secret).await.is_some() {
        assert!(since.elapsed() < Duration::from_secs(1), "it is still good");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

async fn a_use_elsewhere_keeps_a_session_alive(place: Place) {
    let mut there = Place::on(Arc::clone(&place.ground)).await;
    there.clock = place.clock.clone();
    there.sessions.clock = place.clock.clone();
    let here = following(place).await;
    let (_, secret) = here.ada().await;
    here.warm(&secret).await;
    here.place.wait(3000);
    assert!(there.sessions.live(&hash(&secret)).await.unwrap().is_some());
    here.place.wait(3000);
    // Here it was not used for longer than it may lie idle.
    assert!(here.live(&secret).await.is_some());
    here.place.wait(3600);
    assert!(here.live(&secret).await.is_none());
}

async fn who_has_stopped_listening_asks_the_database(place: Place) {
    let there = Place::on(Arc::clone(&place.ground)).await;
    let here = following(place).await;
    let (ada, secret) = here.ada().await;
    here.warm(&secret).await;
    if here.place.is_sqlite() {
        here.stop.cancel();
    } else {
        let client = crate::place::raw_postgres(&here.place.ground.url).await;
        let sql = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                   WHERE query LIKE '%pg_is_in_recovery%' AND pid <> pg_backend_pid() \
                   AND datname = current_database()";
        assert_eq!(client.query(sql, &[]).await.unwrap().len(), 1);
    }
    here.is_current(false).await;
    there
        .directory
        .deactivate(&ada.id, gateway())
        .await
        .unwrap();
    assert!(here.live(&secret).await.is_none());
    if !here.place.is_sqlite() {
        // It listens again, and has forgotten what it knew.
        here.is_current(true).await;
        assert!(here.place.sessions.cache.is_empty());
        assert!(here.live(&secret).await.is_none());
    }
}

async fn readers_and_writers_side_by_side_never_see_what_is_over(place: Place) {
    let here = Arc::new(following(place).await);
    let (ada, _) = here.ada().await;
    for _ in 0..20 {
        let begun = here.place.begin(&ada.id).await.unwrap();
        let secret = Arc::new(begun.secret);
        let readers: Vec<_> = (0..4)
            .map(|_| {
                let (here, secret) = (Arc::clone(&here), Arc::clone(&secret));
                tokio::spawn(async move {
                    while here.live(&secret).await.is_some() {
                        tokio::task::yield_now().await;
                    }
                })
            })
            .collect();
        tokio::time::sleep(Duration::from_millis(5)).await;
        assert!(here.place.sessions.end(&hash(&secret), None).await.unwrap());
        assert!(here.live(&secret).await.is_none());
        for reader in readers {
            let ended = tokio::time::timeout(Duration::from_secs(1), reader).await;
            ended.expect("who asks again is told").unwrap();
        }
        assert!(here.live(&secret).await.is_none());
    }
}

async fn more_changes_than_can_be_named_reach_everybody(place: Place) {
    let here = following(place).await;
    let (ada, secret) = here.ada().await;
    let mut secrets = vec![secret];
    for _ in 0..1_100 {
        secrets.push(here.place.begin(&ada.id).await.unwrap().secret);
    }
    for secret in secrets.iter().take(50) {
        here.warm(secret).await;
    }
    here.place
        .directory
        .sign_out_everywhere(&ada.id, gateway())
        .await
        .unwrap();
    for secret in &secrets {
        assert!(here.live(secret).await.is_none());
    }
}

async fn old_news_is_deleted_and_still_none_is_missed(place: Place) {
    let here = following(place).await;
    let (ada, secret) = here.ada().await;
    if here.place.is_sqlite() {
        let connection = rusqlite::Connection::open(here.place.ground.file()).unwrap();
        let sql = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 12000) \
                   INSERT INTO changes (what) SELECT 'u:x' FROM n";
        connection.execute(sql, []).unwrap();
        here.place.db.forget_changes().await.unwrap();
        assert_eq!(
            here.place.count("SELECT COUNT(*) FROM changes").await,
            10_000
        );
    }
    here.place.db.forget_changes().await.unwrap();
    here.warm(&secret).await;
    here.place
        .directory
        .deactivate(&ada.id, gateway())
        .await
        .unwrap();
    assert!(here.live(&secret).await.is_none());
}
