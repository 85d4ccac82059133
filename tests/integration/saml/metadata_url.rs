//! Metadata by its address, over HTTP: fetched when the provider is made, and
//! again; whatever goes wrong, the last good copy stays in force.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::harness::{Browser, Idp, Outcome, Person, Server, merge};
use crate::support::forge::idp_metadata;
use crate::support::keys::{self, Key};
use crate::support::publisher::{Publication, Publisher};
use crate::support::signature::Signature;

on_both! {
    the_idps_rollover_fails_no_login
    the_last_good_copy_stays
}

/// The IdP's metadata with these keys.
fn metadata(idp: &Idp, keys: &[&Key]) -> String {
    let certificates: Vec<String> = keys.iter().map(|key| key.certificate_base64()).collect();
    let certificates: Vec<&str> = certificates.iter().map(String::as_str).collect();
    idp_metadata(&idp.entity_id, &idp.sso_url, &certificates)
}

/// The provider as the API takes it, with an address instead of a document.
fn by_url(idp: &Idp, url: &str) -> Value {
    let mut provider = idp.provider();
    merge(&mut provider, json!({ "saml": null }));
    merge(&mut provider, json!({ "saml": { "metadata_url": url } }));
    provider
}

async fn register(server: &Server, idp: &Idp, url: &str) -> Value {
    let provider = by_url(idp, url);
    let api = server.api();
    api.expect("POST", "/api/v1/providers", Some(&provider), 201)
        .await
}

async fn test(server: &Server) -> Value {
    let path = "/api/v1/providers/okta/test";
    server.api().expect("POST", path, None, 200).await
}

fn check<'a>(report: &'a Value, name: &str) -> &'a Value {
    let checks = report["checks"].as_array().unwrap();
    let found = checks.iter().find(|check| check["name"] == name);
    found.unwrap_or_else(|| panic!("no {name}: {report}"))
}

async fn login_with(server: &Server, idp: &Idp, key: &'static Key) -> Outcome {
    let mut browser = Browser::new(server);
    let sign = |forge: &mut crate::harness::Forge| forge.sign_assertion = Some(Signature::by(key));
    idp.login_as(server, &mut browser, &Person::named("alice"), sign)
        .await
}

/// Old, both, new: what is published counts as soon as it was fetched.
async fn the_idps_rollover_fails_no_login(server: Server) {
    let idp = Idp::new();
    let (old, new) = (keys::idp(), keys::other_idp());
    let publisher = Publisher::of(&metadata(&idp, &[old]));
    let made = register(&server, &idp, &publisher.url).await;
    assert_eq!(made["certificates"].as_array().unwrap().len(), 1);
    assert_eq!(made["saml"]["metadata_url"], publisher.url);
    login_with(&server, &idp, old).await.user();
    login_with(&server, &idp, new).await.refused();

    publisher.publish(&metadata(&idp, &[old, new]));
    let report = test(&server).await;
    assert_eq!(report["ok"], true, "{report}");
    let said = check(&report, "metadata_url")["summary"].as_str().unwrap();
    assert!(said.contains("appeared"), "{said}");
    login_with(&server, &idp, old).await.user();
    login_with(&server, &idp, new).await.user();

    publisher.publish(&metadata(&idp, &[new]));
    test(&server).await;
    login_with(&server, &idp, new).await.user();
    login_with(&server, &idp, old).await.refused();

    let path = "/api/v1/audit?action=provider.certificate_appeared";
    let events = server.api().list(path).await;
    assert_eq!(events.len(), 1, "{events:?}");
    assert_eq!(events[0]["target_id"], "okta");
    let path = "/api/v1/audit?action=provider.metadata_changed";
    assert_eq!(server.api().list(path).await.len(), 1);
    assert!(server.log().contains("A signing certificate appeared"));
}

