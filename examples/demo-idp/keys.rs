//! The IdP's key and certificate: made at the first start, kept in the data
//! folder.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;

use anyhow::{Context as _, Result};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use openssl::asn1::{Asn1Integer, Asn1Time};
use openssl::bn::{BigNum, MsbOption};
use openssl::hash::MessageDigest;
use openssl::pkey::{PKey, Private};
use openssl::rsa::Rsa;
use openssl::sign::Signer;
use openssl::x509::{X509, X509NameBuilder};

/// An RSA key with a self-signed certificate.
pub struct SigningKey {
    key: PKey<Private>,
    certificate: X509,
}

impl SigningKey {
    /// Makes a new key of 2048 bits; the certificate is good for ten years.
    pub fn generate() -> Result<Self> {
        let key = PKey::from_rsa(Rsa::generate(2048)?)?;
        let mut name = X509NameBuilder::new()?;
        name.append_entry_by_text("CN", "Doorward demo identity provider")?;
        let name = name.build();
        let mut serial = BigNum::new()?;
        serial.rand(127, MsbOption::MAYBE_ZERO, false)?;
        let mut builder = X509::builder()?;
        builder.set_version(2)?;
        builder.set_serial_number(Asn1Integer::from_bn(&serial)?.as_ref())?;
        builder.set_subject_name(&name)?;
        builder.set_issuer_name(&name)?;
        builder.set_pubkey(&key)?;
        builder.set_not_before(Asn1Time::days_from_now(0)?.as_ref())?;
        builder.set_not_after(Asn1Time::days_from_now(3650)?.as_ref())?;
        builder.sign(&key, MessageDigest::sha256())?;
        let certificate = builder.build();
        Ok(Self { key, certificate })
    }

    /// Reads the key from `folder`, making both on the first start.
    pub fn load_or_create(folder: &Path) -> Result<Self> {
        let (key_file, certificate_file) = (folder.join("idp.key"), folder.join("idp.crt"));
        if !key_file.exists() {
            fs::DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(folder)
                .with_context(|| format!("cannot make {}", folder.display()))?;
            let made = Self::generate()?;
            // The certificate first: a key file says that both are there.
            fs::write(&certificate_file, made.certificate.to_pem()?)?;
            fs::OpenOptions::new()
                .write(true)
                .create_new(true)
                .mode(0o600)
                .open(&key_file)?
                .write_all(&made.key.private_key_to_pem_pkcs8()?)?;
            return Ok(made);
        }
        let read =
            |file: &Path| fs::read(file).with_context(|| format!("cannot read {}", file.display()));
        Ok(Self {
            key: PKey::private_key_from_pem(&read(&key_file)?)?,
            certificate: X509::from_pem(&read(&certificate_file)?)?,
        })
    }

    /// The certificate as `X509Certificate` takes it: base64 of the DER.
    pub fn certificate_base64(&self) -> Result<String> {
        Ok(STANDARD.encode(self.certificate.to_der()?))
    }

    /// RSA signature (PKCS #1 v1.5, SHA-256) of `octets`, in base64.
    pub fn sign(&self, octets: &[u8]) -> Result<String> {
        let mut signer = Signer::new(MessageDigest::sha256(), &self.key)?;
        Ok(STANDARD.encode(signer.sign_oneshot_to_vec(octets)?))
    }
}
