//! Certificates, signatures and encryption that do not fit.

use serde_json::json;

use super::{Told, browser, login, okta};
use crate::harness::{Idp, Person, Server, now};
use crate::support::encrypt::{self, Content, Wrap};
use crate::support::forge::idp_metadata;
use crate::support::keys;
use crate::support::signature::{RSA_SHA1, SHA1, Signature};

#[tokio::test]
async fn a_rotated_certificate() {
    let server = Server::sqlite().await;
    let idp = okta();
    let made = idp.register(&server).await;
    let pinned = made["saml"]["metadata_xml"].is_string();
    assert!(pinned, "{made}");
    let told = Told::failed("a rotated certificate", "saml.signature_invalid", "gateway")
        .saying(&[
            "signed with a key that is none of those in the metadata of this provider",
            "the IdP's certificate was renewed",
        ])
        .advising(&[
            "Take the IdP's current metadata (Okta: \"Metadata URL\" (Sign On)) and apply it to the provider \"okta\" here",
        ])
        .on_page("provider-misconfigured");
    for language in ["en", "de"] {
        let mut browser = browser(&server, language);
        let alice = Person::named("alice");
        let outcome = idp
            .login_as(&server, &mut browser, &alice, |forge| {
                forge.sign_assertion = Some(Signature::by(keys::other_idp()));
            })
            .await;
        outcome.refused();
        let trace = server.api().last_trace().await;
        let pinned = trace["expected"].as_str().map(ToOwned::to_owned);
        assert!(pinned.as_ref().is_some_and(|p| p.len() >= 64), "{trace}");
        let told = Told {
            expected: pinned,
            summary: told.summary.clone(),
            remedy: told.remedy.clone(),
            received: None,
            ..told
        };
        told.check(&server, &outcome.last, language).await;
    }
}

#[tokio::test]
async fn an_answer_that_is_not_signed() {
    let server = Server::sqlite().await;
    let idp = okta();
    idp.register(&server).await;
    let told = Told::failed("an unsigned answer", "saml.signature_missing", "idp")
        .saying(&["The IdP's answer is not signed, so anybody could have written it."])
        .advising(&["Let the IdP sign its answers. At Okta, \"Assertion Signature\""])
        .on_page("provider-misconfigured");
    let alice = Person::named("alice");
    login(&server, &idp, &alice, |f| *f = f.clone().unsigned(), &told).await;
}

#[tokio::test]
async fn an_answer_that_was_changed() {
    let server = Server::sqlite().await;
    let idp = Idp::new();
    idp.register(&server).await;
    let told = Told::failed(
        "an answer that was changed after it was signed",
        "saml.signature_digest",
        "network",
    )
    .saying(&["was changed after the IdP signed it."])
    .advising(&["Look for what rewrites requests", "nobody was let in"]);
    for language in ["en", "de"] {
        let mut browser = browser(&server, language);
        let sign_in = idp.start(&mut browser).await;
        let scene = idp.scene(&server, &sign_in, &Person::named("alice"));
        let xml = scene.forge().xml();
        let changed = xml.replace("alice@example.com", "admin@example.com");
        let field = crate::support::forge::encode(changed.as_bytes());
        let outcome = idp.answer(&mut browser, &sign_in, &field).await;
        outcome.refused();
        told.check(&server, &outcome.last, language).await;
    }
}

#[tokio::test]
async fn sha1() {
    let server = Server::sqlite().await;
    let idp = okta();
    idp.register(&server).await;
    let told = Told::failed("SHA-1", "saml.signature_sha1", "idp")
        .saying(&["signed with SHA-1, which can be forged and is refused."])
        .advising(&[
            "Switch the IdP to SHA-256. At Okta, ",
            "saml.allow_sha1 of the provider \"okta\"",
        ])
        .comparing(None, &[RSA_SHA1])
        .on_page("provider-misconfigured");
    login(
        &server,
        &idp,
        &Person::named("alice"),
        |forge| {
            forge.signature().method = RSA_SHA1.to_owned();
            forge.signature().digest = SHA1.to_owned();
        },
        &told,
    )
    .await;
}

