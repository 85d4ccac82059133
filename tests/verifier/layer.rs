//! The cryptographic layer by itself, with no gate before it: signatures of
//! xmlsec over random documents, signatures of ours before xmlsec, and
//! signatures that somebody with the private key bent on purpose.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use doorward::platform::xml::signature::{DSIG_NAMESPACE, Signature, SignatureError, VerifyKey};
use doorward::platform::xml::{Document, Limits};
use openssl::bn::{BigNum, BigNumContext};
use openssl::hash::MessageDigest;
use openssl::rsa::Padding;
use openssl::sign::{RsaPssSaltlen, Signer};

use super::documents::sample;
use super::oracle;
use super::random::Random;
use super::shapes::Template;
use super::verify_key;
use crate::support::forge::Scene;
use crate::support::keys::{self, Key};
use crate::support::setting;
use crate::support::signature as sig;

/// Reads and verifies the first signature in a document; the signed octets.
fn verified(document: &str, keys: &[VerifyKey]) -> Result<String, SignatureError> {
    let document = Document::parse_within(document, &Limits::MESSAGE)
        .unwrap_or_else(|e| panic!("{e}\n{document}"));
    let node = document
        .elements()
        .find(|node| node.is(DSIG_NAMESPACE, "Signature"))
        .unwrap();
    Signature::read(node, true)?.verify(keys)
}

/// xmlsec signs random documents: we verify them, and hash the same octets.
#[test]
fn what_xmlsec_signs_we_verify() {
    let mut random = Random(20_261_123);
    let keys = [verify_key(keys::idp())];
    let lists = ["", "", "#default", "a b", "#default saml ds xs", "nobody Z"];
    let methods = [
        sig::EXCLUSIVE,
        sig::EXCLUSIVE,
        sig::EXCLUSIVE_WITH_COMMENTS,
        "http://www.w3.org/TR/2001/REC-xml-c14n-20010315",
        "http://www.w3.org/TR/2001/REC-xml-c14n-20010315#WithComments",
        "http://www.w3.org/2006/12/xml-c14n11",
    ];
    let mut compared = 0;
    while compared < setting::number("DOORWARD_TEST_SIGNED", 3_000) {
        let seed = random.0;
        let inner = sample(&mut random);
        let body = inner
            .text
            .split_once("?>")
            .map_or(inner.text.as_str(), |(_, rest)| rest)
            .to_owned();
        let prefix = *random.pick(&["ds", "dsig", "", "a"]);
        let mut template = Template::new(prefix, "_signed");
        template.transform = *random.pick(&methods);
        template.canonicalization = *random.pick(&methods);
        if template.transform.contains("exc-c14n") {
            template.prefix_list = *random.pick(&lists);
        }
        // White space inside SignedInfo is signed as it stands.
        let signature = if random.chance(30) {
            template.xml().replace("><", ">\n  <")
        } else {
            template.xml()
        };
        let document = format!(
            "<a:outer xmlns:a=\"urn:a\" xmlns:b=\"urn:b\" xmlns=\"urn:default\" xmlns:unused=\"urn:u\">\
             <saml:Signed xmlns:saml=\"urn:saml\" ID=\"_signed\" b:x=\"y\">{signature}{body}</saml:Signed></a:outer>"
        );
        // Ids that samael wants to be names; ours are free.
        let signed = oracle::sign(&document, keys::idp());
        match verified(&signed, &keys) {
            Ok(octets) => {
                if let Ok(theirs) = oracle::verified(&signed, &[keys::idp()]) {
                    assert_eq!(octets, theirs, "seed {seed}\n{signed}");
                    compared += 1;
                }
            }
            Err(SignatureError::Canonicalization(error)) => assert!(
                inner.xml_attributes && !template.transform.contains("exc-c14n"),
                "seed {seed}: {error}\n{signed}"
            ),
            Err(error) => panic!("seed {seed}: {error}\n{signed}"),
        }
    }
    println!("{compared} documents signed by xmlsec: verified by both, over the same octets");
}

