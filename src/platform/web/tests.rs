use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode, header};
use axum::response::Response;
use axum::routing::{get, post};
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;
use url::Url;

use super::pages::{NotAdmitted, Relay};
use super::*;
use crate::domain::Slug;
use crate::platform::i18n::Locale;

fn settings(origin: &str) -> KitSettings {
    KitSettings {
        csrf_key: [7; 32],
        ..KitSettings::new(Url::parse(origin).unwrap())
    }
}

fn kit() -> Kit {
    Kit::new(settings("https://sso.example.com"))
}

#[derive(serde::Deserialize)]
struct Count {
    #[serde(rename = "n")]
    _n: u32,
}

fn app(kit: &Kit) -> Router {
    let router = Router::new()
        .route("/ok", get(|| async { "ok" }).post(|| async { "done" }))
        .route("/api/v1/me", get(|| async { "me" }).post(|| async { "me" }))
        .route("/saml/{slug}/acs", post(|| async { "acs" }))
        .route("/saml/{slug}/acs/x", post(|| async { "other" }))
        .route("/auth/envoy/{*path}", post(|| async { "auth" }))
        .route("/auth/request", get(|| async { StatusCode::UNAUTHORIZED }))
        .route("/oidc/consent", post(|| async { "agreed" }))
        .route("/oidc/logout", post(|| async { "out" }))
        .route("/oidc/logout/confirm", post(|| async { "out" }))
        .route("/oidc/token", post(|body: String| async move { body }))
        .route(
            "/oidc/userinfo",
            get(|| async { StatusCode::UNAUTHORIZED }).post(fall),
        )
        .route("/body", post(|body: String| async move { body }))
        .route("/api/body", post(|_: ApiJson<Count>| async { "fine" }))
        .route(
            "/query",
            get(|_: axum::extract::Query<Count>| async { "fine" }),
        )
        .route("/panic", get(fall))
        .route("/api/panic", get(fall))
        .route(
            "/own",
            get(|| async { ([(header::CONTENT_SECURITY_POLICY, "sandbox")], "own") }),
        );
    secure(router, kit)
}

async fn fall() -> Response {
    panic!("the secret cause");
}

async fn call(kit: &Kit, request: Request<Body>) -> (StatusCode, HeaderMap, String) {
    let (parts, body) = app(kit).oneshot(request).await.unwrap().into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    (
        parts.status,
        parts.headers,
        String::from_utf8_lossy(&body).into_owned(),
    )
}

fn request(method: &str, uri: &str, headers: &[(&str, &str)]) -> Request<Body> {
    let mut builder = Request::builder().method(method).uri(uri);
    for (name, value) in headers {
        builder = builder.header(*name, *value);
    }
    builder.body(Body::empty()).unwrap()
}

#[tokio::test]
async fn every_answer_has_the_headers() {
    for uri in ["/ok", "/nowhere", "/panic", "/api/v1/me", "/query"] {
        let (_, headers, _) = call(&kit(), request("GET", uri, &[])).await;
        let get = |name: &str| headers.get(name).map_or("", |v| v.to_str().unwrap());
        let csp = get("content-security-policy");
        assert!(csp.contains("default-src 'none'"), "{uri}: {csp}");
        assert!(csp.contains("frame-ancestors 'none'"));
        assert!(csp.contains("form-action 'self';"));
        assert!(!csp.contains("unsafe"));
        assert_eq!(get("x-content-type-options"), "nosniff");
        assert_eq!(get("referrer-policy"), "same-origin");
        assert_eq!(get("cache-control"), "no-store");
        assert_eq!(get("cross-origin-opener-policy"), "same-origin");
        assert_eq!(get("strict-transport-security"), "max-age=31536000");
        assert!(!get("x-request-id").is_empty());
    }
    let plain = Kit::new(settings("http://localhost:8080"));
    let (_, headers, _) = call(&plain, request("GET", "/ok", &[])).await;
    assert!(!headers.contains_key("strict-transport-security"));
    let (_, headers, _) = call(&kit(), request("GET", "/own", &[])).await;
    assert_eq!(headers["content-security-policy"], "sandbox");
}

