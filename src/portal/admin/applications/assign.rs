//! `/admin/applications/{slug}/assignments`: who is assigned, and a search for
//! whom to assign.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;

use super::{SECTION, access, find, path};
use crate::directory::DirectoryError;
use crate::directory::applications::{Assigned, Assignee};
use crate::directory::users::UserFilter;
use crate::domain::{Access, Application, Field, GroupId, Scope, UserId};
use crate::platform::web::Page;
use crate::portal::PortalState;
use crate::portal::admin::list::{Asked, search};
use crate::portal::admin::shell::{Shell, done, told};
use crate::portal::admin::staff::{ReadAdmin, Staff, WriteAdmin};
use crate::portal::admin::typed::Posted;

/// What a search finds at the most, of each kind.
const FOUND: usize = 20;

/// Who is assigned.
#[derive(Clone, Debug, Template)]
#[template(path = "admin/applications/assignments.html")]
struct AssignmentsPage {
    page: Page,
    shell: Shell,
    writes: bool,
    slug: String,
    name: String,
    access: String,
    q: String,
    searched: bool,
    assigned: Vec<Line>,
    found: Vec<Line>,
}

/// Somebody who is assigned, or could be.
#[derive(Clone, Debug)]
struct Line {
    /// `user` or `group`.
    what: &'static str,
    id: String,
    name: String,
    more: String,
}

impl Line {
    fn of(page: &Page, assignee: &Assignee, name: String, more: String) -> Self {
        match assignee {
            Assignee::User(id) => Self {
                what: "user",
                id: id.to_string(),
                name,
                more,
            },
            Assignee::Group(id) => Self {
                what: "group",
                id: id.to_string(),
                name,
                more: page.t("application-a-group"),
            },
        }
    }
}

/// `GET /admin/applications/{slug}/assignments`.
pub(super) async fn show(
    State(state): State<PortalState>,
    staff: Staff<ReadAdmin>,
    Path(slug): Path<String>,
    asked: Asked,
) -> Response {
    let (page, shell) = staff.frame(&state, &SECTION);
    let read = read(&state, &page, &slug, search(&asked)).await;
    let (application, assigned, found) = match read {
        Ok(read) => read,
        Err(error) => return state.failed(staff.locale, &error, SECTION.path),
    };
    let q = search(&asked);
    let page = AssignmentsPage {
        writes: staff.may(Scope::Admin, Access::Write),
        slug: application.slug.to_string(),
        access: access(&page, &application),
        name: application.name,
        searched: q.is_some(),
        q: q.unwrap_or_default(),
        assigned,
        found,
        page,
        shell,
    };
    state.show(StatusCode::OK, &page)
}

async fn read(
    state: &PortalState,
    page: &Page,
    slug: &str,
    search: Option<String>,
) -> Result<(Application, Vec<Line>, Vec<Line>), DirectoryError> {
    let directory = &state.directory;
    let application = find(state, slug).await?.application;
    let assigned: Vec<Assigned> = directory.assigned(&application.slug).await?;
    let is_assigned = |assignee: &Assignee| assigned.iter().any(|one| one.assignee == *assignee);
    let mut found = Vec::new();
    if let Some(search) = search {
        let groups = directory.groups(Some(search.clone()), None, FOUND).await?;
        for counted in groups.items {
            let whom = Assignee::Group(counted.group.id);
            if !is_assigned(&whom) {
                found.push(Line::of(page, &whom, counted.group.name, String::new()));
            }
        }
        let filter = UserFilter {
            search: Some(search),
            ..UserFilter::default()
        };
        for user in directory.users(filter, None, FOUND).await?.items {
            let name = user.display_name();
            let email = user
                .profile
                .get(Field::Email)
                .unwrap_or_default()
                .to_owned();
            let whom = Assignee::User(user.id);
            if !is_assigned(&whom) {
                found.push(Line::of(page, &whom, name, email));
            }
        }
    }
    let lines = assigned.into_iter();
    let lines = lines.map(|one| Line::of(page, &one.assignee, one.name, String::new()));
    Ok((application, lines.collect(), found))
}

/// `POST /admin/applications/{slug}/assignments`: one more, or one fewer.
pub(super) async fn change(
    State(state): State<PortalState>,
    Path(slug): Path<String>,
    Posted { staff, typed }: Posted<WriteAdmin>,
) -> Response {
    let application = match find(&state, &slug).await {
        Ok(stored) => stored.application,
        Err(error) => return state.failed(staff.locale, &error, SECTION.path),
    };
    let back = format!("{}/assignments", path(&application.slug));
    let user = UserId::parse(typed.value("user")).map(Assignee::User);
    let group = GroupId::parse(typed.value("group")).map(Assignee::Group);
    let (Some(assignee), assigns) = (user.or(group), typed.is("do", "assign")) else {
        return told(&back, "application-nobody");
    };
    let slug = &application.slug;
    let set = state
        .directory
        .set_assigned(slug, assignee, assigns, staff.actor());
    match set.await {
        Ok(()) if assigns => done(&back, "application-assigned"),
        Ok(()) => done(&back, "application-unassigned"),
        Err(DirectoryError::NotFound(_)) => told(&back, "application-nobody"),
        Err(error) => state.failed(staff.locale, &error, &back),
    }
}

#[cfg(test)]
pub(super) fn samples(page: &Page) -> Vec<(String, String)> {
    let hostile = "\"><script>alert(1)</script>";
    let line = |what| Line {
        what,
        id: "0190a3f2-7c1e-7b32-8f55-9d1f0c2a3b4c".to_owned(),
        name: hostile.to_owned(),
        more: "ada@example.com".to_owned(),
    };
    let full = AssignmentsPage {
        page: page.clone(),
        shell: Shell::sample(page, &SECTION),
        writes: true,
        slug: "wiki".to_owned(),
        name: hostile.to_owned(),
        access: page.t("application-access-private"),
        q: hostile.to_owned(),
        searched: true,
        assigned: vec![line("group"), line("user")],
        found: vec![line("user"), line("group")],
    };
    let empty = AssignmentsPage {
        assigned: Vec::new(),
        found: Vec::new(),
        ..full.clone()
    };
    let reads = AssignmentsPage {
        writes: false,
        ..full.clone()
    };
    [
        ("assignments", full),
        ("assignments-empty", empty),
        ("assignments-read", reads),
    ]
    .into_iter()
    .map(|(name, page)| (format!("admin-application-{name}"), page.render().unwrap()))
    .collect()
}
