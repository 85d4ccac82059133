//! What the fuzz targets share: genuine responses with what they say, the
//! expectations that they meet, and the mutator.

#![expect(
    clippy::missing_panics_doc,
    reason = "a fuzz target that cannot start shall say so"
)]

use std::collections::BTreeSet;
use std::sync::OnceLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use doorward::domain::Timestamp;
use doorward::login::saml::response::{Demands, Expectations, Verified, decode};
use doorward::platform::xml::signature::VerifyKey;
use openssl::pkey::{PKey, Private};

#[path = "../../tests/support/mutate.rs"]
mod mutate;
#[path = "../../tests/support/random.rs"]
mod random;

/// The entity ID of the identity provider in the seeds.
pub const IDP: &str = "https://idp.example.com/entity";
/// Our entity ID.
pub const SP: &str = "https://sso.example.com/saml/okta/metadata";
/// Our assertion consumer service.
pub const ACS: &str = "https://sso.example.com/saml/okta/acs";
/// The request that the seeds answer.
pub const REQUEST: &str = "_0123456789abcdef0123456789abcdef01234567";
/// The moment at which they are valid.
pub const NOW: &str = "2026-11-21T20:15:30Z";
/// How far clocks may differ, in seconds.
pub const SKEW: i64 = 120;

/// The moment at which the seeds are valid.
#[must_use]
pub fn now() -> Timestamp {
    Timestamp::parse_rfc3339(NOW).unwrap()
}

/// What the gateway expects.
#[must_use]
pub fn expectations<'a>(
    keys: &'a [VerifyKey],
    decryption_keys: &'a [PKey<Private>],
) -> Expectations<'a> {
    Expectations {
        idp_entity_id: IDP,
        sp_entity_id: SP,
        acs_url: ACS,
        in_response_to: REQUEST,
        request_issued_at: now().plus_seconds(-30),
        now: now(),
        max_skew_seconds: SKEW,
        keys,
        allow_sha1: false,
        decryption_keys,
        demands: Demands::default(),
    }
}

/// Genuine responses, and what they say.
pub struct Genuine {
    /// The documents.
    pub documents: Vec<Vec<u8>>,
    /// What they say, each once, in Rust's debug form.
    pub meanings: BTreeSet<String>,
    /// The identity provider's key.
    pub keys: Vec<VerifyKey>,
    /// Our own key.
    pub decryption_keys: Vec<PKey<Private>>,
}

/// The genuine responses in `genuine/`, which `seeds` wrote: every one must be
/// accepted, or there is nothing to compare with.
pub fn genuine() -> &'static Genuine {
    static GENUINE: OnceLock<Genuine> = OnceLock::new();
    GENUINE.get_or_init(|| {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/genuine");
        let mut files: Vec<_> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.extension().is_some_and(|e| e == "xml"))
            .collect();
        files.sort();
        let read = |name: &str| std::fs::read(format!("{folder}/{name}")).unwrap();
        let mut genuine = Genuine {
            documents: Vec::new(),
            meanings: BTreeSet::new(),
            keys: vec![VerifyKey::from_certificate_der(&read("idp.der")).unwrap()],
            decryption_keys: vec![PKey::private_key_from_der(&read("sp-key.der")).unwrap()],
        };
        for file in files {
            let document = std::fs::read(&file).unwrap();
            let verified = verify(&document, &genuine)
                .unwrap_or_else(|| panic!("{} is not accepted", file.display()));
            genuine.meanings.insert(meaning(&verified));
            genuine.documents.push(document);
        }
        assert!(
            !genuine.documents.is_empty(),
            "there is no genuine document"
        );
        genuine
    })
}

/// The whole pipeline over a document.
#[must_use]
pub fn verify(document: &[u8], genuine: &Genuine) -> Option<Verified> {
    let decoded = decode(&STANDARD.encode(document)).ok()?;
    let _ = decoded.peek();
    decoded
        .verify(&expectations(&genuine.keys, &genuine.decryption_keys))
        .ok()
}

/// All that a response says.
#[must_use]
pub fn meaning(verified: &Verified) -> String {
    format!("{verified:?}")
}

/// A change of `data`'s first `size` octets by the structure of XML, its new
/// size returned; `None` where the result does not fit.
pub fn mutated(data: &mut [u8], size: usize, max: usize, seed: u32) -> Option<usize> {
    let pool = &genuine().documents;
    let mut random = random::Random(u64::from(seed));
    let mut document = data.get(..size)?.to_vec();
    if document.is_empty() || random.chance(3) {
        document = random.pick(pool).clone();
    }
    for _ in 0..=random.below(2) {
        mutate::mutate(&mut document, pool, &mut random);
    }
    let size = document.len();
    (size <= max && size <= data.len()).then(|| {
        data[..size].copy_from_slice(&document);
        size
    })
}

/// Half of the changes by structure, half by libFuzzer.
#[macro_export]
macro_rules! structural_mutator {
    () => {
        libfuzzer_sys::fuzz_mutator!(|data: &mut [u8], size: usize, max: usize, seed: u32| {
            let changed = if seed % 2 == 0 {
                $crate::mutated(data, size, max, seed)
            } else {
                None
            };
            changed.unwrap_or_else(|| libfuzzer_sys::fuzzer_mutate(data, size, max))
        });
    };
}
