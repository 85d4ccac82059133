//! Who may come in: domains, just-in-time provisioning, deactivation, validity,
//! and what an assertion can never do.

use serde_json::json;

use crate::harness::{Browser, Idp, Outcome, Person, Server};
use crate::support::forge::{AttributePart, CLAIM, text};

/// The code of the newest trace, which must be a decision of ours.
async fn decision(server: &Server) -> String {
    let trace = server.api().last_trace().await;
    assert_eq!(trace["outcome"], "refused", "{trace}");
    trace["code"].as_str().unwrap().to_owned()
}

async fn login(server: &Server, idp: &Idp, person: &Person) -> Outcome {
    idp.login(server, &mut Browser::new(server), person).await
}

fn values(name: &str, values: &[&str]) -> AttributePart {
    AttributePart {
        name: name.to_owned(),
        friendly_name: None,
        name_format: None,
        values: values.iter().map(|value| text(value)).collect(),
    }
}

on_both! {
    /// `jit: false`: only who is here already.
    without_just_in_time_provisioning
    /// `sync_fields` says what later logins change.
    fields_in_step
    /// Access ends at once, and does not come back by a login.
    deactivation
}

async fn without_just_in_time_provisioning(server: Server) {
    let idp = Idp::new();
    idp.register_with(&server, json!({ "jit": false })).await;
    let api = server.api();
    login(&server, &idp, &Person::named("alice"))
        .await
        .refused();
    assert_eq!(decision(&server).await, "login.unknown_user");
    assert!(api.users().await.is_empty());

    let made = api
        .expect(
            "POST",
            "/api/v1/users",
            Some(&json!({ "email": "alice@example.com", "name": "A. E." })),
            201,
        )
        .await;
    let outcome = login(&server, &idp, &Person::named("alice")).await;
    assert_eq!(outcome.user()["id"], made["id"]);
    assert_eq!(api.last_trace().await["matched_by"], "email");
}

async fn fields_in_step(server: Server) {
    let idp = Idp::new();
    idp.register_with(&server, json!({ "sync_fields": ["department"] }))
        .await;
    let mut person = Person::named("alice");
    let outcome = login(&server, &idp, &person).await;
    // At first all mapped fields are taken.
    assert_eq!(outcome.user()["given_name"], "Alice");
    let path = format!("/api/v1/users/{}", outcome.user()["id"].as_str().unwrap());

    "Alicia".clone_into(&mut person.given_name);
    "Sales".clone_into(&mut person.department);
    "alicia@example.com".clone_into(&mut person.email);
    let outcome = login(&server, &idp, &person).await;
    assert_eq!(outcome.user()["given_name"], "Alice", "not in step");
    assert_eq!(outcome.user()["email"], "alice@example.com", "not in step");
    assert_eq!(outcome.user()["department"], "Sales");

    // What is absent erases nothing.
    let outcome = idp
        .login_as(&server, &mut Browser::new(&server), &person, |forge| {
            forge
                .assertion
                .attributes
                .retain(|a| a.name != "department");
        })
        .await;
    assert_eq!(outcome.user()["department"], "Sales");

    // The address, where the provider is told to keep it in step.
    let api = server.api();
    api.expect(
        "PATCH",
        "/api/v1/providers/okta",
        Some(&json!({ "sync_fields": ["email"] })),
        200,
    )
    .await;
    let outcome = login(&server, &idp, &person).await;
    assert_eq!(outcome.user()["email"], "alicia@example.com");
    assert_eq!(api.get(&path).await["email"], "alicia@example.com");
    // And within the allowed domains only.
    "alicia@evil.example".clone_into(&mut person.email);
    login(&server, &idp, &person).await.refused();
    assert_eq!(api.get(&path).await["email"], "alicia@example.com");
}

