//! The assertion consumer service: takes the IdP's answer.
//!
//! It is a cross-site POST, so the browser's own cookie is not with it. What
//! verifies is kept under a one-time code, in hand or in its row, and the browser
//! is sent to [`super::finish`] with it; nothing of the directory is touched here.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::SamlState;
use super::answer::Answer;
use super::relay;
use super::start::CONVERTED;
use super::trouble::{Known, Trouble};
use crate::directory::DirectoryError;
use crate::directory::policy::LoginPolicy;
use crate::directory::settings;
use crate::directory::traces::TraceDocument;
use crate::domain::{Slug, Timestamp};
use crate::login::explain::Report;
use crate::login::saml::SamlError;
use crate::login::saml::keys::KeyRing;
use crate::login::saml::provider::{Found, SamlProvider};
use crate::login::saml::response::{self, Decoded, Demands, Expectations, Verified};
use crate::platform::i18n::Locale;
use crate::platform::web::ClientAddr;
use crate::sessions::in_hand::{Held, Taken};
use crate::sessions::sign_in::{self, Keeping, SignIn};

/// How long the answer to an assertion that does not decrypt takes, however far
/// the decryption came.
const DECRYPTION_ANSWER: Duration = Duration::from_millis(100);

/// The longest form field that is parsed on the thread that serves, in
/// characters: most responses have 5,000 to 15,000.
const USUAL_FIELD: usize = 32 * 1024;

/// `POST /saml/{slug}/acs`.
pub async fn acs(
    State(state): State<SamlState>,
    Path(slug): Path<String>,
    ClientAddr(client): ClientAddr,
    locale: Locale,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let report = Report {
        kit: &state.kit,
        directory: &state.directory,
        locale,
        provider: &slug,
        kind: "saml",
        client,
    };
    let mut known = Known::default();
    let taken = match Form::read(&headers, body) {
        Ok(form) => take(&state, &slug, form, &mut known).await,
        Err(trouble) => Err(trouble),
    };
    match taken {
        Ok(response) => response,
        Err(trouble) => trouble.answer_at(&state, &report, known).await,
    }
}

/// What an IdP posts (SAML Bindings §3.5.4).
struct Form {
    response: String,
    relay_state: Option<String>,
}

impl Form {
    fn read(headers: &HeaderMap, body: Result<Bytes, BytesRejection>) -> Result<Self, Trouble> {
        let kind = headers
            .get(header::CONTENT_TYPE)
            .and_then(|v| v.to_str().ok())
            .unwrap_or("");
        let essence = kind.split(';').next().unwrap_or("").trim();
        if !essence.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            return Err(Trouble::FormType(kind.chars().take(128).collect()));
        }
        let body = body.map_err(|_| Trouble::FormTooLarge)?;
        let (mut message, mut relay_state, mut target) = (None, None, None);
        for (key, value) in url::form_urlencoded::parse(&body) {
            let slot = match key.as_ref() {
                "SAMLResponse" => &mut message,
                "RelayState" => &mut relay_state,
                "TARGET" => &mut target,
                _ => continue,
            };
            // Two values of one name: each reader might take another one.
            if slot.replace(value.into_owned()).is_some() {
                return Err(Trouble::Form("the form has a parameter twice"));
            }
        }
        let response = message
            .filter(|m| !m.is_empty())
            .ok_or(Trouble::Form("the form has no SAMLResponse"))?;
        Ok(Self {
            response,
            relay_state: relay_state.or(target),
        })
    }
}

async fn take(
    state: &SamlState,
    slug: &str,
    form: Form,
    known: &mut Known,
) -> Result<Response, Trouble> {
    let is_usual = form.response.len() <= USUAL_FIELD;
    let decoded = decode(state, form.response).await?;
    // Unverified, and good for nothing but finding the sign-in under way.
    let Some(request_id) = decoded.peek().in_response_to else {
        return unsolicited(state, slug, form.relay_state, &decoded, known).await;
    };
    let (provider, sign_in, gateway_domains) = look_up(state, slug, &request_id).await?;
    known.provider = Some(Arc::clone(&provider));
    let sign_in = match under_way(sign_in, &provider, request_id) {
        Ok(sign_in) => sign_in,
        Err(trouble) => {
            known.document = Some(decoded.redacted().into());
            return Err(again(state, trouble, &provider, &decoded).await);
        }
    };
    if sign_in.test.is_some() {
        let code = super::tested::take(state, decoded, &provider, &sign_in, known).await?;
        let slug = &provider.provider.slug;
        return redirect(&format!("/saml/{slug}/continue?code={code}"));
    }
    let verified = verify(state, decoded, &provider, &sign_in, known).await?;
    let answer = map(state, &verified, &provider, &gateway_domains, known)?;
    let held = Held {
        request: sign_in.id,
        provider: provider.provider.slug.clone(),
        message: verified.assertion_id,
        until: verified.replay_until,
        code: state.directory.entropy.base64url::<32>(),
        answer,
    };
    let code = held.code.clone();
    keep(state, held, is_usual).await?;
    let slug = &provider.provider.slug;
    redirect(&format!("/saml/{slug}/continue?code={code}"))
}

