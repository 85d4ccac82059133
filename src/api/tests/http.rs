//! What HTTP asks of every route.

use axum::body::Body;
use axum::http::header;
use serde_json::json;

use super::{Api, By};

#[tokio::test]
async fn options_say_what_may_be_done() {
    let api = Api::new().await;
    for (path, methods) in [
        ("/users", "GET,HEAD,POST,OPTIONS"),
        ("/providers/x", "GET,HEAD,PUT,PATCH,DELETE,OPTIONS"),
        ("/me", "GET,HEAD,OPTIONS"),
    ] {
        let reply = api.call(By::Nobody, "OPTIONS", path, None).await;
        let mut allowed: Vec<&str> = reply.header(header::ALLOW).split(", ").collect();
        let mut expected: Vec<&str> = methods.split(',').collect();
        allowed.sort_unstable();
        expected.sort_unstable();
        assert_eq!(allowed, expected, "{path}");
        reply.expect(204);
        // The same list comes with a method that is none of them.
        let reply = api.call(By::Nobody, "TRACE", path, None).await;
        assert!(reply.header(header::ALLOW).ends_with(", OPTIONS"), "{path}");
        assert_eq!(reply.code(405), "web.method_not_allowed");
    }
    api.call(By::Nobody, "OPTIONS", "/nothing", None)
        .await
        .problem(404);
}

#[tokio::test]
async fn head_answers_as_get_does() {
    let api = Api::new().await;
    for path in ["/users", "/settings", "/openapi.json"] {
        let whole = api.admin("GET", path, None).await;
        let head = api.admin("HEAD", path, None).await;
        assert_eq!(head.status, 200, "{path}");
        assert!(head.json.is_null(), "{path}");
        let kind = header::CONTENT_TYPE;
        assert_eq!(head.header(kind.clone()), whole.header(kind), "{path}");
    }
    let reply = api.call(By::Nobody, "HEAD", "/users", None).await;
    assert_eq!(reply.status, 401);
}

#[tokio::test]
async fn json_is_the_answer_whatever_the_caller_likes_best() {
    let api = Api::new().await;
    for accept in [
        "*/*",
        "application/json",
        "text/html, */*;q=0.1",
        "text/html",
    ] {
        let request = api
            .request(By::Token(&api.admin), "GET", "/users")
            .header("accept", accept)
            .body(Body::empty());
        api.send(request.unwrap()).await.expect(200);
    }
}

#[tokio::test]
async fn bodies_that_are_not_json_are_refused() {
    let api = Api::new().await;
    let provider = "/providers/x";
    for (method, path) in [
        ("POST", "/users"),
        ("POST", "/groups"),
        ("POST", "/tokens"),
        ("POST", "/providers"),
        ("PATCH", "/settings"),
        ("PUT", provider),
    ] {
        for kind in ["text/plain", "application/xml", "multipart/form-data"] {
            let request = api
                .request(By::Token(&api.admin), method, path)
                .header("content-type", kind)
                .body(Body::from("{}"));
            let reply = api.send(request.unwrap()).await;
            assert_eq!(reply.code(415), "request.content_type", "{method} {path}");
        }
    }
}

#[tokio::test]
async fn patches_go_by_both_names() {
    let api = Api::new().await;
    let user = api.user(json!({"email": "ada@example.com"})).await;
    let group = api
        .admin("POST", "/groups", Some(json!({"name": "A"})))
        .await;
    let group = group.expect(201)["id"].as_str().unwrap().to_owned();
    for kind in [
        "application/merge-patch+json",
        "application/json",
        "application/merge-patch+json; charset=utf-8",
    ] {
        for path in [
            format!("/users/{user}"),
            format!("/groups/{group}"),
            "/settings".to_owned(),
        ] {
            let request = api
                .request(By::Token(&api.admin), "PATCH", &path)
                .header("content-type", kind)
                .body(Body::from("{}"));
            api.send(request.unwrap()).await.expect(200);
        }
    }
}
