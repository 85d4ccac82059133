//! The message is good, and the person does not come in.

use serde_json::json;

use super::{Told, browser, login, okta};
use crate::harness::{Forge, Idp, Person, Server, now};
use crate::support::forge::{AttributePart, CLAIM, text};

fn attribute(name: &str, value: &str) -> AttributePart {
    AttributePart {
        name: name.to_owned(),
        friendly_name: None,
        name_format: None,
        values: vec![text(value)],
    }
}

/// Which attributes came, and which names were tried.
#[tokio::test]
async fn no_address() {
    let server = Server::sqlite().await;
    let idp = okta();
    idp.register_with(
        &server,
        json!({ "saml": { "attributes": { "email": ["mailadresse", "mail2"] } } }),
    )
    .await;
    let given = format!("{CLAIM}givenname");
    let told = Told::refused("no e-mail address", "login.no_vouched_address", "idp")
        .saying(&[
            "The IdP sent no e-mail address of the person. Attributes that came: ",
            &given,
            "department",
            "Names tried for email: mailadresse, mail2.",
        ])
        .advising(&[
            "At Okta, \"Attribute Statements\"",
            "attributes.email of the provider \"okta\"",
        ])
        .on_page("details-missing");
    let told = Told {
        expected: Some("mailadresse, mail2".to_owned()),
        ..told
    };
    let trace = login(&server, &idp, &Person::named("alice"), |_| {}, &told).await;
    assert_eq!(trace["attributes"]["department"], json!(["Research"]));
    assert!(
        trace["received"]
            .as_array()
            .unwrap()
            .contains(&json!(given))
    );
}

/// Neither of the two, and nothing else either.
#[tokio::test]
async fn no_attributes_at_all() {
    let server = Server::sqlite().await;
    let idp = Idp::new();
    idp.register(&server).await;
    let change = |forge: &mut Forge| forge.assertion.attributes.clear();
    let mut browser = browser(&server, "en");
    let outcome = idp
        .login_as(&server, &mut browser, &Person::named("alice"), change)
        .await;
    outcome.refused();
    let trace = server.api().last_trace().await;
    let told = Told {
        expected: trace["expected"].as_str().map(ToOwned::to_owned),
        ..Told::refused("no attributes at all", "login.no_vouched_address", "idp")
    }
    .saying(&[
        "Attributes that came: none.",
        "Names tried for email: http://schemas",
    ])
    .on_page("details-missing");
    told.check(&server, &outcome.last, "en").await;
}

/// The UPN that the admin asked for does not come: the login is one, and the
/// trace says what is missing.
#[tokio::test]
async fn no_upn() {
    let server = Server::sqlite().await;
    let idp = Idp::new();
    idp.register_with(
        &server,
        json!({ "saml": { "attributes": { "upn": ["principal"] } } }),
    )
    .await;
    let mut browser = browser(&server, "en");
    let outcome = idp
        .login(&server, &mut browser, &Person::named("alice"))
        .await;
    outcome.user();
    let trace = server.api().last_trace().await;
    assert_eq!(trace["outcome"], "success");
    let summary = trace["summary"].as_str().unwrap();
    assert!(
        summary.starts_with("Signed in; the user was created. No UPN came. Attributes that came: "),
        "{summary}"
    );
    assert!(
        summary.ends_with("Names tried for upn: principal."),
        "{summary}"
    );
    // A success keeps what came too.
    let document = trace["document"].as_str().unwrap();
    assert!(document.contains("alice@example.com"), "{document}");
    assert!(!trace["changes"].as_array().unwrap().is_empty());
}

#[tokio::test]
async fn a_domain_that_is_not_allowed() {
    let server = Server::sqlite().await;
    let idp = Idp::new();
    idp.register(&server).await;
    let mut person = Person::named("alice");
    "alice@partner.example".clone_into(&mut person.email);
    let told = Told::refused(
        "a domain that is not allowed",
        "login.domain_not_allowed",
        "gateway",
    )
    .saying(&["The address alice@partner.example is in no domain that this provider lets in (example.com)."])
    .advising(&["add partner.example to allowed_domains of the provider."])
    .comparing(Some("example.com"), &["alice@partner.example"])
    .on_page("domain-not-allowed");
    login(&server, &idp, &person, |_| {}, &told).await;
}

#[tokio::test]
async fn a_domain_that_the_settings_do_not_allow() {
    let server = Server::sqlite().await;
    let idp = Idp::new();
    idp.register(&server).await;
    let patch = json!({ "allowed_domains": ["example.org"] });
    server
        .api()
        .expect("PATCH", "/api/v1/settings", Some(&patch), 200)
        .await;
    let told = Told::refused(
        "a domain that the gateway's settings do not allow",
        "login.domain_not_allowed",
        "gateway",
    )
    .saying(&["in no domain that the gateway's settings let in (example.org)."])
    .advising(&["add example.com to allowed_domains of the settings"])
    .comparing(Some("example.org"), &["alice@example.com"])
    .on_page("domain-not-allowed");
    login(&server, &idp, &Person::named("alice"), |_| {}, &told).await;
}

