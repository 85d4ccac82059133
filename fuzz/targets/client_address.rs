//! Forwarded headers: an address is only believed as far as trusted proxies
//! vouch for it. The first line is the connection's peer, each further one an
//! `X-Forwarded-For`.
#![no_main]

use std::net::IpAddr;

use doorward::platform::web::client_addr;
use http::{HeaderMap, HeaderName, HeaderValue};
use ipnet::IpNet;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let mut lines = data.split(|b| *b == b'\n');
    let peer = lines
        .next()
        .and_then(|line| std::str::from_utf8(line).ok())
        .and_then(|line| line.parse::<IpAddr>().ok())
        .unwrap_or_else(|| [10, 0, 0, 1].into());
    let mut headers = HeaderMap::new();
    let mut hops: Vec<String> = Vec::new();
    for line in lines {
        let Ok(value) = HeaderValue::from_bytes(line) else {
            continue;
        };
        hops.extend(String::from_utf8_lossy(line).split(',').map(str::to_owned));
        headers.append(HeaderName::from_static("x-forwarded-for"), value);
    }
    // Whatever these say, nobody asked them.
    for name in ["forwarded", "x-real-ip", "x-client-ip", "true-client-ip"] {
        headers.append(name, HeaderValue::from_static("for=6.6.6.6"));
    }
    let trusted: Vec<IpNet> = ["10.0.0.0/8", "fd00::/8"]
        .iter()
        .map(|net| net.parse().unwrap())
        .collect();
    assert_eq!(client_addr(peer, &headers, &[]), peer.to_canonical());
    let seen = client_addr(peer, &headers, &trusted);
    let believed = |addr: IpAddr| trusted.iter().any(|net| net.contains(&addr));
    if !believed(peer.to_canonical()) {
        assert_eq!(seen, peer.to_canonical());
        return;
    }
    // Behind the one that is believed stand trusted proxies alone.
    let mut from_the_right = hops.iter().rev().map(|hop| address(hop.trim()));
    let mut last = peer.to_canonical();
    while last != seen {
        assert!(
            believed(last),
            "{last} is no proxy of ours, yet {seen} is believed"
        );
        last = from_the_right
            .next()
            .flatten()
            .unwrap_or_else(|| panic!("{seen} stands nowhere"));
    }
});

/// An address in one of the forms that proxies write.
fn address(hop: &str) -> Option<IpAddr> {
    let inner = hop.strip_prefix('[').and_then(|rest| rest.split_once(']'));
    let found = match inner {
        Some((inner, "")) => inner.parse().ok(),
        Some((inner, port)) => {
            let port = port.strip_prefix(':')?;
            let digits = !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit());
            // A zone (RFC 4007 §11) says nothing here.
            let inner = inner.split_once('%').map_or(inner, |(inner, _)| inner);
            (digits && port.parse::<u16>().is_ok())
                .then(|| inner.parse::<std::net::Ipv6Addr>().ok())?
                .map(IpAddr::V6)
        }
        None => hop.parse().ok().or_else(|| {
            let (host, port) = hop.rsplit_once(':')?;
            port.parse::<u16>().ok()?;
            host.parse::<std::net::Ipv4Addr>().ok().map(IpAddr::V4)
        }),
    };
    found.map(|addr: IpAddr| addr.to_canonical())
}
