//! The authorization request and the token request (RFC 6749 §4.1, RFC 7636).

use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};

use axum::http::Response;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use oauth2::basic::{
    BasicErrorResponse, BasicRevocationErrorResponse, BasicTokenIntrospectionResponse,
    BasicTokenType,
};
use oauth2::{
    AuthType, AuthUrl, AuthorizationCode, ClientId, ClientSecret, CsrfToken, EndpointNotSet,
    EndpointSet, ExtraTokenFields, HttpRequest, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl,
    RequestTokenError, Scope, StandardRevocableToken, StandardTokenResponse, TokenResponse as _,
    TokenUrl,
};
use serde::{Deserialize, Serialize};

use super::JSON_CAP;
use super::discovery::Endpoints;
use super::error::{UpstreamError, What};
use crate::domain::oauth::ClientAuth;
use crate::login::oauth::provider::OauthProvider;
use crate::platform::http::{FetchError, Outbound};

/// Longest description of an error that is kept, in characters.
const DESCRIPTION: usize = 300;

/// What the token endpoint adds for OpenID Connect (Core §3.1.3.3).
#[derive(Clone, Debug, Deserialize, Serialize)]
struct WithIdToken {
    id_token: Option<String>,
}

impl ExtraTokenFields for WithIdToken {}

type Client = oauth2::Client<
    BasicErrorResponse,
    StandardTokenResponse<WithIdToken, BasicTokenType>,
    BasicTokenIntrospectionResponse,
    StandardRevocableToken,
    BasicRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointSet,
>;

/// What a code was worth. It is used once and kept nowhere.
pub struct Tokens {
    /// For the provider's own APIs.
    pub access_token: String,
    /// Who signed in.
    pub id_token: Option<String>,
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tokens").finish_non_exhaustive()
    }
}

fn client(provider: &OauthProvider, endpoints: &Endpoints) -> Result<Client, UpstreamError> {
    let unusable = |member| {
        move |_| UpstreamError::Address {
            member,
            received: String::new(),
        }
    };
    let id = ClientId::new(provider.settings.client_id.clone());
    let authorization = AuthUrl::new(endpoints.authorization.clone());
    let token = TokenUrl::new(endpoints.token.clone());
    let callback = RedirectUrl::new(provider.urls.callback.clone());
    let client = oauth2::Client::new(id)
        .set_auth_type(match endpoints.client_auth {
            ClientAuth::Basic => AuthType::BasicAuth,
            ClientAuth::Post | ClientAuth::None => AuthType::RequestBody,
        })
        .set_auth_uri(authorization.map_err(unusable("authorization_endpoint"))?)
        .set_token_uri(token.map_err(unusable("token_endpoint"))?)
        .set_redirect_uri(callback.map_err(unusable("redirect_uri"))?);
    Ok(match &provider.secret {
        Some(secret) if endpoints.client_auth != ClientAuth::None => {
            client.set_client_secret(ClientSecret::new(secret.expose().to_owned()))
        }
        _ => client,
    })
}

/// Where to send the browser. `extra` are parameters besides those of the
/// standards.
pub fn authorization_url(
    provider: &OauthProvider,
    endpoints: &Endpoints,
    state: &str,
    verifier: &str,
    extra: &[(&'static str, &str)],
) -> Result<String, UpstreamError> {
    let client = client(provider, endpoints)?;
    let verifier = PkceCodeVerifier::new(verifier.to_owned());
    let scopes = provider.preset.scopes(&provider.settings);
    let mut request = client
        .authorize_url(|| CsrfToken::new(state.to_owned()))
        .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier))
        .add_scopes(scopes.into_iter().map(Scope::new));
    for (name, value) in extra {
        request = request.add_extra_param(*name, (*value).to_owned());
    }
    Ok(request.url().0.into())
}

