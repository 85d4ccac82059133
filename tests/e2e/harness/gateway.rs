//! The built binary, with a database of its own.

use std::fs;
use std::process::{Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use super::process::{Process, free_port};
use super::setting;

/// Where the gateway keeps its records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Database {
    /// A file.
    Sqlite,
    /// A new database in the tests' PostgreSQL.
    Postgres,
}

/// A running gateway.
pub struct Gateway {
    /// Its public URL, without a trailing slash. The name is `localhost`, while
    /// identity providers are at `127.0.0.1`: another site, as in real life, so
    /// that the browser's rules for cross-site cookies apply.
    pub url: String,
    /// An API token with scope `admin`.
    token: String,
    process: Process,
    folder: TempDir,
}

impl Gateway {
    /// Writes a configuration, makes a token and starts `doorward serve`.
    pub async fn start(database: Database) -> Self {
        Self::start_behind(database, "").await
    }

    /// The same with more in its `[server]` section.
    pub async fn start_behind(database: Database, about_server: &str) -> Self {
        let folder = TempDir::with_prefix("doorward-e2e-").unwrap();
        let path = folder.path().display();
        let port = free_port();
        let url = format!("http://localhost:{port}");
        let database = match database {
            Database::Sqlite => format!("sqlite://{path}/doorward.db"),
            Database::Postgres => create_database().await,
        };
        let config = format!(
            "public_url = \"{url}\"\n\
             [server]\nlisten = \"127.0.0.1:{port}\"\n{about_server}\
             [database]\nurl = \"{database}\"\n\
             [secrets]\nkey_file = \"{path}/secret.key\"\n"
        );
        fs::write(folder.path().join("config.toml"), config).unwrap();
        let token = run(
            &folder,
            &["token", "create", "--name", "e2e", "--scope", "admin"],
        );
        let mut process = Process::start(
            "doorward",
            doorward(&folder).arg("serve"),
            &folder.path().join("doorward.log"),
        );
        process
            .answers(&format!("http://127.0.0.1:{port}/readyz"))
            .await;
        Self {
            url,
            token: token.trim().to_owned(),
            process,
            folder,
        }
    }

    /// The sign-in page with its buttons. `choose` keeps it from going straight
    /// on where there is one provider only.
    pub fn sign_in_page(&self) -> String {
        format!("{}/login?choose=1", self.url)
    }

    /// The page of the signed-in user.
    pub fn account(&self) -> String {
        format!("{}/account", self.url)
    }

    /// Runs a command of the command line and returns its standard output.
    pub fn run(&self, arguments: &[&str]) -> String {
        run(&self.folder, arguments)
    }

    /// The folder of this gateway, for files to give to commands.
    pub fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    /// Makes a provider, or replaces it, from its JSON.
    pub async fn put_provider(&self, provider: &Value) {
        let slug = provider["slug"].as_str().unwrap();
        let url = format!("{}/api/v1/providers/{slug}", self.url);
        let client = reqwest::Client::default();
        let exists = client
            .get(&url)
            .bearer_auth(&self.token)
            .send()
            .await
            .unwrap();
        let request = if exists.status().is_success() {
            client.put(url)
        } else {
            client.post(format!("{}/api/v1/providers", self.url))
        };
        let response = request
            .bearer_auth(&self.token)
            .json(provider)
            .send()
            .await
            .unwrap();
        let status = response.status();
        let body = response.text().await.unwrap();
        assert!(status.is_success(), "provider {slug}: {status} {body}");
    }

    /// What the API answers to a call with a body (none for null).
    pub async fn send(&self, method: &str, path: &str, body: &Value) -> Value {
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        let mut request = reqwest::Client::default()
            .request(method, format!("{}{path}", self.url))
            .bearer_auth(&self.token);
        if !body.is_null() {
            request = request.json(body);
        }
        let response = request.send().await.unwrap();
        let status = response.status();
        let body = response.text().await.unwrap();
        assert!(status.is_success(), "{path}: {status} {body}");
        serde_json::from_str(&body).unwrap_or_default()
    }

    /// What `GET {path}` of the API answers.
    pub async fn api(&self, path: &str) -> Value {
        let response = reqwest::Client::default()
            .get(format!("{}{path}", self.url))
            .bearer_auth(&self.token)
            .send()
            .await
            .unwrap();
        let status = response.status();
        let body = response.text().await.unwrap();
        assert!(status.is_success(), "{path}: {status} {body}");
        serde_json::from_str(&body).unwrap()
    }

    /// The service provider's metadata of a provider, as the gateway publishes it.
    pub async fn metadata(&self, slug: &str) -> String {
        let url = format!("{}/saml/{slug}/metadata", self.url);
        let response = reqwest::get(url).await.unwrap();
        assert!(response.status().is_success(), "{response:?}");
        assert_eq!(
            response.headers()["content-type"],
            "application/samlmetadata+xml"
        );
        response.text().await.unwrap()
    }

    /// The one user whose e-mail address this is.
    pub async fn user(&self, email: &str) -> Value {
        let users = self.api("/api/v1/users?limit=100").await;
        let found: Vec<_> = users["items"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|user| user["email"] == email)
            .collect();
        assert_eq!(found.len(), 1, "{email} in {users}");
        found[0].clone()
    }

    /// Stops the gateway as a service manager would; true when it ends well.
    pub fn stop(mut self) -> bool {
        self.process.terminate()
    }
}

fn doorward(folder: &TempDir) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_doorward"));
    command
        .current_dir(folder.path())
        .env_remove("RUST_LOG")
        .arg("--config")
        .arg(folder.path().join("config.toml"));
    command
}

fn run(folder: &TempDir, arguments: &[&str]) -> String {
    let output = doorward(folder)
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "doorward {arguments:?}: {output:?}"
    );
    String::from_utf8(output.stdout).unwrap()
}

async fn create_database() -> String {
    let server = setting("DOORWARD_TEST_POSTGRES");
    let (client, connection) = tokio_postgres::connect(&server, tokio_postgres::NoTls)
        .await
        .unwrap();
    let connection = tokio::spawn(connection);
    let name = format!("e2e_{}", doorward::domain::Entropy::System.hex::<8>());
    client
        .batch_execute(&format!("CREATE DATABASE {name}"))
        .await
        .unwrap();
    drop(client);
    connection.await.unwrap().unwrap();
    let (head, _) = server.rsplit_once('/').unwrap();
    format!("{head}/{name}")
}
