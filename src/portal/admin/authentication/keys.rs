//! The rollover of our own keys for a provider.

use axum::extract::{Path, State};
use axum::response::Response;

use super::path_of;
use crate::directory::providers::ManagedBy;
use crate::login::kinds::SetError;
use crate::login::saml::rollover::{self, RolloverError, Step};
use crate::portal::admin::shell::{done, told};
use crate::portal::admin::staff::WriteProviders;
use crate::portal::admin::typed::Posted;
use crate::portal::{PortalState, see_other};

/// `POST /admin/authentication/{slug}/keys`.
pub(super) async fn rotate(
    State(state): State<PortalState>,
    Path(slug): Path<String>,
    posted: Posted<WriteProviders>,
) -> Response {
    let stored = match state.provider_at(&posted.staff, &slug).await {
        Ok(stored) => stored,
        Err(response) => return *response,
    };
    let slug = &stored.provider.slug;
    let path = path_of(slug);
    if stored.managed_by == ManagedBy::File {
        return told(&path, "provider-file");
    }
    let Some(step) = Step::parse(posted.typed.value("step")) else {
        return see_other(&path);
    };
    let (directory, sealer) = (&state.directory, &state.providers.sealer);
    match rollover::rotate(directory, sealer, slug, step, posted.staff.actor()).await {
        Ok(_) => done(&path, &format!("provider-keys-{step}")),
        Err(RolloverError::UnderWay | RolloverError::NotBegun | RolloverError::NoKeys) => {
            told(&path, "provider-keys")
        }
        Err(RolloverError::Keys(error)) => {
            state.not_set(&posted.staff, slug, SetError::Broken(error.to_string()))
        }
        Err(RolloverError::Directory(error)) => {
            state.not_set(&posted.staff, slug, SetError::Directory(error))
        }
    }
}
