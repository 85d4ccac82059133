//! Each proxy's own way of asking, and the answers that it understands.

use serde_json::json;

use super::{PERSON, SET, application, ask, gateway, signed_in};

/// A question for `https://wiki.example.com{uri}` as each proxy puts it.
struct Proxy {
    name: &'static str,
    path: String,
    method: &'static str,
    headers: Vec<(&'static str, String)>,
}

fn proxies(host: &str, uri: &str, method: &'static str) -> Vec<Proxy> {
    let text = ToOwned::to_owned;
    vec![
        Proxy {
            name: "nginx",
            path: "/auth/request".to_owned(),
            method: "GET",
            headers: vec![
                ("x-original-url", format!("https://{host}{uri}")),
                ("x-original-method", text(method)),
                ("x-forwarded-for", text("192.0.2.7")),
            ],
        },
        Proxy {
            name: "ingress-nginx",
            path: "/auth/request".to_owned(),
            method: "GET",
            headers: vec![
                ("x-request-id", text("0123456789abcdef")),
                ("x-original-url", format!("https://{host}{uri}")),
                ("x-original-method", text(method)),
                ("x-sent-from", text("nginx-ingress-controller")),
                ("x-auth-request-redirect", text(uri)),
                ("x-forwarded-for", text("192.0.2.7")),
            ],
        },
        Proxy {
            name: "Traefik",
            path: "/auth/forward".to_owned(),
            method: "GET",
            headers: vec![
                ("x-forwarded-for", text("192.0.2.7")),
                ("x-forwarded-host", text(host)),
                ("x-forwarded-method", text(method)),
                ("x-forwarded-proto", text("https")),
                ("x-forwarded-server", text("traefik-1")),
                ("x-forwarded-uri", text(uri)),
                ("x-forwarded-port", text("443")),
                ("x-real-ip", text("192.0.2.7")),
            ],
        },
        Proxy {
            name: "Caddy",
            path: "/auth/forward".to_owned(),
            method: "GET",
            headers: vec![
                ("x-forwarded-for", text("192.0.2.7")),
                ("x-forwarded-host", text(host)),
                ("x-forwarded-method", text(method)),
                ("x-forwarded-proto", text("https")),
                ("x-forwarded-uri", text(uri)),
                ("via", text("1.1 Caddy")),
            ],
        },
        Proxy {
            name: "Envoy",
            path: format!("/auth/envoy{uri}"),
            method,
            headers: vec![
                ("host", text(host)),
                ("x-forwarded-proto", text("https")),
                ("x-envoy-internal", text("true")),
                ("content-length", text("0")),
            ],
        },
    ]
}

impl Proxy {
    async fn ask(&self, server: &crate::harness::Server, more: &[(&str, &str)]) -> super::Said {
        let mut headers: Vec<(&str, &str)> = Vec::new();
        headers.extend(
            self.headers
                .iter()
                .map(|(name, value)| (*name, value.as_str())),
        );
        headers.extend_from_slice(more);
        ask(server, self.method, &self.path, &headers).await
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_may_passes_with_the_whole_set() {
    let server = gateway().await;
    application(&server, "wiki", json!({})).await;
    let (cookie, _) = signed_in(&server, "alice").await;
    for proxy in proxies("wiki.example.com", "/page?a=b", "GET") {
        // Asked twice: the second answer comes from what is at hand.
        for _ in 0..2 {
            let said = proxy.ask(&server, &[("cookie", &cookie)]).await;
            assert_eq!(said.status, 200, "{}: {}", proxy.name, said.body);
            assert!(said.body.is_empty());
            for name in SET {
                said.get(name);
            }
            assert_eq!(said.get("remote-email"), "alice@example.com");
            assert!(!said.get("remote-user").is_empty());
            assert!(!said.has("location") && !said.has("set-cookie"));
            assert_eq!(said.get("cache-control"), "no-store");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_not_signed_in_is_led_or_told() {
    let server = gateway().await;
    application(&server, "wiki", json!({})).await;
    let script: [(&str, &[(&str, &str)]); 5] = [
        ("no Accept", &[]),
        ("Accept", &[("accept", "application/json")]),
        (
            "X-Requested-With",
            &[PERSON[0], ("x-requested-with", "XMLHttpRequest")],
        ),
        ("Sec-Fetch-Mode", &[PERSON[0], ("sec-fetch-mode", "cors")]),
        (
            "Upgrade",
            &[
                PERSON[0],
                ("sec-websocket-version", "13"),
                ("sec-websocket-key", "x"),
            ],
        ),
    ];
    let back = "https://wiki.example.com/page?a=b";
    for (method, moved) in [("GET", 302), ("HEAD", 302), ("POST", 303), ("PUT", 303)] {
        for proxy in proxies("wiki.example.com", "/page?a=b", method) {
            let said = proxy.ask(&server, &PERSON).await;
            let expected = if proxy.path == "/auth/request" {
                401
            } else {
                moved
            };
            assert_eq!(said.status, expected, "{} {method}", proxy.name);
            assert_eq!(said.rd(&server).as_deref(), Some(back), "{}", proxy.name);
            for (what, headers) in &script {
                let said = proxy.ask(&server, headers).await;
                assert_eq!(said.status, 401, "{} {method} {what}", proxy.name);
                let leads = proxy.path == "/auth/request";
                assert_eq!(said.has("location"), leads, "{} {what}", proxy.name);
                assert!(said.has("www-authenticate"), "{} {what}", proxy.name);
                for name in SET {
                    assert!(!said.has(name), "{name}");
                }
            }
            // A cookie that is none.
            let said = proxy
                .ask(&server, &[PERSON[0], ("cookie", "doorward=nonsense")])
                .await;
            assert_eq!(said.status, expected, "{}", proxy.name);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_known_and_not_admitted_is_refused_and_not_led() {
    let server = gateway().await;
    application(&server, "wiki", json!({ "access": "private" })).await;
    let (cookie, id) = signed_in(&server, "alice").await;
    for proxy in proxies("wiki.example.com", "/", "GET") {
        let said = proxy.ask(&server, &[PERSON[0], ("cookie", &cookie)]).await;
        assert_eq!(said.status, 403, "{}", proxy.name);
        assert!(!said.has("location"));
        assert!(said.body.contains("The wiki"), "{}", said.body);
        let words = said
            .body
            .split(|c: char| !(c.is_ascii_alphanumeric() || c == '-'));
        let reference = words
            .filter(|w| w.len() == 9 && w.as_bytes()[4] == b'-')
            .count();
        assert!(reference > 0, "no reference: {}", said.body);
        assert!(
            said.get("content-security-policy")
                .contains("default-src 'none'")
        );
        let said = proxy
            .ask(&server, &[("cookie", &cookie), ("accept", "*/*")])
            .await;
        assert_eq!(said.status, 403, "{}", proxy.name);
        assert_eq!(said.get("content-type"), "application/problem+json");
        assert!(!said.has("location"));
    }
    // Assigned, and assigned no more.
    let path = format!("/api/v1/applications/wiki/users/{id}");
    server.api().call("PUT", &path, None).await;
    for proxy in proxies("wiki.example.com", "/", "GET") {
        assert_eq!(proxy.ask(&server, &[("cookie", &cookie)]).await.status, 200);
    }
    server.api().call("DELETE", &path, None).await;
    for proxy in proxies("wiki.example.com", "/", "GET") {
        assert_eq!(proxy.ask(&server, &[("cookie", &cookie)]).await.status, 403);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hosts_that_nobody_knows_pass_nobody_and_lead_nowhere() {
    let server = gateway().await;
    application(&server, "wiki", json!({})).await;
    let (cookie, _) = signed_in(&server, "alice").await;
    for host in [
        "other.example.com",
        "wiki.example.com.evil.example",
        "wiki.example.com:8443",
    ] {
        for proxy in proxies(host, "/", "GET") {
            for more in [&[PERSON[0]][..], &[PERSON[0], ("cookie", &cookie)]] {
                let said = proxy.ask(&server, more).await;
                assert_eq!(said.status, 403, "{} {host}", proxy.name);
                assert!(!said.has("location"), "{} {host}", proxy.name);
                assert!(!said.has("remote-user"));
            }
        }
    }
    // The proxy's configuration may name the application; in Envoy's dialect the
    // query is the browser's, and names nothing.
    let with = [("cookie", cookie.as_str())];
    for (path, status) in [
        ("/auth/request?app=wiki", 200),
        ("/auth/forward?app=wiki", 200),
        ("/auth/envoy/?app=wiki", 403),
        ("/auth/request?app=nowhere", 403),
        ("/auth/request", 403),
    ] {
        assert_eq!(
            ask(&server, "GET", path, &with).await.status,
            status,
            "{path}"
        );
    }
    // Without a hint whoever is not signed in may sign in, and is led no further.
    let said = ask(&server, "GET", "/auth/request", &[]).await;
    assert_eq!((said.status, said.rd(&server)), (401, None));
    // Not behind forward-auth, switched off, or gone.
    let link = json!({ "slug": "link", "name": "Link", "hosts": ["link.example.com"] });
    server
        .api()
        .call("POST", "/api/v1/applications", Some(&link))
        .await;
    let said = ask(&server, "GET", "/auth/request?app=link", &with).await;
    assert_eq!(said.status, 403);
    let off = json!({ "enabled": false });
    let api = server.api();
    api.expect("PATCH", "/api/v1/applications/wiki", Some(&off), 200)
        .await;
    for more in [&with[..], &[]] {
        let said = ask(&server, "GET", "/auth/request?app=wiki", more).await;
        assert!(matches!(said.status, 401 | 403), "{}", said.status);
    }
    api.expect("DELETE", "/api/v1/applications/wiki", None, 204)
        .await;
    let said = ask(&server, "GET", "/auth/request?app=wiki", &with).await;
    assert_eq!(said.status, 403);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rules_for_paths_and_preflights() {
    let server = gateway().await;
    let rules = json!({ "path_rules": [
        { "path": "/public/*", "access": "anonymous" },
        { "path": "/internal/*", "access": "deny" },
    ]});
    application(&server, "wiki", rules).await;
    let (cookie, _) = signed_in(&server, "alice").await;
    for (path, stranger, alice) in [
        ("/public/a", 200, 200),
        ("/publicity", 401, 200),
        ("/internal/x", 403, 403),
        ("/%69nternal/x", 403, 403),
        ("/public/../internal/x", 403, 403),
        ("/public/%2e%2e/internal/x", 403, 403),
        ("/public/..%2finternal/x", 403, 403),
        ("/public//x", 403, 403),
    ] {
        let url = format!("https://wiki.example.com{path}");
        let asked = [("x-original-url", url.as_str())];
        let said = ask(&server, "GET", "/auth/request", &asked).await;
        assert_eq!(said.status, stranger, "{path}");
        if stranger == 200 {
            for name in SET {
                assert_eq!(said.get(name), "", "{name}");
            }
        }
        let asked = [asked[0], ("cookie", cookie.as_str())];
        let said = ask(&server, "GET", "/auth/request", &asked).await;
        assert_eq!(said.status, alice, "{path}");
        if alice == 200 {
            assert_eq!(said.get("remote-email"), "alice@example.com");
        }
    }
    // A preflight carries no cookie, ever; it passes where the application says so.
    let preflight = [
        ("origin", "https://app.example.com"),
        ("access-control-request-method", "PUT"),
        ("sec-fetch-mode", "cors"),
    ];
    for (allowed, status) in [(false, 401), (true, 200)] {
        let switch = json!({ "allow_cors_preflight": allowed });
        let path = "/api/v1/applications/wiki";
        server.api().expect("PATCH", path, Some(&switch), 200).await;
        for proxy in proxies("wiki.example.com", "/a", "OPTIONS") {
            let said = proxy.ask(&server, &preflight).await;
            assert_eq!(said.status, status, "{}", proxy.name);
            if allowed {
                assert_eq!(said.get("remote-user"), "");
            }
        }
        for proxy in proxies("wiki.example.com", "/a", "PUT") {
            let said = proxy.ask(&server, &preflight).await;
            assert_eq!(said.status, 401, "{}", proxy.name);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn scripts_bring_a_token() {
    let server = gateway().await;
    application(&server, "wiki", json!({})).await;
    let bearer = format!("Bearer {}", server.token);
    let narrow = format!("Bearer {}", server.make_token(&["users:read"]));
    for (token, status) in [
        (bearer.as_str(), 200),
        (&narrow, 403),
        ("Bearer dwt_nonsense", 401),
        // An application's own token is not ours to judge.
        ("Bearer abc", 401),
        ("Basic YTpi", 401),
    ] {
        let said = ask(
            &server,
            "GET",
            "/auth/request?app=wiki",
            &[("authorization", token)],
        )
        .await;
        assert_eq!(said.status, status, "{token}");
        if status == 200 {
            assert!(said.get("remote-user").starts_with("token:"));
            assert_eq!(said.get("remote-email"), "");
        }
    }
    application(&server, "vault", json!({ "access": "private" })).await;
    let with = [("authorization", bearer.as_str())];
    let said = ask(&server, "GET", "/auth/request?app=vault", &with).await;
    assert_eq!(said.status, 403);
    // Whoever is signed in and sends an application's own token is still known.
    let (cookie, _) = signed_in(&server, "alice").await;
    let with = [("authorization", "Bearer abc"), ("cookie", cookie.as_str())];
    let said = ask(&server, "GET", "/auth/request?app=wiki", &with).await;
    assert_eq!(
        (said.status, said.get("remote-email")),
        (200, "alice@example.com")
    );
}
