//! Whatever ends access ends it at once.

use serde_json::json;

use super::{Client, Reply, scene};
use crate::harness::{Browser, Server};

on_both! {
    a_deactivated_user_has_no_tokens
    a_removed_assignment_ends_tokens
    an_assignment_that_comes_back_brings_no_tokens_back
    a_deleted_application_and_its_successor
    signing_out_ends_what_is_not_offline
    a_user_who_comes_back_signs_in_anew
}

async fn offline(client: &Client, browser: &mut Browser) -> Reply {
    let scope = [("scope", "openid offline_access")];
    client.tokens(browser, &scope).await
}

async fn is_dead(client: &Client, tokens: &Reply) {
    let info = client.userinfo(&tokens.text("access_token")).await;
    assert_eq!(info.error(), (401, "invalid_token"));
    if tokens.json.get("refresh_token").is_some() {
        let refreshed = client.refresh(&tokens.text("refresh_token")).await;
        assert_eq!(refreshed.error(), (400, "invalid_grant"));
    }
}

async fn a_deactivated_user_has_no_tokens(server: Server) {
    let (client, mut browser, _) = scene(&server, json!({})).await;
    let tokens = offline(&client, &mut browser).await;
    let code = client.code(&mut browser, &[]).await;
    let me = browser.me().await.unwrap();
    let path = format!("/api/v1/users/{}", me["id"].as_str().unwrap());
    server
        .api()
        .expect("POST", &format!("{path}/deactivate"), None, 200)
        .await;
    is_dead(&client, &tokens).await;
    assert_eq!(client.redeem(&code).await.error(), (400, "invalid_grant"));
    let inspected = client
        .post(
            "/oidc/introspect",
            &[("token", &tokens.text("access_token"))],
        )
        .await;
    assert_eq!(inspected.json, json!({"active": false}));
    // What has ended does not come back.
    server
        .api()
        .expect("POST", &format!("{path}/reactivate"), None, 200)
        .await;
    is_dead(&client, &tokens).await;
}

async fn a_removed_assignment_ends_tokens(server: Server) {
    let (client, mut browser, _) = scene(&server, json!({"access": "private"})).await;
    let me = browser.me().await.unwrap();
    let assigned = format!(
        "/api/v1/applications/wiki/users/{}",
        me["id"].as_str().unwrap()
    );
    server.api().call("PUT", &assigned, None).await;
    let tokens = offline(&client, &mut browser).await;
    let code = client.code(&mut browser, &[]).await;
    assert_eq!(
        client.userinfo(&tokens.text("access_token")).await.status,
        200
    );
    server.api().call("DELETE", &assigned, None).await;
    is_dead(&client, &tokens).await;
    assert_eq!(client.redeem(&code).await.error(), (400, "invalid_grant"));
    // Nor do they live on when the assignment is made again.
    server.api().call("PUT", &assigned, None).await;
    is_dead(&client, &tokens).await;
    assert_eq!(offline(&client, &mut browser).await.status, 200);
}

/// Nobody uses the tokens between the two: they have ended all the same.
async fn an_assignment_that_comes_back_brings_no_tokens_back(server: Server) {
    let (client, mut browser, _) = scene(&server, json!({"access": "private"})).await;
    let me = browser.me().await.unwrap();
    let id = me["id"].as_str().unwrap();
    let api = server.api();
    let path = "/api/v1/applications/wiki";
    let user = format!("{path}/users/{id}");
    let group = json!({"name": "Engineers"});
    let group = api
        .expect("POST", "/api/v1/groups", Some(&group), 201)
        .await;
    let group = group["id"].as_str().unwrap();
    api.call("PUT", &format!("/api/v1/groups/{group}/members/{id}"), None)
        .await;
    let group = format!("{path}/groups/{group}");
    for assigned in [&user, &group] {
        api.call("PUT", assigned, None).await;
        let tokens = offline(&client, &mut browser).await;
        let code = client.code(&mut browser, &[]).await;
        api.call("DELETE", assigned, None).await;
        api.call("PUT", assigned, None).await;
        is_dead(&client, &tokens).await;
        assert_eq!(client.redeem(&code).await.error(), (400, "invalid_grant"));
        let access = tokens.text("access_token");
        let inspected = client.post("/oidc/introspect", &[("token", &access)]).await;
        assert_eq!(inspected.json, json!({"active": false}));
        api.call("DELETE", assigned, None).await;
    }
    // Whoever is assigned in another way, too, keeps what there is.
    api.call("PUT", &user, None).await;
    api.call("PUT", &group, None).await;
    let tokens = offline(&client, &mut browser).await;
    api.call("DELETE", &user, None).await;
    let refreshed = client.refresh(&tokens.text("refresh_token")).await;
    assert_eq!(refreshed.status, 200, "{}", refreshed.json);
    // An application that is closed to those who are not assigned.
    api.call("DELETE", &group, None).await;
    let open = json!({"access": "internal"});
    api.expect("PATCH", path, Some(&open), 200).await;
    let tokens = offline(&client, &mut browser).await;
    for access in ["private", "internal"] {
        let change = json!({ "access": access });
        api.expect("PATCH", path, Some(&change), 200).await;
    }
    is_dead(&client, &tokens).await;
}

async fn a_deleted_application_and_its_successor(server: Server) {
    let (client, mut browser, _) = scene(&server, json!({})).await;
    let tokens = offline(&client, &mut browser).await;
    let code = client.code(&mut browser, &[]).await;
    server
        .api()
        .expect("DELETE", "/api/v1/applications/wiki", None, 204)
        .await;
    let info = client.userinfo(&tokens.text("access_token")).await;
    assert_eq!(info.error(), (401, "invalid_token"));
    assert_eq!(client.redeem(&code).await.error(), (401, "invalid_client"));
    // Another application of the same name inherits nothing.
    let again = super::register(&server, "wiki", json!({})).await;
    assert_eq!(again.redeem(&code).await.error(), (400, "invalid_grant"));
    is_dead(&again, &tokens).await;
}

async fn signing_out_ends_what_is_not_offline(server: Server) {
    let (client, mut browser, _) = scene(&server, json!({})).await;
    let bound = client.tokens(&mut browser, &[]).await;
    let tokens = offline(&client, &mut browser).await;
    let code = client.code(&mut browser, &[]).await;
    browser.visit("/logout").await;
    assert!(browser.me().await.is_none());
    is_dead(&client, &bound).await;
    assert_eq!(client.redeem(&code).await.error(), (400, "invalid_grant"));
    assert_eq!(
        client.userinfo(&tokens.text("access_token")).await.status,
        200
    );
    assert_eq!(
        client.refresh(&tokens.text("refresh_token")).await.status,
        200
    );
}

async fn a_user_who_comes_back_signs_in_anew(server: Server) {
    let (client, mut browser, idp) = scene(&server, json!({})).await;
    let tokens = offline(&client, &mut browser).await;
    let me = browser.me().await.unwrap();
    let path = format!("/api/v1/users/{}", me["id"].as_str().unwrap());
    let past = json!({"valid_to": "2020-01-01T00:00:00Z"});
    server.api().expect("PATCH", &path, Some(&past), 200).await;
    is_dead(&client, &tokens).await;
    let open = json!({"valid_to": null});
    server.api().expect("PATCH", &path, Some(&open), 200).await;
    let mut browser = super::person(&server, &idp, "ada").await;
    assert_eq!(offline(&client, &mut browser).await.status, 200);
}
