//! Ways out: what forward-auth costs, asked directly and through nginx, beside
//! what nginx itself makes on this machine in the same run.
//!
//! Environment: `DOORWARD_BENCH_SECONDS` (default 5) for each figure,
//! `DOORWARD_TEST_NGINX` for the nginx to use (default: the one in PATH).

#[path = "logins/report.rs"]
mod report;
#[path = "logins/server.rs"]
#[expect(dead_code, reason = "written for logins too")]
mod server;

use std::fs;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use doorward::directory::reconcile::Mode;
use doorward::directory::{Actor, Directory};
use doorward::domain::application::{AccessRule, ApplicationKind};
use doorward::domain::{
    Application, Channel, Clock, Entropy, Field, Observation, Profile, Slug, UserId,
};
use doorward::platform::storage::{Db, StorageError};
use doorward::sessions::Lifetimes;
use doorward::sessions::rows::{self, SignedIn};
use report::{Limit, Report};
use server::Server;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

/// Connections at the same time.
const CONNECTIONS: usize = 64;
/// Sessions that are used in turn.
const SESSIONS: usize = 1_000;
/// Sessions that only lie in the database.
const OTHERS: usize = 1_000_000;

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
    let report = Report::new("Ways out: forward-auth");
    let folder = tempfile::TempDir::with_prefix("doorward-bench-")?;
    let database = format!("sqlite://{}/doorward.db", folder.path().display());
    let secrets = prepare(&database).await?;
    let mut server = Server::start(folder.path(), "")?;
    let nginx = Nginx::start(folder.path(), server.address())?;
    let cookies: Vec<String> = secrets
        .iter()
        .map(|secret| format!("Cookie: doorward={secret}\r\n"))
        .collect();
    let nobody = [String::new()];

    let small = load(nginx.address, "/small.txt", &nobody, 200).await?;
    report.baseline("nginx, a small static file", small.per_second, "/s");
    let empty = load(nginx.address, "/guarded-by-204", &nobody, 200).await?;
    report.baseline("nginx, auth_request to a bare 204", empty.per_second, "/s");

    let direct = "/auth/request?app=wiki";
    let asked = load(server.address(), direct, &cookies, 200).await?;
    say(&report, "/auth/request, 1,000 sessions in turn", &asked);
    let share = asked.per_second / small.per_second;
    report.figure("  of nginx with a file", share, "x", Limit::AtLeast(0.6));

    let through = load(nginx.address, "/guarded", &cookies, 200).await?;
    say(&report, "through nginx's auth_request", &through);
    let share = through.per_second / empty.per_second;
    report.figure("  of nginx with a 204", share, "x", Limit::AtLeast(0.6));

    let me = load(server.address(), "/api/v1/me", &cookies, 200).await?;
    let label = "GET /api/v1/me, 64 connections";
    report.figure(label, me.per_second, "/s", Limit::AtLeast(20_000.0));

    server.stop()?;
    fill(folder.path())?;
    let mut server = Server::start(folder.path(), "")?;
    let full = load(server.address(), direct, &cookies, 200).await?;
    say(&report, "the same beside 1,000,000 sessions", &full);
    let share = full.per_second / asked.per_second;
    report.figure("  of what it was", share, "x", Limit::AtLeast(0.9));
    report.note("resident memory", server.resident_mib()?, "MiB");
    server.stop()
}

fn say(report: &Report, label: &str, load: &Load) {
    report.note(label, load.per_second, "/s");
    report.figure("  99 of 100 within", load.p99, "ms", Limit::Under(5.0));
}

/// People with a session each, and an application; the secrets of the sessions.
async fn prepare(database: &str) -> Result<Vec<String>> {
    let db = Db::open(database).await?;
    let directory = Directory::new(db.clone(), Clock::System, Entropy::System);
    let slug = Slug::parse("wiki").context("a slug")?;
    let mut wiki = Application::new(slug, "Wiki");
    wiki.kind = ApplicationKind::ForwardAuth;
    wiki.access = AccessRule::Internal;
    wiki.hosts = vec!["wiki.example.com".to_owned()];
    let saved = directory.save_application(wiki, None, Actor::CommandLine);
    saved.await?;
    let mut secrets = Vec::with_capacity(SESSIONS);
    for n in 0..SESSIONS {
        let profile = Profile::default()
            .with(Field::Email, format!("person-{n}@example.com"))
            .with(Field::Name, format!("Person {n}"));
        let observation = Observation::new(Channel::Manual, profile);
        let made = directory.observe(observation, Actor::CommandLine, Mode::Apply);
        let user = made.await?.user.id;
        secrets.push(begin(&db, user).await?);
    }
    Ok(secrets)
}

