//! `/admin/applications/new`.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use secrecy::{ExposeSecret as _, SecretString};

use super::form::{self, Part};
use super::{SECTION, path};
use crate::directory::DirectoryError;
use crate::domain::application::{AccessRule, ApplicationKind};
use crate::domain::{Application, Slug};
use crate::platform::web::Page;
use crate::portal::PortalState;
use crate::portal::admin::list::labelled;
use crate::portal::admin::shell::{Shell, done};
use crate::portal::admin::staff::{Staff, WriteAdmin};
use crate::portal::admin::typed::{Posted, Typed};

/// The form.
#[derive(Clone, Debug, Template)]
#[template(path = "admin/applications/new.html")]
struct NewPage {
    page: Page,
    shell: Shell,
    typed: Typed,
    kinds: Vec<(String, String)>,
    rules: Vec<(String, String)>,
}

impl NewPage {
    fn new(page: Page, shell: Shell, typed: Typed) -> Self {
        let kinds = ApplicationKind::ALL.iter().map(|kind| kind.as_str());
        let rules = AccessRule::ALL.iter().map(|rule| rule.as_str());
        Self {
            kinds: labelled(&page, "application-kind-", kinds),
            rules: labelled(&page, "application-access-", rules),
            page,
            shell,
            typed,
        }
    }
}

/// A client's secret, which is shown this once.
#[derive(Template)]
#[template(path = "admin/applications/secret.html")]
pub(super) struct SecretPage {
    pub(super) page: Page,
    pub(super) shell: Shell,
    pub(super) name: String,
    pub(super) back: String,
    pub(super) client_id: String,
    pub(super) issuer: String,
    pub(super) secret: String,
}

/// Answers with a secret: on this page and nowhere else.
pub(super) fn tell_secret(
    state: &PortalState,
    (page, shell): (Page, Shell),
    application: &Application,
    secret: &SecretString,
) -> Response {
    let page = SecretPage {
        name: application.name.clone(),
        back: path(&application.slug),
        client_id: application.client_id().to_owned(),
        issuer: state.kit.origin().to_owned(),
        secret: secret.expose_secret().to_owned(),
        page,
        shell,
    };
    state.show(StatusCode::OK, &page)
}

/// `GET /admin/applications/new`.
pub(super) async fn ask(State(state): State<PortalState>, staff: Staff<WriteAdmin>) -> Response {
    let (page, shell) = staff.frame(&state, &SECTION);
    let typed = Typed::default()
        .with("kind", ApplicationKind::Oidc.as_str())
        .with("access", AccessRule::Private.as_str())
        .with("confidential", "1");
    state.show(StatusCode::OK, &NewPage::new(page, shell, typed))
}

/// `POST /admin/applications/new`.
pub(super) async fn create(
    State(state): State<PortalState>,
    Posted { staff, mut typed }: Posted<WriteAdmin>,
) -> Response {
    let frame = staff.frame(&state, &SECTION);
    let application = read(&mut typed, &frame.0);
    let Some(application) = application.filter(|_| typed.is_sound()) else {
        return again(&state, frame, typed);
    };
    let saved = state
        .directory
        .save_application(application, None, staff.actor());
    match saved.await {
        Ok(saved) => match &saved.secret {
            Some(secret) => tell_secret(&state, frame, &saved.stored.application, secret),
            None => done(&path(&saved.stored.application.slug), "application-created"),
        },
        Err(DirectoryError::Taken { what, value, .. }) => {
            let text = frame.0.t_with("application-taken", &[("value", &value)]);
            typed.refuse(what, text);
            again(&state, frame, typed)
        }
        Err(DirectoryError::Invalid { field, reason }) => {
            typed.refuse(field.split('.').next().unwrap_or("name"), reason);
            again(&state, frame, typed)
        }
        Err(error) => state.failed(staff.locale, &error, SECTION.path),
    }
}

fn again(state: &PortalState, (page, shell): (Page, Shell), typed: Typed) -> Response {
    let page = NewPage::new(page, shell, typed);
    state.show(StatusCode::UNPROCESSABLE_ENTITY, &page)
}

/// The application that was described; the fields say what is wrong with it.
fn read(typed: &mut Typed, page: &Page) -> Option<Application> {
    let name = typed.required(page, "name", 120);
    let slug = typed.required(page, "slug", 63);
    let parsed = slug.as_deref().and_then(Slug::parse);
    if slug.is_some() && (parsed.is_none() || slug.as_deref() == Some("new")) {
        typed.refuse("slug", page.t("application-slug-wrong"));
    }
    let kind = ApplicationKind::parse(typed.value("kind"));
    if kind.is_none() {
        typed.refuse("kind", page.t("form-required"));
    }
    let mut application = Application::new(parsed?, name?);
    application.kind = kind?;
    let access = AccessRule::parse(typed.value("access"));
    if access.is_none() {
        typed.refuse("access", page.t("form-required"));
    }
    application.access = access?;
    application.launch_url = typed.line(page, "launch_url", 2048);
    let lines = |text: &str| -> Vec<String> {
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        lines.map(str::to_owned).collect()
    };
    match application.kind {
        ApplicationKind::Oidc => {
            application.redirect_uris = lines(typed.value("redirect_uris"));
            application.confidential = typed.is("confidential", "1");
        }
        ApplicationKind::ForwardAuth => application.hosts = lines(typed.value("hosts")),
        ApplicationKind::Link => {}
    }
    form::say(typed, &application);
    debug_assert!(Part::General.belongs_to(application.kind));
    Some(application)
}

#[cfg(test)]
pub(super) fn samples(page: &Page) -> Vec<(String, String)> {
    let shell = || Shell::sample(page, &SECTION);
    let hostile = "\"><script>alert(1)</script>";
    let mut wrong = Typed::default()
        .with("name", hostile)
        .with("slug", "Not A Slug")
        .with("kind", "oidc")
        .with("access", "private")
        .with("redirect_uris", hostile);
    read(&mut wrong, page);
    wrong.refuse("redirect_uris", hostile);
    let new = NewPage::new(page.clone(), shell(), Typed::default());
    let wrong = NewPage::new(page.clone(), shell(), wrong);
    let secret = SecretPage {
        page: page.clone(),
        shell: shell(),
        name: hostile.to_owned(),
        back: "/admin/applications/wiki".to_owned(),
        client_id: "wiki".to_owned(),
        issuer: "https://sso.example.com".to_owned(),
        secret: "dws_example".to_owned(),
    };
    vec![
        ("admin-application-new".to_owned(), new.render().unwrap()),
        (
            "admin-application-new-wrong".to_owned(),
            wrong.render().unwrap(),
        ),
        (
            "admin-application-secret".to_owned(),
            secret.render().unwrap(),
        ),
    ]
}
