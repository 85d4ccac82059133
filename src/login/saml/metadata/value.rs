//! Values in metadata: addresses, dates, durations, names.

use chrono::NaiveDateTime;
use url::Url;

use super::MetadataError;
use crate::domain::Timestamp;
use crate::domain::address::is_deceptive;
use crate::platform::xml::Node;

/// The longest entity ID (SAML Core §8.3.6), in characters.
const LONGEST_ENTITY_ID: usize = 1024;
/// The longest address of an endpoint, in bytes: what browsers and servers
/// take, with room for the message that is put behind it.
const LONGEST_LOCATION: usize = 2048;
/// The longest label that is shown, in characters.
const LONGEST_LABEL: usize = 200;
/// A hundred years: a longer duration means "for ever".
const LONGEST_DURATION: u64 = 100 * 366 * 86_400;

/// The entity ID without white space around it, as the Issuer is compared.
pub(super) fn entity_id(entity: Node<'_>) -> Result<&str, MetadataError> {
    let id = entity.attr("entityID").unwrap_or_default().trim();
    if id.is_empty() {
        return Err(MetadataError::NoEntityId);
    }
    if id.chars().count() > LONGEST_ENTITY_ID {
        return Err(MetadataError::BadEntityId {
            problem: "it has more than 1024 characters",
        });
    }
    if id.chars().any(|c| is_deceptive(c) || c.is_whitespace()) {
        return Err(MetadataError::BadEntityId {
            problem: "it holds white space or characters that do not show",
        });
    }
    Ok(id)
}

/// An address that a browser may be sent to, as it stands in the metadata:
/// IdPs compare `Destination` with their own spelling of it.
pub(super) fn endpoint(location: &str) -> Result<String, MetadataError> {
    let location = location.trim_matches([' ', '\t', '\r', '\n']);
    let refused = |problem: &'static str| MetadataError::BadEndpoint {
        location: location
            .chars()
            .filter(|c| !is_deceptive(*c))
            .take(200)
            .collect(),
        problem,
    };
    check_endpoint(location).map_err(refused)?;
    if location.is_ascii() {
        return Ok(location.to_owned());
    }
    // An IRI; a header must be ASCII.
    Url::parse(location)
        .map(String::from)
        .map_err(|_| refused("is no address"))
}

/// Checks an address that a browser may be sent to: http or https, with a
/// host, without credentials or a fragment.
///
/// # Errors
/// What is wrong with it, as the end of a sentence that begins with the address.
pub fn check_endpoint(location: &str) -> Result<(), &'static str> {
    if location.is_empty() {
        return Err("is empty");
    }
    if location.len() > LONGEST_LOCATION {
        return Err("is longer than 2048 characters");
    }
    // The URL parser passes over tabs and line breaks, and browsers do too.
    let unfit =
        |c: char| c.is_whitespace() || is_deceptive(c) || matches!(c, '"' | '<' | '>' | '\\' | '`');
    if location.chars().any(unfit) {
        return Err("holds characters that must not stand in an address");
    }
    let url = Url::parse(location).map_err(|_| "is no absolute address")?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err("is no http or https address");
    }
    if url.host_str().is_none_or(str::is_empty) {
        return Err("names no host");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("holds a user name or password");
    }
    if url.fragment().is_some() {
        return Err("has a fragment (#), behind which nothing can be added");
    }
    Ok(())
}

/// An xs:dateTime. SAML Core §1.3.3: UTC; one without a zone is taken as UTC.
pub(super) fn date_time(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    Timestamp::parse_rfc3339(text).or_else(|| {
        let naive = NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f").ok()?;
        Some(Timestamp(naive.and_utc().timestamp_millis()))
    })
}

/// An xs:duration in whole seconds, months taken as 30 days and years as 365;
/// `None` when it is negative or none.
pub(super) fn duration(text: &str) -> Option<u64> {
    let text = text.trim().strip_prefix('P')?;
    let (date, time) = match text.split_once('T') {
        Some((_, "")) => return None,
        Some((date, time)) => (date, time),
        None => (text, ""),
    };
    if date.is_empty() && time.is_empty() {
        return None;
    }
    let days = sum(date, &[('Y', 365), ('M', 30), ('D', 1)])?;
    let seconds = sum(time, &[('H', 3600), ('M', 60), ('S', 1)])?;
    let whole = days.checked_mul(86_400)?.checked_add(seconds)?;
    Some(whole.min(LONGEST_DURATION))
}

/// Adds up the parts of one half of a duration, whose units stand in order.
fn sum(mut text: &str, units: &[(char, u64)]) -> Option<u64> {
    let mut total = 0_u64;
    for (unit, weight) in units {
        let Some((number, rest)) = text.split_once(*unit) else {
            continue;
        };
        // Only seconds may have a fraction, which is dropped.
        let whole = match number.split_once('.') {
            Some((whole, fraction)) if *unit == 'S' && all_digits(fraction) => whole,
            _ => number,
        };
        if !all_digits(whole) {
            return None;
        }
        let number: u64 = whole.parse().ok()?;
        total = total.checked_add(number.checked_mul(*weight)?)?;
        text = rest;
    }
    text.is_empty().then_some(total)
}

fn all_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

/// A name for people: on one line, without characters that do not show.
pub(super) fn label(text: &str) -> Option<String> {
    let words: Vec<String> = text
        .split_whitespace()
        .map(|word| word.chars().filter(|c| !is_deceptive(*c)).collect())
        .collect();
    let label: String = words.join(" ").chars().take(LONGEST_LABEL).collect();
    (!label.is_empty()).then_some(label)
}
