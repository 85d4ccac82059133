//! How fast people get in: logins per second over HTTP with a durable SQLite
//! database, reading the signed-in user, memory, and start.
//!
//! The release binary runs as its own process; everything that an identity
//! provider and a browser would do is prepared beforehand, so that the client,
//! which shares the machine with the server, costs little. Each figure is
//! printed beside its limit, and beside a baseline measured in the same run:
//! figures of different machines compare by their ratios only.
//!
//! Environment: `DOORWARD_BENCH_LOGINS` (default 100000), the number of logins.

#[path = "../../examples/demo-idp/keys.rs"]
#[expect(dead_code, reason = "the demo IdP also keeps its key in a folder")]
mod keys;
#[path = "../../examples/demo-idp/response.rs"]
#[expect(dead_code, reason = "the demo IdP also refuses")]
mod response;

#[path = "../../tests/support/encrypt.rs"]
#[expect(
    dead_code,
    clippy::unwrap_used,
    reason = "written for tests, which try everything and may panic"
)]
mod encrypt;

mod client;
mod prepare;
mod report;
mod server;
mod strays;
mod upstream;

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use client::{Connection, Request};
use prepare::{Idp, SignIn, Through};
use report::{Limit, Report};
use server::Server;
use strays::Strays;
use upstream::Upstream;

/// Connections over which people sign in.
const LOGIN_CONNECTIONS: usize = 16;
/// Connections over which the signed-in user is read.
const READ_CONNECTIONS: usize = 64;
/// People who sign in again and again.
const PEOPLE: usize = 10_000;
/// Logins of which the rate is held against its limit. It falls as the database
/// grows: more of what a login writes lies apart.
const YOUNG: usize = 20_000;
/// Sign-ins that are prepared at a time.
const BATCH: usize = 10_000;
/// Logins a second that leave room for other work.
const STEADY: f64 = 500.0;
/// Providers whose metadata is fetched.
const OTHERS: usize = 100;
/// How long reads are measured.
const READING: Duration = Duration::from_secs(5);

fn main() -> Result<()> {
    // `cargo test --benches` runs this with --test; there is nothing to measure.
    if std::env::args().any(|argument| argument == "--test") {
        return Ok(());
    }
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(run())
}

async fn run() -> Result<()> {
    let wanted = logins_wanted()?;
    let report = Report::new("Logins through SAML");
    let mut idp = Idp::new()?;
    let folder = tempfile::TempDir::with_prefix("doorward-bench-")?;
    let upstream = Upstream::start(&idp, OTHERS)?;
    let mut server = Server::start(folder.path(), &idp.providers_toml(upstream.urls())?)?;
    idp.learn(&server).await?;
    let resident = server.resident_mib()?;
    report.figure(
        "resident memory after start",
        resident,
        "MiB",
        Limit::Under(40.0),
    );

    let floor = rate(&server, LOGIN_CONNECTIONS, "/healthz", None).await?;
    report.baseline("GET /healthz, 16 connections", floor.per_second, "/s");
    let verify = prepare::rsa_verifications_per_second()?;
    report.baseline("RSA-2048 verifications on one core", verify, "/s");
    let sync = prepare::syncs_per_second(folder.path())?;
    report.baseline("write and fdatasync of 4 KiB", sync, "/s");

    // Everybody's first login makes the users; the later ones find them.
    let first = idp.sign_ins(&server, Through::Plain, 0, PEOPLE).await?;
    let made = sign_in_all(&server, first).await?;
    report.note("first logins (user created)", made.per_second(), "/s");

    let mut all = logins(&server, &idp, Through::Plain, wanted.min(YOUNG)).await?;
    report_logins(&report, &mut all, &floor, verify);
    while all.latencies.len() < wanted {
        let more = logins(&server, &idp, Through::Plain, BATCH).await?;
        let label = format!("logins, with {} before", PEOPLE + all.latencies.len());
        report.note(&label, more.per_second(), "/s");
        all.add(more);
    }
    let resident = server.resident_mib()?;
    let label = format!("resident memory after {} logins", all.latencies.len());
    report.figure(&label, resident, "MiB", Limit::Under(150.0));

    beside(&report, &server, &idp, &upstream).await?;
    reads(&report, &server, all.cookie.as_deref()).await?;
    starts(&report, &mut server)?;
    server.stop()
}

