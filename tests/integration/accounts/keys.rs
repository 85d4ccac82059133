//! Links that run out and offer another one, and the mails of security keys.

use serde_json::{Value, json};

use super::{PASSWORD, Place, use_link};
use crate::harness::{Browser, Idp, NAMED, Server};
use crate::support::authenticator::Authenticator;

const SQLITE: &str = "sqlite://data/doorward.db";

/// Changes the embedded database behind the gateway's back: time passes quickly.
fn change(server: &Server, sql: &str) {
    let database = rusqlite::Connection::open(server.path("data/doorward.db")).unwrap();
    let time = std::time::Duration::from_secs(10);
    database.busy_timeout(time).unwrap();
    assert!(database.execute(sql, []).unwrap() > 0, "{sql}");
}

/// An activation link and a link to set a password that have run out.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_that_has_run_out_offers_another_one() {
    let place = Place::on(SQLITE, "").await;
    let email = "grace@example.com";
    let user = place.user(email, &json!({ "invite": true })).await;
    let first = place.mail.wait_for(email, 1).await.link("/activate/");
    change(&place.server, "UPDATE account_links SET expires_at = 1");
    let mut browser = Browser::new(&place.server);
    // Scanners look at it, and get nothing sent.
    for _ in 0..3 {
        let page = browser.visit(&first).await;
        assert_eq!(page.status, 410);
        assert!(page.body.contains("This link has run out"), "{}", page.body);
        assert!(!page.body.contains("grace"), "nothing says whose it was");
    }
    let csrf = browser.csrf(&first).await;
    let form = [("csrf", csrf.as_str()), ("password", PASSWORD)];
    assert_eq!(browser.submit(&first, &form).await.status, 410);
    let renew = format!("{first}/renew");
    let forged = [("csrf", "guessed")];
    assert_eq!(browser.submit(&renew, &forged).await.status, 403);
    let form = [("csrf", csrf.as_str())];
    let sent = browser.submit(&renew, &form).await;
    assert_eq!(sent.status, 200, "{}", sent.body);
    assert!(!sent.body.contains("/activate/"), "it goes by mail alone");
    let second = place.mail.wait_for(email, 2).await.link("/activate/");
    assert_ne!(first, second);
    let done = use_link(&mut browser, &second, PASSWORD).await;
    assert_eq!(done.location.as_deref(), Some("/login?done=ready"));
    assert_eq!(place.status(&user).await, "active");
    // The old one has nothing to give any more.
    let page = browser.visit(&first).await;
    assert_eq!(page.status, 410);
    assert!(!page.body.contains("/renew"), "{}", page.body);

    // The same for a new password; and who is shut out gets no mail.
    let csrf = browser.csrf("/reset").await;
    let form = [("csrf", csrf.as_str()), ("email", email)];
    browser.submit("/reset", &form).await;
    let link = place.mail.wait_for(email, 3).await.link("/reset/");
    change(
        &place.server,
        "UPDATE account_links SET expires_at = 1 WHERE used_at IS NULL",
    );
    assert_eq!(browser.visit(&link).await.status, 410);
    let form = [("csrf", csrf.as_str())];
    let sent = browser.submit(&format!("{link}/renew"), &form).await;
    assert_eq!(sent.status, 200, "{}", sent.body);
    let link = place.mail.wait_for(email, 4).await.link("/reset/");
    change(
        &place.server,
        "UPDATE account_links SET expires_at = 1 WHERE used_at IS NULL",
    );
    let path = format!("/api/v1/users/{}/deactivate", user["id"].as_str().unwrap());
    place.server.api().expect("POST", &path, None, 200).await;
    let page = browser.visit(&link).await;
    assert_eq!(page.status, 404, "{}", page.body);
    let page = browser.submit(&format!("{link}/renew"), &form).await;
    assert_eq!(page.status, 404, "{}", page.body);
    tokio::time::sleep(std::time::Duration::from_secs(2)).await;
    assert_eq!(place.mail.mails_to(email).len(), 4);
}

