//! Attacks on the reader: documents that are no XML, or XML of a kind that
//! SAML has no use for.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::DeflateEncoder;

use super::{Catalogue, Payload};
use crate::support::forge::{
    Forge, SAML, SAMLP, Scene, encode, name_id_xml, with_cdata_expanded, without_comments,
};

pub fn add(list: &mut Catalogue) {
    transport(list);
    encodings(list);
    doctypes(list);
    characters(list);
    well_formedness(list);
    namespaces(list);
    doubles(list);
    markup_in_values(list);
}

pub(super) fn genuine(scene: &Scene) -> String {
    scene.forge().xml()
}

/// The genuine answer with one NameID, signed by the IdP over what a reader
/// without comments sees.
pub(super) fn with_name_id(scene: &Scene, value: &str) -> Forge {
    let mut forge = scene.forge();
    value.clone_into(&mut forge.name_id().value);
    forge
}

/// How a document travels: the form field.
fn transport(list: &mut Catalogue) {
    let field = |text: &'static str| move |_: &Scene| Payload::Field(text.to_owned());
    list.add("field: empty", "saml.xml_malformed", field(""));
    list.add("field: blank", "saml.xml_malformed", field(" \r\n\t "));
    list.add(
        "field: no base64",
        "saml.base64",
        field("<samlp:Response/>"),
    );
    list.add("field: a NUL", "saml.base64", field("PHNhbWw+\0"));
    list.add(
        "field: base64 of one octet",
        "saml.xml_character",
        field("AA=="),
    );
    list.add("field: padding inside", "saml.base64", |s| {
        let text = encode(genuine(s).as_bytes());
        Payload::Field(format!("AA=={text}"))
    });
    list.add("field: base64 twice", "saml.xml_malformed", |s| {
        Payload::Field(encode(encode(genuine(s).as_bytes()).as_bytes()))
    });
    list.add("field: percent-encoded once more", "saml.base64", |s| {
        let text = encode(genuine(s).as_bytes());
        Payload::Field(
            text.replace('+', "%2B")
                .replace('/', "%2F")
                .replace('=', "%3D")
                + "%3D",
        )
    });
    list.add("field: deflated", "saml.utf8", |s| {
        deflated(genuine(s).as_bytes())
    });
    list.add("field: a deflate bomb", "saml.too_large", |_| {
        deflated(&vec![b' '; 50_000_000])
    });
}

fn deflated(octets: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(octets).unwrap();
    encoder.finish().unwrap()
}

