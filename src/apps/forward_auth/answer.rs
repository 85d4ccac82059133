//! The answers of the dialects: what each proxy understands.

use askama::Template;
use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};

use super::asked::{Caller, Dialect};
use crate::platform::i18n::Locale;
use crate::platform::web::{Kit, Problem};

/// Somebody passes: `200` and the whole set of identity headers.
#[must_use]
pub fn pass(identity: HeaderMap) -> Response {
    let mut response = Response::new(Body::empty());
    *response.headers_mut() = identity;
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// Nobody is signed in. nginx gets the way to the sign-in page beside its `401`;
/// the others redirect people, and tell scripts.
#[must_use]
pub fn sign_in(
    dialect: Dialect,
    caller: Caller,
    is_read: bool,
    location: &str,
    cookie: Option<HeaderValue>,
) -> Response {
    let goes = dialect != Dialect::Nginx && caller == Caller::Navigation;
    let mut response = if goes {
        let status = if is_read {
            StatusCode::FOUND
        } else {
            StatusCode::SEE_OTHER
        };
        status.into_response()
    } else {
        let detail = "Nobody is signed in. Send a cookie of the gateway, or Authorization: Bearer.";
        Problem::unauthenticated()
            .with_detail(detail)
            .into_response()
    };
    let headers = response.headers_mut();
    if (goes || dialect == Dialect::Nginx)
        && let Ok(location) = HeaderValue::from_str(location)
    {
        headers.insert(header::LOCATION, location);
    }
    if dialect == Dialect::Nginx && caller == Caller::Script {
        headers.insert(CALLER, HeaderValue::from_static("script"));
    }
    if let Some(cookie) = cookie {
        headers.insert(header::SET_COOKIE, cookie);
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// The token is none, or none any more (RFC 6750 §3.1): whoever sends one is no
/// person at a browser, and is led nowhere.
#[must_use]
pub fn bad_token(dialect: Dialect, login: &str) -> Response {
    let detail = "The token is unknown, has run out or was revoked.";
    let mut response = Problem::unauthenticated()
        .with_code("forward_auth.bad_token")
        .with_detail(detail)
        .into_response();
    let headers = response.headers_mut();
    let challenge = HeaderValue::from_static("Bearer realm=\"doorward\", error=\"invalid_token\"");
    headers.insert(header::WWW_AUTHENTICATE, challenge);
    if dialect == Dialect::Nginx {
        headers.insert(CALLER, HeaderValue::from_static("script"));
        if let Ok(login) = HeaderValue::from_str(login) {
            headers.insert(header::LOCATION, login);
        }
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// Lets nginx tell a script instead of leading it, where its configuration asks.
const CALLER: HeaderName = HeaderName::from_static("x-doorward-caller");

/// A page goes to another place of the application's own host.
#[must_use]
pub fn go(dialect: Dialect, location: &str, cookie: HeaderValue) -> Response {
    let status = if dialect == Dialect::Nginx {
        StatusCode::UNAUTHORIZED
    } else {
        StatusCode::FOUND
    };
    let mut response = status.into_response();
    let headers = response.headers_mut();
    if let Ok(location) = HeaderValue::from_str(location) {
        headers.insert(header::LOCATION, location);
    }
    headers.insert(header::SET_COOKIE, cookie);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// Why somebody does not pass, in full for the log and in short for the page.
#[derive(Clone, Debug)]
pub struct Refused<'a> {
    /// The stable code.
    pub code: &'static str,
    /// What happened, for the log and for scripts of the application.
    pub detail: String,
    /// The application's name and the person's account, where both are known.
    pub who: Option<(&'a str, &'a str)>,
    /// Where another account can be chosen.
    pub switch: Option<String>,
}

/// The page. It is shown on the application's own host, where nothing of ours can
/// be fetched: it carries what it needs.
#[derive(Template)]
#[template(path = "forward-auth-refused.html")]
struct Page<'a> {
    locale: Locale,
    title: String,
    text: String,
    next: String,
    switch: Option<&'a str>,
    reference: &'a str,
    nonce: &'a str,
}

/// Somebody does not pass: `403`, never a redirect.
#[must_use]
pub fn refuse(kit: &Kit, locale: Locale, caller: Caller, refused: &Refused) -> Response {
    let reference = kit.reference();
    let (code, detail) = (refused.code, refused.detail.as_str());
    if caller == Caller::Script {
        let problem = Problem::forbidden(detail).with_code(code);
        return problem.with_reference(reference).into_response();
    }
    tracing::warn!(
        status = 403,
        code,
        reference = reference.as_str(),
        detail,
        "refused"
    );
    let nonce = kit.entropy().base64url::<16>();
    let (title, text) = match refused.who {
        Some((application, account)) => {
            let names = [("application", application), ("account", account)];
            (
                locale.t_with("not-admitted-title", &names),
                locale.t_with("not-admitted-text", &names),
            )
        }
        None => (
            locale.t("error-not-admitted-title"),
            locale.t("error-not-admitted-text"),
        ),
    };
    let page = Page {
        locale,
        title,
        text,
        next: locale.t("error-not-admitted-next"),
        switch: refused.switch.as_deref(),
        reference: reference.as_str(),
        nonce: &nonce,
    };
    let body = page.render().unwrap_or_default();
    let policy = format!(
        "default-src 'none'; style-src 'nonce-{nonce}'; base-uri 'none'; form-action 'none'; \
         frame-ancestors 'none'"
    );
    let mut response = (StatusCode::FORBIDDEN, body).into_response();
    let headers = response.headers_mut();
    let html = HeaderValue::from_static("text/html; charset=utf-8");
    headers.insert(header::CONTENT_TYPE, html);
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
