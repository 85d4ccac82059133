//! The one place that prints.
//!
//! Results go to standard output, what is wrong goes to standard error. Names
//! and addresses come from elsewhere, so characters that would steer the
//! terminal are replaced.

use std::io::{ErrorKind, Write as _};

use anyhow::Context as _;
use serde::Serialize;

/// Prints a line on standard output.
pub(super) fn line(text: &str) -> anyhow::Result<()> {
    finish(writeln!(std::io::stdout().lock(), "{text}"))
}

/// Prints a line on standard error.
pub(super) fn complain(text: &str) {
    // Where standard error is gone, there is nobody to tell.
    drop(writeln!(std::io::stderr().lock(), "{text}"));
}

/// Prints a value as JSON, for scripts.
pub(super) fn json(value: &impl Serialize) -> anyhow::Result<()> {
    line(&serde_json::to_string_pretty(value).context("the answer is no JSON")?)
}

/// Prints rows below their headings, each column as wide as it must be.
pub(super) fn table(headings: &[&str], rows: &[Vec<String>]) -> anyhow::Result<()> {
    line(&render_table(headings, rows))
}

/// Prints names and values, the values below each other.
pub(super) fn pairs(pairs: &[(&str, String)]) -> anyhow::Result<()> {
    line(&render_pairs(pairs))
}

/// A reader that has gone away (`doorward user list | head`) is no failure.
fn finish(outcome: std::io::Result<()>) -> anyhow::Result<()> {
    match outcome {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        other => other.context("standard output cannot be written"),
    }
}

fn render_table(headings: &[&str], rows: &[Vec<String>]) -> String {
    let rows: Vec<Vec<String>> = std::iter::once(headings.iter().map(|h| harmless(h)).collect())
        .chain(rows.iter().map(|r| r.iter().map(|c| harmless(c)).collect()))
        .collect();
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..headings.len()).map(width).collect();
    let lines: Vec<String> = rows
        .iter()
        .map(|row| {
            let cells = row.iter().zip(&widths);
            let padded: Vec<String> = cells
                .map(|(cell, width)| format!("{cell:<width$}"))
                .collect();
            padded.join("  ").trim_end().to_owned()
        })
        .collect();
    lines.join("\n")
}

fn render_pairs(pairs: &[(&str, String)]) -> String {
    let width = pairs.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    let lines: Vec<String> = pairs
        .iter()
        .map(|(name, value)| {
            let line = format!("{name:<width$}  {}", harmless(value));
            line.trim_end().to_owned()
        })
        .collect();
    lines.join("\n")
}

/// The text without characters that a terminal would obey or hide.
fn harmless(text: &str) -> String {
    text.chars()
        .map(|c| {
            if crate::domain::address::is_deceptive(c) {
                char::REPLACEMENT_CHARACTER
            } else {
                c
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_below_each_other() {
        let rows = [
            vec!["Ada".to_owned(), "active".to_owned()],
            vec!["Gräfin Zahl".to_owned(), String::new()],
        ];
        assert_eq!(
            render_table(&["NAME", "STATUS"], &rows),
            "NAME         STATUS\nAda          active\nGräfin Zahl"
        );
        assert_eq!(
            render_pairs(&[("id", "1".to_owned()), ("name", "Ada".to_owned())]),
            "id    1\nname  Ada"
        );
    }

    #[test]
    fn the_terminal_is_not_steered() {
        let rows = [vec!["\u{1b}[2Jevil\r\n\u{202e}".to_owned()]];
        assert_eq!(
            render_table(&["N"], &rows),
            "N\n\u{fffd}[2Jevil\u{fffd}\u{fffd}\u{fffd}"
        );
    }
}
