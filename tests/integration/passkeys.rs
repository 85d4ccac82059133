//! Passkeys, with an authenticator in software: adding, signing in, and everything that
//! an attacker could change in an answer.

use scraper::{Html, Selector};
use serde_json::{Value, json};

use crate::harness::{Answer, Browser, Idp, Person, Server, refused};
use crate::support::authenticator::{Authenticator, BACKED_UP, ELIGIBLE, Said, VERIFIED};

on_both_named! {
    a_passkey_is_added_and_signs_in
    a_passkey_leads_on_to_the_application
    answers_that_do_not_hold_sign_nobody_in
    challenges_are_for_one_browser_and_one_use
    a_copy_of_a_key_is_noticed
    keys_that_cannot_be_added
    whoever_is_shut_out_stays_out
    passkeys_can_be_switched_off
    removing_a_key_ends_what_it_began
    a_link_activates_a_key_once
    keys_of_administrators_are_for_administrators
}

fn attribute(page: &Answer, css: &str, name: &str) -> Option<String> {
    let document = Html::parse_document(&page.body);
    let found = document.select(&Selector::parse(css).unwrap()).next()?;
    Some(found.attr(name).unwrap_or_default().to_owned())
}

fn csrf(page: &Answer) -> String {
    attribute(page, "input[name=csrf]", "value").unwrap_or_else(|| panic!("{}", page.body))
}

/// A person who has just signed in through an IdP.
async fn signed_in(server: &Server, idp: &Idp, name: &str) -> (Browser, String) {
    let mut browser = Browser::new(server);
    let outcome = idp.login(server, &mut browser, &Person::named(name)).await;
    let id = outcome.user()["id"].as_str().unwrap().to_owned();
    (browser, id)
}

async fn options(browser: &mut Browser, address: &str, form: &[(&str, &str)]) -> Value {
    let answer = browser.submit(address, form).await;
    assert_eq!(answer.status, 200, "{address}: {}", answer.body);
    serde_json::from_str(&answer.body).unwrap()
}

async fn ask_to_add(browser: &mut Browser) -> (Value, String) {
    let page = browser.click("/account/passkeys/new").await;
    assert_eq!(page.status, 200, "{}", page.body);
    let csrf = csrf(&page);
    let asked = options(browser, "/account/passkeys/options", &[("csrf", &csrf)]).await;
    (asked, csrf)
}

async fn send_new(browser: &mut Browser, csrf: &str, credential: &str) -> Answer {
    let form = [
        ("csrf", csrf),
        ("name", "My key"),
        ("credential", credential),
    ];
    browser.submit("/account/passkeys", &form).await
}

async fn added(browser: &mut Browser, origin: &str) -> Authenticator {
    let (asked, csrf) = ask_to_add(browser).await;
    let (made, credential) = Authenticator::create(&asked, origin);
    let answer = send_new(browser, &csrf, &credential).await;
    assert_eq!(
        answer.location.as_deref(),
        Some("/account?done=passkey-added"),
        "{}",
        answer.body
    );
    made
}

async fn ask_to_sign_in(browser: &mut Browser) -> Value {
    options(browser, "/login/passkey/options", &[]).await
}

async fn send(browser: &mut Browser, credential: &str) -> Answer {
    let form = [("credential", credential), ("rd", "/account")];
    let answer = browser.submit("/login/passkey", &form).await;
    browser.follow(answer).await
}

async fn signs_in(server: &Server, key: &mut Authenticator) -> Browser {
    let mut browser = Browser::new(server);
    let asked = ask_to_sign_in(&mut browser).await;
    let page = send(&mut browser, &key.sign(&asked)).await;
    assert!(
        page.url.ends_with("/account"),
        "{}: {}",
        page.url,
        page.body
    );
    assert!(browser.me().await.is_some());
    browser
}

async fn audited(server: &Server, action: &str) -> Vec<Value> {
    let events = server.api().list("/api/v1/audit").await;
    events
        .into_iter()
        .filter(|event| event["action"] == action)
        .collect()
}

