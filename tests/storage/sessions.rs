//! Sessions and sign-ins under way: found while they live, gone afterwards, and
//! never in the database as what opens them.

use std::collections::HashMap;
use std::sync::Arc;

use doorward::domain::{Entropy, Field, Timestamp, User};
use doorward::platform::storage::StorageError;
use doorward::sessions::in_hand::Held;
use doorward::sessions::rows::{self, SignedIn};
use doorward::sessions::sign_in::{self, Keeping, SignIn, Taking};
use doorward::sessions::store::{self, RequestStore, hash_of, id_of};
use doorward::sessions::{Sessions, hash};
use tower_sessions::SessionStore as _;
use tower_sessions::session::Record;

use crate::place::{Place, holds, identity, login, open_policy, profile, slug};

on_both!(
    a_session_is_found_by_its_secret_only,
    a_session_ends_after_its_lifetime,
    a_session_ends_when_idle,
    the_idp_may_end_a_session_earlier,
    a_session_ends_with_the_validity_of_its_user,
    a_session_keeps_what_it_is_given,
    a_session_is_ended_by_its_owner,
    a_person_sees_the_sessions_that_live,
    what_has_run_out_is_swept,
    nothing_that_opens_is_in_the_database,
    a_sign_in_is_started_answered_and_taken_once,
    an_answer_in_hand_is_used_once,
    a_sign_in_lives_for_half_an_hour,
    sign_ins_that_ran_out_are_taken_away,
    an_answer_that_is_rolled_back_may_come_again,
    a_message_is_remembered_as_long_as_it_could_come_again,
);

/// The user of the session with this secret, as a request finds it.
pub async fn find(place: &Place, secret: &str) -> Option<User> {
    load(&place.sessions, secret).await.map(|found| found.1)
}

async fn load(sessions: &Sessions, secret: &str) -> Option<(Record, User)> {
    let store = RequestStore::new(sessions.clone());
    let id = id_of(&hash(secret)).unwrap();
    let record = store.load(&id).await.unwrap();
    assert_eq!(record.is_some(), store.user().is_some());
    record.zip(store.user().cloned())
}

async fn a_session_is_found_by_its_secret_only(place: Place) {
    let (outcome, begun) = place
        .sign_in(login("a", "ada@example.com"), &open_policy())
        .await
        .unwrap()
        .unwrap();
    let (_, other) = place
        .sign_in(login("a", "ada@example.com"), &open_policy())
        .await
        .unwrap()
        .unwrap();
    assert_eq!(begun.max_age, 12 * 3600);
    // 256 bits in base64url; new at every sign-in.
    assert_eq!(begun.secret.len(), 43);
    assert_ne!(begun.secret, other.secret);
    let (record, user) = load(&place.sessions, &begun.secret).await.unwrap();
    assert_eq!(user, place.directory.user(&outcome.user.id).await.unwrap());
    let signed_in = store::signed_in(&record.data).unwrap();
    let identity = identity("okta", "a");
    assert_eq!(
        signed_in,
        SignedIn::through(&user.id, &slug("okta"), Some(&identity), place.now())
    );
    for wrong in ["", "x", &begun.secret[1..], &hash(&begun.secret), "a\0b"] {
        assert_eq!(find(&place, wrong).await, None, "{wrong:?}");
    }
    // An id and its key are two forms of one value.
    let id = id_of(&hash(&begun.secret)).unwrap();
    assert_eq!(hash_of(&id), hash(&begun.secret));
    assert_eq!(id_of("no hash"), None);
}

/// Uses a session again and again for so many seconds.
async fn keep_using(place: &Place, secret: &str, seconds: i64) {
    let mut left = seconds;
    while left > 0 {
        let step = left.min(1800);
        place.wait(step);
        left -= step;
        assert!(find(place, secret).await.is_some(), "{left} seconds before");
    }
}

async fn a_session_ends_after_its_lifetime(place: Place) {
    let ada = place.user_at("ada@example.com").await;
    let begun = place.begin(&ada.id).await.unwrap();
    keep_using(&place, &begun.secret, 12 * 3600 - 1).await;
    place.wait(1);
    assert_eq!(find(&place, &begun.secret).await, None);
}

