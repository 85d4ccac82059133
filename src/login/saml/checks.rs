//! What a test of a SAML provider looks at.

use super::certificates::Certificate;
use super::keys::KeyRing;
use super::provider::{SamlProvider, SetupError};
use super::source::{Outcome, Refreshed};
use crate::directory::providers::StoredProvider;
use crate::domain::Timestamp;
use crate::login::checks::Check;

/// Days before its end from which a certificate is worth a warning.
pub const SOON: i64 = 30;
/// Seconds that two clocks may differ before that is worth a word.
const CLOCK: i64 = 30;

/// What can be said of a provider without asking anybody else.
#[must_use]
pub fn settings(compiled: &Result<SamlProvider, SetupError>, now: Timestamp) -> Vec<Check> {
    match compiled {
        Err(error) => vec![Check::failed(
            "metadata",
            error.sentence.clone(),
            format!("Correct {}.", error.field),
        )],
        Ok(ready) => vec![
            metadata(ready),
            endpoints(ready),
            certificates(ready, now),
            expiry(ready, now),
        ],
    }
}

/// What came of fetching the metadata, and how the clocks compare.
#[must_use]
pub fn fetched(refreshed: &Refreshed, stored: &StoredProvider, now: Timestamp) -> Vec<Check> {
    const NAME: &str = "metadata_url";
    let standing = stored.metadata.as_ref();
    let url = standing.map(|m| m.url.as_str()).unwrap_or_default();
    let since = standing.and_then(|m| m.fetched_at);
    let good = match (&refreshed.outcome, since) {
        (Outcome::Failed(error), None) => {
            Check::failed(NAME, format!("{url}: {error}."), error.remedy())
        }
        (Outcome::Failed(error), Some(since)) => Check::warning(
            NAME,
            format!("{url}: {error}. The copy of {since} stays in force."),
            error.remedy(),
        ),
        (Outcome::Changed(news), _) => {
            Check::fine(NAME, format!("{url}: fetched anew. {}", news.join(" ")))
        }
        (Outcome::Same, _) => Check::fine(NAME, format!("{url}: fetched, and unchanged.")),
        (Outcome::Elsewhere, None) => Check::failed(
            NAME,
            format!("{url}: is being fetched at this moment."),
            "Test again in a minute.",
        ),
        (Outcome::Elsewhere, Some(since)) => Check::fine(
            NAME,
            format!("{url}: is being fetched at this moment; the copy of {since} is in force."),
        ),
    };
    std::iter::once(good)
        .chain(refreshed.server_time.map(|theirs| clock(theirs, now)))
        .collect()
}

/// How far the clock of the server that publishes the metadata is from ours.
fn clock(theirs: Timestamp, now: Timestamp) -> Check {
    const NAME: &str = "clock";
    let seconds = theirs.seconds_since(now);
    if seconds.abs() <= CLOCK {
        return Check::fine(NAME, format!("The clocks differ by {} s.", seconds.abs()));
    }
    let ahead = if seconds > 0 { "ahead of" } else { "behind" };
    Check::warning(
        NAME,
        format!(
            "The clock of the server that publishes the metadata is {} s {ahead} ours.",
            seconds.abs()
        ),
        "Compare both clocks with the true time and switch their synchronisation (NTP) on.",
    )
}

fn metadata(ready: &SamlProvider) -> Check {
    let bindings = [
        ready
            .metadata
            .sso_redirect
            .as_ref()
            .map(|_| "HTTP-Redirect"),
        ready.metadata.sso_post.as_ref().map(|_| "HTTP-POST"),
    ];
    let bindings: Vec<&str> = bindings.into_iter().flatten().collect();
    let summary = format!(
        "{} takes requests by {}.",
        ready.metadata.entity_id,
        bindings.join(" and ")
    );
    match ready.metadata.warnings.first() {
        None => Check::fine("metadata", summary),
        Some(warning) => Check::warning(
            "metadata",
            format!("{summary} {}", ready.metadata.warnings.join(" ")),
            format!("Have it corrected at the identity provider: {warning}"),
        ),
    }
}

/// Where the browser is sent with what it is to sign in by.
fn endpoints(ready: &SamlProvider) -> Check {
    let metadata = &ready.metadata;
    let all: Vec<&str> = [&metadata.sso_redirect, &metadata.sso_post]
        .into_iter()
        .flatten()
        .map(String::as_str)
        .collect();
    let ours_is_plain = ready.urls.acs.starts_with("http://");
    let plain = all.iter().find(|url| url.starts_with("http://"));
    match plain {
        Some(url) if !ours_is_plain => Check::warning(
            "endpoints",
            format!("People are sent to {url}, which is not encrypted on the way."),
            "Let the identity provider offer its sign-in address by https, and take its metadata \
             anew.",
        ),
        _ => Check::fine("endpoints", all.join(", ")),
    }
}

