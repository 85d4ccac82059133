//! Tests of the whole pipeline: a forge makes responses, one thing is wrong
//! with each.

use std::sync::OnceLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use openssl::pkey::{PKey, Private};
use openssl::rsa::Rsa;

use super::SamlError;
use super::response::{Attribute, Demands, Expectations, NameId, Verified, decode};
use crate::domain::Timestamp;
use crate::platform::xml::signature::{VerifyKey, sign_enveloped};

mod encrypted;
mod shapes;

const IDP: &str = "https://idp.example.com/metadata";
const SP: &str = "https://sso.example.com/saml/okta/metadata";
const ACS: &str = "https://sso.example.com/saml/okta/acs";
const REQUEST: &str = "_request1";
/// 2026-11-21T12:00:00Z.
const NOW: Timestamp = Timestamp(1_795_262_400_000);

fn key() -> &'static (PKey<Private>, VerifyKey) {
    static KEY: OnceLock<(PKey<Private>, VerifyKey)> = OnceLock::new();
    KEY.get_or_init(|| {
        let key = PKey::from_rsa(Rsa::generate(2048).unwrap()).unwrap();
        let public = PKey::public_key_from_der(&key.public_key_to_der().unwrap()).unwrap();
        let verify = VerifyKey::from_public_key(&public).unwrap();
        (key, verify)
    })
}

/// An unsigned response that lacks nothing else.
fn plain() -> String {
    format!(
        r#"<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="_r1" Version="2.0" IssueInstant="2026-11-21T11:59:58Z" Destination="{ACS}" InResponseTo="{REQUEST}"><saml:Issuer>{IDP}</saml:Issuer><samlp:Status><samlp:StatusCode Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></samlp:Status><saml:Assertion ID="_a1" Version="2.0" IssueInstant="2026-11-21T11:59:59Z"><saml:Issuer>{IDP}</saml:Issuer><saml:Subject><saml:NameID Format="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent" SPNameQualifier="{SP}">ada</saml:NameID><saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"><saml:SubjectConfirmationData InResponseTo="{REQUEST}" NotOnOrAfter="2026-11-21T12:05:00Z" Recipient="{ACS}"/></saml:SubjectConfirmation></saml:Subject><saml:Conditions NotBefore="2026-11-21T11:55:00Z" NotOnOrAfter="2026-11-21T12:05:00Z"><saml:AudienceRestriction><saml:Audience>{SP}</saml:Audience></saml:AudienceRestriction></saml:Conditions><saml:AuthnStatement AuthnInstant="2026-11-21T08:00:00Z" SessionIndex="_s1" SessionNotOnOrAfter="2026-11-21T20:00:00Z"><saml:AuthnContext><saml:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:Password</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement><saml:AttributeStatement><saml:Attribute Name="email" NameFormat="urn:oasis:names:tc:SAML:2.0:attrname-format:basic" FriendlyName="mail"><saml:AttributeValue>ada@example.com</saml:AttributeValue></saml:Attribute></saml:AttributeStatement></saml:Assertion></samlp:Response>"#
    )
}

/// Which elements are signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Signed {
    Response,
    Assertion,
    Both,
}

const EACH: [Signed; 3] = [Signed::Response, Signed::Assertion, Signed::Both];

fn sign(xml: &str, signed: Signed) -> String {
    let key = &key().0;
    let mut xml = xml.to_owned();
    if signed != Signed::Response {
        xml = sign_enveloped(&xml, "_a1", key, None).unwrap();
    }
    if signed != Signed::Assertion {
        xml = sign_enveloped(&xml, "_r1", key, None).unwrap();
    }
    xml
}

fn expectations() -> Expectations<'static> {
    Expectations {
        idp_entity_id: IDP,
        sp_entity_id: SP,
        acs_url: ACS,
        in_response_to: REQUEST,
        request_issued_at: NOW.plus_seconds(-60),
        now: NOW,
        max_skew_seconds: 60,
        keys: std::slice::from_ref(&key().1),
        allow_sha1: false,
        decryption_keys: &[],
        demands: Demands::default(),
    }
}

fn verify_xml(xml: &str, expect: &Expectations<'_>) -> Result<Verified, SamlError> {
    decode(&STANDARD.encode(xml))?.verify(expect)
}

