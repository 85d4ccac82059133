//! The audit log and login traces as JSON lines: one record a line, whatever
//! stands in it, read a page at a time while it is sent.

use std::collections::VecDeque;

use bytes::Bytes;
use futures_util::Stream;
use futures_util::stream::try_unfold;
use serde::Serialize;

use super::audit::EventFilter;
use super::error::DirectoryError;
use super::traces::{TraceFilter, TraceShape};
use super::{Directory, Page};

/// What a download of lines is called.
pub const CONTENT_TYPE: &str = "application/jsonl; charset=utf-8";

/// Records that are read at a time. A trace has a message of up to 32 KiB.
const PAGE: usize = 100;

/// A record as one line. JSON escapes the controls that end lines; some readers
/// break lines at three further characters, which JSON lets stand.
fn line(record: &impl Serialize) -> Result<String, DirectoryError> {
    let text = serde_json::to_string(record)
        .map_err(|e| crate::platform::storage::StorageError::Statement(e.to_string()))?;
    let mut line = String::with_capacity(text.len() + 1);
    for c in text.chars() {
        match c {
            '\u{85}' => line.push_str("\\u0085"),
            '\u{2028}' => line.push_str("\\u2028"),
            '\u{2029}' => line.push_str("\\u2029"),
            c => line.push(c),
        }
    }
    line.push('\n');
    Ok(line)
}

fn lines<T: Serialize>(records: impl IntoIterator<Item = T>) -> Result<Bytes, DirectoryError> {
    let mut text = String::new();
    for record in records {
        text.push_str(&line(&record)?);
    }
    Ok(Bytes::from(text))
}

/// What is still to be sent: pages that were read, and where the next begins.
struct Rest<T> {
    pages: VecDeque<Vec<T>>,
    cursor: Option<String>,
}

impl<T> Rest<T> {
    fn of(page: Page<T>) -> Self {
        Self {
            pages: VecDeque::from([page.items]),
            cursor: page.next_cursor,
        }
    }
}

impl Directory {
    /// The login traces as JSON lines, newest first. The first page is read before
    /// this answers, so that a database that is away is told as an error.
    pub async fn login_lines(
        &self,
        filter: TraceFilter,
    ) -> Result<impl Stream<Item = Result<Bytes, DirectoryError>> + use<>, DirectoryError> {
        let first = self.login_traces(filter.clone(), None, PAGE).await?;
        let directory = self.clone();
        Ok(try_unfold(Rest::of(first), move |mut rest| {
            let (directory, filter) = (directory.clone(), filter.clone());
            async move {
                let items = match (rest.pages.pop_front(), rest.cursor.take()) {
                    (Some(items), cursor) => {
                        rest.cursor = cursor;
                        items
                    }
                    (None, None) => return Ok(None),
                    (None, cursor) => {
                        let page = directory.login_traces(filter, cursor, PAGE).await?;
                        rest.cursor = page.next_cursor;
                        page.items
                    }
                };
                let bytes = lines(items.into_iter().map(TraceShape::from))?;
                Ok(Some((bytes, rest)))
            }
        }))
    }

    /// The audit log as JSON lines, newest first, in the same way.
    pub async fn audit_lines(
        &self,
        filter: EventFilter,
    ) -> Result<impl Stream<Item = Result<Bytes, DirectoryError>> + use<>, DirectoryError> {
        let first = self.audit(filter.clone(), None, PAGE).await?;
        let directory = self.clone();
        Ok(try_unfold(Rest::of(first), move |mut rest| {
            let (directory, filter) = (directory.clone(), filter.clone());
            async move {
                let items = match (rest.pages.pop_front(), rest.cursor.take()) {
                    (Some(items), cursor) => {
                        rest.cursor = cursor;
                        items
                    }
                    (None, None) => return Ok(None),
                    (None, cursor) => {
                        let page = directory.audit(filter, cursor, PAGE).await?;
                        rest.cursor = page.next_cursor;
                        page.items
                    }
                };
                Ok(Some((lines(items)?, rest)))
            }
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_stands_in_a_record_it_is_one_line() {
        let text = "a\nb\r\nc\u{b}\u{c}\u{1c}\u{1d}\u{1e}\u{85}\u{2028}\u{2029}{\"x\":1}\0 ä🔑";
        let written = line(&[text]).unwrap();
        assert_eq!(written.matches('\n').count(), 1);
        assert!(written.ends_with('\n'));
        let breaks = ['\u{b}', '\u{c}', '\u{85}', '\u{2028}', '\u{2029}', '\r'];
        assert!(!written.contains(breaks), "{written}");
        let back: Vec<String> = serde_json::from_str(&written).unwrap();
        assert_eq!(back, [text]);
    }
}
