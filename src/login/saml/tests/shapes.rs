//! What is accepted in other shapes, where the edges in time lie, and what an
//! attacker makes of a genuine message.

use proptest::prelude::*;

use super::*;

const SIGNATURE_END: &str = "</ds:Signature>";

/// The piece of a text from one mark to the end of another.
fn cut<'a>(xml: &'a str, from: &str, to: &str) -> &'a str {
    let start = xml.find(from).unwrap();
    let end = xml[start..].find(to).unwrap() + start + to.len();
    &xml[start..end]
}

#[test]
fn a_name_id_is_never_cut_short() {
    for (written, read) in [
        ("> ada\r\n\t<", "ada"),
        (
            ">ada@example.com<!-- -->.evil.org<",
            "ada@example.com.evil.org",
        ),
        (">a<![CDATA[d<!-- -->]]>a<", "ad<!-- -->a"),
        (">a d\u{e9}&amp;&#x1F600;<", "a d\u{e9}&\u{1f600}"),
        (">\u{430}da<", "\u{430}da"),
    ] {
        for signed in EACH {
            let verified = said(">ada<", written, signed).unwrap();
            assert_eq!(verified.name_id.unwrap().value, read);
        }
    }
    let long = format!(">{}<", "x".repeat(1024));
    said(">ada<", &long, Signed::Both).unwrap();
    let longer = format!(">{}<", "x".repeat(1025));
    assert_eq!(
        code(&said(">ada<", &longer, Signed::Both)),
        "saml.name_id_invalid"
    );
    let xml = plain();
    let name_id = cut(&xml, "<saml:NameID", "</saml:NameID>");
    assert_eq!(said(name_id, "", Signed::Both).unwrap().name_id, None);
}

#[test]
fn attributes_are_merged_and_values_are_whole() {
    let xml = plain();
    let statement = cut(
        &xml,
        "<saml:AttributeStatement>",
        "</saml:AttributeStatement>",
    );
    let more = r#"<saml:AttributeStatement xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xs="http://www.w3.org/2001/XMLSchema"><saml:Attribute Name="groups"><saml:AttributeValue xsi:type="xs:string"> a<!-- -->b
</saml:AttributeValue><saml:AttributeValue/><saml:AttributeValue xsi:nil="true"/><saml:AttributeValue><b>c</b></saml:AttributeValue><saml:AttributeValue>d<b/></saml:AttributeValue></saml:Attribute><saml:Attribute Name="id"><saml:AttributeValue><saml:NameID Format="x"> eptid </saml:NameID></saml:AttributeValue><saml:AttributeValue><saml:NameID>a</saml:NameID><saml:NameID>b</saml:NameID></saml:AttributeValue><saml:AttributeValue>x<saml:NameID>a</saml:NameID></saml:AttributeValue></saml:Attribute></saml:AttributeStatement><saml:AttributeStatement><saml:Attribute Name="groups"><saml:AttributeValue>e</saml:AttributeValue></saml:Attribute><saml:Attribute Name="groups" NameFormat="urn:f"><saml:AttributeValue>f</saml:AttributeValue></saml:Attribute><saml:EncryptedAttribute/></saml:AttributeStatement>"#;
    let verified = said(statement, more, Signed::Assertion).unwrap();
    let read: Vec<(&str, Option<&str>, Vec<&str>)> = verified
        .attributes
        .iter()
        .map(|a| {
            (
                a.name.as_str(),
                a.name_format.as_deref(),
                a.values.iter().map(String::as_str).collect(),
            )
        })
        .collect();
    assert_eq!(
        read,
        [
            ("groups", None, vec!["ab", "e"]),
            ("id", None, vec!["eptid"]),
            ("groups", Some("urn:f"), vec!["f"]),
        ]
    );
    assert_eq!(
        said(statement, "", Signed::Assertion).unwrap().attributes,
        []
    );
}

