//! The service provider's own keys for one provider: the first signs, all of
//! them decrypt and are published in the metadata.
//!
//! A rollover has two steps, so that no login fails in between: a key is added
//! and published; when the IdP has read the new metadata, the old one is
//! removed and the new one signs.

use openssl::asn1::{Asn1Integer, Asn1Time};
use openssl::bn::BigNum;
use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl::pkey::{PKey, Private};
use openssl::rsa::{Padding, Rsa};
use openssl::sign::{Signer, Verifier};
use openssl::x509::{X509, X509NameBuilder};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::domain::{Entropy, Slug, Timestamp};
use crate::platform::crypto::{SealError, Sealer};

/// RSA bits of a new key: what every IdP of the last decade can encrypt to.
const BITS: u32 = 2048;
/// Years that a certificate lasts. IdPs pin it; its end protects nobody.
const YEARS: i64 = 10;
/// Keys at once: the one in use, and the one to come.
pub const MOST: usize = 2;

/// What can go wrong with keys.
#[derive(Debug, thiserror::Error)]
pub enum KeyRingError {
    /// OpenSSL.
    #[error("a key could not be made or read: {0}")]
    OpenSsl(#[from] ErrorStack),
    /// The seal.
    #[error("the keys of the provider cannot be opened: {0}")]
    Seal(#[from] SealError),
    /// What was sealed is no key ring.
    #[error("the keys of the provider are not readable")]
    Format,
    /// A third key.
    #[error("there are two keys already: remove the old one first")]
    TooMany,
    /// The only key.
    #[error("this is the only key: add another one first")]
    Last,
    /// No such key.
    #[error("there is no key with this fingerprint")]
    Unknown,
}

/// One key pair.
#[derive(Clone)]
pub struct SpKey {
    /// The private half.
    pub private: PKey<Private>,
    /// Its self-signed certificate.
    pub certificate: X509,
    /// The certificate in DER, for metadata.
    pub der: Vec<u8>,
    /// The certificate's SHA-256.
    pub fingerprint: String,
    /// The last moment of the certificate's validity.
    pub not_after: Timestamp,
}

impl std::fmt::Debug for SpKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SpKey")
            .field("fingerprint", &self.fingerprint)
            .finish_non_exhaustive()
    }
}

/// The key pairs of a provider, the one that signs first.
#[derive(Clone, Debug)]
pub struct KeyRing(Vec<SpKey>);

#[derive(Serialize, Deserialize)]
struct Stored {
    private: String,
    certificate: String,
}

const PLACE: (&str, &str) = ("providers", "secrets");

impl SpKey {
    /// A new key pair. Takes a tenth of a second of processor time and more.
    pub fn generate(slug: &Slug, now: Timestamp, entropy: &Entropy) -> Result<Self, KeyRingError> {
        let private = PKey::from_rsa(Rsa::generate(BITS)?)?;
        let mut name = X509NameBuilder::new()?;
        name.append_entry_by_text("O", "Doorward")?;
        name.append_entry_by_text("CN", slug.as_str())?;
        let name = name.build();
        let mut builder = X509::builder()?;
        builder.set_version(2)?;
        let serial = BigNum::from_slice(&entropy.bytes::<16>())?;
        let serial: Asn1Integer = serial.to_asn1_integer()?;
        builder.set_serial_number(&serial)?;
        builder.set_subject_name(&name)?;
        builder.set_issuer_name(&name)?;
        builder.set_pubkey(&private)?;
        // A day back, for IdPs whose clocks are behind.
        let from = Asn1Time::from_unix(now.plus_seconds(-86_400).millis() / 1000)?;
        let until = Asn1Time::from_unix(now.plus_seconds(YEARS * 31_557_600).millis() / 1000)?;
        builder.set_not_before(&from)?;
        builder.set_not_after(&until)?;
        builder.sign(&private, MessageDigest::sha256())?;
        Self::of(private, builder.build())
    }

    fn of(private: PKey<Private>, certificate: X509) -> Result<Self, KeyRingError> {
        let der = certificate.to_der()?;
        let fingerprint = crate::platform::crypto::sha256_hex(&der);
        let not_after = super::certificates::timestamp(certificate.not_after());
        Ok(Self {
            private,
            not_after: not_after.ok_or(KeyRingError::Format)?,
            certificate,
            der,
            fingerprint,
        })
    }

    /// The certificate's SHA-256 as consoles show it: upper case, with colons.
    #[must_use]
    pub fn fingerprint_with_colons(&self) -> String {
        let pairs: Vec<String> = self
            .fingerprint
            .as_bytes()
            .chunks(2)
            .map(|pair| String::from_utf8_lossy(pair).to_uppercase())
            .collect();
        pairs.join(":")
    }

    /// Whether the key does what it is for: what it signs verifies with the
    /// published certificate, and what is encrypted for that it decrypts.
    #[must_use]
    pub fn works(&self) -> bool {
        self.prove().unwrap_or(false)
    }

    fn prove(&self) -> Result<bool, ErrorStack> {
        const SAMPLE: &[u8] = b"doorward";
        let public = self.certificate.public_key()?;
        let mut signer = Signer::new(MessageDigest::sha256(), &self.private)?;
        let signature = signer.sign_oneshot_to_vec(SAMPLE)?;
        let mut verifier = Verifier::new(MessageDigest::sha256(), &public)?;
        let holds = verifier.verify_oneshot(&signature, SAMPLE)?;
        let (public, private) = (public.rsa()?, self.private.rsa()?);
        let size = usize::try_from(public.size()).unwrap_or(0);
        let (mut sealed, mut opened) = (vec![0; size], vec![0; size]);
        public.public_encrypt(SAMPLE, &mut sealed, Padding::PKCS1_OAEP)?;
        let length = private.private_decrypt(&sealed, &mut opened, Padding::PKCS1_OAEP)?;
        Ok(holds && opened.get(..length) == Some(SAMPLE))
    }
}

