//! Writes what the fuzz targets begin with: the genuine responses in
//! `fuzz/genuine` with the keys that they need, and seeds for every target.
//! `scripts/fuzz-seeds` runs it; it is no test.

use std::path::Path;

use doorward::login::saml::response::Expectations;

use super::expectations;
use crate::support::attacks;
use crate::support::encrypt::{Content, Wrap, encrypted};
use crate::support::forge::{self, Forge, Person, Scene};
use crate::support::keys;
use crate::support::setting;

/// Longer seeds only slow the fuzzer down.
const LONGEST: usize = 12 * 1024;

fn write(folder: &Path, name: &str, octets: &[u8]) {
    std::fs::create_dir_all(folder).unwrap();
    std::fs::write(folder.join(name), octets).unwrap();
}

/// The forms in which an answer comes.
fn forms(scene: &Scene) -> Vec<Forge> {
    vec![
        scene.forge(),
        scene.forge().signed_response(),
        scene.forge().signed_twice(),
    ]
}

fn genuine(folder: &Path) {
    let sp = keys::Key::rsa(2048, "sso.example.com");
    let scene = Scene::standard();
    let keys = [super::verify_key(keys::idp())];
    let expect = Expectations {
        decryption_keys: std::slice::from_ref(&sp.private),
        ..expectations(&scene, &keys)
    };
    let mut mallory = scene.clone();
    mallory.person = Person::named("mallory");
    mallory.serial = 2;
    for scene in [&scene, &mallory] {
        let name = &scene.person.name_id;
        for (number, forge) in forms(scene).iter().enumerate() {
            let file = format!("{name}-{number}.xml");
            let document = forge.xml();
            super::verify(&forge::encode(document.as_bytes()), &expect).unwrap();
            write(folder, &file, document.as_bytes());
        }
        for (number, content) in Content::ALL.into_iter().enumerate() {
            // Signed inside, or around, or both.
            let forge = &forms(scene)[number % 3];
            let assertion = forge.assertion_xml();
            let body = encrypted(&assertion, &sp.certificate_der(), content, Wrap::OaepSha1);
            let document = forge.response_around(&body);
            super::verify(&forge::encode(document.as_bytes()), &expect).unwrap();
            let file = format!("{name}-encrypted-{number}.xml");
            write(folder, &file, document.as_bytes());
        }
    }
    write(folder, "idp.der", &keys::idp().certificate_der());
    let private = sp.private.private_key_to_pkcs8().unwrap();
    write(folder, "sp-key.der", &private);
}

fn seeds(folder: &Path, genuine: &Path) {
    let scene = Scene::standard();
    let mut documents: Vec<String> = std::fs::read_dir(genuine)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "xml"))
        .map(|path| std::fs::read_to_string(path).unwrap())
        .collect();
    let attacks = attacks::all();
    documents.extend(attacks.iter().filter_map(|attack| attack.document(&scene)));
    documents.retain(|document| document.len() <= LONGEST);
    for (number, document) in documents.iter().enumerate() {
        let name = format!("{number:04}");
        for target in ["response", "assertion"] {
            write(&folder.join(target), &name, document.as_bytes());
        }
        let method = u8::try_from(number % 6).unwrap();
        let head = [method, u8::try_from(number % 7).unwrap()];
        let list = ["", "saml", "#default saml xs", "ds"][number % 4];
        let octets = [&head[..], list.as_bytes(), b"\n", document.as_bytes()].concat();
        write(&folder.join("c14n"), &name, &octets);
        let mode = u8::try_from(number % 2 + 2).unwrap();
        let text = if mode == 2 {
            forge::encode(document.as_bytes())
        } else {
            format!("state\n{document}")
        };
        write(
            &folder.join("binding"),
            &name,
            &[&[mode], text.as_bytes()].concat(),
        );
    }
    queries(&folder.join("binding"));
    for (number, text) in TARGETS.iter().enumerate() {
        write(
            &folder.join("redirect_target"),
            &number.to_string(),
            text.as_bytes(),
        );
    }
    for (number, text) in CLIENTS.iter().enumerate() {
        write(
            &folder.join("client_address"),
            &number.to_string(),
            text.as_bytes(),
        );
    }
}

/// Whole queries, and what is packed in them.
fn queries(folder: &Path) {
    use doorward::login::saml::binding::{MessageKind, redirect_url};
    let xml = "<samlp:LogoutRequest xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\"/>";
    let key = &keys::idp().private;
    for (name, state, key) in [
        ("plain", None, None),
        ("state", Some("x y&z=ä"), None),
        ("signed", Some("initiate-sp-login"), Some(key)),
    ] {
        let url = redirect_url("https://a/", MessageKind::Request, xml, state, key).unwrap();
        let (_, query) = url.split_once('?').unwrap();
        write(folder, name, &[&[1], query.as_bytes()].concat());
    }
    let mut packed = flate2::write::DeflateEncoder::new(vec![0], flate2::Compression::default());
    std::io::Write::write_all(&mut packed, xml.as_bytes()).unwrap();
    write(folder, "packed", &packed.finish().unwrap());
}

/// Targets, admitted and refused.
const TARGETS: [&str; 24] = [
    "/",
    "/account",
    "/wiki?page=1&q=a b#top",
    "/a?next=//x&u=https://y/",
    "/a/../b",
    "https://sso.example.com/oidc?a=b",
    "https://wiki.example.com/x?y#z",
    "https://git.example.com:8443/x",
    "http://localhost:8080/x",
    "http://wiki.example.com/",
    "//evil.com",
    "/\\evil.com",
    "/.//evil.com",
    "/a/..//evil.com",
    "/%2e//evil.com",
    "/%2fevil.com",
    "/%252fevil.com",
    "/%5cevil.com",
    "/a%0d%0aSet-Cookie:x=y",
    "javascript:alert(1)",
    "https:/evil.com",
    "https://sso.example.com@evil.com/",
    "https://xn--wiki.example.com",
    "/Ü?ß#ñ",
];

/// Peers and what was forwarded.
const CLIENTS: [&str; 7] = [
    "10.0.0.1\n1.2.3.4",
    "10.0.0.1\n6.6.6.6, 1.2.3.4, 10.0.0.9\n10.0.0.8",
    "10.0.0.1\n1.2.3.4, unknown, 10.0.0.2",
    "10.0.0.1\n[2001:db8::1]:443",
    "::ffff:10.0.0.1\n::ffff:1.2.3.4:80",
    "fd00::1\n1.2.3.4:5678,\n,",
    "9.9.9.9\n1.2.3.4",
];

#[test]
#[ignore = "writes files: scripts/fuzz-seeds calls it"]
fn write_fuzz_seeds() {
    let out = setting::required("DOORWARD_FUZZ_SEEDS");
    let home = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz/genuine"));
    genuine(home);
    seeds(Path::new(&out), home);
}
