//! Typed reading that does not stop at the first mistake.
//!
//! serde reports one error and gives up. Here the value that caused it is
//! noted, taken out, and the reading starts again, until nothing is left to
//! complain about. The structs themselves are therefore the whole schema:
//! their fields are the known keys, their types the rules.

use std::collections::BTreeMap;

use figment::Error;
use figment::error::{Actual, Kind};
use figment::value::{Dict, Empty, Tag, Value};
use serde::de::{DeserializeOwned, Deserializer, Visitor};

use super::problem::{Problem, Problems, nearest};

/// Values that came from environment variables: path → (variable, raw text).
pub(super) type Overrides = BTreeMap<Vec<String>, (String, String)>;

/// Reads values, and keeps what was wrong with them.
#[derive(Debug, Default)]
pub(super) struct Collector {
    pub problems: Problems,
    overrides: Overrides,
}

impl Collector {
    pub fn new(overrides: Overrides) -> Self {
        Self {
            problems: Problems::default(),
            overrides,
        }
    }

    /// Reads a `T` from the value that stands at `path`. Every mistake is
    /// noted; `None` when what is left after taking them out is no `T`.
    pub fn read<T: DeserializeOwned>(&mut self, path: &[String], mut value: Value) -> Option<T> {
        let mut taken = Taken::default();
        // Each round takes one value out, or turns one override into another
        // type; a document of a sane size ends long before the bound.
        for _ in 0..10_000 {
            let error = match value.deserialize::<T>() {
                // What was taken out was noted: a `T` made of the rest is only
                // a guess, but its other fields can still be checked.
                Ok(read) => return Some(read),
                Err(error) => error,
            };
            if let Kind::MissingField(name) = &error.kind {
                let mut at = error.path.clone();
                at.push(name.to_string());
                if !taken.paths.contains(&at) {
                    self.problems.add(join(path, &at), "is missing");
                }
                return None;
            }
            if self.retype(path, &error, &mut value) {
                continue;
            }
            let written = taken.as_written(&error.path);
            self.problems
                .0
                .push(self.describe(path, &written, &error.kind));
            if !taken.take(&mut value, error.path) {
                return None;
            }
        }
        None
    }

    /// An environment variable is text; where a number, a truth value or a
    /// list is wanted, the text is read as one.
    fn retype(&mut self, path: &[String], error: &Error, value: &mut Value) -> bool {
        let full: Vec<String> = path.iter().chain(&error.path).cloned().collect();
        let Kind::InvalidType(Actual::Str(_), expected) = &error.kind else {
            return false;
        };
        let Some((_, raw)) = self.overrides.get(&full) else {
            return false;
        };
        let typed = if expected.contains("sequence") {
            list(raw)
        } else if let Ok(truth) = raw.trim().parse::<bool>() {
            Value::from(truth)
        } else if let Ok(number) = raw.trim().parse::<i64>() {
            Value::from(number)
        } else {
            return false;
        };
        replace(value, &error.path, typed)
    }

    fn describe(&self, path: &[String], rest: &[String], kind: &Kind) -> Problem {
        let full: Vec<String> = path.iter().chain(rest).cloned().collect();
        let mut sentence = sentence(kind, full.last().map_or("", String::as_str));
        if let Some((variable, _)) = self.overrides.get(&full) {
            sentence.push_str(" (set by ");
            sentence.push_str(variable);
            sentence.push(')');
        }
        Problem::new(join(path, rest), sentence)
    }
}

/// What has been taken out of a value.
#[derive(Default)]
struct Taken {
    paths: Vec<Vec<String>>,
    /// For each list that lost entries: the places that the others had.
    places: BTreeMap<Vec<String>, Vec<usize>>,
}

impl Taken {
    /// The path as it was before entries before it were taken out.
    fn as_written(&self, path: &[String]) -> Vec<String> {
        let mut written = Vec::with_capacity(path.len());
        for (depth, part) in path.iter().enumerate() {
            let place = path
                .get(..depth)
                .and_then(|parent| self.places.get(parent))
                .and_then(|places| places.get(part.parse::<usize>().ok()?));
            written.push(place.map_or_else(|| part.clone(), usize::to_string));
        }
        written
    }

    /// Takes out what stands at `path`; `false` when nothing does.
    fn take(&mut self, value: &mut Value, path: Vec<String>) -> bool {
        let Some((last, parents)) = path.split_last() else {
            return false;
        };
        let found = match slot(value, parents) {
            Some(Value::Dict(_, map)) => map.remove(last).is_some(),
            Some(Value::Array(_, items)) => match last.parse::<usize>() {
                Ok(index) if index < items.len() => {
                    let places = self
                        .places
                        .entry(parents.to_vec())
                        .or_insert_with(|| (0..items.len()).collect());
                    items.remove(index);
                    if index < places.len() {
                        places.remove(index);
                    }
                    true
                }
                _ => false,
            },
            _ => false,
        };
        self.paths.push(path);
        found
    }
}

