//! `/conflicts`.

use serde_json::{Value, json};

use super::{Api, By, column};
use crate::directory::conflicts;
use crate::directory::error::LinkConflict;
use crate::domain::{
    Channel, ExternalIdentity, Field, Observation, Profile, Scope, Slug, Source, UserId,
};
use crate::platform::storage::StorageError;

/// Files a refused link to a user; answers its id.
async fn filed(
    api: &Api,
    user: &str,
    subject: Option<&str>,
    reason: fn(UserId) -> LinkConflict,
) -> String {
    let provider = Slug::parse("okta").unwrap();
    let channel = Channel::Login {
        provider: provider.clone(),
        source: Source::Saml,
    };
    let profile = Profile::default().with(Field::Email, "ada@example.com");
    let mut observation = Observation::new(channel, profile);
    observation.identity = subject.map(|subject| ExternalIdentity {
        provider,
        issuer: "https://idp.example.com".to_owned(),
        subject: subject.to_owned(),
    });
    let conflict = reason(UserId::parse(user).unwrap());
    api.pass(1);
    let (now, entropy) = (api.directory.now(), api.directory.entropy.clone());
    let done = api.directory.db.write(move |tx| {
        let (observation, conflict) = (observation.clone(), conflict.clone());
        let entropy = entropy.clone();
        Box::pin(async move { conflicts::file(tx, &observation, &conflict, now, &entropy).await })
    });
    done.await.map_err(|e: StorageError| e).unwrap();
    let all = api.admin("GET", "/conflicts", None).await.expect(200);
    column(&all, "id").remove(0)
}

/// What was done to users about refused links and identities.
async fn told(api: &Api) -> Vec<String> {
    let events = api
        .admin("GET", "/audit?target_kind=user", None)
        .await
        .expect(200);
    let mut actions = column(&events, "action");
    actions.retain(|action| action != "user.created");
    actions
}

#[tokio::test]
async fn both_sides_are_shown_and_an_admin_decides() {
    let api = Api::new().await;
    let user = api
        .user(json!({"email": "ada@example.com", "name": "Ada"}))
        .await;
    let id = filed(&api, &user, Some("00u1"), LinkConflict::LinkingOff).await;
    let shown = api
        .admin("GET", &format!("/conflicts/{id}"), None)
        .await
        .expect(200);
    assert_eq!(
        (&shown["status"], &shown["reason"]),
        (&json!("open"), &json!("linking_off"))
    );
    assert!(
        shown["summary"]
            .as_str()
            .unwrap()
            .contains("does not link by e-mail")
    );
    let observed = json!({
        "provider": "okta", "issuer": "https://idp.example.com", "subject": "00u1",
        "profile": {"email": "ada@example.com"}
    });
    assert_eq!(shown["observed"], observed);
    assert_eq!(shown["user"]["name"], "Ada");
    assert_eq!(shown["user"]["external_ids"], json!({}));

    // Twice is once.
    let link = format!("/conflicts/{id}/link");
    for _ in 0..2 {
        let linked = api.admin("POST", &link, None).await.expect(200);
        assert_eq!(linked["status"], "linked");
        assert_eq!(linked["user"]["external_ids"], json!({"okta": "00u1"}));
    }
    assert_eq!(told(&api).await, ["user.identity_linked"]);
    let dismiss = format!("/conflicts/{id}/dismiss");
    assert_eq!(
        api.admin("POST", &dismiss, None).await.code(409),
        "conflict.linked"
    );
    for (query, found) in [("", 1), ("?status=linked", 1), ("?status=open", 0)] {
        let list = api
            .admin("GET", &format!("/conflicts{query}"), None)
            .await
            .expect(200);
        assert_eq!(column(&list, "id").len(), found, "{query}");
    }
    api.admin("GET", "/conflicts?status=closed", None)
        .await
        .problem(422);
    // The identity is somebody's now, so nobody else gets it.
    let eve = api.user(json!({"email": "eve@example.com"})).await;
    let other = filed(&api, &eve, Some("00u1"), LinkConflict::NotVouched).await;
    let reply = api
        .admin("POST", &format!("/conflicts/{other}/link"), None)
        .await;
    assert_eq!(reply.code(409), "taken");
    // What comes up again after it was attached is to be decided again.
    filed(&api, &user, Some("00u1"), LinkConflict::LinkingOff).await;
    let again = api
        .admin("GET", &format!("/conflicts/{id}"), None)
        .await
        .expect(200);
    assert_eq!(again["status"], "open");
}

