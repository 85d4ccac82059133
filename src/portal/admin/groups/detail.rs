//! `/admin/groups/{id}`: one group and its members.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;

use super::{SECTION, find};
use crate::directory::groups::Counted;
use crate::directory::users::UserFilter;
use crate::domain::{Access, Field, Scope, User};
use crate::platform::web::Page;
use crate::portal::PortalState;
use crate::portal::admin::list::{Asked, Pager, ROWS, search};
use crate::portal::admin::shell::{Shell, with_query};
use crate::portal::admin::staff::{Need, ReadGroups, Staff};
use crate::portal::admin::typed::Typed;

/// The page.
#[derive(Clone, Debug, Template)]
#[template(path = "admin/groups/detail.html")]
pub(super) struct GroupPage {
    page: Page,
    shell: Shell,
    path: String,
    name: String,
    description: String,
    lock: Option<String>,
    count: i64,
    q: String,
    typed: Typed,
    offered: Vec<MemberRow>,
    members: Vec<MemberRow>,
    pager: Pager,
    may_write: bool,
}

/// A member in a line.
#[derive(Clone, Debug)]
struct MemberRow {
    id: String,
    name: String,
    email: String,
    status: String,
    tone: &'static str,
}

impl MemberRow {
    fn new(page: &Page, user: &User) -> Self {
        Self {
            id: user.id.to_string(),
            name: user.display_name(),
            email: user
                .profile
                .get(Field::Email)
                .unwrap_or_default()
                .to_owned(),
            status: page.t(&format!("status-{}", user.status)),
            tone: crate::portal::admin::users::tone(user.status),
        }
    }
}

/// `GET /admin/groups/{id}`.
pub(super) async fn show(
    State(state): State<PortalState>,
    staff: Staff<ReadGroups>,
    Path(id): Path<String>,
    asked: Asked,
) -> Response {
    match find(&state, staff.locale, &id).await {
        Ok(group) => answer(&state, &staff, group, &asked, (Typed::default(), &[])).await,
        Err(response) => *response,
    }
}

/// The page, with what was typed into the form that adds a member, and who may be meant.
pub(super) async fn answer<N: Need>(
    state: &PortalState,
    staff: &Staff<N>,
    counted: Counted,
    asked: &Asked,
    (typed, offered): (Typed, &[User]),
) -> Response {
    let Counted { group, members } = counted;
    let path = super::path(&group);
    let filter = UserFilter {
        search: search(asked),
        group: Some(group.id.clone()),
        ..UserFilter::default()
    };
    let users = match state.directory.users(filter, asked.cursor(), ROWS).await {
        Ok(users) => users,
        Err(error) => return state.failed(staff.locale, &error, &path),
    };
    let (page, shell) = staff.frame(state, &SECTION);
    let q = search(asked).unwrap_or_default();
    let at = |cursor: Option<&str>| {
        let mut pairs = Vec::new();
        if !q.is_empty() {
            pairs.push(("q", q.as_str()));
        }
        pairs.extend(cursor.map(|cursor| ("cursor", cursor)));
        with_query(&path, &pairs)
    };
    let status = if typed.is_sound() {
        StatusCode::OK
    } else {
        StatusCode::UNPROCESSABLE_ENTITY
    };
    let page = GroupPage {
        lock: super::lock(&page, &group),
        name: group.name,
        description: group.description.unwrap_or_default(),
        count: members,
        pager: Pager {
            first: asked.cursor().map(|_| at(None)),
            next: users.next_cursor.as_deref().map(|next| at(Some(next))),
        },
        q,
        typed,
        offered: offered.iter().map(|u| MemberRow::new(&page, u)).collect(),
        members: users
            .items
            .iter()
            .map(|u| MemberRow::new(&page, u))
            .collect(),
        may_write: staff.may(Scope::GroupsWrite, Access::Write),
        path,
        page,
        shell,
    };
    state.show(status, &page)
}

impl GroupPage {
    fn may_change(&self) -> bool {
        self.may_write && self.lock.is_none()
    }

    fn counted(&self) -> String {
        let count = usize::try_from(self.count).unwrap_or(0);
        self.page.t_count("groups-members-count", count)
    }
}

#[cfg(test)]
pub(super) fn samples(page: &Page) -> Vec<(String, String)> {
    let hostile = "\"><script>alert(1)</script>";
    let full = GroupPage {
        page: page.clone(),
        shell: Shell::sample(page, &SECTION),
        path: "/admin/groups/0190a3f2-7c1e-7b32-8f55-9d1f0c2a3b4d".to_owned(),
        name: "Research".to_owned(),
        description: hostile.to_owned(),
        lock: None,
        count: 2,
        q: hostile.to_owned(),
        typed: Typed::default().with("user", hostile),
        offered: Vec::new(),
        members: vec![MemberRow {
            id: "0190a3f2-7c1e-7b32-8f55-9d1f0c2a3b4c".to_owned(),
            name: hostile.to_owned(),
            email: "ada@northwind.example".to_owned(),
            status: page.t("status-active"),
            tone: "good",
        }],
        pager: Pager::default(),
        may_write: true,
    };
    let mut wrong = full.clone();
    wrong.typed.refuse("user", page.t("groups-user-unknown"));
    let mut several = full.clone();
    several.typed.refuse("user", page.t("groups-user-several"));
    several.offered.clone_from(&full.members);
    let external = GroupPage {
        lock: Some(page.t_with("groups-locked", &[("channel", "SCIM")])),
        ..full.clone()
    };
    let empty = GroupPage {
        q: String::new(),
        description: String::new(),
        members: Vec::new(),
        may_write: false,
        count: 0,
        ..full.clone()
    };
    [
        ("detail", full),
        ("detail-wrong", wrong),
        ("detail-several", several),
        ("external", external),
        ("detail-empty", empty),
    ]
    .into_iter()
    .map(|(name, page)| (format!("admin-group-{name}"), page.render().unwrap()))
    .collect()
}
