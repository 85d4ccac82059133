//! Discovery (OpenID Connect Discovery §4): where the provider's endpoints are.

use serde::Deserialize;

use super::cached::{Fresh, lifetime};
use super::error::{UpstreamError, What};
use super::{JSON_CAP, object};
use crate::domain::Timestamp;
use crate::domain::oauth::ClientAuth;
use crate::login::oauth::issuer::IssuerRule;
use crate::login::oauth::provider::OauthProvider;
use crate::platform::http::Outbound;

/// What a provider says of itself, as far as it is used.
#[derive(Debug)]
pub struct Discovery {
    document: Document,
    rule: Option<IssuerRule>,
}

#[derive(Debug, Deserialize)]
struct Document {
    issuer: Option<String>,
    authorization_endpoint: Option<String>,
    token_endpoint: Option<String>,
    userinfo_endpoint: Option<String>,
    jwks_uri: Option<String>,
    end_session_endpoint: Option<String>,
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
}

/// Where a provider is talked to.
#[derive(Clone, Debug)]
pub struct Endpoints {
    /// Where the browser goes.
    pub authorization: String,
    /// Where codes are redeemed.
    pub token: String,
    /// Where claims are asked for.
    pub userinfo: Option<String>,
    /// Where the keys are.
    pub jwks: Option<String>,
    /// Where the browser signs out.
    pub end_session: Option<String>,
    /// How the gateway proves who it is.
    pub client_auth: ClientAuth,
    /// Which issuer may have signed.
    pub issuer: Option<IssuerRule>,
    /// Whether every authorization response carries `iss` (RFC 9207 §3).
    pub sends_iss: bool,
}

pub(super) async fn fetch(
    outbound: &Outbound,
    url: &str,
    rule: Option<&IssuerRule>,
    now: Timestamp,
) -> Result<Fresh<Discovery>, UpstreamError> {
    let what = What::Discovery;
    let fetched = outbound
        .get(url, "application/json", JSON_CAP)
        .await
        .map_err(|e| UpstreamError::fetch(what, e))?;
    let object = object(what, &fetched)?;
    let mut document: Document = serde_json::from_value(object.into())
        .map_err(|e| UpstreamError::malformed(what, e.to_string()))?;
    let issuer = document.issuer.clone().ok_or(UpstreamError::Incomplete {
        what,
        missing: "issuer",
    })?;
    let rule = rule
        .map(|rule| rule.discovered(&issuer))
        .transpose()
        .map_err(|expected| UpstreamError::OtherIssuer {
            expected,
            received: issuer,
        })?;
    // Where it came from over plain http, its endpoints may be there too.
    let plain_http = fetched.url.scheme() == "http";
    for (member, address) in [
        ("authorization_endpoint", &document.authorization_endpoint),
        ("token_endpoint", &document.token_endpoint),
        ("userinfo_endpoint", &document.userinfo_endpoint),
        ("jwks_uri", &document.jwks_uri),
    ] {
        if let Some(received) = address.clone().filter(|a| !is_usable(a, plain_http)) {
            return Err(UpstreamError::Address { member, received });
        }
    }
    // Nobody is kept from signing in by what is for signing out.
    let end_session = document.end_session_endpoint.take();
    document.end_session_endpoint = end_session.filter(|a| is_usable(a, plain_http));
    Ok(Fresh {
        seconds: lifetime(&fetched.headers, now),
        document: Discovery { document, rule },
    })
}

fn is_usable(address: &str, plain_http: bool) -> bool {
    url::Url::parse(address).is_ok_and(|url| {
        let scheme = url.scheme() == "https" || (plain_http && url.scheme() == "http");
        scheme && url.username().is_empty() && url.password().is_none() && url.fragment().is_none()
    })
}

impl Endpoints {
    /// Those that are set.
    pub(super) fn fixed(provider: &OauthProvider) -> Result<Self, UpstreamError> {
        let what = What::Discovery;
        let missing = |missing| UpstreamError::Incomplete { what, missing };
        let fixed = provider.fixed.clone();
        let authorization = fixed.authorization;
        Ok(Self {
            authorization: authorization.ok_or_else(|| missing("authorization_endpoint"))?,
            token: fixed.token.ok_or_else(|| missing("token_endpoint"))?,
            userinfo: fixed.userinfo,
            jwks: fixed.jwks,
            end_session: fixed.end_session,
            client_auth: provider.client_auth(None),
            issuer: provider.issuer.clone(),
            sends_iss: false,
        })
    }

    /// Those that are set, and the rest as the provider says.
    pub(super) fn discovered(
        provider: &OauthProvider,
        found: &Discovery,
    ) -> Result<Self, UpstreamError> {
        let what = What::Discovery;
        let said = &found.document;
        let wanted = |set: &Option<String>, said: &Option<String>, missing| {
            set.clone()
                .or_else(|| said.clone())
                .ok_or(UpstreamError::Incomplete { what, missing })
        };
        let fixed = &provider.fixed;
        let optional =
            |set: &Option<String>, said: &Option<String>| set.clone().or_else(|| said.clone());
        let listed = said.token_endpoint_auth_methods_supported.as_deref();
        let authorization = wanted(
            &fixed.authorization,
            &said.authorization_endpoint,
            "authorization_endpoint",
        )?;
        let jwks = optional(&fixed.jwks, &said.jwks_uri);
        if jwks.is_none() && provider.has_id_token() {
            let missing = "jwks_uri";
            return Err(UpstreamError::Incomplete { what, missing });
        }
        Ok(Self {
            authorization,
            token: wanted(&fixed.token, &said.token_endpoint, "token_endpoint")?,
            userinfo: optional(&fixed.userinfo, &said.userinfo_endpoint),
            jwks,
            end_session: optional(&fixed.end_session, &said.end_session_endpoint),
            client_auth: provider.client_auth(listed),
            issuer: found.rule.clone(),
            sends_iss: said.authorization_response_iss_parameter_supported,
        })
    }
}
