//! The inbound web kit: what every page and every API answer shares.
//!
//! * [`Kit`]: the origin, the branding, cookies, the server's key for form
//!   tokens; a cheap clone that every router's state holds.
//! * [`Failure`] and [`Problem`]: what a browser and a script are told when
//!   something is refused. A cause is logged once, here, under the reference
//!   that stands on the page.
//! * [`secure`]: the layers that surround the whole router.
//! * [`Page`], [`pages`]: the frame of every page, and the pages that ways in
//!   and ways out need without knowing the portal.
//!
//! The kit knows nothing of users, sessions or protocols.

mod accent;
mod assets;
mod branding;
mod client;
mod cookies;
mod csrf;
mod error;
mod json;
mod kit;
mod layers;
mod page;
pub mod pages;
mod problem;
mod scripted;
mod target;
mod throttle;

pub use accent::Accent;
pub use branding::{Branding, Logo, Support};
pub use client::{ClientAddr, client_addr};
pub use cookies::CookieNames;
pub use error::{Failure, Message};
pub use json::{ApiJson, expect_json};
pub use kit::{Kit, KitSettings};
pub use layers::secure;
pub use page::{FormAction, Page, Said};
pub use problem::{FieldError, Problem};
pub use target::local_target;
pub use throttle::{Throttle, network_of, throttled};

/// How long a redirect target may be, in bytes.
pub const MAX_TARGET: usize = target::MAX_TARGET;

#[cfg(test)]
mod tests;
