//! Signing out at the IdP, once the session here has ended.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};

use super::SamlState;
use super::trouble::Trouble;
use crate::directory::DirectoryError;
use crate::login::saml::binding::{self, MessageKind, Signer};
use crate::login::saml::keys::KeyRing;
use crate::login::saml::logout::{self, Binding, Outgoing, Parties};
use crate::login::saml::provider::SamlProvider;
use crate::platform::i18n::Locale;
use crate::platform::web::pages::Relay;
use crate::sessions::logout::{self as asked, Left};

/// The way of the browser to the IdP that a session began at, with a signed
/// request to end the one there; `None` where there is none. The session here
/// has ended before: an IdP that never answers keeps nobody signed in here.
pub async fn leave(state: &SamlState, left: &Left) -> Option<Response> {
    let signed_in = &left.signed_in;
    let slug = signed_in.provider.as_ref()?;
    signed_in.name_id.as_ref()?;
    let provider = super::start::find(state, slug.as_str()).await.ok()?;
    match ask(state, &provider, left).await {
        Ok(response) => response,
        Err(trouble) => {
            tracing::error!(provider = %slug, ?trouble, "the IdP could not be asked to sign out");
            None
        }
    }
}

async fn ask(
    state: &SamlState,
    provider: &SamlProvider,
    left: &Left,
) -> Result<Option<Response>, Trouble> {
    let signed_in = &left.signed_in;
    let place = logout::request_endpoint(&provider.metadata);
    // Of another IdP than the one that the provider stands for now: no.
    let same = signed_in.issuer.as_deref() == Some(&provider.metadata.entity_id);
    let wanted = !provider.settings().local_logout && provider.ring.is_some() && same;
    let (Some(place), Some(name_id)) = (place.filter(|_| wanted), &signed_in.name_id) else {
        return Ok(None);
    };
    let parties = Parties {
        issuer: &provider.urls.entity_id,
        destination: place.1,
    };
    let (now, entropy) = (state.directory.now(), &state.directory.entropy);
    let index = signed_in.session_index.as_deref();
    let message = logout::request(parties, name_id, index, now, entropy);
    let (id, slug) = (message.id.clone(), provider.provider.slug.clone());
    let target = left.target.clone();
    state
        .directory
        .db
        .write(move |tx| {
            let (id, slug, target) = (id.clone(), slug.clone(), target.clone());
            Box::pin(async move {
                asked::ask(tx, &id, &slug, target.as_deref(), now).await?;
                Ok::<_, DirectoryError>(())
            })
        })
        .await
        .map_err(Trouble::Directory)?;
    let kind = MessageKind::Request;
    send(state, left.locale, provider, place, (kind, &message), None).map(Some)
}

/// Sends a logout message by way of the browser, signed.
pub(super) fn send(
    state: &SamlState,
    locale: Locale,
    provider: &SamlProvider,
    (binding, destination): (Binding, &str),
    (kind, message): (MessageKind, &Outgoing),
    relay_state: Option<&str>,
) -> Result<Response, Trouble> {
    let internal = |e: &dyn std::fmt::Display| Trouble::Internal(e.to_string());
    let key = provider.ring.as_ref().and_then(KeyRing::signing);
    let key = key.ok_or_else(|| internal(&"the provider has no key to sign with"))?;
    // What nobody could send back is left out.
    let relay_state = relay_state.filter(|state| state.len() <= binding::LONGEST_ECHO);
    let mut response = match binding {
        Binding::Redirect => {
            let url = binding::redirect_url(
                destination,
                kind,
                &message.xml,
                relay_state,
                Some(&key.private),
            );
            let url = url.map_err(|e| internal(&e))?;
            let location = HeaderValue::try_from(url).map_err(|e| internal(&e))?;
            (StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response()
        }
        Binding::Post => {
            let signer = Signer {
                key: &key.private,
                certificate: Some(&key.certificate),
            };
            let form = binding::post_form(
                destination,
                kind,
                &message.xml,
                &message.id,
                relay_state,
                Some(signer),
            );
            let form = form.map_err(|e| internal(&e))?;
            let relay_state = form
                .relay_state
                .map(|state| ("RelayState".to_owned(), state));
            let fields = std::iter::once((form.parameter.to_owned(), form.message));
            let relay = Relay {
                action: form.action,
                fields: fields.chain(relay_state).collect(),
            };
            state.kit.on_the_way(locale, relay)
        }
    };
    let no_store = HeaderValue::from_static("no-store");
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, no_store);
    Ok(response)
}
