//! Attacks on the signature itself: none, somebody else's, too weak a one,
//! one over something else, one that makes the verifier fetch or compute.

use super::Catalogue;
use super::wrapping::VICTIM;
use crate::support::forge::{Forge, Scene, without_comments};
use crate::support::keys;
use crate::support::signature as sig;
use crate::support::signature::{DS, ENVELOPED, EXCLUSIVE, SHA256, Signature, digest, transform};

/// The digest of nothing at all, by SHA-256.
const VOID: &str = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";

pub fn add(list: &mut Catalogue) {
    stripped(list);
    strangers(list);
    algorithms(list);
    references(list);
    transforms(list);
    void(list);
    signed_info(list);
    values(list);
    structure(list);
}

/// The genuine answer with its assertion's signature changed.
fn with(scene: &Scene, change: impl FnOnce(&mut Signature)) -> Forge {
    let mut forge = scene.forge();
    change(forge.signature());
    forge
}

/// What the attacker wants to say, signed in some way of his own.
fn evil(scene: &Scene, change: impl FnOnce(&mut Signature)) -> String {
    let mut forge = scene.forge().saying(VICTIM);
    change(forge.signature());
    forge.xml()
}

/// Without what stands from `from` up to and with `to`.
fn cut(document: &str, from: &str, to: &str) -> String {
    let start = document.find(from).unwrap();
    let end = start + document[start..].find(to).unwrap() + to.len();
    format!("{}{}", &document[..start], &document[end..])
}

fn stripped(list: &mut Catalogue) {
    list.add("stripped: no signature", "saml.signature_missing", |s| {
        s.forge().saying(VICTIM).unsigned().xml()
    });
    list.add(
        "stripped: an empty Signature",
        "saml.signature_malformed",
        |s| {
            let empty = format!("<ds:Signature xmlns:ds=\"{DS}\"></ds:Signature>");
            let forge = s.forge().saying(VICTIM).unsigned();
            forge.response_around(&forge.assertion_with(&empty))
        },
    );
    list.add("stripped: a Signature with KeyInfo only", "saml.signature_malformed", |s| {
        let certificate = sig::x509(&s.idp_key.certificate_base64());
        let only = format!(
            "<ds:Signature xmlns:ds=\"{DS}\"><ds:KeyInfo>{certificate}</ds:KeyInfo></ds:Signature>"
        );
        let forge = s.forge().saying(VICTIM).unsigned();
        forge.response_around(&forge.assertion_with(&only))
    });
    list.add(
        "stripped: Signature in no namespace",
        "saml.unexpected_element",
        |s| {
            let forge = s.forge();
            let signature = forge
                .assertion_signature()
                .replace("ds:", "")
                .replace(" xmlns:ds=", " xmlns:none=");
            forge.response_around(&forge.assertion_with(&signature))
        },
    );
    list.add(
        "stripped: Signature in a namespace of the attacker's",
        "saml.unexpected_element",
        |s| {
            let forge = s.forge();
            let signature = forge
                .assertion_signature()
                .replace(DS, "http://www.w3.org/2000/09/xmldsig");
            forge.response_around(&forge.assertion_with(&signature))
        },
    );
    for part in [
        "ds:SignatureValue",
        "ds:SignedInfo",
        "ds:Reference",
        "ds:DigestValue",
        "ds:DigestMethod",
        "ds:SignatureMethod",
        "ds:CanonicalizationMethod",
    ] {
        list.add(
            format!("stripped: no {part}"),
            "saml.signature_malformed",
            move |s| cut(&s.forge().xml(), &format!("<{part}"), &format!("</{part}>")),
        );
    }
}

