//! The vocabulary: what every other part of the gateway talks about. No I/O.
//!
//! Our own words are defined here once: *user*, *group*, *provider*,
//! *external identity*, *observation*. Time and chance are parameters
//! ([`clock`]), so that a decision can be repeated exactly.

pub mod address;
pub mod application;
pub mod clock;
pub mod group;
pub mod ids;
pub mod oauth;
pub mod observation;
pub mod profile;
pub mod provider;
pub(crate) mod schema;
pub mod scope;
pub mod user;
pub mod webhook;

pub use application::Application;
pub use clock::{Clock, During, Entropy, Timestamp};
pub use group::Group;
pub use ids::{ConflictId, GroupId, Reference, SessionHash, TokenId, TraceId, UserId, WebhookId};
pub use observation::{Channel, ExternalIdentity, Observation};
pub use profile::{Field, Profile};
pub use provider::{Provider, ProviderKind, Slug};
pub use scope::{Access, Scope};
pub use user::{Role, Source, Status, User};
pub use webhook::WebhookEvent;
