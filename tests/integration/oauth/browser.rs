//! One answer, one browser, one provider: replayed, swapped, forged.

use serde_json::json;

use super::{begin, come_back, login, login_in, page_with_trace, refused, register, set_up};
use crate::harness::{Browser, Server};
use crate::vendors::{Fault, Kind, Person, Vendor};

on_both! {
    an_answer_counts_once
    an_answer_counts_in_its_own_browser
    an_answer_counts_at_its_own_provider
    a_code_of_another_sign_in_is_worth_nothing
    where_the_browser_goes_afterwards
    two_sign_ins_in_one_browser
    what_is_no_answer
    a_sign_in_survives_a_restart
    a_session_begins_anew
}

async fn an_answer_counts_once(server: Server) {
    let vendor = set_up(&server, Kind::Oidc, json!({})).await;
    // Even where the vendor would take the code again.
    vendor.fail(Fault::TakesCodesTwice);
    let mut browser = Browser::new(&server);
    let location = begin(&mut browser, "it").await;
    let back = vendor.sign_in(&location, "ada-4711").await;
    come_back(&mut browser, &back).await.user();
    let mut same = browser.clone();
    same.jar.retain(|cookie| cookie.name != "doorward");
    let again = come_back(&mut same, &back).await;
    refused(&server, &again, "oauth.state_unknown").await;
    // Two at once: one of them.
    let location = begin(&mut browser, "it").await;
    let back = vendor.sign_in(&location, "ada-4711").await;
    let (mut one, mut two) = (browser.clone(), browser.clone());
    for browser in [&mut one, &mut two] {
        browser.jar.retain(|cookie| cookie.name != "doorward");
    }
    let (one, two) = tokio::join!(come_back(&mut one, &back), come_back(&mut two, &back));
    assert_eq!([one.me, two.me].iter().filter(|me| me.is_some()).count(), 1);
}

async fn an_answer_counts_in_its_own_browser(server: Server) {
    let vendor = set_up(&server, Kind::Oidc, json!({})).await;
    let mut victim = Browser::new(&server);
    let mut attacker = Browser::new(&server);
    let of_attacker = begin(&mut attacker, "it").await;
    let back = vendor.sign_in(&of_attacker, "ada-4711").await;
    // Login CSRF: the attacker's answer in the victim's browser.
    let outcome = come_back(&mut victim, &back).await;
    refused(&server, &outcome, "oauth.other_browser").await;
    begin(&mut victim, "it").await;
    let outcome = come_back(&mut victim, &back).await;
    refused(&server, &outcome, "oauth.other_browser").await;
    // It was not used up by that.
    come_back(&mut attacker, &back).await.user();
}

async fn an_answer_counts_at_its_own_provider(server: Server) {
    let vendor = set_up(&server, Kind::Oidc, json!({})).await;
    let other = Vendor::start(Kind::Oidc).await;
    other.add(Person::ada());
    register(&server, &other, "other", json!({})).await;
    let mut browser = Browser::new(&server);
    let location = begin(&mut browser, "it").await;
    let back = vendor.sign_in(&location, "ada-4711").await;
    let swapped = back.replace("/oauth/it/", "/oauth/other/");
    let outcome = come_back(&mut browser, &swapped).await;
    refused(&server, &outcome, "oauth.other_provider").await;
    let nowhere = back.replace("/oauth/it/", "/oauth/nowhere/");
    let page = browser.click_elsewhere(&nowhere).await;
    assert_eq!(page.status, 404);
    come_back(&mut browser, &back).await.user();
}

/// A stolen code, put into one's own answer: PKCE and the nonce.
async fn a_code_of_another_sign_in_is_worth_nothing(server: Server) {
    let vendor = set_up(&server, Kind::Oidc, json!({})).await;
    let code = |back: &str| {
        let url = url::Url::parse(back).unwrap();
        let mut pairs = url.query_pairs();
        let found = pairs.find(|(name, _)| name == "code").unwrap();
        found.1.into_owned()
    };
    let mut victim = Browser::new(&server);
    let mut attacker = Browser::new(&server);
    vendor.add(Person::new("mallory", "Mal Lory", "mallory@example.com"));
    let of_victim = begin(&mut victim, "it").await;
    let stolen = vendor.sign_in(&of_victim, "ada-4711").await;
    let of_attacker = begin(&mut attacker, "it").await;
    let own = vendor.sign_in(&of_attacker, "mallory").await;
    let mixed = own.replace(&code(&own), &code(&stolen));
    let outcome = come_back(&mut attacker, &mixed).await;
    refused(&server, &outcome, "oauth.code_refused").await;
    assert!(server.api().users().await.is_empty());
}

