//! `/applications`.

use serde_json::json;

use super::{Api, By};

fn client() -> serde_json::Value {
    json!({
        "slug": "wiki",
        "name": "Wiki",
        "kind": "oidc",
        "access": "internal",
        "redirect_uris": ["https://wiki.example.com/cb"],
        "post_logout_redirect_uris": ["https://wiki.example.com/"],
        "confidential": true,
        "grant_types": ["authorization_code", "refresh_token"],
        "scopes": ["openid", "email"],
        "claims": {"cost": "extensionAttribute1"}
    })
}

#[tokio::test]
async fn a_client_gets_its_secret_once() {
    let api = Api::new().await;
    let made = api
        .admin("POST", "/applications", Some(client()))
        .await
        .expect(201);
    assert_eq!(made["client_id"], "wiki");
    assert_eq!(made["code_lifetime"], 60);
    let secret = made["client_secret"].as_str().unwrap().to_owned();
    assert!(secret.starts_with("dws_") && secret.len() == 47, "{secret}");

    let shown = api
        .admin("GET", "/applications/wiki", None)
        .await
        .expect(200);
    assert!(shown.get("client_secret").is_none());
    let patched = json!({"name": "The Wiki", "code_lifetime": 30, "access": null});
    let patched = api
        .admin("PATCH", "/applications/wiki", Some(patched))
        .await
        .expect(200);
    assert_eq!(patched["name"], "The Wiki");
    assert_eq!(patched["code_lifetime"], 30);
    assert_eq!(patched["redirect_uris"], shown["redirect_uris"]);
    assert!(patched.get("client_secret").is_none());

    let slug = crate::domain::Slug::parse("wiki").unwrap();
    let stored = api.directory.application(&slug).await.unwrap();
    assert!(stored.is_secret(&secret, api.directory.now()));
    let rotated = api
        .admin("POST", "/applications/wiki/rotate-secret", None)
        .await
        .expect(200);
    let stored = api.directory.application(&slug).await.unwrap();
    assert!(!stored.is_secret(&secret, api.directory.now()));
    assert!(stored.is_secret(
        rotated["client_secret"].as_str().unwrap(),
        api.directory.now()
    ));

    // On demand the one before counts on for a while.
    let path = "/applications/wiki/rotate-secret?keep_old_for=3600";
    let between = api.admin("POST", path, None).await.expect(200);
    assert!(between["old_secret_until"].is_string(), "{between}");
    let stored = api.directory.application(&slug).await.unwrap();
    let old = rotated["client_secret"].as_str().unwrap();
    let now = api.directory.now();
    assert!(stored.is_secret(old, now.plus_seconds(3_599)));
    assert!(!stored.is_secret(old, now.plus_seconds(3_600)));
    assert!(stored.is_secret(between["client_secret"].as_str().unwrap(), now));
    assert!(!stored.is_secret(&secret, now));
    for wrong in ["-1", "604801", "soon", ""] {
        let path = format!("/applications/wiki/rotate-secret?keep_old_for={wrong}");
        api.admin("POST", &path, None).await.problem(422);
    }
    let rotated = api
        .admin("POST", "/applications/wiki/rotate-secret", None)
        .await
        .expect(200);
    let stored = api.directory.application(&slug).await.unwrap();
    assert!(!stored.is_secret(between["client_secret"].as_str().unwrap(), now));

    // What was read can be sent back.
    let again = api
        .admin("GET", "/applications/wiki", None)
        .await
        .expect(200);
    api.admin("PUT", "/applications/wiki", Some(again))
        .await
        .expect(200);
    let stored = api.directory.application(&slug).await.unwrap();
    assert!(stored.is_secret(
        rotated["client_secret"].as_str().unwrap(),
        api.directory.now()
    ));

    // A public client has none, and gets a new one when it becomes confidential.
    let public = json!({"confidential": false});
    api.admin("PATCH", "/applications/wiki", Some(public))
        .await
        .expect(200);
    api.admin("POST", "/applications/wiki/rotate-secret", None)
        .await
        .problem(422);
    let back = json!({"confidential": true});
    let back = api
        .admin("PATCH", "/applications/wiki", Some(back))
        .await
        .expect(200);
    assert!(back["client_secret"].is_string());
}

#[tokio::test]
async fn what_cannot_be_is_refused() {
    let api = Api::new().await;
    api.admin("POST", "/applications", Some(client()))
        .await
        .expect(201);
    let taken = api.admin("POST", "/applications", Some(client())).await;
    assert_eq!(taken.code(409), "taken");
    for (key, value) in [
        ("redirect_uris", json!([])),
        ("redirect_uris", json!(["/cb"])),
        ("redirect_uris", json!(["https://a.example/cb#x"])),
        ("redirect_uris", json!(["https://*.example/cb"])),
        ("redirect_uris", json!(["javascript:alert(1)"])),
        ("redirect_uris", json!(["data:text/html,x"])),
        ("slug", json!("No Slug")),
        ("name", json!("")),
        ("kind", json!("saml")),
        ("access", json!("everybody")),
        ("code_lifetime", json!(0)),
        ("claims", json!({"sub": "email"})),
        ("redirect_uri", json!("https://a.example/cb")),
    ] {
        let mut body = client();
        body["slug"] = json!("other");
        body[key] = value.clone();
        let reply = api.admin("POST", "/applications", Some(body)).await;
        let problem = reply.problem(422);
        let errors = problem["errors"].to_string();
        assert!(errors.contains(key), "{key} {value}: {problem}");
    }
    let wrong = json!({"slug": "another"});
    api.admin("PATCH", "/applications/wiki", Some(wrong))
        .await
        .problem(422);
    api.admin("GET", "/applications/none", None)
        .await
        .problem(404);
    api.admin("GET", "/applications/..", None)
        .await
        .problem(404);
}

