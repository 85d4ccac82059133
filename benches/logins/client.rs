//! A light HTTP/1.1 client: requests are octets made beforehand, of the answer
//! only the few headers that matter are read.

use std::net::SocketAddr;

use anyhow::{Context as _, Result, bail};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// A request as it goes over the wire.
pub struct Request(Vec<u8>);

impl Request {
    /// `GET target`, where `target` is a path or a URL of the server.
    pub fn get(target: &str, cookie: Option<&str>) -> Self {
        let path = path_of(target);
        let cookie = cookie.map_or_else(String::new, |cookie| format!("Cookie: {cookie}\r\n"));
        // What a browser says of a navigation, as far as the gateway asks.
        let text = format!(
            "GET {path} HTTP/1.1\r\nHost: localhost\r\nAccept: text/html\r\n\
             Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate\r\n{cookie}\r\n"
        );
        Self(text.into_bytes())
    }

    /// `POST target` with a form.
    pub fn post(target: &str, form: &str) -> Self {
        let path = path_of(target);
        let length = form.len();
        let text = format!(
            "POST {path} HTTP/1.1\r\nHost: localhost\r\nAccept: text/html\r\n\
             Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate\r\n\
             Content-Type: application/x-www-form-urlencoded\r\n\
             Content-Length: {length}\r\n\r\n{form}"
        );
        Self(text.into_bytes())
    }
}

/// What stands behind the authority of a URL.
fn path_of(target: &str) -> &str {
    match target.split_once("://") {
        Some((_, rest)) => rest.find('/').and_then(|at| rest.get(at..)).unwrap_or("/"),
        None => target,
    }
}

/// An answer.
pub struct Answer {
    /// Its status code.
    pub status: u16,
    /// The `Location` header.
    pub location: Option<String>,
    /// All cookies that it sets, as a `Cookie` header would send them back.
    pub cookies: String,
    body: Vec<u8>,
}

impl Answer {
    /// The body.
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// For a message that says why a measurement failed.
    pub fn describe(&self) -> String {
        let body = String::from_utf8_lossy(&self.body);
        let text: String = body.chars().take(1000).collect();
        format!("{} {:?} {text}", self.status, self.location)
    }
}

/// A connection that is kept alive.
pub struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    /// Connects.
    pub async fn open(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let buffer = Vec::with_capacity(16 * 1024);
        Ok(Self { stream, buffer })
    }

    /// Sends a request and reads its answer.
    pub async fn send(&mut self, request: &Request) -> Result<Answer> {
        self.stream.write_all(&request.0).await?;
        self.buffer.clear();
        let head = loop {
            if let Some(at) = find(&self.buffer, b"\r\n\r\n") {
                break at + 4;
            }
            self.fill().await?;
        };
        let mut answer = Answer {
            status: 0,
            location: None,
            cookies: String::new(),
            body: Vec::new(),
        };
        let length = read_head(&self.buffer, head, &mut answer)?;
        while self.buffer.len() < head + length {
            self.fill().await?;
        }
        answer.body = self.buffer.get(head..).unwrap_or_default().to_vec();
        Ok(answer)
    }

    async fn fill(&mut self) -> Result<()> {
        if self.stream.read_buf(&mut self.buffer).await? == 0 {
            bail!("the server closed the connection");
        }
        Ok(())
    }
}

/// Reads status, location and cookies; returns the length of the body.
fn read_head(buffer: &[u8], head: usize, answer: &mut Answer) -> Result<usize> {
    let text = std::str::from_utf8(buffer.get(..head).unwrap_or_default())?;
    let mut lines = text.split("\r\n");
    let status = lines.next().and_then(|line| line.split(' ').nth(1));
    answer.status = status.context("no status line")?.parse()?;
    let mut length = 0;
    for line in lines {
        let Some((name, value)) = line.split_once(": ") else {
            continue;
        };
        if name.eq_ignore_ascii_case("content-length") {
            length = value.parse()?;
        } else if name.eq_ignore_ascii_case("location") {
            answer.location = Some(value.to_owned());
        } else if name.eq_ignore_ascii_case("set-cookie") {
            let pair = value.split(';').next().unwrap_or_default();
            // A cookie that is taken away is none.
            if !pair.ends_with('=') {
                if !answer.cookies.is_empty() {
                    answer.cookies.push_str("; ");
                }
                answer.cookies.push_str(pair);
            }
        } else if name.eq_ignore_ascii_case("transfer-encoding") {
            bail!("the answer is chunked, which this client does not read");
        }
    }
    Ok(length)
}

fn find(text: &[u8], what: &[u8]) -> Option<usize> {
    text.windows(what.len()).position(|window| window == what)
}
