//! What happens when two things happen at once.

use std::collections::BTreeSet;
use std::time::Duration;

use doorward::directory::policy::LoginPolicy;
use doorward::directory::reconcile::Mode;
use doorward::directory::{DirectoryError, Refusal};
use doorward::domain::{Field, Scope, Status, User, UserId};
use doorward::platform::storage::StorageError;

use crate::place::{Kind, Place, by, gateway, login, login_at, open_policy, raw_postgres, scim};
use crate::sessions::{answer, find, remember, take};

on_both!(
    many_first_logins_of_few_people,
    many_first_logins_where_addresses_do_not_link,
    many_first_logins_where_a_second_subject_is_refused,
    two_channels_that_make_the_same_person,
    people_known_by_different_identifiers,
    of_many_replays_one_is_new,
    of_many_answers_one_counts_and_is_taken_once,
    deactivation_and_sign_in_leave_no_live_session,
    a_group_that_many_logins_make,
    logins_and_edits_lose_nothing,
);

/// 200 first logins of 10 people, all at once.
async fn first_logins(place: &Place, policy: &LoginPolicy) {
    let logins: Vec<_> = (0..200)
        .map(|n| {
            let (place, policy) = (place.clone(), policy.clone());
            tokio::spawn(async move {
                let person = n % 10;
                let email = format!("p{person}@example.com");
                let upn = format!("p{person}@corp");
                let fields = [
                    (Field::Email, email.as_str()),
                    (Field::Upn, &upn),
                    (Field::Name, "P"),
                ];
                let observation = login_at("okta", &format!("s{person}"), &fields);
                (person, place.login(observation, &policy).await)
            })
        })
        .collect();
    let mut ids = BTreeSet::new();
    let mut created = 0;
    for login in logins {
        let (person, outcome) = login.await.unwrap();
        let outcome = outcome
            .unwrap()
            .unwrap_or_else(|refusal| panic!("{refusal}"));
        ids.insert((person, outcome.user.id));
        created += usize::from(outcome.created);
    }
    assert_eq!(ids.len(), 10, "each person is one user");
    assert_eq!(created, 10);
    for (table, expected) in [("users", 10), ("external_identities", 10), ("conflicts", 0)] {
        let count = place.count(&format!("SELECT COUNT(*) FROM {table}")).await;
        assert_eq!(count, expected, "{table}");
    }
    // Each was made once, and told once.
    let sql = "SELECT COUNT(*) FROM audit_events WHERE action = 'user.created'";
    assert_eq!(place.count(sql).await, 10);
}

async fn many_first_logins_of_few_people(place: Place) {
    first_logins(&place, &open_policy()).await;
}

/// Whoever comes second must not take the first for a stranger with the same
/// address.
async fn many_first_logins_where_addresses_do_not_link(place: Place) {
    let mut policy = open_policy();
    policy.link_by_email = false;
    first_logins(&place, &policy).await;
}

async fn many_first_logins_where_a_second_subject_is_refused(place: Place) {
    let mut policy = open_policy();
    policy.one_subject_per_user = true;
    // They are here already, but not known to the provider.
    for person in 0..10 {
        let email = format!("p{person}@example.com");
        place.user_at(&email).await;
    }
    let logins: Vec<_> = (0..200)
        .map(|n| {
            let (place, policy) = (place.clone(), policy.clone());
            tokio::spawn(async move {
                let person = n % 10;
                let email = format!("p{person}@example.com");
                place
                    .login(login(&format!("s{person}"), &email), &policy)
                    .await
            })
        })
        .collect();
    for login in logins {
        login
            .await
            .unwrap()
            .unwrap()
            .unwrap_or_else(|refusal| panic!("{refusal}"));
    }
    assert_eq!(
        place
            .count("SELECT COUNT(*) FROM external_identities")
            .await,
        10
    );
    assert_eq!(place.count("SELECT COUNT(*) FROM users").await, 10);
}

