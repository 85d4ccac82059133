//! Security: who may sign in with a password, and what became of mails.

use askama::Template;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;

use super::Section;
use super::shell::{ConfirmPage, Moment, Shell, done, told};
use super::staff::{ReadAdmin, Staff, WriteAdmin};
use super::typed::Posted;
use crate::directory::DirectoryError;
use crate::directory::settings::SettingsEdit;
use crate::domain::Scope;
use crate::login::password::Mails;
use crate::platform::mail::{MailId, MailState};
use crate::platform::web::Page;
use crate::portal::{PortalState, see_other};

/// What stands in the navigation.
pub(super) const SECTION: Section = Section {
    path: "/admin/security",
    label: "security-title",
    scope: Some(Scope::Admin),
};

const PASSWORDS: &str = "/admin/security/passwords";

/// The section's routes.
pub(super) fn router() -> Router<PortalState> {
    Router::new()
        .route("/admin/security", get(show))
        .route("/admin/security/passwords", get(ask).post(switch))
        .route(
            "/admin/security/mails/{id}/retry",
            get(to_section).post(retry),
        )
}

/// The section's page.
#[derive(Clone, Debug, Template)]
#[template(path = "admin/security/index.html")]
struct SecurityPage {
    page: Page,
    shell: Shell,
    passwords: bool,
    can_mail: bool,
    waiting: i64,
    failed: i64,
    mails: Vec<MailRow>,
    may_write: bool,
}

/// A mail that was not taken yet.
#[derive(Clone, Debug)]
struct MailRow {
    id: String,
    recipient: String,
    kind: String,
    state: String,
    tone: &'static str,
    attempts: i64,
    problem: String,
    written: Moment,
    is_failed: bool,
}

impl MailRow {
    fn tries(&self) -> usize {
        usize::try_from(self.attempts).unwrap_or(0)
    }
}

/// `GET /admin/security`.
async fn show(State(state): State<PortalState>, staff: Staff<ReadAdmin>) -> Response {
    let found = async {
        let form = state.accounts.form().await?;
        Ok::<_, DirectoryError>((form.is_on, state.accounts.mails().await?))
    };
    let (passwords, mails) = match found.await {
        Ok(found) => found,
        Err(error) => return state.failed(staff.locale, &error, SECTION.path),
    };
    let (page, shell) = staff.frame(&state, &SECTION);
    let page = SecurityPage {
        passwords,
        can_mail: state.accounts.outbox().is_open(),
        waiting: mails.waiting,
        failed: mails.failed,
        mails: rows(&page, &shell, mails),
        may_write: staff.is_admin(),
        page,
        shell,
    };
    state.show(StatusCode::OK, &page)
}

fn rows(page: &Page, shell: &Shell, mails: Mails) -> Vec<MailRow> {
    let row = |mail: crate::platform::mail::outbox::Entry| {
        let is_failed = mail.state == MailState::Failed;
        MailRow {
            id: mail.id.to_string(),
            recipient: mail.recipient,
            kind: page.t(&format!("mail-kind-{}", mail.kind)),
            state: page.t(&format!("mail-state-{}", mail.state)),
            tone: if is_failed { "bad" } else { "plain" },
            attempts: mail.attempts,
            problem: mail.problem.unwrap_or_default(),
            written: shell.time(page, mail.created_at),
            is_failed,
        }
    };
    mails.entries.into_iter().map(row).collect()
}

