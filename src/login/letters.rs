//! What all mails to people share: their language, their frame, and how many of them
//! anybody can ask for.

use std::net::IpAddr;

use crate::domain::{Field, Timestamp, User};
use crate::platform::crypto::sha256_hex;
use crate::platform::i18n::Locale;
use crate::platform::mail::{Letter, letter::one_line};
use crate::platform::storage::{StorageError, Tx};
use crate::platform::throttle::{self, Allowance};
use crate::platform::web::network_of;

/// Mails to one person: five at once, then one every ten minutes.
const TO_ONE: Allowance = Allowance {
    burst: 5,
    interval: 600_000,
};
/// Mails that one address asks for: thirty at once, then one a minute.
const ASKED: Allowance = Allowance {
    burst: 30,
    interval: 60_000,
};

/// The language of a user's mails: what the profile says, else `asked`.
#[must_use]
pub fn language(user: &User, asked: Locale) -> Locale {
    match user.profile.get(Field::Language) {
        Some(tag) if tag.to_ascii_lowercase().starts_with("de") => Locale::De,
        Some(tag) if tag.to_ascii_lowercase().starts_with("en") => Locale::En,
        _ => asked,
    }
}

/// The frame of a letter to a user; `None` for who has no address.
#[must_use]
pub fn frame(user: &User, kind: &'static str, locale: Locale, until: Timestamp) -> Option<Letter> {
    let name = one_line(&user.display_name());
    Some(Letter {
        kind,
        user: Some(user.id.clone()),
        to: user.profile.get(Field::Email)?.to_owned(),
        locale,
        subject: String::new(),
        before: vec![locale.t_with("mail-hello", &[("name", &name)])],
        button: None,
        after: Vec::new(),
        until,
    })
}

/// Counts a mail that somebody at an address asks for, about a subject; how many
/// seconds to wait when it is one too many.
///
/// # Errors
/// What the database says.
pub async fn ask(
    tx: &mut Tx,
    subject: &str,
    client: IpAddr,
    now: Timestamp,
) -> Result<Result<(), u64>, StorageError> {
    let keys = [
        (format!("mail:client:{}", network_of(client)), ASKED),
        (key_of("mail:to", subject), TO_ONE),
    ];
    for (key, allowance) in keys {
        if let Err(seconds) = throttle::take(tx, &key, allowance, now).await? {
            return Ok(Err(seconds));
        }
    }
    Ok(Ok(()))
}

/// The key of an allowance that belongs to a text from outside.
#[must_use]
pub fn key_of(kind: &str, text: &str) -> String {
    let mut hash = sha256_hex(text.as_bytes());
    hash.truncate(32);
    format!("{kind}:{hash}")
}
