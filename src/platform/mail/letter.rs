//! What a mail says, and what it looks like: as text and as HTML, from the same
//! words.

use askama::Template;
use serde::{Deserialize, Serialize};

use crate::domain::{Timestamp, UserId};
use crate::platform::i18n::Locale;

/// Longest subject, in characters: names come from outside.
const SUBJECT: usize = 150;

/// A mail to one person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// What it is about, for admins: `activation`, `reset`.
    pub kind: &'static str,
    /// The user whom it goes to.
    pub user: Option<UserId>,
    /// The address.
    pub to: String,
    /// The language of the frame.
    pub locale: Locale,
    /// The subject.
    pub subject: String,
    /// What it says before the button.
    pub before: Vec<String>,
    /// What stands on the button, and where it leads.
    pub button: Option<(String, String)>,
    /// What it says after the button.
    pub after: Vec<String>,
    /// When it is of no use any more: it is not tried longer than that.
    pub until: Timestamp,
}

/// The two forms of a mail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bodies {
    /// For those who read text.
    pub text: String,
    /// For all others.
    pub html: String,
}

#[derive(Template)]
#[template(path = "mail/letter.html")]
struct Html<'a> {
    letter: &'a Letter,
    brand: &'a str,
    link_text: String,
    sent_by: String,
}

#[derive(Template)]
#[template(path = "mail/letter.txt", escape = "none")]
struct Text<'a> {
    letter: &'a Letter,
    brand: &'a str,
    sent_by: String,
}

impl Letter {
    /// The mail in both forms. `brand` is the organisation's name, `origin` the
    /// gateway's own.
    ///
    /// # Errors
    /// A bug in a template.
    pub fn bodies(&self, brand: &str, origin: &str) -> Result<Bodies, askama::Error> {
        let letter = &self.tidied();
        let sent_by = self
            .locale
            .t_with("mail-sent-by", &[("brand", brand), ("origin", origin)]);
        let html = Html {
            letter,
            brand,
            link_text: self.locale.t("mail-link-text"),
            sent_by: sent_by.clone(),
        };
        let text = Text {
            letter,
            brand,
            sent_by,
        };
        Ok(Bodies {
            html: html.render()?,
            text: text.render()?.replace('\n', "\r\n"),
        })
    }

    /// The subject without what no subject can hold.
    #[must_use]
    pub fn subject(&self) -> String {
        one_line(&self.subject).chars().take(SUBJECT).collect()
    }

    /// The same with paragraphs of one line each: a name with line breaks in it
    /// shall not look like a paragraph of ours.
    fn tidied(&self) -> Self {
        let lines = |all: &[String]| all.iter().map(|text| one_line(text)).collect();
        Self {
            before: lines(&self.before),
            after: lines(&self.after),
            ..self.clone()
        }
    }
}

/// A text of one line: what is no character of a line becomes a blank.
#[must_use]
pub fn one_line(text: &str) -> String {
    let shown = |c: char| !c.is_control() && !matches!(c, '\u{2028}' | '\u{2029}');
    let cleaned: String = text
        .chars()
        .map(|c| if shown(c) { c } else { ' ' })
        .collect();
    cleaned
        .split(' ')
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn letter() -> Letter {
        Letter {
            kind: "activation",
            user: None,
            to: "ada@example.com".to_owned(),
            locale: Locale::En,
            subject: "Hello\r\nBcc: all@example.com".to_owned(),
            before: vec!["<b>Ada</b>\r\n\r\nVisit http://evil.example".to_owned()],
            button: Some((
                "Activate".to_owned(),
                "https://sso.example.com/activate/abc-_".to_owned(),
            )),
            after: vec!["Until tomorrow.".to_owned()],
            until: Timestamp(0),
        }
    }

    #[test]
    fn names_are_no_markup_and_no_lines_of_their_own() {
        let letter = letter();
        assert_eq!(letter.subject(), "Hello Bcc: all@example.com");
        let bodies = letter.bodies("A & B", "https://sso.example.com").unwrap();
        assert!(bodies.html.contains("&#60;b&#62;Ada") || bodies.html.contains("&lt;b&gt;Ada"));
        assert!(!bodies.html.contains("<b>"), "{}", bodies.html);
        assert!(
            bodies
                .html
                .contains(r#"href="https://sso.example.com/activate/abc-_""#)
        );
        assert!(
            bodies
                .text
                .contains("<b>Ada</b> Visit http://evil.example\r\n")
        );
        assert!(
            bodies
                .text
                .contains("\r\nhttps://sso.example.com/activate/abc-_\r\n")
        );
        assert!(!bodies.text.replace("\r\n", "").contains(['\r', '\n']));
    }

    #[test]
    fn every_language_has_its_frame() {
        for locale in Locale::ALL {
            let letter = Letter {
                locale: *locale,
                ..letter()
            };
            let bodies = letter
                .bodies("Northwind", "https://sso.example.com")
                .unwrap();
            for body in [&bodies.text, &bodies.html] {
                assert!(!body.contains('\u{27e6}'), "{body}");
                assert!(body.contains("Northwind") && body.contains("https://sso.example.com"));
            }
            assert!(bodies.html.contains(&format!("lang=\"{}\"", locale.tag())));
        }
    }
}
