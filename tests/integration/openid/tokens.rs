//! Codes and tokens that should not work, and do not.

use serde_json::json;

use super::{CALLBACK, VERIFIER, challenge, register, reply, scene};
use crate::harness::Server;

on_both! {
    a_code_that_comes_twice_revokes_what_it_gave
    a_code_is_of_one_client_one_address_and_one_verifier
    a_code_runs_out
    no_proof_key_gets_lost_on_the_way
    a_refresh_token_that_comes_twice_ends_the_family
    a_refresh_token_gives_no_more_than_it_had
    tokens_are_revoked
    a_client_learns_of_its_own_tokens_only
    what_opens_userinfo
}

async fn a_code_that_comes_twice_revokes_what_it_gave(server: Server) {
    let (client, mut browser, _) = scene(&server, json!({})).await;
    let code = client
        .code(&mut browser, &[("scope", "openid offline_access")])
        .await;
    let tokens = client.redeem(&code).await;
    let access = tokens.text("access_token");
    let refreshed = client.refresh(&tokens.text("refresh_token")).await;
    let later = refreshed.text("access_token");
    assert_eq!(client.userinfo(&access).await.status, 200);
    // Somebody else's try does no harm to the one who has the code.
    let other = register(&server, "other", json!({})).await;
    assert_eq!(other.redeem(&code).await.error(), (400, "invalid_grant"));
    assert_eq!(client.userinfo(&access).await.status, 200);
    assert_eq!(client.redeem(&code).await.error(), (400, "invalid_grant"));
    for token in [access, later] {
        let info = client.userinfo(&token).await;
        assert_eq!(info.error(), (401, "invalid_token"));
        let challenge = info.headers["www-authenticate"].to_str().unwrap();
        assert!(challenge.contains("error=\"invalid_token\""), "{challenge}");
    }
    let dead = client.refresh(&refreshed.text("refresh_token")).await;
    assert_eq!(dead.error(), (400, "invalid_grant"));
}

async fn a_code_is_of_one_client_one_address_and_one_verifier(server: Server) {
    let more = "https://app.example.com/other";
    let settings = json!({"redirect_uris": [CALLBACK, more]});
    let (client, mut browser, _) = scene(&server, settings.clone()).await;
    let other = register(&server, "other", settings).await;
    let code = client.code(&mut browser, &[]).await;
    assert_eq!(other.redeem(&code).await.error(), (400, "invalid_grant"));
    let verifier = "another-verifier-of-forty-three-characters-and-more";
    for (name, value, error) in [
        ("code", "unknown", "invalid_grant"),
        ("code", "", "invalid_request"),
        ("redirect_uri", more, "invalid_grant"),
        ("redirect_uri", "", "invalid_request"),
        ("code_verifier", verifier, "invalid_grant"),
        ("code_verifier", "short", "invalid_grant"),
        ("code_verifier", "", "invalid_grant"),
        ("grant_type", "password", "unsupported_grant_type"),
        ("grant_type", "client_credentials", "unsupported_grant_type"),
        ("grant_type", "", "invalid_request"),
    ] {
        let refused = client.redeem_with(&code, &[(name, value)]).await;
        assert_eq!(refused.error(), (400, error), "{name}={value}");
        assert_eq!(refused.headers["cache-control"], "no-store");
        assert!(
            !refused.json["error_description"]
                .as_str()
                .unwrap()
                .is_empty()
        );
    }
    // Who has it all right is not kept from it by the others.
    assert_eq!(client.redeem(&code).await.status, 200);
}

async fn a_code_runs_out(server: Server) {
    let (client, mut browser, _) = scene(&server, json!({"code_lifetime": 5})).await;
    let code = client.code(&mut browser, &[]).await;
    let fresh = client.code(&mut browser, &[]).await;
    assert_eq!(client.redeem(&fresh).await.status, 200);
    tokio::time::sleep(std::time::Duration::from_millis(5_100)).await;
    assert_eq!(client.redeem(&code).await.error(), (400, "invalid_grant"));
}

