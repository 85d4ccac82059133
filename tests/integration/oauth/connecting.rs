//! The account page connects an identity of an OAuth provider.

use scraper::{Html, Selector};
use serde_json::json;

use super::{begin, come_back, login, login_in, page_with_trace, register, set_up};
use crate::harness::{Browser, Server};
use crate::vendors::{Kind, Person, Vendor};

on_both! {
    another_identity_is_connected_and_leads_in
    what_is_refused_automatically_the_person_can_connect
    a_foreign_answer_connects_nothing
}

async fn offered(browser: &mut Browser, slug: &str) -> String {
    let page = browser.click("/account").await;
    let start = format!("/oauth/{slug}/login?link=");
    Html::parse_document(&page.body)
        .select(&Selector::parse("a.button").unwrap())
        .filter_map(|link| link.attr("href"))
        .find(|href| href.starts_with(&start))
        .unwrap_or_else(|| panic!("no {start} on {}", page.body))
        .to_owned()
}

async fn second(server: &Server) -> Vendor {
    let google = Vendor::start(Kind::Google).await;
    google.add(Person::new("g-1", "Ada Private", "ada.private@example.com"));
    register(server, &google, "google", json!({})).await;
    google
}

async fn another_identity_is_connected_and_leads_in(server: Server) {
    let vendor = set_up(&server, Kind::Oidc, json!({})).await;
    let google = second(&server).await;
    let mut browser = Browser::new(&server);
    let outcome = login_in(&mut browser, &vendor, "it", "ada-4711").await;
    let id = outcome.user()["id"].clone();
    let start = offered(&mut browser, "google").await;
    let location = browser.click(&start).await.location.unwrap();
    let back = google.sign_in(&location, "g-1").await;
    let session = browser.session();
    let outcome = come_back(&mut browser, &back).await;
    assert!(
        outcome.last.url.ends_with("/account?done=linked"),
        "{}",
        outcome.last.url
    );
    assert_eq!(browser.session(), session);
    assert_eq!(outcome.user()["email"], "ada@example.com");
    let outcome = login(&server, &google, "google", "g-1").await;
    assert_eq!(outcome.user()["id"], id);
    assert_eq!(server.api().users().await.len(), 1);
}

async fn what_is_refused_automatically_the_person_can_connect(server: Server) {
    let vendor = set_up(&server, Kind::Oidc, json!({})).await;
    let google = second(&server).await;
    let mut browser = Browser::new(&server);
    let outcome = login_in(&mut browser, &vendor, "it", "ada-4711").await;
    let id = outcome.user()["id"].clone();
    // A private account with the address of the company.
    let private = Person::new("g-2", "Ada Private", "ada@example.com");
    google.add(private.with("hd", serde_json::Value::Null));
    let outcome = login(&server, &google, "google", "g-2").await;
    super::refused(&server, &outcome, "login.identity_conflict").await;
    let start = offered(&mut browser, "google").await;
    let location = browser.click(&start).await.location.unwrap();
    let back = google.sign_in(&location, "g-2").await;
    come_back(&mut browser, &back).await;
    let outcome = login(&server, &google, "google", "g-2").await;
    assert_eq!(outcome.user()["id"], id);
}

async fn a_foreign_answer_connects_nothing(server: Server) {
    let vendor = set_up(&server, Kind::Oidc, json!({})).await;
    let google = second(&server).await;
    let mut victim = Browser::new(&server);
    login_in(&mut victim, &vendor, "it", "ada-4711")
        .await
        .user();
    // Without the token of the victim's account page nothing begins.
    let page = victim.click_elsewhere("/oauth/google/login?link=1").await;
    page_with_trace(&server, &page, "link.other_session").await;
    // The answer to an ordinary sign-in signs in, and connects nothing.
    let location = begin(&mut victim, "google").await;
    let back = google.sign_in(&location, "g-1").await;
    let outcome = come_back(&mut victim, &back).await;
    assert_eq!(outcome.user()["email"], "ada.private@example.com");
    assert_eq!(server.api().users().await.len(), 2);
}
