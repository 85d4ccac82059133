//! The password form: who comes in, and what those learn who do not.

use std::time::{Duration, Instant};

use serde_json::json;

use super::{PASSWORD, Place, is_in, on_each, sign_in};
use crate::harness::{Browser, Server, database_of_its_own};

on_each!(
    who_has_the_password_is_in_and_no_one_else,
    whoever_may_not_come_in_hears_the_same,
    the_form_gives_back_what_was_typed_and_takes_no_nonsense,
    passwords_can_be_switched_off,
);

async fn who_has_the_password_is_in_and_no_one_else(place: Place) {
    place.person("grace@example.com", PASSWORD).await;
    let mut browser = Browser::new(&place.server);
    let before = browser.session();
    let answer = sign_in(&mut browser, "grace@example.com", PASSWORD).await;
    assert_eq!(
        (answer.status, answer.location.as_deref()),
        (303, Some("/account"))
    );
    assert!(is_in(&mut browser).await);
    let first = browser.session();
    assert_ne!(before, first);
    // Another case of the address, and the old session ends with the new one.
    let csrf = browser.csrf("/login?choose=1").await;
    let form = [
        ("csrf", csrf.as_str()),
        ("email", " GRACE@Example.com"),
        ("password", PASSWORD),
        ("rd", "/api/docs"),
    ];
    let answer = browser.submit("/login/password", &form).await;
    assert_eq!(answer.location.as_deref(), Some("/api/docs"));
    let me = |session: Option<String>| {
        let cookie = format!("doorward={}", session.unwrap());
        place
            .server
            .client
            .get(format!("{}/api/v1/me", place.server.url))
            .header("cookie", cookie)
            .send()
    };
    assert_eq!(me(first).await.unwrap().status(), 401);
    assert_eq!(me(browser.session()).await.unwrap().status(), 200);

    let trace = place.server.api().last_trace().await;
    assert_eq!(
        (&trace["kind"], &trace["outcome"]),
        (&json!("password"), &json!("success"))
    );
    for wrong in [
        "",
        "correct horse battery stapl",
        "Correct horse battery staple",
        &"x".repeat(2000),
    ] {
        let mut browser = Browser::new(&place.server);
        let answer = sign_in(&mut browser, "grace@example.com", wrong).await;
        assert_eq!(answer.status, 403, "{wrong}");
        assert!(!is_in(&mut browser).await);
    }
    // To nowhere else than here.
    for away in [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "javascript:alert(1)",
    ] {
        let csrf = browser.csrf("/login?choose=1").await;
        let form = [
            ("csrf", csrf.as_str()),
            ("email", "grace@example.com"),
            ("password", PASSWORD),
            ("rd", away),
        ];
        let answer = browser.submit("/login/password", &form).await;
        assert_eq!(answer.location.as_deref(), Some("/account"), "{away}");
    }
}

async fn whoever_may_not_come_in_hears_the_same(place: Place) {
    let user = place.person("grace@example.com", PASSWORD).await;
    place.person("gone@example.com", PASSWORD).await;
    place.person("past@example.com", PASSWORD).await;
    place.user("none@example.com", &json!({})).await;
    let api = place.server.api();
    let id = |user: &serde_json::Value| user["id"].as_str().unwrap().to_owned();
    let gone = api.user_by_email("gone@example.com").await.unwrap();
    api.expect(
        "POST",
        &format!("/api/v1/users/{}/deactivate", id(&gone)),
        None,
        200,
    )
    .await;
    let past = api.user_by_email("past@example.com").await.unwrap();
    let valid_to = json!({ "valid_to": "2020-01-01T00:00:00Z" });
    api.expect(
        "PATCH",
        &format!("/api/v1/users/{}", id(&past)),
        Some(&valid_to),
        200,
    )
    .await;

    let mut browser = Browser::new(&place.server);
    let page = |email: &'static str, password: &'static str| {
        let mut browser = browser.clone();
        async move {
            let answer = sign_in(&mut browser, email, password).await;
            assert_eq!(answer.status, 403, "{email}");
            assert!(!answer.sets().contains(&"doorward"), "{email}");
            let csrf = answer.body.split("name=\"csrf\" value=\"").nth(1).unwrap();
            let csrf = csrf.split('"').next().unwrap().to_owned();
            answer.body.replace(&csrf, "").replace(email, "")
        }
    };
    let wrong = page("grace@example.com", "not her password").await;
    for (email, password) in [
        ("nobody@example.com", PASSWORD),
        ("none@example.com", PASSWORD),
        ("gone@example.com", PASSWORD),
        ("past@example.com", PASSWORD),
        ("gone@example.com", "not the password"),
    ] {
        assert_eq!(page(email, password).await, wrong, "{email}");
    }
    // The traces know better.
    tokio::time::sleep(Duration::from_millis(500)).await;
    let traces = api.list("/api/v1/logins?kind=password").await;
    let codes: Vec<&str> = traces.iter().map(|t| t["code"].as_str().unwrap()).collect();
    for code in [
        "password.wrong",
        "password.unknown_user",
        "password.none",
        "login.user_inactive",
        "login.user_expired",
    ] {
        assert!(codes.contains(&code), "{code}: {codes:?}");
    }
    // A session ends with the account.
    sign_in(&mut browser, "grace@example.com", PASSWORD).await;
    assert!(is_in(&mut browser).await);
    api.expect(
        "POST",
        &format!("/api/v1/users/{}/deactivate", id(&user)),
        None,
        200,
    )
    .await;
    assert!(!is_in(&mut browser).await);
}

