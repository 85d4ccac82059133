//! The way of a login in these tests: a gateway, an imitation, a browser.

use serde_json::Value;

use crate::harness::{Answer, Browser, Server};
use crate::vendors::{Kind, Person, Vendor};

/// A gateway with one provider, `op`, and Ada at it.
pub struct Way {
    pub server: Server,
    pub vendor: Vendor,
}

impl Way {
    pub async fn new(kind: Kind) -> Self {
        Self::of(Server::sqlite().await, kind).await
    }

    pub async fn of(server: Server, kind: Kind) -> Self {
        let vendor = Vendor::start(kind).await;
        vendor.allow(&server.url, "op").add(Person::ada());
        let way = Self { server, vendor };
        way.register(&way.vendor.provider("op")).await;
        way
    }

    pub async fn register(&self, provider: &Value) {
        let api = self.server.api();
        api.expect("POST", "/api/v1/providers", Some(provider), 201)
            .await;
    }
}

/// Begins a sign-in; the address with which the vendor sends the browser back.
pub async fn callback(vendor: &Vendor, browser: &mut Browser, slug: &str, person: &str) -> String {
    let start = browser.click(&format!("/oauth/{slug}/login")).await;
    assert_eq!(start.status, 302, "{}", start.body);
    vendor.sign_in(&start.location.unwrap(), person).await
}

/// A whole sign-in; what the callback answers.
pub async fn sign_in(vendor: &Vendor, browser: &mut Browser, slug: &str, person: &str) -> Answer {
    let back = callback(vendor, browser, slug, person).await;
    browser.click_elsewhere(&back).await
}

/// Nobody came in, the page can be read, and the trace has this code under the
/// page's reference.
pub async fn refused(server: &Server, browser: &mut Browser, answer: &Answer, code: &str) {
    assert!(
        (400..500).contains(&answer.status) || answer.status == 502,
        "{}",
        answer.status
    );
    assert!(
        browser.me().await.is_none(),
        "{code}: somebody is signed in"
    );
    let reference = answer.reference();
    let reference = reference.unwrap_or_else(|| panic!("{code}: no reference in {}", answer.body));
    assert!(
        !answer.body.contains("<b>The user"),
        "{code}: the provider's words"
    );
    for word in ["token", "nonce", "OAuth", "oauth."] {
        let text = scraper::Html::parse_document(&answer.body);
        let text: String = text.root_element().text().collect();
        assert!(!text.contains(word), "{code}: {word} in {text}");
    }
    let api = server.api();
    assert_eq!(api.users().await, Vec::<Value>::new(), "{code}");
    let traces = api
        .get(&format!("/api/v1/logins?reference={reference}"))
        .await;
    let trace = &traces["items"][0];
    assert_eq!(trace["code"], code, "{trace}");
    assert_ne!(trace["outcome"], "success");
    for key in ["summary", "side", "remedy"] {
        assert!(
            trace[key].as_str().is_some_and(|text| !text.is_empty()),
            "{key}: {trace}"
        );
    }
}
