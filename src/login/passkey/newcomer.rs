//! A person whom an admin adds with everything at once: the user, the groups, the key
//! that waits for them. All of it or nothing.

use super::Passkeys;
use super::delivery::{self, Delivery, Handed};
use crate::directory::edit::{self, UserEdit};
use crate::directory::passkeys::{By, KeyKind, Passkey};
use crate::directory::{Actor, DirectoryError, groups};
use crate::domain::{GroupId, Status, User};
use crate::platform::storage::Tx;

/// What an admin wants.
#[derive(Clone, Debug, Default)]
pub struct Newcomer {
    /// The profile.
    pub edit: UserEdit,
    /// The groups.
    pub groups: Vec<GroupId>,
    /// The key: what it is, its name, and how its link goes to the person.
    pub key: Option<(KeyKind, String, Delivery)>,
}

/// What has become of it.
#[derive(Clone, Debug)]
pub struct Welcomed {
    /// The user: pending until the key is activated, if there is one.
    pub user: User,
    /// The key, and what became of its link.
    pub key: Option<(Passkey, Handed)>,
}

/// Adds a person, within a unit that may do more.
///
/// # Errors
/// [`DirectoryError::Taken`] when an identifier is somebody's,
/// [`DirectoryError::NotFound`] for a group that has gone, and what the database
/// says.
pub async fn add(
    tx: &mut Tx,
    state: &Passkeys,
    mut newcomer: Newcomer,
    actor: &Actor,
) -> Result<Welcomed, DirectoryError> {
    let directory = &state.directory;
    if newcomer.key.is_some() {
        newcomer.edit.status = Some(Status::Pending);
    }
    let user = edit::create(tx, directory, &newcomer.edit, actor).await?;
    for group in &newcomer.groups {
        groups::put_in(tx, directory, group, &user.id, actor).await?;
    }
    let Some((kind, name, delivery)) = newcomer.key else {
        return Ok(Welcomed { user, key: None });
    };
    let by = By {
        actor,
        now: directory.now(),
        entropy: &directory.entropy,
    };
    let what = (kind, name.as_str(), delivery);
    let key = delivery::assign(tx, state, &user, what, by).await?;
    Ok(Welcomed {
        user,
        key: Some(key),
    })
}