#[tokio::test]
async fn only_our_own_pages_may_post() {
    const SITE: &str = "sec-fetch-site";
    for (uri, headers, passes) in [
        ("/ok", &[][..], true),
        ("/ok", &[(SITE, "same-origin")], true),
        (
            "/ok",
            &[(SITE, "same-origin"), ("origin", "https://sso.example.com")],
            true,
        ),
        ("/ok", &[("origin", "https://sso.example.com")], true),
        ("/ok", &[(SITE, "same-site")], false),
        ("/ok", &[(SITE, "cross-site")], false),
        ("/ok", &[(SITE, "none")], false),
        (
            "/ok",
            &[(SITE, "cross-site"), ("origin", "https://sso.example.com")],
            false,
        ),
        ("/ok", &[("origin", "https://evil.example.com")], false),
        ("/ok", &[("origin", "http://sso.example.com")], false),
        ("/ok", &[("origin", "https://sso.example.com:444")], false),
        (
            "/ok",
            &[("origin", "https://sso.example.com.evil.com")],
            false,
        ),
        ("/ok", &[("origin", "null")], false),
        ("/ok", &[("origin", "")], false),
        (
            "/ok",
            &[
                ("origin", "https://evil.com"),
                ("authorization", "Bearer x"),
            ],
            true,
        ),
        ("/api/v1/me", &[(SITE, "cross-site")], false),
        (
            "/saml/okta/acs",
            &[(SITE, "cross-site"), ("origin", "https://idp.com")],
            true,
        ),
        ("/saml/okta/acs/x", &[(SITE, "cross-site")], false),
        (
            "/auth/envoy/any/path",
            &[("origin", "https://app.example.com")],
            true,
        ),
        ("/oidc/token", &[(SITE, "cross-site")], true),
        ("/oidc/consent", &[(SITE, "cross-site")], false),
        ("/oidc/logout", &[(SITE, "cross-site")], true),
        ("/oidc/logout/confirm", &[(SITE, "cross-site")], false),
    ] {
        let (status, _, body) = call(&kit(), request("POST", uri, headers)).await;
        let expected = if passes { 200 } else { 403 };
        assert_eq!(status.as_u16(), expected, "{uri} {headers:?} {body}");
    }
    // Reading is free to everybody.
    let (status, ..) = call(&kit(), request("GET", "/ok", &[(SITE, "cross-site")])).await;
    assert_eq!(status, 200);
}

#[tokio::test]
async fn underscores_are_refused() {
    let (status, headers, _) = call(&kit(), request("GET", "/ok", &[("remote_user", "x")])).await;
    assert_eq!(status, 400);
    assert_eq!(headers["content-type"], "text/html; charset=utf-8");
    let (status, headers, _) = call(
        &kit(),
        request("GET", "/api/v1/me", &[("x_forwarded_for", "x")]),
    )
    .await;
    assert_eq!(status, 400);
    assert_eq!(headers["content-type"], "application/problem+json");
}

