//! An admin's or a script's hand on one user: fields, status and roles, in one
//! transaction or not at all.
//!
//! The fields go the way of every channel, through
//! [`reconcile`](super::reconcile): what another channel keeps stays with it.
//! Unlike a channel, a hand that creates never falls back on somebody who is
//! here already.

use std::collections::{BTreeMap, BTreeSet};

use super::audit::Actor;
use super::error::DirectoryError;
use super::lifecycle::{self, Access};
use super::reconcile::{self, Context, Mode};
use super::{Directory, users};
use crate::domain::{Channel, Field, Observation, Profile, Role, Status, Timestamp, User, UserId};
use crate::platform::storage::{StorageError, Tx};

/// What is to become of a user. What is not named stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UserEdit {
    /// Fields and their new values.
    pub profile: Profile,
    /// Fields that become empty.
    pub cleared: BTreeSet<Field>,
    /// Single values of the two attribute sets; `None` takes one away. They
    /// are merged into what stands when the edit is written.
    pub attributes: BTreeMap<Field, BTreeMap<String, Option<String>>>,
    /// A new status.
    pub status: Option<Status>,
    /// New roles. Whether the actor may grant them is for the caller to ask.
    pub roles: Option<BTreeSet<Role>>,
    /// The version of the user that the edit was made from; a user of another
    /// one is left alone. `None` changes whatever stands.
    pub expected: Option<i64>,
}

/// Longest value of an attribute, in characters.
pub const LONGEST_ATTRIBUTE: usize = 1024;

/// The keys of an attribute set.
pub fn attribute_names(field: Field) -> impl Iterator<Item = String> {
    let (stem, count) = attribute_stem(field);
    (1..=count).map(move |n| format!("{stem}{n}"))
}

/// What the keys of an attribute set begin with, and how many there are.
#[must_use]
pub const fn attribute_stem(field: Field) -> (&'static str, usize) {
    match field {
        Field::ExtensionAttributes => ("extensionAttribute", 10),
        _ => ("spCustomAttribute", 5),
    }
}

impl UserEdit {
    /// Whether the edit could make an admin of somebody: it grants or takes roles,
    /// or it redirects the identifiers by which somebody with a role signs in.
    #[must_use]
    pub fn needs_admin(&self, before: &User) -> bool {
        let identifiers = [Field::Email, Field::Upn, Field::UserName];
        let differs = |field: &Field| {
            self.cleared.contains(field)
                || self
                    .profile
                    .get(*field)
                    .is_some_and(|new| before.profile.get(*field) != Some(new))
        };
        self.roles.is_some() || (!before.roles.is_empty() && identifiers.iter().any(differs))
    }

    /// The fields as an observation of somebody with this profile so far.
    fn observation(&self, before: &Profile) -> Result<Observation, DirectoryError> {
        let mut profile = self.profile.clone();
        let mut cleared = self.cleared.clone();
        for (field, changes) in &self.attributes {
            let text = before.get(*field).filter(|_| !cleared.contains(field));
            let mut set = attribute_set(text);
            for (key, value) in changes {
                match value {
                    Some(value) => set.insert(key.clone(), value.clone()),
                    None => set.remove(key),
                };
            }
            if set.is_empty() {
                cleared.insert(*field);
            } else {
                let text = serde_json::to_string(&set)
                    .map_err(|e| StorageError::Statement(e.to_string()))?;
                cleared.remove(field);
                profile.set(*field, text);
            }
        }
        let after = |field| match profile.get(field) {
            None if cleared.contains(&field) => None,
            None => before.get(field),
            value => value,
        };
        let time = |field| after(field).and_then(Timestamp::parse_rfc3339);
        if let (Some(from), Some(to)) = (time(Field::ValidFrom), time(Field::ValidTo))
            && to < from
        {
            let reason = "must not lie before valid_from";
            return Err(DirectoryError::invalid(Field::ValidTo.name(), reason));
        }
        let mut observation = Observation::new(Channel::Manual, profile);
        observation.cleared = cleared;
        Ok(observation)
    }
}

/// The values of an attribute set; empty when there are none.
#[must_use]
pub fn attribute_set(text: Option<&str>) -> BTreeMap<String, String> {
    text.and_then(|text| serde_json::from_str(text).ok())
        .unwrap_or_default()
}

impl Directory {
    /// Makes a user. Somebody who has one of the identifiers already is a
    /// [`DirectoryError::Taken`], never the one who is edited instead.
    pub async fn create_user(&self, edit: UserEdit, actor: Actor) -> Result<User, DirectoryError> {
        let directory = self.clone();
        self.db
            .write(move |tx| {
                let (edit, actor, directory) = (edit.clone(), actor.clone(), directory.clone());
                Box::pin(async move { create(tx, &directory, &edit, &actor).await })
            })
            .await
    }

    /// Changes a user.
    pub async fn edit_user(
        &self,
        id: &UserId,
        edit: UserEdit,
        actor: Actor,
    ) -> Result<User, DirectoryError> {
        let (id, directory) = (id.clone(), self.clone());
        self.db
            .write(move |tx| {
                let (id, edit) = (id.clone(), edit.clone());
                let (actor, directory) = (actor.clone(), directory.clone());
                Box::pin(async move { update(tx, &directory, &id, &edit, &actor).await })
            })
            .await
    }
}

