//! A limit on requests that cost much, per client address.
//!
//! The bounds are such that a company behind one address does not meet them on a
//! Monday morning, and one address alone cannot keep every core busy. Each process
//! counts for itself, at no cost, and once a second tells the others through the
//! database of the addresses that ask much ([`Throttle::share`]): an address that
//! spreads its requests over the replicas has one allowance all the same. While
//! the database is away each counts alone.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};

use super::client::client_addr;
use super::kit::Kit;
use crate::domain::Timestamp;
use crate::platform::storage::{Db, StorageError};
use crate::platform::throttle::{self, Allowance};

/// What an address may ask: 2,000 times at once, and 100 times a second.
const ALLOWANCE: Allowance = Allowance {
    burst: 2_000,
    interval: 10,
};
/// How many requests an address sends in a second, at least, for the other
/// replicas to be told.
const MUCH: i64 = 10;

/// Addresses are spread over this many tables, so that requests of different
/// clients seldom wait for each other.
const SHARDS: usize = 16;
/// More addresses than this in one table are not remembered.
const MOST: usize = 8_192;

/// Limits what `router` takes from one address; what is over the limit is
/// answered with `429` and `Retry-After`.
pub fn throttled(router: Router, kit: &Kit, throttle: &Throttle) -> Router {
    let state = (kit.clone(), throttle.clone());
    router.layer(from_fn_with_state(state, limit))
}

async fn limit(
    State((kit, throttle)): State<(Kit, Throttle)>,
    request: Request,
    next: Next,
) -> Response {
    // A request without a connection comes from inside the process.
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
    let Some(ConnectInfo(peer)) = peer else {
        return next.run(request).await;
    };
    let client = client_addr(peer.ip(), request.headers(), kit.trusted_proxies());
    match throttle.take(client, kit.now()) {
        Ok(()) => next.run(request).await,
        Err(seconds) => {
            metrics::counter!("doorward_throttled_requests_total").increment(1);
            let retry_after = [(header::RETRY_AFTER, HeaderValue::from(seconds))];
            (StatusCode::TOO_MANY_REQUESTS, retry_after).into_response()
        }
    }
}

/// What one address has taken.
#[derive(Clone, Copy, Debug)]
struct Taken {
    /// Its theoretical arrival time, in milliseconds.
    arrival: i64,
    /// What of it the other replicas have not been told, in milliseconds.
    untold: i64,
}

type Shard = Mutex<HashMap<IpAddr, Taken>>;

/// What each address has taken, as far as this process knows. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Throttle(Arc<[Shard; SHARDS]>);

impl Throttle {
    /// Takes one request of `address` into account; the error is after how many
    /// seconds to try again.
    fn take(&self, address: IpAddr, now: Timestamp) -> Result<(), u64> {
        let address = network_of(address);
        let Some(shard) = self.0.get(shard_of(address)) else {
            return Ok(());
        };
        let mut shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
        let at = now.millis();
        // Nobody gets further ahead than this by themselves: the clock was set
        // back. What the replicas took together within a second may be more.
        let furthest = at + 2 * ALLOWANCE.tolerance();
        let known = shard
            .get(&address)
            .filter(|known| known.arrival <= furthest);
        let arrival = known.map_or(at, |known| known.arrival).max(at);
        let untold = known.map_or(0, |known| known.untold);
        if let Some(seconds) = ALLOWANCE.wait(arrival, now) {
            return Err(seconds);
        }
        if shard.len() >= MOST {
            shard.retain(|_, taken| taken.arrival > at);
            // A flood from more networks than are remembered: forgetting
            // bounds the memory, and only gives each its burst again.
            if shard.len() >= MOST {
                shard.clear();
            }
        }
        let taken = Taken {
            arrival: arrival + ALLOWANCE.interval,
            untold: untold + ALLOWANCE.interval,
        };
        shard.insert(address, taken);
        Ok(())
    }

