use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::*;

mod mutants;
mod tables;

use tables::{EXPECTED, REFUSED};

/// 2026-11-21, after `expired` and before the end of everything else.
const NOW: Timestamp = Timestamp(1_795_000_000_000);

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("idp-metadata-fixtures")
}

fn fixture(name: &str) -> Vec<u8> {
    fs::read(folder().join(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
}

fn read_fixture(name: &str) -> IdpMetadata {
    parse(&fixture(name), None, NOW).unwrap_or_else(|e| panic!("{name}: {e}"))
}

fn files(below: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut folders = vec![folder().join(below)];
    while let Some(at) = folders.pop() {
        for entry in fs::read_dir(at).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder()).unwrap();
                found.insert(name.to_str().unwrap().to_owned());
            }
        }
    }
    found
}

#[test]
fn every_vendor_is_read() {
    for e in EXPECTED {
        let idp = read_fixture(e.file);
        assert_eq!(idp.entity_id, e.entity_id, "{}", e.file);
        assert_eq!(idp.sso_redirect.as_deref(), e.redirect, "{}", e.file);
        assert_eq!(idp.sso_post.as_deref(), e.post, "{}", e.file);
        let keys: Vec<&str> = idp
            .signing_certificates
            .iter()
            .map(|c| c.key.as_str())
            .collect();
        assert_eq!(keys, e.keys, "{}", e.file);
        assert_eq!(idp.slo.len(), e.slo, "{}", e.file);
        assert_eq!(idp.name_id_formats.len(), e.formats, "{}", e.file);
        assert_eq!(
            idp.want_authn_requests_signed, e.signed_requests,
            "{}",
            e.file
        );
        assert_eq!(idp.warnings, Vec::<String>::new(), "{}", e.file);
    }
}

#[test]
fn every_hostile_document_is_refused_with_a_way_out() {
    for (file, code, words) in REFUSED {
        let error = parse(&fixture(&format!("hostile/{file}")), None, NOW).expect_err(file);
        assert_eq!(
            error.code(),
            format!("saml.metadata_{code}"),
            "{file}: {error}"
        );
        let sentence = error.to_string();
        assert!(sentence.contains(words), "{file}: {sentence}");
        assert!(
            sentence.ends_with('.') && sentence.len() < 700,
            "{file}: {sentence}"
        );
    }
}

#[test]
fn no_fixture_is_forgotten() {
    let named: BTreeSet<String> = EXPECTED
        .iter()
        .map(|e| e.file.to_owned())
        .chain(REFUSED.iter().map(|(file, ..)| format!("hostile/{file}")))
        .chain(["README.md".to_owned()])
        .collect();
    assert_eq!(named, files(""));
}

#[test]
fn adfs_does_not_lend_its_encryption_key_to_signatures() {
    let idp = read_fixture("adfs/metadata.xml");
    for certificate in &idp.signing_certificates {
        assert!(
            certificate.subject.starts_with("CN=ADFS Signing"),
            "{}",
            certificate.subject
        );
    }
}

#[test]
fn shibboleth_says_more_of_itself() {
    let idp = read_fixture("shibboleth/metadata.xml");
    assert_eq!(idp.display_name.as_deref(), Some("Example University"));
    assert_eq!(
        idp.organization.as_deref(),
        Some("Example University, Department of Examples")
    );
    assert_eq!(idp.scopes, ["example.edu", "staff.example.edu"]);
    assert_eq!(idp.cache_duration, Some(6 * 3600));
    assert_eq!(
        idp.valid_until,
        Timestamp::parse_rfc3339("2046-01-01T00:00:00Z")
    );
    assert_eq!(
        idp.name_id_formats.first().map(String::as_str),
        Some("urn:oasis:names:tc:SAML:2.0:nameid-format:transient")
    );
}

#[test]
fn pingfederate_answers_logouts_elsewhere() {
    let idp = read_fixture("pingfederate/metadata.xml");
    assert_eq!(idp.cache_duration, Some(86_400));
    assert_eq!(
        idp.slo,
        [
            Endpoint {
                binding: HTTP_POST.to_owned(),
                location: "https://sso.example.com:9031/idp/SLO.saml2".to_owned(),
                response_location: Some(
                    "https://sso.example.com:9031/idp/SLO-done.saml2".to_owned()
                ),
            },
            Endpoint {
                binding: HTTP_REDIRECT.to_owned(),
                location: "https://sso.example.com:9031/idp/SLO.saml2".to_owned(),
                response_location: None,
            },
        ]
    );
}

