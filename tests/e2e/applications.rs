//! Foreign applications sign people in through the gateway: openid-client,
//! Authlib, and Apache with `mod_auth_openidc`.

use serde_json::json;

use crate::harness::app::App;
use crate::harness::browser::Browser;
use crate::harness::gateway::{Database, Gateway};
use crate::harness::openid::OidcProvider;

/// A gateway behind which Ada can sign in.
async fn company(database: Database) -> (Gateway, OidcProvider) {
    let users = json!({ "ada-4711": {
        "name": "Ada Lovelace",
        "email": "ada@example.com",
        "email_verified": true,
    }});
    let gateway = Gateway::start(database).await;
    let provider = OidcProvider::start(&gateway, "company", &users).await;
    gateway.put_provider(&provider.provider("company")).await;
    (gateway, provider)
}

/// The first visit: through the gateway to the company's sign-in and back.
async fn first_visit(browser: &Browser, provider: &OidcProvider, app: &App, path: &str) {
    browser.open(&format!("{}{path}", app.url)).await;
    provider.sign_in(browser, "ada-4711").await;
    browser.arrives_at(&app.url).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn openid_client_with_every_check_of_its() {
    for database in [Database::Sqlite, Database::Postgres] {
        let (gateway, provider) = company(database).await;
        let app = App::openid_client(&gateway).await;
        let browser = Browser::start("openid-client").await;
        first_visit(&browser, &provider, &app, "/").await;
        let all = [
            "name: Ada Lovelace",
            "email: ada@example.com",
            "active: true",
            "active after revocation: false",
            "refresh after revocation: invalid_grant",
            "done by openid-client",
        ];
        browser.shows(&all).await;
        // Signed in already: straight back, with no page; and pushed.
        for path in ["/again", "/pushed"] {
            browser.open(&format!("{}{path}", app.url)).await;
            browser.arrives_at(&app.url).await;
            browser.shows(&all).await;
        }
        // Anew: the company asks again, and the library checks when that was.
        browser.open(&format!("{}/anew", app.url)).await;
        browser.press("Company account").await;
        provider.sign_in_again(&browser, "ada-4711").await;
        browser.arrives_at(&app.url).await;
        browser.shows(&all).await;
        browser.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn authlib_with_rs256_and_no_script() {
    let (gateway, provider) = company(Database::Sqlite).await;
    let app = App::authlib(&gateway).await;
    let browser = Browser::without_script("authlib").await;
    first_visit(&browser, &provider, &app, "/").await;
    let all = [
        "name: Ada Lovelace",
        "email: ada@example.com",
        "done by authlib",
    ];
    browser.shows(&all).await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mod_auth_openidc_before_a_page() {
    let (gateway, provider) = company(Database::Sqlite).await;
    let app = App::apache(&gateway).await;
    let browser = Browser::start("mod-auth-openidc").await;
    first_visit(&browser, &provider, &app, "/").await;
    browser
        .shows(&["user: ada@example.com", "name: Ada Lovelace"])
        .await;
    browser.close().await;
}
