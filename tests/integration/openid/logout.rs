//! Applications sign people out, and hear when others do.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::post;
use serde_json::{Value, json};

use super::{Client, register, scene};
use crate::harness::{Answer, Browser, Server, encode};

/// Where the application wants people afterwards.
const BYE: &str = "https://app.example.com/bye?tenant=1";

on_both! {
    /// With an ID token of the session: at once, and back to the application.
    with_a_hint
    /// Without one, or with one that says nothing of this session: asked first.
    without_a_hint
    /// With one that no address can carry: asked, and back to the application.
    with_a_long_hint
    /// Whatever ends a session, its applications hear of it.
    applications_hear_of_it
}

fn logout(params: &[(&str, &str)]) -> String {
    format!("/oidc/logout?{}", encode(params))
}

async fn signed_in(server: &Server) -> (Client, Browser, String) {
    let more = json!({ "post_logout_redirect_uris": [BYE] });
    let (client, mut browser, _) = scene(server, more).await;
    let tokens = client.tokens(&mut browser, &[]).await;
    let hint = tokens.text("id_token");
    (client, browser, hint)
}

fn stays_here(answer: &Answer) {
    let location = answer.location.as_deref().unwrap_or("/");
    assert!(
        location.starts_with('/') && !location.starts_with("//"),
        "{location}"
    );
}

async fn with_a_hint(server: Server) {
    let (client, mut browser, hint) = signed_in(&server).await;
    let params = [
        ("id_token_hint", hint.as_str()),
        ("post_logout_redirect_uri", BYE),
        ("state", "a state & more"),
    ];
    let answer = browser.click_elsewhere(&logout(&params)).await;
    assert_eq!(answer.status, 303, "{}", answer.body);
    assert_eq!(
        answer.location.as_deref(),
        Some(format!("{BYE}&state=a+state+%26+more").as_str())
    );
    assert!(browser.session().is_none() && browser.me().await.is_none());
    // Once more: nobody is signed in, and the browser goes on all the same.
    let again = browser.click_elsewhere(&logout(&params)).await;
    assert!(again.location.unwrap().starts_with(BYE));

    // By POST, to which the cookie does not come along.
    let mut browser = super::person(&server, &crate::harness::Idp::new(), "ada").await;
    let tokens = client.tokens(&mut browser, &[]).await;
    let hint = tokens.text("id_token");
    let form = [
        ("id_token_hint", hint.as_str()),
        ("post_logout_redirect_uri", BYE),
    ];
    let answer = browser.submit_elsewhere("/oidc/logout", &form).await;
    let answer = browser.follow(answer).await;
    assert_eq!(answer.location.as_deref(), Some(BYE));
    assert!(browser.me().await.is_none());
}

async fn with_a_long_hint(server: Server) {
    let (client, mut browser, _) = signed_in(&server).await;
    let nonce = "n".repeat(9_000);
    let tokens = client.tokens(&mut browser, &[("nonce", &nonce)]).await;
    let hint = tokens.text("id_token");
    let form = [
        ("id_token_hint", hint.as_str()),
        ("post_logout_redirect_uri", BYE),
    ];
    let answer = browser.submit_elsewhere("/oidc/logout", &form).await;
    assert_eq!(answer.status, 303, "{}", answer.body);
    let location = answer.location.clone().unwrap();
    assert!(location.contains("client_id=wiki"), "{location}");
    assert!(location.len() < 1_000, "{}", location.len());
    let page = browser.follow(answer).await;
    assert_eq!(page.status, 200, "{:?}", page.location);
    assert!(page.body.contains("Wiki"), "{}", page.body);
    assert!(browser.me().await.is_some(), "asked, not signed out");
    // One that is none says of no application.
    let forged = format!("{}x", &hint[..hint.len() - 1]);
    let form = [("id_token_hint", forged.as_str())];
    let answer = browser.submit_elsewhere("/oidc/logout", &form).await;
    assert_eq!(answer.location.as_deref(), Some("/oidc/logout?"));
}