fn strangers(list: &mut Catalogue) {
    list.add(
        "key: the attacker's, his certificate in KeyInfo",
        "saml.signature_invalid",
        |s| evil(s, |x| *x = Signature::by(keys::attacker())),
    );
    list.add(
        "key: the attacker's, the genuine certificate in KeyInfo",
        "saml.signature_invalid",
        |s| {
            let genuine = sig::x509(&s.idp_key.certificate_base64());
            evil(s, |x| {
                *x = Signature::by(keys::attacker());
                x.key_info = genuine;
            })
        },
    );
    list.add(
        "key: the attacker's, both certificates in KeyInfo",
        "saml.signature_invalid",
        |s| {
            let both = format!(
                "{}{}",
                sig::x509(&s.idp_key.certificate_base64()),
                sig::x509(&keys::attacker().certificate_base64())
            );
            evil(s, |x| {
                *x = Signature::by(keys::attacker());
                x.key_info = both;
            })
        },
    );
    list.add(
        "key: the attacker's, no KeyInfo",
        "saml.signature_invalid",
        |s| {
            evil(s, |x| {
                *x = Signature::by(keys::attacker());
                x.key_info.clear();
            })
        },
    );
    list.add(
        "key: the attacker's, as KeyValue",
        "saml.signature_invalid",
        |s| {
            evil(s, |x| {
                *x = Signature::by(keys::attacker());
                x.key_info = key_value(keys::attacker());
            })
        },
    );
    list.add(
        "key: the attacker's, on P-256",
        "saml.signature_key_kind",
        |s| evil(s, |x| *x = Signature::by(keys::p256())),
    );
    list.add("key: another provider's", "saml.signature_invalid", |s| {
        evil(s, |x| *x = Signature::by(keys::other_idp()))
    });
    list.add("key: RSA with 1024 bits", "saml.signature_invalid", |s| {
        evil(s, |x| *x = Signature::by(keys::weak()))
    });
    list.add(
        "key: by RetrievalMethod over http",
        "saml.signature_invalid",
        |s| {
            let canary = s.canary.clone();
            evil(s, |x| {
                *x = Signature::by(keys::attacker());
                x.key_info = format!(
                    "<ds:RetrievalMethod Type=\"{DS}rawX509Certificate\" URI=\"{canary}\">\
                 </ds:RetrievalMethod>"
                );
            })
        },
    );
    list.add("key: by name, a path", "saml.signature_invalid", |s| {
        evil(s, |x| {
            *x = Signature::by(keys::attacker());
            x.key_info = "<ds:KeyName>../../etc/passwd</ds:KeyName>".to_owned();
        })
    });
}

fn key_value(key: &keys::Key) -> String {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    let rsa = key.private.rsa().unwrap();
    format!(
        "<ds:KeyValue><ds:RSAKeyValue><ds:Modulus>{}</ds:Modulus><ds:Exponent>{}</ds:Exponent>\
         </ds:RSAKeyValue></ds:KeyValue>",
        STANDARD.encode(rsa.n().to_vec()),
        STANDARD.encode(rsa.e().to_vec())
    )
}

