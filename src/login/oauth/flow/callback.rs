//! The redirect URI: takes the provider's answer.
//!
//! It is a GET that the browser makes itself, so its cookie is with it. The
//! sign-in is used up first; then the provider is asked, with no transaction
//! open; then the person is resolved and signed in, in one.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, RawQuery, State};
use axum::http::HeaderMap;
use axum::response::Response;

use super::OauthState;
use super::answer::Answer;
use super::finish::{self, End, Visit};
use super::person::Person;
use super::start::{Kept, PLACE, id_of};
use super::tested;
use super::trouble::Trouble;
use crate::directory::DirectoryError;
use crate::domain::oauth::WriteOnly;
use crate::domain::provider::ProviderKind;
use crate::domain::{Field, Slug};
use crate::login::explain::Report;
use crate::login::oauth::claims::{Claims, merged, moment, text};
use crate::login::oauth::graph;
use crate::login::oauth::id_token::{Expected, TokenError, Unverified, Verified};
use crate::login::oauth::provider::{Found, OauthProvider};
use crate::login::oauth::upstream::{self, Endpoints, Tokens, What};
use crate::platform::i18n::Locale;
use crate::platform::web::ClientAddr;
use crate::sessions::sign_in::{self, SignIn};

/// Octets of an ID token that is kept for signing out: it goes into an address.
const LONGEST_HINT: usize = 4 * 1024;
/// Time for everything that a provider is asked during one sign-in.
const UPSTREAM: Duration = Duration::from_secs(30);

/// `GET /oauth/{slug}/callback`.
pub async fn callback(
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
    let begun = match begin(&state, &slug, &query, &headers).await {
        Ok(begun) => begun,
        Err(trouble) => return trouble.answer(&report).await,
    };
    let asked = ask(&state, &begun).await;
    if let Some(tester) = begun.sign_in.test.clone() {
        return tested::finish(&state, &report, &headers, (begun, tester), asked).await;
    }
    let (person, access_token) = match asked {
        Ok(asked) => asked,
        Err(trouble) => return trouble.answer(&report).await,
    };
    let visit = Visit::of(&state, (client, locale), &headers, begun, person);
    let ended = finish::finish(&state, visit.clone()).await;
    let trouble = match ended {
        Ok(End::In { begun, user }) => {
            if let Some(address) = visit.person.photo.clone() {
                let provider = Arc::clone(&visit.provider);
                state
                    .photographer
                    .send_out(provider, user, address, access_token);
            }
            return finish::welcome(&state, &visit, &begun);
        }
        Ok(End::Linked(target)) => return finish::see_other(target),
        Ok(End::Out(explanation)) => return report.page(&explanation, visit.reference),
        Ok(End::Trouble(trouble)) => trouble,
        Err(error) => Trouble::Directory(error),
    };
    trouble.answer(&report).await
}

/// A sign-in whose answer has come.
pub(super) struct Begun {
    pub provider: Arc<OauthProvider>,
    pub sign_in: SignIn,
    kept: Kept,
    answer: Answer,
}

/// Finds the sign-in that the answer names, compares provider and browser, and
/// uses it up.
async fn begin(
    state: &OauthState,
    slug: &str,
    query: &str,
    headers: &HeaderMap,
) -> Result<Begun, Trouble> {
    let answer = match Answer::read(query) {
        Ok(answer) => answer,
        Err(what) => {
            // Only providers that there are leave traces.
            state.find(slug).await?;
            return Err(Trouble::Malformed(what));
        }
    };
    let id = answer.state.as_deref().map(id_of).unwrap_or_default();
    let browser = state.kit.browser_id(headers).map(ToOwned::to_owned);
    let (provider, sign_in) = claim(state, slug, &id, browser).await?;
    let kept = sign_in.kept.as_deref().unwrap_or_default();
    let kept = state.sealer.open(kept, PLACE.0, PLACE.1, &id);
    let kept = kept.map_err(|e| Trouble::Internal(e.to_string()))?;
    let kept = serde_json::from_slice(&kept).map_err(|e| Trouble::Internal(e.to_string()))?;
    Ok(Begun {
        provider,
        sign_in,
        kept,
        answer,
    })
}