async fn deactivation(server: Server) {
    let idp = Idp::new();
    idp.register(&server).await;
    let api = server.api();
    let mut browser = Browser::new(&server);
    let alice = Person::named("alice");
    let outcome = idp.login(&server, &mut browser, &alice).await;
    let path = format!("/api/v1/users/{}", outcome.user()["id"].as_str().unwrap());
    // Under way while the user is deactivated.
    let mut under_way = Browser::new(&server);
    let sign_in = idp.start(&mut under_way).await;
    let field = idp.scene(&server, &sign_in, &alice).forge().base64();
    let hop = under_way
        .submit_elsewhere(&idp.acs(), &[("SAMLResponse", &field)])
        .await;

    api.expect("POST", &format!("{path}/deactivate"), None, 200)
        .await;
    assert!(browser.me().await.is_none(), "the session goes on");
    under_way.follow(hop).await;
    assert!(
        under_way.me().await.is_none(),
        "a sign-in under way went through"
    );
    login(&server, &idp, &alice).await.refused();
    assert_eq!(decision(&server).await, "login.user_inactive");
    assert_eq!(api.get(&path).await["status"], "inactive");

    api.expect("POST", &format!("{path}/reactivate"), None, 200)
        .await;
    login(&server, &idp, &alice).await.user();
    // What ended stays ended.
    assert!(browser.me().await.is_none());
    // Sessions end by themselves, too.
    let mut second = Browser::new(&server);
    idp.login(&server, &mut second, &alice).await.user();
    api.expect("DELETE", &format!("{path}/sessions"), None, 204)
        .await;
    assert!(second.me().await.is_none());
    // And with the user.
    let mut third = Browser::new(&server);
    idp.login(&server, &mut third, &alice).await.user();
    api.expect("DELETE", &path, None, 204).await;
    assert!(third.me().await.is_none());
}

#[tokio::test]
async fn domains() {
    let server = Server::sqlite().await;
    let idp = Idp::new();
    idp.register(&server).await;
    let api = server.api();
    for (allowed, email, admitted) in [
        (json!(["example.com"]), "a1@example.com", true),
        (json!(["example.com"]), "a2@EXAMPLE.com", true),
        (json!(["EXAMPLE.COM"]), "a3@example.com", true),
        (json!(["example.com"]), "a4@sub.example.com", false),
        (json!(["example.com"]), "a5@badexample.com", false),
        (json!(["example.com"]), "a6@example.com.evil.example", false),
        (json!(["example.com"]), "a7@example.co", false),
        (json!(["*.example.com"]), "a8@sub.example.com", true),
        (json!(["*.example.com"]), "a9@deep.sub.example.com", true),
        (json!(["*.example.com"]), "b1@example.com", false),
        (json!(["*.example.com"]), "b2@badexample.com", false),
        (json!(["*"]), "b3@anything.example.org", true),
        (json!([]), "b4@example.com", false),
        (json!(["bücher.example"]), "b5@bücher.example", true),
        (json!(["bücher.example"]), "b6@xn--bcher-kva.example", true),
        (json!(["xn--bcher-kva.example"]), "b7@BÜCHER.example", true),
        // Cyrillic letters in it.
        (json!(["example.com"]), "b8@ex\u{430}mple.com", false),
        (json!(["example.com"]), "b9@example.com@evil.example", false),
        (
            json!(["example.com"]),
            "\"c1@evil.example\"@example.com",
            false,
        ),
        (json!(["example.com"]), "c2@evil.example@example.com", false),
        // A domain may end in a dot; it is the same domain.
        (json!(["example.com"]), "c3@example.com.", true),
        (json!(["example.com"]), "c4@example.com\u{200B}", false),
        (json!(["example.com"]), "c5", false),
        (json!(["example.com"]), "@example.com", false),
        (json!(["example.com"]), "c6@", false),
        (json!(["example.com"]), "", false),
        (
            json!(["example.com"]),
            "c7@example.com, c8@evil.example",
            false,
        ),
        (json!(["example.com"]), "c9 <c9@example.com>", false),
    ] {
        api.expect(
            "PATCH",
            "/api/v1/providers/okta",
            Some(&json!({ "allowed_domains": allowed })),
            200,
        )
        .await;
        let before = api.users().await.len();
        let mut person = Person::named("x");
        email.clone_into(&mut person.email);
        person.name_id = format!("id-{email}")
            .replace(' ', "_")
            .replace('\u{200B}', "z");
        let outcome = login(&server, &idp, &person).await;
        if admitted {
            outcome.user();
        } else {
            outcome.refused();
            let trace = api.last_trace().await;
            assert!(
                matches!(
                    trace["code"].as_str().unwrap(),
                    "login.domain_not_allowed" | "login.no_vouched_address" | "saml.email_invalid"
                ),
                "{email:?}: {trace}"
            );
            assert_eq!(api.users().await.len(), before, "{email:?}");
        }
    }
}

