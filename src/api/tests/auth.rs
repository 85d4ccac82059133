//! Who may do what.

use axum::body::Body;
use axum::http::header;
use serde_json::{Value, json};

use super::{Api, By, NOW};
use crate::directory::Actor;
use crate::domain::{Role, Scope};

const ID: &str = "00000000-0000-7000-8000-000000000000";

const USERS: [Scope; 2] = [Scope::UsersRead, Scope::UsersWrite];
const GROUPS: [Scope; 2] = [Scope::GroupsRead, Scope::GroupsWrite];

/// Who may come in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Open {
    /// Everybody: nothing of it is anybody's.
    Everybody,
    /// Whoever is signed in, and no token.
    SignedIn,
    /// Tokens with one of these scopes (and `admin`), and people with one of
    /// these roles (and `admin`).
    To(&'static [Scope], &'static [Role]),
}

/// Every route and who may come in. It is the second account of it, beside the
/// handlers' own: a route that is not in it fails the tests below, and so does
/// one that says something else.
#[expect(clippy::too_many_lines, reason = "a line for each route")]
fn cases() -> Vec<(&'static str, &'static str, Open)> {
    use Open::{Everybody, SignedIn, To};
    const MANAGER: &[Role] = &[Role::UserManager];
    const READERS: &[Role] = &[Role::UserManager, Role::Auditor];
    const AUDITOR: &[Role] = &[Role::Auditor];
    const WRITE_USERS: Open = To(&[Scope::UsersWrite], MANAGER);
    const WRITE_GROUPS: Open = To(&[Scope::GroupsWrite], MANAGER);
    const PROVIDERS: &[Scope] = &[Scope::ProvidersWrite];
    const AUDIT: Open = To(&[Scope::AuditRead], AUDITOR);
    vec![
        ("get", "/api/v1/openapi.json", Everybody),
        ("get", "/api/v1/me", SignedIn),
        ("get", "/api/v1/users", To(&USERS, READERS)),
        ("post", "/api/v1/users", WRITE_USERS),
        ("post", "/api/v1/users/clear-identifiers", WRITE_USERS),
        ("get", "/api/v1/users/{id}", To(&USERS, READERS)),
        ("patch", "/api/v1/users/{id}", WRITE_USERS),
        ("delete", "/api/v1/users/{id}", WRITE_USERS),
        ("post", "/api/v1/users/{id}/deactivate", WRITE_USERS),
        ("post", "/api/v1/users/{id}/reactivate", WRITE_USERS),
        ("post", "/api/v1/users/{id}/invite", WRITE_USERS),
        ("delete", "/api/v1/users/{id}/sessions", WRITE_USERS),
        ("get", "/api/v1/users/{id}/passkeys", To(&USERS, READERS)),
        ("post", "/api/v1/users/{id}/passkeys", WRITE_USERS),
        (
            "patch",
            "/api/v1/users/{id}/passkeys/{passkey}",
            WRITE_USERS,
        ),
        (
            "delete",
            "/api/v1/users/{id}/passkeys/{passkey}",
            WRITE_USERS,
        ),
        ("get", "/api/v1/groups", To(&GROUPS, READERS)),
        ("post", "/api/v1/groups", WRITE_GROUPS),
        ("get", "/api/v1/groups/{id}", To(&GROUPS, READERS)),
        ("patch", "/api/v1/groups/{id}", WRITE_GROUPS),
        ("delete", "/api/v1/groups/{id}", WRITE_GROUPS),
        ("put", "/api/v1/groups/{id}/members/{user}", WRITE_GROUPS),
        ("delete", "/api/v1/groups/{id}/members/{user}", WRITE_GROUPS),
        ("get", "/api/v1/providers", To(PROVIDERS, AUDITOR)),
        ("post", "/api/v1/providers", To(PROVIDERS, &[])),
        ("get", "/api/v1/providers/{slug}", To(PROVIDERS, AUDITOR)),
        ("put", "/api/v1/providers/{slug}", To(PROVIDERS, &[])),
        ("patch", "/api/v1/providers/{slug}", To(PROVIDERS, &[])),
        ("delete", "/api/v1/providers/{slug}", To(PROVIDERS, &[])),
        ("post", "/api/v1/providers/{slug}/test", To(PROVIDERS, &[])),
        (
            "post",
            "/api/v1/providers/{slug}/rotate-key",
            To(PROVIDERS, &[]),
        ),
        ("get", "/api/v1/applications", To(&[], AUDITOR)),
        ("post", "/api/v1/applications", To(&[], &[])),
        ("get", "/api/v1/applications/{slug}", To(&[], AUDITOR)),
        ("put", "/api/v1/applications/{slug}", To(&[], &[])),
        ("patch", "/api/v1/applications/{slug}", To(&[], &[])),
        ("delete", "/api/v1/applications/{slug}", To(&[], &[])),
        (
            "post",
            "/api/v1/applications/{slug}/rotate-secret",
            To(&[], &[]),
        ),
        (
            "post",
            "/api/v1/applications/{slug}/send-activation",
            To(&[], &[]),
        ),
        (
            "get",
            "/api/v1/applications/{slug}/assignments",
            To(&[], AUDITOR),
        ),
        (
            "put",
            "/api/v1/applications/{slug}/users/{user}",
            To(&[], &[]),
        ),
        (
            "delete",
            "/api/v1/applications/{slug}/users/{user}",
            To(&[], &[]),
        ),
        (
            "put",
            "/api/v1/applications/{slug}/groups/{group}",
            To(&[], &[]),
        ),
        (
            "delete",
            "/api/v1/applications/{slug}/groups/{group}",
            To(&[], &[]),
        ),
        ("get", "/api/v1/signing-keys", To(&[], AUDITOR)),
        ("post", "/api/v1/signing-keys/rotate", To(&[], &[])),
        ("get", "/api/v1/tokens", To(&[], AUDITOR)),
        ("post", "/api/v1/tokens", To(&[], &[])),
        ("delete", "/api/v1/tokens/{id}", To(&[], &[])),
        ("get", "/api/v1/webhooks", To(&[], AUDITOR)),
        ("post", "/api/v1/webhooks", To(&[], &[])),
        ("get", "/api/v1/webhooks/{id}", To(&[], AUDITOR)),
        ("patch", "/api/v1/webhooks/{id}", To(&[], &[])),
        ("delete", "/api/v1/webhooks/{id}", To(&[], &[])),
        ("post", "/api/v1/webhooks/{id}/rotate-secret", To(&[], &[])),
        ("post", "/api/v1/webhooks/{id}/test", To(&[], &[])),
        ("get", "/api/v1/webhooks/{id}/deliveries", To(&[], AUDITOR)),
        (
            "post",
            "/api/v1/webhooks/{id}/deliveries/{message}/redeliver",
            To(&[], &[]),
        ),
        ("get", "/api/v1/settings", To(&[], AUDITOR)),
        ("patch", "/api/v1/settings", To(&[], &[])),
        ("get", "/api/v1/audit", AUDIT),
        ("get", "/api/v1/audit.jsonl", AUDIT),
        ("get", "/api/v1/logins", AUDIT),
        ("get", "/api/v1/logins.jsonl", AUDIT),
        ("get", "/api/v1/logins/{id}", AUDIT),
        ("get", "/api/v1/conflicts", To(&USERS, READERS)),
        ("get", "/api/v1/conflicts/{id}", To(&USERS, READERS)),
        ("post", "/api/v1/conflicts/{id}/link", WRITE_USERS),
        ("post", "/api/v1/conflicts/{id}/dismiss", WRITE_USERS),
    ]
}

