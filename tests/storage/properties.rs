//! What holds for whatever comes: twice is once, the order of channels makes no
//! second person, and what is not said erases nothing.

use doorward::directory::DirectoryError;
use doorward::directory::reconcile::Mode;
use doorward::domain::{Channel, Field, Observation, Source};
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;

use crate::place::{Place, gateway, identity, login_at, open_policy, profile, scim};

on_both!(
    applying_twice_is_applying_once,
    the_order_of_channels_makes_no_second_person,
    a_partial_observation_erases_nothing,
    whatever_comes_identifiers_stay_unique,
);

const CASES: usize = 24;

fn some<S: Strategy>(runner: &mut TestRunner, strategy: &S) -> S::Value {
    strategy.new_tree(runner).unwrap().current()
}

/// Observations out of few people, identifiers and values, so that they meet.
fn any_observation() -> impl Strategy<Value = Observation> {
    let value = || proptest::option::of(0..3_u8);
    (
        0..4_u8,
        value(),
        value(),
        value(),
        value(),
        value(),
        any::<bool>(),
        any::<bool>(),
    )
        .prop_map(
            |(channel, email, upn, subject, scim_id, department, upn_vouched, clears)| {
                let channel = match channel {
                    0 | 1 => Channel::Login {
                        provider: crate::place::slug(["okta", "entra"][usize::from(channel)]),
                        source: Source::Saml,
                    },
                    2 => Channel::Records {
                        source: Source::Scim,
                        connection: "c".into(),
                    },
                    _ => Channel::Records {
                        source: Source::Import,
                        connection: "f".into(),
                    },
                };
                let mut observation = Observation::new(channel, profile(&[]));
                if let Channel::Login { provider, .. } = &observation.channel {
                    let provider = provider.to_string();
                    observation.identity = subject.map(|n| identity(&provider, &format!("s{n}")));
                    observation.email_vouched = true;
                    observation.upn_vouched = upn_vouched;
                } else {
                    observation.scim_id = scim_id.map(|n| format!("scim{n}"));
                    if clears && department.is_none() {
                        observation.cleared.insert(Field::Department);
                    }
                }
                for (field, value) in [
                    (Field::Email, email.map(|n| format!("p{n}@example.com"))),
                    (Field::Upn, upn.map(|n| format!("p{n}@corp"))),
                    (Field::Department, department.map(|n| format!("d{n}"))),
                ] {
                    if let Some(value) = value {
                        observation.profile.set(field, value);
                    }
                }
                // A record that names nobody would be somebody new each time.
                if email.is_none() && upn.is_none() && observation.scim_id.is_none() {
                    observation.profile.set(Field::Email, "p0@example.com");
                }
                observation
            },
        )
}

/// Applies an observation as its channel does. A refusal is an outcome like
/// others; an error of the database is none.
async fn apply(place: &Place, observation: &Observation) {
    let observation = observation.clone();
    let outcome = if matches!(observation.channel, Channel::Login { .. }) {
        place.login(observation, &open_policy()).await.map(|_| ())
    } else {
        let directory = &place.directory;
        directory
            .observe(observation, gateway(), Mode::Apply)
            .await
            .map(|_| ())
    };
    match outcome {
        Ok(()) | Err(DirectoryError::Taken { .. }) => {}
        Err(other) => panic!("{other:?}"),
    }
}

/// What stands in the tables of people, row by row.
async fn standing(place: &Place) -> Vec<String> {
    let users = doorward::directory::users::UserFilter::default();
    let page = place.directory.users(users, None, 1000).await.unwrap();
    let mut rows: Vec<String> = page.items.iter().map(|user| format!("{user:?}")).collect();
    let sql = "SELECT provider, subject, user_id FROM external_identities \
               ORDER BY provider, subject, user_id";
    for row in place.query(sql, &[]).await.unwrap() {
        rows.push(format!("{row:?}"));
    }
    rows
}

async fn applying_twice_is_applying_once(place: Place) {
    let mut runner = TestRunner::default();
    for _ in 0..CASES {
        let observation = some(&mut runner, &any_observation());
        apply(&place, &observation).await;
        let once = standing(&place).await;
        let events = place.count("SELECT COUNT(*) FROM audit_events").await;
        apply(&place, &observation).await;
        assert_eq!(standing(&place).await, once, "{observation:?}");
        assert_eq!(
            place.count("SELECT COUNT(*) FROM audit_events").await,
            events
        );
    }
}

