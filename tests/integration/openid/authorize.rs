//! Requests that are refused, and where that is said.

use serde_json::json;

use super::{CALLBACK, parameter, person, register, returned, scene};
use crate::harness::{Answer, Browser, Person, Server, refused};

on_both! {
    nothing_is_sent_where_nobody_registered
    the_client_is_told_what_is_wrong
    a_native_app_chooses_its_port
    nobody_signed_in_and_no_pages
    signing_in_anew_cannot_be_got_around
    somebody_else_than_expected
    who_may_not_use_it_is_told_so
    an_application_that_is_off_is_none
}

/// The page must say so, and send nobody anywhere.
fn stays_here(answer: &Answer, what: &str) {
    assert_eq!(answer.status, 400, "{what}: {:?}", answer.location);
    assert!(answer.location.is_none(), "{what}: {:?}", answer.location);
    refused(answer);
    assert!(!answer.body.contains("evil.example.com"), "{what}");
}

async fn nothing_is_sent_where_nobody_registered(server: Server) {
    let settings = json!({"redirect_uris": [CALLBACK, "https://app.example.com/cb?tenant=1"]});
    let (client, mut browser, _) = scene(&server, settings).await;
    let mut nobody = Browser::new(&server);
    for uri in [
        "https://evil.example.com/cb",
        "https://app.example.com/cb/",
        "https://app.example.com/cb/more",
        "https://app.example.com/c",
        "https://app.example.com/cb?x=y",
        "https://app.example.com/cb?tenant=1&x=y",
        "https://app.example.com/cb?tenant=2",
        "https://app.example.com/cb#fragment",
        "https://app.example.com/cb#",
        "https://app.example.com/CB",
        "https://app.example.com:443/cb",
        "http://app.example.com/cb",
        "https://app.example.com.evil.example.com/cb",
        "https://app.example.com@evil.example.com/cb",
        "https://app.example.com/x/../cb",
        "https://app.example.com/%63b",
        "//app.example.com/cb",
        "/cb",
        "javascript:alert(1)",
        "data:text/html,x",
        " https://app.example.com/cb",
        "https://app.example.com/cb\r\nSet-Cookie: x=y",
    ] {
        for browser in [&mut browser, &mut nobody] {
            for prompt in ["", "none"] {
                let request = client.request(&[("redirect_uri", uri), ("prompt", prompt)]);
                stays_here(&browser.click_elsewhere(&request).await, uri);
            }
        }
    }
    let twice = format!(
        "{}&redirect_uri=https%3A%2F%2Fevil.example.com",
        client.request(&[])
    );
    stays_here(&browser.click_elsewhere(&twice).await, "two redirect URIs");
    let twice = format!("{}&client_id=other", client.request(&[]));
    stays_here(&browser.click_elsewhere(&twice).await, "two clients");
    for (name, value) in [
        ("redirect_uri", ""),
        ("client_id", ""),
        ("client_id", "nobody"),
        ("client_id", "../x"),
    ] {
        let request = client.request(&[(name, value)]);
        stays_here(&browser.click_elsewhere(&request).await, value);
    }
    let unknown = "urn:ietf:params:oauth:request_uri:nothing";
    let request = format!("/oidc/authorize?client_id=wiki&request_uri={unknown}");
    stays_here(&browser.click_elsewhere(&request).await, unknown);
    stays_here(
        &browser.click_elsewhere("/oidc/resume?flow=nothing").await,
        "no such request",
    );
    stays_here(&browser.click_elsewhere("/oidc/resume").await, "no handle");
}

