//! Groups, memberships, and what logins give and take.

use std::collections::BTreeSet;

use doorward::directory::DirectoryError;
use doorward::directory::audit::EventFilter;
use doorward::directory::groups::GroupEdit;
use doorward::domain::{Group, GroupId, Source, User, UserId};
use doorward::platform::storage::params;

use crate::place::{Place, changed, gateway, identity, login, login_at, open_policy};

on_both!(
    a_group_is_made_changed_and_deleted,
    names_are_unique_whatever_their_case,
    names_and_descriptions_that_cannot_be_are_refused,
    being_put_in_twice_is_being_in_once,
    what_is_not_there_is_not_found,
    an_external_group_is_read_only,
    a_deleted_user_is_in_no_group,
    groups_are_searched_and_listed,
    a_login_gives_and_takes_what_its_map_says,
    a_login_takes_nothing_that_it_did_not_give,
    a_login_finds_groups_that_are_there,
    a_name_that_no_group_can_have_keeps_nobody_out,
);

async fn make(place: &Place, name: &str) -> Group {
    place
        .directory
        .create_group(name.to_owned(), None, gateway())
        .await
        .unwrap()
}

/// The names of a user's groups.
async fn of(place: &Place, user: &UserId) -> Vec<String> {
    let mut all = place.directory.groups_of(vec![user.clone()]).await.unwrap();
    let groups = all.remove(user).unwrap_or_default();
    groups.into_iter().map(|g| g.name).collect()
}

async fn set(place: &Place, group: &Group, user: &User, member: bool) {
    place
        .directory
        .set_member(&group.id, &user.id, member, gateway())
        .await
        .unwrap();
}

async fn a_group_is_made_changed_and_deleted(place: Place) {
    let directory = &place.directory;
    let text = Some("All of us".to_owned());
    let made = directory
        .create_group(" Staff ".into(), text, gateway())
        .await
        .unwrap();
    assert_eq!(made.name, "Staff");
    assert!(!made.external);
    let read = directory.group(&made.id).await.unwrap();
    assert_eq!((read.group, read.members), (made.clone(), 0));
    place.wait(5);
    let edit = GroupEdit {
        name: Some("Crew".into()),
        description: Some(None),
        ..GroupEdit::default()
    };
    directory
        .edit_group(&made.id, edit, gateway())
        .await
        .unwrap();
    let read = directory.group(&made.id).await.unwrap().group;
    assert_eq!(
        (read.name.as_str(), read.description.as_deref()),
        ("Crew", None)
    );
    assert_eq!(read.updated_at, place.now());
    assert_eq!(read.created_at, made.created_at);
    assert_eq!(
        place.changes(made.id.as_str(), "group.updated").await,
        [
            changed("name", "Staff", "Crew"),
            changed("description", "All of us", "")
        ]
    );
    // An edit of nothing is nothing.
    directory
        .edit_group(&made.id, GroupEdit::default(), gateway())
        .await
        .unwrap();
    let same = GroupEdit {
        name: Some("Crew".into()),
        description: None,
        ..GroupEdit::default()
    };
    directory
        .edit_group(&made.id, same, gateway())
        .await
        .unwrap();
    let user = place.user_at("ada@example.com").await;
    set(&place, &read, &user, true).await;
    directory.delete_group(&made.id, gateway()).await.unwrap();
    assert!(of(&place, &user.id).await.is_empty());
    directory.user(&user.id).await.unwrap();
    let outcome = directory.group(&made.id).await;
    assert!(matches!(outcome, Err(DirectoryError::NotFound("group"))));
    assert_eq!(
        place.actions(made.id.as_str()).await,
        [
            "group.created",
            "group.deleted",
            "group.member_added",
            "group.updated"
        ]
    );
    // The name is free again.
    make(&place, "crew").await;
}