async fn a_passkey_is_added_and_signs_in(server: Server) {
    let anybody = server.anonymous();
    let named = anybody.get("/.well-known/passkey-endpoints").await;
    let enroll = format!("{}/account/passkeys/new", server.url);
    assert_eq!(named["enroll"], enroll);
    let idp = Idp::new();
    idp.register(&server).await;
    let (mut ada, id) = signed_in(&server, &idp, "ada").await;
    // Nobody has one yet, so nobody is asked for one.
    let mut stranger = Browser::new(&server);
    let page = stranger.visit("/login?choose=1").await;
    assert_eq!(attribute(&page, "form[data-passkey]", "action"), None);

    let (asked, csrf) = ask_to_add(&mut ada).await;
    let asked = &asked["publicKey"];
    assert_eq!(asked["rp"]["id"], "localhost");
    assert_eq!(asked["user"]["name"], "ada@example.com");
    let selection = &asked["authenticatorSelection"];
    assert_eq!(selection["residentKey"], "required");
    assert_eq!(selection["userVerification"], "required");
    assert_eq!(asked["attestation"], json!("none"));
    assert_eq!(asked["excludeCredentials"], json!([]));
    let whole = json!({"publicKey": asked});
    let (mut key, credential) = Authenticator::create(&whole, &server.url);
    // Without a name it is not lost: the page says so.
    let form = [
        ("csrf", csrf.as_str()),
        ("name", " "),
        ("credential", &credential),
    ];
    assert_eq!(ada.submit("/account/passkeys", &form).await.status, 422);
    send_new(&mut ada, &csrf, &credential).await;
    let page = ada.click("/account").await;
    assert!(page.body.contains("My key"), "{}", page.body);
    // A second time the same authenticator says that it has one.
    let (again, _) = ask_to_add(&mut ada).await;
    let known = again["publicKey"]["excludeCredentials"].as_array().unwrap();
    assert_eq!(known.len(), 1);

    let mut browser = Browser::new(&server);
    let page = browser.visit("/login").await;
    assert_eq!(page.status, 200, "not straight on to the one provider");
    assert!(
        page.header("content-security-policy")
            .unwrap()
            .contains("script-src 'self'")
    );
    assert!(attribute(&page, "form[data-passkey=get]", "action").is_some());
    let asked = ask_to_sign_in(&mut browser).await;
    assert_eq!(asked["publicKey"]["rpId"], "localhost");
    assert_eq!(asked["publicKey"]["allowCredentials"], json!([]));
    assert_eq!(asked["publicKey"]["userVerification"], "required");
    let page = send(&mut browser, &key.sign(&asked)).await;
    assert!(page.url.ends_with("/account"), "{}", page.body);
    assert_eq!(browser.me().await.unwrap()["id"], json!(id));
    let trace = server.api().last_trace().await;
    assert_eq!(trace["kind"], "passkey");
    assert_eq!(trace["outcome"], "success");
    assert_eq!(trace["user"], json!(id));
    let user = server.api().get(&format!("/api/v1/users/{id}")).await;
    assert!(user["last_login_at"].is_string());
    assert_eq!(audited(&server, "user.passkey_added").await.len(), 1);

    // Another sign-in takes the place of the session.
    let first = browser.session().unwrap();
    let asked = ask_to_sign_in(&mut browser).await;
    send(&mut browser, &key.sign(&asked)).await;
    assert_ne!(browser.session().unwrap(), first);
    let mut old = Browser::new(&server);
    old.plant(&format!("doorward={first}; Path=/"));
    assert!(old.me().await.is_none());

    // What the API shows of it, and another name.
    let path = format!("/api/v1/users/{id}/passkeys");
    let keys = server.api().list(&path).await;
    assert_eq!(keys.len(), 1);
    assert_eq!(keys[0]["state"], "active");
    assert_eq!(keys[0]["backup_eligible"], false);
    assert!(keys[0]["last_used_at"].is_string());
    assert!(!keys[0].to_string().contains("credential"));
    let one = format!("{path}/{}", keys[0]["id"].as_str().unwrap());
    let api = server.api();
    let renamed = api
        .expect("PATCH", &one, Some(&json!({"name": "Blue"})), 200)
        .await;
    assert_eq!(renamed["name"], "Blue");
    for name in [json!(""), json!("x".repeat(61)), json!(null), json!(7)] {
        api.expect("PATCH", &one, Some(&json!({"name": name})), 422)
            .await;
    }
}

