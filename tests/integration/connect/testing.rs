//! Test logins: the whole way, and nothing comes of it.

use serde_json::json;

use super::{admin, all, test_of, texts};
use crate::harness::{Browser, Idp, Person, Server, refused};
use crate::support::forge::{AttributePart, text};
use crate::vendors::{Kind, Vendor};

on_both! {
    a_test_shows_everything_and_writes_nothing
    a_test_says_what_is_wrong
    a_test_of_somebody_who_is_here
    a_test_files_no_conflict
    a_test_belongs_to_one_session_and_one_browser
    a_test_counts_once
    a_test_by_somebody_who_is_no_admin_any_more
    a_test_of_an_openid_provider
}

async fn closed(server: &Server) -> Idp {
    let idp = Idp::other();
    let settings = json!({
        "enabled": false,
        "label": "Second",
        "allowed_domains": ["example.com"],
    });
    idp.register_with(server, settings).await;
    idp
}

async fn a_test_shows_everything_and_writes_nothing(server: Server) {
    let (mut browser, _) = admin(&server).await;
    let idp = closed(&server).await;
    let api = server.api();
    let before = api.users().await;
    let (session, me) = (browser.session(), browser.me().await);
    let start = test_of(&mut browser, "other").await;
    let sign_in = idp.start_at(&mut browser, &start).await;
    let person = Person::named("newbie");
    let mut forge = idp.scene(&server, &sign_in, &person).forge();
    forge.assertion.attributes.push(AttributePart {
        name: "&lt;script>alert(1)&lt;/script>".to_owned(),
        friendly_name: None,
        name_format: None,
        values: vec![text("\"><img src=x onerror=alert(1)>")],
    });
    let outcome = idp.answer(&mut browser, &sign_in, &forge.base64()).await;
    let page = &outcome.last;
    assert_eq!(page.status, 200, "{}", page.body);
    assert!(page.url.contains("/test-login/"), "{}", page.url);
    assert!(
        page.body.contains("This person would get in"),
        "{}",
        page.body
    );
    assert!(
        page.body.contains("a new user would be created"),
        "{}",
        page.body
    );
    assert!(page.body.contains("newbie@example.com"));
    assert!(!page.body.contains("<script>alert"), "{}", page.body);
    assert!(!page.body.contains("<img src=x"), "{}", page.body);
    assert!(page.body.contains("&#60;script&#62;") || page.body.contains("&lt;script&gt;"));
    let passed = texts(page, "ol.ticks li.passed");
    assert!(passed.len() >= 13, "{passed:?}");
    assert!(texts(page, "ol.ticks li.failed").is_empty());
    assert!(texts(page, "ol.ticks li.skipped").is_empty());
    // Nothing has come of it: no user, no session, and nobody else comes in.
    assert_eq!(api.users().await, before);
    assert_eq!(browser.session(), session);
    assert_eq!(browser.me().await, me);
    assert!(page.sets().iter().all(|name| *name != "doorward"));
    let closed = Browser::new(&server).click("/saml/other/login").await;
    assert_eq!(closed.status, 404);
    // The trace is marked, and says so.
    let trace = api.last_trace().await;
    assert_eq!(
        (&trace["kind"], &trace["outcome"]),
        (&json!("test"), &json!("success"))
    );
    assert!(
        trace["summary"].as_str().unwrap().starts_with("A test"),
        "{trace}"
    );
    // The provider keeps it.
    let kept = browser.click("/admin/authentication/other/test").await;
    assert!(
        kept.body.contains("This person would get in"),
        "{}",
        kept.body
    );
    assert!(!kept.body.contains("<script>alert"));
    let shown = browser.click("/admin/authentication/other").await;
    assert!(shown.body.contains("/admin/authentication/other/test"));
    assert!(
        shown.body.contains("newbie@example.com"),
        "the value that was seen"
    );
    // Its standing is that of a provider that nobody has used.
    assert!(shown.body.contains("Nobody yet"), "{}", shown.body);
}

