//! How a session comes to a host that does not share our domain.
//!
//! 1. The host, by its proxy, gives the browser a cookie and sends it to sign in.
//! 2. Whoever is signed in gets a one-time code, bound to the hash of that cookie,
//!    and goes back to the host ([`CALLBACK`]).
//! 3. There the proxy asks us again; code and cookie fit together, and the browser
//!    gets a cookie of the host's own, worth that host and no longer than the session.

use axum::extract::{Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;
use url::Url;

use super::ForwardAuth;
use super::answer::{self, Refused};
use super::asked::{Asked, Caller};
use crate::domain::application::clean_host;
use crate::platform::i18n::Locale;
use crate::platform::storage::StorageError;
use crate::sessions::current::{MaybeLive, NoOne};
use crate::sessions::hash;
use crate::sessions::host::OnTheWay;

/// Where a code is taken, on the application's own host.
pub const CALLBACK: &str = "/.doorward/callback";

/// The parameter of the sign-in page that asks for a code.
pub const PARAMETER: &str = "hand_over";

/// Seconds that somebody may take to sign in.
const WAIT: i64 = 30 * 60;

/// What the cookie of a host is called.
#[must_use]
pub const fn session_cookie(https: bool) -> &'static str {
    if https {
        "__Host-doorward-app"
    } else {
        "doorward-app"
    }
}

const fn start_cookie(https: bool) -> &'static str {
    if https {
        "__Host-doorward-start"
    } else {
        "doorward-start"
    }
}

/// A browser that is sent away to sign in.
pub struct Start {
    /// What the code will be bound to.
    pub state: String,
    /// The cookie, unless the browser has one.
    pub cookie: Option<HeaderValue>,
}

fn cookie(name: &str, value: &str, https: bool, max_age: i64) -> Option<HeaderValue> {
    let secure = if https { "; Secure" } else { "" };
    let text = format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax{secure}; Max-Age={max_age}");
    HeaderValue::from_str(&text).ok()
}

/// Whether the cookie of the gateway itself reaches a host.
pub(super) fn shares_cookie(host: &str, own: &Url, domain: Option<&str>) -> bool {
    let Ok(url) = Url::parse(&format!("http://{host}/")) else {
        return false;
    };
    // Cookies know no ports (RFC 6265 §8.5).
    let Some(name) = url.host_str() else {
        return false;
    };
    let under = |domain: &str| {
        name == domain
            || name
                .strip_suffix(domain)
                .is_some_and(|rest| rest.ends_with('.'))
    };
    own.host_str() == Some(name)
        || domain.is_some_and(|domain| under(domain.trim_start_matches('.')))
}

/// What the start of a code is asked.
#[derive(Deserialize)]
pub(super) struct Wanted {
    #[serde(default)]
    rd: String,
    #[serde(default)]
    state: String,
}

/// Gives a code to whoever is signed in.
pub(super) async fn send(
    State(forward): State<ForwardAuth>,
    locale: Locale,
    Query(wanted): Query<Wanted>,
    MaybeLive(live): MaybeLive,
) -> Response {
    let kit = &forward.kit;
    let refuse = |code, detail: &str| {
        let refused = Refused {
            code,
            detail: detail.to_owned(),
            who: None,
            switch: None,
        };
        answer::refuse(kit, locale, Caller::Navigation, &refused)
    };
    let foreign = "forward_auth.foreign_target";
    let Some((url, host)) = target(&wanted.rd) else {
        return refuse(foreign, "the way back is no address of an application");
    };
    let application = match forward.registry.by_host(&host).await {
        Ok(Some(application)) => application,
        Ok(None) => return refuse(foreign, "no application has the host of the way back"),
        Err(error) => return kit.unavailable(error.to_string()).into_response(),
    };
    if kit.https() && url.scheme() != "https" {
        return refuse(foreign, "the way back is not https");
    }
    let is_state = wanted.state.len() == 32 && wanted.state.bytes().all(|b| b.is_ascii_hexdigit());
    if !is_state {
        return refuse(
            "forward_auth.hand_over",
            "the browser brings no proof of the start",
        );
    }
    let live = match live {
        Ok(live) => live,
        Err(NoOne::SignedOut) => {
            let mut query = url::form_urlencoded::Serializer::new(String::new());
            query.append_pair("rd", url.as_str());
            query.append_pair(PARAMETER, &wanted.state);
            return see(&format!("/login?{}", query.finish()));
        }
        Err(NoOne::Unavailable(cause)) => return kit.unavailable(cause).into_response(),
    };
    let way = OnTheWay {
        session: live.id_hash.clone(),
        host: host.clone(),
        browser_hash: wanted.state,
        target: url.to_string(),
    };
    tracing::debug!(
        application = application.slug.as_str(),
        "a session is handed over"
    );
    match forward.sessions.send_to_host(way).await {
        Ok(code) => see(&format!("{}://{host}{CALLBACK}?code={code}", url.scheme())),
        Err(error) => kit.unavailable(error.to_string()).into_response(),
    }
}