#[tokio::test]
async fn errors_have_the_form_of_the_surface() {
    let german = &[("accept-language", "de")];
    let (status, _, body) = call(&kit(), request("GET", "/nowhere", german)).await;
    assert_eq!(status, 404);
    assert!(body.contains("lang=\"de\""), "{body}");

    let (status, headers, body) = call(&kit(), request("DELETE", "/ok", &[])).await;
    assert_eq!(status, 405);
    assert!(headers[header::ALLOW].to_str().unwrap().contains("GET"));
    assert!(body.contains("<h1"));

    let (status, headers, body) = call(&kit(), request("GET", "/query?n=x", &[])).await;
    assert_eq!(status, 400);
    assert_eq!(headers["content-type"], "text/html; charset=utf-8");
    assert!(!body.contains("invalid digit"), "{body}");

    let (status, headers, body) = call(&kit(), request("PUT", "/api/v1/me", &[])).await;
    assert_eq!(status, 405);
    assert!(headers.contains_key(header::ALLOW));
    let problem: serde_json::Value = serde_json::from_str(&body).unwrap();
    assert_eq!(
        problem["type"],
        "urn:doorward:problem:web.method_not_allowed"
    );
    assert_eq!(problem["status"], 405);

    let (status, _, body) = call(&kit(), request("GET", "/auth/request", &[])).await;
    assert_eq!(status, 401);
    assert_eq!(body, "");
}

/// RFC 6749 §5.2: whoever calls the OpenID provider is told in its words, also where
/// no handler of ours was reached.
#[tokio::test]
async fn applications_are_told_in_the_words_of_oauth() {
    let told = |request: Request<Body>| async {
        let (status, headers, body) = call(&kit(), request).await;
        assert_eq!(headers["content-type"], "application/json", "{body}");
        let body: serde_json::Value = serde_json::from_str(&body).unwrap();
        assert!(body["error_description"].is_string(), "{body}");
        (status.as_u16(), body["error"].as_str().unwrap().to_owned())
    };
    let invalid = |status: u16| (status, "invalid_request".to_owned());
    assert_eq!(told(request("GET", "/oidc/token", &[])).await, invalid(405));
    assert_eq!(
        told(request("POST", "/oidc/nosuch", &[])).await,
        invalid(404)
    );
    assert_eq!(
        told(request("POST", "/oidc/token", &[("remote_user", "x")])).await,
        invalid(400)
    );
    let no_text = Request::post("/oidc/token").body(Body::from(vec![0xff, 0xfe]));
    assert_eq!(told(no_text.unwrap()).await, invalid(400));
    let (status, error) = told(request("POST", "/oidc/userinfo", &[])).await;
    assert_eq!((status, error.as_str()), (500, "server_error"));
    // RFC 6750 §3.1: without a token there is nothing to say but the challenge.
    let (status, _, body) = call(&kit(), request("GET", "/oidc/userinfo", &[])).await;
    assert_eq!((status.as_u16(), body.as_str()), (401, ""));
    // People come to these.
    for uri in ["/oidc/authorize", "/oidc/resume", "/auth/hand-over"] {
        let (status, headers, _) = call(&kit(), request("PUT", uri, &[])).await;
        assert_eq!(status, 404, "{uri}");
        assert_eq!(headers["content-type"], "text/html; charset=utf-8", "{uri}");
    }
}

#[tokio::test]
async fn a_panic_shows_nothing_of_its_cause() {
    let (status, _, body) = call(&kit(), request("GET", "/panic", &[])).await;
    assert_eq!(status, 500);
    assert!(body.contains("<h1") && !body.contains("secret cause"));
    let (status, _, body) = call(&kit(), request("GET", "/api/panic", &[])).await;
    assert_eq!(status, 500);
    let problem: serde_json::Value = serde_json::from_str(&body).unwrap();
    assert_eq!(problem["reference"].as_str().unwrap().len(), 9);
    assert!(!body.contains("secret cause"));
}

#[tokio::test]
async fn bodies_are_capped() {
    let kit = Kit::new(KitSettings {
        body_cap: 10,
        ..settings("https://sso.example.com")
    });
    for (uri, body, expected) in [
        ("/body", "0123456789", 200),
        ("/body", "0123456789a", 413),
        ("/api/body", "{\"n\": 1}", 200),
        ("/api/body", "{\"n\":    1}", 413),
        ("/api/body", "{\"n\":-1}", 422),
        ("/api/body", "{\"n\":", 400),
    ] {
        let request = Request::post(uri)
            .header("content-type", "application/json; charset=utf-8")
            .body(Body::from(body))
            .unwrap();
        let (status, _, text) = call(&kit, request).await;
        assert_eq!(status.as_u16(), expected, "{uri} {body}: {text}");
    }
    let (status, ..) = call(&kit, request("POST", "/api/body", &[])).await;
    assert_eq!(status, 415);
}

