//! Users in the database: one place that knows the columns.

use std::collections::{BTreeMap, BTreeSet};

use super::error::DirectoryError;
use super::{Directory, Page, groups};
use crate::domain::{
    ExternalIdentity, Field, Group, GroupId, Profile, Role, Slug, Source, Status, Timestamp, User,
    UserId, address,
};
use crate::platform::storage::{Reader, Row, StorageError, Tx, Value, dialect, params};

/// The columns of a user in the order in which [`read`] takes them.
const COLUMNS: &str = "u.id, u.user_name, u.upn, u.email, u.name, u.given_name, u.family_name, \
    u.department, u.job_title, u.phone, u.mobile, u.language, u.cost_center, \
    u.extension_attributes, u.custom_attributes, u.photo_url, u.valid_from, u.valid_to, \
    u.email_verified, u.status, u.roles, u.scim_id, u.source, u.owners, u.created_at, \
    u.updated_at, u.last_login_at, u.version";

/// A `SELECT` of users with the rest of the statement.
fn select(rest: &str) -> String {
    format!("SELECT {COLUMNS} FROM users u {rest}")
}

/// The columns, for a join elsewhere.
#[must_use]
pub const fn columns() -> &'static str {
    COLUMNS
}

/// Reads a user off a row.
pub fn read(reader: &mut Reader) -> Result<User, StorageError> {
    let id = UserId::from_row(reader.text()?);
    let mut profile = Profile::default();
    for field in Field::ALL {
        if let Some(value) = reader.opt_text()? {
            profile.set(*field, value);
        }
    }
    Ok(User {
        id,
        profile,
        email_verified: reader.bool()?,
        status: reader.parsed(Status::parse)?,
        roles: reader
            .text()?
            .split_whitespace()
            .filter_map(Role::parse)
            .collect(),
        scim_id: reader.opt_text()?,
        source: reader.parsed(Source::parse)?,
        owners: reader.json()?,
        created_at: reader.time()?,
        updated_at: reader.time()?,
        last_login_at: reader.opt_time()?,
        version: reader.int()?,
    })
}

fn one(row: Option<Row>) -> Result<Option<User>, StorageError> {
    row.map(|row| read(&mut row.reader())).transpose()
}

/// The user with this id.
pub async fn by_id(tx: &mut Tx, id: &UserId) -> Result<Option<User>, StorageError> {
    one(tx
        .query_opt(&select("WHERE u.id = $1"), params![id])
        .await?)
}

/// The user with this id, kept from being changed by others until the unit
/// ends. A unit that edits reads the user so: what it works out from the values
/// that it read is then worked out from those that stand.
pub async fn locked(tx: &mut Tx, id: &UserId) -> Result<Option<User>, StorageError> {
    let sql = select(&format!("WHERE u.id = $1{}", tx.dialect().for_update()));
    one(tx.query_opt(&sql, params![id]).await?)
}

/// Everybody who has a role here and is active.
pub(super) async fn with_roles(tx: &mut Tx) -> Result<Vec<User>, StorageError> {
    let sql = select("WHERE u.roles <> '' AND u.status = 'active'");
    let rows = tx.query(&sql, &[]).await?;
    rows.into_iter()
        .map(|row| read(&mut row.reader()))
        .collect()
}

/// The user with this SCIM id.
pub async fn by_scim_id(tx: &mut Tx, scim_id: &str) -> Result<Option<User>, StorageError> {
    one(tx
        .query_opt(&select("WHERE u.scim_id = $1"), params![scim_id])
        .await?)
}

/// The user with this UPN, whatever its case.
pub async fn by_upn(tx: &mut Tx, upn: &str) -> Result<Option<User>, StorageError> {
    let Some(key) = address::name_key(upn) else {
        return Ok(None);
    };
    one(tx
        .query_opt(&select("WHERE u.upn_key = $1"), params![key])
        .await?)
}

/// The user with this e-mail address, whatever its case.
pub async fn by_email(tx: &mut Tx, email: &str) -> Result<Option<User>, StorageError> {
    let Some(key) = address::email_key(email) else {
        return Ok(None);
    };
    one(tx
        .query_opt(&select("WHERE u.email_key = $1"), params![key])
        .await?)
}

