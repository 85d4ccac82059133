//! Keys: those of clients that publish theirs, and our own that change.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use doorward::domain::Entropy;
use doorward::platform::crypto::jwt::{Algorithm, SigningKey};
use serde_json::{Value, json};

use super::{CALLBACK, Client, Reply, VERIFIER, register, reply, scene};
use crate::harness::{Server, now};
use crate::support::publisher::{Publication, Publisher};

on_both! {
    a_client_publishes_its_keys
    assertions_that_are_none
    our_keys_change_and_the_old_ones_stay
    keys_that_somebody_else_may_have
    two_secrets_for_a_while
    requests_that_have_to_be_pushed
}

const KIND: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

fn set(keys: &[&SigningKey]) -> String {
    let keys: Vec<&Value> = keys.iter().map(|key| key.public_jwk()).collect();
    json!({ "keys": keys }).to_string()
}

fn claims(server: &Server) -> Value {
    let at = now().millis() / 1000;
    json!({
        "iss": "signer", "sub": "signer", "aud": format!("{}/oidc/token", server.url),
        "iat": at, "exp": at + 60, "jti": Entropy::System.hex::<8>(),
    })
}

/// Presents an assertion with a code that there is not: whoever is known hears of
/// the code.
async fn present(client: &Client, assertion: &str) -> Reply {
    let form = [
        ("grant_type", "authorization_code"),
        ("code", "none"),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
        ("client_assertion_type", KIND),
        ("client_assertion", assertion),
    ];
    client.bare("/oidc/token", &form).await
}

async fn signer(server: &Server, keys: &Publisher) -> Client {
    let settings = json!({
        "token_endpoint_auth_method": "private_key_jwt",
        "jwks_uri": keys.url,
    });
    register(server, "signer", settings).await
}

async fn a_client_publishes_its_keys(server: Server) {
    const KNOWN: (u16, &str) = (400, "invalid_grant");
    const UNKNOWN: (u16, &str) = (401, "invalid_client");
    let first = SigningKey::generate(Algorithm::Es256).unwrap();
    let second = SigningKey::generate(Algorithm::Rs256).unwrap();
    let keys = Publisher::of(&set(&[&first]));
    let client = signer(&server, &keys).await;
    let with = |key: &SigningKey| key.sign("JWT", &claims(&server)).unwrap();
    for _ in 0..3 {
        assert_eq!(present(&client, &with(&first)).await.error(), KNOWN);
    }
    assert_eq!(keys.requests().len(), 1, "they are kept");
    // A key that is not known is looked for, and not at every knock.
    for _ in 0..3 {
        assert_eq!(present(&client, &with(&second)).await.error(), UNKNOWN);
    }
    assert_eq!(
        keys.requests().len(),
        1,
        "no more often than every ten seconds"
    );
    keys.publish(&set(&[&second]));
    tokio::time::sleep(std::time::Duration::from_millis(10_100)).await;
    assert_eq!(present(&client, &with(&second)).await.error(), KNOWN);
    assert_eq!(present(&client, &with(&first)).await.error(), UNKNOWN);
    assert_eq!(keys.requests().len(), 2);
    // What cannot be fetched, or is no set of keys, opens nothing, and breaks nothing.
    let broken = [
        Publication {
            status: 500,
            ..Publication::default()
        },
        Publication {
            body: b"<html>".to_vec(),
            ..Publication::default()
        },
        Publication {
            body: vec![b' '; 300 * 1024],
            ..Publication::default()
        },
    ];
    for (at, publication) in broken.into_iter().enumerate() {
        let other = Publisher::of("");
        other.answer_with(publication);
        let slug = format!("signer-{at}");
        let settings = json!({
            "token_endpoint_auth_method": "private_key_jwt",
            "jwks_uri": other.url,
        });
        let client = register(&server, &slug, settings).await;
        let mut said = claims(&server);
        said["iss"] = json!(slug);
        said["sub"] = json!(slug);
        let assertion = first.sign("JWT", &said).unwrap();
        assert_eq!(present(&client, &assertion).await.error(), UNKNOWN, "{at}");
    }
}

