//! A message for an administrator's eyes: as it came, without what could be
//! used again.
//!
//! Without its signature and digests nobody takes it for the original, and
//! certificates and ciphertexts are only in the way. Names, times, identifiers
//! and attributes stay: they are what one looks for.

use crate::platform::xml::{Document, Node};

/// Elements whose content is cut short, in whatever namespace: signatures and
/// digests (XML Signature §4.2, §4.3.3.6), keys (§4.4), ciphertexts (XML
/// Encryption §3.3).
const CUT: [&str; 9] = [
    "SignatureValue",
    "DigestValue",
    "X509Certificate",
    "X509CRL",
    "Modulus",
    "PublicKey",
    "CipherValue",
    "PGPKeyPacket",
    "SPKISexp",
];

/// Characters of what is cut short that stay, to tell one from another.
const LEFT: usize = 8;

/// The document's text, redacted.
#[must_use]
pub fn redacted(document: &Document) -> String {
    let source = document.source();
    let mut out = String::with_capacity(source.len());
    let mut done = 0;
    for element in document.elements().filter(|e| CUT.contains(&e.name())) {
        let Some((start, end)) = inside(element) else {
            continue;
        };
        // What stands inside something that is cut has gone with it.
        let (Some(before), Some(content)) = (source.get(done..start), source.get(start..end))
        else {
            continue;
        };
        let visible: String = content
            .chars()
            .filter(|c| !c.is_whitespace())
            .take(LEFT)
            .take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '='))
            .collect();
        out.push_str(before);
        out.push_str(&visible);
        out.push('…');
        done = end;
    }
    out.push_str(source.get(done..).unwrap_or_default());
    out
}

/// Where the content of an element stands in the source; `None` when it has
/// none.
fn inside(element: Node<'_>) -> Option<(usize, usize)> {
    let (range, source) = (element.source_range(), element.source());
    let open = end_of_start_tag(source)?;
    let close = source.rfind("</")?;
    (open < close).then_some((range.start + open, range.start + close))
}

fn end_of_start_tag(source: &str) -> Option<usize> {
    let mut quote = None;
    for (at, byte) in source.bytes().enumerate() {
        match (quote, byte) {
            (None, b'>') => return Some(at + 1),
            (None, b'"' | b'\'') => quote = Some(byte),
            (Some(q), _) if q == byte => quote = None,
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn redact(text: &str) -> String {
        redacted(&Document::parse(text).unwrap())
    }

    #[test]
    fn signatures_and_ciphertexts_are_cut_and_the_rest_stays() {
        let text = "<r xmlns:d=\"urn:d\" ID=\"_1\"><d:SignatureValue a='>'>\n\
            QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVo=\n</d:SignatureValue>\
            <DigestValue>AAAA</DigestValue><X509Certificate/><v>alice@example.com</v>\
            <CipherValue>MIIC<!-- x -->MIID</CipherValue></r>";
        assert_eq!(
            redact(text),
            "<r xmlns:d=\"urn:d\" ID=\"_1\"><d:SignatureValue a='>'>QUJDREVG…</d:SignatureValue>\
            <DigestValue>AAAA…</DigestValue><X509Certificate/><v>alice@example.com</v>\
            <CipherValue>MIIC…</CipherValue></r>"
        );
    }

    #[test]
    fn what_hides_inside_goes_too() {
        let text = "<r><SignatureValue><SignatureValue>secret</SignatureValue>more\
            <a>value</a></SignatureValue><b>stays</b></r>";
        let seen = redact(text);
        assert_eq!(
            seen,
            "<r><SignatureValue>…</SignatureValue><b>stays</b></r>"
        );
    }
}
