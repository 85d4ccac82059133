//! An answer belongs to one request, one provider and one browser.

use serde_json::json;

use crate::harness::{Browser, Idp, Person, Server, refused};

#[tokio::test]
async fn an_unknown_request() {
    let server = Server::sqlite().await;
    let idp = Idp::new();
    idp.register(&server).await;
    let mut browser = Browser::new(&server);
    let mut sign_in = idp.start(&mut browser).await;
    "_ffffffffffffffffffffffffffffffffffffffff".clone_into(&mut sign_in.request_id);
    let field = idp
        .scene(&server, &sign_in, &Person::named("alice"))
        .forge()
        .base64();
    idp.answer(&mut browser, &sign_in, &field).await.refused();
    assert_eq!(
        server.api().last_trace().await["code"],
        "saml.in_response_to_unknown"
    );
    assert!(server.api().users().await.is_empty());
}

/// A stranger's text is kept in the trace as far as an admin can use it.
#[tokio::test]
async fn long_texts_of_strangers_are_cut() {
    let server = Server::sqlite().await;
    let idp = Idp::new();
    idp.register(&server).await;
    let mut browser = Browser::new(&server);
    let mut sign_in = idp.start(&mut browser).await;
    let long = format!("_{}", "f".repeat(60_000));
    sign_in.request_id.clone_from(&long);
    let scene = idp.scene(&server, &sign_in, &Person::named("alice"));
    let mut forge = scene.forge();
    idp.answer(&mut browser, &sign_in, &forge.base64())
        .await
        .refused();
    let unknown = server.api().last_trace().await;
    forge.response.in_response_to = None;
    let fields = [
        ("SAMLResponse", forge.base64()),
        ("RelayState", long.clone()),
    ];
    let fields: Vec<(&str, &str)> = fields.iter().map(|(k, v)| (*k, v.as_str())).collect();
    idp.answer_with(&mut browser, &fields).await.refused();
    let unsolicited = server.api().last_trace().await;
    for (code, trace) in [
        ("saml.in_response_to_unknown", unknown),
        ("saml.unsolicited", unsolicited),
    ] {
        assert_eq!(trace["code"], code);
        let received = trace["received"][0].as_str().unwrap();
        assert!(
            long.starts_with(received) && received.len() == 512,
            "{received}"
        );
        let whole = server.api().last_trace().await.to_string();
        assert!(whole.len() < 100_000, "{} characters", whole.len());
    }
}

/// An answer that answers nothing, signed by the IdP, does not sign in.
#[tokio::test]
async fn no_request_at_all() {
    let server = Server::sqlite().await;
    let idp = Idp::new();
    idp.register(&server).await;
    let mut browser = Browser::new(&server);
    let sign_in = idp.start(&mut browser).await;
    let mut forge = idp
        .scene(&server, &sign_in, &Person::named("alice"))
        .forge();
    forge.response.in_response_to = None;
    forge.confirmation().in_response_to = None;
    let outcome = idp
        .answer_with(&mut browser, &[("SAMLResponse", &forge.base64())])
        .await;
    outcome.refused();
    let trace = server.api().last_trace().await;
    assert_eq!(trace["code"], "saml.unsolicited");
    // The admin is told what to configure.
    assert!(
        trace["remedy"]
            .as_str()
            .unwrap()
            .contains("initiate-sp-login"),
        "{trace}"
    );
    assert!(server.api().users().await.is_empty());
}

/// Login CSRF: the attacker signs himself in at the IdP and lets the victim's
/// browser deliver his answer.
#[tokio::test]
async fn another_browsers_request() {
    let server = Server::sqlite().await;
    let idp = Idp::new();
    idp.register(&server).await;
    let mut attacker = Browser::new(&server);
    let sign_in = idp.start(&mut attacker).await;
    let field = idp
        .scene(&server, &sign_in, &Person::named("mallory"))
        .forge()
        .base64();

    // A victim who was never here, and one with a sign-in of her own under way.
    let mut fresh = Browser::new(&server);
    let mut busy = Browser::new(&server);
    idp.start(&mut busy).await;
    for victim in [&mut fresh, &mut busy] {
        let outcome = idp.answer(victim, &sign_in, &field).await;
        outcome.refused();
        assert!(
            outcome.last.sets().iter().all(|name| *name != "doorward"),
            "{:?}",
            outcome.last.headers
        );
    }
}

