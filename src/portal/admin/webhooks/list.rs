//! `/admin/webhooks`.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::{SECTION, standing};
use crate::directory::webhooks::Webhook;
use crate::domain::{Access, Scope, WebhookEvent};
use crate::platform::web::Page;
use crate::portal::PortalState;
use crate::portal::admin::shell::Shell;
use crate::portal::admin::staff::{ReadAdmin, Staff};

/// The list.
#[derive(Clone, Debug, Template)]
#[template(path = "admin/webhooks/list.html")]
struct WebhooksPage {
    page: Page,
    shell: Shell,
    webhooks: Vec<WebhookRow>,
    may_write: bool,
}

/// One webhook in a line.
#[derive(Clone, Debug)]
struct WebhookRow {
    id: String,
    url: String,
    description: String,
    events: String,
    tone: &'static str,
    standing: String,
}

impl WebhookRow {
    fn new(page: &Page, webhook: &Webhook) -> Self {
        let (tone, standing) = standing(page, webhook);
        let all = webhook.events.len() == WebhookEvent::ALL.len();
        Self {
            id: webhook.id.to_string(),
            url: webhook.url.clone(),
            description: webhook.description.clone(),
            events: if all {
                page.t("webhooks-all")
            } else {
                webhook.events.len().to_string()
            },
            tone,
            standing,
        }
    }
}

/// `GET /admin/webhooks`.
pub(super) async fn show(State(state): State<PortalState>, staff: Staff<ReadAdmin>) -> Response {
    let (page, shell) = staff.frame(&state, &SECTION);
    let webhooks = match state.directory.webhooks().await {
        Ok(webhooks) => webhooks,
        Err(error) => return state.failed(staff.locale, &error, SECTION.path),
    };
    let rows = webhooks.iter();
    let page = WebhooksPage {
        webhooks: rows.map(|row| WebhookRow::new(&page, row)).collect(),
        may_write: staff.may(Scope::Admin, Access::Write),
        page,
        shell,
    };
    state.show(StatusCode::OK, &page)
}

#[cfg(test)]
pub(super) fn samples(page: &Page) -> Vec<(String, String)> {
    let mut off = super::sample();
    off.enabled = false;
    off.events.truncate(2);
    let full = WebhooksPage {
        page: page.clone(),
        shell: Shell::sample(page, &SECTION),
        webhooks: vec![
            WebhookRow::new(page, &super::sample()),
            WebhookRow::new(page, &off),
        ],
        may_write: true,
    };
    let empty = WebhooksPage {
        webhooks: Vec::new(),
        may_write: false,
        ..full.clone()
    };
    vec![
        ("admin-webhooks-list".to_owned(), full.render().unwrap()),
        ("admin-webhooks-empty".to_owned(), empty.render().unwrap()),
    ]
}