async fn a_session_ends_when_idle(place: Place) {
    let ada = place.user_at("ada@example.com").await;
    let used = place.begin(&ada.id).await.unwrap();
    let idle = place.begin(&ada.id).await.unwrap();
    place.wait(3599);
    assert!(find(&place, &used.secret).await.is_some());
    place.wait(1);
    assert_eq!(find(&place, &idle.secret).await, None);
    assert!(find(&place, &used.secret).await.is_some());
    // Uses are noted to the minute, so less than a minute is no use.
    let fresh = place.begin(&ada.id).await.unwrap();
    place.wait(59);
    assert!(find(&place, &fresh.secret).await.is_some());
    place.wait(3600 - 59);
    assert_eq!(find(&place, &fresh.secret).await, None);
}

async fn the_idp_may_end_a_session_earlier(place: Place) {
    let ada = place.user_at("ada@example.com").await;
    let begin = async |not_after: Option<Timestamp>| {
        let (now, lifetimes) = (place.now(), place.sessions.lifetimes);
        let signed_in = SignedIn::through(&ada.id, &slug("okta"), None, now);
        let begun: Result<_, StorageError> = place
            .db
            .write(move |tx| {
                let signed_in = signed_in.clone();
                Box::pin(async move {
                    let entropy = Entropy::System;
                    rows::begin(tx, &signed_in, lifetimes, not_after, now, &entropy).await
                })
            })
            .await;
        begun.unwrap()
    };
    let earlier = begin(Some(place.now().plus_seconds(600))).await;
    assert_eq!(earlier.max_age, 600);
    let later = begin(Some(place.now().plus_seconds(24 * 3600))).await;
    assert_eq!(later.max_age, 12 * 3600);
    place.wait(599);
    assert!(find(&place, &earlier.secret).await.is_some());
    place.wait(1);
    assert_eq!(find(&place, &earlier.secret).await, None);
    assert!(find(&place, &later.secret).await.is_some());
}

async fn a_session_ends_with_the_validity_of_its_user(place: Place) {
    let fields = [
        (Field::Email, "ada@example.com"),
        (Field::ValidTo, "2026-01-01T00:10:00Z"),
    ];
    let ada = place.user(profile(&fields)).await;
    let begun = place.begin(&ada.id).await.unwrap();
    place.wait(600);
    assert!(find(&place, &begun.secret).await.is_some());
    place.wait(1);
    assert_eq!(find(&place, &begun.secret).await, None);
    let mut lenient = place.sessions.clone();
    lenient.lifetimes.enforce_validity = false;
    assert!(load(&lenient, &begun.secret).await.is_some());
    // An edit takes effect on sessions that live.
    let grace = place.user_at("grace@example.com").await;
    let begun = place.begin(&grace.id).await.unwrap();
    let past = profile(&[(Field::ValidTo, "2026-01-01T00:00:00Z")]);
    place.edit(&grace.id, past).await.unwrap();
    assert_eq!(find(&place, &begun.secret).await, None);
}

async fn a_session_keeps_what_it_is_given(place: Place) {
    let ada = place.user_at("ada@example.com").await;
    let begun = place.begin(&ada.id).await.unwrap();
    let (mut record, _) = load(&place.sessions, &begun.secret).await.unwrap();
    record
        .data
        .insert("note".into(), serde_json::json!({"a": [1, "Größe\0"]}));
    let store = RequestStore::new(place.sessions.clone());
    store.save(&record).await.unwrap();
    let (again, _) = load(&place.sessions, &begun.secret).await.unwrap();
    assert_eq!(again.data, record.data);
    assert!(store::signed_in(&again.data).is_some());
    // Nobody makes one without a sign-in, and what has ended is not revived.
    let mut new = Record {
        id: id_of(&hash("new")).unwrap(),
        data: HashMap::new(),
        expiry_date: record.expiry_date,
    };
    assert!(store.create(&mut new).await.is_err());
    store.save(&new).await.unwrap();
    assert_eq!(find(&place, "new").await, None);
    store.delete(&record.id).await.unwrap();
    store.save(&record).await.unwrap();
    assert_eq!(find(&place, &begun.secret).await, None);
    assert_eq!(place.count("SELECT COUNT(*) FROM sessions").await, 0);
}

async fn a_session_is_ended_by_its_owner(place: Place) {
    let (ada, grace) = (
        place.user_at("ada@example.com").await,
        place.user_at("grace@example.com").await,
    );
    let begun = place.begin(&ada.id).await.unwrap();
    let key = hash(&begun.secret);
    let sessions = &place.sessions;
    assert!(!sessions.end(&key, Some(&grace.id)).await.unwrap());
    assert!(!sessions.end(&begun.secret, None).await.unwrap());
    assert!(find(&place, &begun.secret).await.is_some());
    assert!(sessions.end(&key, Some(&ada.id)).await.unwrap());
    assert_eq!(find(&place, &begun.secret).await, None);
    assert!(!sessions.end(&key, None).await.unwrap());
    let begun = place.begin(&ada.id).await.unwrap();
    assert!(sessions.end(&hash(&begun.secret), None).await.unwrap());
}

