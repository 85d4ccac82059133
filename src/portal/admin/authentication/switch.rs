//! Switching a provider on and off, deleting it, and its place on the sign-in
//! page.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;

use super::{SECTION, path_of};
use crate::directory::DirectoryError;
use crate::directory::provider_standing::Dependants;
use crate::directory::providers::{ManagedBy, StoredProvider};
use crate::login::kinds::SetError;
use crate::platform::web::Page;
use crate::portal::PortalState;
use crate::portal::admin::shell::{ConfirmPage, Shell, done, told};
use crate::portal::admin::staff::{Staff, WriteProviders};
use crate::portal::admin::typed::Posted;
use crate::portal::see_other;

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    On,
    Off,
    Delete,
}

impl What {
    const fn word(self) -> &'static str {
        match self {
            Self::On => "enable",
            Self::Off => "disable",
            Self::Delete => "delete",
        }
    }
}

/// What it will do, in sentences.
fn effects(page: &Page, what: What, provider: &StoredProvider, who: Dependants) -> Vec<String> {
    let count = |id: &str, n: i64| page.t_count(id, usize::try_from(n).unwrap_or(0));
    let mut all = Vec::new();
    match what {
        What::On => {
            all.push(page.t("provider-enable-effect"));
            if provider.provider.allowed_domains.is_empty() {
                all.push(page.t("provider-no-domains"));
            }
        }
        What::Off => {
            all.push(count("provider-people", who.people));
            all.push(count("provider-only", who.only));
            all.push(page.t("provider-disable-effect"));
        }
        What::Delete => {
            all.push(count("provider-people", who.people));
            all.push(count("provider-only", who.only));
            all.push(page.t("provider-delete-effect"));
        }
    }
    all
}

/// Why it is not done; the message's id. Nobody locks all admins out from here: scripts
/// with a token and the machine itself still can.
const fn refusal(what: What, stored: &StoredProvider, who: Dependants) -> Option<&'static str> {
    if matches!(stored.managed_by, ManagedBy::File) {
        Some("provider-file-why")
    } else if !matches!(what, What::On) && stored.provider.enabled && who.last_for_admins {
        Some("provider-last-way")
    } else {
        None
    }
}

fn question(
    (page, shell): (Page, Shell),
    what: What,
    stored: &StoredProvider,
    who: Dependants,
) -> ConfirmPage {
    let provider = &stored.provider;
    let path = path_of(&provider.slug);
    let word = what.word();
    ConfirmPage {
        title: page.t_with(
            &format!("provider-{word}-title"),
            &[("provider", &provider.label)],
        ),
        effects: effects(&page, what, stored, who),
        refusal: refusal(what, stored, who).map(|id| page.t(id)),
        button: page.t(&format!("provider-{word}")),
        danger: what == What::Delete,
        action: format!("{path}/{word}"),
        hidden: vec![("version".to_owned(), stored.version.to_string())],
        cancel: path,
        page,
        shell,
    }
}

async fn ask(
    state: &PortalState,
    staff: &Staff<WriteProviders>,
    slug: &str,
    what: What,
) -> Response {
    let stored = match state.provider_at(staff, slug).await {
        Ok(stored) => stored,
        Err(response) => return *response,
    };
    let slug = &stored.provider.slug;
    match state.directory.dependants_of(slug, &state.defaults).await {
        Ok(who) => {
            let page = question(staff.frame(state, &SECTION), what, &stored, who);
            state.show(StatusCode::OK, &page)
        }
        Err(error) => state.failed(staff.locale, &error, SECTION.path),
    }
}

/// `GET /admin/authentication/{slug}/enable`.
pub(super) async fn ask_on(
    State(state): State<PortalState>,
    Path(slug): Path<String>,
    staff: Staff<WriteProviders>,
) -> Response {
    ask(&state, &staff, &slug, What::On).await
}

/// `GET /admin/authentication/{slug}/disable`.
pub(super) async fn ask_off(
    State(state): State<PortalState>,
    Path(slug): Path<String>,
    staff: Staff<WriteProviders>,
) -> Response {
    ask(&state, &staff, &slug, What::Off).await
}

/// `GET /admin/authentication/{slug}/delete`.
pub(super) async fn ask_delete(
    State(state): State<PortalState>,
    Path(slug): Path<String>,
    staff: Staff<WriteProviders>,
) -> Response {
    ask(&state, &staff, &slug, What::Delete).await
}

