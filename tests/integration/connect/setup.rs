//! Set-up links: the whole way of an IdP's admin who has no account, and what a
//! link does not do.

use serde_json::json;

use super::{admin, all, send, texts};
use crate::harness::{Answer, Browser, Idp, Person, Server};

on_both! {
    an_idps_admin_sets_the_provider_up
    a_link_does_nothing_else
    a_link_that_was_revoked
    what_a_link_brings_must_be_good
    a_link_shows_nobody
}

/// Makes a link on the provider's page.
async fn link(browser: &mut Browser, slug: &str, recipient: &str) -> String {
    let path = format!("/admin/authentication/{slug}");
    let page = browser.click(&path).await;
    let fields = [("recipient", recipient), ("days", "7")];
    let made = send(browser, &page, &format!("{path}/links"), &fields).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let link = texts(&made, "#c-link").remove(0);
    let at = link.find("/setup/").unwrap();
    link[at..].to_owned()
}

async fn draft(server: &Server, browser: &mut Browser) {
    let page = browser.click("/admin/add-provider").await;
    let fields = [("kind", "saml"), ("label", "Partner"), ("slug", "other")];
    let made = send(browser, &page, "/admin/add-provider", &fields).await;
    assert_eq!(
        made.location.as_deref(),
        Some("/admin/authentication/other?done=provider-drafted")
    );
    let page = browser.follow(made).await;
    for value in [
        format!("{}/saml/other/metadata", server.url),
        format!("{}/saml/other/acs", server.url),
        "initiate-sp-login".to_owned(),
    ] {
        assert!(
            texts(&page, "code").contains(&value),
            "{value}: {}",
            page.body
        );
    }
    let domains = json!({ "allowed_domains": ["example.com"] });
    server
        .api()
        .expect("PATCH", "/api/v1/providers/other", Some(&domains), 200)
        .await;
}

fn done(page: &Answer) -> usize {
    all(page, "h2.step.done", "id").len()
}

