//! Login traces, histories, the audit log, downloads.

use serde_json::{Value, json};

use super::{HOSTILE, all, form, harmless, hostile_person, open, send, texts, with_admin};
use crate::harness::{Browser, Person, Server};

on_both! {
    a_failed_login_says_what_to_change
    lists_are_narrowed_and_paged
    a_download_is_one_line_each
    a_history_says_why
    what_people_wrote_runs_nowhere
}

async fn a_failed_login_says_what_to_change(server: Server) {
    let (idp, mut admin, _) = with_admin(&server).await;
    let mut browser = Browser::new(&server);
    let wrong = format!("{}/saml/Okta/metadata", server.url);
    let outcome = idp
        .login_as(&server, &mut browser, &Person::named("ada"), |forge| {
            let conditions = forge.assertion.conditions.as_mut().unwrap();
            conditions.audiences = vec![vec![wrong.clone()]];
        })
        .await;
    let reference = outcome.refused();
    // As somebody reads it out on the telephone.
    let spoken = reference.to_lowercase().replace('-', " ").replace('0', "o");
    let list = open(
        &mut admin,
        &format!("/admin/logins?reference={}", spoken.replace(' ', "+")),
    )
    .await;
    let links = all(&list, "table a[href^='/admin/logins/']", "href");
    assert_eq!(links.len(), 1, "{}", list.body);
    let page = open(&mut admin, &links[0]).await;
    let trace = server.api().last_trace().await;
    assert_eq!(texts(&page, "h1"), [trace["summary"].as_str().unwrap()]);
    let expected = format!("{}/saml/okta/metadata", server.url);
    let compared = texts(&page, ".compared code");
    assert_eq!(compared, [expected.clone(), wrong.clone()]);
    assert_eq!(
        texts(&page, ".compared mark"),
        ["o", "O"],
        "what differs is marked"
    );
    assert!(
        page.body.contains("differs in capital and small letters"),
        "{}",
        page.body
    );
    assert_eq!(texts(&page, "#c-expected"), [expected]);
    let steps = texts(&page, "ol.items li");
    assert!(!steps.is_empty());
    assert_eq!(steps.join(" "), trace["remedy"].as_str().unwrap());
    assert!(
        texts(&page, "details pre")[0].contains("Assertion"),
        "{}",
        page.body
    );
    assert!(
        page.body.contains("at the identity provider"),
        "{}",
        page.body
    );

    let (mut auditor, _) = idp.signed_in_with(&server, "aud", Some("auditor")).await;
    assert_eq!(auditor.click(&links[0]).await.status, 200);
    let (mut manager, _) = idp
        .signed_in_with(&server, "man", Some("user-manager"))
        .await;
    for path in [
        links[0].as_str(),
        "/admin/logins",
        "/admin/logins.jsonl",
        "/admin/audit.jsonl",
    ] {
        assert_eq!(manager.click(path).await.status, 403, "{path}");
    }
    for path in [
        "/admin/logins/x",
        "/admin/logins/01937b5c-8f0e-7c1a-9d2e-3f4a5b6c7d8e",
    ] {
        assert_eq!(admin.click(path).await.status, 404, "{path}");
    }
}

