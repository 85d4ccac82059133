//! `/admin/users/{id}`: all that is known of one user, section by section.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;

use super::SECTION;
use super::list::tone;
use super::person::{self, find};
use crate::directory::DirectoryError;
use crate::directory::edit::attribute_set;
use crate::directory::users::{self, KnownIdentity};
use crate::domain::{Access, Field, Group, Provider, Timestamp, User};
use crate::platform::storage::StorageError;
use crate::platform::web::Page;
use crate::portal::PortalState;
use crate::portal::admin::newcomer::{KeyRow, key_rows};
use crate::portal::admin::opens;
use crate::portal::admin::shell::{Moment, Shell, with_query};
use crate::portal::admin::staff::{ReadUsers, Staff};
use crate::portal::device::device;
use crate::sessions::rows::SessionEntry;

/// One user.
#[derive(Clone, Debug, Template)]
#[template(path = "admin/users/detail.html")]
struct UserPage {
    page: Page,
    shell: Shell,
    id: String,
    name: String,
    email: String,
    status: String,
    tone: &'static str,
    roles: Vec<String>,
    notes: Vec<String>,
    fields: Vec<FieldRow>,
    facts: Vec<Fact>,
    groups: Vec<GroupRow>,
    identities: Vec<IdentityRow>,
    sessions: Vec<SessionRow>,
    /// The person's attempts to sign in, and what was done to the account.
    logins: Option<String>,
    history: Option<String>,
    keys: Vec<KeyRow>,
    active: bool,
    may_write: bool,
    may_grant: bool,
}

/// A field of the profile.
#[derive(Clone, Debug)]
struct FieldRow {
    label: String,
    value: String,
    owner: String,
}

/// Something that the gateway itself knows.
#[derive(Clone, Debug)]
struct Fact {
    label: String,
    value: String,
    at: Option<Moment>,
}

/// A group of the user.
#[derive(Clone, Debug)]
struct GroupRow {
    id: String,
    name: String,
    external: bool,
}

/// How a provider knows the user.
#[derive(Clone, Debug)]
struct IdentityRow {
    provider: String,
    slug: String,
    subject: String,
    since: Moment,
    used: Moment,
}

/// Where the user is signed in.
#[derive(Clone, Debug)]
struct SessionRow {
    device: String,
    through: String,
    address: String,
    since: Moment,
    seen: Moment,
}

/// What hangs on the user, read in one view of the data.
struct Belongings {
    identities: Vec<KnownIdentity>,
    groups: Vec<Group>,
    providers: Vec<Provider>,
}

/// `GET /admin/users/{id}`.
pub(super) async fn show(
    State(state): State<PortalState>,
    staff: Staff<ReadUsers>,
    Path(id): Path<String>,
) -> Response {
    let user = match find(&state, staff.locale, &id).await {
        Ok(user) => user,
        Err(response) => return *response,
    };
    let found = async {
        let belongings = belongings(&state, &user).await?;
        let sessions = state.sessions.of_user(&user.id).await?;
        let keys = state.directory.passkeys(&user.id).await?;
        Ok::<_, DirectoryError>((belongings, sessions, keys))
    };
    let (belongings, sessions, keys) = match found.await {
        Ok(found) => found,
        Err(error) => return state.failed(staff.locale, &error, &person::path(&user.id)),
    };
    let (page, shell) = staff.frame(&state, &SECTION);
    let rights = Rights {
        logins: opens(&staff, "/admin/logins"),
        history: opens(&staff, "/admin/users"),
        write: staff.may(person::WRITE, Access::Write),
        grant: staff.is_admin(),
    };
    let keys = key_rows(&page, &shell, &user.id, &keys);
    let mut page = UserPage::new(page, shell, &user, belongings, sessions, rights);
    page.keys = keys;
    state.show(StatusCode::OK, &page)
}