/// Assigns a key on the dashboard by a form: the page that follows.
async fn assign(browser: &mut Browser, user: &Value, kind: &str, by: &str) -> String {
    let csrf = browser.csrf("/account").await;
    let form = [
        ("csrf", csrf.as_str()),
        ("kind", kind),
        ("name", "Blue <b>key</b>"),
        ("by", by),
    ];
    let place = format!("/admin/users/{}/keys", user["id"].as_str().unwrap());
    let answer = browser.submit(&place, &form).await;
    let page = browser.follow(answer).await;
    assert_eq!(page.status, 200, "{}", page.body);
    page.body
}

async fn activate(server: &Server, link: &str) -> (Browser, Authenticator) {
    let mut browser = Browser::new(server);
    let csrf = browser.csrf(link).await;
    let asked = browser
        .submit(&format!("{link}/options"), &[("csrf", &csrf)])
        .await;
    let asked: Value = serde_json::from_str(&asked.body).unwrap();
    let (key, credential) = Authenticator::create(&asked, &server.url);
    let form = [("csrf", csrf.as_str()), ("credential", credential.as_str())];
    let done = browser.submit(link, &form).await;
    assert_eq!(
        done.location.as_deref(),
        Some("/account?done=passkey-activated"),
        "{}",
        done.body
    );
    (browser, key)
}

/// With a mail server the links of keys go to their persons, and to nobody else.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn links_of_keys_go_by_mail_and_can_be_renewed() {
    let place = Place::on(SQLITE, NAMED).await;
    let server = &place.server;
    let idp = Idp::new();
    idp.register(server).await;
    let (mut manager, _) = idp
        .signed_in_with(server, "max", Some("user-manager"))
        .await;
    let email = "grace@example.com";
    let more = json!({ "language": "de" });
    let user = place.user(email, &more).await;
    for (count, kind, word) in [
        (1, "smartphone", "Telefon"),
        (2, "hardware_key", "Sicherheitsschlüssel"),
        (3, "card", "Karte"),
    ] {
        let page = assign(&mut manager, &user, kind, "mail").await;
        assert!(page.contains(email), "{page}");
        assert!(
            !page.contains("/passkeys/activate/"),
            "whoever assigns it does not see the link: {page}"
        );
        let mail = place.mail.wait_for(email, count).await;
        let subject = mail.header("subject").unwrap();
        let words = mail.words();
        assert!(words.contains(word), "{kind}: {subject} {words}");
        let html = words.split("text/html").nth(1).unwrap();
        assert!(!html.contains("<b>key"), "{html}");
    }
    // Shown, when that is wanted; and at the desk there is none.
    let page = assign(&mut manager, &user, "smartphone", "hand").await;
    assert!(page.contains("/passkeys/activate/"), "{page}");
    let page = assign(&mut manager, &user, "card", "desk").await;
    assert!(page.contains("Activate at the desk"), "{page}");
    assert!(!page.contains("/passkeys/activate/"), "{page}");
    assert_eq!(place.mail.mails_to(email).len(), 3);

    // Run out: the page behind it sends another one.
    let link = place
        .mail
        .wait_for(email, 1)
        .await
        .link("/passkeys/activate/");
    change(
        server,
        "UPDATE passkeys SET link_expires_at = 1 WHERE link_hash IS NOT NULL",
    );
    let mut browser = Browser::new(server);
    for _ in 0..3 {
        let page = browser.visit(&link).await;
        assert_eq!(page.status, 410);
        assert!(page.body.contains("This link has run out"), "{}", page.body);
        assert!(!page.body.contains("Grace"), "{}", page.body);
    }
    let csrf = browser.csrf(&link).await;
    let options = browser
        .submit(&format!("{link}/options"), &[("csrf", &csrf)])
        .await;
    assert_eq!(options.status, 410);
    let renew = format!("{link}/renew");
    assert_eq!(browser.submit(&renew, &[("csrf", "x")]).await.status, 403);
    assert_eq!(place.mail.mails_to(email).len(), 3);
    let sent = browser.submit(&renew, &[("csrf", &csrf)]).await;
    assert_eq!(sent.status, 200, "{}", sent.body);
    assert!(!sent.body.contains("/passkeys/activate/"), "{}", sent.body);
    let second = place.mail.wait_for(email, 4).await;
    let second = second.link("/passkeys/activate/");
    assert_ne!(link, second);
    let (mut phone, _) = activate(server, &second).await;
    assert_eq!(phone.me().await.unwrap()["email"], email);
    // Whoever has the mail's link reads the mail.
    let path = format!("/api/v1/users/{}", user["id"].as_str().unwrap());
    let shown = server.api().get(&path).await;
    assert_eq!(shown["email_verified"], true, "{shown}");
    for spent in [&link, &second] {
        let page = browser.visit(spent).await;
        assert_eq!(page.status, 410);
        assert!(!page.body.contains("/renew"), "{}", page.body);
        let form = [("csrf", csrf.as_str())];
        let again = browser.submit(&format!("{spent}/renew"), &form).await;
        assert_eq!(again.status, 410);
    }
    // Who is shut out gets none.
    let other = place
        .mail
        .wait_for(email, 2)
        .await
        .link("/passkeys/activate/");
    let path = format!("/api/v1/users/{}/deactivate", user["id"].as_str().unwrap());
    server.api().expect("POST", &path, None, 200).await;
    let renew = format!("{other}/renew");
    assert_eq!(browser.submit(&renew, &[("csrf", &csrf)]).await.status, 410);
    tokio::time::sleep(std::time::Duration::from_secs(2)).await;
    assert_eq!(place.mail.mails_to(email).len(), 4);
}

