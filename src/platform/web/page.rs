//! The frame of every page, and how a page becomes an answer.

use askama::Template;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::branding::{Logo, Support};
use super::kit::Kit;
use crate::domain::Timestamp;
use crate::platform::i18n::Locale;

/// What the pages call the gateway where the organisation has no name for it.
const PRODUCT: &str = "Doorward";

/// A sentence of a trace or a check, on a page.
#[derive(Clone, Debug, Template)]
#[template(
    source = r#"{% if is_foreign %}<span lang="en">{{ text }}</span>{% else %}{{ text }}{% endif %}"#,
    ext = "html"
)]
pub struct Said {
    text: String,
    is_foreign: bool,
}

impl Said {
    /// A text that is in the reader's language already.
    #[must_use]
    pub const fn own(text: String) -> Self {
        Self {
            text,
            is_foreign: false,
        }
    }
}

/// What every template holds in its field `page`: the language and the frame.
#[derive(Clone, Debug)]
pub struct Page {
    kit: Kit,
    locale: Locale,
}

impl Page {
    pub(super) const fn new(kit: Kit, locale: Locale) -> Self {
        Self { kit, locale }
    }

    /// The text of a message ([`Locale::t`]).
    #[must_use]
    pub fn t(&self, id: &str) -> String {
        self.locale.t(id)
    }

    /// The text of a message with variables ([`Locale::t_with`]).
    #[must_use]
    pub fn t_with(&self, id: &str, variables: &[(&'static str, &str)]) -> String {
        self.locale.t_with(id, variables)
    }

    /// The text of a message that counts ([`Locale::t_count`]).
    #[must_use]
    pub fn t_count(&self, id: &str, count: usize) -> String {
        self.locale.t_count(id, count)
    }

    /// A sentence that was written in English, in the reader's language where it is
    /// known in it, and marked as English where it is not.
    #[must_use]
    pub fn said(&self, english: &str) -> Said {
        let known = self.locale.phrase(english);
        Said {
            is_foreign: known.is_none() && self.locale != Locale::En,
            text: known.unwrap_or_else(|| english.to_owned()),
        }
    }

    /// The language.
    #[must_use]
    pub const fn locale(&self) -> Locale {
        self.locale
    }

    /// The language's tag for `lang`.
    #[must_use]
    pub const fn lang(&self) -> &'static str {
        self.locale.tag()
    }

    /// The present moment.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.kit.now()
    }

    /// The organisation's name, or the product's.
    #[must_use]
    pub fn brand(&self) -> &str {
        self.kit.branding().name.as_deref().unwrap_or(PRODUCT)
    }

    /// The address of an asset by its plain name.
    #[must_use]
    pub fn asset(&self, name: &str) -> &str {
        self.kit.assets().url(name)
    }

    /// The logo's address, if there is one.
    #[must_use]
    pub fn logo(&self) -> Option<String> {
        match self.kit.branding().logo.as_ref()? {
            Logo::Remote(url) => Some(url.to_string()),
            Logo::Image { extension, .. } => {
                Some(self.asset(&format!("logo.{extension}")).to_owned())
            }
        }
    }

    /// The first letter of the organisation's name, where the organisation
    /// has a name and no logo; `None` shows the product's own mark.
    #[must_use]
    pub fn monogram(&self) -> Option<String> {
        let name = self.kit.branding().name.as_deref()?;
        if name == PRODUCT {
            return None;
        }
        let letter = name.chars().find(|c| c.is_alphanumeric())?;
        Some(letter.to_uppercase().collect())
    }

    /// Whether anything stands at the foot of the page.
    #[must_use]
    pub fn has_footer(&self) -> bool {
        let branding = self.kit.branding();
        branding.support.is_some()
            || branding.imprint_url.is_some()
            || branding.privacy_url.is_some()
    }

    /// Whom to ask, if the organisation said so.
    #[must_use]
    pub fn support(&self) -> Option<&Support> {
        self.kit.branding().support.as_ref()
    }

    /// Where the support contact leads from a page without a reference.
    #[must_use]
    pub fn support_href(&self) -> Option<String> {
        self.support()?.href(&self.t("support-subject"), "")
    }

    /// The imprint's address.
    #[must_use]
    pub fn imprint(&self) -> Option<&str> {
        self.kit
            .branding()
            .imprint_url
            .as_ref()
            .map(url::Url::as_str)
    }

    /// The privacy statement's address.
    #[must_use]
    pub fn privacy(&self) -> Option<&str> {
        self.kit
            .branding()
            .privacy_url
            .as_ref()
            .map(url::Url::as_str)
    }
}

