//! One webhook, and what it was told.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;

use super::{SECTION, find, standing};
use crate::directory::DirectoryError;
use crate::directory::webhooks::Webhook;
use crate::directory::webhooks::log::{Delivery, DeliveryState};
use crate::domain::{Access, Scope, WebhookId};
use crate::platform::web::Page;
use crate::portal::admin::list::{Asked, Filters, Pager};
use crate::portal::admin::shell::{Moment, Shell, done, told};
use crate::portal::admin::staff::{ReadAdmin, Staff, WriteAdmin};
use crate::portal::admin::typed::Posted;
use crate::portal::{PortalState, see_other};

/// Deliveries on one page.
const ROWS: usize = 25;

/// The page.
#[derive(Clone, Debug, Template)]
#[template(path = "admin/webhooks/show.html")]
struct WebhookPage {
    page: Page,
    shell: Shell,
    path: String,
    webhook: Webhook,
    tone: &'static str,
    standing: String,
    deliveries: Vec<DeliveryRow>,
    pager: Pager,
    may_write: bool,
}

/// One delivery in a line.
#[derive(Clone, Debug)]
struct DeliveryRow {
    message: String,
    event: String,
    at: Moment,
    tone: &'static str,
    state: String,
    /// What the receiver said last.
    last: String,
    attempts: i64,
    pending: bool,
}

impl DeliveryRow {
    fn new(page: &Page, shell: &Shell, delivery: Delivery) -> Self {
        let (tone, state) = match delivery.state {
            DeliveryState::Delivered => ("good", "webhooks-delivered"),
            DeliveryState::Pending => ("plain", "webhooks-pending"),
            DeliveryState::Failed => ("bad", "webhooks-failed"),
        };
        let last = delivery.log.first().map(|attempt| {
            let status = attempt.status.map(|status| status.to_string());
            let took = format!("{} ms", attempt.duration_ms);
            let parts = [status, attempt.error.clone(), Some(took)];
            parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
        });
        Self {
            at: shell.time(page, delivery.created_at),
            event: delivery.event,
            tone,
            state: page.t(state),
            last: last.unwrap_or_default(),
            attempts: delivery.attempts,
            pending: delivery.state == DeliveryState::Pending,
            message: delivery.message,
        }
    }
}

impl WebhookPage {
    /// What it is told.
    fn events(&self) -> String {
        let words: Vec<&str> = self.webhook.events.iter().map(|e| e.as_str()).collect();
        words.join(", ")
    }

    /// Why it was switched off, or since when it fails.
    fn trouble(&self) -> Option<String> {
        if let Some(reason) = &self.webhook.disabled_reason {
            return Some(
                self.page
                    .t_with("webhooks-disabled", &[("reason", reason.as_str())]),
            );
        }
        let since = self.webhook.failing_since?;
        let since = self.page.locale().moment(since);
        Some(
            self.page
                .t_with("webhooks-failing-since", &[("since", &since)]),
        )
    }
}

/// `GET /admin/webhooks/{id}`.
pub(super) async fn show(
    State(state): State<PortalState>,
    staff: Staff<ReadAdmin>,
    Path(id): Path<String>,
    asked: Asked,
) -> Response {
    let webhook = match find(&state, staff.locale, &id).await {
        Ok(found) => found,
        Err(response) => return *response,
    };
    let (page, shell) = staff.frame(&state, &SECTION);
    let found = state
        .directory
        .webhook_deliveries(&webhook.id, asked.cursor(), ROWS)
        .await;
    let found = match found {
        Ok(found) => found,
        Err(error) => return state.failed(staff.locale, &error, SECTION.path),
    };
    let path = super::path(&webhook);
    let filters = Filters {
        path: SECTION.path,
        search: None,
        q: String::new(),
        selects: Vec::new(),
    };
    let mut pager = filters.pager(&asked, found.next_cursor.as_deref());
    // The pages are this webhook's.
    for link in [&mut pager.first, &mut pager.next].into_iter().flatten() {
        *link = link.replacen(SECTION.path, &path, 1);
    }
    let (tone, word) = standing(&page, &webhook);
    let rows = found.items.into_iter();
    let page = WebhookPage {
        deliveries: rows
            .map(|row| DeliveryRow::new(&page, &shell, row))
            .collect(),
        pager,
        tone,
        standing: word,
        path,
        webhook,
        may_write: staff.may(Scope::Admin, Access::Write),
        page,
        shell,
    };
    state.show(StatusCode::OK, &page)
}