/// A path with values in the places of its parameters.
fn filled(path: &str) -> String {
    let path = path.replace("{id}", ID).replace("{user}", ID);
    let path = path.replace("{group}", ID);
    let path = path.replace("{message}", ID);
    let path = path.replace("{slug}", "x").replace("{passkey}", ID);
    path.strip_prefix("/api/v1").unwrap().to_owned()
}

/// The routes of the document, with what it says of who may come in.
async fn documented(api: &Api) -> Vec<(String, String, Value)> {
    let document = api.call(By::Nobody, "GET", "/openapi.json", None).await;
    let document = document.expect(200);
    let mut found = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            found.push((method.clone(), path.clone(), operation["security"].clone()));
        }
    }
    found
}

/// What the handlers register is in the document (nothing else registers
/// routes), and what is in the document has its case here.
#[tokio::test]
async fn every_route_has_its_case() {
    let api = Api::new().await;
    let cases = cases();
    let documented = documented(&api).await;
    for (method, path, said) in &documented {
        let case = cases.iter().find(|(m, p, _)| m == method && p == path);
        let Some((_, _, open)) = case else {
            panic!("{method} {path} has no case here: who may come in?");
        };
        let expected = match open {
            Open::Everybody => Value::Null,
            Open::SignedIn => json!([{"session": []}]),
            // The least of the scopes, and every role.
            Open::To(scopes, roles) => {
                let scope = scopes.first().unwrap_or(&Scope::Admin);
                let roles = [&Role::Admin].into_iter().chain(*roles);
                let roles: Vec<&str> = roles.map(|role| role.as_str()).collect();
                json!([{"token": [scope.as_str()]}, {"session": roles}])
            }
        };
        assert_eq!(said, &expected, "{method} {path}");
    }
    assert_eq!(documented.len(), cases.len(), "a case without a route");
}