async fn names_are_unique_whatever_their_case(place: Place) {
    let staff = make(&place, "Größe").await;
    let other = make(&place, "Other").await;
    for name in [
        "Größe",
        "gröSSe".to_lowercase().replace("ss", "ß").as_str(),
        " GRÖßE ",
    ] {
        let outcome = place
            .directory
            .create_group(name.into(), None, gateway())
            .await;
        assert!(
            matches!(outcome, Err(DirectoryError::Taken { what: "name", .. })),
            "{name}"
        );
        let edit = GroupEdit {
            name: Some(name.into()),
            description: None,
            ..GroupEdit::default()
        };
        let outcome = place
            .directory
            .edit_group(&other.id, edit.clone(), gateway())
            .await;
        assert!(
            matches!(outcome, Err(DirectoryError::Taken { what: "name", .. })),
            "{name}"
        );
        // Its own name is nobody else's.
        place
            .directory
            .edit_group(&staff.id, edit, gateway())
            .await
            .unwrap();
    }
    assert_eq!(place.count("SELECT COUNT(*) FROM groups").await, 2);
}

async fn names_and_descriptions_that_cannot_be_are_refused(place: Place) {
    let group = make(&place, "Staff").await;
    let long = "x".repeat(257);
    for name in ["", "  ", "a\0b", "a\u{202e}b", long.as_str()] {
        let outcome = place
            .directory
            .create_group(name.into(), None, gateway())
            .await;
        assert!(
            matches!(outcome, Err(DirectoryError::Invalid { .. })),
            "{name:?}: {outcome:?}"
        );
        let edit = GroupEdit {
            name: Some(name.into()),
            description: None,
            ..GroupEdit::default()
        };
        let outcome = place.directory.edit_group(&group.id, edit, gateway()).await;
        assert!(
            matches!(outcome, Err(DirectoryError::Invalid { .. })),
            "{name:?}: {outcome:?}"
        );
    }
    for text in ["a\0b".to_owned(), "x".repeat(1025)] {
        let some = Some(text.clone());
        let outcome = place
            .directory
            .create_group("B".into(), some.clone(), gateway())
            .await;
        assert!(
            matches!(outcome, Err(DirectoryError::Invalid { .. })),
            "{outcome:?}"
        );
        let edit = GroupEdit {
            name: None,
            description: Some(some),
            ..GroupEdit::default()
        };
        let outcome = place.directory.edit_group(&group.id, edit, gateway()).await;
        assert!(
            matches!(outcome, Err(DirectoryError::Invalid { .. })),
            "{outcome:?}"
        );
    }
    assert_eq!(place.directory.group(&group.id).await.unwrap().group, group);
    make(&place, &"ü".repeat(256)).await;
}

async fn being_put_in_twice_is_being_in_once(place: Place) {
    let (group, user) = (
        make(&place, "Staff").await,
        place.user_at("ada@example.com").await,
    );
    for _ in 0..2 {
        set(&place, &group, &user, true).await;
    }
    assert_eq!(place.directory.group(&group.id).await.unwrap().members, 1);
    assert_eq!(of(&place, &user.id).await, ["Staff"]);
    for _ in 0..2 {
        set(&place, &group, &user, false).await;
    }
    assert_eq!(place.directory.group(&group.id).await.unwrap().members, 0);
    assert_eq!(
        place.actions(group.id.as_str()).await,
        [
            "group.created",
            "group.member_added",
            "group.member_removed"
        ]
    );
    let id = user.id.as_str();
    let added = place.changes(group.id.as_str(), "group.member_added").await;
    assert_eq!(added, [changed("members", "", id)]);
    let removed = place
        .changes(group.id.as_str(), "group.member_removed")
        .await;
    assert_eq!(removed, [changed("members", id, "")]);
}

async fn what_is_not_there_is_not_found(place: Place) {
    let nobody = UserId::parse("01234567-89ab-7def-8123-456789abcdef").unwrap();
    let nothing = GroupId::parse("01234567-89ab-7def-8123-456789abcdef").unwrap();
    let (group, user) = (
        make(&place, "Staff").await,
        place.user_at("ada@example.com").await,
    );
    let directory = &place.directory;
    for member in [true, false] {
        let outcome = directory
            .set_member(&group.id, &nobody, member, gateway())
            .await;
        assert!(matches!(outcome, Err(DirectoryError::NotFound("user"))));
        let outcome = directory
            .set_member(&nothing, &user.id, member, gateway())
            .await;
        assert!(matches!(outcome, Err(DirectoryError::NotFound("group"))));
    }
    let outcome = directory.delete_group(&nothing, gateway()).await;
    assert!(matches!(outcome, Err(DirectoryError::NotFound("group"))));
    let outcome = directory
        .edit_group(&nothing, GroupEdit::default(), gateway())
        .await;
    assert!(matches!(outcome, Err(DirectoryError::NotFound("group"))));
}

