//! What the benches of OpenID Connect share: a gateway, an imitation of a provider,
//! and the loop that measures.

#[path = "../../tests/support/keys.rs"]
#[expect(dead_code, clippy::unwrap_used, reason = "written for tests")]
pub mod keys;
#[path = "report.rs"]
#[expect(dead_code, reason = "written for SAML's logins too")]
pub mod report;
#[path = "server.rs"]
#[expect(dead_code, reason = "written for SAML's logins too")]
pub mod server;
#[path = "../../tests/support/vendors/mod.rs"]
#[expect(
    dead_code,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "written for tests, which ask for every fault and may panic"
)]
pub mod vendors;

/// Where the imitations look for keys.
pub mod support {
    pub(crate) use super::keys;
}

use std::cell::RefCell;
use std::future::Future;

use anyhow::{Context as _, Result};

use crate::client::{Answer, Connection, Request};
use server::Server;
use vendors::{Kind, Vendor};

/// Requests at the same time.
const AT_ONCE: usize = 16;

/// Runs a benchmark. `cargo test --benches` runs it with --test; there is nothing
/// to measure.
pub fn begin(bench: impl Future<Output = Result<()>>) -> Result<()> {
    if std::env::args().any(|argument| argument == "--test") {
        return Ok(());
    }
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?
        .block_on(tokio::task::LocalSet::new().run_until(bench))
}

/// How many of something are wanted.
#[expect(
    clippy::disallowed_methods,
    reason = "a benchmark is set up by its environment"
)]
pub fn wanted(variable: &str, otherwise: usize) -> Result<usize> {
    match std::env::var(variable) {
        Ok(text) => text
            .parse()
            .with_context(|| format!("{variable} is no number")),
        Err(_) => Ok(otherwise),
    }
}

/// An imitation of a provider, known to the gateway as `it`: itself, and the
/// configuration.
pub async fn provider() -> Result<(Vendor, String)> {
    let vendor = Vendor::start(Kind::Oidc).await;
    vendor.allow(server::PUBLIC_URL, "it");
    let table = serde_json::json!({ "provider": [vendor.provider("it")] });
    let text = toml::to_string(&table)?;
    Ok((vendor, text))
}

/// Sends requests that wait for nothing but to be sent, many at the same time;
/// `take` is given each answer.
pub async fn all_at_once(
    server: &Server,
    ready: &[Request],
    take: impl Fn(&Answer) -> Result<()>,
) -> Result<Vec<std::time::Duration>> {
    let waiting = RefCell::new(ready.iter());
    let took = RefCell::new(Vec::with_capacity(ready.len()));
    let one = || async {
        let mut connection = Connection::open(server.address()).await?;
        loop {
            let next = waiting.borrow_mut().next();
            let Some(request) = next else {
                return anyhow::Ok(());
            };
            let begin = std::time::Instant::now();
            let answer = connection.send(request).await?;
            took.borrow_mut().push(begin.elapsed());
            take(&answer)?;
        }
    };
    let all = futures_util::future::try_join_all((0..AT_ONCE).map(|_| one()));
    all.await?;
    Ok(took.into_inner())
}
