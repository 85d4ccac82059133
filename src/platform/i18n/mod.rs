//! Languages: which one a person reads, and the texts in it.
//!
//! The texts stand in `locales/<language>/*.ftl` (Project Fluent) and are
//! compiled in. Every language has the same messages with the same variables;
//! a test holds the files to it. The language comes from `Accept-Language`
//! alone: nobody has to be signed in to be understood.

use std::borrow::Cow;
use std::collections::HashMap;
use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use fluent_templates::fluent_bundle::FluentValue;
use fluent_templates::{LanguageIdentifier, Loader as _, static_loader};

mod dates;
mod phrases;

static_loader! {
    static TEXTS = {
        locales: "./locales",
        fallback_language: "en",
        // No U+2068/U+2069 around values: both languages run left to right,
        // and the marks would end up in what people copy.
        customise: |bundle| bundle.set_use_isolating(false),
    };
}

/// A language that the pages are written in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Locale {
    /// English: also for everybody whose language we do not have.
    #[default]
    En,
    /// German.
    De,
}

impl Locale {
    /// Every language.
    pub const ALL: &'static [Self] = &[Self::En, Self::De];

    /// The language's BCP 47 tag, as `lang` attributes and file names have it.
    #[must_use]
    pub const fn tag(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::De => "de",
        }
    }

    /// The language that an `Accept-Language` field asks for most (RFC 9110
    /// §12.5.4). A range such as `de-AT` means its language; `*` means
    /// English; quality 0 means "not this one". What cannot be read is
    /// skipped, and nothing readable gives English.
    #[must_use]
    pub fn negotiate(accept_language: &str) -> Self {
        let mut best: Option<(u16, Self)> = None;
        // A browser sends a handful; a longer list is not from a person.
        for entry in accept_language.split(',').take(32) {
            let mut parts = entry.split(';');
            let range = parts.next().unwrap_or_default().trim();
            let quality = match parts.next() {
                None => 1000,
                Some(parameter) => match quality(parameter) {
                    Some(q) => q,
                    None => continue,
                },
            };
            let language = range.split('-').next().unwrap_or_default();
            let locale = match language.to_ascii_lowercase().as_str() {
                "en" | "*" => Self::En,
                "de" => Self::De,
                _ => continue,
            };
            // The first of equals wins, as people write them.
            if quality > 0 && best.is_none_or(|(top, _)| quality > top) {
                best = Some((quality, locale));
            }
        }
        best.map_or(Self::En, |(_, locale)| locale)
    }

    /// The language that a request asks for.
    #[must_use]
    pub fn of(headers: &HeaderMap) -> Self {
        headers
            .get(header::ACCEPT_LANGUAGE)
            .and_then(|value| value.to_str().ok())
            .map_or(Self::En, Self::negotiate)
    }

    /// The text of a message without variables.
    #[must_use]
    pub fn t(self, id: &str) -> String {
        self.t_with(id, &[])
    }

    /// The text of a message with its variables filled in.
    ///
    /// A message that does not exist shows as its id in white brackets, which
    /// the tests of the templates look for.
    #[must_use]
    pub fn t_with(self, id: &str, variables: &[(&'static str, &str)]) -> String {
        let variables: HashMap<Cow<'static, str>, FluentValue<'_>> = variables
            .iter()
            .map(|(name, value)| (Cow::Borrowed(*name), FluentValue::from(*value)))
            .collect();
        self.lookup(id, &variables)
    }

    /// The text of a message that counts: `$count` selects the plural.
    #[must_use]
    pub fn t_count(self, id: &str, count: usize) -> String {
        let variables = HashMap::from([(Cow::Borrowed("count"), FluentValue::from(count))]);
        self.lookup(id, &variables)
    }

    /// The text of a message that may not exist and may count.
    #[must_use]
    pub fn find(self, id: &str, count: usize) -> Option<String> {
        let variables = HashMap::from([(Cow::Borrowed("count"), FluentValue::from(count))]);
        TEXTS.try_lookup_with_args(self.identifier(), id, &variables)
    }

    fn lookup(self, id: &str, variables: &HashMap<Cow<'static, str>, FluentValue<'_>>) -> String {
        TEXTS
            .try_lookup_with_args(self.identifier(), id, variables)
            .unwrap_or_else(|| format!("\u{27e6}{id}\u{27e7}"))
    }

    fn identifier(self) -> &'static LanguageIdentifier {
        static EN: LanguageIdentifier = fluent_templates::langid!("en");
        static DE: LanguageIdentifier = fluent_templates::langid!("de");
        match self {
            Self::En => &EN,
            Self::De => &DE,
        }
    }
}

impl<S: Sync> FromRequestParts<S> for Locale {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::of(&parts.headers))
    }
}

/// A quality value in thousandths: `q=0.8` is 800.
fn quality(parameter: &str) -> Option<u16> {
    let (name, value) = parameter.split_once('=')?;
    if !name.trim().eq_ignore_ascii_case("q") {
        return None;
    }
    let value: f32 = value.trim().parse().ok()?;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the range is checked first"
    )]
    (0.0..=1.0)
        .contains(&value)
        .then(|| (value * 1000.0).round() as u16)
}

#[cfg(test)]
mod tests;
