//! What surrounds every page of the dashboard, and the page that asks before
//! something is done.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;

use super::Section;
use crate::domain::Timestamp;
use crate::platform::i18n::Locale;
use crate::platform::web::Page;
use crate::portal::{PortalState, see_other};

/// Navigation, who is signed in, the form token, what has just been done.
#[derive(Clone, Debug)]
pub(in crate::portal) struct Shell {
    /// The sections.
    pub(in crate::portal) nav: Vec<NavItem>,
    /// Who is signed in.
    pub(in crate::portal) name: String,
    /// The form token.
    pub(in crate::portal) csrf: String,
    /// What has just been done.
    pub(in crate::portal) flash: Option<Flash>,
    /// The present moment, from which times are seen.
    pub(in crate::portal) now: Timestamp,
}

/// A section in the navigation.
#[derive(Clone, Debug)]
pub(in crate::portal) struct NavItem {
    /// Its name.
    pub(in crate::portal) label: String,
    /// Where it leads.
    pub(in crate::portal) href: &'static str,
    /// Whether the page belongs to it.
    pub(in crate::portal) here: bool,
}

impl Shell {
    /// The shell of a page of the section `here`.
    pub(in crate::portal) fn new<'a>(
        page: &Page,
        open: impl Iterator<Item = &'a Section>,
        here: &Section,
        name: String,
        csrf: String,
    ) -> Self {
        let nav = open
            .map(|section| NavItem {
                label: page.t(section.label),
                href: section.path,
                here: section == here,
            })
            .collect();
        Self {
            nav,
            name,
            csrf,
            flash: None,
            now: page.now(),
        }
    }

    pub(super) fn with_flash(mut self, flash: Option<Flash>) -> Self {
        self.flash = flash;
        self
    }

    /// A moment as every page shows it: in words and in UTC, for a script to put
    /// into the viewer's zone.
    pub(in crate::portal) fn time(&self, page: &Page, at: Timestamp) -> Moment {
        // What is to come is told by its date.
        if at > self.now {
            return Moment::exact(page, at);
        }
        let locale = page.locale();
        Moment {
            iso: at.rfc3339(),
            text: locale.since(at, self.now),
            utc: locale.moment(at),
        }
    }
}

/// A moment on a page.
#[derive(Clone, Debug, Template)]
#[template(
    source = r#"<time datetime="{{ iso }}" title="{{ utc }}">{{ text }}</time>"#,
    ext = "html"
)]
pub(in crate::portal) struct Moment {
    iso: String,
    text: String,
    utc: String,
}

impl Moment {
    /// The same without words such as "5 minutes ago".
    pub(in crate::portal) fn exact(page: &Page, at: Timestamp) -> Self {
        let text = page.locale().moment(at);
        Self {
            iso: at.rfc3339(),
            utc: text.clone(),
            text,
        }
    }
}

/// What has just been done, as the page after the redirect says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::portal) struct Flash {
    /// The sentence.
    pub(in crate::portal) text: String,
    /// Whether what was asked for has been done.
    pub(in crate::portal) success: bool,
}

impl Flash {
    /// What the address tells of: `?done=word`, `?told=word`, with `&n=14` for
    /// sentences that count. Only sentences that the language files have.
    pub(super) fn of(locale: Locale, query: &str) -> Option<Self> {
        let mut found = None;
        let mut count = 0;
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            match &*name {
                "done" | "told" => found = Some((name, value)),
                "n" => count = value.parse().unwrap_or(0),
                _ => {}
            }
        }
        let (name, word) = found?;
        let sound = |c: u8| c.is_ascii_lowercase() || c == b'-';
        if word.len() > 40 || !word.bytes().all(sound) {
            return None;
        }
        Some(Self {
            text: locale.find(&format!("{name}-{word}"), count)?,
            success: name == "done",
        })
    }
}

/// To a page that says that something has been done: the message `done-<word>`.
pub(in crate::portal) fn done(path: &str, word: &str) -> Response {
    see_other(&with_query(path, &[("done", word)]))
}

/// The same for a message that counts.
pub(in crate::portal) fn done_count(path: &str, word: &str, count: usize) -> Response {
    let count = count.to_string();
    see_other(&with_query(path, &[("done", word), ("n", &count)]))
}

/// To a page that says why nothing has been done: the message `told-<word>`.
pub(in crate::portal) fn told(path: &str, word: &str) -> Response {
    see_other(&with_query(path, &[("told", word)]))
}

