use super::*;
use crate::domain::{Clock, Entropy};
use crate::platform::crypto::MasterKeys;
use crate::platform::crypto::jwt::verify::Unverified;
use crate::platform::storage::Db;

const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

async fn database(folder: &tempfile::TempDir) -> Db {
    let url = format!("sqlite://{}/d.db", folder.path().display());
    Db::open(&url).await.unwrap()
}

fn keys(db: &Db, clock: &Clock) -> SigningKeys {
    let entropy = Entropy::System;
    let sealer = Sealer::new(&MasterKeys::parse(KEY).unwrap(), entropy.clone()).unwrap();
    let directory = Directory::new(db.clone(), clock.clone(), entropy);
    SigningKeys::new(directory, Arc::new(sealer))
}

fn wait(clock: &Clock, seconds: i64) {
    let Clock::Manual(at) = clock else { panic!() };
    at.fetch_add(seconds * 1000, std::sync::atomic::Ordering::SeqCst);
}

#[tokio::test]
async fn replicas_share_keys_that_are_made_once() {
    let folder = tempfile::tempdir().unwrap();
    let db = database(&folder).await;
    let clock = Clock::manual(Timestamp(1_800_000_000_000));
    let replicas: Vec<SigningKeys> = (0..4).map(|_| keys(&db, &clock)).collect();
    let mut signing = tokio::task::JoinSet::new();
    for replica in replicas.clone() {
        signing.spawn(async move {
            let claims = json!({"iss": "x"});
            replica
                .sign(Algorithm::Es256, "JWT", &claims)
                .await
                .unwrap()
        });
    }
    let set = replicas[0].jwks().await.unwrap();
    assert_eq!(set["keys"].as_array().unwrap().len(), 2, "{set}");
    while let Some(token) = signing.join_next().await {
        let token = token.unwrap();
        let parsed = Unverified::parse(&token).unwrap();
        assert_eq!(parsed.verify(&set), Ok(()));
    }
    let text = set.to_string();
    assert!(!text.contains("\"d\""), "{text}");
}

#[tokio::test]
async fn the_private_halves_are_sealed() {
    let folder = tempfile::tempdir().unwrap();
    let db = database(&folder).await;
    let clock = Clock::manual(Timestamp(1_800_000_000_000));
    keys(&db, &clock).keep().await.unwrap();
    let rows: Result<_, StorageError> = db.read(|tx| Box::pin(read(tx))).await;
    let rows = rows.unwrap();
    assert_eq!(rows.len(), 2);
    for (dates, sealed) in rows {
        assert!(sealed.starts_with("s1."), "{sealed}");
        assert!(!sealed.contains("PRIVATE"));
        assert_eq!(dates.kid.len(), 43);
    }
}

#[tokio::test]
async fn a_rotation_by_hand_announces_first() {
    let folder = tempfile::tempdir().unwrap();
    let db = database(&folder).await;
    let clock = Clock::manual(Timestamp(1_800_000_000_000));
    let (one, other) = (keys(&db, &clock), keys(&db, &clock));
    let kid = async |keys: &SigningKeys| {
        let key = keys.current(Algorithm::Es256).await.unwrap();
        key.kid().to_owned()
    };
    let first = kid(&one).await;
    assert_eq!(kid(&other).await, first);
    let token = one.sign(Algorithm::Es256, "JWT", &json!({})).await.unwrap();
    assert!(one.rotate(false, Actor::CommandLine).await.unwrap());
    // Once more is not two rotations.
    assert!(!other.rotate(false, Actor::CommandLine).await.unwrap());
    wait(&clock, LOOK);
    assert_eq!(kid(&other).await, first);
    assert_eq!(
        other.jwks().await.unwrap()["keys"]
            .as_array()
            .unwrap()
            .len(),
        4
    );
    let states: Vec<State> = one
        .entries()
        .await
        .unwrap()
        .iter()
        .map(|e| e.state)
        .collect();
    assert_eq!(
        states,
        [State::Next, State::Next, State::Current, State::Current]
    );
    wait(&clock, schedule::BY_HAND);
    let second = kid(&other).await;
    assert_ne!(second, first);
    assert_eq!(kid(&one).await, second);
    let set = one.jwks().await.unwrap();
    assert_eq!(Unverified::parse(&token).unwrap().verify(&set), Ok(()));
    wait(&clock, 8 * 24 * 3600);
    one.keep().await.unwrap();
    wait(&clock, LOOK);
    let set = one.jwks().await.unwrap();
    assert!(Unverified::parse(&token).unwrap().verify(&set).is_err());
    assert_eq!(kid(&one).await, second);
}

#[tokio::test]
async fn in_an_emergency_the_old_keys_are_worth_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let db = database(&folder).await;
    let clock = Clock::manual(Timestamp(1_800_000_000_000));
    let (one, other) = (keys(&db, &clock), keys(&db, &clock));
    let token = other
        .sign(Algorithm::Rs256, "JWT", &json!({}))
        .await
        .unwrap();
    assert!(one.rotate(true, Actor::CommandLine).await.unwrap());
    wait(&clock, LOOK);
    let set = other.jwks().await.unwrap();
    assert_eq!(set["keys"].as_array().unwrap().len(), 2);
    assert!(Unverified::parse(&token).unwrap().verify(&set).is_err());
    let fresh = other
        .sign(Algorithm::Rs256, "JWT", &json!({}))
        .await
        .unwrap();
    assert_eq!(Unverified::parse(&fresh).unwrap().verify(&set), Ok(()));
}
