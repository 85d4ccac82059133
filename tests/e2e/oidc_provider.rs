//! oidc-provider, a certified OpenID provider, as the company's sign-in.

use serde_json::{Value, json};

use crate::harness::browser::Browser;
use crate::harness::gateway::{Database, Gateway};
use crate::harness::openid::OidcProvider;

/// Ada, as the OpenID provider knows her.
fn ada(given_name: &str) -> Value {
    json!({ "ada-4711": {
        "name": format!("{given_name} Lovelace"),
        "given_name": given_name,
        "family_name": "Lovelace",
        "department": "Research",
        "email": "ada@example.com",
        "email_verified": true,
    }})
}

#[tokio::test(flavor = "multi_thread")]
async fn an_employee_signs_in_and_her_profile_follows() {
    signs_in_and_stays_in_step(Database::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_on_postgresql() {
    signs_in_and_stays_in_step(Database::Postgres).await;
}

/// Presses the button, signs in there and arrives at the account.
async fn signs_in(name: &str, gateway: &Gateway, provider: &OidcProvider, texts: &[&str]) {
    let browser = Browser::start(name).await;
    browser.open(&gateway.sign_in_page()).await;
    browser.press("Company account").await;
    provider.sign_in(&browser, "ada-4711").await;
    browser.arrives_at(&gateway.account()).await;
    browser.shows(texts).await;
    browser.close().await;
}

async fn signs_in_and_stays_in_step(database: Database) {
    let gateway = Gateway::start(database).await;
    let provider = OidcProvider::start(&gateway, "company", &ada("Ada")).await;
    gateway.put_provider(&provider.provider("company")).await;

    // The first login makes the user.
    let texts = ["Ada Lovelace", "ada@example.com", "Research"];
    signs_in("oidc-provider-first", &gateway, &provider, &texts).await;
    let user = gateway.user("ada@example.com").await;
    assert_eq!(user["source"], "oauth");
    assert_eq!(user["status"], "active");
    assert_eq!(user["email_verified"], true);

    // She changes her name; the next login brings it along.
    provider.set_users(&ada("Augusta Ada"));
    let texts = ["Augusta Ada Lovelace"];
    signs_in("oidc-provider-second", &gateway, &provider, &texts).await;
    let again = gateway.user("ada@example.com").await;
    assert_eq!(again["id"], user["id"], "the same person, not a second one");
    assert_eq!(again["name"], "Augusta Ada Lovelace");

    // The provider changes its key, and nobody restarts anything.
    provider.rotate().await;
    signs_in("oidc-provider-rotated", &gateway, &provider, &texts).await;

    assert!(gateway.stop(), "SIGTERM ends the gateway with 0");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unverified_address_stays_outside() {
    let mut users = ada("Ada");
    users["ada-4711"]["email_verified"] = json!(false);
    let gateway = Gateway::start(Database::Sqlite).await;
    let provider = OidcProvider::start(&gateway, "company", &users).await;
    gateway.put_provider(&provider.provider("company")).await;

    let browser = Browser::start("oidc-provider-unverified").await;
    browser.open(&gateway.sign_in_page()).await;
    browser.press("Company account").await;
    provider.sign_in(&browser, "ada-4711").await;
    browser.arrives_at(&gateway.url).await;
    let logins = gateway.api("/api/v1/logins").await;
    let trace = &logins["items"][0];
    assert_eq!(trace["outcome"], "refused", "{logins}");
    assert_eq!(trace["code"], "login.no_vouched_address", "{logins}");
    browser.shows(&[trace["reference"].as_str().unwrap()]).await;
    browser.is_turned_away_from(&gateway.account()).await;
    browser.close().await;
    let users = gateway.api("/api/v1/users").await;
    assert_eq!(users["items"], json!([]));
}

/// The person says no at the provider.
#[tokio::test(flavor = "multi_thread")]
async fn who_says_no_gets_a_page_and_can_start_again() {
    let gateway = Gateway::start(Database::Sqlite).await;
    let provider = OidcProvider::start(&gateway, "company", &ada("Ada")).await;
    gateway.put_provider(&provider.provider("company")).await;

    let browser = Browser::without_script("oidc-provider-denied").await;
    browser.open(&gateway.sign_in_page()).await;
    browser.press("Company account").await;
    browser.press("[ Cancel ]").await;
    browser.arrives_at(&gateway.url).await;
    let logins = gateway.api("/api/v1/logins").await;
    let reference = logins["items"][0]["reference"].as_str().unwrap();
    browser.shows(&[reference]).await;
    browser.press("Try again").await;
    provider.sign_in(&browser, "ada-4711").await;
    browser.arrives_at(&gateway.account()).await;
    browser.close().await;
}

/// RP-Initiated Logout, and the provider's own word by Back-Channel Logout.
#[tokio::test(flavor = "multi_thread")]
async fn signing_out_here_signs_out_there_and_the_other_way_round() {
    let gateway = Gateway::start(Database::Sqlite).await;
    let provider = OidcProvider::start(&gateway, "company", &ada("Ada")).await;
    let mut settings = provider.provider("company");
    settings["oauth"]["single_logout"] = json!(true);
    gateway.put_provider(&settings).await;

    let browser = Browser::start("oidc-provider-logout").await;
    let sign_in = async || {
        browser.open(&gateway.sign_in_page()).await;
        browser.press("Company account").await;
        provider.sign_in(&browser, "ada-4711").await;
        browser.arrives_at(&gateway.account()).await;
    };
    sign_in().await;
    browser.open(&format!("{}/logout", gateway.url)).await;
    browser.arrives_at(&provider.sign_out_page()).await;
    browser.press("Yes, sign me out").await;
    let done = format!("{}/signed-out?also=provider", gateway.url);
    browser.arrives_at(&done).await;
    browser.is_turned_away_from(&gateway.account()).await;

    // Signed out there, with no word to the gateway by way of the browser.
    sign_in().await;
    browser.open(&provider.sign_out_page()).await;
    browser.press("Yes, sign me out").await;
    browser.shows(&["Sign-out Success"]).await;
    browser.is_turned_away_from(&gateway.account()).await;
    let audit = gateway.api("/api/v1/audit").await;
    assert_eq!(audit["items"][0]["action"], "user.signed_out", "{audit}");
    browser.close().await;
}
