//! `/admin/add-provider`: first what it is called, then, for SAML, a draft whose
//! values can be entered at the identity provider; for the other kinds, what the
//! provider gave, beside the address to enter there.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;

use super::{SECTION, edit, form, kind_name, path_of};
use crate::directory::DirectoryError;
use crate::domain::{Provider, ProviderKind, Slug};
use crate::login::kinds::SetError;
use crate::platform::web::Page;
use crate::portal::PortalState;
use crate::portal::admin::list::Asked;
use crate::portal::admin::shell::{Shell, done, with_query};
use crate::portal::admin::staff::{Staff, WriteProviders};
use crate::portal::admin::typed::{Posted, Typed};
use crate::portal::see_other;

/// Every kind, the one that most companies have first.
const KINDS: [ProviderKind; 6] = [
    ProviderKind::Saml,
    ProviderKind::Microsoft,
    ProviderKind::Google,
    ProviderKind::Webex,
    ProviderKind::Oidc,
    ProviderKind::Oauth2,
];

#[derive(Clone, Debug, Template)]
#[template(path = "admin/authentication/add.html")]
struct AddPage {
    page: Page,
    shell: Shell,
    typed: Typed,
    kinds: Vec<(&'static str, String)>,
}

fn add_page((page, shell): (Page, Shell), typed: Typed) -> AddPage {
    let kinds = KINDS.into_iter();
    AddPage {
        kinds: kinds
            .map(|kind| (kind.as_str(), kind_name(&page, kind)))
            .collect(),
        page,
        shell,
        typed,
    }
}

/// `GET /admin/add-provider`.
pub(super) async fn choose(
    State(state): State<PortalState>,
    staff: Staff<WriteProviders>,
) -> Response {
    let typed = Typed::default().with("label", "SSO Login");
    let page = add_page(staff.frame(&state, &SECTION), typed);
    state.show(StatusCode::OK, &page)
}

/// What was chosen, with what is wrong with it.
fn chosen(page: &Page, typed: &mut Typed) -> Option<(Slug, ProviderKind, String)> {
    let label = typed.required(page, "label", 80);
    let name = typed.required(page, "slug", 63);
    let kind = ProviderKind::parse(typed.value("kind"));
    if kind.is_none() {
        typed.refuse("kind", page.t("form-required"));
    }
    let slug = name.and_then(|name| {
        let slug = Slug::parse(&name);
        if slug.is_none() {
            typed.refuse("slug", page.t("provider-slug-wrong"));
        }
        slug
    });
    Some((slug?, kind?, label?))
}

/// `POST /admin/add-provider`.
pub(super) async fn begin(
    State(state): State<PortalState>,
    posted: Posted<WriteProviders>,
) -> Response {
    let Posted { staff, mut typed } = posted;
    let frame = staff.frame(&state, &SECTION);
    let picked = chosen(&frame.0, &mut typed);
    let Some((slug, kind, label)) = picked.filter(|_| typed.is_sound()) else {
        return state.show(StatusCode::UNPROCESSABLE_ENTITY, &add_page(frame, typed));
    };
    match state.directory.provider(&slug).await {
        Err(DirectoryError::NotFound(_)) => {}
        Ok(_) => {
            typed.refuse("slug", frame.0.t("provider-slug-taken"));
            return state.show(StatusCode::CONFLICT, &add_page(frame, typed));
        }
        Err(error) => return state.failed(staff.locale, &error, SECTION.path),
    }
    if kind.is_oauth() {
        let path = format!("/admin/add-provider/{kind}");
        return see_other(&with_query(
            &path,
            &[("slug", slug.as_str()), ("label", &label)],
        ));
    }
    let draft = Provider::blank(slug.clone(), kind, &label);
    let saved = match state.providers.examine(draft, None).await {
        Ok(examined) => state.providers.save(examined, None, staff.actor()).await,
        Err(error) => Err(error),
    };
    match saved {
        Ok(_) => done(&path_of(&slug), "provider-drafted"),
        Err(SetError::Directory(DirectoryError::Taken { .. })) => {
            typed.refuse("slug", frame.0.t("provider-slug-taken"));
            state.show(StatusCode::CONFLICT, &add_page(frame, typed))
        }
        Err(SetError::Mistakes(mistakes)) => {
            form::refuse(&mut typed, &mistakes);
            state.show(StatusCode::UNPROCESSABLE_ENTITY, &add_page(frame, typed))
        }
        Err(error) => state.not_set(&staff, &slug, error),
    }
}

/// The kind of a path, and a provider of it.
fn new_one(kind: &str, slug: &str, label: &str) -> Option<Provider> {
    let kind = ProviderKind::parse(kind).filter(|kind| kind.is_oauth())?;
    Some(Provider::blank(Slug::parse(slug)?, kind, label))
}

/// `GET /admin/add-provider/{kind}`.
pub(super) async fn describe(
    State(state): State<PortalState>,
    Path(kind): Path<String>,
    asked: Asked,
    staff: Staff<WriteProviders>,
) -> Response {
    let label = asked.text("label").unwrap_or("SSO Login");
    let Some(provider) = new_one(&kind, asked.text("slug").unwrap_or_default(), label) else {
        return see_other("/admin/add-provider");
    };
    let typed = form::typed_of(&provider);
    edit::answer(
        &state,
        staff.frame(&state, &SECTION),
        (StatusCode::OK, &provider),
        typed,
        None,
    )
}

/// `POST /admin/add-provider/{kind}`.
pub(super) async fn create(
    State(state): State<PortalState>,
    Path(kind): Path<String>,
    posted: Posted<WriteProviders>,
) -> Response {
    let Posted { staff, mut typed } = posted;
    let Some(blank) = new_one(&kind, typed.value("slug"), "SSO Login") else {
        return see_other("/admin/add-provider");
    };
    let frame = staff.frame(&state, &SECTION);
    let wrong = |typed: Typed, status, provider: &Provider| {
        let frame = staff.frame(&state, &SECTION);
        edit::answer(&state, frame, (status, provider), typed, None)
    };
    let provider = form::provider_of(&frame.0, &mut typed, blank.clone());
    if !typed.is_sound() {
        return wrong(typed, StatusCode::UNPROCESSABLE_ENTITY, &blank);
    }
    let slug = provider.slug.clone();
    let saved = match state.providers.examine(provider, None).await {
        Ok(examined) => state.providers.save(examined, None, staff.actor()).await,
        Err(error) => Err(error),
    };
    match saved {
        Ok(_) => done(&path_of(&slug), "provider-added"),
        Err(SetError::Directory(DirectoryError::Taken { .. })) => {
            typed.refuse("label", frame.0.t("provider-slug-taken"));
            wrong(typed, StatusCode::CONFLICT, &blank)
        }
        Err(SetError::Mistakes(mistakes)) => {
            form::refuse(&mut typed, &mistakes);
            wrong(typed, StatusCode::UNPROCESSABLE_ENTITY, &blank)
        }
        Err(error) => state.not_set(&staff, &slug, error),
    }
}

#[cfg(test)]
pub(super) fn samples(page: &Page) -> Vec<(String, String)> {
    let frame = || (page.clone(), Shell::sample(page, &SECTION));
    let fresh = add_page(frame(), Typed::default().with("label", "SSO Login"));
    let mut typed = Typed::default().with("label", "").with("slug", "No <slug>");
    assert!(chosen(page, &mut typed).is_none());
    let wrong = add_page(frame(), typed);
    vec![
        ("provider-add".to_owned(), fresh.render().unwrap()),
        ("provider-add-wrong".to_owned(), wrong.render().unwrap()),
    ]
}
