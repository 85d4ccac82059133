//! Sends the browser to the provider.

use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};

use super::OauthState;
use super::trouble::Trouble;
use crate::directory::DirectoryError;
use crate::directory::test_logins::Tester;
use crate::domain::provider::ProviderKind;
use crate::login::explain::Report;
use crate::login::oauth::provider::OauthProvider;
use crate::login::oauth::upstream;
use crate::login::{linking, testing};
use crate::platform::i18n::Locale;
use crate::platform::web::ClientAddr;
use crate::sessions::prompt::Prompt;
use crate::sessions::sign_in;

/// Longest `login_hint` that is passed on: an address's (RFC 5321 §4.5.3.1.3).
const LONGEST_HINT: usize = 254;
/// Where what is kept is sealed: the table and the column.
pub(super) const PLACE: (&str, &str) = ("sign_in_transactions", "details");

/// What the answer will be checked against.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Kept {
    /// Stands in the ID token.
    pub nonce: String,
    /// Redeems the code (RFC 7636 §4.1).
    pub verifier: String,
}

/// The id under which a sign-in stands: not the state itself, which finishes
/// it.
pub(super) fn id_of(state: &str) -> String {
    format!("oauth-{}", crate::sessions::hash(state))
}

/// `GET /oauth/{slug}/login`.
pub async fn login(
    State(state): State<OauthState>,
    Path(slug): Path<String>,
    RawQuery(query): RawQuery,
    ClientAddr(client): ClientAddr,
    locale: Locale,
    headers: HeaderMap,
) -> Response {
    let report = Report {
        kit: &state.kit,
        directory: &state.directory,
        locale,
        provider: &slug,
        kind: "oauth",
        client,
    };
    let query = query.unwrap_or_default();
    let asked = testing::asked(&state.kit, &headers, &slug, &query);
    let is_test = matches!(asked, Ok(Some(_)));
    let provider = match state.find_for(&slug, is_test).await {
        Ok(provider) => provider,
        Err(trouble) => return trouble.answer(&report).await,
    };
    // Only providers that there are leave traces.
    let test = match asked {
        Ok(test) => test,
        Err(explanation) => return report.answer(*explanation).await,
    };
    let link = match linking::asked(&state.kit, &headers, &provider.provider.slug, &query) {
        Ok(link) => link,
        Err(explanation) => return report.answer(*explanation).await,
    };
    let (browser, new_cookie) = state.kit.ensure_browser_id(&headers);
    let rd = parameter(&query, "rd");
    let hosts = state.directory.hosts_for(rd.as_deref()).await;
    let hosts = hosts.unwrap_or_default();
    let target = rd
        .and_then(|rd| state.kit.local_target(&rd, &hosts))
        .unwrap_or_else(|| "/".to_owned());
    let hint = parameter(&query, "email").filter(|hint| {
        hint.len() <= LONGEST_HINT && !hint.chars().any(crate::domain::address::is_deceptive)
    });
    let origin = Origin {
        browser: &browser,
        target: &target,
        link: link.as_deref(),
        hint: hint.as_deref(),
        test: test.as_ref(),
        prompt: Prompt::asked(&query),
    };
    let mut response = match send(&state, &provider, &origin).await {
        Ok(response) => response,
        Err(trouble) => return trouble.answer(&report).await,
    };
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Some(cookie) = new_cookie {
        headers.append(header::SET_COOKIE, cookie);
    }
    response
}

/// Where a sign-in comes from, and what for.
struct Origin<'a> {
    /// The browser's cookie.
    browser: &'a str,
    /// Where to go afterwards.
    target: &'a str,
    /// The session whose user connects the identity to the account.
    link: Option<&'a str>,
    /// Whose account to offer.
    hint: Option<&'a str>,
    /// For whom it is only tried out.
    test: Option<&'a Tester>,
    /// What the person is to do there.
    prompt: Prompt,
}