fn encodings(list: &mut Catalogue) {
    let utf16 = |text: &str, big: bool, mark: bool| -> Vec<u8> {
        let mut units: Vec<u16> = text.encode_utf16().collect();
        if mark {
            units.insert(0, 0xFEFF);
        }
        units
            .into_iter()
            .flat_map(|unit| {
                if big {
                    unit.to_be_bytes()
                } else {
                    unit.to_le_bytes()
                }
            })
            .collect()
    };
    for (name, code, big, mark) in [
        ("UTF-16LE with a mark", "saml.utf8", false, true),
        ("UTF-16BE with a mark", "saml.utf8", true, true),
        ("UTF-16LE", "saml.xml_character", false, false),
        ("UTF-16BE", "saml.xml_character", true, false),
    ] {
        list.add(format!("encoding: {name}"), code, move |s| {
            utf16(&genuine(s), big, mark)
        });
    }
    list.add("encoding: UTF-32BE", "saml.xml_character", |s| {
        genuine(s)
            .chars()
            .flat_map(|c| u32::from(c).to_be_bytes())
            .collect::<Vec<u8>>()
    });
    for name in ["UTF-16", "ISO-8859-1", "UTF-7", "IBM037", "x"] {
        list.add(
            format!("encoding: declared as {name}"),
            "saml.xml_encoding",
            move |s| format!("<?xml version=\"1.0\" encoding=\"{name}\"?>{}", genuine(s)),
        );
    }
    list.add(
        "encoding: two byte order marks",
        "saml.xml_malformed",
        |s| format!("\u{FEFF}\u{FEFF}{}", genuine(s)),
    );
    list.add(
        "encoding: a byte order mark inside the NameID",
        "saml.name_id_invalid",
        |s| with_name_id(s, "alice\u{FEFF}").xml(),
    );
    let raw = |place: &'static str, octets: &'static [u8]| {
        move |s: &Scene| {
            let document = genuine(s);
            let at = document.find(place).unwrap() + place.len();
            let mut out = document.as_bytes()[..at].to_vec();
            out.extend_from_slice(octets);
            out.extend_from_slice(&document.as_bytes()[at..]);
            out
        }
    };
    let samples: [(&str, &'static [u8]); 8] = [
        ("an overlong slash", &[0xC0, 0xAF]),
        ("an overlong less-than", &[0xC0, 0xBC]),
        ("an overlong NUL", &[0xC0, 0x80]),
        ("three octets, overlong", &[0xE0, 0x80, 0xBC]),
        ("a surrogate", &[0xED, 0xA0, 0x80]),
        ("beyond Unicode", &[0xF4, 0x90, 0x80, 0x80]),
        ("a lone continuation", &[0x80]),
        ("Latin-1", &[0xE4]),
    ];
    for (name, octets) in samples {
        list.add(
            format!("UTF-8: {name}"),
            "saml.utf8",
            raw("</ds:Signature>", octets),
        );
        list.add(
            format!("UTF-8: {name}, in the status"),
            "saml.utf8",
            raw("<samlp:Status>", octets),
        );
    }
    list.add("UTF-8: cut in a character", "saml.utf8", |s| {
        let mut octets = genuine(s).into_bytes();
        octets.push(0xE2);
        octets.push(0x82);
        octets
    });
}

fn doctypes(list: &mut Catalogue) {
    let before = |doctype: &'static str| {
        move |s: &Scene| format!("{}{}", doctype.replace("CANARY", &s.canary), genuine(s))
    };
    for (name, doctype) in [
        ("empty", "<!DOCTYPE samlp:Response>"),
        ("with an internal subset", "<!DOCTYPE r []>"),
        ("with a system identifier", "<!DOCTYPE r SYSTEM \"CANARY\">"),
        (
            "with a public identifier",
            "<!DOCTYPE r PUBLIC \"-//W3C//DTD XHTML 1.0//EN\" \"CANARY\">",
        ),
        (
            "with an element declaration",
            "<!DOCTYPE r [<!ELEMENT r ANY>]>",
        ),
        (
            "that makes ID an ID",
            "<!DOCTYPE r [<!ATTLIST saml:Assertion ID ID #IMPLIED x CDATA \"y\">]>",
        ),
        ("with an entity", "<!DOCTYPE r [<!ENTITY a \"admin\">]>"),
        (
            "with an external entity",
            "<!DOCTYPE r [<!ENTITY x SYSTEM \"file:///etc/passwd\">]>",
        ),
        (
            "with an external entity over http",
            "<!DOCTYPE r [<!ENTITY x SYSTEM \"CANARY\">]>",
        ),
        (
            "with a parameter entity",
            "<!DOCTYPE r [<!ENTITY % p SYSTEM \"CANARY\"> %p;]>",
        ),
        (
            "that two parsers end at different places (CVE-2025-25291)",
            "<!DOCTYPE r [<!ENTITY x '\"]><!--'>]>",
        ),
        ("after a comment", "<!-- x --><!DOCTYPE r>"),
        ("in small letters", "<!doctype r>"),
        (
            "after the declaration",
            "<?xml version=\"1.0\"?><!DOCTYPE r>",
        ),
        ("unfinished", "<!DOCTYPE r ["),
    ] {
        list.add(
            format!("DOCTYPE: {name}"),
            "saml.xml_doctype",
            before(doctype),
        );
    }
    list.add("DOCTYPE: billion laughs", "saml.xml_doctype", |s| {
        let mut subset = String::from("<!ENTITY l0 \"ha\">");
        for level in 1..10 {
            let inner = format!("&l{};", level - 1).repeat(10);
            subset.push_str(&format!("<!ENTITY l{level} \"{inner}\">"));
        }
        let document = with_name_id(s, "&l9;").xml();
        format!("<!DOCTYPE r [{subset}]>{document}")
    });
    list.add("DOCTYPE: quadratic blow-up", "saml.xml_doctype", |s| {
        let document = with_name_id(s, &"&a;".repeat(20_000)).xml();
        format!(
            "<!DOCTYPE r [<!ENTITY a \"{}\">]>{document}",
            "a".repeat(50_000)
        )
    });
    list.add(
        "DOCTYPE: an external entity in the NameID",
        "saml.xml_doctype",
        |s| {
            let document = with_name_id(s, "&x;").xml();
            format!("<!DOCTYPE r [<!ENTITY x SYSTEM \"file:///etc/passwd\">]>{document}")
        },
    );
    list.add("DOCTYPE: inside the response", "saml.xml_doctype", |s| {
        genuine(s).replacen("<samlp:Status>", "<!DOCTYPE r><samlp:Status>", 1)
    });
    list.add(
        "entity: a declaration without a DOCTYPE",
        "saml.xml_malformed",
        |s| genuine(s).replacen("<samlp:Status>", "<!ENTITY a \"b\"><samlp:Status>", 1),
    );
    for (name, code, reference) in [
        ("undefined", "saml.xml_entity", "&admin;"),
        ("of HTML", "saml.xml_entity", "&nbsp;"),
        ("without a name", "saml.xml_entity", "&;"),
        ("without an end", "saml.xml_malformed", "&amp"),
        ("in capitals", "saml.xml_entity", "&AMP;"),
    ] {
        list.add(format!("entity: {name}"), code, move |s| {
            with_name_id(s, reference).xml()
        });
        list.add(format!("entity: {name}, in an attribute"), code, move |s| {
            genuine(s).replacen("Destination=\"", &format!("Destination=\"{reference}"), 1)
        });
    }
    for (name, instruction) in [
        ("before the root", "<?evil do?>"),
        ("with xml-stylesheet", "<?xml-stylesheet href=\"CANARY\"?>"),
        (
            "with a second declaration",
            "<?xml version=\"1.0\"?><?xml version=\"1.0\"?>",
        ),
    ] {
        list.add(
            format!("processing instruction: {name}"),
            "saml.xml_processing_instruction",
            before(instruction),
        );
    }
    list.add(
        "processing instruction: after the root",
        "saml.xml_processing_instruction",
        |s| format!("{}<?evil do?>", genuine(s)),
    );
    list.add(
        "processing instruction: in the status",
        "saml.xml_processing_instruction",
        |s| genuine(s).replacen("<samlp:Status>", "<samlp:Status><?evil do?>", 1),
    );
    list.add(
        "processing instruction: in the NameID, signed",
        "saml.xml_processing_instruction",
        |s| with_name_id(s, "admin<?x y?>.evil").xml(),
    );
    list.add(
        "processing instruction: in an attribute value, signed",
        "saml.xml_processing_instruction",
        |s| {
            let mut forge = s.forge();
            forge.assertion.attributes[0].values = vec!["admin@example.com<?x y?>.evil".to_owned()];
            forge.xml()
        },
    );
    list.add(
        "declaration: after a blank",
        "saml.xml_processing_instruction",
        |s| format!(" <?xml version=\"1.0\"?>{}", genuine(s)),
    );
    list.add("declaration: XML 1.1", "saml.xml_declaration", |s| {
        format!("<?xml version=\"1.1\"?>{}", genuine(s))
    });
}

