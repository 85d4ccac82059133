//! `/users`.

use serde_json::{Value, json};

use super::{Api, By, NOW, column};
use crate::directory::Actor;
use crate::directory::policy::LoginPolicy;
use crate::directory::reconcile;
use crate::domain::{
    Channel, Entropy, ExternalIdentity, Field, Observation, Profile, Scope, Slug, Source, UserId,
};

#[tokio::test]
async fn a_user_has_every_key() {
    let api = Api::new().await;
    let body = json!({
        "email": "Ada@example.com", "name": "Ada Lovelace", "user_name": "ada",
        "valid_to": "2027-01-01T00:00:00+01:00",
        "extension_attributes": {"extensionAttribute3": "x"}, "roles": ["auditor"]
    });
    let reply = api.admin("POST", "/users", Some(body)).await;
    let location = reply.header(axum::http::header::LOCATION).to_owned();
    let user = reply.expect(201);
    assert_eq!(
        location,
        format!("/api/v1/users/{}", user["id"].as_str().unwrap())
    );
    let expected = json!({
        "id": user["id"], "user_name": "ada", "upn": null, "email": "Ada@example.com",
        "email_verified": false, "name": "Ada Lovelace", "given_name": null,
        "family_name": null, "department": null, "job_title": null, "phone": null,
        "mobile": null, "language": null, "cost_center": null,
        "extension_attributes": {"extensionAttribute3": "x"}, "custom_attributes": {},
        "photo_url": null, "valid_from": null, "valid_to": "2026-12-31T23:00:00.000Z",
        "status": "active", "roles": ["auditor"], "groups": [], "external_ids": {},
        "scim_id": null, "source": "manual", "created_at": NOW.rfc3339(),
        "updated_at": NOW.rfc3339(), "last_login_at": null
    });
    assert_eq!(user, expected);
    let path = location.strip_prefix("/api/v1").unwrap();
    assert_eq!(api.admin("GET", path, None).await.expect(200), expected);
    // What was read can be sent back, and changes nothing.
    let same = api
        .admin("PATCH", path, Some(expected.clone()))
        .await
        .expect(200);
    assert_eq!(same, expected);
}

#[tokio::test]
async fn a_login_shows_at_the_user() {
    let api = Api::new().await;
    let provider = Slug::parse("okta").unwrap();
    let profile = Profile::default()
        .with(Field::Email, "ada@example.com")
        .with(Field::Department, "Engines")
        .with(Field::Phone, "1");
    let channel = Channel::Login {
        provider: provider.clone(),
        source: Source::Saml,
    };
    let mut login = Observation::new(channel, profile);
    login.email_vouched = true;
    login.groups = Some(["Mathematicians".to_owned()].into());
    login.identity = Some(ExternalIdentity {
        provider,
        issuer: "https://idp.example.com".to_owned(),
        subject: "00u1".to_owned(),
    });
    let made = api
        .directory
        .db
        .write(move |tx| {
            let login = login.clone();
            Box::pin(async move {
                let policy = LoginPolicy {
                    allowed_domains: vec!["*".to_owned()],
                    gateway_domains: vec!["*".to_owned()],
                    jit: true,
                    sync_fields: vec![Field::Department],
                    link_by_email: true,
                    one_subject_per_user: false,
                    enforce_validity: true,
                };
                reconcile::login(tx, &login, &policy, NOW, &Entropy::System).await
            })
        })
        .await;
    let id = made.unwrap().unwrap().user.id;
    let user = api
        .admin("GET", &format!("/users/{id}"), None)
        .await
        .expect(200);
    assert_eq!(user["external_ids"], json!({"okta": "00u1"}));
    assert_eq!(user["groups"][0]["name"], "Mathematicians");
    assert_eq!(user["groups"][0]["external"], false);
    assert_eq!(user["email_verified"], true);
    assert_eq!(user["source"], "saml");
    assert_eq!(user["last_login_at"], NOW.rfc3339());
    // The same in a list, beside somebody on whom nothing hangs.
    api.pass(1);
    api.user(json!({"email": "b@example.com"})).await;
    let list = api.admin("GET", "/users", None).await.expect(200);
    assert_eq!(list["items"][0], user);
    assert_eq!(list["items"][1]["external_ids"], json!({}));

    // What the login keeps is not for a hand; the rest is.
    let path = format!("/users/{id}");
    let edit = |body: Value| api.admin("PATCH", &path, Some(body));
    assert_eq!(
        edit(json!({"department": "X", "phone": "2"}))
            .await
            .mistakes(409),
        ["/department"]
    );
    assert_eq!(
        edit(json!({"department": "X"})).await.code(409),
        "user.field_owned"
    );
    let user = edit(json!({"department": "Engines", "phone": "2"}))
        .await
        .expect(200);
    assert_eq!(user["phone"], "2");
}