/// Changes the message before it is signed: the IdP itself says so.
fn said(from: &str, to: &str, signed: Signed) -> Result<Verified, SamlError> {
    let xml = plain();
    assert!(xml.contains(from), "{from}");
    verify_xml(&sign(&xml.replacen(from, to, 1), signed), &expectations())
}

/// Changes the assertion, which comes second, before it is signed.
fn said_in_assertion(from: &str, to: &str, signed: Signed) -> Result<Verified, SamlError> {
    let xml = plain();
    let at = xml.find("<saml:Assertion").unwrap();
    let (response, assertion) = xml.split_at(at);
    assert!(assertion.contains(from), "{from}");
    let xml = format!("{response}{}", assertion.replacen(from, to, 1));
    verify_xml(&sign(&xml, signed), &expectations())
}

fn code(result: &Result<Verified, SamlError>) -> &'static str {
    match result {
        Ok(_) => "accepted",
        Err(error) => error.code(),
    }
}

#[test]
fn a_good_response_is_read_whole() {
    for signed in EACH {
        let verified = verify_xml(&sign(&plain(), signed), &expectations()).unwrap();
        let expected = Verified {
            assertion_id: "_a1".to_owned(),
            name_id: Some(NameId {
                value: "ada".to_owned(),
                format: Some("urn:oasis:names:tc:SAML:2.0:nameid-format:persistent".to_owned()),
                name_qualifier: None,
                sp_name_qualifier: Some(SP.to_owned()),
            }),
            session_index: Some("_s1".to_owned()),
            session_not_on_or_after: Some(NOW.plus_seconds(8 * 3600)),
            authn_instant: NOW.plus_seconds(-4 * 3600),
            authn_context: Some("urn:oasis:names:tc:SAML:2.0:ac:classes:Password".to_owned()),
            attributes: vec![Attribute {
                name: "email".to_owned(),
                friendly_name: Some("mail".to_owned()),
                name_format: Some("urn:oasis:names:tc:SAML:2.0:attrname-format:basic".to_owned()),
                values: vec!["ada@example.com".to_owned()],
            }],
            replay_until: NOW.plus_seconds(300 + 60),
        };
        assert_eq!(verified, expected, "{signed:?}");
    }
}

#[test]
fn peeking_gives_the_request() {
    let decoded = decode(&STANDARD.encode(plain())).unwrap();
    let peek = decoded.peek();
    assert_eq!(peek.in_response_to.as_deref(), Some(REQUEST));
    assert_eq!(peek.id, "_r1");
    let unsolicited = plain().replace(&format!(" InResponseTo=\"{REQUEST}\""), "");
    let peek = decode(&STANDARD.encode(unsolicited)).unwrap().peek();
    assert_eq!(peek.in_response_to, None);
}

