//! The kit itself: settings that every answer needs, behind one `Arc`.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::http::HeaderValue;
use ipnet::IpNet;
use url::Url;

use super::assets::Assets;
use super::branding::Branding;
use super::cookies::CookieNames;
use super::page::{Csp, FormAction, Page, Scripts};
use crate::domain::{Clock, Entropy, Reference, Timestamp};
use crate::platform::i18n::Locale;

/// What the kit is made of.
#[derive(Clone, Debug)]
pub struct KitSettings {
    /// The origin that people see: scheme, host and port of `public_url`.
    pub public_origin: Url,
    /// The domain that shares the session cookie, if any.
    pub cookie_domain: Option<String>,
    /// How the pages look.
    pub branding: Branding,
    /// Whose `X-Forwarded-*` are believed.
    pub trusted_proxies: Vec<IpNet>,
    /// The server's own key for form tokens; the same on every replica.
    pub csrf_key: [u8; 32],
    /// The most octets of a request body, where a route sets no bound of its own.
    pub body_cap: usize,
    /// Where the time comes from.
    pub clock: Clock,
    /// Where chance comes from.
    pub entropy: Entropy,
}

impl KitSettings {
    /// The defaults for an origin: no branding, no trusted proxy, bodies of at
    /// most 1 MiB, the system's clock and generator, and a key for form tokens
    /// that lasts as long as the process.
    #[must_use]
    pub fn new(public_origin: Url) -> Self {
        let entropy = Entropy::System;
        Self {
            public_origin,
            cookie_domain: None,
            branding: Branding::default(),
            trusted_proxies: Vec::new(),
            csrf_key: entropy.bytes(),
            body_cap: 1024 * 1024,
            clock: Clock::System,
            entropy,
        }
    }
}

/// The inbound web kit. Cloning it copies a pointer.
#[derive(Clone, Debug)]
pub struct Kit(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    settings: KitSettings,
    origin: String,
    https: bool,
    cookies: CookieNames,
    assets: Assets,
    csp: HeaderValue,
    /// Request ids: a random start for this process, then a count.
    request_prefix: String,
    requests: AtomicU64,
}

impl Kit {
    /// Builds the kit: assets are hashed and headers are written once, here.
    #[must_use]
    pub fn new(settings: KitSettings) -> Self {
        let https = settings.public_origin.scheme() == "https";
        let csp = Csp {
            form_action: FormAction::Own,
            scripts: Scripts::None,
        };
        Self(Arc::new(Inner {
            origin: settings.public_origin.origin().ascii_serialization(),
            https,
            cookies: CookieNames::new(https, settings.cookie_domain.is_some()),
            assets: Assets::new(&settings.branding),
            csp: csp.header(settings.branding.logo.as_ref()),
            request_prefix: settings.entropy.hex::<4>(),
            requests: AtomicU64::new(1),
            settings,
        }))
    }

    /// The origin as browsers write it in `Origin`: no path, no final slash.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.0.origin
    }

    /// The origin as a URL.
    #[must_use]
    pub fn public_origin(&self) -> &Url {
        &self.0.settings.public_origin
    }

    /// Whether people come over https.
    #[must_use]
    pub fn https(&self) -> bool {
        self.0.https
    }

    /// Name, colours and contacts.
    #[must_use]
    pub fn branding(&self) -> &Branding {
        &self.0.settings.branding
    }

    /// What the cookies are called.
    #[must_use]
    pub fn cookies(&self) -> CookieNames {
        self.0.cookies
    }

    /// The domain that shares the session cookie, if any.
    #[must_use]
    pub fn cookie_domain(&self) -> Option<&str> {
        self.0.settings.cookie_domain.as_deref()
    }

    /// Whose `X-Forwarded-*` are believed.
    #[must_use]
    pub fn trusted_proxies(&self) -> &[IpNet] {
        &self.0.settings.trusted_proxies
    }

    /// Where the time comes from.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.0.settings.clock
    }

    /// The present moment.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock().now()
    }

    /// Where chance comes from.
    #[must_use]
    pub fn entropy(&self) -> &Entropy {
        &self.0.settings.entropy
    }

    /// A new reference for a page, a log line and a login trace.
    #[must_use]
    pub fn reference(&self) -> Reference {
        Reference::new(self.entropy())
    }

    /// The frame of a page in a language.
    #[must_use]
    pub fn page(&self, locale: Locale) -> Page {
        Page::new(self.clone(), locale)
    }

    /// A redirect target that is safe to follow ([`super::local_target`]).
    #[must_use]
    pub fn local_target(&self, text: &str, hosts: &[String]) -> Option<String> {
        super::local_target(text, self.public_origin(), hosts)
    }

    pub(super) fn assets(&self) -> &Assets {
        &self.0.assets
    }

    pub(super) fn body_cap(&self) -> usize {
        self.0.settings.body_cap
    }

    pub(super) fn csrf_key(&self) -> &[u8; 32] {
        &self.0.settings.csrf_key
    }

    /// The policy of answers that set none of their own.
    pub(super) fn default_csp(&self) -> &HeaderValue {
        &self.0.csp
    }

    /// An id for the log lines of one request: not secret, not foreseeable
    /// enough to be forged usefully, cheap.
    pub(super) fn request_id(&self) -> String {
        let count = self.0.requests.fetch_add(1, Ordering::Relaxed);
        format!("{}-{count:x}", self.0.request_prefix)
    }
}