#[test]
fn other_shapes_that_are_sound() {
    let audience = format!("<saml:Audience>{SP}</saml:Audience>");
    let restriction = format!("<saml:AudienceRestriction>{audience}</saml:AudienceRestriction>");
    let xml = plain();
    let bearer = cut(
        &xml,
        "<saml:SubjectConfirmation ",
        "</saml:SubjectConfirmation>",
    );
    for (from, to) in [
        // One of several audiences; several restrictions that all name us.
        (
            &*audience,
            format!("<saml:Audience>https://other.example.com</saml:Audience>{audience}"),
        ),
        (&*audience, audience.replace(SP, &format!("\n  {SP}\n"))),
        (&*restriction, restriction.repeat(2)),
        (
            &*restriction,
            format!("{restriction}<saml:OneTimeUse/><saml:ProxyRestriction Count=\"0\"/>"),
        ),
        // A confirmation that does not hold beside one that does.
        (
            bearer,
            format!(
                "{}{bearer}",
                bearer.replace("cm:bearer", "cm:holder-of-key")
            ),
        ),
        (
            bearer,
            format!(
                "{}{bearer}",
                bearer.replace(ACS, "https://other.example.com/acs")
            ),
        ),
        (
            bearer,
            format!("{bearer}{}", bearer.replace("12:05:00", "11:05:00")),
        ),
        // Fractions, and IDs that start with a digit.
        (
            "2026-11-21T11:59:59Z",
            "2026-11-21T11:59:59.1234567Z".to_owned(),
        ),
        ("ID=\"_r1\"", "ID=\"_r1\" Consent=\"urn:x\"".to_owned()),
        ("SessionIndex=\"_s1\"", "SessionIndex=\"0\"".to_owned()),
        // Advice without an assertion, markup in values, a pretty printer.
        (
            "<saml:AuthnStatement ",
            "<saml:Advice><x xmlns=\"urn:x\"/></saml:Advice><saml:AuthnStatement ".to_owned(),
        ),
        ("<saml:Subject>", "\r\n  <saml:Subject>".to_owned()),
        (
            &format!("<saml:Issuer>{IDP}"),
            format!(
                "<saml:Issuer Format=\"urn:oasis:names:tc:SAML:2.0:nameid-format:entity\">\n{IDP}\n"
            ),
        ),
    ] {
        for signed in EACH {
            let result = said(from, &to, signed);
            assert_eq!(code(&result), "accepted", "{from} -> {to}");
        }
    }
    let digits = plain().replace("_a1", "0a1");
    let digits = sign_enveloped(&digits, "0a1", &key().0, None).unwrap();
    let verified = verify_xml(&digits, &expectations()).unwrap();
    assert_eq!(verified.assertion_id, "0a1");
}

#[test]
fn the_latest_confirmation_and_the_earliest_session_count() {
    let xml = plain();
    let bearer = cut(
        &xml,
        "<saml:SubjectConfirmation ",
        "</saml:SubjectConfirmation>",
    );
    let later = format!("{}{bearer}", bearer.replace("12:05:00", "12:09:00"));
    let verified = said(bearer, &later, Signed::Assertion).unwrap();
    assert_eq!(verified.replay_until, NOW.plus_seconds(9 * 60 + 60));
    let authn = cut(&xml, "<saml:AuthnStatement", "</saml:AuthnStatement>");
    let second = authn.replace("20:00:00", "13:00:00").replace("_s1", "_s2");
    let verified = said(authn, &format!("{authn}{second}"), Signed::Assertion).unwrap();
    assert_eq!(verified.session_index.as_deref(), Some("_s1"));
    assert_eq!(
        verified.session_not_on_or_after,
        Some(NOW.plus_seconds(3600))
    );
}

#[test]
fn time_has_edges() {
    let skew = 60;
    let at = |offset: i64| NOW.plus_seconds(offset).rfc3339();
    // The offset from now that is written, and the code.
    let cases = [
        ("2026-11-21T11:55:00Z", skew - 1, "accepted"),
        ("2026-11-21T11:55:00Z", skew, "accepted"),
        ("2026-11-21T11:55:00Z", skew + 1, "saml.not_yet_valid"),
        ("2026-11-21T12:05:00Z", -skew + 1, "accepted"),
        ("2026-11-21T12:05:00Z", -skew, "saml.confirmation_expired"),
        (
            "2026-11-21T12:05:00Z",
            -skew - 1,
            "saml.confirmation_expired",
        ),
        ("2026-11-21T20:00:00Z", -skew + 1, "accepted"),
        ("2026-11-21T20:00:00Z", -skew, "saml.session_expired"),
        ("2026-11-21T20:00:00Z", -skew - 1, "saml.session_expired"),
        ("2026-11-21T08:00:00Z", skew, "accepted"),
        (
            "2026-11-21T08:00:00Z",
            skew + 1,
            "saml.authn_instant_future",
        ),
        // The request was sent 60 s ago.
        ("2026-11-21T11:59:58Z", -60 - skew, "accepted"),
        (
            "2026-11-21T11:59:58Z",
            -60 - skew - 1,
            "saml.issue_instant_past",
        ),
        ("2026-11-21T11:59:58Z", skew, "accepted"),
        (
            "2026-11-21T11:59:58Z",
            skew + 1,
            "saml.issue_instant_future",
        ),
        ("2026-11-21T11:59:59Z", -60 - skew, "accepted"),
        (
            "2026-11-21T11:59:59Z",
            -60 - skew - 1,
            "saml.issue_instant_past",
        ),
        ("2026-11-21T11:59:59Z", skew, "accepted"),
        (
            "2026-11-21T11:59:59Z",
            skew + 1,
            "saml.issue_instant_future",
        ),
    ];
    for (from, offset, expected) in cases {
        let result = said(from, &at(offset), Signed::Assertion);
        assert_eq!(code(&result), expected, "{from} {offset}");
    }
    // The Conditions end second.
    let conditions = |offset| {
        let end = format!("NotOnOrAfter=\"{}\"><saml:AudienceRestriction", at(offset));
        said(
            "NotOnOrAfter=\"2026-11-21T12:05:00Z\"><saml:AudienceRestriction",
            &end,
            Signed::Both,
        )
    };
    assert_eq!(code(&conditions(-skew + 1)), "accepted");
    assert_eq!(code(&conditions(-skew)), "saml.expired");
    for far in ["9999-12-31T23:59:59Z", "9999-12-31T23:59:59.999999999Z"] {
        let verified = said("2026-11-21T12:05:00Z", far, Signed::Both).unwrap();
        assert!(verified.replay_until > NOW);
    }
}