#[test]
fn base64_and_text() {
    let field = STANDARD.encode(sign(&plain(), Signed::Assertion));
    let lines: Vec<_> = field.as_bytes().chunks(76).collect();
    let wrapped = String::from_utf8(lines.join(&b"\r\n"[..])).unwrap();
    decode(&wrapped).unwrap().verify(&expectations()).unwrap();
    let code = |field: &str| decode(field).unwrap_err().code();
    assert_eq!(code("A".repeat(256 * 1024 + 1).as_str()), "saml.too_large");
    for bad in ["*", "A", "AAAA=", &field[1..], &format!("{field}!")] {
        assert_eq!(code(bad), "saml.base64", "{bad:.20}");
    }
    assert_eq!(code(""), "saml.xml_malformed");
    assert_eq!(code(&STANDARD.encode(b"<a>\xff</a>")), "saml.utf8");
    assert_eq!(code(&STANDARD.encode(b"<a>\xc0\x80</a>")), "saml.utf8");
    let utf16: Vec<u8> = "\u{feff}<a/>"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    assert_eq!(code(&STANDARD.encode(utf16)), "saml.utf8");
    assert_eq!(
        code(&STANDARD.encode("<!DOCTYPE a><a/>")),
        "saml.xml_doctype"
    );
    assert_eq!(code(&STANDARD.encode("<html/>")), "saml.not_a_response");
    let request = "<p:LogoutRequest xmlns:p='urn:oasis:names:tc:SAML:2.0:protocol'/>";
    assert_eq!(code(&STANDARD.encode(request)), "saml.not_a_response");
    let bom = format!(
        "\u{feff}<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n{}",
        sign(&plain(), Signed::Both)
    );
    verify_xml(&bom, &expectations()).unwrap();
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn what_the_response_may_not_say() {
    for (from, to, expected) in [
        ("Version=\"2.0\"", "Version=\"1.1\"", "saml.version"),
        ("Version=\"2.0\"", "", "saml.version"),
        (IDP, "https://evil.example.com", "saml.issuer_mismatch"),
        (
            IDP,
            "https://idp.example.com/metadata/",
            "saml.issuer_mismatch",
        ),
        (IDP, "", "saml.issuer_mismatch"),
        (
            "<saml:Issuer>",
            "<saml:Issuer Format=\"urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress\">",
            "saml.issuer_mismatch",
        ),
        (
            ACS,
            "https://sso.example.com/saml/okta/acs/",
            "saml.destination_mismatch",
        ),
        (
            ACS,
            "http://sso.example.com/saml/okta/acs",
            "saml.destination_mismatch",
        ),
        (
            ACS,
            "https://SSO.example.com/saml/okta/acs",
            "saml.destination_mismatch",
        ),
        (
            ACS,
            "https://sso.example.com:443/saml/okta/acs",
            "saml.destination_mismatch",
        ),
        (ACS, "", "saml.destination_mismatch"),
        (REQUEST, "_request2", "saml.in_response_to_mismatch"),
        (
            &format!(" InResponseTo=\"{REQUEST}\""),
            "",
            "saml.in_response_to_missing",
        ),
        (
            "2026-11-21T11:59:58Z",
            "2026-11-21T11:59:58",
            "saml.time_invalid",
        ),
        (
            "2026-11-21T11:59:58Z",
            "2026-11-21T11:57:58Z",
            "saml.issue_instant_past",
        ),
        (
            "2026-11-21T11:59:58Z",
            "2026-11-21T12:01:01Z",
            "saml.issue_instant_future",
        ),
        (
            "2026-11-21T11:59:58Z",
            "9999-12-31T23:59:59Z",
            "saml.issue_instant_future",
        ),
        (
            "IssueInstant=\"2026-11-21T11:59:58Z\"",
            "",
            "saml.time_invalid",
        ),
        ("ID=\"_r1\"", "ID=\"_a1\"", "saml.id_duplicate"),
        (
            "<samlp:Status>",
            "<samlp:Extensions><x id=\"_a1\"/></samlp:Extensions><samlp:Status>",
            "saml.id_duplicate",
        ),
        (
            "<samlp:Status>",
            "<samlp:Extensions><x Id=\"a b\"/></samlp:Extensions><samlp:Status>",
            "saml.id_invalid",
        ),
        (
            "<samlp:Status>",
            "<samlp:Extensions/><samlp:Extensions/><samlp:Status>",
            "saml.unexpected_element",
        ),
        (
            "<samlp:Status>",
            "<samlp:Other/><samlp:Status>",
            "saml.unexpected_element",
        ),
        (
            "<samlp:Status>",
            "<saml:Issuer>x</saml:Issuer><samlp:Status>",
            "saml.unexpected_element",
        ),
        (
            "<samlp:Status>",
            "<samlp:Status><samlp:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:status:Success\"/></samlp:Status><samlp:Status>",
            "saml.status_missing",
        ),
        (
            "<samlp:StatusCode ",
            "<samlp:StatusCode Value=\"x\"/><samlp:StatusCode ",
            "saml.status_missing",
        ),
        (
            "<samlp:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:status:Success\"/>",
            "",
            "saml.status_missing",
        ),
        ("status:Success", "status:success", "saml.status_refused"),
        (
            "<saml:Assertion ",
            "<saml:Assertion xmlns:saml=\"urn:x\" ",
            "saml.assertion_misplaced",
        ),
    ] {
        for signed in EACH {
            let xml = plain().replacen(from, to, 1);
            assert_ne!(xml, plain(), "{from}");
            // A wrong ID is signed under the name that it has.
            let signed_xml = if xml.contains("_r1") {
                sign(&xml, signed)
            } else {
                xml
            };
            let result = verify_xml(&signed_xml, &expectations());
            assert_eq!(code(&result), expected, "{from} -> {to} {signed:?}");
        }
    }
}

#[test]
fn a_signed_response_says_more_of_itself() {
    for (from, expected) in [
        (
            format!("<saml:Issuer>{IDP}</saml:Issuer>"),
            "saml.issuer_missing",
        ),
        (format!("Destination=\"{ACS}\""), "saml.destination_missing"),
    ] {
        assert_eq!(code(&said(&from, "", Signed::Assertion)), "accepted");
        assert_eq!(code(&said(&from, "", Signed::Response)), expected);
        assert_eq!(code(&said(&from, "", Signed::Both)), expected);
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn what_the_assertion_may_not_say() {
    let bearer = "urn:oasis:names:tc:SAML:2.0:cm:bearer";
    let confirmation = format!(
        "<saml:SubjectConfirmationData InResponseTo=\"{REQUEST}\" NotOnOrAfter=\"2026-11-21T12:05:00Z\" Recipient=\"{ACS}\"/>"
    );
    let restriction = format!(
        "<saml:AudienceRestriction><saml:Audience>{SP}</saml:Audience></saml:AudienceRestriction>"
    );
    let twice = confirmation.repeat(2);
    let other_audience = format!("{restriction}{}", restriction.replace("okta", "entra"));
    for (from, to, expected) in [
        ("Version=\"2.0\"", "Version=\"1.1\"", "saml.version"),
        (
            "2026-11-21T11:59:59Z",
            "2026-11-21T11:57:59Z",
            "saml.issue_instant_past",
        ),
        (
            "2026-11-21T11:59:59Z",
            "2026-11-21T12:01:01Z",
            "saml.issue_instant_future",
        ),
        (
            "2026-11-21T11:59:59Z",
            "2026-11-21T11:59:59+00:00",
            "saml.time_invalid",
        ),
        (
            IDP,
            "https://idp.example.com/metadata2",
            "saml.issuer_mismatch",
        ),
        (
            &format!("<saml:Issuer>{IDP}</saml:Issuer>"),
            "",
            "saml.issuer_missing",
        ),
        (
            &format!("<saml:Issuer>{IDP}"),
            &format!("<saml:Issuer><b/>{IDP}"),
            "saml.issuer_mismatch",
        ),
        (">ada<", "><", "saml.name_id_invalid"),
        (">ada<", "> \r\n<", "saml.name_id_invalid"),
        (">ada<", ">a\u{202e}da<", "saml.name_id_invalid"),
        (">ada<", ">a\u{200b}da<", "saml.name_id_invalid"),
        (">ada<", ">a&#10;da<", "saml.name_id_invalid"),
        (">ada<", ">a<b/>da<", "saml.name_id_invalid"),
        (
            ">ada<",
            ">ada</saml:NameID><saml:NameID>eve<",
            "saml.unexpected_element",
        ),
        (
            ">ada<",
            ">ada</saml:NameID><saml:BaseID/><saml:NameID>eve<",
            "saml.subject_unsupported",
        ),
        (
            "<saml:Subject>",
            "<saml:Subject/><saml:Subject>",
            "saml.unexpected_element",
        ),
        (
            bearer,
            "urn:oasis:names:tc:SAML:2.0:cm:holder-of-key",
            "saml.not_bearer",
        ),
        (bearer, "", "saml.not_bearer"),
        (&confirmation, "", "saml.recipient_missing"),
        (&confirmation, &twice, "saml.unexpected_element"),
        (
            ACS,
            "https://sso.example.com/saml/okta/acs?x",
            "saml.recipient_mismatch",
        ),
        (ACS, "", "saml.recipient_mismatch"),
        (
            &format!(" Recipient=\"{ACS}\""),
            "",
            "saml.recipient_missing",
        ),
        (REQUEST, "_Request1", "saml.in_response_to_mismatch"),
        (
            &format!("InResponseTo=\"{REQUEST}\""),
            "",
            "saml.in_response_to_missing",
        ),
        (
            " NotOnOrAfter=\"2026-11-21T12:05:00Z\"",
            "",
            "saml.confirmation_unbounded",
        ),
        (
            "NotOnOrAfter=\"2026-11-21T12:05:00Z\"",
            "NotBefore=\"2026-11-21T11:00:00Z\" NotOnOrAfter=\"2026-11-21T12:05:00Z\"",
            "saml.confirmation_not_before",
        ),
        (
            "2026-11-21T12:05:00Z",
            "2026-11-21T11:59:00Z",
            "saml.confirmation_expired",
        ),
        (
            "12:05:00Z\"><saml:AudienceR",
            "11:59:00Z\"><saml:AudienceR",
            "saml.expired",
        ),
        (
            "2026-11-21T11:55:00Z",
            "2026-11-21T12:01:01Z",
            "saml.not_yet_valid",
        ),
        ("2026-11-21T11:55:00Z", "today", "saml.time_invalid"),
        (&restriction, "", "saml.audience_missing"),
        (
            &restriction,
            "<saml:AudienceRestriction/>",
            "saml.audience_mismatch",
        ),
        (&restriction, &other_audience, "saml.audience_mismatch"),
        (
            &format!("<saml:Audience>{SP}"),
            &format!("<saml:Audience>{SP}/"),
            "saml.audience_mismatch",
        ),
        (
            &format!("<saml:Audience>{SP}"),
            "<saml:Audience>https://sso.example.com",
            "saml.audience_mismatch",
        ),
        (
            &restriction,
            &format!("{restriction}<saml:Condition/>"),
            "saml.condition_unknown",
        ),
        (
            &restriction,
            &format!("{restriction}<d:Delegation xmlns:d='urn:d'/>"),
            "saml.condition_unknown",
        ),
        (
            "2026-11-21T08:00:00Z",
            "2026-11-21T12:01:01Z",
            "saml.authn_instant_future",
        ),
        (
            "2026-11-21T20:00:00Z",
            "2026-11-21T11:59:00Z",
            "saml.session_expired",
        ),
        ("Name=\"email\"", "", "saml.attribute_unnamed"),
        (
            "<saml:AttributeStatement>",
            "<saml:Other/><saml:AttributeStatement>",
            "saml.unexpected_element",
        ),
    ] {
        for signed in EACH {
            let result = said_in_assertion(from, to, signed);
            assert_eq!(code(&result), expected, "{from} -> {to} {signed:?}");
        }
    }
    let xml = plain();
    for (element, expected) in [
        ("Subject", "saml.subject_missing"),
        ("Conditions", "saml.conditions_missing"),
        ("AuthnStatement", "saml.authn_statement_missing"),
    ] {
        let start = xml.find(&format!("<saml:{element}")).unwrap();
        let tag = format!("</saml:{element}>");
        let end = xml.find(&tag).unwrap() + tag.len();
        let xml = format!("{}{}", &xml[..start], &xml[end..]);
        for signed in EACH {
            assert_eq!(
                code(&verify_xml(&sign(&xml, signed), &expectations())),
                expected
            );
        }
    }
}

/// What a provider's settings ask for beyond the standard.
#[test]
fn demands_of_the_settings() {
    fn with(demands: Demands<'_>) -> Expectations<'_> {
        Expectations {
            demands,
            ..expectations()
        }
    }
    let xml = sign(&plain(), Signed::Assertion);
    let encrypted = Demands {
        encrypted: true,
        ..Demands::default()
    };
    let refused = verify_xml(&xml, &with(encrypted)).unwrap_err();
    assert_eq!(refused.code(), "saml.not_encrypted");

    let context = verify_xml(&xml, &expectations()).unwrap().authn_context;
    let came = context.unwrap();
    let other = "urn:oasis:names:tc:SAML:2.0:ac:classes:Smartcard".to_owned();
    for (classes, good) in [
        (vec![came.clone()], true),
        (vec![other.clone(), came.clone()], true),
        (vec![other.clone()], false),
        (vec![came.to_uppercase()], false),
    ] {
        let contexts = Demands {
            contexts: &classes,
            ..Demands::default()
        };
        let verdict = verify_xml(&xml, &with(contexts));
        let code = verdict.as_ref().err().map(SamlError::code);
        assert_eq!(code.is_none(), good, "{classes:?}: {code:?}");
        if let Err(error) = verdict {
            assert_eq!(error.code(), "saml.authn_context_mismatch");
            assert_eq!(error.received(), std::slice::from_ref(&came));
        }
    }

    let fresh = Demands {
        fresh: true,
        ..Demands::default()
    };
    let instant = verify_xml(&xml, &expectations()).unwrap().authn_instant;
    for (asked, good) in [(0, true), (60, true), (61, false)] {
        let expect = Expectations {
            request_issued_at: instant.plus_seconds(asked),
            max_skew_seconds: 60,
            ..with(fresh)
        };
        let code = verify_xml(&xml, &expect).err().map(|e| e.code());
        let stale = code == Some("saml.authn_not_fresh");
        assert_ne!(stale, good, "{asked}: {code:?}");
    }
}
