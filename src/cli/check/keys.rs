//! The key pairs that providers have here: whether the master key opens them,
//! and until when their certificates are good.

use super::{CERTIFICATE_WARNING_DAYS, Findings};
use crate::app;
use crate::directory::Directory;
use crate::domain::Entropy;
use crate::login::saml::certificates::Certificate;
use crate::login::saml::provider::ring;
use crate::platform::crypto::{MasterKeys, Sealer};

pub(super) async fn check(
    directory: &Directory,
    keys: Option<&MasterKeys>,
    findings: &mut Findings,
) {
    let Ok(Some(theirs)) = app::fingerprint(&directory.db).await else {
        return;
    };
    // With another master key nothing opens, which was said once.
    let Some(keys) = keys.filter(|keys| keys.knows(&theirs)) else {
        return;
    };
    let (Ok(sealer), Ok(stored)) = (
        Sealer::new(keys, Entropy::System),
        directory.providers().await,
    ) else {
        return;
    };
    for stored in stored {
        let key = format!("provider[{}].slug", stored.provider.slug);
        if stored.provider.saml.is_none() {
            continue;
        }
        match ring(&stored, &sealer) {
            Err(error) => findings.problem(&key, error.sentence),
            Ok(None) => {}
            Ok(Some(ring)) => {
                let ends = ring
                    .all()
                    .iter()
                    .filter_map(|one| Certificate::from_der(&one.der).ok())
                    .map(|certificate| certificate.days_left(directory.now()));
                if let Some(days) = ends.max().filter(|d| *d <= CERTIFICATE_WARNING_DAYS) {
                    findings.warning(
                        &key,
                        format!(
                            "our own certificate for this provider ends in {days} days; \
                             `doorward provider rotate-key` makes the next one"
                        ),
                    );
                }
            }
        }
    }
}
