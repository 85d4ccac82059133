//! What was typed is never lost: a form of another session, and two admins at one thing.

use serde_json::{Value, json};

use super::{Form, HOSTILE, admin, form, form_at, problem, texts, told, user, user_at};
use crate::harness::{Browser, Server};

on_both! {
    a_form_of_another_session_comes_back
    a_question_of_another_session_is_asked_anew
    forms_of_people_without_a_session_come_back
    the_form_for_a_link_keeps_what_was_typed
    whoever_is_second_is_told_and_may_save_again
    members_are_found_by_their_names
}

async fn a_form_of_another_session_comes_back(server: Server) {
    let (idp, mut browser, _) = admin(&server).await;
    let stale = form(&mut browser, "/admin/groups/new")
        .await
        .with("name", HOSTILE)
        .with("description", "Typed with care");
    // Signed in anew: the token of the open page is of no use any more.
    idp.login(&server, &mut browser, &super::person("grace"))
        .await;
    let answer = stale.send(&mut browser).await;
    assert_eq!(answer.status, 403, "{}", answer.body);
    assert!(!answer.body.contains("<script>alert"), "{}", answer.body);
    assert!(texts(&answer, "dd").contains(&HOSTILE.to_owned()));
    let groups = server.api().list("/api/v1/groups").await;
    assert_eq!(groups, Vec::<Value>::new(), "a stale form did something");
    let again = Form::read(&answer, "/admin/groups/new");
    assert_eq!(again.value("name"), HOSTILE);
    assert_eq!(again.value("description"), "Typed with care");
    assert_eq!(again.told(&mut browser).await, "The group is created.");

    // Secrets are not repeated, but asked for again.
    let open = |browser: Browser| async {
        let mut browser = browser;
        let path = "/admin/add-provider/google?slug=google&label=Google";
        let page = browser.click(path).await;
        (Form::read(&page, "/admin/add-provider/google"), browser)
    };
    let (stale, mut browser) = open(browser).await;
    let stale = stale
        .with("client_id", "the client")
        .with("client_secret", "hush-hush")
        .with("csrf", "of somebody else");
    let answer = stale.send(&mut browser).await;
    assert_eq!(answer.status, 403);
    assert!(!answer.body.contains("hush-hush"), "{}", answer.body);
    let again = Form::read(&answer, "/admin/add-provider/google");
    assert_eq!(again.value("client_id"), "the client");
    let answer = again
        .with("client_secret", "hush-hush")
        .send(&mut browser)
        .await;
    assert_eq!(answer.status, 303, "{}", answer.body);
    let provider = server.api().get("/api/v1/providers/google").await;
    assert_eq!(provider["oauth"]["client_id"], "the client");
}

/// Where nothing was typed, the question itself has to be read again.
async fn a_question_of_another_session_is_asked_anew(server: Server) {
    let (_, mut browser, _) = admin(&server).await;
    let id = user_at(&server, "ada@example.com").await;
    let path = format!("/admin/users/{id}/delete");
    let question = form(&mut browser, &path).await.with("csrf", "x");
    let answer = question.send(&mut browser).await;
    assert_eq!(answer.status, 403);
    assert!(answer.body.contains("too long"), "{}", answer.body);
    let link = texts(&answer, "main a");
    assert!(!link.is_empty(), "{}", answer.body);
    assert!(answer.body.contains(&format!("href=\"{path}\"")));
    server.api().get(&format!("/api/v1/users/{id}")).await;
}

async fn forms_of_people_without_a_session_come_back(server: Server) {
    let mut browser = Browser::new(&server);
    browser.click("/login?choose=1").await;
    for (path, field, said) in [
        ("/login/password", "email", "once more"),
        ("/reset", "email", "cannot be sent"),
    ] {
        let typed = "ada@example.com";
        let form = [
            ("csrf", "another browser's"),
            (field, typed),
            ("password", "never shown again"),
            ("rd", "/api/docs"),
        ];
        let answer = browser.submit(path, &form).await;
        assert_eq!(answer.status, 403, "{path}");
        assert!(answer.body.contains(said), "{path}: {}", answer.body);
        assert!(!answer.body.contains("never shown again"), "{path}");
        if path == "/reset" {
            // Without a mail server there is no form to send again.
            continue;
        }
        let again = Form::read(&answer, path);
        assert_eq!(again.value(field), typed);
        assert_eq!(again.value("rd"), "/api/docs");
        let answer = again
            .with("password", "a wrong one")
            .send(&mut browser)
            .await;
        assert!(answer.body.contains("The address or the password is wrong"));
    }
}

async fn the_form_for_a_link_keeps_what_was_typed(server: Server) {
    let (idp, mut browser, _) = admin(&server).await;
    let page = format!("/admin/authentication/{}", idp.slug);
    let action = format!("{page}/links");
    let long = "x".repeat(121);
    for (recipient, days, field, said) in [
        (HOSTILE, "31", "days", "1 to 30 days"),
        (HOSTILE, "", "days", "1 to 30 days"),
        (HOSTILE, "many", "days", "1 to 30 days"),
        (long.as_str(), "7", "recipient", "at most 120"),
        ("a\u{202e}b", "7", "recipient", "cannot be seen"),
    ] {
        let form = form_at(&mut browser, &page, &action).await;
        assert_eq!(form.value("days"), "7");
        let form = form.with("recipient", recipient).with("days", days);
        let answer = form.send(&mut browser).await;
        assert_eq!(answer.status, 422, "{recipient}, {days}");
        assert!(problem(&answer, field).contains(said), "{}", answer.body);
        assert!(!answer.body.contains("<script>alert"));
        let again = Form::read(&answer, &action);
        assert_eq!(
            (again.value("recipient"), again.value("days")),
            (recipient, days)
        );
    }
    let form = form_at(&mut browser, &page, &action).await;
    let answer = form.with("recipient", HOSTILE).send(&mut browser).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    assert!(texts(&answer, "#c-link")[0].contains("/setup/"));
}

