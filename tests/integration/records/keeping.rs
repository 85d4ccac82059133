//! API tokens and settings.

use super::{all, form, open, send, texts, with_admin};
use crate::harness::{Browser, Server};

on_both! {
    a_token_is_shown_once
    what_was_typed_for_a_token_stays
    a_token_is_deleted_after_a_question
    settings_follow_the_file_until_somebody_sets_them
    the_second_of_two_admins_is_told
    auditors_change_nothing
}

const NEW: &str = "/admin/tokens/new";

/// The ids of tokens that the dashboard has made, with their names.
async fn tokens(server: &Server) -> Vec<(String, String)> {
    let all = server.api().list("/api/v1/tokens").await;
    let all = all
        .into_iter()
        .filter(|t| !t["name"].as_str().unwrap().starts_with("test-"));
    all.map(|t| {
        let text = |key: &str| t[key].as_str().unwrap().to_owned();
        (text("id"), text("name"))
    })
    .collect()
}

async fn a_token_is_shown_once(server: Server) {
    let (_, mut admin, root) = with_admin(&server).await;
    let page = open(&mut admin, NEW).await;
    let with = [
        ("name", "Backup"),
        ("scope", "users:read"),
        ("lifetime", "30"),
    ];
    let fields = form(&page, NEW, &with);
    let fields: Vec<(&str, &str)> = fields
        .iter()
        .map(|(n, v)| (n.as_str(), v.as_str()))
        .collect();
    let made = admin.submit(NEW, &fields).await;
    assert_eq!(made.status, 200, "{}", made.body);
    assert!(made.header("cache-control").unwrap().contains("no-store"));
    let secret = texts(&made, "#c-token").remove(0);
    assert!(secret.starts_with("dwt_"), "{secret}");
    assert_eq!(
        server
            .api_with(&secret)
            .call("GET", "/api/v1/users", None)
            .await
            .0,
        200
    );
    assert_eq!(
        server
            .api_with(&secret)
            .call("GET", "/api/v1/groups", None)
            .await
            .0,
        403
    );
    // Sent twice, it is one token; its secret was told the first time.
    let again = admin.submit(NEW, &fields).await;
    assert_eq!(
        again.location.as_deref(),
        Some("/admin/tokens?told=token-made-before")
    );
    assert_eq!(tokens(&server).await.len(), 1);
    let list = open(&mut admin, "/admin/tokens?told=token-made-before").await;
    assert!(
        list.body.contains("This form was sent before"),
        "{}",
        list.body
    );
    assert!(!list.body.contains(&secret) && !again.body.contains(&secret));
    assert!(list.body.contains("Root Example"), "{}", list.body);
    assert!(!server.log().contains(&secret), "no secret in the log");
    let event = server
        .api()
        .get("/api/v1/audit?action=token.created&limit=1")
        .await;
    assert!(!event.to_string().contains(&secret));
    assert_eq!(event["items"][0]["actor_id"], root.as_str());
}

