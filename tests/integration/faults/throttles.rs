//! Too many requests from one address.

use std::time::Duration;

use crate::harness::{Server, database_of_its_own};

const LIMITED: &str = "[security]\nrate_limits = true\n[secrets]\n\
    key = \"CQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQk=\"\n";

/// Sends `count` requests ; how many were taken, and after how many
/// seconds the first that was not may come again.
async fn send(server: &Server, count: usize) -> (usize, Option<u64>) {
    let (mut taken, mut wait) = (0, None);
    for _ in 0..count / 20 {
        let requests = (0..20).map(|_| {
            server
                .client
                .get(format!("{}/saml/nobody/metadata", server.url))
                .send()
        });
        for answer in futures_util::future::join_all(requests).await {
            let answer = answer.unwrap();
            if answer.status() != 429 {
                assert_eq!(answer.status(), 404);
                taken += 1;
                continue;
            }
            let seconds = answer.headers()["retry-after"].to_str().unwrap();
            wait = wait.or(seconds.parse().ok());
            let kind = answer.headers()["content-type"].to_str().unwrap();
            assert!(kind.starts_with("text/html"), "{kind}");
        }
    }
    (taken, wait)
}

/// An address that asks two replicas has one allowance, of 2,000 and 100 a second.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_is_counted_by_all_replicas_together() {
    let url = database_of_its_own().await;
    let one = Server::start(&url, LIMITED).await;
    let other = Server::start(&url, LIMITED).await;
    let began = std::time::Instant::now();
    let (mut taken, _) = send(&one, 1_600).await;
    assert_eq!(taken, 1_600);
    tokio::time::sleep(Duration::from_millis(1_300)).await;
    taken += send(&other, 20).await.0;
    tokio::time::sleep(Duration::from_millis(1_300)).await;
    let (more, wait) = send(&other, 1_600).await;
    taken += more;
    let allowed = 2_000 + 100 * (began.elapsed().as_secs() + 2);
    assert!(more < 1_600, "nothing was refused");
    assert!(
        u64::try_from(taken).unwrap() <= allowed,
        "{taken} of {allowed}"
    );
    assert!(
        wait.is_some_and(|wait| (1..=20).contains(&wait)),
        "{wait:?}"
    );
    eprintln!("{taken} taken in {:?}, {allowed} allowed", began.elapsed());
    // After that time the address is welcome again.
    tokio::time::sleep(Duration::from_secs(wait.unwrap())).await;
    assert_eq!(send(&one, 20).await.1, None);
}

/// For load tests.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_rate_limits_nothing_is_refused() {
    let server = Server::sqlite().await;
    assert_eq!(send(&server, 2_400).await, (2_400, None));
}
