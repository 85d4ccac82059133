//! The proxies themselves, with the configuration that the dashboard and the
//! documentation show.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::json;

use super::process::{Kind, Proxy};
use super::{SET, TRUSTING, application, signed_in};
use crate::harness::{Server, free_port};
use crate::support::setting;

/// The same for each program.
macro_rules! on_each {
    ($($name:ident)*) => {
        on_each! { @of nginx, $($name)* }
        on_each! { @of traefik, $($name)* }
        on_each! { @of caddy, $($name)* }
        on_each! { @of envoy, $($name)* }
    };
    (@of $folder:ident, $($name:ident)*) => {
        mod $folder {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::$name(super::Kind::named(stringify!($folder))).await;
            })*
        }
    };
}

on_each! {
    people_pass_and_strangers_are_led_to_the_sign_in_page
    who_may_not_is_refused_without_a_loop
    identity_headers_of_a_client_end_here
    a_websocket_goes_through
    a_host_elsewhere_gets_a_cookie_of_its_own
}

impl Proxy {
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
                let mut back = vec![0; then.len()];
                stream.read_exact(&mut back).unwrap();
                said.extend(back);
                return String::from_utf8_lossy(&said).into_owned();
            }
            let _ = stream.read_to_end(&mut said);
            String::from_utf8_lossy(&said).into_owned()
        })
        .await
        .unwrap()
    }

    /// A request with these lines in its head.
    async fn get(&self, path: &str, lines: &str) -> String {
        self.get_at("HOST", path, lines).await
    }

    async fn get_at(&self, host: &str, path: &str, lines: &str) -> String {
        let head = format!("GET {path} HTTP/1.1\nHost: {host}\nConnection: close\n{lines}\n");
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

/// A header of the answer.
fn header<'a>(said: &'a str, name: &str) -> Option<&'a str> {
    let (head, _) = said.split_once("\r\n\r\n")?;
    let mut lines = head.lines().filter_map(|line| line.split_once(':'));
    let found = lines.find(|(n, _)| n.eq_ignore_ascii_case(name));
    found.map(|(_, value)| value.trim())
}

async fn behind(kind: Kind, access: &str) -> (Server, Proxy, String) {
    let server = Server::start_behind("sqlite://data/doorward.db", TRUSTING, "").await;
    let port = free_port();
    let hosts = [format!("127.0.0.1:{port}"), format!("wiki.test:{port}")];
    let more = json!({ "hosts": hosts, "access": access,
        "path_rules": [{ "path": "/public/*", "access": "anonymous" }] });
    application(&server, "wiki", more).await;
    let binary = setting::required(kind.setting());
    let proxy = Proxy::start(kind, &binary, &server.url, (port, &hosts)).await;
    let (cookie, _) = signed_in(&server, "alice").await;
    (server, proxy, cookie)
}

const PAGE: &str = "Accept: text/html\nSec-Fetch-Mode: navigate\n";

