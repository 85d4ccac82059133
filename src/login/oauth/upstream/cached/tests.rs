use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;
use crate::login::oauth::upstream::What;

const START: Timestamp = Timestamp(1_800_000_000_000);

#[derive(Default)]
struct Server {
    asked: AtomicUsize,
}

impl Server {
    async fn answer(&self, seconds: i64) -> Result<Fresh<usize>, UpstreamError> {
        let document = self.asked.fetch_add(1, Ordering::SeqCst) + 1;
        tokio::task::yield_now().await;
        Ok(Fresh { document, seconds })
    }

    async fn fail(&self) -> Result<Fresh<usize>, UpstreamError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        tokio::task::yield_now().await;
        Err(UpstreamError::status(What::Keys, 500))
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

#[tokio::test]
async fn a_document_is_kept_for_its_time_within_bounds() {
    for (said, kept) in [(0, 60), (-5, 60), (600, 600), (10_000_000, 24 * 3600)] {
        let (server, cached) = (Server::default(), Cached::default());
        for (after, expected) in [(0, 1), (kept - 1, 1), (kept, 2)] {
            let now = START.plus_seconds(after);
            let found = cached.get(now, || server.answer(said)).await.unwrap();
            assert_eq!(*found, expected, "{said} after {after}");
        }
    }
}

#[tokio::test]
async fn many_who_ask_at_once_ask_once() {
    let (server, cached) = (Server::default(), Cached::default());
    let asked = (0..50).map(|_| cached.get(START, || server.answer(600)));
    let found = futures_util::future::join_all(asked).await;
    assert!(found.into_iter().all(|found| *found.unwrap() == 1));
    assert_eq!(server.asked(), 1);
    // Those who wait for one that fails do not each try again.
    let (server, cached) = (Server::default(), Cached::<usize>::default());
    let asked = (0..50).map(|_| cached.get(START, || server.fail()));
    let found = futures_util::future::join_all(asked).await;
    assert!(found.into_iter().all(|found| found.is_err()));
    assert_eq!(server.asked(), 1);
}

#[tokio::test]
async fn the_last_good_copy_outlives_its_time_for_a_day() {
    let (server, cached) = (Server::default(), Cached::default());
    cached.get(START, || server.answer(600)).await.unwrap();
    let over = START.plus_seconds(600);
    assert_eq!(*cached.get(over, || server.fail()).await.unwrap(), 1);
    assert_eq!(
        *cached
            .get(over.plus_seconds(59), || server.fail())
            .await
            .unwrap(),
        1
    );
    assert_eq!(server.asked(), 2, "a pause after a failure");
    assert_eq!(
        *cached
            .get(over.plus_seconds(60), || server.fail())
            .await
            .unwrap(),
        1
    );
    assert_eq!(server.asked(), 3);
    let late = over.plus_seconds(24 * 3600);
    assert!(cached.get(late, || server.fail()).await.is_err());
    assert_eq!(
        *cached
            .get(late.plus_seconds(5), || server.answer(60))
            .await
            .unwrap(),
        5
    );
}

#[tokio::test]
async fn without_a_copy_a_failure_is_remembered_for_a_moment() {
    let (server, cached) = (Server::default(), Cached::default());
    assert!(cached.get(START, || server.fail()).await.is_err());
    let soon = START.plus_seconds(4);
    assert!(cached.get(soon, || server.answer(60)).await.is_err());
    assert_eq!(server.asked(), 1);
    let later = START.plus_seconds(5);
    assert_eq!(*cached.get(later, || server.answer(60)).await.unwrap(), 2);
    // The clock goes back: nobody waits for a moment that has passed.
    let (server, cached) = (Server::default(), Cached::default());
    assert!(cached.get(START, || server.fail()).await.is_err());
    let earlier = START.plus_seconds(-3600);
    assert!(cached.get(earlier, || server.answer(60)).await.is_ok());
}

#[tokio::test]
async fn fetches_out_of_turn_are_few() {
    let (server, cached) = (Server::default(), Cached::default());
    let mut known = cached.get(START, || server.answer(3600)).await.unwrap();
    for expected in 2..=5 {
        let newer = cached
            .renew(&known, START, || server.answer(3600))
            .await
            .unwrap();
        let newer = newer.expect("an answer");
        assert_eq!(*newer, expected);
        // Whoever still holds the older copy is given this one.
        let theirs = cached
            .renew(&known, START, || server.answer(3600))
            .await
            .unwrap();
        assert_eq!(*theirs.unwrap(), expected);
        known = newer;
    }
    let refused = cached
        .renew(&known, START.plus_seconds(59), || server.answer(3600))
        .await;
    assert!(refused.unwrap().is_none());
    assert_eq!(server.asked(), 5);
    let later = START.plus_seconds(60);
    let again = cached.renew(&known, later, || server.answer(3600)).await;
    assert_eq!(*again.unwrap().unwrap(), 6);
}

#[test]
fn what_a_server_says_of_keeping() {
    let now = Timestamp(784_111_777_000);
    for (name, value, expected) in [
        (
            "cache-control",
            "public, max-age=19312, must-revalidate",
            19_312,
        ),
        ("cache-control", "MAX-AGE=\"60\"", 60),
        ("cache-control", "no-store, max-age=60", 0),
        ("cache-control", "no-cache", 0),
        ("cache-control", "max-age=forever", UNSAID),
        ("expires", "Sun, 06 Nov 1994 09:49:37 GMT", 3600),
        ("expires", "Sun, 06 Nov 1994 07:49:37 GMT", -3600),
        ("expires", "0", UNSAID),
        ("x-other", "y", UNSAID),
    ] {
        let mut headers = HeaderMap::new();
        headers.insert(
            axum::http::HeaderName::from_static(name),
            value.parse().unwrap(),
        );
        assert_eq!(lifetime(&headers, now), expected, "{name}: {value}");
    }
}
