//! `/oidc/authorize`: from a client's request to a code (RFC 6749 §4.1, OpenID
//! Connect Core §3.1.2).
//!
//! A request that needs the person (to sign in, to choose, to agree) is kept
//! here under a handle, and the browser comes back with the handle to
//! `/oidc/resume`. What was asked for is looked at again there: that the person
//! signed in *after* the request came is a matter of two moments, so going back
//! in the browser gets nobody around it.

use axum::extract::{Query, RawQuery, State};
use axum::http::HeaderMap;
use axum::response::Response;
use serde::Deserialize;

use super::answer;
use super::forms::RESUME;
use super::issue::{self, Issued};
use super::needs::{Needs, login_required};
use super::params::{Params, Parsed};
use super::request::{self, Proven, Refusal, Unproven, Wish};
use super::requests::{self, Kind};
use super::{OidcState, client, consent};
use crate::directory::DirectoryError;
use crate::directory::applications::access::NotAdmitted;
use crate::domain::{Slug, Timestamp, User};
use crate::platform::i18n::Locale;
use crate::platform::storage::StorageError;
use crate::platform::web::pages;
use crate::sessions::current::{Current, MaybeCurrent, NoOne};

/// Who asks, and in which language.
pub(super) struct Visit {
    pub locale: Locale,
    pub current: Result<Current, NoOne>,
}

/// A request that was kept: its handle, and when it came.
pub(super) struct Handle {
    pub text: String,
    pub created_at: Timestamp,
}

/// `GET /oidc/authorize`.
pub(super) async fn get(
    State(state): State<OidcState>,
    locale: Locale,
    MaybeCurrent(current): MaybeCurrent,
    RawQuery(query): RawQuery,
) -> Response {
    let visit = Visit { locale, current };
    begin(&state, visit, &query.unwrap_or_default(), false).await
}

/// `POST /oidc/authorize`: the same in a form (OpenID Connect Core §3.1.2.1). It
/// comes from another site, so the cookie may stay at home: the request is kept,
/// and the browser comes back by itself.
pub(super) async fn post(
    State(state): State<OidcState>,
    locale: Locale,
    headers: HeaderMap,
    MaybeCurrent(current): MaybeCurrent,
    body: String,
) -> Response {
    if client::form(&headers, "").is_err() {
        let detail = "the body is no form".to_owned();
        return answer::unproven(&state, locale, "oidc.malformed", detail);
    }
    begin(&state, Visit { locale, current }, &body, true).await
}

async fn begin(state: &OidcState, visit: Visit, text: &str, is_post: bool) -> Response {
    let parsed = Parsed::read(text);
    let visit = Visit {
        locale: in_language(&parsed.params, visit.locale),
        ..visit
    };
    let is_pushed = requests::pushed_handle(&parsed.params).is_some();
    let parsed = match pushed(state, parsed).await {
        Ok(parsed) => parsed,
        Err(Fault::Over) => return answer::over(state, visit.locale),
        Err(Fault::Directory(error)) => return answer::failed(state, visit.locale, &error),
    };
    let (proven, wish) = match understand(state, visit.locale, &parsed).await {
        Ok(understood) => understood,
        Err(response) => return *response,
    };
    if !is_pushed && proven.application.require_pushed_authorization_requests {
        let refusal = Refusal {
            code: "invalid_request",
            description: "the client has to push its requests to /oidc/par first",
        };
        return answer::refuse(state, visit.locale, &proven, refusal);
    }
    let step = Step {
        state,
        visit: &visit,
        params: &parsed.params,
        proven: &proven,
        wish: &wish,
        handle: None,
    };
    if is_post && matches!(visit.current, Err(NoOne::SignedOut)) {
        return match step.kept().await {
            Ok(handle) => answer::to(&format!("{RESUME}?flow={handle}")),
            Err(error) => answer::failed(state, visit.locale, &error),
        };
    }
    step.go(false).await
}

