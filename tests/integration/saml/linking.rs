//! Who is who: the order of identifiers, and to whom a login may attach itself.

use serde_json::{Value, json};

use crate::harness::{Browser, Idp, Outcome, Person, Server};
use crate::support::forge::{AttributePart, CLAIM, text};

async fn login(server: &Server, idp: &Idp, person: &Person) -> Outcome {
    idp.login(server, &mut Browser::new(server), person).await
}

async fn login_with(
    server: &Server,
    idp: &Idp,
    person: &Person,
    attributes: &[(&str, &str)],
) -> Outcome {
    idp.login_as(server, &mut Browser::new(server), person, |forge| {
        for (name, value) in attributes {
            forge.assertion.attributes.push(AttributePart {
                name: (*name).to_owned(),
                friendly_name: None,
                name_format: None,
                values: vec![text(value)],
            });
        }
    })
    .await
}

async fn make(server: &Server, user: Value) -> Value {
    server
        .api()
        .expect("POST", "/api/v1/users", Some(&user), 201)
        .await
}

on_both! {
    /// SCIM id, then NameID, then UPN, then e-mail.
    the_order_of_identifiers
    /// An administrator is never attached silently.
    administrators_are_not_linked
    /// The same NameID at two providers is two people.
    name_ids_belong_to_their_provider
    /// Ten people, many first logins at once: ten users.
    first_logins_at_once
}

async fn the_order_of_identifiers(server: Server) {
    let idp = Idp::new();
    idp.register_with(
        &server,
        json!({ "saml": { "attributes": { "scim_id": ["scim"] } } }),
    )
    .await;
    let api = server.api();
    let upn = format!("{CLAIM}upn");
    let by_email = make(
        &server,
        json!({ "email": "e@example.com", "name": "By e-mail" }),
    )
    .await;
    let by_upn = make(
        &server,
        json!({ "email": "u@example.com", "upn": "upn@example.com", "name": "By UPN" }),
    )
    .await;

    // UPN goes before e-mail.
    let mut person = Person::named("nid1");
    "e@example.com".clone_into(&mut person.email);
    let outcome = login_with(&server, &idp, &person, &[(&upn, "upn@example.com")]).await;
    assert_eq!(outcome.user()["id"], by_upn["id"]);
    assert_eq!(api.last_trace().await["matched_by"], "upn");
    // Now the NameID is known, and goes before everything that follows.
    let outcome = login(&server, &idp, &person).await;
    assert_eq!(outcome.user()["id"], by_upn["id"]);
    assert_eq!(api.last_trace().await["matched_by"], "external_id");
    // E-mail comes last.
    let mut person = Person::named("nid2");
    "E@Example.COM".clone_into(&mut person.email);
    let outcome = login(&server, &idp, &person).await;
    assert_eq!(outcome.user()["id"], by_email["id"]);
    assert_eq!(api.last_trace().await["matched_by"], "email");
    assert_eq!(api.users().await.len(), 2);
}

async fn administrators_are_not_linked(server: Server) {
    let idp = Idp::new();
    idp.register(&server).await;
    server.cli(
        &["user", "create", "--email", "root@example.com", "--admin"],
        "",
    );
    let api = server.api();
    let root = api.user_by_email("root@example.com").await.unwrap();
    assert_eq!(root["roles"], json!(["admin"]));
    login(&server, &idp, &Person::named("root")).await.refused();
    assert_eq!(api.last_trace().await["code"], "login.identity_conflict");
    let after = api.user_by_email("root@example.com").await.unwrap();
    assert_eq!(after["external_ids"], root["external_ids"]);
    assert_eq!(api.users().await.len(), 1);

    // The case lies in the queue, with both sides; an admin attaches it by hand.
    let open = api.list("/api/v1/conflicts?status=open").await;
    assert_eq!(open.len(), 1);
    assert_eq!(open[0]["reason"], "administrator");
    assert_eq!(open[0]["user"], root);
    assert_eq!(open[0]["observed"]["issuer"], idp.entity_id.as_str());
    assert_eq!(open[0]["observed"]["profile"]["email"], "root@example.com");
    let link = format!("/api/v1/conflicts/{}/link", open[0]["id"].as_str().unwrap());
    let manager = server.api_with(&server.make_token(&["users:write"]));
    manager.expect("POST", &link, None, 403).await;
    login(&server, &idp, &Person::named("root")).await.refused();
    let linked = api.expect("POST", &link, None, 200).await;
    assert_eq!(linked["status"], "linked");
    let signed_in = login(&server, &idp, &Person::named("root")).await;
    assert_eq!(signed_in.user()["id"], root["id"]);
    assert_eq!(api.last_trace().await["matched_by"], "external_id");
}

