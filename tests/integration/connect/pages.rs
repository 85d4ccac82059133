//! The pages of the dashboard: adding, changing, ordering, switching, deleting.

use serde_json::json;

use super::{admin, all, hidden, send, texts};
use crate::harness::{Browser, Idp, Person, Server};

on_both! {
    a_provider_from_nothing
    a_form_that_is_wrong_loses_nothing
    of_two_admins_the_second_is_told
    secrets_go_in_and_never_out
    providers_change_their_order
    switching_off_and_deleting_say_what_they_do
    keys_are_rolled_over
}

async fn a_provider_from_nothing(server: Server) {
    let (mut browser, _) = admin(&server).await;
    let idp = Idp::other();
    let page = browser.click("/admin/add-provider").await;
    let fields = [
        ("kind", "saml"),
        ("label", "Second <way>"),
        ("slug", "other"),
    ];
    let made = send(&mut browser, &page, "/admin/add-provider", &fields).await;
    let page = browser.follow(made).await;
    assert!(page.body.contains("Draft"), "{}", page.body);
    assert!(!page.body.contains("Second <way>"));
    // It cannot be switched on yet.
    let question = browser.click("/admin/authentication/other/enable").await;
    let on = send(
        &mut browser,
        &question,
        "/admin/authentication/other/enable",
        &[],
    )
    .await;
    let told = "/admin/authentication/other?told=provider-incomplete";
    assert_eq!(on.location.as_deref(), Some(told));
    // Each product's guide has the values in it.
    for product in [
        "okta",
        "entra-id",
        "ad-fs",
        "google-workspace",
        "ping",
        "keycloak",
        "onelogin",
        "akamai",
        "other",
    ] {
        let path = format!("/admin/authentication/other?product={product}");
        let page = browser.click(&path).await;
        assert!(
            texts(&page, "code").contains(&format!("{}/saml/other/acs", server.url)),
            "{product}"
        );
    }
    let path = "/admin/authentication/other/metadata";
    let form = browser.click(path).await;
    let metadata = idp.metadata();
    let brought = send(&mut browser, &form, path, &[("metadata_xml", &metadata)]).await;
    assert_eq!(brought.status, 303, "{}", brought.body);
    let path = "/admin/authentication/other/edit";
    let form = browser.click(path).await;
    let fields = [
        ("label", "Second"),
        ("allowed_domains", "example.com\n*.example.com"),
        ("jit", "on"),
        ("sync_fields", "name"),
        ("sync_fields", "department"),
        ("names-department", "dept\nurn:x"),
        ("name_id_format", "persistent"),
        ("request_binding", "redirect"),
    ];
    let saved = send(&mut browser, &form, path, &fields).await;
    assert_eq!(
        saved.location.as_deref(),
        Some("/admin/authentication/other?done=provider-saved"),
        "{}",
        saved.body
    );
    let stored = server.api().get("/api/v1/providers/other").await;
    assert_eq!(
        stored["allowed_domains"],
        json!(["example.com", "*.example.com"])
    );
    assert_eq!(stored["sync_fields"], json!(["name", "department"]));
    assert_eq!(
        stored["saml"]["attributes"],
        json!({ "department": ["dept", "urn:x"] })
    );
    assert_eq!(stored["link_by_email"], false, "the box was not ticked");
    let question = browser.click("/admin/authentication/other/enable").await;
    send(
        &mut browser,
        &question,
        "/admin/authentication/other/enable",
        &[],
    )
    .await;
    let mut employee = Browser::new(&server);
    idp.login(&server, &mut employee, &Person::named("ada"))
        .await
        .user();
    let page = browser.click("/admin/authentication/other").await;
    assert!(
        texts(&page, ".pill").iter().any(|pill| pill == "Works"),
        "{}",
        page.body
    );
    let list = browser.click("/admin/authentication").await;
    assert_eq!(texts(&list, "tbody th a"), ["SSO Login", "Second"]);
    let check = browser.click("/admin/authentication/other/check").await;
    assert!(
        !texts(&check, "ul.ticks li.passed").is_empty(),
        "{}",
        check.body
    );
}

