//! What hangs on the clock, and what pages have no other way to show: with an
//! authenticator in software and a clock in the hand.

use std::net::{IpAddr, Ipv4Addr};

use axum::http::HeaderMap;
use serde_json::Value;
use url::Url;

use super::delivery::{Delivery, Handed, Renewed};
use super::enrolment::{LINK, PIN};
use super::flow::Visit;
use super::keys::{Revoked, Revoker};
use super::*;
use crate::directory::Actor;
use crate::directory::edit::UserEdit;
use crate::directory::passkeys::{KeyKind, KeyState, Passkey};
use crate::domain::{Clock, Entropy, Field, Profile, Status, Timestamp, User};
use crate::platform::crypto::{MasterKeys, Sealer};
use crate::platform::i18n::Locale;
use crate::platform::mail::outbox;
use crate::platform::storage::{Db, StorageError};
use crate::platform::web::KitSettings;
use crate::sessions::Lifetimes;

#[expect(
    dead_code,
    reason = "shared with the integration tests, which use the rest"
)]
#[path = "../../../tests/support/authenticator.rs"]
mod authenticator;

use authenticator::{Authenticator, VERIFIED};

type Change = fn(&mut authenticator::Said);

const ORIGIN: &str = "https://sso.example.com";
const NOW: Timestamp = Timestamp(1_790_000_000_000);
const HERE: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));

struct Place {
    passkeys: Passkeys,
    user: User,
    _folder: tempfile::TempDir,
}

impl Place {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("doorward.db");
        let db = Db::open(&format!("sqlite://{}", path.display()))
            .await
            .unwrap();
        let (clock, entropy) = (Clock::manual(NOW), Entropy::System);
        let directory = Directory::new(db.clone(), clock.clone(), entropy.clone());
        let kit = Kit::new(KitSettings {
            clock: clock.clone(),
            ..KitSettings::new(Url::parse(ORIGIN).unwrap())
        });
        let lifetimes = Lifetimes {
            lifetime: 3600,
            idle: 3600,
            enforce_validity: true,
        };
        let sessions = Sessions::new(db, clock, entropy, lifetimes);
        let defaults = Settings {
            allowed_domains: vec!["*".to_owned()],
            home_realm_discovery: false,
            password_login: true,
            passkeys: true,
        };
        let edit = UserEdit {
            profile: Profile::default()
                .with(Field::Email, "ada@example.com")
                .with(Field::UserName, "ada"),
            status: Some(Status::Pending),
            ..UserEdit::default()
        };
        let user = directory.create_user(edit, Actor::CommandLine).await;
        let master = MasterKeys::parse("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=").unwrap();
        let sealer = Arc::new(Sealer::new(&master, Entropy::System).unwrap());
        let outbox = Outbox::new(sealer, "Northwind", ORIGIN, true);
        Self {
            passkeys: Passkeys::new(directory, sessions, kit, defaults, [7; 32], outbox),
            user: user.unwrap(),
            _folder: folder,
        }
    }

    fn pass(&self, seconds: i64) {
        let Clock::Manual(clock) = &self.passkeys.directory.clock else {
            panic!("the clock is ours")
        };
        clock.fetch_add(seconds * 1000, std::sync::atomic::Ordering::SeqCst);
    }

    async fn assigned(&self) -> (Passkey, String) {
        let (key, handed) = self.assigned_by(Delivery::Hand).await;
        let Handed::Told(told) = handed else {
            panic!("it is told: {handed:?}")
        };
        (key, told.secret)
    }

    async fn assigned_by(&self, delivery: Delivery) -> (Passkey, Handed) {
        let what = (KeyKind::Smartphone, "Phone".to_owned(), delivery);
        let passkeys = &self.passkeys;
        let made = passkeys.assign(&self.user.id, what, Actor::CommandLine);
        made.await.unwrap()
    }

    /// The letters that wait: to whom, and their text.
    async fn letters(&self) -> Vec<(String, String)> {
        let directory = &self.passkeys.directory;
        let now = directory.now();
        let claimed = directory.db.write(move |tx| {
            Box::pin(async move {
                let claimed = outbox::claim(tx, 10, now, &Entropy::System).await?;
                for mail in &claimed {
                    outbox::sent(tx, mail, now).await?;
                }
                Ok::<_, StorageError>(claimed)
            })
        });
        let open = |mail: outbox::Claimed| {
            let text = self.passkeys.outbox.open(&mail).unwrap().text;
            (mail.recipient, text)
        };
        claimed.await.unwrap().into_iter().map(open).collect()
    }

    async fn key(&self) -> Passkey {
        let keys = self.passkeys.directory.passkeys(&self.user.id).await;
        keys.unwrap().pop().unwrap()
    }

    async fn status(&self) -> Status {
        let user = self.passkeys.directory.user(&self.user.id).await;
        user.unwrap().status
    }

    async fn begin(&self, visit: &Visit) -> Value {
        let browser = visit.browser.clone().unwrap();
        flow::begin(&self.passkeys, &browser).await.unwrap()
    }

    async fn activated(&self, visit: &Visit) -> Authenticator {
        let (_, token) = self.assigned().await;
        let browser = visit.browser.clone().unwrap();
        let options = self.passkeys.ask_to_activate(&token, &browser).await;
        let (made, answer) = Authenticator::create(&options.unwrap(), ORIGIN);
        let begun = self.passkeys.activate(&token, &answer, visit).await;
        begun.unwrap();
        made
    }
}

