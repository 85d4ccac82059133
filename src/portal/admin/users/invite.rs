//! Inviting one user: a mail with a link, or the link to pass on.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;

use super::SECTION;
use super::person::{self, find};
use crate::domain::{Field, Status, User};
use crate::login::password::Invited;
use crate::platform::web::Page;
use crate::portal::PortalState;
use crate::portal::admin::shell::{ConfirmPage, Shell, done};
use crate::portal::admin::staff::{Staff, WriteUsers};
use crate::portal::admin::typed::Posted;

/// The link, shown this once.
#[derive(Clone, Debug, Template)]
#[template(path = "admin/users/invited.html")]
struct InvitedPage {
    page: Page,
    shell: Shell,
    name: String,
    link: String,
    back: String,
}

/// Why a user is not invited; the message's id.
fn refusal(state: &PortalState, staff: &Staff<WriteUsers>, user: &User) -> Option<&'static str> {
    let is_open = state.accounts.outbox().is_open();
    if user.status == Status::Inactive {
        Some("users-invite-inactive")
    } else if user.profile.get(Field::Email).is_none() {
        Some("users-invite-no-address")
    } else if !staff.is_admin() && !user.roles.is_empty() {
        Some("users-invite-role")
    } else if !staff.is_admin() && !is_open {
        // The link opens the account to whoever has it.
        Some("users-invite-no-mail")
    } else {
        None
    }
}

/// `GET /admin/users/{id}/invite`.
pub(super) async fn ask(
    State(state): State<PortalState>,
    staff: Staff<WriteUsers>,
    Path(id): Path<String>,
) -> Response {
    let user = match find(&state, staff.locale, &id).await {
        Ok(user) => user,
        Err(response) => return *response,
    };
    show(&state, &staff, &user)
}

fn show(state: &PortalState, staff: &Staff<WriteUsers>, user: &User) -> Response {
    let (page, shell) = staff.frame(state, &SECTION);
    let name = user.display_name();
    let email = user.profile.get(Field::Email).unwrap_or_default();
    let text = if state.accounts.outbox().is_open() {
        page.t_with("users-invite-mail", &[("email", email)])
    } else {
        page.t("users-invite-link")
    };
    let back = person::path(&user.id);
    let refused = refusal(state, staff, user);
    let question = ConfirmPage {
        title: page.t_with("users-invite-title", &[("name", &name)]),
        effects: vec![text, page.t("users-invite-text")],
        refusal: refused.map(|id| page.t(id)),
        button: page.t("users-invite"),
        danger: false,
        action: format!("{back}/invite"),
        hidden: Vec::new(),
        cancel: back,
        page,
        shell,
    };
    let status = if refused.is_some() {
        StatusCode::FORBIDDEN
    } else {
        StatusCode::OK
    };
    state.show(status, &question)
}

/// `POST /admin/users/{id}/invite`.
pub(super) async fn invite(
    State(state): State<PortalState>,
    Path(id): Path<String>,
    Posted { staff, .. }: Posted<WriteUsers>,
) -> Response {
    let user = match find(&state, staff.locale, &id).await {
        Ok(user) => user,
        Err(response) => return *response,
    };
    if refusal(&state, &staff, &user).is_some() {
        return show(&state, &staff, &user);
    }
    let back = person::path(&user.id);
    let invited = state.accounts.invite(&user.id, staff.locale, staff.actor());
    match invited.await {
        Ok(Invited::Mailed) => done(&back, "user-invited"),
        Ok(Invited::Link(link)) => {
            let (page, shell) = staff.frame(&state, &SECTION);
            let shown = InvitedPage {
                page,
                shell,
                name: user.display_name(),
                link,
                back,
            };
            state.show(StatusCode::OK, &shown)
        }
        Err(error) => person::not_done(&state, staff.locale, &error, &user.id),
    }
}

/// The samples of the pages.
#[cfg(test)]
pub(super) fn samples(page: &Page) -> Vec<(String, String)> {
    let shown = InvitedPage {
        page: page.clone(),
        shell: Shell::sample(page, &SECTION),
        name: "Ada <Lovelace>".to_owned(),
        link: "https://sso.example.com/activate/token".to_owned(),
        back: "/admin/users/1".to_owned(),
    };
    vec![("admin-users-invited".to_owned(), shown.render().unwrap())]
}
