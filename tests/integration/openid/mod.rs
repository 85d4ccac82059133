//! The OpenID provider, over HTTP, with clients that the tests play.

mod agreed;
mod anew;
mod authorize;
mod clients;
mod ends;
mod flow;
mod forward_auth;
mod keys;
pub mod logout;
mod race;
mod tokens;
mod told;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use doorward::platform::crypto::jwt::verify::Unverified;
use doorward::platform::crypto::sha256;
use serde_json::{Value, json};

use crate::harness::{Answer, Browser, Idp, Person, Server, encode, merge};

/// Where the client is answered.
pub const CALLBACK: &str = "https://app.example.com/cb";
/// The verifier of every request that is not about verifiers.
pub const VERIFIER: &str = "a-verifier-of-forty-three-characters-at-least";

/// The challenge that belongs to a verifier.
pub fn challenge(verifier: &str) -> String {
    URL_SAFE_NO_PAD.encode(sha256(verifier.as_bytes()))
}

/// A client as the gateway knows it.
#[derive(Clone)]
pub struct Client {
    pub id: String,
    pub secret: Option<String>,
    url: String,
    http: reqwest::Client,
}

/// What an endpoint answered.
pub struct Reply {
    pub status: u16,
    pub headers: reqwest::header::HeaderMap,
    pub json: Value,
}

impl Reply {
    /// The error's word, with its status.
    pub fn error(&self) -> (u16, &str) {
        (self.status, self.json["error"].as_str().unwrap_or("none"))
    }

    pub fn text(&self, name: &str) -> String {
        let value = self.json[name].as_str();
        value
            .unwrap_or_else(|| panic!("no {name}: {}", self.json))
            .to_owned()
    }
}

/// Makes an application.
pub async fn register(server: &Server, slug: &str, more: Value) -> Client {
    let mut application = json!({
        "slug": slug,
        "name": "Wiki",
        "kind": "oidc",
        "access": "public",
        "redirect_uris": [CALLBACK],
    });
    merge(&mut application, more);
    let api = server.api();
    let made = api
        .expect("POST", "/api/v1/applications", Some(&application), 201)
        .await;
    assert_eq!(made["client_id"], slug);
    Client {
        id: slug.to_owned(),
        secret: made["client_secret"].as_str().map(ToOwned::to_owned),
        url: server.url.clone(),
        http: server.client.clone(),
    }
}

/// A gateway with an IdP, a client, and a person who is signed in.
pub async fn scene(server: &Server, more: Value) -> (Client, Browser, Idp) {
    let idp = Idp::new();
    idp.register(server).await;
    let client = register(server, "wiki", more).await;
    let browser = person(server, &idp, "ada").await;
    (client, browser, idp)
}

/// A browser in which somebody is signed in.
pub async fn person(server: &Server, idp: &Idp, name: &str) -> Browser {
    let mut browser = Browser::new(server);
    let outcome = idp.login(server, &mut browser, &Person::named(name)).await;
    outcome.user();
    browser
}

impl Client {
    /// The address of a request, with parameters changed: one without a value
    /// is left out.
    pub fn request(&self, changes: &[(&str, &str)]) -> String {
        let challenge = challenge(VERIFIER);
        let mut params = vec![
            ("client_id", self.id.as_str()),
            ("redirect_uri", CALLBACK),
            ("response_type", "code"),
            ("scope", "openid profile email"),
            ("state", "a state"),
            ("nonce", "a nonce"),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ];
        for (name, value) in changes {
            params.retain(|(known, _)| known != name);
            if !value.is_empty() {
                params.push((name, value));
            }
        }
        format!("/oidc/authorize?{}", encode(&params))
    }

    /// A code, of a browser that is signed in.
    pub async fn code(&self, browser: &mut Browser, changes: &[(&str, &str)]) -> String {
        let answer = browser.click_elsewhere(&self.request(changes)).await;
        let answer = browser.follow(answer).await;
        returned(&answer, "code")
    }

