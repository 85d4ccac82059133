//! Who passes.

use std::net::IpAddr;
use std::sync::{Arc, PoisonError};

use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use serde::Serialize;

use super::answer::{self, Refused};
use super::asked::{self, Asked, AskedError, Caller, Dialect};
use super::bearer::{self, Presented};
use super::{ForwardAuth, Pass, hand_over, identity, passes, paths};
use crate::directory::DirectoryError;
use crate::directory::applications::access::{self, NotAdmitted};
use crate::domain::application::{AccessRule, PathAccess};
use crate::domain::{Application, Group, User};
use crate::platform::crypto::jwt::Algorithm;
use crate::platform::i18n::Locale;
use crate::platform::web::Problem;
use crate::sessions::cache::Live;
use crate::sessions::hash;

/// The type of an assertion: of its own, so that it passes for no ID token.
pub const TYP: &str = "doorward-assertion+jwt";

/// Seconds that an assertion is good for.
pub const LIFETIME: i64 = 60;

/// Seconds for which the same one is given out.
const GIVEN_OUT: i64 = 20;

/// What an assertion says.
#[derive(Serialize)]
struct Assertion<'a> {
    iss: &'a str,
    aud: &'a str,
    sub: &'a str,
    iat: i64,
    nbf: i64,
    exp: i64,
    jti: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email_verified: Option<bool>,
    name: String,
    preferred_username: &'a str,
    groups: Vec<&'a str>,
}

/// Why there is no answer from the rules.
pub(super) enum Trouble {
    /// The database.
    Away(String),
}

impl From<DirectoryError> for Trouble {
    fn from(error: DirectoryError) -> Self {
        Self::Away(error.to_string())
    }
}

/// One question with everything around it.
pub(super) struct Case<'r> {
    pub(super) asked: Asked<'r>,
    headers: &'r HeaderMap,
    caller: Caller,
    locale: Locale,
}

impl ForwardAuth {
    /// Answers a question.
    pub async fn decide(
        &self,
        method: &Method,
        uri: &Uri,
        headers: &HeaderMap,
        peer: IpAddr,
    ) -> Response {
        let Some(dialect) = Dialect::of(uri.path()) else {
            return StatusCode::NOT_FOUND.into_response();
        };
        let trusted = self.kit.trusted_proxies();
        let asked = match asked::read(dialect, method, uri, headers, peer, trusted) {
            Ok(asked) => asked,
            Err(error) => return unreadable(dialect, error),
        };
        let case = Case {
            caller: asked::caller(headers),
            locale: Locale::of(headers),
            asked,
            headers,
        };
        match self.judge(&case).await {
            Ok(response) => response,
            Err(Trouble::Away(why)) => self.kit.unavailable(why).into_response(),
        }
    }

    async fn judge(&self, case: &Case<'_>) -> Result<Response, Trouble> {
        let found = self.registry.find(&case.asked).await?;
        let Some(application) = found.application else {
            return self.without_application(case).await;
        };
        if case.asked.path() == hand_over::CALLBACK {
            return self.arrive(case, &application).await;
        }
        let rule = if application.enabled {
            paths::access(&application.path_rules, case.asked.path())
        } else {
            PathAccess::SignedIn
        };
        if rule == PathAccess::Deny {
            let detail = format!("a rule of the application closes {}", case.asked.path());
            return Ok(self.refuse(case, "forward_auth.path_denied", detail, None));
        }
        let takes_preflights = application.enabled && application.allow_cors_preflight;
        if takes_preflights && asked::is_preflight(&case.asked, case.headers) {
            return Ok(answer::pass(identity::nobody(&application)));
        }
        match bearer::presented(case.headers) {
            Some(Presented::Api(secret)) => {
                return self.with_token(case, &application, secret, rule).await;
            }
            Some(Presented::Access(secret)) => {
                return self
                    .with_access_token(case, &application, secret, rule)
                    .await;
            }
            None => {}
        }
        let live = self.live(case).await?;
        let Some(live) = live else {
            return Ok(match rule {
                PathAccess::Anonymous => answer::pass(identity::nobody(&application)),
                _ => self.sign_in(case, Some(&application)),
            });
        };
        let pass = self.pass(&live, &application, found.edition).await?;
        Ok(match (&pass.outcome, rule) {
            (Ok(headers), _) => answer::pass(headers.clone()),
            (Err(_), PathAccess::Anonymous) => answer::pass(identity::nobody(&application)),
            (Err(why), _) => {
                let account = live.person.user.display_name();
                let who = (application.name.as_str(), account.as_str());
                self.refuse(case, why.code(), why.to_string(), Some(who))
            }
        })
    }

