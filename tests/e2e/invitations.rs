//! From the dashboard to a new colleague's first sign-in, by a mail that a mail server
//! on loopback takes.

use fantoccini::Locator;

use crate::harness::browser::Browser;
use crate::harness::gateway::{Database, Gateway};
use crate::harness::idp::Demo;
use crate::mail_server::MailServer;
use crate::passkeys::admin;

#[tokio::test(flavor = "multi_thread")]
async fn an_invited_colleague_signs_in() {
    let mail = MailServer::start().await;
    let gateway = Gateway::start_behind(Database::Sqlite, &mail.config()).await;
    let idp = Demo::start(&gateway).await;
    let file = idp.provider_file();
    gateway.run(&["provider", "apply", file.to_str().unwrap()]);
    let browser = admin(&gateway, &idp, "invitation").await;
    browser
        .open(&format!("{}/admin/users/new", gateway.url))
        .await;
    browser.fill("#f-name", "Grace Hopper").await;
    browser.fill("#f-email", "grace.hopper@example.com").await;
    browser.click(Locator::Css("#f-invite-yes")).await;
    browser.press("Skip to the end").await;
    browser.shows(&["An invitation is mailed to"]).await;
    browser.press("Add the user").await;
    browser.shows(&["An invitation is on its way to"]).await;
    let user = gateway.user("grace.hopper@example.com").await;
    assert_eq!(
        (&user["status"], &user["email_verified"]),
        (&"pending".into(), &false.into())
    );
    browser.close().await;

    let link = mail.wait_for("grace.hopper@example.com", 1).await;
    let link = link.link("/activate/");
    // What looks into mails opens links, and uses none up.
    for _ in 0..3 {
        let looked = reqwest::get(&link).await.unwrap();
        assert_eq!(looked.status(), 200);
    }
    let user = gateway.user("grace.hopper@example.com").await;
    assert_eq!(user["status"], "pending");

    let person = Browser::start("invited").await;
    person.open(&link).await;
    person
        .shows(&["Activate your account", "grace.hopper@example.com"])
        .await;
    person.fill("#password", "grace.hopper12").await;
    person.press("Activate account").await;
    person.shows(&["made of your name"]).await;
    person
        .fill("#password", "correct horse battery staple")
        .await;
    person.press("Activate account").await;
    person.shows(&["Your account is ready"]).await;
    person
        .fill("#password-email", "grace.hopper@example.com")
        .await;
    person
        .fill("input[name=password]", "correct horse battery staple")
        .await;
    person.press("Sign in").await;
    person.arrives_at(&gateway.account()).await;
    person.shows(&["Grace Hopper"]).await;
    person.open(&link).await;
    person.shows(&["This link was used already"]).await;
    person.close().await;
    let user = gateway.user("grace.hopper@example.com").await;
    assert_eq!(
        (&user["status"], &user["email_verified"]),
        (&"active".into(), &true.into())
    );
}
