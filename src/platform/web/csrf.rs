//! The token in every form that changes something.
//!
//! It is an HMAC over what the browser already is (its session's hash, or its
//! browser cookie before there is a session), so nothing has to be stored and
//! a token of one session opens no form of another. The check of `Origin` and
//! `Sec-Fetch-Site` in [`super::secure`] comes on top.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use openssl::hash::MessageDigest;
use openssl::pkey::PKey;
use openssl::sign::Signer;
use subtle::ConstantTimeEq as _;

use super::kit::Kit;

impl Kit {
    /// The form token that belongs to a session's hash or a browser's id.
    #[must_use]
    pub fn csrf_token(&self, binding: &str) -> String {
        URL_SAFE_NO_PAD.encode(self.csrf_mac(binding).unwrap_or_default())
    }

    /// Whether a presented form token belongs to the binding. Takes the same
    /// time whatever is presented.
    #[must_use]
    pub fn csrf_matches(&self, binding: &str, presented: &str) -> bool {
        // Without a MAC there is nothing to compare with: refuse.
        self.csrf_mac(binding).is_some_and(|expected| {
            let expected = URL_SAFE_NO_PAD.encode(expected);
            expected.as_bytes().ct_eq(presented.as_bytes()).into()
        })
    }

    fn csrf_mac(&self, binding: &str) -> Option<Vec<u8>> {
        let key = PKey::hmac(self.csrf_key()).ok()?;
        let mut signer = Signer::new(MessageDigest::sha256(), &key).ok()?;
        // The prefix keeps this use of the key apart from any other.
        signer.update(b"doorward form token\0").ok()?;
        signer.update(binding.as_bytes()).ok()?;
        signer.sign_to_vec().ok()
    }
}
