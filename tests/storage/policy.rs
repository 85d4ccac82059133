//! Who may come in, and what a login changes.

use doorward::directory::policy::LoginPolicy;
use doorward::directory::reconcile::Mode;
use doorward::directory::{DirectoryError, Refusal};
use doorward::domain::{Channel, Field, Observation, Source, User};

use crate::place::{Place, changed, gateway, login, login_at, open_policy, profile, scim};

on_both!(
    domains,
    an_address_is_needed_and_must_be_vouched_for,
    validity,
    whoever_is_shut_out_stays_out,
    only_what_is_set_to_sync_is_refreshed,
    what_is_absent_erases_nothing,
    a_stronger_channel_keeps_its_fields,
    an_admin_cannot_change_what_a_login_keeps,
    what_belongs_to_somebody_else_is_left_alone,
    an_address_is_verified_by_whoever_vouches_for_it,
);

fn within(allowed: &[&str], gateway: &[&str]) -> LoginPolicy {
    let texts = |list: &[&str]| list.iter().map(|t| (*t).to_owned()).collect();
    LoginPolicy {
        allowed_domains: texts(allowed),
        gateway_domains: texts(gateway),
        ..open_policy()
    }
}

async fn domains(place: Place) {
    let any = &["*"][..];
    for (n, (address, allowed, gateway, admitted)) in [
        ("ada@example.com", &["example.com"][..], any, true),
        ("ada2@EXAMPLE.COM", &["example.com"], any, true),
        ("ada3@example.com", &["Example.Com"], any, true),
        ("ada@sub.example.com", &["example.com"], any, false),
        ("ada@sub.example.com", &["*.example.com"], any, true),
        ("ada@deep.sub.example.com", &["*.example.com"], any, true),
        ("ada4@example.com", &["*.example.com"], any, false),
        (
            "ada5@example.com",
            &["*.example.com", "example.com"],
            any,
            true,
        ),
        (
            "ada@evilexample.com",
            &["*.example.com", "example.com"],
            any,
            false,
        ),
        ("ada@bücher.example", &["xn--bcher-kva.example"], any, true),
        ("ada2@xn--bcher-kva.example", &["BÜCHER.example"], any, true),
        ("ada6@example.com", &[], any, false),
        ("ada7@example.com", any, &[], false),
        ("ada8@example.com", any, &["example.com"], true),
        (
            "ada9@example.com",
            &["example.com"],
            &["example.org"],
            false,
        ),
    ]
    .into_iter()
    .enumerate()
    {
        let observation = login(&format!("d{n}"), address);
        let outcome = place
            .login(observation, &within(allowed, gateway))
            .await
            .unwrap();
        match outcome {
            Ok(_) => assert!(admitted, "{address} in {allowed:?} and {gateway:?}"),
            Err(refusal) => {
                assert!(
                    !admitted,
                    "{address} in {allowed:?} and {gateway:?}: {refusal}"
                );
                assert!(
                    matches!(refusal, Refusal::DomainNotAllowed { .. }),
                    "{refusal}"
                );
            }
        }
    }
    // Each time, not only the first.
    let refusal = place
        .refused(login("d0", "ada@example.com"), &within(&["x.test"], any))
        .await;
    assert!(matches!(refusal, Refusal::DomainNotAllowed { .. }));
}

async fn an_address_is_needed_and_must_be_vouched_for(place: Place) {
    let policy = open_policy();
    let none = login_at("okta", "a", &[(Field::Name, "Ada")]);
    assert_eq!(
        place.refused(none.clone(), &policy).await,
        Refusal::NoAddress
    );
    let mut unvouched = login("a", "ada@example.com");
    unvouched.email_vouched = false;
    assert_eq!(place.refused(unvouched, &policy).await, Refusal::NoAddress);
    assert_eq!(place.count("SELECT COUNT(*) FROM users").await, 0);
    // Also of somebody who is known.
    place.admitted(login("a", "ada@example.com"), &policy).await;
    assert_eq!(place.refused(none, &policy).await, Refusal::NoAddress);
    // What is no address at all is told as such.
    let outcome = place.login(login("b", "a@b@example.com"), &policy).await;
    assert!(
        matches!(outcome, Err(DirectoryError::Invalid { .. })),
        "{outcome:?}"
    );
}

