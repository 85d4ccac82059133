//! Several at once.

use serde_json::json;

use super::scene;
use crate::harness::Server;

on_both! {
    of_many_redemptions_of_a_code_one_wins
    of_many_uses_of_a_refresh_token_one_wins
    many_people_at_once_each_get_their_own
}

async fn of_many_redemptions_of_a_code_one_wins(server: Server) {
    let (client, mut browser, _) = scene(&server, json!({})).await;
    for _ in 0..5 {
        let code = client.code(&mut browser, &[]).await;
        let mut tries = tokio::task::JoinSet::new();
        for _ in 0..8 {
            let (client, code) = (client.clone(), code.clone());
            tries.spawn(async move { client.redeem(&code).await });
        }
        let mut won = Vec::new();
        while let Some(done) = tries.join_next().await {
            let reply = done.unwrap();
            match reply.status {
                200 => won.push(reply.text("access_token")),
                400 => assert_eq!(reply.json["error"], "invalid_grant"),
                other => panic!("{other}: {}", reply.json),
            }
        }
        assert_eq!(won.len(), 1);
        // And what it got is revoked: the others had the code as well.
        let info = client.userinfo(&won[0]).await;
        assert_eq!(info.error(), (401, "invalid_token"));
    }
}

async fn of_many_uses_of_a_refresh_token_one_wins(server: Server) {
    let (client, mut browser, _) = scene(&server, json!({})).await;
    let scope = [("scope", "openid offline_access")];
    let tokens = client.tokens(&mut browser, &scope).await;
    let refresh = tokens.text("refresh_token");
    let mut tries = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let (client, refresh) = (client.clone(), refresh.clone());
        tries.spawn(async move { client.refresh(&refresh).await.status });
    }
    let mut won = 0;
    while let Some(status) = tries.join_next().await {
        match status.unwrap() {
            200 => won += 1,
            400 => {}
            other => panic!("{other}"),
        }
    }
    assert_eq!(won, 1);
    assert_eq!(
        client.userinfo(&tokens.text("access_token")).await.status,
        401
    );
}

async fn many_people_at_once_each_get_their_own(server: Server) {
    let (client, browser, idp) = scene(&server, json!({})).await;
    drop(browser);
    let server = std::sync::Arc::new(server);
    let mut people = tokio::task::JoinSet::new();
    for n in 0..20 {
        let (client, idp) = (client.clone(), idp.clone());
        let server = std::sync::Arc::clone(&server);
        people.spawn(async move {
            let name = format!("p-{n}");
            let mut browser = super::person(&server, &idp, &name).await;
            let tokens = client.tokens(&mut browser, &[]).await;
            let info = client.userinfo(&tokens.text("access_token")).await;
            assert_eq!(info.json["email"], format!("{name}@example.com"));
        });
    }
    while let Some(done) = people.join_next().await {
        done.unwrap();
    }
}