fn characters(list: &mut Catalogue) {
    for (name, reference) in [
        ("NUL", "&#0;"),
        ("NUL, hexadecimal", "&#x00;"),
        ("U+0001", "&#1;"),
        ("escape", "&#x1B;"),
        ("a surrogate", "&#xD800;"),
        ("U+FFFE", "&#xFFFE;"),
        ("U+FFFF", "&#65535;"),
        ("beyond Unicode", "&#x110000;"),
        ("beyond 32 bits", "&#x100000041;"),
        ("beyond 64 bits", "&#99999999999999999999999;"),
        ("without digits", "&#;"),
        ("without hexadecimal digits", "&#x;"),
        ("with a sign", "&#+65;"),
        ("negative", "&#-1;"),
        ("with a blank", "&# 65;"),
        ("in capital X", "&#X41;"),
        ("with a letter", "&#6a;"),
    ] {
        list.add(
            format!("character: {name}, by reference"),
            "saml.xml_character",
            move |s| with_name_id(s, &format!("admin{reference}")).xml(),
        );
        list.add(
            format!("character: {name}, by reference in an attribute"),
            "saml.xml_character",
            move |s| {
                genuine(s).replacen("Destination=\"", &format!("Destination=\"{reference}"), 1)
            },
        );
    }
    for (name, character) in [
        ("NUL", '\0'),
        ("U+0001", '\u{1}'),
        ("vertical tab", '\u{B}'),
        ("escape", '\u{1B}'),
        ("U+FFFE", '\u{FFFE}'),
        ("U+FFFF", '\u{FFFF}'),
    ] {
        list.add(
            format!("character: {name}, literal in the NameID"),
            "saml.xml_character",
            move |s| with_name_id(s, &format!("admin{character}")).xml(),
        );
        list.add(
            format!("character: {name}, literal outside of the assertion"),
            "saml.xml_character",
            move |s| {
                genuine(s).replacen("<samlp:Status>", &format!("{character}<samlp:Status>"), 1)
            },
        );
        list.add(
            format!("character: {name}, literal after the root"),
            "saml.xml_character",
            move |s| format!("{}{character}", genuine(s)),
        );
    }
    for (name, value) in [
        ("a control character of C1", "admin\u{85}"),
        ("DEL", "admin\u{7F}"),
        ("a tab inside", "ad&#9;min"),
        ("a line break inside", "ad&#10;min"),
        ("a carriage return inside", "ad&#13;min"),
        ("a right-to-left override", "\u{202E}nimda"),
        ("an embedding", "admin\u{202A}"),
        ("an isolate", "\u{2066}admin\u{2069}"),
        ("an Arabic letter mark", "admin\u{61C}"),
        ("a left-to-right mark", "admin\u{200E}"),
        ("a blank of no width", "ad\u{200B}min"),
        ("a joiner of no width", "admin\u{200D}"),
        ("a soft hyphen", "ad\u{AD}min"),
        ("a tag character", "admin\u{E0041}"),
    ] {
        list.add(
            format!("NameID: {name}"),
            "saml.name_id_invalid",
            move |s| {
                let mut forge = with_name_id(s, value);
                forge.assertion.octets = Some(carriage_returns);
                forge.xml()
            },
        );
    }
}

