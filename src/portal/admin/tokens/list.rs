//! `/admin/tokens`: which there are, whose, and what they may do.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::SECTION;
use crate::directory::DirectoryError;
use crate::directory::tokens::ApiToken;
use crate::domain::{Access, Scope};
use crate::platform::web::Page;
use crate::portal::PortalState;
use crate::portal::admin::shell::{Moment, Shell};
use crate::portal::admin::staff::{ReadAdmin, Staff};

/// The list.
#[derive(Clone, Debug, Template)]
#[template(path = "admin/tokens/list.html")]
struct TokensPage {
    page: Page,
    shell: Shell,
    /// Whether whoever looks may change anything.
    writes: bool,
    tokens: Vec<Row>,
}

/// One token in a line.
#[derive(Clone, Debug)]
struct Row {
    id: String,
    name: String,
    scopes: String,
    created_by: String,
    expires: Option<Moment>,
    expired: bool,
    used: Option<Moment>,
}

/// `GET /admin/tokens`.
pub(super) async fn show(State(state): State<PortalState>, staff: Staff<ReadAdmin>) -> Response {
    let (page, shell) = staff.frame(&state, &SECTION);
    let writes = staff.may(Scope::Admin, Access::Write);
    match rows(&state, &page, &shell).await {
        Ok(tokens) => {
            let page = TokensPage {
                page,
                shell,
                writes,
                tokens,
            };
            state.show(StatusCode::OK, &page)
        }
        Err(error) => state.failed(staff.locale, &error, SECTION.path),
    }
}

async fn rows(state: &PortalState, page: &Page, shell: &Shell) -> Result<Vec<Row>, DirectoryError> {
    let mut tokens = state.directory.tokens().await?;
    tokens.reverse();
    let makers = tokens.iter().filter_map(|token| token.created_by.clone());
    let names = state.directory.names_of(makers.collect()).await?;
    let name = |token: &ApiToken| match &token.created_by {
        Some(user) => names.get(user).cloned().unwrap_or_default(),
        None => page.t("actor-command_line"),
    };
    let rows = tokens
        .iter()
        .map(|token| row(page, shell, token, name(token)));
    Ok(rows.collect())
}

fn row(page: &Page, shell: &Shell, token: &ApiToken, created_by: String) -> Row {
    let scopes: Vec<&str> = token.scopes.iter().map(|scope| scope.as_str()).collect();
    Row {
        id: token.id.to_string(),
        name: token.name.clone(),
        scopes: scopes.join(", "),
        created_by,
        expires: token.expires_at.map(|at| shell.time(page, at)),
        expired: token.expires_at.is_some_and(|at| at <= shell.now),
        used: token.last_used_at.map(|at| shell.time(page, at)),
    }
}

#[cfg(test)]
pub(super) fn samples(page: &Page) -> Vec<(String, String)> {
    use crate::domain::{Timestamp, TokenId};
    let shell = Shell::sample(page, &SECTION);
    let at = Timestamp(1_767_225_600_000);
    let token = |name: &str, expires_at, last_used_at| ApiToken {
        id: TokenId::parse("0190a3f2-7c1e-7b32-8f55-9d1f0c2a3b4c").unwrap(),
        name: name.to_owned(),
        scopes: Scope::ALL.iter().copied().collect(),
        created_by: None,
        created_at: at,
        expires_at,
        last_used_at,
    };
    let tokens = [
        token("Backup", None, Some(at)),
        token("\"><script>alert(1)</script>", Some(at), None),
        token("Later", Some(page.now().plus_seconds(86_400)), None),
    ];
    let rows = tokens
        .iter()
        .map(|t| row(page, &shell, t, "Grace <Hopper>".to_owned()));
    let full = TokensPage {
        page: page.clone(),
        shell: shell.clone(),
        writes: true,
        tokens: rows.collect(),
    };
    let reads = TokensPage {
        writes: false,
        ..full.clone()
    };
    let empty = TokensPage {
        tokens: Vec::new(),
        ..full.clone()
    };
    [("list", full), ("read", reads), ("empty", empty)]
        .into_iter()
        .map(|(name, page)| (format!("admin-tokens-{name}"), page.render().unwrap()))
        .collect()
}
