//! Real proxies with the configuration that the dashboard and the documentation show,
//! before an application that shows what it was asked.

use std::fs;
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use doorward::apps::forward_auth::snippets;
use doorward::domain::{Application, Slug};
use tempfile::TempDir;

/// A program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Nginx,
    Traefik,
    Caddy,
    Envoy,
}

impl Kind {
    const ALL: [Self; 4] = [Self::Nginx, Self::Traefik, Self::Caddy, Self::Envoy];

    /// The one of this word.
    pub fn named(word: &str) -> Self {
        let mut all = Self::ALL.into_iter();
        all.find(|kind| kind.word() == word).unwrap()
    }

    /// The word of its snippet.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Nginx => "nginx",
            Self::Traefik => "traefik",
            Self::Caddy => "caddy",
            Self::Envoy => "envoy",
        }
    }

    /// The environment variable that says where the program is.
    pub const fn setting(self) -> &'static str {
        match self {
            Self::Nginx => "DOORWARD_TEST_NGINX",
            Self::Traefik => "DOORWARD_TEST_TRAEFIK",
            Self::Caddy => "DOORWARD_TEST_CADDY",
            Self::Envoy => "DOORWARD_TEST_ENVOY",
        }
    }
}

/// A proxy before an application that shows what it was asked.
pub struct Proxy {
    child: Child,
    kind: Kind,
    /// Where it listens.
    pub port: u16,
    folder: TempDir,
    app: tokio::task::JoinHandle<()>,
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        self.app.abort();
        if std::thread::panicking() {
            let log = fs::read_to_string(self.folder.path().join("log"));
            eprintln!("{} says:\n{}", self.kind.word(), log.unwrap_or_default());
        }
    }
}

/// Answers with what it was asked, and goes on with an upgrade.
async fn echo() -> (u16, tokio::task::JoinHandle<()>) {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let task = tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            tokio::spawn(async move {
                let mut asked = Vec::new();
                while !asked.windows(4).any(|end| end == b"\r\n\r\n") {
                    if stream.read_buf(&mut asked).await.unwrap_or(0) == 0 {
                        return;
                    }
                }
                let text = String::from_utf8_lossy(&asked).into_owned();
                if text.to_ascii_lowercase().contains("upgrade: websocket") {
                    let head = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\
                                Connection: Upgrade\r\n\r\n";
                    stream.write_all(head.as_bytes()).await.unwrap();
                    let mut word = [0; 5];
                    stream.read_exact(&mut word).await.unwrap();
                    stream.write_all(&word).await.unwrap();
                    return;
                }
                let head = format!(
                    "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {}\r\n\
                     Connection: close\r\n\r\n",
                    asked.len()
                );
                let _ = stream.write_all(head.as_bytes()).await;
                let _ = stream.write_all(&asked).await;
            });
        }
    });
    (port, task)
}

/// Puts blanks before each line.
fn indented(text: &str, blanks: usize) -> String {
    let mut all = String::new();
    for line in text.lines() {
        all.push_str(&" ".repeat(blanks));
        all.push_str(line);
        all.push('\n');
    }
    all
}

/// The authority of an http address.
fn authority(url: &str) -> (String, String) {
    let rest = url.strip_prefix("http://").unwrap();
    let (host, port) = rest.split_once(':').unwrap();
    (host.to_owned(), port.to_owned())
}

/// nginx's own frame around a server.
fn nginx(path: &str, port: u16, snippet: &str) -> String {
    let snippet = snippet.replace(
        "server {",
        &format!("server {{\n    listen 127.0.0.1:{port};"),
    );
    let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|name| format!("    {name}_temp_path {path}/{name};\n"))
        .concat();
    format!(
        "daemon off;\nmaster_process off;\npid {path}/pid;\nerror_log {path}/log info;\n\
         events {{ worker_connections 64; }}\nhttp {{\n    access_log off;\n{temporary}{snippet}}}\n"
    )
}

/// Caddy's: without TLS, for which the hosts would have to be real.
fn caddy(snippet: &str) -> String {
    let (hosts, rest) = snippet.split_once(" {").unwrap();
    let hosts: Vec<String> = hosts.split(", ").map(|h| format!("http://{h}")).collect();
    let hosts = hosts.join(", ");
    format!("{{\n\tadmin off\n\tauto_https off\n}}\n{hosts} {{{rest}")
}

