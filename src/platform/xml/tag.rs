//! The inside of a start tag (XML 1.0 §3.1): a name, then attributes.

use super::chars::is_space;
use super::error::XmlError;

/// One attribute as it is written.
pub(super) struct RawAttribute<'t> {
    /// The qualified name.
    pub(super) name: &'t str,
    /// What stands between the quotes.
    pub(super) value: &'t str,
    /// Where the name starts in the tag's text.
    pub(super) name_at: usize,
    /// Where the value starts in the tag's text.
    pub(super) value_at: usize,
    /// Whether the value holds references, tabs or line ends, so that it is
    /// not its own normal form (§3.3.3).
    pub(super) needs_normalizing: bool,
}

/// Reads a tag's text, `<` and `>` (or `/>`) taken off, from left to right.
pub(super) struct TagReader<'t> {
    text: &'t str,
    at: usize,
    /// Where the text stands in the document, for errors.
    base: usize,
}

impl<'t> TagReader<'t> {
    /// A reader, and the element's name.
    pub(super) fn new(text: &'t str, base: usize) -> (Self, &'t str) {
        let end = text.bytes().position(is_space).unwrap_or(text.len());
        let reader = Self {
            text,
            at: end,
            base,
        };
        (reader, reader_slice(text, 0, end))
    }

    fn fail<T>(&self, reason: &'static str) -> Result<T, XmlError> {
        Err(XmlError::malformed(reason, self.base + self.at))
    }

    fn rest(&self) -> &'t [u8] {
        self.text.as_bytes().get(self.at..).unwrap_or_default()
    }

    fn skip_space(&mut self) -> bool {
        let spaces = self.rest().iter().take_while(|b| is_space(**b)).count();
        self.at += spaces;
        spaces > 0
    }

    /// The next attribute, `None` at the tag's end.
    pub(super) fn next_attribute(&mut self) -> Result<Option<RawAttribute<'t>>, XmlError> {
        let spaced = self.skip_space();
        if self.rest().is_empty() {
            return Ok(None);
        }
        if !spaced {
            return self.fail("attributes need white space before them");
        }
        let name_at = self.at;
        let length = self
            .rest()
            .iter()
            .take_while(|b| **b != b'=' && !is_space(**b))
            .count();
        self.at += length;
        let name = reader_slice(self.text, name_at, self.at);
        self.skip_space();
        if self.rest().first() != Some(&b'=') {
            return self.fail("an attribute has no value");
        }
        self.at += 1;
        self.skip_space();
        let quote = match self.rest().first() {
            Some(quote @ (b'"' | b'\'')) => *quote,
            _ => return self.fail("an attribute's value is not in quotes"),
        };
        self.at += 1;
        let value_at = self.at;
        let mut needs_normalizing = false;
        let mut end = None;
        for (i, &b) in self.rest().iter().enumerate() {
            if b == quote {
                end = Some(i);
                break;
            }
            match b {
                b'<' => return self.fail("an attribute's value holds <"),
                b'&' | b'\t' | b'\n' | b'\r' => needs_normalizing = true,
                _ => {}
            }
        }
        let Some(length) = end else {
            return self.fail("an attribute's value does not end");
        };
        self.at += length + 1;
        Ok(Some(RawAttribute {
            name,
            value: reader_slice(self.text, value_at, value_at + length),
            name_at,
            value_at,
            needs_normalizing,
        }))
    }
}

fn reader_slice(text: &str, start: usize, end: usize) -> &str {
    // Both ends stand beside ASCII characters, so they are boundaries.
    text.get(start..end).unwrap_or_default()
}
