//! A mail server on loopback with TLS (RFC 3207, RFC 8314) that wants a password
//! (RFC 4954), and notes what it was told before anything was secret.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use openssl::ssl::{SslAcceptor, SslMethod};

use crate::support::keys::Key;

/// The name and the password that it takes.
const NAME: &str = "sso@example.com";
const PASSWORD: &str = "pässword of the \\ \"machine\"";

/// How it keeps secrets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// After `STARTTLS`.
    Starttls,
    /// From the first octet.
    Tls,
    /// Not at all, and asks for the password all the same.
    Clear,
}

#[derive(Default)]
struct State {
    clear: Vec<String>,
    mails: Vec<String>,
    refused: usize,
    refuses: bool,
}

/// The server.
#[derive(Clone)]
pub struct SecureServer {
    mode: Mode,
    port: u16,
    folder: Arc<tempfile::TempDir>,
    acceptor: Arc<SslAcceptor>,
    state: Arc<Mutex<State>>,
}

impl SecureServer {
    /// A server that has a port and does not serve yet.
    pub fn away(mode: Mode) -> (Self, TcpListener) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let key = openssl::rsa::Rsa::generate(2048).unwrap();
        let key = openssl::pkey::PKey::from_rsa(key).unwrap();
        let key = Key::with_certificate(key, "localhost");
        let mut acceptor = SslAcceptor::mozilla_intermediate_v5(SslMethod::tls()).unwrap();
        acceptor.set_private_key(&key.private).unwrap();
        acceptor.set_certificate(&key.certificate).unwrap();
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("ca.pem"), key.certificate_pem()).unwrap();
        let server = Self {
            mode,
            port: listener.local_addr().unwrap().port(),
            folder: Arc::new(folder),
            acceptor: Arc::new(acceptor.build()),
            state: Arc::default(),
        };
        (server, listener)
    }

    /// A server that serves.
    pub fn start(mode: Mode) -> Self {
        let (server, listener) = Self::away(mode);
        server.serve_at(listener);
        server
    }

    /// Serves at its port, which nobody has.
    pub fn come_back(&self) {
        self.serve_at(TcpListener::bind(("127.0.0.1", self.port)).unwrap());
    }

    fn serve_at(&self, listener: TcpListener) {
        let server = self.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let server = server.clone();
                std::thread::spawn(move || server.serve(stream.unwrap()));
            }
        });
    }

    /// What goes into the gateway's configuration.
    pub fn config(&self) -> String {
        let tls = match self.mode {
            Mode::Starttls | Mode::Clear => "starttls",
            Mode::Tls => "tls",
        };
        let password = PASSWORD.replace('\\', "\\\\").replace('"', "\\\"");
        format!(
            "[smtp]\nhost = \"localhost\"\nport = {}\ntls = \"{tls}\"\nusername = \"{NAME}\"\n\
             password = \"{password}\"\nfrom = \"sso@example.com\"\n",
            self.port
        )
    }

    /// The file with the certificate that vouches for it.
    pub fn certificates(&self) -> PathBuf {
        Path::new(self.folder.path()).join("ca.pem")
    }

    /// Whether it refuses the password.
    pub fn refuse(&self, refuses: bool) {
        self.state.lock().unwrap().refuses = refuses;
    }

    /// How often it refused the password.
    pub fn refused(&self) -> usize {
        self.state.lock().unwrap().refused
    }

    /// What it was told in the clear.
    pub fn clear(&self) -> Vec<String> {
        self.state.lock().unwrap().clear.clone()
    }

    /// The mails that it took.
    pub fn mails(&self) -> Vec<String> {
        self.state.lock().unwrap().mails.clone()
    }

    /// Waits for a mail; all that there are then.
    pub async fn wait(&self, time: Duration) -> Vec<String> {
        let start = Instant::now();
        while self.mails().is_empty() {
            assert!(start.elapsed() < time, "no mail came");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        // One that came twice would come soon.
        tokio::time::sleep(Duration::from_secs(3)).await;
        self.mails()
    }

    fn serve(&self, mut stream: TcpStream) {
        if self.mode == Mode::Tls {
            if let Ok(mut stream) = self.acceptor.accept(stream) {
                let _ = stream.write_all(b"220 mail.example.com ESMTP\r\n");
                let _ = self.talk(&mut stream, true);
            }
            return;
        }
        let _ = stream.write_all(b"220 mail.example.com ESMTP\r\n");
        if matches!(self.talk(&mut stream, false), Ok(true))
            && let Ok(mut stream) = self.acceptor.accept(stream)
        {
            let _ = self.talk(&mut stream, true);
        }
    }

    /// Talks to a client; whether it wants TLS now.
    fn talk(&self, stream: &mut (impl Read + Write), secret: bool) -> std::io::Result<bool> {
        let mut known = false;
        while let Some(line) = read(stream)? {
            if !secret {
                self.state.lock().unwrap().clear.push(line.clone());
            }
            let verb = line.split([' ', ':']).next().unwrap().to_uppercase();
            let answer = match verb.as_str() {
                "EHLO" if secret || self.mode == Mode::Clear => {
                    "250-mail.example.com\r\n250-8BITMIME\r\n250 AUTH PLAIN LOGIN"
                }
                "EHLO" => "250-mail.example.com\r\n250 STARTTLS",
                "STARTTLS" if !secret && self.mode == Mode::Starttls => {
                    stream.write_all(b"220 go on\r\n")?;
                    return Ok(true);
                }
                "AUTH" => {
                    known = self.knows(&line);
                    if known {
                        "235 2.7.0 welcome"
                    } else {
                        self.state.lock().unwrap().refused += 1;
                        "535 5.7.8 who are you"
                    }
                }
                "NOOP" | "RSET" => "250 ok",
                "MAIL" | "RCPT" if known => "250 ok",
                "DATA" if known => {
                    stream.write_all(b"354 go on\r\n")?;
                    let mut text = String::new();
                    while let Some(line) = read(stream)?.filter(|line| line != ".") {
                        text.push_str(&line);
                        text.push('\n');
                    }
                    self.state.lock().unwrap().mails.push(text);
                    "250 queued"
                }
                "QUIT" => "221 bye",
                _ => "530 5.7.0 not to strangers",
            };
            stream.write_all(format!("{answer}\r\n").as_bytes())?;
        }
        Ok(false)
    }

    fn knows(&self, line: &str) -> bool {
        let sent = line.strip_prefix("AUTH PLAIN ").unwrap_or_default();
        let sent = STANDARD.decode(sent).unwrap_or_default();
        let right = format!("\0{NAME}\0{PASSWORD}");
        sent == right.as_bytes() && !self.state.lock().unwrap().refuses
    }
}

/// The next line, without its end.
fn read(stream: &mut impl Read) -> std::io::Result<Option<String>> {
    let (mut line, mut octet) = (Vec::new(), [0]);
    while stream.read(&mut octet)? == 1 {
        match octet[0] {
            b'\n' => return Ok(Some(String::from_utf8_lossy(&line).into_owned())),
            b'\r' => {}
            other => line.push(other),
        }
    }
    Ok(None)
}
