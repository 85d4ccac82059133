//! Tests of signatures: every algorithm, every shape that is refused.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use openssl::ec::{EcGroup, EcKey};
use openssl::ecdsa::EcdsaSig;
use openssl::hash::{MessageDigest, hash};
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use openssl::rsa::{Padding, Rsa};
use openssl::sign::{RsaPssSaltlen, Signer};

use super::{KeyError, Signature, SignatureError, VerifyKey, sign_enveloped};
use crate::platform::xml::Document;
use crate::platform::xml::c14n::{Method, canonicalize};

const MORE: &str = "http://www.w3.org/2001/04/xmldsig-more#";
const MORE_2007: &str = "http://www.w3.org/2007/05/xmldsig-more#";
const DSIG: &str = "http://www.w3.org/2000/09/xmldsig#";
const EXC: &str = "http://www.w3.org/2001/10/xml-exc-c14n#";
const SHA256: &str = "http://www.w3.org/2001/04/xmlenc#sha256";
const SUBJECT: &str = "<r xmlns='urn:r' xmlns:u='urn:u'><a ID='x' u:b='1'>text<!--c--></a></r>";

fn rsa() -> PKey<Private> {
    PKey::from_rsa(Rsa::generate(2048).unwrap()).unwrap()
}

fn ec(curve: Nid) -> PKey<Private> {
    let group = EcGroup::from_curve_name(curve).unwrap();
    PKey::from_ec_key(EcKey::generate(&group).unwrap()).unwrap()
}

fn public(key: &PKey<Private>) -> Result<VerifyKey, KeyError> {
    let der = key.public_key_to_der().unwrap();
    VerifyKey::from_public_key(&PKey::public_key_from_der(&der).unwrap())
}

/// Makes a signature value.
type Value<'a> = &'a dyn Fn(&[u8]) -> Vec<u8>;
/// Changes a Signature.
type Edit = Box<dyn Fn(String) -> String>;

/// What a signer may vary.
struct Forge<'a> {
    subject: &'a str,
    algorithm: String,
    digest_uri: String,
    digest: MessageDigest,
    c14n: String,
    transforms: String,
    reference: String,
    value: Value<'a>,
    /// Changes the finished Signature, which is also what is signed.
    edit: &'a dyn Fn(String) -> String,
}

impl<'a> Forge<'a> {
    fn new(value: Value<'a>) -> Self {
        Self {
            subject: SUBJECT,
            algorithm: format!("{MORE}rsa-sha256"),
            digest_uri: SHA256.to_owned(),
            digest: MessageDigest::sha256(),
            c14n: format!("<CanonicalizationMethod Algorithm='{EXC}'/>"),
            transforms: format!(
                "<Transforms><Transform Algorithm='{DSIG}enveloped-signature'/>\
                 <Transform Algorithm='{EXC}'/></Transforms>"
            ),
            reference: "URI='#x'".to_owned(),
            value,
            edit: &|s| s,
        }
    }

    /// The document, and in it the signature over `<a>`.
    fn make(&self) -> String {
        let document = Document::parse(self.subject).unwrap();
        let target = document.root().children().next().unwrap();
        // As XML-DSig says: the last transform, comments taken away.
        let method_uri = self.transforms.rsplit_once("Transform Algorithm='");
        let method = method_uri
            .and_then(|(_, rest)| Method::from_uri(rest.split('\'').next()?).ok())
            .unwrap_or_else(|| {
                Method::from_uri("http://www.w3.org/TR/2001/REC-xml-c14n-20010315").unwrap()
            });
        let list = self.transforms.split("PrefixList='").nth(1);
        let list = list.and_then(|l| l.split('\'').next()).unwrap_or_default();
        let method = method.without_comments().with_prefix_list(list);
        let octets = canonicalize(target, &method, None).unwrap();
        let digest = STANDARD.encode(hash(self.digest, octets.as_bytes()).unwrap());
        let signature = format!(
            "<Signature xmlns='{DSIG}'><SignedInfo>{}<SignatureMethod Algorithm='{}'/>\
             <Reference {}>{}<DigestMethod Algorithm='{}'/><DigestValue>{digest}</DigestValue>\
             </Reference></SignedInfo><SignatureValue>VALUE</SignatureValue></Signature>",
            self.c14n, self.algorithm, self.reference, self.transforms, self.digest_uri,
        );
        let signature = (self.edit)(signature);
        let whole = self.subject.replace("text", &format!("text{signature}"));
        let document = Document::parse(&whole).unwrap();
        let signed_info = document.elements().find(|n| n.name() == "SignedInfo");
        let value = signed_info.map_or_else(Vec::new, |node| {
            let method = canonicalization_of(&self.c14n);
            (self.value)(canonicalize(node, &method, None).unwrap().as_bytes())
        });
        whole.replace("VALUE", &STANDARD.encode(value))
    }
}