async fn a_test_says_what_is_wrong(server: Server) {
    type Change = fn(&mut crate::harness::Scene);
    let (mut browser, _) = admin(&server).await;
    let idp = closed(&server).await;
    let person = Person::named("newbie");
    let before = server.api().users().await;
    let wrongs: [(&str, &str, Change); 3] = [
        ("audience", "saml.audience_mismatch", |scene| {
            scene.sp_entity_id = "https://old.example.com".to_owned();
        }),
        ("recipient", "saml.destination_mismatch", |scene| {
            scene.acs_url = "https://old.example.com/acs".to_owned();
        }),
        ("signature", "", |scene| {
            scene.idp_key = crate::support::keys::idp();
        }),
    ];
    for (step, code, change) in wrongs {
        let start = test_of(&mut browser, "other").await;
        let sign_in = idp.start_at(&mut browser, &start).await;
        let mut scene = idp.scene(&server, &sign_in, &person);
        change(&mut scene);
        let outcome = idp
            .answer(&mut browser, &sign_in, &scene.forge().base64())
            .await;
        let page = &outcome.last;
        assert_eq!(page.status, 200, "{step}: {}", page.body);
        assert!(
            page.body.contains("would not get in"),
            "{step}: {}",
            page.body
        );
        assert_eq!(
            texts(page, "ol.ticks li.failed").len(),
            1,
            "{step}: {}",
            page.body
        );
        let trace = server.api().last_trace().await;
        assert_eq!(
            (&trace["kind"], &trace["outcome"]),
            (&json!("test"), &json!("failed"))
        );
        if !code.is_empty() {
            assert_eq!(trace["code"], code);
            assert!(
                page.body.contains("https://old.example.com"),
                "{}",
                page.body
            );
        }
    }
    assert_eq!(server.api().users().await, before);
    // A decision of ours: the domain.
    let start = test_of(&mut browser, "other").await;
    let sign_in = idp.start_at(&mut browser, &start).await;
    let mut stranger = Person::named("stranger");
    "stranger@elsewhere.example".clone_into(&mut stranger.email);
    let field = idp.scene(&server, &sign_in, &stranger).forge().base64();
    let outcome = idp.answer(&mut browser, &sign_in, &field).await;
    assert!(outcome.last.body.contains("would not get in"));
    assert_eq!(
        server.api().last_trace().await["code"],
        "login.domain_not_allowed"
    );
}

async fn a_test_of_somebody_who_is_here(server: Server) {
    let (mut browser, _) = admin(&server).await;
    let idp = closed(&server).await;
    let api = server.api();
    let user = json!({ "email": "ada@example.com", "name": "Ada Before" });
    let user = api.expect("POST", "/api/v1/users", Some(&user), 201).await;
    let start = test_of(&mut browser, "other").await;
    let sign_in = idp.start_at(&mut browser, &start).await;
    let field = idp
        .scene(&server, &sign_in, &Person::named("ada"))
        .forge()
        .base64();
    let outcome = idp.answer(&mut browser, &sign_in, &field).await;
    let page = outcome.last;
    assert!(page.body.contains("would get in"), "{}", page.body);
    assert!(
        page.body.contains("Found by the e-mail address"),
        "{}",
        page.body
    );
    let id = user["id"].as_str().unwrap();
    assert!(
        page.body.contains(&format!("/admin/users/{id}")),
        "{}",
        page.body
    );
    let after = api.get(&format!("/api/v1/users/{id}")).await;
    assert_eq!(after, user, "nothing is written");
    assert_eq!(api.last_trace().await["matched_by"], "email");
}

