//! Hosts that do not share the gateway's domain get a session of their own.

use serde_json::json;

use super::{PERSON, Said, application, ask, gateway, signed_in};
use crate::harness::Server;

/// One browser at one foreign host.
struct Visit<'s> {
    server: &'s Server,
    host: &'static str,
    dialect: &'static str,
    cookies: Vec<String>,
}

fn cookie_of(said: &Said) -> String {
    said.get("set-cookie").split(';').next().unwrap().to_owned()
}

impl Visit<'_> {
    async fn go(&self, uri: &str) -> Said {
        let url = format!("https://{}{uri}", self.host);
        let cookies = self.cookies.join("; ");
        let headers = [
            PERSON[0],
            PERSON[1],
            ("x-original-url", &url),
            ("x-forwarded-host", self.host),
            ("x-forwarded-proto", "https"),
            ("x-forwarded-uri", uri),
            ("cookie", &cookies),
        ];
        ask(self.server, "GET", self.dialect, &headers).await
    }

    /// Is sent away, and keeps the cookie of the start: where to.
    async fn away(&mut self, uri: &str) -> String {
        let said = self.go(uri).await;
        assert!(matches!(said.status, 401 | 302), "{}", said.status);
        let cookie = said.get("set-cookie");
        assert!(cookie.starts_with("__Host-doorward-start="), "{cookie}");
        for part in ["HttpOnly", "Secure", "SameSite=Lax", "Path=/"] {
            assert!(cookie.contains(part), "{cookie}");
        }
        self.cookies.push(cookie_of(&said));
        let back = format!("https://{}{uri}", self.host);
        assert_eq!(said.rd(self.server).as_deref(), Some(back.as_str()));
        said.get("location").to_owned()
    }
}

/// From the sign-in page, where somebody is signed in, to the address of the code.
async fn code_for(server: &Server, login: &str, cookie: &str) -> String {
    let path = |url: &str| url.strip_prefix(&server.url).unwrap_or(url).to_owned();
    let with = [PERSON[0], ("cookie", cookie)];
    let said = ask(server, "GET", &path(login), &with).await;
    assert!(matches!(said.status, 302 | 303), "{}", said.status);
    let said = ask(server, "GET", &path(said.get("location")), &with).await;
    assert_eq!(said.status, 302, "{}", said.body);
    said.get("location").to_owned()
}

