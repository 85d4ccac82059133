//! `/admin/users/{id}/profile`: the fields that a hand may change.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;

use super::SECTION;
use super::person::{self, find};
use crate::directory::DirectoryError;
use crate::directory::edit::{LONGEST_ATTRIBUTE, UserEdit, attribute_names, attribute_set};
use crate::directory::reconcile;
use crate::domain::{Field, User};
use crate::platform::web::Page;
use crate::portal::PortalState;
use crate::portal::admin::shell::{Shell, done};
use crate::portal::admin::staff::{Staff, WriteUsers};
use crate::portal::admin::typed::{Posted, Typed};

/// The fields of one line, in the order of the form.
const LINES: [Field; 12] = [
    Field::Name,
    Field::GivenName,
    Field::FamilyName,
    Field::Email,
    Field::UserName,
    Field::Upn,
    Field::Department,
    Field::JobTitle,
    Field::CostCenter,
    Field::Phone,
    Field::Mobile,
    Field::Language,
];

/// The two sets of attributes.
const SETS: [Field; 2] = [Field::ExtensionAttributes, Field::CustomAttributes];

/// The form.
#[derive(Clone, Debug, Template)]
#[template(path = "admin/users/profile.html")]
struct ProfilePage {
    page: Page,
    shell: Shell,
    name: String,
    back: String,
    version: i64,
    changed: bool,
    typed: Typed,
    lines: Vec<Line>,
    attributes: Vec<Line>,
}

/// A field of the form.
#[derive(Clone, Debug)]
struct Line {
    name: String,
    label: String,
    kind: &'static str,
    value: String,
    lock: Option<String>,
}

impl ProfilePage {
    fn new<N>(state: &PortalState, staff: &Staff<N>, user: &User, typed: Typed) -> Self {
        let (page, shell) = staff.frame(state, &SECTION);
        let lock = |field| person::lock(&page, user, field, staff.is_admin());
        let lines = LINES.iter().map(|field| Line {
            name: field.name().to_owned(),
            label: page.t(&format!("field-{field}")),
            kind: if *field == Field::Email {
                "email"
            } else {
                "text"
            },
            value: user.profile.get(*field).unwrap_or_default().to_owned(),
            lock: lock(*field),
        });
        let lines = lines.collect();
        let sets = SETS.iter().flat_map(|field| {
            let lock = lock(*field);
            let mut set = attribute_set(user.profile.get(*field));
            attribute_names(*field).map(move |name| Line {
                label: name.clone(),
                kind: "text",
                value: set.remove(&name).unwrap_or_default(),
                lock: lock.clone(),
                name,
            })
        });
        Self {
            name: user.display_name(),
            back: person::path(&user.id),
            version: user.version,
            changed: false,
            typed,
            lines,
            attributes: sets.collect(),
            page,
            shell,
        }
    }

    fn all(&self) -> impl Iterator<Item = &Line> {
        self.lines.iter().chain(&self.attributes)
    }

    /// The form with what is stored.
    fn filled(mut self) -> Self {
        let mut typed = Typed::default();
        for line in self.all() {
            typed = typed.with(&line.name, line.value.clone());
        }
        self.typed = typed;
        self
    }

    /// The same after somebody else saved: what was typed stays, and where it is
    /// not what stands now, what stands now is said.
    fn overtaken(mut self) -> Self {
        self.changed = true;
        let mut typed = self.typed.clone();
        for line in self.all().filter(|line| line.lock.is_none()) {
            if typed.value(&line.name).trim() != line.value {
                let now = if line.value.is_empty() {
                    self.page.t("users-now-empty")
                } else {
                    let now = [("value", line.value.as_str())];
                    self.page.t_with("users-now", &now)
                };
                typed.refuse(&line.name, now);
            }
        }
        self.typed = typed;
        self
    }

    fn has_wrong_attributes(&self) -> bool {
        let mut attributes = self.attributes.iter();
        attributes.any(|line| self.typed.problem(&line.name).is_some())
    }
}

/// `GET /admin/users/{id}/profile`.
pub(super) async fn show(
    State(state): State<PortalState>,
    staff: Staff<WriteUsers>,
    Path(id): Path<String>,
) -> Response {
    match find(&state, staff.locale, &id).await {
        Ok(user) => {
            let page = ProfilePage::new(&state, &staff, &user, Typed::default());
            state.show(StatusCode::OK, &page.filled())
        }
        Err(response) => *response,
    }
}

