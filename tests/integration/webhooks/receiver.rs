//! A receiver of webhooks, good or bad, that checks signatures by itself.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use openssl::hash::MessageDigest;
use openssl::pkey::PKey;
use openssl::sign::Signer;
use serde_json::Value;

/// How the receiver answers.
#[derive(Clone, Debug)]
pub enum Mood {
    Good,
    Status(u16),
    Hangs,
    RedirectsTo(String),
}

/// A message as it came.
#[derive(Clone, Debug)]
pub struct Received {
    pub id: String,
    pub timestamp: String,
    pub signature: String,
    pub body: String,
    pub json: Value,
}

impl Received {
    /// Whether one of its signatures was made with this secret.
    pub fn is_signed_with(&self, secret: &str) -> bool {
        let key = STANDARD
            .decode(secret.strip_prefix("whsec_").unwrap())
            .unwrap();
        let key = PKey::hmac(&key).unwrap();
        let content = format!("{}.{}.{}", self.id, self.timestamp, self.body);
        let mut signer = Signer::new(MessageDigest::sha256(), &key).unwrap();
        let value = signer.sign_oneshot_to_vec(content.as_bytes()).unwrap();
        let value = format!("v1,{}", STANDARD.encode(value));
        self.signature.split(' ').any(|one| one == value)
    }
}

#[derive(Clone)]
struct Shared {
    mood: Arc<Mutex<Mood>>,
    received: Arc<Mutex<Vec<Received>>>,
}

/// The receiver.
pub struct Receiver {
    pub url: String,
    shared: Shared,
}

impl Receiver {
    pub async fn start() -> Self {
        let shared = Shared {
            mood: Arc::new(Mutex::new(Mood::Good)),
            received: Arc::default(),
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook?team=1", listener.local_addr().unwrap());
        let router = Router::new().fallback(answer).with_state(shared.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, shared }
    }

    pub fn turns(&self, mood: Mood) {
        *self.shared.mood.lock().unwrap() = mood;
    }

    pub fn received(&self) -> Vec<Received> {
        self.shared.received.lock().unwrap().clone()
    }

    /// What came of one type.
    pub fn of(&self, event: &str) -> Vec<Received> {
        let mut all = self.received();
        all.retain(|one| one.json["type"] == event);
        all
    }

    /// Waits until so many messages of a type have come.
    pub async fn waits_for(&self, event: &str, count: usize) -> Vec<Received> {
        for _ in 0..400 {
            let found = self.of(event);
            if found.len() >= count {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("{count} of {event} did not come: {:#?}", self.received());
    }
}

async fn answer(State(shared): State<Shared>, headers: HeaderMap, body: Bytes) -> Response {
    let text = |name: &str| {
        let value = headers.get(name).map(|value| value.to_str().unwrap());
        value.unwrap_or_default().to_owned()
    };
    assert_eq!(text("content-type"), "application/json");
    let body = String::from_utf8(body.to_vec()).unwrap();
    shared.received.lock().unwrap().push(Received {
        id: text("webhook-id"),
        timestamp: text("webhook-timestamp"),
        signature: text("webhook-signature"),
        json: serde_json::from_str(&body).unwrap(),
        body,
    });
    let mood = shared.mood.lock().unwrap().clone();
    match mood {
        Mood::Good => StatusCode::NO_CONTENT.into_response(),
        Mood::Status(status) => StatusCode::from_u16(status).unwrap().into_response(),
        Mood::Hangs => {
            tokio::time::sleep(Duration::from_mins(2)).await;
            StatusCode::OK.into_response()
        }
        Mood::RedirectsTo(to) => {
            (StatusCode::TEMPORARY_REDIRECT, [(header::LOCATION, to)]).into_response()
        }
    }
}
