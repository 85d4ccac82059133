//! Edits at once: none undoes another.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use doorward::directory::edit::{UserEdit, attribute_set};
use doorward::directory::groups::GroupEdit;
use doorward::directory::policy::LoginPolicy;
use doorward::directory::settings::{Settings, SettingsEdit};
use doorward::directory::{DirectoryError, Refusal};
use doorward::domain::{Field, GroupId};
use doorward::platform::storage::StorageError;

use crate::place::{
    Kind, Place, gateway, login, login_at, open_policy, profile, raw_postgres, slug,
};

on_both!(
    attributes_edited_side_by_side_all_survive,
    attributes_taken_away_side_by_side_all_go,
    fields_and_attributes_edited_during_logins_all_survive,
    settings_edited_side_by_side_all_survive,
    memberships_edited_side_by_side_all_survive,
    a_group_is_renamed_and_described_at_once,
    of_two_logins_at_once_one_gives_the_groups,
    a_deleted_group_has_no_members,
    without_a_lasting_identifier_nobody_comes_in,
);

const SETS: [Field; 2] = [Field::ExtensionAttributes, Field::CustomAttributes];

fn attribute(field: Field, key: &str, value: Option<&str>) -> UserEdit {
    let change = BTreeMap::from([(key.to_owned(), value.map(ToOwned::to_owned))]);
    UserEdit {
        attributes: BTreeMap::from([(field, change)]),
        ..UserEdit::default()
    }
}

async fn attributes_edited_side_by_side_all_survive(place: Place) {
    let ada = place.user_at("ada@example.com").await;
    let edits: Vec<_> = (0..20)
        .map(|n| {
            let (place, id) = (place.clone(), ada.id.clone());
            tokio::spawn(async move {
                let edit = attribute(SETS[n % 2], &format!("a{n}"), Some(&format!("v{n}")));
                place.directory.edit_user(&id, edit, gateway()).await
            })
        })
        .collect();
    for edit in edits {
        edit.await.unwrap().unwrap();
    }
    let read = place.directory.user(&ada.id).await.unwrap();
    for n in 0..20 {
        let set = attribute_set(read.profile.get(SETS[n % 2]));
        assert_eq!(set.get(&format!("a{n}")), Some(&format!("v{n}")), "{set:?}");
    }
    let told = place.actions(ada.id.as_str()).await;
    assert_eq!(told.iter().filter(|a| *a == "user.updated").count(), 20);
}

async fn attributes_taken_away_side_by_side_all_go(place: Place) {
    let ada = place.user_at("ada@example.com").await;
    let all: BTreeMap<_, _> = (0..20)
        .map(|n| (format!("a{n}"), Some("v".into())))
        .collect();
    let edit = UserEdit {
        attributes: BTreeMap::from([(Field::CustomAttributes, all)]),
        ..UserEdit::default()
    };
    place
        .directory
        .edit_user(&ada.id, edit, gateway())
        .await
        .unwrap();
    let edits: Vec<_> = (0..20)
        .map(|n| {
            let (place, id) = (place.clone(), ada.id.clone());
            tokio::spawn(async move {
                let edit = attribute(Field::CustomAttributes, &format!("a{n}"), None);
                place.directory.edit_user(&id, edit, gateway()).await
            })
        })
        .collect();
    for edit in edits {
        edit.await.unwrap().unwrap();
    }
    let read = place.directory.user(&ada.id).await.unwrap();
    assert_eq!(read.profile.get(Field::CustomAttributes), None);
}