/// What the browser comes back with.
#[derive(Deserialize)]
pub(super) struct Resumed {
    flow: Option<String>,
}

/// `GET /oidc/resume`: the browser is back from the sign-in.
pub(super) async fn resume(
    State(state): State<OidcState>,
    locale: Locale,
    MaybeCurrent(current): MaybeCurrent,
    Query(resumed): Query<Resumed>,
) -> Response {
    let flow = resumed.flow.unwrap_or_default();
    go_on(&state, Visit { locale, current }, flow, false).await
}

/// Goes on with a request that was kept.
pub(super) async fn go_on(state: &OidcState, visit: Visit, flow: String, agreed: bool) -> Response {
    let kept = match find(state, Kind::Waiting, &flow).await {
        Ok(Some(kept)) => kept,
        Ok(None) => return answer::over(state, visit.locale),
        Err(error) => return answer::failed(state, visit.locale, &error),
    };
    let visit = Visit {
        locale: in_language(&kept.params, visit.locale),
        ..visit
    };
    let parsed = Parsed {
        params: kept.params,
        twice: None,
    };
    // The client may have changed since.
    let (proven, wish) = match understand(state, visit.locale, &parsed).await {
        Ok(understood) => understood,
        Err(response) => return *response,
    };
    let step = Step {
        state,
        visit: &visit,
        params: &parsed.params,
        proven: &proven,
        wish: &wish,
        handle: Some(Handle {
            text: flow,
            created_at: kept.created_at,
        }),
    };
    step.go(agreed).await
}

/// What a request that waits asks for; otherwise the answer.
pub(super) async fn waiting(
    state: &OidcState,
    locale: Locale,
    flow: &str,
) -> Result<(Proven, Wish), Box<Response>> {
    let kept = match find(state, Kind::Waiting, flow).await {
        Ok(Some(kept)) => kept,
        Ok(None) => return Err(Box::new(answer::over(state, locale))),
        Err(error) => return Err(Box::new(answer::failed(state, locale, &error))),
    };
    let parsed = Parsed {
        params: kept.params,
        twice: None,
    };
    understand(state, locale, &parsed).await
}

enum Fault {
    Over,
    Directory(DirectoryError),
}

/// Replaces the name of a pushed request by the request, which is used up.
async fn pushed(state: &OidcState, parsed: Parsed) -> Result<Parsed, Fault> {
    let Some(handle) = requests::pushed_handle(&parsed.params) else {
        return Ok(parsed);
    };
    if parsed.twice.is_some() {
        return Err(Fault::Over);
    }
    let kept = find(state, Kind::Pushed, handle).await;
    let kept = kept.map_err(Fault::Directory)?.ok_or(Fault::Over)?;
    if kept.params.get("client_id") != parsed.params.get("client_id") {
        return Err(Fault::Over);
    }
    let handle = handle.to_owned();
    let taken: Result<bool, StorageError> = state
        .directory
        .db
        .write(move |tx| {
            let handle = handle.clone();
            Box::pin(async move { requests::take(tx, Kind::Pushed, &handle).await })
        })
        .await;
    if taken.map_err(|error| Fault::Directory(error.into()))? {
        Ok(Parsed {
            params: kept.params,
            twice: None,
        })
    } else {
        Err(Fault::Over)
    }
}

async fn find(
    state: &OidcState,
    kind: Kind,
    handle: &str,
) -> Result<Option<requests::Kept>, DirectoryError> {
    let (handle, now) = (handle.to_owned(), state.directory.now());
    let found: Result<_, StorageError> = state
        .directory
        .db
        .look_up(move |tx| {
            let handle = handle.clone();
            Box::pin(async move { requests::find(tx, kind, &handle, now).await })
        })
        .await;
    Ok(found?)
}

