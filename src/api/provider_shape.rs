//! A provider as the API shows it, and what can be said of its metadata.

use axum::http::{HeaderValue, header};
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;

use super::ok;
use super::openapi::flattened;
use crate::directory::providers::{ManagedBy, StoredProvider};
use crate::domain::{Provider, Timestamp};
use crate::login::oauth;
use crate::login::saml::provider::{SamlProvider, SetupError};
use crate::login::saml::sp_metadata::Urls;
use utoipa::openapi::{RefOr, Schema};

/// What an IdP has to send so that a start at its side becomes one at ours.
const RELAY_STATE: &str = "initiate-sp-login";

/// Days before its end from which a certificate is worth a warning.
const SOON: i64 = 30;

/// The provider with what the gateway adds to it.
#[derive(Debug, Serialize)]
pub(super) struct ProviderShape {
    #[serde(flatten)]
    provider: Provider,
    #[serde(flatten)]
    added: Added,
}

/// What the gateway adds to a provider.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Added {
    /// What to enter at the identity provider.
    urls: UrlsShape,
    /// SAML: the RelayState that turns a start at the identity provider into one here.
    #[serde(skip_serializing_if = "Option::is_none")]
    relay_state: Option<&'static str>,
    /// SAML: the signing certificates that the identity provider's metadata holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    certificates: Option<Vec<CertificateShape>>,
    /// What an admin should know, one sentence each.
    warnings: Vec<String>,
    managed_by: ManagedBy,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl utoipa::PartialSchema for ProviderShape {
    fn schema() -> RefOr<Schema> {
        flattened(
            "A provider, with what the gateway adds to it.",
            [Provider::schema(), Added::schema()],
        )
    }
}

impl ToSchema for ProviderShape {
    fn name() -> std::borrow::Cow<'static, str> {
        "ProviderShown".into()
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        Provider::schemas(schemas);
        Added::schemas(schemas);
    }
}

/// The keys that the gateway adds; whoever sends back what was read may leave
/// them in.
pub(super) const READ_ONLY: [&str; 7] = [
    "urls",
    "relay_state",
    "certificates",
    "warnings",
    "managed_by",
    "created_at",
    "updated_at",
];

/// The addresses of a provider here.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ProviderUrls)]
struct UrlsShape {
    /// Where a login starts.
    #[schema(format = "uri")]
    login: String,
    /// SAML, our entity ID: *Identifier*, *Audience URI*, *SP entity ID*.
    #[schema(format = "uri")]
    #[serde(skip_serializing_if = "Option::is_none")]
    entity_id: Option<String>,
    /// SAML, the assertion consumer service: *Reply URL*, *Single sign-on URL*.
    #[schema(format = "uri")]
    #[serde(skip_serializing_if = "Option::is_none")]
    acs: Option<String>,
    /// SAML, our metadata.
    #[schema(format = "uri")]
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<String>,
    /// OAuth 2.0: *Redirect URI*, *Callback URL*.
    #[schema(format = "uri")]
    #[serde(skip_serializing_if = "Option::is_none")]
    callback: Option<String>,
}

/// A signing certificate of an identity provider.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Certificate)]
struct CertificateShape {
    /// The subject's name as RFC 4514 writes it; may be empty.
    subject: String,
    /// SHA-256 over the DER form.
    #[schema(pattern = "^([0-9A-F]{2}:){31}[0-9A-F]{2}$")]
    fingerprint_sha256: String,
    /// The last moment of its validity.
    not_after: Timestamp,
    /// Days until then; negative when it has passed.
    days_left: i64,
}

/// What came of reading a provider's metadata.
pub(super) type Compiled = Result<SamlProvider, SetupError>;

impl ProviderShape {
    pub(super) fn new(
        stored: StoredProvider,
        compiled: &Compiled,
        origin: &str,
        now: Timestamp,
    ) -> Self {
        let urls = Urls::new(origin, &stored.provider.slug);
        let certificates = compiled.iter().flat_map(|ready| {
            let all = ready.metadata.signing_certificates.iter();
            all.map(|certificate| CertificateShape {
                subject: certificate.subject.clone(),
                fingerprint_sha256: certificate.fingerprint_sha256.clone(),
                not_after: certificate.not_after,
                days_left: certificate.days_left(now),
            })
        });
        let added = Added {
            certificates: Some(certificates.collect()),
            warnings: warnings(compiled, now),
            urls: UrlsShape {
                login: urls.login,
                metadata: Some(urls.entity_id.clone()),
                entity_id: Some(urls.entity_id),
                acs: Some(urls.acs),
                callback: None,
            },
            relay_state: Some(RELAY_STATE),
            managed_by: stored.managed_by,
            created_at: stored.created_at,
            updated_at: stored.updated_at,
        };
        Self {
            provider: stored.provider,
            added,
        }
    }

    /// The shape of a provider that speaks OAuth 2.0.
    pub(super) fn oauth(stored: StoredProvider, origin: &str) -> Self {
        let urls = oauth::provider::Urls::new(origin, &stored.provider.slug);
        let error = oauth::provider::compile(&stored.provider, origin).err();
        let added = Added {
            urls: UrlsShape {
                login: urls.login,
                entity_id: None,
                acs: None,
                metadata: None,
                callback: Some(urls.callback),
            },
            relay_state: None,
            certificates: None,
            warnings: error
                .map(|error| format!("nobody can sign in: {error}"))
                .into_iter()
                .collect(),
            managed_by: stored.managed_by,
            created_at: stored.created_at,
            updated_at: stored.updated_at,
        };
        Self {
            provider: stored.provider,
            added,
        }
    }
}

