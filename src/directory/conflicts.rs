//! The conflict queue: logins that were not attached to the user whom their
//! identifiers name. An admin decides.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

use super::audit::{self, Actor, Target};
use super::error::{DirectoryError, LinkConflict};
use super::plan::change;
use super::reconcile::{self, Context, Mode};
use super::{Directory, Page, users};
use crate::domain::user::words;
use crate::domain::{
    Channel, ConflictId, Entropy, ExternalIdentity, Observation, Profile, Slug, Timestamp, User,
    UserId,
};
use crate::platform::storage::{Reader, StorageError, Tx, Value, params};

words!(
    /// What became of a refused link.
    ConflictStatus {
        /// Nobody has decided.
        Open = "open",
        /// The identity was attached to the user.
        Linked = "linked",
        /// It stays refused.
        Dismissed = "dismissed",
    }
);

/// A login that was not attached to the user whom its identifiers name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// Its id.
    pub id: ConflictId,
    /// When it last came up.
    pub at: Timestamp,
    /// The identity that was refused; `None` for one that does not last, such as
    /// a transient NameID.
    pub identity: Option<ExternalIdentity>,
    /// The provider of the login.
    pub provider: Slug,
    /// Whom the identifiers name.
    pub user: UserId,
    /// Why it was refused ([`LinkConflict::reason`]).
    pub reason: String,
    /// What the login said of the person.
    pub observed: Profile,
    /// What became of it.
    pub status: ConflictStatus,
}

/// Files a refused link. One that lies there already is only dated anew, and one
/// that was dismissed stays dismissed; but where the identity was attached and
/// taken away again, there is something to decide once more.
pub async fn file(
    tx: &mut Tx,
    observation: &Observation,
    conflict: &LinkConflict,
    now: Timestamp,
    entropy: &Entropy,
) -> Result<(), StorageError> {
    const SQL: &str = "INSERT INTO conflicts (id, at, provider, issuer, subject, user_id, reason, \
        observed, status) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'open') \
        ON CONFLICT (provider, issuer, subject, user_id, reason) DO UPDATE SET at = excluded.at, \
        observed = excluded.observed, \
        status = CASE conflicts.status WHEN 'linked' THEN 'open' ELSE conflicts.status END";
    let Channel::Login { provider, .. } = &observation.channel else {
        return Ok(());
    };
    let (issuer, subject) = observation.identity.as_ref().map_or(("", ""), |identity| {
        (identity.issuer.as_str(), identity.subject.as_str())
    });
    let observed = serde_json::to_string(&observation.profile).unwrap_or_else(|_| "{}".to_owned());
    let row = params![
        &ConflictId::new(now, entropy),
        now,
        provider,
        issuer,
        subject,
        conflict.user(),
        conflict.reason(),
        observed
    ];
    tx.execute(SQL, row).await.map(|_| ())
}

const COLUMNS: &str = "id, at, provider, issuer, subject, user_id, reason, observed, status";

fn read(reader: &mut Reader) -> Result<Conflict, StorageError> {
    let id = ConflictId::from_row(reader.text()?);
    let at = reader.time()?;
    let provider = reader.parsed(Slug::parse)?;
    let (issuer, subject) = (reader.text()?, reader.text()?);
    let identity = (!subject.is_empty()).then(|| ExternalIdentity {
        provider: provider.clone(),
        issuer,
        subject,
    });
    Ok(Conflict {
        id,
        at,
        identity,
        provider,
        user: UserId::from_row(reader.text()?),
        reason: reader.text()?,
        observed: reader.json()?,
        status: reader.parsed(ConflictStatus::parse)?,
    })
}

async fn by_id(tx: &mut Tx, id: &ConflictId) -> Result<Conflict, DirectoryError> {
    let sql = format!("SELECT {COLUMNS} FROM conflicts WHERE id = $1");
    let row = tx.query_opt(&sql, params![id]).await?;
    let found = row.map(|row| read(&mut row.reader())).transpose()?;
    found.ok_or(DirectoryError::NotFound("conflict"))
}

