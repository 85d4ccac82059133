//! Where somebody may be sent afterwards: `rd`, RelayState and their like.

use percent_encoding::percent_decode_str;
use url::Url;

use crate::domain::address::is_deceptive;

/// How long a target may be, in bytes.
pub(super) const MAX_TARGET: usize = 2048;

/// How many layers of percent-encoding a path may have; honest ones have two.
const DEEPEST: usize = 8;

/// A target that is safe to redirect to, or `None`.
///
/// A path on `origin` comes back as path, query and fragment; so does an
/// absolute URL of `origin` itself. An absolute URL elsewhere needs its host
/// (with the port, unless it is the scheme's own) among `hosts`, and https
/// where `origin` has it. Everything that browsers, proxies and libraries read
/// in different ways is refused rather than repaired: `//host`, `/\host`,
/// schemes, control characters, encoded slashes in front, user names.
#[must_use]
pub fn local_target(text: &str, origin: &Url, hosts: &[String]) -> Option<String> {
    let refused = text.is_empty()
        || text.len() > MAX_TARGET
        || text.starts_with(' ')
        || text.ends_with(' ')
        || text
            .chars()
            .any(|c| c == '\\' || (c.is_whitespace() && c != ' ') || is_deceptive(c));
    if refused {
        return None;
    }
    if text.starts_with('/') {
        if text.starts_with("//") {
            return None;
        }
        let resolved = origin.join(text).ok()?;
        return (resolved.origin() == origin.origin())
            .then(|| path_of(&resolved))
            .flatten();
    }
    // Only the two-slash form: `https:host` and `https:/host` mean different
    // things to different readers.
    let lower = text.get(..8)?.to_ascii_lowercase();
    if !lower.starts_with("https://") && !lower.starts_with("http://") {
        return None;
    }
    let url = Url::parse(text).ok()?;
    if !url.username().is_empty() || url.password().is_some() {
        return None;
    }
    if url.origin() == origin.origin() {
        return path_of(&url);
    }
    if url.scheme() != "https" && origin.scheme() == "https" {
        return None;
    }
    let host = url.host_str()?;
    let with_port = url.port().map(|port| format!("{host}:{port}"));
    let name = with_port.as_deref().unwrap_or(host);
    hosts
        .iter()
        .any(|allowed| allowed.eq_ignore_ascii_case(name))
        .then(|| url.to_string())
        .filter(|target| target.len() <= MAX_TARGET)
}

/// Path, query and fragment, if they stay what they are when somebody resolves
/// them again, decodes them again, or copies them into a header.
fn path_of(url: &Url) -> Option<String> {
    let path = url.path();
    if !stays(path, url) {
        return None;
    }
    let mut target = path.to_owned();
    if let Some(query) = url.query() {
        target.push('?');
        target.push_str(query);
    }
    if let Some(fragment) = url.fragment() {
        target.push('#');
        target.push_str(fragment);
    }
    (target.len() <= MAX_TARGET).then_some(target)
}

