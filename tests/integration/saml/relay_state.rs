//! Starts at the IdP, and RelayState in all its uses.

use crate::harness::{Browser, Idp, Person, Server};

/// An unsolicited answer with this RelayState is thrown away unread, and the
/// person is sent to the IdP with a request of ours.
#[tokio::test]
async fn starts_at_the_idp() {
    let server = Server::sqlite().await;
    let idp = Idp::new();
    idp.register(&server).await;
    let in_an_url = format!("{}/?RelayState=initiate-sp-login", server.url);
    let encoded = format!("{}/app?x=1&RelayState=initiate-sp-login&y=2", server.url);
    for (name, field, value) in [
        ("plain", "RelayState", "initiate-sp-login"),
        ("as a parameter of a URL", "RelayState", in_an_url.as_str()),
        ("among other parameters", "RelayState", encoded.as_str()),
        ("TARGET", "TARGET", "initiate-sp-login"),
    ] {
        let mut browser = Browser::new(&server);
        let sign_in = idp.start(&mut Browser::new(&server)).await;
        let mut forge = idp
            .scene(&server, &sign_in, &Person::named("alice"))
            .forge();
        forge.response.in_response_to = None;
        forge.confirmation().in_response_to = None;
        let unsolicited = forge.base64();
        let acs = browser
            .submit_elsewhere(
                &idp.acs(),
                &[("SAMLResponse", &unsolicited), (field, value)],
            )
            .await;
        assert!(
            matches!(acs.status, 302 | 303),
            "{name}: {} {}",
            acs.status,
            acs.body
        );
        assert!(
            acs.location
                .as_deref()
                .unwrap()
                .contains("/saml/okta/login"),
            "{name}: {:?}",
            acs.location
        );
        assert!(
            server.api().users().await.is_empty(),
            "{name}: the assertion was read"
        );
        // The way goes on to the IdP, and from there, solicited now, in.
        let redirect = browser.follow(acs).await;
        let sign_in = crate::harness::SignIn::from_redirect(redirect.location.as_deref().unwrap());
        // An IdP that echoes its default RelayState even now must not loop.
        let field_value = idp
            .scene(&server, &sign_in, &Person::named("alice"))
            .forge()
            .base64();
        let outcome = idp
            .answer_with(
                &mut browser,
                &[("SAMLResponse", &field_value), (field, value)],
            )
            .await;
        assert_eq!(outcome.user()["email"], "alice@example.com", "{name}");
        let user = server.api().users().await.remove(0);
        server
            .api()
            .expect(
                "DELETE",
                &format!("/api/v1/users/{}", user["id"].as_str().unwrap()),
                None,
                204,
            )
            .await;
    }
}

/// Even garbage is thrown away unread when it is unsolicited and so marked,
/// and what is not so marked is refused.
#[tokio::test]
async fn what_is_no_start_at_the_idp() {
    let server = Server::sqlite().await;
    let idp = Idp::new();
    idp.register(&server).await;
    let sign_in = idp.start(&mut Browser::new(&server)).await;
    let mut forge = idp
        .scene(&server, &sign_in, &Person::named("alice"))
        .forge();
    forge.response.in_response_to = None;
    forge.confirmation().in_response_to = None;
    let unsolicited = forge.base64();
    for value in [
        "",
        "initiate-sp-login2",
        "xinitiate-sp-login",
        "Initiate-SP-Login",
        "https://evil.example/",
        "/account",
        "initiate-sp-login\r\nSet-Cookie: a=b",
        "https://evil.example/initiate-sp-login",
    ] {
        let mut browser = Browser::new(&server);
        let outcome = idp
            .answer_with(
                &mut browser,
                &[("SAMLResponse", &unsolicited), ("RelayState", value)],
            )
            .await;
        outcome.refused();
        assert!(
            outcome.acs.location.is_none(),
            "{value:?} leads to {:?}",
            outcome.acs.location
        );
    }
    assert!(server.api().users().await.is_empty());
}

/// A redirect to another site never comes out of it, whoever asks.
#[tokio::test]
async fn the_redirect_stays_at_home() {
    let server = Server::sqlite().await;
    let idp = Idp::new();
    idp.register(&server).await;
    let sign_in = idp.start(&mut Browser::new(&server)).await;
    let mut forge = idp
        .scene(&server, &sign_in, &Person::named("alice"))
        .forge();
    forge.response.in_response_to = None;
    let unsolicited = forge.base64();
    let mut browser = Browser::new(&server);
    let acs = browser
        .submit_elsewhere(
            &idp.acs(),
            &[
                ("SAMLResponse", &unsolicited),
                (
                    "RelayState",
                    "https://evil.example/?RelayState=initiate-sp-login&rd=https://evil.example/",
                ),
            ],
        )
        .await;
    if let Some(location) = &acs.location {
        let target = url::Url::parse(&server.url)
            .unwrap()
            .join(location)
            .unwrap();
        assert_eq!(target.origin().ascii_serialization(), server.url);
        assert!(!location.contains("evil"), "{location}");
    }
}

/// On a solicited answer the RelayState decides nothing: missing, changed,
/// somebody else's, hostile.
#[tokio::test]
async fn a_solicited_answer_does_not_need_it() {
    let server = Server::sqlite().await;
    let idp = Idp::new();
    idp.register(&server).await;
    let foreign = idp.start(&mut Browser::new(&server)).await;
    let foreign_state = foreign.relay_state.unwrap_or_default();
    let long = "a".repeat(5_000);
    for value in [
        None,
        Some(""),
        Some("https://evil.example/"),
        Some("//evil.example/"),
        Some("javascript:alert(1)"),
        Some("/\\evil.example"),
        Some("initiate-sp-login"),
        Some(foreign_state.as_str()),
        Some(long.as_str()),
        Some("\r\nSet-Cookie: a=b"),
    ] {
        let mut browser = Browser::new(&server);
        let sign_in = idp.start(&mut browser).await;
        let field = idp
            .scene(&server, &sign_in, &Person::named("alice"))
            .forge()
            .base64();
        let mut form = vec![("SAMLResponse", field.as_str())];
        form.extend(value.map(|value| ("RelayState", value)));
        let outcome = idp.answer_with(&mut browser, &form).await;
        assert_eq!(outcome.user()["email"], "alice@example.com", "{value:?}");
        assert!(
            outcome.last.url.starts_with(&server.url) && outcome.last.status == 200,
            "{value:?} led to {} ({:?})",
            outcome.last.url,
            outcome.last.location
        );
    }
}
