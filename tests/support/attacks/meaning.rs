//! Documents that are genuinely signed and say the wrong thing.

use super::{Catalogue, SKEW, near_misses};
use crate::support::forge::{BEARER, ConfirmationPart, Forge, SAML, SUCCESS, Scene, status};

pub fn add(list: &mut Catalogue) {
    issuers(list);
    destinations(list);
    statuses(list);
    requests(list);
    confirmations(list);
    conditions(list);
    statements(list);
    names(list);
    times(list);
}

/// A genuine answer, changed before it is signed.
fn forge(
    change: impl Fn(&mut Forge, &Scene) + Send + Sync + 'static,
) -> impl Fn(&Scene) -> String + Send + Sync {
    move |scene| {
        let mut forge = scene.forge();
        change(&mut forge, scene);
        forge.xml()
    }
}

/// The labels of [`near_misses`]; the URLs are known only in the scene.
fn labels() -> Vec<&'static str> {
    near_misses("https://a.example/b")
        .into_iter()
        .map(|(label, _)| label)
        .collect()
}

fn near_miss(url: &str, label: &str) -> String {
    near_misses(url)
        .into_iter()
        .find(|(name, _)| *name == label)
        .map(|(_, url)| url)
        .unwrap()
}

fn issuers(list: &mut Catalogue) {
    list.add(
        "issuer: none on the assertion",
        "saml.issuer_missing",
        forge(|f, _| f.assertion.issuer = None),
    );
    for label in labels() {
        list.add(
            format!("issuer of the assertion: {label}"),
            "saml.issuer_mismatch",
            forge(move |f, s| {
                f.assertion.issuer = Some(near_miss(&s.idp_entity_id, label));
            }),
        );
        list.add(
            format!("issuer of the response: {label}"),
            "saml.issuer_mismatch",
            forge(move |f, s| {
                f.response.issuer = Some(near_miss(&s.idp_entity_id, label));
            }),
        );
    }
    list.add(
        "issuer: two values in one",
        "saml.issuer_mismatch",
        forge(|f, s| {
            f.assertion.issuer = Some(format!("{0}&#10;{0}", s.idp_entity_id));
            f.assertion.octets = Some(|literal| literal.replace("&#10;", "\n"));
        }),
    );
    list.add(
        "issuer: in a format that is no entity",
        "saml.issuer_mismatch",
        forge(|f, _| {
            f.assertion.issuer_format =
                Some("urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress".to_owned());
        }),
    );
}

fn destinations(list: &mut Catalogue) {
    for label in labels() {
        list.add(
            format!("destination: {label}"),
            "saml.destination_mismatch",
            forge(move |f, s| {
                f.response.destination = Some(near_miss(&s.acs_url, label));
            }),
        );
        list.add(
            format!("destination, signed: {label}"),
            "saml.destination_mismatch",
            move |s| {
                let mut f = s.forge().signed_response();
                f.response.destination = Some(near_miss(&s.acs_url, label));
                f.xml()
            },
        );
    }
    list.add(
        "destination: none on a signed response",
        "saml.destination_missing",
        |s| {
            let mut f = s.forge().signed_response();
            f.response.destination = None;
            f.xml()
        },
    );
}