/// An old client may go without; then nobody may bring a verifier, and a
/// challenge that was sent binds it like any other client.
async fn no_proof_key_gets_lost_on_the_way(server: Server) {
    let (client, mut browser, _) = scene(&server, json!({"require_pkce": false})).await;
    let without = [("code_challenge", ""), ("code_challenge_method", "")];
    let code = client.code(&mut browser, &without).await;
    let added = client.redeem(&code).await;
    assert_eq!(added.error(), (400, "invalid_grant"));
    let plain = client.redeem_with(&code, &[("code_verifier", "")]).await;
    assert_eq!(plain.status, 200, "{}", plain.json);
    let code = client.code(&mut browser, &[]).await;
    let left_out = client.redeem_with(&code, &[("code_verifier", "")]).await;
    assert_eq!(left_out.error(), (400, "invalid_grant"));
    // The challenge itself is no verifier.
    let challenge = challenge(VERIFIER);
    let same = client
        .redeem_with(&code, &[("code_verifier", &challenge)])
        .await;
    assert_eq!(same.error(), (400, "invalid_grant"));
}

async fn a_refresh_token_that_comes_twice_ends_the_family(server: Server) {
    let (client, mut browser, _) = scene(&server, json!({})).await;
    let scope = [("scope", "openid email offline_access")];
    let first = client.tokens(&mut browser, &scope).await;
    let second = client.refresh(&first.text("refresh_token")).await;
    assert_eq!(second.status, 200, "{}", second.json);
    assert_ne!(second.text("refresh_token"), first.text("refresh_token"));
    let (old, new) = (
        client.claims(&first.text("id_token")).await,
        client.claims(&second.text("id_token")).await,
    );
    for same in ["sub", "auth_time", "iss", "aud", "sid"] {
        assert_eq!(old[same], new[same], "{same}");
    }
    assert!(new.get("nonce").is_none());
    let third = client.refresh(&second.text("refresh_token")).await;
    assert_eq!(
        client.userinfo(&third.text("access_token")).await.status,
        200
    );
    // The thief, or the robbed.
    let second_time = client.refresh(&first.text("refresh_token")).await;
    assert_eq!(second_time.error(), (400, "invalid_grant"));
    for dead in [&second, &third] {
        let refused = client.refresh(&dead.text("refresh_token")).await;
        assert_eq!(refused.error(), (400, "invalid_grant"));
    }
    for dead in [&first, &second, &third] {
        let refused = client.userinfo(&dead.text("access_token")).await;
        assert_eq!(refused.error(), (401, "invalid_token"));
    }
    // Another sign-in is another family.
    assert_eq!(client.tokens(&mut browser, &scope).await.status, 200);
}

async fn a_refresh_token_gives_no_more_than_it_had(server: Server) {
    let (client, mut browser, _) = scene(&server, json!({})).await;
    let scope = [("scope", "openid email offline_access")];
    let tokens = client.tokens(&mut browser, &scope).await;
    let refresh = tokens.text("refresh_token");
    let with = async |token: &str, scope: &str| {
        let form = [
            ("grant_type", "refresh_token"),
            ("refresh_token", token),
            ("scope", scope),
        ];
        client.post("/oidc/token", &form).await
    };
    let wider = with(&refresh, "openid email groups").await;
    assert_eq!(wider.error(), (400, "invalid_scope"));
    let narrower = with(&refresh, "openid").await;
    assert_eq!(narrower.json["scope"], "openid");
    let info = client.userinfo(&narrower.text("access_token")).await.json;
    assert!(info.get("email").is_none(), "{info}");
    let whole = client.refresh(&narrower.text("refresh_token")).await;
    assert_eq!(whole.json["scope"], "email offline_access openid");
    // An access token, a code and another client's token refresh nothing.
    let other = register(&server, "other", json!({})).await;
    let stolen = other.refresh(&whole.text("refresh_token")).await;
    assert_eq!(stolen.error(), (400, "invalid_grant"));
    for token in [whole.text("access_token"), "dwr_unknown".to_owned()] {
        assert_eq!(client.refresh(&token).await.error(), (400, "invalid_grant"));
    }
    let info = client.userinfo(&whole.text("refresh_token")).await;
    assert_eq!(info.error(), (401, "invalid_token"));
    assert_eq!(
        client.refresh(&whole.text("refresh_token")).await.status,
        200
    );
    // Without offline_access there is none, nor for a client that has no such grant.
    let plain = client.tokens(&mut browser, &[]).await;
    assert!(plain.json.get("refresh_token").is_none());
    let settings = json!({"grant_types": ["authorization_code"]});
    let once = register(&server, "once", settings).await;
    let tokens = once.tokens(&mut browser, &scope).await;
    assert!(tokens.json.get("refresh_token").is_none());
    let refused = once.refresh("dwr_x").await;
    assert_eq!(refused.error(), (400, "unauthorized_client"));
}