/// The user with this user name, whatever its case.
pub async fn by_user_name(tx: &mut Tx, name: &str) -> Result<Option<User>, StorageError> {
    let Some(key) = address::name_key(name) else {
        return Ok(None);
    };
    one(tx
        .query_opt(&select("WHERE u.user_name_key = $1"), params![key])
        .await?)
}

/// The user whom a provider knows under this identity.
pub async fn by_identity(
    tx: &mut Tx,
    identity: &ExternalIdentity,
) -> Result<Option<User>, StorageError> {
    let sql = select(
        "JOIN external_identities e ON e.user_id = u.id \
         WHERE e.provider = $1 AND e.issuer = $2 AND e.subject = $3",
    );
    let key = params![&identity.provider, &identity.issuer, &identity.subject];
    one(tx.query_opt(&sql, key).await?)
}

/// Whether a user has any identity of this provider and issuer.
pub async fn is_known_to(
    tx: &mut Tx,
    user: &UserId,
    identity: &ExternalIdentity,
) -> Result<bool, StorageError> {
    let sql = "SELECT 1 FROM external_identities WHERE user_id = $1 AND provider = $2 AND issuer = $3 LIMIT 1";
    let found = tx
        .query_opt(sql, params![user, &identity.provider, &identity.issuer])
        .await?;
    Ok(found.is_some())
}

/// The identities of a user.
pub async fn identities(tx: &mut Tx, user: &UserId) -> Result<Vec<ExternalIdentity>, StorageError> {
    let sql = "SELECT provider, issuer, subject FROM external_identities WHERE user_id = $1 \
               ORDER BY provider, created_at";
    let rows = tx.query(sql, params![user]).await?;
    rows.into_iter()
        .map(|row| {
            let mut reader = row.reader();
            Ok(ExternalIdentity {
                provider: reader.parsed(Slug::parse)?,
                issuer: reader.text()?,
                subject: reader.text()?,
            })
        })
        .collect()
}

/// The identities of each of the users, the oldest of a provider first. A user
/// without identities is absent.
pub async fn identities_of(
    tx: &mut Tx,
    users: &[UserId],
) -> Result<BTreeMap<UserId, Vec<ExternalIdentity>>, StorageError> {
    let mut found: BTreeMap<UserId, Vec<ExternalIdentity>> = BTreeMap::new();
    for some in users.chunks(dialect::ANY_OF_MOST) {
        let (names, values) = any_of(1, some);
        let sql = format!(
            "SELECT user_id, provider, issuer, subject FROM external_identities \
             WHERE user_id IN ({names}) ORDER BY provider, created_at"
        );
        for row in tx.query(&sql, &values).await? {
            let mut reader = row.reader();
            let user = UserId::from_row(reader.text()?);
            found.entry(user).or_default().push(ExternalIdentity {
                provider: reader.parsed(Slug::parse)?,
                issuer: reader.text()?,
                subject: reader.text()?,
            });
        }
    }
    Ok(found)
}

/// The users of these ids in the order of the ids; those that are gone are
/// absent. With `lock` they are held until the unit ends, in that order, so that
/// two who do so at once do not wait in a circle.
pub(super) async fn by_ids(
    tx: &mut Tx,
    ids: &[UserId],
    lock: bool,
) -> Result<Vec<User>, StorageError> {
    let end = if lock { tx.dialect().for_update() } else { "" };
    let mut found = Vec::with_capacity(ids.len());
    for some in ids.chunks(dialect::ANY_OF_MOST) {
        let (names, values) = any_of(1, some);
        let sql = select(&format!("WHERE u.id IN ({names}) ORDER BY u.id{end}"));
        for row in tx.query(&sql, &values).await? {
            found.push(read(&mut row.reader())?);
        }
    }
    Ok(found)
}

/// Parameters and values for `IN (…)` over users; there is at least one.
pub(super) fn any_of(first: usize, users: &[UserId]) -> (String, Vec<Value>) {
    let (names, count) = dialect::any_of(first, users.len());
    let last = users.last().into_iter().cycle();
    let values = users.iter().chain(last).take(count);
    (names, values.map(Value::from).collect())
}

