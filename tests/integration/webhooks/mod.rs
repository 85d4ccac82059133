//! Webhooks: what other systems are told, by whom it is signed, and what becomes
//! of it while they do not listen.

mod receiver;

use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::{Browser, Idp, Person, Server};
use crate::support::setting;
use receiver::{Mood, Receiver};

on_both! {
    /// Users, groups and logins, each signed, each once, in their order.
    what_happens_is_told
    /// A receiver that fails is asked again, and holds up nobody else.
    a_receiver_that_fails
    /// What was committed is told, whatever becomes of the process.
    killed_before_delivery
}

async fn webhook(server: &Server, url: &str, more: Value) -> Value {
    let mut body = json!({ "url": url });
    crate::harness::merge(&mut body, more);
    server
        .api()
        .expect("POST", "/api/v1/webhooks", Some(&body), 201)
        .await
}

fn path(webhook: &Value, rest: &str) -> String {
    format!("/api/v1/webhooks/{}{rest}", webhook["id"].as_str().unwrap())
}

async fn make_user(server: &Server, email: &str) -> Value {
    let body = json!({ "email": email, "name": "Some One" });
    server
        .api()
        .expect("POST", "/api/v1/users", Some(&body), 201)
        .await
}

/// The newest delivery of a webhook once it looks as it should.
async fn delivery(server: &Server, webhook: &Value, good: impl Fn(&Value) -> bool) -> Value {
    let mut last = Value::Null;
    for _ in 0..400 {
        let page = server.api().get(&path(webhook, "/deliveries")).await;
        last = page["items"][0].clone();
        if good(&last) {
            return last;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{last:#}");
}

async fn what_happens_is_told(server: Server) {
    let receiver = Receiver::start().await;
    let made = webhook(&server, &receiver.url, json!({})).await;
    let secret = made["secret"].as_str().unwrap().to_owned();
    assert_eq!(
        made["events"].as_array().unwrap().len(),
        13,
        "all, where none are named"
    );
    // Never again.
    let shown = server.api().get(&path(&made, "")).await;
    assert!(shown.get("secret").is_none(), "{shown}");
    let listed = server.api().list("/api/v1/webhooks").await;
    assert!(!listed[0].to_string().contains("whsec_"));

    let user = make_user(&server, "ada@example.com").await;
    let id = user["id"].as_str().unwrap();
    let api = server.api();
    let change = json!({ "department": "Engines" });
    api.expect("PATCH", &format!("/api/v1/users/{id}"), Some(&change), 200)
        .await;
    api.expect("POST", &format!("/api/v1/users/{id}/deactivate"), None, 200)
        .await;
    api.expect("POST", &format!("/api/v1/users/{id}/reactivate"), None, 200)
        .await;
    let group = json!({ "name": "Engineering" });
    let group = api
        .expect("POST", "/api/v1/groups", Some(&group), 201)
        .await;
    let member = format!(
        "/api/v1/groups/{}/members/{id}",
        group["id"].as_str().unwrap()
    );
    assert!(api.call("PUT", &member, None).await.0 < 300);
    // Refused, and rolled back: nobody is told.
    let twice = json!({ "email": "ada@example.com" });
    api.expect("POST", "/api/v1/users", Some(&twice), 409).await;
    receiver.waits_for("group.member_added", 1).await;
    let told: Vec<String> = receiver
        .received()
        .iter()
        .map(|one| one.json["type"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(
        told,
        [
            "user.created",
            "user.updated",
            "user.deactivated",
            "user.reactivated",
            "group.created",
            "group.member_added"
        ]
    );
    for one in receiver.received() {
        assert!(one.is_signed_with(&secret), "{one:?}");
        assert!(one.timestamp.parse::<i64>().is_ok());
    }
    let updated = receiver.of("user.updated").remove(0).json;
    assert_eq!(updated["data"]["user"]["email"], "ada@example.com");
    assert_eq!(updated["data"]["user"]["id"], id);
    assert_eq!(updated["data"]["changes"][0]["after"], "Engines");
    assert_eq!(updated["data"]["actor"]["kind"], "token");
    assert_eq!(
        receiver.of("user.deactivated")[0].json["data"]["user"]["status"],
        "inactive"
    );
    // The id of a message is that of the audit event.
    let events = api.list("/api/v1/audit?action=user.created").await;
    assert_eq!(events[0]["id"], receiver.of("user.created")[0].id.as_str());

    let idp = Idp::new();
    idp.register(&server).await;
    let mut browser = Browser::new(&server);
    idp.login(&server, &mut browser, &Person::named("grace"))
        .await
        .user();
    let told = receiver.waits_for("login.succeeded", 1).await;
    assert_eq!(told[0].json["data"]["login"]["provider"], "okta");
    assert_eq!(told[0].json["data"]["user"]["email"], "grace@example.com");
    let mut foreign = Person::named("mallory");
    foreign.email = "mallory@elsewhere.example".to_owned();
    idp.login(&server, &mut Browser::new(&server), &foreign)
        .await
        .refused();
    let told = receiver.waits_for("login.refused", 1).await;
    assert_eq!(told[0].json["data"]["user"], Value::Null);

    // What was done on the machine is told as well.
    server.cli(&["user", "create", "--email", "cli@example.com"], "");
    let told = receiver.waits_for("user.created", 3).await;
    assert_eq!(told[2].json["data"]["user"]["email"], "cli@example.com");

    // The log, a message once more under its id, and a test.
    let first = receiver.of("user.created").remove(0);
    let again = path(&made, &format!("/deliveries/{}/redeliver", first.id));
    api.expect("POST", &again, None, 202).await;
    let twice = receiver.waits_for("user.created", 4).await;
    assert_eq!(twice.iter().filter(|one| one.id == first.id).count(), 2);
    let test = api.expect("POST", &path(&made, "/test"), None, 202).await;
    let told = receiver.waits_for("webhook.test", 1).await;
    assert_eq!(told[0].id, test["id"].as_str().unwrap());
    let log = delivery(&server, &made, |d| d["state"] == "delivered").await;
    assert_eq!(log["event"], "webhook.test");
    assert_eq!(log["attempts"][0]["status"], 204);
    assert!(log["attempts"][0]["duration_ms"].as_i64().unwrap() < 5000);
    assert_eq!(log["payload"]["type"], "webhook.test");

    // A new secret: both sign, so that nobody has to be quick.
    let rotated = api
        .expect("POST", &path(&made, "/rotate-secret"), None, 200)
        .await;
    let new = rotated["secret"].as_str().unwrap();
    assert_ne!(new, secret);
    api.expect("POST", &path(&made, "/test"), None, 202).await;
    let told = receiver.waits_for("webhook.test", 2).await;
    let told = told
        .iter()
        .find(|one| one.id != test["id"].as_str().unwrap())
        .unwrap();
    assert!(told.is_signed_with(new) && told.is_signed_with(&secret));

    // What is not asked for is not told; what is switched off neither.
    let only = json!({ "events": ["user.deactivated"] });
    api.expect("PATCH", &path(&made, ""), Some(&only), 200)
        .await;
    let count = receiver.received().len();
    let user = make_user(&server, "quiet@example.com").await;
    let id = user["id"].as_str().unwrap();
    api.expect("POST", &format!("/api/v1/users/{id}/deactivate"), None, 200)
        .await;
    receiver.waits_for("user.deactivated", 2).await;
    assert_eq!(receiver.received().len(), count + 1);
    let off = json!({ "enabled": false });
    api.expect("PATCH", &path(&made, ""), Some(&off), 200).await;
    api.expect("POST", &format!("/api/v1/users/{id}/reactivate"), None, 200)
        .await;
    api.expect("POST", &path(&made, "/test"), None, 422).await;
    api.expect("DELETE", &path(&made, ""), None, 204).await;
    api.expect("GET", &path(&made, ""), None, 404).await;
    api.expect("GET", &path(&made, "/deliveries"), None, 404)
        .await;
    let actions: Vec<Value> = api.list("/api/v1/audit?target_kind=webhook").await;
    let actions: Vec<&str> = actions
        .iter()
        .map(|e| e["action"].as_str().unwrap())
        .collect();
    assert_eq!(
        actions,
        [
            "webhook.deleted",
            "webhook.updated",
            "webhook.updated",
            "webhook.secret_rotated",
            "webhook.created"
        ]
    );
}

async fn a_receiver_that_fails(server: Server) {
    let (bad, good, trap) = (
        Receiver::start().await,
        Receiver::start().await,
        Receiver::start().await,
    );
    let of_bad = webhook(&server, &bad.url, json!({ "events": ["user.created"] })).await;
    webhook(&server, &good.url, json!({ "events": ["user.created"] })).await;
    let wait = async |error: &str, status: Value| {
        let found = delivery(&server, &of_bad, |d| d["attempt_count"] == 1).await;
        assert_eq!(found["state"], "pending");
        assert!(found["next_attempt_at"].is_string());
        assert_eq!(found["attempts"][0]["status"], status);
        let told = found["attempts"][0]["error"].as_str().unwrap_or_default();
        assert!(told.contains(error), "{told}");
    };
    bad.turns(Mood::Hangs);
    make_user(&server, "one@example.com").await;
    good.waits_for("user.created", 1).await;
    wait("", Value::Null).await;
    bad.turns(Mood::RedirectsTo(trap.url.clone()));
    make_user(&server, "two@example.com").await;
    wait("redirects", json!(307)).await;
    assert!(trap.received().is_empty(), "a body goes nowhere else");
    bad.turns(Mood::Status(500));
    make_user(&server, "three@example.com").await;
    wait("", json!(500)).await;
    good.waits_for("user.created", 3).await;
    let shown = server.api().get(&path(&of_bad, "")).await;
    assert!(shown["failing_since"].is_string() && shown["enabled"] == true);

    // Well again: everything comes, under the ids that it had.
    bad.turns(Mood::Good);
    let mut ids: Vec<String> = Vec::new();
    for _ in 0..900 {
        let page = server.api().get(&path(&of_bad, "/deliveries")).await;
        let items = page["items"].as_array().unwrap().clone();
        if items.iter().all(|item| item["state"] == "delivered") {
            ids = items
                .iter()
                .map(|i| i["id"].as_str().unwrap().to_owned())
                .collect();
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(ids.len(), 3);
    let shown = server.api().get(&path(&of_bad, "")).await;
    assert_eq!(shown["failing_since"], Value::Null);
    assert_eq!(good.received().len(), 3, "once each");

    // Gone is gone: it is switched off, and an admin can see why.
    bad.turns(Mood::Status(410));
    make_user(&server, "four@example.com").await;
    delivery(&server, &of_bad, |d| d["state"] == "failed").await;
    let shown = server.api().get(&path(&of_bad, "")).await;
    assert_eq!(shown["enabled"], false);
    assert!(shown["disabled_reason"].as_str().unwrap().contains("410"));
    let events = server
        .api()
        .list("/api/v1/audit?action=webhook.disabled")
        .await;
    assert_eq!(events[0]["actor_kind"], "gateway");
}

async fn killed_before_delivery(mut server: Server) {
    let receiver = Receiver::start().await;
    receiver.turns(Mood::Status(503));
    webhook(
        &server,
        &receiver.url,
        json!({ "events": ["user.created"] }),
    )
    .await;
    for n in 0..5 {
        make_user(&server, &format!("user{n}@example.com")).await;
    }
    server.kill();
    receiver.turns(Mood::Good);
    server.restart().await;
    receiver.waits_for("user.created", 5).await;
    let emails = |all: Vec<receiver::Received>| {
        let email = |one: &receiver::Received| {
            one.json["data"]["user"]["email"]
                .as_str()
                .unwrap()
                .to_owned()
        };
        all.iter()
            .map(email)
            .collect::<std::collections::BTreeSet<_>>()
    };
    for _ in 0..2000 {
        if emails(receiver.of("user.created")).len() == 5 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{:#?}", receiver.received());
}

/// The specification's own library takes what we send, and refuses what somebody
/// changed.
#[tokio::test(flavor = "multi_thread")]
async fn the_official_library_agrees() {
    let server = Server::sqlite().await;
    let receiver = Receiver::start().await;
    let made = webhook(&server, &receiver.url, json!({})).await;
    make_user(&server, "zoë@example.com").await;
    let told = receiver.waits_for("user.created", 1).await.remove(0);
    let verify = |body: &str| {
        let script = "import sys, json\nfrom standardwebhooks.webhooks import Webhook\n\
            a = json.load(sys.stdin)\nWebhook(a['secret']).verify(a['body'], a['headers'])\n";
        let input = json!({
            "secret": made["secret"],
            "body": body,
            "headers": {
                "webhook-id": told.id,
                "webhook-timestamp": told.timestamp,
                "webhook-signature": told.signature,
            },
        });
        let mut child = std::process::Command::new(setting::required("DOORWARD_TEST_PYTHON"))
            .args(["-c", script])
            .stdin(std::process::Stdio::piped())
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        std::io::Write::write_all(&mut stdin, input.to_string().as_bytes()).unwrap();
        drop(stdin);
        child.wait().unwrap().success()
    };
    assert!(verify(&told.body));
    assert!(!verify(&told.body.replace("user.created", "user.deleted")));
}

/// Addresses that nobody may make the gateway call.
#[tokio::test(flavor = "multi_thread")]
async fn private_addresses_are_not_called() {
    let server = Server::sqlite_with("[security]\nallow_private_networks = false\n").await;
    let receiver = Receiver::start().await;
    let api = server.api();
    for url in [
        receiver.url.as_str(),
        "http://example.com/hook",
        "https://127.0.0.1/hook",
        "https://[::1]/hook",
        "https://10.0.0.1/hook",
        "https://169.254.169.254/latest/meta-data",
        "https://2130706433/hook",
        "https://user:secret@example.com/hook",
        "https://example.com/hook#part",
        "ftp://example.com/hook",
        "javascript:alert(1)",
        "/hook",
        "",
    ] {
        let problem = api
            .expect(
                "POST",
                "/api/v1/webhooks",
                Some(&json!({ "url": url })),
                422,
            )
            .await;
        assert_eq!(problem["errors"][0]["pointer"], "/url", "{url}");
    }
    // A name that leads to a private address is found out when it is called.
    let made = webhook(&server, "https://localhost/hook", json!({})).await;
    api.expect("POST", &path(&made, "/test"), None, 202).await;
    let found = delivery(&server, &made, |d| d["attempt_count"] == 1).await;
    let told = found["attempts"][0]["error"].as_str().unwrap();
    assert!(told.contains("private"), "{told}");
    assert!(receiver.received().is_empty());
    for (body, pointer) in [
        (
            json!({ "url": "https://example.com", "events": [] }),
            "/events",
        ),
        (
            json!({ "url": "https://example.com", "events": ["user.exploded"] }),
            "/events/0",
        ),
        (
            json!({ "url": "https://example.com", "secret": "mine" }),
            "/secret",
        ),
        (json!({ "url": null }), "/url"),
        (
            json!({ "url": "https://example.com", "description": "x".repeat(501) }),
            "/description",
        ),
    ] {
        let problem = api
            .expect("POST", "/api/v1/webhooks", Some(&body), 422)
            .await;
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{problem}");
    }
}
