//! The API against a real embedded database, through the layers that surround
//! it in the gateway.

mod applications;
mod auth;
mod conflicts;
mod document;
mod groups;
mod http;
mod oauth_providers;
mod providers;
mod rest;
mod users;

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode, header};
use axum::middleware::from_fn_with_state;
use http_body_util::BodyExt as _;
use secrecy::ExposeSecret as _;
use serde_json::Value;
use tower::ServiceExt as _;
use url::Url;

use super::{ApiState, router};
use crate::directory::settings::Settings;
use crate::directory::signing_keys::SigningKeys;
use crate::directory::{Actor, Directory};
use crate::domain::{Clock, Entropy, Scope, Slug, Timestamp, UserId};
use crate::login::passkey::Passkeys;
use crate::login::password::{Accounts, AccountsSettings};
use crate::login::saml::source::MetadataSource;
use crate::platform::crypto::{MasterKeys, Sealer};
use crate::platform::http::Outbound;
use crate::platform::mail::Outbox;
use crate::platform::storage::{Db, StorageError};
use crate::platform::web::{Kit, KitSettings, secure};
use crate::sessions::layer::{SessionState, session};
use crate::sessions::rows::{SignedIn, begin};
use crate::sessions::{Lifetimes, Sessions};

const ORIGIN: &str = "https://sso.example.com";
/// 2027-01-15, when the metadata of the fixtures is valid.
const NOW: Timestamp = Timestamp(1_800_000_000_000);
const LIFETIMES: Lifetimes = Lifetimes {
    lifetime: 12 * 3600,
    idle: 3600,
    enforce_validity: true,
};

struct Api {
    directory: Directory,
    kit: Kit,
    router: Router,
    admin: String,
    _folder: tempfile::TempDir,
}

#[derive(Debug)]
struct Reply {
    status: u16,
    headers: HeaderMap,
    json: Value,
}

impl Reply {
    fn header(&self, name: header::HeaderName) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    /// The body, when the status is this one.
    #[track_caller]
    fn expect(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.json);
        self.json
    }

    /// The places of the mistakes, when it is a problem of this status.
    #[track_caller]
    fn mistakes(self, status: u16) -> Vec<String> {
        let problem = self.problem(status);
        let errors = problem["errors"].as_array().cloned().unwrap_or_default();
        errors
            .iter()
            .map(|e| {
                e["pointer"]
                    .as_str()
                    .or(e["field"].as_str())
                    .unwrap()
                    .to_owned()
            })
            .collect()
    }

    /// The problem, when it is one of this status.
    #[track_caller]
    fn problem(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.json);
        let kind = self.header(header::CONTENT_TYPE);
        assert_eq!(kind, "application/problem+json");
        assert_eq!(self.header(header::CACHE_CONTROL), "no-store");
        assert_eq!(self.json["status"], status);
        self.json
    }

    /// The problem's code, when it is one of this status.
    #[track_caller]
    fn code(self, status: u16) -> String {
        self.problem(status)["code"].as_str().unwrap().to_owned()
    }
}