async fn where_the_browser_goes_afterwards(server: Server) {
    let vendor = set_up(&server, Kind::Oidc, json!({})).await;
    for (rd, goes_to) in [
        ("%2Faccount%3Ftab%3D1", "/account?tab=1"),
        ("https%3A%2F%2Fattacker.example%2F", "/account"),
        ("%2F%2Fattacker.example", "/account"),
        ("javascript%3Aalert(1)", "/account"),
    ] {
        let mut browser = Browser::new(&server);
        let start = format!("/oauth/it/login?rd={rd}");
        let answer = browser.click(&start).await;
        let location = answer.location.unwrap();
        let back = vendor.sign_in(&location, "ada-4711").await;
        let outcome = come_back(&mut browser, &back).await;
        outcome.user();
        assert_eq!(outcome.last.url, format!("{}{goes_to}", server.url), "{rd}");
    }
}

async fn two_sign_ins_in_one_browser(server: Server) {
    let vendor = set_up(&server, Kind::Oidc, json!({})).await;
    let mut browser = Browser::new(&server);
    let first = begin(&mut browser, "it").await;
    let second = begin(&mut browser, "it").await;
    let parameter = |location: &str, name: &str| {
        let url = url::Url::parse(location).unwrap();
        let mut pairs = url.query_pairs();
        pairs.find(|(n, _)| n == name).unwrap().1.into_owned()
    };
    for name in ["state", "nonce", "code_challenge"] {
        assert_ne!(parameter(&first, name), parameter(&second, name));
    }
    let back_second = vendor.sign_in(&second, "ada-4711").await;
    let back_first = vendor.sign_in(&first, "ada-4711").await;
    come_back(&mut browser, &back_second).await.user();
    come_back(&mut browser, &back_first).await.user();
    // What is secret stands in no log, no trace.
    let log = server.log();
    for secret in [
        parameter(&first, "state"),
        parameter(&back_first, "code"),
        browser.session().unwrap(),
    ] {
        assert!(!log.contains(&secret), "the log has {secret}");
    }
}

async fn what_is_no_answer(server: Server) {
    let _vendor = set_up(&server, Kind::Oidc, json!({})).await;
    let long = "x".repeat(9000);
    for (query, code) in [
        (String::new(), "oauth.state_unknown"),
        ("state=abc".to_owned(), "oauth.state_unknown"),
        ("state=abc&code=def".to_owned(), "oauth.state_unknown"),
        (
            "state=a&state=b&code=c".to_owned(),
            "oauth.answer_malformed",
        ),
        ("state=%00&code=%ff".to_owned(), "oauth.state_unknown"),
        (format!("state={long}&code=c"), "oauth.state_unknown"),
    ] {
        let mut browser = Browser::new(&server);
        let page = browser
            .click_elsewhere(&format!("/oauth/it/callback?{query}"))
            .await;
        let trace = page_with_trace_of(&server, &page).await;
        let got = trace["code"].as_str().unwrap();
        assert!(
            got == code || got == "oauth.answer_malformed",
            "{}: {got}",
            &query[..query.len().min(40)]
        );
    }
}

async fn page_with_trace_of(server: &Server, page: &crate::harness::Answer) -> serde_json::Value {
    let reference = page.reference().unwrap();
    let path = format!("/api/v1/logins?reference={reference}");
    let traces = server.api().get(&path).await;
    let code = traces["items"][0]["code"].as_str().unwrap().to_owned();
    page_with_trace(server, page, &code).await
}

async fn a_sign_in_survives_a_restart(mut server: Server) {
    let vendor = set_up(&server, Kind::Oidc, json!({})).await;
    let mut browser = Browser::new(&server);
    let location = begin(&mut browser, "it").await;
    server.restart().await;
    let back = vendor.sign_in(&location, "ada-4711").await;
    come_back(&mut browser, &back).await.user();
}

async fn a_session_begins_anew(server: Server) {
    let vendor = set_up(&server, Kind::Oidc, json!({})).await;
    let mut browser = Browser::new(&server);
    browser.plant("doorward=planted-by-an-attacker-planted-by-an-attack; Path=/");
    login_in(&mut browser, &vendor, "it", "ada-4711")
        .await
        .user();
    let first = browser.session().unwrap();
    assert!(!first.contains("planted"));
    let mut old = browser.clone();
    login_in(&mut browser, &vendor, "it", "ada-4711")
        .await
        .user();
    assert_ne!(browser.session().unwrap(), first);
    assert!(old.me().await.is_none(), "the session before is over");
    login(&server, &vendor, "it", "ada-4711").await.user();
}
