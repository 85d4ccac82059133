//! What surrounds every route: refusals that need no route, headers that every
//! answer carries, and the net under a panic.
//!
//! One middleware does all of it, because each further one costs an allocation
//! on every request.

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::time::Instant;

use axum::extract::{DefaultBodyLimit, MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::{Json, Router};
use futures_util::FutureExt as _;

use super::assets;
use super::error::Message;
use super::kit::Kit;
use super::problem::Problem;
use crate::platform::i18n::Locale;

/// Puts the kit around a router: the assets, the page for unknown addresses,
/// and the layers. To be called once, on the whole router.
///
/// * Header names with an underscore are refused: some proxies read
///   `Remote_User` as `Remote-User`.
/// * Unsafe methods must come from our own pages (`Sec-Fetch-Site`, else
///   `Origin`), but for the endpoints that other sites post to by design and
///   for requests that carry `Authorization`, which no foreign page can send.
/// * A panic becomes a page or a problem, and so does every bare error that
///   the framework itself answers with.
/// * Bodies are capped at [`super::KitSettings::body_cap`]; a route may set a
///   `DefaultBodyLimit` of its own.
/// * Security headers go onto every answer that has none of its own.
pub fn secure(router: Router, kit: &Kit) -> Router {
    router
        .merge(assets::router(kit))
        .fallback(unknown)
        .layer(DefaultBodyLimit::max(kit.body_cap()))
        .layer(from_fn_with_state(kit.clone(), gate))
}

/// No route: an answer that [`in_form`] turns into the right one.
async fn unknown() -> StatusCode {
    StatusCode::NOT_FOUND
}

async fn gate(State(kit): State<Kit>, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let surface = Surface::of(request.uri().path());
    // Read only where a page has to be written.
    let language = request.headers().get(header::ACCEPT_LANGUAGE).cloned();
    let locale = || {
        let text = language.as_ref().and_then(|field| field.to_str().ok());
        text.map_or(Locale::En, Locale::negotiate)
    };
    let method = request.method().clone();
    // The route, not the path: a path may hold an activation token.
    let route = request.extensions().get::<MatchedPath>().cloned();
    let id = kit.request_id();

    let response = match refusal(&kit, &request) {
        Some((message, code)) => refuse(&kit, surface, locale(), message, code, String::new()),
        None => match AssertUnwindSafe(next.run(request)).catch_unwind().await {
            Ok(response) => in_form(&kit, surface, locale, response),
            Err(panic) => {
                let detail = words_of(&*panic);
                refuse(
                    &kit,
                    surface,
                    locale(),
                    Message::Unexpected,
                    "panic",
                    detail,
                )
            }
        },
    };
    let response = with_headers(&kit, response, &id);
    tracing::debug!(
        id,
        %method,
        route = route.as_ref().map_or("-", MatchedPath::as_str),
        status = response.status().as_u16(),
        micros = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX),
        "request"
    );
    response
}

/// Who reads the answer, as far as its address tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Surface {
    /// A person at a browser.
    Page,
    /// A script.
    Api,
    /// An application that calls an endpoint of the OpenID provider.
    Oauth,
    /// A machine whose protocol has error forms of its own.
    Protocol,
}

impl Surface {
    fn of(path: &str) -> Self {
        let mut segments = path.split('/').skip(1);
        let first = segments.next().unwrap_or_default();
        let second = segments.next().unwrap_or_default();
        // Browsers come to some of what is below the other two.
        let is_a_step = matches!(second, "authorize" | "resume" | "consent" | "logout");
        match first {
            "api" => Self::Api,
            "oidc" if !is_a_step => Self::Oauth,
            "auth" if second != "hand-over" => Self::Protocol,
            "scim" | ".well-known" | "healthz" | "readyz" | "metrics" => Self::Protocol,
            _ => Self::Page,
        }
    }
}

/// What is refused before any route sees it.
fn refusal(kit: &Kit, request: &Request) -> Option<(Message, &'static str)> {
    let headers = request.headers();
    if headers.keys().any(|name| name.as_str().contains('_')) {
        return Some((Message::Malformed, "web.header_name"));
    }
    let safe = matches!(
        *request.method(),
        Method::GET | Method::HEAD | Method::OPTIONS | Method::TRACE
    );
    if safe
        || takes_foreign_posts(request.uri().path())
        || headers.contains_key(header::AUTHORIZATION)
        || comes_from_here(kit, headers)
    {
        return None;
    }
    Some((Message::FormExpired, "web.cross_site"))
}

/// The endpoints that other sites, or machines without `Origin`, post to by
/// design. None of them acts on a session cookie alone: the assertion consumer
/// service verifies a signed message, logout messages are signed, the token
/// endpoint authenticates clients, and forward-auth only looks.
fn takes_foreign_posts(path: &str) -> bool {
    let mut segments = path.split('/').skip(1);
    match segments.next() {
        Some("saml") => {
            segments.next().is_some()
                && matches!(segments.next(), Some("acs" | "slo"))
                && segments.next().is_none()
        }
        // Two of its forms are pages of our own.
        Some("oidc") => !matches!(
            (segments.next(), segments.next()),
            (Some("consent"), _) | (Some("logout"), Some("confirm"))
        ),
        Some("auth") => true,
        _ => false,
    }
}

/// Whether one of our own pages sent this. Every browser of the last years
/// sends `Origin` with an unsafe method; who sends neither header is no
/// browser, and then the form token has the last word.
fn comes_from_here(kit: &Kit, headers: &HeaderMap) -> bool {
    let text = |name| headers.get(name).map(HeaderValue::as_bytes);
    match (text(SEC_FETCH_SITE), text(header::ORIGIN)) {
        (Some(site), _) => site == b"same-origin",
        (None, Some(origin)) => origin == kit.origin().as_bytes(),
        (None, None) => true,
    }
}

