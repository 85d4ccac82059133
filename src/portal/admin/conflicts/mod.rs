//! `/admin/conflicts`: logins that were not attached to the user whom their
//! identifiers name, and an admin's word on them.

use askama::Template;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;

use super::Section;
use super::list::{Asked, Filters, Pager, Select, labelled};
use super::shell::{ConfirmPage, Moment, Shell, done, told};
use super::staff::{ReadUsers, Staff, WriteUsers};
use super::typed::Posted;
use crate::directory::DirectoryError;
use crate::directory::conflicts::{Conflict, ConflictStatus};
use crate::domain::{Access, ConflictId, Scope, User};
use crate::platform::i18n::Locale;
use crate::platform::web::Page;
use crate::portal::PortalState;

/// The queue is reached from the overview and belongs to it in the navigation.
const SECTION: Section = super::overview::SECTION;

const PATH: &str = "/admin/conflicts";

/// Cases of one page: each is several lines.
const CASES: usize = 20;

/// The section's routes.
pub(super) fn router() -> Router<PortalState> {
    Router::new()
        .route("/admin/conflicts", get(show))
        .route("/admin/conflicts/{id}/link", get(ask_link).post(link))
        .route("/admin/conflicts/{id}/keep", get(ask_keep).post(keep))
        .route(
            "/admin/conflicts/{id}/dismiss",
            get(ask_dismiss).post(dismiss),
        )
}

/// The queue.
#[derive(Clone, Debug, Template)]
#[template(path = "admin/conflicts/list.html")]
struct ConflictsPage {
    page: Page,
    shell: Shell,
    filters: Filters,
    cases: Vec<Case>,
    pager: Pager,
    may_write: bool,
}

/// A refused link.
#[derive(Clone, Debug)]
struct Case {
    id: String,
    at: Moment,
    reason: String,
    status: String,
    tone: &'static str,
    open: bool,
    provider: String,
    subject: Option<String>,
    observed: Vec<(String, String)>,
    user: String,
    name: String,
    known: Vec<(String, String)>,
    may_link: bool,
}

/// The fields of a profile that tell people apart.
fn told_apart(page: &Page, profile: &crate::domain::Profile) -> Vec<(String, String)> {
    use crate::domain::Field;
    let fields = [
        Field::Name,
        Field::Email,
        Field::Upn,
        Field::UserName,
        Field::Department,
    ];
    fields
        .into_iter()
        .filter_map(|field| {
            let value = profile.get(field)?;
            Some((page.t(&format!("field-{field}")), value.to_owned()))
        })
        .collect()
}

impl Case {
    fn new(page: &Page, shell: &Shell, conflict: Conflict, user: &User, is_admin: bool) -> Self {
        Self {
            id: conflict.id.to_string(),
            at: shell.time(page, conflict.at),
            reason: page.t(&format!("conflicts-reason-{}", conflict.reason)),
            status: page.t(&format!("conflicts-status-{}", conflict.status)),
            tone: match conflict.status {
                ConflictStatus::Open => "off",
                ConflictStatus::Linked => "good",
                ConflictStatus::Dismissed => "muted",
            },
            open: conflict.status == ConflictStatus::Open,
            provider: conflict.provider.to_string(),
            may_link: conflict.identity.is_some() && (is_admin || user.roles.is_empty()),
            subject: conflict.identity.map(|identity| identity.subject),
            observed: told_apart(page, &conflict.observed),
            user: user.id.to_string(),
            name: user.display_name(),
            known: told_apart(page, &user.profile),
        }
    }
}

