//! Deep links: `rd` leads back to where the person wanted to go, and nowhere
//! that is not ours.

use crate::harness::encode;
use crate::harness::{Browser, Idp, Person, Server};

#[tokio::test]
async fn deep_links_come_back() {
    let server = Server::sqlite().await;
    let idp = Idp::new();
    idp.register(&server).await;
    let absolute = format!("{}/account?tab=sessions", server.url);
    for (target, arrives) in [
        ("/account", "/account"),
        (
            "/account?tab=sessions&x=%20y",
            "/account?tab=sessions&x=%20y",
        ),
        (absolute.as_str(), "/account?tab=sessions"),
    ] {
        for start in ["/saml/okta/login", "/login?provider=okta"] {
            let mut browser = Browser::new(&server);
            let mark = if start.contains('?') { '&' } else { '?' };
            let address = format!("{start}{mark}{}", encode(&[("rd", target)]));
            let sign_in = idp.start_at(&mut browser, &address).await;
            // What is internal stays internal.
            assert!(
                !sign_in
                    .relay_state
                    .as_deref()
                    .unwrap_or("")
                    .contains("account"),
                "the IdP learns where people go: {:?}",
                sign_in.relay_state
            );
            let field = idp
                .scene(&server, &sign_in, &Person::named("alice"))
                .forge()
                .base64();
            let outcome = idp.answer(&mut browser, &sign_in, &field).await;
            outcome.user();
            assert_eq!(
                outcome.last.url,
                format!("{}{arrives}", server.url),
                "{start} {target}"
            );
        }
    }
}

#[tokio::test]
async fn hostile_links_lead_home() {
    let server = Server::sqlite().await;
    let idp = Idp::new();
    idp.register(&server).await;
    let port = server.url.rsplit(':').next().unwrap().to_owned();
    let long = format!("/{}", "a".repeat(40_000));
    let targets = [
        "https://evil.example/".to_owned(),
        "//evil.example/".to_owned(),
        "///evil.example/".to_owned(),
        "/\\evil.example/".to_owned(),
        "\\\\evil.example/".to_owned(),
        "/\t/evil.example/".to_owned(),
        "/\n/evil.example/".to_owned(),
        " //evil.example/".to_owned(),
        "\u{0}//evil.example/".to_owned(),
        "javascript:alert(1)".to_owned(),
        "JaVaScRiPt:alert(1)".to_owned(),
        "data:text/html,x".to_owned(),
        "https:evil.example".to_owned(),
        "https:/evil.example".to_owned(),
        "http://127.0.0.1:1/".to_owned(),
        format!("http://127.0.0.1:{port}@evil.example/"),
        format!("http://127.0.0.1:{port}.evil.example/"),
        format!("http://evil.example#127.0.0.1:{port}/"),
        format!("https://127.0.0.1:{port}/account"),
        format!("ftp://127.0.0.1:{port}/"),
        "/account\r\nSet-Cookie: evil=1".to_owned(),
        "/account%0d%0aSet-Cookie:%20evil=1".to_owned(),
        "/%2f%2fevil.example".to_owned(),
        "/.//evil.example".to_owned(),
        "/..//evil.example".to_owned(),
        "evil.example".to_owned(),
        "@evil.example".to_owned(),
        String::new(),
        long,
    ];
    for target in &targets {
        let mut browser = Browser::new(&server);
        let address = format!("/saml/okta/login?{}", encode(&[("rd", target)]));
        let first = browser.click(&address).await;
        if first.status != 302 {
            assert!(
                matches!(first.status, 400 | 403 | 414 | 431),
                "{target:?}: {}",
                first.status
            );
            continue;
        }
        let sign_in = crate::harness::SignIn::from_redirect(first.location.as_deref().unwrap());
        let field = idp
            .scene(&server, &sign_in, &Person::named("alice"))
            .forge()
            .base64();
        let acs = idp.answer(&mut browser, &sign_in, &field).await;
        acs.user();
        assert!(
            acs.last.url.starts_with(&format!("{}/", server.url)),
            "{target:?} led to {}",
            acs.last.url
        );
        if let Some(location) = &acs.last.location {
            let to = url::Url::parse(&acs.last.url)
                .unwrap()
                .join(location)
                .unwrap();
            assert_eq!(to.origin().ascii_serialization(), server.url, "{target:?}");
        }
        assert!(
            acs.last
                .header("set-cookie")
                .is_none_or(|c| !c.contains("evil")),
            "{target:?}"
        );
    }
}

/// Signed in already, a link with `rd` leads on at once, under the same rules.
#[tokio::test]
async fn signed_in_already() {
    let server = Server::sqlite().await;
    let idp = Idp::new();
    idp.register(&server).await;
    let mut browser = Browser::new(&server);
    idp.login(&server, &mut browser, &Person::named("alice"))
        .await
        .user();
    for (target, evil) in [
        ("/account?x=1", false),
        ("https://evil.example/", true),
        ("//evil.example", true),
    ] {
        let answer = browser
            .click(&format!("/login?{}", encode(&[("rd", target)])))
            .await;
        if let Some(location) = &answer.location {
            let to = url::Url::parse(&server.url)
                .unwrap()
                .join(location)
                .unwrap();
            assert_eq!(to.origin().ascii_serialization(), server.url);
            assert_eq!(location.contains("x=1"), !evil, "{location}");
        } else {
            assert!(evil, "no redirect to {target}");
        }
    }
}