async fn claim(
    state: &OauthState,
    slug: &str,
    id: &str,
    browser: Option<String>,
) -> Result<(Arc<OauthProvider>, SignIn), Trouble> {
    let slug = Slug::parse(slug).ok_or(Trouble::NoProvider)?;
    let (writer, id) = (state.clone(), id.to_owned());
    state
        .directory
        .db
        .write(move |tx| {
            let (state, slug) = (writer.clone(), slug.clone());
            let (id, browser) = (id.clone(), browser.clone());
            Box::pin(async move {
                let now = state.directory.now();
                let sign_in = sign_in::find(tx, &id, now).await?;
                let is_test = sign_in
                    .as_ref()
                    .is_some_and(|s| s.test.is_some() && s.provider == slug);
                let provider = match state.registry.find_for(tx, &slug, is_test).await? {
                    Found::Ready(provider) => provider,
                    Found::None => return Ok(Err(Trouble::NoProvider)),
                    Found::Broken(error) => return Ok(Err(Trouble::Setup(error))),
                };
                let Some(sign_in) = sign_in else {
                    return Ok(Err(Trouble::UnknownState));
                };
                // Whoever is not the one that it was made for uses nothing up.
                if sign_in.provider != slug {
                    return Ok(Err(Trouble::OtherProvider));
                }
                if !sign_in.is_of(browser.as_deref()) {
                    return Ok(Err(Trouble::OtherBrowser));
                }
                if !sign_in::claim(tx, &id).await? {
                    return Ok(Err(Trouble::UnknownState));
                }
                Ok::<_, DirectoryError>(Ok((provider, sign_in)))
            })
        })
        .await
        .map_err(Trouble::Directory)?
}

/// Asks the provider who signed in. The access token comes along for what can
/// wait until the person is in.
async fn ask(state: &OauthState, begun: &Begun) -> Result<(Person, String), Trouble> {
    match tokio::time::timeout(UPSTREAM, ask_all(state, begun)).await {
        Ok(asked) => asked,
        Err(_) => Err(Trouble::Late),
    }
}

async fn ask_all(state: &OauthState, begun: &Begun) -> Result<(Person, String), Trouble> {
    let (provider, outbound) = (&begun.provider, &state.outbound);
    let endpoints = provider
        .endpoints(outbound, state.directory.now())
        .await
        .map_err(Trouble::Upstream)?;
    check_answer(&begun.answer, &endpoints)?;
    let code = begun.answer.code.as_deref().filter(|code| !code.is_empty());
    let code = code.ok_or(Trouble::Malformed(
        "The answer carries neither a code nor an error.",
    ))?;
    let tokens = upstream::redeem(provider, &endpoints, outbound, code, &begun.kept.verifier)
        .await
        .map_err(Trouble::Upstream)?;
    let (issuer, claims) = if provider.has_id_token() {
        let verified = verify(state, begun, &endpoints, &tokens).await?;
        let claims = completed(state, provider, &endpoints, verified.claims, &tokens).await?;
        (verified.issuer, claims)
    } else {
        plain(state, provider, &endpoints, &tokens).await?
    };
    check_organization(provider, &claims)?;
    check_anew(state, &begun.sign_in, &claims)?;
    let mut person = Person::read(provider, endpoints.issuer.as_ref(), issuer, &claims)?;
    if provider.settings.single_logout {
        let kept = tokens.id_token.as_ref();
        let kept = kept.filter(|token| token.len() <= LONGEST_HINT);
        person.id_token = kept.map(WriteOnly::new);
    }
    let values = provider.claims.groups(&claims);
    if provider.provider.kind == ProviderKind::Microsoft && graph::has_more_groups(&claims) {
        match graph::groups(outbound, &provider.settings, &tokens.access_token).await {
            Ok(values) => person.set_groups(provider, &values),
            // The groups stay as they were; the person comes in.
            Err(error) => person.notes.push(format!(
                "The token has too many groups to carry them, and they stay as they were: {error}."
            )),
        }
    } else {
        person.set_groups(provider, &values);
    }
    Ok((person, tokens.access_token))
}

/// What the answer says of itself: an error, and whose it is.
fn check_answer(answer: &Answer, endpoints: &Endpoints) -> Result<(), Trouble> {
    if let Some(rule) = &endpoints.issuer {
        let fits = match &answer.iss {
            Some(iss) => rule.allows_parameter(iss),
            None => !endpoints.sends_iss,
        };
        if !fits {
            return Err(Trouble::OtherIssuer {
                expected: rule.words(),
                received: answer.iss.as_deref().map(upstream::shortened),
            });
        }
    }
    match &answer.error {
        Some(error) => Err(Trouble::Declined {
            error: upstream::shortened(error),
            description: upstream::shortened(answer.error_description.as_deref().unwrap_or("")),
        }),
        None => Ok(()),
    }
}

