//! `doorward user …`: administration on the machine itself.

use std::path::Path;
use std::process::ExitCode;

use anyhow::Context as _;

use super::args::{CreateUser, ListUsers, RoleChange, UserCommand};
use super::{gateway, out};
use crate::directory::reconcile::{self, Context, Mode, Outcome};
use crate::directory::users::{self, UserFilter};
use crate::directory::{Actor, Directory, DirectoryError};
use crate::domain::{
    Channel, ExternalIdentity, Field, Group, Observation, Profile, Role, Timestamp, User, UserId,
};
use crate::platform::storage::{StorageError, Tx};

pub(super) fn run(path: &Path, command: &UserCommand) -> anyhow::Result<ExitCode> {
    let config = gateway::load(path)?;
    gateway::block_on(async {
        let directory = gateway::directory(&config).await?;
        match command {
            UserCommand::Create(wanted) => create(&directory, wanted).await,
            UserCommand::List(filter) => list(&directory, filter).await,
            UserCommand::Show { user, json } => show(&directory, user, *json).await,
            UserCommand::Deactivate { user } => {
                let user = find(&directory, user).await?;
                directory.deactivate(&user.id, Actor::CommandLine).await?;
                out::line(&format!(
                    "{} is deactivated; sessions and tokens have ended",
                    user.display_name()
                ))
            }
            UserCommand::Reactivate { user } => {
                let user = find(&directory, user).await?;
                directory.reactivate(&user.id, Actor::CommandLine).await?;
                out::line(&format!("{} may sign in again", user.display_name()))
            }
            UserCommand::Grant(change) => set_role(&directory, change, true).await,
            UserCommand::Revoke(change) => set_role(&directory, change, false).await,
        }
    })?;
    Ok(ExitCode::SUCCESS)
}

async fn create(directory: &Directory, wanted: &CreateUser) -> anyhow::Result<()> {
    let mut profile = Profile::default().with(Field::Email, wanted.email.trim());
    if let Some(name) = &wanted.name {
        profile.set(Field::Name, name.trim());
    }
    let observation = Observation::new(Channel::Manual, profile);
    let outcome = create_only(directory, observation).await?;
    if wanted.admin {
        let roles = [Role::Admin].into();
        directory
            .set_roles(&outcome.user.id, roles, Actor::CommandLine)
            .await
            .context("the user was made, but is no admin yet; run `doorward user grant`")?;
    }
    out::line(outcome.user.id.as_str())
}

/// Applies an observation that must not find anybody: an edit of somebody who
/// is here already is not what was asked for.
async fn create_only(
    directory: &Directory,
    observation: Observation,
) -> Result<Outcome, DirectoryError> {
    let parameters = directory.clone();
    directory
        .db
        .write(move |tx| {
            let (observation, directory) = (observation.clone(), parameters.clone());
            Box::pin(async move {
                let email = observation.profile.get(Field::Email).unwrap_or_default();
                if users::by_email(tx, email).await?.is_some() {
                    return Err(DirectoryError::Taken {
                        what: "email",
                        value: email.to_owned(),
                        kind: "user",
                    });
                }
                let context = Context {
                    actor: &Actor::CommandLine,
                    policy: None,
                    mode: Mode::Apply,
                    now: directory.now(),
                    entropy: &directory.entropy,
                };
                reconcile::reconcile(tx, &observation, &context).await
            })
        })
        .await
}

async fn list(directory: &Directory, wanted: &ListUsers) -> anyhow::Result<()> {
    const PAGE: usize = 500;
    let filter = UserFilter {
        search: wanted.query.clone(),
        status: wanted.status,
        group: None,
    };
    let mut found = Vec::new();
    let mut cursor = None;
    loop {
        let page = directory.users(filter.clone(), cursor, PAGE).await?;
        found.extend(page.items);
        cursor = page.next_cursor;
        if cursor.is_none() {
            break;
        }
    }
    if wanted.json {
        let mut views = Vec::with_capacity(found.len());
        for users in found.chunks(PAGE) {
            let ids = users.iter().map(|user| user.id.clone()).collect();
            let groups = directory.groups_of(ids).await?;
            views.extend(users.iter().map(|user| view(user, groups.get(&user.id))));
        }
        return out::json(&views);
    }
    let row = |user: &User| {
        let get = |field| user.profile.get(field).unwrap_or_default().to_owned();
        vec![
            user.id.to_string(),
            user.display_name(),
            get(Field::Email),
            user.status.to_string(),
            words(&user.roles),
            user.last_login_at
                .map_or_else(String::new, Timestamp::rfc3339),
        ]
    };
    let rows: Vec<_> = found.iter().map(row).collect();
    out::table(
        &["ID", "NAME", "EMAIL", "STATUS", "ROLES", "LAST LOGIN"],
        &rows,
    )
}