async fn what_was_typed_for_a_token_stays(server: Server) {
    let (_, mut admin, _) = with_admin(&server).await;
    let page = open(&mut admin, NEW).await;
    let long = "x".repeat(201);
    for (with, wrong) in [
        (vec![("name", ""), ("scope", "users:read")], "name"),
        (vec![("name", &*long), ("scope", "users:read")], "name"),
        (
            vec![("name", "a\u{202e}b"), ("scope", "users:read")],
            "name",
        ),
        (vec![("name", "Backup")], "scope"),
        (vec![("name", "Backup"), ("scope", "everything")], "scope"),
        (
            vec![("name", "Backup"), ("scope", "scim"), ("scope", "admin")],
            "scope",
        ),
        (
            vec![
                ("name", "Backup"),
                ("scope", "admin"),
                ("lifetime", "date"),
                ("date", "2020-01-01"),
            ],
            "date",
        ),
        (
            vec![
                ("name", "Backup"),
                ("scope", "admin"),
                ("lifetime", "date"),
                ("date", ""),
            ],
            "date",
        ),
        (
            vec![("name", "Backup"), ("scope", "admin"), ("lifetime", "9999")],
            "lifetime",
        ),
    ] {
        let answer = send(&mut admin, &page, NEW, &with).await;
        assert_eq!(answer.status, 422, "{with:?}: {}", answer.body);
        assert_eq!(
            all(&answer, &format!("#p-{wrong}"), "class"),
            ["problem"],
            "{with:?}"
        );
        let kept = form(&answer, NEW, &[]);
        for (name, value) in &with {
            let known = *name != "scope" || *value != "everything";
            let is_choice = *name == "lifetime" && *value == "9999";
            if known && !is_choice {
                assert!(
                    kept.contains(&((*name).to_owned(), (*value).to_owned())),
                    "{name}: {kept:?}"
                );
            }
        }
    }
    // A form of somebody else's session, or of none.
    let answer = admin
        .submit(NEW, &[("csrf", "x"), ("name", "a"), ("scope", "admin")])
        .await;
    assert_eq!(answer.status, 403);
    let stolen = form(&page, NEW, &[("name", "a"), ("scope", "admin")]);
    let stolen: Vec<(&str, &str)> = stolen
        .iter()
        .map(|(n, v)| (n.as_str(), v.as_str()))
        .collect();
    admin.submit_elsewhere(NEW, &stolen).await;
    assert_eq!(tokens(&server).await, []);
}

async fn a_token_is_deleted_after_a_question(server: Server) {
    let (_, mut admin, _) = with_admin(&server).await;
    let page = open(&mut admin, NEW).await;
    let with = [
        ("name", "Old & <rusty>"),
        ("scope", "audit:read"),
        ("lifetime", ""),
    ];
    let made = send(&mut admin, &page, NEW, &with).await;
    let secret = texts(&made, "#c-token").remove(0);
    let id = tokens(&server).await.remove(0).0;
    let question = format!("/admin/tokens/{id}/delete");
    let page = open(&mut admin, &question).await;
    assert!(texts(&page, "h1")[0].contains("Old & <rusty>"));
    assert_eq!(
        server
            .api_with(&secret)
            .call("GET", "/api/v1/logins", None)
            .await
            .0,
        200
    );
    let done = send(&mut admin, &page, &question, &[]).await;
    assert_eq!(
        done.location.as_deref(),
        Some("/admin/tokens?done=token-deleted")
    );
    assert_eq!(
        server
            .api_with(&secret)
            .call("GET", "/api/v1/logins", None)
            .await
            .0,
        401
    );
    let twice = send(&mut admin, &page, &question, &[]).await;
    assert_eq!(
        twice.location.as_deref(),
        Some("/admin/tokens?told=token-gone")
    );
    let gone = admin.click(&question).await;
    assert_eq!(
        gone.location.as_deref(),
        Some("/admin/tokens?told=token-gone")
    );
}

const SETTINGS: &str = "/admin/settings";

async fn settings_follow_the_file_until_somebody_sets_them(server: Server) {
    let (_, mut admin, _) = with_admin(&server).await;
    let page = open(&mut admin, SETTINGS).await;
    assert!(page.body.contains(&server.url), "{}", page.body);
    // A mistake comes back with everything that was typed.
    let with = [
        ("allowed_domains_source", "own"),
        ("allowed_domains", "example.com\nnot a domain!"),
        ("home_realm_discovery", "on"),
    ];
    let wrong = send(&mut admin, &page, SETTINGS, &with).await;
    assert_eq!(wrong.status, 422, "{}", wrong.body);
    let kept = form(&wrong, SETTINGS, &[]);
    for (name, value) in with {
        let value = value.replace("\r\n", "\n");
        assert!(
            kept.iter().any(|(n, v)| n == name && v.trim() == value),
            "{name}: {kept:?}"
        );
    }
    let with = [
        ("allowed_domains_source", "own"),
        ("allowed_domains", "example.com, *.Example.org"),
        ("home_realm_discovery", "on"),
    ];
    let saved = send(&mut admin, &wrong, SETTINGS, &with).await;
    assert_eq!(
        saved.location.as_deref(),
        Some("/admin/settings?done=settings-saved")
    );
    let settings = server.api().get("/api/v1/settings").await;
    assert_eq!(
        settings["allowed_domains"],
        serde_json::json!(["example.com", "*.Example.org"])
    );
    assert_eq!(settings["home_realm_discovery"], true);
    // And back to the file.
    let page = open(&mut admin, SETTINGS).await;
    let with = [("allowed_domains_source", ""), ("home_realm_discovery", "")];
    send(&mut admin, &page, SETTINGS, &with).await;
    let settings = server.api().get("/api/v1/settings").await;
    assert_eq!(settings["home_realm_discovery"], false);
    let events = server
        .api()
        .list("/api/v1/audit?action=settings.changed")
        .await;
    assert_eq!(events.len(), 2);
}