async fn the_client_is_told_what_is_wrong(server: Server) {
    let (client, mut browser, _) = scene(&server, json!({})).await;
    let mut nobody = Browser::new(&server);
    for (name, value, error) in [
        ("response_type", "token", "unsupported_response_type"),
        ("response_type", "id_token", "unsupported_response_type"),
        (
            "response_type",
            "code id_token",
            "unsupported_response_type",
        ),
        ("response_type", "", "invalid_request"),
        ("response_mode", "fragment", "invalid_request"),
        ("scope", "", "invalid_scope"),
        ("scope", "admin root", "invalid_scope"),
        ("code_challenge", "", "invalid_request"),
        ("code_challenge", "short", "invalid_request"),
        ("code_challenge_method", "", "invalid_request"),
        ("code_challenge_method", "plain", "invalid_request"),
        ("prompt", "none login", "invalid_request"),
        ("prompt", "whatever", "invalid_request"),
        ("max_age", "-1", "invalid_request"),
        ("max_age", "soon", "invalid_request"),
        (
            "request",
            "eyJhbGciOiJub25lIn0.e30.",
            "request_not_supported",
        ),
        (
            "request_uri",
            "https://evil.example.com/r",
            "request_uri_not_supported",
        ),
        ("registration", "{}", "registration_not_supported"),
        (
            "id_token_hint",
            "eyJhbGciOiJub25lIn0.e30.",
            "invalid_request",
        ),
    ] {
        for browser in [&mut browser, &mut nobody] {
            let answer = browser
                .click_elsewhere(&client.request(&[(name, value)]))
                .await;
            assert_eq!(returned(&answer, "error"), error, "{name}={value}");
            assert_eq!(returned(&answer, "state"), "a state");
            assert!(parameter(&answer, "code").is_none());
        }
    }
    let twice = format!("{}&nonce=another", client.request(&[]));
    let answer = browser.click_elsewhere(&twice).await;
    assert_eq!(returned(&answer, "error"), "invalid_request");
}

async fn a_native_app_chooses_its_port(server: Server) {
    let (_, mut browser, _) = scene(&server, json!({})).await;
    let native = json!({
        "confidential": false,
        "redirect_uris": ["http://127.0.0.1/cb", "com.example.app:/cb"],
    });
    let client = register(&server, "native", native).await;
    for uri in ["http://127.0.0.1:51004/cb", "com.example.app:/cb"] {
        let answer = browser
            .click_elsewhere(&client.request(&[("redirect_uri", uri)]))
            .await;
        let location = answer.location.as_deref().unwrap();
        assert!(location.starts_with(&format!("{uri}?code=")), "{location}");
    }
    for uri in [
        "http://127.0.0.2:51004/cb",
        "http://localhost:51004/cb",
        "http://127.0.0.1:51004/x",
    ] {
        let request = client.request(&[("redirect_uri", uri)]);
        stays_here(&browser.click_elsewhere(&request).await, uri);
    }
}

async fn nobody_signed_in_and_no_pages(server: Server) {
    let (client, mut browser, _) = scene(&server, json!({})).await;
    let mut nobody = Browser::new(&server);
    let silent = client.request(&[("prompt", "none")]);
    let answer = nobody.click_elsewhere(&silent).await;
    assert_eq!(returned(&answer, "error"), "login_required");
    let old = client.request(&[("prompt", "none"), ("max_age", "0")]);
    let answer = browser.click_elsewhere(&old).await;
    assert_eq!(returned(&answer, "error"), "login_required");
    let young = client.request(&[("prompt", "none"), ("max_age", "600")]);
    returned(&browser.click_elsewhere(&young).await, "code");
}