/// Each single octet of a signature matters, and each of a digest.
#[test]
fn no_octet_may_change() {
    let scene = Scene::standard();
    let keys = [verify_key(scene.idp_key)];
    let document = scene.forge().xml();
    verified(&document, &keys).unwrap();
    for (open, close) in [
        ("<ds:SignatureValue>", "</ds:SignatureValue>"),
        ("<ds:DigestValue>", "</ds:DigestValue>"),
    ] {
        let start = document.find(open).unwrap() + open.len();
        let end = document.find(close).unwrap();
        let octets = STANDARD.decode(&document[start..end]).unwrap();
        for index in 0..octets.len() {
            let mut bent = octets.clone();
            bent[index] ^= 1 << (index % 8);
            let bent = format!(
                "{}{}{}",
                &document[..start],
                STANDARD.encode(&bent),
                &document[end..]
            );
            assert!(verified(&bent, &keys).is_err(), "octet {index} of {open}");
        }
        for length in [0, 1, octets.len() / 2, octets.len() - 1] {
            let cut = format!(
                "{}{}{}",
                &document[..start],
                STANDARD.encode(&octets[..length]),
                &document[end..]
            );
            assert!(verified(&cut, &keys).is_err(), "{length} octets of {open}");
        }
    }
}

/// The document with another signature value, made from what is signed.
fn with_value(scene: &Scene, make: impl FnOnce(&[u8]) -> Vec<u8>) -> String {
    with_value_by(scene, sig::RSA_SHA256, make)
}

fn with_value_by(scene: &Scene, method: &str, make: impl FnOnce(&[u8]) -> Vec<u8>) -> String {
    let mut forge = scene.forge();
    method.clone_into(&mut forge.signature().method);
    let document = forge.xml();
    let start = document.find("<ds:SignedInfo>").unwrap();
    let end = document.find("</ds:SignedInfo>").unwrap() + "</ds:SignedInfo>".len();
    let octets = document[start..end].replacen(
        "<ds:SignedInfo>",
        &format!("<ds:SignedInfo xmlns:ds=\"{}\">", sig::DS),
        1,
    );
    let value = STANDARD.encode(make(octets.as_bytes()));
    forge.signature().value = Some(value);
    forge.xml()
}

/// The private key's bare operation on a block of the modulus's length.
fn raw_rsa(key: &Key, block: &[u8]) -> Vec<u8> {
    let rsa = key.private.rsa().unwrap();
    let mut out = vec![0; 256];
    rsa.private_encrypt(block, &mut out, Padding::NONE).unwrap();
    out
}

fn sha256(octets: &[u8]) -> Vec<u8> {
    openssl::sha::sha256(octets).to_vec()
}

/// How to make a signature value of what is signed.
type Bend<'a> = Box<dyn Fn(&[u8]) -> Vec<u8> + 'a>;

/// `DigestInfo` for SHA-256 (RFC 8017 §9.2).
const SHA256_INFO: [u8; 19] = [
    0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05,
    0x00, 0x04, 0x20,
];

/// A block of 256 octets: the padding, what is padded, and what follows.
fn block(kind: u8, fill: u8, fill_length: usize, content: &[u8]) -> Vec<u8> {
    let mut out = vec![0, kind];
    out.extend(std::iter::repeat_n(fill, fill_length));
    out.push(0);
    out.extend_from_slice(content);
    out.resize(256, 0xAA);
    out
}

#[test]
fn rsa_padding_is_checked_to_the_octet() {
    let scene = Scene::standard();
    let key = scene.idp_key;
    let keys = [verify_key(key)];
    let info = |octets: &[u8]| [&SHA256_INFO[..], &sha256(octets)].concat();
    let full = 256 - 3 - 51;
    // The method of the test itself: made right, it is accepted.
    let right = with_value(&scene, |o| raw_rsa(key, &block(1, 0xFF, full, &info(o))));
    verified(&right, &keys).unwrap();

    let bends: Vec<(&str, Bend<'_>)> = vec![
        (
            "garbage after the digest",
            Box::new(move |o| block(1, 0xFF, 8, &info(o))),
        ),
        (
            "padding with zeros",
            Box::new(move |o| block(1, 0, full, &info(o))),
        ),
        (
            "block type 2",
            Box::new(move |o| block(2, 0xFF, full, &info(o))),
        ),
        (
            "block type 0",
            Box::new(move |o| block(0, 0xFF, full, &info(o))),
        ),
        (
            "the bare digest",
            Box::new(|o| block(1, 0xFF, 256 - 3 - 32, &sha256(o))),
        ),
        (
            "an algorithm identifier of SHA-384",
            Box::new(|o| {
                let mut bent = SHA256_INFO;
                bent[14] = 0x02;
                block(1, 0xFF, 256 - 3 - 51, &[&bent[..], &sha256(o)].concat())
            }),
        ),
        (
            "an algorithm identifier with parameters",
            Box::new(|o| {
                // NULL replaced by an OCTET STRING that hides garbage.
                let head = [
                    0x30, 0x41, 0x30, 0x1d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04,
                    0x02, 0x01, 0x04, 0x10,
                ];
                let content = [&head[..], &[0xAB; 16], &[0x04, 0x20], &sha256(o)].concat();
                block(1, 0xFF, 256 - 3 - content.len(), &content)
            }),
        ),
        (
            "a long form of length",
            Box::new(|o| {
                let head = [
                    0x30, 0x81, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03,
                    0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20,
                ];
                let content = [&head[..], &sha256(o)].concat();
                block(1, 0xFF, 256 - 3 - content.len(), &content)
            }),
        ),
        (
            "no padding at all",
            Box::new(move |o| {
                let mut out = vec![0; 256 - 51];
                out.extend(info(o));
                out
            }),
        ),
    ];
    for (name, bend) in bends {
        let document = with_value(&scene, |o| raw_rsa(key, &bend(o)));
        assert!(
            matches!(
                verified(&document, &keys),
                Err(SignatureError::Invalid { .. })
            ),
            "{name}"
        );
    }
    // s + n is the same number modulo n, and another octet string.
    let document = with_value(&scene, |o| {
        let s = BigNum::from_slice(&raw_rsa(key, &block(1, 0xFF, full, &info(o)))).unwrap();
        let mut sum = BigNum::new().unwrap();
        sum.checked_add(&s, key.private.rsa().unwrap().n()).unwrap();
        sum.to_vec()
    });
    assert!(verified(&document, &keys).is_err(), "s + n");
}

