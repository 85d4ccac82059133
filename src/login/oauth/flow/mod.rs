//! The way of an OAuth login through the gateway: [`start`] sends the browser
//! to the provider, [`callback`] takes the code that it comes back with, asks
//! the provider who it is for, and signs the browser in. [`leave`] signs out at the
//! provider, and [`backchannel`] takes its word that somebody has signed out there.

mod answer;
pub mod backchannel;
pub mod callback;
mod finish;
pub mod leave;
mod person;
pub mod start;
mod tested;
mod trouble;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};

use super::photo::Photographer;
use super::provider::{Found, OauthProvider, Registry};
use crate::directory::settings::Settings;
use crate::directory::{Directory, DirectoryError};
use crate::domain::Slug;
use crate::platform::crypto::Sealer;
use crate::platform::http::Outbound;
use crate::platform::web::Kit;
use crate::sessions::Sessions;
use trouble::Trouble;

/// What the OAuth routes need.
#[derive(Clone)]
pub struct OauthState {
    /// Users, providers, traces.
    pub directory: Directory,
    /// Sessions.
    pub sessions: Sessions,
    /// Pages and cookies.
    pub kit: Kit,
    /// Settings where the database has none.
    pub defaults: Settings,
    /// Seconds that clocks may differ.
    pub max_skew: i64,
    /// Providers made ready.
    pub registry: Arc<Registry>,
    /// Seals what is kept between the start and the answer.
    pub sealer: Arc<Sealer>,
    /// The only way out.
    pub outbound: Outbound,
    /// Fetches pictures after the login.
    pub photographer: Photographer,
}

impl axum::extract::FromRef<OauthState> for Kit {
    fn from_ref(state: &OauthState) -> Self {
        state.kit.clone()
    }
}

impl OauthState {
    /// The provider of a path, ready to be used.
    async fn find(&self, slug: &str) -> Result<Arc<OauthProvider>, Trouble> {
        self.find_for(slug, false).await
    }

    /// The same, where wanted, of a provider that is switched off.
    async fn find_for(&self, slug: &str, even_off: bool) -> Result<Arc<OauthProvider>, Trouble> {
        let slug = Slug::parse(slug).ok_or(Trouble::NoProvider)?;
        let reader = self.clone();
        let found = self
            .directory
            .db
            .look_up(move |tx| {
                let (state, slug) = (reader.clone(), slug.clone());
                Box::pin(async move {
                    let found = state.registry.find_for(tx, &slug, even_off).await?;
                    Ok::<_, DirectoryError>(found)
                })
            })
            .await
            .map_err(Trouble::Directory)?;
        match found {
            Found::Ready(provider) => Ok(provider),
            Found::None => Err(Trouble::NoProvider),
            Found::Broken(error) => Err(Trouble::Setup(error)),
        }
    }
}

/// The routes under `/oauth`.
pub fn router(state: OauthState) -> Router {
    Router::new()
        .route("/oauth/{slug}/login", get(start::login))
        .route("/oauth/{slug}/callback", get(callback::callback))
        .route("/oauth/{slug}/logged-out", get(leave::came_back))
        .route(
            "/oauth/{slug}/backchannel-logout",
            post(backchannel::take).layer(DefaultBodyLimit::max(backchannel::LONGEST)),
        )
        .with_state(state)
}