async fn belongings(state: &PortalState, user: &User) -> Result<Belongings, DirectoryError> {
    let id = user.id.clone();
    let found = state
        .directory
        .db
        .read(move |tx| {
            let id = id.clone();
            Box::pin(async move {
                let ids = [id];
                let [id] = &ids;
                let mut groups = crate::directory::groups::of_users(tx, &ids).await?;
                let stored = crate::directory::providers::all(tx).await?;
                Ok::<_, StorageError>(Belongings {
                    identities: users::known_identities(tx, id).await?,
                    groups: groups.remove(id).unwrap_or_default(),
                    providers: stored.into_iter().map(|s| s.provider).collect(),
                })
            })
        })
        .await?;
    Ok(found)
}

/// What whoever looks may do.
#[expect(clippy::struct_excessive_bools, reason = "each is a right of its own")]
#[derive(Clone, Copy)]
struct Rights {
    write: bool,
    grant: bool,
    logins: bool,
    history: bool,
}

impl UserPage {
    fn new(
        page: Page,
        shell: Shell,
        user: &User,
        belongings: Belongings,
        sessions: Vec<SessionEntry>,
        rights: Rights,
    ) -> Self {
        let label = |slug: &str| {
            let mut all = belongings.providers.iter();
            all.find(|p| p.slug.as_str() == slug)
                .map_or_else(|| slug.to_owned(), |p| p.label.clone())
        };
        let identity = |known: &KnownIdentity| IdentityRow {
            provider: label(known.identity.provider.as_str()),
            slug: known.identity.provider.to_string(),
            subject: known.identity.subject.clone(),
            since: shell.time(&page, known.since),
            used: shell.time(&page, known.used),
        };
        let session = |entry: SessionEntry| SessionRow {
            device: device(page.locale(), Some(&entry.signed_in.user_agent)),
            through: match &entry.signed_in.provider {
                Some(slug) => label(slug.as_str()),
                None => page.t("users-session-local"),
            },
            address: entry.signed_in.address,
            since: shell.time(&page, entry.created_at),
            seen: shell.time(&page, entry.last_seen_at),
        };
        let name = user.display_name();
        let email = user.profile.get(Field::Email).unwrap_or_default();
        Self {
            id: user.id.to_string(),
            email: if email == name { "" } else { email }.to_owned(),
            name,
            status: page.t(&format!("status-{}", user.status)),
            tone: tone(user.status),
            roles: user
                .roles
                .iter()
                .map(|r| page.t(&format!("role-{r}")))
                .collect(),
            notes: notes(&page, user, shell.now),
            fields: fields(&page, user, rights.grant),
            facts: facts(&page, &shell, user),
            identities: belongings.identities.iter().map(identity).collect(),
            groups: belongings
                .groups
                .into_iter()
                .map(|group| GroupRow {
                    id: group.id.to_string(),
                    name: group.name,
                    external: group.external,
                })
                .collect(),
            sessions: sessions.into_iter().map(session).collect(),
            logins: rights
                .logins
                .then(|| with_query("/admin/logins", &[("person", user.id.as_str())])),
            history: rights
                .history
                .then(|| format!("{}/history", person::path(&user.id))),
            keys: Vec::new(),
            active: user.status != crate::domain::Status::Inactive,
            may_write: rights.write,
            may_grant: rights.grant,
            page,
            shell,
        }
    }
}

/// Why somebody may not come in although they are active.
fn notes(page: &Page, user: &User, now: Timestamp) -> Vec<String> {
    let (from, to) = user.validity();
    let mut notes = Vec::new();
    let moment = |at: Timestamp| page.locale().moment(at);
    if let Some(from) = from.filter(|from| *from > now) {
        notes.push(page.t_with("users-note-not-yet", &[("at", &moment(from))]));
    }
    if let Some(to) = to.filter(|to| *to < now) {
        notes.push(page.t_with("users-note-expired", &[("at", &moment(to))]));
    }
    notes
}

/// The profile, in the order in which people read it; empty fields are left out.
fn fields(page: &Page, user: &User, is_admin: bool) -> Vec<FieldRow> {
    let mut rows = Vec::new();
    for (field, value) in user.profile.iter() {
        let row = |label: String, value: String| FieldRow {
            label,
            value,
            owner: person::owner(page, user, field, is_admin),
        };
        match field {
            Field::ValidFrom | Field::ValidTo => {}
            Field::ExtensionAttributes | Field::CustomAttributes => {
                let set = attribute_set(Some(value));
                rows.extend(set.into_iter().map(|(name, value)| row(name, value)));
            }
            _ => rows.push(row(page.t(&format!("field-{field}")), value.to_owned())),
        }
    }
    rows
}

