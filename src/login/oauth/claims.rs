//! Claims into fields: names to try, and the forms in which vendors send a
//! value.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::preset;
use crate::domain::provider::ProviderKind;
use crate::domain::{Field, Profile, Timestamp};

/// Claims as they came.
pub type Claims = Map<String, Value>;

/// Longest subject in octets: what the directory's indexes hold.
const LONGEST_SUBJECT: usize = 800;
/// Most values that are read of one claim.
const MOST_VALUES: usize = 10_000;
/// Claims that are of no use to a reader of a trace, or better not seen.
const HIDDEN: [&str; 13] = [
    "nonce",
    "at_hash",
    "c_hash",
    "s_hash",
    "jti",
    "sid",
    "aio",
    "rh",
    "uti",
    "nbf",
    "iat",
    "exp",
    "session_state",
];
/// What stands in a trace at most, in characters and in values.
const SHOWN: (usize, usize) = (256, 50);

/// Which claim is which field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimMap {
    fields: Vec<(Field, Vec<String>)>,
    subject: Vec<String>,
    groups: Vec<String>,
    scim_id: Vec<String>,
}

impl ClaimMap {
    /// The names that an admin set, and those that are known for the rest.
    #[must_use]
    pub fn new(kind: ProviderKind, set: &BTreeMap<String, Vec<String>>, subject: &[&str]) -> Self {
        let or = |name: &str, known: &[&str]| {
            set.get(name)
                .cloned()
                .unwrap_or_else(|| known.iter().map(|name| (*name).to_owned()).collect())
        };
        Self {
            fields: Field::ALL
                .iter()
                .map(|field| (*field, or(field.name(), preset::claims(kind, *field))))
                .collect(),
            subject: or("sub", subject),
            groups: or("groups", preset::GROUPS),
            scim_id: or("scim_id", &[]),
        }
    }

    /// The field's value: of the first name that holds one.
    #[must_use]
    pub fn value(&self, field: Field, claims: &Claims) -> Option<String> {
        self.names(field).iter().find_map(|name| text(claims, name))
    }

    /// The names that are tried for a field.
    #[must_use]
    pub fn names(&self, field: Field) -> &[String] {
        let found = self.fields.iter().find(|(known, _)| *known == field);
        found.map_or(&[], |(_, names)| names.as_slice())
    }

    /// The person's profile but for the identifiers that have to be vouched
    /// for, which [`super::vouch`] decides on.
    #[must_use]
    pub fn profile(&self, claims: &Claims) -> Profile {
        let mut profile = Profile::default();
        for (field, names) in &self.fields {
            if matches!(field, Field::Email | Field::Upn) {
                continue;
            }
            if let Some(value) = names.iter().find_map(|name| text(claims, name)) {
                profile.set(*field, value);
            }
        }
        if profile.get(Field::Name).is_none() {
            let parts = [Field::GivenName, Field::FamilyName];
            let parts: Vec<&str> = parts.iter().filter_map(|f| profile.get(*f)).collect();
            let name = parts.join(" ");
            profile.set(Field::Name, name);
        }
        profile
    }

    /// What the provider calls the person, for ever: the first name that holds
    /// something that can be an identifier.
    #[must_use]
    pub fn subject(&self, claims: &Claims) -> Option<String> {
        let usable = |text: &String| {
            text.len() <= LONGEST_SUBJECT && !text.chars().any(crate::domain::address::is_deceptive)
        };
        let found = self.subject.iter().find_map(|name| exact(claims, name));
        found.filter(usable)
    }

    /// The names that are tried for the identifier.
    #[must_use]
    pub fn subject_names(&self) -> &[String] {
        &self.subject
    }

    /// The SCIM id, when a claim is named for it.
    #[must_use]
    pub fn scim_id(&self, claims: &Claims) -> Option<String> {
        let found = self.scim_id.iter().find_map(|name| text(claims, name));
        found.filter(|id| id.len() <= LONGEST_SUBJECT)
    }

    /// The group values; none where no claim of a name came.
    #[must_use]
    pub fn groups(&self, claims: &Claims) -> Vec<String> {
        let found = self.groups.iter().find_map(|name| find(claims, name));
        found.map(texts).unwrap_or_default()
    }
}

