//! SimpleSAMLphp as the company's identity provider.

use serde_json::{Value, json};

use crate::harness::browser::Browser;
use crate::harness::gateway::{Database, Gateway};
use crate::harness::idp::SimpleSamlPhp;

/// Ada, as SimpleSAMLphp's user source knows her.
fn ada(department: &str) -> Value {
    json!({ "ada:engine": {
        "uid": ["4711"],
        "displayName": ["Ada Lovelace"],
        "mail": ["ada@example.com"],
        "userPrincipalName": ["ada.lovelace@example.com"],
        "department": [department],
        "title": ["Analyst"],
    }})
}

#[tokio::test(flavor = "multi_thread")]
async fn an_employee_signs_in_and_her_profile_follows_the_directory() {
    signs_in_and_stays_in_step(Database::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_on_postgresql() {
    signs_in_and_stays_in_step(Database::Postgres).await;
}

async fn signs_in_and_stays_in_step(database: Database) {
    let idp = SimpleSamlPhp::start(&ada("Research")).await;
    let gateway = Gateway::start(database).await;
    for (slug, label) in [("company", "SSO Login"), ("partner", "Partners")] {
        gateway
            .put_provider(&json!({
                "slug": slug,
                "kind": "saml",
                "label": label,
                "allowed_domains": ["example.com"],
                "saml": { "metadata_xml": idp.metadata().await },
            }))
            .await;
    }
    idp.trust(&gateway, "company").await;

    // The first login makes the user.
    let first = Browser::start("simplesamlphp-first").await;
    first.open(&gateway.account()).await;
    first.arrives_at(&format!("{}/login", gateway.url)).await;
    first.shows(&["SSO Login", "Partners"]).await;
    first.press("SSO Login").await;
    idp.sign_in(&first, "ada", "engine").await;
    first.arrives_at(&gateway.account()).await;
    first
        .shows(&["Ada Lovelace", "ada@example.com", "Research", "Analyst"])
        .await;
    first.close().await;
    let user = gateway.user("ada@example.com").await;
    assert_eq!(user["upn"], "ada.lovelace@example.com");
    assert_eq!(user["source"], "saml");
    assert_eq!(user["status"], "active");

    // She moves to another department; the next login brings it along.
    idp.set_users(&ada("Engineering"));
    let second = Browser::start("simplesamlphp-second").await;
    second.open(&gateway.url).await;
    second.press("SSO Login").await;
    idp.sign_in(&second, "ada", "engine").await;
    second.arrives_at(&gateway.account()).await;
    second.shows(&["Ada Lovelace", "Engineering"]).await;
    assert!(!second.text().await.contains("Research"));
    second.close().await;
    let again = gateway.user("ada@example.com").await;
    assert_eq!(again["id"], user["id"], "the same person, not a second one");
    assert_eq!(again["department"], "Engineering");

    assert!(gateway.stop(), "SIGTERM ends the gateway with 0");
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_are_signed_and_assertions_encrypted() {
    for binding in ["redirect", "post"] {
        let idp = SimpleSamlPhp::start(&ada("Research")).await;
        idp.be_strict();
        let gateway = Gateway::start(Database::Sqlite).await;
        gateway
            .put_provider(&json!({
                "slug": "company",
                "kind": "saml",
                "label": "SSO Login",
                "allowed_domains": ["example.com"],
                "saml": {
                    "metadata_xml": idp.metadata().await,
                    "request_binding": binding,
                    "sign_requests": true,
                    "require_encryption": true,
                },
            }))
            .await;
        idp.trust(&gateway, "company").await;

        let browser = Browser::start(&format!("simplesamlphp-strict-{binding}")).await;
        browser.open(&gateway.sign_in_page()).await;
        browser.press("SSO Login").await;
        idp.sign_in(&browser, "ada", "engine").await;
        browser.arrives_at(&gateway.account()).await;
        browser.shows(&["Ada Lovelace", "ada@example.com"]).await;
        browser.close().await;
        let logins = gateway.api("/api/v1/logins").await;
        let document = logins["items"][0]["document"].as_str().unwrap();
        assert!(document.contains("EncryptedAssertion"), "{document}");
    }
}

/// Single logout, begun here by each binding, and begun there, always signed.
///
/// Begun there it goes by HTTP-Redirect alone: over plain HTTP the IdP's cookie cannot
/// be `SameSite=None`, and browsers keep it from the form that brings it our answer.
#[tokio::test(flavor = "multi_thread")]
async fn signing_out_here_signs_out_there_and_the_other_way_round() {
    for binding in ["redirect", "post"] {
        let idp = SimpleSamlPhp::start(&ada("Research")).await;
        if binding == "post" {
            idp.log_out_by_post();
        }
        let gateway = Gateway::start(Database::Sqlite).await;
        gateway
            .put_provider(&json!({
                "slug": "company",
                "kind": "saml",
                "label": "SSO Login",
                "allowed_domains": ["example.com"],
                "saml": { "metadata_xml": idp.metadata().await },
            }))
            .await;
        idp.trust(&gateway, "company").await;

        let browser = Browser::start(&format!("simplesamlphp-logout-{binding}")).await;
        let sign_in = async || {
            browser.open(&gateway.sign_in_page()).await;
            browser.press("SSO Login").await;
            // The IdP asks again: whoever was signed in there is no more.
            idp.sign_in(&browser, "ada", "engine").await;
            browser.arrives_at(&gateway.account()).await;
        };
        sign_in().await;
        // Begun here: to the IdP, and back with its word.
        browser.open(&format!("{}/logout", gateway.url)).await;
        let done = format!("{}/signed-out?also=provider", gateway.url);
        browser.arrives_at(&done).await;
        browser.is_turned_away_from(&gateway.account()).await;

        if binding == "post" {
            browser.close().await;
            continue;
        }
        sign_in().await;
        // Begun there: the gateway ends its session, and its answer is taken.
        browser.open(&idp.sign_out_page()).await;
        browser.arrives_at(&idp.end_page()).await;
        browser.is_turned_away_from(&gateway.account()).await;
        let audit = gateway.api("/api/v1/audit").await;
        assert_eq!(audit["items"][0]["action"], "user.signed_out", "{audit}");
        browser.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_from_another_domain_stays_outside() {
    let idp = SimpleSamlPhp::start(&json!({ "eve:snake": {
        "uid": ["666"],
        "displayName": ["Eve"],
        "mail": ["eve@elsewhere.example"],
        "userPrincipalName": ["eve@elsewhere.example"],
    }}))
    .await;
    let gateway = Gateway::start(Database::Sqlite).await;
    gateway
        .put_provider(&json!({
            "slug": "company",
            "kind": "saml",
            "label": "SSO Login",
            "allowed_domains": ["example.com"],
            "saml": { "metadata_xml": idp.metadata().await },
        }))
        .await;
    idp.trust(&gateway, "company").await;

    let browser = Browser::start("simplesamlphp-outside").await;
    browser.open(&gateway.sign_in_page()).await;
    browser.press("SSO Login").await;
    idp.sign_in(&browser, "eve", "snake").await;
    browser.arrives_at(&gateway.url).await;
    let logins = gateway.api("/api/v1/logins").await;
    let trace = &logins["items"][0];
    assert_eq!(trace["outcome"], "refused", "{logins}");
    // The page carries the reference that the admin finds in the trace.
    browser.shows(&[trace["reference"].as_str().unwrap()]).await;
    browser.is_turned_away_from(&gateway.account()).await;
    browser.close().await;
    let users = gateway.api("/api/v1/users").await;
    assert_eq!(users["items"], json!([]));
}