async fn people_pass_and_strangers_are_led_to_the_sign_in_page(kind: Kind) {
    let (server, proxy, cookie) = behind(kind, "internal").await;
    let said = proxy.get("/page?a=b", PAGE).await;
    assert!(said.starts_with("HTTP/1.1 302"), "{said}");
    let location = url::Url::parse(header(&said, "location").unwrap()).unwrap();
    assert_eq!(location.origin().ascii_serialization(), server.url);
    let rd = location
        .query_pairs()
        .find(|(name, _)| name == "rd")
        .unwrap()
        .1;
    assert_eq!(rd, format!("http://127.0.0.1:{}/page?a=b", proxy.port));
    // The sign-in page leads whoever is signed in back there.
    let back = format!("{}?{}", location.path(), location.query().unwrap());
    let with = [("cookie", cookie.as_str()), ("accept", "text/html")];
    let answer = super::ask(&server, "GET", &back, &with).await;
    assert_eq!(answer.get("location"), rd);
    // A script is told, and not led.
    for script in [
        "Accept: application/json\n",
        "Accept: text/html\nX-Requested-With: XMLHttpRequest\n",
        "Accept: text/html\nSec-Fetch-Mode: cors\n",
        "Accept: text/html\nAuthorization: Bearer dwt_nonsense\n",
    ] {
        let said = proxy.get("/page", script).await;
        assert!(said.starts_with("HTTP/1.1 401"), "{script}: {said}");
        assert!(seen(&said, "remote-user").is_empty());
    }
    let said = proxy
        .get("/page?a=b", &format!("{PAGE}Cookie: {cookie}\n"))
        .await;
    assert!(said.starts_with("HTTP/1.1 200"), "{said}");
    assert_eq!(seen(&said, "remote-email"), ["alice@example.com"]);
    assert_eq!(seen(&said, "x-doorward-assertion").len(), 1);
    // Whoever sends a form goes on with GET, and the form is not lost by us alone.
    let head = format!(
        "POST /page HTTP/1.1\nHost: HOST\nConnection: close\nContent-Length: 3\n\
         Content-Type: text/plain\n{PAGE}Cookie: {cookie}\n\nabc"
    );
    let said = proxy.raw(&head, "").await;
    assert!(said.starts_with("HTTP/1.1 200"), "{said}");
    assert!(said.contains("POST /page"), "{said}");
    let said = proxy.raw(&head.replace(&cookie, "x=y"), "").await;
    let expected = if kind == Kind::Nginx { "302" } else { "303" };
    assert!(said.starts_with(&format!("HTTP/1.1 {expected}")), "{said}");
}

async fn who_may_not_is_refused_without_a_loop(kind: Kind) {
    let (_server, proxy, cookie) = behind(kind, "private").await;
    let said = proxy.get("/", &format!("{PAGE}Cookie: {cookie}\n")).await;
    assert!(said.starts_with("HTTP/1.1 403"), "{said}");
    assert_eq!(header(&said, "location"), None, "{said}");
    assert!(seen(&said, "remote-user").is_empty());
    // The gateway's page, with the application's name; scripts get a problem document.
    assert!(said.contains("The wiki"), "{said}");
    let with = format!("Accept: application/json\nCookie: {cookie}\n");
    let said = proxy.get("/", &with).await;
    assert!(said.starts_with("HTTP/1.1 403"), "{said}");
    assert!(said.contains("application.not_assigned"), "{said}");
}

async fn identity_headers_of_a_client_end_here(kind: Kind) {
    let (_server, proxy, cookie) = behind(kind, "internal").await;
    let underscores = "Remote_User: root\nremote_groups: admins\n";
    let lies: String = SET
        .iter()
        .map(|name| format!("{name}: root\n"))
        .chain(["Forwarded: for=1.2.3.4;host=evil.example\n".to_owned()])
        .collect();
    let with = format!("{PAGE}{lies}Cookie: {cookie}\n");
    let said = proxy.get("/page", &with).await;
    assert!(said.starts_with("HTTP/1.1 200"), "{said}");
    for name in SET {
        assert!(seen(&said, name).len() <= 1, "{name}: {said}");
        assert!(!seen(&said, name).contains(&"root"), "{name}: {said}");
    }
    assert_eq!(seen(&said, "remote-email"), ["alice@example.com"]);
    // To many an application `Remote_User` is `Remote-User`: nginx drops it, with the
    // others nobody gets through.
    let said = proxy.get("/page", &format!("{with}{underscores}")).await;
    if kind == Kind::Nginx {
        assert!(said.starts_with("HTTP/1.1 200"), "{said}");
        assert!(!seen(&said, "remote-groups").contains(&"admins"), "{said}");
        assert!(!seen(&said, "remote-user").contains(&"root"), "{said}");
    } else {
        assert!(said.starts_with("HTTP/1.1 4"), "{said}");
        assert!(!said.contains("root") && !said.contains("admins"), "{said}");
    }
    // Where everybody passes, nobody is anybody.
    let said = proxy.get("/public/x", &format!("{PAGE}{lies}")).await;
    assert!(said.starts_with("HTTP/1.1 200"), "{said}");
    for name in SET {
        assert!(
            seen(&said, name).iter().all(|value| value.is_empty()),
            "{name}: {said}"
        );
    }
    // The original address is the proxy's word, not the client's.
    let lies = "X-Original-URL: http://127.0.0.1/public/x\nX-Original-URI: /public/x\n\
                X-Forwarded-Host: evil.example\nX-Forwarded-Uri: /public/x\n\
                X-Forwarded-Method: OPTIONS\nX-Forwarded-Proto: https\n";
    let said = proxy.get("/page", &format!("{PAGE}{lies}")).await;
    assert!(said.starts_with("HTTP/1.1 302"), "{said}");
    assert!(!said.contains("evil"), "{said}");
    let rd = format!("rd=http%3A%2F%2F127.0.0.1%3A{}%2Fpage", proxy.port);
    assert!(header(&said, "location").unwrap().contains(&rd), "{said}");
}

