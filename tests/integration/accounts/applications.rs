//! Telling the people of an application, each once.

use serde_json::{Value, json};

use super::{PASSWORD, Place, on_each, use_link};
use crate::harness::{Browser, Server};

on_each!(the_people_of_an_application_are_told_once);

const SEND: &str = "/api/v1/applications/wiki/send-activation";

async fn mailed(server: &Server) -> Value {
    let api = server.api();
    api.expect("POST", SEND, None, 200).await["mailed"].clone()
}

async fn the_people_of_an_application_are_told_once(place: Place) {
    let api = place.server.api();
    let wiki = json!({ "slug": "wiki", "name": "Wiki & more" });
    api.expect("POST", "/api/v1/applications", Some(&wiki), 201)
        .await;
    assert_eq!(mailed(&place.server).await, 0, "nobody is assigned");
    let id = |user: &Value| user["id"].as_str().unwrap().to_owned();
    let grace = id(&place.user("grace@example.com", &json!({})).await);
    let known = id(&place.person("known@example.com", PASSWORD).await);
    let gone = id(&place.user("gone@example.com", &json!({})).await);
    let alan = id(&place.user("alan@example.com", &json!({})).await);
    let path = format!("/api/v1/users/{gone}/deactivate");
    api.expect("POST", &path, None, 200).await;
    let group = json!({ "name": "Readers" });
    let group = api
        .expect("POST", "/api/v1/groups", Some(&group), 201)
        .await;
    let group = id(&group);
    let assign = async |path: String| {
        let (status, answer) = api.call("PUT", &path, None).await;
        assert!((200..300).contains(&status), "{path}: {status} {answer}");
    };
    // One of them twice: by name, and by the group.
    for user in [&grace, &known] {
        assign(format!("/api/v1/groups/{group}/members/{user}")).await;
    }
    assign(format!("/api/v1/applications/wiki/groups/{group}")).await;
    for user in [&grace, &gone] {
        assign(format!("/api/v1/applications/wiki/users/{user}")).await;
    }
    assert_eq!(mailed(&place.server).await, 2);
    assert_eq!(mailed(&place.server).await, 0, "each is told once");
    // Who has no way in yet gets one.
    let mail = place.mail.wait_for("grace@example.com", 1).await;
    assert!(mail.header("subject").unwrap().contains("Wiki"));
    let mut browser = Browser::new(&place.server);
    let done = use_link(&mut browser, &mail.link("/activate/"), PASSWORD).await;
    assert_eq!(done.location.as_deref(), Some("/login?done=ready"));
    // Who has one is told, and nothing is reset.
    let mail = place.mail.wait_for("known@example.com", 2).await;
    assert!(!mail.words().contains("/activate/"), "{}", mail.words());
    assert!(mail.words().contains("/account"), "{}", mail.words());
    // Who comes later is told then, and they alone.
    assign(format!("/api/v1/applications/wiki/users/{alan}")).await;
    assert_eq!(mailed(&place.server).await, 1);
    place.mail.wait_for("alan@example.com", 1).await;
    assert_eq!(place.mail.mails_to("grace@example.com").len(), 1);
    assert!(place.mail.mails_to("gone@example.com").is_empty());
    // It is an admin's to send.
    let manager = place.server.make_token(&["users:write"]);
    let manager = place.server.api_with(&manager);
    manager.expect("POST", SEND, None, 403).await;
    let (status, _) = api
        .call("POST", "/api/v1/applications/none/send-activation", None)
        .await;
    assert_eq!(status, 404);
}

/// Without a mail server nobody counts as told.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_mail_server_nobody_is_told() {
    let server = Server::sqlite().await;
    let api = server.api();
    let wiki = json!({ "slug": "wiki", "name": "Wiki" });
    api.expect("POST", "/api/v1/applications", Some(&wiki), 201)
        .await;
    let problem = api.expect("POST", SEND, None, 409).await;
    assert_eq!(problem["code"], "mail.off");
}
