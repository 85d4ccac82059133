//! The SAML verifier, at the level of the library: genuine documents of many
//! shapes, the whole catalogue of attacks, and second opinions: libxml2 (by
//! lxml) on canonicalization, xmlsec (by samael) on signatures.
//!
//! `make test` prepares what these tests need and says where it is.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::too_many_lines,
    clippy::assigning_clones,
    clippy::format_collect,
    clippy::format_push_string,
    reason = "tests and their tools stop at the first surprise; templates are long"
)]

#[expect(
    dead_code,
    reason = "shared with the integration tests, which use the rest"
)]
#[path = "../support/mod.rs"]
mod support;

mod c14n;
mod catalogue;
mod documents;
mod edges;
mod layer;
mod lxml;
mod mutants;
mod oracle;
mod seeds;

mod shapes;
mod values;

use doorward::login::saml::SamlError;
use doorward::login::saml::response::{Decoded, Demands, Expectations, Verified, decode};
use doorward::platform::xml::signature::VerifyKey;

use support::forge::Scene;
use support::keys::Key;
use support::random;

/// The key as the gateway pins it.
fn verify_key(key: &Key) -> VerifyKey {
    VerifyKey::from_certificate_der(&key.certificate_der()).unwrap()
}

/// What the gateway expects in this scene.
fn expectations<'a>(scene: &'a Scene, keys: &'a [VerifyKey]) -> Expectations<'a> {
    Expectations {
        idp_entity_id: &scene.idp_entity_id,
        sp_entity_id: &scene.sp_entity_id,
        acs_url: &scene.acs_url,
        in_response_to: &scene.request_id,
        request_issued_at: scene.now.plus_seconds(-30),
        now: scene.now,
        max_skew_seconds: support::attacks::SKEW,
        keys,
        allow_sha1: false,
        decryption_keys: &[],
        demands: Demands::default(),
    }
}

/// The whole pipeline.
fn verify(field: &str, expect: &Expectations<'_>) -> Result<Verified, SamlError> {
    decode(field).and_then(|decoded: Decoded| decoded.verify(expect))
}
