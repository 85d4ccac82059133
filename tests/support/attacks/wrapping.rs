//! Signature wrapping: a genuine signature over one element, and another
//! element that a careless reader takes for it. XSW 1 to 8 are numbered as in
//! Somorovsky et al., "On Breaking SAML: Be Whoever You Want to Be" (2012).

use super::Catalogue;
use crate::support::forge::{Forge, SAMLP, SUCCESS, Scene, element, status};
use crate::support::signature::{DS, SHA256, Signature, digest};

/// Who the attacker wants to be.
pub const VICTIM: &str = "admin";

/// The genuine answer, cut into what wrapping needs.
struct Parts {
    forge: Forge,
    /// The genuine assertion with its signature.
    signed: String,
    /// The genuine assertion without it.
    bare: String,
    /// The signature alone.
    signature: String,
    /// The attacker's assertion, without a signature.
    evil: Forge,
}

fn parts(scene: &Scene) -> Parts {
    let forge = scene.forge();
    Parts {
        signed: forge.assertion_xml(),
        bare: forge.bare_assertion(),
        signature: forge.assertion_signature(),
        evil: scene.forge().saying(VICTIM).unsigned(),
        forge,
    }
}

/// The genuine response, signed as a whole: (itself without the signature,
/// the signature over it).
fn signed_response(scene: &Scene, tail: &str) -> (String, String) {
    let forge = scene.forge().signed_response();
    let body = forge.bare_assertion();
    let original = forge.response_with("", &body);
    let mut signature = forge.sign_response.clone().unwrap();
    signature.tail = tail.to_owned();
    let signature = signature.over(&forge.response.id, original.as_bytes());
    (original, signature)
}

/// The attacker's response, with an id of its own.
fn evil_response(scene: &Scene) -> Forge {
    let mut evil = scene.forge().saying(VICTIM).unsigned();
    evil.response.id.push_str("evil");
    evil
}

pub fn add(list: &mut Catalogue) {
    numbered(list);
    places(list);
    collisions(list);
    roots(list);
    mismatched(list);
}

fn numbered(list: &mut Catalogue) {
    list.add(
        "xsw1: the signed response inside the signature",
        "saml.several_assertions",
        |s| {
            let (original, _) = signed_response(s, "");
            let (_, signature) = signed_response(s, &original);
            let evil = evil_response(s);
            evil.response_with(&signature, &evil.bare_assertion())
        },
    );
    list.add(
        "xsw2: the signed response beside the signature",
        "saml.several_assertions",
        |s| {
            let (original, signature) = signed_response(s, "");
            let evil = evil_response(s);
            let before = format!("{original}{signature}");
            evil.response_with(&before, &evil.bare_assertion())
        },
    );
    list.add(
        "xsw3: the evil assertion first",
        "saml.several_assertions",
        |s| {
            let p = parts(s);
            p.forge
                .response_around(&format!("{}{}", p.evil.bare_assertion(), p.signed))
        },
    );
    list.add(
        "xsw3: the evil assertion last (CVE-2025-47949)",
        "saml.several_assertions",
        |s| {
            let p = parts(s);
            p.forge
                .response_around(&format!("{}{}", p.signed, p.evil.bare_assertion()))
        },
    );
    list.add(
        "xsw4: the evil assertion around the signed one",
        "saml.several_assertions",
        |s| {
            let mut p = parts(s);
            p.evil.assertion.tail = p.signed;
            p.forge.response_around(&p.evil.bare_assertion())
        },
    );
    list.add(
        "xsw5: the signature moved to the evil assertion",
        "saml.several_assertions",
        |s| {
            let p = parts(s);
            let evil = p.evil.assertion_with(&p.signature);
            p.forge.response_around(&format!("{evil}{}", p.bare))
        },
    );
    list.add(
        "xsw6: the signed assertion inside the moved signature",
        "saml.several_assertions",
        |s| {
            let mut p = parts(s);
            p.forge.signature().tail = p.bare.clone();
            let evil = p.evil.assertion_with(&p.forge.assertion_signature());
            p.forge.response_around(&evil)
        },
    );
    list.add(
        "xsw7: the evil assertion in Extensions",
        "saml.several_assertions",
        |s| {
            let mut p = parts(s);
            p.forge.response.extensions = p.evil.bare_assertion();
            p.forge.response_around(&p.signed)
        },
    );
    list.add(
        "xsw8: the signed assertion in an Object",
        "saml.several_assertions",
        |s| {
            let mut p = parts(s);
            p.forge.signature().tail = format!("<ds:Object>{}</ds:Object>", p.bare);
            let evil = p.evil.assertion_with(&p.forge.assertion_signature());
            p.forge.response_around(&evil)
        },
    );
}

