//! `/oidc/logout`: an application signs its person out (OpenID Connect
//! RP-Initiated Logout 1.0).
//!
//! With an ID token of ours for the session that the browser has, it is done;
//! else the person is asked, since any page may lead a browser here. The
//! browser goes back to addresses that the application registered, octet by octet,
//! and to no others.

use askama::Template;
use axum::extract::{DefaultBodyLimit, RawQuery, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Form, Router};
use serde::Deserialize;

use super::hint::{self, Hint};
use super::params::{self, Params, Parsed};
use super::redirect::with_answer;
use super::subject::session_id;
use super::{OidcState, answer};
use crate::directory::{DirectoryError, applications};
use crate::domain::{Application, Slug};
use crate::platform::i18n::Locale;
use crate::platform::web::{FormAction, Kit, Message, Page};
use crate::sessions::current::{Current, MaybeCurrent, NoOne};
use crate::sessions::logout::{Left, Upstream};

/// The longest `state` that goes back.
const LONGEST_STATE: usize = 2048;
/// The longest query that a form is turned into.
const LONGEST_QUERY: usize = 8 * 1024;

/// What signing out needs.
#[derive(Clone)]
pub struct LogoutState {
    /// The provider.
    pub oidc: OidcState,
    /// The way to the provider that the session began at.
    pub upstream: Upstream,
}

impl axum::extract::FromRef<LogoutState> for Kit {
    fn from_ref(state: &LogoutState) -> Self {
        state.oidc.kit.clone()
    }
}

/// The pages. The session layer must surround them.
pub fn router(state: LogoutState) -> Router {
    Router::new()
        .route("/oidc/logout", get(by_get).post(by_post))
        .route("/oidc/logout/confirm", post(confirm))
        .layer(DefaultBodyLimit::max(params::LONGEST))
        .with_state(state)
}

/// The question.
#[derive(Template)]
#[template(path = "oidc-logout.html")]
pub(crate) struct AskPage {
    /// The frame.
    pub page: Page,
    /// Who is signed in.
    pub name: String,
    /// The application that asks, if one says who it is.
    pub application: Option<String>,
    /// Where to go afterwards: the client, its address, its state.
    pub client_id: String,
    /// Its address.
    pub redirect_uri: String,
    /// Its state.
    pub state: String,
    /// The form's token.
    pub csrf: String,
}

/// What an application asks for, as far as it can be believed.
#[derive(Default)]
struct Wish {
    application: Option<Application>,
    /// An ID token of ours.
    hint: Option<Hint>,
    redirect_uri: Option<String>,
    state: Option<String>,
}

impl Wish {
    /// Where the browser goes in the end, if that is one of the application's.
    fn target(&self) -> Option<String> {
        let uri = self.redirect_uri.as_deref()?;
        let application = self.application.as_ref()?;
        let registered = &application.post_logout_redirect_uris;
        if !registered.iter().any(|ours| ours == uri) {
            tracing::warn!(
                application = %application.slug,
                "post_logout_redirect_uri is none that is registered; the browser stays here"
            );
            return None;
        }
        Some(match &self.state {
            Some(state) => with_answer(uri, &[("state", state)]),
            None => uri.to_owned(),
        })
    }
}

/// `GET /oidc/logout`.
async fn by_get(
    State(state): State<LogoutState>,
    RawQuery(query): RawQuery,
    locale: Locale,
    MaybeCurrent(current): MaybeCurrent,
) -> Response {
    let parsed = Parsed::read(&query.unwrap_or_default());
    if parsed.twice.is_some() {
        return malformed(&state.oidc.kit, locale);
    }
    let locale = asked_for(&parsed.params).unwrap_or(locale);
    let wish = match read(&state.oidc, &parsed.params).await {
        Ok(wish) => wish,
        Err(error) => return answer::failed(&state.oidc, locale, &error),
    };
    let current = match current {
        Ok(current) => current,
        Err(NoOne::SignedOut) => return done(&state.oidc.kit, wish.target().as_deref()),
        Err(NoOne::Unavailable(cause)) => return away(&state.oidc.kit, locale, cause),
    };
    match is_meant(&state.oidc, &wish, &current).await {
        Ok(true) => end(&state, locale, &current, wish.target()).await,
        Ok(false) => ask(&state.oidc.kit, locale, &wish, &current),
        Err(error) => answer::failed(&state.oidc, locale, &error),
    }
}