async fn name_ids_belong_to_their_provider(server: Server) {
    let (a, b) = (Idp::new(), Idp::other());
    a.register(&server).await;
    b.register_with(&server, json!({ "allowed_domains": ["example.net"] }))
        .await;
    let alice = Person::named("alice");
    let first = login(&server, &a, &alice).await;
    // The other IdP gives a person of its own the same NameID.
    let mut twin = Person::named("twin");
    twin.name_id.clone_from(&alice.name_id);
    "twin@example.net".clone_into(&mut twin.email);
    let second = login(&server, &b, &twin).await;
    assert_ne!(first.user()["id"], second.user()["id"]);
    // And speaks of an address that is not its own.
    let mut thief = twin.clone();
    "x2".clone_into(&mut thief.name_id);
    thief.email.clone_from(&alice.email);
    login(&server, &b, &thief).await.refused();
    assert_eq!(
        server.api().last_trace().await["code"],
        "login.domain_not_allowed"
    );
    // Nor does a UPN that it does not vouch for find anybody.
    let api = server.api();
    let path = format!("/api/v1/users/{}", first.user()["id"].as_str().unwrap());
    api.expect(
        "PATCH",
        &path,
        Some(&json!({ "upn": "alice@example.com" })),
        200,
    )
    .await;
    let upn = format!("{CLAIM}upn");
    let mut thief = Person::named("thief");
    "thief@example.net".clone_into(&mut thief.email);
    let outcome = login_with(&server, &b, &thief, &[(&upn, "alice@example.com")]).await;
    if let Some(me) = &outcome.me {
        assert_ne!(me["id"], first.user()["id"]);
    }
    assert_eq!(
        api.get(&path).await["external_ids"],
        json!({ "okta": alice.name_id })
    );
}

async fn first_logins_at_once(server: Server) {
    let idp = Idp::new();
    idp.register(&server).await;
    let mut fields = Vec::new();
    for round in 0..6 {
        for n in 0..10 {
            let mut browser = Browser::new(&server);
            let sign_in = idp.start(&mut browser).await;
            let person = Person::named(&format!("p{n}"));
            let field = idp.scene(&server, &sign_in, &person).forge().base64();
            fields.push((browser, sign_in, field, round));
        }
    }
    let tasks: Vec<_> = fields
        .into_iter()
        .map(|(mut browser, sign_in, field, _)| {
            let idp = idp.clone();
            tokio::spawn(async move { idp.answer(&mut browser, &sign_in, &field).await })
        })
        .collect();
    for task in tasks {
        task.await.unwrap().user();
    }
    assert_eq!(server.api().users().await.len(), 10);
}

/// `link_by_email: false`: an address that another user has is a conflict.
#[tokio::test]
async fn linking_by_email_off() {
    let server = Server::sqlite().await;
    let idp = Idp::new();
    idp.register_with(&server, json!({ "link_by_email": false }))
        .await;
    let made = make(
        &server,
        json!({ "email": "alice@example.com", "name": "A" }),
    )
    .await;
    login(&server, &idp, &Person::named("alice"))
        .await
        .refused();
    let api = server.api();
    let trace = api.last_trace().await;
    assert_eq!(trace["code"], "login.identity_conflict");
    assert_eq!(trace["outcome"], "refused");
    assert_eq!(trace["user"], made["id"]);
    assert_eq!(api.users().await.len(), 1);
    // Whose address is free comes in.
    login(&server, &idp, &Person::named("bob")).await.user();
}

/// Two providers that both vouch for the domain lead to one user.
#[tokio::test]
async fn two_providers_one_person() {
    let server = Server::sqlite().await;
    let (a, b) = (Idp::new(), Idp::other());
    a.register(&server).await;
    b.register(&server).await;
    let alice = Person::named("alice");
    let mut at_b = alice.clone();
    "b-77".clone_into(&mut at_b.name_id);
    let first = login(&server, &a, &alice).await;
    let second = login(&server, &b, &at_b).await;
    assert_eq!(first.user()["id"], second.user()["id"]);
    let user = server.api().users().await.remove(0);
    assert_eq!(
        user["external_ids"],
        json!({ "okta": "00u-alice", "other": "b-77" })
    );
}