/// An absolute address, and its host as hosts are compared.
pub(super) fn target(text: &str) -> Option<(Url, String)> {
    let url = Url::parse(text).ok()?;
    let plain = matches!(url.scheme(), "http" | "https")
        && url.username().is_empty()
        && url.password().is_none()
        && !text.contains('\\')
        && !text.chars().any(char::is_control)
        && text.len() <= crate::platform::web::MAX_TARGET;
    let authority = match url.port() {
        Some(port) => format!("{}:{port}", url.host_str()?),
        None => url.host_str()?.to_owned(),
    };
    let host = clean_host(&authority)?;
    plain.then_some((url, host))
}

fn see(location: &str) -> Response {
    let mut response = StatusCode::FOUND.into_response();
    if let Ok(location) = HeaderValue::from_str(location) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    response
}

impl ForwardAuth {
    /// What a browser gets that is sent away from a host which our cookie does not
    /// reach; `None` for one that it reaches.
    pub(super) fn start(&self, asked: &Asked, headers: &HeaderMap) -> Option<Start> {
        let host = asked.host.as_deref()?;
        if shares_cookie(host, self.kit.public_origin(), self.kit.cookie_domain()) {
            return None;
        }
        let https = asked.is_https.unwrap_or(self.kit.https());
        let name = start_cookie(https);
        // Several tabs may be on their way at once.
        if let Some(known) = self.kit.cookie(headers, name).filter(|v| v.len() == 43) {
            return Some(Start {
                state: hash(known),
                cookie: None,
            });
        }
        let secret = self.kit.entropy().base64url::<32>();
        Some(Start {
            state: hash(&secret),
            cookie: cookie(name, &secret, https, WAIT),
        })
    }

    /// Takes the code that a browser brings to the host: where it goes, and with
    /// which cookie.
    pub(super) async fn arrived(
        &self,
        asked: &Asked<'_>,
        headers: &HeaderMap,
    ) -> Result<Option<(String, HeaderValue)>, StorageError> {
        let https = asked.is_https.unwrap_or(self.kit.https());
        let code = asked.query().and_then(|query| {
            query
                .split('&')
                .find_map(|pair| pair.strip_prefix("code="))
                .filter(|code| code.len() == 43)
        });
        let (Some(code), Some(host)) = (code, asked.host.as_deref()) else {
            return Ok(None);
        };
        // Without the cookie it fits nobody, and is used up all the same.
        let browser = self.kit.cookie(headers, start_cookie(https));
        let browser = browser.unwrap_or_default();
        let arrived = self.sessions.arrive_at_host(code, host, browser).await?;
        Ok(arrived.and_then(|arrived| {
            let name = session_cookie(https);
            let cookie = cookie(name, &arrived.secret, https, arrived.max_age)?;
            Some((arrived.target, cookie))
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whom_the_gateways_cookie_reaches() {
        let own = Url::parse("https://sso.example.com").unwrap();
        for (host, domain, reaches) in [
            ("sso.example.com", None, true),
            ("sso.example.com:8443", None, true),
            ("wiki.example.com", None, false),
            ("wiki.example.com", Some("example.com"), true),
            ("wiki.example.com:444", Some(".example.com"), true),
            ("example.com", Some("example.com"), true),
            ("evilexample.com", Some("example.com"), false),
            ("example.com.evil.org", Some("example.com"), false),
            ("wiki.example.org", Some("example.com"), false),
        ] {
            assert_eq!(
                shares_cookie(host, &own, domain),
                reaches,
                "{host} {domain:?}"
            );
        }
    }

    #[test]
    fn ways_back() {
        for (text, host) in [
            ("https://wiki.example.org/a?b#c", Some("wiki.example.org")),
            ("https://WIKI.example.org:443/", Some("wiki.example.org")),
            (
                "http://wiki.example.org:8080/",
                Some("wiki.example.org:8080"),
            ),
            ("https://user@wiki.example.org/", None),
            ("https://wiki.example.org\\@evil.example/", None),
            ("javascript:alert(1)", None),
            ("//evil.example/", None),
            ("/account", None),
        ] {
            let found = target(text).map(|(_, host)| host);
            assert_eq!(found.as_deref(), host, "{text}");
        }
    }
}