/// A group that a SCIM connection owns, with one member.
async fn external(place: &Place, name: &str, user: &User) -> GroupId {
    let id = GroupId::new(place.now(), &doorward::domain::Entropy::System);
    let sql = "INSERT INTO groups (id, name, name_key, is_external, source, owner, external_id, \
               created_at, updated_at) VALUES ($1, $2, $3, $4, 'scim', 'c1', $2, 0, 0)";
    let row = params![&id, name, name.to_lowercase(), true];
    place.execute(sql, row).await.unwrap();
    let sql = "INSERT INTO group_members (group_id, user_id, channel, created_at) \
               VALUES ($1, $2, 'scim:c1', 0)";
    place.execute(sql, params![&id, &user.id]).await.unwrap();
    id
}

async fn an_external_group_is_read_only(place: Place) {
    let (ada, grace) = (
        place.user_at("ada@example.com").await,
        place.user_at("grace@example.com").await,
    );
    let id = external(&place, "Staff", &ada).await;
    let directory = &place.directory;
    let edit = GroupEdit {
        name: Some("Crew".into()),
        description: None,
        ..GroupEdit::default()
    };
    for outcome in [
        directory.edit_group(&id, edit, gateway()).await,
        directory.delete_group(&id, gateway()).await,
        directory.set_member(&id, &grace.id, true, gateway()).await,
        directory.set_member(&id, &ada.id, false, gateway()).await,
    ] {
        assert!(
            matches!(outcome, Err(DirectoryError::ExternalGroup(Source::Scim))),
            "{outcome:?}"
        );
    }
    let read = directory.group(&id).await.unwrap();
    assert!(read.group.external);
    assert_eq!(read.group.owner.as_deref(), Some("c1"));
    assert_eq!(read.members, 1);
    // An internal group may have its name, and a login's map means that one.
    let internal = make(&place, "staff").await;
    let mut observation = login("g", "grace@example.com");
    observation.groups = Some(BTreeSet::from(["Staff".to_owned()]));
    place.admitted(observation, &open_policy()).await;
    assert_eq!(directory.group(&id).await.unwrap().members, 1);
    assert_eq!(directory.group(&internal.id).await.unwrap().members, 1);
}

async fn a_deleted_user_is_in_no_group(place: Place) {
    let (group, user) = (
        make(&place, "Staff").await,
        place.user_at("ada@example.com").await,
    );
    set(&place, &group, &user, true).await;
    place
        .directory
        .delete_user(&user.id, gateway())
        .await
        .unwrap();
    assert_eq!(place.directory.group(&group.id).await.unwrap().members, 0);
    assert_eq!(place.count("SELECT COUNT(*) FROM group_members").await, 0);
}