/// Canonical form of the references that stand in `NameIDs` here.
fn carriage_returns(literal: &str) -> String {
    literal
        .replace("&#13;", "&#xD;")
        .replace("&#9;", "\t")
        .replace("&#10;", "\n")
}

fn well_formedness(list: &mut Catalogue) {
    list.add("truncated: the last octet", "saml.xml_malformed", |s| {
        let mut document = genuine(s);
        document.pop();
        document
    });
    list.add("truncated: half", "saml.xml_malformed", |s| {
        let document = genuine(s);
        document[..document.len() / 2].to_owned()
    });
    list.add("truncated: no end tag", "saml.xml_malformed", |s| {
        genuine(s).replace("</samlp:Response>", "")
    });
    list.add(
        "truncated: after the signature",
        "saml.xml_malformed",
        |s| {
            let document = genuine(s);
            let at = document.find("</ds:Signature>").unwrap();
            document[..at].to_owned()
        },
    );
    for (name, tail) in [
        ("text", "x"),
        ("an element", "<x/>"),
        ("an end tag", "</samlp:Response>"),
        ("a CDATA section", "<![CDATA[x]]>"),
        ("a reference", "&#65;"),
        ("a second response", "SECOND"),
    ] {
        list.add(
            format!("garbage after the root: {name}"),
            "saml.xml_malformed",
            move |s| {
                let document = genuine(s);
                format!("{document}{}", tail.replace("SECOND", &document))
            },
        );
        if name != "an end tag" {
            list.add(
                format!("garbage before the root: {name}"),
                "saml.xml_malformed",
                move |s| {
                    let document = genuine(s);
                    format!("{}{document}", tail.replace("SECOND", &document))
                },
            );
        }
    }
    for (name, code, from, to) in [
        (
            "an attribute twice",
            "saml.xml_duplicate_attribute",
            " ID=\"",
            " ID=\"_x\" ID=\"",
        ),
        (
            "an attribute twice by two prefixes",
            "saml.xml_duplicate_attribute",
            "<samlp:Status>",
            "<samlp:Status xmlns:a=\"urn:x\" xmlns:b=\"urn:x\" a:y=\"1\" b:y=\"2\">",
        ),
        (
            "a namespace declared twice",
            "saml.xml_duplicate_attribute",
            "<samlp:Status>",
            "<samlp:Status xmlns:a=\"urn:x\" xmlns:a=\"urn:x\">",
        ),
        (
            "no blank between attributes",
            "saml.xml_malformed",
            "\" ID=",
            "\"ID=",
        ),
        (
            "an attribute without a value",
            "saml.xml_malformed",
            "<samlp:Status>",
            "<samlp:Status a>",
        ),
        (
            "an attribute without quotation marks",
            "saml.xml_malformed",
            "<samlp:Status>",
            "<samlp:Status a=b>",
        ),
        (
            "less-than in an attribute",
            "saml.xml_malformed",
            "<samlp:Status>",
            "<samlp:Status a=\"<\">",
        ),
        (
            "an ampersand alone",
            "saml.xml_malformed",
            "<samlp:Status>",
            "& <samlp:Status>",
        ),
        (
            "the end of CDATA in text",
            "saml.xml_malformed",
            "<samlp:Status>",
            "]]><samlp:Status>",
        ),
        (
            "two hyphens in a comment",
            "saml.xml_malformed",
            "<samlp:Status>",
            "<!-- a -- b --><samlp:Status>",
        ),
        (
            "a comment that ends in a hyphen",
            "saml.xml_malformed",
            "<samlp:Status>",
            "<!-- a ---><samlp:Status>",
        ),
        (
            "an unfinished comment",
            "saml.xml_malformed",
            "<samlp:Status>",
            "<!-- <samlp:Status>",
        ),
        (
            "end tags crossed",
            "saml.xml_malformed",
            "<samlp:Status>",
            "<x><y></x></y><samlp:Status>",
        ),
        (
            "an end tag in another case",
            "saml.xml_malformed",
            "</samlp:Status>",
            "</samlp:status>",
        ),
        (
            "an end tag of another prefix",
            "saml.xml_malformed",
            "</samlp:Status>",
            "</saml:Status>",
        ),
        (
            "an attribute in an end tag",
            "saml.xml_malformed",
            "</samlp:Status>",
            "</samlp:Status a=\"b\">",
        ),
        (
            "a blank after less-than",
            "saml.xml_malformed",
            "<samlp:Status>",
            "< samlp:Status>",
        ),
        (
            "a name that starts with a digit",
            "saml.xml_namespace",
            "<samlp:Status>",
            "<1/><samlp:Status>",
        ),
        (
            "a name with a comma",
            "saml.xml_namespace",
            "<samlp:Status>",
            "<a,b/><samlp:Status>",
        ),
        (
            "a tag in a tag",
            "saml.xml_malformed",
            "<samlp:Status>",
            "<a <b/>><samlp:Status>",
        ),
        (
            "an empty tag",
            "saml.xml_namespace",
            "<samlp:Status>",
            "<><samlp:Status>",
        ),
    ] {
        list.add(format!("not well-formed: {name}"), code, move |s| {
            genuine(s).replacen(from, to, 1)
        });
    }
}

