//! Bombs: small documents, or not so small ones, that are meant to keep the
//! reader busy.

use super::Catalogue;
use super::xml::{genuine, with_name_id};
use crate::support::forge::{SAMLP, Scene};
use crate::support::keys;
use crate::support::signature::{EXCLUSIVE, Signature};

pub fn add(list: &mut Catalogue) {
    for depth in [65, 300, 5_000, 20_000] {
        list.add(
            format!("bomb: {depth} levels in Extensions"),
            "saml.xml_limit",
            move |s| {
                let mut forge = s.forge();
                forge.response.extensions =
                    format!("{}{}", "<x>".repeat(depth), "</x>".repeat(depth));
                forge.xml()
            },
        );
    }
    list.add(
        "bomb: 20,000 levels, never closed",
        "saml.xml_limit",
        |_| {
            format!(
                "<samlp:Response xmlns:samlp=\"{SAMLP}\">{}",
                "<x>".repeat(20_000)
            )
        },
    );
    list.add("bomb: 300 levels, signed", "saml.xml_limit", |s| {
        let mut forge = s.forge();
        forge.assertion.tail = format!(
            "<saml:Advice>{}{}</saml:Advice>",
            "<x>".repeat(300),
            "</x>".repeat(300)
        );
        forge.xml()
    });
    list.add(
        "bomb: 40,000 elements within the size",
        "saml.xml_limit",
        |s| {
            let mut forge = s.forge();
            forge.response.extensions = "<x/>".repeat(40_000);
            forge.xml()
        },
    );
    list.add("bomb: 200,000 elements", "saml.too_large", |s| {
        let mut forge = s.forge();
        forge.response.extensions = "<x></x>".repeat(200_000);
        forge.xml()
    });
    list.add("bomb: a text of 10 MB", "saml.too_large", |s| {
        let mut forge = s.forge();
        forge.response.extensions = "a".repeat(10_000_000);
        forge.xml()
    });
    list.add("bomb: a comment of 10 MB", "saml.too_large", |s| {
        format!("{}<!--{}-->", genuine(s), "a".repeat(10_000_000))
    });
    list.add("bomb: a NameID of 200 kB, signed", "saml.too_large", |s| {
        with_name_id(s, &"a".repeat(200_000)).xml()
    });
    list.add("bomb: 8,000 values, signed", "saml.too_large", |s| {
        let mut forge = s.forge();
        forge.assertion.attributes[3].values =
            (0..8_000).map(|n| format!("group-number-{n}")).collect();
        forge.xml()
    });
    list.add(
        "bomb: 10,000 attributes on one element",
        "saml.xml_limit",
        |s| {
            let attributes: String = (0..10_000).map(|n| format!(" a{n}=\"\"")).collect();
            genuine(s).replacen("<samlp:Status>", &format!("<samlp:Status{attributes}>"), 1)
        },
    );
    list.add(
        "bomb: 5,000 namespaces on one element",
        "saml.xml_limit",
        |s| {
            let declarations: String = (0..5_000)
                .map(|n| format!(" xmlns:a{n}=\"urn:{n}\""))
                .collect();
            genuine(s).replacen(
                "<samlp:Status>",
                &format!("<samlp:Status{declarations}>"),
                1,
            )
        },
    );
    list.add(
        "bomb: 1,000 namespaces in scope, by ever deeper elements",
        "saml.xml_limit",
        |s| {
            let mut forge = s.forge();
            let mut open = String::new();
            for level in 0..50 {
                open.push_str("<x");
                for n in 0..20 {
                    open.push_str(&format!(" xmlns:p{level}x{n}=\"urn:{level}:{n}\""));
                }
                open.push('>');
            }
            forge.response.extensions = format!("{open}{}", "</x>".repeat(50));
            forge.xml()
        },
    );
    list.add(
        "bomb: a PrefixList of 20,000, which works before the signature does",
        "saml.signature_malformed",
        |s| listed(s, &prefixes(20_000), ""),
    );
    // The parameter has no content; each declaration in it would be looked up
    // in the list.
    list.add(
        "bomb: a PrefixList of 45,000, and 3,900 declarations inside it",
        "saml.signature_malformed",
        |s| listed(s, "z ".repeat(45_000).trim(), &declarations()),
    );
    list.add(
        "bomb: 65 prefixes in the PrefixList",
        "saml.signature_malformed",
        |s| listed(s, &prefixes(65), ""),
    );
    list.add(
        "bomb: 3,900 declarations inside a PrefixList of one",
        "saml.signature_malformed",
        |s| listed(s, "p", &declarations()),
    );
}

fn prefixes(count: usize) -> String {
    let prefixes: Vec<String> = (0..count).map(|n| format!("p{n}")).collect();
    prefixes.join(" ")
}

fn declarations() -> String {
    "<x xmlns:y=\"a:b\"/>".repeat(3_900)
}

/// The attacker's answer, with a long `PrefixList` for `SignedInfo` and
/// something inside of the parameter.
fn listed(scene: &Scene, prefixes: &str, inside: &str) -> String {
    let mut forge = scene.forge();
    let mut signature = Signature::by(keys::attacker());
    signature.canonicalization_inner = format!(
        "<ec:InclusiveNamespaces xmlns:ec=\"{EXCLUSIVE}\" PrefixList=\"{prefixes}\">{inside}\
         </ec:InclusiveNamespaces>"
    );
    forge.sign_assertion = Some(signature);
    forge.xml()
}
