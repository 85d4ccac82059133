//! A web server that publishes one document, well or badly.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What the server answers.
#[derive(Clone, Default)]
pub struct Publication {
    /// The status; `200` where it is 0.
    pub status: u16,
    /// Further lines of the head.
    pub head: String,
    /// The document.
    pub body: Vec<u8>,
    /// Its `ETag`, honoured in conditional requests.
    pub etag: Option<&'static str>,
    /// How long it takes.
    pub pause: Duration,
}

/// The server. It ends with the process.
pub struct Publisher {
    /// Where the document is.
    pub url: String,
    what: Arc<Mutex<Publication>>,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Publisher {
    /// Publishes a document.
    pub fn of(document: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/metadata", listener.local_addr().unwrap());
        let (what, requests) = (Arc::default(), Arc::default());
        let this = Self {
            url,
            what: Arc::clone(&what),
            requests: Arc::clone(&requests),
        };
        this.publish(document);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (what, requests) = (Arc::clone(&what), Arc::clone(&requests));
                std::thread::spawn(move || answer(stream, &what, &requests));
            }
        });
        this
    }

    /// Publishes another document.
    pub fn publish(&self, document: &str) {
        self.answer_with(Publication {
            body: document.as_bytes().to_vec(),
            ..Publication::default()
        });
    }

    /// Answers in another way.
    pub fn answer_with(&self, publication: Publication) {
        *self.what.lock().unwrap() = publication;
    }

    /// Answers with a status and nothing else.
    pub fn fail(&self, status: u16) {
        self.answer_with(Publication {
            status,
            ..Publication::default()
        });
    }

    /// The heads of the requests so far.
    pub fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

fn answer(mut stream: TcpStream, what: &Mutex<Publication>, requests: &Mutex<Vec<String>>) {
    let mut head = Vec::new();
    let mut octet = [0];
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read(&mut octet) {
            Ok(1) => head.push(octet[0]),
            _ => return,
        }
    }
    let head = String::from_utf8_lossy(&head).to_lowercase();
    requests.lock().unwrap().push(head.clone());
    let answer = what.lock().unwrap().clone();
    std::thread::sleep(answer.pause);
    let known = answer
        .etag
        .is_some_and(|etag| head.contains(&format!("if-none-match: {etag}")));
    let (status, body) = match (known, answer.status) {
        (true, _) => (304, &[][..]),
        (false, 0) => (200, &answer.body[..]),
        (false, status) => (status, &answer.body[..]),
    };
    let etag = answer
        .etag
        .map_or_else(String::new, |etag| format!("ETag: {etag}\r\n"));
    let head = format!(
        "HTTP/1.1 {status} Answer\r\n{etag}{}Content-Length: {}\r\nConnection: close\r\n\r\n",
        answer.head,
        body.len()
    );
    let _ = stream.write_all(head.as_bytes());
    let _ = stream.write_all(body);
}