fn canonicalization_of(element: &str) -> Method<'_> {
    let uri = element.split('\'').nth(1).unwrap();
    Method::from_uri(uri).unwrap_or(Method::EXCLUSIVE)
}

fn verify(text: &str, keys: &[VerifyKey], allow_sha1: bool) -> Result<String, SignatureError> {
    let document = Document::parse(text).unwrap();
    let node = document
        .elements()
        .find(|n| n.name() == "Signature")
        .unwrap();
    Signature::read(node, allow_sha1)?.verify(keys)
}

fn pkcs1(key: &PKey<Private>, digest: MessageDigest) -> impl Fn(&[u8]) -> Vec<u8> {
    move |octets| {
        let mut signer = Signer::new(digest, key).unwrap();
        signer.sign_oneshot_to_vec(octets).unwrap()
    }
}

#[test]
fn what_is_signed_here_verifies_here() {
    for key in [
        rsa(),
        ec(Nid::X9_62_PRIME256V1),
        ec(Nid::SECP384R1),
        ec(Nid::SECP521R1),
    ] {
        let signed = sign_enveloped(SUBJECT, "x", &key, None).unwrap();
        let octets = verify(&signed, &[public(&key).unwrap()], false).unwrap();
        assert_eq!(
            octets,
            "<a xmlns=\"urn:r\" xmlns:u=\"urn:u\" ID=\"x\" u:b=\"1\">text</a>"
        );
        let other = if key.rsa().is_ok() {
            rsa()
        } else {
            ec(Nid::X9_62_PRIME256V1)
        };
        let fail = verify(&signed, &[public(&other).unwrap()], false);
        assert!(
            matches!(fail, Err(SignatureError::Invalid { .. })),
            "{fail:?}"
        );
        // Among several pinned keys, any may have made it.
        let keys = [
            public(&other).unwrap(),
            public(&rsa()).unwrap(),
            public(&key).unwrap(),
        ];
        verify(&signed, &keys, false).unwrap();
        assert_eq!(verify(&signed, &[], false), Err(SignatureError::NoKey));
        let changed = signed.replace(">text<", ">Text<");
        assert_eq!(verify(&changed, &keys, false), Err(SignatureError::Digest));
        // Outside of the covered element, and by comments inside, nothing changes.
        verify(&signed.replace("<r ", "<r z='1' "), &keys, false).unwrap();
        verify(&signed.replace("<!--c-->", "<!--d-->"), &keys, false).unwrap();
    }
}

