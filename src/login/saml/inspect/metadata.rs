//! What metadata says, and whether it can be used.

use serde::Serialize;

use crate::domain::Timestamp;
use crate::login::saml::certificates::Certificate;
use crate::login::saml::metadata::{self, HTTP_POST, HTTP_REDIRECT, IdpMetadata};
use crate::login::saml::vendor::Vendor;

/// Metadata, explained.
#[derive(Clone, Debug, Serialize)]
pub struct MetadataShown {
    /// The IdPs in it.
    pub idps: Vec<IdpShown>,
    /// Why nothing can be read of it, if nothing can.
    pub problem: Option<String>,
}

/// One IdP.
#[derive(Clone, Debug, Serialize)]
pub struct IdpShown {
    /// Its entity ID.
    pub entity_id: String,
    /// What to call it.
    pub display_name: Option<String>,
    /// Whose product it is, as far as its addresses tell.
    pub vendor: Option<&'static str>,
    /// When the metadata must no longer be used.
    pub valid_until: Option<Timestamp>,
    /// How long it may be kept, in seconds.
    pub cache_duration: Option<u64>,
    /// Where people are sent: binding and address.
    pub sign_in: Vec<(&'static str, String)>,
    /// Where they sign out: binding and address.
    pub sign_out: Vec<(&'static str, String)>,
    /// Whether it wants our requests signed.
    pub wants_signed_requests: bool,
    /// The kinds of identifiers that it offers.
    pub name_id_formats: Vec<String>,
    /// The domains that it says to speak for.
    pub scopes: Vec<String>,
    /// Its signing certificates.
    pub certificates: Vec<CertificateShown>,
    /// What did not stand in the way.
    pub warnings: Vec<String>,
    /// Why this gateway cannot use it, if it cannot.
    pub refused: Option<String>,
}

/// A certificate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CertificateShown {
    /// Its subject.
    pub subject: String,
    /// The kind and size of its key.
    pub key: String,
    /// SHA-256 over it.
    pub fingerprint_sha256: String,
    /// From when on it is valid.
    pub not_before: Timestamp,
    /// Until when.
    pub not_after: Timestamp,
    /// Whole days left, negative after its end.
    pub days_left: i64,
    /// Whether the provider that was compared with has it.
    pub pinned: Option<bool>,
}

impl CertificateShown {
    pub(super) fn of(
        certificate: &Certificate,
        pinned: Option<&[Certificate]>,
        now: Timestamp,
    ) -> Self {
        Self {
            subject: certificate.subject.clone(),
            key: certificate.key.clone(),
            fingerprint_sha256: certificate.fingerprint_sha256.clone(),
            not_before: certificate.not_before,
            not_after: certificate.not_after,
            days_left: certificate.days_left(now),
            pinned: pinned.map(|pinned| pinned.contains(certificate)),
        }
    }
}

impl MetadataShown {
    /// Explains metadata; `configured` is what the provider that it is compared
    /// with has.
    #[must_use]
    pub fn of(octets: &[u8], configured: Option<&IdpMetadata>, now: Timestamp) -> Self {
        match metadata::list_idps(octets) {
            Err(error) => Self {
                idps: Vec::new(),
                problem: Some(error.to_string()),
            },
            Ok(entries) => Self {
                idps: entries
                    .iter()
                    .map(|entry| idp(octets, &entry.entity_id, configured, now))
                    .collect(),
                problem: None,
            },
        }
    }
}

fn idp(octets: &[u8], id: &str, configured: Option<&IdpMetadata>, now: Timestamp) -> IdpShown {
    // What has run out is still worth looking at: nothing runs out before the
    // epoch.
    let read = metadata::parse(octets, Some(id), Timestamp(0));
    let refused = metadata::parse(octets, Some(id), now)
        .err()
        .map(|e| e.to_string());
    let mut shown = IdpShown {
        entity_id: id.to_owned(),
        display_name: None,
        vendor: None,
        valid_until: None,
        cache_duration: None,
        sign_in: Vec::new(),
        sign_out: Vec::new(),
        wants_signed_requests: false,
        name_id_formats: Vec::new(),
        scopes: Vec::new(),
        certificates: Vec::new(),
        warnings: Vec::new(),
        refused,
    };
    let Ok(read) = read else {
        return shown;
    };
    let vendor = Vendor::of(&read);
    shown.vendor = (vendor != Vendor::Other).then(|| vendor.name());
    let pinned = configured.map(|c| c.signing_certificates.as_slice());
    shown.certificates = read
        .signing_certificates
        .iter()
        .map(|certificate| CertificateShown::of(certificate, pinned, now))
        .collect();
    let sso = [
        ("HTTP-Redirect", read.sso_redirect),
        ("HTTP-POST", read.sso_post),
    ];
    shown.sign_in = sso
        .into_iter()
        .filter_map(|(name, url)| url.map(|url| (name, url)))
        .collect();
    shown.sign_out = read
        .slo
        .into_iter()
        .map(|endpoint| (binding(&endpoint.binding), endpoint.location))
        .collect();
    shown.display_name = read.display_name;
    shown.valid_until = read.valid_until;
    shown.cache_duration = read.cache_duration;
    shown.wants_signed_requests = read.want_authn_requests_signed;
    shown.name_id_formats = read.name_id_formats;
    shown.scopes = read.scopes;
    shown.warnings = read.warnings;
    if let Some(configured) = configured
        && configured.entity_id != id
    {
        shown.warnings.push(format!(
            "The provider that it is compared with has another IdP: {}.",
            configured.entity_id
        ));
    }
    shown
}

fn binding(uri: &str) -> &'static str {
    match uri {
        HTTP_REDIRECT => "HTTP-Redirect",
        HTTP_POST => "HTTP-POST",
        _ => "another binding",
    }
}
