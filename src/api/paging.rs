//! Query parameters and pages of lists.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use serde::Serialize;
use utoipa::ToSchema;

use super::error::ApiError;
use super::fields::one_of;
use crate::directory::Page;
use crate::domain::{During, Timestamp, UserId};
use crate::platform::config::nearest;
use crate::platform::web::FieldError;

/// Rows of a page, unless the script asks for another number.
pub(super) const LIMIT: usize = 50;
/// Rows of a page at the most.
pub(super) const MOST: usize = 500;

/// The query parameters, those that were asked for, and the mistakes so far.
///
/// An unknown parameter is a mistake: a filter that is mistyped must not
/// answer with everybody.
#[derive(Debug, Default)]
pub(super) struct Query {
    pairs: Vec<(String, String)>,
    known: Vec<&'static str>,
    errors: Vec<FieldError>,
}

impl<S: Send + Sync> FromRequestParts<S> for Query {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::parse(parts.uri.query().unwrap_or_default()))
    }
}

/// Where a page begins, and how long it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wanted {
    /// After which row.
    pub cursor: Option<String>,
    /// How many rows at the most.
    pub limit: usize,
}

impl Query {
    fn parse(query: &str) -> Self {
        let pairs = url::form_urlencoded::parse(query.as_bytes());
        Self {
            pairs: pairs.into_owned().collect(),
            ..Self::default()
        }
    }

    /// A text. An empty one is a mistake, as a filter that is mistyped is: a
    /// script whose variable is empty does not mean everybody.
    pub(super) fn text(&mut self, key: &'static str) -> Option<String> {
        let text = self.any_text(key)?;
        if text.is_empty() {
            self.refuse(key, "must not be empty; leave it out");
            return None;
        }
        Some(text)
    }

    /// A text that narrows nothing when it is empty.
    pub(super) fn words(&mut self, key: &'static str) -> Option<String> {
        self.any_text(key).filter(|text| !text.is_empty())
    }

    fn any_text(&mut self, key: &'static str) -> Option<String> {
        self.known.push(key);
        let (found, rest) = std::mem::take(&mut self.pairs)
            .into_iter()
            .partition::<Vec<_>, _>(|(name, _)| name == key);
        self.pairs = rest;
        if found.len() > 1 {
            self.refuse(key, "stands twice");
        }
        let text = found.into_iter().next()?.1.trim().to_owned();
        if text.contains('\0') {
            self.refuse(key, "holds a character that no text can hold");
            return None;
        }
        Some(text)
    }

    /// One word of a closed list.
    pub(super) fn word<T: Copy>(
        &mut self,
        key: &'static str,
        all: &[T],
        name: fn(T) -> &'static str,
    ) -> Option<T> {
        let text = self.text(key)?;
        match one_of(&text, all, name) {
            Ok(word) => Some(word),
            Err(detail) => {
                self.refuse(key, detail);
                None
            }
        }
    }

    /// An id.
    pub(super) fn id<T>(&mut self, key: &'static str, parse: fn(&str) -> Option<T>) -> Option<T> {
        let text = self.text(key)?;
        let id = parse(&text);
        if id.is_none() {
            self.refuse(key, "must be an id as this gateway writes them");
        }
        id
    }

    /// A moment.
    fn time(&mut self, key: &'static str) -> Option<Timestamp> {
        let text = self.text(key)?;
        let time = Timestamp::parse_rfc3339(&text);
        if time.is_none() {
            let detail = "must be a date and time as in RFC 3339, 2026-11-21T20:15:30Z";
            self.refuse(key, detail);
        }
        time
    }

    /// A span of time: `from` on, and before `to`.
    pub(super) fn during(&mut self) -> During {
        let (from, to) = (self.time("from"), self.time("to"));
        if from.zip(to).is_some_and(|(from, to)| to < from) {
            self.refuse("to", "must not lie before `from`");
        }
        During { from, to }
    }

    fn refuse(&mut self, key: &str, detail: impl Into<String>) {
        self.errors.push(FieldError::in_field(key, detail));
    }

    /// Which page is wanted, of a list whose cursors are ids.
    pub(super) fn page(&mut self) -> Wanted {
        // All ids are UUIDs; the type of this one does not matter.
        // An empty one is the beginning: it is what a loop starts with.
        let cursor = self.words("cursor").and_then(|text| {
            let id = UserId::parse(&text).map(|id| id.to_string());
            if id.is_none() {
                self.refuse("cursor", "must be a next_cursor of this list");
            }
            id
        });
        let limit = self.limit();
        Wanted { cursor, limit }
    }

