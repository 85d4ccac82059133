//! The built binary, started on a free port with a database of its own.

use std::fs;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use reqwest::{Method, StatusCode};
use serde_json::Value;
use tempfile::TempDir;

use crate::support::setting;

/// A running gateway.
pub struct Server {
    /// Its address, which is also its `public_url`.
    pub url: String,
    /// A token with the scope `admin`.
    pub token: String,
    /// One client for the whole test: making one reads all root certificates.
    pub client: reqwest::Client,
    /// Variables of its environment, beside the time zone.
    pub environment: Vec<(String, String)>,
    child: Option<Child>,
    directory: TempDir,
    port: u16,
}

impl Server {
    /// With the embedded database.
    pub async fn sqlite() -> Self {
        Self::sqlite_with("").await
    }

    /// With the embedded database and more configuration.
    pub async fn sqlite_with(more: &str) -> Self {
        Self::start("sqlite://data/doorward.db", more).await
    }

    /// With a PostgreSQL database of its own.
    pub async fn postgres() -> Self {
        let url = database_of_its_own().await;
        Self::start(&url, "").await
    }

    /// With the database that a URL names and more configuration.
    pub async fn start(database: &str, more: &str) -> Self {
        let mut server = Self::prepared(database, more);
        server.run().await;
        server.token = server.make_token(&["admin"]);
        server
    }

    /// With more in its `[server]` section, and more configuration.
    pub async fn start_behind(database: &str, about_server: &str, more: &str) -> Self {
        let mut server = Self::prepared_behind(database, about_server, more);
        server.run().await;
        server.token = server.make_token(&["admin"]);
        server
    }

    /// With its configuration written, but not started.
    pub fn prepared(database: &str, more: &str) -> Self {
        Self::prepared_behind(database, "", more)
    }

    fn prepared_behind(database: &str, about_server: &str, more: &str) -> Self {
        let directory = TempDir::new().unwrap();
        let port = free_port();
        // Passkeys belong to names, not to addresses.
        let named = more.contains("[passkeys]");
        let host = if named { "localhost" } else { "127.0.0.1" };
        let url = format!("http://{host}:{port}");
        let security = if more.contains("[security]") {
            ""
        } else {
            "[security]\nrate_limits = false\nmax_clock_skew = \"2m\"\n"
        };
        let config = format!(
            "public_url = \"{url}\"\n[server]\nlisten = \"127.0.0.1:{port}\"\n{about_server}\
             [database]\nurl = \"{database}\"\n[log]\nlevel = \"info\"\n{security}{more}"
        );
        fs::write(directory.path().join("config.toml"), config).unwrap();
        Self {
            url,
            token: String::new(),
            client: client(),
            environment: Vec::new(),
            child: None,
            directory,
            port,
        }
    }

