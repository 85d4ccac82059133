//! The page on which a person agrees to what an application gets. It is shown
//! for applications that are not the company's own, once for what is agreed to.

use askama::Template;
use axum::Form;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;

use super::authorize::{self, Step, Visit, account};
use super::request::Refusal;
use super::requests::{self, Kind};
use super::{OidcState, answer, consents};
use crate::directory::DirectoryError;
use crate::domain::User;
use crate::platform::i18n::Locale;
use crate::platform::storage::StorageError;
use crate::platform::web::Page;
use crate::sessions::current::{Current, MaybeCurrent};

/// The page.
#[derive(Template)]
#[template(path = "consent.html")]
pub(crate) struct ConsentPage {
    /// The frame.
    pub page: Page,
    /// The application's name.
    pub application: String,
    /// The host at which the answer arrives.
    pub host: String,
    /// The account.
    pub account: String,
    /// Message names of what it gets.
    pub items: Vec<&'static str>,
    /// The handle of the request.
    pub flow: String,
    /// The form's token.
    pub csrf: String,
    /// Where "switch account" leads.
    pub switch: String,
}

/// Whether the person has to be asked.
pub(super) async fn needed(
    step: &Step<'_>,
    user: &User,
    agreed: bool,
) -> Result<bool, DirectoryError> {
    if agreed {
        return Ok(false);
    }
    if step.wish.prompt.consent {
        return Ok(true);
    }
    if step.proven.application.first_party {
        return Ok(false);
    }
    let slug = &step.proven.application.slug;
    let given = consents::given(&step.state.directory, &user.id, slug).await?;
    Ok(!step.wish.scope.within(&given))
}

/// What stands on the page for a scope.
fn item(scope: &str) -> Option<&'static str> {
    Some(match scope {
        "openid" => "consent-openid",
        "profile" => "consent-profile",
        "email" => "consent-email",
        "groups" => "consent-groups",
        "phone" => "consent-phone",
        "offline_access" => "consent-offline",
        _ => return None,
    })
}

/// Asks.
pub(super) async fn ask(step: Step<'_>, current: &Current) -> Response {
    let handle = match step.kept().await {
        Ok(handle) => handle,
        Err(error) => return answer::failed(step.state, step.visit.locale, &error),
    };
    let kit = &step.state.kit;
    let redirect = url::Url::parse(&step.proven.redirect_uri).ok();
    let host = redirect.as_ref().and_then(url::Url::host_str);
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.append_pair("rd", &format!("/oidc/resume?flow={handle}"));
    query.append_pair("choose", "1");
    let page = ConsentPage {
        page: kit.page(step.visit.locale),
        application: step.proven.application.name.clone(),
        host: host.unwrap_or(&step.proven.redirect_uri).to_owned(),
        account: account(&current.user),
        items: step.wish.scope.iter().filter_map(item).collect(),
        // Bound to the request too: what is agreed to is what was shown.
        csrf: kit.csrf_token(&binding(&current.id_hash, &handle)),
        flow: handle,
        switch: format!("/login?{}", query.finish()),
    };
    kit.render_with_forms(StatusCode::OK, &page, answer::forms(step.proven))
}

fn binding(session: &str, flow: &str) -> String {
    format!("{session}:consent:{flow}")
}

/// The person's decision.
#[derive(Deserialize)]
pub(super) struct Decision {
    #[serde(default)]
    flow: String,
    #[serde(default)]
    csrf: String,
    /// `allow` or `deny`.
    #[serde(default, rename = "decision")]
    word: String,
}

/// `POST /oidc/consent`.
pub(super) async fn decide(
    State(state): State<OidcState>,
    locale: Locale,
    MaybeCurrent(current): MaybeCurrent,
    Form(form): Form<Decision>,
) -> Response {
    let Ok(person) = &current else {
        // The page for a session that has ended says so, and offers to sign in.
        return authorize::go_on(&state, Visit { locale, current }, form.flow, false).await;
    };
    let bound = binding(&person.id_hash, &form.flow);
    if !state.kit.csrf_matches(&bound, &form.csrf) {
        return answer::form_expired(&state, locale);
    }
    let user = person.user.id.clone();
    match form.word.as_str() {
        "allow" => {
            match consents::agree(&state, &user, &form.flow).await {
                Ok(true) => {}
                Ok(false) => return answer::over(&state, locale),
                Err(error) => return answer::failed(&state, locale, &error),
            }
            authorize::go_on(&state, Visit { locale, current }, form.flow, true).await
        }
        "deny" => deny(&state, locale, &form.flow).await,
        _ => answer::form_expired(&state, locale),
    }
}

async fn deny(state: &OidcState, locale: Locale, flow: &str) -> Response {
    let proven = match authorize::waiting(state, locale, flow).await {
        Ok((proven, _)) => proven,
        Err(response) => return *response,
    };
    let handle = flow.to_owned();
    let taken: Result<bool, StorageError> = state
        .directory
        .db
        .write(move |tx| {
            let handle = handle.clone();
            Box::pin(async move { requests::take(tx, Kind::Waiting, &handle).await })
        })
        .await;
    match taken {
        Ok(true) => {
            let refusal = Refusal {
                code: "access_denied",
                description: "the person did not agree",
            };
            answer::refuse(state, locale, &proven, refusal)
        }
        Ok(false) => answer::over(state, locale),
        Err(error) => answer::failed(state, locale, &error.into()),
    }
}
