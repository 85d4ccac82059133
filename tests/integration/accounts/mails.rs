//! The outbox against a mail server that has its bad days.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::mail_server::{Fault, MailServer};
use super::{Place, on_each};
use crate::harness::{Server, database_of_its_own};

on_each!(
    a_mail_survives_what_passes_and_comes_once,
    what_is_refused_for_good_is_not_tried_again,
    names_are_no_headers_and_no_markup,
    without_a_mail_server_admins_see_the_link,
);

async fn a_mail_survives_what_passes_and_comes_once(place: Place) {
    place.mail.break_next(&[Fault::Later]);
    let began = Instant::now();
    place
        .user("grace@example.com", &json!({ "invite": true }))
        .await;
    assert!(
        began.elapsed() < Duration::from_secs(3),
        "the API waits for nobody"
    );
    let time = Duration::from_mins(2);
    let mail = place.mail.wait_within("grace@example.com", 1, time).await;
    let tries = place.mail.tries();
    assert!(
        tries[0].duration_since(began) < Duration::from_secs(5),
        "the first try"
    );
    eprintln!(
        "the second try came after {:?}",
        tries[1].duration_since(tries[0])
    );
    assert!(mail.header("message-id").is_some());
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(place.mail.mails_to("grace@example.com").len(), 1);
}

async fn what_is_refused_for_good_is_not_tried_again(place: Place) {
    place.mail.break_next(&[Fault::NoSuchUser, Fault::Refused]);
    for email in ["grace@example.com", "alan@example.com"] {
        place.user(email, &json!({ "invite": true })).await;
        let start = Instant::now();
        loop {
            let events = place
                .server
                .api()
                .list("/api/v1/audit?action=mail.failed")
                .await;
            if events.iter().any(|e| e["target"] == email) {
                break;
            }
            assert!(start.elapsed() < Duration::from_secs(10), "{events:?}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
    let tries = place.mail.tries().len();
    tokio::time::sleep(Duration::from_secs(20)).await;
    assert_eq!(place.mail.tries().len(), tries);
    assert!(place.server.log().contains("a mail was given up"));
}

async fn names_are_no_headers_and_no_markup(place: Place) {
    let name = "Grace <b>Hopper</b> =?utf-8?q?x?=, Bcc: all@example.com";
    let body = json!({ "name": name, "invite": true, "language": "de" });
    place.user("grace@example.com", &body).await;
    let mail = place.mail.wait_for("grace@example.com", 1).await;
    assert_eq!(mail.to, ["grace@example.com"]);
    assert_eq!(mail.header("to").as_deref(), Some("grace@example.com"));
    assert!(mail.header("bcc").is_none() && mail.header("cc").is_none());
    assert_eq!(
        mail.header("auto-submitted").as_deref(),
        Some("auto-generated")
    );
    let words = mail.words();
    assert!(
        !words.contains("<b>Hopper</b></") && words.contains("Guten Tag Grace"),
        "{words}"
    );
    assert!(
        words.contains("&#60;b&#62;Hopper") || words.contains("&lt;b&gt;Hopper"),
        "{words}"
    );
}

async fn without_a_mail_server_admins_see_the_link(place: Place) {
    drop(place.mail);
    let config = std::fs::read_to_string(place.server.path("config.toml")).unwrap();
    let (before, rest) = config.split_once("[smtp]").unwrap();
    let after = rest.find("\n[").map_or("", |at| &rest[at..]);
    let mut server = place.server;
    std::fs::write(server.path("config.toml"), format!("{before}{after}")).unwrap();
    server.restart().await;
    let body = json!({ "email": "grace@example.com", "invite": true });
    let api = server.api();
    let user = api.expect("POST", "/api/v1/users", Some(&body), 201).await;
    let link = user["invitation"]["link"].as_str().unwrap();
    assert!(
        link.starts_with(&format!("{}/activate/", server.url)),
        "{link}"
    );
    assert_eq!(user["invitation"]["mailed"], false);
    let path = format!("/api/v1/users/{}/invite", user["id"].as_str().unwrap());
    let again = api.expect("POST", &path, None, 200).await;
    assert_ne!(again["invitation"]["link"].as_str(), Some(link));
    // Nobody else sees one.
    let manager = server.api_with(&server.make_token(&["users:write"]));
    manager.expect("POST", &path, None, 403).await;
    let body = json!({ "email": "alan@example.com", "invite": true });
    manager
        .expect("POST", "/api/v1/users", Some(&body), 403)
        .await;
    assert!(api.user_by_email("alan@example.com").await.is_none());
    let mut browser = crate::harness::Browser::new(&server);
    let page = browser.visit("/reset").await;
    assert!(page.body.contains("Mails cannot be sent"), "{}", page.body);
}

/// Three replicas, fifty mails, one of each; never more than 16 connections a replica.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fleet_sends_each_mail_once() {
    const MAILS: usize = 50;
    let url = database_of_its_own().await;
    let mail = MailServer::start().await;
    let more = format!(
        "{}[secrets]\nkey = \"CQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQk=\"\n",
        mail.config()
    );
    let one = Server::start(&url, &more).await;
    let _two = Server::start(&url, &more).await;
    let _three = Server::start(&url, &more).await;
    let api = one.api();
    for n in 0..MAILS {
        let body = json!({ "email": format!("p{n}@example.com"), "invite": true });
        api.expect("POST", "/api/v1/users", Some(&body), 201).await;
    }
    for n in 0..MAILS {
        mail.wait_for(&format!("p{n}@example.com"), 1).await;
    }
    tokio::time::sleep(Duration::from_secs(3)).await;
    for n in 0..MAILS {
        assert_eq!(mail.mails_to(&format!("p{n}@example.com")).len(), 1, "{n}");
    }
    assert!(mail.most() <= 48, "{}", mail.most());
}

/// A gateway that is killed has lost nothing: what was acknowledged is sent by the next
/// one, and a connection that broke after the data is tried again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mail_outlives_the_process_that_wrote_it() {
    let mut place = Place::sqlite().await;
    place.mail.break_next(&[Fault::Busy, Fault::Drop]);
    let made: Value = place
        .user("grace@example.com", &json!({ "invite": true }))
        .await;
    assert_eq!(made["invitation"]["mailed"], true);
    place.server.restart().await;
    // Killed in the midst of an attempt, the mail waits until that one counts as lost.
    let time = Duration::from_mins(5);
    let mail = place.mail.wait_within("grace@example.com", 1, time).await;
    assert!(mail.link("/activate/").starts_with(&place.server.url));
    assert_eq!(place.mail.mails_to("grace@example.com").len(), 1);
}

/// A server that says nothing holds up nobody else's mail.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_hangs_holds_nothing_up() {
    let place = Place::sqlite().await;
    place.mail.break_next(&[Fault::Hang]);
    place
        .user("grace@example.com", &json!({ "invite": true }))
        .await;
    tokio::time::sleep(Duration::from_millis(1500)).await;
    place
        .user("alan@example.com", &json!({ "invite": true }))
        .await;
    place.mail.wait_for("alan@example.com", 1).await;
    let time = Duration::from_secs(100);
    let mail = place.mail.wait_within("grace@example.com", 1, time).await;
    assert!(mail.header("message-id").is_some());
}