/// The second hop by itself: the code that the ACS hands out is good in the
/// browser that asked, once.
#[tokio::test]
async fn the_one_time_code() {
    let server = Server::sqlite().await;
    let idp = Idp::new();
    idp.register(&server).await;
    let mut browser = Browser::new(&server);
    let sign_in = idp.start(&mut browser).await;
    let field = idp
        .scene(&server, &sign_in, &Person::named("alice"))
        .forge()
        .base64();
    let acs = browser
        .submit_elsewhere(&idp.acs(), &[("SAMLResponse", &field)])
        .await;
    assert_eq!(acs.status, 303, "{}", acs.body);
    assert!(
        acs.sets().is_empty(),
        "the ACS sets no cookie: {:?}",
        acs.headers
    );
    let hop = acs.location.unwrap();

    let mut thief = Browser::new(&server);
    let answer = thief.visit(&hop).await;
    refused(&answer);
    assert!(thief.me().await.is_none());
    // Whoever tried has used it up, or it is good for its browser still; it is
    // never good twice.
    let first = browser.visit(&hop).await;
    browser.follow(first).await;
    let signed_in = browser.me().await.is_some();
    let mut copy = browser.clone();
    copy.jar.retain(|cookie| cookie.name != "doorward");
    let again = copy.visit(&hop).await;
    if signed_in {
        refused(&again);
    }
    assert!(copy.me().await.is_none());
}

/// IdP A answers a request that went to IdP B, at A's ACS and at B's.
#[tokio::test]
async fn another_providers_request() {
    let server = Server::sqlite().await;
    let (a, b) = (Idp::new(), Idp::other());
    a.register(&server).await;
    b.register(&server).await;
    let mut browser = Browser::new(&server);
    let sign_in = b.start(&mut browser).await;
    let alice = Person::named("alice");

    // Everything is A's own and in order, but for the request.
    let field = a.scene(&server, &sign_in, &alice).forge().base64();
    a.answer(&mut browser, &sign_in, &field).await.refused();
    // The same at B's ACS: another issuer, another key.
    b.answer(&mut browser, &sign_in, &field).await.refused();
    // A speaks in B's name, with A's key.
    let mut forge = b.scene(&server, &sign_in, &alice).forge();
    forge.signature().key = a.key;
    b.answer(&mut browser, &sign_in, &forge.base64())
        .await
        .refused();
    // A speaks in A's name, for B's ACS and audience.
    let mut forge = b.scene(&server, &sign_in, &alice).forge();
    forge.signature().key = a.key;
    forge.assertion.issuer = Some(a.entity_id.clone());
    forge.response.issuer = Some(a.entity_id.clone());
    b.answer(&mut browser, &sign_in, &forge.base64())
        .await
        .refused();
    assert!(server.api().users().await.is_empty());

    // B's own answer is still welcome.
    let field = b.scene(&server, &sign_in, &alice).forge().base64();
    b.answer(&mut browser, &sign_in, &field).await.user();
}

/// The session id is new at every sign-in, and the old one is dead.
#[tokio::test]
async fn session_fixation() {
    let server = Server::sqlite().await;
    let idp = Idp::new();
    idp.register(&server).await;
    let alice = Person::named("alice");
    let mut browser = Browser::new(&server);
    // A cookie that the attacker planted.
    let planted = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    browser.visit("/login").await;
    let mut victim = browser.clone();
    let planted_cookie = format!("doorward={planted}; Path=/; HttpOnly; SameSite=Lax");
    victim.plant(&planted_cookie);
    idp.login(&server, &mut victim, &alice).await.user();
    let first = victim.session().unwrap();
    assert_ne!(first, planted);

    // Again in the same browser: another id, and the first is worth nothing.
    let old = victim.clone();
    idp.login(&server, &mut victim, &alice).await.user();
    assert_ne!(victim.session().unwrap(), first);
    let mut old = old;
    assert!(old.me().await.is_none(), "the session from before lives on");

    let mut planted_browser = Browser::new(&server);
    planted_browser.plant(&planted_cookie);
    assert!(planted_browser.me().await.is_none());
}