fn uri_of(url: &str, host: &str) -> String {
    url.strip_prefix(&format!("https://{host}"))
        .unwrap()
        .to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_comes_to_a_foreign_host_and_ends_with_its_own() {
    let server = gateway().await;
    for (slug, host) in [("wiki", "wiki.example.org"), ("shop", "shop.example.net")] {
        application(&server, slug, json!({ "hosts": [host] })).await;
    }
    for (n, dialect) in ["/auth/request", "/auth/forward"].into_iter().enumerate() {
        let (session, id) = signed_in(&server, &format!("alice{n}")).await;
        let host = "wiki.example.org";
        let mut visit = Visit {
            server: &server,
            host,
            dialect,
            cookies: Vec::new(),
        };
        let login = visit.away("/page?a=b").await;
        let callback = code_for(&server, &login, &session).await;
        assert!(callback.starts_with("https://wiki.example.org/.doorward/callback?code="));
        let said = visit.go(&uri_of(&callback, host)).await;
        let expected = if dialect == "/auth/request" { 401 } else { 302 };
        assert_eq!(said.status, expected, "{}", said.body);
        assert_eq!(said.get("location"), "https://wiki.example.org/page?a=b");
        let own = cookie_of(&said);
        assert!(own.starts_with("__Host-doorward-app="), "{own}");
        visit.cookies.push(own.clone());
        for _ in 0..3 {
            let said = visit.go("/page?a=b").await;
            assert_eq!(said.status, 200, "{}", said.body);
            let email = format!("alice{n}@example.com");
            assert_eq!(said.get("remote-email"), email);
        }
        // Used up.
        let said = visit.go(&uri_of(&callback, host)).await;
        assert_eq!(said.status, 403);
        assert!(!said.has("location"));
        // Worth this host only, and nothing at the gateway.
        let other = Visit {
            host: "shop.example.net",
            cookies: vec![own.clone()],
            ..visit
        };
        assert!(matches!(other.go("/").await.status, 401 | 302));
        let as_session = own.replace("__Host-doorward-app=", "doorward=");
        let said = ask(&server, "GET", "/api/v1/me", &[("cookie", &as_session)]).await;
        assert_eq!(said.status, 401);
        let visit = Visit { host, ..other };
        assert_eq!(visit.go("/").await.status, 200);
        // Over with the session.
        let path = format!("/api/v1/users/{id}/sessions");
        let (status, _) = server.api().call("DELETE", &path, None).await;
        assert!((200..300).contains(&status));
        assert!(matches!(visit.go("/").await.status, 401 | 302));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_code_is_for_one_browser_and_one_host() {
    let server = gateway().await;
    for (slug, host) in [("wiki", "wiki.example.org"), ("shop", "shop.example.net")] {
        application(&server, slug, json!({ "hosts": [host] })).await;
    }
    let (session, _) = signed_in(&server, "alice").await;
    let visit = |host| Visit {
        server: &server,
        host,
        dialect: "/auth/forward",
        cookies: Vec::new(),
    };
    // An attacker's own code signs nobody else in.
    let mut attacker = visit("wiki.example.org");
    let login = attacker.away("/").await;
    for with_cookie in [false, true] {
        let callback = code_for(&server, &login, &session).await;
        let mut victim = visit("wiki.example.org");
        if with_cookie {
            victim.away("/").await;
        }
        let said = victim.go(&uri_of(&callback, "wiki.example.org")).await;
        assert_eq!(said.status, 403, "{with_cookie}");
        assert!(!said.has("set-cookie"));
        // Whoever brought it, it is used up.
        let said = attacker.go(&uri_of(&callback, "wiki.example.org")).await;
        assert_eq!(said.status, 403);
    }
    let callback = code_for(&server, &login, &session).await;
    let elsewhere = Visit {
        host: "shop.example.net",
        cookies: attacker.cookies.clone(),
        ..visit("")
    };
    let said = elsewhere.go(&uri_of(&callback, "wiki.example.org")).await;
    assert_eq!(said.status, 403);
    for uri in [
        "/.doorward/callback",
        "/.doorward/callback?code=",
        "/.doorward/callback?code=x",
    ] {
        let said = attacker.go(uri).await;
        assert_eq!(said.status, 403, "{uri}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn codes_and_sign_ins_lead_to_registered_hosts_only() {
    let server = gateway().await;
    application(&server, "wiki", json!({ "hosts": ["wiki.example.org"] })).await;
    let (session, _) = signed_in(&server, "alice").await;
    let state = "0123456789abcdef0123456789abcdef";
    for rd in [
        "https://evil.example/",
        "https://wiki.example.org.evil.example/",
        "https://wiki.example.org:8443/",
        "https://wiki.example.org@evil.example/",
        "https://evil.example\\@wiki.example.org/",
        "//wiki.example.org/",
        "javascript:alert(1)",
        "/account",
        "",
    ] {
        let encode = |text: &str| -> String {
            url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
        };
        let path = format!("/auth/hand-over?rd={}&state={state}", encode(rd));
        let said = ask(&server, "GET", &path, &[PERSON[0], ("cookie", &session)]).await;
        assert_eq!(said.status, 403, "{rd}");
        assert!(!said.has("location"), "{rd}");
        for more in ["", "&hand_over=0123456789abcdef0123456789abcdef"] {
            let path = format!("/login?rd={}{more}", encode(rd));
            let said = ask(&server, "GET", &path, &[PERSON[0], ("cookie", &session)]).await;
            assert!(matches!(said.status, 302 | 303), "{rd}: {}", said.status);
            let to = said.get("location");
            assert!(to.starts_with('/') && !to.starts_with("//"), "{rd}: {to}");
            assert!(!to.contains("evil"), "{rd}: {to}");
        }
    }
    let path = "/login?rd=https%3A%2F%2Fwiki.example.org%2Fa";
    let said = ask(&server, "GET", path, &[PERSON[0], ("cookie", &session)]).await;
    assert_eq!(said.get("location"), "https://wiki.example.org/a");
    for state in ["", "x", "0123456789abcdef0123456789abcdeg"] {
        let path = format!("/auth/hand-over?rd=https%3A%2F%2Fwiki.example.org%2F&state={state}");
        let said = ask(&server, "GET", &path, &[PERSON[0], ("cookie", &session)]).await;
        assert_eq!(said.status, 403, "{state:?}");
    }
}