impl Directory {
    /// One page of refused links, the newest first.
    pub async fn conflicts(
        &self,
        status: Option<ConflictStatus>,
        cursor: Option<String>,
        limit: usize,
    ) -> Result<Page<Conflict>, DirectoryError> {
        let cursor = super::cursor(cursor)?;
        let found = self
            .db
            .read(move |tx| {
                let cursor = cursor.clone();
                Box::pin(async move { list(tx, status, cursor, limit).await })
            })
            .await?;
        Ok(Page::cut(found, limit, |conflict: &Conflict| {
            conflict.id.to_string()
        }))
    }

    /// The same with the users whom they name, in one view of the data.
    pub async fn conflicts_with_users(
        &self,
        status: Option<ConflictStatus>,
        cursor: Option<String>,
        limit: usize,
    ) -> Result<Page<(Conflict, User)>, DirectoryError> {
        let cursor = super::cursor(cursor)?;
        let read = self.db.read(move |tx| {
            let cursor = cursor.clone();
            Box::pin(async move {
                let mut found = Vec::new();
                for conflict in list(tx, status, cursor, limit).await? {
                    // A conflict goes with its user.
                    if let Some(user) = users::by_id(tx, &conflict.user).await? {
                        found.push((conflict, user));
                    }
                }
                Ok::<_, StorageError>(found)
            })
        });
        Ok(Page::cut(read.await?, limit, |(conflict, _)| {
            conflict.id.to_string()
        }))
    }

    /// How many refused links have this status.
    pub async fn count_conflicts(&self, status: ConflictStatus) -> Result<i64, DirectoryError> {
        let read = self.db.read(move |tx| {
            Box::pin(async move {
                let sql = "SELECT COUNT(*) FROM conflicts WHERE status = $1";
                tx.count(sql, params![status.as_str()]).await
            })
        });
        Ok(read.await?)
    }

    /// The refused link with this id.
    pub async fn conflict(&self, id: &ConflictId) -> Result<Conflict, DirectoryError> {
        let id = id.clone();
        self.db
            .read(move |tx| {
                let id = id.clone();
                Box::pin(async move { by_id(tx, &id).await })
            })
            .await
    }

    /// Attaches the identity to the user after all; the next login through it
    /// succeeds. Where that is so already, nothing changes. Whether the actor may
    /// give somebody a way into this account is for the caller to ask, of the
    /// version of the user that `expected` names.
    ///
    /// # Errors
    /// [`DirectoryError::Invalid`] when the login brought no identity that lasts,
    /// [`DirectoryError::Taken`] when another user has it by now,
    /// [`DirectoryError::Changed`] when the user is of another version.
    pub async fn link_conflict(
        &self,
        id: &ConflictId,
        expected: i64,
        actor: Actor,
    ) -> Result<Conflict, DirectoryError> {
        let (id, directory) = (id.clone(), self.clone());
        self.db
            .write(move |tx| {
                let (id, actor, directory) = (id.clone(), actor.clone(), directory.clone());
                Box::pin(async move { link(tx, &directory, &id, expected, &actor).await })
            })
            .await
    }

    /// Decides that the link stays refused. Where that is so already, nothing
    /// changes.
    ///
    /// # Errors
    /// [`DirectoryError::Linked`] when the identity was attached in between.
    pub async fn dismiss_conflict(
        &self,
        id: &ConflictId,
        actor: Actor,
    ) -> Result<Conflict, DirectoryError> {
        let (id, directory) = (id.clone(), self.clone());
        self.db
            .write(move |tx| {
                let (id, actor, directory) = (id.clone(), actor.clone(), directory.clone());
                Box::pin(async move { dismiss(tx, &directory, &id, &actor).await })
            })
            .await
    }
}

impl Directory {
    /// Takes an open case off the queue without a decision: the same login is
    /// refused again, and filed anew.
    ///
    /// # Errors
    /// [`DirectoryError::NotFound`] when it is open no more.
    pub async fn forget_conflict(
        &self,
        id: &ConflictId,
        actor: Actor,
    ) -> Result<(), DirectoryError> {
        let (id, directory) = (id.clone(), self.clone());
        self.db
            .write(move |tx| {
                let (id, actor, directory) = (id.clone(), actor.clone(), directory.clone());
                Box::pin(async move { forget(tx, &directory, &id, &actor).await })
            })
            .await
    }
}

