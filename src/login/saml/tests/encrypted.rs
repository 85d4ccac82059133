//! Encrypted assertions: what is opened, and what nobody can tell apart.

use openssl::md::{Md, MdRef};
use openssl::pkey_ctx::PkeyCtx;
use openssl::rsa::Padding;
use openssl::symm::{Cipher, Crypter, Mode, encrypt_aead};

use super::*;

const XENC: &str = "http://www.w3.org/2001/04/xmlenc#";
const XENC11: &str = "http://www.w3.org/2009/xmlenc11#";

fn ours() -> &'static PKey<Private> {
    static KEY: OnceLock<PKey<Private>> = OnceLock::new();
    KEY.get_or_init(|| PKey::from_rsa(Rsa::generate(2048).unwrap()).unwrap())
}

/// How an IdP encrypts.
struct Encryptor {
    data_uri: String,
    cipher: Cipher,
    key_uri: String,
    parameters: String,
    padding: Padding,
    digest: &'static MdRef,
    mask: &'static MdRef,
    /// Puts the wrapped key beside the data rather than into it.
    beside: bool,
    /// Changes the plaintext, its padding included for CBC.
    edit: fn(&mut Vec<u8>),
}

impl Encryptor {
    fn new() -> Self {
        Self {
            data_uri: format!("{XENC11}aes256-gcm"),
            cipher: Cipher::aes_256_gcm(),
            key_uri: format!("{XENC}rsa-oaep-mgf1p"),
            parameters: String::new(),
            padding: Padding::PKCS1_OAEP,
            digest: Md::sha1(),
            mask: Md::sha1(),
            beside: false,
            edit: |_| {},
        }
    }

    fn cbc() -> Self {
        Self {
            data_uri: format!("{XENC}aes128-cbc"),
            cipher: Cipher::aes_128_cbc(),
            ..Self::new()
        }
    }

    fn octets(&self, plaintext: &str, key: &[u8]) -> Vec<u8> {
        let mut padded = plaintext.as_bytes().to_vec();
        if self.data_uri.ends_with("cbc") {
            let padding = 16 - padded.len() % 16;
            padded.resize(padded.len() + padding, 0xa5);
            *padded.last_mut().unwrap() = u8::try_from(padding).unwrap();
            (self.edit)(&mut padded);
            let iv = [7; 16];
            let mut crypter = Crypter::new(self.cipher, Mode::Encrypt, key, Some(&iv)).unwrap();
            crypter.pad(false);
            let mut out = vec![0; padded.len() + 16];
            let written = crypter.update(&padded, &mut out).unwrap();
            out.truncate(written);
            return [&iv[..], &out].concat();
        }
        (self.edit)(&mut padded);
        let (iv, mut tag) = ([7; 12], [0; 16]);
        let out = encrypt_aead(self.cipher, key, Some(&iv), &[], &padded, &mut tag).unwrap();
        [&iv[..], &out, &tag].concat()
    }

    /// The `EncryptedAssertion` that stands for an element.
    fn encrypt(&self, plaintext: &str, key: &PKey<Private>) -> String {
        let content_key = vec![0x42; self.cipher.key_len()];
        let octets = STANDARD.encode(self.octets(plaintext, &content_key));
        let public = PKey::public_key_from_der(&key.public_key_to_der().unwrap()).unwrap();
        let mut context = PkeyCtx::new(&public).unwrap();
        context.encrypt_init().unwrap();
        context.set_rsa_padding(self.padding).unwrap();
        if self.padding == Padding::PKCS1_OAEP {
            context.set_rsa_oaep_md(self.digest).unwrap();
            context.set_rsa_mgf1_md(self.mask).unwrap();
        }
        let mut wrapped = Vec::new();
        context.encrypt_to_vec(&content_key, &mut wrapped).unwrap();
        let wrapped = format!(
            "<xenc:EncryptedKey Id=\"_k1\"><xenc:EncryptionMethod Algorithm=\"{}\">{}\
             </xenc:EncryptionMethod><xenc:CipherData><xenc:CipherValue>{}</xenc:CipherValue>\
             </xenc:CipherData></xenc:EncryptedKey>",
            self.key_uri,
            self.parameters,
            STANDARD.encode(wrapped)
        );
        let (inside, outside) = if self.beside {
            ("<ds:RetrievalMethod URI=\"#_k1\"/>".to_owned(), wrapped)
        } else {
            (wrapped, String::new())
        };
        format!(
            "<saml:EncryptedAssertion xmlns:xenc=\"{XENC}\" xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\">\
             <xenc:EncryptedData Type=\"{XENC}Element\"><xenc:EncryptionMethod Algorithm=\"{}\"/>\
             <ds:KeyInfo>{inside}</ds:KeyInfo><xenc:CipherData><xenc:CipherValue>{octets}\
             </xenc:CipherValue></xenc:CipherData></xenc:EncryptedData>{outside}\
             </saml:EncryptedAssertion>",
            self.data_uri,
        )
    }

