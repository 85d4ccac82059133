//! Users: the list, the forms, what is done to one and to many.

use serde_json::json;

use super::{
    Form, HOSTILE, admin, audit, form, form_at, problem, shown, texts, told, user, user_at,
};
use crate::harness::{Browser, Server};

on_both! {
    the_list_is_searched_filtered_and_paged
    a_profile_is_saved_and_every_mistake_is_told_at_its_field
    two_admins_at_once_the_second_is_told_and_loses_nothing
    a_form_needs_the_token_of_its_session
    an_admin_who_is_deactivated_meanwhile_is_out
    only_admins_grant_roles
    nobody_shuts_out_themselves_or_the_last_admin
    many_are_deactivated_with_their_number
    what_was_sent_twice_was_done_once
    validity_has_bounds
    groups_of_a_user
}

fn at(id: &str, page: &str) -> String {
    format!("/admin/users/{id}/{page}")
}

async fn the_list_is_searched_filtered_and_paged(server: Server) {
    let (_, mut browser, _) = admin(&server).await;
    for n in 0..60 {
        let status = if n % 10 == 0 { "inactive" } else { "active" };
        let made = json!({
            "email": format!("person{n}@example.com"), "name": format!("Person Number {n}"),
            "department": if n == 7 { HOSTILE } else { "Research" }, "status": status,
        });
        user(&server, made).await;
    }
    let page = browser.click("/admin/users").await;
    assert_eq!(page.status, 200);
    assert_eq!(texts(&page, "tbody tr").len(), 50);
    let next = page.body.split("rel=\"next\"").next().unwrap();
    let next = next
        .rsplit("href=\"")
        .next()
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    let next = next.replace("&#38;", "&");
    let second = browser.click(&next).await;
    // 60 and the admin.
    assert_eq!(texts(&second, "tbody tr").len(), 11);
    assert!(!second.body.contains("rel=\"next\""));
    let rows = async |browser: &mut Browser, query: &str| {
        let page = browser.click(&format!("/admin/users?{query}")).await;
        assert_eq!(page.status, 200, "{query}");
        texts(&page, "tbody th a")
    };
    assert_eq!(rows(&mut browser, "status=inactive").await.len(), 6);
    assert_eq!(rows(&mut browser, "role=admin").await, ["Grace Example"]);
    assert_eq!(rows(&mut browser, "source=saml").await, ["Grace Example"]);
    assert_eq!(
        rows(&mut browser, "q=NUMBER+17").await,
        ["Person Number 17"]
    );
    assert_eq!(rows(&mut browser, "q=script&status=active").await.len(), 1);
    assert_eq!(
        rows(&mut browser, "q=number&source=manual&status=inactive")
            .await
            .len(),
        6
    );
    assert_eq!(rows(&mut browser, "q=%25").await.len(), 0);
    assert_eq!(rows(&mut browser, "q=%00").await.len(), 0);
    // What is not understood narrows nothing.
    assert_eq!(
        rows(&mut browser, "status=x&role=root&cursor=1%27")
            .await
            .len(),
        50
    );
    let page = browser.click("/admin/users?q=nobody-at-all").await;
    assert!(page.body.contains("Nothing matches."), "{}", page.body);
}

