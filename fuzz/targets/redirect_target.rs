//! Where somebody may be sent after the login (`rd`): what is admitted leads
//! to an origin that is allowed, whoever reads it.
#![no_main]

use doorward::platform::web::{MAX_TARGET, local_target};
use http::HeaderValue;
use libfuzzer_sys::fuzz_target;
use url::{Origin, Url};

fn decoded(text: &str) -> String {
    let octets = text.as_bytes();
    let mut out = Vec::with_capacity(octets.len());
    let mut at = 0;
    while at < octets.len() {
        let digits = octets.get(at + 1..at + 3);
        let code = digits
            .filter(|d| octets[at] == b'%' && d.iter().all(u8::is_ascii_hexdigit))
            .and_then(|d| std::str::from_utf8(d).ok())
            .and_then(|d| u8::from_str_radix(d, 16).ok());
        out.push(code.unwrap_or(octets[at]));
        at += if code.is_some() { 3 } else { 1 };
    }
    String::from_utf8_lossy(&out).into_owned()
}

fn check(text: &str, origin: &Url, hosts: &[String]) {
    let Some(found) = local_target(text, origin, hosts) else {
        return;
    };
    assert!(found.len() <= MAX_TARGET);
    assert!(HeaderValue::from_str(&found).is_ok(), "{found:?}");
    assert!(found.is_ascii() && !found.contains(|c: char| c.is_ascii_control() || c == '\\'));
    let mut allowed: Vec<Origin> = vec![origin.origin()];
    for host in hosts {
        for scheme in ["https", "http"] {
            // Plain http only where we are on plain http ourselves.
            if scheme == "https" || origin.scheme() == "http" {
                allowed.push(Url::parse(&format!("{scheme}://{host}/")).unwrap().origin());
            }
        }
    }
    let resolved = origin.join(&found).unwrap();
    assert!(allowed.contains(&resolved.origin()), "{text:?} → {found:?}");
    // Seen from another page of ours the same.
    let deep = origin.join("/a/b/c?d=e").unwrap();
    assert_eq!(deep.join(&found).unwrap(), resolved);
    assert_eq!(
        local_target(&found, origin, hosts).as_deref(),
        Some(&*found)
    );
    if found.starts_with('/') {
        assert_eq!(resolved.origin(), origin.origin());
        // Readers that decode once too often are not led away either.
        let mut again = found.clone();
        for _ in 0..8 {
            again = decoded(&again);
            let path = again.split(['?', '#']).next().unwrap_or_default();
            if let Ok(url) = origin.join(path) {
                assert_eq!(url.origin(), origin.origin(), "{text:?} → {again:?}");
                assert!(!url.path().starts_with("//"), "{text:?} → {again:?}");
            }
        }
    }
}

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let https = Url::parse("https://sso.example.com/").unwrap();
    let plain = Url::parse("http://localhost:8080").unwrap();
    let hosts = [
        "wiki.example.com".to_owned(),
        "git.example.com:8443".to_owned(),
    ];
    check(text, &https, &[]);
    check(text, &https, &hosts);
    check(text, &plain, &hosts);
});
