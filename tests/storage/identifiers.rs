//! Clearing UPNs and external ids, so that the identity provider can set new ones.

use std::sync::Arc;

use doorward::directory::DirectoryError;
use doorward::directory::identifiers::{Cleared, MOST, Selection};
use doorward::directory::resolve::Matched;
use doorward::domain::{Field, Role, Status, User, UserId};

use crate::place::{Place, by, gateway, login, open_policy, profile};
use crate::sessions::find;

on_both!(
    who_is_cleared_is_found_again_by_the_address,
    everything_before_stands_in_the_audit_log,
    what_was_looked_at_is_what_is_cleared,
    of_two_at_once_one_clears,
    administrators_and_oneself_are_spared_unless_meant,
    people_are_found_by_any_name_and_by_group,
    a_login_at_the_same_moment_brings_nothing_back,
    too_many_at_once_are_refused,
);

fn only(users: &[&User]) -> Selection {
    Selection {
        users: users.iter().map(|user| user.id.clone()).collect(),
        ..Selection::default()
    }
}

async fn clear(place: &Place, selection: Selection) -> Cleared {
    let cleared = place
        .directory
        .clear_identifiers(selection, None, gateway());
    cleared.await.unwrap()
}

/// Somebody who has signed in with this subject, address and UPN.
async fn person(place: &Place, subject: &str, email: &str, upn: &str) -> User {
    // Ids sort by the time at which they were made.
    place.wait(1);
    let mut observation = login(subject, email);
    observation.profile.set(Field::Upn, upn);
    place.admitted(observation, &open_policy()).await.user
}

async fn who_is_cleared_is_found_again_by_the_address(place: Place) {
    let ada = person(&place, "old-1", "ada@example.com", "ada@old.example").await;
    let begun = place.begin(&ada.id).await.unwrap();
    let cleared = clear(&place, only(&[&ada])).await;
    assert_eq!(cleared.cleared.len(), 1);
    let after = place.directory.user(&ada.id).await.unwrap();
    assert_eq!(after.profile.get(Field::Upn), None);
    assert_eq!(after.profile.get(Field::Email), Some("ada@example.com"));
    assert_eq!(after.status, Status::Active);
    assert!(!after.owners.contains_key(&Field::Upn));
    let belongings = place.directory.belongings_of(&ada.id).await.unwrap();
    assert_eq!(belongings.identities, []);
    assert!(find(&place, &begun.secret).await.is_none());

    let mut observation = login("new-1", "ada@example.com");
    observation.profile.set(Field::Upn, "ada.king@new.example");
    let outcome = place.admitted(observation, &open_policy()).await;
    assert_eq!(outcome.user.id, ada.id);
    assert!(!outcome.created);
    assert_eq!(outcome.matched_by, Some(Matched::Email));
    let upn = outcome.user.profile.get(Field::Upn);
    assert_eq!(upn, Some("ada.king@new.example"));
    // From now on the new one finds her, and the old one would be another person.
    let again = login("new-1", "ada@example.com");
    let again = place.admitted(again, &open_policy()).await;
    assert_eq!(again.matched_by, Some(Matched::ExternalId));
    // There is nothing left to clear twice.
    let nobody = place.user_at("bare@example.com").await;
    let cleared = clear(&place, only(&[&nobody])).await;
    assert_eq!((cleared.cleared.len(), cleared.without.len()), (0, 1));
}

async fn everything_before_stands_in_the_audit_log(place: Place) {
    let ada = person(&place, "old-1", "ada@example.com", "ada@old.example").await;
    clear(&place, only(&[&ada])).await;
    let issuer = crate::place::identity("okta", "old-1").issuer;
    let gone = |field: &str, before: &str| (field.to_owned(), Some(before.to_owned()), None);
    assert_eq!(
        place
            .changes(ada.id.as_str(), "user.identifiers_cleared")
            .await,
        [
            gone("upn", "ada@old.example"),
            gone("external_ids.okta", "old-1"),
            gone("external_ids.okta.issuer", &issuer),
        ]
    );
}