/// The signed assertion out of the way, the evil one in its place.
fn places(list: &mut Catalogue) {
    list.add(
        "wrapping: the signed assertion in Extensions",
        "saml.several_assertions",
        |s| {
            let mut p = parts(s);
            p.forge.response.extensions = p.signed;
            p.forge.response_around(&p.evil.bare_assertion())
        },
    );
    list.add(
        "wrapping: the signed assertion in StatusDetail",
        "saml.several_assertions",
        |s| {
            let mut p = parts(s);
            let detail = format!("<samlp:StatusDetail>{}</samlp:StatusDetail>", p.signed);
            p.forge.response.status = status(SUCCESS, "", &detail);
            p.forge.response_around(&p.evil.bare_assertion())
        },
    );
    list.add(
        "wrapping: the signed assertion in Advice",
        "saml.several_assertions",
        |s| {
            let mut p = parts(s);
            p.evil.assertion.tail = format!("<saml:Advice>{}</saml:Advice>", p.signed);
            p.forge.response_around(&p.evil.bare_assertion())
        },
    );
    list.add(
        "wrapping: the signed assertion in SubjectConfirmationData",
        "saml.several_assertions",
        |s| {
            let mut p = parts(s);
            p.evil.confirmation().inner = p.signed;
            p.forge.response_around(&p.evil.bare_assertion())
        },
    );
    list.add(
        "wrapping: the signed assertion in an AttributeValue",
        "saml.several_assertions",
        |s| {
            let mut p = parts(s);
            p.evil.assertion.attributes[0].values.push(p.signed);
            p.forge.response_around(&p.evil.bare_assertion())
        },
    );
    list.add(
        "wrapping: the evil assertion in an Object of the signature",
        "saml.several_assertions",
        |s| {
            let mut p = parts(s);
            p.forge.signature().tail =
                format!("<ds:Object>{}</ds:Object>", p.evil.bare_assertion());
            p.forge.xml()
        },
    );
    list.add(
        "wrapping: the evil assertion in the signature's KeyInfo",
        "saml.several_assertions",
        |s| {
            let mut p = parts(s);
            p.forge.signature().key_info = p.evil.bare_assertion();
            p.forge.xml()
        },
    );
    list.add(
        "wrapping: the evil assertion before SignedInfo",
        "saml.several_assertions",
        |s| {
            let mut p = parts(s);
            p.forge.signature().head = p.evil.bare_assertion();
            p.forge.xml()
        },
    );
    list.add(
        "wrapping: the evil assertion under a foreign element",
        "saml.several_assertions",
        |s| {
            let mut p = parts(s);
            p.forge.response.tail = format!(
                "<x:Box xmlns:x=\"urn:evil\">{}</x:Box>",
                p.evil.bare_assertion()
            );
            p.forge.xml()
        },
    );
    list.add(
        "wrapping: the signed assertion under a foreign element",
        "saml.several_assertions",
        |s| {
            let mut p = parts(s);
            p.forge.response.tail = format!("<x:Box xmlns:x=\"urn:evil\">{}</x:Box>", p.signed);
            p.forge.response_around(&p.evil.bare_assertion())
        },
    );
    list.add(
        "wrapping: the evil assertion and an EncryptedAssertion",
        "saml.several_assertions",
        |s| {
            let mut p = parts(s);
            p.forge.response.tail = format!(
                "<saml:EncryptedAssertion xmlns:saml=\"{}\">{}</saml:EncryptedAssertion>",
                crate::support::forge::SAML,
                p.evil.bare_assertion()
            );
            p.forge.xml()
        },
    );
    list.add(
        "wrapping: the signature on the response points at the assertion",
        "saml.signature_reference",
        |s| {
            let p = parts(s);
            p.forge.response_with(&p.signature, &p.bare)
        },
    );
    list.add(
        "wrapping: the assertion's signature points at the response",
        "saml.signature_reference",
        |s| {
            let mut forge = s.forge();
            forge.sign_assertion = None;
            let octets = forge.xml();
            let signature = Signature::by(s.idp_key).over(&forge.response.id, octets.as_bytes());
            let body = forge.assertion_with(&signature);
            forge.response_around(&body)
        },
    );
    list.add(
        "wrapping: the signature inside the subject",
        "saml.signature_misplaced",
        |s| {
            let mut p = parts(s);
            p.forge.subject().extra = p.signature;
            p.forge.sign_assertion = None;
            p.forge.xml()
        },
    );
    list.add(
        "wrapping: a second response inside the first",
        "saml.several_assertions",
        |s| {
            let p = parts(s);
            let evil = evil_response(s);
            let inner = p.forge.response_around(&p.signed);
            evil.response_around(&format!("{inner}{}", evil.bare_assertion()))
        },
    );
}