/// The API mails a link when it is told to, and then does not tell it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_script_has_links_mailed() {
    let place = Place::on(SQLITE, NAMED).await;
    let (api, email) = (place.server.api(), "grace@example.com");
    let user = place.user(email, &json!({})).await;
    let path = format!("/api/v1/users/{}/passkeys", user["id"].as_str().unwrap());
    let body = json!({ "name": "Phone", "kind": "smartphone", "mail": true });
    let made = api.expect("POST", &path, Some(&body), 201).await;
    assert_eq!(
        (&made["link"], &made["mailed_to"]),
        (&Value::Null, &json!(email))
    );
    let link = place
        .mail
        .wait_for(email, 1)
        .await
        .link("/passkeys/activate/");
    let mut browser = Browser::new(&place.server);
    let page = browser.visit(&link).await;
    assert!(page.body.contains("<svg viewBox"), "a code for the phone");
    let body = json!({ "name": "Phone", "kind": "smartphone" });
    let made = api.expect("POST", &path, Some(&body), 201).await;
    assert_eq!(made["mailed_to"], Value::Null);
    let link = made["link"].as_str().unwrap();
    let (mut phone, _) = activate(&place.server, link).await;
    assert!(phone.me().await.is_some());
    // A link that was shown says nothing of the address.
    let shown = format!("/api/v1/users/{}", user["id"].as_str().unwrap());
    assert_eq!(api.get(&shown).await["email_verified"], false);
    let body = json!({ "name": "Phone", "mail": "yes" });
    api.expect("POST", &path, Some(&body), 422).await;
}

/// Whoever saw a link before its person became an admin does not become one by it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_role_closes_links_that_were_seen_before() {
    let place = Place::on(SQLITE, NAMED).await;
    let api = place.server.api();
    let user = place.user("grace@example.com", &json!({})).await;
    let user = format!("/api/v1/users/{}", user["id"].as_str().unwrap());
    let path = format!("{user}/passkeys");
    let body = json!({ "name": "Key" });
    let made = api.expect("POST", &path, Some(&body), 201).await;
    let link = made["link"].as_str().unwrap().to_owned();
    let mut browser = Browser::new(&place.server);
    assert_eq!(browser.visit(&link).await.status, 200);
    let roles = json!({ "roles": ["auditor"] });
    api.expect("PATCH", &user, Some(&roles), 200).await;
    assert_eq!(browser.visit(&link).await.status, 410);
    // A role less does no harm.
    let made = api.expect("POST", &path, Some(&body), 201).await;
    let link = made["link"].as_str().unwrap().to_owned();
    let roles = json!({ "roles": [] });
    api.expect("PATCH", &user, Some(&roles), 200).await;
    assert_eq!(browser.visit(&link).await.status, 200);
}
