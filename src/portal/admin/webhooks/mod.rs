//! Webhooks: the list, making and changing them, their secrets, and what they
//! were told.

mod edit;
mod list;
mod secret;
mod show;

use axum::Router;
use axum::response::Response;
use axum::routing::get;

use super::Section;
use crate::directory::DirectoryError;
use crate::directory::webhooks::Webhook;
use crate::domain::{Scope, WebhookId};
use crate::platform::i18n::Locale;
use crate::platform::web::Page;
use crate::portal::PortalState;

/// What stands in the navigation.
pub(super) const SECTION: Section = Section {
    path: "/admin/webhooks",
    label: "webhooks-title",
    scope: Some(Scope::Admin),
};

/// The section's routes.
pub(super) fn router() -> Router<PortalState> {
    Router::new()
        .route("/admin/webhooks", get(list::show))
        .route(
            "/admin/webhooks/new",
            get(edit::show_new).post(edit::create),
        )
        .route("/admin/webhooks/{id}", get(show::show))
        .route(
            "/admin/webhooks/{id}/edit",
            get(edit::show).post(edit::save),
        )
        .route(
            "/admin/webhooks/{id}/secret",
            get(secret::ask).post(secret::rotate),
        )
        .route(
            "/admin/webhooks/{id}/delete",
            get(secret::ask_delete).post(secret::delete),
        )
        .route(
            "/admin/webhooks/{id}/test",
            get(show::back).post(show::test),
        )
        .route(
            "/admin/webhooks/{id}/redeliver",
            get(show::back).post(show::redeliver),
        )
}

/// The webhook of an address, or the page that says that there is none.
async fn find(state: &PortalState, locale: Locale, id: &str) -> Result<Webhook, Box<Response>> {
    let found = match WebhookId::parse(id) {
        Some(id) => state.directory.webhook(&id).await,
        None => Err(DirectoryError::NotFound("webhook")),
    };
    found.map_err(|error| Box::new(state.failed(locale, &error, SECTION.path)))
}

/// A webhook's own page.
fn path(webhook: &Webhook) -> String {
    format!("{}/{}", SECTION.path, webhook.id)
}

/// How a webhook stands: the tone and the word.
fn standing(page: &Page, webhook: &Webhook) -> (&'static str, String) {
    match (webhook.enabled, webhook.failing_since.is_some()) {
        (false, _) => ("off", page.t("webhooks-off")),
        (true, true) => ("bad", page.t("webhooks-failing")),
        (true, false) => ("good", page.t("webhooks-on")),
    }
}

/// The samples of the section's pages.
#[cfg(test)]
pub(super) fn samples(page: &Page) -> Vec<(String, String)> {
    let mut all = list::samples(page);
    all.extend(edit::samples(page));
    all.extend(secret::samples(page));
    all.extend(show::samples(page));
    all
}

#[cfg(test)]
fn sample() -> Webhook {
    use crate::domain::{Timestamp, WebhookEvent};
    Webhook {
        id: WebhookId::from_row("0190a3f2-7c1e-7b32-8f55-9d1f0c2a3b4d".to_owned()),
        url: "https://hr.example.com/hooks/doorward?a=1&b=<2>".to_owned(),
        description: "\"><script>alert(1)</script>".to_owned(),
        events: WebhookEvent::ALL.to_vec(),
        enabled: true,
        failing_since: None,
        disabled_reason: None,
        version: 1,
        created_at: Timestamp(1_795_262_400_000),
        updated_at: Timestamp(1_795_262_400_000),
    }
}
