//! An OAuth provider made ready: presets filled in, addresses read, the secret
//! opened, once for each change of the provider and not once for each login.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::claims::ClaimMap;
use super::issuer::IssuerRule;
use super::preset::Preset;
use super::upstream::Documents;
use crate::directory::providers::{self, StoredProvider};
use crate::domain::oauth::{ClientAuth, OauthSettings, WriteOnly};
use crate::domain::{Provider, Slug};
use crate::login::setup::SetupError;
use crate::platform::crypto::Sealer;
use crate::platform::storage::{StorageError, Tx};

/// Where a client secret is sealed: the table and the column.
const PLACE: (&str, &str) = ("providers", "client_secret");

/// Our addresses for a provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Urls {
    /// Where a sign-in begins.
    pub login: String,
    /// The redirect URI: what to enter at the provider.
    pub callback: String,
    /// The post-logout redirect URI.
    pub logged_out: String,
    /// Where the provider says that somebody has signed out there (OpenID Connect
    /// Back-Channel Logout).
    pub backchannel_logout: String,
}

impl Urls {
    /// The addresses of a provider.
    #[must_use]
    pub fn new(public_url: &str, slug: &Slug) -> Self {
        Self {
            login: format!("{public_url}/oauth/{slug}/login"),
            callback: format!("{public_url}/oauth/{slug}/callback"),
            logged_out: format!("{public_url}/oauth/{slug}/logged-out"),
            backchannel_logout: format!("{public_url}/oauth/{slug}/backchannel-logout"),
        }
    }
}

/// Addresses that an admin set or that a preset knows; what is left is
/// discovered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fixed {
    /// Where the browser goes.
    pub authorization: Option<String>,
    /// Where codes are redeemed.
    pub token: Option<String>,
    /// Where claims are asked for.
    pub userinfo: Option<String>,
    /// Where the keys are.
    pub jwks: Option<String>,
    /// Where the browser signs out.
    pub end_session: Option<String>,
}

/// A provider that can be used.
#[derive(Debug)]
pub struct OauthProvider {
    /// As the admin described it.
    pub provider: Provider,
    /// Of which version this was made.
    pub version: i64,
    /// What OAuth needs, out of `provider`.
    pub settings: OauthSettings,
    /// The client secret, opened.
    pub secret: Option<WriteOnly>,
    /// What is known of its kind.
    pub preset: Preset,
    /// Which issuer may have signed.
    pub issuer: Option<IssuerRule>,
    /// What needs no discovery.
    pub fixed: Fixed,
    /// Where the rest is discovered; `None` where nothing has to be.
    pub discovery: Option<String>,
    /// Which claim is which field.
    pub claims: ClaimMap,
    /// Our addresses for it.
    pub urls: Urls,
    /// What was fetched of it lately.
    pub documents: Documents,
}

impl OauthProvider {
    /// Whether its logins come with an ID token.
    #[must_use]
    pub fn has_id_token(&self) -> bool {
        self.provider.kind.has_id_token()
    }

    /// How the gateway proves who it is at the token endpoint, given what the
    /// provider lists. Without a list `client_secret_basic` is the standard's
    /// default (OpenID Connect Discovery §3).
    #[must_use]
    pub fn client_auth(&self, listed: Option<&[String]>) -> ClientAuth {
        if self.secret.is_none() {
            return ClientAuth::None;
        }
        if let Some(set) = self.settings.token_endpoint_auth_method {
            return set;
        }
        let lists = |method: ClientAuth| listed.map(|l| l.iter().any(|m| m == method.as_str()));
        match lists(ClientAuth::Post) {
            Some(true) => ClientAuth::Post,
            Some(false) => ClientAuth::Basic,
            None => self.preset.client_auth,
        }
    }
}

/// Makes a provider ready but for its secret, or says why it cannot be used.
pub fn compile(provider: &Provider, public_url: &str) -> Result<OauthProvider, SetupError> {
    let kind = provider.kind;
    let settings = provider.oauth.clone().ok_or_else(|| {
        let sentence = format!("a provider of kind {kind} needs its oauth settings");
        SetupError::new("oauth.settings_missing", "oauth", sentence)
    })?;
    let preset = Preset::of(kind);
    let issuer = IssuerRule::of(kind, &settings)
        .map_err(|(field, sentence)| SetupError::new("oauth.issuer_invalid", field, sentence))?;
    let or = |set: &Option<String>, known: Option<&str>| {
        set.clone().or_else(|| known.map(ToOwned::to_owned))
    };
    let fixed = Fixed {
        authorization: or(
            &settings.authorization_endpoint,
            preset.authorization_endpoint,
        ),
        token: or(&settings.token_endpoint, preset.token_endpoint),
        userinfo: or(&settings.userinfo_endpoint, preset.userinfo_endpoint),
        jwks: settings.jwks_uri.clone(),
        end_session: settings.end_session_endpoint.clone(),
    };
    let complete = fixed.authorization.is_some()
        && fixed.token.is_some()
        && (fixed.jwks.is_some() || !kind.has_id_token());
    let by_domain = issuer.as_ref().is_some_and(IssuerRule::needs_discovery);
    if complete && by_domain {
        let sentence = "must be the tenant's id where the endpoints are set: without discovery \
                        nothing says which id the domain has";
        return Err(SetupError::new(
            "oauth.tenant_unknown",
            "oauth.tenant",
            sentence,
        ));
    }
    let discovery = match (&issuer, complete) {
        (_, true) => None,
        (Some(issuer), false) => Some(issuer.discovery_url(&settings)),
        (None, false) => {
            let sentence = "the endpoints are missing, and without an issuer none can be found";
            return Err(SetupError::new(
                "oauth.endpoints_missing",
                "oauth.authorization_endpoint",
                sentence,
            ));
        }
    };
    Ok(OauthProvider {
        claims: ClaimMap::new(kind, &settings.claims, preset.subject),
        urls: Urls::new(public_url, &provider.slug),
        provider: provider.clone(),
        version: 0,
        secret: None,
        documents: Documents::default(),
        preset,
        issuer,
        fixed,
        discovery,
        settings,
    })
}