/// A path as people write it.
pub(super) fn join(path: &[String], rest: &[String]) -> String {
    let parts: Vec<&str> = path.iter().chain(rest).map(String::as_str).collect();
    parts.join(".")
}

/// The sentence about a key that nobody knows.
pub(super) fn unknown_key(key: &str, known: &[&'static str]) -> String {
    // Keys of files, which are replaced by what is in them before anything is read.
    let of_files = [
        ("metadata_xml", "metadata_file"),
        ("client_secret", "client_secret_file"),
    ];
    let of_files = of_files
        .into_iter()
        .filter(|(text, _)| known.contains(text))
        .map(|(_, file)| file);
    match nearest(key, known.iter().copied().chain(of_files)) {
        Some(near) => format!("unknown key; did you mean `{near}`?"),
        None if known.is_empty() => "unknown key".to_owned(),
        None => format!("unknown key; known here: {}", known.join(", ")),
    }
}

fn sentence(kind: &Kind, last: &str) -> String {
    match kind {
        Kind::Message(text) => text.clone(),
        Kind::InvalidType(found, expected) | Kind::InvalidValue(found, expected) => {
            format!("expected {}, found {}", humane(expected), found_type(found))
        }
        Kind::UnknownField(_, known) => unknown_key(last, known),
        Kind::UnknownVariant(word, known) => match nearest(word, known.iter().copied()) {
            Some(near) => format!("`{word}` is not known; did you mean `{near}`?"),
            None => format!("`{word}` is not one of {}", known.join(", ")),
        },
        Kind::InvalidLength(length, expected) => {
            format!("has {length} entries, expected {}", humane(expected))
        }
        other => other.to_string(),
    }
}

/// serde's names for what it wants, in words.
fn humane(expected: &str) -> String {
    match expected {
        "a string" => "a text".to_owned(),
        "a sequence" => "a list".to_owned(),
        "a map" => "a table".to_owned(),
        "a boolean" => "true or false".to_owned(),
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number".to_owned(),
        other if other.starts_with("struct ") => "a table".to_owned(),
        other => other.to_owned(),
    }
}

/// The type of what was found. Never the value: it may be a secret.
const fn found_type(found: &Actual) -> &'static str {
    match found {
        Actual::Bool(_) => "true or false",
        Actual::Unsigned(_) | Actual::Signed(_) => "a whole number",
        Actual::Float(_) => "a number",
        Actual::Char(_) | Actual::Str(_) => "a text",
        Actual::Seq => "a list",
        Actual::Map => "a table",
        Actual::Unit | Actual::Option => "nothing",
        _ => "something else",
    }
}

/// `[a, b]` or `a, b` as a list of texts.
fn list(raw: &str) -> Value {
    let inner = raw.trim();
    let inner = inner
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        .unwrap_or(inner);
    let items = inner
        .split(',')
        .map(|item| item.trim().trim_matches(['"', '\'']))
        .filter(|item| !item.is_empty())
        .map(Value::from)
        .collect();
    Value::Array(Tag::Default, items)
}

fn slot<'v>(value: &'v mut Value, path: &[String]) -> Option<&'v mut Value> {
    path.iter().try_fold(value, |at, part| match at {
        Value::Dict(_, map) => map.get_mut(part),
        Value::Array(_, items) => items.get_mut(part.parse::<usize>().ok()?),
        _ => None,
    })
}

fn replace(value: &mut Value, path: &[String], with: Value) -> bool {
    slot(value, path).is_some_and(|at| {
        *at = with;
        true
    })
}

/// Puts a value at a path, making the tables on the way. `false` when
/// something on the way is no table.
pub(super) fn insert(root: &mut Dict, path: &[String], value: Value) -> bool {
    let Some((first, rest)) = path.split_first() else {
        return false;
    };
    if rest.is_empty() {
        root.insert(first.clone(), value);
        return true;
    }
    let next = root
        .entry(first.clone())
        .or_insert_with(|| Value::Dict(Tag::Default, Dict::new()));
    match next {
        Value::Dict(_, map) => insert(map, rest, value),
        Value::Empty(_, Empty::None | Empty::Unit)
        | Value::Array(..)
        | Value::String(..)
        | Value::Char(..)
        | Value::Bool(..)
        | Value::Num(..) => false,
    }
}

/// The field names of a struct that derives `Deserialize`: the keys that its
/// section knows.
pub(super) fn fields_of<T: DeserializeOwned>() -> &'static [&'static str] {
    let mut fields: &'static [&'static str] = &[];
    // The probe answers every request with an error, once it has looked.
    drop(T::deserialize(Probe(&mut fields)));
    fields
}

struct Probe<'f>(&'f mut &'static [&'static str]);

impl<'de> Deserializer<'de> for Probe<'_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Error> {
        Err(Error::from("no struct".to_owned()))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        *self.0 = fields;
        self.deserialize_any(visitor)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf option unit
        unit_struct newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}
