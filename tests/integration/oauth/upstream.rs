//! The provider is down, slow, or answers with something else.

use std::time::{Duration, Instant};

use serde_json::json;

use super::{begin, come_back, login, page_with_trace, refused, refuses, register, set_up};
use crate::harness::{Browser, Server};
use crate::vendors::{Endpoint, Fault, Kind, Person, Vendor, Wrong};

on_both! {
    a_provider_that_is_down_keeps_nobody_else_out
    what_is_no_answer_signs_nobody_in
    a_broken_discovery_is_told_at_the_start
    a_slow_provider_is_waited_for
}

async fn a_provider_that_is_down_keeps_nobody_else_out(mut server: Server) {
    let mut down = set_up(&server, Kind::Oidc, json!({})).await;
    let up = Vendor::start(Kind::Google).await;
    up.add(Person::ada());
    register(&server, &up, "up", json!({ "label": "The other one" })).await;
    let mut browser = Browser::new(&server);
    let location = begin(&mut browser, "it").await;
    let back = down.sign_in(&location, "ada-4711").await;
    down.stop().await;
    let outcome = come_back(&mut browser, &back).await;
    refused(&server, &outcome, "oauth.token_failed").await;
    assert_eq!(outcome.last.status, 502);
    // The gateway starts, and the sign-in page works.
    server.restart().await;
    let page = Browser::new(&server).click("/login").await;
    assert!(page.body.contains("The other one"), "{}", page.body);
    let page = Browser::new(&server).click("/oauth/it/login").await;
    let trace = page_with_trace(&server, &page, "oauth.discovery_failed").await;
    assert_eq!(trace["kind"], "discovery");
    assert_eq!(page.status, 502);
    login(&server, &up, "up", "ada-4711").await.user();
    assert!(server.healthy().await);
}

async fn what_is_no_answer_signs_nobody_in(server: Server) {
    let vendor = set_up(&server, Kind::Oidc, json!({})).await;
    // Discovery and keys are known: what fails below fails by itself.
    login(&server, &vendor, "it", "ada-4711").await.user();
    vendor.add(Person::new("new", "New One", "new@example.com"));
    for (endpoint, code) in [
        (Endpoint::Token, "oauth.token_failed"),
        (Endpoint::UserInfo, "oauth.userinfo_failed"),
    ] {
        for wrong in [
            Wrong::Status(500),
            Wrong::Html,
            Wrong::TenMegabytes,
            Wrong::InvalidJson,
            Wrong::EmptyObject,
            Wrong::Redirect("http://127.0.0.1:9/elsewhere".to_owned()),
        ] {
            let code = match (endpoint, &wrong) {
                (Endpoint::UserInfo, Wrong::EmptyObject) => "oauth.userinfo_subject_mismatch",
                (Endpoint::Token, Wrong::Status(_)) => "",
                _ => code,
            };
            eprintln!("{endpoint:?} {wrong:?}");
            vendor.fail(Fault::At(endpoint, wrong));
            let begun = Instant::now();
            let outcome = login(&server, &vendor, "it", "new").await;
            let last = server.api().last_trace().await;
            let code = if code.is_empty() {
                // An error document with another status is the endpoint's word.
                assert!(last["code"].as_str().unwrap().starts_with("oauth.token_"));
                last["code"].as_str().unwrap().to_owned()
            } else {
                code.to_owned()
            };
            refused(&server, &outcome, &code).await;
            assert!(begun.elapsed() < Duration::from_secs(10), "{code}");
            vendor.heal();
        }
    }
    assert_eq!(server.api().users().await.len(), 1);
}

async fn a_broken_discovery_is_told_at_the_start(server: Server) {
    for (n, wrong) in [
        Wrong::Status(500),
        Wrong::Html,
        Wrong::TenMegabytes,
        Wrong::InvalidJson,
        Wrong::EmptyObject,
    ]
    .into_iter()
    .enumerate()
    {
        let vendor = Vendor::start(Kind::Oidc).await;
        vendor.add(Person::ada());
        vendor.fail(Fault::At(Endpoint::Discovery, wrong.clone()));
        let slug = format!("it-{n}");
        register(&server, &vendor, &slug, json!({})).await;
        let page = Browser::new(&server)
            .click(&format!("/oauth/{slug}/login"))
            .await;
        let trace = page_with_trace(&server, &page, "oauth.discovery_failed").await;
        assert_eq!(trace["kind"], "discovery", "{wrong:?}");
    }
    let vendor = Vendor::start(Kind::Oidc).await;
    vendor.add(Person::ada()).fail(Fault::DiscoveryOfAnother);
    register(&server, &vendor, "other", json!({})).await;
    let page = Browser::new(&server).click("/oauth/other/login").await;
    page_with_trace(&server, &page, "oauth.discovery_other_issuer").await;
    // Keys that cannot be had.
    for (n, wrong) in [Wrong::Status(500), Wrong::InvalidJson, Wrong::TenMegabytes]
        .into_iter()
        .enumerate()
    {
        let vendor = Vendor::start(Kind::Oidc).await;
        vendor.add(Person::ada());
        vendor.fail(Fault::At(Endpoint::Jwks, wrong));
        let slug = format!("keys-{n}");
        register(&server, &vendor, &slug, json!({})).await;
        let outcome = login(&server, &vendor, &slug, "ada-4711").await;
        refused(&server, &outcome, "oauth.keys_failed").await;
    }
}

async fn a_slow_provider_is_waited_for(server: Server) {
    let vendor = set_up(&server, Kind::Oidc, json!({})).await;
    vendor.fail(Fault::At(
        Endpoint::Token,
        Wrong::Slow(Duration::from_secs(2)),
    ));
    login(&server, &vendor, "it", "ada-4711").await.user();
    vendor.heal();
    // One that never answers holds nobody but the person who waits for it.
    vendor.fail(Fault::At(Endpoint::Token, Wrong::NeverAnswers));
    let begun = Instant::now();
    let mut browser = Browser::new(&server);
    let location = begin(&mut browser, "it").await;
    let back = vendor.sign_in(&location, "ada-4711").await;
    let waiting = tokio::spawn(async move { browser.click_elsewhere(&back).await });
    tokio::time::sleep(Duration::from_millis(500)).await;
    let page = Browser::new(&server).click("/login").await;
    assert!(page.took < Duration::from_secs(2), "{:?}", page.took);
    let page = waiting.await.unwrap();
    assert!(begun.elapsed() < Duration::from_secs(30));
    assert_eq!(page.status, 502, "{}", page.body);
    assert!(page.reference().is_some());
    vendor.heal();
    vendor.add(Person::new("new", "New One", "new@example.com"));
    vendor.fail(Fault::MissingEmail);
    refuses(&server, &vendor, "new", "login.no_vouched_address").await;
}
