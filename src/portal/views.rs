//! What the portal's templates are filled with.

use askama::Template;

use super::consents::ConsentRow;
use super::passkeys::views::PasskeySection;
use crate::platform::web::Page;

/// `/login`.
#[derive(Clone, Debug, Template)]
#[template(path = "login.html")]
pub struct LoginPage {
    /// The frame.
    pub page: Page,
    /// The ways in, in the order in which they are shown.
    pub providers: Vec<ProviderButton>,
    /// The field for home-realm discovery, when that is on.
    pub email: Option<EmailForm>,
    /// Whether somebody can sign in with a passkey.
    pub passkeys: bool,
    /// Where to go afterwards, already found safe.
    pub rd: Option<String>,
    /// What the person is to do at the provider, as the e-mail form passes it on.
    pub prompt: Option<&'static str>,
    /// What the person should know first.
    pub notice: Option<LoginNotice>,
    /// The form for a password, when that is switched on.
    pub password: Option<PasswordForm>,
}

/// The form for address and password.
#[derive(Clone, Debug, Default)]
pub struct PasswordForm {
    /// The address that was typed.
    pub email: String,
    /// Why one is not in, in words.
    pub problem: Option<String>,
    /// The form token.
    pub csrf: String,
}

/// A way in.
#[derive(Clone, Debug)]
pub struct ProviderButton {
    /// What stands on it.
    pub label: String,
    /// Where it leads.
    pub href: String,
    /// Whether it was the last one used on this device.
    pub last_used: bool,
}

/// The e-mail field.
#[derive(Clone, Debug, Default)]
pub struct EmailForm {
    /// What was typed.
    pub value: String,
    /// Why it leads nowhere.
    pub problem: Option<EmailProblem>,
}

/// Why an address leads nowhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EmailProblem {
    /// It is no address.
    Invalid,
    /// No provider has its domain.
    Unknown,
}

impl EmailProblem {
    /// The message's id.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::Invalid => "login-email-invalid",
            Self::Unknown => "login-email-unknown",
        }
    }
}

/// What somebody should know before they sign in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoginNotice {
    /// They have just signed out.
    SignedOut,
    /// They asked for another account.
    OtherAccount,
    /// An application wants them to sign in anew.
    Again,
    /// They have just made the account their own, and have a password.
    Ready,
    /// They have just made the account their own, and need no password.
    Activated,
    /// They have just set a password.
    PasswordSet,
}

impl LoginNotice {
    /// The notice of a word in the address.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        let known = [Self::Ready, Self::Activated, Self::PasswordSet];
        known.into_iter().find(|notice| notice.word() == word)
    }

    /// The word in the address.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::SignedOut => "signed-out",
            Self::OtherAccount => "other",
            Self::Again => "again",
            Self::Ready => "ready",
            Self::Activated => "activated",
            Self::PasswordSet => "password-set",
        }
    }

    /// The message's id.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::SignedOut => "login-signed-out",
            Self::OtherAccount => "login-other-account",
            Self::Again => "login-again",
            Self::Ready => "login-ready",
            Self::Activated => "login-activated",
            Self::PasswordSet => "login-password-changed",
        }
    }
}

impl LoginPage {
    fn has_last_used(&self) -> bool {
        self.providers.iter().any(|provider| provider.last_used)
    }
}

/// `GET /logout`, when the request comes from another site.
#[derive(Clone, Debug, Template)]
#[template(path = "logout.html")]
pub struct LogoutPage {
    /// The frame.
    pub page: Page,
    /// Who is signed in.
    pub name: String,
    /// The form token.
    pub csrf: String,
}

/// After signing out.
#[derive(Clone, Debug, Template)]
#[template(path = "signed-out.html")]
pub struct SignedOutPage {
    /// The frame.
    pub page: Page,
    /// Where "sign in again" leads.
    pub again: String,
    /// Whether the provider has said that the person is signed out there too.
    pub also_there: bool,
}

/// `/account`.
#[derive(Clone, Debug, Template)]
#[template(path = "account.html")]
pub struct AccountPage {
    /// The frame.
    pub page: Page,
    /// What to call the person.
    pub name: String,
    /// One or two letters for the round mark.
    pub initials: String,
    /// The e-mail address.
    pub email: Option<String>,
    /// The form token.
    pub csrf: String,
    /// The applications that the person may use.
    pub applications: Vec<Tile>,
    /// The profile.
    pub fields: Vec<FieldRow>,
    /// The linked identities.
    pub identities: Vec<IdentityRow>,
    /// The providers of which another one can be connected.
    pub links: Vec<LinkButton>,
    /// The address of the person's picture.
    pub photo: Option<String>,
    /// Passkeys, where there is something to say of them.
    pub passkeys: Option<PasskeySection>,
    /// The applications that have something of the person.
    pub consents: Vec<ConsentRow>,
    /// The sessions, this one first.
    pub sessions: Vec<SessionRow>,
    /// The password.
    pub password: PasswordRow,
    /// What has just been done.
    pub notice: Option<AccountNotice>,
    /// Whether the person may open the dashboard.
    pub dashboard: bool,
}

/// An application that the person may use.
#[derive(Clone, Debug)]
pub struct Tile {
    /// What it is called.
    pub name: String,
    /// Where it is.
    pub href: String,
    /// Its picture.
    pub logo: Option<String>,
    /// Its first letter, where it has no picture.
    pub letter: String,
}

/// What the account page says of the password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PasswordRow {
    /// Nothing: passwords are switched off.
    Off,
    /// There is none, for the person comes in through this provider.
    Provider(String),
    /// There is none yet.
    None,
    /// There is one.
    Has,
}

