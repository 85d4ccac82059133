//! A response from an identity provider that has the right key and wrong ideas:
//! the document is signed here, so that everything behind the signature is
//! tried. What is accepted keeps the rules.
#![no_main]

use std::sync::OnceLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use doorward::domain::address::is_deceptive;
use doorward::login::saml::response::decode;
use doorward::platform::xml::Document;
use doorward::platform::xml::signature::{VerifyKey, sign_enveloped};
use doorward_fuzz::{ACS, IDP, REQUEST, SKEW, SP, expectations, now};
use libfuzzer_sys::fuzz_target;
use openssl::ec::{EcGroup, EcKey};
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};

doorward_fuzz::structural_mutator!();

/// Elliptic curves sign faster than RSA.
fn key() -> &'static (PKey<Private>, [VerifyKey; 1]) {
    static KEY: OnceLock<(PKey<Private>, [VerifyKey; 1])> = OnceLock::new();
    KEY.get_or_init(|| {
        let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).unwrap();
        let private = PKey::from_ec_key(EcKey::generate(&group).unwrap()).unwrap();
        let public = PKey::public_key_from_der(&private.public_key_to_der().unwrap()).unwrap();
        let verify = VerifyKey::from_public_key(&public).unwrap();
        (private, [verify])
    })
}

/// The document without the signatures that it has, and the ID of its assertion.
fn prepared(text: &str) -> Option<(String, String)> {
    let document = Document::parse(text).ok()?;
    let mut text = document.source().to_owned();
    let mut signatures: Vec<_> = document
        .elements()
        .filter(|n| n.name() == "Signature" && n.parent().is_some_and(|p| p.name() != "Signature"))
        .map(|n| n.source_range())
        .collect();
    while let Some(range) = signatures.pop() {
        if signatures.iter().all(|outer| outer.end <= range.start) {
            text.replace_range(range, "");
        }
    }
    let document = Document::parse(&text).ok()?;
    let assertion = document.elements().find(|n| n.name() == "Assertion")?;
    let id = assertion.attr("ID")?.to_owned();
    Some((text, id))
}

fuzz_target!(|document: &[u8]| {
    let Ok(text) = std::str::from_utf8(document) else {
        return;
    };
    let Some((text, id)) = prepared(text) else {
        return;
    };
    let (private, keys) = key();
    let Ok(signed) = sign_enveloped(&text, &id, private, None) else {
        return;
    };
    // What was signed may be refused, but it must be readable.
    let Ok(decoded) = decode(&STANDARD.encode(&signed)) else {
        return;
    };
    let Ok(verified) = decoded.verify(&expectations(keys, &[])) else {
        return;
    };
    assert_eq!(verified.assertion_id, id);
    if let Some(name_id) = &verified.name_id {
        assert!(!name_id.value.is_empty() && !name_id.value.chars().any(is_deceptive));
        assert!(name_id.value.chars().count() <= 1024);
    }
    assert!(verified.authn_instant <= now().plus_seconds(SKEW));
    assert!(verified.replay_until > now());
    if let Some(end) = verified.session_not_on_or_after {
        assert!(end > now().plus_seconds(-SKEW));
    }
    for attribute in &verified.attributes {
        assert!(!attribute.name.is_empty());
        assert!(attribute.values.iter().all(|value| !value.is_empty()));
    }
    // Read another way: in a document without references, comments and CDATA
    // what was compared stands literally.
    if !text.contains(['&']) && !text.contains("<!") {
        for needed in [IDP, SP, ACS, REQUEST] {
            assert!(text.contains(needed), "{needed} is not in the document");
        }
    }
});