/// `GET /admin/security/passwords`: asks, and says what it will do.
async fn ask(State(state): State<PortalState>, staff: Staff<WriteAdmin>) -> Response {
    let found = async {
        let is_on = state.accounts.form().await?.is_on;
        let locked_out = state.accounts.only_by_password().await?;
        let proven = state.accounts.is_proof(&staff.current.signed_in).await?;
        Ok::<_, DirectoryError>((is_on, locked_out, proven))
    };
    let (is_on, locked_out, proven) = match found.await {
        Ok(found) => found,
        Err(error) => return state.failed(staff.locale, &error, PASSWORDS),
    };
    let (page, shell) = staff.frame(&state, &SECTION);
    let count = usize::try_from(locked_out).unwrap_or(0);
    let (word, effects, refusal) = if is_on {
        let effects = vec![
            page.t("security-off-text"),
            page.t_count("security-off-count", count),
            page.t("security-off-way-back"),
        ];
        let refusal = (!proven).then(|| page.t("security-off-proof"));
        ("off", effects, refusal)
    } else {
        ("on", vec![page.t("security-on-text")], None)
    };
    let question = ConfirmPage {
        title: page.t(&format!("security-{word}-title")),
        effects,
        refusal,
        button: page.t(&format!("security-{word}-button")),
        danger: is_on,
        action: PASSWORDS.to_owned(),
        hidden: vec![("to".to_owned(), word.to_owned())],
        cancel: SECTION.path.to_owned(),
        page,
        shell,
    };
    state.show(StatusCode::OK, &question)
}

/// `POST /admin/security/passwords`.
async fn switch(
    State(state): State<PortalState>,
    Posted { staff, typed }: Posted<WriteAdmin>,
) -> Response {
    let on = match typed.value("to") {
        "on" => true,
        "off" => false,
        _ => return see_other(PASSWORDS),
    };
    if !on {
        match state.accounts.is_proof(&staff.current.signed_in).await {
            Ok(true) => {}
            Ok(false) => return told(SECTION.path, "security-proof"),
            Err(error) => return state.failed(staff.locale, &error, PASSWORDS),
        }
    }
    let edit = SettingsEdit {
        password_login: Some(Some(on)),
        ..SettingsEdit::default()
    };
    let edited = state
        .directory
        .edit_settings(edit, &state.defaults, staff.actor());
    match edited.await {
        Ok(_) if on => done(SECTION.path, "security-on"),
        Ok(_) => done(SECTION.path, "security-off"),
        Err(error) => state.failed(staff.locale, &error, PASSWORDS),
    }
}

/// A page for who was sent back to the address of a form.
async fn to_section(_: Staff<WriteAdmin>, Path(_): Path<String>) -> Response {
    see_other(SECTION.path)
}

/// `POST /admin/security/mails/{id}/retry`.
async fn retry(
    State(state): State<PortalState>,
    Path(id): Path<String>,
    Posted { staff, .. }: Posted<WriteAdmin>,
) -> Response {
    let Some(id) = MailId::parse(&id) else {
        return told(SECTION.path, "security-mail-gone");
    };
    match state.accounts.retry_mail(&id, staff.actor()).await {
        Ok(true) => done(SECTION.path, "security-mail-retried"),
        Ok(false) => told(SECTION.path, "security-mail-gone"),
        Err(error) => state.failed(staff.locale, &error, SECTION.path),
    }
}

/// The samples of the section's pages.
#[cfg(test)]
pub(super) fn samples(page: &Page) -> Vec<(String, String)> {
    let shell = Shell::sample(page, &SECTION);
    let mail = |state: &str, is_failed: bool| MailRow {
        id: "0190a3f2-7c1e-7b32-8f55-9d1f0c2a3b4c".to_owned(),
        recipient: format!("{state}<script>@northwind.example"),
        kind: page.t("mail-kind-activation"),
        state: page.t(&format!("mail-state-{state}")),
        tone: if is_failed { "bad" } else { "plain" },
        attempts: 3,
        problem: "permanent error (550): no such <user>".to_owned(),
        written: shell.time(page, shell.now),
        is_failed,
    };
    let full = SecurityPage {
        page: page.clone(),
        passwords: true,
        can_mail: true,
        waiting: 2,
        failed: 1,
        mails: vec![mail("failed", true), mail("waiting", false)],
        may_write: true,
        shell: shell.clone(),
    };
    let bare = SecurityPage {
        passwords: false,
        can_mail: false,
        waiting: 0,
        failed: 0,
        mails: Vec::new(),
        may_write: false,
        ..full.clone()
    };
    let render = |name: &str, page: SecurityPage| (name.to_owned(), page.render().unwrap());
    vec![
        render("admin-security", full),
        render("admin-security-bare", bare),
    ]
}
