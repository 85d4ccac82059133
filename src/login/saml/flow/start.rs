//! Sends the browser to the IdP, and tells the IdP who we are.

use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::SamlState;
use super::trouble::{Known, Trouble};
use crate::directory::DirectoryError;
use crate::directory::test_logins::Tester;
use crate::directory::traces::Side;
use crate::domain::Slug;
use crate::domain::provider::RequestBinding;
use crate::login::explain::{Explanation, Report};
use crate::login::saml::authn_request::{AuthnRequest, Params};
use crate::login::saml::binding::{self, MessageKind, Signer};
use crate::login::saml::keys::{KeyRing, SpKey};
use crate::login::saml::provider::{Found, SamlProvider};
use crate::login::saml::sp_metadata::{KeyUse, PublishedKey, SpMetadata, Urls};
use crate::login::{linking, testing};
use crate::platform::i18n::Locale;
use crate::platform::web::pages::Relay;
use crate::platform::web::{ClientAddr, Message};
use crate::sessions::prompt::Prompt;
use crate::sessions::sign_in;

/// The query parameter that marks a start at the IdP's side, converted.
pub(super) const CONVERTED: &str = "initiated";

/// `GET /saml/{slug}/login`.
pub async fn login(
    State(state): State<SamlState>,
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
        kind: "saml",
        client,
    };
    let query = query.unwrap_or_default();
    let asked = testing::asked(&state.kit, &headers, &slug, &query);
    let is_test = matches!(asked, Ok(Some(_)));
    let provider = match find_for(&state, &slug, is_test).await {
        Ok(provider) => provider,
        Err(trouble) => return trouble.answer(&report, Known::default()).await,
    };
    // Only providers that there are leave traces.
    let test = match asked {
        Ok(test) => test,
        Err(explanation) => return report.answer(*explanation).await,
    };
    let converted = parameter(&query, CONVERTED).is_some();
    if converted && state.kit.just_converted(&headers) {
        return report.answer(goes_in_circles()).await;
    }
    let (browser, new_cookie) = state.kit.ensure_browser_id(&headers);
    let rd = parameter(&query, "rd");
    let hosts = state.directory.hosts_for(rd.as_deref()).await;
    let hosts = hosts.unwrap_or_default();
    let target = rd
        .and_then(|rd| state.kit.local_target(&rd, &hosts))
        .unwrap_or_else(|| "/".to_owned());
    let link = match linking::asked(&state.kit, &headers, &provider.provider.slug, &query) {
        Ok(link) => link,
        Err(explanation) => return report.answer(*explanation).await,
    };
    let origin = Origin {
        browser: &browser,
        target: &target,
        link: link.as_deref(),
        test: test.as_ref(),
        anew: Prompt::asked(&query) == Prompt::Login,
    };
    let mut response = match send(&state, &provider, &origin, locale).await {
        Ok(response) => response,
        Err(trouble) => {
            let known = Known {
                provider: Some(provider),
                ..Known::default()
            };
            return trouble.answer(&report, known).await;
        }
    };
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Some(cookie) = new_cookie {
        headers.append(header::SET_COOKIE, cookie);
    }
    if converted {
        headers.append(header::SET_COOKIE, state.kit.converted_cookie());
    }
    response
}

/// The provider of a path, ready to be used.
pub(super) async fn find(
    state: &SamlState,
    slug: &str,
) -> Result<std::sync::Arc<SamlProvider>, Trouble> {
    find_for(state, slug, false).await
}

/// The same, where wanted, of a provider that is switched off.
async fn find_for(
    state: &SamlState,
    slug: &str,
    even_off: bool,
) -> Result<std::sync::Arc<SamlProvider>, Trouble> {
    let slug = Slug::parse(slug).ok_or(Trouble::NoProvider)?;
    let reader = state.clone();
    let found = state
        .directory
        .db
        .look_up(move |tx| {
            let (state, slug) = (reader.clone(), slug.clone());
            Box::pin(async move {
                let now = state.directory.now();
                let found = state
                    .registry
                    .find_for(tx, &slug, (state.public_url(), now), even_off)
                    .await?;
                Ok::<_, DirectoryError>(found)
            })
        })
        .await
        .map_err(Trouble::Directory)?;
    match found {
        Found::Ready(provider) => Ok(provider),
        Found::None => Err(Trouble::NoProvider),
        Found::Broken(error) => Err(Trouble::Setup(error)),
    }
}

