//! `doorward user …`: administration on the machine itself.

mod password;

use std::path::Path;
use std::process::ExitCode;

use anyhow::Context as _;

use super::args::{ListUsers, RoleChange, UserCommand};
use super::{gateway, out};
use crate::api::UserShape;
use crate::directory::users::{self, UserFilter};
use crate::directory::{Actor, Directory};
use crate::domain::{Field, Role, Timestamp, User, UserId};
use crate::platform::storage::{StorageError, Tx};

pub(super) fn run(path: &Path, command: &UserCommand) -> anyhow::Result<ExitCode> {
    let config = gateway::load(path)?;
    gateway::block_on(async {
        let directory = gateway::directory(&config).await?;
        match command {
            UserCommand::Create(wanted) => password::create(&directory, &config, wanted).await,
            UserCommand::SetPassword { user } => {
                let user = find(&directory, user).await?;
                password::set(&directory, &config, &user).await
            }
            UserCommand::WayIn { user } => {
                let user = find(&directory, user).await?;
                password::way_in(&directory, &config, &user).await
            }
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

async fn list(directory: &Directory, wanted: &ListUsers) -> anyhow::Result<()> {
    const PAGE: usize = 500;
    let filter = UserFilter {
        search: wanted.query.clone(),
        status: wanted.status,
        ..UserFilter::default()
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
        let mut shapes = Vec::with_capacity(found.len());
        for users in found.chunks(PAGE) {
            let ids = users.iter().map(|user| user.id.clone()).collect();
            let mut belongings = directory.belongings(ids).await?;
            shapes.extend(users.iter().map(|user| {
                let belongings = belongings.remove(&user.id).unwrap_or_default();
                UserShape::new(user.clone(), belongings)
            }));
        }
        return out::json(&shapes);
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
    let belongings = directory.belongings(vec![user.id.clone()]).await?;
    let belongings = belongings.into_values().next().unwrap_or_default();
    if json {
        return out::json(&UserShape::new(user, belongings));
    }
    let groups: Vec<&str> = belongings.groups.iter().map(|g| g.name.as_str()).collect();
    let mut pairs = vec![("id", user.id.to_string())];
    for (field, value) in user.profile.iter() {
        pairs.push((field.name(), value.to_owned()));
    }
    pairs.extend([
        ("email_verified", user.email_verified.to_string()),
        ("status", user.status.to_string()),
        ("roles", words(&user.roles)),
        ("groups", groups.join(", ")),
        ("source", user.source.to_string()),
        ("created_at", user.created_at.rfc3339()),
        ("updated_at", user.updated_at.rfc3339()),
        (
            "last_login_at",
            user.last_login_at
                .map_or_else(String::new, Timestamp::rfc3339),
        ),
    ]);
    for identity in &belongings.identities {
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

fn words(roles: &std::collections::BTreeSet<Role>) -> String {
    let words: Vec<&str> = roles.iter().map(|role| role.as_str()).collect();
    words.join(" ")
}
