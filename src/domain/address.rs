//! E-mail addresses, UPNs and domain patterns: how they are compared.

use unicode_normalization::UnicodeNormalization as _;

/// The form in which two e-mail addresses are the same address: the local part
/// in lower case (Unicode, NFC), the domain in IDNA's ASCII form.
///
/// `None` when the text is no address that a mail could be sent to: not
/// exactly one `@`, an empty or over-long part, white space, control or
/// invisible characters, or a domain that IDNA refuses (RFC 5321 §4.5.3.1 for
/// the lengths).
#[must_use]
pub fn email_key(address: &str) -> Option<String> {
    let (local, domain) = address.split_once('@')?;
    let local_ok = !local.is_empty()
        && local.len() <= 64
        && !local.starts_with('.')
        && !local.ends_with('.')
        && local.chars().all(is_address_char);
    if !local_ok || domain.contains('@') {
        return None;
    }
    let domain = domain_key(domain)?;
    let local: String = local.nfc().flat_map(char::to_lowercase).collect();
    Some(format!("{local}@{domain}"))
}

/// A domain in IDNA's ASCII form (UTS 46), lower case, without a final dot;
/// `None` when it is no host name.
#[must_use]
pub fn domain_key(domain: &str) -> Option<String> {
    // UTS 46 would drop what does not show; two texts that look alike must not
    // become one domain.
    if domain.chars().any(|c| c.is_whitespace() || is_deceptive(c)) {
        return None;
    }
    let domain = domain.strip_suffix('.').unwrap_or(domain);
    let ascii = idna::domain_to_ascii_strict(domain).ok()?;
    let label = |l: &str| {
        (1..=63).contains(&l.len())
            && l.bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
            && !l.starts_with('-')
            && !l.ends_with('-')
    };
    (!ascii.is_empty() && ascii.len() <= 253 && ascii.split('.').all(label)).then_some(ascii)
}

/// The domain of an address in its comparable form.
#[must_use]
pub fn domain_of(address: &str) -> Option<String> {
    let key = email_key(address)?;
    key.rsplit_once('@').map(|(_, domain)| domain.to_owned())
}

/// Longest UPN, user name or name of a group in characters.
pub const LONGEST_NAME_KEY: usize = 256;

/// The form in which two UPNs or user names are the same: lower case and NFC.
/// `None` when the text is empty, longer than 256 characters, or holds
/// control or invisible characters.
#[must_use]
pub fn name_key(name: &str) -> Option<String> {
    let name = name.trim();
    let ok = !name.is_empty()
        && name.chars().count() <= LONGEST_NAME_KEY
        && !name.chars().any(is_deceptive);
    ok.then(|| name.nfc().flat_map(char::to_lowercase).nfc().collect())
}

/// Whether a character must not stand in an identifier: controls, bidi
/// overrides, zero-width and other characters that do not show.
#[must_use]
pub fn is_deceptive(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
                | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
                | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}'
        )
}

fn is_address_char(c: char) -> bool {
    !c.is_whitespace()
        && !is_deceptive(c)
        && !matches!(
            c,
            '"' | '(' | ')' | ',' | ':' | ';' | '<' | '>' | '[' | ']' | '\\'
        )
}

/// A pattern of `allowed_domains`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DomainPattern {
    /// `*`: every domain.
    Any,
    /// `example.com`: this domain alone.
    Exact(String),
    /// `*.example.com`: every level below, not the domain itself.
    Below(String),
}

impl DomainPattern {
    /// Reads a pattern; `None` when it is none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if text == "*" {
            return Some(Self::Any);
        }
        match text.strip_prefix("*.") {
            Some(rest) => domain_key(rest).map(Self::Below),
            None => domain_key(text).map(Self::Exact),
        }
    }

    /// Whether a domain in its comparable form ([`domain_of`]) is meant.
    #[must_use]
    pub fn matches(&self, domain: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Exact(exact) => exact == domain,
            Self::Below(parent) => domain
                .strip_suffix(parent.as_str())
                .and_then(|rest| rest.strip_suffix('.'))
                .is_some_and(|rest| !rest.is_empty()),
        }
    }
}

/// Whether an address is within the allowed domains. An empty list admits
/// nobody; a pattern that does not parse admits nobody either.
#[must_use]
pub fn is_allowed(address: &str, patterns: &[String]) -> bool {
    let Some(domain) = domain_of(address) else {
        return false;
    };
    patterns
        .iter()
        .filter_map(|p| DomainPattern::parse(p))
        .any(|p| p.matches(&domain))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(address: &str, patterns: &[&str]) -> bool {
        let patterns: Vec<String> = patterns.iter().map(|p| (*p).to_owned()).collect();
        is_allowed(address, &patterns)
    }

    #[test]
    fn patterns() {
        for (address, patterns, expected) in [
            ("ada@example.com", &["example.com"][..], true),
            ("Ada@EXAMPLE.com", &["Example.COM"], true),
            ("ada@example.com.", &["example.com"], true),
            ("ada@sub.example.com", &["example.com"], false),
            ("ada@sub.example.com", &["*.example.com"], true),
            ("ada@a.b.example.com", &["*.example.com"], true),
            ("ada@example.com", &["*.example.com"], false),
            ("ada@evilexample.com", &["*.example.com"], false),
            ("ada@evilexample.com", &["example.com"], false),
            ("ada@example.com.evil.org", &["example.com"], false),
            ("ada@bücher.example", &["xn--bcher-kva.example"], true),
            ("ada@xn--bcher-kva.example", &["BÜCHER.example"], true),
            ("ada@anything.test", &["*"], true),
            ("ada@anything.test", &[], false),
            ("ada@anything.test", &["", "**", "*.", "*.*"], false),
            ("a@b@example.com", &["example.com", "*"], false),
            ("example.com", &["*"], false),
            ("@example.com", &["*"], false),
            ("ada@", &["*"], false),
            ("ada lovelace@example.com", &["*"], false),
            ("ada\u{200b}@example.com", &["*"], false),
            ("ada@exam\u{200b}ple.com", &["example.com"], false),
            ("ada@example.com\0.evil.org", &["*"], false),
        ] {
            assert_eq!(
                allowed(address, patterns),
                expected,
                "{address} in {patterns:?}"
            );
        }
    }

    #[test]
    fn a_homoglyph_is_another_domain() {
        assert!(!allowed("ada@ex\u{430}mple.com", &["example.com"]));
    }

    #[test]
    fn keys_fold_case_only() {
        assert_eq!(
            email_key("Ada@Example.COM").as_deref(),
            Some("ada@example.com")
        );
        assert_eq!(name_key(" ADA@corp ").as_deref(), Some("ada@corp"));
        assert_eq!(name_key("ada\u{202e}"), None);
        assert_eq!(name_key(""), None);
    }

    proptest::proptest! {
        #[test]
        fn a_key_is_its_own_key(address in "\\PC{0,20}@\\PC{0,20}") {
            if let Some(key) = email_key(&address) {
                proptest::prop_assert_eq!(email_key(&key), Some(key.clone()));
            }
        }
    }
}
