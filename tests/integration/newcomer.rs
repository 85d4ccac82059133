//! The wizard for a new user, and an admin's hand on people's keys.

use scraper::{Html, Selector};
use serde_json::{Value, json};

use crate::harness::{Answer, Browser, Idp, Server};
use crate::support::authenticator::Authenticator;

on_both_named! {
    nothing_is_written_before_the_end_and_nothing_typed_is_lost
    what_is_wrong_is_said_at_its_field
    name_and_address_are_enough
    a_pin_leads_to_the_key
    a_key_at_the_desk_is_the_persons
    an_invitation_is_the_admins_to_pass_on_without_a_mail_server
    keys_of_people_with_a_role_are_for_admins
}

const NEW: &str = "/admin/users/new";

/// The form of a page as a browser would send it, with the button that was pressed.
fn form(page: &Answer, changes: &[(&str, &str)], go: &str) -> Vec<(String, String)> {
    let document = Html::parse_document(&page.body);
    let mut fields: Vec<(String, String)> = Vec::new();
    let inputs = Selector::parse("main form.card input").unwrap();
    for input in document.select(&inputs) {
        let name = input.attr("name").unwrap().to_owned();
        let kind = input.attr("type").unwrap_or("text");
        let chosen = input.attr("checked").is_some();
        if !matches!(kind, "checkbox" | "radio") || chosen {
            fields.push((name, input.attr("value").unwrap_or_default().to_owned()));
        }
    }
    for (name, value) in changes {
        let place = fields
            .iter()
            .position(|(n, _)| n == name && *name != "group");
        match place {
            Some(at) => fields[at].1 = (*value).to_owned(),
            None => fields.push(((*name).to_owned(), (*value).to_owned())),
        }
    }
    fields.push(("go".to_owned(), go.to_owned()));
    fields
}

async fn step(browser: &mut Browser, page: &Answer, changes: &[(&str, &str)], go: &str) -> Answer {
    let form = form(page, changes, go);
    let form: Vec<(&str, &str)> = form.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    browser.submit(NEW, &form).await
}

fn heading(page: &Answer) -> String {
    let document = Html::parse_document(&page.body);
    let found = document
        .select(&Selector::parse("form.card h2").unwrap())
        .next();
    found.map(|h2| h2.text().collect()).unwrap_or_default()
}

fn problem(page: &Answer, name: &str) -> String {
    let document = Html::parse_document(&page.body);
    let css = format!("#p-{name}");
    let found = document.select(&Selector::parse(&css).unwrap()).next();
    found.map(|p| p.text().collect()).unwrap_or_default()
}

async fn admin(server: &Server, role: &str) -> Browser {
    let idp = Idp::new();
    idp.register(server).await;
    idp.signed_in_with(server, role, Some(role)).await.0
}

async fn person(server: &Server, body: Value) -> String {
    let made = server
        .api()
        .expect("POST", "/api/v1/users", Some(&body), 201)
        .await;
    made["id"].as_str().unwrap().to_owned()
}

async fn csrf(browser: &mut Browser) -> String {
    browser.csrf("/account").await
}

