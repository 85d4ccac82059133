//! JSON bodies read key by key, so that every mistake is told at once.

use axum::extract::{FromRequest, Request};
use serde_json::{Map, Value};

use super::error::ApiError;
use crate::domain::Timestamp;
use crate::platform::config::nearest;
use crate::platform::web::{ApiJson, FieldError, Problem};

/// What a body says of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Given<T> {
    /// Nothing.
    Absent,
    /// `null`, or nothing but blanks: it shall be empty.
    Empty,
    /// A value.
    Value(T),
}

impl<T> Given<T> {
    /// The value, if there is one.
    pub(super) fn value(self) -> Option<T> {
        match self {
            Self::Value(value) => Some(value),
            Self::Absent | Self::Empty => None,
        }
    }

    /// As an edit: nothing, away with it, or a value.
    #[expect(clippy::option_option, reason = "the three cases are the edit's own")]
    pub(super) fn edit(self) -> Option<Option<T>> {
        match self {
            Self::Absent => None,
            Self::Empty => Some(None),
            Self::Value(value) => Some(Some(value)),
        }
    }
}

/// A JSON object, the keys that were asked for, and the mistakes found so far.
#[derive(Debug, Default)]
pub(super) struct Fields {
    values: Map<String, Value>,
    known: Vec<&'static str>,
    errors: Vec<FieldError>,
}

impl FromRequest<super::ApiState> for Fields {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &super::ApiState) -> Result<Self, Problem> {
        let ApiJson(values) = ApiJson::<Value>::from_request(request, state).await?;
        match values {
            Value::Object(values) => Ok(Self::of(values)),
            _ => Err(Problem::invalid("The body must be a JSON object.")
                .with_error(FieldError::at("", "must be an object"))),
        }
    }
}

impl Fields {
    /// The keys of an object.
    pub(super) fn of(values: Map<String, Value>) -> Self {
        Self {
            values,
            ..Self::default()
        }
    }

    /// Takes what stands under a key as it is.
    pub(super) fn take(&mut self, key: &'static str) -> Option<Value> {
        self.known.push(key);
        self.values.remove(key)
    }

    /// Whether this very value stands under a key.
    pub(super) fn says(&self, key: &str, value: &Value) -> bool {
        self.values.get(key) == Some(value)
    }

    /// Notes a mistake at a key or below it (`roles/0`).
    pub(super) fn refuse(&mut self, place: &str, detail: impl Into<String>) {
        self.errors
            .push(FieldError::at(format!("/{place}"), detail));
    }

    /// Whether a mistake was found at a key.
    pub(super) fn is_refused(&self, key: &str) -> bool {
        let at = |error: &FieldError| error.pointer.as_deref() == Some(&format!("/{key}"));
        self.errors.iter().any(at)
    }

    /// Whether a mistake was found below a key.
    pub(super) fn is_refused_below(&self, key: &str) -> bool {
        let below = format!("/{key}/");
        let is_below = |error: &FieldError| {
            let pointer = error.pointer.as_deref();
            pointer.is_some_and(|pointer| pointer.starts_with(&below))
        };
        self.errors.iter().any(is_below)
    }

    /// A text, without blanks around it.
    pub(super) fn text(&mut self, key: &'static str) -> Given<String> {
        match self.take(key) {
            None => Given::Absent,
            Some(Value::Null) => Given::Empty,
            Some(Value::String(text)) if text.trim().is_empty() => Given::Empty,
            Some(Value::String(text)) if text.contains('\0') => {
                self.refuse(key, "holds a character that no text can hold");
                Given::Absent
            }
            Some(Value::String(text)) => Given::Value(text.trim().to_owned()),
            Some(_) => {
                self.refuse(key, "must be a text");
                Given::Absent
            }
        }
    }

    /// A date and time. A blank text is none: who has an empty variable where
    /// the end of something should stand does not mean that it never ends.
    pub(super) fn time(&mut self, key: &'static str) -> Given<Timestamp> {
        let given = self.values.get(key).and_then(Value::as_str);
        if given.is_some_and(|text| text.trim().is_empty()) {
            self.take(key);
            self.refuse(key, "must be a date and time, or null");
            return Given::Absent;
        }
        match self.text(key) {
            Given::Absent => Given::Absent,
            Given::Empty => Given::Empty,
            Given::Value(text) => {
                if let Some(time) = Timestamp::parse_rfc3339(&text) {
                    return Given::Value(time);
                }
                self.refuse(
                    key,
                    "must be a date and time as in RFC 3339, 2026-11-21T20:15:30Z",
                );
                Given::Absent
            }
        }
    }

    /// A truth value.
    pub(super) fn flag(&mut self, key: &'static str) -> Given<bool> {
        match self.take(key) {
            None => Given::Absent,
            Some(Value::Null) => Given::Empty,
            Some(Value::Bool(flag)) => Given::Value(flag),
            Some(_) => {
                self.refuse(key, "must be true or false");
                Given::Absent
            }
        }
    }

    /// A list.
    fn items(&mut self, key: &'static str) -> Given<Vec<Value>> {
        match self.take(key) {
            None => Given::Absent,
            Some(Value::Null) => Given::Empty,
            Some(Value::Array(items)) => Given::Value(items),
            Some(_) => {
                self.refuse(key, "must be a list of texts");
                Given::Absent
            }
        }
    }