async fn forget(
    tx: &mut Tx,
    directory: &Directory,
    id: &ConflictId,
    actor: &Actor,
) -> Result<(), DirectoryError> {
    let conflict = by_id(tx, id).await?;
    let user = user_of(tx, &conflict).await?;
    let sql = "DELETE FROM conflicts WHERE id = $1 AND status = 'open'";
    if tx.execute(sql, params![id]).await? != 1 {
        return Err(DirectoryError::NotFound("conflict"));
    }
    let name = user.display_name();
    let target = Target {
        kind: "user",
        id: user.id.as_str(),
        name: &name,
    };
    let field = format!("conflicts.{}", conflict.provider);
    let changes = [change(&field, conflict.status, "forgotten")];
    let at = (directory.now(), &directory.entropy);
    audit::record(tx, at, actor, "user.link_forgotten", target, &changes).await?;
    Ok(())
}

async fn list(
    tx: &mut Tx,
    status: Option<ConflictStatus>,
    cursor: Option<String>,
    limit: usize,
) -> Result<Vec<Conflict>, StorageError> {
    // Sorts after every UUID, in every collation.
    let mut values = vec![Value::from(cursor.unwrap_or_else(|| "z".to_owned()))];
    let mut sql = format!("SELECT {COLUMNS} FROM conflicts WHERE id < $1");
    if let Some(status) = status {
        values.push(Value::from(status.as_str()));
        let _ = write!(sql, " AND status = ${}", values.len());
    }
    values.push(Value::Int(
        i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1),
    ));
    let _ = write!(sql, " ORDER BY id DESC LIMIT ${}", values.len());
    let rows = tx.query(&sql, &values).await?;
    rows.into_iter()
        .map(|row| read(&mut row.reader()))
        .collect()
}

async fn user_of(tx: &mut Tx, conflict: &Conflict) -> Result<User, DirectoryError> {
    let user = users::by_id(tx, &conflict.user).await?;
    user.ok_or(DirectoryError::NotFound("user"))
}

async fn link(
    tx: &mut Tx,
    directory: &Directory,
    id: &ConflictId,
    expected: i64,
    actor: &Actor,
) -> Result<Conflict, DirectoryError> {
    let conflict = by_id(tx, id).await?;
    let user = user_of(tx, &conflict).await?;
    if user.version != expected {
        return Err(DirectoryError::Changed);
    }
    let Some(identity) = &conflict.identity else {
        let reason = "the login brought no identifier that lasts (a transient NameID): let the \
                      identity provider send a persistent one";
        return Err(DirectoryError::invalid("subject", reason));
    };
    let context = Context {
        actor,
        policy: None,
        mode: Mode::Apply,
        now: directory.now(),
        entropy: &directory.entropy,
    };
    reconcile::link(tx, &user, identity, &context).await?;
    // The same identity may have been refused for several reasons.
    let sql = "UPDATE conflicts SET status = 'linked' \
               WHERE provider = $1 AND issuer = $2 AND subject = $3 AND user_id = $4";
    let key = params![
        &identity.provider,
        &identity.issuer,
        &identity.subject,
        &user.id
    ];
    tx.execute(sql, key).await?;
    Ok(Conflict {
        status: ConflictStatus::Linked,
        ..conflict
    })
}

async fn dismiss(
    tx: &mut Tx,
    directory: &Directory,
    id: &ConflictId,
    actor: &Actor,
) -> Result<Conflict, DirectoryError> {
    let conflict = by_id(tx, id).await?;
    match conflict.status {
        ConflictStatus::Dismissed => return Ok(conflict),
        ConflictStatus::Linked => return Err(DirectoryError::Linked),
        ConflictStatus::Open => {}
    }
    let user = user_of(tx, &conflict).await?;
    let sql = "UPDATE conflicts SET status = 'dismissed' WHERE id = $1 AND status = 'open'";
    if tx.execute(sql, params![id]).await? != 1 {
        return Err(StorageError::stale("the conflict was decided in the meantime").into());
    }
    let name = user.display_name();
    let target = Target {
        kind: "user",
        id: user.id.as_str(),
        name: &name,
    };
    let decided = ConflictStatus::Dismissed;
    let changes = [change(
        &format!("conflicts.{}", conflict.provider),
        conflict.status,
        decided,
    )];
    let at = (directory.now(), &directory.entropy);
    audit::record(tx, at, actor, "user.link_dismissed", target, &changes).await?;
    Ok(Conflict {
        status: decided,
        ..conflict
    })
}