async fn validity(place: Place) {
    const BEFORE: &str = "2025-12-31T23:59:59Z";
    const NOW: &str = "2026-01-01T00:00:00Z";
    const NOW_ELSEWHERE: &str = "2026-01-01T05:30:00+05:30";
    const AFTER: &str = "2026-01-01T00:00:01Z";
    for (n, (from, to, expected)) in [
        ("", "", "in"),
        (BEFORE, AFTER, "in"),
        (NOW, NOW, "in"),
        (NOW_ELSEWHERE, NOW_ELSEWHERE, "in"),
        (AFTER, "", "early"),
        (BEFORE, BEFORE, "late"),
        ("", BEFORE, "late"),
        (BEFORE, "", "in"),
        ("", AFTER, "in"),
    ]
    .into_iter()
    .enumerate()
    {
        let email = format!("u{n}@example.com");
        let mut fields = vec![(Field::Email, email.as_str())];
        fields.extend(
            [(Field::ValidFrom, from), (Field::ValidTo, to)]
                .iter()
                .filter(|f| !f.1.is_empty()),
        );
        let user = place.user(profile(&fields)).await;
        let mut policy = open_policy();
        let outcome = place
            .login(login(&format!("s{n}"), &email), &policy)
            .await
            .unwrap();
        let told = match &outcome {
            Ok(_) => "in",
            Err(Refusal::NotYetValid { user: who, .. }) if *who == user.id => "early",
            Err(Refusal::Expired { user: who, .. }) if *who == user.id => "late",
            Err(other) => panic!("{other:?}"),
        };
        assert_eq!(told, expected, "{from} to {to}");
        // Nothing is written of a refusal: not the login, not the link.
        let read = place.directory.user(&user.id).await.unwrap();
        assert_eq!(read.last_login_at.is_some(), outcome.is_ok());
        policy.enforce_validity = false;
        place
            .admitted(login(&format!("s{n}"), &email), &policy)
            .await;
    }
    // A newcomer whom the IdP itself says to be out of date does not come in.
    let fields = [(Field::Email, "late@example.com"), (Field::ValidTo, BEFORE)];
    let refusal = place
        .refused(login_at("okta", "late", &fields), &open_policy())
        .await;
    assert!(matches!(refusal, Refusal::Expired { .. }));
    assert_eq!(place.count("SELECT COUNT(*) FROM users").await, 9);
}

async fn whoever_is_shut_out_stays_out(place: Place) {
    let policy = open_policy();
    let ada = place
        .admitted(login("a", "ada@example.com"), &policy)
        .await
        .user;
    place
        .directory
        .deactivate(&ada.id, gateway())
        .await
        .unwrap();
    let inactive = Refusal::Inactive(ada.id.clone());
    for observation in [
        login("a", "ada@example.com"),
        login("a", "other@example.com"),
        login("b", "ada@example.com"),
        login_at("entra", "a", &[(Field::Email, "ada@example.com")]),
    ] {
        assert_eq!(place.refused(observation, &policy).await, inactive);
    }
    assert_eq!(
        place
            .count("SELECT COUNT(*) FROM external_identities")
            .await,
        1
    );
    assert_eq!(place.count("SELECT COUNT(*) FROM users").await, 1);
    place
        .directory
        .reactivate(&ada.id, gateway())
        .await
        .unwrap();
    place.admitted(login("a", "ada@example.com"), &policy).await;
}

fn get(user: &User, field: Field) -> Option<&str> {
    user.profile.get(field)
}

