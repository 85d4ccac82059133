//! How long the pages take and how much they weigh: every page of the dashboard,
//! asked one after the other, over a directory of 100,000 users.
//!
//! The release binary runs as its own process on SQLite. A page's time is the
//! client's, so what the loopback and the client cost is in it; its weight is the
//! page and everything that it loads, as on a first visit.
//!
//! Environment: `DOORWARD_BENCH_USERS` (default 100000), the number of users.

#[path = "../logins/client.rs"]
#[expect(dead_code, reason = "the logins also post")]
mod client;
#[path = "../logins/report.rs"]
#[expect(dead_code, reason = "the logins also have figures to reach")]
mod report;
#[path = "../logins/server.rs"]
#[expect(
    dead_code,
    reason = "the logins also restart it and look at its memory"
)]
mod server;

mod fill;

use std::collections::BTreeMap;
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use client::{Connection, Request};
use fill::Filled;
use report::{Limit, Report};
use server::Server;

/// Times that each page is asked before it is measured, and then.
const WARM: usize = 5;
const TIMES: usize = 60;

/// The most that a page and what it loads may weigh.
const HEAVIEST: f64 = 60.0;
/// The longest that a page may take, in milliseconds.
const LONGEST: f64 = 20.0;

/// The pages; `{user}`, `{group}` and `{provider}` are filled in. A new page is a
/// line here.
const PAGES: &[&str] = &[
    "/admin/overview",
    "/admin/conflicts",
    "/admin/users",
    "/admin/users?cursor={user}",
    "/admin/users?status=inactive",
    "/admin/users?role=auditor",
    "/admin/users?source=scim",
    "/admin/users?q=person+77777",
    "/admin/users?q=nobody-at-all",
    "/admin/users?q=nobody-at-all&status=active&source=saml",
    "/admin/users?group={group}",
    "/admin/users/{user}",
    "/admin/users/{user}/profile",
    "/admin/users/{user}/validity",
    "/admin/users/{user}/roles",
    "/admin/users/{user}/groups",
    "/admin/users/{user}/deactivate",
    "/admin/users/{user}/delete",
    "/admin/groups",
    "/admin/groups?q=group+1",
    "/admin/groups/{group}",
    "/admin/groups/{group}?q=nobody",
    "/admin/groups/{group}/delete",
    "/account",
];

fn main() -> Result<()> {
    // `cargo test --benches` runs this with --test; there is nothing to measure.
    if std::env::args().any(|argument| argument == "--test") {
        return Ok(());
    }
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()?
        .block_on(run())
}

async fn run() -> Result<()> {
    let users = wanted()?;
    let report = Report::new(&format!("Pages over {users} users"));
    let folder = tempfile::TempDir::with_prefix("doorward-bench-")?;
    let filled = fill::fill(folder.path(), users).await?;
    let mut server = Server::start(folder.path(), "")?;
    let mut connection = Connection::open(server.address()).await?;
    let mut loaded = BTreeMap::new();
    for page in PAGES {
        let path = filled.address(page);
        measure(&report, &mut connection, &filled, page, &path, &mut loaded).await?;
    }
    server.stop()
}

async fn measure(
    report: &Report,
    connection: &mut Connection,
    filled: &Filled,
    page: &str,
    path: &str,
    loaded: &mut BTreeMap<String, usize>,
) -> Result<()> {
    let request = Request::get(path, Some(&filled.cookie));
    for _ in 0..WARM {
        let answer = connection.send(&request).await?;
        ensure!(answer.status == 200, "{path}: {}", answer.describe());
    }
    let mut times = Vec::with_capacity(TIMES);
    for _ in 0..TIMES {
        let begin = Instant::now();
        let answer = connection.send(&request).await?;
        times.push(begin.elapsed().as_secs_f64() * 1000.0);
        if times.len() == 1 {
            let mut weight = answer.body().len();
            let html = String::from_utf8_lossy(answer.body()).into_owned();
            for asset in assets(&html) {
                if !loaded.contains_key(&asset) {
                    let answer = connection.send(&Request::get(&asset, None)).await?;
                    ensure!(answer.status == 200, "{asset}: {}", answer.describe());
                    loaded.insert(asset.clone(), answer.body().len());
                }
                weight += loaded.get(&asset).copied().unwrap_or_default();
            }
            report.figure(page, kib(weight), "KiB", Limit::Under(HEAVIEST));
        }
    }
    times.sort_by(f64::total_cmp);
    let at = |share: f64| {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "a place among a few dozen"
        )]
        let place = (times.len() as f64 * share) as usize;
        times
            .get(place.min(times.len() - 1))
            .copied()
            .unwrap_or(f64::MAX)
    };
    report.figure(
        "  half of the time within",
        at(0.5),
        "ms",
        Limit::Under(LONGEST),
    );
    report.note("  nineteen of twenty within", at(0.95), "ms");
    Ok(())
}

/// What a page loads.
fn assets(html: &str) -> Vec<String> {
    let mut found: Vec<String> = html
        .split('"')
        .filter(|part| part.starts_with("/assets/"))
        .map(ToOwned::to_owned)
        .collect();
    found.sort();
    found.dedup();
    found
}

fn kib(octets: usize) -> f64 {
    u32::try_from(octets).map_or(f64::MAX, f64::from) / 1024.0
}

#[expect(
    clippy::disallowed_methods,
    reason = "a benchmark is set up by its environment"
)]
fn wanted() -> Result<usize> {
    match std::env::var("DOORWARD_BENCH_USERS") {
        Ok(text) => text.parse().context("DOORWARD_BENCH_USERS is no number"),
        Err(_) => Ok(100_000),
    }
}
