//! The gateway's cookies: their names, how they are set and how they are read.

use axum::http::{HeaderMap, HeaderValue, header};

use super::kit::Kit;
use crate::domain::Slug;

/// What the gateway's cookies are called.
///
/// `__Host-` keeps a neighbour under the same domain from planting one
/// (RFC 6265bis §4.1.3.2); it demands https and forbids `Domain`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CookieNames {
    /// Carries the session.
    pub session: &'static str,
    /// Binds sign-in transactions to one browser. It never needs to reach
    /// another host, so it stays `__Host-` even where the session is shared.
    pub browser: &'static str,
    /// The provider used last on this device.
    pub last_provider: &'static str,
    /// Says that this browser has just signed out.
    pub signed_out: &'static str,
    /// Says that this browser's start at an identity provider was just
    /// turned into one of ours.
    pub converted: &'static str,
    /// Proves that somebody has signed in with a password in this browser.
    pub device: &'static str,
}

impl CookieNames {
    pub(super) const fn new(https: bool, shared: bool) -> Self {
        let session = match (https, shared) {
            (false, _) => "doorward",
            (true, true) => "__Secure-doorward",
            (true, false) => "__Host-doorward",
        };
        if https {
            Self {
                session,
                browser: "__Host-doorward-browser",
                last_provider: "__Host-doorward-last",
                signed_out: "__Host-doorward-signed-out",
                converted: "__Host-doorward-converted",
                device: "__Host-doorward-device",
            }
        } else {
            Self {
                session,
                browser: "doorward-browser",
                last_provider: "doorward-last",
                signed_out: "doorward-signed-out",
                converted: "doorward-converted",
                device: "doorward-device",
            }
        }
    }
}

/// A year: how long a device remembers the provider used last.
const YEAR: i64 = 365 * 24 * 3600;

impl Kit {
    /// A cookie's value in a request, if it is there.
    #[must_use]
    pub fn cookie<'h>(&self, headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
        headers
            .get_all(header::COOKIE)
            .iter()
            .filter_map(|field| field.to_str().ok())
            .flat_map(|field| field.split(';'))
            .filter_map(|pair| pair.trim_start().split_once('='))
            .find_map(|(found, value)| (found == name).then_some(value.trim_end()))
    }

    /// The `Set-Cookie` value that gives the browser its session. `max_age` is
    /// in seconds; without it the cookie ends with the browser.
    #[must_use]
    pub fn session_cookie(&self, value: &str, max_age: Option<i64>) -> HeaderValue {
        self.set_cookie(self.cookies().session, value, max_age, self.cookie_domain())
    }

    /// The `Set-Cookie` value that takes the session away.
    #[must_use]
    pub fn session_cookie_removed(&self) -> HeaderValue {
        self.session_cookie("", Some(0))
    }

    /// The identifier of this browser, if it has one of ours: 256 random bits.
    #[must_use]
    pub fn browser_id<'h>(&self, headers: &'h HeaderMap) -> Option<&'h str> {
        self.cookie(headers, self.cookies().browser).filter(|id| {
            id.len() == 43
                && id
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
        })
    }

    /// This browser's identifier, or a new one with the `Set-Cookie` value
    /// that plants it. It lasts as long as the browser runs.
    #[must_use]
    pub fn ensure_browser_id(&self, headers: &HeaderMap) -> (String, Option<HeaderValue>) {
        if let Some(id) = self.browser_id(headers) {
            return (id.to_owned(), None);
        }
        let id = self.entropy().base64url::<32>();
        let cookie = self.set_cookie(self.cookies().browser, &id, None, None);
        (id, Some(cookie))
    }

    /// The provider that was used last on this device.
    #[must_use]
    pub fn last_provider(&self, headers: &HeaderMap) -> Option<Slug> {
        self.cookie(headers, self.cookies().last_provider)
            .and_then(Slug::parse)
    }

    /// The `Set-Cookie` value that remembers the provider for a year. To be
    /// set when a sign-in has succeeded.
    #[must_use]
    pub fn last_provider_cookie(&self, provider: &Slug) -> HeaderValue {
        self.set_cookie(
            self.cookies().last_provider,
            provider.as_str(),
            Some(YEAR),
            None,
        )
    }

    /// Whether this browser signed out within the last minutes.
    #[must_use]
    pub fn just_signed_out(&self, headers: &HeaderMap) -> bool {
        self.cookie(headers, self.cookies().signed_out) == Some("1")
    }

    /// The `Set-Cookie` value that says that this browser has signed out, so
    /// that the sign-in page does not sign it in again at once.
    #[must_use]
    pub fn signed_out_cookie(&self) -> HeaderValue {
        self.set_cookie(self.cookies().signed_out, "1", Some(300), None)
    }

    /// Takes that note away again: at a sign-in.
    #[must_use]
    pub fn signed_out_cookie_removed(&self) -> HeaderValue {
        self.set_cookie(self.cookies().signed_out, "", Some(0), None)
    }

    /// Whether this browser's start at an identity provider was turned into
    /// one of ours within the last minute.
    #[must_use]
    pub fn just_converted(&self, headers: &HeaderMap) -> bool {
        self.cookie(headers, self.cookies().converted) == Some("1")
    }

    /// The `Set-Cookie` value that notes such a turn.
    #[must_use]
    pub fn converted_cookie(&self) -> HeaderValue {
        self.set_cookie(self.cookies().converted, "1", Some(60), None)
    }

    /// Takes that note away again: at a sign-in.
    #[must_use]
    pub fn converted_cookie_removed(&self) -> HeaderValue {
        self.set_cookie(self.cookies().converted, "", Some(0), None)
    }

    /// The `Set-Cookie` value with which a browser proves later that somebody has
    /// signed in with a password in it.
    #[must_use]
    pub fn device_cookie(&self, value: &str) -> HeaderValue {
        self.set_cookie(self.cookies().device, value, Some(YEAR), None)
    }

    fn set_cookie(
        &self,
        name: &str,
        value: &str,
        max_age: Option<i64>,
        domain: Option<&str>,
    ) -> HeaderValue {
        let mut text = format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax");
        if self.https() {
            text.push_str("; Secure");
        }
        if let Some(domain) = domain {
            text.push_str("; Domain=");
            text.push_str(domain);
        }
        if let Some(seconds) = max_age {
            text.push_str("; Max-Age=");
            text.push_str(&seconds.to_string());
        }
        // Names, slugs and base64url have no octet that a header refuses; the
        // domain was checked with the configuration.
        HeaderValue::from_str(&text).unwrap_or_else(|_| HeaderValue::from_static(""))
    }
}
