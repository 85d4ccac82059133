//! A provider as the API shows it, and what can be said of its metadata.

use serde::Serialize;
use utoipa::ToSchema;

use super::openapi::flattened;
use super::provider_keys::KeyShape;
use crate::directory::provider_metadata::Standing;
use crate::directory::providers::{ManagedBy, StoredProvider};
use crate::domain::{Provider, Timestamp};
use crate::login::checks::Check;
use crate::login::oauth;
use crate::login::saml;
use crate::login::saml::provider::{SamlProvider, SetupError};
use crate::login::saml::sp_metadata::Urls;
use utoipa::openapi::{RefOr, Schema};

/// What an IdP has to send so that a start at its side becomes one at ours.
const RELAY_STATE: &str = "initiate-sp-login";

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
    /// SAML: how the metadata stands that is fetched from `metadata_url`.
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<StandingShape>,
    /// SAML: our own keys for it, the one that signs first.
    #[serde(skip_serializing_if = "Option::is_none")]
    keys: Option<Vec<KeyShape>>,
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
pub(super) const READ_ONLY: [&str; 9] = [
    "urls",
    "relay_state",
    "certificates",
    "metadata",
    "keys",
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
    /// SAML, single logout by HTTP-Redirect and HTTP-POST: *Logout URL*, *Single
    /// Logout URL*.
    #[schema(format = "uri")]
    #[serde(skip_serializing_if = "Option::is_none")]
    slo: Option<String>,
    /// OAuth 2.0: *Redirect URI*, *Callback URL*.
    #[schema(format = "uri")]
    #[serde(skip_serializing_if = "Option::is_none")]
    callback: Option<String>,
    /// OpenID Connect: *Post-logout redirect URI*.
    #[schema(format = "uri")]
    #[serde(skip_serializing_if = "Option::is_none")]
    logged_out: Option<String>,
    /// OpenID Connect: *Back-channel logout URI*.
    #[schema(format = "uri")]
    #[serde(skip_serializing_if = "Option::is_none")]
    backchannel_logout: Option<String>,
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

/// How metadata stands that is fetched.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = FetchedMetadata)]
struct StandingShape {
    /// When the copy that counts was fetched, or was found to be unchanged.
    fetched_at: Option<Timestamp>,
    /// When it is fetched again.
    next_at: Timestamp,
    /// Since when it cannot be fetched.
    failing_since: Option<Timestamp>,
    /// The code of the reason.
    failure: Option<String>,
}

impl StandingShape {
    fn of(standing: &Standing) -> Self {
        Self {
            fetched_at: standing.fetched_at,
            next_at: standing.next_at,
            failing_since: standing.failing.as_ref().map(|(since, _)| *since),
            failure: standing.failing.as_ref().map(|(_, code)| code.clone()),
        }
    }
}

/// What came of reading a provider's metadata.
pub(super) type Compiled = Result<SamlProvider, SetupError>;

impl ProviderShape {
    pub(super) fn new(
        stored: StoredProvider,
        compiled: &Compiled,
        keys: Vec<KeyShape>,
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
            metadata: stored.metadata.as_ref().map(StandingShape::of),
            keys: Some(keys),
            warnings: warnings(compiled, now),
            urls: UrlsShape {
                login: urls.login,
                metadata: Some(urls.entity_id.clone()),
                entity_id: Some(urls.entity_id),
                acs: Some(urls.acs),
                slo: Some(urls.slo),
                callback: None,
                logged_out: None,
                backchannel_logout: None,
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
                slo: None,
                callback: Some(urls.callback),
                logged_out: Some(urls.logged_out),
                backchannel_logout: Some(urls.backchannel_logout),
            },
            relay_state: None,
            certificates: None,
            metadata: None,
            keys: None,
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
            let expiry = saml::checks::expiry(ready, now);
            let expiry = (!expiry.ok).then_some(expiry.summary);
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

/// What a test of a provider answers.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ProviderTest)]
pub(super) struct TestShape {
    /// Whether every check is good.
    ok: bool,
    checks: Vec<Check>,
}

impl TestShape {
    pub(super) fn new(checks: Vec<Check>) -> Self {
        Self {
            ok: checks.iter().all(|check| check.ok),
            checks,
        }
    }
}
