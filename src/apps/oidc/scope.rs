//! Scopes: a set of words.

use std::collections::BTreeSet;

use crate::domain::Application;
use crate::domain::application::GrantType;

/// Scopes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scopes(BTreeSet<String>);

impl Scopes {
    /// Reads words with blanks between them (RFC 6749 §3.3).
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let words = text.split(' ').filter(|word| !word.is_empty());
        Self(words.map(ToOwned::to_owned).collect())
    }

    /// Whether a scope is among them.
    #[must_use]
    pub fn has(&self, scope: &str) -> bool {
        self.0.contains(scope)
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Those that the client may have. The others fall away, unknown ones too
    /// (OpenID Connect Core §3.1.2.1), and the answer says what was granted.
    #[must_use]
    pub fn granted(&self, application: &Application) -> Self {
        let refreshes = application.grant_types.contains(&GrantType::RefreshToken);
        let allowed = |scope: &&String| {
            application.scopes.contains(*scope) && (scope.as_str() != "offline_access" || refreshes)
        };
        Self(self.0.iter().filter(allowed).cloned().collect())
    }

    /// Whether all of these are among others.
    #[must_use]
    pub fn within(&self, others: &Self) -> bool {
        self.0.is_subset(&others.0)
    }

    /// These and others.
    #[must_use]
    pub fn and(&self, others: &Self) -> Self {
        Self(self.0.union(&others.0).cloned().collect())
    }

    /// The words in order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

impl std::fmt::Display for Scopes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let words: Vec<&str> = self.iter().collect();
        f.write_str(&words.join(" "))
    }
}
