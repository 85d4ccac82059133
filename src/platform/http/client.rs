//! The outbound client.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::{ACCEPT, HeaderMap, LOCATION};
use reqwest::{Method, Response, redirect};
use tokio::sync::{OnceCell, OwnedSemaphorePermit, Semaphore};
use url::{Host, Url};

use super::address::is_public;
use super::error::FetchError;

/// Time for a connection to come about.
const CONNECT: Duration = Duration::from_secs(5);
/// Time for a whole call, redirects included.
const CALL: Duration = Duration::from_secs(20);
/// Redirects that are followed.
const REDIRECTS: usize = 3;
/// Connections to one host.
const PER_HOST: usize = 64;

/// The outbound client. Cloning it copies a pointer.
#[derive(Clone, Debug)]
pub struct Outbound {
    /// Made when it is needed first: reading the system's authorities takes more
    /// time and memory than all the rest of a start.
    client: Arc<OnceCell<reqwest::Client>>,
    allow_private: bool,
    call: Duration,
    hosts: Arc<Mutex<HashMap<String, Arc<Semaphore>>>>,
}

/// What was fetched.
#[derive(Clone, Debug)]
pub struct Fetched {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, whole.
    pub body: Vec<u8>,
    /// Where it came from, after redirects.
    pub url: Url,
}

