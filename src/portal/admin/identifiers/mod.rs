//! `/admin/users/clear-identifiers`: takes UPNs and external ids off chosen users,
//! so that the identity provider can set new ones. First it shows whom and what;
//! the button has the number.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;

use super::list::Asked;
use super::shell::{Shell, done_count, told};
use super::staff::{Staff, WriteUsers};
use super::typed::{Posted, Typed};
use super::users;
use crate::directory::identifiers::{Cleared, MOST, Selection};
use crate::directory::{Actor, DirectoryError};
use crate::domain::{Field, GroupId, User, UserId};
use crate::platform::web::Page;
use crate::portal::PortalState;

/// Where the form goes.
const PATH: &str = "/admin/users/clear-identifiers";

/// People whom the preview names; the others are a number.
const SHOWN: usize = 200;

/// The section's routes.
pub(super) fn router() -> Router<PortalState> {
    Router::new().route("/admin/users/clear-identifiers", get(ask).post(submit))
}

/// Who is to be chosen.
#[derive(Clone, Debug, Template)]
#[template(path = "admin/identifiers/choose.html")]
struct ChoosePage {
    page: Page,
    shell: Shell,
    typed: Typed,
    groups: Vec<(String, String)>,
}

/// Whom it would be.
#[derive(Clone, Debug, Template)]
#[template(path = "admin/identifiers/preview.html")]
struct PreviewPage {
    page: Page,
    shell: Shell,
    typed: Typed,
    changed: bool,
    title: String,
    button: String,
    people: Vec<Person>,
    /// How many more there are, in words.
    more: Option<String>,
    /// Who is left alone, and why.
    spared: Vec<(String, Vec<String>)>,
    /// The same choice with those who were spared.
    offers: Vec<(&'static str, String)>,
    digest: String,
}

/// Somebody in the preview.
#[derive(Clone, Debug)]
struct Person {
    id: String,
    name: String,
    email: String,
    upn: String,
    identities: Vec<String>,
}

/// `GET /admin/users/clear-identifiers`: whom? With users whom a list has chosen
/// in the address, `?id=…&id=…`, the answer is what it would be for them.
async fn ask(State(state): State<PortalState>, staff: Staff<WriteUsers>, asked: Asked) -> Response {
    let mut typed = Typed::default();
    let ids: Vec<&str> = asked.all("id").collect();
    if let Some(group) = asked.text("group") {
        typed = typed.with("group", group);
    }
    if ids.is_empty() {
        return choose(&state, &staff, typed, StatusCode::OK).await;
    }
    let typed = typed.with("users", ids.join(" "));
    look(&state, staff, typed).await
}

async fn choose(
    state: &PortalState,
    staff: &Staff<WriteUsers>,
    typed: Typed,
    status: StatusCode,
) -> Response {
    let (page, shell) = staff.frame(state, &users::SECTION);
    // More groups than a select is good for are found by their page.
    let groups = match state.directory.groups(None, None, 200).await {
        Ok(groups) => groups,
        Err(error) => return state.failed(staff.locale, &error, PATH),
    };
    let none = (String::new(), page.t("identifiers-no-group"));
    let options = groups.items.into_iter().map(|counted| {
        let name = counted.group.name;
        (
            counted.group.id.to_string(),
            format!("{name} ({})", counted.members),
        )
    });
    let page = ChoosePage {
        groups: std::iter::once(none).chain(options).collect(),
        page,
        shell,
        typed,
    };
    state.show(status, &page)
}

/// `POST /admin/users/clear-identifiers`: shows whom it would be, or, with what
/// was shown, does it.
async fn submit(
    State(state): State<PortalState>,
    Posted { staff, typed }: Posted<WriteUsers>,
) -> Response {
    look(&state, staff, typed).await
}

async fn look(state: &PortalState, staff: Staff<WriteUsers>, mut typed: Typed) -> Response {
    let page = state.kit.page(staff.locale);
    let selection = selection(&mut typed, &page);
    let nobody =
        selection.users.is_empty() && selection.names.is_empty() && selection.group.is_none();
    if nobody {
        typed.refuse("names", page.t("identifiers-nobody"));
    }
    if !typed.is_sound() {
        return choose(state, &staff, typed, StatusCode::UNPROCESSABLE_ENTITY).await;
    }
    let actor = staff.actor();
    let found = state
        .directory
        .preview_clearing(selection.clone(), actor.clone());
    let found = match found.await {
        Ok(found) => found,
        Err(DirectoryError::NotFound(_)) => {
            typed.refuse("group", page.t("identifiers-group-gone"));
            return choose(state, &staff, typed, StatusCode::UNPROCESSABLE_ENTITY).await;
        }
        Err(DirectoryError::Invalid { .. }) => {
            let most = MOST.to_string();
            typed.refuse("names", page.t_with("identifiers-many", &[("most", &most)]));
            return choose(state, &staff, typed, StatusCode::UNPROCESSABLE_ENTITY).await;
        }
        Err(error) => return state.failed(staff.locale, &error, PATH),
    };
    // Who sees to users does not decide over the way in of whoever has a role.
    let with_role = found.cleared.iter().any(|one| !one.user.roles.is_empty());
    if with_role && !staff.is_admin() {
        return staff.refuse(state);
    }
    let confirmed = typed.value("digest").to_owned();
    if confirmed.is_empty() {
        return preview(state, &staff, typed, found, false);
    }
    clear(state, &staff, typed, (selection, confirmed), actor, found).await
}

async fn clear(
    state: &PortalState,
    staff: &Staff<WriteUsers>,
    typed: Typed,
    (selection, confirmed): (Selection, String),
    actor: Actor,
    found: Cleared,
) -> Response {
    if confirmed != found.digest {
        return preview(state, staff, typed, found, true);
    }
    let cleared = state
        .directory
        .clear_identifiers(selection, Some(confirmed), actor);
    match cleared.await {
        Ok(cleared) => {
            // Whoever cleared their own has no session any more.
            done_count(
                users::SECTION.path,
                "identifiers-cleared",
                cleared.cleared.len(),
            )
        }
        Err(DirectoryError::Changed) => told(PATH, "identifiers-changed"),
        Err(error) => state.failed(staff.locale, &error, PATH),
    }
}

/// Words of a text that people paste: one a line, or between commas.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split([',', ';', '\n', '\t', ' '])
        .map(str::trim)
        .filter(|word| !word.is_empty())
}

