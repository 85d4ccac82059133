//! Who is assigned to an application: users and groups.

use std::collections::BTreeSet;

use super::{Application, access, locked, note};
use crate::directory::audit::Actor;
use crate::directory::plan::Change;
use crate::directory::{Directory, DirectoryError, groups, users};
use crate::domain::{GroupId, Slug, UserId};
use crate::platform::storage::{StorageError, Tx, params};

/// Whom an assignment names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Assignee {
    /// One person.
    User(UserId),
    /// Everybody in a group.
    Group(GroupId),
}

/// Somebody who is assigned, as a list shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assigned {
    /// Who.
    pub assignee: Assignee,
    /// What they are called.
    pub name: String,
}

/// Whether the user, or a group of the user's, is assigned.
pub(super) async fn is_assigned(
    tx: &mut Tx,
    application: &Slug,
    user: &UserId,
) -> Result<bool, StorageError> {
    const SQL: &str = "SELECT 1 FROM application_users WHERE application = $1 AND user_id = $2 \
        UNION ALL SELECT 1 FROM application_groups g \
        JOIN group_members m ON m.group_id = g.group_id \
        WHERE g.application = $1 AND m.user_id = $2 LIMIT 1";
    Ok(tx
        .query_opt(SQL, params![application, user])
        .await?
        .is_some())
}

/// The applications to which the user, or a group of the user's, is assigned.
pub(super) async fn of_user(tx: &mut Tx, user: &UserId) -> Result<BTreeSet<Slug>, StorageError> {
    const SQL: &str = "SELECT application FROM application_users WHERE user_id = $1 \
        UNION SELECT g.application FROM application_groups g \
        JOIN group_members m ON m.group_id = g.group_id WHERE m.user_id = $1";
    let rows = tx.query(SQL, params![user]).await?;
    rows.into_iter()
        .map(|row| row.reader().parsed(Slug::parse))
        .collect()
}

async fn list(tx: &mut Tx, application: &Slug) -> Result<Vec<Assigned>, StorageError> {
    // Bounded: a list of thousands is a group that nobody has made yet.
    const MOST: usize = 1_000;
    let mut found = Vec::new();
    let sql = "SELECT g.id, g.name FROM application_groups a JOIN groups g ON g.id = a.group_id \
               WHERE a.application = $1 ORDER BY g.name_key, g.id LIMIT 1000";
    for row in tx.query(sql, params![application]).await? {
        let mut reader = row.reader();
        found.push(Assigned {
            assignee: Assignee::Group(GroupId::from_row(reader.text()?)),
            name: reader.text()?,
        });
    }
    let sql = "SELECT user_id FROM application_users WHERE application = $1 \
               ORDER BY user_id LIMIT 1000";
    for row in tx.query(sql, params![application]).await? {
        let id = UserId::from_row(row.reader().text()?);
        if let Some(user) = users::by_id(tx, &id).await? {
            found.push(Assigned {
                assignee: Assignee::User(id),
                name: user.display_name(),
            });
        }
    }
    found.truncate(2 * MOST);
    Ok(found)
}

impl Directory {
    /// Who is assigned to an application: groups first, then users, at most 1,000
    /// of each.
    pub async fn assigned(&self, application: &Slug) -> Result<Vec<Assigned>, DirectoryError> {
        let application = application.clone();
        self.db
            .read(move |tx| {
                let application = application.clone();
                Box::pin(async move {
                    let known = super::by_slug(tx, &application).await?;
                    known.ok_or(DirectoryError::NotFound("application"))?;
                    Ok(list(tx, &application).await?)
                })
            })
            .await
    }

    /// Assigns a user or a group to an application, or takes the assignment away.
    /// Doing it twice is doing it once.
    pub async fn set_assigned(
        &self,
        application: &Slug,
        who: Assignee,
        assigned: bool,
        actor: Actor,
    ) -> Result<(), DirectoryError> {
        let (application, directory) = (application.clone(), self.clone());
        self.db
            .write(move |tx| {
                let (application, who) = (application.clone(), who.clone());
                let (actor, directory) = (actor.clone(), directory.clone());
                Box::pin(async move {
                    let stored = locked(tx, &application).await?;
                    let name = name_of(tx, &who).await?;
                    let done = set(tx, &stored.application, &who, assigned, &directory);
                    if !done.await? {
                        return Ok(());
                    }
                    if !assigned {
                        access::end_what_is_lost(tx, &stored.application).await?;
                    }
                    let (before, after) = if assigned {
                        (None, Some(name))
                    } else {
                        (Some(name), None)
                    };
                    let field = match who {
                        Assignee::User(_) => "users",
                        Assignee::Group(_) => "groups",
                    };
                    let changes = [Change {
                        field: field.to_owned(),
                        before,
                        after,
                    }];
                    let action = if assigned {
                        "application.assigned"
                    } else {
                        "application.unassigned"
                    };
                    note(
                        tx,
                        &stored.application,
                        action,
                        &changes,
                        &actor,
                        &directory,
                    )
                    .await
                })
            })
            .await
    }
}

/// What the audit log calls the who: the id, and the name for readers.
async fn name_of(tx: &mut Tx, who: &Assignee) -> Result<String, DirectoryError> {
    match who {
        Assignee::User(id) => {
            let user = users::by_id(tx, id).await?;
            let user = user.ok_or(DirectoryError::NotFound("user"))?;
            Ok(format!("{} ({id})", user.display_name()))
        }
        Assignee::Group(id) => {
            let group = groups::by_id(tx, id).await?;
            let group = group.ok_or(DirectoryError::NotFound("group"))?;
            Ok(format!("{} ({id})", group.name))
        }
    }
}

async fn set(
    tx: &mut Tx,
    application: &Application,
    who: &Assignee,
    assigned: bool,
    directory: &Directory,
) -> Result<bool, StorageError> {
    let slug = &application.slug;
    let (table, column, id) = match who {
        Assignee::User(id) => ("application_users", "user_id", id.as_str()),
        Assignee::Group(id) => ("application_groups", "group_id", id.as_str()),
    };
    let rows = if assigned {
        let sql = format!(
            "INSERT INTO {table} (application, {column}, created_at) VALUES ($1, $2, $3) \
             ON CONFLICT DO NOTHING"
        );
        tx.execute(&sql, params![slug, id, directory.now()]).await?
    } else {
        let sql = format!("DELETE FROM {table} WHERE application = $1 AND {column} = $2");
        tx.execute(&sql, params![slug, id]).await?
    };
    Ok(rows > 0)
}