fn warnings(compiled: &Compiled, now: Timestamp) -> Vec<String> {
    match compiled {
        Err(error) => vec![format!("nobody can sign in: {error}")],
        Ok(ready) => {
            let expiry = expiry(ready, now);
            let expiry = (!expiry.ok).then_some(expiry.detail);
            ready
                .metadata
                .warnings
                .iter()
                .cloned()
                .chain(expiry)
                .collect()
        }
    }
}

/// One thing that was looked at.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Check {
    name: &'static str,
    ok: bool,
    /// What was found, in words.
    detail: String,
}

/// What a test of a provider answers.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ProviderTest)]
pub(super) struct TestShape {
    /// Whether every check is good.
    ok: bool,
    checks: Vec<Check>,
}

impl TestShape {
    pub(super) fn new(provider: &Provider, compiled: &Compiled, now: Timestamp) -> Self {
        let mut checks = match compiled {
            Err(error) => vec![Check {
                name: "metadata",
                ok: false,
                detail: error.sentence.clone(),
            }],
            Ok(ready) => vec![
                metadata(ready),
                certificates(ready, now),
                expiry(ready, now),
            ],
        };
        checks.push(allowed_domains(provider));
        Self::of(checks)
    }

    /// What can be said of an OAuth provider without asking anybody.
    pub(super) fn settings(provider: &Provider, origin: &str) -> Self {
        let compiled = oauth::provider::compile(provider, origin);
        let settings = Check {
            name: "settings",
            ok: compiled.is_ok(),
            detail: match compiled {
                Ok(_) => "complete".to_owned(),
                Err(error) => error.to_string(),
            },
        };
        Self::of(vec![settings, allowed_domains(provider)])
    }

    fn of(checks: Vec<Check>) -> Self {
        Self {
            ok: checks.iter().all(|check| check.ok),
            checks,
        }
    }
}

fn allowed_domains(provider: &Provider) -> Check {
    Check {
        name: "allowed_domains",
        ok: !provider.allowed_domains.is_empty(),
        detail: if provider.allowed_domains.is_empty() {
            "the list is empty, which admits nobody; * admits every domain".to_owned()
        } else {
            provider.allowed_domains.join(", ")
        },
    }
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
    Check {
        name: "metadata",
        ok: true,
        detail: format!(
            "{} takes requests by {}",
            ready.metadata.entity_id,
            bindings.join(" and ")
        ),
    }
}

fn certificates(ready: &SamlProvider, now: Timestamp) -> Check {
    let all = &ready.metadata.signing_certificates;
    let named: Vec<String> = all
        .iter()
        .map(|certificate| format!("{} ({})", certificate.subject, certificate.key))
        .collect();
    let early = all
        .iter()
        .filter(|certificate| certificate.not_before > now);
    let ok = early.count() < all.len();
    let detail = if ok {
        named.join("; ")
    } else {
        format!("none of them is valid yet: {}", named.join("; "))
    };
    Check {
        name: "certificates",
        ok,
        detail,
    }
}

/// Whether the metadata and the certificate that lasts longest stay good for
/// a while: an IdP that publishes its next certificate beside the present one
/// is about to change over, and in order.
fn expiry(ready: &SamlProvider, now: Timestamp) -> Check {
    let all = &ready.metadata.signing_certificates;
    let certificate = all.iter().map(|certificate| certificate.not_after).max();
    let days = |end: Timestamp| end.seconds_since(now).div_euclid(86_400);
    let (ok, detail) = match (certificate, ready.metadata.valid_until) {
        (Some(end), _) if end <= now => (
            false,
            format!(
                "the signing certificate expired on {end}; logins still work, since the key is \
                 pinned, but take the IdP's current metadata soon"
            ),
        ),
        (_, Some(end)) if days(end) <= SOON => (
            false,
            format!(
                "the metadata may be used until {end} only; take the IdP's current metadata \
                 before that day, or logins end"
            ),
        ),
        (Some(end), _) if days(end) <= SOON => (
            false,
            format!(
                "the signing certificate ends on {end}, in {} days; take the IdP's new metadata \
                 as soon as it publishes one",
                days(end)
            ),
        ),
        (Some(end), _) => (true, format!("until {end}")),
        (None, _) => (false, "there is no signing certificate".to_owned()),
    };
    Check {
        name: "expiry",
        ok,
        detail,
    }
}

/// The entity tag of a version (RFC 9110 §8.8.3).
pub(super) fn etag(version: i64) -> String {
    format!("\"{version}\"")
}

/// `200` with a body and its entity tag.
pub(super) fn ok_with_etag(version: i64, body: impl Serialize) -> Response {
    with_etag(version, ok(body))
}

/// The same answer with an entity tag.
pub(super) fn with_etag(version: i64, mut response: Response) -> Response {
    if let Ok(value) = HeaderValue::from_str(&etag(version)) {
        response.headers_mut().insert(header::ETAG, value);
    }
    response
}
