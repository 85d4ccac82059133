//! Logins through OAuth 2.0 and OpenID Connect, at imitations of the vendors.

mod browser;
mod checks;
mod connecting;
mod extras;
mod faults;
mod google;
mod imitations;
mod many;
mod microsoft;
mod plain;
mod single_logout;
mod upstream;
mod way;
mod webex;

use serde_json::{Value, json};

use crate::harness::{Answer, Browser, Server, merge};
use crate::vendors::{Kind, Person, Vendor};

/// How a login ended.
pub struct Outcome {
    /// The page at which the browser arrived.
    pub last: Answer,
    /// Who is signed in now.
    pub me: Option<Value>,
}

impl Outcome {
    /// The user, who must be signed in.
    pub fn user(&self) -> &Value {
        self.me.as_ref().unwrap_or_else(|| {
            panic!(
                "nobody is signed in; the last page is {} at {}:\n{}",
                self.last.status, self.last.url, self.last.body
            )
        })
    }
}

/// A vendor with Ada, and the provider `it` for it.
pub async fn set_up(server: &Server, kind: Kind, settings: Value) -> Vendor {
    let vendor = Vendor::start(kind).await;
    vendor.add(Person::ada());
    register(server, &vendor, "it", settings).await;
    vendor
}

/// Makes a provider for a vendor, found by discovery.
pub async fn register(server: &Server, vendor: &Vendor, slug: &str, settings: Value) -> Value {
    let mut provider = vendor.provider(slug);
    merge(&mut provider, settings);
    make(server, vendor, provider).await
}

/// Makes a provider.
pub async fn make(server: &Server, vendor: &Vendor, provider: Value) -> Value {
    vendor.allow(&server.url, provider["slug"].as_str().unwrap());
    server
        .api()
        .expect("POST", "/api/v1/providers", Some(&provider), 201)
        .await
}

/// Starts a sign-in: where the browser is sent.
pub async fn begin(browser: &mut Browser, slug: &str) -> String {
    let answer = browser.click(&format!("/oauth/{slug}/login")).await;
    assert_eq!(answer.status, 302, "{}", answer.body);
    answer.location.unwrap()
}

/// The browser comes back from the vendor, and goes where it is sent.
pub async fn come_back(browser: &mut Browser, back: &str) -> Outcome {
    let answer = browser.click_elsewhere(back).await;
    let last = browser.follow(answer).await;
    let me = browser.me().await;
    Outcome { last, me }
}

/// A whole login with a browser of its own.
pub async fn login(server: &Server, vendor: &Vendor, slug: &str, person: &str) -> Outcome {
    login_in(&mut Browser::new(server), vendor, slug, person).await
}

/// A whole login.
pub async fn login_in(browser: &mut Browser, vendor: &Vendor, slug: &str, person: &str) -> Outcome {
    let location = begin(browser, slug).await;
    let back = vendor.sign_in(&location, person).await;
    come_back(browser, &back).await
}

/// The login must have ended with nobody signed in, a calm page with a
/// reference, and a trace with this code under it. The trace.
pub async fn refused(server: &Server, outcome: &Outcome, code: &str) -> Value {
    assert!(outcome.me.is_none(), "signed in: {:?}", outcome.me);
    page_with_trace(server, &outcome.last, code).await
}

/// The same for one page.
pub async fn page_with_trace(server: &Server, page: &Answer, code: &str) -> Value {
    assert!(
        matches!(page.status, 400 | 403 | 502),
        "status {} at {}:\n{}",
        page.status,
        page.url,
        page.body
    );
    let reference = page
        .reference()
        .unwrap_or_else(|| panic!("no reference on the page:\n{}", page.body));
    for inside in ["oauth.", "panicked", "src/", "Error {", "backtrace", "{\""] {
        assert!(
            !page.body.contains(inside),
            "the page speaks of {inside:?}:\n{}",
            page.body
        );
    }
    let traces = server
        .api()
        .get(&format!("/api/v1/logins?reference={reference}"))
        .await;
    let trace = traces["items"][0].clone();
    assert_eq!(trace["code"], code, "{trace}");
    assert!(!trace["summary"].as_str().unwrap().is_empty(), "{trace}");
    assert!(
        !trace["remedy"].as_str().unwrap_or("").is_empty(),
        "{trace}"
    );
    trace
}

/// A refused login of somebody new leaves no user.
pub async fn refuses(server: &Server, vendor: &Vendor, person: &str, code: &str) -> Value {
    let before = server.api().users().await.len();
    let outcome = login(server, vendor, "it", person).await;
    let trace = refused(server, &outcome, code).await;
    assert_eq!(server.api().users().await.len(), before, "a user was made");
    trace
}

/// A user who is here already.
pub async fn existing(server: &Server, email: &str) -> Value {
    let user = json!({ "email": email, "name": "Here Already" });
    server
        .api()
        .expect("POST", "/api/v1/users", Some(&user), 201)
        .await
}
