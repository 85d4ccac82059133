//! Documents that were changed at random: read safely, or refused.

use proptest::prelude::*;

use super::*;

/// What holds of whatever is accepted.
fn check_accepted(idp: &IdpMetadata) {
    assert!(!idp.entity_id.trim().is_empty());
    assert!(!idp.signing_certificates.is_empty());
    assert!(idp.sso_redirect.is_some() || idp.sso_post.is_some());
    let slo = idp.slo.iter().map(|e| &e.location);
    for address in idp.sso_redirect.iter().chain(&idp.sso_post).chain(slo) {
        assert_eq!(check_endpoint(address), Ok(()), "{address}");
    }
    assert!(idp.valid_until.is_none_or(|end| end > NOW));
}

fn any_fixture() -> impl Strategy<Value = Vec<u8>> {
    let all: Vec<Vec<u8>> = files("")
        .into_iter()
        .filter(|name| name != "README.md")
        .map(|name| fixture(&name))
        .collect();
    proptest::sample::select(all)
}

/// One change to a document.
#[derive(Clone, Debug)]
enum Mutation {
    Byte(usize, u8),
    Delete(usize, usize),
    Repeat(usize, usize),
    Insert(usize, &'static str),
}

fn mutation() -> impl Strategy<Value = Mutation> {
    let at = 0..40_000_usize;
    let piece = proptest::sample::select(vec![
        "<",
        ">",
        "&",
        "&#0;",
        "&amp;",
        "\"",
        "'",
        "<!--",
        "-->",
        "]]>",
        "<![CDATA[",
        "<?x ?>",
        "\0",
        "\u{feff}",
        "\u{202e}",
        " validUntil=\"1-1-1T\"",
        " xmlns=\"\"",
        " xmlns:md=\"urn:x\"",
        "<!DOCTYPE x>",
        " use=\"encryption\"",
        "\u{ff}",
        " ID=\"a\"",
        "/>",
        "é",
    ]);
    prop_oneof![
        (at.clone(), any::<u8>()).prop_map(|(at, byte)| Mutation::Byte(at, byte)),
        (at.clone(), 1..300_usize).prop_map(|(at, n)| Mutation::Delete(at, n)),
        (at.clone(), 1..600_usize).prop_map(|(at, n)| Mutation::Repeat(at, n)),
        (at, piece).prop_map(|(at, text)| Mutation::Insert(at, text)),
    ]
}

fn mutated(mut document: Vec<u8>, mutations: Vec<Mutation>) -> Vec<u8> {
    for mutation in mutations {
        let length = document.len().max(1);
        match mutation {
            Mutation::Byte(at, byte) => {
                if let Some(slot) = document.get_mut(at % length) {
                    *slot = byte;
                }
            }
            Mutation::Delete(at, n) => {
                let start = (at % length).min(document.len());
                let end = (start + n).min(document.len());
                document.drain(start..end);
            }
            Mutation::Repeat(at, n) => {
                let start = (at % length).min(document.len());
                let end = (start + n).min(document.len());
                let piece = document[start..end].to_vec();
                document.splice(start..start, piece);
            }
            Mutation::Insert(at, text) => {
                let start = (at % length).min(document.len());
                document.splice(start..start, text.bytes());
            }
        }
    }
    document
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn mutants_are_read_safely_or_refused(
        document in any_fixture(),
        mutations in proptest::collection::vec(mutation(), 1..6),
    ) {
        let document = mutated(document, mutations);
        match parse(&document, None, NOW) {
            Ok(idp) => check_accepted(&idp),
            Err(error) => prop_assert!(error.code().starts_with("saml.metadata_")),
        }
        let _ = list_idps(&document);
    }

    #[test]
    fn any_octets_are_refused_or_read(octets in proptest::collection::vec(any::<u8>(), 0..400)) {
        prop_assert!(parse(&octets, None, NOW).is_err());
    }
}
