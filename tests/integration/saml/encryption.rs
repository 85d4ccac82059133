//! Encrypted assertions over HTTP: what is opened, what is asked for, and what
//! nobody can tell apart.

use serde_json::json;

use crate::harness::{Browser, Forge, Idp, Person, Server};
use crate::support::encrypt::{Content, Wrap, encrypted, holder};
use crate::support::forge::encode;
use crate::support::keys;

/// The certificates that our metadata publishes for a use, in its order.
pub async fn published(server: &Server, slug: &str, key_use: &str) -> Vec<Vec<u8>> {
    use base64::Engine as _;
    let url = format!("{}/saml/{slug}/metadata", server.url);
    let answer = server.client.get(url).send().await.unwrap();
    let metadata = answer.text().await.unwrap();
    let mut found = Vec::new();
    for descriptor in metadata.split("<md:KeyDescriptor").skip(1) {
        if !descriptor.contains(&format!("use=\"{key_use}\"")) {
            continue;
        }
        let text = descriptor.split("X509Certificate>").nth(1).unwrap();
        let text: String = text.split('<').next().unwrap().split_whitespace().collect();
        let der = base64::engine::general_purpose::STANDARD.decode(text);
        found.push(der.unwrap());
    }
    found
}

/// The answer with its assertion encrypted.
pub fn sealed(forge: &Forge, certificate: &[u8], content: Content, wrap: Wrap) -> String {
    let assertion = encrypted(&forge.assertion_xml(), certificate, content, wrap);
    encode(forge.response_around(&assertion).as_bytes())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_algorithm_that_is_offered_signs_in() {
    let server = Server::sqlite().await;
    let idp = Idp::new();
    idp.register_with(&server, json!({ "saml": { "require_encryption": true } }))
        .await;
    let ours = published(&server, &idp.slug, "encryption").await;
    assert_eq!(ours.len(), 1);
    for content in Content::ALL {
        for wrap in Wrap::OFFERED {
            let mut browser = Browser::new(&server);
            let sign_in = idp.start(&mut browser).await;
            let person = Person::named("alice");
            let forge = idp.scene(&server, &sign_in, &person).forge();
            let field = sealed(&forge, &ours[0], content, wrap);
            let outcome = idp.answer(&mut browser, &sign_in, &field).await;
            assert_eq!(
                outcome.user()["email"],
                "alice@example.com",
                "{content:?} {wrap:?}"
            );
        }
    }
}

#[tokio::test]
async fn an_assertion_in_clear_is_refused_where_none_is_wanted() {
    let server = Server::sqlite().await;
    let idp = Idp::new();
    idp.register_with(&server, json!({ "saml": { "require_encryption": true } }))
        .await;
    let signed: [fn(Forge) -> Forge; 3] = [|f| f, Forge::signed_response, Forge::signed_twice];
    for how in signed {
        let mut browser = Browser::new(&server);
        let sign_in = idp.start(&mut browser).await;
        let forge = how(idp
            .scene(&server, &sign_in, &Person::named("alice"))
            .forge());
        let outcome = idp.answer(&mut browser, &sign_in, &forge.base64()).await;
        outcome.refused();
        let trace = server.api().last_trace().await;
        assert_eq!(trace["code"], "saml.not_encrypted", "{trace}");
        assert_eq!(trace["side"], "idp");
        assert!(
            trace["summary"]
                .as_str()
                .unwrap()
                .contains("require_encryption")
        );
    }
    assert!(server.api().users().await.is_empty());
}

/// How an answer is made that must not be opened.
type Attack = Box<dyn Fn(&Forge) -> String>;

/// All of them look the same from outside, to the page and to the trace.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_opened_is_one_and_the_same_refusal() {
    let server = Server::sqlite().await;
    let (idp, other) = (Idp::new(), Idp::other());
    idp.register(&server).await;
    other.register(&server).await;
    let ours = published(&server, &idp.slug, "encryption").await.remove(0);
    let theirs = published(&server, &other.slug, "encryption")
        .await
        .remove(0);
    let stranger = keys::other_idp().certificate_der();
    let (gcm, cbc, oaep) = (Content::Aes256Gcm, Content::Aes128Cbc, Wrap::OaepSha1);
    let with = |certificate: &[u8], content, change: fn(Forge) -> Forge| -> Attack {
        let certificate = certificate.to_vec();
        Box::new(move |forge| sealed(&change(forge.clone()), &certificate, content, oaep))
    };
    let around = |content, wrapped: Vec<u8>, octets: Vec<u8>| -> Attack {
        Box::new(move |forge: &Forge| {
            let element = holder(content, oaep, &wrapped, &octets);
            encode(forge.response_around(&element).as_bytes())
        })
    };
    let attacks: Vec<(&str, Attack)> = vec![
        (
            "unsigned, by an attacker",
            with(&ours, gcm, Forge::unsigned),
        ),
        ("unsigned, CBC", with(&ours, cbc, Forge::unsigned)),
        ("another provider's key", with(&theirs, gcm, |f| f)),
        ("a stranger's key", with(&stranger, gcm, |f| f)),
        ("an empty ciphertext", around(gcm, vec![1; 256], Vec::new())),
        ("a short ciphertext", around(cbc, vec![1; 256], vec![2; 17])),
        ("one block", around(cbc, vec![1; 256], vec![2; 16])),
        ("rubbish", around(cbc, vec![1; 256], vec![2; 4096])),
        ("an empty key", around(gcm, Vec::new(), vec![2; 64])),
        ("another IdP's signature", {
            let ours = ours.clone();
            Box::new(move |forge: &Forge| {
                let mut forge = forge.clone();
                forge.signature().key = keys::other_idp();
                sealed(&forge, &ours, gcm, oaep)
            })
        }),
    ];
    let mut pages = Vec::new();
    for (name, attack) in attacks {
        let mut browser = Browser::new(&server);
        let sign_in = idp.start(&mut browser).await;
        let forge = idp.scene(&server, &sign_in, &Person::named("eve")).forge();
        let start = std::time::Instant::now();
        let outcome = idp.answer(&mut browser, &sign_in, &attack(&forge)).await;
        assert!(start.elapsed().as_secs() < 2, "{name}");
        let reference = outcome.refused();
        let trace = server.api().last_trace().await;
        // What anybody can see without our keys may have a code of its own.
        let code = if name.starts_with("an empty") {
            "saml.encryption_malformed"
        } else {
            "saml.decryption_failed"
        };
        assert_eq!(trace["code"], code, "{name}: {trace}");
        pages.push((name, outcome.last.body.replace(&reference, "REFERENCE")));
    }
    for (name, page) in &pages {
        assert_eq!(page, &pages[0].1, "the page for {name} differs");
    }
    assert!(server.api().users().await.is_empty());
}

#[tokio::test]
async fn rsa_with_pkcs1_padding_is_not_offered() {
    let server = Server::sqlite().await;
    let idp = Idp::new();
    idp.register(&server).await;
    let ours = published(&server, &idp.slug, "encryption").await.remove(0);
    let mut browser = Browser::new(&server);
    let sign_in = idp.start(&mut browser).await;
    let forge = idp.scene(&server, &sign_in, &Person::named("eve")).forge();
    let field = sealed(&forge, &ours, Content::Aes128Cbc, Wrap::Pkcs1);
    let outcome = idp.answer(&mut browser, &sign_in, &field).await;
    outcome.refused();
    let trace = server.api().last_trace().await;
    assert_eq!(trace["code"], "saml.encryption_algorithm", "{trace}");
}
