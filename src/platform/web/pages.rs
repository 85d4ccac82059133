//! Pages that ways in and ways out show without knowing the portal.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;

use super::kit::Kit;
use super::page::{FormAction, Page, Scripts};
use crate::platform::i18n::Locale;

/// A form that carries a message to an identity provider (HTTP-POST binding).
#[derive(Clone, Debug)]
pub struct Relay {
    /// Where it goes: an absolute http(s) address.
    pub action: String,
    /// Field names and values, verbatim; the template escapes them.
    pub fields: Vec<(String, String)>,
}

#[derive(Template)]
#[template(path = "on-the-way.html")]
pub(super) struct OnTheWay {
    pub(super) page: Page,
    pub(super) relay: Relay,
    pub(super) nonce: String,
}

/// A person who is known here and may not use an application.
#[derive(Clone, Debug)]
pub struct NotAdmitted {
    /// The application's name.
    pub application: String,
    /// The account that the person is signed in with, as they know it.
    pub account: String,
    /// Where "switch account" leads, on this gateway.
    pub switch: String,
}

#[derive(Template)]
#[template(path = "not-admitted.html")]
pub(super) struct NotAdmittedPage {
    pub(super) page: Page,
    pub(super) refusal: NotAdmitted,
}

impl NotAdmittedPage {
    /// Where a request for access goes: to the support contact, with the names
    /// filled in.
    fn ask(&self) -> Option<String> {
        let variables = [
            ("application", self.refusal.application.as_str()),
            ("account", self.refusal.account.as_str()),
        ];
        self.page.support()?.href(
            &self.page.t_with("not-admitted-mail-subject", &variables),
            &self.page.t_with("not-admitted-mail-body", &variables),
        )
    }
}

impl Kit {
    /// The page that posts a form to an identity provider: by itself where
    /// script is allowed, by its button elsewhere.
    #[must_use]
    pub fn on_the_way(&self, locale: Locale, relay: Relay) -> Response {
        let form_action = FormAction::Upstream {
            plain_http: relay.action.starts_with("http://"),
        };
        let nonce = self.entropy().base64url::<16>();
        let template = OnTheWay {
            page: self.page(locale),
            relay,
            nonce,
        };
        self.render_with(
            StatusCode::OK,
            &template,
            form_action,
            Scripts::Nonce(&template.nonce),
        )
    }

    /// The page for somebody who may not use an application: always `403`.
    #[must_use]
    pub fn not_admitted(&self, locale: Locale, refusal: NotAdmitted) -> Response {
        let template = NotAdmittedPage {
            page: self.page(locale),
            refusal,
        };
        self.render(StatusCode::FORBIDDEN, &template)
    }
}
