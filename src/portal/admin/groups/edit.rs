//! Making, renaming and deleting groups.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;

use super::{SECTION, find};
use crate::directory::DirectoryError;
use crate::directory::groups::GroupEdit;
use crate::domain::{Group, Timestamp};
use crate::platform::web::Page;
use crate::portal::PortalState;
use crate::portal::admin::shell::{ConfirmPage, Shell, done, told};
use crate::portal::admin::staff::{Staff, WriteGroups};
use crate::portal::admin::typed::{Posted, Typed};

/// Longest name and description, in characters.
const LONGEST_NAME: usize = 256;
const LONGEST_DESCRIPTION: usize = 1024;

/// The form for a group, new or not.
#[derive(Clone, Debug, Template)]
#[template(path = "admin/groups/edit.html")]
struct EditPage {
    page: Page,
    shell: Shell,
    title: String,
    back: String,
    back_label: String,
    action: String,
    version: i64,
    changed: bool,
    typed: Typed,
}

impl EditPage {
    fn new(
        state: &PortalState,
        staff: &Staff<WriteGroups>,
        group: Option<&Group>,
        typed: Typed,
    ) -> Self {
        let (page, shell) = staff.frame(state, &SECTION);
        let back = group.map_or_else(|| SECTION.path.to_owned(), super::path);
        Self {
            title: page.t(if group.is_some() {
                "groups-edit"
            } else {
                "groups-new"
            }),
            back_label: group.map_or_else(|| page.t("groups-title"), |g| g.name.clone()),
            action: match group {
                Some(_) => format!("{back}/edit"),
                None => format!("{back}/new"),
            },
            version: group.map_or(0, |group| group.updated_at.millis()),
            changed: false,
            back,
            typed,
            page,
            shell,
        }
    }

    /// Name and description, where both can be read.
    fn read(&mut self) -> Option<(String, Option<String>)> {
        let name = self.typed.required(&self.page, "name", LONGEST_NAME);
        let page = &self.page;
        let description = self.typed.line(page, "description", LONGEST_DESCRIPTION);
        name.filter(|_| self.typed.is_sound())
            .map(|name| (name, description))
    }

    /// The same after somebody else saved: what was typed stays, and where it is not
    /// what stands now, what stands now is said.
    fn overtaken(mut self, group: &Group) -> Self {
        self.changed = true;
        let description = group.description.as_deref().unwrap_or_default();
        for (name, now) in [("name", group.name.as_str()), ("description", description)] {
            if self.typed.value(name).trim() != now {
                let problem = if now.is_empty() {
                    self.page.t("users-now-empty")
                } else {
                    self.page.t_with("users-now", &[("value", now)])
                };
                self.typed.refuse(name, problem);
            }
        }
        self
    }

    /// Says at its field what is wrong; gives back what is no field's fault.
    fn blame(&mut self, error: DirectoryError) -> Option<DirectoryError> {
        match error {
            DirectoryError::Taken { .. } => {
                self.typed.refuse("name", self.page.t("groups-taken"));
                None
            }
            DirectoryError::Invalid { field, .. } if field == "name" => {
                self.typed.refuse("name", self.page.t("form-hidden"));
                None
            }
            error => Some(error),
        }
    }
}

/// `GET /admin/groups/new`.
pub(super) async fn show_new(
    State(state): State<PortalState>,
    staff: Staff<WriteGroups>,
) -> Response {
    let page = EditPage::new(&state, &staff, None, Typed::default());
    state.show(StatusCode::OK, &page)
}

/// `POST /admin/groups/new`.
pub(super) async fn create(
    State(state): State<PortalState>,
    Posted { staff, typed }: Posted<WriteGroups>,
) -> Response {
    let mut form = EditPage::new(&state, &staff, None, typed);
    let Some((name, description)) = form.read() else {
        return state.show(StatusCode::UNPROCESSABLE_ENTITY, &form);
    };
    let made = state
        .directory
        .create_group(name, description, staff.actor());
    match made.await {
        Ok(group) => done(&super::path(&group), "group-created"),
        Err(error) => match form.blame(error) {
            None => state.show(StatusCode::UNPROCESSABLE_ENTITY, &form),
            Some(error) => state.failed(staff.locale, &error, SECTION.path),
        },
    }
}

/// `GET /admin/groups/{id}/edit`.
pub(super) async fn show(
    State(state): State<PortalState>,
    staff: Staff<WriteGroups>,
    Path(id): Path<String>,
) -> Response {
    let group = match find(&state, staff.locale, &id).await {
        Ok(found) => found.group,
        Err(response) => return *response,
    };
    if group.external {
        return told(&super::path(&group), "group-external");
    }
    let typed = Typed::default()
        .with("name", group.name.clone())
        .with("description", group.description.clone().unwrap_or_default());
    let page = EditPage::new(&state, &staff, Some(&group), typed);
    state.show(StatusCode::OK, &page)
}

