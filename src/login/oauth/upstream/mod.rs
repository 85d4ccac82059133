//! What is fetched of a provider: documents that last, and answers to one
//! sign-in. Everything goes through the guarded client, capped in size.

mod cached;
mod discovery;
mod error;
mod keys;
mod token;

use axum::http::header::{ACCEPT, AUTHORIZATION};
use axum::http::{HeaderMap, HeaderValue, Method};
use serde_json::Value;

pub use discovery::{Discovery, Endpoints};
pub use error::{UpstreamError, What};
pub use keys::{Key, KeySet};
pub(super) use token::shortened;
pub use token::{Tokens, authorization_url, redeem, try_client};

use super::claims::Claims;
use super::provider::OauthProvider;
use crate::domain::Timestamp;
use crate::platform::http::{Fetched, Outbound};
use cached::Cached;

/// Octets of a JSON document that are read at most.
pub(super) const JSON_CAP: usize = 512 * 1024;

/// What was fetched of a provider lately.
#[derive(Debug, Default)]
pub struct Documents {
    discovery: Cached<Discovery>,
    keys: Cached<KeySet>,
}

/// A JSON object fetched with an access token (RFC 6750 §2.1).
pub async fn object_with_token(
    outbound: &Outbound,
    what: What,
    url: &str,
    access_token: &str,
) -> Result<Claims, UpstreamError> {
    let headers = bearer(access_token, "application/json")
        .ok_or_else(|| UpstreamError::malformed(what, "the access token is no header value"))?;
    let fetched = outbound
        .send(Method::GET, url, headers, Vec::new(), JSON_CAP)
        .await
        .map_err(|e| UpstreamError::fetch(what, e))?;
    object(what, &fetched)
}

/// The headers of a request with an access token.
pub(super) fn bearer(access_token: &str, accept: &'static str) -> Option<HeaderMap> {
    let mut value = HeaderValue::try_from(format!("Bearer {access_token}")).ok()?;
    value.set_sensitive(true);
    let mut headers = HeaderMap::new();
    headers.insert(AUTHORIZATION, value);
    headers.insert(ACCEPT, HeaderValue::from_static(accept));
    Some(headers)
}

/// The JSON object of a successful answer.
fn object(what: What, fetched: &Fetched) -> Result<Claims, UpstreamError> {
    if !(200..300).contains(&fetched.status) {
        return Err(UpstreamError::status(what, fetched.status));
    }
    match serde_json::from_slice(&fetched.body) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err(UpstreamError::malformed(what, "it is JSON, but no object")),
        Err(error) => Err(UpstreamError::malformed(what, not_json(fetched, &error))),
    }
}

fn not_json(fetched: &Fetched, error: &serde_json::Error) -> String {
    let start: Vec<u8> = fetched.body.iter().copied().take(64).collect();
    let start = String::from_utf8_lossy(&start)
        .trim_start()
        .to_ascii_lowercase();
    if start.starts_with('<') {
        "it is a web page, not JSON".to_owned()
    } else if start.starts_with("eyj") {
        "it is a signed or encrypted JWT; let the provider answer in plain JSON".to_owned()
    } else {
        format!("it is not JSON ({error})")
    }
}

impl OauthProvider {
    /// The provider's addresses: those that are set, and the rest as discovery
    /// says.
    pub async fn endpoints(
        &self,
        outbound: &Outbound,
        now: Timestamp,
    ) -> Result<Endpoints, UpstreamError> {
        let Some(url) = &self.discovery else {
            return Endpoints::fixed(self);
        };
        let fetch = || discovery::fetch(outbound, url, self.issuer.as_ref(), now);
        let found = self.documents.discovery.get(now, fetch).await?;
        Endpoints::discovered(self, &found)
    }

    /// The issuer's keys.
    pub async fn keys(
        &self,
        outbound: &Outbound,
        url: &str,
        now: Timestamp,
    ) -> Result<std::sync::Arc<KeySet>, UpstreamError> {
        let fetch = || keys::fetch(outbound, url, now);
        self.documents.keys.get(now, fetch).await
    }

    /// The issuer's keys anew, because those that are known lack one. Not more
    /// often than a few times a minute; `None` when that is used up.
    pub async fn newer_keys(
        &self,
        outbound: &Outbound,
        url: &str,
        known: &std::sync::Arc<KeySet>,
        now: Timestamp,
    ) -> Result<Option<std::sync::Arc<KeySet>>, UpstreamError> {
        let fetch = || keys::fetch(outbound, url, now);
        self.documents.keys.renew(known, now, fetch).await
    }

    /// Fetches both documents anew, for an admin who asks.
    pub async fn look_again(&self) {
        self.documents.discovery.forget().await;
        self.documents.keys.forget().await;
    }
}