    /// A response whose assertion was signed (or not), then encrypted; then the
    /// response was signed (or not).
    fn respond(&self, inner: bool, outer: bool) -> String {
        let xml = if inner {
            sign(&plain(), Signed::Assertion)
        } else {
            plain()
        };
        let assertion = assertion_of(&xml);
        let xml = xml.replace(&assertion, &self.encrypt(&assertion, ours()));
        if outer {
            return sign_enveloped(&xml, "_r1", &key().0, None).unwrap();
        }
        xml
    }
}

fn assertion_of(xml: &str) -> String {
    let start = xml.find("<saml:Assertion").unwrap();
    let end = xml.find("</saml:Assertion>").unwrap() + "</saml:Assertion>".len();
    xml[start..end].to_owned()
}

fn open(xml: &str) -> Result<Verified, SamlError> {
    let keys = [ours().clone()];
    verify_xml(
        xml,
        &Expectations {
            decryption_keys: &keys,
            ..expectations()
        },
    )
}

#[test]
fn every_offered_algorithm_opens() {
    let plain = verify_xml(&sign(&plain(), Signed::Assertion), &expectations()).unwrap();
    let data = [
        (format!("{XENC11}aes128-gcm"), Cipher::aes_128_gcm()),
        (format!("{XENC11}aes192-gcm"), Cipher::aes_192_gcm()),
        (format!("{XENC11}aes256-gcm"), Cipher::aes_256_gcm()),
        (format!("{XENC}aes128-cbc"), Cipher::aes_128_cbc()),
        (format!("{XENC}aes256-cbc"), Cipher::aes_256_cbc()),
    ];
    let sha1 = "<ds:DigestMethod Algorithm=\"http://www.w3.org/2000/09/xmldsig#sha1\"/>";
    let sha256 = "<ds:DigestMethod Algorithm=\"http://www.w3.org/2001/04/xmlenc#sha256\"/>";
    let mgf = format!("<m:MGF xmlns:m=\"{XENC11}\" Algorithm=\"{XENC11}mgf1sha256\"/>");
    let transport = [
        (
            format!("{XENC}rsa-oaep-mgf1p"),
            String::new(),
            Md::sha1(),
            Md::sha1(),
        ),
        (
            format!("{XENC}rsa-oaep-mgf1p"),
            sha1.to_owned(),
            Md::sha1(),
            Md::sha1(),
        ),
        (
            format!("{XENC}rsa-oaep-mgf1p"),
            sha256.to_owned(),
            Md::sha256(),
            Md::sha1(),
        ),
        (
            format!("{XENC11}rsa-oaep"),
            format!("{sha256}{mgf}"),
            Md::sha256(),
            Md::sha256(),
        ),
        (
            format!("{XENC11}rsa-oaep"),
            sha256.to_owned(),
            Md::sha256(),
            Md::sha1(),
        ),
    ];
    for (data_uri, cipher) in data {
        for (key_uri, parameters, digest, mask) in &transport {
            let encryptor = Encryptor {
                data_uri: data_uri.clone(),
                cipher,
                key_uri: key_uri.clone(),
                parameters: parameters.clone(),
                digest,
                mask,
                ..Encryptor::new()
            };
            for (inner, outer) in [(true, false), (true, true), (false, true)] {
                let read = open(&encryptor.respond(inner, outer)).unwrap();
                assert_eq!(read, plain, "{data_uri} {key_uri}");
            }
        }
    }
}

