//! JSON bodies, with errors that say where and what.

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, StatusCode, header};
use serde::de::{
    Deserialize, DeserializeOwned, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor,
};
use serde_json::{Map, Value};

use super::problem::{FieldError, Problem};

/// A JSON body of type `T`. What cannot be taken becomes a [`Problem`] that
/// names the place and, for a mistyped key, the nearest key that exists.
#[derive(Clone, Debug)]
pub struct ApiJson<T>(pub T);

impl<S, T> FromRequest<S> for ApiJson<T>
where
    S: Send + Sync,
    T: DeserializeOwned,
{
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        expect_json(request.headers())?;
        let body = Bytes::from_request(request, state)
            .await
            .map_err(|rejection| unreadable(rejection.status()))?;
        Self::from_slice(&body).map(Self)
    }
}

impl<T: DeserializeOwned> ApiJson<T> {
    /// Takes a body that was read already, with the same errors.
    pub fn from_slice(body: &[u8]) -> Result<T, Problem> {
        let mut reader = serde_json::Deserializer::from_slice(body);
        let once: Once = serde_path_to_error::deserialize(&mut reader).map_err(described)?;
        reader
            .end()
            .map_err(|error| explain(String::new(), &error))?;
        Self::from_value(once.0)
    }

    /// Takes a value that was made out of a body, as a merge patch makes one,
    /// with the same errors.
    pub fn from_value(value: serde_json::Value) -> Result<T, Problem> {
        serde_path_to_error::deserialize(value).map_err(described)
    }
}

/// A value in which no object has a key twice (RFC 8259 §4): of two values each
/// reader might take another one.
struct Once(Value);

impl<'de> Deserialize<'de> for Once {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyValue).map(Self)
    }
}

struct AnyValue;

impl<'de> Visitor<'de> for AnyValue {
    type Value = Value;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut all = Vec::new();
        while let Some(Once(item)) = items.next_element()? {
            all.push(item);
        }
        Ok(Value::Array(all))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut all = Map::new();
        while let Some(key) = entries.next_key::<String>()? {
            if all.contains_key(&key) {
                // Where the value is, so that the error has the key's place.
                entries.next_value_seed(Twice)?;
            }
            let Once(value) = entries.next_value()?;
            all.insert(key, value);
        }
        Ok(Value::Object(all))
    }
}

struct Twice;

impl<'de> DeserializeSeed<'de> for Twice {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, _: D) -> Result<(), D::Error> {
        Err(serde::de::Error::custom("stands twice"))
    }
}

/// Refuses a body that does not say that it is JSON (`415`).
pub fn expect_json(headers: &HeaderMap) -> Result<(), Problem> {
    if is_json(headers) {
        return Ok(());
    }
    Err(Problem::new(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "request.content_type",
        "The body is not JSON.",
    )
    .with_detail("Send the header Content-Type: application/json."))
}

/// `application/json`, or anything that says that it is JSON underneath, such
/// as `application/merge-patch+json`.
fn is_json(headers: &HeaderMap) -> bool {
    let Some(kind) = headers
        .get(header::CONTENT_TYPE)
        .and_then(|field| field.to_str().ok())
    else {
        return false;
    };
    let essence = kind.split(';').next().unwrap_or_default().trim();
    let essence = essence.to_ascii_lowercase();
    essence
        .strip_prefix("application/")
        .is_some_and(|subtype| subtype == "json" || subtype.ends_with("+json"))
}

fn unreadable(status: StatusCode) -> Problem {
    if status == StatusCode::PAYLOAD_TOO_LARGE {
        return Problem::new(status, "request.too_large", "The body is too large.");
    }
    Problem::malformed("The body broke off.")
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn described(error: serde_path_to_error::Error<serde_json::Error>) -> Problem {
    explain(pointer(error.path()), error.inner())
}

fn explain(place: String, error: &serde_json::Error) -> Problem {
    use serde_json::error::Category;
    let text = error.to_string();
    match error.classify() {
        Category::Data => {
            // The position in the text says less than the pointer does.
            let said = text.split(" at line ").next().unwrap_or(&text);
            let said = nearest_key(said).unwrap_or_else(|| said.to_owned());
            Problem::invalid(said.clone()).with_error(FieldError::at(place, said))
        }
        Category::Syntax | Category::Eof | Category::Io => {
            Problem::malformed(format!("The body is no valid JSON: {text}."))
        }
    }
}

/// The place of an error as a JSON Pointer.
fn pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    path.iter().fold(String::new(), |mut text, segment| {
        text.push('/');
        match segment {
            Segment::Seq { index } => text.push_str(&index.to_string()),
            Segment::Map { key } | Segment::Enum { variant: key } => {
                text.push_str(&key.replace('~', "~0").replace('/', "~1"));
            }
            Segment::Unknown => {}
        }
        text
    })
}