async fn a_profile_is_saved_and_every_mistake_is_told_at_its_field(server: Server) {
    let (_, mut browser, _) = admin(&server).await;
    user_at(&server, "taken@example.com").await;
    let id = user_at(&server, "ada@example.com").await;
    let path = at(&id, "profile");
    let saved = form(&mut browser, &path)
        .await
        .with("name", "Ada Lovelace")
        .with("department", HOSTILE)
        .with("extensionAttribute3", "Building 7")
        .send(&mut browser)
        .await;
    assert_eq!(told(&mut browser, saved).await, "Saved.");
    let now = shown(&server, &id).await;
    assert_eq!(now["name"], "Ada Lovelace");
    assert_eq!(now["department"], HOSTILE);
    assert_eq!(
        now["extension_attributes"],
        json!({"extensionAttribute3": "Building 7"})
    );
    let event = &audit(&server, &id).await[0];
    assert_eq!(event["actor"], "Grace Example", "{event}");
    assert!(
        event["changes"].to_string().contains("Ada Lovelace"),
        "{event}"
    );
    // Emptied is cleared; what was not touched stays.
    let saved = form(&mut browser, &path)
        .await
        .with("department", " ")
        .send(&mut browser)
        .await;
    told(&mut browser, saved).await;
    let now = shown(&server, &id).await;
    assert!(now["department"].is_null());
    assert_eq!(
        now["extension_attributes"]["extensionAttribute3"],
        "Building 7"
    );

    let (long, upn) = ("x".repeat(2_000), "x".repeat(300));
    for (name, value, said) in [
        ("email", "", "must be filled in"),
        ("email", "nonsense", "not an e-mail address"),
        ("email", "TAKEN@example.com", "another user already"),
        ("name", long.as_str(), "at most"),
        ("name", "a\u{202e}b", "cannot be seen"),
        ("department", "a\u{0}b", "cannot be seen"),
        ("user_name", "a\u{200b}", "cannot be seen"),
        ("upn", upn.as_str(), "at most 256"),
        ("extensionAttribute10", long.as_str(), "at most 1024"),
    ] {
        let wrong = form(&mut browser, &path)
            .await
            .with("job_title", HOSTILE)
            .with(name, value);
        let answer = wrong.send(&mut browser).await;
        assert_eq!(answer.status, 422, "{name}={value:?}: {}", answer.body);
        let problem = problem(&answer, name);
        assert!(problem.contains(said), "{name}={value:?}: {problem}");
        let back = Form::read(&answer, &path);
        assert_eq!(back.value("job_title"), HOSTILE);
        if !value.contains('\0') {
            assert_eq!(back.value(name), value);
        }
        assert_eq!(shown(&server, &id).await, now, "{name}={value:?}");
    }
    // Sent twice in one form.
    let twice = form(&mut browser, &path).await.and("name", "Eve");
    let answer = twice.send(&mut browser).await;
    assert_eq!(answer.status, 422);
    assert!(problem(&answer, "name").contains("twice"));
    // A form with nothing in it but its token changes nothing and says why.
    let bare = form(&mut browser, &path).await;
    let csrf = bare.value("csrf").to_owned();
    let answer = browser.submit(&path, &[("csrf", &csrf)]).await;
    assert_eq!(answer.status, 409);
    assert_eq!(shown(&server, &id).await, now);
}

async fn two_admins_at_once_the_second_is_told_and_loses_nothing(server: Server) {
    let (idp, mut first, _) = admin(&server).await;
    let (mut second, _) = idp.signed_in_with(&server, "barbara", Some("admin")).await;
    let id = user_at(&server, "ada@example.com").await;
    let path = at(&id, "profile");
    let slow = form(&mut second, &path).await.with("job_title", "Countess");
    let quick = form(&mut first, &path).await.with("department", "Engines");
    quick.told(&mut first).await;
    let answer = slow.send(&mut second).await;
    assert_eq!(answer.status, 409, "{}", answer.body);
    assert!(answer.body.contains("Somebody else saved this user"));
    assert!(problem(&answer, "department").contains("Engines"));
    assert!(shown(&server, &id).await["job_title"].is_null());
    // What was typed is there, and can be sent now.
    let again = Form::read(&answer, &path);
    assert_eq!(again.value("job_title"), "Countess");
    let saved = again.with("department", "Engines").send(&mut second).await;
    assert_eq!(told(&mut second, saved).await, "Saved.");
    let now = shown(&server, &id).await;
    assert_eq!(
        (&now["job_title"], &now["department"]),
        (&json!("Countess"), &json!("Engines"))
    );

    for page in ["validity", "roles"] {
        let path = at(&id, page);
        let slow = form(&mut second, &path).await;
        let slow = match page {
            "roles" => slow.and("role", "auditor"),
            _ => slow.with("valid_to", "2040-01-01T00:00"),
        };
        let quick = form(&mut first, &at(&id, "profile"))
            .await
            .with("phone", page);
        quick.told(&mut first).await;
        let answer = slow.send(&mut second).await;
        assert_eq!(answer.status, 409, "{}", answer.body);
        let again = Form::read(&answer, &path).send(&mut second).await;
        told(&mut second, again).await;
    }
    let now = shown(&server, &id).await;
    assert_eq!(now["roles"], json!(["auditor"]));
    assert_eq!(now["valid_to"], "2040-01-01T00:00:00.000Z");
}

