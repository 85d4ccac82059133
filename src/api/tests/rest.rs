//! `/me`, `/tokens`, `/settings`, `/logins`.

use serde_json::{Value, json};

use super::{Api, By, NOW, column};
use crate::directory::settings::Settings;
use crate::directory::traces::{LoginTrace, Side, TraceDetails, TraceOutcome};
use crate::domain::{Entropy, Reference, TraceId, UserId};

#[tokio::test]
async fn me_is_who_is_signed_in() {
    let api = Api::new().await;
    let user = json!({"email": "ada@example.com", "name": "Ada"});
    let user = api.user(user).await;
    let cookie = api.sign_in(&user).await;
    let me = api
        .call(By::Cookie(&cookie), "GET", "/me", None)
        .await
        .expect(200);
    assert_eq!((&me["id"], &me["name"]), (&json!(user), &json!("Ada")));
    assert_eq!(me["provider"], "okta");
    let session = json!({
        "signed_in_at": NOW.rfc3339(), "expires_at": NOW.plus_seconds(12 * 3600).rfc3339()
    });
    assert_eq!(me["session"], session);
    let shown = api
        .admin("GET", &format!("/users/{user}"), None)
        .await
        .expect(200);
    for (key, value) in shown.as_object().unwrap() {
        assert_eq!(&me[key], value, "{key}");
    }
    for by in [
        By::Nobody,
        By::Cookie("x"),
        By::Cookie(""),
        By::Token(&api.admin),
    ] {
        api.call(by, "GET", "/me", None).await.problem(401);
    }
}

#[tokio::test]
async fn a_silent_database_is_no_sign_out() {
    let api = Api::new().await;
    let user = api.user(json!({"email": "ada@example.com"})).await;
    let cookie = api.sign_in(&user).await;
    // Stands in for any failure of the database: the table is gone.
    let broken = api.directory.db.write(|tx| {
        Box::pin(async move {
            tx.execute("ALTER TABLE sessions RENAME TO elsewhere", &[])
                .await
        })
    });
    broken
        .await
        .map_err(|e: crate::platform::storage::StorageError| e)
        .unwrap();
    for path in ["/me", "/users"] {
        let reply = api.call(By::Cookie(&cookie), "GET", path, None).await;
        assert!(!reply.header(axum::http::header::RETRY_AFTER).is_empty());
        let problem = reply.problem(503);
        assert!(problem["reference"].as_str().unwrap().len() == 9);
        assert!(!problem.to_string().contains("sessions"), "{problem}");
    }
}

#[tokio::test]
async fn tokens_are_told_once() {
    let api = Api::new().await;
    api.pass(1);
    let body = json!({"name": "ci", "scopes": ["users:read", "groups:read"], "expires_at": null});
    let made = api.admin("POST", "/tokens", Some(body)).await.expect(201);
    assert!(made["token"].as_str().unwrap().starts_with("dwt_"));
    assert_eq!(made["scopes"], json!(["users:read", "groups:read"]));
    let list = api.admin("GET", "/tokens", None).await.expect(200);
    assert_eq!(column(&list, "name"), ["test", "ci"]);
    assert!(list["items"][1].get("token").is_none());
    assert!(!list.to_string().contains("dwt_"));
    assert_eq!(
        list["items"][0]["last_used_at"],
        NOW.plus_seconds(1).rfc3339()
    );
    for (body, places) in [
        (json!({}), &["/name", "/scopes"][..]),
        (json!({"name": 7, "scopes": "admin"}), &["/name", "/scopes"]),
        (json!({"name": "x", "scopes": []}), &["/scopes"]),
        (
            json!({"name": "x", "scopes": ["user:read"]}),
            &["/scopes/0"],
        ),
        (
            json!({"name": "x", "scopes": ["scim", "admin"]}),
            &["/scopes"],
        ),
        (
            json!({"name": "x".repeat(201), "scopes": ["admin"], "expires_at": "90d", "scope": 1}),
            &["/expires_at", "/name", "/scope"],
        ),
        (
            json!({"name": "x", "scopes": ["admin"], "expires_at": "2001-01-01T00:00:00Z"}),
            &["/expires_at"],
        ),
    ] {
        assert_eq!(
            api.admin("POST", "/tokens", Some(body)).await.mistakes(422),
            places
        );
    }
    api.admin("DELETE", "/tokens/x", None).await.problem(404);
}