async fn a_passkey_leads_on_to_the_application(server: Server) {
    let wiki = json!({
        "slug": "wiki", "name": "Wiki", "kind": "forward_auth", "access": "internal",
        "hosts": ["wiki.example.com"],
    });
    server
        .api()
        .expect("POST", "/api/v1/applications", Some(&wiki), 201)
        .await;
    let idp = Idp::new();
    idp.register(&server).await;
    let (mut browser, _) = signed_in(&server, &idp, "ada").await;
    let mut key = added(&mut browser, &server.url).await;
    for (rd, expected) in [
        (
            "https://wiki.example.com/page?x=1",
            "https://wiki.example.com/page?x=1",
        ),
        ("https://wiki.example.com.evil.example/", "/account"),
        ("//wiki.example.com/", "/account"),
        ("javascript:alert(1)", "/account"),
        ("/login/password", "/account"),
        ("/account?done=linked", "/account?done=linked"),
    ] {
        let mut browser = Browser::new(&server);
        let asked = ask_to_sign_in(&mut browser).await;
        let credential = key.sign(&asked);
        let form = [("credential", credential.as_str()), ("rd", rd)];
        let answer = browser.submit("/login/passkey", &form).await;
        assert_eq!(answer.location.as_deref(), Some(expected), "{rd}");
    }
}

async fn answers_that_do_not_hold_sign_nobody_in(server: Server) {
    type Change = fn(&mut Said);
    let idp = Idp::new();
    idp.register(&server).await;
    let (mut ada, _) = signed_in(&server, &idp, "ada").await;
    let (mut eve, _) = signed_in(&server, &idp, "eve").await;
    let mut key = added(&mut ada, &server.url).await;
    added(&mut eve, &server.url).await;
    let attacks: [(Change, &str); 12] = [
        (
            |said| said.origin = "https://evil.example".to_owned(),
            "passkey.origin_mismatch",
        ),
        (
            |said| said.origin = "http://localhost".to_owned(),
            "passkey.origin_mismatch",
        ),
        (|said| said.origin.push('/'), "passkey.origin_mismatch"),
        (
            |said| said.rp_id = "evil.example".to_owned(),
            "passkey.rp_id_mismatch",
        ),
        (|said| said.flags &= !VERIFIED, "passkey.user_not_verified"),
        (|said| said.flags = VERIFIED, "passkey.not_verified"),
        (
            |said| said.flags |= ELIGIBLE | BACKED_UP,
            "passkey.backup_flags",
        ),
        (|said| said.tampered = true, "passkey.signature_invalid"),
        (|said| said.kind = "webauthn.create", "passkey.not_verified"),
        (|said| said.cross_origin = true, "passkey.cross_origin"),
        (|said| said.user_handle = vec![7; 16], "passkey.other_user"),
        (|said| said.user_handle.clear(), "passkey.malformed"),
    ];
    for (change, code) in attacks {
        let mut browser = Browser::new(&server);
        let asked = ask_to_sign_in(&mut browser).await;
        let credential = key.sign_with(&asked, change);
        refused(&send(&mut browser, &credential).await);
        assert!(browser.me().await.is_none(), "{code}");
        let trace = server.api().last_trace().await;
        assert_eq!(trace["code"], code);
        assert!(trace["remedy"].is_string(), "{trace}");
        // The challenge is used up: the same in its right form comes too late.
        refused(&send(&mut browser, &key.sign(&asked)).await);
        assert!(browser.me().await.is_none(), "{code}");
    }
    // A key that nobody has, and no key at all.
    let mut browser = Browser::new(&server);
    let asked = ask_to_sign_in(&mut browser).await;
    let creation = json!({"publicKey": {"challenge": "x", "rp": {"id": "localhost"},
        "user": {"id": "AZkAAAAAcACAAAAAAAAAAA"}}});
    let (mut unknown, _) = Authenticator::create(&creation, &server.url);
    refused(&send(&mut browser, &unknown.sign(&asked)).await);
    assert_eq!(server.api().last_trace().await["code"], "passkey.unknown");
    for garbage in ["", "{}", "null", "\u{0}", "{\"type\":\"public-key\"}"] {
        refused(&send(&mut browser, garbage).await);
        assert!(browser.me().await.is_none());
    }
    // The right answer leads in all the same.
    signs_in(&server, &mut key).await;
}