fn statuses(list: &mut Catalogue) {
    let prefix = "urn:oasis:names:tc:SAML:2.0:status:";
    for (name, code, status_code, nested) in [
        ("Responder", "saml.status_responder", "Responder", ""),
        (
            "Requester",
            "saml.status_request_denied",
            "Requester",
            "RequestDenied",
        ),
        (
            "VersionMismatch",
            "saml.status_version_mismatch",
            "VersionMismatch",
            "",
        ),
        (
            "AuthnFailed nested",
            "saml.status_authn_failed",
            "Responder",
            "AuthnFailed",
        ),
        (
            "Success nested in Responder",
            "saml.status_refused",
            "Responder",
            "Success",
        ),
    ] {
        list.add(
            format!("status: {name}"),
            code,
            forge(move |f, _| {
                let nested = if nested.is_empty() {
                    String::new()
                } else {
                    format!("{prefix}{nested}")
                };
                f.response.status = status(&format!("{prefix}{status_code}"), &nested, "");
            }),
        );
    }
    for (name, code, text) in [
        ("missing", "saml.status_missing", String::new()),
        (
            "without a code",
            "saml.status_missing",
            "<samlp:Status></samlp:Status>".to_owned(),
        ),
        (
            "without a value",
            "saml.status_refused",
            "<samlp:Status><samlp:StatusCode></samlp:StatusCode></samlp:Status>".to_owned(),
        ),
        ("empty", "saml.status_refused", status("", "", "")),
        (
            "in small letters",
            "saml.status_refused",
            status(&SUCCESS.to_lowercase(), "", ""),
        ),
        (
            "with a suffix",
            "saml.status_refused",
            status(&format!("{SUCCESS}x"), "", ""),
        ),
        (
            "with a prefix",
            "saml.status_refused",
            status(&format!("x{SUCCESS}"), "", ""),
        ),
        (
            "as text only",
            "saml.status_missing",
            format!(
                "<samlp:Status><samlp:StatusMessage>{SUCCESS}</samlp:StatusMessage></samlp:Status>"
            ),
        ),
        (
            "two codes, success first",
            "saml.status_missing",
            status(
                SUCCESS,
                "",
                &format!("<samlp:StatusCode Value=\"{prefix}Responder\"></samlp:StatusCode>"),
            ),
        ),
        (
            "two codes, success last",
            "saml.status_missing",
            status(
                &format!("{prefix}Responder"),
                "",
                &format!("<samlp:StatusCode Value=\"{SUCCESS}\"></samlp:StatusCode>"),
            ),
        ),
        (
            "doubled, success first",
            "saml.status_missing",
            status(SUCCESS, "", "") + &status(&format!("{prefix}Responder"), "", ""),
        ),
        (
            "doubled, success last",
            "saml.status_missing",
            status(&format!("{prefix}Responder"), "", "") + &status(SUCCESS, "", ""),
        ),
        (
            "in another namespace",
            "saml.status_missing",
            status(SUCCESS, "", "").replace("samlp:", "x:").replacen(
                "<x:Status>",
                "<x:Status xmlns:x=\"urn:evil\">",
                1,
            ),
        ),
    ] {
        list.add(
            format!("status: {name}"),
            code,
            forge(move |f, _| f.response.status.clone_from(&text)),
        );
    }
    for (name, version) in [
        ("1.1", "1.1"),
        ("2.1", "2.1"),
        ("3.0", "3.0"),
        ("empty", ""),
        ("2", "2"),
    ] {
        list.add(
            format!("version of the response: {name}"),
            "saml.version",
            forge(move |f, _| {
                version.clone_into(&mut f.response.version);
            }),
        );
        list.add(
            format!("version of the assertion: {name}"),
            "saml.version",
            forge(move |f, _| {
                version.clone_into(&mut f.assertion.version);
            }),
        );
    }
}

fn requests(list: &mut Catalogue) {
    list.add(
        "InResponseTo: none in the confirmation",
        "saml.in_response_to_missing",
        forge(|f, _| f.confirmation().in_response_to = None),
    );
    for (name, value) in [
        ("empty", ""),
        ("another", "_ffffffffffffffffffffffffffffffffffffffff"),
        ("in capitals", "UPPER"),
        ("cut", "CUT"),
        ("with a suffix", "SUFFIX"),
        ("two in one", "TWO"),
    ] {
        list.add(
            format!("InResponseTo of the confirmation: {name}"),
            "saml.in_response_to_mismatch",
            forge(move |f, s| {
                let id = &s.request_id;
                f.confirmation().in_response_to = Some(match value {
                    "UPPER" => id.to_uppercase(),
                    "CUT" => id[..id.len() - 1].to_owned(),
                    "SUFFIX" => format!("{id}0"),
                    "TWO" => format!("{id} {id}"),
                    other => other.to_owned(),
                });
            }),
        );
    }
}