/// Logins of other kinds and beside other work, each held against plain ones
/// measured just before.
async fn beside(report: &Report, server: &Server, idp: &Idp, upstream: &Upstream) -> Result<()> {
    let mut plain = logins(server, idp, Through::Plain, BATCH).await?;
    let sealed = logins(server, idp, Through::Encrypted, BATCH).await?;
    report.note("logins, assertions encrypted", sealed.per_second(), "/s");
    let share = sealed.per_second() / plain.per_second();
    report.figure("  of plain ones", share, "x", Limit::AtLeast(0.5));

    plain.latencies.sort_unstable();
    let prepared = idp.sign_ins(server, Through::Plain, 1, BATCH).await?;
    let asked = upstream.asked();
    server.refresh()?;
    let mut refreshed = sign_in_all(server, prepared).await?;
    refreshed.latencies.sort_unstable();
    let asked = f64::from(upstream.asked() - asked);
    report.note("metadata fetched during logins", asked, "");
    let p99 = refreshed.percentile(0.99) / plain.percentile(0.99);
    report.figure(
        "  p99 of logins, of that without",
        p99,
        "x",
        Limit::Under(1.25),
    );

    let strays = Strays::new(idp)?;
    let prepared = idp.sign_ins(server, Through::Plain, 1, BATCH).await?;
    let (disturbed, sent) = strays.beside(server, sign_in_all(server, prepared)).await?;
    report.note("failing attempts beside as many logins as go", sent, "/s");
    let share = disturbed.per_second() / plain.per_second();
    report.note("  logins, of those without", share, "x");
    traced(report, server, idp, &strays).await
}

/// Logins at a rate that leaves room, alone and beside a flood of attempts that
/// fail: each leaves a trace.
async fn traced(report: &Report, server: &Server, idp: &Idp, strays: &Strays) -> Result<()> {
    let prepared = idp.sign_ins(server, Through::Plain, 1, BATCH / 2).await?;
    let mut alone = sign_in_at(server, prepared, Some(STEADY)).await?;
    let prepared = idp.sign_ins(server, Through::Plain, 1, BATCH / 2).await?;
    let steady = sign_in_at(server, prepared, Some(STEADY));
    let (mut beside, sent) = strays.beside(server, steady).await?;
    report.note("logins at a steady rate", alone.per_second(), "/s");
    report.figure(
        "  login traces written then, with failing attempts",
        sent + beside.per_second(),
        "/s",
        Limit::AtLeast(5_000.0),
    );
    report.figure(
        "  logins, of those without",
        beside.per_second() / alone.per_second(),
        "x",
        Limit::AtLeast(0.9),
    );
    for (label, logins) in [
        ("  p50 without", &mut alone),
        ("  p50 beside them", &mut beside),
    ] {
        logins.latencies.sort_unstable();
        report.note(label, logins.percentile(0.50), "ms");
    }
    Ok(())
}

/// `wanted` logins of people who are known.
async fn logins(server: &Server, idp: &Idp, through: Through, wanted: usize) -> Result<Logins> {
    let mut all = Logins::default();
    while all.latencies.len() < wanted {
        let batch = BATCH.min(wanted - all.latencies.len());
        let from = all.latencies.len() + 1;
        let prepared = idp.sign_ins(server, through, from, batch).await?;
        all.add(sign_in_all(server, prepared).await?);
    }
    Ok(all)
}

