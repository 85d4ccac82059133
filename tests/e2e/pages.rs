//! Every page that people open, in Chromium: no violation of WCAG that axe-core
//! finds, nothing wider than the window, at the width of a desk and of a phone, in
//! both colour schemes; nothing that moves as it loads, nothing heavy, and a focus that
//! is seen. And one errand by keyboard alone.
//!
//! A new page is a line in [`PAGES`]; what no address leads to is in [`scenes`].

mod judge;
mod scenes;

use fantoccini::key::Key;
use fantoccini::{Locator, elements::Element};
use serde_json::{Value, json};

use crate::harness::browser::Browser;
use crate::harness::gateway::{Database, Gateway};
use crate::harness::idp::Demo;
use judge::Judge;

/// The pages, as somebody with the role admin sees them. `{user}`, `{other}`,
/// `{group}` and `{provider}` stand for things that [`World`] has made.
const PAGES: &[&str] = &[
    // Employees'.
    "/login?choose=1",
    "/account",
    "/logged-nowhere",
    "/signed-out",
    "/api/docs",
    "/account/passkeys/new",
    "/passkeys/pin",
    "/passkeys/activate/none",
    // The dashboard's.
    "/admin/overview",
    "/admin/conflicts",
    "/admin/conflicts/{conflict}/link",
    "/admin/conflicts/{conflict}/keep",
    "/admin/conflicts/{conflict}/dismiss",
    "/admin/users",
    "/admin/users?q=lovelace&status=active",
    "/admin/users?q=nobody-at-all",
    "/admin/users/{user}",
    "/admin/users/{user}/profile",
    "/admin/users/{user}/validity",
    "/admin/users/{user}/roles",
    "/admin/users/{user}/groups",
    "/admin/users/{user}/deactivate",
    "/admin/users/{user}/delete",
    "/admin/users/{other}/reactivate",
    "/admin/users/reactivate?id={user}&id={other}",
    "/admin/users/{user}/invite",
    "/admin/security",
    "/admin/security/passwords",
    "/reset",
    "/reset/none",
    "/activate/none",
    "/admin/users/{user}/sign-out",
    "/admin/users/deactivate?id={user}&id={other}",
    "/admin/users/{user}/history",
    "/admin/users/clear-identifiers",
    "/admin/users/clear-identifiers?id={user}&id={other}",
    "/admin/logins",
    "/admin/logins?person=nobody&from=never",
    "/admin/logins/{trace}",
    "/admin/logins/{failed}",
    "/admin/audit",
    "/admin/audit?actor=%22%3E%3Cb%3E",
    "/admin/audit/{event}",
    "/admin/tokens",
    "/admin/tokens/new",
    "/admin/tokens/{token}/delete",
    "/admin/settings",
    "/admin/applications",
    "/admin/forward-auth",
    "/admin/forward-auth?url=https://wiki.example.com/page&user=ada@example.com",
    "/admin/applications/new",
    "/admin/applications/client",
    "/admin/applications/client/edit/general",
    "/admin/applications/client/edit/openid",
    "/admin/applications/client/edit/claims",
    "/admin/applications/client/rotate-secret",
    "/admin/applications/client/delete",
    "/admin/applications/proxied",
    "/admin/applications/proxied/edit/forward",
    "/admin/applications/proxied/assignments?q=a",
    "/admin/users/new",
    "/admin/users/{user}/keys",
    "/admin/groups",
    "/admin/groups/new",
    "/admin/groups/{group}",
    "/admin/groups/{group}?q=nobody",
    "/admin/groups/{group}/edit",
    "/admin/groups/{group}/delete",
    "/admin/authentication",
    "/admin/authentication/{provider}",
    "/admin/authentication/{provider}?product=entra-id",
    "/admin/authentication/{provider}/edit",
    "/admin/authentication/{provider}/metadata",
    "/admin/authentication/{provider}/check",
    "/admin/authentication/{provider}/disable",
    "/admin/authentication/{provider}/delete",
    "/admin/add-provider",
    "/admin/add-provider/google?slug=google&label=Google",
    "/setup/no-such-link",
    "/admin/webhooks",
    "/admin/webhooks/new",
];

/// A gateway with people and things in it, and a browser in which an admin is
/// signed in.
struct World {
    gateway: Gateway,
    browser: Browser,
    user: String,
    other: String,
    group: String,
    trace: String,
    failed: String,
    conflict: String,
    token: String,
    event: String,
    idp: Demo,
}

