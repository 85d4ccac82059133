//! Canonical XML: the octets that a signature is made over.
//!
//! Exclusive XML Canonicalization 1.0 and, for subtrees that inherit no
//! attribute in the `xml` namespace, Canonical XML 1.0 and 1.1 (without such
//! attributes the two are one). The subject is always one element with all that
//! is below it, less at most one element: that is what XML-DSig's
//! enveloped-signature transform needs, and all that is offered.

use super::XML_NAMESPACE;
use super::tree::{Document, Kind, Node, NodeData};

/// `xmlns="…"` of exclusive canonicalization's `InclusiveNamespaces`.
pub const EXCLUSIVE_NAMESPACE: &str = "http://www.w3.org/2001/10/xml-exc-c14n#";

/// Why no canonical form was made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum C14nError {
    /// The algorithm is not one of ours.
    #[error("the canonicalization algorithm {uri:?} is not supported")]
    UnknownAlgorithm {
        /// Its URI.
        uri: String,
    },
    /// An inclusive method would import or rewrite `xml:` attributes.
    #[error("inclusive canonicalization is refused where xml: attributes are in scope")]
    XmlAttributeInScope,
    /// The document held processing instructions, which were passed over.
    #[error("a document with processing instructions has no canonical form here")]
    Incomplete,
    /// Nothing came out: the digest of nothing must never count.
    #[error("the canonical form is empty")]
    Empty,
}

/// Which namespace declarations are written where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    /// Those that names use, and those of the `PrefixList`.
    Exclusive,
    /// Those in scope.
    Inclusive,
}

/// A canonicalization method with its parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Method<'a> {
    mode: Mode,
    comments: bool,
    prefixes: Vec<&'a str>,
}

impl<'a> Method<'a> {
    /// Exclusive canonicalization without comments and without a `PrefixList`.
    pub const EXCLUSIVE: Method<'static> = Method {
        mode: Mode::Exclusive,
        comments: false,
        prefixes: Vec::new(),
    };

    /// The method that an algorithm URI names.
    pub fn from_uri(uri: &str) -> Result<Self, C14nError> {
        let (mode, comments) = match uri {
            "http://www.w3.org/2001/10/xml-exc-c14n#" => (Mode::Exclusive, false),
            "http://www.w3.org/2001/10/xml-exc-c14n#WithComments" => (Mode::Exclusive, true),
            "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
            | "http://www.w3.org/2006/12/xml-c14n11" => (Mode::Inclusive, false),
            "http://www.w3.org/TR/2001/REC-xml-c14n-20010315#WithComments"
            | "http://www.w3.org/2006/12/xml-c14n11#WithComments" => (Mode::Inclusive, true),
            _ => {
                return Err(C14nError::UnknownAlgorithm {
                    uri: uri.chars().take(256).collect(),
                });
            }
        };
        Ok(Self {
            mode,
            comments,
            prefixes: Vec::new(),
        })
    }

    /// Whether this is exclusive canonicalization, which alone has a
    /// `PrefixList`.
    #[must_use]
    pub fn is_exclusive(&self) -> bool {
        self.mode == Mode::Exclusive
    }

    /// The same, leaving comments out.
    #[must_use]
    pub fn without_comments(mut self) -> Self {
        self.comments = false;
        self
    }

    /// The same with the `PrefixList` of `InclusiveNamespaces`: prefixes parted
    /// by white space, `#default` for the default namespace.
    #[must_use]
    pub fn with_prefix_list(mut self, list: &'a str) -> Self {
        self.prefixes = list
            .split([' ', '\t', '\n', '\r'])
            .filter(|p| !p.is_empty())
            .map(|p| if p == "#default" { "" } else { p })
            .collect();
        self
    }
}