async fn whoever_is_second_is_told_and_may_save_again(server: Server) {
    let (idp, mut first, _) = admin(&server).await;
    let (mut second, _) = idp.signed_in_with(&server, "barbara", Some("admin")).await;
    let api = server.api();
    let made = json!({ "slug": "wiki", "name": "Wiki", "launch_url": "https://wiki.example" });
    api.expect("POST", "/api/v1/applications", Some(&made), 201)
        .await;
    let hook = json!({ "url": "http://localhost:9/x", "events": ["user.created"] });
    let hook = api
        .expect("POST", "/api/v1/webhooks", Some(&hook), 201)
        .await;
    let hook = format!("/admin/webhooks/{}/edit", hook["id"].as_str().unwrap());
    let group = json!({ "name": "Research" });
    let group = api
        .expect("POST", "/api/v1/groups", Some(&group), 201)
        .await;
    let group = format!("/admin/groups/{}/edit", group["id"].as_str().unwrap());
    for (path, field, theirs, ours) in [
        (
            "/admin/settings",
            "allowed_domains",
            "a.example",
            "b.example",
        ),
        (
            "/admin/applications/wiki/edit/general",
            "name",
            "Theirs",
            "Ours",
        ),
        (hook.as_str(), "description", "Theirs", "Ours"),
        (group.as_str(), "description", "Theirs", "Ours"),
    ] {
        let with = |form: Form, value: &str| {
            let form = form.with(field, value);
            if path == "/admin/settings" {
                form.with("allowed_domains_source", "own")
            } else {
                form
            }
        };
        let slow = with(form(&mut second, path).await, ours);
        // Times are told to the millisecond.
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        let quick = with(form(&mut first, path).await, theirs);
        quick.told(&mut first).await;
        let answer = slow.send(&mut second).await;
        assert_eq!(answer.status, 409, "{path}: {}", answer.body);
        assert!(
            texts(&answer, "[role=alert]")[0].contains("Somebody else"),
            "{path}"
        );
        let again = Form::read(&answer, path);
        assert_eq!(again.value(field), ours, "{path}");
        // Told once; the second time is meant.
        again.told(&mut second).await;
        let now = form(&mut first, path).await;
        assert_eq!(now.value(field), ours, "{path}");
    }
    // What is wrong besides does not hide that somebody else was quicker.
    let slow = form(&mut second, &group).await.with("name", "");
    tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    let quick = form(&mut first, &group).await.with("name", "Quick");
    quick.told(&mut first).await;
    assert_eq!(slow.send(&mut second).await.status, 409);
}

async fn members_are_found_by_their_names(server: Server) {
    let (_, mut browser, _) = admin(&server).await;
    for (email, name) in [
        ("ada@example.com", "Ada Lovelace"),
        ("ada.two@example.com", "Ada Palmer"),
        ("one@example.com", "Grace Hopper"),
        ("two@example.com", HOSTILE),
        ("three@example.com", HOSTILE),
    ] {
        user(&server, json!({ "email": email, "name": name })).await;
    }
    let group = json!({ "name": "Research" });
    let group = server
        .api()
        .expect("POST", "/api/v1/groups", Some(&group), 201)
        .await;
    let path = format!("/admin/groups/{}", group["id"].as_str().unwrap());
    let members = format!("{path}/members");
    let add = form_at(&mut browser, &path, &members)
        .await
        .with("user", "grace hopper");
    assert_eq!(add.told(&mut browser).await, "Added to the group.");
    // Two of a name, and one whose name only begins so: nobody is taken by guess.
    for (typed, offered) in [("ada", 2), ("Ada Love", 1), (HOSTILE, 2)] {
        let add = form_at(&mut browser, &path, &members)
            .await
            .with("user", typed);
        let answer = add.send(&mut browser).await;
        assert_eq!(answer.status, 422, "{typed}");
        assert!(problem(&answer, "user").contains("Choose one"), "{typed}");
        assert!(!answer.body.contains("<script>alert"));
        let buttons = texts(&answer, "button[aria-label^='Add ']");
        assert_eq!(buttons.len(), offered, "{typed}");
        if typed == "ada" {
            let css = "form:has(button[aria-label='Add Ada Palmer, ada.two@example.com'])";
            assert_eq!(texts(&answer, css).len(), 1, "{}", answer.body);
        }
    }
    let id = user_at(&server, "chosen@example.com").await;
    let csrf = browser.csrf("/account").await;
    let form = [("csrf", csrf.as_str()), ("add", id.as_str())];
    let answer = browser.submit(&members, &form).await;
    assert_eq!(told(&mut browser, answer).await, "Added to the group.");
    let page = browser.click(&path).await;
    assert_eq!(texts(&page, "tbody th a"), ["Grace Hopper", "chosen"]);
}
