//! What an observation changes. Pure: data in, data out, and applying the
//! outcome twice is the same as applying it once.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::authority;
use super::error::DirectoryError;
use super::policy::LoginPolicy;
use crate::domain::{
    Channel, ExternalIdentity, Field, Observation, Profile, Source, Status, Timestamp, User,
    UserId, address,
};

/// One field's change, for the audit log, login traces and previews.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Change {
    /// The field, or another word for what changed (`status`, `roles`).
    pub field: String,
    /// The value before; `None` when there was none.
    pub before: Option<String>,
    /// The value after; `None` when there is none.
    pub after: Option<String>,
}

/// What is to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The user as it shall be.
    pub user: User,
    /// Whether the user is new.
    pub create: bool,
    /// What differs from before.
    pub changes: Vec<Change>,
    /// The identity to attach, if it is new to the user.
    pub attach: Option<ExternalIdentity>,
}

impl Plan {
    /// Whether the user's row has to be written.
    #[must_use]
    pub const fn touches_user(&self) -> bool {
        self.create || !self.changes.is_empty()
    }
}

/// Plans a new user. `taken` as for [`update`].
pub fn create(
    observation: &Observation,
    policy: Option<&LoginPolicy>,
    id: UserId,
    now: Timestamp,
    taken: &BTreeSet<Field>,
) -> Result<Plan, DirectoryError> {
    let source = observation.channel.source();
    let mut user = User {
        id,
        profile: Profile::default(),
        email_verified: false,
        status: Status::Active,
        roles: BTreeSet::new(),
        scim_id: observation.scim_id.clone(),
        source,
        owners: BTreeMap::new(),
        created_at: now,
        updated_at: now,
        last_login_at: None,
        version: 1,
    };
    let changes = apply(&mut user, observation, policy, true, taken)?;
    user.email_verified = observation.email_vouched && user.profile.get(Field::Email).is_some();
    Ok(Plan {
        user,
        create: true,
        changes,
        attach: observation.identity.clone(),
    })
}

/// Plans the changes to a user who is here. `taken` names identifiers of the
/// observation that belong to somebody else: they are left as they are.
pub fn update(
    before: &User,
    observation: &Observation,
    policy: Option<&LoginPolicy>,
    attach: bool,
    taken: &BTreeSet<Field>,
) -> Result<Plan, DirectoryError> {
    let mut user = before.clone();
    let mut changes = apply(&mut user, observation, policy, attach, taken)?;
    let address_changed = changes.iter().any(|c| c.field == Field::Email.name());
    if address_changed {
        user.email_verified = false;
    }
    let same_address = |a: &str, b: &str| address::email_key(a) == address::email_key(b);
    let says_address = observation.profile.get(Field::Email);
    let confirmed = says_address
        .zip(user.profile.get(Field::Email))
        .is_some_and(|(a, b)| same_address(a, b));
    if observation.email_vouched && confirmed {
        user.email_verified = true;
    }
    if user.email_verified != before.email_verified && !address_changed {
        changes.push(change(
            "email_verified",
            before.email_verified,
            user.email_verified,
        ));
    }
    if matches!(observation.channel, Channel::Login { .. }) && user.status == Status::Pending {
        user.status = Status::Active;
        changes.push(change("status", before.status, user.status));
    }
    if user.scim_id.is_none() && observation.scim_id.is_some() {
        user.scim_id.clone_from(&observation.scim_id);
        changes.push(Change {
            field: "scim_id".to_owned(),
            before: None,
            after: observation.scim_id.clone(),
        });
    }
    let attach = if attach {
        observation.identity.clone()
    } else {
        None
    };
    Ok(Plan {
        user,
        create: false,
        changes,
        attach,
    })
}

/// A change of something that prints.
#[must_use]
#[expect(
    clippy::needless_pass_by_value,
    reason = "called with values and references alike"
)]
pub fn change(field: &str, before: impl ToString, after: impl ToString) -> Change {
    Change {
        field: field.to_owned(),
        before: Some(before.to_string()),
        after: Some(after.to_string()),
    }
}

