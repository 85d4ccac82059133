//! What the pages of passkeys are filled with.

use askama::Template;

use crate::directory::passkeys::{KeyKind, KeyState, Passkey};
use crate::domain::Timestamp;
use crate::platform::i18n::Locale;
use crate::platform::web::Page;
use crate::portal::code::Drawing;

/// The section on the account page.
#[derive(Clone, Debug)]
pub struct PasskeySection {
    /// The keys, the oldest first.
    pub rows: Vec<PasskeyRow>,
    /// Whether passkeys are switched on.
    pub on: bool,
}

/// A key.
#[derive(Clone, Debug)]
pub struct PasskeyRow {
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: &'static str,
    /// Whether it waits for its authenticator.
    pub pending: bool,
    /// Whether it is copied between devices.
    pub synced: bool,
    /// When it was added or assigned.
    pub since: String,
    /// When it was used last, if ever.
    pub used: Option<String>,
    /// Its place: `/account/passkeys/{id}`.
    pub place: String,
}

impl PasskeyRow {
    /// The row of a key.
    #[must_use]
    pub fn of(key: &Passkey, place: &str, locale: Locale, now: Timestamp) -> Self {
        Self {
            name: key.name.clone(),
            kind: kind_id(key.kind),
            pending: key.state == KeyState::Pending,
            synced: key.backed_up,
            since: locale.since(key.activated_at.unwrap_or(key.created_at), now),
            used: key.last_used_at.map(|at| locale.since(at, now)),
            place: format!("{place}/{}", key.id),
        }
    }
}

/// The message that says what a key is.
#[must_use]
pub const fn kind_id(kind: KeyKind) -> &'static str {
    match kind {
        KeyKind::Passkey => "passkey-kind-passkey",
        KeyKind::Smartphone => "passkey-kind-smartphone",
        KeyKind::Card => "passkey-kind-card",
        KeyKind::HardwareKey => "passkey-kind-hardware-key",
    }
}

/// Adding a key.
#[derive(Clone, Debug, Template)]
#[template(path = "passkeys/new.html")]
pub struct NewPage {
    /// The frame.
    pub page: Page,
    /// The name that is proposed, or was typed.
    pub name: String,
    /// Why the key was not added: a message.
    pub problem: Option<&'static str>,
    /// The form token.
    pub csrf: String,
}

/// Renaming a key.
#[derive(Clone, Debug, Template)]
#[template(path = "passkeys/rename.html")]
pub struct RenamePage {
    /// The frame.
    pub page: Page,
    /// The name that it has, or that was typed.
    pub name: String,
    /// Whether the name cannot stand.
    pub problem: Option<&'static str>,
    /// Where the form goes.
    pub action: String,
    /// The form token.
    pub csrf: String,
}

/// Asks once before a key is removed.
#[derive(Clone, Debug, Template)]
#[template(path = "passkeys/remove.html")]
pub struct RemovePage {
    /// The frame.
    pub page: Page,
    /// The key's name.
    pub name: String,
    /// Where the form goes.
    pub action: String,
    /// The form token.
    pub csrf: String,
}

/// Asks for another sign-in before keys are changed.
#[derive(Clone, Debug, Template)]
#[template(path = "passkeys/again.html")]
pub struct AgainPage {
    /// The frame.
    pub page: Page,
    /// Where one signs in, to come back here.
    pub href: String,
}

/// Activating a key by link.
#[derive(Clone, Debug, Template)]
#[template(path = "passkeys/activate.html")]
pub struct ActivatePage {
    /// The frame.
    pub page: Page,
    /// What the link is now.
    pub link: Link,
}

/// What a link is.
#[derive(Clone, Debug)]
pub enum Link {
    /// It works.
    Open(OpenKey),
    /// Its time is over: where the form for another one goes, and its token.
    Expired(Option<(String, String)>),
    /// It was used or replaced, or never was one.
    Gone,
}

impl ActivatePage {
    fn title(&self) -> String {
        self.page.t(match self.link {
            Link::Open(_) => "passkey-activate-title",
            Link::Expired(_) => "link-expired-title",
            Link::Gone => "passkey-gone-title",
        })
    }
}

/// A key that can be activated now.
#[derive(Clone, Debug)]
pub struct OpenKey {
    /// Whose it is.
    pub person: String,
    /// Its name.
    pub name: String,
    /// The message that says what to do.
    pub text: &'static str,
    /// The page's own address as a code, for a phone.
    pub code: Option<Drawing>,
    /// Until when the link works.
    pub until: String,
    /// Where the form goes.
    pub action: String,
    /// The form token.
    pub csrf: String,
}

/// Activating a key by PIN.
#[derive(Clone, Debug, Template)]
#[template(path = "passkeys/pin.html")]
pub struct PinPage {
    /// The frame.
    pub page: Page,
    /// What was typed as the account.
    pub account: String,
    /// Whether account and PIN opened nothing.
    pub problem: Option<&'static str>,
    /// The form token.
    pub csrf: String,
}

#[cfg(test)]
pub(in crate::portal) mod samples;