async fn begin(db: &Db, user: UserId) -> Result<String> {
    let provider = Slug::parse("bench").context("a slug")?;
    let begun = db
        .write(move |tx| {
            let (user, provider) = (user.clone(), provider.clone());
            Box::pin(async move {
                let now = Clock::System.now();
                let signed_in = SignedIn::through(&user, &provider, None, now);
                let lifetimes = Lifetimes {
                    lifetime: 12 * 3600,
                    idle: 2 * 3600,
                    enforce_validity: true,
                };
                rows::begin(tx, &signed_in, lifetimes, None, now, &Entropy::System).await
            })
        })
        .await;
    Ok(begun.map_err(|error: StorageError| error)?.secret)
}

/// Puts a million further sessions into the database.
fn fill(folder: &Path) -> Result<()> {
    let connection = rusqlite::Connection::open(folder.join("doorward.db"))?;
    let sql = format!(
        "INSERT INTO sessions (id_hash, user_id, provider, data, created_at, last_seen_at, expires_at) \
         WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {OTHERS}) \
         SELECT lower(hex(randomblob(16))), (SELECT user_id FROM sessions LIMIT 1), 'bench', \
         (SELECT data FROM sessions LIMIT 1), (SELECT MAX(created_at) FROM sessions), \
         (SELECT MAX(last_seen_at) FROM sessions), (SELECT MAX(expires_at) FROM sessions) FROM n"
    );
    let made = connection.execute(&sql, [])?;
    ensure!(made == OTHERS, "{made} sessions were made");
    Ok(())
}