async fn the_form_gives_back_what_was_typed_and_takes_no_nonsense(place: Place) {
    let mut browser = Browser::new(&place.server);
    let long = format!("{}@example.com", "a".repeat(5000));
    for email in [
        "\"><script>alert(1)</script>",
        "",
        "no address",
        &long,
        "a\u{0}b@example.com",
        "日本@例え.jp",
    ] {
        let answer = sign_in(&mut browser, email, "some password or other").await;
        assert_eq!(answer.status, 403, "{email:?}");
        assert!(!answer.body.contains("<script>alert"), "{email:?}");
        assert!(answer.body.len() < 60_000);
    }
    let answer = sign_in(&mut browser, "ada@example.com", "some password or other").await;
    assert!(answer.body.contains("value=\"ada@example.com\""));
    assert!(!answer.body.contains("some password or other"));
    // Without the token, with somebody else's, from another site.
    let mut other = Browser::new(&place.server);
    let foreign = other.csrf("/login?choose=1").await;
    for csrf in ["", "x", &foreign] {
        let form = [
            ("csrf", csrf),
            ("email", "ada@example.com"),
            ("password", PASSWORD),
        ];
        assert_eq!(browser.submit("/login/password", &form).await.status, 403);
    }
    let csrf = browser.csrf("/login?choose=1").await;
    let form = [
        ("csrf", csrf.as_str()),
        ("email", "ada@example.com"),
        ("password", PASSWORD),
    ];
    assert_eq!(
        browser
            .submit_elsewhere("/login/password", &form)
            .await
            .status,
        403
    );
    assert_eq!(
        browser
            .submit("/login/password", &[("csrf", &csrf)])
            .await
            .status,
        403
    );
    assert_eq!(browser.visit("/login/password").await.status, 405);
}

async fn passwords_can_be_switched_off(mut place: Place) {
    place.person("grace@example.com", PASSWORD).await;
    let api = place.server.api();
    // A token proves nothing.
    let off = json!({ "password_login": false });
    let (status, problem) = api.call("PATCH", "/api/v1/settings", Some(&off)).await;
    assert_eq!(
        (status, &problem["code"]),
        (403, &json!("settings.proof_needed")),
        "{problem}"
    );
    let mut browser = Browser::new(&place.server);
    let csrf = browser.csrf("/login?choose=1").await;
    let form = [
        ("csrf", csrf.as_str()),
        ("email", "grace@example.com"),
        ("password", PASSWORD),
    ];
    assert_eq!(browser.submit("/login/password", &form).await.status, 303);

    // By the file.
    let config = std::fs::read_to_string(place.server.path("config.toml")).unwrap();
    let config = format!("{config}\n[password_login]\nenabled = false\n");
    std::fs::write(place.server.path("config.toml"), config).unwrap();
    place.server.restart().await;
    let mut browser = Browser::new(&place.server);
    let page = browser.visit("/login?choose=1").await;
    assert!(!page.body.contains("type=\"password\""), "{}", page.body);
    let form = [
        ("csrf", csrf.as_str()),
        ("email", "grace@example.com"),
        ("password", PASSWORD),
    ];
    assert_eq!(browser.submit("/login/password", &form).await.status, 403);
    assert_eq!(browser.visit("/reset").await.status, 403);
    // The way back in.
    let admin = "root@example.com";
    let args = [
        "user",
        "create",
        "--email",
        admin,
        "--admin",
        "--password-stdin",
    ];
    place.server.cli(&args, &format!("{PASSWORD}\n"));
    let link = place.server.cli(&["user", "way-in", admin], "");
    let link = link.trim();
    assert!(link.starts_with(&place.server.url), "{link}");
    for _ in 0..3 {
        assert_eq!(browser.visit(link).await.status, 200);
    }
    let csrf = browser.csrf(link).await;
    let wrong = [("csrf", csrf.as_str()), ("password", "something else")];
    assert_eq!(browser.submit(link, &wrong).await.status, 403);
    let right = [("csrf", csrf.as_str()), ("password", PASSWORD)];
    assert_eq!(browser.submit(link, &right).await.status, 303);
    assert!(is_in(&mut browser).await);
    // Once.
    let mut again = Browser::new(&place.server);
    assert_eq!(again.visit(link).await.status, 410);
}