#[test]
fn an_idp_that_refuses_is_told_apart() {
    let refused = |status: &str| {
        let xml = plain();
        let assertion = cut(&xml, "<saml:Assertion", "</saml:Assertion>");
        let xml = xml.replace(assertion, "");
        let old = cut(&xml, "<samlp:Status>", "</samlp:Status>");
        verify_xml(&xml.replace(old, status), &expectations()).unwrap_err()
    };
    let prefix = "urn:oasis:names:tc:SAML:2.0:status:";
    let error = refused(&format!(
        "<samlp:Status><samlp:StatusCode Value=\"{prefix}Requester\"><samlp:StatusCode Value=\"{prefix}InvalidNameIDPolicy\"/></samlp:StatusCode><samlp:StatusMessage> MSIS7070: no </samlp:StatusMessage></samlp:Status>"
    ));
    assert_eq!(error.code(), "saml.status_invalid_name_id_policy");
    assert_eq!(error.side().as_str(), "gateway");
    let refusal = error.idp_refusal().unwrap();
    assert_eq!(refusal.reason(), "InvalidNameIDPolicy");
    assert_eq!(refusal.message.as_deref(), Some("MSIS7070: no"));
    assert_eq!(error.received().len(), 3);
    assert!(error.to_string().contains("MSIS7070"));
    for (reason, code) in [
        ("AuthnFailed", "saml.status_authn_failed"),
        ("RequestDenied", "saml.status_request_denied"),
        ("NoPassive", "saml.status_no_passive"),
        ("Unheard", "saml.status_refused"),
    ] {
        let error = refused(&format!(
            "<samlp:Status><samlp:StatusCode Value=\"{prefix}Responder\"><samlp:StatusCode Value=\"{prefix}{reason}\"/></samlp:StatusCode></samlp:Status>"
        ));
        assert_eq!(error.code(), code);
        assert!(error.idp_refusal().is_some());
    }
    let nested = "<samlp:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:status:Success\"><samlp:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:status:AuthnFailed\"/></samlp:StatusCode>";
    let success = "<samlp:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:status:Success\"/>";
    for signed in EACH {
        assert_eq!(
            code(&said(success, nested, signed)),
            "saml.status_authn_failed"
        );
    }
    // Success and nobody.
    let xml = plain();
    let assertion = cut(&xml, "<saml:Assertion", "</saml:Assertion>");
    let result = verify_xml(&xml.replace(assertion, ""), &expectations());
    assert_eq!(code(&result), "saml.assertion_missing");
}

