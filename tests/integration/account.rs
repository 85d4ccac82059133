//! The account page's identities: connecting another one, taking one off.

use scraper::{Html, Selector};
use serde_json::json;

use crate::harness::{Answer, Browser, Idp, Person, Server, refused};
use crate::saml::slo::{self, Offer};

on_both! {
    another_identity_is_connected_and_leads_in
    an_identity_of_somebody_else_stays_there
    an_identity_outside_the_allowed_domains_is_not_connected
    a_start_needs_the_accounts_own_token
    an_end_needs_the_session_that_began
    a_transient_name_cannot_be_connected
    the_last_way_in_stays
    of_two_at_once_one_stays
    what_a_disconnected_identity_began_is_over
    the_idp_ends_the_session_that_its_disconnected_identity_began
}

/// The addresses of links and forms on a page.
fn addresses(page: &Answer, css: &str, attribute: &str) -> Vec<String> {
    Html::parse_document(&page.body)
        .select(&Selector::parse(css).unwrap())
        .map(|element| element.attr(attribute).unwrap().to_owned())
        .collect()
}

/// The start of connecting an identity of this provider, from the account page.
async fn start_of(browser: &mut Browser, idp: &Idp) -> String {
    let page = browser.click("/account").await;
    let start = format!("/saml/{}/login?link=", idp.slug);
    addresses(&page, "a.button", "href")
        .into_iter()
        .find(|href| href.starts_with(&start))
        .unwrap_or_else(|| panic!("no {start} on {}", page.body))
}

/// Where each connected identity is taken off.
async fn unlinks(browser: &mut Browser) -> Vec<String> {
    let page = browser.click("/account").await;
    addresses(&page, "li a.button", "href")
}

async fn confirm(browser: &mut Browser, address: &str) -> Answer {
    let page = browser.click(address).await;
    assert_eq!(page.status, 200, "{}", page.body);
    let csrf = addresses(&page, "input[name=csrf]", "value").remove(0);
    let answer = browser.submit(address, &[("csrf", &csrf)]).await;
    browser.follow(answer).await
}

/// A person who is signed in through the first IdP; the second is there too.
async fn signed_in(server: &Server) -> (Idp, Idp, Browser, String) {
    let (first, second) = (Idp::new(), Idp::other());
    first.register(server).await;
    second.register(server).await;
    let mut browser = Browser::new(server);
    let outcome = first
        .login(server, &mut browser, &Person::named("ada"))
        .await;
    let id = outcome.user()["id"].as_str().unwrap().to_owned();
    (first, second, browser, id)
}

/// Ada at the second IdP: another name and another address.
fn ada_elsewhere() -> Person {
    let mut person = Person::named("countess");
    person.name_id = "countess-1815".to_owned();
    person
}

async fn link(server: &Server, browser: &mut Browser, idp: &Idp, person: &Person) -> Answer {
    let start = start_of(browser, idp).await;
    let sign_in = idp.start_at(browser, &start).await;
    let field = idp.scene(server, &sign_in, person).forge().base64();
    idp.answer(browser, &sign_in, &field).await.last
}

async fn another_identity_is_connected_and_leads_in(server: Server) {
    let (_, second, mut browser, id) = signed_in(&server).await;
    let session = browser.session();
    let page = link(&server, &mut browser, &second, &ada_elsewhere()).await;
    assert_eq!(page.status, 200, "{}", page.body);
    assert!(page.url.ends_with("/account?done=linked"), "{}", page.url);
    assert!(page.body.contains("countess-1815"), "{}", page.body);
    assert_eq!(browser.session(), session, "signed in as before");
    // Nothing of the profile came along.
    let user = server.api().get(&format!("/api/v1/users/{id}")).await;
    assert_eq!(user["email"], "ada@example.com");
    let trace = server.api().last_trace().await;
    assert_eq!(
        (&trace["outcome"], &trace["code"]),
        (&json!("success"), &json!("ok"))
    );
    assert_eq!(trace["user"], json!(id));
    let audit = server.api().list("/api/v1/audit").await;
    let event = audit.iter().find(|e| e["action"] == "user.identity_linked");
    let event = event.unwrap_or_else(|| panic!("no event in {audit:?}"));
    assert!(event["actor"].to_string().contains("Ada"), "{event}");
    // It leads in, to the same person.
    let mut other = Browser::new(&server);
    let outcome = second.login(&server, &mut other, &ada_elsewhere()).await;
    assert_eq!(outcome.user()["id"], json!(id));
    assert_eq!(server.api().users().await.len(), 1);
    // Again: nothing new, and it says so.
    let start = format!("/saml/{}/login?link=", second.slug);
    let page = browser.click("/account").await;
    let offered = addresses(&page, "a.button", "href");
    assert!(!offered.iter().any(|href| href.starts_with(&start)));
}

