//! `/saml/{slug}/slo`: logout messages of the IdP, by HTTP-Redirect and HTTP-POST.
//!
//! A request ends the sessions that the IdP names, found in the database: the
//! message comes from another site, so that the browser's own cookie may not
//! be with it, and the person's other browsers are meant as well. Nothing is
//! done for a message that is not signed. SOAP is not offered.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;

use super::SamlState;
use super::leave::send;
use super::trouble::{Known, Trouble};
use crate::directory::DirectoryError;
use crate::directory::traces::{Side, TraceDocument, TraceOutcome};
use crate::login::explain::{Explanation, Report};
use crate::login::saml::binding::MessageKind;
use crate::login::saml::keys::KeyRing;
use crate::login::saml::logout::read::{Expectations, Incoming, LogoutRequest, LogoutResponse};
use crate::login::saml::logout::{self, LogoutError, Parties};
use crate::login::saml::provider::SamlProvider;
use crate::login::saml::redact::redacted;
use crate::platform::i18n::Locale;
use crate::platform::storage::Tx;
use crate::platform::web::{ClientAddr, Message};
use crate::sessions::logout::{self as asked, Answered, Called};
use crate::sessions::rows::{NameId, SignedIn};
use crate::sessions::sign_in;

/// Where one who has signed out arrives.
const DONE: &str = "/signed-out";
/// The same, when the IdP has said that it is signed out there too.
const DONE_THERE: &str = "/signed-out?also=provider";

/// `GET /saml/{slug}/slo`: HTTP-Redirect.
pub async fn by_redirect(
    State(state): State<SamlState>,
    Path(slug): Path<String>,
    RawQuery(query): RawQuery,
    ClientAddr(client): ClientAddr,
    locale: Locale,
    headers: HeaderMap,
) -> Response {
    let report = report(&state, &slug, client, locale);
    let read = move || Incoming::redirect(&query.unwrap_or_default());
    answer(&state, &report, &headers, read).await
}

/// `POST /saml/{slug}/slo`: HTTP-POST.
pub async fn by_post(
    State(state): State<SamlState>,
    Path(slug): Path<String>,
    ClientAddr(client): ClientAddr,
    locale: Locale,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let report = report(&state, &slug, client, locale);
    if !is_form(&headers) {
        let failure = state.kit.failure(Message::Malformed, "saml.form_type");
        let failure = failure.with_status(StatusCode::UNSUPPORTED_MEDIA_TYPE);
        return state.kit.failure_page(locale, failure);
    }
    let Ok(body) = body else {
        let failure = state.kit.failure(Message::TooLarge, "saml.form_too_large");
        return state.kit.failure_page(locale, failure);
    };
    let read = move || {
        let (kind, field, relay_state) = form(&body)?;
        Incoming::post(kind, &field, relay_state)
    };
    answer(&state, &report, &headers, read).await
}

fn report<'a>(
    state: &'a SamlState,
    slug: &'a str,
    client: std::net::IpAddr,
    locale: Locale,
) -> Report<'a> {
    Report {
        kit: &state.kit,
        directory: &state.directory,
        locale,
        provider: slug,
        kind: "logout",
        client,
    }
}

fn is_form(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE);
    let kind = kind.and_then(|v| v.to_str().ok()).unwrap_or("");
    let essence = kind.split(';').next().unwrap_or("").trim();
    essence.eq_ignore_ascii_case("application/x-www-form-urlencoded")
}

/// The one message of a form (Bindings §3.5.4).
fn form(body: &[u8]) -> Result<(MessageKind, String, Option<String>), LogoutError> {
    let (mut request, mut response, mut relay_state) = (None, None, None);
    for (key, value) in url::form_urlencoded::parse(body) {
        let slot = match key.as_ref() {
            "SAMLRequest" => &mut request,
            "SAMLResponse" => &mut response,
            "RelayState" => &mut relay_state,
            _ => continue,
        };
        if slot.replace(value.into_owned()).is_some() {
            return Err(LogoutError::Encoding);
        }
    }
    match (request, response) {
        (Some(field), None) => Ok((MessageKind::Request, field, relay_state)),
        (None, Some(field)) => Ok((MessageKind::Response, field, relay_state)),
        _ => Err(LogoutError::Encoding),
    }
}