    /// Posts a form with the client's secret in a header, where it has one.
    pub async fn post(&self, path: &str, form: &[(&str, &str)]) -> Reply {
        let request = self.http.post(format!("{}{path}", self.url));
        let mut form = form.to_vec();
        let request = if let Some(secret) = &self.secret {
            request.basic_auth(&self.id, Some(secret))
        } else {
            form.push(("client_id", &self.id));
            request
        };
        reply(request.form(&form)).await
    }

    /// Posts a form as it is.
    pub async fn bare(&self, path: &str, form: &[(&str, &str)]) -> Reply {
        reply(self.http.post(format!("{}{path}", self.url)).form(form)).await
    }

    /// Redeems a code.
    pub async fn redeem(&self, code: &str) -> Reply {
        self.redeem_with(code, &[]).await
    }

    /// Redeems a code with parameters changed.
    pub async fn redeem_with(&self, code: &str, changes: &[(&str, &str)]) -> Reply {
        let mut form = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", CALLBACK),
            ("code_verifier", VERIFIER),
        ];
        for (name, value) in changes {
            form.retain(|(known, _)| known != name);
            if !value.is_empty() {
                form.push((name, value));
            }
        }
        self.post("/oidc/token", &form).await
    }

    /// Uses a refresh token.
    pub async fn refresh(&self, token: &str) -> Reply {
        let form = [("grant_type", "refresh_token"), ("refresh_token", token)];
        self.post("/oidc/token", &form).await
    }

    /// Asks who an access token is of.
    pub async fn userinfo(&self, token: &str) -> Reply {
        let request = self.http.get(format!("{}/oidc/userinfo", self.url));
        reply(request.bearer_auth(token)).await
    }

    /// Tokens, of a browser that is signed in.
    pub async fn tokens(&self, browser: &mut Browser, changes: &[(&str, &str)]) -> Reply {
        let code = self.code(browser, changes).await;
        let tokens = self.redeem(&code).await;
        assert_eq!(tokens.status, 200, "{}", tokens.json);
        tokens
    }

    /// The claims of an ID token, which must be one for this client.
    pub async fn claims(&self, token: &str) -> Value {
        let jwks = self.http.get(format!("{}/oidc/jwks", self.url));
        let jwks = reply(jwks).await.json;
        let parsed = Unverified::parse(token).unwrap();
        assert_eq!(parsed.verify(&jwks), Ok(()), "{jwks}");
        assert_eq!(parsed.text("iss"), Some(self.url.as_str()));
        assert!(parsed.is_for(&[&self.id]));
        Value::Object(parsed.claims)
    }
}

pub async fn reply(request: reqwest::RequestBuilder) -> Reply {
    let answer = request.send().await.unwrap();
    let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
    let text = answer.text().await.unwrap();
    let json = serde_json::from_str(&text).unwrap_or(Value::String(text));
    Reply {
        status,
        headers,
        json,
    }
}

/// A parameter of the answer with which the browser was sent to the client.
pub fn returned(answer: &Answer, name: &str) -> String {
    let found = parameter(answer, name);
    found.unwrap_or_else(|| {
        panic!(
            "no {name}: {} {:?}\n{}",
            answer.status, answer.location, answer.body
        )
    })
}

/// The same, if it is there. The answer must come from this gateway, and go to
/// the client.
pub fn parameter(answer: &Answer, name: &str) -> Option<String> {
    let location = answer.location.as_deref()?;
    if !location.starts_with(CALLBACK) {
        return None;
    }
    let url = url::Url::parse(location).unwrap();
    let all: Vec<(String, String)> = url.query_pairs().into_owned().collect();
    let iss: Vec<_> = all.iter().filter(|(name, _)| name == "iss").collect();
    assert_eq!(iss.len(), 1, "{location}");
    assert!(answer.url.starts_with(&iss[0].1), "{location}");
    let found = all.into_iter().find(|(known, _)| known == name);
    found.map(|(_, value)| value)
}
