//! Making and changing webhooks.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;

use super::secret::SecretPage;
use super::{SECTION, find};
use crate::directory::DirectoryError;
use crate::directory::webhooks::{
    LONGEST_DESCRIPTION, LONGEST_URL, Webhook, WebhookEdit, check_url,
};
use crate::domain::WebhookEvent;
use crate::platform::web::Page;
use crate::portal::PortalState;
use crate::portal::admin::shell::{Shell, done, told};
use crate::portal::admin::staff::{Staff, WriteAdmin};
use crate::portal::admin::typed::{Posted, Typed};

/// The form for a webhook, new or not.
#[derive(Clone, Debug, Template)]
#[template(path = "admin/webhooks/edit.html")]
struct EditPage {
    page: Page,
    shell: Shell,
    title: String,
    back: String,
    back_label: String,
    action: String,
    version: i64,
    /// Whether it can be switched on and off.
    exists: bool,
    changed: bool,
    typed: Typed,
}

impl EditPage {
    fn new(
        state: &PortalState,
        staff: &Staff<WriteAdmin>,
        webhook: Option<&Webhook>,
        typed: Typed,
    ) -> Self {
        let (page, shell) = staff.frame(state, &SECTION);
        let back = webhook.map_or_else(|| SECTION.path.to_owned(), super::path);
        Self {
            title: page.t(match webhook {
                Some(_) => "webhooks-edit",
                None => "webhooks-new",
            }),
            back_label: webhook.map_or_else(|| page.t("webhooks-title"), |w| w.url.clone()),
            action: match webhook {
                Some(_) => format!("{back}/edit"),
                None => format!("{back}/new"),
            },
            version: webhook.map_or(0, |webhook| webhook.version),
            exists: webhook.is_some(),
            changed: false,
            back,
            typed,
            page,
            shell,
        }
    }

    /// Every event that there is.
    fn events() -> impl Iterator<Item = &'static str> {
        WebhookEvent::ALL.iter().map(|event| event.as_str())
    }

    fn read(&mut self, state: &PortalState) -> Option<WebhookEdit> {
        let url = self.typed.required(&self.page, "url", LONGEST_URL);
        if let Some(url) = &url
            && (check_url(url).is_err() || state.providers.outbound.check(url).is_err())
        {
            self.typed.refuse("url", self.page.t("webhooks-url-wrong"));
        }
        let description = self
            .typed
            .line(&self.page, "description", LONGEST_DESCRIPTION);
        let events: Vec<WebhookEvent> = self
            .typed
            .values("events")
            .filter_map(WebhookEvent::parse)
            .collect();
        if events.is_empty() {
            self.typed
                .refuse("events", self.page.t("webhooks-events-none"));
        }
        let exists = self.exists;
        self.typed.is_sound().then(|| WebhookEdit {
            url,
            description: Some(description.unwrap_or_default()),
            events: Some(events),
            enabled: exists.then(|| self.typed.is("enabled", "on")),
            version: exists.then(|| self.typed.version()),
        })
    }

    /// The same after somebody else saved: what was typed stays, and where it is not
    /// what stands now, what stands now is said.
    fn overtaken(mut self, webhook: &Webhook) -> Self {
        self.changed = true;
        let events: Vec<&str> = webhook.events.iter().map(|event| event.as_str()).collect();
        let typed: Vec<&str> = Self::events()
            .filter(|event| self.typed.is("events", event))
            .collect();
        let same_events = events.len() == typed.len() && typed.iter().all(|e| events.contains(e));
        let events = events.join(", ");
        for (name, same, now) in [
            ("url", self.typed.value("url") == webhook.url, &webhook.url),
            (
                "description",
                self.typed.value("description") == webhook.description,
                &webhook.description,
            ),
            ("events", same_events, &events),
        ] {
            if same {
                continue;
            }
            let problem = if now.is_empty() {
                self.page.t("users-now-empty")
            } else {
                self.page.t_with("users-now", &[("value", now)])
            };
            self.typed.refuse(name, problem);
        }
        self
    }

    /// Says at its field what is wrong; gives back what is no field's fault.
    fn blame(&mut self, error: DirectoryError) -> Option<DirectoryError> {
        match error {
            DirectoryError::Invalid { field, .. } if field == "url" => {
                self.typed.refuse("url", self.page.t("webhooks-too-many"));
                None
            }
            error => Some(error),
        }
    }
}

