//! A document as an arena of nodes in document order, and how it is read.
//!
//! [`Document::parse`] accepts namespace-well-formed XML 1.0 in UTF-8 without a
//! DOCTYPE and within [`Limits`], and nothing else. The document owns its text,
//! so it can be kept and passed on; a [`Node`] is a small handle that borrows
//! it. Nothing recurses, dropping included.

use std::borrow::Cow;

use super::error::XmlError;

/// How large a document may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Length of the text in bytes.
    pub bytes: usize,
    /// Elements within each other, the root counted.
    pub depth: usize,
    /// Elements in all.
    pub elements: usize,
    /// Attributes of one element, namespace declarations not counted.
    pub attributes: usize,
    /// Namespace declarations in scope at one element.
    pub namespaces: usize,
    /// Whether processing instructions are passed over rather than refused. A
    /// document that had one cannot be canonicalized.
    pub processing_instructions: bool,
}

impl Limits {
    /// For protocol messages.
    pub const MESSAGE: Self = Self {
        bytes: 256 * 1024,
        depth: 64,
        elements: 4096,
        attributes: 64,
        namespaces: 64,
        processing_instructions: false,
    };

    /// For metadata, which administrators bring and which may describe a
    /// whole federation.
    pub const METADATA: Self = Self {
        bytes: 2 * 1024 * 1024,
        depth: 64,
        elements: 65_536,
        attributes: 64,
        namespaces: 128,
        processing_instructions: true,
    };
}

/// A piece of the document's buffer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) start: u32,
    pub(super) end: u32,
}

/// An index that stands for "none".
pub(super) const NONE: u32 = u32::MAX;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Element,
    Text,
    Comment,
}

#[derive(Clone, Debug)]
pub(super) struct NodeData {
    pub(super) kind: Kind,
    /// Index of the parent, [`NONE`] for the root.
    pub(super) parent: u32,
    /// Index of the first node after this one's subtree.
    pub(super) end: u32,
    /// The qualified name of an element, the content of a text or comment.
    pub(super) value: Span,
    /// Length of the name's prefix, 0 without one.
    pub(super) prefix_len: u32,
    /// The namespace of an element's name, [`NONE`] for none.
    pub(super) namespace: u32,
    /// The element's own attributes, as indices from … to.
    pub(super) attributes: (u32, u32),
    /// The element's own namespace declarations, as indices from … to.
    pub(super) declarations: (u32, u32),
    /// The element's octets in the source, tags included.
    pub(super) source: Span,
}

#[derive(Clone, Debug)]
pub(super) struct AttributeData {
    pub(super) name: Span,
    pub(super) prefix_len: u32,
    pub(super) namespace: u32,
    pub(super) value: Span,
}

/// A namespace declaration; an empty prefix is the default namespace, an empty
/// URI takes the default namespace away.
#[derive(Clone, Copy, Debug)]
pub(super) struct NamespaceData {
    pub(super) prefix: Span,
    pub(super) uri: Span,
}

/// An XML document that satisfied every rule of the parser.
#[derive(Clone, Debug)]
pub struct Document {
    /// The source, and after it the values that are not literally in it.
    pub(super) buffer: String,
    pub(super) source_len: usize,
    pub(super) nodes: Vec<NodeData>,
    pub(super) attributes: Vec<AttributeData>,
    /// The first entry is the built-in binding of `xml`.
    pub(super) namespaces: Vec<NamespaceData>,
    /// Whether processing instructions were passed over.
    pub(super) incomplete: bool,
}

impl Document {
    /// Reads a message within [`Limits::MESSAGE`].
    pub fn parse(text: &str) -> Result<Self, XmlError> {
        Self::parse_within(text, &Limits::MESSAGE)
    }

    /// Reads a document within limits of the caller's choice.
    pub fn parse_within(text: &str, limits: &Limits) -> Result<Self, XmlError> {
        super::build::build(text, limits)
    }

