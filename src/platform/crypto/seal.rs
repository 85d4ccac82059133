//! Sealing of secrets in the database: AES-256-GCM (NIST SP 800-38D), with the
//! value's place as associated data, so that a sealed value that somebody
//! copies to another row, column or table does not open there.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use openssl::symm::{Cipher, decrypt_aead, encrypt_aead};
use zeroize::Zeroizing;

use super::keys::{KeyError, MasterKeys};
use crate::domain::Entropy;

const PURPOSE: &str = "doorward sealing at rest v1";
const FORMAT: &str = "s1";
const NONCE: usize = 12;
const TAG: usize = 16;

/// Why a sealed value does not open.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// The text was not made by [`Sealer::seal`].
    #[error("the value is not a sealed one")]
    Format,
    /// It was sealed under a key that is not here.
    #[error("the value was sealed under another key ({0}), which [secrets] does not hold")]
    UnknownKey(String),
    /// It was changed, or it comes from another place.
    #[error("the sealed value was changed or belongs elsewhere")]
    Tampered,
    /// A key could not be derived or OpenSSL failed.
    #[error(transparent)]
    Key(#[from] KeyError),
}

impl From<openssl::error::ErrorStack> for SealError {
    fn from(error: openssl::error::ErrorStack) -> Self {
        Self::Key(KeyError::OpenSsl(error))
    }
}

struct Key {
    fingerprint: String,
    aes: Zeroizing<[u8; 32]>,
}

/// Seals and opens secrets.
pub struct Sealer {
    /// The first one seals.
    keys: Vec<Key>,
    entropy: Entropy,
}

impl std::fmt::Debug for Sealer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sealer").finish_non_exhaustive()
    }
}

impl Sealer {
    /// A sealer under these keys.
    pub fn new(keys: &MasterKeys, entropy: Entropy) -> Result<Self, SealError> {
        let keys = keys
            .all()
            .map(|key| {
                Ok(Key {
                    fingerprint: key.fingerprint().to_owned(),
                    aes: key.derive(PURPOSE)?,
                })
            })
            .collect::<Result<_, KeyError>>()?;
        Ok(Self { keys, entropy })
    }

    /// Seals `plaintext` for one place: `s1.<key>.<nonce, text, tag>`.
    pub fn seal(
        &self,
        plaintext: &[u8],
        table: &str,
        column: &str,
        row: &str,
    ) -> Result<String, SealError> {
        let key = self.keys.first().ok_or(KeyError::Empty)?;
        let nonce = self.entropy.bytes::<NONCE>();
        let mut tag = [0_u8; TAG];
        let place = place(&key.fingerprint, table, column, row);
        let sealed = encrypt_aead(
            Cipher::aes_256_gcm(),
            key.aes.as_slice(),
            Some(&nonce),
            &place,
            plaintext,
            &mut tag,
        )?;
        let body = URL_SAFE_NO_PAD.encode([&nonce[..], &sealed, &tag].concat());
        Ok(format!("{FORMAT}.{}.{body}", key.fingerprint))
    }

    /// Opens what [`Self::seal`] made for the same place.
    pub fn open(
        &self,
        sealed: &str,
        table: &str,
        column: &str,
        row: &str,
    ) -> Result<Zeroizing<Vec<u8>>, SealError> {
        let mut parts = sealed.splitn(3, '.');
        let (Some(FORMAT), Some(name), Some(body)) = (parts.next(), parts.next(), parts.next())
        else {
            return Err(SealError::Format);
        };
        let key = self
            .keys
            .iter()
            .find(|key| key.fingerprint == name)
            .ok_or_else(|| SealError::UnknownKey(name.to_owned()))?;
        let body = URL_SAFE_NO_PAD
            .decode(body)
            .map_err(|_| SealError::Format)?;
        let (nonce, rest) = body.split_at_checked(NONCE).ok_or(SealError::Format)?;
        let end = rest.len().checked_sub(TAG).ok_or(SealError::Format)?;
        let (text, tag) = rest.split_at_checked(end).ok_or(SealError::Format)?;
        decrypt_aead(
            Cipher::aes_256_gcm(),
            key.aes.as_slice(),
            Some(nonce),
            &place(name, table, column, row),
            text,
            tag,
        )
        .map(Zeroizing::new)
        .map_err(|_| SealError::Tampered)
    }

    /// Whether a sealed value is under an older key and should be sealed anew.
    #[must_use]
    pub fn is_outdated(&self, sealed: &str) -> bool {
        let name = sealed.split('.').nth(1);
        self.keys.first().map(|key| key.fingerprint.as_str()) != name
    }
}

/// The associated data. Each part goes with its length, so that no two places
/// read the same.
fn place(key: &str, table: &str, column: &str, row: &str) -> Vec<u8> {
    let mut data = Vec::new();
    for part in [FORMAT, key, table, column, row] {
        data.extend_from_slice(&(part.len() as u64).to_be_bytes());
        data.extend_from_slice(part.as_bytes());
    }
    data
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
    const NEW: &str = "//////////////////////////////////////////8=";

    fn sealer(keys: &str) -> Sealer {
        Sealer::new(&MasterKeys::parse(keys).unwrap(), Entropy::System).unwrap()
    }

    #[test]
    fn what_is_sealed_opens_in_its_place_only() {
        let under_old = sealer(OLD);
        let sealed = under_old.seal(b"hush", "provider", "secret", "1").unwrap();
        assert!(!sealed.contains("hush"));
        let open = |table, column, row| under_old.open(&sealed, table, column, row);
        assert_eq!(open("provider", "secret", "1").unwrap().as_slice(), b"hush");
        for (table, column, row) in [
            ("provider", "secret", "2"),
            ("provider", "other", "1"),
            ("providers", "ecret", "1"),
            ("users", "secret", "1"),
        ] {
            assert!(matches!(open(table, column, row), Err(SealError::Tampered)));
        }
        let again = under_old.seal(b"hush", "provider", "secret", "1").unwrap();
        assert_ne!(sealed, again, "a nonce is used once");
    }

    #[test]
    fn every_changed_character_is_noticed() {
        let under_old = sealer(OLD);
        let sealed = under_old.seal(b"a secret", "t", "c", "r").unwrap();
        for index in 0..sealed.len() {
            let mut changed = sealed.clone().into_bytes();
            changed[index] = if changed[index] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).unwrap();
            assert!(under_old.open(&changed, "t", "c", "r").is_err(), "{index}");
        }
        for end in 0..sealed.len() {
            assert!(under_old.open(&sealed[..end], "t", "c", "r").is_err());
        }
    }

    #[test]
    fn another_key_says_so_and_an_older_one_opens() {
        let sealed = sealer(OLD).seal(b"hush", "t", "c", "r").unwrap();
        let stranger = sealer(NEW);
        assert!(matches!(
            stranger.open(&sealed, "t", "c", "r"),
            Err(SealError::UnknownKey(_))
        ));
        let rotated = sealer(&format!("{NEW}\n{OLD}"));
        assert_eq!(
            rotated.open(&sealed, "t", "c", "r").unwrap().as_slice(),
            b"hush"
        );
        assert!(rotated.is_outdated(&sealed));
        let fresh = rotated.seal(b"hush", "t", "c", "r").unwrap();
        assert!(!rotated.is_outdated(&fresh));
        assert!(stranger.open(&fresh, "t", "c", "r").is_ok());
    }
}
