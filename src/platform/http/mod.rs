//! The only way out to the network.
//!
//! Whoever can name a URL (an admin, an IdP's admin with a set-up link, a
//! discovery document) must not be able to reach what only this machine can
//! reach. So addresses are judged after the name has been resolved, by the
//! resolver that the connection itself uses: what was judged is what is
//! connected to, and a name that changes its mind in between gains nothing.
//! Redirects are followed by hand, each judged like the first URL. Answers are
//! capped in size and in time.

mod address;
mod client;
mod error;

pub use address::is_public;
pub use client::{Fetched, Outbound};
pub use error::FetchError;
