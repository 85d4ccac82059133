//! nginx itself, with the configuration that the documentation shows.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::json;

use super::process::Nginx;
use super::{SET, TRUSTING, application, signed_in};
use crate::harness::{Server, free_port};
use crate::support::setting;

trait Raw {
    async fn raw(&self, head: &str, then: &str) -> String;
    async fn get(&self, path: &str, lines: &str) -> String;
}

impl Raw for Nginx {
    /// Sends octets as they are and reads what comes back.
    async fn raw(&self, head: &str, then: &str) -> String {
        let (port, head, then) = (self.port, head.to_owned(), then.to_owned());
        tokio::task::spawn_blocking(move || {
            let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
            stream
                .set_read_timeout(Some(Duration::from_secs(10)))
                .unwrap();
            let head = head.replace("HOST", &format!("127.0.0.1:{port}"));
            stream
                .write_all(head.replace('\n', "\r\n").as_bytes())
                .unwrap();
            let mut said = Vec::new();
            if !then.is_empty() {
                let mut octet = [0];
                while !said.ends_with(b"\r\n\r\n") && stream.read(&mut octet).unwrap() == 1 {
                    said.push(octet[0]);
                }
                stream.write_all(then.as_bytes()).unwrap();
            }
            let _ = stream.read_to_end(&mut said);
            String::from_utf8_lossy(&said).into_owned()
        })
        .await
        .unwrap()
    }

    /// A request with these lines in its head.
    async fn get(&self, path: &str, lines: &str) -> String {
        let head = format!("GET {path} HTTP/1.1\nHost: HOST\nConnection: close\n{lines}\n");
        self.raw(&head, "").await
    }
}

/// The values of a header that the application was sent.
fn seen<'a>(said: &'a str, name: &str) -> Vec<&'a str> {
    let (_, asked) = said.split_once("\r\n\r\n").unwrap_or(("", ""));
    asked
        .lines()
        .filter_map(|line| line.split_once(':'))
        .filter(|(n, _)| n.replace('_', "-").eq_ignore_ascii_case(name))
        .map(|(_, value)| value.trim())
        .collect()
}

async fn behind(access: &str) -> (Server, Nginx, String) {
    let server = Server::start_behind("sqlite://data/doorward.db", TRUSTING, "").await;
    let port = free_port();
    let more = json!({ "hosts": [format!("127.0.0.1:{port}")], "access": access,
        "path_rules": [{ "path": "/public/*", "access": "anonymous" }] });
    application(&server, "wiki", more).await;
    let nginx = Nginx::start(&setting::required("DOORWARD_TEST_NGINX"), &server.url, port).await;
    let (cookie, _) = signed_in(&server, "alice").await;
    (server, nginx, cookie)
}

const PAGE: &str = "Accept: text/html\nSec-Fetch-Mode: navigate\n";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn people_pass_and_strangers_are_led_to_the_sign_in_page() {
    let (server, nginx, cookie) = behind("internal").await;
    let said = nginx.get("/page?a=b", PAGE).await;
    assert!(said.starts_with("HTTP/1.1 302"), "{said}");
    let location = said
        .lines()
        .find_map(|line| line.strip_prefix("Location: "));
    let location = url::Url::parse(location.unwrap()).unwrap();
    assert_eq!(location.origin().ascii_serialization(), server.url);
    let rd = location
        .query_pairs()
        .find(|(name, _)| name == "rd")
        .unwrap()
        .1;
    assert_eq!(rd, format!("http://127.0.0.1:{}/page?a=b", nginx.port));
    // The sign-in page leads whoever is signed in back there.
    let back = format!("{}?{}", location.path(), location.query().unwrap());
    let with = [("cookie", cookie.as_str()), ("accept", "text/html")];
    let answer = super::ask(&server, "GET", &back, &with).await;
    assert_eq!(answer.get("location"), rd);
    // A script is told, and not led.
    let said = nginx.get("/page", "Accept: application/json\n").await;
    assert!(said.starts_with("HTTP/1.1 401"), "{said}");

    let said = nginx
        .get("/page?a=b", &format!("{PAGE}Cookie: {cookie}\n"))
        .await;
    assert!(said.starts_with("HTTP/1.1 200"), "{said}");
    assert_eq!(seen(&said, "remote-email"), ["alice@example.com"]);
    assert_eq!(seen(&said, "x-doorward-assertion").len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_may_not_is_refused_without_a_loop() {
    let (_server, nginx, cookie) = behind("private").await;
    let said = nginx.get("/", &format!("{PAGE}Cookie: {cookie}\n")).await;
    assert!(said.starts_with("HTTP/1.1 403"), "{said}");
    assert!(!said.contains("Location:"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn identity_headers_of_a_client_end_here() {
    let (_server, nginx, cookie) = behind("internal").await;
    let lies: String = SET
        .iter()
        .map(|name| format!("{name}: root\n"))
        .chain([
            "Remote_User: root\n".to_owned(),
            "remote_groups: admins\n".to_owned(),
        ])
        .chain(["Forwarded: for=1.2.3.4;host=evil.example\n".to_owned()])
        .collect();
    let said = nginx
        .get("/page", &format!("{PAGE}{lies}Cookie: {cookie}\n"))
        .await;
    assert!(said.starts_with("HTTP/1.1 200"), "{said}");
    for name in SET {
        assert!(seen(&said, name).len() <= 1, "{name}: {said}");
        assert!(!seen(&said, name).contains(&"root"), "{name}: {said}");
        assert!(!seen(&said, name).contains(&"admins"), "{name}: {said}");
    }
    assert_eq!(seen(&said, "remote-email"), ["alice@example.com"]);
    // Where everybody passes, nobody is anybody.
    let said = nginx.get("/public/x", &format!("{PAGE}{lies}")).await;
    assert!(said.starts_with("HTTP/1.1 200"), "{said}");
    for name in SET {
        assert!(
            seen(&said, name).iter().all(|value| value.is_empty()),
            "{name}: {said}"
        );
    }
    // The original address is nginx's word, not the client's.
    let lies = "X-Original-URL: http://127.0.0.1/public/x\nX-Original-URI: /public/x\n\
                X-Forwarded-Host: evil.example\nX-Forwarded-Uri: /public/x\n";
    let said = nginx.get("/page", &format!("{PAGE}{lies}")).await;
    assert!(said.starts_with("HTTP/1.1 302"), "{said}");
    assert!(!said.contains("evil"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_websocket_goes_through() {
    let (_server, nginx, cookie) = behind("internal").await;
    let upgrade = |cookie: &str| {
        format!(
            "GET /socket HTTP/1.1\nHost: HOST\nConnection: Upgrade\nUpgrade: websocket\n\
             Sec-WebSocket-Version: 13\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\n{cookie}\n"
        )
    };
    let with = format!("Cookie: {cookie}\n");
    let said = nginx.raw(&upgrade(&with), "hello").await;
    assert!(said.starts_with("HTTP/1.1 101"), "{said}");
    assert!(said.ends_with("hello"), "{said}");
    let said = nginx.raw(&upgrade(""), "").await;
    assert!(!said.starts_with("HTTP/1.1 101"), "{said}");
}