fn confirmations(list: &mut Catalogue) {
    list.add(
        "confirmation: none",
        "saml.not_bearer",
        forge(|f, _| f.subject().confirmations.clear()),
    );
    list.add(
        "confirmation: no subject",
        "saml.subject_missing",
        forge(|f, _| f.assertion.subject = None),
    );
    for (name, method) in [
        (
            "holder-of-key",
            "urn:oasis:names:tc:SAML:2.0:cm:holder-of-key",
        ),
        (
            "sender-vouches",
            "urn:oasis:names:tc:SAML:2.0:cm:sender-vouches",
        ),
        (
            "the artifact of SAML 1.1",
            "urn:oasis:names:tc:SAML:1.0:cm:artifact",
        ),
        (
            "bearer of SAML 1.1",
            "urn:oasis:names:tc:SAML:1.0:cm:bearer",
        ),
        (
            "bearer in capitals",
            "URN:OASIS:NAMES:TC:SAML:2.0:CM:BEARER",
        ),
        ("empty", ""),
    ] {
        list.add(
            format!("confirmation: {name} only"),
            "saml.not_bearer",
            forge(move |f, _| {
                method.clone_into(&mut f.confirmation().method);
            }),
        );
    }
    list.add(
        "confirmation: no data",
        "saml.recipient_missing",
        forge(|f, _| f.confirmation().data = false),
    );
    list.add(
        "confirmation: no recipient",
        "saml.recipient_missing",
        forge(|f, _| f.confirmation().recipient = None),
    );
    for label in labels() {
        list.add(
            format!("recipient: {label}"),
            "saml.recipient_mismatch",
            forge(move |f, s| {
                f.confirmation().recipient = Some(near_miss(&s.acs_url, label));
            }),
        );
    }
    list.add(
        "recipient: another provider's",
        "saml.recipient_mismatch",
        forge(|f, s| {
            f.confirmation().recipient = Some(s.acs_url.replace("/saml/", "/saml/other-"));
        }),
    );
    list.add(
        "confirmation: a NotBefore",
        "saml.confirmation_not_before",
        forge(|f, s| f.confirmation().not_before = Some(s.at(-60))),
    );
    list.add(
        "confirmation: no NotOnOrAfter",
        "saml.confirmation_unbounded",
        forge(|f, _| f.confirmation().not_on_or_after = None),
    );
    list.add(
        "confirmation: every one of two is wrong in its own way",
        "saml.recipient_mismatch",
        forge(|f, s| {
            let first = f.confirmation().clone();
            f.subject().confirmations = vec![
                ConfirmationPart {
                    recipient: Some("https://evil.example/".to_owned()),
                    ..first.clone()
                },
                ConfirmationPart {
                    not_on_or_after: Some(s.at(-SKEW - 10)),
                    ..first
                },
            ];
        }),
    );
    list.add(
        "confirmation: the right data under holder-of-key, bearer without",
        "saml.recipient_missing",
        forge(|f, _| {
            let first = f.confirmation().clone();
            f.subject().confirmations = vec![
                ConfirmationPart {
                    method: "urn:oasis:names:tc:SAML:2.0:cm:holder-of-key".to_owned(),
                    ..first.clone()
                },
                ConfirmationPart {
                    data: false,
                    method: BEARER.to_owned(),
                    ..first
                },
            ];
        }),
    );
}

fn conditions(list: &mut Catalogue) {
    list.add(
        "conditions: none",
        "saml.conditions_missing",
        forge(|f, _| f.assertion.conditions = None),
    );
    list.add(
        "audience: no restriction",
        "saml.audience_missing",
        forge(|f, _| f.conditions().audiences.clear()),
    );
    list.add(
        "audience: an empty restriction",
        "saml.audience_mismatch",
        forge(|f, _| f.conditions().audiences = vec![vec![]]),
    );
    for label in labels() {
        list.add(
            format!("audience: {label}"),
            "saml.audience_mismatch",
            forge(move |f, s| {
                f.conditions().audiences = vec![vec![near_miss(&s.sp_entity_id, label)]];
            }),
        );
    }
    list.add(
        "audience: the ACS",
        "saml.audience_mismatch",
        forge(|f, s| {
            f.conditions().audiences = vec![vec![s.acs_url.clone()]];
        }),
    );
    list.add(
        "audience: another provider's",
        "saml.audience_mismatch",
        forge(|f, s| {
            f.conditions().audiences = vec![vec![s.sp_entity_id.replace("/saml/", "/saml/other-")]];
        }),
    );
    list.add(
        "audience: two restrictions, the second not ours",
        "saml.audience_mismatch",
        forge(|f, _| {
            f.conditions()
                .audiences
                .push(vec!["https://elsewhere.example/".to_owned()]);
        }),
    );
    list.add(
        "audience: two restrictions, the first not ours",
        "saml.audience_mismatch",
        forge(|f, _| {
            f.conditions()
                .audiences
                .insert(0, vec!["https://elsewhere.example/".to_owned()]);
        }),
    );
    for (name, extra) in [
        ("in the namespace of SAML", "<saml:Unknown></saml:Unknown>"),
        (
            "in a foreign namespace",
            "<x:Only xmlns:x=\"urn:evil\"></x:Only>",
        ),
        (
            "by xsi:type",
            "<saml:Condition xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:type=\"x:Only\"></saml:Condition>",
        ),
        ("bare", "<saml:Condition></saml:Condition>"),
    ] {
        list.add(
            format!("condition: unknown, {name}"),
            "saml.condition_unknown",
            forge(move |f, _| {
                extra.clone_into(&mut f.conditions().extra);
            }),
        );
    }
}

