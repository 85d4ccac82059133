//! Groups: making, renaming, members, deleting; what a channel keeps is left alone.

use serde_json::json;

use super::{Form, HOSTILE, admin, form, form_at, problem, texts, told, user_at};
use crate::harness::Server;

on_both! {
    a_group_from_its_making_to_its_end
    members_come_and_go
    two_admins_at_one_group
}

async fn a_group_from_its_making_to_its_end(server: Server) {
    let (_, mut browser, _) = admin(&server).await;
    let long = "x".repeat(257);
    for (name, said) in [
        ("", "must be filled in"),
        (" \t", "must be filled in"),
        (long.as_str(), "at most 256"),
        ("a\u{202e}b", "cannot be seen"),
    ] {
        let wrong = form(&mut browser, "/admin/groups/new")
            .await
            .with("name", name)
            .with("description", HOSTILE);
        let answer = wrong.send(&mut browser).await;
        assert_eq!(answer.status, 422, "{name:?}");
        assert!(problem(&answer, "name").contains(said), "{name:?}");
        let back = Form::read(&answer, "/admin/groups/new");
        assert_eq!(
            (back.value("name"), back.value("description")),
            (name, HOSTILE)
        );
    }
    let new = form(&mut browser, "/admin/groups/new")
        .await
        .with("name", HOSTILE);
    let answer = new.send(&mut browser).await;
    let path = answer.location.clone().unwrap();
    let path = path.split('?').next().unwrap().to_owned();
    assert_eq!(told(&mut browser, answer).await, "The group is created.");
    // Sent twice: the name is taken by now, whatever its case.
    let answer = new.send(&mut browser).await;
    assert_eq!(answer.status, 422);
    assert!(problem(&answer, "name").contains("has this name already"));

    let page = browser.click("/admin/groups?q=SCRIPT").await;
    assert_eq!(texts(&page, "tbody th a"), [HOSTILE]);
    let edit = format!("{path}/edit");
    let renamed = form(&mut browser, &edit).await.with("name", "Research");
    assert_eq!(renamed.told(&mut browser).await, "Saved.");
    let page = browser.click(&path).await;
    assert_eq!(texts(&page, "h1"), ["Research"]);
    let question = form(&mut browser, &format!("{path}/delete")).await;
    let said = question.told(&mut browser).await;
    assert_eq!(said, "The group is deleted.");
    let said = question.told(&mut browser).await;
    assert!(said.contains("deleted in the meantime"), "{said}");
    assert_eq!(browser.click(&path).await.status, 404);
    assert_eq!(browser.click("/admin/groups/x").await.status, 404);
}

async fn members_come_and_go(server: Server) {
    let (_, mut browser, _) = admin(&server).await;
    let id = user_at(&server, "ada@example.com").await;
    let group = json!({ "name": "Research" });
    let group = server
        .api()
        .expect("POST", "/api/v1/groups", Some(&group), 201)
        .await;
    let path = format!("/admin/groups/{}", group["id"].as_str().unwrap());
    let members = format!("{path}/members");
    for (name, said) in [
        ("", "must be filled in"),
        ("nobody@example.com", "No user has this"),
        (HOSTILE, "No user has this"),
    ] {
        let add = form_at(&mut browser, &path, &members)
            .await
            .with("user", name);
        let answer = add.send(&mut browser).await;
        assert_eq!(answer.status, 422);
        assert!(problem(&answer, "user").contains(said), "{name:?}");
        assert_eq!(Form::read(&answer, &members).value("user"), name);
    }
    let add = form_at(&mut browser, &path, &members)
        .await
        .with("user", "ADA@example.com ");
    let said = add.told(&mut browser).await;
    assert_eq!(said, "Added to the group.");
    let page = browser.click(&path).await;
    assert_eq!(texts(&page, "#members"), ["1 member"]);
    assert_eq!(texts(&page, "tbody th a"), ["ada"]);
    let page = browser.click(&format!("{path}?q=nobody")).await;
    assert!(page.body.contains("Nothing matches."));
    let csrf = browser.csrf("/account").await;
    for _ in 0..2 {
        let form = [("csrf", csrf.as_str()), ("remove", id.as_str())];
        let answer = browser.submit(&members, &form).await;
        assert_eq!(told(&mut browser, answer).await, "Removed from the group.");
    }
    let page = browser.click(&path).await;
    assert_eq!(texts(&page, "#members"), ["0 members"]);
}

async fn two_admins_at_one_group(server: Server) {
    let (idp, mut first, _) = admin(&server).await;
    let (mut second, _) = idp.signed_in_with(&server, "barbara", Some("admin")).await;
    let group = json!({ "name": "Research" });
    let group = server
        .api()
        .expect("POST", "/api/v1/groups", Some(&group), 201)
        .await;
    let path = format!("/admin/groups/{}/edit", group["id"].as_str().unwrap());
    let slow = form(&mut second, &path).await.with("description", "Second");
    // Times are told to the millisecond.
    tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    let quick = form(&mut first, &path).await.with("description", "First");
    quick.told(&mut first).await;
    let answer = slow.send(&mut second).await;
    assert_eq!(answer.status, 409, "{}", answer.body);
    assert!(answer.body.contains("Somebody else saved this group"));
    let again = Form::read(&answer, &path);
    assert_eq!(again.value("description"), "Second");
    again.told(&mut second).await;
}
