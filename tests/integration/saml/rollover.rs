//! The rollover of our own keys: two steps, and no failed login in between.

use base64::Engine as _;
use openssl::hash::MessageDigest;
use openssl::sign::Verifier;
use openssl::x509::X509;
use serde_json::{Value, json};

use super::encryption::{published, sealed};
use crate::harness::{Browser, Idp, Outcome, Person, Server};
use crate::support::encrypt::{Content, Wrap};

on_both! { a_rollover_fails_no_login }

async fn step(server: &Server, step: &str, status: u16) -> Value {
    let path = "/api/v1/providers/okta/rotate-key";
    let body = json!({ "step": step });
    server.api().expect("POST", path, Some(&body), status).await
}

/// A login with the assertion encrypted for this certificate.
async fn login(server: &Server, idp: &Idp, certificate: &[u8]) -> Outcome {
    let mut browser = Browser::new(server);
    let sign_in = idp.start(&mut browser).await;
    let scene = idp.scene(server, &sign_in, &Person::named("alice"));
    let field = sealed(
        &scene.forge(),
        certificate,
        Content::Aes256Gcm,
        Wrap::OaepSha1,
    );
    idp.answer(&mut browser, &sign_in, &field).await
}

/// Which of the certificates verifies the signature of a request.
async fn signer(server: &Server, certificates: &[Vec<u8>]) -> Option<usize> {
    let mut browser = Browser::new(server);
    let answer = browser.click("/saml/okta/login").await;
    let location = answer.location.unwrap();
    let query = location.split_once('?').unwrap().1;
    let (signed, signature) = query.split_once("&Signature=").unwrap();
    let signature: String = url::form_urlencoded::parse(format!("s={signature}").as_bytes())
        .map(|(_, value)| value.into_owned())
        .collect();
    let signature = base64::engine::general_purpose::STANDARD
        .decode(signature)
        .unwrap();
    certificates.iter().position(|der| {
        let key = X509::from_der(der).unwrap().public_key().unwrap();
        let mut verifier = Verifier::new(MessageDigest::sha256(), &key).unwrap();
        verifier
            .verify_oneshot(&signature, signed.as_bytes())
            .unwrap()
    })
}

async fn a_rollover_fails_no_login(server: Server) {
    let idp = Idp::new();
    let settings = json!({ "saml": { "sign_requests": true, "require_encryption": true } });
    let made = idp.register_with(&server, settings).await;
    let old = published(&server, "okta", "encryption").await.remove(0);
    assert_eq!(
        published(&server, "okta", "signing").await,
        std::slice::from_ref(&old)
    );
    assert_eq!(made["keys"].as_array().unwrap().len(), 1);
    login(&server, &idp, &old).await.user();

    // Nothing to finish yet.
    let problem = step(&server, "finish", 409).await;
    assert_eq!(problem["code"], "provider.rollover_not_begun");
    step(&server, "cancel", 409).await;
    step(&server, "twist", 422).await;

    // A step that is taken back leaves the old key alone.
    step(&server, "begin", 200).await;
    let cancelled = step(&server, "cancel", 200).await;
    assert_eq!(cancelled["rollover"], false);
    assert_eq!(
        published(&server, "okta", "encryption").await,
        std::slice::from_ref(&old)
    );

    // Both are published, both decrypt, the old one signs.
    let begun = step(&server, "begin", 200).await;
    assert_eq!(begun["rollover"], true);
    assert_eq!(begun["keys"][0]["signs"], true);
    assert_eq!(begun["keys"][1]["signs"], false);
    let both = published(&server, "okta", "encryption").await;
    assert_eq!(both[0], old);
    assert_eq!(published(&server, "okta", "signing").await, both);
    for certificate in &both {
        login(&server, &idp, certificate).await.user();
    }
    assert_eq!(signer(&server, &both).await, Some(0));
    let problem = step(&server, "begin", 409).await;
    assert_eq!(problem["code"], "provider.rollover_under_way");
    let shown = server.api().get("/api/v1/providers/okta").await;
    assert_eq!(shown["keys"], begun["keys"]);

    // The new one signs and is alone.
    step(&server, "finish", 200).await;
    let new = both[1].clone();
    assert_eq!(
        published(&server, "okta", "encryption").await,
        std::slice::from_ref(&new)
    );
    assert_eq!(signer(&server, &both).await, Some(1));
    login(&server, &idp, &new).await.user();
    login(&server, &idp, &old).await.refused();

    let events = server.api().list("/api/v1/audit?target=okta").await;
    let actions: Vec<&str> = events
        .iter()
        .map(|event| event["action"].as_str().unwrap())
        .filter(|action| action.contains("key"))
        .collect();
    assert_eq!(
        actions,
        [
            "provider.key_retired",
            "provider.key_added",
            "provider.key_withdrawn",
            "provider.key_added"
        ]
    );
}
