//! A password that its person changes, and what that ends.

use super::{PASSWORD, Place, is_in, on_each, sign_in};
use crate::harness::Browser;

on_each!(
    a_change_needs_the_old_one_and_ends_all_else,
    the_machine_makes_people_with_passwords
);

const NEW: &str = "four other words entirely";

async fn a_change_needs_the_old_one_and_ends_all_else(place: Place) {
    place.person("grace@example.com", PASSWORD).await;
    let mut browser = Browser::new(&place.server);
    let mut other = Browser::new(&place.server);
    for browser in [&mut browser, &mut other] {
        assert_eq!(
            sign_in(browser, "grace@example.com", PASSWORD).await.status,
            303
        );
    }
    let led = browser.visit("/.well-known/change-password").await;
    assert_eq!(led.location.as_deref(), Some("/account/password"));
    let csrf = browser.csrf("/account/password").await;
    for (old, new, reason) in [
        ("not the old one", NEW, "not your current password"),
        ("", NEW, "not your current password"),
        (PASSWORD, "short", "at least 12 characters"),
        (PASSWORD, "", "Choose a password"),
    ] {
        let form = [("csrf", csrf.as_str()), ("old", old), ("password", new)];
        let answer = browser.submit("/account/password", &form).await;
        assert_eq!(answer.status, 422, "{old} {new}");
        assert!(answer.body.contains(reason), "{}", answer.body);
    }
    let form = [("csrf", "x"), ("old", PASSWORD), ("password", NEW)];
    assert_eq!(browser.submit("/account/password", &form).await.status, 403);
    let before = browser.session();
    let form = [
        ("csrf", csrf.as_str()),
        ("old", PASSWORD),
        ("password", NEW),
    ];
    let answer = browser.submit("/account/password", &form).await;
    assert_eq!(
        answer.location.as_deref(),
        Some("/account?done=password-changed")
    );
    assert_ne!(
        browser.session(),
        before,
        "the session goes on under a new id"
    );
    assert!(is_in(&mut browser).await);
    assert!(!is_in(&mut other).await);
    assert_eq!(
        sign_in(&mut other, "grace@example.com", PASSWORD)
            .await
            .status,
        403
    );
    assert_eq!(
        sign_in(&mut other, "grace@example.com", NEW).await.status,
        303
    );
    let mail = place.mail.wait_for("grace@example.com", 2).await;
    assert!(
        mail.header("subject").unwrap().contains("changed"),
        "{}",
        mail.text
    );
    // Nobody's page for nobody.
    let mut stranger = Browser::new(&place.server);
    assert_eq!(stranger.visit("/account/password").await.status, 303);
}

async fn the_machine_makes_people_with_passwords(place: Place) {
    let args = [
        "user",
        "create",
        "--email",
        "root@example.com",
        "--admin",
        "--password-stdin",
    ];
    place.server.cli(&args, &format!("{PASSWORD}\n"));
    let mut browser = Browser::new(&place.server);
    assert_eq!(
        sign_in(&mut browser, "root@example.com", PASSWORD)
            .await
            .status,
        303
    );
    assert!(browser.visit("/admin").await.status < 400);
    place
        .server
        .cli(&["user", "set-password", "root@example.com"], NEW);
    // Another process wrote. What is asked a second later is answered by the news, however
    // much the machine has to do meanwhile.
    let written = std::time::Instant::now();
    loop {
        let asked = written.elapsed();
        if !is_in(&mut browser).await {
            break;
        }
        assert!(
            asked < std::time::Duration::from_secs(1),
            "signed in {asked:?} after another process has ended the session"
        );
    }
    assert_eq!(
        sign_in(&mut browser, "root@example.com", NEW).await.status,
        303
    );
}