#[tokio::test]
async fn every_route_asks_who_it_is_and_for_its_scope() {
    let api = Api::new().await;
    let mut tokens = Vec::new();
    for scope in Scope::ALL {
        tokens.push((*scope, api.token(&[*scope]).await));
    }
    for (method, path, open) in cases() {
        let (method, path) = (method.to_uppercase(), filled(path));
        let reply = api.call(By::Nobody, &method, &path, None).await;
        if open == Open::Everybody {
            assert_eq!(reply.status, 200, "{method} {path}");
            continue;
        }
        let challenge = reply.header(header::WWW_AUTHENTICATE);
        assert_eq!(challenge, "Bearer realm=\"doorward\"", "{method} {path}");
        reply.problem(401);
        for (held, token) in &tokens {
            // The bodies that are missing are refused after the scope.
            let reply = api.call(By::Token(token), &method, &path, None).await;
            let Open::To(scopes, _) = open else {
                assert_eq!(reply.status, 401, "{method} {path} is for people only");
                continue;
            };
            let may = *held == Scope::Admin || scopes.contains(held);
            assert_eq!(reply.status != 403, may, "{method} {path} with {held}");
            assert_ne!(reply.status, 401, "{method} {path} with {held}");
            if !may {
                let wanted = scopes.first().unwrap_or(&Scope::Admin);
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
    for role in [
        None,
        Some(Role::Admin),
        Some(Role::UserManager),
        Some(Role::Auditor),
    ] {
        let roles: Vec<Role> = role.into_iter().collect();
        let email = format!("{}@example.com", people.len());
        let user = api.user(json!({"email": email, "roles": roles})).await;
        people.push((role, api.sign_in(&user).await));
    }
    for (method, path, open) in cases() {
        let (method, path) = (method.to_uppercase(), filled(path));
        for (role, cookie) in &people {
            let may = match open {
                Open::Everybody | Open::SignedIn => true,
                Open::To(_, roles) => {
                    role.is_some_and(|role| role == Role::Admin || roles.contains(&role))
                }
            };
            let reply = api.call(By::Cookie(cookie), &method, &path, None).await;
            assert_eq!(reply.status != 403, may, "{method} {path} as {role:?}");
            assert_ne!(reply.status, 401, "{method} {path} as {role:?}");
        }
    }
}

/// Routes are registered together with what the document says of them, and in
/// no other way.
#[test]
fn nothing_is_registered_past_the_document() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/api");
    let mut folders = vec![std::path::PathBuf::from(folder)];
    let mut read = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                if path.file_name().unwrap() != "tests" {
                    folders.push(path);
                }
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap();
            // The page that people read is no part of the API.
            let text = text.replace(".route(\"/api/docs\", get(show))", "");
            let text = text.replace("use axum::routing::get;", "");
            // The one list of which both are made.
            let text = text.replace(".route(&route.path, route.serves)", "");
            let text = text.replace("use axum::routing::MethodRouter;", "");
            for way in [".route(", "routing::", "route_service(", "nest_service("] {
                assert!(!text.contains(way), "{}: {way}", path.display());
            }
            read += 1;
        }
    }
    assert!(read > 15, "{read} files");
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