/// A field of the profile.
#[derive(Clone, Debug)]
pub struct FieldRow {
    /// Its name.
    pub label: String,
    /// Its value.
    pub value: String,
    /// Where the value comes from, if a channel keeps it.
    pub source: Option<String>,
}

/// A linked identity.
#[derive(Clone, Debug)]
pub struct IdentityRow {
    /// The provider's label.
    pub provider: String,
    /// The name by which the provider knows the person.
    pub subject: String,
    /// When it was connected.
    pub since: String,
    /// When the person signed in with it last.
    pub used: String,
    /// Whether the provider is switched off.
    pub off: bool,
    /// Where one takes it off; `None` for the last way in.
    pub unlink: Option<String>,
}

/// A provider of which an identity can be connected.
#[derive(Clone, Debug)]
pub struct LinkButton {
    /// What stands on its button.
    pub label: String,
    /// Where it leads.
    pub href: String,
}

/// Asks once before an identity is taken off.
#[derive(Clone, Debug, Template)]
#[template(path = "unlink.html")]
pub struct UnlinkPage {
    /// The frame.
    pub page: Page,
    /// The provider's label.
    pub provider: String,
    /// The name by which the provider knows the person.
    pub subject: String,
    /// Where the form goes.
    pub action: String,
    /// The form token.
    pub csrf: String,
}

/// A session.
#[derive(Clone, Debug)]
pub struct SessionRow {
    /// The device in words.
    pub device: String,
    /// When the person signed in.
    pub since: String,
    /// When the session was last used.
    pub seen: String,
    /// The address that the person signed in from.
    pub address: String,
    /// What ends it; `None` for the session that asks.
    pub handle: Option<String>,
}

/// What has just been done on the account page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccountNotice {
    /// One session was ended.
    Ended,
    /// All others were ended.
    OthersEnded,
    /// The session was over already.
    Unknown,
    /// An identity was connected.
    Linked,
    /// The identity was connected before.
    LinkedAlready,
    /// An identity was taken off.
    Unlinked,
    /// The identity stays: no other leads in.
    LastWayIn,
    /// The identity was taken off before.
    IdentityUnknown,
    /// The password was set or changed.
    PasswordChanged,
    /// A passkey was added.
    PasskeyAdded,
    /// A key that an admin assigned was activated.
    PasskeyActivated,
    /// A passkey has another name.
    PasskeyRenamed,
    /// A passkey was removed.
    PasskeyRemoved,
    /// The passkey stays: nothing else leads in.
    PasskeyLast,
    /// The passkey was removed before.
    PasskeyUnknown,
    /// Passkeys are switched off.
    PasskeysOff,
    /// An application has nothing more.
    TakenBack,
    /// The application had nothing.
    NothingTakenBack,
}

impl AccountNotice {
    /// Every notice.
    pub const ALL: [Self; 18] = [
        Self::Ended,
        Self::OthersEnded,
        Self::Unknown,
        Self::Linked,
        Self::LinkedAlready,
        Self::Unlinked,
        Self::LastWayIn,
        Self::IdentityUnknown,
        Self::PasswordChanged,
        Self::PasskeyAdded,
        Self::PasskeyActivated,
        Self::PasskeyRenamed,
        Self::PasskeyRemoved,
        Self::PasskeyLast,
        Self::PasskeyUnknown,
        Self::PasskeysOff,
        Self::TakenBack,
        Self::NothingTakenBack,
    ];

    /// The message's id.
    #[must_use]
    pub const fn id(self) -> &'static str {
        match self {
            Self::Ended => "account-session-ended",
            Self::OthersEnded => "account-sessions-ended",
            Self::Unknown => "account-session-unknown",
            Self::Linked => "account-linked",
            Self::LinkedAlready => "account-linked-already",
            Self::Unlinked => "account-unlinked",
            Self::LastWayIn => "account-last-way-in",
            Self::IdentityUnknown => "account-identity-unknown",
            Self::PasswordChanged => "account-password-changed",
            Self::PasskeyAdded => "passkey-added",
            Self::PasskeyActivated => "passkey-activated",
            Self::PasskeyRenamed => "passkey-renamed",
            Self::PasskeyRemoved => "passkey-removed",
            Self::PasskeyLast => "passkey-last",
            Self::PasskeyUnknown => "passkey-unknown",
            Self::PasskeysOff => "passkeys-off",
            Self::TakenBack => "account-consent-taken-back",
            Self::NothingTakenBack => "account-consent-nothing",
        }
    }

    /// The word in the address.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Ended => "ended",
            Self::OthersEnded => "others-ended",
            Self::Unknown => "unknown",
            Self::Linked => "linked",
            Self::LinkedAlready => "linked-already",
            Self::Unlinked => "unlinked",
            Self::LastWayIn => "last-way-in",
            Self::IdentityUnknown => "identity-unknown",
            Self::PasswordChanged => "password-changed",
            Self::PasskeyAdded => "passkey-added",
            Self::PasskeyActivated => "passkey-activated",
            Self::PasskeyRenamed => "passkey-renamed",
            Self::PasskeyRemoved => "passkey-removed",
            Self::PasskeyLast => "passkey-last",
            Self::PasskeyUnknown => "passkey-unknown",
            Self::PasskeysOff => "passkeys-off",
            Self::TakenBack => "taken-back",
            Self::NothingTakenBack => "nothing-taken-back",
        }
    }

    /// The notice of that word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|notice| notice.word() == word)
    }

    /// Whether what was asked for has been done.
    #[must_use]
    pub const fn is_success(self) -> bool {
        !matches!(
            self,
            Self::LastWayIn | Self::PasskeyLast | Self::PasskeysOff
        )
    }
}

#[cfg(test)]
mod samples;
