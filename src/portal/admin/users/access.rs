//! `/admin/users/{id}/validity` and `/roles`: from when to when somebody may
//! sign in, and what they may do at the dashboard.

use std::collections::BTreeSet;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use chrono::{NaiveDateTime, SubsecRound as _};

use super::SECTION;
use super::person::{self, find};
use super::profile::blame;
use crate::directory::DirectoryError;
use crate::directory::edit::UserEdit;
use crate::domain::{Field, Role, Timestamp, User};
use crate::platform::web::Page;
use crate::portal::PortalState;
use crate::portal::admin::shell::{Shell, done};
use crate::portal::admin::staff::{Need, Staff, WriteAdmin, WriteUsers};
use crate::portal::admin::typed::{Posted, Typed};

/// The two ends of validity.
const ENDS: [Field; 2] = [Field::ValidFrom, Field::ValidTo];

/// How browsers send a moment without a zone.
const MINUTE: &str = "%Y-%m-%dT%H:%M";

/// The form for validity.
#[derive(Clone, Debug, Template)]
#[template(path = "admin/users/validity.html")]
struct ValidityPage {
    page: Page,
    shell: Shell,
    name: String,
    back: String,
    version: i64,
    changed: bool,
    typed: Typed,
    locks: Vec<(String, String)>,
    fields: Vec<(&'static str, String)>,
}

/// The form for roles.
#[derive(Clone, Debug, Template)]
#[template(path = "admin/users/roles.html")]
struct RolesPage {
    page: Page,
    shell: Shell,
    name: String,
    back: String,
    version: i64,
    changed: bool,
    typed: Typed,
    roles: Vec<(&'static str, String, String)>,
}

/// A stored moment as a form's field has it.
fn minute(text: &str) -> String {
    let at = Timestamp::parse_rfc3339(text)
        .and_then(|at| chrono::DateTime::<chrono::Utc>::from_timestamp_millis(at.millis()));
    at.map_or_else(String::new, |at| at.format(MINUTE).to_string())
}

/// A field's moment, in UTC.
fn moment(text: &str) -> Option<Timestamp> {
    let with_seconds = || NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S").ok();
    let at = NaiveDateTime::parse_from_str(text, MINUTE)
        .ok()
        .or_else(with_seconds)?;
    let at = at.trunc_subsecs(0).and_utc();
    // RFC 3339 has years of four digits.
    (0..=9999)
        .contains(&chrono::Datelike::year(&at))
        .then(|| Timestamp(at.timestamp_millis()))
}

impl ValidityPage {
    fn new<N>(state: &PortalState, staff: &Staff<N>, user: &User, typed: Typed) -> Self {
        let (page, shell) = staff.frame(state, &SECTION);
        let label = |field: Field| page.t(&format!("field-{field}"));
        let mut locks = Vec::new();
        let mut fields = Vec::new();
        for field in ENDS {
            match person::lock(&page, user, field, staff.is_admin()) {
                Some(lock) => locks.push((label(field), lock)),
                None => fields.push((field.name(), label(field))),
            }
        }
        Self {
            name: user.display_name(),
            back: person::path(&user.id),
            version: user.version,
            changed: false,
            typed,
            locks,
            fields,
            page,
            shell,
        }
    }
}

fn stored(user: &User, field: Field) -> String {
    user.profile.get(field).map_or_else(String::new, minute)
}

/// `GET /admin/users/{id}/validity`.
pub(super) async fn show_validity(
    State(state): State<PortalState>,
    staff: Staff<WriteUsers>,
    Path(id): Path<String>,
) -> Response {
    let user = match find(&state, staff.locale, &id).await {
        Ok(user) => user,
        Err(response) => return *response,
    };
    let typed = ENDS.iter().fold(Typed::default(), |typed, field| {
        typed.with(field.name(), stored(&user, *field))
    });
    let page = ValidityPage::new(&state, &staff, &user, typed);
    state.show(StatusCode::OK, &page)
}

/// `POST /admin/users/{id}/validity`.
pub(super) async fn save_validity(
    State(state): State<PortalState>,
    Path(id): Path<String>,
    Posted { staff, typed }: Posted<WriteUsers>,
) -> Response {
    let user = match find(&state, staff.locale, &id).await {
        Ok(user) => user,
        Err(response) => return *response,
    };
    let mut form = ValidityPage::new(&state, &staff, &user, typed);
    let mut edit = UserEdit {
        expected: Some(form.typed.version()),
        ..UserEdit::default()
    };
    for (name, _) in form.fields.clone() {
        let Some(field) = Field::parse(name).filter(|_| form.typed.has(name)) else {
            continue;
        };
        let text = form.typed.line(&form.page, name, 32).unwrap_or_default();
        // Seconds that the form does not show stay as they are.
        if text == stored(&user, field) {
            continue;
        }
        match (text.is_empty(), moment(&text)) {
            (true, _) => {
                edit.cleared.insert(field);
            }
            (false, Some(at)) => edit.profile.set(field, at.rfc3339()),
            (false, None) => form.typed.refuse(name, form.page.t("users-wrong-moment")),
        }
    }
    if !form.typed.is_sound() {
        return state.show(StatusCode::UNPROCESSABLE_ENTITY, &form);
    }
    match state
        .directory
        .edit_user(&user.id, edit, staff.actor())
        .await
    {
        Ok(user) => done(&person::path(&user.id), "user-saved"),
        Err(DirectoryError::Changed) => {
            form.changed = true;
            state.show(StatusCode::CONFLICT, &form)
        }
        Err(DirectoryError::LastAdmin) => {
            let refused = form.page.t("told-user-last-admin");
            form.typed.refuse(Field::ValidTo.name(), refused);
            state.show(StatusCode::UNPROCESSABLE_ENTITY, &form)
        }
        Err(error) => match blame(&form.page, &error) {
            Some((_, _)) if matches!(error, DirectoryError::Invalid { .. }) => {
                let refused = form.page.t("users-wrong-order");
                form.typed.refuse(Field::ValidTo.name(), refused);
                state.show(StatusCode::UNPROCESSABLE_ENTITY, &form)
            }
            Some((field, problem)) => {
                form.typed.refuse(&field, problem);
                state.show(StatusCode::UNPROCESSABLE_ENTITY, &form)
            }
            None => person::not_done(&state, staff.locale, &error, &user.id),
        },
    }
}

impl RolesPage {
    fn new<N: Need>(state: &PortalState, staff: &Staff<N>, user: &User, typed: Typed) -> Self {
        let (page, shell) = staff.frame(state, &SECTION);
        let role = |role: &Role| {
            let hint = page.t(&format!("role-{role}-text"));
            (role.as_str(), page.t(&format!("role-{role}")), hint)
        };
        Self {
            name: user.display_name(),
            back: person::path(&user.id),
            version: user.version,
            changed: false,
            typed,
            roles: Role::ALL.iter().map(role).collect(),
            page,
            shell,
        }
    }
}

/// `GET /admin/users/{id}/roles`.
pub(super) async fn show_roles(
    State(state): State<PortalState>,
    staff: Staff<WriteAdmin>,
    Path(id): Path<String>,
) -> Response {
    let user = match find(&state, staff.locale, &id).await {
        Ok(user) => user,
        Err(response) => return *response,
    };
    let typed = user.roles.iter().fold(Typed::default(), |typed, role| {
        typed.with("role", role.as_str())
    });
    let page = RolesPage::new(&state, &staff, &user, typed);
    state.show(StatusCode::OK, &page)
}

/// `POST /admin/users/{id}/roles`.
pub(super) async fn save_roles(
    State(state): State<PortalState>,
    Path(id): Path<String>,
    Posted { staff, typed }: Posted<WriteAdmin>,
) -> Response {
    let user = match find(&state, staff.locale, &id).await {
        Ok(user) => user,
        Err(response) => return *response,
    };
    let roles: Option<BTreeSet<Role>> = typed.values("role").map(Role::parse).collect();
    let mut form = RolesPage::new(&state, &staff, &user, typed);
    let Some(roles) = roles else {
        form.typed.refuse("role", form.page.t("users-wrong-role"));
        return state.show(StatusCode::UNPROCESSABLE_ENTITY, &form);
    };
    if user.id == staff.current.user.id && !roles.contains(&Role::Admin) {
        form.typed.refuse("role", form.page.t("users-own-role"));
        return state.show(StatusCode::UNPROCESSABLE_ENTITY, &form);
    }
    let edit = UserEdit {
        expected: Some(form.typed.version()),
        roles: Some(roles),
        ..UserEdit::default()
    };
    match state
        .directory
        .edit_user(&user.id, edit, staff.actor())
        .await
    {
        Ok(user) => done(&person::path(&user.id), "user-roles"),
        Err(DirectoryError::Changed) => {
            form.changed = true;
            state.show(StatusCode::CONFLICT, &form)
        }
        Err(DirectoryError::LastAdmin) => {
            form.typed
                .refuse("role", form.page.t("told-user-last-admin"));
            state.show(StatusCode::UNPROCESSABLE_ENTITY, &form)
        }
        Err(error) => person::not_done(&state, staff.locale, &error, &user.id),
    }
}

#[cfg(test)]
pub(super) fn samples(page: &Page) -> Vec<(String, String)> {
    let shell = Shell::sample(page, &SECTION);
    let validity = ValidityPage {
        page: page.clone(),
        shell: shell.clone(),
        name: "Ada <Lovelace>".to_owned(),
        back: "/admin/users/1".to_owned(),
        version: 3,
        changed: false,
        typed: Typed::default().with("valid_from", "2026-11-21T20:15"),
        locks: vec![(page.t("field-valid_to"), page.t("users-locked-scim"))],
        fields: vec![("valid_from", page.t("field-valid_from"))],
    };
    let mut wrong = validity.clone();
    wrong
        .typed
        .refuse("valid_from", page.t("users-wrong-moment"));
    let overtaken = ValidityPage {
        changed: true,
        ..validity.clone()
    };
    let roles = RolesPage {
        page: page.clone(),
        shell,
        name: "Ada <Lovelace>".to_owned(),
        back: "/admin/users/1".to_owned(),
        version: 3,
        changed: false,
        typed: Typed::default().with("role", "auditor"),
        roles: vec![
            ("admin", page.t("role-admin"), page.t("role-admin-text")),
            (
                "auditor",
                page.t("role-auditor"),
                page.t("role-auditor-text"),
            ),
        ],
    };
    let mut refused = roles.clone();
    refused.typed.refuse("role", page.t("users-own-role"));
    vec![
        ("admin-user-validity".to_owned(), validity.render().unwrap()),
        (
            "admin-user-validity-wrong".to_owned(),
            wrong.render().unwrap(),
        ),
        (
            "admin-user-validity-changed".to_owned(),
            overtaken.render().unwrap(),
        ),
        ("admin-user-roles".to_owned(), roles.render().unwrap()),
        (
            "admin-user-roles-wrong".to_owned(),
            refused.render().unwrap(),
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_go_there_and_back() {
        let at = moment("2026-11-21T20:15").unwrap();
        assert_eq!(at.rfc3339(), "2026-11-21T20:15:00.000Z");
        assert_eq!(minute(&at.rfc3339()), "2026-11-21T20:15");
        assert_eq!(minute("2026-11-21T21:15:30+01:00"), "2026-11-21T20:15");
        for text in [
            "",
            "soon",
            "2026-13-01T00:00",
            "+12026-01-01T00:00",
            "2026-11-21",
        ] {
            assert_eq!(moment(text), None, "{text}");
        }
        assert_eq!(minute("soon"), "");
    }
}
