//! `/admin/groups`.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::SECTION;
use crate::directory::groups::Counted;
use crate::domain::{Access, Scope};
use crate::platform::web::Page;
use crate::portal::PortalState;
use crate::portal::admin::list::{Asked, Filters, Pager, ROWS, search};
use crate::portal::admin::shell::Shell;
use crate::portal::admin::staff::{ReadGroups, Staff};

/// The list.
#[derive(Clone, Debug, Template)]
#[template(path = "admin/groups/list.html")]
struct GroupsPage {
    page: Page,
    shell: Shell,
    filters: Filters,
    groups: Vec<GroupRow>,
    pager: Pager,
    may_write: bool,
}

/// One group in a line.
#[derive(Clone, Debug)]
struct GroupRow {
    id: String,
    name: String,
    description: String,
    members: i64,
    external: bool,
    source: String,
}

impl GroupRow {
    fn new(page: &Page, counted: Counted) -> Self {
        let group = counted.group;
        Self {
            id: group.id.to_string(),
            source: page.t(&format!("channel-{}", group.source)),
            name: group.name,
            description: group.description.unwrap_or_default(),
            members: counted.members,
            external: group.external,
        }
    }
}

/// `GET /admin/groups`.
pub(super) async fn show(
    State(state): State<PortalState>,
    staff: Staff<ReadGroups>,
    asked: Asked,
) -> Response {
    let (page, shell) = staff.frame(&state, &SECTION);
    let filters = filters(&page, &asked);
    let groups = state
        .directory
        .groups(search(&asked), asked.cursor(), ROWS)
        .await;
    let groups = match groups {
        Ok(groups) => groups,
        Err(error) => return state.failed(staff.locale, &error, SECTION.path),
    };
    let rows = groups.items.into_iter();
    let page = GroupsPage {
        groups: rows.map(|row| GroupRow::new(&page, row)).collect(),
        pager: filters.pager(&asked, groups.next_cursor.as_deref()),
        may_write: staff.may(Scope::GroupsWrite, Access::Write),
        filters,
        page,
        shell,
    };
    state.show(StatusCode::OK, &page)
}

fn filters(page: &Page, asked: &Asked) -> Filters {
    Filters {
        path: SECTION.path,
        search: Some(page.t("groups-search")),
        q: search(asked).unwrap_or_default(),
        selects: Vec::new(),
    }
}

#[cfg(test)]
pub(super) fn samples(page: &Page) -> Vec<(String, String)> {
    let row = |name: &str, external: bool| GroupRow {
        id: "0190a3f2-7c1e-7b32-8f55-9d1f0c2a3b4d".to_owned(),
        name: name.to_owned(),
        description: "Who works on <engines> & \"looms\"".to_owned(),
        members: 1_234,
        external,
        source: page.t("channel-scim"),
    };
    let full = GroupsPage {
        page: page.clone(),
        shell: Shell::sample(page, &SECTION),
        filters: filters(page, &Asked::of("q=%22%3E%3Cscript%3E")),
        groups: vec![
            row("Research", false),
            row("\"><script>alert(1)</script>", true),
        ],
        pager: Pager::default(),
        may_write: true,
    };
    let empty = GroupsPage {
        filters: filters(page, &Asked::default()),
        groups: Vec::new(),
        may_write: false,
        ..full.clone()
    };
    vec![
        ("admin-groups-list".to_owned(), full.render().unwrap()),
        ("admin-groups-empty".to_owned(), empty.render().unwrap()),
    ]
}