#[test]
fn keys_are_found_wherever_they_stand_and_whichever_is_ours() {
    let xml = Encryptor {
        beside: true,
        ..Encryptor::new()
    }
    .respond(true, false);
    open(&xml).unwrap();
    let other = PKey::from_rsa(Rsa::generate(2048).unwrap()).unwrap();
    let keys = [other.clone(), ours().clone()];
    verify_xml(
        &xml,
        &Expectations {
            decryption_keys: &keys,
            ..expectations()
        },
    )
    .unwrap();
    let wrong = [other];
    let result = verify_xml(
        &xml,
        &Expectations {
            decryption_keys: &wrong,
            ..expectations()
        },
    );
    assert_eq!(code(&result), "saml.decryption_failed");
    let none = verify_xml(&xml, &expectations());
    assert_eq!(code(&none), "saml.encrypted_assertion_unsupported");
}

#[test]
fn the_namespaces_around_the_ciphertext_count() {
    // The prefix saml is declared on the response alone, and what is signed
    // and encrypted says nothing of it; then with a declaration of its own.
    let xml = sign(&plain(), Signed::Assertion);
    let assertion = assertion_of(&xml);
    assert!(!assertion.contains("xmlns:saml="));
    let own = assertion.replacen(
        "<saml:Assertion",
        "<?xml version=\"1.0\"?>\n<saml:Assertion xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\"",
        1,
    );
    for plaintext in [&assertion, &own] {
        let sealed = Encryptor::new().encrypt(plaintext, ours());
        open(&xml.replace(&assertion, &sealed)).unwrap();
    }
}

#[test]
fn from_the_decryption_to_the_signature_all_failures_are_one() {
    let genuine = sign(&plain(), Signed::Assertion);
    let assertion = assertion_of(&genuine);
    let unsigned = assertion_of(&plain());
    let stranger = PKey::from_rsa(Rsa::generate(2048).unwrap()).unwrap();
    let forged = assertion_of(&sign_enveloped(&plain(), "_a1", &stranger, None).unwrap());
    let seal =
        |plaintext: &str| genuine.replace(&assertion, &Encryptor::new().encrypt(plaintext, ours()));
    let cut = |edit: fn(&mut Vec<u8>)| {
        Encryptor {
            edit,
            ..Encryptor::cbc()
        }
        .respond(true, false)
    };
    let broken = |from: &str, octets: &dyn Fn(&mut Vec<u8>)| {
        let xml = Encryptor::new().respond(true, false);
        let at = xml.rfind(from).unwrap() + from.len();
        let end = at + xml[at..].find('<').unwrap();
        let mut value = STANDARD.decode(&xml[at..end]).unwrap();
        octets(&mut value);
        format!("{}{}{}", &xml[..at], STANDARD.encode(value), &xml[end..])
    };
    let value = "<xenc:CipherValue>";
    let cases = [
        ("unsigned inside", seal(&unsigned)),
        ("signed by a stranger", seal(&forged)),
        ("changed inside", seal(&assertion.replace(">ada<", ">eve<"))),
        ("two assertions", seal(&format!("{assertion}{unsigned}"))),
        (
            "an assertion beside something",
            seal(&format!("{assertion}<x/>")),
        ),
        ("an assertion beside text", seal(&format!("{assertion}x"))),
        ("no assertion", seal("<x/>")),
        (
            "another element",
            seal(&assertion.replace("saml:Assertion", "saml:Advice")),
        ),
        (
            "out of its place",
            seal(&format!("</plaintext>{assertion}<plaintext>")),
        ),
        ("an entity", seal(&format!("<!DOCTYPE x>{assertion}"))),
        ("nothing", seal("")),
        ("not XML", seal("\u{1}")),
        (
            "encrypted twice",
            seal(&Encryptor::new().encrypt(&assertion, ours())),
        ),
        (
            "a changed tag",
            broken(value, &|v| *v.last_mut().unwrap() ^= 1),
        ),
        ("a changed octet", broken(value, &|v| v[20] ^= 1)),
        ("a short ciphertext", broken(value, &|v| v.truncate(27))),
        ("an IV alone", broken(value, &|v| v.truncate(12))),
        ("padding 0", cut(|p| *p.last_mut().unwrap() = 0)),
        ("padding 17", cut(|p| *p.last_mut().unwrap() = 17)),
        (
            "padding beyond the block",
            cut(|p| *p.last_mut().unwrap() = 255),
        ),
        ("too much padding", cut(|p| *p.last_mut().unwrap() = 16)),
        (
            "right, but for the padding",
            cut(|p| {
                while p.last() != Some(&b'>') {
                    p.pop();
                }
                while p.len() % 16 != 0 {
                    p.push(b' ');
                }
            }),
        ),
        ("not UTF-8", cut(|p| p[40] = 0xff)),
    ];
    for (name, xml) in &cases {
        assert_eq!(open(xml), Err(SamlError::Decryption), "{name}");
    }
    let wrapped = Encryptor::new().respond(true, false);
    let at = wrapped.find(value).unwrap() + value.len();
    let flipped = if &wrapped[at..=at] == "A" { "B" } else { "A" };
    let changed = format!("{}{flipped}{}", &wrapped[..at], &wrapped[at + 1..]);
    assert_eq!(open(&changed), Err(SamlError::Decryption));
    // The meaning speaks plainly again: its words are the IdP's.
    let late = Expectations {
        now: NOW.plus_seconds(3600),
        decryption_keys: &[ours().clone()],
        ..expectations()
    };
    assert_eq!(
        code(&verify_xml(&Encryptor::new().respond(true, false), &late)),
        "saml.confirmation_expired"
    );
}

