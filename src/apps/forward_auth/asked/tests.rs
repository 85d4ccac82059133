use super::*;

const PROXY: &str = "10.0.0.1";

fn headers(fields: &[(&str, &str)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in fields {
        let name = axum::http::HeaderName::from_bytes(name.as_bytes()).unwrap();
        headers.append(
            name,
            axum::http::HeaderValue::from_bytes(value.as_bytes()).unwrap(),
        );
    }
    headers
}

/// What is understood, as `app host https target method`.
fn seen(path: &str, peer: &str, fields: &[(&str, &str)]) -> Result<String, &'static str> {
    let (uri, headers) = (path.parse::<Uri>().unwrap(), headers(fields));
    let trusted = ["10.0.0.0/8".parse().unwrap()];
    let dialect = Dialect::of(uri.path()).unwrap();
    let peer = peer.parse().unwrap();
    let asked = read(dialect, &Method::PUT, &uri, &headers, peer, &trusted);
    let asked = asked.map_err(AskedError::code)?;
    Ok(format!(
        "{} {} {} {} {}",
        asked.slug.unwrap_or("-"),
        asked.host.as_deref().unwrap_or("-"),
        asked.is_https.map_or("-".to_owned(), |is| is.to_string()),
        asked.target,
        asked.method
    ))
}

#[test]
fn dialects_have_their_paths() {
    for (path, dialect) in [
        ("/auth/request", Some(Dialect::Nginx)),
        ("/auth/forward", Some(Dialect::Forward)),
        ("/auth/envoy", Some(Dialect::Envoy)),
        ("/auth/envoy/", Some(Dialect::Envoy)),
        ("/auth/envoy/a/b", Some(Dialect::Envoy)),
        ("/auth/envoyx", None),
        ("/auth/request/", None),
        ("/auth/requests", None),
        ("/auth", None),
        ("/", None),
    ] {
        assert_eq!(Dialect::of(path), dialect, "{path}");
    }
}

#[test]
fn nginx() {
    let own = ("host", "gate.internal:8080");
    for (path, fields, expected) in [
        (
            "/auth/request",
            &[
                own,
                ("x-original-url", "https://Wiki.example.com/a?b=c"),
                ("x-original-method", "POST"),
            ][..],
            Ok("- wiki.example.com true /a?b=c POST"),
        ),
        (
            "/auth/request?x=y&app=wiki",
            &[own, ("x-original-url", "http://wiki.example.com:8081")],
            Ok("wiki wiki.example.com:8081 false / GET"),
        ),
        // ingress-nginx.
        (
            "/auth/request",
            &[
                own,
                ("x-original-uri", "/a"),
                ("x-forwarded-host", "wiki.example.com"),
                ("x-forwarded-proto", "https"),
            ],
            Ok("- wiki.example.com true /a GET"),
        ),
        (
            "/auth/request",
            &[own, ("x-auth-request-redirect", "/r")],
            Ok("- gate.internal:8080 - /r GET"),
        ),
        // TLS ends before nginx.
        (
            "/auth/request",
            &[
                ("x-original-url", "http://wiki.example.com/"),
                ("x-forwarded-proto", "https"),
            ],
            Ok("- wiki.example.com true / GET"),
        ),
        ("/auth/request", &[own], Ok("- gate.internal:8080 - / GET")),
        ("/auth/request", &[], Ok("- - - / GET")),
        ("/auth/request", &[own, own], Ok("- - - / GET")),
        // Never read.
        (
            "/auth/request",
            &[own, ("forwarded", "host=evil.example;proto=https")],
            Ok("- gate.internal:8080 - / GET"),
        ),
    ] {
        assert_eq!(
            seen(path, PROXY, fields).as_deref(),
            expected.as_ref().copied(),
            "{fields:?}"
        );
    }
}