fn visit(passkeys: &Passkeys, browser: char) -> Visit {
    let mut visit = Visit::of(&passkeys.kit, &HeaderMap::new(), HERE);
    visit.browser = Some(browser.to_string().repeat(43));
    visit
}

fn code<T: std::fmt::Debug>(result: Result<T, PasskeyError>) -> &'static str {
    result.unwrap_err().code()
}

#[tokio::test]
async fn a_link_activates_once_and_in_its_time() {
    let place = Place::new().await;
    let (passkeys, ours) = (&place.passkeys, visit(&place.passkeys, 'a'));
    let browser = ours.browser.clone().unwrap();
    let (_, token) = place.assigned().await;
    assert_eq!(place.status().await, Status::Pending);
    assert_eq!(
        code(passkeys.opening("guessed").await),
        "passkey.no_such_opening"
    );
    // Looking at it, as scanners of mails do, uses nothing up.
    for _ in 0..3 {
        assert_eq!(passkeys.opening(&token).await.unwrap().key.name, "Phone");
    }
    let options = passkeys.ask_to_activate(&token, &browser).await.unwrap();
    let selection = &options["publicKey"]["authenticatorSelection"];
    assert_eq!(selection["residentKey"], "required");
    assert_eq!(selection["userVerification"], "required");
    let (mut made, answer) = Authenticator::create(&options, ORIGIN);
    // In another browser than the one that asked.
    let theirs = visit(passkeys, 'b');
    let other = passkeys.activate(&token, &answer, &theirs).await;
    assert_eq!(code(other), "passkey.other_browser");
    passkeys.activate(&token, &answer, &ours).await.unwrap();
    assert_eq!(place.status().await, Status::Active);
    assert_eq!(place.key().await.state, KeyState::Active);
    let again = passkeys.activate(&token, &answer, &ours).await;
    assert_eq!(code(again), "passkey.no_such_opening");
    // And leads in from now on.
    let options = place.begin(&ours).await;
    let answer = made.sign(&options);
    flow::sign_in(passkeys, &answer, &ours).await.unwrap();

    let (_, late) = place.assigned().await;
    place.pass(LINK);
    let asked = passkeys.ask_to_activate(&late, &browser).await;
    assert_eq!(code(asked), "passkey.no_such_opening");
}

#[tokio::test]
async fn a_new_link_ends_the_one_before() {
    let place = Place::new().await;
    let passkeys = &place.passkeys;
    let (key, first) = place.assigned().await;
    let second = passkeys
        .new_link(&place.user.id, &key.id, Delivery::Hand, Actor::CommandLine)
        .await
        .unwrap();
    let Handed::Told(second) = second else {
        panic!("it is told: {second:?}")
    };
    assert_eq!(
        code(passkeys.opening(&first).await),
        "passkey.no_such_opening"
    );
    assert!(passkeys.opening(&second.secret).await.is_ok());
    // And a revoked key has none.
    let by = Revoker::Admin(Actor::CommandLine);
    let revoked = passkeys.revoke(&place.user.id, &key.id, by).await.unwrap();
    assert_eq!(revoked, Revoked::Done);
    assert_eq!(
        code(passkeys.opening(&second.secret).await),
        "passkey.no_such_opening"
    );
}

