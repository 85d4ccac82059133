//! A person whom an admin adds with everything at once: the user, the groups, the key
//! that waits for them. All of it or nothing.

use super::Passkeys;
use super::enrolment::{self, Told};
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
    /// The key: what it is, and its name.
    pub key: Option<(KeyKind, String)>,
}

/// What has become of it.
#[derive(Clone, Debug)]
pub struct Welcomed {
    /// The user: pending until the key is activated, if there is one.
    pub user: User,
    /// The key with the secret of its link.
    pub key: Option<(Passkey, Told)>,
}

impl Passkeys {
    /// Adds a person.
    ///
    /// # Errors
    /// [`DirectoryError::Taken`] when an identifier is somebody's,
    /// [`DirectoryError::NotFound`] for a group that has gone, and what the database
    /// says.
    pub async fn add_person(
        &self,
        newcomer: Newcomer,
        actor: Actor,
    ) -> Result<Welcomed, DirectoryError> {
        let state = self.clone();
        self.directory
            .db
            .write(move |tx| {
                let (state, newcomer) = (state.clone(), newcomer.clone());
                let actor = actor.clone();
                Box::pin(async move { add(tx, &state, newcomer, &actor).await })
            })
            .await
    }
}

async fn add(
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
    let Some((kind, name)) = newcomer.key else {
        return Ok(Welcomed { user, key: None });
    };
    let by = By {
        actor,
        now: directory.now(),
        entropy: &directory.entropy,
    };
    let key = enrolment::assign(tx, &user, (kind, &name), None, by).await?;
    Ok(Welcomed {
        user,
        key: Some(key),
    })
}