/// Two elements that answer to one id.
fn collisions(list: &mut Catalogue) {
    list.add(
        "ids: the evil assertion first, with the signed one's ID",
        "saml.id_duplicate",
        |s| {
            let mut p = parts(s);
            p.evil.assertion.id.clone_from(&p.forge.assertion.id);
            p.forge
                .response_around(&format!("{}{}", p.evil.bare_assertion(), p.signed))
        },
    );
    list.add(
        "ids: the evil assertion last, with the signed one's ID",
        "saml.id_duplicate",
        |s| {
            let mut p = parts(s);
            p.evil.assertion.id.clone_from(&p.forge.assertion.id);
            p.forge
                .response_around(&format!("{}{}", p.signed, p.evil.bare_assertion()))
        },
    );
    for name in ["Id", "id", "xml:id"] {
        list.add(
            format!("ids: a twin by {name} in Extensions"),
            "saml.id_duplicate",
            move |s| {
                let mut p = parts(s);
                p.forge.response.extensions = format!(
                    "<x:Twin xmlns:x=\"urn:evil\" {name}=\"{}\">evil</x:Twin>",
                    p.forge.assertion.id
                );
                p.forge.xml()
            },
        );
        list.add(
            format!("ids: the evil assertion named by {name}"),
            "saml.id_duplicate",
            move |s| {
                let p = parts(s);
                let twin = p.evil.bare_assertion().replacen(
                    &format!(" ID=\"{}\"", p.evil.assertion.id),
                    &format!(" {name}=\"{}\"", p.forge.assertion.id),
                    1,
                );
                p.forge.response_around(&format!("{twin}{}", p.signed))
            },
        );
    }
    list.add(
        "ids: response and assertion share one",
        "saml.id_duplicate",
        |s| {
            let mut forge = s.forge();
            forge.response.id.clone_from(&forge.assertion.id);
            forge.xml()
        },
    );
    list.add(
        "ids: a signature with the assertion's Id",
        "saml.id_duplicate",
        |s| {
            let forge = s.forge();
            let id = format!("<ds:Signature Id=\"{}\"", forge.assertion.id);
            forge.xml().replacen("<ds:Signature", &id, 1)
        },
    );
    for (name, id) in [
        ("empty", String::new()),
        ("blank inside", "_a b".to_owned()),
        ("too long", "_".repeat(300)),
        ("a quotation mark", "_a&quot;b".to_owned()),
        ("not ASCII", "_ä".to_owned()),
        ("a newline by reference", "_a&#10;b".to_owned()),
        ("an XPointer", "xpointer(/)".to_owned()),
    ] {
        list.add(format!("ids: {name}"), "saml.id_invalid", move |s| {
            let mut forge = s.forge();
            forge.assertion.id.clone_from(&id);
            forge.xml()
        });
    }
    list.add(
        "ids: none on the assertion, URI empty",
        "saml.id_invalid",
        |s| {
            let mut forge = s.forge();
            let id = format!(" ID=\"{}\"", forge.assertion.id);
            forge.signature().uri = Some(String::new());
            forge.xml().replacen(&id, "", 1)
        },
    );
}

