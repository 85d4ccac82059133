//! Access taken away and given back, roles, deletion, and the last admin.

use std::collections::BTreeSet;

use doorward::directory::DirectoryError;
use doorward::directory::edit::UserEdit;
use doorward::domain::{Field, Profile, Role, Status, User, UserId};

use crate::place::{Place, changed, gateway, login, open_policy, profile};
use crate::sessions::find;

on_both!(
    deactivation_ends_sessions_at_once,
    reactivation_brings_no_session_back,
    a_change_of_roles_ends_sessions,
    signing_out_everywhere_ends_sessions,
    deletion_leaves_nothing_of_the_person,
    the_last_active_admin_stays,
    who_is_not_active_or_not_admin_does_not_count,
    of_two_admins_whom_fifty_demote_one_stays,
    of_two_admins_taken_away_in_every_way_one_stays,
    two_admins_who_demote_each_other,
    the_first_admin_may_be_made_pending,
    who_cannot_sign_in_any_more_does_not_count,
    the_last_admin_does_not_expire_by_an_edit,
    a_change_of_status_is_called_what_it_is,
);

fn roles(roles: &[Role]) -> BTreeSet<Role> {
    roles.iter().copied().collect()
}

async fn deactivation_ends_sessions_at_once(place: Place) {
    let directory = &place.directory;
    let (outcome, begun) = place
        .sign_in(login("a", "ada@example.com"), &open_policy())
        .await
        .unwrap()
        .unwrap();
    let ada = outcome.user;
    let other = place.user_at("grace@example.com").await;
    let others = place.begin(&other.id).await.unwrap();
    assert!(find(&place, &begun.secret).await.is_some());
    let shut_out = directory.deactivate(&ada.id, gateway()).await.unwrap();
    assert_eq!(shut_out.status, Status::Inactive);
    assert_eq!(directory.user(&ada.id).await.unwrap(), shut_out);
    assert!(find(&place, &begun.secret).await.is_none());
    assert!(find(&place, &others.secret).await.is_some());
    assert_eq!(place.count("SELECT COUNT(*) FROM sessions").await, 1);
    // Once more is nothing more.
    assert_eq!(
        directory.deactivate(&ada.id, gateway()).await.unwrap(),
        shut_out
    );
    assert_eq!(
        place.actions(ada.id.as_str()).await,
        ["user.created", "user.deactivated"]
    );
    assert_eq!(
        place.changes(ada.id.as_str(), "user.deactivated").await,
        [changed("status", "active", "inactive")]
    );
    let nobody = UserId::parse("01234567-89ab-7def-8123-456789abcdef").unwrap();
    let outcome = directory.deactivate(&nobody, gateway()).await;
    assert!(matches!(outcome, Err(DirectoryError::NotFound("user"))));
}

async fn reactivation_brings_no_session_back(place: Place) {
    let ada = place.user_at("ada@example.com").await;
    let begun = place.begin(&ada.id).await.unwrap();
    place
        .directory
        .deactivate(&ada.id, gateway())
        .await
        .unwrap();
    // Nor can one begin meanwhile.
    let outcome = place.begin(&ada.id).await;
    assert!(outcome.is_err(), "{outcome:?}");
    let back = place
        .directory
        .reactivate(&ada.id, gateway())
        .await
        .unwrap();
    assert_eq!(back.status, Status::Active);
    assert!(find(&place, &begun.secret).await.is_none());
    assert_eq!(place.count("SELECT COUNT(*) FROM sessions").await, 0);
    assert_eq!(
        place.changes(ada.id.as_str(), "user.reactivated").await,
        [changed("status", "inactive", "active")]
    );
}

async fn a_change_of_roles_ends_sessions(place: Place) {
    place.user_with("root@example.com", &[Role::Admin]).await;
    let ada = place.user_at("ada@example.com").await;
    let set = |r: &[Role]| place.directory.set_roles(&ada.id, roles(r), gateway());
    for (wanted, told) in [
        (&[Role::Auditor][..], changed("roles", "", "auditor")),
        (
            &[Role::Admin, Role::Auditor],
            changed("roles", "auditor", "admin auditor"),
        ),
        (
            &[Role::Auditor],
            changed("roles", "admin auditor", "auditor"),
        ),
        (&[], changed("roles", "auditor", "")),
    ] {
        place.wait(1);
        let begun = place.begin(&ada.id).await.unwrap();
        let after = set(wanted).await.unwrap();
        assert_eq!(after.roles, roles(wanted));
        assert_eq!(place.directory.user(&ada.id).await.unwrap(), after);
        assert!(find(&place, &begun.secret).await.is_none());
        let (field, before, after) = place
            .changes(ada.id.as_str(), "user.roles_changed")
            .await
            .remove(0);
        let text = |t: Option<String>| t.filter(|t| !t.is_empty());
        assert_eq!((field, text(before), text(after)), told);
    }
    // The same again ends nothing.
    let begun = place.begin(&ada.id).await.unwrap();
    set(&[]).await.unwrap();
    assert!(find(&place, &begun.secret).await.is_some());
}

