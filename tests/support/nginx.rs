//! nginx with the configuration that the documentation shows, before an application
//! that shows what it was asked.

use std::fs;
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use doorward::apps::forward_auth::snippets;
use doorward::domain::{Application, Slug};
use tempfile::TempDir;

/// nginx before an application that shows what it was asked.
pub struct Nginx {
    child: Child,
    /// Where it listens.
    pub port: u16,
    folder: TempDir,
    app: tokio::task::JoinHandle<()>,
}

impl Drop for Nginx {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        self.app.abort();
        if std::thread::panicking() {
            let log = fs::read_to_string(self.folder.path().join("error.log"));
            eprintln!("nginx says:\n{}", log.unwrap_or_default());
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

impl Nginx {
    /// With the snippet of an application, whose host is nginx's own address.
    pub async fn start(binary: &str, gateway: &str, port: u16) -> Self {
        let (app_port, app) = echo().await;
        let mut shown = Application::new(Slug::parse("wiki").unwrap(), "Wiki");
        shown.hosts = vec![format!("127.0.0.1:{port}")];
        let snippet = snippets::of(&shown, gateway).remove(0);
        assert_eq!(snippet.proxy, "nginx");
        let snippet = snippet
            .text
            .replace(
                "server {",
                &format!("server {{\n    listen 127.0.0.1:{port};"),
            )
            .replace(
                "http://127.0.0.1:9000",
                &format!("http://127.0.0.1:{app_port}"),
            );
        let folder = TempDir::with_prefix("doorward-nginx-").unwrap();
        let path = folder.path().display();
        let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map(|name| format!("    {name}_temp_path {path}/{name};\n"))
            .concat();
        let config = format!(
            "daemon off;\nmaster_process off;\npid {path}/pid;\nerror_log {path}/error.log info;\n\
             events {{ worker_connections 64; }}\nhttp {{\n    access_log off;\n\
             proxy_http_version 1.1;\n{temporary}{snippet}}}\n"
        );
        fs::write(folder.path().join("nginx.conf"), config).unwrap();
        let child = Command::new(binary)
            .arg("-p")
            .arg(folder.path())
            .arg("-e")
            .arg(folder.path().join("error.log"))
            .arg("-c")
            .arg(folder.path().join("nginx.conf"))
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        let mut nginx = Self {
            child,
            port,
            folder,
            app,
        };
        let since = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            let ended = nginx.child.try_wait().unwrap();
            assert!(ended.is_none(), "nginx ended: {ended:?}");
            assert!(
                since.elapsed() < Duration::from_secs(10),
                "nginx does not listen"
            );
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        nginx
    }
}
