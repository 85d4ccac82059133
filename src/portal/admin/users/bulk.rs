//! `/admin/users/deactivate` and `/admin/users/reactivate`: many users at once,
//! with the number in the button.

use std::collections::BTreeSet;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::SECTION;
use crate::directory::DirectoryError;
use crate::domain::{Status, User, UserId};
use crate::platform::web::Page;
use crate::portal::PortalState;
use crate::portal::admin::list::{Asked, ROWS};
use crate::portal::admin::shell::{ConfirmPage, done_count, told};
use crate::portal::admin::staff::{Staff, WriteUsers};
use crate::portal::admin::typed::Posted;

/// The most users of one go: a page of the list.
const MOST: usize = ROWS;

/// `GET /admin/users/deactivate?id=…&id=…`.
pub(super) async fn ask_deactivate(
    State(state): State<PortalState>,
    staff: Staff<WriteUsers>,
    asked: Asked,
) -> Response {
    ask(&state, &staff, &asked, Status::Inactive).await
}

/// `GET /admin/users/reactivate?id=…&id=…`.
pub(super) async fn ask_reactivate(
    State(state): State<PortalState>,
    staff: Staff<WriteUsers>,
    asked: Asked,
) -> Response {
    ask(&state, &staff, &asked, Status::Active).await
}

/// `POST /admin/users/deactivate`.
pub(super) async fn deactivate(
    State(state): State<PortalState>,
    posted: Posted<WriteUsers>,
) -> Response {
    act(&state, posted, Status::Inactive).await
}

/// `POST /admin/users/reactivate`.
pub(super) async fn reactivate(
    State(state): State<PortalState>,
    posted: Posted<WriteUsers>,
) -> Response {
    act(&state, posted, Status::Active).await
}

const fn word(to: Status) -> &'static str {
    match to {
        Status::Inactive => "deactivate",
        _ => "reactivate",
    }
}

/// The ids among what was sent, each once.
fn ids<'a>(given: impl Iterator<Item = &'a str>) -> Vec<UserId> {
    let mut seen = BTreeSet::new();
    given
        .filter_map(UserId::parse)
        .filter(|id| seen.insert(id.clone()))
        .take(MOST)
        .collect()
}

/// Those of the users for whom there is something to do.
async fn chosen(
    state: &PortalState,
    ids: Vec<UserId>,
    to: Status,
) -> Result<Vec<User>, DirectoryError> {
    let mut users = Vec::with_capacity(ids.len());
    for id in ids {
        match state.directory.user(&id).await {
            Ok(user) if (user.status == Status::Inactive) == (to == Status::Inactive) => {}
            Ok(user) => users.push(user),
            Err(DirectoryError::NotFound(_)) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(users)
}

async fn ask(
    state: &PortalState,
    staff: &Staff<WriteUsers>,
    asked: &Asked,
    to: Status,
) -> Response {
    let users = match chosen(state, ids(asked.all("id")), to).await {
        Ok(users) => users,
        Err(error) => return state.failed(staff.locale, &error, SECTION.path),
    };
    let oneself = &staff.current.user.id;
    let (own, others): (Vec<User>, Vec<User>) = users
        .into_iter()
        .partition(|user| to == Status::Inactive && user.id == *oneself);
    if others.is_empty() {
        let reason = if own.is_empty() {
            "users-none-chosen"
        } else {
            "user-not-oneself"
        };
        return told(SECTION.path, reason);
    }
    let (page, shell) = staff.frame(state, &SECTION);
    let word = word(to);
    let mut effects = vec![
        page.t(&format!("users-{word}-many-text")),
        names(&page, &others),
    ];
    if !own.is_empty() {
        effects.push(page.t("users-without-oneself"));
    }
    let count = others.len();
    let question = ConfirmPage {
        title: page.t_count(&format!("users-{word}-many-title"), count),
        effects,
        refusal: None,
        button: page.t_count(&format!("users-{word}-many"), count),
        danger: false,
        action: format!("{}/{word}", SECTION.path),
        hidden: others
            .iter()
            .map(|user| ("id".to_owned(), user.id.to_string()))
            .collect(),
        cancel: SECTION.path.to_owned(),
        page,
        shell,
    };
    state.show(StatusCode::OK, &question)
}

/// The names, as far as one reads them.
fn names(page: &Page, users: &[User]) -> String {
    const SHOWN: usize = 12;
    let shown: Vec<String> = users.iter().take(SHOWN).map(User::display_name).collect();
    let names = shown.join(", ");
    match users.len().saturating_sub(SHOWN) {
        0 => names,
        more => format!("{names} {}", page.t_count("users-and-more", more)),
    }
}

async fn act(state: &PortalState, posted: Posted<WriteUsers>, to: Status) -> Response {
    let Posted { staff, typed } = posted;
    let users = match chosen(state, ids(typed.values("id")), to).await {
        Ok(users) => users,
        Err(error) => return state.failed(staff.locale, &error, SECTION.path),
    };
    let mut count = 0;
    let mut spared = false;
    for user in users {
        if to == Status::Inactive && user.id == staff.current.user.id {
            spared = true;
            continue;
        }
        let changed = match to {
            Status::Inactive => state.directory.deactivate(&user.id, staff.actor()).await,
            _ => state.directory.reactivate(&user.id, staff.actor()).await,
        };
        match changed {
            Ok(_) => count += 1,
            Err(DirectoryError::NotFound(_)) => {}
            Err(DirectoryError::LastAdmin) => spared = true,
            Err(error) => return state.failed(staff.locale, &error, SECTION.path),
        }
    }
    let word = word(to);
    match (count, spared) {
        (0, true) => told(SECTION.path, "users-spared"),
        (0, false) => told(SECTION.path, "users-none-chosen"),
        (count, true) => done_count(SECTION.path, &format!("users-{word}-but"), count),
        (count, false) => done_count(SECTION.path, &format!("users-{word}"), count),
    }
}
