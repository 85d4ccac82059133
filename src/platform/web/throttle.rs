//! A limit on requests that cost much, per client address.
//!
//! Generic cell rate algorithm (ITU-T I.371): each address has a burst, which
//! fills up again at a steady rate. The bounds are such that a company behind
//! one address does not meet them on a Monday morning, and one address alone
//! cannot keep every core busy. Each process counts for itself: this protects
//! its processors, not a secret.

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

/// How many requests an address may send at once.
const BURST: i64 = 2_000;
/// After how many milliseconds one more is allowed: 100 a second.
const INTERVAL: i64 = 10;
/// How far, in milliseconds, an address may be ahead of the steady rate.
const TOLERANCE: i64 = (BURST - 1) * INTERVAL;

/// Addresses are spread over this many tables, so that requests of different
/// clients seldom wait for each other.
const SHARDS: usize = 16;
/// More addresses than this in one table are not remembered.
const MOST: usize = 8_192;

/// Limits what `router` takes from one address; what is over the limit is
/// answered with `429` and `Retry-After`.
pub fn throttled(router: Router, kit: &Kit) -> Router {
    let state = (kit.clone(), Arc::new(Throttle::default()));
    router.layer(from_fn_with_state(state, limit))
}

async fn limit(
    State((kit, throttle)): State<(Kit, Arc<Throttle>)>,
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

/// When each address will have used up what it took: its theoretical arrival
/// time, in milliseconds.
#[derive(Debug, Default)]
struct Throttle([Mutex<HashMap<IpAddr, i64>>; SHARDS]);

impl Throttle {
    /// Takes one request of `address` into account; the error is after how many
    /// seconds to try again.
    fn take(&self, address: IpAddr, now: Timestamp) -> Result<(), u64> {
        let (address, now) = (network_of(address), now.millis());
        let Some(shard) = self.0.get(shard_of(address)) else {
            return Ok(());
        };
        let mut shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
        // Nobody gets further ahead than this: the clock was set back.
        let furthest = now + TOLERANCE + INTERVAL;
        let arrival = shard.get(&address).copied();
        let arrival = arrival.filter(|at| *at <= furthest).unwrap_or(now).max(now);
        let ahead = arrival - now - TOLERANCE;
        if ahead > 0 {
            return Err(u64::try_from(ahead).unwrap_or(0).div_ceil(1_000));
        }
        if shard.len() >= MOST {
            shard.retain(|_, at| *at > now);
            // A flood from more networks than are remembered: forgetting
            // bounds the memory, and only gives each its burst again.
            if shard.len() >= MOST {
                shard.clear();
            }
        }
        shard.insert(address, arrival + INTERVAL);
        Ok(())
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
        for n in 0..BURST {
            assert_eq!(throttle.take(one, start), Ok(()), "{n}");
        }
        assert_eq!(throttle.take(one, start), Err(1));
        assert_eq!(throttle.take(other, start), Ok(()), "each for itself");
        let later = Timestamp(start.0 + INTERVAL);
        assert_eq!(throttle.take(one, later), Ok(()));
        assert_eq!(throttle.take(one, later), Err(1));
        let much_later = start.plus_seconds(60);
        for n in 0..BURST {
            assert_eq!(throttle.take(one, much_later), Ok(()), "{n}");
        }
        assert_eq!(throttle.take(one, much_later), Err(1));
    }

    #[test]
    fn a_clock_that_is_set_back_locks_nobody_out() {
        let throttle = Throttle::default();
        let now = Timestamp(1_700_000_000_000);
        let client = address("192.0.2.1");
        for _ in 0..BURST {
            assert_eq!(throttle.take(client, now), Ok(()));
        }
        assert!(throttle.take(client, now).is_err());
        assert_eq!(throttle.take(client, now.plus_seconds(-3_600)), Ok(()));
    }

    #[test]
    fn an_ipv6_network_is_one_client() {
        let throttle = Throttle::default();
        let now = Timestamp(0);
        for n in 0..BURST {
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
        let router = throttled(Router::new().route("/", route), &kit);
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
        for _ in 0..BURST {
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
}
