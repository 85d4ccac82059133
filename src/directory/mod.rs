//! The core: who is who, what may change, and who may come in.
//!
//! Every channel ends in an [`Observation`](crate::domain::Observation) and in
//! [`reconcile::reconcile`]: find the person ([`resolve`]), decide whose word
//! counts ([`authority`]), work out the changes ([`plan`]), and write them with
//! their audit events in one transaction. The three deciding modules are pure.
//! Nothing outside this folder writes users, groups or memberships.

pub mod account_links;
pub mod activation;
pub mod applications;
pub mod audit;
pub mod authority;
pub mod conflicts;
pub mod edit;
pub mod endings;
pub mod error;
pub mod groups;
pub mod history;
pub mod identifiers;
pub mod lifecycle;
pub mod lines;
pub mod linking;
pub mod passkeys;
pub mod passwords;
pub mod photos;
pub mod plan;
pub mod policy;
pub mod provider_keys;
pub mod provider_metadata;
pub mod provider_standing;
pub mod providers;
pub mod reconcile;
pub mod resolve;
pub mod settings;
pub mod setup_links;
pub mod signing_keys;
pub mod test_logins;
pub mod tokens;
pub mod traces;
pub mod users;
pub mod webhooks;

pub use audit::Actor;
pub use error::{DirectoryError, LinkConflict, Refusal};

use std::sync::Arc;

use crate::domain::ids::EventId;
use crate::domain::{Clock, Entropy, Timestamp};
use crate::platform::storage::Db;

/// The directory of this gateway: a handle to its data and its parameters.
#[derive(Clone)]
pub struct Directory {
    /// The database.
    pub db: Db,
    /// The time.
    pub clock: Clock,
    /// Chance.
    pub entropy: Entropy,
    /// How many traces strangers had written.
    strangers: Option<Arc<traces::Strangers>>,
    /// Whether nobody signs in outside `valid_from` … `valid_to`. It decides who
    /// counts as an administrator who can still sign in.
    pub enforce_validity: bool,
}

impl std::fmt::Debug for Directory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Directory").finish_non_exhaustive()
    }
}

impl Directory {
    /// A handle, under which validity is enforced.
    #[must_use]
    pub fn new(db: Db, clock: Clock, entropy: Entropy) -> Self {
        Self {
            db,
            clock,
            entropy,
            strangers: Some(Arc::default()),
            enforce_validity: true,
        }
    }

    /// The same without a bound on the traces of failures: where nothing else is
    /// bounded either.
    #[must_use]
    pub fn tracing_everything(mut self) -> Self {
        self.strangers = None;
        self
    }

    /// The same, with validity enforced or not.
    #[must_use]
    pub const fn enforcing_validity(mut self, enforce: bool) -> Self {
        self.enforce_validity = enforce;
        self
    }

    /// The present moment.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }
}

/// One page of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    /// The rows.
    pub items: Vec<T>,
    /// Where the next page begins; `None` at the end.
    pub next_cursor: Option<String>,
}

/// A cursor that came from outside: the id of the last row that was seen.
fn cursor(text: Option<String>) -> Result<Option<String>, DirectoryError> {
    text.map(|text| {
        EventId::parse(&text)
            .map(|id| id.to_string())
            .ok_or_else(|| DirectoryError::invalid("cursor", "is none that this list gave"))
    })
    .transpose()
}

impl<T> Page<T> {
    /// A page of nothing.
    const fn empty() -> Self {
        Self {
            items: Vec::new(),
            next_cursor: None,
        }
    }

    /// Makes a page of at most `limit` rows out of up to one more.
    fn cut(mut items: Vec<T>, limit: usize, cursor: impl Fn(&T) -> String) -> Self {
        let more = items.len() > limit;
        items.truncate(limit);
        let next_cursor = if more { items.last().map(cursor) } else { None };
        Self { items, next_cursor }
    }
}
