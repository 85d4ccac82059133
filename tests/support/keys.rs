//! Key pairs with self-signed certificates, each made once per test process.

use std::sync::OnceLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use openssl::asn1::Asn1Time;
use openssl::bn::BigNum;
use openssl::ec::{EcGroup, EcKey};
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use openssl::rsa::Rsa;
use openssl::x509::{X509, X509NameBuilder};

/// A private key and its certificate.
pub struct Key {
    /// The private key.
    pub private: PKey<Private>,
    /// The self-signed certificate, valid from 2020 to 2050.
    pub certificate: X509,
}

impl Key {
    /// A key of `private` with a certificate for `common_name`.
    pub fn with_certificate(private: PKey<Private>, common_name: &str) -> Self {
        Self::with_validity(private, common_name, 1_577_836_800, 2_524_608_000)
    }

    /// The same with a validity of one's own, in seconds since the epoch.
    pub fn with_validity(
        private: PKey<Private>,
        common_name: &str,
        not_before: i64,
        not_after: i64,
    ) -> Self {
        let mut name = X509NameBuilder::new().unwrap();
        name.append_entry_by_nid(Nid::COMMONNAME, common_name)
            .unwrap();
        let name = name.build();
        let mut builder = X509::builder().unwrap();
        builder.set_version(2).unwrap();
        let serial = BigNum::from_u32(1).unwrap().to_asn1_integer().unwrap();
        builder.set_serial_number(&serial).unwrap();
        builder.set_subject_name(&name).unwrap();
        builder.set_issuer_name(&name).unwrap();
        builder
            .set_not_before(&Asn1Time::from_unix(not_before).unwrap())
            .unwrap();
        builder
            .set_not_after(&Asn1Time::from_unix(not_after).unwrap())
            .unwrap();
        builder.set_pubkey(&private).unwrap();
        builder.sign(&private, MessageDigest::sha256()).unwrap();
        Self {
            private,
            certificate: builder.build(),
        }
    }

    /// A fresh RSA key.
    pub fn rsa(bits: u32, common_name: &str) -> Self {
        let key = PKey::from_rsa(Rsa::generate(bits).unwrap()).unwrap();
        Self::with_certificate(key, common_name)
    }

    /// A fresh key on a named curve.
    pub fn ec(curve: Nid, common_name: &str) -> Self {
        let group = EcGroup::from_curve_name(curve).unwrap();
        let key = PKey::from_ec_key(EcKey::generate(&group).unwrap()).unwrap();
        Self::with_certificate(key, common_name)
    }

    /// The certificate in DER.
    pub fn certificate_der(&self) -> Vec<u8> {
        self.certificate.to_der().unwrap()
    }

    /// The certificate as it stands in `ds:X509Certificate`.
    pub fn certificate_base64(&self) -> String {
        STANDARD.encode(self.certificate_der())
    }

    /// The certificate in PEM, as octets: a favourite HMAC key of attackers.
    pub fn certificate_pem(&self) -> Vec<u8> {
        self.certificate.to_pem().unwrap()
    }
}

macro_rules! key {
    ($(#[$doc:meta])* $name:ident, $make:expr) => {
        $(#[$doc])*
        pub fn $name() -> &'static Key {
            static KEY: OnceLock<Key> = OnceLock::new();
            KEY.get_or_init(|| $make)
        }
    };
}

key!(
    /// The genuine IdP's signing key.
    idp,
    Key::rsa(2048, "idp.example.com")
);
key!(
    /// The gateway's own key for this IdP.
    sp,
    Key::rsa(2048, "sso.example.com")
);
key!(
    /// A second IdP's signing key: known to the gateway, for another provider.
    other_idp,
    Key::rsa(2048, "other-idp.example.net")
);
key!(
    /// A key of the attacker's own, whose certificate names the genuine IdP.
    attacker,
    Key::rsa(2048, "idp.example.com")
);
key!(
    /// An RSA key that is too short.
    weak,
    Key::rsa(1024, "idp.example.com")
);
key!(
    /// A key on P-256.
    p256,
    Key::ec(Nid::X9_62_PRIME256V1, "idp.example.com")
);
key!(
    /// A key on P-384.
    p384,
    Key::ec(Nid::SECP384R1, "idp.example.com")
);
key!(
    /// A key on P-521.
    p521,
    Key::ec(Nid::SECP521R1, "idp.example.com")
);
key!(
    /// A key on a curve that is too small.
    p192,
    Key::ec(Nid::X9_62_PRIME192V1, "idp.example.com")
);
