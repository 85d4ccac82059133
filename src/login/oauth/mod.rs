//! OAuth 2.0 and OpenID Connect as a client: the authorization code flow with
//! PKCE, for Google, Microsoft, Webex and whoever speaks the standards.
//!
//! [`preset`] is what is known of each vendor, [`provider`] what an admin's
//! settings are made into, [`issuer`] whose tokens count. [`upstream`] fetches
//! what a provider publishes and answers. [`id_token`] verifies who signed in,
//! [`claims`] reads what is said of the person, and [`vouch`] decides for which
//! of it the provider's word counts. [`flow`] is the way of a login over HTTP.

pub mod checks;
pub mod claims;
pub mod flow;
pub mod graph;
pub mod id_token;
pub mod issuer;
pub mod logout_token;
pub mod photo;
pub mod preset;
pub mod provider;
pub mod upstream;
pub mod vouch;
