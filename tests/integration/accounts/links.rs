//! The links that mails carry.

use serde_json::json;

use super::{PASSWORD, Place, is_in, on_each, sign_in, use_link};
use crate::harness::Browser;

on_each!(
    from_an_invitation_to_a_session,
    a_scanner_uses_nothing_up,
    a_link_works_once_for_its_purpose_and_its_address,
    weak_passwords_come_back_with_a_reason,
    a_password_can_be_asked_for_by_who_never_had_one,
    who_signs_in_through_a_provider_is_told_so,
);

async fn from_an_invitation_to_a_session(place: Place) {
    let user = place
        .user("grace@example.com", &json!({ "invite": true }))
        .await;
    assert_eq!(user["status"], "pending");
    assert_eq!(user["email_verified"], false);
    assert_eq!(user["invitation"], json!({ "mailed": true, "link": null }));
    let mail = place.mail.wait_for("grace@example.com", 1).await;
    assert!(
        mail.header("subject").unwrap().contains("Activate"),
        "{}",
        mail.text
    );
    let link = mail.link("/activate/");
    assert!(link.starts_with(&place.server.url), "{link}");
    let token = link.rsplit('/').next().unwrap();
    assert_eq!(token.len(), 43, "256 bits");
    let mut browser = Browser::new(&place.server);
    let page = browser.visit(&link).await;
    assert_eq!(page.status, 200);
    assert!(page.body.contains("grace@example.com") && page.body.contains("UTC"));
    assert_eq!(page.body.matches("<button").count(), 1);
    let done = use_link(&mut browser, &link, PASSWORD).await;
    assert_eq!(done.location.as_deref(), Some("/login?done=ready"));
    let page = browser.follow(done).await;
    assert!(page.body.contains("Your account is ready"), "{}", page.body);
    let path = format!("/api/v1/users/{}", user["id"].as_str().unwrap());
    let shown = place.server.api().get(&path).await;
    assert_eq!(
        (&shown["status"], &shown["email_verified"]),
        (&json!("active"), &json!(true))
    );
    assert_eq!(
        sign_in(&mut browser, "grace@example.com", PASSWORD)
            .await
            .status,
        303
    );
    assert!(is_in(&mut browser).await);
    let actions: Vec<_> = place.server.api().list("/api/v1/audit").await;
    let has = |action: &str| actions.iter().any(|e| e["action"] == action);
    for action in [
        "user.invited",
        "user.activated",
        "user.email_verified",
        "user.password_set",
    ] {
        assert!(has(action), "{action}");
    }
    // Where the database is, no link can be read.
    let log = place.server.log();
    assert!(!log.contains(token), "the token is in the log");
    if let Ok(octets) = std::fs::read(place.server.path("data/doorward.db")) {
        let text = String::from_utf8_lossy(&octets);
        assert!(!text.contains(token), "the token is in the database");
        assert!(!text.contains(PASSWORD));
    }
}

async fn a_scanner_uses_nothing_up(place: Place) {
    let user = place
        .user("grace@example.com", &json!({ "invite": true }))
        .await;
    let link = place
        .mail
        .wait_for("grace@example.com", 1)
        .await
        .link("/activate/");
    for _ in 0..5 {
        let mut scanner = Browser::new(&place.server);
        assert_eq!(scanner.visit(&link).await.status, 200);
        let head = place.server.client.head(&link).send().await.unwrap();
        assert_eq!(head.status(), 200);
        // One that sends the form without its token.
        let form = [("password", PASSWORD)];
        assert_eq!(scanner.submit(&link, &form).await.status, 403);
    }
    assert_eq!(place.status(&user).await, "pending");
    let mut browser = Browser::new(&place.server);
    assert_eq!(use_link(&mut browser, &link, PASSWORD).await.status, 303);
    assert_eq!(place.status(&user).await, "active");
}