async fn a_websocket_goes_through(kind: Kind) {
    let (_server, proxy, cookie) = behind(kind, "internal").await;
    let upgrade = |cookie: &str| {
        format!(
            "GET /socket HTTP/1.1\nHost: HOST\nConnection: Upgrade\nUpgrade: websocket\n\
             Sec-WebSocket-Version: 13\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\n{cookie}\n"
        )
    };
    let with = format!("Cookie: {cookie}\n");
    let said = proxy.raw(&upgrade(&with), "hello").await;
    assert!(said.starts_with("HTTP/1.1 101"), "{said}");
    assert!(said.ends_with("hello"), "{said}");
    let close = upgrade("").replace("Connection: Upgrade", "Connection: Upgrade, close");
    let said = proxy.raw(&close, "").await;
    assert!(said.starts_with("HTTP/1.1 401"), "{said}");
}

/// No cookie of the gateway's arrives at `wiki.test`.
async fn a_host_elsewhere_gets_a_cookie_of_its_own(kind: Kind) {
    let (server, proxy, cookie) = behind(kind, "internal").await;
    let host = format!("wiki.test:{}", proxy.port);
    let said = proxy.get_at(&host, "/page?a=b", PAGE).await;
    assert!(said.starts_with("HTTP/1.1 302"), "{said}");
    let start = header(&said, "set-cookie").unwrap().split(';').next();
    let start = start.unwrap().to_owned();
    // Signed in at the gateway: by way of the one-time code, back to the host.
    let mut location = header(&said, "location").unwrap().to_owned();
    let own = |url: &str| {
        let path = url.strip_prefix(&server.url).unwrap_or(url);
        path.starts_with('/').then(|| path.to_owned())
    };
    while let Some(path) = own(&location) {
        let with = [("cookie", cookie.as_str()), ("accept", "text/html")];
        let answer = super::ask(&server, "GET", &path, &with).await;
        location = answer.get("location").to_owned();
    }
    let path = location.strip_prefix(&format!("http://{host}"));
    let path = path.unwrap_or_else(|| panic!("to {location}"));
    assert!(path.starts_with("/.doorward/callback?code="), "{location}");
    let with = format!("{PAGE}Cookie: {start}\n");
    let said = proxy.get_at(&host, path, &with).await;
    assert!(said.starts_with("HTTP/1.1 302"), "{said}");
    assert_eq!(
        header(&said, "location"),
        Some(format!("http://{host}/page?a=b").as_str())
    );
    let own = header(&said, "set-cookie").unwrap().split(';').next();
    let with = format!("{PAGE}Cookie: {}\n", own.unwrap());
    let said = proxy.get_at(&host, "/page?a=b", &with).await;
    assert!(said.starts_with("HTTP/1.1 200"), "{said}");
    assert_eq!(seen(&said, "remote-email"), ["alice@example.com"]);
    // It is worth this host only.
    let said = proxy.get("/page", &with).await;
    assert!(said.starts_with("HTTP/1.1 302"), "{said}");
}
