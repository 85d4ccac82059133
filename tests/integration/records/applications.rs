//! Applications on the dashboard.

use serde_json::json;

use super::{HOSTILE, all, form, open, send, texts, with_admin};
use crate::harness::{Browser, Person, Server};

on_both! {
    a_client_is_made_and_its_secret_shown_once
    what_was_typed_for_an_application_stays
    an_application_is_edited_part_by_part
    the_second_of_two_admins_on_an_application_is_told
    people_and_groups_are_assigned
    a_secret_is_renewed_and_an_application_deleted
}

const NEW: &str = "/admin/applications/new";

async fn make(admin: &mut Browser, with: &[(&str, &str)]) -> crate::harness::Answer {
    let page = open(admin, NEW).await;
    send(admin, &page, NEW, with).await
}

async fn a_client_is_made_and_its_secret_shown_once(server: Server) {
    let (_, mut admin, _) = with_admin(&server).await;
    let list = open(&mut admin, "/admin/applications").await;
    assert!(
        list.body.contains("will stand in this list"),
        "{}",
        list.body
    );
    let with = [
        ("name", "Wiki"),
        ("slug", "wiki"),
        ("kind", "oidc"),
        ("redirect_uris", "https://wiki.example.com/cb"),
    ];
    let made = make(&mut admin, &with).await;
    assert_eq!(made.status, 200, "{}", made.body);
    let secret = texts(&made, "#c-client-secret").remove(0);
    assert!(secret.starts_with("dws_"), "{secret}");
    let page = open(&mut admin, "/admin/applications/wiki").await;
    assert!(!page.body.contains(&secret) && !server.log().contains(&secret));
    assert_eq!(texts(&page, "#c-issuer"), std::slice::from_ref(&server.url));
    assert_eq!(
        texts(&page, "#c-discovery"),
        [format!("{}/.well-known/openid-configuration", server.url)]
    );
    assert_eq!(texts(&page, "#c-client-id"), ["wiki"]);
    assert!(
        page.body
            .contains("Only users and groups that are assigned")
    );
    assert!(page.body.contains("nobody can use it yet"));
    // Sent twice: the second is told that there is one.
    let twice = make(&mut admin, &with).await;
    assert_eq!(twice.status, 422);
    assert!(
        twice
            .body
            .contains("wiki belongs to another application already"),
        "{}",
        twice.body
    );

    let made = make(
        &mut admin,
        &[
            ("name", "Files"),
            ("slug", "files"),
            ("kind", "forward_auth"),
            ("access", "internal"),
            ("hosts", "Files.example.com\nfiles.example.com:8443"),
        ],
    )
    .await;
    assert_eq!(
        made.location.as_deref(),
        Some("/admin/applications/files?done=application-created")
    );
    let page = open(&mut admin, "/admin/applications/files").await;
    for shown in [
        "server_name files.example.com",
        "/auth/forward",
        "forward_auth",
        "ext_authz",
    ] {
        assert!(page.body.contains(shown), "{shown}: {}", page.body);
    }
    let made = make(
        &mut admin,
        &[
            ("name", "Menu"),
            ("slug", "menu"),
            ("kind", "link"),
            ("access", "public"),
            ("launch_url", "https://menu.example.com/"),
        ],
    )
    .await;
    assert_eq!(made.status, 303, "{}", made.body);
    let list = open(&mut admin, "/admin/applications").await;
    assert_eq!(texts(&list, "tbody th"), ["Files", "Menu", "Wiki"]);
}