/// A message that has been verified.
enum Verified {
    Request(LogoutRequest),
    Response(LogoutResponse),
}

/// What kept a message from being followed.
enum Refused {
    Trouble(Trouble),
    /// The message; whether it is about a request of ours that waits.
    Message(LogoutError, Option<TraceDocument>, bool),
}

impl From<Trouble> for Refused {
    fn from(trouble: Trouble) -> Self {
        Self::Trouble(trouble)
    }
}

impl From<DirectoryError> for Refused {
    fn from(error: DirectoryError) -> Self {
        Self::Trouble(Trouble::Directory(error))
    }
}

async fn answer(
    state: &SamlState,
    report: &Report<'_>,
    headers: &HeaderMap,
    read: impl FnOnce() -> Result<Incoming, LogoutError> + Send + 'static,
) -> Response {
    let taken = match super::start::find(state, report.provider).await {
        Ok(provider) => take(state, report, &provider, headers, read).await,
        Err(trouble) => Err(Refused::Trouble(trouble)),
    };
    match taken {
        Ok(response) => response,
        Err(Refused::Trouble(trouble)) => trouble.answer(report, Known::default()).await,
        Err(Refused::Message(error, document, ours)) => {
            let explanation = explain(&error, ours).documented(document);
            report.answer(explanation).await
        }
    }
}

fn explain(error: &LogoutError, ours: bool) -> Explanation {
    let message = if ours {
        Message::LogoutIncomplete
    } else {
        Message::LogoutNotVerified
    };
    let mut explanation = Explanation::failed(error.code(), message, error.to_string())
        .compared(error.expected(), error.received())
        .remedied(Side::Idp, error.remedy());
    if error.is_unreadable() {
        explanation.status = StatusCode::BAD_REQUEST;
    }
    explanation
}

async fn take(
    state: &SamlState,
    report: &Report<'_>,
    provider: &Arc<SamlProvider>,
    headers: &HeaderMap,
    read: impl FnOnce() -> Result<Incoming, LogoutError> + Send + 'static,
) -> Result<Response, Refused> {
    let (verifier, now, skew) = (Arc::clone(provider), state.directory.now(), state.max_skew);
    let work = move || {
        let incoming = read().map_err(|error| (error, None, None))?;
        let own = verifier.ring.iter().flat_map(KeyRing::all);
        let decryption_keys: Vec<_> = own.map(|key| key.private.clone()).collect();
        let expect = Expectations {
            idp_entity_id: &verifier.metadata.entity_id,
            slo_url: &verifier.urls.slo,
            keys: &verifier.keys,
            allow_sha1: verifier.settings().allow_sha1,
            decryption_keys: &decryption_keys,
            now,
            max_skew_seconds: skew,
        };
        let read = match incoming.kind() {
            MessageKind::Request => incoming.request(&expect).map(Verified::Request),
            MessageKind::Response => incoming.response(&expect).map(Verified::Response),
        };
        match read {
            Ok(message) => Ok((incoming, message)),
            Err(error) => {
                let claimed = incoming.claimed_request().map(str::to_owned);
                let document = TraceDocument::from(redacted(incoming.document()));
                Err((error, Some(document), claimed))
            }
        }
    };
    let worked = super::cpu::run(&state.cores, work).await;
    let worked = worked.map_err(|error| {
        tracing::error!(%error, "the verification of a logout message broke off: report this");
        Refused::Message(LogoutError::Encoding, None, false)
    })?;
    let (incoming, message) = match worked {
        Ok(read) => read,
        Err((error, document, claimed)) => {
            let ours = match claimed {
                Some(id) => waits(state, provider, id).await?,
                None => false,
            };
            return Err(Refused::Message(error, document, ours));
        }
    };
    let document = || Some(TraceDocument::from(redacted(incoming.document())));
    match message {
        Verified::Request(request) => {
            let ended = end(state, provider, request.clone()).await?;
            let ended =
                ended.ok_or_else(|| Refused::Message(LogoutError::Replayed, document(), false))?;
            let mut response = respond(state, report.locale, provider, &incoming, &request)?;
            forget(state, headers, &ended, &mut response);
            Ok(response)
        }
        Verified::Response(response) => {
            let id = response.in_response_to.clone();
            let Some(ours) = answered(state, provider, id.clone()).await? else {
                let error = LogoutError::UnknownRequest { received: id };
                return Err(Refused::Message(error, document(), false));
            };
            if !response.success {
                note(state, report, &response, document()).await;
            }
            let page = if response.success { DONE_THERE } else { DONE };
            let target = ours.target.as_deref().unwrap_or(page);
            Ok(super::acs::redirect(target)?)
        }
    }
}

