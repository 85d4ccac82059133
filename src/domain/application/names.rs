//! Names and addresses that an application may have: hosts, URIs, headers, paths.

use url::{Host, Url};

/// Whether a value of a user can be given to applications under another name.
pub(super) fn is_releasable(source: &str) -> bool {
    let numbered = |prefix: &str, most: u32| {
        let number = source.strip_prefix(prefix).filter(|n| !n.starts_with('0'));
        let number = number.and_then(|n| n.parse::<u32>().ok());
        number.is_some_and(|n| (1..=most).contains(&n))
    };
    crate::domain::Field::parse(source).is_some()
        || ["id", "groups", "roles", "email_verified"].contains(&source)
        || numbered("extensionAttribute", 10)
        || numbered("spCustomAttribute", 5)
}

/// Names that mean something to HTTP or to the gateway are not an admin's to
/// set; names with underscores are other headers in disguise at many servers.
pub(super) fn is_header_name(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    let taken = [
        "authorization",
        "connection",
        "content-length",
        "content-type",
        "cookie",
        "host",
        "location",
        "set-cookie",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "via",
        "www-authenticate",
    ];
    // Not a proxy's word on the request, but an identity (oauth2-proxy, Rauthy).
    let identities = [
        "x-forwarded-email",
        "x-forwarded-email-verified",
        "x-forwarded-family-name",
        "x-forwarded-given-name",
        "x-forwarded-groups",
        "x-forwarded-name",
        "x-forwarded-preferred-username",
        "x-forwarded-roles",
        "x-forwarded-user",
    ];
    if identities.contains(&lower.as_str()) {
        return true;
    }
    !name.is_empty()
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        && !taken.contains(&lower.as_str())
        && !["x-forwarded-", "x-original-", "sec-", "proxy-"]
            .iter()
            .any(|start| lower.starts_with(start))
        && lower != "x-doorward-assertion"
}

/// An address that a browser or the gateway fetches.
pub(super) fn web_address(text: &str) -> Result<Url, &'static str> {
    let url = Url::parse(text).map_err(|_| "must be an absolute URL")?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err("must begin with https:// or http://");
    }
    if text.len() > 2048
        || url.cannot_be_a_base()
        || !url.username().is_empty()
        || url.password().is_some()
    {
        return Err("must be an address without a user name, of at most 2048 characters");
    }
    Ok(url)
}

/// A place to which the browser may be sent back with an answer (RFC 6749
/// §3.1.2, RFC 8252 §7, OpenID Connect Core §3.1.2.1).
pub(super) fn redirect_uri(text: &str, confidential: bool) -> Result<(), &'static str> {
    if text.len() > 2048 || !text.bytes().all(|b| (0x21..0x7f).contains(&b)) {
        return Err("must have at most 2048 characters, ASCII and without blanks");
    }
    if text.contains('*') {
        return Err("is compared as it stands; it cannot hold *");
    }
    if text.contains('#') {
        return Err("cannot have a fragment");
    }
    let url = Url::parse(text).map_err(|_| "must be absolute")?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err("cannot hold a user name");
    }
    match url.scheme() {
        "https" => Ok(()),
        "http" if confidential || is_loopback(&url) => Ok(()),
        "http" => {
            Err("http is for loopback addresses of public clients, and for confidential ones")
        }
        // RFC 8252 §7.1: a scheme of the app's own is a domain name turned round.
        private if private.contains('.') && !confidential => Ok(()),
        _ => {
            Err("must begin with https://; public clients may have a scheme like com.example.app:")
        }
    }
}

/// Whether a URI leads to the very machine of the person (RFC 8252 §7.3).
#[must_use]
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

pub(super) fn host_of(uri: &str) -> Option<String> {
    Url::parse(uri).ok()?.host_str().map(str::to_owned)
}

/// A host, with its port unless it is 80 or 443, in the form in which hosts are
/// compared; `None` when it is none. What came out goes in again unchanged.
#[must_use]
pub fn clean_host(text: &str) -> Option<String> {
    let text = text.trim();
    // `%` would be decoded; control characters would be left out.
    let odd = |c: char| c.is_ascii_control() || "/?#@\\*% ".contains(c);
    if text.is_empty() || text.len() > MAX_HOST || text.contains(odd) {
        return None;
    }
    let url = Url::parse(&format!("http://{text}/")).ok()?;
    let host = url.host()?;
    // IDNA maps to characters that a name does not have: U+FF0A becomes `*`.
    if let Host::Domain(name) = host
        && !(name.bytes()).all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_'))
    {
        return None;
    }
    let clean = match url.port() {
        None | Some(443) => host.to_string(),
        Some(port) => format!("{host}:{port}"),
    };
    (clean.len() <= MAX_HOST).then_some(clean)
}

/// The longest host, in bytes, with its port (RFC 1035 section 2.3.4 and more).
const MAX_HOST: usize = 255;

pub(super) fn is_path_pattern(text: &str) -> bool {
    let stem = text.strip_suffix("/*").unwrap_or(text);
    (text.starts_with('/'))
        && text.len() <= 1024
        && !stem.contains(['*', '?', '#', '\\'])
        && !text.contains("//")
        && !text.split('/').any(|part| part == "." || part == "..")
        && !text.chars().any(|c| c.is_control() || c == ' ')
}
