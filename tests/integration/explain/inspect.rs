//! `doorward saml inspect`, against a configured provider.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::okta;
use crate::harness::{Browser, Forge, Idp, Person, Server, encode, now};
use crate::support::forge::encode as base64_of;

async fn forge(server: &Server, idp: &Idp) -> Forge {
    let mut browser = Browser::new(server);
    let sign_in = idp.start(&mut browser).await;
    idp.scene(server, &sign_in, &Person::named("alice")).forge()
}

fn inspect(server: &Server, input: &str, more: &[&str]) -> Value {
    let arguments = [&["saml", "inspect", "-", "--json"], more].concat();
    serde_json::from_str(&server.cli(&arguments, input)).unwrap()
}

/// Every wrapping; the provider is named, or found by its issuer.
#[tokio::test]
async fn an_answer_is_explained() {
    let server = Server::sqlite().await;
    let idp = okta();
    idp.register(&server).await;
    let forge = forge(&server, &idp).await;
    let field = forge.base64();
    for input in [
        forge.xml(),
        field.clone(),
        encode(&[("SAMLResponse", &field), ("RelayState", "x")]),
    ] {
        for more in [&["--provider", "okta"][..], &[]] {
            let shown = inspect(&server, &input, more);
            assert_eq!(shown["issuer"], idp.entity_id);
            assert_eq!(shown["provider"], "okta");
            assert_eq!(shown["name_id"], "00u-alice");
            assert_eq!(
                shown["audiences"][0],
                format!("{}/saml/okta/metadata", server.url)
            );
            assert_eq!(shown["signatures"][0]["of"], "assertion");
            let attributes = shown["attributes"].as_array().unwrap();
            let department = attributes
                .iter()
                .find(|a| a["name"] == "department")
                .unwrap();
            assert_eq!(department["fields"], json!(["department"]));
            assert_eq!(shown["now"]["accepted"], true, "{shown:#}");
            assert_eq!(shown["when_issued"]["accepted"], true, "{shown:#}");
        }
    }
    let text = server.cli(&["saml", "inspect", "-"], &field);
    assert!(
        text.contains("accepted. It is genuine and speaks of alice@example.com."),
        "{text}"
    );
    assert!(server.api().users().await.is_empty(), "nobody is let in");
}

/// Refused now, accepted when it was made.
#[tokio::test]
async fn an_old_answer_was_good_once() {
    let server = Server::sqlite().await;
    let idp = okta();
    idp.register(&server).await;
    let mut browser = Browser::new(&server);
    let sign_in = idp.start(&mut browser).await;
    let mut scene = idp.scene(&server, &sign_in, &Person::named("alice"));
    scene.now = now().plus_seconds(-3 * 86_400);
    let field = scene.forge().base64();
    let shown = inspect(&server, &field, &[]);
    assert_eq!(shown["now"]["accepted"], false);
    assert_eq!(shown["now"]["code"], "saml.confirmation_expired");
    assert_eq!(shown["when_issued"]["accepted"], true, "{shown:#}");
    let text = server.cli(&["saml", "inspect", "-"], &field);
    assert!(
        text.contains("refused (saml.confirmation_expired)."),
        "{text}"
    );
    assert!(
        text.contains("came too late by 2 days and 23 hours"),
        "{text}"
    );
    assert!(text.contains("(3 days ago)"), "{text}");
}

/// What would go wrong, before anybody has tried.
#[tokio::test]
async fn what_is_wrong_is_said() {
    let server = Server::sqlite().await;
    let idp = okta();
    idp.register(&server).await;
    let mut wrong = forge(&server, &idp).await;
    wrong.conditions().audiences = vec![vec!["https://old.example.com".to_owned()]];
    let shown = inspect(&server, &wrong.base64(), &[]);
    assert_eq!(shown["now"]["code"], "saml.audience_mismatch");
    let remedy = shown["now"]["remedy"].as_str().unwrap();
    assert!(
        remedy.contains("\"Audience URI (SP Entity ID)\""),
        "{remedy}"
    );
    let mut foreign = forge(&server, &idp).await;
    for attribute in &mut foreign.assertion.attributes {
        if attribute.name.ends_with("emailaddress") {
            attribute.values = vec!["alice@partner.example".to_owned()];
        }
    }
    let shown = inspect(&server, &foreign.base64(), &[]);
    assert_eq!(shown["now"]["code"], "login.domain_not_allowed");
    let mut unsolicited = forge(&server, &idp).await;
    unsolicited.response.in_response_to = None;
    let shown = inspect(&server, &unsolicited.base64(), &[]);
    assert_eq!(shown["now"]["code"], "saml.unsolicited");
    // Nobody here knows this one.
    let mut stranger = forge(&server, &idp).await;
    stranger.response.issuer = Some("https://stranger.example".to_owned());
    let shown = inspect(&server, &stranger.base64(), &[]);
    assert!(shown["now"].is_null() && shown["provider"].is_null());
    let text = server.cli(&["saml", "inspect", "-"], &stranger.base64());
    assert!(text.contains("No verdict"), "{text}");
}

/// Encrypted ones are opened with the provider's own key.
#[tokio::test]
async fn an_encrypted_answer_is_opened() {
    let server = Server::sqlite().await;
    let idp = okta();
    idp.register(&server).await;
    let metadata = Browser::new(&server)
        .visit("/saml/okta/metadata")
        .await
        .body;
    let ours = metadata
        .split_once("X509Certificate>")
        .and_then(|(_, rest)| rest.split_once('<'))
        .unwrap()
        .0;
    let ours = STANDARD
        .decode(ours.replace(char::is_whitespace, ""))
        .unwrap();
    let forge = forge(&server, &idp).await;
    let encrypted = super::keys::encrypted_for(&forge.assertion_xml(), &ours);
    let field = base64_of(forge.response_around(&encrypted).as_bytes());
    let shown = inspect(&server, &field, &[]);
    assert_eq!(shown["decrypted"], true, "{shown:#}");
    assert_eq!(shown["name_id"], "00u-alice");
    assert_eq!(shown["signatures"][0]["of"], "assertion");
    assert_eq!(shown["now"]["accepted"], true, "{shown:#}");
    assert!(shown["encryption"].as_str().unwrap().contains("aes256-gcm"));
}

/// Metadata beside what the provider has.
#[tokio::test]
async fn metadata_is_compared() {
    let server = Server::sqlite().await;
    let idp = okta();
    idp.register(&server).await;
    let shown = inspect(&server, &idp.metadata(), &["--provider", "okta"]);
    let one = &shown["idps"][0];
    assert_eq!(one["entity_id"], idp.entity_id);
    assert_eq!(one["vendor"], "Okta");
    assert_eq!(one["certificates"][0]["pinned"], true);
    assert_eq!(one["certificates"][0]["key"], "RSA 2048");
    assert!(one["refused"].is_null());
    let mut renewed = idp.clone();
    renewed.key = crate::support::keys::other_idp();
    let shown = inspect(&server, &renewed.metadata(), &["--provider", "okta"]);
    assert_eq!(shown["idps"][0]["certificates"][0]["pinned"], false);
    let text = server.cli(
        &["saml", "inspect", "-", "--provider", "okta"],
        &renewed.metadata(),
    );
    assert!(
        text.contains("the provider here does not have it"),
        "{text}"
    );
}
