use proptest::prelude::*;

use super::*;
use crate::platform::xml::signature::DSIG_NAMESPACE as DS;
use crate::platform::xml::{Document, Node};

const MD: &str = "urn:oasis:names:tc:SAML:2.0:metadata";

fn urls(public_url: &str) -> Urls {
    Urls::new(public_url, &Slug::parse("okta").unwrap())
}

fn plain(urls: &Urls) -> SpMetadata<'_> {
    SpMetadata {
        urls,
        sign_requests: false,
        name_id_format: None,
        keys: &[],
        single_logout: false,
    }
}

#[test]
fn addresses() {
    let expected = Urls {
        entity_id: "https://sso.example.com/saml/okta/metadata".to_owned(),
        acs: "https://sso.example.com/saml/okta/acs".to_owned(),
        login: "https://sso.example.com/saml/okta/login".to_owned(),
        slo: "https://sso.example.com/saml/okta/slo".to_owned(),
    };
    assert_eq!(urls("https://sso.example.com"), expected);
    assert_eq!(urls("https://sso.example.com/"), expected);
}

#[test]
fn a_plain_document_says_what_must_be_said() {
    let urls = urls("https://sso.example.com");
    let xml = plain(&urls).to_xml().unwrap();
    assert!(xml.starts_with("<?xml version=\"1.0\" encoding=\"UTF-8\"?>"));
    let document = Document::parse(&xml).unwrap();
    let root = document.root();
    assert!(root.is(MD, "EntityDescriptor"));
    assert_eq!(root.attr("entityID"), Some(urls.entity_id.as_str()));
    assert_eq!(root.attr("validUntil"), None);
    let role = root.child(MD, "SPSSODescriptor").unwrap();
    assert_eq!(role.attr("AuthnRequestsSigned"), Some("false"));
    assert_eq!(role.attr("WantAssertionsSigned"), Some("true"));
    assert_eq!(
        role.attr("protocolSupportEnumeration"),
        Some("urn:oasis:names:tc:SAML:2.0:protocol")
    );
    let children: Vec<_> = role.children().collect();
    assert_eq!(children.len(), 1);
    let acs = children[0];
    assert!(acs.is(MD, "AssertionConsumerService"));
    assert_eq!(acs.attr("Binding"), Some(HTTP_POST_BINDING));
    assert_eq!(acs.attr("Location"), Some(urls.acs.as_str()));
    assert_eq!(acs.attr("index"), Some("0"));
    assert_eq!(acs.attr("isDefault"), Some("true"));
}

#[test]
fn a_full_document_keeps_the_order_of_the_schema() {
    let urls = urls("https://sso.example.com");
    let keys = [
        PublishedKey {
            key_use: KeyUse::Signing,
            certificate: b"signing",
        },
        PublishedKey {
            key_use: KeyUse::Encryption,
            certificate: b"encryption",
        },
    ];
    let xml = SpMetadata {
        sign_requests: true,
        name_id_format: Some(NameIdFormat::Email),
        keys: &keys,
        single_logout: true,
        ..plain(&urls)
    }
    .to_xml()
    .unwrap();
    let document = Document::parse(&xml).unwrap();
    let role = document.root().child(MD, "SPSSODescriptor").unwrap();
    assert_eq!(role.attr("AuthnRequestsSigned"), Some("true"));
    let names: Vec<&str> = role.children().map(Node::name).collect();
    assert_eq!(
        names,
        [
            "KeyDescriptor",
            "KeyDescriptor",
            "SingleLogoutService",
            "SingleLogoutService",
            "NameIDFormat",
            "AssertionConsumerService"
        ]
    );
    let published: Vec<(Option<&str>, String, usize)> = role
        .children_named(MD, "KeyDescriptor")
        .map(|key| {
            let info = key.child(DS, "KeyInfo").unwrap();
            let data = info.child(DS, "X509Data").unwrap();
            let certificate = data.child(DS, "X509Certificate").unwrap();
            let octets = STANDARD.decode(certificate.text().as_bytes()).unwrap();
            let methods = key.children_named(MD, "EncryptionMethod").count();
            (key.attr("use"), String::from_utf8(octets).unwrap(), methods)
        })
        .collect();
    assert_eq!(
        published,
        [
            (Some("signing"), "signing".to_owned(), 0),
            (Some("encryption"), "encryption".to_owned(), 7)
        ]
    );
    let logout: Vec<_> = role
        .children_named(MD, "SingleLogoutService")
        .map(|slo| (slo.attr("Binding"), slo.attr("Location")))
        .collect();
    assert_eq!(
        logout,
        [
            (Some(HTTP_REDIRECT_BINDING), Some(urls.slo.as_str())),
            (Some(HTTP_POST_BINDING), Some(urls.slo.as_str()))
        ]
    );
}

#[test]
fn the_oracle_reads_the_same_metadata() {
    let urls = urls("https://sso.example.com");
    let keys = [PublishedKey {
        key_use: KeyUse::Encryption,
        certificate: b"certificate",
    }];
    let xml = SpMetadata {
        keys: &keys,
        single_logout: true,
        ..plain(&urls)
    }
    .to_xml()
    .unwrap();
    let read: samael_oracle::metadata::EntityDescriptor = xml.parse().unwrap();
    assert_eq!(read.entity_id.as_ref(), Some(&urls.entity_id));
    let roles = read.sp_sso_descriptors.unwrap();
    assert_eq!(roles.len(), 1);
    assert_eq!(roles[0].assertion_consumer_services[0].location, urls.acs);
    let keys = roles[0].key_descriptors.as_ref().unwrap();
    assert_eq!(keys[0].key_use.as_deref(), Some("encryption"));
}

#[test]
fn our_own_metadata_is_not_taken_for_an_idps() {
    let urls = urls("https://sso.example.com");
    let xml = plain(&urls).to_xml().unwrap();
    let error =
        crate::login::saml::metadata::parse(xml.as_bytes(), None, crate::domain::Timestamp(0))
            .unwrap_err();
    assert_eq!(error.code(), "saml.metadata_service_provider");
}

proptest! {
    #[test]
    fn any_address_is_escaped(host in "[ -~]{0,40}") {
        let urls = urls(&format!("https://{host}"));
        let xml = plain(&urls).to_xml().unwrap();
        let document = Document::parse(&xml).unwrap();
        prop_assert_eq!(document.root().attr("entityID"), Some(urls.entity_id.as_str()));
        prop_assert_eq!(document.elements().count(), 3);
    }
}