async fn a_link_works_once_for_its_purpose_and_its_address(place: Place) {
    place
        .user("grace@example.com", &json!({ "invite": true }))
        .await;
    let link = place
        .mail
        .wait_for("grace@example.com", 1)
        .await
        .link("/activate/");
    let token = link.rsplit('/').next().unwrap().to_owned();
    let mut browser = Browser::new(&place.server);
    // Another purpose, other tokens.
    for wrong in [
        format!("/reset/{token}"),
        format!("/login/local/{token}"),
        format!("/activate/{}", &token[1..]),
        format!("/activate/{token}A"),
        "/activate/x".to_owned(),
        "/activate/%00".to_owned(),
        format!("/activate/{}", "a".repeat(3000)),
    ] {
        let answer = browser.visit(&wrong).await;
        assert!(
            (400..500).contains(&answer.status),
            "{wrong}: {}",
            answer.status
        );
    }
    // Both of two who press at once get an answer, and one of them does it.
    let csrf = browser.csrf(&link).await;
    let form = [("csrf", csrf.as_str()), ("password", PASSWORD)];
    let (mut one, mut other) = (browser.clone(), browser.clone());
    let (first, second) = tokio::join!(one.submit(&link, &form), other.submit(&link, &form));
    let mut statuses = [first.status, second.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [303, 410]);
    assert_eq!(browser.visit(&link).await.status, 410);
    assert_eq!(browser.submit(&link, &form).await.status, 410);

    // An address that was changed since.
    let user = place
        .user("alan@example.com", &json!({ "invite": true }))
        .await;
    let link = place
        .mail
        .wait_for("alan@example.com", 1)
        .await
        .link("/activate/");
    let path = format!("/api/v1/users/{}", user["id"].as_str().unwrap());
    let edit = json!({ "email": "turing@example.com" });
    place
        .server
        .api()
        .expect("PATCH", &path, Some(&edit), 200)
        .await;
    assert_eq!(browser.visit(&link).await.status, 410);
    // Somebody who was shut out.
    let user = place
        .user("joan@example.com", &json!({ "invite": true }))
        .await;
    let link = place
        .mail
        .wait_for("joan@example.com", 1)
        .await
        .link("/activate/");
    let path = format!("/api/v1/users/{}/deactivate", user["id"].as_str().unwrap());
    place.server.api().expect("POST", &path, None, 200).await;
    assert_eq!(browser.visit(&link).await.status, 404);
    assert_eq!(browser.submit(&link, &form).await.status, 404);
    assert_eq!(place.status(&user).await, "inactive");
    // Nor is somebody like that invited.
    let path = format!("/api/v1/users/{}/invite", user["id"].as_str().unwrap());
    place.server.api().expect("POST", &path, None, 409).await;
}

async fn weak_passwords_come_back_with_a_reason(place: Place) {
    place
        .user("grace@example.com", &json!({ "invite": true }))
        .await;
    let link = place
        .mail
        .wait_for("grace@example.com", 1)
        .await
        .link("/activate/");
    let mut browser = Browser::new(&place.server);
    for (weak, reason) in [
        ("", "Choose a password."),
        ("short", "Use at least 12 characters."),
        ("password1234", "easily guessed"),
        ("gracehopper1906", "your name"),
        (&"ab cd ".repeat(300), "too long"),
    ] {
        let answer = use_link(&mut browser, &link, weak).await;
        assert_eq!(answer.status, 422, "{weak}");
        assert!(answer.body.contains(reason), "{weak}: {}", answer.body);
        assert!(answer.body.contains("aria-invalid=\"true\""));
    }
    assert_eq!(
        use_link(&mut browser, &link, "  zwölf Boxkämpfer jagen\u{a0}Eva  ")
            .await
            .status,
        303
    );
    // Typed on another keyboard: composed otherwise, another kind of blank.
    let typed = "  zwo\u{308}lf Boxka\u{308}mpfer jagen Eva  ";
    assert_eq!(
        sign_in(&mut browser, "grace@example.com", typed)
            .await
            .status,
        303
    );
}

