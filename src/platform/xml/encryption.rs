//! Decrypting an `xenc:EncryptedData` (XML Encryption 1.1) that holds one
//! element: RSA-OAEP for the key, AES-GCM or AES-CBC for the content.
//!
//! Nothing is fetched: `CipherReference` and `RetrievalMethod` lead nowhere.
//! RSA with PKCS #1 1.5 padding is not offered, since every implementation of
//! it is an oracle sooner or later. Which step of a decryption failed is not
//! told apart, neither by the error nor by leaving early; with AES-CBC, which
//! protects nothing against change, the caller must go on in the same way and
//! believe only what a signature covers.

use openssl::error::ErrorStack;
use openssl::md::{Md, MdRef};
use openssl::pkey::{Id, PKey, Private};
use openssl::pkey_ctx::PkeyCtx;
use openssl::rsa::Padding;
use openssl::sha::Sha256;
use openssl::symm::{Cipher, Crypter, Mode, decrypt_aead};
use zeroize::Zeroizing;

use super::Node;
use super::signature::{DSIG_NAMESPACE, decode_base64};

/// The namespace of XML Encryption.
pub const XENC_NAMESPACE: &str = "http://www.w3.org/2001/04/xmlenc#";
/// The namespace of what XML Encryption 1.1 added.
const XENC11_NAMESPACE: &str = "http://www.w3.org/2009/xmlenc11#";
/// More recipients than this are nobody's message.
const MOST_KEYS: usize = 4;

/// Why something encrypted is not decrypted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EncryptionError {
    /// A part is missing, doubled, in the wrong place or unreadable.
    #[error("the encrypted data is malformed at its {part}")]
    Malformed {
        /// The element or attribute.
        part: &'static str,
    },
    /// An algorithm that is not offered.
    #[error("the encryption algorithm {uri:?} is not supported")]
    Algorithm {
        /// Its URI.
        uri: String,
    },
    /// It could not be decrypted, for whatever reason.
    #[error("the encrypted data cannot be decrypted")]
    Failed,
}

/// How the content is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Content {
    Gcm,
    Cbc,
}

/// A key that is wrapped for one recipient.
struct WrappedKey {
    digest: &'static MdRef,
    mask: &'static MdRef,
    octets: Vec<u8>,
}

/// An `EncryptedData` as it stands in a message: every part named and allowed.
pub struct EncryptedData {
    content: Content,
    cipher: Cipher,
    keys: Vec<WrappedKey>,
    octets: Vec<u8>,
}

/// What came out of a decryption.
pub struct Decrypted {
    /// The octets.
    pub octets: Zeroizing<Vec<u8>>,
    /// Whether the padding was right. The caller looks at it last, when all
    /// other work is done, so that wrong padding takes as long as right one.
    pub sound: bool,
}

impl EncryptedData {
    /// Reads the `EncryptedData` inside `holder` (`saml:EncryptedAssertion`),
    /// whose wrapped keys stand in its `KeyInfo` or beside it (SAML Core §2.3.4).
    pub fn read(holder: Node<'_>) -> Result<Self, EncryptionError> {
        let data = only(holder, XENC_NAMESPACE, "EncryptedData")?;
        let element = "http://www.w3.org/2001/04/xmlenc#Element";
        if data.attr("Type").is_some_and(|kind| kind != element) {
            return Err(malformed("Type"));
        }
        let method = only(data, XENC_NAMESPACE, "EncryptionMethod")?;
        let (content, cipher) = content_cipher(algorithm(method)?)?;
        let inside = data
            .children_named(DSIG_NAMESPACE, "KeyInfo")
            .flat_map(|info| info.children_named(XENC_NAMESPACE, "EncryptedKey"));
        let beside = holder.children_named(XENC_NAMESPACE, "EncryptedKey");
        let keys: Result<Vec<_>, _> = inside
            .chain(beside)
            .take(MOST_KEYS)
            .map(read_wrapped_key)
            .collect();
        let keys = keys?;
        if keys.is_empty() {
            return Err(malformed("EncryptedKey"));
        }
        Ok(Self {
            content,
            cipher,
            keys,
            octets: cipher_value(data)?,
        })
    }