async fn without_a_hint(server: Server) {
    let (client, mut browser, hint) = signed_in(&server).await;
    let other = register(&server, "other", json!({})).await;
    let mut bob = super::person(&server, &crate::harness::Idp::new(), "bob").await;
    let of_bob = client.tokens(&mut bob, &[]).await.text("id_token");
    let access = client.tokens(&mut browser, &[]).await.text("access_token");
    let forged = format!("{}x", &hint[..hint.len() - 1]);
    let near = [
        "https://app.example.com/bye",
        "https://app.example.com/bye?tenant=1&x=2",
        "https://app.example.com/bye?tenant=1#part",
        "https://app.example.com.evil.example/bye?tenant=1",
        "https://evil.example/",
        "//evil.example/",
        "javascript:alert(1)",
        "/\\evil.example",
    ];
    let mut asked: Vec<Vec<(&str, &str)>> = vec![
        vec![],
        vec![("client_id", client.id.as_str())],
        vec![
            ("client_id", client.id.as_str()),
            ("post_logout_redirect_uri", BYE),
        ],
        vec![("client_id", "nobody"), ("post_logout_redirect_uri", BYE)],
        // Another person's, another client's, a forged one, another kind of token.
        vec![("id_token_hint", of_bob.as_str())],
        vec![
            ("id_token_hint", hint.as_str()),
            ("client_id", other.id.as_str()),
        ],
        vec![("id_token_hint", forged.as_str())],
        vec![("id_token_hint", access.as_str())],
        vec![("id_token_hint", "rubbish")],
    ];
    for uri in near {
        asked.push(vec![
            ("client_id", client.id.as_str()),
            ("post_logout_redirect_uri", uri),
        ]);
    }
    for params in &asked {
        let answer = browser.click_elsewhere(&logout(params)).await;
        assert_eq!(answer.status, 200, "{params:?}: {}", answer.body);
        assert!(answer.body.contains("/oidc/logout/confirm"), "{params:?}");
        assert!(browser.me().await.is_some(), "{params:?}");
    }
    let german = [("ui_locales", "fr de-CH en")];
    let page = browser.click_elsewhere(&logout(&german)).await;
    assert!(page.body.contains("lang=\"de\""), "{}", page.body);
    let twice = browser
        .click_elsewhere("/oidc/logout?client_id=wiki&client_id=other")
        .await;
    assert_eq!(twice.status, 400);

    // The button, with the form's token only.
    let csrf = |page: &Answer| {
        let rest = page.body.split("name=\"csrf\" value=\"").nth(1).unwrap();
        rest.split('"').next().unwrap().to_owned()
    };
    let page = browser.click_elsewhere(&logout(&[])).await;
    let token = csrf(&page);
    let confirm = "/oidc/logout/confirm";
    let wrong = browser.submit(confirm, &[("csrf", "x")]).await;
    assert_eq!(wrong.status, 403);
    assert!(browser.me().await.is_some());
    for uri in near {
        let mut browser = super::person(&server, &crate::harness::Idp::new(), "ada").await;
        let page = browser.click_elsewhere(&logout(&[])).await;
        let form = [
            ("csrf", &*csrf(&page)),
            ("client_id", client.id.as_str()),
            ("redirect_uri", uri),
        ];
        let answer = browser.submit(confirm, &form).await;
        stays_here(&answer);
        assert!(browser.me().await.is_none());
        let answer = browser
            .click_elsewhere(&logout(&[
                ("client_id", client.id.as_str()),
                ("post_logout_redirect_uri", uri),
            ]))
            .await;
        stays_here(&answer);
    }
    let form = [
        ("csrf", token.as_str()),
        ("client_id", client.id.as_str()),
        ("redirect_uri", BYE),
        ("state", "s"),
    ];
    let answer = browser.submit(confirm, &form).await;
    assert_eq!(
        answer.location.as_deref(),
        Some(format!("{BYE}&state=s").as_str())
    );
    assert!(browser.me().await.is_none());
}

/// An application that listens.
pub struct Listener {
    /// Its back-channel logout URI.
    pub url: String,
    heard: Arc<Mutex<Vec<String>>>,
}

impl Listener {
    /// It takes the first word only when told twice.
    async fn start() -> Self {
        Self::refusing(1).await
    }