#[test]
fn nginx_that_contradicts_itself() {
    for (path, fields, expected) in [
        (
            "/auth/request",
            &[
                ("x-original-url", "https://a.example/"),
                ("x-original-url", "https://b.example/"),
            ][..],
            Err("forward_auth.repeated_header"),
        ),
        (
            "/auth/request",
            &[
                ("x-original-url", "https://a.example/"),
                ("x-forwarded-host", "b.example"),
            ],
            Err("forward_auth.two_hosts"),
        ),
        (
            "/auth/request",
            &[
                ("x-original-url", "https://a.example:444/"),
                ("x-forwarded-host", "a.example"),
            ],
            Ok("- a.example:444 true / GET"),
        ),
        (
            "/auth/request",
            &[("x-original-url", "/a")],
            Err("forward_auth.unreadable_header"),
        ),
        (
            "/auth/request",
            &[("x-original-url", "ftp://a.example/")],
            Err("forward_auth.unreadable_header"),
        ),
        (
            "/auth/request",
            &[("x-original-url", "https://u@a.example/")],
            Err("forward_auth.unreadable_header"),
        ),
        (
            "/auth/request",
            &[("x-original-url", "https:///a")],
            Err("forward_auth.unreadable_header"),
        ),
        (
            "/auth/request",
            &[("x-original-uri", "a")],
            Err("forward_auth.unreadable_header"),
        ),
        (
            "/auth/request",
            &[("x-original-method", "GE T")],
            Err("forward_auth.unreadable_header"),
        ),
        (
            "/auth/request",
            &[("x-original-url", "https://a.example/\u{fc}")],
            Err("forward_auth.unreadable_header"),
        ),
    ] {
        assert_eq!(
            seen(path, PROXY, fields).as_deref(),
            expected.as_ref().copied(),
            "{fields:?}"
        );
    }
}

#[test]
fn traefik_and_caddy() {
    let whole = [
        ("host", "gate.internal"),
        ("x-forwarded-host", "wiki.example.com"),
        ("x-forwarded-proto", "https"),
        ("x-forwarded-uri", "/a?b"),
        ("x-forwarded-method", "DELETE"),
    ];
    let path = "/auth/forward";
    assert_eq!(
        seen(path, PROXY, &whole).unwrap(),
        "- wiki.example.com true /a?b DELETE"
    );
    for (field, expected) in [
        (
            ("x-forwarded-host", "evil.example"),
            "forward_auth.repeated_header",
        ),
        (
            ("x-forwarded-proto", "http"),
            "forward_auth.repeated_header",
        ),
        (
            ("x-forwarded-uri", "/public"),
            "forward_auth.repeated_header",
        ),
        (
            ("x-forwarded-method", "OPTIONS"),
            "forward_auth.repeated_header",
        ),
    ] {
        let mut fields = whole.to_vec();
        fields.push(field);
        assert_eq!(seen(path, PROXY, &fields), Err(expected), "{field:?}");
    }
    for (field, expected) in [
        (
            ("x-forwarded-host", "a.example, wiki.example.com"),
            "forward_auth.repeated_header",
        ),
        (
            ("x-forwarded-proto", "https,http"),
            "forward_auth.repeated_header",
        ),
        (
            ("x-forwarded-host", "a b"),
            "forward_auth.unreadable_header",
        ),
        (
            ("x-forwarded-proto", "javascript"),
            "forward_auth.unreadable_header",
        ),
        (
            ("x-forwarded-uri", "https://evil.example/"),
            "forward_auth.unreadable_header",
        ),
    ] {
        assert_eq!(seen(path, PROXY, &[field]), Err(expected), "{field:?}");
    }
    let upgrade = [
        ("x-forwarded-host", "a.example"),
        ("x-forwarded-proto", "wss"),
    ];
    assert_eq!(
        seen(path, PROXY, &upgrade).unwrap(),
        "- a.example true / GET"
    );
}

#[test]
fn nobody_else_is_believed() {
    let fields = [
        ("host", "gate.internal"),
        ("x-original-url", "https://wiki.example.com/a"),
        ("x-forwarded-host", "wiki.example.com"),
        ("x-forwarded-host", "evil.example"),
        ("x-forwarded-proto", "https"),
        ("x-forwarded-uri", "/public"),
    ];
    for path in ["/auth/request", "/auth/forward"] {
        assert_eq!(
            seen(path, "192.0.2.1", &fields).unwrap(),
            "- gate.internal - / GET"
        );
    }
    assert_eq!(
        seen("/auth/forward", "::ffff:10.0.0.9", &fields[..1]).unwrap(),
        "- gate.internal - / GET"
    );
}

