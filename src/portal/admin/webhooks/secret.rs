//! The secret of a webhook, shown once; and its end.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use secrecy::{ExposeSecret as _, SecretString};

use super::{SECTION, find};
use crate::directory::DirectoryError;
use crate::directory::webhooks::Webhook;
use crate::platform::web::Page;
use crate::portal::PortalState;
use crate::portal::admin::shell::{ConfirmPage, Shell, done, told};
use crate::portal::admin::staff::{Staff, WriteAdmin};
use crate::portal::admin::typed::Posted;

/// The page with the secret.
#[derive(Clone, Debug, Template)]
#[template(path = "admin/webhooks/secret.html")]
pub(super) struct SecretPage {
    page: Page,
    shell: Shell,
    url: String,
    path: String,
    secret: String,
}

impl SecretPage {
    /// Shows a secret that has just been made.
    pub(super) fn answer(
        state: &PortalState,
        staff: &Staff<WriteAdmin>,
        webhook: &Webhook,
        secret: &SecretString,
    ) -> Response {
        let (page, shell) = staff.frame(state, &SECTION);
        let page = Self {
            url: webhook.url.clone(),
            path: super::path(webhook),
            secret: secret.expose_secret().to_owned(),
            page,
            shell,
        };
        state.show(StatusCode::OK, &page)
    }
}

/// `GET /admin/webhooks/{id}/secret`.
pub(super) async fn ask(
    State(state): State<PortalState>,
    staff: Staff<WriteAdmin>,
    Path(id): Path<String>,
) -> Response {
    let webhook = match find(&state, staff.locale, &id).await {
        Ok(found) => found,
        Err(response) => return *response,
    };
    let (page, shell) = staff.frame(&state, &SECTION);
    let path = super::path(&webhook);
    let question = ConfirmPage {
        title: page.t("webhooks-secret-title"),
        effects: vec![page.t("webhooks-secret-effect")],
        refusal: None,
        button: page.t("webhooks-secret-new"),
        danger: false,
        action: format!("{path}/secret"),
        hidden: Vec::new(),
        cancel: path,
        page,
        shell,
    };
    state.show(StatusCode::OK, &question)
}

/// `POST /admin/webhooks/{id}/secret`.
pub(super) async fn rotate(
    State(state): State<PortalState>,
    Path(id): Path<String>,
    Posted { staff, .. }: Posted<WriteAdmin>,
) -> Response {
    let webhook = match find(&state, staff.locale, &id).await {
        Ok(found) => found,
        Err(response) => return *response,
    };
    let rotated =
        state
            .directory
            .rotate_webhook_secret(&webhook.id, &state.providers.sealer, staff.actor());
    match rotated.await {
        Ok((webhook, secret)) => SecretPage::answer(&state, &staff, &webhook, &secret),
        Err(DirectoryError::NotFound(_)) => told(SECTION.path, "webhook-gone"),
        Err(error) => state.failed(staff.locale, &error, SECTION.path),
    }
}

/// `GET /admin/webhooks/{id}/delete`.
pub(super) async fn ask_delete(
    State(state): State<PortalState>,
    staff: Staff<WriteAdmin>,
    Path(id): Path<String>,
) -> Response {
    let webhook = match find(&state, staff.locale, &id).await {
        Ok(found) => found,
        Err(response) => return *response,
    };
    let (page, shell) = staff.frame(&state, &SECTION);
    let path = super::path(&webhook);
    let question = ConfirmPage {
        title: page.t("webhooks-delete-title"),
        effects: vec![page.t_with("webhooks-delete-effect", &[("url", &webhook.url)])],
        refusal: None,
        button: page.t("webhooks-delete"),
        danger: true,
        action: format!("{path}/delete"),
        hidden: Vec::new(),
        cancel: path,
        page,
        shell,
    };
    state.show(StatusCode::OK, &question)
}

/// `POST /admin/webhooks/{id}/delete`.
pub(super) async fn delete(
    State(state): State<PortalState>,
    Path(id): Path<String>,
    Posted { staff, .. }: Posted<WriteAdmin>,
) -> Response {
    let Ok(webhook) = find(&state, staff.locale, &id).await else {
        // Sent twice: the first has done it.
        return told(SECTION.path, "webhook-gone");
    };
    let deleted = state.directory.delete_webhook(&webhook.id, staff.actor());
    match deleted.await {
        Ok(()) => done(SECTION.path, "webhook-deleted"),
        Err(DirectoryError::NotFound(_)) => told(SECTION.path, "webhook-gone"),
        Err(error) => state.failed(staff.locale, &error, SECTION.path),
    }
}

#[cfg(test)]
pub(super) fn samples(page: &Page) -> Vec<(String, String)> {
    let sample = SecretPage {
        page: page.clone(),
        shell: Shell::sample(page, &SECTION),
        url: super::sample().url,
        path: super::path(&super::sample()),
        secret: "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=".to_owned(),
    };
    vec![("admin-webhook-secret".to_owned(), sample.render().unwrap())]
}