async fn tokens_are_revoked(server: Server) {
    let (client, mut browser, _) = scene(&server, json!({})).await;
    let scope = [("scope", "openid offline_access")];
    let tokens = client.tokens(&mut browser, &scope).await;
    let (access, refresh) = (tokens.text("access_token"), tokens.text("refresh_token"));
    let other = register(&server, "other", json!({})).await;
    let stolen = other.post("/oidc/revoke", &[("token", &access)]).await;
    assert_eq!(stolen.error(), (400, "unauthorized_client"));
    assert_eq!(client.userinfo(&access).await.status, 200);
    let revoked = client.post("/oidc/revoke", &[("token", &access)]).await;
    assert_eq!(revoked.status, 200);
    assert_eq!(
        client.userinfo(&access).await.error(),
        (401, "invalid_token")
    );
    let more = client.refresh(&refresh).await;
    let (access, refresh) = (more.text("access_token"), more.text("refresh_token"));
    let form = [
        ("token", refresh.as_str()),
        ("token_type_hint", "access_token"),
    ];
    assert_eq!(client.post("/oidc/revoke", &form).await.status, 200);
    assert_eq!(
        client.userinfo(&access).await.error(),
        (401, "invalid_token")
    );
    assert_eq!(
        client.refresh(&refresh).await.error(),
        (400, "invalid_grant")
    );
    // One that is none has ended already (RFC 7009 §2.2).
    assert_eq!(
        client.post("/oidc/revoke", &[("token", "x")]).await.status,
        200
    );
    assert_eq!(
        client.post("/oidc/revoke", &[]).await.error(),
        (400, "invalid_request")
    );
}

async fn a_client_learns_of_its_own_tokens_only(server: Server) {
    let (client, mut browser, _) = scene(&server, json!({})).await;
    let tokens = client
        .tokens(&mut browser, &[("scope", "openid offline_access")])
        .await;
    let ask = async |client: &super::Client, token: &str| {
        client.post("/oidc/introspect", &[("token", token)]).await
    };
    for name in ["access_token", "refresh_token"] {
        let answer = ask(&client, &tokens.text(name)).await.json;
        assert_eq!(answer["active"], true, "{name}");
        assert_eq!(answer["client_id"], "wiki");
        assert_eq!(answer["iss"], server.url);
        assert!(answer["exp"].as_i64().unwrap() > answer["iat"].as_i64().unwrap());
    }
    let other = register(&server, "other", json!({})).await;
    let answer = ask(&other, &tokens.text("access_token")).await.json;
    assert_eq!(answer, json!({"active": false}));
    assert_eq!(ask(&client, "x").await.json, json!({"active": false}));
    let public = register(&server, "public", json!({"confidential": false})).await;
    let answer = ask(&public, &tokens.text("access_token")).await;
    assert_eq!(answer.error(), (401, "invalid_client"));
    client.refresh(&tokens.text("refresh_token")).await;
    let used = ask(&client, &tokens.text("refresh_token")).await.json;
    assert_eq!(used, json!({"active": false}));
}

async fn what_opens_userinfo(server: Server) {
    let (client, mut browser, _) = scene(&server, json!({})).await;
    let tokens = client.tokens(&mut browser, &[]).await;
    let access = tokens.text("access_token");
    let address = format!("{}/oidc/userinfo", server.url);
    let posted = server
        .client
        .post(&address)
        .form(&[("access_token", &access)]);
    assert_eq!(reply(posted).await.status, 200);
    let posted = server.client.post(&address).bearer_auth(&access);
    assert_eq!(reply(posted).await.status, 200);
    let none = reply(server.client.get(&address)).await;
    assert_eq!(none.status, 401);
    assert_eq!(
        none.headers["www-authenticate"],
        "Bearer realm=\"doorward\""
    );
    assert_eq!(none.headers["access-control-allow-origin"], "*");
    let in_address = server
        .client
        .get(format!("{address}?access_token={access}"));
    assert_eq!(reply(in_address).await.status, 401);
    let both = server.client.post(&address).bearer_auth(&access);
    let both = reply(both.form(&[("access_token", &access)])).await;
    assert_eq!(both.error(), (400, "invalid_request"));
    for wrong in [
        tokens.text("id_token"),
        format!("{access}x"),
        "dwa_".to_owned(),
    ] {
        let refused = client.userinfo(&wrong).await;
        assert_eq!(refused.error(), (401, "invalid_token"));
    }
    // Neither the API nor a page takes it.
    let api = server.api_with(&access);
    assert_eq!(api.call("GET", "/api/v1/me", None).await.0, 401);
}
