//! What a proxy asks: which request it has before it, as its dialect says so.
//!
//! Headers that speak of the original request are read from trusted proxies only,
//! each at most once; `Forwarded` (RFC 7239) is never read. What contradicts itself
//! is refused, since nobody can tell which half the proxy wrote.

use std::net::IpAddr;

use axum::http::{HeaderMap, Method, Uri, header};
use ipnet::IpNet;

use crate::domain::application::clean_host;

/// How a proxy speaks: what it sends along, and which answers it understands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// nginx with `auth_request`: `2xx`, `401` and `403` only.
    Nginx,
    /// Traefik `ForwardAuth` and Caddy `forward_auth`: any other answer goes to the
    /// browser.
    Forward,
    /// Envoy `ext_authz` over HTTP: the original's own method and path.
    Envoy,
}

/// Where the path of the Envoy dialect begins.
pub const ENVOY: &str = "/auth/envoy";

impl Dialect {
    /// The dialect of a path of ours.
    #[must_use]
    pub fn of(path: &str) -> Option<Self> {
        match path {
            "/auth/request" => Some(Self::Nginx),
            "/auth/forward" => Some(Self::Forward),
            _ => {
                let rest = path.strip_prefix(ENVOY)?;
                (rest.is_empty() || rest.starts_with('/')).then_some(Self::Envoy)
            }
        }
    }
}

/// Why a question cannot be understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AskedError {
    /// A header that may come once came twice, or as a list.
    #[error("{0} was sent more than once")]
    Repeated(&'static str),
    /// A header whose value is none of its kind.
    #[error("{0} cannot be read")]
    Unreadable(&'static str),
    /// Two headers that name different hosts.
    #[error("the headers name two hosts")]
    TwoHosts,
}

impl AskedError {
    /// The stable code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Repeated(_) => "forward_auth.repeated_header",
            Self::Unreadable(_) => "forward_auth.unreadable_header",
            Self::TwoHosts => "forward_auth.two_hosts",
        }
    }
}

/// One question of a proxy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked<'r> {
    /// How the proxy speaks.
    pub dialect: Dialect,
    /// The application that the proxy's configuration names.
    pub slug: Option<&'r str>,
    /// The host that the browser asked, as it is compared.
    pub host: Option<String>,
    /// Whether the proxy said so, and not merely the request to us.
    pub is_forwarded: bool,
    /// Whether the browser speaks https, as far as anybody says.
    pub is_https: Option<bool>,
    /// The path and query that the browser asked; begins with `/`.
    pub target: &'r str,
    /// The method that the browser used.
    pub method: Method,
}

impl Asked<'_> {
    /// The address that the browser asked, where it is known.
    #[must_use]
    pub fn address(&self, https_otherwise: bool) -> Option<String> {
        let host = self.host.as_deref()?;
        let scheme = if self.is_https.unwrap_or(https_otherwise) {
            "https"
        } else {
            "http"
        };
        Some(format!("{scheme}://{host}{}", self.target))
    }

    /// The path that the browser asked, without the query.
    #[must_use]
    pub fn path(&self) -> &str {
        self.target.split(['?', '#']).next().unwrap_or("/")
    }

    /// The query that the browser asked with.
    #[must_use]
    pub fn query(&self) -> Option<&str> {
        self.target.split_once('?').map(|(_, query)| query)
    }
}

const ORIGINAL_URL: &str = "x-original-url";
const ORIGINAL_URI: &str = "x-original-uri";
const REDIRECT: &str = "x-auth-request-redirect";
const ORIGINAL_METHOD: &str = "x-original-method";
const HOST: &str = "x-forwarded-host";
const PROTO: &str = "x-forwarded-proto";
const URI: &str = "x-forwarded-uri";
const METHOD: &str = "x-forwarded-method";

/// Reads a question. `peer` is who is connected to us.
pub fn read<'r>(
    dialect: Dialect,
    method: &Method,
    uri: &'r Uri,
    headers: &'r HeaderMap,
    peer: IpAddr,
    trusted: &[IpNet],
) -> Result<Asked<'r>, AskedError> {
    let peer = peer.to_canonical();
    let headers = Headers {
        all: headers,
        authority: uri.authority().map(axum::http::uri::Authority::as_str),
        is_trusted: trusted.iter().any(|net| net.contains(&peer)),
    };
    match dialect {
        Dialect::Nginx => nginx(uri, &headers),
        Dialect::Forward => forward(uri, &headers),
        Dialect::Envoy => envoy(method, uri, &headers),
    }
}