async fn challenges_are_for_one_browser_and_one_use(server: Server) {
    let idp = Idp::new();
    idp.register(&server).await;
    let (mut ada, _) = signed_in(&server, &idp, "ada").await;
    let mut key = added(&mut ada, &server.url).await;
    let mut browser = Browser::new(&server);
    let asked = ask_to_sign_in(&mut browser).await;
    let credential = key.sign(&asked);
    // An attacker's browser brings the victim's answer, with and without a cookie.
    let mut thief = Browser::new(&server);
    refused(&send(&mut thief, &credential).await);
    ask_to_sign_in(&mut thief).await;
    refused(&send(&mut thief, &credential).await);
    assert_eq!(
        server.api().last_trace().await["code"],
        "passkey.other_browser"
    );
    assert!(thief.me().await.is_none());
    // That used nothing up.
    send(&mut browser, &credential).await;
    assert!(browser.me().await.is_some());
    // Once is all.
    let mut again = browser.clone();
    again.jar.retain(|cookie| cookie.name != "doorward");
    refused(&send(&mut again, &credential).await);
    assert!(again.me().await.is_none());
    assert_eq!(
        server.api().last_trace().await["code"],
        "passkey.challenge_unknown"
    );
    // A challenge for adding a key is none for signing in.
    let (asked, _) = ask_to_add(&mut ada).await;
    let as_sign_in = json!({"publicKey": {"challenge": asked["publicKey"]["challenge"]}});
    let mut crossed = ada.clone();
    crossed.jar.retain(|cookie| cookie.name != "doorward");
    refused(&send(&mut crossed, &key.sign(&as_sign_in)).await);
    assert!(crossed.me().await.is_none());
    // Two at once with one answer: one comes in.
    let mut one = Browser::new(&server);
    let asked = ask_to_sign_in(&mut one).await;
    let credential = key.sign(&asked);
    let mut two = one.clone();
    let (a, b) = tokio::join!(send(&mut one, &credential), send(&mut two, &credential));
    let came_in = [a.status, b.status]
        .iter()
        .filter(|status| **status == 200)
        .count();
    assert_eq!(came_in, 1, "{} and {}", a.status, b.status);
}

async fn a_copy_of_a_key_is_noticed(server: Server) {
    let idp = Idp::new();
    idp.register(&server).await;
    let (mut ada, id) = signed_in(&server, &idp, "ada").await;
    let mut key = added(&mut ada, &server.url).await;
    signs_in(&server, &mut key).await;
    signs_in(&server, &mut key).await;
    for counter in [2, 1, 0] {
        let mut browser = Browser::new(&server);
        let asked = ask_to_sign_in(&mut browser).await;
        let credential = key.sign_with(&asked, |said| said.counter = counter);
        refused(&send(&mut browser, &credential).await);
        assert!(browser.me().await.is_none(), "count {counter}");
        let trace = server.api().last_trace().await;
        assert_eq!(trace["code"], "passkey.counter_regressed");
        assert_eq!(trace["user"], json!(id));
    }
    let events = audited(&server, "user.passkey_counter_regressed").await;
    assert_eq!(events.len(), 3);
    assert_eq!(events[0]["target_id"], json!(id));
    // The one that counts on is the person's.
    signs_in(&server, &mut key).await;
}