fn selection(typed: &mut Typed, page: &Page) -> Selection {
    let ids: Vec<Option<UserId>> = typed
        .values("users")
        .flat_map(words)
        .map(UserId::parse)
        .collect();
    if ids.contains(&None) {
        typed.refuse("users", page.t("identifiers-users-wrong"));
    }
    let group = typed.value("group").to_owned();
    let group = match (group.as_str(), GroupId::parse(&group)) {
        ("", _) => None,
        (_, Some(id)) => Some(id),
        (_, None) => {
            typed.refuse("group", page.t("identifiers-group-gone"));
            None
        }
    };
    Selection {
        users: ids.into_iter().flatten().collect(),
        names: words(typed.value("names")).map(str::to_owned).collect(),
        group,
        administrators: typed.is("administrators", "1"),
        oneself: typed.is("oneself", "1"),
    }
}

fn preview(
    state: &PortalState,
    staff: &Staff<WriteUsers>,
    typed: Typed,
    found: Cleared,
    changed: bool,
) -> Response {
    let (page, shell) = staff.frame(state, &users::SECTION);
    let is_admin = staff.is_admin();
    let status = if changed {
        StatusCode::CONFLICT
    } else {
        StatusCode::OK
    };
    let page = PreviewPage::new(page, shell, typed, found, changed, is_admin);
    state.show(status, &page)
}