    /// No application has this host. Nobody passes; whoever is not signed in may do
    /// so, but is led nowhere else afterwards.
    async fn without_application(&self, case: &Case<'_>) -> Result<Response, Trouble> {
        if !case.asked.is_forwarded && case.asked.slug.is_none() && self.live(case).await?.is_none()
        {
            return Ok(self.sign_in(case, None));
        }
        let detail = match (case.asked.slug, &case.asked.host) {
            (Some(slug), _) => format!("no application behind forward-auth is called {slug:?}"),
            (None, Some(host)) => {
                format!("no application behind forward-auth has the host {host:?}")
            }
            (None, None) => "the request names no host".to_owned(),
        };
        Ok(self.refuse(case, "forward_auth.unknown_host", detail, None))
    }

    /// The session of a request.
    async fn live(&self, case: &Case<'_>) -> Result<Option<Arc<Live>>, Trouble> {
        let away = |error: crate::platform::storage::StorageError| Trouble::Away(error.to_string());
        let name = self.kit.cookies().session;
        if let Some(secret) = self.kit.cookie(case.headers, name) {
            let live = self.sessions.live(&hash(secret)).await.map_err(away)?;
            if live.is_some() {
                return Ok(live);
            }
        }
        let name = self.host_cookie(&case.asked);
        let secret = self.kit.cookie(case.headers, name);
        match secret.zip(case.asked.host.as_deref()) {
            Some((secret, host)) => {
                let live = self.sessions.live_at_host(secret, host).await;
                live.map_err(away)
            }
            None => Ok(None),
        }
    }

    /// What a session gets at an application: worked out once for some seconds.
    async fn pass(
        &self,
        live: &Live,
        application: &Application,
        edition: u64,
    ) -> Result<Arc<Pass>, Trouble> {
        let now = self.sessions.clock.now();
        let all = passes(live);
        let known = {
            let all = all.lock().unwrap_or_else(PoisonError::into_inner);
            all.get(&application.slug).cloned()
        };
        if let Some(pass) = known
            && pass.edition == edition
            && now < pass.until
        {
            return Ok(pass);
        }
        let user = &live.person.user;
        let outcome = match self.admission(application, user).await? {
            Ok(()) => {
                let groups = &live.person.belongings.groups;
                let mut headers = identity::of(application, user, groups);
                let assertion = self.assertion(application, user, groups).await?;
                headers.insert(identity::ASSERTION, assertion);
                Ok(headers)
            }
            Err(why) => Err(why),
        };
        let pass = Arc::new(Pass {
            edition,
            until: now.plus_seconds(GIVEN_OUT),
            outcome,
        });
        let mut all = all.lock().unwrap_or_else(PoisonError::into_inner);
        all.insert(application.slug.clone(), Arc::clone(&pass));
        Ok(pass)
    }

    pub(super) async fn admission(
        &self,
        application: &Application,
        user: &User,
    ) -> Result<Result<(), NotAdmitted>, Trouble> {
        if application.access != AccessRule::Private {
            let (now, enforce) = (self.directory.now(), self.directory.enforce_validity);
            return Ok(access::admit(application, user, false, now, enforce));
        }
        match self.directory.admission(&application.slug, user).await {
            Ok((_, may)) => Ok(may),
            // Deleted a moment ago.
            Err(DirectoryError::NotFound(_)) => Ok(Err(NotAdmitted::Disabled)),
            Err(error) => Err(error.into()),
        }
    }

