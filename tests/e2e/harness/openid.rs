//! A foreign OpenID provider: `oidc-provider` on Node.js, which is certified.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::browser::Browser;
use super::gateway::Gateway;
use super::process::{Process, free_port};
use super::setting;

const SECRET: &str = "a+secret/with:odd characters%20";

/// `oidc-provider` with one client.
pub struct OidcProvider {
    url: String,
    // The process goes before the folder with its log.
    _process: Process,
    folder: TempDir,
}

impl OidcProvider {
    /// Starts it for the gateway's provider `slug`, with `users`: login → claims.
    pub async fn start(gateway: &Gateway, slug: &str, users: &Value) -> Self {
        let folder = TempDir::with_prefix("doorward-oidc-provider-").unwrap();
        let client = json!({
            "client_id": "doorward",
            "client_secret": SECRET,
            "redirect_uris": [format!("{}/oauth/{slug}/callback", gateway.url)],
            "token_endpoint_auth_method": "client_secret_basic",
            "post_logout_redirect_uris": [format!("{}/oauth/{slug}/logged-out", gateway.url)],
            "backchannel_logout_uri": format!("{}/oauth/{slug}/backchannel-logout", gateway.url),
            "backchannel_logout_session_required": true,
        });
        fs::write(folder.path().join("client.json"), client.to_string()).unwrap();
        fs::write(folder.path().join("users.json"), users.to_string()).unwrap();
        let port = free_port();
        let url = format!("http://127.0.0.1:{port}");
        let script = "tests/e2e/oidc-provider/provider.mjs";
        let mut process = Process::start(
            "oidc-provider",
            Command::new("node")
                .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join(script))
                .arg(setting("DOORWARD_TEST_OIDC_PROVIDER"))
                .arg(port.to_string())
                .arg(folder.path()),
            &folder.path().join("oidc-provider.log"),
        );
        process.answers(&format!("{url}/test/ready")).await;
        Self {
            url,
            folder,
            _process: process,
        }
    }

    /// The provider as the gateway's API takes it.
    pub fn provider(&self, slug: &str) -> Value {
        json!({
            "slug": slug,
            "kind": "oidc",
            "label": "Company account",
            "allowed_domains": ["example.com"],
            "oauth": {
                "issuer": self.url,
                "client_id": "doorward",
                "client_secret": SECRET,
                "token_endpoint_auth_method": "client_secret_basic",
            },
        })
    }

    /// Replaces the users.
    pub fn set_users(&self, users: &Value) {
        fs::write(self.folder.path().join("users.json"), users.to_string()).unwrap();
    }

    /// Replaces the signing key; the old one is gone from the key set.
    pub async fn rotate(&self) {
        let answer = reqwest::Client::default()
            .post(format!("{}/test/rotate", self.url))
            .send()
            .await
            .unwrap();
        assert!(answer.status().is_success(), "{answer:?}");
    }

    /// Where a person signs out at it.
    pub fn sign_out_page(&self) -> String {
        format!("{}/session/end", self.url)
    }

    /// Signs in on its page, and agrees on the next one.
    pub async fn sign_in(&self, browser: &Browser, login: &str) {
        self.sign_in_again(browser, login).await;
        browser.press("Continue").await;
    }

    /// Signs in on its page, where that was agreed to before.
    pub async fn sign_in_again(&self, browser: &Browser, login: &str) {
        browser.arrives_at(&self.url).await;
        browser.fill("input[name=login]", login).await;
        browser.fill("input[name=password]", "any").await;
        browser.press("Sign-in").await;
    }
}