async fn an_idps_admin_sets_the_provider_up(server: Server) {
    let (mut browser, _) = admin(&server).await;
    draft(&server, &mut browser).await;
    let address = link(&mut browser, "other", "Bob at Partner").await;
    let idp = Idp::other();
    // A browser that has never been here.
    let mut bob = Browser::new(&server);
    let page = bob.visit(&address).await;
    assert_eq!((page.status, done(&page)), (200, 0), "{}", page.body);
    assert_eq!(page.header("referrer-policy"), Some("no-referrer"));
    assert_eq!(page.header("cache-control"), Some("no-store"));
    assert!(page.body.contains("Root Example"), "who sent it");
    let chosen = send(
        &mut bob,
        &page,
        &address,
        &[("step", "product"), ("product", "okta")],
    )
    .await;
    assert_eq!(chosen.status, 303);
    let page = bob.click(&address).await;
    assert_eq!(done(&page), 1);
    assert!(page.body.contains("Single sign-on URL"), "Okta's own words");
    assert!(texts(&page, "code").contains(&format!("{}/saml/other/acs", server.url)));
    send(&mut bob, &page, &address, &[("step", "entered")]).await;
    let page = bob.click(&address).await;
    assert_eq!(done(&page), 2);
    let metadata = idp.metadata();
    let brought = send(
        &mut bob,
        &page,
        &address,
        &[("step", "metadata"), ("metadata_xml", &metadata)],
    )
    .await;
    assert_eq!(brought.status, 303, "{}", brought.body);
    let page = bob.click(&address).await;
    assert_eq!(done(&page), 3);
    assert!(
        texts(&page, "code").contains(&idp.entity_id),
        "{}",
        page.body
    );
    // The test, in the same browser.
    let start = all(&page, "#test a.button", "href").remove(0);
    let sign_in = idp.start_at(&mut bob, &start).await;
    let field = idp
        .scene(&server, &sign_in, &Person::named("ada"))
        .forge()
        .base64();
    let outcome = idp.answer(&mut bob, &sign_in, &field).await;
    assert!(outcome.me.is_none(), "nobody is signed in");
    let result = &outcome.last;
    assert!(result.body.contains("would get in"), "{}", result.body);
    assert_eq!(result.header("referrer-policy"), Some("no-referrer"));
    let back = all(result, ".lead a", "href").remove(0);
    assert_eq!(back, format!("{address}#test"));
    assert_eq!(done(&bob.click(&address).await), 4);
    // The start is this browser's.
    let other = Browser::new(&server).click(&start).await;
    assert!([403, 404].contains(&other.status));
    assert_eq!(Browser::new(&server).click(&result.url).await.status, 404);
    // All of it is in the audit log, under the link's name; the token is nowhere.
    let audit = server.api().get("/api/v1/audit?limit=100").await;
    let by_link: Vec<&str> = audit["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|event| event["actor"] == "set-up link of Root Example for Bob at Partner")
        .map(|event| event["action"].as_str().unwrap())
        .collect();
    for action in [
        "provider.setup_link_used",
        "provider.updated",
        "provider.test_login",
    ] {
        assert!(by_link.contains(&action), "{action}: {by_link:?}");
    }
    let token = address.strip_prefix("/setup/").unwrap();
    assert!(!server.log().contains(token));
    assert!(!audit.to_string().contains(token));
    let traces = server.api().get("/api/v1/logins?limit=50").await;
    assert!(!traces.to_string().contains(token));
    let page = browser.click("/admin/authentication/other").await;
    assert!(!page.body.contains(token), "it is shown once");
    assert!(page.body.contains("Bob at Partner"));
    // The admin switches it on, and an employee signs in.
    let question = browser.click("/admin/authentication/other/enable").await;
    let on = send(
        &mut browser,
        &question,
        "/admin/authentication/other/enable",
        &[],
    )
    .await;
    assert_eq!(
        on.location.as_deref(),
        Some("/admin/authentication/other?done=provider-enabled"),
        "{}",
        on.body
    );
    let mut employee = Browser::new(&server);
    idp.login(&server, &mut employee, &Person::named("ada"))
        .await
        .user();
}

async fn a_link_does_nothing_else(server: Server) {
    let (mut browser, _) = admin(&server).await;
    draft(&server, &mut browser).await;
    let address = link(&mut browser, "other", "").await;
    let mut bob = Browser::new(&server);
    let page = bob.visit(&address).await;
    let before = server.api().get("/api/v1/providers/other").await;
    // Fields of other forms are nothing here.
    let idp = Idp::other();
    let metadata = idp.metadata();
    let more = [
        ("step", "metadata"),
        ("metadata_xml", metadata.as_str()),
        ("allowed_domains", "*"),
        ("label", "Evil"),
        ("enabled", "true"),
        ("jit", "on"),
        ("slug", "okta"),
    ];
    assert_eq!(send(&mut bob, &page, &address, &more).await.status, 303);
    let after = server.api().get("/api/v1/providers/other").await;
    for key in [
        "allowed_domains",
        "label",
        "enabled",
        "jit",
        "slug",
        "link_by_email",
    ] {
        assert_eq!(after[key], before[key], "{key}");
    }
    assert_eq!(after["certificates"].as_array().unwrap().len(), 1);
    // Neither the dashboard nor the API opens.
    for path in [
        "/admin",
        "/admin/authentication/other",
        "/admin/users",
        "/account",
    ] {
        let page = bob.click(path).await;
        assert!(page.location.unwrap().starts_with("/login"), "{path}");
    }
    assert!(bob.me().await.is_none());
    // Without the page's own token nothing is taken, nor from another site.
    let csrf = super::hidden(&page, &address);
    let csrf = csrf
        .iter()
        .find(|(name, _)| name == "csrf")
        .unwrap()
        .1
        .clone();
    let stale = bob
        .submit(&address, &[("step", "entered"), ("csrf", "x")])
        .await;
    assert_eq!(stale.status, 403);
    let foreign = bob
        .submit_elsewhere(&address, &[("step", "entered"), ("csrf", &csrf)])
        .await;
    assert_eq!(foreign.status, 403);
    // Once people sign in through it, another entity is not taken.
    let on = json!({ "enabled": true });
    server
        .api()
        .expect("PATCH", "/api/v1/providers/other", Some(&on), 200)
        .await;
    let page = bob.click(&address).await;
    assert!(
        page.body
            .contains("People sign in through this connection already")
    );
    let evil = Idp::new().metadata();
    let refused = send(
        &mut bob,
        &page,
        &address,
        &[("step", "metadata"), ("metadata_xml", &evil)],
    )
    .await;
    assert_eq!(refused.status, 422, "{}", refused.body);
    assert!(refused.body.contains(&idp.entity_id), "{}", refused.body);
    let now = server.api().get("/api/v1/providers/other").await;
    assert_eq!(now["saml"]["metadata_xml"], metadata);
    // The same entity with another document is.
    let renewed = format!("{metadata}\n<!-- renewed -->");
    let fields = [("step", "metadata"), ("metadata_xml", renewed.as_str())];
    assert_eq!(send(&mut bob, &page, &address, &fields).await.status, 303);
}

async fn a_link_that_was_revoked(server: Server) {
    let (mut browser, _) = admin(&server).await;
    draft(&server, &mut browser).await;
    let address = link(&mut browser, "other", "Bob").await;
    let mut bob = Browser::new(&server);
    let page = bob.visit(&address).await;
    assert_eq!(page.status, 200);
    let metadata = Idp::other().metadata();
    let fields = [("step", "metadata"), ("metadata_xml", metadata.as_str())];
    send(&mut bob, &page, &address, &fields).await;
    let page = bob.click(&address).await;
    let start = all(&page, "#test a.button", "href").remove(0);
    let mine = browser.click("/admin/authentication/other").await;
    let revoke = all(&mine, "form[action$=revoke]", "action").remove(0);
    let done = send(&mut browser, &mine, &revoke, &[]).await;
    let told = "/admin/authentication/other?done=provider-link-revoked";
    assert_eq!(done.location.as_deref(), Some(told));
    let ended = bob.click(&address).await;
    assert_eq!(ended.status, 410);
    assert!(
        ended.body.contains("does not work any more"),
        "{}",
        ended.body
    );
    assert_eq!(ended.header("referrer-policy"), Some("no-referrer"));
    let sent = send(&mut bob, &page, &address, &[("step", "entered")]).await;
    assert_eq!(sent.status, 410);
    // A test that it had on its page begins no more.
    assert!([403, 404].contains(&bob.click(&start).await.status));
    for wrong in ["x", "%00", &"A".repeat(43), &"A".repeat(5000)] {
        let page = bob.visit(&format!("/setup/{wrong}")).await;
        assert!(
            [400, 404, 410, 414].contains(&page.status),
            "{wrong:.9}: {}",
            page.status
        );
    }
}

async fn what_a_link_brings_must_be_good(server: Server) {
    let (mut browser, _) = admin(&server).await;
    draft(&server, &mut browser).await;
    let address = link(&mut browser, "other", "").await;
    let mut bob = Browser::new(&server);
    let page = bob.visit(&address).await;
    let big = "x".repeat(300_000);
    for (fields, kept) in [
        (
            vec![("metadata_xml", "<html>no metadata & \"more\"</html>")],
            "no metadata &#38;",
        ),
        (
            vec![("metadata_url", "ftp://idp.example.com/<x>")],
            "ftp://idp.example.com/",
        ),
        (
            vec![("metadata_url", "http://127.0.0.1:1/metadata")],
            "http://127.0.0.1:1/metadata",
        ),
        (
            vec![("metadata_url", "https://a"), ("metadata_xml", "<x/>")],
            "https://a",
        ),
        (vec![], "Read it"),
        (vec![("metadata_xml", big.as_str())], "xxxx"),
        (
            vec![(
                "metadata_xml",
                "<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><x>&e;</x>",
            )],
            "DOCTYPE",
        ),
    ] {
        let mut all_fields = vec![("step", "metadata")];
        all_fields.extend(fields);
        let answer = send(&mut bob, &page, &address, &all_fields).await;
        assert_eq!(answer.status, 422, "{all_fields:.60?}: {}", answer.body);
        assert!(
            answer.body.contains("id=\"metadata-problem\""),
            "{all_fields:.60?}"
        );
        assert!(answer.body.contains(kept), "{kept}: what was typed is kept");
        assert!(!answer.body.contains("root:"), "no file is read");
    }
    let provider = server.api().get("/api/v1/providers/other").await;
    assert_eq!(provider["certificates"], json!([]));
}

async fn a_link_shows_nobody(server: Server) {
    let (mut browser, _) = admin(&server).await;
    draft(&server, &mut browser).await;
    let user =
        json!({ "email": "ada@example.com", "name": "Ada Hidden", "department": "Secret Dept" });
    server
        .api()
        .expect("POST", "/api/v1/users", Some(&user), 201)
        .await;
    let address = link(&mut browser, "other", "").await;
    let idp = Idp::other();
    let mut bob = Browser::new(&server);
    let page = bob.visit(&address).await;
    let metadata = idp.metadata();
    let fields = [("step", "metadata"), ("metadata_xml", metadata.as_str())];
    send(&mut bob, &page, &address, &fields).await;
    for name in ["ada", "root"] {
        let page = bob.click(&address).await;
        let start = all(&page, "#test a.button", "href").remove(0);
        let sign_in = idp.start_at(&mut bob, &start).await;
        let field = idp
            .scene(&server, &sign_in, &Person::named(name))
            .forge()
            .base64();
        let outcome = idp.answer(&mut bob, &sign_in, &field).await;
        let result = outcome.last;
        assert_eq!(result.status, 200, "{}", result.body);
        for hidden in [
            "Ada Hidden",
            "Secret Dept",
            "/admin/users/",
            "administrator",
        ] {
            assert!(
                !result.body.contains(hidden),
                "{name}: {hidden}: {}",
                result.body
            );
        }
    }
}
