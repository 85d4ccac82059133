use std::fs;
use std::path::Path;

use openssl::bn::BigNum;
use openssl::ec::{EcGroup, EcKey};
use openssl::pkey::Private;
use openssl::rsa::Rsa;
use openssl::x509::{X509Builder, X509NameBuilder};

use super::*;

fn fixture(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("idp-metadata-fixtures");
    fs::read_to_string(folder.join(name)).unwrap()
}

/// The content of the first `X509Certificate` of a fixture.
fn certificate_of(name: &str) -> String {
    let text = fixture(name);
    let (_, after) = text.split_once("X509Certificate>").unwrap();
    after.split_once('<').unwrap().0.to_owned()
}

fn name(common_name: &str) -> openssl::x509::X509Name {
    let mut name = X509NameBuilder::new().unwrap();
    name.append_entry_by_text("CN", common_name).unwrap();
    name.build()
}

fn made(key: &PKey<Private>, subject: &str, issuer: &str, digest: MessageDigest) -> Vec<u8> {
    let mut builder = X509Builder::new().unwrap();
    builder.set_version(2).unwrap();
    let serial = BigNum::from_u32(7).unwrap().to_asn1_integer().unwrap();
    builder.set_serial_number(&serial).unwrap();
    builder.set_subject_name(&name(subject)).unwrap();
    builder.set_issuer_name(&name(issuer)).unwrap();
    builder
        .set_not_before(&Asn1Time::from_unix(1_000_000_000).unwrap())
        .unwrap();
    builder
        .set_not_after(&Asn1Time::from_unix(1_000_086_399).unwrap())
        .unwrap();
    builder.set_pubkey(key).unwrap();
    builder.sign(key, digest).unwrap();
    builder.build().to_der().unwrap()
}

fn ec(curve: Nid) -> PKey<Private> {
    let group = EcGroup::from_curve_name(curve).unwrap();
    PKey::from_ec_key(EcKey::generate(&group).unwrap()).unwrap()
}

#[test]
fn a_certificate_tells_who_it_is_of_and_until_when() {
    let certificate = Certificate::from_base64(&certificate_of("okta/metadata.xml")).unwrap();
    assert_eq!(
        certificate.subject,
        "emailAddress=info@example.com, CN=example-corp, OU=SSOProvider, O=Example Corp, \
         L=San Francisco, ST=California, C=US"
    );
    assert_eq!(
        certificate.fingerprint_sha256,
        "A8:02:76:FF:B3:DB:A3:DF:E5:34:95:28:F8:E5:5D:83:D0:49:E9:83:AF:9B:0C:51:AD:C8:35:0D:3F:FB:17:90"
    );
    assert_eq!(
        Some(certificate.not_before),
        Timestamp::parse_rfc3339("2026-11-21T23:10:38Z")
    );
    assert_eq!(
        Some(certificate.not_after),
        Timestamp::parse_rfc3339("2046-11-16T23:10:38Z")
    );
    assert_eq!(certificate.key, "RSA 2048");
    assert_eq!(
        Certificate::from_der(&certificate.der)
            .unwrap()
            .fingerprint_sha256,
        certificate.fingerprint_sha256
    );
}

#[test]
fn days_are_counted_down_to_the_end() {
    let der = made(
        &ec(Nid::X9_62_PRIME256V1),
        "a",
        "a",
        MessageDigest::sha256(),
    );
    let certificate = Certificate::from_der(&der).unwrap();
    assert_eq!(certificate.not_before, Timestamp(1_000_000_000_000));
    assert_eq!(certificate.not_after, Timestamp(1_000_086_399_000));
    for (now, days) in [
        (1_000_086_399, 0),
        (1_000_086_400, -1),
        (1_000_000_000, 0),
        (999_999_999, 1),
        (1_000_086_399 - 30 * 86_400, 30),
        (1_000_086_398 - 30 * 86_400, 30),
    ] {
        assert_eq!(certificate.days_left(Timestamp(now * 1000)), days, "{now}");
    }
}

#[test]
fn pem_and_white_space_are_tolerated() {
    let plain = certificate_of("okta/metadata.xml");
    let expected = Certificate::from_base64(&plain).unwrap();
    let pem = format!("-----BEGIN CERTIFICATE-----\r\n{plain}\r\n-----END CERTIFICATE-----\r\n");
    let spaced = plain.replace('\n', " \t\r\n ");
    for variant in [pem, spaced, plain.replace('\n', "")] {
        assert_eq!(Certificate::from_base64(&variant), Ok(expected.clone()));
    }
}

