//! The metadata of a SAML provider: by file, by text, by address.

use askama::Template;
use axum::extract::{FromRequestParts as _, Path, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};

use super::{SECTION, path_of};
use crate::directory::DirectoryError;
use crate::directory::providers::{ManagedBy, StoredProvider};
use crate::login::kinds::SetError;
use crate::platform::web::Page;
use crate::portal::PortalState;
use crate::portal::admin::shell::{Shell, done, told};
use crate::portal::admin::staff::{Staff, WriteProviders};
use crate::portal::brought::{MetadataForm, brought};
use crate::portal::upload::Sent;

#[derive(Clone, Debug, Template)]
#[template(path = "admin/authentication/metadata.html")]
struct MetadataPage {
    page: Page,
    shell: Shell,
    label: String,
    path: String,
    action: String,
    version: String,
    is_on: bool,
    form: MetadataForm,
}

fn metadata_page(
    (page, shell): (Page, Shell),
    stored: &StoredProvider,
    form: MetadataForm,
) -> MetadataPage {
    let path = path_of(&stored.provider.slug);
    MetadataPage {
        label: stored.provider.label.clone(),
        action: format!("{path}/metadata"),
        path,
        version: stored.version.to_string(),
        is_on: stored.provider.enabled,
        form,
        page,
        shell,
    }
}

/// `GET /admin/authentication/{slug}/metadata`.
pub(super) async fn show(
    State(state): State<PortalState>,
    Path(slug): Path<String>,
    staff: Staff<WriteProviders>,
) -> Response {
    let stored = match state.provider_at(&staff, &slug).await {
        Ok(stored) => stored,
        Err(response) => return *response,
    };
    if stored.managed_by == ManagedBy::File {
        return told(&path_of(&stored.provider.slug), "provider-file");
    }
    let saml = stored.provider.saml.clone().unwrap_or_default();
    let form = MetadataForm {
        url: saml.metadata_url.unwrap_or_default(),
        entity_id: saml.entity_id.unwrap_or_default(),
        ..MetadataForm::default()
    };
    let page = metadata_page(staff.frame(&state, &SECTION), &stored, form);
    state.show(StatusCode::OK, &page)
}

/// `POST /admin/authentication/{slug}/metadata`.
pub(super) async fn bring(
    State(state): State<PortalState>,
    Path(slug): Path<String>,
    request: Request,
) -> Response {
    let (mut parts, body) = request.into_parts();
    let staff = match Staff::<WriteProviders>::from_request_parts(&mut parts, &state).await {
        Ok(staff) => staff,
        Err(refused) => return refused.into_response(),
    };
    let sent = match Sent::read(Request::from_parts(parts, body)).await {
        Ok(sent) => sent,
        Err(status) => return status.into_response(),
    };
    let stored = match state.provider_at(&staff, &slug).await {
        Ok(stored) => stored,
        Err(response) => return *response,
    };
    if stored.managed_by == ManagedBy::File {
        return told(&path_of(&stored.provider.slug), "provider-file");
    }
    let mut form = MetadataForm::of(&sent);
    let frame = staff.frame(&state, &SECTION);
    let token = sent.text("csrf");
    if !state.kit.csrf_matches(&staff.current.id_hash, token) {
        form.problem = Some(frame.0.t("form-again"));
        return state.show(StatusCode::FORBIDDEN, &metadata_page(frame, &stored, form));
    }
    if sent.text("version") != stored.version.to_string() {
        form.problem = Some(frame.0.t("provider-stale"));
        return state.show(StatusCode::CONFLICT, &metadata_page(frame, &stored, form));
    }
    let brought = match brought(&frame.0, &sent) {
        Ok(brought) => brought,
        Err(problem) => {
            form.problem = Some(problem);
            let page = metadata_page(frame, &stored, form);
            return state.show(StatusCode::UNPROCESSABLE_ENTITY, &page);
        }
    };
    let entity_id = Some(form.entity_id.clone()).filter(|id| !id.is_empty());
    let by = (false, staff.actor());
    match state.providers.bring(&stored, brought, entity_id, by).await {
        Ok(stored) => done(&path_of(&stored.provider.slug), "provider-metadata"),
        Err(SetError::Mistakes(mistakes)) => {
            let page = metadata_page(frame, &stored, form.refused(&mistakes));
            state.show(StatusCode::UNPROCESSABLE_ENTITY, &page)
        }
        Err(SetError::Directory(DirectoryError::Changed)) => {
            form.problem = Some(frame.0.t("provider-stale"));
            state.show(StatusCode::CONFLICT, &metadata_page(frame, &stored, form))
        }
        Err(error) => state.not_set(&staff, &stored.provider.slug, error),
    }
}

#[cfg(test)]
pub(super) fn samples(page: &Page) -> Vec<(String, String)> {
    let fresh = MetadataPage {
        page: page.clone(),
        shell: Shell::sample(page, &SECTION),
        label: "SSO & <Login>".to_owned(),
        path: "/admin/authentication/okta".to_owned(),
        action: "/admin/authentication/okta/metadata".to_owned(),
        version: "3".to_owned(),
        is_on: true,
        form: MetadataForm::default(),
    };
    let wrong = MetadataPage {
        form: MetadataForm {
            text: "<x>&amp;".to_owned(),
            entity_id: "https://idp".to_owned(),
            found_wrong: vec!["Is no <XML>.".to_owned()],
            ..MetadataForm::default()
        },
        ..fresh.clone()
    };
    vec![
        ("provider-metadata".to_owned(), fresh.render().unwrap()),
        (
            "provider-metadata-wrong".to_owned(),
            wrong.render().unwrap(),
        ),
    ]
}