#[test]
fn rsa_algorithms() {
    let key = rsa();
    let keys = [public(&key).unwrap()];
    for (name, digest) in [
        ("sha256", MessageDigest::sha256()),
        ("sha384", MessageDigest::sha384()),
        ("sha512", MessageDigest::sha512()),
    ] {
        let sign = pkcs1(&key, digest);
        let mut forge = Forge::new(&sign);
        forge.algorithm = format!("{MORE}rsa-{name}");
        forge.digest = digest;
        forge.digest_uri = match name {
            "sha384" => format!("{MORE}sha384"),
            name => format!("http://www.w3.org/2001/04/xmlenc#{name}"),
        };
        verify(&forge.make(), &keys, false).unwrap();
        let pss = |salt: i32, mgf: MessageDigest| {
            let key = &key;
            move |octets: &[u8]| {
                let mut signer = Signer::new(digest, key).unwrap();
                signer.set_rsa_padding(Padding::PKCS1_PSS).unwrap();
                signer
                    .set_rsa_pss_saltlen(RsaPssSaltlen::custom(salt))
                    .unwrap();
                signer.set_rsa_mgf1_md(mgf).unwrap();
                signer.sign_oneshot_to_vec(octets).unwrap()
            }
        };
        let length = i32::try_from(digest.size()).unwrap();
        let good = pss(length, digest);
        forge.value = &good;
        forge.algorithm = format!("{MORE_2007}{name}-rsa-MGF1");
        verify(&forge.make(), &keys, false).unwrap();
        if name == "sha256" {
            forge.algorithm = format!("{MORE_2007}rsa-pss");
            verify(&forge.make(), &keys, false).unwrap();
        }
        forge.algorithm = format!("{MORE_2007}{name}-rsa-MGF1");
        let (short, foreign) = (pss(8, digest), pss(length, MessageDigest::sha1()));
        let wrong: [Value<'_>; 3] = [&short, &foreign, &sign];
        for value in wrong {
            forge.value = value;
            let fail = verify(&forge.make(), &keys, false);
            assert!(
                matches!(fail, Err(SignatureError::Invalid { .. })),
                "{name} {fail:?}"
            );
        }
    }
}

#[test]
fn ecdsa_values_are_r_and_s_of_full_length() {
    for (curve, length) in [
        (Nid::X9_62_PRIME256V1, 32),
        (Nid::SECP384R1, 48),
        (Nid::SECP521R1, 66),
    ] {
        let key = ec(curve);
        let keys = [public(&key).unwrap()];
        let raw = |octets: &[u8], width: i32, digest| {
            let hashed = hash(digest, octets).unwrap();
            let signature = EcdsaSig::sign(&hashed, &key.ec_key().unwrap()).unwrap();
            let mut value = signature.r().to_vec_padded(width).unwrap();
            value.extend(signature.s().to_vec_padded(width).unwrap());
            value
        };
        for (name, digest) in [
            ("sha256", MessageDigest::sha256()),
            ("sha384", MessageDigest::sha384()),
            ("sha512", MessageDigest::sha512()),
        ] {
            let good = |octets: &[u8]| raw(octets, length, digest);
            let longer = |octets: &[u8]| raw(octets, length + 1, digest);
            let cut = |octets: &[u8]| raw(octets, length, digest)[1..].to_vec();
            let der = |octets: &[u8]| pkcs1(&key, digest)(octets);
            let zero = |_: &[u8]| vec![0; usize::try_from(length).unwrap() * 2];
            let mut forge = Forge::new(&good);
            forge.algorithm = format!("{MORE}ecdsa-{name}");
            verify(&forge.make(), &keys, false).unwrap();
            assert_eq!(
                verify(&forge.make(), &[public(&rsa()).unwrap()], false),
                Err(SignatureError::KeyKind)
            );
            let wrong: [Value<'_>; 4] = [&longer, &cut, &der, &zero];
            for value in wrong {
                forge.value = value;
                let fail = verify(&forge.make(), &keys, false);
                assert!(
                    matches!(fail, Err(SignatureError::Invalid { .. })),
                    "{fail:?}"
                );
            }
        }
    }
}

#[test]
fn sha1_only_where_it_is_allowed() {
    let key = rsa();
    let keys = [public(&key).unwrap()];
    let sign = pkcs1(&key, MessageDigest::sha1());
    let mut forge = Forge::new(&sign);
    forge.algorithm = format!("{DSIG}rsa-sha1");
    let text = forge.make();
    assert!(matches!(
        verify(&text, &keys, false),
        Err(SignatureError::Sha1 { .. })
    ));
    verify(&text, &keys, true).unwrap();
    let sign = pkcs1(&key, MessageDigest::sha256());
    let mut forge = Forge::new(&sign);
    forge.digest = MessageDigest::sha1();
    forge.digest_uri = format!("{DSIG}sha1");
    let text = forge.make();
    assert!(matches!(
        verify(&text, &keys, false),
        Err(SignatureError::Sha1 { .. })
    ));
    verify(&text, &keys, true).unwrap();
}

#[test]
fn other_algorithms_are_refused_even_if_well_made() {
    let key = rsa();
    let keys = [public(&key).unwrap()];
    let der = key.public_key_to_der().unwrap();
    let hmac = |octets: &[u8]| {
        let mac = PKey::hmac(&der).unwrap();
        pkcs1(&mac, MessageDigest::sha256())(octets)
    };
    for uri in [
        format!("{MORE}hmac-sha256"),
        format!("{DSIG}hmac-sha1"),
        format!("{DSIG}dsa-sha1"),
        format!("{MORE}rsa-md5"),
        format!("{MORE}ecdsa-sha1"),
        format!("{MORE}rsa-sha256 "),
        format!("{MORE}RSA-SHA256"),
        String::new(),
    ] {
        let mut forge = Forge::new(&hmac);
        forge.algorithm.clone_from(&uri);
        assert_eq!(
            verify(&forge.make(), &keys, true),
            Err(SignatureError::Algorithm { uri })
        );
    }
    let sign = pkcs1(&key, MessageDigest::sha256());
    let mut forge = Forge::new(&sign);
    forge.digest = MessageDigest::md5();
    forge.digest_uri = format!("{MORE}md5");
    assert!(matches!(
        verify(&forge.make(), &keys, true),
        Err(SignatureError::Algorithm { .. })
    ));
}

#[test]
fn canonicalization_methods_and_prefix_lists() {
    let key = rsa();
    let keys = [public(&key).unwrap()];
    let sign = pkcs1(&key, MessageDigest::sha256());
    let enveloped = format!("<Transform Algorithm='{DSIG}enveloped-signature'/>");
    for uri in [
        EXC,
        "http://www.w3.org/2001/10/xml-exc-c14n#WithComments",
        "http://www.w3.org/TR/2001/REC-xml-c14n-20010315",
        "http://www.w3.org/TR/2001/REC-xml-c14n-20010315#WithComments",
        "http://www.w3.org/2006/12/xml-c14n11",
        "http://www.w3.org/2006/12/xml-c14n11#WithComments",
    ] {
        let mut forge = Forge::new(&sign);
        forge.c14n = format!("<CanonicalizationMethod Algorithm='{uri}'/>");
        forge.transforms =
            format!("<Transforms>{enveloped}<Transform Algorithm='{uri}'/></Transforms>");
        let octets = verify(&forge.make(), &keys, false).unwrap();
        assert!(
            !octets.contains("<!--"),
            "a same-document reference leaves comments out"
        );
        forge.subject = "<r xmlns='urn:r' xml:lang='de'><a ID='x'>text</a></r>";
        if uri.starts_with(EXC) {
            verify(&forge.make(), &keys, false).unwrap();
        }
    }
    // Without a second transform: Canonical XML 1.0.
    let mut forge = Forge::new(&sign);
    forge.transforms = format!("<Transforms>{enveloped}</Transforms>");
    assert!(
        verify(&forge.make(), &keys, false)
            .unwrap()
            .contains("xmlns:u")
    );
    // Google sends lists.
    forge.subject = "<r xmlns:u='urn:u' xmlns:v='urn:v'><a ID='x' b='v:c'>text</a></r>";
    forge.transforms = format!(
        "<Transforms>{enveloped}<Transform Algorithm='{EXC}'><i:InclusiveNamespaces \
         xmlns:i='{EXC}' PrefixList='v #default nothing'/></Transform></Transforms>"
    );
    assert_eq!(
        verify(&forge.make(), &keys, false).unwrap(),
        "<a xmlns:v=\"urn:v\" ID=\"x\" b=\"v:c\">text</a>"
    );
}

#[test]
fn references_and_transforms_that_are_refused() {
    let key = rsa();
    let keys = [public(&key).unwrap()];
    let sign = pkcs1(&key, MessageDigest::sha256());
    for reference in [
        "",
        "URI=''",
        "URI='#'",
        "URI='x'",
        "URI='#y'",
        "URI='#X'",
        "URI='#xpointer(/)'",
        "URI=\"#xpointer(id('x'))\"",
        "URI='http://127.0.0.1/#x'",
        "URI='file:///etc/passwd'",
        "URI=' #x'",
        "URI='##x'",
    ] {
        let mut forge = Forge::new(&sign);
        forge.reference = reference.to_owned();
        let fail = verify(&forge.make(), &keys, false);
        assert!(
            matches!(fail, Err(SignatureError::Reference { .. })),
            "{reference} {fail:?}"
        );
    }
    let enveloped = format!("<Transform Algorithm='{DSIG}enveloped-signature'/>");
    let exclusive = format!("<Transform Algorithm='{EXC}'/>");
    let other = |uri: &str| format!("<Transform Algorithm='{uri}'/>");
    for transforms in [
        String::new(),
        "<Transforms/>".to_owned(),
        format!("<Transforms>{exclusive}</Transforms>"),
        format!("<Transforms>{exclusive}{enveloped}</Transforms>"),
        format!("<Transforms>{enveloped}{enveloped}</Transforms>"),
        format!("<Transforms>{enveloped}{exclusive}{exclusive}</Transforms>"),
        format!(
            "<Transforms>{enveloped}{}</Transforms>",
            other("http://www.w3.org/TR/1999/REC-xslt-19991116")
        ),
        format!(
            "<Transforms>{enveloped}{}</Transforms>",
            other("http://www.w3.org/TR/1999/REC-xpath-19991116")
        ),
        format!(
            "<Transforms>{enveloped}{}</Transforms>",
            other("http://www.w3.org/2002/06/xmldsig-filter2")
        ),
        format!(
            "<Transforms>{}{exclusive}</Transforms>",
            other(&format!("{DSIG}base64"))
        ),
        format!(
            "<Transforms><Transform Algorithm='{DSIG}enveloped-signature'><x xmlns=''/></Transform>{exclusive}</Transforms>"
        ),
        format!("<Transforms>{enveloped}<Transform/></Transforms>"),
    ] {
        let mut forge = Forge::new(&sign);
        forge.transforms.clone_from(&transforms);
        let fail = verify(&forge.make(), &keys, false);
        assert!(
            matches!(
                fail,
                Err(SignatureError::Transform { .. } | SignatureError::Malformed { .. })
            ),
            "{transforms} {fail:?}"
        );
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn shapes_that_are_refused_though_the_signature_value_is_right() {
    let key = rsa();
    let keys = [public(&key).unwrap()];
    let sign = pkcs1(&key, MessageDigest::sha256());
    let info = |s: &str| {
        let start = s.find("<SignedInfo>").unwrap();
        let end = s.find("</SignedInfo>").unwrap() + "</SignedInfo>".len();
        s[start..end].to_owned()
    };
    let reference = |s: &str| {
        let start = s.find("<Reference").unwrap();
        let end = s.find("</Reference>").unwrap() + "</Reference>".len();
        s[start..end].to_owned()
    };
    let edits: Vec<(&str, Edit)> = vec![
        (
            "two SignedInfo",
            Box::new(move |s| s.replace("</SignedInfo>", &format!("</SignedInfo>{}", info(&s)))),
        ),
        (
            "two References",
            Box::new(move |s| s.replace("</Reference>", &format!("</Reference>{}", reference(&s)))),
        ),
        (
            "two values",
            Box::new(|s| {
                s.replace(
                    "</Signature>",
                    "<SignatureValue>VALUE</SignatureValue></Signature>",
                )
            }),
        ),
        (
            "two DigestValues",
            Box::new(|s| {
                s.replace(
                    "</Reference>",
                    "<DigestValue>AAAA</DigestValue></Reference>",
                )
            }),
        ),
        (
            "element in DigestValue",
            Box::new(|s| s.replace("</DigestValue>", "<x xmlns=''/></DigestValue>")),
        ),
        (
            "comment in DigestValue",
            Box::new(|s| s.replace("<DigestValue>", "<DigestValue><!--AAAA-->")),
        ),
        (
            "comment in KeyInfo",
            Box::new(|s| s.replace("</Signature>", "<KeyInfo><!----></KeyInfo></Signature>")),
        ),
        (
            "Object",
            Box::new(|s| s.replace("</Signature>", "<Object/></Signature>")),
        ),
        (
            "Object in KeyInfo",
            Box::new(|s| s.replace("</Signature>", "<KeyInfo><Object/></KeyInfo></Signature>")),
        ),
        (
            "HMACOutputLength",
            Box::new(|s| {
                s.replace(
                    "rsa-sha256'/>",
                    "rsa-sha256'><HMACOutputLength>0</HMACOutputLength></SignatureMethod>",
                )
            }),
        ),
        (
            "no SignedInfo",
            Box::new(|s| s.replace("SignedInfo>", "Info>")),
        ),
        (
            "wrong namespace",
            Box::new(|s| s.replace("<SignedInfo>", "<SignedInfo xmlns='urn:x'>")),
        ),
        (
            "text",
            Box::new(|s| s.replace("<SignedInfo>", "<SignedInfo>x")),
        ),
        (
            "no DigestMethod",
            Box::new(|s| s.replace(&format!("<DigestMethod Algorithm='{SHA256}'/>"), "")),
        ),
        (
            "no algorithm",
            Box::new(|s| {
                s.replace(
                    &format!("<DigestMethod Algorithm='{SHA256}'/>"),
                    "<DigestMethod/>",
                )
            }),
        ),
        (
            "value first",
            Box::new(|s| {
                s.replace("<SignatureValue>VALUE</SignatureValue>", "")
                    .replace(
                        "<SignedInfo>",
                        "<SignatureValue>VALUE</SignatureValue><SignedInfo>",
                    )
            }),
        ),
    ];
    for (name, edit) in &edits {
        let mut forge = Forge::new(&sign);
        forge.edit = edit.as_ref();
        let fail = verify(&forge.make(), &keys, false);
        assert!(
            matches!(
                fail,
                Err(SignatureError::Malformed { .. }
                    | SignatureError::Comment
                    | SignatureError::Object)
            ),
            "{name}: {fail:?}"
        );
    }
    for value in ["", "=", "AAA", "AA=A", "A\u{c4}==", "AAAA====", "-_-_"] {
        let text = Forge::new(&sign).make();
        let at = text.find("<SignatureValue>").unwrap() + "<SignatureValue>".len();
        let end = text.find("</SignatureValue>").unwrap();
        let text = format!("{}{value}{}", &text[..at], &text[end..]);
        assert!(
            matches!(
                verify(&text, &keys, false),
                Err(SignatureError::Malformed { .. })
            ),
            "{value:?}"
        );
    }
}

#[test]
fn white_space_and_key_info_do_not_matter() {
    let key = rsa();
    let keys = [public(&key).unwrap()];
    let sign = pkcs1(&key, MessageDigest::sha256());
    let mut forge = Forge::new(&sign);
    forge.edit = &|s| {
        s.replace("<DigestValue>", "<DigestValue>\r\n  ")
            .replace("</DigestValue>", "&#13;\n</DigestValue>")
            .replace("<SignedInfo>", "<SignedInfo>\n ")
            .replace("</Signature>", "\n<KeyInfo><X509Data><X509Certificate>\nAAAA\n</X509Certificate></X509Data></KeyInfo>\n</Signature>")
    };
    let text = forge.make();
    let at = text.find("<SignatureValue>").unwrap() + 60;
    let text = format!("{}\n\t {}", &text[..at], &text[at..]);
    verify(&text, &keys, false).unwrap();
    let Err(SignatureError::Invalid { pinned, received }) =
        verify(&text, &[public(&rsa()).unwrap()], false)
    else {
        panic!("another key verified");
    };
    assert_eq!(pinned[0].len(), 64);
    assert_eq!(received, [super::key::fingerprint(&[0, 0, 0])]);
}

#[test]
fn a_digest_of_nothing_is_never_right() {
    let key = rsa();
    let keys = [public(&key).unwrap()];
    let sign = pkcs1(&key, MessageDigest::sha256());
    let mut forge = Forge::new(&sign);
    let nothing = STANDARD.encode(hash(MessageDigest::sha256(), b"").unwrap());
    let edit = |s: String| {
        let start = s.find("<DigestValue>").unwrap() + 13;
        let end = s.find("</DigestValue>").unwrap();
        format!("{}{nothing}{}", &s[..start], &s[end..])
    };
    forge.edit = &edit;
    assert_eq!(
        verify(&forge.make(), &keys, false),
        Err(SignatureError::Digest)
    );
}

#[test]
fn weak_and_foreign_keys_are_not_pinned() {
    let short = PKey::from_rsa(Rsa::generate(1024).unwrap()).unwrap();
    assert_eq!(
        public(&short).unwrap_err(),
        KeyError::RsaTooShort { bits: 1024 }
    );
    let curve = ec(Nid::SECP256K1);
    assert!(matches!(public(&curve), Err(KeyError::Curve { .. })));
    assert_eq!(
        public(&PKey::generate_ed25519().unwrap()).unwrap_err(),
        KeyError::Kind
    );
    assert_eq!(
        VerifyKey::from_certificate_der(b"x").unwrap_err(),
        KeyError::Unreadable
    );
}