/// What differs between two JSON objects, key by key. Of keys that are `hidden`
/// only that they changed is told.
pub(super) fn json_changes(
    before: &serde_json::Map<String, serde_json::Value>,
    after: &serde_json::Map<String, serde_json::Value>,
    hidden: &[&str],
) -> Vec<Change> {
    let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let text = |map: &serde_json::Map<String, serde_json::Value>, key: &str| match map.get(key) {
        None | Some(serde_json::Value::Null) => None,
        Some(_) if hidden.contains(&key) => Some("(a document)".to_owned()),
        Some(serde_json::Value::String(text)) => Some(text.clone()),
        Some(other) => Some(other.to_string()),
    };
    names
        .into_iter()
        .filter(|key| before.get(*key) != after.get(*key))
        .map(|key| Change {
            field: key.clone(),
            before: text(before, key),
            after: text(after, key),
        })
        .collect()
}

fn apply(
    user: &mut User,
    observation: &Observation,
    policy: Option<&LoginPolicy>,
    first_time: bool,
    taken: &BTreeSet<Field>,
) -> Result<Vec<Change>, DirectoryError> {
    let source = observation.channel.source();
    let synced = |field: Field| policy.is_none_or(|p| p.sync_fields.contains(&field));
    let mut changes = Vec::new();
    let set = observation
        .profile
        .iter()
        .map(|(field, value)| (field, Some(value)));
    let clear = observation.cleared.iter().map(|field| (*field, None));
    for (field, value) in set.chain(clear) {
        if taken.contains(&field) || !(first_time || synced(field)) {
            continue;
        }
        let before = user.profile.get(field).map(ToOwned::to_owned);
        let value = value.map(|value| match observation.channel {
            Channel::Login { .. } => completed(field, before.as_deref(), value),
            _ => value.to_owned(),
        });
        let differs = before != value;
        if let Some(owner) = authority::kept_by(user, field, source) {
            if differs && source == Source::Manual {
                return Err(DirectoryError::Owned { field, owner });
            }
            continue;
        }
        // A login owns what it refreshes; what it only gave once is anybody's.
        if synced(field) && value.is_some() {
            user.owners.insert(field, source);
        } else if differs {
            user.owners.remove(&field);
        }
        if !differs {
            continue;
        }
        match &value {
            Some(value) => user.profile.set(field, value),
            None => user.profile.remove(field),
        }
        changes.push(Change {
            field: field.name().to_owned(),
            before,
            after: value,
        });
    }
    Ok(changes)
}

