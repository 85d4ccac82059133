//! Values that the IdP signed and that look like more than they are: a value
//! is read whole or the document is refused, never a part of it
//! (CVE-2017-11427 and its kin).

use super::{expectations, oracle, verify, verify_key};
use crate::support::forge::{Forge, Scene, with_cdata_expanded, without_comments};

/// What the IdP wrote, what it means, and the canonical octets of the whole.
type Case = (&'static str, &'static str, fn(&str) -> String);

/// Where the value stands.
#[derive(Clone, Copy, Debug)]
enum Place {
    NameId,
    Attribute,
}

fn forge(scene: &Scene, place: Place, literal: &str, octets: fn(&str) -> String) -> Forge {
    let mut forge = scene.forge();
    match place {
        Place::NameId => literal.clone_into(&mut forge.name_id().value),
        Place::Attribute => forge.assertion.attributes[3].values = vec![literal.to_owned()],
    }
    forge.assertion.octets = Some(octets);
    forge
}

#[test]
fn values_stay_whole() {
    let scene = Scene::standard();
    let keys = [verify_key(scene.idp_key)];
    let cases: [Case; 9] = [
        (
            "admin@example.com<!---->.evil.example",
            "admin@example.com.evil.example",
            without_comments,
        ),
        (
            "<!--x-->admin@example.com.evil.example",
            "admin@example.com.evil.example",
            without_comments,
        ),
        (
            "admin@example.com.evil.example<!-- -->",
            "admin@example.com.evil.example",
            without_comments,
        ),
        ("a<!--1-->b<!--2-->c", "abc", without_comments),
        ("admin<!--<x>-->.evil", "admin.evil", without_comments),
        (
            "<![CDATA[admin@example.com]]>.evil.example",
            "admin@example.com.evil.example",
            with_cdata_expanded,
        ),
        (
            "admin@example.com<![CDATA[.evil.example]]>",
            "admin@example.com.evil.example",
            with_cdata_expanded,
        ),
        ("<![CDATA[a]]><![CDATA[b]]>", "ab", with_cdata_expanded),
        ("<![CDATA[&amp;<b>]]>", "&amp;<b>", with_cdata_expanded),
    ];
    let mut read = 0;
    for place in [Place::NameId, Place::Attribute] {
        for (literal, whole, octets) in cases {
            let document = forge(&scene, place, literal, octets).xml();
            oracle::verified(&document, &[scene.idp_key])
                .unwrap_or_else(|e| panic!("the signature does not hold: {e}\n{document}"));
            let field = crate::support::forge::encode(document.as_bytes());
            let Ok(verified) = verify(&field, &expectations(&scene, &keys)) else {
                continue;
            };
            let value = match place {
                Place::NameId => verified.name_id.unwrap().value,
                Place::Attribute => verified.attributes[3].values.concat(),
            };
            assert_eq!(value, whole, "{place:?}: {literal}");
            read += 1;
        }
    }
    assert!(read > 0, "nothing was read, so nothing was shown");
}

/// Letters that only look alike make another name, and stay what they are.
#[test]
fn lookalikes_are_not_folded() {
    let scene = Scene::standard();
    let keys = [verify_key(scene.idp_key)];
    for value in [
        "\u{430}dmin",
        "ａｄｍｉｎ",
        "ADMIN",
        "adm\u{131}n",
        "a\u{308}dmin",
        "ädmin",
        "ﬁ",
    ] {
        let mut forge = scene.forge();
        value.clone_into(&mut forge.name_id().value);
        forge.assertion.attributes[3].values = vec![value.to_owned()];
        let verified = verify(&forge.base64(), &expectations(&scene, &keys)).unwrap();
        assert_eq!(verified.name_id.unwrap().value, value);
        assert_eq!(verified.attributes[3].values, [value]);
    }
}

/// White space around a NameID is trimmed, and nothing else is.
#[test]
fn only_xml_white_space_is_trimmed() {
    let scene = Scene::standard();
    let keys = [verify_key(scene.idp_key)];
    for (literal, value) in [
        (" alice ", "alice"),
        ("\n\t alice\n", "alice"),
        ("al  ice", "al  ice"),
        ("\u{A0}alice\u{A0}", "\u{A0}alice\u{A0}"),
        ("\u{3000}alice", "\u{3000}alice"),
    ] {
        let mut forge = scene.forge();
        literal.clone_into(&mut forge.name_id().value);
        match verify(&forge.base64(), &expectations(&scene, &keys)) {
            Ok(verified) => assert_eq!(verified.name_id.unwrap().value, value),
            // Foreign blanks may be refused; they may not vanish.
            Err(error) => assert!(!literal.is_ascii(), "{}: {literal:?}", error.code()),
        }
    }
}