/// Makes a user inside a transaction, as [`Directory::create_user`] does.
///
/// # Errors
/// As there.
pub async fn create(
    tx: &mut Tx,
    directory: &Directory,
    edit: &UserEdit,
    actor: &Actor,
) -> Result<User, DirectoryError> {
    let observation = edit.observation(&Profile::default())?;
    refuse_taken(tx, &observation.profile, None).await?;
    let user = observe(tx, directory, &observation, actor).await?;
    finish(tx, directory, user, edit, actor).await
}

async fn update(
    tx: &mut Tx,
    directory: &Directory,
    id: &UserId,
    edit: &UserEdit,
    actor: &Actor,
) -> Result<User, DirectoryError> {
    // Held from here on: the sets of attributes are merged into what was read.
    let before = users::locked(tx, id)
        .await?
        .ok_or(DirectoryError::NotFound("user"))?;
    if edit
        .expected
        .is_some_and(|version| version != before.version)
    {
        return Err(DirectoryError::Changed);
    }
    let mut observation = edit.observation(&before.profile)?;
    observation.target = Some(id.clone());
    refuse_taken(tx, &observation.profile, Some(id)).await?;
    let user = observe(tx, directory, &observation, actor).await?;
    finish(tx, directory, user, edit, actor).await
}

async fn observe(
    tx: &mut Tx,
    directory: &Directory,
    observation: &Observation,
    actor: &Actor,
) -> Result<User, DirectoryError> {
    let context = Context {
        actor,
        policy: None,
        mode: Mode::Apply,
        now: directory.now(),
        entropy: &directory.entropy,
    };
    let outcome = reconcile::reconcile(tx, observation, &context).await?;
    lifecycle::keep_a_valid_admin(tx, directory, &outcome).await?;
    Ok(outcome.user)
}

/// Status and roles come after the fields, under the rules of the lifecycle.
async fn finish(
    tx: &mut Tx,
    directory: &Directory,
    user: User,
    edit: &UserEdit,
    actor: &Actor,
) -> Result<User, DirectoryError> {
    let access = Access {
        status: edit.status,
        roles: edit.roles.clone(),
    };
    lifecycle::amend(tx, directory, user, &access, actor).await
}

/// Refuses identifiers of somebody else by name. The unique indexes have the
/// last word all the same.
async fn refuse_taken(
    tx: &mut Tx,
    profile: &Profile,
    but: Option<&UserId>,
) -> Result<(), DirectoryError> {
    for field in [Field::Email, Field::Upn, Field::UserName] {
        let Some(value) = profile.get(field) else {
            continue;
        };
        let holder = match field {
            Field::Email => users::by_email(tx, value).await?,
            Field::Upn => users::by_upn(tx, value).await?,
            _ => users::by_user_name(tx, value).await?,
        };
        if holder.is_some_and(|holder| Some(&holder.id) != but) {
            return Err(DirectoryError::Taken {
                what: field.name(),
                value: value.to_owned(),
                kind: "user",
            });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn profile(pairs: &[(Field, &str)]) -> Profile {
        pairs
            .iter()
            .fold(Profile::default(), |p, (f, v)| p.with(*f, *v))
    }

    #[test]
    fn attribute_sets_merge() {
        let field = Field::ExtensionAttributes;
        let before = profile(&[(field, r#"{"a":"1","b":"2"}"#)]);
        let mut edit = UserEdit::default();
        let changes = [("a", None), ("c", Some("3"))];
        edit.attributes.insert(
            field,
            changes
                .map(|(k, v)| (k.to_owned(), v.map(str::to_owned)))
                .into(),
        );
        let merged = edit.observation(&before).unwrap();
        assert_eq!(merged.profile.get(field), Some(r#"{"b":"2","c":"3"}"#));

        // Taking away the last one empties the field.
        let changes = [("a", None), ("b", None)].map(|(k, v)| (k.to_owned(), v));
        edit.attributes.insert(field, changes.into());
        let emptied = edit.observation(&before).unwrap();
        assert_eq!(emptied.profile.get(field), None);
        assert!(emptied.cleared.contains(&field));
    }

    #[test]
    fn a_validity_that_ends_before_it_begins_is_none() {
        let before = profile(&[(Field::ValidFrom, "2026-05-01T00:00:00Z")]);
        let ends = |text: &str| UserEdit {
            profile: profile(&[(Field::ValidTo, text)]),
            ..UserEdit::default()
        };
        assert!(matches!(
            ends("2026-04-30T00:00:00Z").observation(&before),
            Err(DirectoryError::Invalid { field, .. }) if field == "valid_to"
        ));
        assert!(ends("2026-05-02T00:00:00Z").observation(&before).is_ok());
        // The beginning goes in the same edit.
        let mut edit = ends("2026-04-30T00:00:00Z");
        edit.cleared.insert(Field::ValidFrom);
        assert!(edit.observation(&before).is_ok());
    }
}