fn nginx<'r>(uri: &'r Uri, headers: &Headers<'r>) -> Result<Asked<'r>, AskedError> {
    let forwarded = headers.host(HOST)?;
    let mut is_https = headers.is_https()?;
    let mut host = forwarded.clone();
    let mut target = None;
    if let Some(url) = headers.one(ORIGINAL_URL)? {
        let (scheme, rest) = url
            .split_once("://")
            .ok_or(AskedError::Unreadable(ORIGINAL_URL))?;
        let secure = is_https_scheme(scheme).ok_or(AskedError::Unreadable(ORIGINAL_URL))?;
        let at = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(at);
        let named = host_of(authority).ok_or(AskedError::Unreadable(ORIGINAL_URL))?;
        if forwarded.is_some_and(|forwarded| bare(&forwarded) != bare(&named)) {
            return Err(AskedError::TwoHosts);
        }
        host = Some(named);
        // Behind a balancer that ends TLS, only it knows.
        is_https = is_https.or(Some(secure));
        target = Some(if path.is_empty() { "/" } else { path });
    }
    let target = match target {
        Some(target) => target,
        None => match headers.one(ORIGINAL_URI)? {
            Some(target) => target,
            None => headers.one(REDIRECT)?.unwrap_or("/"),
        },
    };
    let method = match headers.method(ORIGINAL_METHOD)? {
        Some(method) => method,
        None => headers.method(METHOD)?.unwrap_or(Method::GET),
    };
    Ok(Asked {
        dialect: Dialect::Nginx,
        slug: slug(uri),
        is_forwarded: host.is_some(),
        host: host.or_else(|| headers.own_host()),
        is_https,
        target: a_target(target, ORIGINAL_URL)?,
        method,
    })
}

fn forward<'r>(uri: &'r Uri, headers: &Headers<'r>) -> Result<Asked<'r>, AskedError> {
    let host = headers.host(HOST)?;
    Ok(Asked {
        dialect: Dialect::Forward,
        slug: slug(uri),
        is_forwarded: host.is_some(),
        host: host.or_else(|| headers.own_host()),
        is_https: headers.is_https()?,
        target: a_target(headers.one(URI)?.unwrap_or("/"), URI)?,
        method: headers.method(METHOD)?.unwrap_or(Method::GET),
    })
}

/// Path and query are the browser's own here, so nothing of ours is read from
/// them, least of all which application it is.
fn envoy<'r>(
    method: &Method,
    uri: &'r Uri,
    headers: &Headers<'r>,
) -> Result<Asked<'r>, AskedError> {
    let host = headers.own_host();
    if let (Some(own), Some(forwarded)) = (&host, headers.host(HOST)?)
        && bare(own) != bare(&forwarded)
    {
        return Err(AskedError::TwoHosts);
    }
    let whole = uri.path_and_query().map_or("/", |target| target.as_str());
    let target = whole.strip_prefix(ENVOY).unwrap_or("/");
    let target = if target.is_empty() { "/" } else { target };
    Ok(Asked {
        dialect: Dialect::Envoy,
        slug: None,
        is_forwarded: host.is_some(),
        host,
        is_https: headers.is_https()?,
        target: a_target(target, "path")?,
        method: method.clone(),
    })
}

/// The application that the address of the question names: the proxy's own words.
fn slug(uri: &Uri) -> Option<&str> {
    uri.query()?
        .split('&')
        .find_map(|pair| pair.strip_prefix("app="))
}

fn a_target<'r>(text: &'r str, name: &'static str) -> Result<&'r str, AskedError> {
    let good = text.starts_with('/') || text.starts_with('?');
    if good && text.len() <= 8_192 && !text.bytes().any(|b| b.is_ascii_control()) {
        Ok(text)
    } else {
        Err(AskedError::Unreadable(name))
    }
}

/// A host as hosts are compared. Most come so already, which is cheap to see.
fn host_of(text: &str) -> Option<String> {
    let is_clean = text.len() <= 255
        && text
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'.' | b'-'))
        && !text.starts_with(['.', '-'])
        && !text.ends_with(['.', '-'])
        && !["..", "--", ".-", "-."].iter().any(|odd| text.contains(odd))
        // Otherwise it may be an address.
        && text
            .rsplit('.')
            .next()
            .is_some_and(|last| last.starts_with(|c: char| c.is_ascii_lowercase()));
    if is_clean {
        Some(text.to_owned())
    } else {
        clean_host(text)
    }
}

/// A host without its port.
pub(super) fn bare(host: &str) -> &str {
    match host.rfind(':') {
        Some(at) if !host.ends_with(']') => host.get(..at).unwrap_or(host),
        _ => host,
    }
}