/// Each fault in turn, under logins that go on, with one trace for each.
async fn the_last_good_copy_stays(server: Server) {
    let idp = Idp::new();
    let good = metadata(&idp, &[keys::idp()]);
    let publisher = Publisher::of(&good);
    register(&server, &idp, &publisher.url).await;
    let body = |body: String| Publication {
        body: body.into_bytes(),
        ..Publication::default()
    };
    let faults: Vec<(&str, Publication)> = vec![
        (
            "fetch.status",
            Publication {
                status: 500,
                ..Publication::default()
            },
        ),
        (
            "saml.metadata_entity_changed",
            body(good.replace(&idp.entity_id, "https://evil.example/")),
        ),
        (
            "saml.metadata_expired",
            body(good.replacen(
                "entityID",
                "validUntil=\"2020-01-01T00:00:00Z\" entityID",
                1,
            )),
        ),
        (
            "saml.metadata_web_page",
            body("<html><body>Sign in</body></html>".to_owned()),
        ),
        ("saml.metadata_doctype", body(format!("<!DOCTYPE x>{good}"))),
        (
            "saml.metadata_bad_endpoint",
            body(good.replace(&idp.sso_url, "javascript:alert(1)")),
        ),
        (
            "saml.metadata_service_provider",
            body(good.replace("IDPSSODescriptor", "SPSSODescriptor")),
        ),
        (
            "fetch.too_large",
            body(format!("{good}{}", " ".repeat(3_000_000))),
        ),
    ];
    let traces = "/api/v1/logins?provider=okta";
    let of_metadata = |all: Vec<Value>| -> Vec<Value> {
        all.into_iter()
            .filter(|t| t["kind"] == "metadata")
            .collect()
    };
    let mut expected = Vec::new();
    for (code, fault) in faults {
        publisher.answer_with(fault);
        for _ in 0..2 {
            let report = test(&server).await;
            assert_eq!(report["ok"], false, "{code}: {report}");
            let check = check(&report, "metadata_url");
            assert_eq!(check["status"], "warning", "{code}: {check}");
            assert!(check["remedy"].is_string(), "{code}");
        }
        login_with(&server, &idp, keys::idp()).await.user();
        expected.insert(0, code);
        let told = of_metadata(server.api().list(traces).await);
        let codes: Vec<&str> = told.iter().map(|t| t["code"].as_str().unwrap()).collect();
        assert_eq!(codes, expected, "told once each");
        let trace = &told[0];
        assert!(trace["summary"].is_string() && trace["remedy"].is_string());
        let refused = code == "saml.metadata_entity_changed";
        assert_eq!(trace["outcome"], if refused { "refused" } else { "failed" });
        if refused {
            assert_eq!(trace["expected"], idp.entity_id);
            assert_eq!(trace["received"], json!(["https://evil.example/"]));
        }
    }
    publisher.publish(&good);
    assert_eq!(test(&server).await["ok"], true);
    let told = of_metadata(server.api().list(traces).await);
    assert_eq!(told[0]["outcome"], "success");
    assert_eq!(told.len(), expected.len() + 1);
}

/// What must not make a provider, and what is said of it.
#[tokio::test]
async fn what_is_not_good_makes_no_provider() {
    let server = Server::sqlite().await;
    let idp = Idp::new();
    let good = metadata(&idp, &[keys::idp()]);
    let publisher = Publisher::of(&good);
    let body = |body: String| Publication {
        body: body.into_bytes(),
        ..Publication::default()
    };
    let to = |location: &str| Publication {
        status: 302,
        head: format!("Location: {location}\r\n"),
        ..Publication::default()
    };
    let itself = publisher.url.clone();
    let cases: Vec<(&str, Publication, &str)> = vec![
        (
            "fetch.status",
            Publication {
                status: 404,
                ..Publication::default()
            },
            "404",
        ),
        ("fetch.scheme", to("file:///etc/passwd"), "https"),
        ("fetch.scheme", to("gopher://127.0.0.1:70/"), "https"),
        ("fetch.redirect", to(&itself), "redirects"),
        ("fetch.connect", to("http://127.0.0.1:1/"), "connection"),
        (
            "fetch.unknown_host",
            to("http://nobody.invalid/"),
            "nobody.invalid",
        ),
        (
            "saml.metadata_web_page",
            body("<!DOCTYPE html><html></html>".to_owned()),
            "web page",
        ),
        (
            "saml.metadata_doctype",
            body(format!("<!DOCTYPE x [<!ENTITY a \"b\">]>{good}")),
            "entities",
        ),
        (
            "saml.metadata_service_provider",
            body(good.replace("IDPSSODescriptor", "SPSSODescriptor")),
            "service provider",
        ),
        ("saml.metadata_empty", body(String::new()), "empty"),
        ("fetch.too_large", body("x".repeat(3_000_000)), "larger"),
        (
            "saml.metadata_bad_endpoint",
            body(good.replace(&idp.sso_url, "javascript:alert(1)")),
            "javascript",
        ),
        (
            "saml.metadata_expired",
            body(good.replacen(
                "entityID",
                "validUntil=\"2020-01-01T00:00:00Z\" entityID",
                1,
            )),
            "expired",
        ),
    ];
    for (code, publication, word) in cases {
        publisher.answer_with(publication);
        let provider = by_url(&idp, &publisher.url);
        let (status, problem) = server
            .api()
            .call("POST", "/api/v1/providers", Some(&provider))
            .await;
        assert_eq!(status, 422, "{code}: {problem}");
        assert_eq!(problem["code"], code, "{problem}");
        assert_eq!(problem["errors"][0]["pointer"], "/saml/metadata_url");
        let detail = problem["errors"][0]["detail"].as_str().unwrap();
        assert!(detail.contains(word), "{code}: {detail}");
        assert!(!detail.contains("root:"), "{detail}");
        let path = "/api/v1/providers/okta";
        assert_eq!(server.api().call("GET", path, None).await.0, 404, "{code}");
    }
    publisher.publish(&good);
    register(&server, &idp, &publisher.url).await;
}

