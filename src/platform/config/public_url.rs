//! `public_url`: the one origin that the gateway answers for. Everything that
//! an IdP compares (entity ID, ACS, Destination, Recipient) is built from it,
//! never from a request's `Host`.

use std::net::IpAddr;

use serde::{Deserialize, Deserializer};
use url::{Host, Url};

/// An origin: scheme, host and port, without a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicUrl {
    origin: String,
    host: String,
    https: bool,
    loopback: bool,
}

impl PublicUrl {
    /// This machine itself: stands for an origin that cannot be used, while the rest is
    /// looked at.
    pub(super) fn here() -> Self {
        Self {
            origin: "http://localhost".to_owned(),
            host: "localhost".to_owned(),
            https: false,
            loopback: true,
        }
    }

    /// Reads an origin; the error is a sentence.
    pub fn parse(text: &str) -> Result<Self, String> {
        let example = "write it as https://sso.example.com";
        let url = Url::parse(text).map_err(|e| format!("is no URL ({e}); {example}"))?;
        if !matches!(url.scheme(), "https" | "http") {
            return Err(format!("must begin with https:// or http://; {example}"));
        }
        if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
            return Err(format!(
                "must be an origin without a path, query or fragment; {example}"
            ));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err("must not hold a user name or password".to_owned());
        }
        let host = url
            .host()
            .ok_or_else(|| format!("has no host; {example}"))?;
        Ok(Self {
            origin: url.origin().ascii_serialization(),
            https: url.scheme() == "https",
            loopback: is_loopback(&host),
            host: host.to_string(),
        })
    }

    /// The origin, without a slash at the end: `https://sso.example.com`.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The absolute URL of a path of ours, which begins with `/`.
    #[must_use]
    pub fn join(&self, path: &str) -> String {
        format!("{}{path}", self.origin)
    }

    /// The host as it stands in the URL: a name in lower case and IDNA's ASCII
    /// form, or an address (IPv6 in brackets).
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Whether browsers reach us over TLS.
    #[must_use]
    pub const fn is_https(&self) -> bool {
        self.https
    }

    /// Whether the host can only be this machine (RFC 6761 §6.3 for names).
    #[must_use]
    pub const fn is_loopback(&self) -> bool {
        self.loopback
    }
}

fn is_loopback(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(name) => *name == "localhost" || name.ends_with(".localhost"),
        Host::Ipv4(address) => IpAddr::V4(*address).is_loopback(),
        Host::Ipv6(address) => IpAddr::V6(*address).is_loopback(),
    }
}

impl std::fmt::Display for PublicUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.origin)
    }
}

impl<'de> Deserialize<'de> for PublicUrl {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::PublicUrl;

    #[test]
    fn origins_are_normalised() {
        for (text, origin, host, https, loopback) in [
            (
                "https://sso.example.com",
                "https://sso.example.com",
                "sso.example.com",
                true,
                false,
            ),
            (
                "https://SSO.example.com:443/",
                "https://sso.example.com",
                "sso.example.com",
                true,
                false,
            ),
            (
                "https://sso.example.com:8443",
                "https://sso.example.com:8443",
                "sso.example.com",
                true,
                false,
            ),
            (
                "http://localhost:8080",
                "http://localhost:8080",
                "localhost",
                false,
                true,
            ),
            (
                "http://sso.localhost",
                "http://sso.localhost",
                "sso.localhost",
                false,
                true,
            ),
            (
                "http://127.0.0.1:1",
                "http://127.0.0.1:1",
                "127.0.0.1",
                false,
                true,
            ),
            (
                "http://[::1]:8080",
                "http://[::1]:8080",
                "[::1]",
                false,
                true,
            ),
            (
                "http://10.0.0.1",
                "http://10.0.0.1",
                "10.0.0.1",
                false,
                false,
            ),
            (
                "https://bücher.example",
                "https://xn--bcher-kva.example",
                "xn--bcher-kva.example",
                true,
                false,
            ),
        ] {
            let url = PublicUrl::parse(text).unwrap();
            assert_eq!(url.origin(), origin);
            assert_eq!(url.host(), host);
            assert_eq!(
                (url.is_https(), url.is_loopback()),
                (https, loopback),
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_no_origin_is_refused() {
        for text in [
            "",
            "sso.example.com",
            "ftp://sso.example.com",
            "https://sso.example.com/gate",
            "https://sso.example.com/?a=b",
            "https://sso.example.com/#x",
            "https://user@sso.example.com",
            "https://",
            "javascript:alert(1)",
        ] {
            assert!(PublicUrl::parse(text).is_err(), "{text}");
        }
    }
}
