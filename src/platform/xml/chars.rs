//! Characters, names and namespace URIs: what may stand where.

/// XML 1.0 §2.2, production `Char`.
pub(super) const fn is_char(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}

/// XML 1.0 §2.3, production `S`.
pub(super) const fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

/// What one look at a whole text tells.
pub(super) struct Survey {
    /// The first character that is no `Char`, in bytes from the start.
    pub(super) forbidden: Option<usize>,
    /// Whether line ends need normalisation (§2.11).
    pub(super) has_return: bool,
}

/// Looks for forbidden characters and carriage returns in one pass.
pub(super) fn survey(text: &str) -> Survey {
    let mut suspicious = false;
    let mut has_return = false;
    // Written so that the compiler turns it into vector instructions: most
    // texts hold neither control characters nor U+FFFE and U+FFFF, whose
    // UTF-8 forms start with 0xEF.
    for chunk in text.as_bytes().chunks(64) {
        let mut control = false;
        let mut high = false;
        let mut ret = false;
        for &b in chunk {
            control |= b < 0x20 && b != b'\n' && b != b'\t' && b != b'\r';
            high |= b == 0xef;
            ret |= b == b'\r';
        }
        suspicious |= control | high;
        has_return |= ret;
    }
    let forbidden = if suspicious {
        text.char_indices()
            .find(|(_, c)| !is_char(*c))
            .map(|(at, _)| at)
    } else {
        None
    };
    Survey {
        forbidden,
        has_return,
    }
}

const fn is_name_start(c: char) -> bool {
    // XML 1.0 (fifth edition) §2.3 without the colon.
    matches!(c,
        'A'..='Z' | '_' | 'a'..='z'
        | '\u{c0}'..='\u{d6}' | '\u{d8}'..='\u{f6}' | '\u{f8}'..='\u{2ff}'
        | '\u{370}'..='\u{37d}' | '\u{37f}'..='\u{1fff}' | '\u{200c}'..='\u{200d}'
        | '\u{2070}'..='\u{218f}' | '\u{2c00}'..='\u{2fef}' | '\u{3001}'..='\u{d7ff}'
        | '\u{f900}'..='\u{fdcf}' | '\u{fdf0}'..='\u{fffd}' | '\u{10000}'..='\u{effff}')
}

const fn is_name_char(c: char) -> bool {
    is_name_start(c)
        || matches!(c,
            '-' | '.' | '0'..='9' | '\u{b7}' | '\u{300}'..='\u{36f}' | '\u{203f}'..='\u{2040}')
}

/// Namespaces in XML §3, production `NCName`.
pub(super) fn is_ncname(name: &str) -> bool {
    // Nearly every name is ASCII, which is told quickly.
    let ascii = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.');
    if name.bytes().all(ascii) {
        return name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    }
    let mut chars = name.chars();
    chars.next().is_some_and(is_name_start) && chars.all(is_name_char)
}

/// Splits a qualified name into the length of its prefix (0 without one) and
/// its local part; `None` when it is none (Namespaces in XML §4).
pub(super) fn split_qname(name: &str) -> Option<(usize, &str)> {
    let Some(colon) = name.bytes().position(|b| b == b':') else {
        return is_ncname(name).then_some((0, name));
    };
    let (prefix, local) = (name.get(..colon)?, name.get(colon + 1..)?);
    (is_ncname(prefix) && is_ncname(local)).then_some((colon, local))
}

/// The longest namespace name, in bytes. A canonical form repeats a namespace
/// name wherever it is used, so a long one would let a small document grow
/// large.
const MAXIMUM_URI: usize = 512;

/// Whether a namespace name is a URI with a scheme (RFC 3986 §3) in a form that
/// every C14N processes alike.
///
/// Narrower than the RFC: user information, IPv6 hosts and the characters
/// `& ' [ ]` are refused, since processors differ over them and no
/// vocabulary in use has them.
pub(super) fn is_absolute_uri(uri: &str) -> bool {
    let Some((scheme, rest)) = uri.split_once(':') else {
        return false;
    };
    if uri.len() > MAXIMUM_URI {
        return false;
    }
    let scheme_ok = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'));
    if !scheme_ok || rest.is_empty() || !is_uri_text(rest) || rest.matches('#').count() > 1 {
        return false;
    }
    let Some(after) = rest.strip_prefix("//") else {
        return true;
    };
    let authority = after.split(['/', '?', '#']).next().unwrap_or_default();
    match authority.split_once(':') {
        None => !authority.is_empty() && !authority.contains('@'),
        Some((host, port)) => {
            !host.is_empty()
                && !host.contains('@')
                && (1..=5).contains(&port.len())
                && port.bytes().all(|b| b.is_ascii_digit())
        }
    }
}

