use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use fluent_templates::fluent_bundle::FluentValue;

use super::Locale;
use crate::domain::Timestamp;

#[test]
fn the_preferred_language_wins() {
    for (field, expected) in [
        ("", Locale::En),
        ("de", Locale::De),
        ("de-AT,de;q=0.9,en;q=0.8", Locale::De),
        ("en-GB,en;q=0.9,de;q=0.8", Locale::En),
        ("fr,de;q=0.5,en;q=0.3", Locale::De),
        ("fr", Locale::En),
        ("DE-ch ; Q=0.4 , en;q=0.3", Locale::De),
        ("en;q=0.2, de;q=0.7", Locale::De),
        ("de;q=0, en;q=0.1", Locale::En),
        ("de;q=0", Locale::En),
        ("de;q=2, en;q=0.1", Locale::En),
        ("de;q=x", Locale::En),
        ("de;level=1, en;q=0.5", Locale::En),
        ("*;q=0.5, de;q=0.4", Locale::En),
        ("en, de", Locale::En),
        ("den", Locale::En),
        (";;;,,,q=1", Locale::En),
    ] {
        assert_eq!(Locale::negotiate(field), expected, "{field:?}");
    }
}

/// Message id → the variables that its text names.
fn messages(locale: Locale) -> BTreeMap<String, BTreeSet<String>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("locales")
        .join(locale.tag());
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for file in std::fs::read_dir(folder).unwrap() {
        let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
        let mut current = String::new();
        for line in text.lines() {
            if let Some((id, _)) = line.split_once('=')
                && line.starts_with(|c: char| c.is_ascii_alphabetic() || c == '-')
            {
                id.trim().clone_into(&mut current);
                let fresh = found.insert(current.clone(), BTreeSet::new()).is_none();
                assert!(fresh, "{current} stands twice in {}", locale.tag());
            }
            for piece in line.split('$').skip(1) {
                let name: String = piece
                    .chars()
                    .take_while(|c| c.is_ascii_alphanumeric() || *c == '-' || *c == '_')
                    .collect();
                found.entry(current.clone()).or_default().insert(name);
            }
        }
    }
    found
}

#[test]
fn every_language_says_everything() {
    let english = messages(Locale::En);
    assert!(english.len() > 50, "the files were not found");
    for locale in Locale::ALL {
        let other = messages(*locale);
        for (id, variables) in &english {
            assert_eq!(
                other.get(id),
                Some(variables),
                "{id} in {} has not the same variables",
                locale.tag()
            );
        }
        for (id, variables) in &other {
            assert!(
                english.contains_key(id),
                "{id} stands in {} only",
                locale.tag()
            );
            let values = variables
                .iter()
                .map(|name| (Cow::Owned(name.clone()), FluentValue::from(2)))
                .collect();
            let text = locale.lookup(id, &values);
            assert!(!text.contains('\u{27e6}'), "{id} is not loaded");
        }
    }
}

#[test]
fn every_language_has_words_of_its_own() {
    assert_eq!(Locale::En.t("login-title"), "Sign in");
    assert_eq!(Locale::De.t("login-title"), "Anmelden");
    assert_eq!(
        Locale::En.t("no-such-message"),
        "\u{27e6}no-such-message\u{27e7}"
    );
}

#[test]
fn moments() {
    let at = Timestamp::parse_rfc3339("2026-11-21T20:15:30.123Z").unwrap();
    assert_eq!(Locale::En.moment(at), "21 November 2026, 20:15 UTC");
    assert_eq!(Locale::De.moment(at), "21. November 2026, 20:15 UTC");
    for (later, english, german) in [
        (-5, "just now", "gerade eben"),
        (59, "just now", "gerade eben"),
        (60, "1 minute ago", "vor 1 Minute"),
        (3599, "59 minutes ago", "vor 59 Minuten"),
        (3600, "1 hour ago", "vor 1 Stunde"),
        (86_399, "23 hours ago", "vor 23 Stunden"),
        (
            86_400,
            "21 November 2026, 20:15 UTC",
            "21. November 2026, 20:15 UTC",
        ),
    ] {
        assert_eq!(Locale::En.since(at, at.plus_seconds(later)), english);
        assert_eq!(Locale::De.since(at, at.plus_seconds(later)), german);
    }
}