/// Where a sign-in comes from, and what for.
struct Origin<'a> {
    /// The browser's cookie.
    browser: &'a str,
    /// Where to go afterwards.
    target: &'a str,
    /// The session whose user connects the identity to the account.
    link: Option<&'a str>,
    /// For whom it is only tried out.
    test: Option<&'a Tester>,
    /// Whether the person has to sign in anew.
    anew: bool,
}

async fn send(
    state: &SamlState,
    provider: &SamlProvider,
    origin: &Origin<'_>,
    locale: Locale,
) -> Result<Response, Trouble> {
    let (binding, destination) = destination(provider).ok_or(Trouble::NoEndpoint)?;
    let settings = provider.provider.saml.clone().unwrap_or_default();
    let now = state.directory.now();
    let params = Params {
        destination,
        issuer: &provider.urls.entity_id,
        acs_url: &provider.urls.acs,
        name_id_format: settings.name_id_format,
        force_authn: settings.force_authn || origin.anew,
        requested_authn_context: &settings.requested_authn_context,
    };
    let request = AuthnRequest::new(&params, now, &state.directory.entropy)
        .map_err(|e| Trouble::Internal(e.to_string()))?;
    let (id, slug) = (request.id.clone(), provider.provider.slug.clone());
    let (browser, target) = (origin.browser.to_owned(), origin.target.to_owned());
    let (link, test) = (origin.link.map(ToOwned::to_owned), origin.test.cloned());
    let (sessions, anew) = (state.sessions.clone(), origin.anew);
    let begun = state
        .directory
        .db
        .write(move |tx| {
            let (id, slug) = (id.clone(), slug.clone());
            let (browser, target) = (browser.clone(), target.clone());
            let (link, test, sessions) = (link.clone(), test.clone(), sessions.clone());
            Box::pin(async move {
                if let Some(tester) = &test
                    && let Err(why) = testing::may_begin(tx, &sessions, tester, &slug).await?
                {
                    return Ok(Err(why));
                }
                sign_in::start(tx, &id, &slug, &browser, &target, now).await?;
                if let Some(tester) = test {
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
    begun.map_err(Trouble::Explained)?;
    let kind = MessageKind::Request;
    let signing = signing_key(provider)?;
    let signer = signing.map(|key| Signer {
        key: &key.private,
        certificate: Some(&key.certificate),
    });
    match binding {
        RequestBinding::Redirect => {
            let key = signing.map(|key| &key.private);
            let url = binding::redirect_url(destination, kind, &request.xml, None, key)
                .map_err(|e| Trouble::Internal(e.to_string()))?;
            let location =
                HeaderValue::try_from(url).map_err(|e| Trouble::Internal(e.to_string()))?;
            Ok((StatusCode::FOUND, [(header::LOCATION, location)]).into_response())
        }
        RequestBinding::Post => {
            let form =
                binding::post_form(destination, kind, &request.xml, &request.id, None, signer)
                    .map_err(|e| Trouble::Internal(e.to_string()))?;
            let fields = vec![(form.parameter.to_owned(), form.message)];
            Ok(state.kit.on_the_way(
                locale,
                Relay {
                    action: form.action,
                    fields,
                },
            ))
        }
    }
}

/// The key that signs requests: where the admin wants it, or where the IdP
/// says that it takes no others.
fn signing_key(provider: &SamlProvider) -> Result<Option<&SpKey>, Trouble> {
    let wanted = provider
        .provider
        .saml
        .as_ref()
        .is_some_and(|s| s.sign_requests);
    if !wanted && !provider.metadata.want_authn_requests_signed {
        return Ok(None);
    }
    match provider.ring.as_ref().and_then(KeyRing::signing) {
        None if wanted => Err(Trouble::Internal(
            "the provider has no key to sign with".to_owned(),
        )),
        key => Ok(key),
    }
}

/// The IdP's address for the binding that is set, else for the other one.
fn destination(provider: &SamlProvider) -> Option<(RequestBinding, &str)> {
    let redirect = provider.metadata.sso_redirect.as_deref();
    let post = provider.metadata.sso_post.as_deref();
    let redirect = redirect.map(|url| (RequestBinding::Redirect, url));
    let post = post.map(|url| (RequestBinding::Post, url));
    let wanted = provider
        .provider
        .saml
        .as_ref()
        .map(|s| s.request_binding)
        .unwrap_or_default();
    match wanted {
        RequestBinding::Redirect => redirect.or(post),
        RequestBinding::Post => post.or(redirect),
    }
}

/// An IdP that answers every request of ours as if it had not come would send
/// the browser round for ever: one round is enough.
fn goes_in_circles() -> Explanation {
    Explanation::failed(
        "saml.request_ignored",
        Message::UnsolicitedStart,
        "the IdP was sent a request and answered as if there had been none: its answer has no InResponseTo, a second time within a minute",
    )
    .remedied(
        Side::Idp,
        "Let the application at the IdP answer SP-initiated requests (AuthnRequests) at the address that its metadata names.",
    )
}

/// The value of a query parameter, the first of its name.
pub(super) fn parameter(query: &str, name: &str) -> Option<String> {
    url::form_urlencoded::parse(query.as_bytes())
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.into_owned())
}

/// `GET /saml/{slug}/metadata`: also for a provider whose IdP has not been
/// described yet, or is switched off, since the IdP's admin needs it first.
pub async fn metadata(
    State(state): State<SamlState>,
    Path(slug): Path<String>,
    ClientAddr(client): ClientAddr,
    locale: Locale,
) -> Response {
    let report = Report {
        kit: &state.kit,
        directory: &state.directory,
        locale,
        provider: &slug,
        kind: "saml",
        client,
    };
    let stored = match Slug::parse(&slug) {
        Some(slug) => state.directory.provider(&slug).await,
        None => Err(DirectoryError::NotFound("provider")),
    };
    let stored = match stored {
        Ok(stored) => stored,
        Err(DirectoryError::NotFound(_)) => {
            return Trouble::NoProvider.answer(&report, Known::default()).await;
        }
        Err(error) => return report.unavailable(&error),
    };
    let provider = &stored.provider;
    let Some(settings) = &provider.saml else {
        return Trouble::NoProvider.answer(&report, Known::default()).await;
    };
    let ring = match state.registry.ring(&stored) {
        Ok(ring) => ring,
        Err(error) => {
            return Trouble::Setup(error)
                .answer(&report, Known::default())
                .await;
        }
    };
    let keys = ring.as_ref().map(published).unwrap_or_default();
    let urls = Urls::new(state.public_url(), &provider.slug);
    let document = SpMetadata {
        urls: &urls,
        sign_requests: settings.sign_requests,
        name_id_format: settings.name_id_format,
        keys: &keys,
        single_logout: !keys.is_empty(),
    };
    match document.to_xml() {
        Ok(xml) => {
            let kind = HeaderValue::from_static("application/samlmetadata+xml");
            ([(header::CONTENT_TYPE, kind)], xml).into_response()
        }
        Err(error) => {
            Trouble::Internal(error.to_string())
                .answer(&report, Known::default())
                .await
        }
    }
}

/// All keys for both uses: in a rollover an IdP may meet a signature of either,
/// and encrypt for either.
fn published(ring: &KeyRing) -> Vec<PublishedKey<'_>> {
    [KeyUse::Signing, KeyUse::Encryption]
        .into_iter()
        .flat_map(|key_use| {
            ring.all().iter().map(move |key| PublishedKey {
                key_use,
                certificate: &key.der,
            })
        })
        .collect()
}