async fn only_what_is_set_to_sync_is_refreshed(place: Place) {
    let policy = open_policy();
    let say = |department: &str, title: &str, email: &str| {
        let fields = [
            (Field::Email, email),
            (Field::Department, department),
            (Field::JobTitle, title),
        ];
        login_at("okta", "a", &fields)
    };
    let first = place
        .admitted(say("A", "Clerk", "ada@example.com"), &policy)
        .await;
    assert!(first.created);
    assert_eq!(get(&first.user, Field::JobTitle), Some("Clerk"));
    place.wait(60);
    let later = place
        .admitted(say("B", "Chief", "ada@new.example"), &policy)
        .await;
    let read = place.directory.user(&first.user.id).await.unwrap();
    assert_eq!(read, later.user);
    assert_eq!(get(&read, Field::Department), Some("B"));
    assert_eq!(get(&read, Field::JobTitle), Some("Clerk"));
    assert_eq!(get(&read, Field::Email), Some("ada@example.com"));
    assert_eq!(read.updated_at, place.now());
    assert_eq!(
        place.changes(read.id.as_str(), "user.updated").await,
        [changed("department", "A", "B")]
    );
    // Somebody new to the provider gives all that is empty, once.
    let grace = place.user_at("grace@example.com").await;
    let fields = [
        (Field::Email, "grace@example.com"),
        (Field::JobTitle, "Admiral"),
    ];
    place
        .admitted(login_at("okta", "g", &fields), &policy)
        .await;
    let read = place.directory.user(&grace.id).await.unwrap();
    assert_eq!(get(&read, Field::JobTitle), Some("Admiral"));
    // An address may be set to sync as well.
    let mut policy = open_policy();
    policy.sync_fields.push(Field::Email);
    let moved = place
        .admitted(say("B", "Chief", "ada@new.example"), &policy)
        .await;
    assert_eq!(get(&moved.user, Field::Email), Some("ada@new.example"));
    assert!(moved.user.email_verified);
}

async fn what_is_absent_erases_nothing(place: Place) {
    let mut policy = open_policy();
    policy.sync_fields = Field::ALL.to_vec();
    let fields = [
        (Field::Email, "ada@example.com"),
        (Field::Upn, "ada@corp"),
        (Field::Name, "Ada"),
        (Field::Department, "A"),
        (Field::Phone, "1"),
    ];
    let full = place
        .admitted(login_at("okta", "a", &fields), &policy)
        .await
        .user;
    let mut sparse = login("a", "ada@example.com");
    // Empty is as good as absent.
    sparse.profile.set(Field::Department, "");
    let again = place.admitted(sparse, &policy).await;
    assert!(again.changes.is_empty());
    for (field, value) in fields {
        assert_eq!(get(&again.user, field), Some(value));
    }
    assert_eq!(again.user.version, full.version);
}

async fn a_stronger_channel_keeps_its_fields(place: Place) {
    let policy = open_policy();
    let fields = [
        (Field::Email, "ada@example.com"),
        (Field::Department, "Pushed"),
    ];
    let apply = |o: Observation| place.directory.observe(o, gateway(), Mode::Apply);
    let ada = apply(scim("s1", &fields)).await.unwrap().user;
    let says = |department: &str| {
        let fields = [
            (Field::Email, "ada@example.com"),
            (Field::Department, department),
        ];
        login_at("okta", "a", &fields)
    };
    let outcome = place.admitted(says("From login"), &policy).await;
    assert_eq!(outcome.user.id, ada.id);
    assert_eq!(get(&outcome.user, Field::Department), Some("Pushed"));
    let channel = Channel::Records {
        source: Source::Import,
        connection: "file".into(),
    };
    let imported = Observation::new(
        channel,
        profile(&[
            (Field::Email, "ada@example.com"),
            (Field::Department, "From file"),
        ]),
    );
    let outcome = apply(imported).await.unwrap();
    assert_eq!(get(&outcome.user, Field::Department), Some("Pushed"));
    // The owner itself may change it, and give it up.
    let mut observation = scim("s1", &[(Field::Department, "Moved")]);
    assert_eq!(
        get(
            &apply(observation.clone()).await.unwrap().user,
            Field::Department
        ),
        Some("Moved")
    );
    observation.profile.remove(Field::Department);
    observation.cleared.insert(Field::Department);
    apply(observation).await.unwrap();
    let outcome = place.admitted(says("From login"), &policy).await;
    assert_eq!(get(&outcome.user, Field::Department), Some("From login"));
}

