//! Several gateways on one database.

use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::harness::{Browser, Idp, Person, Server, database_of_its_own};

fn key(octet: u8) -> String {
    STANDARD.encode([octet; 32])
}

fn secrets(octet: u8) -> String {
    format!("[secrets]\nkey = \"{}\"\n", key(octet))
}

/// Four at once on an empty database: all of them start, and each can finish what
/// another one began.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_start_at_once_on_an_empty_database() {
    let url = database_of_its_own().await;
    let began = Instant::now();
    let starts = (0..4).map(|_| {
        let url = url.clone();
        async move { Server::start(&url, &secrets(7)).await }
    });
    let mut servers = futures_util::future::join_all(starts).await;
    eprintln!("four were ready after {:?}", began.elapsed());
    let idp = Idp::new();
    idp.register(&servers[0]).await;
    // One company has one address: a proxy would stand before them.
    let mut browser = Browser::new(&servers[0]);
    let sign_in = idp.start(&mut browser).await;
    let scene = idp.scene(&servers[0], &sign_in, &Person::named("alice"));
    let response = scene.forge().base64();
    idp.answer(&mut browser, &sign_in, &response).await.user();
    let session = browser.session().unwrap();
    for server in &servers {
        let answer = server
            .client
            .get(format!("{}/api/v1/me", server.url))
            .header("cookie", format!("doorward={session}"))
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), 200, "{}", server.url);
    }
    // Access that ends at one ends at all, at once.
    let user = servers[1].api().user_by_email("alice@example.com").await;
    let path = format!(
        "/api/v1/users/{}/deactivate",
        user.unwrap()["id"].as_str().unwrap()
    );
    servers[2].api().expect("POST", &path, None, 200).await;
    for server in &mut servers {
        let answer = server
            .client
            .get(format!("{}/api/v1/me", server.url))
            .header("cookie", format!("doorward={session}"))
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), 401, "{}", server.url);
    }
}

/// A replica with another key would write what the others cannot read.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replica_with_another_key_says_so_and_exits() {
    let url = database_of_its_own().await;
    let first = Server::start(&url, &secrets(1)).await;
    for (more, matter) in [
        (secrets(2), "belongs to another master key"),
        (String::new(), "doorward.key does not exist"),
    ] {
        let other = Server::prepared(&url, &more);
        let began = Instant::now();
        let (code, said) = other.fails_to_start();
        assert_eq!(code, Some(1), "{said}");
        assert!(said.contains(matter), "{said}");
        assert!(
            said.contains("DOORWARD__SECRETS__KEY"),
            "what to do: {said}"
        );
        assert!(began.elapsed() < Duration::from_secs(5));
    }
    super::is_up(&first).await;
    Server::start(&url, &secrets(1)).await;
}
