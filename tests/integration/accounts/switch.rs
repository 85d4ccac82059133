//! Switching passwords off on the dashboard, and mails that were given up.

use std::time::{Duration, Instant};

use serde_json::json;

use super::mail_server::Fault;
use super::{PASSWORD, Place, is_in, on_each, sign_in};
use crate::harness::{Browser, Idp};

on_each!(
    passwords_are_switched_off_by_who_shows_another_way_in,
    a_mail_that_was_given_up_is_tried_again,
);

const PASSWORDS: &str = "/admin/security/passwords";

async fn switch(browser: &mut Browser, to: &str) -> Option<String> {
    let csrf = browser.csrf("/account").await;
    let form = [("csrf", csrf.as_str()), ("to", to)];
    browser.submit(PASSWORDS, &form).await.location
}

async fn passwords_are_switched_off_by_who_shows_another_way_in(place: Place) {
    let api = place.server.api();
    let is_on = async || api.get("/api/v1/settings").await["password_login"] == true;
    // An admin who signed in with a password proves nothing.
    let root = place.person("root@example.com", PASSWORD).await;
    let path = format!("/api/v1/users/{}", root["id"].as_str().unwrap());
    let roles = json!({ "roles": ["admin"] });
    api.expect("PATCH", &path, Some(&roles), 200).await;
    let mut by_password = Browser::new(&place.server);
    sign_in(&mut by_password, "root@example.com", PASSWORD).await;
    let page = by_password.click(PASSWORDS).await;
    assert!(page.body.contains("through a provider"), "{}", page.body);
    assert!(!page.body.contains("value=\"off\""), "{}", page.body);
    assert_eq!(
        switch(&mut by_password, "off").await.as_deref(),
        Some("/admin/security?told=security-proof")
    );
    assert!(is_on().await);
    // One who came through a provider does, as long as the provider is on.
    let idp = Idp::new();
    idp.register(&place.server).await;
    let (mut admin, _) = idp
        .signed_in_with(&place.server, "ada", Some("admin"))
        .await;
    let provider = "/api/v1/providers/okta";
    api.expect("PATCH", provider, Some(&json!({ "enabled": false })), 200)
        .await;
    if admin.me().await.is_some() {
        let told = switch(&mut admin, "off").await;
        assert!(!told.unwrap_or_default().contains("done="));
    }
    assert!(is_on().await, "the provider is off");
    api.expect("PATCH", provider, Some(&json!({ "enabled": true })), 200)
        .await;
    let (mut admin, _) = idp
        .signed_in_with(&place.server, "ada", Some("admin"))
        .await;
    let page = admin.click(PASSWORDS).await;
    assert_eq!(page.status, 200);
    assert!(
        page.body.contains("doorward user"),
        "the way back: {}",
        page.body
    );
    assert!(page.body.contains("value=\"off\""), "{}", page.body);
    // A form of another site does nothing.
    let forged = [("csrf", "guessed"), ("to", "off")];
    assert_eq!(admin.submit(PASSWORDS, &forged).await.status, 403);
    assert!(is_on().await);
    assert_eq!(
        switch(&mut admin, "off").await.as_deref(),
        Some("/admin/security?done=security-off")
    );
    assert!(!is_on().await);
    // From now on nobody comes in with one, and no new one is made.
    let mut browser = Browser::new(&place.server);
    let page = browser.visit("/login?choose=1").await;
    assert!(!page.body.contains("type=\"password\""), "{}", page.body);
    assert_eq!(browser.visit("/reset").await.status, 403);
    assert!(!is_in(&mut browser).await);
    let events = api.list("/api/v1/audit?action=settings.changed").await;
    let newest = &events[0];
    assert_eq!(newest["actor_kind"], "user", "{newest}");
    let change = &newest["changes"][0];
    assert_eq!(
        (&change["field"], &change["before"], &change["after"]),
        (&json!("password_login"), &json!("true"), &json!("false"))
    );
    // And back.
    assert_eq!(
        switch(&mut admin, "on").await.as_deref(),
        Some("/admin/security?done=security-on")
    );
    sign_in(&mut browser, "root@example.com", PASSWORD).await;
    assert!(is_in(&mut browser).await);
}

async fn a_mail_that_was_given_up_is_tried_again(place: Place) {
    place.mail.break_next(&[Fault::NoSuchUser]);
    place
        .user("grace@example.com", &json!({ "invite": true }))
        .await;
    let idp = Idp::new();
    idp.register(&place.server).await;
    let (mut admin, _) = idp
        .signed_in_with(&place.server, "ada", Some("admin"))
        .await;
    let start = Instant::now();
    let page = loop {
        let page = admin.click("/admin/security").await;
        if page.body.contains("/retry\"") {
            break page;
        }
        assert!(start.elapsed() < Duration::from_secs(15), "{}", page.body);
        tokio::time::sleep(Duration::from_millis(100)).await;
    };
    for text in ["grace@example.com", "no such user", "Given up"] {
        assert!(page.body.contains(text), "{text}: {}", page.body);
    }
    let address = page.body.split("action=\"").find(|a| a.contains("/retry"));
    let address = address.unwrap().split('"').next().unwrap().to_owned();
    // It is an admin's to do, with the form's token.
    let (mut auditor, _) = idp
        .signed_in_with(&place.server, "eve", Some("auditor"))
        .await;
    let csrf = auditor.csrf("/account").await;
    let form = [("csrf", csrf.as_str())];
    assert_eq!(auditor.submit(&address, &form).await.status, 403);
    assert_eq!(admin.submit(&address, &[("csrf", "x")]).await.status, 403);
    assert!(place.mail.mails_to("grace@example.com").is_empty());
    let csrf = admin.csrf("/account").await;
    let form = [("csrf", csrf.as_str())];
    let done = admin.submit(&address, &form).await;
    assert_eq!(
        done.location.as_deref(),
        Some("/admin/security?done=security-mail-retried")
    );
    place.mail.wait_for("grace@example.com", 1).await;
    // Twice is once.
    let again = admin.submit(&address, &form).await;
    assert_eq!(
        again.location.as_deref(),
        Some("/admin/security?told=security-mail-gone")
    );
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(place.mail.mails_to("grace@example.com").len(), 1);
    let events = place.server.api();
    let events = events.list("/api/v1/audit?action=mail.retried").await;
    assert_eq!(events.len(), 1, "{events:?}");
}
