//! Whatever ends a session, its applications hear of it.

use std::time::Duration;

use serde_json::{Value, json};

use super::logout::Listener;
use super::{person, scene};
use crate::harness::Server;

on_both! {
    /// A sign-out elsewhere, other roles, a provider that goes, a user who goes, time.
    every_end_is_told
}

async fn every_end_is_told(server: Server) {
    let listener = Listener::refusing(0).await;
    let more = json!({ "backchannel_logout_uri": listener.url });
    let (client, mut browser, idp) = scene(&server, more).await;
    let api = server.api();
    let sid = async |body: Option<&String>| -> Value {
        let token = body.unwrap().strip_prefix("logout_token=").unwrap();
        client.claims(token).await["sid"].clone()
    };
    let id_token = client.tokens(&mut browser, &[]).await.text("id_token");
    let first = client.claims(&id_token).await["sid"].clone();

    // The person ends the other sessions, from a browser of their own.
    let mut other = person(&server, &idp, "ada").await;
    client.tokens(&mut other, &[]).await;
    let csrf = other.csrf("/account").await;
    let form = [("csrf", csrf.as_str())];
    let answer = other.submit("/account/sessions/others/end", &form).await;
    assert_eq!(answer.status, 303, "{}", answer.body);
    let heard = listener.hears(1).await;
    assert_eq!(sid(heard.last()).await, first);
    assert!(other.me().await.is_some());

    // The validity ends: by the clock, that is, while nobody does anything.
    let mut leaver = person(&server, &idp, "grace").await;
    client.tokens(&mut leaver, &[]).await;
    let me = leaver.me().await.unwrap();
    let path = format!("/api/v1/users/{}", me["id"].as_str().unwrap());
    let soon = crate::harness::now().plus_seconds(2).rfc3339();
    let soon = json!({ "valid_to": soon });
    api.expect("PATCH", &path, Some(&soon), 200).await;
    assert!(leaver.me().await.is_some(), "still valid");

    // Other roles.
    let me = other.me().await.unwrap();
    let ada = format!("/api/v1/users/{}", me["id"].as_str().unwrap());
    let roles = json!({ "roles": ["auditor"] });
    api.expect("PATCH", &ada, Some(&roles), 200).await;
    listener.hears(2).await;
    // The user is deleted.
    let mut again = person(&server, &idp, "ada").await;
    client.tokens(&mut again, &[]).await;
    api.expect("DELETE", &ada, None, 204).await;
    listener.hears(3).await;
    // By the clock, within the half minute that sweeps are apart.
    for _ in 0..3 {
        if listener.count() >= 4 {
            break;
        }
        tokio::time::sleep(Duration::from_secs(10)).await;
    }
    listener.hears(4).await;
    // The provider goes.
    let mut last = person(&server, &idp, "katherine").await;
    client.tokens(&mut last, &[]).await;
    api.expect("DELETE", "/api/v1/providers/okta", None, 204)
        .await;
    listener.hears(5).await;
    assert!(last.me().await.is_none());
}