    /// Tells the other replicas of the addresses that asked much since the last
    /// time, and hears what those asked elsewhere. To be called once a second.
    ///
    /// # Errors
    /// What the database says; what was to be told is not told any more.
    pub async fn share(&self, db: &Db, now: Timestamp) -> Result<(), StorageError> {
        let told = Arc::new(self.untold());
        if told.is_empty() {
            return Ok(());
        }
        let heard = db
            .write(move |tx| {
                let told = Arc::clone(&told);
                Box::pin(async move {
                    let mut heard = Vec::with_capacity(told.len());
                    for (address, millis) in told.iter() {
                        let key = format!("address:{address}");
                        let arrival = throttle::add(tx, &key, *millis, now).await?;
                        heard.push((*address, arrival));
                    }
                    Ok::<_, StorageError>(heard)
                })
            })
            .await?;
        for (address, arrival) in heard {
            self.hear(address, arrival);
        }
        Ok(())
    }

    /// The addresses that asked much, in one order, so that replicas do not wait
    /// for each other in a circle.
    fn untold(&self) -> Vec<(IpAddr, i64)> {
        let mut found = Vec::new();
        for shard in self.0.iter() {
            let mut shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
            for (address, taken) in shard.iter_mut() {
                let untold = std::mem::take(&mut taken.untold);
                if untold >= MUCH * ALLOWANCE.interval {
                    found.push((*address, untold));
                }
            }
        }
        found.sort_unstable();
        found
    }

    fn hear(&self, address: IpAddr, arrival: i64) {
        let Some(shard) = self.0.get(shard_of(address)) else {
            return;
        };
        let mut shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(taken) = shard.get_mut(&address) {
            taken.arrival = taken.arrival.max(arrival);
        }
    }
}

/// What counts as one client: an IPv4 address, or the /64 that a network gives
/// to one customer at least.
#[must_use]
pub fn network_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => {
            let prefix = v6.to_bits() & !u128::from(u64::MAX);
            IpAddr::V6(Ipv6Addr::from_bits(prefix))
        }
        v4 @ IpAddr::V4(_) => v4,
    }
}