/// The canonical form of an element and what is below it, `without` (the
/// enveloped signature) left out.
pub fn canonicalize(
    apex: Node<'_>,
    method: &Method<'_>,
    without: Option<Node<'_>>,
) -> Result<String, C14nError> {
    let document = apex.document;
    if document.incomplete {
        return Err(C14nError::Incomplete);
    }
    if method.mode == Mode::Inclusive && inherits_xml_attributes(apex) {
        return Err(C14nError::XmlAttributeInScope);
    }
    let mut writer = Writer {
        document,
        method,
        out: String::with_capacity(apex.source().len() + 512),
        rendered: Vec::with_capacity(16),
        fresh: Vec::with_capacity(8),
        order: Vec::with_capacity(16),
    };
    writer.subtree(apex, without.map(|n| n.index));
    if writer.out.is_empty() {
        return Err(C14nError::Empty);
    }
    Ok(writer.out)
}

/// Canonical XML 1.0 §2.4 imports `xml:` attributes of the ancestors, 1.1 §2.4
/// joins `xml:base`; neither is wanted here.
fn inherits_xml_attributes(apex: Node<'_>) -> bool {
    std::iter::successors(Some(apex), |n| n.parent())
        .any(|n| n.attributes().any(|a| a.namespace() == XML_NAMESPACE))
}

/// An element whose end tag is still to be written.
struct Open<'d> {
    end: u32,
    name: &'d str,
    rendered: usize,
}

struct Writer<'d, 'm> {
    document: &'d Document,
    method: &'m Method<'m>,
    out: String,
    /// The declarations that the output's open elements carry, innermost
    /// last: prefix and URI.
    rendered: Vec<(&'d str, &'d str)>,
    /// Those that the element at hand adds.
    fresh: Vec<(&'d str, &'d str)>,
    /// The attributes of the element at hand: URI, local name, qualified name,
    /// value.
    order: Vec<(&'d str, &'d str, &'d str, &'d str)>,
}