async fn the_order_of_channels_makes_no_second_person(place: Place) {
    // Four channels that know the person by the address and by something of
    // their own, in each of their 24 orders.
    let mut orders = vec![vec![]];
    for channel in 0..4 {
        orders = orders
            .iter()
            .flat_map(|order: &Vec<u8>| {
                (0..=order.len()).map(move |at| {
                    let mut order = order.clone();
                    order.insert(at, channel);
                    order
                })
            })
            .collect();
    }
    assert_eq!(orders.len(), 24);
    for (n, order) in orders.iter().enumerate() {
        let (email, upn) = (format!("p{n}@example.com"), format!("p{n}@corp"));
        for channel in order {
            let fields = [(Field::Email, email.as_str()), (Field::Upn, upn.as_str())];
            let observation = match channel {
                0 => login_at("okta", &format!("o{n}"), &fields[..1]),
                1 => login_at("entra", &format!("e{n}"), &fields),
                2 => scim(&format!("s{n}"), &fields[..1]),
                _ => {
                    let channel = Channel::Records {
                        source: Source::Import,
                        connection: "f".into(),
                    };
                    Observation::new(channel, profile(&fields))
                }
            };
            apply(&place, &observation).await;
        }
        let made = i64::try_from(n).unwrap() + 1;
        assert_eq!(
            place.count("SELECT COUNT(*) FROM users").await,
            made,
            "{order:?}"
        );
        let sql = "SELECT COUNT(*) FROM external_identities";
        assert_eq!(place.count(sql).await, 2 * made, "{order:?}");
    }
    // And all of them know the same of each.
    let sql =
        "SELECT COUNT(*) FROM users WHERE scim_id IS NULL OR upn IS NULL OR NOT email_verified";
    assert_eq!(place.count(sql).await, 0);
}

async fn a_partial_observation_erases_nothing(place: Place) {
    let mut runner = TestRunner::default();
    let fields: Vec<Field> = Field::ALL
        .iter()
        .copied()
        .filter(|f| !matches!(f, Field::Email | Field::Upn | Field::UserName))
        .filter(|f| !matches!(f, Field::ValidFrom | Field::ValidTo))
        .collect();
    let values = proptest::collection::btree_map(0..fields.len(), "[a-c]{0,2}", 0..8);
    let mut policy = open_policy();
    policy.sync_fields = Field::ALL.to_vec();
    let mut known = doorward::domain::Profile::default();
    for _ in 0..CASES {
        let mut observation = login_at("okta", "a", &[(Field::Email, "ada@example.com")]);
        for (at, value) in some(&mut runner, &values) {
            observation.profile.set(fields[at], value);
        }
        let outcome = place.admitted(observation.clone(), &policy).await;
        for (field, value) in observation.profile.iter() {
            known.set(field, value);
        }
        let read = place.directory.user(&outcome.user.id).await.unwrap();
        assert_eq!(read.profile, known, "{observation:?}");
    }
}

async fn whatever_comes_identifiers_stay_unique(place: Place) {
    let mut runner = TestRunner::default();
    for _ in 0..CASES {
        let batch: Vec<_> = (0..4)
            .map(|_| some(&mut runner, &any_observation()))
            .collect();
        let tasks: Vec<_> = batch
            .iter()
            .map(|observation| {
                let (place, observation) = (place.clone(), observation.clone());
                tokio::spawn(async move { apply(&place, &observation).await })
            })
            .collect();
        for task in tasks {
            task.await.unwrap_or_else(|e| panic!("{e}: {batch:?}"));
        }
    }
    for key in ["email_key", "upn_key", "scim_id", "user_name_key"] {
        let sql = format!(
            "SELECT COUNT(*) FROM (SELECT {key} FROM users WHERE {key} IS NOT NULL \
             GROUP BY {key} HAVING COUNT(*) > 1) d"
        );
        assert_eq!(place.count(&sql).await, 0, "{key}");
    }
    // Whoever comes by a subject is found by it again.
    let sql = "SELECT COUNT(*) FROM external_identities e LEFT JOIN users u ON u.id = e.user_id \
               WHERE u.id IS NULL";
    assert_eq!(place.count(sql).await, 0);
}