async fn a_form_that_is_wrong_loses_nothing(server: Server) {
    let (mut browser, _) = admin(&server).await;
    let page = browser.click("/admin/add-provider").await;
    let long = "x".repeat(100);
    for (field, value) in [
        ("slug", ""),
        ("slug", "No Slug"),
        ("slug", "-a"),
        ("slug", long.as_str()),
        ("label", ""),
        ("label", long.as_str()),
        ("label", "a\u{202e}b"),
        ("kind", "telepathy"),
    ] {
        let mut fields = vec![("kind", "saml"), ("label", "Fine"), ("slug", "fine")];
        fields.retain(|(name, _)| *name != field);
        fields.push((field, value));
        let wrong = send(&mut browser, &page, "/admin/add-provider", &fields).await;
        assert_eq!(wrong.status, 422, "{field} {value}");
        assert!(
            wrong.body.contains(&format!("id=\"p-{field}\"")),
            "{field}: {}",
            wrong.body
        );
        if field != "slug" {
            assert!(wrong.body.contains("value=\"fine\""));
        }
    }
    let fields = [("kind", "saml"), ("label", "Again"), ("slug", "okta")];
    let taken = send(&mut browser, &page, "/admin/add-provider", &fields).await;
    assert_eq!(taken.status, 409);
    // The large form.
    let path = "/admin/authentication/okta/edit";
    let form = browser.click(path).await;
    let before = server.api().get("/api/v1/providers/okta").await;
    for (field, value) in [
        ("label", ""),
        ("allowed_domains", "no domain!"),
        ("allowed_domains", "http://example.com"),
        ("group_map", "no arrow"),
        ("names-upn", "\u{1}"),
        ("requested_authn_context", "not a uri <x>"),
    ] {
        let mut fields = vec![
            ("label", "Typed & kept"),
            ("allowed_domains", "example.com"),
        ];
        fields.retain(|(name, _)| *name != field);
        fields.push((field, value));
        let wrong = send(&mut browser, &form, path, &fields).await;
        assert_eq!(wrong.status, 422, "{field} {value}: {}", wrong.body);
        assert!(
            wrong.body.contains(&format!("id=\"p-{field}\"")),
            "{field}: {}",
            wrong.body
        );
        if field != "label" {
            assert!(wrong.body.contains("Typed &#38; kept"), "{}", wrong.body);
        }
    }
    assert_eq!(server.api().get("/api/v1/providers/okta").await, before);
    // A token that is not this session's, and a form of another site.
    let hidden = hidden(&form, path);
    let version = &hidden.iter().find(|(name, _)| name == "version").unwrap().1;
    let stale = [
        ("label", "Evil"),
        ("csrf", "x"),
        ("version", version.as_str()),
    ];
    assert_eq!(browser.submit(path, &stale).await.status, 403);
    let csrf = browser.csrf("/account").await;
    let foreign = [
        ("label", "Evil"),
        ("csrf", csrf.as_str()),
        ("version", version.as_str()),
    ];
    assert_eq!(browser.submit_elsewhere(path, &foreign).await.status, 403);
    assert_eq!(server.api().get("/api/v1/providers/okta").await, before);
}

async fn of_two_admins_the_second_is_told(server: Server) {
    let (mut browser, _) = admin(&server).await;
    let path = "/admin/authentication/okta/edit";
    let (first, second) = (browser.click(path).await, browser.click(path).await);
    let fields = [
        ("label", "First"),
        ("allowed_domains", "example.com"),
        ("jit", "on"),
    ];
    assert_eq!(send(&mut browser, &first, path, &fields).await.status, 303);
    let fields = [
        ("label", "Second"),
        ("allowed_domains", "example.com"),
        ("jit", "on"),
    ];
    let told = send(&mut browser, &second, path, &fields).await;
    assert_eq!(told.status, 409, "{}", told.body);
    assert!(
        told.body.contains("changed this provider since"),
        "{}",
        told.body
    );
    assert!(
        told.body.contains("value=\"Second\""),
        "what was typed is kept"
    );
    assert_eq!(
        server.api().get("/api/v1/providers/okta").await["label"],
        "First"
    );
    // Who saves all the same, knowingly, does.
    assert_eq!(send(&mut browser, &told, path, &fields).await.status, 303);
    assert_eq!(
        server.api().get("/api/v1/providers/okta").await["label"],
        "Second"
    );
    // Questions are of a version too.
    Idp::other().register(&server).await;
    let path = "/admin/authentication/other/disable";
    let question = browser.click(path).await;
    let renamed = json!({ "label": "Third" });
    let other = "/api/v1/providers/other";
    server
        .api()
        .expect("PATCH", other, Some(&renamed), 200)
        .await;
    let late = send(&mut browser, &question, path, &[]).await;
    assert_eq!(
        late.location.as_deref(),
        Some("/admin/authentication/other?told=provider-changed")
    );
    assert_eq!(server.api().get(other).await["enabled"], true);
}

