//! Users: made, read, edited, searched and listed.

use std::collections::BTreeSet;

use doorward::directory::DirectoryError;
use doorward::directory::audit::EventFilter;
use doorward::directory::edit::UserEdit;
use doorward::directory::reconcile::{Mode, longest};
use doorward::directory::users::UserFilter;
use doorward::domain::{Channel, Entropy, Field, Observation, Source, Status, User, UserId};

use crate::place::{Place, START, about, by, changed, gateway, login, open_policy, profile, slug};

on_both!(
    a_user_comes_back_as_it_was_made,
    an_edit_changes_what_it_names_and_is_told,
    an_edit_that_changes_nothing_writes_nothing,
    a_cleared_field_is_empty,
    a_preview_writes_nothing,
    an_identifier_of_somebody_else_is_refused_by_name,
    a_hand_that_makes_somebody_finds_nobody,
    values_that_cannot_be_are_refused,
    identifiers_that_cannot_be_are_refused,
    nobody_is_not_found,
    a_search_finds_words_and_signs,
    the_longest_values_are_kept_and_found,
    lists_are_narrowed,
    pages_lose_nobody_and_show_nobody_twice,
    a_cursor_that_no_list_gave_is_refused,
);

fn every_field() -> Vec<(Field, &'static str)> {
    vec![
        (Field::UserName, "Ada.L"),
        (Field::Upn, "Ada@Corp.example"),
        (Field::Email, "Ada@Example.com"),
        (Field::Name, "Ada Lovelace 🔑"),
        (Field::GivenName, "Ada"),
        (Field::FamilyName, "Lovelace"),
        (Field::Department, "Forschung & Entwicklung"),
        (Field::JobTitle, "Countess"),
        (Field::Phone, "+44 20 1"),
        (Field::Mobile, "+44 7 2"),
        (Field::Language, "en-GB"),
        (Field::CostCenter, "4711"),
        (Field::ExtensionAttributes, r#"{"extensionAttribute1":"x"}"#),
        (Field::CustomAttributes, r#"{"spCustomAttribute1":"y"}"#),
        (Field::PhotoUrl, "https://example.com/ada.png"),
        (Field::ValidFrom, "2025-01-01T00:00:00Z"),
        (Field::ValidTo, "2030-01-01T00:00:00+02:00"),
    ]
}

async fn a_user_comes_back_as_it_was_made(place: Place) {
    let fields = every_field();
    assert_eq!(fields.len(), Field::ALL.len());
    let made = place.user(profile(&fields)).await;
    let read = place.directory.user(&made.id).await.unwrap();
    assert_eq!(read, made);
    for (field, value) in fields {
        assert_eq!(read.profile.get(field), Some(value), "{field}");
    }
    assert_eq!(read.status, Status::Active);
    assert_eq!(read.source, Source::Manual);
    assert!(read.roles.is_empty());
    assert!(!read.email_verified);
    assert_eq!((read.created_at, read.updated_at), (START, START));
    assert_eq!(read.last_login_at, None);
    assert_eq!(read.version, 1);
    assert_eq!(place.actions(made.id.as_str()).await, ["user.created"]);
    let changes = place.changes(made.id.as_str(), "user.created").await;
    assert!(changes.contains(&changed("email", "", "Ada@Example.com")));
    // An empty user comes back as well.
    let empty = place.user(profile(&[])).await;
    assert_eq!(place.directory.user(&empty.id).await.unwrap(), empty);
    assert_eq!(place.directory.active_users().await.unwrap(), 2);
}

async fn an_edit_changes_what_it_names_and_is_told(place: Place) {
    let admin = place.user_at("admin@example.com").await;
    let made = place.user(profile(&every_field())).await;
    place.wait(60);
    let mut observation = Observation::new(
        Channel::Manual,
        profile(&[
            (Field::JobTitle, "Mathematician"),
            (Field::Email, "ada@new.example"),
        ]),
    );
    observation.target = Some(made.id.clone());
    let outcome = place
        .directory
        .observe(observation, by(&admin), Mode::Apply)
        .await
        .unwrap();
    assert!(!outcome.created);
    let read = place.directory.user(&made.id).await.unwrap();
    assert_eq!(read, outcome.user);
    assert_eq!(read.version, 2);
    assert_eq!(read.updated_at, place.now());
    assert_eq!(read.created_at, START);
    assert_eq!(read.profile.get(Field::JobTitle), Some("Mathematician"));
    assert_eq!(read.profile.get(Field::Phone), Some("+44 20 1"));
    let mut changes = place.changes(made.id.as_str(), "user.updated").await;
    changes.sort();
    assert_eq!(
        changes,
        [
            changed("email", "Ada@Example.com", "ada@new.example"),
            changed("job_title", "Countess", "Mathematician"),
        ]
    );
    let events = place
        .directory
        .audit(about(made.id.as_str()), None, 1)
        .await
        .unwrap();
    let event = &events.items[0];
    assert_eq!(event.actor_kind, "user");
    assert_eq!(event.actor_id.as_deref(), Some(admin.id.as_str()));
    assert_eq!(event.target, "Ada Lovelace 🔑");
    assert_eq!(event.at, place.now());
}

async fn an_edit_that_changes_nothing_writes_nothing(place: Place) {
    let made = place.user(profile(&every_field())).await;
    place.wait(60);
    let outcome = place.edit(&made.id, profile(&every_field())).await.unwrap();
    assert!(outcome.changes.is_empty());
    assert_eq!(place.directory.user(&made.id).await.unwrap(), made);
    assert_eq!(place.actions(made.id.as_str()).await, ["user.created"]);
}

async fn a_cleared_field_is_empty(place: Place) {
    let made = place.user(profile(&every_field())).await;
    let mut observation = Observation::new(Channel::Manual, profile(&[]));
    observation.target = Some(made.id.clone());
    observation.cleared = BTreeSet::from([Field::Upn, Field::Phone]);
    let outcome = place
        .directory
        .observe(observation, gateway(), Mode::Apply)
        .await
        .unwrap();
    assert_eq!(outcome.changes.len(), 2);
    let read = place.directory.user(&made.id).await.unwrap();
    assert_eq!(read.profile.get(Field::Upn), None);
    assert_eq!(read.profile.get(Field::Phone), None);
    // And the UPN is free again.
    place
        .user(profile(&[(Field::Upn, "ada@corp.example")]))
        .await;
}

async fn a_preview_writes_nothing(place: Place) {
    let made = place.user(profile(&every_field())).await;
    let mut edit = Observation::new(Channel::Manual, profile(&[(Field::Name, "Countess")]));
    edit.target = Some(made.id.clone());
    let outcome = place
        .directory
        .observe(edit, gateway(), Mode::Preview)
        .await
        .unwrap();
    assert_eq!(outcome.changes.len(), 1);
    assert_eq!(outcome.user.profile.get(Field::Name), Some("Countess"));
    let new = Observation::new(Channel::Manual, profile(&[(Field::Name, "Nobody yet")]));
    let outcome = place
        .directory
        .observe(new, gateway(), Mode::Preview)
        .await
        .unwrap();
    assert!(outcome.created);
    assert_eq!(place.count("SELECT COUNT(*) FROM users").await, 1);
    assert_eq!(place.count("SELECT COUNT(*) FROM audit_events").await, 1);
    assert_eq!(place.directory.user(&made.id).await.unwrap(), made);
}

async fn an_identifier_of_somebody_else_is_refused_by_name(place: Place) {
    place.user(profile(&every_field())).await;
    let other = place.user_at("other@example.com").await;
    for (field, value) in [
        (Field::Email, "ada@EXAMPLE.com"),
        (Field::Email, "ADA@example.com."),
        (Field::Upn, "ADA@corp.EXAMPLE"),
        (Field::UserName, " ada.l "),
    ] {
        match place.edit(&other.id, profile(&[(field, value)])).await {
            Err(DirectoryError::Taken {
                what,
                value: told,
                kind: "user",
            }) => {
                assert_eq!((what, told.as_str()), (field.name(), value));
            }
            outcome => panic!("{field} {value}: {outcome:?}"),
        }
    }
    assert_eq!(place.directory.user(&other.id).await.unwrap(), other);
}

async fn a_hand_that_makes_somebody_finds_nobody(place: Place) {
    let there = place.user(profile(&every_field())).await;
    for (field, value) in [
        (Field::Email, "ada@example.com"),
        (Field::Upn, "ada@corp.example"),
        (Field::UserName, "ada.l"),
    ] {
        let fields = profile(&[(field, value), (Field::Name, "Somebody else")]);
        let observation = Observation::new(Channel::Manual, fields);
        let outcome = place
            .directory
            .observe(observation, gateway(), Mode::Apply)
            .await;
        assert!(
            matches!(&outcome, Err(DirectoryError::Taken { what, .. }) if *what == field.name()),
            "{field}: {outcome:?}"
        );
    }
    assert_eq!(place.directory.user(&there.id).await.unwrap(), there);
    assert_eq!(place.count("SELECT COUNT(*) FROM users").await, 1);
}

async fn values_that_cannot_be_are_refused(place: Place) {
    let user = place.user_at("ada@example.com").await;
    let long = "x".repeat(1025);
    let longer = "x".repeat(16_385);
    for (field, value) in [
        (Field::Email, "no address"),
        (Field::Email, "a@b@example.com"),
        (Field::Email, "ada@"),
        (Field::Email, "ada\u{200b}@example.com"),
        (Field::Upn, "a\u{202e}b"),
        (Field::UserName, "  "),
        (Field::Name, long.as_str()),
        (Field::Name, "a\0b"),
        (Field::PhotoUrl, longer.as_str()),
        (Field::ValidFrom, "tomorrow"),
        (Field::ValidTo, "2026-02-30T00:00:00Z"),
        (Field::ValidTo, "2026-01-01"),
    ] {
        match place.edit(&user.id, profile(&[(field, value)])).await {
            Err(DirectoryError::Invalid { field: told, .. }) => assert_eq!(told, field.name()),
            outcome => panic!("{field} {value:?}: {outcome:?}"),
        }
    }
    assert_eq!(place.directory.user(&user.id).await.unwrap(), user);
    // The longest that may be.
    let longest = "ü".repeat(1024);
    place
        .edit(&user.id, profile(&[(Field::Name, &longest)]))
        .await
        .unwrap();
    let read = place.directory.user(&user.id).await.unwrap();
    assert_eq!(read.profile.get(Field::Name), Some(longest.as_str()));
}

/// What a token or an assertion calls its subject is the IdP's to choose: it
/// must neither break a statement nor overflow an index.
async fn identifiers_that_cannot_be_are_refused(place: Place) {
    let policy = open_policy();
    for subject in ["a\0b".to_owned(), "x".repeat(801), "🔑".repeat(201)] {
        let outcome = place
            .login(login(&subject, "ada@example.com"), &policy)
            .await;
        assert!(
            matches!(&outcome, Err(DirectoryError::Invalid { field, .. }) if field == "subject"),
            "{outcome:?}"
        );
    }
    let mut observation = login("a", "ada@example.com");
    observation.scim_id = Some("\0".to_owned());
    let outcome = place.login(observation, &policy).await;
    assert!(matches!(&outcome, Err(DirectoryError::Invalid { field, .. }) if field == "scim_id"));
    assert_eq!(place.count("SELECT COUNT(*) FROM users").await, 0);
    // The longest that may be, without anything to compress.
    let mut longest = login(&random_text(800), "ada@example.com");
    longest.scim_id = Some(random_text(800));
    if let Some(identity) = &mut longest.identity {
        identity.issuer = random_text(800);
    }
    let first = place.admitted(longest.clone(), &policy).await;
    let again = place.admitted(longest, &policy).await;
    assert_eq!(again.user.id, first.user.id);
}

fn random_text(length: usize) -> String {
    let mut text = String::new();
    while text.len() < length {
        text.push_str(&doorward::domain::Entropy::System.base64url::<32>());
    }
    text.truncate(length);
    text
}

async fn nobody_is_not_found(place: Place) {
    let nobody = UserId::parse("01234567-89ab-7def-8123-456789abcdef").unwrap();
    let outcome = place.directory.user(&nobody).await;
    assert!(matches!(outcome, Err(DirectoryError::NotFound("user"))));
    let outcome = place.edit(&nobody, profile(&[(Field::Name, "x")])).await;
    assert!(matches!(outcome, Err(DirectoryError::NotFound("user"))));
    assert_eq!(place.count("SELECT COUNT(*) FROM users").await, 0);
}

/// Indexes have bounds of their own, and what is searched is several fields long.
async fn the_longest_values_are_kept_and_found(place: Place) {
    // Nothing that a database could pack.
    let random = |n: usize| -> String {
        let mut text = String::new();
        while text.len() < n {
            text.push_str(&Entropy::System.hex::<32>());
        }
        text.truncate(n);
        text
    };
    let end = random(12);
    let name = format!("{}{end}", random(longest(Field::Name) - end.len()));
    let mut edit = UserEdit::default();
    edit.profile.set(Field::Email, "ada@example.com");
    edit.profile.set(Field::Name, name.as_str());
    for field in [Field::GivenName, Field::FamilyName, Field::Department] {
        edit.profile.set(field, random(longest(field)));
    }
    for field in [Field::Upn, Field::UserName] {
        edit.profile.set(field, random(256));
    }
    let made = place.directory.create_user(edit, gateway()).await.unwrap();
    assert_eq!(made.display_name(), name);
    assert_eq!(found(&place, &end).await, [name]);
}

async fn found(place: &Place, search: &str) -> Vec<String> {
    let filter = UserFilter {
        search: Some(search.to_owned()),
        ..UserFilter::default()
    };
    let page = place.directory.users(filter, None, 50).await.unwrap();
    let mut names: Vec<String> = page.items.iter().map(User::display_name).collect();
    names.sort();
    names
}

async fn a_search_finds_words_and_signs(place: Place) {
    for (name, email, department) in [
        ("Zoë Königsmann", "zoe@bücher.example", "Vertrieb"),
        ("100% Wool", "wool@example.com", "Sales"),
        ("100 Percent", "percent@example.com", "Sales"),
        ("a_b", "ab@example.com", "R&D"),
        ("axb", "axb@example.com", "R&D"),
        ("back\\slash", "back@example.com", "R&D"),
        ("İSTANBUL", "ist@example.com", "R&D"),
    ] {
        let fields = [
            (Field::Name, name),
            (Field::Email, email),
            (Field::Department, department),
        ];
        place.user(profile(&fields)).await;
    }
    for (search, expected) in [
        ("zoë", &["Zoë Königsmann"][..]),
        ("KÖNIGS", &["Zoë Königsmann"]),
        ("königsmann VERTRIEB", &["Zoë Königsmann"]),
        ("königsmann sales", &[]),
        ("100%", &["100% Wool"]),
        ("100", &["100 Percent", "100% Wool"]),
        ("%", &["100% Wool"]),
        ("a_b", &["a_b"]),
        ("_", &["a_b"]),
        ("k\\s", &["back\\slash"]),
        ("\\", &["back\\slash"]),
        ("wool@example", &["100% Wool"]),
        ("İstanbul", &["İSTANBUL"]),
        ("r&d", &["a_b", "axb", "back\\slash", "İSTANBUL"]),
        ("' OR 1=1 --", &[]),
        ("nul\0", &[]),
    ] {
        assert_eq!(
            found(&place, search).await,
            expected,
            "searching {search:?}"
        );
    }
    assert_eq!(found(&place, "  ").await.len(), 7);
    assert!(found(&place, &"x".repeat(100_000)).await.is_empty());
}

async fn lists_are_narrowed(place: Place) {
    let ada = place.user_at("ada@example.com").await;
    let grace = place.user_at("grace@example.com").await;
    place
        .directory
        .deactivate(&grace.id, gateway())
        .await
        .unwrap();
    let group = place
        .directory
        .create_group("Staff".into(), None, gateway())
        .await
        .unwrap();
    for user in [&ada, &grace] {
        place
            .directory
            .set_member(&group.id, &user.id, true, gateway())
            .await
            .unwrap();
    }
    let list = async |status, group, search: Option<&str>| {
        let filter = UserFilter {
            search: search.map(ToOwned::to_owned),
            status,
            group,
            ..UserFilter::default()
        };
        let page = place.directory.users(filter, None, 10).await.unwrap();
        page.items.into_iter().map(|u| u.id).collect::<Vec<_>>()
    };
    let (a, g) = (ada.id.clone(), grace.id.clone());
    let of = |ids: &[&UserId]| {
        let mut ids: Vec<_> = ids.iter().map(|id| (*id).clone()).collect();
        ids.sort();
        ids
    };
    assert_eq!(list(None, None, None).await, of(&[&a, &g]));
    assert_eq!(list(Some(Status::Active), None, None).await, of(&[&a]));
    assert_eq!(list(Some(Status::Inactive), None, None).await, of(&[&g]));
    assert!(list(Some(Status::Pending), None, None).await.is_empty());
    assert_eq!(
        list(None, Some(group.id.clone()), None).await,
        of(&[&a, &g])
    );
    let all_three = list(Some(Status::Active), Some(group.id.clone()), Some("ada")).await;
    assert_eq!(all_three, of(&[&a]));
    assert!(
        list(Some(Status::Active), Some(group.id), Some("grace"))
            .await
            .is_empty()
    );
    assert_eq!(place.directory.active_users().await.unwrap(), 1);
}

async fn pages_lose_nobody_and_show_nobody_twice(place: Place) {
    use doorward::directory::reconcile::{Context, reconcile};
    // A thousand, a hundred at the same moment each.
    for batch in 0..10 {
        place.wait(1);
        let directory = place.directory.clone();
        place
            .db
            .write(move |tx| {
                let directory = directory.clone();
                Box::pin(async move {
                    for n in 0..100 {
                        let fields = profile(&[(Field::Email, &format!("u{batch}-{n}@x.test"))]);
                        let actor = gateway();
                        let context = Context {
                            actor: &actor,
                            policy: None,
                            mode: Mode::Apply,
                            now: directory.now(),
                            entropy: &directory.entropy,
                        };
                        let observation = Observation::new(Channel::Manual, fields);
                        reconcile(tx, &observation, &context).await?;
                    }
                    Ok::<_, DirectoryError>(())
                })
            })
            .await
            .unwrap();
    }
    for size in [7, 100, 999, 1000, 1001] {
        let mut seen = Vec::new();
        let mut cursor = None;
        let mut pages = 0;
        loop {
            let page = place
                .directory
                .users(UserFilter::default(), cursor, size)
                .await
                .unwrap();
            assert!(page.items.len() <= size);
            assert!(!page.items.is_empty(), "a last page of nothing");
            seen.extend(page.items.into_iter().map(|u| u.id));
            pages += 1;
            // Somebody new in the midst disturbs nothing.
            if pages == 2 && size == 7 {
                place.wait(1);
                let late = place.user_at("late@x.test").await;
                place
                    .directory
                    .delete_user(&late.id, gateway())
                    .await
                    .unwrap();
            }
            cursor = page.next_cursor;
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!(seen.len(), 1000, "pages of {size}");
        assert!(seen.is_sorted());
        assert_eq!(seen.iter().collect::<BTreeSet<_>>().len(), 1000);
        assert_eq!(pages, 1000_usize.div_ceil(size));
    }
}

async fn a_cursor_that_no_list_gave_is_refused(place: Place) {
    place.user_at("ada@example.com").await;
    for cursor in [
        "",
        "x",
        "' OR 1=1 --",
        "a\0b",
        "zzzzzzzz-zzzz-7zzz-8zzz-zzzzzzzzzzzz",
    ] {
        let some = || Some(cursor.to_owned());
        let directory = &place.directory;
        let users = directory
            .users(UserFilter::default(), some(), 10)
            .await
            .map(|_| ());
        let groups = directory.groups(None, some(), 10).await.map(|_| ());
        let events = directory
            .audit(EventFilter::default(), some(), 10)
            .await
            .map(|_| ());
        let filter = doorward::directory::traces::TraceFilter::default();
        let traces = directory.login_traces(filter, some(), 10).await.map(|_| ());
        for outcome in [users, groups, events, traces] {
            assert!(
                matches!(&outcome, Err(DirectoryError::Invalid { field, .. }) if field == "cursor"),
                "{cursor:?}: {outcome:?}"
            );
        }
    }
    // Slugs are no cursors either, but any id is one.
    let nobody = slug("okta").to_string();
    assert!(
        place
            .directory
            .users(UserFilter::default(), Some(nobody), 10)
            .await
            .is_err()
    );
}
