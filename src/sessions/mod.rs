//! Browser sessions and sign-ins under way.
//!
//! A session is a random secret of 256 bits in a cookie and a row under the
//! secret's hash; the row is written by the sign-in's own transaction
//! ([`begin`](rows::begin)) and read through a `tower-sessions` store
//! ([`store`]). A deactivated user has no session: every read looks at the user
//! as well, so that nothing has to be told when access ends. Sessions in use are
//! at hand in memory, where the database tells what has changed ([`cache`]).

pub mod apps;
pub mod cache;
pub mod current;
pub mod host;
pub mod in_hand;
pub mod layer;
pub mod logout;
pub mod prompt;
pub mod rows;
pub mod sign_in;
pub mod store;

use crate::domain::{Clock, Entropy};
use crate::platform::storage::Db;

/// How long sessions live.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lifetimes {
    /// From sign-in to the end, in seconds.
    pub lifetime: i64,
    /// Without a request, in seconds.
    pub idle: i64,
    /// Whether `valid_from` and `valid_to` of users are enforced.
    pub enforce_validity: bool,
}

/// The sessions of this gateway.
#[derive(Clone)]
pub struct Sessions {
    /// The database.
    pub db: Db,
    /// The time.
    pub clock: Clock,
    /// Chance.
    pub entropy: Entropy,
    /// How long sessions live.
    pub lifetimes: Lifetimes,
    /// Those in use.
    pub cache: cache::Cache,
}

impl Sessions {
    /// The sessions in a database.
    #[must_use]
    pub fn new(db: Db, clock: Clock, entropy: Entropy, lifetimes: Lifetimes) -> Self {
        Self {
            cache: cache::Cache::new(db.changes()),
            db,
            clock,
            entropy,
            lifetimes,
        }
    }
}

/// The hash under which a secret's row stands: the first 128 bits of its
/// SHA-256 in hexadecimal. Finding another secret for it takes 2^128 tries.
#[must_use]
pub fn hash(secret: &str) -> String {
    let digest = openssl::sha::sha256(secret.as_bytes());
    let mut text = crate::platform::crypto::hex(&digest);
    text.truncate(32);
    text
}
