//! Filters that are typed: whom, which reference, from when until when. They
//! stand beside the selects of [`list`](super::list).

use super::list::{Asked, Pager, Select};
use super::shell::with_query;
use crate::domain::{During, Timestamp};
use crate::platform::web::Page;

/// The longest text that a filter takes, in characters.
const LONGEST: usize = 256;

/// The filters above a list, in which at least one is typed.
#[derive(Clone, Debug, Default)]
pub(in crate::portal) struct Narrow {
    /// The list's own address.
    pub(in crate::portal) path: String,
    /// The fields.
    pub(in crate::portal) fields: Vec<TextFilter>,
    /// The selects.
    pub(in crate::portal) selects: Vec<Select>,
}

/// A filter that is typed.
#[derive(Clone, Debug)]
pub(in crate::portal) struct TextFilter {
    /// The parameter.
    pub(in crate::portal) name: &'static str,
    /// Its label.
    pub(in crate::portal) label: String,
    /// `search` or `date`.
    pub(in crate::portal) kind: &'static str,
    /// What was typed.
    pub(in crate::portal) value: String,
    /// What is wrong with it, or what one should know of what was found.
    pub(in crate::portal) problem: Option<String>,
}

impl Narrow {
    /// The filters of the list at `path`.
    pub(in crate::portal) fn new(path: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            ..Self::default()
        }
    }

    /// The same with a field for words.
    pub(in crate::portal) fn text(
        mut self,
        asked: &Asked,
        name: &'static str,
        label: String,
    ) -> Self {
        self.fields.push(TextFilter {
            name,
            label,
            kind: "search",
            value: typed(asked, name).unwrap_or_default(),
            problem: None,
        });
        self
    }

    /// The same with a span of days, `from` and `to`.
    pub(in crate::portal) fn days(mut self, page: &Page, asked: &Asked) -> Self {
        for (name, label) in [("from", "narrow-from"), ("to", "narrow-to")] {
            let value = typed(asked, name).unwrap_or_default();
            let wrong = !value.is_empty() && day(&value).is_none();
            self.fields.push(TextFilter {
                name,
                label: page.t(label),
                kind: "date",
                value,
                problem: wrong.then(|| page.t("narrow-no-day")),
            });
        }
        self
    }

    /// Says something of a field.
    pub(in crate::portal) fn tell(&mut self, name: &str, problem: String) {
        if let Some(field) = self.fields.iter_mut().find(|field| field.name == name) {
            field.problem = Some(problem);
        }
    }

    /// Whether anything is narrowed.
    pub(in crate::portal) fn is_narrowed(&self) -> bool {
        !self.pairs().is_empty()
    }

    /// What narrows, as parameters.
    fn pairs(&self) -> Vec<(&str, &str)> {
        let fields = self.fields.iter().map(|f| (f.name, f.value.as_str()));
        let selects = self.selects.iter().map(|select| {
            let chosen = select.options.iter().find(|option| option.chosen);
            (
                select.name,
                chosen.map_or("", |option| option.value.as_str()),
            )
        });
        let all = fields.chain(selects);
        all.filter(|(_, value)| !value.is_empty()).collect()
    }

    /// An address with what narrows.
    pub(in crate::portal) fn at(&self, path: &str) -> String {
        with_query(path, &self.pairs())
    }

    /// The ways to other pages of the list.
    pub(in crate::portal) fn pager(&self, asked: &Asked, next: Option<&str>) -> Pager {
        let here = self.at(&self.path);
        Pager {
            first: asked.cursor().map(|_| here.clone()),
            next: next.map(|next| with_query(&here, &[("cursor", next)])),
        }
    }
}

/// A filter's text, as far as it makes sense to look for it.
pub(in crate::portal) fn typed(asked: &Asked, name: &str) -> Option<String> {
    let text = asked.text(name)?;
    Some(text.chars().take(LONGEST).collect())
}

/// The span of days that was asked for: both days belong to it, in UTC. What is
/// no day narrows nothing; the field says so.
pub(in crate::portal) fn during(asked: &Asked) -> During {
    let read = |name| typed(asked, name).and_then(|text| day(&text));
    During {
        from: read("from"),
        to: read("to").map(|at| at.plus_seconds(86_400)),
    }
}

/// The beginning of a day, `2026-11-21`.
fn day(text: &str) -> Option<Timestamp> {
    let is_day = text.len() == 10 && text.is_ascii();
    Timestamp::parse_rfc3339(&format!("{text}T00:00:00Z")).filter(|_| is_day)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::i18n::Locale;
    use crate::platform::web::{Kit, KitSettings};

    #[test]
    fn days_and_what_is_none() {
        let origin = url::Url::parse("https://sso.example.com").unwrap();
        let page = Kit::new(KitSettings::new(origin)).page(Locale::En);
        let asked = Asked::of("from=2026-11-21&to=2026-11-22&person=a%26b&cursor=x");
        let span = during(&asked);
        let (from, to) = (span.from.unwrap(), span.to.unwrap());
        assert_eq!(to.seconds_since(from), 2 * 86_400);
        let narrow = Narrow::new("/admin/logins")
            .text(&asked, "person", String::new())
            .days(&page, &asked);
        assert!(narrow.is_narrowed());
        assert_eq!(
            narrow.at("/admin/logins.jsonl"),
            "/admin/logins.jsonl?person=a%26b&from=2026-11-21&to=2026-11-22"
        );
        for wrong in ["2026-13-01", "yesterday", "2026-11-21T00:00:00Z", "<b>"] {
            let asked = Asked::of(&format!("from={wrong}"));
            assert_eq!(during(&asked), During::default(), "{wrong}");
            let narrow = Narrow::new("/x").days(&page, &asked);
            assert!(narrow.fields[0].problem.is_some(), "{wrong}");
        }
    }
}