/// The provider of a form, if it is of the version that the form was made of.
async fn confirmed(
    state: &PortalState,
    posted: &Posted<WriteProviders>,
    slug: &str,
    what: What,
) -> Result<StoredProvider, Box<Response>> {
    let stored = state.provider_at(&posted.staff, slug).await?;
    let path = path_of(&stored.provider.slug);
    if stored.managed_by == ManagedBy::File {
        return Err(Box::new(told(&path, "provider-file")));
    }
    if posted.typed.version() != stored.version {
        return Err(Box::new(told(&path, "provider-changed")));
    }
    let slug = &stored.provider.slug;
    match state.directory.dependants_of(slug, &state.defaults).await {
        Ok(who) if refusal(what, &stored, who).is_some() => {
            let frame = posted.staff.frame(state, &SECTION);
            let page = question(frame, what, &stored, who);
            Err(Box::new(state.show(StatusCode::FORBIDDEN, &page)))
        }
        Ok(_) => Ok(stored),
        Err(error) => Err(Box::new(state.failed(
            posted.staff.locale,
            &error,
            SECTION.path,
        ))),
    }
}

async fn switched(
    state: &PortalState,
    posted: &Posted<WriteProviders>,
    slug: &str,
    enabled: bool,
) -> Response {
    let what = if enabled { What::On } else { What::Off };
    let stored = match confirmed(state, posted, slug, what).await {
        Ok(stored) => stored,
        Err(response) => return *response,
    };
    let mut provider = stored.provider.clone();
    provider.enabled = enabled;
    let actor = posted.staff.actor();
    let saved = match state.providers.examine(provider, Some(&stored)).await {
        Ok(examined) => state.providers.save(examined, Some(&stored), actor).await,
        Err(error) => Err(error),
    };
    let slug = &stored.provider.slug;
    match saved {
        Ok(_) => done(
            &path_of(slug),
            if enabled {
                "provider-enabled"
            } else {
                "provider-disabled"
            },
        ),
        Err(error) => state.not_set(&posted.staff, slug, error),
    }
}

/// `POST /admin/authentication/{slug}/enable`.
pub(super) async fn on(
    State(state): State<PortalState>,
    Path(slug): Path<String>,
    posted: Posted<WriteProviders>,
) -> Response {
    switched(&state, &posted, &slug, true).await
}

/// `POST /admin/authentication/{slug}/disable`.
pub(super) async fn off(
    State(state): State<PortalState>,
    Path(slug): Path<String>,
    posted: Posted<WriteProviders>,
) -> Response {
    switched(&state, &posted, &slug, false).await
}

/// `POST /admin/authentication/{slug}/delete`.
pub(super) async fn delete(
    State(state): State<PortalState>,
    Path(slug): Path<String>,
    posted: Posted<WriteProviders>,
) -> Response {
    let stored = match confirmed(&state, &posted, &slug, What::Delete).await {
        Ok(stored) => stored,
        Err(response) => return *response,
    };
    let slug = &stored.provider.slug;
    match state
        .directory
        .delete_provider(slug, posted.staff.actor())
        .await
    {
        Ok(()) => done(SECTION.path, "provider-deleted"),
        Err(error) => state.not_set(&posted.staff, slug, SetError::Directory(error)),
    }
}

/// `POST /admin/authentication/{slug}/move`.
pub(super) async fn shift(
    State(state): State<PortalState>,
    Path(slug): Path<String>,
    posted: Posted<WriteProviders>,
) -> Response {
    let stored = match state.provider_at(&posted.staff, &slug).await {
        Ok(stored) => stored,
        Err(response) => return *response,
    };
    let up = match posted.typed.value("to") {
        "up" => true,
        "down" => false,
        _ => return see_other(SECTION.path),
    };
    let slug = &stored.provider.slug;
    match state
        .directory
        .move_provider(slug, up, posted.staff.actor())
        .await
    {
        Ok(true) => done(SECTION.path, "provider-moved"),
        Ok(false) => see_other(SECTION.path),
        Err(error @ DirectoryError::NotFound(_)) => {
            state.failed(posted.staff.locale, &error, SECTION.path)
        }
        Err(error) => state.not_set(&posted.staff, slug, SetError::Directory(error)),
    }
}
