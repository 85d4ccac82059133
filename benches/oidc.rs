//! What an application's sign-in costs at the token endpoint: codes become an
//! access token and an ID token in ES256, written durably. The codes are made
//! beforehand, by a browser that is signed in.
//!
//! Environment: `DOORWARD_BENCH_CODES` (default 6000), the number of codes.

#[path = "logins/client.rs"]
mod client;
#[path = "logins/openid.rs"]
mod openid;

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use client::{Connection, Request};
use doorward::directory::{Actor, Directory};
use doorward::domain::application::{ApplicationKind, SigningAlg};
use doorward::domain::{Application, Clock, Entropy, Slug};
use doorward::platform::crypto::sha256;
use doorward::platform::storage::Db;
use openid::report::{Limit, Report};
use openid::server::Server;
use openid::support;
use openid::vendors::{Person, Vendor};
use secrecy::ExposeSecret as _;

/// Where codes go.
const CALLBACK: &str = "https://app.example.com/cb";
/// What every request is proven with.
const VERIFIER: &str = "a-verifier-of-forty-three-characters-at-least";

fn main() -> Result<()> {
    openid::begin(run())
}

async fn run() -> Result<()> {
    let wanted = openid::wanted("DOORWARD_BENCH_CODES", 6_000)?;
    let report = Report::new("Codes at the token endpoint");
    let (vendor, providers) = openid::provider().await?;
    vendor.add(Person::new("ada", "Ada Lovelace", "ada@example.com"));
    let folder = tempfile::TempDir::with_prefix("doorward-bench-")?;
    let secret = register(folder.path()).await?;
    let mut server = Server::start(folder.path(), &providers)?;
    let cookies = signed_in(&server, &vendor).await?;

    exchange(&server, &prepared(&server, &cookies, &secret, 200).await?).await?;
    let ready = prepared(&server, &cookies, &secret, wanted).await?;
    let (cpu, begin) = (server.cpu()?, Instant::now());
    let mut took = exchange(&server, &ready).await?;
    let elapsed = begin.elapsed().as_secs_f64();
    let cpu = server.cpu()?.saturating_sub(cpu).as_secs_f64();
    took.sort_unstable();
    let late = took.get(took.len() * 99 / 100).copied().unwrap_or_default();
    #[expect(clippy::cast_precision_loss, reason = "a number of codes")]
    let count = wanted as f64;
    let rate = count / elapsed;
    report.figure("codes with ES256", rate, "/s", Limit::AtLeast(1_500.0));
    report.note(
        "the slowest of a hundred",
        1000.0 * late.as_secs_f64(),
        "ms",
    );
    report.note("CPU of the gateway for one", 1000.0 * cpu / count, "ms");
    server.stop()
}

/// Makes the application; its secret.
async fn register(folder: &Path) -> Result<String> {
    let db = Db::open(&format!("sqlite://{}/doorward.db", folder.display())).await?;
    let directory = Directory::new(db, Clock::System, Entropy::System);
    let slug = Slug::parse("app").context("a slug")?;
    let application = Application {
        kind: ApplicationKind::Oidc,
        redirect_uris: vec![CALLBACK.to_owned()],
        id_token_signed_response_alg: SigningAlg::Es256,
        code_lifetime: 600,
        ..Application::new(slug, "App")
    };
    let saved = directory
        .save_application(application, None, Actor::CommandLine)
        .await?;
    let secret = saved.secret.context("a client has a secret")?;
    Ok(secret.expose_secret().to_owned())
}

/// A browser that is signed in: its cookies.
async fn signed_in(server: &Server, vendor: &Vendor) -> Result<String> {
    let mut connection = Connection::open(server.address()).await?;
    let start = Request::get("/oauth/it/login", None);
    let answer = connection.send(&start).await?;
    let location = answer.location.as_deref().context("no Location")?;
    let back = vendor.sign_in(location, "ada").await;
    let callback = Request::get(&back, Some(&answer.cookies));
    let answer = connection.send(&callback).await?;
    ensure!(answer.status == 303, "{}", answer.describe());
    Ok(answer.cookies)
}

/// Exchanges that wait for nothing but to be sent.
async fn prepared(
    server: &Server,
    cookies: &str,
    secret: &str,
    count: usize,
) -> Result<Vec<Request>> {
    let challenge = URL_SAFE_NO_PAD.encode(sha256(VERIFIER.as_bytes()));
    let query = serde_urlencoded::to_string([
        ("client_id", "app"),
        ("redirect_uri", CALLBACK),
        ("response_type", "code"),
        ("scope", "openid profile email"),
        ("nonce", "n"),
        ("code_challenge", &challenge),
        ("code_challenge_method", "S256"),
    ])?;
    let ask = Request::get(&format!("/oidc/authorize?{query}"), Some(cookies));
    let mut connection = Connection::open(server.address()).await?;
    let mut ready = Vec::with_capacity(count);
    for _ in 0..count {
        let answer = connection.send(&ask).await?;
        let location = answer.location.as_deref().unwrap_or_default();
        let code = location.split("code=").nth(1);
        let code = code.and_then(|rest| rest.split('&').next());
        let code = code.with_context(|| answer.describe())?;
        let form = serde_urlencoded::to_string([
            ("grant_type", "authorization_code"),
            ("client_id", "app"),
            ("client_secret", secret),
            ("redirect_uri", CALLBACK),
            ("code_verifier", VERIFIER),
            ("code", code),
        ])?;
        ready.push(Request::post("/oidc/token", &form));
    }
    Ok(ready)
}

/// Carries out the exchanges, each of which must give an ID token; how long each
/// took.
async fn exchange(server: &Server, ready: &[Request]) -> Result<Vec<Duration>> {
    openid::all_at_once(server, ready, |answer| {
        let has_token = answer.body().windows(8).any(|text| text == b"id_token");
        ensure!(answer.status == 200 && has_token, "{}", answer.describe());
        Ok(())
    })
    .await
}