#[test]
fn without_a_signature_of_a_pinned_key_nobody_is_signed_in() {
    assert_eq!(
        code(&verify_xml(&plain(), &expectations())),
        "saml.signature_missing"
    );
    let stranger = PKey::from_rsa(Rsa::generate(2048).unwrap()).unwrap();
    for id in ["_a1", "_r1"] {
        let forged = sign_enveloped(&plain(), id, &stranger, None).unwrap();
        assert_eq!(
            code(&verify_xml(&forged, &expectations())),
            "saml.signature_invalid"
        );
    }
    // One good signature does not carry a bad one.
    let inner = sign_enveloped(&plain(), "_a1", &stranger, None).unwrap();
    let both = sign_enveloped(&inner, "_r1", &key().0, None).unwrap();
    assert_eq!(
        code(&verify_xml(&both, &expectations())),
        "saml.signature_invalid"
    );
    let inner = sign(&plain(), Signed::Assertion);
    let both = sign_enveloped(&inner, "_r1", &stranger, None).unwrap();
    assert_eq!(
        code(&verify_xml(&both, &expectations())),
        "saml.signature_invalid"
    );
    let good = sign(&plain(), Signed::Assertion);
    let none = Expectations {
        keys: &[],
        ..expectations()
    };
    assert_eq!(code(&verify_xml(&good, &none)), "saml.signature_no_key");
}

