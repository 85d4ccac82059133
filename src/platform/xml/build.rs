//! The parser: quick-xml's events, checked and laid down in the arena.
//!
//! quick-xml finds the borders of tags, texts and references; whether what
//! stands between them is XML is decided here, since it is lenient by design.

use quick_xml::Reader;
use quick_xml::events::Event;

use super::chars::{is_absolute_uri, is_space, resolve_reference, split_qname, survey};
use super::error::XmlError;
use super::tag::{RawAttribute, TagReader};
use super::tree::{AttributeData, Document, Kind, Limits, NONE, NamespaceData, NodeData, Span};
use super::{XML_NAMESPACE, XMLNS_NAMESPACE};

/// More than any caller asks for, and far from the end of `u32`.
const ABSOLUTE_MAXIMUM: usize = 64 * 1024 * 1024;

/// Reads a whole text.
pub(super) fn build(text: &str, limits: &Limits) -> Result<Document, XmlError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let limit = limits.bytes.min(ABSOLUTE_MAXIMUM);
    if text.len() > limit {
        return Err(XmlError::TooLarge {
            size: text.len(),
            limit,
        });
    }
    let survey = survey(text);
    if let Some(offset) = survey.forbidden {
        return Err(XmlError::ForbiddenCharacter { offset });
    }
    let body_at = read_declaration(text)?;
    let body = text.get(body_at..).unwrap_or_default();
    if body.starts_with('\u{feff}') {
        // The reader below would drop it silently.
        return Err(XmlError::malformed(
            "text outside the root element",
            body_at,
        ));
    }
    let mut builder = Builder::new(text, limits, survey.has_return);
    let mut reader = Reader::from_str(body);
    let config = reader.config_mut();
    // End tags are compared below, against the tree itself.
    config.check_end_names = false;
    loop {
        let event = reader.read_event();
        let at = body_at + usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX);
        match event {
            Ok(Event::Start(tag)) => builder.start(at - tag.len() - 1, at - 1, at)?,
            Ok(Event::Empty(tag)) => {
                builder.start(at - tag.len() - 2, at - 2, at)?;
                builder.close(at);
            }
            Ok(Event::End(tag)) => builder.end(&tag, at)?,
            Ok(Event::Text(piece)) => builder.text(at - piece.len(), at, true)?,
            Ok(Event::CData(piece)) => builder.text(at - 3 - piece.len(), at - 3, false)?,
            Ok(Event::GeneralRef(reference)) => {
                builder.reference(at - 1 - reference.len(), at - 1)?;
            }
            Ok(Event::Comment(piece)) => builder.comment(at - 3 - piece.len(), at - 3)?,
            Ok(Event::DocType(_)) => return Err(XmlError::Doctype),
            Ok(Event::PI(_)) if limits.processing_instructions => {
                builder.document.incomplete = true;
            }
            Ok(Event::PI(_) | Event::Decl(_)) => return Err(XmlError::ProcessingInstruction),
            Ok(Event::Eof) => return builder.finish(),
            Err(_) if starts_doctype(text, &reader, body_at) => return Err(XmlError::Doctype),
            Err(_) => {
                let at = usize::try_from(reader.error_position()).unwrap_or_default();
                return Err(XmlError::malformed("broken markup", body_at + at));
            }
        }
    }
}

/// A DOCTYPE that does not end is still best called one.
fn starts_doctype(text: &str, reader: &Reader<&[u8]>, body_at: usize) -> bool {
    let at = usize::try_from(reader.error_position()).unwrap_or_default();
    text.get(body_at + at..)
        .is_some_and(|rest| rest.starts_with("<!DOCTYPE"))
}