async fn signing_in_anew_cannot_be_got_around(server: Server) {
    let (client, mut browser, idp) = scene(&server, json!({})).await;
    for change in [
        ("prompt", "login"),
        ("prompt", "select_account"),
        ("max_age", "0"),
    ] {
        let begun = browser.click_elsewhere(&client.request(&[change])).await;
        let login = begun.location.clone().unwrap();
        assert!(
            login.starts_with("/login?") && login.contains("choose=1"),
            "{login}"
        );
        let flow = login
            .split("flow%3D")
            .nth(1)
            .unwrap()
            .split('&')
            .next()
            .unwrap();
        // Going on without signing in leads to the same page, as often as one likes.
        for _ in 0..2 {
            let back = browser.click(&format!("/oidc/resume?flow={flow}")).await;
            assert!(
                back.location.as_deref().unwrap().starts_with("/login?"),
                "{:?}",
                back.location
            );
        }
        let page = browser.click(&login).await;
        assert_eq!(
            page.status, 200,
            "signed in already, and asked all the same"
        );
        let start = format!("/saml/okta/login?rd=%2Foidc%2Fresume%3Fflow%3D{flow}");
        let sign_in = idp.start_at(&mut browser, &start).await;
        let response = idp.scene(&server, &sign_in, &Person::named("ada")).forge();
        let outcome = idp.answer(&mut browser, &sign_in, &response.base64()).await;
        let code = returned(&outcome.last, "code");
        let tokens = client.redeem(&code).await;
        let claims = client.claims(&tokens.text("id_token")).await;
        let age = claims["iat"].as_i64().unwrap() - claims["auth_time"].as_i64().unwrap();
        assert!((0..20).contains(&age), "{claims}");
        // The request is finished: its handle is worth nothing any more.
        let again = browser.click(&format!("/oidc/resume?flow={flow}")).await;
        stays_here(&again, "finished");
    }
}

async fn somebody_else_than_expected(server: Server) {
    let (client, mut ada, idp) = scene(&server, json!({})).await;
    let mut bob = person(&server, &idp, "bob").await;
    let hint = client.tokens(&mut ada, &[]).await.text("id_token");
    let request = client.request(&[("prompt", "none"), ("id_token_hint", &hint)]);
    returned(&ada.click_elsewhere(&request).await, "code");
    let answer = bob.click_elsewhere(&request).await;
    assert_eq!(returned(&answer, "error"), "login_required");
    // Another client's ID token is no hint.
    let other = register(&server, "other", json!({})).await;
    let request = other.request(&[("id_token_hint", &hint)]);
    let answer = ada.click_elsewhere(&request).await;
    assert_eq!(returned(&answer, "error"), "invalid_request");
}

async fn who_may_not_use_it_is_told_so(server: Server) {
    let (client, mut browser, _) = scene(&server, json!({"access": "private"})).await;
    let page = browser.click_elsewhere(&client.request(&[])).await;
    assert_eq!(page.status, 403);
    assert!(
        page.body.contains("Wiki") && page.body.contains("ada@example.com"),
        "{}",
        page.body
    );
    assert!(page.body.contains("choose=1"), "{}", page.body);
    let silent = browser
        .click_elsewhere(&client.request(&[("prompt", "none")]))
        .await;
    assert_eq!(returned(&silent, "error"), "access_denied");
    let trace = server.api().last_trace().await;
    assert_eq!(trace["code"], "application.not_assigned");
    let me = browser.me().await.unwrap();
    let assigned = format!(
        "/api/v1/applications/wiki/users/{}",
        me["id"].as_str().unwrap()
    );
    let (status, _) = server.api().call("PUT", &assigned, None).await;
    assert!(matches!(status, 200 | 201 | 204), "{status}");
    client.tokens(&mut browser, &[]).await;
}

async fn an_application_that_is_off_is_none(server: Server) {
    let (client, mut browser, _) = scene(&server, json!({})).await;
    let tokens = client
        .tokens(&mut browser, &[("scope", "openid offline_access")])
        .await;
    let off = json!({"enabled": false});
    let api = server.api();
    api.expect("PATCH", "/api/v1/applications/wiki", Some(&off), 200)
        .await;
    stays_here(
        &browser.click_elsewhere(&client.request(&[])).await,
        "switched off",
    );
    let info = client.userinfo(&tokens.text("access_token")).await;
    assert_eq!(info.error(), (401, "invalid_token"));
    let refreshed = client.refresh(&tokens.text("refresh_token")).await;
    assert_eq!(refreshed.error(), (401, "invalid_client"));
}