async fn keys_that_cannot_be_added(server: Server) {
    type Change = fn(&mut Said);
    let idp = Idp::new();
    idp.register(&server).await;
    let (mut ada, id) = signed_in(&server, &idp, "ada").await;
    let (mut eve, _) = signed_in(&server, &idp, "eve").await;
    let attacks: [Change; 6] = [
        |said| said.origin = "https://evil.example".to_owned(),
        |said| said.rp_id = "evil.example".to_owned(),
        |said| said.flags &= !VERIFIED,
        |said| said.kind = "webauthn.get",
        |said| said.cross_origin = true,
        |said| said.challenge = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA".to_owned(),
    ];
    for change in attacks {
        let (asked, csrf) = ask_to_add(&mut ada).await;
        let (_, credential) = Authenticator::create_with(&asked, &server.url, change);
        assert_eq!(send_new(&mut ada, &csrf, &credential).await.status, 422);
    }
    // In another session than the one that asked.
    let (asked, _) = ask_to_add(&mut ada).await;
    let (_, credential) = Authenticator::create(&asked, &server.url);
    let (_, theirs) = ask_to_add(&mut eve).await;
    assert_eq!(send_new(&mut eve, &theirs, &credential).await.status, 422);
    // Without the form's token, and from another site.
    let forged = send_new(&mut ada, "guessed", &credential).await;
    assert_eq!(forged.status, 403);
    let form = [("csrf", "guessed")];
    let asked = ada.submit("/account/passkeys/options", &form).await;
    assert_eq!(asked.status, 403);
    let path = format!("/api/v1/users/{id}/passkeys");
    assert_eq!(server.api().list(&path).await, Vec::<Value>::new());
    // Once is all.
    let (asked, csrf) = ask_to_add(&mut ada).await;
    let (_, credential) = Authenticator::create(&asked, &server.url);
    assert!(send_new(&mut ada, &csrf, &credential).await.is_redirect());
    assert_eq!(send_new(&mut ada, &csrf, &credential).await.status, 422);
    assert_eq!(server.api().list(&path).await.len(), 1);
}

async fn whoever_is_shut_out_stays_out(server: Server) {
    let idp = Idp::new();
    idp.register(&server).await;
    let (mut ada, id) = signed_in(&server, &idp, "ada").await;
    let mut key = added(&mut ada, &server.url).await;
    let user = format!("/api/v1/users/{id}");
    let api = server.api();
    let mut pages = Vec::new();
    for (change, back, code) in [
        (
            json!({"valid_to": "2020-01-01T00:00:00Z"}),
            json!({"valid_to": null}),
            "login.expired",
        ),
        (
            json!({"valid_from": "2120-01-01T00:00:00Z"}),
            json!({"valid_from": null}),
            "login.not_yet_valid",
        ),
        (
            json!({"status": "inactive"}),
            json!({"status": "active"}),
            "login.inactive",
        ),
    ] {
        api.expect("PATCH", &user, Some(&change), 200).await;
        let mut browser = Browser::new(&server);
        let asked = ask_to_sign_in(&mut browser).await;
        let page = send(&mut browser, &key.sign(&asked)).await;
        let reference = refused(&page);
        pages.push(page.body.replace(&reference, ""));
        assert!(browser.me().await.is_none(), "{code}");
        let trace = api.last_trace().await;
        assert_eq!(trace["outcome"], "refused", "{trace}");
        assert_eq!(trace["user"], json!(id), "{trace}");
        assert!(
            trace["code"]
                .as_str()
                .unwrap()
                .contains(code.split_once('.').unwrap().1),
            "{trace}"
        );
        api.expect("PATCH", &user, Some(&back), 200).await;
    }
    pages.dedup();
    assert_eq!(pages.len(), 1, "they read alike");
    // A domain that may not come in any more.
    let domains = json!({"allowed_domains": ["elsewhere.example"]});
    api.expect("PATCH", "/api/v1/settings", Some(&domains), 200)
        .await;
    let mut browser = Browser::new(&server);
    let asked = ask_to_sign_in(&mut browser).await;
    refused(&send(&mut browser, &key.sign(&asked)).await);
    assert!(browser.me().await.is_none());
    let domains = json!({"allowed_domains": null});
    api.expect("PATCH", "/api/v1/settings", Some(&domains), 200)
        .await;
    signs_in(&server, &mut key).await;
}

