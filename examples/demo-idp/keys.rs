//! The IdP's key and certificate, and its client's secret: made at the first
//! start, kept in the data folder.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;

use anyhow::{Context as _, Result};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use doorward::domain::Entropy;
use openssl::asn1::{Asn1Integer, Asn1Time};
use openssl::bn::{BigNum, MsbOption};
use openssl::hash::MessageDigest;
use openssl::pkey::{PKey, Private};
use openssl::rsa::Rsa;
use openssl::sign::Signer;
use openssl::x509::{X509, X509NameBuilder};
use serde_json::{Value, json};

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
            write_private(&key_file, &made.key.private_key_to_pem_pkcs8()?)?;
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

    /// The public key as the OpenID side publishes it (RFC 7517).
    pub fn jwk(&self) -> Result<Value> {
        let rsa = self.key.rsa()?;
        Ok(json!({
            "kty": "RSA", "use": "sig", "alg": "RS256", "kid": self.kid()?,
            "n": URL_SAFE_NO_PAD.encode(rsa.n().to_vec()),
            "e": URL_SAFE_NO_PAD.encode(rsa.e().to_vec()),
        }))
    }

    fn kid(&self) -> Result<String> {
        let digest = self.certificate.digest(MessageDigest::sha256())?;
        Ok(URL_SAFE_NO_PAD.encode(digest))
    }

    /// A signed token of these claims (RFC 7515, RS256).
    pub fn jwt(&self, claims: &Value) -> Result<String> {
        let head = json!({ "alg": "RS256", "typ": "JWT", "kid": self.kid()? });
        let input = format!(
            "{}.{}",
            URL_SAFE_NO_PAD.encode(head.to_string()),
            URL_SAFE_NO_PAD.encode(claims.to_string())
        );
        let mut signer = Signer::new(MessageDigest::sha256(), &self.key)?;
        let signature = signer.sign_oneshot_to_vec(input.as_bytes())?;
        Ok(format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }

    /// RSA signature (PKCS #1 v1.5, SHA-256) of `octets`, in base64.
    pub fn sign(&self, octets: &[u8]) -> Result<String> {
        let mut signer = Signer::new(MessageDigest::sha256(), &self.key)?;
        Ok(STANDARD.encode(signer.sign_oneshot_to_vec(octets)?))
    }
}

/// Writes a file that only its owner may read.
pub fn write_private(file: &Path, octets: &[u8]) -> Result<()> {
    let opened = fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(file);
    Ok(opened?.write_all(octets)?)
}

/// The secret of the OpenID side's client, made on the first start.
pub fn client_secret(folder: &Path) -> Result<String> {
    let file = folder.join("client-secret");
    if !file.exists() {
        write_private(&file, Entropy::System.base64url::<32>().as_bytes())?;
    }
    Ok(fs::read_to_string(&file)?.trim().to_owned())
}