async fn the_second_of_two_admins_is_told(server: Server) {
    let (idp, mut one, _) = with_admin(&server).await;
    let (mut other, _) = idp.signed_in_with(&server, "boss", Some("admin")).await;
    let (mine, theirs) = (
        open(&mut one, SETTINGS).await,
        open(&mut other, SETTINGS).await,
    );
    let first = send(&mut one, &mine, SETTINGS, &[("home_realm_discovery", "on")]).await;
    assert_eq!(first.status, 303);
    let typed = [
        ("allowed_domains_source", "own"),
        ("allowed_domains", "example.net"),
    ];
    let second = send(&mut other, &theirs, SETTINGS, &typed).await;
    assert_eq!(second.status, 409);
    assert!(
        second.body.contains("Somebody else changed the settings"),
        "{}",
        second.body
    );
    assert!(
        second.body.contains("example.net"),
        "what was typed is there"
    );
    let settings = server.api().get("/api/v1/settings").await;
    assert_ne!(
        settings["allowed_domains"],
        serde_json::json!(["example.net"])
    );
}

async fn auditors_change_nothing(server: Server) {
    let (idp, mut admin, _) = with_admin(&server).await;
    let (mut auditor, _) = idp.signed_in_with(&server, "aud", Some("auditor")).await;
    let csrf = auditor.csrf("/account").await;
    let settings = server.api().get("/api/v1/settings").await;
    for path in [
        "/admin/settings",
        "/admin/tokens",
        "/admin/applications",
        "/admin/audit",
        "/admin/logins",
    ] {
        let page = open(&mut auditor, path).await;
        let forms = all(&page, "main form[method=post] button", "class");
        assert!(forms.is_empty(), "{path} has a form to send: {forms:?}");
    }
    let tries = [
        ("/admin/settings", vec![("home_realm_discovery", "on")]),
        (NEW, vec![("name", "x"), ("scope", "admin")]),
        (
            "/admin/applications/new",
            vec![
                ("name", "x"),
                ("slug", "x"),
                ("kind", "link"),
                ("access", "public"),
            ],
        ),
        (
            "/admin/users/clear-identifiers",
            vec![("names", "root@example.com")],
        ),
    ];
    for (path, mut fields) in tries {
        fields.push(("csrf", &csrf));
        assert_eq!(auditor.submit(path, &fields).await.status, 403, "{path}");
    }
    assert_eq!(server.api().get("/api/v1/settings").await, settings);
    assert_eq!(tokens(&server).await, []);
    // Somebody who is shut out in the middle of it is out.
    let page = open(&mut admin, SETTINGS).await;
    idp.signed_in_with(&server, "boss", Some("admin")).await;
    let root = server
        .api()
        .user_by_email("root@example.com")
        .await
        .unwrap();
    let path = format!("/api/v1/users/{}/deactivate", root["id"].as_str().unwrap());
    server.api().expect("POST", &path, None, 200).await;
    let late = send(
        &mut admin,
        &page,
        SETTINGS,
        &[("home_realm_discovery", "on")],
    )
    .await;
    assert!(late.location.unwrap().starts_with("/login"));
    let mut stranger = Browser::new(&server);
    assert!(
        stranger
            .click(SETTINGS)
            .await
            .location
            .unwrap()
            .starts_with("/login?rd=")
    );
}