fn algorithms(list: &mut Catalogue) {
    list.add("algorithm: RSA with SHA-1", "saml.signature_sha1", |s| {
        with(s, |x| sig::RSA_SHA1.clone_into(&mut x.method)).xml()
    });
    list.add("algorithm: SHA-1 as digest", "saml.signature_sha1", |s| {
        with(s, |x| sig::SHA1.clone_into(&mut x.digest)).xml()
    });
    list.add("algorithm: RSA with MD5", "saml.signature_algorithm", |s| {
        with(s, |x| sig::RSA_MD5.clone_into(&mut x.method)).xml()
    });
    list.add(
        "algorithm: MD5 as digest",
        "saml.signature_algorithm",
        |s| with(s, |x| sig::MD5.clone_into(&mut x.digest)).xml(),
    );
    for (name, method) in [("SHA-1", sig::HMAC_SHA1), ("SHA-256", sig::HMAC_SHA256)] {
        list.add(
            format!("algorithm: HMAC with {name}, keyed with the public key"),
            "saml.signature_algorithm",
            move |s| {
                let key = s.idp_key.private.public_key_to_der().unwrap();
                evil(s, |x| {
                    method.clone_into(&mut x.method);
                    x.hmac_key = key;
                })
            },
        );
        list.add(
            format!("algorithm: HMAC with {name}, keyed with the certificate"),
            "saml.signature_algorithm",
            move |s| {
                let key = s.idp_key.certificate_pem();
                evil(s, |x| {
                    method.clone_into(&mut x.method);
                    x.hmac_key = key;
                })
            },
        );
        list.add(
            format!("algorithm: HMAC with {name}, no key"),
            "saml.signature_algorithm",
            move |s| {
                evil(s, |x| {
                    method.clone_into(&mut x.method);
                    x.hmac_key = vec![0];
                })
            },
        );
    }
    for bits in ["0", "1", "8", "160"] {
        list.add(
            format!("algorithm: HMACOutputLength {bits}"),
            "saml.signature_malformed",
            move |s| {
                evil(s, |x| {
                    sig::HMAC_SHA256.clone_into(&mut x.method);
                    x.hmac_key = vec![0];
                    x.method_inner = format!("<ds:HMACOutputLength>{bits}</ds:HMACOutputLength>");
                    x.value = Some(String::new());
                })
            },
        );
    }
    list.add(
        "algorithm: HMACOutputLength in an RSA signature",
        "saml.signature_malformed",
        |s| {
            with(s, |x| {
                x.method_inner = "<ds:HMACOutputLength>0</ds:HMACOutputLength>".to_owned();
            })
            .xml()
        },
    );
    for (name, code, uri) in [
        ("empty", "saml.signature_algorithm", ""),
        ("none", "saml.signature_algorithm", "none"),
        ("unknown", "saml.signature_algorithm", "urn:evil:algorithm"),
        (
            "DSA",
            "saml.signature_algorithm",
            "http://www.w3.org/2000/09/xmldsig#dsa-sha1",
        ),
        (
            "RSA-SHA224",
            "saml.signature_algorithm",
            "http://www.w3.org/2001/04/xmldsig-more#rsa-sha224",
        ),
        (
            "RIPEMD-160",
            "saml.signature_algorithm",
            "http://www.w3.org/2001/04/xmldsig-more#rsa-ripemd160",
        ),
        (
            "in capitals",
            "saml.signature_algorithm",
            "HTTP://WWW.W3.ORG/2001/04/XMLDSIG-MORE#RSA-SHA256",
        ),
        (
            "with a blank",
            "saml.signature_algorithm",
            " http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
        ),
        (
            "ECDSA for an RSA key",
            "saml.signature_key_kind",
            sig::ECDSA_SHA256,
        ),
        (
            "RSA-SHA512 in name only",
            "saml.signature_algorithm",
            "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512?",
        ),
    ] {
        list.add(
            format!("algorithm: SignatureMethod {name}"),
            code,
            move |s| with(s, |x| uri.clone_into(&mut x.method)).xml(),
        );
    }
    for (name, uri) in [
        ("empty", ""),
        ("unknown", "urn:evil:digest"),
        ("SHA-224", "http://www.w3.org/2001/04/xmldsig-more#sha224"),
        ("a signature method", sig::RSA_SHA256),
    ] {
        list.add(
            format!("algorithm: DigestMethod {name}"),
            "saml.signature_algorithm",
            move |s| with(s, |x| uri.clone_into(&mut x.digest)).xml(),
        );
    }
    for (name, uri) in [
        ("empty", ""),
        ("unknown", "urn:evil:c14n"),
        ("Canonical XML 2.0", "http://www.w3.org/2010/xml-c14n2"),
        ("a transform", ENVELOPED),
        ("base64", "http://www.w3.org/2000/09/xmldsig#base64"),
    ] {
        list.add(
            format!("algorithm: CanonicalizationMethod {name}"),
            "saml.signature_transform",
            move |s| with(s, |x| uri.clone_into(&mut x.canonicalization)).xml(),
        );
    }
}