async fn signing_out_everywhere_ends_sessions(place: Place) {
    let ada = place.user_at("ada@example.com").await;
    let first = place.begin(&ada.id).await.unwrap();
    place.begin(&ada.id).await.unwrap();
    let ended = place
        .directory
        .sign_out_everywhere(&ada.id, gateway())
        .await
        .unwrap();
    assert_eq!(ended, 2);
    assert!(find(&place, &first.secret).await.is_none());
    assert_eq!(
        place.changes(ada.id.as_str(), "user.signed_out").await,
        [changed("sessions", "2", "0")]
    );
    place.begin(&ada.id).await.unwrap();
}

async fn deletion_leaves_nothing_of_the_person(place: Place) {
    let directory = &place.directory;
    let mut observation = login("a", "ada@example.com");
    observation.groups = Some(BTreeSet::from(["Staff".to_owned()]));
    let (outcome, begun) = place
        .sign_in(observation.clone(), &open_policy())
        .await
        .unwrap()
        .unwrap();
    let ada = outcome.user;
    let mut closed = open_policy();
    closed.link_by_email = false;
    place.refused(login("m", "ada@example.com"), &closed).await;
    directory.delete_user(&ada.id, gateway()).await.unwrap();
    for table in [
        "users",
        "external_identities",
        "group_members",
        "conflicts",
        "sessions",
        "api_tokens",
    ] {
        let count = place.count(&format!("SELECT COUNT(*) FROM {table}")).await;
        assert_eq!(count, 0, "{table}");
    }
    assert!(find(&place, &begun.secret).await.is_none());
    // The log still tells of it.
    let actions = place.actions(ada.id.as_str()).await;
    assert!(actions.iter().any(|action| action == "user.deleted"));
    let outcome = directory.delete_user(&ada.id, gateway()).await;
    assert!(matches!(outcome, Err(DirectoryError::NotFound("user"))));
    // Whoever comes next is somebody else.
    let next = place.admitted(observation, &open_policy()).await;
    assert!(next.created);
    assert_ne!(next.user.id, ada.id);
}

async fn take_away(place: &Place, user: &User, how: usize) -> Result<(), DirectoryError> {
    let directory = &place.directory;
    match how % 4 {
        0 => directory
            .set_roles(&user.id, roles(&[]), gateway())
            .await
            .map(|_| ()),
        1 => directory
            .set_roles(&user.id, roles(&[Role::Auditor]), gateway())
            .await
            .map(|_| ()),
        2 => directory.deactivate(&user.id, gateway()).await.map(|_| ()),
        _ => directory.delete_user(&user.id, gateway()).await,
    }
}

async fn the_last_active_admin_stays(place: Place) {
    let root = place
        .user_with("root@example.com", &[Role::Admin, Role::Auditor])
        .await;
    let session = place.begin(&root.id).await.unwrap();
    for how in 0..4 {
        let outcome = take_away(&place, &root, how).await;
        assert!(
            matches!(outcome, Err(DirectoryError::LastAdmin)),
            "{how}: {outcome:?}"
        );
    }
    assert_eq!(place.directory.user(&root.id).await.unwrap(), root);
    assert!(find(&place, &session.secret).await.is_some());
    // Other roles may go.
    let admin_only = roles(&[Role::Admin]);
    place
        .directory
        .set_roles(&root.id, admin_only, gateway())
        .await
        .unwrap();
    // With a second one, the first may go in every way.
    for how in 0..4 {
        let email = format!("second{how}@example.com");
        let second = place.user_with(&email, &[Role::Admin]).await;
        take_away(&place, &second, how).await.unwrap();
        let outcome = take_away(&place, &root, how).await;
        assert!(
            matches!(outcome, Err(DirectoryError::LastAdmin)),
            "{how}: {outcome:?}"
        );
    }
}