async fn a_person_sees_the_sessions_that_live(place: Place) {
    let (ada, grace) = (
        place.user_at("ada@example.com").await,
        place.user_at("grace@example.com").await,
    );
    place.begin(&grace.id).await.unwrap();
    let first = place.begin(&ada.id).await.unwrap();
    place.wait(1800);
    find(&place, &first.secret).await.unwrap();
    let idle = place.begin(&ada.id).await.unwrap();
    place.wait(1800);
    find(&place, &first.secret).await.unwrap();
    let last = place.begin(&ada.id).await.unwrap();
    let keys = async || {
        let all = place.sessions.of_user(&ada.id).await.unwrap();
        all.into_iter().map(|s| s.id_hash).collect::<Vec<_>>()
    };
    assert_eq!(
        keys().await,
        [hash(&last.secret), hash(&idle.secret), hash(&first.secret)]
    );
    let all = place.sessions.of_user(&ada.id).await.unwrap();
    assert_eq!(all[0].created_at, place.now());
    assert_eq!(all[2].last_seen_at, place.now());
    assert_eq!(all[0].signed_in.user, ada.id.to_string());
    place.wait(1800);
    assert_eq!(keys().await, [hash(&last.secret), hash(&first.secret)]);
    place.wait(12 * 3600);
    assert!(keys().await.is_empty());
}

async fn sweep(place: &Place) {
    let (now, lifetimes) = (place.now(), place.sessions.lifetimes);
    let swept: Result<(), StorageError> = place
        .db
        .write(move |tx| Box::pin(async move { rows::sweep(tx, lifetimes, now).await }))
        .await;
    swept.unwrap();
}

async fn what_has_run_out_is_swept(place: Place) {
    let ada = place.user_at("ada@example.com").await;
    let used = place.begin(&ada.id).await.unwrap();
    place.begin(&ada.id).await.unwrap();
    place.wait(3000);
    find(&place, &used.secret).await.unwrap();
    sweep(&place).await;
    assert_eq!(place.count("SELECT COUNT(*) FROM sessions").await, 2);
    place.wait(600);
    sweep(&place).await;
    // What lives is left.
    assert_eq!(place.count("SELECT COUNT(*) FROM sessions").await, 1);
    assert!(find(&place, &used.secret).await.is_some());
    place.wait(3600);
    sweep(&place).await;
    assert_eq!(place.count("SELECT COUNT(*) FROM sessions").await, 0);
}

async fn start(place: &Place, id: &str, browser: &str) {
    let (id, browser, now) = (id.to_owned(), browser.to_owned(), place.now());
    let started: Result<(), StorageError> = place
        .db
        .write(move |tx| {
            let (id, browser) = (id.clone(), browser.clone());
            Box::pin(async move {
                sign_in::start(tx, &id, &slug("okta"), &browser, "/deep?a=1", now).await
            })
        })
        .await;
    started.unwrap();
}

async fn lookup(place: &Place, id: &str) -> Option<SignIn> {
    let (id, now) = (id.to_owned(), place.now());
    let found: Result<_, StorageError> = place
        .db
        .read(move |tx| {
            let id = id.clone();
            Box::pin(async move { sign_in::find(tx, &id, now).await })
        })
        .await;
    found.unwrap()
}

/// Answers a sign-in; see also the races.
pub async fn answer(place: &Place, id: &str, code: &str) -> bool {
    let (id, code) = (id.to_owned(), code.to_owned());
    let answered: Result<_, StorageError> = place
        .db
        .write(move |tx| {
            let (id, code) = (id.clone(), code.clone());
            Box::pin(async move { sign_in::answer(tx, &id, &code, "{\"who\":1}").await })
        })
        .await;
    answered.unwrap()
}

/// Takes an answer; see also the races.
pub async fn take(place: &Place, code: &str) -> Option<(SignIn, String)> {
    let (code, now) = (code.to_owned(), place.now());
    let taken: Result<_, StorageError> = place
        .db
        .write(move |tx| {
            let code = code.clone();
            Box::pin(async move { sign_in::take(tx, &code, now).await })
        })
        .await;
    taken.unwrap()
}