/// `POST /oidc/logout`: a form on the application's page, so that the session's
/// cookie is not with it. The browser comes again by GET.
async fn by_post(State(state): State<LogoutState>, locale: Locale, body: String) -> Response {
    let mut parsed = Parsed::read(&body);
    if parsed.twice.is_some() {
        return malformed(&state.oidc.kit, locale);
    }
    if body.len() > LONGEST_QUERY {
        parsed = match shortened(&state.oidc, parsed).await {
            Ok(parsed) => parsed,
            Err(error) => return answer::failed(&state.oidc, locale, &error),
        };
    }
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    for name in [
        "id_token_hint",
        "logout_hint",
        "client_id",
        "post_logout_redirect_uri",
        "state",
        "ui_locales",
    ] {
        if let Some(value) = parsed.params.get(name) {
            query.append_pair(name, value);
        }
    }
    let query = query.finish();
    if query.len() > LONGEST_QUERY {
        return malformed(&state.oidc.kit, locale);
    }
    answer::to(&format!("/oidc/logout?{query}"))
}

/// A form whose ID token is too long for an address, with many groups in it, says
/// only whose token it is: the person is asked then.
async fn shortened(state: &OidcState, parsed: Parsed) -> Result<Parsed, DirectoryError> {
    let Some(text) = parsed.params.get("id_token_hint") else {
        return Ok(parsed);
    };
    let client = hint::of_any_client(state, text).await?;
    let client = client.map(|(client, _)| format!("client_id={client}"));
    let mut params = parsed.params.without(&["id_token_hint"]);
    params.take_from(Parsed::read(&client.unwrap_or_default()).params);
    Ok(Parsed {
        params,
        twice: None,
    })
}

/// The first of the languages that is one of ours.
fn asked_for(params: &Params) -> Option<Locale> {
    let wanted = params.get("ui_locales")?;
    wanted.split(' ').find_map(|tag| {
        let language = tag.split('-').next().unwrap_or_default();
        Locale::ALL
            .iter()
            .copied()
            .find(|locale| locale.tag().eq_ignore_ascii_case(language))
    })
}

async fn read(state: &OidcState, params: &Params) -> Result<Wish, DirectoryError> {
    let mut wish = Wish {
        redirect_uri: params.get("post_logout_redirect_uri").map(str::to_owned),
        state: params
            .get("state")
            .filter(|state| state.len() <= LONGEST_STATE)
            .map(str::to_owned),
        ..Wish::default()
    };
    let named = params.get("client_id");
    if let Some(text) = params.get("id_token_hint") {
        // RP-Initiated Logout §2: also one that has run out.
        let found = hint::of_any_client(state, text).await?;
        if let Some((client, hint)) = found
            && named.is_none_or(|named| named == client)
        {
            wish.application = application(state, &client).await?;
            wish.hint = Some(hint);
            return Ok(wish);
        }
    }
    if let Some(client) = named {
        wish.application = application(state, client).await?;
    }
    Ok(wish)
}

async fn application(
    state: &OidcState,
    client_id: &str,
) -> Result<Option<Application>, DirectoryError> {
    let Some(slug) = Slug::parse(client_id) else {
        return Ok(None);
    };
    let found = state
        .directory
        .db
        .read(move |tx| {
            let slug = slug.clone();
            Box::pin(
                async move { Ok::<_, DirectoryError>(applications::by_slug(tx, &slug).await?) },
            )
        })
        .await?;
    Ok(found.map(|stored| stored.application))
}