impl PreviewPage {
    fn new(
        page: Page,
        shell: Shell,
        typed: Typed,
        found: Cleared,
        changed: bool,
        is_admin: bool,
    ) -> Self {
        let count = found.cleared.len();
        let names = |users: &[User]| -> Vec<String> {
            users.iter().take(SHOWN).map(User::display_name).collect()
        };
        let spared = [
            ("identifiers-without", names(&found.without)),
            ("identifiers-lost", names(&found.lost)),
            ("identifiers-administrators", names(&found.administrators)),
            (
                "identifiers-unknown",
                found.unknown.into_iter().take(SHOWN).collect(),
            ),
            (
                "identifiers-ambiguous",
                found.ambiguous.into_iter().take(SHOWN).collect(),
            ),
        ];
        let mut spared: Vec<(String, Vec<String>)> = spared
            .into_iter()
            .filter(|(_, who)| !who.is_empty())
            .map(|(id, who)| (page.t(id), who))
            .collect();
        if found.oneself {
            spared.push((page.t("identifiers-oneself"), Vec::new()));
        }
        let mut offers = Vec::new();
        if !found.administrators.is_empty() && is_admin {
            offers.push(("administrators", page.t("identifiers-with-administrators")));
        }
        if found.oneself {
            offers.push(("oneself", page.t("identifiers-with-oneself")));
        }
        let people = found.cleared.into_iter().take(SHOWN).map(|one| {
            let text = |field| one.user.profile.get(field).unwrap_or_default().to_owned();
            let identities = one.identities.iter();
            Person {
                id: one.user.id.to_string(),
                name: one.user.display_name(),
                email: text(Field::Email),
                upn: text(Field::Upn),
                identities: identities
                    .map(|identity| format!("{}: {}", identity.provider, identity.subject))
                    .collect(),
            }
        });
        Self {
            people: people.collect(),
            more: (count > SHOWN).then(|| page.t_count("identifiers-more", count - SHOWN)),
            title: page.t_count("identifiers-question", count),
            button: page.t_count("identifiers-button", count),
            digest: found.digest,
            changed,
            spared,
            offers,
            typed,
            page,
            shell,
        }
    }
}

/// The samples of the section's pages.
#[cfg(test)]
pub(super) fn samples(page: &Page) -> Vec<(String, String)> {
    let shell = || Shell::sample(page, &users::SECTION);
    let hostile = "\"><script>alert(1)</script>";
    let mut wrong = Typed::default()
        .with("names", hostile)
        .with("users", "x")
        .with("group", "x");
    selection(&mut wrong, page);
    wrong.refuse("names", page.t("identifiers-nobody"));
    let choose = |typed| ChoosePage {
        page: page.clone(),
        shell: shell(),
        typed,
        groups: vec![
            (String::new(), "None".to_owned()),
            ("1".to_owned(), hostile.to_owned()),
        ],
    };
    let person = |name: &str, identities: Vec<String>| Person {
        id: "0190a3f2-7c1e-7b32-8f55-9d1f0c2a3b4c".to_owned(),
        name: name.to_owned(),
        email: "ada@example.com".to_owned(),
        upn: hostile.to_owned(),
        identities,
    };
    let full = PreviewPage {
        page: page.clone(),
        shell: shell(),
        typed: Typed::default()
            .with("names", hostile)
            .with("users", "0190a3f2-7c1e-7b32-8f55-9d1f0c2a3b4c"),
        changed: true,
        title: page.t_count("identifiers-question", 14),
        button: page.t_count("identifiers-button", 14),
        people: vec![
            person("Ada", vec![format!("okta: {hostile}")]),
            person(hostile, vec![]),
        ],
        more: Some(page.t_count("identifiers-more", 12)),
        spared: vec![
            (page.t("identifiers-unknown"), vec![hostile.to_owned()]),
            (page.t("identifiers-oneself"), vec![]),
        ],
        offers: vec![("oneself", page.t("identifiers-with-oneself"))],
        digest: "0".repeat(64),
    };
    let nobody = PreviewPage {
        people: Vec::new(),
        more: None,
        changed: false,
        offers: Vec::new(),
        title: page.t_count("identifiers-question", 0),
        ..full.clone()
    };
    vec![
        (
            "admin-identifiers".to_owned(),
            choose(Typed::default()).render().unwrap(),
        ),
        (
            "admin-identifiers-wrong".to_owned(),
            choose(wrong).render().unwrap(),
        ),
        (
            "admin-identifiers-preview".to_owned(),
            full.render().unwrap(),
        ),
        (
            "admin-identifiers-nobody".to_owned(),
            nobody.render().unwrap(),
        ),
    ]
}