async fn passkeys_can_be_switched_off(server: Server) {
    let idp = Idp::new();
    idp.register(&server).await;
    let (mut ada, _) = signed_in(&server, &idp, "ada").await;
    let mut key = added(&mut ada, &server.url).await;
    let mut browser = Browser::new(&server);
    let asked = ask_to_sign_in(&mut browser).await;
    let api = server.api();
    let off = json!({"passkeys": false});
    let settings = api
        .expect("PATCH", "/api/v1/settings", Some(&off), 200)
        .await;
    assert_eq!(settings["passkeys"], false);
    refused(&send(&mut browser, &key.sign(&asked)).await);
    assert_eq!(api.last_trace().await["code"], "passkey.off");
    assert_eq!(
        browser.submit("/login/passkey/options", &[]).await.status,
        404
    );
    let page = browser.visit("/login?choose=1").await;
    assert_eq!(attribute(&page, "form[data-passkey]", "action"), None);
    let page = ada.click("/account/passkeys/new").await;
    assert_eq!(page.location.as_deref(), Some("/account?done=passkeys-off"));
    let on = json!({"passkeys": null});
    api.expect("PATCH", "/api/v1/settings", Some(&on), 200)
        .await;
    signs_in(&server, &mut key).await;
}

async fn removing_a_key_ends_what_it_began(server: Server) {
    let idp = Idp::new();
    idp.register(&server).await;
    let (mut ada, id) = signed_in(&server, &idp, "ada").await;
    let mut first = added(&mut ada, &server.url).await;
    let mut second = added(&mut ada, &server.url).await;
    let (mut with_first, mut with_second) = (
        signs_in(&server, &mut first).await,
        signs_in(&server, &mut second).await,
    );
    let path = format!("/api/v1/users/{id}/passkeys");
    let keys = server.api().list(&path).await;
    let place = |n: usize| {
        format!(
            "/account/passkeys/{}/remove",
            keys[n]["id"].as_str().unwrap()
        )
    };
    // Not another person's.
    let (mut eve, _) = signed_in(&server, &idp, "eve").await;
    let page = eve.click("/account").await;
    let theirs = csrf(&page);
    let answer = eve.submit(&place(0), &[("csrf", &theirs)]).await;
    assert_eq!(
        answer.location.as_deref(),
        Some("/account?done=passkey-unknown")
    );
    let page = ada.click(&place(0)).await;
    let token = csrf(&page);
    assert_eq!(
        ada.submit(&place(0), &[("csrf", "guessed")]).await.status,
        403
    );
    let answer = ada.submit(&place(0), &[("csrf", &token)]).await;
    assert_eq!(
        answer.location.as_deref(),
        Some("/account?done=passkey-removed")
    );
    assert!(with_first.me().await.is_none());
    assert!(with_second.me().await.is_some());
    assert!(ada.me().await.is_some());
    let mut browser = Browser::new(&server);
    let asked = ask_to_sign_in(&mut browser).await;
    refused(&send(&mut browser, &first.sign(&asked)).await);
    assert_eq!(server.api().last_trace().await["code"], "passkey.revoked");
    // The provider goes: the passkey is the last way in, and stays.
    let provider = format!("/api/v1/providers/{}", idp.slug);
    let off = json!({"enabled": false});
    server
        .api()
        .expect("PATCH", &provider, Some(&off), 200)
        .await;
    let page = with_second.click(&place(1)).await;
    let token = csrf(&page);
    let answer = with_second.submit(&place(1), &[("csrf", &token)]).await;
    assert_eq!(
        answer.location.as_deref(),
        Some("/account?done=passkey-last")
    );
    // An administrator takes it all the same, and with it the session.
    let one = format!("{path}/{}", keys[1]["id"].as_str().unwrap());
    server.api().expect("DELETE", &one, None, 204).await;
    server.api().expect("DELETE", &one, None, 404).await;
    assert!(with_second.me().await.is_none());
    assert_eq!(audited(&server, "user.passkey_revoked").await.len(), 2);
}