/// `GET /admin/conflicts`.
async fn show(State(state): State<PortalState>, staff: Staff<ReadUsers>, asked: Asked) -> Response {
    let (page, shell) = staff.frame(&state, &SECTION);
    // Those that are open, unless somebody asks for others.
    let status = match asked.text("status") {
        Some("all") => None,
        text => text
            .and_then(ConflictStatus::parse)
            .or(Some(ConflictStatus::Open)),
    };
    let found = state
        .directory
        .conflicts_with_users(status, asked.cursor(), CASES);
    let found = match found.await {
        Ok(found) => found,
        Err(error) => return state.failed(staff.locale, &error, PATH),
    };
    let filters = filters(&page, &asked);
    let cases = found.items.into_iter();
    let is_admin = staff.is_admin();
    let page = ConflictsPage {
        cases: cases
            .map(|(conflict, user)| Case::new(&page, &shell, conflict, &user, is_admin))
            .collect(),
        pager: filters.pager(&asked, found.next_cursor.as_deref()),
        may_write: staff.may(Scope::UsersWrite, Access::Write),
        filters,
        page,
        shell,
    };
    state.show(StatusCode::OK, &page)
}

fn filters(page: &Page, asked: &Asked) -> Filters {
    let words = [
        "all",
        ConflictStatus::Linked.as_str(),
        ConflictStatus::Dismissed.as_str(),
    ];
    let label = page.t("users-status");
    let open = page.t("conflicts-status-open");
    let options = labelled(page, "conflicts-status-", words);
    Filters {
        path: PATH,
        search: None,
        q: String::new(),
        selects: vec![Select::new(asked, "status", label, open, options)],
    }
}

async fn find(
    state: &PortalState,
    locale: Locale,
    id: &str,
) -> Result<(Conflict, User), Box<Response>> {
    let found = async {
        let id = ConflictId::parse(id).ok_or(DirectoryError::NotFound("conflict"))?;
        let conflict = state.directory.conflict(&id).await?;
        let user = state.directory.user(&conflict.user).await?;
        Ok((conflict, user))
    };
    found.await.map_err(|error| {
        Box::new(match error {
            DirectoryError::NotFound(_) => told(PATH, "conflict-gone"),
            error => state.failed(locale, &error, PATH),
        })
    })
}

/// What is decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Word {
    Link,
    Keep,
    Dismiss,
}

impl Word {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Link => "link",
            Self::Keep => "keep",
            Self::Dismiss => "dismiss",
        }
    }
}

async fn ask(state: &PortalState, staff: &Staff<WriteUsers>, id: &str, word: Word) -> Response {
    let (conflict, user) = match find(state, staff.locale, id).await {
        Ok(found) => found,
        Err(response) => return *response,
    };
    let (page, shell) = staff.frame(state, &SECTION);
    let name = user.display_name();
    let subject = conflict
        .identity
        .as_ref()
        .map_or("", |i| i.subject.as_str());
    let named = [
        ("name", name.as_str()),
        ("provider", conflict.provider.as_str()),
        ("subject", subject),
    ];
    let refusal = match word {
        Word::Link if conflict.identity.is_none() => Some("conflicts-no-subject"),
        // Who links gives somebody a way into the account.
        Word::Link if !user.roles.is_empty() && !staff.is_admin() => Some("conflicts-admin-only"),
        _ => None,
    };
    let action = word.as_str();
    let question = ConfirmPage {
        title: page.t_with(&format!("conflicts-{action}-title"), &named),
        effects: vec![page.t_with(&format!("conflicts-{action}-text"), &named)],
        refusal: refusal.map(|id| page.t(id)),
        button: page.t(&format!("conflicts-{action}")),
        danger: false,
        action: format!("{PATH}/{}/{action}", conflict.id),
        hidden: vec![("version".to_owned(), user.version.to_string())],
        cancel: PATH.to_owned(),
        page,
        shell,
    };
    state.show(StatusCode::OK, &question)
}

