//! What a proxy asks of forward-auth: one host and one path, or a refusal, and
//! nothing of it from an address that nobody trusts. The first line is the path of
//! the question, each further one a header.
#![no_main]

use doorward::apps::forward_auth::{asked, paths};
use doorward::domain::application::{PathAccess, PathRule, clean_host};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri};
use ipnet::IpNet;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let mut lines = data.split(|b| *b == b'\n');
    let path = lines.next().and_then(|line| std::str::from_utf8(line).ok());
    let Some(uri) = path.and_then(|path| path.parse::<Uri>().ok()) else {
        return;
    };
    let Some(dialect) = asked::Dialect::of(uri.path()) else {
        return;
    };
    let mut headers = HeaderMap::new();
    for line in lines {
        let Some(at) = line.iter().position(|b| *b == b':') else {
            continue;
        };
        let (name, value) = line.split_at(at);
        let name = HeaderName::from_bytes(name);
        let value = HeaderValue::from_bytes(value[1..].trim_ascii());
        if let (Ok(name), Ok(value)) = (name, value) {
            headers.append(name, value);
        }
    }
    let trusted: Vec<IpNet> = vec!["10.0.0.0/8".parse().unwrap()];
    let rules = [
        PathRule {
            path: "/public/*".to_owned(),
            access: PathAccess::Anonymous,
        },
        PathRule {
            path: "/admin/*".to_owned(),
            access: PathAccess::Deny,
        },
    ];
    for (peer, is_trusted) in [([10, 0, 0, 1], true), ([192, 0, 2, 1], false)] {
        let read = asked::read(dialect, &Method::GET, &uri, &headers, peer.into(), &trusted);
        let Ok(asked) = read else { continue };
        if let Some(host) = &asked.host {
            assert_eq!(clean_host(host).as_ref(), Some(host));
        }
        assert!(!asked.target.bytes().any(|b| b.is_ascii_control()));
        if !is_trusted && dialect != asked::Dialect::Envoy {
            assert!(!asked.is_forwarded);
            assert_eq!(asked.target, "/");
        }
        // What is open to everybody has no way out.
        if paths::access(&rules, asked.path()) == PathAccess::Anonymous {
            let lower = asked.path().to_ascii_lowercase();
            assert!(
                lower.starts_with("/public") || lower.starts_with("/%70") || lower.contains('%')
            );
            for way in ["%2e", "%2f", "%5c", "//", "\\", ";"] {
                assert!(!lower.contains(way), "{lower}");
            }
            let leads_out = |part: &str| part == "." || part == "..";
            assert!(!lower.split('/').any(leads_out), "{lower}");
        }
        let _ = asked::caller(&headers);
        let _ = asked::is_preflight(&asked, &headers);
    }
});