/// `POST /admin/groups/{id}/edit`.
pub(super) async fn save(
    State(state): State<PortalState>,
    Path(id): Path<String>,
    Posted { staff, typed }: Posted<WriteGroups>,
) -> Response {
    let group = match find(&state, staff.locale, &id).await {
        Ok(found) => found.group,
        Err(response) => return *response,
    };
    let mut form = EditPage::new(&state, &staff, Some(&group), typed);
    // First of all: what comes back carries the version that stands now.
    if form.typed.version() != form.version {
        return state.show(StatusCode::CONFLICT, &form.overtaken(&group));
    }
    let Some((name, description)) = form.read() else {
        return state.show(StatusCode::UNPROCESSABLE_ENTITY, &form);
    };
    let edit = GroupEdit {
        name: Some(name),
        description: Some(description),
        expected: Some(Timestamp(form.typed.version())),
    };
    let path = super::path(&group);
    let saved = state.directory.edit_group(&group.id, edit, staff.actor());
    match saved.await {
        Ok(()) => done(&path, "group-saved"),
        Err(DirectoryError::Changed) => match find(&state, staff.locale, &id).await {
            Ok(found) => {
                let form = EditPage::new(&state, &staff, Some(&found.group), form.typed);
                state.show(StatusCode::CONFLICT, &form.overtaken(&found.group))
            }
            Err(response) => *response,
        },
        Err(DirectoryError::ExternalGroup(_)) => told(&path, "group-external"),
        Err(DirectoryError::NotFound(_)) => told(SECTION.path, "group-gone"),
        Err(error) => match form.blame(error) {
            None => state.show(StatusCode::UNPROCESSABLE_ENTITY, &form),
            Some(error) => state.failed(staff.locale, &error, &path),
        },
    }
}

/// `GET /admin/groups/{id}/delete`.
pub(super) async fn ask_delete(
    State(state): State<PortalState>,
    staff: Staff<WriteGroups>,
    Path(id): Path<String>,
) -> Response {
    let found = match find(&state, staff.locale, &id).await {
        Ok(found) => found,
        Err(response) => return *response,
    };
    let (page, shell) = staff.frame(&state, &SECTION);
    let path = super::path(&found.group);
    let members = usize::try_from(found.members).unwrap_or(0);
    let question = ConfirmPage {
        title: page.t_with("groups-delete-title", &[("name", &found.group.name)]),
        effects: vec![
            page.t_count("groups-delete-members", members),
            page.t("groups-delete-text"),
        ],
        refusal: super::lock(&page, &found.group),
        button: page.t("groups-delete"),
        danger: true,
        action: format!("{path}/delete"),
        hidden: Vec::new(),
        cancel: path,
        page,
        shell,
    };
    state.show(StatusCode::OK, &question)
}

/// `POST /admin/groups/{id}/delete`.
pub(super) async fn delete(
    State(state): State<PortalState>,
    Path(id): Path<String>,
    Posted { staff, .. }: Posted<WriteGroups>,
) -> Response {
    let Ok(found) = find(&state, staff.locale, &id).await else {
        // Sent twice: the first has done it.
        return told(SECTION.path, "group-gone");
    };
    let path = super::path(&found.group);
    let deleted = state.directory.delete_group(&found.group.id, staff.actor());
    match deleted.await {
        Ok(()) => done(SECTION.path, "group-deleted"),
        Err(DirectoryError::NotFound(_)) => told(SECTION.path, "group-gone"),
        Err(DirectoryError::ExternalGroup(_)) => told(&path, "group-external"),
        Err(error) => state.failed(staff.locale, &error, &path),
    }
}

#[cfg(test)]
pub(super) fn samples(page: &Page) -> Vec<(String, String)> {
    let new = EditPage {
        page: page.clone(),
        shell: Shell::sample(page, &SECTION),
        title: page.t("groups-new"),
        back: "/admin/groups".to_owned(),
        back_label: page.t("groups-title"),
        action: "/admin/groups/new".to_owned(),
        version: 0,
        changed: false,
        typed: Typed::default().with("name", "\"><script>alert(1)</script>"),
    };
    let mut wrong = new.clone();
    wrong.typed.refuse("name", page.t("groups-taken"));
    let overtaken = EditPage {
        changed: true,
        ..wrong.clone()
    };
    [
        ("new", new),
        ("new-wrong", wrong),
        ("edit-overtaken", overtaken),
    ]
    .into_iter()
    .map(|(name, page)| (format!("admin-group-{name}"), page.render().unwrap()))
    .collect()
}