/// Whether a scheme is https; Traefik calls upgrades `ws` and `wss`.
fn is_https_scheme(scheme: &str) -> Option<bool> {
    if scheme.eq_ignore_ascii_case("https") || scheme.eq_ignore_ascii_case("wss") {
        Some(true)
    } else if scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("ws") {
        Some(false)
    } else {
        None
    }
}

struct Headers<'r> {
    all: &'r HeaderMap,
    /// What stands in place of `Host` in HTTP/2 (RFC 9113 §8.3.1).
    authority: Option<&'r str>,
    is_trusted: bool,
}

impl<'r> Headers<'r> {
    /// The header of a trusted proxy.
    fn one(&self, name: &'static str) -> Result<Option<&'r str>, AskedError> {
        if !self.is_trusted {
            return Ok(None);
        }
        let mut fields = self.all.get_all(name).iter();
        let Some(field) = fields.next() else {
            return Ok(None);
        };
        if fields.next().is_some() {
            return Err(AskedError::Repeated(name));
        }
        let text = field.to_str().map_err(|_| AskedError::Unreadable(name))?;
        Ok(Some(text.trim()).filter(|text| !text.is_empty()))
    }

    fn host(&self, name: &'static str) -> Result<Option<String>, AskedError> {
        let Some(text) = self.one(name)? else {
            return Ok(None);
        };
        if text.contains(',') {
            return Err(AskedError::Repeated(name));
        }
        host_of(text).map(Some).ok_or(AskedError::Unreadable(name))
    }

    fn is_https(&self) -> Result<Option<bool>, AskedError> {
        let Some(text) = self.one(PROTO)? else {
            return Ok(None);
        };
        if text.contains(',') {
            return Err(AskedError::Repeated(PROTO));
        }
        is_https_scheme(text)
            .map(Some)
            .ok_or(AskedError::Unreadable(PROTO))
    }

    fn method(&self, name: &'static str) -> Result<Option<Method>, AskedError> {
        let text = self.one(name)?;
        text.map(|text| Method::from_bytes(text.as_bytes()))
            .transpose()
            .map_err(|_| AskedError::Unreadable(name))
    }

    /// The host that the request to us names.
    fn own_host(&self) -> Option<String> {
        let mut fields = self.all.get_all(header::HOST).iter();
        let (first, second) = (fields.next(), fields.next());
        match (first, second) {
            (None, _) => host_of(self.authority?),
            (Some(only), None) => host_of(only.to_str().ok()?),
            (Some(_), Some(_)) => None,
        }
    }
}

/// What the browser is after.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Caller {
    /// A person goes to a page, and can be sent to sign in.
    Navigation,
    /// A script, which can be told only.
    Script,
}

/// Tells a navigation from a script. Whoever is in doubt is a script: a redirect
/// that nobody follows sensibly is worse than a `401`.
#[must_use]
pub fn caller(headers: &HeaderMap) -> Caller {
    let text = |name: &str| headers.get(name).and_then(|field| field.to_str().ok());
    // Proxies drop `Upgrade` on the way; what belongs to it stays.
    let upgrades = ["upgrade", "sec-websocket-key", "sec-websocket-version"]
        .iter()
        .any(|name| headers.contains_key(*name));
    let is_https_upgrade = text(PROTO)
        .is_some_and(|proto| proto.eq_ignore_ascii_case("ws") || proto.eq_ignore_ascii_case("wss"));
    let mode = text("sec-fetch-mode");
    if upgrades
        || is_https_upgrade
        || headers.contains_key("x-requested-with")
        || mode.is_some_and(|mode| !mode.eq_ignore_ascii_case("navigate"))
    {
        return Caller::Script;
    }
    let accept = headers.get_all(header::ACCEPT);
    let mut accept = accept.iter().filter_map(|field| field.to_str().ok());
    if accept.any(|field| field.to_ascii_lowercase().contains("text/html")) {
        return Caller::Navigation;
    }
    // Envoy passes `Accept` on only where it is told to.
    if !headers.contains_key(header::ACCEPT) && mode.is_some() {
        return Caller::Navigation;
    }
    Caller::Script
}

/// Whether this is a CORS preflight (Fetch, §4.8): it carries no cookie, ever.
#[must_use]
pub fn is_preflight(asked: &Asked, headers: &HeaderMap) -> bool {
    asked.method == Method::OPTIONS
        && headers.contains_key(header::ORIGIN)
        && headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
}

#[cfg(test)]
mod tests;
