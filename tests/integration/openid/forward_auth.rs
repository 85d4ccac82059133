//! Access tokens at applications behind forward-auth.

use reqwest::header::HeaderMap;
use serde_json::{Value, json};

use super::{register, scene};
use crate::harness::Server;

on_both! {
    /// A program gets in as the person who signed in to it, where it may.
    a_program_gets_in_as_its_person
    /// And no longer than the person could.
    access_tokens_end
}

async fn proxied(server: &Server, slug: &str, more: Value) {
    let mut body = json!({
        "slug": slug, "name": slug, "kind": "forward_auth", "access": "internal",
        "hosts": [format!("{slug}.example.com")], "bearer_clients": ["wiki"],
    });
    crate::harness::merge(&mut body, more);
    server
        .api()
        .expect("POST", "/api/v1/applications", Some(&body), 201)
        .await;
}

/// What a proxy is answered about a program.
async fn ask(server: &Server, path: &str, token: &str) -> (u16, HeaderMap) {
    let request = server.client.get(format!("{}{path}", server.url));
    // A program that looks like a browser is led nowhere either.
    let request = request
        .header("accept", "text/html")
        .header("sec-fetch-mode", "navigate");
    let answer = request.bearer_auth(token).send().await.unwrap();
    (answer.status().as_u16(), answer.headers().clone())
}

async fn a_program_gets_in_as_its_person(server: Server) {
    let (client, mut browser, _) = scene(&server, json!({})).await;
    proxied(&server, "intra", json!({})).await;
    proxied(&server, "closed", json!({ "bearer_clients": [] })).await;
    proxied(&server, "vault", json!({ "access": "private" })).await;
    let rules = json!({ "path_rules": [{ "path": "/*", "access": "anonymous" }] });
    proxied(&server, "open", rules).await;
    let rules = json!({ "path_rules": [{ "path": "/*", "access": "deny" }] });
    proxied(&server, "shut", rules).await;
    let tokens = client.tokens(&mut browser, &[]).await;
    let token = tokens.text("access_token");

    for path in ["/auth/request?app=intra", "/auth/forward?app=intra"] {
        let (status, headers) = ask(&server, path, &token).await;
        assert_eq!(status, 200, "{path}");
        assert_eq!(headers["remote-email"], "ada@example.com");
        assert_eq!(headers["x-auth-request-user"], headers["remote-user"]);
        let assertion = headers["x-doorward-assertion"].to_str().unwrap();
        assert_eq!(assertion.split('.').count(), 3, "{assertion}");
    }
    // Every time anew, and never for somebody else.
    let (_, headers) = ask(&server, "/auth/request?app=open", &token).await;
    assert_eq!(headers["remote-email"], "");
    for (slug, status) in [
        ("closed", 403),
        ("vault", 403),
        ("shut", 403),
        ("open", 200),
    ] {
        let path = format!("/auth/request?app={slug}");
        let (said, headers) = ask(&server, &path, &token).await;
        assert_eq!(said, status, "{slug}");
        assert!(!headers.contains_key("location"), "{slug}");
    }
    // Tokens of a client that is not named, and what is no access token.
    let other = register(&server, "other", json!({})).await;
    let foreign = other.tokens(&mut browser, &[]).await.text("access_token");
    let (status, _) = ask(&server, "/auth/request?app=intra", &foreign).await;
    assert_eq!(status, 403);
    for (token, path) in [
        ("dwa_nonsense", "/auth/request?app=intra"),
        ("dwa_nonsense", "/auth/forward?app=intra"),
        ("dwt_nonsense", "/auth/forward?app=intra"),
        ("dwa_nonsense", "/auth/request?app=open"),
    ] {
        let (status, headers) = ask(&server, path, token).await;
        assert_eq!(status, 401, "{path}");
        let challenge = headers["www-authenticate"].to_str().unwrap();
        assert!(challenge.contains("invalid_token"), "{challenge}");
    }
    // The ID token and the refresh token open nothing.
    let scope = [("scope", "openid offline_access")];
    let tokens = client.tokens(&mut browser, &scope).await;
    for name in ["id_token", "refresh_token"] {
        let (status, _) = ask(&server, "/auth/forward?app=intra", &tokens.text(name)).await;
        assert_ne!(status, 200, "{name}");
    }
    // What an admin writes into the list is looked at.
    let wrong = json!({ "bearer_clients": ["no client!"] });
    let path = "/api/v1/applications/intra";
    let answer = server.api().expect("PATCH", path, Some(&wrong), 422).await;
    assert!(answer.to_string().contains("bearer_clients"), "{answer}");
}

async fn access_tokens_end(server: Server) {
    let (client, mut browser, _) = scene(&server, json!({})).await;
    proxied(&server, "intra", json!({})).await;
    let path = "/auth/request?app=intra";
    let token = client.tokens(&mut browser, &[]).await.text("access_token");
    assert_eq!(ask(&server, path, &token).await.0, 200);
    let revoked = client.post("/oidc/revoke", &[("token", &token)]).await;
    assert_eq!(revoked.status, 200);
    assert_eq!(ask(&server, path, &token).await.0, 401);
    // The session that it came of.
    let token = client.tokens(&mut browser, &[]).await.text("access_token");
    assert_eq!(ask(&server, path, &token).await.0, 200);
    browser.visit("/logout").await;
    assert_eq!(ask(&server, path, &token).await.0, 401);
}
