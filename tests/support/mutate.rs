//! Mutants of documents, by octets and by structure: what the differential
//! tests and the fuzz targets have in common.

use super::random::Random;

/// Text that means something to somebody on the way.
const TOKENS: [&str; 40] = [
    "<!---->",
    "<!--",
    "-->",
    "<![CDATA[",
    "]]>",
    "<?x y?>",
    "&amp;",
    "&#13;",
    "&#0;",
    "&lt;",
    "<x/>",
    "<x>",
    "</x>",
    " xmlns=\"urn:x\"",
    " xmlns:saml=\"urn:x\"",
    " xmlns:ds=\"urn:x\"",
    " xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\"",
    " ID=\"_assertion1\"",
    " Id=\"_assertion1\"",
    " xml:id=\"_assertion1\"",
    " xml:space=\"preserve\"",
    " xsi:nil=\"true\"",
    " Version=\"2.0\"",
    " Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"",
    " URI=\"\"",
    " Destination=\"\"",
    " Format=\"x\"",
    "admin",
    "00u-mallory",
    "_assertion1",
    "#_assertion1",
    "#_response1",
    "#xpointer(/)",
    "<saml:NameID>admin</saml:NameID>",
    "<saml:Assertion/>",
    "<ds:Signature xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\"/>",
    "<samlp:Extensions/>",
    "\u{FEFF}",
    "\u{202E}",
    "\r\n",
];

/// Names to rename elements to.
const NAMES: [&str; 16] = [
    "saml:Assertion",
    "saml:Subject",
    "saml:NameID",
    "saml:Attribute",
    "saml:AttributeValue",
    "saml:Advice",
    "samlp:Response",
    "samlp:Extensions",
    "samlp:Status",
    "ds:Signature",
    "ds:Object",
    "ds:KeyInfo",
    "saml:EncryptedAssertion",
    "samlp:StatusDetail",
    "saml:SubjectConfirmationData",
    "x",
];

/// Namespaces to bind a prefix to.
const NAMESPACES: [&str; 7] = [
    "urn:oasis:names:tc:SAML:2.0:assertion",
    "urn:oasis:names:tc:SAML:2.0:protocol",
    "urn:oasis:names:tc:SAML:1.0:assertion",
    "http://www.w3.org/2000/09/xmldsig#",
    "http://www.w3.org/2001/04/xmlenc#",
    "urn:x",
    "",
];

/// Changes a document in one place. `pool` lends elements of other documents.
pub fn mutate(document: &mut Vec<u8>, pool: &[Vec<u8>], random: &mut Random) {
    if document.is_empty() {
        return;
    }
    match random.below(16) {
        0 => {
            let at = random.below(document.len());
            document[at] ^= 1 << random.below(8);
        }
        1 => {
            let at = random.below(document.len());
            let end = (at + 1 + random.below(20)).min(document.len());
            document.drain(at..end);
        }
        2 => {
            let at = random.below(document.len());
            insert(document, at, random.pick(&TOKENS).as_bytes());
        }
        // The same where it hurts: right behind a tag or inside of one.
        3 | 4 => {
            let mark = *random.pick(b"><\" ");
            let places: Vec<usize> = positions(document, mark);
            if !places.is_empty() {
                let at = *random.pick(&places) + usize::from(mark != b'<');
                let token = *random.pick(&TOKENS);
                insert(document, at, token.as_bytes());
            }
        }
        5 => {
            let values = attribute_values(document);
            if values.len() > 1 {
                let from = document[random.pick(&values).clone()].to_vec();
                let to = random.pick(&values).clone();
                document.splice(to, from);
            }
        }
        6 => exchange_ids(document, random),
        7 => rename_namespace(document, random),
        _ => restructure(document, pool, random),
    }
}

/// What somebody might also take for an ID.
const OTHER_IDS: [&str; 3] = [" Id=\"", " xml:id=\"", " id=\""];

/// Two identifiers change places, or one is put in the place of the other;
/// references to them stay or go along.
fn exchange_ids(document: &mut Vec<u8>, random: &mut Random) {
    let Ok(text) = std::str::from_utf8(document) else {
        return;
    };
    let ids: Vec<&str> = [" ID=\"", " Id=\"", " id=\""]
        .iter()
        .flat_map(|mark| text.split(mark).skip(1))
        .filter_map(|rest| rest.split_once('"').map(|(id, _)| id))
        .filter(|id| !id.is_empty())
        .collect();
    if ids.is_empty() {
        return;
    }
    let (one, other) = (*random.pick(&ids), *random.pick(&ids));
    let changed = match random.below(4) {
        0 => text
            .replace(one, "\u{1}")
            .replace(other, one)
            .replace('\u{1}', other),
        1 => text.replacen(&format!("\"{one}\""), &format!("\"{other}\""), 1),
        2 => text.replace(&format!("\"#{one}\""), &format!("\"#{other}\"")),
        _ => {
            let other: &&str = random.pick(&OTHER_IDS);
            text.replacen(" ID=\"", other, 1)
        }
    };
    *document = changed.into_bytes();
}