async fn groups_are_searched_and_listed(place: Place) {
    for n in 0..25 {
        make(&place, &format!("Group {n:02}")).await;
    }
    for name in ["100% Wool", "A_B", "AXB", "Größe"] {
        make(&place, name).await;
    }
    let found = async |search: &str| {
        let page = place
            .directory
            .groups(Some(search.to_owned()), None, 50)
            .await
            .unwrap();
        page.items
            .into_iter()
            .map(|c| c.group.name)
            .collect::<Vec<_>>()
    };
    assert_eq!(found("%").await, ["100% Wool"]);
    assert_eq!(found("a_b").await, ["A_B"]);
    assert_eq!(found("GRÖ").await, ["Größe"]);
    assert_eq!(found("group").await.len(), 25);
    assert_eq!(found("a\0").await.len(), 0);
    let mut seen = BTreeSet::new();
    let mut cursor = None;
    loop {
        let page = place.directory.groups(None, cursor, 4).await.unwrap();
        for counted in page.items {
            assert!(seen.insert(counted.group.name), "twice");
        }
        cursor = page.next_cursor;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(seen.len(), 29);
}

async fn with_groups(place: &Place, provider: &str, names: Option<&[&str]>) -> UserId {
    let subject = "ada";
    let fields = [(doorward::domain::Field::Email, "ada@example.com")];
    let mut observation = login_at(provider, subject, &fields);
    observation.groups = names.map(|n| n.iter().map(|n| (*n).to_owned()).collect());
    assert_eq!(observation.identity, Some(identity(provider, subject)));
    place.admitted(observation, &open_policy()).await.user.id
}

async fn a_login_gives_and_takes_what_its_map_says(place: Place) {
    let ada = with_groups(&place, "okta", Some(&["Staff", "Admins", "Sales"])).await;
    // Named like a role, and yet only a group.
    assert!(place.directory.user(&ada).await.unwrap().roles.is_empty());
    assert_eq!(of(&place, &ada).await, ["Admins", "Sales", "Staff"]);
    with_groups(&place, "okta", Some(&["Staff", "Research"])).await;
    assert_eq!(of(&place, &ada).await, ["Research", "Staff"]);
    // A login that does not speak of groups says nothing of them.
    with_groups(&place, "okta", None).await;
    assert_eq!(of(&place, &ada).await, ["Research", "Staff"]);
    with_groups(&place, "okta", Some(&[])).await;
    assert!(of(&place, &ada).await.is_empty());
    let events = place
        .directory
        .audit(EventFilter::default(), None, 1000)
        .await
        .unwrap()
        .items;
    let told = |action: &str, group: &str| {
        events
            .iter()
            .filter(|e| e.action == action && e.target == group)
            .count()
    };
    for group in ["Staff", "Admins", "Sales", "Research"] {
        assert_eq!(told("group.created", group), 1, "{group}");
        assert_eq!(told("group.member_added", group), 1, "{group}");
        assert_eq!(told("group.member_removed", group), 1, "{group}");
    }
}

async fn a_login_takes_nothing_that_it_did_not_give(place: Place) {
    let user = place.user_at("ada@example.com").await;
    let by_hand = make(&place, "By hand").await;
    set(&place, &by_hand, &user, true).await;
    let outside = external(&place, "Pushed", &user).await;
    with_groups(&place, "okta", Some(&["From Okta", "By hand"])).await;
    with_groups(&place, "entra", Some(&["From Entra"])).await;
    assert_eq!(
        of(&place, &user.id).await,
        ["By hand", "From Entra", "From Okta", "Pushed"]
    );
    with_groups(&place, "okta", Some(&[])).await;
    assert_eq!(
        of(&place, &user.id).await,
        ["By hand", "From Entra", "Pushed"]
    );
    assert_eq!(place.directory.group(&outside).await.unwrap().members, 1);
}

async fn a_login_finds_groups_that_are_there(place: Place) {
    let group = make(&place, "Staff").await;
    let ada = with_groups(&place, "okta", Some(&["STAFF", " staff"])).await;
    assert_eq!(of(&place, &ada).await, ["Staff"]);
    assert_eq!(place.directory.group(&group.id).await.unwrap().members, 1);
    assert_eq!(place.count("SELECT COUNT(*) FROM groups").await, 1);
    // Renamed, it is no longer what the map says.
    let edit = GroupEdit {
        name: Some("Crew".into()),
        description: None,
        ..GroupEdit::default()
    };
    place
        .directory
        .edit_group(&group.id, edit, gateway())
        .await
        .unwrap();
    with_groups(&place, "okta", Some(&["Staff"])).await;
    assert_eq!(of(&place, &ada).await, ["Staff"]);
    assert_eq!(place.directory.group(&group.id).await.unwrap().members, 0);
}

async fn a_name_that_no_group_can_have_keeps_nobody_out(place: Place) {
    let long = "x".repeat(300);
    let ada = with_groups(&place, "okta", Some(&["", "a\0b", &long, "Staff"])).await;
    assert_eq!(of(&place, &ada).await, ["Staff"]);
}