fn statements(list: &mut Catalogue) {
    list.add(
        "statement: no AuthnStatement",
        "saml.authn_statement_missing",
        forge(|f, _| f.assertion.authn = None),
    );
    list.add(
        "statement: neither AuthnStatement nor attributes",
        "saml.authn_statement_missing",
        forge(|f, _| {
            f.assertion.authn = None;
            f.assertion.attributes.clear();
        }),
    );
    list.add(
        "statement: AuthnInstant in the future",
        "saml.authn_instant_future",
        forge(|f, s| f.authn().instant = s.at(SKEW + 60)),
    );
    list.add(
        "statement: SessionNotOnOrAfter in the past",
        "saml.session_expired",
        forge(|f, s| {
            f.authn().session_not_on_or_after = Some(s.at(-SKEW - 10));
        }),
    );
    list.add(
        "statement: AuthnStatement in a foreign namespace",
        "saml.unexpected_element",
        forge(|f, s| {
            f.assertion.authn = None;
            f.assertion.tail = format!(
                "<x:AuthnStatement xmlns:x=\"urn:evil\" AuthnInstant=\"{}\"></x:AuthnStatement>",
                s.at(-1)
            );
        }),
    );
    list.add("statement: AuthnStatement inside the Advice", "saml.authn_statement_missing", forge(|f, s| {
        f.assertion.authn = None;
        f.assertion.tail = format!("<saml:Advice><saml:AuthnStatement AuthnInstant=\"{}\"></saml:AuthnStatement></saml:Advice>", s.at(-1));
    }));
}

fn names(list: &mut Catalogue) {
    for (name, value) in [
        ("empty", ""),
        ("blank", "  "),
        ("line breaks only", "\n\n"),
        ("too long", "LONG"),
    ] {
        list.add(
            format!("NameID: {name}"),
            "saml.name_id_invalid",
            forge(move |f, _| {
                f.name_id().value = value.replace("LONG", &"a".repeat(5_000));
            }),
        );
    }
    list.add(
        "NameID: an EncryptedID instead",
        "saml.subject_unsupported",
        forge(|f, _| {
            let subject = f.subject();
            subject.name_id = None;
            subject.extra = "<saml:EncryptedID></saml:EncryptedID>".to_owned();
        }),
    );
    list.add(
        "NameID: a BaseID instead",
        "saml.subject_unsupported",
        forge(|f, _| {
            let subject = f.subject();
            subject.name_id = None;
            subject.extra = "<saml:BaseID></saml:BaseID>".to_owned();
        }),
    );
    list.add(
        "NameID: of a namespace of the attacker's",
        "saml.unexpected_element",
        forge(|f, _| {
            let subject = f.subject();
            subject.extra = "<x:NameID xmlns:x=\"urn:evil\">admin</x:NameID>".to_owned();
            subject.name_id = None;
        }),
    );
    list.add("attributes: an attribute without a name", "saml.attribute_unnamed", forge(|f, _| {
        f.assertion.tail = "<saml:AttributeStatement><saml:Attribute><saml:AttributeValue>x</saml:AttributeValue>\
                            </saml:Attribute></saml:AttributeStatement>".to_owned();
    }));
    list.add(
        "assertion: an EncryptedAssertion of SAML only by name",
        "saml.several_assertions",
        |s| {
            let f = s.forge().unsigned();
            f.response_around(&format!(
                "<saml:EncryptedAssertion xmlns:saml=\"{SAML}\">{}</saml:EncryptedAssertion>",
                f.bare_assertion()
            ))
        },
    );
}