    /// The signed header for a person at an application.
    pub(super) async fn assertion(
        &self,
        application: &Application,
        user: &User,
        groups: &[Group],
    ) -> Result<HeaderValue, Trouble> {
        let now = self.sessions.clock.now().millis() / 1_000;
        let get = |field| user.profile.get(field);
        let email = get(crate::domain::Field::Email);
        let assertion = Assertion {
            iss: self.kit.origin(),
            aud: application.slug.as_str(),
            sub: user.id.as_str(),
            iat: now,
            nbf: now,
            exp: now + LIFETIME,
            jti: self.kit.entropy().base64url::<16>(),
            email,
            email_verified: email.map(|_| user.email_verified),
            name: user.display_name(),
            preferred_username: identity::user_name(user),
            groups: groups
                .iter()
                .map(|group| group.name.as_str())
                .take(100)
                .collect(),
        };
        let signed = self.signing.sign(Algorithm::Es256, TYP, &assertion).await;
        let signed = signed.map_err(|error| Trouble::Away(error.to_string()))?;
        HeaderValue::from_str(&signed).map_err(|error| Trouble::Away(error.to_string()))
    }

    /// Nobody is signed in.
    fn sign_in(&self, case: &Case, application: Option<&Application>) -> Response {
        let asked = &case.asked;
        let has_host = |application: &Application| {
            let host = asked.host.as_ref();
            host.is_some_and(|host| application.hosts.contains(host))
        };
        let comes_back = asked.is_forwarded || application.is_some_and(has_host);
        let address = asked.address(self.kit.https()).filter(|_| comes_back);
        let mut login = format!("{}/login", self.kit.origin());
        let mut cookie = None;
        if let Some(address) = address {
            let mut query = url::form_urlencoded::Serializer::new(String::new());
            query.append_pair("rd", &address);
            if let Some(start) = self.start(asked, case.headers) {
                query.append_pair(hand_over::PARAMETER, &start.state);
                cookie = start.cookie;
            }
            login.push('?');
            login.push_str(&query.finish());
        }
        let is_read = matches!(asked.method, Method::GET | Method::HEAD);
        answer::sign_in(asked.dialect, case.caller, is_read, &login, cookie)
    }

    pub(super) fn refuse(
        &self,
        case: &Case,
        code: &'static str,
        detail: String,
        who: Option<(&str, &str)>,
    ) -> Response {
        let refused = Refused {
            code,
            detail,
            switch: who.map(|_| format!("{}/login?choose=1", self.kit.origin())),
            who,
        };
        answer::refuse(&self.kit, case.locale, case.caller, &refused)
    }

    /// A browser comes with a code to its application's own host.
    async fn arrive(
        &self,
        case: &Case<'_>,
        application: &Application,
    ) -> Result<Response, Trouble> {
        let arrived = self.arrived(&case.asked, case.headers).await;
        let arrived = arrived.map_err(|error| Trouble::Away(error.to_string()))?;
        if let Some((target, cookie)) = arrived {
            return Ok(answer::go(case.asked.dialect, &target, cookie));
        }
        let detail = format!(
            "the way back to {} was used before, is too old, or was begun in another browser",
            application.slug
        );
        Ok(self.refuse(case, "forward_auth.hand_over", detail, None))
    }
}

/// A question that cannot be read. nginx would make a `500` of a `400`.
fn unreadable(dialect: Dialect, error: AskedError) -> Response {
    let mut problem = Problem::malformed(error.to_string()).with_code(error.code());
    if dialect == Dialect::Nginx {
        problem.status = StatusCode::FORBIDDEN;
    }
    problem.into_response()
}