/// `GET /admin/webhooks/new`.
pub(super) async fn show_new(
    State(state): State<PortalState>,
    staff: Staff<WriteAdmin>,
) -> Response {
    let all = WebhookEvent::ALL.iter();
    let typed = all.fold(Typed::default(), |typed, event| {
        typed.with("events", event.as_str())
    });
    let page = EditPage::new(&state, &staff, None, typed);
    state.show(StatusCode::OK, &page)
}

/// `POST /admin/webhooks/new`.
pub(super) async fn create(
    State(state): State<PortalState>,
    Posted { staff, typed }: Posted<WriteAdmin>,
) -> Response {
    let mut form = EditPage::new(&state, &staff, None, typed);
    let Some(edit) = form.read(&state) else {
        return state.show(StatusCode::UNPROCESSABLE_ENTITY, &form);
    };
    let made = state
        .directory
        .create_webhook(edit, &state.providers.sealer, staff.actor());
    match made.await {
        Ok((webhook, secret)) => SecretPage::answer(&state, &staff, &webhook, &secret),
        Err(error) => match form.blame(error) {
            None => state.show(StatusCode::UNPROCESSABLE_ENTITY, &form),
            Some(error) => state.failed(staff.locale, &error, SECTION.path),
        },
    }
}

/// `GET /admin/webhooks/{id}/edit`.
pub(super) async fn show(
    State(state): State<PortalState>,
    staff: Staff<WriteAdmin>,
    Path(id): Path<String>,
) -> Response {
    let webhook = match find(&state, staff.locale, &id).await {
        Ok(found) => found,
        Err(response) => return *response,
    };
    let typed = Typed::default()
        .with("url", webhook.url.clone())
        .with("description", webhook.description.clone())
        .with("enabled", if webhook.enabled { "on" } else { "off" });
    let typed = webhook
        .events
        .iter()
        .fold(typed, |typed, event| typed.with("events", event.as_str()));
    let page = EditPage::new(&state, &staff, Some(&webhook), typed);
    state.show(StatusCode::OK, &page)
}

/// `POST /admin/webhooks/{id}/edit`.
pub(super) async fn save(
    State(state): State<PortalState>,
    Path(id): Path<String>,
    Posted { staff, typed }: Posted<WriteAdmin>,
) -> Response {
    let webhook = match find(&state, staff.locale, &id).await {
        Ok(found) => found,
        Err(response) => return *response,
    };
    let mut form = EditPage::new(&state, &staff, Some(&webhook), typed);
    // First of all: what comes back carries the version that stands now.
    if form.typed.version() != form.version {
        return state.show(StatusCode::CONFLICT, &form.overtaken(&webhook));
    }
    let Some(edit) = form.read(&state) else {
        return state.show(StatusCode::UNPROCESSABLE_ENTITY, &form);
    };
    let path = super::path(&webhook);
    let saved = state
        .directory
        .edit_webhook(&webhook.id, edit, staff.actor());
    match saved.await {
        Ok(_) => done(&path, "webhook-saved"),
        Err(DirectoryError::Changed) => match find(&state, staff.locale, &id).await {
            Ok(webhook) => {
                let form = EditPage::new(&state, &staff, Some(&webhook), form.typed);
                state.show(StatusCode::CONFLICT, &form.overtaken(&webhook))
            }
            Err(response) => *response,
        },
        Err(DirectoryError::NotFound(_)) => told(SECTION.path, "webhook-gone"),
        Err(error) => match form.blame(error) {
            None => state.show(StatusCode::UNPROCESSABLE_ENTITY, &form),
            Some(error) => state.failed(staff.locale, &error, &path),
        },
    }
}

#[cfg(test)]
pub(super) fn samples(page: &Page) -> Vec<(String, String)> {
    let new = EditPage {
        page: page.clone(),
        shell: Shell::sample(page, &SECTION),
        title: page.t("webhooks-new"),
        back: "/admin/webhooks".to_owned(),
        back_label: page.t("webhooks-title"),
        action: "/admin/webhooks/new".to_owned(),
        version: 0,
        exists: false,
        changed: false,
        typed: Typed::default()
            .with("url", "\"><script>alert(1)</script>")
            .with("events", "user.created"),
    };
    let mut wrong = new.clone();
    wrong.typed.refuse("url", page.t("webhooks-url-wrong"));
    wrong.typed.refuse("events", page.t("webhooks-events-none"));
    let overtaken = EditPage {
        exists: true,
        changed: true,
        ..new.clone()
    };
    [
        ("new", new),
        ("new-wrong", wrong),
        ("edit-overtaken", overtaken),
    ]
    .into_iter()
    .map(|(name, page)| (format!("admin-webhook-{name}"), page.render().unwrap()))
    .collect()
}