async fn a_password_can_be_asked_for_by_who_never_had_one(place: Place) {
    place.user("grace@example.com", &json!({})).await;
    let mut browser = Browser::new(&place.server);
    let mut pages = Vec::new();
    for email in ["grace@example.com", "nobody@example.com"] {
        let csrf = browser.csrf("/reset").await;
        let form = [("csrf", csrf.as_str()), ("email", email)];
        let answer = browser.submit("/reset", &form).await;
        assert_eq!(answer.status, 200);
        pages.push(answer.body);
    }
    assert_eq!(pages[0], pages[1]);
    let mail = place.mail.wait_for("grace@example.com", 1).await;
    let link = mail.link("/reset/");
    let done = use_link(&mut browser, &link, PASSWORD).await;
    assert_eq!(done.location.as_deref(), Some("/login?done=password-set"));
    assert_eq!(
        sign_in(&mut browser, "grace@example.com", PASSWORD)
            .await
            .status,
        303
    );
    assert!(place.mail.mails_to("nobody@example.com").is_empty());

    // Another one ends what the first one opened.
    let csrf = browser.csrf("/reset").await;
    let form = [("csrf", csrf.as_str()), ("email", "GRACE@example.com")];
    browser.submit("/reset", &form).await;
    let link = place
        .mail
        .wait_for("grace@example.com", 2)
        .await
        .link("/reset/");
    let mut elsewhere = Browser::new(&place.server);
    assert_eq!(
        use_link(&mut elsewhere, &link, "another good password")
            .await
            .status,
        303
    );
    assert!(!is_in(&mut browser).await);
    assert_eq!(
        sign_in(&mut browser, "grace@example.com", PASSWORD)
            .await
            .status,
        403
    );
    assert_eq!(
        sign_in(&mut browser, "grace@example.com", "another good password")
            .await
            .status,
        303
    );

    // Nonsense, and a host that is not ours.
    for email in ["", "nonsense", "a@b@c", "\"><script>alert(1)</script>"] {
        let csrf = browser.csrf("/reset").await;
        let answer = browser
            .submit("/reset", &[("csrf", &csrf), ("email", email)])
            .await;
        assert_eq!(answer.status, 422, "{email}");
        assert!(!answer.body.contains("<script>alert"));
    }
    let csrf = browser.csrf("/reset").await;
    let cookies: Vec<String> = browser
        .jar
        .iter()
        .map(|c| format!("{}={}", c.name, c.value))
        .collect();
    let poisoned = place
        .server
        .client
        .post(format!("{}/reset", place.server.url))
        .header("cookie", cookies.join("; "))
        .header("origin", &place.server.url)
        .header("host", "evil.example")
        .header("x-forwarded-host", "evil.example")
        .header("forwarded", "host=evil.example")
        .form(&[("csrf", csrf.as_str()), ("email", "grace@example.com")])
        .send()
        .await
        .unwrap();
    if poisoned.status() == 200 {
        let mail = place.mail.wait_for("grace@example.com", 3).await;
        assert!(!mail.words().contains("evil.example"), "{}", mail.words());
        assert!(mail.link("/reset/").starts_with(&place.server.url));
    }
}

async fn who_signs_in_through_a_provider_is_told_so(place: Place) {
    use crate::harness::{Idp, Person};
    let idp = Idp::new();
    idp.register(&place.server).await;
    let mut browser = Browser::new(&place.server);
    let sign_in = idp.start(&mut browser).await;
    let scene = idp.scene(&place.server, &sign_in, &Person::named("alice"));
    let response = scene.forge().base64();
    idp.answer(&mut browser, &sign_in, &response).await.user();
    // No password on the account page either.
    let page = browser.visit("/account").await;
    assert!(
        page.body.contains("so there is no password here"),
        "{}",
        page.body
    );
    assert_eq!(browser.visit("/account/password").await.status, 303);
    let mut stranger = Browser::new(&place.server);
    let csrf = stranger.csrf("/reset").await;
    let form = [("csrf", csrf.as_str()), ("email", "alice@example.com")];
    assert_eq!(stranger.submit("/reset", &form).await.status, 200);
    let mail = place.mail.wait_for("alice@example.com", 1).await;
    assert!(!mail.words().contains("/reset/"), "{}", mail.words());
    assert!(
        mail.words().contains("/login?provider=okta"),
        "{}",
        mail.words()
    );
}