/// Attaches an identity to a user; `false` when somebody has it.
pub async fn attach(
    tx: &mut Tx,
    user: &UserId,
    identity: &ExternalIdentity,
    now: Timestamp,
) -> Result<bool, StorageError> {
    let sql = "INSERT INTO external_identities (provider, issuer, subject, user_id, created_at, last_seen_at) \
               VALUES ($1, $2, $3, $4, $5, $5) ON CONFLICT DO NOTHING";
    let row = params![
        &identity.provider,
        &identity.issuer,
        &identity.subject,
        user,
        now
    ];
    Ok(tx.execute(sql, row).await? == 1)
}

/// Takes an identity off a user.
pub(super) async fn detach(
    tx: &mut Tx,
    user: &UserId,
    identity: &ExternalIdentity,
) -> Result<(), StorageError> {
    let sql = "DELETE FROM external_identities \
               WHERE provider = $1 AND issuer = $2 AND subject = $3 AND user_id = $4";
    let row = params![
        &identity.provider,
        &identity.issuer,
        &identity.subject,
        user
    ];
    tx.execute(sql, row).await.map(|_| ())
}

/// Notes that somebody has just signed in with this identity.
pub(super) async fn used(
    tx: &mut Tx,
    identity: &ExternalIdentity,
    now: Timestamp,
) -> Result<(), StorageError> {
    let sql = "UPDATE external_identities SET last_seen_at = $4 \
               WHERE provider = $1 AND issuer = $2 AND subject = $3";
    let row = params![&identity.provider, &identity.issuer, &identity.subject, now];
    tx.execute(sql, row).await.map(|_| ())
}

/// An identity with its times, as its user sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownIdentity {
    /// Which.
    pub identity: ExternalIdentity,
    /// When it became the user's.
    pub since: Timestamp,
    /// When the user signed in with it last.
    pub used: Timestamp,
}

/// The identities of a user with their times, in the order of [`identities`].
pub async fn known_identities(
    tx: &mut Tx,
    user: &UserId,
) -> Result<Vec<KnownIdentity>, StorageError> {
    let sql = "SELECT provider, issuer, subject, created_at, last_seen_at \
               FROM external_identities WHERE user_id = $1 ORDER BY provider, created_at";
    let rows = tx.query(sql, params![user]).await?;
    rows.into_iter()
        .map(|row| {
            let mut reader = row.reader();
            Ok(KnownIdentity {
                identity: ExternalIdentity {
                    provider: reader.parsed(Slug::parse)?,
                    issuer: reader.text()?,
                    subject: reader.text()?,
                },
                since: reader.time()?,
                used: reader.time()?,
            })
        })
        .collect()
}

/// Keeps a user from being changed until the unit ends; `false` when the user is
/// gone or shut out. For units that give access: one that only read the user
/// may find, on PostgreSQL, that access was taken away before it commits.
pub async fn hold(tx: &mut Tx, user: &UserId) -> Result<bool, StorageError> {
    let sql = format!(
        "SELECT 1 FROM users WHERE id = $1 AND status <> 'inactive'{}",
        tx.dialect().for_update()
    );
    Ok(tx.query_opt(&sql, params![user]).await?.is_some())
}

/// The values of a user's columns as both statements that write take them, `$1`
/// to `$31`. The last login is not among them: logins write it beside the
/// version, so that an edit that read an older one does not bring it back.
fn values(user: &User) -> Vec<Value> {
    let get = |field| Value::from(user.profile.get(field));
    let mut values = vec![Value::from(&user.id)];
    values.extend(Field::ALL.iter().map(|field| get(*field)));
    let roles: Vec<&str> = user.roles.iter().map(|role| role.as_str()).collect();
    let owners = serde_json::to_string(&user.owners).unwrap_or_else(|_| "{}".to_owned());
    let key =
        |field, key: fn(&str) -> Option<String>| Value::from(user.profile.get(field).and_then(key));
    values.extend([
        Value::from(user.email_verified),
        Value::from(user.status.as_str()),
        Value::from(roles.join(" ")),
        Value::from(user.scim_id.as_deref()),
        Value::from(user.source.as_str()),
        Value::from(owners),
        Value::from(user.created_at),
        Value::from(user.updated_at),
        Value::from(user.version),
        key(Field::UserName, address::name_key),
        key(Field::Upn, address::name_key),
        key(Field::Email, address::email_key),
        Value::from(search_text(user)),
    ]);
    values
}