/// Envoy's: a listener, the clusters, the router after the filter.
fn envoy(port: u16, gateway: &str, app_port: u16, snippet: &str) -> String {
    let (host, gateway_port) = authority(gateway);
    let cluster = |name: &str, host: &str, port: &str| {
        format!(
            "  - name: {name}
    type: STRICT_DNS
    connect_timeout: 2s
    load_assignment:
      cluster_name: {name}
      endpoints:
      - lb_endpoints:
        - endpoint:
            address:
              socket_address: {{ address: {host}, port_value: {port} }}
"
        )
    };
    let clusters = cluster("doorward", &host, &gateway_port)
        + &cluster("app", "127.0.0.1", &app_port.to_string());
    let manager = indented(snippet, 10);
    format!(
        "static_resources:
  listeners:
  - name: front
    address:
      socket_address: {{ address: 127.0.0.1, port_value: {port} }}
    filter_chains:
    - filters:
      - name: envoy.filters.network.http_connection_manager
        typed_config:
          \"@type\": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
          stat_prefix: front
          upgrade_configs:
          - upgrade_type: websocket
          route_config:
            virtual_hosts:
            - name: app
              domains: [\"*\"]
              routes:
              - match: {{ prefix: / }}
                route: {{ cluster: app }}
{manager}          - name: envoy.filters.http.router
            typed_config:
              \"@type\": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router
  clusters:
{clusters}"
    )
}

impl Proxy {
    /// With the snippet of an application that has these hosts. `binary` is where the
    /// program is, `gateway` the address of the gateway.
    pub async fn start(
        kind: Kind,
        binary: &str,
        gateway: &str,
        (port, hosts): (u16, &[String]),
    ) -> Self {
        let (app_port, app) = echo().await;
        let mut shown = Application::new(Slug::parse("wiki").unwrap(), "Wiki");
        shown.hosts = hosts.to_vec();
        let all = snippets::of(&shown, gateway);
        let snippet = all.into_iter().find(|s| s.proxy == kind.word()).unwrap();
        let snippet = snippet
            .text
            .replace("127.0.0.1:9000", &format!("127.0.0.1:{app_port}"));
        let folder = TempDir::with_prefix(format!("doorward-{}-", kind.word())).unwrap();
        let path = folder.path().to_str().unwrap().to_owned();
        let file = format!("{path}/config.yaml");
        let config = match kind {
            Kind::Nginx => nginx(&path, port, &snippet),
            Kind::Traefik => snippet,
            Kind::Caddy => caddy(&snippet),
            Kind::Envoy => envoy(port, gateway, app_port, &snippet),
        };
        fs::write(&file, config).unwrap();
        let log = fs::File::create(folder.path().join("log")).unwrap();
        let mut command = Command::new(binary);
        match kind {
            Kind::Nginx => {
                let log = format!("{path}/log");
                command.args(["-p", &path, "-e", &log, "-c", &file])
            }
            Kind::Traefik => command.args([
                &format!("--entryPoints.web.address=127.0.0.1:{port}"),
                &format!("--providers.file.filename={file}"),
                "--global.checkNewVersion=false",
                "--global.sendAnonymousUsage=false",
            ]),
            Kind::Caddy => command
                .args(["run", "--adapter", "caddyfile", "--config", &file])
                .env("HOME", &path)
                .env("XDG_DATA_HOME", &path)
                .env("XDG_CONFIG_HOME", &path),
            Kind::Envoy => command.args(["-c", &file, "--concurrency", "1", "-l", "warning"]),
        };
        if kind == Kind::Envoy {
            command.arg("--disable-hot-restart");
        }
        let child = command
            .current_dir(&path)
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut proxy = Self {
            child,
            kind,
            port,
            folder,
            app,
        };
        proxy.listens().await;
        proxy
    }

    /// Waits until it has read its configuration: until then some answer `404`.
    async fn listens(&mut self) {
        let since = Instant::now();
        while !self.is_up() {
            let ended = self.child.try_wait().unwrap();
            assert!(ended.is_none(), "{} ended: {ended:?}", self.kind.word());
            assert!(
                since.elapsed() < Duration::from_secs(20),
                "{} does not listen",
                self.kind.word()
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    fn is_up(&self) -> bool {
        use std::io::{Read as _, Write as _};
        let Ok(mut stream) = TcpStream::connect(("127.0.0.1", self.port)) else {
            return false;
        };
        if self.kind != Kind::Traefik {
            return true;
        }
        let head = format!(
            "GET / HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nConnection: close\r\n\r\n",
            self.port
        );
        let mut said = String::new();
        stream.write_all(head.as_bytes()).is_ok()
            && stream.read_to_string(&mut said).is_ok()
            && !said.starts_with("HTTP/1.1 404")
    }
}