/// The language that the client asks for, where it is one of ours.
fn in_language(params: &Params, otherwise: Locale) -> Locale {
    let asked = params.get("ui_locales").unwrap_or("");
    let mut tags = asked.split(' ').filter(|tag| !tag.is_empty());
    tags.find_map(|tag| {
        let primary = tag.split('-').next().unwrap_or(tag);
        [Locale::En, Locale::De]
            .into_iter()
            .find(|locale| locale.tag().eq_ignore_ascii_case(primary))
    })
    .unwrap_or(otherwise)
}

/// Whose request it is, and what for; otherwise the answer.
async fn understand(
    state: &OidcState,
    locale: Locale,
    parsed: &Parsed,
) -> Result<(Proven, Wish), Box<Response>> {
    let unproven = |code, detail: String| Box::new(answer::unproven(state, locale, code, detail));
    let Some(id) = parsed.params.get("client_id") else {
        return Err(unproven(
            "oidc.no_client",
            "client_id is missing".to_owned(),
        ));
    };
    let stored = match client::find(state, id).await {
        Ok(Some(stored)) => stored,
        Ok(None) => {
            let detail = format!("there is no OpenID client {id:?}, or it is switched off");
            return Err(unproven("oidc.unknown_client", detail));
        }
        Err(error) => return Err(Box::new(answer::failed(state, locale, &error.into()))),
    };
    let given = parsed.params.get("redirect_uri").unwrap_or("").to_owned();
    let proven = request::prove(stored.application, parsed).map_err(|reason| match reason {
        Unproven::NoRedirectUri => unproven(
            "oidc.no_redirect_uri",
            format!("{id}: redirect_uri is missing"),
        ),
        Unproven::RedirectUri => {
            let detail = format!("{id}: {given:?} is not among its redirect URIs");
            unproven("oidc.redirect_uri", detail)
        }
        Unproven::Twice => {
            let detail = format!("{id}: client_id or redirect_uri comes more than once");
            unproven("oidc.parameter_twice", detail)
        }
    })?;
    match request::read(&proven.application, parsed) {
        Ok(wish) => Ok((proven, wish)),
        Err(refusal) => Err(Box::new(answer::refuse(state, locale, &proven, refusal))),
    }
}

/// A request at the point at which the person decides how it goes on.
pub(super) struct Step<'a> {
    pub state: &'a OidcState,
    pub visit: &'a Visit,
    pub params: &'a Params,
    pub proven: &'a Proven,
    pub wish: &'a Wish,
    pub handle: Option<Handle>,
}