/// A place in the document that holds a time.
type Place = fn(&mut Forge, String);

const PLACES: [(&str, &str, Place); 6] = [
    (
        "IssueInstant of the response",
        "saml.issue_instant_future",
        |f, t| f.response.issue_instant = t,
    ),
    (
        "IssueInstant of the assertion",
        "saml.issue_instant_future",
        |f, t| f.assertion.issue_instant = t,
    ),
    (
        "NotOnOrAfter of the confirmation",
        "saml.confirmation_expired",
        |f, t| {
            f.confirmation().not_on_or_after = Some(t);
        },
    ),
    (
        "NotBefore of the conditions",
        "saml.not_yet_valid",
        |f, t| f.conditions().not_before = Some(t),
    ),
    ("NotOnOrAfter of the conditions", "saml.expired", |f, t| {
        f.conditions().not_on_or_after = Some(t);
    }),
    ("AuthnInstant", "saml.authn_instant_future", |f, t| {
        f.authn().instant = t;
    }),
];

fn times(list: &mut Catalogue) {
    for (place, code, set) in PLACES {
        for (name, value) in [
            ("empty", ""),
            ("without Z", "2026-11-21T20:15:30"),
            ("with an offset", "2026-11-21T20:15:30+00:00"),
            ("in small letters", "2026-11-21t20:15:30z"),
            ("with a blank", "2026-11-21 20:15:30Z"),
            ("a date only", "2026-11-21"),
            ("a leap second", "2026-12-31T23:59:60Z"),
            ("24 o'clock", "2026-11-21T24:00:00Z"),
            ("30 February", "2026-02-30T00:00:00Z"),
            ("month 13", "2026-13-01T00:00:00Z"),
            ("year 262143", "262143-01-01T00:00:00Z"),
            ("year +262143", "+262143-01-01T00:00:00Z"),
            ("year -262143", "-262143-01-01T00:00:00Z"),
            ("year 99999999999", "99999999999-01-01T00:00:00Z"),
            ("a fraction without digits", "2026-11-21T20:15:30.Z"),
            ("a comma", "2026-11-21T20:15:30,5Z"),
            ("Arabic digits", "٢٠٢٦-11-21T20:15:30Z"),
            ("a number", "1795292130"),
            ("text behind", "2026-11-21T20:15:30Zx"),
        ] {
            list.add(
                format!("time: {place}, {name}"),
                "saml.time_invalid",
                forge(move |f, _| set(f, value.to_owned())),
            );
        }
        let late = place.starts_with("NotBefore") || !place.starts_with("Not");
        if late {
            list.add(
                format!("time: {place}, year 9999"),
                code,
                forge(move |f, _| set(f, "9999-12-31T23:59:59Z".to_owned())),
            );
            list.add(
                format!("time: {place}, past the skew by a second"),
                code,
                forge(move |f, s| set(f, s.at(SKEW + 1))),
            );
        } else {
            list.add(
                format!("time: {place}, year 1"),
                code,
                forge(move |f, _| set(f, "0001-01-01T00:00:00Z".to_owned())),
            );
            list.add(
                format!("time: {place}, at the end of the skew"),
                code,
                forge(move |f, s| set(f, s.at(-SKEW))),
            );
            list.add(
                format!("time: {place}, past the skew by a second"),
                code,
                forge(move |f, s| set(f, s.at(-SKEW - 1))),
            );
        }
    }
    list.add(
        "time: the response of a year ago",
        "saml.issue_instant_past",
        forge(|f, s| f.response.issue_instant = s.at(-31_536_000)),
    );
    list.add(
        "time: the assertion of a year ago",
        "saml.issue_instant_past",
        forge(|f, s| f.assertion.issue_instant = s.at(-31_536_000)),
    );
    list.add(
        "time: an answer before the question",
        "saml.issue_instant_past",
        forge(|f, s| {
            f.response.issue_instant = s.at(-86_400);
            f.assertion.issue_instant = s.at(-86_400);
        }),
    );
    list.add(
        "time: SessionNotOnOrAfter without Z",
        "saml.time_invalid",
        forge(|f, _| {
            f.authn().session_not_on_or_after = Some("2027-01-01T00:00:00".to_owned());
        }),
    );
}