async fn a_test_files_no_conflict(server: Server) {
    let (mut browser, _) = admin(&server).await;
    let idp = closed(&server).await;
    let start = test_of(&mut browser, "other").await;
    let sign_in = idp.start_at(&mut browser, &start).await;
    // The admin's own address, at another provider.
    let mut person = Person::named("root");
    "other-id".clone_into(&mut person.name_id);
    let field = idp.scene(&server, &sign_in, &person).forge().base64();
    let outcome = idp.answer(&mut browser, &sign_in, &field).await;
    assert!(
        outcome.last.body.contains("would not get in"),
        "{}",
        outcome.last.body
    );
    let api = server.api();
    assert_eq!(api.last_trace().await["code"], "login.identity_conflict");
    assert!(api.list("/api/v1/conflicts").await.is_empty());
}

async fn a_test_belongs_to_one_session_and_one_browser(server: Server) {
    let (mut browser, _) = admin(&server).await;
    let idp = closed(&server).await;
    let start = test_of(&mut browser, "other").await;
    // Nobody else begins with its address: no session, another admin's, a user's.
    let (mut second, _) = Idp::new()
        .signed_in_with(&server, "second", Some("admin"))
        .await;
    let (mut user, _) = Idp::new().signed_in_with(&server, "user", None).await;
    for other in [&mut Browser::new(&server), &mut second, &mut user] {
        let page = other.click_elsewhere(&start).await;
        assert!(
            [403, 404].contains(&page.status),
            "{} {}",
            page.status,
            page.body
        );
    }
    for forged in ["s.", "s.x", "l.x", "l.x.y", "", "l..", "x"] {
        let page = browser
            .click(&format!("/saml/other/login?test={forged}"))
            .await;
        assert!(
            [403, 404].contains(&page.status),
            "{forged}: {}",
            page.status
        );
        // Of a provider that is on, too: it must not become a login.
        let page = browser
            .click(&format!("/saml/okta/login?test={forged}"))
            .await;
        assert_eq!(page.status, 403, "{forged}");
    }
    // The token is for one provider.
    let moved = start.replace("/saml/other/", "/saml/okta/");
    assert_eq!(browser.click(&moved).await.status, 403);
    // The answer belongs to the browser that asked.
    let sign_in = idp.start_at(&mut browser, &start).await;
    let field = idp
        .scene(&server, &sign_in, &Person::named("ada"))
        .forge()
        .base64();
    let mut victim = Browser::new(&server);
    let outcome = idp.answer(&mut victim, &sign_in, &field).await;
    refused(&outcome.last);
    assert!(outcome.me.is_none());
    // And the result to the session.
    let start = test_of(&mut browser, "other").await;
    let sign_in = idp.start_at(&mut browser, &start).await;
    let field = idp
        .scene(&server, &sign_in, &Person::named("ada"))
        .forge()
        .base64();
    let outcome = idp.answer(&mut browser, &sign_in, &field).await;
    let address = outcome.last.url.clone();
    assert_eq!(browser.click(&address).await.status, 200);
    for other in [&mut Browser::new(&server), &mut second, &mut user] {
        assert_eq!(other.click(&address).await.status, 404);
    }
    let mut signed_out = browser.clone();
    signed_out.jar.retain(|cookie| cookie.name != "doorward");
    assert_eq!(signed_out.click(&address).await.status, 404);
}

async fn a_test_counts_once(server: Server) {
    let (mut browser, okta) = admin(&server).await;
    let idp = closed(&server).await;
    let start = test_of(&mut browser, "other").await;
    let sign_in = idp.start_at(&mut browser, &start).await;
    let field = idp
        .scene(&server, &sign_in, &Person::named("ada"))
        .forge()
        .base64();
    let first = idp.answer(&mut browser, &sign_in, &field).await;
    assert_eq!(first.last.status, 200);
    let again = browser
        .submit_elsewhere(&idp.acs(), &[("SAMLResponse", field.as_str())])
        .await;
    assert!([403, 404].contains(&again.status), "{}", again.status);
    // An answer to an ordinary sign-in makes no test, nor the other way round.
    let start = test_of(&mut browser, "okta").await;
    let test = okta.start_at(&mut browser, &start).await;
    let mut visitor = Browser::new(&server);
    let login = okta.start(&mut visitor).await;
    let field = okta
        .scene(&server, &test, &Person::named("ada"))
        .forge()
        .base64();
    let outcome = okta.answer(&mut visitor, &login, &field).await;
    assert!(outcome.me.is_none(), "the test's answer signs nobody in");
    let field = okta
        .scene(&server, &login, &Person::named("ada"))
        .forge()
        .base64();
    okta.answer(&mut visitor, &login, &field).await.user();
}

