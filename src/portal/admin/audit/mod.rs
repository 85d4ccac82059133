//! The audit log: who did what to whom.

mod list;
mod show;

use axum::Router;
use axum::routing::get;

use super::Section;
use crate::directory::audit::Event;
use crate::domain::Scope;
use crate::platform::web::Page;
use crate::portal::PortalState;

/// What stands in the navigation.
pub(super) const SECTION: Section = Section {
    path: "/admin/audit",
    label: "audit-title",
    scope: Some(Scope::AuditRead),
};

/// The section's routes.
pub(super) fn router() -> Router<PortalState> {
    Router::new()
        .route("/admin/audit", get(list::show))
        .route("/admin/audit.jsonl", get(list::download))
        .route("/admin/audit/{id}", get(show::show))
}

/// What was done, in words; the code itself where nobody has found any.
pub(super) fn action(page: &Page, code: &str) -> String {
    let id = format!("action-{}", code.replace(['.', '_'], "-"));
    let known = page.locale().find(&id, 0);
    known.unwrap_or_else(|| code.to_owned())
}

/// What kind of actor it was, in words.
pub(super) fn actor_kind(page: &Page, kind: &str) -> String {
    let known = page.locale().find(&format!("actor-{kind}"), 0);
    known.unwrap_or_else(|| kind.to_owned())
}

/// The page of the thing that an event is about, where it has one.
pub(super) fn target_page(event: &Event) -> Option<String> {
    let id: String = url::form_urlencoded::byte_serialize(event.target_id.as_bytes()).collect();
    match event.target_kind.as_str() {
        "user" => Some(format!("/admin/users/{id}/history")),
        "group" => Some(format!("/admin/groups/{id}")),
        "application" => Some(format!("/admin/applications/{id}")),
        _ => None,
    }
}

/// The samples of the section's pages.
#[cfg(test)]
pub(super) fn samples(page: &Page) -> Vec<(String, String)> {
    let mut all = list::samples(page);
    all.extend(show::samples(page));
    all
}

#[cfg(test)]
pub(super) fn sample_event(action: &str, target: &str) -> Event {
    use crate::directory::plan::Change;
    use crate::domain::Timestamp;
    use crate::domain::ids::EventId;
    let change = |field: &str, before: Option<&str>, after: Option<&str>| Change {
        field: field.to_owned(),
        before: before.map(str::to_owned),
        after: after.map(str::to_owned),
    };
    Event {
        id: EventId::parse("0190a3f2-7c1e-7b32-8f55-9d1f0c2a3b4c").unwrap(),
        at: Timestamp(1_767_225_600_000),
        actor_kind: "user".to_owned(),
        actor_id: Some("0190a3f2-7c1e-7b32-8f55-9d1f0c2a3b4c".to_owned()),
        actor: "Grace \"><script>alert(1)</script> Hopper".to_owned(),
        action: action.to_owned(),
        target_kind: "user".to_owned(),
        target_id: "0190a3f2-7c1e-7b32-8f55-9d1f0c2a3b4c".to_owned(),
        target: target.to_owned(),
        changes: vec![
            change("department", None, Some("\"><script>alert(1)</script>")),
            change("name", Some("Ada"), Some(&"Ada Lovelace ".repeat(30))),
            change("upn", Some("ada@old.example"), None),
        ],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::i18n::Locale;
    use crate::platform::web::{Kit, KitSettings};

    /// Every action that the code records has words in every language.
    #[test]
    fn every_action_has_words() {
        let mut folders = vec![std::path::PathBuf::from(concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/src"
        ))];
        let mut codes = std::collections::BTreeSet::new();
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                    continue;
                }
                let text = std::fs::read_to_string(&path).unwrap_or_default();
                // An event's name is a literal beside the call that records it.
                if !text.contains("audit::") || path.ends_with("explain.rs") {
                    continue;
                }
                for literal in text.split('"').skip(1).step_by(2) {
                    let is_code = |part: &str| {
                        let ok = |c: char| c.is_ascii_lowercase() || c == '_';
                        !part.is_empty() && part.chars().all(ok)
                    };
                    if let Some((kind, verb)) = literal.split_once('.')
                        && KINDS.contains(&kind)
                        && is_code(verb)
                    {
                        codes.insert(literal.to_owned());
                    }
                }
            }
        }
        assert!(
            codes.contains("user.identifiers_cleared") && codes.len() > 20,
            "{codes:?}"
        );
        let origin = url::Url::parse("https://sso.example.com").unwrap();
        let kit = Kit::new(KitSettings::new(origin));
        for locale in Locale::ALL {
            let page = kit.page(*locale);
            let without: Vec<_> = codes
                .iter()
                .filter(|code| !NO_ACTIONS.contains(&code.as_str()))
                .filter(|code| action(&page, code) == **code)
                .collect();
            assert!(without.is_empty(), "{}: {without:?}", locale.tag());
        }
    }

    const KINDS: [&str; 8] = [
        "user",
        "group",
        "provider",
        "application",
        "token",
        "settings",
        "signing_key",
        "webhook",
    ];

    /// Codes of refusals that stand beside events, and are none.
    const NO_ACTIONS: [&str; 3] = [
        "signing_key.missing",
        "signing_key.sealed",
        "signing_key.unusable",
    ];
}
