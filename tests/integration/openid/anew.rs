//! What applications want of a sign-in goes on to the provider, whose session may
//! be older than ours: signing in anew, choosing an account, an address.

use serde_json::json;

use super::{Client, parameter, person, register, returned, scene};
use crate::harness::{Answer, Browser, Idp, Person, Server};
use crate::oauth;
use crate::vendors::{Kind, Person as AtVendor};

on_both! {
    a_saml_idp_is_told_and_its_word_is_checked
    leaving_the_wish_out_gets_nobody_around_it
    an_old_session_of_the_provider_counts_as_old
    an_openid_provider_is_told_in_its_own_words
    who_is_expected_can_be_demanded
    how_to_sign_in_can_be_demanded
    a_password_is_proof_for_a_native_app
}

/// What the sign-in page, or the way to it, is asked.
fn asked(answer: &Answer, name: &str) -> Option<String> {
    let location = answer.location.as_deref()?;
    let url = url::Url::parse("http://gateway").unwrap().join(location);
    let found = url
        .unwrap()
        .query_pairs()
        .into_owned()
        .find(|(n, _)| n == name);
    found.map(|(_, value)| value)
}

/// The address of the first button on the sign-in page.
async fn button(browser: &mut Browser, answer: &Answer) -> String {
    let page = browser.follow(answer.clone()).await;
    assert_eq!(page.status, 200, "{:?}", page.location);
    let document = scraper::Html::parse_document(&page.body);
    let link = scraper::Selector::parse(".providers a").unwrap();
    let link = document.select(&link).next().unwrap();
    link.value().attr("href").unwrap().to_owned()
}

async fn again(client: &Client, browser: &mut Browser, change: (&str, &str)) -> String {
    let answer = browser.click_elsewhere(&client.request(&[change])).await;
    assert_eq!(asked(&answer, "choose").as_deref(), Some("1"));
    button(browser, &answer).await
}

async fn a_saml_idp_is_told_and_its_word_is_checked(server: Server) {
    let (client, mut browser, idp) = scene(&server, json!({})).await;
    for change in [("prompt", "login"), ("max_age", "0")] {
        let start = again(&client, &mut browser, change).await;
        assert!(start.contains("prompt=login"), "{start}");
        let sign_in = idp.start_at(&mut browser, &start).await;
        assert!(
            sign_in.request.contains("ForceAuthn=\"true\""),
            "{}",
            sign_in.request
        );
        // The IdP did as if nothing had been asked.
        let scene = idp.scene(&server, &sign_in, &Person::named("ada"));
        let mut forge = scene.forge();
        forge.assertion.authn.as_mut().unwrap().instant = scene.at(-3600);
        let answer = idp
            .answer(&mut browser, &sign_in, &forge.base64())
            .await
            .last;
        let reference = crate::harness::refused(&answer);
        let traces = server
            .api()
            .get(&format!("/api/v1/logins?reference={reference}"))
            .await;
        assert_eq!(traces["items"][0]["code"], "saml.authn_not_fresh");
        let sign_in = idp.start_at(&mut browser, &start).await;
        let forge = idp.scene(&server, &sign_in, &Person::named("ada")).forge();
        let outcome = idp.answer(&mut browser, &sign_in, &forge.base64()).await;
        let code = returned(&outcome.last, "code");
        let tokens = client.redeem(&code).await;
        let claims = client.claims(&tokens.text("id_token")).await;
        let age = claims["iat"].as_i64().unwrap() - claims["auth_time"].as_i64().unwrap();
        assert!((0..5).contains(&age), "{claims}");
    }
    // An ordinary sign-in asks for nothing.
    let mut nobody = Browser::new(&server);
    let sign_in = idp.start(&mut nobody).await;
    assert!(!sign_in.request.contains("ForceAuthn=\"true\""));
}

async fn leaving_the_wish_out_gets_nobody_around_it(server: Server) {
    let (client, mut browser, idp) = scene(&server, json!({})).await;
    let start = again(&client, &mut browser, ("prompt", "login")).await;
    let start = start.replace("&prompt=login", "");
    let sign_in = idp.start_at(&mut browser, &start).await;
    assert!(!sign_in.request.contains("ForceAuthn=\"true\""));
    let scene = idp.scene(&server, &sign_in, &Person::named("ada"));
    let mut forge = scene.forge();
    forge.assertion.authn.as_mut().unwrap().instant = scene.at(-3600);
    let outcome = idp.answer(&mut browser, &sign_in, &forge.base64()).await;
    // Signed in, and asked once more.
    outcome.user();
    assert!(parameter(&outcome.last, "code").is_none());
    assert!(
        outcome.last.url.contains("prompt=login"),
        "{}",
        outcome.last.url
    );
}