async fn fields_and_attributes_edited_during_logins_all_survive(place: Place) {
    let ada = place
        .admitted(login("a", "ada@example.com"), &open_policy())
        .await
        .user;
    let tasks: Vec<_> = (0..30)
        .map(|n| {
            let (place, id) = (place.clone(), ada.id.clone());
            tokio::spawn(async move {
                match n % 3 {
                    0 => {
                        let edit =
                            attribute(Field::ExtensionAttributes, &format!("a{n}"), Some("v"));
                        place
                            .directory
                            .edit_user(&id, edit, gateway())
                            .await
                            .unwrap();
                    }
                    1 => {
                        let fields = [Field::Phone, Field::Mobile, Field::JobTitle];
                        let edit = profile(&[(fields[n / 3 % 3], &format!("v{n}"))]);
                        place.edit(&id, edit).await.unwrap();
                    }
                    _ => {
                        let department = format!("d{n}");
                        let fields = [
                            (Field::Email, "ada@example.com"),
                            (Field::Department, department.as_str()),
                        ];
                        place
                            .admitted(login_at("okta", "a", &fields), &open_policy())
                            .await;
                    }
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    let read = place.directory.user(&ada.id).await.unwrap();
    let set = attribute_set(read.profile.get(Field::ExtensionAttributes));
    assert_eq!(set.len(), 10, "{set:?}");
    for field in [
        Field::Phone,
        Field::Mobile,
        Field::JobTitle,
        Field::Department,
    ] {
        assert!(read.profile.get(field).is_some(), "{field}");
    }
}

async fn settings_edited_side_by_side_all_survive(place: Place) {
    let defaults = Settings {
        allowed_domains: vec!["*".into()],
        home_realm_discovery: false,
        password_login: true,
        passkeys: true,
    };
    for round in 0..10 {
        let domains = vec![format!("round{round}.example.com")];
        let discovery = round % 2 == 0;
        let one = SettingsEdit {
            allowed_domains: Some(Some(domains.clone())),
            ..SettingsEdit::default()
        };
        let other = SettingsEdit {
            home_realm_discovery: Some(Some(discovery)),
            ..SettingsEdit::default()
        };
        let directory = &place.directory;
        let (one, other) = tokio::join!(
            directory.edit_settings(one, &defaults, gateway()),
            directory.edit_settings(other, &defaults, gateway()),
        );
        one.unwrap();
        other.unwrap();
        let expected = Settings {
            allowed_domains: domains,
            home_realm_discovery: discovery,
            password_login: true,
            passkeys: true,
        };
        assert_eq!(directory.settings(&defaults).await.unwrap(), expected);
    }
}

async fn group(place: &Place, name: &str) -> GroupId {
    let directory = &place.directory;
    let made = directory
        .create_group(name.to_owned(), None, gateway())
        .await;
    made.unwrap().id
}

async fn memberships_edited_side_by_side_all_survive(place: Place) {
    let ada = place.user_at("ada@example.com").await;
    let grace = place.user_at("grace@example.com").await;
    let mut groups = Vec::new();
    for n in 0..10 {
        groups.push(group(&place, &format!("g{n}")).await);
    }
    let mut tasks = Vec::new();
    for (n, id) in groups.iter().enumerate() {
        for user in [&ada, &grace] {
            let (place, id, user) = (place.clone(), id.clone(), user.clone());
            tasks.push(tokio::spawn(async move {
                let directory = &place.directory;
                directory
                    .set_member(&id, &user.id, true, gateway())
                    .await
                    .unwrap();
                if n % 2 == 0 {
                    directory
                        .set_member(&id, &user.id, false, gateway())
                        .await
                        .unwrap();
                }
            }));
        }
    }
    for task in tasks {
        task.await.unwrap();
    }
    for (n, id) in groups.iter().enumerate() {
        let members = place.directory.group(id).await.unwrap().members;
        assert_eq!(members, if n % 2 == 0 { 0 } else { 2 }, "g{n}");
    }
}

async fn a_group_is_renamed_and_described_at_once(place: Place) {
    let id = group(&place, "Staff").await;
    for round in 0..10 {
        let (name, description) = (format!("Staff {round}"), format!("Those of {round}"));
        let rename = GroupEdit {
            name: Some(name.clone()),
            ..GroupEdit::default()
        };
        let describe = GroupEdit {
            description: Some(Some(description.clone())),
            ..GroupEdit::default()
        };
        let directory = &place.directory;
        let (one, other) = tokio::join!(
            directory.edit_group(&id, rename, gateway()),
            directory.edit_group(&id, describe, gateway()),
        );
        one.unwrap();
        other.unwrap();
        let read = directory.group(&id).await.unwrap().group;
        assert_eq!((read.name, read.description), (name, Some(description)));
    }
}

async fn of_two_logins_at_once_one_gives_the_groups(place: Place) {
    place
        .admitted(login("a", "ada@example.com"), &open_policy())
        .await;
    for round in 0..8 {
        let logins: Vec<_> = (0..4)
            .map(|n| {
                let place = place.clone();
                tokio::spawn(async move {
                    let mut observation = login("a", "ada@example.com");
                    observation.groups = Some(BTreeSet::from([format!("g{round}-{n}")]));
                    place.admitted(observation, &open_policy()).await.user
                })
            })
            .collect();
        let mut user = None;
        for login in logins {
            user = Some(login.await.unwrap().id);
        }
        let groups = place.directory.groups_of(user.into_iter().collect()).await;
        let groups: Vec<_> = groups.unwrap().into_values().flatten().collect();
        assert_eq!(groups.len(), 1, "{groups:?}");
        assert!(groups[0].name.starts_with(&format!("g{round}-")));
    }
}

async fn a_deleted_group_has_no_members(place: Place) {
    let ada = place.user_at("ada@example.com").await;
    for round in 0..8 {
        let id = group(&place, &format!("g{round}")).await;
        let directory = &place.directory;
        let (joined, deleted) = tokio::join!(
            directory.set_member(&id, &ada.id, true, gateway()),
            directory.delete_group(&id, gateway()),
        );
        deleted.unwrap();
        assert!(
            matches!(joined, Ok(()) | Err(DirectoryError::NotFound("group"))),
            "{joined:?}"
        );
        let left = place.count("SELECT COUNT(*) FROM group_members").await;
        assert_eq!(left, 0);
    }
}

/// What would let a person in once and never again lets nobody in.
async fn without_a_lasting_identifier_nobody_comes_in(place: Place) {
    let closed = LoginPolicy {
        link_by_email: false,
        ..open_policy()
    };
    let only_address = || login_at("okta", "", &[(Field::Email, "ada@example.com")]);
    let refusal = place.refused(only_address(), &closed).await;
    assert_eq!(refusal, Refusal::NoLastingIdentifier);
    assert_eq!(refusal.code(), "login.no_lasting_identifier");
    assert!(refusal.to_string().contains("transient"), "{refusal}");
    assert_eq!(place.count("SELECT COUNT(*) FROM users").await, 0);
    let with_upn = || {
        let fields = [(Field::Email, "ada@example.com"), (Field::Upn, "ada@corp")];
        login_at("okta", "", &fields)
    };
    // A UPN that the provider does not vouch for is none.
    let mut unvouched = with_upn();
    unvouched.upn_vouched = false;
    assert_eq!(
        place.refused(unvouched, &closed).await,
        Refusal::NoLastingIdentifier
    );
    let first = place.admitted(with_upn(), &closed).await;
    assert!(first.created);
    let second = place.admitted(with_upn(), &closed).await;
    assert!(!second.created);
    assert_eq!(second.user.id, first.user.id);
    // Where addresses link, the address is enough.
    place.admitted(only_address(), &open_policy()).await;
}

fn on_postgres<F: Future<Output = ()>>(test: impl FnOnce(Place) -> F) {
    crate::place::run(Kind::Postgres, test);
}

/// Waits until something of this database waits for a lock.
async fn somebody_waits(place: &Place) {
    let watch = raw_postgres(&place.ground.url).await;
    let waits = "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() \
                 AND wait_event_type = 'Lock'";
    for _ in 0..400 {
        let row = watch.query_one(waits, &[]).await.unwrap();
        if row.get::<_, i64>(0) > 0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("nobody waits");
}

async fn left_of_okta(place: &Place) -> (i64, i64) {
    (
        place
            .count("SELECT COUNT(*) FROM external_identities WHERE provider = 'okta'")
            .await,
        place
            .count("SELECT COUNT(*) FROM sessions WHERE provider = 'okta'")
            .await,
    )
}

#[test]
fn a_sign_in_during_the_deletion_of_its_provider_leaves_nothing() {
    on_postgres(async |place| {
        place
            .admitted(login("a", "ada@example.com"), &open_policy())
            .await;
        let other = raw_postgres(&place.ground.url).await;
        let deletion = "BEGIN; SELECT 1 FROM providers WHERE slug = 'okta' FOR UPDATE; \
                        DELETE FROM external_identities WHERE provider = 'okta'; \
                        DELETE FROM sessions WHERE provider = 'okta'; \
                        DELETE FROM providers WHERE slug = 'okta'";
        other.batch_execute(deletion).await.unwrap();
        let at = place.clone();
        let sign_in = tokio::spawn(async move {
            at.sign_in(login("a", "ada@example.com"), &open_policy())
                .await
        });
        somebody_waits(&place).await;
        other.batch_execute("COMMIT").await.unwrap();
        let outcome = sign_in.await.unwrap();
        assert!(
            matches!(
                outcome,
                Err(DirectoryError::Storage(StorageError::Conflict(_)))
            ),
            "{outcome:?}"
        );
        assert_eq!(left_of_okta(&place).await, (0, 0));
    });
}

#[test]
fn the_deletion_of_a_provider_waits_for_the_sign_ins_under_way() {
    on_postgres(async |place| {
        let ada = place
            .admitted(login("a", "ada@example.com"), &open_policy())
            .await
            .user;
        let other = raw_postgres(&place.ground.url).await;
        let sign_in = format!(
            "BEGIN; SELECT 1 FROM providers WHERE slug = 'okta' FOR KEY SHARE; \
             INSERT INTO external_identities VALUES ('okta', 'i', 'new', '{0}', 0, 0); \
             INSERT INTO sessions VALUES ('h', '{0}', 'okta', '{{}}', 0, 0, 9999999999999)",
            ada.id
        );
        other.batch_execute(&sign_in).await.unwrap();
        let at = place.clone();
        let deletion =
            tokio::spawn(
                async move { at.directory.delete_provider(&slug("okta"), gateway()).await },
            );
        somebody_waits(&place).await;
        other.batch_execute("COMMIT").await.unwrap();
        deletion.await.unwrap().unwrap();
        assert_eq!(left_of_okta(&place).await, (0, 0));
    });
}

#[test]
fn sign_ins_and_deletion_at_once_leave_nothing() {
    on_postgres(async |place| {
        place
            .admitted(login("a", "ada@example.com"), &open_policy())
            .await;
        let tasks: Vec<_> = (0..12)
            .map(|n| {
                let place = place.clone();
                tokio::spawn(async move {
                    let observation = login(&format!("s{n}"), &format!("p{n}@example.com"));
                    drop(place.sign_in(observation, &open_policy()).await);
                })
            })
            .collect();
        tokio::time::sleep(Duration::from_millis(5)).await;
        let outcome = place
            .directory
            .delete_provider(&slug("okta"), gateway())
            .await;
        outcome.unwrap();
        for task in tasks {
            task.await.unwrap();
        }
        assert_eq!(left_of_okta(&place).await, (0, 0));
    });
}
