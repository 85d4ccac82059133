//! Signing out at the provider and back, and its word that somebody has signed out
//! there.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{login_in, register};
use crate::harness::{Browser, Server, now};
use crate::openid::logout::Listener;
use crate::vendors::{CLIENT_ID, Kind, Person, Vendor};

const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

on_both! {
    /// There, with the ID token, and back; nothing where it is not wanted.
    there_and_back
    /// The sessions that a token means end, and no others.
    the_provider_signs_people_out
}

/// A provider that signs out at `{vendor}/end?x=1`, and Ada in its session `s-1`.
async fn set_up(server: &Server, settings: Value) -> Vendor {
    let vendor = Vendor::start(Kind::Oidc).await;
    vendor.add(Person::ada().with("sid", "s-1"));
    let mut all = json!({ "oauth": {
        "single_logout": true,
        "end_session_endpoint": format!("{}/end?x=1", vendor.url),
    }});
    crate::harness::merge(&mut all, settings);
    register(server, &vendor, "it", all).await;
    vendor
}

async fn signed_in(server: &Server, vendor: &Vendor, person: &str) -> Browser {
    let mut browser = Browser::new(server);
    login_in(&mut browser, vendor, "it", person).await.user();
    browser
}

fn parameters(location: &str) -> BTreeMap<String, String> {
    let url = url::Url::parse(location).unwrap();
    url.query_pairs().into_owned().collect()
}

/// The claims of a token, unverified.
fn claims(token: &str) -> Value {
    use base64::Engine as _;
    let part = token.split('.').nth(1).unwrap();
    let octets = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(part);
    serde_json::from_slice(&octets.unwrap()).unwrap()
}

async fn there_and_back(server: Server) {
    let vendor = set_up(&server, json!({})).await;
    let mut browser = signed_in(&server, &vendor, "ada-4711").await;
    let old = browser.clone();
    let answer = browser.click("/logout").await;
    assert_eq!(answer.status, 303, "{}", answer.body);
    // Signed out here before the provider knows of it.
    assert!(browser.session().is_none());
    assert!(old.clone().me().await.is_none());
    let location = answer.location.unwrap();
    assert!(
        location.starts_with(&format!("{}/end?x=1&", vendor.url)),
        "{location}"
    );
    let sent = parameters(&location);
    assert_eq!(claims(&sent["id_token_hint"])["sub"], "ada-4711");
    assert_eq!(sent["client_id"], CLIENT_ID);
    let back = format!("{}/oauth/it/logged-out", server.url);
    assert_eq!(sent["post_logout_redirect_uri"], back);
    let provider = server.api().get("/api/v1/providers/it").await;
    assert_eq!(provider["urls"]["logged_out"], back);

    let address = format!("{back}?state={}", sent["state"]);
    let arrived = browser.click_elsewhere(&address).await;
    assert_eq!(
        arrived.location.as_deref(),
        Some("/signed-out?also=provider")
    );
    // Once; and whoever comes by themselves is signed out too.
    for address in [address.as_str(), &back, &format!("{back}?state=x&state=y")] {
        let again = browser.click_elsewhere(address).await;
        assert_eq!(again.location.as_deref(), Some("/signed-out"), "{address}");
    }

    // An application signs its person out: by way of the provider back to it.
    let bye = "https://app.example.com/bye";
    let more = json!({ "post_logout_redirect_uris": [bye] });
    let client = crate::openid::register(&server, "wiki", more).await;
    let mut browser = signed_in(&server, &vendor, "ada-4711").await;
    let hint = client.tokens(&mut browser, &[]).await.text("id_token");
    let query = crate::harness::encode(&[
        ("id_token_hint", hint.as_str()),
        ("post_logout_redirect_uri", bye),
        ("state", "app"),
    ]);
    let answer = browser
        .click_elsewhere(&format!("/oidc/logout?{query}"))
        .await;
    let location = answer.location.unwrap();
    assert!(
        location.starts_with(&format!("{}/end?", vendor.url)),
        "{location}"
    );
    let address = format!("{back}?state={}", parameters(&location)["state"]);
    let arrived = browser.click_elsewhere(&address).await;
    let expected = format!("{bye}?state=app");
    assert_eq!(arrived.location.as_deref(), Some(expected.as_str()));

    // Not in the database as it came.
    let mut browser = signed_in(&server, &vendor, "ada-4711").await;
    if let Ok(file) = std::fs::read(server.path("data/doorward.db")) {
        let text = String::from_utf8_lossy(&file);
        assert!(!text.contains(&sent["id_token_hint"]));
    }
    // Where it is not wanted, one stays here; what was kept is not asked for again.
    let off = json!({ "oauth": { "single_logout": false } });
    let path = "/api/v1/providers/it";
    server.api().expect("PATCH", path, Some(&off), 200).await;
    let answer = browser.click("/logout").await;
    assert_eq!(answer.location.as_deref(), Some("/signed-out"));
    // The provider has come to stand for another issuer, which is told nothing.
    let elsewhere = Vendor::start(Kind::Oidc).await;
    let mut browser = signed_in(&server, &vendor, "ada-4711").await;
    let moved = json!({ "oauth": {
        "single_logout": true,
        "issuer": elsewhere.url,
        "end_session_endpoint": format!("{}/end", elsewhere.url),
    }});
    server.api().expect("PATCH", path, Some(&moved), 200).await;
    let answer = browser.click("/logout").await;
    assert_eq!(answer.location.as_deref(), Some("/signed-out"));
    let back_again = json!({ "oauth": { "issuer": vendor.provider("it")["oauth"]["issuer"] } });
    server
        .api()
        .expect("PATCH", path, Some(&back_again), 200)
        .await;
    // A provider without such a place, and one whose discovery is away.
    let none = json!({ "oauth": { "single_logout": true, "end_session_endpoint": null } });
    server.api().expect("PATCH", path, Some(&none), 200).await;
    let mut browser = signed_in(&server, &vendor, "ada-4711").await;
    let answer = browser.click("/logout").await;
    assert_eq!(answer.location.as_deref(), Some("/signed-out"));
    let mut browser = signed_in(&server, &vendor, "ada-4711").await;
    let mut vendor = vendor;
    vendor.stop().await;
    server.api().expect("PATCH", path, Some(&none), 200).await;
    let answer = browser.click("/logout").await;
    assert_eq!(answer.location.as_deref(), Some("/signed-out"));
    assert!(browser.me().await.is_none());
}

