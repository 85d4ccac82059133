//! What the pages of the wizard and of a user's keys are filled with.

use askama::Template;

use crate::directory::passkeys::{KeyKind, KeyState, Passkey};
use crate::domain::{Field, UserId};
use crate::platform::web::Page;
use crate::portal::admin::shell::{Moment, Shell};
use crate::portal::admin::typed::Typed;
use crate::portal::code::Drawing;
use crate::portal::passkeys::views::kind_id;

/// The fields of the first step, in its order.
pub(super) const FIELDS: [Field; 9] = [
    Field::Name,
    Field::Email,
    Field::UserName,
    Field::GivenName,
    Field::FamilyName,
    Field::Department,
    Field::JobTitle,
    Field::Phone,
    Field::Mobile,
];

/// The kinds of keys that can be assigned.
pub(super) const KINDS: [KeyKind; 3] = [KeyKind::Smartphone, KeyKind::Card, KeyKind::HardwareKey];

/// A step of the wizard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Who it is.
    Person,
    /// Which groups.
    Groups,
    /// Which key.
    Key,
    /// All of it, before it is done.
    Confirm,
}

impl Step {
    pub(super) const ALL: [Self; 4] = [Self::Person, Self::Groups, Self::Key, Self::Confirm];

    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Groups => "groups",
            Self::Key => "key",
            Self::Confirm => "confirm",
        }
    }

    pub(super) fn parse(word: &str) -> Self {
        let found = Self::ALL.into_iter().find(|step| step.word() == word);
        found.unwrap_or(Self::Person)
    }

    pub(super) const fn next(self) -> Self {
        match self {
            Self::Person => Self::Groups,
            Self::Groups => Self::Key,
            Self::Key | Self::Confirm => Self::Confirm,
        }
    }

    pub(super) const fn before(self) -> Self {
        match self {
            Self::Person | Self::Groups => Self::Person,
            Self::Key => Self::Groups,
            Self::Confirm => Self::Key,
        }
    }
}

/// A step of the wizard as a page.
#[derive(Clone, Debug, Template)]
#[template(path = "admin/newcomer/wizard.html")]
pub(super) struct WizardPage {
    pub page: Page,
    pub shell: Shell,
    pub step: Step,
    pub typed: Typed,
    /// Groups to choose from: id and name.
    pub groups: Vec<(String, String)>,
    /// Whether there are more groups than are shown.
    pub more_groups: bool,
    /// What the last step sums up: label and value.
    pub summary: Vec<(String, String)>,
    /// What will happen, sentence by sentence.
    pub effects: Vec<String>,
    /// Whether passkeys are on.
    pub keys: bool,
    /// Whether mails can be sent.
    pub mail: bool,
}

impl WizardPage {
    /// Everything that was typed on other steps, to be carried along.
    fn carried(&self) -> Vec<(String, String)> {
        let here: &[&str] = match self.step {
            Step::Person => &ON_PERSON,
            Step::Groups => &["group", "find"],
            Step::Key => &["with_key", "kind", "key_name", "by"],
            Step::Confirm => &[],
        };
        let all = ON_PERSON
            .iter()
            .chain(&["group", "find", "with_key", "kind", "key_name", "by"]);
        let mut carried = Vec::new();
        for name in all.filter(|name| !here.contains(name)) {
            for value in self.typed.values(name) {
                carried.push(((*name).to_owned(), value.to_owned()));
            }
        }
        // Groups that are chosen and not among those that are shown.
        if self.step == Step::Groups {
            let hidden = self.typed.values("group").filter(|id| {
                let mut shown = self.groups.iter();
                !shown.any(|(shown, _)| shown == id)
            });
            carried.extend(hidden.map(|id| ("group".to_owned(), id.to_owned())));
        }
        carried
    }

    fn invite_hint(&self) -> String {
        self.page.t(if self.mail {
            "new-invite-hint"
        } else {
            "new-invite-hint-link"
        })
    }

    fn by_user(&self) -> String {
        self.page.t(if self.mail {
            "new-by-user-mail"
        } else {
            "new-by-user"
        })
    }

    fn steps(&self) -> [(Step, String); 4] {
        Step::ALL.map(|step| (step, self.page.t(&format!("new-step-{}", step.word()))))
    }

    fn kinds(&self) -> Vec<(&'static str, String, String)> {
        KINDS
            .iter()
            .map(|kind| {
                let hint = self
                    .page
                    .t(&format!("new-kind-{}", kind.as_str().replace('_', "-")));
                (kind.as_str(), self.page.t(kind_id(*kind)), hint)
            })
            .collect()
    }