/// A request to send.
#[derive(Clone, Debug)]
struct Outgoing {
    method: Method,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Outbound {
    /// A client. `allow_private` opens private networks and plain http, for
    /// tests and for IdPs in one's own house.
    #[must_use]
    pub fn new(allow_private: bool) -> Self {
        Self {
            client: Arc::default(),
            allow_private,
            call: CALL,
            hosts: Arc::default(),
        }
    }

    /// The same client with another time for a whole call.
    #[must_use]
    pub fn within(&self, call: Duration) -> Self {
        Self {
            call,
            hosts: Arc::default(),
            ..self.clone()
        }
    }

    async fn client(&self) -> Result<&reqwest::Client, FetchError> {
        let allow_private = self.allow_private;
        self.client
            .get_or_try_init(|| async move {
                let made = tokio::task::spawn_blocking(move || make(allow_private)).await;
                made.unwrap_or_else(|e| Err(no_tls(&e)))
            })
            .await
    }

    /// Fetches a document: `limit` octets at most, and only a success counts.
    ///
    /// # Errors
    /// See [`FetchError`].
    pub async fn get(&self, url: &str, accept: &str, limit: usize) -> Result<Fetched, FetchError> {
        let fetched = self
            .send(Method::GET, url, header_map(accept), Vec::new(), limit)
            .await?;
        if (200..300).contains(&fetched.status) {
            return Ok(fetched);
        }
        let host = host_of(&fetched.url);
        Err(FetchError::Status {
            host,
            status: fetched.status,
        })
    }

    /// Sends a request and reads the answer, whatever its status. A redirect is
    /// followed for GET alone: a body is sent nowhere but where it was meant to
    /// go.
    ///
    /// # Errors
    /// See [`FetchError`].
    pub async fn send(
        &self,
        method: Method,
        url: &str,
        headers: HeaderMap,
        body: Vec<u8>,
        limit: usize,
    ) -> Result<Fetched, FetchError> {
        let url = Url::parse(url).map_err(|_| FetchError::Scheme(url.to_owned()))?;
        let host = host_of(&url);
        let seconds = self.call.as_secs();
        let outgoing = Outgoing {
            method,
            headers,
            body,
        };
        tokio::time::timeout(self.call, self.follow(url, outgoing, limit))
            .await
            .unwrap_or(Err(FetchError::Timeout { host, seconds }))
    }

    /// What can be said of an address before anything is sent: whether its scheme
    /// is allowed, and an address written out is one that may be reached.
    ///
    /// # Errors
    /// See [`FetchError`].
    pub fn check(&self, url: &str) -> Result<(), FetchError> {
        let url = Url::parse(url).map_err(|_| FetchError::Scheme(url.to_owned()))?;
        self.judge(&url)
    }

    async fn follow(
        &self,
        mut url: Url,
        outgoing: Outgoing,
        limit: usize,
    ) -> Result<Fetched, FetchError> {
        for _ in 0..=REDIRECTS {
            self.judge(&url)?;
            let _place = self.place(&url).await;
            let response = self.once(&url, &outgoing).await?;
            let redirected = response.status().is_redirection() && outgoing.method == Method::GET;
            let Some(location) = response.headers().get(LOCATION).filter(|_| redirected) else {
                return read(response, url, limit).await;
            };
            let next = location.to_str().ok().and_then(|to| url.join(to).ok());
            url = next.ok_or_else(|| FetchError::Redirect {
                host: host_of(&url),
            })?;
        }
        Err(FetchError::Redirect {
            host: host_of(&url),
        })
    }

    async fn once(&self, url: &Url, outgoing: &Outgoing) -> Result<Response, FetchError> {
        self.client()
            .await?
            .request(outgoing.method.clone(), url.clone())
            .timeout(self.call)
            .headers(outgoing.headers.clone())
            .body(outgoing.body.clone())
            .send()
            .await
            .map_err(|error| self.explain(&error, url))
    }

    /// What can be judged before a name is resolved. Addresses written out
    /// never reach the resolver, so they are judged here.
    fn judge(&self, url: &Url) -> Result<(), FetchError> {
        let scheme_ok = url.scheme() == "https" || (self.allow_private && url.scheme() == "http");
        if !scheme_ok {
            return Err(FetchError::Scheme(shown(url)));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(FetchError::Credentials);
        }
        let literal = match url.host() {
            Some(Host::Ipv4(v4)) => Some(IpAddr::V4(v4)),
            Some(Host::Ipv6(v6)) => Some(IpAddr::V6(v6)),
            Some(Host::Domain(_)) => None,
            None => return Err(FetchError::Scheme(shown(url))),
        };
        if literal.is_some_and(|ip| !self.allow_private && !is_public(ip)) {
            return Err(FetchError::PrivateAddress(host_of(url)));
        }
        Ok(())
    }

    /// One of the places for connections to a host.
    async fn place(&self, url: &Url) -> Option<OwnedSemaphorePermit> {
        let places = {
            let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
            // Forget hosts that nobody talks to, so that the map stays small.
            if hosts.len() > 1024 {
                hosts.retain(|_, places| places.available_permits() < PER_HOST);
            }
            let places = hosts.entry(host_of(url));
            Arc::clone(places.or_insert_with(|| Arc::new(Semaphore::new(PER_HOST))))
        };
        places.acquire_owned().await.ok()
    }

    fn explain(&self, error: &reqwest::Error, url: &Url) -> FetchError {
        let host = host_of(url);
        let mut cause: Option<&dyn std::error::Error> = Some(error);
        let mut last = error.to_string();
        while let Some(inner) = cause {
            if let Some(refused) = inner.downcast_ref::<Refused>() {
                return match refused {
                    Refused::Private => FetchError::PrivateAddress(host),
                    Refused::Unknown => FetchError::UnknownHost(host),
                };
            }
            let trusted = inner.downcast_ref::<openssl::ssl::Error>();
            if let Some(error) = trusted {
                return FetchError::Tls {
                    host,
                    problem: error.to_string(),
                };
            }
            last = inner.to_string();
            cause = inner.source();
        }
        if error.is_timeout() {
            return FetchError::Timeout {
                host,
                seconds: self.call.as_secs(),
            };
        }
        if error.is_connect() {
            return FetchError::Connect {
                host,
                problem: last,
            };
        }
        FetchError::Broken {
            host,
            problem: last,
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one place that makes a client"
)]
fn make(allow_private: bool) -> Result<reqwest::Client, FetchError> {
    reqwest::Client::builder()
        .redirect(redirect::Policy::none())
        .connect_timeout(CONNECT)
        .pool_max_idle_per_host(4)
        .user_agent(concat!("doorward/", env!("CARGO_PKG_VERSION")))
        .dns_resolver(Arc::new(Guarded { allow_private }))
        .build()
        .map_err(|e| no_tls(&e))
}

fn no_tls(cause: &dyn std::error::Error) -> FetchError {
    FetchError::Connect {
        host: "TLS".to_owned(),
        problem: cause.to_string(),
    }
}

fn header_map(accept: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    if let Ok(value) = accept.parse() {
        headers.insert(ACCEPT, value);
    }
    headers
}

fn host_of(url: &Url) -> String {
    url.host_str().unwrap_or("?").to_owned()
}

/// A URL as an admin may read it: without what might be a secret.
fn shown(url: &Url) -> String {
    format!("{}://{}", url.scheme(), host_of(url))
}

async fn read(mut response: Response, url: Url, limit: usize) -> Result<Fetched, FetchError> {
    let host = host_of(&url);
    let too_large = || FetchError::TooLarge {
        host: host.clone(),
        limit,
    };
    let announced = response.content_length().unwrap_or(0);
    if announced > u64::try_from(limit).unwrap_or(u64::MAX) {
        return Err(too_large());
    }
    let status = response.status().as_u16();
    let headers = response.headers().clone();
    let mut body = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if body.len() + chunk.len() > limit => return Err(too_large()),
            Ok(Some(chunk)) => body.extend_from_slice(&chunk),
            Ok(None) => {
                return Ok(Fetched {
                    status,
                    headers,
                    body,
                    url,
                });
            }
            Err(error) => {
                return Err(FetchError::Broken {
                    host,
                    problem: error.to_string(),
                });
            }
        }
    }
}

