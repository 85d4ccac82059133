//! The demo identity provider, for what the foreign ones cannot be brought to
//! do: unsolicited responses, refusals, and a page for each step.

use std::fs;

use fantoccini::Locator;
use serde_json::{Value, json};

use crate::harness::browser::Browser;
use crate::harness::gateway::{Database, Gateway};
use crate::harness::idp::Demo;

/// A gateway with the demo IdP as provider `demo`, set up with the command line
/// as `make run` does it.
async fn demo() -> (Gateway, Demo) {
    let gateway = Gateway::start(Database::Sqlite).await;
    let idp = Demo::start(&gateway).await;
    let file = idp.provider_file();
    gateway.run(&["provider", "apply", file.to_str().unwrap()]);
    // A running gateway learns of it within a moment.
    let provider = gateway.api("/api/v1/providers/demo").await;
    assert_eq!(provider["label"], "SSO Login");
    (gateway, idp)
}

#[tokio::test(flavor = "multi_thread")]
async fn sign_in_and_sign_out() {
    let (gateway, idp) = demo().await;
    let browser = Browser::start("demo-sign-out").await;
    browser.open(&gateway.sign_in_page()).await;
    browser.press("SSO Login").await;
    idp.sign_in(&browser, "demo-minh.anh").await;
    browser.arrives_at(&gateway.account()).await;
    browser
        .shows(&["Minh Anh Nguyễn", "minh.anh@example.org", "Finance"])
        .await;

    browser.press("Sign out").await;
    browser.shows(&["signed out"]).await;
    // The session is gone, not only its page.
    browser.is_turned_away_from(&gateway.account()).await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_at_the_identity_provider() {
    let (gateway, idp) = demo().await;
    let browser = Browser::start("demo-idp-initiated").await;
    // An unsolicited response with this RelayState starts a login of the
    // gateway's own; what the response says is not believed.
    browser
        .open(&format!(
            "{}/unsolicited?RelayState=initiate-sp-login&person=demo-grace",
            idp.url
        ))
        .await;
    idp.sign_in(&browser, "demo-ada").await;
    browser.arrives_at(&gateway.account()).await;
    browser.shows(&["Ada Lovelace"]).await;
    browser.close().await;
    let users = gateway.api("/api/v1/users").await;
    assert_eq!(users["items"].as_array().unwrap().len(), 1, "{users}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unsolicited_response_signs_nobody_in() {
    let (gateway, idp) = demo().await;
    let browser = Browser::start("demo-unsolicited").await;
    browser
        .open(&format!("{}/unsolicited?RelayState=elsewhere", idp.url))
        .await;
    browser.arrives_at(&gateway.url).await;
    let trace = newest_trace(&gateway).await;
    browser.shows(&[trace["reference"].as_str().unwrap()]).await;
    browser.is_turned_away_from(&gateway.account()).await;
    browser.close().await;
    assert_eq!(gateway.api("/api/v1/users").await["items"], json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deep_link_comes_back_after_the_login() {
    let (gateway, idp) = demo().await;
    let browser = Browser::start("demo-deep-link").await;
    browser
        .open(&format!(
            "{}/login?choose=1&rd=%2Fapi%2Fv1%2Fme",
            gateway.url
        ))
        .await;
    browser.press("SSO Login").await;
    idp.sign_in(&browser, "demo-alan").await;
    browser
        .arrives_at(&format!("{}/api/v1/me", gateway.url))
        .await;
    browser.shows(&["alan@labs.example.com"]).await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deep_link_to_a_stranger_is_not_followed() {
    let (gateway, idp) = demo().await;
    let browser = Browser::start("demo-open-redirect").await;
    browser
        .open(&format!("{}/login?choose=1&rd={}%2F", gateway.url, idp.url))
        .await;
    browser.press("SSO Login").await;
    idp.sign_in(&browser, "demo-alan").await;
    browser.arrives_at(&gateway.account()).await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_script_the_buttons_do_it() {
    let (gateway, idp) = demo().await;
    gateway
        .put_provider(&json!({
            "slug": "demo",
            "kind": "saml",
            "label": "SSO Login",
            "allowed_domains": ["*"],
            "saml": { "metadata_xml": idp.metadata().await, "request_binding": "post" },
        }))
        .await;
    let browser = Browser::without_script("demo-without-script").await;
    browser.open(&gateway.sign_in_page()).await;
    browser.press("SSO Login").await;
    // The gateway's own page on the way: nothing submits it by itself.
    browser
        .arrives_at(&format!("{}/saml/demo/login", gateway.url))
        .await;
    browser.press("Continue").await;
    idp.sign_in(&browser, "demo-sam").await;
    browser.click(Locator::Id("continue")).await;
    browser.arrives_at(&gateway.account()).await;
    browser.shows(&["Sam Partner", "External"]).await;
    browser.press("Sign out").await;
    browser.shows(&["signed out"]).await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_person_is_kept_in_step() {
    let (gateway, idp) = demo().await;
    for department in ["Research", "Weaving"] {
        let browser = Browser::start("demo-change").await;
        browser.open(&gateway.sign_in_page()).await;
        browser.press("SSO Login").await;
        browser.arrives_at(&idp.url).await;
        browser.press("Change Ada Lovelace before signing in").await;
        browser.fill("#department", department).await;
        browser.press("Sign in").await;
        browser.arrives_at(&gateway.account()).await;
        browser.shows(&["Ada Lovelace", department]).await;
        browser.close().await;
        assert_eq!(
            gateway.user("ada@example.com").await["department"],
            department
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_goes_wrong_is_said_on_a_page_with_a_reference() {
    let (gateway, idp) = demo().await;
    // The option on the demo IdP's page → the code in the login trace.
    let cases = [
        ("#status", Some("RequestDenied"), "failed"),
        ("#clock", Some("-3600"), "failed"),
        ("#signed", Some("nothing"), "failed"),
        ("input[name=wrong_audience]", None, "failed"),
        ("input[name=omit_email]", None, "refused"),
    ];
    let browser = Browser::start("demo-refusals").await;
    for (css, value, outcome) in cases {
        browser.open(&gateway.sign_in_page()).await;
        browser.press("SSO Login").await;
        browser.arrives_at(&idp.url).await;
        browser.click(Locator::Css("summary")).await;
        match value {
            Some(value) => {
                browser
                    .click(Locator::Css(&format!("{css} option[value='{value}']")))
                    .await;
            }
            None => browser.click(Locator::Css(css)).await,
        }
        idp.sign_in(&browser, "demo-ada").await;
        browser.arrives_at(&gateway.url).await;
        let trace = newest_trace(&gateway).await;
        assert_eq!(trace["outcome"], outcome, "{css}: {trace}");
        browser.shows(&[trace["reference"].as_str().unwrap()]).await;
        let page = browser.text().await.to_lowercase();
        for word in ["assertion", "saml", "panicked", "token"] {
            assert!(
                !page.contains(word),
                "{css}: '{word}' on an employee's page:\n{page}"
            );
        }
    }
    assert_eq!(gateway.api("/api/v1/users").await["items"], json!([]));
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_response_stolen_from_another_browser_signs_nobody_in() {
    let (gateway, idp) = demo().await;
    // Mallory signs in without script, so that the answer waits in a form…
    let mallory = Browser::without_script("demo-mallory").await;
    mallory.open(&gateway.sign_in_page()).await;
    mallory.press("SSO Login").await;
    idp.sign_in(&mallory, "demo-sam").await;
    let field = mallory
        .client
        .wait()
        .for_element(Locator::Css("input[name=SAMLResponse]"))
        .await
        .unwrap();
    let response = field.prop("value").await.unwrap().unwrap();
    let form = mallory.client.find(Locator::Css("form")).await.unwrap();
    let acs = form.attr("action").await.unwrap().unwrap();
    // …and brings Ada's browser to send it (login CSRF).
    let ada = Browser::start("demo-victim").await;
    let page = format!(
        "<form method=post action='{acs}'><input name=SAMLResponse value='{response}'>\
         <button id=go>Go</button></form>"
    );
    let file = gateway.folder().join("lure.html");
    fs::write(&file, page).unwrap();
    ada.open(&format!("file://{}", file.display())).await;
    ada.click(Locator::Id("go")).await;
    ada.arrives_at(&gateway.url).await;
    ada.is_turned_away_from(&gateway.account()).await;
    ada.close().await;
    mallory.close().await;
}

async fn newest_trace(gateway: &Gateway) -> Value {
    let logins = gateway.api("/api/v1/logins").await;
    let newest = logins["items"][0].clone();
    assert!(newest.is_object(), "{logins}");
    newest
}

/// A demo person in a browser that signs in by OpenID Connect.
#[tokio::test(flavor = "multi_thread")]
async fn by_openid_connect_too() {
    let (gateway, idp) = demo().await;
    let file = idp.openid_provider_file();
    gateway.run(&["provider", "apply", file.to_str().unwrap()]);
    let browser = Browser::start("demo-openid").await;
    browser.open(&gateway.sign_in_page()).await;
    browser.press("Demo account").await;
    idp.sign_in(&browser, "demo-zoe").await;
    browser.arrives_at(&gateway.account()).await;
    browser.shows(&["Zoë Königsmann", "Vertrieb"]).await;

    // She connects the other sign-in on the account page.
    browser.press("Connect SSO Login").await;
    idp.sign_in(&browser, "demo-minh.anh").await;
    browser.shows(&["is connected to your account now"]).await;
    browser.shows(&["demo-minh.anh"]).await;
    browser.press("Sign out").await;
    browser.shows(&["signed out"]).await;
    browser.open(&gateway.sign_in_page()).await;
    browser.press("SSO Login").await;
    idp.sign_in(&browser, "demo-minh.anh").await;
    browser.arrives_at(&gateway.account()).await;
    browser.shows(&["Demo account", "SSO Login"]).await;

    // And takes it off again, after one question.
    browser.press("Disconnect SSO Login, demo-minh.anh").await;
    browser.shows(&["Disconnect SSO Login?"]).await;
    browser.press("Disconnect").await;
    browser.shows(&["only way to sign in"]).await;
    browser.close().await;
}

/// What the demo IdP breaks on purpose is refused, with a page that says so.
#[tokio::test(flavor = "multi_thread")]
async fn a_broken_token_is_refused() {
    let (gateway, idp) = demo().await;
    let file = idp.openid_provider_file();
    gateway.run(&["provider", "apply", file.to_str().unwrap()]);
    let browser = Browser::without_script("demo-openid-broken").await;
    for (option, code) in [
        ("#signed option[value=none]", "oauth.algorithm_not_allowed"),
        ("#clock option[value='-7200']", "oauth.token_expired"),
        ("#answer option[value=access_denied]", "oauth.access_denied"),
        ("input[name=wrong_audience]", "oauth.audience_mismatch"),
    ] {
        browser.open(&gateway.sign_in_page()).await;
        browser.press("Demo account").await;
        browser.press("Try what the gateway says when…").await;
        browser.click(Locator::Css(option)).await;
        idp.sign_in(&browser, "demo-ada").await;
        browser.arrives_at(&gateway.url).await;
        let logins = gateway.api("/api/v1/logins").await;
        let trace = &logins["items"][0];
        assert_eq!(trace["code"], code, "{logins}");
        browser.shows(&[trace["reference"].as_str().unwrap()]).await;
    }
    browser.close().await;
}