async fn an_identity_of_somebody_else_stays_there(server: Server) {
    let (_, second, mut browser, _) = signed_in(&server).await;
    let mut other = Browser::new(&server);
    let theirs = second.login(&server, &mut other, &ada_elsewhere()).await;
    let theirs = theirs.user()["id"].clone();
    let page = link(&server, &mut browser, &second, &ada_elsewhere()).await;
    let reference = refused(&page);
    assert!(page.body.contains("belongs to another account"));
    let trace = server.api().last_trace().await;
    assert_eq!(trace["code"], "link.identity_taken");
    assert_eq!(trace["outcome"], "refused");
    assert_eq!(trace["reference"], json!(reference));
    let mut again = Browser::new(&server);
    let outcome = second.login(&server, &mut again, &ada_elsewhere()).await;
    assert_eq!(outcome.user()["id"], theirs);
    assert!(browser.me().await.is_some(), "signed in as before");
}

async fn an_identity_outside_the_allowed_domains_is_not_connected(server: Server) {
    let (_, second, mut browser, _) = signed_in(&server).await;
    let mut person = ada_elsewhere();
    person.email = "ada@elsewhere.example".to_owned();
    let page = link(&server, &mut browser, &second, &person).await;
    refused(&page);
    let trace = server.api().last_trace().await;
    assert_eq!(trace["code"], "login.domain_not_allowed");
    assert_eq!(unlinks(&mut browser).await, Vec::<String>::new());
}

async fn a_start_needs_the_accounts_own_token(server: Server) {
    let (first, second, mut browser, _) = signed_in(&server).await;
    let right = start_of(&mut browser, &second).await;
    let token = right.split_once('=').unwrap().1.to_owned();
    // None, another one, another provider's.
    for address in [
        format!("/saml/{}/login?link=", second.slug),
        format!("/saml/{}/login?link=AAAA{}", second.slug, &token[4..]),
        format!("/saml/{}/login?link={token}", first.slug),
    ] {
        refused(&browser.click(&address).await);
        let trace = server.api().last_trace().await;
        assert_eq!(trace["code"], "link.other_session", "{address}");
    }
    // Another person's browser, signed in or not.
    let mut stranger = Browser::new(&server);
    refused(&stranger.click(&right).await);
    let person = ada_elsewhere();
    first.login(&server, &mut stranger, &person).await;
    refused(&stranger.click(&right).await);
}

async fn an_end_needs_the_session_that_began(server: Server) {
    let (first, second, mut browser, _) = signed_in(&server).await;
    let start = start_of(&mut browser, &second).await;
    let sign_in = second.start_at(&mut browser, &start).await;
    // Somebody else signs in with this browser in between.
    let grace = Person::named("grace");
    first.login(&server, &mut browser, &grace).await;
    let field = second.scene(&server, &sign_in, &ada_elsewhere()).forge();
    let outcome = second.answer(&mut browser, &sign_in, &field.base64()).await;
    refused(&outcome.last);
    let trace = server.api().last_trace().await;
    assert_eq!(trace["code"], "link.other_session");
    for user in server.api().users().await {
        assert_eq!(user["external_ids"].as_object().unwrap().len(), 1, "{user}");
    }
}

async fn a_transient_name_cannot_be_connected(server: Server) {
    let (_, second, mut browser, _) = signed_in(&server).await;
    let start = start_of(&mut browser, &second).await;
    let sign_in = second.start_at(&mut browser, &start).await;
    let mut forge = second.scene(&server, &sign_in, &ada_elsewhere()).forge();
    let transient = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient";
    forge.name_id().format = Some(transient.to_owned());
    let outcome = second.answer(&mut browser, &sign_in, &forge.base64()).await;
    refused(&outcome.last);
    let trace = server.api().last_trace().await;
    assert_eq!(trace["code"], "link.no_identity");
}

