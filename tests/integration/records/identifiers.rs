//! People whose UPN changes at the identity provider.

use serde_json::json;

use super::{all, open, send, texts, with_admin};
use crate::harness::{Browser, Idp, Outcome, Person, Server};
use crate::support::forge::{AttributePart, CLAIM, URI_NAME, text};

on_both! {
    a_new_upn_and_name_find_the_same_person
    what_was_confirmed_is_what_is_done
    nobody_clears_above_their_role
}

const CLEAR: &str = "/admin/users/clear-identifiers";

/// A login with this UPN.
async fn login(
    server: &Server,
    idp: &Idp,
    browser: &mut Browser,
    person: &Person,
    upn: &str,
) -> Outcome {
    idp.login_as(server, browser, person, |forge| {
        forge.assertion.attributes.push(AttributePart {
            name: format!("{CLAIM}upn"),
            friendly_name: None,
            name_format: Some(URI_NAME.to_owned()),
            values: vec![text(upn)],
        });
    })
    .await
}

async fn a_new_upn_and_name_find_the_same_person(server: Server) {
    let (idp, mut admin, _) = with_admin(&server).await;
    let mut browser = Browser::new(&server);
    let mut ada = Person::named("ada");
    let before = login(&server, &idp, &mut browser, &ada, "ada@old.example.com").await;
    let id = before.user()["id"].as_str().unwrap().to_owned();
    let user = server.api().get(&format!("/api/v1/users/{id}")).await;
    assert_eq!(user["upn"], "ada@old.example.com");

    // Pasted, with somebody whom nobody knows.
    let page = open(&mut admin, CLEAR).await;
    let names = "ADA@old.example.com\nnobody@example.com";
    let preview = send(&mut admin, &page, CLEAR, &[("names", names)]).await;
    assert_eq!(preview.status, 200, "{}", preview.body);
    assert_eq!(texts(&preview, "h1"), ["Clear the identifiers of 1 user?"]);
    assert_eq!(
        texts(&preview, "button.danger"),
        ["Clear the identifiers of 1 user"]
    );
    for shown in ["ada@old.example.com", "okta: 00u-ada", "nobody@example.com"] {
        assert!(preview.body.contains(shown), "{shown}: {}", preview.body);
    }
    let untouched = server.api().get(&format!("/api/v1/users/{id}")).await;
    assert_eq!(untouched, user, "a look changes nothing");
    let done = send(&mut admin, &preview, CLEAR, &[]).await;
    assert_eq!(
        done.location.as_deref(),
        Some("/admin/users?done=identifiers-cleared&n=1")
    );
    let list = admin.follow(done).await;
    assert!(
        list.body
            .contains("The identifiers of 1 user were cleared."),
        "{}",
        list.body
    );
    assert!(browser.me().await.is_none(), "signed out");
    let cleared = server.api().get(&format!("/api/v1/users/{id}")).await;
    assert_eq!(
        (&cleared["upn"], &cleared["external_ids"]),
        (&json!(null), &json!({}))
    );

    ada.name_id = "brand-new-id".to_owned();
    ada.family_name = "King".to_owned();
    let after = login(
        &server,
        &idp,
        &mut browser,
        &ada,
        "ada.king@new.example.com",
    )
    .await;
    assert_eq!(after.user()["id"], id.as_str(), "the same person");
    let user = server.api().get(&format!("/api/v1/users/{id}")).await;
    assert_eq!(user["upn"], "ada.king@new.example.com");
    assert_eq!(user["external_ids"]["okta"], "brand-new-id");
    assert_eq!(server.api().last_trace().await["matched_by"], "email");
    assert_eq!(server.api().users().await.len(), 2, "nobody new");

    let event = server
        .api()
        .get("/api/v1/audit?action=user.identifiers_cleared")
        .await;
    let event = &event["items"][0];
    assert_eq!(event["actor"], "Root Example");
    let before: Vec<&str> = event["changes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| c["before"].as_str().unwrap())
        .collect();
    assert_eq!(before, ["ada@old.example.com", "00u-ada", &idp.entity_id]);
}

async fn what_was_confirmed_is_what_is_done(server: Server) {
    let (idp, mut admin, root) = with_admin(&server).await;
    let mut ids = Vec::new();
    for name in ["ada", "eve"] {
        let mut browser = Browser::new(&server);
        let outcome = login(
            &server,
            &idp,
            &mut browser,
            &Person::named(name),
            &format!("{name}@old.example.com"),
        )
        .await;
        ids.push(outcome.user()["id"].as_str().unwrap().to_owned());
    }
    // Chosen in the list.
    let list = open(&mut admin, "/admin/users").await;
    assert!(all(&list, "button[formaction]", "formaction").contains(&CLEAR.to_owned()));
    let address = format!("{CLEAR}?id={}&id={}&id={root}", ids[0], ids[1]);
    let preview = open(&mut admin, &address).await;
    assert_eq!(
        texts(&preview, "button.danger"),
        ["Clear the identifiers of 2 users"]
    );
    assert!(preview.body.contains("You yourself"), "{}", preview.body);
    // One of them changes in between: look again.
    let path = format!("/api/v1/users/{}", ids[1]);
    server
        .api()
        .expect("PATCH", &path, Some(&json!({"phone": "1"})), 200)
        .await;
    let late = send(&mut admin, &preview, CLEAR, &[]).await;
    assert_eq!(late.status, 409, "{}", late.body);
    assert!(late.body.contains("no longer the people"), "{}", late.body);
    assert_eq!(server.api().get(&path).await["upn"], "eve@old.example.com");
    let done = send(&mut admin, &late, CLEAR, &[]).await;
    assert_eq!(
        done.location.as_deref(),
        Some("/admin/users?done=identifiers-cleared&n=2")
    );
    // Sent twice: there is nothing left of it.
    let twice = send(&mut admin, &late, CLEAR, &[]).await;
    assert_eq!(twice.status, 409);
    let events = server
        .api()
        .list("/api/v1/audit?action=user.identifiers_cleared")
        .await;
    assert_eq!(events.len(), 2);
    assert!(admin.me().await.is_some(), "whoever did it was spared");

    // Bad input comes back as it was typed.
    let page = open(&mut admin, CLEAR).await;
    let nobody = send(&mut admin, &page, CLEAR, &[]).await;
    assert_eq!(nobody.status, 422);
    let wrong = [
        ("names", "ada@example.com"),
        ("group", "01937b5c-8f0e-7c1a-9d2e-3f4a5b6c7d8e"),
    ];
    let wrong = send(&mut admin, &page, CLEAR, &wrong).await;
    assert_eq!(wrong.status, 422, "{}", wrong.body);
    assert!(wrong.body.contains("ada@example.com") && wrong.body.contains("no such group"));
    let many: String = (0..10_001).map(|n| format!("u{n}@example.com\n")).collect();
    let answer = send(&mut admin, &page, CLEAR, &[("names", &many)]).await;
    assert_eq!(answer.status, 422, "{}", answer.status);
}

async fn nobody_clears_above_their_role(server: Server) {
    let (idp, mut admin, _) = with_admin(&server).await;
    let (mut manager, _) = idp
        .signed_in_with(&server, "man", Some("user-manager"))
        .await;
    idp.signed_in_with(&server, "boss", Some("admin")).await;
    idp.signed_in_with(&server, "aud", Some("auditor")).await;
    let page = open(&mut manager, CLEAR).await;
    // An administrator is spared, and the way to mean one is not offered.
    let preview = send(&mut manager, &page, CLEAR, &[("names", "boss@example.com")]).await;
    assert_eq!(
        texts(&preview, "h1"),
        ["Nobody’s identifiers would be cleared"]
    );
    let meant = [("names", "boss@example.com"), ("administrators", "1")];
    assert_eq!(send(&mut manager, &page, CLEAR, &meant).await.status, 403);
    let auditor = [("names", "aud@example.com")];
    assert_eq!(send(&mut manager, &page, CLEAR, &auditor).await.status, 403);
    let events = server
        .api()
        .list("/api/v1/audit?action=user.identifiers_cleared")
        .await;
    assert_eq!(events.len(), 0);
    // An admin may, when it is meant.
    let page = open(&mut admin, CLEAR).await;
    let preview = send(&mut admin, &page, CLEAR, &[("names", "boss@example.com")]).await;
    assert!(
        preview.body.contains("Include the administrators"),
        "{}",
        preview.body
    );
    let preview = send(&mut admin, &page, CLEAR, &meant).await;
    assert_eq!(
        texts(&preview, "button.danger"),
        ["Clear the identifiers of 1 user"]
    );
    let done = send(&mut admin, &preview, CLEAR, &[]).await;
    assert_eq!(done.status, 303, "{}", done.body);

    // The same through the API.
    let path = "/api/v1/users/clear-identifiers";
    let scoped = server.make_token(&["users:write"]);
    let body = json!({"names": ["root@example.com"], "administrators": true});
    let (status, _) = server
        .api_with(&scoped)
        .call("POST", path, Some(&body))
        .await;
    assert_eq!(status, 403);
    let body = json!({"names": ["root@example.com", "x@example.com"], "administrators": true, "dry_run": true});
    let answer = server.api().expect("POST", path, Some(&body), 200).await;
    assert_eq!(answer["unknown"], json!(["x@example.com"]));
    assert_eq!(
        answer["cleared"][0]["external_ids"],
        json!({"okta": ["00u-root"]})
    );
    let body = json!({"names": ["root@example.com"], "administrators": true, "digest": "0"});
    let (status, problem) = server.api().call("POST", path, Some(&body)).await;
    assert_eq!((status, &problem["code"]), (409, &json!("changed")));
    for wrong in [
        json!({}),
        json!({"users": ["x"]}),
        json!({"names": [], "group": "y"}),
        json!({"name": ["a"]}),
    ] {
        let (status, _) = server.api().call("POST", path, Some(&wrong)).await;
        assert_eq!(status, 422, "{wrong}");
    }
}
