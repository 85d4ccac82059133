//! What the templates are filled with.

use askama::Template;

use crate::platform::web::Page;

/// A link that works.
#[derive(Clone, Debug, Template)]
#[template(path = "accounts/link.html")]
pub struct LinkPage {
    /// The frame.
    pub page: Page,
    /// `activate` or `reset`.
    pub purpose: &'static str,
    /// Whose account.
    pub email: String,
    /// Until when.
    pub until: String,
    /// Whether a password is to be chosen.
    pub with_password: bool,
    /// Why the password was not taken.
    pub problem: Option<&'static str>,
    /// Where the form goes.
    pub action: String,
    /// The form token.
    pub csrf: String,
}

impl LinkPage {
    fn text(&self, part: &str) -> String {
        self.page.t(&format!("link-{}-{part}", self.purpose))
    }

    fn whose(&self) -> String {
        let id = format!("link-{}-text", self.purpose);
        self.page.t_with(&id, &[("email", &self.email)])
    }

    fn ends_sessions(&self) -> bool {
        self.purpose == "reset"
    }
}

/// A link that does not work any more, or never did.
#[derive(Clone, Debug, Template)]
#[template(path = "accounts/link-over.html")]
pub struct LinkOverPage {
    /// The frame.
    pub page: Page,
    /// `expired`, `used` or `unknown`.
    pub state: &'static str,
    /// What it says.
    pub text: String,
    /// Where the form for another link goes, and its token.
    pub renew: Option<(String, String)>,
}

impl LinkOverPage {
    fn title(&self) -> String {
        self.page.t(&format!("link-{}-title", self.state))
    }
}

/// Something has been done, or is on its way.
#[derive(Clone, Debug, Template)]
#[template(path = "accounts/told.html")]
pub struct ToldPage {
    /// The frame.
    pub page: Page,
    /// The heading.
    pub title: String,
    /// The text.
    pub text: String,
}

/// `/reset`.
#[derive(Clone, Debug, Template)]
#[template(path = "accounts/reset.html")]
pub struct ResetPage {
    /// The frame.
    pub page: Page,
    /// Whether mails can be sent.
    pub can_mail: bool,
    /// What was typed.
    pub email: String,
    /// Why it was not taken.
    pub problem: Option<String>,
    /// The form token.
    pub csrf: String,
}

/// `/account/password`.
#[derive(Clone, Debug, Template)]
#[template(path = "accounts/password.html")]
pub struct PasswordPage {
    /// The frame.
    pub page: Page,
    /// The address, for password managers.
    pub email: String,
    /// Whether there is one to replace.
    pub replaces: bool,
    /// Why the old one was not taken.
    pub old_problem: Option<&'static str>,
    /// Why the new one was not taken.
    pub problem: Option<&'static str>,
    /// The form token.
    pub csrf: String,
}

/// Before a first password: sign in again.
#[derive(Clone, Debug, Template)]
#[template(path = "accounts/again.html")]
pub struct AgainPage {
    /// The frame.
    pub page: Page,
}

/// `/login/local/{token}`.
#[derive(Clone, Debug, Template)]
#[template(path = "accounts/way-in.html")]
pub struct WayInPage {
    /// The frame.
    pub page: Page,
    /// Whose account.
    pub email: String,
    /// Until when the link works.
    pub until: String,
    /// Where the form goes.
    pub action: String,
    /// Why one is not in.
    pub problem: Option<String>,
    /// The form token.
    pub csrf: String,
}

#[cfg(test)]
pub mod samples;