/// XML 1.0 §2.8, production `XMLDecl`: where the text after it starts.
fn read_declaration(text: &str) -> Result<usize, XmlError> {
    let Some(rest) = text
        .strip_prefix("<?xml")
        .filter(|rest| rest.starts_with(|c: char| c.is_ascii() && is_space(c as u8)))
    else {
        return Ok(0);
    };
    let end = rest.find("?>").ok_or(XmlError::Declaration)?;
    let inside = rest.get(..end).unwrap_or_default();
    // It is shaped like the attributes of a tag; `TagReader` wants a name first.
    let (mut parts, _) = TagReader::new(inside, 5);
    let mut expected = ["version", "encoding", "standalone"].iter();
    let mut version = None;
    while let Some(part) = parts.next_attribute().map_err(|_| XmlError::Declaration)? {
        if !expected.any(|name| *name == part.name) {
            return Err(XmlError::Declaration);
        }
        match part.name {
            "version" => version = Some(part.value),
            "encoding" => check_encoding(part.value, text)?,
            _ if matches!(part.value, "yes" | "no") => {}
            _ => return Err(XmlError::Declaration),
        }
    }
    match version {
        Some("1.0") => Ok(5 + end + 2),
        _ => Err(XmlError::Declaration),
    }
}

fn check_encoding(name: &str, text: &str) -> Result<(), XmlError> {
    let ok = name.eq_ignore_ascii_case("utf-8")
        || (name.eq_ignore_ascii_case("us-ascii") && text.is_ascii());
    if ok {
        return Ok(());
    }
    Err(XmlError::Encoding {
        encoding: name.chars().take(64).collect(),
    })
}

struct Builder<'t> {
    text: &'t str,
    limits: &'t Limits,
    document: Document,
    /// The elements that have not ended: node index, and how many
    /// declarations were in scope before them.
    open: Vec<(u32, usize)>,
    /// The declarations in scope.
    scope: Vec<u32>,
    elements: usize,
    has_return: bool,
    has_cdata_end: bool,
}

impl<'t> Builder<'t> {
    fn new(text: &'t str, limits: &'t Limits, has_return: bool) -> Self {
        // A tag has some 40 bytes in these vocabularies; a guess saves growing.
        let guess = text.len() / 48 + 8;
        let mut document = Document {
            buffer: String::with_capacity(text.len() + 256),
            source_len: text.len(),
            nodes: Vec::with_capacity(guess),
            attributes: Vec::with_capacity(guess),
            namespaces: Vec::with_capacity(16),
            incomplete: false,
        };
        document.buffer.push_str(text);
        let mut builder = Self {
            text,
            limits,
            document,
            open: Vec::with_capacity(16),
            scope: Vec::with_capacity(16),
            elements: 0,
            has_return,
            has_cdata_end: text.contains("]]>"),
        };
        let prefix = builder.append("xml");
        let uri = builder.append(XML_NAMESPACE);
        builder
            .document
            .namespaces
            .push(NamespaceData { prefix, uri });
        builder
    }

    fn append(&mut self, value: &str) -> Span {
        let start = self.mark();
        self.document.buffer.push_str(value);
        Span {
            start,
            end: self.mark(),
        }
    }

    /// Where the next appended value will start.
    fn mark(&self) -> u32 {
        index_of(self.document.buffer.len())
    }

