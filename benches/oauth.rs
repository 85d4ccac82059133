//! What a login through OpenID Connect costs the gateway, from the callback to
//! the session: the code redeemed, the ID token verified, the person found, the
//! session written durably. The provider is an imitation on this machine, whose
//! own work is not counted.
//!
//! Environment: `DOORWARD_BENCH_LOGINS` (default 2000), the number of logins.

#[path = "logins/client.rs"]
#[expect(dead_code, reason = "written for SAML's logins too")]
mod client;
#[path = "../tests/support/keys.rs"]
#[expect(dead_code, clippy::unwrap_used, reason = "written for tests")]
mod keys;
#[path = "logins/report.rs"]
#[expect(dead_code, reason = "written for SAML's logins too")]
mod report;
#[path = "logins/server.rs"]
#[expect(dead_code, reason = "written for SAML's logins too")]
mod server;
/// Where the tests have it.
mod support {
    pub(crate) use crate::keys;
}
#[path = "../tests/support/vendors/mod.rs"]
#[expect(
    dead_code,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "written for tests, which ask for every fault and may panic"
)]
mod vendors;

use std::cell::RefCell;
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use client::{Connection, Request};
use report::{Limit, Report};
use server::{PUBLIC_URL, Server};
use vendors::{Kind, Person, Vendor};

/// Callbacks at the same time.
const AT_ONCE: usize = 16;
/// People who sign in.
const PEOPLE: usize = 200;

fn main() -> Result<()> {
    // `cargo test --benches` runs this with --test; there is nothing to measure.
    if std::env::args().any(|argument| argument == "--test") {
        return Ok(());
    }
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?
        .block_on(tokio::task::LocalSet::new().run_until(run()))
}

async fn run() -> Result<()> {
    let wanted = wanted()?;
    let report = Report::new("Logins through OpenID Connect");
    let vendor = Vendor::start(Kind::Oidc).await;
    vendor.allow(PUBLIC_URL, "it");
    for n in 0..PEOPLE {
        let (subject, email) = (format!("p-{n}"), format!("p-{n}@example.com"));
        vendor.add(Person::new(&subject, "Per Son", &email));
    }
    let folder = tempfile::TempDir::with_prefix("doorward-bench-")?;
    let providers = toml::to_string(&serde_json::json!({ "provider": [vendor.provider("it")] }))?;
    let mut server = Server::start(folder.path(), &providers)?;

    // Whoever comes the first time is made; keys and discovery are fetched.
    callbacks(&server, &prepared(&server, &vendor, PEOPLE).await?).await?;
    let ready = prepared(&server, &vendor, wanted).await?;
    let (cpu, begin) = (server.cpu()?, Instant::now());
    callbacks(&server, &ready).await?;
    let cpu = server.cpu()?.saturating_sub(cpu).as_secs_f64();
    let elapsed = begin.elapsed().as_secs_f64();
    #[expect(clippy::cast_precision_loss, reason = "a number of logins")]
    let count = wanted as f64;
    report.figure(
        "CPU of the gateway for one login",
        1000.0 * cpu / count,
        "ms",
        Limit::Under(3.0),
    );
    report.note(
        "logins, the provider on this machine",
        count / elapsed,
        "/s",
    );
    server.stop()
}

/// Sign-ins that wait for nothing but their callback: its address and the
/// browser's cookies.
async fn prepared(server: &Server, vendor: &Vendor, count: usize) -> Result<Vec<(String, String)>> {
    let mut connection = Connection::open(server.address()).await?;
    let start = Request::get("/oauth/it/login", None);
    let mut ready = Vec::with_capacity(count);
    for n in 0..count {
        let answer = connection.send(&start).await?;
        ensure!(matches!(answer.status, 302 | 303), "{}", answer.describe());
        let cookies = answer.cookies.clone();
        let location = answer.location.context("no Location")?;
        let back = vendor
            .sign_in(&location, &format!("p-{}", n % PEOPLE))
            .await;
        ready.push((back, cookies));
    }
    Ok(ready)
}

/// Carries out the callbacks; each must end in a session.
async fn callbacks(server: &Server, ready: &[(String, String)]) -> Result<()> {
    let waiting = RefCell::new(ready.iter());
    let one = || async {
        let mut connection = Connection::open(server.address()).await?;
        loop {
            let next = waiting.borrow_mut().next();
            let Some((back, cookies)) = next else {
                return anyhow::Ok(());
            };
            let answer = connection.send(&Request::get(back, Some(cookies))).await?;
            ensure!(
                answer.status == 303 && answer.cookies.contains("doorward="),
                "callback: {}",
                answer.describe()
            );
        }
    };
    let all = futures_util::future::try_join_all((0..AT_ONCE).map(|_| one()));
    all.await.map(|_| ())
}

#[expect(
    clippy::disallowed_methods,
    reason = "a benchmark is set up by its environment"
)]
fn wanted() -> Result<usize> {
    match std::env::var("DOORWARD_BENCH_LOGINS") {
        Ok(text) => text.parse().context("DOORWARD_BENCH_LOGINS is no number"),
        Err(_) => Ok(2_000),
    }
}
