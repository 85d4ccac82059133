//! Where the metadata of the other providers stands.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::Result;

use crate::prepare::Idp;

/// A web server that answers each path with a metadata document.
pub struct Upstream {
    urls: Vec<String>,
    asked: Arc<AtomicU32>,
}

impl Upstream {
    /// Starts it, with documents for `count` identity providers.
    pub fn start(idp: &Idp, count: usize) -> Result<Self> {
        let documents: Result<Vec<_>> = (0..count).map(|i| idp.metadata(Some(i))).collect();
        let documents = Arc::new(documents?);
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let asked = Arc::new(AtomicU32::new(0));
        let counter = Arc::clone(&asked);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (documents, counter) = (Arc::clone(&documents), Arc::clone(&counter));
                std::thread::spawn(move || serve(stream, &documents, &counter));
            }
        });
        let urls = (0..count)
            .map(|i| format!("http://{address}/{i}"))
            .collect();
        Ok(Self { urls, asked })
    }

    /// The URLs of the documents.
    pub fn urls(&self) -> &[String] {
        &self.urls
    }

    /// How often it was asked so far.
    pub fn asked(&self) -> u32 {
        self.asked.load(Ordering::Relaxed)
    }
}

/// Answers requests until the other side goes away.
fn serve(mut stream: TcpStream, documents: &[String], asked: &AtomicU32) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    loop {
        let mut first = String::new();
        if reader.read_line(&mut first).ok()? == 0 {
            return None;
        }
        let mut line = String::new();
        while line != "\r\n" {
            line.clear();
            if reader.read_line(&mut line).ok()? == 0 {
                return None;
            }
        }
        let path = first.split(' ').nth(1)?.strip_prefix('/')?;
        let document = documents.get(path.parse::<usize>().ok()?)?;
        asked.fetch_add(1, Ordering::Relaxed);
        let head = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: application/samlmetadata+xml\r\nContent-Length: {}\r\n\r\n",
            document.len()
        );
        stream.write_all(head.as_bytes()).ok()?;
        stream.write_all(document.as_bytes()).ok()?;
    }
}