    /// Decrypts with whichever of our keys it was encrypted for.
    pub fn decrypt(&self, keys: &[PKey<Private>]) -> Result<Decrypted, EncryptionError> {
        let length = self.cipher.key_len();
        let mut unwrapped = None;
        let mut fallback = None;
        for wrapped in &self.keys {
            for key in keys.iter().filter(|key| key.id() == Id::RSA) {
                // Made whether it is needed or not.
                let substitute = substitute_key(key, &wrapped.octets);
                fallback = fallback.or(substitute.ok());
                let opened = unwrap(key, wrapped).ok();
                unwrapped = unwrapped.or(opened.filter(|opened| opened.len() == length));
            }
        }
        // A key that does not unwrap is replaced by one that nobody knows, so
        // that what follows is the same work, and fails where all else fails.
        let fallback = fallback.ok_or(EncryptionError::Failed)?;
        let chosen = unwrapped.unwrap_or(fallback);
        let chosen = chosen.get(..length).ok_or(EncryptionError::Failed)?;
        match self.content {
            Content::Gcm => self.decrypt_gcm(chosen),
            Content::Cbc => self.decrypt_cbc(chosen),
        }
    }

    /// XML Encryption §5.2.4: a 96-bit IV, the ciphertext, a 128-bit tag.
    fn decrypt_gcm(&self, key: &[u8]) -> Result<Decrypted, EncryptionError> {
        let (iv, rest) = self
            .octets
            .split_at_checked(12)
            .ok_or(EncryptionError::Failed)?;
        let at = rest.len().checked_sub(16).ok_or(EncryptionError::Failed)?;
        let (ciphertext, tag) = rest.split_at(at);
        let octets = decrypt_aead(self.cipher, key, Some(iv), &[], ciphertext, tag)
            .map_err(|_| EncryptionError::Failed)?;
        Ok(Decrypted {
            octets: Zeroizing::new(octets),
            sound: true,
        })
    }

    /// XML Encryption §5.2.1: an IV of one block, the ciphertext, whose last
    /// octet says how long its padding is.
    fn decrypt_cbc(&self, key: &[u8]) -> Result<Decrypted, EncryptionError> {
        let block = self.cipher.block_size();
        let (iv, ciphertext) = self
            .octets
            .split_at_checked(block)
            .ok_or(EncryptionError::Failed)?;
        if ciphertext.is_empty() || !ciphertext.len().is_multiple_of(block) {
            return Err(EncryptionError::Failed);
        }
        let mut octets = Zeroizing::new(vec![0; ciphertext.len() + block]);
        let written = run_cbc(self.cipher, key, iv, ciphertext, &mut octets)
            .map_err(|_| EncryptionError::Failed)?;
        octets.truncate(written);
        let padding = octets.last().copied().map_or(0, usize::from);
        let sound = (1..=block).contains(&padding);
        let kept = octets.len().saturating_sub(if sound { padding } else { 0 });
        octets.truncate(kept);
        Ok(Decrypted { octets, sound })
    }
}

fn run_cbc(
    cipher: Cipher,
    key: &[u8],
    iv: &[u8],
    ciphertext: &[u8],
    out: &mut [u8],
) -> Result<usize, ErrorStack> {
    let mut crypter = Crypter::new(cipher, Mode::Decrypt, key, Some(iv))?;
    crypter.pad(false);
    let written = crypter.update(ciphertext, out)?;
    let rest = out.get_mut(written..).unwrap_or_default();
    Ok(written + crypter.finalize(rest)?)
}

fn unwrap(key: &PKey<Private>, wrapped: &WrappedKey) -> Result<Zeroizing<Vec<u8>>, ErrorStack> {
    let mut context = PkeyCtx::new(key)?;
    context.decrypt_init()?;
    context.set_rsa_padding(Padding::PKCS1_OAEP)?;
    context.set_rsa_oaep_md(wrapped.digest)?;
    context.set_rsa_mgf1_md(wrapped.mask)?;
    let mut opened = Zeroizing::new(Vec::new());
    context.decrypt_to_vec(&wrapped.octets, &mut opened)?;
    Ok(opened)
}