async fn who_is_not_active_or_not_admin_does_not_count(place: Place) {
    let root = place.user_with("root@example.com", &[Role::Admin]).await;
    place
        .user_with("auditor@example.com", &[Role::Auditor, Role::UserManager])
        .await;
    let gone = place.user_with("gone@example.com", &[Role::Admin]).await;
    place
        .directory
        .deactivate(&gone.id, gateway())
        .await
        .unwrap();
    // A name that looks like the role is none.
    place.user_at("admin@example.com").await;
    let outcome = take_away(&place, &root, 2).await;
    assert!(
        matches!(outcome, Err(DirectoryError::LastAdmin)),
        "{outcome:?}"
    );
    // One who is shut out already may lose the role and be deleted.
    take_away(&place, &gone, 0).await.unwrap();
    take_away(&place, &gone, 3).await.unwrap();
    // And where there is no admin at all, everybody may go.
    place
        .execute("UPDATE users SET roles = '', version = version + 1", &[])
        .await
        .unwrap();
    take_away(&place, &root, 3).await.unwrap();
}

async fn active_admins(place: &Place) -> i64 {
    let sql = "SELECT COUNT(*) FROM users WHERE status = 'active' AND roles LIKE '%admin%'";
    place.count(sql).await
}

async fn demote_all(place: &Place, admins: [User; 2], how: fn(usize) -> usize) {
    let demotions: Vec<_> = (0..50)
        .map(|n| {
            let (place, user) = (place.clone(), admins[n % 2].clone());
            tokio::spawn(async move { take_away(&place, &user, how(n)).await })
        })
        .collect();
    for demotion in demotions {
        match demotion.await.unwrap() {
            Ok(()) | Err(DirectoryError::LastAdmin | DirectoryError::NotFound("user")) => {}
            Err(other) => panic!("{other:?}"),
        }
    }
}

async fn of_two_admins_whom_fifty_demote_one_stays(place: Place) {
    for round in 0..4 {
        let first = place
            .user_with(&format!("a{round}@example.com"), &[Role::Admin])
            .await;
        let second = place
            .user_with(&format!("b{round}@example.com"), &[Role::Admin])
            .await;
        demote_all(&place, [first, second], |_| 0).await;
        assert_eq!(active_admins(&place).await, 1);
        place
            .execute("UPDATE users SET roles = '', version = version + 1", &[])
            .await
            .unwrap();
    }
}

async fn of_two_admins_taken_away_in_every_way_one_stays(place: Place) {
    for round in 0..4 {
        let first = place
            .user_with(&format!("a{round}@example.com"), &[Role::Admin])
            .await;
        let second = place
            .user_with(&format!("b{round}@example.com"), &[Role::Admin])
            .await;
        // Both are attacked in each way.
        demote_all(&place, [first, second], |n| n / 2).await;
        assert_eq!(active_admins(&place).await, 1);
        place
            .execute("UPDATE users SET roles = '', version = version + 1", &[])
            .await
            .unwrap();
    }
}

async fn two_admins_who_demote_each_other(place: Place) {
    let mut first = place.user_with("a@example.com", &[Role::Admin]).await;
    let mut second = place.user_with("b@example.com", &[Role::Admin]).await;
    for _ in 0..15 {
        let (one, two) = tokio::join!(take_away(&place, &first, 0), take_away(&place, &second, 2));
        assert_eq!(
            u8::from(one.is_ok()) + u8::from(two.is_ok()),
            1,
            "{one:?} {two:?}"
        );
        assert_eq!(active_admins(&place).await, 1);
        for user in [&mut first, &mut second] {
            place
                .directory
                .reactivate(&user.id, gateway())
                .await
                .unwrap();
            let admin = roles(&[Role::Admin]);
            *user = place
                .directory
                .set_roles(&user.id, admin, gateway())
                .await
                .unwrap();
        }
    }
}

fn admin_edit(email: &str, status: Status) -> UserEdit {
    UserEdit {
        profile: profile(&[(Field::Email, email)]),
        status: Some(status),
        roles: Some(roles(&[Role::Admin])),
        ..UserEdit::default()
    }
}