/// Documents with the wrong root.
fn roots(list: &mut Catalogue) {
    list.add(
        "root: the signed assertion alone",
        "saml.not_a_response",
        |s| parts(s).signed,
    );
    list.add("root: a SOAP envelope", "saml.not_a_response", |s| {
        format!(
            "<e:Envelope xmlns:e=\"http://schemas.xmlsoap.org/soap/envelope/\"><e:Body>{}</e:Body></e:Envelope>",
            s.forge().xml()
        )
    });
    list.add("root: an ArtifactResponse", "saml.not_a_response", |s| {
        let body = s.forge().xml();
        element(
            "samlp:ArtifactResponse",
            &[("xmlns:samlp", SAMLP)],
            &[
                ("ID", Some("_artifact")),
                ("IssueInstant", Some(&s.at(0))),
                ("Version", Some("2.0")),
            ],
            &body,
        )
    });
    list.add(
        "root: a LogoutResponse, genuinely signed",
        "saml.not_a_response",
        |s| {
            let open = |signature: &str| {
                element(
                    "samlp:LogoutResponse",
                    &[("xmlns:samlp", SAMLP)],
                    &[
                        ("Destination", Some(&s.acs_url)),
                        ("ID", Some("_logout")),
                        ("InResponseTo", Some(&s.request_id)),
                        ("IssueInstant", Some(&s.at(0))),
                        ("Version", Some("2.0")),
                    ],
                    &format!(
                        "<saml:Issuer xmlns:saml=\"{}\">{}</saml:Issuer>{signature}{}",
                        crate::support::forge::SAML,
                        s.idp_entity_id,
                        status(SUCCESS, "", "")
                    ),
                )
            };
            let signature = Signature::by(s.idp_key).over("_logout", open("").as_bytes());
            open(&signature)
        },
    );
    list.add(
        "root: a signed LogoutResponse in Extensions lends its signature",
        "saml.signature_reference",
        |s| {
            let inner = element(
                "samlp:LogoutResponse",
                &[("xmlns:samlp", SAMLP)],
                &[("ID", Some("_logout"))],
                "",
            );
            let signature = Signature::by(s.idp_key).over("_logout", inner.as_bytes());
            let mut evil = evil_response(s);
            evil.response.extensions = inner;
            evil.response_with(&signature, &evil.bare_assertion())
        },
    );
    list.add("root: signed metadata of the IdP lends its signature", "saml.signature_reference", |s| {
        let inner = "<md:EntityDescriptor xmlns:md=\"urn:oasis:names:tc:SAML:2.0:metadata\" \
                     ID=\"_metadata\" entityID=\"https://idp.example.com/entity\"></md:EntityDescriptor>";
        let signature = Signature::by(s.idp_key).over("_metadata", inner.as_bytes());
        let mut evil = evil_response(s);
        evil.response.extensions = inner.to_owned();
        evil.response_with("", &evil.assertion_with(&signature))
    });
    list.add("root: no assertion at all", "saml.assertion_missing", |s| {
        s.forge().response_around("")
    });
    list.add(
        "root: an unsigned assertion in a response without signature",
        "saml.signature_missing",
        |s| s.forge().unsigned().xml(),
    );
}

