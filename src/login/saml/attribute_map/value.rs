//! What a value must be like before it becomes a field.

use super::read::Hit;
use super::{AttributeError, Target};
use crate::domain::address::{email_key, is_deceptive, name_key};
use crate::domain::{Field, Timestamp};

/// The longest value that is taken, in characters.
const LONGEST: usize = 1024;

pub(super) fn is_too_long(value: &str) -> bool {
    value.chars().nth(LONGEST).is_some()
}

pub(super) fn too_long(name: &str) -> String {
    format!("A value of the attribute {name} is longer than {LONGEST} characters and was left out.")
}

/// The one identifier that an attribute holds.
///
/// Identifiers are never repaired: a repaired one may be somebody else's.
pub(super) fn identifier<'a>(target: Target, hit: &Hit<'a>) -> Result<&'a str, AttributeError> {
    if let Some(long) = hit.values.iter().find(|v| is_too_long(v)) {
        return Err(AttributeError::TooLong {
            target,
            name: hit.tried.to_owned(),
            characters: long.chars().count(),
        });
    }
    let mut first: Option<(&'a str, String)> = None;
    for value in &hit.values {
        let key = key(target, value).ok_or_else(|| AttributeError::Invalid {
            target,
            name: hit.tried.to_owned(),
            value: (*value).to_owned(),
        })?;
        match &first {
            None => first = Some((value, key)),
            Some((_, other)) if *other == key => {}
            Some(_) => {
                return Err(AttributeError::Conflict {
                    target,
                    names: vec![hit.tried.to_owned()],
                    values: hit.values.iter().map(|v| (*v).to_owned()).collect(),
                });
            }
        }
    }
    // A hit has at least one value.
    first
        .map(|(value, _)| value)
        .ok_or_else(|| AttributeError::Invalid {
            target,
            name: hit.tried.to_owned(),
            value: String::new(),
        })
}

/// The form in which two values of an identifier are the same; `None` when the
/// text cannot be one.
fn key(target: Target, value: &str) -> Option<String> {
    match target {
        Target::Field(Field::Email) => email_key(value),
        // Two readers would take the domain of `a@b@c` from different places.
        Target::Field(_) => name_key(value).filter(|_| value.matches('@').count() < 2),
        // A SCIM id is opaque (RFC 7643 §3.1), its case included.
        Target::ScimId | Target::Groups => {
            (!value.chars().any(is_deceptive)).then(|| value.to_owned())
        }
    }
}

/// A moment, in the form in which profiles keep it.
///
/// One that cannot be read is refused: to let it pass would let somebody in
/// whose time is over.
pub(super) fn moment(target: Target, hit: &Hit<'_>) -> Result<String, AttributeError> {
    let text = hit.values.first().copied().unwrap_or_default();
    Timestamp::parse_rfc3339(text)
        .map(Timestamp::rfc3339)
        .ok_or_else(|| AttributeError::Invalid {
            target,
            name: hit.tried.to_owned(),
            value: text.chars().take(LONGEST).collect(),
        })
}

/// The first value as people may see it, or a note that says why it was left
/// out.
pub(super) fn display(hit: &Hit<'_>) -> Result<String, String> {
    let first = hit.values.first().copied().unwrap_or_default();
    if is_too_long(first) {
        return Err(too_long(hit.tried));
    }
    let text: String = first
        .chars()
        .map(|c| if c.is_whitespace() { ' ' } else { c })
        .filter(|c| !is_unfit(*c))
        .collect();
    let text = text.trim();
    if text.is_empty() {
        return Err(format!(
            "The attribute {} holds nothing that shows and was left out.",
            hit.tried
        ));
    }
    Ok(text.to_owned())
}

/// Characters that must not stand in a text that people see: controls, and
/// those that turn the direction of what follows. The joiners that Persian and
/// the Indic scripts are written with stay.
fn is_unfit(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2066}'..='\u{2069}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
}

pub(super) fn is_web_address(text: &str) -> bool {
    url::Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https"))
}