/// How the provider is told: in its own words, where it has any.
fn prompted(provider: &OauthProvider, prompt: Prompt) -> Vec<(&'static str, &'static str)> {
    let Some(word) = prompt.word().filter(|_| provider.has_id_token()) else {
        return Vec::new();
    };
    match (provider.provider.kind, prompt) {
        // Google refuses `login`, and can show its accounts at the most.
        (ProviderKind::Google, _) => vec![("prompt", "select_account")],
        // With `max_age` the token has to say when the person signed in.
        (ProviderKind::Oidc, Prompt::Login) => vec![("prompt", word), ("max_age", "0")],
        _ => vec![("prompt", word)],
    }
}

async fn send(
    state: &OauthState,
    provider: &OauthProvider,
    origin: &Origin<'_>,
) -> Result<Response, Trouble> {
    let now = state.directory.now();
    let endpoints = provider
        .endpoints(&state.outbound, now)
        .await
        .map_err(Trouble::Upstream)?;
    let entropy = &state.directory.entropy;
    let token = entropy.base64url::<32>();
    let kept = Kept {
        nonce: entropy.base64url::<32>(),
        verifier: entropy.base64url::<32>(),
    };
    let mut extra = Vec::new();
    if provider.has_id_token() {
        extra.push(("nonce", kept.nonce.as_str()));
    }
    if let Some(domain) = &provider.settings.hosted_domain {
        extra.push(("hd", domain));
    }
    if let Some(hint) = origin.hint {
        extra.push(("login_hint", hint));
    }
    extra.extend(prompted(provider, origin.prompt));
    let url = upstream::authorization_url(provider, &endpoints, &token, &kept.verifier, &extra)
        .map_err(Trouble::Upstream)?;
    remember(state, provider, origin, &id_of(&token), &kept).await?;
    let location = HeaderValue::try_from(url).map_err(|e| Trouble::Internal(e.to_string()))?;
    Ok((StatusCode::FOUND, [(header::LOCATION, location)]).into_response())
}

async fn remember(
    state: &OauthState,
    provider: &OauthProvider,
    origin: &Origin<'_>,
    id: &str,
    kept: &Kept,
) -> Result<(), Trouble> {
    let text = serde_json::to_vec(kept).map_err(|e| Trouble::Internal(e.to_string()))?;
    let kept = state
        .sealer
        .seal(&text, PLACE.0, PLACE.1, id)
        .map_err(|e| Trouble::Internal(e.to_string()))?;
    let (id, slug) = (id.to_owned(), provider.provider.slug.clone());
    let (browser, target) = (origin.browser.to_owned(), origin.target.to_owned());
    let (link, now) = (origin.link.map(ToOwned::to_owned), state.directory.now());
    let (tester, sessions) = (origin.test.cloned(), state.sessions.clone());
    let anew = origin.prompt == Prompt::Login;
    let begun = state
        .directory
        .db
        .write(move |tx| {
            let (id, slug) = (id.clone(), slug.clone());
            let (browser, target) = (browser.clone(), target.clone());
            let (link, kept) = (link.clone(), kept.clone());
            let (tester, sessions) = (tester.clone(), sessions.clone());
            Box::pin(async move {
                if let Some(wanted) = &tester
                    && let Err(why) = testing::may_begin(tx, &sessions, wanted, &slug).await?
                {
                    return Ok(Err(why));
                }
                sign_in::start(tx, &id, &slug, &browser, &target, now).await?;
                sign_in::keep(tx, &id, &kept).await?;
                if let Some(tester) = tester {
                    sign_in::try_out(tx, &id, &tester).await?;
                } else if let Some(session) = link {
                    sign_in::link_to(tx, &id, &session).await?;
                } else if anew {
                    sign_in::demand_anew(tx, &id).await?;
                }
                Ok::<_, DirectoryError>(Ok(()))
            })
        })
        .await
        .map_err(Trouble::Directory)?;
    begun.map_err(Trouble::Explained)
}

/// The value of a query parameter, the first of its name.
fn parameter(query: &str, name: &str) -> Option<String> {
    url::form_urlencoded::parse(query.as_bytes())
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.into_owned())
}
