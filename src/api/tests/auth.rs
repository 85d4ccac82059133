//! Who may do what.

use axum::body::Body;
use axum::http::header;
use serde_json::json;

use super::{Api, By, NOW};
use crate::directory::Actor;
use crate::domain::Scope;

const ID: &str = "00000000-0000-7000-8000-000000000000";

/// Every route, the scope that it needs, and whether it only reads.
fn routes() -> Vec<(&'static str, String, Scope, bool)> {
    let user = |rest: &str| format!("/users/{ID}{rest}");
    let group = |rest: &str| format!("/groups/{ID}{rest}");
    let (read, write) = (true, false);
    vec![
        ("GET", "/users".into(), Scope::UsersRead, read),
        ("POST", "/users".into(), Scope::UsersWrite, write),
        ("GET", user(""), Scope::UsersRead, read),
        ("PATCH", user(""), Scope::UsersWrite, write),
        ("DELETE", user(""), Scope::UsersWrite, write),
        ("POST", user("/deactivate"), Scope::UsersWrite, write),
        ("POST", user("/reactivate"), Scope::UsersWrite, write),
        ("DELETE", user("/sessions"), Scope::UsersWrite, write),
        ("GET", "/groups".into(), Scope::GroupsRead, read),
        ("POST", "/groups".into(), Scope::GroupsWrite, write),
        ("GET", group(""), Scope::GroupsRead, read),
        ("PATCH", group(""), Scope::GroupsWrite, write),
        ("DELETE", group(""), Scope::GroupsWrite, write),
        (
            "PUT",
            group(&format!("/members/{ID}")),
            Scope::GroupsWrite,
            write,
        ),
        (
            "DELETE",
            group(&format!("/members/{ID}")),
            Scope::GroupsWrite,
            write,
        ),
        ("GET", "/providers".into(), Scope::ProvidersWrite, read),
        ("POST", "/providers".into(), Scope::ProvidersWrite, write),
        ("GET", "/providers/x".into(), Scope::ProvidersWrite, read),
        ("PUT", "/providers/x".into(), Scope::ProvidersWrite, write),
        ("PATCH", "/providers/x".into(), Scope::ProvidersWrite, write),
        (
            "DELETE",
            "/providers/x".into(),
            Scope::ProvidersWrite,
            write,
        ),
        (
            "POST",
            "/providers/x/test".into(),
            Scope::ProvidersWrite,
            write,
        ),
        ("GET", "/tokens".into(), Scope::Admin, read),
        ("POST", "/tokens".into(), Scope::Admin, write),
        ("DELETE", format!("/tokens/{ID}"), Scope::Admin, write),
        ("GET", "/settings".into(), Scope::Admin, read),
        ("PATCH", "/settings".into(), Scope::Admin, write),
        ("GET", "/audit".into(), Scope::AuditRead, read),
        ("GET", "/logins".into(), Scope::AuditRead, read),
        ("GET", format!("/logins/{ID}"), Scope::AuditRead, read),
    ]
}

#[tokio::test]
async fn every_route_asks_who_it_is_and_for_its_scope() {
    let api = Api::new().await;
    let mut tokens = Vec::new();
    for scope in Scope::ALL {
        tokens.push((*scope, api.token(&[*scope]).await));
    }
    for (method, path, wanted, _) in routes() {
        let reply = api.call(By::Nobody, method, &path, None).await;
        let challenge = reply.header(header::WWW_AUTHENTICATE);
        assert_eq!(challenge, "Bearer realm=\"doorward\"", "{method} {path}");
        reply.problem(401);
        for (held, token) in &tokens {
            // The bodies that are missing are refused after the scope.
            let reply = api.call(By::Token(token), method, &path, None).await;
            let refused = reply.status == 403;
            assert_eq!(refused, !held.allows(wanted), "{method} {path} with {held}");
            if refused {
                let challenge = reply.header(header::WWW_AUTHENTICATE);
                assert!(
                    challenge.contains(&format!("scope=\"{wanted}\"")),
                    "{challenge}"
                );
                let problem = reply.problem(403);
                let detail = problem["detail"].as_str().unwrap();
                assert!(detail.contains(wanted.as_str()), "{detail}");
            }
        }
    }
}

#[tokio::test]
async fn roles_open_the_same_routes_to_people() {
    let api = Api::new().await;
    let mut people = Vec::new();
    for roles in [
        json!([]),
        json!(["admin"]),
        json!(["user-manager"]),
        json!(["auditor"]),
    ] {
        let email = format!("{}@example.com", people.len());
        let user = api.user(json!({"email": email, "roles": roles})).await;
        people.push(api.sign_in(&user).await);
    }
    for (method, path, wanted, only_reads) in routes() {
        let of_a_manager = matches!(
            wanted,
            Scope::UsersRead | Scope::UsersWrite | Scope::GroupsRead | Scope::GroupsWrite
        );
        let expected = [false, true, of_a_manager, only_reads];
        for (cookie, may) in people.iter().zip(expected) {
            let reply = api.call(By::Cookie(cookie), method, &path, None).await;
            assert_eq!(reply.status != 403, may, "{method} {path} {}", reply.json);
            assert_ne!(reply.status, 401);
        }
    }
}