/// A prefix is bound to something else, or goes by another name.
fn rename_namespace(document: &mut Vec<u8>, random: &mut Random) {
    let Ok(text) = std::str::from_utf8(document) else {
        return;
    };
    let declarations: Vec<(usize, &str, &str)> = text
        .match_indices(" xmlns:")
        .filter_map(|(at, mark)| {
            let rest = &text[at + mark.len()..];
            let (prefix, rest) = rest.split_once("=\"")?;
            let (uri, _) = rest.split_once('"')?;
            Some((at, prefix, uri))
        })
        .collect();
    if declarations.is_empty() {
        return;
    }
    let (at, prefix, uri) = *random.pick(&declarations);
    let declaration = format!(" xmlns:{prefix}=\"{uri}\"");
    let changed = match random.below(4) {
        // The declaration alone, so that the names below mean something else.
        0 => {
            let other = format!(" xmlns:{prefix}=\"{}\"", random.pick(&NAMESPACES));
            let mut changed = text.to_owned();
            changed.replace_range(at..at + declaration.len(), &other);
            changed
        }
        // The prefix everywhere, so that they mean the same.
        1 => text
            .replace(&format!("<{prefix}:"), "<n:")
            .replace(&format!("</{prefix}:"), "</n:")
            .replace(&format!(" xmlns:{prefix}="), " xmlns:n="),
        // The default namespace instead of the prefix.
        2 => text
            .replace(&format!("<{prefix}:"), "<")
            .replace(&format!("</{prefix}:"), "</")
            .replace(&format!(" xmlns:{prefix}="), " xmlns="),
        // Declared on the document element as well.
        _ => match text.find([' ', '>']) {
            Some(end) if text.starts_with('<') => {
                let mut changed = text.to_owned();
                changed.insert_str(end, &declaration);
                changed
            }
            _ => return,
        },
    };
    *document = changed.into_bytes();
}

fn restructure(document: &mut Vec<u8>, pool: &[Vec<u8>], random: &mut Random) {
    let spans = elements(document);
    if spans.is_empty() {
        return;
    }
    let one = random.pick(&spans).clone();
    let other = random.pick(&spans).clone();
    match random.below(8) {
        0 => {
            document.drain(one);
        }
        1 => {
            let piece = document[one].to_vec();
            insert(
                document,
                if random.chance(50) {
                    other.start
                } else {
                    other.end
                },
                &piece,
            );
        }
        2 if !one.contains(&other.start) && !other.contains(&one.start) => {
            let piece = document[one.clone()].to_vec();
            let swap = document[other.clone()].to_vec();
            let (first, second, a, b) = if one.start < other.start {
                (one, other, swap, piece)
            } else {
                (other, one, piece, swap)
            };
            document.splice(second, b);
            document.splice(first, a);
        }
        3 => {
            let name = *random.pick(&NAMES);
            insert(document, one.end, format!("</{name}>").as_bytes());
            insert(document, one.start, format!("<{name}>").as_bytes());
        }
        4 => {
            let piece = String::from_utf8_lossy(&document[one.clone()]).into_owned();
            let old = piece[1..]
                .split(['>', ' ', '/'])
                .next()
                .unwrap_or("")
                .to_owned();
            let new = *random.pick(&NAMES);
            let renamed = piece
                .replacen(&format!("<{old}"), &format!("<{new}"), 1)
                .replace(&format!("</{old}>"), &format!("</{new}>"));
            document.splice(one, renamed.into_bytes());
        }
        // Moved: out of its place, into another.
        5 => {
            let piece: Vec<u8> = document.drain(one.clone()).collect();
            let to = if other.start >= one.end {
                other.start - piece.len()
            } else {
                other.start
            };
            insert(document, to, &piece);
        }
        // An element of another genuine document in the place of this one, or
        // beside it.
        6 => {
            let donor = random.pick(pool).clone();
            let theirs = elements(&donor);
            let piece = donor[random.pick(&theirs).clone()].to_vec();
            document.splice(one, piece);
        }
        _ => {
            let donor = random.pick(pool).clone();
            let theirs = elements(&donor);
            let piece = donor[random.pick(&theirs).clone()].to_vec();
            insert(document, one.start, &piece);
        }
    }
}

fn insert(document: &mut Vec<u8>, at: usize, piece: &[u8]) {
    let at = at.min(document.len());
    document.splice(at..at, piece.iter().copied());
}

fn positions(document: &[u8], octet: u8) -> Vec<usize> {
    document
        .iter()
        .enumerate()
        .filter_map(|(at, o)| (*o == octet).then_some(at))
        .collect()
}

/// The insides of all quotation marks.
fn attribute_values(document: &[u8]) -> Vec<std::ops::Range<usize>> {
    positions(document, b'"')
        .chunks_exact(2)
        .map(|pair| pair[0] + 1..pair[1])
        .collect()
}

/// The extent of every element, as far as start and end tags match.
fn elements(document: &[u8]) -> Vec<std::ops::Range<usize>> {
    let mut open: Vec<usize> = Vec::new();
    let mut spans = Vec::new();
    let mut at = 0;
    while let Some(start) = document[at..]
        .iter()
        .position(|o| *o == b'<')
        .map(|p| p + at)
    {
        let Some(end) = document[start..]
            .iter()
            .position(|o| *o == b'>')
            .map(|p| p + start + 1)
        else {
            break;
        };
        match document.get(start + 1) {
            Some(b'/') => {
                if let Some(begin) = open.pop() {
                    spans.push(begin..end);
                }
            }
            Some(b'!' | b'?') => {}
            _ if document[end - 2] == b'/' => spans.push(start..end),
            _ => open.push(start),
        }
        at = end;
    }
    spans
}