fn namespaces(list: &mut Catalogue) {
    for (name, to) in [
        ("an unbound prefix", "<p:x/>"),
        ("an unbound prefix on an attribute", "<x p:y=\"z\"/>"),
        ("a prefix bound to nothing", "<x xmlns:p=\"\"/>"),
        ("the prefix xmlns bound", "<x xmlns:xmlns=\"urn:x\"/>"),
        ("the prefix xml bound elsewhere", "<x xmlns:xml=\"urn:x\"/>"),
        (
            "another prefix bound to xml's name",
            "<x xmlns:p=\"http://www.w3.org/XML/1998/namespace\"/>",
        ),
        (
            "xml's name as default",
            "<x xmlns=\"http://www.w3.org/XML/1998/namespace\"/>",
        ),
        (
            "another prefix bound to xmlns's name",
            "<x xmlns:p=\"http://www.w3.org/2000/xmlns/\"/>",
        ),
        ("two colons", "<a:b:c xmlns:a=\"urn:x\"/>"),
        ("a colon first", "<:x/>"),
        ("a colon last", "<x: xmlns:x=\"urn:x\"/>"),
        ("a digit after the colon", "<a:1 xmlns:a=\"urn:x\"/>"),
        ("an element named xmlns", "<xmlns:x/>"),
    ] {
        list.add(
            format!("namespace: {name}"),
            "saml.xml_namespace",
            move |s| genuine(s).replacen("<samlp:Status>", &format!("{to}<samlp:Status>"), 1),
        );
    }
    for (name, code, from, to) in [
        (
            "the response's of SAML 1.1",
            "saml.not_a_response",
            SAMLP,
            "urn:oasis:names:tc:SAML:1.0:protocol",
        ),
        (
            "the response's with a blank",
            "saml.xml_namespace",
            SAMLP,
            "urn:oasis:names:tc:SAML:2.0:protocol ",
        ),
        (
            "the response's in capitals",
            "saml.not_a_response",
            SAMLP,
            "URN:OASIS:NAMES:TC:SAML:2.0:PROTOCOL",
        ),
        (
            "the response's is the assertion's",
            "saml.not_a_response",
            SAMLP,
            SAML,
        ),
    ] {
        list.add(format!("namespace: {name}"), code, move |s| {
            genuine(s).replace(from, to)
        });
    }
    list.add(
        "namespace: the response in none",
        "saml.not_a_response",
        |s| {
            genuine(s)
                .replace("samlp:", "")
                .replacen(&format!(" xmlns:samlp=\"{SAMLP}\""), "", 1)
                .replacen(&format!(" xmlns:=\"{SAMLP}\""), "", 1)
                .replacen(&format!(" xmlns\"{SAMLP}\""), "", 1)
        },
    );
    for (name, to) in [
        ("of SAML 1.1", "urn:oasis:names:tc:SAML:1.0:assertion"),
        ("of the protocol", SAMLP),
        ("of the attacker", "urn:evil"),
    ] {
        list.add(
            format!("namespace: the assertion's is {name}, signed so"),
            "saml.assertion_misplaced",
            move |s| {
                let forge = s.forge();
                let swap = |text: &str| text.replace(SAML, to);
                let octets = swap(&forge.bare_assertion());
                let signature = forge
                    .sign_assertion
                    .as_ref()
                    .unwrap()
                    .over(&forge.assertion.id, octets.as_bytes());
                let assertion = swap(&forge.assertion_with(&signature));
                forge.response_around(&assertion)
            },
        );
        list.add(
            format!("namespace: the subject's is {name}, signed so"),
            "saml.unexpected_element",
            move |s| {
                let mut forge = s.forge();
                let subject = forge.assertion.subject.take().unwrap();
                let mut inner = s.forge();
                inner.assertion.subject = Some(subject);
                let whole = inner.bare_assertion();
                let from = whole.find("<saml:Subject>").unwrap();
                let end = whole.find("</saml:Subject>").unwrap() + "</saml:Subject>".len();
                forge.assertion.after_issuer = whole[from..end].replace("saml:", "x:").replacen(
                    "<x:Subject>",
                    &format!("<x:Subject xmlns:x=\"{to}\">"),
                    1,
                );
                forge.xml()
            },
        );
    }
}