    fn lines(&self) -> Vec<(&'static str, String, &'static str)> {
        FIELDS
            .iter()
            .map(|field| {
                let kind = if *field == Field::Email {
                    "email"
                } else {
                    "text"
                };
                (field.name(), self.page.t(&format!("field-{field}")), kind)
            })
            .collect()
    }
}

/// The names of the first step's fields.
const ON_PERSON: [&str; 10] = [
    "invite",
    "name",
    "email",
    "user_name",
    "given_name",
    "family_name",
    "department",
    "job_title",
    "phone",
    "mobile",
];

/// What has been done, with what is told once.
#[derive(Clone, Debug, Template)]
#[template(path = "admin/newcomer/told.html")]
pub(super) struct ToldPage {
    pub page: Page,
    pub shell: Shell,
    /// The heading.
    pub title: String,
    /// The person's name.
    pub name: String,
    /// What has happened, sentence by sentence.
    pub said: Vec<String>,
    /// A link, with the code for a phone.
    pub link: Option<(String, Option<Drawing>)>,
    /// A link with which the person activates the account itself.
    pub account_link: Option<String>,
    /// A PIN.
    pub pin: Option<String>,
    /// Where a PIN is entered.
    pub pin_page: String,
    /// Where the key can be activated at the desk.
    pub desk: Option<String>,
    /// The user's page.
    pub back: String,
}

/// The keys of a user.
#[derive(Clone, Debug, Template)]
#[template(path = "admin/newcomer/keys.html")]
pub(super) struct KeysPage {
    pub page: Page,
    pub shell: Shell,
    pub name: String,
    pub back: String,
    pub rows: Vec<KeyRow>,
    pub typed: Typed,
    /// Whether keys can be assigned.
    pub may_write: bool,
    /// Whether a link can be mailed to the person.
    pub mail: bool,
}

impl KeysPage {
    fn ways(&self) -> Vec<(&'static str, String)> {
        let mail = self.mail.then(|| ("mail", self.page.t("new-by-mail")));
        let others = [("hand", "new-by-hand"), ("desk", "new-by-desk")];
        let others = others.map(|(value, id)| (value, self.page.t(id)));
        mail.into_iter().chain(others).collect()
    }

    fn kinds(&self) -> Vec<(&'static str, String)> {
        KINDS
            .iter()
            .chain(&[KeyKind::Passkey])
            .map(|kind| (kind.as_str(), self.page.t(kind_id(*kind))))
            .collect()
    }
}

/// A key in a list.
#[derive(Clone, Debug)]
pub(in crate::portal) struct KeyRow {
    pub name: String,
    pub kind: String,
    pub state: String,
    pub tone: &'static str,
    pub since: Moment,
    pub used: Option<Moment>,
    pub place: String,
}

impl KeyRow {
    pub(in crate::portal) fn of(page: &Page, shell: &Shell, key: &Passkey, place: &str) -> Self {
        Self {
            name: key.name.clone(),
            kind: page.t(kind_id(key.kind)),
            state: page.t(&format!("key-state-{}", key.state)),
            tone: match key.state {
                KeyState::Active => "good",
                KeyState::Pending => "off",
                KeyState::Revoked => "plain",
            },
            since: shell.time(page, key.activated_at.unwrap_or(key.created_at)),
            used: key.last_used_at.map(|at| shell.time(page, at)),
            place: format!("{place}/{}", key.id),
        }
    }
}

/// The rows of a user's keys.
pub(in crate::portal) fn key_rows(
    page: &Page,
    shell: &Shell,
    user: &UserId,
    keys: &[Passkey],
) -> Vec<KeyRow> {
    let place = format!("/admin/users/{user}/keys");
    let row = |key| KeyRow::of(page, shell, key, &place);
    keys.iter().map(row).collect()
}

/// One key of a user.
#[derive(Clone, Debug, Template)]
#[template(path = "admin/newcomer/key.html")]
pub(super) struct KeyPage {
    pub page: Page,
    pub shell: Shell,
    pub person: String,
    pub back: String,
    pub row: KeyRow,
    pub pending: bool,
    pub facts: Vec<(String, String)>,
    pub typed: Typed,
    pub may_write: bool,
    /// Whether a link can be mailed to the person.
    pub mail: bool,
}

/// Activating a key at the desk.
#[derive(Clone, Debug, Template)]
#[template(path = "admin/newcomer/desk.html")]
pub(super) struct DeskPage {
    pub page: Page,
    pub shell: Shell,
    pub person: String,
    pub name: String,
    pub text: &'static str,
    pub back: String,
    pub action: String,
    /// Why the key was not activated: a message.
    pub problem: Option<&'static str>,
}

#[cfg(test)]
pub(super) mod samples;