/// Redeems a code.
pub async fn redeem(
    provider: &OauthProvider,
    endpoints: &Endpoints,
    outbound: &Outbound,
    code: &str,
    verifier: &str,
) -> Result<Tokens, UpstreamError> {
    let client = client(provider, endpoints)?;
    // The crate drops the status of what it cannot read.
    let status = Arc::new(AtomicU16::new(0));
    let http = |request: HttpRequest| {
        let (outbound, status) = (outbound.clone(), Arc::clone(&status));
        async move {
            let response = send(&outbound, request).await?;
            status.store(response.status().as_u16(), Ordering::Relaxed);
            Ok::<_, FetchError>(response)
        }
    };
    // Boxed: the crate's bounds on lifetimes hide from callers that it is `Send`.
    let request: BoxFuture<'_, _> = client
        .exchange_code(AuthorizationCode::new(code.to_owned()))
        .set_pkce_verifier(PkceCodeVerifier::new(verifier.to_owned()))
        .request_async(&http)
        .boxed();
    let response = request
        .await
        .map_err(|error| explain(error, status.load(Ordering::Relaxed)))?;
    Ok(Tokens {
        access_token: response.access_token().secret().clone(),
        id_token: response.extra_fields().id_token.clone(),
    })
}

/// Redeems a code that cannot exist: what the provider says of it shows
/// whether it knows the client. `Ok` when it does.
pub async fn try_client(
    provider: &OauthProvider,
    endpoints: &Endpoints,
    outbound: &Outbound,
) -> Result<(), UpstreamError> {
    let none = "doorward-test-code-that-nobody-gave";
    let verifier = "doorward-test-verifier-that-nobody-gave-a-challenge";
    match redeem(provider, endpoints, outbound, none, verifier).await {
        Ok(_) => Ok(()),
        Err(error) if error.code() == "oauth.code_refused" => Ok(()),
        Err(error) => Err(error),
    }
}

async fn send(outbound: &Outbound, request: HttpRequest) -> Result<Response<Vec<u8>>, FetchError> {
    let (parts, body) = request.into_parts();
    let url = parts.uri.to_string();
    let fetched = outbound
        .send(parts.method, &url, parts.headers, body, JSON_CAP)
        .await?;
    let mut response = Response::new(fetched.body);
    *response.status_mut() = axum::http::StatusCode::from_u16(fetched.status)
        .unwrap_or(axum::http::StatusCode::BAD_GATEWAY);
    *response.headers_mut() = fetched.headers;
    Ok(response)
}

fn explain(error: RequestTokenError<FetchError, BasicErrorResponse>, status: u16) -> UpstreamError {
    let what = What::Token;
    match error {
        RequestTokenError::Request(problem) => UpstreamError::fetch(what, problem),
        // A server that broke says nothing of the client, whatever it writes.
        _ if status >= 500 => UpstreamError::status(what, status),
        RequestTokenError::ServerResponse(refused) => UpstreamError::Refused {
            error: shortened(refused.error().as_ref()),
            description: shortened(refused.error_description().map_or("", |d| d.as_str())),
        },
        // Some answer their refusals with status 200.
        RequestTokenError::Parse(problem, body) => match refusal(&body) {
            Some(refused) => refused,
            None if status != 200 => UpstreamError::status(what, status),
            None => UpstreamError::malformed(what, format!("{}", problem.inner())),
        },
        RequestTokenError::Other(_) if status != 200 => UpstreamError::status(what, status),
        RequestTokenError::Other(_) => UpstreamError::malformed(what, "it is not JSON"),
    }
}

fn refusal(body: &[u8]) -> Option<UpstreamError> {
    #[derive(Deserialize)]
    struct Refusal {
        error: String,
        #[serde(default)]
        error_description: String,
    }
    let refusal: Refusal = serde_json::from_slice(body).ok()?;
    Some(UpstreamError::Refused {
        error: shortened(&refusal.error),
        description: shortened(&refusal.error_description),
    })
}

/// A provider's words: one line, not too long, and nothing that does not show.
pub(in crate::login::oauth) fn shortened(text: &str) -> String {
    let line: String = text
        .chars()
        .map(|c| if c.is_whitespace() { ' ' } else { c })
        .filter(|c| !crate::domain::address::is_deceptive(*c))
        .take(DESCRIPTION)
        .collect();
    line.trim().to_owned()
}