/// Parses the response: one of the usual size right here, which takes less than
/// handing it to another thread and back.
async fn decode(state: &SamlState, encoded: String) -> Result<Decoded, Trouble> {
    let decoded = if encoded.len() <= USUAL_FIELD {
        catch_unwind(|| response::decode(&encoded)).map_err(|_| broke_off(&"a panic"))?
    } else {
        on_cpu(state, move || response::decode(&encoded)).await?
    };
    decoded.map_err(Trouble::Verify)
}

/// The answer to a message on which our own code broke.
fn broke_off(error: &dyn std::fmt::Display) -> Trouble {
    tracing::error!(%error, "the verification of a response broke off: report this");
    Trouble::Form("the message cannot be read")
}

/// The sign-in that a message may answer.
fn under_way(
    found: Option<SignIn>,
    provider: &SamlProvider,
    request_id: String,
) -> Result<SignIn, Trouble> {
    match found {
        None => Err(Trouble::UnknownRequest(request_id)),
        Some(s) if s.provider != provider.provider.slug => Err(Trouble::OtherProvider(request_id)),
        Some(s) if s.answered => Err(Trouble::Replayed(
            "The sign-in was answered before; of two answers the first counts.",
        )),
        Some(sign_in) => Ok(sign_in),
    }
}

/// Whether an answer to nothing that is under way is one that was used already:
/// a page that is loaded again sends it again. Nothing is decided by it but
/// what is said.
async fn again(
    state: &SamlState,
    trouble: Trouble,
    provider: &SamlProvider,
    decoded: &Decoded,
) -> Trouble {
    let (Trouble::UnknownRequest(_), Some(assertion)) = (&trouble, decoded.peek().assertion_id)
    else {
        return trouble;
    };
    let slug = provider.provider.slug.clone();
    let seen = state
        .directory
        .db
        .look_up(move |tx| {
            let (slug, assertion) = (slug.clone(), assertion.clone());
            Box::pin(async move { sign_in::remembers(tx, &slug, &assertion).await })
        })
        .await;
    match seen {
        Ok(true) => Trouble::Replayed("The answer was used for a sign-in before."),
        _ => trouble,
    }
}

/// Runs work for the processor beside the threads that serve, as much of it at
/// once as there are cores. A panic there is no answer of any kind.
async fn on_cpu<T: Send + 'static>(
    state: &SamlState,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Trouble> {
    super::cpu::run(&state.cores, work)
        .await
        .map_err(|error| broke_off(&error))
}

async fn look_up(
    state: &SamlState,
    slug: &str,
    request_id: &str,
) -> Result<(Arc<SamlProvider>, Option<SignIn>, Vec<String>), Trouble> {
    let slug = Slug::parse(slug).ok_or(Trouble::NoProvider)?;
    let (reader, request_id) = (state.clone(), request_id.to_owned());
    let (found, sign_in, settings) = state
        .directory
        .db
        .look_up(move |tx| {
            let (state, slug, id) = (reader.clone(), slug.clone(), request_id.clone());
            Box::pin(async move {
                let now = state.directory.now();
                let sign_in = sign_in::find(tx, &id, now).await?;
                let is_test = sign_in
                    .as_ref()
                    .is_some_and(|s| s.test.is_some() && s.provider == slug);
                let found = state
                    .registry
                    .find_for(tx, &slug, (state.public_url(), now), is_test)
                    .await?;
                let settings = settings::load(tx, &state.defaults).await?;
                Ok::<_, DirectoryError>((found, sign_in, settings))
            })
        })
        .await
        .map_err(Trouble::Directory)?;
    match found {
        Found::Ready(provider) => Ok((provider, sign_in, settings.allowed_domains)),
        Found::None => Err(Trouble::NoProvider),
        Found::Broken(error) => Err(Trouble::Setup(error)),
    }
}

pub(super) async fn verify(
    state: &SamlState,
    decoded: Decoded,
    provider: &Arc<SamlProvider>,
    sign_in: &SignIn,
    known: &mut Known,
) -> Result<Verified, Trouble> {
    let (now, skew) = (state.directory.now(), state.max_skew);
    let started = tokio::time::Instant::now();
    let (verified, document) = if decoded.is_light() {
        let work = || examine(&decoded, provider, sign_in, now, skew);
        catch_unwind(AssertUnwindSafe(work)).map_err(|_| broke_off(&"a panic"))?
    } else {
        let (provider, sign_in) = (Arc::clone(provider), sign_in.clone());
        on_cpu(state, move || {
            examine(&decoded, &provider, &sign_in, now, skew)
        })
        .await?
    };
    known.document = Some(document);
    if matches!(verified, Err(SamlError::Decryption)) {
        // How far a decryption came is nobody's business.
        tokio::time::sleep_until(started + DECRYPTION_ANSWER).await;
    }
    verified.map_err(Trouble::Verify)
}