async fn nothing_is_written_before_the_end_and_nothing_typed_is_lost(server: Server) {
    let mut browser = admin(&server, "user-manager").await;
    let api = server.api();
    let group = json!({"name": "Engines"});
    let group = api
        .expect("POST", "/api/v1/groups", Some(&group), 201)
        .await;
    let group = group["id"].as_str().unwrap().to_owned();
    let before = api.users().await.len();
    let hostile = "\"><script>alert(1)</script>";
    let page = browser.click(NEW).await;
    let typed = [
        ("name", hostile),
        ("email", "grace@example.com"),
        ("user_name", "grace"),
    ];
    let page = step(&mut browser, &page, &typed, "next").await;
    assert_eq!(heading(&page), "Groups");
    assert!(!page.body.contains("<script>alert"), "{}", page.body);
    // A search of groups keeps what was chosen.
    let page = step(
        &mut browser,
        &page,
        &[("group", &group), ("find", "zzz")],
        "find",
    )
    .await;
    let page = step(&mut browser, &page, &[("find", "")], "next").await;
    assert_eq!(heading(&page), "Security key");
    // A type is asked for where a key is wanted.
    let page = step(&mut browser, &page, &[("with_key", "yes")], "next").await;
    assert_eq!(
        (page.status, heading(&page).as_str()),
        (422, "Security key")
    );
    let page = step(&mut browser, &page, &[("kind", "smartphone")], "next").await;
    assert_eq!(heading(&page), "Confirm");
    for text in ["grace@example.com", "Engines", "Smartphone", "pending"] {
        assert!(page.body.contains(text), "{text}: {}", page.body);
    }
    assert_eq!(api.users().await.len(), before, "nothing is written yet");
    // Back and forth, all of it stays.
    let back = step(&mut browser, &page, &[], "back").await;
    let back = step(&mut browser, &back, &[], "back").await;
    let back = step(&mut browser, &back, &[], "back").await;
    assert_eq!(heading(&back), "Information");
    let page = step(&mut browser, &back, &[("department", "Navy")], "finish").await;
    assert!(
        page.body.contains("Engines") && page.body.contains("Navy"),
        "{}",
        page.body
    );
    let done = step(&mut browser, &page, &[], "next").await;
    assert_eq!(done.status, 200, "{}", done.body);
    assert!(done.body.contains("/passkeys/activate/"), "{}", done.body);
    assert!(done.body.contains("<svg viewBox"), "a code for the phone");
    assert_eq!(done.header("cache-control"), Some("no-store"));
    let user = api.user_by_email("grace@example.com").await.unwrap();
    assert_eq!(user["status"], "pending");
    assert_eq!(user["name"], hostile);
    assert_eq!(user["department"], "Navy");
    assert_eq!(user["groups"][0]["id"], json!(group));
    assert_eq!(user["email_verified"], false);
    // The same form again makes nobody else.
    let again = step(&mut browser, &page, &[], "next").await;
    assert_eq!(
        (again.status, heading(&again).as_str()),
        (422, "Information")
    );
    assert_eq!(problem(&again, "email"), "Somebody has this already.");
    assert_eq!(api.users().await.len(), before + 1);
}

async fn what_is_wrong_is_said_at_its_field(server: Server) {
    let mut browser = admin(&server, "admin").await;
    person(
        &server,
        json!({"email": "taken@example.com", "user_name": "taken"}),
    )
    .await;
    let before = server.api().users().await.len();
    let long = "x".repeat(2_000);
    for (name, value) in [
        ("email", ""),
        ("email", "no address"),
        ("email", "TAKEN@example.com"),
        ("user_name", "Taken"),
        ("user_name", "a\u{202e}b"),
        ("name", long.as_str()),
        ("name", "a\u{0}b"),
        ("department", "a\u{200b}b"),
    ] {
        let page = browser.click(NEW).await;
        let mut typed = vec![("phone", "+49 30 1"), (name, value)];
        if name != "email" {
            typed.push(("email", "new@example.com"));
        }
        for go in ["next", "finish"] {
            let page = step(&mut browser, &page, &typed, go).await;
            assert_eq!(page.status, 422, "{name}={value:?}");
            assert_eq!(heading(&page), "Information");
            assert!(!problem(&page, name).is_empty(), "{name}={value:?}");
            assert!(page.body.contains("+49 30 1"), "what was typed stays");
        }
    }
    // Steps that are skipped by hand are looked at all the same.
    let csrf = csrf(&mut browser).await;
    let form = [
        ("csrf", csrf.as_str()),
        ("step", "confirm"),
        ("go", "next"),
        ("email", "x"),
    ];
    let page = browser.submit(NEW, &form).await;
    assert_eq!((page.status, heading(&page).as_str()), (422, "Information"));
    let form = [
        ("csrf", csrf.as_str()),
        ("step", "confirm"),
        ("go", "next"),
        ("email", "new@example.com"),
        ("group", "01937b5c-8f0e-7c1a-9d2e-3f4a5b6c7d8e"),
    ];
    let page = browser.submit(NEW, &form).await;
    assert_eq!((page.status, heading(&page).as_str()), (422, "Groups"));
    assert_eq!(
        server.api().users().await.len(),
        before,
        "nobody is half made"
    );
}