async fn secrets_go_in_and_never_out(server: Server) {
    let (mut browser, _) = admin(&server).await;
    let page = browser.click("/admin/add-provider").await;
    let fields = [("kind", "google"), ("label", "Google"), ("slug", "google")];
    let chosen = send(&mut browser, &page, "/admin/add-provider", &fields).await;
    let form = browser.follow(chosen).await;
    let callback = format!("{}/oauth/google/callback", server.url);
    assert!(texts(&form, "code").contains(&callback), "{}", form.body);
    let path = "/admin/add-provider/google";
    let fields = [
        ("label", "Google"),
        ("client_id", ""),
        ("client_secret", "hush-hush"),
    ];
    let wrong = send(&mut browser, &form, path, &fields).await;
    assert_eq!(wrong.status, 422);
    let fields = [
        ("label", "Google"),
        ("client_id", "id.example"),
        ("client_secret", "hush-hush"),
        ("allowed_domains", "example.com"),
    ];
    let saved = send(&mut browser, &form, path, &fields).await;
    assert_eq!(
        saved.location.as_deref(),
        Some("/admin/authentication/google?done=provider-added"),
        "{}",
        saved.body
    );
    for path in [
        "/admin/authentication/google",
        "/admin/authentication/google/edit",
    ] {
        let page = browser.click(path).await;
        assert!(!page.body.contains("hush-hush"), "{path}");
        assert!(!page.body.contains("********"), "{path}");
    }
    // Left empty, it stays: what is sealed is the same afterwards.
    let path = "/admin/authentication/google/edit";
    let form = browser.click(path).await;
    let fields = [
        ("label", "Google 2"),
        ("client_id", "id.example"),
        ("client_secret", ""),
        ("allowed_domains", "example.com"),
    ];
    assert_eq!(send(&mut browser, &form, path, &fields).await.status, 303);
    let stored = server.api().get("/api/v1/providers/google").await;
    assert_eq!(stored["oauth"]["client_secret"], "********");
    assert_eq!(stored["label"], "Google 2");
    let audit = server.api().get("/api/v1/audit?limit=20").await.to_string();
    assert!(!audit.contains("hush-hush"));
}

async fn providers_change_their_order(server: Server) {
    let (mut browser, _) = admin(&server).await;
    Idp::other()
        .register_with(&server, json!({ "label": "Second" }))
        .await;
    let order = |page: &crate::harness::Answer| texts(page, "tbody th a");
    let list = browser.click("/admin/authentication").await;
    assert_eq!(order(&list), ["SSO Login", "Second"]);
    let up = "/admin/authentication/other/move";
    let moved = send(&mut browser, &list, up, &[("to", "up")]).await;
    let list = browser.follow(moved).await;
    assert_eq!(order(&list), ["Second", "SSO Login"]);
    assert_eq!(
        all(&list, "button[name=to]", "value").len(),
        2,
        "no way beyond the ends"
    );
    // The sign-in page follows.
    let login = Browser::new(&server).visit("/login").await;
    let (second, first) = (login.body.find("Second"), login.body.find("SSO Login"));
    assert!(second < first, "{}", login.body);
    send(&mut browser, &list, up, &[("to", "sideways")]).await;
    assert_eq!(
        order(&browser.click("/admin/authentication").await),
        ["Second", "SSO Login"]
    );
}

