//! Rules for the paths of an application. The first that fits counts.
//!
//! The application behind may read a path otherwise than we do: `%2e%2e`, `//`,
//! `;x`. A path that can be read in two ways is never open to everybody, and where
//! any path is closed it is closed as well.

use crate::domain::application::{PathAccess, PathRule};

/// What is to happen at a path.
#[must_use]
pub fn access(rules: &[PathRule], path: &str) -> PathAccess {
    if rules.is_empty() {
        return PathAccess::SignedIn;
    }
    match place(rules, path) {
        Place::Ruled(rule) => rule.access,
        Place::Doubtful if rules.iter().any(|rule| rule.access == PathAccess::Deny) => {
            PathAccess::Deny
        }
        Place::Unruled | Place::Doubtful => PathAccess::SignedIn,
    }
}

/// Where a path stands among the rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place<'r> {
    /// This rule is the first that fits.
    Ruled(&'r PathRule),
    /// None fits.
    Unruled,
    /// It can be read in more than one way.
    Doubtful,
}

/// Where a path stands among the rules.
#[must_use]
pub fn place<'r>(rules: &'r [PathRule], path: &str) -> Place<'r> {
    let Some(path) = plain(path) else {
        return Place::Doubtful;
    };
    let rule = rules.iter().find(|rule| fits(&rule.path, &path));
    rule.map_or(Place::Unruled, Place::Ruled)
}

fn fits(pattern: &str, path: &str) -> bool {
    match pattern.strip_suffix("/*") {
        None => path == pattern,
        Some(stem) => path
            .strip_prefix(stem)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/')),
    }
}

/// The path with its octets decoded, if there is one way to read it.
fn plain(path: &str) -> Option<String> {
    let mut octets = Vec::with_capacity(path.len());
    let mut rest = path.bytes();
    while let Some(octet) = rest.next() {
        if octet != b'%' {
            octets.push(octet);
            continue;
        }
        let digit = |octet: Option<u8>| char::from(octet?).to_digit(16);
        let (high, low) = (digit(rest.next())?, digit(rest.next())?);
        octets.push(u8::try_from(high * 16 + low).ok()?);
        // What is encoded although it divides, and what may be decoded again.
        if matches!(
            octets.last(),
            Some(b'/' | b'\\' | b'%' | b'.' | b';' | b'?' | b'#')
        ) {
            return None;
        }
    }
    let text = String::from_utf8(octets).ok()?;
    let doubtful = !text.starts_with('/')
        || text.contains("//")
        || text.contains(['\\', ';'])
        || text.chars().any(char::is_control)
        || text.split('/').any(|part| part == "." || part == "..");
    (!doubtful).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use PathAccess::{Anonymous, Deny, SignedIn};

    fn rules(rules: &[(&str, PathAccess)]) -> Vec<PathRule> {
        let rule = |(path, access): &(&str, PathAccess)| PathRule {
            path: (*path).to_owned(),
            access: *access,
        };
        rules.iter().map(rule).collect()
    }

    #[test]
    fn the_first_rule_that_fits_counts() {
        let rules = rules(&[
            ("/health", Anonymous),
            ("/public/private/*", SignedIn),
            ("/public/*", Anonymous),
            ("/admin/*", Deny),
            ("/\u{fc}ber", Anonymous),
        ]);
        for (path, expected) in [
            ("/", SignedIn),
            ("/health", Anonymous),
            ("/he%61lth", Anonymous),
            ("/health/", SignedIn),
            ("/healthy", SignedIn),
            ("/Health", SignedIn),
            ("/public", Anonymous),
            ("/public/", Anonymous),
            ("/public/a.b/c", Anonymous),
            ("/publicity", SignedIn),
            ("/public/private", SignedIn),
            ("/public/private/x", SignedIn),
            ("/admin", Deny),
            ("/admin/x", Deny),
            ("/%61dmin/x", Deny),
            ("/%C3%BCber", Anonymous),
            // Who knows what the application makes of these.
            ("/public/../admin", Deny),
            ("/public/%2e%2e/admin", Deny),
            ("/public/%2E./admin", Deny),
            ("/public%2f..%2fadmin", Deny),
            ("/public/%252e%252e/admin", Deny),
            ("/public/..;/admin", Deny),
            ("/public/x;y", Deny),
            ("/public\\..\\admin", Deny),
            ("/public//admin", Deny),
            ("//admin", Deny),
            ("/public/%00", Deny),
            ("/public/%ff", Deny),
            ("/public/%", Deny),
            ("/public/%zz", Deny),
            ("public", Deny),
        ] {
            assert_eq!(access(&rules, path), expected, "{path}");
        }
    }

    #[test]
    fn a_doubtful_path_is_open_to_nobody_else() {
        let rules = rules(&[("/public/*", Anonymous)]);
        assert_eq!(access(&rules, "/public/../admin"), SignedIn);
        assert_eq!(access(&rules, "/public/a"), Anonymous);
        assert_eq!(access(&[], "/public/../admin"), SignedIn);
        let all = super::tests::rules(&[("/*", Anonymous)]);
        assert_eq!(access(&all, "/"), Anonymous);
        assert_eq!(access(&all, "/x"), Anonymous);
    }
}
