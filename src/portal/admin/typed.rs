//! What was typed into a form: kept as it is, so that a form that is not taken
//! comes back with all of it, and read field by field.

use std::collections::BTreeMap;

use axum::extract::{FromRequest, FromRequestParts as _, RawForm, Request};
use axum::response::IntoResponse as _;

use super::staff::{Need, Refused, Staff};
use crate::platform::web::Page;
use crate::portal::PortalState;

/// The most fields of one form.
const MOST_FIELDS: usize = 2_000;

/// The token's field.
const TOKEN: &str = "csrf";

/// A form, with the problems of its fields.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::portal) struct Typed {
    values: BTreeMap<String, Vec<String>>,
    problems: BTreeMap<String, String>,
}

impl Typed {
    /// Puts a value into a field, for a form that shows what is stored.
    pub(in crate::portal) fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        let values = self.values.entry(name.to_owned()).or_default();
        values.push(value.into());
        self
    }

    /// Puts a value into a field in place of what stands there.
    pub(in crate::portal) fn put(&mut self, name: &str, value: impl Into<String>) {
        self.values.insert(name.to_owned(), vec![value.into()]);
    }

    /// What stands in a field; empty when nothing does.
    pub(in crate::portal) fn value(&self, name: &str) -> &str {
        let values = self.values.get(name);
        values
            .and_then(|all| all.first())
            .map_or("", String::as_str)
    }

    /// All values of a field of several, such as check boxes of one name.
    pub(in crate::portal) fn values(&self, name: &str) -> impl Iterator<Item = &str> {
        let values = self.values.get(name);
        values.into_iter().flatten().map(String::as_str)
    }

    /// Every field with every value.
    pub(in crate::portal) fn all(&self) -> impl Iterator<Item = (&str, &str)> {
        let all = self.values.iter();
        all.flat_map(|(name, values)| {
            values
                .iter()
                .map(move |value| (name.as_str(), value.as_str()))
        })
    }

    /// Whether a field was sent at all.
    pub(in crate::portal) fn has(&self, name: &str) -> bool {
        self.values.contains_key(name)
    }

    /// Whether a field has this value among others: for check boxes and selects.
    pub(in crate::portal) fn is(&self, name: &str, value: &str) -> bool {
        self.values(name).any(|given| given == value)
    }

    /// What is wrong with a field.
    pub(in crate::portal) fn problem(&self, name: &str) -> Option<&str> {
        self.problems.get(name).map(String::as_str)
    }

    /// Says what is wrong with a field; the first thing said stays.
    pub(in crate::portal) fn refuse(&mut self, name: &str, problem: impl Into<String>) {
        self.problems
            .entry(name.to_owned())
            .or_insert_with(|| problem.into());
    }

    /// The same without its problems: for a page that does not show their fields.
    pub(in crate::portal) fn forgiven(mut self) -> Self {
        self.problems.clear();
        self
    }

    /// Whether nothing is wrong.
    pub(in crate::portal) fn is_sound(&self) -> bool {
        self.problems.is_empty()
    }

    /// How many fields are wrong.
    pub(in crate::portal) fn wrong(&self) -> usize {
        self.problems.len()
    }

    /// A line of text without outer blanks; `None` when it is empty. Refused, and
    /// then `None` too, when it was given twice, is longer than `longest`
    /// characters, or holds controls or marks that change the direction.
    pub(in crate::portal) fn line(
        &mut self,
        page: &Page,
        name: &str,
        longest: usize,
    ) -> Option<String> {
        let text = self.value(name).trim().to_owned();
        let problem = if self.values(name).count() > 1 {
            Some(page.t("form-twice"))
        } else if text.chars().count() > longest {
            let longest = longest.to_string();
            Some(page.t_with("form-too-long", &[("most", &longest)]))
        } else if text.chars().any(is_hidden) {
            Some(page.t("form-hidden"))
        } else {
            None
        };
        match problem {
            Some(problem) => {
                self.refuse(name, problem);
                None
            }
            None => Some(text).filter(|text| !text.is_empty()),
        }
    }

    /// The same for a field that must not be empty.
    pub(in crate::portal) fn required(
        &mut self,
        page: &Page,
        name: &str,
        longest: usize,
    ) -> Option<String> {
        let text = self.line(page, name, longest);
        if text.is_none() {
            self.refuse(name, page.t("form-required"));
        }
        text
    }

    /// The record's version that the form was filled with; 0 is none's.
    pub(in crate::portal) fn version(&self) -> i64 {
        self.value("version").parse().unwrap_or(0)
    }
}

/// Controls, and marks that let a text read as another one.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{feff}')
        || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A form that somebody at the dashboard sent from one of our pages.
#[derive(Debug)]
pub(in crate::portal) struct Posted<N> {
    /// Who.
    pub(in crate::portal) staff: Staff<N>,
    /// What.
    pub(in crate::portal) typed: Typed,
}

impl<N: Need> FromRequest<PortalState> for Posted<N> {
    type Rejection = Refused;

    async fn from_request(request: Request, state: &PortalState) -> Result<Self, Refused> {
        let (mut parts, body) = request.into_parts();
        let staff = Staff::<N>::from_request_parts(&mut parts, state).await?;
        let here = parts.uri.path().to_owned();
        let request = Request::from_parts(parts, body);
        let RawForm(octets) = RawForm::from_request(request, state)
            .await
            .map_err(|rejection| Refused::from(rejection.into_response()))?;
        let mut typed = Typed::default();
        for (name, value) in url::form_urlencoded::parse(&octets).take(MOST_FIELDS) {
            // Browsers send line ends as CRLF.
            let value = value.replace("\r\n", "\n");
            typed
                .values
                .entry(name.into_owned())
                .or_default()
                .push(value);
        }
        let token = typed.values.remove(TOKEN).unwrap_or_default();
        let token = token.first().map_or("", String::as_str);
        if !state.kit.csrf_matches(&staff.current.id_hash, token) {
            return Err(state.again(&staff, &here, &typed).into());
        }
        Ok(Self { staff, typed })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::i18n::Locale;
    use crate::platform::web::{Kit, KitSettings};

    fn page() -> Page {
        let origin = url::Url::parse("https://sso.example.com").unwrap();
        Kit::new(KitSettings::new(origin)).page(Locale::En)
    }

    #[test]
    fn lines_are_trimmed_and_kept_as_typed() {
        let page = page();
        let mut typed = Typed::default().with("name", "  Ada ").with("empty", " ");
        assert_eq!(typed.line(&page, "name", 10).as_deref(), Some("Ada"));
        assert_eq!(typed.line(&page, "empty", 10), None);
        assert_eq!(typed.line(&page, "absent", 10), None);
        assert!(typed.is_sound());
        assert_eq!(typed.value("name"), "  Ada ");
        assert_eq!(typed.required(&page, "absent", 10), None);
        assert_eq!(typed.wrong(), 1);
    }

    #[test]
    fn what_no_field_takes_is_refused_with_a_reason() {
        let page = page();
        let long = "x".repeat(11);
        for value in [long.as_str(), "a\u{0}b", "a\u{202e}b", "a\u{200b}b", "a\nb"] {
            let mut typed = Typed::default().with("name", value);
            assert_eq!(typed.line(&page, "name", 10), None, "{value:?}");
            assert!(typed.problem("name").is_some(), "{value:?}");
            assert_eq!(typed.value("name"), value);
        }
        let mut typed = Typed::default().with("name", "a").with("name", "b");
        assert_eq!(typed.line(&page, "name", 10), None);
        assert!(typed.problem("name").is_some());
    }
}