#[test]
fn schemes_and_hashes_are_not_mixed() {
    let scene = Scene::standard();
    let key = scene.idp_key;
    let keys = [verify_key(key)];
    let plain = |digest: MessageDigest| {
        move |octets: &[u8]| {
            Signer::new(digest, &key.private)
                .unwrap()
                .sign_oneshot_to_vec(octets)
                .unwrap()
        }
    };
    // A salt of `None` octets is one of the digest's length.
    let pss = |digest: MessageDigest, mask: MessageDigest, salt: Option<i32>| {
        move |octets: &[u8]| {
            let mut signer = Signer::new(digest, &key.private).unwrap();
            signer.set_rsa_padding(Padding::PKCS1_PSS).unwrap();
            let salt = salt.map_or(RsaPssSaltlen::DIGEST_LENGTH, RsaPssSaltlen::custom);
            signer.set_rsa_pss_saltlen(salt).unwrap();
            signer.set_rsa_mgf1_md(mask).unwrap();
            signer.sign_oneshot_to_vec(octets).unwrap()
        }
    };
    let (sha1, sha256, sha512) = (
        MessageDigest::sha1(),
        MessageDigest::sha256(),
        MessageDigest::sha512(),
    );
    let good = with_value_by(&scene, sig::RSA_PSS_SHA256, pss(sha256, sha256, None));
    verified(&good, &keys).unwrap();
    for (name, document) in [
        (
            "SHA-1 under the name of SHA-256",
            with_value_by(&scene, sig::RSA_SHA256, plain(sha1)),
        ),
        (
            "SHA-512 under the name of SHA-256",
            with_value_by(&scene, sig::RSA_SHA256, plain(sha512)),
        ),
        (
            "SHA-256 under the name of SHA-512",
            with_value_by(&scene, sig::RSA_SHA512, plain(sha256)),
        ),
        (
            "PSS under the name of PKCS #1",
            with_value_by(&scene, sig::RSA_SHA256, pss(sha256, sha256, None)),
        ),
        (
            "PKCS #1 under the name of PSS",
            with_value_by(&scene, sig::RSA_PSS_SHA256, plain(sha256)),
        ),
        (
            "PSS with another mask",
            with_value_by(&scene, sig::RSA_PSS_SHA256, pss(sha256, sha1, None)),
        ),
        (
            "PSS without salt",
            with_value_by(&scene, sig::RSA_PSS_SHA256, pss(sha256, sha256, Some(0))),
        ),
        (
            "PSS with another hash",
            with_value_by(&scene, sig::RSA_PSS_SHA256, pss(sha512, sha512, None)),
        ),
    ] {
        assert!(
            matches!(
                verified(&document, &keys),
                Err(SignatureError::Invalid { .. })
            ),
            "{name}"
        );
    }
}

