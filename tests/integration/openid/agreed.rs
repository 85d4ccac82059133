//! What people agreed to, and take back on their account page; single claims.

use serde_json::json;

use super::{Client, person, register, returned, scene};
use crate::harness::{Answer, Browser, Server};

on_both! {
    what_was_agreed_to_is_shown_and_taken_back
    nobody_takes_back_for_others
    single_claims
    people_agree_to_single_claims
}

fn field(page: &Answer, name: &str) -> String {
    let mark = format!("name=\"{name}\" value=\"");
    let rest = page.body.split_once(&mark);
    let (_, rest) = rest.unwrap_or_else(|| panic!("no {name}: {}", page.body));
    rest.split('"').next().unwrap().to_owned()
}

/// Agrees to what the page asks.
async fn agree(browser: &mut Browser, page: &Answer) -> Answer {
    let (flow, csrf) = (field(page, "flow"), field(page, "csrf"));
    let form = [
        ("flow", flow.as_str()),
        ("csrf", csrf.as_str()),
        ("decision", "allow"),
    ];
    browser.submit("/oidc/consent", &form).await
}

async fn tokens(client: &Client, browser: &mut Browser, scope: &str) -> super::Reply {
    let request = client.request(&[("scope", scope)]);
    let page = browser.click_elsewhere(&request).await;
    assert_eq!(page.status, 200, "{:?}", page.location);
    let answer = agree(browser, &page).await;
    let tokens = client.redeem(&returned(&answer, "code")).await;
    assert_eq!(tokens.status, 200, "{}", tokens.json);
    tokens
}

async fn what_was_agreed_to_is_shown_and_taken_back(server: Server) {
    let foreign = json!({"first_party": false});
    let (client, mut browser, _) = scene(&server, foreign).await;
    let page = browser.click("/account").await;
    assert!(!page.body.contains("take-back"), "{}", page.body);
    let given = tokens(&client, &mut browser, "openid email offline_access").await;
    // One of the company's own, without access while away, is not among them.
    let own = register(&server, "own", json!({"name": "Intranet"})).await;
    own.tokens(&mut browser, &[]).await;
    let page = browser.click("/account").await;
    for text in [
        "action=\"/account/applications/wiki/take-back\"",
        "your e-mail address",
        "while you are away",
    ] {
        assert!(page.body.contains(text), "{text}: {}", page.body);
    }
    assert!(!page.body.contains("/account/applications/own/"));
    browser.language = "de".to_owned();
    let german = browser.click("/account").await;
    assert!(german.body.contains("Anwendungen mit Zugriff"));
    let csrf = field(&page, "csrf");
    let path = "/account/applications/wiki/take-back";
    let done = browser.submit(path, &[("csrf", &csrf)]).await;
    assert_eq!(
        done.location.as_deref(),
        Some("/account?done=taken-back"),
        "{}",
        done.body
    );
    let refreshed = client.refresh(&given.text("refresh_token")).await;
    assert_eq!(refreshed.error(), (400, "invalid_grant"));
    let info = client.userinfo(&given.text("access_token")).await;
    assert_eq!(info.error(), (401, "invalid_token"));
    let inspected = client
        .post(
            "/oidc/introspect",
            &[("token", &given.text("access_token"))],
        )
        .await;
    assert_eq!(inspected.json, json!({"active": false}));
    // The session here goes on, and the application has to ask again.
    assert!(browser.me().await.is_some());
    let silent = client.request(&[("scope", "openid"), ("prompt", "none")]);
    let answer = browser.click_elsewhere(&silent).await;
    assert_eq!(returned(&answer, "error"), "consent_required");
    let again = browser.submit(path, &[("csrf", &csrf)]).await;
    assert_eq!(
        again.location.as_deref(),
        Some("/account?done=nothing-taken-back")
    );
    let events = server
        .api()
        .list("/api/v1/audit?action=application.access_taken_back")
        .await;
    assert_eq!(events.len(), 1, "{events:?}");
    assert!(events[0]["actor"].to_string().contains("Ada"), "{events:?}");
}

async fn nobody_takes_back_for_others(server: Server) {
    let foreign = json!({"first_party": false});
    let (client, mut browser, idp) = scene(&server, foreign).await;
    let given = tokens(&client, &mut browser, "openid offline_access").await;
    let path = "/account/applications/wiki/take-back";
    let forged = browser.submit(path, &[("csrf", "x")]).await;
    assert_eq!(forged.status, 403);
    let mut bob = person(&server, &idp, "bob").await;
    let csrf = bob.csrf("/account").await;
    let answer = bob.submit(path, &[("csrf", &csrf)]).await;
    assert_eq!(
        answer.location.as_deref(),
        Some("/account?done=nothing-taken-back")
    );
    let refreshed = client.refresh(&given.text("refresh_token")).await;
    assert_eq!(refreshed.status, 200, "{}", refreshed.json);
}

async fn single_claims(server: Server) {
    let settings = json!({"scopes": ["openid", "profile", "email", "groups"]});
    let (client, mut browser, _) = scene(&server, settings).await;
    let claims = json!({
        "userinfo": {"email": {"essential": true}, "phone_number": null, "picture": null},
        "id_token": {"name": null, "auth_time": {"essential": true}},
    });
    let claims = claims.to_string();
    let changes = [("scope", "openid"), ("claims", claims.as_str())];
    let tokens = client.tokens(&mut browser, &changes).await;
    assert_eq!(tokens.json["scope"], "openid");
    let id = client.claims(&tokens.text("id_token")).await;
    assert!(id["name"].is_string() && id["auth_time"].is_i64(), "{id}");
    assert!(id.get("email").is_none(), "{id}");
    let info = client.userinfo(&tokens.text("access_token")).await;
    assert_eq!(info.headers["cache-control"], "no-store");
    assert_eq!(info.json["email"], "ada@example.com");
    for absent in ["name", "phone_number", "picture", "groups"] {
        assert!(info.json.get(absent).is_none(), "{absent}: {}", info.json);
    }
    for wrong in [
        "{",
        "[]",
        "{\"userinfo\": []}",
        "{\"id_token\": {\"email\": 1}}",
    ] {
        let request = client.request(&[("claims", wrong)]);
        let answer = browser.click_elsewhere(&request).await;
        assert_eq!(returned(&answer, "error"), "invalid_request", "{wrong}");
    }
}

async fn people_agree_to_single_claims(server: Server) {
    let foreign = json!({"first_party": false, "claims": {"cost": "cost_center"}});
    let (client, mut browser, _) = scene(&server, foreign).await;
    tokens(&client, &mut browser, "openid").await;
    let claims = json!({"userinfo": {"email": null}}).to_string();
    let request = client.request(&[("scope", "openid"), ("claims", &claims)]);
    let page = browser.click_elsewhere(&request).await;
    assert_eq!(page.status, 200, "{:?}", page.location);
    assert!(page.body.contains("your e-mail address"), "{}", page.body);
    // What the admin added is named, too.
    assert!(page.body.contains("Cost centre"), "{}", page.body);
    let answer = agree(&mut browser, &page).await;
    returned(&answer, "code");
    let answer = browser.click_elsewhere(&request).await;
    returned(&answer, "code");
}