fn is_uri_text(text: &str) -> bool {
    let mut bytes = text.bytes();
    while let Some(b) = bytes.next() {
        let plain = b.is_ascii_alphanumeric()
            || matches!(
                b,
                b'-' | b'.'
                    | b'_'
                    | b'~'
                    | b'!'
                    | b'$'
                    | b'('
                    | b')'
                    | b'*'
                    | b'+'
                    | b','
                    | b';'
                    | b'='
                    | b':'
                    | b'@'
                    | b'/'
                    | b'?'
                    | b'#'
            );
        let escaped = b == b'%'
            && bytes.next().is_some_and(|h| h.is_ascii_hexdigit())
            && bytes.next().is_some_and(|h| h.is_ascii_hexdigit());
        if !plain && !escaped {
            return false;
        }
    }
    true
}

/// The character that a reference stands for, given what is between `&` and
/// `;` (XML 1.0 §4.1, §4.6).
pub(super) fn resolve_reference(reference: &str) -> Result<char, super::XmlError> {
    let Some(number) = reference.strip_prefix('#') else {
        return match reference {
            "amp" => Ok('&'),
            "lt" => Ok('<'),
            "gt" => Ok('>'),
            "apos" => Ok('\''),
            "quot" => Ok('"'),
            _ => Err(super::XmlError::UndefinedEntity {
                entity: reference.chars().take(64).collect(),
            }),
        };
    };
    let (digits, radix) = match number.strip_prefix('x') {
        Some(hex) => (hex, 16),
        None => (number, 10),
    };
    // `from_str_radix` would take a sign.
    let ok = !digits.is_empty() && digits.chars().all(|c| c.is_digit(radix));
    ok.then(|| digits.trim_start_matches('0'))
        .filter(|d| d.len() <= 7)
        .and_then(|d| u32::from_str_radix(d, radix).ok())
        .and_then(char::from_u32)
        .filter(|c| is_char(*c))
        .ok_or_else(|| super::XmlError::ForbiddenReference {
            reference: reference.chars().take(64).collect(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn namespace_uris() {
        for good in [
            "urn:oasis:names:tc:SAML:2.0:assertion",
            "http://www.w3.org/2000/09/xmldsig#",
            "http://schemas.xmlsoap.org/ws/2005/05/identity/claims",
            "http://localhost:8080/x",
            "tag:example.com,2026:x",
            "a:b%20c",
        ] {
            assert!(is_absolute_uri(good), "{good}");
        }
        for bad in [
            "",
            "relative",
            "/abs",
            "1http://x",
            "http:",
            "http://",
            "http://:80/",
            "http:// x",
            "a:%",
            "a:%2",
            "a:%zz",
            "a:b#c#d",
            "http://x:y/",
            "http://[::1]/",
            "http://a@b/",
            "a:\u{e9}",
            "a:b&c",
            "a:\"",
            "ht tp:x",
            ":x",
            "http://x:999999/",
        ] {
            assert!(!is_absolute_uri(bad), "{bad}");
        }
        assert!(is_absolute_uri(&format!("urn:{}", "x".repeat(508))));
        assert!(!is_absolute_uri(&format!("urn:{}", "x".repeat(509))));
    }

    #[test]
    fn references() {
        for (text, c) in [
            ("amp", '&'),
            ("lt", '<'),
            ("gt", '>'),
            ("apos", '\''),
            ("quot", '"'),
            ("#13", '\r'),
            ("#xD", '\r'),
            ("#x0000000041", 'A'),
            ("#x10FFFF", '\u{10ffff}'),
            ("#9", '\t'),
        ] {
            assert_eq!(resolve_reference(text), Ok(c), "{text}");
        }
        for bad in [
            "",
            "#",
            "#x",
            "#X41",
            "#+65",
            "#-1",
            "#0",
            "#x0",
            "#x1F",
            "#xFFFE",
            "#xFFFF",
            "#xD800",
            "#x110000",
            "#99999999999999999999",
            "#x 41",
            "nbsp",
            "AMP",
            " amp",
            "#65 ",
        ] {
            assert!(resolve_reference(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn names() {
        for (name, prefix) in [
            ("a", 0),
            ("a:b", 1),
            ("ds:Signature", 2),
            ("_x-1.y", 0),
            ("é:ü", 2),
        ] {
            assert_eq!(split_qname(name).map(|(p, _)| p), Some(prefix), "{name}");
        }
        for bad in [
            "", ":", "a:", ":a", "a:b:c", "1a", "a:1", "-a", "a b", "a/", "a\u{d7}", ".x",
        ] {
            assert!(split_qname(bad).is_none(), "{bad:?}");
        }
    }

    #[test]
    fn forbidden_characters_are_found_wherever_they_stand() {
        for bad in ['\0', '\u{1}', '\u{b}', '\u{1f}', '\u{fffe}', '\u{ffff}'] {
            for at in [0, 1, 63, 64, 65, 200] {
                let text = format!("{}{bad}é\u{feff}", "x".repeat(at));
                assert_eq!(survey(&text).forbidden, Some(at));
            }
        }
        let fine = "\t\n \u{7f}\u{85}\u{fffd}\u{feff}\u{10ffff}".repeat(40);
        assert_eq!(survey(&fine).forbidden, None);
        assert!(!survey(&fine).has_return);
        assert!(survey("a\rb").has_return);
    }
}