#[test]
fn a_genuine_message_that_is_changed_is_refused() {
    for signed in EACH {
        let xml = sign(&plain(), signed);
        let changed = xml.replace(">ada<", ">eve<");
        assert_eq!(
            code(&verify_xml(&changed, &expectations())),
            "saml.signature_digest"
        );
        let stripped = {
            let start = xml.find("<ds:Signature ").unwrap();
            let end = xml.find(SIGNATURE_END).unwrap() + SIGNATURE_END.len();
            format!("{}{}", &xml[..start], &xml[end..])
        };
        let result = verify_xml(&stripped.replace(">ada<", ">eve<"), &expectations());
        assert!(result.is_err(), "{signed:?}");
        let value = cut(&xml, "<ds:SignatureValue>", "</ds:SignatureValue>");
        let flipped = value.replace("e>A", "e>B").replace("e>a", "e>b");
        if flipped != value {
            let result = verify_xml(&xml.replace(value, &flipped), &expectations());
            assert_eq!(code(&result), "saml.signature_invalid");
        }
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn wrapping_is_refused() {
    let genuine = sign(&plain(), Signed::Assertion);
    let assertion = cut(&genuine, "<saml:Assertion", "</saml:Assertion>").to_owned();
    let signature = cut(&genuine, "<ds:Signature ", SIGNATURE_END).to_owned();
    let evil = assertion.replace(&signature, "").replace(">ada<", ">eve<");
    let renamed = evil.replace("_a1", "_evil");
    let extensions = |inner: &str| format!("<samlp:Extensions>{inner}</samlp:Extensions>");
    let status = "<samlp:Status>";
    let bare = assertion.replace(&signature, "");
    for (name, xml, expected) in [
        (
            "beside, before",
            genuine.replace(&assertion, &format!("{renamed}{assertion}")),
            "saml.several_assertions",
        ),
        (
            "beside, after",
            genuine.replace(&assertion, &format!("{assertion}{renamed}")),
            "saml.several_assertions",
        ),
        (
            "same ID",
            genuine.replace(&assertion, &format!("{assertion}{evil}")),
            "saml.id_duplicate",
        ),
        (
            "in Extensions",
            genuine
                .replace(&assertion, &renamed)
                .replace(status, &format!("{}{status}", extensions(&assertion))),
            "saml.several_assertions",
        ),
        (
            "in an Object",
            genuine.replace(
                &assertion,
                &renamed.replace(
                    "<saml:Subject>",
                    &format!(
                        "{}<saml:Subject>",
                        signature.replace(
                            SIGNATURE_END,
                            &format!("<ds:Object>{bare}</ds:Object>{SIGNATURE_END}")
                        )
                    ),
                ),
            ),
            "saml.several_assertions",
        ),
        (
            "inside the evil one",
            genuine.replace(
                &assertion,
                &renamed.replace(
                    "<saml:Subject>",
                    &format!("<saml:Advice>{assertion}</saml:Advice><saml:Subject>"),
                ),
            ),
            "saml.several_assertions",
        ),
        (
            "around the genuine one",
            genuine.replace(
                &assertion,
                &renamed.replace("<saml:Subject>", &format!("{signature}<saml:Subject>")),
            ),
            "saml.signature_reference",
        ),
        (
            "signature moved up",
            genuine
                .replace(&assertion, &renamed)
                .replace(status, &format!("{signature}{status}")),
            "saml.signature_reference",
        ),
        (
            "signature in Subject",
            genuine
                .replace(&signature, "")
                .replace("<saml:Subject>", &format!("<saml:Subject>{signature}")),
            "saml.signature_misplaced",
        ),
        (
            "signature in Extensions",
            genuine
                .replace(&signature, "")
                .replace(status, &format!("{}{status}", extensions(&signature))),
            "saml.signature_misplaced",
        ),
        (
            "assertion in Extensions",
            genuine
                .replace(&assertion, "")
                .replace(status, &format!("{}{status}", extensions(&assertion))),
            "saml.assertion_misplaced",
        ),
        (
            "two signatures in one",
            genuine.replace(&signature, &signature.repeat(2)),
            "saml.unexpected_element",
        ),
        (
            "three signatures",
            sign(&plain(), Signed::Both)
                .replace(status, &format!("{}{status}", extensions(&signature))),
            "saml.several_signatures",
        ),
        (
            "foreign assertion element",
            genuine.replace(
                status,
                &format!("{}{status}", extensions("<Assertion xmlns='urn:x'/>")),
            ),
            "saml.several_assertions",
        ),
        (
            "foreign signature element",
            genuine.replace(
                status,
                &format!("{}{status}", extensions("<Signature xmlns='urn:x'/>")),
            ),
            "saml.signature_misplaced",
        ),
        (
            "encrypted beside",
            genuine.replace(
                &assertion,
                &format!("{assertion}<saml:EncryptedAssertion/>"),
            ),
            "saml.several_assertions",
        ),
        (
            "a response in a response",
            format!(
                "<samlp:Response xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\" ID=\"_r2\" Version=\"2.0\"><samlp:Status><samlp:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:status:Success\"/></samlp:Status>{genuine}</samlp:Response>"
            ),
            "saml.assertion_misplaced",
        ),
    ] {
        assert_ne!(xml, genuine, "{name}");
        let result = verify_xml(&xml, &expectations());
        assert_eq!(code(&result), expected, "{name}");
    }
}

#[test]
fn an_encrypted_assertion_has_its_own_refusal() {
    let xml = plain();
    let assertion = cut(&xml, "<saml:Assertion", "</saml:Assertion>");
    let xml = xml.replace(
        assertion,
        "<saml:EncryptedAssertion><x/></saml:EncryptedAssertion>",
    );
    assert_eq!(
        code(&verify_xml(&xml, &expectations())),
        "saml.encrypted_assertion_unsupported"
    );
}

#[test]
fn sha1_is_the_providers_choice() {
    let xml = sign(&plain(), Signed::Assertion).replace(
        "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
        "http://www.w3.org/2000/09/xmldsig#rsa-sha1",
    );
    assert_eq!(
        code(&verify_xml(&xml, &expectations())),
        "saml.signature_sha1"
    );
    let allowed = Expectations {
        allow_sha1: true,
        ..expectations()
    };
    assert_eq!(code(&verify_xml(&xml, &allowed)), "saml.signature_invalid");
}

#[test]
fn every_error_speaks_to_an_administrator() {
    let error = said(
        &format!("<saml:Audience>{SP}"),
        "<saml:Audience>https://old.example.com",
        Signed::Both,
    )
    .unwrap_err();
    assert_eq!(error.expected().as_deref(), Some(SP));
    assert_eq!(error.received(), ["https://old.example.com"]);
    assert_eq!(error.side().as_str(), "idp");
    let error = said("2026-11-21T11:59:59Z", "2026-11-21T12:10:00Z", Signed::Both).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the assertion was issued at 2026-11-21T12:10:00.000Z, and here it is \
         2026-11-21T12:00:00.000Z: the clocks differ by 600 seconds or more"
    );
    let error = said("2026-11-21T12:05:00Z", "2026-11-21T11:50:00Z", Signed::Both).unwrap_err();
    assert!(
        error.to_string().ends_with("600 seconds too late"),
        "{error}"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// Accepted means the same meaning, whatever octet was changed.
    #[test]
    fn a_changed_octet_changes_nothing_or_is_refused(
        which in 0_usize..3,
        at in any::<prop::sample::Index>(),
        octet in prop_oneof![any::<u8>(), prop::sample::select(b"<>&\"'/=: \n-!".to_vec())],
        insert in any::<bool>(),
    ) {
        static SIGNED: OnceLock<Vec<String>> = OnceLock::new();
        let signed = &SIGNED.get_or_init(|| EACH.iter().map(|s| sign(&plain(), *s)).collect())[which];
        let mut octets = signed.clone().into_bytes();
        let at = at.index(octets.len());
        if insert { octets.insert(at, octet); } else { octets[at] = octet; }
        let genuine = verify_xml(signed, &expectations()).unwrap();
        if let Ok(decoded) = decode(&STANDARD.encode(&octets))
            && let Ok(read) = decoded.verify(&expectations())
        {
            prop_assert_eq!(read, genuine);
        }
    }
}
