//! pysaml2 as the company's identity provider: `AuthnRequest`s by HTTP-POST,
//! responses signed in each way.

use serde_json::{Value, json};

use crate::harness::browser::Browser;
use crate::harness::gateway::{Database, Gateway};
use crate::harness::idp::PySaml2;

fn users() -> Value {
    json!({ "grace": { "password": "cobol", "attributes": {
        "displayName": "Grace Hopper",
        "mail": "grace@example.com",
        "eduPersonPrincipalName": "grace@example.com",
        "ou": "Compilers",
    }}})
}

/// One login, with what differs from one to the next.
async fn signs_in(name: &str, idp_arguments: &[&str], saml: Value) {
    let idp = PySaml2::start(&users(), idp_arguments).await;
    let gateway = Gateway::start(Database::Sqlite).await;
    let mut saml = saml;
    saml["metadata_xml"] = json!(idp.metadata().await);
    gateway
        .put_provider(&json!({
            "slug": "company",
            "kind": "saml",
            "label": "SSO Login",
            "allowed_domains": ["example.com"],
            "saml": saml,
        }))
        .await;
    idp.trust(&gateway, "company").await;

    let browser = Browser::start(name).await;
    browser.open(&gateway.sign_in_page()).await;
    browser.press("SSO Login").await;
    idp.sign_in(&browser, "grace", "cobol").await;
    browser.arrives_at(&gateway.account()).await;
    browser
        .shows(&["Grace Hopper", "grace@example.com", "Compilers"])
        .await;
    browser.close().await;
    let user = gateway.user("grace@example.com").await;
    assert_eq!(user["department"], "Compilers");
}

#[tokio::test(flavor = "multi_thread")]
async fn request_by_redirect_and_assertion_signed() {
    signs_in(
        "pysaml2-redirect",
        &["--sign", "assertion"],
        json!({ "request_binding": "redirect" }),
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn request_by_post_and_response_signed() {
    signs_in(
        "pysaml2-post",
        &["--sign", "response"],
        json!({ "request_binding": "post" }),
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn signed_request_by_redirect_and_both_signed() {
    signs_in(
        "pysaml2-signed-redirect",
        &["--sign", "both", "--want-signed-requests"],
        json!({ "request_binding": "redirect", "sign_requests": true }),
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn signed_request_and_encrypted_assertion() {
    signs_in(
        "pysaml2-encrypted",
        &["--sign", "assertion", "--encrypt", "--want-signed-requests"],
        json!({ "sign_requests": true, "require_encryption": true }),
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn encrypted_assertion_in_a_signed_response() {
    signs_in(
        "pysaml2-encrypted-both",
        &["--sign", "both", "--encrypt"],
        json!({ "require_encryption": true }),
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn signed_request_by_post_and_both_signed() {
    signs_in(
        "pysaml2-signed-post",
        &["--sign", "both", "--want-signed-requests"],
        json!({ "request_binding": "post", "sign_requests": true }),
    )
    .await;
}