    /// The document element.
    #[must_use]
    pub const fn root(&self) -> Node<'_> {
        Node {
            document: self,
            index: 0,
        }
    }

    /// The text that was read, without its BOM.
    #[must_use]
    pub fn source(&self) -> &str {
        self.buffer.get(..self.source_len).unwrap_or_default()
    }

    /// The root and every element below it, in document order.
    pub fn elements(&self) -> impl Iterator<Item = Node<'_>> {
        std::iter::once(self.root()).chain(self.root().descendants())
    }

    pub(super) fn slice(&self, span: Span) -> &str {
        self.buffer
            .get(span.start as usize..span.end as usize)
            .unwrap_or_default()
    }

    #[expect(
        clippy::indexing_slicing,
        reason = "an index is only made by the parser, for a node that exists"
    )]
    pub(super) fn node(&self, index: u32) -> &NodeData {
        &self.nodes[index as usize]
    }

    pub(super) fn attributes_of(&self, data: &NodeData) -> &[AttributeData] {
        self.attributes
            .get(data.attributes.0 as usize..data.attributes.1 as usize)
            .unwrap_or_default()
    }

    pub(super) fn declarations_of(&self, data: &NodeData) -> &[NamespaceData] {
        self.namespaces
            .get(data.declarations.0 as usize..data.declarations.1 as usize)
            .unwrap_or_default()
    }

    /// The URI of a namespace index, empty for none.
    pub(super) fn namespace_uri(&self, index: u32) -> &str {
        self.namespaces
            .get(index as usize)
            .map_or("", |n| self.slice(n.uri))
    }
}

/// An element of a document.
#[derive(Clone, Copy)]
pub struct Node<'d> {
    pub(super) document: &'d Document,
    pub(super) index: u32,
}

impl PartialEq for Node<'_> {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self.document, other.document) && self.index == other.index
    }
}

impl Eq for Node<'_> {}

impl std::fmt::Debug for Node<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "<{}>#{}", self.qualified_name(), self.index)
    }
}

impl<'d> Node<'d> {
    fn data(self) -> &'d NodeData {
        self.document.node(self.index)
    }

    /// The name as it is written, prefix included.
    #[must_use]
    pub fn qualified_name(self) -> &'d str {
        self.document.slice(self.data().value)
    }

    /// The local part of the name.
    #[must_use]
    pub fn name(self) -> &'d str {
        local_part(self.qualified_name(), self.data().prefix_len)
    }

    /// The namespace of the name, empty for none.
    #[must_use]
    pub fn namespace(self) -> &'d str {
        self.document.namespace_uri(self.data().namespace)
    }

    /// Whether the element has this expanded name.
    #[must_use]
    pub fn is(self, namespace: &str, local: &str) -> bool {
        self.name() == local && self.namespace() == namespace
    }

    /// The value of the attribute of this name in no namespace.
    #[must_use]
    pub fn attr(self, local: &str) -> Option<&'d str> {
        self.attr_ns("", local)
    }

    /// The value of the attribute of this expanded name.
    #[must_use]
    pub fn attr_ns(self, namespace: &str, local: &str) -> Option<&'d str> {
        self.attributes()
            .find(|a| a.name() == local && a.namespace() == namespace)
            .map(Attribute::value)
    }

    /// The attributes in the order in which they are written, namespace
    /// declarations left out.
    pub fn attributes(self) -> impl Iterator<Item = Attribute<'d>> {
        let document = self.document;
        document
            .attributes_of(self.data())
            .iter()
            .map(move |data| Attribute { document, data })
    }

    /// The namespace declarations that the element itself carries, as prefix
    /// (empty for the default namespace) and URI.
    pub fn declarations(self) -> impl Iterator<Item = (&'d str, &'d str)> {
        let document = self.document;
        document
            .declarations_of(self.data())
            .iter()
            .map(move |d| (document.slice(d.prefix), document.slice(d.uri)))
    }

    /// The URI that a prefix (empty for the default namespace) is bound to at
    /// this element. Values such as `xsi:type` are qualified names too.
    #[must_use]
    pub fn lookup_prefix(self, prefix: &str) -> Option<&'d str> {
        if prefix == "xml" {
            return Some(super::XML_NAMESPACE);
        }
        let mut at = Some(self);
        while let Some(node) = at {
            if let Some((_, uri)) = node.declarations().find(|(p, _)| *p == prefix) {
                return (!uri.is_empty()).then_some(uri);
            }
            at = node.parent();
        }
        None
    }

    /// The namespace declarations in force at this element, as prefix (empty
    /// for the default namespace) and URI, the binding of `xml` left out.
    #[must_use]
    pub fn namespaces_in_scope(self) -> Vec<(&'d str, &'d str)> {
        let mut found: Vec<(&str, &str)> = Vec::new();
        for node in std::iter::successors(Some(self), |n| n.parent()) {
            for (prefix, uri) in node.declarations() {
                // The innermost declaration counts; xmlns="" hides those
                // outside.
                if prefix != "xml" && !found.iter().any(|(p, _)| *p == prefix) {
                    found.push((prefix, uri));
                }
            }
        }
        found.retain(|(_, uri)| !uri.is_empty());
        found
    }

    /// The element that holds this one.
    #[must_use]
    pub fn parent(self) -> Option<Self> {
        let parent = self.data().parent;
        (parent != NONE).then_some(Self {
            document: self.document,
            index: parent,
        })
    }

    /// The child elements.
    #[must_use]
    pub fn children(self) -> Children<'d> {
        Children {
            document: self.document,
            next: self.index + 1,
            end: self.data().end,
        }
    }

    /// The first child element of this expanded name.
    #[must_use]
    pub fn child(self, namespace: &str, local: &str) -> Option<Self> {
        self.children().find(|c| c.is(namespace, local))
    }

    /// The child elements of this expanded name.
    pub fn children_named<'n>(
        self,
        namespace: &'n str,
        local: &'n str,
    ) -> impl Iterator<Item = Self> + use<'d, 'n> {
        self.children().filter(move |c| c.is(namespace, local))
    }

    /// Every element below this one, in document order.
    pub fn descendants(self) -> impl Iterator<Item = Self> + use<'d> {
        let document = self.document;
        (self.index + 1..self.data().end)
            .filter(move |i| document.node(*i).kind == Kind::Element)
            .map(move |index| Self { document, index })
    }

    /// Whether `other` is this element or stands below it.
    #[must_use]
    pub fn contains(self, other: Self) -> bool {
        std::ptr::eq(self.document, other.document)
            && (self.index..self.data().end).contains(&other.index)
    }

    /// The character data directly inside the element, whole: CDATA sections
    /// are part of it, and a comment in its midst does not cut it.
    #[must_use]
    pub fn text(self) -> Cow<'d, str> {
        let document = self.document;
        let mut pieces = self
            .child_nodes()
            .filter(|(_, data)| data.kind == Kind::Text)
            .map(|(_, data)| document.slice(data.value));
        let first = pieces.next().unwrap_or_default();
        match pieces.next() {
            None => Cow::Borrowed(first),
            Some(second) => {
                let mut whole = String::with_capacity(first.len() + second.len());
                whole.push_str(first);
                whole.push_str(second);
                whole.extend(pieces);
                Cow::Owned(whole)
            }
        }
    }

    /// Whether a comment stands anywhere below the element.
    #[must_use]
    pub fn has_comments(self) -> bool {
        (self.index + 1..self.data().end).any(|i| self.document.node(i).kind == Kind::Comment)
    }

    /// The element as it is written in the source, from its first `<` to its
    /// last `>`. Unlike the canonical form it is no safe thing to trust.
    #[must_use]
    pub fn source(self) -> &'d str {
        self.document.slice(self.data().source)
    }

    /// Where [`Node::source`] stands in [`Document::source`], in bytes.
    #[must_use]
    pub fn source_range(self) -> std::ops::Range<usize> {
        let span = self.data().source;
        span.start as usize..span.end as usize
    }

    fn child_nodes(self) -> impl Iterator<Item = (u32, &'d NodeData)> {
        let document = self.document;
        let end = self.data().end;
        let mut next = self.index + 1;
        std::iter::from_fn(move || {
            (next < end).then(|| {
                let index = next;
                let data = document.node(index);
                next = data.end;
                (index, data)
            })
        })
    }
}