async fn a_form_needs_the_token_of_its_session(server: Server) {
    let (idp, mut browser, _) = admin(&server).await;
    let (mut other, _) = idp.signed_in_with(&server, "barbara", Some("admin")).await;
    let id = user_at(&server, "ada@example.com").await;
    let foreign = other.csrf("/account").await;
    for page in [
        "profile",
        "validity",
        "roles",
        "groups",
        "deactivate",
        "delete",
        "sign-out",
    ] {
        let path = at(&id, page);
        for token in ["", "x", foreign.as_str()] {
            let form = form(&mut browser, &path).await;
            let answer = form.with("csrf", token).send(&mut browser).await;
            assert_eq!(answer.status, 403, "{page} with {token:?}");
            // A form with something in it comes back; the rest is to be read again.
            let comes_back = answer.body.contains("once more");
            assert!(
                comes_back || answer.body.contains("open too long"),
                "{page}: {}",
                answer.body
            );
            assert!(comes_back || page != "profile");
        }
        let form = form(&mut browser, &path).await;
        let csrf = form.value("csrf").to_owned();
        let answer = browser.submit_elsewhere(&path, &[("csrf", &csrf)]).await;
        assert_eq!(answer.status, 403, "{page} from another site");
    }
    for many in ["deactivate", "reactivate"] {
        let path = format!("/admin/users/{many}");
        let answer = browser
            .submit(&path, &[("id", &id), ("csrf", &foreign)])
            .await;
        assert_eq!(answer.status, 403, "{many}");
    }
    assert_eq!(shown(&server, &id).await["status"], "active");
}

async fn an_admin_who_is_deactivated_meanwhile_is_out(server: Server) {
    let (idp, mut browser, _) = admin(&server).await;
    let (mut other, theirs) = idp.signed_in_with(&server, "barbara", Some("admin")).await;
    let id = user_at(&server, "ada@example.com").await;
    let open = form(&mut other, &at(&id, "profile"))
        .await
        .with("name", "Eve");
    let question = form(&mut browser, &at(&theirs, "deactivate")).await;
    let answer = question.send(&mut browser).await;
    assert_eq!(told(&mut browser, answer).await, "The user is deactivated.");
    let answer = open.send(&mut other).await;
    assert_eq!(answer.status, 303);
    let rd = format!("/login?rd=%2Fadmin%2Fusers%2F{id}%2Fprofile");
    assert_eq!(answer.location, Some(rd));
    assert_eq!(shown(&server, &id).await["name"], "ada");
    let answer = other.click("/admin/users").await;
    assert_eq!(
        answer.location.as_deref(),
        Some("/login?rd=%2Fadmin%2Fusers")
    );
    // Whose role goes is out as well, and comes back without the dashboard.
    let (mut third, id) = idp
        .signed_in_with(&server, "frances", Some("user-manager"))
        .await;
    let roles = form(&mut browser, &at(&id, "roles")).await.without("role");
    roles.told(&mut browser).await;
    assert_eq!(third.click("/admin/users").await.status, 303);
    idp.login(&server, &mut third, &super::person("frances"))
        .await;
    assert_eq!(third.click("/admin/users").await.status, 403);
}

async fn only_admins_grant_roles(server: Server) {
    let (idp, mut browser, admins) = admin(&server).await;
    let (mut manager, own) = idp
        .signed_in_with(&server, "mary", Some("user-manager"))
        .await;
    let id = user_at(&server, "ada@example.com").await;
    let csrf = manager.csrf("/account").await;
    for target in [&id, &own] {
        let path = at(target, "roles");
        assert_eq!(manager.click(&path).await.status, 403);
        let answer = manager
            .submit(&path, &[("csrf", &csrf), ("role", "admin")])
            .await;
        assert_eq!(answer.status, 403);
    }
    let page = manager.click(&format!("/admin/users/{id}")).await;
    assert!(!page.body.contains("/roles"), "the way there is not shown");
    assert_eq!(shown(&server, &id).await["roles"], json!([]));
    // Nor does anybody else redirect what an admin signs in by.
    let path = at(&admins, "profile");
    let page = manager.click(&path).await;
    assert!(
        page.body.contains("Only an admin changes it")
            || page.body.contains("identity provider keeps this")
    );
    let before = shown(&server, &admins).await;
    let forged = Form::read(&page, &path)
        .and("email", "mary@example.com")
        .and("upn", "mary")
        .and("user_name", "mary");
    forged.send(&mut manager).await;
    assert_eq!(shown(&server, &admins).await["email"], before["email"]);
    assert_eq!(
        shown(&server, &admins).await["user_name"],
        before["user_name"]
    );
    // An admin does; an unknown role is told.
    let granted = form(&mut browser, &at(&id, "roles"))
        .await
        .and("role", "auditor");
    let said = granted.told(&mut browser).await;
    assert!(said.contains("roles are saved"), "{said}");
    assert_eq!(shown(&server, &id).await["roles"], json!(["auditor"]));
    let unknown = form(&mut browser, &at(&id, "roles"))
        .await
        .and("role", "root");
    let answer = unknown.send(&mut browser).await;
    assert_eq!(answer.status, 422);
    assert!(answer.body.contains("There is no such role."));
    // Nobody takes the role away from themselves.
    let own = form(&mut browser, &at(&admins, "roles"))
        .await
        .without("role");
    let answer = own.send(&mut browser).await;
    assert_eq!(answer.status, 422);
    assert_eq!(shown(&server, &admins).await["roles"], json!(["admin"]));
}