fn references(list: &mut Catalogue) {
    list.add("reference: none", "saml.signature_malformed", |s| {
        cut(&s.forge().xml(), "<ds:Reference", "</ds:Reference>")
    });
    list.add(
        "reference: two, the second to the same",
        "saml.signature_malformed",
        |s| {
            let octets = s.forge().bare_assertion();
            with(s, |x| x.more_references = second("#_assertion", &octets)).xml()
        },
    );
    list.add(
        "reference: two, the second to the evil assertion",
        "saml.several_assertions",
        |s| {
            let evil = s.forge().saying(VICTIM).unsigned();
            let more = second(&format!("#{}", evil.assertion.id), &evil.bare_assertion());
            let mut forge = with(s, |x| x.more_references = more);
            forge.response.extensions = evil.bare_assertion();
            forge.xml()
        },
    );
    list.add(
        "reference: two, the second over http",
        "saml.signature_malformed",
        |s| {
            let more = second(&s.canary, "");
            with(s, |x| x.more_references = more).xml()
        },
    );
    let canary = "CANARY";
    for (name, uri) in [
        ("empty", ""),
        ("a hash mark", "#"),
        ("the whole document by XPointer", "#xpointer(/)"),
        ("an element by XPointer", "#xpointer(id('ID'))"),
        ("an element by child sequence", "#element(/1/3)"),
        ("everything by XPointer", "#xpointer(//*)"),
        ("http", canary),
        ("http with a fragment", "CANARY#ID"),
        ("file", "file:///etc/passwd"),
        ("a path", "/etc/passwd"),
        ("data", "data:text/plain,x"),
        ("cid", "cid:assertion"),
        ("without the hash mark", "ID"),
        ("percent-encoded", "#%5FID"),
        ("a blank before", " #ID"),
        ("a blank after", "#ID "),
        ("another id", "#_nobody"),
        ("the response", "#RESPONSE"),
        ("in another case", "#UPPER"),
    ] {
        list.add(
            format!("reference: URI {name}"),
            "saml.signature_reference",
            move |s| {
                let forge = s.forge();
                let uri = uri
                    .replace("CANARY", &s.canary)
                    .replace("RESPONSE", &forge.response.id)
                    .replace("UPPER", &forge.assertion.id.to_uppercase())
                    .replace("ID", &forge.assertion.id);
                with(s, |x| x.uri = Some(uri)).xml()
            },
        );
    }
    list.add("reference: URI absent", "saml.signature_reference", |s| {
        let forge = s.forge();
        let octets = forge.bare_assertion();
        let signature = Signature::by(s.idp_key).over_uri(None, octets.as_bytes());
        forge.response_around(&forge.assertion_with(&signature))
    });
    list.add(
        "reference: empty URI over the whole response",
        "saml.signature_reference",
        |s| {
            let mut forge = s.forge();
            forge.sign_assertion = None;
            let octets = forge.xml();
            let signature = Signature::by(s.idp_key).over_uri(Some(""), octets.as_bytes());
            forge.response_with(&signature, &forge.bare_assertion())
        },
    );
    list.add("reference: a Manifest", "saml.signature_malformed", |s| {
        let manifest = format!(
            "<ds:Object><ds:Manifest Id=\"_manifest\">{}</ds:Manifest></ds:Object>",
            second("#_assertion1", &s.forge().bare_assertion())
        );
        with(s, |x| x.tail = manifest).xml().replacen(
            "<ds:Reference URI",
            &format!("<ds:Reference Type=\"{DS}Manifest\" URI"),
            1,
        )
    });
}

fn second(uri: &str, octets: &str) -> String {
    sig::reference(
        Some(uri),
        &transform(EXCLUSIVE, ""),
        SHA256,
        &digest(SHA256, octets.as_bytes()),
    )
}