#[tokio::test]
async fn identifiers_belong_to_one_user() {
    let api = Api::new().await;
    let first = json!({"email": "ada@example.com", "upn": "ada@corp", "user_name": "ada"});
    let first = api.user(first).await;
    for (body, place) in [
        (json!({"email": "ADA@example.com"}), "/email"),
        (json!({"email": "x@example.com", "upn": "Ada@CORP"}), "/upn"),
        (
            json!({"email": "x@example.com", "user_name": "ADA"}),
            "/user_name",
        ),
    ] {
        assert_eq!(
            api.admin("POST", "/users", Some(body.clone()))
                .await
                .mistakes(409),
            [place]
        );
        let second = api.user(json!({"email": "second@example.com"})).await;
        let path = format!("/users/{second}");
        let mut body = body;
        body["name"] = json!("Changed");
        assert_eq!(
            api.admin("PATCH", &path, Some(body)).await.mistakes(409),
            [place]
        );
        let user = api.admin("GET", &path, None).await.expect(200);
        assert_eq!(user["name"], Value::Null, "nothing of it was written");
        api.admin("DELETE", &path, None).await.expect(204);
    }
    let user = api
        .admin("GET", &format!("/users/{first}"), None)
        .await
        .expect(200);
    assert_eq!(user["user_name"], "ada");
}

#[tokio::test]
async fn a_patch_merges() {
    let api = Api::new().await;
    let user = api
        .user(json!({
            "email": "ada@example.com", "name": "Ada", "department": "Engines",
            "extension_attributes": {"extensionAttribute1": "1", "extensionAttribute2": "2"}
        }))
        .await;
    let path = format!("/users/{user}");
    let change = json!({
        "name": null, "job_title": "Countess",
        "extension_attributes": {"extensionAttribute1": null, "extensionAttribute3": "3"},
        "custom_attributes": {"spCustomAttribute5": "5"}
    });
    let user = api.admin("PATCH", &path, Some(change)).await.expect(200);
    assert_eq!(user["name"], Value::Null);
    assert_eq!(user["department"], "Engines");
    assert_eq!(user["job_title"], "Countess");
    let set = json!({"extensionAttribute2": "2", "extensionAttribute3": "3"});
    assert_eq!(user["extension_attributes"], set);
    assert_eq!(
        user["custom_attributes"],
        json!({"spCustomAttribute5": "5"})
    );
    let change = json!({"extension_attributes": null, "email": "b@example.com"});
    let user = api.admin("PATCH", &path, Some(change)).await.expect(200);
    assert_eq!(user["extension_attributes"], json!({}));
    assert_eq!(user["email"], "b@example.com");
    let wrong = json!({"email": null, "valid_to": "x", "nmae": 1, "id": "other"});
    let mistakes = api.admin("PATCH", &path, Some(wrong)).await.mistakes(422);
    assert_eq!(mistakes, ["/valid_to", "/email", "/id", "/nmae"]);
    let backwards =
        json!({"valid_from": "2027-01-01T00:00:00Z", "valid_to": "2026-01-01T00:00:00Z"});
    assert_eq!(
        api.admin("PATCH", &path, Some(backwards))
            .await
            .mistakes(422),
        ["/valid_to"]
    );
}