async fn nobody_shuts_out_themselves_or_the_last_admin(server: Server) {
    let (idp, mut browser, own) = admin(&server).await;
    let csrf = browser.csrf("/account").await;
    for deed in ["deactivate", "delete"] {
        let page = browser.click(&at(&own, deed)).await;
        assert!(
            page.body.contains("This is your own account"),
            "{}",
            page.body
        );
        assert!(texts(&page, "main form").is_empty(), "there is no button");
        let answer = browser.submit(&at(&own, deed), &[("csrf", &csrf)]).await;
        let said = told(&mut browser, answer).await;
        assert!(said.contains("your own account"), "{said}");
    }
    let (mut manager, _) = idp
        .signed_in_with(&server, "mary", Some("user-manager"))
        .await;
    for deed in ["deactivate", "delete"] {
        let question = form(&mut manager, &at(&own, deed)).await;
        let said = question.told(&mut manager).await;
        assert!(said.contains("last admin"), "{said}");
    }
    let ends = form(&mut manager, &at(&own, "validity")).await;
    let answer = ends
        .with("valid_to", "2020-01-01T00:00")
        .send(&mut manager)
        .await;
    assert_eq!(answer.status, 422);
    assert!(problem(&answer, "valid_to").contains("last admin"));
    assert_eq!(shown(&server, &own).await["status"], "active");
    assert_eq!(browser.click("/admin").await.status, 303);
}

async fn many_are_deactivated_with_their_number(server: Server) {
    let (_, mut browser, own) = admin(&server).await;
    let mut ids = Vec::new();
    for n in 0..3 {
        ids.push(user_at(&server, &format!("person{n}@example.com")).await);
    }
    let gone = user_at(&server, "gone@example.com").await;
    server
        .api()
        .expect("DELETE", &format!("/api/v1/users/{gone}"), None, 204)
        .await;
    let all = ids.iter().chain([&own, &gone, &ids[0]]);
    let query: Vec<String> = all.map(|id| format!("id={id}")).collect();
    let question = format!("/admin/users/deactivate?{}&id=nonsense", query.join("&"));
    let page = browser.click(&question).await;
    assert_eq!(texts(&page, "h1"), ["Deactivate 3 users?"]);
    assert_eq!(texts(&page, "main form button"), ["Deactivate 3 users"]);
    assert!(page.body.contains("It stays as it is."), "{}", page.body);
    assert!(
        page.body.contains("person0, person1, person2"),
        "{}",
        page.body
    );
    // Somebody adds their own id by hand, and that of nobody.
    let form = Form::read(&page, "/admin/users/deactivate")
        .and("id", &own)
        .and("id", &gone);
    let said = form.told(&mut browser).await;
    assert!(said.starts_with("3 users are deactivated."), "{said}");
    for id in &ids {
        assert_eq!(shown(&server, id).await["status"], "inactive");
    }
    assert_eq!(shown(&server, &own).await["status"], "active");
    // Sent twice: there is nothing left to do.
    let said = form.told(&mut browser).await;
    assert!(said.contains("Nothing was changed"), "{said}");
    let question = format!("/admin/users/reactivate?id={}&id={}", ids[0], ids[1]);
    let back = form_at(&mut browser, &question, "/admin/users/reactivate").await;
    let said = back.told(&mut browser).await;
    assert_eq!(said, "2 users are active again.");
    let answer = browser.click("/admin/users/deactivate").await;
    assert!(told(&mut browser, answer).await.contains("select users"));
}

