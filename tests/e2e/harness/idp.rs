//! Identity providers: two foreign ones, and the demo.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

use super::browser::Browser;
use super::gateway::Gateway;
use super::process::{Process, free_port};
use super::setting;

/// SimpleSAMLphp, on PHP's own server.
pub struct SimpleSamlPhp {
    url: String,
    // The process goes before the folder with its log.
    _process: Process,
    folder: TempDir,
}

impl SimpleSamlPhp {
    /// Starts it with `users`: `"name:password"` → attributes.
    pub async fn start(users: &Value) -> Self {
        let folder = TempDir::with_prefix("doorward-simplesamlphp-").unwrap();
        for name in ["tmp", "sessions", "sp"] {
            fs::create_dir(folder.path().join(name)).unwrap();
        }
        make_key(folder.path());
        let port = free_port();
        let url = format!("http://127.0.0.1:{port}");
        let www = Path::new(&setting("DOORWARD_TEST_SIMPLESAMLPHP")).join("www");
        let config = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/e2e/simplesamlphp");
        let mut process = Process::start(
            "SimpleSAMLphp",
            Command::new("php")
                .arg("-S")
                .arg(format!("127.0.0.1:{port}"))
                .arg("-t")
                .arg(www)
                .env("SIMPLESAMLPHP_CONFIG_DIR", config)
                .env("SSP_DIR", folder.path())
                .env("SSP_URL", &url),
            &folder.path().join("php.log"),
        );
        process
            .answers(&format!("{url}/resources/default.css"))
            .await;
        let this = Self {
            url,
            folder,
            _process: process,
        };
        this.set_users(users);
        this
    }

    /// Its metadata.
    pub async fn metadata(&self) -> String {
        fetch(&format!("{}/saml2/idp/metadata.php", self.url)).await
    }

    /// Makes the gateway known to it, by the gateway's own metadata.
    pub async fn trust(&self, gateway: &Gateway, slug: &str) {
        let file = self.folder.path().join("sp").join(format!("{slug}.xml"));
        fs::write(file, gateway.metadata(slug).await).unwrap();
    }

    /// Has it insist on signed requests, and encrypt what it says.
    pub fn be_strict(&self) {
        fs::write(self.folder.path().join("strict"), "").unwrap();
    }

    /// Has it speak of logouts by HTTP-POST alone, both ways.
    pub fn log_out_by_post(&self) {
        fs::write(self.folder.path().join("slo-post"), "").unwrap();
    }

    /// Where a person signs out at it, and stays there.
    pub fn sign_out_page(&self) -> String {
        format!(
            "{}/saml2/idp/SingleLogoutService.php?ReturnTo={}",
            self.url,
            self.end_page()
        )
    }

    /// Where the browser is in the end.
    pub fn end_page(&self) -> String {
        format!("{}/resources/default.css", self.url)
    }

    /// Replaces the users.
    pub fn set_users(&self, users: &Value) {
        fs::write(self.folder.path().join("users.json"), users.to_string()).unwrap();
    }

    /// Signs in on its page.
    pub async fn sign_in(&self, browser: &Browser, user: &str, password: &str) {
        browser.arrives_at(&self.url).await;
        browser.fill("#username", user).await;
        browser.fill("#password", password).await;
        browser.press("Login").await;
    }
}

/// An identity provider on pysaml2.
pub struct PySaml2 {
    url: String,
    // The process goes before the folder with its log.
    _process: Process,
    folder: TempDir,
}

impl PySaml2 {
    /// Starts it with `users` and further arguments of `idp.py`.
    pub async fn start(users: &Value, arguments: &[&str]) -> Self {
        let folder = TempDir::with_prefix("doorward-pysaml2-").unwrap();
        make_key(folder.path());
        fs::write(folder.path().join("users.json"), users.to_string()).unwrap();
        let port = free_port();
        let url = format!("http://127.0.0.1:{port}");
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/e2e/pysaml2/idp.py");
        let mut process = Process::start(
            "pysaml2",
            Command::new(setting("DOORWARD_TEST_PYTHON"))
                .arg(script)
                .args(["--port", &port.to_string(), "--dir"])
                .arg(folder.path())
                .args(arguments),
            &folder.path().join("pysaml2.log"),
        );
        process.answers(&format!("{url}/metadata")).await;
        Self {
            url,
            folder,
            _process: process,
        }
    }