async fn lists_are_narrowed_and_paged(server: Server) {
    let (idp, mut admin, _) = with_admin(&server).await;
    let mut browser = Browser::new(&server);
    let ada = Person::named("ada");
    for _ in 0..3 {
        idp.login(&server, &mut browser, &ada).await.user();
    }
    let mut stranger = Person::named("mallory");
    stranger.email = "mallory@elsewhere.example".to_owned();
    idp.login(&server, &mut Browser::new(&server), &stranger)
        .await
        .refused();
    let count = async |admin: &mut Browser, query: &str| {
        let page = open(admin, &format!("/admin/logins?{query}")).await;
        all(&page, "tbody tr", "class").len()
    };
    assert_eq!(count(&mut admin, "").await, 6);
    assert_eq!(count(&mut admin, "person=ADA%40example.com").await, 3);
    assert_eq!(count(&mut admin, "person=Ada").await, 3);
    // The attempt led to no user, and is found by the address all the same.
    assert_eq!(
        count(&mut admin, "person=mallory%40elsewhere.example").await,
        1
    );
    assert_eq!(count(&mut admin, "outcome=refused").await, 1);
    assert_eq!(
        count(
            &mut admin,
            "outcome=success&person=ada%40example.com&kind=saml"
        )
        .await,
        3
    );
    assert_eq!(count(&mut admin, "provider=okta").await, 6);
    assert_eq!(count(&mut admin, "provider=other").await, 0);
    assert_eq!(count(&mut admin, "kind=metadata").await, 0);
    assert_eq!(count(&mut admin, "code=login.domain_not_allowed").await, 1);
    assert_eq!(count(&mut admin, "to=2020-01-01").await, 0);
    assert_eq!(count(&mut admin, "from=2020-01-01&to=2100-01-01").await, 6);
    // What is no day narrows nothing, and says so.
    let page = open(&mut admin, "/admin/logins?from=yesterday").await;
    assert_eq!(
        texts(&page, ".problem"),
        ["This is no day. Write it as 2026-11-21."]
    );
    assert_eq!(all(&page, "#n-from", "value"), ["yesterday"]);
    for query in [
        "person=%00",
        "reference=%22%3E%3Cscript%3E",
        "provider=%25",
        "cursor=x",
        "outcome=x",
    ] {
        open(&mut admin, &format!("/admin/logins?{query}")).await;
    }
    // Pages: more than one holds.
    for _ in 0..50 {
        idp.login(&server, &mut browser, &ada).await.user();
    }
    let mut seen = Vec::new();
    let mut next = Some("/admin/logins?person=ada%40example.com".to_owned());
    while let Some(address) = next {
        let page = open(&mut admin, &address).await;
        seen.extend(all(&page, "tbody th a", "href"));
        next = all(&page, "a[rel=next]", "href").pop();
    }
    assert_eq!(seen.len(), 53);
    seen.dedup();
    assert_eq!(seen.len(), 53, "each once");

    // The audit log in the same way.
    let page = open(
        &mut admin,
        "/admin/audit?action=user.created&target_kind=user",
    )
    .await;
    let events = all(&page, "tbody th a", "href");
    assert_eq!(events.len(), 2, "{}", page.body);
    let event = open(&mut admin, &events[0]).await;
    assert!(
        texts(&event, "table.changes th")
            .iter()
            .any(|t| t == "email"),
        "{}",
        event.body
    );
    let page = open(&mut admin, "/admin/audit?actor=login+through+okta").await;
    assert!(!all(&page, "tbody th a", "href").is_empty());
    let page = open(&mut admin, "/admin/audit?actor=nobody").await;
    assert!(page.body.contains("Nothing matches"), "{}", page.body);
}

async fn a_download_is_one_line_each(server: Server) {
    let (idp, mut admin, _) = with_admin(&server).await;
    // Line ends of every kind, and what looks like the next record.
    let evil = "x\u{2028}{\"id\":1}\u{85}\u{2029}y";
    for n in 0..3 {
        let mut person = Person::named(&format!("u{n}"));
        person.department = evil.to_owned();
        idp.login(&server, &mut Browser::new(&server), &person)
            .await
            .user();
    }
    let name = json!({"email": "named@example.com", "name": "a\r\nb\n{\"id\": 2}"});
    let (status, _) = server
        .api()
        .call("POST", "/api/v1/users", Some(&name))
        .await;
    assert!(status == 201 || status == 422);
    for (path, list) in [
        ("/admin/logins.jsonl", "/api/v1/logins"),
        ("/admin/audit.jsonl", "/api/v1/audit"),
        (
            "/admin/logins.jsonl?person=u1%40example.com",
            "/api/v1/logins?person=u1%40example.com",
        ),
        (
            "/admin/audit.jsonl?action=user.created",
            "/api/v1/audit?action=user.created",
        ),
    ] {
        let answer = admin.click(path).await;
        assert_eq!(answer.status, 200, "{path}");
        assert_eq!(
            answer.header("content-type"),
            Some("application/jsonl; charset=utf-8")
        );
        let name = answer.header("content-disposition").unwrap();
        assert!(
            name.starts_with("attachment; filename=\"doorward-"),
            "{name}"
        );
        assert!(answer.header("cache-control").unwrap().contains("no-store"));
        // As the strictest of readers breaks lines.
        let breaks = [
            '\r', '\u{b}', '\u{c}', '\u{1c}', '\u{85}', '\u{2028}', '\u{2029}',
        ];
        assert!(!answer.body.contains(breaks), "{path}");
        let records: Vec<Value> = answer
            .body
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert_eq!(records, server.api().list(list).await, "{path}");
        assert!(!records.is_empty(), "{path}");
    }
    let (mut auditor, _) = idp.signed_in_with(&server, "aud", Some("auditor")).await;
    assert_eq!(auditor.click("/admin/audit.jsonl").await.status, 200);
    let mut stranger = Browser::new(&server);
    let answer = stranger.click("/admin/audit.jsonl").await;
    assert!(answer.location.unwrap().starts_with("/login?rd="));
}