async fn a_test_by_somebody_who_is_no_admin_any_more(server: Server) {
    let (mut browser, _) = admin(&server).await;
    let idp = closed(&server).await;
    server.cli(
        &["user", "create", "--email", "keeper@example.com", "--admin"],
        "",
    );
    let start = test_of(&mut browser, "other").await;
    let sign_in = idp.start_at(&mut browser, &start).await;
    let api = server.api();
    let root = api.user_by_email("root@example.com").await.unwrap();
    let path = format!("/api/v1/users/{}", root["id"].as_str().unwrap());
    api.expect("PATCH", &path, Some(&json!({ "roles": [] })), 200)
        .await;
    let field = idp
        .scene(&server, &sign_in, &Person::named("ada"))
        .forge()
        .base64();
    let outcome = idp.answer(&mut browser, &sign_in, &field).await;
    refused(&outcome.last);
    assert!(outcome.me.is_none());
    assert_eq!(api.last_trace().await["code"], "test.not_permitted");
}

async fn a_test_of_an_openid_provider(server: Server) {
    let (mut browser, _) = admin(&server).await;
    let vendor = Vendor::start(Kind::Oidc).await;
    vendor.add(crate::vendors::Person::ada());
    let mut provider = vendor.provider("it");
    provider["enabled"] = json!(false);
    crate::oauth::make(&server, &vendor, provider).await;
    let before = server.api().users().await;
    let session = browser.session();
    let start = test_of(&mut browser, "it").await;
    let location = browser.click(&start).await.location.unwrap();
    let back = vendor.sign_in(&location, "ada-4711").await;
    let outcome = crate::oauth::come_back(&mut browser, &back).await;
    let page = &outcome.last;
    assert!(
        page.url.contains("/test-login/"),
        "{} {}",
        page.url,
        page.body
    );
    assert!(page.body.contains("would get in"), "{}", page.body);
    assert!(page.body.contains("ada@example.com"));
    assert_eq!(texts(page, "ol.ticks li.failed").len(), 0);
    assert_eq!(all(page, "section.verdict.good", "class").len(), 1);
    assert_eq!(server.api().users().await, before);
    assert_eq!(browser.session(), session);
    assert_eq!(server.api().last_trace().await["kind"], "test");
    let closed = Browser::new(&server).click("/oauth/it/login").await;
    assert_eq!(closed.status, 404);
    // Another browser brings the answer.
    let start = test_of(&mut browser, "it").await;
    let location = browser.click(&start).await.location.unwrap();
    let back = vendor.sign_in(&location, "ada-4711").await;
    let outcome = crate::oauth::come_back(&mut Browser::new(&server), &back).await;
    assert!(
        outcome.me.is_none() && outcome.last.status == 403,
        "{}",
        outcome.last.body
    );
    // The person says no.
    let start = test_of(&mut browser, "it").await;
    let location = browser.click(&start).await.location.unwrap();
    let state = location
        .split("state=")
        .nth(1)
        .unwrap()
        .split('&')
        .next()
        .unwrap();
    let no = format!("/oauth/it/callback?error=access_denied&state={state}");
    let outcome = crate::oauth::come_back(&mut browser, &no).await;
    assert!(
        outcome.last.body.contains("would not get in"),
        "{}",
        outcome.last.body
    );
}