/// A login says nothing of the numbered attributes that it does not carry: they
/// stay as they are.
fn completed(field: Field, before: Option<&str>, value: &str) -> String {
    if !matches!(field, Field::ExtensionAttributes | Field::CustomAttributes) {
        return value.to_owned();
    }
    let read = |text: &str| serde_json::from_str::<BTreeMap<String, String>>(text).ok();
    match (before.and_then(read), read(value)) {
        (Some(mut all), Some(new)) => {
            all.extend(new);
            serde_json::to_string(&all).unwrap_or_else(|_| value.to_owned())
        }
        _ => value.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Entropy, Slug};
    use proptest::prelude::*;

    fn login(profile: Profile) -> Observation {
        let provider = Slug::parse("okta").expect("a slug");
        let mut o = Observation::new(
            Channel::Login {
                provider,
                source: Source::Saml,
            },
            profile,
        );
        o.email_vouched = true;
        o
    }

    fn policy(sync_fields: &[Field]) -> LoginPolicy {
        LoginPolicy {
            allowed_domains: vec!["*".into()],
            gateway_domains: vec!["*".into()],
            jit: true,
            sync_fields: sync_fields.to_vec(),
            link_by_email: true,
            one_subject_per_user: false,
            enforce_validity: true,
        }
    }

    fn new_user(profile: Profile, policy: &LoginPolicy) -> User {
        let id = UserId::new(Timestamp(1), &Entropy::System);
        let none = BTreeSet::new();
        create(&login(profile), Some(policy), id, Timestamp(1), &none)
            .expect("a plan")
            .user
    }

    #[test]
    fn later_logins_refresh_only_what_is_set_to_sync() {
        let policy = policy(&[Field::Department]);
        let first = Profile::default()
            .with(Field::Department, "A")
            .with(Field::JobTitle, "Clerk");
        let user = new_user(first, &policy);
        let later = Profile::default()
            .with(Field::Department, "B")
            .with(Field::JobTitle, "Chief");
        let plan =
            update(&user, &login(later), Some(&policy), false, &BTreeSet::new()).expect("a plan");
        assert_eq!(plan.user.profile.get(Field::Department), Some("B"));
        assert_eq!(plan.user.profile.get(Field::JobTitle), Some("Clerk"));
        assert_eq!(
            plan.user.owners.get(&Field::Department),
            Some(&Source::Saml)
        );
        assert_eq!(plan.user.owners.get(&Field::JobTitle), None);
    }

    #[test]
    fn an_admin_cannot_change_what_a_login_keeps_but_can_change_the_rest() {
        let policy = policy(&[Field::Department]);
        let user = new_user(
            Profile::default()
                .with(Field::Department, "A")
                .with(Field::Phone, "1"),
            &policy,
        );
        let by_hand = |p| Observation::new(Channel::Manual, p);
        let none = BTreeSet::new();
        let owned = update(
            &user,
            &by_hand(Profile::default().with(Field::Department, "X")),
            None,
            false,
            &none,
        );
        assert!(matches!(
            owned,
            Err(DirectoryError::Owned {
                field: Field::Department,
                owner: Source::Saml
            })
        ));
        let same = update(
            &user,
            &by_hand(Profile::default().with(Field::Department, "A")),
            None,
            false,
            &none,
        );
        assert!(same.expect("no change is no offence").changes.is_empty());
        let free = update(
            &user,
            &by_hand(Profile::default().with(Field::Phone, "2")),
            None,
            false,
            &none,
        );
        assert_eq!(
            free.expect("a plan").user.profile.get(Field::Phone),
            Some("2")
        );
    }

    #[test]
    fn a_new_address_by_hand_is_unverified() {
        let policy = policy(&[]);
        let user = new_user(
            Profile::default().with(Field::Email, "ada@example.com"),
            &policy,
        );
        assert!(user.email_verified);
        let by_hand = Observation::new(
            Channel::Manual,
            Profile::default().with(Field::Email, "new@example.com"),
        );
        let plan = update(&user, &by_hand, None, false, &BTreeSet::new()).expect("a plan");
        assert!(!plan.user.email_verified);
    }

    #[test]
    fn a_login_completes_the_numbered_attributes() {
        let policy = policy(&[Field::ExtensionAttributes]);
        let with = |text: &str| Profile::default().with(Field::ExtensionAttributes, text);
        let first = with(r#"{"extensionAttribute1":"a","extensionAttribute2":"b"}"#);
        let later = with(r#"{"extensionAttribute2":"c"}"#);
        let user = new_user(first, &policy);
        let plan = update(&user, &login(later), Some(&policy), false, &BTreeSet::new());
        let user = plan.expect("a plan").user;
        let all = user.profile.get(Field::ExtensionAttributes);
        assert_eq!(
            all,
            Some(r#"{"extensionAttribute1":"a","extensionAttribute2":"c"}"#)
        );
    }

    fn any_profile() -> impl Strategy<Value = Profile> {
        proptest::collection::btree_map(0..Field::ALL.len(), "[a-z]{0,3}", 0..6).prop_map(|map| {
            map.into_iter()
                .fold(Profile::default(), |p, (i, v)| p.with(Field::ALL[i], v))
        })
    }

    proptest! {
        #[test]
        fn applying_twice_is_applying_once(first in any_profile(), later in any_profile(), attach: bool) {
            let policy = policy(&[Field::Name, Field::Department, Field::Email]);
            let user = new_user(first, &policy);
            let observation = login(later);
            let none = BTreeSet::new();
            let once = update(&user, &observation, Some(&policy), attach, &none).expect("a plan");
            let twice = update(&once.user, &observation, Some(&policy), attach, &none).expect("a plan");
            prop_assert_eq!(&twice.user, &once.user);
            prop_assert!(twice.changes.is_empty());
        }

        #[test]
        fn a_partial_observation_erases_nothing(first in any_profile(), later in any_profile()) {
            let policy = policy(Field::ALL);
            let user = new_user(first.clone(), &policy);
            let plan = update(&user, &login(later), Some(&policy), false, &BTreeSet::new()).expect("a plan");
            for (field, _) in first.iter() {
                prop_assert!(plan.user.profile.get(field).is_some());
            }
        }

        #[test]
        fn no_channel_grants_a_role(first in any_profile()) {
            prop_assert!(new_user(first, &policy(Field::ALL)).roles.is_empty());
        }
    }
}
