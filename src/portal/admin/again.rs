//! A form that came with the token of another session: nothing is done, and nothing
//! that was typed is lost. The page shows it, and sends it again with a token of this
//! session. A form of another site never gets here: `Origin` and `Sec-Fetch-Site` are
//! compared before any handler runs.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;

use super::shell::Shell;
use super::staff::{Need, Staff};
use super::typed::Typed;
use super::{SECTIONS, overview};
use crate::domain::ids::EventId;
use crate::platform::i18n::Locale;
use crate::platform::web::Page;
use crate::portal::PortalState;

/// Fields that the page filled in, not the person: a form with these alone is a
/// question, and is asked anew.
const FILLED: [&str; 7] = ["version", "id", "step", "move", "go", "do", "kind"];

/// What says that an effect was read: it is to be read again.
const CONFIRMED: &str = "digest";

/// The page.
#[derive(Clone, Debug, Template)]
#[template(path = "admin/again.html")]
struct AgainPage {
    page: Page,
    shell: Shell,
    action: String,
    hidden: Vec<(String, String)>,
    shown: Vec<(String, String)>,
    secrets: Vec<(String, String)>,
}

/// Whether a field holds what pages do not repeat.
fn is_secret(name: &str) -> bool {
    name.contains("secret") || name.contains("password")
}

/// Whether a value names a record, which people do not type.
fn is_id(value: &str) -> bool {
    let mut words = value.split_whitespace().peekable();
    words.peek().is_some() && words.all(|word| EventId::parse(word).is_some())
}

/// A field's name for people.
fn label(locale: Locale, name: &str) -> String {
    let known = locale.find(&format!("field-{name}"), 0);
    known.unwrap_or_else(|| name.replace('_', " "))
}

fn page_of((page, shell): (Page, Shell), action: &str, typed: &Typed) -> Option<AgainPage> {
    let mut made = AgainPage {
        action: action.to_owned(),
        hidden: Vec::new(),
        shown: Vec::new(),
        secrets: Vec::new(),
        page,
        shell,
    };
    let locale = made.page.locale();
    for (name, value) in typed.all() {
        if name == CONFIRMED {
            continue;
        }
        if is_secret(name) {
            if !value.is_empty() {
                made.secrets.push((name.to_owned(), label(locale, name)));
            }
            continue;
        }
        made.hidden.push((name.to_owned(), value.to_owned()));
        let is_typed = !FILLED.contains(&name) && !is_id(value);
        if is_typed && !value.trim().is_empty() {
            made.shown.push((label(locale, name), value.to_owned()));
        }
    }
    (!made.shown.is_empty() || !made.secrets.is_empty()).then_some(made)
}

impl PortalState {
    /// The answer to a form with a token that is not this session's.
    pub(super) fn again<N: Need>(&self, staff: &Staff<N>, path: &str, typed: &Typed) -> Response {
        let section = SECTIONS
            .iter()
            .find(|section| path.starts_with(section.path))
            .unwrap_or(&overview::SECTION);
        let frame = staff.frame(self, section);
        match page_of(frame, path, typed) {
            Some(page) => {
                let user = &staff.current.user.id;
                tracing::info!(code = "web.csrf", %user, path, "a form is sent again");
                self.show(StatusCode::FORBIDDEN, &page)
            }
            None => self.form_expired(staff.locale, path),
        }
    }
}

#[cfg(test)]
pub(super) fn samples(page: &Page) -> Vec<(String, String)> {
    let hostile = "\"><script>alert(1)</script>";
    let typed = Typed::default()
        .with("version", "3")
        .with("name", hostile)
        .with(hostile, "a\nb")
        .with("domains", "")
        .with("client_secret", "never shown");
    let frame = || {
        (
            page.clone(),
            Shell::sample(page, &super::authentication::SECTION),
        )
    };
    let full = page_of(frame(), "/admin/authentication/okta/edit", &typed).unwrap();
    let id = "01937b5c-8f0e-7c1a-9d2e-3f4a5b6c7d8e";
    let question = Typed::default().with("version", "3").with("users", id);
    assert!(page_of(frame(), "/x", &question.with("digest", "read")).is_none());
    let html = full.render().unwrap();
    assert!(!html.contains("never shown"), "{html}");
    let plain = AgainPage {
        secrets: Vec::new(),
        ..full
    };
    vec![
        ("admin-again".to_owned(), html),
        ("admin-again-plain".to_owned(), plain.render().unwrap()),
    ]
}