/// Whether a path stays on its origin for whoever decodes it once more than
/// is due, however often: `/%2fhost`, `/%252%66host`, `/%09/host`, `/%5chost`
/// and `/%2e%2f%2fhost` all end as `//host` with some reader.
fn stays(path: &str, origin: &Url) -> bool {
    let mut seen = path.to_owned();
    for _ in 0..DEEPEST {
        let own = origin
            .join(&seen)
            .is_ok_and(|url| url.origin() == origin.origin() && !url.path().starts_with("//"));
        // `//` and our own name leads back to us, but is no path.
        let is_path = !seen.starts_with("//");
        if !own || !is_path || seen.contains(|c: char| c.is_ascii_control() || c == '\\') {
            return false;
        }
        let decoded = percent_decode_str(&seen).decode_utf8_lossy();
        if decoded == seen {
            return true;
        }
        seen = decoded.into_owned();
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(text: &str) -> Option<String> {
        let origin = Url::parse("https://sso.example.com/").unwrap();
        let hosts = [
            "wiki.example.com".to_owned(),
            "git.example.com:8443".to_owned(),
        ];
        local_target(text, &origin, &hosts)
    }

    #[test]
    fn what_may_be_followed() {
        for (text, expected) in [
            ("/", "/"),
            ("/account", "/account"),
            ("/wiki?page=1&q=a b#top", "/wiki?page=1&q=a%20b#top"),
            ("/a?next=//x&u=https://y/", "/a?next=//x&u=https://y/"),
            ("/a?line=%0A", "/a?line=%0A"),
            ("/a/../b", "/b"),
            ("/100%25/a%2fb/%E4", "/100%25/a%2fb/%E4"),
            ("/a%252fb%3Fc", "/a%252fb%3Fc"),
            ("/100%", "/100%"),
            ("/\u{dc}bersicht", "/%C3%9Cbersicht"),
            (
                "https://sso.example.com/oidc/authorize?a=b",
                "/oidc/authorize?a=b",
            ),
            ("https://SSO.example.com:443", "/"),
            ("https://wiki.example.com", "https://wiki.example.com/"),
            (
                "HTTPS://Wiki.Example.com/x?y#z",
                "https://wiki.example.com/x?y#z",
            ),
            (
                "https://git.example.com:8443/x",
                "https://git.example.com:8443/x",
            ),
        ] {
            assert_eq!(target(text).as_deref(), Some(expected), "{text:?}");
        }
    }

    #[test]
    fn what_may_not() {
        let long = format!("/{}", "a".repeat(MAX_TARGET));
        let deep = format!("/a%{}41", "25".repeat(DEEPEST));
        let grows = format!("/{}", "\u{dc}".repeat(MAX_TARGET / 3));
        for text in [
            "",
            "account",
            "./account",
            "?a",
            "#a",
            "//evil.com",
            "///evil.com",
            "/\\evil.com",
            "\\\\evil.com",
            "/\t/evil.com",
            "/\n/evil.com",
            "\t//evil.com",
            " /account",
            "/account ",
            "/.//evil.com",
            "/..//evil.com",
            "/a/..//evil.com",
            "/%2e//evil.com",
            "/%2f/evil.com",
            "/%2Fevil.com",
            "/%252fevil.com",
            "/%25252fevil.com",
            "/%252%66evil.com",
            "/%25%32%66evil.com",
            "/%2525%32%2566evil.com",
            "/%09/evil.com",
            "/%250a/evil.com",
            "/%2e%2f%2fevil.com",
            "/a/%2e%2e%2f%2fevil.com",
            "/a%255c..",
            "/a%7f",
            &deep,
            "/%5cevil.com",
            "/a%5c..",
            "/a%0d%0aSet-Cookie:x=y",
            "/a\r\nSet-Cookie:x=y",
            "/a%00",
            "/a\0",
            "/a\u{202e}b",
            "/a\u{200b}",
            "javascript:alert(1)",
            "JavaScript://sso.example.com/%0aalert(1)",
            "data:text/html,x",
            "https:evil.com",
            "https:/evil.com",
            "https:///evil.com",
            "http://sso.example.com/",
            "http://wiki.example.com/",
            "https://evil.com/",
            "https://wiki.example.com.evil.com/",
            "https://wiki.example.com./",
            "https://w\u{456}ki.example.com/",
            "https://xn--wki-dyc.example.com/",
            "https://evil\u{3002}com/",
            "https://wiki.example.com%2eevil.com/",
            "https://wiki.example.com\u{2024}evil.com/",
            "https://[::1]/",
            "https://wiki.example.com:443@evil.com/",
            "https://wiki.example.com:8443/",
            "https://git.example.com/",
            "https://sso.example.com@evil.com/",
            "https://user@wiki.example.com/",
            "https://user:pass@sso.example.com/",
            "https://evil.com\\@wiki.example.com/",
            "https://sso.example.com//evil.com",
            "https://sso.example.com//sso.example.com/",
            "/%2fsso.example.com/",
            "ftp://wiki.example.com/",
            &long,
            &grows,
        ] {
            assert_eq!(target(text), None, "{text:?}");
        }
    }

    #[test]
    fn plain_http_may_stay_plain() {
        let origin = Url::parse("http://localhost:8080").unwrap();
        let hosts = ["app.localhost:9000".to_owned()];
        let target = |text| local_target(text, &origin, &hosts);
        assert_eq!(target("http://localhost:8080/x").as_deref(), Some("/x"));
        assert_eq!(
            target("http://app.localhost:9000/").as_deref(),
            Some("http://app.localhost:9000/")
        );
        assert_eq!(target("http://localhost/x"), None);
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(2000))]
        #[test]
        fn a_target_never_leaves(text in "[/\\\\.:@?#%2f5cehtpsx \t\n\r-]{0,24}|\\PC{0,24}") {
            let origin = Url::parse("https://sso.example.com/").unwrap();
            if let Some(found) = local_target(&text, &origin, &[]) {
                proptest::prop_assert!(found.starts_with('/') && !found.starts_with("//"));
                let resolved = origin.join(&found).unwrap();
                proptest::prop_assert_eq!(resolved.origin(), origin.origin());
                // Safe once is safe for ever.
                proptest::prop_assert_eq!(local_target(&found, &origin, &[]), Some(found.clone()));
                proptest::prop_assert!(axum::http::HeaderValue::from_str(&found).is_ok());
            }
        }
    }
}