/// An address with parameters.
pub(in crate::portal) fn with_query(path: &str, parameters: &[(&str, &str)]) -> String {
    let query = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(parameters)
        .finish();
    match (query.is_empty(), path.contains('?')) {
        (true, _) => path.to_owned(),
        (false, false) => format!("{path}?{query}"),
        (false, true) => format!("{path}&{query}"),
    }
}

/// Asks once before something is done, and says what it will do.
#[derive(Clone, Debug, Template)]
#[template(path = "admin/confirm.html")]
pub(in crate::portal) struct ConfirmPage {
    /// The frame.
    pub(in crate::portal) page: Page,
    /// What surrounds it.
    pub(in crate::portal) shell: Shell,
    /// The question.
    pub(in crate::portal) title: String,
    /// What will happen, sentence by sentence, with numbers.
    pub(in crate::portal) effects: Vec<String>,
    /// Why it cannot be done; then there is no button.
    pub(in crate::portal) refusal: Option<String>,
    /// What stands on the button: the verb of the question.
    pub(in crate::portal) button: String,
    /// Whether it cannot be undone.
    pub(in crate::portal) danger: bool,
    /// Where the form goes.
    pub(in crate::portal) action: String,
    /// What it carries along beside the token.
    pub(in crate::portal) hidden: Vec<(String, String)>,
    /// Where "cancel" leads.
    pub(in crate::portal) cancel: String,
}

impl PortalState {
    /// A page of the dashboard as an answer.
    pub(in crate::portal) fn show(&self, status: StatusCode, page: &impl Template) -> Response {
        self.kit.render_with_scripts(status, page)
    }
}

#[cfg(test)]
pub(super) fn samples(page: &Page) -> Vec<(String, String)> {
    let base = ConfirmPage {
        page: page.clone(),
        shell: Shell::sample(page, &super::users::SECTION),
        title: "Deactivate Ada <Lovelace>?".to_owned(),
        effects: vec!["2 sessions end at once.".to_owned()],
        refusal: None,
        button: "Deactivate".to_owned(),
        danger: false,
        action: "/admin/users/1/deactivate".to_owned(),
        hidden: vec![("version".to_owned(), "3".to_owned())],
        cancel: "/admin/users/1".to_owned(),
    };
    let refused = ConfirmPage {
        refusal: Some("This is the last admin.".to_owned()),
        ..base.clone()
    };
    let danger = ConfirmPage {
        danger: true,
        ..base.clone()
    };
    let render = |name: &str, page: ConfirmPage| (name.to_owned(), page.render().unwrap());
    vec![
        render("admin-confirm", base),
        render("admin-confirm-refused", refused),
        render("admin-confirm-danger", danger),
    ]
}

#[cfg(test)]
impl Shell {
    /// An admin's shell.
    pub(in crate::portal) fn sample(page: &Page, here: &Section) -> Self {
        let all = super::SECTIONS.iter();
        let shell = Self::new(
            page,
            all,
            here,
            "Grace Hopper".to_owned(),
            "token".to_owned(),
        );
        shell.with_flash(Some(Flash {
            text: "Done, & <well>.".to_owned(),
            success: true,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_known_sentences_are_said() {
        let said = |query: &str| Flash::of(Locale::En, query);
        assert_eq!(said(""), None);
        assert_eq!(said("done=no-such-thing"), None);
        assert_eq!(said("done=../x"), None);
        assert_eq!(said("done=%3Cscript%3E"), None);
        let flash = said("q=1&done=user-saved").unwrap();
        assert!(flash.success && !flash.text.is_empty());
        assert!(!said("told=user-gone").unwrap().success);
    }

    #[test]
    fn what_is_to_come_is_not_just_now() {
        use crate::platform::web::{Kit, KitSettings};
        let origin = url::Url::parse("https://sso.example.com").unwrap();
        let page = Kit::new(KitSettings::new(origin)).page(Locale::En);
        let shell = Shell::sample(&page, &super::super::users::SECTION);
        let said = |seconds| {
            let at = shell.now.plus_seconds(seconds);
            shell.time(&page, at).render().unwrap()
        };
        assert!(said(-5).contains(">just now<"), "{}", said(-5));
        assert!(said(86_400).contains(" UTC</time>"), "{}", said(86_400));
    }

    #[test]
    fn addresses_with_parameters() {
        assert_eq!(with_query("/a", &[]), "/a");
        assert_eq!(with_query("/a", &[("b", "c d&")]), "/a?b=c+d%26");
        assert_eq!(with_query("/a?x=1", &[("b", "c")]), "/a?x=1&b=c");
    }
}
