use proptest::prelude::*;

use super::*;
use crate::platform::xml::{Document, Node};

const NOW: Timestamp = Timestamp(1_795_000_000_123);
const SAML: &str = "urn:oasis:names:tc:SAML:2.0:assertion";
const SAMLP: &str = "urn:oasis:names:tc:SAML:2.0:protocol";

const PLAIN: Params<'static> = Params {
    destination: "https://idp.example.com/sso?tenant=1&x=\"<'>",
    issuer: "https://sso.example.com/saml/okta/metadata",
    acs_url: "https://sso.example.com/saml/okta/acs",
    name_id_format: None,
    force_authn: false,
    requested_authn_context: &[],
};

fn made(params: &Params<'_>) -> AuthnRequest {
    AuthnRequest::new(params, NOW, &Entropy::System).unwrap()
}

#[test]
fn a_plain_request_asks_for_nothing_that_was_not_configured() {
    let request = made(&PLAIN);
    let document = Document::parse(&request.xml).unwrap();
    let root = document.root();
    assert!(root.is(SAMLP, "AuthnRequest"));
    let attributes: Vec<(&str, &str)> = root
        .attributes()
        .map(|a| (a.qualified_name(), a.value()))
        .collect();
    assert_eq!(
        attributes,
        [
            ("ID", request.id.as_str()),
            ("Version", "2.0"),
            ("IssueInstant", "2026-11-18T11:06:40.123Z"),
            ("Destination", PLAIN.destination),
            (
                "ProtocolBinding",
                "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
            ),
            ("AssertionConsumerServiceURL", PLAIN.acs_url),
        ]
    );
    let children: Vec<_> = root.children().collect();
    assert_eq!(children.len(), 1);
    assert!(children[0].is(SAML, "Issuer"));
    assert_eq!(children[0].text(), PLAIN.issuer);
    assert!(request.xml.starts_with("<saml2p:AuthnRequest "));
}

#[test]
fn everything_that_is_configured_is_asked_for_in_schema_order() {
    let classes = [
        "urn:oasis:names:tc:SAML:2.0:ac:classes:X509".to_owned(),
        "https://refeds.org/profile/mfa".to_owned(),
    ];
    let request = made(&Params {
        name_id_format: Some(NameIdFormat::Persistent),
        force_authn: true,
        requested_authn_context: &classes,
        ..PLAIN
    });
    let document = Document::parse(&request.xml).unwrap();
    let root = document.root();
    assert_eq!(root.attr("ForceAuthn"), Some("true"));
    let names: Vec<&str> = root.children().map(Node::name).collect();
    assert_eq!(names, ["Issuer", "NameIDPolicy", "RequestedAuthnContext"]);
    let policy = root.child(SAMLP, "NameIDPolicy").unwrap();
    assert_eq!(policy.attr("Format"), Some(NameIdFormat::Persistent.uri()));
    assert_eq!(policy.attr("AllowCreate"), Some("true"));
    let context = root.child(SAMLP, "RequestedAuthnContext").unwrap();
    assert_eq!(context.attr("Comparison"), Some("exact"));
    let asked: Vec<String> = context
        .children_named(SAML, "AuthnContextClassRef")
        .map(|c| c.text().into_owned())
        .collect();
    assert_eq!(asked, classes);
}

#[test]
fn a_transient_identifier_is_not_asked_to_be_created() {
    let request = made(&Params {
        name_id_format: Some(NameIdFormat::Transient),
        ..PLAIN
    });
    let document = Document::parse(&request.xml).unwrap();
    let policy = document.root().child(SAMLP, "NameIDPolicy").unwrap();
    assert_eq!(policy.attr("AllowCreate"), None);
}

#[test]
fn ids_have_160_random_bits_and_never_begin_with_a_digit() {
    let (one, two) = (made(&PLAIN).id, made(&PLAIN).id);
    assert_ne!(one, two);
    for id in [one, two] {
        let (time, bits) = id.strip_prefix('_').unwrap().split_at(11);
        assert_eq!(i64::from_str_radix(time, 16), Ok(NOW.millis()));
        assert_eq!(bits.len(), 40);
        assert!(bits.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')));
    }
}

#[test]
fn the_oracle_reads_the_same_request() {
    let request = made(&Params {
        name_id_format: Some(NameIdFormat::Email),
        force_authn: true,
        ..PLAIN
    });
    let read: samael_oracle::schema::AuthnRequest = request.xml.parse().unwrap();
    assert_eq!(read.id, request.id);
    assert_eq!(read.issuer_value().as_deref(), Some(PLAIN.issuer));
    assert_eq!(read.destination.as_deref(), Some(PLAIN.destination));
    assert_eq!(read.issue_instant.timestamp_millis(), NOW.millis());
    assert_eq!(read.force_authn, Some(true));
    assert!(read.subject.is_none() && read.conditions.is_none());
}

#[test]
fn context_classes_are_uris() {
    for good in [
        "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport",
        "http://schemas.microsoft.com/claims/multipleauthn",
    ] {
        assert_eq!(check_context_class(good), Ok(()), "{good}");
    }
    let long = format!("urn:{}", "a".repeat(1021));
    for bad in [
        "",
        "mfa",
        "urn:",
        ":x",
        "urn:a b",
        "urn:\u{1}",
        "urn:é",
        long.as_str(),
    ] {
        assert!(check_context_class(bad).is_err(), "{bad:?}");
    }
}

proptest! {
    #[test]
    fn hostile_texts_stay_texts(
        destination in any::<String>(),
        issuer in "[ -~\u{80}-\u{ffff}\0-\u{1f}]{0,60}",
        class in any::<String>(),
    ) {
        let classes = [class.clone()];
        let params = Params {
            destination: &destination,
            issuer: &issuer,
            requested_authn_context: &classes,
            ..PLAIN
        };
        let request = made(&params);
        let document = Document::parse(&request.xml).unwrap();
        let root = document.root();
        let names: Vec<&str> = document.elements().map(Node::name).collect();
        prop_assert_eq!(
            names,
            ["AuthnRequest", "Issuer", "RequestedAuthnContext", "AuthnContextClassRef"]
        );
        // A carriage return cannot come through as a text (XML 1.0 §2.11).
        let expected = allowed(&issuer).replace("\r\n", "\n").replace('\r', "\n");
        let text = root.child(SAML, "Issuer").unwrap().text().into_owned();
        prop_assert_eq!(text, expected);
        let flat = |s: &str| s.replace("\r\n", " ").replace(['\r', '\n', '\t'], " ");
        prop_assert_eq!(root.attr("Destination").map(flat), Some(flat(&allowed(&destination))));
    }
}
