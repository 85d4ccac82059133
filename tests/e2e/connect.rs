//! An admin connects an identity provider from nothing, in the dashboard; an
//! employee signs in through it.

use serde_json::json;

use crate::harness::browser::Browser;
use crate::harness::gateway::{Database, Gateway};
use crate::harness::idp::Demo;

async fn sign_in(gateway: &Gateway, idp: &Demo, browser: &Browser) {
    let start = format!("{}/login?provider=demo-openid&rd=%2Faccount", gateway.url);
    browser.open(&start).await;
    idp.sign_in(browser, "demo-grace").await;
    browser.arrives_at(&gateway.account()).await;
}

/// An admin who is signed in through the OpenID side of the demo.
async fn admin(gateway: &Gateway, idp: &Demo, browser: &Browser) {
    let file = idp.openid_provider_file();
    gateway.run(&["provider", "apply", file.to_str().unwrap()]);
    sign_in(gateway, idp, browser).await;
    let users = gateway.api("/api/v1/users").await;
    let id = users["items"][0]["id"].as_str().unwrap();
    let roles = json!({ "roles": ["admin"] });
    gateway
        .send("PATCH", &format!("/api/v1/users/{id}"), &roles)
        .await;
    // The change has ended the session.
    sign_in(gateway, idp, browser).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn from_nothing_to_a_login() {
    let gateway = Gateway::start(Database::Sqlite).await;
    let idp = Demo::start(&gateway).await;
    let browser = Browser::start("connect").await;
    admin(&gateway, &idp, &browser).await;

    browser
        .open(&format!("{}/admin/authentication", gateway.url))
        .await;
    browser.press("Add provider").await;
    browser.fill("#f-label", "Company login").await;
    browser.fill("#f-slug", "demo").await;
    browser.press("Continue").await;
    // The values stand ready before anything is known of the other side.
    let acs = format!("{}/saml/demo/acs", gateway.url);
    browser.shows(&["Draft", &acs, "initiate-sp-login"]).await;
    browser.press("Bring metadata").await;
    browser
        .fill("#f-metadata_url", "http://127.0.0.1:9/nothing")
        .await;
    browser.press("Read it").await;
    browser
        .arrives_at(&format!(
            "{}/admin/authentication/demo/metadata",
            gateway.url
        ))
        .await;
    browser
        .fill("#f-metadata_url", &format!("{}/metadata", idp.url))
        .await;
    browser.press("Read it").await;
    browser
        .shows(&["The metadata is taken", &format!("{}/metadata", idp.url)])
        .await;
    browser.press("Change settings").await;
    browser.fill("#f-allowed_domains", "example.com").await;
    browser.press("Save").await;
    browser
        .shows(&["The settings are saved", "Switched off"])
        .await;

    // A test: the whole way, and nobody is signed in.
    let before = gateway.api("/api/v1/users").await;
    browser.press("Test login").await;
    idp.sign_in(&browser, "demo-ada").await;
    browser
        .arrives_at(&format!("{}/test-login/", gateway.url))
        .await;
    browser
        .shows(&[
            "This person would get in",
            "ada@example.com",
            "a new user would be created",
        ])
        .await;
    assert_eq!(gateway.api("/api/v1/users").await, before);
    browser.press("Back to the settings").await;
    browser.press("Switch on").await;
    browser
        .shows(&["Its button appears on the sign-in page"])
        .await;
    browser.press("Switch on").await;
    browser.shows(&["The provider is switched on"]).await;

    let employee = Browser::start("connect-employee").await;
    employee.open(&gateway.sign_in_page()).await;
    employee.press("Company login").await;
    idp.sign_in(&employee, "demo-ada").await;
    employee.arrives_at(&gateway.account()).await;
    employee.shows(&["Ada Lovelace"]).await;
    employee.close().await;
    browser
        .open(&format!("{}/admin/authentication/demo", gateway.url))
        .await;
    browser.shows(&["Works"]).await;
    browser.close().await;
}

/// The admin of the identity provider, with nothing but a link, in a browser
/// without script.
#[tokio::test(flavor = "multi_thread")]
async fn by_a_link_without_script() {
    let gateway = Gateway::start(Database::Sqlite).await;
    let idp = Demo::start(&gateway).await;
    let browser = Browser::without_script("connect-link").await;
    admin(&gateway, &idp, &browser).await;
    let draft = json!({
        "slug": "demo", "kind": "saml", "enabled": false,
        "allowed_domains": ["example.com"], "saml": {},
    });
    gateway.send("POST", "/api/v1/providers", &draft).await;
    browser
        .open(&format!("{}/admin/authentication/demo", gateway.url))
        .await;
    browser.fill("#f-recipient", "Bob").await;
    browser.press("Make a link").await;
    browser.shows(&["The set-up link is made"]).await;
    let text = browser.text().await;
    let start = format!("{}/setup/", gateway.url);
    let at = text.find(&start).unwrap();
    let link = text[at..].split_whitespace().next().unwrap().to_owned();
    browser.close().await;

    let bob = Browser::without_script("connect-bob").await;
    bob.open(&link).await;
    bob.shows(&["asks you to connect your company’s sign-in"])
        .await;
    bob.press("Show the steps for it").await;
    bob.shows(&["Single sign-on URL"]).await;
    bob.press("I have entered them").await;
    bob.fill("#f-metadata_url", &format!("{}/metadata", idp.url))
        .await;
    bob.press("Read it").await;
    bob.shows(&["This is what your metadata says"]).await;
    bob.press("Begin the test").await;
    idp.sign_in(&bob, "demo-ada").await;
    // Nothing sends itself without script.
    bob.press("Continue").await;
    bob.arrives_at(&format!("{}/test-login/", gateway.url))
        .await;
    bob.shows(&["This person would get in"]).await;
    bob.press("Back to the settings").await;
    bob.arrives_at(&link).await;
    bob.shows(&["All four steps are done"]).await;
    bob.close().await;
}
