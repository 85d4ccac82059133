//! Cryptography for our own purposes: hashes, comparisons in constant time,
//! and the sealing of secrets at rest. Signatures of XML live in
//! `platform::xml`.

pub mod jwt;
mod keys;
mod seal;

use openssl::sha::Sha256;
use openssl::sign::Signer;
use subtle::ConstantTimeEq as _;

pub use keys::{KeyError, MasterKeys};
pub use seal::{SealError, Sealer};

/// The SHA-256 of `data`.
#[must_use]
pub fn sha256(data: &[u8]) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(data);
    hash.finish()
}

/// The SHA-256 of `data` in lower-case hexadecimal.
#[must_use]
pub fn sha256_hex(data: &[u8]) -> String {
    hex(&sha256(data))
}

/// Bytes in lower-case hexadecimal.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: [char; 16] = [
        '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f',
    ];
    let digit = |n: u8| DIGITS.get(usize::from(n & 15)).copied().unwrap_or('0');
    bytes
        .iter()
        .flat_map(|byte| [digit(byte >> 4), digit(*byte)])
        .collect()
}

/// Whether two byte strings are the same, in a time that depends on their
/// lengths only.
#[must_use]
pub fn constant_time_eq(a: &[u8], b: &[u8]) -> bool {
    a.ct_eq(b).into()
}

/// HMAC with SHA-256 (RFC 2104).
///
/// # Errors
///
/// When OpenSSL refuses, which a working library does not.
pub fn hmac_sha256(key: &[u8], data: &[u8]) -> Result<[u8; 32], openssl::error::ErrorStack> {
    let key = openssl::pkey::PKey::hmac(key)?;
    let mut signer = Signer::new(openssl::hash::MessageDigest::sha256(), &key)?;
    let mut mac = [0_u8; 32];
    signer.sign_oneshot(&mut mac, data)?;
    Ok(mac)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_match_the_published_vectors() {
        // FIPS 180-4, "abc".
        assert_eq!(
            sha256_hex(b"abc"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
        // RFC 4231 §4.3, test case 2.
        assert_eq!(
            hex(&hmac_sha256(b"Jefe", b"what do ya want for nothing?").unwrap()),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
    }

    #[test]
    fn comparison_sees_lengths_and_bytes() {
        assert!(constant_time_eq(b"same", b"same"));
        assert!(!constant_time_eq(b"same", b"sane"));
        assert!(!constant_time_eq(b"same", b"same "));
        assert!(constant_time_eq(b"", b""));
    }
}