    /// It takes none of the first `refusals`.
    pub async fn refusing(refusals: usize) -> Self {
        let heard: Arc<Mutex<Vec<String>>> = Arc::default();
        let kept = Arc::clone(&heard);
        let take = post(move |body: String| {
            let kept = Arc::clone(&kept);
            async move {
                let mut heard = kept.lock().unwrap();
                heard.push(body);
                if heard.len() <= refusals {
                    StatusCode::SERVICE_UNAVAILABLE
                } else {
                    StatusCode::OK
                }
            }
        });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/logout", listener.local_addr().unwrap());
        let router = Router::new().route("/logout", take);
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, heard }
    }

    /// How often it has been told.
    pub fn count(&self) -> usize {
        self.heard.lock().unwrap().len()
    }

    /// Waits until it has been told so often.
    pub async fn hears(&self, count: usize) -> Vec<String> {
        for _ in 0..400 {
            let heard = self.heard.lock().unwrap().clone();
            if heard.len() >= count {
                return heard;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("heard {:?}", self.heard.lock().unwrap());
    }
}

async fn applications_hear_of_it(server: Server) {
    let (first, second) = (Listener::start().await, Listener::start().await);
    let more = json!({ "backchannel_logout_uri": first.url });
    let (client, mut browser, idp) = scene(&server, more).await;
    let more = json!({ "backchannel_logout_uri": second.url, "subject_type": "pairwise" });
    let other = register(&server, "other", more).await;
    // One that does not listen is in nobody's way.
    let deaf = register(&server, "deaf", json!({})).await;
    deaf.tokens(&mut browser, &[]).await;
    let id = client
        .claims(&client.tokens(&mut browser, &[]).await.text("id_token"))
        .await;
    client.tokens(&mut browser, &[]).await;
    let of_other = other
        .claims(&other.tokens(&mut browser, &[]).await.text("id_token"))
        .await;
    assert_ne!(id["sid"], of_other["sid"]);

    browser.click("/logout").await;
    // Refused once, told again: and not more often, though there were two codes.
    let heard = first.hears(2).await;
    let token = heard[1].strip_prefix("logout_token=").unwrap();
    let claims = client.claims(token).await;
    assert_eq!(claims["sid"], id["sid"]);
    assert_eq!(claims["sub"], id["sub"]);
    let event = "http://schemas.openid.net/event/backchannel-logout";
    assert_eq!(claims["events"], json!({ event: {} }));
    assert!(claims.get("nonce").is_none());
    let (from, until) = (
        claims["iat"].as_i64().unwrap(),
        claims["exp"].as_i64().unwrap(),
    );
    assert!(until - from <= 120);
    let jti = |body: &str| -> Value {
        use base64::Engine as _;
        let part = body.split('.').nth(1).unwrap();
        let octets = base64::engine::general_purpose::URL_SAFE_NO_PAD
            .decode(part)
            .unwrap();
        serde_json::from_slice::<Value>(&octets).unwrap()["jti"].clone()
    };
    assert_ne!(jti(&heard[0]), jti(&heard[1]));
    let heard = second.hears(2).await;
    let of_second = other
        .claims(heard[1].strip_prefix("logout_token=").unwrap())
        .await;
    assert_eq!(of_second["sid"], of_other["sid"]);
    assert_eq!(of_second["sub"], of_other["sub"]);
    assert_ne!(of_second["sub"], claims["sub"]);
    // It passes for no ID token.
    let hint = [("id_token_hint", token)];
    let mut browser = super::person(&server, &idp, "ada").await;
    let page = browser.click_elsewhere(&logout(&hint)).await;
    assert_eq!(page.status, 200, "asked, not signed out");

    // An admin ends the sessions; a deactivation; a sign-in in its place.
    let me = browser.me().await.unwrap();
    let path = format!("/api/v1/users/{}", me["id"].as_str().unwrap());
    client.tokens(&mut browser, &[]).await;
    let ended = server
        .api()
        .call("DELETE", &format!("{path}/sessions"), None)
        .await;
    assert!(ended.0 < 300);
    first.hears(3).await;
    let mut browser = super::person(&server, &idp, "ada").await;
    client.tokens(&mut browser, &[]).await;
    crate::harness::Idp::login(
        &idp,
        &server,
        &mut browser,
        &crate::harness::Person::named("ada"),
    )
    .await
    .user();
    first.hears(4).await;
    client.tokens(&mut browser, &[]).await;
    server
        .api()
        .expect("POST", &format!("{path}/deactivate"), None, 200)
        .await;
    let heard = first.hears(5).await;
    tokio::time::sleep(Duration::from_millis(2500)).await;
    assert_eq!(first.heard.lock().unwrap().len(), heard.len(), "each once");
}