fn certificates(ready: &SamlProvider, now: Timestamp) -> Check {
    let all = &ready.metadata.signing_certificates;
    let named: Vec<String> = all
        .iter()
        .map(|certificate| format!("{} ({})", certificate.subject, certificate.key))
        .collect();
    let named = named.join("; ");
    if all.iter().any(|certificate| certificate.not_before <= now) {
        return Check::fine("certificates", named);
    }
    Check::warning(
        "certificates",
        format!("None of the signing certificates is valid yet: {named}."),
        "Compare the clocks of this machine and of the identity provider; logins work, since the \
         keys are pinned.",
    )
}

/// The moment at which the last of the signing certificates ends: an IdP that
/// publishes its next certificate beside the present one is about to change
/// over, and in order.
#[must_use]
pub fn last_certificate(ready: &SamlProvider) -> Option<&Certificate> {
    let all = ready.metadata.signing_certificates.iter();
    all.max_by_key(|certificate| certificate.not_after)
}

/// Whether the metadata and the certificate that lasts longest stay good for
/// a while.
#[must_use]
pub fn expiry(ready: &SamlProvider, now: Timestamp) -> Check {
    const NAME: &str = "expiry";
    let by_url = ready.settings().metadata_url.is_some();
    let take = if by_url {
        "Let the identity provider publish its current metadata under metadata_url."
    } else {
        "Take the identity provider's current metadata, or enter its address as metadata_url so \
         that it is renewed by itself."
    };
    let days = |end: Timestamp| end.seconds_since(now).div_euclid(86_400);
    let Some(certificate) = last_certificate(ready) else {
        return Check::failed(NAME, "There is no signing certificate.", take);
    };
    let end = certificate.not_after;
    if end <= now {
        return Check::warning(
            NAME,
            format!(
                "The signing certificate expired on {end}; logins still work, since the key is \
                 pinned."
            ),
            take,
        );
    }
    // Metadata by URL lasts for days only, as a rule, and is renewed by then.
    let until = ready.metadata.valid_until.filter(|_| !by_url);
    match until {
        Some(until) if days(until) <= SOON => Check::warning(
            NAME,
            format!("The metadata may be used until {until} only; then logins end."),
            take,
        ),
        _ if days(end) <= SOON => Check::warning(
            NAME,
            format!(
                "The signing certificate ends on {end}, in {} days.",
                days(end)
            ),
            take,
        ),
        _ => Check::fine(NAME, format!("until {end}")),
    }
}

/// Whether our own keys do what they are for: sign, and decrypt.
#[must_use]
pub fn own_keys(ring: &Result<Option<KeyRing>, SetupError>, now: Timestamp) -> Check {
    const NAME: &str = "keys";
    let ring = match ring {
        Ok(Some(ring)) => ring,
        Ok(None) => {
            return Check::warning(
                NAME,
                "The provider has no key pair: requests cannot be signed, nor assertions opened.",
                "Save the provider once more; it gets its keys then.",
            );
        }
        Err(error) => {
            return Check::failed(
                NAME,
                error.sentence.clone(),
                "Bring back the master key of this database ([secrets]).",
            );
        }
    };
    if let Some(broken) = ring.all().iter().find(|key| !key.works()) {
        return Check::failed(
            NAME,
            format!("The key {} neither signs nor decrypts.", broken.fingerprint),
            "Rotate the key of the provider (rotate-key), and give the identity provider the new \
             metadata.",
        );
    }
    let prints: Vec<&str> = ring.all().iter().map(|k| k.fingerprint.as_str()).collect();
    let ended = ring.signing().map(|key| key.not_after);
    match (prints.as_slice(), ended) {
        (_, Some(end)) if end.seconds_since(now) <= SOON * 86_400 => Check::warning(
            NAME,
            format!("The certificate of our own key ends on {end}."),
            "Rotate the key of the provider (rotate-key), and give the identity provider the new \
             metadata.",
        ),
        ([one], _) => Check::fine(NAME, format!("One key signs and decrypts: {one}.")),
        (several, _) => Check::fine(
            NAME,
            format!(
                "A rollover is under way: {} signs, and each of {} decrypts. Finish it when the \
                 identity provider has read our metadata again.",
                several.first().copied().unwrap_or_default(),
                several.join(", ")
            ),
        ),
    }
}
