//! The parser: quick-xml's events, checked and laid down in the arena.
//!
//! quick-xml finds the borders of tags, texts and references; whether what
//! stands between them is XML is decided here, since it is lenient by design:
//! in `element` for tags, in `text` for the rest.

mod element;
mod text;

use quick_xml::Reader;
use quick_xml::events::Event;

use super::XML_NAMESPACE;
use super::chars::{is_space, survey};
use super::error::XmlError;
use super::tag::TagReader;
use super::tree::{Document, Limits, NONE, NamespaceData, Span};

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