/// What the provider sends.
async fn send(server: &Server, form: &[(&str, &str)]) -> (u16, Value) {
    let address = format!("{}/oauth/it/backchannel-logout", server.url);
    let answer = server.client.post(address).form(form).send();
    let answer = answer.await.unwrap();
    assert_eq!(answer.headers()["cache-control"], "no-store");
    let status = answer.status().as_u16();
    (status, answer.json().await.unwrap_or_default())
}

fn token(vendor: &Vendor, jti: &str, more: Value) -> Value {
    let seconds = now().millis() / 1000;
    let mut claims = json!({
        "iss": vendor.provider("it")["oauth"]["issuer"],
        "aud": CLIENT_ID, "iat": seconds, "exp": seconds + 120, "jti": jti,
        "events": { EVENT: {} },
    });
    crate::harness::merge(&mut claims, more);
    claims
}

async fn the_provider_signs_people_out(server: Server) {
    let vendor = set_up(&server, json!({})).await;
    vendor.add(Person::new("bob", "Bob B", "bob@example.com").with("sid", "s-bob"));
    let mut first = signed_in(&server, &vendor, "ada-4711").await;
    vendor.add(Person::ada().with("sid", "s-2"));
    let mut second = signed_in(&server, &vendor, "ada-4711").await;
    let mut bob = signed_in(&server, &vendor, "bob").await;

    // What is no good token ends nothing, and leaves a trace.
    let sub = json!({ "sub": "ada-4711" });
    let with = |more: Value| {
        let mut all = sub.clone();
        crate::harness::merge(&mut all, more);
        token(&vendor, "bad", all)
    };
    for (claims, code) in [
        (with(json!({ "aud": "another" })), "oauth.audience_mismatch"),
        (
            with(json!({ "iss": "https://evil.example" })),
            "oauth.issuer_mismatch",
        ),
        (with(json!({ "exp": 1 })), "oauth.token_expired"),
        (with(json!({ "nonce": "n" })), "oauth.logout_nonce"),
        (with(json!({ "events": "none" })), "oauth.logout_event"),
        (token(&vendor, "bad", json!({})), "oauth.logout_nobody"),
    ] {
        let claims = vendor.signed(&claims);
        let (status, body) = send(&server, &[("logout_token", &claims)]).await;
        assert_eq!((status, &body["error"]), (400, &json!("invalid_request")));
        let trace = server.api().last_trace().await;
        assert_eq!(
            (&trace["code"], &trace["kind"]),
            (&json!(code), &json!("logout")),
            "{trace}"
        );
    }
    // An ID token, a token by nobody's key, and forms that are none.
    vendor.fail(crate::vendors::Fault::WrongSignature);
    let forged = vendor.signed(&token(&vendor, "j-0", sub.clone()));
    vendor.heal();
    let good = vendor.signed(&token(&vendor, "j-1", json!({ "sid": "s-1" })));
    for form in [
        &[("logout_token", forged.as_str())][..],
        &[],
        &[("logout_token", "")],
        &[("logout_token", "a.b.c")],
        &[("logout_token", good.as_str()), ("logout_token", &good)],
    ] {
        assert_eq!(send(&server, form).await.0, 400, "{form:?}");
    }
    let address = format!("{}/oauth/it/backchannel-logout", server.url);
    for request in [
        server
            .client
            .post(&address)
            .body(format!("logout_token={good}")),
        server
            .client
            .post(&address)
            .header("content-type", "application/json")
            .body(format!("{{\"logout_token\":\"{good}\"}}")),
        server
            .client
            .post(&address)
            .form(&[("logout_token", "x".repeat(100_000))]),
    ] {
        assert_eq!(request.send().await.unwrap().status().as_u16(), 400);
    }
    let other = server.client.post(address.replace("/it/", "/other/"));
    let other = other.form(&[("logout_token", &good)]).send().await.unwrap();
    assert_eq!(other.status().as_u16(), 404);
    let get = server.client.get(&address).send().await.unwrap();
    assert_eq!(get.status().as_u16(), 405);
    for browser in [&mut first, &mut second, &mut bob] {
        assert!(browser.me().await.is_some());
    }

    // One session, by its sid; its applications hear of it in turn.
    let listener = Listener::refusing(0).await;
    let more = json!({ "backchannel_logout_uri": listener.url });
    let client = crate::openid::register(&server, "wiki", more).await;
    client.tokens(&mut first, &[]).await;
    let (status, _) = send(&server, &[("logout_token", &good)]).await;
    assert_eq!(status, 200);
    listener.hears(1).await;
    assert!(first.me().await.is_none());
    assert!(second.me().await.is_some() && bob.me().await.is_some());
    let audit = server.api().get("/api/v1/audit").await;
    assert_eq!(audit["items"][0]["action"], "user.signed_out", "{audit}");
    // Once.
    let (status, _) = send(&server, &[("logout_token", &good)]).await;
    assert_eq!(status, 400);
    assert_eq!(
        server.api().last_trace().await["code"],
        "oauth.logout_replayed"
    );
    // Somebody else's sid with this person's sub means nobody.
    let claims = token(&vendor, "j-2", json!({ "sub": "bob", "sid": "s-2" }));
    let claims = vendor.signed(&claims);
    assert_eq!(send(&server, &[("logout_token", &claims)]).await.0, 200);
    assert!(second.me().await.is_some() && bob.me().await.is_some());
    // All of a person's, by the sub; also by a key that is new.
    vendor.rotate_keys();
    let claims = vendor.signed(&token(&vendor, "j-3", sub.clone()));
    assert_eq!(send(&server, &[("logout_token", &claims)]).await.0, 200);
    assert!(second.me().await.is_none() && bob.me().await.is_some());
    // Another provider's word does not reach these sessions.
    let elsewhere = Vendor::start(Kind::Oidc).await;
    elsewhere.add(Person::new("bob", "Bob B", "bob@example.com"));
    let mut provider = elsewhere.provider("elsewhere");
    provider["label"] = json!("Elsewhere");
    super::make(&server, &elsewhere, provider).await;
    let claims = elsewhere.signed(&token(&elsewhere, "j-4", json!({ "sub": "bob" })));
    let address = address.replace("/it/", "/elsewhere/");
    let answer = server.client.post(&address);
    let answer = answer.form(&[("logout_token", &claims)]).send().await;
    assert_eq!(answer.unwrap().status().as_u16(), 200);
    assert!(bob.me().await.is_some());
}