impl<'d> Writer<'d, '_> {
    fn subtree(&mut self, apex: Node<'d>, without: Option<u32>) {
        let document = self.document;
        let end = document.node(apex.index).end;
        let mut open: Vec<Open<'d>> = Vec::with_capacity(16);
        let mut index = apex.index;
        while index < end {
            while let Some(done) = open.pop_if(|o| o.end <= index) {
                self.end_tag(&done);
            }
            let data = document.node(index);
            if Some(index) == without {
                index = data.end;
                continue;
            }
            match data.kind {
                Kind::Element => {
                    let rendered = self.rendered.len();
                    let name = document.slice(data.value);
                    self.start_tag(Node { document, index }, data, index == apex.index);
                    open.push(Open {
                        end: data.end,
                        name,
                        rendered,
                    });
                }
                Kind::Text => escape_text(&mut self.out, document.slice(data.value)),
                Kind::Comment if self.method.comments => {
                    self.out.push_str("<!--");
                    self.out.push_str(document.slice(data.value));
                    self.out.push_str("-->");
                }
                Kind::Comment => {}
            }
            index += 1;
        }
        while let Some(done) = open.pop() {
            self.end_tag(&done);
        }
    }

    fn end_tag(&mut self, open: &Open<'d>) {
        self.rendered.truncate(open.rendered);
        self.out.push_str("</");
        self.out.push_str(open.name);
        self.out.push('>');
    }

    fn start_tag(&mut self, node: Node<'d>, data: &'d NodeData, is_apex: bool) {
        let document = self.document;
        let name = document.slice(data.value);
        self.out.push('<');
        self.out.push_str(name);
        self.order.clear();
        self.order.extend(
            node.attributes()
                .map(|a| (a.namespace(), a.name(), a.qualified_name(), a.value())),
        );
        self.fresh.clear();
        match self.method.mode {
            Mode::Exclusive => {
                self.utilized(name, data);
                self.listed(node, is_apex);
            }
            Mode::Inclusive if is_apex => self.all_in_scope(node),
            Mode::Inclusive => {
                for (prefix, uri) in node.declarations() {
                    self.render(prefix, uri);
                }
            }
        }
        // Canonical XML §2.2: declarations by prefix, then attributes by
        // namespace URI and local name.
        self.fresh.sort_unstable();
        for (prefix, uri) in &self.fresh {
            self.out.push_str(" xmlns");
            if !prefix.is_empty() {
                self.out.push(':');
                self.out.push_str(prefix);
            }
            self.out.push_str("=\"");
            escape_attribute(&mut self.out, uri);
            self.out.push('"');
        }
        if self.order.len() > 1 {
            self.order.sort_unstable();
        }
        for (_, _, name, value) in &self.order {
            self.out.push(' ');
            self.out.push_str(name);
            self.out.push_str("=\"");
            escape_attribute(&mut self.out, value);
            self.out.push('"');
        }
        self.out.push('>');
    }

    /// Exclusive C14N §3: the prefixes that the element's own name and its
    /// attributes' names use.
    fn utilized(&mut self, name: &'d str, data: &NodeData) {
        let prefix = name.get(..data.prefix_len as usize).unwrap_or_default();
        self.render(prefix, self.document.namespace_uri(data.namespace));
        for attribute in self.document.attributes_of(data) {
            if attribute.prefix_len > 0 {
                let name = self.document.slice(attribute.name);
                let prefix = name.get(..attribute.prefix_len as usize);
                let uri = self.document.namespace_uri(attribute.namespace);
                self.render(prefix.unwrap_or_default(), uri);
            }
        }
    }

    /// Exclusive C14N §3: prefixes of the `PrefixList` are treated as Canonical
    /// XML treats them. Below the apex a binding changes only where it is
    /// declared.
    fn listed(&mut self, node: Node<'d>, is_apex: bool) {
        let method = self.method;
        if method.prefixes.is_empty() {
            return;
        }
        if is_apex {
            for prefix in &method.prefixes {
                if let Some((prefix, uri)) = binding_in_scope(node, prefix) {
                    self.render(prefix, uri);
                }
            }
            return;
        }
        for (prefix, uri) in node.declarations() {
            if method.prefixes.contains(&prefix) {
                self.render(prefix, uri);
            }
        }
    }

    fn all_in_scope(&mut self, apex: Node<'d>) {
        self.fresh = apex.namespaces_in_scope();
        self.rendered.extend_from_slice(&self.fresh);
    }

    /// Adds a declaration unless the output says the same already.
    fn render(&mut self, prefix: &'d str, uri: &'d str) {
        if prefix == "xml" {
            return;
        }
        let current = self.rendered.iter().rev().find(|(p, _)| *p == prefix);
        let same = match current {
            Some((_, rendered)) => *rendered == uri,
            // Nothing to take away.
            None => uri.is_empty(),
        };
        if !same {
            self.rendered.push((prefix, uri));
            self.fresh.push((prefix, uri));
        }
    }
}

/// The innermost declaration of a prefix at a node.
fn binding_in_scope<'d>(node: Node<'d>, prefix: &str) -> Option<(&'d str, &'d str)> {
    std::iter::successors(Some(node), |n| n.parent())
        .find_map(|n| n.declarations().find(|(p, _)| *p == prefix))
}

/// Canonical XML §2.3, text nodes.
fn escape_text(out: &mut String, text: &str) {
    escape(out, text, |b| match b {
        b'&' => Some("&amp;"),
        b'<' => Some("&lt;"),
        b'>' => Some("&gt;"),
        b'\r' => Some("&#xD;"),
        _ => None,
    });
}

/// Canonical XML §2.3, attribute nodes.
fn escape_attribute(out: &mut String, value: &str) {
    escape(out, value, |b| match b {
        b'&' => Some("&amp;"),
        b'<' => Some("&lt;"),
        b'"' => Some("&quot;"),
        b'\t' => Some("&#x9;"),
        b'\n' => Some("&#xA;"),
        b'\r' => Some("&#xD;"),
        _ => None,
    });
}

#[inline]
fn escape(out: &mut String, text: &str, special: impl Fn(u8) -> Option<&'static str>) {
    let mut from = 0;
    for (at, byte) in text.bytes().enumerate() {
        if let Some(escaped) = special(byte) {
            out.push_str(text.get(from..at).unwrap_or_default());
            out.push_str(escaped);
            from = at + 1;
        }
    }
    out.push_str(text.get(from..).unwrap_or_default());
}