/// The IdP says that it is not signed out everywhere: the person is signed out
/// here all the same, and an admin may want to know.
async fn note(
    state: &SamlState,
    report: &Report<'_>,
    response: &LogoutResponse,
    document: Option<TraceDocument>,
) {
    let summary =
        "The IdP answered that the person is not signed out everywhere there. Here they are.";
    let mut explanation = Explanation::failed(
        "saml.logout_not_everywhere",
        Message::LogoutIncomplete,
        summary,
    )
    .compared(Some(logout::SUCCESS.to_owned()), response.status.clone())
    .remedied(
        Side::Idp,
        "Nothing to set, unless it happens at every logout: then the IdP, or another application of its, cannot end the session.",
    )
    .documented(document);
    explanation.outcome = TraceOutcome::Failed;
    let trace = report.trace(&explanation, state.kit.reference());
    if let Err(error) = state
        .directory
        .trace_of_stranger(trace, report.client)
        .await
    {
        tracing::error!(%error, "a trace could not be written");
    }
}

async fn waits(
    state: &SamlState,
    provider: &SamlProvider,
    id: String,
) -> Result<bool, DirectoryError> {
    let (slug, now) = (provider.provider.slug.clone(), state.directory.now());
    state
        .directory
        .db
        .read(move |tx| {
            let (slug, id) = (slug.clone(), id.clone());
            Box::pin(async move { Ok(asked::waits(tx, &id, &slug, now).await?) })
        })
        .await
}

async fn answered(
    state: &SamlState,
    provider: &SamlProvider,
    id: String,
) -> Result<Option<Answered>, DirectoryError> {
    let (slug, now) = (provider.provider.slug.clone(), state.directory.now());
    state
        .directory
        .db
        .write(move |tx| {
            let (slug, id) = (slug.clone(), id.clone());
            Box::pin(async move { Ok(asked::answered(tx, &id, &slug, now).await?) })
        })
        .await
}

/// Ends what a request means, with the replay memory and the audit log in one
/// transaction. Answers the sessions that ended; `None` for a request that came
/// before.
async fn end(
    state: &SamlState,
    provider: &Arc<SamlProvider>,
    request: LogoutRequest,
) -> Result<Option<Vec<String>>, DirectoryError> {
    let (writer, provider) = (state.clone(), Arc::clone(provider));
    state
        .directory
        .db
        .write(move |tx| {
            let (state, provider) = (writer.clone(), Arc::clone(&provider));
            let request = request.clone();
            Box::pin(async move { end_in(tx, &state, &provider, &request).await })
        })
        .await
}

