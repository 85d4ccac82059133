//! The settings of a provider, as one form.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;

use super::form::{self, NAMES};
use super::{SECTION, kind_name, path_of};
use crate::directory::DirectoryError;
use crate::directory::providers::ManagedBy;
use crate::domain::{Field, Provider};
use crate::login::kinds::SetError;
use crate::login::oauth;
use crate::login::saml::attribute_map::{AttributeMap, Target};
use crate::platform::web::Page;
use crate::portal::PortalState;
use crate::portal::admin::shell::{Shell, done, told};
use crate::portal::admin::staff::{Staff, WriteProviders};
use crate::portal::admin::typed::{Posted, Typed};
use crate::portal::tested::field_name;

/// A row of the attribute table.
#[derive(Clone, Debug)]
struct NamesRow {
    /// The field's name in the form.
    name: String,
    label: String,
    /// What is tried when nothing is entered.
    known: String,
}

/// A field that logins may refresh.
#[derive(Clone, Debug)]
struct SyncRow {
    name: &'static str,
    label: String,
}

#[derive(Clone, Debug, Template)]
#[template(path = "admin/authentication/edit.html")]
struct EditPage {
    page: Page,
    shell: Shell,
    typed: Typed,
    title: String,
    kind: String,
    /// Where the form goes, and where "cancel" leads.
    action: String,
    cancel: String,
    /// The version that the form was filled with; none's for a new one.
    version: Option<i64>,
    /// Somebody else changed it.
    is_stale: bool,
    is_saml: bool,
    /// What is said of the secret, which never comes back.
    secret_hint: String,
    /// What to enter at the provider.
    callback: String,
    logged_out: String,
    backchannel: String,
    /// The further texts of OAuth's settings.
    texts: Vec<(&'static str, String)>,
    bindings: Vec<(&'static str, String)>,
    formats: Vec<(&'static str, String)>,
    names: Vec<NamesRow>,
    syncs: Vec<SyncRow>,
}

/// The built-in names for a field.
fn known(provider: &Provider, target: &str, origin: &str) -> Vec<String> {
    if provider.kind.is_oauth() {
        let mut plain = provider.clone();
        if let Some(oauth) = plain.oauth.as_mut() {
            oauth.claims.clear();
        }
        let Ok(ready) = oauth::provider::compile(&plain, origin) else {
            return Vec::new();
        };
        return match (target, Field::parse(target)) {
            ("sub", _) => ready.claims.subject_names().to_vec(),
            (_, Some(field)) => ready.claims.names(field).to_vec(),
            _ => Vec::new(),
        };
    }
    let map = AttributeMap::new(&std::collections::BTreeMap::new());
    let (Ok(map), Some(target)) = (map, Target::parse(target)) else {
        return Vec::new();
    };
    map.tried(target).to_vec()
}

fn edit_page(
    origin: &str,
    (page, shell): (Page, Shell),
    provider: &Provider,
    typed: Typed,
    version: Option<i64>,
) -> EditPage {
    let slug = &provider.slug;
    let (action, cancel, title) = match version {
        Some(_) => (
            format!("{}/edit", path_of(slug)),
            path_of(slug),
            page.t_with("provider-edit-title", &[("provider", &provider.label)]),
        ),
        None => (
            format!("/admin/add-provider/{}", provider.kind),
            SECTION.path.to_owned(),
            page.t("providers-add"),
        ),
    };
    let names = form::targets(provider).into_iter().map(|target| NamesRow {
        name: format!("{NAMES}{target}"),
        label: match target {
            "sub" => field_name(&page, "external_id"),
            other => field_name(&page, other),
        },
        known: known(provider, target, origin).join(", "),
    });
    let syncs = Field::ALL.iter().map(|field| SyncRow {
        name: field.name(),
        label: field_name(&page, field.name()),
    });
    let text = |id: &str| page.t(id);
    let secret = provider
        .oauth
        .as_ref()
        .and_then(|o| o.client_secret.as_ref());
    let has_secret = secret.is_some();
    let urls = oauth::provider::Urls::new(origin, slug);
    EditPage {
        title,
        kind: kind_name(&page, provider.kind),
        action,
        cancel,
        version,
        is_stale: false,
        is_saml: provider.saml.is_some(),
        secret_hint: text(if has_secret {
            "oauth-secret-kept"
        } else {
            "oauth-secret-hint"
        }),
        callback: urls.callback,
        logged_out: urls.logged_out,
        backchannel: urls.backchannel_logout,
        texts: form::OAUTH_TEXTS
            .iter()
            .map(|(name, _)| (*name, text(&format!("oauth-{name}"))))
            .collect(),
        bindings: vec![
            ("redirect", text("saml-binding-redirect")),
            ("post", text("saml-binding-post")),
        ],
        formats: ["", "persistent", "email", "transient", "unspecified"]
            .into_iter()
            .map(|word| {
                let id = if word.is_empty() { "none" } else { word };
                (word, text(&format!("saml-name-id-{id}")))
            })
            .collect(),
        names: names.collect(),
        syncs: syncs.collect(),
        page,
        shell,
        typed,
    }
}

/// The form as an answer.
pub(super) fn answer(
    state: &PortalState,
    frame: (Page, Shell),
    (status, provider): (StatusCode, &Provider),
    typed: Typed,
    version: Option<i64>,
) -> Response {
    let mut page = edit_page(state.kit.origin(), frame, provider, typed, version);
    page.is_stale = status == StatusCode::CONFLICT && version.is_some();
    state.show(status, &page)
}

/// `GET /admin/authentication/{slug}/edit`.
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
    let typed = form::typed_of(&stored.provider);
    let asked = (StatusCode::OK, &stored.provider);
    answer(
        &state,
        staff.frame(&state, &SECTION),
        asked,
        typed,
        Some(stored.version),
    )
}

/// `POST /admin/authentication/{slug}/edit`.
pub(super) async fn save(
    State(state): State<PortalState>,
    Path(slug): Path<String>,
    posted: Posted<WriteProviders>,
) -> Response {
    let Posted { staff, mut typed } = posted;
    let stored = match state.provider_at(&staff, &slug).await {
        Ok(stored) => stored,
        Err(response) => return *response,
    };
    let slug = stored.provider.slug.clone();
    if stored.managed_by == ManagedBy::File {
        return told(&path_of(&slug), "provider-file");
    }
    let again = |status, typed: Typed| {
        let frame = staff.frame(&state, &SECTION);
        answer(
            &state,
            frame,
            (status, &stored.provider),
            typed,
            Some(stored.version),
        )
    };
    let (page, _) = staff.frame(&state, &SECTION);
    let provider = form::provider_of(&page, &mut typed, stored.provider.clone());
    if typed.version() != stored.version {
        return again(StatusCode::CONFLICT, typed);
    }
    if !typed.is_sound() {
        return again(StatusCode::UNPROCESSABLE_ENTITY, typed);
    }
    let saved = match state.providers.examine(provider, Some(&stored)).await {
        Ok(examined) => {
            state
                .providers
                .save(examined, Some(&stored), staff.actor())
                .await
        }
        Err(error) => Err(error),
    };
    match saved {
        Ok(_) => done(&path_of(&slug), "provider-saved"),
        Err(SetError::Directory(DirectoryError::Changed)) => again(StatusCode::CONFLICT, typed),
        Err(SetError::Directory(DirectoryError::Invalid { field, reason })) => {
            typed.refuse(&field, crate::portal::brought::as_sentence(&reason));
            again(StatusCode::UNPROCESSABLE_ENTITY, typed)
        }
        Err(SetError::Mistakes(mistakes)) => {
            form::refuse(&mut typed, &mistakes);
            again(StatusCode::UNPROCESSABLE_ENTITY, typed)
        }
        Err(error) => state.not_set(&staff, &slug, error),
    }
}

#[cfg(test)]
pub(super) fn samples(page: &Page) -> Vec<(String, String)> {
    use crate::domain::{ProviderKind, Slug};
    let origin = "https://sso.example.com";
    let frame = || (page.clone(), Shell::sample(page, &SECTION));
    let slug = Slug::parse("okta").unwrap();
    let saml = Provider::blank(slug.clone(), ProviderKind::Saml, "SSO & <Login>");
    let oauth = Provider::blank(slug, ProviderKind::Google, "SSO & <Login>");
    let typed = form::typed_of(&saml);
    let whole = edit_page(origin, frame(), &saml, typed, Some(3));
    let mut wrong = form::typed_of(&saml).with("label", "<b>\"");
    for name in [
        "label",
        "allowed_domains",
        "names-upn",
        "metadata_xml",
        "group_map",
    ] {
        wrong.refuse(name, "Is <wrong>.");
    }
    let mut wrong = edit_page(origin, frame(), &saml, wrong, Some(3));
    wrong.is_stale = true;
    let new = edit_page(origin, frame(), &oauth, form::typed_of(&oauth), None);
    vec![
        ("provider-edit".to_owned(), whole.render().unwrap()),
        ("provider-edit-wrong".to_owned(), wrong.render().unwrap()),
        ("provider-edit-oauth".to_owned(), new.render().unwrap()),
    ]
}