async fn reads(report: &Report, server: &Server, cookie: Option<&str>) -> Result<()> {
    let floor = rate(server, READ_CONNECTIONS, "/healthz", None).await?;
    report.baseline("GET /healthz, 64 connections", floor.per_second, "/s");
    let me = rate(server, READ_CONNECTIONS, "/api/v1/me", cookie).await?;
    report.figure(
        "GET /api/v1/me",
        me.per_second,
        "/s",
        Limit::AtLeast(20_000.0),
    );
    report.note("  of GET /healthz", me.per_second / floor.per_second, "x");
    report.note("  per CPU-second of the server", me.per_cpu_second, "/s");
    Ok(())
}

fn starts(report: &Report, server: &mut Server) -> Result<()> {
    let mut starts = Vec::new();
    for _ in 0..5 {
        starts.push(server.restart()?.as_secs_f64() * 1000.0);
    }
    starts.sort_by(f64::total_cmp);
    let median = starts.get(2).copied().unwrap_or_default();
    report.figure(
        "start to ready, database as left",
        median,
        "ms",
        Limit::Under(200.0),
    );
    let resident = server.resident_mib()?;
    report.figure("resident memory then", resident, "MiB", Limit::Under(40.0));
    Ok(())
}

fn report_logins(report: &Report, all: &mut Logins, floor: &Rate, verify: f64) {
    all.latencies.sort_unstable();
    let per_second = all.per_second();
    let label = format!("logins, the first {}", all.latencies.len());
    report.figure(&label, per_second, "/s", Limit::AtLeast(2_500.0));
    report.note(
        "  two requests each, of GET /healthz",
        2.0 * per_second / floor.per_second,
        "x",
    );
    let per_cpu_second = all.count() / all.cpu.as_secs_f64();
    report.note("  per CPU-second of the server", per_cpu_second, "/s");
    report.note("  of RSA-2048 verifications", per_cpu_second / verify, "x");
    report.note("  p50", all.percentile(0.50), "ms");
    report.figure("  p99", all.percentile(0.99), "ms", Limit::Under(25.0));
    report.note("  slowest", all.percentile(1.0), "ms");
}

#[expect(
    clippy::disallowed_methods,
    reason = "a benchmark is set up by its environment"
)]
fn logins_wanted() -> Result<usize> {
    match std::env::var("DOORWARD_BENCH_LOGINS") {
        Ok(text) => text.parse().context("DOORWARD_BENCH_LOGINS is no number"),
        Err(_) => Ok(100_000),
    }
}

/// Logins that were carried out.
#[derive(Default)]
struct Logins {
    /// From the first octet of the POST to the last of the second hop.
    latencies: Vec<Duration>,
    elapsed: Duration,
    cpu: Duration,
    /// A session's cookie.
    cookie: Option<String>,
}

impl Logins {
    fn add(&mut self, other: Self) {
        self.latencies.extend(other.latencies);
        self.elapsed += other.elapsed;
        self.cpu += other.cpu;
        self.cookie = other.cookie.or(self.cookie.take());
    }

    #[expect(clippy::cast_precision_loss, reason = "a number of logins")]
    fn count(&self) -> f64 {
        self.latencies.len() as f64
    }

    fn per_second(&self) -> f64 {
        self.count() / self.elapsed.as_secs_f64()
    }

    /// In milliseconds; the latencies must be sorted.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "an index below the number of logins"
    )]
    fn percentile(&self, share: f64) -> f64 {
        let index = ((self.count() - 1.0) * share).round() as usize;
        let latency = self.latencies.get(index).copied().unwrap_or_default();
        latency.as_secs_f64() * 1000.0
    }
}

/// Carries out all `sign_ins`, over as many connections as there may be, as fast as
/// they are answered.
async fn sign_in_all(server: &Server, sign_ins: Vec<SignIn>) -> Result<Logins> {
    sign_in_at(server, sign_ins, None).await
}