/// The sealed secret of a provider that is about to be saved: the new one, or
/// the one that it has where the mask was sent back. Saving the same secret
/// again changes nothing.
pub fn secrets(
    provider: &Provider,
    kept: Option<&str>,
    sealer: &Sealer,
) -> Result<String, SetupError> {
    const FIELD: &str = "oauth.client_secret";
    let slug = &provider.slug;
    let kept = kept.filter(|kept| !kept.is_empty());
    let given = provider
        .oauth
        .as_ref()
        .and_then(|oauth| oauth.client_secret.as_ref());
    let Some(given) = given else {
        return Ok(String::new());
    };
    if given.is_mask() {
        let sentence = "is the text that stands for a secret, but there is none to keep";
        return kept
            .map(ToOwned::to_owned)
            .ok_or_else(|| SetupError::new("oauth.secret_missing", FIELD, sentence));
    }
    if let Some(kept) = kept
        && !sealer.is_outdated(kept)
        && open(kept, sealer, slug).is_ok_and(|known| known == *given)
    {
        return Ok(kept.to_owned());
    }
    sealer
        .seal(given.expose().as_bytes(), PLACE.0, PLACE.1, slug.as_str())
        .map_err(|e| SetupError::new("oauth.secret_unusable", FIELD, e.to_string()))
}

fn open(text: &str, sealer: &Sealer, slug: &Slug) -> Result<WriteOnly, SetupError> {
    let unusable =
        |problem: String| SetupError::new("oauth.secret_unusable", "oauth.client_secret", problem);
    let octets = sealer
        .open(text, PLACE.0, PLACE.1, slug.as_str())
        .map_err(|e| unusable(e.to_string()))?;
    let secret = std::str::from_utf8(&octets).map_err(|e| unusable(e.to_string()))?;
    Ok(WriteOnly::new(secret))
}

/// Makes a stored provider ready, with its secret.
pub fn ready(
    stored: &StoredProvider,
    public_url: &str,
    sealer: &Sealer,
) -> Result<OauthProvider, SetupError> {
    let secret = match stored.secrets.as_str() {
        "" => None,
        text => Some(open(text, sealer, &stored.provider.slug)?),
    };
    Ok(OauthProvider {
        secret,
        version: stored.version,
        ..compile(&stored.provider, public_url)?
    })
}

/// The providers that have been made ready, by slug.
#[derive(Debug)]
pub struct Registry {
    sealer: Arc<Sealer>,
    public_url: String,
    ready: Mutex<HashMap<Slug, Arc<OauthProvider>>>,
}

/// What the registry finds.
#[derive(Debug, Clone)]
pub enum Found {
    /// A provider that can be used.
    Ready(Arc<OauthProvider>),
    /// There is none of this name, or it is switched off, or of another kind.
    None,
    /// It is there and cannot be used.
    Broken(SetupError),
}

impl Registry {
    /// An empty registry, whose providers' secrets are opened with `sealer`.
    #[must_use]
    pub fn new(sealer: Arc<Sealer>, public_url: &str) -> Self {
        Self {
            sealer,
            public_url: public_url.to_owned(),
            ready: Mutex::default(),
        }
    }

    /// The provider of this name as the transaction sees it. What is kept here
    /// counts only while its version is the one that stands; what was fetched
    /// of the provider goes with it.
    pub async fn find(&self, tx: &mut Tx, slug: &Slug) -> Result<Found, StorageError> {
        self.find_for(tx, slug, false).await
    }

    /// The same, where wanted, of a provider that is switched off: for tests.
    pub async fn find_for(
        &self,
        tx: &mut Tx,
        slug: &Slug,
        even_off: bool,
    ) -> Result<Found, StorageError> {
        if let Some(kept) = self.kept(slug)
            && providers::version_of(tx, slug).await? == Some(kept.version)
        {
            return Ok(usable(kept, even_off));
        }
        let Some(stored) = providers::by_slug(tx, slug).await? else {
            return Ok(Found::None);
        };
        if !stored.provider.kind.is_oauth() || !(stored.provider.enabled || even_off) {
            return Ok(Found::None);
        }
        Ok(match ready(&stored, &self.public_url, &self.sealer) {
            Ok(ready) => usable(self.keep(Arc::new(ready)), even_off),
            Err(error) => Found::Broken(error),
        })
    }

    fn kept(&self, slug: &Slug) -> Option<Arc<OauthProvider>> {
        let ready = self.ready.lock().unwrap_or_else(PoisonError::into_inner);
        ready.get(slug).cloned()
    }

    /// Of two that are made of one version the first stays, so that what it
    /// has fetched is fetched once.
    fn keep(&self, made: Arc<OauthProvider>) -> Arc<OauthProvider> {
        let mut ready = self.ready.lock().unwrap_or_else(PoisonError::into_inner);
        let slug = made.provider.slug.clone();
        match ready.get(&slug) {
            Some(other) if other.version == made.version => Arc::clone(other),
            _ => {
                ready.insert(slug, Arc::clone(&made));
                made
            }
        }
    }
}

fn usable(provider: Arc<OauthProvider>, even_off: bool) -> Found {
    if provider.provider.enabled || even_off {
        Found::Ready(provider)
    } else {
        Found::None
    }
}

#[cfg(test)]
mod tests;