async fn what_was_typed_for_an_application_stays(server: Server) {
    let (_, mut admin, _) = with_admin(&server).await;
    let long = "x".repeat(121);
    let good = [
        ("name", "Wiki"),
        ("slug", "wiki"),
        ("kind", "oidc"),
        ("access", "private"),
        ("redirect_uris", "https://a.example/cb"),
    ];
    for (field, value) in [
        ("name", ""),
        ("name", &*long),
        ("slug", ""),
        ("slug", "Not a slug"),
        ("slug", "new"),
        ("slug", HOSTILE),
        ("kind", "everything"),
        ("access", "everybody"),
        ("redirect_uris", ""),
        ("redirect_uris", "https://a.example/#fragment"),
        ("redirect_uris", "javascript:alert(1)"),
        ("redirect_uris", "https://*.example.com/cb"),
        ("redirect_uris", HOSTILE),
        ("launch_url", "javascript:alert(1)"),
    ] {
        let mut with: Vec<(&str, &str)> =
            good.iter().copied().filter(|(n, _)| *n != field).collect();
        with.push((field, value));
        let answer = make(&mut admin, &with).await;
        assert_eq!(answer.status, 422, "{field} {value:?}: {}", answer.body);
        super::harmless(&answer);
        assert_eq!(
            all(&answer, &format!("#p-{field}"), "class"),
            ["problem"],
            "{field} {value:?}"
        );
        let kept = form(&answer, NEW, &[]);
        for (name, value) in with {
            if !(field == name && (name == "kind" || name == "access")) {
                assert!(
                    kept.iter()
                        .any(|(n, v)| n == name && v.trim() == value.trim()),
                    "{name}: {kept:?}"
                );
            }
        }
    }
    let none = server.api().list("/api/v1/applications").await;
    assert_eq!(none, Vec::<serde_json::Value>::new());
}

async fn an_application_is_edited_part_by_part(server: Server) {
    let (_, mut admin, _) = with_admin(&server).await;
    make(
        &mut admin,
        &[
            ("name", "Wiki"),
            ("slug", "wiki"),
            ("kind", "oidc"),
            ("redirect_uris", "https://a.example/cb"),
        ],
    )
    .await;
    make(
        &mut admin,
        &[
            ("name", "Files"),
            ("slug", "files"),
            ("kind", "forward_auth"),
            ("hosts", "files.example.com"),
        ],
    )
    .await;
    let edit = async |admin: &mut Browser, slug: &str, part: &str, with: &[(&str, &str)]| {
        let path = format!("/admin/applications/{slug}/edit/{part}");
        let page = open(admin, &path).await;
        send(admin, &page, &path, with).await
    };
    let saved = "/admin/applications/wiki?done=application-saved";
    for (part, with) in [
        (
            "general",
            vec![
                ("name", "Our wiki"),
                ("access", "internal"),
                ("logo_url", "https://a.example/logo.png"),
            ],
        ),
        (
            "openid",
            vec![
                ("code_lifetime", "30"),
                ("post_logout_redirect_uris", "https://a.example/out"),
                ("id_token_signed_response_alg", "ES256"),
            ],
        ),
        (
            "claims",
            vec![(
                "claims",
                "department = department\ncost=extensionAttribute1",
            )],
        ),
    ] {
        let answer = edit(&mut admin, "wiki", part, &with).await;
        assert_eq!(
            answer.location.as_deref(),
            Some(saved),
            "{part}: {}",
            answer.body
        );
    }
    let wiki = server.api().get("/api/v1/applications/wiki").await;
    assert_eq!(
        (&wiki["name"], &wiki["access"]),
        (&json!("Our wiki"), &json!("internal"))
    );
    assert_eq!(wiki["code_lifetime"], 30);
    assert_eq!(
        wiki["redirect_uris"],
        json!(["https://a.example/cb"]),
        "the rest stays"
    );
    assert_eq!(
        wiki["claims"],
        json!({"department": "department", "cost": "extensionAttribute1"})
    );
    assert_eq!(wiki["enabled"], true);
    let answer = edit(
        &mut admin,
        "files",
        "forward",
        &[
            ("path_rules", "/health = anonymous\n/internal/* = deny"),
            ("headers", "X-Department = department"),
            ("group_separator", "|"),
        ],
    )
    .await;
    assert_eq!(answer.status, 303, "{}", answer.body);
    let files = server.api().get("/api/v1/applications/files").await;
    assert_eq!(
        files["path_rules"][1],
        json!({"path": "/internal/*", "access": "deny"})
    );
    let page = open(&mut admin, "/admin/applications/files").await;
    assert!(page.body.contains("X-Department"), "{}", page.body);
    // Mistakes.
    for (slug, part, field, value) in [
        ("wiki", "openid", "code_lifetime", "soon"),
        ("wiki", "openid", "jwks", "{"),
        ("wiki", "claims", "claims", "sub = email"),
        ("wiki", "claims", "claims", HOSTILE),
        ("files", "forward", "hosts", "not a host"),
        ("files", "forward", "path_rules", "/x = perhaps"),
        ("files", "forward", "headers", "Cookie = email"),
    ] {
        let answer = edit(&mut admin, slug, part, &[(field, value)]).await;
        assert_eq!(answer.status, 422, "{field}: {}", answer.body);
        super::harmless(&answer);
        let path = format!("/admin/applications/{slug}/edit/{part}");
        let kept = form(&answer, &path, &[]);
        assert!(
            kept.iter().any(|(n, v)| n == field && v.trim() == value),
            "{field}: {kept:?}"
        );
    }
    for path in [
        "/admin/applications/files/edit/openid",
        "/admin/applications/wiki/edit/x",
        "/admin/applications/none",
        "/admin/applications/none/edit/general",
    ] {
        assert_eq!(admin.click(path).await.status, 404, "{path}");
    }
}