async fn assertions_that_are_none(server: Server) {
    let key = SigningKey::generate(Algorithm::Es256).unwrap();
    let keys = Publisher::of(&set(&[&key]));
    let client = signer(&server, &keys).await;
    let good = || key.sign("JWT", &claims(&server)).unwrap();
    let b64 = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let kid = key.kid();
    // The public key as the secret of a MAC, and no signature at all.
    let public = key.public_jwk().to_string();
    for header in [
        json!({"alg": "none"}),
        json!({"alg": "none", "kid": kid}),
        json!({"alg": "HS256", "kid": kid}),
        json!({"alg": "HS256", "typ": "JWT"}),
    ] {
        let signed = format!("{}.{}", b64(&header), b64(&claims(&server)));
        let mac = openssl::pkey::PKey::hmac(public.as_bytes()).unwrap();
        let digest = openssl::hash::MessageDigest::sha256();
        let mut hash = openssl::sign::Signer::new(digest, &mac).unwrap();
        let mac = hash.sign_oneshot_to_vec(signed.as_bytes()).unwrap();
        for signature in [String::new(), URL_SAFE_NO_PAD.encode(&mac)] {
            let refused = present(&client, &format!("{signed}.{signature}")).await;
            assert_eq!(refused.error(), (401, "invalid_client"), "{header}");
        }
    }
    // A signature of another message, and a message changed after it.
    let (one, other) = (good(), good());
    let part = |token: &str, n: usize| token.split('.').nth(n).unwrap().to_owned();
    let mixed = format!("{}.{}.{}", part(&one, 0), part(&one, 1), part(&other, 2));
    let refused = present(&client, &mixed).await;
    assert_eq!(refused.error(), (401, "invalid_client"));
    for (name, value) in [
        ("aud", json!("https://elsewhere.example.com/oidc/token")),
        ("aud", json!([])),
        ("iss", json!("wiki")),
        ("exp", json!(1)),
        ("jti", json!(7)),
    ] {
        let mut said = claims(&server);
        said[name] = value.clone();
        let refused = present(&client, &key.sign("JWT", &said).unwrap()).await;
        assert_eq!(refused.error(), (401, "invalid_client"), "{name}={value}");
    }
    // Twice, one after the other and at once.
    let twice = good();
    let known = present(&client, &twice).await;
    assert_eq!(known.error(), (400, "invalid_grant"));
    let again = present(&client, &twice).await;
    assert_eq!(again.error(), (401, "invalid_client"));
    let twice = good();
    let both = tokio::join!(present(&client, &twice), present(&client, &twice));
    let mut statuses = [both.0.status, both.1.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [400, 401]);
    // A secret is no way in for a client that signs.
    let form = [
        ("grant_type", "authorization_code"),
        ("code", "none"),
        ("client_id", "signer"),
        ("client_secret", "dws_x"),
    ];
    let refused = client.bare("/oidc/token", &form).await;
    assert_eq!(refused.error(), (401, "invalid_client"));
    // It signs at the other endpoints, too.
    let assertion = good();
    let form = [
        ("token", "x"),
        ("client_assertion_type", KIND),
        ("client_assertion", assertion.as_str()),
    ];
    let inspected = client.bare("/oidc/introspect", &form).await;
    assert_eq!(inspected.json, json!({"active": false}));
}

/// The names of the published keys.
async fn published(server: &Server) -> Vec<String> {
    let set = reply(server.client.get(format!("{}/oidc/jwks", server.url))).await;
    let keys = set.json["keys"].as_array().unwrap().clone();
    let kid = |key: &Value| key["kid"].as_str().unwrap().to_owned();
    keys.iter().map(kid).collect()
}

async fn our_keys_change_and_the_old_ones_stay(server: Server) {
    let (client, mut browser, _) = scene(&server, json!({})).await;
    let token = client.tokens(&mut browser, &[]).await.text("id_token");
    let before = published(&server).await;
    let api = server.api();
    let rotate = "/api/v1/signing-keys/rotate";
    let after = api.expect("POST", rotate, Some(&json!({})), 200).await;
    let items = after["items"].as_array().unwrap();
    let states: Vec<&str> = items.iter().map(|k| k["state"].as_str().unwrap()).collect();
    assert_eq!(states, ["next", "next", "current", "current"]);
    let twice = api.expect("POST", rotate, Some(&json!({})), 409).await;
    assert_eq!(twice["code"], "signing_key.coming", "{twice}");
    // The old ones sign on and stay published beside the new ones.
    let now = published(&server).await;
    assert_eq!(now.len(), 4);
    assert!(before.iter().all(|kid| now.contains(kid)));
    client.claims(&token).await;
    let token = client.tokens(&mut browser, &[]).await.text("id_token");
    client.claims(&token).await;
    let request = client.request(&[("id_token_hint", &token), ("prompt", "none")]);
    super::returned(&browser.click_elsewhere(&request).await, "code");
    let events = api.list("/api/v1/audit?action=signing_key.created").await;
    assert_eq!(events.len(), 4, "{events:?}");
    let shown = api.get("/api/v1/signing-keys?limit=1").await;
    assert_eq!(shown["next_cursor"], "1");
    assert!(!shown.to_string().contains("PRIVATE"));
}