impl KeyRing {
    /// A ring with one new key.
    pub fn generate(slug: &Slug, now: Timestamp, entropy: &Entropy) -> Result<Self, KeyRingError> {
        Ok(Self(vec![SpKey::generate(slug, now, entropy)?]))
    }

    /// Opens what [`Self::seal`] made.
    pub fn open(text: &str, sealer: &Sealer, slug: &Slug) -> Result<Self, KeyRingError> {
        let text = sealer.open(text, PLACE.0, PLACE.1, slug.as_str())?;
        let stored: Vec<Stored> =
            serde_json::from_slice(&text).map_err(|_| KeyRingError::Format)?;
        let keys: Result<Vec<_>, KeyRingError> = stored
            .into_iter()
            .map(|pair| {
                let private = Zeroizing::new(pair.private);
                let private = PKey::private_key_from_pem(private.as_bytes())?;
                SpKey::of(private, X509::from_pem(pair.certificate.as_bytes())?)
            })
            .collect();
        let keys = keys?;
        if keys.is_empty() {
            Err(KeyRingError::Format)
        } else {
            Ok(Self(keys))
        }
    }

    /// The ring for the provider's row.
    pub fn seal(&self, sealer: &Sealer, slug: &Slug) -> Result<String, KeyRingError> {
        let stored: Result<Vec<Stored>, KeyRingError> = self
            .0
            .iter()
            .map(|key| {
                let private = key.private.private_key_to_pem_pkcs8()?;
                let certificate = key.certificate.to_pem()?;
                Ok(Stored {
                    private: String::from_utf8(private).map_err(|_| KeyRingError::Format)?,
                    certificate: String::from_utf8(certificate)
                        .map_err(|_| KeyRingError::Format)?,
                })
            })
            .collect();
        let text = serde_json::to_vec(&stored?).map_err(|_| KeyRingError::Format)?;
        let text = Zeroizing::new(text);
        Ok(sealer.seal(&text, PLACE.0, PLACE.1, slug.as_str())?)
    }

    /// The key that signs.
    #[must_use]
    pub fn signing(&self) -> Option<&SpKey> {
        self.0.first()
    }

    /// All keys, the one that signs first.
    #[must_use]
    pub fn all(&self) -> &[SpKey] {
        &self.0
    }

    /// Adds the key to come.
    pub fn add(&mut self, key: SpKey) -> Result<(), KeyRingError> {
        if self.0.len() >= MOST {
            return Err(KeyRingError::TooMany);
        }
        self.0.push(key);
        Ok(())
    }

    /// Removes a key by its certificate's fingerprint, in either notation.
    pub fn remove(&mut self, fingerprint: &str) -> Result<(), KeyRingError> {
        let wanted = fingerprint.replace(':', "").to_lowercase();
        let at = self.0.iter().position(|key| key.fingerprint == wanted);
        let at = at.ok_or(KeyRingError::Unknown)?;
        if self.0.len() == 1 {
            return Err(KeyRingError::Last);
        }
        self.0.remove(at);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::crypto::MasterKeys;

    #[test]
    fn a_ring_survives_its_seal_and_fits_no_other_provider() {
        let entropy = Entropy::System;
        let slug = Slug::parse("okta").expect("a slug");
        let keys =
            MasterKeys::parse("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=").expect("a key");
        let sealer = Sealer::new(&keys, entropy.clone()).expect("a sealer");
        let mut ring =
            KeyRing::generate(&slug, Timestamp(1_700_000_000_000), &entropy).expect("a ring");
        ring.add(SpKey::generate(&slug, Timestamp(1_700_000_000_000), &entropy).expect("a key"))
            .expect("a place");
        let text = ring.seal(&sealer, &slug).expect("a seal");
        assert!(!text.contains("PRIVATE"));
        let opened = KeyRing::open(&text, &sealer, &slug).expect("a ring");
        let prints = |ring: &KeyRing| {
            ring.all()
                .iter()
                .map(|k| k.fingerprint.clone())
                .collect::<Vec<_>>()
        };
        assert_eq!(prints(&opened), prints(&ring));
        let other = Slug::parse("entra").expect("a slug");
        assert!(KeyRing::open(&text, &sealer, &other).is_err());
    }

    #[test]
    fn a_rollover_in_two_steps() {
        let entropy = Entropy::System;
        let slug = Slug::parse("okta").expect("a slug");
        let new = || SpKey::generate(&slug, Timestamp(1_700_000_000_000), &entropy).expect("a key");
        let mut ring = KeyRing(vec![new()]);
        let old = ring.all()[0].fingerprint.clone();
        assert!(matches!(ring.remove(&old), Err(KeyRingError::Last)));
        ring.add(new()).expect("a place");
        assert!(matches!(ring.add(new()), Err(KeyRingError::TooMany)));
        assert_eq!(ring.signing().expect("a key").fingerprint, old);
        assert!(matches!(ring.remove("AB:CD"), Err(KeyRingError::Unknown)));
        ring.remove(&old.to_uppercase()).expect("removed");
        assert_ne!(ring.signing().expect("a key").fingerprint, old);
    }
}
