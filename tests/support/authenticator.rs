//! An authenticator in software, with a key of its own: it answers as the standard says,
//! or as an attacker would have it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use openssl::bn::{BigNum, BigNumContext};
use openssl::ec::{EcGroup, EcKey};
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use openssl::sha::sha256;
use openssl::sign::Signer;
use serde_json::{Value, json};

/// The user is there.
pub const PRESENT: u8 = 0x01;
/// The user was verified.
pub const VERIFIED: u8 = 0x04;
/// There may be copies of the key.
pub const ELIGIBLE: u8 = 0x08;
/// There are copies of the key.
pub const BACKED_UP: u8 = 0x10;
const ATTESTED: u8 = 0x40;

/// What an answer says; an attacker changes some of it.
#[derive(Clone, Debug)]
pub struct Said {
    /// `webauthn.create` or `webauthn.get`.
    pub kind: &'static str,
    /// The challenge in base64url.
    pub challenge: String,
    /// The origin of the page.
    pub origin: String,
    /// Whether the page was framed by another site's.
    pub cross_origin: bool,
    /// The relying party.
    pub rp_id: String,
    /// The flags of the authenticator data.
    pub flags: u8,
    /// The count of signatures.
    pub counter: u32,
    /// The user handle; empty for none.
    pub user_handle: Vec<u8>,
    /// Whether the signature is of something else.
    pub tampered: bool,
}

/// One key of an authenticator.
pub struct Authenticator {
    key: PKey<Private>,
    /// By what name it knows the key.
    pub id: Vec<u8>,
    user_handle: Vec<u8>,
    rp_id: String,
    origin: String,
    /// The flags that its answers carry.
    pub flags: u8,
    /// The count of signatures so far.
    pub counter: u32,
}

fn text(value: &Value, pointer: &str) -> String {
    value
        .pointer(pointer)
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned()
}

impl Authenticator {
    /// Makes a key for these options, on a page of this origin; the answer to send.
    pub fn create(options: &Value, origin: &str) -> (Self, String) {
        Self::create_with(options, origin, |_| {})
    }

    /// The same with something changed in what is said.
    pub fn create_with(
        options: &Value,
        origin: &str,
        change: impl FnOnce(&mut Said),
    ) -> (Self, String) {
        let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).unwrap();
        let key = EcKey::generate(&group).unwrap();
        let (mut x, mut y) = (BigNum::new().unwrap(), BigNum::new().unwrap());
        let mut context = BigNumContext::new().unwrap();
        key.public_key()
            .affine_coordinates(&group, &mut x, &mut y, &mut context)
            .unwrap();
        // As good as chance: nobody else has this point.
        let id = sha256(&x.to_vec()).to_vec();
        // RFC 9052: kty EC2, alg ES256, crv P-256, x, y.
        let mut cose = vec![0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20];
        cose.extend(x.to_vec_padded(32).unwrap());
        cose.extend([0x22, 0x58, 0x20]);
        cose.extend(y.to_vec_padded(32).unwrap());
        let mut said = Said {
            kind: "webauthn.create",
            challenge: text(options, "/publicKey/challenge"),
            origin: origin.to_owned(),
            cross_origin: false,
            rp_id: text(options, "/publicKey/rp/id"),
            flags: PRESENT | VERIFIED,
            counter: 0,
            user_handle: BASE64.decode(text(options, "/publicKey/user/id")).unwrap(),
            tampered: false,
        };
        change(&mut said);
        let mut attested = vec![0_u8; 16];
        attested.extend(u16::try_from(id.len()).unwrap().to_be_bytes());
        attested.extend(&id);
        attested.extend(cose);
        let data = said.data(ATTESTED, &attested);
        let mut object = b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x59".to_vec();
        object.extend(u16::try_from(data.len()).unwrap().to_be_bytes());
        object.extend(&data);
        let answer = json!({
            "id": BASE64.encode(&id),
            "rawId": BASE64.encode(&id),
            "type": "public-key",
            "response": {
                "clientDataJSON": BASE64.encode(said.client_data()),
                "attestationObject": BASE64.encode(object),
                "transports": ["internal", "something-new"],
            },
            "clientExtensionResults": {"credProps": {"rk": true}},
        });
        let made = Self {
            key: PKey::from_ec_key(key).unwrap(),
            id,
            user_handle: said.user_handle.clone(),
            rp_id: said.rp_id.clone(),
            origin: origin.to_owned(),
            flags: said.flags,
            counter: said.counter,
        };
        (made, answer.to_string())
    }

    /// Answers these options.
    pub fn sign(&mut self, options: &Value) -> String {
        self.sign_with(options, |_| {})
    }

    /// The same with something changed in what is said.
    pub fn sign_with(&mut self, options: &Value, change: impl FnOnce(&mut Said)) -> String {
        self.counter += 1;
        let mut said = Said {
            kind: "webauthn.get",
            challenge: text(options, "/publicKey/challenge"),
            origin: self.origin.clone(),
            cross_origin: false,
            rp_id: self.rp_id.clone(),
            flags: self.flags,
            counter: self.counter,
            user_handle: self.user_handle.clone(),
            tampered: false,
        };
        change(&mut said);
        let (data, client) = (said.data(0, &[]), said.client_data());
        let mut octets = data.clone();
        octets.extend(sha256(client.as_bytes()));
        if said.tampered {
            octets.push(0);
        }
        let mut signer = Signer::new(MessageDigest::sha256(), &self.key).unwrap();
        let signature = signer.sign_oneshot_to_vec(&octets).unwrap();
        let handle = (!said.user_handle.is_empty()).then(|| BASE64.encode(&said.user_handle));
        json!({
            "id": BASE64.encode(&self.id),
            "rawId": BASE64.encode(&self.id),
            "type": "public-key",
            "response": {
                "clientDataJSON": BASE64.encode(client),
                "authenticatorData": BASE64.encode(data),
                "signature": BASE64.encode(signature),
                "userHandle": handle,
            },
            "clientExtensionResults": {},
        })
        .to_string()
    }
}

impl Said {
    fn client_data(&self) -> String {
        json!({
            "type": self.kind,
            "challenge": self.challenge,
            "origin": self.origin,
            "crossOrigin": self.cross_origin,
        })
        .to_string()
    }

    fn data(&self, more: u8, attested: &[u8]) -> Vec<u8> {
        let mut data = sha256(self.rp_id.as_bytes()).to_vec();
        data.push(self.flags | more);
        data.extend(self.counter.to_be_bytes());
        data.extend(attested);
        data
    }
}