async fn act(state: &PortalState, posted: Posted<WriteUsers>, id: &str, word: Word) -> Response {
    let Posted { staff, typed } = posted;
    let (conflict, user) = match find(state, staff.locale, id).await {
        Ok(found) => found,
        Err(response) => return *response,
    };
    if word == Word::Link && !user.roles.is_empty() && !staff.is_admin() {
        return staff.refuse(state);
    }
    let (directory, actor) = (&state.directory, staff.actor());
    let decided = match word {
        // Of the version that the question was asked of: somebody who was given a
        // role in between is not linked by somebody who may not.
        Word::Link => {
            let linked = directory.link_conflict(&conflict.id, typed.version(), actor);
            linked.await.map(|_| ())
        }
        Word::Keep => directory
            .dismiss_conflict(&conflict.id, actor)
            .await
            .map(|_| ()),
        Word::Dismiss => directory.forget_conflict(&conflict.id, actor).await,
    };
    match decided {
        Ok(()) => done(PATH, &format!("conflict-{}", word.as_str())),
        Err(DirectoryError::Changed) => told(PATH, "conflict-changed"),
        Err(DirectoryError::Linked) => told(PATH, "conflict-linked"),
        Err(DirectoryError::Taken { .. }) => told(PATH, "conflict-taken"),
        Err(DirectoryError::Invalid { .. }) => told(PATH, "conflict-no-subject"),
        Err(DirectoryError::NotFound(_)) => told(PATH, "conflict-gone"),
        Err(error) => state.failed(staff.locale, &error, PATH),
    }
}

macro_rules! words {
    ($($ask:ident, $act:ident = $word:ident;)+) => {
        $(
            async fn $ask(
                State(state): State<PortalState>,
                staff: Staff<WriteUsers>,
                Path(id): Path<String>,
            ) -> Response {
                ask(&state, &staff, &id, Word::$word).await
            }

            async fn $act(
                State(state): State<PortalState>,
                Path(id): Path<String>,
                posted: Posted<WriteUsers>,
            ) -> Response {
                act(&state, posted, &id, Word::$word).await
            }
        )+
    };
}

words! {
    ask_link, link = Link;
    ask_keep, keep = Keep;
    ask_dismiss, dismiss = Dismiss;
}

/// The samples of the section's pages.
#[cfg(test)]
pub(super) fn samples(page: &Page) -> Vec<(String, String)> {
    let shell = Shell::sample(page, &SECTION);
    let hostile = "\"><script>alert(1)</script>";
    let case = |id: &str, reason: &str, open: bool, subject: Option<&str>| Case {
        id: id.to_owned(),
        at: shell.time(page, crate::domain::Timestamp(1_767_225_600_000)),
        reason: page.t(&format!("conflicts-reason-{reason}")),
        status: page.t(if open {
            "conflicts-status-open"
        } else {
            "conflicts-status-linked"
        }),
        tone: "off",
        open,
        provider: "okta".to_owned(),
        subject: subject.map(str::to_owned),
        observed: vec![(page.t("field-name"), hostile.to_owned())],
        user: "0190a3f2-7c1e-7b32-8f55-9d1f0c2a3b4c".to_owned(),
        name: hostile.to_owned(),
        known: vec![(page.t("field-email"), "ada@northwind.example".to_owned())],
        may_link: open,
    };
    let full = ConflictsPage {
        page: page.clone(),
        shell: shell.clone(),
        filters: filters(page, &Asked::of("status=all")),
        cases: vec![
            case("1", "administrator", true, Some(hostile)),
            case("2", "linking_off", true, None),
            case("3", "not_vouched", false, Some("00u-ada")),
            case("4", "other_subject", false, Some("00u-ada")),
        ],
        pager: Pager::default(),
        may_write: true,
    };
    let reader = ConflictsPage {
        may_write: false,
        ..full.clone()
    };
    let empty = ConflictsPage {
        filters: filters(page, &Asked::default()),
        cases: Vec::new(),
        ..full.clone()
    };
    [("list", full), ("list-read", reader), ("empty", empty)]
        .into_iter()
        .map(|(name, page)| (format!("admin-conflicts-{name}"), page.render().unwrap()))
        .collect()
}
