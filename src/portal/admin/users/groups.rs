//! `/admin/users/{id}/groups`: the groups of one user.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;

use super::SECTION;
use super::person::{self, find};
use crate::directory::DirectoryError;
use crate::domain::{Group, GroupId, User};
use crate::platform::web::Page;
use crate::portal::PortalState;
use crate::portal::admin::groups::lock;
use crate::portal::admin::shell::{Shell, done, told};
use crate::portal::admin::staff::{Staff, WriteUsers};
use crate::portal::admin::typed::{Posted, Typed};

/// The most groups that are suggested.
const SUGGESTED: usize = 200;

/// The page.
#[derive(Clone, Debug, Template)]
#[template(path = "admin/users/groups.html")]
struct GroupsPage {
    page: Page,
    shell: Shell,
    name: String,
    back: String,
    typed: Typed,
    groups: Vec<GroupRow>,
    suggested: Vec<String>,
}

/// A group of the user.
#[derive(Clone, Debug)]
struct GroupRow {
    id: String,
    name: String,
    /// Why the user cannot be taken out here.
    lock: Option<String>,
}

impl GroupsPage {
    async fn new(
        state: &PortalState,
        staff: &Staff<WriteUsers>,
        user: &User,
        typed: Typed,
    ) -> Result<Self, DirectoryError> {
        let (page, shell) = staff.frame(state, &SECTION);
        let belongings = state.directory.belongings_of(&user.id).await?;
        let all = state.directory.groups(None, None, SUGGESTED).await?;
        let is_in = |group: &Group| belongings.groups.iter().any(|g| g.id == group.id);
        let suggested = all
            .items
            .into_iter()
            .map(|counted| counted.group)
            .filter(|group| !group.external && !is_in(group))
            .map(|group| group.name)
            .collect();
        let row = |group: &Group| GroupRow {
            id: group.id.to_string(),
            name: group.name.clone(),
            lock: lock(&page, group),
        };
        Ok(Self {
            groups: belongings.groups.iter().map(row).collect(),
            name: user.display_name(),
            back: person::path(&user.id),
            typed,
            suggested,
            page,
            shell,
        })
    }
}

async fn answer(
    state: &PortalState,
    staff: &Staff<WriteUsers>,
    user: &User,
    typed: Typed,
) -> Response {
    let status = if typed.is_sound() {
        StatusCode::OK
    } else {
        StatusCode::UNPROCESSABLE_ENTITY
    };
    match GroupsPage::new(state, staff, user, typed).await {
        Ok(page) => state.show(status, &page),
        Err(error) => state.failed(staff.locale, &error, &person::path(&user.id)),
    }
}

/// `GET /admin/users/{id}/groups`.
pub(super) async fn show(
    State(state): State<PortalState>,
    staff: Staff<WriteUsers>,
    Path(id): Path<String>,
) -> Response {
    match find(&state, staff.locale, &id).await {
        Ok(user) => answer(&state, &staff, &user, Typed::default()).await,
        Err(response) => *response,
    }
}

/// `POST /admin/users/{id}/groups`: into the group of a name, or out of the one of
/// an id.
pub(super) async fn change(
    State(state): State<PortalState>,
    Path(id): Path<String>,
    Posted { staff, mut typed }: Posted<WriteUsers>,
) -> Response {
    let user = match find(&state, staff.locale, &id).await {
        Ok(user) => user,
        Err(response) => return *response,
    };
    let path = format!("{}/groups", person::path(&user.id));
    if let Some(group) = GroupId::parse(typed.value("remove")) {
        return match set(&state, &staff, &user, &group, false).await {
            Ok(()) => done(&path, "user-group-removed"),
            Err(error) => refused(&state, &staff, &error, &path),
        };
    }
    let page = state.kit.page(staff.locale);
    if let Some(name) = typed.required(&page, "name", 256) {
        match state.directory.group_by_name(&name).await {
            Ok(Some(group)) => {
                return match set(&state, &staff, &user, &group.id, true).await {
                    Ok(()) => done(&path, "user-group-added"),
                    Err(error) => refused(&state, &staff, &error, &path),
                };
            }
            Ok(None) => typed.refuse("name", page.t("users-group-unknown")),
            Err(error) => return state.failed(staff.locale, &error, &path),
        }
    }
    answer(&state, &staff, &user, typed).await
}

async fn set(
    state: &PortalState,
    staff: &Staff<WriteUsers>,
    user: &User,
    group: &GroupId,
    member: bool,
) -> Result<(), DirectoryError> {
    let set = state
        .directory
        .set_member(group, &user.id, member, staff.actor());
    set.await
}

fn refused(
    state: &PortalState,
    staff: &Staff<WriteUsers>,
    error: &DirectoryError,
    path: &str,
) -> Response {
    match error {
        DirectoryError::NotFound(_) => told(path, "group-gone"),
        DirectoryError::ExternalGroup(_) => told(path, "group-external"),
        error => state.failed(staff.locale, error, path),
    }
}

#[cfg(test)]
pub(super) fn samples(page: &Page) -> Vec<(String, String)> {
    let hostile = "\"><script>alert(1)</script>";
    let row = |name: &str, lock: Option<String>| GroupRow {
        id: "0190a3f2-7c1e-7b32-8f55-9d1f0c2a3b4d".to_owned(),
        name: name.to_owned(),
        lock,
    };
    let external = page.t_with("groups-locked", &[("channel", "SCIM")]);
    let full = GroupsPage {
        page: page.clone(),
        shell: Shell::sample(page, &SECTION),
        name: "Ada <Lovelace>".to_owned(),
        back: "/admin/users/1".to_owned(),
        typed: Typed::default().with("name", hostile),
        groups: vec![row("Research", None), row(hostile, Some(external))],
        suggested: vec![hostile.to_owned()],
    };
    let mut wrong = full.clone();
    wrong.typed.refuse("name", page.t("users-group-unknown"));
    let none = GroupsPage {
        groups: Vec::new(),
        suggested: Vec::new(),
        ..full.clone()
    };
    [
        ("groups", full),
        ("groups-wrong", wrong),
        ("groups-none", none),
    ]
    .into_iter()
    .map(|(name, page)| (format!("admin-user-{name}"), page.render().unwrap()))
    .collect()
}
