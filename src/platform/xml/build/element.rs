//! Tags: elements, attributes, and the namespaces that they declare.

use super::{Builder, XmlError, clip, index_of, span};
use crate::platform::xml::chars::{is_absolute_uri, split_qname};
use crate::platform::xml::tag::{RawAttribute, TagReader};
use crate::platform::xml::tree::{AttributeData, Kind, NONE, NamespaceData, NodeData, Span};
use crate::platform::xml::{XML_NAMESPACE, XMLNS_NAMESPACE};

impl<'t> Builder<'t> {
    pub(super) fn start(&mut self, from: usize, to: usize, tag_end: usize) -> Result<(), XmlError> {
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

    pub(super) fn close(&mut self, tag_end: usize) {
        let end = index_of(self.document.nodes.len());
        if let Some((index, outer_scope)) = self.open.pop() {
            self.scope.truncate(outer_scope);
            if let Some(node) = self.document.nodes.get_mut(index as usize) {
                node.end = end;
                node.source.end = index_of(tag_end);
            }
        }
    }

    pub(super) fn end(&mut self, name: &[u8], tag_end: usize) -> Result<(), XmlError> {
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
}

fn bad_name(name: &str) -> XmlError {
    XmlError::BadName { name: clip(name) }
}