#[test]
fn one_of_several_is_chosen_by_entity_id() {
    let federation = fixture("hostile/several-idps.xml");
    let idp = parse(&federation, Some(" https://two.example/idp "), NOW).unwrap();
    assert_eq!(idp.entity_id, "https://two.example/idp");
    assert_eq!(idp.sso_redirect.as_deref(), Some("https://two.example/sso"));

    let error = parse(&federation, Some("https://sp.example/sp"), NOW).unwrap_err();
    assert_eq!(error.code(), "saml.metadata_entity_not_found");
    assert!(
        error.to_string().contains("https://one.example/idp"),
        "{error}"
    );

    let entries = list_idps(&federation).unwrap();
    let ids: Vec<&str> = entries.iter().map(|e| e.entity_id.as_str()).collect();
    assert_eq!(ids, ["https://one.example/idp", "https://two.example/idp"]);
}

#[test]
fn the_selection_also_binds_a_single_entity() {
    let okta = fixture("okta/metadata.xml");
    assert!(
        parse(
            &okta,
            Some("http://www.okta.com/exk1example2Corp3p4x7"),
            NOW
        )
        .is_ok()
    );
    let error = parse(
        &okta,
        Some("http://www.okta.com/EXK1example2Corp3p4x7"),
        NOW,
    )
    .unwrap_err();
    assert_eq!(error.code(), "saml.metadata_entity_not_found");
}

#[test]
fn what_hands_and_editors_add_is_tolerated() {
    let okta = String::from_utf8(fixture("okta/metadata.xml")).unwrap();
    let (_, bare) = okta.split_once("?>").unwrap();
    for variant in [
        format!("\u{feff}{okta}"),
        format!("\u{feff}\r\n \t{okta}\n\n"),
        bare.to_owned(),
        format!("\n\n{okta}"),
        okta.replace('\n', "\r\n"),
        okta.replace("UTF-8", "utf-8"),
        format!("<!-- from Okta -->{bare}<!-- end -->"),
    ] {
        let idp = parse(variant.as_bytes(), None, NOW).unwrap();
        assert_eq!(idp, read_fixture("okta/metadata.xml"));
    }
}

#[test]
fn ten_megabytes_are_not_read() {
    let entity = String::from_utf8(fixture("okta/metadata.xml")).unwrap();
    let (_, entity) = entity.split_once("?>").unwrap();
    let mut document = format!("<EntitiesDescriptor xmlns=\"{NAMESPACE}\">");
    while document.len() < 10 << 20 {
        document.push_str(entity);
    }
    document.push_str("</EntitiesDescriptor>");
    let error = parse(document.as_bytes(), None, NOW).unwrap_err();
    assert_eq!(error.code(), "saml.metadata_too_large");
    assert!(error.to_string().contains("federation"), "{error}");

    let padding = format!("<!--{}-->{entity}", "x".repeat(LARGEST));
    let error = list_idps(padding.as_bytes()).unwrap_err();
    assert_eq!(error.code(), "saml.metadata_too_large");
}

#[test]
fn the_end_of_validity_is_the_earliest_and_exclusive() {
    let google = String::from_utf8(fixture("google-workspace/metadata.xml")).unwrap();
    let end = Timestamp::parse_rfc3339("2046-03-01T10:15:30Z").unwrap();
    let at = |now: Timestamp| parse(google.as_bytes(), None, now);
    assert!(at(end.plus_seconds(-1)).is_ok());
    assert_eq!(at(end), Err(MetadataError::Expired { valid_until: end }));

    let earlier = google.replace(
        "<md:IDPSSODescriptor ",
        "<md:IDPSSODescriptor validUntil=\"2030-01-01T00:00:00\" cacheDuration=\"soon\" ",
    );
    let idp = parse(earlier.as_bytes(), None, NOW).unwrap();
    assert_eq!(
        idp.valid_until,
        Timestamp::parse_rfc3339("2030-01-01T00:00:00Z")
    );
    assert_eq!(idp.cache_duration, None);
    assert!(
        idp.warnings.iter().any(|w| w.contains("\"soon\"")),
        "{:?}",
        idp.warnings
    );
}

#[test]
fn unusable_keys_beside_a_usable_one_are_only_reported() {
    let take = |file: &str| {
        let text = String::from_utf8(fixture(file)).unwrap();
        let start = text.find("<KeyDescriptor").unwrap();
        let end = text.find("</KeyDescriptor>").unwrap() + "</KeyDescriptor>".len();
        text[start..end].to_owned()
    };
    let host = String::from_utf8(fixture("hostile/rsa-1024.xml")).unwrap();
    let good = take("hostile/several-idps.xml");
    let keys = [
        take("hostile/rsa-1024.xml"),
        take("hostile/broken-certificate.xml"),
        good.clone(),
        take("hostile/dsa-key.xml"),
        good,
    ];
    let document = host.replace(&take("hostile/rsa-1024.xml"), &keys.concat());
    let idp = parse(document.as_bytes(), None, NOW).unwrap();
    assert_eq!(idp.signing_certificates.len(), 1);
    assert_eq!(idp.warnings.len(), 3, "{:?}", idp.warnings);
    assert!(
        idp.warnings.iter().any(|w| w.contains("1024 bits")),
        "{:?}",
        idp.warnings
    );
}