#[tokio::test]
async fn status_and_roles_change_and_the_last_admin_stays() {
    let api = Api::new().await;
    let admin = json!({"email": "admin@example.com", "roles": ["admin"]});
    let admin = api.user(admin).await;
    let path = format!("/users/{admin}");
    let post = |what: &str| {
        let path = format!("{path}/{what}");
        let api = &api;
        async move { api.admin("POST", &path, None).await }
    };
    assert_eq!(post("deactivate").await.code(409), "user.last_admin");
    assert_eq!(
        api.admin("DELETE", &path, None).await.code(409),
        "user.last_admin"
    );
    for body in [
        json!({"roles": []}),
        json!({"status": "inactive"}),
        json!({"roles": null}),
    ] {
        let mut body = body;
        body["name"] = json!("Changed");
        let reply = api.admin("PATCH", &path, Some(body)).await;
        assert_eq!(reply.code(409), "user.last_admin");
    }
    let user = api.admin("GET", &path, None).await.expect(200);
    assert_eq!(user["name"], Value::Null, "an edit is whole or nothing");

    api.user(json!({"email": "second@example.com", "roles": ["admin"]}))
        .await;
    let cookie = api.sign_in(&admin).await;
    api.call(By::Cookie(&cookie), "GET", "/me", None)
        .await
        .expect(200);
    for _ in 0..2 {
        assert_eq!(post("deactivate").await.expect(200)["status"], "inactive");
    }
    api.call(By::Cookie(&cookie), "GET", "/me", None)
        .await
        .problem(401);
    for _ in 0..2 {
        assert_eq!(post("reactivate").await.expect(200)["status"], "active");
    }
    api.call(By::Cookie(&cookie), "GET", "/me", None)
        .await
        .problem(401);
    let body = json!({"status": "inactive", "roles": ["auditor", "admin"], "name": "A"});
    let user = api.admin("PATCH", &path, Some(body)).await.expect(200);
    assert_eq!(
        (&user["status"], &user["name"]),
        (&json!("inactive"), &json!("A"))
    );
    assert_eq!(user["roles"], json!(["admin", "auditor"]));
    let pending = json!({"status": "pending"});
    assert_eq!(
        api.admin("PATCH", &path, Some(pending)).await.mistakes(422),
        ["/status"]
    );

    let events = api
        .admin("GET", &format!("/audit?target={admin}"), None)
        .await
        .expect(200);
    let actions = column(&events, "action");
    assert_eq!(
        actions.iter().filter(|a| *a == "user.deactivated").count(),
        2
    );
    assert_eq!(
        actions.iter().filter(|a| *a == "user.reactivated").count(),
        1
    );
    assert_eq!(column(&events, "actor_kind"), vec!["token"; actions.len()]);
}

#[tokio::test]
async fn only_admins_make_admins() {
    let api = Api::new().await;
    let writer = api.token(&[Scope::UsersWrite]).await;
    let by = By::Token(&writer);
    let admin = json!({"email": "a@example.com", "roles": ["admin"]});
    api.call(by, "POST", "/users", Some(admin.clone()))
        .await
        .problem(403);
    let none = json!({"email": "b@example.com", "roles": []});
    let plain = api.call(by, "POST", "/users", Some(none)).await.expect(201);
    let plain = format!("/users/{}", plain["id"].as_str().unwrap());
    let roles = json!({"roles": ["auditor"]});
    let reply = api.call(by, "PATCH", &plain, Some(roles)).await;
    assert!(
        reply.problem(403)["detail"]
            .as_str()
            .unwrap()
            .contains("`admin`")
    );
    let empty = json!({"roles": [], "email": "c@example.com"});
    api.call(by, "PATCH", &plain, Some(empty)).await.expect(200);

    // Nor do others take over the address of somebody who has a role.
    let admin = format!("/users/{}", api.user(admin).await);
    for body in [
        json!({"email": "mine@example.com"}),
        json!({"upn": "mine"}),
        json!({"user_name": "mine"}),
    ] {
        api.call(by, "PATCH", &admin, Some(body)).await.problem(403);
    }
    let same = json!({"email": "a@example.com", "roles": ["admin"], "phone": "1"});
    api.call(by, "PATCH", &admin, Some(same)).await.expect(200);
}

