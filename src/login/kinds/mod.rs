//! What all kinds of provider have in common when one is set up: the one folder
//! of `login` that knows every protocol. The API, the dashboard, the set-up link
//! and the configuration file end here.

mod bring;
mod set;

use std::sync::Arc;

use crate::domain::{Entropy, Provider, ProviderKind, Timestamp};
use crate::login::setup::SetupError;
use crate::login::{oauth, saml};
use crate::platform::crypto::Sealer;

pub use bring::{Brought, Found, FoundCertificate, found};
pub use set::{Examined, Mistake, Mistakes, Providers, SetError};

/// Whether a provider can be stored; takes its time with large metadata.
/// `fetched` is what came from the address of its metadata. A draft, which has no
/// metadata yet and is switched off, can be.
pub fn check(
    provider: &Provider,
    fetched: Option<&str>,
    origin: &str,
    now: Timestamp,
) -> Result<(), SetupError> {
    let checked = match provider.kind {
        ProviderKind::Saml => {
            saml::provider::compile_with(provider, fetched, origin, now).map(|_| ())
        }
        _ => oauth::provider::compile(provider, origin).map(|_| ()),
    };
    match checked {
        Err(error) if is_draft(provider, &error) => Ok(()),
        checked => checked,
    }
}

/// Whether nothing is wrong but that the provider is a draft.
fn is_draft(provider: &Provider, error: &SetupError) -> bool {
    provider.is_draft() && error.code == saml::provider::NO_METADATA
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