async fn what_was_sent_twice_was_done_once(server: Server) {
    let (_, mut browser, _) = admin(&server).await;
    let id = user_at(&server, "ada@example.com").await;
    let path = at(&id, "deactivate");
    let question = form(&mut browser, &path).await;
    for _ in 0..2 {
        let said = question.told(&mut browser).await;
        assert_eq!(said, "The user is deactivated.");
    }
    let answer = browser.click(&path).await;
    assert!(told(&mut browser, answer).await.contains("already"));
    let events = audit(&server, &id).await;
    let count = |action: &str| events.iter().filter(|e| e["action"] == action).count();
    assert_eq!(count("user.deactivated"), 1);
    let back = form(&mut browser, &at(&id, "reactivate")).await;
    back.told(&mut browser).await;
    let question = form(&mut browser, &at(&id, "delete")).await;
    let (mut one, mut two) = (browser.clone(), browser.clone());
    let (a, b) = tokio::join!(question.send(&mut one), question.send(&mut two));
    let mut said = vec![told(&mut one, a).await, told(&mut two, b).await];
    said.push(question.told(&mut browser).await);
    said.sort();
    assert_eq!(said[2], "The user is deleted.");
    for twice in &said[..2] {
        assert_eq!(twice, "That user was deleted in the meantime.");
    }
    assert_eq!(
        browser.click(&format!("/admin/users/{id}")).await.status,
        404
    );
    assert_eq!(browser.click("/admin/users/nonsense").await.status, 404);
}

async fn validity_has_bounds(server: Server) {
    let (_, mut browser, _) = admin(&server).await;
    let ends = json!({"email": "ada@example.com", "valid_to": "2040-05-01T12:30:45.678Z"});
    let id = user(&server, ends).await;
    let path = at(&id, "validity");
    let shown_form = form(&mut browser, &path).await;
    assert_eq!(shown_form.value("valid_to"), "2040-05-01T12:30");
    // Seconds that the form does not show are not lost by saving it.
    let saved = shown_form
        .with("valid_from", "2026-01-01T08:00")
        .send(&mut browser)
        .await;
    told(&mut browser, saved).await;
    let now = shown(&server, &id).await;
    assert_eq!(now["valid_from"], "2026-01-01T08:00:00.000Z");
    assert_eq!(now["valid_to"], "2040-05-01T12:30:45.678Z");
    for (name, value, said) in [
        ("valid_to", "2025-01-01T00:00", "before the beginning"),
        ("valid_to", "soon", "not a date"),
        ("valid_from", "2026-02-30T00:00", "not a date"),
        ("valid_from", HOSTILE, "not a date"),
    ] {
        let wrong = form(&mut browser, &path).await.with(name, value);
        let answer = wrong.send(&mut browser).await;
        assert_eq!(answer.status, 422, "{value}: {}", answer.body);
        assert!(
            problem(&answer, name).contains(said),
            "{}",
            problem(&answer, name)
        );
    }
    let cleared = form(&mut browser, &path).await.with("valid_to", "");
    cleared.told(&mut browser).await;
    assert!(shown(&server, &id).await["valid_to"].is_null());
}

async fn groups_of_a_user(server: Server) {
    let (_, mut browser, _) = admin(&server).await;
    let id = user_at(&server, "ada@example.com").await;
    let made = json!({ "name": HOSTILE });
    let group = server
        .api()
        .expect("POST", "/api/v1/groups", Some(&made), 201)
        .await;
    let path = at(&id, "groups");
    for (name, said) in [
        ("", "must be filled in"),
        ("No such group", "no group of this name"),
    ] {
        let answer = form(&mut browser, &path)
            .await
            .with("name", name)
            .send(&mut browser)
            .await;
        assert_eq!(answer.status, 422);
        assert!(problem(&answer, "name").contains(said));
    }
    for _ in 0..2 {
        let added = form(&mut browser, &path)
            .await
            .without("remove")
            .with("name", HOSTILE);
        let said = added.told(&mut browser).await;
        assert_eq!(said, "Added to the group.");
    }
    assert_eq!(shown(&server, &id).await["groups"][0]["name"], HOSTILE);
    let csrf = browser.csrf("/account").await;
    let group = group["id"].as_str().unwrap();
    let answer = browser
        .submit(&path, &[("csrf", &csrf), ("remove", group)])
        .await;
    assert_eq!(told(&mut browser, answer).await, "Removed from the group.");
    assert_eq!(shown(&server, &id).await["groups"], json!([]));
}