#[test]
fn envoy_keeps_method_and_path_and_names_no_application() {
    let host = ("host", "wiki.example.com");
    for (path, fields, expected) in [
        (
            "/auth/envoy/a/b?app=other",
            &[host][..],
            Ok("- wiki.example.com - /a/b?app=other PUT"),
        ),
        ("/auth/envoy", &[host], Ok("- wiki.example.com - / PUT")),
        ("/auth/envoy?x", &[host], Ok("- wiki.example.com - ?x PUT")),
        (
            "/auth/envoy/",
            &[host, ("x-forwarded-proto", "https")],
            Ok("- wiki.example.com true / PUT"),
        ),
        (
            "/auth/envoy/",
            &[host, ("x-forwarded-host", "wiki.example.com")],
            Ok("- wiki.example.com - / PUT"),
        ),
        (
            "/auth/envoy/",
            &[host, ("x-forwarded-host", "evil.example")],
            Err("forward_auth.two_hosts"),
        ),
        (
            "/auth/envoy/",
            &[host, ("x-forwarded-uri", "/public")],
            Ok("- wiki.example.com - / PUT"),
        ),
        // HTTP/2 has no `Host`; where there is one, it counts.
        (
            "http://wiki.example.com/auth/envoy/a",
            &[],
            Ok("- wiki.example.com - /a PUT"),
        ),
        (
            "http://evil.example/auth/envoy/a",
            &[host],
            Ok("- wiki.example.com - /a PUT"),
        ),
        ("/auth/envoy/a", &[host, host], Ok("- - - /a PUT")),
    ] {
        assert_eq!(
            seen(path, PROXY, fields).as_deref(),
            expected.as_ref().copied(),
            "{path} {fields:?}"
        );
    }
}

#[test]
fn scripts_and_people() {
    let html = ("accept", "text/html,application/xhtml+xml,*/*;q=0.8");
    for (fields, expected) in [
        (&[html][..], Caller::Navigation),
        (&[html, ("sec-fetch-mode", "navigate")], Caller::Navigation),
        (&[("sec-fetch-mode", "navigate")], Caller::Navigation),
        (&[("accept", "TEXT/HTML")], Caller::Navigation),
        (&[], Caller::Script),
        (&[("accept", "*/*")], Caller::Script),
        (&[("accept", "application/json")], Caller::Script),
        (
            &[("accept", "*/*"), ("sec-fetch-mode", "navigate")],
            Caller::Script,
        ),
        (&[html, ("sec-fetch-mode", "cors")], Caller::Script),
        (&[html, ("sec-fetch-mode", "websocket")], Caller::Script),
        (
            &[html, ("x-requested-with", "XMLHttpRequest")],
            Caller::Script,
        ),
        (&[html, ("upgrade", "websocket")], Caller::Script),
        (&[html, ("sec-websocket-key", "x")], Caller::Script),
        (&[html, ("x-forwarded-proto", "wss")], Caller::Script),
    ] {
        assert_eq!(caller(&headers(fields)), expected, "{fields:?}");
    }
}

proptest::proptest! {
    #[test]
    fn what_is_understood_is_one_host_and_one_path(
        url in "\\PC{0,40}",
        host in "[a-z.:,@/\\[\\] 0-9]{0,20}",
        uri in "\\PC{0,20}",
    ) {
        let fields: Vec<(&str, &str)> = [
            ("x-original-url", url.as_str()), ("x-forwarded-host", &host), ("x-forwarded-uri", &uri),
        ].into_iter().filter(|(_, value)| {
            axum::http::HeaderValue::from_bytes(value.as_bytes()).is_ok()
        }).collect();
        let headers = headers(&fields);
        let trusted = ["10.0.0.0/8".parse().unwrap()];
        for path in ["/auth/request", "/auth/forward", "/auth/envoy/x"] {
            let own: Uri = path.parse().unwrap();
            let dialect = Dialect::of(path).unwrap();
            let peer = PROXY.parse().unwrap();
            if let Ok(asked) = read(dialect, &Method::GET, &own, &headers, peer, &trusted) {
                if let Some(host) = &asked.host {
                    proptest::prop_assert_eq!(clean_host(host), Some(host.clone()));
                }
                proptest::prop_assert!(asked.target.starts_with(['/', '?']));
                proptest::prop_assert!(!asked.target.bytes().any(|b| b.is_ascii_control()));
            }
        }
    }
}