/// The child elements of an element.
#[derive(Clone, Debug)]
pub struct Children<'d> {
    document: &'d Document,
    next: u32,
    end: u32,
}

impl<'d> Iterator for Children<'d> {
    type Item = Node<'d>;

    fn next(&mut self) -> Option<Node<'d>> {
        while self.next < self.end {
            let index = self.next;
            let data = self.document.node(index);
            self.next = data.end;
            if data.kind == Kind::Element {
                return Some(Node {
                    document: self.document,
                    index,
                });
            }
        }
        None
    }
}

/// An attribute of an element.
#[derive(Clone, Copy)]
pub struct Attribute<'d> {
    document: &'d Document,
    data: &'d AttributeData,
}

impl<'d> Attribute<'d> {
    /// The name as it is written, prefix included.
    #[must_use]
    pub fn qualified_name(self) -> &'d str {
        self.document.slice(self.data.name)
    }

    /// The local part of the name.
    #[must_use]
    pub fn name(self) -> &'d str {
        local_part(self.qualified_name(), self.data.prefix_len)
    }

    /// The namespace of the name, empty for none.
    #[must_use]
    pub fn namespace(self) -> &'d str {
        self.document.namespace_uri(self.data.namespace)
    }

    /// The normalised value (XML 1.0 §3.3.3).
    #[must_use]
    pub fn value(self) -> &'d str {
        self.document.slice(self.data.value)
    }
}

impl std::fmt::Debug for Attribute<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}={:?}", self.qualified_name(), self.value())
    }
}

fn local_part(name: &str, prefix_len: u32) -> &str {
    match prefix_len {
        0 => name,
        n => name.get(n as usize + 1..).unwrap_or_default(),
    }
}