/// `GET` of an address that takes a form only: to the webhook.
pub(super) async fn back(_: Staff<WriteAdmin>, Path(id): Path<String>) -> Response {
    match WebhookId::parse(&id) {
        Some(id) => see_other(&format!("{}/{id}", SECTION.path)),
        None => see_other(SECTION.path),
    }
}

/// `POST /admin/webhooks/{id}/test`.
pub(super) async fn test(
    State(state): State<PortalState>,
    Path(id): Path<String>,
    Posted { staff, .. }: Posted<WriteAdmin>,
) -> Response {
    let webhook = match find(&state, staff.locale, &id).await {
        Ok(found) => found,
        Err(response) => return *response,
    };
    let path = super::path(&webhook);
    match state.directory.test_webhook(&webhook.id).await {
        Ok(_) => done(&path, "webhook-test"),
        Err(DirectoryError::Invalid { .. }) => told(&path, "webhook-off"),
        Err(error) => state.failed(staff.locale, &error, &path),
    }
}

/// `POST /admin/webhooks/{id}/redeliver`.
pub(super) async fn redeliver(
    State(state): State<PortalState>,
    Path(id): Path<String>,
    Posted { staff, typed }: Posted<WriteAdmin>,
) -> Response {
    let webhook = match find(&state, staff.locale, &id).await {
        Ok(found) => found,
        Err(response) => return *response,
    };
    let path = super::path(&webhook);
    let message = WebhookId::parse(typed.value("message"));
    let sent = match &message {
        Some(message) => {
            let message = message.as_str();
            state.directory.redeliver(&webhook.id, message).await
        }
        None => Err(DirectoryError::NotFound("delivery")),
    };
    match sent {
        Ok(()) => done(&path, "webhook-again"),
        Err(DirectoryError::Invalid { .. }) => told(&path, "webhook-off"),
        Err(DirectoryError::NotFound(_)) => told(&path, "webhook-no-message"),
        Err(error) => state.failed(staff.locale, &error, &path),
    }
}

#[cfg(test)]
pub(super) fn samples(page: &Page) -> Vec<(String, String)> {
    use crate::directory::webhooks::log::AttemptEntry;
    let shell = Shell::sample(page, &SECTION);
    let row = |state, status| {
        let delivery = Delivery {
            message: "0190a3f2-7c1e-7b32-8f55-9d1f0c2a3b4d".to_owned(),
            event: "user.created".to_owned(),
            body: "{}".to_owned(),
            state,
            attempts: 1,
            due_at: page.now(),
            created_at: page.now(),
            finished_at: None,
            log: vec![AttemptEntry {
                at: page.now(),
                status,
                duration_ms: 123,
                error: Some("\"><script>alert(1)</script>".to_owned()),
            }],
        };
        DeliveryRow::new(page, &shell, delivery)
    };
    let full = WebhookPage {
        page: page.clone(),
        shell: shell.clone(),
        path: super::path(&super::sample()),
        webhook: super::sample(),
        tone: "good",
        standing: page.t("webhooks-on"),
        deliveries: vec![
            row(DeliveryState::Delivered, Some(204)),
            row(DeliveryState::Pending, None),
            row(DeliveryState::Failed, Some(500)),
        ],
        pager: Pager::default(),
        may_write: true,
    };
    let mut off = WebhookPage {
        deliveries: Vec::new(),
        may_write: false,
        ..full.clone()
    };
    off.webhook.disabled_reason = Some("gone <410>".to_owned());
    vec![
        ("admin-webhook-show".to_owned(), full.render().unwrap()),
        ("admin-webhook-off".to_owned(), off.render().unwrap()),
    ]
}