/// What a search looks into.
fn search_text(user: &User) -> String {
    let fields = [
        Field::Name,
        Field::GivenName,
        Field::FamilyName,
        Field::Email,
        Field::Upn,
        Field::UserName,
        Field::Department,
    ];
    let words: Vec<&str> = fields
        .iter()
        .filter_map(|field| user.profile.get(*field))
        .collect();
    words.join("\n").to_lowercase()
}

/// Writes a new user. A unique index may answer with a conflict, and the unit
/// is run again.
pub(super) async fn insert(tx: &mut Tx, user: &User) -> Result<(), StorageError> {
    const SQL: &str = "INSERT INTO users (id, user_name, upn, email, name, given_name, family_name, \
        department, job_title, phone, mobile, language, cost_center, extension_attributes, \
        custom_attributes, photo_url, valid_from, valid_to, email_verified, status, roles, scim_id, \
        source, owners, created_at, updated_at, version, user_name_key, upn_key, email_key, \
        search_text) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, \
        $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31)";
    tx.execute(SQL, &values(user)).await.map(|_| ())
}

/// Writes a user over the version that was read; a conflict when that is no
/// longer the one that stands.
pub(super) async fn store(tx: &mut Tx, user: &User) -> Result<(), StorageError> {
    const SQL: &str = "UPDATE users SET user_name = $2, upn = $3, email = $4, name = $5, \
        given_name = $6, family_name = $7, department = $8, job_title = $9, phone = $10, \
        mobile = $11, language = $12, cost_center = $13, extension_attributes = $14, \
        custom_attributes = $15, photo_url = $16, valid_from = $17, valid_to = $18, \
        email_verified = $19, status = $20, roles = $21, scim_id = $22, source = $23, owners = $24, \
        created_at = $25, updated_at = $26, version = version + 1, user_name_key = $28, \
        upn_key = $29, email_key = $30, search_text = $31 WHERE id = $1 AND version = $27";
    match tx.execute(SQL, &values(user)).await? {
        1 => Ok(()),
        _ => Err(StorageError::stale("the user was changed in the meantime")),
    }
}

/// What a list of users is narrowed to.
#[derive(Clone, Debug, Default)]
pub struct UserFilter {
    /// Words to find in names and identifiers.
    pub search: Option<String>,
    /// Only users of this status.
    pub status: Option<Status>,
    /// Only members of this group.
    pub group: Option<GroupId>,
    /// Only users whom this channel made.
    pub source: Option<Source>,
    /// Only users who have this role.
    pub role: Option<Role>,
}

/// What hangs on a user beside the profile.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Belongings {
    /// The groups, by name.
    pub groups: Vec<Group>,
    /// How providers know the user.
    pub identities: Vec<ExternalIdentity>,
}

impl Directory {
    /// What hangs on each of the users; somebody on whom nothing hangs is
    /// absent.
    pub async fn belongings(
        &self,
        users: Vec<UserId>,
    ) -> Result<BTreeMap<UserId, Belongings>, DirectoryError> {
        let users = std::sync::Arc::new(users);
        Ok(self
            .db
            .read(move |tx| {
                let users = std::sync::Arc::clone(&users);
                Box::pin(async move { belongings(tx, &users).await })
            })
            .await?)
    }

    /// What hangs on one user.
    pub async fn belongings_of(&self, user: &UserId) -> Result<Belongings, DirectoryError> {
        let user = user.clone();
        let found: BTreeMap<UserId, Belongings> = self
            .db
            .look_up(move |tx| {
                let user = user.clone();
                Box::pin(async move { belongings(tx, &[user]).await })
            })
            .await
            .map_err(|e: StorageError| e)?;
        Ok(found.into_values().next().unwrap_or_default())
    }

    /// The user with this id.
    pub async fn user(&self, id: &UserId) -> Result<User, DirectoryError> {
        let id = id.clone();
        let found = self
            .db
            .look_up(move |tx| {
                let id = id.clone();
                Box::pin(async move { by_id(tx, &id).await })
            })
            .await?;
        found.ok_or(DirectoryError::NotFound("user"))
    }

