//! Every route with no token, with the wrong scope, with the right one.

use serde_json::{Value, json};

use crate::harness::{Browser, Idp, Person, Server};

const SCOPES: [&str; 9] = [
    "admin",
    "users:read",
    "users:write",
    "users:import",
    "groups:read",
    "groups:write",
    "providers:write",
    "audit:read",
    "scim",
];

/// Method, path, body, and the scopes that open it (besides `admin`).
fn routes() -> Vec<(&'static str, String, Option<Value>, Vec<&'static str>)> {
    let user = "0190b3a0-0000-7000-8000-000000000000";
    let u = |tail: &str| format!("/api/v1/users/{user}{tail}");
    let g = |tail: &str| format!("/api/v1/groups/{user}{tail}");
    let bad = json!({ "unknown": true });
    vec![
        (
            "GET",
            "/api/v1/users".to_owned(),
            None,
            vec!["users:read", "users:write"],
        ),
        (
            "POST",
            "/api/v1/users".to_owned(),
            Some(bad.clone()),
            vec!["users:write"],
        ),
        ("GET", u(""), None, vec!["users:read", "users:write"]),
        ("PATCH", u(""), Some(bad.clone()), vec!["users:write"]),
        ("DELETE", u(""), None, vec!["users:write"]),
        ("POST", u("/deactivate"), None, vec!["users:write"]),
        ("POST", u("/reactivate"), None, vec!["users:write"]),
        ("DELETE", u("/sessions"), None, vec!["users:write"]),
        (
            "GET",
            "/api/v1/groups".to_owned(),
            None,
            vec!["groups:read", "groups:write"],
        ),
        (
            "POST",
            "/api/v1/groups".to_owned(),
            Some(bad.clone()),
            vec!["groups:write"],
        ),
        ("GET", g(""), None, vec!["groups:read", "groups:write"]),
        ("PATCH", g(""), Some(bad.clone()), vec!["groups:write"]),
        ("DELETE", g(""), None, vec!["groups:write"]),
        (
            "PUT",
            g(&format!("/members/{user}")),
            None,
            vec!["groups:write"],
        ),
        (
            "DELETE",
            g(&format!("/members/{user}")),
            None,
            vec!["groups:write"],
        ),
        (
            "GET",
            "/api/v1/providers".to_owned(),
            None,
            vec!["providers:write"],
        ),
        (
            "POST",
            "/api/v1/providers".to_owned(),
            Some(bad.clone()),
            vec!["providers:write"],
        ),
        (
            "GET",
            "/api/v1/providers/okta".to_owned(),
            None,
            vec!["providers:write"],
        ),
        (
            "PUT",
            "/api/v1/providers/okta".to_owned(),
            Some(bad.clone()),
            vec!["providers:write"],
        ),
        (
            "PATCH",
            "/api/v1/providers/okta".to_owned(),
            Some(bad.clone()),
            vec!["providers:write"],
        ),
        (
            "DELETE",
            "/api/v1/providers/okta".to_owned(),
            None,
            vec!["providers:write"],
        ),
        (
            "POST",
            "/api/v1/providers/okta/test".to_owned(),
            None,
            vec!["providers:write"],
        ),
        ("GET", "/api/v1/tokens".to_owned(), None, vec![]),
        (
            "POST",
            "/api/v1/tokens".to_owned(),
            Some(bad.clone()),
            vec![],
        ),
        ("DELETE", format!("/api/v1/tokens/{user}"), None, vec![]),
        ("GET", "/api/v1/audit".to_owned(), None, vec!["audit:read"]),
        ("GET", "/api/v1/logins".to_owned(), None, vec!["audit:read"]),
        (
            "GET",
            format!("/api/v1/logins/{user}"),
            None,
            vec!["audit:read"],
        ),
        ("GET", "/api/v1/settings".to_owned(), None, vec![]),
        ("PATCH", "/api/v1/settings".to_owned(), Some(bad), vec![]),
    ]
}

