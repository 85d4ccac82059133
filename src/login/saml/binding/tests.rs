use openssl::ec::{EcGroup, EcKey};
use openssl::ecdsa::EcdsaSig;
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::rsa::Rsa;
use openssl::sha::sha256;
use openssl::sign::Verifier;
use proptest::prelude::*;

use super::receive::{DEFLATE, decoded};
use super::*;
use crate::platform::xml::{Document, Node};

const XML: &str = "<saml2p:AuthnRequest xmlns:saml2p=\"urn:oasis:names:tc:SAML:2.0:protocol\" \
                   ID=\"_1\"><saml2:Issuer \
                   xmlns:saml2=\"urn:oasis:names:tc:SAML:2.0:assertion\">x</saml2:Issuer>\
                   </saml2p:AuthnRequest>";

fn rsa() -> PKey<Private> {
    PKey::from_rsa(Rsa::generate(2048).unwrap()).unwrap()
}

fn ec() -> PKey<Private> {
    let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).unwrap();
    PKey::from_ec_key(EcKey::generate(&group).unwrap()).unwrap()
}

fn query(url: &str) -> &str {
    url.split_once('?').unwrap().1
}

#[test]
fn the_query_of_the_idp_stays_in_front() {
    for (location, start) in [
        (
            "https://idp.example/sso",
            "https://idp.example/sso?SAMLRequest=",
        ),
        (
            "https://idp.example/sso?",
            "https://idp.example/sso?SAMLRequest=",
        ),
        (
            "https://accounts.google.com/o/saml2/idp?idpid=C01",
            "https://accounts.google.com/o/saml2/idp?idpid=C01&SAMLRequest=",
        ),
        (
            "https://idp.example/?a=b&",
            "https://idp.example/?a=b&SAMLRequest=",
        ),
    ] {
        let url = redirect_url(location, MessageKind::Request, XML, Some("r"), None).unwrap();
        assert!(url.starts_with(start), "{url}");
        let parsed = url::Url::parse(&url).unwrap();
        assert_eq!(parsed.as_str(), url, "nothing is left to encode");
        let message = read_redirect(query(&url)).unwrap();
        assert_eq!(message.kind, MessageKind::Request);
        assert_eq!(message.xml, XML);
        assert_eq!(message.relay_state.as_deref(), Some("r"));
        assert_eq!(message.signature, None);
    }
}

#[test]
fn an_rsa_signature_covers_the_three_parameters_and_not_the_idps_query() {
    let key = rsa();
    let url = redirect_url(
        "https://accounts.google.com/o/saml2/idp?idpid=C01",
        MessageKind::Request,
        XML,
        Some("state &=+%/\u{fc}"),
        Some(&key),
    )
    .unwrap();
    let raw = query(&url).strip_prefix("idpid=C01&").unwrap();
    let (signed, signature) = raw.split_once("&Signature=").unwrap();
    let names: Vec<&str> = signed
        .split('&')
        .map(|pair| pair.split_once('=').unwrap().0)
        .collect();
    assert_eq!(names, ["SAMLRequest", "RelayState", "SigAlg"]);

    let message = read_redirect(query(&url)).unwrap();
    assert_eq!(message.relay_state.as_deref(), Some("state &=+%/\u{fc}"));
    let read = message.signature.unwrap();
    assert_eq!(read.signed, signed.as_bytes());
    assert_eq!(
        read.algorithm,
        "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
    );
    assert_eq!(
        STANDARD.encode(&read.value),
        decoded("Signature", signature).unwrap()
    );
    let mut verifier = Verifier::new(MessageDigest::sha256(), &key).unwrap();
    verifier.update(signed.as_bytes()).unwrap();
    assert!(verifier.verify(&read.value).unwrap());
}

#[test]
fn an_ecdsa_signature_has_the_form_of_xml_signatures() {
    let key = ec();
    let url = redirect_url(
        "https://idp.example/",
        MessageKind::Response,
        XML,
        None,
        Some(&key),
    )
    .unwrap();
    let message = read_redirect(query(&url)).unwrap();
    assert_eq!(message.kind, MessageKind::Response);
    let read = message.signature.unwrap();
    assert_eq!(
        read.algorithm,
        "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"
    );
    assert!(!String::from_utf8_lossy(&read.signed).contains("RelayState"));
    assert_eq!(read.value.len(), 64);
    let number = |octets: &[u8]| openssl::bn::BigNum::from_slice(octets).unwrap();
    let signature =
        EcdsaSig::from_private_components(number(&read.value[..32]), number(&read.value[32..]))
            .unwrap();
    assert!(
        signature
            .verify(&sha256(&read.signed), &key.ec_key().unwrap())
            .unwrap()
    );
}

#[test]
fn the_signed_octets_are_those_that_came() {
    // Lower-case escapes and another order: a sender's right.
    let url = redirect_url("https://x/", MessageKind::Request, XML, None, None).unwrap();
    let message = query(&url).strip_prefix("SAMLRequest=").unwrap();
    let lower = message.replace("%2B", "%2b").replace("%2F", "%2f");
    let raw = format!("SigAlg=urn%3ax&Signature=QUJD&x=y&RelayState=a%2fb+c&SAMLRequest={lower}");
    let read = read_redirect(&raw).unwrap();
    assert_eq!(read.xml, XML);
    assert_eq!(read.relay_state.as_deref(), Some("a/b c"));
    let signature = read.signature.unwrap();
    assert_eq!(
        String::from_utf8(signature.signed).unwrap(),
        format!("SAMLRequest={lower}&RelayState=a%2fb+c&SigAlg=urn%3ax")
    );
    assert_eq!(signature.value, b"ABC");
}