const LIMITED: &str = "[security]\nrate_limits = true\n[secrets]\n\
    key = \"CQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQk=\"\n";

/// Tries at one account are counted by all replicas; the owner comes in all the same,
/// from a browser in which they have signed in before.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn guessing_is_throttled_for_all_replicas_and_the_owner_comes_in() {
    let url = database_of_its_own().await;
    let place = Place::on(&url, LIMITED).await;
    let other = Server::start(&url, &format!("{}{LIMITED}", place.mail.config())).await;
    place.person("grace@example.com", PASSWORD).await;
    let mut owner = Browser::new(&place.server);
    assert_eq!(
        sign_in(&mut owner, "grace@example.com", PASSWORD)
            .await
            .status,
        303
    );

    let mut guesses = 0;
    let mut refused = None;
    for round in 0..20 {
        let server = if round % 2 == 0 {
            &place.server
        } else {
            &other
        };
        let mut stranger = Browser::new(server);
        let answer = sign_in(&mut stranger, "grace@example.com", "a guess and no more").await;
        match answer.status {
            403 => guesses += 1,
            429 => refused = Some(answer),
            status => panic!("{status}"),
        }
    }
    assert!((5..=11).contains(&guesses), "{guesses}");
    let refused = refused.unwrap();
    let wait: u64 = refused.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=120).contains(&wait), "{wait}");
    assert!(refused.body.contains("value=\"grace@example.com\""));
    // Even the right password waits.
    let mut stranger = Browser::new(&other);
    assert_eq!(
        sign_in(&mut stranger, "grace@example.com", PASSWORD)
            .await
            .status,
        429
    );
    // Not in the owner's browser.
    assert_eq!(
        sign_in(&mut owner, "grace@example.com", PASSWORD)
            .await
            .status,
        303
    );
    // Nobody's account is counted in the same way.
    let mut statuses = Vec::new();
    for _ in 0..12 {
        let mut stranger = Browser::new(&other);
        statuses.push(
            sign_in(&mut stranger, "nobody@example.com", "a guess")
                .await
                .status,
        );
    }
    assert_eq!(statuses[0], 403);
    assert_eq!(statuses[11], 429);
}

/// How long an answer takes says nothing of whether there is such a person.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_time_says_nothing() {
    const ROUNDS: usize = 15;
    let place = Place::sqlite().await;
    place.person("grace@example.com", PASSWORD).await;
    place.user("none@example.com", &json!({})).await;
    let mut browser = Browser::new(&place.server);
    let csrf = browser.csrf("/login?choose=1").await;
    let mut took = [Vec::new(), Vec::new(), Vec::new()];
    for _ in 0..ROUNDS {
        for (index, email) in [
            "grace@example.com",
            "nobody@example.com",
            "none@example.com",
        ]
        .iter()
        .enumerate()
        {
            let form = [
                ("csrf", csrf.as_str()),
                ("email", *email),
                ("password", "not the password"),
            ];
            let start = Instant::now();
            assert_eq!(browser.submit("/login/password", &form).await.status, 403);
            took[index].push(start.elapsed());
        }
    }
    let medians = took.map(|mut all| {
        all.sort_unstable();
        all[all.len() / 2]
    });
    eprintln!("known, unknown, without password: {medians:?}");
    let (least, most) = (medians.iter().min().unwrap(), medians.iter().max().unwrap());
    assert!(
        most.as_secs_f64() < least.as_secs_f64() * 1.35,
        "{medians:?}"
    );
}