/// Elements that may stand once, and stand twice; all of it signed.
fn doubles(list: &mut Catalogue) {
    list.add("double: NameID", "saml.unexpected_element", |s| {
        let mut forge = s.forge();
        let mut second = forge.name_id().clone();
        second.value = "admin".to_owned();
        forge.subject().extra = name_id_xml(&second);
        forge.xml()
    });
    list.add("double: NameID, the same", "saml.unexpected_element", |s| {
        let mut forge = s.forge();
        let second = name_id_xml(&forge.name_id().clone());
        forge.subject().extra = second;
        forge.xml()
    });
    list.add(
        "double: NameID inside the NameID",
        "saml.name_id_invalid",
        |s| with_name_id(s, "alice<saml:NameID>admin</saml:NameID>").xml(),
    );
    list.add(
        "double: an element inside the NameID",
        "saml.name_id_invalid",
        |s| with_name_id(s, "admin<x></x>.evil").xml(),
    );
    for (name, open, close) in [
        ("Subject", "<saml:Subject>", "</saml:Subject>"),
        ("Conditions", "<saml:Conditions", "</saml:Conditions>"),
        ("Issuer", "<saml:Issuer>", "</saml:Issuer>"),
    ] {
        list.add(
            format!("double: {name}"),
            "saml.unexpected_element",
            move |s| {
                let mut forge = s.forge();
                let whole = forge.bare_assertion();
                let from = whole.find(open).unwrap();
                let end = from + whole[from..].find(close).unwrap() + close.len();
                forge.assertion.after_issuer = whole[from..end].to_owned();
                forge.xml()
            },
        );
    }
    list.add(
        "double: Issuer of the response",
        "saml.unexpected_element",
        |s| {
            let issuer = format!(
                "<saml:Issuer xmlns:saml=\"{SAML}\">{}</saml:Issuer>",
                s.idp_entity_id
            );
            genuine(s).replacen("<samlp:Status>", &format!("{issuer}<samlp:Status>"), 1)
        },
    );
    list.add(
        "double: SubjectConfirmationData",
        "saml.unexpected_element",
        |s| {
            let mut forge = s.forge();
            forge.sign_assertion = None;
            let bare = forge.bare_assertion();
            let from = bare.find("<saml:SubjectConfirmationData").unwrap();
            let close = "</saml:SubjectConfirmationData>";
            let end = bare.find(close).unwrap() + close.len();
            let once = bare[from..end].to_owned();
            let doubled = bare.replacen(&once, &once.repeat(2), 1);
            let signature = crate::support::signature::Signature::by(s.idp_key)
                .over(&forge.assertion.id, doubled.as_bytes());
            let signed = forge
                .assertion_with(&signature)
                .replacen(&once, &once.repeat(2), 1);
            forge.response_around(&signed)
        },
    );
    list.add(
        "double: the response's Status",
        "saml.status_missing",
        |s| {
            let mut forge = s.forge();
            forge.response.status = forge.response.status.repeat(2);
            forge.xml()
        },
    );
}