async fn two_channels_that_make_the_same_person(place: Place) {
    let mut tasks = Vec::new();
    for person in 0..20 {
        for channel in 0..3 {
            let place = place.clone();
            tasks.push(tokio::spawn(async move {
                let email = format!("p{person}@example.com");
                let fields = [(Field::Email, email.as_str()), (Field::Name, "P")];
                match channel {
                    0 => {
                        let observation = scim(&format!("s{person}"), &fields);
                        let directory = &place.directory;
                        let outcome = directory.observe(observation, gateway(), Mode::Apply).await;
                        outcome.unwrap().user.id
                    }
                    n => {
                        let provider = ["okta", "entra"][n - 1];
                        let observation = login_at(provider, &format!("x{person}"), &fields);
                        place.admitted(observation, &open_policy()).await.user.id
                    }
                }
            }));
        }
    }
    let mut ids = BTreeSet::new();
    for task in tasks {
        ids.insert(task.await.unwrap());
    }
    assert_eq!(ids.len(), 20);
    assert_eq!(place.count("SELECT COUNT(*) FROM users").await, 20);
    assert_eq!(
        place
            .count("SELECT COUNT(*) FROM external_identities")
            .await,
        40
    );
    assert_eq!(
        place
            .count("SELECT COUNT(*) FROM users WHERE scim_id IS NOT NULL")
            .await,
        20
    );
}

/// One comes with a UPN and an address, another with the UPN only, a third with
/// another case and spelling of the address.
async fn people_known_by_different_identifiers(place: Place) {
    let mut tasks = Vec::new();
    for person in 0..10 {
        for form in 0..6 {
            let place = place.clone();
            tasks.push(tokio::spawn(async move {
                let (email, upn) = match form % 3 {
                    0 => (format!("p{person}@example.com"), format!("p{person}@corp")),
                    1 => (format!("P{person}@EXAMPLE.com."), format!("P{person}@corp")),
                    _ => (format!("p{person}@EXAMPLE.COM"), format!("p{person}@CORP")),
                };
                let fields = [(Field::Email, email.as_str()), (Field::Upn, upn.as_str())];
                let observation = login_at("okta", &format!("s{person}-{form}"), &fields);
                place.admitted(observation, &open_policy()).await.user.id
            }));
        }
    }
    let mut ids = BTreeSet::new();
    for task in tasks {
        ids.insert(task.await.unwrap());
    }
    assert_eq!(ids.len(), 10);
    assert_eq!(place.count("SELECT COUNT(*) FROM users").await, 10);
    assert_eq!(
        place
            .count("SELECT COUNT(*) FROM external_identities")
            .await,
        60
    );
}

async fn of_many_replays_one_is_new(place: Place) {
    for round in 0..5 {
        let until = place.now().plus_seconds(300);
        let tries: Vec<_> = (0..16)
            .map(|_| {
                let place = place.clone();
                let id = format!("_a{round}");
                tokio::spawn(async move { remember(&place, &id, until, true).await })
            })
            .collect();
        let mut new = 0;
        for one in tries {
            new += usize::from(one.await.unwrap().unwrap());
        }
        assert_eq!(new, 1);
    }
}

async fn of_many_answers_one_counts_and_is_taken_once(place: Place) {
    for round in 0..5 {
        let id = format!("_r{round}");
        let (started, now) = (id.clone(), place.now());
        let outcome: Result<(), StorageError> = place
            .db
            .write(move |tx| {
                let id = started.clone();
                Box::pin(async move {
                    let okta = crate::place::slug("okta");
                    doorward::sessions::sign_in::start(tx, &id, &okta, "b", "/", now).await
                })
            })
            .await;
        outcome.unwrap();
        let answers: Vec<_> = (0..12)
            .map(|n| {
                let (place, id) = (place.clone(), id.clone());
                let code = format!("code-{round}-{n}");
                tokio::spawn(async move { answer(&place, &id, &code).await.then_some(code) })
            })
            .collect();
        let mut won = Vec::new();
        for one in answers {
            won.extend(one.await.unwrap());
        }
        assert_eq!(won.len(), 1);
        let visits: Vec<_> = (0..12)
            .map(|_| {
                let (place, code) = (place.clone(), won[0].clone());
                tokio::spawn(async move { take(&place, &code).await.is_some() })
            })
            .collect();
        let mut found = 0;
        for one in visits {
            found += usize::from(one.await.unwrap());
        }
        assert_eq!(found, 1);
    }
}