fn shard_of(address: IpAddr) -> usize {
    let folded = match address {
        IpAddr::V4(v4) => v4.octets().into_iter().fold(0, |sum, b| sum ^ b),
        IpAddr::V6(v6) => v6.octets().into_iter().fold(0, |sum, b| sum ^ b),
    };
    usize::from(folded ^ (folded >> 4)) % SHARDS
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn a_burst_is_allowed_and_fills_up_again() {
        let throttle = Throttle::default();
        let (one, other) = (address("192.0.2.1"), address("192.0.2.2"));
        let start = Timestamp(1_700_000_000_000);
        for n in 0..ALLOWANCE.burst {
            assert_eq!(throttle.take(one, start), Ok(()), "{n}");
        }
        assert_eq!(throttle.take(one, start), Err(1));
        assert_eq!(throttle.take(other, start), Ok(()), "each for itself");
        let later = Timestamp(start.0 + ALLOWANCE.interval);
        assert_eq!(throttle.take(one, later), Ok(()));
        assert_eq!(throttle.take(one, later), Err(1));
        let much_later = start.plus_seconds(60);
        for n in 0..ALLOWANCE.burst {
            assert_eq!(throttle.take(one, much_later), Ok(()), "{n}");
        }
        assert_eq!(throttle.take(one, much_later), Err(1));
    }

    #[test]
    fn a_clock_that_is_set_back_locks_nobody_out() {
        let throttle = Throttle::default();
        let now = Timestamp(1_700_000_000_000);
        let client = address("192.0.2.1");
        for _ in 0..ALLOWANCE.burst {
            assert_eq!(throttle.take(client, now), Ok(()));
        }
        assert!(throttle.take(client, now).is_err());
        assert_eq!(throttle.take(client, now.plus_seconds(-3_600)), Ok(()));
    }

    #[test]
    fn an_ipv6_network_is_one_client() {
        let throttle = Throttle::default();
        let now = Timestamp(0);
        for n in 0..ALLOWANCE.burst {
            let client = address(&format!("2001:db8:0:1::{:x}", n % 65_536));
            assert_eq!(throttle.take(client, now), Ok(()));
        }
        assert!(throttle.take(address("2001:db8:0:1:ffff::1"), now).is_err());
        assert_eq!(throttle.take(address("2001:db8:0:2::1"), now), Ok(()));
        assert_eq!(
            network_of(address("::ffff:192.0.2.1")),
            address("192.0.2.1")
        );
    }

    #[tokio::test]
    async fn the_client_is_told_when_to_come_back() {
        use crate::platform::web::KitSettings;
        use axum::body::Body;
        use tower::ServiceExt as _;

        let origin = url::Url::parse("http://localhost:8080").unwrap();
        let kit = Kit::new(KitSettings {
            trusted_proxies: vec!["127.0.0.1/32".parse().unwrap()],
            clock: crate::domain::Clock::manual(Timestamp(0)),
            ..KitSettings::new(origin)
        });
        let route = axum::routing::get(|| async { "here" });
        let router = throttled(Router::new().route("/", route), &kit, &Throttle::default());
        let ask = |client: &str| {
            let mut request = Request::builder()
                .uri("/")
                .header("x-forwarded-for", client)
                .body(Body::empty())
                .unwrap();
            let peer = SocketAddr::from(([127, 0, 0, 1], 9));
            request.extensions_mut().insert(ConnectInfo(peer));
            router.clone().oneshot(request)
        };
        for _ in 0..ALLOWANCE.burst {
            assert_eq!(ask("192.0.2.1").await.unwrap().status(), StatusCode::OK);
        }
        let refused = ask("192.0.2.1").await.unwrap();
        assert_eq!(refused.status(), StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(refused.headers()[header::RETRY_AFTER], "1");
        assert_eq!(ask("192.0.2.2").await.unwrap().status(), StatusCode::OK);
    }

    #[test]
    fn memory_is_bounded() {
        let throttle = Throttle::default();
        for n in 0..300_000_u32 {
            let client = IpAddr::from(n.to_be_bytes());
            assert_eq!(throttle.take(client, Timestamp(0)), Ok(()));
        }
        let remembered: usize = throttle.0.iter().map(|s| s.lock().unwrap().len()).sum();
        assert!(remembered <= SHARDS * MOST);
        assert!(remembered > MOST, "the tables share the load");
    }

    #[tokio::test]
    async fn replicas_count_together() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}/d.db", folder.path().display());
        let db = Db::open(&url).await.unwrap();
        let (one, other) = (Throttle::default(), Throttle::default());
        let (busy, calm) = (address("192.0.2.1"), address("192.0.2.2"));
        let now = Timestamp(1_700_000_000_000);
        for _ in 0..ALLOWANCE.burst {
            assert_eq!(one.take(busy, now), Ok(()));
        }
        assert_eq!(one.take(calm, now), Ok(()));
        one.share(&db, now).await.unwrap();
        // Who asks the other one little is not looked up there.
        for _ in 1..MUCH {
            assert_eq!(other.take(busy, now), Ok(()));
            other.share(&db, now).await.unwrap();
        }
        for _ in 0..MUCH {
            assert_eq!(other.take(busy, now), Ok(()));
        }
        other.share(&db, now).await.unwrap();
        assert_eq!(other.take(busy, now), Err(1));
        assert_eq!(other.take(calm, now), Ok(()));
        // Nothing is told twice.
        one.share(&db, now).await.unwrap();
        let kept = db
            .read(|tx| {
                Box::pin(async move { tx.query("SELECT key, arrival FROM throttles", &[]).await })
            })
            .await;
        let kept: Result<_, StorageError> = kept;
        let mut kept = kept.unwrap();
        assert_eq!(kept.len(), 1);
        let row = kept.remove(0);
        let mut reader = row.reader();
        assert_eq!(reader.text().unwrap(), "address:192.0.2.1");
        let all = ALLOWANCE.burst + MUCH;
        assert_eq!(
            reader.int().unwrap(),
            now.millis() + all * ALLOWANCE.interval
        );
        let later = now.plus_seconds(1);
        for _ in 0..90 {
            assert_eq!(other.take(busy, later), Ok(()));
        }
        assert!(other.take(busy, later).is_err());
    }
}