    /// Starts the process, which must end by itself: its exit code and what it
    /// said.
    pub fn fails_to_start(&self) -> (Option<i32>, String) {
        let log = fs::File::create(self.log_file()).unwrap();
        let mut child = self
            .command()
            .args(["serve", "-c", "config.toml"])
            .stderr(log)
            .spawn()
            .unwrap();
        let start = Instant::now();
        while start.elapsed() < Duration::from_secs(20) {
            if let Some(status) = child.try_wait().unwrap() {
                return (status.code(), self.log());
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        let _ = child.kill();
        let _ = child.wait();
        panic!("the gateway runs:\n{}", self.log());
    }

    /// A file of the gateway's own folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// The process.
    pub fn pid(&self) -> u32 {
        self.child.as_ref().unwrap().id()
    }

    /// Sends SIGTERM.
    pub fn terminate(&self) {
        let status = Command::new("kill")
            .args(["-TERM", &self.pid().to_string()])
            .status();
        assert!(status.unwrap().success());
    }

    /// Waits for the process to end; its exit code.
    pub async fn ended(&mut self) -> Option<i32> {
        let mut child = self.child.take().unwrap();
        let start = Instant::now();
        loop {
            if let Some(status) = child.try_wait().unwrap() {
                return status.code();
            }
            assert!(start.elapsed() < Duration::from_secs(20), "it does not end");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Stops the process as an operator does.
    pub async fn stop(&mut self) {
        self.terminate();
        assert_eq!(self.ended().await, Some(0));
    }

    fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_doorward"));
        // Nothing of this machine's own settings.
        command
            .env_clear()
            .env("TZ", "UTC")
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .current_dir(self.directory.path());
        command
    }

    /// Starts the process and waits until it is ready.
    pub async fn run(&mut self) {
        let log = fs::File::options()
            .create(true)
            .append(true)
            .open(self.log_file())
            .unwrap();
        // With the signal ignored, a file at its limit is an error like a disk that is
        // full, and not the end of the process.
        let serve = "trap '' XFSZ; exec \"$0\" serve -c config.toml";
        let child = Command::new("sh")
            .args(["-c", serve, env!("CARGO_BIN_EXE_doorward")])
            .env_clear()
            .env("TZ", "UTC")
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .current_dir(self.directory.path())
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        self.child = Some(child);
        let start = Instant::now();
        loop {
            if let Some(status) = self.child.as_mut().unwrap().try_wait().unwrap() {
                panic!("the gateway ended ({status}):\n{}", self.log());
            }
            if self.is_ready().await {
                return;
            }
            assert!(
                start.elapsed() < Duration::from_secs(30),
                "the gateway does not get ready:\n{}",
                self.log()
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Whether the gateway, and nobody else at its port, says that it is ready.
    async fn is_ready(&self) -> bool {
        let ready = self.client.get(format!("{}/readyz", self.url)).send().await;
        let Ok(answer) = ready else {
            return false;
        };
        let is_ours = answer.headers().contains_key("x-request-id");
        is_ours && answer.status() == StatusCode::OK
    }

    /// Kills the process, as a power failure would, and starts it again.
    pub async fn restart(&mut self) {
        self.kill();
        self.run().await;
    }

    /// Kills the process with SIGKILL.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    fn signal(&self, name: &str) {
        let child = self.child.as_ref().unwrap();
        let status = Command::new("kill")
            .args([name, &child.id().to_string()])
            .status();
        assert!(status.unwrap().success());
    }

    /// SIGHUP: lets it read its providers again.
    pub fn hang_up(&self) {
        self.signal("-HUP");
    }

    /// SIGTERM; whether it ended with 0.
    pub fn terminates(&mut self) -> bool {
        self.signal("-TERM");
        let status = self.child.take().unwrap().wait().unwrap();
        status.success()
    }

    /// Whether the process still runs and answers.
    pub async fn healthy(&mut self) -> bool {
        let running = self
            .child
            .as_mut()
            .is_some_and(|child| child.try_wait().unwrap().is_none());
        running
            && self
                .client
                .get(format!("{}/healthz", self.url))
                .send()
                .await
                .is_ok_and(|answer| answer.status() == StatusCode::OK)
    }

    /// Runs a command of the binary; its standard output. Fails with it.
    pub fn cli(&self, arguments: &[&str], input: &str) -> String {
        use std::io::Write as _;
        let mut child = self
            .command()
            .args(arguments)
            .args(["-c", "config.toml"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child
            .stdin
            .take()
            .unwrap()
            .write_all(input.as_bytes())
            .unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(
            output.status.success(),
            "doorward {arguments:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).unwrap()
    }

    /// A new API token with these scopes.
    pub fn make_token(&self, scopes: &[&str]) -> String {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let name = format!("test-{}", NUMBER.fetch_add(1, Ordering::SeqCst));
        let mut arguments = vec!["token", "create", "--name", &name];
        for scope in scopes {
            arguments.extend(["--scope", scope]);
        }
        let token = self.cli(&arguments, "").trim().to_owned();
        assert!(token.starts_with("dwt_"), "not a token: {token:?}");
        token
    }

    /// The API as an admin's script uses it.
    pub fn api(&self) -> Api {
        self.api_with(&self.token)
    }

    /// The API with another token.
    pub fn api_with(&self, token: &str) -> Api {
        Api {
            client: self.client.clone(),
            url: self.url.clone(),
            token: Some(token.to_owned()),
        }
    }

    /// The API without a token.
    pub fn anonymous(&self) -> Api {
        Api {
            client: self.client.clone(),
            url: self.url.clone(),
            token: None,
        }
    }

    /// `host:port`, for requests that no library would send.
    pub fn authority(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    fn log_file(&self) -> PathBuf {
        self.directory.path().join("log")
    }

    /// What the process has logged so far.
    pub fn log(&self) -> String {
        fs::read_to_string(self.log_file()).unwrap_or_default()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
        if std::thread::panicking() {
            let log = self.log();
            let tail: Vec<&str> = log.lines().rev().take(30).collect();
            let tail: Vec<&str> = tail.into_iter().rev().collect();
            eprintln!("the gateway's log ends:\n{}", tail.join("\n"));
        }
    }
}

/// The REST API.
pub struct Api {
    client: reqwest::Client,
    url: String,
    token: Option<String>,
}

impl Api {
    /// One call: the status and the JSON (null where there is none).
    pub async fn call(&self, method: &str, path: &str, body: Option<&Value>) -> (u16, Value) {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let mut request = self.client.request(method, format!("{}{path}", self.url));
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        let answer = request.send().await.unwrap();
        let status = answer.status().as_u16();
        let text = answer.text().await.unwrap();
        let json = if text.is_empty() {
            Value::Null
        } else {
            serde_json::from_str(&text)
                .unwrap_or_else(|e| panic!("{path}: no JSON ({e}), status {status}: {text}"))
        };
        (status, json)
    }

    /// A GET that must succeed.
    pub async fn get(&self, path: &str) -> Value {
        self.expect("GET", path, None, 200).await
    }

    /// A call that must end with this status.
    pub async fn expect(
        &self,
        method: &str,
        path: &str,
        body: Option<&Value>,
        status: u16,
    ) -> Value {
        let (got, json) = self.call(method, path, body).await;
        assert_eq!(got, status, "{method} {path}: {json}");
        json
    }

    /// All users.
    pub async fn users(&self) -> Vec<Value> {
        self.list("/api/v1/users").await
    }

    /// All items of a list, page by page.
    pub async fn list(&self, path: &str) -> Vec<Value> {
        let mut items = Vec::new();
        let mut cursor: Option<String> = None;
        loop {
            let mark = if path.contains('?') { '&' } else { '?' };
            let page = match &cursor {
                Some(cursor) => self.get(&format!("{path}{mark}cursor={cursor}")).await,
                None => self.get(path).await,
            };
            items.extend(page["items"].as_array().unwrap().iter().cloned());
            match page["next_cursor"].as_str() {
                Some(next) => cursor = Some(next.to_owned()),
                None => return items,
            }
        }
    }

    /// The newest login trace.
    pub async fn last_trace(&self) -> Value {
        self.get("/api/v1/logins?limit=1").await["items"][0].clone()
    }

    /// The user with this e-mail address.
    pub async fn user_by_email(&self, email: &str) -> Option<Value> {
        self.users()
            .await
            .into_iter()
            .find(|user| user["email"] == email)
    }
}

/// A client that keeps nothing and follows nothing.
#[expect(
    clippy::disallowed_methods,
    reason = "the test is the outside; platform::http is the gateway's way out"
)]
fn client() -> reqwest::Client {
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(Duration::from_secs(30))
        .no_proxy()
        // A connection that was cut off for its body is not used again.
        .pool_max_idle_per_host(0)
        .build()
        .unwrap()
}

/// A port that nobody has yet.
///
/// It lies below those that the system hands out by itself (32768 and up): one of these
/// would be free now, and be given to some other test's listener before the gateway has
/// come so far as to take it.
pub fn free_port() -> u16 {
    const FIRST: u32 = 10_000;
    const COUNT: u32 = 22_000;
    // Runs side by side begin at different places, and each goes on from its own.
    static NEXT: AtomicU32 = AtomicU32::new(0);
    for _ in 0..COUNT {
        let step = NEXT.fetch_add(1, Ordering::SeqCst);
        let place = std::process::id().wrapping_mul(397).wrapping_add(step) % COUNT;
        let port = u16::try_from(FIRST + place).unwrap();
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
    panic!("no port is free");
}

/// Makes a database on the test's PostgreSQL; its URL.
pub async fn database_of_its_own() -> String {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let admin = setting::required("DOORWARD_TEST_POSTGRES");
    let name = format!(
        "doorward_test_{}_{}",
        std::process::id(),
        NUMBER.fetch_add(1, Ordering::SeqCst)
    );
    let (client, connection) = tokio_postgres::connect(&admin, tokio_postgres::NoTls)
        .await
        .unwrap_or_else(|e| panic!("DOORWARD_TEST_POSTGRES does not answer: {e}"));
    let task = tokio::spawn(connection);
    client
        .batch_execute(&format!("CREATE DATABASE {name}"))
        .await
        .unwrap();
    drop(client);
    let _ = task.await;
    let mut url = url::Url::parse(&admin).unwrap();
    url.set_path(&name);
    url.to_string()
}
