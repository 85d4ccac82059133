//! xmlsec, through samael: the judge.
//!
//! Only documents that the verifier under test has accepted are shown to it,
//! and documents that the forge made without anything to fetch: xmlsec follows
//! references and runs XSLT before it checks a signature.

use samael_oracle::crypto::{CertificateDer, Crypto, CryptoProvider as _, ReduceMode};

use crate::support::keys::Key;

/// What xmlsec hashed, when every signature in the document holds under one
/// of the keys. With `PreDigest` that is the referenced element itself; where
/// two references hold, the response.
pub fn verified(document: &str, keys: &[&Key]) -> Result<String, String> {
    let certificates: Vec<CertificateDer> = keys
        .iter()
        .map(|key| CertificateDer::from(key.certificate_der()))
        .collect();
    Crypto::reduce_xml_to_signed(document, &certificates, ReduceMode::PreDigest).map_err(|error| {
        let mut text = error.to_string();
        let mut cause = std::error::Error::source(&error);
        while let Some(error) = cause {
            text.push_str(&format!(": {error}"));
            cause = error.source();
        }
        text
    })
}

/// Signs the first signature template in the document: a signer that shares
/// no code with ours.
pub fn sign(template: &str, key: &Key) -> String {
    let private = key.private.private_key_to_der().unwrap();
    Crypto::sign_xml(template, &private)
        .unwrap_or_else(|error| panic!("xmlsec does not sign: {error}\n{template}"))
}
