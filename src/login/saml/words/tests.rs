use super::*;
use crate::domain::Timestamp;
use crate::login::saml::error::StatusRefusal;
use crate::platform::xml::XmlError;

const NOW: Timestamp = Timestamp(1_795_262_400_000);

fn place(vendor: Vendor) -> Place {
    Place {
        vendor,
        slug: "okta".to_owned(),
        metadata: "https://sso.example.com/saml/okta/metadata".to_owned(),
        notes: Vec::new(),
    }
}

fn status(code: &str, nested: &[&str], message: Option<&str>) -> SamlError {
    let full = |code: &str| format!("urn:oasis:names:tc:SAML:2.0:status:{code}");
    SamlError::Status(StatusRefusal {
        code: full(code),
        nested: nested.iter().map(|code| full(code)).collect(),
        message: message.map(ToOwned::to_owned),
    })
}

fn errors() -> Vec<SamlError> {
    let (expected, received) = (
        "https://a.example".to_owned(),
        "https://b.example".to_owned(),
    );
    let level = Level::Assertion;
    let signature = |error| SamlError::Signature { level, error };
    let mut all = vec![
        SamlError::TooLarge { size: 2, limit: 1 },
        SamlError::Base64,
        SamlError::Utf8,
        SamlError::Xml(XmlError::Doctype),
        SamlError::NotAResponse {
            name: "html".to_owned(),
            namespace: String::new(),
        },
        SamlError::Version {
            level,
            received: "1.1".to_owned(),
        },
        SamlError::StatusMissing,
        SamlError::AssertionMissing,
        SamlError::SeveralAssertions { count: 2 },
        SamlError::AssertionMisplaced,
        SamlError::EncryptedAssertionUnsupported,
        SamlError::Decryption,
        SamlError::SignatureMissing,
        SamlError::SignatureMisplaced,
        SamlError::IdDuplicate {
            id: "_1".to_owned(),
        },
        SamlError::IssuerMissing { level },
        SamlError::IssuerMismatch {
            level,
            expected: expected.clone(),
            received: received.clone(),
        },
        SamlError::DestinationMissing {
            expected: expected.clone(),
        },
        SamlError::RecipientMismatch {
            expected: expected.clone(),
            received,
        },
        SamlError::InResponseToMissing { level },
        SamlError::TimeInvalid {
            field: "NotBefore",
            received: "yesterday".to_owned(),
        },
        SamlError::SubjectMissing,
        SamlError::ConditionsMissing,
        SamlError::AudienceMissing {
            expected: expected.clone(),
        },
        SamlError::AudienceMismatch {
            expected,
            received: Vec::new(),
        },
        SamlError::AuthnStatementMissing,
        signature(SignatureError::Digest),
        signature(SignatureError::NoKey),
        signature(SignatureError::KeyKind),
        signature(SignatureError::Comment),
        signature(SignatureError::Sha1 {
            uri: "u".to_owned(),
        }),
        signature(SignatureError::Algorithm {
            uri: "u".to_owned(),
        }),
        signature(SignatureError::Invalid {
            pinned: vec!["ab".to_owned()],
            received: Vec::new(),
        }),
        status("Responder", &[], None),
        status("Requester", &[], Some("AuthnRequest is not signed")),
        status("Responder", &["RequestDenied"], None),
        status("Requester", &["InvalidNameIDPolicy"], None),
    ];
    for what in [
        Validity::Conditions,
        Validity::Confirmation,
        Validity::Session,
    ] {
        all.push(SamlError::Expired {
            what,
            now: NOW,
            received: NOW.plus_seconds(-600),
        });
    }
    all
}

#[test]
fn every_error_has_whole_sentences_for_every_vendor() {
    for vendor in [
        Vendor::Okta,
        Vendor::Entra,
        Vendor::AdFs,
        Vendor::Google,
        Vendor::OneLogin,
        Vendor::Ping,
        Vendor::Keycloak,
        Vendor::Akamai,
        Vendor::Other,
    ] {
        for error in errors() {
            let words = explain(&error, &place(vendor));
            for text in [&words.summary, &words.remedy] {
                assert!(text.ends_with('.') && !text.contains(".."), "{text}");
                assert!(!text.contains("  "), "{text}");
                assert!(text.starts_with(|c: char| c.is_uppercase()), "{text}");
                assert!(text.len() > 30, "{text}");
            }
        }
    }
}

#[test]
fn a_product_s_own_words_say_more_than_its_code() {
    for (error, cause) in [
        (
            status("Responder", &[], Some("AADSTS50105: no")),
            Cause::NotAssigned,
        ),
        (
            status("Responder", &[], Some("AADSTS75011: no")),
            Cause::Context,
        ),
        (
            status("Requester", &[], Some("MSIS7070: no")),
            Cause::NameId,
        ),
        (
            status("Requester", &[], Some("The request must be signed")),
            Cause::Unsigned,
        ),
        (
            status("Responder", &["AuthnFailed"], Some("Wrong password")),
            Cause::NotAuthenticated,
        ),
        (
            status("Responder", &["NoPassive"], None),
            Cause::NotAuthenticated,
        ),
        (
            status("Responder", &["UnknownPrincipal"], None),
            Cause::NotAssigned,
        ),
        (status("VersionMismatch", &[], None), Cause::Request),
        (
            status("Responder", &[], Some("out of memory")),
            Cause::Fault,
        ),
    ] {
        let SamlError::Status(refusal) = &error else {
            panic!("no status");
        };
        assert_eq!(Cause::of(refusal), cause, "{refusal:?}");
    }
}

#[test]
fn words_of_the_vendor_name_its_fields() {
    let error = SamlError::AudienceMissing {
        expected: "https://sso.example.com/saml/okta/metadata".to_owned(),
    };
    let remedy = |vendor| explain(&error, &place(vendor)).remedy;
    assert!(
        remedy(Vendor::Entra).starts_with("At Microsoft Entra ID, set \"Identifier (Entity ID)\"")
    );
    assert!(remedy(Vendor::AdFs).starts_with("At AD FS, set the \"Relying party identifiers\""));
    assert!(remedy(Vendor::Other).starts_with("At the IdP, set the entity ID"));
}
