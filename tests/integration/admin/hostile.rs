//! What an identity provider says of a person is text on every page that shows it.

use serde_json::json;

use super::{HOSTILE, admin, person};
use crate::harness::{Browser, Server};

on_both! {
    markup_from_an_identity_provider_is_text_on_every_page
}

async fn markup_from_an_identity_provider_is_text_on_every_page(server: Server) {
    let (idp, mut browser, _) = admin(&server).await;
    let mut theirs = Browser::new(&server);
    let mut eve = person("eve");
    eve.given_name = HOSTILE.to_owned();
    eve.family_name = HOSTILE.to_owned();
    eve.department = HOSTILE.to_owned();
    eve.name_id = format!("eve{HOSTILE}");
    let outcome = idp.login(&server, &mut theirs, &eve).await;
    let id = outcome.user()["id"].as_str().unwrap().to_owned();
    let group = json!({ "name": HOSTILE, "description": HOSTILE });
    let group = server
        .api()
        .expect("POST", "/api/v1/groups", Some(&group), 201)
        .await;
    let group = group["id"].as_str().unwrap().to_owned();
    let member = format!("/api/v1/groups/{group}/members/{id}");
    server.api().expect("PUT", &member, None, 204).await;
    // Somebody else with the same address and name, whom nobody may link.
    let off = json!({ "link_by_email": false });
    let path = format!("/api/v1/providers/{}", idp.slug);
    server.api().expect("PATCH", &path, Some(&off), 200).await;
    let mut other = eve.clone();
    other.name_id = format!("another{HOSTILE}");
    let mut elsewhere = Browser::new(&server);
    idp.login(&server, &mut elsewhere, &other).await.refused();
    let wiki = json!({ "slug": "wiki", "name": HOSTILE, "kind": "link", "access": "private",
        "launch_url": "https://wiki.example" });
    server
        .api()
        .expect("POST", "/api/v1/applications", Some(&wiki), 201)
        .await;
    for assigned in [format!("users/{id}"), format!("groups/{group}")] {
        let path = format!("/api/v1/applications/wiki/{assigned}");
        server.api().expect("PUT", &path, None, 204).await;
    }
    let first = async |list: &str| {
        let list = server.api().list(list).await;
        list[0]["id"].as_str().unwrap().to_owned()
    };
    let trace = first("/api/v1/logins?outcome=success").await;
    let refused = first("/api/v1/logins?outcome=refused").await;
    let event = first("/api/v1/audit?action=user.created").await;
    let conflict = first("/api/v1/conflicts").await;
    let page = theirs.click("/account").await;
    let mut pages = vec![page];
    for path in [
        "/admin/overview".to_owned(),
        "/admin/users".to_owned(),
        "/admin/users?q=script".to_owned(),
        format!("/admin/users/{id}"),
        format!("/admin/users/{id}/profile"),
        format!("/admin/users/{id}/validity"),
        format!("/admin/users/{id}/roles"),
        format!("/admin/users/{id}/groups"),
        format!("/admin/users/{id}/deactivate"),
        format!("/admin/users/{id}/delete"),
        format!("/admin/users/{id}/sign-out"),
        format!("/admin/users/deactivate?id={id}"),
        format!("/admin/users/{id}/history"),
        format!("/admin/users/{id}/invite"),
        format!("/admin/users/{id}/keys"),
        format!("/admin/users/clear-identifiers?id={id}"),
        "/admin/logins".to_owned(),
        "/admin/logins?person=eve".to_owned(),
        format!("/admin/logins/{trace}"),
        format!("/admin/logins/{refused}"),
        "/admin/audit".to_owned(),
        format!("/admin/audit/{event}"),
        "/admin/conflicts".to_owned(),
        "/admin/conflicts?status=all".to_owned(),
        format!("/admin/conflicts/{conflict}/link"),
        format!("/admin/conflicts/{conflict}/keep"),
        format!("/admin/conflicts/{conflict}/dismiss"),
        "/admin/applications/wiki/assignments?q=script".to_owned(),
        "/admin/applications/wiki".to_owned(),
        "/admin/authentication".to_owned(),
        format!("/admin/authentication/{}", idp.slug),
        "/admin/groups".to_owned(),
        format!("/admin/groups/{group}"),
        format!("/admin/groups/{group}/edit"),
        format!("/admin/groups/{group}/delete"),
    ] {
        pages.push(browser.click(&path).await);
    }
    for page in pages {
        assert_eq!(page.status, 200, "{}", page.url);
        assert!(!page.body.contains("<script>alert"), "{}", page.url);
        assert!(!page.body.contains(HOSTILE), "{}", page.url);
        let csp = page.header("content-security-policy").unwrap();
        assert!(csp.starts_with("default-src 'none'"), "{csp}");
        assert!(!csp.contains("unsafe"), "{csp}");
        assert_eq!(page.header("cache-control"), Some("no-store"));
    }
    // The one page where it must be seen, as text.
    let page = browser.click(&format!("/admin/users/{id}")).await;
    assert!(
        page.body.contains("&#60;script&#62;alert(1)"),
        "{}",
        page.body
    );
}