async fn the_second_of_two_admins_on_an_application_is_told(server: Server) {
    let (idp, mut one, _) = with_admin(&server).await;
    let (mut other, _) = idp.signed_in_with(&server, "boss", Some("admin")).await;
    make(
        &mut one,
        &[("name", "Menu"), ("slug", "menu"), ("kind", "link")],
    )
    .await;
    let path = "/admin/applications/menu/edit/general";
    let (mine, theirs) = (open(&mut one, path).await, open(&mut other, path).await);
    assert_eq!(
        send(&mut one, &mine, path, &[("name", "One")]).await.status,
        303
    );
    let second = send(&mut other, &theirs, path, &[("name", "Other")]).await;
    assert_eq!(second.status, 409);
    assert!(
        second
            .body
            .contains("Somebody else changed this application"),
        "{}",
        second.body
    );
    assert!(form(&second, path, &[]).contains(&("name".to_owned(), "Other".to_owned())));
    let menu = server.api().get("/api/v1/applications/menu").await;
    assert_eq!(menu["name"], "One");
    // Sent again by somebody who has been told, it counts.
    assert_eq!(send(&mut other, &second, path, &[]).await.status, 303);
    let menu = server.api().get("/api/v1/applications/menu").await;
    assert_eq!(menu["name"], "Other");
    // A deletion of what was looked at before the change does not happen either.
    let question = "/admin/applications/menu/delete";
    let old = open(&mut other, question).await;
    let page = open(&mut one, path).await;
    send(&mut one, &page, path, &[("name", "Two")]).await;
    let late = send(&mut other, &old, question, &[]).await;
    assert!(
        late.location
            .unwrap()
            .ends_with("?told=application-changed")
    );
    server.api().get("/api/v1/applications/menu").await;
}

