//! Which redirect URI is one of the client's, and what an address with an
//! answer looks like.

use url::{Host, Url};

use crate::domain::Application;

/// Whether the client registered this redirect URI: octet by octet. A native
/// app, which cannot know its port beforehand, may choose the port of a
/// loopback address (RFC 8252 §7.3), and nothing else.
#[must_use]
pub fn is_registered(application: &Application, uri: &str) -> bool {
    let registered = &application.redirect_uris;
    registered.iter().any(|ours| ours == uri)
        || (!application.confidential && registered.iter().any(|ours| same_but_for_port(ours, uri)))
}

/// Compares what stands before and after the port of a loopback address. The
/// host is an address written out: a name could be resolved to elsewhere.
fn same_but_for_port(ours: &str, theirs: &str) -> bool {
    let Some((our_host, our_rest)) = loopback(ours) else {
        return false;
    };
    let Some((their_host, their_rest)) = loopback(theirs) else {
        return false;
    };
    our_host == their_host && our_rest == their_rest
}

/// The host of a loopback address as written, and what follows its port.
fn loopback(uri: &str) -> Option<(&str, &str)> {
    let rest = uri.strip_prefix("http://")?;
    let host = ["127.0.0.1", "[::1]"]
        .into_iter()
        .find(|host| rest.starts_with(host))?;
    let after = rest.get(host.len()..)?;
    let after = match after.strip_prefix(':') {
        None => after,
        Some(port) => {
            let digits = port.bytes().take_while(u8::is_ascii_digit).count();
            let (port, after) = port.split_at_checked(digits)?;
            port.parse::<u16>().ok()?;
            after
        }
    };
    // What follows is a path or a query; nothing that makes another host of it.
    let clean = after.is_empty() || after.starts_with('/') || after.starts_with('?');
    let url = Url::parse(uri).ok()?;
    let is_loopback = match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        _ => false,
    };
    (clean && is_loopback && !uri.contains('#')).then_some((host, after))
}

/// A redirect URI with parameters of an answer. Its own query stays as it is.
#[must_use]
pub fn with_answer(uri: &str, answer: &[(&str, &str)]) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in answer {
        query.append_pair(name, value);
    }
    let mark = match uri.split_once('?') {
        None => "?",
        Some((_, "")) => "",
        Some(_) => "&",
    };
    format!("{uri}{mark}{}", query.finish())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Slug;

    fn client(confidential: bool, uris: &[&str]) -> Application {
        Application {
            confidential,
            redirect_uris: uris.iter().map(|uri| (*uri).to_owned()).collect(),
            ..Application::new(Slug::parse("app").unwrap(), "App")
        }
    }

    #[test]
    fn octet_by_octet() {
        let uri = "https://app.example.com/cb?tenant=1";
        let app = client(true, &[uri]);
        assert!(is_registered(&app, uri));
        for other in [
            "",
            "https://app.example.com/cb",
            "https://app.example.com/cb?tenant=1&x=y",
            "https://app.example.com/cb?tenant=1#f",
            "https://app.example.com/cb?tenant=12",
            "https://app.example.com/cb/?tenant=1",
            "https://app.example.com/CB?tenant=1",
            "https://APP.example.com/cb?tenant=1",
            "https://app.example.com:443/cb?tenant=1",
            "http://app.example.com/cb?tenant=1",
            "https://app.example.com.evil.com/cb?tenant=1",
            "https://app.example.com@evil.com/cb?tenant=1",
            "https://evil.com/https://app.example.com/cb?tenant=1",
            "https://app.example.com/cb%3Ftenant=1",
            "https://app.example.com/x/../cb?tenant=1",
            "https://app.example.com/cb?tenant=1 ",
            "//app.example.com/cb?tenant=1",
        ] {
            assert!(!is_registered(&app, other), "{other}");
        }
    }

    #[test]
    fn a_native_app_chooses_its_port() {
        let app = client(false, &["http://127.0.0.1/cb", "http://[::1]:80/cb?x=1"]);
        for good in [
            "http://127.0.0.1/cb",
            "http://127.0.0.1:1/cb",
            "http://127.0.0.1:65535/cb",
            "http://[::1]:51004/cb?x=1",
        ] {
            assert!(is_registered(&app, good), "{good}");
        }
        for bad in [
            "http://127.0.0.1:51004/cb/",
            "http://127.0.0.1:51004/cb?x=1",
            "http://127.0.0.1:51004/cb#f",
            "http://127.0.0.1:65536/cb",
            "http://127.0.0.1:@evil.com/cb",
            "http://127.0.0.1:80@evil.com/cb",
            "http://127.0.0.1.evil.com/cb",
            "http://127.0.0.1evil.com/cb",
            "http://127.0.0.2:51004/cb",
            "http://localhost:51004/cb",
            "https://127.0.0.1:51004/cb",
            "http://[::1]:51004/cb",
        ] {
            assert!(!is_registered(&app, bad), "{bad}");
        }
        let confidential = client(true, &["http://127.0.0.1/cb"]);
        assert!(!is_registered(&confidential, "http://127.0.0.1:5000/cb"));
        let named = client(false, &["http://localhost:1/cb"]);
        assert!(!is_registered(&named, "http://localhost:2/cb"));
    }

    #[test]
    fn answers_are_appended() {
        let answer = [("code", "a b"), ("state", "x&y=z\r\n")];
        for (uri, expected) in [
            (
                "https://a/cb",
                "https://a/cb?code=a+b&state=x%26y%3Dz%0D%0A",
            ),
            (
                "https://a/cb?",
                "https://a/cb?code=a+b&state=x%26y%3Dz%0D%0A",
            ),
            (
                "https://a/cb?t=%2F",
                "https://a/cb?t=%2F&code=a+b&state=x%26y%3Dz%0D%0A",
            ),
            (
                "com.example:/cb",
                "com.example:/cb?code=a+b&state=x%26y%3Dz%0D%0A",
            ),
        ] {
            assert_eq!(with_answer(uri, &answer), expected);
        }
    }
}