async fn show(directory: &Directory, name: &str, json: bool) -> anyhow::Result<()> {
    let user = find(directory, name).await?;
    let groups = directory.groups_of(vec![user.id.clone()]).await?;
    let groups = groups.get(&user.id);
    let identities = identities(directory, &user.id).await?;
    if json {
        let mut view = view(&user, groups);
        let ids: serde_json::Map<_, _> = identities
            .iter()
            .map(|identity| {
                (
                    identity.provider.to_string(),
                    identity.subject.clone().into(),
                )
            })
            .collect();
        view.insert("external_ids".to_owned(), ids.into());
        return out::json(&view);
    }
    let mut pairs = vec![("id", user.id.to_string())];
    for (field, value) in user.profile.iter() {
        pairs.push((field.name(), value.to_owned()));
    }
    pairs.extend([
        ("email_verified", user.email_verified.to_string()),
        ("status", user.status.to_string()),
        ("roles", words(&user.roles)),
        ("groups", group_names(groups).join(", ")),
        ("source", user.source.to_string()),
        ("created_at", user.created_at.rfc3339()),
        ("updated_at", user.updated_at.rfc3339()),
        (
            "last_login_at",
            user.last_login_at
                .map_or_else(String::new, Timestamp::rfc3339),
        ),
    ]);
    for identity in &identities {
        pairs.push((
            "external_id",
            format!("{} at {}", identity.subject, identity.provider),
        ));
    }
    out::pairs(&pairs)
}

async fn set_role(directory: &Directory, change: &RoleChange, has: bool) -> anyhow::Result<()> {
    let user = find(directory, &change.user).await?;
    let mut roles = user.roles.clone();
    if has {
        roles.insert(change.role);
    } else {
        roles.remove(&change.role);
    }
    let user = directory
        .set_roles(&user.id, roles, Actor::CommandLine)
        .await?;
    out::line(&format!(
        "{}: {}",
        user.display_name(),
        match words(&user.roles) {
            none if none.is_empty() => "no roles".to_owned(),
            roles => roles,
        }
    ))
}

/// The user whom an id, e-mail address, UPN or user name means.
async fn find(directory: &Directory, name: &str) -> anyhow::Result<User> {
    let wanted = name.trim().to_owned();
    let found = directory
        .db
        .read(move |tx| {
            let wanted = wanted.clone();
            Box::pin(async move { by_any(tx, &wanted).await })
        })
        .await?;
    found.with_context(|| format!("there is no user {name:?}; `doorward user list` shows them"))
}

async fn by_any(tx: &mut Tx, wanted: &str) -> Result<Option<User>, StorageError> {
    if let Some(id) = UserId::parse(wanted)
        && let Some(user) = users::by_id(tx, &id).await?
    {
        return Ok(Some(user));
    }
    if let Some(user) = users::by_email(tx, wanted).await? {
        return Ok(Some(user));
    }
    if let Some(user) = users::by_upn(tx, wanted).await? {
        return Ok(Some(user));
    }
    users::by_user_name(tx, wanted).await
}

async fn identities(
    directory: &Directory,
    user: &UserId,
) -> Result<Vec<ExternalIdentity>, StorageError> {
    let user = user.clone();
    directory
        .db
        .read(move |tx| {
            let user = user.clone();
            Box::pin(async move { users::identities(tx, &user).await })
        })
        .await
}

/// A user for scripts, under the names of the API.
fn view(user: &User, groups: Option<&Vec<Group>>) -> serde_json::Map<String, serde_json::Value> {
    let mut view = serde_json::Map::new();
    let mut put = |key: &str, value: serde_json::Value| {
        view.insert(key.to_owned(), value);
    };
    put("id", user.id.as_str().into());
    for field in Field::ALL {
        let value = user.profile.get(*field);
        let value = match field {
            // Kept as the text of a JSON object.
            Field::ExtensionAttributes | Field::CustomAttributes => {
                value.and_then(|text| serde_json::from_str(text).ok())
            }
            _ => value.map(Into::into),
        };
        put(field.name(), value.unwrap_or(serde_json::Value::Null));
    }
    let time = |at: Option<Timestamp>| at.map(Timestamp::rfc3339).into();
    let roles: Vec<&str> = user.roles.iter().map(|role| role.as_str()).collect();
    put("email_verified", user.email_verified.into());
    put("status", user.status.as_str().into());
    put("roles", roles.into());
    put("groups", group_names(groups).into());
    put("scim_id", user.scim_id.clone().into());
    put("source", user.source.as_str().into());
    put("created_at", time(Some(user.created_at)));
    put("updated_at", time(Some(user.updated_at)));
    put("last_login_at", time(user.last_login_at));
    view
}

fn group_names(groups: Option<&Vec<Group>>) -> Vec<String> {
    let groups = groups.into_iter().flatten();
    groups.map(|group| group.name.clone()).collect()
}

fn words(roles: &std::collections::BTreeSet<Role>) -> String {
    let words: Vec<&str> = roles.iter().map(|role| role.as_str()).collect();
    words.join(" ")
}
