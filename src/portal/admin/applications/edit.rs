//! `/admin/applications/{slug}/edit/{section}`: one part of an application.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;

use super::create::tell_secret;
use super::form::{Part, apply, filled};
use super::{SECTION, find, path};
use crate::directory::DirectoryError;
use crate::domain::Application;
use crate::domain::application::{
    AccessRule, ApplicationKind, ClientAuthMethod, GrantType, SCOPES, SigningAlg, SubjectType,
};
use crate::platform::web::Page;
use crate::portal::PortalState;
use crate::portal::admin::list::labelled;
use crate::portal::admin::shell::{Shell, done};
use crate::portal::admin::staff::{Staff, WriteAdmin};
use crate::portal::admin::typed::{Posted, Typed};

/// The form of one part.
#[derive(Clone, Debug, Template)]
#[template(path = "admin/applications/edit.html")]
struct EditPage {
    page: Page,
    shell: Shell,
    typed: Typed,
    part: &'static str,
    slug: String,
    name: String,
    rules: Vec<(String, String)>,
    algorithms: Vec<(String, String)>,
    userinfo: Vec<(String, String)>,
    methods: Vec<(String, String)>,
    subjects: Vec<(String, String)>,
    separators: Vec<(String, String)>,
    grants: Vec<&'static str>,
    scopes: [&'static str; 6],
}

impl EditPage {
    fn new(page: Page, shell: Shell, typed: Typed, part: Part, application: &Application) -> Self {
        let same = |words: Vec<&'static str>| -> Vec<(String, String)> {
            let pair = |word: &str| (word.to_owned(), word.to_owned());
            words.into_iter().map(pair).collect()
        };
        let or_none = |label: &str, mut words: Vec<(String, String)>| {
            words.insert(0, (String::new(), page.t(label)));
            words
        };
        let algorithms = same(SigningAlg::ALL.iter().map(|alg| alg.as_str()).collect());
        let methods = same(ClientAuthMethod::ALL.iter().map(|m| m.as_str()).collect());
        let rules = AccessRule::ALL.iter().map(|rule| rule.as_str());
        let separators = [
            (",", "comma"),
            (";", "semicolon"),
            ("|", "bar"),
            (" ", "blank"),
        ];
        let separator = |(value, word): (&str, &str)| {
            (
                value.to_owned(),
                page.t(&format!("application-separator-{word}")),
            )
        };
        Self {
            part: part.word(),
            slug: application.slug.to_string(),
            name: application.name.clone(),
            rules: labelled(&page, "application-access-", rules),
            userinfo: or_none("application-userinfo-json", algorithms.clone()),
            methods: or_none("application-method-secret", methods),
            subjects: labelled(
                &page,
                "application-subject-",
                SubjectType::ALL.iter().map(|subject| subject.as_str()),
            ),
            separators: separators.map(separator).into(),
            grants: GrantType::ALL.iter().map(|grant| grant.as_str()).collect(),
            scopes: SCOPES,
            algorithms,
            page,
            shell,
            typed,
        }
    }
}

/// The part that a path names, of an application that has it.
fn part(word: &str, kind: ApplicationKind) -> Result<Part, DirectoryError> {
    Part::parse(word)
        .filter(|part| part.belongs_to(kind))
        .ok_or(DirectoryError::NotFound("part of an application"))
}

/// `GET /admin/applications/{slug}/edit/{section}`.
pub(super) async fn ask(
    State(state): State<PortalState>,
    staff: Staff<WriteAdmin>,
    Path((slug, section)): Path<(String, String)>,
) -> Response {
    let (page, shell) = staff.frame(&state, &SECTION);
    let found = find(&state, &slug).await;
    let found = found.and_then(|stored| {
        let part = part(&section, stored.application.kind)?;
        Ok((stored, part))
    });
    match found {
        Ok((stored, part)) => {
            let typed = filled(part, &stored.application, stored.version);
            let page = EditPage::new(page, shell, typed, part, &stored.application);
            state.show(StatusCode::OK, &page)
        }
        Err(error) => state.failed(staff.locale, &error, SECTION.path),
    }
}

/// `POST /admin/applications/{slug}/edit/{section}`.
pub(super) async fn save(
    State(state): State<PortalState>,
    Path((slug, section)): Path<(String, String)>,
    Posted { staff, mut typed }: Posted<WriteAdmin>,
) -> Response {
    let frame = staff.frame(&state, &SECTION);
    let found = find(&state, &slug).await;
    let found = found.and_then(|stored| {
        let part = part(&section, stored.application.kind)?;
        Ok((stored, part))
    });
    let (stored, part) = match found {
        Ok(found) => found,
        Err(error) => return state.failed(staff.locale, &error, SECTION.path),
    };
    let (before, version) = (stored.application.clone(), stored.version);
    let mut application = stored.application;
    apply(part, &mut typed, &frame.0, &mut application);
    if !typed.is_sound() {
        return again(
            &state,
            frame,
            typed,
            part,
            &before,
            StatusCode::UNPROCESSABLE_ENTITY,
        );
    }
    let over = Some(typed.version());
    let saved = state
        .directory
        .save_application(application, over, staff.actor());
    match saved.await {
        Ok(saved) => match &saved.secret {
            // A client that has become confidential has just got one.
            Some(secret) => tell_secret(&state, frame, &saved.stored.application, secret),
            None => done(&path(&before.slug), "application-saved"),
        },
        Err(DirectoryError::Changed) => {
            typed.refuse("version", frame.0.t("application-changed-meanwhile"));
            // Who sends it again has been told.
            typed.put("version", version.to_string());
            again(&state, frame, typed, part, &before, StatusCode::CONFLICT)
        }
        Err(DirectoryError::Taken { what, value, .. }) => {
            let text = frame.0.t_with("application-taken", &[("value", &value)]);
            typed.refuse(what, text);
            again(
                &state,
                frame,
                typed,
                part,
                &before,
                StatusCode::UNPROCESSABLE_ENTITY,
            )
        }
        Err(DirectoryError::Invalid { field, reason }) => {
            typed.refuse(field.split('.').next().unwrap_or("name"), reason);
            again(
                &state,
                frame,
                typed,
                part,
                &before,
                StatusCode::UNPROCESSABLE_ENTITY,
            )
        }
        Err(error) => state.failed(staff.locale, &error, SECTION.path),
    }
}

fn again(
    state: &PortalState,
    (page, shell): (Page, Shell),
    typed: Typed,
    part: Part,
    application: &Application,
    status: StatusCode,
) -> Response {
    let page = EditPage::new(page, shell, typed, part, application);
    state.show(status, &page)
}

#[cfg(test)]
pub(super) fn samples(page: &Page) -> Vec<(String, String)> {
    let shell = Shell::sample(page, &SECTION);
    let mut all = Vec::new();
    for part in Part::ALL {
        let mut kinds = ApplicationKind::ALL.iter();
        let kind = kinds.find(|kind| part.belongs_to(**kind)).unwrap();
        let application = super::sample(*kind);
        let sound = filled(part, &application, 3);
        let mut wrong = sound.clone();
        for field in [
            "name",
            "redirect_uris",
            "claims",
            "hosts",
            "scopes",
            "grant_types",
            "version",
        ] {
            wrong.refuse(field, "\"><script>alert(1)</script>");
        }
        for (name, typed) in [("", sound), ("-wrong", wrong)] {
            let page = EditPage::new(page.clone(), shell.clone(), typed, part, &application);
            let name = format!("admin-application-edit-{}{name}", part.word());
            all.push((name, page.render().unwrap()));
        }
    }
    all
}