/// CVE-2022-21449 and its relatives.
#[test]
fn ecdsa_values_are_in_range() {
    let mut scene = Scene::standard();
    scene.idp_key = keys::p256();
    let keys = [verify_key(scene.idp_key)];
    verified(&scene.forge().xml(), &keys).unwrap();
    let key = scene.idp_key.private.ec_key().unwrap();
    let mut context = BigNumContext::new().unwrap();
    let mut order = BigNum::new().unwrap();
    key.group().order(&mut order, &mut context).unwrap();
    let n = order.to_vec_padded(32).unwrap();
    let zero = vec![0; 32];
    let mut one = zero.clone();
    one[31] = 1;
    let ff = vec![0xFF; 32];
    let good = |octets: &[u8]| -> (Vec<u8>, Vec<u8>) {
        let key = scene.idp_key.private.ec_key().unwrap();
        let signature = openssl::ecdsa::EcdsaSig::sign(&sha256(octets), &key).unwrap();
        (
            signature.r().to_vec_padded(32).unwrap(),
            signature.s().to_vec_padded(32).unwrap(),
        )
    };
    let bends: Vec<(&str, Bend<'_>)> = vec![
        ("0, 0", Box::new(|_| [zero.clone(), zero.clone()].concat())),
        ("0, s", Box::new(|o| [zero.clone(), good(o).1].concat())),
        ("r, 0", Box::new(|o| [good(o).0, zero.clone()].concat())),
        ("n, s", Box::new(|o| [n.clone(), good(o).1].concat())),
        ("r, n", Box::new(|o| [good(o).0, n.clone()].concat())),
        ("n, n", Box::new(|_| [n.clone(), n.clone()].concat())),
        ("1, 1", Box::new(|_| [one.clone(), one.clone()].concat())),
        ("1, 0", Box::new(|_| [one.clone(), zero.clone()].concat())),
        ("all ones", Box::new(|_| [ff.clone(), ff.clone()].concat())),
        (
            "s, r",
            Box::new(|o| {
                let (r, s) = good(o);
                [s, r].concat()
            }),
        ),
        ("empty", Box::new(|_| Vec::new())),
        ("r only", Box::new(|o| good(o).0)),
        (
            "an octet more",
            Box::new(|o| {
                let (r, s) = good(o);
                [r, s, vec![0]].concat()
            }),
        ),
        (
            "with zeros before",
            Box::new(|o| {
                let (r, s) = good(o);
                [vec![0], r, vec![0], s].concat()
            }),
        ),
        (
            "DER",
            Box::new(|o| {
                let key = scene.idp_key.private.ec_key().unwrap();
                openssl::ecdsa::EcdsaSig::sign(&sha256(o), &key)
                    .unwrap()
                    .to_der()
                    .unwrap()
            }),
        ),
    ];
    let method = sig::ECDSA_SHA256;
    let right = with_value_by(&scene, method, |o| {
        let (r, s) = good(o);
        [r, s].concat()
    });
    verified(&right, &keys).unwrap();
    for (name, bend) in bends {
        let document = with_value_by(&scene, method, |o| bend(o));
        assert!(verified(&document, &keys).is_err(), "{name}");
    }
}

/// Keys that may not be pinned.
#[test]
fn weak_keys_cannot_be_pinned() {
    for (name, key) in [("RSA 1024", keys::weak()), ("P-192", keys::p192())] {
        assert!(
            VerifyKey::from_certificate_der(&key.certificate_der()).is_err(),
            "{name}"
        );
    }
    assert!(VerifyKey::from_certificate_der(&[]).is_err());
    let mut der = keys::idp().certificate_der();
    der.truncate(100);
    assert!(VerifyKey::from_certificate_der(&der).is_err());
    for key in [keys::idp(), keys::p256(), keys::p384(), keys::p521()] {
        VerifyKey::from_certificate_der(&key.certificate_der()).unwrap();
    }
    // A certificate is a container: its dates do not matter.
    let expired = Key::with_validity(keys::idp().private.clone(), "old", 1_000_000, 2_000_000);
    VerifyKey::from_certificate_der(&expired.certificate_der()).unwrap();
}

/// No key, the wrong kind of key, another key.
#[test]
fn other_keys_do_not_verify() {
    let document = Scene::standard().forge().xml();
    assert!(matches!(
        verified(&document, &[]),
        Err(SignatureError::NoKey)
    ));
    assert!(matches!(
        verified(&document, &[verify_key(keys::p256())]),
        Err(SignatureError::KeyKind)
    ));
    let others = [verify_key(keys::attacker()), verify_key(keys::other_idp())];
    assert!(matches!(
        verified(&document, &others),
        Err(SignatureError::Invalid { .. })
    ));
}