async fn switching_off_and_deleting_say_what_they_do(server: Server) {
    let (mut browser, _) = admin(&server).await;
    let second = Idp::other();
    second
        .register_with(
            &server,
            json!({ "label": "Second", "allowed_domains": ["example.com"] }),
        )
        .await;
    for name in ["ada", "bob"] {
        second
            .login(&server, &mut Browser::new(&server), &Person::named(name))
            .await
            .user();
    }
    let path = "/admin/authentication/other/delete";
    let question = browser.click(path).await;
    assert!(
        question.body.contains("2 people sign in through it"),
        "{}",
        question.body
    );
    assert!(
        question.body.contains("2 people have no other"),
        "{}",
        question.body
    );
    assert!(
        !question.body.contains("doorward user create"),
        "the admin has another way"
    );
    let done = send(&mut browser, &question, path, &[]).await;
    assert_eq!(
        done.location.as_deref(),
        Some("/admin/authentication?done=provider-deleted")
    );
    assert_eq!(
        server
            .api()
            .call("GET", "/api/v1/providers/other", None)
            .await
            .0,
        404
    );
    assert_eq!(server.api().users().await.len(), 3, "the users stay");
    // The last way in for admins is named as such.
    for word in ["disable", "delete"] {
        let question = browser
            .click(&format!("/admin/authentication/okta/{word}"))
            .await;
        assert!(
            question.body.contains("doorward user create --admin"),
            "{}",
            question.body
        );
    }
    let path = "/admin/authentication/okta/disable";
    // Another way in for an admin, and it is not the last one any more.
    let keeper = ["user", "create", "--email", "keeper@example.com", "--admin"];
    let keeper = [&keeper[..], &["--password-stdin"]].concat();
    server.cli(&keeper, "correct horse battery staple\n");
    let question = browser.click(path).await;
    send(&mut browser, &question, path, &[]).await;
    assert_eq!(
        server.api().get("/api/v1/providers/okta").await["enabled"],
        false
    );
}

async fn keys_are_rolled_over(server: Server) {
    let (mut browser, _) = admin(&server).await;
    let path = "/admin/authentication/okta/keys";
    for (step, keys) in [("begin", 2), ("cancel", 1), ("begin", 2), ("finish", 1)] {
        let page = browser.click("/admin/authentication/okta").await;
        let done = send(&mut browser, &page, path, &[("step", step)]).await;
        let told = format!("/admin/authentication/okta?done=provider-keys-{step}");
        assert_eq!(done.location, Some(told));
        let stored = server.api().get("/api/v1/providers/okta").await;
        assert_eq!(stored["keys"].as_array().unwrap().len(), keys, "{step}");
    }
    let page = browser.click("/admin/authentication/okta").await;
    let late = send(&mut browser, &page, path, &[("step", "finish")]).await;
    assert_eq!(
        late.location.as_deref(),
        Some("/admin/authentication/okta?told=provider-keys")
    );
}

/// What the file keeps is read-only, with the reason.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_file_keeps_is_only_shown() {
    let mut server = Server::sqlite().await;
    let (mut browser, _) = admin(&server).await;
    let file = server.path("config.toml");
    let config = std::fs::read_to_string(&file).unwrap();
    let metadata = Idp::other().metadata();
    let more = format!(
        "[[provider]]\nslug = \"filed\"\nkind = \"saml\"\nlabel = \"Filed\"\n\
         [provider.saml]\nmetadata_xml = '''{metadata}'''\n"
    );
    std::fs::write(&file, format!("{config}{more}")).unwrap();
    server.restart().await;
    let page = browser.click("/admin/authentication/filed").await;
    assert_eq!(page.status, 200, "{}", page.body);
    assert!(
        page.body
            .contains("The configuration file keeps this provider")
    );
    assert!(
        all(
            &page,
            "a[href$=edit], a[href$=delete], form[action$=links]",
            "class"
        )
        .is_empty()
    );
    let csrf = browser.csrf("/account").await;
    for word in [
        "edit", "metadata", "enable", "disable", "delete", "keys", "links",
    ] {
        let path = format!("/admin/authentication/filed/{word}");
        let form = [
            ("csrf", csrf.as_str()),
            ("version", "1"),
            ("label", "Evil"),
            ("step", "begin"),
        ];
        let answer = browser.submit(&path, &form).await;
        assert!(
            answer.status == 303 || answer.status == 409,
            "{word}: {}",
            answer.status
        );
    }
    let stored = server.api().get("/api/v1/providers/filed").await;
    assert_eq!(
        (&stored["label"], &stored["enabled"]),
        (&json!("Filed"), &json!(true))
    );
}
