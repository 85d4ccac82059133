//! The two sides do not agree on an address or a name.

use super::{Told, login, okta};
use crate::harness::{Idp, Person, Server};

fn wrong_acs(case: &'static str) -> Told {
    Told::failed(case, "saml.destination_mismatch", "idp").on_page("provider-misconfigured")
}

/// The IdP's answers go to `address`, which is not ours.
async fn answers_at(address: impl Fn(&str) -> String, case: &'static str, words: &[&str]) {
    let server = Server::sqlite().await;
    let idp = okta();
    idp.register(&server).await;
    let ours = format!("{}{}", server.url, idp.acs());
    let theirs = address(&ours);
    let told = wrong_acs(case)
        .saying(words)
        .advising(&[
            "At Okta, set \"Single sign-on URL\" (General → SAML Settings → Edit) to",
            &format!("to {ours}, to the letter."),
            "public_url in config.toml",
        ])
        .comparing(Some(&ours), &[&theirs]);
    let trace = login(
        &server,
        &idp,
        &Person::named("alice"),
        |forge| {
            forge.response.destination = Some(theirs.clone());
            forge.confirmation().recipient = Some(theirs.clone());
            *forge = forge.clone().signed_response();
        },
        &told,
    )
    .await;
    // The whole answer is there, and none that could be sent again.
    let document = trace["document"].as_str().unwrap();
    assert!(document.contains(&theirs), "{document}");
    assert!(document.contains("SessionIndex=\"_session"), "{document}");
    assert!(document.contains("alice@example.com"), "{document}");
    let value = document
        .split_once("SignatureValue>")
        .and_then(|(_, rest)| rest.split_once('<'))
        .unwrap();
    assert!(value.0.ends_with('…') && value.0.chars().count() == 9);
}

#[tokio::test]
async fn another_scheme() {
    answers_at(
        |ours| ours.replace("http://", "https://"),
        "wrong ACS: another scheme",
        &["begins with https:// instead of http://."],
    )
    .await;
}

#[tokio::test]
async fn a_trailing_slash() {
    answers_at(
        |ours| format!("{ours}/"),
        "wrong ACS: a slash too many",
        &["ends with a slash that must not be there."],
    )
    .await;
}

#[tokio::test]
async fn an_old_host() {
    answers_at(
        |ours| ours.replace("127.0.0.1", "old.example.com"),
        "wrong ACS: an old host",
        &["names the host old.example.com instead of 127.0.0.1."],
    )
    .await;
}

/// Where the address stands in the assertion only.
#[tokio::test]
async fn another_recipient() {
    let server = Server::sqlite().await;
    let idp = Idp::new();
    idp.register(&server).await;
    let ours = format!("{}{}", server.url, idp.acs());
    let told = Told {
        code: "saml.recipient_mismatch",
        ..wrong_acs("wrong recipient")
    }
    .saying(&["The IdP made its answer for https://elsewhere.example/acs, and this gateway takes"])
    .advising(&["At the IdP, set the ACS URL (also called reply URL or single sign-on URL) to"])
    .comparing(Some(&ours), &["https://elsewhere.example/acs"]);
    login(
        &server,
        &idp,
        &Person::named("alice"),
        |forge| forge.confirmation().recipient = Some("https://elsewhere.example/acs".to_owned()),
        &told,
    )
    .await;
}

#[tokio::test]
async fn another_audience() {
    let server = Server::sqlite().await;
    let idp = okta();
    idp.register(&server).await;
    let ours = format!("{}/saml/okta/metadata", server.url);
    let theirs = "https://old.example.com/saml/okta/metadata";
    let told = Told::failed("wrong audience", "saml.audience_mismatch", "idp")
        .saying(&[
            "The IdP made its answer for another service",
            &format!("for {theirs}, not for {ours}."),
        ])
        .advising(&[&format!(
            "At Okta, set \"Audience URI (SP Entity ID)\" (General → SAML Settings → Edit) to {ours}, to the letter."
        )])
        .comparing(Some(&ours), &[theirs])
        .on_page("provider-misconfigured");
    login(
        &server,
        &idp,
        &Person::named("alice"),
        |forge| forge.conditions().audiences = vec![vec![theirs.to_owned()]],
        &told,
    )
    .await;
}

/// Production metadata for a test IdP.
#[tokio::test]
async fn another_idp_than_its_metadata() {
    let server = Server::sqlite().await;
    let idp = okta();
    idp.register(&server).await;
    let test_system = "http://www.okta.com/exk2testtest";
    let told = Told::failed(
        "production metadata, test IdP",
        "saml.issuer_mismatch",
        "idp",
    )
    .saying(&[
        "The answer comes from another IdP than the one whose metadata this provider has",
        "has the path /exk2testtest instead of /exk1example",
        "test system",
    ])
    .advising(&[
        &format!("If {test_system} is the right one"),
        "Okta: \"Metadata URL\" (Sign On)",
    ])
    .comparing(Some(&idp.entity_id), &[test_system])
    .on_page("provider-misconfigured");
    login(
        &server,
        &idp,
        &Person::named("alice"),
        |forge| {
            forge.response.issuer = Some(test_system.to_owned());
            forge.assertion.issuer = Some(test_system.to_owned());
        },
        &told,
    )
    .await;
}