impl World {
    async fn new(name: &str) -> Self {
        let gateway = Gateway::start(Database::Sqlite).await;
        let idp = Demo::start(&gateway).await;
        let file = idp.provider_file();
        gateway.run(&["provider", "apply", file.to_str().unwrap()]);
        let browser = Browser::start(name).await;
        // One whom a second provider knows as somebody else, and one whose provider
        // spoke to another gateway.
        let openid = idp.openid_provider_file();
        gateway.run(&["provider", "apply", openid.to_str().unwrap()]);
        let strict = json!({"link_by_email": false});
        gateway
            .send("PATCH", "/api/v1/providers/demo-openid", &strict)
            .await;
        browser.open(&gateway.sign_in_page()).await;
        browser.press("SSO Login").await;
        idp.sign_in(&browser, "demo-grace").await;
        browser.arrives_at(&gateway.account()).await;
        browser
            .open(&format!("{}/oauth/demo-openid/login", gateway.url))
            .await;
        idp.sign_in(&browser, "demo-grace").await;
        browser.arrives_at(&gateway.url).await;
        browser.open(&gateway.sign_in_page()).await;
        browser.press("SSO Login").await;
        idp.sign_in_for_another(&browser, "demo-ada").await;
        browser.arrives_at(&gateway.url).await;
        sign_in(&gateway, &idp, &browser).await;
        let admin = gateway.user("ada@example.com").await;
        let path = format!("/api/v1/users/{}", admin["id"].as_str().unwrap());
        let roles = json!({ "roles": ["admin"] });
        gateway.send("PATCH", &path, &roles).await;
        // The change has ended the session.
        sign_in(&gateway, &idp, &browser).await;
        let hostile = "\"><img src=x onerror=alert(1)>";
        let mut made = Vec::new();
        for person in [
            json!({"email": "charles@example.com", "name": "Charles Babbage", "department": hostile,
                   "valid_to": "2020-01-01T00:00:00Z",
                   "extension_attributes": {"extensionAttribute1": hostile}}),
            json!({"email": "mary@example.com", "name": hostile, "status": "inactive"}),
        ] {
            let user = gateway.send("POST", "/api/v1/users", &person).await;
            made.push(user["id"].as_str().unwrap().to_owned());
        }
        let group = json!({"name": "Analytical Engines", "description": "Who works on <engines>"});
        let group = gateway.send("POST", "/api/v1/groups", &group).await;
        let group = group["id"].as_str().unwrap().to_owned();
        let path = format!("/api/v1/groups/{group}/members/{}", made[0]);
        gateway.send("PUT", &path, &Value::Null).await;
        let hosts = json!({"slug": "proxied", "name": hostile, "kind": "forward_auth",
            "access": "private", "hosts": ["wiki.example.com"]});
        let client = json!({"slug": "client", "name": "Client", "kind": "oidc",
            "redirect_uris": ["https://client.example.com/callback"]});
        for application in [hosts, client] {
            gateway
                .send("POST", "/api/v1/applications", &application)
                .await;
        }
        let first = async |list: &str| {
            let list = gateway.send("GET", list, &Value::Null).await;
            list["items"][0]["id"].as_str().unwrap().to_owned()
        };
        let trace = first("/api/v1/logins?limit=1").await;
        let failed = first("/api/v1/logins?outcome=failed&limit=1").await;
        let conflict = first("/api/v1/conflicts?limit=1").await;
        let token = first("/api/v1/tokens?limit=1").await;
        let event = first("/api/v1/audit?action=user.created&limit=1").await;
        Self {
            trace,
            failed,
            conflict,
            token,
            event,
            other: made.remove(1),
            user: made.remove(0),
            group,
            gateway,
            browser,
            idp,
        }
    }

    fn address(&self, page: &str) -> String {
        let page = page
            .replace("{user}", &self.user)
            .replace("{other}", &self.other)
            .replace("{group}", &self.group)
            .replace("{trace}", &self.trace)
            .replace("{failed}", &self.failed)
            .replace("{conflict}", &self.conflict)
            .replace("{token}", &self.token)
            .replace("{event}", &self.event)
            .replace("{provider}", "demo");
        assert!(!page.contains('{'), "say what {page} is filled with");
        format!("{}{page}", self.gateway.url)
    }
}