/// Nobody is taken away: there was no admin before.
async fn the_first_admin_may_be_made_pending(place: Place) {
    let directory = &place.directory;
    let edit = admin_edit("root@example.com", Status::Pending);
    let root = directory.create_user(edit, gateway()).await.unwrap();
    assert_eq!(root.status, Status::Pending);
    assert_eq!(root.roles, roles(&[Role::Admin]));
    assert_eq!(directory.user(&root.id).await.unwrap(), root);
    // Nor does a pending one keep others from being taken away or made pending.
    let edit = admin_edit("other@example.com", Status::Pending);
    let other = directory.create_user(edit, gateway()).await.unwrap();
    take_away(&place, &other, 3).await.unwrap();
    // Somebody who is here becomes an admin who is pending, in one edit.
    let ada = place.user_at("ada@example.com").await;
    let edit = UserEdit {
        profile: Profile::default(),
        ..admin_edit("", Status::Pending)
    };
    let edited = directory.edit_user(&ada.id, edit, gateway()).await.unwrap();
    assert_eq!(edited.status, Status::Pending);
    // Once active, it is the last one and stays so.
    directory.reactivate(&root.id, gateway()).await.unwrap();
    for status in [Status::Pending, Status::Inactive] {
        let edit = UserEdit {
            status: Some(status),
            ..UserEdit::default()
        };
        let outcome = directory.edit_user(&root.id, edit, gateway()).await;
        assert!(
            matches!(outcome, Err(DirectoryError::LastAdmin)),
            "{status}: {outcome:?}"
        );
    }
}

async fn who_cannot_sign_in_any_more_does_not_count(place: Place) {
    let root = place.user_with("root@example.com", &[Role::Admin]).await;
    let validities = [
        (Field::ValidTo, "2025-12-31T00:00:00Z"),
        (Field::ValidFrom, "2026-02-01T00:00:00Z"),
    ];
    for (n, validity) in validities.into_iter().enumerate() {
        let email = format!("other{n}@example.com");
        let other = place.user_with(&email, &[Role::Admin]).await;
        place.edit(&other.id, profile(&[validity])).await.unwrap();
    }
    for how in 0..4 {
        let outcome = take_away(&place, &root, how).await;
        assert!(
            matches!(outcome, Err(DirectoryError::LastAdmin)),
            "{how}: {outcome:?}"
        );
    }
    // Where validity is not enforced they can sign in, and count.
    let lax = place.directory.clone().enforcing_validity(false);
    lax.deactivate(&root.id, gateway()).await.unwrap();
}

async fn the_last_admin_does_not_expire_by_an_edit(place: Place) {
    let root = place.user_with("root@example.com", &[Role::Admin]).await;
    let over = profile(&[(Field::ValidTo, "2025-12-31T00:00:00Z")]);
    let edit = UserEdit {
        profile: over.clone(),
        ..UserEdit::default()
    };
    let outcome = place
        .directory
        .edit_user(&root.id, edit.clone(), gateway())
        .await;
    assert!(
        matches!(outcome, Err(DirectoryError::LastAdmin)),
        "{outcome:?}"
    );
    let outcome = place.edit(&root.id, over.clone()).await;
    assert!(
        matches!(outcome, Err(DirectoryError::LastAdmin)),
        "{outcome:?}"
    );
    assert_eq!(place.directory.user(&root.id).await.unwrap(), root);
    // An end that lies ahead is none yet.
    let later = profile(&[(Field::ValidTo, "2026-12-31T00:00:00Z")]);
    place.edit(&root.id, later).await.unwrap();
    // With a second one it may; and whoever has expired may be edited again.
    place.user_with("second@example.com", &[Role::Admin]).await;
    place.edit(&root.id, over).await.unwrap();
    let earlier = profile(&[(Field::ValidTo, "2025-12-30T00:00:00Z")]);
    place.edit(&root.id, earlier).await.unwrap();
    let lax = place.directory.clone().enforcing_validity(false);
    lax.edit_user(&root.id, edit, gateway()).await.unwrap();
}

async fn a_change_of_status_is_called_what_it_is(place: Place) {
    let directory = &place.directory;
    let ada = place.user_at("ada@example.com").await;
    let begun = place.begin(&ada.id).await.unwrap();
    for (status, action, before) in [
        (Status::Pending, "user.made_pending", "active"),
        (Status::Active, "user.activated", "pending"),
        (Status::Inactive, "user.deactivated", "active"),
        (Status::Active, "user.reactivated", "inactive"),
    ] {
        let edit = UserEdit {
            status: Some(status),
            ..UserEdit::default()
        };
        directory.edit_user(&ada.id, edit, gateway()).await.unwrap();
        assert_eq!(
            place.changes(ada.id.as_str(), action).await,
            [changed("status", before, status.as_str())]
        );
    }
    assert_eq!(
        place.actions(ada.id.as_str()).await,
        [
            "user.activated",
            "user.created",
            "user.deactivated",
            "user.made_pending",
            "user.reactivated"
        ]
    );
    assert!(find(&place, &begun.secret).await.is_none());
}
