//! `/admin/users`: search, filters, one line for each user.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::SECTION;
use crate::directory::users::UserFilter;
use crate::domain::{Access, Field, GroupId, Role, Scope, Source, Status, User};
use crate::platform::web::Page;
use crate::portal::PortalState;
use crate::portal::admin::list::{Asked, Filters, Pager, ROWS, Select, labelled, search};
use crate::portal::admin::shell::{Moment, Shell};
use crate::portal::admin::staff::{ReadUsers, Staff};

/// The list.
#[derive(Clone, Debug, Template)]
#[template(path = "admin/users/list.html")]
struct UsersPage {
    page: Page,
    shell: Shell,
    filters: Filters,
    users: Vec<UserRow>,
    pager: Pager,
    may_write: bool,
}

/// One user in a line.
#[derive(Clone, Debug)]
struct UserRow {
    id: String,
    name: String,
    email: String,
    department: String,
    status: String,
    tone: &'static str,
    roles: Vec<String>,
    last_login: Option<Moment>,
}

impl UserRow {
    fn new(page: &Page, shell: &Shell, user: &User) -> Self {
        let text = |field| user.profile.get(field).unwrap_or_default().to_owned();
        let roles = user.roles.iter();
        Self {
            id: user.id.to_string(),
            name: user.display_name(),
            email: text(Field::Email),
            department: text(Field::Department),
            status: page.t(&format!("status-{}", user.status)),
            tone: tone(user.status),
            roles: roles.map(|role| page.t(&format!("role-{role}"))).collect(),
            last_login: user.last_login_at.map(|at| shell.time(page, at)),
        }
    }
}

/// How a status looks.
pub(in crate::portal) const fn tone(status: Status) -> &'static str {
    match status {
        Status::Active => "good",
        Status::Inactive => "off",
        Status::Pending => "plain",
    }
}

/// `GET /admin/users`.
pub(super) async fn show(
    State(state): State<PortalState>,
    staff: Staff<ReadUsers>,
    asked: Asked,
) -> Response {
    let (page, shell) = staff.frame(&state, &SECTION);
    let filter = UserFilter {
        search: search(&asked),
        status: asked.word("status", Status::parse),
        group: asked.text("group").and_then(GroupId::parse),
        source: asked.word("source", Source::parse),
        role: asked.word("role", Role::parse),
    };
    let filters = filters(&page, &asked);
    let users = match state.directory.users(filter, asked.cursor(), ROWS).await {
        Ok(users) => users,
        Err(error) => return state.failed(staff.locale, &error, SECTION.path),
    };
    let rows = users.items.iter();
    let page = UsersPage {
        users: rows.map(|user| UserRow::new(&page, &shell, user)).collect(),
        pager: filters.pager(&asked, users.next_cursor.as_deref()),
        may_write: staff.may(Scope::UsersWrite, Access::Write),
        filters,
        page,
        shell,
    };
    state.show(StatusCode::OK, &page)
}

fn filters(page: &Page, asked: &Asked) -> Filters {
    let select =
        |name, label, all, options| Select::new(asked, name, page.t(label), page.t(all), options);
    let words = |prefix, words: Vec<&'static str>| labelled(page, prefix, words);
    let statuses = words("status-", Status::ALL.iter().map(|s| s.as_str()).collect());
    let sources = words("channel-", Source::ALL.iter().map(|s| s.as_str()).collect());
    let roles = words("role-", Role::ALL.iter().map(|r| r.as_str()).collect());
    Filters {
        path: SECTION.path,
        search: Some(page.t("users-search")),
        q: search(asked).unwrap_or_default(),
        selects: vec![
            select("status", "users-status", "users-status-all", statuses),
            select("role", "users-role", "users-role-all", roles),
            select("source", "users-source", "users-source-all", sources),
        ],
    }
}

#[cfg(test)]
pub(super) fn samples(page: &Page) -> Vec<(String, String)> {
    use crate::domain::Timestamp;
    let shell = Shell::sample(page, &SECTION);
    let row = |name: &str, status: Status, roles: &[Role]| UserRow {
        id: format!("0190a3f2-7c1e-7b32-8f55-{:012}", name.len()),
        name: name.to_owned(),
        email: "ada.lovelace@northwind.example".to_owned(),
        department: "Analytical Engines & <Looms>".to_owned(),
        status: page.t(&format!("status-{status}")),
        tone: tone(status),
        roles: roles.iter().map(|r| page.t(&format!("role-{r}"))).collect(),
        last_login: (status == Status::Active)
            .then(|| shell.time(page, Timestamp(1_767_225_600_000))),
    };
    let asked = Asked::of("q=%22%3E%3Cscript%3E&status=active");
    let full = UsersPage {
        page: page.clone(),
        shell: shell.clone(),
        filters: filters(page, &asked),
        users: vec![
            row("Ada Lovelace", Status::Active, Role::ALL),
            row("\"><script>alert(1)</script>", Status::Inactive, &[]),
            row(&"Very long name ".repeat(12), Status::Pending, &[]),
        ],
        pager: Pager {
            first: Some("/admin/users?status=active".to_owned()),
            next: Some("/admin/users?status=active&cursor=x".to_owned()),
        },
        may_write: true,
    };
    let reader = UsersPage {
        may_write: false,
        ..full.clone()
    };
    let none = UsersPage {
        users: Vec::new(),
        ..full.clone()
    };
    let empty = UsersPage {
        filters: filters(page, &Asked::default()),
        ..none.clone()
    };
    [
        ("list", full),
        ("list-read", reader),
        ("list-none", none),
        ("list-empty", empty),
    ]
    .into_iter()
    .map(|(name, page)| (format!("admin-users-{name}"), page.render().unwrap()))
    .collect()
}