    fn source(&self, start: usize, end: usize) -> &'t str {
        self.text.get(start..end).unwrap_or_default()
    }

    fn start(&mut self, from: usize, to: usize, tag_end: usize) -> Result<(), XmlError> {
        if self.open.is_empty() && !self.document.nodes.is_empty() {
            return Err(XmlError::malformed("more than one root element", from));
        }
        if self.open.len() >= self.limits.depth {
            return Err(XmlError::TooDeep {
                limit: self.limits.depth,
            });
        }
        self.elements += 1;
        if self.elements > self.limits.elements {
            return Err(XmlError::TooManyElements {
                limit: self.limits.elements,
            });
        }
        let outer_scope = self.scope.len();
        let first_attribute = index_of(self.document.attributes.len());
        let first_declaration = index_of(self.document.namespaces.len());
        let (mut tag, name) = TagReader::new(self.source(from, to), from);
        while let Some(attribute) = tag.next_attribute()? {
            self.attribute(&attribute, from, first_attribute, first_declaration)?;
        }
        let (prefix_len, _) = split_qname(name).ok_or_else(|| bad_name(name))?;
        let namespace = self.resolve(name.get(..prefix_len).unwrap_or_default())?;
        self.resolve_attributes(first_attribute)?;
        let index = index_of(self.document.nodes.len());
        self.document.nodes.push(NodeData {
            kind: Kind::Element,
            parent: self.open.last().map_or(NONE, |(parent, _)| *parent),
            end: index + 1,
            value: span(from, from + name.len()),
            prefix_len: index_of(prefix_len),
            namespace,
            attributes: (first_attribute, index_of(self.document.attributes.len())),
            declarations: (first_declaration, index_of(self.document.namespaces.len())),
            source: span(from - 1, tag_end),
        });
        self.open.push((index, outer_scope));
        Ok(())
    }

    fn attribute(
        &mut self,
        raw: &RawAttribute<'t>,
        tag_at: usize,
        first_attribute: u32,
        first_declaration: u32,
    ) -> Result<(), XmlError> {
        let value = if raw.needs_normalizing {
            self.normalize(raw.value)?
        } else {
            let start = tag_at + raw.value_at;
            span(start, start + raw.value.len())
        };
        let (prefix_len, local) = split_qname(raw.name).ok_or_else(|| bad_name(raw.name))?;
        let name_at = tag_at + raw.name_at;
        let name = span(name_at, name_at + raw.name.len());
        let declared = match (prefix_len, raw.name.get(..prefix_len)) {
            (0, _) if local == "xmlns" => Some(span(name_at, name_at)),
            (5, Some("xmlns")) => Some(span(name_at + 6, name_at + raw.name.len())),
            _ => None,
        };
        if let Some(prefix) = declared {
            return self.declare(prefix, value, raw, first_declaration);
        }
        let count = self.document.attributes.len() - first_attribute as usize;
        if count >= self.limits.attributes {
            return Err(XmlError::TooManyAttributes {
                limit: self.limits.attributes,
            });
        }
        self.document.attributes.push(AttributeData {
            name,
            prefix_len: index_of(prefix_len),
            namespace: NONE,
            value,
        });
        Ok(())
    }

    /// Namespaces in XML §2.2 and §3.
    fn declare(
        &mut self,
        prefix: Span,
        uri: Span,
        raw: &RawAttribute<'_>,
        first: u32,
    ) -> Result<(), XmlError> {
        let prefix_text = self.document.slice(prefix);
        let uri_text = self.document.slice(uri);
        // xmlns:xml may say what holds anyway.
        let redundant = prefix_text == "xml" && uri_text == XML_NAMESPACE;
        let reserved = matches!(prefix_text, "xml" | "xmlns")
            || matches!(uri_text, XML_NAMESPACE | XMLNS_NAMESPACE);
        if reserved && !redundant {
            return Err(XmlError::ReservedNamespace {
                declaration: clip(raw.name),
            });
        }
        if uri_text.is_empty() && !prefix_text.is_empty() {
            return Err(XmlError::EmptyNamespace {
                prefix: clip(prefix_text),
            });
        }
        if !uri_text.is_empty() && !is_absolute_uri(uri_text) {
            return Err(XmlError::NamespaceUri {
                uri: clip(uri_text),
            });
        }
        let own = self.document.namespaces.get(first as usize..);
        if own
            .unwrap_or_default()
            .iter()
            .any(|d| self.document.slice(d.prefix) == prefix_text)
        {
            return Err(XmlError::DuplicateAttribute {
                name: clip(raw.name),
            });
        }
        if self.scope.len() >= self.limits.namespaces {
            return Err(XmlError::TooManyNamespaces {
                limit: self.limits.namespaces,
            });
        }
        self.scope.push(index_of(self.document.namespaces.len()));
        self.document.namespaces.push(NamespaceData { prefix, uri });
        Ok(())
    }

    /// The namespace that a prefix is bound to here.
    fn resolve(&self, prefix: &str) -> Result<u32, XmlError> {
        if prefix == "xml" {
            return Ok(0);
        }
        let found = self.scope.iter().rev().find_map(|&index| {
            let declaration = self.document.namespaces.get(index as usize)?;
            (self.document.slice(declaration.prefix) == prefix).then_some((index, declaration.uri))
        });
        match found {
            // xmlns="" takes the default namespace away.
            Some((_, uri)) if uri.start == uri.end => Ok(NONE),
            Some((index, _)) => Ok(index),
            None if prefix.is_empty() => Ok(NONE),
            None => Err(XmlError::UnboundPrefix {
                prefix: clip(prefix),
            }),
        }
    }

    /// Binds the prefixes of an element's attributes, and refuses two with the
    /// same expanded name (Namespaces in XML §6.3).
    fn resolve_attributes(&mut self, first: u32) -> Result<(), XmlError> {
        let first = first as usize;
        for index in first..self.document.attributes.len() {
            let Some(attribute) = self.document.attributes.get(index) else {
                break;
            };
            let name = self.document.slice(attribute.name);
            let prefix_len = attribute.prefix_len as usize;
            let namespace = match name.get(..prefix_len) {
                None | Some("") => NONE,
                Some(prefix) => self.resolve(prefix)?,
            };
            let local = name.get(prefix_len..).unwrap_or_default();
            let local = local.strip_prefix(':').unwrap_or(local);
            let uri = self.document.namespace_uri(namespace);
            let earlier = self.document.attributes.get(first..index);
            let twice = earlier.unwrap_or_default().iter().any(|other| {
                let other_name = self.document.slice(other.name);
                let other_len = other.prefix_len as usize;
                let other_local = other_name.get(other_len..).unwrap_or_default();
                other_local.strip_prefix(':').unwrap_or(other_local) == local
                    && self.document.namespace_uri(other.namespace) == uri
            });
            if twice {
                return Err(XmlError::DuplicateAttribute { name: clip(name) });
            }
            if let Some(attribute) = self.document.attributes.get_mut(index) {
                attribute.namespace = namespace;
            }
        }
        Ok(())
    }

    /// XML 1.0 §3.3.3 for attributes of type CDATA: without a DOCTYPE there
    /// is no other type.
    fn normalize(&mut self, raw: &str) -> Result<Span, XmlError> {
        let start = self.mark();
        let mut rest = raw;
        while let Some(at) = rest.find(['&', '\t', '\n', '\r']) {
            let (before, from) = rest.split_at(at);
            self.document.buffer.push_str(before);
            if let Some(reference) = from.strip_prefix('&') {
                let (name, after) = reference
                    .split_once(';')
                    .ok_or(XmlError::malformed("a reference does not end", 0))?;
                self.document.buffer.push(resolve_reference(name)?);
                rest = after;
            } else {
                // §2.11 makes one line end of CR LF before this rule.
                self.document.buffer.push(' ');
                rest = from
                    .strip_prefix("\r\n")
                    .or_else(|| from.get(1..))
                    .unwrap_or_default();
            }
        }
        self.document.buffer.push_str(rest);
        Ok(Span {
            start,
            end: self.mark(),
        })
    }

    fn close(&mut self, tag_end: usize) {
        let end = index_of(self.document.nodes.len());
        if let Some((index, outer_scope)) = self.open.pop() {
            self.scope.truncate(outer_scope);
            if let Some(node) = self.document.nodes.get_mut(index as usize) {
                node.end = end;
                node.source.end = index_of(tag_end);
            }
        }
    }

    fn end(&mut self, name: &[u8], tag_end: usize) -> Result<(), XmlError> {
        let matches = self.open.last().is_some_and(|(index, _)| {
            let opened = self.document.nodes.get(*index as usize);
            opened.is_some_and(|node| self.document.slice(node.value).as_bytes() == name)
        });
        if !matches {
            let at = tag_end.saturating_sub(name.len() + 3);
            return Err(XmlError::malformed("an end tag closes nothing", at));
        }
        self.close(tag_end);
        Ok(())
    }

    fn text(&mut self, from: usize, to: usize, markup: bool) -> Result<(), XmlError> {
        let raw = self.source(from, to);
        if self.open.is_empty() {
            let blank = markup && raw.bytes().all(is_space);
            return if blank {
                Ok(())
            } else {
                Err(XmlError::malformed("text outside the root element", from))
            };
        }
        // XML 1.0 §2.4: "]]>" must not appear in content.
        if markup && self.has_cdata_end && raw.contains("]]>") {
            return Err(XmlError::malformed("]]> stands in text", from));
        }
        if from == to {
            return Ok(());
        }
        if self.has_return && raw.contains('\r') {
            self.push_normalized(Kind::Text, raw);
        } else {
            self.push_characters(span(from, to));
        }
        Ok(())
    }

    fn reference(&mut self, from: usize, to: usize) -> Result<(), XmlError> {
        if self.open.is_empty() {
            return Err(XmlError::malformed("text outside the root element", from));
        }
        let c = resolve_reference(self.source(from, to))?;
        let value = self.append(c.encode_utf8(&mut [0; 4]));
        self.push_characters(value);
        Ok(())
    }

    fn comment(&mut self, from: usize, to: usize) -> Result<(), XmlError> {
        let raw = self.source(from, to);
        // XML 1.0 §2.5.
        if raw.contains("--") || raw.ends_with('-') {
            return Err(XmlError::malformed("a comment holds --", from));
        }
        if self.open.is_empty() {
            return Ok(());
        }
        if self.has_return && raw.contains('\r') {
            self.push_normalized(Kind::Comment, raw);
        } else {
            self.push_leaf(Kind::Comment, span(from, to));
        }
        Ok(())
    }

    /// XML 1.0 §2.11: CR LF and CR are read as LF.
    fn push_normalized(&mut self, kind: Kind, raw: &str) {
        let start = self.mark();
        let mut lines = raw.split('\r');
        if let Some(first) = lines.next() {
            self.document.buffer.push_str(first);
        }
        for line in lines {
            self.document.buffer.push('\n');
            self.document
                .buffer
                .push_str(line.strip_prefix('\n').unwrap_or(line));
        }
        let value = Span {
            start,
            end: self.mark(),
        };
        match kind {
            Kind::Text => self.push_characters(value),
            _ => self.push_leaf(kind, value),
        }
    }

    /// Adds characters to the text node before them, or makes one.
    fn push_characters(&mut self, piece: Span) {
        let parent = self.open.last().map_or(NONE, |(index, _)| *index);
        let last = self.document.nodes.last();
        let previous = last
            .filter(|node| node.kind == Kind::Text && node.parent == parent)
            .map(|node| node.value);
        let Some(previous) = previous else {
            self.push_leaf(Kind::Text, piece);
            return;
        };
        let value = if previous.end == piece.start {
            // Both stand in the buffer, one after the other.
            Span {
                start: previous.start,
                end: piece.end,
            }
        } else {
            self.join(previous, piece)
        };
        if let Some(node) = self.document.nodes.last_mut() {
            node.value = value;
        }
    }

    fn join(&mut self, first: Span, second: Span) -> Span {
        let buffer = &mut self.document.buffer;
        let range = |s: Span| s.start as usize..s.end as usize;
        if first.end as usize == buffer.len() {
            buffer.extend_from_within(range(second));
            return Span {
                start: first.start,
                end: index_of(buffer.len()),
            };
        }
        let start = index_of(buffer.len());
        buffer.extend_from_within(range(first));
        buffer.extend_from_within(range(second));
        Span {
            start,
            end: index_of(buffer.len()),
        }
    }

    fn push_leaf(&mut self, kind: Kind, value: Span) {
        let index = index_of(self.document.nodes.len());
        self.document.nodes.push(NodeData {
            kind,
            parent: self.open.last().map_or(NONE, |(parent, _)| *parent),
            end: index + 1,
            value,
            prefix_len: 0,
            namespace: NONE,
            attributes: (0, 0),
            declarations: (0, 0),
            source: Span::default(),
        });
    }

    fn finish(self) -> Result<Document, XmlError> {
        if !self.open.is_empty() {
            return Err(XmlError::malformed(
                "an element does not end",
                self.text.len(),
            ));
        }
        if self.document.nodes.is_empty() {
            return Err(XmlError::malformed(
                "there is no root element",
                self.text.len(),
            ));
        }
        Ok(self.document)
    }
}

fn bad_name(name: &str) -> XmlError {
    XmlError::BadName { name: clip(name) }
}

fn clip(text: &str) -> String {
    text.chars().take(128).collect()
}

fn span(start: usize, end: usize) -> Span {
    Span {
        start: index_of(start),
        end: index_of(end),
    }
}

/// Buffers stay below three times [`ABSOLUTE_MAXIMUM`], so nothing is lost.
fn index_of(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(NONE)
}
