//! Foreign applications that sign people in through the gateway.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::gateway::Gateway;
use super::process::{Process, free_port};
use super::setting;

/// A running application.
pub struct App {
    /// Its address, without a trailing slash.
    pub url: String,
    // The process goes before the folder with its log.
    _process: Process,
    _folder: TempDir,
}

fn file(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/e2e")
        .join(name)
}

/// Makes the application at the gateway; its secret.
async fn register(gateway: &Gateway, slug: &str, port: u16, more: Value) -> String {
    let mut application = json!({
        "slug": slug,
        "name": slug,
        "kind": "oidc",
        "access": "public",
        "redirect_uris": [format!("http://127.0.0.1:{port}/cb")],
    });
    for (name, value) in more.as_object().unwrap() {
        application[name] = value.clone();
    }
    let made = gateway
        .send("POST", "/api/v1/applications", &application)
        .await;
    made["client_secret"].as_str().unwrap().to_owned()
}

impl App {
    /// openid-client on Node.js, with ID tokens in ES256.
    pub async fn openid_client(gateway: &Gateway) -> Self {
        let port = free_port();
        let es256 = json!({"id_token_signed_response_alg": "ES256"});
        let secret = register(gateway, "node-app", port, es256).await;
        let mut command = Command::new("node");
        command
            .arg(file("openid-client/app.cjs"))
            .arg(setting("DOORWARD_TEST_OPENID_CLIENT"))
            .args([&port.to_string(), &gateway.url, "node-app"]);
        Self::start("openid-client", command, port, &secret).await
    }

    /// Authlib on Python, with ID tokens in RS256.
    pub async fn authlib(gateway: &Gateway) -> Self {
        let port = free_port();
        let secret = register(gateway, "python-app", port, json!({})).await;
        let mut command = Command::new(setting("DOORWARD_TEST_AUTHLIB"));
        command
            .arg(file("authlib/app.py"))
            .args([&port.to_string(), &gateway.url, "python-app"]);
        Self::start("authlib", command, port, &secret).await
    }

    /// Programs that read the client's secret from standard input, as from a file.
    async fn start(name: &str, mut command: Command, port: u16, secret: &str) -> Self {
        let folder = TempDir::with_prefix("doorward-app-").unwrap();
        let place = folder.path().join("secret");
        let mut kept = fs::File::create(&place).unwrap();
        kept.write_all(secret.as_bytes()).unwrap();
        let mut shell = Command::new("sh");
        shell.args(["-c", "secret=$1; shift; exec \"$@\" < \"$secret\"", "sh"]);
        shell.arg(&place).arg(command.get_program());
        shell.args(command.get_args()).stdin(Stdio::null());
        command = shell;
        let log = folder.path().join("log");
        let mut process = Process::start(name, &mut command, &log);
        let url = format!("http://127.0.0.1:{port}");
        process.answers(&format!("{url}/ready")).await;
        Self {
            url,
            _process: process,
            _folder: folder,
        }
    }

    /// Apache with `mod_auth_openidc` before a page.
    pub async fn apache(gateway: &Gateway) -> Self {
        let port = free_port();
        let es256 = json!({"id_token_signed_response_alg": "ES256"});
        let secret = register(gateway, "apache-app", port, es256).await;
        let folder = TempDir::with_prefix("doorward-apache-").unwrap();
        let place = folder.path().to_str().unwrap().to_owned();
        let pages = folder.path().join("htdocs");
        fs::create_dir(&pages).unwrap();
        fs::write(pages.join("ready.txt"), "ready").unwrap();
        let page = "<!doctype html><title>Apache</title><p>user: <!--#echo var=\"REMOTE_USER\" -->\
            <p>name: <!--#echo var=\"OIDC_CLAIM_name\" -->";
        fs::write(pages.join("index.shtml"), page).unwrap();
        let mut config = fs::read_to_string(file("mod-auth-openidc/httpd.conf")).unwrap();
        let passphrase = doorward::domain::Entropy::System.hex::<16>();
        for (name, value) in [
            ("{folder}", place.as_str()),
            ("{port}", &port.to_string()),
            ("{issuer}", &gateway.url),
            ("{client_id}", "apache-app"),
            ("{client_secret}", &secret),
            ("{passphrase}", &passphrase),
        ] {
            config = config.replace(name, value);
        }
        let conf = folder.path().join("httpd.conf");
        fs::write(&conf, config).unwrap();
        let mut command = Command::new("/usr/sbin/apache2");
        command.arg("-f").arg(&conf).arg("-DFOREGROUND");
        let log = folder.path().join("log");
        let mut process = Process::start("apache2", &mut command, &log);
        let url = format!("http://127.0.0.1:{port}");
        process.answers(&format!("{url}/ready.txt")).await;
        Self {
            url,
            _process: process,
            _folder: folder,
        }
    }
}