#[tokio::test]
async fn lists_have_filters_and_pages() {
    let api = Api::new().await;
    let mut all = Vec::new();
    for n in 0..7 {
        let body =
            json!({"email": format!("u{n}@example.com"), "name": format!("Person {n} Ünal")});
        all.push(api.user(body).await);
    }
    let group = api
        .admin("POST", "/groups", Some(json!({"name": "G"})))
        .await
        .expect(201);
    let group = group["id"].as_str().unwrap();
    for user in [&all[1], &all[4]] {
        let path = format!("/groups/{group}/members/{user}");
        api.admin("PUT", &path, None).await.expect(204);
    }
    let path = format!("/users/{}/deactivate", all[2]);
    api.admin("POST", &path, None).await.expect(200);

    let list = |query: &str| {
        let path = format!("/users?{query}");
        let api = &api;
        async move { api.admin("GET", &path, None).await.expect(200) }
    };
    assert_eq!(
        list("status=inactive").await["items"][0]["id"],
        json!(all[2])
    );
    // Lists go by id; all were made in one millisecond, so either may be first.
    let mut members = [&*all[1], &*all[4]];
    members.sort_unstable();
    assert_eq!(
        column(&list(&format!("group={group}")).await, "id"),
        members
    );
    assert_eq!(column(&list("q=ÜNAL+3").await, "id"), [&*all[3]]);
    assert_eq!(list("q=100%25").await["items"], json!([]));
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = list(&format!("limit=3&cursor={cursor}")).await;
        seen.extend(column(&page, "id"));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = next.to_owned(),
            None => break,
        }
    }
    let mut sorted = all.clone();
    sorted.sort();
    assert_eq!(seen, sorted);
    for (query, field) in [
        ("limit=0", "limit"),
        ("limit=501", "limit"),
        ("cursor=x", "cursor"),
        ("status=gone", "status"),
        ("group=x", "group"),
        ("stauts=active", "stauts"),
        ("q=%00", "q"),
    ] {
        let reply = api.admin("GET", &format!("/users?{query}"), None).await;
        assert_eq!(reply.mistakes(422), [field], "{query}");
    }
}

#[tokio::test]
async fn sessions_end_and_users_go() {
    let api = Api::new().await;
    let user = api.user(json!({"email": "ada@example.com"})).await;
    let path = format!("/users/{user}");
    let cookie = api.sign_in(&user).await;
    let me = || api.call(By::Cookie(&cookie), "GET", "/me", None);
    me().await.expect(200);
    api.admin("DELETE", &format!("{path}/sessions"), None)
        .await
        .expect(204);
    me().await.problem(401);
    api.admin("DELETE", &path, None).await.expect(204);
    for (method, path) in [
        ("GET", path.clone()),
        ("PATCH", path.clone()),
        ("DELETE", path.clone()),
        ("POST", format!("{path}/deactivate")),
        ("POST", format!("{path}/reactivate")),
        ("DELETE", format!("{path}/sessions")),
        ("GET", "/users/x".to_owned()),
        ("GET", "/users/%00".to_owned()),
    ] {
        let body = (method == "PATCH").then(|| json!({"name": "x"}));
        api.admin(method, &path, body).await.problem(404);
    }
}

#[tokio::test]
async fn two_who_make_the_same_user_make_one() {
    let api = Api::new().await;
    let make = || api.admin("POST", "/users", Some(json!({"email": "ada@example.com"})));
    let (a, b, c, d) = tokio::join!(make(), make(), make(), make());
    let mut said = [a.status, b.status, c.status, d.status];
    said.sort_unstable();
    assert_eq!(said, [201, 409, 409, 409]);
}

#[tokio::test]
async fn the_audit_log_names_who_did_it() {
    let api = Api::new().await;
    let user = json!({"email": "a@example.com", "name": "Ada", "roles": ["user-manager"]});
    let user = api.user(user).await;
    let cookie = api.sign_in(&user).await;
    let made = json!({"email": "b@example.com"});
    let made = api
        .call(By::Cookie(&cookie), "POST", "/users", Some(made))
        .await
        .expect(201);
    let by = format!("/audit?actor={user}&action=user.created");
    let events = api.admin("GET", &by, None).await.expect(200);
    assert_eq!(column(&events, "target_id"), [made["id"].as_str().unwrap()]);
    let event = &events["items"][0];
    assert_eq!(
        (&event["actor"], &event["actor_kind"]),
        (&json!("Ada"), &json!("user"))
    );
    assert_eq!(event["changes"][0]["field"], "email");
    let id = UserId::parse(&user).unwrap();
    api.directory
        .delete_user(&id, Actor::CommandLine)
        .await
        .unwrap();
}