fn transforms(list: &mut Catalogue) {
    let xslt = "<xsl:stylesheet xmlns:xsl=\"http://www.w3.org/1999/XSL/Transform\" version=\"1.0\">\
                <xsl:template match=\"/\"><xsl:copy-of select=\"document('CANARY')\"></xsl:copy-of>\
                </xsl:template></xsl:stylesheet>";
    let cases: Vec<(&'static str, String)> = vec![
        (
            "XSLT that fetches",
            transform("http://www.w3.org/TR/1999/REC-xslt-19991116", xslt),
        ),
        (
            "XPath",
            transform(
                "http://www.w3.org/TR/1999/REC-xpath-19991116",
                "<ds:XPath>not(ancestor-or-self::ds:Signature)</ds:XPath>",
            ),
        ),
        (
            "XPath that selects nothing",
            transform(
                "http://www.w3.org/TR/1999/REC-xpath-19991116",
                "<ds:XPath>false()</ds:XPath>",
            ),
        ),
        (
            "XPath Filter 2",
            transform(
                "http://www.w3.org/2002/06/xmldsig-filter2",
                "<f:XPath xmlns:f=\"http://www.w3.org/2002/06/xmldsig-filter2\" Filter=\"subtract\">\
                 //*</f:XPath>",
            ),
        ),
        (
            "base64",
            transform("http://www.w3.org/2000/09/xmldsig#base64", ""),
        ),
        (
            "XPointer",
            transform("http://www.w3.org/2001/04/xmldsig-more/xptr", ""),
        ),
        (
            "decryption",
            transform("http://www.w3.org/2002/07/decrypt#XML", ""),
        ),
        ("unknown", transform("urn:evil:transform", "")),
        ("with an empty name", transform("", "")),
        ("SHA-256", transform(SHA256, "")),
    ];
    for (name, step) in cases {
        for (place, before, code) in [
            ("first", true, "saml.signature_transform"),
            ("last", false, "saml.signature_malformed"),
        ] {
            let step = step.clone();
            list.add(format!("transform: {name}, {place}"), code, move |s| {
                let step = step.replace("CANARY", &s.canary);
                with(s, |x| {
                    x.transforms = if before {
                        format!("{step}{}", x.transforms)
                    } else {
                        format!("{}{step}", x.transforms)
                    };
                })
                .xml()
            });
        }
    }
    let enveloped = transform(ENVELOPED, "");
    let exclusive = transform(EXCLUSIVE, "");
    for (name, code, steps) in [
        ("none", "saml.signature_malformed", String::new()),
        (
            "without enveloped-signature",
            "saml.signature_transform",
            exclusive.clone(),
        ),
        (
            "canonicalization before enveloped-signature",
            "saml.signature_transform",
            format!("{exclusive}{enveloped}"),
        ),
        (
            "enveloped-signature twice",
            "saml.signature_malformed",
            format!("{enveloped}{enveloped}{exclusive}"),
        ),
        (
            "a hundred",
            "saml.signature_malformed",
            format!("{enveloped}{}", exclusive.repeat(100)),
        ),
        (
            "a PrefixList twice",
            "saml.signature_malformed",
            format!(
                "{enveloped}{}",
                transform(
                    EXCLUSIVE,
                    &format!(
                        "<ec:InclusiveNamespaces xmlns:ec=\"{EXCLUSIVE}\" PrefixList=\"a\">\
                         </ec:InclusiveNamespaces>"
                    )
                    .repeat(2)
                )
            ),
        ),
        (
            "a stranger inside a canonicalization",
            "saml.signature_malformed",
            format!(
                "{enveloped}{}",
                transform(EXCLUSIVE, "<x xmlns=\"urn:evil\"></x>")
            ),
        ),
        (
            "text inside enveloped-signature",
            "saml.signature_malformed",
            format!("{}{exclusive}", transform(ENVELOPED, "x")),
        ),
    ] {
        list.add(format!("transforms: {name}"), code, move |s| {
            with(s, |x| x.transforms.clone_from(&steps)).xml()
        });
    }
}

/// Canonicalization that yields nothing (CVE-2025-66567, CVE-2025-66568): the
/// digest of the empty string may be as genuine as it likes.
fn void(list: &mut Catalogue) {
    list.add(
        "void: the digest of nothing, genuinely signed",
        "saml.signature_digest",
        |s| with(s, |x| x.digest_value = Some(VOID.to_owned())).xml(),
    );
    for uri in [
        "1",
        "relative/path",
        "../up",
        "http://[",
        "http://a b/",
        "::",
    ] {
        list.add(
            format!("void: the namespace {uri:?} on the response"),
            "saml.xml_namespace",
            move |s| {
                with(s, |x| x.digest_value = Some(VOID.to_owned()))
                    .xml()
                    .replacen(
                        "<samlp:Response",
                        &format!("<samlp:Response xmlns:v=\"{uri}\""),
                        1,
                    )
            },
        );
        list.add(
            format!("void: the namespace {uri:?} on the assertion"),
            "saml.xml_namespace",
            move |s| {
                with(s, |x| x.digest_value = Some(VOID.to_owned()))
                    .xml()
                    .replacen(
                        "<saml:Assertion",
                        &format!("<saml:Assertion xmlns:v=\"{uri}\""),
                        1,
                    )
            },
        );
    }
    list.add(
        "void: SignedInfo of nothing, the signature over nothing",
        "saml.signature_invalid",
        |s| {
            use base64::Engine as _;
            use base64::engine::general_purpose::STANDARD;
            let mut signer = openssl::sign::Signer::new(
                openssl::hash::MessageDigest::sha256(),
                &s.idp_key.private,
            )
            .unwrap();
            let over_nothing = STANDARD.encode(signer.sign_oneshot_to_vec(b"").unwrap());
            evil(s, |x| x.value = Some(over_nothing))
        },
    );
}