#[tokio::test]
async fn what_was_dismissed_stays_so_until_somebody_links_it() {
    let api = Api::new().await;
    let user = api.user(json!({"email": "ada@example.com"})).await;
    let id = filed(&api, &user, Some("00u1"), LinkConflict::OtherSubject).await;
    let dismiss = format!("/conflicts/{id}/dismiss");
    for _ in 0..2 {
        let dismissed = api.admin("POST", &dismiss, None).await.expect(200);
        assert_eq!(dismissed["status"], "dismissed");
    }
    assert_eq!(told(&api).await, ["user.link_dismissed"]);
    let again = filed(&api, &user, Some("00u1"), LinkConflict::OtherSubject).await;
    assert_eq!(again, id);
    let shown = api
        .admin("GET", &format!("/conflicts/{id}"), None)
        .await
        .expect(200);
    assert_eq!(shown["status"], "dismissed");
    let linked = api
        .admin("POST", &format!("/conflicts/{id}/link"), None)
        .await;
    assert_eq!(linked.expect(200)["status"], "linked");
}

#[tokio::test]
async fn what_does_not_last_cannot_be_linked() {
    let api = Api::new().await;
    let user = api.user(json!({"email": "ada@example.com"})).await;
    let id = filed(&api, &user, None, LinkConflict::LinkingOff).await;
    let shown = api
        .admin("GET", &format!("/conflicts/{id}"), None)
        .await
        .expect(200);
    assert_eq!(shown["observed"]["subject"], Value::Null);
    let reply = api
        .admin("POST", &format!("/conflicts/{id}/link"), None)
        .await;
    assert_eq!(reply.mistakes(422), ["/subject"]);
    for id in ["x", "00000000-0000-7000-8000-000000000000"] {
        for (method, rest) in [("GET", ""), ("POST", "/link"), ("POST", "/dismiss")] {
            let path = format!("/conflicts/{id}{rest}");
            api.admin(method, &path, None).await.problem(404);
        }
    }
}

#[tokio::test]
async fn a_way_into_an_account_with_a_role_is_an_admins_to_give() {
    let api = Api::new().await;
    let manager = api
        .user(json!({"email": "m@example.com", "roles": ["user-manager"]}))
        .await;
    let cookie = api.sign_in(&manager).await;
    let token = api.token(&[Scope::UsersWrite]).await;
    for (email, roles) in [
        ("root@example.com", json!(["admin"])),
        ("auditor@example.com", json!(["auditor"])),
    ] {
        let user = api.user(json!({"email": email, "roles": roles})).await;
        let id = filed(&api, &user, Some(email), LinkConflict::Administrator).await;
        let link = format!("/conflicts/{id}/link");
        for by in [By::Token(&token), By::Cookie(&cookie)] {
            api.call(by, "POST", &link, None).await.problem(403);
        }
        assert_eq!(
            api.admin("POST", &link, None).await.expect(200)["status"],
            "linked"
        );
    }
    let user = api.user(json!({"email": "ada@example.com"})).await;
    let id = filed(&api, &user, Some("00u1"), LinkConflict::NotVouched).await;
    let link = format!("/conflicts/{id}/link");
    api.call(By::Cookie(&cookie), "POST", &link, None)
        .await
        .expect(200);
}
