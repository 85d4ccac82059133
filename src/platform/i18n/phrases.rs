//! What a login trace or a check says, in the reader's language.
//!
//! Those sentences are written and kept in English, with values in between: traces are
//! read by scripts, and long after. For a page they are looked up sentence by sentence in
//! `german.txt`, in which a pattern stands above its translation and
//! `{}` for a value. A text of which one sentence is not there stays English as a whole.

use std::sync::LazyLock;

use super::Locale;

/// A sentence with values in between.
struct Pattern {
    /// What stands between the values.
    pieces: Vec<&'static str>,
    /// The translation; `{1}` is the first value.
    to: &'static str,
}

static GERMAN: LazyLock<Vec<Pattern>> = LazyLock::new(|| read(include_str!("german.txt")));

fn read(text: &'static str) -> Vec<Pattern> {
    let mut lines = text
        .lines()
        .filter(|line| !line.trim().is_empty() && !line.starts_with('#'));
    let mut all = Vec::new();
    while let (Some(from), Some(to)) = (lines.next(), lines.next()) {
        all.push(Pattern {
            pieces: from.split("{}").collect(),
            to,
        });
    }
    all
}

impl Pattern {
    /// The values and what follows, if the text begins with this sentence.
    fn matches<'a>(&self, text: &'a str) -> Option<(Vec<&'a str>, &'a str)> {
        let (first, others) = self.pieces.split_first()?;
        let mut rest = text.strip_prefix(first)?;
        let mut values = Vec::with_capacity(others.len());
        for (at, piece) in others.iter().enumerate() {
            let is_last = at + 1 == others.len();
            let end = rest.match_indices(piece).map(|(end, _)| end).find(|end| {
                let after = rest.get(end + piece.len()..).unwrap_or_default();
                !is_last || ends(after)
            })?;
            let (value, after) = rest.split_at_checked(end)?;
            values.push(value);
            rest = after.get(piece.len()..)?;
        }
        ends(rest).then_some((values, rest.trim_start()))
    }

    fn fill(&self, locale: Locale, values: &[&str]) -> String {
        let mut filled = String::with_capacity(self.to.len() + 32);
        let mut rest = self.to;
        while let Some((before, after)) = rest.split_once('{') {
            filled.push_str(before);
            let (number, after) = after.split_once('}').unwrap_or(("", after));
            let at = number.parse::<usize>().unwrap_or(0).wrapping_sub(1);
            let value = values.get(at).copied().unwrap_or_default();
            // A value may be words of ours itself.
            match locale.phrase(value) {
                Some(words) => filled.push_str(&words),
                None => filled.push_str(value),
            }
            rest = after;
        }
        filled.push_str(rest);
        filled
    }
}

/// Whether a sentence can end before this.
fn ends(rest: &str) -> bool {
    rest.is_empty() || rest.starts_with(' ')
}

impl Locale {
    /// An English text of ours in this language; `None` where one of its sentences is
    /// not known, and in English.
    #[must_use]
    pub fn phrase(self, english: &str) -> Option<String> {
        let patterns = match self {
            Self::En => return None,
            Self::De => &*GERMAN,
        };
        let mut rest = english.trim();
        let mut all: Vec<String> = Vec::new();
        while !rest.is_empty() {
            let (pattern, values, after) = patterns.iter().find_map(|pattern| {
                let (values, after) = pattern.matches(rest)?;
                Some((pattern, values, after))
            })?;
            all.push(pattern.fill(self, &values));
            rest = after;
        }
        (!all.is_empty()).then(|| all.join(" "))
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;

    #[test]
    fn sentences_are_told_in_german() {
        for (english, german) in [
            ("Signed in.", Some("Angemeldet.")),
            (
                "The clocks differ by 3 s.",
                Some("Die Uhren gehen 3 s auseinander."),
            ),
            (
                "The IdP made its answer for another service: for https://a.example/x.y, not for \
                 https://b.example.",
                Some(
                    "Der IdP hat seine Antwort für einen anderen Dienst ausgestellt: für \
                     https://a.example/x.y, nicht für https://b.example.",
                ),
            ),
            ("Signed in. And something that nobody knows.", None),
            ("Signed in.And more", None),
            ("", None),
        ] {
            assert_eq!(Locale::De.phrase(english).as_deref(), german, "{english}");
            assert_eq!(Locale::En.phrase(english), None);
        }
    }

    /// All of the source below a folder.
    fn source(folder: &Path, all: &mut String) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                source(&path, all);
            } else if path.extension().is_some_and(|e| e == "rs") {
                all.push_str(&fs::read_to_string(&path).unwrap());
            }
        }
    }

    /// Sentences that are put together of parts.
    const COMPOSED: [&str; 6] = [
        "lets in",
        "settings let in",
        "ahead of ours",
        "behind ours",
        "HTTP-Redirect and",
        "to allowed_domains of the provider",
    ];

    #[test]
    fn every_pattern_is_said_somewhere() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let mut all = String::new();
        source(&root.join("login"), &mut all);
        let joined = joined(&all);
        for pattern in GERMAN.iter() {
            for piece in &pattern.pieces {
                if COMPOSED.iter().any(|composed| piece.contains(composed)) {
                    continue;
                }
                // The reason of an IdP's no is put behind the sentence.
                for part in piece.split(" (it says ") {
                    let part = part.trim().trim_end_matches(['.', ')']);
                    assert!(joined.contains(part), "nobody says {part:?} any more");
                }
            }
            let most = pattern.pieces.len();
            for number in 1..10 {
                let used = pattern.to.contains(&format!("{{{number}}}"));
                assert!(!used || number < most, "{}", pattern.to);
            }
        }
        let mut seen: Vec<&Vec<&str>> = GERMAN.iter().map(|p| &p.pieces).collect();
        let count = seen.len();
        assert!(count > 100, "{count}");
        seen.sort();
        seen.dedup();
        assert_eq!(seen.len(), count, "a pattern stands twice");
    }

    /// Lines that go on are joined as the compiler joins them.
    fn joined(source: &str) -> String {
        let mut joined = String::with_capacity(source.len());
        let mut rest = source;
        while let Some((before, after)) = rest.split_once("\\\n") {
            joined.push_str(before);
            rest = after.trim_start();
        }
        joined.push_str(rest);
        joined.replace("\\\"", "\"")
    }
}
