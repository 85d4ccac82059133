//! SAML 2.0 as a service provider: the web browser SSO profile.
//!
//! A response passes, in this order: [`response`] (text and tree), `gate`
//! (shape), `platform::xml::signature` (keys), `meaning` (who, for whom, until
//! when). `error` names what failed. [`flow`] is the way of a login over HTTP,
//! [`provider`] what an admin's settings and an IdP's metadata are made into.

pub mod attribute_map;
pub mod authn_request;
pub mod binding;
pub mod certificates;
pub mod checks;
pub mod error;
pub mod flow;
mod gate;
pub mod inspect;
pub mod keys;
pub mod logout;
mod meaning;
pub mod metadata;
pub mod provider;
pub mod redact;
pub mod response;
pub mod rollover;
pub mod source;
pub mod sp_metadata;
mod time;
pub mod vendor;
pub mod words;

pub use error::SamlError;

#[cfg(test)]
mod tests;
