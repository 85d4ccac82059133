//! What stands between tags, and the values of attributes.

use super::{Builder, XmlError, index_of, span};
use crate::platform::xml::chars::{is_space, resolve_reference};
use crate::platform::xml::tree::{Kind, NONE, NodeData, Span};

impl Builder<'_> {
    /// XML 1.0 §3.3.3 for attributes of type CDATA: without a DOCTYPE there
    /// is no other type.
    pub(super) fn normalize(&mut self, raw: &str) -> Result<Span, XmlError> {
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

    pub(super) fn text(&mut self, from: usize, to: usize, markup: bool) -> Result<(), XmlError> {
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

    pub(super) fn reference(&mut self, from: usize, to: usize) -> Result<(), XmlError> {
        if self.open.is_empty() {
            return Err(XmlError::malformed("text outside the root element", from));
        }
        let c = resolve_reference(self.source(from, to))?;
        let value = self.append(c.encode_utf8(&mut [0; 4]));
        self.push_characters(value);
        Ok(())
    }

    pub(super) fn comment(&mut self, from: usize, to: usize) -> Result<(), XmlError> {
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
}