#[tokio::test]
async fn settings_stand_until_they_are_changed() {
    let api = Api::new().await;
    let defaults = json!({"allowed_domains": ["*"], "home_realm_discovery": false, "passkeys": true, "password_login": true});
    assert_eq!(
        api.admin("GET", "/settings", None).await.expect(200),
        defaults
    );
    let patch = |body: Value| api.admin("PATCH", "/settings", Some(body));
    let changed = patch(json!({"home_realm_discovery": true}))
        .await
        .expect(200);
    let expected = json!({"allowed_domains": ["*"], "home_realm_discovery": true, "passkeys": true, "password_login": true});
    assert_eq!(changed, expected);
    assert_eq!(
        api.admin("GET", "/settings", None).await.expect(200),
        expected
    );
    // What nobody has set follows the configuration file, also when it changes.
    let later = Settings {
        allowed_domains: vec!["later.example".to_owned()],
        home_realm_discovery: false,
        password_login: true,
        passkeys: true,
    };
    let settings = api.directory.settings(&later).await.unwrap();
    assert_eq!(settings.allowed_domains, later.allowed_domains);
    assert!(settings.home_realm_discovery);
    for (body, places) in [
        (
            json!({"allowed_domains": ["a", 7], "home_realm_discovery": "yes", "x": 1}),
            &["/allowed_domains/1", "/home_realm_discovery", "/x"][..],
        ),
        (
            json!({"allowed_domains": ["a", "**", "*."]}),
            &["/allowed_domains/1", "/allowed_domains/2"],
        ),
        (json!({"allowed_domains": "*"}), &["/allowed_domains"]),
    ] {
        assert_eq!(patch(body).await.mistakes(422), places);
    }
    assert_eq!(patch(json!({})).await.expect(200), expected);
    let problem = patch(json!({"alowed_domains": []})).await.problem(422);
    assert!(
        problem["detail"]
            .as_str()
            .unwrap()
            .contains("allowed_domains")
    );
    assert_eq!(
        patch(json!({"home_realm_discovery": null}))
            .await
            .expect(200),
        defaults
    );
    let events = api
        .admin("GET", "/audit?target=settings", None)
        .await
        .expect(200);
    assert_eq!(column(&events, "action"), ["settings.changed"; 2]);
}

#[tokio::test]
async fn login_traces_have_their_shape() {
    let api = Api::new().await;
    let user = api.user(json!({"email": "ada@example.com"})).await;
    let mut ids = Vec::new();
    for (n, outcome) in TraceOutcome::ALL.iter().enumerate() {
        let at = NOW.plus_seconds(i64::try_from(n).unwrap());
        let trace = LoginTrace {
            id: TraceId::new(at, &Entropy::System),
            at,
            provider: format!("p{n}"),
            kind: "saml".to_owned(),
            outcome: *outcome,
            reference: Reference::from_row(format!("K7QF-2M9{n}")),
            user: (n == 0).then(|| UserId::parse(&user).unwrap()),
            code: "saml.audience_mismatch".to_owned(),
            details: TraceDetails {
                summary: "The audience is another.".to_owned(),
                expected: Some("a".to_owned()),
                received: vec!["b".to_owned()],
                side: Some(Side::Idp),
                remedy: None,
                attributes: [("mail".to_owned(), vec!["x".to_owned()])].into(),
                ..TraceDetails::default()
            },
        };
        ids.push(trace.id.to_string());
        api.directory.trace(trace).await.unwrap();
    }
    let all = api.admin("GET", "/logins", None).await.expect(200);
    let newest_first: Vec<&str> = ids.iter().rev().map(String::as_str).collect();
    assert_eq!(column(&all, "id"), newest_first);
    let expected = json!({
        "id": ids[0], "at": NOW.rfc3339(), "provider": "p0", "kind": "saml",
        "outcome": "success", "reference": "K7QF-2M90", "user": user,
        "code": "saml.audience_mismatch", "summary": "The audience is another.",
        "expected": "a", "received": ["b"], "side": "idp", "remedy": null,
        "attributes": {"mail": ["x"]}, "matched_by": null, "changes": [], "document": null
    });
    let one = api
        .admin("GET", &format!("/logins/{}", ids[0]), None)
        .await
        .expect(200);
    assert_eq!(one, expected);
    for (query, found) in [
        ("provider=p1", &ids[1]),
        ("outcome=failed", &ids[2]),
        ("reference=k7qf-2m91", &ids[1]),
        (&*format!("user={user}"), &ids[0]),
    ] {
        let list = api
            .admin("GET", &format!("/logins?{query}"), None)
            .await
            .expect(200);
        assert_eq!(column(&list, "id"), [found.as_str()], "{query}");
    }
    let page = api.admin("GET", "/logins?limit=2", None).await.expect(200);
    let next = format!("/logins?cursor={}", page["next_cursor"].as_str().unwrap());
    let page = api.admin("GET", &next, None).await.expect(200);
    assert_eq!(column(&page, "id"), [ids[0].as_str()]);
    for query in ["outcome=lost", "user=x", "limit=x", "colour=red"] {
        api.admin("GET", &format!("/logins?{query}"), None)
            .await
            .problem(422);
    }
    for id in ["x", "00000000-0000-7000-8000-000000000000"] {
        api.admin("GET", &format!("/logins/{id}"), None)
            .await
            .problem(404);
    }
}