async fn what_was_looked_at_is_what_is_cleared(place: Place) {
    let ada = person(&place, "a", "ada@example.com", "ada@old.example").await;
    let eve = person(&place, "e", "eve@example.com", "eve@old.example").await;
    let selection = only(&[&ada, &eve]);
    let directory = &place.directory;
    let preview = directory.preview_clearing(selection.clone(), gateway());
    let preview = preview.await.unwrap();
    assert_eq!(preview.cleared.len(), 2);
    place
        .edit(&eve.id, profile(&[(Field::Phone, "1")]))
        .await
        .unwrap();
    let late = directory.clear_identifiers(selection.clone(), Some(preview.digest), gateway());
    assert!(matches!(late.await, Err(DirectoryError::Changed)));
    assert_eq!(
        directory.user(&ada.id).await.unwrap(),
        ada,
        "nothing was written"
    );
    let preview = directory.preview_clearing(selection.clone(), gateway());
    let digest = preview.await.unwrap().digest;
    let done = directory.clear_identifiers(selection.clone(), Some(digest.clone()), gateway());
    assert_eq!(done.await.unwrap().cleared.len(), 2);
    // The same form once more.
    let twice = directory.clear_identifiers(selection, Some(digest), gateway());
    assert!(matches!(twice.await, Err(DirectoryError::Changed)));
}

async fn of_two_at_once_one_clears(place: Place) {
    let mut people = Vec::new();
    for n in 0..20 {
        people.push(person(&place, &format!("s{n}"), &format!("u{n}@example.com"), "").await);
    }
    let selection = only(&people.iter().collect::<Vec<_>>());
    let mut backwards = selection.clone();
    backwards.users.reverse();
    let digest = place
        .directory
        .preview_clearing(selection.clone(), gateway());
    let digest = Arc::new(digest.await.unwrap().digest);
    let at_once = |selection: Selection| {
        let (place, digest) = (place.clone(), Arc::clone(&digest));
        tokio::spawn(async move {
            let expected = Some(digest.to_string());
            let done = place
                .directory
                .clear_identifiers(selection, expected, gateway());
            done.await.map(|cleared| cleared.cleared.len())
        })
    };
    let (one, other) = (at_once(selection), at_once(backwards));
    let outcomes = [one.await.unwrap(), other.await.unwrap()];
    let done = outcomes.iter().filter(|o| matches!(o, Ok(20))).count();
    let told = outcomes
        .iter()
        .filter(|o| matches!(o, Err(DirectoryError::Changed)))
        .count();
    assert_eq!((done, told), (1, 1), "{outcomes:?}");
    for user in &people {
        let cleared = place.actions(user.id.as_str()).await;
        let cleared = cleared
            .iter()
            .filter(|a| *a == "user.identifiers_cleared")
            .count();
        assert_eq!(cleared, 1);
    }
}

async fn administrators_and_oneself_are_spared_unless_meant(place: Place) {
    let root = person(&place, "r", "root@example.com", "root@old.example").await;
    let boss = person(&place, "b", "boss@example.com", "boss@old.example").await;
    let ada = person(&place, "a", "ada@example.com", "ada@old.example").await;
    for admin in [&root, &boss] {
        let roles = [Role::Admin].into();
        place
            .directory
            .set_roles(&admin.id, roles, gateway())
            .await
            .unwrap();
    }
    let root = place.directory.user(&root.id).await.unwrap();
    let ids = |cleared: &Cleared| -> Vec<UserId> {
        cleared.cleared.iter().map(|c| c.user.id.clone()).collect()
    };
    let preview = async |administrators, oneself| {
        let selection = Selection {
            administrators,
            oneself,
            ..only(&[&root, &boss, &ada])
        };
        place
            .directory
            .preview_clearing(selection, by(&root))
            .await
            .unwrap()
    };
    let found = preview(false, false).await;
    assert_eq!(ids(&found), std::slice::from_ref(&ada.id));
    assert!(found.oneself);
    assert_eq!(found.administrators.len(), 1);
    let found = preview(true, false).await;
    assert_eq!(ids(&found), [boss.id.clone(), ada.id.clone()]);
    assert!(found.oneself && found.administrators.is_empty());
    let found = preview(false, true).await;
    assert_eq!(ids(&found), [root.id.clone(), ada.id.clone()]);
    assert!(!found.oneself);
    assert_eq!(ids(&preview(true, true).await).len(), 3);
}