/// A user who may sign in, whom `change` then keeps from it.
async fn after(change: serde_json::Value, deactivated: bool, told: Told) {
    let server = Server::sqlite().await;
    let idp = Idp::new();
    idp.register(&server).await;
    let alice = Person::named("alice");
    let mut first = browser(&server, "en");
    let outcome = idp.login(&server, &mut first, &alice).await;
    let id = outcome.user()["id"].as_str().unwrap().to_owned();
    let path = format!("/api/v1/users/{id}");
    if deactivated {
        let path = format!("{path}/deactivate");
        server.api().expect("POST", &path, None, 200).await;
    } else {
        server
            .api()
            .expect("PATCH", &path, Some(&change), 200)
            .await;
    }
    let trace = login(&server, &idp, &alice, |_| {}, &told).await;
    assert_eq!(trace["user"], id);
    assert_eq!(trace["received"][0], "alice@example.com");
}

#[tokio::test]
async fn an_inactive_user() {
    let told = Told::refused("an inactive user", "login.user_inactive", "gateway")
        .saying(&["The user is deactivated here."])
        .advising(&["Reactivate the user"])
        .on_page("account-inactive");
    after(json!({}), true, told).await;
}

#[tokio::test]
async fn an_expired_user() {
    let end = now().plus_seconds(-86_400).rfc3339();
    let told = Told::refused("an expired user", "login.user_expired", "gateway")
        .saying(&[&format!("The user could sign in until {end}")])
        .advising(&["Change valid_to of the user"])
        .on_page("account-no-longer-valid");
    after(json!({ "valid_to": end }), false, told).await;
}

#[tokio::test]
async fn a_user_who_begins_later() {
    let begin = now().plus_seconds(86_400).rfc3339();
    let told = Told::refused(
        "a user who begins later",
        "login.user_not_yet_valid",
        "gateway",
    )
    .saying(&[&format!("The user may sign in from {begin} on")])
    .advising(&["Change valid_from of the user"])
    .on_page("account-not-yet-valid");
    after(json!({ "valid_from": begin }), false, told).await;
}

#[tokio::test]
async fn a_refused_link() {
    let server = Server::sqlite().await;
    let idp = Idp::new();
    idp.register_with(&server, json!({ "link_by_email": false }))
        .await;
    let user = json!({ "email": "alice@example.com", "name": "Another Alice" });
    let made = server
        .api()
        .expect("POST", "/api/v1/users", Some(&user), 201)
        .await;
    let told = Told::refused("a refused link", "login.identity_conflict", "gateway")
        .saying(&[
            "Another user has this e-mail address, and this provider does not link by address",
        ])
        .advising(&["Link the identity by hand, or set link_by_email of this provider to true."])
        .comparing(None, &["alice@example.com", "00u-alice"])
        .on_page("identity-conflict");
    let trace = login(&server, &idp, &Person::named("alice"), |_| {}, &told).await;
    assert_eq!(trace["user"], made["id"]);
}

#[tokio::test]
async fn a_link_to_an_administrator() {
    let server = Server::sqlite().await;
    let idp = Idp::new();
    idp.register(&server).await;
    server.cli(
        &["user", "create", "--email", "root@example.com", "--admin"],
        "",
    );
    let told = Told::refused(
        "a link to an administrator",
        "login.identity_conflict",
        "gateway",
    )
    .saying(&["belong to an administrator"])
    .advising(&["link this identity to the user by hand"])
    .comparing(None, &["root@example.com", "00u-root"])
    .on_page("identity-conflict");
    login(&server, &idp, &Person::named("root"), |_| {}, &told).await;
}

#[tokio::test]
async fn nobody_is_made() {
    let server = Server::sqlite().await;
    let idp = Idp::new();
    idp.register_with(&server, json!({ "jit": false })).await;
    let told = Told::refused("JIT off", "login.unknown_user", "gateway")
        .saying(&[
            "Nobody here has the identifiers that came, and this provider makes no new users",
        ])
        .advising(&[
            "Create the user beforehand",
            "set jit of the provider to true.",
        ])
        .comparing(None, &["alice@example.com", "00u-alice"])
        .on_page("no-account");
    login(&server, &idp, &Person::named("alice"), |_| {}, &told).await;
}

#[tokio::test]
async fn two_addresses() {
    let server = Server::sqlite().await;
    let idp = Idp::new();
    idp.register(&server).await;
    let told = Told::refused("two different addresses", "saml.email_conflict", "idp")
        .saying(&["several different values for email"])
        .advising(&["Let the IdP send one value", "attributes.email"])
        .comparing(None, &["alice@example.com", "other@example.com"]);
    login(
        &server,
        &idp,
        &Person::named("alice"),
        |forge| {
            let other = attribute("mail", "other@example.com");
            forge.assertion.attributes.push(other);
        },
        &told,
    )
    .await;
}