/// Verifies the ID token; where its key is not known, with the issuer's keys
/// fetched anew.
async fn verify(
    state: &OauthState,
    begun: &Begun,
    endpoints: &Endpoints,
    tokens: &Tokens,
) -> Result<Verified, Trouble> {
    let (provider, outbound, now) = (&begun.provider, &state.outbound, state.directory.now());
    let token = tokens.id_token.as_deref().ok_or(Trouble::NoIdToken)?;
    let cut = Unverified::cut(token).map_err(Trouble::Token)?;
    let (Some(rule), Some(url)) = (&endpoints.issuer, &endpoints.jwks) else {
        return Err(Trouble::Internal(
            "the provider has no issuer or no keys".to_owned(),
        ));
    };
    let mut keys = provider
        .keys(outbound, url, now)
        .await
        .map_err(Trouble::Upstream)?;
    if !cut.has_key_in(&keys) {
        let newer = provider.newer_keys(outbound, url, &keys, now).await;
        if let Some(newer) = newer.map_err(Trouble::Upstream)? {
            keys = newer;
        }
    }
    let expected = Expected {
        issuer: rule,
        client_id: &provider.settings.client_id,
        nonce: &begun.kept.nonce,
        access_token: &tokens.access_token,
        now,
        max_skew: state.max_skew,
    };
    cut.verify(&keys, &expected).map_err(Trouble::Token)
}

/// The ID token's claims, with those of userinfo where they are needed. The
/// two must be of the same person (OpenID Connect Core §5.3.2).
async fn completed(
    state: &OauthState,
    provider: &OauthProvider,
    endpoints: &Endpoints,
    claims: Claims,
    tokens: &Tokens,
) -> Result<Claims, Trouble> {
    let is_set = provider.fixed.userinfo.is_some();
    let is_lacking = provider.claims.value(Field::Email, &claims).is_none();
    let is_wanted = is_set || is_lacking || provider.provider.kind == ProviderKind::Oidc;
    let Some(url) = endpoints.userinfo.as_ref().filter(|_| is_wanted) else {
        return Ok(claims);
    };
    let what = What::UserInfo;
    let more = upstream::object_with_token(&state.outbound, what, url, &tokens.access_token)
        .await
        .map_err(Trouble::Upstream)?;
    let subject = |claims: &Claims| {
        let subject = claims.get("sub").and_then(|sub| sub.as_str());
        subject.map(ToOwned::to_owned)
    };
    let expected = subject(&claims).ok_or(Trouble::Token(TokenError::Claim("sub")))?;
    let received = subject(&more);
    if received.as_ref() != Some(&expected) {
        return Err(Trouble::OtherSubject { expected, received });
    }
    Ok(merged(claims, more))
}

/// OAuth 2.0 without an ID token: the code came to this browser under PKCE, and
/// the token that it was worth says whose it is.
async fn plain(
    state: &OauthState,
    provider: &OauthProvider,
    endpoints: &Endpoints,
    tokens: &Tokens,
) -> Result<(String, Claims), Trouble> {
    let url = endpoints.userinfo.as_ref();
    let url = url.ok_or_else(|| Trouble::Internal("the provider has no userinfo".to_owned()))?;
    let what = What::UserInfo;
    let claims = upstream::object_with_token(&state.outbound, what, url, &tokens.access_token)
        .await
        .map_err(Trouble::Upstream)?;
    // Who is asked stands for the issuer: a provider that is pointed elsewhere
    // inherits nobody.
    let issuer = provider.settings.issuer.as_ref().unwrap_or(url);
    Ok((issuer.clone(), claims))
}

/// Whether the person signed in anew, where that was asked for and the provider
/// says when it was (OpenID Connect Core §3.1.2.1, `max_age`).
fn check_anew(state: &OauthState, sign_in: &SignIn, claims: &Claims) -> Result<(), Trouble> {
    let asked = sign_in.created_at;
    match moment(claims, "auth_time") {
        Some(at) if sign_in.anew && at < asked.plus_seconds(-state.max_skew - 1) => {
            Err(Trouble::Token(TokenError::NotAnew {
                asked,
                at: at.rfc3339(),
            }))
        }
        _ => Ok(()),
    }
}

/// The organization that alone may come in, where one is set: Google's `hd`,
/// Webex's `orgId`.
fn check_organization(provider: &OauthProvider, claims: &Claims) -> Result<(), Trouble> {
    let settings = &provider.settings;
    for (claim, wanted, any_case) in [
        ("hd", &settings.hosted_domain, true),
        ("orgId", &settings.organization, false),
    ] {
        let Some(expected) = wanted.clone() else {
            continue;
        };
        let received = text(claims, claim);
        let fits = received.as_deref().is_some_and(|received| {
            received == expected || (any_case && received.eq_ignore_ascii_case(&expected))
        });
        if !fits {
            return Err(Trouble::OtherOrganization {
                claim,
                expected,
                received,
            });
        }
    }
    Ok(())
}