/// Who asks.
#[derive(Clone, Copy)]
enum By<'a> {
    Nobody,
    Token(&'a str),
    Cookie(&'a str),
}

impl Api {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("doorward.db");
        let db = Db::open(&format!("sqlite://{}", path.display()))
            .await
            .unwrap();
        let (clock, entropy) = (Clock::manual(NOW), Entropy::System);
        let directory = Directory::new(db.clone(), clock.clone(), entropy.clone());
        let kit = Kit::new(KitSettings {
            clock: clock.clone(),
            ..KitSettings::new(Url::parse(ORIGIN).unwrap())
        });
        let sessions = Sessions::new(db, clock, entropy, LIFETIMES);
        let master = MasterKeys::parse("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=").unwrap();
        let sealer = Arc::new(Sealer::new(&master, Entropy::System).unwrap());
        let defaults = Settings {
            allowed_domains: vec!["*".to_owned()],
            home_realm_discovery: false,
            password_login: true,
            passkeys: true,
        };
        let passkeys = Passkeys::new(
            directory.clone(),
            sessions.clone(),
            kit.clone(),
            defaults.clone(),
            [7; 32],
            Outbox::new(Arc::clone(&sealer), "Doorward", kit.origin(), false),
        );
        let state = ApiState {
            passkeys,
            accounts: Accounts::new(AccountsSettings {
                directory: directory.clone(),
                sessions: sessions.clone(),
                kit: kit.clone(),
                defaults: defaults.clone(),
                outbox: Outbox::new(Arc::clone(&sealer), "Doorward", kit.origin(), false),
                device_key: zeroize::Zeroizing::new([7; 32]),
                rate_limits: true,
            }),
            signing: SigningKeys::new(directory.clone(), Arc::clone(&sealer)),
            directory: directory.clone(),
            kit: kit.clone(),
            defaults,
            sealer,
            metadata: MetadataSource::new(directory.clone(), Outbound::new(true).unwrap()),
            outbound: Outbound::new(true).unwrap(),
        };
        let layer = SessionState {
            kit: kit.clone(),
            sessions,
        };
        let router = router(state).layer(from_fn_with_state(layer, session));
        let mut api = Self {
            router: secure(router, &kit),
            directory,
            kit,
            admin: String::new(),
            _folder: folder,
        };
        api.admin = api.token(&[Scope::Admin]).await;
        api
    }

    async fn token(&self, scopes: &[Scope]) -> String {
        let scopes = scopes.iter().copied().collect();
        let made = self
            .directory
            .create_token("test".to_owned(), scopes, None, Actor::CommandLine)
            .await;
        made.unwrap().1.expose_secret().to_owned()
    }

    /// Lets seconds pass. Ids sort by the time at which they were made.
    fn pass(&self, seconds: i64) {
        let Clock::Manual(clock) = &self.directory.clock else {
            panic!("the clock is ours")
        };
        clock.fetch_add(seconds * 1000, std::sync::atomic::Ordering::SeqCst);
    }

    /// Signs a user in; answers the cookie's secret.
    async fn sign_in(&self, user: &str) -> String {
        let user = UserId::parse(user).unwrap();
        let provider = Slug::parse("okta").unwrap();
        let signed_in = SignedIn::through(&user, &provider, None, NOW);
        self.directory
            .db
            .write(move |tx| {
                let signed_in = signed_in.clone();
                Box::pin(async move {
                    begin(tx, &signed_in, LIFETIMES, None, NOW, &Entropy::System).await
                })
            })
            .await
            .map_err(|e: StorageError| e)
            .unwrap()
            .secret
    }

    async fn send(&self, request: Request<Body>) -> Reply {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        let kind = parts.headers.get(header::CONTENT_TYPE);
        let is_lines = kind.is_some_and(|kind| kind.as_bytes().starts_with(b"application/jsonl"));
        let json = if body.is_empty() {
            Value::Null
        } else if is_lines {
            let lines = body
                .split(|octet| *octet == b'\n')
                .filter(|line| !line.is_empty());
            let line = |line| serde_json::from_slice(line).expect("every line is JSON");
            Value::Array(lines.map(line).collect())
        } else {
            serde_json::from_slice(&body).expect("every body is JSON")
        };
        Reply {
            status: parts.status.as_u16(),
            headers: parts.headers,
            json,
        }
    }

    fn request(&self, by: By<'_>, method: &str, path: &str) -> axum::http::request::Builder {
        let request = Request::builder()
            .method(method)
            .uri(format!("/api/v1{path}"));
        match by {
            By::Nobody => request,
            By::Token(token) => request.header("authorization", format!("Bearer {token}")),
            By::Cookie(secret) => {
                let cookie = format!("{}={secret}", self.kit.cookies().session);
                request.header("cookie", cookie).header("origin", ORIGIN)
            }
        }
    }

    async fn call(&self, by: By<'_>, method: &str, path: &str, body: Option<Value>) -> Reply {
        let request = self.request(by, method, path);
        let request = match body {
            None => request.body(Body::empty()),
            Some(body) => request
                .header("content-type", "application/json")
                .body(Body::from(body.to_string())),
        };
        self.send(request.unwrap()).await
    }

    /// Calls as admin.
    async fn admin(&self, method: &str, path: &str, body: Option<Value>) -> Reply {
        self.call(By::Token(&self.admin), method, path, body).await
    }

    /// Makes a user; answers the id.
    async fn user(&self, body: Value) -> String {
        let user = self.admin("POST", "/users", Some(body)).await.expect(201);
        user["id"].as_str().unwrap().to_owned()
    }
}

fn fixture(name: &str) -> String {
    let path = format!(
        "{}/idp-metadata-fixtures/{name}",
        env!("CARGO_MANIFEST_DIR")
    );
    String::from_utf8_lossy(&std::fs::read(path).unwrap()).into_owned()
}

/// The places of a list's items under a key.
fn column(list: &Value, key: &str) -> Vec<String> {
    let items = list["items"].as_array().unwrap().iter();
    items
        .map(|item| item[key].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn what_is_no_route_is_a_problem() {
    let api = Api::new().await;
    api.admin("GET", "/nothing", None).await.problem(404);
    let reply = api.admin("PUT", "/users", None).await;
    assert!(reply.header(header::ALLOW).contains("GET"));
    reply.problem(405);
    let typed = |kind: &'static str, body: &'static str| {
        api.request(By::Token(&api.admin), "POST", "/users")
            .header("content-type", kind)
            .body(Body::from(body))
            .unwrap()
    };
    let form = typed("application/x-www-form-urlencoded", "email=a");
    api.send(form).await.problem(415);
    api.send(typed("application/json", "{")).await.problem(400);
    api.send(typed("application/json", "[]")).await.problem(422);
    let large = Body::from(format!("{{\"name\": \"{}\"}}", "x".repeat(300 * 1024)));
    let large = api
        .request(By::Token(&api.admin), "POST", "/users")
        .header("content-type", "application/json")
        .body(large);
    api.send(large.unwrap())
        .await
        .problem(StatusCode::PAYLOAD_TOO_LARGE.as_u16());
}