/// A key that depends on the message and on our private key: the same for the
/// same message, and unknown to everybody else.
fn substitute_key(key: &PKey<Private>, wrapped: &[u8]) -> Result<Zeroizing<Vec<u8>>, ErrorStack> {
    let exponent = Zeroizing::new(key.rsa()?.d().to_vec());
    let mut hasher = Sha256::new();
    hasher.update(b"a key for what cannot be unwrapped");
    hasher.update(&exponent);
    hasher.update(wrapped);
    Ok(Zeroizing::new(hasher.finish().to_vec()))
}

fn content_cipher(uri: &str) -> Result<(Content, Cipher), EncryptionError> {
    match uri {
        "http://www.w3.org/2009/xmlenc11#aes128-gcm" => Ok((Content::Gcm, Cipher::aes_128_gcm())),
        "http://www.w3.org/2009/xmlenc11#aes192-gcm" => Ok((Content::Gcm, Cipher::aes_192_gcm())),
        "http://www.w3.org/2009/xmlenc11#aes256-gcm" => Ok((Content::Gcm, Cipher::aes_256_gcm())),
        "http://www.w3.org/2001/04/xmlenc#aes128-cbc" => Ok((Content::Cbc, Cipher::aes_128_cbc())),
        "http://www.w3.org/2001/04/xmlenc#aes256-cbc" => Ok((Content::Cbc, Cipher::aes_256_cbc())),
        _ => Err(unsupported(uri)),
    }
}

/// XML Encryption §5.5.2: the two ways to write RSA-OAEP.
fn read_wrapped_key(node: Node<'_>) -> Result<WrappedKey, EncryptionError> {
    let method = only(node, XENC_NAMESPACE, "EncryptionMethod")?;
    let uri = algorithm(method)?;
    let mut digest = Md::sha1();
    let mut mask = Md::sha1();
    for parameter in method.children() {
        let value = parameter.attr("Algorithm").unwrap_or_default();
        match (parameter.namespace(), parameter.name()) {
            (DSIG_NAMESPACE, "DigestMethod") => {
                digest = match value {
                    "http://www.w3.org/2000/09/xmldsig#sha1" => Md::sha1(),
                    "http://www.w3.org/2001/04/xmlenc#sha256" => Md::sha256(),
                    _ => return Err(unsupported(value)),
                };
            }
            (XENC11_NAMESPACE, "MGF") if uri == "http://www.w3.org/2009/xmlenc11#rsa-oaep" => {
                mask = match value {
                    "http://www.w3.org/2009/xmlenc11#mgf1sha1" => Md::sha1(),
                    "http://www.w3.org/2009/xmlenc11#mgf1sha256" => Md::sha256(),
                    _ => return Err(unsupported(value)),
                };
            }
            // OAEPparams among them: nobody sends a label.
            _ => return Err(malformed("EncryptionMethod")),
        }
    }
    match uri {
        "http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p"
        | "http://www.w3.org/2009/xmlenc11#rsa-oaep" => Ok(WrappedKey {
            digest,
            mask,
            octets: cipher_value(node)?,
        }),
        _ => Err(unsupported(uri)),
    }
}

fn cipher_value(node: Node<'_>) -> Result<Vec<u8>, EncryptionError> {
    let data = only(node, XENC_NAMESPACE, "CipherData")?;
    let value = only(data, XENC_NAMESPACE, "CipherValue")?;
    decode_base64(value).ok_or(malformed("CipherValue"))
}

fn only<'d>(
    parent: Node<'d>,
    namespace: &str,
    name: &'static str,
) -> Result<Node<'d>, EncryptionError> {
    let mut found = parent.children_named(namespace, name);
    match (found.next(), found.next()) {
        (Some(node), None) => Ok(node),
        _ => Err(malformed(name)),
    }
}

fn algorithm(method: Node<'_>) -> Result<&str, EncryptionError> {
    method.attr("Algorithm").ok_or(malformed("Algorithm"))
}

const fn malformed(part: &'static str) -> EncryptionError {
    EncryptionError::Malformed { part }
}

fn unsupported(uri: &str) -> EncryptionError {
    EncryptionError::Algorithm {
        uri: uri.chars().take(256).collect(),
    }
}
