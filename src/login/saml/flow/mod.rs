//! The way of a SAML login through the gateway: [`start`] sends the browser to
//! the IdP, [`acs`] takes the IdP's answer, [`finish`] signs the browser in.
//! [`leave`] sends it to the IdP to sign out, [`slo`] takes logout messages.

pub mod acs;
pub(super) mod answer;
mod cpu;
pub mod finish;
pub mod leave;
mod relay;
pub mod slo;
pub mod start;
mod tested;
mod trouble;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};
use tokio::sync::Semaphore;

use super::provider::Registry;
use crate::directory::Directory;
use crate::directory::settings::Settings;
use crate::platform::web::Kit;
use crate::sessions::Sessions;
use crate::sessions::in_hand::InHand;

/// Octets of a form that an IdP posts: the message may have 256 KiB, and its
/// base64 grows in the encoding of forms.
const FORM_CAP: usize = 448 * 1024;

/// What the SAML routes need.
#[derive(Clone)]
pub struct SamlState {
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
    /// As many verifications at once as there are cores.
    pub cores: Arc<Semaphore>,
    /// Answers between the two hops.
    pub in_hand: Arc<AnswersInHand>,
}

/// Verified answers between the IdP's POST and the browser's own GET.
pub type AnswersInHand = InHand<answer::Answer>;

impl SamlState {
    /// The origin that providers know us by.
    #[must_use]
    pub fn public_url(&self) -> &str {
        self.kit.origin()
    }
}

impl axum::extract::FromRef<SamlState> for Kit {
    fn from_ref(state: &SamlState) -> Self {
        state.kit.clone()
    }
}

/// The routes under `/saml`.
pub fn router(state: SamlState) -> Router {
    Router::new()
        .route("/saml/{slug}/login", get(start::login))
        .route(
            "/saml/{slug}/acs",
            post(acs::acs).layer(DefaultBodyLimit::max(FORM_CAP)),
        )
        .route(
            "/saml/{slug}/slo",
            get(slo::by_redirect)
                .post(slo::by_post)
                .layer(DefaultBodyLimit::max(FORM_CAP)),
        )
        .route("/saml/{slug}/continue", get(finish::finish))
        .route("/saml/{slug}/metadata", get(start::metadata))
        .with_state(state)
}