/// Comments and CDATA in places where a part of the value is worth more than
/// the whole (CVE-2017-11427 and its kin). The IdP signed the whole value;
/// where the gateway accepts such a document at all, `values_stay_whole` in
/// the verifier's tests holds it to the whole. What stands here is refused.
fn markup_in_values(list: &mut Catalogue) {
    list.add(
        "comment: around the assertion",
        "saml.assertion_missing",
        |s| {
            let document = genuine(s);
            document
                .replacen("<saml:Assertion", "<!--<saml:Assertion", 1)
                .replacen("</saml:Assertion>", "</saml:Assertion>-->", 1)
        },
    );
    list.add(
        "comment: in the NameID, signed away from its canonical form",
        "saml.signature_digest",
        |s| {
            let mut forge = with_name_id(s, "admin@example.com<!--x-->.evil.example");
            forge.assertion.octets =
                Some(|literal| without_comments(literal).replace(".evil.example", ""));
            forge.xml()
        },
    );
    list.add(
        "CDATA: around the assertion",
        "saml.assertion_missing",
        |s| {
            let document = genuine(s);
            document
                .replacen("<saml:Assertion", "<![CDATA[<saml:Assertion", 1)
                .replacen("</saml:Assertion>", "</saml:Assertion>]]>", 1)
        },
    );
    list.add("CDATA: unfinished", "saml.xml_malformed", |s| {
        with_name_id(s, "<![CDATA[admin").xml()
    });
    list.add(
        "CDATA: an assertion as text, signed",
        "saml.signature_digest",
        |s| {
            let evil = s.forge().saying("admin").unsigned().bare_assertion();
            let mut forge = with_name_id(s, &format!("<![CDATA[{evil}]]>"));
            forge.assertion.octets = Some(with_cdata_expanded);
            forge.sign_assertion.as_mut().unwrap().digest_value = Some("AAAA".to_owned());
            forge.xml()
        },
    );
}