async fn people_and_groups_are_assigned(server: Server) {
    let (idp, mut admin, _) = with_admin(&server).await;
    let ada = idp
        .login(&server, &mut Browser::new(&server), &Person::named("ada"))
        .await;
    let ada = ada.user()["id"].as_str().unwrap().to_owned();
    let group = json!({"name": format!("Engines {HOSTILE}")});
    let group = server
        .api()
        .expect("POST", "/api/v1/groups", Some(&group), 201)
        .await;
    let group = group["id"].as_str().unwrap().to_owned();
    make(
        &mut admin,
        &[
            ("name", "Menu"),
            ("slug", "menu"),
            ("kind", "link"),
            ("access", "private"),
        ],
    )
    .await;
    let path = "/admin/applications/menu/assignments";
    let found = open(&mut admin, &format!("{path}?q=ada")).await;
    assert_eq!(
        all(&found, "input[name=user]", "value"),
        std::slice::from_ref(&ada)
    );
    let csrf = all(&found, "input[name=csrf]", "value").remove(0);
    for (what, id) in [("user", &ada), ("group", &group)] {
        let fields = [("csrf", &*csrf), ("do", "assign"), (what, id)];
        let done = admin.submit(path, &fields).await;
        assert!(
            done.location
                .unwrap()
                .ends_with("?done=application-assigned")
        );
        // Twice is once.
        assert_eq!(admin.submit(path, &fields).await.status, 303);
    }
    let page = open(&mut admin, path).await;
    assert_eq!(
        all(&page, "input[name=user]", "value"),
        std::slice::from_ref(&ada)
    );
    assert_eq!(
        all(&page, "input[name=group]", "value"),
        std::slice::from_ref(&group)
    );
    let found = open(&mut admin, &format!("{path}?q=ada")).await;
    assert_eq!(
        all(&found, "input[name=do][value=assign]", "value").len(),
        0,
        "she is assigned"
    );
    let history = open(&mut admin, &format!("/admin/users/{ada}/history")).await;
    assert!(
        history.body.contains("Application assigned"),
        "{}",
        history.body
    );
    let fields = [("csrf", &*csrf), ("do", "unassign"), ("user", &*ada)];
    let done = admin.submit(path, &fields).await;
    assert!(
        done.location
            .unwrap()
            .ends_with("?done=application-unassigned")
    );
    let nobody = "01937b5c-8f0e-7c1a-9d2e-3f4a5b6c7d8e";
    for fields in [
        [("csrf", &*csrf), ("do", "assign"), ("user", nobody)],
        [("csrf", &*csrf), ("do", "assign"), ("user", "x")],
    ] {
        let answer = admin.submit(path, &fields).await;
        assert!(
            answer
                .location
                .unwrap()
                .ends_with("?told=application-nobody")
        );
    }
}

async fn a_secret_is_renewed_and_an_application_deleted(server: Server) {
    let (_, mut admin, _) = with_admin(&server).await;
    let made = make(
        &mut admin,
        &[
            ("name", "Wiki"),
            ("slug", "wiki"),
            ("kind", "oidc"),
            ("redirect_uris", "https://a.example/cb"),
        ],
    )
    .await;
    let first = texts(&made, "#c-client-secret").remove(0);
    let question = "/admin/applications/wiki/rotate-secret";
    let page = open(&mut admin, question).await;
    let renewed = send(&mut admin, &page, question, &[]).await;
    let second = texts(&renewed, "#c-client-secret").remove(0);
    assert_ne!(first, second);
    // Sent twice, the secret that was copied stays good.
    let twice = send(&mut admin, &page, question, &[]).await;
    assert_eq!(
        twice.location.as_deref(),
        Some("/admin/applications/wiki?told=application-changed")
    );
    let events = server
        .api()
        .list("/api/v1/audit?action=application.secret_rotated")
        .await;
    assert_eq!(events.len(), 1);
    assert!(!serde_json::to_string(&events).unwrap().contains("dws_"));

    let question = "/admin/applications/wiki/delete";
    let page = open(&mut admin, question).await;
    assert!(
        page.body.contains("Nobody can sign in to it any more"),
        "{}",
        page.body
    );
    let done = send(&mut admin, &page, question, &[]).await;
    assert_eq!(
        done.location.as_deref(),
        Some("/admin/applications?done=application-deleted")
    );
    let twice = send(&mut admin, &page, question, &[]).await;
    assert_eq!(
        twice.location.as_deref(),
        Some("/admin/applications?told=application-gone")
    );
    assert_eq!(
        server
            .api()
            .call("GET", "/api/v1/applications/wiki", None)
            .await
            .0,
        404
    );
    // A link has no secret to renew.
    make(
        &mut admin,
        &[("name", "Menu"), ("slug", "menu"), ("kind", "link")],
    )
    .await;
    let page = open(&mut admin, "/admin/applications/menu/rotate-secret").await;
    assert!(
        all(&page, "main form", "action").is_empty(),
        "{}",
        page.body
    );
}
