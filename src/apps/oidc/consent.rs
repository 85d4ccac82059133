//! The page on which a person agrees to what an application gets. It is shown
//! for applications that are not the company's own, once for what is agreed to.

use askama::Template;
use axum::Form;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;

use super::authorize::{self, Step, Visit, account};
use super::needs::Needs;
use super::request::Refusal;
use super::requests::{self, Kind};
use super::scope::Scopes;
use super::{OidcState, answer, consents};
use crate::directory::DirectoryError;
use crate::domain::{Application, Field, User};
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
    /// What it gets.
    pub items: Vec<String>,
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
    let asked = step.wish.asks_for(&step.proven.application);
    Ok(!asked.within(&given))
}

/// What stands on the page for a scope.
pub(super) fn item(scope: &str) -> Option<&'static str> {
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

/// What the page says of what is asked for: by scope, and what the admin added.
fn items(page: &Page, asked: &Scopes, application: &Application) -> Vec<String> {
    let by_scope = asked.iter().filter_map(item).map(|name| page.t(name));
    let mut all: Vec<String> = by_scope.collect();
    if asked.has("openid") && !application.claims.is_empty() {
        let mut fields: Vec<String> = application
            .claims
            .values()
            .map(|source| match Field::parse(source) {
                Some(field) => page.t(&format!("field-{field}")),
                None => source.clone(),
            })
            .collect();
        fields.sort();
        fields.dedup();
        all.push(page.t_with("consent-further", &[("fields", &fields.join(", "))]));
    }
    all
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
    let asked = step.wish.asks_for(&step.proven.application);
    let page = kit.page(step.visit.locale);
    let page = ConsentPage {
        items: items(&page, &asked, &step.proven.application),
        page,
        application: step.proven.application.name.clone(),
        host: host.unwrap_or(&step.proven.redirect_uri).to_owned(),
        account: account(&current.user),
        // Bound to the request too: what is agreed to is what was shown.
        csrf: kit.csrf_token(&binding(&current.id_hash, &handle)),
        switch: step.login(&handle, Needs::Choice),
        flow: handle,
    };
    let forms = answer::forms(step.state, step.proven);
    kit.render_with_forms(StatusCode::OK, &page, forms)
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

/// Samples of the page, for the checks that all pages pass.
#[cfg(test)]
pub(crate) fn samples(page: &Page) -> Vec<(String, String)> {
    let mut application = Application::new(
        crate::domain::Slug::parse("app").unwrap(),
        "\"><script>alert(1)</script>",
    );
    application.claims = [("cost", "cost_center"), ("two", "extensionAttribute2")]
        .map(|(claim, source)| (claim.to_owned(), source.to_owned()))
        .into();
    let asked = Scopes::parse("openid profile email groups phone offline_access");
    let consent = ConsentPage {
        items: items(page, &asked, &application),
        page: page.clone(),
        application: application.name,
        host: "app.example.com".to_owned(),
        account: "ada@example.com".to_owned(),
        flow: "flow".to_owned(),
        csrf: "token".to_owned(),
        switch: "/login?choose=1".to_owned(),
    };
    vec![("oidc-consent".to_owned(), consent.render().unwrap())]
}
