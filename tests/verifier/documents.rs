//! Random documents that are well-formed and full of what canonicalization is
//! about: namespaces declared, redeclared, undeclared and unused, attributes
//! in and out of namespaces, references, CDATA, comments, white space.

use super::random::Random;

const PREFIXES: [&str; 7] = ["", "a", "b", "saml", "ds", "xs", "Z"];
const URIS: [&str; 8] = [
    "urn:a",
    "urn:b",
    "urn:oasis:names:tc:SAML:2.0:assertion",
    "http://www.w3.org/2000/09/xmldsig#",
    "http://www.w3.org/2001/XMLSchema",
    "http://example.com/a?b=c;d=e",
    "urn:example:%C3%A4",
    "tag:z",
];
const NAMES: [&str; 8] = ["e", "f", "Attribute", "Value", "_x", "x-y.z", "Größe", "id"];
const TEXTS: [&str; 24] = [
    "plain",
    " ",
    "\n  ",
    "\t",
    "&amp;",
    "&lt;tag&gt;",
    ">",
    "\"",
    "'",
    "&quot;",
    "&apos;",
    "&#13;",
    "&#xD;\n",
    "\r\n",
    "\r",
    "&#10;",
    "&#9;",
    "&#x41;",
    "ä€😀",
    "&#x1F600;",
    "\u{A0}",
    "&#160;",
    "]]",
    "a=b;c",
];

const COMMENTS: [&str; 4] = ["<!--c-->", "<!-- a - b -->", "<!---->", "<!--\r\n&amp;-->"];
const SECTIONS: [&str; 4] = [
    "<![CDATA[]]>",
    "<![CDATA[<&\"'>]]>",
    "<![CDATA[a\r\nb]]>",
    "<![CDATA[]]]]>",
];

/// A document and what it has in it.
pub struct Sample {
    /// The text.
    pub text: String,
    /// The number of its elements.
    pub elements: usize,
    /// Whether an attribute of the namespace `xml` stands anywhere.
    pub xml_attributes: bool,
}

struct Writer<'r> {
    random: &'r mut Random,
    out: String,
    elements: usize,
    xml_attributes: bool,
    /// The declarations in scope, innermost last.
    scope: Vec<(&'static str, &'static str)>,
}

/// One random document.
pub fn sample(random: &mut Random) -> Sample {
    let mut out = String::new();
    if random.chance(20) {
        out.push_str("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    }
    if random.chance(10) {
        out.push_str("<!-- before -->\n");
    }
    let mut writer = Writer {
        random,
        out,
        elements: 0,
        xml_attributes: false,
        scope: Vec::new(),
    };
    writer.element(0);
    if writer.random.chance(10) {
        writer.out.push_str("\n<!-- after -->");
    }
    Sample {
        text: writer.out,
        elements: writer.elements,
        xml_attributes: writer.xml_attributes,
    }
}

impl Writer<'_> {
    fn lookup(&self, prefix: &str) -> Option<&'static str> {
        self.scope
            .iter()
            .rev()
            .find(|(bound, _)| *bound == prefix)
            .map(|(_, uri)| *uri)
    }

    fn element(&mut self, depth: usize) {
        self.elements += 1;
        let outer = self.scope.len();
        let mut declared: Vec<(&str, &str)> = Vec::new();
        for _ in 0..self.random.below(4) {
            let prefix = *self.random.pick(&PREFIXES);
            if declared.iter().any(|(p, _)| *p == prefix) {
                continue;
            }
            let uri = if prefix.is_empty() && self.random.chance(30) {
                ""
            } else {
                *self.random.pick(&URIS)
            };
            declared.push((prefix, uri));
            self.scope.push((prefix, uri));
        }
        let prefix = self.bound_prefix();
        let local = *self.random.pick(&NAMES);
        let name = qualified(prefix, local);
        self.out.push('<');
        self.out.push_str(&name);
        let mut parts: Vec<String> = declared
            .iter()
            .map(|(prefix, uri)| {
                let name = if prefix.is_empty() {
                    "xmlns".to_owned()
                } else {
                    format!("xmlns:{prefix}")
                };
                format!("{name}={}", self.random.quoted(uri))
            })
            .collect();
        self.attributes(&mut parts);
        // Declarations and attributes come in any order.
        while !parts.is_empty() {
            let at = self.random.below(parts.len());
            let part = parts.swap_remove(at);
            let blank = *self.random.pick(&[" ", "  ", "\n ", "\t"]);
            self.out.push_str(blank);
            self.out.push_str(&part);
        }
        if self.random.chance(15) {
            self.out.push_str("/>");
        } else {
            self.out.push('>');
            self.content(depth);
            self.out.push_str(&format!("</{name}>"));
        }
        self.scope.truncate(outer);
    }

    fn bound_prefix(&mut self) -> &'static str {
        let prefix = *self.random.pick(&PREFIXES);
        if self.lookup(prefix).is_some() {
            prefix
        } else {
            ""
        }
    }

    fn attributes(&mut self, parts: &mut Vec<String>) {
        let mut seen: Vec<(String, &str)> = Vec::new();
        for _ in 0..self.random.below(5) {
            if self.random.chance(4) {
                if seen.iter().any(|(uri, _)| uri == "xml") {
                    continue;
                }
                seen.push(("xml".to_owned(), ""));
                self.xml_attributes = true;
                parts.push(
                    (*self.random.pick(&[
                        "xml:lang=\"de\"",
                        "xml:space='preserve'",
                        "xml:base=\"urn:x\"",
                    ]))
                    .to_owned(),
                );
                continue;
            }
            let prefix = self.bound_prefix();
            let name = *self.random.pick(&NAMES);
            let uri = if prefix.is_empty() {
                String::new()
            } else {
                self.lookup(prefix).unwrap().to_owned()
            };
            if seen.iter().any(|(u, n)| *u == uri && *n == name) {
                continue;
            }
            seen.push((uri, name));
            let value: String = (0..self.random.below(4))
                .map(|_| *self.random.pick(&TEXTS))
                .collect();
            let quoted = self.random.quoted(&value);
            parts.push(format!("{}={quoted}", qualified(prefix, name)));
        }
    }

    fn content(&mut self, depth: usize) {
        for _ in 0..self.random.below(6) {
            match self.random.below(10) {
                0..=3 if depth < 6 => self.element(depth + 1),
                4 => {
                    let comment = *self.random.pick(&COMMENTS);
                    self.out.push_str(comment);
                }
                5 => {
                    let section = *self.random.pick(&SECTIONS);
                    self.out.push_str(section);
                }
                _ => {
                    let text = *self.random.pick(&TEXTS);
                    self.out.push_str(text);
                    // "]]" and ">" may not meet in text.
                    if text == "]]" {
                        self.out.push('.');
                    }
                }
            }
        }
    }
}

impl Random {
    /// `value` in quotation marks of either kind.
    fn quoted(&mut self, value: &str) -> String {
        if self.chance(30) {
            format!("'{}'", value.replace('\'', "&apos;"))
        } else {
            format!("\"{}\"", value.replace('"', "&quot;"))
        }
    }
}

fn qualified(prefix: &str, name: &str) -> String {
    if prefix.is_empty() {
        name.to_owned()
    } else {
        format!("{prefix}:{name}")
    }
}