async fn people_are_found_by_any_name_and_by_group(place: Place) {
    let ada = person(&place, "a", "ada@example.com", "ada@old.example").await;
    let eve = person(&place, "e", "eve@example.com", "eve@old.example").await;
    let joe = person(&place, "j", "joe@example.com", "eve@example.com").await;
    // By hand, without an address: nothing would find them again.
    let lost = profile(&[(Field::Upn, "lost@old.example")]);
    let lost = place.user(lost).await;
    let group = place
        .directory
        .create_group("Engines".into(), None, gateway());
    let group = group.await.unwrap();
    for user in [&ada, &lost] {
        let added = place
            .directory
            .set_member(&group.id, &user.id, true, gateway());
        added.await.unwrap();
    }
    let names = [
        "ADA@old.example",
        " ada@example.com",
        "eve@example.com",
        "",
        "nobody@x.example",
        "a\0b",
    ];
    let selection = Selection {
        names: names.map(str::to_owned).into(),
        ..Selection::default()
    };
    let found = place
        .directory
        .preview_clearing(selection, gateway())
        .await
        .unwrap();
    let ids: Vec<_> = found.cleared.iter().map(|c| &c.user.id).collect();
    assert_eq!(ids, [&ada.id], "once, although named twice");
    // Eve's address is Joe's UPN: who is meant?
    assert_eq!(found.ambiguous, ["eve@example.com"]);
    assert_eq!(found.unknown, ["a\0b", "nobody@x.example"]);
    let selection = Selection {
        users: vec![
            joe.id.clone(),
            UserId::parse("01234567-89ab-7def-8123-456789abcdef").unwrap(),
        ],
        group: Some(group.id.clone()),
        ..Selection::default()
    };
    let found = place
        .directory
        .preview_clearing(selection, gateway())
        .await
        .unwrap();
    let ids: Vec<_> = found.cleared.iter().map(|c| &c.user.id).collect();
    assert_eq!(ids, [&ada.id, &joe.id]);
    assert_eq!(found.lost.len(), 1);
    assert_eq!(found.unknown, ["01234567-89ab-7def-8123-456789abcdef"]);
    assert!(!ids.contains(&&eve.id));
    place
        .directory
        .delete_group(&group.id, gateway())
        .await
        .unwrap();
    let selection = Selection {
        group: Some(group.id),
        ..Selection::default()
    };
    let gone = place.directory.preview_clearing(selection, gateway()).await;
    assert!(matches!(gone, Err(DirectoryError::NotFound("group"))));
}

async fn a_login_at_the_same_moment_brings_nothing_back(place: Place) {
    for n in 0..10 {
        let email = format!("u{n}@example.com");
        let user = person(&place, &format!("old-{n}"), &email, "").await;
        let (mine, theirs) = (place.clone(), place.clone());
        let selection = only(&[&user]);
        let clearing = tokio::spawn(async move {
            mine.directory
                .clear_identifiers(selection, None, gateway())
                .await
        });
        let sign_in = tokio::spawn(async move {
            theirs
                .admitted(login(&format!("old-{n}"), &email), &open_policy())
                .await
        });
        clearing.await.unwrap().unwrap();
        let outcome = sign_in.await.unwrap();
        assert_eq!(
            outcome.user.id, user.id,
            "before or after, it is the same person"
        );
        // Before: the identity is gone. After: it was attached anew, and says so.
        let left = place.directory.belongings_of(&user.id).await.unwrap();
        let anew = place.actions(user.id.as_str()).await;
        let anew = anew.iter().filter(|a| *a == "user.identity_linked").count();
        assert_eq!(left.identities.len(), anew);
    }
}

async fn too_many_at_once_are_refused(place: Place) {
    let id = UserId::parse("01234567-89ab-7def-8123-456789abcdef").unwrap();
    for selection in [
        Selection {
            users: vec![id; MOST + 1],
            ..Selection::default()
        },
        Selection {
            names: vec!["a@example.com".to_owned(); MOST + 1],
            ..Selection::default()
        },
    ] {
        let outcome = place
            .directory
            .clear_identifiers(selection, None, gateway());
        assert!(matches!(outcome.await, Err(DirectoryError::Invalid { .. })));
    }
}
