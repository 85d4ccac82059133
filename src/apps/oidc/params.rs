//! Parameters of a request, each of which comes once (RFC 6749 §3.1).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// How many parameters a request may have.
const MOST: usize = 100;
/// How long all of them together may be, in octets.
pub const LONGEST: usize = 32 * 1024;

/// Parameters by name. Those without a value count as absent (RFC 6749 §3.1).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Params(BTreeMap<String, String>);

/// Parameters as they came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parsed {
    /// Each once.
    pub params: Params,
    /// The first name that came twice.
    pub twice: Option<String>,
}

impl Parsed {
    /// Reads a query or a form.
    #[must_use]
    pub fn read(text: &str) -> Self {
        let mut parsed = Self::default();
        if text.len() > LONGEST {
            parsed.twice = Some("everything".to_owned());
            return parsed;
        }
        for (count, (name, value)) in url::form_urlencoded::parse(text.as_bytes()).enumerate() {
            if count >= MOST || parsed.params.0.contains_key(name.as_ref()) {
                parsed.twice.get_or_insert_with(|| name.into_owned());
                continue;
            }
            parsed
                .params
                .0
                .insert(name.into_owned(), value.into_owned());
        }
        parsed
    }
}

impl Params {
    /// A parameter that has a value.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0
            .get(name)
            .map(String::as_str)
            .filter(|value| !value.is_empty())
    }

    /// Whether a parameter came, with a value or without.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// Takes over others that are not there yet.
    pub fn take_from(&mut self, others: Self) {
        for (name, value) in others.0 {
            self.0.entry(name).or_insert(value);
        }
    }

    /// The same without some.
    #[must_use]
    pub fn without(mut self, names: &[&str]) -> Self {
        self.0.retain(|name, _| !names.contains(&name.as_str()));
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_comes_once() {
        let parsed = Parsed::read("a=1&b=%20x+y&c=&d");
        assert_eq!(parsed.twice, None);
        assert_eq!(parsed.params.get("a"), Some("1"));
        assert_eq!(parsed.params.get("b"), Some(" x y"));
        assert_eq!(parsed.params.get("c"), None);
        assert!(parsed.params.has("c") && parsed.params.has("d"));
        assert_eq!(Parsed::read("a=1&b=2&a=1").twice.as_deref(), Some("a"));
        assert_eq!(Parsed::read("a=&a=1").twice.as_deref(), Some("a"));
        let many: Vec<String> = (0..=MOST).map(|n| format!("p{n}=1")).collect();
        assert!(Parsed::read(&many.join("&")).twice.is_some());
        assert!(Parsed::read(&"a".repeat(LONGEST + 1)).twice.is_some());
    }
}