/// For serde's "unknown field `x`, expected one of `a`, `b`": what was
/// probably meant.
fn nearest_key(message: &str) -> Option<String> {
    let kind = message.strip_prefix("unknown ")?;
    let kind = kind.split(' ').next()?;
    let mut quoted = message.split('`').skip(1).step_by(2);
    let given = quoted.next()?;
    let known: Vec<&str> = quoted.collect();
    let what = if kind == "field" { "key" } else { "value" };
    let nearest = known
        .iter()
        .map(|key| (strsim::damerau_levenshtein(given, key), *key))
        .filter(|(distance, key)| *distance <= 1 + key.len() / 3)
        .min();
    Some(match nearest {
        Some((_, key)) => format!("unknown {what} `{given}`; did you mean `{key}`?"),
        None if known.is_empty() => format!("unknown {what} `{given}`; none is known here"),
        None => format!("unknown {what} `{given}`; known are {}", known.join(", ")),
    })
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Thing {
        #[serde(rename = "allowed_domains")]
        _domains: Vec<String>,
        #[serde(default, rename = "saml")]
        _saml: Option<Part>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Part {
        #[serde(rename = "a/b")]
        _sign: bool,
    }

    fn problem(body: &str) -> (u16, String, Option<String>) {
        let problem = ApiJson::<Thing>::from_slice(body.as_bytes()).unwrap_err();
        let place = problem.errors.first().and_then(|e| e.pointer.clone());
        (
            problem.status.as_u16(),
            problem.detail.unwrap_or_default().into(),
            place,
        )
    }

    #[test]
    fn mistakes_are_named() {
        let (status, detail, place) = problem(r#"{"alowed_domains": []}"#);
        assert_eq!(status, 422);
        assert_eq!(
            detail,
            "unknown key `alowed_domains`; did you mean `allowed_domains`?"
        );
        assert_eq!(place.as_deref(), Some("/alowed_domains"));

        let (status, detail, _) = problem(r#"{"colour": 1}"#);
        assert_eq!(status, 422);
        assert_eq!(
            detail,
            "unknown key `colour`; known are allowed_domains, saml"
        );

        let (status, detail, place) = problem(r#"{"allowed_domains": ["a", 7]}"#);
        assert_eq!(status, 422);
        assert_eq!(detail, "invalid type: integer `7`, expected a string");
        assert_eq!(place.as_deref(), Some("/allowed_domains/1"));

        let (_, _, place) = problem(r#"{"allowed_domains": [], "saml": {"a/b": "yes"}}"#);
        assert_eq!(place.as_deref(), Some("/saml/a~1b"));

        let (status, detail, _) = problem("{}");
        assert_eq!(status, 422);
        assert_eq!(detail, "missing field `allowed_domains`");
    }

    #[test]
    fn a_key_stands_once() {
        for (body, place) in [
            (
                r#"{"allowed_domains": [], "allowed_domains": ["*"]}"#,
                "/allowed_domains",
            ),
            (
                r#"{"allowed_domains": [], "saml": {"a/b": true, "a\/b": true}}"#,
                "/saml/a~1b",
            ),
            (
                r#"{"allowed_domains": [{"x": 1, "x": 1}]}"#,
                "/allowed_domains/0/x",
            ),
        ] {
            let found = problem(body);
            assert_eq!(
                found,
                (422, "stands twice".to_owned(), Some(place.to_owned())),
                "{body}"
            );
        }
        let value = r#"{"a": [1, -2, 0.5, null, true, "x", {"a": {}}], "b": 18446744073709551615}"#;
        let read = ApiJson::<serde_json::Value>::from_slice(value.as_bytes()).unwrap();
        assert_eq!(
            read,
            serde_json::from_str::<serde_json::Value>(value).unwrap()
        );
    }

    #[test]
    fn what_is_no_json_is_malformed() {
        for body in ["", "{", "nope", r#"{"allowed_domains": []} x"#, "{'a': 1}"] {
            assert_eq!(problem(body).0, 400, "{body}");
        }
        let (_, detail, _) = problem("{\n  \"allowed_domains\": [,]}");
        assert!(detail.contains("line 2"), "{detail}");
    }
}