#[tokio::test]
async fn assets_live_for_ever_under_their_hash() {
    let kit = kit();
    let page = kit.page(Locale::En);
    for name in ["app.css", "brand.css", "favicon.svg"] {
        let url = page.asset(name);
        assert!(url.starts_with("/assets/"), "{name} is missing");
        let (status, headers, body) = call(&kit, request("GET", url, &[])).await;
        assert_eq!(status, 200);
        assert!(!body.is_empty());
        assert_eq!(
            headers["cache-control"],
            "public, max-age=31536000, immutable"
        );
        let etag = headers["etag"].to_str().unwrap();
        let (status, _, body) = call(&kit, request("GET", url, &[("if-none-match", etag)])).await;
        assert_eq!((status.as_u16(), body.as_str()), (304, ""));
    }
    let (_, headers, _) = call(&kit, request("GET", page.asset("app.css"), &[])).await;
    assert_eq!(headers["content-type"], "text/css; charset=utf-8");
    for uri in [
        "/assets/app.css",
        "/assets/app.0000000000000000.css",
        "/assets/..%2fx",
    ] {
        let (status, ..) = call(&kit, request("GET", uri, &[])).await;
        assert_eq!(status, 404, "{uri}");
    }
    let size = std::fs::metadata(concat!(env!("CARGO_MANIFEST_DIR"), "/assets/app.css"))
        .unwrap()
        .len();
    assert!(size < 20_000, "the stylesheet has {size} octets");
}

#[test]
fn form_tokens_belong_to_one_binding() {
    let kit = kit();
    let token = kit.csrf_token("session-a");
    assert!(kit.csrf_matches("session-a", &token));
    assert!(!kit.csrf_matches("session-b", &token));
    assert!(!kit.csrf_matches("session-a", ""));
    assert!(!kit.csrf_matches("session-a", &token[1..]));
    let other = Kit::new(KitSettings {
        csrf_key: [8; 32],
        ..settings("https://sso.example.com")
    });
    assert!(!other.csrf_matches("session-a", &token));
}

#[test]
fn cookies() {
    let shared = Kit::new(KitSettings {
        cookie_domain: Some("example.com".to_owned()),
        ..settings("https://sso.example.com")
    });
    assert_eq!(
        shared.session_cookie("v", Some(60)),
        "__Secure-doorward=v; Path=/; HttpOnly; SameSite=Lax; Secure; Domain=example.com; Max-Age=60"
    );
    let (id, cookie) = shared.ensure_browser_id(&HeaderMap::new());
    assert_eq!(
        cookie.unwrap(),
        format!("__Host-doorward-browser={id}; Path=/; HttpOnly; SameSite=Lax; Secure")
    );
    let plain = Kit::new(settings("http://localhost:8080"));
    assert_eq!(
        plain.session_cookie("v", None),
        "doorward=v; Path=/; HttpOnly; SameSite=Lax"
    );
    assert_eq!(kit().cookies().session, "__Host-doorward");

    let mut headers = HeaderMap::new();
    headers.append(
        "cookie",
        format!("a=b; doorward-browser={id}").parse().unwrap(),
    );
    headers.append("cookie", "doorward-last=okta;doorward=s".parse().unwrap());
    assert_eq!(plain.browser_id(&headers), Some(id.as_str()));
    assert_eq!(plain.ensure_browser_id(&headers), (id, None));
    assert_eq!(plain.last_provider(&headers), Slug::parse("okta"));
    assert_eq!(plain.cookie(&headers, "doorward"), Some("s"));
    assert_eq!(plain.cookie(&headers, "b"), None);
    headers.insert("cookie", "doorward-browser=short".parse().unwrap());
    assert_eq!(plain.browser_id(&headers), None);
}

