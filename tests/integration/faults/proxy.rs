//! A TCP proxy before PostgreSQL, which can be told to fail as networks and
//! servers do.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

const PASS: u8 = 0;
const STALL: u8 = 1;
const STOP: u8 = 2;

/// The proxy. Gone with the last handle's runtime.
#[derive(Clone)]
pub struct Proxy {
    pub port: u16,
    mode: Arc<AtomicU8>,
}

impl Proxy {
    /// Before the server that a URL names.
    pub async fn before(url: &str) -> Self {
        let target = url::Url::parse(url).unwrap();
        let target = format!("127.0.0.1:{}", target.port().unwrap());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let proxy = Self {
            port: listener.local_addr().unwrap().port(),
            mode: Arc::default(),
        };
        let mode = Arc::clone(&proxy.mode);
        tokio::spawn(async move {
            let mut listener = Some(listener);
            let address = listener.as_ref().unwrap().local_addr().unwrap();
            loop {
                if mode.load(Ordering::SeqCst) == STOP {
                    // Closed, so that connecting is refused.
                    listener = None;
                    tokio::time::sleep(Duration::from_millis(5)).await;
                    continue;
                }
                let here = match &listener {
                    Some(here) => here,
                    None => listener.insert(TcpListener::bind(address).await.unwrap()),
                };
                let accepted = tokio::time::timeout(Duration::from_millis(5), here.accept()).await;
                if let Ok(Ok((client, _))) = accepted {
                    tokio::spawn(carry(client, target.clone(), Arc::clone(&mode)));
                }
            }
        });
        proxy
    }

    /// The URL by way of the proxy.
    pub fn url(&self, url: &str) -> String {
        let mut url = url::Url::parse(url).unwrap();
        url.set_port(Some(self.port)).unwrap();
        url.to_string()
    }

    /// All is well (again).
    pub fn pass(&self) {
        self.mode.store(PASS, Ordering::SeqCst);
    }

    /// Connections are taken and stay open, and nothing comes back.
    pub fn stall(&self) {
        self.mode.store(STALL, Ordering::SeqCst);
    }

    /// Connections break off, new ones are refused.
    pub fn stop(&self) {
        self.mode.store(STOP, Ordering::SeqCst);
    }
}

async fn carry(client: TcpStream, target: String, mode: Arc<AtomicU8>) {
    while mode.load(Ordering::SeqCst) == STALL {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let Ok(server) = TcpStream::connect(target).await else {
        return;
    };
    let (client_from, client_to) = client.into_split();
    let (server_from, server_to) = server.into_split();
    let there = pass_on(client_from, server_to, Arc::clone(&mode));
    let back = pass_on(server_from, client_to, mode);
    tokio::select! {
        () = there => {}
        () = back => {}
    }
}

async fn pass_on(
    mut from: tokio::net::tcp::OwnedReadHalf,
    mut to: tokio::net::tcp::OwnedWriteHalf,
    mode: Arc<AtomicU8>,
) {
    let mut octets = vec![0; 16 * 1024];
    loop {
        let read = tokio::select! {
            read = from.read(&mut octets) => read.unwrap_or(0),
            () = until(&mode, STOP) => 0,
        };
        while mode.load(Ordering::SeqCst) == STALL {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        if read == 0 || to.write_all(&octets[..read]).await.is_err() {
            return;
        }
    }
}

async fn until(mode: &AtomicU8, wanted: u8) {
    while mode.load(Ordering::SeqCst) != wanted {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
