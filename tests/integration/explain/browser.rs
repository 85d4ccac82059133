//! What people do with browsers.

use super::{Told, browser};
use crate::harness::{Idp, Person, Server};

fn already_used(case: &'static str) -> Told {
    Told::failed(case, "saml.replay", "user")
        .saying(&["used for a sign-in before."])
        .advising(&["loaded the page again", "it opened nothing"])
        .on_page("already-used")
}

/// The same answer twice: the page of the IdP is loaded again.
#[tokio::test]
async fn a_reload() {
    let server = Server::sqlite().await;
    let idp = Idp::new();
    idp.register(&server).await;
    let told = already_used("a reload");
    for language in ["en", "de"] {
        let mut browser = browser(&server, language);
        let sign_in = idp.start(&mut browser).await;
        let scene = idp.scene(&server, &sign_in, &Person::named("alice"));
        let field = scene.forge().base64();
        idp.answer(&mut browser, &sign_in, &field).await.user();
        let again = idp.answer(&mut browser, &sign_in, &field).await;
        assert_eq!(again.last.status, 403);
        again.user(); // The session of the first stands.
        told.check(&server, &again.last, language).await;
    }
}

/// The same before the browser has come back with the first.
#[tokio::test]
async fn two_answers_to_one_sign_in() {
    let server = Server::sqlite().await;
    let idp = Idp::new();
    idp.register(&server).await;
    let told = Told {
        summary: vec!["of two answers the first counts.".to_owned()],
        ..already_used("two answers to one sign-in")
    };
    let mut browser = browser(&server, "en");
    let sign_in = idp.start(&mut browser).await;
    let scene = idp.scene(&server, &sign_in, &Person::named("alice"));
    let field = scene.forge().base64();
    let form = [("SAMLResponse", field.as_str())];
    let first = browser.submit_elsewhere(&idp.acs(), &form).await;
    assert_eq!(first.status, 303);
    let second = browser.submit_elsewhere(&idp.acs(), &form).await;
    told.check(&server, &second, "en").await;
    browser.follow(first).await;
    assert!(browser.me().await.is_some());
}

/// An old answer in a new sign-in, which is a new message around it.
#[tokio::test]
async fn a_replay() {
    let server = Server::sqlite().await;
    let idp = Idp::new();
    idp.register(&server).await;
    let told = already_used("a replay");
    let mut first = browser(&server, "en");
    let sign_in = idp.start(&mut first).await;
    let scene = idp.scene(&server, &sign_in, &Person::named("alice"));
    let forge = scene.forge();
    idp.answer(&mut first, &sign_in, &forge.base64())
        .await
        .user();
    let mut thief = browser(&server, "en");
    let theirs = idp.start(&mut thief).await;
    let mut again = idp.scene(&server, &theirs, &Person::named("alice")).forge();
    again.assertion.id.clone_from(&forge.assertion.id);
    let outcome = idp.answer(&mut thief, &theirs, &again.base64()).await;
    outcome.refused();
    told.check(&server, &outcome.last, "en").await;
}

#[tokio::test]
async fn a_second_browser() {
    let server = Server::sqlite().await;
    let idp = Idp::new();
    idp.register(&server).await;
    let told = Told::failed("a second browser", "saml.other_browser", "user")
        .saying(&["The sign-in began in another browser than the one that brought the answer"])
        .advising(&["in one browser window, with cookies allowed"])
        .on_page("start-again");
    for language in ["en", "de"] {
        let mut first = browser(&server, language);
        let mut second = browser(&server, language);
        // It has begun a sign-in of its own.
        idp.start(&mut second).await;
        let sign_in = idp.start(&mut first).await;
        let scene = idp.scene(&server, &sign_in, &Person::named("alice"));
        let field = scene.forge().base64();
        let outcome = idp.answer(&mut second, &sign_in, &field).await;
        outcome.refused();
        told.check(&server, &outcome.last, language).await;
    }
}

#[tokio::test]
async fn a_browser_without_cookies() {
    let server = Server::sqlite().await;
    let idp = Idp::new();
    idp.register(&server).await;
    let told = Told::failed("no cookies", "saml.other_browser", "user")
        .saying(&["or this browser did not keep the cookie of the start."])
        .advising(&["a proxy removes cookies"])
        .on_page("start-again");
    let mut browser = browser(&server, "en");
    let sign_in = idp.start(&mut browser).await;
    browser.jar.clear();
    let scene = idp.scene(&server, &sign_in, &Person::named("alice"));
    let outcome = idp
        .answer(&mut browser, &sign_in, &scene.forge().base64())
        .await;
    outcome.refused();
    told.check(&server, &outcome.last, "en").await;
}

/// A request that nobody here has sent.
#[tokio::test]
async fn an_answer_to_nothing() {
    let server = Server::sqlite().await;
    let idp = Idp::new();
    idp.register(&server).await;
    let mut browser = browser(&server, "en");
    let mut sign_in = idp.start(&mut browser).await;
    sign_in.request_id = format!("_{}", "0".repeat(40));
    let told = Told::failed(
        "a sign-in that is too old",
        "saml.in_response_to_unknown",
        "user",
    )
    .saying(&["belongs to no sign-in that is under way", "30 minutes"])
    .advising(&["start again at this gateway's sign-in page"])
    .comparing(None, &[&sign_in.request_id])
    .on_page("start-again");
    let scene = idp.scene(&server, &sign_in, &Person::named("alice"));
    let outcome = idp
        .answer(&mut browser, &sign_in, &scene.forge().base64())
        .await;
    outcome.refused();
    told.check(&server, &outcome.last, "en").await;
}

/// The last page of a sign-in, opened once more.
#[tokio::test]
async fn the_last_page_again() {
    let server = Server::sqlite().await;
    let idp = Idp::new();
    idp.register(&server).await;
    let mut browser = browser(&server, "en");
    let sign_in = idp.start(&mut browser).await;
    let scene = idp.scene(&server, &sign_in, &Person::named("alice"));
    let field = scene.forge().base64();
    let form = [("SAMLResponse", field.as_str())];
    let hop = browser.submit_elsewhere(&idp.acs(), &form).await;
    let address = hop.location.clone().unwrap();
    browser.follow(hop).await;
    let page = browser.visit(&address).await;
    let told = Told::failed("the last page again", "saml.code_unknown", "user")
        .saying(&["The last page of a sign-in was loaded again"])
        .advising(&["Nothing to set"])
        .on_page("already-used");
    told.check(&server, &page, "en").await;
}

/// Something that is no message at all.
#[tokio::test]
async fn a_damaged_form() {
    let server = Server::sqlite().await;
    let idp = Idp::new();
    idp.register(&server).await;
    let mut browser = browser(&server, "en");
    let outcome = idp
        .answer_with(&mut browser, &[("SAMLResponse", "PHNhbWxwOlJlc3BvbnNl")])
        .await;
    outcome.refused();
    let trace = server.api().last_trace().await;
    assert!(
        trace["document"].is_null(),
        "it cannot be redacted: {trace}"
    );
    let told = Told::failed("a damaged answer", "saml.xml_malformed", "network")
        .saying(&["cannot be read"])
        .advising(&["damaged on the way", "proxy or filter"]);
    told.check(&server, &outcome.last, "en").await;
}