async fn keys_that_somebody_else_may_have(server: Server) {
    let (client, mut browser, idp) = scene(&server, json!({})).await;
    let token = client.tokens(&mut browser, &[]).await.text("id_token");
    let before = published(&server).await;
    let (mut admin, _) = idp.signed_in_with(&server, "grace", Some("admin")).await;
    let page = admin.click("/admin/security/signing-keys").await;
    for kid in &before {
        assert!(page.body.contains(kid), "{}", page.body);
    }
    let question = "/admin/security/signing-keys/replace";
    let csrf = admin.csrf(question).await;
    let done = admin.submit(question, &[("csrf", &csrf)]).await;
    assert_eq!(
        done.location.as_deref(),
        Some("/admin/security/signing-keys?done=signing-keys-replaced")
    );
    let now = published(&server).await;
    assert_eq!(now.len(), 2);
    assert!(before.iter().all(|kid| !now.contains(kid)));
    // What the old ones signed is no hint any more.
    let request = client.request(&[("id_token_hint", &token), ("prompt", "none")]);
    let answer = browser.click_elsewhere(&request).await;
    assert_eq!(super::returned(&answer, "error"), "invalid_request");
    let token = client.tokens(&mut browser, &[]).await.text("id_token");
    client.claims(&token).await;
    let question = "/admin/security/signing-keys/rotate";
    let csrf = admin.csrf(question).await;
    for word in ["done=signing-keys-rotated", "told=signing-keys-coming"] {
        let done = admin.submit(question, &[("csrf", &csrf)]).await;
        let expected = format!("/admin/security/signing-keys?{word}");
        assert_eq!(done.location.as_deref(), Some(expected.as_str()));
    }
}

async fn two_secrets_for_a_while(server: Server) {
    let (client, mut browser, _) = scene(&server, json!({})).await;
    let path = "/api/v1/applications/wiki/rotate-secret";
    let rotated = server
        .api()
        .expect("POST", &format!("{path}?keep_old_for=600"), None, 200)
        .await;
    let mut renewed = client.clone();
    renewed.secret = Some(rotated["client_secret"].as_str().unwrap().to_owned());
    for client in [&client, &renewed] {
        client.tokens(&mut browser, &[]).await;
    }
    // At once this time: only the newest counts.
    let rotated = server.api().expect("POST", path, None, 200).await;
    assert!(rotated.get("old_secret_until").is_none(), "{rotated}");
    for client in [&client, &renewed] {
        let refused = client.redeem("x").await;
        assert_eq!(refused.error(), (401, "invalid_client"));
    }
}

async fn requests_that_have_to_be_pushed(server: Server) {
    let settings = json!({"require_pushed_authorization_requests": true});
    let (client, mut browser, _) = scene(&server, settings).await;
    let answer = browser.click_elsewhere(&client.request(&[])).await;
    assert_eq!(super::returned(&answer, "error"), "invalid_request");
    let challenge = super::challenge(VERIFIER);
    let form = [
        ("redirect_uri", CALLBACK),
        ("response_type", "code"),
        ("scope", "openid"),
        ("code_challenge", challenge.as_str()),
        ("code_challenge_method", "S256"),
    ];
    let pushed = client.post("/oidc/par", &form).await;
    let uri = pushed.text("request_uri");
    let query = [
        ("client_id", "wiki"),
        ("request_uri", uri.as_str()),
        // What stands beside it counts for nothing (RFC 9126 section 4).
        ("scope", "openid email"),
        ("redirect_uri", "https://evil.example.com/"),
    ];
    let query = crate::harness::encode(&query);
    let answer = browser
        .click_elsewhere(&format!("/oidc/authorize?{query}"))
        .await;
    let tokens = client.redeem(&super::returned(&answer, "code")).await;
    assert_eq!(tokens.json["scope"], "openid");
}

/// The gateway of this test asks nobody inside of the company's network.
#[tokio::test]
async fn keys_are_not_fetched_from_inside() {
    let inside = "[security]\nallow_private_networks = false\n";
    let server = Server::sqlite_with(inside).await;
    let key = SigningKey::generate(Algorithm::Es256).unwrap();
    let keys = Publisher::of(&set(&[&key]));
    let client = signer(&server, &keys).await;
    let assertion = key.sign("JWT", &claims(&server)).unwrap();
    let refused = present(&client, &assertion).await;
    assert_eq!(refused.error(), (401, "invalid_client"));
    assert!(keys.requests().is_empty(), "{:?}", keys.requests());
}