async fn a_history_says_why(server: Server) {
    let (idp, mut admin, _) = with_admin(&server).await;
    let mut browser = Browser::new(&server);
    let ada = Person::named("ada");
    let outcome = idp.login(&server, &mut browser, &ada).await;
    let id = outcome.user()["id"].as_str().unwrap().to_owned();
    idp.login(&server, &mut browser, &ada).await;
    let history = format!("/admin/users/{id}/history");
    let page = open(&mut admin, &history).await;
    assert!(
        page.body.contains("is active and can sign in"),
        "{}",
        page.body
    );
    assert!(
        page.body.contains("Recognised by the external id"),
        "{}",
        page.body
    );
    assert!(page.body.contains("login through okta"), "{}", page.body);
    let detail = open(&mut admin, &format!("/admin/users/{id}")).await;
    assert!(all(&detail, "a", "href").contains(&history));

    let question = format!("/admin/users/{id}/deactivate");
    let page = open(&mut admin, &question).await;
    send(&mut admin, &page, &question, &[]).await;
    idp.login(&server, &mut browser, &ada).await.refused();
    let page = open(&mut admin, &history).await;
    let why = texts(&page, "main > .notice");
    let why = why.last().unwrap();
    assert!(
        why.contains("cannot sign in: deactivated by Root Example (User)"),
        "{why}"
    );
    let happened = texts(&page, ".rows a");
    assert!(
        happened.iter().any(|what| what == "User deactivated"),
        "{happened:?}"
    );
    assert!(
        happened
            .iter()
            .any(|what| what.contains("deactivated here")),
        "{happened:?}"
    );

    // A user manager reads it, without the ways to what is none of their business.
    let (mut manager, _) = idp
        .signed_in_with(&server, "man", Some("user-manager"))
        .await;
    let page = open(&mut manager, &history).await;
    assert!(page.body.contains("deactivated by Root Example"));
    let links = all(&page, "a", "href");
    assert!(
        !links
            .iter()
            .any(|l| l.starts_with("/admin/audit") || l.starts_with("/admin/logins"))
    );
    assert_eq!(admin.click("/admin/users/nobody/history").await.status, 404);
}

async fn what_people_wrote_runs_nowhere(server: Server) {
    let (idp, mut admin, _) = with_admin(&server).await;
    let mut browser = Browser::new(&server);
    let outcome = idp.login(&server, &mut browser, &hostile_person()).await;
    let id = outcome.user()["id"].as_str().unwrap().to_owned();
    let user = server.api().get(&format!("/api/v1/users/{id}")).await;
    assert_eq!(user["department"], HOSTILE, "it came as it was meant");
    let group = json!({"name": HOSTILE});
    let group = server
        .api()
        .expect("POST", "/api/v1/groups", Some(&group), 201)
        .await;
    let path = format!(
        "/api/v1/groups/{}/members/{id}",
        group["id"].as_str().unwrap()
    );
    server.api().expect("PUT", &path, None, 204).await;
    let trace = server.api().last_trace().await["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let mut pages = vec![
        "/admin/logins".to_owned(),
        format!("/admin/logins/{trace}"),
        "/admin/audit".to_owned(),
        format!("/admin/users/{id}/history"),
        format!("/admin/users/clear-identifiers?id={id}"),
        "/admin/users/clear-identifiers".to_owned(),
    ];
    let list = open(&mut admin, "/admin/audit").await;
    pages.extend(all(&list, "tbody th a", "href"));
    let mut shown = 0;
    for page in pages {
        let page = open(&mut admin, &page).await;
        harmless(&page);
        shown += usize::from(page.body.contains("alert(1)"));
    }
    assert!(shown >= 5, "it stands on the pages as text");
    // Nor do the answers to forms.
    let page = open(&mut admin, "/admin/tokens/new").await;
    let answer = send(&mut admin, &page, "/admin/tokens/new", &[("name", HOSTILE)]).await;
    assert_eq!(answer.status, 422);
    harmless(&answer);
    assert!(
        form(&answer, "/admin/tokens/new", &[]).contains(&("name".to_owned(), HOSTILE.to_owned()))
    );
}