async fn name_and_address_are_enough(server: Server) {
    let mut browser = admin(&server, "user-manager").await;
    let page = browser.click(NEW).await;
    let typed = [("name", "Grace"), ("email", "grace@example.com")];
    let page = step(&mut browser, &page, &typed, "finish").await;
    let done = step(&mut browser, &page, &[], "next").await;
    assert_eq!(done.status, 200, "{}", done.body);
    let user = server
        .api()
        .user_by_email("grace@example.com")
        .await
        .unwrap();
    assert_eq!(user["status"], "active");
    let keys = format!("/api/v1/users/{}/passkeys", user["id"].as_str().unwrap());
    assert_eq!(server.api().list(&keys).await, Vec::<Value>::new());
}

async fn an_invitation_is_the_admins_to_pass_on_without_a_mail_server(server: Server) {
    let typed = [
        ("name", "Grace"),
        ("email", "grace@example.com"),
        ("invite", "yes"),
    ];
    // The link opens the account: user managers do not see it.
    let mut manager = admin(&server, "user-manager").await;
    let page = manager.click(NEW).await;
    let page = step(&mut manager, &page, &typed, "finish").await;
    assert_eq!((page.status, heading(&page).as_str()), (422, "Information"));
    assert!(!problem(&page, "invite").is_empty(), "{}", page.body);
    let api = server.api();
    let users = api.users().await;
    let id = users[0]["id"].as_str().unwrap();
    let roles = json!({"roles": ["admin"]});
    let path = format!("/api/v1/users/{id}");
    api.expect("PATCH", &path, Some(&roles), 200).await;
    let idp = Idp::new();
    let person = crate::harness::Person::named("user-manager");
    idp.login(&server, &mut manager, &person).await.user();
    let mut browser = manager;
    let page = browser.click(NEW).await;
    let page = step(&mut browser, &page, &typed, "finish").await;
    assert_eq!(heading(&page), "Confirm", "{}", page.body);
    let done = step(&mut browser, &page, &[], "next").await;
    assert!(done.body.contains("/activate/"), "{}", done.body);
    let user = api.user_by_email("grace@example.com").await.unwrap();
    assert_eq!(user["status"], "pending");
    assert_eq!(user["email_verified"], false);
}

/// Assigns a key on the dashboard; where it stands.
async fn assigned(server: &Server, browser: &mut Browser, user: &str) -> String {
    let csrf = csrf(browser).await;
    let place = format!("/admin/users/{user}/keys");
    let form = [
        ("csrf", csrf.as_str()),
        ("kind", "card"),
        ("name", "Card 4711"),
    ];
    let page = browser.submit(&place, &form).await;
    assert_eq!(page.status, 200, "{}", page.body);
    assert!(page.body.contains("/passkeys/activate/"), "{}", page.body);
    let keys = server
        .api()
        .list(&format!("/api/v1/users/{user}/passkeys"))
        .await;
    let last = keys.last().unwrap();
    assert_eq!(last["state"], "pending");
    format!("{place}/{}", last["id"].as_str().unwrap())
}

async fn a_pin_leads_to_the_key(server: Server) {
    let mut browser = admin(&server, "user-manager").await;
    let user = person(&server, json!({"email": "mary@example.com"})).await;
    let key = assigned(&server, &mut browser, &user).await;
    let token = csrf(&mut browser).await;
    let page = browser
        .submit(&format!("{key}/pin"), &[("csrf", &token)])
        .await;
    let document = Html::parse_document(&page.body);
    let css = Selector::parse("#c-pin").unwrap();
    let pin: String = document.select(&css).next().unwrap().text().collect();
    drop(document);
    assert_eq!(pin.replace(' ', "").len(), 8, "{pin}");
    // It is told once.
    assert!(!browser.click(&key).await.body.contains(&pin));
    let mut phone = Browser::new(&server);
    let token = phone.csrf("/passkeys/pin").await;
    let form = [
        ("csrf", token.as_str()),
        ("account", "mary@example.com"),
        ("pin", &pin),
    ];
    let answer = phone.submit("/passkeys/pin", &form).await;
    let link = answer.location.clone().unwrap();
    assert!(link.starts_with("/passkeys/activate/"), "{link}");
    let token = phone.csrf(&link).await;
    let asked = phone
        .submit(&format!("{link}/options"), &[("csrf", &token)])
        .await;
    let asked: Value = serde_json::from_str(&asked.body).unwrap();
    let (_, credential) = Authenticator::create(&asked, &server.url);
    let form = [("csrf", token.as_str()), ("credential", &credential)];
    phone.submit(&link, &form).await;
    assert_eq!(phone.me().await.unwrap()["id"], json!(user));
    // Neither a link nor a PIN for a key that is active.
    let token = csrf(&mut browser).await;
    for what in ["link", "pin"] {
        let answer = browser
            .submit(&format!("{key}/{what}"), &[("csrf", &token)])
            .await;
        assert!(
            answer.location.unwrap().contains("told=key-not-pending"),
            "{what}"
        );
    }
}