async fn sign_in(gateway: &Gateway, idp: &Demo, browser: &Browser) {
    browser.open(&gateway.sign_in_page()).await;
    browser.press("SSO Login").await;
    idp.sign_in(browser, "demo-ada").await;
    browser.arrives_at(&gateway.account()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_can_be_used_by_everybody() {
    let world = World::new("pages").await;
    let browser = &world.browser;
    let mut judge = Judge::new();
    // The judge sees what is wrong.
    let bad = "data:text/html,<html><body><input><p style='width:9999px'>x";
    browser.open(bad).await;
    let found = judge.faults(browser, judge::ALL).await.join(" ");
    for fault in ["html-has-lang", "label", "too wide"] {
        assert!(found.contains(fault), "{fault} in {found}");
    }
    browser.looks(judge.next_width(), "light").await;
    for page in PAGES {
        let begin = world.address(page);
        browser.open(&begin).await;
        let at = browser.client.current_url().await.unwrap();
        if !at.as_str().starts_with(begin.split('?').next().unwrap()) {
            judge.wrong.push(format!("{page} leads to {at}"));
        }
        judge.look(browser, page).await;
    }
    world.a_link_for_the_other_side(&mut judge).await;
    world.a_new_colleague(&mut judge).await;
    world.what_was_typed_comes_back(&mut judge).await;
    world.what_is_shown_once(&mut judge).await;
    world.at_the_door_of_applications(&mut judge).await;
    world.somebody_with_a_password(&mut judge).await;
    // German words are longer.
    browser.looks(390, "light").await;
    browser.speaks("de").await;
    for page in PAGES {
        browser.open(&world.address(page)).await;
        let found = judge::too_wide(browser).await;
        let found = found.into_iter().map(|f| format!("{page} in German: {f}"));
        judge.wrong.extend(found);
    }
    assert!(judge.wrong.is_empty(), "{}", judge.wrong.join("\n"));
    world.browser.close().await;
}

/// Presses Tab until the element that has the focus reads `label`.
async fn tab_to(browser: &Browser, label: &str) -> Element {
    for _ in 0..80 {
        let focused = browser.client.active_element().await.unwrap();
        focused.send_keys(&Key::Tab.to_string()).await.unwrap();
        let focused = browser.client.active_element().await.unwrap();
        let text = focused.text().await.unwrap_or_default();
        let id = focused.attr("id").await.unwrap().unwrap_or_default();
        if text.trim() == label || id == label {
            let outline = "const s = getComputedStyle(arguments[0]); \
                return s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) >= 2;";
            let element = serde_json::to_value(&focused).unwrap();
            let seen = browser
                .client
                .execute(outline, vec![element])
                .await
                .unwrap();
            assert_eq!(seen, json!(true), "the focus on {label} is not seen");
            return focused;
        }
    }
    panic!("no Tab leads to {label:?}: {}", browser.text().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn by_keyboard_alone_somebody_is_found_and_deactivated() {
    let world = World::new("keyboard").await;
    let browser = &world.browser;
    browser.open(&world.address("/admin/users")).await;
    let search = tab_to(browser, "q").await;
    search.send_keys("babbage").await.unwrap();
    search.send_keys(&Key::Enter.to_string()).await.unwrap();
    browser
        .arrives_at(&world.address("/admin/users?q=babbage"))
        .await;
    let link = tab_to(browser, "Charles Babbage").await;
    link.send_keys(&Key::Enter.to_string()).await.unwrap();
    browser
        .arrives_at(&world.address("/admin/users/{user}"))
        .await;
    let link = tab_to(browser, "Deactivate").await;
    link.send_keys(&Key::Enter.to_string()).await.unwrap();
    browser
        .arrives_at(&world.address("/admin/users/{user}/deactivate"))
        .await;
    let button = tab_to(browser, "Deactivate").await;
    button.send_keys(&Key::Enter.to_string()).await.unwrap();
    browser
        .shows(&["The user is deactivated.", "Deactivated"])
        .await;
    let user = world.gateway.user("charles@example.com").await;
    assert_eq!(user["status"], "inactive");
    // The link that jumps to the content comes first.
    browser.open(&world.address("/admin/users")).await;
    let body = browser.client.find(Locator::Css("body")).await.unwrap();
    body.send_keys(&Key::Tab.to_string()).await.unwrap();
    let first = browser.client.active_element().await.unwrap();
    assert_eq!(
        first.attr("href").await.unwrap().as_deref(),
        Some("#content")
    );
    world.browser.close().await;
}