/// A transient NameID is good for one login and names nobody afterwards.
#[tokio::test]
async fn transient_names() {
    let server = Server::sqlite().await;
    let idp = Idp::new();
    idp.register(&server).await;
    let transient = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient";
    let mut ids = Vec::new();
    for name_id in ["_t1", "_t2"] {
        let mut person = Person::named("alice");
        name_id.clone_into(&mut person.name_id);
        let outcome = idp
            .login_as(&server, &mut Browser::new(&server), &person, |forge| {
                forge.name_id().format = Some(transient.to_owned());
            })
            .await;
        ids.push(outcome.user()["id"].clone());
    }
    assert_eq!(ids[0], ids[1]);
    let user = server.api().users().await.remove(0);
    assert_eq!(user["external_ids"], json!({}));
    // Somebody else gets the same transient name: not the same person.
    let mut bob = Person::named("bob");
    "_t1".clone_into(&mut bob.name_id);
    let outcome = idp
        .login_as(&server, &mut Browser::new(&server), &bob, |forge| {
            forge.name_id().format = Some(transient.to_owned());
        })
        .await;
    assert_ne!(outcome.user()["id"], ids[0]);
}

/// Where addresses do not link either, a UPN has to; without one nobody comes in,
/// and the admin reads why.
#[tokio::test]
async fn transient_names_where_addresses_do_not_link() {
    let server = Server::sqlite().await;
    let idp = Idp::new();
    idp.register_with(&server, json!({ "link_by_email": false }))
        .await;
    let transient = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient";
    let login = async |upn: bool, name_id: &str| {
        let mut person = Person::named("alice");
        name_id.clone_into(&mut person.name_id);
        idp.login_as(&server, &mut Browser::new(&server), &person, |forge| {
            forge.name_id().format = Some(transient.to_owned());
            if upn {
                forge.assertion.attributes.push(AttributePart {
                    name: "upn".to_owned(),
                    friendly_name: None,
                    name_format: None,
                    values: vec![text("alice@example.com")],
                });
            }
        })
        .await
    };
    login(false, "_t1").await.refused();
    assert!(server.api().users().await.is_empty());
    let trace = server.api().last_trace().await;
    assert_eq!(trace["code"], "login.no_lasting_identifier");
    assert_eq!(trace["side"], "idp");
    let remedy = trace["remedy"].as_str().unwrap();
    assert!(remedy.contains("persistent"), "{remedy}");
    let first = login(true, "_t2").await.user()["id"].clone();
    let second = login(true, "_t3").await.user()["id"].clone();
    assert_eq!(first, second);
}

/// Two accounts of one IdP with one address: the second is not the first.
#[tokio::test]
async fn a_recycled_address() {
    let server = Server::sqlite().await;
    let idp = Idp::new();
    idp.register(&server).await;
    let alice = Person::named("alice");
    let first = login(&server, &idp, &alice).await;
    let mut newcomer = alice.clone();
    "00u-newcomer".clone_into(&mut newcomer.name_id);
    let outcome = login(&server, &idp, &newcomer).await;
    if let Some(me) = &outcome.me {
        assert_eq!(me["id"], first.user()["id"], "one address, two users");
    }
    assert_eq!(server.api().users().await.len(), 1);
}

/// Letters that look like the victim's make another person.
#[tokio::test]
async fn lookalikes() {
    let server = Server::sqlite().await;
    let idp = Idp::new();
    idp.register_with(&server, json!({ "allowed_domains": ["*"] }))
        .await;
    let victim = login(&server, &idp, &Person::named("alice")).await.user()["id"].clone();
    for (name_id, email) in [
        ("00u-\u{430}lice", "x1@example.com"),
        ("00U-ALICE", "x2@example.com"),
        ("00u-alice\u{301}", "x3@example.com"),
        ("００u-alice", "x4@example.com"),
        ("x5", "alice@ex\u{430}mple.com"),
        ("x6", "\u{430}lice@example.com"),
        ("x7", "alice@example.com.evil.example"),
    ] {
        let mut person = Person::named("x");
        name_id.clone_into(&mut person.name_id);
        email.clone_into(&mut person.email);
        let outcome = login(&server, &idp, &person).await;
        if let Some(me) = &outcome.me {
            assert_ne!(me["id"], victim, "{name_id} {email}");
        }
    }
}