async fn deactivation_and_sign_in_leave_no_live_session(place: Place) {
    let ada = place
        .admitted(login("a", "ada@example.com"), &open_policy())
        .await
        .user;
    for _ in 0..20 {
        let mut tasks = Vec::new();
        for _ in 0..4 {
            let place = place.clone();
            tasks.push(tokio::spawn(async move {
                let observation = login("a", "ada@example.com");
                match place.sign_in(observation, &open_policy()).await.unwrap() {
                    Ok((_, begun)) => Some(begun.secret),
                    Err(Refusal::Inactive(_)) => None,
                    Err(other) => panic!("{other}"),
                }
            }));
        }
        place
            .directory
            .deactivate(&ada.id, gateway())
            .await
            .unwrap();
        let mut secrets = Vec::new();
        for task in tasks {
            secrets.extend(task.await.unwrap());
        }
        nothing_lives(&place, &ada.id, &secrets).await;
        place
            .directory
            .reactivate(&ada.id, gateway())
            .await
            .unwrap();
        nothing_lives(&place, &ada.id, &secrets).await;
    }
}

async fn nothing_lives(place: &Place, user: &UserId, secrets: &[String]) {
    assert_eq!(place.count("SELECT COUNT(*) FROM sessions").await, 0);
    assert!(place.sessions.of_user(user).await.unwrap().is_empty());
    for secret in secrets {
        assert_eq!(find(place, secret).await, None);
    }
}

async fn a_group_that_many_logins_make(place: Place) {
    let logins: Vec<_> = (0..30)
        .map(|n| {
            let place = place.clone();
            tokio::spawn(async move {
                let mut observation = login(&format!("s{n}"), &format!("p{n}@example.com"));
                observation.groups = Some(BTreeSet::from(["Staff".to_owned(), "All".to_owned()]));
                place.admitted(observation, &open_policy()).await
            })
        })
        .collect();
    for login in logins {
        login.await.unwrap();
    }
    let groups = place.directory.groups(None, None, 10).await.unwrap().items;
    assert_eq!(groups.len(), 2);
    assert!(groups.iter().all(|g| g.members == 30));
}