/// What a name finds: the claim itself, or, with dots, one inside others.
fn find<'c>(claims: &'c Claims, name: &str) -> Option<&'c Value> {
    if let Some(found) = claims.get(name) {
        return Some(found);
    }
    let (first, rest) = name.split_once('.')?;
    find(claims.get(first)?.as_object()?, rest)
}

/// A claim as one text: numbers and truth values are written out, of a list
/// the first counts, of an object its `value`.
#[must_use]
pub fn text(claims: &Claims, name: &str) -> Option<String> {
    let found = exact(claims, name)?;
    let found = found.trim();
    (!found.is_empty()).then(|| found.to_owned())
}

/// A claim that is a moment (`NumericDate`, RFC 7519 §2), its fractions left out;
/// one that no calendar holds is none.
#[must_use]
pub fn moment(claims: &Claims, name: &str) -> Option<Timestamp> {
    /// The year 9999.
    const MOST: f64 = 253_402_300_799.0;
    let seconds = claims.get(name)?.as_f64()?;
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the value is within what both types hold exactly"
    )]
    let whole = (0.0..=MOST).contains(&seconds).then_some(seconds as i64)?;
    Some(Timestamp(0).plus_seconds(whole))
}

/// The authentication methods that the provider names (`amr`, RFC 8176): a list
/// of short words; anything else is left out.
#[must_use]
pub fn methods(claims: &Claims) -> Vec<String> {
    let named = claims.get("amr").and_then(Value::as_array);
    let words = named.into_iter().flatten().filter_map(Value::as_str);
    words
        .filter(|word| (1..=32).contains(&word.len()) && word.bytes().all(|b| b.is_ascii_graphic()))
        .take(16)
        .map(ToOwned::to_owned)
        .collect()
}

/// The same without cutting blanks off: identifiers are taken verbatim.
fn exact(claims: &Claims, name: &str) -> Option<String> {
    one(find(claims, name)?).filter(|text| !text.is_empty())
}

fn one(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        Value::Array(items) => items.iter().find_map(one),
        Value::Object(map) => map.get("value").and_then(one),
        Value::Null => None,
    }
}

fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::Array(items) => items.iter().take(MOST_VALUES).filter_map(one).collect(),
        other => one(other).into_iter().collect(),
    }
}

/// A claim as a truth value: vendors write them as such, as a text or as a
/// number. `None` when it is absent or none.
#[must_use]
pub fn truth(claims: &Claims, name: &str) -> Option<bool> {
    match claims.get(name)? {
        Value::Bool(truth) => Some(*truth),
        Value::String(text) => match text.trim().to_ascii_lowercase().as_str() {
            "true" | "1" => Some(true),
            "false" | "0" => Some(false),
            _ => None,
        },
        Value::Number(number) => match number.as_i64() {
            Some(1) => Some(true),
            Some(0) => Some(false),
            _ => None,
        },
        _ => None,
    }
}

/// The claims as a trace shows them.
#[must_use]
pub fn shown(claims: &Claims) -> BTreeMap<String, Vec<String>> {
    let short = |text: String| -> String { text.chars().take(SHOWN.0).collect() };
    claims
        .iter()
        .filter(|(name, _)| !HIDDEN.contains(&name.as_str()))
        .take(200)
        .map(|(name, value)| {
            let values = match value {
                Value::Array(items) => items.iter().take(SHOWN.1).map(plain).collect(),
                other => vec![plain(other)],
            };
            (short(name.clone()), values.into_iter().map(short).collect())
        })
        .collect()
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// The claims of the ID token and those of userinfo as one. The signed ones
/// win; an address and what is said of it stay together.
#[must_use]
pub fn merged(mut token: Claims, userinfo: Claims) -> Claims {
    const ABOUT_THE_ADDRESS: [&str; 3] = ["email_verified", "xms_edov", "hd"];
    let same_address = token
        .get("email")
        .is_none_or(|ours| userinfo.get("email") == Some(ours));
    for (name, value) in userinfo {
        let apart = !same_address && ABOUT_THE_ADDRESS.contains(&name.as_str());
        if !apart {
            token.entry(name).or_insert(value);
        }
    }
    token
}

#[cfg(test)]
mod tests;