#[tokio::test]
async fn every_route_asks_for_its_scope() {
    let server = Server::sqlite().await;
    let tokens: Vec<(&str, String)> = SCOPES
        .iter()
        .map(|scope| (*scope, server.make_token(&[scope])))
        .collect();
    for (method, path, body, opens) in routes() {
        let (status, problem) = server.anonymous().call(method, &path, body.as_ref()).await;
        assert_eq!(status, 401, "{method} {path}: {problem}");
        for junk in ["dwt_wrong", "x", ""] {
            let (status, _) = server
                .api_with(junk)
                .call(method, &path, body.as_ref())
                .await;
            assert_eq!(status, 401, "{method} {path} with {junk:?}");
        }
        for (scope, token) in &tokens {
            let (status, problem) = server
                .api_with(token)
                .call(method, &path, body.as_ref())
                .await;
            let open = *scope == "admin" || opens.contains(scope);
            if open {
                assert!(
                    !matches!(status, 401 | 403 | 405 | 500..),
                    "{method} {path} with {scope}: {status} {problem}"
                );
            } else {
                assert_eq!(status, 403, "{method} {path} with {scope}: {problem}");
            }
        }
    }
}

/// A token that is revoked, expired or of a deactivated gateway opens nothing.
#[tokio::test]
async fn tokens_end() {
    let server = Server::sqlite().await;
    let api = server.api();
    let made = api
        .expect(
            "POST",
            "/api/v1/tokens",
            Some(&json!({ "name": "ci", "scopes": ["users:read"] })),
            201,
        )
        .await;
    let token = made["token"].as_str().unwrap().to_owned();
    let id = made["id"].as_str().unwrap().to_owned();
    server.api_with(&token).get("/api/v1/users").await;
    let listed = api.list("/api/v1/tokens").await;
    assert!(
        !json!(listed).to_string().contains(&token),
        "the list shows the secret"
    );
    api.expect("DELETE", &format!("/api/v1/tokens/{id}"), None, 204)
        .await;
    server
        .api_with(&token)
        .expect("GET", "/api/v1/users", None, 401)
        .await;

    let past =
        json!({ "name": "old", "scopes": ["users:read"], "expires_at": "2020-01-01T00:00:00Z" });
    let (status, made) = api.call("POST", "/api/v1/tokens", Some(&past)).await;
    if status == 201 {
        let token = made["token"].as_str().unwrap();
        server
            .api_with(token)
            .expect("GET", "/api/v1/users", None, 401)
            .await;
    } else {
        assert_eq!(status, 422, "{made}");
    }
    let soon = crate::harness::now().plus_seconds(2).rfc3339();
    let body = json!({ "name": "soon", "scopes": ["users:read"], "expires_at": soon });
    let made = api.expect("POST", "/api/v1/tokens", Some(&body), 201).await;
    let token = made["token"].as_str().unwrap().to_owned();
    server.api_with(&token).get("/api/v1/users").await;
    tokio::time::sleep(std::time::Duration::from_millis(2_500)).await;
    server
        .api_with(&token)
        .expect("GET", "/api/v1/users", None, 401)
        .await;
    // Scopes are known, and not empty.
    for scopes in [json!(["everything"]), json!([])] {
        let body = json!({ "name": "x", "scopes": scopes });
        api.expect("POST", "/api/v1/tokens", Some(&body), 422).await;
    }
}

/// A browser session without an admin's role opens no API but `me`, and its
/// cookie is no bearer token.
#[tokio::test]
async fn sessions_of_employees() {
    let server = Server::sqlite().await;
    let idp = Idp::new();
    idp.register(&server).await;
    let mut browser = Browser::new(&server);
    idp.login(&server, &mut browser, &Person::named("alice"))
        .await
        .user();
    let session = browser.session().unwrap();
    for (method, path, body, _) in routes() {
        let mut request = server
            .client
            .clone()
            .request(
                reqwest::Method::from_bytes(method.as_bytes()).unwrap(),
                format!("{}{path}", server.url),
            )
            .header("cookie", format!("doorward={session}"))
            .header("sec-fetch-site", "same-origin");
        if let Some(body) = &body {
            request = request.json(body);
        }
        let status = request.send().await.unwrap().status().as_u16();
        assert!(matches!(status, 401 | 403), "{method} {path}: {status}");
    }
    server
        .api_with(&session)
        .expect("GET", "/api/v1/users", None, 401)
        .await;
    // And a token is no session.
    let (status, _) = server.api().call("GET", "/api/v1/me", None).await;
    assert_eq!(status, 401);
}