async fn a_key_at_the_desk_is_the_persons(server: Server) {
    let mut browser = admin(&server, "user-manager").await;
    let user = person(&server, json!({"email": "mary@example.com"})).await;
    let key = assigned(&server, &mut browser, &user).await;
    let desk = format!("{key}/desk");
    let page = browser.click(&desk).await;
    assert_eq!(page.status, 200, "{}", page.body);
    let token = csrf(&mut browser).await;
    let asked = browser
        .submit(&format!("{desk}/options"), &[("csrf", &token)])
        .await;
    let asked: Value = serde_json::from_str(&asked.body).unwrap();
    assert_eq!(asked["publicKey"]["user"]["name"], "mary@example.com");
    let (mut card, credential) = Authenticator::create(&asked, &server.url);
    let before = browser.session();
    let form = [("csrf", token.as_str()), ("credential", &credential)];
    let answer = browser.submit(&desk, &form).await;
    assert!(answer.location.unwrap().contains("done=key-activated"));
    assert_eq!(browser.session(), before, "the admin stays the admin");
    let mut colleague = Browser::new(&server);
    let asked = colleague.submit("/login/passkey/options", &[]).await;
    let asked: Value = serde_json::from_str(&asked.body).unwrap();
    let form = [("credential", card.sign(&asked))];
    colleague
        .submit("/login/passkey", &[("credential", &form[0].1)])
        .await;
    assert_eq!(colleague.me().await.unwrap()["id"], json!(user));
    let audit = server.api().list("/api/v1/audit").await;
    let event = audit
        .iter()
        .find(|e| e["action"] == "user.passkey_activated")
        .unwrap();
    assert_ne!(event["actor_id"], json!(user));
    assert_eq!(event["target_id"], json!(user));
    // Revoking it ends the colleague's session.
    let question = browser.click(&format!("{key}/revoke")).await;
    assert!(question.body.contains("end at once"), "{}", question.body);
    let token = csrf(&mut browser).await;
    browser
        .submit(&format!("{key}/revoke"), &[("csrf", &token)])
        .await;
    assert!(colleague.me().await.is_none());
}

async fn keys_of_people_with_a_role_are_for_admins(server: Server) {
    let mut manager = admin(&server, "user-manager").await;
    let root = json!({"email": "root@example.com", "roles": ["admin"]});
    let root = person(&server, root).await;
    let body = json!({"name": "Key"});
    let path = format!("/api/v1/users/{root}/passkeys");
    let made = server.api().expect("POST", &path, Some(&body), 201).await;
    let key = format!("/admin/users/{root}/keys/{}", made["id"].as_str().unwrap());
    let token = csrf(&mut manager).await;
    let place = format!("/admin/users/{root}/keys");
    let form = [
        ("csrf", token.as_str()),
        ("kind", "card"),
        ("name", "Mine now"),
    ];
    assert_eq!(manager.submit(&place, &form).await.status, 403);
    for what in ["link", "pin", "desk", "desk/options", "revoke", "rename"] {
        let form = [
            ("csrf", token.as_str()),
            ("name", "x"),
            ("credential", "{}"),
        ];
        let answer = manager.submit(&format!("{key}/{what}"), &form).await;
        assert_eq!(answer.status, 403, "{what}");
    }
    assert_eq!(server.api().list(&path).await.len(), 1);
    // Who only looks sees them.
    assert_eq!(manager.click(&place).await.status, 200);
}
