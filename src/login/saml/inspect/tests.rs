use std::io::Write as _;

use flate2::Compression;
use flate2::write::DeflateEncoder;
use proptest::prelude::*;

use super::*;
use crate::domain::Timestamp;

const NOW: Timestamp = Timestamp(1_795_262_400_000);

const RESPONSE: &str = "<samlp:Response xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\" \
    ID=\"_r\" Version=\"2.0\" IssueInstant=\"2026-11-21T11:59:58Z\" Destination=\"https://a.example/acs\">\
    <samlp:Status><samlp:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:status:Success\"/></samlp:Status>\
    </samlp:Response>";

fn deflated(text: &str) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

fn destination(input: &str) -> Option<String> {
    match find(input.as_bytes()) {
        Ok(Found::Response(field)) => {
            let shown = ResponseShown::of(&field, None, &[], 60, NOW).unwrap();
            shown.destination
        }
        other => panic!("{input:?}: {other:?}"),
    }
}

#[test]
fn a_response_is_found_in_every_wrapping() {
    let base64 = encode(RESPONSE);
    let form = |name: &str, value: &str| {
        url::form_urlencoded::Serializer::new(String::new())
            .append_pair("RelayState", "x y")
            .append_pair(name, value)
            .finish()
    };
    let packed = base64::engine::general_purpose::STANDARD.encode(deflated(RESPONSE));
    let broken: Vec<String> = base64
        .as_bytes()
        .chunks(64)
        .map(|line| String::from_utf8(line.to_vec()).unwrap())
        .collect();
    for input in [
        RESPONSE.to_owned(),
        format!("\u{feff}\n  {RESPONSE}\n"),
        base64.clone(),
        broken.join("\r\n"),
        format!("\"{base64}\"\n"),
        base64
            .trim_end_matches('=')
            .replace('+', "-")
            .replace('/', "_"),
        form("SAMLResponse", &base64),
        form("SAMLResponse", &base64).replace("%2B", "+"),
        packed.clone(),
        form("SAMLResponse", &packed),
        format!("https://a.example/acs?{}#x", form("SAMLResponse", &packed)),
        form("v", &base64).split_once("v=").unwrap().1.to_owned(),
    ] {
        assert_eq!(
            destination(&input).as_deref(),
            Some("https://a.example/acs"),
            "{input}"
        );
    }
}

#[test]
fn other_things_are_named() {
    let request = RESPONSE.replace("samlp:Response", "samlp:AuthnRequest");
    let Ok(Found::Other(other)) = find(request.as_bytes()) else {
        panic!("no request");
    };
    assert_eq!(other.element, "AuthnRequest");
    assert!(other.what.contains("goes to an IdP"));
    for (input, error) in [
        (&b""[..], InspectError::Empty),
        (b" \n", InspectError::Empty),
        (b"hello world!", InspectError::Unknown),
        (b"\xff\xfe<\0", InspectError::Unknown),
        (b"SAMLResponse=", InspectError::Unknown),
        (b"AAAA", InspectError::Unknown),
        (
            b"<a xmlns='urn:b'/>",
            InspectError::OtherXml("{urn:b}a".to_owned()),
        ),
    ] {
        assert_eq!(find(input).unwrap_err(), error, "{input:?}");
    }
    assert!(matches!(find(b"<a"), Err(InspectError::Xml(_))));
    let bomb = deflated(&format!("<a>{}</a>", " ".repeat(LARGEST + 1)));
    let bomb = base64::engine::general_purpose::STANDARD.encode(bomb);
    assert_eq!(find(bomb.as_bytes()).unwrap_err(), InspectError::Unknown);
    assert_eq!(
        find(&vec![b'A'; LARGEST + 1]).unwrap_err(),
        InspectError::TooLarge
    );
}

#[test]
fn every_fixture_is_explained() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("idp-metadata-fixtures");
    let mut count = 0;
    for vendor in std::fs::read_dir(folder).unwrap().flatten() {
        let Ok(files) = std::fs::read_dir(vendor.path()) else {
            continue;
        };
        for file in files
            .flatten()
            .filter(|f| f.path().extension().is_some_and(|e| e == "xml"))
        {
            let octets = std::fs::read(file.path()).unwrap();
            // Several IdPs in one file are only a choice to be made.
            let hostile = vendor.file_name() == "hostile" && file.file_name() != "several-idps.xml";
            let usable = match find(&octets) {
                Ok(Found::Metadata(octets)) => {
                    let shown = MetadataShown::of(&octets, None, NOW);
                    serde_json::to_string(&shown).unwrap();
                    let idps = shown.idps;
                    !idps.is_empty() && idps.iter().all(|i| i.refused.is_none())
                }
                _ => false,
            };
            assert_eq!(usable, !hostile, "{:?}", file.path());
            count += 1;
        }
    }
    assert!(count > 20, "{count}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// Whatever somebody pastes.
    #[test]
    fn nothing_panics(input in proptest::collection::vec(any::<u8>(), 0..400)) {
        explain(&input);
    }

    /// A message that was damaged anywhere.
    #[test]
    fn nothing_panics_on_damage(at in 0..RESPONSE.len(), with in any::<u8>(), cut in 0..RESPONSE.len()) {
        let mut octets = RESPONSE.as_bytes().to_vec();
        octets[at] = with;
        explain(&octets);
        octets.truncate(cut);
        explain(&octets);
    }
}

fn explain(input: &[u8]) {
    match find(input) {
        Ok(Found::Metadata(octets)) => drop(MetadataShown::of(&octets, None, NOW)),
        Ok(Found::Response(field)) => drop(ResponseShown::of(&field, None, &[], 60, NOW)),
        Ok(Found::Other(_)) | Err(_) => {}
    }
}