/// A refusal in the form of the surface.
fn refuse(
    kit: &Kit,
    surface: Surface,
    locale: Locale,
    message: Message,
    code: &'static str,
    detail: String,
) -> Response {
    if surface == Surface::Page {
        return kit.failure_page(locale, kit.failure(message, code).with_detail(detail));
    }
    if surface == Surface::Oauth {
        return oauth_error(kit, message, code, &detail);
    }
    let mut problem = Problem::new(message.status(), code, title_of(message));
    problem.cause = Some(detail.into());
    if message.status().is_server_error() {
        problem = problem.with_reference(kit.reference());
    }
    problem.into_response()
}

/// A refusal in the words of RFC 6749 §5.2.
fn oauth_error(kit: &Kit, message: Message, code: &'static str, detail: &str) -> Response {
    let status = message.status();
    let mut description = title_of(message).to_owned();
    let word = match status {
        StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS => {
            "temporarily_unavailable"
        }
        _ if status.is_server_error() => {
            let reference = kit.reference();
            tracing::error!(code, %reference, cause = detail, "failed");
            description.push(' ');
            description.push_str(reference.as_str());
            "server_error"
        }
        _ => "invalid_request",
    };
    let body = serde_json::json!({"error": word, "error_description": description});
    (status, Json(body)).into_response()
}

fn title_of(message: Message) -> &'static str {
    match message {
        Message::NotFound => "There is no such resource.",
        Message::MethodNotAllowed => "This method is not allowed here.",
        Message::TooLarge => "The body is too large.",
        Message::FormExpired => "The request comes from another site.",
        Message::Unexpected => "Something went wrong here; the log says more.",
        Message::Unavailable => "The service is not available just now.",
        Message::TooManyTries => "Too many requests.",
        _ => "The request cannot be read.",
    }
}

/// Gives the framework's own bare errors (no route, wrong method, a query that
/// does not parse, a body that is too large) the form of the surface. Answers
/// that say what they are stay as they are.
fn in_form(
    kit: &Kit,
    surface: Surface,
    locale: impl Fn() -> Locale,
    response: Response,
) -> Response {
    let status = response.status();
    let bare = match response.headers().get(header::CONTENT_TYPE) {
        None => true,
        Some(kind) => kind.as_bytes().starts_with(b"text/plain"),
    };
    let is_error = status.is_client_error() || status.is_server_error();
    // A `401` without a word is the challenge of RFC 6750 §3.1.
    let is_challenge = surface == Surface::Oauth && status == StatusCode::UNAUTHORIZED;
    if !is_error || !bare || surface == Surface::Protocol || is_challenge {
        return response;
    }
    let (message, code) = match status {
        StatusCode::NOT_FOUND => (Message::NotFound, "web.not_found"),
        StatusCode::METHOD_NOT_ALLOWED => (Message::MethodNotAllowed, "web.method_not_allowed"),
        StatusCode::PAYLOAD_TOO_LARGE => (Message::TooLarge, "web.too_large"),
        StatusCode::TOO_MANY_REQUESTS => (Message::TooManyTries, "web.too_many_requests"),
        StatusCode::SERVICE_UNAVAILABLE => (Message::Unavailable, "service.unavailable"),
        _ if status.is_server_error() => (Message::Unexpected, "service.unexpected"),
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => (Message::NotAdmitted, "web.refused"),
        _ => (Message::Malformed, "request.malformed"),
    };
    let (mut parts, _) = response.into_parts();
    let mut formed = refuse(kit, surface, locale(), message, code, format!("{status}"));
    *formed.status_mut() = status;
    // `Allow`, `Retry-After`, `Set-Cookie` and the like stay.
    parts.headers.remove(header::CONTENT_TYPE);
    parts.headers.remove(header::CONTENT_LENGTH);
    formed.headers_mut().extend(parts.headers);
    formed
}

/// What a panic said, for the log.
fn words_of(panic: &(dyn Any + Send)) -> String {
    panic
        .downcast_ref::<&str>()
        .map(|words| (*words).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a panic without words".to_owned())
}

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");
const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");
const PERMISSIONS_POLICY: HeaderName = HeaderName::from_static("permissions-policy");

fn with_headers(kit: &Kit, mut response: Response, id: &str) -> Response {
    let headers = response.headers_mut();
    let mut set = |name: HeaderName, value: HeaderValue| {
        headers.entry(name).or_insert(value);
    };
    let fixed = HeaderValue::from_static;
    set(header::CONTENT_SECURITY_POLICY, kit.default_csp().clone());
    set(header::X_CONTENT_TYPE_OPTIONS, fixed("nosniff"));
    // For browsers that do not know `frame-ancestors`.
    set(header::X_FRAME_OPTIONS, fixed("DENY"));
    set(header::REFERRER_POLICY, fixed("same-origin"));
    // Nearly every answer has a person in it; assets say otherwise themselves.
    set(header::CACHE_CONTROL, fixed("no-store"));
    set(RESOURCE_POLICY, fixed("same-origin"));
    set(
        PERMISSIONS_POLICY,
        fixed("camera=(), geolocation=(), microphone=()"),
    );
    if kit.https() {
        set(header::STRICT_TRANSPORT_SECURITY, fixed("max-age=31536000"));
        // Browsers ignore it, loudly, where the origin is not trustworthy.
        set(OPENER_POLICY, fixed("same-origin"));
    }
    if let Ok(id) = HeaderValue::from_str(id) {
        set(REQUEST_ID, id);
    }
    response
}
