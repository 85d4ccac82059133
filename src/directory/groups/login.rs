//! The internal groups that a login's values map to.

use std::collections::BTreeSet;

use super::{COLUMNS, add, insert, internal_by_name, read, record_member};
use crate::directory::audit::{self, Target};
use crate::directory::error::DirectoryError;
use crate::directory::reconcile::Context;
use crate::directory::users;
use crate::domain::{Group, GroupId, Slug, Source, UserId, address};
use crate::platform::storage::{StorageError, Tx, params};

/// Gives a user the internal groups that a login's group values map to, and
/// takes away those that an earlier login of the same provider gave.
pub(in crate::directory) async fn follow_login(
    tx: &mut Tx,
    user: &UserId,
    provider: &Slug,
    wanted: &BTreeSet<String>,
    context: &Context<'_>,
) -> Result<(), DirectoryError> {
    // Of two logins at once the later one's groups stand, not those of both.
    if !users::hold(tx, user).await? {
        return Err(StorageError::stale("the user was shut out in the meantime").into());
    }
    let channel = format!("login:{provider}");
    let sql = format!(
        "SELECT {COLUMNS} FROM groups g JOIN group_members m ON m.group_id = g.id \
         WHERE m.user_id = $1 AND m.channel = $2"
    );
    let rows = tx.query(&sql, params![user, &channel]).await?;
    let given: Result<Vec<Group>, _> = rows
        .into_iter()
        .map(|row| read(&mut row.reader()))
        .collect();
    let wanted_keys: BTreeSet<String> = wanted
        .iter()
        .filter_map(|name| address::name_key(name))
        .collect();
    for group in given? {
        let key = address::name_key(&group.name).unwrap_or_default();
        if !wanted_keys.contains(&key) {
            let sql = "DELETE FROM group_members WHERE group_id = $1 AND user_id = $2";
            tx.execute(sql, params![&group.id, user]).await?;
            record_member(tx, &group, user, "group.member_removed", context).await?;
        }
    }
    // A name that no group can have maps to nothing; it keeps nobody out.
    for name in wanted.iter().filter(|n| address::name_key(n).is_some()) {
        let group = match internal_by_name(tx, name).await? {
            Some(group) => group,
            None => create_mapped(tx, name, context).await?,
        };
        if add(tx, &group.id, user, &channel, context.now).await? {
            record_member(tx, &group, user, "group.member_added", context).await?;
        }
    }
    Ok(())
}

/// An admin named the group in the provider's `group_map`: that is enough to
/// make it.
async fn create_mapped(
    tx: &mut Tx,
    name: &str,
    context: &Context<'_>,
) -> Result<Group, DirectoryError> {
    let group = Group {
        id: GroupId::new(context.now, context.entropy),
        name: name.trim().to_owned(),
        description: None,
        external: false,
        source: Source::Manual,
        owner: None,
        external_id: None,
        created_at: context.now,
        updated_at: context.now,
    };
    insert(tx, &group).await?;
    let target = Target {
        kind: "group",
        id: group.id.as_str(),
        name,
    };
    let at = (context.now, context.entropy);
    audit::record(tx, at, context.actor, "group.created", target, &[]).await?;
    Ok(group)
}
