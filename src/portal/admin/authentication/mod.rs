//! Authentication: the providers through which people sign in.

mod add;
mod edit;
mod form;
mod keys;
mod links;
mod list;
mod metadata;
mod show;
mod switch;
mod test;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};

use super::Section;
use super::shell::told;
use super::staff::Staff;
use crate::directory::DirectoryError;
use crate::directory::providers::StoredProvider;
use crate::domain::{ProviderKind, Scope, Slug};
use crate::login::kinds::SetError;
use crate::platform::storage::StorageError;
use crate::platform::web::Page;
use crate::portal::{PortalState, upload};

/// What stands in the navigation.
pub(super) const SECTION: Section = Section {
    path: "/admin/authentication",
    label: "providers-title",
    scope: Some(Scope::ProvidersWrite),
};

/// The section's routes.
pub(super) fn router() -> Router<PortalState> {
    Router::new()
        .route("/admin/authentication", get(list::show))
        .route("/admin/add-provider", get(add::choose).post(add::begin))
        .route(
            "/admin/add-provider/{kind}",
            get(add::describe).post(add::create),
        )
        .route("/admin/authentication/{slug}", get(show::show))
        .route(
            "/admin/authentication/{slug}/edit",
            get(edit::show).post(edit::save),
        )
        .route(
            "/admin/authentication/{slug}/metadata",
            get(metadata::show)
                .post(metadata::bring)
                .layer(DefaultBodyLimit::max(upload::CAP)),
        )
        .route("/admin/authentication/{slug}/test", get(test::show))
        .route("/admin/authentication/{slug}/check", get(test::check))
        .route(
            "/admin/authentication/{slug}/move",
            get(back).post(switch::shift),
        )
        .route(
            "/admin/authentication/{slug}/enable",
            get(switch::ask_on).post(switch::on),
        )
        .route(
            "/admin/authentication/{slug}/disable",
            get(switch::ask_off).post(switch::off),
        )
        .route(
            "/admin/authentication/{slug}/delete",
            get(switch::ask_delete).post(switch::delete),
        )
        .route(
            "/admin/authentication/{slug}/keys",
            get(back).post(keys::rotate),
        )
        .route(
            "/admin/authentication/{slug}/links",
            get(back).post(links::make),
        )
        .route(
            "/admin/authentication/{slug}/links/{id}/revoke",
            post(links::revoke).get(back_from_link),
        )
}

/// The samples of the section's pages.
#[cfg(test)]
pub(super) fn samples(page: &Page) -> Vec<(String, String)> {
    let mut all = list::samples(page);
    all.extend(add::samples(page));
    all.extend(show::samples(page));
    all.extend(edit::samples(page));
    all.extend(metadata::samples(page));
    all.extend(links::samples(page));
    all.extend(test::samples(page));
    all
}

/// The page of a provider.
fn path_of(slug: &Slug) -> String {
    format!("{}/{slug}", SECTION.path)
}

/// An address below a provider's page that only takes forms.
async fn back(
    axum::extract::Path(slug): axum::extract::Path<String>,
    _: Staff<super::staff::ReadProviders>,
) -> Response {
    to_page(&slug)
}

async fn back_from_link(
    axum::extract::Path((slug, _)): axum::extract::Path<(String, String)>,
    _: Staff<super::staff::ReadProviders>,
) -> Response {
    to_page(&slug)
}

fn to_page(slug: &str) -> Response {
    match Slug::parse(slug) {
        Some(slug) => crate::portal::see_other(&path_of(&slug)),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// What a kind is called.
fn kind_name(page: &Page, kind: ProviderKind) -> String {
    page.t(&format!("kind-{kind}"))
}

impl PortalState {
    /// The provider of a path, or the answer that there is none.
    async fn provider_at<N>(
        &self,
        staff: &Staff<N>,
        slug: &str,
    ) -> Result<StoredProvider, Box<Response>> {
        let found = match Slug::parse(slug) {
            Some(slug) => self.directory.provider(&slug).await,
            None => Err(DirectoryError::NotFound("provider")),
        };
        found.map_err(|error| Box::new(self.failed(staff.locale, &error, SECTION.path)))
    }

    /// The answer to something that was not done to a provider.
    fn not_set<N>(&self, staff: &Staff<N>, slug: &Slug, error: SetError) -> Response {
        let path = path_of(slug);
        match error {
            SetError::Directory(DirectoryError::Changed) => told(&path, "provider-changed"),
            SetError::Directory(DirectoryError::ManagedByFile) => told(&path, "provider-file"),
            SetError::Directory(error) => self.failed(staff.locale, &error, &path),
            SetError::Mistakes(_) => told(&path, "provider-incomplete"),
            SetError::Broken(problem) => {
                let error = DirectoryError::Storage(StorageError::Statement(problem));
                self.failed(staff.locale, &error, &path)
            }
        }
    }
}
