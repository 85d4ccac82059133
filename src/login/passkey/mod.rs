//! Passkeys and security keys: WebAuthn (Level 3) as a relying party.
//!
//! [`ceremony`] is the standard's part, [`challenges`] keeps what is under way (for one
//! browser or session, for minutes, once), [`flow`] signs people in, [`keys`],
//! [`delivery`] and [`enrolment`] are what pages and the API do with keys. The relying party is the host
//! of `public_url`; the origin must be `public_url`'s to the letter.

pub mod ceremony;
pub mod challenges;
pub mod delivery;
pub mod enrolment;
mod error;
pub mod flow;
pub mod keys;
mod letters;
pub mod newcomer;

use std::sync::Arc;

use crate::directory::settings::Settings;
use crate::directory::{Directory, DirectoryError};
use crate::platform::mail::Outbox;
use crate::platform::web::Kit;
use crate::sessions::Sessions;
use ceremony::RelyingParty;

pub use error::PasskeyError;

/// What people's keys need. Cloning it copies pointers.
#[derive(Clone)]
pub struct Passkeys {
    /// Users, keys, traces.
    pub directory: Directory,
    /// Sessions.
    pub sessions: Sessions,
    /// Pages and cookies.
    pub kit: Kit,
    /// Settings where the database has none.
    pub defaults: Settings,
    /// Whether tries are counted.
    pub rate_limits: bool,
    /// Where mails go.
    pub outbox: Outbox,
    relying_party: Option<Arc<RelyingParty>>,
    pin_key: Arc<[u8; 32]>,
}

impl std::fmt::Debug for Passkeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Passkeys").finish_non_exhaustive()
    }
}

impl axum::extract::FromRef<Passkeys> for Kit {
    fn from_ref(state: &Passkeys) -> Self {
        state.kit.clone()
    }
}

impl Passkeys {
    /// `pin_key` keys the hashes of PINs, which are too short to be safe without.
    #[must_use]
    pub fn new(
        directory: Directory,
        sessions: Sessions,
        kit: Kit,
        defaults: Settings,
        pin_key: [u8; 32],
        outbox: Outbox,
    ) -> Self {
        let relying_party = RelyingParty::of(kit.public_origin(), kit.branding().name.as_deref());
        Self {
            directory,
            sessions,
            kit,
            defaults,
            rate_limits: true,
            outbox,
            relying_party: relying_party.map(Arc::new),
            pin_key: Arc::new(pin_key),
        }
    }

    /// The same with or without counting tries.
    #[must_use]
    pub const fn limiting(mut self, rate_limits: bool) -> Self {
        self.rate_limits = rate_limits;
        self
    }

    /// Whether passkeys can work here at all: browsers have them for https and for
    /// `localhost`, and for names, not for addresses.
    #[must_use]
    pub const fn possible(&self) -> bool {
        self.relying_party.is_some()
    }

    /// Whether passkeys can work here and are switched on.
    ///
    /// # Errors
    /// What the database says.
    pub async fn enabled(&self) -> Result<bool, DirectoryError> {
        Ok(self.possible() && self.directory.settings(&self.defaults).await?.passkeys)
    }

    /// Whether somebody can sign in with one.
    ///
    /// # Errors
    /// What the database says.
    pub async fn in_use(&self) -> Result<bool, DirectoryError> {
        if !self.enabled().await? {
            return Ok(false);
        }
        Ok(self
            .directory
            .db
            .look_up(|tx| Box::pin(async move { crate::directory::passkeys::any_active(tx).await }))
            .await?)
    }

    fn relying_party(&self) -> Result<&RelyingParty, PasskeyError> {
        self.relying_party.as_deref().ok_or(PasskeyError::Off)
    }
}

#[cfg(test)]
mod tests;