/// The secret of the link in a letter.
fn secret_in(text: &str) -> String {
    let path = "/passkeys/activate/";
    let rest = text.split(path).nth(1).unwrap();
    rest.chars().take(43).collect()
}

#[tokio::test]
async fn a_link_that_has_run_out_is_mailed_anew() {
    let place = Place::new().await;
    let passkeys = &place.passkeys;
    let (_, handed) = place.assigned_by(Delivery::Mail(Locale::En)).await;
    assert!(
        matches!(&handed, Handed::Mailed { to, .. } if to == "ada@example.com"),
        "{handed:?}"
    );
    let letters = place.letters().await;
    assert_eq!(letters.len(), 1);
    assert_eq!(letters[0].0, "ada@example.com");
    let first = secret_in(&letters[0].1);
    let renew = |token: String| async move {
        let renewed = passkeys.renew(&token, Locale::En, HERE).await;
        renewed.map_err(|error| error.code())
    };
    assert_eq!(renew(first.clone()).await, Ok(Renewed::Open));
    let guessed = renew("guessed".to_owned()).await;
    assert_eq!(guessed, Err("passkey.no_such_opening"));
    // Each takes the place of the one before.
    let mut token = first;
    for _ in 0..3 {
        place.pass(LINK);
        assert_eq!(renew(token.clone()).await, Ok(Renewed::Mailed));
        let letters = place.letters().await;
        let newest = secret_in(&letters.last().unwrap().1);
        let old = renew(token).await;
        assert_eq!(old, Err("passkey.no_such_opening"));
        token = newest;
    }
    // Somebody who is shut out in the meantime has nothing sent.
    place.pass(LINK);
    let directory = &passkeys.directory;
    directory
        .deactivate(&place.user.id, Actor::CommandLine)
        .await
        .unwrap();
    assert_eq!(renew(token).await, Err("passkey.no_such_opening"));
    assert_eq!(place.letters().await, []);
}

#[tokio::test]
async fn no_link_is_made_for_the_desk() {
    let place = Place::new().await;
    let (key, handed) = place.assigned_by(Delivery::Desk).await;
    assert!(matches!(handed, Handed::Nothing), "{handed:?}");
    assert_eq!(key.state, KeyState::Pending);
    assert_eq!(place.key().await.link_expires_at, None);
    assert_eq!(place.letters().await, []);
}

#[tokio::test]
async fn a_challenge_has_its_time() {
    let place = Place::new().await;
    let ours = visit(&place.passkeys, 'a');
    let mut made = place.activated(&ours).await;
    let options = place.begin(&ours).await;
    let answer = made.sign(&options);
    place.pass(challenges::LIFETIME - 1);
    flow::sign_in(&place.passkeys, &answer, &ours)
        .await
        .unwrap();

    let options = place.begin(&ours).await;
    let answer = made.sign(&options);
    place.pass(challenges::LIFETIME);
    let late = flow::sign_in(&place.passkeys, &answer, &ours).await;
    assert_eq!(code(late), "passkey.challenge_expired");
    // It is gone all the same.
    let again = flow::sign_in(&place.passkeys, &answer, &ours).await;
    assert_eq!(code(again), "passkey.challenge_unknown");
}

#[tokio::test]
async fn pending_persons_do_not_come_in() {
    let place = Place::new().await;
    let ours = visit(&place.passkeys, 'a');
    let mut made = place.activated(&ours).await;
    let edit = UserEdit {
        status: Some(Status::Pending),
        ..UserEdit::default()
    };
    let directory = &place.passkeys.directory;
    let edited = directory
        .edit_user(&place.user.id, edit, Actor::CommandLine)
        .await;
    assert_eq!(edited.unwrap().status, Status::Pending);
    let options = place.begin(&ours).await;
    let answer = made.sign(&options);
    let refused = flow::sign_in(&place.passkeys, &answer, &ours).await;
    assert_eq!(code(refused), "passkey.user_pending");
}

