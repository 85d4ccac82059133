//! `/admin/tokens/{id}/delete`.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;

use super::SECTION;
use crate::directory::DirectoryError;
use crate::directory::tokens::ApiToken;
use crate::domain::TokenId;
use crate::portal::PortalState;
use crate::portal::admin::shell::{ConfirmPage, done, told};
use crate::portal::admin::staff::{Staff, WriteAdmin};
use crate::portal::admin::typed::Posted;

/// `GET /admin/tokens/{id}/delete`.
pub(super) async fn ask(
    State(state): State<PortalState>,
    staff: Staff<WriteAdmin>,
    Path(id): Path<String>,
) -> Response {
    let (page, shell) = staff.frame(&state, &SECTION);
    let token = match find(&state, &id).await {
        Ok(token) => token,
        Err(DirectoryError::NotFound(_)) => return told(SECTION.path, "token-gone"),
        Err(error) => return state.failed(staff.locale, &error, SECTION.path),
    };
    let name = [("name", token.name.as_str())];
    let used = match token.last_used_at {
        Some(at) => {
            let at = page.locale().since(at, shell.now);
            page.t_with("tokens-delete-used", &[("at", &at)])
        }
        None => page.t("tokens-delete-unused"),
    };
    let question = ConfirmPage {
        title: page.t_with("tokens-delete-title", &name),
        effects: vec![page.t("tokens-delete-effect"), used],
        refusal: None,
        button: page.t("tokens-delete-button"),
        danger: true,
        action: format!("/admin/tokens/{}/delete", token.id),
        hidden: Vec::new(),
        cancel: SECTION.path.to_owned(),
        page,
        shell,
    };
    state.show(StatusCode::OK, &question)
}

/// `POST /admin/tokens/{id}/delete`.
pub(super) async fn remove(
    State(state): State<PortalState>,
    Path(id): Path<String>,
    Posted { staff, .. }: Posted<WriteAdmin>,
) -> Response {
    let removed = match TokenId::parse(&id) {
        Some(id) => state.directory.delete_token(&id, staff.actor()).await,
        None => Err(DirectoryError::NotFound("token")),
    };
    match removed {
        Ok(()) => done(SECTION.path, "token-deleted"),
        Err(DirectoryError::NotFound(_)) => told(SECTION.path, "token-gone"),
        Err(error) => state.failed(staff.locale, &error, SECTION.path),
    }
}

async fn find(state: &PortalState, id: &str) -> Result<ApiToken, DirectoryError> {
    let id = TokenId::parse(id).ok_or(DirectoryError::NotFound("token"))?;
    state.directory.token(&id).await
}