async fn an_admin_cannot_change_what_a_login_keeps(place: Place) {
    let fields = [
        (Field::Email, "ada@example.com"),
        (Field::Department, "A"),
        (Field::JobTitle, "Clerk"),
    ];
    let ada = place
        .admitted(login_at("okta", "a", &fields), &open_policy())
        .await
        .user;
    let outcome = place
        .edit(&ada.id, profile(&[(Field::Department, "B")]))
        .await;
    assert!(
        matches!(
            outcome,
            Err(DirectoryError::Owned {
                field: Field::Department,
                owner: Source::Saml
            })
        ),
        "{outcome:?}"
    );
    place
        .edit(&ada.id, profile(&[(Field::JobTitle, "Chief")]))
        .await
        .unwrap();
    let mut clear = Observation::new(Channel::Manual, profile(&[]));
    clear.target = Some(ada.id.clone());
    clear.cleared.insert(Field::Department);
    let outcome = place.directory.observe(clear, gateway(), Mode::Apply).await;
    assert!(
        matches!(outcome, Err(DirectoryError::Owned { .. })),
        "{outcome:?}"
    );
    let read = place.directory.user(&ada.id).await.unwrap();
    assert_eq!(get(&read, Field::Department), Some("A"));
    assert_eq!(get(&read, Field::JobTitle), Some("Chief"));
}

async fn what_belongs_to_somebody_else_is_left_alone(place: Place) {
    let mut policy = open_policy();
    policy.sync_fields = Field::ALL.to_vec();
    let grace = place
        .user(profile(&[
            (Field::Email, "grace@example.com"),
            (Field::Upn, "grace@corp"),
            (Field::UserName, "grace"),
        ]))
        .await;
    let ada = place
        .admitted(login("a", "ada@example.com"), &policy)
        .await
        .user;
    let fields = [
        (Field::Email, "GRACE@example.com"),
        (Field::Upn, "grace@CORP"),
        (Field::UserName, "Grace"),
        (Field::Name, "Ada"),
    ];
    let outcome = place
        .admitted(login_at("okta", "a", &fields), &policy)
        .await;
    assert_eq!(outcome.user.id, ada.id);
    let read = place.directory.user(&ada.id).await.unwrap();
    assert_eq!(get(&read, Field::Email), Some("ada@example.com"));
    assert_eq!(get(&read, Field::Upn), None);
    assert_eq!(get(&read, Field::UserName), None);
    assert_eq!(get(&read, Field::Name), Some("Ada"));
    assert_eq!(place.directory.user(&grace.id).await.unwrap(), grace);
    // A newcomer whose user name is taken comes in without it.
    let fields = [
        (Field::Email, "new@example.com"),
        (Field::UserName, "GRACE"),
    ];
    let new = place
        .admitted(login_at("okta", "n", &fields), &policy)
        .await;
    assert!(new.created);
    assert_eq!(get(&new.user, Field::UserName), None);
    // A record with such a name is told.
    let record = scim(
        "s9",
        &[(Field::Email, "r@example.com"), (Field::UserName, "grace")],
    );
    let outcome = place
        .directory
        .observe(record, gateway(), Mode::Apply)
        .await;
    assert!(
        matches!(
            outcome,
            Err(DirectoryError::Taken {
                what: "user_name",
                ..
            })
        ),
        "{outcome:?}"
    );
}

async fn an_address_is_verified_by_whoever_vouches_for_it(place: Place) {
    let ada = place.user_at("ada@example.com").await;
    assert!(!ada.email_verified);
    let outcome = place
        .admitted(login("a", "ADA@example.com"), &open_policy())
        .await;
    assert!(outcome.user.email_verified);
    // The first login through a provider gives all that it says.
    assert_eq!(get(&outcome.user, Field::Email), Some("ADA@example.com"));
    let edited = place
        .edit(&ada.id, profile(&[(Field::Email, "ada@new.example")]))
        .await
        .unwrap();
    assert!(!edited.user.email_verified);
    // A login with the old address does not verify the new one.
    let outcome = place
        .admitted(login("a", "ada@example.com"), &open_policy())
        .await;
    assert!(!outcome.user.email_verified);
    let outcome = place
        .admitted(login("a", "ada@new.example"), &open_policy())
        .await;
    assert!(outcome.user.email_verified);
    let read = place.directory.user(&ada.id).await.unwrap();
    assert!(read.email_verified);
}