/// A resolver that knows only addresses that may be connected to.
struct Guarded {
    allow_private: bool,
}

/// Why the resolver gives no address.
#[derive(Clone, Copy, Debug, thiserror::Error)]
enum Refused {
    #[error("the address is on a private network")]
    Private,
    #[error("the name is not known")]
    Unknown,
}

impl Resolve for Guarded {
    fn resolve(&self, name: Name) -> Resolving {
        let allow_private = self.allow_private;
        let host = name.as_str().to_owned();
        Box::pin(async move {
            let found = tokio::net::lookup_host((host.as_str(), 0)).await;
            let found: Vec<SocketAddr> = found.map_err(|_| Refused::Unknown)?.collect();
            if found.is_empty() {
                return Err(Refused::Unknown.into());
            }
            let allowed: Vec<SocketAddr> = found
                .into_iter()
                .filter(|a| allow_private || is_public(a.ip()))
                .collect();
            if allowed.is_empty() {
                return Err(Refused::Private.into());
            }
            Ok(Box::new(allowed.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    /// A server that answers every connection with the same octets, after a
    /// pause if there is one, and counts.
    async fn server(answer: String, pause: Duration) -> (u16, Arc<Mutex<usize>>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let count = Arc::new(Mutex::new(0));
        let counted = Arc::clone(&count);
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                *counted.lock().expect("a lock") += 1;
                let answer = answer.clone();
                tokio::spawn(async move {
                    let mut buffer = [0; 4096];
                    let _ = stream.read(&mut buffer).await;
                    tokio::time::sleep(pause).await;
                    let _ = stream.write_all(answer.as_bytes()).await;
                });
            }
        });
        (port, count)
    }

    fn ok(body: &str) -> String {
        let length = body.len();
        format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}")
    }

    async fn code(client: &Outbound, url: &str) -> &'static str {
        client
            .get(url, "*/*", 1000)
            .await
            .map_or_else(|e| e.code(), |_| "ok")
    }