/// Validity, where the user came from, when.
fn facts(page: &Page, shell: &Shell, user: &User) -> Vec<Fact> {
    let text = |id: &str, value: String| Fact {
        label: page.t(id),
        value,
        at: None,
    };
    let time = |id: &str, at: Option<Timestamp>, none: &str| Fact {
        label: page.t(id),
        value: page.t(none),
        at: at.map(|at| shell.time(page, at)),
    };
    let (from, to) = user.validity();
    let mut facts = vec![
        time("field-valid_from", from, "users-always"),
        time("field-valid_to", to, "users-open-end"),
        text("users-source", page.t(&format!("channel-{}", user.source))),
        time("users-created", Some(user.created_at), "users-never"),
        time("users-last-login", user.last_login_at, "users-never"),
    ];
    let verified = if user.email_verified {
        "users-yes"
    } else {
        "users-no"
    };
    facts.push(text("users-verified", page.t(verified)));
    if let Some(scim) = &user.scim_id {
        facts.push(text("users-scim-id", scim.clone()));
    }
    facts
}

#[cfg(test)]
pub(super) fn samples(page: &Page) -> Vec<(String, String)> {
    let shell = Shell::sample(page, &SECTION);
    let at = || shell.time(page, Timestamp(1_767_225_600_000));
    let field = |id: &str, value: &str, owner: &str| FieldRow {
        label: page.t(id),
        value: value.to_owned(),
        owner: page.t_with(owner, &[("channel", &page.t("channel-saml"))]),
    };
    let hostile = "\"><img src=x onerror=alert(1)>";
    let full = UserPage {
        page: page.clone(),
        shell: shell.clone(),
        id: "0190a3f2-7c1e-7b32-8f55-9d1f0c2a3b4c".to_owned(),
        name: "Ada <Lovelace>".to_owned(),
        email: "ada@northwind.example".to_owned(),
        status: page.t("status-active"),
        tone: "good",
        roles: vec![page.t("role-admin")],
        notes: vec![page.t_with("users-note-expired", &[("at", "1 May")])],
        fields: vec![
            field("field-email", "ada@northwind.example", "users-kept-there"),
            field("field-department", hostile, "users-kept-by"),
        ],
        facts: vec![
            Fact {
                label: page.t("users-created"),
                value: String::new(),
                at: Some(at()),
            },
            Fact {
                label: page.t("users-scim-id"),
                value: hostile.to_owned(),
                at: None,
            },
        ],
        groups: vec![GroupRow {
            id: "0190a3f2-7c1e-7b32-8f55-9d1f0c2a3b4d".to_owned(),
            name: hostile.to_owned(),
            external: true,
        }],
        identities: vec![IdentityRow {
            provider: "Northwind <account>".to_owned(),
            slug: "okta".to_owned(),
            subject: hostile.to_owned(),
            since: at(),
            used: at(),
        }],
        sessions: vec![SessionRow {
            device: "Firefox on Windows".to_owned(),
            through: "Northwind account".to_owned(),
            address: "192.0.2.1".to_owned(),
            since: at(),
            seen: at(),
        }],
        logins: Some("/admin/logins?person=1".to_owned()),
        history: Some("/admin/users/1/history".to_owned()),
        keys: Vec::new(),
        active: true,
        may_write: true,
        may_grant: true,
    };
    let auditor = UserPage {
        may_write: false,
        may_grant: false,
        ..full.clone()
    };
    let bare = UserPage {
        email: String::new(),
        roles: Vec::new(),
        notes: Vec::new(),
        fields: Vec::new(),
        groups: Vec::new(),
        identities: Vec::new(),
        sessions: Vec::new(),
        logins: None,
        history: None,
        active: false,
        may_grant: false,
        ..full.clone()
    };
    [("full", full), ("auditor", auditor), ("plain", bare)]
        .into_iter()
        .map(|(name, page)| (format!("admin-user-{name}"), page.render().unwrap()))
        .collect()
}
