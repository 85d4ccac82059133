//! How the gateway stands in its surroundings: what browsers reach, what it
//! listens on, and what lies between.

use std::net::IpAddr;

use url::Url;

use super::Findings;
use crate::platform::config::Config;

pub(super) fn check(config: &Config, findings: &mut Findings) {
    let url = &config.public_url;
    let listen = config.server.listen;
    if url.is_https() && !listen.ip().is_loopback() && !is_container() {
        findings.warning(
            "server.listen",
            format!(
                "{listen} can be reached from other machines, in plain http and past the TLS proxy in front; \
                 listen on 127.0.0.1 when the proxy is on this machine, else let only the proxy through"
            ),
        );
    }
    if !url.is_https() && url.is_loopback() {
        check_direct(config, findings);
    }
    if !url.is_https() && !config.server.trusted_proxies.is_empty() {
        findings.warning(
            "public_url",
            "is plain http although there are trusted proxies; where the proxy speaks TLS, write https://, \
             or identity providers and browsers are sent to the wrong address",
        );
    }
    for network in &config.server.trusted_proxies {
        let inside = |address: IpAddr| network.contains(&address);
        if network.prefix_len() > 0 && network.prefix_len() < 8 && !inside(listen.ip()) {
            findings.warning(
                "server.trusted_proxies",
                format!("{network} is very wide: whoever is in it can claim to come from anywhere"),
            );
        }
    }
}

/// Where there is no proxy, browsers come to what is listened on.
fn check_direct(config: &Config, findings: &mut Findings) {
    let listen = config.server.listen;
    let port = Url::parse(config.public_url.origin())
        .ok()
        .and_then(|url| url.port_or_known_default());
    if let Some(port) = port
        && listen.port() != 0
        && port != listen.port()
        && config.server.trusted_proxies.is_empty()
    {
        findings.warning(
            "public_url",
            format!(
                "names port {port}, and the gateway listens on port {} (server.listen)",
                listen.port()
            ),
        );
    }
    if !listen.ip().is_loopback() {
        findings.warning(
            "public_url",
            format!(
                "only this machine can follow it, although {listen} can be reached from others: sign-ins from \
                 there end at an address that leads nowhere"
            ),
        );
    }
}

/// In a container every address is one of its own, and must be for others to
/// reach it.
fn is_container() -> bool {
    ["/.dockerenv", "/run/.containerenv"]
        .iter()
        .any(|path| std::path::Path::new(path).exists())
}
