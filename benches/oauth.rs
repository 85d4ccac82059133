//! What a login through OpenID Connect costs the gateway, from the callback to
//! the session: the code redeemed, the ID token verified, the person found, the
//! session written durably. The provider is an imitation on this machine, whose
//! own work is not counted.
//!
//! Environment: `DOORWARD_BENCH_LOGINS` (default 2000), the number of logins.

#[path = "logins/client.rs"]
#[expect(dead_code, reason = "written for SAML's logins too")]
mod client;
#[path = "logins/openid.rs"]
mod openid;

use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use client::{Connection, Request};
use openid::report::{Limit, Report};
use openid::server::Server;
use openid::support;
use openid::vendors::{Person, Vendor};

/// People who sign in.
const PEOPLE: usize = 200;

fn main() -> Result<()> {
    openid::begin(run())
}

async fn run() -> Result<()> {
    let wanted = openid::wanted("DOORWARD_BENCH_LOGINS", 2_000)?;
    let report = Report::new("Logins through OpenID Connect");
    let (vendor, providers) = openid::provider().await?;
    for n in 0..PEOPLE {
        let (subject, email) = (format!("p-{n}"), format!("p-{n}@example.com"));
        vendor.add(Person::new(&subject, "Per Son", &email));
    }
    let folder = tempfile::TempDir::with_prefix("doorward-bench-")?;
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

/// Sign-ins that wait for nothing but their callback.
async fn prepared(server: &Server, vendor: &Vendor, count: usize) -> Result<Vec<Request>> {
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
        ready.push(Request::get(&back, Some(&cookies)));
    }
    Ok(ready)
}

/// Carries out the callbacks; each must end in a session.
async fn callbacks(server: &Server, ready: &[Request]) -> Result<()> {
    let took = openid::all_at_once(server, ready, |answer| {
        let is_in = answer.status == 303 && answer.cookies.contains("doorward=");
        ensure!(is_in, "callback: {}", answer.describe());
        Ok(())
    });
    took.await.map(|_| ())
}