/// The same, at so many a second if a rate is given.
async fn sign_in_at(server: &Server, sign_ins: Vec<SignIn>, rate: Option<f64>) -> Result<Logins> {
    let mut queues: Vec<Vec<SignIn>> = (0..LOGIN_CONNECTIONS).map(|_| Vec::new()).collect();
    for (queue, sign_in) in (0..LOGIN_CONNECTIONS).cycle().zip(sign_ins) {
        queues
            .get_mut(queue)
            .context("no such queue")?
            .push(sign_in);
    }
    let mut connections = Vec::new();
    for queue in queues {
        connections.push((Connection::open(server.address()).await?, queue));
    }
    let tasks = tokio::task::LocalSet::new();
    let cpu = server.cpu()?;
    let begin = Instant::now();
    let pause = rate.map(|rate| Duration::from_secs_f64(1.0 / rate));
    let width = u32::try_from(LOGIN_CONNECTIONS)?;
    let mut running = Vec::new();
    for (turn, (connection, queue)) in (0..width).zip(connections) {
        let pace = pause.map(|pause| (begin + pause * turn, pause * width));
        running.push(tasks.spawn_local(sign_in_each(connection, queue, pace)));
    }
    let mut all = Logins::default();
    tasks
        .run_until(async {
            for task in running {
                all.add(task.await??);
            }
            anyhow::Ok(())
        })
        .await?;
    all.elapsed = begin.elapsed();
    all.cpu = server.cpu()?.saturating_sub(cpu);
    Ok(all)
}

/// Carries out `queue`, where there is a pace from a moment on and after a pause
/// each: then a login begins when it is due, however late the one before ended.
async fn sign_in_each(
    mut connection: Connection,
    queue: Vec<SignIn>,
    pace: Option<(Instant, Duration)>,
) -> Result<Logins> {
    let mut done = Logins::default();
    for (turn, sign_in) in (0..).zip(queue) {
        let due = pace.map(|(first, pause)| first + pause * turn);
        if let Some(due) = due {
            tokio::time::sleep_until(due.into()).await;
        }
        let begin = due.unwrap_or_else(Instant::now);
        let answer = connection.send(&sign_in.request).await?;
        ensure!(answer.status == 303, "ACS: {}", answer.describe());
        let location = answer.location.as_deref().context("303 without Location")?;
        let hop = Request::get(location, Some(&sign_in.cookie));
        let answer = connection.send(&hop).await?;
        ensure!(
            matches!(answer.status, 302 | 303) && !answer.cookies.is_empty(),
            "second hop: {}",
            answer.describe()
        );
        done.latencies.push(begin.elapsed());
        done.cookie = Some(answer.cookies);
    }
    Ok(done)
}

/// A rate of requests.
struct Rate {
    per_second: f64,
    per_cpu_second: f64,
}

/// How often `path` is answered with 200 over `width` connections.
async fn rate(server: &Server, width: usize, path: &str, cookie: Option<&str>) -> Result<Rate> {
    let tasks = tokio::task::LocalSet::new();
    let (cpu, begin) = (server.cpu()?, Instant::now());
    let mut running = Vec::new();
    for _ in 0..width {
        let mut connection = Connection::open(server.address()).await?;
        let request = Request::get(path, cookie);
        running.push(tasks.spawn_local(async move {
            let mut count = 0_u32;
            while begin.elapsed() < READING {
                let answer = connection.send(&request).await?;
                ensure!(answer.status == 200, "{}", answer.describe());
                count += 1;
            }
            Ok(count)
        }));
    }
    let mut count = 0;
    tasks
        .run_until(async {
            for task in running {
                count += task.await??;
            }
            anyhow::Ok(())
        })
        .await?;
    let count = f64::from(count);
    let cpu = server.cpu()?.saturating_sub(cpu);
    Ok(Rate {
        per_second: count / begin.elapsed().as_secs_f64(),
        per_cpu_second: count / cpu.as_secs_f64(),
    })
}