/// SignedInfo in two voices.
fn signed_info(list: &mut Catalogue) {
    for (name, first) in [("first", true), ("last", false)] {
        list.add(
            format!("SignedInfo: two, the forged one {name} (CVE-2025-29774)"),
            "saml.signature_malformed",
            move |s| {
                let mut evil = s.forge().saying(VICTIM);
                evil.assertion.id = s.forge().assertion.id;
                let genuine = s.forge().assertion_signature();
                let forged = evil.assertion_signature();
                let genuine_info = between(&genuine, "<ds:SignedInfo>", "</ds:SignedInfo>");
                let forged_info = between(&forged, "<ds:SignedInfo>", "</ds:SignedInfo>");
                let both = if first {
                    format!("{forged_info}{genuine_info}")
                } else {
                    format!("{genuine_info}{forged_info}")
                };
                let signature = genuine.replacen(&genuine_info, &both, 1);
                evil.response_around(&evil.assertion_with(&signature))
            },
        );
    }
    list.add(
        "SignedInfo: the forged digest in a comment (CVE-2025-29775)",
        "saml.signature_malformed",
        |s| {
            let mut evil = s.forge().saying(VICTIM);
            evil.assertion.id = s.forge().assertion.id;
            let forged = digest(SHA256, evil.bare_assertion().as_bytes());
            let mut genuine = s.forge();
            genuine.signature().smuggled = Some((
                "<ds:DigestValue>".to_owned(),
                format!("<ds:DigestValue><!--{forged}-->"),
            ));
            let signature = genuine.assertion_signature();
            evil.response_around(&evil.assertion_with(&signature))
        },
    );
    list.add(
        "SignedInfo: the genuine digest in a comment",
        "saml.signature_malformed",
        |s| {
            let mut evil = s.forge().saying(VICTIM);
            evil.assertion.id = s.forge().assertion.id;
            let forged = digest(SHA256, evil.bare_assertion().as_bytes());
            let genuine = s.forge().assertion_signature();
            let value = between(&genuine, "<ds:DigestValue>", "</ds:DigestValue>");
            let signature = genuine.replacen(
                &value,
                &format!(
                    "<ds:DigestValue>{forged}<!--{}--></ds:DigestValue>",
                    without_comments(&value)
                ),
                1,
            );
            evil.response_around(&evil.assertion_with(&signature))
        },
    );
    for (name, place) in [
        ("DigestValue", "<ds:DigestValue>"),
        ("SignedInfo", "<ds:SignedInfo>"),
        ("SignatureValue", "<ds:SignatureValue>"),
        ("X509Certificate", "<ds:X509Certificate>"),
        ("Transforms", "<ds:Transforms>"),
    ] {
        list.add(
            format!("Signature: a comment in {name}"),
            "saml.signature_malformed",
            move |s| {
                s.forge()
                    .xml()
                    .replacen(place, &format!("{place}<!--x-->"), 1)
            },
        );
    }
    for (name, from, to) in [
        (
            "a text in SignedInfo",
            "<ds:SignedInfo>",
            "<ds:SignedInfo>x",
        ),
        (
            "a DigestValue more",
            "<ds:DigestValue>",
            "<ds:DigestValue>AAAA</ds:DigestValue><ds:DigestValue>",
        ),
        (
            "a SignatureValue more",
            "<ds:SignatureValue>",
            "<ds:SignatureValue>AAAA</ds:SignatureValue><ds:SignatureValue>",
        ),
        (
            "an element in DigestValue",
            "<ds:DigestValue>",
            "<ds:DigestValue><ds:X/>",
        ),
        (
            "an element in SignatureValue",
            "<ds:SignatureValue>",
            "<ds:SignatureValue><ds:X/>",
        ),
        (
            "a KeyInfo more",
            "<ds:KeyInfo>",
            "<ds:KeyInfo></ds:KeyInfo><ds:KeyInfo>",
        ),
        (
            "a SignatureMethod more",
            "<ds:SignatureMethod",
            "<ds:SignatureMethod Algorithm=\"urn:x\"/><ds:SignatureMethod",
        ),
    ] {
        list.add(
            format!("Signature: {name}"),
            "saml.signature_malformed",
            move |s| s.forge().xml().replacen(from, to, 1),
        );
    }
}

fn between(text: &str, from: &str, to: &str) -> String {
    let start = text.find(from).unwrap();
    let end = start + text[start..].find(to).unwrap() + to.len();
    text[start..end].to_owned()
}