#[test]
fn kinds_of_keys() {
    for (curve, kind) in [
        (Nid::X9_62_PRIME256V1, "ECDSA P-256"),
        (Nid::SECP384R1, "ECDSA P-384"),
        (Nid::SECP521R1, "ECDSA P-521"),
    ] {
        let der = made(&ec(curve), "a", "a", MessageDigest::sha256());
        assert_eq!(Certificate::from_der(&der).unwrap().key, kind);
    }
    for curve in [Nid::SECP224R1, Nid::SECP256K1, Nid::X9_62_PRIME192V1] {
        let der = made(&ec(curve), "a", "a", MessageDigest::sha256());
        let error = Certificate::from_der(&der).unwrap_err();
        assert!(
            matches!(error, CertificateError::Unsupported { .. }),
            "{error}"
        );
    }
    let ed25519 = PKey::generate_ed25519().unwrap();
    // Ed25519 takes no digest of its own.
    let der = made(&ed25519, "a", "a", MessageDigest::null());
    let error = Certificate::from_der(&der).unwrap_err();
    assert!(error.to_string().contains("Ed25519"), "{error}");
}

#[test]
fn short_rsa_keys_are_refused_to_the_bit() {
    for (bits, accepted) in [(1024, false), (2047, false), (2048, true), (3072, true)] {
        let key = PKey::from_rsa(Rsa::generate(bits).unwrap()).unwrap();
        let der = made(&key, "a", "a", MessageDigest::sha256());
        let result = Certificate::from_der(&der);
        let subject = "CN=a".to_owned();
        match result {
            Ok(certificate) => {
                assert!(accepted);
                assert_eq!(certificate.key, format!("RSA {bits}"));
            }
            Err(error) => {
                assert!(!accepted);
                assert_eq!(error, CertificateError::WeakRsa { subject, bits });
            }
        }
    }
}

#[test]
fn damage_is_told_apart() {
    use CertificateError::{NotBase64, NotX509};
    for (text, error) in [
        ("MIIC*", NotBase64),
        ("", NotX509),
        ("aGVsbG8=", NotX509),
        ("\u{fffd}", NotBase64),
    ] {
        assert_eq!(Certificate::from_base64(text), Err(error), "{text:?}");
    }
    let whole = certificate_of("okta/metadata.xml").replace(char::is_whitespace, "");
    for length in (0..whole.len()).step_by(4) {
        assert_eq!(Certificate::from_base64(&whole[..length]), Err(NotX509));
    }
}

#[test]
fn a_subject_cannot_disguise_itself() {
    let key = ec(Nid::X9_62_PRIME256V1);
    let der = made(
        &key,
        "Ex\u{202e}ample, O=Okta\n<b>",
        "a",
        MessageDigest::sha256(),
    );
    assert_eq!(
        Certificate::from_der(&der).unwrap().subject,
        "CN=Example\\, O=Okta\\<b\\>"
    );
}

#[test]
fn a_chain_is_known_by_its_names() {
    let key = ec(Nid::X9_62_PRIME256V1);
    let read = |subject: &str, issuer: &str| {
        Certificate::from_der(&made(&key, subject, issuer, MessageDigest::sha256())).unwrap()
    };
    let (leaf, authority) = (read("leaf", "authority"), read("authority", "authority"));
    assert!(authority.issued(&leaf));
    assert!(!leaf.issued(&authority));
    assert!(!authority.issued(&authority));
    // Two generations of a self-signed certificate are both keys to verify with.
    let renewed = read("authority", "authority");
    assert!(!authority.issued(&renewed));
}

#[test]
fn the_key_verifies_and_knows_its_certificate() {
    let key = ec(Nid::X9_62_PRIME256V1);
    let der = made(&key, "a", "a", MessageDigest::sha256());
    let certificate = Certificate::from_der(&der).unwrap();
    assert_eq!(
        certificate.verify_key().fingerprint().to_uppercase(),
        certificate.fingerprint_sha256.replace(':', "")
    );
    let xml = crate::platform::xml::signature::sign_enveloped("<a ID='_1'/>", "_1", &key, None);
    let document = crate::platform::xml::Document::parse(&xml.unwrap()).unwrap();
    let node = document.root().children().next().unwrap();
    let signature = crate::platform::xml::signature::Signature::read(node, false).unwrap();
    let pinned = [certificate.verify_key().clone()];
    assert!(signature.verify(&pinned).is_ok());
}
