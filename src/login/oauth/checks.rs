//! What a test of an OAuth provider looks at, asking the provider itself.

use super::provider::OauthProvider;
use super::upstream::{self, Endpoints, UpstreamError};
use crate::domain::Timestamp;
use crate::domain::oauth::ClientAuth;
use crate::domain::provider::ProviderKind;
use crate::login::checks::Check;
use crate::platform::http::Outbound;

/// Asks the provider for everything that a login needs. What was fetched lately
/// does not count.
pub async fn ask(provider: &OauthProvider, outbound: &Outbound, now: Timestamp) -> Vec<Check> {
    provider.look_again().await;
    let endpoints = match provider.endpoints(outbound, now).await {
        Ok(endpoints) => endpoints,
        Err(error) => return vec![failed("discovery", &error)],
    };
    let discovery = match &provider.discovery {
        None => "The endpoints are set; nothing has to be discovered.".to_owned(),
        Some(url) => format!("{url} names the endpoints."),
    };
    let mut checks = vec![
        Check::fine("discovery", discovery),
        described(provider, &endpoints),
    ];
    if let Some(url) = endpoints
        .jwks
        .as_deref()
        .filter(|_| provider.has_id_token())
    {
        checks.push(match provider.keys(outbound, url, now).await {
            Ok(keys) => Check::fine(
                "keys",
                format!(
                    "The provider publishes {} keys that can sign ID tokens, and {} others.",
                    keys.keys.len(),
                    keys.unusable
                ),
            ),
            Err(error) => failed("keys", &error),
        });
    }
    checks.push(client(provider, &endpoints, outbound).await);
    checks.extend(vouching(provider, &endpoints));
    checks
}

fn described(provider: &OauthProvider, endpoints: &Endpoints) -> Check {
    let issuer = endpoints
        .issuer
        .as_ref()
        .map(super::issuer::IssuerRule::words);
    let userinfo = endpoints.userinfo.as_deref().unwrap_or("none");
    let issuer = issuer.as_deref().unwrap_or("none");
    let summary = format!(
        "People are sent to {}; codes are redeemed at {} ({}); userinfo: {userinfo}; issuer: {issuer}.",
        endpoints.authorization, endpoints.token, endpoints.client_auth
    );
    let plain = [&endpoints.authorization, &endpoints.token];
    let is_plain = plain.iter().any(|url| url.starts_with("http://"));
    if is_plain && provider.urls.callback.starts_with("https://") {
        let remedy = "Let the provider offer its endpoints by https.";
        return Check::warning("endpoints", summary, remedy);
    }
    Check::fine("endpoints", summary)
}

/// Whether the token endpoint knows the client: it is asked to redeem a code
/// that nobody gave out.
async fn client(provider: &OauthProvider, endpoints: &Endpoints, outbound: &Outbound) -> Check {
    const NAME: &str = "client";
    if endpoints.client_auth == ClientAuth::None {
        let summary = "The client has no secret, so nothing shows whether the provider knows it.";
        return Check::fine(NAME, summary);
    }
    match upstream::try_client(provider, endpoints, outbound).await {
        Ok(()) => Check::fine(NAME, "The token endpoint takes the client's id and secret."),
        Err(error) if error.code() == "oauth.token_refused" => Check::warning(
            NAME,
            format!("Whether the provider knows the client could not be found out: {error}."),
            "Sign in once; the trace says what is wrong if it fails.",
        ),
        Err(error) => failed(NAME, &error),
    }
}

/// What an admin may not expect of addresses.
fn vouching(provider: &OauthProvider, endpoints: &Endpoints) -> Option<Check> {
    let one = endpoints
        .issuer
        .as_ref()
        .is_some_and(super::issuer::IssuerRule::is_one_tenant);
    (provider.provider.kind == ProviderKind::Microsoft && !one).then(|| {
        Check::warning(
            "addresses",
            "Several tenants may come in, so addresses count only where the token carries xms_edov.",
            "Set oauth.tenant to your tenant's id, or add the optional claim xms_edov to the application's ID token at Microsoft.",
        )
    })
}

fn failed(name: &'static str, error: &UpstreamError) -> Check {
    let mut text = error.to_string();
    let (expected, received) = error.compared();
    if let (Some(expected), [received, ..]) = (expected, received.as_slice()) {
        text = format!("{text}: {expected} was expected, {received} came");
    }
    Check::failed(name, format!("{text}."), error.remedy().1)
}