/// Metadata with nothing but a weak key cannot even be saved, and says so.
#[tokio::test]
async fn a_weak_key() {
    let server = Server::sqlite().await;
    let idp = Idp::new();
    let weak = keys::weak().certificate_base64();
    let mut provider = idp.provider();
    provider["saml"]["metadata_xml"] = json!(idp_metadata(&idp.entity_id, &idp.sso_url, &[&weak]));
    let problem = server
        .api()
        .expect("POST", "/api/v1/providers", Some(&provider), 422)
        .await;
    let text = problem.to_string();
    assert!(text.contains("1024 bits"), "{text}");
    assert!(text.contains("2048"), "{text}");
    // Beside a good one it is left out, and an answer that it signed says why.
    let good = keys::idp().certificate_base64();
    provider["saml"]["metadata_xml"] =
        json!(idp_metadata(&idp.entity_id, &idp.sso_url, &[&weak, &good]));
    server
        .api()
        .expect("POST", "/api/v1/providers", Some(&provider), 201)
        .await;
    let mut browser = browser(&server, "en");
    let outcome = idp
        .login_as(&server, &mut browser, &Person::named("alice"), |forge| {
            forge.sign_assertion = Some(Signature::by(keys::weak()));
        })
        .await;
    outcome.refused();
    let trace = server.api().last_trace().await;
    let told = Told {
        expected: trace["expected"].as_str().map(ToOwned::to_owned),
        ..Told::failed("a weak key", "saml.signature_invalid", "gateway")
    }
    .saying(&[
        "A signing key is not used",
        "has 1024 bits; at least 2048 are needed",
    ])
    .on_page("provider-misconfigured");
    told.check(&server, &outcome.last, "en").await;
}

/// Encrypted for a key that is not the provider's.
#[tokio::test]
async fn an_answer_that_our_key_does_not_open() {
    let server = Server::sqlite().await;
    let idp = okta();
    idp.register(&server).await;
    let told = Told::failed(
        "encrypted for another certificate",
        "saml.decryption_failed",
        "idp",
    )
    .saying(&["is encrypted, and either not for a key of this provider's, or not signed inside."])
    .advising(&[
        "Give the IdP the present certificate of this provider",
        "/saml/okta/metadata",
        "At Okta, \"Assertion Encryption\"",
    ])
    .on_page("provider-misconfigured");
    for language in ["en", "de"] {
        let mut browser = browser(&server, language);
        let sign_in = idp.start(&mut browser).await;
        let forge = idp
            .scene(&server, &sign_in, &Person::named("alice"))
            .forge();
        let xml = forge.response_around(&encrypted(&forge.assertion_xml()));
        let field = crate::support::forge::encode(xml.as_bytes());
        let outcome = idp.answer(&mut browser, &sign_in, &field).await;
        outcome.refused();
        let trace = told.check(&server, &outcome.last, language).await;
        let document = trace["document"].as_str().unwrap();
        assert!(document.contains("CipherValue>"), "{document}");
        assert!(document.len() < 3_000, "ciphertexts are cut: {document}");
    }
}

/// For a certificate of somebody else's.
fn encrypted(assertion: &str) -> String {
    encrypted_for(assertion, &keys::other_idp().certificate_der())
}

/// For this certificate, as IdPs of today do.
pub fn encrypted_for(assertion: &str, certificate: &[u8]) -> String {
    encrypt::encrypted(assertion, certificate, Content::Aes256Gcm, Wrap::OaepSha1)
}

#[tokio::test]
async fn metadata_that_has_run_out() {
    let server = Server::sqlite().await;
    let idp = Idp::new();
    let until = now().plus_seconds(3);
    let metadata = idp.metadata().replace(
        " entityID=",
        &format!(" validUntil=\"{}\" entityID=", until.rfc3339()),
    );
    idp.register_with(&server, json!({ "saml": { "metadata_xml": metadata } }))
        .await;
    while now() <= until {
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    let told = Told::failed("expired metadata", "saml.metadata_expired", "gateway")
        .saying(&[
            "The provider cannot be used: saml.metadata_xml: ",
            &until.rfc3339(),
        ])
        .advising(&[
            "Correct saml.metadata_xml of the provider",
            "doorward check",
        ])
        .on_page("provider-misconfigured");
    for language in ["en", "de"] {
        let mut browser = browser(&server, language);
        let page = browser.click("/saml/okta/login").await;
        assert_eq!(page.status, 502);
        told.check(&server, &page, language).await;
    }
}
