//! Encrypted assertions, written in exclusive canonical form like everything
//! that the forge makes, so that the response around them can be signed.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use openssl::md::Md;
use openssl::pkey::{PKey, Private};
use openssl::pkey_ctx::PkeyCtx;
use openssl::rsa::Padding;
use openssl::symm::{Cipher, Crypter, Mode, encrypt_aead};

use super::forge::SAML;
use super::signature::DS;

const XENC: &str = "http://www.w3.org/2001/04/xmlenc#";

/// How the content is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// AES-128-GCM.
    Gcm128,
    /// AES-256-GCM.
    Gcm256,
    /// AES-128-CBC.
    Cbc128,
    /// AES-256-CBC.
    Cbc256,
}

impl Content {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Gcm128, Self::Gcm256, Self::Cbc128, Self::Cbc256];

    fn uri(self) -> &'static str {
        match self {
            Self::Gcm128 => "http://www.w3.org/2009/xmlenc11#aes128-gcm",
            Self::Gcm256 => "http://www.w3.org/2009/xmlenc11#aes256-gcm",
            Self::Cbc128 => "http://www.w3.org/2001/04/xmlenc#aes128-cbc",
            Self::Cbc256 => "http://www.w3.org/2001/04/xmlenc#aes256-cbc",
        }
    }

    fn cipher(self) -> Cipher {
        match self {
            Self::Gcm128 => Cipher::aes_128_gcm(),
            Self::Gcm256 => Cipher::aes_256_gcm(),
            Self::Cbc128 => Cipher::aes_128_cbc(),
            Self::Cbc256 => Cipher::aes_256_cbc(),
        }
    }

    fn octets(self, plaintext: &[u8], key: &[u8]) -> Vec<u8> {
        match self {
            Self::Gcm128 | Self::Gcm256 => {
                let (iv, mut tag) = ([7; 12], [0; 16]);
                let cipher = self.cipher();
                let out = encrypt_aead(cipher, key, Some(&iv), &[], plaintext, &mut tag).unwrap();
                [&iv[..], &out, &tag].concat()
            }
            Self::Cbc128 | Self::Cbc256 => {
                let padding = 16 - plaintext.len() % 16;
                let mut padded = plaintext.to_vec();
                padded.resize(padded.len() + padding, 0xa5);
                *padded.last_mut().unwrap() = u8::try_from(padding).unwrap();
                let iv = [7; 16];
                let mut crypter =
                    Crypter::new(self.cipher(), Mode::Encrypt, key, Some(&iv)).unwrap();
                crypter.pad(false);
                let mut out = vec![0; padded.len() + 16];
                let written = crypter.update(&padded, &mut out).unwrap();
                out.truncate(written);
                [&iv[..], &out].concat()
            }
        }
    }
}

/// The `saml:EncryptedAssertion` that stands for `assertion`, for `recipient`,
/// with RSA-OAEP.
pub fn encrypted(assertion: &str, algorithm: Content, recipient: &PKey<Private>) -> String {
    let key = vec![0x42; algorithm.cipher().key_len()];
    let mut context = PkeyCtx::new(recipient).unwrap();
    context.encrypt_init().unwrap();
    context.set_rsa_padding(Padding::PKCS1_OAEP).unwrap();
    context.set_rsa_oaep_md(Md::sha1()).unwrap();
    context.set_rsa_mgf1_md(Md::sha1()).unwrap();
    let mut wrapped = Vec::new();
    context.encrypt_to_vec(&key, &mut wrapped).unwrap();
    let method =
        |uri: &str| format!("<xenc:EncryptionMethod Algorithm=\"{uri}\"></xenc:EncryptionMethod>");
    let value = |octets: &[u8]| {
        format!(
            "<xenc:CipherData><xenc:CipherValue>{}</xenc:CipherValue></xenc:CipherData>",
            STANDARD.encode(octets)
        )
    };
    format!(
        "<saml:EncryptedAssertion xmlns:saml=\"{SAML}\"><xenc:EncryptedData xmlns:xenc=\"{XENC}\" \
         Type=\"{XENC}Element\">{}<ds:KeyInfo xmlns:ds=\"{DS}\"><xenc:EncryptedKey>{}{}\
         </xenc:EncryptedKey></ds:KeyInfo>{}</xenc:EncryptedData></saml:EncryptedAssertion>",
        method(algorithm.uri()),
        method(&format!("{XENC}rsa-oaep-mgf1p")),
        value(&wrapped),
        value(&algorithm.octets(assertion.as_bytes(), &key)),
    )
}