/// `POST /admin/users/{id}/profile`.
pub(super) async fn save(
    State(state): State<PortalState>,
    Path(id): Path<String>,
    Posted { staff, typed }: Posted<WriteUsers>,
) -> Response {
    let user = match find(&state, staff.locale, &id).await {
        Ok(user) => user,
        Err(response) => return *response,
    };
    let mut form = ProfilePage::new(&state, &staff, &user, typed);
    if form.typed.version() != user.version {
        return state.show(StatusCode::CONFLICT, &form.overtaken());
    }
    let edit = read(&mut form, &user);
    if !form.typed.is_sound() {
        return state.show(StatusCode::UNPROCESSABLE_ENTITY, &form);
    }
    // Locked fields are not read, so this is so for nobody but an admin.
    if edit.needs_admin(&user) && !staff.is_admin() {
        return staff.refuse(&state);
    }
    let saved = state.directory.edit_user(&user.id, edit, staff.actor());
    match saved.await {
        Ok(user) => done(&person::path(&user.id), "user-saved"),
        Err(DirectoryError::Changed) => {
            let user = match find(&state, staff.locale, &id).await {
                Ok(user) => user,
                Err(response) => return *response,
            };
            let form = ProfilePage::new(&state, &staff, &user, form.typed);
            state.show(StatusCode::CONFLICT, &form.overtaken())
        }
        Err(error) => match blame(&form.page, &error) {
            Some((field, problem)) => {
                form.typed.refuse(&field, problem);
                state.show(StatusCode::UNPROCESSABLE_ENTITY, &form)
            }
            None => person::not_done(&state, staff.locale, &error, &user.id),
        },
    }
}

/// What the form changes. What is wrong with it is said at its fields.
fn read(form: &mut ProfilePage, user: &User) -> UserEdit {
    let mut edit = UserEdit {
        expected: Some(user.version),
        ..UserEdit::default()
    };
    let ProfilePage {
        page,
        typed,
        lines,
        attributes,
        ..
    } = form;
    for (field, line) in LINES.iter().zip(lines.iter()) {
        // A field that was not sent, or that is locked, stays.
        if line.lock.is_some() || !typed.has(&line.name) {
            continue;
        }
        let value = typed.line(page, &line.name, reconcile::longest(*field));
        match value {
            Some(value) if value != line.value => edit.profile.set(*field, value),
            None if !line.value.is_empty() => {
                edit.cleared.insert(*field);
            }
            _ => {}
        }
    }
    if typed.has("email") && typed.value("email").trim().is_empty() {
        typed.refuse("email", page.t("form-required"));
    }
    for (field, _) in reconcile::problems(&edit.profile) {
        typed.refuse(field.name(), page.t(&format!("users-wrong-{field}")));
    }
    for field in SETS {
        let mut changes = BTreeMap::new();
        let names: Vec<String> = attribute_names(field).collect();
        let of_set = attributes.iter().filter(|line| names.contains(&line.name));
        for line in of_set.filter(|line| line.lock.is_none()) {
            if !typed.has(&line.name) {
                continue;
            }
            let value = typed.line(page, &line.name, LONGEST_ATTRIBUTE);
            if value.as_deref().unwrap_or_default() != line.value {
                changes.insert(line.name.clone(), value);
            }
        }
        if !changes.is_empty() {
            edit.attributes.insert(field, changes);
        }
    }
    edit
}

/// The field that is to blame for an error, and what to say there.
pub(super) fn blame(page: &Page, error: &DirectoryError) -> Option<(String, String)> {
    match error {
        DirectoryError::Taken { what, .. } => Some(((*what).to_owned(), page.t("users-taken"))),
        DirectoryError::Owned { field, owner } => {
            let problem = page.t(&format!("users-locked-{owner}"));
            Some((field.name().to_owned(), problem))
        }
        DirectoryError::Invalid { field, .. } => {
            Field::parse(field)?;
            Some((field.clone(), page.t("users-wrong")))
        }
        _ => None,
    }
}

#[cfg(test)]
pub(super) fn samples(page: &Page) -> Vec<(String, String)> {
    let hostile = "\"><script>alert(1)</script>";
    let line = |name: &str, value: &str, lock: Option<&str>| Line {
        name: name.to_owned(),
        label: page.t(&format!("field-{name}")),
        kind: "text",
        value: value.to_owned(),
        lock: lock.map(|id| page.t(id)),
    };
    let base = ProfilePage {
        page: page.clone(),
        shell: Shell::sample(page, &SECTION),
        name: "Ada <Lovelace>".to_owned(),
        back: "/admin/users/1".to_owned(),
        version: 3,
        changed: false,
        typed: Typed::default(),
        lines: vec![
            line("name", hostile, Some("users-locked-scim")),
            line("email", "ada@northwind.example", None),
            line("department", hostile, None),
        ],
        attributes: vec![Line {
            label: "extensionAttribute1".to_owned(),
            ..line("phone", "Building 7", None)
        }],
    };
    let filled = base.clone().filled();
    let mut wrong = base.clone().filled();
    wrong.typed.refuse("email", page.t("form-required"));
    wrong.typed.refuse("phone", page.t("form-hidden"));
    let other = ProfilePage {
        typed: Typed::default().with("email", hostile),
        ..base
    };
    [
        ("edit", filled),
        ("edit-wrong", wrong),
        ("edit-overtaken", other.overtaken()),
    ]
    .into_iter()
    .map(|(name, page)| (format!("admin-user-{name}"), page.render().unwrap()))
    .collect()
}