async fn logins_and_edits_lose_nothing(place: Place) {
    let ada = place
        .admitted(login("a", "ada@example.com"), &open_policy())
        .await
        .user;
    let mut tasks = Vec::new();
    for (n, field) in [
        Field::Phone,
        Field::Mobile,
        Field::JobTitle,
        Field::CostCenter,
    ]
    .into_iter()
    .cycle()
    .take(24)
    .enumerate()
    {
        let (place, id) = (place.clone(), ada.id.clone());
        tasks.push(tokio::spawn(async move {
            let profile = crate::place::profile(&[(field, &format!("v{n}"))]);
            place.edit(&id, profile).await.unwrap();
            let fields = [
                (Field::Email, "ada@example.com"),
                (Field::Department, &format!("d{n}")),
            ];
            place
                .admitted(login_at("okta", "a", &fields), &open_policy())
                .await;
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    let read = place.directory.user(&ada.id).await.unwrap();
    for field in [
        Field::Phone,
        Field::Mobile,
        Field::JobTitle,
        Field::CostCenter,
    ] {
        assert!(read.profile.get(field).is_some(), "{field}");
    }
    // Every write counted: none went over another unseen.
    let sql = "SELECT COUNT(*) FROM audit_events WHERE action = 'user.updated'";
    assert_eq!(read.version, 1 + place.count(sql).await);
}

/// Shuts a user out by hand, holding the row until told otherwise; meanwhile
/// `work` is under way and waits for the row. PostgreSQL only: SQLite has one
/// writer.
async fn while_being_shut_out<T: Send + 'static>(
    place: &Place,
    user: &User,
    work: impl Future<Output = T> + Send + 'static,
) -> T {
    let other = raw_postgres(&place.ground.url).await;
    let shut_out = format!(
        "BEGIN; UPDATE users SET status = 'inactive', version = version + 1 WHERE id = '{0}'; \
         DELETE FROM sessions WHERE user_id = '{0}'; DELETE FROM api_tokens WHERE created_by = '{0}'",
        user.id
    );
    other.batch_execute(&shut_out).await.unwrap();
    let work = tokio::spawn(work);
    let waits = "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() \
                 AND wait_event_type = 'Lock'";
    let watch = raw_postgres(&place.ground.url).await;
    for _ in 0..400 {
        let row = watch.query_one(waits, &[]).await.unwrap();
        if row.get::<_, i64>(0) > 0 || work.is_finished() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    other.batch_execute("COMMIT").await.unwrap();
    work.await.unwrap()
}

fn on_postgres<F: Future<Output = ()>>(test: impl FnOnce(Place) -> F) {
    crate::place::run(Kind::Postgres, test);
}

#[test]
fn a_sign_in_that_read_the_user_before_deactivation_is_refused() {
    on_postgres(async |place| {
        let ada = place
            .admitted(login("a", "ada@example.com"), &open_policy())
            .await
            .user;
        let at = place.clone();
        let outcome = while_being_shut_out(&place, &ada, async move {
            at.sign_in(login("a", "ada@example.com"), &open_policy())
                .await
        })
        .await;
        assert!(
            matches!(outcome, Ok(Err(Refusal::Inactive(_)))),
            "{outcome:?}"
        );
        nothing_lives(&place, &ada.id, &[]).await;
        place
            .directory
            .reactivate(&ada.id, gateway())
            .await
            .unwrap();
        nothing_lives(&place, &ada.id, &[]).await;
    });
}

#[test]
fn a_session_that_begins_during_deactivation_does_not() {
    on_postgres(async |place| {
        let ada = place.user_at("ada@example.com").await;
        let (at, id) = (place.clone(), ada.id.clone());
        let outcome = while_being_shut_out(&place, &ada, async move { at.begin(&id).await }).await;
        assert!(
            matches!(outcome, Err(StorageError::Conflict(_))),
            "{outcome:?}"
        );
        nothing_lives(&place, &ada.id, &[]).await;
    });
}

#[test]
fn a_token_that_is_made_during_deactivation_is_not() {
    on_postgres(async |place| {
        let ada = place.user_at("ada@example.com").await;
        let (at, actor) = (place.clone(), by(&ada));
        let outcome = while_being_shut_out(&place, &ada, async move {
            let scopes = BTreeSet::from([Scope::UsersRead]);
            at.directory
                .create_token("t".into(), scopes, None, actor)
                .await
        })
        .await;
        assert!(matches!(outcome, Err(DirectoryError::NotFound("user"))));
        assert!(place.directory.tokens().await.unwrap().is_empty());
    });
}

#[test]
fn an_edit_during_deactivation_does_not_undo_it() {
    on_postgres(async |place| {
        let ada = place.user_at("ada@example.com").await;
        let (at, id) = (place.clone(), ada.id.clone());
        let outcome = while_being_shut_out(&place, &ada, async move {
            at.edit(&id, crate::place::profile(&[(Field::Phone, "1")]))
                .await
        })
        .await;
        assert_eq!(outcome.unwrap().user.status, Status::Inactive);
        let read = place.directory.user(&ada.id).await.unwrap();
        assert_eq!(read.status, Status::Inactive);
        assert_eq!(read.profile.get(Field::Phone), Some("1"));
    });
}

#[test]
fn whoever_is_made_admin_during_a_deletion_stays() {
    on_postgres(async |place| {
        let ada = place.user_at("ada@example.com").await;
        let other = raw_postgres(&place.ground.url).await;
        let promote = format!(
            "BEGIN; UPDATE users SET roles = 'admin', version = version + 1 WHERE id = '{}'",
            ada.id
        );
        other.batch_execute(&promote).await.unwrap();
        let (at, id) = (place.clone(), ada.id.clone());
        let deletion = tokio::spawn(async move { at.directory.delete_user(&id, gateway()).await });
        tokio::time::sleep(Duration::from_millis(150)).await;
        other.batch_execute("COMMIT").await.unwrap();
        let outcome = deletion.await.unwrap();
        assert!(
            matches!(outcome, Err(DirectoryError::LastAdmin)),
            "{outcome:?}"
        );
        place.directory.user(&ada.id).await.unwrap();
    });
}