/// nginx with two workers.
struct Nginx {
    child: Child,
    address: SocketAddr,
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // The master takes its workers along.
        let pid = self.child.id().to_string();
        let _ = Command::new("kill").args(["-TERM", &pid]).status();
        let _ = self.child.wait();
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the product reads platform::config; a benchmark has the environment only"
)]
fn setting(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

impl Nginx {
    fn start(folder: &Path, gateway: SocketAddr) -> Result<Self> {
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let bare = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let folder = folder.join("nginx");
        fs::create_dir_all(folder.join("files"))?;
        fs::write(folder.join("files/small.txt"), "hello\n")?;
        let path = folder.display();
        let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map(|name| format!("{name}_temp_path {path}/{name};\n"))
            .concat();
        let check = |to: &str| {
            format!(
                "internal; proxy_pass {to}; proxy_pass_request_body off; \
                 proxy_set_header Content-Length \"\"; proxy_set_header Connection \"\"; \
                 proxy_http_version 1.1;"
            )
        };
        let user = if fs::metadata("/proc/self").is_ok_and(|me| is_root(&me)) {
            "user root;"
        } else {
            ""
        };
        let config = format!(
            "daemon off;\n{user}\nworker_processes 2;\npid {path}/pid;\nerror_log {path}/log error;\n\
             events {{ worker_connections 1024; }}\n\
             http {{\naccess_log off;\nkeepalive_requests 100000000;\n{temporary}\
             upstream gateway {{ server {gateway}; keepalive 128; keepalive_requests 100000000; }}\n\
             upstream bare {{ server {bare}; keepalive 128; keepalive_requests 100000000; }}\n\
             server {{ listen {bare}; location / {{ return 204; }} }}\n\
             server {{\nlisten {address};\nroot {path}/files;\n\
             location / {{ }}\n\
             location = /guarded {{ auth_request /ask; try_files /small.txt =404; }}\n\
             location = /guarded-by-204 {{ auth_request /ask-bare; try_files /small.txt =404; }}\n\
             location = /ask {{ {} }}\n\
             location = /ask-bare {{ {} }}\n}}\n}}\n",
            check("http://gateway/auth/request?app=wiki"),
            check("http://bare/"),
        );
        fs::write(folder.join("nginx.conf"), config)?;
        let binary = setting("DOORWARD_TEST_NGINX").unwrap_or_else(|| "nginx".to_owned());
        let child = Command::new(&binary)
            .arg("-p")
            .arg(&folder)
            .arg("-e")
            .arg(folder.join("log"))
            .arg("-c")
            .arg(folder.join("nginx.conf"))
            .stdin(Stdio::null())
            .spawn()
            .with_context(|| {
                format!("{binary} cannot be started (scripts/prepare-tests fetches it)")
            })?;
        let nginx = Self { child, address };
        let begin = Instant::now();
        while TcpStream::connect(address).is_err() {
            ensure!(
                begin.elapsed() < Duration::from_secs(10),
                "nginx does not listen"
            );
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok(nginx)
    }
}

fn is_root(me: &fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    me.uid() == 0
}

/// What came of a load.
struct Load {
    per_second: f64,
    /// Milliseconds.
    p99: f64,
}

/// Asks for some seconds over 64 connections, each of them with one head after
/// another.
async fn load(address: SocketAddr, path: &str, heads: &[String], expected: u16) -> Result<Load> {
    let seconds = setting("DOORWARD_BENCH_SECONDS").and_then(|text| text.parse().ok());
    let time = Duration::from_secs_f64(seconds.unwrap_or(5.0));
    let requests: Arc<Vec<Vec<u8>>> = Arc::new(
        heads
            .iter()
            .map(|head| {
                format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n{head}\r\n").into_bytes()
            })
            .collect(),
    );
    // Everybody once, so that nothing is new.
    connection(address, &requests, 0, Until::All(requests.len()), expected).await?;
    let begin = Instant::now();
    let until = Until::Time(begin + time);
    let tasks: Vec<_> = (0..CONNECTIONS)
        .map(|n| {
            let requests = Arc::clone(&requests);
            let first = n * requests.len() / CONNECTIONS;
            tokio::spawn(
                async move { connection(address, &requests, first, until, expected).await },
            )
        })
        .collect();
    let mut times = Vec::new();
    for task in tasks {
        times.extend(task.await??);
    }
    let elapsed = begin.elapsed().as_secs_f64();
    times.sort_unstable();
    let at = times.len() * 99 / 100;
    let p99 = times.get(at).copied().unwrap_or_default();
    #[expect(clippy::cast_precision_loss, reason = "a number of requests")]
    let per_second = times.len() as f64 / elapsed;
    Ok(Load {
        per_second,
        p99: f64::from(p99) / 1_000.0,
    })
}

#[derive(Clone, Copy)]
enum Until {
    Time(Instant),
    All(usize),
}

/// One connection; the microseconds of each answer.
async fn connection(
    address: SocketAddr,
    requests: &[Vec<u8>],
    first: usize,
    until: Until,
    expected: u16,
) -> Result<Vec<u32>> {
    let mut stream = tokio::net::TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let status = format!("HTTP/1.1 {expected} ").into_bytes();
    let mut times = Vec::new();
    let mut buffer = Vec::with_capacity(8 * 1024);
    for request in requests.iter().cycle().skip(first) {
        let asked = Instant::now();
        match until {
            Until::Time(end) if asked >= end => break,
            Until::All(count) if times.len() >= count => break,
            _ => {}
        }
        stream.write_all(request).await?;
        buffer.clear();
        let whole = loop {
            let count = stream.read_buf(&mut buffer).await?;
            ensure!(count > 0, "the connection ended");
            if let Some(head) = find(&buffer, b"\r\n\r\n") {
                break head + 4 + length(buffer.get(..head).unwrap_or_default());
            }
        };
        while buffer.len() < whole {
            ensure!(stream.read_buf(&mut buffer).await? > 0, "the answer ended");
        }
        ensure!(
            buffer.starts_with(&status),
            "answered {}",
            String::from_utf8_lossy(buffer.get(..200).unwrap_or(&buffer))
        );
        times.push(u32::try_from(asked.elapsed().as_micros()).unwrap_or(u32::MAX));
    }
    Ok(times)
}

fn find(text: &[u8], what: &[u8]) -> Option<usize> {
    text.windows(what.len()).position(|window| window == what)
}

/// `Content-Length` of a head.
fn length(head: &[u8]) -> usize {
    let lines = head.split(|octet| *octet == b'\n');
    let name = b"content-length:";
    let line = lines
        .filter_map(|line| line.split_at_checked(name.len()))
        .find(|(start, _)| start.eq_ignore_ascii_case(name));
    let text = line.map(|(_, value)| String::from_utf8_lossy(value).trim().to_owned());
    text.and_then(|text| text.parse().ok()).unwrap_or(0)
}