/// Whether the hint is about the session that this browser has.
async fn is_meant(
    state: &OidcState,
    wish: &Wish,
    current: &Current,
) -> Result<bool, DirectoryError> {
    let (Some(hint), Some(application)) = (&wish.hint, &wish.application) else {
        return Ok(false);
    };
    if let Some(sid) = &hint.sid {
        return Ok(*sid == session_id(&current.id_hash, application.client_id()));
    }
    let subject = state.subjects.of(application, &current.user.id).await?;
    Ok(hint.subject == subject)
}

fn ask(kit: &Kit, locale: Locale, wish: &Wish, current: &Current) -> Response {
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let application = wish.application.as_ref();
    let page = AskPage {
        page: kit.page(locale),
        name: current.user.display_name(),
        application: application.map(|application| application.name.clone()),
        client_id: application.map_or_else(String::new, |a| a.client_id().to_owned()),
        redirect_uri: text(&wish.redirect_uri),
        state: text(&wish.state),
        csrf: kit.csrf_token(&current.id_hash),
    };
    // The browser may be led on to the provider and to the application.
    let plain_http = !kit.https();
    let forms = match wish.target() {
        Some(target) => FormAction::ending_at(&target, plain_http),
        None => FormAction::Upstream { plain_http },
    };
    kit.render_with_forms(StatusCode::OK, &page, forms)
}

/// The answer to the question.
#[derive(Deserialize)]
struct Confirmed {
    csrf: String,
    #[serde(default)]
    client_id: String,
    #[serde(default)]
    redirect_uri: String,
    #[serde(default)]
    state: String,
}

/// `POST /oidc/logout/confirm`.
async fn confirm(
    State(state): State<LogoutState>,
    locale: Locale,
    MaybeCurrent(current): MaybeCurrent,
    Form(form): Form<Confirmed>,
) -> Response {
    let filled = |text: String| Some(text).filter(|text| !text.is_empty());
    let application = match application(&state.oidc, &form.client_id).await {
        Ok(application) => application,
        Err(error) => return answer::failed(&state.oidc, locale, &error),
    };
    let wish = Wish {
        application,
        hint: None,
        redirect_uri: filled(form.redirect_uri),
        state: filled(form.state).filter(|state| state.len() <= LONGEST_STATE),
    };
    match current {
        Ok(current) if state.oidc.kit.csrf_matches(&current.id_hash, &form.csrf) => {
            end(&state, locale, &current, wish.target()).await
        }
        Ok(_) => answer::form_expired(&state.oidc, locale),
        Err(NoOne::SignedOut) => done(&state.oidc.kit, wish.target().as_deref()),
        Err(NoOne::Unavailable(cause)) => away(&state.oidc.kit, locale, cause),
    }
}

/// Ends the session, then the one at the provider where that is configured; the
/// cookie goes only when the row has gone.
async fn end(
    state: &LogoutState,
    locale: Locale,
    current: &Current,
    target: Option<String>,
) -> Response {
    if let Err(error) = state.oidc.sessions.end(&current.id_hash, None).await {
        return away(&state.oidc.kit, locale, error.to_string());
    }
    let left = Left {
        session: current.id_hash.clone(),
        signed_in: current.signed_in.clone(),
        locale,
        target: target.clone(),
    };
    match (state.upstream)(left).await {
        Some(response) => without_session(&state.oidc.kit, response),
        None => done(&state.oidc.kit, target.as_deref()),
    }
}

fn done(kit: &Kit, target: Option<&str>) -> Response {
    without_session(kit, answer::to(target.unwrap_or("/signed-out")))
}

fn without_session(kit: &Kit, mut response: Response) -> Response {
    let cookies: [HeaderValue; 2] = [kit.session_cookie_removed(), kit.signed_out_cookie()];
    for cookie in cookies {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

fn malformed(kit: &Kit, locale: Locale) -> Response {
    let failure = kit.failure(Message::Malformed, "oidc.logout_parameters");
    kit.failure_page(locale, failure).into_response()
}

fn away(kit: &Kit, locale: Locale, cause: String) -> Response {
    let failure = kit.failure(Message::Unavailable, "service.unavailable");
    kit.failure_page(locale, failure.with_detail(cause).with_retry("/logout"))
}