async fn end_in(
    tx: &mut Tx,
    state: &SamlState,
    provider: &SamlProvider,
    request: &LogoutRequest,
) -> Result<Option<Vec<String>>, DirectoryError> {
    let slug = &provider.provider.slug;
    // The same memory as for assertions, in a room of its own.
    let id = format!("logout {}", request.id);
    if !sign_in::remember(tx, slug, &id, request.replay_until).await? {
        return Ok(None);
    }
    let called = Called::Subject {
        issuer: &provider.metadata.entity_id,
        subject: &request.name_id.value,
    };
    let mut meant = asked::meant(tx, slug, called).await?;
    meant.retain(|one| is_meant(&one.signed_in, request, provider));
    let at = (state.directory.now(), &state.directory.entropy);
    asked::end(tx, slug, meant, at).await.map(Some)
}

/// Whether a request means this session: issued by this IdP to this person, by
/// that name, and of these sessions of theirs (Core §3.7.1, §3.7.3).
fn is_meant(signed_in: &SignedIn, request: &LogoutRequest, provider: &SamlProvider) -> bool {
    let Some(ours) = &signed_in.name_id else {
        return false;
    };
    let indexes = &request.session_indexes;
    let of_these = indexes.is_empty()
        || signed_in
            .session_index
            .as_ref()
            .is_some_and(|index| indexes.contains(index));
    of_these
        && signed_in.issuer.as_deref() == Some(&provider.metadata.entity_id)
        && is_same(ours, &request.name_id, provider)
}

/// Core §3.3.4 and §8.3: what is left out stands for what it would say.
fn is_same(ours: &NameId, theirs: &NameId, provider: &SamlProvider) -> bool {
    const UNSPECIFIED: &str = "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified";
    let format = theirs.format.as_deref().unwrap_or(UNSPECIFIED);
    let issued = ours.format.as_deref().unwrap_or(UNSPECIFIED);
    let same = |a: &Option<String>, b: &Option<String>, else_: &str| {
        a.as_deref().unwrap_or(else_) == b.as_deref().unwrap_or(else_)
    };
    ours.value == theirs.value
        && (format == issued || format == UNSPECIFIED)
        && same(
            &ours.name_qualifier,
            &theirs.name_qualifier,
            &provider.metadata.entity_id,
        )
        && same(
            &ours.sp_name_qualifier,
            &theirs.sp_name_qualifier,
            &provider.urls.entity_id,
        )
}

/// The signed answer, by the binding of the request where the IdP takes it. An
/// IdP that names no address for it gets none.
fn respond(
    state: &SamlState,
    locale: Locale,
    provider: &SamlProvider,
    incoming: &Incoming,
    request: &LogoutRequest,
) -> Result<Response, Trouble> {
    let asked_by = incoming.binding();
    let endpoint = logout::response_endpoint(&provider.metadata, asked_by);
    let Some((binding, destination)) = endpoint else {
        return super::acs::redirect(DONE);
    };
    let parties = Parties {
        issuer: &provider.urls.entity_id,
        destination,
    };
    let (now, entropy) = (state.directory.now(), &state.directory.entropy);
    let message = logout::response(parties, &request.id, now, entropy);
    let relay_state = incoming.relay_state.as_deref();
    let place = (binding, destination);
    let kind = MessageKind::Response;
    send(
        state,
        locale,
        provider,
        place,
        (kind, &message),
        relay_state,
    )
}

/// Takes the session cookie away where the browser that brought the message
/// holds one of the sessions that ended.
fn forget(state: &SamlState, headers: &HeaderMap, ended: &[String], response: &mut Response) {
    let kit = &state.kit;
    let Some(cookie) = kit.cookie(headers, kit.cookies().session) else {
        return;
    };
    if ended.contains(&crate::sessions::hash(cookie)) {
        let cookies: [HeaderValue; 2] = [kit.session_cookie_removed(), kit.signed_out_cookie()];
        for cookie in cookies {
            response.headers_mut().append(header::SET_COOKIE, cookie);
        }
    }
}