/// The domain is checked at every login, not only the first.
#[tokio::test]
async fn domains_at_every_login() {
    let server = Server::sqlite().await;
    let idp = Idp::new();
    idp.register(&server).await;
    let alice = Person::named("alice");
    login(&server, &idp, &alice).await.user();
    server
        .api()
        .expect(
            "PATCH",
            "/api/v1/providers/okta",
            Some(&json!({ "allowed_domains": ["example.org"] })),
            200,
        )
        .await;
    login(&server, &idp, &alice).await.refused();
    assert_eq!(decision(&server).await, "login.domain_not_allowed");
}

#[tokio::test]
async fn validity() {
    let server = Server::sqlite().await;
    let idp = Idp::new();
    idp.register(&server).await;
    let api = server.api();
    let mut browser = Browser::new(&server);
    let alice = Person::named("alice");
    let outcome = idp.login(&server, &mut browser, &alice).await;
    let user_path = format!("/api/v1/users/{}", outcome.user()["id"].as_str().unwrap());
    let at = |seconds: i64| crate::harness::now().plus_seconds(seconds).rfc3339();
    for (patch, code) in [
        (json!({ "valid_from": at(-60), "valid_to": at(60) }), None),
        (
            json!({ "valid_from": at(3600), "valid_to": null }),
            Some("login.user_not_yet_valid"),
        ),
        (
            json!({ "valid_from": null, "valid_to": at(-1) }),
            Some("login.user_expired"),
        ),
        (json!({ "valid_from": null, "valid_to": null }), None),
    ] {
        api.expect("PATCH", &user_path, Some(&patch), 200).await;
        let outcome = login(&server, &idp, &alice).await;
        match code {
            None => {
                outcome.user();
            }
            Some(code) => {
                outcome.refused();
                assert_eq!(decision(&server).await, code);
                assert!(browser.me().await.is_none(), "the session goes on: {patch}");
            }
        }
    }
}

/// `enforce_validity = false`: the dates are for applications only.
#[tokio::test]
async fn validity_not_enforced() {
    let server =
        Server::sqlite_with("[security]\nrate_limits = false\nenforce_validity = false\n").await;
    let idp = Idp::new();
    idp.register(&server).await;
    let alice = Person::named("alice");
    let outcome = login(&server, &idp, &alice).await;
    let path = format!("/api/v1/users/{}", outcome.user()["id"].as_str().unwrap());
    let past = json!({ "valid_to": "2020-01-01T00:00:00Z" });
    server.api().expect("PATCH", &path, Some(&past), 200).await;
    login(&server, &idp, &alice).await.user();
}

