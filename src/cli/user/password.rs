//! Passwords on the machine itself, and the way back in when nothing else leads in.

use std::io::Read as _;

use anyhow::{Context as _, bail};
use zeroize::Zeroizing;

use super::super::args::CreateUser;
use super::super::out;
use crate::app;
use crate::directory::account_links::{self, Purpose};
use crate::directory::edit::UserEdit;
use crate::directory::{Actor, Directory, DirectoryError, audit, passwords, settings, users};
use crate::domain::{Field, Profile, Role, User};
use crate::login::password::{self, Hasher, LONGEST};
use crate::platform::config::Config;
use crate::platform::storage::StorageError;

/// `user create`. Everything is checked before anything is made.
pub(super) async fn create(
    directory: &Directory,
    config: &Config,
    wanted: &CreateUser,
) -> anyhow::Result<()> {
    let email = wanted.email.trim();
    let mut edit = UserEdit {
        profile: Profile::default().with(Field::Email, email),
        ..UserEdit::default()
    };
    if let Some(name) = &wanted.name {
        edit.profile.set(Field::Name, name.trim());
    }
    if wanted.admin {
        edit.roles = Some([Role::Admin].into());
    }
    let hash = if wanted.password_stdin {
        let known = [
            email,
            wanted.name.as_deref().unwrap_or_default(),
            &config.branding.name,
        ];
        Some(hashed(directory, &known).await?)
    } else {
        None
    };
    let user = match directory.create_user(edit, Actor::CommandLine).await {
        Err(taken @ DirectoryError::Taken { .. }) => bail!(
            "{taken}; `doorward user grant` gives that user a role, `doorward user set-password` a password"
        ),
        made => made?,
    };
    if let Some(hash) = hash {
        write(directory, &user, hash).await?;
    }
    out::line(user.id.as_str())?;
    if wanted.admin && wanted.password_stdin && !is_on(directory, config).await? {
        out::complain(&format!(
            "Password sign-in is switched off. This link opens it for {email}, once, for 30 minutes:\n{}",
            link(directory, config, &user).await?
        ));
    }
    Ok(())
}

/// `user set-password`.
pub(super) async fn set(directory: &Directory, config: &Config, user: &User) -> anyhow::Result<()> {
    let name = user.display_name();
    let email = user.profile.get(Field::Email).unwrap_or_default();
    let hash = hashed(directory, &[&name, email, &config.branding.name]).await?;
    write(directory, user, hash).await?;
    out::line(&format!(
        "{name} has a new password; sessions and tokens have ended"
    ))
}

/// `user way-in`.
pub(super) async fn way_in(
    directory: &Directory,
    config: &Config,
    user: &User,
) -> anyhow::Result<()> {
    if !user.has_role(Role::Admin) {
        bail!(
            "{} is no administrator; `doorward user grant` gives the role",
            user.display_name()
        );
    }
    let id = user.id.clone();
    let found: Result<_, StorageError> = directory
        .db
        .read(move |tx| {
            let id = id.clone();
            Box::pin(async move { passwords::of(tx, &id).await })
        })
        .await;
    if found?.is_none() {
        bail!(
            "{} has no password; `doorward user set-password` sets one from the standard input",
            user.display_name()
        );
    }
    out::line(&link(directory, config, user).await?)
}

/// A link of the machine's, told of in the audit log.
async fn link(directory: &Directory, config: &Config, user: &User) -> anyhow::Result<String> {
    let (writer, user) = (directory.clone(), user.clone());
    let made = directory
        .db
        .write(move |tx| {
            let (directory, user) = (writer.clone(), user.clone());
            Box::pin(async move {
                let (now, entropy) = (directory.now(), &directory.entropy);
                let made =
                    account_links::make(tx, &user, Purpose::WayIn, None, now, entropy).await?;
                let name = user.display_name();
                let target = audit::Target {
                    kind: "user",
                    id: user.id.as_str(),
                    name: &name,
                };
                let (at, actor) = ((now, entropy), Actor::CommandLine);
                audit::record(tx, at, &actor, "user.way_in_opened", target, &[]).await?;
                Ok::<_, DirectoryError>(made)
            })
        })
        .await?;
    Ok(made.url(config.public_url.origin()))
}

async fn is_on(directory: &Directory, config: &Config) -> anyhow::Result<bool> {
    let defaults = app::default_settings(config);
    let found: Result<_, StorageError> = directory
        .db
        .read(move |tx| {
            let defaults = defaults.clone();
            Box::pin(async move { settings::load(tx, &defaults).await })
        })
        .await;
    Ok(found?.password_login)
}

/// The hash of the password on the standard input, which must be a good one.
async fn hashed(directory: &Directory, known: &[&str]) -> anyhow::Result<String> {
    let mut text = Zeroizing::new(String::new());
    let most = u64::try_from(LONGEST + 2).unwrap_or(u64::MAX);
    std::io::stdin()
        .take(most)
        .read_to_string(&mut text)
        .context("no password can be read from the standard input")?;
    let line = text.strip_suffix('\n').unwrap_or(&text);
    let line = line.strip_suffix('\r').unwrap_or(line);
    let password = match password::check(line, known) {
        Ok(password) => password,
        Err(weakness) => bail!("{}", weakness.sentence()),
    };
    Ok(Hasher::new(directory.entropy.clone())
        .hash(password)
        .await?)
}

async fn write(directory: &Directory, user: &User, hash: String) -> anyhow::Result<()> {
    let (writer, id) = (directory.clone(), user.id.clone());
    directory
        .db
        .write(move |tx| {
            let (directory, id, hash) = (writer.clone(), id.clone(), hash.clone());
            Box::pin(async move {
                let user = users::locked(tx, &id)
                    .await?
                    .ok_or(DirectoryError::NotFound("user"))?;
                passwords::set(tx, &directory, &user, &hash, &Actor::CommandLine).await
            })
        })
        .await?;
    Ok(())
}