async fn the_last_way_in_stays(server: Server) {
    let (_, second, mut browser, id) = signed_in(&server).await;
    let page = browser.click("/account").await;
    assert!(
        page.body.contains("your only way to sign in"),
        "{}",
        page.body
    );
    assert_eq!(unlinks(&mut browser).await, Vec::<String>::new());
    link(&server, &mut browser, &second, &ada_elsewhere()).await;
    let both = unlinks(&mut browser).await;
    assert_eq!(both.len(), 2);
    // Without the form's token nothing happens.
    let forged = browser.submit(&both[0], &[("csrf", "guessed")]).await;
    assert_eq!(forged.status, 403);
    assert_eq!(unlinks(&mut browser).await.len(), 2);
    let page = confirm(&mut browser, &both[0]).await;
    assert!(page.url.ends_with("done=unlinked"), "{}", page.url);
    // The other one is the last now: neither the question nor the form.
    let page = browser.click(&both[1]).await;
    let page = browser.follow(page).await;
    assert!(page.url.ends_with("done=last-way-in"), "{}", page.url);
    assert!(page.body.contains("stays connected"), "{}", page.body);
    let csrf = addresses(&page, "input[name=csrf]", "value").remove(0);
    let answer = browser.submit(&both[1], &[("csrf", &csrf)]).await;
    assert_eq!(
        answer.location.as_deref(),
        Some("/account?done=last-way-in")
    );
    let user = server.api().get(&format!("/api/v1/users/{id}")).await;
    assert_eq!(user["external_ids"].as_object().unwrap().len(), 1);
    let audit = server.api().list("/api/v1/audit").await;
    let count = |action: &str| audit.iter().filter(|e| e["action"] == action).count();
    assert_eq!(count("user.identity_unlinked"), 1);
}

async fn of_two_at_once_one_stays(server: Server) {
    let (_, second, mut browser, id) = signed_in(&server).await;
    link(&server, &mut browser, &second, &ada_elsewhere()).await;
    let both = unlinks(&mut browser).await;
    let page = browser.click(&both[0]).await;
    let csrf = addresses(&page, "input[name=csrf]", "value").remove(0);
    let form = [("csrf", csrf.as_str())];
    let (mut one, mut two) = (browser.clone(), browser.clone());
    let (a, b) = tokio::join!(one.submit(&both[0], &form), two.submit(&both[1], &form));
    let mut ends = [a.location.unwrap(), b.location.unwrap()];
    ends.sort();
    assert_eq!(
        ends,
        ["/account?done=last-way-in", "/account?done=unlinked"]
    );
    let user = server.api().get(&format!("/api/v1/users/{id}")).await;
    assert_eq!(user["external_ids"].as_object().unwrap().len(), 1);
}

async fn what_a_disconnected_identity_began_is_over(server: Server) {
    let (_, second, mut browser, _) = signed_in(&server).await;
    link(&server, &mut browser, &second, &ada_elsewhere()).await;
    let mut thief = Browser::new(&server);
    second.login(&server, &mut thief, &ada_elsewhere()).await;
    assert!(thief.me().await.is_some());
    for address in unlinks(&mut browser).await {
        let page = browser.click(&address).await;
        if page.body.contains("countess-1815") {
            confirm(&mut browser, &address).await;
        }
    }
    assert!(thief.me().await.is_none(), "the other session is over");
    assert!(browser.me().await.is_some(), "this one is not");
}

async fn the_idp_ends_the_session_that_its_disconnected_identity_began(server: Server) {
    let (first, second) = (Idp::new(), Idp::other());
    slo::provider(&server, &first, Offer::Both).await;
    second.register(&server).await;
    let mut browser = Browser::new(&server);
    slo::signs_in(&server, &first, &mut browser, "ada", "_s1").await;
    link(&server, &mut browser, &second, &ada_elsewhere()).await;
    for address in unlinks(&mut browser).await {
        let page = browser.click(&address).await;
        if !page.body.contains("countess-1815") {
            confirm(&mut browser, &address).await;
            break;
        }
    }
    assert_eq!(
        unlinks(&mut browser).await,
        Vec::<String>::new(),
        "one is left"
    );
    assert!(browser.me().await.is_some(), "the session stays");
    // Another person's name ends nothing, that of the person does.
    for (name, stays) in [("grace", true), ("ada", false)] {
        let request = slo::Request::about(&server, &first, name);
        let query = slo::query("SAMLRequest", &request.with(""), None, Some(first.key));
        let answer = browser
            .click_elsewhere(&format!("/saml/okta/slo?{query}"))
            .await;
        assert_eq!(answer.status, 303, "{}", answer.body);
        assert_eq!(browser.me().await.is_some(), stays, "{name}");
    }
}
