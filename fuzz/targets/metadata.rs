//! Metadata that an admin pastes or an address serves: what is accepted is
//! enough to sign people in, and sends them nowhere but to http and https.
#![no_main]

use doorward::login::saml::metadata::{self, IdpMetadata};
use doorward::platform::xml::signature::VerifyKey;
use doorward_fuzz::now;
use libfuzzer_sys::fuzz_target;
use url::Url;

doorward_fuzz::structural_mutator!();

fn check(read: &IdpMetadata) {
    assert!(!read.entity_id.trim().is_empty());
    assert!(!read.entity_id.chars().any(char::is_control));
    let sso = read.sso_redirect.iter().chain(&read.sso_post);
    assert!(sso.clone().count() > 0);
    let slo = read
        .slo
        .iter()
        .flat_map(|e| std::iter::once(&e.location).chain(&e.response_location));
    for location in sso.chain(slo) {
        let url = Url::parse(location).unwrap();
        assert!(matches!(url.scheme(), "http" | "https"), "{location}");
        assert!(url.host_str().is_some_and(|host| !host.is_empty()));
        assert!(!location.chars().any(char::is_control));
    }
    assert!(!read.signing_certificates.is_empty());
    for certificate in &read.signing_certificates {
        VerifyKey::from_certificate_der(&certificate.der).unwrap();
    }
    assert!(read.valid_until.is_none_or(|until| until > now()));
}

fuzz_target!(|document: &[u8]| {
    match metadata::parse(document, None, now()) {
        Ok(read) => check(&read),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
    let Ok(idps) = metadata::list_idps(document) else {
        return;
    };
    assert!(!idps.is_empty());
    for idp in idps.iter().take(4) {
        if let Ok(read) = metadata::parse(document, Some(&idp.entity_id), now()) {
            assert_eq!(read.entity_id, idp.entity_id);
            check(&read);
        }
    }
});