    /// One page of users, the oldest first, `limit` rows at most.
    pub async fn users(
        &self,
        filter: UserFilter,
        cursor: Option<String>,
        limit: usize,
    ) -> Result<Page<User>, DirectoryError> {
        let cursor = super::cursor(cursor)?;
        let users = self
            .db
            .read(move |tx| {
                let (filter, cursor) = (filter.clone(), cursor.clone());
                Box::pin(async move { list(tx, &filter, cursor.as_deref(), limit).await })
            })
            .await?;
        Ok(Page::cut(users, limit, |user| user.id.to_string()))
    }

    /// How many users can be signed in.
    pub async fn active_users(&self) -> Result<i64, DirectoryError> {
        Ok(self
            .db
            .read(|tx| {
                Box::pin(async move {
                    tx.count("SELECT COUNT(*) FROM users WHERE status = 'active'", &[])
                        .await
                })
            })
            .await?)
    }
}

/// What hangs on each of the users, inside a unit; somebody on whom nothing hangs
/// is absent.
pub async fn belongings(
    tx: &mut Tx,
    users: &[UserId],
) -> Result<BTreeMap<UserId, Belongings>, StorageError> {
    let mut found: BTreeMap<UserId, Belongings> = BTreeMap::new();
    for (user, groups) in groups::of_users(tx, users).await? {
        found.entry(user).or_default().groups = groups;
    }
    for (user, identities) in identities_of(tx, users).await? {
        found.entry(user).or_default().identities = identities;
    }
    Ok(found)
}

async fn list(
    tx: &mut Tx,
    filter: &UserFilter,
    cursor: Option<&str>,
    limit: usize,
) -> Result<Vec<User>, StorageError> {
    let search = filter.search.as_deref().unwrap_or("");
    let words: BTreeSet<&str> = search.split_whitespace().take(8).collect();
    let searches = !words.is_empty();
    let mut values = vec![Value::from(cursor.unwrap_or(""))];
    let mut conditions = String::new();
    let mut and = |condition: &str, value: Value| {
        values.push(value);
        conditions.push_str(" AND ");
        conditions.push_str(&condition.replace("$n", &format!("${}", values.len())));
    };
    // On SQLite a search reads an index that holds all of this, from end to end if
    // it must (ADR 8); an index on the status alone would send it to the rows, which
    // are many times larger. So `||` hides the column from that.
    let hidden = if searches { " || ''" } else { "" };
    if let Some(status) = filter.status {
        let condition = format!("x.status{hidden} = $n");
        and(&condition, Value::from(status.as_str()));
    }
    if let Some(source) = filter.source {
        let condition = format!("x.source{hidden} = $n");
        and(&condition, Value::from(source.as_str()));
    }
    if let Some(role) = filter.role {
        // The first half is the partial index's own condition.
        let condition = "x.roles <> '' AND ' ' || x.roles || ' ' LIKE $n";
        and(condition, Value::from(format!("% {role} %")));
    }
    for word in words {
        let Some(pattern) = dialect::like_anywhere(&word.to_lowercase()) else {
            return Ok(Vec::new());
        };
        and("x.search_text LIKE $n ESCAPE '\\'", Value::from(pattern));
    }
    // Without a search a group is gone through member by member: few of many
    // users may be in it.
    let from = match &filter.group {
        Some(group) if searches => {
            let member = "EXISTS (SELECT 1 FROM group_members m \
                 WHERE m.user_id = x.id AND m.group_id = $n)";
            and(member, Value::from(group));
            "users x WHERE x.id > $1"
        }
        Some(group) => {
            and("m.group_id = $n", Value::from(group));
            "group_members m CROSS JOIN users x WHERE m.user_id > $1 AND x.id = m.user_id"
        }
        None => "users x WHERE x.id > $1",
    };
    let order = if from.starts_with("users") {
        "x.id"
    } else {
        "m.user_id"
    };
    values.push(Value::Int(
        i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1),
    ));
    let sql = select(&format!(
        "WHERE u.id IN (SELECT x.id FROM {from}{conditions} ORDER BY {order} LIMIT ${}) \
         ORDER BY u.id",
        values.len()
    ));
    let rows = tx.query(&sql, &values).await?;
    rows.into_iter()
        .map(|row| read(&mut row.reader()))
        .collect()
}