#[test]
fn a_deflate_bomb_is_not_unpacked() {
    let packed = |size: usize| {
        let text = " ".repeat(size);
        let url = redirect_url("https://x/", MessageKind::Request, &text, None, None).unwrap();
        query(&url).to_owned()
    };
    assert!(read_redirect(&packed(LARGEST_MESSAGE)).is_ok());
    for size in [LARGEST_MESSAGE + 1, 64 << 20] {
        let error = read_redirect(&packed(size)).unwrap_err();
        assert_eq!(error.code(), "saml.message_too_large");
    }
}

#[test]
fn ambiguous_and_damaged_queries_are_refused() {
    let url = redirect_url("https://x/", MessageKind::Request, XML, None, None).unwrap();
    let good = query(&url);
    for (raw, code) in [
        (String::new(), "message_missing"),
        ("RelayState=x".to_owned(), "message_missing"),
        (format!("{good}&{good}"), "parameter_ambiguous"),
        (format!("{good}&SAMLResponse=x"), "parameter_ambiguous"),
        (
            format!("{good}&RelayState=a&RelayState=a"),
            "parameter_ambiguous",
        ),
        (format!("{good}&SigAlg=a"), "signature_incomplete"),
        (format!("{good}&Signature=QUJD"), "signature_incomplete"),
        (format!("{good}&SigAlg=a&Signature=*"), "message_damaged"),
        (format!("{good}&RelayState=%"), "message_damaged"),
        (format!("{good}&RelayState=%4"), "message_damaged"),
        (format!("{good}&RelayState=%zz"), "message_damaged"),
        (format!("{good}&RelayState=%ff"), "message_damaged"),
        // Found by fuzzing: their `=` would be signed and is not there.
        (format!("{good}&RelayState"), "message_damaged"),
        (format!("{good}&SigAlg&Signature=QUJD"), "message_damaged"),
        (format!("{good}&SAMLEncoding=urn:other"), "encoding_unknown"),
        ("SAMLRequest=".to_owned(), "message_damaged"),
        ("SAMLRequest=%25".to_owned(), "message_damaged"),
        ("SAMLRequest=AAAA".to_owned(), "message_damaged"),
    ] {
        let error = read_redirect(&raw).expect_err(&raw);
        assert_eq!(error.code(), format!("saml.{code}"), "{raw}");
    }
    let encoding = percent_encoded(DEFLATE);
    assert!(read_redirect(&format!("{good}&SAMLEncoding={encoding}")).is_ok());
}

#[test]
fn a_long_relay_state_is_never_sent() {
    let long = "x".repeat(LONGEST_RELAY_STATE + 1);
    let (kind, location) = (MessageKind::Request, "https://x/");
    let error = redirect_url(location, kind, XML, Some(&long), None).unwrap_err();
    assert_eq!(error.code(), "saml.relay_state_too_long");
    let error = post_form(location, kind, XML, "_1", Some(&long), None).unwrap_err();
    assert_eq!(error.code(), "saml.relay_state_too_long");
    assert!(redirect_url(location, kind, XML, Some(&long[1..]), None).is_ok());
}

#[test]
fn a_form_carries_the_message_as_it_is_or_signed() {
    let location = "https://idp.example/sso?a=b";
    let plain = post_form(location, MessageKind::Request, XML, "_1", Some("<r>"), None).unwrap();
    assert_eq!(plain.action, location);
    assert_eq!(plain.parameter, "SAMLRequest");
    assert_eq!(
        plain.relay_state.as_deref(),
        Some("<r>"),
        "escaping is the page's"
    );
    assert_eq!(STANDARD.decode(&plain.message).unwrap(), XML.as_bytes());

    let key = rsa();
    let signer = Signer {
        key: &key,
        certificate: None,
    };
    let form = post_form(
        location,
        MessageKind::Request,
        XML,
        "_1",
        None,
        Some(signer),
    )
    .unwrap();
    let message = String::from_utf8(STANDARD.decode(&form.message).unwrap()).unwrap();
    let document = Document::parse(&message).unwrap();
    let children: Vec<&str> = document.root().children().map(Node::name).collect();
    assert_eq!(children, ["Issuer", "Signature"]);
}

proptest! {
    #[test]
    fn what_is_sent_is_what_is_read(
        xml in "\\PC{1,400}",
        relay_state in proptest::option::of("\\PC{0,20}"),
    ) {
        let kind = MessageKind::Response;
        let url =
            redirect_url("https://idp.example/sso?x=1", kind, &xml, relay_state.as_deref(), None)
                .unwrap();
        prop_assert!(url.is_ascii());
        let message = read_redirect(query(&url)).unwrap();
        prop_assert_eq!(message.xml, xml);
        prop_assert_eq!(message.relay_state, relay_state);
        prop_assert_eq!(message.kind, kind);
    }

    #[test]
    fn any_query_is_read_or_refused(raw in "\\PC{0,80}", name in "SAML(Request|Response)") {
        let _ = read_redirect(&raw);
        let _ = read_redirect(&format!("{name}={raw}&SigAlg={raw}&Signature={raw}"));
    }

    #[test]
    fn any_packed_octets_are_read_or_refused(octets in proptest::collection::vec(any::<u8>(), 0..200)) {
        let raw = format!("SAMLRequest={}", percent_encoded(&STANDARD.encode(octets)));
        let _ = read_redirect(&raw);
    }
}