/// Where the forms of a page may lead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FormAction {
    /// To this gateway alone.
    Own,
    /// Also to an identity provider. Browsers hold redirects after a form to
    /// `form-action` too, and a provider may pass people on to hosts of its
    /// own that nobody here knows, so the scheme is all that can be named.
    Upstream {
        /// Whether the provider (still) speaks plain http.
        plain_http: bool,
    },
    /// Also to an app on the person's own device, whose scheme no policy can
    /// name. For pages of which every word is ours.
    Anywhere,
}

/// Which scripts a page runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scripts<'a> {
    /// None.
    None,
    /// The one in the page that carries this nonce.
    Nonce(&'a str),
    /// Those among our own assets.
    Own,
}

/// A content security policy: nothing but what is named.
pub(super) struct Csp<'a> {
    pub(super) form_action: FormAction,
    pub(super) scripts: Scripts<'a>,
}

impl Csp<'_> {
    pub(super) fn header(&self, logo: Option<&Logo>) -> HeaderValue {
        let mut text = String::from("default-src 'none'; style-src 'self'; img-src 'self'");
        if let Some(Logo::Remote(url)) = logo {
            text.push(' ');
            text.push_str(&url.origin().ascii_serialization());
        }
        match self.scripts {
            Scripts::None => {}
            Scripts::Nonce(nonce) => {
                text.push_str("; script-src 'nonce-");
                text.push_str(nonce);
                text.push('\'');
            }
            // Only assets are served as scripts: everything else has another
            // type, and `nosniff`.
            Scripts::Own => text.push_str("; script-src 'self'"),
        }
        text.push_str(match self.form_action {
            FormAction::Own => "; form-action 'self'",
            FormAction::Upstream { plain_http: false } => "; form-action 'self' https:",
            FormAction::Upstream { plain_http: true } => "; form-action 'self' https: http:",
            FormAction::Anywhere => "",
        });
        text.push_str("; frame-ancestors 'none'; base-uri 'none'");
        HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static(
            "default-src 'none'; frame-ancestors 'none'",
        ))
    }
}

impl Kit {
    /// A page as an answer. The security headers come from
    /// [`super::secure`].
    pub fn render(&self, status: StatusCode, template: &impl Template) -> Response {
        match template.render() {
            Ok(html) => {
                let kind = HeaderValue::from_static("text/html; charset=utf-8");
                (status, [(header::CONTENT_TYPE, kind)], html).into_response()
            }
            Err(error) => {
                // Templates write into a string; there is nothing that fails
                // but a bug, and no page left to show it on.
                tracing::error!(code = "web.template", detail = %error);
                StatusCode::INTERNAL_SERVER_ERROR.into_response()
            }
        }
    }

    /// A page whose forms may lead elsewhere.
    pub fn render_with_forms(
        &self,
        status: StatusCode,
        template: &impl Template,
        form_action: FormAction,
    ) -> Response {
        self.render_with(status, template, form_action, Scripts::None)
    }

    /// A page that runs scripts of our own, each an asset with an address of
    /// its own. They only improve it.
    pub fn render_with_scripts(&self, status: StatusCode, template: &impl Template) -> Response {
        self.render_with(status, template, FormAction::Own, Scripts::Own)
    }

    /// A page with a policy of its own. The nonce of a script stands in the
    /// template and here.
    pub(super) fn render_with(
        &self,
        status: StatusCode,
        template: &impl Template,
        form_action: FormAction,
        scripts: Scripts<'_>,
    ) -> Response {
        let mut response = self.render(status, template);
        let csp = Csp {
            form_action,
            scripts,
        };
        response.headers_mut().insert(
            header::CONTENT_SECURITY_POLICY,
            csp.header(self.branding().logo.as_ref()),
        );
        response
    }

    /// The same page, which shows pictures of these origins too: those that an
    /// admin chose.
    #[must_use]
    pub fn with_images(&self, mut response: Response, origins: &[String]) -> Response {
        const OURS: &str = "img-src 'self'";
        let stands = response.headers().get(header::CONTENT_SECURITY_POLICY);
        let stands = stands.unwrap_or(self.default_csp()).to_str();
        let wider = origins
            .iter()
            .fold(OURS.to_owned(), |text, origin| format!("{text} {origin}"));
        let policy = stands.map(|policy| policy.replacen(OURS, &wider, 1));
        if let Some(value) = policy
            .ok()
            .and_then(|text| HeaderValue::from_str(&text).ok())
        {
            let headers = response.headers_mut();
            headers.insert(header::CONTENT_SECURITY_POLICY, value);
        }
        response
    }
}
