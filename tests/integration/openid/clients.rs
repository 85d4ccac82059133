//! How clients prove who they are.

use doorward::platform::crypto::jwt::{Algorithm, SigningKey};
use serde_json::{Value, json};

use super::{CALLBACK, Client, Reply, VERIFIER, register, reply, scene};
use crate::harness::{Browser, Server, now};

on_both! {
    secrets_in_the_header_or_the_body
    one_way_at_a_time
    a_public_client_proves_itself_by_its_verifier
    a_client_signs_with_a_key_of_its_own
}

fn exchange(code: &str) -> Vec<(&str, &str)> {
    vec![
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
    ]
}

async fn secrets_in_the_header_or_the_body(server: Server) {
    let (client, mut browser, _) = scene(&server, json!({})).await;
    let secret = client.secret.clone().unwrap();
    client.tokens(&mut browser, &[]).await;
    let code = client.code(&mut browser, &[]).await;
    let mut form = exchange(&code);
    form.extend([("client_id", "wiki"), ("client_secret", secret.as_str())]);
    assert_eq!(client.bare("/oidc/token", &form).await.status, 200);
    let code = client.code(&mut browser, &[]).await;
    for secret in [
        "wrong",
        "",
        "dws_",
        &secret[..secret.len() - 1],
        &format!("{secret} "),
    ] {
        let mut wrong = client.clone();
        wrong.secret = Some(secret.to_owned());
        let refused = wrong.redeem(&code).await;
        assert_eq!(refused.error(), (401, "invalid_client"), "{secret:?}");
        let challenge = refused.headers["www-authenticate"].to_str().unwrap();
        assert!(challenge.starts_with("Basic "), "{challenge}");
        assert_eq!(refused.headers["cache-control"], "no-store");
    }
    // Without any proof, and as somebody who is not there.
    let mut form = exchange(&code);
    form.push(("client_id", "wiki"));
    assert_eq!(
        client.bare("/oidc/token", &form).await.error(),
        (401, "invalid_client")
    );
    assert_eq!(
        client.bare("/oidc/token", &exchange(&code)).await.error(),
        (401, "invalid_client")
    );
    let mut nobody = client.clone();
    nobody.id = "nobody".to_owned();
    assert_eq!(nobody.redeem(&code).await.error(), (401, "invalid_client"));
    // After a rotation the old secret is worth nothing.
    let rotated = server
        .api()
        .expect("POST", "/api/v1/applications/wiki/rotate-secret", None, 200)
        .await;
    assert_eq!(client.redeem(&code).await.error(), (401, "invalid_client"));
    let mut renewed = client.clone();
    renewed.secret = Some(rotated["client_secret"].as_str().unwrap().to_owned());
    assert_eq!(renewed.redeem(&code).await.status, 200);
    // A client that is to prove itself in one way does so in no other.
    let settings = json!({"token_endpoint_auth_method": "client_secret_post"});
    let posts = register(&server, "posts", settings).await;
    let code = posts.code(&mut browser, &[]).await;
    assert_eq!(posts.redeem(&code).await.error(), (401, "invalid_client"));
}

async fn one_way_at_a_time(server: Server) {
    let (client, mut browser, _) = scene(&server, json!({})).await;
    let code = client.code(&mut browser, &[]).await;
    let secret = client.secret.clone().unwrap();
    let both = client
        .redeem_with(&code, &[("client_secret", &secret)])
        .await;
    assert_eq!(both.error(), (400, "invalid_request"));
    let other = client.redeem_with(&code, &[("client_id", "other")]).await;
    assert_eq!(other.error(), (400, "invalid_request"));
    let url = format!("{}/oidc/token", server.url);
    let basic = || server.client.post(&url).basic_auth("wiki", Some(&secret));
    let twice = format!("grant_type=authorization_code&code={code}&code={code}");
    let form = "application/x-www-form-urlencoded";
    let twice = reply(basic().header("content-type", form).body(twice)).await;
    assert_eq!(twice.error(), (400, "invalid_request"));
    let as_json = basic().json(&json!({"grant_type": "authorization_code", "code": code}));
    assert_eq!(reply(as_json).await.error(), (400, "invalid_request"));
    let get = server
        .client
        .get(format!("{url}?grant_type=authorization_code&code={code}"));
    assert_eq!(reply(get).await.status, 405);
    let same = client.redeem_with(&code, &[("client_id", "wiki")]).await;
    assert_eq!(same.status, 200, "{}", same.json);
}

