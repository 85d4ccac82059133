//! Who is on the other end, as far as proxies can be believed.

use std::convert::Infallible;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use axum::extract::{ConnectInfo, FromRef, FromRequestParts};
use axum::http::HeaderMap;
use axum::http::request::Parts;
use ipnet::IpNet;

use super::kit::Kit;

/// The address that a request comes from: the connection's own, or what the
/// trusted proxies say. For throttles, logs and the list of sessions; never
/// for a decision on who somebody is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientAddr(pub IpAddr);

/// The client's address behind the trusted proxies.
///
/// `X-Forwarded-For` is read from right to left: each proxy appends the
/// address it saw, so the first one that is no trusted proxy is the client,
/// and everything further left is the client's own invention. `Forwarded`
/// (RFC 7239) is ignored: a proxy that does not know it passes a client's own
/// through.
#[must_use]
pub fn client_addr(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let is_trusted = |addr: IpAddr| trusted.iter().any(|net| net.contains(&addr));
    let mut client = peer.to_canonical();
    if trusted.is_empty() || !is_trusted(client) {
        return client;
    }
    let fields: Vec<&str> = headers
        .get_all("x-forwarded-for")
        .iter()
        .map(|field| field.to_str().unwrap_or_default())
        .collect();
    for hop in fields.iter().rev().flat_map(|field| field.rsplit(',')) {
        // An entry that is no address ends what can be believed.
        let Some(addr) = parse_hop(hop.trim()) else {
            break;
        };
        client = addr;
        if !is_trusted(addr) {
            break;
        }
    }
    client
}

/// An address as proxies write it: with or without a port, IPv6 with or
/// without brackets.
fn parse_hop(hop: &str) -> Option<IpAddr> {
    let bare = hop
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        .unwrap_or(hop);
    bare.parse::<IpAddr>()
        .ok()
        .or_else(|| hop.parse::<SocketAddr>().ok().map(|socket| socket.ip()))
        .map(|addr| addr.to_canonical())
}

impl<S> FromRequestParts<S> for ClientAddr
where
    S: Send + Sync,
    Kit: FromRef<S>,
{
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        // A request without a connection comes from inside the process.
        let peer = parts
            .extensions
            .get::<ConnectInfo<SocketAddr>>()
            .map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), |info| info.0.ip());
        let kit = Kit::from_ref(state);
        Ok(Self(client_addr(
            peer,
            &parts.headers,
            kit.trusted_proxies(),
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(peer: &str, fields: &[&str], trusted: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for field in fields {
            headers.append("x-forwarded-for", field.parse().unwrap());
        }
        headers.append("forwarded", "for=6.6.6.6".parse().unwrap());
        let trusted: Vec<IpNet> = trusted.iter().map(|net| net.parse().unwrap()).collect();
        client_addr(peer.parse().unwrap(), &headers, &trusted).to_string()
    }

    #[test]
    fn only_trusted_proxies_are_believed() {
        let inside = &["10.0.0.0/8", "fd00::/8"];
        for (peer, fields, trusted, expected) in [
            // Nobody is trusted by default.
            ("10.0.0.1", &["1.2.3.4"][..], &[][..], "10.0.0.1"),
            ("9.9.9.9", &["1.2.3.4"], inside, "9.9.9.9"),
            ("10.0.0.1", &[], inside, "10.0.0.1"),
            ("10.0.0.1", &["1.2.3.4"], inside, "1.2.3.4"),
            // What the client invented stands further left.
            ("10.0.0.1", &["6.6.6.6, 1.2.3.4"], inside, "1.2.3.4"),
            ("10.0.0.1", &["6.6.6.6", "1.2.3.4"], inside, "1.2.3.4"),
            (
                "10.0.0.1",
                &["6.6.6.6, 1.2.3.4, 10.0.0.9"],
                inside,
                "1.2.3.4",
            ),
            (
                "10.0.0.1",
                &["1.2.3.4,10.0.0.9", "10.0.0.8"],
                inside,
                "1.2.3.4",
            ),
            // All are ours: the farthest.
            ("10.0.0.1", &["10.0.0.3, 10.0.0.2"], inside, "10.0.0.3"),
            // Garbage ends the chain at the last address that is known.
            ("10.0.0.1", &["1.2.3.4, unknown"], inside, "10.0.0.1"),
            (
                "10.0.0.1",
                &["1.2.3.4, unknown, 10.0.0.2"],
                inside,
                "10.0.0.2",
            ),
            ("10.0.0.1", &["1.2.3.4, "], inside, "10.0.0.1"),
            // Ways of writing.
            ("10.0.0.1", &["1.2.3.4:5678"], inside, "1.2.3.4"),
            ("10.0.0.1", &["[2001:db8::1]:443"], inside, "2001:db8::1"),
            ("10.0.0.1", &["[2001:db8::1]"], inside, "2001:db8::1"),
            ("::ffff:10.0.0.1", &["::ffff:1.2.3.4"], inside, "1.2.3.4"),
            ("fd00::1", &["2001:db8::1"], inside, "2001:db8::1"),
        ] {
            assert_eq!(seen(peer, fields, trusted), expected, "{peer} {fields:?}");
        }
    }
}
