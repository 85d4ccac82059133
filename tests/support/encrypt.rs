//! Encryption as an IdP does it: one element, for the holder of a certificate.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use doorward::domain::Entropy;
use openssl::md::{Md, MdRef};
use openssl::pkey_ctx::PkeyCtx;
use openssl::rsa::Padding;
use openssl::symm::{Cipher, Crypter, Mode, encrypt_aead};
use openssl::x509::X509;

const SAML: &str = "urn:oasis:names:tc:SAML:2.0:assertion";
const XENC: &str = "http://www.w3.org/2001/04/xmlenc#";
const XENC11: &str = "http://www.w3.org/2009/xmlenc11#";
const DSIG: &str = "http://www.w3.org/2000/09/xmldsig#";

/// How the content is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    Aes128Gcm,
    Aes192Gcm,
    Aes256Gcm,
    Aes128Cbc,
    Aes256Cbc,
}

/// How the content's key is wrapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrap {
    OaepSha1,
    OaepSha256,
    /// XML Encryption 1.1's: the mask too is made with SHA-256.
    OaepMgfSha256,
    /// What nobody should use.
    Pkcs1,
}

impl Content {
    pub const ALL: [Self; 5] = [
        Self::Aes256Gcm,
        Self::Aes192Gcm,
        Self::Aes128Gcm,
        Self::Aes256Cbc,
        Self::Aes128Cbc,
    ];

    fn uri(self) -> String {
        match self {
            Self::Aes128Gcm => format!("{XENC11}aes128-gcm"),
            Self::Aes192Gcm => format!("{XENC11}aes192-gcm"),
            Self::Aes256Gcm => format!("{XENC11}aes256-gcm"),
            Self::Aes128Cbc => format!("{XENC}aes128-cbc"),
            Self::Aes256Cbc => format!("{XENC}aes256-cbc"),
        }
    }

    fn cipher(self) -> Cipher {
        match self {
            Self::Aes128Gcm => Cipher::aes_128_gcm(),
            Self::Aes192Gcm => Cipher::aes_192_gcm(),
            Self::Aes256Gcm => Cipher::aes_256_gcm(),
            Self::Aes128Cbc => Cipher::aes_128_cbc(),
            Self::Aes256Cbc => Cipher::aes_256_cbc(),
        }
    }

    fn is_cbc(self) -> bool {
        matches!(self, Self::Aes128Cbc | Self::Aes256Cbc)
    }

    /// The IV, the ciphertext and, for GCM, the tag.
    fn octets(self, plaintext: &[u8], key: &[u8]) -> Vec<u8> {
        if self.is_cbc() {
            let (mut padded, iv) = (plaintext.to_vec(), Entropy::System.bytes::<16>());
            let padding = 16 - padded.len() % 16;
            padded.resize(padded.len() + padding, 0);
            *padded.last_mut().unwrap() = u8::try_from(padding).unwrap();
            let mut crypter = Crypter::new(self.cipher(), Mode::Encrypt, key, Some(&iv)).unwrap();
            crypter.pad(false);
            let mut out = vec![0; padded.len() + 16];
            let written = crypter.update(&padded, &mut out).unwrap();
            out.truncate(written);
            return [&iv[..], &out].concat();
        }
        let (iv, mut tag) = (Entropy::System.bytes::<12>(), [0; 16]);
        let out = encrypt_aead(self.cipher(), key, Some(&iv), &[], plaintext, &mut tag).unwrap();
        [&iv[..], &out, &tag].concat()
    }
}

impl Wrap {
    /// The ones that are offered.
    pub const OFFERED: [Self; 3] = [Self::OaepSha1, Self::OaepSha256, Self::OaepMgfSha256];

    fn method(self) -> String {
        let digest = format!("<ds:DigestMethod xmlns:ds=\"{DSIG}\" Algorithm=\"{XENC}sha256\"/>");
        let (uri, inside) = match self {
            Self::OaepSha1 => (format!("{XENC}rsa-oaep-mgf1p"), String::new()),
            Self::OaepSha256 => (format!("{XENC}rsa-oaep-mgf1p"), digest),
            Self::OaepMgfSha256 => (
                format!("{XENC11}rsa-oaep"),
                format!(
                    "{digest}<xenc11:MGF xmlns:xenc11=\"{XENC11}\" Algorithm=\"{XENC11}mgf1sha256\"/>"
                ),
            ),
            Self::Pkcs1 => (format!("{XENC}rsa-1_5"), String::new()),
        };
        format!("<xenc:EncryptionMethod Algorithm=\"{uri}\">{inside}</xenc:EncryptionMethod>")
    }

    fn wrap(self, content_key: &[u8], certificate: &[u8]) -> Vec<u8> {
        let public = X509::from_der(certificate).unwrap().public_key().unwrap();
        let mut context = PkeyCtx::new(&public).unwrap();
        context.encrypt_init().unwrap();
        let digests: Option<(&MdRef, &MdRef)> = match self {
            Self::OaepSha1 => Some((Md::sha1(), Md::sha1())),
            Self::OaepSha256 => Some((Md::sha256(), Md::sha1())),
            Self::OaepMgfSha256 => Some((Md::sha256(), Md::sha256())),
            Self::Pkcs1 => None,
        };
        if let Some((digest, mask)) = digests {
            context.set_rsa_padding(Padding::PKCS1_OAEP).unwrap();
            context.set_rsa_oaep_md(digest).unwrap();
            context.set_rsa_mgf1_md(mask).unwrap();
        } else {
            context.set_rsa_padding(Padding::PKCS1).unwrap();
        }
        let mut wrapped = Vec::new();
        context.encrypt_to_vec(content_key, &mut wrapped).unwrap();
        wrapped
    }
}

/// The `saml:EncryptedAssertion` that stands for an assertion, for the holder
/// of the certificate (DER).
pub fn encrypted(assertion: &str, certificate: &[u8], content: Content, wrap: Wrap) -> String {
    let mut key = Entropy::System.bytes::<32>().to_vec();
    key.truncate(content.cipher().key_len());
    let octets = content.octets(assertion.as_bytes(), &key);
    holder(content, wrap, &wrap.wrap(&key, certificate), &octets)
}

/// The same element around octets that are given.
pub fn holder(content: Content, wrap: Wrap, wrapped: &[u8], octets: &[u8]) -> String {
    format!(
        "<saml:EncryptedAssertion xmlns:saml=\"{}\"><xenc:EncryptedData xmlns:xenc=\"{XENC}\" \
         Type=\"{XENC}Element\"><xenc:EncryptionMethod Algorithm=\"{}\"></xenc:EncryptionMethod>\
         <ds:KeyInfo xmlns:ds=\"{DSIG}\"><xenc:EncryptedKey>{}<xenc:CipherData><xenc:CipherValue>{}\
         </xenc:CipherValue></xenc:CipherData></xenc:EncryptedKey></ds:KeyInfo><xenc:CipherData>\
         <xenc:CipherValue>{}</xenc:CipherValue></xenc:CipherData></xenc:EncryptedData>\
         </saml:EncryptedAssertion>",
        SAML,
        content.uri(),
        wrap.method(),
        STANDARD.encode(wrapped),
        STANDARD.encode(octets),
    )
}