async fn a_public_client_proves_itself_by_its_verifier(server: Server) {
    let (wiki, mut browser, _) = scene(&server, json!({})).await;
    let public = register(&server, "spa", json!({"confidential": false})).await;
    assert!(public.secret.is_none());
    let tokens = public
        .tokens(&mut browser, &[("scope", "openid offline_access")])
        .await;
    assert_eq!(tokens.headers["access-control-allow-origin"], "*");
    assert_eq!(
        public.refresh(&tokens.text("refresh_token")).await.status,
        200
    );
    let code = public.code(&mut browser, &[]).await;
    let refused = public.redeem_with(&code, &[("code_verifier", "")]).await;
    assert_eq!(refused.error(), (400, "invalid_grant"));
    // A secret that it has not is no proof either.
    let mut posing = public.clone();
    posing.secret = wiki.secret.clone();
    assert_eq!(posing.redeem(&code).await.error(), (401, "invalid_client"));
}

fn assertion(server: &Server, key: &SigningKey, changes: &Value) -> String {
    let at = now().millis() / 1000;
    let mut claims = json!({
        "iss": "signer", "sub": "signer", "aud": server.url, "iat": at, "exp": at + 60,
        "jti": format!("{}", doorward::domain::Entropy::System.hex::<8>()),
    });
    for (name, value) in changes.as_object().unwrap() {
        claims[name] = value.clone();
    }
    key.sign("JWT", &claims).unwrap()
}

async fn redeem(client: &Client, code: &str, assertion: &str) -> Reply {
    let mut form = exchange(code);
    let kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
    form.extend([
        ("client_assertion_type", kind),
        ("client_assertion", assertion),
    ]);
    client.bare("/oidc/token", &form).await
}

async fn a_client_signs_with_a_key_of_its_own(server: Server) {
    let (_, mut browser, _) = scene(&server, json!({})).await;
    let key = SigningKey::generate(Algorithm::Es256).unwrap();
    let other = SigningKey::generate(Algorithm::Es256).unwrap();
    let settings = json!({
        "token_endpoint_auth_method": "private_key_jwt",
        "jwks": {"keys": [key.public_jwk()]},
    });
    let client = register(&server, "signer", settings).await;
    assert!(client.secret.is_none());
    let code = client.code(&mut browser, &[]).await;
    let at = now().millis() / 1000;
    for changes in [
        json!({"iss": "wiki"}),
        json!({"sub": "wiki"}),
        json!({"aud": "https://elsewhere.example.com"}),
        json!({"exp": at - 60}),
        json!({"exp": at + 7200}),
        json!({"iat": at + 600}),
        json!({"jti": null}),
    ] {
        let refused = redeem(&client, &code, &assertion(&server, &key, &changes)).await;
        assert_eq!(refused.error(), (401, "invalid_client"), "{changes}");
    }
    let forged = assertion(&server, &other, &json!({}));
    assert_eq!(
        redeem(&client, &code, &forged).await.error(),
        (401, "invalid_client")
    );
    let good = assertion(&server, &key, &json!({}));
    let unsigned = format!("eyJhbGciOiJub25lIn0.{}.", good.split('.').nth(1).unwrap());
    assert_eq!(
        redeem(&client, &code, &unsigned).await.error(),
        (401, "invalid_client")
    );
    let tokens = redeem(&client, &code, &good).await;
    assert_eq!(tokens.status, 200, "{}", tokens.json);
    let code = next(&client, &mut browser).await;
    let replayed = redeem(&client, &code, &good).await;
    assert_eq!(replayed.error(), (401, "invalid_client"));
    let at_token = json!({"aud": [format!("{}/oidc/token", server.url)]});
    let tokens = redeem(&client, &code, &assertion(&server, &key, &at_token)).await;
    assert_eq!(tokens.status, 200, "{}", tokens.json);
}

async fn next(client: &Client, browser: &mut Browser) -> String {
    client.code(browser, &[]).await
}

/// The gateway of this test counts; those of the others do not.
#[tokio::test]
async fn failures_are_slowed_down() {
    let security = "[security]\nrate_limits = true\n";
    let server = Server::sqlite_with(security).await;
    let client = register(&server, "wiki", json!({})).await;
    let mut wrong = client.clone();
    wrong.secret = Some("wrong".to_owned());
    let mut slowed = 0;
    for _ in 0..25 {
        let refused = wrong.redeem("x").await;
        match refused.status {
            401 => {}
            429 => {
                assert!(refused.headers.contains_key("retry-after"));
                slowed += 1;
            }
            other => panic!("{other}"),
        }
    }
    assert!(slowed >= 3, "{slowed}");
    // Whoever has the secret is not kept out by those who have not.
    assert_eq!(client.redeem("x").await.error(), (400, "invalid_grant"));
}
