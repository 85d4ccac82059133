//! What breaks around the gateway, and what it makes of it: INTERFACE, "When
//! things break", line by line, with real processes.

mod database;
mod embedded;
mod process;
mod proxy;
mod replicas;
mod throttles;

use std::time::{Duration, Instant};

use crate::harness::{Browser, Server};

/// One look at each surface while the database is away: the status, the headers
/// and how long it took.
async fn surfaces_say_unavailable(server: &Server, session: &str, within: Duration) {
    let asks = [
        ("/api/v1/me", "application/problem+json", true),
        ("/api/v1/users", "application/problem+json", false),
        ("/account", "text/html", true),
        ("/login", "text/html", false),
        ("/login", "text/html", true),
        ("/saml/okta/login", "text/html", false),
        ("/saml/okta/continue?code=x", "text/html", false),
    ];
    let looks = asks.map(|(path, kind, with_session)| async move {
        let mut request = server.client.get(format!("{}{path}", server.url));
        request = if with_session {
            request.header("cookie", format!("doorward={session}"))
        } else if kind == "text/html" {
            request
        } else {
            request.bearer_auth(&server.token)
        };
        let started = Instant::now();
        let answer = request.send().await.unwrap();
        let took = started.elapsed();
        let what = format!("{path} with session {with_session}");
        assert_eq!(answer.status(), 503, "{what}");
        let header = |name: &str| answer.headers()[name].to_str().unwrap().to_owned();
        assert!(header("content-type").starts_with(kind), "{what}");
        assert!(header("retry-after").parse::<u32>().unwrap() > 0, "{what}");
        assert!(answer.headers().get("set-cookie").is_none(), "{what}");
        assert!(took < within, "{what} took {took:?}, more than {within:?}");
        let body = answer.text().await.unwrap();
        for inside in ["Connection refused", "127.0.0.1", "postgres", "sqlite"] {
            assert!(!body.contains(inside), "{what} speaks of {inside}");
        }
        took
    });
    let took = futures_util::future::join_all(looks).await;
    eprintln!("answers after {took:?}");
}

/// The status and JSON of `/readyz`.
async fn ready(server: &Server) -> (u16, serde_json::Value) {
    let answer = server
        .client
        .get(format!("{}/readyz", server.url))
        .send()
        .await
        .unwrap();
    let status = answer.status().as_u16();
    (status, answer.json().await.unwrap())
}

/// Waits until readiness says this, for as long as a write that went through may
/// stand for the next.
async fn until_ready_says(server: &Server, wanted: &str) {
    let started = Instant::now();
    loop {
        let asked = started.elapsed();
        let (status, body) = ready(server).await;
        assert_eq!(status, 200, "{body}");
        if body["status"] == wanted {
            return;
        }
        assert!(asked < Duration::from_secs(2), "{body}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

async fn is_up(server: &Server) {
    let started = Instant::now();
    let answer = server
        .client
        .get(format!("{}/healthz", server.url))
        .send()
        .await;
    assert_eq!(answer.unwrap().status(), 200);
    assert!(
        started.elapsed() < Duration::from_secs(1),
        "healthz is slow"
    );
}

/// Waits until the session is good again; how long that took.
async fn until_signed_in(browser: &mut Browser, server: &Server) -> Duration {
    let session = browser.session().unwrap();
    let started = Instant::now();
    // A session at hand is good for half a second without the database.
    tokio::time::sleep(Duration::from_millis(600)).await;
    loop {
        let answer = server
            .client
            .get(format!("{}/api/v1/me", server.url))
            .header("cookie", format!("doorward={session}"))
            .send()
            .await
            .unwrap();
        match answer.status().as_u16() {
            200 => return started.elapsed(),
            503 => {}
            other => panic!("a session that is good was answered {other}"),
        }
        assert!(started.elapsed() < Duration::from_secs(10), "no recovery");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
