//! What depends on the protocol when a provider is saved: the one place beside
//! the routers that knows all of them.

use std::sync::Arc;

use crate::domain::{Entropy, Provider, ProviderKind, Timestamp};
use crate::login::setup::SetupError;
use crate::login::{oauth, saml};
use crate::platform::crypto::Sealer;

/// Whether a provider can be used; takes its time with large metadata.
/// `fetched` is what came from the address of its metadata.
pub fn check(
    provider: &Provider,
    fetched: Option<&str>,
    origin: &str,
    now: Timestamp,
) -> Result<(), SetupError> {
    match provider.kind {
        ProviderKind::Saml => {
            saml::provider::compile_with(provider, fetched, origin, now).map(|_| ())
        }
        _ => oauth::provider::compile(provider, origin).map(|_| ()),
    }
}

/// The sealed secrets of a provider that is about to be saved, given those that
/// it has.
pub async fn secrets(
    provider: &Provider,
    kept: Option<&str>,
    sealer: &Arc<Sealer>,
    now: Timestamp,
    entropy: &Entropy,
) -> Result<String, SetupError> {
    match provider.kind {
        ProviderKind::Saml => {
            saml::provider::secrets(&provider.slug, kept, sealer, now, entropy).await
        }
        _ => oauth::provider::secrets(provider, kept, sealer),
    }
}