/// Verifies a message, and redacts it for the trace.
fn examine(
    decoded: &Decoded,
    provider: &SamlProvider,
    sign_in: &SignIn,
    now: Timestamp,
    max_skew_seconds: i64,
) -> (Result<Verified, SamlError>, TraceDocument) {
    let own = provider.ring.iter().flat_map(KeyRing::all);
    let decryption_keys: Vec<_> = own.map(|key| key.private.clone()).collect();
    let settings = provider.settings();
    let mut demands = Demands::of(settings);
    demands.fresh |= sign_in.anew;
    let verified = decoded.verify(&Expectations {
        idp_entity_id: &provider.metadata.entity_id,
        sp_entity_id: &provider.urls.entity_id,
        acs_url: &provider.urls.acs,
        in_response_to: &sign_in.id,
        request_issued_at: sign_in.created_at,
        now,
        max_skew_seconds,
        keys: &provider.keys,
        allow_sha1: settings.allow_sha1,
        decryption_keys: &decryption_keys,
        demands,
    });
    (verified, TraceDocument::from(decoded.redacted()))
}

/// Maps the attributes, and asks what can be asked without the directory.
fn map(
    state: &SamlState,
    verified: &Verified,
    provider: &SamlProvider,
    gateway_domains: &[String],
    known: &mut Known,
) -> Result<Answer, Trouble> {
    let refuse = |known: &mut Known, trouble| {
        known.attributes = super::answer::attributes(verified);
        trouble
    };
    let mut answer =
        Answer::of(verified, provider).map_err(|e| refuse(known, Trouble::Attributes(e)))?;
    let enforce = state.sessions.lifetimes.enforce_validity;
    let policy = LoginPolicy::of(&provider.provider, gateway_domains, enforce);
    let observation = answer.observation(provider, &policy);
    policy
        .admit(&observation)
        .map_err(|refusal| refuse(known, Trouble::Refused(refusal)))?;
    answer.document = known.document.take();
    Ok(answer)
}

/// Keeps the answer, once: the assertion is remembered, and the request counts
/// as answered. Only answers of the usual size are held in memory.
async fn keep(state: &SamlState, held: Held<Answer>, is_usual: bool) -> Result<(), Trouble> {
    let taken = if is_usual {
        state.in_hand.take(held)
    } else {
        Taken::Declined(held)
    };
    let kept = match taken {
        Taken::Held => Keeping::Kept,
        Taken::Answered => Keeping::Answered,
        Taken::Replayed => Keeping::Replayed,
        Taken::Declined(held) => keep_in_row(state, held).await?,
    };
    match kept {
        Keeping::Kept => Ok(()),
        Keeping::Replayed => Err(Trouble::Replayed(
            "The answer was used for a sign-in before.",
        )),
        Keeping::Answered => Err(Trouble::Replayed(
            "The sign-in was answered before; of two answers the first counts.",
        )),
    }
}

async fn keep_in_row(state: &SamlState, held: Held<Answer>) -> Result<Keeping, Trouble> {
    let outcome =
        serde_json::to_string(&held.answer).map_err(|e| Trouble::Internal(e.to_string()))?;
    let kept = Arc::new((held, outcome));
    let unit = state.directory.db.write(move |tx| {
        let kept = Arc::clone(&kept);
        Box::pin(async move {
            let (held, outcome) = kept.as_ref();
            Ok::<_, DirectoryError>(sign_in::keep_answer(tx, &held.kept(outcome)).await?)
        })
    });
    unit.await.map_err(Trouble::Directory)
}

/// A start at the IdP's side. The assertion is not even looked at: it could be
/// anybody's.
async fn unsolicited(
    state: &SamlState,
    slug: &str,
    relay_state: Option<String>,
    decoded: &Decoded,
    known: &mut Known,
) -> Result<Response, Trouble> {
    let provider = super::start::find(state, slug).await?;
    if relay_state.as_deref().is_some_and(relay::asks_for_sp_login) {
        let slug = &provider.provider.slug;
        return redirect(&format!("/saml/{slug}/login?{CONVERTED}=idp"));
    }
    known.provider = Some(provider);
    known.document = Some(decoded.redacted().into());
    Err(Trouble::Unsolicited { relay_state })
}

/// `303` to an address of ours.
pub(super) fn redirect(location: &str) -> Result<Response, Trouble> {
    let location = HeaderValue::try_from(location).map_err(|e| Trouble::Internal(e.to_string()))?;
    let no_store = HeaderValue::from_static("no-store");
    let headers = [
        (header::LOCATION, location),
        (header::CACHE_CONTROL, no_store),
    ];
    Ok((StatusCode::SEE_OTHER, headers).into_response())
}