#[tokio::test]
async fn a_host_belongs_to_one_application() {
    let api = Api::new().await;
    let forward = |slug: &str, host: &str| json!({"slug": slug, "name": slug, "kind": "forward_auth", "hosts": [host]});
    let made = forward("wiki", "WIKI.example.com:443");
    let made = api
        .admin("POST", "/applications", Some(made))
        .await
        .expect(201);
    assert_eq!(made["hosts"], json!(["wiki.example.com"]));
    assert!(made.get("client_id").is_none() && made.get("client_secret").is_none());
    let other = forward("other", "wiki.example.com");
    let other = api.admin("POST", "/applications", Some(other)).await;
    assert_eq!(other.code(409), "taken");
    let port = forward("port", "wiki.example.com:8443");
    api.admin("POST", "/applications", Some(port))
        .await
        .expect(201);
    api.admin("DELETE", "/applications/wiki", None)
        .await
        .expect(204);
    let other = forward("other", "wiki.example.com");
    api.admin("POST", "/applications", Some(other))
        .await
        .expect(201);
}

#[tokio::test]
async fn assignments_open_private_applications() {
    let api = Api::new().await;
    let private = json!({"slug": "wiki", "name": "Wiki", "access": "private", "launch_url": "https://wiki.example.com/"});
    api.admin("POST", "/applications", Some(private))
        .await
        .expect(201);
    let ada = api.user(json!({"email": "ada@example.com"})).await;
    let bob = api.user(json!({"email": "bob@example.com"})).await;
    let group = json!({"name": "Engineering"});
    let group = api.admin("POST", "/groups", Some(group)).await.expect(201);
    let group = group["id"].as_str().unwrap().to_owned();
    let opens = async |id: &str| {
        let id = crate::domain::UserId::parse(id).unwrap();
        let user = api.directory.user(&id).await.unwrap();
        !api.directory
            .applications_of(&user)
            .await
            .unwrap()
            .is_empty()
    };
    assert!(!opens(&ada).await && !opens(&bob).await);
    for _ in 0..2 {
        let path = format!("/applications/wiki/users/{ada}");
        api.admin("PUT", &path, None).await.expect(204);
        let path = format!("/applications/wiki/groups/{group}");
        api.admin("PUT", &path, None).await.expect(204);
    }
    let path = format!("/groups/{group}/members/{bob}");
    api.admin("PUT", &path, None).await.expect(204);
    assert!(opens(&ada).await && opens(&bob).await);
    let list = api
        .admin("GET", "/applications/wiki/assignments", None)
        .await
        .expect(200);
    assert_eq!(list["items"][0]["name"], "Engineering");
    assert_eq!(list["items"][1]["id"], ada);
    api.admin("DELETE", &path, None).await.expect(204);
    let path = format!("/applications/wiki/users/{ada}");
    api.admin("DELETE", &path, None).await.expect(204);
    assert!(!opens(&ada).await && !opens(&bob).await);
    // Nobody who is not there.
    let nobody = "00000000-0000-7000-8000-000000000000";
    let path = format!("/applications/wiki/users/{nobody}");
    api.admin("PUT", &path, None).await.problem(404);
    let path = format!("/applications/none/users/{ada}");
    api.admin("PUT", &path, None).await.problem(404);
    // Each change is told once.
    let audit = api
        .admin("GET", "/audit?target=wiki", None)
        .await
        .expect(200);
    assert_eq!(audit["items"].as_array().unwrap().len(), 4, "{audit}");
}

#[tokio::test]
async fn of_two_admins_the_second_is_told() {
    let api = Api::new().await;
    let made = api.admin("POST", "/applications", Some(client())).await;
    made.expect(201);
    let request = |tag: &str| {
        let by = By::Token(&api.admin);
        api.request(by, "PATCH", "/applications/wiki")
            .header("if-match", tag)
            .header("content-type", "application/json")
            .body(axum::body::Body::from(json!({"name": tag}).to_string()))
            .unwrap()
    };
    api.send(request("\"1\"")).await.expect(200);
    assert_eq!(api.send(request("\"1\"")).await.code(412), "changed");
    api.send(request("*")).await.expect(200);
}

#[tokio::test]
async fn keys_that_sign_are_shown_and_changed() {
    let api = Api::new().await;
    let none = api.admin("GET", "/signing-keys", None).await.expect(200);
    assert_eq!(none["items"], json!([]));
    let first = api
        .admin(
            "POST",
            "/signing-keys/rotate",
            Some(json!({"at_once": true})),
        )
        .await
        .expect(200);
    let items = first["items"].as_array().unwrap();
    assert_eq!(items.len(), 2, "{first}");
    for item in items {
        assert_eq!(item["state"], "current", "{first}");
        assert_eq!(item["kid"].as_str().unwrap().len(), 43);
    }
    api.admin("POST", "/signing-keys/rotate", Some(json!({})))
        .await
        .expect(200);
    let coming = api
        .admin("POST", "/signing-keys/rotate", Some(json!({})))
        .await;
    assert_eq!(coming.code(409), "signing_key.coming");
    let wrong = json!({"at_once": "yes"});
    api.admin("POST", "/signing-keys/rotate", Some(wrong))
        .await
        .problem(422);
    let all = api.admin("GET", "/signing-keys", None).await.expect(200);
    assert_eq!(all["items"].as_array().unwrap().len(), 4);
}
