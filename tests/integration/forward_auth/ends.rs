//! Whose access ends, ends at once: at the replica that ends it, at the others, and
//! on the command line.

use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::{TRUSTING, application, ask, gateway, signed_in};
use crate::harness::{Server, database_of_its_own};

/// Asks until the answer is no longer 200; how long that took.
async fn refused_after(server: &Server, cookie: &str) -> Duration {
    let since = Instant::now();
    loop {
        let said = ask(
            server,
            "GET",
            "/auth/request?app=wiki",
            &[("cookie", cookie)],
        )
        .await;
        if said.status != 200 {
            assert!(matches!(said.status, 401 | 403), "{}", said.status);
            return since.elapsed();
        }
        assert!(since.elapsed() < Duration::from_secs(1), "it still passes");
    }
}

async fn passes(server: &Server, cookie: &str) {
    for _ in 0..3 {
        let said = ask(
            server,
            "GET",
            "/auth/request?app=wiki",
            &[("cookie", cookie)],
        )
        .await;
        assert_eq!(said.status, 200, "{}", said.body);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_one_replica() {
    let server = gateway().await;
    application(&server, "wiki", json!({})).await;
    let mut slowest = Duration::ZERO;
    for n in 0..5 {
        let (cookie, id) = signed_in(&server, &format!("user{n}")).await;
        passes(&server, &cookie).await;
        let path = format!("/api/v1/users/{id}/deactivate");
        server.api().expect("POST", &path, None, 200).await;
        slowest = slowest.max(refused_after(&server, &cookie).await);
    }
    eprintln!("one replica: deactivation to the first refused request: {slowest:?}");
    // Every other way of ending it: the next request is refused.
    for (n, method, path) in [
        (10, "DELETE", "/api/v1/users/ID/sessions"),
        (11, "DELETE", "/api/v1/users/ID"),
        (12, "PUT", "/api/v1/applications/wiki"),
        (13, "DELETE", "/api/v1/applications/wiki"),
    ] {
        let (cookie, id) = signed_in(&server, &format!("user{n}")).await;
        passes(&server, &cookie).await;
        let path = path.replace("ID", &id);
        let wiki = json!({ "slug": "wiki", "name": "Wiki", "kind": "forward_auth",
            "access": "private", "hosts": ["wiki.example.com"] });
        let body = (method == "PUT").then_some(&wiki);
        let (status, said) = server.api().call(method, &path, body).await;
        assert!((200..300).contains(&status), "{path}: {status} {said}");
        let said = ask(
            &server,
            "GET",
            "/auth/request?app=wiki",
            &[("cookie", &cookie)],
        )
        .await;
        assert!(
            matches!(said.status, 401 | 403),
            "{method} {path}: {}",
            said.status
        );
        if method == "PUT" {
            let open = json!({ "access": "internal" });
            let path = "/api/v1/applications/wiki";
            server.api().expect("PATCH", path, Some(&open), 200).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn by_the_command_line_on_the_same_file() {
    let server = gateway().await;
    application(&server, "wiki", json!({})).await;
    let mut slowest = Duration::ZERO;
    for n in 0..3 {
        let name = format!("user{n}");
        let (cookie, _) = signed_in(&server, &name).await;
        passes(&server, &cookie).await;
        server.cli(&["user", "deactivate", &format!("{name}@example.com")], "");
        slowest = slowest.max(refused_after(&server, &cookie).await);
    }
    eprintln!("command line and server: deactivation to the first refused request: {slowest:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_two_replicas() {
    let url = database_of_its_own().await;
    let secrets = format!("[secrets]\nkey = \"{}\"\n", STANDARD.encode([9; 32]));
    let here = Server::start_behind(&url, TRUSTING, &secrets).await;
    let there = Server::start_behind(&url, TRUSTING, &secrets).await;
    application(&here, "wiki", json!({})).await;
    let mut slowest = [Duration::ZERO; 2];
    for n in 0..5 {
        let (cookie, id) = signed_in(&here, &format!("user{n}")).await;
        passes(&here, &cookie).await;
        passes(&there, &cookie).await;
        let path = format!("/api/v1/users/{id}/deactivate");
        there.api().expect("POST", &path, None, 200).await;
        let (one, other) = tokio::join!(
            refused_after(&there, &cookie),
            refused_after(&here, &cookie)
        );
        slowest = [slowest[0].max(one), slowest[1].max(other)];
    }
    let [own, other] = slowest;
    eprintln!(
        "two replicas: deactivation to the first refused request: {own:?} where it was done, \
         {other:?} at the other"
    );
}