    /// A list of texts, without blanks around them.
    pub(super) fn texts(&mut self, key: &'static str) -> Given<Vec<String>> {
        let items = match self.items(key) {
            Given::Absent => return Given::Absent,
            Given::Empty => return Given::Empty,
            Given::Value(items) => items,
        };
        let mut found = Vec::with_capacity(items.len());
        for (index, item) in items.iter().enumerate() {
            match item.as_str() {
                Some(text) => found.push(text.trim().to_owned()),
                None => self.refuse(&format!("{key}/{index}"), "must be a text"),
            }
        }
        Given::Value(found)
    }

    /// One word of a closed list.
    pub(super) fn word<T: Copy>(
        &mut self,
        key: &'static str,
        all: &[T],
        name: fn(T) -> &'static str,
    ) -> Given<T> {
        match self.text(key) {
            Given::Absent => Given::Absent,
            Given::Empty => Given::Empty,
            Given::Value(text) => match one_of(&text, all, name) {
                Ok(word) => Given::Value(word),
                Err(detail) => {
                    self.refuse(key, detail);
                    Given::Absent
                }
            },
        }
    }

    /// A list of words of a closed list.
    pub(super) fn words<T: Copy>(
        &mut self,
        key: &'static str,
        all: &[T],
        name: fn(T) -> &'static str,
    ) -> Given<Vec<T>> {
        let items = match self.items(key) {
            Given::Absent => return Given::Absent,
            Given::Empty => return Given::Empty,
            Given::Value(items) => items,
        };
        let mut found = Vec::with_capacity(items.len().min(all.len()));
        for (index, item) in items.iter().enumerate() {
            let word = match item.as_str() {
                Some(text) => one_of(text.trim(), all, name),
                None => Err("must be a text".to_owned()),
            };
            match word {
                Ok(word) => found.push(word),
                Err(detail) => self.refuse(&format!("{key}/{index}"), detail),
            }
        }
        Given::Value(found)
    }

    /// Every mistake that was found, unknown keys among them.
    pub(super) fn finish(mut self) -> Result<(), ApiError> {
        for key in self.values.keys() {
            let nearest = nearest(key, self.known.iter().copied());
            let detail = match nearest {
                Some(near) => format!("unknown key `{key}`; did you mean `{near}`?"),
                None => format!("unknown key `{key}`; known are {}", self.known.join(", ")),
            };
            let place = key.replace('~', "~0").replace('/', "~1");
            self.errors
                .push(FieldError::at(format!("/{place}"), detail));
        }
        if self.errors.is_empty() {
            Ok(())
        } else {
            Err(ApiError::mistakes(self.errors))
        }
    }
}

/// The word that a text is; else what is wrong with it.
pub(super) fn one_of<T: Copy>(
    text: &str,
    all: &[T],
    name: fn(T) -> &'static str,
) -> Result<T, String> {
    let names = || all.iter().map(|word| name(*word));
    if let Some(word) = all.iter().find(|word| name(**word) == text) {
        return Ok(*word);
    }
    if let Some(near) = nearest(text, names()) {
        return Err(format!("`{text}` is not known; did you mean `{near}`?"));
    }
    let known: Vec<&str> = names().collect();
    Err(format!(
        "`{text}` is not known; known are {}",
        known.join(", ")
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Role;

    fn fields(body: Value) -> Fields {
        match body {
            Value::Object(values) => Fields::of(values),
            other => panic!("{other}"),
        }
    }

    #[test]
    fn values_are_told_apart() {
        let mut body = fields(serde_json::json!({
            "a": " x ", "b": null, "c": "  ", "d": "2026-01-01T01:00:00+01:00",
            "e": ["admin"], "f": [], "g": null
        }));
        assert_eq!(body.text("a"), Given::Value("x".to_owned()));
        assert_eq!(body.text("b"), Given::Empty);
        assert_eq!(body.text("c"), Given::Empty);
        assert_eq!(body.text("z"), Given::Absent);
        assert_eq!(body.time("d"), Given::Value(Timestamp(1_767_225_600_000)));
        assert_eq!(body.time("g"), Given::Empty);
        assert_eq!(
            body.words("e", Role::ALL, Role::as_str),
            Given::Value(vec![Role::Admin])
        );
        assert_eq!(
            body.words("f", Role::ALL, Role::as_str),
            Given::Value(vec![])
        );
        assert!(body.finish().is_ok());
    }

    #[test]
    fn every_mistake_is_kept() {
        let mut body = fields(serde_json::json!({
            "name": 7, "nul": "a\u{0}", "at": "tomorrow", "until": " ", "roles": ["admn", 1, "zzzzzzzz"],
            "role": "admn", "nmae": "x"
        }));
        body.text("name");
        body.text("nul");
        body.time("at");
        body.time("until");
        body.words("roles", Role::ALL, Role::as_str);
        body.word("role", Role::ALL, Role::as_str);
        assert!(
            body.is_refused_below("roles") && body.is_refused("name") && !body.is_refused("nmae")
        );
        let said: Vec<String> = body
            .errors
            .iter()
            .map(|e| format!("{} {}", e.pointer.as_deref().unwrap(), e.detail))
            .collect();
        assert_eq!(
            said,
            [
                "/name must be a text",
                "/nul holds a character that no text can hold",
                "/at must be a date and time as in RFC 3339, 2026-11-21T20:15:30Z",
                "/until must be a date and time, or null",
                "/roles/0 `admn` is not known; did you mean `admin`?",
                "/roles/1 must be a text",
                "/roles/2 `zzzzzzzz` is not known; known are admin, user-manager, auditor",
                "/role `admn` is not known; did you mean `admin`?",
            ]
        );
        assert!(body.finish().is_err());
        assert!(fields(serde_json::json!({"nmae": 1})).finish().is_err());
    }
}