impl Step<'_> {
    pub(super) async fn go(self, agreed: bool) -> Response {
        let current = match &self.visit.current {
            Ok(current) => Some(current.clone()),
            Err(NoOne::SignedOut) => None,
            Err(NoOne::Unavailable(cause)) => {
                let error = StorageError::Unavailable(cause.clone()).into();
                return answer::failed(self.state, self.visit.locale, &error);
            }
        };
        let needs = match self.needs(current.as_ref()).await {
            Ok(needs) => needs,
            Err(Ok(refusal)) => return self.refuse(refusal),
            Err(Err(error)) => return answer::failed(self.state, self.visit.locale, &error),
        };
        let current = match (needs, current) {
            (None, Some(current)) => current,
            (Some(Needs::SomebodyElse), _) => {
                return self.refuse(login_required(
                    "another person than the one expected signed in",
                ));
            }
            (needs, _) => {
                if self.wish.prompt.none {
                    return self.refuse(login_required("the person has to sign in first"));
                }
                return self.sign_in(needs.unwrap_or(Needs::SignIn)).await;
            }
        };
        match consent::needed(&self, &current.user, agreed).await {
            Ok(false) => {}
            Ok(true) if self.wish.prompt.none => {
                return self.refuse(Refusal {
                    code: "consent_required",
                    description: "the person has not agreed yet",
                });
            }
            Ok(true) => {
                // Who may not use the application is not asked for anything.
                return match self.admission(&current.user).await {
                    Ok(Ok(())) => consent::ask(self, &current).await,
                    Ok(Err(reason)) => self.not_admitted(&current.user, reason).await,
                    Err(error) => answer::failed(self.state, self.visit.locale, &error),
                };
            }
            Err(error) => return answer::failed(self.state, self.visit.locale, &error),
        }
        let handle = self.handle.as_ref().map(|handle| handle.text.clone());
        match issue::issue(self.state, &current, self.proven, self.wish, handle).await {
            Ok(Issued::Code(code)) => {
                metrics::counter!("doorward_oidc_authorizations_total", "outcome" => "ok")
                    .increment(1);
                answer::send(
                    self.state,
                    self.visit.locale,
                    self.proven,
                    &[("code", &code)],
                )
            }
            Ok(Issued::NotAdmitted(reason)) => self.not_admitted(&current.user, reason).await,
            Ok(Issued::SignedOut) if self.wish.prompt.none => {
                self.refuse(login_required("the person has to sign in first"))
            }
            Ok(Issued::SignedOut) => self.sign_in(Needs::SignIn).await,
            Ok(Issued::Over) => answer::over(self.state, self.visit.locale),
            Err(error) => answer::failed(self.state, self.visit.locale, &error),
        }
    }

    fn refuse(&self, refusal: Refusal) -> Response {
        answer::refuse(self.state, self.visit.locale, self.proven, refusal)
    }

    /// The handle under which the request is kept, which it is from now on.
    pub(super) async fn kept(&self) -> Result<String, DirectoryError> {
        if let Some(handle) = &self.handle {
            return Ok(handle.text.clone());
        }
        let handle = self.state.directory.entropy.base64url::<32>();
        let (text, slug) = (handle.clone(), self.proven.application.slug.clone());
        let (params, now) = (self.params.clone(), self.state.directory.now());
        let kept: Result<(), StorageError> = self
            .state
            .directory
            .db
            .write(move |tx| {
                let (text, slug, params): (String, Slug, Params) =
                    (text.clone(), slug.clone(), params.clone());
                Box::pin(async move {
                    let times = (now, requests::WAITING);
                    requests::keep(tx, Kind::Waiting, &text, &slug, &params, times).await
                })
            })
            .await;
        kept?;
        Ok(handle)
    }

    /// To the sign-in page, and back here.
    async fn sign_in(&self, needs: Needs) -> Response {
        match self.kept().await {
            Ok(handle) => answer::to(&self.login(&handle, needs)),
            Err(error) => answer::failed(self.state, self.visit.locale, &error),
        }
    }

    async fn admission(&self, user: &User) -> Result<Result<(), NotAdmitted>, DirectoryError> {
        let slug = &self.proven.application.slug;
        Ok(self.state.directory.admission(slug, user).await?.1)
    }

    /// Who may not use the application is told here, where an account can be
    /// switched; a client that wants no pages is told itself.
    async fn not_admitted(&self, user: &User, reason: NotAdmitted) -> Response {
        let refusal = Refusal {
            code: "access_denied",
            description: "the person may not use this application",
        };
        if let Err(error) = issue::trace_refusal(self.state, self.proven, user, reason).await {
            tracing::warn!(%error, "a refusal left no trace");
        }
        if self.wish.prompt.none {
            return self.refuse(refusal);
        }
        metrics::counter!("doorward_oidc_authorizations_total", "outcome" => refusal.code)
            .increment(1);
        match self.kept().await {
            Ok(handle) => {
                let application = self.proven.application.name.clone();
                let page = pages::NotAdmitted {
                    application,
                    account: account(user),
                    switch: self.login(&handle, Needs::Choice),
                };
                self.state.kit.not_admitted(self.visit.locale, page)
            }
            Err(error) => answer::failed(self.state, self.visit.locale, &error),
        }
    }
}

/// An account as the person knows it.
pub(super) fn account(user: &User) -> String {
    let email = user.profile.get(crate::domain::Field::Email);
    email.map_or_else(|| user.display_name(), ToOwned::to_owned)
}