/// A genuine signature, and content that it does not cover.
fn mismatched(list: &mut Catalogue) {
    list.add(
        "mismatch: the evil assertion under the genuine signature",
        "saml.signature_digest",
        |s| {
            let mut p = parts(s);
            p.evil.assertion.id.clone_from(&p.forge.assertion.id);
            p.forge
                .response_around(&p.evil.assertion_with(&p.signature))
        },
    );
    list.add(
        "mismatch: the digest wanted, in StatusDetail (CVE-2024-45409)",
        "saml.signature_digest",
        |s| {
            let mut p = parts(s);
            p.evil.assertion.id.clone_from(&p.forge.assertion.id);
            let wanted = digest(SHA256, p.evil.bare_assertion().as_bytes());
            let detail = format!(
                "<samlp:StatusDetail><ds:DigestValue xmlns:ds=\"{DS}\">{wanted}</ds:DigestValue>\
             </samlp:StatusDetail>"
            );
            p.forge.response.status = status(SUCCESS, "", &detail);
            p.forge
                .response_around(&p.evil.assertion_with(&p.signature))
        },
    );
    list.add(
        "mismatch: a whole SignedInfo wanted, in Extensions (CVE-2024-45409)",
        "saml.signature_digest",
        |s| {
            let mut p = parts(s);
            p.evil.assertion.id.clone_from(&p.forge.assertion.id);
            let wanted = Signature::by(s.idp_key)
                .over(&p.evil.assertion.id, p.evil.bare_assertion().as_bytes());
            let from = wanted.find("<ds:SignedInfo").unwrap();
            let to = wanted.find("<ds:SignatureValue").unwrap();
            p.forge.response.extensions = wanted[from..to].replacen(
                "<ds:SignedInfo",
                &format!("<ds:SignedInfo xmlns:ds=\"{DS}\""),
                1,
            );
            p.forge
                .response_around(&p.evil.assertion_with(&p.signature))
        },
    );
    list.add(
        "mismatch: a signed error, and an assertion injected",
        "saml.status_responder",
        |s| {
            let mut error = s.forge().signed_response();
            error.response.status = status("urn:oasis:names:tc:SAML:2.0:status:Responder", "", "");
            let document = error.response_around("");
            let evil = s.forge().saying(VICTIM).unsigned();
            document.replacen(
                "</samlp:Response>",
                &format!("{}</samlp:Response>", evil.bare_assertion()),
                1,
            )
        },
    );
    list.add(
        "mismatch: a signed error in Extensions, success outside",
        "saml.signature_misplaced",
        |s| {
            let mut error = s.forge().signed_response();
            error.response.status = status("urn:oasis:names:tc:SAML:2.0:status:Responder", "", "");
            let mut evil = evil_response(s);
            evil.response.extensions = error.response_around("");
            evil.response_around(&evil.bare_assertion())
        },
    );
    list.add(
        "mismatch: a signed success, the assertion exchanged",
        "saml.signature_digest",
        |s| {
            let forge = s.forge().signed_response();
            let evil = s.forge().saying(VICTIM).unsigned();
            forge
                .xml()
                .replacen(&forge.bare_assertion(), &evil.bare_assertion(), 1)
        },
    );
    list.add(
        "mismatch: only the assertion's signature holds, of two",
        "saml.signature_digest",
        |s| {
            let forge = s.forge().signed_twice();
            forge
                .xml()
                .replacen("Version=\"2.0\">", "Version=\"2.0\" Consent=\"urn:x\">", 1)
        },
    );
    list.add(
        "mismatch: only the response's signature holds, of two",
        "saml.signature_digest",
        |s| {
            let mut forge = s.forge().signed_twice();
            forge.signature().digest_value = Some(digest(SHA256, b"something else"));
            forge.xml()
        },
    );
    for (name, from, to) in [
        ("NameID", "00u-alice", "00u-admin"),
        ("attribute value", "alice@example.com", "admin@example.com"),
        (
            "attribute name",
            "\"department\"",
            "\"extensionAttribute1\"",
        ),
        (
            "NameID format",
            "nameid-format:persistent",
            "nameid-format:transient",
        ),
        ("a blank more", "</saml:NameID>", " </saml:NameID>"),
        (
            "a blank between elements",
            "</saml:Subject>",
            " </saml:Subject>",
        ),
        (
            "an attribute more",
            "<saml:Subject>",
            "<saml:Subject x=\"y\">",
        ),
        (
            "an element more",
            "</saml:Subject>",
            "</saml:Subject><saml:Advice/>",
        ),
    ] {
        list.add(
            format!("tampered: {name}"),
            "saml.signature_digest",
            move |s| {
                let document = s.forge().xml();
                let from = from.replace("00u-alice", &s.person.name_id);
                let from = from.replace("alice@example.com", &s.person.email);
                assert!(document.contains(&from), "{from}");
                document.replacen(&from, to, 1)
            },
        );
    }
}
