//! How the organisation looks and whom its people ask.

use url::Url;

use super::accent::Accent;

/// Name, colour and contacts of the organisation, on every employee page.
#[derive(Clone, Debug, Default)]
pub struct Branding {
    /// The organisation's name; the product's own when absent.
    pub name: Option<String>,
    /// The logo, shown instead of the name.
    pub logo: Option<Logo>,
    /// The accent colour.
    pub accent: Accent,
    /// Whom to ask when something goes wrong.
    pub support: Option<Support>,
    /// The imprint.
    pub imprint_url: Option<Url>,
    /// The privacy statement.
    pub privacy_url: Option<Url>,
}

/// A logo.
#[derive(Clone, Debug)]
pub enum Logo {
    /// Loaded by the browser from elsewhere.
    Remote(Url),
    /// Served by the gateway.
    Image {
        /// The file's octets.
        bytes: Vec<u8>,
        /// `png`, `jpg`, `gif`, `webp` or `svg`.
        extension: &'static str,
    },
}

impl Logo {
    /// A logo from a file's octets, whose kind their beginning tells; `None`
    /// when they are no image that browsers show.
    #[must_use]
    pub fn from_bytes(bytes: Vec<u8>) -> Option<Self> {
        let starts = |magic: &[u8]| bytes.starts_with(magic);
        let extension = if starts(b"\x89PNG\r\n\x1a\n") {
            "png"
        } else if starts(b"\xff\xd8\xff") {
            "jpg"
        } else if starts(b"GIF8") {
            "gif"
        } else if starts(b"RIFF") && bytes.get(8..12) == Some(b"WEBP") {
            "webp"
        } else {
            let head = String::from_utf8_lossy(bytes.get(..1024).unwrap_or(&bytes));
            head.contains("<svg").then_some("svg")?
        };
        Some(Self::Image { bytes, extension })
    }
}

/// Whom to ask: as `[branding] support` gives it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Support {
    /// An e-mail address.
    Mail(String),
    /// A page (`https:`, `http:`) or a number (`tel:`).
    Link(Url),
    /// Words: "Room 2.14, extension 300".
    Words(String),
}

impl Support {
    /// Reads the setting; `None` when it is blank.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if text.is_empty() {
            return None;
        }
        let address = text.strip_prefix("mailto:").unwrap_or(text);
        if crate::domain::address::email_key(address).is_some() {
            return Some(Self::Mail(address.to_owned()));
        }
        match Url::parse(text) {
            Ok(url) if matches!(url.scheme(), "https" | "http" | "tel") => Some(Self::Link(url)),
            _ => Some(Self::Words(text.to_owned())),
        }
    }

    /// What people read.
    #[must_use]
    pub fn label(&self) -> String {
        match self {
            Self::Mail(address) => address.clone(),
            Self::Link(url) if url.scheme() == "tel" => url.path().to_owned(),
            Self::Link(url) => {
                let host = url.host_str().unwrap_or_default();
                format!("{host}{}", url.path().trim_end_matches('/'))
            }
            Self::Words(words) => words.clone(),
        }
    }

    /// Where the contact leads, if anywhere. A mail gets the subject and the
    /// body, so that nobody has to copy a reference by hand (RFC 6068).
    #[must_use]
    pub fn href(&self, subject: &str, body: &str) -> Option<String> {
        match self {
            Self::Mail(address) => Some(format!(
                "mailto:{}?subject={}&body={}",
                percent(address),
                percent(subject),
                percent(body)
            )),
            Self::Link(url) => Some(url.to_string()),
            Self::Words(_) => None,
        }
    }
}

/// Percent-encodes everything but unreserved characters and `@`; line breaks
/// become `%0D%0A` as RFC 6068 §5 wants.
fn percent(text: &str) -> String {
    use std::fmt::Write as _;
    text.replace('\n', "\r\n")
        .bytes()
        .fold(String::new(), |mut out, byte| {
            if byte.is_ascii_alphanumeric() || b"-._~@".contains(&byte) {
                out.push(char::from(byte));
            } else {
                let _ = write!(out, "%{byte:02X}");
            }
            out
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn support_is_what_it_looks_like() {
        assert_eq!(
            Support::parse(" it@example.com "),
            Some(Support::Mail("it@example.com".to_owned()))
        );
        assert_eq!(
            Support::parse("mailto:it@example.com"),
            Some(Support::Mail("it@example.com".to_owned()))
        );
        let page = Support::parse("https://help.example.com/sso/").unwrap();
        assert_eq!(page.label(), "help.example.com/sso");
        assert_eq!(
            Support::parse("tel:+49-30-1234").unwrap().label(),
            "+49-30-1234"
        );
        assert_eq!(
            Support::parse("javascript:alert(1)").unwrap().href("", ""),
            None
        );
        assert_eq!(Support::parse("  "), None);
    }

    #[test]
    fn a_mail_carries_the_reference() {
        let href = Support::Mail("it+sso@example.com".to_owned())
            .href("Sign-in K7QF-2M9D", "a\nb & c")
            .unwrap();
        assert_eq!(
            href,
            "mailto:it%2Bsso@example.com?subject=Sign-in%20K7QF-2M9D&body=a%0D%0Ab%20%26%20c"
        );
    }

    #[test]
    fn a_logo_is_told_by_its_octets() {
        let kind = |bytes: &[u8]| match Logo::from_bytes(bytes.to_vec()) {
            Some(Logo::Image { extension, .. }) => Some(extension),
            _ => None,
        };
        assert_eq!(kind(b"\x89PNG\r\n\x1a\nrest"), Some("png"));
        assert_eq!(kind(b"RIFF\0\0\0\0WEBPVP8 "), Some("webp"));
        assert_eq!(kind(b"<?xml version=\"1.0\"?><svg/>"), Some("svg"));
        assert_eq!(kind(b"<html>"), None);
        assert_eq!(kind(b""), None);
    }
}
