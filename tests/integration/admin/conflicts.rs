//! The queue of refused links: link, keep apart, dismiss.

use serde_json::json;

use super::{Form, HOSTILE, admin, audit, form, person, texts, user_at};
use crate::harness::{Browser, Idp, Server};

on_both! {
    a_case_is_linked_and_leads_in
    a_case_is_kept_apart_or_dismissed
    only_an_admin_links_to_somebody_with_a_role
}

/// A user who is here, and somebody with the same address whom the provider may
/// not link.
async fn case(server: &Server, idp: &Idp, name: &str) -> String {
    let off = json!({ "link_by_email": false });
    let path = format!("/api/v1/providers/{}", idp.slug);
    server.api().expect("PATCH", &path, Some(&off), 200).await;
    let id = user_at(server, &format!("{name}@example.com")).await;
    refused(server, idp, name).await;
    id
}

async fn refused(server: &Server, idp: &Idp, name: &str) {
    let mut browser = Browser::new(server);
    let mut person = person(name);
    person.department = HOSTILE.to_owned();
    person.name_id = format!("{name}{HOSTILE}");
    idp.login(server, &mut browser, &person).await.refused();
}

/// The way to the decision on the first case.
async fn way(browser: &mut Browser, word: &str) -> String {
    let page = browser.click("/admin/conflicts").await;
    let end = format!("/{word}\"");
    let (before, _) = page
        .body
        .split_once(&end)
        .unwrap_or_else(|| panic!("{}", page.body));
    let start = before.rsplit('"').next().unwrap();
    format!("{start}/{word}")
}

async fn a_case_is_linked_and_leads_in(server: Server) {
    let (idp, mut browser, _) = admin(&server).await;
    let page = browser.click("/admin/overview").await;
    assert!(!page.body.contains("Somebody has to decide"));
    let id = case(&server, &idp, "ada").await;
    let page = browser.click("/admin/overview").await;
    assert!(
        page.body.contains("Somebody has to decide"),
        "{}",
        page.body
    );
    let page = browser.click("/admin/conflicts").await;
    assert!(texts(&page, "h2")[0].contains("does not connect by e-mail"));
    assert!(!page.body.contains("<script>alert"), "{}", page.body);
    let path = way(&mut browser, "link").await;
    // The user changes between question and answer: look again.
    let stale = form(&mut browser, &path).await;
    let renamed = json!({ "name": "Ada" });
    let user = format!("/api/v1/users/{id}");
    server
        .api()
        .expect("PATCH", &user, Some(&renamed), 200)
        .await;
    let said = stale.told(&mut browser).await;
    assert!(said.contains("changed in the meantime"), "{said}");
    let question = form(&mut browser, &path).await;
    let said = question.told(&mut browser).await;
    assert!(said.starts_with("Linked."), "{said}");
    let mut theirs = Browser::new(&server);
    let mut ada = person("ada");
    ada.name_id = format!("ada{HOSTILE}");
    let outcome = idp.login(&server, &mut theirs, &ada).await;
    assert_eq!(outcome.user()["id"], json!(id));
    let page = browser.click("/admin/conflicts").await;
    assert!(page.body.contains("will stand here"), "{}", page.body);
}

async fn a_case_is_kept_apart_or_dismissed(server: Server) {
    let (idp, mut browser, _) = admin(&server).await;
    let id = case(&server, &idp, "ada").await;
    // Dismissed: it comes back with the next try.
    let path = way(&mut browser, "dismiss").await;
    let question = form(&mut browser, &path).await;
    let said = question.told(&mut browser).await;
    assert_eq!(said, "The case is dismissed.");
    let said = question.told(&mut browser).await;
    assert!(said.contains("in the meantime"), "{said}");
    let events = audit(&server, &id).await;
    assert_eq!(events[0]["action"], "user.link_forgotten");
    refused(&server, &idp, "ada").await;
    // Kept apart: it does not.
    let path = way(&mut browser, "keep").await;
    let question = form(&mut browser, &path).await;
    let said = question.told(&mut browser).await;
    assert!(said.contains("stays refused"), "{said}");
    refused(&server, &idp, "ada").await;
    let page = browser.click("/admin/conflicts").await;
    assert!(page.body.contains("will stand here"), "{}", page.body);
    let page = browser.click("/admin/conflicts?status=dismissed").await;
    assert_eq!(texts(&page, "main section").len(), 1);
    assert!(!page.body.contains("<script>alert"));
    let page = browser.click("/admin/conflicts?status=all&cursor=x").await;
    assert_eq!(texts(&page, "main section").len(), 1);
}

async fn only_an_admin_links_to_somebody_with_a_role(server: Server) {
    let (idp, mut browser, _) = admin(&server).await;
    let (mut manager, _) = idp
        .signed_in_with(&server, "mary", Some("user-manager"))
        .await;
    let id = case(&server, &idp, "ada").await;
    let roles = json!({ "roles": ["auditor"] });
    let user = format!("/api/v1/users/{id}");
    server.api().expect("PATCH", &user, Some(&roles), 200).await;
    let path = way(&mut browser, "link").await;
    let page = manager.click(&path).await;
    assert!(page.body.contains("Only an admin"), "{}", page.body);
    let page = browser.click(&path).await;
    let version = Form::read(&page, &path).value("version").to_owned();
    let csrf = manager.csrf("/account").await;
    let forged = [("csrf", csrf.as_str()), ("version", &version)];
    assert_eq!(manager.submit(&path, &forged).await.status, 403);
    let user = server.api().get(&user).await;
    assert_eq!(user["external_ids"], json!({}));
}