async fn a_link_activates_a_key_once(server: Server) {
    let api = server.api();
    let body = json!({"email": "grace@example.com", "name": "Grace"});
    let user = api.expect("POST", "/api/v1/users", Some(&body), 201).await;
    let path = format!("/api/v1/users/{}/passkeys", user["id"].as_str().unwrap());
    let body = json!({"name": "Blue card", "kind": "card"});
    let made = api.expect("POST", &path, Some(&body), 201).await;
    assert_eq!(made["state"], "pending");
    let link = made["link"].as_str().unwrap().to_owned();
    assert!(link.starts_with(&server.url), "{link}");
    assert_eq!(api.list(&path).await[0].get("link"), None, "told once");
    // Looking at it changes nothing, in whatever way it is looked at.
    let mut scanner = Browser::new(&server);
    for _ in 0..3 {
        let page = scanner.click_elsewhere(&link).await;
        assert_eq!(page.status, 200);
        assert!(page.body.contains("Blue card"), "{}", page.body);
        assert_eq!(page.header("cache-control"), Some("no-store"));
    }
    let mut browser = Browser::new(&server);
    let page = browser.click_elsewhere(&link).await;
    let token = csrf(&page);
    let asked = options(
        &mut browser,
        &format!("{link}/options"),
        &[("csrf", &token)],
    )
    .await;
    let attachment = &asked["publicKey"]["authenticatorSelection"]["authenticatorAttachment"];
    assert_eq!(*attachment, json!("cross-platform"));
    let (mut key, credential) = Authenticator::create(&asked, &server.url);
    let form = [
        ("csrf", token.as_str()),
        ("credential", credential.as_str()),
    ];
    // Another browser does not finish it.
    let mut thief = Browser::new(&server);
    let page = thief.click_elsewhere(&link).await;
    let theirs = [("csrf", csrf(&page)), ("credential", credential.clone())];
    let theirs: Vec<(&str, &str)> = theirs.iter().map(|(k, v)| (*k, v.as_str())).collect();
    refused(&thief.submit(&link, &theirs).await);
    let answer = browser.submit(&link, &form).await;
    assert_eq!(
        answer.location.as_deref(),
        Some("/account?done=passkey-activated")
    );
    let me = browser.me().await.unwrap();
    assert_eq!(me["id"], user["id"]);
    // Once is all, and nothing says whose it was.
    assert_eq!(browser.submit(&link, &form).await.status, 410);
    let page = scanner.click(&link).await;
    assert_eq!(page.status, 410);
    assert!(!page.body.contains("Grace"), "{}", page.body);
    signs_in(&server, &mut key).await;
    for wrong in [
        "x",
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "%00",
        "..%2f",
    ] {
        let page = browser.click(&format!("/passkeys/activate/{wrong}")).await;
        assert_eq!(page.status, 410, "{wrong}");
    }
    // A wrong PIN says nothing of who is there.
    let page = browser.click("/passkeys/pin").await;
    let token = csrf(&page);
    let mut said = Vec::new();
    for account in ["grace@example.com", "nobody@example.com"] {
        let form = [
            ("csrf", token.as_str()),
            ("account", account),
            ("pin", "12345678"),
        ];
        let page = browser.submit("/passkeys/pin", &form).await;
        assert_eq!(page.status, 403);
        said.push(page.body.replace(account, "").replace(&csrf(&page), ""));
    }
    assert_eq!(said[0], said[1]);
}

async fn keys_of_administrators_are_for_administrators(server: Server) {
    let api = server.api();
    let body = json!({"email": "root@example.com", "roles": ["admin"]});
    let admin = api.expect("POST", "/api/v1/users", Some(&body), 201).await;
    let path = format!("/api/v1/users/{}/passkeys", admin["id"].as_str().unwrap());
    let body = json!({"name": "Key"});
    let made = api.expect("POST", &path, Some(&body), 201).await;
    let one = format!("{path}/{}", made["id"].as_str().unwrap());
    let manager = server.make_token(&["users:write"]);
    let manager = server.api_with(&manager);
    // Whoever could make a key of an administrator would be one.
    manager.expect("POST", &path, Some(&body), 403).await;
    manager.expect("DELETE", &one, None, 403).await;
    assert_eq!(api.list(&path).await.len(), 1);
}