/// Several values for the address: the same twice is one, different ones are
/// none.
#[tokio::test]
async fn conflicting_addresses() {
    let server = Server::sqlite().await;
    let idp = Idp::new();
    idp.register(&server).await;
    let claim = format!("{CLAIM}emailaddress");
    for (n, addresses, admitted) in [
        (1, vec!["v1@example.com", "v1@example.com"], true),
        (2, vec!["v2@example.com", "V2@Example.com"], true),
        (3, vec!["v3@example.com", "admin@example.com"], false),
        (4, vec!["v4@evil.example", "v4@example.com"], false),
        (5, vec!["v5@example.com", "v5@evil.example"], false),
    ] {
        let outcome = idp
            .login_as(
                &server,
                &mut Browser::new(&server),
                &Person::named(&format!("v{n}")),
                |forge| {
                    forge.assertion.attributes[0] = values(&claim, &addresses);
                },
            )
            .await;
        if admitted {
            outcome.user();
        } else {
            outcome.refused();
        }
        // The same, in two attributes of the same name.
        let outcome = idp
            .login_as(
                &server,
                &mut Browser::new(&server),
                &Person::named(&format!("v{n}")),
                |forge| {
                    forge.assertion.attributes[0] = values(&claim, &addresses[..1]);
                    forge
                        .assertion
                        .attributes
                        .push(values(&claim, &addresses[1..]));
                },
            )
            .await;
        if admitted {
            outcome.user();
        } else {
            outcome.refused();
        }
    }
    assert_eq!(server.api().users().await.len(), 2);
}

/// Nothing in an assertion grants a role, a status, a source or another id.
#[tokio::test]
async fn roles_are_not_for_assertions() {
    let server = Server::sqlite().await;
    let idp = Idp::new();
    idp.register(&server).await;
    let api = server.api();
    let mut browser = Browser::new(&server);
    let outcome = idp
        .login_as(&server, &mut browser, &Person::named("mallory"), |forge| {
            for name in [
                "roles",
                "role",
                "Role",
                "http://schemas.microsoft.com/ws/2008/06/identity/claims/role",
                "https://aws.amazon.com/SAML/Attributes/Role",
                "groups",
                "memberOf",
                "admin",
                "is_admin",
                "status",
                "id",
                "source",
                "user_name",
                "created_at",
                "email_verified",
                "valid_to",
            ] {
                forge
                    .assertion
                    .attributes
                    .push(values(name, &["admin", "user-manager", "true"]));
            }
        })
        .await;
    let id = outcome.user()["id"].as_str().unwrap().to_owned();
    let user = api.get(&format!("/api/v1/users/{id}")).await;
    assert_eq!(user["roles"], json!([]));
    assert_eq!(user["groups"], json!([]));
    assert_eq!(user["status"], "active");
    assert_eq!(user["source"], "saml");
    assert!(user["valid_to"].is_null());
    // A mapping cannot be bent that way either.
    for field in ["roles", "status", "id", "source", "password"] {
        let patch = json!({ "saml": { "attributes": { field: ["Role"] } } });
        let (status, body) = api
            .call("PATCH", "/api/v1/providers/okta", Some(&patch))
            .await;
        assert_eq!(status, 422, "{field}: {body}");
    }
    // The session opens no admin's door.
    let page = browser.click("/admin").await;
    assert!(
        matches!(page.status, 302 | 303 | 403 | 404),
        "{}",
        page.status
    );
}

/// Groups come only through the provider's `group_map`.
#[tokio::test]
async fn groups_by_map_only() {
    let server = Server::sqlite().await;
    let idp = Idp::new();
    let api = server.api();
    for name in ["Engineering", "Admins"] {
        api.expect(
            "POST",
            "/api/v1/groups",
            Some(&json!({ "name": name })),
            201,
        )
        .await;
    }
    idp.register_with(&server, json!({ "group_map": { "eng": ["Engineering"] } }))
        .await;
    let outcome = idp
        .login_as(
            &server,
            &mut Browser::new(&server),
            &Person::named("alice"),
            |forge| {
                forge
                    .assertion
                    .attributes
                    .push(values("groups", &["eng", "Admins", "unknown"]));
            },
        )
        .await;
    let id = outcome.user()["id"].as_str().unwrap().to_owned();
    let user = api.get(&format!("/api/v1/users/{id}")).await;
    assert!(user["groups"].to_string().contains("Engineering"), "{user}");
    assert!(!user["groups"].to_string().contains("Admins"), "{user}");
}