async fn html(response: Response) -> (StatusCode, HeaderMap, String) {
    let (parts, body) = response.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    let body = String::from_utf8(body.to_vec()).unwrap();
    (parts.status, parts.headers, body)
}

#[tokio::test]
async fn a_failure_shows_the_reference_and_not_the_cause() {
    let kit = Kit::new(KitSettings {
        branding: Branding {
            support: Support::parse("it@example.com"),
            ..Branding::default()
        },
        ..settings("https://sso.example.com")
    });
    for locale in Locale::ALL {
        for message in Message::ALL {
            let failure = kit
                .failure(*message, "saml.audience_mismatch")
                .with_detail("the inner cause")
                .with_retry("/login?rd=%2F&x=\"><script>")
                .with_other_account();
            let reference = failure.reference.to_string();
            let (status, headers, body) = html(kit.failure_page(*locale, failure)).await;
            assert_eq!(status, message.status());
            assert!(!body.contains("inner cause") && !body.contains("audience"));
            assert!(!body.contains("><script>"), "the address is escaped");
            assert!(!body.contains('\u{27e6}'), "{message:?} lacks a text");
            let mistyped = matches!(message, Message::NotFound | Message::MethodNotAllowed);
            assert_eq!(body.contains(&reference), !mistyped, "{message:?}");
            assert_eq!(
                headers.contains_key(header::RETRY_AFTER),
                matches!(message, Message::Unavailable | Message::TooManyTries)
            );
            for word in ["assertion", "SAML", "token", "Oops"] {
                let shown = body.to_lowercase().contains(&word.to_lowercase());
                assert!(!shown, "{message:?} says {word}");
            }
        }
    }
}

#[tokio::test]
async fn the_relay_page_may_post_elsewhere_and_run_one_script() {
    let relay = Relay {
        action: "https://idp.example.com/sso?a=1&b=2".to_owned(),
        fields: vec![
            ("SAMLRequest".to_owned(), "PHNhbWw+\"><b>".to_owned()),
            ("RelayState".to_owned(), "x".to_owned()),
        ],
    };
    let (status, headers, body) = html(kit().on_the_way(Locale::En, relay)).await;
    assert_eq!(status, 200);
    let csp = headers["content-security-policy"].to_str().unwrap();
    assert!(csp.contains("form-action 'self' https:;"), "{csp}");
    let nonce = csp
        .split("'nonce-")
        .nth(1)
        .unwrap()
        .split('\'')
        .next()
        .unwrap();
    assert!(nonce.len() >= 22);
    assert!(body.contains(&format!("<script nonce=\"{nonce}\">")));
    let page = scraper::Html::parse_document(&body);
    let one = |css: &str| {
        let selector = scraper::Selector::parse(css).unwrap();
        let mut found = page.select(&selector);
        let first = found.next().unwrap_or_else(|| panic!("no {css} in {body}"));
        assert!(found.next().is_none(), "{css} twice");
        first.value().clone()
    };
    assert_eq!(
        one("form").attr("action"),
        Some("https://idp.example.com/sso?a=1&b=2")
    );
    assert_eq!(
        one("input[name=SAMLRequest]").attr("value"),
        Some("PHNhbWw+\"><b>")
    );
    one("form button");
}

#[tokio::test]
async fn not_admitted_is_403_and_names_the_application() {
    let refusal = NotAdmitted {
        application: "Wiki & more".to_owned(),
        account: "ada@example.com".to_owned(),
        switch: "/login?choose=1".to_owned(),
    };
    let (status, _, body) = html(kit().not_admitted(Locale::De, refusal)).await;
    assert_eq!(status, 403);
    assert!(body.contains("Wiki &#38; more") || body.contains("Wiki &amp; more"));
    assert!(body.contains("ada@example.com"));
}
