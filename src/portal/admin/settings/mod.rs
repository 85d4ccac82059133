//! `/admin/settings`: what holds for the whole gateway, and what of it comes from
//! the configuration file.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;

use super::Section;
use super::shell::{Shell, done};
use super::staff::{ReadAdmin, Staff, WriteAdmin};
use super::typed::{Posted, Typed};
use crate::directory::DirectoryError;
use crate::directory::settings::{SettingsEdit, SettingsState};
use crate::domain::address::DomainPattern;
use crate::domain::{Access, Scope};
use crate::platform::web::Page;
use crate::portal::PortalState;

/// What stands in the navigation.
pub(super) const SECTION: Section = Section {
    path: "/admin/settings",
    label: "settings-title",
    scope: Some(Scope::Admin),
};

/// The section's routes.
pub(super) fn router() -> Router<PortalState> {
    Router::new().route("/admin/settings", get(show).post(save))
}

/// The page.
#[derive(Clone, Debug, Template)]
#[template(path = "admin/settings/settings.html")]
struct SettingsPage {
    page: Page,
    shell: Shell,
    /// Whether whoever looks may change anything.
    writes: bool,
    typed: Typed,
    /// What the file says.
    file_domains: String,
    discovery: Vec<(&'static str, String)>,
    passkeys: Vec<(&'static str, String)>,
    sources: Vec<(&'static str, String)>,
    fixed: Vec<(String, String)>,
}

/// What stands, as the form shows it.
fn filled(current: &SettingsState) -> Typed {
    let is_set = |name| current.set.contains(name);
    let switch = |name, is_on| match (is_set(name), is_on) {
        (false, _) => "",
        (true, true) => "on",
        (true, false) => "off",
    };
    let settings = &current.settings;
    let discovery = switch("home_realm_discovery", settings.home_realm_discovery);
    let passkeys = switch("passkeys", settings.passkeys);
    let source = if is_set("allowed_domains") { "own" } else { "" };
    Typed::default()
        .with(
            "allowed_domains",
            current.settings.allowed_domains.join("\n"),
        )
        .with("allowed_domains_source", source)
        .with("home_realm_discovery", discovery)
        .with("passkeys", passkeys)
        .with("version", current.version.as_str())
}

impl SettingsPage {
    fn new(state: &PortalState, (page, shell): (Page, Shell), typed: Typed, writes: bool) -> Self {
        let defaults = &state.defaults;
        let word = |is_on| page.t(if is_on { "settings-on" } else { "settings-off" });
        let switch = |default| {
            let follows = page.t_with("settings-follow", &[("value", &word(default))]);
            vec![("", follows), ("on", word(true)), ("off", word(false))]
        };
        let hours = |seconds: i64| {
            page.t_count(
                "settings-minutes",
                usize::try_from(seconds / 60).unwrap_or(0),
            )
        };
        let lifetimes = state.sessions.lifetimes;
        Self {
            file_domains: if defaults.allowed_domains.is_empty() {
                page.t("settings-domains-none")
            } else {
                defaults.allowed_domains.join(", ")
            },
            discovery: switch(defaults.home_realm_discovery),
            passkeys: switch(defaults.passkeys),
            sources: vec![
                ("", page.t("settings-domains-file")),
                ("own", page.t("settings-domains-own")),
            ],
            fixed: vec![
                (page.t("settings-public-url"), state.kit.origin().to_owned()),
                (page.t("settings-lifetime"), hours(lifetimes.lifetime)),
                (page.t("settings-idle"), hours(lifetimes.idle)),
                (
                    page.t("settings-validity"),
                    word(lifetimes.enforce_validity),
                ),
            ],
            writes,
            typed,
            page,
            shell,
        }
    }
}

impl SettingsPage {
    /// Somebody else saved: what was typed stays, and where it is not what holds now,
    /// that is said. Who sends it again has been told.
    fn overtaken(&mut self, now: &Typed) {
        let page = &self.page;
        self.typed.refuse("version", page.t("settings-changed"));
        self.typed.put("version", now.value("version"));
        for (name, options) in [
            ("home_realm_discovery", &self.discovery),
            ("passkeys", &self.passkeys),
            ("allowed_domains_source", &self.sources),
            ("allowed_domains", &Vec::new()),
        ] {
            let holds = now.value(name);
            if self.typed.value(name).trim() == holds {
                continue;
            }
            let label = options.iter().find(|(value, _)| *value == holds);
            let holds = label.map_or(holds, |(_, label)| label.as_str());
            let problem = if holds.is_empty() {
                page.t("users-now-empty")
            } else {
                page.t_with("users-now", &[("value", holds)])
            };
            self.typed.refuse(name, problem);
        }
    }
}

/// `GET /admin/settings`.
async fn show(State(state): State<PortalState>, staff: Staff<ReadAdmin>) -> Response {
    let frame = staff.frame(&state, &SECTION);
    let writes = staff.may(Scope::Admin, Access::Write);
    match state.directory.settings_state(&state.defaults).await {
        Ok(current) => {
            let page = SettingsPage::new(&state, frame, filled(&current), writes);
            state.show(StatusCode::OK, &page)
        }
        Err(error) => state.failed(staff.locale, &error, SECTION.path),
    }
}

/// `POST /admin/settings`.
async fn save(
    State(state): State<PortalState>,
    Posted { staff, mut typed }: Posted<WriteAdmin>,
) -> Response {
    let frame = staff.frame(&state, &SECTION);
    let edit = edit(&mut typed, &frame.0);
    if !typed.is_sound() {
        let page = SettingsPage::new(&state, frame, typed, true);
        return state.show(StatusCode::UNPROCESSABLE_ENTITY, &page);
    }
    let over = Some(typed.value("version").to_owned());
    let defaults = &state.defaults;
    let saved = state
        .directory
        .edit_settings_over(edit, over, defaults, staff.actor());
    match saved.await {
        Ok(_) => done(SECTION.path, "settings-saved"),
        Err(DirectoryError::Changed) => {
            let now = match state.directory.settings_state(&state.defaults).await {
                Ok(now) => filled(&now),
                Err(error) => return state.failed(staff.locale, &error, SECTION.path),
            };
            let mut page = SettingsPage::new(&state, frame, typed, true);
            page.overtaken(&now);
            state.show(StatusCode::CONFLICT, &page)
        }
        Err(error) => state.failed(staff.locale, &error, SECTION.path),
    }
}

fn edit(typed: &mut Typed, page: &Page) -> SettingsEdit {
    let words: Vec<String> = typed
        .value("allowed_domains")
        .split([',', ';', ' ', '\n', '\t'])
        .map(str::trim)
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect();
    let allowed_domains = match typed.value("allowed_domains_source") {
        "" => None,
        "own" => {
            let wrong = words
                .iter()
                .find(|word| DomainPattern::parse(word).is_none());
            if let Some(wrong) = wrong {
                let shown: String = wrong.chars().take(80).collect();
                let text = page.t_with("settings-domain-wrong", &[("domain", &shown)]);
                typed.refuse("allowed_domains", text);
            } else if words.len() > 1_000 {
                typed.refuse("allowed_domains", page.t("settings-domains-many"));
            }
            Some(words)
        }
        _ => {
            typed.refuse("allowed_domains_source", page.t("form-required"));
            None
        }
    };
    let mut switch = |name| match typed.value(name) {
        "" => None,
        "on" => Some(true),
        "off" => Some(false),
        _ => {
            typed.refuse(name, page.t("form-required"));
            None
        }
    };
    let (home_realm_discovery, passkeys) = (switch("home_realm_discovery"), switch("passkeys"));
    SettingsEdit {
        allowed_domains: Some(allowed_domains),
        home_realm_discovery: Some(home_realm_discovery),
        // Has a page of its own, and wants proof.
        password_login: None,
        passkeys: Some(passkeys),
    }
}

/// The samples of the section's pages.
#[cfg(test)]
pub(super) fn samples(page: &Page) -> Vec<(String, String)> {
    let shell = Shell::sample(page, &SECTION);
    let mut wrong = Typed::default()
        .with(
            "allowed_domains",
            "\"><script>alert(1)</script>\nexample.com",
        )
        .with("allowed_domains_source", "own")
        .with("home_realm_discovery", "on");
    edit(&mut wrong, page);
    wrong.refuse("version", page.t("settings-changed"));
    let with = |typed: Typed, writes| SettingsPage {
        page: page.clone(),
        shell: shell.clone(),
        writes,
        typed,
        file_domains: "example.com".to_owned(),
        discovery: vec![("", "On <file>".to_owned()), ("on", "On".to_owned())],
        passkeys: vec![("", "On <file>".to_owned()), ("off", "Off".to_owned())],
        sources: vec![("", "File".to_owned()), ("own", "These".to_owned())],
        fixed: vec![("URL".to_owned(), "https://sso.example.com".to_owned())],
    };
    [
        ("edit", with(Typed::default(), true)),
        ("read", with(Typed::default(), false)),
        ("wrong", with(wrong, true)),
    ]
    .into_iter()
    .map(|(name, page)| (format!("admin-settings-{name}"), page.render().unwrap()))
    .collect()
}
