//! A mail server on loopback that speaks SMTP (RFC 5321) as far as a client can
//! tell, keeps what it takes, and breaks when it is told to.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// What the server does to one mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Answers the greeting with 421.
    Busy,
    /// Answers RCPT with 450.
    Later,
    /// Answers RCPT with 550.
    NoSuchUser,
    /// Answers the end of DATA with 554.
    Refused,
    /// Says nothing after DATA.
    Hang,
    /// Takes the data, and drops the connection before it says so.
    Drop,
}

/// A mail as it came.
#[derive(Clone, Debug)]
pub struct Mail {
    /// The recipients of the envelope.
    pub to: Vec<String>,
    /// Head and body, with the lines' ends as LF.
    pub text: String,
}

impl Mail {
    /// A header's value.
    pub fn header(&self, name: &str) -> Option<String> {
        let (head, _) = self.text.split_once("\n\n")?;
        let head = head.replace("\n ", " ").replace("\n\t", " ");
        let prefix = format!("{}:", name.to_lowercase());
        head.lines()
            .find(|line| line.to_lowercase().starts_with(&prefix))
            .map(|line| line[prefix.len()..].trim().to_owned())
    }

    /// The text, whatever its transfer encoding.
    pub fn words(&self) -> String {
        let mut octets = Vec::new();
        let text = self.text.replace("=\n", "");
        let mut rest = text.as_bytes();
        while let Some((first, after)) = rest.split_first() {
            let hex = after.get(..2).and_then(|two| std::str::from_utf8(two).ok());
            let octet = hex.and_then(|two| u8::from_str_radix(two, 16).ok());
            if let Some(octet) = octet.filter(|_| *first == b'=') {
                octets.push(octet);
                rest = &after[2..];
            } else {
                octets.push(*first);
                rest = after;
            }
        }
        String::from_utf8_lossy(&octets).into_owned()
    }

    /// The first address of the gateway in it that begins with this path.
    pub fn link(&self, path: &str) -> String {
        let words = self.words();
        let at = words
            .find(path)
            .unwrap_or_else(|| panic!("no {path} in {words}"));
        let start = words[..at].rfind(char::is_whitespace).map_or(0, |n| n + 1);
        let link = words[start..].split(['\n', '\r', ' ', '"', '<']).next();
        link.unwrap().to_owned()
    }
}

#[derive(Default)]
struct State {
    mails: Vec<Mail>,
    faults: Vec<Fault>,
    tries: Vec<Instant>,
    open: usize,
    most: usize,
}

/// The server.
#[derive(Clone)]
pub struct MailServer {
    /// Its port.
    pub port: u16,
    state: Arc<Mutex<State>>,
}

impl MailServer {
    /// A server that takes everything.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = Self {
            port: listener.local_addr().unwrap().port(),
            state: Arc::default(),
        };
        let accepting = server.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let server = accepting.clone();
                tokio::spawn(async move {
                    server.state.lock().unwrap().open += 1;
                    {
                        let mut state = server.state.lock().unwrap();
                        state.most = state.most.max(state.open);
                    }
                    let _ = server.serve(stream).await;
                    server.state.lock().unwrap().open -= 1;
                });
            }
        });
        server
    }

    /// What goes into the gateway's configuration.
    pub fn config(&self) -> String {
        format!(
            "[smtp]\nhost = \"127.0.0.1\"\nport = {}\ntls = \"none\"\n\
             from = \"Example SSO <sso@example.com>\"\n",
            self.port
        )
    }

    /// Breaks the next mails like this, one after the other.
    pub fn break_next(&self, faults: &[Fault]) {
        self.state.lock().unwrap().faults.extend(faults);
    }

    /// The mails to an address.
    pub fn mails_to(&self, address: &str) -> Vec<Mail> {
        let state = self.state.lock().unwrap();
        let is_to = |mail: &&Mail| mail.to.iter().any(|to| to == address);
        state.mails.iter().filter(is_to).cloned().collect()
    }

    /// When connections came.
    pub fn tries(&self) -> Vec<Instant> {
        self.state.lock().unwrap().tries.clone()
    }

    /// How many connections there were at once, at most.
    pub fn most(&self) -> usize {
        self.state.lock().unwrap().most
    }

    /// Waits for so many mails to an address; the last of them.
    pub async fn wait_for(&self, address: &str, count: usize) -> Mail {
        self.wait_within(address, count, Duration::from_secs(20))
            .await
    }

    /// The same with another patience.
    pub async fn wait_within(&self, address: &str, count: usize, time: Duration) -> Mail {
        let start = Instant::now();
        loop {
            let mails = self.mails_to(address);
            if mails.len() >= count {
                return mails.into_iter().nth(count - 1).unwrap();
            }
            assert!(
                start.elapsed() < time,
                "{} of {count} mails to {address}",
                mails.len()
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    async fn serve(&self, stream: TcpStream) -> std::io::Result<()> {
        let (read, mut write) = stream.into_split();
        let mut lines = BufReader::new(read).lines();
        let fault = {
            let mut state = self.state.lock().unwrap();
            state.tries.push(Instant::now());
            if state.faults.is_empty() {
                None
            } else {
                Some(state.faults.remove(0))
            }
        };
        if fault == Some(Fault::Busy) {
            return write.write_all(b"421 4.3.2 busy\r\n").await;
        }
        write.write_all(b"220 mail.example.com ESMTP\r\n").await?;
        let mut to = Vec::new();
        while let Some(line) = lines.next_line().await? {
            let verb = line.split([' ', ':']).next().unwrap().to_uppercase();
            let answer = match verb.as_str() {
                "EHLO" => "250-mail.example.com\r\n250-8BITMIME\r\n250 SIZE 1000000",
                "HELO" | "NOOP" => "250 ok",
                "MAIL" | "RSET" => {
                    to.clear();
                    "250 ok"
                }
                "RCPT" => match fault {
                    Some(Fault::Later) => "450 4.2.1 try later",
                    Some(Fault::NoSuchUser) => "550 5.1.1 no such user",
                    _ => {
                        let address = line.split('<').nth(1).and_then(|r| r.split('>').next());
                        to.push(address.unwrap().to_owned());
                        "250 ok"
                    }
                },
                "DATA" => {
                    write.write_all(b"354 go on\r\n").await?;
                    let mut text = String::new();
                    while let Some(line) = lines.next_line().await? {
                        if line == "." {
                            break;
                        }
                        text.push_str(line.strip_prefix('.').unwrap_or(&line));
                        text.push('\n');
                    }
                    match fault {
                        Some(Fault::Refused) => "554 5.7.1 refused",
                        Some(Fault::Drop) => return Ok(()),
                        Some(Fault::Hang) => {
                            tokio::time::sleep(Duration::from_mins(2)).await;
                            return Ok(());
                        }
                        _ => {
                            let mail = Mail {
                                to: to.clone(),
                                text,
                            };
                            self.state.lock().unwrap().mails.push(mail);
                            "250 queued"
                        }
                    }
                }
                "QUIT" => return write.write_all(b"221 bye\r\n").await,
                _ => "500 what",
            };
            write.write_all(format!("{answer}\r\n").as_bytes()).await?;
        }
        Ok(())
    }
}
