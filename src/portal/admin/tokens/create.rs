//! `/admin/tokens/new`. The secret stands on the answer to the form and nowhere
//! else: in no address, in no log, and not when the page is loaded again.

use std::collections::BTreeSet;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use secrecy::ExposeSecret as _;

use super::SECTION;
use crate::directory::DirectoryError;
use crate::domain::{Scope, Timestamp, TokenId};
use crate::platform::web::Page;
use crate::portal::PortalState;
use crate::portal::admin::shell::{Shell, told};
use crate::portal::admin::staff::{Staff, WriteAdmin};
use crate::portal::admin::typed::{Posted, Typed};

/// Longest name of a token in characters.
const LONGEST_NAME: usize = 200;

/// The choices of how long a token lasts, in days; empty for one that lasts, and
/// `date` for a day of one's own.
const LIFETIMES: [&str; 6] = ["30", "90", "365", "7", "date", ""];

/// The form.
#[derive(Clone, Debug, Template)]
#[template(path = "admin/tokens/new.html")]
struct NewTokenPage {
    page: Page,
    shell: Shell,
    typed: Typed,
    scopes: Vec<(&'static str, String)>,
    lifetimes: Vec<(&'static str, String)>,
}

impl NewTokenPage {
    fn new(page: Page, shell: Shell, typed: Typed) -> Self {
        let scopes = Scope::ALL.iter().map(|scope| {
            let id = format!("scope-{}", scope.as_str().replace(':', "-"));
            (scope.as_str(), page.t(&id))
        });
        let lifetimes = LIFETIMES.iter().map(|days| {
            let word = if days.is_empty() { "never" } else { days };
            (*days, page.t(&format!("tokens-lifetime-{word}")))
        });
        Self {
            scopes: scopes.collect(),
            lifetimes: lifetimes.collect(),
            page,
            shell,
            typed,
        }
    }
}

/// The token that was made, with its secret.
#[derive(Template)]
#[template(path = "admin/tokens/made.html")]
struct MadePage {
    page: Page,
    shell: Shell,
    name: String,
    secret: String,
}

/// `GET /admin/tokens/new`.
pub(super) async fn ask(State(state): State<PortalState>, staff: Staff<WriteAdmin>) -> Response {
    let (page, shell) = staff.frame(&state, &SECTION);
    let id = TokenId::new(state.directory.now(), &state.directory.entropy);
    let typed = Typed::default()
        .with("lifetime", "90")
        .with("id", id.to_string());
    state.show(StatusCode::OK, &NewTokenPage::new(page, shell, typed))
}

/// `POST /admin/tokens/new`.
pub(super) async fn create(
    State(state): State<PortalState>,
    Posted { staff, mut typed }: Posted<WriteAdmin>,
) -> Response {
    let (page, shell) = staff.frame(&state, &SECTION);
    let now = state.directory.now();
    let name = typed.required(&page, "name", LONGEST_NAME);
    let scopes = scopes(&mut typed, &page);
    let expires_at = expiry(&mut typed, &page, now);
    let id = TokenId::parse(typed.value("id"));
    let (Some(name), true) = (name, typed.is_sound()) else {
        let page = NewTokenPage::new(page, shell, typed);
        return state.show(StatusCode::UNPROCESSABLE_ENTITY, &page);
    };
    let id = id.unwrap_or_else(|| TokenId::new(now, &state.directory.entropy));
    let directory = &state.directory;
    let made = directory.create_token_once(id, name, scopes, expires_at, staff.actor());
    match made.await {
        Ok((token, secret)) => {
            let page = MadePage {
                page,
                shell,
                name: token.name,
                secret: secret.expose_secret().to_owned(),
            };
            state.show(StatusCode::OK, &page)
        }
        // The form was sent twice: the secret was told the first time.
        Err(DirectoryError::Taken { .. }) => told(SECTION.path, "token-made-before"),
        Err(DirectoryError::Invalid { field, .. }) => {
            let field = if field == "expires_at" {
                "date"
            } else {
                "name"
            };
            typed.refuse(field, page.t("tokens-refused"));
            let page = NewTokenPage::new(page, shell, typed);
            state.show(StatusCode::UNPROCESSABLE_ENTITY, &page)
        }
        Err(error) => state.failed(staff.locale, &error, SECTION.path),
    }
}

fn scopes(typed: &mut Typed, page: &Page) -> BTreeSet<Scope> {
    let chosen: Vec<Option<Scope>> = typed.values("scope").map(Scope::parse).collect();
    let scopes: BTreeSet<Scope> = chosen.iter().flatten().copied().collect();
    if chosen.contains(&None) {
        typed.refuse("scope", page.t("tokens-scope-unknown"));
    } else if scopes.is_empty() {
        typed.refuse("scope", page.t("tokens-scope-none"));
    } else if scopes.contains(&Scope::Scim) && scopes.len() > 1 {
        typed.refuse("scope", page.t("tokens-scope-scim"));
    }
    scopes
}

fn expiry(typed: &mut Typed, page: &Page, now: Timestamp) -> Option<Timestamp> {
    let lifetime = typed.value("lifetime").to_owned();
    match lifetime.as_str() {
        "" => None,
        "date" => {
            let text = typed.required(page, "date", 10)?;
            // The whole of that day, in UTC.
            let end = Timestamp::parse_rfc3339(&format!("{text}T23:59:59Z"));
            if end.is_none_or(|end| end <= now) {
                typed.refuse("date", page.t("tokens-date-wrong"));
            }
            end
        }
        days if LIFETIMES.contains(&days) => {
            let days: i64 = days.parse().unwrap_or(90);
            Some(now.plus_seconds(days * 86_400))
        }
        _ => {
            typed.refuse("lifetime", page.t("form-required"));
            None
        }
    }
}

#[cfg(test)]
pub(super) fn samples(page: &Page) -> Vec<(String, String)> {
    let shell = || Shell::sample(page, &SECTION);
    let mut wrong = Typed::default()
        .with("name", "\"><script>alert(1)</script>")
        .with("scope", "scim")
        .with("scope", "admin")
        .with("lifetime", "date")
        .with("date", "never");
    wrong.refuse("name", "Problem <&>");
    scopes(&mut wrong, page);
    expiry(&mut wrong, page, page.now());
    let new = NewTokenPage::new(page.clone(), shell(), Typed::default());
    let wrong = NewTokenPage::new(page.clone(), shell(), wrong);
    let made = MadePage {
        page: page.clone(),
        shell: shell(),
        name: "Backup <&>".to_owned(),
        secret: "dwt_example".to_owned(),
    };
    vec![
        ("admin-token-new".to_owned(), new.render().unwrap()),
        ("admin-token-wrong".to_owned(), wrong.render().unwrap()),
        ("admin-token-made".to_owned(), made.render().unwrap()),
    ]
}