    /// Which page is wanted, of a list that is small enough to be read whole:
    /// how many rows to leave out, and how many to show.
    pub(super) fn slice(&mut self) -> (usize, usize) {
        let offset = match self.words("cursor").map(|text| text.parse()) {
            None => 0,
            Some(Ok(offset)) => offset,
            Some(Err(_)) => {
                self.refuse("cursor", "must be a next_cursor of this list");
                0
            }
        };
        (offset, self.limit())
    }

    /// A whole number within bounds.
    pub(super) fn number(&mut self, key: &'static str, (least, most): (i64, i64)) -> Option<i64> {
        let number = self.text(key)?.parse().ok();
        let number = number.filter(|number| (least..=most).contains(number));
        if number.is_none() {
            self.refuse(key, format!("must be a number from {least} to {most}"));
        }
        number
    }

    fn limit(&mut self) -> usize {
        match self.text("limit").map(|text| text.parse()) {
            None => LIMIT,
            Some(Ok(limit)) if (1..=MOST).contains(&limit) => limit,
            Some(_) => {
                self.refuse("limit", format!("must be a number from 1 to {MOST}"));
                LIMIT
            }
        }
    }

    /// Every mistake that was found, unknown parameters among them.
    pub(super) fn finish(mut self) -> Result<(), ApiError> {
        for (name, _) in &self.pairs {
            let detail = match nearest(name, self.known.iter().copied()) {
                Some(near) => format!("unknown parameter; did you mean `{near}`?"),
                None => format!("unknown parameter; known are {}", self.known.join(", ")),
            };
            self.errors.push(FieldError::in_field(name.clone(), detail));
        }
        if self.errors.is_empty() {
            Ok(())
        } else {
            Err(ApiError::mistakes(self.errors))
        }
    }
}

/// One page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct List<T> {
    /// The rows.
    pub items: Vec<T>,
    /// What to send as `cursor` for the next page; `null` at the end.
    #[schema(required)]
    pub next_cursor: Option<String>,
}

impl<T> List<T> {
    /// A page, each row in its JSON form.
    pub(super) fn of<R>(page: Page<R>, shape: impl FnMut(R) -> T) -> Self {
        Self {
            items: page.items.into_iter().map(shape).collect(),
            next_cursor: page.next_cursor,
        }
    }

    /// A slice of a list that was read whole.
    pub(super) fn slice(all: Vec<T>, (offset, limit): (usize, usize)) -> Self {
        let end = offset.saturating_add(limit);
        Self {
            next_cursor: (end < all.len()).then(|| end.to_string()),
            items: all.into_iter().skip(offset).take(limit).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Status;

    fn mistakes(query: &str) -> Vec<String> {
        let mut query = Query::parse(query);
        query.page();
        query.word("status", Status::ALL, Status::as_str);
        query.id("user", UserId::parse);
        let Err(error) = query.finish() else {
            return Vec::new();
        };
        let said = error.errors().iter();
        said.map(|e| format!("{}: {}", e.field.as_deref().unwrap(), e.detail))
            .collect()
    }

    #[test]
    fn what_is_asked_for_is_understood() {
        assert_eq!(mistakes(""), [""; 0]);
        assert_eq!(mistakes("status=active&cursor=&limit=500"), [""; 0]);
        let mut query = Query::parse("limit=7&cursor=00000000-0000-7000-8000-00000000000A");
        let wanted = Wanted {
            cursor: Some("00000000-0000-7000-8000-00000000000a".to_owned()),
            limit: 7,
        };
        assert_eq!(query.page(), wanted);
    }

    #[test]
    fn every_mistake_is_told() {
        assert_eq!(
            mistakes("status=&limit=&user="),
            [
                "limit: must not be empty; leave it out",
                "status: must not be empty; leave it out",
                "user: must not be empty; leave it out",
            ]
        );
        assert_eq!(
            mistakes("limit=0&cursor=x&status=activ&user=7&stauts=active&zz=1&limit=3"),
            [
                "cursor: must be a next_cursor of this list",
                "limit: stands twice",
                "limit: must be a number from 1 to 500",
                "status: `activ` is not known; did you mean `active`?",
                "user: must be an id as this gateway writes them",
                "stauts: unknown parameter; did you mean `status`?",
                "zz: unknown parameter; known are cursor, limit, status, user",
            ]
        );
        for limit in ["501", "-1", "ten", "99999999999999999999", "%00"] {
            assert_eq!(mistakes(&format!("limit={limit}")).len(), 1, "{limit}");
        }
    }

    #[test]
    fn slices_end() {
        let page = |offset| {
            let list = List::slice(vec![1, 2, 3], (offset, 2));
            (list.items, list.next_cursor)
        };
        assert_eq!(page(0), (vec![1, 2], Some("2".to_owned())));
        assert_eq!(page(2), (vec![3], None));
        assert_eq!(page(9), (vec![], None));
        assert_eq!(page(usize::MAX), (vec![], None));
    }
}
