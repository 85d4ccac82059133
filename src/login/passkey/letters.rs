//! The mail that carries the link of a key.

use crate::directory::passkeys::{KeyKind, Passkey};
use crate::domain::{Timestamp, User};
use crate::login::letters::frame;
use crate::platform::i18n::Locale;
use crate::platform::mail::{Letter, Outbox, letter::one_line};

/// What the texts of a kind begin with.
const fn stem(kind: KeyKind) -> &'static str {
    match kind {
        KeyKind::Passkey => "mail-key-passkey",
        KeyKind::Smartphone => "mail-key-smartphone",
        KeyKind::Card => "mail-key-card",
        KeyKind::HardwareKey => "mail-key-hardware-key",
    }
}

/// The mail with the link that activates a key; `None` for who has no address.
#[must_use]
pub fn link(
    outbox: &Outbox,
    (user, key): (&User, &Passkey),
    (link, until): (String, Timestamp),
    locale: Locale,
) -> Option<Letter> {
    let (name, moment) = (one_line(&key.name), locale.moment(until));
    let variables = [
        ("brand", outbox.brand()),
        ("name", name.as_str()),
        ("until", moment.as_str()),
    ];
    let t = |part: &str| locale.t_with(&format!("{}-{part}", stem(key.kind)), &variables);
    let mut letter = frame(user, "key", locale, until)?;
    letter.subject = t("subject");
    letter.before.push(t("text"));
    letter.button = Some((t("button"), link));
    letter.after = ["mail-key-until", "mail-key-not-you"]
        .map(|id| locale.t_with(id, &variables))
        .to_vec();
    Some(letter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_its_words_in_every_language() {
        for locale in Locale::ALL {
            for kind in KeyKind::ALL {
                for part in ["subject", "text", "button"] {
                    let id = format!("{}-{part}", stem(*kind));
                    let text = locale.t_with(&id, &[("brand", "Northwind"), ("name", "Phone")]);
                    assert!(!text.contains('\u{27e6}'), "{kind} {part}: {text}");
                }
            }
        }
    }
}