#[tokio::test]
async fn tokens_that_are_none_are_told_so() {
    let api = Api::new().await;
    let unknown = format!("dwt_{}", "A".repeat(43));
    for token in ["", "x", "dwt_", &unknown, &api.admin[..40]] {
        let reply = api.call(By::Token(token), "GET", "/users", None).await;
        let challenge = reply.header(header::WWW_AUTHENTICATE).to_owned();
        assert!(
            token.is_empty() || challenge.contains("error=\"invalid_token\""),
            "{token}: {challenge}"
        );
        reply.problem(401);
    }
}

#[tokio::test]
async fn a_token_ends_when_it_says_and_when_it_is_deleted() {
    let api = Api::new().await;
    let end = NOW.plus_seconds(60).rfc3339();
    let body = json!({"name": "short", "scopes": ["users:read"], "expires_at": end});
    let made = api
        .admin("POST", "/tokens", Some(body.clone()))
        .await
        .expect(201);
    let token = made["token"].as_str().unwrap().to_owned();
    api.call(By::Token(&token), "GET", "/users", None)
        .await
        .expect(200);
    api.pass(60);
    api.call(By::Token(&token), "GET", "/users", None)
        .await
        .problem(401);
    api.admin("POST", "/tokens", Some(body)).await.problem(422);

    let other = json!({"name": "other", "scopes": ["users:read"]});
    let other = api.admin("POST", "/tokens", Some(other)).await.expect(201);
    let path = format!("/tokens/{}", other["id"].as_str().unwrap());
    api.admin("DELETE", &path, None).await.expect(204);
    let token = other["token"].as_str().unwrap();
    api.call(By::Token(token), "GET", "/users", None)
        .await
        .problem(401);
    api.admin("DELETE", &path, None).await.problem(404);
}

#[tokio::test]
async fn a_cookie_does_not_help_who_sends_another_authorization() {
    let api = Api::new().await;
    let user = json!({"email": "a@example.com", "roles": ["admin"]});
    let user = api.user(user).await;
    let cookie = api.sign_in(&user).await;
    api.call(By::Cookie(&cookie), "GET", "/users", None)
        .await
        .expect(200);
    // A browser adds Basic credentials of its own accord, also for others.
    let request = api
        .request(By::Cookie(&cookie), "GET", "/users")
        .header("authorization", "Basic YTpi")
        .body(Body::empty());
    api.send(request.unwrap()).await.problem(401);
}

#[tokio::test]
async fn another_site_cannot_use_a_session() {
    let api = Api::new().await;
    let user = json!({"email": "a@example.com", "roles": ["admin"]});
    let user = api.user(user).await;
    let cookie = api.sign_in(&user).await;
    let request = api
        .request(By::Cookie(&cookie), "DELETE", &format!("/users/{user}"))
        .header("sec-fetch-site", "cross-site")
        .body(Body::empty());
    assert_eq!(api.send(request.unwrap()).await.code(403), "web.cross_site");
}

#[tokio::test]
async fn a_token_made_by_a_token_ends_with_its_first_maker() {
    let api = Api::new().await;
    let make = json!({"name": "t", "scopes": ["admin"]});
    let user = json!({"email": "a@example.com", "roles": ["admin"]});
    let user = api.user(user).await;
    let cookie = api.sign_in(&user).await;
    let first = api
        .call(By::Cookie(&cookie), "POST", "/tokens", Some(make.clone()))
        .await;
    let first = first.expect(201)["token"].as_str().unwrap().to_owned();
    let second = api
        .call(By::Token(&first), "POST", "/tokens", Some(make))
        .await;
    let second = second.expect(201)["token"].as_str().unwrap().to_owned();
    api.call(By::Token(&second), "GET", "/users", None)
        .await
        .expect(200);
    // Somebody else stays admin, so this one may go.
    api.user(json!({"email": "b@example.com", "roles": ["admin"]}))
        .await;
    let user = crate::domain::UserId::parse(&user).unwrap();
    api.directory
        .deactivate(&user, Actor::CommandLine)
        .await
        .unwrap();
    for token in [&first, &second] {
        api.call(By::Token(token), "GET", "/users", None)
            .await
            .problem(401);
    }
    api.call(By::Cookie(&cookie), "GET", "/users", None)
        .await
        .problem(401);
}