#[tokio::test]
async fn a_key_is_made_by_who_proves_to_hold_it() {
    let place = Place::new().await;
    let ours = visit(&place.passkeys, 'a');
    let browser = ours.browser.clone().unwrap();
    let (_, token) = place.assigned().await;
    let attacks: [(Change, &str); 6] = [
        (
            |said| said.origin = "https://sso.example.com.evil.example".to_owned(),
            "passkey.origin_mismatch",
        ),
        (
            |said| said.origin = "https://sso.example.com/".to_owned(),
            "passkey.origin_mismatch",
        ),
        (
            |said| said.rp_id = "example.com".to_owned(),
            "passkey.rp_id_mismatch",
        ),
        (|said| said.flags &= !VERIFIED, "passkey.user_not_verified"),
        (|said| said.kind = "webauthn.get", "passkey.not_verified"),
        (|said| said.cross_origin = true, "passkey.cross_origin"),
    ];
    for (change, expected) in attacks {
        let options = place.passkeys.ask_to_activate(&token, &browser).await;
        let (_, answer) = Authenticator::create_with(&options.unwrap(), ORIGIN, change);
        let made = place.passkeys.activate(&token, &answer, &ours).await;
        assert_eq!(code(made), expected);
        assert_eq!(place.key().await.state, KeyState::Pending);
    }
}

#[tokio::test]
async fn a_pin_opens_a_link_once() {
    let place = Place::new().await;
    let passkeys = place.passkeys.clone();
    let (key, link) = place.assigned().await;
    let told = passkeys
        .new_pin(&place.user.id, &key.id, Actor::CommandLine)
        .await
        .unwrap();
    assert_eq!(told.secret.len(), 8);
    let spaced = format!(" {} {} ", &told.secret[..4], &told.secret[4..]);
    let opened = passkeys.try_pin(" Ada@Example.com", &spaced, HERE).await;
    let opened = opened.unwrap();
    assert!(passkeys.opening(&opened.secret).await.is_ok());
    assert_eq!(
        code(passkeys.opening(&link).await),
        "passkey.no_such_opening"
    );
    let again = passkeys.try_pin("ada", &told.secret, HERE).await;
    assert_eq!(code(again), "passkey.no_such_opening");
    // In its time.
    let told = passkeys
        .new_pin(&place.user.id, &key.id, Actor::CommandLine)
        .await
        .unwrap();
    place.pass(PIN);
    let late = passkeys.try_pin("ada", &told.secret, HERE).await;
    assert_eq!(code(late), "passkey.no_such_opening");
}

#[tokio::test]
async fn pins_cannot_be_tried_through() {
    let place = Place::new().await;
    let passkeys = place.passkeys.clone();
    let (key, _) = place.assigned().await;
    let told = passkeys
        .new_pin(&place.user.id, &key.id, Actor::CommandLine)
        .await
        .unwrap();
    let wrong = if told.secret == "00000000" {
        "1"
    } else {
        "00000000"
    };
    for _ in 0..5 {
        let tried = passkeys.try_pin("ada", wrong, HERE).await;
        assert_eq!(code(tried), "passkey.no_such_opening");
    }
    // Too many for the account; and after a while the PIN is worth nothing any more.
    let tried = passkeys.try_pin("ada", &told.secret, HERE).await;
    assert_eq!(code(tried), "passkey.throttled");
    place.pass(601);
    let tried = passkeys.try_pin("ada", &told.secret, HERE).await;
    assert_eq!(code(tried), "passkey.no_such_opening");
    // Somebody who is not there is throttled alike, and so is a network.
    for n in 0..30 {
        let tried = passkeys.try_pin(&format!("x{n}"), wrong, HERE).await;
        let code = code(tried);
        assert!(
            code == "passkey.no_such_opening" || (n >= 14 && code == "passkey.throttled"),
            "{n}: {code}"
        );
        assert!(n < 25 || code == "passkey.throttled", "{n}: {code}");
    }
}