/// A copy that has not changed is not sent again, and one that was fetched is
/// not fetched for every change of the provider.
#[tokio::test]
async fn only_what_is_new_is_sent() {
    let server = Server::sqlite().await;
    let idp = Idp::new();
    let publisher = Publisher::of("");
    publisher.answer_with(Publication {
        body: metadata(&idp, &[keys::idp()]).into_bytes(),
        etag: Some("\"one\""),
        ..Publication::default()
    });
    register(&server, &idp, &publisher.url).await;
    assert_eq!(publisher.requests().len(), 1);
    let path = "/api/v1/providers/okta";
    let label = json!({ "label": "Sign in" });
    server.api().expect("PATCH", path, Some(&label), 200).await;
    assert_eq!(publisher.requests().len(), 1);
    let report = test(&server).await;
    let said = check(&report, "metadata_url")["summary"].as_str().unwrap();
    assert!(said.contains("unchanged"), "{said}");
    let requests = publisher.requests();
    assert_eq!(requests.len(), 2);
    assert!(requests[1].contains("if-none-match: \"one\""));
    assert!(requests[1].contains("application/samlmetadata+xml"));
    login_with(&server, &idp, keys::idp()).await.user();
}

/// The configuration file's providers do not wait for anybody's server, and
/// SIGHUP fetches anew.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_file_and_sighup() {
    let idp = Idp::new();
    let publisher = Publisher::of("");
    publisher.fail(503);
    let server = Server::sqlite_with(&format!(
        "[[provider]]\nslug = \"okta\"\nkind = \"saml\"\nallowed_domains = [\"example.com\"]\n\
         saml.metadata_url = \"{}\"\n",
        publisher.url
    ))
    .await;
    let mut browser = Browser::new(&server);
    let early = browser.click("/saml/okta/login").await;
    assert_ne!(early.status, 302, "there is nowhere to go yet");

    publisher.publish(&metadata(&idp, &[keys::idp()]));
    server.hang_up();
    let start = Instant::now();
    loop {
        let answer = browser.click("/saml/okta/login").await;
        if answer.status == 302 {
            break;
        }
        let waited = start.elapsed();
        assert!(waited < Duration::from_secs(20), "{}", server.log());
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    login_with(&server, &idp, keys::idp()).await.user();
}

/// Servers that never answer hold up no login, no page and no end.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_hangs_holds_nothing_up() {
    let idp = Idp::new();
    let publisher = Publisher::of("");
    publisher.answer_with(Publication {
        pause: Duration::from_mins(2),
        ..Publication::default()
    });
    let mut providers = String::new();
    for number in 0..40 {
        providers.push_str(&format!(
            "[[provider]]\nslug = \"slow{number}\"\nkind = \"saml\"\n\
             saml.metadata_url = \"{}\"\n",
            publisher.url
        ));
    }
    let mut server = Server::sqlite_with(&providers).await;
    idp.register(&server).await;
    let start = Instant::now();
    while publisher.requests().len() < 20 {
        assert!(start.elapsed() < Duration::from_secs(15), "nobody fetches");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    for _ in 0..10 {
        let start = Instant::now();
        login_with(&server, &idp, keys::idp()).await.user();
        assert!(start.elapsed() < Duration::from_secs(2));
    }
    let start = Instant::now();
    assert!(server.terminates(), "SIGTERM ends the gateway with 0");
    assert!(start.elapsed() < Duration::from_secs(5));
}