/// Values that are no signature.
fn values(list: &mut Catalogue) {
    for (name, code, value) in [
        ("empty", "saml.signature_malformed", String::new()),
        ("zero", "saml.signature_invalid", "A".repeat(342) + "=="),
        ("one octet", "saml.signature_invalid", "AA==".to_owned()),
        ("no base64", "saml.signature_malformed", "*".repeat(344)),
        ("too long", "saml.signature_invalid", "A".repeat(4096)),
    ] {
        list.add(format!("SignatureValue: {name}"), code, move |s| {
            with(s, |x| x.value = Some(value.clone())).xml()
        });
    }
    list.add(
        "SignatureValue: one octet cut off",
        "saml.signature_malformed",
        |s| {
            let document = s.forge().xml();
            let value = between(&document, "<ds:SignatureValue>", "</ds:SignatureValue>");
            let inner = value
                .replace("<ds:SignatureValue>", "")
                .replace("</ds:SignatureValue>", "");
            let shorter = format!("{}=", &inner[..inner.len() - 3]);
            document.replacen(&inner, &shorter, 1)
        },
    );
    list.add(
        "SignatureValue: an octet of zero before",
        "saml.signature_invalid",
        |s| {
            use base64::Engine as _;
            use base64::engine::general_purpose::STANDARD;
            let document = s.forge().xml();
            let value = between(&document, "<ds:SignatureValue>", "</ds:SignatureValue>");
            let inner = value
                .replace("<ds:SignatureValue>", "")
                .replace("</ds:SignatureValue>", "");
            let mut octets = vec![0];
            octets.extend(STANDARD.decode(&inner).unwrap());
            document.replacen(&inner, &STANDARD.encode(octets), 1)
        },
    );
    for (name, code, value) in [
        ("empty", "saml.signature_malformed", String::new()),
        ("one octet", "saml.signature_digest", "AA==".to_owned()),
        ("no base64", "saml.signature_malformed", "*".repeat(44)),
        ("zero", "saml.signature_digest", "A".repeat(43) + "="),
    ] {
        list.add(format!("DigestValue: {name}"), code, move |s| {
            with(s, |x| x.digest_value = Some(value.clone())).xml()
        });
    }
    list.add(
        "DigestValue: the first octets of the true one",
        "saml.signature_digest",
        |s| {
            let octets = s.forge().bare_assertion();
            let value = digest(SHA256, octets.as_bytes());
            with(s, |x| x.digest_value = Some(value[..40].to_owned())).xml()
        },
    );
    list.add(
        "DigestValue: the true one and more",
        "saml.signature_malformed",
        |s| {
            let octets = s.forge().bare_assertion();
            let value = digest(SHA256, octets.as_bytes());
            with(s, |x| x.digest_value = Some(format!("{value}AAAA"))).xml()
        },
    );
}

/// Signatures in numbers and in places that nobody asked for.
fn structure(list: &mut Catalogue) {
    list.add(
        "signatures: an Object, empty",
        "saml.signature_malformed",
        |s| with(s, |x| x.tail = "<ds:Object></ds:Object>".to_owned()).xml(),
    );
    list.add(
        "signatures: two on the assertion",
        "saml.unexpected_element",
        |s| {
            let forge = s.forge();
            let signature = forge.assertion_signature();
            forge.response_around(&forge.assertion_with(&signature.repeat(2)))
        },
    );
    list.add("signatures: three", "saml.unexpected_element", |s| {
        let forge = s.forge().signed_twice();
        let document = forge.xml();
        let one = between(&document, "<ds:Signature ", "</ds:Signature>");
        document.replacen(&one, &one.repeat(2), 1)
    });
    list.add(
        "signatures: one inside the other",
        "saml.signature_malformed",
        |s| {
            let inner = s.forge().assertion_signature();
            with(s, |x| x.tail = inner).xml()
        },
    );
    list.add(
        "signatures: one in Extensions besides",
        "saml.signature_misplaced",
        |s| {
            let mut forge = s.forge();
            forge.response.extensions = forge.assertion_signature();
            forge.xml()
        },
    );
    list.add(
        "signatures: the attacker's besides the genuine",
        "saml.signature_invalid",
        |s| {
            let mut forge = s.forge();
            forge.sign_response = Some(Signature::by(keys::attacker()));
            forge.xml()
        },
    );
}
