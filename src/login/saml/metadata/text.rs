//! What was handed over: is it metadata at all? People paste by hand, download
//! with browsers that were signed out, and mix up addresses and files; each of
//! these is told apart, so that the answer can say what to do.

use super::{LARGEST, MetadataError, NAMESPACE};
use crate::platform::xml::{Node, XmlError};

/// The text of a document: without a BOM, without white space around it.
pub(super) fn prepared(metadata: &[u8]) -> Result<&str, MetadataError> {
    if metadata.len() > LARGEST {
        return Err(MetadataError::TooLarge {
            bytes: metadata.len(),
        });
    }
    if looks_like_utf16(metadata) {
        return Err(MetadataError::NotUtf8 {
            encoding: "UTF-16".to_owned(),
        });
    }
    let text = std::str::from_utf8(metadata).map_err(|_| MetadataError::NotUtf8 {
        encoding: declared_encoding(metadata).unwrap_or_else(|| "unknown".to_owned()),
    })?;
    let text = text
        .trim_start_matches(|c: char| c == '\u{feff}' || c.is_whitespace())
        .trim_end();
    if text.is_empty() {
        return Err(MetadataError::Empty);
    }
    if !text.starts_with('<') {
        return Err(no_xml(text));
    }
    if starts_with(text, "<!doctype html") || starts_with(text, "<html") {
        return Err(MetadataError::WebPage);
    }
    Ok(text)
}

/// A byte order mark of UTF-16, or every other octet zero.
fn looks_like_utf16(metadata: &[u8]) -> bool {
    let zeros = |skip: usize| {
        let mut octets = metadata.iter().skip(skip).step_by(2).take(8);
        metadata.len() >= 16 && octets.all(|b| *b == 0)
    };
    metadata.starts_with(&[0xff, 0xfe])
        || metadata.starts_with(&[0xfe, 0xff])
        || zeros(0)
        || zeros(1)
}

fn declared_encoding(metadata: &[u8]) -> Option<String> {
    let head = metadata.get(..metadata.len().min(200))?;
    let head = String::from_utf8_lossy(head).into_owned();
    let rest = head.split_once("encoding=")?.1;
    let quote = rest.chars().next()?;
    let name = rest.get(1..)?.split(quote).next()?;
    let fit = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    (name.chars().all(fit) && !name.is_empty()).then(|| name.to_owned())
}

fn starts_with(text: &str, start: &str) -> bool {
    text.get(..start.len())
        .is_some_and(|head| head.eq_ignore_ascii_case(start))
}

fn no_xml(text: &str) -> MetadataError {
    let line = text.lines().next().unwrap_or_default();
    let is_address = starts_with(line, "https://") || starts_with(line, "http://");
    if is_address && text.lines().count() == 1 && !line.contains(char::is_whitespace) {
        MetadataError::AddressOnly
    } else if text.starts_with("-----BEGIN CERTIFICATE") {
        MetadataError::CertificateOnly
    } else if text.starts_with('{') {
        MetadataError::Json
    } else {
        MetadataError::NotXml
    }
}

/// Translates what the parser says. `text` helps to tell a file that was cut
/// off from one that is broken.
pub(super) fn refused(text: &str, error: XmlError) -> MetadataError {
    match error {
        XmlError::TooLarge { size, .. } => MetadataError::TooLarge { bytes: size },
        XmlError::Doctype if is_web_page(text) => MetadataError::WebPage,
        XmlError::Doctype | XmlError::UndefinedEntity { .. } => MetadataError::Doctype,
        XmlError::Encoding { encoding } => MetadataError::NotUtf8 { encoding },
        error @ (XmlError::TooDeep { .. }
        | XmlError::TooManyElements { .. }
        | XmlError::TooManyAttributes { .. }
        | XmlError::TooManyNamespaces { .. }) => MetadataError::TooComplex {
            reason: error.to_string(),
        },
        _ if is_web_page(text) => MetadataError::WebPage,
        _ if is_cut_off(text) => MetadataError::Truncated,
        error => MetadataError::Malformed {
            reason: error.to_string(),
        },
    }
}

/// An HTML page behind an XML declaration or a comment.
fn is_web_page(text: &str) -> bool {
    let head: String = text.chars().take(2000).collect::<String>().to_lowercase();
    head.contains("<html") || head.contains("<!doctype html")
}

/// Metadata ends with the end of its root.
fn is_cut_off(text: &str) -> bool {
    const ROOTS: [&str; 2] = ["EntityDescriptor", "EntitiesDescriptor"];
    let describes = ROOTS.iter().any(|root| text.contains(root));
    let ends = text
        .rsplit_once("</")
        .and_then(|(_, tail)| tail.strip_suffix('>'))
        .is_some_and(|name| ROOTS.iter().any(|root| name.trim_end().ends_with(root)));
    describes && !ends
}

/// The root must be SAML 2.0 metadata (Metadata §2.1).
pub(super) fn check_root(root: Node<'_>) -> Result<(), MetadataError> {
    let name = root.name();
    match name {
        "EntityDescriptor" | "EntitiesDescriptor" if root.namespace() == NAMESPACE => Ok(()),
        "EntityDescriptor" | "EntitiesDescriptor" => Err(MetadataError::WrongNamespace {
            namespace: root.namespace().chars().take(100).collect(),
        }),
        "html" => Err(MetadataError::WebPage),
        "Response" | "Assertion" | "AuthnRequest" | "LogoutRequest" | "LogoutResponse"
            if root.namespace().contains(":SAML:") =>
        {
            Err(MetadataError::Message {
                name: name.to_owned(),
            })
        }
        _ => Err(MetadataError::OtherXml {
            root: name.chars().take(64).collect(),
        }),
    }
}
