//! Lists: a search, filters as plain selects, pages by cursor.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use super::shell::with_query;
use crate::domain::ids::EventId;
use crate::platform::web::Page;

/// Rows of one page.
pub(in crate::portal) const ROWS: usize = 50;

/// What a list is asked: the parameters of the address. Nothing in them is an
/// error; what is not understood narrows nothing.
#[derive(Clone, Debug, Default)]
pub(in crate::portal) struct Asked(Vec<(String, String)>);

impl<S: Sync> FromRequestParts<S> for Asked {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::of(parts.uri.query().unwrap_or_default()))
    }
}

impl Asked {
    /// Reads a query.
    pub(in crate::portal) fn of(query: &str) -> Self {
        let pairs = url::form_urlencoded::parse(query.as_bytes());
        Self(pairs.into_owned().collect())
    }

    /// A parameter without outer blanks; `None` when it is empty.
    pub(in crate::portal) fn text(&self, name: &str) -> Option<&str> {
        let value = self.0.iter().find(|(key, _)| key == name);
        value
            .map(|(_, value)| value.trim())
            .filter(|value| !value.is_empty())
    }

    /// Every value of a parameter.
    pub(in crate::portal) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let named = self.0.iter().filter(move |(key, _)| key == name);
        named.map(|(_, value)| value.as_str())
    }

    /// A parameter that must be one of these words.
    pub(in crate::portal) fn word<T: Copy>(
        &self,
        name: &str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Option<T> {
        self.text(name).and_then(parse)
    }

    /// The cursor; one that no list of ours gave begins at the beginning.
    pub(in crate::portal) fn cursor(&self) -> Option<String> {
        let text = self.text("cursor")?;
        EventId::parse(text).map(|id| id.to_string())
    }

    /// The address of the list `path`, narrowed as it is now, that begins at a
    /// cursor.
    fn at(&self, path: &str, narrowed: &[&str], cursor: Option<&str>) -> String {
        let mut pairs: Vec<(&str, &str)> = Vec::new();
        for name in narrowed {
            if let Some(value) = self.text(name) {
                pairs.push((name, value));
            }
        }
        pairs.extend(cursor.map(|cursor| ("cursor", cursor)));
        with_query(path, &pairs)
    }
}

/// The search and the filters above a list.
#[derive(Clone, Debug)]
pub(in crate::portal) struct Filters {
    /// The list's own address.
    pub(in crate::portal) path: &'static str,
    /// The label of the search field; `None` when there is nothing to search.
    pub(in crate::portal) search: Option<String>,
    /// What is searched for.
    pub(in crate::portal) q: String,
    /// The filters.
    pub(in crate::portal) selects: Vec<Select>,
}

/// A filter.
#[derive(Clone, Debug)]
pub(in crate::portal) struct Select {
    /// The parameter.
    pub(in crate::portal) name: &'static str,
    /// Its label.
    pub(in crate::portal) label: String,
    /// What can be chosen, "all" first.
    pub(in crate::portal) options: Vec<Choice>,
}

/// What can be chosen.
#[derive(Clone, Debug)]
pub(in crate::portal) struct Choice {
    /// The parameter's value; empty for "all".
    pub(in crate::portal) value: String,
    /// What people read.
    pub(in crate::portal) label: String,
    /// Whether it is chosen.
    pub(in crate::portal) chosen: bool,
}

impl Select {
    /// A filter over values and their labels.
    pub(in crate::portal) fn new(
        asked: &Asked,
        name: &'static str,
        label: String,
        all: String,
        options: impl IntoIterator<Item = (String, String)>,
    ) -> Self {
        let chosen = asked.text(name).unwrap_or_default();
        let first = (String::new(), all);
        let options = std::iter::once(first).chain(options);
        Self {
            name,
            label,
            options: options
                .map(|(value, label)| Choice {
                    chosen: value == chosen,
                    value,
                    label,
                })
                .collect(),
        }
    }

    fn is_set(&self) -> bool {
        self.options.iter().any(|o| o.chosen && !o.value.is_empty())
    }
}

impl Filters {
    /// Whether anything is narrowed.
    pub(in crate::portal) fn is_narrowed(&self) -> bool {
        !self.q.is_empty() || self.selects.iter().any(Select::is_set)
    }

    /// The parameters.
    fn names(&self) -> Vec<&'static str> {
        let selects = self.selects.iter().map(|select| select.name);
        std::iter::once("q").chain(selects).collect()
    }

    /// The ways to other pages of the list.
    pub(in crate::portal) fn pager(&self, asked: &Asked, next: Option<&str>) -> Pager {
        let names = self.names();
        Pager {
            first: asked.cursor().map(|_| asked.at(self.path, &names, None)),
            next: next.map(|next| asked.at(self.path, &names, Some(next))),
        }
    }
}

/// The ways to other pages of a list.
#[derive(Clone, Debug, Default)]
pub(in crate::portal) struct Pager {
    /// To the first page, from any other.
    pub(in crate::portal) first: Option<String>,
    /// To the next page.
    pub(in crate::portal) next: Option<String>,
}

/// The search field's value, as far as it makes sense to search for it.
pub(in crate::portal) fn search(asked: &Asked) -> Option<String> {
    let text = asked.text("q")?;
    Some(text.chars().take(256).collect())
}

/// The words of a closed list with their labels, `<prefix><word>` in the
/// language files.
pub(in crate::portal) fn labelled(
    page: &Page,
    prefix: &str,
    words: impl IntoIterator<Item = &'static str>,
) -> Vec<(String, String)> {
    words
        .into_iter()
        .map(|word| (word.to_owned(), page.t(&format!("{prefix}{word}"))))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_keep_what_narrows() {
        let cursor = "01937b5c-8f0e-7c1a-9d2e-3f4a5b6c7d8e";
        let asked = Asked::of(&format!("q=a+b%26&status=active&cursor={cursor}&x=1"));
        let all = vec![("active".to_owned(), "Active".to_owned())];
        let filters = Filters {
            path: "/admin/users",
            search: None,
            q: String::new(),
            selects: vec![Select::new(
                &asked,
                "status",
                String::new(),
                String::new(),
                all,
            )],
        };
        assert!(filters.is_narrowed());
        let pager = filters.pager(&asked, Some("next"));
        assert_eq!(
            pager.first.as_deref(),
            Some("/admin/users?q=a+b%26&status=active")
        );
        assert_eq!(
            pager.next.as_deref(),
            Some("/admin/users?q=a+b%26&status=active&cursor=next")
        );
    }

    #[test]
    fn a_cursor_of_somebody_elses_begins_at_the_beginning() {
        assert_eq!(Asked::of("cursor='; DROP").cursor(), None);
        assert!(
            !Filters {
                path: "/",
                search: None,
                q: String::new(),
                selects: vec![]
            }
            .is_narrowed()
        );
    }
}