async fn nothing_that_opens_is_in_the_database(place: Place) {
    let (_, begun) = place
        .sign_in(login("a", "ada@example.com"), &open_policy())
        .await
        .unwrap()
        .unwrap();
    start(&place, "_request-1", "cookie-of-the-browser").await;
    assert!(answer(&place, "_request-1", "one-time-code").await);
    find(&place, &begun.secret).await.unwrap();
    let everything = place.everything().await;
    assert!(
        holds(&everything, &hash(&begun.secret)),
        "the search itself works"
    );
    assert!(holds(&everything, "_request-1"));
    for secret in [
        begun.secret.as_str(),
        "cookie-of-the-browser",
        "one-time-code",
    ] {
        assert!(!holds(&everything, secret), "{secret}");
        assert!(!holds(&everything, &secret[..12]), "{secret}");
    }
}

async fn a_sign_in_is_started_answered_and_taken_once(place: Place) {
    assert_eq!(lookup(&place, "_r").await, None);
    start(&place, "_r", "b").await;
    start(&place, "_other", "b").await;
    let found = lookup(&place, "_r").await.unwrap();
    assert_eq!(
        found,
        SignIn {
            id: "_r".into(),
            provider: slug("okta"),
            browser_hash: hash("b"),
            target: "/deep?a=1".into(),
            created_at: place.now(),
            answered: false,
            link: None,
            kept: None,
            test: None,
            anew: false,
        }
    );
    assert!(found.is_of(Some("b")));
    for stranger in [None, Some(""), Some("B"), Some("bb")] {
        assert!(!found.is_of(stranger), "{stranger:?}");
    }
    assert!(!answer(&place, "_unknown", "c").await);
    assert!(answer(&place, "_r", "c").await);
    assert!(!answer(&place, "_r", "c2").await);
    let answered = lookup(&place, "_r").await.unwrap();
    assert!(answered.answered);
    for wrong in ["", "c2", "C", &hash("c")] {
        assert_eq!(take(&place, wrong).await, None, "{wrong:?}");
    }
    let taken = take(&place, "c").await.unwrap();
    assert_eq!(taken, (answered, "{\"who\":1}".to_owned()));
    assert_eq!(take(&place, "c").await, None);
    assert_eq!(lookup(&place, "_r").await, None);
    assert!(!answer(&place, "_r", "c3").await);
    assert!(lookup(&place, "_other").await.is_some());
}

fn held(request: &str, message: &str, code: &str, until: Timestamp) -> Held<()> {
    Held {
        request: request.to_owned(),
        provider: slug("okta"),
        message: message.to_owned(),
        until,
        code: code.to_owned(),
        answer: (),
    }
}

/// Uses up what is in hand; see also the races.
pub async fn take_held(place: &Place, request: &str, message: &str, code: &str) -> &'static str {
    let now = place.now();
    let held = Arc::new(held(request, message, code, now.plus_seconds(300)));
    let taken: Result<_, StorageError> = place
        .db
        .write(move |tx| {
            let held = Arc::clone(&held);
            Box::pin(async move { sign_in::take_held(tx, &held, now).await })
        })
        .await;
    match taken.unwrap() {
        Taking::Used(_) => "used",
        Taking::Replayed => "replayed",
        Taking::Gone => "gone",
    }
}

async fn an_answer_in_hand_is_used_once(place: Place) {
    let keep = async |request: &str, message: &str, code: &str| {
        let until = place.now().plus_seconds(300);
        let held = Arc::new(held(request, message, code, until));
        let kept: Result<_, StorageError> = place
            .db
            .write(move |tx| {
                let held = Arc::clone(&held);
                Box::pin(async move { sign_in::keep_answer(tx, &held.kept("{}")).await })
            })
            .await;
        kept.unwrap()
    };
    for id in ["_a", "_b", "_c", "_d", "_e"] {
        start(&place, id, "b").await;
    }
    // Straight from the hand.
    assert_eq!(take_held(&place, "_a", "m1", "c1").await, "used");
    assert_eq!(take_held(&place, "_a", "m1", "c1").await, "gone");
    assert_eq!(lookup(&place, "_a").await, None);
    // The message of another sign-in uses this one up, and lets nobody in.
    assert_eq!(take_held(&place, "_b", "m1", "c2").await, "replayed");
    assert_eq!(take_held(&place, "_b", "m2", "c2").await, "gone");
    // The row has got it meanwhile: it is the same answer.
    assert_eq!(keep("_c", "m3", "c3").await, Keeping::Kept);
    assert_eq!(take_held(&place, "_c", "m3", "c3").await, "used");
    assert_eq!(take(&place, "c3").await, None);
    // The row has another answer.
    assert_eq!(keep("_d", "m4", "c4").await, Keeping::Kept);
    assert_eq!(keep("_d", "m5", "c5").await, Keeping::Answered);
    assert_eq!(keep("_e", "m4", "c6").await, Keeping::Replayed);
    assert_eq!(take_held(&place, "_d", "m5", "c5").await, "gone");
    assert!(take(&place, "c4").await.is_some());
    // Used before the row got it.
    assert_eq!(take_held(&place, "_e", "m6", "c6").await, "used");
    assert_eq!(keep("_e", "m6", "c6").await, Keeping::Replayed);
    assert_eq!(take(&place, "c6").await, None);
    // Half an hour has passed.
    start(&place, "_f", "b").await;
    place.wait(sign_in::LIFETIME);
    assert_eq!(take_held(&place, "_f", "m7", "c7").await, "gone");
}

