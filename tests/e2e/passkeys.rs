//! Passkeys in Chromium, with an authenticator that WebDriver plays: adding one and
//! signing in with it, and the way of a new colleague from the wizard to the desk.

use fantoccini::Locator;
use fantoccini::wd::WebDriverCompatibleCommand;
use serde_json::{Value, json};

use crate::harness::browser::Browser;
use crate::harness::gateway::{Database, Gateway};
use crate::harness::idp::Demo;

/// A command of the driver, by its path within the session (WebAuthn Level 3 §11.2,
/// and the DevTools that chromedriver passes on).
#[derive(Debug)]
struct Command(&'static str, Value);

impl WebDriverCompatibleCommand for Command {
    fn endpoint(
        &self,
        base_url: &url::Url,
        session_id: Option<&str>,
    ) -> Result<url::Url, url::ParseError> {
        let session = session_id.unwrap_or_default();
        base_url.join(&format!("session/{session}/{}", self.0))
    }

    fn method_and_body(&self, _: &url::Url) -> (http::Method, Option<String>) {
        (http::Method::POST, Some(self.1.to_string()))
    }
}

/// Gives a browser an authenticator that knows its holder: the device's own
/// (`internal`), or one that is plugged in (`usb`).
async fn authenticator(browser: &Browser, transport: &str) {
    let what = json!({
        "protocol": "ctap2",
        "transport": transport,
        "hasResidentKey": true,
        "hasUserVerification": true,
        "isUserVerified": true,
        "isUserConsenting": true,
    });
    let command = Command("webauthn/authenticator", what);
    browser.client.issue_cmd(command).await.unwrap();
}

async fn demo() -> (Gateway, Demo) {
    let gateway = Gateway::start(Database::Sqlite).await;
    let idp = Demo::start(&gateway).await;
    let file = idp.provider_file();
    gateway.run(&["provider", "apply", file.to_str().unwrap()]);
    (gateway, idp)
}

async fn sign_in(gateway: &Gateway, idp: &Demo, browser: &Browser) {
    browser.open(&gateway.sign_in_page()).await;
    browser.press("SSO Login").await;
    idp.sign_in(browser, "demo-ada").await;
    browser.arrives_at(&gateway.account()).await;
}

/// Adds a passkey for whoever is signed in.
async fn add(gateway: &Gateway, browser: &Browser) {
    browser.open(&gateway.account()).await;
    browser.press("Add a passkey").await;
    browser.fill("input[name=name]", "Test key").await;
    browser.press("Create the passkey").await;
    browser.shows(&["The passkey is added", "Test key"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_passkey_signs_in_without_a_user_name() {
    let (gateway, idp) = demo().await;
    let browser = Browser::start("passkey-sign-in").await;
    authenticator(&browser, "internal").await;
    sign_in(&gateway, &idp, &browser).await;
    add(&gateway, &browser).await;
    // The same authenticator does not make a second one.
    browser.press("Add a passkey").await;
    browser.press("Create the passkey").await;
    browser
        .shows(&["has a passkey for this account already"])
        .await;
    browser.open(&gateway.account()).await;
    browser.press("Sign out").await;
    browser.shows(&["signed out"]).await;

    browser.open(&format!("{}/login", gateway.url)).await;
    browser.press("Sign in with a passkey").await;
    browser.arrives_at(&gateway.account()).await;
    browser.shows(&["Ada Lovelace", "last used"]).await;
    let traces = gateway.api("/api/v1/logins?kind=passkey").await;
    assert_eq!(traces["items"][0]["outcome"], "success", "{traces}");

    browser.press("Rename Test key").await;
    browser.fill("input[name=name]", "Blue key").await;
    browser.press("Save the name").await;
    browser.shows(&["has its new name", "Blue key"]).await;
    browser.press("Remove Blue key").await;
    browser.press("Remove").await;
    browser.shows(&["The passkey is removed"]).await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sign_in_form_offers_passkeys() {
    let (gateway, idp) = demo().await;
    let browser = Browser::start("passkey-conditional").await;
    // What the page asks the browser for is written down, and nobody answers.
    let script = "window.asked = []; const get = CredentialsContainer.prototype.get; \
        CredentialsContainer.prototype.get = function (request) { \
        window.asked.push(request.mediation || 'modal'); \
        return request.mediation ? new Promise(() => {}) : get.call(this, request); };";
    let parameters = json!({"cmd": "Page.addScriptToEvaluateOnNewDocument",
        "params": {"source": script}});
    let command = Command("goog/cdp/execute", parameters);
    browser.client.issue_cmd(command).await.unwrap();
    authenticator(&browser, "internal").await;
    sign_in(&gateway, &idp, &browser).await;
    add(&gateway, &browser).await;
    browser.press("Sign out").await;
    browser.shows(&["signed out"]).await;
    // A field for the address, and so a place for passkeys beside it.
    let mut second = gateway.api("/api/v1/providers/demo").await;
    second["slug"] = json!("second");
    for key in [
        "urls",
        "certificates",
        "version",
        "state",
        "managed_by",
        "created_at",
        "updated_at",
    ] {
        second.as_object_mut().unwrap().remove(key);
    }
    let settings = json!({"home_realm_discovery": true});
    gateway.send("PATCH", "/api/v1/settings", &settings).await;
    gateway.put_provider(&second).await;
    browser.open(&gateway.sign_in_page()).await;
    let field = browser.client.find(Locator::Css("#email")).await.unwrap();
    let hint = field.attr("autocomplete").await.unwrap();
    assert_eq!(hint.as_deref(), Some("username webauthn"));
    let begin = std::time::Instant::now();
    loop {
        let asked = browser.client.execute("return window.asked", vec![]).await;
        if asked.unwrap() == json!(["conditional"]) {
            break;
        }
        assert!(begin.elapsed().as_secs() < 20, "passkeys are not offered");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    // The button works all the same.
    browser.press("Sign in with a passkey").await;
    browser.arrives_at(&gateway.account()).await;
    browser.close().await;
}
