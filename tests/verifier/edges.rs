//! What is still in order: the near sides of the limits that the catalogue
//! tries from the far side.

use doorward::domain::Timestamp;
use doorward::login::saml::response::Verified;

use super::{expectations, verify, verify_key};
use crate::support::attacks::SKEW;
use crate::support::forge::{ConfirmationPart, Forge, Scene};

fn accepted(name: &str, change: impl FnOnce(&mut Forge, &Scene)) -> Verified {
    let scene = Scene::standard();
    let mut forge = scene.forge();
    change(&mut forge, &scene);
    let keys = [verify_key(scene.idp_key)];
    verify(&forge.base64(), &expectations(&scene, &keys))
        .unwrap_or_else(|error| panic!("{name}: {} {error}", error.code()))
}

#[test]
fn times_within_the_skew() {
    accepted("issued in the future", |f, s| {
        f.response.issue_instant = s.at(SKEW);
        f.assertion.issue_instant = s.at(SKEW);
    });
    accepted("issued before the request, by another clock", |f, s| {
        // The request went out 30 seconds ago.
        f.response.issue_instant = s.at(-30 - SKEW);
        f.assertion.issue_instant = s.at(-30 - SKEW);
    });
    accepted("conditions that begin later", |f, s| {
        f.conditions().not_before = Some(s.at(SKEW));
    });
    accepted("conditions that have ended", |f, s| {
        f.conditions().not_on_or_after = Some(s.at(-SKEW + 1));
    });
    accepted("a confirmation that has ended", |f, s| {
        f.confirmation().not_on_or_after = Some(s.at(-SKEW + 1));
    });
    accepted("authenticated in the future", |f, s| {
        f.authn().instant = s.at(SKEW);
    });
    accepted("authenticated days ago", |f, s| {
        f.authn().instant = s.at(-8 * 86_400);
    });
    accepted("conditions without bounds", |f, _| {
        f.conditions().not_before = None;
        f.conditions().not_on_or_after = None;
    });
}

#[test]
fn times_in_every_form() {
    for (text, millis) in [
        ("2026-11-21T20:15:29Z", 0),
        ("2026-11-21T20:15:29.5Z", 500),
        ("2026-11-21T20:15:29.000Z", 0),
        ("2026-11-21T20:15:29.1234567Z", 123),
        ("2026-11-21T20:15:29.123456789123456789Z", 123),
    ] {
        let verified = accepted(text, |f, _| text.clone_into(&mut f.authn().instant));
        let second = Timestamp::parse_rfc3339("2026-11-21T20:15:29Z").unwrap();
        assert_eq!(
            verified.authn_instant,
            Timestamp(second.0 + millis),
            "{text}"
        );
    }
}

/// The replay memory must outlast the assertion, and not for ever.
#[test]
fn how_long_to_remember() {
    let scene = Scene::standard();
    let latest = |seconds: i64| scene.now.plus_seconds(seconds + SKEW);
    let verified = accepted("ordinary", |_, _| {});
    assert!(
        verified.replay_until >= latest(300),
        "{}",
        verified.replay_until
    );
    let verified = accepted("the confirmation ends later", |f, s| {
        f.confirmation().not_on_or_after = Some(s.at(3_000));
    });
    assert!(
        verified.replay_until >= latest(300),
        "{}",
        verified.replay_until
    );
    let verified = accepted("year 9999", |f, _| {
        f.confirmation().not_on_or_after = Some("9999-12-31T23:59:59Z".to_owned());
        f.conditions().not_on_or_after = Some("9999-12-31T23:59:59Z".to_owned());
    });
    // The request that it answers is forgotten long before.
    assert!(
        verified.replay_until >= latest(1_800),
        "{}",
        verified.replay_until
    );
    let verified = accepted("the session's end", |f, s| {
        f.authn().session_not_on_or_after = Some(s.at(3_600));
    });
    assert_eq!(
        verified.session_not_on_or_after,
        Some(scene.now.plus_seconds(3_600))
    );
}

#[test]
fn one_of_several_confirmations_holds() {
    accepted("another recipient first", |f, _| {
        let first = f.confirmation().clone();
        f.subject().confirmations = vec![
            ConfirmationPart {
                recipient: Some("https://other.example/acs".to_owned()),
                ..first.clone()
            },
            first,
        ];
    });
    accepted("holder-of-key first", |f, _| {
        let first = f.confirmation().clone();
        f.subject().confirmations = vec![
            ConfirmationPart {
                method: "urn:oasis:names:tc:SAML:2.0:cm:holder-of-key".to_owned(),
                ..first.clone()
            },
            first,
        ];
    });
    accepted("with an address", |f, _| {
        f.confirmation().address = Some("192.0.2.1".to_owned());
    });
}

#[test]
fn conditions_that_are_understood() {
    accepted("one of several audiences", |f, s| {
        f.conditions().audiences = vec![vec![
            "https://elsewhere.example/".to_owned(),
            s.sp_entity_id.clone(),
        ]];
    });
    accepted("two restrictions, both ours", |f, s| {
        f.conditions().audiences = vec![vec![s.sp_entity_id.clone()]; 2];
    });
    accepted("OneTimeUse and ProxyRestriction", |f, _| {
        "<saml:OneTimeUse></saml:OneTimeUse><saml:ProxyRestriction Count=\"0\"></saml:ProxyRestriction>"
            .clone_into(&mut f.conditions().extra);
    });
}

#[test]
fn what_may_be_left_out() {
    accepted("the response's issuer", |f, _| f.response.issuer = None);
    accepted("the destination of an unsigned response", |f, _| {
        f.response.destination = None;
    });
    accepted("all attributes", |f, _| f.assertion.attributes.clear());
    accepted("the session index", |f, _| f.authn().session_index = None);
    let verified = accepted("the NameID", |f, _| f.subject().name_id = None);
    assert!(verified.name_id.is_none());
    let verified = accepted("the NameID's format", |f, _| f.name_id().format = None);
    assert_eq!(verified.name_id.unwrap().format, None);
    accepted("KeyInfo", |f, _| f.signature().key_info.clear());
}
