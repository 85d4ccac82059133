//! How two values differ that should be the same, in words: people look at two
//! long addresses and see no difference.

use url::Url;

/// What is different about `received`, as the end of a sentence that begins
/// with "it"; `None` where the two have nothing to do with each other.
#[must_use]
pub fn between(expected: &str, received: &str) -> Option<String> {
    if expected == received {
        return None;
    }
    if received.trim() == expected {
        return Some("has blanks around it".to_owned());
    }
    if received.strip_suffix('/') == Some(expected) {
        return Some("ends with a slash that must not be there".to_owned());
    }
    if expected.strip_suffix('/') == Some(received) {
        return Some("lacks the slash at its end".to_owned());
    }
    if received.eq_ignore_ascii_case(expected) {
        return Some("differs in capital and small letters".to_owned());
    }
    let (ours, theirs) = (Url::parse(expected).ok()?, Url::parse(received).ok()?);
    let mut parts = Vec::new();
    if ours.scheme() != theirs.scheme() {
        parts.push(format!(
            "begins with {}:// instead of {}://",
            theirs.scheme(),
            ours.scheme()
        ));
    }
    if ours.host_str() != theirs.host_str() {
        let host = |url: &Url| url.host_str().unwrap_or("nothing").to_owned();
        parts.push(format!(
            "names the host {} instead of {}",
            host(&theirs),
            host(&ours)
        ));
    }
    // A port that goes with the scheme is no difference of its own.
    if ours.port() != theirs.port() {
        let port = |url: &Url| url.port().map_or("none".to_owned(), |p| p.to_string());
        parts.push(format!(
            "names the port {} instead of {}",
            port(&theirs),
            port(&ours)
        ));
    }
    if ours.path() != theirs.path() {
        parts.push(format!(
            "has the path {} instead of {}",
            theirs.path(),
            ours.path()
        ));
    }
    if ours.query() != theirs.query() || ours.fragment() != theirs.fragment() {
        parts.push("differs after the path".to_owned());
    }
    // Where everything differs, the two values say it better.
    let unrelated = parts.is_empty() || (ours.host() != theirs.host() && parts.len() > 2);
    (!unrelated).then(|| parts.join(" and "))
}

/// A length of time as people say it, to two units: `10 minutes`, `3 days`.
#[must_use]
pub fn lasting(seconds: i64) -> String {
    const UNITS: [(u64, &str); 4] = [
        (86_400, "day"),
        (3_600, "hour"),
        (60, "minute"),
        (1, "second"),
    ];
    let mut left = seconds.unsigned_abs();
    let mut parts = Vec::new();
    for (length, name) in UNITS {
        let count = left / length;
        left %= length;
        if count > 0 {
            let plural = if count == 1 { "" } else { "s" };
            parts.push(format!("{count} {name}{plural}"));
        }
    }
    parts.truncate(2);
    if parts.is_empty() {
        return "less than a second".to_owned();
    }
    parts.join(" and ")
}

/// The same, rounded to what matters: `10 minutes` for 9 minutes and 59 seconds.
#[must_use]
pub fn roughly(seconds: i64) -> String {
    let seconds = seconds.unsigned_abs();
    let unit = match seconds {
        0..120 => 1,
        120..7_200 => 60,
        7_200..172_800 => 3_600,
        _ => 86_400,
    };
    let rounded = seconds.saturating_add(unit / 2) / unit * unit;
    lasting(i64::try_from(rounded).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_compared_in_words() {
        let ours = "https://sso.example.com/saml/okta/acs";
        for (theirs, words) in [
            (ours, None),
            (
                "https://sso.example.com/saml/okta/acs/",
                Some("ends with a slash that must not be there"),
            ),
            (
                "http://sso.example.com/saml/okta/acs",
                Some("begins with http:// instead of https://"),
            ),
            (
                "https://old.example.com/saml/okta/acs",
                Some("names the host old.example.com instead of sso.example.com"),
            ),
            (
                "https://sso.example.com:8443/saml/okta/acs",
                Some("names the port 8443 instead of none"),
            ),
            (
                "https://sso.example.com/saml/okta/metadata",
                Some("has the path /saml/okta/metadata instead of /saml/okta/acs"),
            ),
            (
                "https://sso.example.com/saml/Okta/acs",
                Some("differs in capital and small letters"),
            ),
            (
                "https://sso.example.com/saml/okta/acs?x=1",
                Some("differs after the path"),
            ),
            (
                "http://old.example.com/saml/okta/acs",
                Some(
                    "begins with http:// instead of https:// and names the host old.example.com instead of sso.example.com",
                ),
            ),
            ("http://www.okta.com/x", None),
            ("urn:something:else", None),
            (
                " https://sso.example.com/saml/okta/acs\n",
                Some("has blanks around it"),
            ),
        ] {
            assert_eq!(between(ours, theirs).as_deref(), words, "{theirs}");
        }
        let apex = "https://sso.example.com/";
        assert_eq!(
            between(apex, "https://sso.example.com").as_deref(),
            Some("lacks the slash at its end")
        );
    }

    #[test]
    fn rounded_lengths_of_time() {
        for (seconds, words) in [
            (65, "1 minute and 5 seconds"),
            (599, "10 minutes"),
            (-571, "10 minutes"),
            (7_300, "2 hours"),
            (3 * 86_400 + 3_600, "3 days"),
            (i64::MIN, "106751991167300 days and 15 hours"),
        ] {
            assert_eq!(roughly(seconds), words, "{seconds}");
        }
    }

    #[test]
    fn lengths_of_time() {
        for (seconds, words) in [
            (0, "less than a second"),
            (1, "1 second"),
            (-61, "1 minute and 1 second"),
            (600, "10 minutes"),
            (3 * 86_400 + 5, "3 days and 5 seconds"),
            (90_061, "1 day and 1 hour"),
        ] {
            assert_eq!(lasting(seconds), words);
        }
    }
}