    #[tokio::test]
    async fn a_guarded_client_reaches_nothing_private() {
        let (port, count) = server(ok("secret"), Duration::ZERO).await;
        let guarded = Outbound::new(false);
        for (url, expected) in [
            (
                format!("https://127.0.0.1:{port}/"),
                "fetch.private_address",
            ),
            (
                format!("https://localhost:{port}/"),
                "fetch.private_address",
            ),
            (format!("https://[::1]:{port}/"), "fetch.private_address"),
            (
                format!("https://[::ffff:127.0.0.1]:{port}/"),
                "fetch.private_address",
            ),
            (
                format!("https://2130706433:{port}/"),
                "fetch.private_address",
            ),
            (format!("https://0x7f.1:{port}/"), "fetch.private_address"),
            (
                "https://169.254.169.254/latest/meta-data".to_owned(),
                "fetch.private_address",
            ),
            (format!("http://127.0.0.1:{port}/"), "fetch.scheme"),
            ("file:///etc/passwd".to_owned(), "fetch.scheme"),
            ("gopher://127.0.0.1:70/".to_owned(), "fetch.scheme"),
            ("javascript:alert(1)".to_owned(), "fetch.scheme"),
            (
                "https://user:pass@example.com/".to_owned(),
                "fetch.credentials",
            ),
            ("no url".to_owned(), "fetch.scheme"),
        ] {
            assert_eq!(code(&guarded, &url).await, expected, "{url}");
        }
        assert_eq!(*count.lock().expect("a lock"), 0);
    }

    #[tokio::test]
    async fn sizes_times_and_statuses_are_bounded() {
        let open = Outbound::new(true).within(Duration::from_millis(400));
        let (port, _) = server(ok("hello"), Duration::ZERO).await;
        let fetched = open
            .get(&format!("http://127.0.0.1:{port}/"), "*/*", 5)
            .await;
        assert_eq!(fetched.expect("a document").body, b"hello");
        let large = open
            .get(&format!("http://127.0.0.1:{port}/"), "*/*", 4)
            .await;
        assert_eq!(large.expect_err("too large").code(), "fetch.too_large");
        let endless = format!("HTTP/1.1 200 OK\r\n\r\n{}", "x".repeat(5000));
        let (port, _) = server(endless, Duration::ZERO).await;
        assert_eq!(
            code(&open, &format!("http://127.0.0.1:{port}/")).await,
            "fetch.too_large"
        );
        let (port, _) = server(ok("late"), Duration::from_secs(3)).await;
        assert_eq!(
            code(&open, &format!("http://127.0.0.1:{port}/")).await,
            "fetch.timeout"
        );
        let (port, _) = server(
            "HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n".into(),
            Duration::ZERO,
        )
        .await;
        assert_eq!(
            code(&open, &format!("http://127.0.0.1:{port}/")).await,
            "fetch.status"
        );
        assert_eq!(code(&open, "http://127.0.0.1:1/").await, "fetch.connect");
        assert_eq!(
            code(&open, "https://no-such-host.invalid/").await,
            "fetch.unknown_host"
        );
    }

    #[tokio::test]
    async fn each_redirect_is_judged_and_there_are_few() {
        let open = Outbound::new(true);
        let (end, _) = server(ok("there"), Duration::ZERO).await;
        let to = |target: String| {
            format!(
                "HTTP/1.1 302 Found\r\nLocation: {target}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
            )
        };
        let (port, _) = server(to(format!("http://127.0.0.1:{end}/x")), Duration::ZERO).await;
        assert_eq!(
            code(&open, &format!("http://127.0.0.1:{port}/")).await,
            "ok"
        );
        let (port, _) = server(to("file:///etc/passwd".into()), Duration::ZERO).await;
        assert_eq!(
            code(&open, &format!("http://127.0.0.1:{port}/")).await,
            "fetch.scheme"
        );
        let (port, count) = server(to("/again".into()), Duration::ZERO).await;
        assert_eq!(
            code(&open, &format!("http://127.0.0.1:{port}/")).await,
            "fetch.redirect"
        );
        assert_eq!(*count.lock().expect("a lock"), REDIRECTS + 1);
    }
}
