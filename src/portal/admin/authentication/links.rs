//! Set-up links of a provider: made, shown once, revoked.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;

use super::show::answer;
use super::{SECTION, path_of};
use crate::directory::DirectoryError;
use crate::directory::providers::ManagedBy;
use crate::directory::setup_links::{LONGEST_RECIPIENT, MOST_DAYS};
use crate::login::kinds::SetError;
use crate::platform::web::Page;
use crate::portal::PortalState;
use crate::portal::admin::list::Asked;
use crate::portal::admin::shell::{Shell, done, told};
use crate::portal::admin::staff::WriteProviders;
use crate::portal::admin::typed::Posted;

/// A link that was made: the only time that it is shown.
#[derive(Clone, Debug, Template)]
#[template(path = "admin/authentication/link.html")]
struct MadePage {
    page: Page,
    shell: Shell,
    label: String,
    path: String,
    until: String,
    link: String,
}

/// `POST /admin/authentication/{slug}/links`.
pub(super) async fn make(
    State(state): State<PortalState>,
    Path(slug): Path<String>,
    posted: Posted<WriteProviders>,
) -> Response {
    let stored = match state.provider_at(&posted.staff, &slug).await {
        Ok(stored) => stored,
        Err(response) => return *response,
    };
    let slug = &stored.provider.slug;
    let path = path_of(slug);
    if stored.managed_by == ManagedBy::File {
        return told(&path, "provider-file");
    }
    if stored.provider.saml.is_none() {
        return told(&path, "provider-link-kind");
    }
    let Posted { staff, mut typed } = posted;
    let staff = &staff;
    let page = state.kit.page(staff.locale);
    let recipient = typed.line(&page, "recipient", LONGEST_RECIPIENT);
    let days = typed.value("days").trim().parse().unwrap_or(0);
    if !(1..=MOST_DAYS).contains(&days) {
        typed.refuse("days", page.t("provider-link-days-wrong"));
    }
    if !typed.is_sound() {
        return answer(&state, staff, stored, &Asked::default(), typed).await;
    }
    let recipient = recipient.unwrap_or_default();
    let by = (staff.current.user.display_name(), staff.actor());
    let made = state
        .directory
        .make_setup_link(slug, &recipient, days, (&by.0, by.1));
    match made.await {
        Ok(new) => {
            let shell = staff.frame(&state, &SECTION).1;
            let page = MadePage {
                label: stored.provider.label.clone(),
                path,
                until: page.locale().moment(new.link.expires_at),
                link: format!("{}/setup/{}", state.kit.origin(), new.token),
                page,
                shell,
            };
            state.show(StatusCode::CREATED, &page)
        }
        Err(DirectoryError::Invalid { .. }) => {
            typed.refuse("recipient", page.t("provider-link-many"));
            answer(&state, staff, stored, &Asked::default(), typed).await
        }
        Err(error) => state.not_set(staff, slug, SetError::Directory(error)),
    }
}

/// `POST /admin/authentication/{slug}/links/{id}/revoke`.
pub(super) async fn revoke(
    State(state): State<PortalState>,
    Path((slug, id)): Path<(String, String)>,
    posted: Posted<WriteProviders>,
) -> Response {
    let stored = match state.provider_at(&posted.staff, &slug).await {
        Ok(stored) => stored,
        Err(response) => return *response,
    };
    let slug = &stored.provider.slug;
    let revoked = state
        .directory
        .revoke_setup_link(slug, &id, posted.staff.actor());
    match revoked.await {
        Ok(true) => done(&path_of(slug), "provider-link-revoked"),
        Ok(false) => told(&path_of(slug), "provider-link-gone"),
        Err(error) => state.not_set(&posted.staff, slug, SetError::Directory(error)),
    }
}

#[cfg(test)]
pub(super) fn samples(page: &Page) -> Vec<(String, String)> {
    let made = MadePage {
        page: page.clone(),
        shell: Shell::sample(page, &SECTION),
        label: "SSO & <Login>".to_owned(),
        path: "/admin/authentication/okta".to_owned(),
        until: "30 November 2026, 12:00 UTC".to_owned(),
        link: "https://sso.example.com/setup/x".to_owned(),
    };
    vec![("provider-link".to_owned(), made.render().unwrap())]
}