async fn a_sign_in_lives_for_half_an_hour(place: Place) {
    assert_eq!(sign_in::LIFETIME, 30 * 60);
    start(&place, "_r", "b").await;
    start(&place, "_s", "b").await;
    assert!(answer(&place, "_s", "s").await);
    place.wait(30 * 60 - 1);
    assert!(lookup(&place, "_r").await.is_some());
    place.wait(1);
    assert_eq!(lookup(&place, "_r").await, None);
    assert_eq!(take(&place, "s").await, None);
}

async fn sign_ins_that_ran_out_are_taken_away(place: Place) {
    start(&place, "_silent", "b").await;
    start(&place, "_answered", "b").await;
    assert!(answer(&place, "_answered", "c").await);
    place.wait(60);
    start(&place, "_young", "b").await;
    let take_expired = async || {
        let now = place.now();
        let taken: Result<_, StorageError> = place
            .db
            .write(move |tx| Box::pin(async move { sign_in::take_expired(tx, now).await }))
            .await;
        taken.unwrap()
    };
    assert!(take_expired().await.is_empty());
    place.wait(30 * 60 - 60);
    let taken = take_expired().await;
    assert_eq!(taken.len(), 1);
    assert_eq!(
        (taken[0].0.id.as_str(), taken[0].1.as_str()),
        ("_answered", "{\"who\":1}")
    );
    assert_eq!(
        place
            .count("SELECT COUNT(*) FROM sign_in_transactions")
            .await,
        1
    );
    assert!(lookup(&place, "_young").await.is_some());
    assert!(take_expired().await.is_empty());
}

/// Whether a message is new, in a unit that then succeeds or fails.
pub async fn remember(place: &Place, id: &str, until: Timestamp, succeed: bool) -> Option<bool> {
    let id = id.to_owned();
    place
        .db
        .write(move |tx| {
            let id = id.clone();
            Box::pin(async move {
                let is_new = sign_in::remember(tx, &slug("okta"), &id, until).await?;
                if succeed {
                    Ok(is_new)
                } else {
                    Err(StorageError::Statement("on purpose".into()))
                }
            })
        })
        .await
        .ok()
}

async fn an_answer_that_is_rolled_back_may_come_again(place: Place) {
    let until = place.now().plus_seconds(300);
    assert_eq!(remember(&place, "_a", until, false).await, None);
    assert_eq!(remember(&place, "_a", until, true).await, Some(true));
    assert_eq!(remember(&place, "_a", until, true).await, Some(false));
    assert_eq!(remember(&place, "_A", until, true).await, Some(true));
}

async fn a_message_is_remembered_as_long_as_it_could_come_again(place: Place) {
    let until = place.now().plus_seconds(300);
    assert_eq!(remember(&place, "_a", until, true).await, Some(true));
    place.wait(299);
    sweep(&place).await;
    assert_eq!(remember(&place, "_a", until, true).await, Some(false));
    place.wait(1);
    sweep(&place).await;
    assert_eq!(place.count("SELECT COUNT(*) FROM replay_memory").await, 0);
    // The same id from another provider is another message.
    let other: Result<bool, StorageError> = place
        .db
        .write(move |tx| {
            Box::pin(async move {
                sign_in::remember(tx, &slug("okta"), "_b", until).await?;
                sign_in::remember(tx, &slug("entra"), "_b", until).await
            })
        })
        .await;
    assert!(other.unwrap());
}