async fn an_old_session_of_the_provider_counts_as_old(server: Server) {
    let idp = Idp::new();
    idp.register(&server).await;
    let client = register(&server, "wiki", json!({})).await;
    let mut browser = Browser::new(&server);
    let sign_in = idp.start(&mut browser).await;
    let scene = idp.scene(&server, &sign_in, &Person::named("ada"));
    let mut forge = scene.forge();
    forge.assertion.authn.as_mut().unwrap().instant = scene.at(-3600);
    let outcome = idp.answer(&mut browser, &sign_in, &forge.base64()).await;
    outcome.user();
    let silent = |age| client.request(&[("prompt", "none"), ("max_age", age)]);
    let answer = browser.click_elsewhere(&silent("3000")).await;
    assert_eq!(returned(&answer, "error"), "login_required");
    let answer = browser.click_elsewhere(&silent("4000")).await;
    let tokens = client.redeem(&returned(&answer, "code")).await;
    let claims = client.claims(&tokens.text("id_token")).await;
    let age = claims["iat"].as_i64().unwrap() - claims["auth_time"].as_i64().unwrap();
    assert!((3595..3700).contains(&age), "{claims}");
}

async fn an_openid_provider_is_told_in_its_own_words(server: Server) {
    let vendor = oauth::set_up(&server, Kind::Oidc, json!({})).await;
    let moment = crate::harness::now().millis() / 1000;
    vendor.add(AtVendor::new("old", "Old", "old@example.com").with("auth_time", moment - 3600));
    vendor.add(AtVendor::new("new", "New", "new@example.com").with("auth_time", moment + 1));
    let client = register(&server, "wiki", json!({})).await;
    let mut browser = Browser::new(&server);
    oauth::login_in(&mut browser, &vendor, "it", "old")
        .await
        .user();
    let sent = async |browser: &mut Browser, changes: &[(&str, &str)]| {
        let answer = browser.click_elsewhere(&client.request(changes)).await;
        let answer = if changes.iter().any(|(name, _)| *name == "login_hint") {
            // The address says which provider it is.
            browser.follow(answer).await
        } else {
            let start = button(browser, &answer).await;
            browser.click(&start).await
        };
        assert_eq!(answer.status, 302, "{}", answer.body);
        answer
    };
    let hint = "old+1@example.com";
    let to = sent(
        &mut browser,
        &[("prompt", "select_account"), ("login_hint", hint)],
    )
    .await;
    assert_eq!(asked(&to, "prompt").as_deref(), Some("select_account"));
    assert_eq!(asked(&to, "max_age"), None);
    assert_eq!(asked(&to, "login_hint").as_deref(), Some(hint));
    for prompt in [("prompt", "login"), ("max_age", "0"), ("max_age", "60")] {
        let to = sent(&mut browser, &[prompt]).await;
        assert_eq!(asked(&to, "prompt").as_deref(), Some("login"), "{prompt:?}");
        assert_eq!(asked(&to, "max_age").as_deref(), Some("0"));
        let back = vendor.sign_in(to.location.as_deref().unwrap(), "old").await;
        let page = browser.click_elsewhere(&back).await;
        oauth::page_with_trace(&server, &page, "oauth.not_anew").await;
    }
    let to = sent(&mut browser, &[("prompt", "login")]).await;
    let back = vendor.sign_in(to.location.as_deref().unwrap(), "new").await;
    let answer = browser.click_elsewhere(&back).await;
    let answer = browser.follow(answer).await;
    returned(&answer, "code");
    // With nobody signed in the wish goes on, too.
    let mut nobody = Browser::new(&server);
    let request = client.request(&[("prompt", "login")]);
    let answer = nobody.click_elsewhere(&request).await;
    assert_eq!(asked(&answer, "prompt").as_deref(), Some("login"));
    assert_eq!(asked(&answer, "choose"), None);
}