/// A provider that was disabled, deleted or repointed in between.
#[tokio::test]
async fn the_provider_changes_under_way() {
    let server = Server::sqlite().await;
    let idp = Idp::new();
    idp.register(&server).await;
    let api = server.api();
    let alice = Person::named("alice");

    let mut browser = Browser::new(&server);
    let sign_in = idp.start(&mut browser).await;
    let field = idp.scene(&server, &sign_in, &alice).forge().base64();
    api.expect(
        "PATCH",
        "/api/v1/providers/okta",
        Some(&json!({ "enabled": false })),
        200,
    )
    .await;
    let acs = browser
        .submit_elsewhere(&idp.acs(), &[("SAMLResponse", &field)])
        .await;
    assert!(matches!(acs.status, 400 | 403 | 404), "{}", acs.status);
    browser.follow(acs).await;
    assert!(browser.me().await.is_none());
    assert!(matches!(
        browser.click("/saml/okta/login").await.status,
        403 | 404
    ));

    // Another IdP behind the same name: the first one's key is worth nothing.
    api.expect(
        "PATCH",
        "/api/v1/providers/okta",
        Some(&json!({ "enabled": true })),
        200,
    )
    .await;
    let sign_in = idp.start(&mut browser).await;
    let field = idp.scene(&server, &sign_in, &alice).forge().base64();
    api.expect(
        "PATCH",
        "/api/v1/providers/okta",
        Some(&json!({ "saml": { "metadata_xml": Idp::other().metadata() } })),
        200,
    )
    .await;
    idp.answer(&mut browser, &sign_in, &field).await.refused();

    api.expect("DELETE", "/api/v1/providers/okta", None, 204)
        .await;
    assert_eq!(
        browser
            .submit_elsewhere(&idp.acs(), &[("SAMLResponse", &field)])
            .await
            .status,
        404
    );
}

/// Between the answer and the second hop, too.
#[tokio::test]
async fn the_provider_is_disabled_before_the_second_hop() {
    let server = Server::sqlite().await;
    let idp = Idp::new();
    idp.register(&server).await;
    let mut browser = Browser::new(&server);
    let sign_in = idp.start(&mut browser).await;
    let field = idp
        .scene(&server, &sign_in, &Person::named("alice"))
        .forge()
        .base64();
    let acs = browser
        .submit_elsewhere(&idp.acs(), &[("SAMLResponse", &field)])
        .await;
    assert_eq!(acs.status, 303, "{}", acs.body);
    let off = json!({ "enabled": false });
    server
        .api()
        .expect("PATCH", "/api/v1/providers/okta", Some(&off), 200)
        .await;
    browser.follow(acs).await;
    assert!(browser.me().await.is_none());
    assert!(server.api().users().await.is_empty());
}

/// The IdP says until when its own session lasts; ours ends with it.
#[tokio::test]
async fn the_idps_session_caps_ours() {
    let server = Server::sqlite().await;
    let idp = Idp::new();
    idp.register(&server).await;
    let mut browser = Browser::new(&server);
    let end = crate::harness::now().plus_seconds(4);
    let outcome = idp
        .login_as(&server, &mut browser, &Person::named("alice"), |forge| {
            forge.authn().session_not_on_or_after = Some(end.rfc3339());
        })
        .await;
    assert_eq!(outcome.user()["session"]["expires_at"], end.rfc3339());
    tokio::time::sleep(std::time::Duration::from_secs(5)).await;
    assert!(browser.me().await.is_none(), "the session goes on");
}