#[test]
fn a_key_value_alone_is_no_pinned_certificate() {
    let text = String::from_utf8(fixture("hostile/rsa-1024.xml")).unwrap();
    let start = text.find("<X509Data").unwrap();
    let end = text.find("</X509Data>").unwrap() + "</X509Data>".len();
    let document = text.replace(&text[start..end], "<KeyName>key 1</KeyName>");
    let error = parse(document.as_bytes(), None, NOW).unwrap_err();
    assert_eq!(error.code(), "saml.metadata_key_without_certificate");
}

#[test]
fn a_comment_does_not_cut_a_certificate() {
    let text = String::from_utf8(fixture("okta/metadata.xml")).unwrap();
    let at = text.find("<ds:X509Certificate>").unwrap() + "<ds:X509Certificate>".len() + 100;
    let (before, after) = text.split_at(at);
    let commented = format!("{before}<!-- x -->{after}");
    let idp = parse(commented.as_bytes(), None, NOW).unwrap();
    assert_eq!(
        idp.signing_certificates,
        read_fixture("okta/metadata.xml").signing_certificates
    );
}

#[test]
fn roles_outside_an_entity_and_foreign_names_are_not_read() {
    // The right names in a foreign namespace are extensions, not roles.
    let text = String::from_utf8(fixture("hostile/service-provider.xml")).unwrap();
    let okta = String::from_utf8(fixture("okta/metadata.xml")).unwrap();
    let start = okta.find("<md:IDPSSODescriptor").unwrap();
    let end = okta.find("</md:EntityDescriptor>").unwrap();
    let role = okta[start..end].replace("md:", "x:");
    let hidden = text.replace(
        "</EntityDescriptor>",
        &format!("<Extensions xmlns:x=\"urn:example\">{role}</Extensions></EntityDescriptor>"),
    );
    let error = parse(hidden.as_bytes(), None, NOW).unwrap_err();
    assert_eq!(error.code(), "saml.metadata_service_provider");
}

#[test]
fn durations() {
    for (text, seconds) in [
        ("PT6H", Some(21_600)),
        ("P1D", Some(86_400)),
        ("PT604800S", Some(604_800)),
        ("P0Y0M0DT6H0M0.000S", Some(21_600)),
        ("PT1440M", Some(86_400)),
        ("P1Y2M3DT4H5M6S", Some(36_993_906)),
        (" PT1S ", Some(1)),
        ("P999999D", Some(100 * 366 * 86_400)),
        ("P", None),
        ("PT", None),
        ("P1DT", None),
        ("1D", None),
        ("-P1D", None),
        ("P-1D", None),
        ("P1H", None),
        ("PT1D", None),
        ("PT1M1H", None),
        ("PT1.5H", None),
        ("P99999999999999999999D", None),
        ("P18446744073709551615D", None),
        ("soon", None),
        ("", None),
    ] {
        assert_eq!(value::duration(text), seconds, "{text:?}");
    }
}

#[test]
fn addresses_that_a_browser_may_be_sent_to() {
    for good in [
        "https://idp.example.com/sso",
        "http://idp.internal:8080/sso?x=1&y=%20",
        "HTTPS://IDP.example.com",
        "https://[2001:db8::1]/sso",
        "https://bücher.example/sso",
    ] {
        assert_eq!(check_endpoint(good), Ok(()), "{good}");
    }
    for bad in [
        "",
        "//idp.example.com/sso",
        "https://",
        "https:///",
        "JaVaScRiPt:alert(1)",
        "ftp://idp.example.com/",
        "https://user@idp.example.com/",
        "https://idp.example.com/#fragment",
        "https://idp.example.com/\u{202e}",
        "https://idp.example.com/ x",
        "https:\\\\idp.example.com",
        "https://idp.example.com/\"onclick=",
    ] {
        assert!(check_endpoint(bad).is_err(), "{bad}");
    }
    assert!(check_endpoint(&format!("https://idp.example.com/{}", "a".repeat(2048))).is_err());
    assert_eq!(
        value::endpoint("https://bücher.example/ß").as_deref(),
        Ok("https://xn--bcher-kva.example/%C3%9F")
    );
    assert_eq!(
        value::endpoint(" https://IdP.example.com:443/sso?a=b ").as_deref(),
        Ok("https://IdP.example.com:443/sso?a=b"),
        "the spelling is the IdP's"
    );
}
