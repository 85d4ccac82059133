//! What is wrong with a configuration: every finding with its key.

use std::fmt;

/// One finding: the key that it concerns and a sentence about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The key's full path, `server.listen`, `provider.0.slug`; the file's
    /// name where the file itself is the trouble.
    pub key: String,
    /// What is wrong, and where it helps, what to write instead.
    pub sentence: String,
}

impl Problem {
    /// A finding about `key`.
    pub fn new(key: impl Into<String>, sentence: impl Into<String>) -> Self {
        Self {
            key: key.into(),
            sentence: sentence.into(),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.key, self.sentence)
    }
}

/// Something that works, but that is probably not meant.
pub type Warning = Problem;

/// Everything that keeps a configuration from being used, one finding a line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Problems(pub Vec<Problem>);

impl Problems {
    /// Adds a finding.
    pub fn add(&mut self, key: impl Into<String>, sentence: impl Into<String>) {
        self.0.push(Problem::new(key, sentence));
    }

    /// Whether nothing was found.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The findings in the order in which they were made.
    pub fn iter(&self) -> impl Iterator<Item = &Problem> {
        self.0.iter()
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, problem) in self.0.iter().enumerate() {
            if n > 0 {
                f.write_str("\n")?;
            }
            problem.fmt(f)?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}

/// The known word nearest to `word`, when it is near enough to be a slip.
#[must_use]
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let lower = word.to_ascii_lowercase().replace('-', "_");
    known
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(&lower, candidate), candidate))
        // A third of the letters may differ, but never all of a short word.
        .filter(|(distance, candidate)| {
            let len = candidate.chars().count();
            *distance <= (len / 3).max(1) && *distance < len
                // `cookie` for `cookie_domain`: a beginning, not a slip.
                || (lower.len() >= 4 && candidate.starts_with(&lower))
        })
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn slips_find_their_word() {
        let known = ["listen", "trusted_proxies", "url", "cookie_domain"];
        for (word, expected) in [
            ("lisen", Some("listen")),
            ("Listen", Some("listen")),
            ("trusted-proxies", Some("trusted_proxies")),
            ("trusted_proxy", Some("trusted_proxies")),
            ("cookie", Some("cookie_domain")),
            ("uri", Some("url")),
            ("colour", None),
            ("x", None),
        ] {
            assert_eq!(nearest(word, known), expected, "{word}");
        }
    }
}
