//! What an admin pastes into `doorward saml inspect`: whatever it is, there is
//! an answer, and a message that is kept for a trace loses its signature.
#![no_main]

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use doorward::login::saml::inspect::{Found, MetadataShown, ResponseShown, find};
use doorward::login::saml::response::decode;
use doorward_fuzz::{SKEW, now};
use libfuzzer_sys::fuzz_target;

doorward_fuzz::structural_mutator!();

fuzz_target!(|input: &[u8]| {
    match find(input) {
        Ok(Found::Metadata(octets)) => {
            let shown = MetadataShown::of(&octets, None, now());
            assert!(shown.problem.is_some() || !shown.idps.is_empty());
        }
        Ok(Found::Response(field)) => {
            let _ = ResponseShown::of(&field, None, &[], SKEW, now());
        }
        Ok(Found::Other(shown)) => assert!(!shown.element.is_empty()),
        Err(error) => assert!(!error.to_string().is_empty()),
    }
    if let Ok(decoded) = decode(&STANDARD.encode(input)) {
        let redacted = decoded.redacted();
        // Each element that is cut keeps eight characters and a mark at most.
        assert!(redacted.len() <= decoded.xml().len() + 4 * decoded.xml().matches('<').count());
    }
});