async fn who_is_expected_can_be_demanded(server: Server) {
    let (client, mut browser, idp) = scene(&server, json!({})).await;
    let me = browser.me().await.unwrap();
    let demand = |subject: &str| json!({"id_token": {"sub": {"value": subject}}}).to_string();
    let hers = demand(me["id"].as_str().unwrap());
    let request = client.request(&[("claims", &hers), ("prompt", "none")]);
    returned(&browser.click_elsewhere(&request).await, "code");
    let mut bob = person(&server, &idp, "bob").await;
    let answer = bob.click_elsewhere(&request).await;
    assert_eq!(returned(&answer, "error"), "login_required");
    // Bob may sign in as Ada, and nobody else helps.
    let request = client.request(&[("claims", &hers)]);
    let answer = bob.click_elsewhere(&request).await;
    assert_eq!(asked(&answer, "prompt").as_deref(), Some("select_account"));
    let start = button(&mut bob, &answer).await;
    let sign_in = idp.start_at(&mut bob, &start).await;
    let forge = idp.scene(&server, &sign_in, &Person::named("bob")).forge();
    let outcome = idp.answer(&mut bob, &sign_in, &forge.base64()).await;
    assert_eq!(returned(&outcome.last, "error"), "login_required");
}

/// An essential `acr` that is not reached is a failed sign-in, one that is a wish
/// is not (OpenID Connect Core §5.5.1.1).
async fn how_to_sign_in_can_be_demanded(server: Server) {
    let (client, mut browser, idp) = scene(&server, json!({})).await;
    let demand = |acr: &str, essential: bool| {
        json!({"id_token": {"acr": {"essential": essential, "values": [acr]}}}).to_string()
    };
    let password = "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport";
    for (acr, essential) in [(password, true), ("phr", false)] {
        let claims = demand(acr, essential);
        let request = client.request(&[("claims", &claims), ("prompt", "none")]);
        returned(&browser.click_elsewhere(&request).await, "code");
    }
    let claims = demand("phr", true);
    let request = client.request(&[("claims", &claims), ("prompt", "none")]);
    let answer = browser.click_elsewhere(&request).await;
    assert_eq!(returned(&answer, "error"), "login_required");
    let start = again(&client, &mut browser, ("claims", &claims)).await;
    let sign_in = idp.start_at(&mut browser, &start).await;
    let forge = idp.scene(&server, &sign_in, &Person::named("ada")).forge();
    let outcome = idp.answer(&mut browser, &sign_in, &forge.base64()).await;
    let error = returned(&outcome.last, "error");
    assert_eq!(error, "unmet_authentication_requirements");
}

/// The form for a password is proof, and may end at an app on the person's own
/// device: browsers hold redirects to the page's policy.
async fn a_password_is_proof_for_a_native_app(server: Server) {
    let password = "correct horse battery staple";
    let words = [
        "user",
        "create",
        "--email",
        "grace@example.com",
        "--password-stdin",
    ];
    server.cli(&words, &format!("{password}\n"));
    let native = json!({
        "confidential": false,
        "redirect_uris": ["http://127.0.0.1/cb", "com.example.app:/cb", super::CALLBACK],
    });
    let client = register(&server, "native", native).await;
    let mut browser = Browser::new(&server);
    for (uri, source) in [
        ("http://127.0.0.1:51004/cb", " http://127.0.0.1:51004;"),
        ("com.example.app:/cb", " com.example.app:;"),
        (super::CALLBACK, " https: http:;"),
    ] {
        let changes = [
            ("redirect_uri", uri),
            ("prompt", "login"),
            ("login_hint", "grace@example.com"),
        ];
        let answer = browser.click_elsewhere(&client.request(&changes)).await;
        let page = browser.follow(answer).await;
        let policy = page.header("content-security-policy").unwrap();
        let forms = policy.split("form-action").nth(1).unwrap();
        // A gateway of plain http names that scheme already.
        let named = forms.contains(source) || uri.starts_with("http:");
        assert!(named && forms.starts_with(" 'self' https:"), "{policy}");
        assert!(page.body.contains("value=\"grace@example.com\""));
        let field = |name: &str| {
            let mark = format!("name=\"{name}\" value=\"");
            let (_, rest) = page.body.split_once(&mark).unwrap();
            rest.split('"').next().unwrap().replace("&#38;", "&")
        };
        let (csrf, rd) = (field("csrf"), field("rd"));
        let form = [
            ("csrf", csrf.as_str()),
            ("rd", rd.as_str()),
            ("email", "grace@example.com"),
            ("password", password),
        ];
        let answer = browser.submit("/login/password", &form).await;
        let answer = browser.follow(answer).await;
        let location = answer.location.unwrap_or_default();
        assert!(location.starts_with(&format!("{uri}?code=")), "{location}");
    }
}
