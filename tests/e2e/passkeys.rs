//! Passkeys in Chromium, with an authenticator that `WebDriver` plays: adding one and
//! signing in with it, and the way of a new colleague from the wizard to the desk.

use fantoccini::Locator;
use fantoccini::wd::WebDriverCompatibleCommand;
use serde_json::{Value, json};

use crate::harness::browser::Browser;
use crate::harness::gateway::{Database, Gateway};
use crate::harness::idp::Demo;

/// A command of the driver, by its path within the session (WebAuthn Level 3 §11.2,
/// and the browser's own, which chromedriver passes on).
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

/// Signs in with a passkey. A device's own may be offered and taken before anybody
/// presses the button.
async fn by_passkey(gateway: &Gateway, browser: &Browser) {
    browser.open(&format!("{}/login", gateway.url)).await;
    let script = "const button = [...document.querySelectorAll('button')]\
        .find((b) => b.textContent.trim() === 'Sign in with a passkey'); \
        if (button) button.click();";
    let pressed = browser.client.execute(script, vec![]).await;
    // The page may have gone already.
    drop(pressed);
    browser.arrives_at(&gateway.account()).await;
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

    by_passkey(&gateway, &browser).await;
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

/// An admin at the dashboard.
pub async fn admin(gateway: &Gateway, idp: &Demo, name: &str) -> Browser {
    let browser = Browser::start(name).await;
    sign_in(gateway, idp, &browser).await;
    let ada = gateway.user("ada@example.com").await;
    let path = format!("/api/v1/users/{}", ada["id"].as_str().unwrap());
    gateway
        .send("PATCH", &path, &json!({"roles": ["admin"]}))
        .await;
    sign_in(gateway, idp, &browser).await;
    browser
}

#[tokio::test(flavor = "multi_thread")]
async fn from_the_wizard_to_the_phone() {
    let (gateway, idp) = demo().await;
    gateway
        .send("POST", "/api/v1/groups", &json!({"name": "Engines"}))
        .await;
    let browser = admin(&gateway, &idp, "wizard").await;
    browser
        .open(&format!("{}/admin/users/new", gateway.url))
        .await;
    browser.fill("#f-name", "Grace Hopper").await;
    browser.fill("#f-email", "ada@example.com").await;
    browser.press("Next: groups").await;
    browser.shows(&["Somebody has this already."]).await;
    browser.fill("#f-email", "grace.hopper@example.com").await;
    browser.press("Next: groups").await;
    browser.press("Next: security key").await;
    browser.press("Back").await;
    browser
        .click(Locator::XPath("//label[normalize-space(.)='Engines']"))
        .await;
    browser.press("Next: security key").await;
    browser.click(Locator::Css("#f-with_key-yes")).await;
    browser.click(Locator::Css("#f-kind-smartphone")).await;
    browser.press("Next: confirm").await;
    browser
        .shows(&[
            "Grace Hopper",
            "grace.hopper@example.com",
            "Engines",
            "Smartphone",
        ])
        .await;
    browser.press("Add the user").await;
    browser.shows(&["The user is added"]).await;
    let link = browser.client.find(Locator::Css("#c-link")).await.unwrap();
    let link = link.text().await.unwrap();
    let user = gateway.user("grace.hopper@example.com").await;
    assert_eq!(user["status"], "pending");
    assert_eq!(user["groups"][0]["name"], "Engines", "{user}");
    browser.close().await;

    let phone = Browser::start("wizard-phone").await;
    authenticator(&phone, "internal").await;
    phone.open(&link).await;
    phone.shows(&["Activate your key", "Grace Hopper"]).await;
    phone.press("Activate").await;
    phone
        .shows(&["Your key is activated", "Grace Hopper"])
        .await;
    assert_eq!(
        gateway.user("grace.hopper@example.com").await["status"],
        "active"
    );
    phone.press("Sign out").await;
    by_passkey(&gateway, &phone).await;
    phone.open(&link).await;
    phone.shows(&["This link does not work any more"]).await;
    phone.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_is_activated_at_the_desk() {
    let (gateway, idp) = demo().await;
    let browser = admin(&gateway, &idp, "desk").await;
    authenticator(&browser, "usb").await;
    browser
        .open(&format!("{}/admin/users/new", gateway.url))
        .await;
    browser.fill("#f-name", "Mary Somerville").await;
    browser.fill("#f-email", "mary@example.com").await;
    browser.press("Next: groups").await;
    browser.press("Next: security key").await;
    browser.click(Locator::Css("#f-with_key-yes")).await;
    browser.click(Locator::Css("#f-kind-card")).await;
    browser.click(Locator::Css("#f-by-desk")).await;
    browser.press("Next: confirm").await;
    browser.shows(&["Give the card a name."]).await;
    browser.fill("#f-key_name", "Card 4711").await;
    browser.press("Next: confirm").await;
    browser.press("Add the user").await;
    browser.press("Activate at the desk").await;
    browser.shows(&["Card 4711", "Mary Somerville"]).await;
    browser.press("Activate").await;
    browser.shows(&["The key is activated."]).await;
    assert_eq!(gateway.user("mary@example.com").await["status"], "active");
    let events = gateway
        .api("/api/v1/audit?action=user.passkey_activated")
        .await;
    assert_eq!(events["items"][0]["actor"], "Ada Lovelace", "{events}");
    // The card is Mary's, not the admin's.
    browser.press("Sign out").await;
    by_passkey(&gateway, &browser).await;
    browser.shows(&["Mary Somerville"]).await;
    browser.close().await;
}