#[test]
fn algorithms_that_are_not_offered_are_named() {
    let xml = Encryptor::new().respond(true, false);
    let pkcs1 = Encryptor {
        key_uri: format!("{XENC}rsa-1_5"),
        padding: Padding::PKCS1,
        ..Encryptor::new()
    };
    for (changed, expected) in [
        (pkcs1.respond(true, false), "saml.encryption_algorithm"),
        (
            xml.replace("aes256-gcm", "aes256-ctr"),
            "saml.encryption_algorithm",
        ),
        (
            xml.replace(
                &format!("{XENC11}aes256-gcm"),
                &format!("{XENC}tripledes-cbc"),
            ),
            "saml.encryption_algorithm",
        ),
        (
            xml.replace(
                "</xenc:EncryptionMethod><xenc:C",
                "<xenc:OAEPparams>AA==</xenc:OAEPparams></xenc:EncryptionMethod><xenc:C",
            ),
            "saml.encryption_malformed",
        ),
        (
            xml.replace("xenc:CipherValue", "xenc:CipherReference"),
            "saml.encryption_malformed",
        ),
        (
            xml.replace("xmlenc#Element", "xmlenc#Content"),
            "saml.encryption_malformed",
        ),
        (
            xml.replace("EncryptedKey", "Key"),
            "saml.encryption_malformed",
        ),
        (
            xml.replace("</xenc:CipherValue>", "*</xenc:CipherValue>"),
            "saml.encryption_malformed",
        ),
    ] {
        let result = open(&changed);
        assert_eq!(code(&result), expected);
        assert_ne!(changed, xml);
    }
}

#[test]
fn a_signed_response_covers_the_ciphertext() {
    let xml = Encryptor::new().respond(false, true);
    let other = Encryptor::new().encrypt(&assertion_of(&plain()).replace(">ada<", ">eve<"), ours());
    let start = xml.find("<saml:EncryptedAssertion").unwrap();
    let swapped = format!("{}{other}</samlp:Response>", &xml[..start]);
    assert_eq!(code(&open(&swapped)), "saml.signature_digest");
    // A signature inside must hold even so.
    let stranger = PKey::from_rsa(Rsa::generate(2048).unwrap()).unwrap();
    let forged = sign_enveloped(&plain(), "_a1", &stranger, None).unwrap();
    let assertion = assertion_of(&forged);
    let sealed = forged.replace(&assertion, &Encryptor::new().encrypt(&assertion, ours()));
    let both = sign_enveloped(&sealed, "_r1", &key().0, None).unwrap();
    assert_eq!(code(&open(&both)), "saml.signature_invalid");
}