    /// Its metadata.
    pub async fn metadata(&self) -> String {
        fetch(&format!("{}/metadata", self.url)).await
    }

    /// Makes the gateway known to it, by the gateway's own metadata.
    pub async fn trust(&self, gateway: &Gateway, slug: &str) {
        fs::write(
            self.folder.path().join("sp.xml"),
            gateway.metadata(slug).await,
        )
        .unwrap();
    }

    /// Signs in on its page, and sends the answer on its way.
    pub async fn sign_in(&self, browser: &Browser, user: &str, password: &str) {
        browser.arrives_at(&self.url).await;
        browser.fill("#username", user).await;
        browser.fill("#password", password).await;
        browser.press("Sign in").await;
        browser.press("Continue").await;
    }
}

/// The demo IdP of this repository.
pub struct Demo {
    /// Its base URL.
    pub url: String,
    _process: Process,
    folder: TempDir,
}

impl Demo {
    /// Starts it for the gateway's provider `demo`.
    pub async fn start(gateway: &Gateway) -> Self {
        let folder = TempDir::with_prefix("doorward-demo-idp-").unwrap();
        let port = free_port();
        let url = format!("http://127.0.0.1:{port}");
        let mut process = Process::start(
            "demo-idp",
            Command::new(env!("CARGO_BIN_EXE_demo-idp"))
                .args(["--listen", &format!("127.0.0.1:{port}")])
                .args([
                    "--sp-metadata",
                    &format!("{}/saml/demo/metadata", gateway.url),
                ])
                .arg("--data")
                .arg(folder.path())
                .arg("--write-provider")
                .arg(folder.path().join("provider.toml"))
                .arg("--redirect-uri")
                .arg(format!("{}/oauth/demo-openid/callback", gateway.url))
                .arg("--write-openid-provider")
                .arg(folder.path().join("openid-provider.toml")),
            &folder.path().join("demo-idp.log"),
        );
        process.answers(&format!("{url}/metadata")).await;
        Self {
            url,
            folder,
            _process: process,
        }
    }

    /// The file that it wrote for `doorward provider apply`.
    pub fn provider_file(&self) -> PathBuf {
        self.folder.path().join("provider.toml")
    }

    /// The same for its OpenID side.
    pub fn openid_provider_file(&self) -> PathBuf {
        self.folder.path().join("openid-provider.toml")
    }

    /// Its metadata.
    pub async fn metadata(&self) -> String {
        fetch(&format!("{}/metadata", self.url)).await
    }

    /// Signs in as a demo person.
    pub async fn sign_in(&self, browser: &Browser, person: &str) {
        browser.arrives_at(&self.url).await;
        browser.click(fantoccini::Locator::Id(person)).await;
    }

    /// The same, with an answer that is meant for another gateway.
    pub async fn sign_in_for_another(&self, browser: &Browser, person: &str) {
        browser.arrives_at(&self.url).await;
        browser.click(fantoccini::Locator::Css("summary")).await;
        let option = fantoccini::Locator::Css("input[name=wrong_audience]");
        browser.click(option).await;
        self.sign_in(browser, person).await;
    }
}

async fn fetch(url: &str) -> String {
    let response = reqwest::get(url).await.unwrap();
    assert!(response.status().is_success(), "{url}: {response:?}");
    response.text().await.unwrap()
}

/// A key and a self-signed certificate, as `idp.key` and `idp.crt`.
fn make_key(folder: &Path) {
    let status = Command::new("openssl")
        .args([
            "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30",
        ])
        .args(["-subj", "/CN=idp", "-keyout", "idp.key", "-out", "idp.crt"])
        .current_dir(folder)
        .stderr(std::process::Stdio::null())
        .status()
        .unwrap();
    assert!(status.success());
}
